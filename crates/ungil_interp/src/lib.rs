//! Reference interpreter of the IR: the oracle in tests.
//!
//! Runs a module as `crates/ungil_ir/SEMANTICS.md` says, bit for bit, over byte buffers with any strides. What
//! machine code may leave undefined is an error here: accesses out of range, reads of freed memory, unbalanced
//! references. Parallel loops run serially in the blocks and with the reduction trees of the runtime.
//! Slow by design: a tree walk over enums.

#![forbid(unsafe_code)]

pub mod argument;
mod arith;
mod machine;
mod math;
mod memory;
pub mod number;
pub mod outcome;
pub mod text;
mod value;

use argument::{ArgValue, ArrayArg};
use outcome::{Failure, Outcome};
use ungil_ir::entities::FuncId;
use ungil_ir::function::Module;

/// Bounds of a run, and the arrays that the module reads.
#[derive(Clone, Debug)]
pub struct Options {
    /// Instructions that may run.
    pub fuel: u64,
    /// Bytes that may be allocated at once; beyond them allocation raises MemoryError.
    pub memory: u64,
    /// Depth of calls beyond which RecursionError is raised.
    pub depth: usize,
    /// Global arrays, by their number in the module's table.
    pub globals: Vec<ArrayArg>,
}

impl Default for Options {
    fn default() -> Options {
        Options { fuel: 100_000_000, memory: 1 << 30, depth: 500, globals: Vec::new() }
    }
}

/// Stack of the interpreting thread: a call in the IR takes several frames here.
const STACK: usize = 256 << 20;

/// Runs the module's entry function.
pub fn run(module: &Module, args: Vec<ArgValue>, fuel: u64) -> Outcome {
    run_function(module, module.entry(), args, &Options { fuel, ..Options::default() })
}

/// Runs a function of the module. Writes to array arguments are in their buffers afterwards.
pub fn run_function(module: &Module, function: FuncId, args: Vec<ArgValue>, options: &Options) -> Outcome {
    std::thread::scope(|scope| {
        let body = || machine::run(module, function, &args, options);
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, body);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Outcome::failed(Failure::Invalid(format!("no thread to run on: {error}"))),
        }
    })
}

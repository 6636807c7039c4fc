//! Emission of LLVM code from the IR, split by construct.
//!
//! [`emit`] builds one LLVM module from one IR module. A function becomes an internal function
//! `i32 f(Ctx*, Ret*, leaves…)`: zero is success, one means that the context's error slot is filled; `Ret` is a packed
//! buffer. What calls itself returns a number in a register instead, beside the status. The entry function also gets an
//! external wrapper `i32 NAME(Ctx*, u8 *ret, const u8 *args)` with packed arguments ([`ungil_ir::packing`]). Functions without an entry (libraries) keep only what the entry reaches.
//! Needs: a module that the verifier accepts. The code contains no absolute address.

mod arith;
mod call;
mod callback;
mod capture;
mod cast;
mod cleanup;
mod compare;
mod complex;
mod control;
mod copies;
mod divider;
mod error;
mod foreign;
mod frames;
mod function;
mod in_place;
mod index;
mod math;
mod memory;
mod metadata;
mod module;
mod parallel;
mod power;
mod print;
mod recursion;
mod repeat;
mod rotate;
mod streams;
mod types;
mod vector;

use crate::raw::Llvm;
pub(crate) use control::COLD;
pub(crate) use module::Code;
use std::fmt;
pub(crate) use streams::MARK;

/// How to emit a module.
#[derive(Clone, Debug)]
pub struct EmitOptions {
    /// Name of the external entry function; it should be unique in a process (say, a hash) for profilers' sake.
    pub name: String,
    /// Line tables, so that debuggers and profilers show Python lines.
    pub debug: bool,
    /// Also a function `NAME.c` that C calls, with the entry's parameters and result as C has them.
    pub callback: bool,
    /// Places in the source for `object::remarks`, which sets this: they name functions by number and lines relative to
    /// them, and are not written to the object.
    pub remarks: bool,
    /// Widest vectors in bits that the vectoriser should use; `None`: 512 with functions of the maths library
    /// and where the divider is the bottleneck, else 256.
    pub vector_bits: Option<u32>,
    /// Divisions and square roots of vector loops by multiply-adds wherever that is possible, not where it pays; for
    /// tests.
    pub spare_divider: bool,
    /// Size in bytes from which arrays are written past the caches; `None`: as the machine's caches suggest.
    pub stream_from: Option<u64>,
}

impl EmitOptions {
    /// Default options with the given name.
    pub fn new(name: &str) -> EmitOptions {
        EmitOptions {
            name: name.to_owned(),
            debug: false,
            callback: false,
            remarks: false,
            vector_bits: None,
            spare_divider: false,
            stream_from: None,
        }
    }
}

/// Why a module could not become code. These are limits or faults of the compiler, not user errors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EmitError {
    /// LLVM could not be set up for this machine.
    Target(String),
    /// LLVM's verifier found fault with the emitted module.
    Invalid(String),
    /// Optimisation or code generation failed.
    Codegen(String),
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EmitError::Target(text) => write!(f, "cannot compile for this machine: {text}"),
            EmitError::Invalid(text) => write!(f, "the emitted code is invalid: {text}"),
            EmitError::Codegen(text) => write!(f, "code generation failed: {text}"),
        }
    }
}

impl std::error::Error for EmitError {}

/// Emits a module for a target whose data layout and triple `prepare` sets.
pub(crate) fn emit(
    ir: &ungil_ir::function::Module,
    options: &EmitOptions,
    target: &crate::target::Machine,
) -> Result<(Llvm, Code), EmitError> {
    let llvm = Llvm::new(&options.name);
    target.prepare(&llvm);
    let code = module::emit_module(&llvm, ir, options, target)?;
    Ok((llvm, code))
}

//! Engines: what can run a module, the interpreter among them.
//!
//! A test observes each engine's outcome on fresh copies of the same arguments, and all must agree.

use ungil_abi::exception::ExcClass;
use ungil_interp::argument::{ArgValue, ArrayArg, Buffer};
use ungil_interp::outcome::{Failure, Outcome};
use ungil_interp::{Options, run_function};
use ungil_ir::entities::FuncId;
use ungil_ir::function::Module;
use ungil_ir::types::Type;

/// Something that runs functions of a module. Machine code is registered by the test that links it.
pub trait Engine {
    /// For messages: `interpreter`, `jit, 8 threads`.
    fn name(&self) -> String;
    /// Runs a function; writes to array arguments are in their buffers afterwards.
    fn run(&self, module: &Module, function: FuncId, args: &[ArgValue], globals: &[ArrayArg]) -> Outcome;
}

/// The reference interpreter.
pub struct Interpreter {
    pub fuel: u64,
}

impl Default for Interpreter {
    fn default() -> Interpreter {
        Interpreter { fuel: 20_000_000 }
    }
}

impl Engine for Interpreter {
    fn name(&self) -> String {
        "interpreter".to_owned()
    }

    fn run(&self, module: &Module, function: FuncId, args: &[ArgValue], globals: &[ArrayArg]) -> Outcome {
        let options = Options { fuel: self.fuel, globals: globals.to_vec(), ..Options::default() };
        run_function(module, function, args.to_vec(), &options)
    }
}

/// What a run gave, and the bytes of each array argument's buffer after it, with all NaNs the same.
#[derive(Clone, Debug)]
pub struct Observation {
    pub outcome: Outcome,
    pub buffers: Vec<Vec<u8>>,
}

/// Runs on copies of the arguments.
pub fn observe(
    engine: &dyn Engine,
    module: &Module,
    function: FuncId,
    args: &[ArgValue],
    globals: &[ArrayArg],
) -> Observation {
    let mut copies = Copies::default();
    let args: Vec<ArgValue> = args.iter().map(|a| copies.value(a)).collect();
    let globals: Vec<ArrayArg> = globals.iter().map(|a| copies.array(a)).collect();
    let outcome = engine.run(module, function, &args, &globals);
    let f = module.function(function);
    for (arg, &param) in args.iter().zip(&f.params) {
        unify_nans(arg, f.ty(param));
    }
    Observation { outcome, buffers: copies.pairs.iter().map(|(_, copy)| copy.bytes()).collect() }
}

fn unify_nans(arg: &ArgValue, ty: &Type) {
    match (arg, ty) {
        (ArgValue::Array(array), Type::Array(ty)) => array.unify_nans(*ty),
        (ArgValue::Tuple(items), Type::Tuple(types)) => {
            items.iter().zip(types).for_each(|(item, ty)| unify_nans(item, ty));
        }
        _ => {}
    }
}

/// Copies of buffers that keep what was shared shared.
#[derive(Default)]
struct Copies {
    pairs: Vec<(Buffer, Buffer)>,
}

impl Copies {
    fn value(&mut self, arg: &ArgValue) -> ArgValue {
        match arg {
            ArgValue::Num(n) => ArgValue::Num(*n),
            ArgValue::Tuple(items) => ArgValue::Tuple(items.iter().map(|i| self.value(i)).collect()),
            ArgValue::Array(array) => ArgValue::Array(self.array(array)),
        }
    }

    fn array(&mut self, array: &ArrayArg) -> ArrayArg {
        let known = self.pairs.iter().find(|(original, _)| original.is(&array.buffer));
        let buffer = match known {
            Some((_, copy)) => copy.clone(),
            None => {
                let copy = Buffer::new(array.buffer.bytes());
                self.pairs.push((array.buffer.clone(), copy.clone()));
                copy
            }
        };
        ArrayArg { buffer, ..array.clone() }
    }
}

/// Where two observations differ; `None` if they agree. After a failure array contents may differ.
pub fn difference(expected: &Observation, found: &Observation) -> Option<String> {
    let (a, b) = (&expected.outcome, &found.outcome);
    match (&a.result, &b.result) {
        (Ok(x), Ok(y)) if x.same(y) => {
            if expected.buffers != found.buffers {
                return Some("the contents of array arguments differ".to_owned());
            }
        }
        (Ok(x), Ok(y)) => return Some(format!("result {y:?} instead of {x:?}")),
        (Err(x), Err(y)) => {
            if !same_failure(x, y) {
                return Some(format!("{y} at {} instead of {x} at {}", place(y), place(x)));
            }
        }
        (Ok(x), Err(y)) => return Some(format!("{y} instead of the result {x:?}")),
        (Err(x), Ok(y)) => return Some(format!("result {y:?} instead of {x}")),
    }
    if a.printed == b.printed {
        return None;
    }
    Some(format!("printed {:?} instead of {:?}", b.printed, a.printed))
}

/// Same exception and frames. How deep a recursion may go is each engine's own.
fn same_failure(a: &Failure, b: &Failure) -> bool {
    match (a, b) {
        (Failure::Raised(a), Failure::Raised(b)) if a.class == ExcClass::RECURSION => {
            a.class == b.class && a.message == b.message
        }
        _ => a == b,
    }
}

fn place(failure: &Failure) -> String {
    match failure {
        Failure::Raised(e) => {
            let frames: Vec<String> = e.frames.iter().map(|f| format!("{}:{}", f.function, f.line)).collect();
            frames.join(" < ")
        }
        _ => "?".to_owned(),
    }
}

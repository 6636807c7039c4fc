//! The machine: calls, and instructions by construct.

mod arrays;
mod control;
mod effects;
mod extrema;
mod foreign;
mod indices;
mod library;
mod ownership;
mod parallel;
mod scalars;
mod tables;
mod vectors;

use crate::argument::{ArgValue, ArrayArg};
use crate::memory::{BlockId, Kind, Memory};
use crate::outcome::{ArrayOutput, Exception, Failure, Outcome, Output};
use crate::value::{Array, Value, contiguous_strides};
use crate::{Options, argument::Buffer};
use ungil_abi::exception::ExcClass;
use ungil_ir::entities::{FuncId, Label};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::InstKind;
use ungil_ir::types::{ArrayType, Layout, Type};
use ungil_ir::walk;

/// How a region ended.
enum Flow {
    Next,
    Break(Label),
    Continue(Label),
    Return(Value),
}

type Step<T> = Result<T, Failure>;

struct Machine<'m> {
    module: &'m Module,
    options: &'m Options,
    memory: Memory,
    /// Buffers of arguments and their blocks.
    buffers: Vec<(Buffer, BlockId)>,
    globals: Vec<Value>,
    printed: String,
    fuel: u64,
    depth: usize,
    num_threads: i64,
    /// Errors that handlers have at hand, the innermost last.
    caught: Vec<Exception>,
}

/// One function's values and variables.
struct Frame<'m> {
    func: &'m Function,
    values: Vec<Option<Value>>,
    vars: Vec<Value>,
}

impl Frame<'_> {
    fn get(&self, v: ungil_ir::entities::Value) -> &Value {
        self.values[v.index()].as_ref().expect("the verifier saw a definition")
    }

    fn set(&mut self, v: ungil_ir::entities::Value, value: Value) {
        self.values[v.index()] = Some(value);
    }

    fn i64(&self, v: ungil_ir::entities::Value) -> i64 {
        self.get(v).as_i64()
    }

    fn i64s(&self, list: &[ungil_ir::entities::Value]) -> Vec<i64> {
        list.iter().map(|v| self.i64(*v)).collect()
    }
}

/// Runs a function and collects what it gave.
pub fn run(module: &Module, function: FuncId, args: &[ArgValue], options: &Options) -> Outcome {
    if let Err(errors) = ungil_ir::verify::verify_module(module) {
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        return Outcome::failed(Failure::Invalid(text.join("; ")));
    }
    let mut machine = Machine {
        module,
        options,
        memory: Memory::default(),
        buffers: Vec::new(),
        globals: Vec::new(),
        printed: String::new(),
        fuel: options.fuel,
        depth: 0,
        num_threads: 1,
        caught: Vec::new(),
    };
    let result = machine.outermost(function, args);
    for (buffer, block) in &machine.buffers {
        buffer.set_bytes(machine.memory.blocks[block.0].bytes.clone());
    }
    Outcome { result, printed: machine.printed, steps: options.fuel - machine.fuel }
}

fn invalid<T>(message: impl Into<String>) -> Step<T> {
    Err(Failure::Invalid(message.into()))
}

fn raise<T>(class: ExcClass, message: Option<String>) -> Step<T> {
    Err(Failure::Raised(Exception { class, message, args: Vec::new(), frames: Vec::new() }))
}

impl<'m> Machine<'m> {
    fn outermost(&mut self, function: FuncId, args: &[ArgValue]) -> Step<Output> {
        for (number, data) in self.module.arrays.iter().enumerate() {
            let Some(arg) = self.options.globals.get(number) else {
                return invalid(format!("global array g{number} is missing"));
            };
            let array = self.array_argument(data.ty, arg)?;
            self.globals.push(Value::Array(array));
        }
        let func = self.module.function(function);
        if func.params.len() != args.len() {
            return invalid(format!("{} arguments for {} parameters", args.len(), func.params.len()));
        }
        let mut values = Vec::new();
        for (&param, arg) in func.params.iter().zip(args) {
            values.push(self.argument(func.ty(param), arg)?);
        }
        let result = self.call(function, values);
        if self.counts_references() {
            self.check_balance(result.as_ref().ok())?;
        }
        self.output(&result?)
    }

    fn argument(&mut self, ty: &Type, arg: &ArgValue) -> Step<Value> {
        match (ty, arg) {
            (Type::Scalar(d), ArgValue::Num(n)) if n.dtype() == *d => Ok(Value::Num(*n)),
            (Type::Array(ty), ArgValue::Array(array)) => self.array_argument(*ty, array).map(Value::Array),
            (Type::Tuple(types), ArgValue::Tuple(items)) if types.len() == items.len() => {
                let pairs = types.iter().zip(items);
                pairs.map(|(t, a)| self.argument(t, a)).collect::<Step<_>>().map(Value::Tuple)
            }
            _ => invalid(format!("argument {arg:?} for a parameter of type {ty}")),
        }
    }

    fn array_argument(&mut self, ty: ArrayType, arg: &ArrayArg) -> Step<Array> {
        if arg.shape.len() != ty.ndim as usize || arg.strides.len() != ty.ndim as usize {
            return invalid(format!("an argument of {} dimensions for {ty}", arg.shape.len()));
        }
        let known = self.buffers.iter().find(|(buffer, _)| buffer.is(&arg.buffer)).map(|(_, b)| *b);
        let block = known.unwrap_or_else(|| {
            let block = self.memory.add(arg.buffer.bytes(), Kind::Caller);
            self.buffers.push((arg.buffer.clone(), block));
            block
        });
        let array = Array {
            ty,
            block: Some(block),
            offset: arg.offset,
            shape: arg.shape.clone(),
            strides: arg.strides.clone(),
        };
        normalise(array)
    }

    fn output(&self, value: &Value) -> Step<Output> {
        Ok(match value {
            Value::Num(n) => Output::Num(*n),
            Value::Tuple(items) => Output::Tuple(items.iter().map(|i| self.output(i)).collect::<Step<_>>()?),
            Value::Array(array) => Output::Array(ArrayOutput {
                ty: array.ty,
                shape: array.shape.clone(),
                elements: self.memory.elements(array).map_err(Failure::Invalid)?,
                borrowed: array.block.is_some_and(|b| self.memory.blocks[b.0].kind == Kind::Caller),
            }),
            Value::Vec(_) => return invalid("a vector as a result"),
            Value::Pointer(_) => return invalid("a pointer as a result"),
        })
    }

    /// Whether the module counts references at all; it does once the ownership pass has run.
    fn counts_references(&self) -> bool {
        self.module
            .functions
            .iter()
            .any(|f| walk::any_inst(f, f.body, &|k| matches!(k, InstKind::Retain(_) | InstKind::Release(_))))
    }

    fn call(&mut self, function: FuncId, args: Vec<Value>) -> Step<Value> {
        let func = self.module.function(function);
        if self.depth >= self.options.depth {
            return raise(ExcClass::RECURSION, Some("maximum recursion depth exceeded".to_owned()));
        }
        let mut frame = Frame {
            func,
            values: vec![None; func.values.len()],
            vars: func.vars.iter().map(|x| Value::zero(&x.ty)).collect(),
        };
        for (&param, arg) in func.params.iter().zip(args) {
            frame.set(param, arg);
        }
        self.depth += 1;
        let flow = self.region(&mut frame, func.body);
        self.depth -= 1;
        match flow? {
            Flow::Next => Ok(Value::unit()),
            Flow::Return(value) => Ok(value),
            Flow::Break(label) | Flow::Continue(label) => invalid(format!("{label} leaves its function")),
        }
    }
}

/// An array whose strides agree with its layout, those of axes that do not matter replaced by the layout's own.
fn normalise(mut array: Array) -> Step<Array> {
    if array.ty.layout == Layout::Strided {
        return Ok(array);
    }
    let strides = contiguous_strides(array.ty.layout, array.ty.dtype.size() as i64, &array.shape);
    let empty = array.shape.contains(&0);
    for (axis, (&found, &expected)) in array.strides.iter().zip(&strides).enumerate() {
        if found != expected && array.shape[axis] > 1 && !empty {
            return invalid(format!(
                "strides {:?} do not suit {} of shape {:?}",
                array.strides, array.ty, array.shape
            ));
        }
    }
    array.strides = strides;
    Ok(array)
}

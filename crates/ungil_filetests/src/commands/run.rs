//! `test run`: calls and what they give, on every engine.
//!
//! A call runs in the interpreter as the module is written, then after all passes, then on the other engines; all
//! must agree with each other and with the expectation of the `run:` line. A Python function is lowered for the types of
//! the arguments and runs first after the passes that decide what its parallel loops mean.

use super::optimize::optimize_all;
use super::{CommandResult, Context, TestCommand, read_ir};
use crate::case::{self, Case, Clause};
use crate::engine::{Engine, Interpreter, Observation, difference, observe};
use crate::file::TestFile;
use crate::literal::{Literal, write_output};
use crate::python::{Python, settle, type_of};
use ungil_interp::argument::{ArgValue, ArrayArg, Buffer};
use ungil_interp::number::Num;
use ungil_interp::outcome::{ArrayOutput, Failure, Output};
use ungil_ir::entities::FuncId;
use ungil_ir::function::Module;
use ungil_ir::types::{ArrayType, Type};

pub struct Run;

/// What a call runs: the module before and after the passes that must keep its meaning.
struct Subject {
    module: Module,
    optimised: Module,
    function: FuncId,
}

/// Where the subjects of a file's calls come from.
enum Source {
    Ir { module: Module, optimised: Module },
    Python(Box<Python>),
}

impl TestCommand for Run {
    fn run(&self, file: &TestFile, context: &Context<'_>) -> CommandResult {
        let source = Source::of(file)?;
        let mut errors = Vec::new();
        let mut text: Vec<String> = file.text.lines().map(str::to_owned).collect();
        let mut cases = 0;
        for (line, directive) in file.directives("run") {
            cases += 1;
            match run_case(&source, directive, context) {
                Ok(None) => {}
                Ok(Some(new)) => text[line - 1] = format!("{} run: {new}", file.comment),
                Err(message) => errors.push(format!("{line}: {message}")),
            }
        }
        if cases == 0 {
            errors.push("1: no `run:` line".to_owned());
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let text = text.join("\n") + "\n";
        Ok((text != file.text).then_some(text))
    }
}

impl Source {
    fn of(file: &TestFile) -> Result<Source, Vec<String>> {
        if file.is_python() {
            let python = Python::parse(&file.text);
            let errors: Vec<String> = python
                .diagnostics
                .iter()
                .map(|d| python.message(d))
                .map(|m| format!("{}: {}", m.line, m.text))
                .collect();
            return if errors.is_empty() { Ok(Source::Python(Box::new(python))) } else { Err(errors) };
        }
        let module = read_ir(file)?;
        let mut optimised = module.clone();
        optimize_all(&mut optimised)?;
        Ok(Source::Ir { module, optimised })
    }

    fn subject(&self, case: &Case) -> Result<Subject, String> {
        match self {
            Source::Ir { module, optimised } => {
                let function = module.functions.iter().position(|f| f.name == case.function);
                let function = FuncId(function.ok_or(format!("no function @{}", case.function))? as u32);
                Ok(Subject { module: module.clone(), optimised: optimised.clone(), function })
            }
            Source::Python(python) => python_subject(python, case),
        }
    }
}

fn python_subject(python: &Python, case: &Case) -> Result<Subject, String> {
    let kernel = python.world.kernel_named(&case.function);
    let kernel = kernel.ok_or(format!("no function {}", case.function))?;
    let types = case.args.iter().map(type_of).collect::<Result<Vec<_>, _>>()?;
    let lowered = python.lower_or_fail(kernel, &types)?;
    let mut module = lowered.module;
    let function = module.entry();
    let refusals = settle(&mut module);
    if let Some(refusal) = refusals.first() {
        return Err(python.refusal(refusal, 1).text);
    }
    super::verify(&module, "lowered").map_err(|e| format!("{}\n{module}", e.join("\n")))?;
    let mut optimised = module.clone();
    optimize_all(&mut optimised).map_err(|e| e.join("\n"))?;
    Ok(Subject { module, optimised, function })
}

/// Gives the new directive if it was blessed.
fn run_case(source: &Source, directive: &str, context: &Context<'_>) -> Result<Option<String>, String> {
    let case = case::parse(directive)?;
    let Subject { module, optimised, function } = source.subject(&case)?;
    let f = module.function(function);
    let types: Vec<Type> = f.params.iter().map(|v| f.ty(*v).clone()).collect();
    if types.len() != case.args.len() {
        return Err(format!("{} arguments for {} parameters", case.args.len(), types.len()));
    }
    let pairs = case.args.iter().zip(&types);
    let args: Vec<ArgValue> = pairs.map(|(a, t)| a.argument(t)).collect::<Result<_, _>>()?;
    let globals = globals(&module);
    let first = observe(&Interpreter::default(), &module, function, &args, &globals);
    if let Err(Failure::Invalid(why)) = &first.outcome.result {
        return Err(format!("invalid program: {why}\n{module}"));
    }
    let agree = |engine: &dyn Engine, what: &str| {
        let found = observe(engine, &optimised, function, &args, &globals);
        difference(&first, &found).map_or(Ok(()), |d| Err(format!("{what}: {d}\n{optimised}")))
    };
    agree(&Interpreter::default(), "interpreter, after all passes")?;
    for engine in context.engines {
        agree(engine.as_ref(), &engine.name())?;
    }
    let after = after_call(&args, &types, &first);
    match case.expected.iter().map(|c| check(c, &first, &after)).collect::<Result<Vec<()>, _>>() {
        Ok(_) if !case.expected.is_empty() => Ok(None),
        _ if context.bless => Ok(Some(describe(&case, &first, &args, &types, &after))),
        Ok(_) => Err("the line expects nothing".to_owned()),
        Err(message) => Err(message),
    }
}

/// Contents of the module's global arrays: 0, 1, 2 … along one axis of 16.
fn globals(module: &Module) -> Vec<ArrayArg> {
    let number = |dtype, k| Literal::Int(k).num(dtype);
    let array = |ty: ArrayType| {
        let shape: Vec<i64> = (0..ty.ndim).map(|axis| if axis == 0 { 16 } else { 1 }).collect();
        let elements: Vec<_> = (0..shape.iter().product::<i64>())
            .map(|k| number(ty.dtype, i128::from(k)).unwrap_or(Num::zero(ty.dtype)))
            .collect();
        ArrayArg::new(ty, &shape, &elements)
    };
    module.arrays.iter().map(|a| array(a.ty)).collect()
}

/// Each array argument as it is after the call.
fn after_call(args: &[ArgValue], types: &[Type], seen: &Observation) -> Vec<Option<Output>> {
    // Buffers come in the order in which the arguments first name them.
    let mut buffers: Vec<&Buffer> = Vec::new();
    for arg in args {
        if let ArgValue::Array(array) = arg
            && !buffers.iter().any(|b| b.is(&array.buffer))
        {
            buffers.push(&array.buffer);
        }
    }
    let one = |arg: &ArgValue, ty: &Type| {
        let (ArgValue::Array(array), Type::Array(ty)) = (arg, ty) else { return None };
        let position = buffers.iter().position(|b| b.is(&array.buffer))?;
        let copy = ArrayArg { buffer: Buffer::new(seen.buffers[position].clone()), ..array.clone() };
        let elements = copy.elements(*ty);
        Some(Output::Array(ArrayOutput { ty: *ty, shape: array.shape.clone(), elements, borrowed: true }))
    };
    args.iter().zip(types).map(|(a, t)| one(a, t)).collect()
}

/// Relative error that `~=` allows.
const RTOL: f64 = 1e-6;

fn check(clause: &Clause, seen: &Observation, after: &[Option<Output>]) -> Result<(), String> {
    let outcome = &seen.outcome;
    let gave = match &outcome.result {
        Ok(output) => write_output(output),
        Err(failure) => failure.to_string(),
    };
    let rtol = |approximate: bool| approximate.then_some(RTOL);
    let holds = match (clause, &outcome.result) {
        (Clause::Result { value, approximate }, Ok(output)) => value.matches(output, rtol(*approximate)),
        (Clause::Raises { class, message, lines }, Err(Failure::Raised(e))) => {
            let found: Vec<u32> = e.frames.iter().map(|f| f.line).collect();
            class == e.class.name() && *message == e.message && (lines.is_empty() || *lines == found)
        }
        (Clause::Argument { index, value, approximate }, _) => {
            let array = after.get(*index).and_then(Option::as_ref);
            let holds = array.is_some_and(|a| value.matches(a, rtol(*approximate)));
            if !holds {
                return Err(format!("argument {index} is {}", array.map(write_output).unwrap_or_default()));
            }
            true
        }
        (Clause::Prints(text), _) => {
            if outcome.printed != *text {
                return Err(format!("printed {:?}", outcome.printed));
            }
            true
        }
        _ => false,
    };
    if holds { Ok(()) } else { Err(format!("gave {gave}")) }
}

/// The directive that holds.
fn describe(
    case: &Case,
    seen: &Observation,
    args: &[ArgValue],
    types: &[Type],
    after: &[Option<Output>],
) -> String {
    let mut text = case.call.clone();
    match &seen.outcome.result {
        Ok(output) => text.push_str(&format!(" == {}", write_output(output))),
        Err(Failure::Raised(e)) => {
            text.push_str(&format!(" raises {}", e.class.name()));
            if let Some(message) = &e.message {
                text.push_str(&format!(" \"{}\"", message.replace('\\', "\\\\").replace('"', "\\\"")));
            }
        }
        Err(failure) => text.push_str(&format!(" fails: {failure}")),
    }
    for (index, ((arg, ty), output)) in args.iter().zip(types).zip(after).enumerate() {
        if let (ArgValue::Array(array), Type::Array(ty), Some(Output::Array(new))) = (arg, ty, output) {
            let before = array.elements(*ty);
            if !before.iter().zip(&new.elements).all(|(a, b)| a.same(*b)) {
                text.push_str(&format!(", args[{index}] == {}", write_output(&Output::Array(new.clone()))));
            }
        }
    }
    if !seen.outcome.printed.is_empty() {
        text.push_str(&format!(", prints {:?}", seen.outcome.printed));
    }
    text
}

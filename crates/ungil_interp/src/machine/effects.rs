//! Calls, checks, output and thread numbers.

use super::{Frame, Machine, Step, invalid};
use crate::number::Num;
use crate::outcome::{Exception, Failure};
use crate::text::{self, Part};
use crate::value::Value;
use ungil_ir::inst::{InstKind, PrintPart, Raise};

impl<'m> Machine<'m> {
    pub(super) fn effect(&mut self, frame: &Frame<'m>, kind: &InstKind) -> Step<Option<Value>> {
        use InstKind as K;
        Ok(match kind {
            K::Call(callee, args) => {
                let args = args.iter().map(|v| frame.get(*v).clone()).collect();
                Some(self.call(*callee, args)?)
            }
            K::Library(function, args) => {
                self.library(*function, frame, args)?;
                None
            }
            K::Check(cond, error) => {
                if !frame.get(*cond).as_bool() {
                    return Err(exception(frame, error));
                }
                None
            }
            K::Raise(error) => return Err(exception(frame, error)),
            K::Print(parts) => {
                let text = printed(frame, parts)?;
                self.printed.push_str(&text);
                None
            }
            K::Caught(class) => {
                let error = self.caught.last().expect("the verifier saw a handler");
                Some(Value::Num(Num::Bool(error.class.is_a(*class))))
            }
            K::CaughtArg(k) => match self.caught.last().and_then(|error| error.args.get(*k as usize)) {
                Some(n) => Some(Value::Num(*n)),
                None => return invalid("the error has no such argument"),
            },
            K::Safepoint => None,
            K::ThreadId => Some(Value::int(0)),
            K::NumThreads => Some(Value::int(self.num_threads)),
            K::SetNumThreads(n) => Some(Value::int(std::mem::replace(&mut self.num_threads, frame.i64(*n)))),
            other => return invalid(format!("the interpreter does not know {other:?}")),
        })
    }
}

fn exception(frame: &Frame<'_>, error: &Raise) -> Failure {
    let args: Vec<Num> = error.args.iter().map(|(v, _)| frame.get(*v).num()).collect();
    let message = error.message.as_ref().map(|template| text::fill(template, &args));
    Failure::Raised(Exception { class: error.class, message, args, frames: Vec::new() })
}

fn printed(frame: &Frame<'_>, parts: &[PrintPart]) -> Step<String> {
    let part = |part: &PrintPart| {
        Ok(match part {
            PrintPart::Text(text) => Part::Text(text.clone()),
            PrintPart::None => Part::None,
            PrintPart::Value { value, weak } => match frame.get(*value) {
                Value::Num(n) => Part::Num { value: *n, weak: *weak },
                _ => return invalid("the interpreter does not print arrays"),
            },
            PrintPart::TupleOpen => Part::TupleOpen,
            PrintPart::TupleClose => Part::TupleClose,
        })
    };
    let parts: Vec<Part> = parts.iter().map(part).collect::<Step<_>>()?;
    Ok(text::printed(&parts).expect("the verifier saw balanced tuples"))
}

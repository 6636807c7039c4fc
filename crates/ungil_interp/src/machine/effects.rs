//! Calls, checks, output and thread numbers.

use super::{Frame, Machine, Step, invalid, raise};
use crate::outcome::Failure;
use crate::text;
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
            K::Check(cond, error) => {
                if !frame.get(*cond).as_bool() {
                    return Err(exception(frame, error));
                }
                None
            }
            K::Raise(error) => return Err(exception(frame, error)),
            K::Print(parts) => {
                let line = line(frame, parts)?;
                self.printed.push_str(&line);
                self.printed.push('\n');
                None
            }
            K::Safepoint => None,
            K::ThreadId => Some(Value::int(0)),
            K::NumThreads => Some(Value::int(self.num_threads)),
            K::SetNumThreads(n) => Some(Value::int(std::mem::replace(&mut self.num_threads, frame.i64(*n)))),
            other => return invalid(format!("the interpreter does not know {other:?}")),
        })
    }
}

fn exception(frame: &Frame<'_>, error: &Raise) -> Failure {
    let args: Vec<String> = error.args.iter().map(|(v, _)| text::str_of(frame.get(*v).num())).collect();
    let message = error.message.as_ref().map(|template| fill(template, &args));
    match raise::<()>(error.class, message) {
        Err(failure) => failure,
        Ok(()) => unreachable!("`raise` fails"),
    }
}

/// Replaces `{0}`, `{1}` … by the arguments; other braces stay.
fn fill(template: &str, args: &[String]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let found = after.find('}').and_then(|close| {
            let number: usize = after[..close].parse().ok()?;
            Some((args.get(number)?, close))
        });
        match found {
            Some((arg, close)) => {
                out.push_str(arg);
                rest = &after[close + 1..];
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

/// A line as `print` writes it: parts between spaces, tuples as `repr` writes them.
fn line(frame: &Frame<'_>, parts: &[PrintPart]) -> Step<String> {
    // Finished parts of each open tuple, outermost first.
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    for part in parts {
        let inside = open.len() > 1;
        let text = match part {
            PrintPart::Text(text) if inside => text::repr_text(text),
            PrintPart::Text(text) => text.clone(),
            PrintPart::None => "None".to_owned(),
            PrintPart::Value { value, weak } => match frame.get(*value) {
                Value::Num(n) if inside => text::repr_of(*n, *weak),
                Value::Num(n) => text::str_of(*n),
                _ => return invalid("the interpreter does not print arrays"),
            },
            PrintPart::TupleOpen => {
                open.push(Vec::new());
                continue;
            }
            PrintPart::TupleClose => {
                let items = open.pop().unwrap_or_default();
                format!("({}{})", items.join(", "), if items.len() == 1 { "," } else { "" })
            }
        };
        match open.last_mut() {
            Some(items) => items.push(text),
            None => return invalid("a tuple is closed that is not open"),
        }
    }
    Ok(open.pop().unwrap_or_default().join(" "))
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn templates_take_arguments() {
        let args = ["7".to_owned(), "x".to_owned()];
        assert_eq!(fill("{1} is {0}, not {2} or {", &args), "x is 7, not {2} or {");
    }
}

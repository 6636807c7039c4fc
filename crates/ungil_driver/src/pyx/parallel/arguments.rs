//! Arguments of `prange` and `parallel` that mean nothing.

use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::UnaryOp;

/// What is wrong, where, and what to write.
pub type Mistake = (String, Span, &'static str);

const SCHEDULES: [&str; 4] = ["static", "dynamic", "guided", "runtime"];
const OF_LOOPS: &[&str] = &["nogil", "schedule", "chunksize", "num_threads", "use_threads_if"];
const OF_BLOCKS: &[&str] = &["num_threads", "use_threads_if"];

/// The value of a keyword argument.
pub fn keyword<'a>(call: &'a Call, name: &str) -> Option<&'a Expr> {
    let found = call.keywords.iter().find(|k| k.name.as_ref().is_some_and(|n| &*n.name == name));
    found.map(|k| &k.value).filter(|value| !is_none(value))
}

fn is_none(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Literal(Literal::None))
}

pub fn is_true(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Literal(Literal::Bool(true)))
}

/// The value of an integer that is written out.
fn integer(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(n)) => Some(*n),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => integer(operand).map(i64::wrapping_neg),
        _ => None,
    }
}

/// What is wrong with the arguments of a `prange`.
pub fn of_loop(call: &Call, span: Span) -> Vec<Mistake> {
    let mut mistakes = unknown(call, OF_LOOPS);
    if call.args.is_empty() || call.args.len() > 3 {
        let help =
            "write `prange(stop)`, `prange(start, stop)` or `prange(start, stop, step)`, without their names";
        mistakes.push(("Invalid number of positional arguments to prange".to_owned(), span, help));
    }
    let names: &[&str] = if call.args.len() == 1 { &["stop"] } else { &["start", "stop", "step"] };
    for (arg, name) in call.args.iter().zip(names) {
        if matches!(arg.kind, ExprKind::Literal(Literal::None | Literal::Str(_) | Literal::Bytes(_))) {
            mistakes.push((format!("{name} argument must be numeric"), arg.span, "pass an integer"));
        }
    }
    if let Some(step) = call.args.get(2).filter(|step| integer(step) == Some(0)) {
        let help = "pass the distance between two iterations";
        mistakes.push(("Iteration with step 0 is invalid.".to_owned(), step.span, help));
    }
    mistakes.extend(threads(call));
    mistakes.extend(schedule(call));
    mistakes
}

/// What is wrong with the arguments of a `parallel`.
pub fn of_block(call: &Call) -> Vec<Mistake> {
    let mut mistakes = unknown(call, OF_BLOCKS);
    if let Some(arg) = call.args.first() {
        let title = "cython.parallel.parallel() does not take positional arguments".to_owned();
        mistakes.push((title, arg.span, "write `parallel(num_threads=…)`"));
    }
    mistakes.extend(threads(call));
    mistakes
}

fn unknown(call: &Call, known: &[&str]) -> Vec<Mistake> {
    let help = if known == OF_LOOPS {
        "known are `nogil`, `schedule`, `chunksize`, `num_threads` and `use_threads_if`"
    } else {
        "known are `num_threads` and `use_threads_if`"
    };
    let names = call.keywords.iter().filter_map(|k| k.name.as_ref());
    let strange = names.filter(|name| !known.contains(&&*name.name));
    strange.map(|name| (format!("Invalid keyword argument: {}", name.name), name.span, help)).collect()
}

fn threads(call: &Call) -> Option<Mistake> {
    let value = keyword(call, "num_threads").filter(|value| integer(value).is_some_and(|n| n < 0))?;
    let title = "argument to num_threads must be greater than or equal to 0".to_owned();
    Some((title, value.span, "zero, or nothing, stands for as many threads as there are"))
}

fn schedule(call: &Call) -> Option<Mistake> {
    let given = keyword(call, "schedule");
    let text = match given.map(|value| &value.kind) {
        Some(ExprKind::Literal(Literal::Str(text))) => text.as_str(),
        _ => None,
    };
    if let Some(value) = given.filter(|_| !text.is_some_and(|text| SCHEDULES.contains(&text))) {
        let title =
            format!("Invalid schedule argument to prange: {}", text.unwrap_or("no text that is written out"));
        return Some((title, value.span, "write \"static\", \"dynamic\", \"guided\" or \"runtime\""));
    }
    let chunk = keyword(call, "chunksize")?;
    let (title, help) = match text {
        None => {
            ("Must provide schedule with chunksize", "add `schedule=\"static\"`, \"dynamic\" or \"guided\"")
        }
        Some("runtime") => ("Chunksize not valid for the schedule runtime", "leave `chunksize` out"),
        Some(_) if integer(chunk).is_some_and(|n| n <= 0) => {
            ("Chunksize must not be negative", "pass the number of iterations in a piece, at least 1")
        }
        Some(_) => return None,
    };
    Some((title.to_owned(), chunk.span, help))
}

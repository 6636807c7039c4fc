//! Errors about types.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;
use ungil_ir::types::DType;

use crate::diagnostics::{family, plural};
use crate::ty::Ty;

/// An error about a type.
#[derive(Clone, Debug)]
pub enum TypeError {
    /// A variable is assigned values that have no common type.
    Variable {
        name: String,
        old: Ty,
        new: Ty,
        span: Span,
        first: Option<Span>,
    },
    Return {
        old: Ty,
        new: Ty,
        span: Span,
    },
    Binary {
        op: &'static str,
        left: Ty,
        right: Ty,
        span: Span,
        reason: Option<String>,
    },
    Unary {
        op: &'static str,
        operand: Ty,
        span: Span,
    },
    Compare {
        op: &'static str,
        left: Ty,
        right: Ty,
        span: Span,
    },
    Index {
        found: Ty,
        container: Ty,
        span: Span,
    },
    TooManyIndices {
        ndim: usize,
        given: usize,
        span: Span,
    },
    NotSubscriptable {
        ty: Ty,
        span: Span,
    },
    TupleIndex {
        index: i128,
        len: usize,
        span: Span,
    },
    MixedTuple {
        ty: Ty,
        span: Span,
    },
    NotCallable {
        ty: Ty,
        span: Span,
    },
    NotIterable {
        ty: Ty,
        span: Span,
    },
    /// An integer that has to be stored and does not fit.
    IntRange {
        value: i128,
        ty: Ty,
        span: Span,
    },
    Truth {
        ty: Ty,
        span: Span,
    },
    NotUnpackable {
        ty: Ty,
        span: Span,
    },
    UnpackCount {
        expected: usize,
        at_least: bool,
        found: usize,
        span: Span,
    },
    Argument {
        function: String,
        parameter: String,
        expected: String,
        found: Ty,
        span: Span,
    },
    Annotation {
        name: String,
        declared: Ty,
        found: Ty,
        span: Span,
    },
    ItemAssignment {
        ty: Ty,
        span: Span,
    },
    ReadOnly {
        ty: Ty,
        span: Span,
    },
    Convert {
        from: Ty,
        to: String,
        span: Span,
    },
    MixedReturn {
        ty: Ty,
        span: Span,
    },
    IndexConstant {
        span: Span,
        expected: &'static str,
    },
    Escape {
        what: String,
        span: Span,
    },
}

family!(TypeError);

/// What to write instead of a conversion that there is not.
fn conversion_help(from: &Ty, to: &str) -> &'static str {
    match from {
        Ty::PyComplex | Ty::Scalar(DType::C64 | DType::C128) => {
            "take the part you need, for example `z.real`"
        }
        Ty::Array(_) => {
            "take one element, for example `x[0]`, or give the place as many axes as the array has"
        }
        _ if to.starts_with("an element of a list") => {
            "put values of one type into a list: numbers, tuples of them, arrays or lists"
        }
        _ => "keep values of different types in variables of their own",
    }
}

fn error(code: &'static str, title: String) -> Diagnostic {
    Diagnostic::error(Code(code), title)
}

impl TypeError {
    /// The message.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            TypeError::Variable { .. } | TypeError::Return { .. } | TypeError::MixedReturn { .. } => {
                self.joins()
            }
            TypeError::Binary { .. } | TypeError::Unary { .. } | TypeError::Compare { .. } => {
                self.operators()
            }
            TypeError::Index { .. }
            | TypeError::TooManyIndices { .. }
            | TypeError::NotSubscriptable { .. }
            | TypeError::TupleIndex { .. }
            | TypeError::MixedTuple { .. }
            | TypeError::ItemAssignment { .. }
            | TypeError::IndexConstant { .. }
            | TypeError::ReadOnly { .. } => self.subscripts(),
            _ => self.others(),
        }
    }

    fn joins(self) -> Diagnostic {
        match self {
            TypeError::Variable { name, old, new, span, first } => {
                let d = error(
                    "U0210",
                    format!("variable `{name}` holds `{old}` and `{new}`, which have no common type"),
                )
                .primary(span, format!("expected `{old}`, found `{new}`"));
                let d = match first {
                    Some(first) if first != span => d.secondary(first, format!("`{old}` here")),
                    _ => d,
                };
                d.help(format!("use another name for the second value: `{name}2 = …`"))
            }
            TypeError::Return { old, new, span } => {
                let d = error(
                    "U0211",
                    format!("function returns `{old}` and `{new}`, which have no common type"),
                )
                .primary(span, format!("expected `{old}`, found `{new}`"));
                if old == Ty::None || new == Ty::None {
                    d.help("return a value on every path, or `raise` where there is none")
                } else {
                    d.help("convert the values to one type, for example `float(…)`")
                }
            }
            TypeError::MixedReturn { ty, span } => {
                error("U0211", format!("function returns `{ty}` on one path and nothing on another"))
                    .primary(span, format!("expected `return` with `{ty}` at the end of every path"))
                    .help("return a value on every path, or `raise` where there is none")
            }
            _ => unreachable!("another group"),
        }
    }

    fn operators(self) -> Diagnostic {
        match self {
            TypeError::Binary { op, left, right, span, reason } => {
                let d = error("U0212", format!("operator `{op}` is not defined for `{left}` and `{right}`"))
                    .primary(
                        span,
                        format!("expected numbers that `{op}` can combine, found `{left}` and `{right}`"),
                    );
                let d = reason.into_iter().fold(d, Diagnostic::note);
                d.help(format!("convert the operands first: `int(a) {op} int(b)`"))
            }
            TypeError::Unary { op, operand, span } => {
                error("U0213", format!("operator `{op}` is not defined for `{operand}`"))
                    .primary(span, format!("expected a number, found `{operand}`"))
                    .help(format!("convert the operand first: `{op}int(x)`"))
            }
            TypeError::Compare { op, left, right, span } => {
                let complex = [&left, &right].iter().any(|t| t.dtype().is_some_and(DType::is_complex));
                let arrays = left.as_array().is_some() || right.as_array().is_some();
                let d = error("U0223", format!("`{left}` and `{right}` cannot be compared with `{op}`"))
                    .primary(span, format!("expected comparable values, found `{left}` and `{right}`"));
                if arrays {
                    d.note("arrays are compared with arrays and numbers")
                        .help("compare the elements in a loop, or make an array of the other: `np.array(x)`")
                } else if op.starts_with("is") {
                    d.help("compare values with `==`")
                } else if !complex {
                    d.help("compare numbers, or tuples and lists of them")
                } else {
                    d.help("compare numbers, for example the parts `z.real` and `z.imag`")
                }
            }
            _ => unreachable!("another group"),
        }
    }

    fn subscripts(self) -> Diagnostic {
        match self {
            TypeError::Index { found, container, span } => {
                error("U0214", format!("array index must be an integer, found `{found}`"))
                    .primary(span, "expected an integer or a slice")
                    .note(format!("the indexed value is `{container}`"))
                    .help("index with an integer: `x[int(i)]`")
            }
            TypeError::TooManyIndices { ndim, given, span } => error(
                "U0226",
                format!("too many indices: array is {ndim}-dimensional, but {given} were indexed"),
            )
            .primary(span, format!("expected at most {}, found {given}", plural(ndim, "index")))
            .help("index one axis fewer, or add an axis with `x[..., None]`"),
            TypeError::NotSubscriptable { ty, span } => error("U0215", format!("`{ty}` cannot be indexed"))
                .primary(span, format!("expected an array or a tuple, found `{ty}`"))
                .help("index an array or a tuple: `x[0]`"),
            TypeError::TupleIndex { index, len, span } => error(
                "U0224",
                format!("tuple index {index} is out of range for a tuple of {}", plural(len, "element")),
            )
            .primary(span, format!("expected an index from {} to {}", -(len as i128), len as i128 - 1))
            .help("use `len(t)` to see how many elements there are"),
            TypeError::MixedTuple { ty, span } => error(
                "U0225",
                format!("`{ty}` has elements of different types and needs a constant index"),
            )
            .primary(span, "expected a constant integer")
            .help("unpack the tuple (`a, b = t`), or make its elements one type, for example `float(…)`"),
            TypeError::ItemAssignment { ty, span } => {
                error("U0227", format!("`{ty}` does not support item assignment"))
                    .primary(span, format!("expected an array, found `{ty}`"))
                    .help("make a new value, or use an array: `x = np.empty(n)`")
            }
            TypeError::ReadOnly { ty, span } => {
                error("U0228", format!("assignment destination `{ty}` is read-only"))
                    .primary(span, "expected a writable array")
                    .help("write to a copy: `x = x.copy()`")
            }
            TypeError::IndexConstant { span, expected } => {
                error("U0229", format!("expected a constant {expected}"))
                    .primary(
                        span,
                        format!("expected a constant {expected}, found a value known only at run time"),
                    )
                    .help("write the constant here")
            }
            _ => unreachable!("another group"),
        }
    }

    fn others(self) -> Diagnostic {
        match self {
            TypeError::NotCallable { ty, span } => error("U0216", format!("`{ty}` is not callable"))
                .primary(span, format!("expected a function, found `{ty}`"))
                .help("remove the parentheses, or index with brackets: `x[i]`"),
            TypeError::NotIterable { ty, span } => {
                error("U0217", format!("`{ty}` is not iterable in compiled code"))
                    .primary(span, format!("expected a range, an array or a tuple, found `{ty}`"))
                    .help("iterate over `range(n)`, an array, a tuple, `enumerate(…)` or `zip(…)`")
            }
            TypeError::IntRange { value, ty, span } => {
                let range = if ty == Ty::PyInt { "64 bits".to_owned() } else { format!("`{ty}`") };
                error("U0218", format!("integer {value} does not fit {range}"))
                    .primary(span, "out of range")
                    .help("use a float, or an unsigned type: `np.uint64(…)`")
            }
            TypeError::Truth { ty, span } => {
                error("U0219", format!("`{ty}` has no truth value in compiled code"))
                    .primary(span, format!("expected a number or a boolean, found `{ty}`"))
                    .help("compare explicitly, for example `x.size > 0` or `x is not None`")
            }
            TypeError::NotUnpackable { ty, span } => error("U0220", format!("`{ty}` cannot be unpacked"))
                .primary(span, format!("expected a tuple or an array, found `{ty}`"))
                .help("assign it to one name"),
            TypeError::UnpackCount { expected, at_least, found, span } => {
                let least = if at_least { "at least " } else { "" };
                let what = if found > expected { "too many values" } else { "not enough values" };
                error("U0221", format!("{what} to unpack: expected {least}{expected}, found {found}"))
                    .primary(span, format!("expected {least}{expected}, found {found}"))
                    .help("name every element, or take the rest with `*rest`")
            }
            TypeError::Argument { function, parameter, expected, found, span } => error(
                "U0222",
                format!("argument `{parameter}` of `{function}` must be {expected}, found `{found}`"),
            )
            .primary(span, format!("expected {expected}, found `{found}`"))
            .help(format!("pass {expected}")),
            TypeError::Annotation { name, declared, found, span } => {
                error("U0260", format!("`{name}` is declared `{declared}` but gets `{found}`"))
                    .primary(span, format!("expected `{declared}`, found `{found}`"))
                    .help(format!("convert the value, or remove the annotation of `{name}`"))
            }
            TypeError::Convert { from, to, span } => {
                let help = conversion_help(&from, &to);
                error("U0261", format!("`{from}` cannot be converted to `{to}`"))
                    .primary(span, format!("expected a value convertible to `{to}`, found `{from}`"))
                    .help(help)
            }
            TypeError::Escape { what, span } => {
                error("U0262", format!("{what} cannot be stored or passed on in compiled code"))
                    .primary(span, "used as a value here")
                    .help("use it directly where it is consumed")
            }
            _ => unreachable!("another group"),
        }
    }
}

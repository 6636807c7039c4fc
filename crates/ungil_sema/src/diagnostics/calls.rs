//! Errors about calls: arguments that do not fit the parameters, library functions that are not there.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

use crate::diagnostics::family;

/// An error about a call.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The arguments do not bind; `message` is Python's own.
    Binding {
        message: String,
        span: Span,
        definition: Option<Span>,
        signature: String,
    },
    /// A library function that compiled code cannot call.
    UnknownFunction {
        name: String,
        span: Span,
    },
    /// An argument of a library function that is known but not supported.
    UnsupportedArgument {
        function: String,
        parameter: String,
        span: Span,
        note: String,
    },
    /// `f(**mapping)`
    DoubleStar {
        span: Span,
    },
    /// `f(*x)` where the number of elements is not known.
    Star {
        span: Span,
        found: String,
    },
    TooDeep {
        name: String,
        span: Span,
    },
    /// Types that grow in every round of inference.
    Unsettled {
        name: String,
        span: Span,
    },
}

family!(CallError);

impl CallError {
    /// The message.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            CallError::Binding { message, span, definition, signature } => {
                let d = Diagnostic::error(Code("U0230"), message)
                    .primary(span, format!("expected `{signature}`"));
                let d = match definition {
                    Some(place) => d.secondary(place, "defined here"),
                    None => d,
                };
                d.help(format!("call it as `{signature}`"))
            }
            CallError::UnknownFunction { name, span } => {
                let name_is_lazy = matches!(name.as_str(), "map" | "filter");
                let d =
                    Diagnostic::error(Code("U0231"), format!("`{name}` is not supported in compiled code"))
                        .primary(span, "expected a function that ungil can compile");
                d.help(if name_is_lazy {
                    "write a comprehension: `[f(x) for x in items if g(x)]`"
                } else {
                    "call it outside the kernel and pass the result as an argument"
                })
            }
            CallError::UnsupportedArgument { function, parameter, span, note } => Diagnostic::error(
                Code("U0232"),
                format!("argument `{parameter}` of `{function}` is not supported"),
            )
            .primary(span, note)
            .help(format!("leave `{parameter}` out")),
            CallError::DoubleStar { span } => {
                Diagnostic::error(Code("U0233"), "`**` arguments are not supported in compiled code")
                    .primary(span, "expected arguments written one by one")
                    .help("pass the arguments by name: `f(a=…, b=…)`")
            }
            CallError::Star { span, found } => Diagnostic::error(
                Code("U0234"),
                format!("only a tuple can be passed with `*`, found `{found}`"),
            )
            .primary(span, format!("expected a tuple, found `{found}`"))
            .help("pass the elements one by one: `f(x[0], x[1])`"),
            CallError::TooDeep { name, span } => {
                Diagnostic::error(Code("U0235"), format!("calls of `{name}` need ever new argument types"))
                    .primary(span, "each level of this recursion has other types than the one before")
                    .help("give the recursion arguments whose types stay the same")
            }
            CallError::Unsettled { name, span } => {
                Diagnostic::error(Code("U0235"), format!("types in `{name}` grow without end"))
                    .primary(span, "a list or a tuple here would hold itself")
                    .help("put no list or tuple into another one of which it is made itself")
            }
        }
    }
}

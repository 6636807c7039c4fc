//! Python syntax that compiled code does not support, refused by name.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

use crate::diagnostics::family;

/// Syntax that is not supported.
#[derive(Clone, Debug)]
pub enum Unsupported {
    /// `what` as in "`with` statements"; `help` says what to write instead.
    Statement {
        what: &'static str,
        span: Span,
        help: &'static str,
    },
    Expression {
        what: &'static str,
        span: Span,
        help: &'static str,
    },
    /// Assignment to a variable of an enclosing function.
    Nonlocal {
        name: String,
        span: Span,
    },
    /// Assignment to a global.
    Global {
        name: String,
        span: Span,
    },
    /// `raise` of something that is no built-in exception.
    RaiseTarget {
        span: Span,
    },
    /// A conversion or format in a message or print that is not known at compile time.
    Format {
        span: Span,
        what: String,
    },
    /// A tree too high to visit.
    TooDeep {
        span: Span,
    },
    /// Parameter kinds that kernels cannot have.
    Parameter {
        what: &'static str,
        span: Span,
        help: &'static str,
    },
}

family!(Unsupported);

impl Unsupported {
    /// The message.
    pub fn diagnostic(self) -> Diagnostic {
        let error = |code, title: String| Diagnostic::error(Code(code), title);
        match self {
            Unsupported::Statement { what, span, help } => {
                error("U0240", format!("{what} not supported in compiled code"))
                    .primary(span, "this statement cannot be compiled")
                    .help(help)
            }
            Unsupported::Expression { what, span, help } => {
                error("U0241", format!("{what} not supported in compiled code"))
                    .primary(span, "this expression cannot be compiled")
                    .help(help)
            }
            Unsupported::Nonlocal { name, span } => {
                error("U0242", format!("nested functions cannot assign `{name}` of the enclosing function"))
                    .primary(span, "captured variables are read-only")
                    .help(format!("return the new value and assign it outside: `{name} = inner({name})`"))
            }
            Unsupported::Global { name, span } => {
                error("U0243", format!("compiled code cannot assign the global `{name}`"))
                    .primary(span, "globals are constants of compiled code")
                    .help(format!("return the new value and assign it outside: `{name} = kernel(…)`"))
            }
            Unsupported::RaiseTarget { span } => {
                error("U0244", "only built-in exceptions can be raised in compiled code".into())
                    .primary(span, "expected a built-in exception")
                    .help("raise one with a message: `raise ValueError(\"…\")`")
            }
            Unsupported::Format { span, what } => {
                error("U0245", format!("{what} not supported in compiled code"))
                    .primary(span, "expected a constant text or a number without a format")
                    .help("write the value alone: `f\"x = {x}\"`")
            }
            Unsupported::TooDeep { span } => error("U0246", "expression is nested too deeply".into())
                .primary(span, "more than 200 levels")
                .help("split it into several assignments"),
            Unsupported::Parameter { what, span, help } => {
                error("U0247", format!("{what} not supported in compiled code"))
                    .primary(span, "this parameter cannot be compiled")
                    .help(help)
            }
        }
    }
}

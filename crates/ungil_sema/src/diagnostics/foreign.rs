//! Errors about C functions and pointers.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

use crate::diagnostics::family;

/// An error about C.
#[derive(Clone, Debug)]
pub enum ForeignError {
    /// A C function whose prototype is missing or cannot be called; `title` and `help` are the extension module's.
    Prototype { title: String, help: String, span: Span },
    /// An argument that does not fit the prototype. `number` counts from one.
    Argument { number: usize, prototype: String, found: String, expected: String, help: String, span: Span },
    /// A wrong number of arguments.
    Count { name: String, prototype: String, expected: usize, given: usize, span: Span },
    /// A use of a pointer or of a C type that is not possible.
    Use { title: String, label: String, help: String, span: Span },
}

family!(ForeignError);

impl ForeignError {
    /// The message.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            ForeignError::Prototype { title, help, span } => Diagnostic::error(Code("U0236"), title)
                .primary(span, "this C function cannot be called from compiled code")
                .help(help),
            ForeignError::Argument { number, prototype, found, expected, help, span } => Diagnostic::error(
                Code("U0237"),
                format!("argument {number} of `{prototype}` must be {expected}, found {found}"),
            )
            .primary(span, format!("expected {expected}"))
            .help(help),
            ForeignError::Count { name, prototype, expected, given, span } => {
                let noun = if expected == 1 { "argument" } else { "arguments" };
                Diagnostic::error(Code("U0237"), format!("{name}() takes {expected} {noun} ({given} given)"))
                    .primary(span, format!("expected the arguments of `{prototype}`"))
                    .help("pass one argument for each parameter, by position")
            }
            ForeignError::Use { title, label, help, span } => {
                Diagnostic::error(Code("U0238"), title).primary(span, label).help(help)
            }
        }
    }
}

//! Errors about C types.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

use crate::diagnostics::family;
use crate::ty::Ty;

/// What does not fit a declared C type.
#[derive(Clone, Debug)]
pub enum CTypeError {
    /// A value of a type that a variable cannot hold.
    Assign { declared: String, found: Ty, span: Span },
    /// A number of C that an integer of C does not take without a cast, as Cython says it.
    Narrow { declared: String, found: &'static str, span: Span },
    /// A function of a C library that is not there.
    NoFunction { name: String, span: Span },
}

family!(CTypeError);

impl CTypeError {
    /// The message.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            CTypeError::NoFunction { name, span } => {
                Diagnostic::error(Code("U0805"), format!("`{name}` of libc is not supported yet"))
                    .primary(span, "unknown function")
            }
            CTypeError::Narrow { declared, found, span } => {
                Diagnostic::error(Code("U0811"), format!("Cannot assign type '{found}' to '{declared}'"))
                    .primary(span, format!("of type `{found}`"))
                    .help(format!("cut off what is behind the point: `<{declared}>…`"))
            }
            CTypeError::Assign { declared, found, span } => {
                let title = format!("cannot assign a value of type {found} to `{declared}`");
                let message =
                    Diagnostic::error(Code("U0801"), title).primary(span, format!("expected `{declared}`"));
                if found.is_scalar() {
                    message.help(format!("convert it: `<{declared}>…`"))
                } else {
                    message
                }
            }
        }
    }
}

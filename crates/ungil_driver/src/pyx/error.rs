//! What modules in the Cython language may not contain yet.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

/// `what` is not supported yet.
pub fn unsupported(what: &str, span: Span, help: Option<&str>) -> Diagnostic {
    let message = Diagnostic::error(Code("U0802"), format!("{what} not supported yet"))
        .primary(span, "cannot be compiled without a C compiler");
    match help {
        Some(help) => message.help(help),
        None => message,
    }
}

/// A type that nothing defines.
pub fn unknown_type(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code("U0803"), format!("`{name}` is not a type")).primary(span, "unknown type")
}

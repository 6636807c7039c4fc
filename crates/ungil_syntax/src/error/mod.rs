//! The errors of this crate, as data, and their texts.
//!
//! One enum per stage; a variant holds what its text needs, and `diagnostic` makes the text. The
//! codes are stable: each has a page in `docs/errors`.

pub mod check;
pub mod cython;
pub mod lex;
pub mod parse;
pub mod pattern;
pub mod sink;

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

/// An error of the given code, marked at `span`.
fn error(code: &'static str, span: Span, title: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code(code), title).primary(span, label)
}

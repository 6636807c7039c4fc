//! Structured remarks about optimisations.
//!
//! A pass states what it did, what it could not do and why, or what it found out. Remarks are not
//! diagnostics: they never stop a compilation, and annotate renders them beside the source.

use crate::span::Span;

/// What a remark tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemarkKind {
    /// The pass changed the program.
    Applied,
    /// The pass could not, and the text says why.
    Missed,
    /// The pass found a fact.
    Analysis,
}

/// One remark of one pass about one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The pass, by its function's name.
    pub pass: &'static str,
    pub span: Span,
    pub kind: RemarkKind,
    pub text: String,
}

impl Remark {
    /// A remark that something was done.
    pub fn applied(pass: &'static str, span: Span, text: impl Into<String>) -> Remark {
        Remark { pass, span, kind: RemarkKind::Applied, text: text.into() }
    }

    /// A remark that something could not be done.
    pub fn missed(pass: &'static str, span: Span, text: impl Into<String>) -> Remark {
        Remark { pass, span, kind: RemarkKind::Missed, text: text.into() }
    }

    /// A remark that something was found out.
    pub fn analysis(pass: &'static str, span: Span, text: impl Into<String>) -> Remark {
        Remark { pass, span, kind: RemarkKind::Analysis, text: text.into() }
    }
}

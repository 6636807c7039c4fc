//! Identifiers.

use std::sync::Arc;

use ungil_diag::span::Span;

/// The text of an identifier, in Unicode normal form KC as Python compares it; shared by all
/// occurrences in a module.
pub type Name = Arc<str>;

/// A name with its place, where the name itself is not an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Ident {
    pub span: Span,
    pub name: Name,
}

impl Ident {
    /// The text of the identifier.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

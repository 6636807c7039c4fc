//! The root of the tree.

use ungil_diag::span::Span;

use super::stmt::Stmt;

/// A parsed file, or a function cut out of one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Module {
    /// The whole text.
    pub span: Span,
    pub body: Vec<Stmt>,
}

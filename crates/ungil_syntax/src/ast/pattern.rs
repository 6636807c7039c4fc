//! Patterns of `match` statements.

use ungil_diag::span::Span;

use super::expr::Expr;
use super::literal::Literal;
use super::name::Ident;

/// A pattern and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub span: Span,
    pub kind: PatternKind,
}

/// What a pattern matches.
#[derive(Debug, Clone, PartialEq)]
pub enum PatternKind {
    /// Stands where no pattern could be read; an error has been reported.
    Invalid,
    /// A number (also `-1`, `1 + 2j`), a string or a dotted name: compared with `==`.
    Value(Expr),
    /// `None`, `True` or `False`: compared with `is`.
    Singleton(Literal),
    Sequence(Vec<Pattern>),
    Mapping(MappingPattern),
    Class(ClassPattern),
    /// `*name` or `*_` (`None`) inside a sequence.
    Star(Option<Ident>),
    /// `pattern as name`
    As {
        pattern: Box<Pattern>,
        name: Ident,
    },
    /// `name`
    Capture(Ident),
    /// `_`
    Wildcard,
    /// Two alternatives or more.
    Or(Vec<Pattern>),
}

/// `{key: pattern, **rest}`
#[derive(Debug, Clone, PartialEq)]
pub struct MappingPattern {
    /// A key is a literal or a dotted name.
    pub items: Vec<(Expr, Pattern)>,
    pub rest: Option<Ident>,
}

/// `cls(pattern, name=pattern)`
#[derive(Debug, Clone, PartialEq)]
pub struct ClassPattern {
    /// A name or a dotted name.
    pub cls: Expr,
    pub patterns: Vec<Pattern>,
    pub keywords: Vec<(Ident, Pattern)>,
}

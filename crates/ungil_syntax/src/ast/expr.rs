//! Expressions.

use ungil_diag::span::Span;

use super::cython::CythonExpr;
use super::literal::{Literal, Text};
use super::name::{Ident, Name};
use super::operator::{BinaryOp, BoolOp, CompareOp, UnaryOp};
use super::parameter::Parameters;

/// An expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// Stands where no expression could be read; an error has been reported.
    Invalid,
    Name(Name),
    Literal(Literal),
    /// An f-string, implicit concatenation included.
    FString(Vec<StringPart>),
    /// A t-string (PEP 750).
    TString(Vec<StringPart>),
    /// `target := value`
    Named {
        target: Ident,
        value: Box<Expr>,
    },
    /// `a and b and c`: two operands or more.
    Bool {
        op: BoolOp,
        values: Vec<Expr>,
    },
    Binary {
        left: Box<Expr>,
        op: BinaryOp,
        right: Box<Expr>,
    },
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    /// `left < a < b`: one step or more.
    Compare {
        left: Box<Expr>,
        rest: Vec<Comparison>,
    },
    /// `body if test else orelse`
    Conditional {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Lambda {
        params: Box<Parameters>,
        body: Box<Expr>,
    },
    Call(Box<Call>),
    Attribute {
        value: Box<Expr>,
        attr: Ident,
    },
    /// `value[index]`; the index may be a [`ExprKind::Slice`] or a tuple that holds slices.
    Subscript {
        value: Box<Expr>,
        index: Box<Expr>,
    },
    /// `lower:upper:step`, only inside a subscript.
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    /// `*value` in a call, a display, an assignment target or a subscript.
    Starred(Box<Expr>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    Dict(Vec<DictItem>),
    ListComp {
        element: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    SetComp {
        element: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    DictComp {
        key: Box<Expr>,
        value: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    Generator {
        element: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    Await(Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
    /// Only in the Cython language.
    Cython(Box<CythonExpr>),
}

/// One step of a comparison chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub op: CompareOp,
    /// The place of the operator.
    pub op_span: Span,
    pub right: Expr,
}

/// A call. As in CPython, all positional arguments are evaluated before all keyword arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub func: Expr,
    /// Positional arguments; `*a` is a [`ExprKind::Starred`].
    pub args: Vec<Expr>,
    pub keywords: Vec<Keyword>,
}

/// `name=value`, or `**value` where `name` is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyword {
    pub span: Span,
    pub name: Option<Ident>,
    pub value: Expr,
}

/// `key: value`, or `**value` where `key` is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct DictItem {
    pub key: Option<Expr>,
    pub value: Expr,
}

/// `async for target in iter if cond if cond`
#[derive(Debug, Clone, PartialEq)]
pub struct Comprehension {
    pub span: Span,
    pub is_async: bool,
    pub target: Expr,
    pub iter: Expr,
    pub conditions: Vec<Expr>,
}

/// A piece of an f-string or a t-string. No two literal pieces are neighbours, and none is empty.
#[derive(Debug, Clone, PartialEq)]
pub enum StringPart {
    Literal { span: Span, text: Text },
    Interpolation(Box<Interpolation>),
}

/// `{value=!r:spec}`
#[derive(Debug, Clone, PartialEq)]
pub struct Interpolation {
    /// Braces included.
    pub span: Span,
    pub value: Expr,
    /// The source text of the expression, as a t-string keeps it.
    pub source: Text,
    /// The text to print before the value, where the field has a `=`: `x = ` for `{x = }`.
    pub debug: Option<Text>,
    /// As written; with `debug` and neither a conversion nor a format, Python formats with `repr`.
    pub conversion: Option<Conversion>,
    pub format: Option<Vec<StringPart>>,
}

/// `!s`, `!r`, `!a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conversion {
    Str,
    Repr,
    Ascii,
}

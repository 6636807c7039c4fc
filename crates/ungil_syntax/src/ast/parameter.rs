//! Parameters of functions and lambdas, and type parameters.

use ungil_diag::span::Span;

use super::cython::ParameterType;
use super::expr::Expr;
use super::name::Ident;

/// The parameters of a function or lambda, by kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    /// Without the parentheses; empty where there is no parameter.
    pub span: Span,
    /// Those before `/`.
    pub posonly: Vec<Parameter>,
    /// Those that may be passed by position or by name.
    pub regular: Vec<Parameter>,
    /// `*args`; a bare `*` leaves none.
    pub vararg: Option<Box<Parameter>>,
    /// Those after `*` or `*args`.
    pub kwonly: Vec<Parameter>,
    /// `**kwargs`
    pub kwarg: Option<Box<Parameter>>,
}

impl Parameters {
    /// All parameters in source order.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.posonly
            .iter()
            .chain(&self.regular)
            .chain(self.vararg.as_deref())
            .chain(&self.kwonly)
            .chain(self.kwarg.as_deref())
    }
}

/// One parameter. A `*args` or `**kwargs` has no default.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name and annotation, without the default and without stars, as in CPython.
    pub span: Span,
    pub name: Ident,
    /// May be a starred expression on `*args` (PEP 646).
    pub annotation: Option<Expr>,
    pub default: Option<Expr>,
    /// Only in the Cython language.
    pub ty: Option<Box<ParameterType>>,
}

/// A type parameter of a function, class or type alias (PEP 695).
#[derive(Debug, Clone, PartialEq)]
pub struct TypeParam {
    pub span: Span,
    pub name: Ident,
    pub kind: TypeParamKind,
    /// PEP 696; may be a starred expression for a `*Ts`.
    pub default: Option<Expr>,
}

/// What a type parameter stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeParamKind {
    /// `T`, with the bound or the tuple of constraints after the colon.
    TypeVar { bound: Option<Expr> },
    /// `*Ts`
    TypeVarTuple,
    /// `**P`
    ParamSpec,
}

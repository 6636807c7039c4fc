//! Statements.

use ungil_diag::span::Span;

use super::cython::{CSignature, CythonStmt};
use super::expr::{Expr, Keyword};
use super::name::{Ident, Name};
use super::operator::BinaryOp;
use super::parameter::{Parameters, TypeParam};
use super::pattern::Pattern;

/// A statement and its place. The span of a compound statement covers its blocks; that of a
/// decorated definition starts at `def` or `class`, as in CPython.
#[derive(Debug, Clone, PartialEq)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq)]
pub enum StmtKind {
    /// Stands where no statement could be read; an error has been reported.
    Invalid,
    FunctionDef(Box<FunctionDef>),
    ClassDef(Box<ClassDef>),
    Return(Option<Expr>),
    Delete(Vec<Expr>),
    /// `a = b = value` has two targets, in source order.
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    AugAssign {
        target: Expr,
        op: BinaryOp,
        value: Expr,
    },
    /// `target: annotation = value`
    AnnAssign {
        target: Expr,
        annotation: Expr,
        value: Option<Expr>,
        /// Whether the target is a name without parentheses.
        simple: bool,
    },
    /// `type name[params] = value`
    TypeAlias {
        name: Ident,
        type_params: Vec<TypeParam>,
        value: Expr,
    },
    For(Box<For>),
    While(Box<While>),
    If(Box<If>),
    With(Box<With>),
    Match(Box<Match>),
    Raise {
        exc: Option<Expr>,
        cause: Option<Expr>,
    },
    Try(Box<Try>),
    Assert {
        test: Expr,
        msg: Option<Expr>,
    },
    Import(Vec<Alias>),
    ImportFrom(Box<ImportFrom>),
    Global(Vec<Ident>),
    Nonlocal(Vec<Ident>),
    Expr(Expr),
    Pass,
    Break,
    Continue,
    /// Only in the Cython language.
    Cython(Box<CythonStmt>),
}

/// `async def name[type_params](params) -> returns: body`
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionDef {
    pub is_async: bool,
    pub name: Ident,
    pub decorators: Vec<Expr>,
    pub type_params: Vec<TypeParam>,
    pub params: Parameters,
    pub returns: Option<Expr>,
    /// Of a `cdef` or `cpdef` function.
    pub signature: Option<Box<CSignature>>,
    pub body: Vec<Stmt>,
}

/// `class name[type_params](bases, keywords): body`
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDef {
    pub name: Ident,
    pub decorators: Vec<Expr>,
    pub type_params: Vec<TypeParam>,
    pub bases: Vec<Expr>,
    pub keywords: Vec<Keyword>,
    pub body: Vec<Stmt>,
}

/// `async for target in iter: body else: orelse`
#[derive(Debug, Clone, PartialEq)]
pub struct For {
    pub is_async: bool,
    pub target: Expr,
    pub iter: Expr,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
}

/// `while test: body else: orelse`
#[derive(Debug, Clone, PartialEq)]
pub struct While {
    pub test: Expr,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
}

/// `if`, any number of `elif`, `else`.
#[derive(Debug, Clone, PartialEq)]
pub struct If {
    /// The `if` and each `elif`; at least one.
    pub branches: Vec<IfBranch>,
    pub orelse: Vec<Stmt>,
}

/// `test: body` of one `if` or `elif`.
#[derive(Debug, Clone, PartialEq)]
pub struct IfBranch {
    pub span: Span,
    pub test: Expr,
    pub body: Vec<Stmt>,
}

/// `async with items: body`
#[derive(Debug, Clone, PartialEq)]
pub struct With {
    pub is_async: bool,
    pub items: Vec<WithItem>,
    pub body: Vec<Stmt>,
}

/// `context as target`
#[derive(Debug, Clone, PartialEq)]
pub struct WithItem {
    pub context: Expr,
    pub target: Option<Expr>,
}

/// `match subject: cases`
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub subject: Expr,
    pub cases: Vec<MatchCase>,
}

/// `case pattern if guard: body`
#[derive(Debug, Clone, PartialEq)]
pub struct MatchCase {
    pub span: Span,
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    pub body: Vec<Stmt>,
}

/// `try: body except: … else: orelse finally: finalbody`
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// Whether the handlers are `except*`.
    pub is_star: bool,
    pub body: Vec<Stmt>,
    pub handlers: Vec<ExceptHandler>,
    pub orelse: Vec<Stmt>,
    pub finalbody: Vec<Stmt>,
}

/// `except exc as name: body`; `except A, B:` (PEP 758) has a tuple.
#[derive(Debug, Clone, PartialEq)]
pub struct ExceptHandler {
    pub span: Span,
    pub exc: Option<Expr>,
    pub name: Option<Ident>,
    pub body: Vec<Stmt>,
}

/// `from ..module import names`
#[derive(Debug, Clone, PartialEq)]
pub struct ImportFrom {
    /// The number of leading dots.
    pub level: u32,
    /// The dotted name after the dots.
    pub module: Option<Ident>,
    /// A star import has the single name `*`.
    pub names: Vec<Alias>,
}

/// `name as asname`; the name may be dotted.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    pub span: Span,
    pub name: Name,
    pub asname: Option<Ident>,
}

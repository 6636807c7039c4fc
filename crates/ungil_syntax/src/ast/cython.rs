//! What the Cython language adds to Python: C types, declarators, declarations, casts.
//!
//! A C declaration is a base type and declarators around names, as written: `const double *a[3]` is the base
//! `const double` and the declarator pointer(array(name `a`)), read from outside in. Names of types are not resolved
//! here; what `x` in `sizeof(x)` or in `f(x)` of a `cdef` function stands for is for the reader of the tree to tell.
//!
//! A function with a body is a [`super::stmt::FunctionDef`] with a [`CSignature`]; all else is a [`CythonStmt`].

use ungil_diag::span::Span;

use super::expr::Expr;
use super::literal::{Literal, Text};
use super::name::Ident;
use super::operator::CompareOp;
use super::stmt::{Alias, If, ImportFrom, Stmt};

/// Signedness of a C integer type, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sign {
    Plain,
    Signed,
    Unsigned,
}

/// A type without declarators.
#[derive(Debug, Clone, PartialEq)]
pub struct CType {
    pub span: Span,
    pub kind: CTypeKind,
}

/// What a base type is.
#[derive(Debug, Clone, PartialEq)]
pub enum CTypeKind {
    /// No type was written: `x` in `def f(x)`.
    Implicit,
    /// A type of C that the language knows: `unsigned long long` has the name `int` and `longs` 2; `short` has −1.
    Basic {
        name: Ident,
        sign: Sign,
        longs: i8,
        complex: bool,
    },
    /// A name, maybe dotted.
    Named(Ident),
    Qualified {
        is_const: bool,
        is_volatile: bool,
        base: Box<CType>,
    },
    /// `base[:, ::1]`; the axes are slices.
    View {
        base: Box<CType>,
        axes: Vec<Expr>,
    },
    /// `base[argument, keyword=argument]`: a buffer, a C++ template or, with one number, an array.
    Template {
        base: Box<CType>,
        args: Vec<TypeArgument>,
        keywords: Vec<(Ident, TypeArgument)>,
    },
    /// `(double, int)`: one item or more.
    Tuple(Vec<TypeName>),
    /// `base[args].name` of C++.
    Nested {
        base: Box<CType>,
        name: Ident,
    },
}

/// A type as it stands in a cast or `sizeof`: a base type and a declarator without a name.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeName {
    pub base: CType,
    pub declarator: Declarator,
}

/// What stands in brackets after a type, or in `sizeof`: a type, or something that reads as an expression, which
/// a plain name of a type does too.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeArgument {
    Expr(Expr),
    Type(TypeName),
}

/// What stands around a declared name.
#[derive(Debug, Clone, PartialEq)]
pub struct Declarator {
    pub span: Span,
    pub kind: DeclaratorKind,
}

/// One layer of a declarator; `inner` is the next one towards the name.
#[derive(Debug, Clone, PartialEq)]
pub enum DeclaratorKind {
    Name {
        /// Absent in a type alone.
        name: Option<Ident>,
        /// The name in C: `x "c_x"`.
        cname: Option<Text>,
        /// `x = value` of a variable.
        value: Option<Box<Expr>>,
    },
    Pointer {
        is_const: bool,
        inner: Box<Declarator>,
    },
    /// `&x`, and `&&x` of C++.
    Reference {
        is_rvalue: bool,
        inner: Box<Declarator>,
    },
    Array {
        inner: Box<Declarator>,
        size: Option<Box<Expr>>,
    },
    Function {
        inner: Box<Declarator>,
        params: Vec<CParameter>,
        /// Whether `...` ends the parameters.
        is_variadic: bool,
        suffix: Box<Suffix>,
    },
}

/// What follows the parameters of a C function.
#[derive(Debug, Clone, PartialEq)]
pub struct Suffix {
    pub exception: ExceptionSpec,
    pub nogil: bool,
    pub with_gil: bool,
}

/// How a C function tells of an exception.
#[derive(Debug, Clone, PartialEq)]
pub enum ExceptionSpec {
    /// Nothing was written: exceptions propagate, except from external functions.
    Default,
    /// `noexcept`
    Never,
    /// `except *`
    Check,
    /// `except value`; `except? value` where the value may also be a result.
    Value { value: Expr, may_be_result: bool },
    /// `except +handler`, of C++; `*` and nothing have no name.
    Cpp { handler: Option<Ident> },
}

/// Whether an argument may be `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoneRule {
    Unsaid,
    /// `not None`
    Refused,
    /// `or None`
    Allowed,
}

/// A parameter with a C type.
#[derive(Debug, Clone, PartialEq)]
pub struct CParameter {
    pub span: Span,
    pub base: CType,
    pub declarator: Declarator,
    pub none: NoneRule,
    pub annotation: Option<Expr>,
    pub default: Option<CDefault>,
}

/// The default of a C function's parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum CDefault {
    Value(Expr),
    /// `=*` or `=?` in a `.pxd` file: the definition has it.
    Elsewhere,
}

/// What `cdef` is followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    Private,
    Public,
    Readonly,
    Extern,
}

/// The words around a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Storage {
    pub visibility: Visibility,
    /// Whether it is exported through a capsule.
    pub api: bool,
    pub inline: bool,
    /// Whether it was declared with `cpdef`.
    pub is_cpdef: bool,
}

/// The part of a `cdef` or `cpdef` function that a `def` function lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct CSignature {
    pub storage: Storage,
    pub base: CType,
    /// The whole declarator; its function layer has the parameters once more.
    pub declarator: Declarator,
    pub suffix: Suffix,
}

/// The C type of a parameter of a function with a body.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterType {
    pub base: CType,
    pub declarator: Declarator,
    pub none: NoneRule,
}

/// A statement that Python does not have.
#[derive(Debug, Clone, PartialEq)]
pub enum CythonStmt {
    /// Variables, members or functions without a body.
    Declare {
        storage: Storage,
        base: CType,
        declarators: Vec<Declarator>,
        decorators: Vec<Expr>,
    },
    /// `cdef:` and `cdef nogil:`
    Block(Vec<Stmt>),
    /// `cdef extern from header:`; `from *` has no header.
    Extern {
        header: Option<Text>,
        namespace: Option<Text>,
        verbatim: Option<Text>,
        body: Vec<Stmt>,
    },
    /// `ctypedef base declarator`
    Typedef {
        base: CType,
        declarator: Declarator,
    },
    /// A struct or union; without a body it is declared only.
    Struct {
        tag: Tag,
        name: Ident,
        is_typedef: bool,
        is_packed: bool,
        body: Option<Vec<Stmt>>,
    },
    Enum {
        name: Option<Ident>,
        is_typedef: bool,
        is_cpdef: bool,
        is_scoped: bool,
        items: Vec<EnumItem>,
    },
    Fused {
        name: Ident,
        types: Vec<CType>,
    },
    Class(Box<CClass>),
    /// `cppclass`, also a struct inside one.
    CppClass {
        name: Ident,
        templates: Vec<Ident>,
        bases: Vec<CType>,
        body: Option<Vec<Stmt>>,
    },
    /// `property name:` in a `cdef class`.
    Property {
        name: Ident,
        body: Vec<Stmt>,
    },
    Cimport(Vec<Alias>),
    FromCimport(Box<ImportFrom>),
    Include(Text),
    /// `DEF name = value`
    Define {
        name: Ident,
        value: Expr,
    },
    /// `IF … ELIF … ELSE`
    If(Box<If>),
    ForFrom(Box<ForFrom>),
    /// The statement of language level 2.
    Print {
        stream: Option<Expr>,
        values: Vec<Expr>,
        newline: bool,
    },
    /// The statement of language level 2.
    Exec {
        code: Expr,
        scopes: Vec<Expr>,
    },
}

/// Which of the two a definition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tag {
    Struct,
    Union,
}

/// `name "cname" = value` of an enum.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumItem {
    pub name: Ident,
    pub value: Option<Expr>,
}

/// `cdef class name(bases) [object o, type t]: body`
#[derive(Debug, Clone, PartialEq)]
pub struct CClass {
    pub storage: Storage,
    /// Maybe dotted, for external classes.
    pub name: Ident,
    pub as_name: Option<Ident>,
    pub decorators: Vec<Expr>,
    pub bases: Vec<Expr>,
    /// `object`, `type` and `check_size`, with their names.
    pub options: Vec<(Ident, Ident)>,
    pub body: Option<Vec<Stmt>>,
}

/// `for target from lower <= target < upper by step: body else: orelse`
#[derive(Debug, Clone, PartialEq)]
pub struct ForFrom {
    pub target: Expr,
    pub lower: Expr,
    pub lower_op: CompareOp,
    pub upper_op: CompareOp,
    pub upper: Expr,
    pub step: Option<Expr>,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
}

/// An expression that Python does not have.
#[derive(Debug, Clone, PartialEq)]
pub enum CythonExpr {
    /// `<type>value`; `<type?>value` checks the type at run time.
    Cast {
        ty: TypeName,
        is_checked: bool,
        value: Expr,
    },
    /// `&value`
    AddressOf(Expr),
    /// `` `value` ``: `repr(value)` at level 2.
    Repr(Expr),
    SizeOf(TypeArgument),
    /// The class of `new class(…)`, whose call is around it.
    New(CType),
    /// `c"x"`, a byte.
    Char(u8),
    /// `10ULL`: an integer literal with a suffix.
    Integer {
        value: Literal,
        is_unsigned: bool,
        longs: u8,
    },
}

impl Declarator {
    /// The declared name, where there is one.
    pub fn name(&self) -> Option<&Ident> {
        match &self.innermost().kind {
            DeclaratorKind::Name { name, .. } => name.as_ref(),
            _ => None,
        }
    }

    /// The initial value of a variable.
    pub fn value(&self) -> Option<&Expr> {
        match &self.innermost().kind {
            DeclaratorKind::Name { value, .. } => value.as_deref(),
            _ => None,
        }
    }

    /// The layer that holds the name.
    pub fn innermost(&self) -> &Declarator {
        let mut at = self;
        while let Some(inner) = at.inner() {
            at = inner;
        }
        at
    }

    /// The next layer towards the name.
    pub fn inner(&self) -> Option<&Declarator> {
        match &self.kind {
            DeclaratorKind::Name { .. } => None,
            DeclaratorKind::Pointer { inner, .. }
            | DeclaratorKind::Reference { inner, .. }
            | DeclaratorKind::Array { inner, .. }
            | DeclaratorKind::Function { inner, .. } => Some(inner),
        }
    }

    /// Whether it adds nothing to the base type.
    pub fn is_plain(&self) -> bool {
        matches!(self.kind, DeclaratorKind::Name { .. })
    }

    /// The layer right around the name, where that is a function.
    pub fn function(&self) -> Option<&Declarator> {
        let mut at = self;
        while let Some(inner) = at.inner() {
            if inner.is_plain() {
                return matches!(at.kind, DeclaratorKind::Function { .. }).then_some(at);
            }
            at = inner;
        }
        None
    }
}

//! Values of expressions.

use std::sync::Arc;

use ungil_ir::entities::{Value, Var};
use ungil_ir::types::DType;
use ungil_syntax::ast::literal::Literal;

use crate::ctype::{CFunction, CType, element_name};

/// A type of C. The name is for messages.
#[derive(Clone, PartialEq, Debug)]
pub enum CTy {
    /// An `int` that is a truth value to Python.
    Bint,
    Num(DType, Arc<str>),
    /// A pointer, whose value is its address; a struct or an array, whose value is the address of its memory.
    C(CType, Arc<str>),
}

impl CTy {
    pub fn num(dtype: DType) -> CTy {
        CTy::Num(dtype, Arc::from(element_name(dtype)))
    }

    /// The type of what lies in memory or what a function takes.
    pub fn of(ty: &CType) -> CTy {
        match ty {
            CType::Scalar(DType::I8) => CTy::Num(DType::I8, "char".into()),
            CType::Scalar(dtype) => CTy::num(*dtype),
            CType::Bint => CTy::Bint,
            other => CTy::C(other.clone(), other.to_string().into()),
        }
    }

    /// The type of the IR.
    pub fn dtype(&self) -> DType {
        match self {
            CTy::Bint => DType::I32,
            CTy::Num(dtype, _) => *dtype,
            CTy::C(..) => DType::I64,
        }
    }

    /// The type of its memory.
    pub fn ctype(&self) -> CType {
        match self {
            CTy::C(ty, _) => ty.clone(),
            CTy::Bint => CType::Bint,
            other => CType::Scalar(other.dtype()),
        }
    }

    /// Whether it is a pointer, a struct or an array.
    pub fn is_address(&self) -> bool {
        matches!(self, CTy::C(..))
    }

    /// Whether its values lie in memory: what is assigned is copied.
    pub fn is_aggregate(&self) -> bool {
        matches!(self, CTy::C(CType::Struct(_) | CType::Array(..), _))
    }

    pub fn is_complex(&self) -> bool {
        self.dtype().is_complex()
    }
}

/// A reference to an object.
#[derive(Clone, Copy, Debug)]
pub struct Obj {
    pub value: Value,
    /// The temporary that owns it; otherwise it is borrowed.
    pub temp: Option<Var>,
}

/// The value of an expression.
#[derive(Clone, Debug)]
pub enum Val {
    Obj(Obj),
    C(Value, CTy),
    /// A constant, which is of C or an object as the other operand is.
    Literal(Literal),
    /// A function of the module, by its name.
    Function(Arc<str>),
    /// A function of C.
    Extern(Arc<CFunction>),
}

/// A variable.
#[derive(Clone, Debug)]
pub struct Local {
    pub var: Var,
    /// None: an object.
    pub ty: Option<CTy>,
    /// Whether it holds no reference of its own: a parameter that is never assigned.
    pub is_borrowed: bool,
    /// Whether it always has a value.
    pub is_bound: bool,
    /// Whether the variable holds a cell, which functions inside share, with the value in it.
    pub cell: Option<Cell>,
    /// Where it lies, if it has an address.
    pub memory: Option<Value>,
}

/// Whose variable is in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell {
    Own,
    /// Of a function around.
    Free,
}

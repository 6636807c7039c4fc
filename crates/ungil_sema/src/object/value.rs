//! Values of expressions.

use std::sync::Arc;

use ungil_ir::entities::{Value, Var};
use ungil_ir::types::DType;
use ungil_syntax::ast::literal::Literal;

use crate::ctype::element_name;

/// A type of C. The name is for messages.
#[derive(Clone, PartialEq, Debug)]
pub enum CTy {
    /// An `int` that is a truth value to Python.
    Bint,
    Num(DType, Arc<str>),
}

impl CTy {
    pub fn num(dtype: DType) -> CTy {
        CTy::Num(dtype, Arc::from(element_name(dtype)))
    }

    /// The type of the IR.
    pub fn dtype(&self) -> DType {
        match self {
            CTy::Bint => DType::I32,
            CTy::Num(dtype, _) => *dtype,
        }
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
}

/// Whose variable is in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell {
    Own,
    /// Of a function around.
    Free,
}

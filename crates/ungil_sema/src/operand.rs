//! Operands: the results of lowering expressions.
//!
//! An operand has a type and as much of its value as is known: a compile-time constant, its parts (a tuple display),
//! or an IR value. Constants and tuples become IR values only where one is needed (`Lowerer::value`), so that `-1`,
//! `a, b = b, a` and `x.shape[0]` leave nothing behind. Weak integers are exact at compile time: `1 << 64` is an
//! error only if it must be stored in 64 bits.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;

use crate::lower::array::lazy::Lazy;
use crate::ty::{ConstTy, Ty};

/// A compile-time constant of a scalar type. Its Python or NumPy type is the operand's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Constant {
    Bool(bool),
    Int(i128),
    Float(f64),
    Complex(f64, f64),
}

impl Constant {
    /// The integer it is, if it is one; booleans count as integers.
    pub fn as_int(self) -> Option<i128> {
        match self {
            Constant::Int(n) => Some(n),
            Constant::Bool(b) => Some(i128::from(b)),
            _ => None,
        }
    }

    /// Python's truth value.
    pub fn truth(self) -> bool {
        match self {
            Constant::Bool(b) => b,
            Constant::Int(n) => n != 0,
            Constant::Float(x) => x != 0.0,
            Constant::Complex(re, im) => re != 0.0 || im != 0.0,
        }
    }

    /// The number as a float; `None` for complex ones.
    pub fn as_float(self) -> Option<f64> {
        match self {
            Constant::Bool(b) => Some(f64::from(u8::from(b))),
            Constant::Int(n) => Some(n as f64),
            Constant::Float(x) => Some(x),
            Constant::Complex(..) => None,
        }
    }

    /// Real and imaginary part.
    pub fn as_complex(self) -> (f64, f64) {
        match self {
            Constant::Complex(re, im) => (re, im),
            other => (other.as_float().unwrap_or(0.0), 0.0),
        }
    }
}

/// The result of lowering an expression.
#[derive(Clone, Debug)]
pub struct Operand {
    pub ty: Ty,
    /// The IR value, if there is one already; `Lowerer::value` makes one otherwise.
    pub value: Option<Value>,
    /// The value, if it is known at compile time.
    pub constant: Option<Constant>,
    /// The elements of a tuple (or the members of a range or slice) if they are known one by one.
    pub parts: Option<Rc<Vec<Operand>>>,
    /// What the elements of an array that is not in memory are computed from.
    pub lazy: Option<Rc<Lazy>>,
    /// The expression it came from.
    pub span: Span,
}

impl Operand {
    /// An operand with an IR value.
    pub fn value(ty: Ty, value: Value, span: Span) -> Operand {
        Operand { ty, value: Some(value), constant: None, parts: None, lazy: None, span }
    }

    /// A constant scalar.
    pub fn constant(ty: Ty, constant: Constant, span: Span) -> Operand {
        Operand { ty, value: None, constant: Some(constant), parts: None, lazy: None, span }
    }

    /// A weak integer constant.
    pub fn int(n: i64, span: Span) -> Operand {
        Operand::constant(Ty::PyInt, Constant::Int(n.into()), span)
    }

    /// A weak boolean constant.
    pub fn bool(b: bool, span: Span) -> Operand {
        Operand::constant(Ty::PyBool, Constant::Bool(b), span)
    }

    /// A weak float constant.
    pub fn float(x: f64, span: Span) -> Operand {
        Operand::constant(Ty::PyFloat, Constant::Float(x), span)
    }

    /// An operand without a value at run time: None, a string, a function, a module.
    pub fn entity(ty: Ty, span: Span) -> Operand {
        Operand { ty, value: None, constant: None, parts: None, lazy: None, span }
    }

    /// What a compile-time type says: constants for those of the prelude's arguments, in tuples too.
    pub fn known(ty: &Ty, span: Span) -> Operand {
        match ty {
            Ty::Constant(ConstTy::Bool(b)) => Operand::bool(*b, span),
            Ty::Constant(ConstTy::Int(n)) => Operand::int(*n, span),
            Ty::Constant(ConstTy::Float(bits)) => Operand::float(f64::from_bits(*bits), span),
            Ty::Tuple(items) => Operand::tuple(items.iter().map(|i| Operand::known(i, span)).collect(), span),
            other => Operand::entity(other.clone(), span),
        }
    }

    /// `None`.
    pub fn none(span: Span) -> Operand {
        Operand::entity(Ty::None, span)
    }

    /// A tuple of operands.
    pub fn tuple(items: Vec<Operand>, span: Span) -> Operand {
        let ty = Ty::Tuple(items.iter().map(|item| item.ty.clone()).collect());
        Operand::parts(ty, items, span)
    }

    /// An operand of a type whose value is a tuple, with the elements of that tuple.
    pub fn parts(ty: Ty, items: Vec<Operand>, span: Span) -> Operand {
        Operand { ty, value: None, constant: None, parts: Some(Rc::new(items)), lazy: None, span }
    }

    /// The same operand as the result of another expression.
    #[must_use]
    pub fn at(mut self, span: Span) -> Operand {
        self.span = span;
        self
    }

    /// The integer it is at compile time.
    pub fn const_int(&self) -> Option<i128> {
        self.constant.and_then(Constant::as_int)
    }

    /// The string it is, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.ty {
            Ty::Str(s) => Some(s),
            _ => None,
        }
    }

    /// Whether it is the value `None`.
    pub fn is_none(&self) -> bool {
        self.ty == Ty::None
    }
}

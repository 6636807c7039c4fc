//! Conversions between objects and types of C, with Cython's errors.

use ungil_ir::entities::Value;
use ungil_ir::inst::{CompareOp, Const, InstKind};
use ungil_ir::types::DType;
use ungil_syntax::ast::literal::Literal;

use super::character::{is_char, letter};
use super::entries::Entry;
use super::function::Lowerer;
use super::memory::struct_of_tuple;
use super::value::{CTy, Obj, Val};
use super::{Constant, Result, refuse};
use crate::ctype::CType;
use crate::cython::Declared;

/// A declared type that is handled here.
pub fn declared(ty: &Declared) -> Result<CTy> {
    match ty {
        Declared::Bint => Ok(CTy::Bint),
        Declared::Scalar { dtype, name } if dtype.is_int() || dtype.is_float() || dtype.is_complex() => {
            Ok(CTy::Num(*dtype, name.clone()))
        }
        Declared::C { ty, name } => Ok(CTy::C(ty.clone(), name.clone())),
        Declared::Tuple(items) => match struct_of_tuple(items) {
            Some(ty) => Ok(CTy::of(&ty)),
            None => refuse("a tuple of C of such types"),
        },
        _ => refuse("a variable that is no number"),
    }
}

impl Lowerer<'_> {
    /// A value as an object.
    pub(super) fn object(&mut self, value: Val) -> Result<Obj> {
        Ok(match value {
            Val::Obj(obj) => obj,
            Val::Literal(literal) => self.literal(&literal)?,
            Val::Function(name) => self.global(&name),
            Val::Extern(f) => return refuse(&format!("`{}` of C as a Python object", f.name)),
            Val::C(address, CTy::C(ty, _)) => self.object_at(address, &ty)?,
            Val::C(value, CTy::Num(dtype, _)) if dtype.is_complex() => self.complex_object(value),
            Val::C(value, CTy::Bint) => {
                let value = self.b().cast(value, DType::I64);
                self.make(Entry::FromBool, &[value])
            }
            Val::C(value, CTy::Num(dtype, _)) if dtype.is_float() => {
                let value = self.b().cast(value, DType::F64);
                self.make(Entry::FromDouble, &[value])
            }
            Val::C(value, ty) if is_char(&ty) => self.char_object(value),
            Val::C(value, CTy::Num(dtype, name)) => {
                let value = self.b().cast(value, DType::I64);
                if name.starts_with("enum ") {
                    let name = self.constant(Constant::Str(name.to_string())).value;
                    return Ok(self.make(Entry::Member, &[name, value]));
                }
                let entry = if dtype == DType::U64 { Entry::FromUnsigned } else { Entry::FromInt };
                self.make(entry, &[value])
            }
        })
    }

    pub(super) fn literal(&mut self, literal: &Literal) -> Result<Obj> {
        Ok(self.constant(constant_of(literal)?))
    }

    /// A value as a type of C. A temporary is given up.
    pub(super) fn number(&mut self, value: Val, ty: &CTy) -> Result<Value> {
        match ty {
            CTy::C(CType::Pointer(to), _) => return self.pointer(value, &to.clone(), None),
            CTy::C(..) => return self.aggregate(value, ty),
            _ => {}
        }
        match value {
            Val::C(value, from) => self.c_to_c(value, &from, ty),
            Val::Function(_) | Val::Extern(_) => refuse("a function as a number of C"),
            Val::Literal(literal) => match (&literal, ty) {
                (Literal::Int(_) | Literal::Bool(_), _)
                | (Literal::Float(_) | Literal::Imaginary(_), CTy::Num(..)) => {
                    let (value, from) = self.c_literal(&literal)?;
                    self.c_to_c(value, &from, ty)
                }
                // A string of one character is its number.
                (Literal::Str(_), CTy::Num(dtype, _)) if dtype.is_int() && letter(&literal).is_some() => {
                    let (value, from) = self.c_literal(&literal)?;
                    self.c_to_c(value, &from, ty)
                }
                _ => {
                    let obj = self.literal(&literal)?;
                    self.number_of(obj, ty)
                }
            },
            Val::Obj(obj) => self.number_of(obj, ty),
        }
    }

    /// A literal as C has it.
    pub(super) fn c_literal(&mut self, literal: &Literal) -> Result<(Value, CTy)> {
        Ok(match literal {
            Literal::Bool(b) => {
                let value = self.b().value(InstKind::Const(Const::Int(DType::I32, i64::from(*b))));
                (value, CTy::Bint)
            }
            Literal::Int(n) => {
                let dtype = if i32::try_from(*n).is_ok() { DType::I32 } else { DType::I64 };
                (self.b().value(InstKind::Const(Const::Int(dtype, *n))), CTy::num(dtype))
            }
            Literal::Float(x) => (self.b().f64(*x), CTy::num(DType::F64)),
            Literal::Imaginary(x) => self.complex_constant(0.0, *x),
            other => match self.char_literal(other) {
                Some(c) => c,
                None => return refuse("this constant as a number of C"),
            },
        })
    }

    fn c_to_c(&mut self, value: Value, from: &CTy, to: &CTy) -> Result<Value> {
        match (from, to) {
            (CTy::Bint, CTy::Bint) => Ok(value),
            (_, CTy::Bint) => {
                let truth = self.c_truth(value);
                Ok(self.b().cast(truth, DType::I32))
            }
            (CTy::C(ty, _), _) => refuse(&format!("a value of type `{ty}` as a number")),
            _ if from.is_complex() && !to.is_complex() => refuse("a complex number assigned to a real one"),
            _ if from.dtype().is_float() && to.dtype().is_int() => refuse("a float assigned to an integer"),
            _ => Ok(self.b().cast(value, to.dtype())),
        }
    }

    /// Whether a number of C is not zero.
    pub(super) fn c_truth(&mut self, value: Value) -> Value {
        let dtype = self.func.ty(value).dtype().expect("a number");
        let mut b = self.b();
        if dtype.is_complex() {
            let zero = b.value(InstKind::Const(Const::Complex(dtype, 0.0, 0.0)));
            return b.compare(CompareOp::Ne, value, zero);
        }
        let zero = b.i64(0);
        let zero = b.cast(zero, dtype);
        b.compare(CompareOp::Ne, value, zero)
    }

    fn number_of(&mut self, obj: Obj, ty: &CTy) -> Result<Value> {
        Ok(match ty {
            CTy::Bint => {
                let truth = self.status_from(Entry::Truth, &[obj.value], &[obj]);
                self.b().cast(truth, DType::I32)
            }
            CTy::C(..) => self.number(Val::Obj(obj), ty)?,
            ty if is_char(ty) => {
                let value = self.status_from(Entry::AsChar, &[obj.value], &[obj]);
                self.b().cast(value, DType::U32)
            }
            CTy::Num(dtype, _) if dtype.is_complex() => self.complex_of(obj, *dtype),
            CTy::Num(dtype, _) if dtype.is_float() => {
                let value = self.call(Entry::AsDouble, &[obj.value]);
                self.drop_obj(obj);
                let suspect = {
                    let mut b = self.b();
                    let marker = b.f64(-1.0);
                    b.compare(CompareOp::Eq, value, marker)
                };
                self.fail_if_set(suspect);
                self.b().cast(value, *dtype)
            }
            CTy::Num(dtype, name) => {
                let code = DType::ALL.iter().position(|d| d == dtype).expect("a type") as i64;
                let (code, name) = (self.word(code), self.text(name));
                let value = match dtype.is_signed() && dtype.size() >= 4 {
                    true => self.int_of(obj.value, code, name),
                    false => self.call(Entry::AsInt, &[obj.value, code, name]),
                };
                self.drop_obj(obj);
                let suspect = self.is_word(value, -1);
                self.fail_if_set(suspect);
                self.b().cast(value, *dtype)
            }
        })
    }

    /// Goes the way of errors if a result that may mean an error does.
    pub(super) fn fail_if_set(&mut self, suspect: Value) {
        let (then, ()) = self.nested(|l| {
            let is_set = l.call(Entry::IsError, &[]);
            let zero = l.word(0);
            let is_set = l.b().compare(CompareOp::Ne, is_set, zero);
            l.fail_if(is_set);
        });
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond: suspect, then, otherwise });
    }
}

/// A literal as a constant.
pub(super) fn constant_of(literal: &Literal) -> Result<Constant> {
    Ok(match literal {
        Literal::None => Constant::None,
        Literal::Bool(b) => Constant::Bool(*b),
        Literal::Ellipsis => Constant::Ellipsis,
        Literal::Int(n) => Constant::Int(*n),
        Literal::BigInt(digits) => Constant::BigInt(digits.to_string()),
        Literal::Float(x) => Constant::Float(x.to_bits()),
        Literal::Imaginary(x) => Constant::Imaginary(x.to_bits()),
        Literal::Str(text) => match text.as_str() {
            Some(text) => Constant::Str(text.to_owned()),
            None => return refuse("a string with lone surrogates"),
        },
        Literal::Bytes(bytes) => Constant::Bytes(bytes.to_vec()),
    })
}

//! Arithmetic of C on declared variables.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind, UnaryOp as IrUnary};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_syntax::ast::operator::{BinaryOp, CompareOp, UnaryOp};

use super::entries::Entry;
use super::function::Lowerer;
use super::typing::{common, promoted};
use super::value::{CTy, Val};
use super::{Result, refuse};
use crate::c_arithmetic;

impl Lowerer<'_> {
    pub(super) fn c_binary(&mut self, op: BinaryOp, a: (Value, CTy), b: (Value, CTy)) -> Result<Val> {
        let ty = common(&a.1, &b.1);
        if a.1.is_address() || b.1.is_address() {
            return self.pointer_binary(op, Val::C(a.0, a.1), Val::C(b.0, b.1));
        }
        let dtype = ty.dtype();
        let (mut x, mut y) = (self.b().cast(a.0, dtype), self.b().cast(b.0, dtype));
        if dtype.is_complex() {
            return self.complex_binary(op, (x, y), ty);
        }
        let simple = match op {
            BinaryOp::Add => Some(Ir::Add),
            BinaryOp::Sub => Some(Ir::Sub),
            BinaryOp::Mult => Some(Ir::Mul),
            BinaryOp::BitAnd if dtype.is_int() => Some(Ir::And),
            BinaryOp::BitOr if dtype.is_int() => Some(Ir::Or),
            BinaryOp::BitXor if dtype.is_int() => Some(Ir::Xor),
            _ => None,
        };
        if let Some(op) = simple {
            let value = self.b().binary(op, x, y);
            let can_overflow = matches!(op, Ir::Add | Ir::Sub | Ir::Mul) && dtype.is_int();
            if can_overflow && self.c.overflowcheck {
                let over = c_arithmetic::overflowed(&mut self.b(), op, (x, y), value, dtype);
                self.raise_if(over, ExcClass::OVERFLOW, "value too large");
            }
            return Ok(Val::C(value, ty));
        }
        match op {
            BinaryOp::Div if self.c.divides_integers() && !dtype.is_float() => {
                self.divided(false, (x, y), ty)
            }
            BinaryOp::FloorDiv | BinaryOp::Mod => self.divided(op == BinaryOp::Mod, (x, y), ty),
            BinaryOp::LShift | BinaryOp::RShift if dtype.is_int() => {
                let op = if op == BinaryOp::LShift { Ir::Shl } else { Ir::Shr };
                if op == Ir::Shl && self.c.overflowcheck {
                    let over = c_arithmetic::shift_overflowed(&mut self.b(), x, y, dtype);
                    self.raise_if(over, ExcClass::OVERFLOW, "value too large");
                }
                Ok(Val::C(c_arithmetic::shifted(&mut self.b(), op, x, y, dtype), ty))
            }
            BinaryOp::Div => {
                let to = if dtype.is_float() { dtype } else { DType::F64 };
                (x, y) = (self.b().cast(x, to), self.b().cast(y, to));
                if !self.c.cdivision {
                    self.divisor(y, "float division");
                }
                let ty = if dtype.is_float() { ty } else { CTy::num(DType::F64) };
                Ok(Val::C(self.b().binary(Ir::Div, x, y), ty))
            }
            _ => refuse("this operation on numbers of C"),
        }
    }

    /// Quotient or rest, as the directives have them.
    fn divided(&mut self, is_rest: bool, (x, y): (Value, Value), ty: CTy) -> Result<Val> {
        let (dtype, cdivision) = (ty.dtype(), self.c.cdivision);
        if dtype.is_float() {
            if !cdivision {
                self.divisor(y, if is_rest { "float divmod()" } else { "float division" });
            }
            let value = c_arithmetic::divided_floats(&mut self.b(), is_rest, x, y, dtype, cdivision);
            return Ok(Val::C(value, ty));
        }
        if !cdivision {
            self.divisor(y, "integer division or modulo by zero");
            if !is_rest && !dtype.is_unsigned() {
                self.check_quotient(x, y, dtype);
            }
            let op = if is_rest { Ir::Mod } else { Ir::FloorDiv };
            return Ok(Val::C(self.b().binary(op, x, y), ty));
        }
        if self.c.cdivision_warnings && !dtype.is_unsigned() {
            self.warn_of_division(x, y);
        }
        Ok(Val::C(c_arithmetic::divided(&mut self.b(), is_rest, x, y), ty))
    }

    /// Warns where C's division differs from Python's.
    fn warn_of_division(&mut self, x: Value, y: Value) {
        let cond = {
            let dtype = self.func.ty(x).dtype().expect("a number");
            let mut b = self.b();
            let zero = b.i64(0);
            let zero = b.cast(zero, dtype);
            let (p, q) = (b.compare(IrCompare::Lt, x, zero), b.compare(IrCompare::Lt, y, zero));
            b.binary(Ir::Xor, p, q)
        };
        let (then, ()) = self.nested(|l| {
            let text = "division with oppositely signed operands, C and Python semantics differ";
            let text = l.name(text);
            l.status(Entry::Warn, &[text]);
        });
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond, then, otherwise });
    }

    /// Raises ZeroDivisionError for zero.
    fn divisor(&mut self, y: Value, text: &str) {
        let truth = self.c_truth(y);
        let is_zero = self.b().unary(IrUnary::Not, truth);
        self.raise_if(is_zero, ExcClass::ZERO_DIVISION, text);
    }

    /// The least number divided by −1.
    fn check_quotient(&mut self, x: Value, y: Value, dtype: DType) {
        let cond = {
            let mut b = self.b();
            let least = b.i64(if dtype == DType::I32 { i64::from(i32::MIN) } else { i64::MIN });
            let (least, one) = (b.cast(least, dtype), b.i64(-1));
            let one = b.cast(one, dtype);
            let (p, q) = (b.compare(IrCompare::Eq, x, least), b.compare(IrCompare::Eq, y, one));
            b.binary(Ir::And, p, q)
        };
        self.raise_if(cond, ExcClass::OVERFLOW, "value too large to perform division");
    }

    pub(super) fn raise_if(&mut self, cond: Value, class: ExcClass, text: &str) {
        let (then, ()) = self.nested(|l| {
            let (class, text) = (l.word(i64::from(class.0)), l.name(text));
            l.call(Entry::Raise, &[class, text]);
            l.fail();
        });
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond, then, otherwise });
    }

    pub(super) fn c_unary(&mut self, op: UnaryOp, value: Value, ty: &CTy) -> Result<Val> {
        if ty.is_address() {
            return refuse(&format!("this operation on a value of type `{}`", ty.ctype()));
        }
        let to = promoted(ty);
        let value = self.b().cast(value, to.dtype());
        match op {
            UnaryOp::Neg => Ok(Val::C(self.b().unary(IrUnary::Neg, value), to)),
            UnaryOp::Pos => Ok(Val::C(value, to)),
            UnaryOp::Invert if to.dtype().is_int() => Ok(Val::C(self.b().unary(IrUnary::Invert, value), to)),
            _ => refuse("this operation on a number of C"),
        }
    }

    /// A comparison of numbers of C, as a truth value of the IR.
    pub(super) fn c_compare(&mut self, op: CompareOp, a: (Value, CTy), b: (Value, CTy)) -> Result<Value> {
        if a.1.is_address() || b.1.is_address() {
            return self.pointer_compare(op, Val::C(a.0, a.1), Val::C(b.0, b.1));
        }
        let dtype = common(&a.1, &b.1).dtype();
        let (x, y) = (self.b().cast(a.0, dtype), self.b().cast(b.0, dtype));
        if dtype.is_complex() {
            return match op {
                CompareOp::Eq | CompareOp::NotEq => Ok(self.complex_compare(op == CompareOp::Eq, x, y)),
                _ => refuse("an order of complex numbers"),
            };
        }
        let op = match op {
            CompareOp::Eq => IrCompare::Eq,
            CompareOp::NotEq => IrCompare::Ne,
            CompareOp::Lt => IrCompare::Lt,
            CompareOp::LtE => IrCompare::Le,
            CompareOp::Gt => IrCompare::Gt,
            CompareOp::GtE => IrCompare::Ge,
            _ => return refuse("this comparison of numbers of C"),
        };
        Ok(self.b().compare(op, x, y))
    }

    /// A function of C's mathematical library on doubles.
    pub(super) fn c_math(&mut self, name: &str, args: &[Value]) -> Result<Val> {
        let x = args[0];
        if name == "fabs" {
            return Ok(Val::C(self.b().unary(IrUnary::Abs, x), CTy::num(DType::F64)));
        }
        if name == "isinf" {
            return Ok(Val::C(c_arithmetic::infinity_sign(&mut self.b(), x), CTy::num(DType::I32)));
        }
        if let Some(truth) = self.classified(name, x) {
            return Ok(Val::C(self.b().cast(truth, DType::I32), CTy::Bint));
        }
        let Some(function) = MathFn::from_name(name) else { return refuse("this function of C") };
        Ok(Val::C(self.b().math(function, args), CTy::num(DType::F64)))
    }

    /// `isnan` and the like, as truth values.
    fn classified(&mut self, name: &str, x: Value) -> Option<Value> {
        let mut b = self.b();
        let (infinity, zero) = (b.f64(f64::INFINITY), b.f64(0.0));
        let size = b.unary(IrUnary::Abs, x);
        Some(match name {
            "isnan" => b.compare(IrCompare::Ne, x, x),
            "isfinite" => b.compare(IrCompare::Lt, size, infinity),
            "signbit" => {
                let one = b.f64(1.0);
                let sign = b.math(MathFn::Copysign, &[one, x]);
                b.compare(IrCompare::Lt, sign, zero)
            }
            _ => return None,
        })
    }
}

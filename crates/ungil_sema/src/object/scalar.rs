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

impl Lowerer<'_> {
    pub(super) fn c_binary(&mut self, op: BinaryOp, a: (Value, CTy), b: (Value, CTy)) -> Result<Val> {
        let ty = common(&a.1, &b.1);
        if self.source.c.cdivision && !ty.dtype().is_float() && division(op) {
            return refuse("C's division of integers");
        }
        let dtype = ty.dtype();
        let (mut x, mut y) = (self.b().cast(a.0, dtype), self.b().cast(b.0, dtype));
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
            return Ok(Val::C(self.b().binary(op, x, y), ty));
        }
        match op {
            BinaryOp::Div if self.source.c.integer_division && !dtype.is_float() => {
                refuse("`/` of integers at language level 2")
            }
            BinaryOp::Div => {
                let to = if dtype.is_float() { dtype } else { DType::F64 };
                (x, y) = (self.b().cast(x, to), self.b().cast(y, to));
                if !self.source.c.cdivision {
                    self.divisor(y, "float division");
                }
                let ty = if dtype.is_float() { ty } else { CTy::num(DType::F64) };
                Ok(Val::C(self.b().binary(Ir::Div, x, y), ty))
            }
            BinaryOp::FloorDiv | BinaryOp::Mod if dtype.is_int() && !dtype.is_unsigned() => {
                self.divisor(y, "integer division or modulo by zero");
                let op = if op == BinaryOp::Mod { Ir::Mod } else { Ir::FloorDiv };
                if op == Ir::FloorDiv {
                    self.check_quotient(x, y, dtype);
                }
                Ok(Val::C(self.b().binary(op, x, y), ty))
            }
            _ => refuse("this operation on numbers of C"),
        }
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
        let dtype = common(&a.1, &b.1).dtype();
        let (x, y) = (self.b().cast(a.0, dtype), self.b().cast(b.0, dtype));
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
        let function = match name {
            "fabs" => {
                let value = self.b().unary(IrUnary::Abs, args[0]);
                return Ok(Val::C(value, CTy::num(DType::F64)));
            }
            "sqrt" => MathFn::Sqrt,
            "floor" => MathFn::Floor,
            "ceil" => MathFn::Ceil,
            "sin" => MathFn::Sin,
            "cos" => MathFn::Cos,
            "tan" => MathFn::Tan,
            "exp" => MathFn::Exp,
            "log" => MathFn::Log,
            "pow" => MathFn::Pow,
            "hypot" => MathFn::Hypot,
            "atan2" => MathFn::Atan2,
            _ => return refuse("this function of C"),
        };
        Ok(Val::C(self.b().math(function, args), CTy::num(DType::F64)))
    }
}

fn division(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod)
}

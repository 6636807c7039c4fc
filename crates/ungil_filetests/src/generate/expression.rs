//! Random expressions.

use super::{Generator, number};
use ungil_interp::number::Num;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, Const, InstKind, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::{DType, Type};

/// Functions with a defined result for every argument: all but `copysign`, which shows a NaN's sign.
const UNARY_MATH: [MathFn; 12] = [
    MathFn::Sqrt,
    MathFn::Floor,
    MathFn::Ceil,
    MathFn::Trunc,
    MathFn::Rint,
    MathFn::Round,
    MathFn::Exp,
    MathFn::Log,
    MathFn::Sin,
    MathFn::Cos,
    MathFn::Tanh,
    MathFn::Cbrt,
];

impl Generator<'_> {
    /// A scalar of the dtype: one in scope, a literal, or the result of an operation.
    pub(super) fn scalar(&mut self, dtype: DType) -> Value {
        let ty = Type::Scalar(dtype);
        let known = self.candidates(|t| *t == ty);
        match self.random.below(6) {
            0 | 1 if !known.is_empty() => *self.random.pick(&known),
            2 => self.constant(dtype),
            3 => {
                let vars: Vec<_> =
                    self.vars.iter().copied().filter(|x| *self.builder.func.var_ty(*x) == ty).collect();
                match vars.as_slice() {
                    [] => self.constant(dtype),
                    vars => {
                        let x = *self.random.pick(vars);
                        self.value(InstKind::Get(x))
                    }
                }
            }
            _ if self.depth > 12 => self.constant(dtype),
            _ => {
                self.depth += 4;
                let v = self.operation(dtype);
                self.depth -= 4;
                v
            }
        }
    }

    pub(super) fn constant(&mut self, dtype: DType) -> Value {
        let c = match number(self.random, dtype) {
            Num::Bool(b) => Const::Bool(b),
            Num::Int(d, n) => Const::Int(d, n),
            Num::F32(x) => Const::Float(DType::F32, f64::from(x)),
            Num::F64(x) => Const::Float(DType::F64, x),
            Num::C64(r, i) => Const::Complex(DType::C64, f64::from(r), f64::from(i)),
            Num::C128(r, i) => Const::Complex(DType::C128, r, i),
        };
        self.value(InstKind::Const(c))
    }

    fn operation(&mut self, dtype: DType) -> Value {
        match self.random.below(10) {
            0 => {
                let from = self.random.dtype();
                let v = self.scalar(from);
                self.value(InstKind::Cast(v, dtype))
            }
            1 => {
                let (c, a, b) = (self.scalar(DType::Bool), self.scalar(dtype), self.scalar(dtype));
                self.value(InstKind::Select(c, a, b))
            }
            2 | 3 => self.unary(dtype),
            4 if dtype.is_int() && !self.in_lanes => {
                let op = *self.random.pick(&[
                    BinaryOp::Add,
                    BinaryOp::Sub,
                    BinaryOp::Mul,
                    BinaryOp::Pow,
                    BinaryOp::FloorDiv,
                ]);
                let (a, b) = (self.scalar(dtype), self.scalar(dtype));
                self.value(InstKind::CheckedBinary(op, a, b))
            }
            _ => self.binary(dtype),
        }
    }

    fn unary(&mut self, dtype: DType) -> Value {
        if let (DType::F32 | DType::F64, true) = (dtype, self.random.one_in(3)) {
            let complex = if dtype == DType::F32 { DType::C64 } else { DType::C128 };
            let op = *self.random.pick(&[UnaryOp::Abs, UnaryOp::Real, UnaryOp::Imag]);
            let v = self.scalar(complex);
            return self.value(InstKind::Unary(op, v));
        }
        let a = self.scalar(dtype);
        if dtype.is_float() && self.random.one_in(2) {
            let function = *self.random.pick(&UNARY_MATH);
            return self.value(InstKind::Math(function, vec![a]));
        }
        let op = match dtype {
            DType::Bool => UnaryOp::Not,
            d if d.is_int() => *self.random.pick(&[UnaryOp::Neg, UnaryOp::Abs, UnaryOp::Invert]),
            d if d.is_float() => *self.random.pick(&[UnaryOp::Neg, UnaryOp::Abs]),
            _ => *self.random.pick(&[UnaryOp::Neg, UnaryOp::Conj]),
        };
        self.value(InstKind::Unary(op, a))
    }

    fn binary(&mut self, dtype: DType) -> Value {
        use BinaryOp::{
            Add, And, Div, FloorDiv, MakeComplex, Max, Min, Mod, Mul, Or, Pow, Shl, Shr, Sub, TruncDiv,
            TruncMod, Xor,
        };
        if dtype == DType::Bool && self.random.one_in(2) {
            return self.comparison();
        }
        if dtype.is_complex() && self.random.one_in(4) {
            let (a, b) = (self.scalar(dtype.real()), self.scalar(dtype.real()));
            return self.value(InstKind::Binary(MakeComplex, a, b));
        }
        let op = match dtype {
            DType::Bool => *self.random.pick(&[And, Or, Xor, Min, Max]),
            d if d.is_int() => *self.random.pick(&[
                Add, Sub, Mul, FloorDiv, Mod, TruncDiv, TruncMod, Pow, And, Or, Xor, Shl, Shr, Min, Max,
            ]),
            d if d.is_float() => *self.random.pick(&[Add, Sub, Mul, Div, FloorDiv, Mod, Min, Max]),
            _ => *self.random.pick(&[Add, Sub, Mul, Div]),
        };
        let (a, b) = (self.scalar(dtype), self.scalar(dtype));
        self.value(InstKind::Binary(op, a, b))
    }

    fn comparison(&mut self) -> Value {
        let dtype = self.random.dtype();
        let all = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];
        let op = *self.random.pick(if dtype.is_complex() { &all[..2] } else { &all });
        let (a, b) = (self.scalar(dtype), self.scalar(dtype));
        self.value(InstKind::Compare(op, a, b))
    }
}

//! NumPy's functions of complex scalars.
//!
//! Each part of the result is a maths function of the two parts of the argument; what the parts share is computed once
//! in the end. sin, cos and tan are the hyperbolic functions of i·z; asinh and atan are asin and atanh with the parts
//! exchanged before and after.
//! Limits: what NumPy has no complex form of (`cbrt`) is refused.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::Ty;

const NAMES: &[&str] = &[
    "exp", "log", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "isnan", "isinf",
    "isfinite", "asin", "acos", "atan", "asinh", "acosh", "atanh", "exp2", "expm1", "log1p", "rint",
];

impl Lowerer<'_, '_> {
    /// Whether NumPy's function of this name takes complex numbers here.
    pub(crate) fn has_complex(&self, name: &str) -> bool {
        NAMES.contains(&name)
    }

    /// A function of [`NAMES`].
    pub(crate) fn complex_function(&mut self, name: &str, z: &Operand, span: Span) -> Result<Operand> {
        let z = self.as_numpy(z)?;
        let dtype = z.ty.dtype().expect("a scalar");
        let value = self.value(&z)?;
        let (x, y) = (self.b().unary(UnaryOp::Real, value), self.b().unary(UnaryOp::Imag, value));
        if name.starts_with("is") {
            let result = self.classify_parts(name, x, y);
            return Ok(Operand::value(Ty::Scalar(DType::Bool), result, span));
        }
        let (re, im) = self.complex_parts(name, x, y, dtype.real());
        let result = self.b().binary(BinaryOp::MakeComplex, re, im);
        Ok(Operand::value(Ty::Scalar(dtype), result, span))
    }

    pub(crate) fn classify_parts(&mut self, name: &str, x: Value, y: Value) -> Value {
        let (x, y) = (self.classify(name, x), self.classify(name, y));
        let op = if name == "isfinite" { BinaryOp::And } else { BinaryOp::Or };
        self.b().binary(op, x, y)
    }

    /// Both parts of a function of x + iy, on floats of a type.
    pub(crate) fn complex_parts(&mut self, name: &str, x: Value, y: Value, part: DType) -> (Value, Value) {
        match name {
            "rint" => (self.b().math(MathFn::Rint, &[x]), self.b().math(MathFn::Rint, &[y])),
            "exp" => self.pair(MathFn::CexpRe, MathFn::CexpIm, x, y),
            "sqrt" => self.pair(MathFn::CsqrtRe, MathFn::CsqrtIm, x, y),
            "sinh" => self.pair(MathFn::CsinhRe, MathFn::CsinhIm, x, y),
            "cosh" => self.pair(MathFn::CcoshRe, MathFn::CcoshIm, x, y),
            "tanh" => self.pair(MathFn::CtanhRe, MathFn::CtanhIm, x, y),
            "sin" | "tan" => {
                let (re, im) = if name == "sin" {
                    (MathFn::CsinhRe, MathFn::CsinhIm)
                } else {
                    (MathFn::CtanhRe, MathFn::CtanhIm)
                };
                let turned = self.b().unary(UnaryOp::Neg, y);
                let (re, im) = self.pair(re, im, turned, x);
                (im, self.b().unary(UnaryOp::Neg, re))
            }
            "cos" => {
                let turned = self.b().unary(UnaryOp::Neg, y);
                self.pair(MathFn::CcoshRe, MathFn::CcoshIm, turned, x)
            }
            "log" | "log2" | "log10" => self.complex_logarithm(name, x, y, part),
            _ => self.complex_inverse(name, x, y),
        }
    }

    fn complex_logarithm(&mut self, name: &str, x: Value, y: Value, part: DType) -> (Value, Value) {
        let (modulus, angle) =
            (self.b().math(MathFn::ClogRe, &[x, y]), self.b().math(MathFn::Atan2, &[y, x]));
        let factor = match name {
            "log2" => std::f64::consts::LOG2_E,
            "log10" => std::f64::consts::LOG10_E,
            _ => return (modulus, angle),
        };
        let factor = self.b().f64(factor);
        let factor = self.b().cast(factor, part);
        (self.b().binary(BinaryOp::Mul, modulus, factor), self.b().binary(BinaryOp::Mul, angle, factor))
    }

    fn complex_inverse(&mut self, name: &str, x: Value, y: Value) -> (Value, Value) {
        match name {
            "exp2" => self.pair(MathFn::Cexp2Re, MathFn::Cexp2Im, x, y),
            "expm1" => self.pair(MathFn::Cexpm1Re, MathFn::Cexpm1Im, x, y),
            "log1p" => {
                let one = self.float_like(1.0, x);
                let above = self.b().binary(BinaryOp::Add, x, one);
                (self.b().math(MathFn::Clog1pRe, &[x, y]), self.b().math(MathFn::Atan2, &[y, above]))
            }
            "asin" => self.pair(MathFn::CasinRe, MathFn::CasinIm, x, y),
            "asinh" => self.pair(MathFn::CasinIm, MathFn::CasinRe, y, x),
            "atanh" => self.pair(MathFn::CatanhRe, MathFn::CatanhIm, x, y),
            "atan" => self.pair(MathFn::CatanhIm, MathFn::CatanhRe, y, x),
            "acos" => {
                let (re, im) = self.pair(MathFn::CacosRe, MathFn::CasinIm, x, y);
                (re, self.b().unary(UnaryOp::Neg, im))
            }
            "acosh" => {
                let (angle, size) = self.pair(MathFn::CacosRe, MathFn::CasinIm, x, y);
                (self.b().unary(UnaryOp::Abs, size), self.b().math(MathFn::Copysign, &[angle, y]))
            }
            other => unreachable!("{other} is in NAMES"),
        }
    }

    fn pair(&mut self, re: MathFn, im: MathFn, x: Value, y: Value) -> (Value, Value) {
        (self.b().math(re, &[x, y]), self.b().math(im, &[x, y]))
    }
}

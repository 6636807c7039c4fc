//! NumPy's functions of complex scalars.
//!
//! Each part of the result is a maths function of the two parts of the argument; what the parts share is computed once
//! in the end. sin, cos and tan are the hyperbolic functions of i·z.
//! Limits: the inverse functions, `expm1` and `log1p` are refused.

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
    "isfinite",
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

    fn classify_parts(&mut self, name: &str, x: Value, y: Value) -> Value {
        let (x, y) = (self.classify(name, x), self.classify(name, y));
        let op = if name == "isfinite" { BinaryOp::And } else { BinaryOp::Or };
        self.b().binary(op, x, y)
    }

    fn complex_parts(&mut self, name: &str, x: Value, y: Value, part: DType) -> (Value, Value) {
        match name {
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
            _ => {
                let modulus = self.b().math(MathFn::ClogRe, &[x, y]);
                let angle = self.b().math(MathFn::Atan2, &[y, x]);
                let factor = match name {
                    "log2" => std::f64::consts::LOG2_E,
                    "log10" => std::f64::consts::LOG10_E,
                    _ => return (modulus, angle),
                };
                let factor = self.b().f64(factor);
                let factor = self.b().cast(factor, part);
                (
                    self.b().binary(BinaryOp::Mul, modulus, factor),
                    self.b().binary(BinaryOp::Mul, angle, factor),
                )
            }
        }
    }

    fn pair(&mut self, re: MathFn, im: MathFn, x: Value, y: Value) -> (Value, Value) {
        (self.b().math(re, &[x, y]), self.b().math(im, &[x, y]))
    }
}

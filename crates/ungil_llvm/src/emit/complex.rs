//! Complex arithmetic with NumPy's formulas.
//!
//! Multiplication is the plain formula, division Smith's algorithm, the modulus `hypot`; powers are in `power`.

use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::Val;
use llvm_sys::LLVMOpcode::{LLVMFAdd, LLVMFDiv, LLVMFMul, LLVMFSub};
use llvm_sys::LLVMRealPredicate::{LLVMRealOEQ, LLVMRealOGE};
use ungil_ir::inst::{BinaryOp, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

type Pair = (Val, Val);

impl FunctionEmitter<'_> {
    pub fn complex_unary(&mut self, op: UnaryOp, re: Val, im: Val) -> Operand {
        match op {
            UnaryOp::Neg => Operand::Complex(self.fneg(re), self.fneg(im)),
            UnaryOp::Abs => Operand::Scalar(self.math_call(MathFn::Hypot, &[re, im])),
            UnaryOp::Real => Operand::Scalar(re),
            UnaryOp::Imag => Operand::Scalar(im),
            UnaryOp::Conj => Operand::Complex(re, self.fneg(im)),
            other => panic!("{other:?} on complex numbers"),
        }
    }

    pub fn complex_binary(&mut self, op: BinaryOp, a: Pair, b: Pair, dtype: DType) -> Operand {
        let (re, im) = match op {
            BinaryOp::Add => (self.fop(LLVMFAdd, a.0, b.0), self.fop(LLVMFAdd, a.1, b.1)),
            BinaryOp::Sub => (self.fop(LLVMFSub, a.0, b.0), self.fop(LLVMFSub, a.1, b.1)),
            BinaryOp::Mul => self.complex_mul(a, b),
            BinaryOp::Div => self.complex_div(a, b),
            BinaryOp::Pow => self.complex_pow(a, b, dtype),
            other => panic!("{other:?} on complex numbers"),
        };
        Operand::Complex(re, im)
    }

    pub fn complex_mul(&self, a: Pair, b: Pair) -> Pair {
        let mul = |x, y| self.fop(LLVMFMul, x, y);
        let re = self.fop(LLVMFSub, mul(a.0, b.0), mul(a.1, b.1));
        (re, self.fop(LLVMFAdd, mul(a.0, b.1), mul(a.1, b.0)))
    }

    /// Smith's algorithm, both branches computed: divides by the larger part of the divisor first.
    pub fn complex_div(&self, a: Pair, b: Pair) -> Pair {
        let l = self.l;
        let (add, sub) = (|x, y| self.fop(LLVMFAdd, x, y), |x, y| self.fop(LLVMFSub, x, y));
        let (mul, div) = (|x, y| self.fop(LLVMFMul, x, y), |x, y| self.fop(LLVMFDiv, x, y));
        let zero = l.zero(l.type_of(a.0));
        let one = l.const_float(l.type_of(a.0), 1.0);
        let (abs_re, abs_im) =
            (self.float_intrinsic("llvm.fabs", &[b.0]), self.float_intrinsic("llvm.fabs", &[b.1]));
        let real_larger = l.fcmp(LLVMRealOGE, abs_re, abs_im);
        let (large, small) = (l.select(real_larger, b.0, b.1), l.select(real_larger, b.1, b.0));
        let ratio = div(small, large);
        let scale = div(one, add(large, mul(small, ratio)));
        let (x, y) = (l.select(real_larger, a.0, a.1), l.select(real_larger, a.1, a.0));
        let re = mul(add(x, mul(y, ratio)), scale);
        let crossed = mul(x, ratio);
        // Larger real part: (a.im - a.re * ratio) * scale; otherwise (a.im * ratio - a.re) * scale.
        let im = mul(l.select(real_larger, sub(y, crossed), sub(crossed, y)), scale);
        let by_zero = l.and(l.fcmp(LLVMRealOEQ, abs_re, zero), l.fcmp(LLVMRealOEQ, abs_im, zero));
        let plain = (div(a.0, abs_re), div(a.1, abs_re));
        (l.select(by_zero, plain.0, re), l.select(by_zero, plain.1, im))
    }

    /// NumPy's power, by an internal function (lane by lane for vectors).
    fn complex_pow(&mut self, a: Pair, b: Pair, dtype: DType) -> Pair {
        let l = self.l;
        let part = l.type_of(a.0);
        if let (Some(n @ (2.0 | 3.0)), Some(0.0)) = (l.as_const_float(b.0), l.as_const_float(b.1)) {
            return self.short_complex_pow(a, n == 3.0);
        }
        let function = self.complex_pow_function(dtype);
        let call = |args: [Val; 4]| {
            let pair = l.call(l.function_type(function), function, &args);
            (l.extract_value(pair, 0), l.extract_value(pair, 1))
        };
        let Some(lanes) = l.lanes(part) else { return call([a.0, a.1, b.0, b.1]) };
        let mut result = (l.poison(part), l.poison(part));
        for lane in 0..lanes {
            let lane = l.i32(i64::from(lane));
            let (re, im) = call([a.0, a.1, b.0, b.1].map(|v| l.extract_element(v, lane)));
            result = (l.insert_element(result.0, re, lane), l.insert_element(result.1, im, lane));
        }
        result
    }
}

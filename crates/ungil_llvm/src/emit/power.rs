//! Integer and complex powers by repeated squaring.
//!
//! A small constant integer exponent becomes multiplications; otherwise an internal function with a loop is called.
//! Complex powers follow NumPy: zero and small integral exponents are special, others are `exp(b * log(a))`.

use super::function::FunctionEmitter;
use crate::raw::Val;
use crate::raw::attributes::Place;
use llvm_sys::LLVMIntPredicate::{LLVMIntEQ, LLVMIntSGT, LLVMIntSLT};
use llvm_sys::LLVMOpcode;
use llvm_sys::LLVMRealPredicate::{LLVMRealOEQ, LLVMRealOGT};
use ungil_ir::inst::BinaryOp;
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

/// Greatest constant exponent that is unrolled.
const UNROLLED: i64 = 64;

impl FunctionEmitter<'_> {
    /// `a ** b` wrapping; negative exponents give 0. Lane by lane for vectors.
    pub fn int_pow(&mut self, a: Val, b: Val, dtype: DType) -> Val {
        let l = self.l;
        if let Some(lanes) = l.lanes(l.type_of(a)) {
            let mut result = l.poison(l.type_of(a));
            for lane in 0..lanes {
                let lane = l.i32(i64::from(lane));
                let one = self.int_pow(l.extract_element(a, lane), l.extract_element(b, lane), dtype);
                result = l.insert_element(result, one, lane);
            }
            return result;
        }
        match l.as_const_int(b) {
            Some(n @ 0..=UNROLLED) => self.unrolled_pow(a, n),
            _ => {
                let function = self.pow_function(dtype);
                let pair = l.call(l.function_type(function), function, &[a, b]);
                l.extract_value(pair, 0)
            }
        }
    }

    /// `a ** b` and whether it overflowed.
    pub fn checked_pow(&mut self, a: Val, b: Val, dtype: DType) -> (Val, Val) {
        let function = self.pow_function(dtype);
        let pair = self.l.call(self.l.function_type(function), function, &[a, b]);
        (self.l.extract_value(pair, 0), self.l.extract_value(pair, 1))
    }

    fn unrolled_pow(&self, a: Val, exponent: i64) -> Val {
        let l = self.l;
        let (mut result, mut power, mut rest) = (None, a, exponent);
        while rest > 0 {
            if rest & 1 == 1 {
                result = Some(result.map_or(power, |r| l.mul(r, power)));
            }
            rest >>= 1;
            if rest > 0 {
                power = l.mul(power, power);
            }
        }
        result.unwrap_or_else(|| l.const_int(l.type_of(a), 1))
    }

    /// The internal function `{result, overflow} (base, exponent)` of a type.
    fn pow_function(&self, dtype: DType) -> Val {
        let l = self.l;
        let name = format!("{}.pow.{dtype}", self.m.options.name);
        if let Some(found) = l.find_function(&name) {
            return found;
        }
        let ty = l.number(dtype);
        let pair = l.structure(&[ty, l.int(1)]);
        let function = l.declare(&name, l.function(pair, &[ty, ty]));
        l.internal(function);
        self.m.add_function_attributes(function);
        l.add_attribute(function, Place::Function, "noinline");
        l.apart(|| self.pow_body(function, dtype));
        function
    }

    fn pow_body(&self, function: Val, dtype: DType) {
        let l = self.l;
        let (ty, bit) = (l.number(dtype), l.int(1));
        let (base, exponent) = (l.param(function, 0), l.param(function, 1));
        let (entry, head) = (l.block(function, c"entry"), l.block(function, c"bits"));
        let (square, exit) = (l.block(function, c"square"), l.block(function, c"end"));
        let (zero, one, no) = (l.zero(ty), l.const_int(ty, 1), l.i1(false));
        l.position(entry);
        // A zero or negative exponent skips the loop.
        let signed = dtype.is_signed();
        let runs = if signed { l.icmp(LLVMIntSGT, exponent, zero) } else { l.is_nonzero(exponent) };
        let negative = if signed { l.icmp(LLVMIntSLT, exponent, zero) } else { no };
        let start = l.select(negative, zero, one);
        l.cond_br(runs, head, exit);

        l.position(head);
        let (result, power, rest, over) = (l.phi(ty), l.phi(ty), l.phi(ty), l.phi(bit));
        let (product, overflows) = l.with_overflow(BinaryOp::Mul, result, power, dtype);
        let odd = l.is_nonzero(l.and(rest, one));
        let next_result = l.select(odd, product, result);
        let next_over = l.or(over, l.and(odd, overflows));
        let next_rest = l.lshr(rest, one);
        l.cond_br(l.is_nonzero(next_rest), square, exit);

        l.position(square);
        // The square is used, since the exponent has bits left.
        let (next_power, overflows) = l.with_overflow(BinaryOp::Mul, power, power, dtype);
        let square_over = l.or(next_over, overflows);
        l.br(head);
        for (phi, first, next) in [
            (result, one, next_result),
            (power, base, next_power),
            (rest, exponent, next_rest),
            (over, no, square_over),
        ] {
            l.add_incoming(phi, first, entry);
            l.add_incoming(phi, next, square);
        }

        l.position(exit);
        let (value, overflow) = (l.phi(ty), l.phi(bit));
        l.add_incoming(value, start, entry);
        l.add_incoming(value, next_result, head);
        l.add_incoming(overflow, no, entry);
        l.add_incoming(overflow, next_over, head);
        let result = l.insert_value(l.poison(l.structure(&[ty, bit])), value, 0);
        l.ret(l.insert_value(result, overflow, 1));
    }
}

/// Integral exponents from this magnitude on are treated as any other, as in NumPy.
const SMALL_EXPONENT: i64 = 100;

impl FunctionEmitter<'_> {
    /// The internal function `{re, im} (a.re, a.im, b.re, b.im)` that raises a complex number to a power.
    pub fn complex_pow_function(&mut self, dtype: DType) -> Val {
        let l = self.l;
        let name = format!("{}.pow.{dtype}", self.m.options.name);
        if let Some(found) = l.find_function(&name) {
            return found;
        }
        let part = l.number(dtype.real());
        let function = l.declare(&name, l.function(l.structure(&[part, part]), &[part; 4]));
        l.internal(function);
        self.m.add_function_attributes(function);
        l.add_attribute(function, Place::Function, "noinline");
        l.apart(|| self.complex_pow_body(function, dtype));
        function
    }

    /// The square or the cube as that function has them: powers of zero have positive zeros.
    pub fn short_complex_pow(&self, a: (Val, Val), cube: bool) -> (Val, Val) {
        let l = self.l;
        let zero = l.zero(l.type_of(a.0));
        let square = self.complex_mul(a, a);
        let power = if cube { self.complex_mul(a, square) } else { square };
        let equal = |x| l.fcmp(LLVMRealOEQ, x, zero);
        let is_zero = l.and(equal(a.0), equal(a.1));
        (l.select(is_zero, zero, power.0), l.select(is_zero, zero, power.1))
    }

    fn complex_pow_body(&mut self, function: Val, dtype: DType) {
        let l = self.l;
        let part = l.number(dtype.real());
        let a = (l.param(function, 0), l.param(function, 1));
        let b = (l.param(function, 2), l.param(function, 3));
        let (zero, one) = (l.zero(part), l.const_float(part, 1.0));
        let equal = |x, y| l.fcmp(LLVMRealOEQ, x, y);
        let is_zero = |z: (Val, Val)| l.and(equal(z.0, zero), equal(z.1, zero));
        l.position(l.block(function, c"entry"));
        self.return_if(function, is_zero(b), (one, zero));
        let undefined = l.const_float(part, f64::NAN);
        let positive = l.fcmp(LLVMRealOGT, b.0, zero);
        let power_of_zero = l.select(positive, zero, undefined);
        self.return_if(function, is_zero(a), (power_of_zero, power_of_zero));
        let n = l.freeze(l.cast(LLVMOpcode::LLVMFPToSI, b.0, l.int(64)));
        let whole = equal(l.cast(LLVMOpcode::LLVMSIToFP, n, part), b.0);
        let magnitude = l.intrinsic("llvm.abs", &[l.int(64)], &[n, l.i1(false)]);
        let small = l.below(magnitude, l.i64(SMALL_EXPONENT));
        let (integral, general) = (l.block(function, c"integral"), l.block(function, c"general"));
        l.cond_br(l.and(l.and(whole, small), equal(b.1, zero)), integral, general);
        l.position(general);
        let pair = self.transcendental_pow(a, b);
        self.return_pair(pair);
        l.position(integral);
        self.integral_complex_pow(function, a, n, magnitude);
    }

    /// Powers 1, 2 and 3 by products, others by repeated squaring; negative ones by the reciprocal.
    fn integral_complex_pow(&self, function: Val, a: (Val, Val), n: Val, magnitude: Val) {
        let l = self.l;
        let part = l.type_of(a.0);
        let (zero, one) = (l.zero(part), l.const_float(part, 1.0));
        let is = |k| l.icmp(LLVMIntEQ, n, l.i64(k));
        self.return_if(function, is(1), a);
        let square = self.complex_mul(a, a);
        self.return_if(function, is(2), square);
        self.return_if(function, is(3), self.complex_mul(a, square));
        let (start, head, next) = (l.current(), l.block(function, c"bits"), l.block(function, c"square"));
        let exit = l.block(function, c"end");
        l.br(head);
        l.position(head);
        let phis = [part, part, part, part, l.int(64)].map(|ty| l.phi(ty));
        let [re, im, power_re, power_im, rest] = phis;
        let product = self.complex_mul((re, im), (power_re, power_im));
        let odd = l.is_nonzero(l.and(rest, l.i64(1)));
        let result = (l.select(odd, product.0, re), l.select(odd, product.1, im));
        let next_rest = l.lshr(rest, l.i64(1));
        l.cond_br(l.is_nonzero(next_rest), next, exit);
        l.position(next);
        let squared = self.complex_mul((power_re, power_im), (power_re, power_im));
        l.br(head);
        let firsts = [one, zero, a.0, a.1, magnitude];
        let nexts = [result.0, result.1, squared.0, squared.1, next_rest];
        for ((phi, first), following) in phis.into_iter().zip(firsts).zip(nexts) {
            l.add_incoming(phi, first, start);
            l.add_incoming(phi, following, next);
        }
        l.position(exit);
        self.return_if(function, l.icmp(LLVMIntSGT, n, l.i64(0)), result);
        self.return_pair(self.complex_div((one, zero), result));
    }

    /// `exp(b * log(a))`.
    fn transcendental_pow(&mut self, a: (Val, Val), b: (Val, Val)) -> (Val, Val) {
        let log = (self.math_call(MathFn::ClogRe, &[a.0, a.1]), self.math_call(MathFn::Atan2, &[a.1, a.0]));
        let z = self.complex_mul(b, log);
        (self.math_call(MathFn::CexpRe, &[z.0, z.1]), self.math_call(MathFn::CexpIm, &[z.0, z.1]))
    }

    /// Returns a pair if `cond`, and goes on otherwise.
    fn return_if(&self, function: Val, cond: Val, pair: (Val, Val)) {
        let l = self.l;
        let (yes, no) = (l.block(function, c"return"), l.block(function, c"on"));
        l.cond_br(cond, yes, no);
        l.position(yes);
        self.return_pair(pair);
        l.position(no);
    }

    fn return_pair(&self, (re, im): (Val, Val)) {
        let l = self.l;
        let part = l.type_of(re);
        let result = l.insert_value(l.poison(l.structure(&[part, part])), re, 0);
        l.ret(l.insert_value(result, im, 1));
    }
}

//! Exponential functions in float32.
//!
//! The schemes of the float64 functions with shorter polynomials, in float32 arithmetic.
//! Contract: ≤ 0.9 ULP (0.81 where the result is normal).
//! Limits: none.
//! Source: `double::exponential`.

use super::coefficients::{EXP, EXP2, EXPM1, INV_LN2, LN2_HI, LN2_LO};
use super::pair::fast_two_sum;
use super::{ROUNDER, power_of_two_halves};
use crate::double::select;

/// `x` kept within [low, high]; NaN passes.
#[inline(always)]
pub(crate) fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = select(x > high, high, x);
    select(x < low, low, x)
}

/// e^x.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = clamp(x, -105.0, 89.0);
    let rounded = x.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    // The product with the first part leaves no rounding error. The sum takes the two parts of r, the polynomial
    // their rounded sum.
    let high = n.mul_add(-LN2_HI, x);
    let r = n.mul_add(-LN2_LO, high);
    let square = r * r;
    let (sum, error) = fast_two_sum(1.0, high);
    let error = n.mul_add(-LN2_LO, error);
    let odd = square.mul_add(EXP[3], EXP[1]);
    let even = square.mul_add(square.mul_add(EXP[4], EXP[2]), EXP[0]);
    let (first, second) = power_of_two_halves(rounded);
    (sum + square.mul_add(r.mul_add(odd, even), error)) * first * second
}

/// e^(x + tail)·2⁻ⁿ as a sum, the second part below a tenth of the first, and n + `ROUNDER`; |tail| ≤ 2⁻¹⁵.
#[inline(always)]
pub(crate) fn exp_parts(x: f32, tail: f32) -> (f32, f32, f32) {
    let rounded = x.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, x);
    let low = n.mul_add(-LN2_LO, tail);
    let square = high * high;
    let (sum, error) = fast_two_sum(1.0, high);
    let odd = square.mul_add(EXP[3], EXP[1]);
    let even = square.mul_add(square.mul_add(EXP[4], EXP[2]), EXP[0]);
    let rest = square.mul_add(high.mul_add(odd, even), error);
    (sum, low.mul_add(sum + rest, rest), rounded)
}

/// 2^x.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = clamp(x, -152.0, 129.0);
    let rounded = x + ROUNDER;
    let r = x - (rounded - ROUNDER);
    let square = r * r;
    let even = square.mul_add(EXP2[4], EXP2[2]);
    let odd = square.mul_add(square.mul_add(EXP2[5], EXP2[3]), EXP2[1]);
    // (2^r − 1)/r; its first coefficient is added last.
    let slope = r.mul_add(r.mul_add(even, odd), EXP2[0]);
    let (first, second) = power_of_two_halves(rounded);
    r.mul_add(slope, 1.0) * first * second
}

/// e^(r + tail) − 1 as a sum of r + r²/2, rounded, and the rest, for |r| ≤ ln 2/2 and `tail` below an ulp of r.
#[inline(always)]
pub(crate) fn expm1_parts(r: f32, tail: f32) -> (f32, f32) {
    let half = 0.5 * r;
    let leading = half.mul_add(r, r);
    let leading_error = half.mul_add(r, r - leading);
    let square = r * r;
    let even = square.mul_add(EXPM1[4], EXPM1[2]);
    let odd = square.mul_add(square.mul_add(EXPM1[5], EXPM1[3]), EXPM1[1]);
    let rest = (square * r).mul_add(r.mul_add(even, odd), r.mul_add(tail, tail + leading_error));
    (leading, rest)
}

/// e^x − 1.
#[inline(always)]
pub fn expm1(x: f32) -> f32 {
    let clamped = clamp(x, -20.0, 89.0);
    let rounded = clamped.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, clamped);
    let r = n.mul_add(-LN2_LO, high);
    let tail = n.mul_add(-LN2_LO, high - r);
    // Half of 2ⁿ, which is finite up to the overflow threshold.
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(126) << 23);
    let whole = scale - 0.5;
    let whole_error = select(scale >= 0.5, (scale - whole) - 0.5, scale - (whole + 0.5));
    let (leading, rest) = expm1_parts(r, tail);
    let (sum, error) = fast_two_sum(whole, scale * leading);
    let value = 2.0 * (sum + scale.mul_add(rest, error + whole_error));
    // Halving loses a bit of subnormal numbers, and −0.0 keeps its sign.
    select(x.abs() < 1e-30, x, value)
}

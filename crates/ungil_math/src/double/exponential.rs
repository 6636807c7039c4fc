//! Exponential functions in float64.
//!
//! x = (16·k + j)·ln 2/16 + r with |r| ≤ ln 2/32; 2^(j/16) and its rounding error from a table, a short polynomial of r, and one scaling
//! by 2^k, so that subnormal results are rounded once and overflow gives infinity. expm1 without a table: |r| ≤ ln 2/2.
//! Contract: ≤ 0.8 ULP (0.82 where the result is subnormal); arguments beyond the range are clamped, NaN passes through.
//! Limits: none.
//! Source: W. J. Cody, W. Waite, Software Manual for the Elementary Functions (1980); coefficients by Remez.

use super::coefficients::{EXP, EXPM1, INV_LN2, LN2_HI, LN2_LO};
use super::pair::fast_two_sum;
use super::register_tables::{EXP_STEP, EXP2_SLOPE, LN2_STEP};
use super::{ROUNDER, select};
use crate::instructions::{exp2_step_f64, exp2_step_rest_f64, scale_f64};

/// `x` kept within [low, high]; NaN passes.
#[inline(always)]
pub(crate) fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = select(x > high, high, x);
    select(x < low, low, x)
}

/// (e^r − 1 − r)/r² of r and r².
#[inline(always)]
fn exp_rest(r: f64, square: f64) -> f64 {
    let even = square.mul_add(square.mul_add(EXP[8], EXP[6]), EXP[4]);
    let odd = square.mul_add(square.mul_add(EXP[9], EXP[7]), EXP[5]);
    let even = square.mul_add(square.mul_add(even, EXP[2]), EXP[0]);
    let odd = square.mul_add(square.mul_add(odd, EXP[3]), EXP[1]);
    r.mul_add(odd, even)
}

/// e^(x + tail)·2⁻ⁿ as a sum, the second part below a tenth of the first, and n + `ROUNDER`; |tail| ≤ 2⁻³⁰.
#[inline(always)]
pub(crate) fn exp_parts(x: f64, tail: f64) -> (f64, f64, f64) {
    let rounded = x.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, x);
    let low = n.mul_add(-LN2_LO, tail);
    let square = high * high;
    let (sum, error) = fast_two_sum(1.0, high);
    let rest = square.mul_add(exp_rest(high, square), error);
    (sum, low.mul_add(sum + rest, rest), rounded)
}

/// e^(x + tail) for −746 ≤ x ≤ 710 and |tail| ≤ 2⁻³⁰.
#[inline(always)]
pub(crate) fn exp_of_sum(x: f64, tail: f64) -> f64 {
    let rounded = x.mul_add(16.0 * INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let index = rounded.to_bits();
    // r is exact: a multiple of 2⁻⁵⁷, or x itself.
    let r = n.mul_add(-LN2_STEP[0], x);
    let rest = n.mul_add(-LN2_STEP[1], tail);
    let whole = r + rest;
    let square = whole * whole;
    let even = square.mul_add(square.mul_add(EXP_STEP[4], EXP_STEP[2]), EXP_STEP[0]);
    let p = whole.mul_add(square.mul_add(EXP_STEP[3], EXP_STEP[1]), even);
    let relative = r + square.mul_add(p, rest + exp2_step_rest_f64(index));
    let step = exp2_step_f64(index);
    scale_f64(step.mul_add(relative, step), n * 0.0625)
}

/// x = n·ln 2/16 + r + rest, as n + `ROUNDER`, r and the rest; |r| ≤ ln 2/32.
#[inline(always)]
pub(crate) fn reduce_by_steps(x: f64) -> (f64, f64, f64) {
    let rounded = x.mul_add(16.0 * INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    // r is exact: a multiple of 2⁻⁵⁷, or x itself.
    (rounded, n.mul_add(-LN2_STEP[0], x), n * -LN2_STEP[1])
}

/// k·2⁵² for n = 16·k + j of `reduce_by_steps`: what scales a number by 2^k when it is added to the bits.
#[inline(always)]
pub(crate) fn exponent_of_steps(rounded: f64) -> u64 {
    (rounded.to_bits() << 48) & 0xfff0_0000_0000_0000
}

/// e^x.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    exp_of_sum(clamp(x, -746.0, 710.0), 0.0)
}

/// 2^x.
#[inline(always)]
pub fn exp2(x: f64) -> f64 {
    let x = clamp(x, -1076.0, 1025.0);
    // To multiples of 1/16.
    let rounded = x + ROUNDER / 16.0;
    let n = rounded - ROUNDER / 16.0;
    let r = x - n;
    let index = rounded.to_bits();
    let square = r * r;
    let even = square.mul_add(square.mul_add(EXP2_SLOPE[4], EXP2_SLOPE[2]), EXP2_SLOPE[0]);
    let odd = square.mul_add(square.mul_add(EXP2_SLOPE[5], EXP2_SLOPE[3]), EXP2_SLOPE[1]);
    let relative = r.mul_add(r.mul_add(odd, even), exp2_step_rest_f64(index));
    let step = exp2_step_f64(index);
    scale_f64(step.mul_add(relative, step), n)
}

/// (e^x − 1)/2 as an unevaluated sum and 2ⁿ⁻¹, for −50 ≤ x ≤ 710.
///
/// The half keeps the scale finite up to the overflow threshold. The first part has the magnitude of the sum.
#[inline(always)]
pub(crate) fn half_expm1(x: f64) -> (f64, f64) {
    let rounded = x.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, x);
    let r = n.mul_add(-LN2_LO, high);
    let tail = n.mul_add(-LN2_LO, high - r);
    let scale = f64::from_bits(rounded.to_bits().wrapping_add(1022) << 52);
    // Half of 2ⁿ − 1 with its error; the larger operand differs in sign of n.
    let whole = scale - 0.5;
    let whole_error = select(scale >= 0.5, (scale - whole) - 0.5, scale - (whole + 0.5));
    let (leading, rest) = expm1_parts(r, tail);
    let (sum, error) = fast_two_sum(whole, scale * leading);
    (sum, scale.mul_add(rest, error + whole_error))
}

/// e^(r + tail) − 1 as a sum of r + r²/2, rounded, and the rest, for |r| ≤ ln 2/2 and `tail` below an ulp of r.
#[inline(always)]
pub(crate) fn expm1_parts(r: f64, tail: f64) -> (f64, f64) {
    let half = 0.5 * r;
    let leading = half.mul_add(r, r);
    let leading_error = half.mul_add(r, r - leading);
    let square = r * r;
    let even = square.mul_add(square.mul_add(EXPM1[10], EXPM1[8]), EXPM1[6]);
    let odd = square.mul_add(square.mul_add(EXPM1[9], EXPM1[7]), EXPM1[5]);
    let even = square.mul_add(square.mul_add(even, EXPM1[4]), EXPM1[2]);
    let odd = square.mul_add(square.mul_add(odd, EXPM1[3]), EXPM1[1]);
    let rest = (square * r).mul_add(r.mul_add(even, odd), r.mul_add(tail, tail + leading_error));
    (leading, rest)
}

/// e^x − 1.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let (sum, tail) = half_expm1(clamp(x, -50.0, 710.0));
    let value = 2.0 * (sum + tail);
    // Halving loses a bit of subnormal numbers, and −0.0 keeps its sign.
    select(x.abs() < 1e-300, x, value)
}

//! The power function in float32.
//!
//! 2^(y·log₂ |x|), the logarithm and its product with y in two parts, with the signs and special cases of Annex F by selection.
//! x = 2^k·c·(1 + r), 1/c from a table of 32, of 6 bits, so that r is exact; r − r²/2 has two parts.
//! Contract: ≤ 0.8 ULP.
//! Limits: none.
//! Source: `double::power`.

use super::ROUNDER;
use super::exponential::clamp;
use super::pair::fast_two_sum;
use super::power_tables::{LOG2_E, POW_CUBIC, POW_EXP2_SLOPE};
use crate::double::select;
use crate::instructions::{
    exp2_step, exp2_step_rest, exponent_f32, mantissa_f32, pow_log2_c_hi, pow_log2_c_lo, pow_reciprocal,
    scale_f32,
};

/// log₂ x in two parts for positive x, to 2⁻³³ of it; the first is infinite at zero and infinity, the second then NaN.
#[inline(always)]
fn log2_pair(x: f32) -> (f32, f32) {
    let m = mantissa_f32(x);
    let index = m.to_bits() >> 18;
    let r = m.mul_add(pow_reciprocal(index), -1.0);
    // Exact: multiples of 2⁻¹⁶ below 2⁸.
    let base = exponent_f32(x) + pow_log2_c_hi(index);
    // r − r²/2 in two parts, r³·C(r) added to the second, all times 1/ln 2 in two parts.
    let half = -0.5 * r;
    let square = half * r;
    let square_tail = half.mul_add(r, -square);
    let (sum, error) = fast_two_sum(r, square);
    let c = &POW_CUBIC;
    let cubic = square.mul_add(r.mul_add(c[3], c[2]), r.mul_add(c[1], c[0]));
    let low = (square * r).mul_add(cubic, error + square_tail);
    let term = sum * LOG2_E[0];
    let term_tail = sum.mul_add(LOG2_E[1], sum.mul_add(LOG2_E[0], -term));
    let rest = low.mul_add(LOG2_E[0], term_tail + pow_log2_c_lo(index));
    let (high, error) = fast_two_sum(base, term);
    (high, error + rest)
}

/// x to the power y.
#[inline(always)]
pub fn pow(x: f32, y: f32) -> f32 {
    let (high, low) = log2_pair(x.abs());
    // Beyond 2³³ every power of a number other than 1 overflows or vanishes; the clamped exponent is even.
    let factor = clamp(y, -4e19, 4e19);
    let product = factor * high;
    let error = factor.mul_add(low, factor.mul_add(high, -product));
    let clamped = clamp(product, -152.0, 130.0);
    let tail = select(clamped == product, error, 0.0);
    // To multiples of 1/32.
    let rounded = clamped + ROUNDER / 32.0;
    let n = rounded - ROUNDER / 32.0;
    let r = (clamped - n) + tail;
    let index = rounded.to_bits();
    let c = &POW_EXP2_SLOPE;
    let slope = r.mul_add(r.mul_add(c[2], c[1]), c[0]);
    let relative = r.mul_add(slope, exp2_step_rest(index));
    let step = exp2_step(index);
    with_power_limits(x, y, factor, scale_f32(step.mul_add(relative, step), n))
}

/// `value`, the power of |x|, with the sign and the special cases of Annex F.
///
/// `factor` is y with large magnitudes replaced by an even integer.
#[inline(always)]
fn with_power_limits(x: f32, y: f32, factor: f32, value: f32) -> f32 {
    // The rest of y modulo 2: 0 where y is even, ±1 where it is odd.
    let rest = (0.5 * factor).trunc().mul_add(-2.0, factor).abs();
    let odd = rest == 1.0;
    // The sign of x where y is odd; NaN where a negative finite x meets a fraction.
    let value = f32::from_bits(value.to_bits() | select(odd, x.to_bits() & (1 << 31), 0));
    let integer = odd | (rest == 0.0);
    let for_negative = select(integer, value, select(x == f32::NEG_INFINITY, value, f32::NAN));
    let value = select(x < 0.0, for_negative, value);
    select((x == 1.0) | (y == 0.0), 1.0, value)
}

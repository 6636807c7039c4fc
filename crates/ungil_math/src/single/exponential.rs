//! Exponential functions in float32.
//!
//! The schemes of the float64 functions with shorter polynomials, in float32 arithmetic; expm1 by a table of 2^(j/32).
//! Contract: ≤ 0.9 ULP (0.81 where the result is normal).
//! Limits: none.
//! Source: `double::exponential`.

use super::ROUNDER;
use super::coefficients::{EXP, EXP2, INV_LN2, LN2_HI, LN2_LO};
use super::pair::{fast_two_sum, two_sum};
use super::tables::{EXP2_STEP, EXP2_STEP_DOWN, EXP2_STEP_UP, EXPM1_STEP, LN2_STEP};
use crate::double::select;
use crate::instructions::{exp2_step_rest, expm1_scale, scale_f32};

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
    scale_f32(sum + square.mul_add(r.mul_add(odd, even), error), n)
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
    let n = rounded - ROUNDER;
    let r = x - n;
    let square = r * r;
    let even = square.mul_add(EXP2[4], EXP2[2]);
    let odd = square.mul_add(square.mul_add(EXP2[5], EXP2[3]), EXP2[1]);
    // (2^r − 1)/r; its first coefficient is added last.
    let slope = r.mul_add(r.mul_add(even, odd), EXP2[0]);
    scale_f32(r.mul_add(slope, 1.0), n)
}

/// Tables of 32 numbers whose bits lack (or, added, have more by) their index at the lowest bits of the exponent and below: the
/// index that is shifted to the exponent of a power of two then need not be masked.
pub(crate) const fn without_index(table: &[f32; 32], added: bool) -> [f32; 32] {
    let mut out = [0.0; 32];
    let mut j = 0;
    while j < 32 {
        let index = (j as u32) << 18;
        let bits = table[j].to_bits();
        out[j] = f32::from_bits(if added { bits + index } else { bits - index });
        j += 1;
    }
    out
}

/// 2^(j/32) for `expm1`, and what `sinh` and `cosh` scale.
pub(crate) static EXPM1_SCALE: [f32; 32] = without_index(&EXP2_STEP, false);
pub(crate) static SINH_UP: [f32; 32] = without_index(&EXP2_STEP_UP, false);
pub(crate) static SINH_DOWN: [f32; 32] = without_index(&EXP2_STEP_DOWN, true);

/// x = (32·k + j)·ln 2/32 + r + rest for a rounded number 32·k + j + `ROUNDER`; r is exact.
#[inline(always)]
pub(crate) fn steps_of(x: f32, rounded: f32) -> (f32, f32, f32) {
    let n = rounded - ROUNDER;
    // r is exact: a multiple of 2⁻²⁹, or x itself.
    (rounded, n.mul_add(-LN2_STEP[0], x), n * -LN2_STEP[1])
}

/// k·2²³ of `steps_of`: what scales a number by 2^k when it is added to the bits.
#[inline(always)]
pub(crate) fn exponent_of_steps(rounded: f32) -> u32 {
    (rounded.to_bits() << 18) & 0xff80_0000
}

/// 4,095.49 over 88.7229.
const STEPS: f32 = 46.160_47;

/// e^x − 1.
#[inline(always)]
pub fn expm1(x: f32) -> f32 {
    // Just beyond the threshold, only the last sum overflows.
    let clamped = clamp(x, -20.0, 88.722_9);
    // A little less than 32/ln 2, so that 2^128 is not needed: near the threshold r is up to a step longer.
    let rounded = clamped.mul_add(STEPS, ROUNDER);
    let n = rounded - ROUNDER;
    // Exact: a multiple of 2⁻²⁹, or x itself.
    let r = n.mul_add(-LN2_STEP[0], clamped);
    let index = rounded.to_bits();
    // The exponent, above bits of the index, which the table makes up for.
    let scale = f32::from_bits(expm1_scale(index).to_bits().wrapping_add(index << 18));
    let (whole, whole_error) = two_sum(scale, -1.0);
    // scale·r is at most half of the rest of the sum.
    let high = scale.mul_add(r, whole);
    let error = scale.mul_add(r, whole - high);
    let tail = n.mul_add(-LN2_STEP[1], exp2_step_rest(index));
    let slope = r.mul_add(r.mul_add(r.mul_add(EXPM1_STEP[1], EXPM1_STEP[0]), tail), tail);
    // −0.0 keeps its sign.
    (high + (scale.mul_add(slope, error) + whole_error)).copysign(x)
}

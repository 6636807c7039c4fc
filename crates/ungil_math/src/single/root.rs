//! Cube root and hypotenuse in float32, and parts of square roots.
//!
//! cbrt from a table of the roots of 32 mantissas and a short rest; hypot is the root of the sum of squares in float64.
//! Contract: ≤ 0.55 ULP.
//! Limits: none.
//! Source: `double::root`.

use super::ROUNDER;
use super::pair::two_product;
use super::tables::{CBRT_HALF, CBRT_REST, CBRT_TWO};
use crate::double::select;
use crate::instructions::{cbrt_c, cbrt_c_rest, exponent_f32, mantissa_f32, reciprocal};

/// 1/(2x) for positive x, to 2⁻⁶: enough for the correction of a root.
#[inline(always)]
fn rough_half_reciprocal(x: f32) -> f32 {
    // Negating the exponent and mantissa as integers inverts to 12 %; a Newton step squares that.
    let guess = f32::from_bits(0x7e73_11c2_u32.wrapping_sub(x.to_bits()));
    guess * (-2.0 * guess).mul_add(x, 2.0)
}

/// 1/x for positive normal x, to 12 %: enough for what is below an ulp.
#[inline(always)]
pub(crate) fn rough_reciprocal(x: f32) -> f32 {
    f32::from_bits(0x7ef3_11c2_u32.wrapping_sub(x.to_bits()))
}

/// √(t + t_tail) in two parts, for t that is not negative and a tail below an ulp of it.
#[inline(always)]
pub(crate) fn sqrt_pair(t: f32, t_tail: f32) -> (f32, f32) {
    let root = t.sqrt();
    let residual = (-root).mul_add(root, t) + t_tail;
    (root, residual * rough_half_reciprocal(root))
}

/// cbrt x.
#[inline(always)]
pub fn cbrt(x: f32) -> f32 {
    let k = exponent_f32(x);
    let m = mantissa_f32(x.abs());
    let index = m.to_bits() >> 18;
    let r = m.mul_add(reciprocal(index), -1.0);
    // k = 3q + s with s in −1, 0, 1.
    let rounded = k.mul_add(1.0 / 3.0, ROUNDER);
    let q = rounded - ROUNDER;
    let s = q.mul_add(-3.0, k);
    let (negative, positive) = (s < 0.0, s > 0.0);
    let factor = select(negative, CBRT_HALF[0], select(positive, CBRT_TWO[0], 1.0));
    let factor_rest = select(negative, CBRT_HALF[1], select(positive, CBRT_TWO[1], 0.0));
    let (high, low) = two_product(cbrt_c(index), factor);
    let rest = r.mul_add(r.mul_add(CBRT_REST[2], CBRT_REST[1]), CBRT_REST[0]);
    let relative = r.mul_add(rest, cbrt_c_rest(index) + factor_rest);
    let root = high + high.mul_add(relative, low);
    let value = root * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    // Zero, infinity and NaN are their own roots.
    select(k.abs() < f32::INFINITY, value.copysign(x), x)
}

/// √(x² + y²).
#[inline(always)]
pub fn hypot(x: f32, y: f32) -> f32 {
    // The squares are exact and far from the limits of float64.
    let (a, b) = (f64::from(x), f64::from(y));
    let value = a.mul_add(a, b * b).sqrt() as f32;
    select((x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY), f32::INFINITY, value)
}

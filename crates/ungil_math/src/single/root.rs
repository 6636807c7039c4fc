//! Cube root and hypotenuse in float32, and parts of square roots.
//!
//! The schemes of the float64 functions in float32 arithmetic; hypot is the root of the sum of squares in float64.
//! Contract: ≤ 0.55 ULP.
//! Limits: none.
//! Source: `double::root`.

use super::ROUNDER;
use super::coefficients::CBRT;
use super::logarithm::decompose;
use super::pair::two_product;
use crate::double::select;

/// 1/(2x) for positive x, to 2⁻⁶: enough for the correction of a root.
#[inline(always)]
fn rough_half_reciprocal(x: f32) -> f32 {
    // Negating the exponent and mantissa as integers inverts to 12 %; a Newton step squares that.
    let guess = f32::from_bits(0x7e73_11c2_u32.wrapping_sub(x.to_bits()));
    guess * (-2.0 * guess).mul_add(x, 2.0)
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
    let magnitude = x.abs();
    let (k, m) = decompose(magnitude);
    // k = 3q + r with r in −1, 0, 1.
    let rounded = k.mul_add(1.0 / 3.0, ROUNDER);
    let q = rounded - ROUNDER;
    let r = q.mul_add(-3.0, k);
    let square = r * r;
    let m_scaled = m * square.mul_add(0.25, r.mul_add(0.75, 1.0));
    // 2^(−r/3) as the parabola through its three values.
    let factor = square.mul_add(0.026_810_788, r.mul_add(-0.233_110_26, 1.0));
    let f = m - 1.0;
    let w = f * f;
    let p = factor * w.mul_add(f.mul_add(CBRT[3], CBRT[2]), f.mul_add(CBRT[1], CBRT[0]));
    // p·(1 + e/3 + 2e²/9) has an error of 14/81·e³.
    let e = (-(m_scaled * p)).mul_add(p * p, 1.0);
    let p = (p * e).mul_add(e.mul_add(2.0 / 9.0, 1.0 / 3.0), p);
    let inverse_square = p * p;
    let root = m_scaled * inverse_square;
    let (root_square, error) = two_product(root, root);
    let residual = (-error).mul_add(root, (-root_square).mul_add(root, m_scaled));
    let root = (residual * (1.0 / 3.0)).mul_add(inverse_square, root);
    let value = root * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    // Zero, infinity and NaN are their own roots.
    let ordinary = (magnitude > 0.0) & (magnitude < f32::INFINITY);
    select(ordinary, value.copysign(x), x)
}

/// √(x² + y²).
#[inline(always)]
pub fn hypot(x: f32, y: f32) -> f32 {
    // The squares are exact and far from the limits of float64.
    let (a, b) = (f64::from(x), f64::from(y));
    let value = a.mul_add(a, b * b).sqrt() as f32;
    select((x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY), f32::INFINITY, value)
}

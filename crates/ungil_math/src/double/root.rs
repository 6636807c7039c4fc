//! Cube root and hypotenuse in float64, and parts of square roots.
//!
//! cbrt: x = 2^(3q + s)·c·(1 + r), the root of c from a table of 16, times a power of ∛2 in two parts. hypot: the sum of squares in two parts, its root and the root's residual.
//! Contract: ≤ 0.55 ULP, hypot 0.8 where it is subnormal; hypot of an infinity is infinity, also beside NaN.
//! Limits: none.
//! Source: W. Kahan's scheme for roots by residuals; coefficients by Remez.

use super::pair::{fast_two_sum, two_product};
use super::register_tables::{CBRT_HALF, CBRT_REST, CBRT_TWO};
use super::{ROUNDER, select};
use crate::instructions::{cbrt_c_f64, cbrt_c_rest_f64, exponent_f64, mantissa_f64, reciprocal_f64};

/// 2⁶⁰⁰ and 2⁻⁶⁰⁰.
const UP: f64 = f64::from_bits((1023 + 600) << 52);
const DOWN: f64 = f64::from_bits((1023 - 600) << 52);

/// 1/(2x) for positive x, to 2⁻⁶: enough for the correction of a root.
#[inline(always)]
fn rough_half_reciprocal(x: f64) -> f64 {
    // Negating the exponent and mantissa as integers inverts to 12 %; a Newton step squares that.
    let guess = f64::from_bits(0x7fce_6238_22fc_16e6_u64.wrapping_sub(x.to_bits()));
    guess * (-2.0 * guess).mul_add(x, 2.0)
}

/// √(t + t_tail) in two parts, for t that is not negative and a tail below an ulp of it.
#[inline(always)]
pub(crate) fn sqrt_pair(t: f64, t_tail: f64) -> (f64, f64) {
    let root = t.sqrt();
    let residual = (-root).mul_add(root, t) + t_tail;
    (root, residual * rough_half_reciprocal(root))
}

/// 1/x for positive normal x below 2¹⁰²², to 12 %: enough for what is below an ulp.
#[inline(always)]
pub(crate) fn rough_reciprocal(x: f64) -> f64 {
    f64::from_bits(0x7fde_6238_22fc_16e6_u64.wrapping_sub(x.to_bits()))
}

/// The cube root.
#[inline(always)]
pub fn cbrt(x: f64) -> f64 {
    let k = exponent_f64(x);
    let m = mantissa_f64(x.abs());
    let index = m.to_bits() >> 48;
    let r = m.mul_add(reciprocal_f64(index), -1.0);
    // k = 3q + s with s in −1, 0, 1.
    let rounded = k.mul_add(1.0 / 3.0, ROUNDER);
    let q = rounded - ROUNDER;
    let s = q.mul_add(-3.0, k);
    let (negative, positive) = (s < 0.0, s > 0.0);
    let factor = select(negative, CBRT_HALF[0], select(positive, CBRT_TWO[0], 1.0));
    let factor_rest = select(negative, CBRT_HALF[1], select(positive, CBRT_TWO[1], 0.0));
    let (high, low) = two_product(cbrt_c_f64(index), factor);
    let c = &CBRT_REST;
    let w = r * r;
    let even = w.mul_add(w.mul_add(w.mul_add(w.mul_add(c[8], c[6]), c[4]), c[2]), c[0]);
    let odd = w.mul_add(w.mul_add(w.mul_add(c[7], c[5]), c[3]), c[1]);
    let relative = r.mul_add(r.mul_add(odd, even), cbrt_c_rest_f64(index) + factor_rest);
    let root = high + high.mul_add(relative, low);
    let value = root * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    // Zero, infinity and NaN are their own roots.
    select(k.abs() < f64::INFINITY, value.copysign(x), x)
}

/// √(x² + y²) without undue overflow or underflow.
#[inline(always)]
pub fn hypot(x: f64, y: f64) -> f64 {
    let (a, b) = (x.abs(), y.abs());
    let swapped = a < b;
    let (large, small) = (select(swapped, b, a), select(swapped, a, b));
    // Squares of scaled numbers neither overflow nor lose bits that count.
    let huge = large > 1e150;
    let tiny = large < 1e-140;
    let scale = select(huge, DOWN, select(tiny, UP, 1.0));
    let back = select(huge, UP, select(tiny, DOWN, 1.0));
    let (u, v) = (large * scale, small * scale);
    let (u_square, u_error) = two_product(u, u);
    let (v_square, v_error) = two_product(v, v);
    let (sum, error) = fast_two_sum(u_square, v_square);
    let (root, root_tail) = sqrt_pair(sum, error + (u_error + v_error));
    let value = (root + root_tail) * back;
    let infinite = (a == f64::INFINITY) | (b == f64::INFINITY);
    select(infinite, f64::INFINITY, value)
}

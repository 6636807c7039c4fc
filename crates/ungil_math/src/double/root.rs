//! Cube root and hypotenuse in float64, and parts of square roots.
//!
//! cbrt: x = 2^(3q)·m with ½·√½ ≤ m < 2√2; a polynomial for m^(−1/3), a third-order step, and one step on the root
//! with its residual in two parts. hypot: the sum of squares in two parts, its root and the root's residual.
//! Contract: ≤ 0.55 ULP, hypot 0.8 where it is subnormal; hypot of an infinity is infinity, also beside NaN.
//! Limits: none.
//! Source: W. Kahan's scheme for roots by residuals; coefficients by Remez.

use super::coefficients::CBRT;
use super::logarithm::decompose;
use super::pair::{fast_two_sum, two_product};
use super::{ROUNDER, select};

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

/// The cube root.
#[inline(always)]
pub fn cbrt(x: f64) -> f64 {
    let magnitude = x.abs();
    let (k, m) = decompose(magnitude);
    // k = 3q + r with r in −1, 0, 1.
    let rounded = k.mul_add(1.0 / 3.0, ROUNDER);
    let q = rounded - ROUNDER;
    let r = q.mul_add(-3.0, k);
    let square = r * r;
    let m_scaled = m * square.mul_add(0.25, r.mul_add(0.75, 1.0));
    // 2^(−r/3) as the parabola through its three values.
    let factor = square.mul_add(0.026_810_787_939_486_49, r.mul_add(-0.233_110_261_955_386_7, 1.0));
    let f = m - 1.0;
    let w = f * f;
    let even = w.mul_add(w.mul_add(CBRT[4], CBRT[2]), CBRT[0]);
    let odd = w.mul_add(w.mul_add(CBRT[5], CBRT[3]), CBRT[1]);
    let p = factor * f.mul_add(odd, even);
    // p·(1 + e/3 + 2e²/9) has an error of 14/81·e³.
    let e = (-(m_scaled * p)).mul_add(p * p, 1.0);
    let p = (p * e).mul_add(e.mul_add(2.0 / 9.0, 1.0 / 3.0), p);
    let inverse_square = p * p;
    let root = m_scaled * inverse_square;
    let (root_square, error) = two_product(root, root);
    let residual = (-error).mul_add(root, (-root_square).mul_add(root, m_scaled));
    let root = (residual * (1.0 / 3.0)).mul_add(inverse_square, root);
    let value = root * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    // Zero, infinity and NaN are their own roots.
    let ordinary = (magnitude > 0.0) & (magnitude < f64::INFINITY);
    select(ordinary, value.copysign(x), x)
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

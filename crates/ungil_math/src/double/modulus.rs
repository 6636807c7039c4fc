//! The logarithm of the modulus of a complex number in float64.
//!
//! The sum of the squares in two parts, scaled where it would leave the range, and half its logarithm in two parts: so
//! that nothing cancels near the unit circle.
//! Contract: ≤ 1 ULP; an infinite part gives infinity, also beside NaN; zero gives minus infinity.
//! Limits: two divisions.
//! Source: `double::power`, `double::root`.

use super::coefficients::{LN2_HI, LN2_LO};
use super::pair::{fast_two_sum, two_product, two_sum};
use super::power::log_pair;
use super::select;

/// 2⁶⁰⁰ and 2⁻⁶⁰⁰.
const UP: f64 = f64::from_bits((1023 + 600) << 52);
const DOWN: f64 = f64::from_bits((1023 - 600) << 52);

/// log |x + iy|.
#[inline(always)]
pub fn clog_re(x: f64, y: f64) -> f64 {
    let (a, b) = (x.abs(), y.abs());
    let swapped = a < b;
    let (large, small) = (select(swapped, b, a), select(swapped, a, b));
    let (huge, tiny) = (large > 1e150, large < 1e-140);
    let scale = select(huge, DOWN, select(tiny, UP, 1.0));
    let k = select(huge, 600.0, select(tiny, -600.0, 0.0));
    let (u, v) = (large * scale, small * scale);
    let ((u_square, u_error), (v_square, v_error)) = (two_product(u, u), two_product(v, v));
    let (sum, error) = fast_two_sum(u_square, v_square);
    // Near the unit circle even the errors cancel: three parts.
    let (small_sum, small_error) = two_sum(u_error, v_error);
    let (middle, middle_error) = two_sum(error, small_sum);
    let (sum, error) = fast_two_sum(sum, middle);
    let error = error + (middle_error + small_error);
    let (log, log_tail) = log_pair(sum);
    let tail = 0.5f64.mul_add(log_tail + error / sum, k * LN2_LO);
    let whole = k.mul_add(LN2_HI, 0.5 * log);
    let whole_error = 0.5f64.mul_add(log, -whole) + k * LN2_HI;
    let value = whole + (tail + select(k == 0.0, 0.0, whole_error));
    let value = select(large == 0.0, f64::NEG_INFINITY, value);
    let value = select(a.is_nan() | b.is_nan(), f64::NAN, value);
    select((a == f64::INFINITY) | (b == f64::INFINITY), f64::INFINITY, value)
}

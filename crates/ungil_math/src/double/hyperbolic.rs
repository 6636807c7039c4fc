//! Hyperbolic functions in float64.
//!
//! tanh a = −e/(2 + e) with e = e^(−2a) − 1 in two parts and one corrected division.
//! Contract: ≤ 0.8 ULP; −0.0 and subnormal numbers keep their value.
//! Limits: none.
//! Source: README.md.

use super::coefficients::{INV_LN2, LN2_HI, LN2_LO};
use super::exponential::expm1_parts;
use super::pair::{divide_pairs, fast_two_sum};
use super::{ROUNDER, select};

/// tanh x.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let magnitude = x.abs();
    // Beyond 22 the result rounds to 1.
    let doubled = -2.0 * select(magnitude > 22.0, 22.0, magnitude);
    let rounded = doubled.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, doubled);
    let r = n.mul_add(-LN2_LO, high);
    let tail = n.mul_add(-LN2_LO, high - r);
    let scale = f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    let (leading, rest) = expm1_parts(r, tail);
    let whole = scale - 1.0;
    let whole_error = scale - (whole + 1.0);
    let (sum, error) = fast_two_sum(whole, scale * leading);
    let (num, num_tail) = fast_two_sum(sum, scale.mul_add(rest, error + whole_error));
    let (den, den_tail) = fast_two_sum(2.0, num);
    divide_pairs(-num, -num_tail, den, den_tail + num_tail).copysign(x)
}

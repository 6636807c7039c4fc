//! Hyperbolic functions in float64.
//!
//! tanh a = −h/(1 + h) with h = (e^(−2a) − 1)/2 in two parts and one corrected division.
//! Contract: ≤ 0.8 ULP; −0.0 and subnormal numbers keep their value.
//! Limits: none.
//! Source: README.md.

use super::exponential::{clamp, half_expm1};
use super::pair::{divide_pairs, fast_two_sum};

/// tanh x.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    // Beyond 22 the result rounds to 1.
    let (high, low) = half_expm1(-2.0 * clamp(x.abs(), 0.0, 22.0));
    let (high, low) = fast_two_sum(high, low);
    let (den, den_tail) = fast_two_sum(1.0, high);
    divide_pairs(-high, -low, den, den_tail + low).copysign(x)
}

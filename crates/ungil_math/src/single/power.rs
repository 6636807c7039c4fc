//! The power function in float32.
//!
//! e^(y·log |x|) in float64, with the signs and special cases of Annex F by selection.
//! Contract: ≤ 0.51 ULP.
//! Limits: none.
//! Source: README.md.

use super::exponential::exp_wide;
use super::logarithm::log_wide;
use crate::double::exponential::clamp;
use crate::double::power::{power_log_limits, with_power_limits};

/// x to the power y.
#[inline(always)]
pub fn pow(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    let magnitude = x.abs();
    let log = power_log_limits(magnitude, log_wide(magnitude));
    // Beyond 2⁶⁵ every power of a number other than 1 overflows or vanishes; the clamped exponent is even.
    let factor = clamp(y, -4e19, 4e19);
    let value = exp_wide(clamp(factor * log, -105.0, 90.0));
    with_power_limits(x, y, factor, value) as f32
}

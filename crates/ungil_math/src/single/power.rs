//! The power function in float32.
//!
//! e^(y·log |x|) in float64, with the signs and special cases of Annex F by selection.
//! Contract: ≤ 0.51 ULP.
//! Limits: none.
//! Source: README.md.

use super::exponential::exp_wide;
use super::logarithm::log_wide;
use crate::double::exponential::clamp;

/// x to the power y.
#[inline(always)]
pub fn pow(x: f32, y: f32) -> f32 {
    let magnitude = x.abs();
    // The product of a float32 and a logarithm below 104 is finite in float64.
    let product = f64::from(y) * log_wide(f64::from(magnitude));
    let value = exp_wide(clamp(product, -105.0, 90.0)) as f32;
    let growing = (y > 0.0) == (magnitude > 1.0);
    let limit = if growing { f32::INFINITY } else { 0.0 };
    let extreme = magnitude == 0.0 || magnitude == f32::INFINITY || y.abs() == f32::INFINITY;
    let value = if extreme { limit } else { value };
    let y_is_integer = y.trunc() == y;
    let y_is_odd = y_is_integer && (0.5 * y).trunc() != 0.5 * y;
    let value = if x.is_sign_negative() && y_is_odd { -value } else { value };
    // A negative finite number to a power that is no integer.
    let invalid = x < 0.0 && !y_is_integer && magnitude != f32::INFINITY;
    let value = if invalid || x.is_nan() || y.is_nan() { f32::NAN } else { value };
    let unit = x == 1.0 || y == 0.0 || (x == -1.0 && y.abs() == f32::INFINITY);
    if unit { 1.0 } else { value }
}

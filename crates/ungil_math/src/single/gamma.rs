//! The gamma function and the logarithm of its magnitude in float32.
//!
//! The float64 functions, rounded.
//! Contract: ≤ 0.5001 ULP; lgamma of negative numbers as its float64 error allows.
//! Limits: none.
//! Source: `double::gamma`.

use crate::double::gamma as double;

/// Γ(x).
#[inline(always)]
pub fn tgamma(x: f32) -> f32 {
    double::tgamma(f64::from(x)) as f32
}

/// log |Γ(x)|.
#[inline(always)]
pub fn lgamma(x: f32) -> f32 {
    double::lgamma(f64::from(x)) as f32
}

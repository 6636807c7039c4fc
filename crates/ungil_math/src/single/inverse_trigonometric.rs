//! Arc functions in float32.
//!
//! The float64 functions, rounded.
//! Contract: ≤ 0.5001 ULP.
//! Limits: none.
//! Source: `double::inverse_trigonometric`.

use crate::double::inverse_trigonometric as double;

/// asin x.
#[inline(always)]
pub fn asin(x: f32) -> f32 {
    double::asin(f64::from(x)) as f32
}

/// acos x.
#[inline(always)]
pub fn acos(x: f32) -> f32 {
    double::acos(f64::from(x)) as f32
}

/// atan x.
#[inline(always)]
pub fn atan(x: f32) -> f32 {
    double::atan(f64::from(x)) as f32
}

/// The angle of the point (x, y).
#[inline(always)]
pub fn atan2(y: f32, x: f32) -> f32 {
    double::atan2(f64::from(y), f64::from(x)) as f32
}

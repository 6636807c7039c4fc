//! The remainder of truncated division in float32.
//!
//! The float64 function, whose result is a float32.
//! Contract: exact.
//! Limits: as in float64.
//! Source: `double::remainder`.

use crate::double::remainder as double;

/// The remainder of x/y, with the sign of x.
#[inline(always)]
pub fn fmod(x: f32, y: f32) -> f32 {
    double::fmod(f64::from(x), f64::from(y)) as f32
}

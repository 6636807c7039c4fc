//! Cube root and hypotenuse in float32.
//!
//! The float64 cube root, rounded; the root of the sum of squares in float64.
//! Contract: ≤ 0.5001 ULP.
//! Limits: none.
//! Source: `double::root`.

use crate::double::root as double;
use crate::double::select;

/// cbrt x.
#[inline(always)]
pub fn cbrt(x: f32) -> f32 {
    double::cbrt(f64::from(x)) as f32
}

/// √(x² + y²).
#[inline(always)]
pub fn hypot(x: f32, y: f32) -> f32 {
    // The squares are exact and far from the limits of float64.
    let (a, b) = (f64::from(x), f64::from(y));
    let value = a.mul_add(a, b * b).sqrt() as f32;
    select((x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY), f32::INFINITY, value)
}

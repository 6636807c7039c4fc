//! Hyperbolic functions and their inverses in float32.
//!
//! The float64 functions, rounded.
//! Contract: ≤ 0.5001 ULP.
//! Limits: none.
//! Source: `double::hyperbolic`.

use crate::double::hyperbolic as double;

/// sinh x.
#[inline(always)]
pub fn sinh(x: f32) -> f32 {
    double::sinh(f64::from(x)) as f32
}

/// cosh x.
#[inline(always)]
pub fn cosh(x: f32) -> f32 {
    double::cosh(f64::from(x)) as f32
}

/// asinh x.
#[inline(always)]
pub fn asinh(x: f32) -> f32 {
    double::asinh(f64::from(x)) as f32
}

/// acosh x.
#[inline(always)]
pub fn acosh(x: f32) -> f32 {
    double::acosh(f64::from(x)) as f32
}

/// atanh x.
#[inline(always)]
pub fn atanh(x: f32) -> f32 {
    double::atanh(f64::from(x)) as f32
}

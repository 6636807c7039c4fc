//! Scaling by powers of two, and the parts of a number, in float32.
//!
//! In float64, where products with powers of two are exact.
//! Contract: one rounding where the result is subnormal.
//! Limits: exponents come and go as numbers.
//! Source: `double::scale`.

use crate::double::scale as double;

/// x·2ⁿ for integers n.
#[inline(always)]
pub fn ldexp(x: f32, n: f32) -> f32 {
    // The clamp keeps infinities and zeros apart from the limits of float64.
    double::ldexp(f64::from(x), f64::from(n.clamp(-400.0, 400.0))) as f32
}

/// m of x = m·2ᵏ with ½ ≤ |m| < 1.
#[inline(always)]
pub fn frexp_mantissa(x: f32) -> f32 {
    double::frexp_mantissa(f64::from(x)) as f32
}

/// k of x = m·2ᵏ with ½ ≤ |m| < 1.
#[inline(always)]
pub fn frexp_exponent(x: f32) -> f32 {
    double::frexp_exponent(f64::from(x)) as f32
}

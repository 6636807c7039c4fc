//! Hyperbolic functions and their inverses in float32.
//!
//! tanh as in float64, in float32 arithmetic; the others are the float64 functions, rounded.
//! Contract: ≤ 0.55 ULP.
//! Limits: none.
//! Source: `double::hyperbolic`.

use super::ROUNDER;
use super::coefficients::{INV_LN2, LN2_HI, LN2_LO};
use super::exponential::expm1_parts;
use super::pair::{divide_pairs, fast_two_sum};
use crate::double::hyperbolic as double;
use crate::double::select;

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

/// tanh x.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let magnitude = x.abs();
    // Beyond 9.1 the result rounds to 1.
    let doubled = -2.0 * select(magnitude > 9.5, 9.5, magnitude);
    let rounded = doubled.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, doubled);
    let r = n.mul_add(-LN2_LO, high);
    let tail = n.mul_add(-LN2_LO, high - r);
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    let (leading, rest) = expm1_parts(r, tail);
    let whole = scale - 1.0;
    let whole_error = scale - (whole + 1.0);
    let (sum, error) = fast_two_sum(whole, scale * leading);
    let (num, num_tail) = fast_two_sum(sum, scale.mul_add(rest, error + whole_error));
    let (den, den_tail) = fast_two_sum(2.0, num);
    divide_pairs(-num, -num_tail, den, den_tail + num_tail).copysign(x)
}

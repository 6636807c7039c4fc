//! The power function in float32.
//!
//! 2^(y·log₂ |x|) in float64 with the tables of the float64 functions and short polynomials, with the signs and special cases of
//! Annex F by selection.
//! Contract: ≤ 0.55 ULP.
//! Limits: none.
//! Source: `double::power`.

use crate::double::ROUNDER;
use crate::double::exponential::clamp;
use crate::double::logarithm::{Parts, parts};
use crate::double::power::with_power_limits;
use crate::double::register_tables::{SINGLE_EXP2_SLOPE, SINGLE_LOG2_REST};
use crate::instructions::{exp2_step_f64, log2_c_hi_f64, scale_f64};

/// log₂ x to 2⁻³⁶ for positive x; infinite at zero and infinity.
#[inline(always)]
fn log2_wide(x: f64) -> f64 {
    let Parts { k, index, r } = parts(x);
    let c = &SINGLE_LOG2_REST;
    let square = r * r;
    let even = square.mul_add(square.mul_add(c[4], c[2]), c[0]);
    let odd = square.mul_add(square.mul_add(c[5], c[3]), c[1]);
    let slope = r.mul_add(r.mul_add(odd, even), std::f64::consts::LOG2_E);
    r.mul_add(slope, k + log2_c_hi_f64(index))
}

/// 2^x to 2⁻²⁸ for |x| < 1,000.
#[inline(always)]
fn exp2_wide(x: f64) -> f64 {
    // To multiples of 1/16.
    let rounded = x + ROUNDER / 16.0;
    let n = rounded - ROUNDER / 16.0;
    let r = x - n;
    let c = &SINGLE_EXP2_SLOPE;
    let slope = r.mul_add(r.mul_add(c[2], c[1]), c[0]);
    let step = exp2_step_f64(rounded.to_bits());
    scale_f64(step.mul_add(r * slope, step), n)
}

/// x to the power y.
#[inline(always)]
pub fn pow(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    // Beyond 2⁶⁵ every power of a number other than 1 overflows or vanishes; the clamped exponent is even.
    let factor = clamp(y, -4e19, 4e19);
    let value = exp2_wide(clamp(factor * log2_wide(x.abs()), -152.0, 130.0));
    with_power_limits(x, y, factor, value) as f32
}

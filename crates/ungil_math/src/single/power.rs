//! The power function in float32.
//!
//! e^(y·log |x|) in float64 with short polynomials, with the signs and special cases of Annex F by selection.
//! Contract: ≤ 0.55 ULP.
//! Limits: none.
//! Source: `double::power`.

use super::coefficients::{WIDE_EXP, WIDE_LOG};
use crate::double::ROUNDER;
use crate::double::exponential::clamp;
use crate::double::logarithm::decompose_normal;
use crate::double::power::{power_log_limits, with_power_limits};

/// log x for positive finite normal x, to 2⁻³⁷.
#[inline(always)]
fn log_wide(x: f64) -> f64 {
    let (k, m) = decompose_normal(x);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let p = w.mul_add(z.mul_add(WIDE_LOG[3], WIDE_LOG[2]), z.mul_add(WIDE_LOG[1], WIDE_LOG[0]));
    k.mul_add(std::f64::consts::LN_2, s.mul_add(z * p, s + s))
}

/// e^x to 2⁻²⁸ for |x| < 700.
#[inline(always)]
fn exp_wide(x: f64) -> f64 {
    let rounded = x.mul_add(std::f64::consts::LOG2_E, ROUNDER);
    let r = (rounded - ROUNDER).mul_add(-std::f64::consts::LN_2, x);
    let square = r * r;
    let odd = square.mul_add(WIDE_EXP[3], WIDE_EXP[1]);
    let even = square.mul_add(square.mul_add(WIDE_EXP[4], WIDE_EXP[2]), WIDE_EXP[0]);
    let power = f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    square.mul_add(r.mul_add(odd, even), 1.0 + r) * power
}

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

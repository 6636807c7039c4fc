//! Exponential functions and the hyperbolic tangent in float32.
//!
//! The scheme of the float64 functions in plain float64 arithmetic: no compensation is needed.
//! Contract: ≤ 0.51 ULP.
//! Limits: none.
//! Source: `double::exponential`.

use super::coefficients::{EXP, EXPM1};
use crate::double::exponential::clamp;
use crate::double::{ROUNDER, select};

const LOG2_E: f64 = std::f64::consts::LOG2_E;
const LN_2: f64 = std::f64::consts::LN_2;

/// 2ⁿ for −1,022 ≤ n ≤ 1,023, where `rounded` is n + `ROUNDER`.
#[inline(always)]
fn power_of_two(rounded: f64) -> f64 {
    f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

/// e^x to 2⁻²⁸ for |x| < 700.
#[inline(always)]
pub(crate) fn exp_wide(x: f64) -> f64 {
    let rounded = x.mul_add(LOG2_E, ROUNDER);
    scaled_exp((rounded - ROUNDER).mul_add(-LN_2, x), rounded)
}

/// e^r·2ⁿ for |r| ≤ ln 2/2.
#[inline(always)]
fn scaled_exp(r: f64, rounded: f64) -> f64 {
    let square = r * r;
    let odd = square.mul_add(EXP[3], EXP[1]);
    let even = square.mul_add(square.mul_add(EXP[4], EXP[2]), EXP[0]);
    square.mul_add(r.mul_add(odd, even), 1.0 + r) * power_of_two(rounded)
}

/// e^x − 1 to 2⁻³¹ for |x| < 700.
#[inline(always)]
fn expm1_wide(x: f64) -> f64 {
    let rounded = x.mul_add(LOG2_E, ROUNDER);
    let r = (rounded - ROUNDER).mul_add(-LN_2, x);
    let scale = power_of_two(rounded);
    let square = r * r;
    let odd = square.mul_add(square.mul_add(EXPM1[5], EXPM1[3]), EXPM1[1]);
    let even = square.mul_add(square.mul_add(EXPM1[4], EXPM1[2]), EXPM1[0]);
    scale.mul_add(square.mul_add(r.mul_add(odd, even), r), scale - 1.0)
}

/// e^x.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    exp_wide(clamp(f64::from(x), -105.0, 90.0)) as f32
}

/// 2^x.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = clamp(f64::from(x), -152.0, 129.0);
    let rounded = x + ROUNDER;
    scaled_exp((x - (rounded - ROUNDER)) * LN_2, rounded) as f32
}

/// e^x − 1.
#[inline(always)]
pub fn expm1(x: f32) -> f32 {
    let value = expm1_wide(clamp(f64::from(x), -30.0, 90.0)) as f32;
    // −0.0 keeps its sign.
    select(x == 0.0, x, value)
}

/// tanh x.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let e = expm1_wide(-2.0 * clamp(f64::from(x.abs()), 0.0, 12.0));
    ((-e / (e + 2.0)) as f32).copysign(x)
}

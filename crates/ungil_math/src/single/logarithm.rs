//! Logarithms in float32.
//!
//! The scheme of the float64 functions in plain float64 arithmetic; every float32 is a normal float64.
//! Contract: ≤ 0.51 ULP.
//! Limits: none.
//! Source: `double::logarithm`.

use super::coefficients::LOG;
use crate::double::logarithm::{decompose_normal, with_log_limits};
use crate::double::select;

/// (k, log m) of positive finite x = 2^k·m with √½ ≤ m < √2, to 2⁻³⁷ of log m.
#[inline(always)]
fn parts(x: f64) -> (f64, f64) {
    let (k, m) = decompose_normal(x);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let p = w.mul_add(z.mul_add(LOG[3], LOG[2]), z.mul_add(LOG[1], LOG[0]));
    (k, s.mul_add(z * p, 2.0 * s))
}

/// log x for positive finite normal x, to 2⁻³⁷.
#[inline(always)]
pub(crate) fn log_wide(x: f64) -> f64 {
    let (k, log_m) = parts(x);
    k.mul_add(std::f64::consts::LN_2, log_m)
}

/// log x.
#[inline(always)]
pub fn log(x: f32) -> f32 {
    let x = f64::from(x);
    with_log_limits(x, log_wide(x)) as f32
}

/// log₂ x.
#[inline(always)]
pub fn log2(x: f32) -> f32 {
    let x = f64::from(x);
    let (k, log_m) = parts(x);
    with_log_limits(x, log_m.mul_add(std::f64::consts::LOG2_E, k)) as f32
}

/// log₁₀ x.
#[inline(always)]
pub fn log10(x: f32) -> f32 {
    let x = f64::from(x);
    let (k, log_m) = parts(x);
    with_log_limits(x, k.mul_add(std::f64::consts::LOG10_2, log_m * std::f64::consts::LOG10_E)) as f32
}

/// log(1 + x).
#[inline(always)]
pub fn log1p(x: f32) -> f32 {
    let wide = f64::from(x);
    // The sum is exact, or its error of 2⁻⁵³ counts only where log(1 + x) is x.
    let value = with_log_limits(1.0 + wide, log_wide(1.0 + wide)) as f32;
    select(x.abs() < 1e-8, x, value)
}

//! The logarithm of the modulus of a complex number in float32.
//!
//! Half the float64 logarithm of the sum of the squares, whose rounding is far below a float32.
//! Contract: ≤ 0.51 ULP; special values as in float64.
//! Limits: none.
//! Source: `double::modulus`.

use crate::double::logarithm::log;
use crate::double::select;

/// log |x + iy|.
#[inline(always)]
pub fn clog_re(x: f32, y: f32) -> f32 {
    let (a, b) = (f64::from(x), f64::from(y));
    let value = (0.5 * log(a.mul_add(a, b * b))) as f32;
    select((x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY), f32::INFINITY, value)
}

//! The logarithm of the modulus of a complex number in float32.
//!
//! Half the float64 logarithm of the sum of the squares, the sum's rounding error included.
//! Contract: ≤ 0.51 ULP; special values as in float64.
//! Limits: none.
//! Source: `double::modulus`.

use crate::double::logarithm::log;
use crate::double::pair::two_sum;
use crate::double::select;

/// log |x + iy|.
#[inline(always)]
pub fn clog_re(x: f32, y: f32) -> f32 {
    let (a, b) = (f64::from(x), f64::from(y));
    let (sum, error) = two_sum(a * a, b * b);
    // Close to the unit circle the sum's rounding error counts.
    let error = select((sum > 0.5) & (sum < 2.0), error, 0.0);
    let value = (0.5 * (log(sum) + error)) as f32;
    select((x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY), f32::INFINITY, value)
}

//! float32 functions.
//!
//! Plain Rust functions, always inlined; `symbols` exports them to kernels.
//! Limits: hypot and the gamma functions are computed in float64 arithmetic and rounded once at the end.

pub(crate) mod coefficients;
pub mod error_function;
pub mod exponential;
pub mod gamma;
pub mod hyperbolic;
pub mod inverse_trigonometric;
pub mod logarithm;
pub mod modulus;
mod pair;
pub mod power;
pub(crate) mod power_tables;
pub mod remainder;
pub mod root;
pub mod scale;
pub(crate) mod tables;
pub mod trigonometric;

/// The positive square root, correctly rounded.
#[inline(always)]
pub fn sqrt(x: f32) -> f32 {
    x.sqrt()
}

/// Adding and subtracting it rounds |x| < 2²² to an integer; the low bits of the sum hold that integer.
pub(crate) const ROUNDER: f32 = 12_582_912.0;

/// 2ⁿ as a product of two powers of two that are normal for −252 ≤ n ≤ 254.
///
/// `rounded` is n + `ROUNDER`. Scaling by one factor after the other rounds once where the result is subnormal.
#[inline(always)]
pub(crate) fn power_of_two_halves(rounded: f32) -> (f32, f32) {
    let biased = rounded.to_bits().wrapping_add(2 * 127);
    let half = biased >> 1;
    (f32::from_bits(half << 23), f32::from_bits(biased.wrapping_sub(half) << 23))
}

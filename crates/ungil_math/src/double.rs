//! float64 functions.
//!
//! Plain Rust functions, always inlined; `symbols` exports them to kernels.
//! Limits: round to nearest is assumed.

pub(crate) mod coefficients;
pub mod error_function;
pub mod exponential;
pub mod gamma;
pub mod hyperbolic;
pub mod inverse_trigonometric;
pub mod logarithm;
pub mod modulus;
pub(crate) mod pair;
pub mod power;
pub(crate) mod reduction;
pub(crate) mod register_tables;
pub mod remainder;
pub mod root;
pub mod scale;
mod special_coefficients;
mod tables;
pub mod trigonometric;

/// Adding and subtracting it rounds |x| < 2⁵¹ to an integer; the low bits of the sum hold that integer.
pub(crate) const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The positive square root, correctly rounded.
#[inline(always)]
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// 2ⁿ as a product of two powers of two that are normal for −2,044 ≤ n ≤ 2,046.
///
/// `rounded` is n + `ROUNDER`. Scaling by one factor after the other rounds once where the result is subnormal.
#[inline(always)]
pub(crate) fn power_of_two_halves(rounded: f64) -> (f64, f64) {
    let biased = rounded.to_bits().wrapping_add(2 * 1023);
    let half = biased >> 1;
    (f64::from_bits(half << 52), f64::from_bits(biased.wrapping_sub(half) << 52))
}

/// `yes` where `condition` holds, else `no`: never a branch, which would keep loops from being vectorised.
#[inline(always)]
pub(crate) fn select<T>(condition: bool, yes: T, no: T) -> T {
    std::hint::select_unpredictable(condition, yes, no)
}

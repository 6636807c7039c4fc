//! Logarithms in float32.
//!
//! x = 2^k·m with √½ ≤ m < √2, f = m − 1; log m = (f − f²/2) + f³·P(f), where f − f²/2 is kept exactly in two parts.
//! Contract: ≤ 0.75 ULP; log 1 = +0; exact powers of two and ten give integers.
//! Limits: no division.
//! Source: Cephes' `logf.c` (the form); coefficients by Remez.

use super::coefficients::{
    INV_LN2_PAIR_HI, INV_LN2_PAIR_LO, INV_LN10_HI, INV_LN10_LO, LN2_SHORT_HI, LN2_SHORT_LO, LOG, LOG10_2_HI,
    LOG10_2_LO,
};
use super::pair::two_product;
use crate::double::select;

/// The bits of √½, rounded up: mantissas start there.
const SQRT_HALF_BITS: u32 = 0x3f35_04f4;
const MANTISSA: u32 = 0x007f_ffff;
const TWO_POW_23: f32 = 8_388_608.0;

/// (k, m) with x = 2^k·m and √½ ≤ m < √2, for the bits of a positive normal number.
#[inline(always)]
pub(crate) fn split(bits: u32) -> (f32, f32) {
    let shifted = bits.wrapping_sub(SQRT_HALF_BITS);
    let k = (shifted.cast_signed() >> 23) as f32;
    (k, f32::from_bits((shifted & MANTISSA).wrapping_add(SQRT_HALF_BITS)))
}

/// (k, m) with x = 2^k·m and √½ ≤ m < √2, for positive finite x.
#[inline(always)]
pub(crate) fn decompose(x: f32) -> (f32, f32) {
    let tiny = x < f32::MIN_POSITIVE;
    let (k, m) = split(select(tiny, x * TWO_POW_23, x).to_bits());
    (k - select(tiny, 23.0, 0.0), m)
}

/// log(1 + f) as an unevaluated sum with f − f²/2 first, for √½ ≤ 1 + f ≤ √2.
#[inline(always)]
fn log_of_mantissa(f: f32) -> (f32, f32) {
    let half = 0.5 * f;
    let high = (-half).mul_add(f, f);
    let error = (-half).mul_add(f, f - high);
    let w = f * f;
    let even = w.mul_add(w.mul_add(w.mul_add(w.mul_add(LOG[8], LOG[6]), LOG[4]), LOG[2]), LOG[0]);
    let odd = w.mul_add(w.mul_add(w.mul_add(LOG[7], LOG[5]), LOG[3]), LOG[1]);
    (high, (w * f).mul_add(f.mul_add(odd, even), error))
}

/// `value` where `x` is positive and finite; the limits and NaN elsewhere.
#[inline(always)]
fn with_log_limits(x: f32, value: f32) -> f32 {
    let value = select(x < f32::INFINITY, value, x);
    let value = select(x < 0.0, f32::NAN, value);
    select(x == 0.0, f32::NEG_INFINITY, value)
}

/// k·ln 2 + high + low, rounded once; |high| is below ln 2/2, or k is 0.
#[inline(always)]
fn with_exponent(k: f32, high: f32, low: f32) -> f32 {
    // The product of k and the first part of ln 2 is exact.
    let sum = k.mul_add(LN2_SHORT_HI, high);
    let error = k.mul_add(LN2_SHORT_HI, -sum) + high;
    sum + (error + k.mul_add(LN2_SHORT_LO, low))
}

/// log x.
#[inline(always)]
pub fn log(x: f32) -> f32 {
    let (k, m) = decompose(x);
    let (high, low) = log_of_mantissa(m - 1.0);
    with_log_limits(x, with_exponent(k, high, low))
}

/// log₂ x.
#[inline(always)]
pub fn log2(x: f32) -> f32 {
    let (k, m) = decompose(x);
    let (high, low) = log_of_mantissa(m - 1.0);
    let (scaled, error) = two_product(high, INV_LN2_PAIR_HI);
    let low = low.mul_add(INV_LN2_PAIR_HI, high.mul_add(INV_LN2_PAIR_LO, error));
    let sum = k + scaled;
    let error = (k - sum) + scaled;
    with_log_limits(x, sum + (error + low))
}

/// log₁₀ x.
#[inline(always)]
pub fn log10(x: f32) -> f32 {
    let (k, m) = decompose(x);
    let (high, low) = log_of_mantissa(m - 1.0);
    let (scaled, error) = two_product(high, INV_LN10_HI);
    let low = low.mul_add(INV_LN10_HI, high.mul_add(INV_LN10_LO, error));
    let sum = k.mul_add(LOG10_2_HI, scaled);
    let error = k.mul_add(LOG10_2_HI, -sum) + scaled;
    with_log_limits(x, sum + (error + k.mul_add(LOG10_2_LO, low)))
}

/// log(1 + x).
#[inline(always)]
pub fn log1p(x: f32) -> f32 {
    let u = 1.0 + x;
    let (k, _) = split(u.to_bits());
    // f = 2^−k·x + (2^−k − 1) with its rounding error; the scale is 2^(2−k), which is normal for the largest k.
    let shifted = u.to_bits().wrapping_sub(SQRT_HALF_BITS) & !MANTISSA;
    let scale = f32::from_bits((129_u32 << 23).wrapping_sub(shifted));
    let offset = scale.mul_add(0.25, -1.0);
    let scaled = x * scale * 0.25;
    let f = offset + scaled;
    let f_error = scaled - (f - offset);
    let (high, low) = log_of_mantissa(f);
    // The derivative 1/(1 + f) as 1 − f is enough for an error this small.
    let value = with_exponent(k, high, f_error.mul_add(1.0 - f, low));
    // −0.0 keeps its sign.
    with_log_limits(u, value.copysign(x))
}

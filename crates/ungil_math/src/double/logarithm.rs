//! Logarithms in float64.
//!
//! x = 2^k·m with √½ ≤ m < √2, f = m − 1, s = f/(2 + f);
//! log m = (f − f²/2) + s·(f²/2 + s²·P(s²)), where f − f²/2 is kept exactly in two parts.
//! Contract: ≤ 0.7 ULP; log 1 = +0; exact powers of two and ten give integers.
//! Limits: one division instead of a table, so that no gather is needed in vectors.
//! Source: fdlibm's `e_log.c` (the form of the series); coefficients by Remez.

use super::coefficients::{
    INV_LN2_PAIR_HI, INV_LN2_PAIR_LO, INV_LN10_HI, INV_LN10_LO, LN2_SHORT_HI, LN2_SHORT_LO, LOG, LOG10_2_HI,
    LOG10_2_LO,
};
use super::pair::two_product;
use super::select;

/// The bits of √½, rounded up to a short number: mantissas start there.
const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_0000_0000;
const EXPONENT_BIAS: u64 = 1023 << 52;
pub(crate) const TWO_POW_52: f64 = 4_503_599_627_370_496.0;

/// The biased exponent (as a number) and mantissa of the bits of a positive normal number.
#[inline(always)]
fn split(bits: u64) -> (f64, f64) {
    let shifted = bits.wrapping_add(EXPONENT_BIAS - SQRT_HALF_BITS);
    // The exponent is placed in the mantissa of 2⁵², which converts it to a number.
    let exponent = f64::from_bits((shifted >> 52) | TWO_POW_52.to_bits());
    let mantissa = (shifted & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF_BITS);
    (exponent, f64::from_bits(mantissa))
}

/// (k, m) with x = 2^k·m and √½ ≤ m < √2, for positive normal x.
#[inline(always)]
pub(crate) fn decompose_normal(x: f64) -> (f64, f64) {
    let (exponent, mantissa) = split(x.to_bits());
    (exponent - (TWO_POW_52 + 1023.0), mantissa)
}

/// (k, m) with x = 2^k·m and √½ ≤ m < √2, for positive finite x.
#[inline(always)]
pub(crate) fn decompose(x: f64) -> (f64, f64) {
    let tiny = x < f64::MIN_POSITIVE;
    let (exponent, mantissa) = split(select(tiny, x * TWO_POW_52, x).to_bits());
    (exponent - select(tiny, TWO_POW_52 + 1023.0 + 52.0, TWO_POW_52 + 1023.0), mantissa)
}

/// 2·atanh(s)/s − 2 of z = s².
#[inline(always)]
fn atanh_rest(z: f64) -> f64 {
    let w = z * z;
    let even = w.mul_add(w.mul_add(w.mul_add(LOG[6], LOG[4]), LOG[2]), LOG[0]);
    let odd = w.mul_add(w.mul_add(LOG[5], LOG[3]), LOG[1]);
    z * z.mul_add(odd, even)
}

/// log(1 + f) as an unevaluated sum with f − f²/2 first, for √½ ≤ 1 + f ≤ √2.
#[inline(always)]
fn log_of_mantissa(f: f64) -> (f64, f64) {
    let s = f / (2.0 + f);
    // f − f²/2 exactly in two parts.
    let half = 0.5 * f;
    let high = (-half).mul_add(f, f);
    let error = (-half).mul_add(f, f - high);
    (high, s.mul_add(half.mul_add(f, atanh_rest(s * s)), error))
}

/// k·ln 2 + high + low, rounded once; |high| is below ln 2/2, or k is 0.
#[inline(always)]
fn with_exponent(k: f64, high: f64, low: f64) -> f64 {
    // The product of k and the first part of ln 2 is exact.
    let sum = k.mul_add(LN2_SHORT_HI, high);
    let error = k.mul_add(LN2_SHORT_HI, -sum) + high;
    sum + (error + k.mul_add(LN2_SHORT_LO, low))
}

/// `value` where `x` is positive and finite; the limits and NaN elsewhere.
#[inline(always)]
pub(crate) fn with_log_limits(x: f64, value: f64) -> f64 {
    let value = select(x < f64::INFINITY, value, x);
    let value = select(x < 0.0, f64::NAN, value);
    select(x == 0.0, f64::NEG_INFINITY, value)
}

/// log x.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let (k, m) = decompose(x);
    let (high, low) = log_of_mantissa(m - 1.0);
    with_log_limits(x, with_exponent(k, high, low))
}

/// log₂ x.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
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
pub fn log10(x: f64) -> f64 {
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
pub fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    let shifted = u.to_bits().wrapping_add(EXPONENT_BIAS - SQRT_HALF_BITS);
    let k = f64::from_bits((shifted >> 52) | TWO_POW_52.to_bits()) - (TWO_POW_52 + 1023.0);
    // f = 2^−k·x + (2^−k − 1) with its rounding error; the scale is 2^(2−k), which is normal for the largest k.
    let scale = f64::from_bits((2048_u64 << 52).wrapping_sub(shifted & 0xfff0_0000_0000_0000));
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

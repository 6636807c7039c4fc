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
use super::pair::{fast_two_sum, two_product};

/// The bits of √½, rounded up to a short number: mantissas start there.
const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_0000_0000;
const EXPONENT_BIAS: u64 = 1023 << 52;
const TWO_POW_52: f64 = 4_503_599_627_370_496.0;

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
    let (exponent, mantissa) = split(if tiny { x * TWO_POW_52 } else { x }.to_bits());
    (exponent - if tiny { TWO_POW_52 + 1023.0 + 52.0 } else { TWO_POW_52 + 1023.0 }, mantissa)
}

/// log(1 + f) as an unevaluated sum, for √½ ≤ 1 + f ≤ √2.
#[inline(always)]
pub(crate) fn log_of_mantissa(f: f64) -> (f64, f64) {
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w.mul_add(w.mul_add(w.mul_add(LOG[6], LOG[4]), LOG[2]), LOG[0]);
    let odd = w.mul_add(w.mul_add(LOG[5], LOG[3]), LOG[1]);
    let rest = z * z.mul_add(odd, even);
    let half = 0.5 * f;
    let sum = (-half).mul_add(f, f);
    let error = (-half).mul_add(f, f - sum);
    (sum, s.mul_add(half.mul_add(f, rest), error))
}

/// `value` where `x` is positive and finite; the limits and NaN elsewhere.
#[inline(always)]
pub(crate) fn with_log_limits(x: f64, value: f64) -> f64 {
    let value = if x == f64::INFINITY { x } else { value };
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    // NaN fails the comparison and comes out of the addition.
    if x >= 0.0 { value } else { x + f64::NAN }
}

/// log x.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let (k, m) = decompose(x);
    let (high, low) = log_of_mantissa(m - 1.0);
    let (sum, error) = fast_two_sum(k * LN2_SHORT_HI, high);
    with_log_limits(x, sum + (error + k.mul_add(LN2_SHORT_LO, low)))
}

/// log₂ x.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    let (k, m) = decompose(x);
    let (high, low) = log_of_mantissa(m - 1.0);
    let (scaled, rest) = two_product(high, INV_LN2_PAIR_HI);
    let rest = low.mul_add(INV_LN2_PAIR_HI, high.mul_add(INV_LN2_PAIR_LO, rest));
    let (sum, error) = fast_two_sum(k, scaled);
    with_log_limits(x, sum + (error + rest))
}

/// log₁₀ x.
#[inline(always)]
pub fn log10(x: f64) -> f64 {
    let (k, m) = decompose(x);
    let (high, low) = log_of_mantissa(m - 1.0);
    let (scaled, rest) = two_product(high, INV_LN10_HI);
    let rest = low.mul_add(INV_LN10_HI, high.mul_add(INV_LN10_LO, rest));
    let (sum, error) = fast_two_sum(k * LOG10_2_HI, scaled);
    with_log_limits(x, sum + (error + k.mul_add(LOG10_2_LO, rest)))
}

/// log(1 + x).
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // The rounding error of 1 + x; the larger operand comes first.
    let u_error = if x.abs() < 1.0 { x - (u - 1.0) } else { (x - u) + 1.0 };
    let (k, m) = decompose(u);
    // 2^−k scales the error to the mantissa; large exponents are clamped, as the error no longer counts.
    let short = if k > 100.0 { 100.0 } else { k };
    let scale = f64::from_bits((1023.0 - short + TWO_POW_52).to_bits() << 52);
    let m_error = u_error * scale;
    let f = m - 1.0;
    let sum = f + m_error;
    let sum_error = (f - sum) + m_error;
    let (high, low) = log_of_mantissa(sum);
    // The derivative 1/(1 + f) as 1 − f is enough for an error this small.
    let low = sum_error.mul_add(1.0 - sum, low);
    let (total, error) = fast_two_sum(k * LN2_SHORT_HI, high);
    let value = total + (error + k.mul_add(LN2_SHORT_LO, low));
    let value = with_log_limits(u, value);
    // −0.0 and subnormal numbers stay as they are.
    if x.abs() < 1e-300 { x } else { value }
}

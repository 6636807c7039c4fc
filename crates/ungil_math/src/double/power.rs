//! The power function in float64.
//!
//! log |x| to 2⁻⁶⁶ in two parts, times y, and e to that power; signs and special cases of Annex F by selection.
//! log m = 2s + s·z·(2/3 + z·Q(z)) with s = f/(2 + f) in two parts and z = s², the first products in two parts.
//! Contract: ≤ 0.8 ULP.
//! Limits: one division instead of a table, so that no gather is needed in vectors.
//! Source: the series of fdlibm's `e_pow.c` with the splits done by FMA; coefficients by Remez.

use super::coefficients::{LN2_SHORT_HI, LN2_SHORT_LO, LOG_PAIR};
use super::exponential::{clamp, exp_of_sum};
use super::logarithm::decompose;
use super::pair::{fast_two_sum, two_product};
use super::select;

/// log x in two parts, the second below 2⁻⁴³ of the first, for positive finite x.
#[inline(always)]
pub(crate) fn log_pair(x: f64) -> (f64, f64) {
    let (k, m) = decompose(x);
    let f = m - 1.0;
    // s = f/(2 + f) in two parts.
    let den = 2.0 + f;
    let den_tail = f - (den - 2.0);
    let reciprocal = 1.0 / den;
    let s = f * reciprocal;
    let s_tail = reciprocal * (-s).mul_add(den_tail, (-s).mul_add(den, f));
    let (z, error) = two_product(s, s);
    let z_tail = (s + s).mul_add(s_tail, error);
    let w = z * z;
    let c = &LOG_PAIR;
    let even = w.mul_add(w.mul_add(w.mul_add(c[8], c[6]), c[4]), c[2]);
    let odd = w.mul_add(w.mul_add(w.mul_add(c[7], c[5]), c[3]), c[1]);
    let q = z * z.mul_add(even, odd);
    let (p, p_tail) = fast_two_sum(c[0], q);
    let (product, error) = two_product(z, p);
    let product_tail = z_tail.mul_add(p, z.mul_add(p_tail, error));
    let (cubic, error) = two_product(s, product);
    let cubic_tail = s_tail.mul_add(2.0 + product, s.mul_add(product_tail, error));
    // k·ln 2 + 2·s + cubic; the product with the first part is exact.
    let double = s + s;
    let sum = k.mul_add(LN2_SHORT_HI, double);
    let sum_error = k.mul_add(LN2_SHORT_HI, -sum) + double;
    let (high, high_error) = fast_two_sum(sum, cubic);
    (high, k.mul_add(LN2_SHORT_LO, cubic_tail) + (sum_error + high_error))
}

/// x to the power y.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let magnitude = x.abs();
    let (high, low) = log_pair(magnitude);
    let high = power_log_limits(magnitude, high);
    // Beyond 2⁶⁵ every power of a number other than 1 overflows or vanishes; the clamped exponent is even.
    let factor = clamp(y, -4e19, 4e19);
    let (product, error) = two_product(factor, high);
    let error = factor.mul_add(low, error);
    let clamped = clamp(product, -746.0, 710.0);
    let value = exp_of_sum(clamped, select(clamped == product, error, 0.0));
    with_power_limits(x, y, factor, value)
}

/// `log`, the logarithm of `magnitude`, with the limits at 0 and infinity; NaN passes.
#[inline(always)]
pub(crate) fn power_log_limits(magnitude: f64, log: f64) -> f64 {
    let log = select(magnitude < f64::INFINITY, log, magnitude);
    select(magnitude == 0.0, f64::NEG_INFINITY, log)
}

/// `value`, the power of |x|, with the sign and the special cases of Annex F.
///
/// `factor` is y with large magnitudes replaced by an even integer.
#[inline(always)]
pub(crate) fn with_power_limits(x: f64, y: f64, factor: f64, value: f64) -> f64 {
    // The rest of y modulo 2: 0 where y is even, ±1 where it is odd.
    let rest = (0.5 * factor).trunc().mul_add(-2.0, factor).abs();
    let odd = rest == 1.0;
    // The sign of x where y is odd; NaN where a negative finite x meets a fraction.
    let value = f64::from_bits(value.to_bits() | select(odd, x.to_bits() & (1 << 63), 0));
    let integer = odd | (rest == 0.0);
    let for_negative = select(integer, value, select(x == f64::NEG_INFINITY, value, f64::NAN));
    let value = select(x < 0.0, for_negative, value);
    select((x == 1.0) | (y == 0.0), 1.0, value)
}

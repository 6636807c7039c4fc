//! Scaling by powers of two, and the parts of a number, in float64.
//!
//! Contract: exact but for one rounding where the result is subnormal.
//! Limits: exponents come and go as numbers.
//! Source: musl's `scalbn.c` (the steps).

use super::logarithm::TWO_POW_52;
use super::select;

/// 2ⁿ for −1,022 ≤ n ≤ 1,023.
#[inline(always)]
fn power(n: f64) -> f64 {
    f64::from_bits((TWO_POW_52 + 1023.0 + n).to_bits() << 52)
}

/// A factor that brings n nearer to the range of exponents, and the rest of n. Downwards it leaves room for 53 bits, so
/// that no step but the last one rounds.
#[inline(always)]
fn step(n: f64) -> (f64, f64) {
    let part = select(n > 1023.0, 1023.0, select(n < -1022.0, -969.0, 0.0));
    (power(part), n - part)
}

/// x·2ⁿ for integers n.
#[inline(always)]
pub fn ldexp(x: f64, n: f64) -> f64 {
    let n = select(n > 2200.0, 2200.0, select(n < -2200.0, -2200.0, n));
    let (first, n) = step(n);
    let (second, n) = step(n);
    let n = select(n > 1023.0, 1023.0, select(n < -1022.0, -1022.0, n));
    x * first * second * power(n)
}

/// Whether a number is its own mantissa: zero, infinity, NaN.
#[inline(always)]
fn is_whole(magnitude: f64) -> bool {
    (magnitude == 0.0) | (magnitude == f64::INFINITY) | magnitude.is_nan()
}

/// m of x = m·2ᵏ with ½ ≤ |m| < 1.
#[inline(always)]
pub fn frexp_mantissa(x: f64) -> f64 {
    let magnitude = x.abs();
    let normal = select(magnitude < f64::MIN_POSITIVE, x * TWO_POW_52, x);
    let mantissa = f64::from_bits(normal.to_bits() & 0x800f_ffff_ffff_ffff | 0x3fe0_0000_0000_0000);
    select(is_whole(magnitude), x, mantissa)
}

/// k of x = m·2ᵏ with ½ ≤ |m| < 1.
#[inline(always)]
pub fn frexp_exponent(x: f64) -> f64 {
    let magnitude = x.abs();
    let tiny = magnitude < f64::MIN_POSITIVE;
    let bits = select(tiny, magnitude * TWO_POW_52, magnitude).to_bits();
    let exponent = f64::from_bits((bits >> 52) | TWO_POW_52.to_bits()) - (TWO_POW_52 + 1022.0);
    select(is_whole(magnitude), 0.0, exponent - select(tiny, 52.0, 0.0))
}

//! The power function in float64.
//!
//! log |x| to 2⁻⁶⁸ in two parts from a table of 128 points, times y, and e to that power; the signs and special
//! cases of Annex F by selection.
//! Contract: ≤ 0.6 ULP.
//! Limits: three table look-ups (gathers in vectors).
//! Source: S. Nagy, ARM optimized routines `pow.c` (the scheme); table and coefficients by `tools/generate.py`.

use super::coefficients::{LN2_SHORT_HI, LN2_SHORT_LO, LOG_NEAR_ONE};
use super::exponential::{clamp, exp_of_sum};
use super::pair::{fast_two_sum, two_product};
use super::tables::{INVERSE, LOG_HI, LOG_LO};

const TABLE_START: u64 = 0x3fe6_0000_0000_0000;
const EXPONENT_BIAS: u64 = 1023 << 52;
const TWO_POW_52: f64 = 4_503_599_627_370_496.0;

/// log x in two parts for positive finite x.
#[inline(always)]
pub(crate) fn log_pair(x: f64) -> (f64, f64) {
    let tiny = x < f64::MIN_POSITIVE;
    let bits = if tiny { x * TWO_POW_52 } else { x }.to_bits();
    let shifted = bits.wrapping_add(EXPONENT_BIAS - TABLE_START);
    let exponent = f64::from_bits((shifted >> 52) | TWO_POW_52.to_bits());
    let k = exponent - if tiny { TWO_POW_52 + 1023.0 + 52.0 } else { TWO_POW_52 + 1023.0 };
    let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(TABLE_START));
    let index = ((shifted >> 45) & 127) as usize;
    // Exact: the table's values are short enough.
    let r = m.mul_add(INVERSE[index], -1.0);
    let whole = k.mul_add(LN2_SHORT_HI, LOG_HI[index]);
    let (sum, error) = fast_two_sum(whole, r);
    let rest = error + k.mul_add(LN2_SHORT_LO, LOG_LO[index]);
    // −r²/2 with its rounding error, then the rest of the series.
    let half = -0.5 * r;
    let (square, square_error) = two_product(half, r);
    let (high, error) = fast_two_sum(sum, square);
    let p = &LOG_NEAR_ONE;
    let r2 = r * r;
    let odd = r2.mul_add(r2.mul_add(p[5], p[3]), p[1]);
    let even = r2.mul_add(r2.mul_add(r2.mul_add(p[6], p[4]), p[2]), p[0]);
    let series = (r2 * r).mul_add(r.mul_add(odd, even), rest + square_error);
    fast_two_sum(high, error + series)
}

/// x to the power y.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let magnitude = x.abs();
    let (high, low) = log_pair(magnitude);
    // Beyond 2⁶⁵ every power of a number other than 1 overflows or vanishes; the product stays finite.
    let factor = clamp(y, -4e19, 4e19);
    let (product, error) = two_product(factor, high);
    let error = factor.mul_add(low, error);
    let in_range = product.abs() < 1000.0;
    let value = exp_of_sum(clamp(product, -746.0, 710.0), if in_range { error } else { 0.0 });

    let growing = (y > 0.0) == (magnitude > 1.0);
    let limit = if growing { f64::INFINITY } else { 0.0 };
    let extreme = magnitude == 0.0 || magnitude == f64::INFINITY || y.abs() == f64::INFINITY;
    let value = if extreme { limit } else { value };
    let y_is_integer = y.trunc() == y;
    let y_is_odd = y_is_integer && (0.5 * y).trunc() != 0.5 * y;
    let negative = x.is_sign_negative();
    let value = if negative && y_is_odd { -value } else { value };
    // A negative finite number to a power that is no integer.
    let invalid = x < 0.0 && !y_is_integer && magnitude != f64::INFINITY;
    let value = if invalid || x.is_nan() || y.is_nan() { f64::NAN } else { value };
    let unit = x == 1.0 || y == 0.0 || (x == -1.0 && y.abs() == f64::INFINITY);
    if unit { 1.0 } else { value }
}

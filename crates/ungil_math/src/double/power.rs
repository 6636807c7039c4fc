//! The power function in float64.
//!
//! log |x| to 2⁻⁶⁶ in two parts, times y, and e to that power; signs and special cases of Annex F by selection.
//! The logarithm is that of `logarithm` with r + r²·(−½ + r·(1/3 + r·Q(r))) in two parts; r is exact.
//! Contract: ≤ 0.8 ULP.
//! Limits: none.
//! Source: P. Tang's tables with the splits done by FMA; coefficients by Remez.

use super::exponential::{clamp, exp_of_sum};
use super::logarithm::{Parts, parts};
use super::pair::{fast_two_sum, two_product};
use super::register_tables::{LN2_GRID, POW_REST};
use super::select;
use crate::instructions::{log_c_hi_f64, log_c_lo_f64};

/// 1/3 in two parts.
const THIRD: f64 = 1.0 / 3.0;
const THIRD_TAIL: f64 = 1.850_371_707_708_594e-17;

/// log x in two parts, the second below 2⁻⁴³ of the first, for x ≥ 0; the first is infinite at zero and infinity, the second then NaN.
#[inline(always)]
pub(crate) fn log_pair(x: f64) -> (f64, f64) {
    let Parts { k, index, r } = parts(x);
    let c = &POW_REST;
    let square = r * r;
    let square_error = r.mul_add(r, -square);
    let even = square.mul_add(square.mul_add(square.mul_add(square.mul_add(c[8], c[6]), c[4]), c[2]), c[0]);
    let odd = square.mul_add(square.mul_add(square.mul_add(c[7], c[5]), c[3]), c[1]);
    let q = r * r.mul_add(odd, even);
    // 1/3 + r·q, and with it −½ + r·(1/3 + r·q), each in two parts.
    let (third, third_error) = fast_two_sum(THIRD, q);
    let third_tail = third_error + THIRD_TAIL;
    let slope = r.mul_add(third, -0.5);
    let slope_tail = r.mul_add(third_tail, r.mul_add(third, -0.5 - slope));
    let (product, product_error) = two_product(square, slope);
    let product_tail = square_error.mul_add(slope, square.mul_add(slope_tail, product_error));
    // The sum of the first parts is exact.
    let base = k.mul_add(LN2_GRID[0], log_c_hi_f64(index));
    let base_low = k.mul_add(LN2_GRID[1], log_c_lo_f64(index));
    let (sum, sum_error) = fast_two_sum(base, r);
    let (high, high_error) = fast_two_sum(sum, product);
    (high, (sum_error + high_error) + (product_tail + base_low))
}

/// x to the power y.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let magnitude = x.abs();
    let (high, low) = log_pair(magnitude);
    // Beyond 2⁶⁵ every power of a number other than 1 overflows or vanishes; the clamped exponent is even.
    let factor = clamp(y, -4e19, 4e19);
    let (product, error) = two_product(factor, high);
    let error = factor.mul_add(low, error);
    let clamped = clamp(product, -746.0, 710.0);
    let value = exp_of_sum(clamped, select(clamped == product, error, 0.0));
    with_power_limits(x, y, factor, value)
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

//! Arc functions in float32.
//!
//! The schemes of the float64 functions in float32 arithmetic; atan by tables of cubic polynomials, atan2 of a quotient of magnitude ≤ 1 plus 0,
//! π/2 or π.
//! Contract: ≤ 1 ULP; zeros keep their sign; atan2 as Annex F for zeros and infinities.
//! Limits: a division or a square root each.
//! Source: `double::inverse_trigonometric`.

use super::ROUNDER;
use super::coefficients::{ASIN, ATAN, HALF_PI_PAIR_HI, HALF_PI_PAIR_LO, PI_PAIR_HI, PI_PAIR_LO};
use super::pair::fast_two_sum;
use super::root::sqrt_pair;
use crate::double::select;
use crate::instructions::{atan_1, atan_2, atan_3, atan_across, atan_centre, atan_up};

/// (atan q − q)/q³ of z = q² for |q| ≤ 1.
#[inline(always)]
fn atan_rest(z: f32) -> f32 {
    let w = z * z;
    let even = w.mul_add(w.mul_add(ATAN[8], ATAN[6]), ATAN[4]);
    let odd = w.mul_add(ATAN[7], ATAN[5]);
    // One after the other, since the terms cancel near 1.
    let high = z.mul_add(z.mul_add(odd, even), ATAN[3]);
    z.mul_add(z.mul_add(z.mul_add(high, ATAN[2]), ATAN[1]), ATAN[0])
}

/// base + base_tail + the arc tangent of num/den, for a quotient of magnitude ≤ 1 and a base that is 0 or above 1.
#[inline(always)]
fn add_atan_of_quotient(base: f32, base_tail: f32, num: f32, den: f32) -> f32 {
    let reciprocal = 1.0 / den;
    let q = num * reciprocal;
    let z = q * q;
    // The derivative 1/(1 + q²) by q as 1 − z/2 is enough for errors this small.
    let error = (-q).mul_add(den, num) * reciprocal;
    let rest = z * atan_rest(z);
    let (sum, sum_error) = fast_two_sum(base, q);
    let whole = q.mul_add(rest, sum);
    let whole_error = q.mul_add(rest, sum - whole);
    whole + (whole_error + z.mul_add(-0.5, 1.0).mul_add(error, sum_error + base_tail))
}

/// atan x.
#[inline(always)]
pub fn atan(x: f32) -> f32 {
    let magnitude = x.abs();
    // Beyond, the result is π/2 anyhow.
    let a = select(magnitude > 1e20, 1e20, magnitude);
    // a, or 1/a with its rounding error.
    let large = a > 1.0;
    let q = select(large, 1.0 / a, a);
    let remainder = select(large, (-q).mul_add(a, 1.0), 0.0);
    let shifted = q.mul_add(31.0, ROUNDER);
    let index = shifted.to_bits();
    // The difference is exact.
    let t = remainder.mul_add(q, q - atan_centre(index));
    // Small results are q and the rest.
    let small = !large & (shifted < ROUNDER + 2.0);
    let slope = atan_1(index) - select(small, 1.0, 0.0);
    let slope = t.mul_add(t.mul_add(atan_3(index), atan_2(index)), slope);
    let base = select(large, atan_across(index), atan_up(index));
    let rest = select(large, -t, t).mul_add(slope, base);
    select(small, rest + q, rest).copysign(x)
}

/// (asin x − x)/x³ of z = x².
#[inline(always)]
fn asin_rest(z: f32) -> f32 {
    let w = z * z;
    let even = w.mul_add(w.mul_add(ASIN[4], ASIN[2]), ASIN[0]);
    let odd = w.mul_add(ASIN[3], ASIN[1]);
    z.mul_add(odd, even)
}

/// asin of |x| ≤ ½, or half of acos |x| beyond, as an unevaluated sum; NaN beyond 1.
#[inline(always)]
fn asin_parts(a: f32, large: bool) -> (f32, f32) {
    // Exact for a > ½.
    let half = 0.5 - 0.5 * a;
    let (root, root_tail) = sqrt_pair(half, 0.0);
    let z = select(large, half, a * a);
    let s = select(large, root, a);
    (s, (s * z).mul_add(asin_rest(z), select(large, root_tail, 0.0)))
}

/// asin x.
#[inline(always)]
pub fn asin(x: f32) -> f32 {
    let a = x.abs();
    let large = a > 0.5;
    let (s, tail) = asin_parts(a, large);
    let (sum, error) = fast_two_sum(HALF_PI_PAIR_HI, -2.0 * s);
    let beyond = sum + (error + tail.mul_add(-2.0, HALF_PI_PAIR_LO));
    select(large, beyond, s + tail).copysign(x)
}

/// acos x.
#[inline(always)]
pub fn acos(x: f32) -> f32 {
    let a = x.abs();
    let large = a > 0.5;
    let (s, tail) = asin_parts(a, large);
    let negative = x < 0.0;
    // 2·s, π − 2·s or π/2 − x.
    let base = select(large, select(negative, PI_PAIR_HI, 0.0), HALF_PI_PAIR_HI);
    let base_tail = select(large, select(negative, PI_PAIR_LO, 0.0), HALF_PI_PAIR_LO);
    let factor = select(large, 2.0, -1.0) * select(negative, -1.0, 1.0);
    let (sum, error) = fast_two_sum(base, factor * s);
    sum + (error + factor.mul_add(tail, base_tail))
}

/// 2⁶⁰ and 2⁻⁴⁰.
const UP: f32 = f32::from_bits((127 + 60) << 23);
const DOWN: f32 = f32::from_bits((127 - 40) << 23);

/// The angle of the point (x, y).
#[inline(always)]
pub fn atan2(y: f32, x: f32) -> f32 {
    let (a, b) = (y.abs(), x.abs());
    let swapped = a > b;
    let (num, den) = (select(swapped, b, a), select(swapped, a, b));
    // Scaled so that the reciprocal and the remainder of the quotient are normal numbers.
    let scale = select(den > 1e30, DOWN, select(den < 1e10, UP, 1.0));
    let (num, den) = (num * scale, den * scale);
    // Two infinities count as equal, two zeros as a zero over one, finite over infinite as zero over one.
    let infinite = den == f32::INFINITY;
    let equal = infinite & (num == f32::INFINITY);
    let num = select(infinite, select(equal, 1.0, 0.0), num);
    let den = select(infinite | (den == 0.0), 1.0, den);
    // The angle of (|x|, |y|) is q + tail, mirrored where |y| > |x|, again where x < 0.
    let turned = x.is_sign_negative();
    let sign: f32 = select(swapped != turned, -1.0, 1.0);
    let base = select(swapped, HALF_PI_PAIR_HI, select(turned, PI_PAIR_HI, 0.0));
    let base_tail = select(swapped, HALF_PI_PAIR_LO, select(turned, PI_PAIR_LO, 0.0));
    let value = add_atan_of_quotient(base, base_tail, sign * num, den);
    let value = select(a.is_nan() | b.is_nan(), f32::NAN, value);
    value.copysign(y)
}

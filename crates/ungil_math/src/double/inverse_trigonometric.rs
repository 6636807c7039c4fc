//! Arc functions in float64.
//!
//! atan: one of a, (a − 1)/(a + 1), −1/a, a quotient of magnitude ≤ √2 − 1 in two parts, plus 0, π/4 or π/2.
//! asin, acos: the series for |x| ≤ ½, beyond it that of √((1 − |x|)/2), the root in two parts.
//! Contract: ≤ 0.75 ULP; zeros keep their sign; atan2 as Annex F for zeros and infinities.
//! Limits: a division or a square root each.
//! Source: fdlibm (the reductions); coefficients by Remez.

use super::coefficients::{
    ASIN, ATAN, HALF_PI_PAIR_HI, HALF_PI_PAIR_LO, PI_PAIR_HI, PI_PAIR_LO, QUARTER_PI_PAIR_HI,
    QUARTER_PI_PAIR_LO,
};
use super::pair::fast_two_sum;
use super::root::sqrt_pair;
use super::select;

/// (atan q − q)/q³ of z = q².
#[inline(always)]
fn atan_rest(z: f64) -> f64 {
    let w = z * z;
    let even = w.mul_add(w.mul_add(ATAN[10], ATAN[8]), ATAN[6]);
    let odd = w.mul_add(w.mul_add(ATAN[9], ATAN[7]), ATAN[5]);
    let even = w.mul_add(w.mul_add(w.mul_add(even, ATAN[4]), ATAN[2]), ATAN[0]);
    let odd = w.mul_add(w.mul_add(odd, ATAN[3]), ATAN[1]);
    z.mul_add(odd, even)
}

/// The arc tangent of num/den as an unevaluated sum, for a quotient of magnitude ≤ √2 − 1.
#[inline(always)]
fn atan_of_quotient(num: f64, num_tail: f64, den: f64, den_tail: f64) -> (f64, f64) {
    let reciprocal = 1.0 / den;
    let q = num * reciprocal;
    let remainder = (-q).mul_add(den, num) + (-q).mul_add(den_tail, num_tail);
    let z = q * q;
    // The derivative 1/(1 + q²) as 1 − q² is enough for an error this small.
    let error = remainder * reciprocal;
    (q, (z * q).mul_add(atan_rest(z), (-z).mul_add(error, error)))
}

/// atan x.
#[inline(always)]
pub fn atan(x: f64) -> f64 {
    let a = x.abs();
    let (middle, large) = (a > 0.414_213_562_373_095, a > 2.414_213_562_373_095);
    let (less, more) = (a - 1.0, a + 1.0);
    // The roundings of a − 1 and a + 1 where they are used.
    let less_error = (-1.0 - less) + a;
    let more_error = (1.0 - more) + a;
    let inner = middle & !large;
    let num = select(large, -1.0, select(middle, less, a));
    let den = select(large, a, select(middle, more, 1.0));
    let (num_tail, den_tail) = (select(inner, less_error, 0.0), select(inner, more_error, 0.0));
    let (q, tail) = atan_of_quotient(num, num_tail, den, den_tail);
    let base = select(large, HALF_PI_PAIR_HI, select(middle, QUARTER_PI_PAIR_HI, 0.0));
    let base_tail = select(large, HALF_PI_PAIR_LO, select(middle, QUARTER_PI_PAIR_LO, 0.0));
    let (sum, error) = fast_two_sum(base, q);
    let value = sum + (error + (tail + base_tail));
    // The quotient by infinity has no remainder.
    select(a == f64::INFINITY, HALF_PI_PAIR_HI, value).copysign(x)
}

/// (asin x − x)/x³ of z = x².
#[inline(always)]
fn asin_rest(z: f64) -> f64 {
    let w = z * z;
    let even = w.mul_add(w.mul_add(w.mul_add(ASIN[12], ASIN[10]), ASIN[8]), ASIN[6]);
    let odd = w.mul_add(w.mul_add(ASIN[11], ASIN[9]), ASIN[7]);
    let even = w.mul_add(w.mul_add(w.mul_add(even, ASIN[4]), ASIN[2]), ASIN[0]);
    let odd = w.mul_add(w.mul_add(w.mul_add(odd, ASIN[5]), ASIN[3]), ASIN[1]);
    z.mul_add(odd, even)
}

/// asin of |x| ≤ ½, or half of acos |x| beyond, as an unevaluated sum; NaN beyond 1.
#[inline(always)]
fn asin_parts(a: f64, large: bool) -> (f64, f64) {
    // Exact for a > ½.
    let half = 0.5 - 0.5 * a;
    let (root, root_tail) = sqrt_pair(half, 0.0);
    let z = select(large, half, a * a);
    let s = select(large, root, a);
    (s, (s * z).mul_add(asin_rest(z), select(large, root_tail, 0.0)))
}

/// asin x.
#[inline(always)]
pub fn asin(x: f64) -> f64 {
    let a = x.abs();
    let large = a > 0.5;
    let (s, tail) = asin_parts(a, large);
    let (sum, error) = fast_two_sum(HALF_PI_PAIR_HI, -2.0 * s);
    let beyond = sum + (error + tail.mul_add(-2.0, HALF_PI_PAIR_LO));
    select(large, beyond, s + tail).copysign(x)
}

/// acos x.
#[inline(always)]
pub fn acos(x: f64) -> f64 {
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

/// The angle of the point (x, y).
#[inline(always)]
pub fn atan2(y: f64, x: f64) -> f64 {
    let (a, b) = (y.abs(), x.abs());
    let swapped = a > b;
    let (num, den) = (select(swapped, b, a), select(swapped, a, b));
    // Scaled so that the reciprocal and the remainder of the quotient are normal numbers.
    let huge = den > 1e290;
    let tiny = den < 1e100;
    let scale = select(huge, DOWN, select(tiny, UP, 1.0));
    let (num, den) = (num * scale, den * scale);
    // Two infinities count as equal, two zeros as a zero over one.
    let equal = (a == f64::INFINITY) & (b == f64::INFINITY);
    let num = select(equal, 1.0, num);
    let den = select(equal, 1.0, select(den == 0.0, 1.0, select(den == f64::INFINITY, f64::MAX, den)));
    let num = select((den == f64::MAX) & !equal, 0.0, num);
    // For a quotient beyond √2 − 1: (num − den)/(num + den) and π/4.
    let middle = num > 0.414_213_562_373_095 * den;
    let (less, more) = (num - den, num + den);
    let less_error = num - (less + den);
    let more_error = (den - more) + num;
    let (q, tail) = atan_of_quotient(
        select(middle, less, num),
        select(middle, less_error, 0.0),
        select(middle, more, den),
        select(middle, more_error, 0.0),
    );
    // The angle of (|x|, |y|) is base ± (q + tail), mirrored where |y| > |x|, again where x < 0.
    let turned = x.is_sign_negative();
    let quarter = select(middle, 1.0, 0.0);
    let sign: f64 = select(swapped != turned, -1.0, 1.0);
    // In units of π/4.
    let start = select(swapped, 2.0, select(turned, 4.0, 0.0));
    let quarters = sign.mul_add(quarter, start);
    let base = quarters * QUARTER_PI_PAIR_HI;
    let base_tail = quarters.mul_add(QUARTER_PI_PAIR_LO, quarters.mul_add(QUARTER_PI_PAIR_HI, -base));
    let (sum, error) = fast_two_sum(base, sign * q);
    let value = sum + (error + sign.mul_add(tail, base_tail));
    let value = select(a.is_nan() | b.is_nan(), f64::NAN, value);
    value.copysign(y)
}

/// 2⁶⁰⁰ and 2⁻³⁰⁰.
const UP: f64 = f64::from_bits((1023 + 600) << 52);
const DOWN: f64 = f64::from_bits((1023 - 300) << 52);

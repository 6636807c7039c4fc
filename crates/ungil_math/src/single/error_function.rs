//! The error function and its complement in float32.
//!
//! The schemes of the float64 functions in float32 arithmetic, with t = (x − 2)/(x + 2) for erfc.
//! Contract: ≤ 0.95 ULP; −0.0 keeps its sign.
//! Limits: one division (erfc).
//! Source: `double::error_function`.

use super::coefficients::{
    ERF, ERF_HI, ERF_LO, LOG_ERFC, LOG_ERFC_HI, LOG_ERFC_LO, SCALED_ERFC, SCALED_ERFC_HI, SCALED_ERFC_LO,
};
use super::exponential::exp_parts;
use super::pair::{fast_two_sum, two_product, two_sum};
use super::power_of_two_halves;
use crate::double::select;

/// erf(a)/a − 1 for 0 ≤ a ≤ 1.
#[inline(always)]
fn erf_excess(a: f32) -> f32 {
    let (z, z_tail) = two_product(a, a);
    let even = z.mul_add(z.mul_add(z.mul_add(z.mul_add(ERF[5], ERF[4]), ERF[3]), ERF[2]), ERF[1]);
    let (inner, inner_tail) = fast_two_sum(ERF[0], z * even);
    let w = z.mul_add(inner, ERF_HI);
    w + z.mul_add(inner_tail, z_tail.mul_add(inner, ERF_LO))
}

/// (log erfc(1 + t) − log erfc 1)/t.
#[inline(always)]
fn log_erfc_slope(t: f32) -> f32 {
    let c = &LOG_ERFC;
    let w = t * t;
    let even = w.mul_add(w.mul_add(w.mul_add(c[6], c[4]), c[2]), c[0]);
    let odd = w.mul_add(w.mul_add(c[5], c[3]), c[1]);
    t.mul_add(odd, even)
}

/// erf x.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let a = x.abs();
    let small = a.mul_add(erf_excess(a), a);
    // Beyond 4 the result rounds to 1. The difference to 1 is exact.
    let t = select(a > 4.0, 4.0, a) - 1.0;
    let (log, log_error) = fast_two_sum(LOG_ERFC_HI, t * log_erfc_slope(t));
    let (sum, rest, rounded) = exp_parts(log, log_error + LOG_ERFC_LO);
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    let (whole, error) = fast_two_sum(1.0, -sum * scale);
    let large = whole + (-rest).mul_add(scale, error);
    select(a < 1.0, small, large).copysign(x)
}

/// The polynomial `SCALED_ERFC`.
#[inline(always)]
fn scaled_erfc_slope(t: f32) -> f32 {
    let c = &SCALED_ERFC;
    let w = t * t;
    let even = w.mul_add(w.mul_add(w.mul_add(w.mul_add(c[10], c[8]), c[6]), c[4]), c[2]);
    let odd = w.mul_add(w.mul_add(w.mul_add(c[9], c[7]), c[5]), c[3]);
    t.mul_add(t.mul_add(t.mul_add(odd, even), c[1]), c[0])
}

/// erfc x.
#[inline(always)]
pub fn erfc(x: f32) -> f32 {
    let a = x.abs();
    // Beyond 10.1 the result vanishes.
    let a = select(a > 10.4, 10.4, a);
    let (less, less_tail) = two_sum(a, -2.0);
    let (more, more_tail) = two_sum(a, 2.0);
    let (den, den_tail) = two_sum(a + a, 1.0);
    // One division serves both quotients.
    let reciprocal = 1.0 / (more * den);
    let (by_more, by_den) = (reciprocal * den, reciprocal * more);
    let t = less * by_more;
    let remainder = (-t).mul_add(more, less) + (-t).mul_add(more_tail, less_tail);
    let t_tail = remainder * by_more;
    let (g, g_error) = fast_two_sum(SCALED_ERFC_HI, t * scaled_erfc_slope(t));
    // The derivative of g, roughly.
    let slope = t.mul_add(t.mul_add(t.mul_add(-0.143, 0.472), -0.352), -0.09);
    let g_tail = slope.mul_add(t_tail, g_error + SCALED_ERFC_LO);
    let (square, square_error) = two_product(a, a);
    let (sum, rest, rounded) = exp_parts(-square, -square_error);
    let (e, e_tail) = fast_two_sum(sum, rest);
    let (product, product_error) = two_product(e, g);
    let product_tail = e.mul_add(g_tail, e_tail.mul_add(g, product_error));
    let q = product * by_den;
    let remainder = (-q).mul_add(den, product) + (-q).mul_add(den_tail, product_tail);
    let q_tail = remainder * by_den;
    let (first, second) = power_of_two_halves(rounded);
    let scale = first * second;
    let (mirrored, error) = fast_two_sum(2.0, -q * scale);
    let mirrored = mirrored + (-q_tail).mul_add(scale, error);
    let value = select(x < 0.0, mirrored, (q + q_tail) * first * second);
    // Around zero, 1 − erf x.
    let (whole, error) = fast_two_sum(1.0, -x);
    let near = whole + (-x).mul_add(erf_excess(a), error);
    select(a < 0.6, near, value)
}

//! The error function and its complement in float64.
//!
//! erf: a polynomial for |x| < 1, beyond it 1 − e^L(x) with a polynomial L for log erfc.
//! erfc: e^(−x²)·g/(1 + 2x) for x ≥ 0, with a polynomial g in t = (x − 4)/(x + 4); 2 − erfc(−x) for negative x.
//! Products and quotients that count are kept in two parts.
//! Contract: ≤ 0.95 ULP (erfc 0.9); −0.0 keeps its sign.
//! Limits: one division (erfc).
//! Source: M. Shepherd, J. Laframboise, Math. Comp. 36 (1981) (the form of erfc); coefficients by Remez.

use super::exponential::exp_parts;
use super::pair::{fast_two_sum, two_product, two_sum};
use super::special_coefficients::{
    ERF, ERF_HI, ERF_LO, LOG_ERFC, LOG_ERFC_HI, LOG_ERFC_LO, SCALED_ERFC, SCALED_ERFC_HI, SCALED_ERFC_LO,
};
use super::{power_of_two_halves, select};

/// The polynomial whose coefficients these are, lowest power first.
///
/// Four interleaved polynomials of x⁴ keep the processor's pipelines busy; the outer steps go one by one.
#[inline(always)]
pub(crate) fn polynomial<const N: usize>(c: &[f64; N], x: f64) -> f64 {
    let square = x * x;
    let fourth = square * square;
    let mut parts = [0.0; 4];
    for (k, part) in parts.iter_mut().enumerate() {
        let mut i = (N - 1 - k) / 4 * 4 + k;
        *part = c[i];
        while i >= 4 {
            i -= 4;
            *part = fourth.mul_add(*part, c[i]);
        }
    }
    square.mul_add(x.mul_add(parts[3], parts[2]), x.mul_add(parts[1], parts[0]))
}

/// `ERF` without its first coefficient, which is added with its rounding error.
const ERF_REST: [f64; 12] = {
    let mut rest = [0.0; 12];
    let mut i = 0;
    while i < 12 {
        rest[i] = ERF[i + 1];
        i += 1;
    }
    rest
};

/// erf(a)/a − 1 for 0 ≤ a ≤ 1.
#[inline(always)]
fn erf_excess(a: f64) -> f64 {
    let (z, z_tail) = two_product(a, a);
    let (inner, inner_tail) = fast_two_sum(ERF[0], z * polynomial(&ERF_REST, z));
    let w = z.mul_add(inner, ERF_HI);
    w + z.mul_add(inner_tail, z_tail.mul_add(inner, ERF_LO))
}

/// erf x.
#[inline(always)]
pub fn erf(x: f64) -> f64 {
    let a = x.abs();
    let small = a.mul_add(erf_excess(a), a);
    // Beyond 6 the result rounds to 1. The difference to 1 is exact.
    let t = select(a > 6.0, 6.0, a) - 1.0;
    let (log, log_error) = fast_two_sum(LOG_ERFC_HI, t * polynomial(&LOG_ERFC, t));
    let (sum, rest, rounded) = exp_parts(log, log_error + LOG_ERFC_LO);
    let scale = f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    let (whole, error) = fast_two_sum(1.0, -sum * scale);
    let large = whole + (-rest).mul_add(scale, error);
    select(a < 1.0, small, large).copysign(x)
}

/// erfc x.
#[inline(always)]
pub fn erfc(x: f64) -> f64 {
    let a = x.abs();
    // Beyond 27.3 the result vanishes.
    let a = select(a > 27.5, 27.5, a);
    let (less, less_tail) = two_sum(a, -4.0);
    let (more, more_tail) = two_sum(a, 4.0);
    let (den, den_tail) = two_sum(a + a, 1.0);
    // One division serves both quotients.
    let reciprocal = 1.0 / (more * den);
    let (by_more, by_den) = (reciprocal * den, reciprocal * more);
    let t = less * by_more;
    let remainder = (-t).mul_add(more, less) + (-t).mul_add(more_tail, less_tail);
    let t_tail = remainder * by_more;
    let (g, g_error) = fast_two_sum(SCALED_ERFC_HI, t * polynomial(&SCALED_ERFC, t));
    // The derivative of g, roughly.
    let slope = t.mul_add(t.mul_add(t.mul_add(-0.723, 0.566), 0.079), -0.181);
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

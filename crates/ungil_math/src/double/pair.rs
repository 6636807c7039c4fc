//! Unevaluated sums of two float64 numbers.
//!
//! Error-free transformations: the exact sum or product of two numbers as a rounded value and its error.
//! Contract: each function states which magnitudes make it exact.
//! Limits: no overflow or underflow of the products.
//! Source: T. J. Dekker, Numer. Math. 18 (1971); J.-M. Muller et al., Handbook of Floating-Point Arithmetic, ch. 4.

/// a + b exactly, for |a| ≥ |b| or a = 0.
#[inline(always)]
pub(crate) fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, (a - sum) + b)
}

/// a + b exactly.
#[inline(always)]
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// The product of two pairs; its error is below 2⁻¹⁰³ of it.
#[inline(always)]
pub(crate) fn multiply_pairs(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (product, error) = two_product(a.0, b.0);
    (product, a.0.mul_add(b.1, a.1.mul_add(b.0, error)))
}

/// a·b exactly.
#[inline(always)]
pub(crate) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// (num + num_tail)/(den + den_tail), rounded once, from one division; the tails are below an ulp.
///
/// The quotient by the reciprocal is corrected by its remainder.
#[inline(always)]
pub(crate) fn divide_pairs(num: f64, num_tail: f64, den: f64, den_tail: f64) -> f64 {
    let reciprocal = 1.0 / den;
    let quotient = num * reciprocal;
    let remainder = (-quotient).mul_add(den, num) + (-quotient).mul_add(den_tail, num_tail);
    remainder.mul_add(reciprocal, quotient)
}

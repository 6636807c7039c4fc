//! Unevaluated sums of two float32 numbers.
//!
//! Error-free transformations: the exact sum or product of two numbers as a rounded value and its error.
//! Limits: no overflow or underflow of the products.
//! Source: `double::pair`.

/// a + b exactly, for |a| ≥ |b| or a = 0.
#[inline(always)]
pub(crate) fn fast_two_sum(a: f32, b: f32) -> (f32, f32) {
    let sum = a + b;
    (sum, (a - sum) + b)
}

/// a + b exactly.
#[inline(always)]
pub(crate) fn two_sum(a: f32, b: f32) -> (f32, f32) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// a·b exactly.
#[inline(always)]
pub(crate) fn two_product(a: f32, b: f32) -> (f32, f32) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

//! float32 functions.
//!
//! Plain Rust functions, always inlined; `symbols` exports them to kernels.
//! Limits: computed in float64 arithmetic with short polynomials, rounded once at the end.

mod coefficients;
pub mod exponential;
pub mod hyperbolic;
pub mod inverse_trigonometric;
pub mod logarithm;
pub mod power;
pub mod root;
pub mod trigonometric;

/// The positive square root, correctly rounded.
#[inline(always)]
pub fn sqrt(x: f32) -> f32 {
    x.sqrt()
}

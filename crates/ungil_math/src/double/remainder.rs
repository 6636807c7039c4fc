//! The remainder of truncated division in float64.
//!
//! x − n·y with n the truncated quotient, by one FMA, which is exact; n may be one too large, since the quotient is
//! rounded.
//! Contract: exact, special values as C99 Annex F; a zero has the sign of x.
//! Limits: quotients of 2⁵³ and more take a cold call (`*_slow`).
//! Source: ISO C99, 7.12.10.1.

use super::select;

const FAST_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Whether the fast form of `fmod` does not hold; false where the result is NaN, which it gives.
#[inline(always)]
pub fn needs_slow(x: f64, y: f64) -> bool {
    let quotient = x.abs() / y.abs();
    (quotient >= FAST_LIMIT) & (x.abs() < f64::INFINITY) & (y != 0.0)
}

/// fmod(x, y) for |x/y| < 2⁵³.
#[inline(always)]
pub fn fmod_fast(x: f64, y: f64) -> f64 {
    let (a, b) = (x.abs(), y.abs());
    let n = (a / b).trunc();
    let rest = (-n).mul_add(b, a);
    let rest = select(rest < 0.0, rest + b, rest);
    let rest = select((b == f64::INFINITY) & (a < f64::INFINITY), a, rest);
    rest.copysign(x)
}

/// fmod(x, y) for |x/y| ≥ 2⁵³, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_fmod_f64_slow(x: f64, y: f64, fast: f64) -> f64 {
    if needs_slow(x, y) { x % y } else { fast }
}

/// The remainder of x/y, with the sign of x.
#[inline(always)]
pub fn fmod(x: f64, y: f64) -> f64 {
    let fast = fmod_fast(x, y);
    if needs_slow(x, y) { ungil_math_fmod_f64_slow(x, y, fast) } else { fast }
}

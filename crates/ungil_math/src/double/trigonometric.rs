//! Sine, cosine and tangent in float64.
//!
//! |x| is reduced modulo π/2 to an angle in two parts; both polynomials are evaluated, the quadrant selects.
//! The leading terms (r, and 1 − r²/2 with its rounding error) are added last.
//! Contract: ≤ 0.8 ULP (tan 0.96) for every finite argument; −0.0 keeps its sign; infinities give NaN.
//! tan by one polynomial and its reciprocal.
//! Limits: arguments beyond 2²⁰ take a cold call (`*_slow`); README.md says how it stays out of vector loops.
//! Source: fdlibm's `k_sin.c`, `k_cos.c` (the forms); coefficients by Remez.

use super::coefficients::{COS, SIN};
use super::reduction::{CODY_WAITE_LIMIT, Reduced, cody_waite, payne_hanek};
use super::register_tables::TAN;
use super::select;

const SIGN_BIT: u64 = 1 << 63;

/// Whether the fast forms of `sin`, `cos` and `tan` do not hold; false for NaN, which they pass on.
#[inline(always)]
pub fn needs_slow(x: f64) -> bool {
    x.abs() > CODY_WAITE_LIMIT
}

/// The sine and cosine of a reduced angle, each as an unevaluated sum: (sin, its tail, cos, its tail).
#[inline(always)]
pub(crate) fn kernels(r: f64, tail: f64) -> (f64, f64, f64, f64) {
    let h = r * r;
    let q = h * h;
    let s =
        q.mul_add(q.mul_add(h.mul_add(SIN[5], SIN[4]), h.mul_add(SIN[3], SIN[2])), h.mul_add(SIN[1], SIN[0]));
    let c =
        q.mul_add(q.mul_add(h.mul_add(COS[5], COS[4]), h.mul_add(COS[3], COS[2])), h.mul_add(COS[1], COS[0]));
    let half = 0.5 * r;
    let cosine = (-half).mul_add(r, 1.0);
    let cosine_error = (-half).mul_add(r, 1.0 - cosine);
    let cosine_tail = q.mul_add(c, (-r).mul_add(tail, cosine_error));
    let sine_tail = (h * r).mul_add(s, tail * cosine);
    (r, sine_tail, cosine, cosine_tail)
}

/// `value` with its sign changed where bit 1 of `quadrant` is set.
#[inline(always)]
fn with_quadrant_sign(value: f64, quadrant: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ ((quadrant << 62) & SIGN_BIT))
}

#[inline(always)]
fn sin_of(x: f64, reduced: Reduced) -> f64 {
    let (sine, sine_tail, cosine, cosine_tail) = kernels(reduced.angle, reduced.tail);
    let odd = reduced.quadrant & 1 != 0;
    let value = select(odd, cosine + cosine_tail, sine + sine_tail);
    let value = with_quadrant_sign(value, reduced.quadrant);
    f64::from_bits(value.to_bits() ^ (x.to_bits() & SIGN_BIT))
}

#[inline(always)]
fn cos_of(reduced: Reduced) -> f64 {
    let (sine, sine_tail, cosine, cosine_tail) = kernels(reduced.angle, reduced.tail);
    let odd = reduced.quadrant & 1 != 0;
    let value = select(odd, sine + sine_tail, cosine + cosine_tail);
    with_quadrant_sign(value, reduced.quadrant.wrapping_add(1))
}

#[inline(always)]
fn tan_of(x: f64, reduced: Reduced) -> f64 {
    let (r, tail) = (reduced.angle, reduced.tail);
    let h = r * r;
    let q = h * h;
    let odd = q.mul_add(
        q.mul_add(
            q.mul_add(q.mul_add(q.mul_add(q.mul_add(TAN[13], TAN[11]), TAN[9]), TAN[7]), TAN[5]),
            TAN[3],
        ),
        TAN[1],
    );
    let even = q.mul_add(
        q.mul_add(
            q.mul_add(
                q.mul_add(q.mul_add(q.mul_add(q.mul_add(TAN[14], TAN[12]), TAN[10]), TAN[8]), TAN[6]),
                TAN[4],
            ),
            TAN[2],
        ),
        TAN[0],
    );
    let p = h.mul_add(odd, even);
    // The derivative 1 + tan² r as 1 + 1.6·r² is enough for the tail, and that by h as r³ for the rounding of h, which
    // counts near π/4.
    let cube = h * r;
    let tail = cube.mul_add(r.mul_add(r, -h), (1.6 * h).mul_add(tail, tail));
    let low = cube.mul_add(p, tail);
    let t = r + low;
    // tan(r + π/2) = −1/tan r.
    let inverse = -1.0 / t;
    let error = inverse.mul_add(low, inverse.mul_add(r, 1.0));
    let value = select(reduced.quadrant & 1 != 0, error.mul_add(inverse, inverse), t);
    f64::from_bits(value.to_bits() ^ (x.to_bits() & SIGN_BIT))
}

/// sin x for |x| ≤ 2²⁰.
#[inline(always)]
pub fn sin_fast(x: f64) -> f64 {
    sin_of(x, cody_waite(x.abs()))
}

/// sin x for |x| > 2²⁰, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_sin_f64_slow(x: f64, fast: f64) -> f64 {
    if needs_slow(x) { sin_of(x, payne_hanek(x.abs())) } else { fast }
}

/// sin x.
#[inline(always)]
pub fn sin(x: f64) -> f64 {
    let fast = sin_fast(x);
    if needs_slow(x) { ungil_math_sin_f64_slow(x, fast) } else { fast }
}

/// cos x for |x| ≤ 2²⁰.
#[inline(always)]
pub fn cos_fast(x: f64) -> f64 {
    cos_of(cody_waite(x.abs()))
}

/// cos x for |x| > 2²⁰, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_cos_f64_slow(x: f64, fast: f64) -> f64 {
    if needs_slow(x) { cos_of(payne_hanek(x.abs())) } else { fast }
}

/// cos x.
#[inline(always)]
pub fn cos(x: f64) -> f64 {
    let fast = cos_fast(x);
    if needs_slow(x) { ungil_math_cos_f64_slow(x, fast) } else { fast }
}

/// tan x for |x| ≤ 2²⁰.
#[inline(always)]
pub fn tan_fast(x: f64) -> f64 {
    tan_of(x, cody_waite(x.abs()))
}

/// tan x for |x| > 2²⁰, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_tan_f64_slow(x: f64, fast: f64) -> f64 {
    if needs_slow(x) { tan_of(x, payne_hanek(x.abs())) } else { fast }
}

/// tan x.
#[inline(always)]
pub fn tan(x: f64) -> f64 {
    let fast = tan_fast(x);
    if needs_slow(x) { ungil_math_tan_f64_slow(x, fast) } else { fast }
}

//! Sine, cosine and tangent in float32.
//!
//! The scheme of the float64 functions in float32 arithmetic: π/2 in three parts, the reduced angle in two; tan by one polynomial
//! and its reciprocal.
//! Contract: ≤ 0.8 ULP (tan 0.95) for every finite argument; −0.0 keeps its sign; infinities give NaN.
//! Limits: arguments beyond 8,192 take a cold call (`*_slow`): float64 arithmetic.
//! Source: `double::trigonometric`.

use super::ROUNDER;
use super::coefficients::{COS, HALF_PI_HI, HALF_PI_LO, HALF_PI_TAIL, SIN, TWO_OVER_PI};
use super::tables::TAN;
use crate::double::select;
use crate::double::trigonometric as double;

/// Products of a quarter turn's second part with quotients up to 2¹³ are exact.
const FAST_LIMIT: f32 = 8192.0;
const SIGN_BIT: u32 = 1 << 31;

/// Whether the fast forms of `sin`, `cos` and `tan` do not hold; false for NaN, which they pass on.
#[inline(always)]
pub fn needs_slow(x: f32) -> bool {
    x.abs() > FAST_LIMIT
}

/// The quadrant of x ≥ 0, and x modulo π/2 in two parts.
#[inline(always)]
fn reduce(x: f32) -> (u32, f32, f32) {
    let rounded = x.mul_add(TWO_OVER_PI, ROUNDER);
    let n = rounded - ROUNDER;
    let first = n.mul_add(-HALF_PI_HI, x);
    let r = n.mul_add(-HALF_PI_LO, first);
    let error = n.mul_add(-HALF_PI_LO, first - r);
    (rounded.to_bits(), r, n.mul_add(-HALF_PI_TAIL, error))
}

/// The quadrant of x ≥ 0, and the sine and cosine of x modulo π/2, each as an unevaluated sum.
#[inline(always)]
fn kernels(x: f32) -> (u32, (f32, f32), (f32, f32)) {
    let (quadrant, r, tail) = reduce(x);
    let h = r * r;
    let q = h * h;
    let s = q.mul_add(SIN[2], h.mul_add(SIN[1], SIN[0]));
    let c = q.mul_add(COS[2], h.mul_add(COS[1], COS[0]));
    let half = 0.5 * r;
    let cosine = (-half).mul_add(r, 1.0);
    let cosine_error = (-half).mul_add(r, 1.0 - cosine);
    let cosine_tail = q.mul_add(c, (-r).mul_add(tail, cosine_error));
    let sine_tail = (h * r).mul_add(s, tail * cosine);
    (quadrant, (r, sine_tail), (cosine, cosine_tail))
}

/// `value` with its sign changed where bit 1 of `quadrant` is set.
#[inline(always)]
fn with_quadrant_sign(value: f32, quadrant: u32) -> f32 {
    f32::from_bits(value.to_bits() ^ ((quadrant << 30) & SIGN_BIT))
}

/// sin x for |x| ≤ `FAST_LIMIT`.
#[inline(always)]
pub fn sin_fast(x: f32) -> f32 {
    let (quadrant, sine, cosine) = kernels(x.abs());
    let value = select(quadrant & 1 != 0, cosine.0 + cosine.1, sine.0 + sine.1);
    f32::from_bits(with_quadrant_sign(value, quadrant).to_bits() ^ (x.to_bits() & SIGN_BIT))
}

/// cos x for |x| ≤ `FAST_LIMIT`.
#[inline(always)]
pub fn cos_fast(x: f32) -> f32 {
    let (quadrant, sine, cosine) = kernels(x.abs());
    let value = select(quadrant & 1 != 0, sine.0 + sine.1, cosine.0 + cosine.1);
    with_quadrant_sign(value, quadrant.wrapping_add(1))
}

/// tan x for |x| ≤ `FAST_LIMIT`.
#[inline(always)]
pub fn tan_fast(x: f32) -> f32 {
    let (rounded, r, tail) = reduce(x.abs());
    let h = r * r;
    let q = h * h;
    let even = q.mul_add(q.mul_add(TAN[6], TAN[4]), TAN[2]);
    let odd = q.mul_add(q.mul_add(TAN[5], TAN[3]), TAN[1]);
    let p = h.mul_add(h.mul_add(even, odd), TAN[0]);
    // The derivative 1 + tan² r as 1 + 1.6·r² is enough for the tail, and that by h as r³ for the rounding of h, which
    // counts near π/4.
    let cube = h * r;
    let tail = cube.mul_add(r.mul_add(r, -h), (1.6 * h).mul_add(tail, tail));
    let low = cube.mul_add(p, tail);
    let t = r + low;
    // tan(r + π/2) = −1/tan r.
    let inverse = -1.0 / t;
    let error = inverse.mul_add(low, inverse.mul_add(r, 1.0));
    let value = select(rounded & 1 != 0, error.mul_add(inverse, inverse), t);
    f32::from_bits(value.to_bits() ^ (x.to_bits() & SIGN_BIT))
}

/// sin x for |x| > `FAST_LIMIT`, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_sin_f32_slow(x: f32, fast: f32) -> f32 {
    if needs_slow(x) { double::sin(f64::from(x)) as f32 } else { fast }
}

/// sin x.
#[inline(always)]
pub fn sin(x: f32) -> f32 {
    let fast = sin_fast(x);
    if needs_slow(x) { ungil_math_sin_f32_slow(x, fast) } else { fast }
}

/// cos x for |x| > `FAST_LIMIT`, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_cos_f32_slow(x: f32, fast: f32) -> f32 {
    if needs_slow(x) { double::cos(f64::from(x)) as f32 } else { fast }
}

/// cos x.
#[inline(always)]
pub fn cos(x: f32) -> f32 {
    let fast = cos_fast(x);
    if needs_slow(x) { ungil_math_cos_f32_slow(x, fast) } else { fast }
}

/// tan x for |x| > `FAST_LIMIT`, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_tan_f32_slow(x: f32, fast: f32) -> f32 {
    if needs_slow(x) { double::tan(f64::from(x)) as f32 } else { fast }
}

/// tan x.
#[inline(always)]
pub fn tan(x: f32) -> f32 {
    let fast = tan_fast(x);
    if needs_slow(x) { ungil_math_tan_f32_slow(x, fast) } else { fast }
}

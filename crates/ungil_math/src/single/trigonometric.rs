//! Sine, cosine and tangent in float32.
//!
//! The scheme of the float64 functions in plain float64 arithmetic, π/2 in two parts.
//! Contract: ≤ 0.51 ULP for every finite argument; −0.0 keeps its sign; infinities give NaN.
//! Limits: arguments beyond 2²⁸ take a cold call (`*_slow`), the float64 function.
//! Source: `double::trigonometric`.

use super::coefficients::{WIDE_COS as COS, WIDE_SIN as SIN};
use crate::double::trigonometric as double;
use crate::double::{ROUNDER, select};

const FAST_LIMIT: f32 = 268_435_456.0;
const HALF_PI: f64 = std::f64::consts::FRAC_PI_2;
/// π/2 − `HALF_PI`.
const HALF_PI_REST: f64 = 6.123_233_995_736_766e-17;
const TWO_OVER_PI: f64 = std::f64::consts::FRAC_2_PI;

/// Whether the fast forms of `sin`, `cos` and `tan` do not hold; false for NaN, which they pass on.
#[inline(always)]
pub fn needs_slow(x: f32) -> bool {
    x.abs() > FAST_LIMIT
}

/// The quadrant of `x`, and the sine and cosine of x modulo π/2.
#[inline(always)]
fn kernels(x: f32) -> (u64, f64, f64) {
    let x = f64::from(x);
    let rounded = x.mul_add(TWO_OVER_PI, ROUNDER);
    let n = rounded - ROUNDER;
    let r = n.mul_add(-HALF_PI_REST, n.mul_add(-HALF_PI, x));
    let h = r * r;
    let q = h * h;
    let s = q.mul_add(h.mul_add(SIN[3], SIN[2]), h.mul_add(SIN[1], SIN[0]));
    let c = h.mul_add(h.mul_add(COS[2], COS[1]), COS[0]);
    (rounded.to_bits(), (h * r).mul_add(s, r), q.mul_add(c, h.mul_add(-0.5, 1.0)))
}

/// `value` with its sign changed where bit 1 of `quadrant` is set.
#[inline(always)]
fn with_quadrant_sign(value: f64, quadrant: u64) -> f32 {
    f64::from_bits(value.to_bits() ^ ((quadrant << 62) & (1 << 63))) as f32
}

/// sin x for |x| ≤ 2²⁸.
#[inline(always)]
pub fn sin_fast(x: f32) -> f32 {
    let (quadrant, sine, cosine) = kernels(x);
    let value = with_quadrant_sign(select(quadrant & 1 != 0, cosine, sine), quadrant);
    select(x == 0.0, x, value)
}

/// cos x for |x| ≤ 2²⁸.
#[inline(always)]
pub fn cos_fast(x: f32) -> f32 {
    let (quadrant, sine, cosine) = kernels(x);
    with_quadrant_sign(select(quadrant & 1 != 0, sine, cosine), quadrant.wrapping_add(1))
}

/// tan x for |x| ≤ 2²⁸.
#[inline(always)]
pub fn tan_fast(x: f32) -> f32 {
    let (quadrant, sine, cosine) = kernels(x);
    let odd = quadrant & 1 != 0;
    let value = (select(odd, -cosine, sine) / select(odd, sine, cosine)) as f32;
    select(x == 0.0, x, value)
}

/// sin x for |x| > 2²⁸.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_sin_f32_slow(x: f32) -> f32 {
    double::ungil_math_sin_f64_slow(f64::from(x)) as f32
}

/// sin x.
#[inline(always)]
pub fn sin(x: f32) -> f32 {
    if needs_slow(x) { ungil_math_sin_f32_slow(x) } else { sin_fast(x) }
}

/// cos x for |x| > 2²⁸.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_cos_f32_slow(x: f32) -> f32 {
    double::ungil_math_cos_f64_slow(f64::from(x)) as f32
}

/// cos x.
#[inline(always)]
pub fn cos(x: f32) -> f32 {
    if needs_slow(x) { ungil_math_cos_f32_slow(x) } else { cos_fast(x) }
}

/// tan x for |x| > 2²⁸.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_tan_f32_slow(x: f32) -> f32 {
    double::ungil_math_tan_f64_slow(f64::from(x)) as f32
}

/// tan x.
#[inline(always)]
pub fn tan(x: f32) -> f32 {
    if needs_slow(x) { ungil_math_tan_f32_slow(x) } else { tan_fast(x) }
}

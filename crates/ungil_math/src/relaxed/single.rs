//! Relaxed functions on float32.
//!
//! Contract: ≤ 4 ULP; see `relaxed`.
//! Limits: sin, cos and tan beyond 8,192 take the cold call of the strict functions.
//! Source: `relaxed::double`.

use super::coefficients::{SINGLE_ATAN, SINGLE_COS, SINGLE_INV_PI, SINGLE_PI, SINGLE_SIN, SINGLE_SINH};
use crate::double::select;
use crate::instructions::{exp2_step, exp2_step_rest};
use crate::single::ROUNDER;
use crate::single::coefficients::{HALF_PI_HI, HALF_PI_LO, HALF_PI_TAIL, SIN, TWO_OVER_PI};
use crate::single::exponential::{clamp, exponent_of_steps, steps_of};
use crate::single::hyperbolic::hyperbolic_parts;
use crate::single::tables::EXPM1_STEP;
use crate::single::trigonometric::{
    needs_slow, ungil_math_cos_f32_slow, ungil_math_sin_f32_slow, ungil_math_tan_f32_slow,
};
use std::f32::consts::{FRAC_PI_2, LOG2_E, PI};

const SIGN_BIT: u32 = 1 << 31;

/// 2⁻¹⁰⁰ and 2¹⁰⁰.
const LOWEST: f32 = f32::from_bits((127 - 100) << 23);
const HIGHEST: f32 = f32::from_bits((127 + 100) << 23);

/// `value` with its sign changed where the lowest bit of `count` is set.
#[inline(always)]
fn with_parity(value: f32, count: u32) -> f32 {
    f32::from_bits(value.to_bits() ^ (count << 31))
}

/// `value` with its sign changed where x is negative.
#[inline(always)]
fn with_sign_of(value: f32, x: f32) -> f32 {
    f32::from_bits(value.to_bits() ^ (x.to_bits() & SIGN_BIT))
}

/// sin r for |r| ≤ π/2.
#[inline(always)]
fn sine(r: f32) -> f32 {
    let h = r * r;
    let c = &SINGLE_SIN;
    let p = (h * h).mul_add(h.mul_add(c[3], c[2]), h.mul_add(c[1], c[0]));
    (h * r).mul_add(p, r)
}

/// x − n·π.
#[inline(always)]
fn without_half_turns(x: f32, n: f32) -> f32 {
    let c = &SINGLE_PI;
    n.mul_add(-c[2], n.mul_add(-c[1], n.mul_add(-c[0], x)))
}

/// sin x.
#[inline(always)]
pub fn sin(x: f32) -> f32 {
    let a = x.abs();
    let rounded = a.mul_add(SINGLE_INV_PI, ROUNDER);
    let r = without_half_turns(a, rounded - ROUNDER);
    let fast = with_sign_of(with_parity(sine(r), rounded.to_bits()), x);
    if needs_slow(x) { ungil_math_sin_f32_slow(x, fast) } else { fast }
}

/// cos x: the sine of what |x| is beyond an odd number of quarter turns.
#[inline(always)]
pub fn cos(x: f32) -> f32 {
    let a = x.abs();
    let rounded = a.mul_add(SINGLE_INV_PI, -0.5) + ROUNDER;
    let r = without_half_turns(a, (rounded - ROUNDER) + 0.5);
    let fast = with_parity(sine(r), !rounded.to_bits());
    if needs_slow(x) { ungil_math_cos_f32_slow(x, fast) } else { fast }
}

/// tan x.
#[inline(always)]
pub fn tan(x: f32) -> f32 {
    let a = x.abs();
    let rounded = a.mul_add(TWO_OVER_PI, ROUNDER);
    let n = rounded - ROUNDER;
    let r = n.mul_add(-HALF_PI_TAIL, n.mul_add(-HALF_PI_LO, n.mul_add(-HALF_PI_HI, a)));
    let h = r * r;
    let (s, c) = (&SIN, &SINGLE_COS);
    let sine = (h * r).mul_add(h.mul_add(h.mul_add(s[2], s[1]), s[0]), r);
    let cosine = h.mul_add((h * h).mul_add(h.mul_add(c[3], c[2]), h.mul_add(c[1], c[0])), 1.0);
    let odd = rounded.to_bits() & 1 != 0;
    let (num, den) = (select(odd, -cosine, sine), select(odd, sine, cosine));
    let fast = with_sign_of(num / den, x);
    if needs_slow(x) { ungil_math_tan_f32_slow(x, fast) } else { fast }
}

/// e^x − 1.
#[inline(always)]
pub fn expm1(x: f32) -> f32 {
    // Where 2^128 would be needed, r is a step longer.
    let clamped = clamp(x, -20.0, 88.722_9);
    let rounded = clamped.mul_add(32.0 * LOG2_E, ROUNDER);
    let most = ROUNDER + 4095.0;
    let (rounded, r, rest) = steps_of(clamped, select(rounded > most, most, rounded));
    let index = rounded.to_bits();
    let scale = f32::from_bits(exp2_step(index).to_bits().wrapping_add(exponent_of_steps(rounded)));
    let tail = rest + exp2_step_rest(index);
    let slope = (r * r).mul_add(r.mul_add(EXPM1_STEP[1], EXPM1_STEP[0]), tail);
    // −0.0 keeps its sign.
    scale.mul_add(r, scale.mul_add(slope, scale - 1.0)).copysign(x)
}

/// sinh x.
#[inline(always)]
pub fn sinh(x: f32) -> f32 {
    let magnitude = x.abs();
    let p = hyperbolic_parts(select(magnitude > 89.5, 89.5, magnitude));
    let (difference, sum) = (p.up - p.down, p.up + p.down);
    let value = sum.mul_add(p.sinh, difference.mul_add(p.cosh_rest, difference));
    let z = magnitude * magnitude;
    let c = &SINGLE_SINH;
    let near = (z * magnitude).mul_add(z.mul_add(z.mul_add(c[2], c[1]), c[0]), magnitude);
    select(magnitude < 1.0, near, value + value).copysign(x)
}

/// atan q for |q| ≤ 1 without its first term.
#[inline(always)]
fn atan_rest(q: f32) -> f32 {
    let z = q * q;
    let w = z * z;
    let c = &SINGLE_ATAN;
    let low = w.mul_add(z.mul_add(c[3], c[2]), z.mul_add(c[1], c[0]));
    let high = w.mul_add(z.mul_add(c[7], c[6]), z.mul_add(c[5], c[4]));
    z * q * (w * w).mul_add(high, low)
}

/// atan x.
#[inline(always)]
pub fn atan(x: f32) -> f32 {
    let a = x.abs();
    let large = a > 1.0;
    let q = select(large, -1.0, a) / select(large, a, 1.0);
    (q + (atan_rest(q) + select(large, FRAC_PI_2, 0.0))).copysign(x)
}

/// The angle of the point (x, y).
#[inline(always)]
pub fn atan2(y: f32, x: f32) -> f32 {
    let (a, b) = (y.abs(), x.abs());
    let swapped = a > b;
    let (num, den) = (select(swapped, b, a), select(swapped, a, b));
    // Two infinities count as equal, two zeros as a zero over one.
    let equal = (num == f32::INFINITY) & (den == f32::INFINITY);
    let num = select(equal, 1.0, num);
    let den = select(equal | (den == 0.0), 1.0, den);
    let q = num / den;
    let turned = x.is_sign_negative();
    let q = select(swapped != turned, -q, q);
    let base = select(swapped, FRAC_PI_2, select(turned, PI, 0.0));
    let value = base + (q + atan_rest(q));
    let value = select(a.is_nan() | b.is_nan(), f32::NAN, value);
    value.copysign(y)
}

/// √(x² + y²).
#[inline(always)]
pub fn hypot(x: f32, y: f32) -> f32 {
    let (a, b) = (x.abs(), y.abs());
    // Scaled by a power of two about the larger one, kept where its reciprocal is normal.
    let larger = clamp(select(a > b, a, b), LOWEST, HIGHEST);
    let power = larger.to_bits() & 0x7f80_0000;
    let scale = f32::from_bits(0x7f00_0000_u32.wrapping_sub(power));
    let (u, v) = (a * scale, b * scale);
    let value = u.mul_add(u, v * v).sqrt() * f32::from_bits(power);
    select((a == f32::INFINITY) | (b == f32::INFINITY), f32::INFINITY, value)
}

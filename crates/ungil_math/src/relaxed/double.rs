//! Relaxed functions on float64.
//!
//! Contract: ≤ 4 ULP; see `relaxed`.
//! Limits: sin, cos and tan beyond 2²⁰ take the cold call of the strict functions.
//! Source: `double`; the tangent as the quotient of sine and cosine.

use super::coefficients::{ATAN, ATANH, INV_PI, INVERSE_ROOT, PI, SIN};
use crate::double::coefficients::{
    COS as COS_QUARTER, HALF_PI_HI, HALF_PI_LO, HALF_PI_TAIL, SIN as SIN_QUARTER, TWO_OVER_PI,
};
use crate::double::error_function::polynomial;
use crate::double::exponential::{clamp, reduce_by_steps};
use crate::double::logarithm::{log_of_parts, parts};
use crate::double::register_tables::{EXP_STEP, EXPM1_STEP};
use crate::double::trigonometric::{
    needs_slow, ungil_math_cos_f64_slow, ungil_math_sin_f64_slow, ungil_math_tan_f64_slow,
};
use crate::double::{ROUNDER, select};
use crate::instructions::{
    erf_0, erf_1, erf_2, erf_3, erf_4, erf_5, erf_6, erf_7, erf_8, erf_9, erf_10, erf_11, erf_12, erf_13,
    exp2_step_f64, exp2_step_rest_f64, scale_f64,
};
use std::f64::consts::FRAC_PI_2;

const SIGN_BIT: u64 = 1 << 63;

/// `value` with its sign changed where the lowest bit of `count` is set.
#[inline(always)]
fn with_parity(value: f64, count: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ (count << 63))
}

/// `value` with its sign changed where x is negative.
#[inline(always)]
fn with_sign_of(value: f64, x: f64) -> f64 {
    f64::from_bits(value.to_bits() ^ (x.to_bits() & SIGN_BIT))
}

/// sin r for |r| ≤ π/2.
#[inline(always)]
fn sine(r: f64) -> f64 {
    let h = r * r;
    let q = h * h;
    let low = q.mul_add(h.mul_add(SIN[3], SIN[2]), h.mul_add(SIN[1], SIN[0]));
    let high = q.mul_add(h.mul_add(SIN[7], SIN[6]), h.mul_add(SIN[5], SIN[4]));
    (h * r).mul_add((q * q).mul_add(high, low), r)
}

/// x − n·π.
#[inline(always)]
fn without_half_turns(x: f64, n: f64) -> f64 {
    n.mul_add(-PI[2], n.mul_add(-PI[1], n.mul_add(-PI[0], x)))
}

/// sin x.
#[inline(always)]
pub fn sin(x: f64) -> f64 {
    let a = x.abs();
    let rounded = a.mul_add(INV_PI, ROUNDER);
    let r = without_half_turns(a, rounded - ROUNDER);
    let fast = with_sign_of(with_parity(sine(r), rounded.to_bits()), x);
    if needs_slow(x) { ungil_math_sin_f64_slow(x, fast) } else { fast }
}

/// cos x: the sine of what |x| is beyond an odd number of quarter turns.
#[inline(always)]
pub fn cos(x: f64) -> f64 {
    let a = x.abs();
    let rounded = a.mul_add(INV_PI, -0.5) + ROUNDER;
    let r = without_half_turns(a, (rounded - ROUNDER) + 0.5);
    let fast = with_parity(sine(r), !rounded.to_bits());
    if needs_slow(x) { ungil_math_cos_f64_slow(x, fast) } else { fast }
}

/// tan x.
#[inline(always)]
pub fn tan(x: f64) -> f64 {
    let a = x.abs();
    let rounded = a.mul_add(TWO_OVER_PI, ROUNDER);
    let n = rounded - ROUNDER;
    let r = n.mul_add(-HALF_PI_TAIL, n.mul_add(-HALF_PI_LO, n.mul_add(-HALF_PI_HI, a)));
    let h = r * r;
    let q = h * h;
    let (s, c) = (&SIN_QUARTER, &COS_QUARTER);
    let sine = q.mul_add(q.mul_add(h.mul_add(s[5], s[4]), h.mul_add(s[3], s[2])), h.mul_add(s[1], s[0]));
    let cosine = q.mul_add(q.mul_add(h.mul_add(c[5], c[4]), h.mul_add(c[3], c[2])), h.mul_add(c[1], c[0]));
    let sine = (h * r).mul_add(sine, r);
    let cosine = q.mul_add(cosine, h.mul_add(-0.5, 1.0));
    let odd = rounded.to_bits() & 1 != 0;
    let (num, den) = (select(odd, -cosine, sine), select(odd, sine, cosine));
    let fast = with_sign_of(num / den, x);
    if needs_slow(x) { ungil_math_tan_f64_slow(x, fast) } else { fast }
}

/// e^x.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let (rounded, r, rest) = reduce_by_steps(clamp(x, -746.0, 710.0));
    let r = r + rest;
    let square = r * r;
    let step = exp2_step_f64(rounded.to_bits());
    let even = square.mul_add(square.mul_add(EXP_STEP[4], EXP_STEP[2]), EXP_STEP[0]);
    let rest = r.mul_add(square.mul_add(EXP_STEP[3], EXP_STEP[1]), even);
    let relative = square.mul_add(rest, r);
    scale_f64(step.mul_add(relative, step), (rounded - ROUNDER) * 0.0625)
}

/// e^x − 1.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let (rounded, r, rest) = reduce_by_steps(clamp(x, -50.0, 710.0));
    let index = rounded.to_bits();
    // Half of 2^(n/16), which is finite up to the overflow of the result.
    let exponent = (index << 48) & 0xfff0_0000_0000_0000;
    let step = exp2_step_f64(index).to_bits().wrapping_add(exponent).wrapping_sub(1 << 52);
    let scale = f64::from_bits(step);
    let whole = r + rest;
    let square = whole * whole;
    let even = square.mul_add(square.mul_add(EXPM1_STEP[4], EXPM1_STEP[2]), EXPM1_STEP[0]);
    let odd = square.mul_add(square.mul_add(EXPM1_STEP[5], EXPM1_STEP[3]), EXPM1_STEP[1]);
    let slope = square.mul_add(whole.mul_add(odd, even), rest + exp2_step_rest_f64(index));
    let value = scale.mul_add(r, scale.mul_add(slope, scale - 0.5));
    // Around zero the sum is r + r²·… alone.
    (value + value).copysign(x)
}

/// The arc tangent of 0 ≤ q ≤ 1 without its first term.
#[inline(always)]
fn atan_rest(q: f64) -> f64 {
    let z = q * q;
    let w = z * z;
    let v = w * w;
    let c = &ATAN;
    let pair = |i: usize| z.mul_add(c[i + 1], c[i]);
    let four = |i: usize| w.mul_add(pair(i + 2), pair(i));
    let high = w.mul_add(c[18], pair(16));
    let value = v.mul_add(v.mul_add(v.mul_add(v.mul_add(high, four(12)), four(8)), four(4)), four(0));
    z * q * value
}

/// atan x.
#[inline(always)]
pub fn atan(x: f64) -> f64 {
    let a = x.abs();
    let large = a > 1.0;
    let q = select(large, -1.0, a) / select(large, a, 1.0);
    let value = q + (atan_rest(q) + select(large, FRAC_PI_2, 0.0));
    value.copysign(x)
}

/// The angle of the point (x, y).
#[inline(always)]
pub fn atan2(y: f64, x: f64) -> f64 {
    let (a, b) = (y.abs(), x.abs());
    let swapped = a > b;
    let (num, den) = (select(swapped, b, a), select(swapped, a, b));
    // Two infinities count as equal, two zeros as a zero over one.
    let equal = (num == f64::INFINITY) & (den == f64::INFINITY);
    let num = select(equal, 1.0, num);
    let den = select(equal | (den == 0.0), 1.0, den);
    let q = num / den;
    let turned = x.is_sign_negative();
    let q = select(swapped != turned, -q, q);
    let base = select(swapped, FRAC_PI_2, select(turned, std::f64::consts::PI, 0.0));
    let value = base + (q + atan_rest(q));
    let value = select(a.is_nan() | b.is_nan(), f64::NAN, value);
    value.copysign(y)
}

/// √s for numbers far from the limits, and 0 of 0: from an approximation of 1/√s by its bits, by steps that multiply the error's power.
#[inline(always)]
fn root(s: f64) -> f64 {
    let start = f64::from_bits(0x5fe6_eb50_c7b5_37a9_u64.wrapping_sub(s.to_bits() >> 1));
    let e = (-s * start).mul_add(start, 1.0);
    let (c, square) = (&INVERSE_ROOT, e * e);
    // 1/√s to 2⁻²⁰.
    let y = start * square.mul_add(e.mul_add(c[3], c[2]), e.mul_add(c[1], c[0]));
    let g = s * y;
    let e = (-g).mul_add(y, 1.0);
    (g * e).mul_add(e.mul_add(0.375, 0.5), g)
}

/// √(x² + y²).
#[inline(always)]
pub fn hypot(x: f64, y: f64) -> f64 {
    let (a, b) = (x.abs(), y.abs());
    let larger = select(a > b, a, b);
    // Scaled by a power of two, of the highest three bits of the larger exponent: to between 2⁻⁵² and 2²⁵⁶.
    let power = (larger.to_bits() & (7 << 60)) | (1 << 52);
    let scale = f64::from_bits((2046_u64 << 52).wrapping_sub(power));
    let (u, v) = (a * scale, b * scale);
    let value = root(u.mul_add(u, v * v)) * f64::from_bits(power);
    select((a == f64::INFINITY) | (b == f64::INFINITY), f64::INFINITY, value)
}

/// atanh x.
#[inline(always)]
pub fn atanh(x: f64) -> f64 {
    let a = x.abs();
    let quotient = (1.0 + a) / (1.0 - a);
    let (high, low) = log_of_parts(&parts(quotient), 0.0);
    let z = a * a;
    let near = (z * a).mul_add(polynomial(&ATANH, z), a);
    let value = select(a < 0.5, near, 0.5 * (high + low));
    select(a == 1.0, f64::INFINITY, value).copysign(x)
}

/// erf x.
#[inline(always)]
pub fn erf(x: f64) -> f64 {
    let magnitude = x.abs();
    // Beyond, the result is within 2 ULP of 1.
    let a = select(magnitude > 5.8125, 5.8125, magnitude);
    let rounded = a.mul_add(8.0 / 3.0, ROUNDER);
    let index = rounded.to_bits();
    let t = (rounded - ROUNDER).mul_add(-0.375, a);
    let s = t * t;
    let f = s * s;
    let low = s.mul_add(t.mul_add(erf_3(index), erf_2(index)), t.mul_add(erf_1(index), erf_0(index)));
    let middle = s.mul_add(t.mul_add(erf_7(index), erf_6(index)), t.mul_add(erf_5(index), erf_4(index)));
    let high = s.mul_add(t.mul_add(erf_11(index), erf_10(index)), t.mul_add(erf_9(index), erf_8(index)));
    let high = f.mul_add(t.mul_add(erf_13(index), erf_12(index)), high);
    f.mul_add(f.mul_add(high, middle), low).copysign(x)
}

//! Hyperbolic functions and their inverses in float32.
//!
//! tanh by a polynomial per interval; sinh and cosh from 2^(±j/32) and a short rest; the inverses as logarithms of sums in two
//! parts, and by polynomials where they are small.
//! Contract: ≤ 0.8 ULP; −0.0 and subnormal numbers keep their value.
//! Limits: one division (atanh), one square root (asinh, acosh).
//! Source: the usual formulas; tables and polynomials by `tools/register_tables.py`.

use super::ROUNDER;
use super::coefficients::INV_LN2;
use super::logarithm::log_parts_shifted;
use super::pair::fast_two_sum;
use super::root::rough_reciprocal;
use super::tables::{ACOSH_NEAR, ASINH_NEAR, ATANH_NEAR, LN2_STEP, SINH_NEAR};
use crate::double::select;
use crate::instructions::{
    exp2_step_offset, sinh_down, sinh_up, tanh_0, tanh_1, tanh_2, tanh_3, tanh_4, tanh_5, tanh_centre,
};

/// tanh x.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let magnitude = x.abs();
    // Beyond 9.1 the result rounds to 1.
    let a = select(magnitude > 9.5, 9.5, magnitude);
    let shifted = a + 0.75;
    let index = shifted.to_bits() >> 20;
    let t = a - tanh_centre(index);
    let p = t.mul_add(
        t.mul_add(t.mul_add(t.mul_add(tanh_5(index), tanh_4(index)), tanh_3(index)), tanh_2(index)),
        tanh_1(index),
    );
    // In the first interval the constant is x itself.
    let base = select(shifted < 0.8125, a, tanh_0(index));
    t.mul_add(p, base).copysign(x)
}

/// What sinh and cosh share: powers of two and the functions of the rest of x = c + r, c next to n·ln 2 and n a multiple of 1/32.
pub(crate) struct HyperbolicParts {
    /// A quarter of e^c and e^−c, both exact to 2⁻³⁰.
    pub(crate) up: f32,
    pub(crate) down: f32,
    /// sinh r and cosh r − 1.
    pub(crate) sinh: f32,
    pub(crate) cosh_rest: f32,
}

/// For 0 ≤ x ≤ 89.5.
#[inline(always)]
pub(crate) fn hyperbolic_parts(x: f32) -> HyperbolicParts {
    let rounded = x.mul_add(32.0 * INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let index = rounded.to_bits();
    // The first difference is exact.
    let r = n.mul_add(-LN2_STEP[0], x) + n.mul_add(-LN2_STEP[1], -exp2_step_offset(index));
    // The exponent of 2^n, above bits of the index, which the tables make up for.
    let power = index << 18;
    let up = f32::from_bits(sinh_up(index).to_bits().wrapping_add(power));
    // Beyond 2⁶⁴ the other power no longer counts.
    let power = select(power > 64 << 23, 64 << 23, power);
    let down = f32::from_bits(sinh_down(index).to_bits().wrapping_sub(power));
    let h = r * r;
    HyperbolicParts { up, down, sinh: (h * r).mul_add(1.0 / 6.0, r), cosh_rest: 0.5 * h }
}

/// sinh x.
#[inline(always)]
pub fn sinh(x: f32) -> f32 {
    let magnitude = x.abs();
    let p = hyperbolic_parts(select(magnitude > 89.5, 89.5, magnitude));
    // difference·cosh r + sum·sinh r.
    let (difference, error) = fast_two_sum(p.up, -p.down);
    let low = difference.mul_add(p.cosh_rest, error);
    let value = 2.0 * (difference + (p.up + p.down).mul_add(p.sinh, low));
    let z = magnitude * magnitude;
    let rest = z.mul_add(SINH_NEAR[1], SINH_NEAR[0]);
    let near = (z * magnitude).mul_add(rest, magnitude);
    select(magnitude < 0.25, near, value).copysign(x)
}

/// cosh x.
#[inline(always)]
pub fn cosh(x: f32) -> f32 {
    let magnitude = x.abs();
    let p = hyperbolic_parts(select(magnitude > 89.5, 89.5, magnitude));
    // sum·cosh r + difference·sinh r.
    let (sum, error) = fast_two_sum(p.up, p.down);
    let low = (p.up - p.down).mul_add(p.sinh, error);
    2.0 * (sum + sum.mul_add(p.cosh_rest, low))
}

/// log(8·(y + tail)) for y ≥ 1/8 and a tail below an ulp of y.
#[inline(always)]
fn log_of_eighth(y: f32, tail: f32) -> f32 {
    let (high, low) = log_parts_shifted(y, tail * rough_reciprocal(y), 3.0);
    high + low
}

/// asinh x.
#[inline(always)]
pub fn asinh(x: f32) -> f32 {
    let a = x.abs();
    let root = a.mul_add(a, 1.0).sqrt();
    let root = select(a > 1e6, a, root);
    // An eighth of a + √(1 + a²), which stays far from overflow, and of what that lacks: the rounding error, and the root's
    // error (a² + 1 − root²)/(2·root).
    let eighth = 0.125 * a;
    let sum = 0.125f32.mul_add(root, eighth);
    let sum_error = 0.125f32.mul_add(root, -sum) + eighth;
    let residual = (8.0 * (a - root)).mul_add(sum, 1.0);
    let correction = residual.mul_add((0.9 / 64.0) * rough_reciprocal(sum), sum_error);
    let value = log_of_eighth(sum, correction);
    let z = a * a;
    let near = (z * a).mul_add(polynomial(&ASINH_NEAR, z), a);
    let value = select(a < 0.625, near, value);
    select(a < f32::INFINITY, value, a).copysign(x)
}

/// acosh x.
#[inline(always)]
pub fn acosh(x: f32) -> f32 {
    let u = x - 1.0;
    let near = x < 1.5;
    let square = select(near, u + u, x.mul_add(x, -1.0));
    let root = select(x > 1e6, x, square.sqrt());
    // As for asinh.
    let eighth = 0.125 * x;
    let sum = 0.125f32.mul_add(root, eighth);
    let sum_error = 0.125f32.mul_add(root, eighth - sum);
    let residual = (8.0 * (x - root)).mul_add(sum, -1.0);
    let correction = residual.mul_add((1.05 / 64.0) * rough_reciprocal(sum), sum_error);
    let value = log_of_eighth(sum, correction);
    // acosh(1 + u) = √2u·(1 + u·P(u)), with the error of the root.
    let root_tail = (-root).mul_add(root, square) * (0.5 * rough_reciprocal(root));
    let close = root + root.mul_add(u * polynomial(&ACOSH_NEAR, u), root_tail);
    let value = select(near, close, value);
    let value = select(u > 0.0, value, select(u == 0.0, 0.0, f32::NAN));
    select(x == f32::INFINITY, x, value)
}

/// atanh x.
#[inline(always)]
pub fn atanh(x: f32) -> f32 {
    let a = x.abs();
    let less = 1.0 - a;
    let more = 1.0 + a;
    // 1 − a is exact for a ≥ ½.
    let more_error = a - (more - 1.0);
    let quotient = more / less;
    let remainder = (-quotient).mul_add(less, more) + more_error;
    let (high, low) = log_parts_shifted(quotient, remainder * rough_reciprocal(more), 0.0);
    let value = 0.5 * (high + low);
    let z = a * a;
    let near = (z * a).mul_add(polynomial(&ATANH_NEAR, z), a);
    let value = select(a < 0.5, near, value);
    let value = select(a == 1.0, f32::INFINITY, value);
    value.copysign(x)
}

/// A polynomial of six coefficients.
#[inline(always)]
fn polynomial(c: &[f32; 6], z: f32) -> f32 {
    let w = z * z;
    let even = w.mul_add(c[4], c[2]);
    let odd = w.mul_add(w.mul_add(c[5], c[3]), c[1]);
    z.mul_add(odd, w.mul_add(even, c[0]))
}

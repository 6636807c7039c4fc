//! Hyperbolic functions and their inverses in float64.
//!
//! sinh, cosh: from sinh r, cosh r and the powers 2ⁿ and 2⁻ⁿ of x = n·ln 2 + r. tanh a = −e/(2 + e) with
//! e = e^(−2a) − 1 in two parts. asinh and acosh are logarithms of a sum in two parts, near zero polynomials; atanh: e^(2·result) =
//! 2^k·(1 + s)/(1 − s), s a quotient in two parts.
//! Contract: ≤ 0.85 ULP; −0.0 and subnormal numbers keep their value.
//! Limits: one division (tanh, atanh), one square root (asinh, acosh).
//! Source: the identities are Abramowitz and Stegun's 4.5–4.6; coefficients by Remez.

use super::coefficients::{ATANH, COSH, INV_LN2, LN2_HI, LN2_LO, LN2_SHORT_HI, LN2_SHORT_LO, SINH};
use super::exponential::{exponent_of_steps, reduce_by_steps};
use super::logarithm::{Parts, log_of_parts, parts};
use super::pair::{divide_pairs, fast_two_sum, two_product};
use super::register_tables::{ACOSH_NEAR, ASINH_NEAR, COSH_STEP, EXPM1_STEP, SINH_STEP};
use super::root::rough_reciprocal;
use super::{ROUNDER, select};
use crate::instructions::{exp2_step_down_f64, exp2_step_f64, exp2_step_rest_f64};

const TWO_POW_52: f64 = 4_503_599_627_370_496.0;

/// tanh x.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let magnitude = x.abs();
    // Beyond 22 the result rounds to 1.
    let doubled = -2.0 * select(magnitude > 22.0, 22.0, magnitude);
    let (rounded, r, rest) = reduce_by_steps(doubled);
    let index = rounded.to_bits();
    let scale = f64::from_bits(exp2_step_f64(index).to_bits().wrapping_add(exponent_of_steps(rounded)));
    // scale·(1 + tail)·e^r − 1, with scale ≤ 1.
    let whole = scale - 1.0;
    let whole_error = scale - (whole + 1.0);
    let high = scale.mul_add(r, whole);
    let error = scale.mul_add(r, whole - high) + whole_error;
    let tail = rest + exp2_step_rest_f64(index);
    let square = r * r;
    let even = square.mul_add(square.mul_add(EXPM1_STEP[4], EXPM1_STEP[2]), EXPM1_STEP[0]);
    let odd = square.mul_add(square.mul_add(EXPM1_STEP[5], EXPM1_STEP[3]), EXPM1_STEP[1]);
    let slope = r.mul_add(r.mul_add(r.mul_add(odd, even), tail), tail);
    let (num, num_tail) = fast_two_sum(high, scale.mul_add(slope, error));
    let (den, den_tail) = fast_two_sum(2.0, num);
    divide_pairs(-num, -num_tail, den, den_tail + num_tail).copysign(x)
}

/// What sinh and cosh share: half the difference and sum of 2^(n−1) and 2^(−n−1), sinh r and cosh r of x = n·ln 2 + r.
struct HyperbolicParts {
    /// 2^(n−2) − 2^(−n−2), rounded, and the rounding error.
    difference: (f64, f64),
    sum: (f64, f64),
    /// r, sinh (r + tail) − r, cosh (r + tail) − 1.
    r: f64,
    sinh_rest: f64,
    cosh_rest: f64,
}

/// For 0 ≤ x ≤ 710.6.
#[inline(always)]
fn hyperbolic_parts(x: f64) -> HyperbolicParts {
    let rounded = x.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, x);
    let r = n.mul_add(-LN2_LO, high);
    let tail = n.mul_add(-LN2_LO, high - r);
    let grown = f64::from_bits(rounded.to_bits().wrapping_add(1023 - 2) << 52);
    // Beyond 2¹⁰⁰ the other power no longer counts.
    let short = select(n > 100.0, 100.0, n);
    let shrunk = f64::from_bits((TWO_POW_52 + (1023.0 - 2.0) - short).to_bits() << 52);
    let h = r * r;
    let s = h.mul_add(h.mul_add(h.mul_add(h.mul_add(SINH[4], SINH[3]), SINH[2]), SINH[1]), SINH[0]);
    let c = h.mul_add(h.mul_add(h.mul_add(h.mul_add(COSH[4], COSH[3]), COSH[2]), COSH[1]), COSH[0]);
    HyperbolicParts {
        difference: fast_two_sum(grown, -shrunk),
        sum: fast_two_sum(grown, shrunk),
        r,
        sinh_rest: (h * r).mul_add(s, tail),
        cosh_rest: h.mul_add(0.5, (h * h).mul_add(c, r * tail)),
    }
}

/// sinh x.
#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    let magnitude = x.abs();
    let p = hyperbolic_parts(select(magnitude > 710.6, 710.6, magnitude));
    // difference·cosh r + sum·sinh r, largest terms first.
    let (product, product_error) = two_product(p.sum.0, p.r);
    let (total, error) = fast_two_sum(p.difference.0, product);
    let rest = p.sum.0.mul_add(p.sinh_rest, p.difference.0.mul_add(p.cosh_rest, product_error));
    let rest = rest + (error + p.sum.1.mul_add(p.r, p.difference.1));
    let value = 2.0 * (total + rest);
    select(magnitude < 1e-300, magnitude, value).copysign(x)
}

/// cosh x.
#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    let magnitude = x.abs();
    let (rounded, r, rest) = reduce_by_steps(select(magnitude > 710.6, 710.6, magnitude));
    let index = rounded.to_bits();
    let r = r + rest;
    // A quarter of 2^n and of 2^−n; beyond 2¹⁰⁰ the latter no longer counts.
    let exponent = exponent_of_steps(rounded);
    let step = exp2_step_f64(index).to_bits();
    let up = f64::from_bits(step.wrapping_add(exponent).wrapping_sub(2 << 52));
    let exponent = select(exponent > 100 << 52, 100 << 52, exponent);
    let down = f64::from_bits(exp2_step_down_f64(index).to_bits().wrapping_sub(exponent));
    let h = r * r;
    let sinh = (h * r).mul_add(h.mul_add(h.mul_add(SINH_STEP[2], SINH_STEP[1]), SINH_STEP[0]), r);
    let cosh_rest = h * h.mul_add(h.mul_add(COSH_STEP[2], COSH_STEP[1]), COSH_STEP[0]);
    // sum·cosh r + difference·sinh r.
    let (sum, error) = fast_two_sum(up, down);
    let low = (up - down).mul_add(sinh, exp2_step_rest_f64(index).mul_add(up, error));
    2.0 * (sum + sum.mul_add(cosh_rest, low))
}

/// k·ln 2 + 2·atanh(num/den) for a quotient of magnitude ≤ 0.2, each part with its tail; k ≥ 0 is an integer.
#[inline(always)]
fn log_of_ratio(k: f64, num: f64, num_tail: f64, den: f64, den_tail: f64) -> f64 {
    let reciprocal = 1.0 / den;
    let s = num * reciprocal;
    let remainder = (-s).mul_add(den, num) + (-s).mul_add(den_tail, num_tail);
    let z = s * s;
    let w = z * z;
    let even = w.mul_add(w.mul_add(w.mul_add(ATANH[6], ATANH[4]), ATANH[2]), ATANH[0]);
    let odd = w.mul_add(w.mul_add(w.mul_add(ATANH[7], ATANH[5]), ATANH[3]), ATANH[1]);
    let cubic = (z * s) * z.mul_add(odd, even);
    let low = (remainder + remainder).mul_add(reciprocal, cubic);
    let double = s + s;
    let sum = k.mul_add(LN2_SHORT_HI, double);
    let error = k.mul_add(LN2_SHORT_HI, -sum) + double;
    sum + (error + k.mul_add(LN2_SHORT_LO, low))
}

/// log(8·(y + tail)) for y ≥ 1/8 and a tail below an ulp of y.
#[inline(always)]
fn log_of_eighth(y: f64, tail: f64) -> f64 {
    let p = parts(y);
    let (high, low) = log_of_parts(&Parts { k: p.k + 3.0, ..p }, tail * rough_reciprocal(y));
    high + low
}

/// asinh x.
#[inline(always)]
pub fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let root = a.mul_add(a, 1.0).sqrt();
    let root = select(a > 1e12, a, root);
    // An eighth of a + √(1 + a²), which stays far from overflow, and of what that lacks: the rounding error, and the root's
    // error (a² + 1 − root²)/(2·root).
    let eighth = 0.125 * a;
    let sum = 0.125f64.mul_add(root, eighth);
    let sum_error = 0.125f64.mul_add(root, -sum) + eighth;
    let residual = (8.0 * (a - root)).mul_add(sum, 1.0);
    let correction = residual.mul_add((0.9 / 64.0) * rough_reciprocal(sum), sum_error);
    let value = log_of_eighth(sum, correction);
    let z = a * a;
    let w = z * z;
    let c = &ASINH_NEAR;
    let even = w.mul_add(
        w.mul_add(w.mul_add(w.mul_add(w.mul_add(w.mul_add(c[12], c[10]), c[8]), c[6]), c[4]), c[2]),
        c[0],
    );
    let odd = w.mul_add(w.mul_add(w.mul_add(w.mul_add(w.mul_add(c[11], c[9]), c[7]), c[5]), c[3]), c[1]);
    let near = (z * a).mul_add(z.mul_add(odd, even), a);
    let value = select(a < 0.6, near, value);
    select(a < f64::INFINITY, value, a).copysign(x)
}

/// acosh x.
#[inline(always)]
pub fn acosh(x: f64) -> f64 {
    let u = x - 1.0;
    let near = x < 1.25;
    let square = select(near, u + u, x.mul_add(x, -1.0));
    let root = select(x > 1e12, x, square.sqrt());
    // As for asinh.
    let eighth = 0.125 * x;
    let sum = 0.125f64.mul_add(root, eighth);
    let sum_error = 0.125f64.mul_add(root, eighth - sum);
    let residual = (8.0 * (x - root)).mul_add(sum, -1.0);
    let correction = residual.mul_add((1.1 / 64.0) * rough_reciprocal(sum), sum_error);
    let value = log_of_eighth(sum, correction);
    // acosh(1 + u) = √2u·(1 + u·P(u)), with the error of the root.
    let root_tail = (-root).mul_add(root, square) * (0.5 * rough_reciprocal(root));
    let w = u * u;
    let c = &ACOSH_NEAR;
    let even = w.mul_add(w.mul_add(w.mul_add(w.mul_add(c[8], c[6]), c[4]), c[2]), c[0]);
    let odd = w.mul_add(w.mul_add(w.mul_add(c[7], c[5]), c[3]), c[1]);
    let close = root + root.mul_add(u * u.mul_add(odd, even), root_tail);
    let value = select(near, close, value);
    let value = select(u > 0.0, value, select(u == 0.0, 0.0, f64::NAN));
    select(x == f64::INFINITY, x, value)
}

/// atanh x.
#[inline(always)]
pub fn atanh(x: f64) -> f64 {
    let a = x.abs();
    // The difference of the bits is 2⁵² times the logarithm to base 2 of the quotient, to 0.09: rounded to an integer.
    let (more, more_error) = fast_two_sum(1.0, a);
    let less = 1.0 - a;
    let difference = more.to_bits().wrapping_sub(less.to_bits()).wrapping_add(1 << 51) >> 52;
    let k = f64::from_bits(difference | TWO_POW_52.to_bits()) - TWO_POW_52;
    let power = f64::from_bits((difference.wrapping_add(1023)) << 52);
    // (1 + a − 2^k·(1 − a))/(1 + a + 2^k·(1 − a)); 0 and 2 where k is 0.
    let (c, q) = (1.0 - power, 1.0 + power);
    let (product, product_error) = two_product(a, q);
    let (num, num_error) = fast_two_sum(c + product, product_error);
    let den = a.mul_add(c, q);
    // Exact while q is near den, and of no weight beyond.
    let den_error = select(power < 8.0, a.mul_add(c, q - den), 0.0);
    // Beyond ½, 1 − a is exact, and its multiple so near to 1 + a that the difference is; 2^k may be too large for c.
    let scaled = power * less;
    let beyond = a > 0.5;
    let (whole, whole_error) = fast_two_sum(more, scaled);
    let (num, num_error) = (select(beyond, more - scaled, num), select(beyond, more_error, num_error));
    let (den, den_error) = (select(beyond, whole, den), select(beyond, whole_error + more_error, den_error));
    let value = 0.5 * log_of_ratio(k, num, num_error, den, den_error);
    let value = select(a < 1e-300, a, value);
    let value = select(a < 1.0, value, select(a == 1.0, f64::INFINITY, f64::NAN));
    value.copysign(x)
}

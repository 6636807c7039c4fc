//! Hyperbolic functions and their inverses in float32.
//!
//! The schemes of the float64 functions in float32 arithmetic.
//! Contract: ≤ 0.8 ULP; −0.0 and subnormal numbers keep their value.
//! Limits: one division (tanh, atanh), a division and a square root (asinh, acosh).
//! Source: `double::hyperbolic`.

use super::ROUNDER;
use super::coefficients::{ATANH, COSH, INV_LN2, LN2_HI, LN2_LO, LN2_SHORT_HI, LN2_SHORT_LO, SINH};
use super::exponential::expm1_parts;
use super::logarithm::split;
use super::pair::{divide_pairs, fast_two_sum, two_product};
use super::root::sqrt_pair;
use crate::double::select;

const TWO_POW_23: f32 = 8_388_608.0;

/// tanh x.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let magnitude = x.abs();
    // Beyond 9.1 the result rounds to 1.
    let doubled = -2.0 * select(magnitude > 9.5, 9.5, magnitude);
    let rounded = doubled.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, doubled);
    let r = n.mul_add(-LN2_LO, high);
    let tail = n.mul_add(-LN2_LO, high - r);
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    let (leading, rest) = expm1_parts(r, tail);
    let whole = scale - 1.0;
    let whole_error = scale - (whole + 1.0);
    let (sum, error) = fast_two_sum(whole, scale * leading);
    let (num, num_tail) = fast_two_sum(sum, scale.mul_add(rest, error + whole_error));
    let (den, den_tail) = fast_two_sum(2.0, num);
    divide_pairs(-num, -num_tail, den, den_tail + num_tail).copysign(x)
}

/// What sinh and cosh share: half the difference and sum of 2^(n−1) and 2^(−n−1), sinh r and cosh r of x = n·ln 2 + r.
struct HyperbolicParts {
    /// 2^(n−2) − 2^(−n−2), rounded, and the rounding error.
    difference: (f32, f32),
    sum: (f32, f32),
    /// r, sinh (r + tail) − r, cosh (r + tail) − 1.
    r: f32,
    sinh_rest: f32,
    cosh_rest: f32,
}

/// For 0 ≤ x ≤ 89.5.
#[inline(always)]
fn hyperbolic_parts(x: f32) -> HyperbolicParts {
    let rounded = x.mul_add(INV_LN2, ROUNDER);
    let n = rounded - ROUNDER;
    let high = n.mul_add(-LN2_HI, x);
    let r = n.mul_add(-LN2_LO, high);
    let tail = n.mul_add(-LN2_LO, high - r);
    let grown = f32::from_bits(rounded.to_bits().wrapping_add(127 - 2) << 23);
    // Beyond 2⁵⁰ the other power no longer counts.
    let short = select(n > 50.0, 50.0, n);
    let shrunk = f32::from_bits((TWO_POW_23 + (127.0 - 2.0) - short).to_bits() << 23);
    let h = r * r;
    let s = h.mul_add(h.mul_add(SINH[2], SINH[1]), SINH[0]);
    let c = h.mul_add(h.mul_add(COSH[1], COSH[0]), 0.5);
    HyperbolicParts {
        difference: fast_two_sum(grown, -shrunk),
        sum: fast_two_sum(grown, shrunk),
        r,
        sinh_rest: (h * r).mul_add(s, tail),
        cosh_rest: h.mul_add(c, r * tail),
    }
}

/// sinh x.
#[inline(always)]
pub fn sinh(x: f32) -> f32 {
    let magnitude = x.abs();
    let p = hyperbolic_parts(select(magnitude > 89.5, 89.5, magnitude));
    // difference·cosh r + sum·sinh r, largest terms first.
    let (product, product_error) = two_product(p.sum.0, p.r);
    let (total, error) = fast_two_sum(p.difference.0, product);
    let rest = p.sum.0.mul_add(p.sinh_rest, p.difference.0.mul_add(p.cosh_rest, product_error));
    let rest = rest + (error + p.sum.1.mul_add(p.r, p.difference.1));
    let value = 2.0 * (total + rest);
    select(magnitude < 1e-30, magnitude, value).copysign(x)
}

/// cosh x.
#[inline(always)]
pub fn cosh(x: f32) -> f32 {
    let magnitude = x.abs();
    let p = hyperbolic_parts(select(magnitude > 89.5, 89.5, magnitude));
    // sum·cosh r + difference·sinh r, largest terms first.
    let (product, product_error) = two_product(p.difference.0, p.r);
    let (total, error) = fast_two_sum(p.sum.0, product);
    let rest = p.difference.0.mul_add(p.sinh_rest, p.sum.0.mul_add(p.cosh_rest, product_error));
    2.0 * (total + (rest + (error + p.difference.1.mul_add(p.r, p.sum.1))))
}

/// k·ln 2 + 2·atanh(num/den) for a quotient of magnitude ≤ 0.2, each part with its tail; k ≥ 0 is an integer.
#[inline(always)]
fn log_of_ratio(k: f32, num: f32, num_tail: f32, den: f32, den_tail: f32) -> f32 {
    let reciprocal = 1.0 / den;
    let s = num * reciprocal;
    let remainder = (-s).mul_add(den, num) + (-s).mul_add(den_tail, num_tail);
    let z = s * s;
    let cubic = (z * s) * z.mul_add(z.mul_add(ATANH[2], ATANH[1]), ATANH[0]);
    let low = (remainder + remainder).mul_add(reciprocal, cubic);
    let double = s + s;
    let sum = k.mul_add(LN2_SHORT_HI, double);
    let error = k.mul_add(LN2_SHORT_HI, -sum) + double;
    sum + (error + k.mul_add(LN2_SHORT_LO, low))
}

/// log(8·(y + y_tail)) for y ≥ 1/8, given the quotient tanh(log(8y)/2) as a fraction, used where 8y < √2.
#[inline(always)]
fn log_of_eighth(y: f32, y_tail: f32, num: (f32, f32), den: (f32, f32)) -> f32 {
    // y = 2^k·m.
    let (k, _) = split(y.to_bits());
    let power = f32::from_bits((TWO_POW_23 + 127.0 + k).to_bits() << 23);
    let near = k < -2.0;
    let (less, more) = (y - power, y + power);
    let more_error = (power - more) + y;
    let num_tail = select(near, num.1, y_tail);
    let den_tail = select(near, den.1, more_error + y_tail);
    log_of_ratio(k + 3.0, select(near, num.0, less), num_tail, select(near, den.0, more), den_tail)
}

/// asinh x.
#[inline(always)]
pub fn asinh(x: f32) -> f32 {
    let a = x.abs();
    let large = a > 3e4;
    let b = select(large, 1.0, a);
    let (square, square_error) = two_product(b, b);
    let (t, t_error) = fast_two_sum(1.0, square);
    // The smaller term comes second for a > 1.
    let t_error = select(a > 1.0, (square - t) + 1.0, t_error);
    let (root, root_tail) = sqrt_pair(t, t_error + square_error);
    // a + √(1 + a²), where a is large just 2a.
    let (w, w_tail) = (select(large, a, root), select(large, 0.0, root_tail));
    let (eighth, error) = fast_two_sum(0.125 * w, 0.125 * a);
    let (den, den_error) = fast_two_sum(1.0, w);
    let value = log_of_eighth(eighth, 0.125f32.mul_add(w_tail, error), (a, 0.0), (den, den_error + w_tail));
    let value = select(a < 1e-30, a, value);
    select(a < f32::INFINITY, value, a).copysign(x)
}

/// acosh x.
#[inline(always)]
pub fn acosh(x: f32) -> f32 {
    let large = x > 3e4;
    let b = select(large, 2.0, x);
    let (square, square_error) = two_product(b, b);
    let (t, t_error) = fast_two_sum(square, -1.0);
    let (t, t_error) = fast_two_sum(t, t_error + square_error);
    let (root, root_tail) = sqrt_pair(t, t_error);
    let (w, w_tail) = (select(large, x, root), select(large, 0.0, root_tail));
    let (eighth, error) = fast_two_sum(0.125 * x, 0.125 * w);
    let (den, den_error) = fast_two_sum(x, 1.0);
    let value = log_of_eighth(eighth, 0.125f32.mul_add(w_tail, error), (w, w_tail), (den, den_error));
    let value = select(x < f32::INFINITY, value, x);
    select(x < 1.0, f32::NAN, value)
}

/// atanh x.
#[inline(always)]
pub fn atanh(x: f32) -> f32 {
    let a = x.abs();
    // The difference of the bits is 2²³ times the logarithm to base 2 of the quotient, to 0.09: rounded to an integer.
    let (more, more_error) = fast_two_sum(1.0, a);
    let less = 1.0 - a;
    let difference = more.to_bits().wrapping_sub(less.to_bits()).wrapping_add(1 << 22) >> 23;
    let k = f32::from_bits(difference | TWO_POW_23.to_bits()) - TWO_POW_23;
    let power = f32::from_bits((difference.wrapping_add(127)) << 23);
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
    let value = select(a < 1e-30, a, value);
    let value = select(a < 1.0, value, select(a == 1.0, f32::INFINITY, f32::NAN));
    value.copysign(x)
}

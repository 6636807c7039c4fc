//! Logarithms in float64.
//!
//! x = 2^k·c·(1 + r) with 1/c from a table of 16, of 5 bits, so that r is exact; log x = (k·ln 2 + log c) + r + r²·P(r), the first sum
//! exact in two parts.
//! Contract: ≤ 0.7 ULP; log 1 = +0; exact powers of two and ten give integers.
//! Limits: none.
//! Source: P. Tang, Table-driven implementation of the logarithm (1990); coefficients by Remez.

use super::coefficients::{INV_LN2_PAIR_HI, INV_LN2_PAIR_LO, INV_LN10_HI, INV_LN10_LO};
use super::register_tables::{LN2_GRID, LOG_REST, LOG2_REST, LOG10_2_GRID, LOG10_REST};
use super::select;
use crate::instructions::{
    exponent_f64, log_c_hi_f64, log_c_lo_f64, log2_c_hi_f64, log2_c_lo_f64, log10_c_hi_f64, log10_c_lo_f64,
    mantissa_f64, reciprocal_f64,
};

pub(crate) const TWO_POW_52: f64 = 4_503_599_627_370_496.0;

/// The parts of a logarithm: x = 2^k·c·(1 + r) with c the middle of a bucket; r is exact.
pub(crate) struct Parts {
    pub k: f64,
    pub index: u64,
    pub r: f64,
}

/// k is infinite for zeros and infinity, r NaN for NaN and negative numbers.
#[inline(always)]
pub(crate) fn parts(x: f64) -> Parts {
    let m = mantissa_f64(x);
    let index = m.to_bits() >> 48;
    Parts { k: exponent_f64(x), index, r: m.mul_add(reciprocal_f64(index), -1.0) }
}

/// high + low, or high where that is infinite and low NaN.
#[inline(always)]
fn total(high: f64, low: f64) -> f64 {
    let value = high + low;
    select(value.is_nan(), high, value)
}

/// A polynomial of ten coefficients.
#[inline(always)]
fn polynomial(c: &[f64; 10], r: f64, square: f64) -> f64 {
    let even = square.mul_add(square.mul_add(c[8], c[6]), c[4]);
    let odd = square.mul_add(square.mul_add(c[9], c[7]), c[5]);
    let even = square.mul_add(square.mul_add(even, c[2]), c[0]);
    let odd = square.mul_add(square.mul_add(odd, c[3]), c[1]);
    r.mul_add(odd, even)
}

/// The logarithm of parts without its last addition; `correction` is e/(1 + r) for log(x·(1 + e)).
#[inline(always)]
pub(crate) fn log_of_parts(p: &Parts, correction: f64) -> (f64, f64) {
    let r = p.r;
    let base = p.k.mul_add(LN2_GRID[0], log_c_hi_f64(p.index));
    let base_low = p.k.mul_add(LN2_GRID[1], log_c_lo_f64(p.index));
    let high = base + r;
    let error = (base - high) + r;
    let square = r * r;
    (high, square.mul_add(polynomial(&LOG_REST, r, square), error + base_low) + correction)
}

/// log x.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let (high, low) = log_of_parts(&parts(x), 0.0);
    total(high, low)
}

/// log₂ x.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    let Parts { k, index, r } = parts(x);
    let base = k + log2_c_hi_f64(index);
    let high = r.mul_add(INV_LN2_PAIR_HI, base);
    let error = r.mul_add(INV_LN2_PAIR_HI, base - high);
    let slope = r.mul_add(polynomial(&LOG2_REST, r, r * r), INV_LN2_PAIR_LO);
    total(high, r.mul_add(slope, error + log2_c_lo_f64(index)))
}

/// log₁₀ x.
#[inline(always)]
pub fn log10(x: f64) -> f64 {
    let Parts { k, index, r } = parts(x);
    let base = k.mul_add(LOG10_2_GRID[0], log10_c_hi_f64(index));
    let base_low = k.mul_add(LOG10_2_GRID[1], log10_c_lo_f64(index));
    let high = r.mul_add(INV_LN10_HI, base);
    let error = r.mul_add(INV_LN10_HI, base - high);
    let slope = r.mul_add(polynomial(&LOG10_REST, r, r * r), INV_LN10_LO);
    total(high, r.mul_add(slope, error + base_low))
}

/// log(1 + x).
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // Exact up to 2⁵³; beyond, of no weight.
    let error = x - (u - 1.0);
    let p = parts(u);
    // 2^−k; 0 and −∞ for the largest numbers.
    let scale = f64::from_bits(0x7fe0_0000_0000_0000_u64.wrapping_sub(u.to_bits() & 0x7ff0_0000_0000_0000));
    // The derivative 1/(1 + r) as 1 − r is enough for an error this small.
    let correction = error * scale * reciprocal_f64(p.index);
    let (high, low) = log_of_parts(&p, (-correction).mul_add(p.r, correction));
    // −0.0 keeps its sign.
    total(high, low).copysign(x)
}

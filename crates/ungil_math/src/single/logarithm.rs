//! Logarithms in float32.
//!
//! x = 2^k·c·(1 + r) with 1/c from a table of 32; log x = (k·ln 2 + log c) + r + r²·P(r), the first sum exact in two parts.
//! Contract: ≤ 0.75 ULP; log 1 = +0; exact powers of two and ten give integers.
//! Limits: no division.
//! Source: P. Tang, Table-driven implementation of the logarithm (1990); coefficients by Remez.

use super::coefficients::{INV_LN2_PAIR_HI, INV_LN2_PAIR_LO, INV_LN10_HI, INV_LN10_LO};
use super::tables::{
    LN2_GRID_HI, LN2_GRID_LO, LOG_REST, LOG2_REST, LOG10_2_GRID_HI, LOG10_2_GRID_LO, LOG10_REST,
};
use crate::double::select;
use crate::instructions::{
    exponent_f32, log_c_hi, log_c_lo, log2_c_hi, log2_c_lo, log10_c_hi, log10_c_lo, mantissa_f32, reciprocal,
};

/// The parts of a logarithm: x = 2^k·c·(1 + r) with c the middle of a bucket.
struct Parts {
    k: f32,
    index: u32,
    r: f32,
}

/// k is infinite for zeros and infinity, r NaN for NaN and negative numbers.
#[inline(always)]
fn parts(x: f32) -> Parts {
    let m = mantissa_f32(x);
    let index = m.to_bits() >> 18;
    Parts { k: exponent_f32(x), index, r: m.mul_add(reciprocal(index), -1.0) }
}

/// high + low, or high where that is infinite and low NaN.
#[inline(always)]
fn total(high: f32, low: f32) -> f32 {
    let value = high + low;
    select(value.is_nan(), high, value)
}

/// log(x·(1 + e)) without its last addition; `correction` is e/(1 + r).
#[inline(always)]
fn log_parts(p: &Parts, correction: f32) -> (f32, f32) {
    let r = p.r;
    let base = p.k.mul_add(LN2_GRID_HI, log_c_hi(p.index));
    let base_low = p.k.mul_add(LN2_GRID_LO, log_c_lo(p.index));
    let high = base + r;
    let error = (base - high) + r;
    let rest = r.mul_add(r.mul_add(LOG_REST[2], LOG_REST[1]), LOG_REST[0]);
    (high, (r * r).mul_add(rest, error + base_low) + correction)
}

/// log(x·(1 + correction)) + shift·ln 2 without its last addition, for positive finite x.
#[inline(always)]
pub(crate) fn log_parts_shifted(x: f32, correction: f32, shift: f32) -> (f32, f32) {
    let p = parts(x);
    log_parts(&Parts { k: p.k + shift, ..p }, correction)
}

/// log x.
#[inline(always)]
pub fn log(x: f32) -> f32 {
    let (high, low) = log_parts(&parts(x), 0.0);
    total(high, low)
}

/// log₂ x.
#[inline(always)]
pub fn log2(x: f32) -> f32 {
    let Parts { k, index, r } = parts(x);
    let base = k + log2_c_hi(index);
    let high = r.mul_add(INV_LN2_PAIR_HI, base);
    let error = r.mul_add(INV_LN2_PAIR_HI, base - high);
    let rest = r.mul_add(r.mul_add(LOG2_REST[2], LOG2_REST[1]), LOG2_REST[0]);
    let slope = r.mul_add(rest, INV_LN2_PAIR_LO);
    total(high, r.mul_add(slope, error + log2_c_lo(index)))
}

/// log₁₀ x.
#[inline(always)]
pub fn log10(x: f32) -> f32 {
    let Parts { k, index, r } = parts(x);
    let base = k.mul_add(LOG10_2_GRID_HI, log10_c_hi(index));
    let base_low = k.mul_add(LOG10_2_GRID_LO, log10_c_lo(index));
    let high = r.mul_add(INV_LN10_HI, base);
    let error = r.mul_add(INV_LN10_HI, base - high);
    let rest = r.mul_add(r.mul_add(LOG10_REST[2], LOG10_REST[1]), LOG10_REST[0]);
    let slope = r.mul_add(rest, INV_LN10_LO);
    total(high, r.mul_add(slope, error + base_low))
}

/// log(1 + x).
#[inline(always)]
pub fn log1p(x: f32) -> f32 {
    let u = 1.0 + x;
    // Exact up to 2²⁴; beyond, of no weight.
    let error = x - (u - 1.0);
    let p = parts(u);
    // 2^−k; 0 and −∞ for the largest numbers.
    let scale = f32::from_bits(0x7f00_0000_u32.wrapping_sub(u.to_bits() & 0x7f80_0000));
    // The derivative 1/(1 + r) as 1 − r is enough for an error this small.
    let correction = error * scale * reciprocal(p.index);
    let (high, low) = log_parts(&p, (-correction).mul_add(p.r, correction));
    // −0.0 keeps its sign.
    total(high, low).copysign(x)
}

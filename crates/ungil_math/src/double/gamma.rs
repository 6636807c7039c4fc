//! The gamma function and the logarithm of its magnitude in float64.
//!
//! Stirling's series at y ≥ 8, in two parts: a itself or a + 8, divided by a·(a + 1)·…·(a + 7), for a = |x|.
//! Negative x: Γ(−a) = −π/(a·sin πa·Γ(a)). lgamma between 0.9 and 2.15: a polynomial times (x − 1)·(x − 2).
//! Contract: gamma ≤ 1 ULP; lgamma ≤ 1 ULP for positive x, for negative x an error below 2⁻⁵² of the larger of
//! 1 and the result (near its zeros there no relative bound holds). Poles give NaN (gamma) and infinity (lgamma);
//! Γ(±0) = ±∞.
//! Limits: one or two divisions; lgamma of negative numbers takes a cold call (`*_slow`).
//! Source: Abramowitz and Stegun 6.1.17, 6.1.40; coefficients by Remez.

use super::ROUNDER;
use super::coefficients::{PI_PAIR_HI, PI_PAIR_LO};
use super::error_function::polynomial;
use super::exponential::exp_parts;
use super::pair::{divide_pairs, fast_two_sum, multiply_pairs, two_product, two_sum};
use super::power::log_pair;
use super::special_coefficients::{
    HALF_LOG_TWO_PI_HI, HALF_LOG_TWO_PI_LO, LOG_GAMMA, LOG_GAMMA_HI, LOG_GAMMA_LO, STIRLING,
};
use super::trigonometric::kernels;
use super::{power_of_two_halves, select};

const PI: (f64, f64) = (PI_PAIR_HI, PI_PAIR_LO);

/// 1/x for positive normal x, to 2 %: enough for what is below an ulp.
#[inline(always)]
fn rough_reciprocal(x: f64) -> f64 {
    let guess = f64::from_bits(0x7fde_6238_502c_5b1a_u64.wrapping_sub(x.to_bits()));
    guess * (-guess).mul_add(x, 2.0)
}

/// log Γ at y = a or a + 8, and what to divide Γ(y) by for Γ(a).
struct Shifted {
    log: (f64, f64),
    product: (f64, f64),
}

/// a·(a + 1)·…·(a + 7) in two parts: with u = a·(a + 7), the product of u, u + 6, u + 10 and u + 12.
#[inline(always)]
fn rising_product(a: f64) -> (f64, f64) {
    let (square, square_error) = two_product(a, a);
    let (seven, seven_error) = two_product(7.0, a);
    let (u, u_error) = two_sum(square, seven);
    let u_tail = u_error + (square_error + seven_error);
    let plus = |k: f64| {
        let (sum, error) = two_sum(u, k);
        (sum, error + u_tail)
    };
    multiply_pairs(multiply_pairs((u, u_tail), plus(6.0)), multiply_pairs(plus(10.0), plus(12.0)))
}

/// For a ≥ 0.
#[inline(always)]
fn shifted(a: f64) -> Shifted {
    let near = a < 8.0;
    let (y, y_tail) = fast_two_sum(select(near, 8.0, a), select(near, a, 0.0));
    let product = rising_product(select(near, a, 0.0));
    let product = (select(near, product.0, 1.0), select(near, product.1, 0.0));
    // (y − ½)·(log y − 1) + ½·log 2π − ½ + series.
    let reciprocal = 1.0 / y;
    let series = reciprocal * polynomial(&STIRLING, reciprocal * reciprocal);
    let (log, log_tail) = log_pair(y);
    let (less, less_error) = fast_two_sum(log, -1.0);
    let less_tail = y_tail.mul_add(reciprocal, less_error + log_tail);
    let (factor, factor_error) = fast_two_sum(y, -0.5);
    let (main, main_error) = two_product(factor, less);
    let main_tail = factor.mul_add(less_tail, (factor_error + y_tail).mul_add(less, main_error));
    let (sum, error) = fast_two_sum(main, HALF_LOG_TWO_PI_HI - 0.5);
    let (total, total_error) = fast_two_sum(sum, series);
    Shifted { log: (total, total_error + (error + (main_tail + HALF_LOG_TWO_PI_LO))), product }
}

/// sin πa in two parts, for a ≥ 0.
#[inline(always)]
fn sin_pi(a: f64) -> (f64, f64) {
    let rest = (0.5 * a).trunc().mul_add(-2.0, a);
    let rounded = (rest + rest) + ROUNDER;
    let r = (rounded - ROUNDER).mul_add(-0.5, rest);
    let (angle, error) = two_product(r, PI.0);
    let (sine, sine_tail, cosine, cosine_tail) = kernels(angle, r.mul_add(PI.1, error));
    let odd = rounded.to_bits() & 1 != 0;
    let sign = select(rounded.to_bits() & 2 != 0, -1.0, 1.0);
    let (value, tail) = fast_two_sum(select(odd, cosine, sine), select(odd, cosine_tail, sine_tail));
    (sign * value, sign * tail)
}

/// Γ(x).
#[inline(always)]
pub fn tgamma(x: f64) -> f64 {
    let a = x.abs();
    let negative = x < 0.0;
    // Beyond 190 the result overflows or vanishes.
    let Shifted { log, product } = shifted(select(a > 190.0, 190.0, a));
    let (sum, rest, rounded) = exp_parts(log.0, log.1);
    let e = fast_two_sum(sum, rest);
    let (sine, sine_tail) = sin_pi(a);
    let turned = multiply_pairs(multiply_pairs((-select(a > 190.0, 190.0, a), 0.0), (sine, sine_tail)), e);
    let reflected = multiply_pairs(PI, product);
    let num = (select(negative, reflected.0, e.0), select(negative, reflected.1, e.1));
    let den = (select(negative, turned.0, product.0), select(negative, turned.1, product.1));
    let quotient = divide_pairs(num.0, num.1, den.0, den.1);
    let (first, second) = power_of_two_halves(select(negative, ROUNDER - (rounded - ROUNDER), rounded));
    let value = quotient * first * second;
    let value = select(a < 1e-17, 1.0 / x, value);
    select(negative & (a.floor() == a), f64::NAN, value)
}

/// log |Γ(x)| for x ≥ 0; near zero also for negative x, since Γ(−a) and −Γ(a) agree there.
#[inline(always)]
fn lgamma_positive(x: f64) -> f64 {
    let Shifted { log, product } = shifted(x.abs());
    let (other, other_tail) = log_pair(product.0);
    let (sum, error) = two_sum(log.0, -other);
    let value = sum + (error + (log.1 - product.1.mul_add(rough_reciprocal(product.0), other_tail)));
    let middle = (x > 0.9) & (x < 2.15);
    let value = select(middle, log_gamma_middle(x), value);
    // The largest argument whose result is finite.
    let value = select(x > 2.559_983_327_851_638_3e305, f64::INFINITY, value);
    let value = select(x == 0.0, f64::INFINITY, value);
    select(x.is_nan(), x, value)
}

/// log |Γ(−a)| = log(π·product/(a·|sin πa|)) − log for a > 0.
#[inline(always)]
fn lgamma_negative(a: f64) -> f64 {
    let Shifted { log, product } = shifted(a);
    let (sine, sine_tail) = sin_pi(a);
    let den = multiply_pairs((a, 0.0), (sine.abs(), sine_tail.copysign(sine_tail * sine)));
    let num = multiply_pairs(PI, product);
    let ratio = num.0 / den.0;
    let remainder = (-ratio).mul_add(den.0, num.0) + (-ratio).mul_add(den.1, num.1);
    let (other, other_tail) = log_pair(ratio);
    let (sum, error) = two_sum(log.0, -other);
    let value = -(sum + (error + (log.1 - (other_tail + remainder / num.0))));
    // Beyond, every number is an integer, and these are poles.
    select((a > 4.6e15) | (a.floor() == a), f64::INFINITY, value)
}

/// Whether `lgamma_positive` does not hold; false for NaN.
#[inline(always)]
fn is_reflected(x: f64) -> bool {
    x < -1e-17
}

/// log |Γ(x)| for negative x, else `fast`.
#[cold]
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn ungil_math_lgamma_f64_slow(x: f64, fast: f64) -> f64 {
    if !is_reflected(x) {
        return fast;
    }
    // In kernels this is the copy of the process, which is compiled for the oldest processor: there each fused operation is a call.
    #[cfg(all(target_arch = "x86_64", not(ungil_math_bitcode)))]
    if std::is_x86_feature_detected!("fma") && std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions.
        return unsafe { lgamma_negative_fused(-x) };
    }
    lgamma_negative(-x)
}

#[cfg(all(target_arch = "x86_64", not(ungil_math_bitcode)))]
#[target_feature(enable = "fma,avx2")]
fn lgamma_negative_fused(a: f64) -> f64 {
    lgamma_negative(a)
}

/// log |Γ(x)|.
#[inline(always)]
pub fn lgamma(x: f64) -> f64 {
    let fast = lgamma_positive(x);
    if is_reflected(x) { ungil_math_lgamma_f64_slow(x, fast) } else { fast }
}

/// `LOG_GAMMA` without its first coefficient, whose term is added with its rounding error.
const LOG_GAMMA_CURVE: [f64; 24] = {
    let mut rest = [0.0; 24];
    let mut i = 0;
    while i < 24 {
        rest[i] = LOG_GAMMA[i + 1];
        i += 1;
    }
    rest
};

/// log Γ(x) for 0.9 ≤ x ≤ 2.15.
#[inline(always)]
fn log_gamma_middle(x: f64) -> f64 {
    let t = x - 1.5;
    let (linear, linear_error) = two_product(t, LOG_GAMMA[0]);
    let (sum, error) = fast_two_sum(LOG_GAMMA_HI, linear);
    let curve = t * t * polynomial(&LOG_GAMMA_CURVE, t);
    let (rest, rest_error) = fast_two_sum(sum, curve);
    let rest_tail = rest_error + (error + (linear_error + LOG_GAMMA_LO));
    let (less, second) = (x - 1.0, x - 2.0);
    // x − 1 is exact, x − 2 below 1 not.
    let second_tail = x - (second + 2.0);
    let (product, product_error) = two_product(less, second);
    let product_tail = less.mul_add(second_tail, product_error);
    let (value, value_error) = two_product(product, rest);
    value + product.mul_add(rest_tail, product_tail.mul_add(rest, value_error))
}

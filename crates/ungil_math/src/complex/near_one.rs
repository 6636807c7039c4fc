//! e^z − 1, 2^z and log(1 + z) of a complex number, one part at a time.
//!
//! The imaginary part of log(1 + z) is atan2(y, 1 + x).
//! Contract: log1p within 2 ULP, exp2 and the imaginary part of expm1 within 4 ULP of the part; the real part of expm1, (e^x − 1)·cos y
//! − 2·sin²(y/2), within 4 ULP of the larger term. Special values are NumPy's: of the formulas, 2^z as e^z.
//! Limits: exp2 of |y| ≥ 2²⁶ takes the rounded y·ln 2, as NumPy does. float32 computes in float64.
//! Source: N. J. Higham and others' observation that 1 − cos y is twice a square; |1 + z|² − 1 = 2x + x² + y², summed exactly.

/// Functions on float64.
pub mod double {
    use crate::complex::double::{cexp_re, is_finite, shifted};
    use crate::double::exponential::{exp, exp2, expm1};
    use crate::double::logarithm::log1p;
    use crate::double::modulus::clog_re;
    use crate::double::pair::{two_product, two_sum};
    use crate::double::select;
    use crate::double::trigonometric::{cos, sin};
    use std::f64::consts::LN_2;

    /// ln 2 − `LN_2`.
    const LN_2_TAIL: f64 = 2.319_046_813_846_299_6e-17;

    /// The real part of e^(x + iy) − 1.
    #[inline(always)]
    pub fn cexpm1_re(x: f64, y: f64) -> f64 {
        let half = sin(0.5 * y);
        let value = expm1(x).mul_add(cos(y), -2.0 * half * half);
        // Where e^x overflows, one does not count.
        select((x > 700.0) & is_finite(x) & is_finite(y), cexp_re(x, y), value)
    }

    /// The imaginary part of e^(x + iy) − 1.
    #[inline(always)]
    pub fn cexpm1_im(x: f64, y: f64) -> f64 {
        let (short, factor, rest) = shifted(x);
        exp(short) * sin(y) * factor * rest
    }

    /// y·ln 2 in two parts.
    #[inline(always)]
    fn angle(y: f64) -> (f64, f64) {
        let (product, error) = two_product(y, LN_2);
        let error = y.mul_add(LN_2_TAIL, error);
        // Far out the tail would be no small angle.
        (product, select(y.abs() < 67_108_864.0, error, 0.0))
    }

    /// 2^x as a number that does not overflow and a factor.
    #[inline(always)]
    fn power(x: f64) -> (f64, f64) {
        let large = x > 1_000.0;
        let short = select(large, x - 512.0, x);
        (exp2(short), select(large, f64::from_bits((1023 + 512) << 52), 1.0))
    }

    /// The real part of 2^(x + iy).
    #[inline(always)]
    pub fn cexp2_re(x: f64, y: f64) -> f64 {
        let ((angle, tail), (size, factor)) = (angle(y), power(x));
        let value = size * (-tail).mul_add(sin(angle), cos(angle)) * factor;
        let value = select((x == f64::INFINITY) & !is_finite(y), f64::INFINITY, value);
        select((x == f64::NEG_INFINITY) & !is_finite(y), 0.0, value)
    }

    /// The imaginary part of 2^(x + iy).
    #[inline(always)]
    pub fn cexp2_im(x: f64, y: f64) -> f64 {
        let ((angle, tail), (size, factor)) = (angle(y), power(x));
        let value = size * tail.mul_add(cos(angle), sin(angle)) * factor;
        let value = select((x == f64::NEG_INFINITY) & !is_finite(y), 0.0, value);
        select(y == 0.0, y, value)
    }

    /// log |1 + x + iy|.
    #[inline(always)]
    pub fn clog1p_re(x: f64, y: f64) -> f64 {
        let ((x_square, x_error), (y_square, y_error)) = (two_product(x, x), two_product(y, y));
        // The five terms largest first; what cancels is exact.
        let (a, a_error) = two_sum(2.0 * x, y_square);
        let (b, b_error) = two_sum(a, x_square);
        let (c, c_error) = two_sum(a_error, b_error);
        let (d, d_error) = two_sum(x_error, y_error);
        let (e, e_error) = two_sum(c, d);
        let (excess, error) = two_sum(b, e);
        let error = error + (e_error + (c_error + d_error));
        let near = 0.5 * (log1p(excess) + error / (1.0 + excess));
        select((excess > -0.5) & (excess < 2.0), near, clog_re(1.0 + x, y))
    }
}

/// Functions on float32, computed in float64.
pub mod single {
    use super::double;
    use crate::double::logarithm::{log, log1p};
    use crate::double::pair::two_sum;
    use crate::double::select;

    /// The real part of e^(x + iy) − 1.
    #[inline(always)]
    pub fn cexpm1_re(x: f32, y: f32) -> f32 {
        double::cexpm1_re(f64::from(x), f64::from(y)) as f32
    }

    /// The imaginary part of e^(x + iy) − 1.
    #[inline(always)]
    pub fn cexpm1_im(x: f32, y: f32) -> f32 {
        double::cexpm1_im(f64::from(x), f64::from(y)) as f32
    }

    /// The real part of 2^(x + iy).
    #[inline(always)]
    pub fn cexp2_re(x: f32, y: f32) -> f32 {
        double::cexp2_re(f64::from(x), f64::from(y)) as f32
    }

    /// The imaginary part of 2^(x + iy).
    #[inline(always)]
    pub fn cexp2_im(x: f32, y: f32) -> f32 {
        double::cexp2_im(f64::from(x), f64::from(y)) as f32
    }

    /// log |1 + x + iy|.
    #[inline(always)]
    pub fn clog1p_re(x: f32, y: f32) -> f32 {
        let (a, b) = (f64::from(x), f64::from(y));
        // Squares are exact, and so is their sum with 2x in three parts.
        let (squares, squares_error) = two_sum(a * a, b * b);
        let (sum, error) = two_sum(2.0 * a, squares);
        let sum = sum + (error + squares_error);
        let far = 1.0 + a;
        let value = select(sum < -0.5, log(far.mul_add(far, b * b)), log1p(sum));
        let value = (0.5 * value) as f32;
        let infinite = (x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY);
        select(infinite, f32::INFINITY, value)
    }
}

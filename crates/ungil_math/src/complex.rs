//! Functions of a complex number, one part at a time.
//!
//! Each takes the real and the imaginary part and gives one part of the result; what the parts share is computed once
//! when both are inlined side by side. sin z = −i·sinh iz, cos z = cosh iz, tan z = −i·tanh iz are left to the caller;
//! the imaginary part of the logarithm is atan2.
//! Contract: each part within 5 ULP of itself (exp, sqrt, sinh and cosh 4 ULP), special values as C99 Annex G.
//! Limits: a part of sinh, cosh or exp may be off by more where it is subnormal.
//! Source: the addition theorems; for the modulus, squares in two parts.

pub mod inverse;
pub mod near_one;

use crate::double::select;

/// Functions on one float type, built from the real functions of a module.
macro_rules! functions {
    ($module:ident $t:ident $doc:literal large: $large:literal, shift: $shift:literal, factor: $factor:literal,
     further: $further:literal, rest: $rest:literal,
     saturated: $saturated:literal, huge: $huge:literal, tiny: $tiny:literal, up: $up:literal) => {
        #[doc = $doc]
        pub mod $module {
            use super::select;
            use crate::$module::exponential::exp;
            use crate::$module::hyperbolic::{cosh, sinh};
            use crate::$module::root::hypot;
            use crate::$module::trigonometric::{cos, sin};

            /// x, or less than x where its exponential would overflow, and two factors that make up for it.
            #[inline(always)]
            pub(crate) fn shifted(x: $t) -> ($t, $t, $t) {
                let (large, larger) = (x > $large, x > $large + $shift);
                let short = x - select(large, $shift, 0.0) - select(larger, $further, 0.0);
                (short, select(large, $factor, 1.0), select(larger, $rest, 1.0))
            }

            #[inline(always)]
            pub(crate) fn is_finite(x: $t) -> bool {
                x.abs() < $t::INFINITY
            }

            /// The real part of e^(x + iy).
            #[inline(always)]
            pub fn cexp_re(x: $t, y: $t) -> $t {
                let (short, factor, rest) = shifted(x);
                let value = exp(short) * cos(y) * factor * rest;
                let value = select((x == $t::INFINITY) & !is_finite(y), $t::INFINITY, value);
                select((x == $t::NEG_INFINITY) & !is_finite(y), 0.0, value)
            }

            /// The imaginary part of e^(x + iy).
            #[inline(always)]
            pub fn cexp_im(x: $t, y: $t) -> $t {
                let (short, factor, rest) = shifted(x);
                let value = exp(short) * sin(y) * factor * rest;
                let value = select((x == $t::NEG_INFINITY) & !is_finite(y), 0.0, value);
                select(y == 0.0, y, value)
            }

            /// The real part of sinh(x + iy).
            #[inline(always)]
            pub fn csinh_re(x: $t, y: $t) -> $t {
                let (short, factor, rest) = shifted(x.abs());
                let value = f_xor_sign(sinh(short) * cos(y) * factor * rest, x);
                let exempt = (x == 0.0) | (x.abs() == $t::INFINITY);
                select(exempt & !is_finite(y), x, value)
            }

            /// The imaginary part of sinh(x + iy).
            #[inline(always)]
            pub fn csinh_im(x: $t, y: $t) -> $t {
                let (short, factor, rest) = shifted(x.abs());
                select(y == 0.0, y, cosh(short) * sin(y) * factor * rest)
            }

            /// The real part of cosh(x + iy).
            #[inline(always)]
            pub fn ccosh_re(x: $t, y: $t) -> $t {
                let (short, factor, rest) = shifted(x.abs());
                let value = cosh(short) * cos(y) * factor * rest;
                select((x.abs() == $t::INFINITY) & !is_finite(y), $t::INFINITY, value)
            }

            /// The imaginary part of cosh(x + iy).
            #[inline(always)]
            pub fn ccosh_im(x: $t, y: $t) -> $t {
                let (short, factor, rest) = shifted(x.abs());
                let value = f_xor_sign(sinh(short) * sin(y) * factor * rest, x);
                let value = select((x == 0.0) & !is_finite(y), 0.0, value);
                select((y == 0.0) & !is_finite(x), f_xor_sign(y, x), value)
            }

            /// 1/(cos² y + sinh² x), sinh x, and what the quotient has to be multiplied with, for x ≥ 0.
            #[inline(always)]
            fn tangent_parts(x: $t, y: $t) -> ($t, $t, $t) {
                let short = select(x > $saturated, $saturated, x);
                // Beyond, the denominator grows by e^(2·rest).
                let rest = select(x > $saturated, exp(-2.0 * (x - $saturated)), 1.0);
                let (s, c) = (sinh(short), cos(y));
                (s.mul_add(s, c * c), s, rest)
            }

            /// The real part of tanh(x + iy).
            #[inline(always)]
            pub fn ctanh_re(x: $t, y: $t) -> $t {
                let (den, s, _) = tangent_parts(x.abs(), y);
                let c = cosh(select(x.abs() > $saturated, $saturated, x.abs()));
                let value = s * c / den;
                let value = select(x.abs() == $t::INFINITY, 1.0, value);
                // Of zero and an infinite y, the real part is zero.
                let value = select(x == 0.0, 0.0, value);
                value.copysign(x)
            }

            /// The imaginary part of tanh(x + iy).
            #[inline(always)]
            pub fn ctanh_im(x: $t, y: $t) -> $t {
                let (den, _, rest) = tangent_parts(x.abs(), y);
                let value = sin(y) * cos(y) / den * rest;
                let value = select((x.abs() == $t::INFINITY) & !is_finite(y), 0.0, value);
                select(y == 0.0, y, value)
            }

            /// `value` with its sign changed where `sign` is negative.
            #[inline(always)]
            fn f_xor_sign(value: $t, sign: $t) -> $t {
                select(sign.is_sign_negative(), -value, value)
            }

            /// √((|x| + |z|)/2) for scaled parts, the parts' scale undone.
            #[inline(always)]
            pub(crate) fn half_root(x: $t, y: $t) -> ($t, $t, $t) {
                let (a, b) = (x.abs(), y.abs());
                let largest = select(a > b, a, b);
                let huge = largest > $huge;
                let tiny = largest < $tiny;
                let scale = select(huge, 0.0625, select(tiny, $up * $up, 1.0));
                let back = select(huge, 4.0, select(tiny, 1.0 / $up, 1.0));
                let (u, v) = (a * scale, b * scale);
                let t = (0.5 * (u + hypot(u, v))).sqrt();
                // |y|/(2t), zero over zero being zero.
                let quotient = 0.5 * v / select(t == 0.0, 1.0, t);
                (t * back, quotient * back, b)
            }

            /// The real part of √(x + iy).
            #[inline(always)]
            pub fn csqrt_re(x: $t, y: $t) -> $t {
                let (t, quotient, b) = half_root(x, y);
                let value = select(x.is_sign_negative(), quotient, t);
                let value = select(x == $t::NEG_INFINITY, select(y.is_nan(), $t::NAN, 0.0), value);
                let value = select(x == $t::INFINITY, $t::INFINITY, value);
                select(b == $t::INFINITY, $t::INFINITY, value)
            }

            /// The imaginary part of √(x + iy).
            #[inline(always)]
            pub fn csqrt_im(x: $t, y: $t) -> $t {
                let (t, quotient, b) = half_root(x, y);
                let value = select(x.is_sign_negative(), t, quotient);
                let value = select(x == $t::NEG_INFINITY, $t::INFINITY, value);
                let value = select(x == $t::INFINITY, select(y.is_nan(), $t::NAN, 0.0), value);
                let value = select(b == $t::INFINITY, b, value);
                let value = select((y == 0.0) & !x.is_sign_negative(), b, value);
                let value = select(x.is_nan(), select(b == $t::INFINITY, b, $t::NAN), value);
                value.copysign(y)
            }
        }
    };
}

functions!(double f64 "Functions on float64." large: 700.0, shift: 355.0, factor: 1.494_655_400_472_534e154, further: 390.0, rest: 2.370_543_571_722_357e169,
    saturated: 300.0, huge: 1e300, tiny: 1e-280, up: 18_014_398_509_481_984.0);
functions!(single f32 "Functions on float32." large: 87.0, shift: 44.0, factor: 1.285_160_1e19, further: 60.0, rest: 1.142_007_4e26,
    saturated: 40.0, huge: 1e36, tiny: 1e-30, up: 1_048_576.0);

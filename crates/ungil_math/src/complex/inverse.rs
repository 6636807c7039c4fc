//! The inverse functions of a complex number, one part at a time.
//!
//! asin, acos and atanh of parts; the others are these of exchanged parts: asinh(x + iy) = (asin_im, asin_re) of y + ix, atan likewise
//! from atanh, the imaginary part of acos is −asin_im with the sign of y, acosh = (|asin_im|, acos_re with the sign of y).
//! Contract: each part within 6 ULP of itself, special values as C99 Annex G, branch cuts by the signs of zeros.
//! Limits: a subnormal part may be off by 2 of its units.
//! Source: W. Kahan, Branch cuts for complex elementary functions, 1987; in the first quadrant his products of square roots are sums of
//! positive terms, so that nothing cancels.

use crate::double::select;

/// Functions on one float type.
macro_rules! functions {
    ($module:ident $t:ident $doc:literal huge: $huge:literal, down: $down:literal, apart: $apart:literal, near: $near:literal,
     tiny: $tiny:literal, lift: $lift:literal, log_lift: $log_lift:literal) => {
        #[doc = $doc]
        pub mod $module {
            use super::select;
            use crate::complex::$module::half_root;
            use crate::$module::hyperbolic::asinh;
            use crate::$module::inverse_trigonometric::atan2;
            use crate::$module::logarithm::log1p;
            use std::$t::consts::{FRAC_PI_2, LN_2};

            #[inline(always)]
            fn is_infinite(x: $t) -> bool {
                x.abs() == $t::INFINITY
            }

            /// Whether a part is so large that sums of products of roots could overflow, and both parts, then a quarter.
            #[inline(always)]
            fn scaled(x: $t, y: $t) -> (bool, $t, $t, $t) {
                let (a, b) = (x.abs(), y.abs());
                let huge = (a > $huge) | (b > $huge);
                let scale = select(huge, 0.25, 1.0);
                (huge, a * scale, b * scale, scale)
            }

            /// √(u − z) as (a, −b) and √(u + z) as (c, d) for z of the first quadrant, u being 1 before the scaling.
            #[inline(always)]
            fn roots(x: $t, y: $t, unit: $t) -> ($t, $t, $t, $t) {
                let rest = unit - x;
                let (t, q, _) = half_root(rest, y);
                let (c, d, _) = half_root(unit + x, y);
                (select(rest < 0.0, q, t), select(rest < 0.0, t, q), c, d)
            }

            /// The real part of asin(x + iy).
            #[inline(always)]
            pub fn casin_re(x: $t, y: $t) -> $t {
                let (_, u, v, unit) = scaled(x, y);
                let (a, b, c, d) = roots(u, v, unit);
                let cosine = a.mul_add(c, b * d);
                let cosine = select(is_infinite(x), y * 0.0 + 1.0, cosine);
                let cosine = select(is_infinite(y), $t::INFINITY, cosine);
                let sine = select(is_infinite(x), $t::INFINITY, u);
                select(x == 0.0, x, atan2(sine, cosine).copysign(x))
            }

            /// The imaginary part of asin(x + iy).
            #[inline(always)]
            pub fn casin_im(x: $t, y: $t) -> $t {
                let (huge, u, v, unit) = scaled(x, y);
                let (a, b, c, d) = roots(u, v, unit);
                let value = asinh(a.mul_add(d, b * c)) + select(huge, 2.0 * LN_2, 0.0);
                let infinite = is_infinite(x) | is_infinite(y);
                let value: $t = select(infinite, $t::INFINITY, value);
                value.copysign(y)
            }

            /// The real part of acos(x + iy).
            #[inline(always)]
            pub fn cacos_re(x: $t, y: $t) -> $t {
                let (_, u, v, unit) = scaled(x, y);
                let (a, _, c, _) = roots(u, v, unit);
                let negative = x.is_sign_negative();
                let (sine, cosine) = (select(negative, c, a), select(negative, a, c));
                let infinite = is_infinite(x) | is_infinite(y);
                let (sine, cosine) = (select(infinite, y.abs(), sine), select(infinite, x, cosine));
                let value = select(infinite, 1.0, 2.0) * atan2(sine, cosine);
                select((x == 0.0) & y.is_nan(), FRAC_PI_2, value)
            }

            /// The real part of atanh(x + iy): log1p(4x/((1 − x)² + y²))/4.
            #[inline(always)]
            pub fn catanh_re(x: $t, y: $t) -> $t {
                let (a, b) = (x.abs(), y.abs());
                // Far out it is x/|z|², where 1 does not count.
                let far = (a > $apart) | (b > $apart);
                let scale = select(far, $down, 1.0);
                let (u, v) = (a * scale, b * scale);
                let rest = select(far, u, 1.0 - a);
                let ratio = 4.0 * u / rest.mul_add(rest, v * v) * scale;
                // Close above the pole, where the square would vanish, it is log(2/y)/2.
                let pole = (a == 1.0) & (b < $near);
                let tiny = b < $tiny;
                let above = 2.0 / (b * select(tiny, $lift, 1.0));
                let lifted = select(pole & tiny, 0.5 * $log_lift, 0.0);
                let share: $t = select(pole, 0.5, 0.25);
                let value = share.mul_add(log1p(select(pole, above, ratio)), lifted);
                let infinite = is_infinite(x) | is_infinite(y);
                let value: $t = select(infinite | (x == 0.0), 0.0, value);
                value.copysign(x)
            }

            /// The imaginary part of atanh(x + iy): half the angle of 1 − x² − y² + 2iy.
            #[inline(always)]
            pub fn catanh_im(x: $t, y: $t) -> $t {
                let a = x.abs();
                let cosine = (-y).mul_add(y, (1.0 - a) * (1.0 + a));
                let value = 0.5 * atan2(y, 0.5 * cosine);
                let right = is_infinite(y) | is_infinite(x) & !y.is_nan();
                select(right, FRAC_PI_2.copysign(y), value)
            }
        }
    };
}

functions!(double f64 "Functions on float64." huge: 1e300, down: 1.864_585_182_800_051_6e-155, apart: 1e140, near: 1e-20,
    tiny: 1e-290, lift: 1.267_650_600_228_229_4e30, log_lift: 69.314_718_055_994_53);
functions!(single f32 "Functions on float32." huge: 1e36, down: 1.355_252_7e-20, apart: 1e17, near: 1e-10,
    tiny: 1e-30, lift: 1.125_899_9e15, log_lift: 34.657_36);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifts_are_powers_of_two() {
        assert_eq!(1.267_650_600_228_229_4e30, 100f64.exp2());
        assert_eq!(1.125_899_9e15_f32, 50f32.exp2());
        assert_eq!(1.864_585_182_800_051_6e-155, (-514f64).exp2());
        assert_eq!(1.355_252_7e-20_f32, (-66f32).exp2());
        assert_eq!(double::catanh_re(1.0, 0.0), f64::INFINITY);
    }
}

//! Mathematical functions: of `ungil_math` where it has them, else of the C library, as machine code calls them.

use ungil_ir::math::MathFn;
use ungil_math::libm;

macro_rules! table {
    ($(#[$doc:meta])* $name:ident $t:ident $module:ident) => {
        $(#[$doc])*
        pub fn $name(function: MathFn, args: &[$t]) -> $t {
            use ungil_math::$module as ours;
            use ungil_math::complex::$module as complex;
            use ungil_math::complex::inverse::$module as inverse;
            use ungil_math::complex::near_one::$module as near_one;
            use libm::$module as c;
            let x = args[0];
            let y = args.get(1).copied().unwrap_or(0.0);
            match function {
                MathFn::Sqrt => x.sqrt(),
                MathFn::Exp => ours::exponential::exp(x),
                MathFn::Exp2 => ours::exponential::exp2(x),
                MathFn::Expm1 => ours::exponential::expm1(x),
                MathFn::Log => ours::logarithm::log(x),
                MathFn::Log2 => ours::logarithm::log2(x),
                MathFn::Log10 => ours::logarithm::log10(x),
                MathFn::Log1p => ours::logarithm::log1p(x),
                MathFn::Sin => ours::trigonometric::sin(x),
                MathFn::Cos => ours::trigonometric::cos(x),
                MathFn::Tan => ours::trigonometric::tan(x),
                MathFn::Tanh => ours::hyperbolic::tanh(x),
                MathFn::Pow => ours::power::pow(x, y),
                MathFn::Asin => ours::inverse_trigonometric::asin(x),
                MathFn::Acos => ours::inverse_trigonometric::acos(x),
                MathFn::Atan => ours::inverse_trigonometric::atan(x),
                MathFn::Atan2 => ours::inverse_trigonometric::atan2(x, y),
                MathFn::Sinh => ours::hyperbolic::sinh(x),
                MathFn::Cosh => ours::hyperbolic::cosh(x),
                MathFn::Asinh => ours::hyperbolic::asinh(x),
                MathFn::Acosh => ours::hyperbolic::acosh(x),
                MathFn::Atanh => ours::hyperbolic::atanh(x),
                MathFn::Cbrt => ours::root::cbrt(x),
                MathFn::Hypot => ours::root::hypot(x, y),
                MathFn::Erf => ours::error_function::erf(x),
                MathFn::Erfc => ours::error_function::erfc(x),
                MathFn::Gamma => ours::gamma::tgamma(x),
                MathFn::Lgamma => ours::gamma::lgamma(x),
                MathFn::Floor => x.floor(),
                MathFn::Ceil => x.ceil(),
                MathFn::Trunc => x.trunc(),
                MathFn::Rint => x.round_ties_even(),
                MathFn::Round => x.round(),
                MathFn::Fmod => ours::remainder::fmod(x, y),
                MathFn::Remainder => c::remainder(x, y),
                MathFn::Copysign => x.copysign(y),
                MathFn::Nextafter => c::nextafter(x, y),
                MathFn::Fma => x.mul_add(y, args[2]),
                MathFn::Ldexp => ours::scale::ldexp(x, y),
                MathFn::FrexpMantissa => ours::scale::frexp_mantissa(x),
                MathFn::FrexpExponent => ours::scale::frexp_exponent(x),
                MathFn::CexpRe => complex::cexp_re(x, y),
                MathFn::CexpIm => complex::cexp_im(x, y),
                MathFn::CsinhRe => complex::csinh_re(x, y),
                MathFn::CsinhIm => complex::csinh_im(x, y),
                MathFn::CcoshRe => complex::ccosh_re(x, y),
                MathFn::CcoshIm => complex::ccosh_im(x, y),
                MathFn::CtanhRe => complex::ctanh_re(x, y),
                MathFn::CtanhIm => complex::ctanh_im(x, y),
                MathFn::CsqrtRe => complex::csqrt_re(x, y),
                MathFn::CsqrtIm => complex::csqrt_im(x, y),
                MathFn::CasinRe => inverse::casin_re(x, y),
                MathFn::CasinIm => inverse::casin_im(x, y),
                MathFn::CacosRe => inverse::cacos_re(x, y),
                MathFn::CatanhRe => inverse::catanh_re(x, y),
                MathFn::CatanhIm => inverse::catanh_im(x, y),
                MathFn::Cexpm1Re => near_one::cexpm1_re(x, y),
                MathFn::Cexpm1Im => near_one::cexpm1_im(x, y),
                MathFn::Cexp2Re => near_one::cexp2_re(x, y),
                MathFn::Cexp2Im => near_one::cexp2_im(x, y),
                MathFn::Clog1pRe => near_one::clog1p_re(x, y),
                MathFn::ClogRe => ours::modulus::clog_re(x, y),
            }
        }
    };
}

table!(
    /// A function on float64.
    double f64 double
);
table!(
    /// A function on float32.
    single f32 single
);

/// The form of a float64 function for the flag `afn`, if it has one.
pub fn relaxed_double(function: MathFn, args: &[f64]) -> Option<f64> {
    use ungil_math::relaxed::double as relaxed;
    let (x, y) = (args[0], args.get(1).copied().unwrap_or(0.0));
    Some(match function {
        MathFn::Sin => relaxed::sin(x),
        MathFn::Cos => relaxed::cos(x),
        MathFn::Tan => relaxed::tan(x),
        MathFn::Exp => relaxed::exp(x),
        MathFn::Expm1 => relaxed::expm1(x),
        MathFn::Atan => relaxed::atan(x),
        MathFn::Erf => relaxed::erf(x),
        MathFn::Atanh => relaxed::atanh(x),
        MathFn::Hypot => relaxed::hypot(x, y),
        MathFn::Atan2 => relaxed::atan2(x, y),
        _ => return None,
    })
}

/// The form of a float32 function for the flag `afn`, if it has one.
pub fn relaxed_single(function: MathFn, args: &[f32]) -> Option<f32> {
    use ungil_math::relaxed::single as relaxed;
    let (x, y) = (args[0], args.get(1).copied().unwrap_or(0.0));
    Some(match function {
        MathFn::Sin => relaxed::sin(x),
        MathFn::Cos => relaxed::cos(x),
        MathFn::Tan => relaxed::tan(x),
        MathFn::Expm1 => relaxed::expm1(x),
        MathFn::Sinh => relaxed::sinh(x),
        MathFn::Atan => relaxed::atan(x),
        MathFn::Hypot => relaxed::hypot(x, y),
        MathFn::Atan2 => relaxed::atan2(x, y),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler asks the same question of the instruction.
    #[test]
    fn relaxed_forms_are_those_that_the_ir_names() {
        for &function in MathFn::ALL {
            assert_eq!(
                relaxed_double(function, &[0.5, 0.5]).is_some(),
                function.has_relaxed(false),
                "{function}"
            );
            assert_eq!(
                relaxed_single(function, &[0.5, 0.5]).is_some(),
                function.has_relaxed(true),
                "{function}"
            );
        }
    }

    /// The front end tests arguments instead of results.
    #[test]
    fn limits_are_where_results_become_infinite() {
        for &function in MathFn::ALL {
            let Some(limit) = function.overflow_limit() else { continue };
            let at = |x: f64| double(function, &[x]);
            assert!(at(limit).is_finite(), "{function} of {limit:e}");
            assert!(at(limit.next_down()).is_finite(), "{function} below {limit:e}");
            assert!(at(limit.next_up()).is_infinite(), "{function} above {limit:e}");
        }
        let gamma = |x: f64| double(MathFn::Gamma, &[x]);
        let smallest = 5.562_684_646_268_01e-309_f64;
        assert!(gamma(smallest).is_finite() && gamma(-smallest).is_finite());
        assert!(gamma(smallest.next_down()).is_infinite() && gamma(-smallest.next_down()).is_infinite());
    }
}

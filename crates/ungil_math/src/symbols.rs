//! The C symbols of the maths functions.
//!
//! `ungil_math_<function>_<f64|f32>`: what kernels call by name and the compiler finds in the bitcode.
//! `*_relaxed` are the forms for `fastmath`.
//! Contract: no unwinding, no memory written, no other symbol needed.
//! Limits: `sin`, `cos` and `tan` have a cold call of `*_slow` inside. Their `*_fast` forms have none, but hold
//! only where `ungil_math_trig_<type>_needs_slow` is false; the plain name holds everywhere.

use crate::{complex, double, integer, relaxed, single};

macro_rules! export {
    ($($symbol:ident = $function:path: ($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        $(
            #[doc = concat!("`", stringify!($function), "` under its C name.")]
            #[unsafe(no_mangle)]
            pub extern "C" fn $symbol($($argument: $kind),*) -> $result {
                $function($($argument),*)
            }
        )*
    };
}

export! {
    ungil_math_sqrt_f64 = double::sqrt: (x: f64) -> f64;
    ungil_math_exp_f64 = double::exponential::exp: (x: f64) -> f64;
    ungil_math_exp2_f64 = double::exponential::exp2: (x: f64) -> f64;
    ungil_math_expm1_f64 = double::exponential::expm1: (x: f64) -> f64;
    ungil_math_log_f64 = double::logarithm::log: (x: f64) -> f64;
    ungil_math_log2_f64 = double::logarithm::log2: (x: f64) -> f64;
    ungil_math_log10_f64 = double::logarithm::log10: (x: f64) -> f64;
    ungil_math_log1p_f64 = double::logarithm::log1p: (x: f64) -> f64;
    ungil_math_sin_f64 = double::trigonometric::sin: (x: f64) -> f64;
    ungil_math_cos_f64 = double::trigonometric::cos: (x: f64) -> f64;
    ungil_math_tan_f64 = double::trigonometric::tan: (x: f64) -> f64;
    ungil_math_sin_f64_fast = double::trigonometric::sin_fast: (x: f64) -> f64;
    ungil_math_cos_f64_fast = double::trigonometric::cos_fast: (x: f64) -> f64;
    ungil_math_tan_f64_fast = double::trigonometric::tan_fast: (x: f64) -> f64;
    ungil_math_trig_f64_needs_slow = double::trigonometric::needs_slow: (x: f64) -> bool;
    ungil_math_tanh_f64 = double::hyperbolic::tanh: (x: f64) -> f64;
    ungil_math_pow_f64 = double::power::pow: (x: f64, y: f64) -> f64;
    ungil_math_asin_f64 = double::inverse_trigonometric::asin: (x: f64) -> f64;
    ungil_math_acos_f64 = double::inverse_trigonometric::acos: (x: f64) -> f64;
    ungil_math_atan_f64 = double::inverse_trigonometric::atan: (x: f64) -> f64;
    ungil_math_sinh_f64 = double::hyperbolic::sinh: (x: f64) -> f64;
    ungil_math_cosh_f64 = double::hyperbolic::cosh: (x: f64) -> f64;
    ungil_math_asinh_f64 = double::hyperbolic::asinh: (x: f64) -> f64;
    ungil_math_acosh_f64 = double::hyperbolic::acosh: (x: f64) -> f64;
    ungil_math_atanh_f64 = double::hyperbolic::atanh: (x: f64) -> f64;
    ungil_math_cbrt_f64 = double::root::cbrt: (x: f64) -> f64;
    ungil_math_erf_f64 = double::error_function::erf: (x: f64) -> f64;
    ungil_math_erfc_f64 = double::error_function::erfc: (x: f64) -> f64;
    ungil_math_tgamma_f64 = double::gamma::tgamma: (x: f64) -> f64;
    ungil_math_lgamma_f64 = double::gamma::lgamma: (x: f64) -> f64;
    ungil_math_cexp_re_f64 = complex::double::cexp_re: (x: f64, y: f64) -> f64;
    ungil_math_cexp_im_f64 = complex::double::cexp_im: (x: f64, y: f64) -> f64;
    ungil_math_csinh_re_f64 = complex::double::csinh_re: (x: f64, y: f64) -> f64;
    ungil_math_csinh_im_f64 = complex::double::csinh_im: (x: f64, y: f64) -> f64;
    ungil_math_ccosh_re_f64 = complex::double::ccosh_re: (x: f64, y: f64) -> f64;
    ungil_math_ccosh_im_f64 = complex::double::ccosh_im: (x: f64, y: f64) -> f64;
    ungil_math_ctanh_re_f64 = complex::double::ctanh_re: (x: f64, y: f64) -> f64;
    ungil_math_ctanh_im_f64 = complex::double::ctanh_im: (x: f64, y: f64) -> f64;
    ungil_math_csqrt_re_f64 = complex::double::csqrt_re: (x: f64, y: f64) -> f64;
    ungil_math_csqrt_im_f64 = complex::double::csqrt_im: (x: f64, y: f64) -> f64;
    ungil_math_casin_re_f64 = complex::inverse::double::casin_re: (x: f64, y: f64) -> f64;
    ungil_math_casin_im_f64 = complex::inverse::double::casin_im: (x: f64, y: f64) -> f64;
    ungil_math_cacos_re_f64 = complex::inverse::double::cacos_re: (x: f64, y: f64) -> f64;
    ungil_math_catanh_re_f64 = complex::inverse::double::catanh_re: (x: f64, y: f64) -> f64;
    ungil_math_catanh_im_f64 = complex::inverse::double::catanh_im: (x: f64, y: f64) -> f64;
    ungil_math_cexpm1_re_f64 = complex::near_one::double::cexpm1_re: (x: f64, y: f64) -> f64;
    ungil_math_cexpm1_im_f64 = complex::near_one::double::cexpm1_im: (x: f64, y: f64) -> f64;
    ungil_math_cexp2_re_f64 = complex::near_one::double::cexp2_re: (x: f64, y: f64) -> f64;
    ungil_math_cexp2_im_f64 = complex::near_one::double::cexp2_im: (x: f64, y: f64) -> f64;
    ungil_math_clog1p_re_f64 = complex::near_one::double::clog1p_re: (x: f64, y: f64) -> f64;
    ungil_math_clog_re_f64 = double::modulus::clog_re: (x: f64, y: f64) -> f64;
    ungil_math_ldexp_f64 = double::scale::ldexp: (x: f64, n: f64) -> f64;
    ungil_math_frexp_mantissa_f64 = double::scale::frexp_mantissa: (x: f64) -> f64;
    ungil_math_frexp_exponent_f64 = double::scale::frexp_exponent: (x: f64) -> f64;
    ungil_math_fmod_f64 = double::remainder::fmod: (x: f64, y: f64) -> f64;
    ungil_math_atan2_f64 = double::inverse_trigonometric::atan2: (y: f64, x: f64) -> f64;
    ungil_math_hypot_f64 = double::root::hypot: (x: f64, y: f64) -> f64;
    ungil_math_sin_f64_relaxed = relaxed::double::sin: (x: f64) -> f64;
    ungil_math_cos_f64_relaxed = relaxed::double::cos: (x: f64) -> f64;
    ungil_math_tan_f64_relaxed = relaxed::double::tan: (x: f64) -> f64;
    ungil_math_exp_f64_relaxed = relaxed::double::exp: (x: f64) -> f64;
    ungil_math_expm1_f64_relaxed = relaxed::double::expm1: (x: f64) -> f64;
    ungil_math_atan_f64_relaxed = relaxed::double::atan: (x: f64) -> f64;
    ungil_math_hypot_f64_relaxed = relaxed::double::hypot: (x: f64, y: f64) -> f64;
    ungil_math_erf_f64_relaxed = relaxed::double::erf: (x: f64) -> f64;
    ungil_math_atanh_f64_relaxed = relaxed::double::atanh: (x: f64) -> f64;
    ungil_math_atan2_f64_relaxed = relaxed::double::atan2: (y: f64, x: f64) -> f64;
    ungil_math_sin_f32_relaxed = relaxed::single::sin: (x: f32) -> f32;
    ungil_math_cos_f32_relaxed = relaxed::single::cos: (x: f32) -> f32;
    ungil_math_tan_f32_relaxed = relaxed::single::tan: (x: f32) -> f32;
    ungil_math_expm1_f32_relaxed = relaxed::single::expm1: (x: f32) -> f32;
    ungil_math_sinh_f32_relaxed = relaxed::single::sinh: (x: f32) -> f32;
    ungil_math_atan_f32_relaxed = relaxed::single::atan: (x: f32) -> f32;
    ungil_math_hypot_f32_relaxed = relaxed::single::hypot: (x: f32, y: f32) -> f32;
    ungil_math_atan2_f32_relaxed = relaxed::single::atan2: (y: f32, x: f32) -> f32;
    ungil_math_sqrt_f32 = single::sqrt: (x: f32) -> f32;
    ungil_math_exp_f32 = single::exponential::exp: (x: f32) -> f32;
    ungil_math_exp2_f32 = single::exponential::exp2: (x: f32) -> f32;
    ungil_math_expm1_f32 = single::exponential::expm1: (x: f32) -> f32;
    ungil_math_log_f32 = single::logarithm::log: (x: f32) -> f32;
    ungil_math_log2_f32 = single::logarithm::log2: (x: f32) -> f32;
    ungil_math_log10_f32 = single::logarithm::log10: (x: f32) -> f32;
    ungil_math_log1p_f32 = single::logarithm::log1p: (x: f32) -> f32;
    ungil_math_sin_f32 = single::trigonometric::sin: (x: f32) -> f32;
    ungil_math_cos_f32 = single::trigonometric::cos: (x: f32) -> f32;
    ungil_math_tan_f32 = single::trigonometric::tan: (x: f32) -> f32;
    ungil_math_sin_f32_fast = single::trigonometric::sin_fast: (x: f32) -> f32;
    ungil_math_cos_f32_fast = single::trigonometric::cos_fast: (x: f32) -> f32;
    ungil_math_tan_f32_fast = single::trigonometric::tan_fast: (x: f32) -> f32;
    ungil_math_trig_f32_needs_slow = single::trigonometric::needs_slow: (x: f32) -> bool;
    ungil_math_tanh_f32 = single::hyperbolic::tanh: (x: f32) -> f32;
    ungil_math_pow_f32 = single::power::pow: (x: f32, y: f32) -> f32;
    ungil_math_asin_f32 = single::inverse_trigonometric::asin: (x: f32) -> f32;
    ungil_math_acos_f32 = single::inverse_trigonometric::acos: (x: f32) -> f32;
    ungil_math_atan_f32 = single::inverse_trigonometric::atan: (x: f32) -> f32;
    ungil_math_sinh_f32 = single::hyperbolic::sinh: (x: f32) -> f32;
    ungil_math_cosh_f32 = single::hyperbolic::cosh: (x: f32) -> f32;
    ungil_math_asinh_f32 = single::hyperbolic::asinh: (x: f32) -> f32;
    ungil_math_acosh_f32 = single::hyperbolic::acosh: (x: f32) -> f32;
    ungil_math_atanh_f32 = single::hyperbolic::atanh: (x: f32) -> f32;
    ungil_math_cbrt_f32 = single::root::cbrt: (x: f32) -> f32;
    ungil_math_erf_f32 = single::error_function::erf: (x: f32) -> f32;
    ungil_math_erfc_f32 = single::error_function::erfc: (x: f32) -> f32;
    ungil_math_tgamma_f32 = single::gamma::tgamma: (x: f32) -> f32;
    ungil_math_lgamma_f32 = single::gamma::lgamma: (x: f32) -> f32;
    ungil_math_cexp_re_f32 = complex::single::cexp_re: (x: f32, y: f32) -> f32;
    ungil_math_cexp_im_f32 = complex::single::cexp_im: (x: f32, y: f32) -> f32;
    ungil_math_csinh_re_f32 = complex::single::csinh_re: (x: f32, y: f32) -> f32;
    ungil_math_csinh_im_f32 = complex::single::csinh_im: (x: f32, y: f32) -> f32;
    ungil_math_ccosh_re_f32 = complex::single::ccosh_re: (x: f32, y: f32) -> f32;
    ungil_math_ccosh_im_f32 = complex::single::ccosh_im: (x: f32, y: f32) -> f32;
    ungil_math_ctanh_re_f32 = complex::single::ctanh_re: (x: f32, y: f32) -> f32;
    ungil_math_ctanh_im_f32 = complex::single::ctanh_im: (x: f32, y: f32) -> f32;
    ungil_math_csqrt_re_f32 = complex::single::csqrt_re: (x: f32, y: f32) -> f32;
    ungil_math_csqrt_im_f32 = complex::single::csqrt_im: (x: f32, y: f32) -> f32;
    ungil_math_casin_re_f32 = complex::inverse::single::casin_re: (x: f32, y: f32) -> f32;
    ungil_math_casin_im_f32 = complex::inverse::single::casin_im: (x: f32, y: f32) -> f32;
    ungil_math_cacos_re_f32 = complex::inverse::single::cacos_re: (x: f32, y: f32) -> f32;
    ungil_math_catanh_re_f32 = complex::inverse::single::catanh_re: (x: f32, y: f32) -> f32;
    ungil_math_catanh_im_f32 = complex::inverse::single::catanh_im: (x: f32, y: f32) -> f32;
    ungil_math_cexpm1_re_f32 = complex::near_one::single::cexpm1_re: (x: f32, y: f32) -> f32;
    ungil_math_cexpm1_im_f32 = complex::near_one::single::cexpm1_im: (x: f32, y: f32) -> f32;
    ungil_math_cexp2_re_f32 = complex::near_one::single::cexp2_re: (x: f32, y: f32) -> f32;
    ungil_math_cexp2_im_f32 = complex::near_one::single::cexp2_im: (x: f32, y: f32) -> f32;
    ungil_math_clog1p_re_f32 = complex::near_one::single::clog1p_re: (x: f32, y: f32) -> f32;
    ungil_math_clog_re_f32 = single::modulus::clog_re: (x: f32, y: f32) -> f32;
    ungil_math_ldexp_f32 = single::scale::ldexp: (x: f32, n: f32) -> f32;
    ungil_math_frexp_mantissa_f32 = single::scale::frexp_mantissa: (x: f32) -> f32;
    ungil_math_frexp_exponent_f32 = single::scale::frexp_exponent: (x: f32) -> f32;
    ungil_math_fmod_f32 = single::remainder::fmod: (x: f32, y: f32) -> f32;
    ungil_math_atan2_f32 = single::inverse_trigonometric::atan2: (y: f32, x: f32) -> f32;
    ungil_math_hypot_f32 = single::root::hypot: (x: f32, y: f32) -> f32;
    ungil_math_ipow_i64 = integer::ipow: (base: i64, exponent: i64) -> i64;
}

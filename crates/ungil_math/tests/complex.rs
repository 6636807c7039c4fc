//! The complex functions: float32 against float64, the modulus' logarithm against binary128, special values.
//!
//! Limits: signs that Annex G leaves open are not looked at; NumPy is the reference of tests/python.
#![cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]

mod reference;

use reference::{Samples, hypotf128};
use ungil_math::complex::{double, inverse, near_one, single};
use ungil_math::double::modulus;

type Double = fn(f64, f64) -> f64;
type Single = fn(f32, f32) -> f32;

const PARTS: &[(&str, Double, Single, f64)] = &[
    ("exp re", double::cexp_re, single::cexp_re, 4.0),
    ("exp im", double::cexp_im, single::cexp_im, 4.0),
    ("sqrt re", double::csqrt_re, single::csqrt_re, 4.0),
    ("sqrt im", double::csqrt_im, single::csqrt_im, 4.0),
    ("sinh re", double::csinh_re, single::csinh_re, 4.0),
    ("sinh im", double::csinh_im, single::csinh_im, 4.0),
    ("cosh re", double::ccosh_re, single::ccosh_re, 4.0),
    ("cosh im", double::ccosh_im, single::ccosh_im, 4.0),
    ("tanh re", double::ctanh_re, single::ctanh_re, 5.0),
    ("tanh im", double::ctanh_im, single::ctanh_im, 5.0),
    ("asin re", inverse::double::casin_re, inverse::single::casin_re, 6.0),
    ("asin im", inverse::double::casin_im, inverse::single::casin_im, 6.0),
    ("acos re", inverse::double::cacos_re, inverse::single::cacos_re, 6.0),
    ("atanh re", inverse::double::catanh_re, inverse::single::catanh_re, 6.0),
    ("atanh im", inverse::double::catanh_im, inverse::single::catanh_im, 6.0),
    ("log1p re", near_one::double::clog1p_re, near_one::single::clog1p_re, 0.51),
    ("log re", modulus::clog_re, ungil_math::single::modulus::clog_re, 0.51),
];

/// The distance in ULP of a normal float32.
fn ulps(got: f32, reference: f64) -> f64 {
    let nearest = reference as f32;
    if nearest == got || nearest.is_nan() && got.is_nan() {
        return 0.0;
    }
    let unit = f64::from(nearest.abs().next_up()) - f64::from(nearest.abs());
    (f64::from(got) - reference).abs() / unit
}

#[test]
fn float32_agrees_with_float64() {
    let mut samples = Samples::new(5);
    for &(name, wide, narrow, bound) in PARTS {
        for i in 0..60_000 {
            let (x, y) = match i % 3 {
                0 => (samples.uniform(-5.0, 5.0) as f32, samples.uniform(-5.0, 5.0) as f32),
                1 => (samples.exponent(-20, 6) as f32, samples.exponent(-20, 12) as f32),
                _ => (samples.uniform(-89.0, 91.0) as f32, samples.uniform(-100.0, 100.0) as f32),
            };
            let reference = wide(f64::from(x), f64::from(y));
            let normal = reference.abs() > 1.2e-38 && reference.abs() < 3.4e38;
            let error = if normal { ulps(narrow(x, y), reference) } else { 0.0 };
            assert!(error <= bound, "{name} of ({x:e}, {y:e}) is off by {error} ULP");
        }
    }
}

/// log |z| of z a little off the unit circle is (|z|² − 1)/2, whose terms are exact in 128 bits.
#[test]
fn logarithm_survives_the_unit_circle() {
    let mut samples = Samples::new(6);
    for _ in 0..100_000 {
        let angle = samples.uniform(0.0, 6.3);
        let (x, y) = (angle.cos(), angle.sin());
        // In units of 2⁻¹⁴⁰: products of numbers with at most 20 zero bits in front are integers.
        let scale = |v: f64| (v.abs() * (60_f64).exp2()) as i128;
        let exact = |v: f64| scale(v) as f64 == v.abs() * (60_f64).exp2();
        if !exact(x) || !exact(y) {
            continue;
        }
        let square = scale(x) * scale(x) + scale(y) * scale(y) - (1_i128 << 120);
        let t = square as f64 * (-120_f64).exp2();
        let expected = 0.5 * (t - 0.5 * t * t);
        let got = modulus::clog_re(x, y);
        let unit = expected.abs().next_up() - expected.abs();
        assert!((got - expected).abs() <= 1.5 * unit, "({x:e}, {y:e}): {got:e} instead of {expected:e}");
    }
}

#[test]
fn logarithm_is_that_of_the_modulus() {
    let mut samples = Samples::new(7);
    for _ in 0..50_000 {
        let (x, y) = (samples.exponent(-1000, 1022), samples.exponent(-1000, 1022));
        // The reference has an error of its own of 2⁻⁵³ of the modulus.
        let modulus = ungil_math::double::root::hypot(x, y);
        let expected = ungil_math::double::logarithm::log(modulus);
        assert!(hypotf128(x, y).ulps(modulus) <= 0.8);
        let got = modulus::clog_re(x, y);
        let error = (got - expected).abs();
        assert!(error <= 3e-16 * expected.abs().max(1.0), "({x:e}, {y:e}): {got:e} instead of {expected:e}");
    }
}

#[test]
fn special_values_follow_annex_g() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let cases: &[(&str, Double, f64, f64, f64)] = &[
        ("exp", double::cexp_re, inf, inf, inf),
        ("exp", double::cexp_re, -inf, nan, 0.0),
        ("exp", double::cexp_im, inf, 0.0, 0.0),
        ("exp", double::cexp_im, nan, -0.0, -0.0),
        ("sqrt", double::csqrt_re, nan, inf, inf),
        ("sqrt", double::csqrt_im, -inf, 1.0, inf),
        ("sqrt", double::csqrt_im, -4.0, -0.0, -2.0),
        ("sqrt", double::csqrt_im, nan, 0.0, nan),
        ("sqrt", double::csqrt_re, inf, nan, inf),
        ("sinh", double::csinh_re, 0.0, inf, 0.0),
        ("sinh", double::csinh_re, inf, nan, inf),
        ("sinh", double::csinh_im, inf, 0.0, 0.0),
        ("cosh", double::ccosh_im, inf, -0.0, -0.0),
        ("cosh", double::ccosh_re, -inf, inf, inf),
        ("cosh", double::ccosh_im, -0.0, -2.5, 0.0),
        ("tanh", double::ctanh_re, inf, nan, 1.0),
        ("tanh", double::ctanh_re, -inf, 1.0, -1.0),
        ("tanh", double::ctanh_im, nan, 0.0, 0.0),
        ("exp", double::cexp_im, 1_000.0, 5e-324, 9.733_444_57e110),
        ("asin", inverse::double::casin_re, inf, inf, std::f64::consts::FRAC_PI_4),
        ("asin", inverse::double::casin_im, nan, -inf, -inf),
        ("asin", inverse::double::casin_im, 1e300, 1e-300, 691.468_675),
        ("acos", inverse::double::cacos_re, -inf, 1.0, std::f64::consts::PI),
        ("acos", inverse::double::cacos_re, 0.0, nan, std::f64::consts::FRAC_PI_2),
        ("atanh", inverse::double::catanh_re, 1.0, 0.0, inf),
        ("atanh", inverse::double::catanh_re, 1.0, 1e-308, 354.944_676),
        ("atanh", inverse::double::catanh_re, 1e200, 1e200, 5e-201),
        ("atanh", inverse::double::catanh_im, 2.0, -0.0, -std::f64::consts::FRAC_PI_2),
        ("log", modulus::clog_re, 0.0, -0.0, -inf),
        ("log", modulus::clog_re, nan, -inf, inf),
        ("log", modulus::clog_re, nan, 1.0, nan),
        ("exp", double::cexp_re, 710.0, std::f64::consts::FRAC_PI_2, 1.367_927_27e292),
    ];
    for &(name, function, x, y, expected) in cases {
        let got = function(x, y);
        let close = (got - expected).abs() <= 1e-6 * expected.abs() && got != 0.0;
        let same = got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan() || close;
        assert!(same, "{name} of ({x}, {y}): {got} instead of {expected}");
    }
}

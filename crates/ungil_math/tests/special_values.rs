//! Special values of C99 Annex F, and exact results.
//!
//! Every function at zeros, infinities, NaN, the smallest numbers and the thresholds, in both precisions; every
//! case of `pow` in F.9.4.4.

use ungil_math::double::{
    self, error_function, exponential, gamma, hyperbolic, inverse_trigonometric, logarithm, power, root,
    trigonometric,
};
use ungil_math::single;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
const TINY: f64 = 5e-324;
/// The largest finite number.
const MAX: f64 = f64::MAX;

type Function = fn(f64) -> f64;
type Single = fn(f32) -> f32;

/// Name, the two functions, and pairs of argument and exact result.
type Case = (&'static str, Function, Single, &'static [(f64, f64)]);

const CASES: &[Case] = &[
    (
        "erf",
        error_function::erf,
        single::error_function::erf,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN), (30.0, 1.0), (1e30, 1.0)],
    ),
    (
        "erfc",
        error_function::erfc,
        single::error_function::erfc,
        &[(0.0, 1.0), (-0.0, 1.0), (INF, 0.0), (-INF, 2.0), (NAN, NAN), (30.0, 0.0), (-30.0, 2.0)],
    ),
    (
        "tgamma",
        gamma::tgamma,
        single::gamma::tgamma,
        &[
            (0.0, INF),
            (-0.0, -INF),
            (INF, INF),
            (-INF, NAN),
            (-1.0, NAN),
            (-1e30, NAN),
            (NAN, NAN),
            (1.0, 1.0),
            (2.0, 1.0),
            (5.0, 24.0),
            (11.0, 3_628_800.0),
            (1e30, INF),
            (-1001.5, 0.0),
            (-1000.5, -0.0),
        ],
    ),
    (
        "lgamma",
        gamma::lgamma,
        single::gamma::lgamma,
        &[
            (0.0, INF),
            (-0.0, INF),
            (INF, INF),
            (-INF, INF),
            (-1.0, INF),
            (-7.0, INF),
            (NAN, NAN),
            (1.0, 0.0),
            (2.0, 0.0),
        ],
    ),
    (
        "exp",
        exponential::exp,
        single::exponential::exp,
        &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (1e30, INF), (-1e30, 0.0)],
    ),
    (
        "exp2",
        exponential::exp2,
        single::exponential::exp2,
        &[
            (0.0, 1.0),
            (-0.0, 1.0),
            (INF, INF),
            (-INF, 0.0),
            (NAN, NAN),
            (10.0, 1024.0),
            (-3.0, 0.125),
            (1e30, INF),
        ],
    ),
    (
        "expm1",
        exponential::expm1,
        single::exponential::expm1,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (NAN, NAN), (-1e30, -1.0), (1e30, INF)],
    ),
    (
        "log",
        logarithm::log,
        single::logarithm::log,
        &[
            (1.0, 0.0),
            (0.0, -INF),
            (-0.0, -INF),
            (INF, INF),
            (-INF, NAN),
            (-1.0, NAN),
            (NAN, NAN),
            (-1e-40, NAN),
        ],
    ),
    (
        "log2",
        logarithm::log2,
        single::logarithm::log2,
        &[
            (1.0, 0.0),
            (0.0, -INF),
            (-0.0, -INF),
            (INF, INF),
            (-INF, NAN),
            (-1.0, NAN),
            (NAN, NAN),
            (1024.0, 10.0),
        ],
    ),
    (
        "log10",
        logarithm::log10,
        single::logarithm::log10,
        &[
            (1.0, 0.0),
            (0.0, -INF),
            (-0.0, -INF),
            (INF, INF),
            (-INF, NAN),
            (-1.0, NAN),
            (NAN, NAN),
            (1000.0, 3.0),
        ],
    ),
    (
        "log1p",
        logarithm::log1p,
        single::logarithm::log1p,
        &[(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-INF, NAN), (-1.5, NAN), (NAN, NAN)],
    ),
    (
        "sin",
        trigonometric::sin,
        single::trigonometric::sin,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    ),
    (
        "cos",
        trigonometric::cos,
        single::trigonometric::cos,
        &[(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    ),
    (
        "tan",
        trigonometric::tan,
        single::trigonometric::tan,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    ),
    (
        "tanh",
        hyperbolic::tanh,
        single::hyperbolic::tanh,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN), (100.0, 1.0), (-100.0, -1.0)],
    ),
    (
        "sinh",
        hyperbolic::sinh,
        single::hyperbolic::sinh,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN), (1e30, INF), (-1e30, -INF)],
    ),
    (
        "cosh",
        hyperbolic::cosh,
        single::hyperbolic::cosh,
        &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF), (NAN, NAN), (1e30, INF), (-1e30, INF)],
    ),
    (
        "asinh",
        hyperbolic::asinh,
        single::hyperbolic::asinh,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN)],
    ),
    (
        "acosh",
        hyperbolic::acosh,
        single::hyperbolic::acosh,
        &[(1.0, 0.0), (0.5, NAN), (-5.0, NAN), (INF, INF), (-INF, NAN), (NAN, NAN), (0.0, NAN), (-1.0, NAN)],
    ),
    (
        "atanh",
        hyperbolic::atanh,
        single::hyperbolic::atanh,
        &[
            (0.0, 0.0),
            (-0.0, -0.0),
            (1.0, INF),
            (-1.0, -INF),
            (1.5, NAN),
            (-INF, NAN),
            (INF, NAN),
            (NAN, NAN),
        ],
    ),
    (
        "asin",
        inverse_trigonometric::asin,
        single::inverse_trigonometric::asin,
        &[(0.0, 0.0), (-0.0, -0.0), (1.5, NAN), (-1.5, NAN), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    ),
    (
        "acos",
        inverse_trigonometric::acos,
        single::inverse_trigonometric::acos,
        &[(1.0, 0.0), (1.5, NAN), (-1.5, NAN), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    ),
    (
        "atan",
        inverse_trigonometric::atan,
        single::inverse_trigonometric::atan,
        &[(0.0, 0.0), (-0.0, -0.0), (NAN, NAN)],
    ),
    (
        "cbrt",
        root::cbrt,
        single::root::cbrt,
        &[
            (0.0, 0.0),
            (-0.0, -0.0),
            (INF, INF),
            (-INF, -INF),
            (NAN, NAN),
            (27.0, 3.0),
            (-8.0, -2.0),
            (1e30, 1e10),
        ],
    ),
    (
        "sqrt",
        double::sqrt,
        single::sqrt,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, NAN), (-1.0, NAN), (NAN, NAN), (9.0, 3.0)],
    ),
];

/// Functions with f(x) = x to first order.
const ODD: &[(&str, Function, Single)] = &[
    ("expm1", exponential::expm1, single::exponential::expm1),
    ("log1p", logarithm::log1p, single::logarithm::log1p),
    ("sin", trigonometric::sin, single::trigonometric::sin),
    ("tan", trigonometric::tan, single::trigonometric::tan),
    ("sinh", hyperbolic::sinh, single::hyperbolic::sinh),
    ("asinh", hyperbolic::asinh, single::hyperbolic::asinh),
    ("atanh", hyperbolic::atanh, single::hyperbolic::atanh),
    ("asin", inverse_trigonometric::asin, single::inverse_trigonometric::asin),
    ("atan", inverse_trigonometric::atan, single::inverse_trigonometric::atan),
    ("tanh", hyperbolic::tanh, single::hyperbolic::tanh),
];

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn special_values_are_exact() {
    for (name, function, single, pairs) in CASES {
        for &(x, expected) in *pairs {
            let got = function(x);
            assert!(same(got, expected), "{name}({x}) = {got} instead of {expected}");
            let got = f64::from(single(x as f32));
            assert!(same(got, expected), "float32 {name}({x}) = {got} instead of {expected}");
        }
    }
}

#[test]
fn tiny_arguments_come_back() {
    for (name, function, single) in ODD {
        for x in [TINY, -TINY, 1.5e-310, f64::MIN_POSITIVE, -3e-300, 1e-200] {
            assert!(same(function(x), x), "{name}({x:e}) = {:e}", function(x));
        }
        for x in [1e-45_f32, -1e-45, 3e-39, f32::MIN_POSITIVE, -1e-30] {
            assert!(same(single(x).into(), x.into()), "float32 {name}({x:e}) = {:e}", single(x));
        }
    }
}

#[test]
fn exponentials_meet_their_thresholds() {
    assert_eq!(exponential::exp(709.782_712_893_384), 1.797_693_134_862_273_2e308);
    assert_eq!(exponential::exp(709.782_712_893_384_1), INF);
    assert_eq!(exponential::exp(-745.133_219_101_941_1), TINY);
    assert_eq!(exponential::exp(-745.133_219_101_941_2), 0.0);
    assert_eq!(exponential::exp2(1024.0), INF);
    assert_eq!(exponential::exp2(1_023.999_999_999_999_9), 1.797_693_134_862_174_2e308);
    assert_eq!(exponential::exp2(-1074.0), TINY);
    assert_eq!(exponential::exp2(-1075.0), 0.0);
    assert_eq!(exponential::exp2(-1_074.999_999_999_999_8), TINY);
    assert_eq!(exponential::expm1(709.782_712_893_384_1), INF);
    assert_eq!(single::exponential::exp(88.722_84), f32::INFINITY);
    assert_eq!(single::exponential::exp(88.722_83), 3.402_798_5e38);
    assert_eq!(single::exponential::exp(-103.972_09), 0.0);
    assert_eq!(single::exponential::exp(-103.972_07), 1e-45);
}

#[test]
fn powers_of_two_and_ten_have_exact_logarithms() {
    for n in -1074..=1023 {
        let x = exponential::exp2(f64::from(n));
        assert_eq!(logarithm::log2(x), f64::from(n));
    }
    for n in 0..=22_i32 {
        assert_eq!(logarithm::log10(10_f64.powi(n)), f64::from(n));
    }
}

/// Base, exponent and power.
const POWERS: &[(f64, f64, f64)] = &[
    // Zero to odd, even and fractional powers.
    (0.0, -3.0, INF),
    (-0.0, -3.0, -INF),
    (0.0, -2.0, INF),
    (-0.0, -2.0, INF),
    (-0.0, -0.5, INF),
    (0.0, -INF, INF),
    (-0.0, -INF, INF),
    (0.0, 3.0, 0.0),
    (-0.0, 3.0, -0.0),
    (0.0, 2.0, 0.0),
    (-0.0, 2.0, 0.0),
    (-0.0, 0.5, 0.0),
    (0.0, INF, 0.0),
    (-0.0, INF, 0.0),
    (0.0, TINY, 0.0),
    (0.0, -TINY, INF),
    // One, minus one and exponent zero.
    (-1.0, INF, 1.0),
    (-1.0, -INF, 1.0),
    (1.0, NAN, 1.0),
    (1.0, INF, 1.0),
    (1.0, -INF, 1.0),
    (1.0, 1e300, 1.0),
    (NAN, 0.0, 1.0),
    (NAN, -0.0, 1.0),
    (INF, 0.0, 1.0),
    (-INF, -0.0, 1.0),
    (0.0, 0.0, 1.0),
    (-0.0, -0.0, 1.0),
    (-7.5, 0.0, 1.0),
    (-1.0, 1e300, 1.0),
    (-1.0, 9_007_199_254_740_991.0, -1.0),
    (-1.0, 9_007_199_254_740_992.0, 1.0),
    // Negative numbers.
    (-8.0, 1.0 / 3.0, NAN),
    (-2.0, 0.5, NAN),
    (-2.0, 3.0, -8.0),
    (-2.0, -3.0, -0.125),
    (-2.0, 4.0, 16.0),
    (-2.0, 1e-300, NAN),
    (-TINY, 1.0, -TINY),
    (-1e200, 3.0, -INF),
    (-1e-200, 3.0, -0.0),
    // Infinite exponents and bases.
    (0.5, -INF, INF),
    (-0.5, -INF, INF),
    (2.0, -INF, 0.0),
    (-2.0, -INF, 0.0),
    (0.5, INF, 0.0),
    (-0.5, INF, 0.0),
    (2.0, INF, INF),
    (-2.0, INF, INF),
    (0.999_999_999_999_999_9, INF, 0.0),
    (-INF, -3.0, -0.0),
    (-INF, -2.0, 0.0),
    (-INF, -0.5, 0.0),
    (-INF, 3.0, -INF),
    (-INF, 2.0, INF),
    (-INF, 0.5, INF),
    (INF, -1e-300, 0.0),
    (INF, 1e-300, INF),
    (INF, INF, INF),
    (-INF, INF, INF),
    (-INF, -INF, 0.0),
    // NaN.
    (NAN, 1.0, NAN),
    (2.0, NAN, NAN),
    (-2.0, NAN, NAN),
    (0.0, NAN, NAN),
    (INF, NAN, NAN),
    (NAN, NAN, NAN),
    // Exact and extreme results.
    (2.0, 10.0, 1024.0),
    (2.0, 1023.0, 8.988_465_674_311_58e307),
    (2.0, 1024.0, INF),
    (2.0, -1074.0, TINY),
    (2.0, -1076.0, 0.0),
    (10.0, 2.0, 100.0),
    (3.0, 4.0, 81.0),
    (MAX, 1.0, MAX),
    (TINY, 1.0, TINY),
    (MAX, MAX, INF),
    (TINY, MAX, 0.0),
    (MAX, TINY, 1.0),
    (1.000_000_000_000_000_2, MAX, INF),
    (0.25, 0.5, 0.5),
];

#[test]
fn pow_follows_annex_f() {
    for &(x, y, expected) in POWERS {
        let got = power::pow(x, y);
        assert!(same(got, expected), "pow({x:e}, {y:e}) = {got:e} instead of {expected:e}");
        let (a, b) = (x as f32, y as f32);
        // Where rounding to float32 keeps the case.
        let kept = |wide: f64, narrow: f32| same(wide, narrow.into());
        if kept(x, a) && kept(y, b) && kept(expected, expected as f32) {
            let got = single::power::pow(a, b);
            assert!(
                same(got.into(), expected),
                "float32 pow({a:e}, {b:e}) = {got:e} instead of {expected:e}"
            );
        }
    }
}

#[test]
fn angles_follow_annex_f() {
    use inverse_trigonometric::{acos, asin, atan, atan2};
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
    let three_quarters = 2.356_194_490_192_345;
    for (got, expected) in [
        (asin(1.0), FRAC_PI_2),
        (asin(-1.0), -FRAC_PI_2),
        (acos(-1.0), PI),
        (acos(0.0), FRAC_PI_2),
        (atan(INF), FRAC_PI_2),
        (atan(-INF), -FRAC_PI_2),
        (atan(1.0), FRAC_PI_4),
        (atan(1e300), FRAC_PI_2),
        (atan2(0.0, 1.0), 0.0),
        (atan2(-0.0, 1.0), -0.0),
        (atan2(0.0, 0.0), 0.0),
        (atan2(-0.0, 0.0), -0.0),
        (atan2(0.0, -0.0), PI),
        (atan2(-0.0, -0.0), -PI),
        (atan2(0.0, -1.0), PI),
        (atan2(-0.0, -1.0), -PI),
        (atan2(1.0, 0.0), FRAC_PI_2),
        (atan2(-1.0, -0.0), -FRAC_PI_2),
        (atan2(1.0, INF), 0.0),
        (atan2(-1.0, INF), -0.0),
        (atan2(1.0, -INF), PI),
        (atan2(-1.0, -INF), -PI),
        (atan2(INF, 1.0), FRAC_PI_2),
        (atan2(-INF, -1.0), -FRAC_PI_2),
        (atan2(INF, INF), FRAC_PI_4),
        (atan2(-INF, INF), -FRAC_PI_4),
        (atan2(INF, -INF), three_quarters),
        (atan2(-INF, -INF), -three_quarters),
        (atan2(INF, 0.0), FRAC_PI_2),
        (atan2(0.0, INF), 0.0),
        (atan2(0.0, -INF), PI),
        (atan2(MAX, TINY), FRAC_PI_2),
        (atan2(TINY, MAX), 0.0),
        (atan2(TINY, TINY), FRAC_PI_4),
        (atan2(MAX, MAX), FRAC_PI_4),
        (atan2(-MAX, -MAX), -three_quarters),
        (atan2(NAN, 1.0), NAN),
        (atan2(1.0, NAN), NAN),
        (atan2(NAN, INF), NAN),
        (atan2(INF, NAN), NAN),
    ] {
        assert!(same(got, expected), "{got:e} instead of {expected:e}");
    }
}

#[test]
fn hypot_follows_annex_f() {
    use root::hypot;
    for (x, y, expected) in [
        (3.0, -4.0, 5.0),
        (0.0, 0.0, 0.0),
        (-0.0, -0.0, 0.0),
        (0.0, -2.5, 2.5),
        (INF, NAN, INF),
        (NAN, -INF, INF),
        (INF, 0.0, INF),
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (MAX, MAX, INF),
        (MAX, 0.0, MAX),
        (MAX, 1.0, MAX),
        (TINY, 0.0, TINY),
        (3e-320, 4e-320, 5e-320),
        (3e300, 4e300, 5e300),
    ] {
        let got = hypot(x, y);
        assert!(same(got, expected), "hypot({x:e}, {y:e}) = {got:e} instead of {expected:e}");
        let single = f64::from(single::root::hypot(x as f32, y as f32));
        let kept = |v: f64| same(v, f64::from(v as f32));
        if kept(x) && kept(y) && kept(expected) {
            assert!(same(single, expected), "float32 hypot({x:e}, {y:e}) = {single:e}");
        }
    }
}

#[test]
fn integer_powers_wrap() {
    use ungil_math::integer::ipow;
    assert_eq!(ipow(3, 0), 1);
    assert_eq!(ipow(0, 0), 1);
    assert_eq!(ipow(-3, 3), -27);
    assert_eq!(ipow(2, 63), i64::MIN);
    assert_eq!(ipow(2, 64), 0);
    assert_eq!(ipow(7, 40), 7_i64.wrapping_pow(40));
    assert_eq!(ipow(-1, i64::MAX), -1);
}

#[test]
fn lgamma_of_tiny_and_negative_numbers() {
    for x in [1e-310, -1e-310, 1e-200, -1e-200, -1e-17, 1e-20, -3e-16] {
        let expected = -f64::ln(f64::abs(x));
        assert!((gamma::lgamma(x) - expected).abs() <= 1e-15 * expected, "{x:e}");
    }
    // Γ(−½) = −2√π, Γ(−5⁄2) = −8√π/15.
    let root = std::f64::consts::PI.sqrt();
    assert!((gamma::lgamma(-0.5) - (2.0 * root).ln()).abs() <= 4e-16);
    assert!((gamma::lgamma(-2.5) - (8.0 * root / 15.0).ln()).abs() <= 4e-16);
    assert!((gamma::tgamma(-2.5) + 8.0 * root / 15.0).abs() <= 4e-16);
}

#[test]
fn inverse_hyperbolic_functions_hold_up_to_the_largest_number() {
    let twice = |x: f64| x.ln() + std::f64::consts::LN_2;
    for x in [MAX, MAX.next_down(), MAX / 1.3, MAX / 1.5, MAX / 2.0, 1e308] {
        for function in [hyperbolic::asinh, hyperbolic::acosh] {
            assert!((function(x) - twice(x)).abs() <= 3e-13, "{x:e}");
        }
    }
    for x in [f32::MAX, f32::MAX.next_down(), f32::MAX / 1.3, f32::MAX / 2.0] {
        for function in [single::hyperbolic::asinh, single::hyperbolic::acosh] {
            assert!((f64::from(function(x)) - twice(f64::from(x))).abs() <= 1e-5, "{x:e}");
        }
    }
}

#[test]
fn fmod_is_exact() {
    use ungil_math::double::remainder::fmod;
    use ungil_math::single::remainder::fmod as single_fmod;
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        -7.5,
        3.0,
        TINY,
        1e-310,
        2.2e-308,
        1e300,
        -1e308,
        MAX,
        0.3,
        1e16,
        9.007e15,
        5.5,
        INF,
        -INF,
        NAN,
        1.0 / 3.0,
        1.0 - 1.2e-16,
        1e-20,
    ];
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    for x in values {
        for y in values {
            assert!(same(fmod(x, y), x % y), "fmod({x:e}, {y:e}) = {:e}", fmod(x, y));
            let (x, y) = (x as f32, y as f32);
            assert!(same(f64::from(single_fmod(x, y)), f64::from(x % y)), "fmod({x:e}, {y:e})");
        }
    }
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state ^ (state >> 29)
    };
    for i in 0..300_000 {
        let (x, y) = (f64::from_bits(next()), f64::from_bits(next()));
        // Any quotient, and quotients up to 2⁵⁴ around which multiples lie.
        let n = (next() >> (10 + i % 54)) as f64;
        let x = if i % 2 == 0 { x } else { n * y };
        assert!(same(fmod(x, y), x % y), "fmod({x:e}, {y:e})");
        assert!(same(fmod(x.next_up(), y), x.next_up() % y), "fmod({:e}, {y:e})", x.next_up());
        assert!(same(fmod(x.next_down(), y), x.next_down() % y), "fmod({:e}, {y:e})", x.next_down());
    }
}

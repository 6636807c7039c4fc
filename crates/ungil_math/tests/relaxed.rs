//! Errors of the relaxed functions, which may be off by 4 ULP, and their special values.
//!
//! float64 against binary128 references by samples (`UNGIL_SAMPLES`), float32 against the strict float64 functions: every number with
//! `UNGIL_EXHAUSTIVE=1`, else every 4,999th.
//! Limits: functions of two arguments are sampled.
#![cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]

mod reference;

use reference::cases::Range::{self, Exponent, Uniform};
use reference::{Quad, Samples};
use ungil_math::relaxed::{double, single};
use ungil_math::{double as strict, single as strict_single};

type Unary = (&'static str, fn(f64) -> f64, fn(f64) -> Quad, &'static [Range], f64);

const CIRCULAR: &[Range] =
    &[Uniform(-3.2, 3.2), Uniform(-100.0, 100.0), Uniform(-1e6, 1e6), Exponent(-60, 22), Exponent(20, 1023)];

const UNARY: &[Unary] = &[
    ("sin", double::sin, reference::sinf128, CIRCULAR, 3.0),
    ("cos", double::cos, reference::cosf128, CIRCULAR, 3.0),
    ("tan", double::tan, reference::tanf128, CIRCULAR, 4.0),
    (
        "exp",
        double::exp,
        reference::expf128,
        &[Uniform(-708.0, 710.0), Uniform(-1.0, 1.0), Exponent(-60, 10)],
        2.0,
    ),
    (
        "expm1",
        double::expm1,
        reference::expm1f128,
        &[Uniform(-50.0, 710.0), Uniform(-1.0, 1.0), Uniform(-0.1, 0.1), Exponent(-1000, 10)],
        3.0,
    ),
    ("atan", double::atan, reference::atanf128, &[Uniform(-5.0, 5.0), Exponent(-1000, 1000)], 3.0),
    (
        "erf",
        double::erf,
        reference::erff128,
        &[Uniform(-6.5, 6.5), Uniform(-0.4, 0.4), Exponent(-1000, 10)],
        4.0,
    ),
    (
        "atanh",
        double::atanh,
        reference::atanhf128,
        &[Uniform(-1.0, 1.0), Uniform(0.4, 0.6), Uniform(0.999, 1.0), Exponent(-1000, -1)],
        4.0,
    ),
];

fn samples() -> usize {
    let given = std::env::var("UNGIL_SAMPLES").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(if cfg!(debug_assertions) { 20_000 } else { 100_000 })
}

#[test]
fn float64_functions_stay_within_their_bounds() {
    for &(name, function, exact, ranges, bound) in UNARY {
        let (mut worst, mut at) = (0.0, 0.0);
        let mut samples_of = Samples::new(21);
        for i in 0..samples() {
            let x = ranges[i % ranges.len()].draw(&mut samples_of);
            let error = exact(x).ulps(function(x));
            if error > worst {
                (worst, at) = (error, x);
            }
        }
        println!("{name} {worst:.3} at {at:e}");
        assert!(worst <= bound, "{name}({at:e}) is off by {worst} ULP");
    }
}

#[test]
fn float64_functions_of_two_arguments() {
    let ranges: &[(Range, Range)] = &[
        (Uniform(-5.0, 5.0), Uniform(-5.0, 5.0)),
        (Exponent(-300, 300), Exponent(-300, 300)),
        (Exponent(-1000, 1000), Exponent(-1000, 1000)),
        (Uniform(0.9, 1.1), Uniform(0.9, 1.1)),
    ];
    let mut samples_of = Samples::new(22);
    let mut worst = [0.0_f64; 2];
    for i in 0..samples() {
        let (a, b) = ranges[i % ranges.len()];
        let (x, y) = (a.draw(&mut samples_of), b.draw(&mut samples_of));
        let angle = reference::atan2f128(y, x).ulps(double::atan2(y, x));
        let angle = if strict::inverse_trigonometric::atan2(y, x).abs() < 1e-300 { 0.0 } else { angle };
        let size = reference::hypotf128(x, y).ulps(double::hypot(x, y));
        assert!(angle <= 3.5, "atan2({y:e}, {x:e}) is off by {angle} ULP");
        assert!(size <= 2.0, "hypot({x:e}, {y:e}) is off by {size} ULP");
        worst = [worst[0].max(angle), worst[1].max(size)];
    }
    println!("atan2 {:.3}, hypot {:.3}", worst[0], worst[1]);
}

/// Nearest numbers to multiples of π/2, where cancellation is worst.
#[test]
fn reductions_survive_multiples_of_half_pi() {
    for k in 1..=667_544_u32 {
        if cfg!(debug_assertions) && k % 16 > 3 {
            continue;
        }
        let x = f64::from(k) * std::f64::consts::FRAC_PI_2;
        for x in [x, x.next_up(), -x.next_down()] {
            for (name, got, exact) in [
                ("sin", double::sin(x), reference::sinf128(x)),
                ("cos", double::cos(x), reference::cosf128(x)),
                ("tan", double::tan(x), reference::tanf128(x)),
            ] {
                assert!(exact.ulps(got) <= 4.0, "{name}({x:e}) is off by {} ULP", exact.ulps(got));
            }
        }
    }
}

/// The error in ULP of a float32 against a float64 reference; results below the normal numbers count in their units.
fn error(got: f32, reference: f64) -> f64 {
    let nearest = reference as f32;
    if nearest == got || nearest.is_nan() && got.is_nan() {
        return 0.0;
    }
    let size = nearest.abs().clamp(f32::MIN_POSITIVE, f32::MAX);
    let unit = f64::from(f32::from_bits(size.to_bits() & 0x7f80_0000)) * f64::from(f32::EPSILON);
    if got.is_infinite() {
        return (f64::from(f32::MAX) + unit - reference.abs()).abs() / unit;
    }
    (f64::from(got) - reference).abs() / unit
}

type Single = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f32, f64);

const SINGLE: &[Single] = &[
    ("sin", single::sin, strict::trigonometric::sin, 1e9, 3.0),
    ("cos", single::cos, strict::trigonometric::cos, 1e9, 3.0),
    ("tan", single::tan, strict::trigonometric::tan, 1e9, 4.0),
    ("expm1", single::expm1, strict::exponential::expm1, 95.0, 3.0),
    ("sinh", single::sinh, strict::hyperbolic::sinh, 95.0, 4.0),
    ("atan", single::atan, strict::inverse_trigonometric::atan, f32::INFINITY, 3.5),
];

#[test]
fn float32_functions_stay_within_their_bounds() {
    let exhaustive = std::env::var_os("UNGIL_EXHAUSTIVE").is_some_and(|v| v == "1");
    let stride = if exhaustive { 1 } else { 4_999 };
    for &(name, function, exact, last, bound) in SINGLE {
        let (mut worst, mut at) = (0.0, 0.0);
        for bits in (0..=last.to_bits()).step_by(stride) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                let off = error(function(x), exact(f64::from(x)));
                if off > worst {
                    (worst, at) = (off, x);
                }
            }
        }
        println!("{name} {worst:.3} at {at:e}");
        assert!(worst <= bound, "{name}({at:e}) is off by {worst} ULP");
    }
}

#[test]
fn float32_functions_of_two_arguments() {
    let mut samples_of = Samples::new(23);
    let mut worst = [0.0_f64; 2];
    for i in 0..samples() {
        let range = if i % 2 == 0 { Exponent(-10, 10) } else { Exponent(-140, 127) };
        let (x, y) = (range.draw(&mut samples_of) as f32, range.draw(&mut samples_of) as f32);
        let (u, v) = (f64::from(x), f64::from(y));
        let angle = error(single::atan2(y, x), strict::inverse_trigonometric::atan2(v, u));
        let size = error(single::hypot(x, y), strict::root::hypot(u, v));
        assert!(angle <= 3.5, "atan2({y:e}, {x:e}) is off by {angle} ULP");
        assert!(size <= 2.0, "hypot({x:e}, {y:e}) is off by {size} ULP");
        worst = [worst[0].max(angle), worst[1].max(size)];
    }
    println!("atan2 {:.3}, hypot {:.3}", worst[0], worst[1]);
}

/// A name, a relaxed function and the strict one.
type Pair<T> = (&'static str, fn(T) -> T, fn(T) -> T);

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan() || a != 0.0 && (a - b).abs() <= 1e-6 * b.abs()
}

/// Zeros, infinities, NaN and the smallest numbers are the strict functions'.
#[test]
fn special_values_are_the_strict_ones() {
    let special = [0.0, f64::INFINITY, f64::NAN, 1.0, 1e-310, 5e-324, 1e300, 800.0];
    let numbers: Vec<f64> = special.iter().flat_map(|x| [*x, -*x]).collect();
    use strict::{error_function, exponential, hyperbolic, inverse_trigonometric, root, trigonometric};
    let pairs: &[Pair<f64>] = &[
        ("sin", double::sin, trigonometric::sin),
        ("cos", double::cos, trigonometric::cos),
        ("tan", double::tan, trigonometric::tan),
        ("exp", double::exp, exponential::exp),
        ("expm1", double::expm1, exponential::expm1),
        ("atan", double::atan, inverse_trigonometric::atan),
        ("erf", double::erf, error_function::erf),
        ("atanh", double::atanh, hyperbolic::atanh),
    ];
    let close = |name: &str, got: f64, wanted: f64, x: f64, y: f64| {
        let subnormal = wanted.abs() < f64::MIN_POSITIVE && (got - wanted).abs() <= 2e-323 && wanted != 0.0;
        assert!(same(got, wanted) || subnormal, "{name} of {x:e}, {y:e}: {got:e} instead of {wanted:e}");
    };
    for &x in &numbers {
        for &(name, relaxed, exact) in pairs {
            close(name, relaxed(x), exact(x), x, x);
        }
        for &y in &numbers {
            close("atan2", double::atan2(x, y), inverse_trigonometric::atan2(x, y), x, y);
            close("hypot", double::hypot(x, y), root::hypot(x, y), x, y);
        }
    }
}

#[test]
fn special_values_of_float32_are_the_strict_ones() {
    let special = [0.0, f32::INFINITY, f32::NAN, 1.0, 1e-40, 1e-45, 1e30, 100.0];
    let numbers: Vec<f32> = special.iter().flat_map(|x| [*x, -*x]).collect();
    use strict_single::{exponential, hyperbolic, inverse_trigonometric, root, trigonometric};
    let pairs: &[Pair<f32>] = &[
        ("sin", single::sin, trigonometric::sin),
        ("cos", single::cos, trigonometric::cos),
        ("tan", single::tan, trigonometric::tan),
        ("expm1", single::expm1, exponential::expm1),
        ("sinh", single::sinh, hyperbolic::sinh),
        ("atan", single::atan, inverse_trigonometric::atan),
    ];
    let close = |name: &str, got: f32, wanted: f32, x: f32, y: f32| {
        let near = got != 0.0 && (got - wanted).abs() <= (1e-6 * wanted.abs()).max(3e-45);
        let same = got.to_bits() == wanted.to_bits() || got.is_nan() && wanted.is_nan() || near;
        assert!(same, "{name} of {x:e}, {y:e}: {got:e} instead of {wanted:e}");
    };
    for &x in &numbers {
        for &(name, relaxed, exact) in pairs {
            close(name, relaxed(x), exact(x), x, x);
        }
        for &y in &numbers {
            close("atan2", single::atan2(x, y), inverse_trigonometric::atan2(x, y), x, y);
            close("hypot", single::hypot(x, y), root::hypot(x, y), x, y);
        }
    }
}

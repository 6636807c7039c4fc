//! Errors of the float64 functions against binary128 references.
//!
//! Samples over all ranges of each function (`UNGIL_SAMPLES`, 10⁸ in the nightly run), and the arguments known to be
//! hard.
//! Limits: x86-64 Linux with glibc.
#![cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]

mod reference;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ungil_math::double::{
    error_function, hyperbolic, inverse_trigonometric, logarithm, power, trigonometric,
};

use reference::cases::{BINARY, UNARY, worst, worst_pair};
use reference::screened::{self, Worst};

/// Arguments per function.
fn samples() -> usize {
    let given = std::env::var("UNGIL_SAMPLES").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(if cfg!(debug_assertions) { 20_000 } else { 100_000 })
}

/// From here on, samples come in bunches that a fast reference screens.
const MANY: usize = 5_000_000;

/// Runs every job, on all processors that this process may use, and fails with what they return.
fn run_all<Job: Sync>(jobs: &[Job], run: impl Fn(&Job) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(text) = run(job) {
                        failures.lock().expect("no thread panics with the lock").push(text);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panics with the lock");
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Whether a function is to be measured: `UNGIL_ONLY` names some, separated by commas.
fn is_wanted(name: &str) -> bool {
    std::env::var("UNGIL_ONLY").map_or(true, |only| only.split(',').any(|wanted| wanted == name))
}

#[test]
fn unary_functions_stay_within_their_bounds() {
    run_all(UNARY, |case| {
        if !is_wanted(case.name) {
            return Ok(());
        }
        let start = Instant::now();
        let found = if samples() < MANY {
            let (error, at) = worst(case, samples(), 7);
            Worst { error, at, samples: samples(), direct: samples() }
        } else {
            screened::worst(case, samples(), 7)
        };
        report(case.name, found.error, &format!("{:e}", found.at), &found, start);
        let (error, x) = (found.error, found.at);
        if error > case.bound { Err(format!("{}({x:e}) is off by {error} ULP", case.name)) } else { Ok(()) }
    });
}

#[test]
fn binary_functions_stay_within_their_bounds() {
    run_all(BINARY, |case| {
        if !is_wanted(case.name) {
            return Ok(());
        }
        let start = Instant::now();
        let found = if samples() < MANY {
            let (error, at) = worst_pair(case, samples(), 7);
            Worst { error, at, samples: samples(), direct: samples() }
        } else {
            screened::worst_pair(case, samples(), 7)
        };
        let (error, (x, y)) = (found.error, found.at);
        report(case.name, error, &format!("{x:e}, {y:e}"), &found, start);
        if error > case.bound {
            Err(format!("{}({x:e}, {y:e}) is off by {error} ULP", case.name))
        } else {
            Ok(())
        }
    });
}

/// One line per function, as soon as it is done.
fn report<A>(name: &str, error: f64, at: &str, found: &Worst<A>, start: Instant) {
    let (samples, direct) = (found.samples, found.direct);
    let seconds = start.elapsed().as_secs_f64();
    println!("{name} {error:.4} at {at} ({samples} samples, {direct} in binary128 alone, {seconds:.0} s)");
}

/// The fast references are those of binary128, on samples that they were not made from.
#[test]
fn fast_references_are_right() {
    let bunches = if cfg!(debug_assertions) { 4 } else { 20 };
    let judge = |name: &str, found: Result<usize, f64>| match found {
        // Some ranges are beyond the fast references, none are entirely.
        Ok(compared) if 2 * compared >= bunches * screened::CHECKED => Ok(()),
        Ok(compared) => Err(format!("{name} has a fast reference on {compared} samples only")),
        Err(x) => Err(format!("the fast reference of {name} is wrong at {x:e}")),
    };
    run_all(UNARY, |case| judge(case.name, screened::check(case, bunches, 11)));
    run_all(BINARY, |case| judge(case.name, screened::check_pair(case, bunches, 11)));
}

/// The float64 nearest to every multiple of π/2 that the fast reduction takes, where cancellation is worst.
#[test]
fn reduction_survives_multiples_of_half_pi() {
    let (mut worst, mut at) = (0.0, 0.0);
    for k in 1..=667_544_u32 {
        let x = f64::from(k) * std::f64::consts::FRAC_PI_2;
        for x in [x, x.next_up(), x.next_down()] {
            let (got, reference) = match k % 4 {
                0 | 2 => (trigonometric::sin(x), reference::sinf128(x)),
                1 => (trigonometric::cos(x), reference::cosf128(x)),
                _ => (trigonometric::tan(x), reference::tanf128(x)),
            };
            let error = reference.ulps(got);
            if error > worst {
                (worst, at) = (error, x);
            }
        }
    }
    assert!(worst <= 0.9, "{at:e} is off by {worst} ULP");
}

/// Arguments known from the literature as nearest to multiples of π/2, and the ends of the range.
#[test]
fn reduction_survives_the_hardest_arguments() {
    let scaled = |significand: f64, exponent: i32| {
        let half = exponent / 2;
        significand * f64::from(half).exp2() * f64::from(exponent - half).exp2()
    };
    for x in [
        scaled(6_381_956_970_095_103.0, 797),
        scaled(6_411_027_962_775_774.0, -47),
        scaled(5_319_372_648_326_541.0, -1),
        scaled(8_744_143_770_049_203.0, 849),
        scaled(4_503_599_627_370_497.0, 971),
        f64::MAX,
        1e22,
        1e300,
        1_048_576.0,
        1_048_576.0_f64.next_up(),
    ] {
        for x in [x, -x] {
            for (name, got, reference) in [
                ("sin", trigonometric::sin(x), reference::sinf128(x)),
                ("cos", trigonometric::cos(x), reference::cosf128(x)),
                ("tan", trigonometric::tan(x), reference::tanf128(x)),
            ] {
                let error = reference.ulps(got);
                assert!(error <= 0.9, "{name}({x:e}) is off by {error} ULP");
            }
        }
    }
}

/// Bases next to one with exponents that make the result overflow or vanish: the logarithm needs its second part.
#[test]
fn pow_survives_bases_near_one() {
    let mut samples = reference::Samples::new(3);
    for i in 0..200_000 {
        let distance = samples.exponent(-52, -8);
        let x = 1.0 + distance;
        let y = samples.uniform(-709.0, 709.0) / distance * if i % 2 == 0 { 1.0 } else { 0.01 };
        let error = reference::powf128(x, y).ulps(power::pow(x, y));
        assert!(error <= 0.8, "pow({x:e}, {y:e}) is off by {error} ULP");
    }
}

/// Arguments from ½ to the number below 1, equally many at each distance from it.
#[test]
fn inverse_functions_hold_near_one() {
    let mut samples = reference::Samples::new(9);
    for _ in 0..100_000 {
        let x = 1.0 - samples.exponent(-53, -2).abs();
        for (name, got, exact) in [
            ("atanh", hyperbolic::atanh(x), reference::atanhf128(x)),
            ("acos", inverse_trigonometric::acos(x), reference::acosf128(x)),
            ("asin", inverse_trigonometric::asin(x), reference::asinf128(x)),
            ("log1p", logarithm::log1p(-x), reference::log1pf128(-x)),
            ("erfc", error_function::erfc(x), reference::erfcf128(x)),
        ] {
            assert!(exact.ulps(got) <= 0.9, "{name}({x:e}) is off by {} ULP", exact.ulps(got));
        }
    }
}

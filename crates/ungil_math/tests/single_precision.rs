//! Errors of the float32 functions against the float64 functions.
//!
//! The float64 functions are accurate to 1 ULP (`accuracy.rs`), 2⁻²⁹ ULP of a float32. With `UNGIL_EXHAUSTIVE=1` every
//! float32 that does not obviously give a constant is tried (`UNGIL_ONLY=exp,log`: of these functions); without, every 61st (unoptimised: every 4,999th).
//! Limits: functions of two arguments and the largest arguments are sampled.

use std::hint::select_unpredictable;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::thread;

use ungil_math::{double, single};

const BLOCK: usize = 1024;

/// Every which number is tried: all of them in the nightly run (`UNGIL_EXHAUSTIVE=1`).
fn stride() -> u32 {
    let exhaustive = std::env::var_os("UNGIL_EXHAUSTIVE").is_some_and(|v| v == "1");
    if exhaustive { 1 } else { if cfg!(debug_assertions) { 4999 } else { 61 } }
}

type Block<T> = [T; BLOCK];

/// A function of one float32, applied to a block together with its reference.
struct Case {
    name: &'static str,
    /// The largest error on a block.
    evaluate: fn(&Block<f32>) -> f64,
    error: fn(f32) -> f64,
    stride: u32,
    ranges: &'static [RangeInclusive<u32>],
    bound: f64,
}

macro_rules! case {
    ($name:literal, $single:path, $double:path, $ranges:expr, $bound:expr) => {
        case!($name, $single, $double, $ranges, $bound, ())
    };
    ($name:literal, $single:path, $double:path, $ranges:expr, $bound:expr, ()) => {{
        #[inline(always)]
        fn plain(x: &Block<f32>) -> f64 {
            let (mut out, mut reference) = ([0.0; BLOCK], [0.0; BLOCK]);
            for i in 0..BLOCK {
                out[i] = $single(x[i]);
            }
            for i in 0..BLOCK {
                reference[i] = $double(f64::from(x[i]));
            }
            for i in 0..BLOCK {
                reference[i] = error(out[i], reference[i]);
            }
            // Errors are not negative: their bits order as they do, and a maximum of integers becomes vector code.
            f64::from_bits(reference.iter().fold(0, |worst, e| e.to_bits().max(worst)))
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn wide(x: &Block<f32>) -> f64 {
            plain(x)
        }
        fn evaluate(x: &Block<f32>) -> f64 {
            #[cfg(target_arch = "x86_64")]
            if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
                // SAFETY: the processor has the features.
                return unsafe { wide(x) };
            }
            plain(x)
        }
        let error = |x| error($single(x), $double(f64::from(x)));
        Case { name: $name, evaluate, error, stride: stride(), ranges: $ranges, bound: $bound }
    }};
}

/// The bits of a float32 and of its negation, from 0 on.
const fn up_to(x: f32) -> RangeInclusive<u32> {
    0..=x.to_bits()
}

const fn down_to(x: f32) -> RangeInclusive<u32> {
    1 << 31..=(1 << 31) | x.to_bits()
}

const EXPONENTIAL: &[RangeInclusive<u32>] = &[up_to(160.0), down_to(160.0)];
const POSITIVE: &[RangeInclusive<u32>] = &[up_to(f32::INFINITY)];
const BEYOND_MINUS_ONE: &[RangeInclusive<u32>] = &[up_to(f32::INFINITY), down_to(1.0)];
const ERFC: &[RangeInclusive<u32>] = &[up_to(12.0), down_to(5.0)];
const BOTH: &[RangeInclusive<u32>] = &[up_to(f32::INFINITY), down_to(200.0)];
const HYPERBOLIC: &[RangeInclusive<u32>] = &[up_to(96.0)];
const UNIT: &[RangeInclusive<u32>] = &[up_to(1.0), down_to(1.0)];
/// 2²⁰: beyond, the float64 functions take their slow path.
const FAST: f32 = 8_192.0;
const FOLDED: &[RangeInclusive<u32>] = &[up_to(FAST)];

/// sin, cos and tan without the branch that keeps a loop from being vectorised.
mod fast {
    pub use ungil_math::double::trigonometric as double;
    pub use ungil_math::single::trigonometric as single;
}

fn cases() -> Vec<Case> {
    vec![
        case!("exp", single::exponential::exp, double::exponential::exp, EXPONENTIAL, 0.85),
        case!("exp2", single::exponential::exp2, double::exponential::exp2, EXPONENTIAL, 0.9),
        case!("expm1", single::exponential::expm1, double::exponential::expm1, EXPONENTIAL, 0.85),
        case!("log", single::logarithm::log, double::logarithm::log, POSITIVE, 0.85),
        case!("log2", single::logarithm::log2, double::logarithm::log2, POSITIVE, 0.85),
        case!("log10", single::logarithm::log10, double::logarithm::log10, POSITIVE, 0.85),
        case!("log1p", single::logarithm::log1p, double::logarithm::log1p, BEYOND_MINUS_ONE, 0.85),
        case!("sin", fast::single::sin_fast, fast::double::sin_fast, FOLDED, 0.9),
        case!("cos", fast::single::cos_fast, fast::double::cos_fast, FOLDED, 0.9),
        case!("tan", fast::single::tan_fast, fast::double::tan_fast, FOLDED, 0.95),
        case!("tanh", single::hyperbolic::tanh, double::hyperbolic::tanh, HYPERBOLIC, 0.8),
        case!("sinh", single::hyperbolic::sinh, double::hyperbolic::sinh, HYPERBOLIC, 0.9),
        case!("cosh", single::hyperbolic::cosh, double::hyperbolic::cosh, HYPERBOLIC, 0.9),
        case!("asinh", single::hyperbolic::asinh, double::hyperbolic::asinh, POSITIVE, 0.9),
        case!("acosh", single::hyperbolic::acosh, double::hyperbolic::acosh, POSITIVE, 0.9),
        case!("atanh", single::hyperbolic::atanh, double::hyperbolic::atanh, UNIT, 0.9),
        case!("asin", single::inverse_trigonometric::asin, double::inverse_trigonometric::asin, UNIT, 0.9),
        case!("acos", single::inverse_trigonometric::acos, double::inverse_trigonometric::acos, UNIT, 0.9),
        case!(
            "atan",
            single::inverse_trigonometric::atan,
            double::inverse_trigonometric::atan,
            POSITIVE,
            1.0
        ),
        case!("cbrt", single::root::cbrt, double::root::cbrt, POSITIVE, 0.9),
        case!("erf", single::error_function::erf, double::error_function::erf, POSITIVE, 0.95),
        case!("erfc", single::error_function::erfc, double::error_function::erfc, ERFC, 0.95),
        case!("tgamma", single::gamma::tgamma, double::gamma::tgamma, BOTH, 0.51),
        case!("lgamma", single::gamma::lgamma, double::gamma::lgamma, BOTH, 0.51),
        case!("sqrt", single::sqrt, double::sqrt, POSITIVE, 0.5),
    ]
}

/// The distance in ULP of the float32 nearest to the reference; infinity counts as 2¹²⁸.
#[inline(always)]
fn error(got: f32, reference: f64) -> f64 {
    let limit = 3.402_823_669_209_385e38;
    let clamp = |x: f64| {
        let x = select_unpredictable(x > limit, limit, x);
        select_unpredictable(x < -limit, -limit, x)
    };
    let (exact, wide) = (clamp(reference), clamp(f64::from(got)));
    let exponent = exact.to_bits() >> 52 & 0x7ff;
    let exponent = select_unpredictable(exponent < 1023 - 126, 1023 - 126, exponent) - 23;
    let distance = (wide - exact).abs() * f64::from_bits((2046 - exponent) << 52);
    let signs = (reference.to_bits() ^ f64::from(got).to_bits()) >> 63;
    // NaN fails every comparison.
    let distance = select_unpredictable(distance >= 0.0, distance, f64::INFINITY);
    let distance = select_unpredictable(signs == 0, distance, f64::INFINITY);
    select_unpredictable(reference.is_nan() & got.is_nan(), 0.0, distance)
}

/// The largest error on the numbers whose bits are `start`, `start` + stride, … if it exceeds `floor`.
fn worst_of_block(case: &Case, start: u32, end: u32, floor: f64) -> Option<(f64, f32)> {
    let mut x = [0.0; BLOCK];
    for (i, x) in x.iter_mut().enumerate() {
        *x = f32::from_bits(start.saturating_add(i as u32 * case.stride).min(end));
    }
    let worst = (case.evaluate)(&x);
    let at = || x.iter().copied().find(|x| (case.error)(*x) == worst).expect("the error is of one of them");
    (worst > floor).then(|| (worst, at()))
}

fn worst(case: &Case) -> (f64, f32) {
    let result = Mutex::new((0.0, 0.0));
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let step = BLOCK as u64 * u64::from(case.stride);
    thread::scope(|scope| {
        for thread in 0..threads {
            let result = &result;
            scope.spawn(move || {
                let mut mine = (0.0, 0.0);
                for range in case.ranges {
                    let mut start = u64::from(*range.start()) + thread * step;
                    while start <= u64::from(*range.end()) {
                        if let Some(found) = worst_of_block(case, start as u32, *range.end(), mine.0) {
                            mine = found;
                        }
                        start += threads * step;
                    }
                }
                let mut shared = result.lock().expect("no thread panics with the lock");
                if mine.0 > shared.0 {
                    *shared = mine;
                }
            });
        }
    });
    result.into_inner().expect("no thread panics with the lock")
}

#[test]
fn functions_of_one_argument_stay_within_their_bounds() {
    let mut failures = Vec::new();
    let only = std::env::var("UNGIL_ONLY").unwrap_or_default();
    for case in cases().iter().filter(|c| only.is_empty() || only.split(',').any(|name| name == c.name)) {
        let (error, x) = worst(case);
        println!("{} {error:.4} at {x:e}", case.name);
        if error > case.bound {
            failures.push(format!("{}({x:e}) is off by {error} ULP", case.name));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn trigonometric_functions_hold_for_large_arguments() {
    let step = if cfg!(debug_assertions) { 49_999 } else { 997 };
    for bits in (FAST.to_bits()..f32::INFINITY.to_bits()).step_by(step) {
        let x = f32::from_bits(bits);
        let wide = f64::from(x);
        for (got, reference) in [
            (fast::single::sin(x), fast::double::sin(wide)),
            (fast::single::cos(-x), fast::double::cos(-wide)),
            (fast::single::tan(-x), fast::double::tan(-wide)),
        ] {
            assert!(error(got, reference) <= 0.55, "{x:e}: {got} instead of {reference}");
        }
    }
}

#[test]
fn pow_stays_within_its_bound() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let mut worst = (0.0, 0.0, 0.0);
    for i in 0..1_000_000 {
        let (x, y) = match i % 4 {
            0 => (next() * 10.0, next() * 80.0 - 40.0),
            1 => (f32::from_bits((next() * f32::INFINITY.to_bits() as f32) as u32), next() * 2.0 - 1.0),
            2 => (0.999 + next() * 0.002, (next() - 0.5) * 1e5),
            _ => (-next() * 9.0, (next() * 60.0 - 30.0).round()),
        };
        let e = error(single::power::pow(x, y), double::power::pow(f64::from(x), f64::from(y)));
        if e > worst.0 {
            worst = (e, x, y);
        }
    }
    assert!(worst.0 <= 0.8, "pow({}, {}) is off by {} ULP", worst.1, worst.2, worst.0);
}

#[test]
fn functions_of_two_arguments_stay_within_their_bounds() {
    let mut state = 2_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    };
    let mut worst = [0.0_f64; 2];
    for i in 0..1_000_000 {
        // Any numbers, and numbers of like size.
        let x = f32::from_bits(next());
        let y = if i % 2 == 0 { f32::from_bits(next()) } else { x * (next() as f32 / 2e9 - 1.0) };
        if !x.is_finite() || !y.is_finite() {
            continue;
        }
        let (a, b) = (f64::from(x), f64::from(y));
        let arc =
            error(single::inverse_trigonometric::atan2(y, x), double::inverse_trigonometric::atan2(b, a));
        let hypot = error(single::root::hypot(x, y), double::root::hypot(a, b));
        worst = [worst[0].max(arc), worst[1].max(hypot)];
    }
    println!("atan2 {:.4}, hypot {:.4}", worst[0], worst[1]);
    assert!(worst[0] <= 1.0 && worst[1] <= 0.51, "{worst:?}");
}

//! Largest errors over many samples.
//!
//! Arguments are drawn as in `cases`, and around each one a bunch of neighbours in an interval short enough for a
//! [`Local`] reference. What that finds to be larger than the largest error so far, or cannot tell, is computed again in
//! binary128, so that every maximum is one against binary128, and no screened sample exceeds it by more than `MARGIN`.
//! Of functions of two arguments, one argument varies within a bunch.
//! Contract: the number of samples is exact; bunches that no local reference fits are compared with binary128 throughout.
//! Limits: bunches are `BUNCH` samples, so that fewer than some millions leave gaps: `cases::worst` is for those.

use super::cases::{Binary, Unary};
use super::local::Local;
use super::{Quad, Samples};

/// Samples around each argument drawn.
pub const BUNCH: usize = 2048;
/// Samples of a bunch on which a local reference is checked.
pub const CHECKED: usize = 128;
/// In ULP: a hundred times the error of a local reference, 2⁻⁷⁶·4,096 of the value.
pub const MARGIN: f64 = 1e-5;
/// The longest interval is 2⁻⁴ to either side of a number's binade, the shortest 2⁻²⁶.
const LONGEST: i32 = 4;
const SHORTEST: i32 = 26;

/// What a walk has found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worst<A> {
    pub error: f64,
    pub at: A,
    /// Samples in all, and of these the ones compared with binary128.
    pub samples: usize,
    pub direct: usize,
}

/// A function of one argument and its reference.
struct Line<'a> {
    function: &'a dyn Fn(f64) -> f64,
    reference: &'a dyn Fn(f64) -> Quad,
}

impl Line<'_> {
    /// The local reference around x, with the shortness that worked; tries `start` and shorter ones.
    fn local(&self, x: f64, start: i32) -> Option<(Local, i32)> {
        let binade = ((x.to_bits() >> 52) & 0x7ff) as i32 - 1023;
        (start..=SHORTEST)
            .step_by(2)
            .find_map(|short| Local::new(self.reference, x, binade - short).map(|local| (local, short)))
    }

    /// Walks `count` ≤ `BUNCH` numbers around x; returns the shortness of the interval.
    fn walk(&self, x: f64, start: i32, count: usize, samples: &mut Samples, worst: &mut Worst<f64>) -> i32 {
        let local = self.local(x, start);
        let short = local.as_ref().map_or(LONGEST, |(_, short)| *short);
        let half = x.abs() * (-f64::from(short) - 1.0).exp2();
        let mut at = [x; BUNCH];
        for at in &mut at[1..count] {
            *at = x + samples.uniform(-half, half);
        }
        let got = at.map(|x| (self.function)(x));
        let mut errors = [f64::INFINITY; BUNCH];
        if let Some((local, _)) = &local {
            screen(local, &at, &got, &mut errors);
        }
        for i in 0..count {
            if errors[i].is_nan() || errors[i] >= worst.error - MARGIN {
                worst.direct += 1;
                let error = (self.reference)(at[i]).ulps(got[i]);
                if error > worst.error {
                    (worst.error, worst.at) = (error, at[i]);
                }
            }
        }
        worst.samples += count;
        short
    }

    /// Compares the local reference around x with binary128 on `CHECKED` samples, if there is one; returns how many.
    fn check(&self, x: f64, samples: &mut Samples) -> Result<usize, f64> {
        let Some((local, short)) = self.local(x, LONGEST) else { return Ok(0) };
        let half = x.abs() * (-f64::from(short) - 1.0).exp2();
        for _ in 0..CHECKED {
            let x = x + samples.uniform(-half, half);
            let (exact, got) = ((self.reference)(x), (self.function)(x));
            let (screened, error) = (local.ulps(x, got), exact.ulps(got));
            if !local.agrees(exact, x) || screened.is_finite() && (screened - error).abs() > MARGIN {
                return Err(x);
            }
        }
        Ok(CHECKED)
    }
}

type Bunch = [f64; BUNCH];

/// The errors by the local reference.
fn screen(local: &Local, at: &Bunch, got: &Bunch, errors: &mut Bunch) {
    #[inline(always)]
    fn plain(local: &Local, at: &Bunch, got: &Bunch, errors: &mut Bunch) {
        for i in 0..BUNCH {
            errors[i] = local.ulps(at[i], got[i]);
        }
    }
    #[target_feature(enable = "avx2,fma")]
    fn wide(local: &Local, at: &Bunch, got: &Bunch, errors: &mut Bunch) {
        plain(local, at, got, errors);
    }
    if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
        // SAFETY: the processor has the features.
        unsafe { wide(local, at, got, errors) }
    } else {
        plain(local, at, got, errors);
    }
}

/// Where the next search for an interval's length starts, given what worked.
fn restart(short: i32) -> i32 {
    (short - 2).max(LONGEST)
}

/// The largest error of a function of one argument.
pub fn worst(case: &Unary, samples: usize, seed: u64) -> Worst<f64> {
    let mut sequence = Samples::new(seed);
    let mut worst = Worst::default();
    let mut starts = vec![LONGEST; case.ranges.len()];
    let line = Line { function: &case.function, reference: &case.reference };
    for bunch in 0..samples.div_ceil(BUNCH) {
        let range = bunch % case.ranges.len();
        let x = case.ranges[range].draw(&mut sequence);
        let count = BUNCH.min(samples - worst.samples);
        starts[range] = restart(line.walk(x, starts[range], count, &mut sequence, &mut worst));
    }
    worst
}

/// The largest error of a function of two arguments.
pub fn worst_pair(case: &Binary, samples: usize, seed: u64) -> Worst<(f64, f64)> {
    let mut sequence = Samples::new(seed);
    let mut worst = Worst::default();
    let mut starts = vec![LONGEST; 2 * case.ranges.len()];
    for bunch in 0..samples.div_ceil(BUNCH) {
        let kind = bunch % starts.len();
        let (first, second) = case.ranges[kind / 2];
        let (x, y) = (first.draw(&mut sequence), second.draw(&mut sequence));
        let count = BUNCH.min(samples - worst.samples);
        let mut mine =
            Worst { error: worst.error, at: f64::NAN, samples: worst.samples, direct: worst.direct };
        let (found, pair): (i32, &dyn Fn(f64) -> (f64, f64)) = if kind.is_multiple_of(2) {
            let line = Line { function: &|x| (case.function)(x, y), reference: &|x| (case.reference)(x, y) };
            (line.walk(x, starts[kind], count, &mut sequence, &mut mine), &move |x| (x, y))
        } else {
            let line = Line { function: &|y| (case.function)(x, y), reference: &|y| (case.reference)(x, y) };
            (line.walk(y, starts[kind], count, &mut sequence, &mut mine), &move |y| (x, y))
        };
        starts[kind] = restart(found);
        let at = if mine.at.is_nan() { worst.at } else { pair(mine.at) };
        worst = Worst { error: mine.error, at, samples: mine.samples, direct: mine.direct };
    }
    worst
}

/// Compares the local references with binary128 on `bunches` bunches of each range; returns how many samples.
pub fn check(case: &Unary, bunches: usize, seed: u64) -> Result<usize, f64> {
    let mut sequence = Samples::new(seed);
    let line = Line { function: &case.function, reference: &case.reference };
    let mut compared = 0;
    for range in case.ranges {
        for _ in 0..bunches {
            compared += line.check(range.draw(&mut sequence), &mut sequence)?;
        }
    }
    Ok(compared)
}

/// The same for a function of two arguments, the first one varying.
pub fn check_pair(case: &Binary, bunches: usize, seed: u64) -> Result<usize, f64> {
    let mut sequence = Samples::new(seed);
    let mut compared = 0;
    for (first, second) in case.ranges {
        for _ in 0..bunches {
            let (x, y) = (first.draw(&mut sequence), second.draw(&mut sequence));
            let line = Line { function: &|x| (case.function)(x, y), reference: &|x| (case.reference)(x, y) };
            compared += line.check(x, &mut sequence)?;
        }
    }
    Ok(compared)
}

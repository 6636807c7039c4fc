//! Errors of the float64 functions against binary128 references.
//!
//! A million samples per function over all its ranges.
//! Limits: x86-64 Linux with glibc.
#![cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]

mod reference;

use std::sync::atomic::{AtomicUsize, Ordering};

use reference::cases::{BINARY, UNARY, worst, worst_pair};

const SAMPLES: usize = 1_000_000;

#[test]
fn unary_functions_stay_within_their_bounds() {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(case) = UNARY.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (error, x) = worst(case, SAMPLES, 7);
                    assert!(error <= case.bound, "{}({x:e}) is off by {error} ULP", case.name);
                }
            });
        }
    });
}

#[test]
fn binary_functions_stay_within_their_bounds() {
    for case in BINARY {
        let (error, (x, y)) = worst_pair(case, SAMPLES, 7);
        assert!(error <= case.bound, "{}({x:e}, {y:e}) is off by {error} ULP", case.name);
    }
}

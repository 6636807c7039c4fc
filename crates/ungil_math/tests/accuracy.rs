//! Errors of the float64 functions against binary128 references.
//!
//! A million samples per function over all its ranges, plus the arguments known to be hard.
//! Limits: x86-64 Linux with glibc.
#![cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]

mod reference;

use reference::cases::{BINARY, UNARY, worst, worst_pair};

const SAMPLES: usize = 1_000_000;

#[test]
fn unary_functions_stay_within_their_bounds() {
    std::thread::scope(|scope| {
        for part in 0..2 {
            scope.spawn(move || {
                for case in UNARY.iter().skip(part).step_by(2) {
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

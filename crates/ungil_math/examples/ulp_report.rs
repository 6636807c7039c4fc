//! Table of measured errors.
//!
//! `cargo run --release -p ungil_math --example ulp_report [samples]` prints, per function, the largest error in
//! ULP and the argument that has it.
//! Limits: as the references (x86-64 Linux with glibc).

#[path = "../tests/reference/mod.rs"]
mod reference;

use reference::cases::{BINARY, UNARY, worst, worst_pair};

fn main() {
    let samples = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2_000_000);
    println!("float64, {samples} arguments each\n\n| function | max ULP | at |\n|---|---|---|");
    for case in UNARY {
        let (error, x) = worst(case, samples, 1);
        println!("| {} | {error:.3} | {x:e} |", case.name);
    }
    for case in BINARY {
        let (error, (x, y)) = worst_pair(case, samples, 1);
        println!("| {} | {error:.3} | {x:e}, {y:e} |", case.name);
    }
}

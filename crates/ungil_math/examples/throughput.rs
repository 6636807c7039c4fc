//! Table of measured speed.
//!
//! `cargo run --release -p ungil_math --example throughput` compiles a loop around each function for AVX-512 and
//! AVX2 and prints elements per nanosecond on one thread, beside glibc's scalar functions. NumPy's numbers come from
//! `tools/numpy_throughput.py`.
//! Limits: LLVM 22's tools and a C linker (`cc`); as fast as the machine is idle.

#[path = "../tests/kernels/mod.rs"]
mod kernels;

use std::time::{Duration, Instant};

use kernels::{Library, Loop, Target, compile, tools};

const ELEMENTS: usize = 20_000;

/// Name, lowest and highest argument; the second argument is within ±5.
const FUNCTIONS: &[(&str, f64, f64, usize)] = &[
    ("exp", -20.0, 20.0, 1),
    ("exp2", -20.0, 20.0, 1),
    ("expm1", -2.0, 20.0, 1),
    ("log", 0.01, 1000.0, 1),
    ("log2", 0.01, 1000.0, 1),
    ("log10", 0.01, 1000.0, 1),
    ("log1p", 0.0, 10.0, 1),
    ("sin", -100.0, 100.0, 1),
    ("cos", -100.0, 100.0, 1),
    ("tan", -100.0, 100.0, 1),
    ("tanh", -5.0, 5.0, 1),
    ("sinh", -5.0, 5.0, 1),
    ("cosh", -5.0, 5.0, 1),
    ("asin", -1.0, 1.0, 1),
    ("acos", -1.0, 1.0, 1),
    ("atan", -5.0, 5.0, 1),
    ("asinh", -50.0, 50.0, 1),
    ("acosh", 1.0, 50.0, 1),
    ("atanh", -1.0, 1.0, 1),
    ("erf", -4.0, 4.0, 1),
    ("erfc", -4.0, 9.0, 1),
    ("tgamma", -20.0, 100.0, 1),
    ("lgamma", -20.0, 100.0, 1),
    ("cbrt", -10.0, 10.0, 1),
    ("sqrt", 0.0, 100.0, 1),
    ("pow", 0.1, 10.0, 2),
    ("atan2", -5.0, 5.0, 2),
    ("hypot", -5.0, 5.0, 2),
];

const TARGETS: [Target; 2] =
    [Target { cpu: "sapphirerapids", bits: 512 }, Target { cpu: "haswell", bits: 256 }];

fn elements_per_nanosecond(library: &Library, name: &str, x: &[u64], y: &[u64]) -> f64 {
    let kernel = library.kernel(name);
    let mut out = vec![0_u64; ELEMENTS];
    let mut best = Duration::MAX;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(150) {
        let before = Instant::now();
        kernel(out.as_mut_ptr().cast(), x.as_ptr().cast(), y.as_ptr().cast(), ELEMENTS as i64);
        best = best.min(before.elapsed());
    }
    std::hint::black_box(&out);
    ELEMENTS as f64 / best.as_secs_f64() / 1e9
}

/// `ELEMENTS` numbers of the interval in scattered order, as the bits of float64 or pairs of float32.
fn numbers(kind: &str, low: f64, high: f64) -> Vec<u64> {
    let value = |i: usize| low + (high - low) * ((i * 7919 % 20_011) as f64 / 20_011.0);
    if kind == "f64" {
        return (0..ELEMENTS).map(|i| value(i).to_bits()).collect();
    }
    let single = |i: usize| u64::from((value(i) as f32).to_bits());
    (0..ELEMENTS).map(|i| single(2 * i) | (single(2 * i + 1) << 32)).collect()
}

fn main() {
    let Some(tools) = tools() else {
        eprintln!("LLVM 22's tools are not in /usr/lib/llvm-22/bin nor where UNGIL_LLVM_BIN points");
        std::process::exit(1);
    };
    let folder = std::env::temp_dir().join(format!("ungil_math_throughput_{}", std::process::id()));
    let only: Vec<String> = std::env::args().skip(1).collect();
    println!("| function | type | AVX-512 | AVX2 | glibc |\n|---|---|---|---|---|");
    for kind in ["f64", "f32"] {
        let suffix = if kind == "f64" { "" } else { "f" };
        let mut libraries = Vec::new();
        for target in TARGETS {
            let loops: Vec<Loop> = FUNCTIONS
                .iter()
                .flat_map(|&(name, _, _, arguments)| {
                    let own = Loop::new(name, kind, arguments);
                    [own, Loop::new(name, kind, arguments).around(&format!("{name}{suffix}"))]
                })
                .collect();
            let (object, _) =
                compile(&tools, &folder.join(format!("{kind}_{}", target.cpu)), &loops, target, "obj");
            libraries.push(Library::load(&object));
        }
        for &(name, low, high, _) in FUNCTIONS {
            if !only.is_empty() && !only.iter().any(|o| o == name) {
                continue;
            }
            let (x, y) = (numbers(kind, low, high), numbers(kind, -5.0, 5.0));
            let own = format!("loop_{name}_{kind}");
            let wide = elements_per_nanosecond(&libraries[0], &own, &x, &y);
            let narrow = elements_per_nanosecond(&libraries[1], &own, &x, &y);
            let libm = elements_per_nanosecond(&libraries[1], &format!("loop_libm_{name}{suffix}"), &x, &y);
            println!("| {name} | {kind} | {wide:.2} | {narrow:.2} | {libm:.3} |");
        }
    }
    let _ = std::fs::remove_dir_all(folder);
}

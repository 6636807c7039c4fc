//! The bitcode inside vector loops.
//!
//! Vector code gives the bits of the native functions, at every position of a vector and in the scalar rest.
//! Links the bitcode with a loop per function as the compiler does and checks that LLVM widens the loop and leaves
//! no call of the function in it, for AVX-512 and AVX2; and what the bitcode defines and needs.
//! Limits: without LLVM 22's tools (`kernels::tools`) the tests say so and check nothing.

mod kernels;

use kernels::{Library, Loop, Target, compile, tools};
use std::fs;
use std::process::Command;

const ONE: &[&str] = &[
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "tanh", "sinh", "cosh",
    "asinh", "acosh", "atanh", "asin", "acos", "atan", "cbrt", "sqrt", "erf", "erfc", "tgamma", "lgamma",
];

fn loops() -> Vec<Loop> {
    let mut loops = Vec::new();
    for kind in ["f64", "f32"] {
        loops.extend(ONE.iter().map(|function| Loop::new(function, kind, 1)));
        loops.extend(["pow", "atan2", "hypot", "fmod"].map(|function| Loop::new(function, kind, 2)));
    }
    loops
}

/// Compiles every loop and checks the assembly for the register name.
fn check(target: Target, register: &str) {
    let Some(tools) = tools() else {
        eprintln!("skipped: LLVM 22's tools are not installed");
        return;
    };
    let folder = std::env::temp_dir().join(format!("ungil_math_{}_{}", target.cpu, std::process::id()));
    let loops = loops();
    let (assembly, remarks) = compile(&tools, &folder, &loops, target, "asm");
    let text = fs::read_to_string(assembly).expect("llc wrote it");
    let _ = fs::remove_dir_all(folder);
    assert_eq!(remarks.matches("vectorized loop").count(), loops.len(), "{remarks}");
    for l in &loops {
        let start = text.find(&format!("\n{}:", l.name)).expect("the loop is emitted");
        let body = &text[start..start + text[start..].find(".Lfunc_end").expect("a function ends")];
        assert!(body.contains(register), "{} does not use {register}", l.name);
        let calls: Vec<&str> = body.lines().filter(|line| line.contains("call")).collect();
        assert!(calls.iter().all(|line| line.contains("_slow")), "{} calls {calls:?}", l.name);
    }
}

#[test]
fn loops_become_avx512_vectors() {
    check(Target { cpu: "skylake-avx512", bits: 512 }, "%zmm");
}

#[test]
fn loops_become_avx2_vectors() {
    check(Target { cpu: "haswell", bits: 256 }, "%ymm");
}

macro_rules! natives {
    ($($kind:ident $module:ident { $($file:ident $($name:ident)+;)+ })+) => {
        /// Applies a native function to float64 or float32 numbers given as bits.
        fn native(name: &str, x: u64, y: u64) -> u64 {
            match name {
                $($($(
                    concat!("loop_", stringify!($name), "_", stringify!($kind)) => {
                        natives!(@call $kind $module $file $name x y)
                    }
                )+)+)+
                _ => panic!("{name} has no native function here"),
            }
        }
    };
    (@call $kind:ident $module:ident $file:ident pow $x:ident $y:ident) => {
        natives!(@two $kind (ungil_math::$module::$file::pow) $x $y)
    };
    (@call $kind:ident $module:ident $file:ident atan2 $x:ident $y:ident) => {
        natives!(@two $kind (ungil_math::$module::$file::atan2) $x $y)
    };
    (@call $kind:ident $module:ident $file:ident fmod $x:ident $y:ident) => {
        natives!(@two $kind (ungil_math::$module::$file::fmod) $x $y)
    };
    (@call $kind:ident $module:ident $file:ident hypot $x:ident $y:ident) => {
        natives!(@two $kind (ungil_math::$module::$file::hypot) $x $y)
    };
    (@call f64 $module:ident $file:ident $name:ident $x:ident $y:ident) => {
        ungil_math::$module::$file::$name(f64::from_bits($x)).to_bits()
    };
    (@call f32 $module:ident $file:ident $name:ident $x:ident $y:ident) => {
        u64::from(ungil_math::$module::$file::$name(f32::from_bits($x as u32)).to_bits())
    };
    (@two f64 ($path:path) $x:ident $y:ident) => { $path(f64::from_bits($x), f64::from_bits($y)).to_bits() };
    (@two f32 ($path:path) $x:ident $y:ident) => {
        u64::from($path(f32::from_bits($x as u32), f32::from_bits($y as u32)).to_bits())
    };
}

natives! {
    f64 double {
        exponential exp exp2 expm1;
        logarithm log log2 log10 log1p;
        trigonometric sin cos tan;
        hyperbolic tanh sinh cosh asinh acosh atanh;
        inverse_trigonometric asin acos atan atan2;
        root cbrt hypot;
        remainder fmod;
        error_function erf erfc;
        gamma tgamma lgamma;
        power pow;
    }
    f32 single {
        exponential exp exp2 expm1;
        logarithm log log2 log10 log1p;
        trigonometric sin cos tan;
        hyperbolic tanh sinh cosh asinh acosh atanh;
        inverse_trigonometric asin acos atan atan2;
        root cbrt hypot;
        remainder fmod;
        error_function erf erfc;
        gamma tgamma lgamma;
        power pow;
    }
}

/// Numbers of every kind in mixed order: any bits, moderate numbers, special values.
fn mixed(count: usize, single: bool, seed: u64) -> Vec<u64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state ^ (state >> 29)
    };
    let special =
        [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0, -1.0, 5e-324, 1e-45, 1e300, -709.9];
    (0..count)
        .map(|i| {
            let bits = next();
            let moderate = (bits >> 11) as f64 / (1_u64 << 53) as f64 * 40.0 - 20.0;
            let x = match i % 8 {
                0 => f64::from_bits(bits),
                1 => special[bits as usize % special.len()],
                2 => moderate / 20.0,
                3 => moderate * 1e9,
                _ => moderate,
            };
            match (single, i % 8) {
                (true, 0) => bits & 0xffff_ffff,
                (true, _) => u64::from((x as f32).to_bits()),
                (false, _) => x.to_bits(),
            }
        })
        .collect()
}

/// Packs numbers as the kernels read them and back.
fn packed(numbers: &[u64], single: bool) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()[..if single { 4 } else { 8 }].to_vec()).collect()
}

fn is_nan(bits: u64, single: bool) -> bool {
    if single { f32::from_bits(bits as u32).is_nan() } else { f64::from_bits(bits).is_nan() }
}

/// Runs every loop and compares each element with the native function.
fn compare(target: Target, here: bool) {
    let Some(tools) = tools().filter(|_| here) else {
        eprintln!("skipped: LLVM 22's tools are not installed, or this processor lacks the instructions");
        return;
    };
    let folder = std::env::temp_dir().join(format!("ungil_math_run_{}_{}", target.cpu, std::process::id()));
    let loops: Vec<Loop> = loops().into_iter().filter(|l| !l.name.contains("sqrt")).collect();
    let (object, _) = compile(&tools, &folder, &loops, target, "obj");
    let library = Library::load(&object);
    let _ = fs::remove_dir_all(folder);
    const COUNT: usize = 20_011;
    for l in &loops {
        let single = l.name.ends_with("f32");
        let (x, y) = (mixed(COUNT, single, 1), mixed(COUNT, single, 2));
        let (x_bytes, y_bytes) = (packed(&x, single), packed(&y, single));
        let mut out = vec![0_u8; x_bytes.len()];
        library.kernel(&l.name)(
            out.as_mut_ptr().cast(),
            x_bytes.as_ptr().cast(),
            y_bytes.as_ptr().cast(),
            COUNT as i64,
        );
        for (i, got) in out.chunks(if single { 4 } else { 8 }).enumerate() {
            let mut bytes = [0; 8];
            bytes[..got.len()].copy_from_slice(got);
            let (got, expected) = (u64::from_le_bytes(bytes), native(&l.name, x[i], y[i]));
            let same = got == expected || (is_nan(got, single) && is_nan(expected, single));
            assert!(same, "{} of {:#x}, {:#x} at {i}: {got:#x} instead of {expected:#x}", l.name, x[i], y[i]);
        }
    }
}

#[test]
fn avx512_gives_the_native_bits() {
    let here = std::is_x86_feature_detected!("avx512dq") && std::is_x86_feature_detected!("avx512vl");
    compare(Target { cpu: "skylake-avx512", bits: 512 }, here);
}

#[test]
fn avx2_gives_the_native_bits() {
    let here = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
    compare(Target { cpu: "haswell", bits: 256 }, here);
}

#[test]
fn bitcode_defines_only_its_functions_and_needs_nothing() {
    let Some(tools) = tools() else {
        eprintln!("skipped: LLVM 22's tools are not installed");
        return;
    };
    let file = std::env::temp_dir().join(format!("ungil_math_{}.bc", std::process::id()));
    fs::write(&file, ungil_math::BITCODE).expect("the folder is writable");
    let output =
        Command::new(tools.join("llvm-dis")).arg(&file).args(["-o", "-"]).output().expect("llvm-dis starts");
    let _ = fs::remove_file(&file);
    let text = String::from_utf8(output.stdout).expect("LLVM IR is UTF-8");
    assert!(text.contains("@ungil_math_exp_f64("));
    for line in text.lines() {
        let public = line.starts_with("define ") && !line.starts_with("define internal");
        assert!(!public || line.contains("@ungil_math_"), "{line}");
        let needed = line.starts_with("declare ") && !line.contains("@llvm.");
        // Named by functions compiled with unwind information off; nothing refers to it once they are inlined.
        assert!(!needed || line.contains("@rust_eh_personality"), "{line}");
        assert!(!line.contains(" alias "), "{line}");
        let variable = line.starts_with('@') && !line.contains(" internal ") && !line.contains(" private ");
        assert!(!variable, "{line}");
    }
}

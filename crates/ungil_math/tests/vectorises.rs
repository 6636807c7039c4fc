//! The bitcode inside vector loops.
//!
//! Links the bitcode with a loop per function as the compiler does and checks that LLVM widens the loop and leaves
//! no call of the function in it, for AVX-512 and AVX2; and what the bitcode defines and needs.
//! Limits: without LLVM 22's tools (`kernels::tools`) the tests say so and check nothing.

mod kernels;

use kernels::{Loop, Target, compile, tools};
use std::fs;
use std::process::Command;

const ONE: &[&str] = &[
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "tanh", "sinh", "cosh",
    "asinh", "acosh", "atanh", "asin", "acos", "atan", "cbrt", "sqrt",
];

fn loops() -> Vec<Loop> {
    let mut loops = Vec::new();
    for kind in ["f64", "f32"] {
        loops.extend(ONE.iter().map(|function| Loop::new(function, kind, 1)));
        loops.extend(["pow", "atan2", "hypot"].map(|function| Loop::new(function, kind, 2)));
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

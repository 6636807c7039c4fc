//! Assembly of the vector loop around one function.
//!
//! `cargo run -p ungil_math --example kernel_asm exp f64 skylake-avx512 512` prints the vectoriser's remark and the
//! code for that processor and vector width in bits.
//! Limits: LLVM 22's tools.

#[path = "../tests/kernels/mod.rs"]
mod kernels;

use kernels::{Loop, Target, compile, tools};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [function, kind, cpu, bits] = &arguments[..] else {
        eprintln!("usage: kernel_asm FUNCTION f64|f32 CPU BITS");
        std::process::exit(2);
    };
    let tools = tools().expect("LLVM 22's tools are installed");
    let count = if ["pow", "atan2", "hypot"].contains(&function.as_str()) { 2 } else { 1 };
    let target = Target { cpu: cpu.clone().leak(), bits: bits.parse().expect("a number of bits") };
    let folder = std::env::temp_dir().join(format!("ungil_math_asm_{}", std::process::id()));
    let (assembly, remarks) = compile(&tools, &folder, &[Loop::new(function, kind, count)], target, "asm");
    println!("{remarks}\n{}", std::fs::read_to_string(assembly).expect("llc wrote it"));
    let _ = std::fs::remove_dir_all(folder);
}

//! Build of the bitcode.
//!
//! Compiles the crate's own source a second time, as LLVM bitcode for the oldest processor of the target,
//! so that it can be inlined into kernels for any newer one. Vectorisers are off: the kernels' own pass
//! pipeline widens the functions.
//! Limits: rustc's LLVM must not be newer than the LLVM that reads the bitcode (`NEWEST_LLVM`).

use std::path::Path;
use std::process::Command;
use std::{env, process};

/// The major version of the LLVM that the compiler crate links.
const NEWEST_LLVM: u32 = 22;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(ungil_math_bitcode)");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var("RUSTC").expect("cargo sets RUSTC");
    if let Err(message) = check_version(&rustc).and_then(|()| emit(&rustc)) {
        eprintln!("error: ungil_math: {message}");
        process::exit(1);
    }
}

/// Refuses a rustc whose bitcode LLVM 22 cannot be expected to read.
fn check_version(rustc: &str) -> Result<(), String> {
    let output = Command::new(rustc)
        .arg("-vV")
        .output()
        .map_err(|error| format!("cannot run `{rustc} -vV`: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.lines().find_map(|line| line.strip_prefix("LLVM version: ")).unwrap_or("unknown");
    match version.split('.').next().and_then(|major| major.parse::<u32>().ok()) {
        Some(major) if major <= NEWEST_LLVM => Ok(()),
        _ => Err(format!(
            "this rustc uses LLVM {version}, but kernels are compiled by LLVM {NEWEST_LLVM}, which reads bitcode \
             of LLVM {NEWEST_LLVM} or older; build with the toolchain that rust-toolchain.toml names"
        )),
    }
}

/// Compiles `src/lib.rs` to `$OUT_DIR/ungil_math.bc`.
fn emit(rustc: &str) -> Result<(), String> {
    let directory = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let bitcode = Path::new(&directory).join("ungil_math.bc");
    let mut command = Command::new(rustc);
    command
        .args(["src/lib.rs", "--crate-name=ungil_math", "--edition=2024", "--crate-type=cdylib"])
        .args(["--emit=llvm-bc", "--cfg=ungil_math_bitcode", "--cap-lints=allow"])
        .args([
            "-Cpanic=abort",
            "-Cforce-unwind-tables=no",
            "-Ccodegen-units=1",
            "-Copt-level=3",
            "-Cdebuginfo=0",
        ])
        .args(["-Cno-vectorize-slp", "-Cno-vectorize-loops"])
        .arg("--target")
        .arg(env::var("TARGET").expect("cargo sets TARGET"))
        .arg("-o")
        .arg(&bitcode);
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed\n{}", String::from_utf8_lossy(&output.stderr)))
}

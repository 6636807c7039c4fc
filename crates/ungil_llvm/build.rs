//! Link settings for LLVM's static archives.
//!
//! Names the archives of a short component list and lets the final link (extension module or test binary) take them
//! from LLVM's own folder: `static:-bundle` keeps them out of our rlib. libstdc++, zlib and zstd are linked
//! statically too, so that a wheel needs nothing but libc, libm and libgcc_s.

use std::path::Path;
use std::process::Command;

const VERSION: &str = "22";
const COMPONENTS: &[&str] = &[
    "core",
    "orcjit",
    "orcdebugging",
    "passes",
    "linker",
    "bitreader",
    "irreader",
    "object",
    "x86codegen",
    "x86asmparser",
    "x86disassembler",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=LLVM_SYS_221_PREFIX");
    let config = llvm_config();
    let folder = output(&config, &["--libdir"]);
    println!("cargo:rustc-link-search=native={folder}");
    let names = output(&config, &[&["--link-static", "--libnames"], COMPONENTS].concat());
    for name in names.split_whitespace() {
        let stem = name.strip_prefix("lib").and_then(|n| n.strip_suffix(".a"));
        let stem = stem.unwrap_or_else(|| panic!("llvm-config names {name}, which is not a static archive"));
        println!("cargo:rustc-link-lib=static:-bundle={stem}");
    }
    for library in ["stdc++", "z", "zstd"] {
        let file = output("g++", &[&format!("-print-file-name=lib{library}.a")]);
        let folder = Path::new(&file).parent().filter(|p| p.is_absolute());
        let folder = folder.unwrap_or_else(|| {
            panic!("lib{library}.a not found: install g++, zlib1g-dev and libzstd-dev (or run ./dev setup)")
        });
        println!("cargo:rustc-link-search=native={}", folder.display());
        println!("cargo:rustc-link-lib=static:-bundle={library}");
    }
}

/// The `llvm-config` of the wanted version: under `LLVM_SYS_221_PREFIX`, or by Debian's name.
fn llvm_config() -> String {
    let by_prefix = std::env::var("LLVM_SYS_221_PREFIX").ok().map(|p| format!("{p}/bin/llvm-config"));
    let candidates = by_prefix
        .into_iter()
        .chain([format!("llvm-config-{VERSION}"), format!("/usr/lib/llvm-{VERSION}/bin/llvm-config")]);
    for candidate in candidates {
        if let Ok(found) = Command::new(&candidate).arg("--version").output()
            && String::from_utf8_lossy(&found.stdout).starts_with(&format!("{VERSION}."))
        {
            return candidate;
        }
    }
    panic!("LLVM {VERSION} not found: install llvm-{VERSION}-dev, or set LLVM_SYS_221_PREFIX");
}

fn output(program: &str, args: &[&str]) -> String {
    let result = Command::new(program).args(args).output();
    let result = result.unwrap_or_else(|e| panic!("cannot run {program}: {e}"));
    assert!(
        result.status.success(),
        "{program} {args:?} failed: {}",
        String::from_utf8_lossy(&result.stderr)
    );
    String::from_utf8_lossy(&result.stdout).trim().to_owned()
}

//! Computes the compiler's build id: a hash of every source file of the workspace's crates.
//!
//! It is part of each cache key, so that code made by another build of the compiler is never loaded.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    // Relative to this crate: checkouts that share a target directory share the script, but not their sources.
    let crates = Path::new("..");
    let mut files = Vec::new();
    for entry in fs::read_dir(crates).into_iter().flatten().flatten() {
        let source = entry.path().join("src");
        println!("cargo:rerun-if-changed={}", source.display());
        collect(&source, &mut files);
    }
    files.push(crates.join("../Cargo.lock"));
    println!("cargo:rerun-if-changed=../../Cargo.lock");
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(file.strip_prefix(crates).unwrap_or(&file).to_string_lossy().as_bytes());
        hasher.update(&fs::read(&file).unwrap_or_default());
    }
    println!("cargo:rustc-env=UNGIL_BUILD_ID={}", &hasher.finalize().to_hex()[..16]);
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

//! Rules about Rust code: where `unsafe`, LLVM and Python may appear, and that no test is switched off.

use super::SourceFile;
use super::rust_source::{code_only, lines_with_word};

/// Crates that meet raw memory, generated code or another runtime. Everywhere else the compiler forbids `unsafe`.
pub const UNSAFE_CRATES: [&str; 8] = [
    "ungil_abi",
    "ungil_lib",
    "ungil_llvm",
    "ungil_math",
    "ungil_mpi",
    "ungil_python",
    "ungil_pyrt",
    "ungil_runtime",
];

/// Names that only some crates may say, and these crates.
pub const CONFINED_NAMES: [(&str, &[&str]); 4] = [
    ("inkwell", &["ungil_llvm"]),
    ("llvm_sys", &["ungil_llvm"]),
    ("pyo3", &["ungil_python", "ungil_pyrt"]),
    ("pyo3_ffi", &["ungil_python", "ungil_pyrt"]),
];

/// `unsafe` stands only in [`UNSAFE_CRATES`]; the roots of all others forbid it.
pub fn unsafe_code(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (file, name) in rust_files(files) {
        if UNSAFE_CRATES.contains(&name) {
            continue;
        }
        for line in lines_with_word(&code_only(&file.text), "unsafe") {
            complaints.push(format!("{}:{line}: `unsafe` is not allowed in {name}", file.path));
        }
        if file.path.ends_with("src/lib.rs") && !file.text.contains("#![forbid(unsafe_code)]") {
            complaints.push(format!("{}: `#![forbid(unsafe_code)]` is missing", file.path));
        }
    }
    complaints
}

/// LLVM and Python are named only by the crates that wrap them.
pub fn confined_names(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (file, name) in rust_files(files) {
        let code = code_only(&file.text);
        for (word, allowed) in CONFINED_NAMES.iter().filter(|(_, allowed)| !allowed.contains(&name)) {
            for line in lines_with_word(&code, word) {
                complaints.push(format!("{}:{line}: `{word}` belongs to {}", file.path, allowed.join(", ")));
            }
        }
    }
    complaints
}

/// No test is switched off: a test that does not run proves nothing.
pub fn ignored_tests(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (file, _) in rust_files(files) {
        let code = code_only(&file.text);
        for (index, line) in code.lines().enumerate() {
            let compact: String = line.split_whitespace().collect();
            if compact.contains("#[ignore") {
                complaints.push(format!("{}:{}: an ignored test", file.path, index + 1));
            }
        }
    }
    complaints
}

/// The Rust files of the workspace with the names of their crates.
fn rust_files(files: &[SourceFile]) -> impl Iterator<Item = (&SourceFile, &str)> {
    files.iter().filter(|file| file.has_extension("rs")).filter_map(|file| Some((file, file.crate_name()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_confined() {
        let body = "#![forbid(unsafe_code)]\nfn f() { unsafe { g() } }\n";
        assert_eq!(
            unsafe_code(&[SourceFile::new("crates/ungil_sema/src/lib.rs", body)]),
            ["crates/ungil_sema/src/lib.rs:2: `unsafe` is not allowed in ungil_sema"]
        );
        assert!(unsafe_code(&[SourceFile::new("crates/ungil_runtime/src/lib.rs", body)]).is_empty());
    }

    #[test]
    fn safe_crates_say_so() {
        let complaints = unsafe_code(&[SourceFile::new("crates/ungil_ir/src/lib.rs", "//! IR.\n")]);
        assert_eq!(complaints.len(), 1);
    }

    #[test]
    fn llvm_and_python_are_confined() {
        let file = SourceFile::new("crates/ungil_driver/src/a.rs", "// inkwell\nuse inkwell::context;\n");
        let complaints = confined_names(&[file]);
        assert_eq!(complaints, ["crates/ungil_driver/src/a.rs:2: `inkwell` belongs to ungil_llvm"]);
    }

    #[test]
    fn ignored_tests_are_found() {
        let text = format!("//! A.\n#[test]\n#[{}]\nfn f() {{}}\n", "ignore");
        assert_eq!(ignored_tests(&[SourceFile::new("crates/a/src/a.rs", &text)]).len(), 1);
    }
}

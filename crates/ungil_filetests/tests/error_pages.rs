//! The pages of errors of semantic analysis and of parallel loops, run as tests.
//!
//! The block marked `python error` of a page `docs/errors/U02xx.md` or `U03xx.md` gives that code and no other; the
//! other blocks compile. Pages whose errors need Python's objects are left to the tests of the Python package.

use std::path::{Path, PathBuf};

use ungil_filetests::python::{Python, settle};

/// These need a live module, a function without source, a read-only array, C functions, and MPI.
const NEED_PYTHON: [&str; 12] = [
    "U0203", "U0204", "U0206", "U0228", "U0236", "U0237", "U0238", "U0271", "U0272", "U0273", "U0274",
    "U0318",
];

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = files.filter(|file| is_ours(&code_of(file))).collect();
    pages.sort();
    pages
}

fn code_of(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

fn is_ours(code: &str) -> bool {
    (code.starts_with("U02") || code.starts_with("U03")) && !NEED_PYTHON.contains(&code)
}

/// The code blocks of a page: whether it is refused, and the program.
fn blocks(page: &str) -> Vec<(bool, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((info == "python error", body.join("\n") + "\n"));
        }
    }
    blocks
}

/// The codes of all messages about a program.
fn codes(source: &str) -> Vec<String> {
    let python = Python::parse(source);
    let mut codes: Vec<String> = python.diagnostics.iter().map(|d| d.code.0.to_owned()).collect();
    let kernels = python.annotated();
    assert!(!kernels.is_empty(), "no function has annotated parameters:\n{source}");
    for (kernel, types) in kernels {
        let (lowered, diagnostics) = python.lower(kernel, &types);
        codes.extend(diagnostics.iter().map(|d| d.code.0.to_owned()));
        if let Some(mut lowered) = lowered {
            codes.extend(settle(&mut lowered.module).iter().map(|r| r.reason.code().to_string()));
        }
    }
    codes.dedup();
    codes
}

#[test]
fn examples_of_the_pages_hold() {
    let pages = pages();
    assert!(pages.len() > 40, "the pages were not found");
    let mut wrong = String::new();
    for page in pages {
        let code = code_of(&page);
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with(&format!("# {code}: ")), "{code}: the page has no title");
        let blocks = blocks(&text);
        assert!(blocks.iter().any(|b| b.0) && blocks.iter().any(|b| !b.0), "{code}: an example is missing");
        for (refused, source) in blocks {
            let found = codes(&source);
            let expected: &[&str] = if refused { &[&code] } else { &[] };
            if found != expected {
                wrong.push_str(&format!("{code}, refused {refused}: {found:?}\n{source}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "examples that do not hold:\n{wrong}");
}

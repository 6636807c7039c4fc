//! The pages of the syntax errors, run as tests.
//!
//! Every code of this crate has a page `docs/errors/U01xx.md`. Its block marked `python error` gives
//! that code and no other; its other `python` blocks give no diagnostic at all. Blocks marked
//! `cython` are in that language; one that begins with `# pxd` is a declaration file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::render::render;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_syntax::check::check_module;
use ungil_syntax::parser::{CythonOptions, parse_cython, parse_module};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The codes that the sources of this crate name.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("crates/ungil_syntax/src/error")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let quoted = text.split('"').filter(|word| word.len() == 5 && word.starts_with("U01"));
        codes.extend(quoted.map(str::to_string));
    }
    codes
}

/// The code blocks of a page: what stands after the backquotes, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((info.to_string(), body.join("\n") + "\n"));
        }
    }
    blocks
}

fn judge(text: &str, is_cython: bool) -> (Diagnostics, String) {
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new("example.py", text));
    let source = sources.get(id).unwrap();
    let (module, mut diagnostics) = if is_cython {
        let is_declaration = text.starts_with("# pxd");
        let options = CythonOptions { is_declaration, ..CythonOptions::default() };
        let (module, diagnostics) = parse_cython(source, id, options);
        (module.module, diagnostics)
    } else {
        parse_module(source, id)
    };
    if !diagnostics.has_errors() {
        diagnostics.append(check_module(&module));
    }
    let rendered = diagnostics.iter().map(|diagnostic| render(diagnostic, &sources)).collect();
    (diagnostics, rendered)
}

#[test]
fn every_code_has_a_page_whose_examples_hold() {
    let codes = codes();
    assert!(codes.len() > 50, "the codes were not found");
    let mut wrong = String::new();
    for code in &codes {
        let path = root().join(format!("docs/errors/{code}.md"));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no page for {code}"));
        assert!(page.starts_with(&format!("# {code}: ")), "{code}: the page has no title");
        let blocks = blocks(&page);
        let errors = blocks.iter().filter(|(info, _)| info.ends_with(" error")).count();
        let fixed = blocks.iter().filter(|(info, _)| info == "python" || info == "cython").count();
        assert!(errors >= 1 && fixed >= 1, "{code}: the page lacks an example");
        for (info, text) in &blocks {
            let (diagnostics, rendered) = judge(text, info.starts_with("cython"));
            let found: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.0).collect();
            let expected: &[&str] = if info.ends_with(" error") { &[code] } else { &[] };
            if found != expected {
                wrong.push_str(&format!("{code}, block `{info}`: {found:?}\n{text}\n{rendered}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "examples that do not hold:\n{wrong}");
}

#[test]
fn every_page_of_this_range_has_a_code() {
    let codes = codes();
    for entry in std::fs::read_dir(root().join("docs/errors")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        if name.starts_with("U01") {
            assert!(codes.contains(&name), "{name} is no code of this crate");
        }
    }
}

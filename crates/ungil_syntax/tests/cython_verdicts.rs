//! Cython as the oracle: what it accepts and what it rejects.
//!
//! `tests/cython/accepted.txt` and `rejected.txt` hold snippets with the verdicts of Cython 3.3's own parser, and
//! `verdicts.py` asks it again where `UNGIL_TEST_CYTHON` names a Python that has it, whose own `.pxd` files must then
//! parse too.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::render::render_all;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_syntax::check::check_module;
use ungil_syntax::parser::{CythonOptions, parse_cython};

fn judge(name: &str, text: &str) -> (Diagnostics, String) {
    let is_declaration = name.ends_with(".pxd") || text.starts_with("# pxd");
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new(name, text));
    let options = CythonOptions { is_declaration, ..CythonOptions::default() };
    let (module, mut diagnostics) = parse_cython(sources.get(id).unwrap(), id, options);
    if !diagnostics.has_errors() {
        diagnostics.append(check_module(&module.module));
    }
    let rendered = render_all(&diagnostics, &sources);
    (diagnostics, rendered)
}

/// The snippets of a list, separated by lines `%%`.
fn list(name: &str) -> Vec<String> {
    let path = format!("{}/tests/cython/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n%%\n").map(|snippet| format!("{}\n", snippet.trim_end_matches('\n'))).collect()
}

fn cython() -> Option<String> {
    std::env::var("UNGIL_TEST_CYTHON").ok()
}

#[test]
fn verdicts_are_those_of_the_lists() {
    for (name, accepted) in [("accepted.txt", true), ("rejected.txt", false)] {
        let snippets = list(name);
        assert!(snippets.len() > 70, "the list is cut");
        let mut wrong = String::new();
        for snippet in &snippets {
            let (found, rendered) = judge("snippet.pyx", snippet);
            if found.has_errors() == accepted {
                wrong.push_str(&format!("{name}: {snippet}{rendered}\n"));
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}

#[test]
fn the_lists_hold_what_cython_says() {
    let Some(python) = cython() else { return };
    for (name, verdict) in [("accepted.txt", "accept"), ("rejected.txt", "reject")] {
        let snippets = list(name);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cython/verdicts.py");
        let mut child = Command::new(&python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("UNGIL_TEST_CYTHON names a Python");
        child.stdin.take().unwrap().write_all(snippets.join("\0").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let said: Vec<&str> = said.lines().collect();
        assert_eq!(said.len(), snippets.len(), "the oracle failed");
        for (snippet, said) in snippets.iter().zip(said) {
            assert_eq!(said, verdict, "Cython disagrees with {name}: {snippet}");
        }
    }
}

fn declarations(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            declarations(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "pxd" || extension == "pxi") {
            found.push(path);
        }
    }
}

#[test]
fn the_declarations_that_cython_ships_parse() {
    let Some(python) = cython() else { return };
    let code = "import Cython, os; print(os.path.dirname(Cython.__file__))";
    let output = Command::new(python).args(["-c", code]).output().unwrap();
    let folder = String::from_utf8(output.stdout).unwrap();
    let mut files = Vec::new();
    declarations(&Path::new(folder.trim()).join("Includes"), &mut files);
    assert!(files.len() > 100, "no declarations in {folder}");
    let mut wrong = String::new();
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let (found, rendered) = judge(path.to_str().unwrap(), &text);
        if !found.is_empty() {
            wrong.push_str(&rendered);
        }
    }
    println!("{} files", files.len());
    assert!(wrong.is_empty(), "{wrong}");
}

//! CPython as the oracle: the trees of its whole standard library.
//!
//! Every file of the library of `python3` (or of each interpreter named in `UNGIL_TEST_PYTHONS`,
//! separated by colons) is parsed by both; structure, names, constants and the place of every
//! statement and expression must be equal, and both must reject the same files (`check_module` included). Files in another
//! encoding than UTF-8 are left out. `UNGIL_TEST_PATHS` names folders of further files to compare.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_syntax::check::check_module;
use ungil_syntax::dump::{Options, dump_with};
use ungil_syntax::parser::parse_module;

#[derive(Default)]
struct Tally {
    equal: usize,
    rejected: usize,
    skipped: usize,
    different: Vec<String>,
}

#[test]
fn trees_of_the_standard_library_are_cpythons() {
    let pythons = std::env::var("UNGIL_TEST_PYTHONS").unwrap_or_else(|_| "python3".into());
    for python in pythons.split(':') {
        let (version, library) = describe(python);
        let mut files = Vec::new();
        collect(Path::new(&library), &mut files);
        for folder in std::env::var("UNGIL_TEST_PATHS").iter().flat_map(|paths| paths.split(':')) {
            collect(Path::new(folder), &mut files);
        }
        files.sort();
        assert!(files.len() > 100, "no standard library found at {library}");
        let tally = compare_all(python, version >= (3, 12), &files);
        let Tally { equal, rejected, skipped, different } = tally;
        println!("{python}: {equal} files equal, {rejected} rejected by both, {skipped} in another encoding");
        let shown = different.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
        assert!(different.is_empty(), "{} files differ:\n{shown}", different.len());
    }
}

/// The version of an interpreter and the folder of its library.
fn describe(python: &str) -> ((u32, u32), String) {
    let code =
        "import os, sys; print(sys.version_info[0], sys.version_info[1], os.path.dirname(os.__file__))";
    let output = Command::new(python).args(["-c", code]).output().expect("CPython is needed as the oracle");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut words = text.trim().splitn(3, ' ');
    let version = (words.next().unwrap().parse().unwrap(), words.next().unwrap().parse().unwrap());
    (version, words.next().unwrap().to_string())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("site-packages") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
}

fn compare_all(python: &str, positions_in_strings: bool, files: &[PathBuf]) -> Tally {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let chunks: Vec<&[PathBuf]> = files.chunks(files.len().div_ceil(threads)).collect();
    std::thread::scope(|scope| {
        let compare = |chunk| move || compare_chunk(python, positions_in_strings, chunk);
        let workers: Vec<_> = chunks.iter().map(|&chunk| scope.spawn(compare(chunk))).collect();
        let mut total = Tally::default();
        for worker in workers {
            let tally = worker.join().unwrap();
            total.equal += tally.equal;
            total.rejected += tally.rejected;
            total.skipped += tally.skipped;
            total.different.extend(tally.different);
        }
        total
    })
}

fn compare_chunk(python: &str, positions_in_strings: bool, files: &[PathBuf]) -> Tally {
    let expected = python_dumps(python, files);
    let mut tally = Tally::default();
    let mut lines = expected.split('\n');
    while let Some(name) = lines.next().and_then(|line| line.strip_prefix("file ")) {
        let verdict = lines.next().unwrap();
        let tree: Vec<&str> = lines.by_ref().take_while(|line| *line != "end").collect();
        if verdict.starts_with("skip") {
            tally.skipped += 1;
            continue;
        }
        let text = std::fs::read_to_string(name).unwrap();
        let source = SourceFile::new(name, text);
        let (module, mut diagnostics) = parse_module(&source, SourceId(0));
        if !diagnostics.has_errors() {
            diagnostics.append(check_module(&module));
        }
        match (verdict.starts_with("reject"), diagnostics.has_errors()) {
            (true, true) => tally.rejected += 1,
            (true, false) => tally.different.push(format!("{name}: accepted, but CPython: {verdict}")),
            (false, true) => {
                let first = diagnostics
                    .iter()
                    .find(|diagnostic| diagnostic.severity == ungil_diag::diagnostic::Severity::Error)
                    .unwrap();
                let line = first.span().map_or(0, |span| source.line(span.lo));
                tally.different.push(format!("{name}:{line}: rejected: {}", first.title));
            }
            (false, false) => {
                let options = Options { positions: Some(&source), positions_in_strings, expand_debug: true };
                let found = dump_with(&module, options);
                match difference(&found, &tree) {
                    Some(difference) => tally.different.push(format!("{name}: {difference}")),
                    None => tally.equal += 1,
                }
            }
        }
    }
    tally
}

fn python_dumps(python: &str, files: &[PathBuf]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cpython/dump_ast.py");
    let mut child = Command::new(python)
        .args([script, "--compile"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let names: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(names.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle failed");
    String::from_utf8(output.stdout).unwrap()
}

/// Where the dumps differ, with some context.
fn difference(found: &str, expected: &[&str]) -> Option<String> {
    let mut found = found.lines();
    for expected in expected {
        let found = found.next().unwrap_or("");
        if found == *expected {
            continue;
        }
        let at = found.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
        let cut = |text: &str| {
            let from = (0..=at.saturating_sub(60)).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
            text[from..].chars().take(200).collect::<String>()
        };
        return Some(format!("\n   found …{}\nexpected …{}", cut(found), cut(expected)));
    }
    found.next().map(|line| format!("extra statement {line}"))
}

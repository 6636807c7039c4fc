//! Messages as the user sees them: a source and its rendered diagnostics, in one file.
//!
//! `tests/ui/syntax/*.py` begin with `# test render`; the lines `#| …` at their end are the rendered
//! diagnostics. `UNGIL_BLESS=1` rewrites them.

use std::path::{Path, PathBuf};

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::render::render_all;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_syntax::check::check_module;
use ungil_syntax::parser::parse_module;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "py"));
    files.sort();
    assert!(!files.is_empty(), "no filetests");
    files
}

/// The source of a test: the file without the expectation at its end.
fn source(text: &str) -> &str {
    let is_expectation = |line: &str| line.starts_with("#|");
    let mut end = text.len();
    for line in text.split_inclusive('\n').rev() {
        if !(is_expectation(line) || line.trim().is_empty()) {
            break;
        }
        end -= line.len();
    }
    &text[..end]
}

fn analyse(name: &str, text: &str) -> (Diagnostics, SourceMap) {
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new(name, text));
    let (module, mut diagnostics) = parse_module(sources.get(id).unwrap(), id);
    if !diagnostics.has_errors() {
        diagnostics.append(check_module(&module));
    }
    (diagnostics, sources)
}

fn render_expectation(name: &str, text: &str) -> String {
    let (diagnostics, sources) = analyse(name, text);
    let rendered = render_all(&diagnostics, &sources);
    rendered.lines().map(|line| format!("#| {line}").trim_end().to_string() + "\n").collect()
}

fn run(folder: &str, command: &str, expectation: fn(&str, &str) -> String) {
    let mut failures = String::new();
    for path in files(folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(command), "{name}: does not begin with `{command}`");
        let source = source(&text);
        let expected = format!("{source}\n{}", expectation(name, source));
        if expected == text {
            continue;
        }
        if std::env::var_os("UNGIL_BLESS").is_some() {
            std::fs::write(&path, expected).unwrap();
        } else {
            failures.push_str(&format!("--- {name}: now\n{}", &expected[source.len()..]));
        }
    }
    assert!(failures.is_empty(), "expectations changed; look, then UNGIL_BLESS=1:\n{failures}");
}

#[test]
fn messages_are_as_expected() {
    run("ui/syntax", "# test render\n", render_expectation);
}

//! CPython as the oracle: what it accepts and what it rejects.
//!
//! Each string constant of CPython's own test suite is compiled by CPython and checked here, by the
//! parser and `check_module`; the verdicts must agree. So must those on the snippets in
//! `tests/cpython/rejected.txt` and `accepted.txt`, which are the hand-written list.
//! `UNGIL_TEST_PYTHONS` names the interpreters to ask, separated by colons; default `python3`.

use std::io::Write;
use std::process::{Command, Stdio};

use ungil_diag::diagnostic::{Diagnostics, Severity};
use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_syntax::check::check_module;
use ungil_syntax::parser::parse_module;

/// Reasons of CPython that are not ours: the rules before 3.12, 3.13 and 3.14, limits of its bytecode,
/// its version of Unicode, and constants that its own compiler cannot encode. A byte order mark is
/// legal in a file, not in a string to compile.
const NOT_OURS: &[&str] = &[
    "multiple exception types must be parenthesized",
    "f-string expression part cannot include a backslash",
    "f-string: expressions nested too deeply",
    "Cannot use comprehension in annotation scope within class scope",
    "too many statically nested blocks",
    "invalid non-printable character",
    "codec can't encode",
];

/// What the grammar of 3.14 rejects and older interpreters, depending on the release, accept.
const STRICTER: &[&str] = &["`:=` in an annotation", "`yield` in an annotation", "`await` in an annotation"];

struct Snippet {
    accepted: bool,
    message: String,
    text: String,
}

fn judge(text: &str) -> Diagnostics {
    let source = SourceFile::new("<snippet>", text);
    let (module, mut diagnostics) = parse_module(&source, SourceId(0));
    if !diagnostics.has_errors() {
        diagnostics.append(check_module(&module));
    }
    diagnostics
}

fn first_error(diagnostics: &Diagnostics) -> String {
    let error = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    error.map_or(String::new(), |error| format!("{} {}", error.code, error.title))
}

fn harvest(python: &str) -> Vec<Snippet> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cpython/harvest.py");
    let output = Command::new(python).arg(script).output().expect("CPython is needed as the oracle");
    assert!(output.status.success(), "the oracle failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut rest = output.stdout.as_slice();
    let mut snippets = Vec::new();
    while !rest.is_empty() {
        let line_end = rest.iter().position(|&byte| byte == b'\n').unwrap();
        let line = std::str::from_utf8(&rest[..line_end]).unwrap();
        let mut words = line.splitn(3, ' ');
        let accepted = words.next() == Some("accept");
        let length: usize = words.next().unwrap().parse().unwrap();
        let message = words.next().unwrap_or("").to_string();
        let text = String::from_utf8(rest[line_end + 1..line_end + 1 + length].to_vec()).unwrap();
        rest = &rest[line_end + 2 + length..];
        snippets.push(Snippet { accepted, message, text });
    }
    snippets
}

#[test]
fn verdicts_on_the_test_suite_are_cpythons() {
    let pythons = std::env::var("UNGIL_TEST_PYTHONS").unwrap_or_else(|_| "python3".into());
    for python in pythons.split(':') {
        let snippets = harvest(python);
        assert!(snippets.len() > 10_000, "no test suite found");
        let (mut accepted, mut rejected) = (0, 0);
        let mut wrong = Vec::new();
        for snippet in &snippets {
            let found = judge(&snippet.text);
            match (snippet.accepted, found.has_errors()) {
                (true, false) => accepted += 1,
                (false, true) => rejected += 1,
                (false, false) if NOT_OURS.iter().any(|reason| snippet.message.contains(reason)) => {}
                (true, true) if STRICTER.iter().any(|rule| first_error(&found).contains(rule)) => {}
                (true, true) => wrong.push(format!("REJECTED {:?}: {}", snippet.text, first_error(&found))),
                (false, false) => wrong.push(format!("ACCEPTED {:?}: {}", snippet.text, snippet.message)),
            }
        }
        println!("{python}: {accepted} accepted by both, {rejected} rejected by both");
        assert!(wrong.is_empty(), "{} verdicts differ:\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// The snippets of a list, separated by lines `%%`.
fn list(name: &str) -> Vec<String> {
    let path = format!("{}/tests/cpython/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n%%\n").map(|snippet| format!("{}\n", snippet.trim_end_matches('\n'))).collect()
}

/// Whether CPython compiles each of the snippets.
fn python_verdicts(python: &str, snippets: &[String]) -> Vec<bool> {
    let code = "
import sys, warnings
warnings.simplefilter('ignore')
for text in sys.stdin.read().split('\\0'):
    try:
        compile(text, 's', 'exec')
        print('accept')
    except SyntaxError:
        print('reject')
";
    let mut child = Command::new(python)
        .args(["-X", "utf8", "-c", code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("CPython is needed as the oracle");
    child.stdin.take().unwrap().write_all(snippets.join("\0").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "accept").collect()
}

#[test]
fn verdicts_on_the_lists_are_cpythons() {
    for (name, accepted) in [("rejected.txt", false), ("accepted.txt", true)] {
        let snippets = list(name);
        let verdicts = python_verdicts("python3", &snippets);
        assert_eq!(verdicts.len(), snippets.len());
        let mut wrong = String::new();
        for (snippet, verdict) in snippets.iter().zip(verdicts) {
            let found = judge(snippet);
            if verdict != accepted {
                wrong.push_str(&format!("CPython disagrees with {name}: {snippet}"));
            }
            if found.has_errors() == accepted {
                wrong
                    .push_str(&format!("ungil disagrees with {name}: {snippet}   {}\n", first_error(&found)));
            }
        }
        println!("{name}: {} snippets", snippets.len());
        assert!(wrong.is_empty(), "{wrong}");
    }
}

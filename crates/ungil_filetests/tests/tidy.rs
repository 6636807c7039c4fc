//! Tidy: the repository keeps its own rules (CONTRIBUTING.md, "Rules that a test checks").

use ungil_filetests::tidy::{SourceFile, code, error_pages, layers, read_repository, repository_root, text};

/// Fails with all complaints of a rule, one per line.
fn check(rule: fn(&[SourceFile]) -> Vec<String>) {
    let files = read_repository(&repository_root());
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "the repository was not read");
    let complaints = rule(&files);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn files_are_short() {
    check(text::file_lengths);
}

#[test]
fn demo_scripts_are_short() {
    check(text::demo_lengths);
}

#[test]
fn modules_have_headers() {
    check(text::module_headers);
}

#[test]
fn white_space_is_clean() {
    check(text::white_space);
}

#[test]
fn no_machine_paths() {
    check(text::machine_paths);
}

#[test]
fn unsafe_code_is_confined() {
    check(code::unsafe_code);
}

#[test]
fn llvm_and_python_are_confined() {
    check(code::confined_names);
}

#[test]
fn no_test_is_ignored() {
    check(code::ignored_tests);
}

#[test]
fn dependencies_point_downwards() {
    check(layers::dependencies);
}

#[test]
fn error_codes_have_pages() {
    check(error_pages::error_pages);
}

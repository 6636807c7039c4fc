//! Rules about files as text: length, headers, trailing space, places of one machine.

use super::SourceFile;

/// Longer files lose their reader: they are split by construct or by pass.
pub const MAX_LINES: usize = 1000;
/// A crate's root says what the crate is and lists its modules; the code lives in them.
pub const MAX_ROOT_LINES: usize = 150;
/// A script of the demonstration fits on a screen or two.
pub const MAX_DEMO_LINES: usize = 60;

/// Rust and Python files stay below [`MAX_LINES`], crate roots below [`MAX_ROOT_LINES`].
pub fn file_lengths(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs") || file.has_extension("py")) {
        let lines = file.text.lines().count();
        let limit = if file.path.ends_with("src/lib.rs") { MAX_ROOT_LINES } else { MAX_LINES };
        if lines > limit {
            complaints.push(format!("{}: {lines} lines, at most {limit} are allowed", file.path));
        }
    }
    complaints
}

/// A demonstration is read in one go: its scripts stay below [`MAX_DEMO_LINES`], `run.py` (the table and page) excepted.
pub fn demo_lengths(files: &[SourceFile]) -> Vec<String> {
    let is_script = |file: &&SourceFile| {
        let name = file.path.strip_prefix("demo/");
        name.is_some_and(|name| name.ends_with(".py") && !name.contains('/') && name != "run.py")
    };
    let complaint = |file: &SourceFile| {
        let lines = file.text.lines().count();
        (lines > MAX_DEMO_LINES).then(|| format!("{}: {lines} lines, at most {MAX_DEMO_LINES}", file.path))
    };
    files.iter().filter(is_script).filter_map(complaint).collect()
}

/// Each Rust file starts with a `//!` header, each Python module of the package with a docstring.
pub fn module_headers(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        if file.has_extension("rs") && file.path.starts_with("crates/") && !file.text.starts_with("//! ") {
            complaints.push(format!("{}:1: the module header (`//! …`) is missing", file.path));
        }
        let documented = file.text.trim_start().starts_with("\"\"\"");
        if file.has_extension("py") && file.path.starts_with("python/") && !documented {
            complaints.push(format!("{}:1: the module docstring is missing", file.path));
        }
    }
    complaints
}

/// No trailing space and no tab in source files, and a line break at the end.
pub fn white_space(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    let checked = ["rs", "py", "pyi", "toml", "txt", "md"];
    for file in files.iter().filter(|file| checked.iter().any(|extension| file.has_extension(extension))) {
        for (index, line) in file.text.lines().enumerate() {
            if line.ends_with(' ') || line.ends_with('\t') {
                complaints.push(format!("{}:{}: trailing space", file.path, index + 1));
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            complaints.push(format!("{}: the last line has no line break", file.path));
        }
    }
    complaints
}

/// No file names a place that exists on one machine only.
pub fn machine_paths(files: &[SourceFile]) -> Vec<String> {
    // Put together here, so that this file does not name them itself.
    let places = ["work", "root"].map(|folder| format!("/{folder}/"));
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| !file.has_extension("lock")) {
        for (index, line) in file.text.lines().enumerate() {
            for place in places.iter().filter(|place| names_place(line, place)) {
                complaints.push(format!("{}:{}: a path of one machine ({place})", file.path, index + 1));
            }
        }
    }
    complaints
}

/// Whether the line has `place` as the beginning of a path, not in the middle of a longer one.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-~/}".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_named() {
        let long = "x\n".repeat(MAX_LINES + 1);
        let complaints = file_lengths(&[SourceFile::new("crates/a/src/b.rs", &long)]);
        assert_eq!(complaints, ["crates/a/src/b.rs: 1001 lines, at most 1000 are allowed"]);
        let root = "x\n".repeat(MAX_ROOT_LINES + 1);
        assert_eq!(file_lengths(&[SourceFile::new("crates/a/src/lib.rs", &root)]).len(), 1);
        assert!(file_lengths(&[SourceFile::new("docs/a.md", &long)]).is_empty());
    }

    #[test]
    fn demo_scripts_are_short() {
        let long = "x\n".repeat(MAX_DEMO_LINES + 1);
        let paths = ["demo/a.py", "demo/run.py", "demo/show/b.py", "other/c.py"];
        let files = paths.map(|path| SourceFile::new(path, &long));
        assert_eq!(demo_lengths(&files), ["demo/a.py: 61 lines, at most 60"]);
    }

    #[test]
    fn headers_are_needed() {
        let files = [
            SourceFile::new("crates/a/src/b.rs", "//! B.\n"),
            SourceFile::new("crates/a/src/c.rs", "use b;\n"),
            SourceFile::new("python/ungil/d.py", "import numpy\n"),
        ];
        let complaints = module_headers(&files);
        assert_eq!(complaints.len(), 2);
        assert!(complaints[0].starts_with("crates/a/src/c.rs:1:"));
    }

    #[test]
    fn trailing_space_and_missing_line_break() {
        let complaints = white_space(&[SourceFile::new("a.py", "x = 1 \ny = 2")]);
        assert_eq!(complaints, ["a.py:1: trailing space", "a.py: the last line has no line break"]);
    }

    #[test]
    fn machine_paths_are_found_at_their_start() {
        let place = format!("/{}/", "work");
        let found = machine_paths(&[SourceFile::new("a.md", &format!("see {place}x\nand docs{place}y\n"))]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("a.md:1:"));
    }
}

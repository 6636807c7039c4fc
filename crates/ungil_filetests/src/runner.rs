//! Runner of test files.

use crate::commands::{Context, command_by_name};
use crate::engine::Engine;
use crate::file::TestFile;
use std::path::{Path, PathBuf};

/// What to run, and how.
pub struct Config {
    pub root: PathBuf,
    /// Only files whose path contains this.
    pub filter: Option<String>,
    /// Rewrite expectations that do not hold.
    pub bless: bool,
    /// Engines beside the interpreter.
    pub engines: Vec<Box<dyn Engine>>,
}

impl Config {
    /// As the environment says: `UNGIL_BLESS=1`, `UNGIL_FILETEST=part of a path`.
    pub fn from_environment(root: PathBuf) -> Config {
        let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty() && v != "0");
        Config {
            root,
            filter: set("UNGIL_FILETEST"),
            bless: set("UNGIL_BLESS").is_some(),
            engines: Vec::new(),
        }
    }
}

/// Counts, and a line for each failure.
#[derive(Debug, Default)]
pub struct Report {
    pub files: usize,
    pub failures: Vec<String>,
    pub blessed: Vec<PathBuf>,
}

/// Runs every file below the root, in order of their paths.
pub fn run_all(config: &Config) -> Report {
    let mut report = Report::default();
    let mut files = Vec::new();
    collect(&config.root, &mut files, &mut report.failures);
    files.sort();
    for path in files {
        let shown = path.strip_prefix(&config.root).unwrap_or(&path).display().to_string();
        if config.filter.as_ref().is_some_and(|part| !shown.contains(part.as_str())) {
            continue;
        }
        report.files += 1;
        match run_file(config, &path) {
            Ok(None) => {}
            Ok(Some(text)) => match std::fs::write(&path, text) {
                Ok(()) => report.blessed.push(path),
                Err(e) => report.failures.push(format!("{shown}: {e}")),
            },
            Err(errors) => report.failures.extend(errors.iter().map(|e| format!("{shown}:{e}"))),
        }
    }
    report
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>, failures: &mut Vec<String>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return failures.push(format!("{}: {e}", folder.display())),
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files, failures);
        } else if path.extension().is_some_and(|e| e == "ir" || e == "py") {
            files.push(path);
        }
    }
}

/// Runs the commands of a file; gives its new text if it was blessed.
pub fn run_file(config: &Config, path: &Path) -> Result<Option<String>, Vec<String>> {
    let mut file = TestFile::read(path).map_err(|e| vec![format!("1: {e}")])?;
    let original = file.text.clone();
    let mut errors = Vec::new();
    for line in file.commands.clone() {
        let Some(command) = command_by_name(&line.command) else {
            errors.push(format!("1: unknown command `{}`", line.command));
            continue;
        };
        let context = Context { args: &line.args, bless: config.bless, engines: &config.engines };
        match command.run(&file, &context) {
            Ok(None) => {}
            Ok(Some(text)) => file.text = text,
            Err(found) => errors.extend(found),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok((file.text != original).then_some(file.text))
}

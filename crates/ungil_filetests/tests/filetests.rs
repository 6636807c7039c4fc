//! Runs `tests/filetests`: on the interpreter here, on machine code too where a test links it.
//!
//! `UNGIL_FILETEST=part` picks files, `UNGIL_BLESS=1` rewrites expectations.

use ungil_filetests::runner::{Config, run_all};
use ungil_filetests::tidy::repository_root;

#[test]
fn filetests() {
    let config = Config::from_environment(repository_root().join("tests/filetests"));
    let report = run_all(&config);
    for path in &report.blessed {
        println!("blessed {}", path.display());
    }
    assert!(report.files > 0, "no test file was found");
    let failures = &report.failures;
    assert!(
        failures.is_empty(),
        "{} of {} files failed:\n{}",
        failures.len(),
        report.files,
        failures.join("\n")
    );
}

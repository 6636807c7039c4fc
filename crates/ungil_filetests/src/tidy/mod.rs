//! The rules of the repository, checked by reading its files.
//!
//! Every rule is a function from the files to a list of complaints, each of them one line: `path:line: what is wrong`.
//! A rule without complaints holds. Files are those that git tracks or would track, so that build outputs stay out.

pub mod code;
pub mod error_pages;
pub mod layers;
pub mod rust_source;
pub mod text;

use std::path::{Path, PathBuf};
use std::process::Command;

/// One file of the repository: its path relative to the root, with `/`, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
    }

    /// The crate that holds the file, for a path below `crates/`.
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }
}

/// The root of the repository, found from this crate's manifest.
///
/// # Panics
/// If the crate does not lie two folders below the root.
pub fn repository_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).expect("crates/<name> lies below the root").to_owned()
}

/// Reads every text file that git knows or would add; files that are not UTF-8 are left out.
///
/// # Panics
/// If git cannot list the files.
pub fn read_repository(root: &Path) -> Vec<SourceFile> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .expect("git runs");
    assert!(listing.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listing.stderr));
    let names = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    let mut files: Vec<_> = names
        .split_terminator('\0')
        .filter_map(|path| {
            let text = std::fs::read_to_string(root.join(path)).ok()?;
            Some(SourceFile { path: path.to_owned(), text })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

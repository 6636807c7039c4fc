//! The level graph of the crates: dependencies point downwards only.
//!
//! [`MAY_USE`] is the whole graph, one line per crate, lower levels first. A crate that is not in it, or uses more than its
//! line says, is a complaint: a new arrow is an architectural decision and is made here, in the open.
//! Dependencies for tests and build scripts may use any lower crate of the table, and tests also crates of their own level.

use super::SourceFile;

/// Every crate with the workspace crates that it may use. The order is the order of levels: a line names earlier lines only.
pub const MAY_USE: [(&str, &[&str]); 18] = [
    ("ungil_diag", &[]),
    ("ungil_abi", &[]),
    ("ungil_math", &[]),
    ("ungil_syntax", &["ungil_diag"]),
    ("ungil_ir", &["ungil_diag", "ungil_abi"]),
    ("ungil_runtime", &["ungil_abi"]),
    ("ungil_lib", &["ungil_abi", "ungil_runtime"]),
    ("ungil_mpi", &["ungil_abi"]),
    ("ungil_expr", &["ungil_diag", "ungil_syntax"]),
    ("ungil_sema", &["ungil_diag", "ungil_abi", "ungil_syntax", "ungil_ir"]),
    ("ungil_opt", &["ungil_diag", "ungil_abi", "ungil_ir"]),
    ("ungil_interp", &["ungil_diag", "ungil_abi", "ungil_ir", "ungil_math", "ungil_runtime"]),
    ("ungil_llvm", &["ungil_diag", "ungil_abi", "ungil_ir", "ungil_math"]),
    ("ungil_pyrt", &["ungil_abi"]),
    (
        "ungil_driver",
        &[
            "ungil_diag",
            "ungil_abi",
            "ungil_math",
            "ungil_syntax",
            "ungil_ir",
            "ungil_runtime",
            "ungil_lib",
            "ungil_expr",
            "ungil_sema",
            "ungil_opt",
            "ungil_llvm",
        ],
    ),
    ("ungil_cli", &["ungil_diag", "ungil_driver"]),
    (
        "ungil_python",
        &[
            "ungil_diag",
            "ungil_abi",
            "ungil_syntax",
            "ungil_ir",
            "ungil_sema",
            "ungil_runtime",
            "ungil_lib",
            "ungil_mpi",
            "ungil_pyrt",
            "ungil_driver",
            "ungil_cli",
        ],
    ),
    (
        "ungil_filetests",
        &[
            "ungil_diag",
            "ungil_abi",
            "ungil_math",
            "ungil_syntax",
            "ungil_ir",
            "ungil_runtime",
            "ungil_lib",
            "ungil_expr",
            "ungil_sema",
            "ungil_opt",
            "ungil_interp",
            "ungil_llvm",
            "ungil_driver",
        ],
    ),
];

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Code,
    Test,
    Build,
}

/// Each manifest stays within its line of [`MAY_USE`], and external crates that are confined stay where they belong.
pub fn dependencies(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in
        files.iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"))
    {
        let Some(name) = file.crate_name() else { continue };
        let Some(level) = level_of(name) else {
            complaints.push(format!("{}: `{name}` is not in the level graph (tidy/layers.rs)", file.path));
            continue;
        };
        for (line, dependency, used) in dependencies_of(&file.text) {
            if let Some(why) = refusal(name, level, dependency, used) {
                complaints.push(format!("{}:{line}: {why}", file.path));
            }
        }
    }
    complaints
}

fn level_of(name: &str) -> Option<usize> {
    MAY_USE.iter().position(|(crate_name, _)| *crate_name == name)
}

/// Why `name` may not depend on `dependency`.
fn refusal(name: &str, level: usize, dependency: &str, used: Use) -> Option<String> {
    let confined = super::code::CONFINED_NAMES.iter().find(|(word, allowed)| {
        word.replace('_', "-") == dependency.replace('_', "-") && !allowed.contains(&name)
    });
    if let Some((_, allowed)) = confined {
        return Some(format!("`{dependency}` belongs to {}", allowed.join(", ")));
    }
    if !dependency.starts_with("ungil_") {
        return None;
    }
    let Some(target) = level_of(dependency) else {
        return Some(format!("`{dependency}` is not in the level graph"));
    };
    let allowed = match used {
        Use::Code => MAY_USE[level].1.contains(&dependency),
        Use::Build => target < level,
        // A pass is tested on what the front end makes: tests may look up one level, never at the border with Python.
        Use::Test => !["ungil_python", "ungil_cli"].contains(&dependency),
    };
    (!allowed).then(|| format!("{name} may not use {dependency}"))
}

/// The dependencies that a manifest lists, with their lines.
fn dependencies_of(manifest: &str) -> Vec<(usize, &str, Use)> {
    let mut section = None;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = section_use(header.trim_end_matches(']'));
            let last = header.trim_end_matches(']').rsplit("dependencies.").next().unwrap_or_default();
            if section.is_some() && header.contains("dependencies.") {
                found.extend(section.map(|used| (index + 1, last, used)));
                section = None;
            }
            continue;
        }
        let (Some(used), Some((key, _))) = (section, line.split_once('=')) else { continue };
        let name = key.trim().split('.').next().unwrap_or_default();
        let starts_key = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if starts_key && !line.starts_with('#') {
            found.push((index + 1, name, used));
        }
    }
    found
}

/// What the dependencies of a section are for; `None` for a section of another kind.
fn section_use(header: &str) -> Option<Use> {
    let kinds =
        [("dev-dependencies", Use::Test), ("build-dependencies", Use::Build), ("dependencies", Use::Code)];
    kinds.into_iter().find(|(word, _)| header.split('.').any(|part| part == *word)).map(|(_, used)| used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(name: &str, manifest: &str) -> Vec<String> {
        dependencies(&[SourceFile::new(&format!("crates/{name}/Cargo.toml"), manifest)])
    }

    #[test]
    fn the_table_is_acyclic() {
        for (index, (name, uses)) in MAY_USE.iter().enumerate() {
            for used in *uses {
                assert!(level_of(used).is_some_and(|level| level < index), "{name} uses {used}");
            }
        }
    }

    #[test]
    fn arrows_point_downwards() {
        let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nungil_diag.workspace = true\nungil_sema = { path = \"\" }\n";
        assert_eq!(
            complaints("ungil_ir", manifest),
            ["crates/ungil_ir/Cargo.toml:6: ungil_ir may not use ungil_sema"]
        );
        assert!(complaints("ungil_driver", manifest).is_empty());
    }

    #[test]
    fn tests_may_look_up() {
        assert!(complaints("ungil_opt", "[dev-dependencies]\nungil_sema.workspace = true\n").is_empty());
        assert_eq!(complaints("ungil_opt", "[dev-dependencies]\nungil_python.workspace = true\n").len(), 1);
    }

    #[test]
    fn other_forms_of_dependency_sections() {
        let table =
            "[target.'cfg(unix)'.dependencies]\nungil_llvm = {}\n[dependencies.ungil_driver]\npath = \"x\"\n";
        assert_eq!(complaints("ungil_sema", table).len(), 2);
    }

    #[test]
    fn confined_and_unknown_crates() {
        assert_eq!(complaints("ungil_driver", "[dependencies]\nllvm-sys = \"221\"\n").len(), 1);
        assert_eq!(complaints("ungil_mystery", "").len(), 1);
    }
}

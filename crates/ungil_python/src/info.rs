//! Information about this installation, for the command line and `ungil doctor`.

use pyo3::prelude::*;
use ungil_cli::Outcome;
use ungil_cli::doctor::Facts;
use ungil_runtime::threads;

use crate::specialise::session;

/// Directory, entries, bytes and limit of the disk cache; hits and misses of this process.
#[pyfunction]
pub fn cache_info() -> (Option<String>, u64, u64, u64, u64, u64, bool) {
    let cache = session().cache();
    let usage = cache.usage();
    let (hits, misses) = cache.counts();
    let directory = cache.directory().map(|d| d.display().to_string());
    (directory, usage.entries, usage.bytes, cache.limit(), hits, misses, cache.is_off())
}

/// Empties the disk cache; returns the number of entries and bytes removed.
#[pyfunction]
pub fn cache_clear() -> (u64, u64) {
    let removed = session().cache().clear();
    (removed.entries, removed.bytes)
}

/// Runs a command line: standard output, standard error, exit status; or what to time.
#[pyfunction]
pub fn command_line(
    py: Python<'_>,
    words: Vec<String>,
) -> PyResult<(String, String, i32, Option<BenchRequest>)> {
    let facts = facts(py)?;
    Ok(match ungil_cli::run(&words, session().cache(), &facts) {
        Outcome::Done(text) => (text, String::new(), 0, None),
        Outcome::Wrong(text) => (String::new(), text, 2, None),
        Outcome::Bench { path, function, threads } => {
            (String::new(), String::new(), 0, Some((path, function, threads)))
        }
    })
}

/// File, function, and most threads.
type BenchRequest = (String, String, Option<u32>);

fn facts(py: Python<'_>) -> PyResult<Facts> {
    let (cpu, features) = session().target();
    let origin = threads::origin();
    let python = py.import("platform")?.call_method0("python_version")?.extract()?;
    Ok(Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: ungil_driver::session::BUILD_ID.to_owned(),
        python,
        numpy: py.import("numpy")?.getattr("__version__")?.extract()?,
        cpu,
        features,
        affinity: origin.affinity,
        quota: origin.quota,
        variable: origin.variable.map(|(name, n)| (name.to_owned(), n)),
        threads: origin.default_threads(),
    })
}

/// Name of the threading layer.
#[pyfunction]
pub fn threading_layer() -> &'static str {
    "ungil"
}

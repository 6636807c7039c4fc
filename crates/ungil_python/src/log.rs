//! `UNGIL_LOG=compile`: a line per compilation on standard error.

use std::sync::LazyLock;

use pyo3::prelude::*;
use ungil_driver::compiled::{Compiled, Provenance};

use crate::dispatcher::State;

static ENABLED: LazyLock<bool> =
    LazyLock::new(|| std::env::var("UNGIL_LOG").is_ok_and(|v| v.split(',').any(|w| w.trim() == "compile")));

/// Reports a finished compilation.
pub fn compiled(py: Python<'_>, state: &State, compiled: &Compiled) {
    if !*ENABLED {
        return;
    }
    let t = &compiled.timings;
    let ms = |d: std::time::Duration| d.as_secs_f64() * 1e3;
    let from = match compiled.provenance {
        Provenance::Compiled => "compiled",
        Provenance::DiskCache => "from cache",
        Provenance::Memory => "in memory",
    };
    let line = format!(
        "ungil: {}{} {from} in {:.1} ms (front {:.1}, passes {:.1}, LLVM {:.1}, link {:.1})\n",
        state.name,
        compiled.signature(),
        ms(t.total()),
        ms(t.front),
        ms(t.optimize),
        ms(t.back),
        ms(t.link)
    );
    write(py, line);
}

/// Reports a function that was compiled for Python objects.
pub fn objects(py: Python<'_>, name: &str, compiled: &Compiled) {
    if *ENABLED {
        let ms = compiled.timings.total().as_secs_f64() * 1e3;
        write(py, format!("ungil: {name}(objects) in {ms:.1} ms\n"));
    }
}

/// Reports a function that runs as plain Python, and why.
pub fn plain(py: Python<'_>, name: &str, reason: &str) {
    if *ENABLED {
        write(py, format!("ungil: {name} runs as plain Python: {reason}\n"));
    }
}

fn write(py: Python<'_>, line: String) {
    // A closed standard error must not stop the call.
    let _ = py.import("sys").and_then(|sys| sys.getattr("stderr")?.call_method1("write", (line,)));
}

//! Exceptions of the package: `ungil.errors` builds them, this file calls it.

use pyo3::prelude::*;
use ungil_diag::diagnostic::{Diagnostic, Diagnostics, Severity};
use ungil_diag::render;
use ungil_diag::source::SourceMap;

/// The error of an argument that no kernel takes: a `TypeError` with code U0601.
pub fn argument_error(py: Python<'_>, title: &str, help: Option<&str>) -> PyResult<PyErr> {
    let help = help.map(|h| format!("\n  help: {h}")).unwrap_or_default();
    build(py, "U0601", &format!("error[U0601]: {title}{help}"), Vec::new())
}

/// An error of the dispatcher itself.
pub fn plain_error(py: Python<'_>, code: &str, title: &str, help: Option<&str>) -> PyErr {
    let help = help.map(|h| format!("\n  help: {h}")).unwrap_or_default();
    let text = format!("error[{code}]: {title}{help}");
    build(py, code, &text, Vec::new()).unwrap_or_else(|e| e)
}

/// The error of a compilation, with its rendered diagnostics as the message.
pub fn compile_error(py: Python<'_>, diagnostics: &Diagnostics, sources: &SourceMap) -> PyErr {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    let code = errors.first().map_or("U0500", |d| d.code.0);
    let texts: Vec<String> = errors.iter().map(|d| render::render(d, sources)).collect();
    let parts = errors.iter().map(|d| describe(d, sources)).collect();
    build(py, code, texts.join("\n").trim_end(), parts).unwrap_or_else(|e| e)
}

/// A diagnostic as `ungil.errors.Diagnostic` takes it.
type Part = (String, String, Option<String>, Option<u32>, Option<u32>, Vec<String>);

fn describe(d: &Diagnostic, sources: &SourceMap) -> Part {
    let span = d.span();
    let place = span.and_then(|s| sources.line_column(s));
    let file = span.and_then(|s| sources.get(s.source)).map(|f| f.name.to_string());
    (
        d.code.to_string(),
        d.title.clone(),
        file,
        place.map(|p| p.line),
        place.map(|p| p.column),
        d.help.clone(),
    )
}

fn build(py: Python<'_>, code: &str, text: &str, parts: Vec<Part>) -> PyResult<PyErr> {
    let error = py.import("ungil.errors")?.getattr("_make")?.call1((code, text, parts))?;
    Ok(PyErr::from_value(error))
}

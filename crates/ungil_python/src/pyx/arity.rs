//! What is wrong with a call whose arguments do not fit a function's parameters, in Cython's words.
//!
//! Cython counts first, then takes keywords in their order, then looks for what is missing.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::params::Params;

/// A call as far as its arguments are counted.
pub struct Given {
    pub positional: usize,
    pub keywords: Vec<String>,
}

/// The error of a call; none if its arguments fit.
pub fn misfit(
    func: &Bound<'_, PyAny>,
    name: &str,
    params: &Params,
    given: &Given,
) -> PyResult<Option<PyErr>> {
    let py = func.py();
    let defaults = func.getattr("__defaults__")?;
    let defaults = defaults.cast::<PyTuple>().map_or(0, PyTupleMethods::len);
    let (most, least) = (params.positional, params.positional.saturating_sub(defaults));
    let text = |text: String| Ok(Some(PyTypeError::new_err(format!("{name}() {text}"))));
    let n = given.positional;
    if params.names.is_empty() {
        return match (given.keywords.is_empty(), n) {
            (false, _) => text("takes no keyword arguments".to_owned()),
            (true, 0) => Ok(None),
            (true, n) => text(format!("takes no arguments ({n} given)")),
        };
    }
    if n > most && !params.star {
        let how = if least == most { "exactly" } else { "at most" };
        return text(takes(how, most, n));
    }
    let how = if least == most && !params.star { "exactly" } else { "at least" };
    if n < params.positional_only.min(least) {
        return text(takes(how, least, n));
    }
    let names: Vec<String> = (0..params.names.len()).map(|i| params.name(py, i)).collect();
    let mut has: Vec<bool> = (0..names.len()).map(|i| i < n.min(most)).collect();
    for keyword in &given.keywords {
        let collects = |i: usize| params.star && i == most || params.double_star && i == names.len() - 1;
        let found = (params.positional_only..names.len()).find(|i| !collects(*i) && names[*i] == *keyword);
        match found {
            Some(i) if has[i] => {
                return text(format!("got multiple values for keyword argument '{keyword}'"));
            }
            Some(i) => has[i] = true,
            None if params.double_star => {}
            None => return text(format!("got an unexpected keyword argument '{keyword}'")),
        }
    }
    if let Some(missing) = (n.min(least)..least).find(|i| !has[*i]) {
        return text(takes(how, least, missing));
    }
    let keyword_defaults = func.getattr("__kwdefaults__")?;
    let first = most + usize::from(params.star);
    for i in (first..first + params.keyword_only).filter(|i| !has[*i]) {
        let has_default = match keyword_defaults.cast::<PyDict>() {
            Ok(known) => known.contains(&names[i])?,
            Err(_) => false,
        };
        if !has_default {
            return text(format!("needs keyword-only argument {}", names[i]));
        }
    }
    Ok(None)
}

fn takes(how: &str, number: usize, given: usize) -> String {
    let noun = if number == 1 { "argument" } else { "arguments" };
    format!("takes {how} {number} positional {noun} ({given} given)")
}

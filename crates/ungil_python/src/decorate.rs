//! Making dispatchers.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction};
use ungil_driver::options::{KernelOptions, OptionError, OptionValue};
use ungil_driver::signature::parse;

use crate::dispatcher::{self, State};
use crate::entry::Entries;
use crate::fast::FastList;
use crate::params::Params;
use crate::{ahead, errors, source};

/// A dispatcher for `func`. `signatures` are texts that are compiled at once, `annotated` one that is not; `options`
/// are the decorator's keywords.
#[pyfunction]
pub fn make_dispatcher<'py>(
    func: &Bound<'py, PyAny>,
    signatures: Vec<String>,
    annotated: Option<String>,
    options: &Bound<'py, PyDict>,
    disabled: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = func.py();
    if !func.is_instance_of::<PyFunction>() {
        // SAFETY: attached, with a live object.
        let found = unsafe { crate::reject::type_name(func.as_ptr()) };
        return Err(PyTypeError::new_err(format!("jit takes a Python function, not {found}")));
    }
    let given = options.get_item("source")?.map(|s| s.extract::<String>()).transpose()?;
    let parsed = signatures.iter().chain(&annotated).map(|s| parse(s)).collect::<Result<Vec<_>, _>>();
    let parsed = parsed.map_err(|e| errors::plain_error(py, "U0604", &e, None))?;
    let state = State {
        name: func.getattr("__name__")?.extract()?,
        params: Params::of(func)?,
        options: read_options(options)?,
        entries: Entries::new(),
        fast: FastList::default(),
        numbers: Default::default(),
        seen: pyo3::sync::PyOnceLock::new(),
        signatures: parsed,
        annotated: annotated.is_some(),
        source: source::capture(func, given.as_deref()),
        disabled,
        pyx: None,
        given_options: options.clone().unbind(),
    };
    let object = dispatcher::make(py, func, state)?;
    if !disabled {
        for text in &signatures {
            let this = dispatcher::downcast(&object).expect("just made");
            ahead::compile_declared(py, &object, this, text)?;
        }
    }
    Ok(object)
}

fn read_options(given: &Bound<'_, PyDict>) -> PyResult<KernelOptions> {
    let mut options = KernelOptions::default();
    // `python -O` leaves assertions out.
    let flags = given.py().import("sys")?.getattr("flags")?;
    options.compile.asserts = flags.getattr("optimize")?.extract::<u32>()? == 0;
    options.compile.python = given.py().version_info().minor;
    for (name, value) in given.iter() {
        let name: String = name.extract()?;
        if name == "source" {
            continue;
        }
        options.set(&name, &option_value(&value)?).map_err(|e| option_error(given.py(), &e))?;
    }
    Ok(options)
}

fn option_value(value: &Bound<'_, PyAny>) -> PyResult<OptionValue> {
    if value.is_none() {
        return Ok(OptionValue::None);
    }
    if let Ok(b) = value.extract::<bool>() {
        return Ok(OptionValue::Bool(b));
    }
    if let Ok(text) = value.extract::<String>() {
        return Ok(OptionValue::Text(text));
    }
    let items: PyResult<Vec<String>> = value.try_iter().and_then(|i| i.map(|x| x?.extract()).collect());
    items.map(OptionValue::Set).map_err(|_| PyValueError::new_err(format!("cannot use {value} as an option")))
}

fn option_error(py: Python<'_>, error: &OptionError) -> PyErr {
    match error {
        OptionError::Unknown { name, nearest } => {
            let help = nearest.map(|n| format!("did you mean `{n}=`?"));
            errors::plain_error(py, "U0605", &format!("jit has no option `{name}`"), help.as_deref())
        }
        OptionError::Value { name, expected } => {
            errors::plain_error(py, "U0606", &format!("option `{name}` must be {expected}"), None)
        }
    }
}

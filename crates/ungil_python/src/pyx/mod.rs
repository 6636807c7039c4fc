//! Functions of modules in the Cython language.
//!
//! Such a function is a dispatcher whose state carries [`Pyx`]: arguments that no specialisation is known for are first
//! converted to the declared types, with Cython's errors, and a function that cannot be compiled for its arguments runs
//! as plain Python, unless it gives up the interpreter's lock.

mod argument;
mod read;
mod structs;

use core::ffi::{c_int, c_void};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::ffi::{PyObject, visitproc};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction, PyTuple};
use ungil_driver::options::KernelOptions;
use ungil_sema::c_text::parse_c_text;
use ungil_sema::cython::{CFunction, Declared};
use ungil_sema::options::ErrorModel;

use crate::dispatcher::{self, Dispatcher, State};
use crate::entry::Entries;
use crate::object::{self, ObjectCode};
use crate::params::Params;
use crate::{call, source, specialise};

pub use read::pyx_read;

/// What a dispatcher of the Cython language knows besides.
pub struct Pyx {
    /// One for each parameter, in the order of [`Params`].
    params: Vec<Parameter>,
    /// Whether a function that cannot be compiled is an error.
    must_compile: bool,
    /// Makes the function that runs in the compiled one's place.
    make_fallback: Py<PyAny>,
    fallback: Mutex<Option<Py<PyAny>>>,
    /// The function compiled for objects, once that was tried.
    objects: OnceLock<Option<ObjectCode>>,
    /// Fingerprints of arguments that it cannot be compiled for.
    failed: Mutex<HashSet<Vec<u64>>>,
}

/// A parameter as declared.
pub struct Parameter {
    pub name: String,
    pub declared: Option<Declared>,
    pub not_none: bool,
    /// Of a buffer, which takes arrays only.
    pub is_buffer: bool,
}

fn option<'py, T: FromPyObjectOwned<'py>>(info: &Bound<'py, PyDict>, name: &str) -> PyResult<Option<T>> {
    match info.get_item(name)? {
        Some(value) if !value.is_none() => {
            Ok(Some(value.extract::<T>().map_err(|_| PyTypeError::new_err(format!("bad `{name}`")))?))
        }
        _ => Ok(None),
    }
}

/// A type's text and its name in C.
type Named = (String, String);

/// A parameter as Python gives it: name, type, and whether it refuses `None`.
type DeclaredParameter = (String, Option<Named>, bool);

/// A dispatcher for a function of a module in the Cython language. `text` is its plain text; `info` holds its
/// declarations and directives; `make_fallback` returns the function that runs where it cannot be compiled.
#[pyfunction]
pub fn make_pyx_function<'py>(
    func: &Bound<'py, PyAny>,
    text: &str,
    info: &Bound<'py, PyDict>,
    make_fallback: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = func.py();
    if !func.is_instance_of::<PyFunction>() {
        return Err(PyTypeError::new_err("not a function"));
    }
    let flag = |name: &str| -> PyResult<bool> { Ok(option::<bool>(info, name)?.unwrap_or(false)) };
    let declared: Vec<DeclaredParameter> = option(info, "params")?.unwrap_or_default();
    let locals: Vec<(String, Named)> = option(info, "locals")?.unwrap_or_default();
    let ret: Option<Named> = option(info, "ret")?;
    let mut c = CFunction {
        cdivision: flag("cdivision")?,
        cpow: flag("cpow")?,
        integer_division: flag("integer_division")?,
        ..CFunction::default()
    };
    let mut params = Vec::new();
    for (name, ty, not_none) in declared {
        let is_buffer = ty.as_ref().is_some_and(|(text, _)| text.starts_with("buffer "));
        let declared = ty.as_ref().and_then(|(text, c_name)| read::declared(text, c_name));
        if let Some(declared) = &declared {
            c.vars.insert(name.clone(), declared.clone());
        }
        params.push(Parameter { name, declared, not_none, is_buffer });
    }
    for (name, (text, c_name)) in locals {
        if let Some(declared) = read::declared(&text, &c_name) {
            c.vars.insert(name, declared);
        }
    }
    let types: Vec<(String, String)> = option(info, "structs")?.unwrap_or_default();
    c.types.extend(types.into_iter().filter_map(|(name, text)| Some((name, parse_c_text(&text)?))));
    c.ret = ret.and_then(|(text, c_name)| read::declared(&text, &c_name));
    let own = Params::of(func)?;
    // In the order of the dispatcher's parameters.
    let order: Vec<String> = (0..own.names.len()).map(|i| own.name(py, i)).collect();
    params.sort_by_key(|p| order.iter().position(|name| *name == p.name));
    let mut options = KernelOptions::default();
    options.compile.boundscheck = option::<bool>(info, "boundscheck")?.unwrap_or(true);
    options.compile.wraparound = option::<bool>(info, "wraparound")?.unwrap_or(true);
    options.compile.overflowcheck = flag("overflowcheck")?;
    options.compile.error_model = if c.cdivision { ErrorModel::Numpy } else { ErrorModel::Python };
    options.compile.python = py.version_info().minor;
    options.compile.c = Some(Arc::new(c));
    let pyx = Pyx {
        params,
        must_compile: flag("must_compile")?,
        make_fallback,
        fallback: Mutex::new(None),
        objects: OnceLock::new(),
        failed: Mutex::new(HashSet::new()),
    };
    let state = State {
        name: func.getattr("__name__")?.extract()?,
        params: own,
        options,
        entries: Entries::new(),
        signatures: Vec::new(),
        annotated: false,
        source: source::capture(func, Some(text)),
        disabled: false,
        given_options: PyDict::new(py).unbind(),
        pyx: Some(pyx),
    };
    dispatcher::make(py, func, state)
}

/// A call whose arguments have no specialisation yet, or cannot have one.
///
/// # Safety
/// The interpreter is attached; `objects` are live and there is one for each parameter.
pub unsafe fn enter(
    py: Python<'_>,
    dispatcher: &Dispatcher,
    pyx: &Pyx,
    objects: &[*mut PyObject],
) -> PyResult<*mut PyObject> {
    let state = dispatcher.state();
    let is_new = pyx.objects.get().is_none() && !pyx.must_compile && state.entries.iter().next().is_none();
    if is_new
        && object::is_preferred(state, objects)
        && let Some(code) = pyx.for_objects(py, dispatcher)?
    {
        // SAFETY: attached, with live objects, one for each parameter.
        let result = unsafe { code.run(objects.as_ptr()) };
        return if result.is_null() { Err(PyErr::fetch(py)) } else { Ok(result) };
    }
    // SAFETY: live objects, as the caller vouches.
    let given = objects.iter().map(|o| unsafe { Bound::from_borrowed_ptr(py, *o) });
    let mut held = Vec::with_capacity(objects.len());
    for (i, object) in given.enumerate() {
        held.push(match pyx.params.get(i) {
            Some(parameter) => argument::convert(parameter, &object)?,
            None => object,
        });
    }
    let pointers: Vec<*mut PyObject> = held.iter().map(Bound::as_ptr).collect();
    let key = match call::fingerprint(py, state, &pointers) {
        Ok(key) => key,
        // Integers of any size are objects.
        Err(error) if !pyx.must_compile && error.is_instance_of::<PyOverflowError>(py) => {
            return pyx.call_fallback(py, dispatcher, &held);
        }
        Err(error) => return pyx.instead(py, dispatcher, &held, error),
    };
    let known_to_fail = pyx.failed.lock().unwrap_or_else(PoisonError::into_inner).contains(&key);
    if known_to_fail {
        return pyx.call_fallback(py, dispatcher, &held);
    }
    // SAFETY: live objects, one for each parameter.
    match unsafe { specialise::ensure(py, dispatcher, &pointers) } {
        // SAFETY: as above.
        Ok(arguments) => unsafe { call::run_packed(py, state, arguments.pointers()) },
        Err(error) => {
            if !pyx.must_compile && is_compile_error(py, &error)? {
                pyx.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
            }
            pyx.instead(py, dispatcher, &held, error)
        }
    }
}

fn is_compile_error(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let class = py.import("ungil.errors")?.getattr("CompileError")?;
    error.value(py).is_instance(&class)
}

impl Pyx {
    /// Shows the collector the functions that are held.
    ///
    /// # Safety
    /// Called during a traversal, with its arguments.
    pub unsafe fn traverse(&self, visit: visitproc, arg: *mut c_void) -> c_int {
        // What cannot be looked at now is kept until the next collection.
        let made = self.fallback.try_lock().ok();
        let made = made.as_ref().and_then(|made| made.as_ref());
        for object in core::iter::once(&self.make_fallback).chain(made) {
            // SAFETY: owned references, visited during a traversal.
            let result = unsafe { visit(object.as_ptr(), arg) };
            if result != 0 {
                return result;
            }
        }
        0
    }

    /// Runs plain Python instead of raising an error of the compiler, where that is allowed.
    fn instead(
        &self,
        py: Python<'_>,
        dispatcher: &Dispatcher,
        held: &[Bound<'_, PyAny>],
        error: PyErr,
    ) -> PyResult<*mut PyObject> {
        if self.must_compile || !is_compile_error(py, &error)? {
            return Err(error);
        }
        self.call_fallback(py, dispatcher, held)
    }

    /// The function compiled for objects, if it was.
    pub fn objects(&self) -> Option<&ObjectCode> {
        self.objects.get()?.as_ref()
    }

    /// The function compiled for objects, if it can be.
    fn for_objects(&self, py: Python<'_>, dispatcher: &Dispatcher) -> PyResult<Option<&ObjectCode>> {
        if self.objects.get().is_none() {
            // SAFETY: a live dispatcher holds its function.
            let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
            let code = object::compile(py, &func, dispatcher.state())?;
            // Another thread may have been faster.
            let is_first = self.objects.set(code).is_ok();
            if is_first && self.objects().is_some() && dispatcher.state().entries.iter().next().is_none() {
                // SAFETY: attached; the code is there.
                unsafe { dispatcher::call_objects(dispatcher) };
            }
        }
        Ok(self.objects())
    }

    fn call_fallback(
        &self,
        py: Python<'_>,
        dispatcher: &Dispatcher,
        held: &[Bound<'_, PyAny>],
    ) -> PyResult<*mut PyObject> {
        if let Some(code) = self.for_objects(py, dispatcher)? {
            let args: Vec<*mut PyObject> = held.iter().map(Bound::as_ptr).collect();
            // SAFETY: attached, with live objects, one for each parameter.
            let result = unsafe { code.run(args.as_ptr()) };
            return if result.is_null() { Err(PyErr::fetch(py)) } else { Ok(result) };
        }
        let state = dispatcher.state();
        let made =
            self.fallback.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|f| f.clone_ref(py));
        let fallback = match made {
            Some(fallback) => fallback,
            None => {
                let made = self.make_fallback.bind(py).call0()?.unbind();
                *self.fallback.lock().unwrap_or_else(PoisonError::into_inner) = Some(made.clone_ref(py));
                made
            }
        };
        let params = &state.params;
        let (positional, mut rest) = held.split_at(params.positional.min(held.len()));
        let mut args: Vec<Bound<'_, PyAny>> = positional.to_vec();
        if params.star
            && let Some((star, more)) = rest.split_first()
        {
            args.extend(star.cast::<PyTuple>()?.iter());
            rest = more;
        }
        let keywords = PyDict::new(py);
        for (i, value) in rest.iter().enumerate() {
            let at = params.positional + usize::from(params.star) + i;
            keywords.set_item(params.name(py, at), value)?;
        }
        let args = PyTuple::new(py, args)?;
        Ok(fallback.bind(py).call(args, Some(&keywords))?.into_ptr())
    }
}

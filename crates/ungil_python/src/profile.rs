//! Functions that profilers and tracers see.
//!
//! With `profile=True` (or `UNGIL_PROFILE=1`) a call goes by way of a Python frame of the function's own name, file and line, which
//! is what cProfile and others count. With `linetrace=True` a call runs the function as plain Python while a trace function
//! is set, line by line.

use core::ptr::null_mut;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::pyclass::{PyTraverseError, PyVisit};
use pyo3::types::{PyDict, PyTraceback, PyTuple};

use crate::dispatcher::{self, Dispatcher};
use crate::methods;

/// Whether calls of a dispatcher are to be seen.
pub fn is_wanted(profile: bool, linetrace: bool) -> bool {
    profile || linetrace || std::env::var("UNGIL_PROFILE").is_ok_and(|v| !v.is_empty() && v != "0")
}

/// The compiled function, past the frame.
#[pyclass(frozen, name = "compiled", module = "ungil")]
struct Compiled {
    dispatcher: Py<PyAny>,
}

#[pymethods]
impl Compiled {
    #[pyo3(signature = (*args, **keywords))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut objects: Vec<Bound<'py, PyAny>> = args.iter().collect();
        let n = objects.len();
        let mut names = None;
        if let Some(keywords) = keywords.filter(|k| !k.is_empty()) {
            objects.extend(keywords.values().iter());
            names = Some(keywords.keys().to_tuple());
        }
        let pointers: Vec<*mut PyObject> = objects.iter().map(Bound::as_ptr).collect();
        let names = names.as_ref().map_or(null_mut(), |n| n.as_ptr());
        // SAFETY: attached; the protocol's arguments, held until the call has ended.
        unsafe {
            let result = dispatcher::call_compiled(self.dispatcher.as_ptr(), pointers.as_ptr(), n, names);
            Bound::from_owned_ptr_or_err(py, result)
        }
    }
}

/// The function with the frame.
fn frame(py: Python<'_>, dispatcher: &Dispatcher) -> PyResult<Py<PyAny>> {
    let state = dispatcher.state();
    // SAFETY: attached, with a live dispatcher, which holds its function.
    let (this, func) = unsafe {
        let this = core::ptr::from_ref(dispatcher).cast_mut().cast::<PyObject>();
        (Bound::from_borrowed_ptr(py, this), Bound::from_borrowed_ptr(py, dispatcher.func))
    };
    let compiled = Compiled { dispatcher: this.unbind() };
    let plain = match &state.pyx {
        _ if !state.options.linetrace => None,
        None => Some(func.clone().unbind()),
        Some(pyx) => pyx.plain(py),
    };
    let make = py.import("ungil._profile")?.getattr("frame")?;
    Ok(make.call1((func, compiled, plain))?.unbind())
}

/// A call of a dispatcher that profilers see.
///
/// # Safety
/// The vectorcall protocol, on a dispatcher.
pub unsafe extern "C" fn vectorcall(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with the vectorcall protocol; the caller holds the dispatcher.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let state = dispatcher.state();
        let known = state.seen.get(Python::assume_attached()).map(|f| f.as_ptr());
        let function = known.unwrap_or_else(|| {
            Python::attach(|py| {
                methods::guarded_result(py, || {
                    let made = unseen(py, || frame(py, dispatcher))?;
                    Ok(state.seen.get_or_init(py, || made).as_ptr())
                })
            })
        });
        if function.is_null() {
            return function;
        }
        let result = ffi::PyObject_Vectorcall(function, args, nargsf & !crate::object::OFFSET, kwnames);
        if result.is_null() {
            let py = Python::assume_attached();
            leave_frame_out(py, &Bound::from_borrowed_ptr(py, function));
        }
        result
    }
}

/// Takes the frame out of the traceback of the exception that is set: the function has put its own there.
fn leave_frame_out(py: Python<'_>, function: &Bound<'_, PyAny>) {
    let Some(error) = PyErr::take(py) else { return };
    if let Some(inner) = error.traceback(py).and_then(|trace| behind_frame(&trace, function).ok()) {
        error.set_traceback(py, inner.cast_into().ok());
    }
    error.restore(py);
}

/// What follows a function's frame in a traceback that begins with it.
fn behind_frame<'py>(
    trace: &Bound<'py, PyTraceback>,
    function: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let code = trace.getattr("tb_frame")?.getattr("f_code")?;
    let is_frame = code.is(&function.getattr("__code__")?);
    if is_frame { trace.getattr("tb_next") } else { Ok(trace.clone().into_any()) }
}

/// Runs Python's code that is no part of the user's program: tracers and profilers do not see it.
pub fn unseen<T>(_: Python<'_>, run: impl FnOnce() -> T) -> T {
    // SAFETY: attached; the thread's state is its own, and both calls are for the same one.
    unsafe {
        let state = ffi::PyThreadState_Get();
        ffi::PyThreadState_EnterTracing(state);
        let result = run();
        ffi::PyThreadState_LeaveTracing(state);
        result
    }
}

/// A function of ours that plain code calls: debuggers do not step into it, profilers have no rows of it.
#[pyclass(frozen, module = "ungil._ungil")]
pub struct Unseen {
    function: Py<PyAny>,
}

#[pymethods]
impl Unseen {
    #[new]
    fn new(function: Py<PyAny>) -> Unseen {
        Unseen { function }
    }

    #[pyo3(signature = (*args))]
    fn __call__<'py>(&self, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        unseen(args.py(), || self.function.bind(args.py()).call1(args))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)
    }
}

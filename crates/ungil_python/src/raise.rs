//! Exceptions that kernels raise, with one traceback frame per kernel in the call chain.
//!
//! The frames are made of empty code objects that carry the user's file, function name and line, so that
//! `traceback` prints the source line.

use std::ffi::CString;

use pyo3::exceptions::PySystemError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTraceback};
use ungil_abi::context::{Ctx, ErrorArg, ErrorKind, ErrorSlot, MAX_FRAMES};
use ungil_abi::exception::ExcClass;
use ungil_driver::compiled::Compiled;

use crate::{gil_block, hooks, values};

/// Sets the Python exception that the error slot describes.
///
/// # Safety
/// The interpreter is attached; `ctx` is this thread's own and its slot was filled by a call of this code.
#[cold]
pub unsafe fn raise(ctx: *mut Ctx, compiled: &Compiled) {
    // SAFETY: as the caller vouches.
    Python::attach(|py| unsafe {
        // A copy: formatting may run Python code, which may call kernels on this context.
        let slot: Box<ErrorSlot> = Box::new((*ctx).error);
        (*ctx).error.kind = ErrorKind::NONE;
        let error = match slot.kind {
            ErrorKind::HOST => hooks::take_pending(py, ctx)
                .unwrap_or_else(|| PySystemError::new_err("a kernel stopped without an exception")),
            ErrorKind::RAISED => make_exception(py, &slot, is_cython(&slot, compiled)).unwrap_or_else(|e| e),
            kind => {
                PySystemError::new_err(format!("internal error: a kernel failed with status kind {kind}"))
            }
        };
        set(py, with_traceback(py, error, &slot, compiled));
    });
}

/// Sets an exception. One that has no context gets what is handled now, as where Python raises.
fn set(py: Python<'_>, error: PyErr) {
    let value = error.into_value(py);
    if value.bind(py).getattr("__context__").is_ok_and(|context| !context.is_none()) {
        return PyErr::from_value(value.into_bound(py).into_any()).restore(py);
    }
    // SAFETY: attached, with a live exception and its class.
    unsafe { ffi::PyErr_SetObject(ffi::Py_TYPE(value.as_ptr()).cast(), value.as_ptr()) };
}

/// Whether the function that failed is one of the Cython language.
fn is_cython(slot: &ErrorSlot, compiled: &Compiled) -> bool {
    let failed = slot.frames[..(slot.nframes as usize).min(MAX_FRAMES)].first();
    let function = failed.and_then(|frame| compiled.functions.get(frame.function as usize));
    function.is_some_and(|function| function.is_cython)
}

/// Cython's words for an error of generated code.
fn cython_text(template: &str) -> &str {
    match template {
        "index {0} is out of bounds for axis {1} with size {2}" => {
            "Out of bounds on buffer access (axis {1})"
        }
        other => other,
    }
}

/// The exception without its traceback.
///
/// # Safety
/// The slot was filled by code that is still loaded.
unsafe fn make_exception(py: Python<'_>, slot: &ErrorSlot, is_cython: bool) -> PyResult<PyErr> {
    let name = ExcClass::NAMES.get(slot.class as usize).copied().unwrap_or("SystemError");
    if let ("MPI.Exception", [status, ..]) = (name, &slot.args) {
        return crate::mpi::exception(py, status.bits as i64);
    }
    let module = if name == "AxisError" { "numpy.exceptions" } else { "builtins" };
    let class = py.import(module)?.getattr(name)?;
    if slot.message.is_null() {
        return Ok(PyErr::from_value(class.call0()?));
    }
    // SAFETY: the template is UTF-8 in the object code's data.
    let template = unsafe {
        let bytes = core::slice::from_raw_parts(slot.message, slot.message_len as usize);
        core::str::from_utf8_unchecked(bytes)
    };
    let args = &slot.args[..(slot.nargs as usize).min(slot.args.len())];
    if let (ungil_sema::lower::gil_block::KEPT, [token]) = (template, args)
        && let Some(error) = gil_block::take(token.bits as i64)
    {
        return Ok(error);
    }
    if let ("{0}", [value]) = (template, args) {
        // `raise KeyError(k)`: the exception's argument is the number itself.
        // SAFETY: the argument was written by generated code.
        let value = unsafe { values::scalar(py, value)? };
        // C's numbers are Python's there.
        let is_c = is_cython && value.hasattr("item")?;
        let value = if is_c { value.call_method0("item")? } else { value };
        return Ok(PyErr::from_value(class.call1((value,))?));
    }
    let template = if is_cython { cython_text(template) } else { template };
    // SAFETY: the arguments were written by generated code for this template.
    let text = unsafe { format_message(py, template, args)? };
    Ok(PyErr::from_value(class.call1((text,))?))
}

/// Replaces `{0}`, `{1}` … by the arguments as `str` shows them, and doubled braces by single ones.
///
/// # Safety
/// As [`values::scalar`], for each argument.
unsafe fn format_message(py: Python<'_>, template: &str, args: &[ErrorArg]) -> PyResult<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let number = tail.find('}').and_then(|end| Some((end, tail[1..end.max(1)].parse::<usize>().ok()?)));
        match number.and_then(|(end, i)| Some((end, args.get(i)?))) {
            Some((end, arg)) => {
                // SAFETY: as the caller vouches.
                let value = unsafe { values::scalar(py, arg)? };
                out.push_str(&value.str()?.to_string());
                rest = &tail[end + 1..];
            }
            None => {
                out.push_str(&tail[..1]);
                let doubled = tail.starts_with("{{") || tail.starts_with("}}");
                rest = &tail[if doubled { 2 } else { 1 }..];
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Adds the kernels' frames, outermost first, below the frames that Python will add.
fn with_traceback(py: Python<'_>, error: PyErr, slot: &ErrorSlot, compiled: &Compiled) -> PyErr {
    let frames = &slot.frames[..(slot.nframes as usize).min(MAX_FRAMES)];
    let mut chain: Option<Bound<'_, PyAny>> = error.traceback(py).map(Bound::into_any);
    for frame in frames {
        let Some(function) = compiled.functions.get(frame.function as usize) else { continue };
        if function.hidden {
            continue;
        }
        let line = function.first_line + frame.line.saturating_sub(1);
        match link(py, chain.as_ref(), function, line) {
            Ok(next) => chain = Some(next),
            // A traceback that cannot be made must not hide the error itself.
            Err(_) => break,
        }
    }
    if let Some(traceback) = chain {
        error.set_traceback(py, traceback.cast_into::<PyTraceback>().ok());
    }
    error
}

/// A traceback entry for one kernel in front of `next`.
fn link<'py>(
    py: Python<'py>,
    next: Option<&Bound<'py, PyAny>>,
    function: &ungil_driver::compiled::FunctionInfo,
    line: u32,
) -> PyResult<Bound<'py, PyAny>> {
    let file = CString::new(function.file.as_str())?;
    let name = CString::new(function.name.as_str())?;
    let globals = PyDict::new(py);
    // SAFETY: all arguments are live; the results are checked and owned.
    let frame = unsafe {
        let code = ffi::PyCode_NewEmpty(file.as_ptr(), name.as_ptr(), line as i32);
        if code.is_null() {
            return Err(PyErr::fetch(py));
        }
        let frame = ffi::PyFrame_New(ffi::PyThreadState_Get(), code, globals.as_ptr(), core::ptr::null_mut());
        ffi::Py_DECREF(code.cast());
        Bound::from_owned_ptr_or_err(py, frame.cast::<PyObject>())?
    };
    let traceback_type = py.import("types")?.getattr("TracebackType")?;
    let next = next.map_or_else(|| py.None().into_bound(py), Clone::clone);
    traceback_type.call1((next, frame, 0, line))
}

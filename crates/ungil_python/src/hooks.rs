//! What the runtime asks of Python while a kernel runs: interrupts and print.
//!
//! The hooks attach to the interpreter for as long as they need it. An exception they meet is kept in the slot of
//! the running call, because the thread that meets it need not be the one that called the kernel.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use ungil_abi::context::{Ctx, ErrorArg, ErrorKind};
use ungil_runtime::poll::{Hooks, set_hooks};

use crate::values;

/// An exception that waits for the end of the call; lives on the stack of the call.
#[derive(Default)]
pub struct Pending(AtomicPtr<PyObject>);

impl Pending {
    /// No exception.
    pub const fn new() -> Pending {
        Pending(AtomicPtr::new(ptr::null_mut()))
    }

    /// Keeps the first exception.
    fn put(&self, py: Python<'_>, error: PyErr) {
        let value = error.into_value(py).into_ptr();
        if self.0.compare_exchange(ptr::null_mut(), value, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // SAFETY: attached; the reference was not stored.
            unsafe { ffi::Py_DECREF(value) };
        }
    }
}

/// The exception that stopped the call that `ctx` runs.
///
/// # Safety
/// `ctx.host` is null or points at the live [`Pending`] of the call.
pub unsafe fn take_pending(py: Python<'_>, ctx: *mut Ctx) -> Option<PyErr> {
    // SAFETY: by contract.
    unsafe {
        let pending = (*ctx).host.cast::<Pending>().as_ref()?;
        let value = pending.0.swap(ptr::null_mut(), Ordering::AcqRel);
        Bound::from_owned_ptr_or_opt(py, value).map(PyErr::from_value)
    }
}

/// Installs the hooks.
pub fn install() {
    set_hooks(Hooks { poll, print });
}

/// Signals are delivered on the main thread only, where the runtime calls this.
unsafe fn poll(ctx: *mut Ctx) -> i32 {
    attached(|py| match py.check_signals() {
        Ok(()) => 0,
        // SAFETY: the runtime passes a context of a running call.
        Err(error) => unsafe { fail(py, ctx, error) },
    })
}

/// Runs `body` attached to the interpreter. `Python::attach` would not do: calls of kernels detach with the C API,
/// which PyO3's own count of attachments does not see.
pub fn attached<T>(body: impl FnOnce(Python<'_>) -> T) -> T {
    // SAFETY: the interpreter is initialised, since a call of a kernel is under way, and the state is given back below
    // on the same thread; the token does not outlive it.
    unsafe {
        let state = ffi::PyGILState_Ensure();
        let result = body(Python::assume_attached());
        ffi::PyGILState_Release(state);
        result
    }
}

unsafe fn print(ctx: *mut Ctx, parts: *const ErrorArg, n: u64) -> i32 {
    attached(|py| {
        // SAFETY: the runtime passes `n` parts.
        let parts = unsafe { core::slice::from_raw_parts(parts, n as usize) };
        // SAFETY: the parts were written by generated code and are live during the hook.
        match unsafe { print_parts(py, parts) } {
            Ok(()) => 0,
            // SAFETY: the runtime passes a context of a running call.
            Err(error) => unsafe { fail(py, ctx, error) },
        }
    })
}

/// Prints the parts, of which spaces and newlines are some, as one string: lines of several threads stay whole.
unsafe fn print_parts(py: Python<'_>, parts: &[ErrorArg]) -> PyResult<()> {
    // SAFETY: as the caller vouches.
    let values = unsafe { values::sequence(py, parts)? };
    let mut text = String::new();
    for value in values {
        text.push_str(value.str()?.to_str()?);
    }
    let options = PyDict::new(py);
    options.set_item("end", "")?;
    py.import("builtins")?.getattr("print")?.call((text,), Some(&options)).map(|_| ())
}

unsafe fn fail(py: Python<'_>, ctx: *mut Ctx, error: PyErr) -> i32 {
    // SAFETY: `host` is the call's slot, which outlives the call.
    unsafe {
        if let Some(pending) = (*ctx).host.cast::<Pending>().as_ref() {
            pending.put(py, error);
        }
        (*ctx).error.kind = ErrorKind::HOST;
        (*ctx).error.nframes = 0;
    }
    1
}

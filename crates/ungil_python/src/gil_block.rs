//! Blocks under the interpreter's lock inside parallel loops: the host's side.
//!
//! Compiled code on any thread asks for a block by its owner, a Python callable that the call of the loop keeps alive. An exception
//! is kept under a token until the loop has ended, when that of the lowest failing iteration is raised.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PySystemError;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyTuple};

use crate::hooks;

/// Exceptions by token, each with its owner.
static KEPT: Mutex<BTreeMap<i64, (i64, PyErr)>> = Mutex::new(BTreeMap::new());

fn kept() -> MutexGuard<'static, BTreeMap<i64, (i64, PyErr)>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a block; a token where it raised.
///
/// # Safety
/// Called by code that `ungil_sema::lower::gil_block` made, on a thread that does not hold the lock or does; `owner` is the address
/// of a live object, and the memory holds as many numbers as `counts` says.
pub unsafe extern "C" fn run(owner: i64, number: i64, counts: i64, ints: *mut i64, floats: *mut f64) -> i64 {
    let count = |k: u32| (counts >> (16 * k) & 0xffff) as usize;
    hooks::attached(|py| {
        // SAFETY: as the caller vouches; the slices are dropped before the block runs.
        let (object, given_ints, given_floats) = unsafe {
            (
                Bound::from_borrowed_ptr(py, owner as *mut pyo3::ffi::PyObject),
                core::slice::from_raw_parts(ints, count(0)).to_vec(),
                core::slice::from_raw_parts(floats, count(1)).to_vec(),
            )
        };
        let called = || -> PyResult<(Vec<i64>, Vec<f64>)> {
            let whole = PyTuple::new(py, given_ints.iter().map(|n| PyInt::new(py, *n)))?;
            let real = PyTuple::new(py, given_floats.iter().map(|x| PyFloat::new(py, *x)))?;
            object.call1((number, whole, real))?.extract()
        };
        match called() {
            Ok((whole, real)) if whole.len() == count(2) && real.len() == count(3) => {
                // SAFETY: as the caller vouches; nothing else looks at this thread's memory.
                unsafe {
                    core::slice::from_raw_parts_mut(ints, whole.len()).copy_from_slice(&whole);
                    core::slice::from_raw_parts_mut(floats, real.len()).copy_from_slice(&real);
                }
                0
            }
            Ok(_) => keep(owner, PySystemError::new_err("a block returned other numbers than it should")),
            Err(error) => keep(owner, error),
        }
    })
}

/// Keeps an exception until [`take`] asks for it; its token.
pub fn keep(owner: i64, error: PyErr) -> i64 {
    let mut kept = kept();
    let token = kept.last_key_value().map_or(1, |(last, _)| last + 1);
    kept.insert(token, (owner, error));
    token
}

/// The exception under a token; others of the same owner are forgotten.
pub fn take(token: i64) -> Option<PyErr> {
    let mut found = None;
    let dropped: Vec<_> = {
        let mut kept = kept();
        if let Some((owner, error)) = kept.remove(&token) {
            found = Some(error);
            let others: Vec<i64> = kept.iter().filter(|(_, (o, _))| *o == owner).map(|(t, _)| *t).collect();
            others.iter().filter_map(|token| kept.remove(token)).collect()
        } else {
            Vec::new()
        }
    };
    // What exceptions hold may run any code when it goes: not under our lock.
    drop(dropped);
    found
}

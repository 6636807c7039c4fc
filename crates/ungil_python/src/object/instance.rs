//! `isinstance` for builtin types, which no class can tell otherwise: as Cython has it.

use std::sync::OnceLock;

use pyo3::ffi;
use pyo3::prelude::*;

use super::operate::{O, entries};

/// Where `isinstance` is, which is never given up; 0 where it was not found.
static ISINSTANCE: OnceLock<usize> = OnceLock::new();

/// What a call gives if it asks whether an object is an instance of a builtin type, or of one of several; `None`: it has to be
/// called.
///
/// # Safety
/// Attached, with live objects, two arguments.
#[inline]
pub unsafe fn answered(function: O, args: *const O) -> Option<O> {
    // SAFETY: as the caller vouches.
    unsafe {
        if ffi::Py_TYPE(function) != &raw mut ffi::PyCFunction_Type
            || *ISINSTANCE.get_or_init(find) != function as usize
        {
            return None;
        }
        let (object, class) = (*args, *args.add(1));
        let is_instance = |class: O| ffi::PyType_IsSubtype(ffi::Py_TYPE(object), class.cast()) != 0;
        let holds = if is_builtin(class) {
            is_instance(class)
        } else if ffi::PyTuple_CheckExact(class) != 0 {
            let classes = || (0..ffi::PyTuple_GET_SIZE(class)).map(|i| ffi::PyTuple_GET_ITEM(class, i));
            if !classes().all(|class| is_builtin(class)) {
                return None;
            }
            classes().any(is_instance)
        } else {
            return None;
        };
        Some(ffi::PyBool_FromLong(core::ffi::c_long::from(holds)))
    }
}

entries! {
    fn is_instance(object: O, classes: O) -> i64 {
        let own = ffi::Py_TYPE(object);
        let is_of = |class: O| own == class.cast() || ffi::PyType_IsSubtype(own, class.cast()) != 0;
        i64::from(match ffi::PyTuple_CheckExact(classes) {
            0 => is_of(classes),
            _ => (0..ffi::PyTuple_GET_SIZE(classes)).any(|i| is_of(ffi::PyTuple_GET_ITEM(classes, i))),
        })
    }
}

/// Whether a class is one of the interpreter's own, with no say in what its instances are.
unsafe fn is_builtin(class: O) -> bool {
    // SAFETY: a live object; what is exactly of type `type` is a type.
    unsafe {
        ffi::Py_TYPE(class) == &raw mut ffi::PyType_Type
            && (*class.cast::<ffi::PyTypeObject>()).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0
    }
}

fn find() -> usize {
    // SAFETY: code for objects runs attached.
    let py = unsafe { Python::assume_attached() };
    let found = py.import("builtins").and_then(|builtins| builtins.getattr("isinstance"));
    found.map_or(0, |found| found.into_ptr() as usize)
}

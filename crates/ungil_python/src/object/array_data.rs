//! The memory of `array.array` objects, which `a.data.as_doubles` and the like name.

use core::ffi::{c_char, c_void};

use pyo3::exceptions::PyAttributeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// How such an object begins, in every version of Python.
#[repr(C)]
struct ArrayObject {
    head: ffi::PyVarObject,
    items: *mut c_char,
}

/// Where the elements of an array lie; 0 with an exception set for other objects.
///
/// # Safety
/// `object` is a borrowed reference, and the caller holds the lock.
unsafe extern "C" fn array_data(object: *mut ffi::PyObject) -> *mut c_void {
    // SAFETY: as the caller vouches.
    let found = Python::attach(|py| unsafe { items(Bound::from_borrowed_ptr(py, object)) });
    match found {
        Ok(items) => items,
        Err(error) => {
            Python::attach(|py| error.restore(py));
            core::ptr::null_mut()
        }
    }
}

/// Whether an object is an array, or of a class that is derived from it.
pub fn is_array(object: &Bound<'_, PyAny>) -> bool {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(object.py(), "array", "array");
    class.and_then(|class| object.is_instance(class)).unwrap_or(false)
}

/// # Safety
/// What an instance of `array.array` is laid out as `ArrayObject` says.
unsafe fn items(object: Bound<'_, PyAny>) -> PyResult<*mut c_void> {
    if !is_array(&object) {
        let text = format!("'{}' object has no attribute 'data'", object.get_type().name()?);
        return Err(PyAttributeError::new_err(text));
    }
    // SAFETY: it is an array, whose memory begins so.
    let items = unsafe { (*object.as_ptr().cast::<ArrayObject>()).items };
    // An empty array has no memory; its address is asked for all the same.
    static NOTHING: u64 = 0;
    Ok(if items.is_null() { (&raw const NOTHING).cast_mut().cast() } else { items.cast() })
}

/// The address of the function that gives an array's memory.
#[pyfunction]
pub fn array_data_address() -> usize {
    array_data as *const () as usize
}

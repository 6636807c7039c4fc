//! Memoryviews of what fits for certain, without asking for a buffer: arrays of the declared type, and bytes.
//!
//! Contract: what is found here is what the long way gives; all else goes there, and is refused there.

use core::ffi::c_int;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use ungil_ir::types::{DType, Layout};

use super::Parameter;
use super::argument::Wanted;
use crate::classify;
use crate::numpy::{self, PyArray};

/// `NPY_ARRAY_ALIGNED`
const ALIGNED: c_int = 0x100;

/// The array of a memoryview of numbers; `None`: that takes a closer look.
pub fn array_of_numbers<'py>(
    parameter: &Parameter,
    wanted: &Wanted,
    dtype: DType,
    object: &Bound<'py, PyAny>,
) -> Option<PyResult<Bound<'py, PyAny>>> {
    let writes = parameter.writes || !wanted.is_const;
    if is_fitting_array(wanted, writes, dtype, object) {
        return Some(Ok(object.clone()));
    }
    // A buffer declared as an array takes arrays only.
    let is_row = dtype == DType::U8 && wanted.ndim == 1 && !parameter.is_buffer;
    (is_row && has_bytes(object, writes)).then(|| bytes(object))
}

fn is_fitting_array(wanted: &Wanted, writes: bool, dtype: DType, object: &Bound<'_, PyAny>) -> bool {
    let Some(ty) = classify::array_type(object) else { return false };
    // SAFETY: it is exactly an ndarray.
    let flags = unsafe { (*object.as_ptr().cast::<PyArray>()).flags };
    let has_layout = match wanted.layout {
        Some(Layout::C) => flags & numpy::C_CONTIGUOUS != 0,
        Some(Layout::F) => flags & numpy::F_CONTIGUOUS != 0,
        _ => true,
    };
    let fits = ty.dtype == dtype && ty.ndim == wanted.ndim && !ty.swapped && flags & ALIGNED != 0;
    fits && has_layout && !(writes && ty.readonly)
}

/// Whether an object is `bytes`, or a `bytearray`, with anything in it.
fn has_bytes(object: &Bound<'_, PyAny>, writes: bool) -> bool {
    // SAFETY: type checks on a live object, and the size of what has one.
    unsafe {
        let object = object.as_ptr();
        let is_bytes = !writes && ffi::PyBytes_CheckExact(object) != 0;
        (is_bytes || ffi::PyByteArray_CheckExact(object) != 0) && ffi::PyObject_Size(object) > 0
    }
}

fn bytes<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static MAKER: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let py = object.py();
    let (frombuffer, element) = MAKER.get_or_try_init(py, || {
        let numpy = py.import("numpy")?;
        let element = numpy.getattr("dtype")?.call1(("uint8",))?;
        PyResult::Ok((numpy.getattr("frombuffer")?.unbind(), element.unbind()))
    })?;
    frombuffer.bind(py).call1((object, element))
}

/// Any other exporter of a buffer as an array.
pub fn array_of_buffer<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static AS_ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let as_array = AS_ARRAY
        .get_or_try_init(py, || PyResult::Ok(py.import("numpy")?.getattr("asarray")?.unbind()))?
        .bind(py);
    // SAFETY: attached, with a live object; the result is a new reference or null with an exception.
    let view = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyMemoryView_FromObject(object.as_ptr()))? };
    as_array.call1((view,))
}

//! Entries for memory of C: structs, arrays and characters from and to objects.

use core::ffi::c_char;
use core::ptr::null_mut;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use ungil_sema::ctype::CType;

use super::operate::{O, entries};
use crate::pyx::{object_of, put};
use crate::reject::c_type_name;

entries! {
    fn from_c(ty: *const CType, address: *const u8) -> O {
        let ty = &*ty;
        let bytes = core::slice::from_raw_parts(address, ty.size().unwrap_or(0) as usize);
        Python::attach(|py| match object_of(py, ty, bytes) {
            Ok(object) => object.into_ptr(),
            Err(error) => {
                error.restore(py);
                null_mut()
            }
        })
    }

    /// The object is read whole before memory changes: what it runs may look at the memory.
    fn to_c(ty: *const CType, object: O, address: *mut u8) -> i64 {
        let ty = &*ty;
        let size = ty.size().unwrap_or(0) as usize;
        // A union's other members keep what they have.
        let mut bytes = core::slice::from_raw_parts(address.cast_const(), size).to_vec();
        Python::attach(|py| match put(ty, &Bound::from_borrowed_ptr(py, object), &mut bytes) {
            Ok(()) => {
                core::ptr::copy_nonoverlapping(bytes.as_ptr(), address, size);
                0
            }
            Err(error) => {
                error.restore(py);
                -1
            }
        })
    }

    fn as_chars(object: O) -> *mut c_char {
        if ffi::PyBytes_Check(object) != 0 {
            return ffi::PyBytes_AS_STRING(object).cast_mut();
        }
        if ffi::PyByteArray_Check(object) != 0 {
            return ffi::PyByteArray_AsString(object);
        }
        Python::attach(|py| {
            PyTypeError::new_err(format!("expected bytes, {} found", c_type_name(object))).restore(py);
        });
        null_mut()
    }

    fn bytes_at(text: *const c_char, _whole: i64) -> O { ffi::PyBytes_FromString(text) }

    fn bytes_of(text: *const c_char, n: i64) -> O { ffi::PyBytes_FromStringAndSize(text, n as ffi::Py_ssize_t) }

    fn array_over(ty: *const CType, address: u64, extents: *const i64, n: i64, is_fortran: i64) -> O {
        let extents = core::slice::from_raw_parts(extents, n as usize);
        Python::attach(|py| match crate::pyx::array_over(py, &*ty, address, extents, is_fortran != 0) {
            Ok(array) => array.into_ptr(),
            Err(error) => {
                error.restore(py);
                null_mut()
            }
        })
    }

    fn new_memory(n: i64) -> O {
        let made = ffi::PyByteArray_FromStringAndSize(core::ptr::null(), n as ffi::Py_ssize_t);
        if !made.is_null() {
            core::ptr::write_bytes(ffi::PyByteArray_AsString(made), 0, n as usize);
        }
        made
    }

    fn text_len(text: *const c_char) -> i64 { core::ffi::CStr::from_ptr(text).count_bytes() as i64 }

    fn move_memory(to: *mut u8, from: *const u8, n: i64) {
        if n > 0 {
            core::ptr::copy(from, to, n as usize);
        }
    }
}

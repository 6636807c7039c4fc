//! Entries that convert numbers, with Cython's errors.

use core::ffi::c_int;
use core::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use ungil_ir::types::DType;

use super::operate::{O, entries, new_reference};
use super::{letter, small};

entries! {
    fn from_double(x: f64) -> O { ffi::PyFloat_FromDouble(x) }

    fn from_int(n: i64) -> O { small::from_i64(n) }

    fn from_unsigned(n: i64) -> O { ffi::PyLong_FromUnsignedLongLong(n as u64) }

    fn member(name: O, n: i64) -> O {
        let py = Python::assume_attached();
        let make = || -> PyResult<Bound<'_, PyAny>> {
            let name = Bound::from_borrowed_ptr(py, name);
            py.import("ungil.pyx._enums")?.getattr("member")?.call1((name, n))
        };
        match make() {
            Ok(made) => made.into_ptr(),
            Err(error) => {
                error.restore(py);
                core::ptr::null_mut()
            }
        }
    }

    fn from_character(n: i64) -> O {
        letter::of_character(u32::try_from(n).unwrap_or(u32::MAX))
    }

    fn str(object: O) -> O {
        if ffi::PyUnicode_CheckExact(object) != 0 {
            return new_reference(object);
        }
        letter::of_number(object).unwrap_or_else(|| ffi::PyObject_Str(object))
    }

    fn int(object: O) -> O {
        if ffi::PyLong_CheckExact(object) != 0 { new_reference(object) } else { ffi::PyNumber_Long(object) }
    }

    fn float(object: O) -> O { ffi::PyNumber_Float(object) }

    fn from_bool(n: i64) -> O { new_reference(if n != 0 { ffi::Py_True() } else { ffi::Py_False() }) }

    fn as_double(object: O) -> f64 {
        if ffi::PyFloat_CheckExact(object) != 0 {
            ffi::PyFloat_AS_DOUBLE(object)
        } else {
            ffi::PyFloat_AsDouble(object)
        }
    }

    fn from_complex(re: f64, im: f64) -> O { ffi::PyComplex_FromDoubles(re, im) }

    fn as_complex(object: O, parts: *mut f64) -> i64 {
        let z = ffi::PyComplex_AsCComplex(object);
        if z.real == -1.0 && !ffi::PyErr_Occurred().is_null() {
            return -1;
        }
        parts.write(z.real);
        parts.add(1).write(z.imag);
        0
    }

    /// −1 with an exception set, or the number.
    fn as_int(object: O, code: i64, name: O) -> i64 {
        let dtype = DType::ALL[code as usize];
        if ffi::PyLong_CheckExact(object) != 0 {
            return narrow(object, dtype, name);
        }
        if ffi::PyUnicode_Check(object) != 0
            && ffi::PyUnicode_CompareWithASCIIString(name, c"Py_UCS4".as_ptr()) == 0
        {
            return character(object);
        }
        let number = whole(object, name);
        if number.is_null() {
            return -1;
        }
        let result = narrow(number, dtype, name);
        ffi::Py_DECREF(number);
        result
    }
}

/// The number of the only character of a string, or −1 with an exception set.
pub(super) unsafe fn character(text: O) -> i64 {
    // SAFETY: a live string, as the caller vouches.
    unsafe {
        let length = ffi::PyUnicode_GetLength(text);
        if length == 1 {
            return i64::from(ffi::PyUnicode_ReadChar(text, 0));
        }
        let message = c"only single character unicode strings can be converted to Py_UCS4, got length %zd";
        ffi::PyErr_Format(ffi::PyExc_ValueError, message.as_ptr(), length);
        -1
    }
}

/// An object as a Python integer.
unsafe fn whole(object: O, name: O) -> O {
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        let is_size = ffi::PyUnicode_CompareWithASCIIString(name, c"Py_ssize_t".as_ptr()) == 0
            || ffi::PyUnicode_CompareWithASCIIString(name, c"ptrdiff_t".as_ptr()) == 0;
        if is_size {
            return ffi::PyNumber_Index(object);
        }
        let has = |text: &core::ffi::CStr| ffi::PyObject_HasAttrString(object, text.as_ptr()) != 0;
        if ffi::PyLong_Check(object) == 0 && !has(c"__int__") {
            ffi::PyErr_SetString(ffi::PyExc_TypeError, c"an integer is required".as_ptr());
            return null_mut();
        }
        ffi::PyNumber_Long(object)
    }
}

/// A Python integer in the range of a type.
unsafe fn narrow(number: O, dtype: DType, name: O) -> i64 {
    let mut overflow: c_int = 0;
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        let value = ffi::PyLong_AsLongLongAndOverflow(number, &raw mut overflow);
        if overflow == 0 {
            if value == -1 && !ffi::PyErr_Occurred().is_null() {
                return -1;
            }
            if dtype == DType::U64 && value >= 0 || dtype.holds(value) && dtype != DType::U64 {
                return value;
            }
            let text = if dtype.is_unsigned() && value < 0 {
                c"can't convert negative value to %U"
            } else {
                c"value too large to convert to %U"
            };
            ffi::PyErr_Format(ffi::PyExc_OverflowError, text.as_ptr(), name);
            return -1;
        }
        if overflow > 0 && dtype == DType::U64 {
            let value = ffi::PyLong_AsUnsignedLongLong(number);
            if value != u64::MAX || ffi::PyErr_Occurred().is_null() {
                return value as i64;
            }
            ffi::PyErr_Clear();
        }
        if dtype.is_unsigned() && overflow < 0 {
            let text = c"can't convert negative value to %U";
            ffi::PyErr_Format(ffi::PyExc_OverflowError, text.as_ptr(), name);
            return -1;
        }
        let is_size = ffi::PyUnicode_CompareWithASCIIString(name, c"Py_ssize_t".as_ptr()) == 0;
        let wide = match (is_size, dtype.is_unsigned()) {
            (true, _) => c"Python int too large to convert to C ssize_t",
            (_, true) => c"Python int too large to convert to C unsigned long",
            _ => c"Python int too large to convert to C long",
        };
        ffi::PyErr_SetString(ffi::PyExc_OverflowError, wide.as_ptr());
        -1
    }
}

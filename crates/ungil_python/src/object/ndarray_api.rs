//! Functions of NumPy's C interface that modules cimport, which take or give pointers of C or are fields of an array.
//!
//! Those that have nothing to do with memory are Python (`ungil.pyx._numpy`). Where an argument is no array, they raise what
//! Cython's conversion to `ndarray` raises: an object or a pointer is 0 then, a number -1. The layout of arrays and the numbers of
//! entries are those of [`crate::numpy`].

use core::ffi::{c_int, c_void};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use crate::numpy::{self, C_CONTIGUOUS, PyArray, WRITEABLE};
use crate::reject::c_type_name;

const ALIGNED: c_int = 0x100;
/// `NPY_MAXDIMS`
const MOST_AXES: c_int = 64;

/// Whether an object is an array, or of a class that is derived from it.
pub fn is_array(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PyObject_TypeCheck(object.as_ptr(), numpy::api(object.py()).array_type) != 0 }
}

/// The fields of an array; `None` with an exception set for other objects.
///
/// # Safety
/// `object` is a borrowed reference that outlives the result, and the caller holds the lock.
unsafe fn array<'a>(object: *mut PyObject) -> Option<&'a PyArray> {
    Python::attach(|py| {
        // SAFETY: as the caller vouches.
        let object = unsafe { Bound::from_borrowed_ptr(py, object) };
        if is_array(&object) {
            // SAFETY: an array, which is laid out so.
            return Some(unsafe { &*object.as_ptr().cast::<PyArray>() });
        }
        // SAFETY: a live object.
        let class = unsafe { c_type_name(object.as_ptr()) };
        PyTypeError::new_err(format!("Cannot convert {class} to numpy.ndarray")).restore(py);
        None
    })
}

/// Defines what gives something of an array, or a value that tells of an exception.
macro_rules! of_array {
    ($($name:ident($a:ident $(, $arg:ident: $ty:ty)*) -> $ret:ty, $failed:expr, $value:expr;)*) => {$(
        /// # Safety
        /// The object is a borrowed reference, and the caller holds the lock.
        unsafe extern "C" fn $name(object: *mut PyObject $(, $arg: $ty)*) -> $ret {
            // SAFETY: as the caller vouches; the fields of an array are valid as long as it lives.
            unsafe {
                let Some($a) = array(object) else { return $failed };
                $value
            }
        }
    )*};
}

const NO_POINTER: *mut c_void = core::ptr::null_mut();

of_array! {
    ndim(a) -> c_int, -1, a.nd;
    dim(a, axis: c_int) -> i64, -1, axis_of(a, axis, a.dimensions);
    stride(a, axis: c_int) -> i64, -1, axis_of(a, axis, a.strides);
    dims(a) -> *mut c_void, NO_POINTER, a.dimensions.cast();
    strides(a) -> *mut c_void, NO_POINTER, a.strides.cast();
    data(a) -> *mut c_void, NO_POINTER, a.data.cast();
    size(a) -> i64, -1, count(a);
    flags(a) -> c_int, -1, a.flags;
    type_number(a) -> c_int, -1, (*a.descr).type_num;
    set_flags(a, flags: c_int) -> c_int, -1, change_flags(a, |old| old | flags);
    clear_flags(a, flags: c_int) -> c_int, -1, change_flags(a, |old| old & !flags);
    element_1(a, i: i64) -> *mut c_void, NO_POINTER, element(a, &[i]);
    element_2(a, i: i64, j: i64) -> *mut c_void, NO_POINTER, element(a, &[i, j]);
    element_3(a, i: i64, j: i64, k: i64) -> *mut c_void, NO_POINTER, element(a, &[i, j, k]);
}

/// What an array has of an axis; as C the functions do not count from the end, but an axis that there is not is an error.
unsafe fn axis_of(a: &PyArray, axis: c_int, of: *mut ffi::Py_ssize_t) -> i64 {
    if !(0..a.nd).contains(&axis) {
        let text = format!("axis {axis} is out of bounds for array of dimension {}", a.nd);
        Python::attach(|py| pyo3::exceptions::PyIndexError::new_err(text).restore(py));
        return -1;
    }
    // SAFETY: there are `nd` of them.
    unsafe { *of.add(axis as usize) as i64 }
}

unsafe fn count(a: &PyArray) -> i64 {
    // SAFETY: there are `nd` extents.
    (0..a.nd as usize).map(|k| unsafe { *a.dimensions.add(k) as i64 }).product()
}

/// `PyArray_GETPTR1` and its kin, which check nothing.
unsafe fn element(a: &PyArray, index: &[i64]) -> *mut c_void {
    let mut offset = 0;
    for (k, i) in index.iter().enumerate().take(a.nd as usize) {
        // SAFETY: there are `nd` strides.
        offset += i * unsafe { *a.strides.add(k) as i64 };
    }
    a.data.wrapping_offset(offset as isize).cast()
}

unsafe fn change_flags(a: &PyArray, change: impl FnOnce(c_int) -> c_int) -> c_int {
    let flags = (&raw const a.flags).cast_mut();
    // SAFETY: a field of a live array, which only holders of the lock write.
    unsafe { flags.write(change(flags.read())) };
    0
}

/// `PyArray_SimpleNewFromData`: an array over memory of the caller's.
///
/// # Safety
/// `dims` leads to `nd` extents; the memory outlives the array; the caller holds the lock.
unsafe extern "C" fn over_data(
    nd: c_int,
    dims: *const i64,
    number: c_int,
    memory: *mut c_void,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe { make(nd, dims, number, |api, descr| api.over(nd, dims, descr, memory)) }
}

/// `PyArray_ZEROS`
///
/// # Safety
/// `dims` leads to `nd` extents, and the caller holds the lock.
unsafe extern "C" fn zeros(nd: c_int, dims: *const i64, number: c_int, fortran: c_int) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe { make(nd, dims, number, |api, descr| api.filled(true, nd, dims, descr, fortran)) }
}

/// `PyArray_EMPTY`
///
/// # Safety
/// As of [`zeros`].
unsafe extern "C" fn empty(nd: c_int, dims: *const i64, number: c_int, fortran: c_int) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe { make(nd, dims, number, |api, descr| api.filled(false, nd, dims, descr, fortran)) }
}

/// `PyArray_SimpleNew`
///
/// # Safety
/// As of [`zeros`].
unsafe extern "C" fn simple_new(nd: c_int, dims: *const i64, number: c_int) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe { empty(nd, dims, number, 0) }
}

/// Makes an array of a type by NumPy's number of it.
unsafe fn make(
    nd: c_int,
    dims: *const i64,
    number: c_int,
    build: impl FnOnce(&numpy::Api, *mut numpy::PyArrayDescr) -> *mut PyObject,
) -> *mut PyObject {
    Python::attach(|py| {
        let api = numpy::api(py);
        if !(0..=MOST_AXES).contains(&nd) || dims.is_null() && nd > 0 {
            PyValueError::new_err(format!("number of dimensions must be within [0, {MOST_AXES}]"))
                .restore(py);
            return core::ptr::null_mut();
        }
        // SAFETY: attached.
        let descr = unsafe { api.descr(number) };
        if descr.is_null() { core::ptr::null_mut() } else { build(api, descr) }
    })
}

/// Flags of an array over memory of C: `NPY_ARRAY_CARRAY`.
pub const OVER_MEMORY: c_int = C_CONTIGUOUS | ALIGNED | WRITEABLE;

/// Names, addresses and types of the functions.
#[pyfunction]
pub fn ndarray_functions() -> Vec<(&'static str, usize, &'static str)> {
    vec![
        ("PyArray_NDIM", ndim as *const () as usize, "fn(@object)int32"),
        ("PyArray_DIM", dim as *const () as usize, "fn(@object,int32)int64"),
        ("PyArray_STRIDE", stride as *const () as usize, "fn(@object,int32)int64"),
        ("PyArray_DIMS", dims as *const () as usize, "fn(@object)*int64"),
        ("PyArray_SHAPE", dims as *const () as usize, "fn(@object)*int64"),
        ("PyArray_STRIDES", strides as *const () as usize, "fn(@object)*int64"),
        ("PyArray_DATA", data as *const () as usize, "fn(@object)*void"),
        ("PyArray_BYTES", data as *const () as usize, "fn(@object)*int8"),
        ("PyArray_SIZE", size as *const () as usize, "fn(@object)int64"),
        ("PyArray_FLAGS", flags as *const () as usize, "fn(@object)int32"),
        ("PyArray_TYPE", type_number as *const () as usize, "fn(@object)int32"),
        ("PyArray_ENABLEFLAGS", set_flags as *const () as usize, "fn(@object,int32)int32"),
        ("PyArray_CLEARFLAGS", clear_flags as *const () as usize, "fn(@object,int32)int32"),
        ("PyArray_GETPTR1", element_1 as *const () as usize, "fn(@object,int64)*void"),
        ("PyArray_GETPTR2", element_2 as *const () as usize, "fn(@object,int64,int64)*void"),
        ("PyArray_GETPTR3", element_3 as *const () as usize, "fn(@object,int64,int64,int64)*void"),
        ("PyArray_ZEROS", zeros as *const () as usize, "fn(int32,*int64,int32,int32)@object"),
        ("PyArray_EMPTY", empty as *const () as usize, "fn(int32,*int64,int32,int32)@object"),
        ("PyArray_SimpleNew", simple_new as *const () as usize, "fn(int32,*int64,int32)@object"),
        ("PyArray_SimpleNewFromData", over_data as *const () as usize, "fn(int32,*int64,int32,*void)@object"),
    ]
}

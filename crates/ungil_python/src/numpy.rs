//! NumPy's C structures and the few functions of its API that the border needs.
//!
//! Array fields are read directly; the layout is the same in every NumPy 1.2x and 2.x. The function table comes
//! from the `_ARRAY_API` capsule, once, when the module is imported.
//! Source: numpy/_core/include/numpy/ndarraytypes.h and numpy/_core/code_generators/numpy_api.py.

use core::ffi::{c_char, c_int, c_void};

use pyo3::ffi::{self, Py_ssize_t, PyObject, PyTypeObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCapsule;
use ungil_ir::types::DType;

/// `PyArrayObject_fields`.
#[repr(C)]
pub struct PyArray {
    pub ob_base: PyObject,
    pub data: *mut u8,
    pub nd: c_int,
    pub dimensions: *mut Py_ssize_t,
    pub strides: *mut Py_ssize_t,
    pub base: *mut PyObject,
    pub descr: *mut PyArrayDescr,
    pub flags: c_int,
    pub weakreflist: *mut PyObject,
    pub buffer_info: *mut c_void,
    pub mem_handler: *mut PyObject,
}

/// The first fields of `PyArray_Descr`, which all versions share.
#[repr(C)]
pub struct PyArrayDescr {
    pub ob_base: PyObject,
    pub typeobj: *mut PyTypeObject,
    pub kind: c_char,
    pub type_char: c_char,
    pub byteorder: c_char,
    pub former_flags: c_char,
    pub type_num: c_int,
}

pub const C_CONTIGUOUS: c_int = 1;
pub const F_CONTIGUOUS: c_int = 2;
pub const OWNDATA: c_int = 4;
pub const WRITEABLE: c_int = 0x400;

/// Number of `NPY_HALF`, and of the types that carry Python objects or text.
pub const HALF: c_int = 23;

/// DType of each of NumPy's type numbers 0 (`NPY_BOOL`) to 15 (`NPY_CDOUBLE`); `None` for long double.
const DTYPES: [Option<DType>; 16] = [
    Some(DType::Bool),
    Some(DType::I8),
    Some(DType::U8),
    Some(DType::I16),
    Some(DType::U16),
    Some(DType::I32),
    Some(DType::U32),
    Some(DType::I64),
    Some(DType::U64),
    Some(DType::I64),
    Some(DType::U64),
    Some(DType::F32),
    Some(DType::F64),
    None,
    Some(DType::C64),
    Some(DType::C128),
];

/// The DType of one of NumPy's type numbers.
#[inline]
pub fn dtype_of_type_num(type_num: c_int) -> Option<DType> {
    DTYPES.get(type_num as usize).copied().flatten()
}

/// NumPy's type number of a DType.
pub const fn type_num(dtype: DType) -> c_int {
    dtype.numpy_number()
}

/// `PyDataMem_Handler` (NEP 49).
#[repr(C)]
pub struct DataMemHandler {
    pub name: [c_char; 127],
    pub version: u8,
    pub ctx: *mut c_void,
    pub malloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    pub calloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    pub realloc: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    pub free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize),
}

type NewFromDescr = unsafe extern "C" fn(
    *mut PyTypeObject,
    *mut PyArrayDescr,
    c_int,
    *const Py_ssize_t,
    *const Py_ssize_t,
    *mut c_void,
    c_int,
    *mut PyObject,
) -> *mut PyObject;

type NewFilled = unsafe extern "C" fn(c_int, *const Py_ssize_t, *mut PyArrayDescr, c_int) -> *mut PyObject;

/// Entry points and types of NumPy.
pub struct Api {
    pub array_type: *mut PyTypeObject,
    pub generic_type: *mut PyTypeObject,
    /// Scalar types by DType number; `long long` is found by [`Api::scalar_dtype`] only.
    scalar_types: [*mut PyTypeObject; 13],
    longlong_types: [*mut PyTypeObject; 2],
    descr_from_type: unsafe extern "C" fn(c_int) -> *mut PyArrayDescr,
    new_from_descr: NewFromDescr,
    set_base_object: unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int,
    scalar: unsafe extern "C" fn(*mut c_void, *mut PyArrayDescr, *mut PyObject) -> *mut PyObject,
    zeros: NewFilled,
    empty: NewFilled,
}

// SAFETY: the table is written once and then only read; what it points at lives as long as NumPy, which is never
// unloaded.
unsafe impl Send for Api {}
// SAFETY: as for `Send`.
unsafe impl Sync for Api {}

static API: PyOnceLock<Api> = PyOnceLock::new();

/// The table. The module's initialisation fills it before anything can ask for it.
#[inline]
pub fn api(py: Python<'_>) -> &'static Api {
    API.get(py).expect("NumPy's function table is loaded when the module is imported")
}

/// Imports NumPy and fills the table.
pub fn load(py: Python<'_>) -> PyResult<()> {
    API.get_or_try_init(py, || read_table(py)).map(|_| ())
}

fn read_table(py: Python<'_>) -> PyResult<Api> {
    let core =
        py.import("numpy._core._multiarray_umath").or_else(|_| py.import("numpy.core._multiarray_umath"))?;
    let capsule = core.getattr("_ARRAY_API")?.cast_into::<PyCapsule>()?;
    let table = capsule.pointer_checked(None)?.as_ptr().cast::<*mut c_void>();
    // SAFETY: the capsule holds NumPy's table of pointers; the numbers below are those of its generated header
    // and never change (NumPy only appends).
    unsafe {
        let at = |i: usize| *table.add(i);
        let ty = |i: usize| at(i).cast::<PyTypeObject>();
        Ok(Api {
            array_type: ty(2),
            generic_type: ty(10),
            scalar_types: [
                ty(8),
                ty(20),
                ty(21),
                ty(22),
                ty(23),
                ty(25),
                ty(26),
                ty(27),
                ty(28),
                ty(30),
                ty(31),
                ty(33),
                ty(34),
            ],
            longlong_types: [ty(24), ty(29)],
            descr_from_type: core::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(c_int) -> *mut PyArrayDescr,
            >(at(45)),
            new_from_descr: core::mem::transmute::<*mut c_void, NewFromDescr>(at(94)),
            set_base_object: core::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int,
            >(at(282)),
            scalar: core::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut c_void, *mut PyArrayDescr, *mut PyObject) -> *mut PyObject,
            >(at(60)),
            zeros: core::mem::transmute::<*mut c_void, NewFilled>(at(183)),
            empty: core::mem::transmute::<*mut c_void, NewFilled>(at(184)),
        })
    }
}

impl Api {
    /// The DType of a NumPy scalar's type, if it is one that kernels know.
    #[inline]
    pub fn scalar_dtype(&self, ty: *mut PyTypeObject) -> Option<DType> {
        if let Some(i) = self.scalar_types.iter().position(|t| *t == ty) {
            return Some(DType::ALL[i]);
        }
        match self.longlong_types.iter().position(|t| *t == ty) {
            Some(0) => Some(DType::I64),
            Some(_) => Some(DType::U64),
            None => None,
        }
    }

    /// The type of NumPy's truth values.
    #[inline]
    pub fn bool_type(&self) -> *mut PyTypeObject {
        self.scalar_types[DType::Bool as usize]
    }

    /// The `numpy.dtype` of a DType; null with an exception set on failure.
    ///
    /// # Safety
    /// The interpreter is attached.
    pub unsafe fn new_descr(&self, dtype: DType) -> *mut PyObject {
        // SAFETY: the caller vouches for the interpreter; the type number is one of NumPy's.
        unsafe { (self.descr_from_type)(type_num(dtype)).cast() }
    }

    /// A new NumPy scalar whose bytes are at `data`; null with an exception set on failure.
    ///
    /// # Safety
    /// The interpreter is attached and `data` points at `dtype.size()` readable bytes.
    pub unsafe fn new_scalar(&self, dtype: DType, data: *const u8) -> *mut PyObject {
        // SAFETY: the caller vouches for `data`; NumPy copies the bytes and the descriptor is released after use.
        unsafe {
            let descr = (self.descr_from_type)(type_num(dtype));
            let object = (self.scalar)(data.cast_mut().cast(), descr, core::ptr::null_mut());
            ffi::Py_DECREF(descr.cast());
            object
        }
    }

    /// A new array over existing memory; null with an exception set on failure.
    ///
    /// # Safety
    /// The interpreter is attached; `shape` and `strides` hold `nd` values that stay inside the memory at `data`, which
    /// must outlive the array (the caller sets a base or an owner).
    pub unsafe fn new_array(
        &self,
        dtype: DType,
        nd: usize,
        shape: *const i64,
        strides: *const i64,
        data: *mut u8,
        flags: c_int,
    ) -> *mut PyObject {
        // SAFETY: as the caller vouches; the function takes over the descriptor's reference.
        unsafe {
            let descr = (self.descr_from_type)(type_num(dtype));
            (self.new_from_descr)(
                self.array_type,
                descr,
                nd as c_int,
                shape.cast(),
                strides.cast(),
                data.cast(),
                flags,
                core::ptr::null_mut(),
            )
        }
    }

    /// The descriptor of one of NumPy's type numbers; null with an exception set if there is none.
    ///
    /// # Safety
    /// The interpreter is attached.
    pub unsafe fn descr(&self, type_num: c_int) -> *mut PyArrayDescr {
        // SAFETY: as the caller vouches.
        unsafe { (self.descr_from_type)(type_num) }
    }

    /// A new array with memory of its own, of zeros or of anything; null with an exception set on failure.
    ///
    /// # Safety
    /// The interpreter is attached, `dims` leads to `nd` extents, and the descriptor's reference is given up.
    pub unsafe fn filled(
        &self,
        with_zeros: bool,
        nd: c_int,
        dims: *const i64,
        descr: *mut PyArrayDescr,
        fortran: c_int,
    ) -> *mut PyObject {
        let make = if with_zeros { self.zeros } else { self.empty };
        // SAFETY: as the caller vouches.
        unsafe { make(nd, dims.cast(), descr, fortran) }
    }

    /// A new array over memory of C, one element behind the other; null with an exception set on failure.
    ///
    /// # Safety
    /// As of [`Api::filled`]; the memory outlives the array.
    pub unsafe fn over(
        &self,
        nd: c_int,
        dims: *const i64,
        descr: *mut PyArrayDescr,
        memory: *mut c_void,
    ) -> *mut PyObject {
        let (strides, flags) = (core::ptr::null(), crate::object::ndarray_api::OVER_MEMORY);
        // SAFETY: as the caller vouches.
        unsafe {
            (self.new_from_descr)(
                self.array_type,
                descr,
                nd,
                dims.cast(),
                strides,
                memory,
                flags,
                core::ptr::null_mut(),
            )
        }
    }

    /// Makes `base` (whose reference is taken over) keep `array`'s memory alive.
    ///
    /// # Safety
    /// The interpreter is attached; `array` is a new array without base.
    pub unsafe fn set_base(&self, array: *mut PyObject, base: *mut PyObject) -> c_int {
        // SAFETY: as the caller vouches.
        unsafe { (self.set_base_object)(array, base) }
    }
}

//! NumPy's C structure of ufuncs and the functions of its API that make them.
//!
//! The table comes from the `_UFUNC_API` capsule. Source: numpy/_core/include/numpy/ufuncobject.h and the generated
//! `__ufunc_api.h`; NumPy only appends to both.

use core::ffi::{c_char, c_int, c_void};

use pyo3::ffi::{PyObject, PyTypeObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCapsule;

/// A loop: pointers to the operands, extents, strides, the loop's own data.
pub type InnerLoop = unsafe extern "C" fn(*mut *mut u8, *const isize, *const isize, *mut c_void);

/// `PyUFuncObject` up to the flags of the iterator.
#[repr(C)]
pub struct PyUFunc {
    pub ob_base: PyObject,
    pub nin: c_int,
    pub nout: c_int,
    pub nargs: c_int,
    pub identity: c_int,
    pub functions: *const InnerLoop,
    pub data: *const *mut c_void,
    pub ntypes: c_int,
    pub reserved1: c_int,
    pub name: *const c_char,
    pub types: *const c_char,
    pub doc: *const c_char,
    pub ptr: *mut c_void,
    /// Kept alive by the ufunc.
    pub obj: *mut PyObject,
    pub userloops: *mut PyObject,
    pub core_enabled: c_int,
    pub core_num_dim_ix: c_int,
    pub core_num_dims: *mut c_int,
    pub core_dim_ixs: *mut c_int,
    pub core_offsets: *mut c_int,
    pub core_signature: *mut c_char,
    pub type_resolver: *mut c_void,
    pub dict: *mut PyObject,
    pub vectorcall: *mut c_void,
    pub reserved3: *mut c_void,
    /// Flags of the iterator for each operand.
    pub op_flags: *mut u32,
    pub iter_flags: u32,
}

/// An input that the loop writes to: `NPY_ITER_READWRITE | NBO | ALIGNED | UPDATEIFCOPY`.
pub const WRITABLE_INPUT: u32 = 0x0099_0000;

/// A result of a generalised function: `NPY_ITER_WRITEONLY | ALIGNED | UPDATEIFCOPY | ALLOCATE | NO_SUBTYPE | NO_BROADCAST`, as for
/// `np.matmul`. The default also assumes that results are elementwise, so that operands they overlap would not be copied.
pub const CORE_RESULT: u32 = 0x0b94_0000;

/// `PyUFunc_IdentityValue`, `PyUFunc_ReorderableNone`, `PyUFunc_None`.
pub const IDENTITY_VALUE: c_int = -3;
pub const IDENTITY_REORDERABLE: c_int = -2;
pub const IDENTITY_NONE: c_int = -1;

type FromFuncAndData = unsafe extern "C" fn(
    *const InnerLoop,
    *const *mut c_void,
    *const c_char,
    c_int,
    c_int,
    c_int,
    c_int,
    *const c_char,
    *const c_char,
    c_int,
    *const c_char,
    *mut PyObject,
) -> *mut PyObject;

/// Entry points and types.
pub struct Api {
    pub ufunc_type: *mut PyTypeObject,
    /// `PyUFunc_FromFuncAndDataAndSignatureAndIdentity`.
    pub from_func_and_data: FromFuncAndData,
}

// SAFETY: the table is written once and then only read; what it points at lives as long as NumPy.
unsafe impl Send for Api {}
// SAFETY: as for `Send`.
unsafe impl Sync for Api {}

static API: PyOnceLock<Api> = PyOnceLock::new();

/// The table, read when it is first needed.
pub fn api(py: Python<'_>) -> PyResult<&'static Api> {
    API.get_or_try_init(py, || {
        let core = py.import("numpy._core._multiarray_umath")?;
        let capsule = core.getattr("_UFUNC_API")?.cast_into::<PyCapsule>()?;
        let table = capsule.pointer_checked(None)?.as_ptr().cast::<*mut c_void>();
        // SAFETY: the capsule holds NumPy's table of pointers; the numbers are those of its generated header.
        unsafe {
            Ok(Api {
                ufunc_type: (*table).cast(),
                from_func_and_data: core::mem::transmute::<*mut c_void, FromFuncAndData>(*table.add(42)),
            })
        }
    })
}

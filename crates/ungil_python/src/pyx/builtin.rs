//! Functions that are builtins, as `binding=False` asks for: they bind to no object and have no signature.

use core::ptr::null_mut;
use std::ffi::CString;

use pyo3::ffi::{self, Py_ssize_t, PyObject};
use pyo3::prelude::*;

/// A builtin that calls a dispatcher.
#[pyfunction]
pub fn make_builtin<'py>(dispatcher: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let text = |name: &str| -> PyResult<Option<CString>> {
        let value = dispatcher.getattr(name)?;
        Ok(if value.is_none() { None } else { Some(CString::new(value.extract::<String>()?)?) })
    };
    let (name, doc) = (text("__name__")?.unwrap_or_default(), text("__doc__")?);
    // Python keeps the address as long as the builtin lives, which is as long as its module in all likelihood.
    let method = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.into_raw(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: call },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc.map_or(core::ptr::null(), |doc| doc.into_raw().cast_const()),
    }));
    // SAFETY: attached; the definition is never freed.
    unsafe {
        let made = ffi::PyCFunction_NewEx(method, dispatcher.as_ptr(), null_mut());
        Bound::from_owned_ptr_or_err(dispatcher.py(), made)
    }
}

unsafe extern "C" fn call(
    dispatcher: *mut PyObject,
    args: *const *mut PyObject,
    n: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the protocol of such builtins, whose object is the dispatcher.
    unsafe { ffi::PyObject_Vectorcall(dispatcher, args, n as usize, names) }
}

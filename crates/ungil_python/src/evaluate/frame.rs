//! Names in a caller's frame.
//!
//! A formula's variables are looked up where `evaluate` was called: local variables, then globals. In Python 3.11 a
//! frame's dictionary of locals would keep every local alive until the function returns; there, locals are read from
//! the frame itself.
//! Source: CPython 3.11, Include/internal/pycore_frame.h, Objects/frameobject.c; PEP 667.

use pyo3::ffi::{self, PyFrameObject, PyObject};
use pyo3::prelude::*;

unsafe extern "C" {
    fn PyFrame_GetLocals(frame: *mut PyFrameObject) -> *mut PyObject;
    fn PyFrame_GetGlobals(frame: *mut PyFrameObject) -> *mut PyObject;
    #[cfg(Py_3_12)]
    fn PyFrame_GetVar(frame: *mut PyFrameObject, name: *mut PyObject) -> *mut PyObject;
}

/// A frame of Python code.
pub struct Frame<'py> {
    frame: Bound<'py, PyAny>,
    /// Locals of a module or a class.
    locals: Option<Bound<'py, PyAny>>,
}

impl<'py> Frame<'py> {
    /// The frame `depth` calls above the one that called into this module.
    pub fn caller(py: Python<'py>, depth: usize) -> PyResult<Frame<'py>> {
        // SAFETY: attached; the current frame is borrowed, the others are new references.
        let frame = unsafe {
            let mut frame: Option<Bound<'py, PyAny>> =
                Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast());
            for _ in 0..depth {
                frame = frame.and_then(|f| {
                    Bound::from_owned_ptr_or_opt(py, ffi::PyFrame_GetBack(f.as_ptr().cast()).cast())
                });
            }
            frame
        };
        let frame =
            frame.ok_or_else(|| pyo3::exceptions::PyValueError::new_err("call stack is not deep enough"))?;
        let mut this = Frame { frame, locals: None };
        if !this.is_function()? {
            // SAFETY: attached; a new reference.
            let locals = unsafe { Bound::from_owned_ptr_or_err(py, PyFrame_GetLocals(this.ptr()))? };
            this.locals = Some(locals);
        }
        Ok(this)
    }

    fn ptr(&self) -> *mut PyFrameObject {
        self.frame.as_ptr().cast()
    }

    /// Whether locals are a function's, which are no dictionary.
    #[cfg(not(Py_3_12))]
    fn is_function(&self) -> PyResult<bool> {
        // SAFETY: attached; a live frame in the layout of 3.11.
        unsafe {
            let inner = (*self.ptr().cast::<layout::Frame>()).inner;
            Ok((*(*inner).code).flags & ffi::CO_OPTIMIZED != 0)
        }
    }

    /// Whether locals are a function's, which are no dictionary.
    #[cfg(Py_3_12)]
    fn is_function(&self) -> PyResult<bool> {
        let py = self.frame.py();
        // SAFETY: attached; every frame has a code object, of which a reference is returned.
        let code = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyFrame_GetCode(self.ptr()).cast())? };
        let flags: i32 = code.getattr(pyo3::intern!(py, "co_flags"))?.extract()?;
        Ok(flags & ffi::CO_OPTIMIZED != 0)
    }

    /// The frame's globals.
    pub fn globals(&self) -> Bound<'py, PyAny> {
        // SAFETY: attached; a new reference that is never null.
        unsafe { Bound::from_owned_ptr(self.frame.py(), PyFrame_GetGlobals(self.ptr())) }
    }

    /// The local variable of a name.
    pub fn local(&self, name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.locals {
            Some(locals) => item(locals, name),
            None => self.fast_local(name),
        }
    }

    #[cfg(Py_3_12)]
    fn fast_local(&self, name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.frame.py();
        // SAFETY: attached; a frame and a string; a new reference, or null with NameError set.
        match unsafe { Bound::from_owned_ptr_or_err(py, PyFrame_GetVar(self.ptr(), name.as_ptr())) } {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyNameError>(py) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(not(Py_3_12))]
    fn fast_local(&self, name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // SAFETY: the frame is one of a function; the layouts are those of 3.11, the one version before 3.12 that is
        // supported. Names in code objects are interned, and so is `name`; slots hold references or null.
        unsafe {
            let inner = (*self.ptr().cast::<layout::Frame>()).inner;
            let code = (*inner).code;
            let names = (*code).names;
            for i in 0..ffi::PyTuple_GET_SIZE(names) {
                if ffi::PyTuple_GET_ITEM(names, i) != name.as_ptr() {
                    continue;
                }
                let slot = *(&raw const (*inner).locals).cast::<*mut PyObject>().offset(i);
                let kinds = ffi::PyBytes_AsString((*code).kinds).cast::<u8>();
                let is_cell = *kinds.offset(i) & (layout::CELL | layout::FREE) != 0;
                let value = if !slot.is_null() && is_cell && ffi::PyCell_Check(slot) != 0 {
                    ffi::PyCell_Get(slot)
                } else {
                    ffi::Py_XINCREF(slot);
                    slot
                };
                return Ok(Bound::from_owned_ptr_or_opt(self.frame.py(), value));
            }
        }
        Ok(None)
    }
}

/// The value of a key in a mapping, if it has one.
pub fn item<'py>(map: &Bound<'py, PyAny>, name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Ok(dict) = map.cast_exact::<pyo3::types::PyDict>() {
        return dict.get_item(name);
    }
    match map.get_item(name) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyKeyError>(map.py()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Frames of Python 3.11.
#[cfg(not(Py_3_12))]
mod layout {
    use pyo3::ffi::{PyObject, PyVarObject};

    pub const CELL: u8 = 0x40;
    pub const FREE: u8 = 0x80;

    #[repr(C)]
    pub struct Frame {
        _ob_base: PyObject,
        _back: *mut Frame,
        pub inner: *mut Inner,
    }

    #[repr(C)]
    pub struct Inner {
        _func: *mut PyObject,
        _globals: *mut PyObject,
        _builtins: *mut PyObject,
        _locals: *mut PyObject,
        pub code: *mut Code,
        _frame: *mut Frame,
        _previous: *mut Inner,
        _prev_instr: *mut u16,
        _stacktop: i32,
        _is_entry: bool,
        _owner: i8,
        pub locals: [*mut PyObject; 1],
    }

    #[repr(C)]
    pub struct Code {
        _ob_base: PyVarObject,
        _consts: *mut PyObject,
        _names: *mut PyObject,
        _exceptions: *mut PyObject,
        pub flags: i32,
        _warmup: i16,
        _entry_size: i16,
        _counts: [i32; 10],
        /// Names of locals, cells and free variables.
        pub names: *mut PyObject,
        /// Their kinds, one byte each.
        pub kinds: *mut PyObject,
    }
}

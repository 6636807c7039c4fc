//! Entries for exceptions and tracebacks.

use core::ptr::null_mut;

use pyo3::ffi::{self, PyObject};
use ungil_abi::exception::ExcClass;

use super::operate::{O, entries, new_reference};
use super::table::{GLOBALS, PLACE, Place};

entries! {
    /// Adds the function's frame to the traceback of the exception that is set.
    fn traceback(table: *const O, line: i64) {
        let place = &*(*table.add(PLACE)).cast::<Place>();
        let (mut class, mut value, mut trace) = (null_mut(), null_mut(), null_mut());
        ffi::PyErr_Fetch(&raw mut class, &raw mut value, &raw mut trace);
        let code = ffi::PyCode_NewEmpty(place.file.as_ptr(), place.name.as_ptr(), line as i32);
        let mut frame = null_mut();
        if !code.is_null() {
            frame = ffi::PyFrame_New(ffi::PyThreadState_Get(), code, *table.add(GLOBALS), null_mut());
            ffi::Py_DECREF(code.cast());
        }
        // What goes wrong here must not hide the exception.
        ffi::PyErr_Clear();
        ffi::PyErr_Restore(class, value, trace);
        if !frame.is_null() {
            ffi::PyTraceBack_Here(frame);
            ffi::Py_DECREF(frame.cast::<PyObject>());
        }
    }

    fn unbound(name: O) {
        let text = c"local variable '%U' referenced before assignment";
        ffi::PyErr_Format(ffi::PyExc_UnboundLocalError, text.as_ptr(), name);
    }

    fn raise(class: i64, text: O) {
        let builtins = ffi::PyEval_GetBuiltins();
        let name = ExcClass::NAMES.get(class as usize).copied().unwrap_or("SystemError");
        let key = ffi::PyUnicode_FromStringAndSize(name.as_ptr().cast(), name.len() as isize);
        let found = if key.is_null() { key } else { ffi::PyObject_GetItem(builtins, key) };
        ffi::Py_XDECREF(key);
        if !found.is_null() {
            ffi::PyErr_SetObject(found, text);
            ffi::Py_DECREF(found);
        }
    }

    /// `raise exc from cause`.
    fn raise_object(exc: O, cause: O, has_cause: i64) {
        let is_class = ffi::PyExceptionClass_Check(exc) != 0;
        let value = if is_class {
            let made = ffi::PyObject_CallNoArgs(exc);
            if made.is_null() {
                return;
            }
            made
        } else {
            new_reference(exc)
        };
        if ffi::PyExceptionInstance_Check(value) == 0 {
            let text = if is_class {
                c"calling a class did not give an exception"
            } else {
                c"raise: exception class must be a subclass of BaseException"
            };
            ffi::PyErr_SetString(ffi::PyExc_TypeError, text.as_ptr());
            ffi::Py_DECREF(value);
            return;
        }
        if has_cause != 0 && !set_cause(value, cause) {
            ffi::Py_DECREF(value);
            return;
        }
        ffi::PyErr_SetObject(ffi::Py_TYPE(value).cast(), value);
        ffi::Py_DECREF(value);
    }

    /// `raise` alone.
    fn reraise() {
        let (mut class, mut value, mut trace) = (null_mut(), null_mut(), null_mut());
        ffi::PyErr_GetExcInfo(&raw mut class, &raw mut value, &raw mut trace);
        if value.is_null() || value == ffi::Py_None() {
            ffi::Py_XDECREF(class);
            ffi::Py_XDECREF(value);
            ffi::Py_XDECREF(trace);
            ffi::PyErr_SetString(ffi::PyExc_RuntimeError, c"No active exception to reraise".as_ptr());
            return;
        }
        ffi::PyErr_Restore(class, value, trace);
    }

    fn fail_assertion(message: O) {
        if message.is_null() {
            ffi::PyErr_SetNone(ffi::PyExc_AssertionError);
        } else {
            let made = ffi::PyObject_CallFunctionObjArgs(ffi::PyExc_AssertionError, message, null_mut::<PyObject>());
            if !made.is_null() {
                ffi::PyErr_SetObject(ffi::PyExc_AssertionError, made);
                ffi::Py_DECREF(made);
            }
        }
    }
}

/// Sets the cause of an exception; `false` with an exception set.
unsafe fn set_cause(value: O, cause: O) -> bool {
    // SAFETY: live objects, as the caller vouches; the setter takes a reference.
    unsafe {
        let cause = if cause == ffi::Py_None() {
            null_mut()
        } else if ffi::PyExceptionClass_Check(cause) != 0 {
            let made = ffi::PyObject_CallNoArgs(cause);
            if made.is_null() {
                return false;
            }
            made
        } else if ffi::PyExceptionInstance_Check(cause) != 0 {
            new_reference(cause)
        } else {
            let text = c"exception causes must derive from BaseException";
            ffi::PyErr_SetString(ffi::PyExc_TypeError, text.as_ptr());
            return false;
        };
        ffi::PyException_SetCause(value, cause);
    }
    true
}

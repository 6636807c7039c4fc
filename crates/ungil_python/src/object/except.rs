//! Entries for exceptions and tracebacks.

use core::ptr::null_mut;

use pyo3::ffi::{self, PyObject};
use ungil_abi::exception::ExcClass;

use super::access::OFFSET;
use super::operate::{O, entries, new_reference};
use super::table::{GLOBALS, PLACE, Place};

entries! {
    /// Adds the function's frame to the traceback of the exception that is set.
    fn traceback(table: *const O, line: i64) { add_frame(table, line) }

    /// The exception that is set is handled from now on.
    fn catch(table: *const O, line: i64, before: *mut O) -> O {
        add_frame(table, line);
        let (mut class, mut value, mut trace) = (null_mut(), null_mut(), null_mut());
        ffi::PyErr_Fetch(&raw mut class, &raw mut value, &raw mut trace);
        ffi::PyErr_NormalizeException(&raw mut class, &raw mut value, &raw mut trace);
        if !trace.is_null() {
            ffi::PyException_SetTraceback(value, trace);
        }
        let (mut old_class, mut old, mut old_trace) = (null_mut(), null_mut(), null_mut());
        ffi::PyErr_GetExcInfo(&raw mut old_class, &raw mut old, &raw mut old_trace);
        ffi::Py_XDECREF(old_class);
        ffi::Py_XDECREF(old_trace);
        before.write(old);
        ffi::Py_INCREF(value);
        ffi::PyErr_SetExcInfo(class, value, trace);
        value
    }

    fn uncatch(before: O) {
        if before.is_null() || before == ffi::Py_None() {
            ffi::Py_XDECREF(before);
            ffi::PyErr_SetExcInfo(null_mut(), null_mut(), null_mut());
        } else {
            let class = new_reference(ffi::Py_TYPE(before).cast());
            ffi::PyErr_SetExcInfo(class, before, ffi::PyException_GetTraceback(before));
        }
    }

    fn matches(exception: O, class: O) -> i64 {
        let is_class = |c: O| ffi::PyExceptionClass_Check(c) != 0;
        let fits = if ffi::PyTuple_Check(class) != 0 {
            (0..ffi::PyTuple_GET_SIZE(class)).all(|i| is_class(ffi::PyTuple_GET_ITEM(class, i)))
        } else {
            is_class(class)
        };
        if !fits {
            let text = c"catching classes that do not inherit from BaseException is not allowed";
            ffi::PyErr_SetString(ffi::PyExc_TypeError, text.as_ptr());
            return -1;
        }
        i64::from(ffi::PyErr_GivenExceptionMatches(exception, class))
    }

    fn restore(exception: O) {
        let class = new_reference(ffi::Py_TYPE(exception).cast());
        ffi::PyErr_Restore(class, exception, ffi::PyException_GetTraceback(exception));
    }

    fn import(table: *const O, name: O, names: O, level: i64) -> O {
        let names = if names.is_null() { ffi::Py_None() } else { names };
        let globals = *table.add(GLOBALS);
        ffi::PyImport_ImportModuleLevelObject(name, globals, ffi::Py_None(), names, level as i32)
    }

    fn import_from(module: O, name: O) -> O {
        let found = ffi::PyObject_GetAttr(module, name);
        if !found.is_null() || ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0 {
            return found;
        }
        ffi::PyErr_Clear();
        // A module that is being imported has no attribute for its part yet.
        let package = ffi::PyObject_GetAttrString(module, c"__name__".as_ptr());
        let path = if package.is_null() {
            null_mut()
        } else {
            ffi::PyUnicode_FromFormat(c"%U.%U".as_ptr(), package, name)
        };
        let found = if path.is_null() { path } else { ffi::PyImport_GetModule(path) };
        ffi::Py_XDECREF(package);
        ffi::Py_XDECREF(path);
        if found.is_null() {
            ffi::PyErr_Clear();
            ffi::PyErr_Format(ffi::PyExc_ImportError, c"cannot import name %S".as_ptr(), name);
        }
        found
    }

    /// As Python looks special methods up: in the class.
    fn enter(manager: O, exit: *mut O) -> O {
        let found = special(manager, c"__exit__");
        if found.is_null() {
            return found;
        }
        let function = special(manager, c"__enter__");
        let entered = if function.is_null() { null_mut() } else { ffi::PyObject_CallNoArgs(function) };
        ffi::Py_XDECREF(function);
        if entered.is_null() {
            ffi::Py_DECREF(found);
            return entered;
        }
        exit.write(found);
        entered
    }

    fn exit(function: O, exception: O) -> i64 {
        let none = ffi::Py_None();
        let (class, trace) = if exception.is_null() {
            (none, null_mut())
        } else {
            (ffi::Py_TYPE(exception).cast(), ffi::PyException_GetTraceback(exception))
        };
        let args = [
            null_mut(),
            class,
            if exception.is_null() { none } else { exception },
            if trace.is_null() { none } else { trace },
        ];
        let result = ffi::PyObject_Vectorcall(function, args.as_ptr().add(1), 3 | OFFSET, null_mut());
        ffi::Py_XDECREF(trace);
        if result.is_null() {
            return -1;
        }
        let truth = if exception.is_null() { 0 } else { ffi::PyObject_IsTrue(result) };
        ffi::Py_DECREF(result);
        i64::from(truth)
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

    fn warn(text: O) -> i64 {
        let text = ffi::PyUnicode_AsUTF8(text);
        if text.is_null() { -1 } else { i64::from(ffi::PyErr_WarnEx(ffi::PyExc_RuntimeWarning, text, 1)) }
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

/// Adds a function's frame to the traceback of the exception that is set; a negative line: it is there.
unsafe fn add_frame(table: *const O, line: i64) {
    if line < 0 {
        return;
    }
    // SAFETY: a function's table, while attached, as the caller vouches.
    unsafe {
        let place = &*(*table.add(PLACE)).cast::<Place>();
        let (mut class, mut value, mut trace) = (null_mut(), null_mut(), null_mut());
        ffi::PyErr_Fetch(&raw mut class, &raw mut value, &raw mut trace);
        let code = place.code(line);
        let mut frame = null_mut();
        if !code.is_null() {
            frame = ffi::PyFrame_New(ffi::PyThreadState_Get(), code.cast(), *table.add(GLOBALS), null_mut());
        }
        // What goes wrong here must not hide the exception.
        ffi::PyErr_Clear();
        ffi::PyErr_Restore(class, value, trace);
        if !frame.is_null() {
            ffi::PyTraceBack_Here(frame);
            ffi::Py_DECREF(frame.cast::<PyObject>());
        }
    }
}

/// A special method of an object.
unsafe fn special(object: O, name: &core::ffi::CStr) -> O {
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let found = ffi::PyObject_GetAttrString(class.cast(), name.as_ptr());
        if found.is_null() {
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) != 0 {
                ffi::PyErr_Clear();
                ffi::PyErr_SetString(ffi::PyExc_AttributeError, name.as_ptr());
            }
            return null_mut();
        }
        match (*ffi::Py_TYPE(found)).tp_descr_get {
            Some(get) => {
                let bound = get(found, object, class.cast());
                ffi::Py_DECREF(found);
                bound
            }
            None => found,
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

//! Entries for names, attributes, items and calls.

use core::ptr::null_mut;

use pyo3::ffi::{self, Py_ssize_t};

use super::operate::{O, entries, new_reference};
use super::table::{BUILTINS, GLOBALS};

/// What tells a callee that the word in front of its arguments is free.
pub const OFFSET: usize = 1 << (usize::BITS - 1);

entries! {
    fn global(table: *const O, number: i64) -> O {
        let name = *table.add(number as usize);
        for at in [GLOBALS, BUILTINS] {
            let found = ffi::PyDict_GetItemWithError(*table.add(at), name);
            if !found.is_null() {
                return new_reference(found);
            }
            if !ffi::PyErr_Occurred().is_null() {
                return null_mut();
            }
        }
        ffi::PyErr_Format(ffi::PyExc_NameError, c"name '%U' is not defined".as_ptr(), name);
        null_mut()
    }

    fn set_global(table: *const O, name: O, value: O) -> i64 {
        i64::from(ffi::PyDict_SetItem(*table.add(GLOBALS), name, value))
    }

    fn del_global(table: *const O, name: O) -> i64 {
        let result = ffi::PyDict_DelItem(*table.add(GLOBALS), name);
        if result < 0 && ffi::PyErr_ExceptionMatches(ffi::PyExc_KeyError) != 0 {
            ffi::PyErr_Clear();
            ffi::PyErr_Format(ffi::PyExc_NameError, c"name '%U' is not defined".as_ptr(), name);
        }
        i64::from(result)
    }

    fn get_attr(object: O, name: O) -> O { ffi::PyObject_GetAttr(object, name) }

    fn set_attr(object: O, name: O, value: O) -> i64 { i64::from(ffi::PyObject_SetAttr(object, name, value)) }

    fn del_attr(object: O, name: O) -> i64 { i64::from(ffi::PyObject_SetAttr(object, name, null_mut())) }

    fn get_item(object: O, key: O) -> O {
        if ffi::PyDict_CheckExact(object) != 0 {
            let found = ffi::PyDict_GetItemWithError(object, key);
            if !found.is_null() || !ffi::PyErr_Occurred().is_null() {
                return new_reference(found);
            }
        }
        ffi::PyObject_GetItem(object, key)
    }

    fn get_item_int(object: O, index: i64) -> O {
        if ffi::PyList_CheckExact(object) != 0 {
            let n = ffi::PyList_GET_SIZE(object) as i64;
            let at = if index < 0 { index + n } else { index };
            if (0..n).contains(&at) {
                return new_reference(ffi::PyList_GET_ITEM(object, at as Py_ssize_t));
            }
        } else if ffi::PyTuple_CheckExact(object) != 0 {
            let n = ffi::PyTuple_GET_SIZE(object) as i64;
            let at = if index < 0 { index + n } else { index };
            if (0..n).contains(&at) {
                return new_reference(ffi::PyTuple_GET_ITEM(object, at as Py_ssize_t));
            }
        }
        let key = ffi::PyLong_FromLongLong(index);
        if key.is_null() {
            return key;
        }
        let item = ffi::PyObject_GetItem(object, key);
        ffi::Py_DECREF(key);
        item
    }

    fn set_item(object: O, key: O, value: O) -> i64 {
        i64::from(if ffi::PyDict_CheckExact(object) != 0 {
            ffi::PyDict_SetItem(object, key, value)
        } else {
            ffi::PyObject_SetItem(object, key, value)
        })
    }

    fn get(object: O, key: O, default: O) -> O {
        if ffi::PyDict_CheckExact(object) != 0 {
            let found = ffi::PyDict_GetItemWithError(object, key);
            if found.is_null() && !ffi::PyErr_Occurred().is_null() {
                return null_mut();
            }
            let default = if default.is_null() { ffi::Py_None() } else { default };
            return new_reference(if found.is_null() { default } else { found });
        }
        let name = ffi::PyUnicode_InternFromString(c"get".as_ptr());
        if name.is_null() {
            return name;
        }
        let args = [null_mut(), object, key, default];
        let n = if default.is_null() { 2 } else { 3 };
        let result = ffi::PyObject_VectorcallMethod(name, args.as_ptr().add(1), n | OFFSET, null_mut());
        ffi::Py_DECREF(name);
        result
    }

    fn set_item_int(object: O, index: i64, value: O) -> i64 {
        if ffi::PyList_CheckExact(object) != 0 {
            let n = ffi::PyList_GET_SIZE(object) as i64;
            let at = if index < 0 { index + n } else { index };
            if (0..n).contains(&at) {
                let old = ffi::PyList_GET_ITEM(object, at as Py_ssize_t);
                ffi::Py_INCREF(value);
                ffi::PyList_SET_ITEM(object, at as Py_ssize_t, value);
                ffi::Py_DECREF(old);
                return 0;
            }
        }
        let key = ffi::PyLong_FromLongLong(index);
        if key.is_null() {
            return -1;
        }
        let status = ffi::PyObject_SetItem(object, key, value);
        ffi::Py_DECREF(key);
        i64::from(status)
    }

    fn del_item(object: O, key: O) -> i64 { i64::from(ffi::PyObject_DelItem(object, key)) }

    fn slice(lower: O, upper: O, step: O) -> O { ffi::PySlice_New(lower, upper, step) }

    fn len(object: O) -> i64 { ffi::PyObject_Size(object) as i64 }

    fn call(function: O, args: *const O, n: i64, names: O) -> O {
        ffi::PyObject_Vectorcall(function, args, n as usize | OFFSET, names)
    }

    fn call_method(name: O, args: *const O, n: i64, names: O) -> O {
        ffi::PyObject_VectorcallMethod(name, args, n as usize | OFFSET, names)
    }

    fn call_ex(function: O, args: O, keywords: O) -> O { ffi::PyObject_Call(function, args, keywords) }

    fn append(object: O, value: O) -> O {
        if ffi::PyList_CheckExact(object) != 0 {
            let status = ffi::PyList_Append(object, value);
            return if status < 0 { null_mut() } else { new_reference(ffi::Py_None()) };
        }
        let name = ffi::PyUnicode_InternFromString(c"append".as_ptr());
        if name.is_null() {
            return name;
        }
        let args = [null_mut(), object, value];
        let result = ffi::PyObject_VectorcallMethod(name, args.as_ptr().add(1), 2 | OFFSET, null_mut());
        ffi::Py_DECREF(name);
        result
    }
}

//! Entries for `match` statements, after CPython's `ceval.c`.

use core::ptr::null_mut;

use pyo3::ffi;

use super::operate::{O, entries, new_reference};

/// Flags of types that patterns of sequences and mappings fit (`Py_TPFLAGS_SEQUENCE`, `Py_TPFLAGS_MAPPING`).
const FLAGS: [core::ffi::c_ulong; 2] = [1 << 5, 1 << 6];
/// Of types whose objects a positional pattern captures whole (`_Py_TPFLAGS_MATCH_SELF`).
const MATCH_SELF: core::ffi::c_ulong = 1 << 22;

entries! {
    fn is_pattern(object: O, kind: i64) -> i64 {
        i64::from(ffi::PyType_GetFlags(ffi::Py_TYPE(object)) & FLAGS[(kind & 1) as usize] != 0)
    }

    fn match_keys(mapping: O, keys: O) -> O {
        let n = ffi::PyTuple_GET_SIZE(keys);
        let values = ffi::PyTuple_New(n);
        if values.is_null() {
            return values;
        }
        let found = fill(mapping, keys, values);
        if found > 0 {
            return values;
        }
        ffi::Py_DECREF(values);
        if found < 0 { null_mut() } else { new_reference(ffi::Py_None()) }
    }

    fn match_rest(mapping: O, keys: O) -> O {
        let rest = ffi::PyDict_New();
        if rest.is_null() {
            return rest;
        }
        let mut failed = ffi::PyDict_Update(rest, mapping) < 0;
        for i in 0..ffi::PyTuple_GET_SIZE(keys) {
            failed = failed || ffi::PyDict_DelItem(rest, ffi::PyTuple_GET_ITEM(keys, i)) < 0;
        }
        if failed {
            ffi::Py_DECREF(rest);
            return null_mut();
        }
        rest
    }

    fn match_class(subject: O, class: O, count: i64, names: O) -> O {
        if ffi::PyType_Check(class) == 0 {
            let text = c"called match pattern must be a type";
            ffi::PyErr_SetString(ffi::PyExc_TypeError, text.as_ptr());
            return null_mut();
        }
        match ffi::PyObject_IsInstance(subject, class) {
            1 => {}
            0 => return new_reference(ffi::Py_None()),
            _ => return null_mut(),
        }
        let found = ffi::PyList_New(0);
        let seen = ffi::PySet_New(null_mut());
        let status = if found.is_null() || seen.is_null() {
            -1
        } else {
            match positional(subject, class, count, found, seen) {
                1 => keywords(subject, class, names, found, seen),
                other => other,
            }
        };
        let result = match status {
            1 => ffi::PyList_AsTuple(found),
            0 => new_reference(ffi::Py_None()),
            _ => null_mut(),
        };
        ffi::Py_XDECREF(found);
        ffi::Py_XDECREF(seen);
        result
    }
}

/// Puts the values of keys into a tuple: 1, 0 if one is missing, −1 with an exception set.
unsafe fn fill(mapping: O, keys: O, values: O) -> i64 {
    // SAFETY: live objects, as the caller vouches; what is made is released.
    unsafe {
        let n = ffi::PyTuple_GET_SIZE(keys);
        let seen = ffi::PySet_New(null_mut());
        let get = ffi::PyObject_GetAttrString(mapping, c"get".as_ptr());
        let missing = ffi::PyList_New(0);
        let mut status = if seen.is_null() || get.is_null() || missing.is_null() { -1 } else { 1 };
        for i in 0..n {
            if status != 1 {
                break;
            }
            let key = ffi::PyTuple_GET_ITEM(keys, i);
            match ffi::PySet_Contains(seen, key) {
                0 => {}
                1 => {
                    let text = c"mapping pattern checks duplicate key (%R)";
                    ffi::PyErr_Format(ffi::PyExc_ValueError, text.as_ptr(), key);
                    status = -1;
                    break;
                }
                _ => {
                    status = -1;
                    break;
                }
            }
            if ffi::PySet_Add(seen, key) < 0 {
                status = -1;
                break;
            }
            let value = ffi::PyObject_CallFunctionObjArgs(get, key, missing, null_mut::<ffi::PyObject>());
            if value.is_null() {
                status = -1;
            } else if value == missing {
                ffi::Py_DECREF(value);
                status = 0;
            } else {
                ffi::PyTuple_SET_ITEM(values, i, value);
            }
        }
        ffi::Py_XDECREF(seen);
        ffi::Py_XDECREF(get);
        ffi::Py_XDECREF(missing);
        status
    }
}

/// Adds an attribute of the subject: 1, 0 if there is none, −1 with an exception set.
unsafe fn attribute(subject: O, class: O, name: O, found: O, seen: O) -> i64 {
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        match ffi::PySet_Contains(seen, name) {
            0 => {}
            1 => {
                let text = c"%s() got multiple sub-patterns for attribute %R";
                let class = (*class.cast::<ffi::PyTypeObject>()).tp_name;
                ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), class, name);
                return -1;
            }
            _ => return -1,
        }
        if ffi::PySet_Add(seen, name) < 0 {
            return -1;
        }
        let value = ffi::PyObject_GetAttr(subject, name);
        if value.is_null() {
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0 {
                return -1;
            }
            ffi::PyErr_Clear();
            return 0;
        }
        let status = ffi::PyList_Append(found, value);
        ffi::Py_DECREF(value);
        if status < 0 { -1 } else { 1 }
    }
}

unsafe fn positional(subject: O, class: O, count: i64, found: O, seen: O) -> i64 {
    if count == 0 {
        return 1;
    }
    // SAFETY: live objects, as the caller vouches; what is made is released.
    unsafe {
        let type_name = (*class.cast::<ffi::PyTypeObject>()).tp_name;
        let mut names = ffi::PyObject_GetAttrString(class, c"__match_args__".as_ptr());
        let mut whole = false;
        if names.is_null() {
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0 {
                return -1;
            }
            ffi::PyErr_Clear();
            names = ffi::PyTuple_New(0);
            whole = ffi::PyType_GetFlags(class.cast()) & MATCH_SELF != 0;
        } else if ffi::PyTuple_CheckExact(names) == 0 {
            let text = c"%s.__match_args__ must be a tuple (got %s)";
            ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), type_name, (*ffi::Py_TYPE(names)).tp_name);
            ffi::Py_DECREF(names);
            return -1;
        }
        if names.is_null() {
            return -1;
        }
        let allowed = if whole { 1 } else { ffi::PyTuple_GET_SIZE(names) as i64 };
        let mut status = 1;
        if allowed < count {
            let plural = if allowed == 1 { c"" } else { c"s" };
            let text = c"%s() accepts %zd positional sub-pattern%s (%zd given)";
            ffi::PyErr_Format(
                ffi::PyExc_TypeError,
                text.as_ptr(),
                type_name,
                allowed as ffi::Py_ssize_t,
                plural.as_ptr(),
                count as ffi::Py_ssize_t,
            );
            status = -1;
        } else if whole {
            status = if ffi::PyList_Append(found, subject) < 0 { -1 } else { 1 };
        } else {
            for i in 0..count {
                let name = ffi::PyTuple_GET_ITEM(names, i as ffi::Py_ssize_t);
                if ffi::PyUnicode_CheckExact(name) == 0 {
                    let text = c"__match_args__ elements must be strings (got %s)";
                    ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), (*ffi::Py_TYPE(name)).tp_name);
                    status = -1;
                } else {
                    status = attribute(subject, class, name, found, seen);
                }
                if status != 1 {
                    break;
                }
            }
        }
        ffi::Py_DECREF(names);
        status
    }
}

unsafe fn keywords(subject: O, class: O, names: O, found: O, seen: O) -> i64 {
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        for i in 0..ffi::PyTuple_GET_SIZE(names) {
            let status = attribute(subject, class, ffi::PyTuple_GET_ITEM(names, i), found, seen);
            if status != 1 {
                return status;
            }
        }
    }
    1
}

//! Entries for names, attributes, items and calls.

use core::ffi::CStr;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, Py_ssize_t, PyObject};

use super::character::answered;
use super::operate::{O, entries, new_reference};
use super::recent;
use super::small::{from_i64, small};
use super::table::{BUILTINS, GLOBALS};
use super::{instance, letter, method};
use crate::dispatcher;

/// What tells a callee that the word in front of its arguments is free.
pub const OFFSET: usize = 1 << (usize::BITS - 1);

/// The name of a method, which stays interned once it was needed.
struct Method {
    text: &'static CStr,
    name: AtomicPtr<PyObject>,
}

static APPEND: Method = Method::new(c"append");
static ADD: Method = Method::new(c"add");
static GET: Method = Method::new(c"get");
static POP: Method = Method::new(c"pop");

impl Method {
    const fn new(text: &'static CStr) -> Method {
        Method { text, name: AtomicPtr::new(null_mut()) }
    }

    /// Calls it with a free word, the object and the arguments, `n` with the object.
    ///
    /// # Safety
    /// Attached, with live objects.
    unsafe fn call(&self, args: &[O], n: usize) -> O {
        // SAFETY: as the caller vouches; the name is never given up.
        unsafe {
            let mut name = self.name.load(Ordering::Relaxed);
            if name.is_null() {
                name = ffi::PyUnicode_InternFromString(self.text.as_ptr());
                if name.is_null() {
                    return name;
                }
                self.name.store(name, Ordering::Relaxed);
            }
            if let Some(result) = method::call(name, args.as_ptr().add(1), n) {
                return result;
            }
            ffi::PyObject_VectorcallMethod(name, args.as_ptr().add(1), n | OFFSET, null_mut())
        }
    }
}

/// The item that a list gives up at an index, by default the last; `None`: the index does not fit, or the list has to be
/// made smaller.
///
/// # Safety
/// Attached, with a list and an object or null.
#[cfg(not(Py_GIL_DISABLED))]
#[inline]
unsafe fn popped(list: O, index: O) -> Option<O> {
    // SAFETY: as the caller vouches; the place is checked, and the items behind it move together.
    unsafe {
        let header = list.cast::<ffi::PyListObject>();
        let size = ffi::PyList_GET_SIZE(list);
        let at = if index.is_null() { size - 1 } else { within(small(index)?, size)? };
        // Lists that are less than half full then are made smaller.
        if at < 0 || size <= (*header).allocated >> 1 {
            return None;
        }
        let place = (*header).ob_item.add(at as usize);
        let item = *place;
        if at + 1 < size {
            core::ptr::copy(place.add(1), place, (size - 1 - at) as usize);
        }
        (*header).ob_base.ob_size = size - 1;
        Some(item)
    }
}

/// Where other threads may look at the list, it is left to Python.
#[cfg(Py_GIL_DISABLED)]
unsafe fn popped(_: O, _: O) -> Option<O> {
    None
}

/// The place of an index, from the end where it is negative, among `n` items.
#[inline]
fn within(index: i64, n: Py_ssize_t) -> Option<Py_ssize_t> {
    let at = if index < 0 { index + n as i64 } else { index };
    (0..n as i64).contains(&at).then_some(at as Py_ssize_t)
}

/// Whether an object has slices; otherwise an exception is set, in other words for what is `of_class` by declaration.
///
/// # Safety
/// Attached, with a live object.
unsafe fn can_be_sliced(object: O, of_class: i64) -> bool {
    // SAFETY: as the caller vouches.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if (*class).tp_as_mapping.as_ref().is_some_and(|mapping| mapping.mp_subscript.is_some()) {
            return true;
        }
        let text = match of_class {
            0 => c"'%.200s' object is unsliceable",
            _ => c"'%.200s' object is not subscriptable",
        };
        ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), (*class).tp_name);
        false
    }
}

/// A slice of any object; `which` is as the entry's.
///
/// # Safety
/// Attached, with a live object.
unsafe fn general_slice(object: O, lower: i64, upper: i64, which: i64) -> O {
    // SAFETY: as the caller vouches; references to the bounds and the slice are given up here.
    unsafe {
        if !can_be_sliced(object, which & 4) {
            return null_mut();
        }
        let bound = |n: i64, there: bool| {
            if there { from_i64(n) } else { new_reference(ffi::Py_None()) }
        };
        let (lower, upper) = (bound(lower, which & 1 != 0), bound(upper, which & 2 != 0));
        let mut item = null_mut();
        if !lower.is_null() && !upper.is_null() {
            let key = ffi::PySlice_New(lower, upper, null_mut());
            if !key.is_null() {
                item = ffi::PyObject_GetItem(object, key);
                ffi::Py_DECREF(key);
            }
        }
        ffi::Py_XDECREF(lower);
        ffi::Py_XDECREF(upper);
        item
    }
}

/// The item of an exact list or tuple at an index that is in bounds.
#[inline]
unsafe fn item(object: O, index: i64) -> Option<O> {
    // SAFETY: a live object, as the caller vouches; indices are checked.
    unsafe {
        if ffi::PyList_CheckExact(object) != 0 {
            within(index, ffi::PyList_GET_SIZE(object)).map(|at| ffi::PyList_GET_ITEM(object, at))
        } else if ffi::PyTuple_CheckExact(object) != 0 {
            within(index, ffi::PyTuple_GET_SIZE(object)).map(|at| ffi::PyTuple_GET_ITEM(object, at))
        } else {
            None
        }
    }
}

/// The same for a key that is a small integer.
#[inline]
unsafe fn item_at(object: O, key: O) -> Option<O> {
    // SAFETY: live objects, as the caller vouches.
    unsafe { item(object, small(key)?) }
}

/// Puts a value into an exact list at an index that is in bounds.
#[inline]
unsafe fn put(object: O, index: i64, value: O) -> bool {
    // SAFETY: live objects, as the caller vouches; the index is checked, and the list is whole before the old item goes.
    unsafe {
        if ffi::PyList_CheckExact(object) == 0 {
            return false;
        }
        let Some(at) = within(index, ffi::PyList_GET_SIZE(object)) else { return false };
        let old = ffi::PyList_GET_ITEM(object, at);
        ffi::Py_INCREF(value);
        ffi::PyList_SET_ITEM(object, at, value);
        ffi::Py_DECREF(old);
        true
    }
}

entries! {
    fn global(table: *mut O, number: i64, known: i64) -> O {
        let name = *table.add(number as usize);
        let (globals, builtins) = (*table.add(GLOBALS), *table.add(BUILTINS));
        if known != 0 {
            recent::keep(globals, name, table.add(known as usize));
        }
        if let Some(found) = recent::find(globals, builtins, name) {
            return new_reference(found);
        }
        for there in [None, Some(builtins)] {
            let found = ffi::PyDict_GetItemWithError(there.unwrap_or(globals), name);
            if !found.is_null() {
                recent::note(globals, there, name, found);
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

    fn get_attr(object: O, name: O) -> O {
        // Names in code are strings, which `PyObject_GetAttr` would look at first.
        match (*ffi::Py_TYPE(object)).tp_getattro {
            Some(get) => get(object, name),
            None => ffi::PyObject_GetAttr(object, name),
        }
    }

    fn set_attr(object: O, name: O, value: O) -> i64 {
        // Names in code are interned strings, which `PyObject_SetAttr` would see to first.
        i64::from(match (*ffi::Py_TYPE(object)).tp_setattro {
            Some(set) => set(object, name, value),
            None => ffi::PyObject_SetAttr(object, name, value),
        })
    }

    fn del_attr(object: O, name: O) -> i64 { i64::from(ffi::PyObject_SetAttr(object, name, null_mut())) }

    fn get_item(object: O, key: O) -> O {
        if ffi::PyDict_CheckExact(object) != 0 {
            let found = ffi::PyDict_GetItemWithError(object, key);
            if found.is_null() && ffi::PyErr_Occurred().is_null() {
                // A tuple would be taken for the arguments of the exception.
                let args = ffi::PyTuple_Pack(1, key);
                if !args.is_null() {
                    ffi::PyErr_SetObject(ffi::PyExc_KeyError, args);
                    ffi::Py_DECREF(args);
                }
            }
            return new_reference(found);
        } else if let Some(found) = item_at(object, key) {
            return new_reference(found);
        }
        ffi::PyObject_GetItem(object, key)
    }

    fn get_item_int(object: O, index: i64) -> O {
        if let Some(found) = item(object, index) {
            return new_reference(found);
        }
        if ffi::PyUnicode_CheckExact(object) != 0
            && let Some(at) = within(index, ffi::PyUnicode_GetLength(object))
        {
            return letter::at(object, at as i64);
        }
        let key = from_i64(index);
        if key.is_null() {
            return key;
        }
        let item = ffi::PyObject_GetItem(object, key);
        ffi::Py_DECREF(key);
        item
    }

    fn get_slice(object: O, lower: i64, upper: i64, which: i64) -> O {
        let n = if ffi::PyUnicode_CheckExact(object) != 0 {
            ffi::PyUnicode_GetLength(object)
        } else if ffi::PyList_CheckExact(object) != 0 {
            ffi::PyList_GET_SIZE(object)
        } else if ffi::PyTuple_CheckExact(object) != 0 {
            ffi::PyTuple_GET_SIZE(object)
        } else {
            return general_slice(object, lower, upper, which);
        };
        let clipped = |bound: i64| if bound < 0 { (bound + n as i64).max(0) } else { bound.min(n as i64) };
        let from = if which & 1 != 0 { clipped(lower) as Py_ssize_t } else { 0 };
        let to = if which & 2 != 0 { clipped(upper) as Py_ssize_t } else { n };
        if ffi::PyUnicode_CheckExact(object) != 0 {
            ffi::PyUnicode_Substring(object, from, to)
        } else if ffi::PyList_CheckExact(object) != 0 {
            ffi::PyList_GetSlice(object, from, to)
        } else {
            ffi::PyTuple_GetSlice(object, from, to)
        }
    }

    fn get_slice_of(object: O, lower: O, upper: O, of_class: i64) -> O {
        let none = ffi::Py_None();
        let bound = |bound: O, which: i64| if bound == none { Some((0, 0)) } else { Some((small(bound)?, which)) };
        if (ffi::PyList_CheckExact(object) != 0
            || ffi::PyTuple_CheckExact(object) != 0
            || ffi::PyUnicode_CheckExact(object) != 0)
            && let (Some((from, first)), Some((to, second))) = (bound(lower, 1), bound(upper, 2))
        {
            return get_slice(object, from, to, first | second);
        }
        if !can_be_sliced(object, of_class) {
            return null_mut();
        }
        let key = ffi::PySlice_New(lower, upper, null_mut());
        if key.is_null() {
            return key;
        }
        let item = ffi::PyObject_GetItem(object, key);
        ffi::Py_DECREF(key);
        item
    }

    fn set_item(object: O, key: O, value: O) -> i64 {
        if ffi::PyDict_CheckExact(object) != 0 {
            return i64::from(ffi::PyDict_SetItem(object, key, value));
        }
        match small(key) {
            Some(index) if put(object, index, value) => 0,
            _ => i64::from(ffi::PyObject_SetItem(object, key, value)),
        }
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
        let args = [null_mut(), object, key, default];
        let n = if default.is_null() { 2 } else { 3 };
        GET.call(&args, n)
    }

    fn set_item_int(object: O, index: i64, value: O) -> i64 {
        if put(object, index, value) {
            return 0;
        }
        let key = from_i64(index);
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
        if n == 2
            && names.is_null()
            && let Some(answer) = instance::answered(function, args)
        {
            return answer;
        }
        if let Some(result) = dispatcher::call_at_once(function, args, n as usize | OFFSET, names) {
            return result;
        }
        if names.is_null()
            && let Some(result) = method::call_builtin(function, args, n as usize)
        {
            return result;
        }
        if ffi::Py_TYPE(function) == &raw mut ffi::PyFunction_Type
            && let Some(call) = (*function.cast::<ffi::PyFunctionObject>()).vectorcall
        {
            return call(function, args, n as usize | OFFSET, names);
        }
        ffi::PyObject_Vectorcall(function, args, n as usize | OFFSET, names)
    }

    fn call_method(name: O, args: *const O, n: i64, names: O) -> O {
        if n == 1
            && let Some(answer) = answered(name, *args)
        {
            return answer;
        }
        if names.is_null()
            && let Some(result) = method::call(name, args, n as usize)
        {
            return result;
        }
        ffi::PyObject_VectorcallMethod(name, args, n as usize | OFFSET, names)
    }

    fn call_ex(function: O, args: O, keywords: O) -> O { ffi::PyObject_Call(function, args, keywords) }

    fn append(object: O, value: O) -> O {
        if ffi::PyList_CheckExact(object) != 0 {
            let status = ffi::PyList_Append(object, value);
            return if status < 0 { null_mut() } else { new_reference(ffi::Py_None()) };
        }
        APPEND.call(&[null_mut(), object, value], 2)
    }

    fn append_to(object: O, value: O) -> i64 {
        let result = append(object, value);
        if result.is_null() {
            return -1;
        }
        ffi::Py_DECREF(result);
        0
    }

    /// `index` may be null.
    fn pop(object: O, index: O) -> O {
        if ffi::PyList_CheckExact(object) != 0
            && let Some(item) = popped(object, index)
        {
            return item;
        }
        POP.call(&[null_mut(), object, index], if index.is_null() { 1 } else { 2 })
    }

    fn add_to(object: O, value: O) -> O {
        if ffi::Py_TYPE(object) == &raw mut ffi::PySet_Type {
            let status = ffi::PySet_Add(object, value);
            return if status < 0 { null_mut() } else { new_reference(ffi::Py_None()) };
        }
        ADD.call(&[null_mut(), object, value], 2)
    }

    fn add_item(object: O, value: O) -> i64 {
        if ffi::Py_TYPE(object) == &raw mut ffi::PySet_Type {
            return i64::from(ffi::PySet_Add(object, value));
        }
        let result = ADD.call(&[null_mut(), object, value], 2);
        if result.is_null() {
            return -1;
        }
        ffi::Py_DECREF(result);
        0
    }
}

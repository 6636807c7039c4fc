//! Entries for containers, iteration, unpacking and strings.

use core::ptr::null_mut;

use pyo3::ffi::{self, Py_ssize_t};

use super::letter;
use super::operate::{O, entries, new_reference};

entries! {
    /// Lists and tuples are walked by position.
    fn iter(object: O) -> O {
        let is_walked = ffi::PyList_CheckExact(object) != 0
            || ffi::PyTuple_CheckExact(object) != 0
            || ffi::PyUnicode_CheckExact(object) != 0;
        if is_walked { new_reference(object) } else { ffi::PyObject_GetIter(object) }
    }

    fn get_iter(object: O) -> O { ffi::PyObject_GetIter(object) }

    fn next(iterator: O, position: *mut i64) -> O {
        let failed = core::ptr::without_provenance_mut(1);
        if ffi::PyList_CheckExact(iterator) != 0 {
            let at = *position;
            if at >= ffi::PyList_GET_SIZE(iterator) as i64 {
                return null_mut();
            }
            *position = at + 1;
            return new_reference(ffi::PyList_GET_ITEM(iterator, at as Py_ssize_t));
        }
        if ffi::PyTuple_CheckExact(iterator) != 0 {
            let at = *position;
            if at >= ffi::PyTuple_GET_SIZE(iterator) as i64 {
                return null_mut();
            }
            *position = at + 1;
            return new_reference(ffi::PyTuple_GET_ITEM(iterator, at as Py_ssize_t));
        }
        if ffi::PyUnicode_CheckExact(iterator) != 0 {
            let at = *position as Py_ssize_t;
            if at >= ffi::PyUnicode_GET_LENGTH(iterator) {
                return null_mut();
            }
            *position += 1;
            let character = letter::at(iterator, at as i64);
            return if character.is_null() { failed } else { character };
        }
        let Some(next) = (*ffi::Py_TYPE(iterator)).tp_iternext else { return failed };
        let item = next(iterator);
        // At the end there is no exception, or one that says so.
        if item.is_null() && !ffi::PyErr_Occurred().is_null() {
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_StopIteration) == 0 {
                return failed;
            }
            ffi::PyErr_Clear();
        }
        item
    }

    fn iter_range(start: O, stop: O, step: O, words: *mut i64) -> O {
        if let Some([count, first, step]) = counted(start, stop, step) {
            words.write(count);
            words.add(1).write(first);
            words.add(2).write(step);
            return new_reference(ffi::Py_None());
        }
        words.write(-1);
        let class = (&raw mut ffi::PyRange_Type).cast();
        let range = ffi::PyObject_CallFunctionObjArgs(class, start, stop, step, null_mut::<ffi::PyObject>());
        if range.is_null() {
            return range;
        }
        let iterator = ffi::PyObject_GetIter(range);
        ffi::Py_DECREF(range);
        iterator
    }

    /// The items of a dictionary are walked by position.
    fn iter_pairs(object: O) -> O {
        if ffi::Py_TYPE(object) == &raw mut ffi::PyDictItems_Type { new_reference(object) } else { iter(object) }
    }

    fn next_pair(iterator: O, position: *mut i64, out: *mut O) -> i64 {
        if ffi::Py_TYPE(iterator) == &raw mut ffi::PyDictItems_Type {
            return next_entry((*iterator.cast::<DictView>()).dict, position, out);
        }
        let pair = next(iterator, position);
        match pair as usize {
            0 => return 0,
            1 => return -1,
            _ => {}
        }
        let status = unpack(pair, 2, out);
        ffi::Py_DECREF(pair);
        if status < 0 { -1 } else { 1 }
    }

    fn unpack(object: O, n: i64, out: *mut O) -> i64 {
        let n = n as usize;
        if ffi::PyTuple_CheckExact(object) != 0 && ffi::PyTuple_GET_SIZE(object) as usize == n {
            for i in 0..n {
                out.add(i).write(new_reference(ffi::PyTuple_GET_ITEM(object, i as Py_ssize_t)));
            }
            return 0;
        }
        if ffi::PyList_CheckExact(object) != 0 && ffi::PyList_GET_SIZE(object) as usize == n {
            for i in 0..n {
                out.add(i).write(new_reference(ffi::PyList_GET_ITEM(object, i as Py_ssize_t)));
            }
            return 0;
        }
        unpack_iterator(object, n, out)
    }

    fn unpack_star(object: O, before: i64, after: i64, out: *mut O) -> i64 {
        let list = ffi::PySequence_List(object);
        if list.is_null() {
            return -1;
        }
        let (before, after, n) = (before as usize, after as usize, ffi::PyList_GET_SIZE(list) as usize);
        if n < before + after {
            need_more(n);
            ffi::Py_DECREF(list);
            return -1;
        }
        let middle = ffi::PyList_GetSlice(list, before as Py_ssize_t, (n - after) as Py_ssize_t);
        if middle.is_null() {
            ffi::Py_DECREF(list);
            return -1;
        }
        for i in 0..before {
            out.add(i).write(new_reference(ffi::PyList_GET_ITEM(list, i as Py_ssize_t)));
        }
        out.add(before).write(middle);
        for i in 0..after {
            let item = ffi::PyList_GET_ITEM(list, (n - after + i) as Py_ssize_t);
            out.add(before + 1 + i).write(new_reference(item));
        }
        ffi::Py_DECREF(list);
        0
    }

    fn tuple(items: *const O, n: i64) -> O {
        let tuple = ffi::PyTuple_New(n as Py_ssize_t);
        if !tuple.is_null() {
            for i in 0..n as usize {
                ffi::PyTuple_SET_ITEM(tuple, i as Py_ssize_t, new_reference(*items.add(i)));
            }
        }
        tuple
    }

    fn list(items: *const O, n: i64) -> O {
        let list = ffi::PyList_New(n as Py_ssize_t);
        if !list.is_null() {
            for i in 0..n as usize {
                ffi::PyList_SET_ITEM(list, i as Py_ssize_t, new_reference(*items.add(i)));
            }
        }
        list
    }

    fn dict(items: *const O, n: i64) -> O {
        let dict = ffi::PyDict_New();
        if dict.is_null() {
            return dict;
        }
        for i in 0..n as usize {
            if ffi::PyDict_SetItem(dict, *items.add(2 * i), *items.add(2 * i + 1)) < 0 {
                ffi::Py_DECREF(dict);
                return null_mut();
            }
        }
        dict
    }

    fn set(items: *const O, n: i64) -> O {
        let set = ffi::PySet_New(null_mut());
        if set.is_null() {
            return set;
        }
        for i in 0..n as usize {
            if ffi::PySet_Add(set, *items.add(i)) < 0 {
                ffi::Py_DECREF(set);
                return null_mut();
            }
        }
        set
    }

    fn list_append(list: O, item: O) -> i64 { i64::from(ffi::PyList_Append(list, item)) }

    fn list_extend(list: O, items: O) -> i64 {
        let end = ffi::PyList_GET_SIZE(list);
        i64::from(ffi::PyList_SetSlice(list, end, end, items))
    }

    fn list_to_tuple(list: O) -> O { ffi::PyList_AsTuple(list) }

    fn set_add(set: O, item: O) -> i64 { i64::from(ffi::PySet_Add(set, item)) }

    fn set_update(set: O, items: O) -> i64 {
        let iterator = ffi::PyObject_GetIter(items);
        if iterator.is_null() {
            return -1;
        }
        let mut status = 0;
        loop {
            let item = ffi::PyIter_Next(iterator);
            if item.is_null() {
                break;
            }
            status = ffi::PySet_Add(set, item);
            ffi::Py_DECREF(item);
            if status < 0 {
                break;
            }
        }
        ffi::Py_DECREF(iterator);
        if status < 0 || !ffi::PyErr_Occurred().is_null() { -1 } else { 0 }
    }

    fn dict_set(dict: O, key: O, value: O) -> i64 { i64::from(ffi::PyDict_SetItem(dict, key, value)) }

    fn dict_update(dict: O, more: O) -> i64 {
        let status = ffi::PyDict_Update(dict, more);
        if status < 0 && ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) != 0 {
            ffi::PyErr_Clear();
            let text = c"'%.200s' object is not a mapping";
            ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), (*ffi::Py_TYPE(more)).tp_name);
        }
        i64::from(status)
    }

    /// `**more` of a call: names are given once.
    fn dict_merge(dict: O, more: O, function: O) -> i64 {
        let keys = if ffi::PyMapping_Check(more) != 0 { ffi::PyMapping_Keys(more) } else { null_mut() };
        if keys.is_null() {
            ffi::PyErr_Clear();
            let text = c"argument after ** must be a mapping, not %.200s";
            ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), (*ffi::Py_TYPE(more)).tp_name);
            return -1;
        }
        let mut status = 0;
        for i in 0..ffi::PyList_GET_SIZE(keys) {
            let key = ffi::PyList_GET_ITEM(keys, i);
            let known = ffi::PyDict_Contains(dict, key);
            if known != 0 {
                if known > 0 {
                    repeated(function, key);
                }
                status = -1;
                break;
            }
            let value = ffi::PyObject_GetItem(more, key);
            if value.is_null() || ffi::PyDict_SetItem(dict, key, value) < 0 {
                ffi::Py_XDECREF(value);
                status = -1;
                break;
            }
            ffi::Py_DECREF(value);
        }
        ffi::Py_DECREF(keys);
        status
    }

    fn format(value: O, spec: O, conversion: i64) -> O {
        if spec.is_null() && conversion < 3
            && let Some(text) = letter::of_number(value)
        {
            return text;
        }
        let value = match conversion {
            1 => ffi::PyObject_Str(value),
            2 => ffi::PyObject_Repr(value),
            3 => ffi::PyObject_ASCII(value),
            _ => new_reference(value),
        };
        if value.is_null() || spec.is_null() && ffi::PyUnicode_CheckExact(value) != 0 {
            return value;
        }
        let text = ffi::PyObject_Format(value, spec);
        ffi::Py_DECREF(value);
        text
    }

    fn join(parts: *const O, n: i64) -> O {
        #[cfg(not(Py_3_14))]
        if let Some(joined) = joined_ascii(core::slice::from_raw_parts(parts, n as usize)) {
            return joined;
        }
        let (empty, all) = (ffi::PyUnicode_FromStringAndSize(null_mut(), 0), list(parts, n));
        let joined = if empty.is_null() || all.is_null() { null_mut() } else { ffi::PyUnicode_Join(empty, all) };
        ffi::Py_XDECREF(empty);
        ffi::Py_XDECREF(all);
        joined
    }
}

/// The count, the first number and the step of a range whose numbers have 64 bits.
unsafe fn counted(start: O, stop: O, step: O) -> Option<[i64; 3]> {
    let word = |object: O| {
        let mut overflow = 0;
        // SAFETY: a live object, as the caller vouches; what is exactly an int raises nothing.
        let n = unsafe {
            if ffi::PyLong_CheckExact(object) == 0 {
                return None;
            }
            ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow)
        };
        (overflow == 0).then_some(n)
    };
    let (start, stop, step) = (word(start)?, word(stop)?, word(step)?);
    let way = i128::from(stop) - i128::from(start);
    let count = match step {
        0 => return None,
        1.. => (way + i128::from(step) - 1).div_euclid(i128::from(step)),
        _ => (-way - i128::from(step) - 1).div_euclid(-i128::from(step)),
    };
    Some([i64::try_from(count.max(0)).ok()?, start, step])
}

/// `Include/cpython/dictobject.h`: a view of a dictionary.
#[repr(C)]
struct DictView {
    head: ffi::PyObject,
    dict: O,
}

/// Key and value of a dictionary's next entry; the word behind the position is how many entries it had at first.
unsafe fn next_entry(dict: O, position: *mut i64, out: *mut O) -> i64 {
    // SAFETY: a live dictionary, two words and room for two objects, as the caller vouches.
    unsafe {
        let (n, known) = (ffi::PyDict_Size(dict) as i64, position.add(1));
        if *position == 0 {
            known.write(n);
        }
        if *known != n {
            // The loop that goes on all the same is told again.
            known.write(-1);
            let text = c"dictionary changed size during iteration";
            ffi::PyErr_SetString(ffi::PyExc_RuntimeError, text.as_ptr());
            return -1;
        }
        let (mut at, mut key, mut value) = (*position as Py_ssize_t, null_mut(), null_mut());
        if ffi::PyDict_Next(dict, &raw mut at, &raw mut key, &raw mut value) == 0 {
            return 0;
        }
        position.write(at as i64);
        out.write(new_reference(key));
        out.add(1).write(new_reference(value));
        1
    }
}

/// Strings one behind the other, if all are of ASCII.
#[cfg(not(Py_3_14))]
unsafe fn joined_ascii(parts: &[O]) -> Option<O> {
    // SAFETY: live objects, as the caller vouches; the new string has room for the characters of all of them.
    unsafe {
        let mut total: Py_ssize_t = 0;
        for part in parts {
            if ffi::PyUnicode_CheckExact(*part) == 0 || ffi::PyUnicode_IS_COMPACT_ASCII(*part) == 0 {
                return None;
            }
            total = total.checked_add(ffi::PyUnicode_GET_LENGTH(*part))?;
        }
        let joined = ffi::PyUnicode_New(total, 127);
        // The empty string is shared.
        if joined.is_null() || total == 0 {
            return Some(joined);
        }
        let mut to = ffi::PyUnicode_DATA(joined).cast::<u8>();
        for part in parts {
            let length = ffi::PyUnicode_GET_LENGTH(*part) as usize;
            core::ptr::copy_nonoverlapping(ffi::PyUnicode_DATA(*part).cast::<u8>(), to, length);
            to = to.add(length);
        }
        Some(joined)
    }
}

/// Says that a keyword was given twice.
unsafe fn repeated(function: O, key: O) {
    // SAFETY: live objects, as the caller vouches; the name is released.
    unsafe {
        let name = ffi::PyObject_GetAttrString(function, c"__qualname__".as_ptr());
        if name.is_null() {
            ffi::PyErr_Clear();
        }
        let shown = if name.is_null() { function } else { name };
        let text = c"%S() got multiple values for keyword argument '%S'";
        ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), shown, key);
        ffi::Py_XDECREF(name);
    }
}

unsafe fn need_more(found: usize) {
    let text = if found == 1 {
        c"need more than %zd value to unpack"
    } else {
        c"need more than %zd values to unpack"
    };
    // SAFETY: attached; the format takes one number.
    unsafe { ffi::PyErr_Format(ffi::PyExc_ValueError, text.as_ptr(), found as Py_ssize_t) };
}

unsafe fn too_many(expected: usize) {
    let text = c"too many values to unpack (expected %zd)";
    // SAFETY: attached; the format takes one number.
    unsafe { ffi::PyErr_Format(ffi::PyExc_ValueError, text.as_ptr(), expected as Py_ssize_t) };
}

/// Unpacks any iterable; gives up what was taken where it does not fit.
unsafe fn unpack_iterator(object: O, n: usize, out: *mut O) -> i64 {
    // SAFETY: a live object and room for `n` of them, as the caller vouches.
    unsafe {
        let iterator = ffi::PyObject_GetIter(object);
        if iterator.is_null() {
            return -1;
        }
        let mut taken = 0;
        while taken < n {
            let item = ffi::PyIter_Next(iterator);
            if item.is_null() {
                break;
            }
            out.add(taken).write(item);
            taken += 1;
        }
        let mut fits = taken == n;
        if fits {
            let more = ffi::PyIter_Next(iterator);
            fits = more.is_null() && ffi::PyErr_Occurred().is_null();
            if !more.is_null() {
                ffi::Py_DECREF(more);
                too_many(n);
            }
        } else if ffi::PyErr_Occurred().is_null() {
            need_more(taken);
        }
        ffi::Py_DECREF(iterator);
        if fits {
            return 0;
        }
        for i in 0..taken {
            ffi::Py_DECREF(*out.add(i));
        }
        -1
    }
}

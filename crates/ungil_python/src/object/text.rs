//! Searches in strings that the interpreter's methods take tuples of arguments for (up to 3.12).

use std::sync::OnceLock;

use pyo3::ffi::{self, Py_ssize_t};

use super::operate::{O, entries};
use super::small::small;

/// Methods that search, in the order of their numbers here.
const SEARCHES: [&core::ffi::CStr; 5] = [c"find", c"rfind", c"count", c"startswith", c"endswith"];

/// Their names, which are interned and never given up; 0 where there was no memory.
static NAMES: OnceLock<[usize; 5]> = OnceLock::new();

/// What a search in a string gives, of `n` arguments, the string the first; `None`: its method has to be called.
///
/// # Safety
/// Attached, with live objects, of which the first is exactly a string.
pub unsafe fn searched(name: O, args: *const O, n: usize) -> Option<O> {
    // SAFETY: as the caller vouches; bounds are cut by the functions themselves.
    unsafe {
        if !(2..=4).contains(&n) || ffi::PyUnicode_CheckExact(*args.add(1)) == 0 {
            return None;
        }
        let names = NAMES
            .get_or_init(|| SEARCHES.map(|text| ffi::PyUnicode_InternFromString(text.as_ptr()) as usize));
        let kind = names.iter().position(|known| *known == name as usize)?;
        let bound = |at: usize, open: Py_ssize_t| {
            if n > at { small(*args.add(at)).map(|n| n as Py_ssize_t) } else { Some(open) }
        };
        let found = found(kind, (*args, *args.add(1)), (bound(2, 0)?, bound(3, Py_ssize_t::MAX)?));
        // Only places may be -1.
        if found == if kind < 2 { -2 } else { -1 } {
            return Some(core::ptr::null_mut());
        }
        Some(match kind {
            ..3 => ffi::PyLong_FromSsize_t(found),
            _ => ffi::PyBool_FromLong(core::ffi::c_long::from(found != 0)),
        })
    }
}

/// Where a part is in a text between bounds, how often or whether; the error of a place is -2, of all else -1.
unsafe fn found(kind: usize, (text, part): (O, O), (from, to): (Py_ssize_t, Py_ssize_t)) -> Py_ssize_t {
    // SAFETY: attached, with live strings, as the caller vouches.
    unsafe {
        match kind {
            0 => ffi::PyUnicode_Find(text, part, from, to, 1),
            1 => ffi::PyUnicode_Find(text, part, from, to, -1),
            2 => ffi::PyUnicode_Count(text, part, from, to),
            3 => ffi::PyUnicode_Tailmatch(text, part, from, to, -1),
            _ => ffi::PyUnicode_Tailmatch(text, part, from, to, 1),
        }
    }
}

entries! {
    fn search(kind: i64, text: O, part: O, from: i64, to: i64) -> i64 {
        if text == ffi::Py_None() {
            let name = SEARCHES[kind as usize].as_ptr();
            ffi::PyErr_Format(ffi::PyExc_AttributeError, c"'NoneType' object has no attribute '%.30s'".as_ptr(), name);
            return -2;
        }
        let place = found(kind as usize, (text, part), (from as Py_ssize_t, to as Py_ssize_t)) as i64;
        if kind == 2 && place == -1 { -2 } else { place }
    }
}

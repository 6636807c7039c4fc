//! Entries for characters of strings as numbers, with Cython's errors.

use core::ffi::{CStr, c_int};
use std::sync::OnceLock;

use pyo3::ffi::{self, Py_ssize_t};

use super::convert::character;
use super::operate::{O, entries};

unsafe extern "C" {
    // The interpreter's own, on which the methods of strings stand, in every version.
    fn _PyUnicode_IsAlpha(c: u32) -> c_int;
    fn _PyUnicode_IsDigit(c: u32) -> c_int;
    fn _PyUnicode_IsWhitespace(c: u32) -> c_int;
    fn _PyUnicode_IsUppercase(c: u32) -> c_int;
    fn _PyUnicode_IsLowercase(c: u32) -> c_int;
    fn _PyUnicode_IsDecimalDigit(c: u32) -> c_int;
    fn _PyUnicode_IsNumeric(c: u32) -> c_int;
    fn _PyUnicode_IsTitlecase(c: u32) -> c_int;
    fn _PyUnicode_IsPrintable(c: u32) -> c_int;
}

/// Methods of strings that ask what their characters are, in the order of their numbers in `char_is`.
const QUESTIONS: [&CStr; 10] = [
    c"isalpha",
    c"isdigit",
    c"isspace",
    c"isalnum",
    c"isupper",
    c"islower",
    c"isdecimal",
    c"isnumeric",
    c"istitle",
    c"isprintable",
];

/// Their names, which are interned and never given up; 0 where there was no memory.
static NAMES: OnceLock<[usize; 10]> = OnceLock::new();

/// What such a method of a string of one character gives; `None`: it has to be called.
///
/// # Safety
/// Attached, with live objects.
#[inline]
pub unsafe fn answered(name: O, object: O) -> Option<O> {
    // SAFETY: as the caller vouches; strings have their length in their header.
    unsafe {
        if ffi::PyUnicode_CheckExact(object) == 0 || (*object.cast::<ffi::PyASCIIObject>()).length != 1 {
            return None;
        }
        let names = NAMES
            .get_or_init(|| QUESTIONS.map(|text| ffi::PyUnicode_InternFromString(text.as_ptr()) as usize));
        let kind = names.iter().position(|known| *known == name as usize)?;
        let answer = char_is(kind as i64, i64::from(ffi::PyUnicode_ReadChar(object, 0)));
        Some(ffi::PyBool_FromLong(answer))
    }
}

/// One more than the largest character.
const END: i64 = 0x11_0000;

/// The size of a string's characters, if it is told where they lie; texts of an old kind have none yet.
///
/// # Safety
/// A live string.
#[inline]
unsafe fn size_of_characters(text: O) -> Option<u32> {
    #[cfg(not(Py_3_14))]
    // SAFETY: as the caller vouches.
    return Some(unsafe { ffi::PyUnicode_KIND(text) }).filter(|kind| matches!(kind, 1 | 2 | 4));
    #[cfg(Py_3_14)]
    {
        let _ = text;
        None
    }
}

/// A string's length.
///
/// # Safety
/// Attached, with a live string.
#[inline]
unsafe fn length(text: O) -> i64 {
    // SAFETY: as the caller vouches; what has characters of a size has its length.
    unsafe {
        match size_of_characters(text) {
            #[cfg(not(Py_3_14))]
            Some(_) => ffi::PyUnicode_GET_LENGTH(text) as i64,
            _ => ffi::PyUnicode_GetLength(text) as i64,
        }
    }
}

/// The character of a string at a place in it.
///
/// # Safety
/// Attached, with a live string that has so many characters.
#[inline]
pub(super) unsafe fn character_in(text: O, at: i64) -> u32 {
    // SAFETY: as the caller vouches; the characters have the size that is told.
    unsafe {
        match size_of_characters(text) {
            #[cfg(not(Py_3_14))]
            Some(1) => ffi::PyUnicode_DATA(text).cast::<u8>().add(at as usize).read().into(),
            #[cfg(not(Py_3_14))]
            Some(2) => ffi::PyUnicode_DATA(text).cast::<u16>().add(at as usize).read().into(),
            #[cfg(not(Py_3_14))]
            Some(_) => ffi::PyUnicode_DATA(text).cast::<u32>().add(at as usize).read(),
            _ => ffi::PyUnicode_ReadChar(text, at as Py_ssize_t),
        }
    }
}

entries! {
    fn as_char(object: O) -> i64 {
        if ffi::PyUnicode_Check(object) != 0 {
            return character(object);
        }
        if ffi::PyLong_Check(object) == 0
            && ffi::PyObject_HasAttrString(object, c"__int__".as_ptr()) == 0
        {
            ffi::PyErr_SetString(ffi::PyExc_TypeError, c"an integer is required".as_ptr());
            return -1;
        }
        let number = ffi::PyNumber_Long(object);
        if number.is_null() {
            return -1;
        }
        let mut overflow: c_int = 0;
        let value = ffi::PyLong_AsLongLongAndOverflow(number, &raw mut overflow);
        ffi::Py_DECREF(number);
        if overflow == 0 && (0..END).contains(&value) {
            return value;
        }
        let text = match value {
            _ if overflow != 0 => c"Python int too large to convert to C long",
            ..0 => c"cannot convert negative value to Py_UCS4",
            _ => c"value too large to convert to Py_UCS4",
        };
        ffi::PyErr_SetString(ffi::PyExc_OverflowError, text.as_ptr());
        -1
    }

    fn chars(object: O, out: *mut i64) -> i64 {
        if object == ffi::Py_None() {
            ffi::PyErr_SetString(ffi::PyExc_TypeError, c"'NoneType' is not iterable".as_ptr());
            return -1;
        }
        #[cfg(not(Py_3_14))]
        let (data, size) = (ffi::PyUnicode_DATA(object) as i64, i64::from(ffi::PyUnicode_KIND(object)));
        // Where strings lie is not told.
        #[cfg(Py_3_14)]
        let (data, size) = (0, 0);
        out.write(data);
        out.add(1).write(size);
        out.add(2).write(ffi::PyUnicode_GetLength(object) as i64);
        0
    }

    // The kinds are numbered as the compiler names the methods.
    fn char_is(kind: i64, c: i64) -> i64 {
        let c = c as u32;
        let is_number = || _PyUnicode_IsDecimalDigit(c) + _PyUnicode_IsDigit(c) + _PyUnicode_IsNumeric(c);
        let found = match kind {
            0 => _PyUnicode_IsAlpha(c),
            1 => _PyUnicode_IsDigit(c),
            2 => _PyUnicode_IsWhitespace(c),
            3 => _PyUnicode_IsAlpha(c) + is_number(),
            4 => _PyUnicode_IsUppercase(c),
            5 => _PyUnicode_IsLowercase(c),
            6 => _PyUnicode_IsDecimalDigit(c),
            7 => _PyUnicode_IsNumeric(c),
            8 => _PyUnicode_IsTitlecase(c) + _PyUnicode_IsUppercase(c),
            _ => _PyUnicode_IsPrintable(c),
        };
        i64::from(found != 0)
    }

    fn char_at(object: O, index: i64) -> i64 {
        if object == ffi::Py_None() {
            let text = c"'NoneType' object is not subscriptable";
            ffi::PyErr_SetString(ffi::PyExc_TypeError, text.as_ptr());
            return -1;
        }
        let n = length(object);
        let at = if index < 0 { index + n } else { index };
        if !(0..n).contains(&at) {
            ffi::PyErr_SetString(ffi::PyExc_IndexError, c"string index out of range".as_ptr());
            return -1;
        }
        i64::from(character_in(object, at))
    }
}

//! Strings of one character, and of numbers.

use core::cell::UnsafeCell;
use core::ffi::c_int;
use core::ptr::null_mut;

use pyo3::ffi;

use super::character::character_in;
use super::operate::{O, entries, new_reference};

/// Characters of which the interpreter has one string each.
const SHARED: usize = 256;

struct Letters(UnsafeCell<[O; SHARED]>);

// SAFETY: those who touch it hold the interpreter's lock.
unsafe impl Sync for Letters {}

/// Their strings, which are never given up, as they were needed.
static LETTERS: Letters = Letters(UnsafeCell::new([null_mut(); SHARED]));

/// The string of a character; null with an exception set.
///
/// # Safety
/// Attached.
#[inline]
pub unsafe fn of_character(c: u32) -> O {
    // SAFETY: attached, so that nobody else touches the table, and the place is one of it.
    unsafe {
        if c as usize >= SHARED {
            return ffi::PyUnicode_FromOrdinal(c_int::try_from(c).unwrap_or(-1));
        }
        let place = LETTERS.0.get().cast::<O>().add(c as usize);
        if (*place).is_null() {
            place.write(ffi::PyUnicode_FromOrdinal(c as c_int));
        }
        new_reference(*place)
    }
}

entries! {
    fn chr(n: i64) -> O {
        // As in Cython an `int` of it is what counts.
        match u32::try_from(n as c_int) {
            Ok(n) => of_character(n),
            Err(_) => ffi::PyUnicode_FromOrdinal(-1),
        }
    }
}

/// The string of an int or a float, however it is converted without a specification; `None` for other objects.
///
/// # Safety
/// Attached, with a live object.
#[inline]
pub unsafe fn of_number(object: O) -> Option<O> {
    // SAFETY: as the caller vouches.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if class != &raw mut ffi::PyLong_Type && class != &raw mut ffi::PyFloat_Type {
            return None;
        }
        (*class).tp_repr.map(|repr| repr(object))
    }
}

/// The string of a character of a string.
///
/// # Safety
/// Attached, with a live string that has so many characters.
#[inline]
pub unsafe fn at(text: O, place: i64) -> O {
    // SAFETY: as the caller vouches.
    unsafe { of_character(character_in(text, place)) }
}

/// Whether a string of ASCII has a character in it that another one consists of; `None` where Python has to be asked.
///
/// # Safety
/// Live objects.
#[inline]
pub unsafe fn is_in(text: O, letter: O) -> Option<bool> {
    #[cfg(Py_3_14)]
    {
        let _ = (text, letter);
        None
    }
    // SAFETY: as the caller vouches; the header of such a string is followed by its characters.
    #[cfg(not(Py_3_14))]
    unsafe {
        if ffi::PyUnicode_CheckExact(text) == 0
            || ffi::PyUnicode_CheckExact(letter) == 0
            || ffi::PyUnicode_IS_COMPACT_ASCII(text) == 0
        {
            return None;
        }
        let wanted = super::small::ascii_character(letter)?;
        let (start, n) = (ffi::PyUnicode_DATA(text).cast::<u8>(), ffi::PyUnicode_GET_LENGTH(text) as usize);
        Some(core::slice::from_raw_parts(start, n).contains(&wanted))
    }
}

//! Integers of one digit, and strings of the same length: what operators do with them without asking the interpreter.
//!
//! CPython keeps the digits of an int, of 30 bits each, behind one word: the number of digits with the sign up to 3.11, from
//! 3.12 on that number above three bits for sign and flags (`Include/cpython/longintrepr.h`).

use core::ffi::c_int;
use core::ptr::null_mut;
use std::sync::OnceLock;

use pyo3::ffi;

use super::operate::O;

/// Where the digits lie behind the header.
const DIGITS: usize = size_of::<ffi::PyObject>() + size_of::<usize>();

/// The value of an int of one digit at most.
///
/// # Safety
/// The object is live.
#[inline]
pub unsafe fn small(object: O) -> Option<i64> {
    // SAFETY: as the caller vouches; the type is looked at.
    unsafe { if ffi::PyLong_CheckExact(object) == 0 { None } else { digit(object) } }
}

/// The same of what is known to be an int.
///
/// # Safety
/// The object is live, and exactly an int.
#[inline(always)]
pub unsafe fn digit(object: O) -> Option<i64> {
    // SAFETY: the object is live, and an int has the word and at least one digit behind its header.
    unsafe {
        let word = object.cast::<u8>().add(size_of::<ffi::PyObject>()).cast::<isize>().read();
        let digit = i64::from(object.cast::<u8>().add(DIGITS).cast::<u32>().read());
        #[cfg(not(Py_3_12))]
        return (word.unsigned_abs() <= 1).then(|| word as i64 * digit);
        #[cfg(Py_3_12)]
        (word < 16).then(|| (1 - (word & 3) as i64) * digit)
    }
}

/// Both values.
///
/// # Safety
/// The objects are live.
#[inline]
pub unsafe fn both(a: O, b: O) -> Option<(i64, i64)> {
    // SAFETY: as the caller vouches.
    unsafe { Some((small(a)?, small(b)?)) }
}

/// Ints of which there is one object each (`Include/internal/pycore_global_objects.h`), and the bytes from one to the next.
const FIRST: i64 = -5;
const LAST: i64 = 256;
const STEP: usize = 32;

/// Where the first of them lies; 0: they do not lie side by side.
static OWN: OnceLock<usize> = OnceLock::new();

#[cold]
fn own_ints() -> usize {
    // SAFETY: attached, as all code for objects is; the references are given up.
    let at = |n| unsafe {
        let object = ffi::PyLong_FromLongLong(n);
        ffi::Py_XDECREF(object);
        object.expose_provenance()
    };
    let first = at(FIRST);
    let side_by_side = (FIRST..=LAST).all(|n| at(n) == first + (n - FIRST) as usize * STEP);
    if side_by_side { first } else { 0 }
}

/// An integer; null with an exception set.
///
/// # Safety
/// Attached.
#[inline]
pub unsafe fn from_i64(n: i64) -> O {
    // SAFETY: attached. The interpreter's own small ints live for ever. Where a `long` has 64 bits its function knows numbers of one
    // digit first.
    unsafe {
        let first = if (FIRST..=LAST).contains(&n) { *OWN.get_or_init(own_ints) } else { 0 };
        if first != 0 {
            let own = core::ptr::with_exposed_provenance_mut(first + (n - FIRST) as usize * STEP);
            ffi::Py_INCREF(own);
            return own;
        }
        match core::ffi::c_long::try_from(n) {
            Ok(n) => ffi::PyLong_FromLong(n),
            Err(_) => ffi::PyLong_FromLongLong(n),
        }
    }
}

/// What an operator, by its number, gives for two small integers; null where Python has to be asked.
///
/// # Safety
/// The objects are live; attached.
#[inline]
pub unsafe fn binary(op: i64, a: O, b: O) -> O {
    // SAFETY: as the caller vouches.
    let Some((x, y)) = (unsafe { both(a, b) }) else { return null_mut() };
    let value = match op {
        0 => x + y,
        1 => x - y,
        2 => x * y,
        5 if y != 0 => (x - floor_rest(x, y)) / y,
        6 if y != 0 => floor_rest(x, y),
        7 if y == 2 => x * x,
        8 if (0..=32).contains(&y) => x << y,
        9 if y >= 0 => x >> y.min(63),
        10 => x | y,
        11 => x ^ y,
        12 => x & y,
        _ => return null_mut(),
    };
    // SAFETY: attached.
    unsafe { from_i64(value) }
}

/// The rest that has the divisor's sign.
fn floor_rest(x: i64, y: i64) -> i64 {
    if x >= 0 && y > 0 {
        // Both are digits, whose division is short.
        return i64::from(x as u32 % y as u32);
    }
    let rest = x % y;
    if rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest }
}

/// How two values stand, as CPython numbers comparisons.
#[inline]
pub fn holds<T: PartialOrd>(x: &T, y: &T, op: i64) -> bool {
    match op as c_int {
        ffi::Py_LT => x < y,
        ffi::Py_LE => x <= y,
        ffi::Py_EQ => x == y,
        ffi::Py_NE => x != y,
        ffi::Py_GT => x > y,
        _ => x >= y,
    }
}

/// Whether two strings are equal, if both are exactly strings.
///
/// # Safety
/// The objects are live.
#[inline]
pub unsafe fn equal_strings(a: O, b: O) -> Option<bool> {
    // SAFETY: live strings, whose header holds their length; those that reach code are ready.
    unsafe {
        if ffi::PyUnicode_CheckExact(a) == 0 || ffi::PyUnicode_CheckExact(b) == 0 {
            return None;
        }
        let length = |s: O| (*s.cast::<ffi::PyASCIIObject>()).length;
        if a == b || length(a) != length(b) {
            return Some(a == b);
        }
        // What is not known yet is -1.
        let hash = |s: O| (*s.cast::<ffi::PyASCIIObject>()).hash;
        if hash(a) != hash(b) && hash(a) != -1 && hash(b) != -1 {
            return Some(false);
        }
        #[cfg(not(Py_3_14))]
        if length(a) == 1
            && ffi::PyUnicode_IS_COMPACT_ASCII(a) != 0
            && ffi::PyUnicode_IS_COMPACT_ASCII(b) != 0
        {
            let character = |s: O| ffi::PyUnicode_DATA(s).cast::<u8>().read();
            return Some(character(a) == character(b));
        }
        Some(ffi::PyUnicode_Compare(a, b) == 0)
    }
}

/// How two strings stand; `None` where Python has to be asked.
///
/// # Safety
/// The objects are exactly strings, and live.
#[inline]
pub unsafe fn compare_strings(a: O, b: O, op: i64) -> Option<bool> {
    // SAFETY: as the caller vouches; the header of a short string of ASCII is followed by its characters.
    unsafe {
        if let op @ (ffi::Py_EQ | ffi::Py_NE) = op as c_int {
            return equal_strings(a, b).map(|equal| equal == (op == ffi::Py_EQ));
        }
        #[cfg(not(Py_3_14))]
        if let (Some(x), Some(y)) = (ascii_character(a), ascii_character(b)) {
            return Some(holds(&x, &y, op));
        }
        None
    }
}

/// The character that a string of ASCII consists of.
///
/// # Safety
/// The object is exactly a string, and live.
#[cfg(not(Py_3_14))]
#[inline]
pub unsafe fn ascii_character(text: O) -> Option<u8> {
    // SAFETY: as the caller vouches; the header of such a string is followed by its characters.
    unsafe {
        let is_one = (*text.cast::<ffi::PyASCIIObject>()).length == 1;
        (is_one && ffi::PyUnicode_IS_COMPACT_ASCII(text) != 0)
            .then(|| ffi::PyUnicode_DATA(text).cast::<u8>().read())
    }
}

/// A string with another one behind it, in the memory of the first, which nobody else holds; its reference becomes the
/// result's. `None`: they are no such strings; null with an exception: there is no memory, and the first is as it was.
///
/// # Safety
/// The objects are live; attached.
#[inline]
pub unsafe fn extended(a: O, b: O) -> Option<O> {
    #[cfg(Py_3_14)]
    return None;
    // SAFETY: live objects, as the caller vouches; strings' characters are of the size that their kind is, and there is room for
    // those of both once the first has been made longer, which gives a string that nobody else knows.
    #[cfg(not(Py_3_14))]
    unsafe {
        // What is added to itself would move.
        let is_own = a != b && ffi::Py_REFCNT(a) == 1;
        if !is_own || ffi::PyUnicode_CheckExact(a) == 0 || ffi::PyUnicode_CheckExact(b) == 0 {
            return None;
        }
        let length = |s: O| (*s.cast::<ffi::PyASCIIObject>()).length;
        let (n, more) = (length(a), length(b));
        let kind = ffi::PyUnicode_KIND(a);
        let is_ascii = |s: O| ffi::PyUnicode_IS_COMPACT_ASCII(s) != 0;
        if n == 0 || more == 0 || kind != ffi::PyUnicode_KIND(b) || is_ascii(a) && !is_ascii(b) {
            return None;
        }
        let mut text = a;
        if ffi::PyUnicode_Resize(&raw mut text, n.checked_add(more)?) < 0 {
            return Some(null_mut());
        }
        let size = kind as usize;
        let (from, to) = (ffi::PyUnicode_DATA(b).cast::<u8>(), ffi::PyUnicode_DATA(text).cast::<u8>());
        core::ptr::copy_nonoverlapping(from, to.add(n as usize * size), more as usize * size);
        Some(text)
    }
}

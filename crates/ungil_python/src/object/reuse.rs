//! Sums in the memory of their first operand, a number that nobody else holds: as good as a new one, and no allocation.

use pyo3::ffi;

use super::operate::O;
use super::small::{from_i64, small};

/// `a + b`, whose reference is `a`'s from then on; `None`: they are no numbers for this. Null with an exception: there is no memory,
/// and `a` is as it was.
///
/// # Safety
/// Attached, with live objects; the caller owns a reference to `a`.
#[inline(always)]
pub unsafe fn sum(a: O, b: O) -> Option<O> {
    // SAFETY: as the caller vouches; what is exactly a float has its number there.
    unsafe {
        if ffi::PyFloat_CheckExact(a) != 0 {
            let y =
                if ffi::PyFloat_CheckExact(b) != 0 { ffi::PyFloat_AS_DOUBLE(b) } else { small(b)? as f64 };
            let sum = ffi::PyFloat_AS_DOUBLE(a) + y;
            if ffi::Py_REFCNT(a) == 1 {
                (*a.cast::<ffi::PyFloatObject>()).ob_fval = sum;
                return Some(a);
            }
            return Some(instead(a, ffi::PyFloat_FromDouble(sum)));
        }
        let x = small(a)?;
        if ffi::PyFloat_CheckExact(b) != 0 {
            return Some(instead(a, ffi::PyFloat_FromDouble(x as f64 + ffi::PyFloat_AS_DOUBLE(b))));
        }
        let sum = x + small(b)?;
        #[cfg(not(Py_3_12))]
        if ffi::Py_REFCNT(a) == 1 && is_own_digit(sum) {
            set_digit(a, sum);
            return Some(a);
        }
        Some(instead(a, from_i64(sum)))
    }
}

/// A result in the place of an operand that is given up.
unsafe fn instead(a: O, result: O) -> O {
    if !result.is_null() {
        // SAFETY: the caller owns the reference.
        unsafe { ffi::Py_DECREF(a) };
    }
    result
}

/// Whether an int is one digit, and no number of which there is one object only.
#[cfg(not(Py_3_12))]
fn is_own_digit(n: i64) -> bool {
    !(-5..=256).contains(&n) && n.unsigned_abs() < 1 << 30
}

/// Makes an int of one digit another one.
#[cfg(not(Py_3_12))]
unsafe fn set_digit(object: O, n: i64) {
    // SAFETY: an int that nobody else holds: a word with the number of digits and the sign, then the digits.
    unsafe {
        (*object.cast::<ffi::PyVarObject>()).ob_size = n.signum() as ffi::Py_ssize_t;
        object.cast::<u8>().add(size_of::<ffi::PyVarObject>()).cast::<u32>().write(n.unsigned_abs() as u32);
    }
}

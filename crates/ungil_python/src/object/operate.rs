//! Entries for references, operators, comparisons and truth.

use core::ffi::c_int;
use core::ptr::null_mut;

use pyo3::ffi::{self, PyObject};

use super::{letter, reuse, small};

/// Defines entries: functions that machine code calls while attached, with live objects.
macro_rules! entries {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)? $body:block)*) => {
        $($(#[$doc])*
        pub unsafe extern "C" fn $name($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: generated code passes what `ungil_sema::object::entries` says, while attached: live objects,
            // tables of its own function, addresses of words of its frame.
            #[allow(unused_unsafe, reason = "some entries need none")]
            unsafe { $body }
        })*
    };
}
pub(super) use entries;

pub type O = *mut PyObject;

/// Both operands as doubles, if they are exactly floats, or one is and the other a small integer, which a double holds.
#[inline]
unsafe fn floats(a: O, b: O) -> Option<(f64, f64)> {
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        let whole = |o: O| small::small(o).map(|n| n as f64);
        match (ffi::PyFloat_CheckExact(a) != 0, ffi::PyFloat_CheckExact(b) != 0) {
            (true, true) => Some((ffi::PyFloat_AS_DOUBLE(a), ffi::PyFloat_AS_DOUBLE(b))),
            (true, false) => Some((ffi::PyFloat_AS_DOUBLE(a), whole(b)?)),
            (false, true) => Some((whole(a)?, ffi::PyFloat_AS_DOUBLE(b))),
            (false, false) => None,
        }
    }
}

entries! {
    fn release(object: O) { ffi::Py_DECREF(object) }

    fn retain(object: O) { ffi::Py_INCREF(object) }

    fn release_maybe(object: O) { ffi::Py_XDECREF(object) }

    fn is_error() -> i64 { i64::from(!ffi::PyErr_Occurred().is_null()) }

    fn add(a: O, b: O) -> O {
        match floats(a, b) {
            Some((x, y)) => ffi::PyFloat_FromDouble(x + y),
            None => match small::both(a, b) {
                Some((x, y)) => small::from_i64(x + y),
                None if ffi::PyUnicode_CheckExact(a) != 0 && ffi::PyUnicode_CheckExact(b) != 0 => {
                    ffi::PyUnicode_Concat(a, b)
                }
                None => ffi::PyNumber_Add(a, b),
            },
        }
    }

    fn divmod(a: O, b: O) -> O {
        let (quotient, rest) = (small::binary(5, a, b), small::binary(6, a, b));
        if !quotient.is_null() && !rest.is_null() {
            let pair = ffi::PyTuple_New(2);
            if !pair.is_null() {
                ffi::PyTuple_SET_ITEM(pair, 0, quotient);
                ffi::PyTuple_SET_ITEM(pair, 1, rest);
                return pair;
            }
        }
        // Nothing is left of what found no memory.
        ffi::Py_XDECREF(quotient);
        ffi::Py_XDECREF(rest);
        ffi::PyNumber_Divmod(a, b)
    }

    fn sub(a: O, b: O) -> O {
        match floats(a, b) {
            Some((x, y)) => ffi::PyFloat_FromDouble(x - y),
            None => match small::both(a, b) {
                Some((x, y)) => small::from_i64(x - y),
                None => ffi::PyNumber_Subtract(a, b),
            },
        }
    }

    fn mul(a: O, b: O) -> O {
        match floats(a, b) {
            Some((x, y)) => ffi::PyFloat_FromDouble(x * y),
            None => match small::both(a, b) {
                Some((x, y)) => small::from_i64(x * y),
                None => ffi::PyNumber_Multiply(a, b),
            },
        }
    }

    fn div(a: O, b: O) -> O {
        match floats(a, b) {
            Some((x, y)) if y != 0.0 => ffi::PyFloat_FromDouble(x / y),
            _ => ffi::PyNumber_TrueDivide(a, b),
        }
    }

    fn binary(op: i64, a: O, b: O) -> O {
        let result = small::binary(op, a, b);
        if !result.is_null() {
            return result;
        }
        match op {
            0 => ffi::PyNumber_Add(a, b),
            1 => ffi::PyNumber_Subtract(a, b),
            2 => ffi::PyNumber_Multiply(a, b),
            3 => ffi::PyNumber_MatrixMultiply(a, b),
            4 => ffi::PyNumber_TrueDivide(a, b),
            5 => ffi::PyNumber_FloorDivide(a, b),
            6 => remainder(a, b),
            7 => power(a, b),
            8 => ffi::PyNumber_Lshift(a, b),
            9 => ffi::PyNumber_Rshift(a, b),
            10 => ffi::PyNumber_Or(a, b),
            11 => ffi::PyNumber_Xor(a, b),
            _ => ffi::PyNumber_And(a, b),
        }
    }

    fn in_place(op: i64, a: O, b: O) -> O {
        let result = small::binary(op, a, b);
        if !result.is_null() {
            return result;
        }
        match op {
            0 => match floats(a, b) {
                Some((x, y)) => ffi::PyFloat_FromDouble(x + y),
                None => ffi::PyNumber_InPlaceAdd(a, b),
            },
            1 => match floats(a, b) {
                Some((x, y)) => ffi::PyFloat_FromDouble(x - y),
                None => ffi::PyNumber_InPlaceSubtract(a, b),
            },
            2 => match floats(a, b) {
                Some((x, y)) => ffi::PyFloat_FromDouble(x * y),
                None => ffi::PyNumber_InPlaceMultiply(a, b),
            },
            3 => ffi::PyNumber_InPlaceMatrixMultiply(a, b),
            4 => match floats(a, b) {
                Some((x, y)) if y != 0.0 => ffi::PyFloat_FromDouble(x / y),
                _ => ffi::PyNumber_InPlaceTrueDivide(a, b),
            },
            5 => ffi::PyNumber_InPlaceFloorDivide(a, b),
            6 => ffi::PyNumber_InPlaceRemainder(a, b),
            7 => ffi::PyNumber_InPlacePower(a, b, ffi::Py_None()),
            8 => ffi::PyNumber_InPlaceLshift(a, b),
            9 => ffi::PyNumber_InPlaceRshift(a, b),
            10 => ffi::PyNumber_InPlaceOr(a, b),
            11 => ffi::PyNumber_InPlaceXor(a, b),
            _ => ffi::PyNumber_InPlaceAnd(a, b),
        }
    }

    fn add_to_own(a: O, b: O) -> O {
        if let Some(sum) = reuse::sum(a, b) {
            return sum;
        }
        if let Some(text) = small::extended(a, b) {
            return text;
        }
        let sum = in_place(0, a, b);
        if !sum.is_null() {
            ffi::Py_DECREF(a);
        }
        sum
    }

    fn extreme(items: *const O, n: i64, op: i64) -> O {
        let mut best = *items;
        for i in 1..n as usize {
            let item = *items.add(i);
            let goes = match small::both(item, best) {
                Some((x, y)) => i64::from(small::holds(&x, &y, op)),
                None => compare_bool(item, best, op),
            };
            match goes {
                ..0 => return null_mut(),
                0 => {}
                _ => best = item,
            }
        }
        new_reference(best)
    }

    fn unary(op: i64, a: O) -> O {
        match op {
            0 => ffi::PyNumber_Negative(a),
            1 => ffi::PyNumber_Positive(a),
            _ => ffi::PyNumber_Invert(a),
        }
    }

    fn compare(a: O, b: O, op: i64) -> O {
        match small::both(a, b) {
            Some((x, y)) => ffi::PyBool_FromLong(small::holds(&x, &y, op).into()),
            None => ffi::PyObject_RichCompare(a, b, op as c_int),
        }
    }

    /// Without the short cut of `PyObject_RichCompareBool` for an object and itself.
    fn compare_bool(a: O, b: O, op: i64) -> i64 {
        let class = ffi::Py_TYPE(a);
        let holds = if class != ffi::Py_TYPE(b) {
            floats(a, b).map(|(x, y)| small::holds(&x, &y, op))
        } else if class == &raw mut ffi::PyLong_Type {
            small::both(a, b).map(|(x, y)| small::holds(&x, &y, op))
        } else if class == &raw mut ffi::PyUnicode_Type {
            small::compare_strings(a, b, op)
        } else {
            floats(a, b).map(|(x, y)| small::holds(&x, &y, op))
        };
        if let Some(holds) = holds {
            return i64::from(holds);
        }
        let result = ffi::PyObject_RichCompare(a, b, op as c_int);
        if result.is_null() {
            return -1;
        }
        let answer = truth(result);
        ffi::Py_DECREF(result);
        answer
    }

    fn truth(object: O) -> i64 {
        if object == ffi::Py_True() {
            1
        } else if object == ffi::Py_False() || object == ffi::Py_None() {
            0
        } else if let Some(n) = small::small(object) {
            i64::from(n != 0)
        } else {
            let class = ffi::Py_TYPE(object);
            if class == &raw mut ffi::PyList_Type || class == &raw mut ffi::PyTuple_Type {
                i64::from(ffi::Py_SIZE(object) != 0)
            } else if class == &raw mut ffi::PyUnicode_Type {
                i64::from(ffi::PyUnicode_GET_LENGTH(object) != 0)
            } else {
                i64::from(ffi::PyObject_IsTrue(object))
            }
        }
    }

    fn contains(item: O, container: O) -> i64 {
        let class = ffi::Py_TYPE(container);
        i64::from(if class == &raw mut ffi::PyDict_Type {
            ffi::PyDict_Contains(container, item)
        } else if class == &raw mut ffi::PySet_Type || class == &raw mut ffi::PyFrozenSet_Type {
            let found = ffi::PySet_Contains(container, item);
            // A set that is looked for, which has no hash, is hashed as a frozen one.
            let has_no_hash =
                || ffi::PySet_Check(item) != 0 && ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0;
            if found < 0 && has_no_hash() {
                ffi::PyErr_Clear();
                ffi::PySequence_Contains(container, item)
            } else {
                found
            }
        } else if let Some(found) = letter::is_in(container, item) {
            found.into()
        } else {
            ffi::PySequence_Contains(container, item)
        })
    }
}

/// `a ** b`.
unsafe fn power(a: O, b: O) -> O {
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        if let Some((x, y)) = floats(a, b)
            && x > 0.0
        {
            let result = x.powf(y);
            // What overflows raises.
            if result.is_finite() && y.is_finite() {
                return ffi::PyFloat_FromDouble(result);
            }
        }
        ffi::PyNumber_Power(a, b, ffi::Py_None())
    }
}

/// `a % b`; of two strings it formats.
unsafe fn remainder(a: O, b: O) -> O {
    // SAFETY: live objects, as the caller vouches.
    unsafe {
        let formats = ffi::PyUnicode_CheckExact(a) != 0
            && (ffi::PyUnicode_CheckExact(b) != 0 || ffi::PyUnicode_Check(b) == 0);
        if formats { ffi::PyUnicode_Format(a, b) } else { ffi::PyNumber_Remainder(a, b) }
    }
}

/// A new reference, or null for null.
#[inline]
pub unsafe fn new_reference(object: O) -> O {
    if object.is_null() {
        return null_mut();
    }
    // SAFETY: live, as the caller vouches.
    unsafe { ffi::Py_INCREF(object) };
    object
}

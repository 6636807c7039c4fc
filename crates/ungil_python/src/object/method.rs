//! Methods of builtin types that were called lately: their functions in C are called at once, as Cython does.
//!
//! Types that are no heap types are never changed, so that what a name meant once for one of them it means for ever.

use core::cell::UnsafeCell;
use core::ptr::null_mut;

use pyo3::ffi;

use super::operate::O;
use super::text;

/// A power of two.
const SLOTS: usize = 256;

#[derive(Clone, Copy)]
struct Slot {
    ty: *mut ffi::PyTypeObject,
    name: O,
    method: *mut ffi::PyMethodDef,
}

struct Slots(UnsafeCell<[Slot; SLOTS]>);

// SAFETY: those who touch it hold the interpreter's lock.
unsafe impl Sync for Slots {}

static KNOWN: Slots =
    Slots(UnsafeCell::new([Slot { ty: null_mut(), name: null_mut(), method: null_mut() }; SLOTS]));

/// The result of a method of a builtin type, with `n` arguments by position, the object the first; `None`: Python has to be
/// asked.
///
/// # Safety
/// Attached, with live objects.
#[inline]
pub unsafe fn call(name: O, args: *const O, n: usize) -> Option<O> {
    // SAFETY: as the caller vouches; attached, so that nobody else touches the slots.
    unsafe {
        let object = *args;
        let ty = ffi::Py_TYPE(object);
        if (*ty).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 {
            return None;
        }
        // Objects begin at multiples of 16.
        let at = ((ty as usize >> 5) ^ (name as usize >> 4)) % SLOTS;
        let slot = KNOWN.0.get().cast::<Slot>().add(at);
        if (*slot).ty != ty || (*slot).name != name {
            note(slot, ty, name);
        }
        let method = (*slot).method.as_ref()?;
        let (function, rest) = (method.ml_meth, args.add(1));
        match method.ml_flags {
            ffi::METH_NOARGS if n == 1 => Some((function.PyCFunction)(object, null_mut())),
            ffi::METH_O if n == 2 => Some((function.PyCFunction)(object, *rest)),
            ffi::METH_FASTCALL => Some((function.PyCFunctionFast)(object, rest.cast_mut(), n as isize - 1)),
            WITH_KEYWORDS => {
                Some((function.PyCFunctionFastWithKeywords)(object, rest, n as isize - 1, null_mut()))
            }
            ffi::METH_VARARGS if ty == &raw mut ffi::PyUnicode_Type => text::searched(name, args, n),
            _ => None,
        }
    }
}

/// The result of a builtin function with `n` arguments by position; `None`: Python has to be asked.
///
/// # Safety
/// Attached, with live objects.
#[inline]
pub unsafe fn call_builtin(function: O, args: *const O, n: usize) -> Option<O> {
    // SAFETY: as the caller vouches; such a function has its method, and the object that it is called on.
    unsafe {
        if ffi::Py_TYPE(function) != &raw mut ffi::PyCFunction_Type {
            return None;
        }
        let function = function.cast::<ffi::PyCFunctionObject>();
        let (method, object) = (&*(*function).m_ml, (*function).m_self);
        let call = method.ml_meth;
        match method.ml_flags {
            ffi::METH_NOARGS if n == 0 => Some((call.PyCFunction)(object, null_mut())),
            ffi::METH_O if n == 1 => Some((call.PyCFunction)(object, *args)),
            ffi::METH_FASTCALL => Some((call.PyCFunctionFast)(object, args.cast_mut(), n as isize)),
            WITH_KEYWORDS => Some((call.PyCFunctionFastWithKeywords)(object, args, n as isize, null_mut())),
            _ => None,
        }
    }
}

const WITH_KEYWORDS: i32 = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;

/// Notes what a name means for a type.
#[cold]
unsafe fn note(slot: *mut Slot, ty: *mut ffi::PyTypeObject, name: O) {
    let generic = ffi::PyObject_GenericGetAttr as *const () as usize;
    let mut method = null_mut();
    // SAFETY: attached, with a live type and name. The name is held, so that no other one comes to lie where it lies; types that
    // are no heap types live for ever, and so do their methods.
    unsafe {
        // Attributes of an object's own come before methods.
        if (*ty).tp_dictoffset == 0 && (*ty).tp_getattro.is_some_and(|get| get as usize == generic) {
            let found = ffi::PyObject_GetAttr(ty.cast(), name);
            if found.is_null() {
                ffi::PyErr_Clear();
            } else if ffi::Py_TYPE(found) == &raw mut ffi::PyMethodDescr_Type {
                method = (*found.cast::<ffi::PyMethodDescrObject>()).d_method;
            }
            ffi::Py_XDECREF(found);
        }
        ffi::Py_INCREF(name);
        let old = slot.replace(Slot { ty, name, method });
        ffi::Py_XDECREF(old.name);
    }
}

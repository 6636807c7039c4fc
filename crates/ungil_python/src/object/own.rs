//! Calls of `cdef` functions of numbers: their machine code is entered with the numbers themselves.
//!
//! Python cannot see such a function, so that its name always means it, and it lives as long as its module.

use core::ptr::null_mut;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};
use ungil_ir::types::DType;
use ungil_runtime::context::current_ctx;
use ungil_sema::cython::Declared;
use ungil_sema::object::value::CTy;
use ungil_sema::ty::Ty;

use super::operate::{O, entries};
use crate::dispatcher::Dispatcher;
use crate::entry::Entry;
use crate::pyx::Parameter;
use crate::{call, fast, raise, specialise};

/// Parameters of such a function at most.
const MAX_PARAMS: usize = 16;

/// What a call needs to know.
pub struct Own {
    dispatcher: *const Dispatcher,
    entry: *const Entry,
    /// Whether each parameter is a float.
    floats: Vec<bool>,
    /// None: void.
    ret: Option<DType>,
    /// Whether its code is entered without preparations.
    is_plain: bool,
}

/// A number's type, if such a function may have it.
fn number(declared: Option<&Declared>) -> Option<CTy> {
    match declared? {
        Declared::Scalar { dtype, name }
            if *dtype != DType::U64 && (dtype.is_int() || dtype.is_float()) && dtype.size() <= 8 =>
        {
            Some(CTy::Num(*dtype, name.clone()))
        }
        _ => None,
    }
}

impl Own {
    /// The record of a function with its types, if it is one that can be called so.
    pub fn of(py: Python<'_>, dispatcher: &Dispatcher) -> Option<(Own, Vec<CTy>, Option<CTy>)> {
        let state = dispatcher.state();
        let pyx = state.pyx.as_ref().filter(|pyx| pyx.is_private)?;
        let c = state.options.compile.c.as_ref()?;
        let params: Option<Vec<CTy>> = pyx.parameters().iter().map(|p| number(p.declared.as_ref())).collect();
        let params = params.filter(|p| p.len() == state.params.plain && p.len() <= MAX_PARAMS)?;
        let ret = match c.ret.as_ref()? {
            Declared::Void => None,
            other => Some(number(Some(other))?),
        };
        let floats: Vec<bool> = params.iter().map(|ty| ty.dtype().is_float()).collect();
        let example = |is_float: &bool| {
            if *is_float { PyFloat::new(py, 1.0).into_any() } else { PyInt::new(py, 1i64).into_any() }
        };
        let given: Vec<Bound<'_, PyAny>> = floats.iter().map(example).collect();
        let given: Vec<*mut PyObject> = given.iter().map(Bound::as_ptr).collect();
        let key = call::fingerprint(py, state, &given).ok()?;
        // SAFETY: attached, with a live object for each parameter.
        unsafe {
            if state.entries.find(&key).is_none() {
                specialise::ensure(py, dispatcher, &given).ok()?;
            }
            let entry = state.entries.find(&key)?;
            let dtype = match (&ret, &entry.compiled.ret) {
                (None, _) => None,
                (Some(ty), Ty::PyFloat) if ty.dtype().is_float() => Some(DType::F64),
                (Some(ty), Ty::PyInt) if ty.dtype().is_int() => Some(DType::I64),
                (Some(ty), Ty::Scalar(dtype)) if ty.dtype() == *dtype => Some(*dtype),
                _ => return None,
            };
            let own = Own { dispatcher, entry, floats, ret: dtype, is_plain: fast::is_plain(entry) };
            (entry.compiled.ret_size <= 8).then_some((own, params, ret))
        }
    }

    /// The call by way of Python, for a specialisation whose guards hold no more.
    unsafe fn slowly(&self, args: *const u64, ret: *mut u64) -> bool {
        // SAFETY: attached; a word for each parameter.
        unsafe {
            let mut objects: Vec<*mut PyObject> = vec![null_mut()];
            for (i, is_float) in self.floats.iter().enumerate() {
                let word = *args.add(i);
                objects.push(if *is_float {
                    ffi::PyFloat_FromDouble(f64::from_bits(word))
                } else {
                    ffi::PyLong_FromLongLong(word as i64)
                });
            }
            let n = self.floats.len() | super::access::OFFSET;
            let dispatcher = self.dispatcher.cast_mut().cast();
            let result = ffi::PyObject_Vectorcall(dispatcher, objects.as_ptr().add(1), n, null_mut());
            objects.iter().for_each(|o| ffi::Py_XDECREF(*o));
            if result.is_null() {
                return false;
            }
            match self.ret {
                Some(dtype) if dtype.is_float() => ret.write(ffi::PyFloat_AsDouble(result).to_bits()),
                Some(_) => ret.write(ffi::PyLong_AsLongLong(result) as u64),
                None => {}
            }
            ffi::Py_DECREF(result);
            ffi::PyErr_Occurred().is_null()
        }
    }
}

/// A number of a type as the word in which it travels.
fn widened(bits: u64, dtype: DType) -> u64 {
    match dtype {
        DType::F32 => f64::from(f32::from_bits(bits as u32)).to_bits(),
        DType::I8 => i64::from(bits as i8) as u64,
        DType::I16 => i64::from(bits as i16) as u64,
        DType::I32 => i64::from(bits as i32) as u64,
        DType::U8 => u64::from(bits as u8),
        DType::U16 => u64::from(bits as u16),
        DType::U32 => u64::from(bits as u32),
        _ => bits,
    }
}

entries! {
    fn view_of(parameter: *const Parameter, object: O, words: *mut u64) -> O {
        let Some(parameter) = parameter.as_ref() else {
            ffi::PyErr_SetString(ffi::PyExc_SystemError, c"a memoryview without a declaration".as_ptr());
            return null_mut();
        };
        Python::attach(|py| match crate::pyx::array_of(py, parameter, &Bound::from_borrowed_ptr(py, object), words) {
            Ok(array) => array.into_ptr(),
            Err(error) => {
                error.restore(py);
                null_mut()
            }
        })
    }

    fn check_class(object: O, class: O, name: O) -> i64 {
        Python::attach(|py| {
            let (object, class) = (Bound::from_borrowed_ptr(py, object), Bound::from_borrowed_ptr(py, class));
            let Some(found) = crate::pyx::class_mismatch(&object, &class.to_string()) else { return 0 };
            let text = match name.is_null() {
                true => format!("Expected {class}, got {found}"),
                false => {
                    let name = Bound::from_borrowed_ptr(py, name);
                    format!("Argument '{name}' has incorrect type (expected {class}, got {found})")
                }
            };
            PyTypeError::new_err(text).restore(py);
            -1
        })
    }

    fn call_own(own: *const Own, args: *const u64, ret: *mut u64) -> i64 {
        let own = &*own;
        let entry = &*own.entry;
        let mut bits = 0u64;
        if own.is_plain {
            let function = core::mem::transmute::<usize, call::EntryPoint>(entry.compiled.code.entry);
            let ctx = current_ctx();
            if function(ctx, (&raw mut bits).cast(), args.cast()) != 0 {
                raise::raise(ctx, &entry.compiled);
                return -1;
            }
        } else if !entry.guards.hold() {
            return if own.slowly(args, ret) { 0 } else { -1 };
        } else if !call::run_words(&entry.compiled, args.cast(), (&raw mut bits).cast()) {
            return -1;
        }
        if let Some(dtype) = own.ret {
            ret.write(widened(bits, dtype));
        }
        0
    }
}

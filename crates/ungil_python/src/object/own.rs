//! Calls of `cdef` functions without Python: arguments and results are words of C, and references.
//!
//! Python cannot see such a function, so that its name always means it, and it lives as long as its module. How it is run
//! its first call decides ([`super::direct`]), so that functions may call each other in circles.

use core::ptr::null_mut;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString, PyTuple};
use ungil_driver::compiled::Compiled;
use ungil_ir::types::DType;
use ungil_runtime::context::current_ctx;
use ungil_sema::cython::Declared;
use ungil_sema::object::Given;
use ungil_sema::object::convert::declared;
use ungil_sema::object::value::CTy;
use ungil_syntax::ast::literal::Literal;

use super::direct::{Direct, Kernel};
use super::operate::{O, entries};
use super::table::CODE;
use crate::dispatcher::Dispatcher;
use crate::pyx::Parameter;
use crate::{call, raise};

/// Parameters of such a function at most.
const MAX_PARAMS: usize = 16;

/// What a call needs to know.
pub struct Own {
    pub dispatcher: *const Dispatcher,
    /// None: an object.
    pub params: Vec<Option<CTy>>,
    /// Values of the last parameters that have one.
    pub defaults: Vec<Literal>,
    pub ret: Given,
}

/// The type of a parameter: none for an object. `Err`: such a function is called by way of Python.
fn parameter(p: &Parameter) -> Result<Option<CTy>, ()> {
    match &p.declared {
        None | Some(Declared::View { .. } | Declared::Structs { .. } | Declared::Objects { .. }) => Ok(None),
        Some(other) => declared(other).ok().filter(|ty| !ty.is_complex()).map(Some).ok_or(()),
    }
}

/// The values of a function's last parameters, where all of them are plain ones.
fn defaults(dispatcher: &Dispatcher, params: &[Option<CTy>]) -> Option<Vec<Literal>> {
    Python::attach(|py| {
        // SAFETY: attached; a dispatcher holds its function.
        let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
        let values = func.getattr("__defaults__").ok()?.cast_into::<PyTuple>().ok()?;
        let last = &params[params.len().checked_sub(values.len())?..];
        let one = |(value, ty): (Bound<'_, PyAny>, &Option<CTy>)| {
            Some(match value {
                value if value.is_none() && ty.as_ref().is_some_and(CTy::is_address) => Literal::Int(0),
                value if value.is_none() => Literal::None,
                value if value.is_exact_instance_of::<PyBool>() => Literal::Bool(value.is_truthy().ok()?),
                value if value.is_exact_instance_of::<PyInt>() => Literal::Int(value.extract().ok()?),
                value if value.is_exact_instance_of::<PyFloat>() => Literal::Float(value.extract().ok()?),
                _ => return None,
            })
        };
        values.iter().zip(last).map(one).collect()
    })
}

impl Own {
    /// The record of a function, if it is one that can be called so.
    pub fn of(dispatcher: &Dispatcher) -> Option<Own> {
        let own = Own::for_c(dispatcher)?;
        // Objects alone are passed as well by Python.
        let of_c = own.params.iter().any(Option::is_some) || own.ret.c().is_some();
        of_c.then_some(own)
    }

    /// The same for a function whose address is taken.
    pub fn for_c(dispatcher: &Dispatcher) -> Option<Own> {
        let state = dispatcher.state();
        let pyx = state.pyx.as_ref().filter(|pyx| pyx.is_private)?;
        let c = state.options.compile.c.as_ref()?;
        let params: Result<Vec<Option<CTy>>, ()> = pyx.parameters().iter().map(parameter).collect();
        let params = params.ok().filter(|p| p.len() == state.params.plain && p.len() <= MAX_PARAMS)?;
        let ret = match &c.ret {
            None => Given::Object,
            Some(Declared::Void) => Given::Nothing,
            Some(other) => Given::C(declared(other).ok().filter(|ty| !ty.is_complex())?),
        };
        let defaults = defaults(dispatcher, &params).unwrap_or_default();
        Some(Own { dispatcher, params, defaults, ret })
    }

    /// The call by way of Python, where there is no other.
    unsafe fn slowly(&self, args: *const u64, ret: *mut u64) -> bool {
        // SAFETY: attached; a word for each parameter.
        unsafe {
            let mut objects: Vec<*mut PyObject> = vec![null_mut()];
            for (i, ty) in self.params.iter().enumerate() {
                let word = *args.add(i);
                objects.push(match ty {
                    None => ffi::Py_NewRef(word as *mut PyObject),
                    Some(ty) if ty.dtype().is_float() => ffi::PyFloat_FromDouble(f64::from_bits(word)),
                    Some(ty) if ty.dtype() == DType::U64 => ffi::PyLong_FromUnsignedLongLong(word),
                    Some(_) => ffi::PyLong_FromLongLong(word as i64),
                });
            }
            let n = self.params.len() | super::access::OFFSET;
            let dispatcher = self.dispatcher.cast_mut().cast();
            let result = ffi::PyObject_Vectorcall(dispatcher, objects.as_ptr().add(1), n, null_mut());
            objects.iter().for_each(|o| ffi::Py_XDECREF(*o));
            if result.is_null() {
                return false;
            }
            match &self.ret {
                Given::Object => {
                    ret.write(result as u64);
                    return true;
                }
                Given::Nothing => {}
                Given::C(ty) if ty.dtype().is_float() => ret.write(ffi::PyFloat_AsDouble(result).to_bits()),
                Given::C(ty) if ty.dtype() == DType::U64 => ret.write(ffi::PyLong_AsUnsignedLongLong(result)),
                Given::C(_) => ret.write(ffi::PyLong_AsLongLong(result) as u64),
            }
            ffi::Py_DECREF(result);
            ffi::PyErr_Occurred().is_null()
        }
    }

    /// Whether Python has values of all types.
    fn is_known_to_python(&self) -> bool {
        let types = self.params.iter().flatten().chain(self.ret.c());
        types.into_iter().all(|ty| !ty.is_address())
    }

    /// Runs a kernel; a struct's words go where its result goes, a number's word is widened.
    unsafe fn run_kernel(&self, kernel: &Kernel, releases: bool, args: *const u64, ret: *mut u64) -> bool {
        // SAFETY: the kernel was compiled for these words.
        unsafe {
            let entry = &*kernel.entry;
            let mut bits = 0u64;
            if kernel.is_plain {
                let function = core::mem::transmute::<usize, call::EntryPoint>(entry.compiled.code.entry);
                let ctx = current_ctx();
                if function(ctx, (&raw mut bits).cast(), args.cast()) != 0 {
                    raise::raise(ctx, &entry.compiled);
                    return false;
                }
            } else if !call::run_words(&entry.compiled, releases, args.cast(), (&raw mut bits).cast()) {
                return false;
            }
            if let Some(dtype) = kernel.ret {
                ret.write(widened(bits, dtype));
            }
            true
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
            let text = class.cast::<PyString>().ok().and_then(|text| text.to_str().ok()).unwrap_or_default();
            // Behind its name `not None` may stand.
            let class = text.strip_suffix(" not None").unwrap_or(text);
            let no_none = (class.len() < text.len() && object.is_none()).then(|| "NoneType".to_owned());
            let Some(found) = no_none.or_else(|| crate::pyx::class_mismatch(&object, class)) else {
                return 0;
            };
            let text = match name.is_null() {
                // Of a class that is no builtin.
                true if class.contains('.') => format!("Cannot convert {found} to {class}"),
                true => format!("Expected {class}, got {found}"),
                false if class == "object" => {
                    format!("Argument '{}' must not be None", Bound::from_borrowed_ptr(py, name))
                }
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
        let Some(pyx) = (*own.dispatcher).state().pyx.as_ref() else { return -1 };
        let direct = match pyx.known_direct() {
            Some(direct) => direct,
            None => match Python::attach(|py| pyx.direct(py, own)) {
                Ok(direct) => direct,
                Err(error) => {
                    Python::attach(|py| error.restore(py));
                    return -1;
                }
            },
        };
        let done = match direct {
            Direct::Kernel(kernel) if kernel.is_plain || (*kernel.entry).guards.hold() => {
                own.run_kernel(kernel, kernel.releases, args, ret)
            }
            Direct::Kernel(_) => match Python::attach(|py| super::direct::kernel(py, own)) {
                Ok(Some(kernel)) => own.run_kernel(&kernel, kernel.releases, args, ret),
                Ok(None) => own.slowly(args, ret),
                Err(error) => {
                    Python::attach(|py| error.restore(py));
                    false
                }
            },
            Direct::Objects(code) => {
                let result = code.run(args.cast(), ret.cast_const().cast());
                if !result.is_null() && own.ret == Given::Object {
                    ret.write(result as u64);
                }
                !result.is_null()
            }
            Direct::Python if own.is_known_to_python() => own.slowly(args, ret),
            Direct::Python => {
                let name = &(*own.dispatcher).state().name;
                Python::attach(|py| {
                    let text = format!("`{name}` cannot be compiled, and Python has no values of its types");
                    PyTypeError::new_err(text).restore(py);
                });
                false
            }
        };
        if done { 0 } else { -1 }
    }

    /// Called without the lock, which only some need.
    fn call_own_free(own: *const Own, args: *const u64, ret: *mut u64) -> i64 {
        let known = (*(*own).dispatcher).state().pyx.as_ref().and_then(|pyx| pyx.known_direct());
        if let Some(Direct::Kernel(kernel)) = known
            && kernel.is_plain
        {
            let (mut bits, ctx) = (0u64, current_ctx());
            let compiled = &(*kernel.entry).compiled;
            let function = core::mem::transmute::<usize, call::EntryPoint>(compiled.code.entry);
            if function(ctx, (&raw mut bits).cast(), args.cast()) == 0 {
                if let Some(dtype) = kernel.ret {
                    ret.write(widened(bits, dtype));
                }
                return 0;
            }
            let lock = ffi::PyGILState_Ensure();
            raise::raise(ctx, compiled);
            ffi::PyGILState_Release(lock);
            return -1;
        }
        let lock = ffi::PyGILState_Ensure();
        let status = match known {
            Some(Direct::Kernel(kernel)) if (*kernel.entry).guards.hold() => {
                if (*own).run_kernel(kernel, true, args, ret) { 0 } else { -1 }
            }
            _ => call_own(own, args, ret),
        };
        ffi::PyGILState_Release(lock);
        status
    }

    fn kernel_failed(table: *const O) {
        let compiled = (*table.add(CODE)).cast::<Compiled>();
        let lock = ffi::PyGILState_Ensure();
        raise::raise(current_ctx(), &*compiled);
        ffi::PyGILState_Release(lock);
    }

    fn give_up() -> *mut ffi::PyThreadState { ffi::PyEval_SaveThread() }

    fn take(thread: *mut ffi::PyThreadState) {
        call::stop_if_finalizing();
        ffi::PyEval_RestoreThread(thread);
    }
}

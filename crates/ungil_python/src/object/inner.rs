//! Functions inside functions: Python functions whose calls run compiled code.
//!
//! What is compiled hangs at a function's code object, so that it lives as long as any function made of it. A function without
//! declarations is a plain Python function: callers in C run the code for objects, which is made at the first such call. One
//! with declarations is a builtin around it, because Python's own code would not know of them.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use std::ffi::CString;
use std::sync::OnceLock;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use ungil_sema::cython::{CFunction, Declared};

use super::ObjectCode;
use super::operate::{O, entries};
use super::table::GLOBALS;
use super::unit::{Unit, compile_unit};
use crate::params::{BoundArgs, Params};

/// What a code object carries.
pub struct Inner {
    unit: Unit,
    params: Params,
    /// The function compiled for objects, once that was tried.
    made: OnceLock<Option<ObjectCode>>,
    /// Of the builtin around a function with declarations.
    method: Option<Box<ffi::PyMethodDef>>,
    _name: CString,
}

/// Whether anything of a function is declared.
pub fn declares(c: &CFunction, free: &[(String, Option<Declared>)]) -> bool {
    !c.vars.is_empty() || c.ret.is_some() || free.iter().any(|(_, ty)| ty.is_some())
}

fn index() -> ffi::Py_ssize_t {
    static INDEX: OnceLock<ffi::Py_ssize_t> = OnceLock::new();
    // SAFETY: attached; asked for once.
    *INDEX.get_or_init(|| unsafe { ffi::PyUnstable_Eval_RequestCodeExtraIndex(free) })
}

unsafe extern "C" fn free(extra: *mut c_void) {
    if !extra.is_null() {
        // SAFETY: what `attach` gave away. The host frees a code's extras while attached.
        unsafe {
            forget(extra.cast());
            drop(Box::from_raw(extra.cast::<Inner>()));
        }
    }
}

/// What a function's code carries.
unsafe fn carried<'a>(code: *mut PyObject) -> Option<&'a Inner> {
    let mut extra = null_mut();
    // SAFETY: a live code object, as the caller vouches; what it carries is freed with it.
    unsafe {
        if ffi::PyUnstable_Code_GetExtra(code, index(), &raw mut extra) != 0 {
            ffi::PyErr_Clear();
            return None;
        }
        extra.cast::<Inner>().as_ref()
    }
}

/// Codes whose functions were called lately, and what they carry: to ask the host for it takes as long as a short call.
struct Recent(UnsafeCell<[(*mut PyObject, *const Inner); SLOTS]>);

/// A power of two.
const SLOTS: usize = 16;

// SAFETY: those who touch it hold the interpreter's lock; where there is none, nobody does.
unsafe impl Sync for Recent {}

static RECENT: Recent = Recent(UnsafeCell::new([(null_mut(), core::ptr::null()); SLOTS]));

/// What the code of a function carries.
///
/// # Safety
/// Attached, with a live code object.
#[inline]
unsafe fn carried_lately<'a>(code: *mut PyObject) -> Option<&'a Inner> {
    // SAFETY: what is noted of a code is forgotten when it is freed.
    unsafe {
        if cfg!(Py_GIL_DISABLED) {
            return carried(code);
        }
        // Objects begin at multiples of 16.
        let slot = RECENT.0.get().cast::<(*mut PyObject, *const Inner)>().add((code as usize >> 4) % SLOTS);
        if (*slot).0 == code {
            return (*slot).1.as_ref();
        }
        let inner = carried(code)?;
        *slot = (code, inner);
        Some(inner)
    }
}

/// Nothing is carried any more.
unsafe fn forget(inner: *const Inner) {
    if cfg!(Py_GIL_DISABLED) {
        return;
    }
    // SAFETY: attached, as the caller vouches.
    for slot in unsafe { &mut *RECENT.0.get() } {
        if slot.1 == inner {
            *slot = (null_mut(), core::ptr::null());
        }
    }
}

/// Makes a code object carry what compiles its functions; those with declarations are compiled now. `false`: it cannot be.
pub fn attach(
    py: Python<'_>,
    unit: Unit,
    globals: &Bound<'_, PyDict>,
    builtins: &Bound<'_, PyDict>,
) -> PyResult<bool> {
    let code = unit.code.clone_ref(py);
    let typed = declares(&unit.c, &unit.free);
    let made = OnceLock::new();
    if typed {
        let Ok(compiled) = compile_unit(py, &unit, globals, builtins, &[])? else { return Ok(false) };
        let _ = made.set(Some(compiled));
    }
    let name = CString::new(unit.name.as_str())?;
    let method = typed.then(|| {
        Box::new(ffi::PyMethodDef {
            ml_name: name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: call_builtin },
            ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ml_doc: core::ptr::null(),
        })
    });
    let params = Params::of_code(code.bind(py))?;
    let inner = Box::into_raw(Box::new(Inner { unit, params, made, method, _name: name }));
    // SAFETY: attached; the code frees it.
    let status = unsafe { ffi::PyUnstable_Code_SetExtra(code.as_ptr(), index(), inner.cast()) };
    if status != 0 { Err(PyErr::fetch(py)) } else { Ok(true) }
}

impl Inner {
    /// The compiled code, if it can be had.
    unsafe fn compiled(&self, function: *mut PyObject) -> Result<Option<&ObjectCode>, ()> {
        if let Some(made) = self.made.get() {
            return Ok(made.as_ref());
        }
        Python::attach(|py| {
            // SAFETY: a live function.
            let function = unsafe { Bound::from_borrowed_ptr(py, function) };
            let made: PyResult<Option<ObjectCode>> = (|| {
                let globals = function.getattr("__globals__")?.cast_into::<PyDict>()?;
                let builtins = function.getattr("__builtins__")?.cast_into::<PyDict>()?;
                match compile_unit(py, &self.unit, &globals, &builtins, &[])? {
                    Ok(code) => Ok(Some(code)),
                    Err(why) => {
                        super::warn_plain(self.unit.code.bind(py), &why)?;
                        Ok(None)
                    }
                }
            })();
            match made {
                // Another thread may have been faster.
                Ok(made) => drop(self.made.set(made)),
                Err(error) => {
                    error.restore(py);
                    return Err(());
                }
            }
            Ok(self.made.get().and_then(Option::as_ref))
        })
    }

    #[inline(always)]
    unsafe fn run(
        &self,
        code: &ObjectCode,
        function: *mut PyObject,
        args: *const *mut PyObject,
        n: usize,
        names: *mut PyObject,
    ) -> *mut PyObject {
        // SAFETY: the vectorcall protocol on a function of this code, whose cells live as long as the call holds it.
        unsafe {
            let closure = (*function.cast::<ffi::PyFunctionObject>()).func_closure;
            let cells: *const *mut PyObject = if closure.is_null() {
                core::ptr::null()
            } else {
                (&raw const (*closure.cast::<ffi::PyTupleObject>()).ob_item).cast()
            };
            if names.is_null() && n == self.params.plain {
                return code.run(args, cells);
            }
            self.run_bound(code, function, args, n, names, cells)
        }
    }

    /// The same where arguments have to be bound first.
    #[inline(never)]
    unsafe fn run_bound(
        &self,
        code: &ObjectCode,
        function: *mut PyObject,
        args: *const *mut PyObject,
        n: usize,
        names: *mut PyObject,
        cells: *const *mut PyObject,
    ) -> *mut PyObject {
        let mut bound = BoundArgs::new();
        // SAFETY: as for `run`.
        unsafe {
            match self.params.bind(function, args, n, names, &mut bound) {
                true => code.run(bound.args(), cells),
                // Python itself reports arguments that do not fit.
                false => original(function, args, n, names),
            }
        }
    }
}

/// How Python calls its functions.
static ORIGINAL: OnceLock<ffi::vectorcallfunc> = OnceLock::new();

unsafe fn original(
    function: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches; functions with a call of their own were made after this was set.
    unsafe {
        match ORIGINAL.get() {
            Some(call) => call(function, args, nargsf, names),
            None => null_mut(),
        }
    }
}

unsafe extern "C" fn vectorcall(
    function: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the vectorcall protocol on a Python function.
    unsafe {
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        match carried_lately((*function.cast::<ffi::PyFunctionObject>()).func_code) {
            None => original(function, args, nargsf, names),
            Some(inner) => match inner.compiled(function) {
                Err(()) => null_mut(),
                Ok(None) => original(function, args, nargsf, names),
                Ok(Some(code)) => inner.run(code, function, args, n, names),
            },
        }
    }
}

/// A call of a function with declarations.
unsafe extern "C" fn call_builtin(
    function: *mut PyObject,
    args: *const *mut PyObject,
    n: ffi::Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the protocol of such builtins; the object is the function, whose code is compiled.
    unsafe {
        let inner = carried_lately((*function.cast::<ffi::PyFunctionObject>()).func_code);
        match inner.and_then(|inner| Some((inner, inner.made.get()?.as_ref()?))) {
            Some((inner, code)) => inner.run(code, function, args, n as usize, names),
            None => ffi::PyObject_Vectorcall(function, args, n as usize, names),
        }
    }
}

entries! {
    fn new_cell(value: O) -> O { ffi::PyCell_New(value) }

    fn cell_get(cell: O, name: O, is_free: i64) -> O {
        let value = ffi::PyCell_Get(cell);
        if value.is_null() {
            if is_free == 0 {
                super::except::unbound(name);
            } else {
                let text = c"free variable '%U' referenced before assignment in enclosing scope";
                ffi::PyErr_Format(ffi::PyExc_NameError, text.as_ptr(), name);
            }
        }
        value
    }

    fn cell_look(cell: O, name: O, is_free: i64) -> O {
        let value = cell_get(cell, name, is_free);
        // The cell keeps it.
        if !value.is_null() {
            ffi::Py_DECREF(value);
        }
        value
    }

    fn cell_set(cell: O, value: O) -> i64 { i64::from(ffi::PyCell_Set(cell, value)) }

    fn make_function(table: *const O, number: i64, defaults: O, keywords: O, cells: O, annotations: O) -> O {
        let code = *table.add(number as usize);
        let made = ffi::PyFunction_New(code, *table.add(GLOBALS));
        if made.is_null() {
            return made;
        }
        type Set = unsafe extern "C" fn(O, O) -> c_int;
        let sets: [(Set, O); 4] = [
            (ffi::PyFunction_SetDefaults, defaults),
            (ffi::PyFunction_SetKwDefaults, keywords),
            (ffi::PyFunction_SetClosure, cells),
            (ffi::PyFunction_SetAnnotations, annotations),
        ];
        for (set, value) in sets {
            if !value.is_null() && set(made, value) < 0 {
                ffi::Py_DECREF(made);
                return null_mut();
            }
        }
        let Some(inner) = carried(code) else { return made };
        let Some(method) = &inner.method else {
            let call = &raw mut (*made.cast::<ffi::PyFunctionObject>()).vectorcall;
            if let Some(own) = call.read() {
                let _ = ORIGINAL.set(own);
                call.write(Some(vectorcall));
            }
            return made;
        };
        let method = core::ptr::from_ref(&**method).cast_mut();
        let wrapped = ffi::PyCFunction_NewEx(method, made, null_mut());
        ffi::Py_DECREF(made);
        wrapped
    }

    fn build_class(table: *const O, number: i64, cells: O, name: O, bases: O, keywords: O) -> O {
        let none = null_mut();
        let body = make_function(table, number, none, none, cells, none);
        if body.is_null() {
            return body;
        }
        let build = ffi::PyDict_GetItemString(ffi::PyEval_GetBuiltins(), c"__build_class__".as_ptr());
        let head = ffi::PyTuple_Pack(2, body, name);
        ffi::Py_DECREF(body);
        if head.is_null() || build.is_null() {
            ffi::Py_XDECREF(head);
            if build.is_null() {
                ffi::PyErr_SetString(ffi::PyExc_NameError, c"__build_class__ not found".as_ptr());
            }
            return null_mut();
        }
        let args = ffi::PySequence_Concat(head, bases);
        ffi::Py_DECREF(head);
        if args.is_null() {
            return args;
        }
        let made = ffi::PyObject_Call(build, args, keywords);
        ffi::Py_DECREF(args);
        made
    }
}

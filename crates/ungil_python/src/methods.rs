//! Attributes and methods of the dispatcher type, and the guard that keeps panics out of the interpreter.

use core::ffi::{CStr, c_void};
use core::ptr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyKeyError, PySystemError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use ungil_driver::compiled::Compiled;
use ungil_sema::object::entries::Entry;

use crate::dispatcher::{self, Dispatcher};
use crate::{ahead, fork, specialise};

/// Runs a function that returns an object; its error, or a panic, becomes a Python exception.
///
/// # Safety
/// The interpreter is attached and `slf` is live.
pub unsafe fn guarded(
    slf: *mut PyObject,
    body: impl for<'py> FnOnce(Python<'py>, Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> *mut PyObject {
    // Attaching again is cheap and tells PyO3 that references may be dropped at once.
    Python::attach(|py| {
        // SAFETY: `slf` is live, as the caller vouches.
        let this = unsafe { Bound::from_borrowed_ptr(py, slf) };
        guarded_result(py, || body(py, this).map(Bound::into_ptr))
    })
}

/// As [`guarded`], for a body that makes a raw reference.
pub fn guarded_result(py: Python<'_>, body: impl FnOnce() -> PyResult<*mut PyObject>) -> *mut PyObject {
    let error = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(object)) => return object,
        Ok(Err(error)) => error,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            PySystemError::new_err(format!("internal error: {}", text.unwrap_or_default()))
        }
    };
    error.restore(py);
    ptr::null_mut()
}

fn this<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Dispatcher> {
    dispatcher::downcast(object).ok_or_else(|| PySystemError::new_err("not a dispatcher"))
}

/// `<ungil.jit f: (int) -> int, (float) -> float>`
pub fn repr<'py>(py: Python<'py>, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let state = this(object)?.state();
    let mut signatures: Vec<String> = state.entries.iter().map(|e| e.compiled.signature()).collect();
    signatures.reverse();
    signatures.dedup();
    let for_objects = this(object)?.state().pyx.as_ref().is_some_and(|pyx| pyx.objects().is_some());
    signatures.extend(for_objects.then(|| "objects".to_owned()));
    let list = if signatures.is_empty() { "not compiled yet".to_owned() } else { signatures.join(", ") };
    Ok(PyString::new(py, &format!("<ungil.jit {}: {list}>", state.name)).into_any())
}

/// The compiled specialisations, oldest first, each signature once.
fn specialisations(dispatcher: &Dispatcher) -> Vec<(String, &Compiled)> {
    let mut found: Vec<(String, &Compiled)> = Vec::new();
    for entry in dispatcher.state().entries.iter() {
        let signature = entry.compiled.signature();
        if !found.iter().any(|(s, _)| *s == signature) {
            found.push((signature, &*entry.compiled));
        }
    }
    found.reverse();
    found
}

fn signatures<'py>(py: Python<'py>, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let names: Vec<String> = specialisations(this(object)?).into_iter().map(|(s, _)| s).collect();
    Ok(PyList::new(py, names)?.into_any())
}

/// A dictionary from signature to text, or the text of the one signature that was asked for.
fn texts<'py>(
    object: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    text: impl Fn(&Compiled) -> String + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let _compiling = fork::begin(py);
    let text = |compiled: &Compiled| py.detach(|| text(compiled));
    let all = specialisations(this(object)?);
    let wanted = args.iter().next().filter(|a| !a.is_none());
    match wanted {
        Some(wanted) => {
            let wanted = wanted.str()?.to_string();
            let found = all.iter().find(|(s, _)| *s == wanted || s.starts_with(&format!("{wanted} ->")));
            let (_, compiled) = found.ok_or_else(|| PyKeyError::new_err(format!("no signature {wanted}")))?;
            Ok(PyString::new(py, &text(compiled)).into_any())
        }
        None => {
            let dict = PyDict::new(py);
            for (signature, compiled) in all {
                dict.set_item(signature, text(compiled))?;
            }
            Ok(dict.into_any())
        }
    }
}

fn inspect_types<'py>(object: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    texts(object, args, Compiled::types_text)
}

fn inspect_ir<'py>(object: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    texts(object, args, |c| c.module.to_string())
}

fn inspect_llvm<'py>(object: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    texts(object, args, |c| specialise::session().llvm_text(c))
}

fn inspect_asm<'py>(object: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    texts(object, args, |c| specialise::session().asm_text(c))
}

/// What the compiler did and could not do, as text.
fn diagnostics<'py>(object: &Bound<'py, PyAny>, _: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let _compiling = fork::begin(py);
    let mut out = String::new();
    for (_, compiled) in specialisations(this(object)?) {
        out.push_str(&py.detach(|| specialise::session().report(compiled)));
    }
    Ok(PyString::new(object.py(), &out).into_any())
}

/// Prints [`diagnostics`], as Numba's method of this name does.
fn parallel_diagnostics<'py>(
    object: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let text = diagnostics(object, args)?;
    object.py().import("builtins")?.getattr("print")?.call1((text,))
}

/// What is known of each specialisation by line, for the annotate report: a list of dictionaries.
fn facts<'py>(object: &Bound<'py, PyAny>, _: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let _compiling = fork::begin(py);
    let list = PyList::empty(py);
    for (signature, compiled) in specialisations(this(object)?) {
        list.append(facts_of(py, &signature, compiled)?)?;
    }
    Ok(list.into_any())
}

/// What the report shows of one compilation.
fn facts_of<'py>(py: Python<'py>, signature: &str, compiled: &Compiled) -> PyResult<Bound<'py, PyDict>> {
    let found = py.detach(|| ungil_driver::annotate::facts(compiled));
    let dict = PyDict::new(py);
    dict.set_item("signature", signature)?;
    dict.set_item("name", &compiled.name)?;
    dict.set_item("releases_gil", compiled.releases_gil)?;
    let notes: Vec<_> =
        found.notes.iter().map(|n| (n.file.as_str(), n.line, n.kind, n.pass, n.text.as_str())).collect();
    dict.set_item("notes", notes)?;
    dict.set_item("types", found.types)?;
    let functions: Vec<_> = compiled
        .functions
        .iter()
        .map(|f| (f.name.as_str(), f.file.as_str(), f.first_line, f.hidden))
        .collect();
    dict.set_item("functions", functions)?;
    dict.set_item("ir", found.ir)?;
    dict.set_item("assembly", found.assembly)?;
    Ok(dict)
}

/// What the report shows of a function of the Cython language as it is compiled for objects; why not, if it cannot be.
/// Which code its calls run stays as it is.
fn object_facts<'py>(object: &Bound<'py, PyAny>, _: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let dispatcher = this(object)?;
    let Some(pyx) = &dispatcher.state().pyx else { return Ok(py.None().into_bound(py)) };
    // SAFETY: a live dispatcher holds its function.
    let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
    let code = crate::object::compile(py, &func, dispatcher.state(), pyx, false)?;
    let _compiling = fork::begin(py);
    match code {
        Ok(code) => {
            let facts = facts_of(py, "(objects)", code.compiled())?;
            let entries: Vec<String> = Entry::ALL.iter().map(|e| format!("{e:?}")).collect();
            facts.set_item("entries", entries)?;
            Ok(facts.into_any())
        }
        // What gives the lock up is a kernel or an error.
        Err(_) if pyx.must_compile => Ok(py.None().into_bound(py)),
        Err(reason) => Ok(PyString::new(py, &reason).into_any()),
    }
}

/// Compiles ahead of the first call: for a declared signature.
fn compile<'py>(object: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let text = args.get_item(0)?.str()?.to_string();
    ahead::compile_declared(py, object, this(object)?, &text)?;
    Ok(py.None().into_bound(py))
}

fn reduce<'py>(object: &Bound<'py, PyAny>, _: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    object.py().import("ungil._pickle")?.getattr("reduce")?.call1((object,))
}

/// What `_pickle` needs to build the same dispatcher: source text, first line, file, options.
fn state<'py>(object: &Bound<'py, PyAny>, _: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let state = this(object)?.state();
    let text =
        state.source.as_ref().ok().map(|t| (t.text.clone(), t.first_line, t.file.clone(), t.is_lambda));
    // An annotated signature comes back with the annotations.
    let signatures: Vec<String> =
        state.signatures.iter().filter(|_| !state.annotated).map(|s| s.text.clone()).collect();
    let parts = (text, state.given_options.bind(object.py()).clone(), signatures);
    Ok(parts.into_pyobject(object.py())?.into_any())
}

type Method = for<'a, 'py> fn(&'a Bound<'py, PyAny>, &'a Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>>;

macro_rules! method {
    ($name:literal, $function:ident, $doc:literal) => {{
        unsafe extern "C" fn raw(slf: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
            // SAFETY: called by the interpreter with a dispatcher and a tuple.
            unsafe {
                guarded(slf, |py, this| {
                    let args = Bound::from_borrowed_ptr(py, args).cast_into_unchecked::<PyTuple>();
                    let method: Method = $function;
                    method(&this, &args)
                })
            }
        }
        ffi::PyMethodDef {
            ml_name: $name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunction: raw },
            ml_flags: ffi::METH_VARARGS,
            ml_doc: $doc.as_ptr(),
        }
    }};
}

/// What leads from addresses of the code to lines: for each specialisation symbol, address, two objects, assembly.
/// `_line_maps(entries)`: of the code that is entered at these addresses; it is compiled once more for them.
fn line_maps<'py>(object: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let _compiling = fork::begin(py);
    let list = PyList::empty(py);
    let wanted = args.get_item(0)?;
    for (_, compiled) in specialisations(this(object)?) {
        if !wanted.contains(compiled.code.entry)? {
            continue;
        }
        if let Some(map) = py.detach(|| ungil_driver::annotate::line_map(compiled)) {
            let objects = (PyBytes::new(py, &map.debug), PyBytes::new(py, &map.plain));
            list.append((map.symbol, map.address, objects.0, objects.1, map.assembly))?;
        }
    }
    Ok(list.into_any())
}

/// `_entries()`: where the code of each specialisation is entered.
fn entries<'py>(object: &Bound<'py, PyAny>, _: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let found = specialisations(this(object)?).into_iter().map(|(_, compiled)| compiled.code.entry);
    Ok(PyList::new(object.py(), found.collect::<Vec<_>>())?.into_any())
}

/// `f.annotate(output=None, *, profile=None)`: the annotate report of the file that the function is in.
unsafe extern "C" fn annotate(
    slf: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with a dispatcher, a tuple, and a dictionary or null.
    unsafe {
        guarded(slf, |py, this| {
            let args = Bound::from_borrowed_ptr(py, args).cast_into_unchecked::<PyTuple>();
            let kwargs = Bound::from_borrowed_ptr_or_opt(py, kwargs);
            let kwargs = kwargs.as_ref().map(|k| k.cast::<PyDict>()).transpose()?;
            let all: Vec<Bound<'_, PyAny>> = core::iter::once(this.clone()).chain(args.iter()).collect();
            let function = py.import("ungil.annotate")?.getattr("of_function")?;
            function.call(PyTuple::new(py, all)?, kwargs)
        })
    }
}

/// The type's table of methods; lives for ever.
pub fn methods() -> *mut ffi::PyMethodDef {
    let table = Box::new([
        method!(c"inspect_types", inspect_types, c"Types of the variables, by signature."),
        method!(c"inspect_ir", inspect_ir, c"Typed intermediate representation, by signature."),
        method!(c"inspect_llvm", inspect_llvm, c"LLVM IR, by signature."),
        method!(c"inspect_asm", inspect_asm, c"Assembly, by signature."),
        method!(c"diagnostics", diagnostics, c"What the compiler did and could not do, as text."),
        method!(c"parallel_diagnostics", parallel_diagnostics, c"Print the diagnostics."),
        method!(c"_entries", entries, c"Addresses at which the code is entered."),
        method!(c"_line_maps", line_maps, c"What leads from addresses of the code to lines."),
        method!(c"_facts", facts, c"What the annotate report shows, by specialisation."),
        method!(
            c"_object_facts",
            object_facts,
            c"The same of the code for Python objects, or why there is none."
        ),
        ffi::PyMethodDef {
            ml_name: c"annotate".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionWithKeywords: annotate },
            ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS,
            ml_doc: c"The annotate report of the function, as HTML or written to a file.".as_ptr(),
        },
        method!(c"compile", compile, c"Compile for a signature, given as text, ahead of the first call."),
        method!(c"__reduce__", reduce, c"Pickle by name, or by source where there is no importable name."),
        method!(c"_state", state, c"Source, options and signatures."),
        ffi::PyMethodDef::zeroed(),
    ]);
    Box::leak(table).as_mut_ptr()
}

/// Attributes that are the function's.
const FORWARDED: [(&CStr, &CStr); 6] = [
    (c"__annotations__", c"Annotations of the function."),
    (c"__defaults__", c"Default values of the function."),
    (c"__kwdefaults__", c"Default values of keyword-only parameters."),
    (c"__code__", c"Code object of the function."),
    (c"__globals__", c"Globals of the function."),
    (c"__closure__", c"Cells of the function."),
];

unsafe extern "C" fn forwarded(slf: *mut PyObject, name: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with a live dispatcher, whose function is null once the collector has taken it
    // apart, and the name that the table gives.
    unsafe {
        let func = (*slf.cast::<Dispatcher>()).func;
        if func.is_null() {
            ffi::PyErr_SetString(ffi::PyExc_ReferenceError, c"the function has been collected".as_ptr());
            return core::ptr::null_mut();
        }
        ffi::PyObject_GetAttrString(func, name.cast())
    }
}

unsafe extern "C" fn get_signatures(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with a live dispatcher.
    unsafe { guarded(slf, |py, this| signatures(py, &this)) }
}

/// The type's table of attributes; lives for ever.
pub fn getters() -> *mut ffi::PyGetSetDef {
    let getter = |name: &'static CStr, doc: &'static CStr, get: ffi::getter, closure: *mut c_void| {
        ffi::PyGetSetDef { name: name.as_ptr(), get: Some(get), set: None, doc: doc.as_ptr(), closure }
    };
    let mut table = vec![
        getter(c"signatures", c"Signatures compiled so far, oldest first.", get_signatures, ptr::null_mut()),
        ffi::PyGetSetDef {
            name: c"__dict__".as_ptr(),
            get: Some(ffi::PyObject_GenericGetDict),
            set: Some(ffi::PyObject_GenericSetDict),
            doc: ptr::null(),
            closure: ptr::null_mut(),
        },
    ];
    for (name, doc) in FORWARDED {
        table.push(getter(name, doc, forwarded, name.as_ptr().cast_mut().cast()));
    }
    table.push(ffi::PyGetSetDef {
        name: ptr::null(),
        get: None,
        set: None,
        doc: ptr::null(),
        closure: ptr::null_mut(),
    });
    Vec::leak(table).as_mut_ptr()
}

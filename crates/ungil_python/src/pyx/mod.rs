//! Functions of modules in the Cython language.
//!
//! Such a function is a dispatcher whose state carries [`Pyx`]: arguments that no specialisation is known for are first
//! converted to the declared types, with Cython's errors, and a function that cannot be compiled for its arguments runs
//! as plain Python, unless it gives up the interpreter's lock.

mod again;
mod argument;
pub mod arity;
mod builtin;
mod format;
mod fused;
mod quick;
mod read;
mod structs;
mod takes;
mod unused;
mod variables;

use core::ffi::{c_int, c_void};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::ffi::{self, PyObject, visitproc};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction, PyTuple};
use ungil_driver::options::KernelOptions;
use ungil_ir::types::DType;
use ungil_sema::c_text::parse_c_text;
use ungil_sema::cython::{CFunction, Declared};
use ungil_sema::object::kernel::Kernel;
use ungil_sema::options::ErrorModel;
use ungil_syntax::directive;

use crate::dispatcher::{self, Dispatcher, State};
use crate::entry::Entries;
use crate::fast::FastList;
use crate::numpy::{self, PyArray};
use crate::object::{self, Direct, Inlined, ObjectCode};
use crate::params::Params;
use crate::{call, classify, source, specialise};

pub use again::or_again;
pub use argument::{class_mismatch, flags_of};
pub use builtin::make_builtin;
pub use fused::FusedCall;
pub use read::{pyx_directive, pyx_read};
pub use structs::{array_of_structs, array_over, put};
pub use takes::{Elements, Takes};
pub use variables::{object_of, pyx_callback, pyx_load, pyx_size, pyx_store, pyx_view};

/// What a dispatcher of the Cython language knows besides.
pub struct Pyx {
    /// One for each parameter, in the order of [`Params`].
    params: Vec<Parameter>,
    /// What they take for numbers of their types.
    takes: Box<[Takes]>,
    /// Whether it warns, or has characters, which are strings to Python: kernels cannot.
    warns: bool,
    /// Whether Python cannot see it: nobody can give its name to another function.
    pub is_private: bool,
    /// Whether it cannot run as plain Python.
    pub(crate) must_compile: bool,
    /// Whether only a kernel will do: it has loops in parallel.
    kernel_only: bool,
    /// Whether it may be compiled for objects, or run as plain Python, all the same: it takes the lock somewhere.
    may_hold: bool,
    /// Whether it declares nothing: neither parameters nor variables nor a result.
    declares_nothing: bool,
    /// Whether functions inside have declarations or directives of their own, which kernels' do not.
    declares_inside: bool,
    /// Whether its plain function has kernels for its parallel sections, which call back for what they do under the lock.
    sections: AtomicBool,
    /// Whether it takes the lock, or calls what does.
    is_locked: bool,
    /// Whether it has parallel loops without the lock, which it is told of when they run in order.
    parallel: bool,
    /// What its module keeps beside Python's variables: names of C, which are never bound anew. The function holds the dictionary.
    names: usize,
    /// Makes the function that runs in the compiled one's place.
    make_fallback: Py<PyAny>,
    fallback: Mutex<Option<Py<PyAny>>>,
    /// Whether it was said that this one runs.
    warned: AtomicBool,
    /// The function compiled for objects, or why it cannot be, once that was tried.
    objects: OnceLock<Result<ObjectCode, String>>,
    /// What callers without Python have of it.
    code: Reached,
    /// Declarations of functions inside it, by the line of their `def`.
    pub inner: Arc<HashMap<u32, CFunction>>,
    /// What it changes, which decides whether a kernel's call is made again.
    effects: again::KnownEffects,
    /// Fingerprints of arguments that it cannot be compiled for.
    failed: Mutex<HashSet<Vec<u64>>>,
}

/// A function's code for callers without Python, made when one of them needs it.
#[derive(Default)]
struct Reached {
    /// How they run it.
    direct: OnceLock<Direct>,
    /// Its code, where that may become part of theirs.
    inlined: OnceLock<Inlined>,
}

/// A parameter as declared.
pub struct Parameter {
    pub name: String,
    pub declared: Option<Declared>,
    /// The class of Python's whose instances it holds, or None.
    pub class: Option<String>,
    pub not_none: bool,
    /// Of a buffer that is declared as an array, which takes arrays only.
    pub is_buffer: bool,
    /// Of a buffer that the function writes to.
    pub writes: bool,
    /// Of a buffer, which Python sees as it is.
    pub is_array: bool,
    /// Of `bytes` of which more is used than characters, and of a buffer of which more is used than elements.
    pub is_whole: bool,
}

impl Parameter {
    /// A variable, which is converted like a parameter.
    pub fn variable(name: &str, declared: &Declared) -> Parameter {
        let declared = Some(declared.clone());
        Parameter {
            name: name.to_owned(),
            declared,
            class: None,
            not_none: false,
            is_buffer: false,
            writes: false,
            is_array: false,
            is_whole: false,
        }
    }
}

fn option<'py, T: FromPyObjectOwned<'py>>(info: &Bound<'py, PyDict>, name: &str) -> PyResult<Option<T>> {
    match info.get_item(name)? {
        Some(value) if !value.is_none() => {
            Ok(Some(value.extract::<T>().map_err(|_| PyTypeError::new_err(format!("bad `{name}`")))?))
        }
        _ => Ok(None),
    }
}

/// A type's text and its name in C.
type Named = (String, String);

/// A parameter as Python gives it: name, type, and whether it refuses `None`.
type DeclaredParameter = (String, Option<Named>, bool);

/// The parameters as Python gives them; what they declare goes to `c` too.
fn parameters(declared: Vec<DeclaredParameter>, written: &[String], c: &mut CFunction) -> Vec<Parameter> {
    let mut params = Vec::new();
    for (name, ty, not_none) in declared {
        let is_buffer = ty.as_ref().is_some_and(|(text, name)| {
            text.starts_with("buffer ") && !name.starts_with("object ")
                || text.starts_with("view ") && name == "numpy.ndarray"
        });
        if ty.as_ref().is_some_and(is_buffer_type) {
            c.buffers.insert(name.clone());
        }
        let writes = written.contains(&name);
        let declared = ty.as_ref().and_then(|(text, c_name)| declaration(text, c_name, writes));
        if let Some(declared) = &declared {
            c.vars.insert(name.clone(), declared.clone());
        }
        let class = c.classes.get(&name).cloned();
        // What an array or an object without a class here has are objects.
        let is_open = |class: &String| {
            matches!(&**class, "type" | "slice" | "memoryview" | "object")
                || class.contains('.') && class != "array.array"
        };
        c.takes_objects |= ty.is_none() && class.as_ref().is_none_or(is_open);
        if not_none {
            c.not_none.insert(name.clone());
        }
        let is_array = c.buffers.contains(&name);
        let is_whole = false;
        params.push(Parameter { name, declared, class, not_none, is_buffer, writes, is_array, is_whole });
    }
    params
}

/// Marks the parameters of `bytes` of which more is used than characters.
fn marked(info: &Bound<'_, PyDict>, mut params: Vec<Parameter>) -> PyResult<Vec<Parameter>> {
    let whole: Vec<String> = option(info, "whole")?.unwrap_or_default();
    params.iter_mut().for_each(|p| p.is_whole = whole.contains(&p.name));
    Ok(params)
}

/// What a type's text declares. Buffers may be constant where nothing is written to them.
fn declaration(text: &str, c_name: &str, writes: bool) -> Option<Declared> {
    let mut declared = read::declared(text, c_name)?;
    if let Declared::View { is_const, .. } = &mut declared {
        *is_const &= !(writes && text.starts_with("buffer "));
    }
    Some(declared)
}

/// Whether a type is a buffer's, which as an object is the array itself.
fn is_buffer_type((text, name): &Named) -> bool {
    text.starts_with("buffer ") || text.starts_with("view ") && name == "numpy.ndarray"
}

/// A switch that is off where nothing is said.
fn flag(info: &Bound<'_, PyDict>, name: &str) -> PyResult<bool> {
    Ok(option::<bool>(info, name)?.unwrap_or(false))
}

/// What a function's directives say.
fn switched(info: &Bound<'_, PyDict>) -> PyResult<CFunction> {
    let flag = |name: &str| flag(info, name);
    Ok(CFunction {
        cdivision: flag("cdivision")?,
        cpow: flag("cpow")?,
        integer_division: flag("integer_division")?,
        overflowcheck: flag("overflowcheck")?,
        cdivision_warnings: flag("cdivision_warnings")?,
        nonecheck: flag("nonecheck")?,
        unchecked: !is_on(info, "boundscheck")?,
        unwrapped: !is_on(info, "wraparound")?,
        classes: option(info, "classes")?.unwrap_or_default(),
        overflowing: option(info, "overflowing")?.unwrap_or_default(),
        infer_types: flag("infer_types")?,
        gives_up: flag("gives_up")?,
        enumerators: option(info, "enumerators")?.unwrap_or_default(),
        ..CFunction::default()
    })
}

/// The parameters of a function as calls are bound to them.
fn own_parameters(func: &Bound<'_, PyAny>, source: &source::Captured) -> PyResult<Params> {
    let mut own = Params::of(func)?;
    let last = own.name(func.py(), own.names.len().saturating_sub(1));
    let drops = own.double_star && source.as_ref().is_ok_and(|source| unused::is_unused(&source.text, &last));
    own.keep_defaults(func, drops)?;
    Ok(own)
}

/// What a function knows of its module: structs, and variables in memory of C.
fn known_of_module(info: &Bound<'_, PyDict>, c: &mut CFunction) -> PyResult<()> {
    let types: Vec<(String, String)> = option(info, "structs")?.unwrap_or_default();
    c.types.extend(types.into_iter().filter_map(|(name, text)| Some((name, parse_c_text(&text)?))));
    let data: Vec<(String, u64, String, String)> = option(info, "data")?.unwrap_or_default();
    c.data.extend(data.into_iter().filter_map(|(name, address, text, c_name)| {
        Some((name, (read::declared(&text, &c_name)?, address)))
    }));
    Ok(())
}

/// A dispatcher for a function of a module in the Cython language. `text` is its plain text; `info` holds its
/// declarations and directives; `make_fallback` returns the function that runs where it cannot be compiled.
#[pyfunction]
pub fn make_pyx_function<'py>(
    func: &Bound<'py, PyAny>,
    text: &str,
    info: &Bound<'py, PyDict>,
    make_fallback: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = func.py();
    if !func.is_instance_of::<PyFunction>() {
        return Err(PyTypeError::new_err("not a function"));
    }
    let flag = |name: &str| flag(info, name);
    let declared: Vec<DeclaredParameter> = option(info, "params")?.unwrap_or_default();
    let locals: Vec<(String, Named)> = option(info, "locals")?.unwrap_or_default();
    let ret: Option<Named> = option(info, "ret")?;
    let written: Vec<String> = option(info, "written")?.unwrap_or_default();
    let mut c = switched(info)?;
    let mut params = marked(info, parameters(declared, &written, &mut c))?;
    let buffers = locals.iter().filter(|(_, ty)| is_buffer_type(ty));
    c.buffers.extend(buffers.map(|(name, _)| name.clone()));
    let known = |(name, (text, c_name)): (String, Named)| {
        let declared = declaration(&text, &c_name, written.contains(&name))?;
        Some((name, declared))
    };
    c.vars.extend(locals.into_iter().filter_map(known));
    known_of_module(info, &mut c)?;
    c.ret = ret.and_then(|(text, c_name)| read::declared(&text, &c_name));
    let source = source::capture(func, Some(text));
    let own = own_parameters(func, &source)?;
    // In the order of the dispatcher's parameters.
    let order: Vec<String> = (0..own.names.len()).map(|i| own.name(py, i)).collect();
    params.sort_by_key(|p| order.iter().position(|name| *name == p.name));
    let mut options = KernelOptions::default();
    options.compile.boundscheck = !c.unchecked;
    options.compile.wraparound = !c.unwrapped;
    options.compile.overflowcheck = flag("overflowcheck")?;
    options.debug = std::env::var_os("UNGIL_GDB").is_some();
    (options.profile, options.linetrace) = (flag("profile")?, flag("linetrace")?);
    options.compile.error_model = if c.cdivision { ErrorModel::Numpy } else { ErrorModel::Python };
    options.compile.python = py.version_info().minor;
    c.keeps_types = c.takes_objects && !flag("kernel_only")?;
    let c = Arc::new(c);
    options.compile.c = Some(c.clone());
    let mut inner = HashMap::new();
    functions_inside(info, c.as_ref(), &mut inner)?;
    let pyx = Pyx {
        takes: params.iter().map(Takes::of).collect(),
        params,
        inner: Arc::new(inner),
        warns: keeps_kernels_off(info, &c)?,
        is_private: option::<String>(info, "kind")?.as_deref() == Some("cdef"),
        must_compile: flag("must_compile")?,
        kernel_only: flag("kernel_only")?,
        declares_nothing: c.vars.is_empty() && c.classes.is_empty() && c.ret.is_none(),
        declares_inside: flag("declares_inside")?,
        may_hold: flag("may_hold")?,
        sections: AtomicBool::new(flag("sections")?),
        is_locked: flag("locked")?,
        parallel: flag("parallel")?,
        names: func.getattr("__builtins__")?.as_ptr() as usize,
        make_fallback,
        fallback: Mutex::new(None),
        warned: AtomicBool::new(false),
        objects: OnceLock::new(),
        code: Reached::default(),
        effects: again::KnownEffects::new(),
        failed: Mutex::new(HashSet::new()),
    };
    let state = State {
        name: func.getattr("__name__")?.extract()?,
        params: own,
        options,
        entries: Entries::new(),
        fast: FastList::default(),
        numbers: Default::default(),
        seen: pyo3::sync::PyOnceLock::new(),
        signatures: Vec::new(),
        annotated: false,
        source,
        disabled: false,
        given_options: PyDict::new(py).unbind(),
        pyx: Some(pyx),
    };
    dispatcher::make(py, func, state)
}

/// The array that an argument is to a parameter which is a memoryview of numbers; its memory, extents and strides go to
/// `words`. For `None` all are zero.
///
/// # Safety
/// The words are as many as the declaration needs.
pub unsafe fn array_of<'py>(
    py: Python<'py>,
    parameter: &Parameter,
    object: &Bound<'py, PyAny>,
    words: *mut u64,
) -> PyResult<Bound<'py, PyAny>> {
    let (Some(Declared::View { ndim, .. })
    | Some(Declared::Structs { ndim, .. })
    | Some(Declared::Objects { ndim, .. })) = &parameter.declared
    else {
        return Err(PyTypeError::new_err("not a memoryview"));
    };
    let ndim = usize::from(*ndim);
    let array = argument::array(parameter, object)?;
    // SAFETY: attached; what is no array of that many axes is refused or `None`.
    unsafe {
        core::slice::from_raw_parts_mut(words, 1 + 2 * ndim).fill(0);
        if array.is_none() {
            return Ok(array);
        }
        let fields = &*array.as_ptr().cast::<PyArray>();
        let is_array = ffi::PyObject_TypeCheck(array.as_ptr(), numpy::api(py).array_type) != 0;
        if !is_array || fields.nd as usize != ndim {
            return Err(PyTypeError::new_err("a memoryview that is no array"));
        }
        words.write(fields.data as u64);
        for axis in 0..ndim {
            words.add(1 + axis).write(*fields.dimensions.add(axis) as u64);
            words.add(1 + ndim + axis).write(*fields.strides.add(axis) as u64);
        }
    }
    // Python sees what was given, whose memory this is.
    Ok(if argument::is_reinterpreted(parameter, object) { object.clone() } else { array })
}

/// Whether a directive holds that does unless it is switched off.
fn is_on(info: &Bound<'_, PyDict>, name: &str) -> PyResult<bool> {
    Ok(option::<bool>(info, name)?.unwrap_or(true))
}

/// Whether a function warns or has characters, which kernels do not.
fn keeps_kernels_off(info: &Bound<'_, PyDict>, c: &CFunction) -> PyResult<bool> {
    let casts = option::<bool>(info, "has_characters")?.unwrap_or(false);
    Ok(c.cdivision && c.cdivision_warnings || has_characters(c) || casts)
}

/// Whether variables or the result of a function are characters.
fn has_characters(c: &CFunction) -> bool {
    let is_character = |ty: &Declared| matches!(ty, Declared::Scalar { name, .. } if &**name == "Py_UCS4");
    c.vars.values().chain(&c.ret).any(is_character)
}

/// Declarations of the functions inside another.
fn functions_inside(
    info: &Bound<'_, PyDict>,
    outer: &CFunction,
    found: &mut HashMap<u32, CFunction>,
) -> PyResult<()> {
    let inner: Vec<Bound<'_, PyDict>> = option(info, "inner")?.unwrap_or_default();
    for info in inner {
        let params: Vec<DeclaredParameter> = option(&info, "params")?.unwrap_or_default();
        let locals: Vec<(String, Named)> = option(&info, "locals")?.unwrap_or_default();
        let ret: Option<Named> = option(&info, "ret")?;
        let takes_objects = params.iter().any(|(_, ty, _)| ty.is_none());
        let not_none = params.iter().filter(|p| p.2).map(|p| p.0.clone()).collect();
        let declared = params.into_iter().filter_map(|(name, ty, _)| Some((name, ty?))).chain(locals);
        let vars = declared
            .filter_map(|(name, (text, c_name))| Some((name, read::declared(&text, &c_name)?)))
            .collect();
        let own: Vec<(String, Option<Bound<'_, PyAny>>)> = option(&info, "directives")?.unwrap_or_default();
        let switch = |name: &str, outer: bool| match own.iter().rev().find(|(own, _)| own == name) {
            Some((_, Some(value))) => value.is_truthy().unwrap_or(outer),
            Some((_, None)) => directive::is_on(name),
            None => outer,
        };
        let c = CFunction {
            vars,
            ret: ret.and_then(|(text, c_name)| read::declared(&text, &c_name)),
            cdivision: switch("cdivision", outer.cdivision),
            cpow: switch("cpow", outer.cpow),
            integer_division: outer.integer_division,
            overflowcheck: switch("overflowcheck", outer.overflowcheck),
            cdivision_warnings: switch("cdivision_warnings", outer.cdivision_warnings),
            nonecheck: switch("nonecheck", outer.nonecheck),
            unchecked: !switch("boundscheck", !outer.unchecked),
            unwrapped: !switch("wraparound", !outer.unwrapped),
            takes_objects,
            keeps_types: false,
            overflowing: Default::default(),
            infer_types: outer.infer_types,
            gives_up: outer.gives_up,
            not_none,
            buffers: Default::default(),
            classes: option(&info, "classes")?.unwrap_or_default(),
            data: outer.data.clone(),
            enumerators: outer.enumerators.clone(),
            types: outer.types.clone(),
        };
        functions_inside(&info, &c, found)?;
        if let Some(line) = option::<u32>(&info, "line")? {
            found.insert(line, c);
        }
    }
    Ok(())
}

/// A call whose arguments have no specialisation yet, or cannot have one.
///
/// # Safety
/// The interpreter is attached; `objects` are live and there is one for each parameter.
pub unsafe fn enter(
    py: Python<'_>,
    dispatcher: &Dispatcher,
    pyx: &Pyx,
    objects: &[*mut PyObject],
) -> PyResult<*mut PyObject> {
    let state = dispatcher.state();
    let is_new = pyx.objects.get().is_none() && !pyx.kernel_only && state.entries.iter().next().is_none();
    let prefers_objects = pyx.has_sequences(state, objects)
        || pyx.has_reinterpreted(py, objects)
        || pyx.takes_objects(py, objects)
        || is_new
            && (state.params.double_star
                || pyx.warns
                || pyx.declares_inside
                || object::is_preferred(state, pyx));
    if prefers_objects && let Some(code) = pyx.for_objects(py, dispatcher)? {
        // SAFETY: attached, with live objects, one for each parameter.
        let result = unsafe { code.run(objects.as_ptr(), core::ptr::null()) };
        return if result.is_null() { Err(PyErr::fetch(py)) } else { Ok(result) };
    }
    // SAFETY: live objects, as the caller vouches.
    let given = objects.iter().map(|o| unsafe { Bound::from_borrowed_ptr(py, *o) });
    let mut converted = Vec::with_capacity(objects.len());
    for (i, object) in given.enumerate() {
        converted.push(match pyx.params.get(i) {
            Some(parameter) => argument::convert(parameter, &object)?,
            None => object,
        });
    }
    let pointers: Vec<*mut PyObject> = converted.iter().map(Bound::as_ptr).collect();
    // Structs and arrays of them are handed to kernels as bytes.
    let mut held = converted.clone();
    for (k, parameter) in pyx.params.iter().enumerate() {
        let is_whole = matches!(
            parameter.declared,
            Some(Declared::Structs { .. } | Declared::C { .. } | Declared::Tuple(_))
        );
        if is_whole && k < held.len() {
            // SAFETY: live objects, as the caller vouches.
            held[k] = unsafe { Bound::from_borrowed_ptr(py, objects[k]) };
        }
    }
    if state.params.double_star {
        return pyx.call_fallback(py, dispatcher, &held, None);
    }
    let key = match call::fingerprint(py, state, &pointers) {
        Ok(key) => key,
        // Integers of any size are objects.
        Err(error) if !pyx.kernel_only && error.is_instance_of::<PyOverflowError>(py) => {
            return pyx.call_fallback(py, dispatcher, &held, Some(error));
        }
        Err(error) => return pyx.instead(py, dispatcher, &held, error),
    };
    let known_to_fail = pyx.failed.lock().unwrap_or_else(PoisonError::into_inner).contains(&key);
    if known_to_fail && pyx.has_sections() | pyx.for_objects(py, dispatcher)?.is_some() | !pyx.must_compile {
        return pyx.call_fallback(py, dispatcher, &held, None);
    }
    // SAFETY: live objects, one for each parameter.
    match unsafe { specialise::ensure(py, dispatcher, &pointers) } {
        // SAFETY: as above.
        Ok(arguments) => unsafe {
            let result = match call::run_packed(py, state, arguments.pointers()) {
                Ok(result) => result,
                Err(error) => {
                    error.restore(py);
                    core::ptr::null_mut()
                }
            };
            let result = or_again(dispatcher, objects.as_ptr(), objects.len(), result);
            if result.is_null() { Err(PyErr::fetch(py)) } else { Ok(result) }
        },
        Err(error) => {
            if pyx.may_fall_back(py, &error)? {
                pyx.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
            }
            pyx.instead(py, dispatcher, &held, error)
        }
    }
}

/// Whether an error tells why iterations of a parallel loop depend on each other.
fn is_about_parallel(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let class = py.import("ungil.errors")?.getattr("ParallelError")?;
    error.value(py).is_instance(&class)
}

/// Whether Cython refuses the program too: running it otherwise would give what it does not.
fn is_final(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let code = error.value(py).getattr("code");
    Ok(code.is_ok_and(|code| code.extract::<String>().is_ok_and(|code| code == "U0811")))
}

fn is_compile_error(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let class = py.import("ungil.errors")?.getattr("CompileError")?;
    error.value(py).is_instance(&class)
}

/// The error of a function that neither a kernel nor code for objects can be made of: the kernel's, with the reason why
/// there is none for objects.
fn refused(py: Python<'_>, dispatcher: &Dispatcher, error: Option<PyErr>, reason: &str) -> PyErr {
    let note = format!("= note: it cannot be compiled for Python objects either, because of {reason}");
    match error {
        Some(error) => {
            // Notes are shown with tracebacks; without them the error says enough.
            let _ = error.value(py).call_method1("add_note", (note,));
            error
        }
        None => {
            let title = format!("`{}` cannot be compiled: {reason}", dispatcher.state().name);
            crate::errors::plain_error(py, "U0806", &title, None)
        }
    }
}

impl Pyx {
    /// Shows the collector the functions that are held.
    ///
    /// # Safety
    /// Called during a traversal, with its arguments.
    pub unsafe fn traverse(&self, visit: visitproc, arg: *mut c_void) -> c_int {
        // What cannot be looked at now is kept until the next collection.
        let made = self.fallback.try_lock().ok();
        let made = made.as_ref().and_then(|made| made.as_ref());
        for object in core::iter::once(&self.make_fallback).chain(made) {
            // SAFETY: owned references, visited during a traversal.
            let result = unsafe { visit(object.as_ptr(), arg) };
            if result != 0 {
                return result;
            }
        }
        0
    }

    /// Whether arguments are lists or tuples, where that is not what was declared: their items are any objects, and a
    /// change of one is seen at once, so that they are not for kernels. Strings are not either, of which each would have a
    /// kernel of its own, unless there are arrays to work on, nor is memory that is no array's, such as that of `bytes`.
    fn has_sequences(&self, state: &State, objects: &[*mut PyObject]) -> bool {
        let is_star = |k: usize| state.params.star && k == state.params.positional;
        let declared = |k: usize| self.params.get(k).is_some_and(|p| p.declared.is_some());
        let mut given = objects.iter().enumerate();
        let is_array = |ty: &Option<Declared>| {
            matches!(ty, Some(Declared::View { .. } | Declared::Structs { .. } | Declared::C { .. }))
        };
        let has_arrays = self.params.iter().any(|p| is_array(&p.declared));
        let is_whole = |k: usize| self.params.get(k).is_some_and(|p| p.class.is_none() || p.is_whole);
        let is_object = |k: usize, o: *mut PyObject| {
            object::is_sequence(o) || !has_arrays && object::is_text(o) || object::is_memory(o) && is_whole(k)
        };
        // In place of characters `None` raises where they are asked for.
        let is_absent = |k: usize, o: *mut PyObject| {
            let class = self.params.get(k).and_then(|p| p.class.as_deref());
            // SAFETY: no preconditions.
            o == unsafe { ffi::Py_None() } && matches!(class, Some("bytes" | "bytearray"))
        };
        !self.kernel_only
            && given.any(|(k, o)| (is_object(k, *o) || is_absent(k, *o)) && !is_star(k) && !declared(k))
    }

    /// Whether more is used of an array than elements, which kernels have as another type than Python.
    fn has_reinterpreted(&self, py: Python<'_>, objects: &[*mut PyObject]) -> bool {
        let mut given = self.params.iter().zip(objects).filter(|(p, _)| p.is_array && p.is_whole);
        // SAFETY: attached, with live objects, as the caller vouches.
        !self.kernel_only
            && given.any(|(p, o)| argument::is_reinterpreted(p, unsafe { Bound::ref_from_ptr(py, o) }))
    }

    /// Whether arguments are more to a function without declared parameters than to kernels: numbers of NumPy, which have
    /// NumPy's arithmetic, and functions of Python, whose integers have any size. A function that declares some
    /// parameters takes numbers of NumPy as Python's. To one that declares nothing at all elements of arrays are numbers of
    /// NumPy, which differ from those of kernels where they are narrower.
    fn takes_objects(&self, py: Python<'_>, objects: &[*mut PyObject]) -> bool {
        let declares = self.params.iter().any(|p| p.declared.is_some());
        let is_narrow = |o: &*mut PyObject| {
            // SAFETY: attached, with a live object, as the caller vouches.
            let array = classify::array_type(unsafe { Bound::ref_from_ptr(py, o) });
            array.is_some_and(|a| !matches!(a.dtype, DType::F64 | DType::I64 | DType::C128 | DType::Bool))
        };
        if self.declares_nothing && !self.kernel_only && objects.iter().any(is_narrow) {
            return true;
        }
        // SAFETY: live objects, as the caller vouches.
        let is_object = |o: &*mut PyObject| unsafe {
            argument::is_numpy_number(py, *o) || ffi::Py_TYPE(*o) == &raw mut ffi::PyFunction_Type
        };
        !declares && !self.kernel_only && objects.iter().any(is_object)
    }

    /// Whether a parameter is a pointer to characters.
    pub fn takes_characters(&self) -> bool {
        self.params.iter().any(|p| p.declared.as_ref().is_some_and(argument::is_text))
    }

    /// Whether the function can be run otherwise where no kernel can be made of it.
    fn may_fall_back(&self, py: Python<'_>, error: &PyErr) -> PyResult<bool> {
        let may = !self.kernel_only
            || self.may_hold && (self.has_sections() && self.is_locked || !is_about_parallel(py, error)?);
        Ok(may && is_compile_error(py, error)? && !is_final(py, error)?)
    }

    /// Whether the function may be compiled for objects where no kernel can be made of it for this reason.
    pub fn may_hold_objects(&self, py: Python<'_>, error: &PyErr) -> bool {
        self.may_fall_back(py, error).unwrap_or(false)
    }

    /// Runs plain Python instead of raising an error of the compiler, where that is allowed.
    fn instead(
        &self,
        py: Python<'_>,
        dispatcher: &Dispatcher,
        held: &[Bound<'_, PyAny>],
        error: PyErr,
    ) -> PyResult<*mut PyObject> {
        if !self.may_fall_back(py, &error)? {
            return Err(error);
        }
        let is_first = self.objects.get().is_none();
        if self.parallel && !self.has_sections() && is_first {
            self.warn_in_order(py, dispatcher, Some(&error))?;
        }
        self.call_fallback(py, dispatcher, held, Some(error))
    }

    /// Says that parallel loops run in order, and why.
    fn warn_in_order(&self, py: Python<'_>, dispatcher: &Dispatcher, why: Option<&PyErr>) -> PyResult<()> {
        // SAFETY: a live dispatcher holds its function.
        let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
        let warn = py.import("ungil.pyx._sections")?.getattr("warn_in_order")?;
        let why = why.map_or_else(String::new, |error| error.value(py).to_string());
        warn.call1((func, why)).map(|_| ())
    }

    /// Whether its parallel sections are kernels of their own, as far as is known.
    fn has_sections(&self) -> bool {
        self.sections.load(Ordering::Relaxed)
    }

    /// The function as plain Python, unless it cannot run so.
    pub fn plain(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        if self.must_compile {
            return None;
        }
        self.make_fallback.bind(py).call0().ok().filter(|made| !made.is_none()).map(Bound::unbind)
    }

    /// Warns, once, that the function runs as plain Python.
    fn warn_plain(&self, py: Python<'_>, dispatcher: &Dispatcher, why: &str) -> PyResult<()> {
        if self.warned.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        // SAFETY: a live dispatcher holds its function.
        let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
        object::warn_plain(&func.getattr("__code__")?, why)
    }

    /// The parameters as declared.
    pub fn parameters(&self) -> &[Parameter] {
        &self.params
    }

    /// The dictionary of names that are never bound anew.
    pub fn names(&self) -> *mut PyObject {
        self.names as *mut PyObject
    }

    /// What the parameters take for numbers of their types.
    #[inline]
    pub fn takes(&self) -> &[Takes] {
        &self.takes
    }

    /// The function compiled for objects, if it was.
    pub fn objects(&self) -> Option<&ObjectCode> {
        self.objects.get()?.as_ref().ok()
    }

    /// How callers without Python run it, if that is known.
    pub fn known_direct(&self) -> Option<&Direct> {
        self.code.direct.get()
    }

    /// How callers without Python run it.
    pub fn direct(&self, py: Python<'_>, own: &object::Own) -> PyResult<&Direct> {
        if self.code.direct.get().is_none() {
            let made = self.make_direct(py, own)?;
            // Another thread may have been faster.
            let _ = self.code.direct.set(made);
        }
        Ok(self.code.direct.get().unwrap_or(&Direct::Python))
    }

    /// Its code for callers that it becomes part of.
    pub fn inlined(&self, py: Python<'_>, own: &object::Own) -> Option<Arc<Kernel>> {
        if self.code.inlined.get().is_none() {
            // Another thread may have been faster.
            let _ = self.code.inlined.set(object::inlined(py, own));
        }
        self.code.inlined.get().and_then(|inlined| inlined.kernel.clone())
    }

    fn make_direct(&self, py: Python<'_>, own: &object::Own) -> PyResult<Direct> {
        // SAFETY: a private function's dispatcher lives as long as its module, whose code asks for it.
        let dispatcher = unsafe { &*own.dispatcher };
        let failed = match object::kernel(py, own) {
            Ok(Some(kernel)) => return Ok(Direct::Kernel(kernel)),
            Ok(None) => None,
            Err(error) if self.may_fall_back(py, &error)? => Some(error),
            Err(error) => return Err(error),
        };
        // SAFETY: a live dispatcher holds its function.
        let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
        match object::compile(py, &func, dispatcher.state(), self, true)? {
            Ok(code) => {
                if self.parallel {
                    self.warn_in_order(py, dispatcher, failed.as_ref())?;
                }
                Ok(Direct::Objects(code))
            }
            Err(reason) if !self.must_compile => {
                self.warn_plain(py, dispatcher, &reason)?;
                Ok(Direct::Python)
            }
            Err(reason) => Err(refused(py, dispatcher, failed, &reason)),
        }
    }

    /// The function compiled for objects, if it can be.
    fn for_objects(&self, py: Python<'_>, dispatcher: &Dispatcher) -> PyResult<Option<&ObjectCode>> {
        if self.has_sections() {
            return Ok(None);
        }
        if self.objects.get().is_none() {
            // SAFETY: a live dispatcher holds its function.
            let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
            let state = dispatcher.state();
            let mut code = object::compile(py, &func, state, self, false)?;
            if let Ok(code) = &mut code
                && !crate::profile::is_wanted(state.options.profile, state.options.linetrace)
            {
                code.set_self(dispatcher);
            }
            // Another thread may have been faster.
            let is_first = self.objects.set(code).is_ok();
            if is_first && self.objects().is_some() && dispatcher.state().entries.iter().next().is_none() {
                // SAFETY: attached; the code is there.
                unsafe { dispatcher::call_objects(dispatcher) };
            }
        }
        Ok(self.objects())
    }

    fn call_fallback(
        &self,
        py: Python<'_>,
        dispatcher: &Dispatcher,
        held: &[Bound<'_, PyAny>],
        error: Option<PyErr>,
    ) -> PyResult<*mut PyObject> {
        if let Some(code) = self.for_objects(py, dispatcher)? {
            let args: Vec<*mut PyObject> = held.iter().map(Bound::as_ptr).collect();
            // SAFETY: attached, with live objects, one for each parameter.
            let result = unsafe { code.run(args.as_ptr(), core::ptr::null()) };
            return if result.is_null() { Err(PyErr::fetch(py)) } else { Ok(result) };
        }
        if self.must_compile && !self.is_locked && !self.has_sections() {
            let reason = self.objects.get().and_then(|made| made.as_ref().err()).cloned().unwrap_or_default();
            return Err(refused(py, dispatcher, error, &reason));
        }
        let state = dispatcher.state();
        let made =
            self.fallback.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|f| f.clone_ref(py));
        let fallback = match made {
            Some(fallback) => fallback,
            None => {
                let made = self.make_fallback.bind(py).call0()?.unbind();
                if made.is_none(py) {
                    // The sections could not be taken apart: the loops run in order, which was said.
                    self.sections.store(false, Ordering::Relaxed);
                    return self.call_fallback(py, dispatcher, held, error);
                }
                if let Some(Err(reason)) = self.objects.get() {
                    self.warn_plain(py, dispatcher, reason)?;
                }
                *self.fallback.lock().unwrap_or_else(PoisonError::into_inner) = Some(made.clone_ref(py));
                made
            }
        };
        let params = &state.params;
        let (positional, mut rest) = held.split_at(params.positional.min(held.len()));
        let mut args: Vec<Bound<'_, PyAny>> = positional.to_vec();
        if params.star
            && let Some((star, more)) = rest.split_first()
        {
            args.extend(star.cast::<PyTuple>()?.iter());
            rest = more;
        }
        let keywords = PyDict::new(py);
        let double_star = if params.double_star { rest.split_last() } else { None };
        if let Some((more, named)) = double_star {
            // None where nobody looks at them.
            if let Ok(more) = more.cast::<PyDict>() {
                keywords.update(more.as_mapping())?;
            }
            rest = named;
        }
        for (i, value) in rest.iter().enumerate() {
            let at = params.positional + usize::from(params.star) + i;
            keywords.set_item(params.name(py, at), value)?;
        }
        let args = PyTuple::new(py, args)?;
        Ok(fallback.bind(py).call(args, Some(&keywords))?.into_ptr())
    }
}

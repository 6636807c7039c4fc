//! Arguments of functions in the Cython language, converted to the declared types with Cython's errors.
//!
//! Ranges of integers are checked in the compiled function; here an argument only gets a type that it can be compiled
//! for. Views must fit as they are.

use core::ffi::{CStr, c_int};
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMemoryView,
    PySet, PySlice, PyString, PyTuple, PyType,
};
use ungil_ir::types::{DType, Layout};
use ungil_sema::ctype::CType;
use ungil_sema::cython::Declared;

use super::format::{self, Info};
use super::{Parameter, quick, structs};
use crate::classify;
use crate::numpy;
use crate::reject::c_type_name;

/// An argument as the parameter is declared.
pub fn convert<'py>(parameter: &Parameter, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if parameter.not_none && parameter.is_buffer && object.is_none() {
        return Err(no_array(parameter, object));
    }
    let is_of_any = parameter.class.as_ref().is_none_or(|class| class == "object");
    if parameter.not_none && object.is_none() && is_of_any {
        return Err(PyTypeError::new_err(format!("Argument '{}' must not be None", parameter.name)));
    }
    let no_none = || (parameter.not_none && object.is_none()).then(|| "NoneType".to_owned());
    if let Some(class) = &parameter.class
        && let Some(found) = no_none().or_else(|| class_mismatch(object, class))
    {
        let name = &parameter.name;
        let text = format!("Argument '{name}' has incorrect type (expected {class}, got {found})");
        return Err(PyTypeError::new_err(text));
    }
    match &parameter.declared {
        // SAFETY: a live object.
        None if unsafe { is_numpy_number(object.py(), object.as_ptr()) } => object.call_method0("item"),
        None | Some(Declared::Void) => Ok(object.clone()),
        Some(Declared::Tuple(types)) => tuple(parameter, types, object),
        Some(declared) if is_text(declared) => text(object),
        Some(Declared::C { ty, name }) => structs::convert(ty, name, object),
        Some(Declared::Bint) => Ok(PyBool::new(object.py(), object.is_truthy()?).to_owned().into_any()),
        Some(Declared::Scalar { dtype, name }) if dtype.is_int() => integer(object, *dtype, name),
        Some(Declared::Scalar { dtype, .. }) if dtype.is_float() => float(object),
        Some(Declared::Scalar { .. }) => complex(object),
        Some(_) if object.is_none() => Ok(object.clone()),
        Some(Declared::View { dtype, ndim, layout, is_const, name }) => {
            let (name, casts) = match name.strip_prefix("cast ") {
                Some(name) => (name, true),
                None => (&**name, false),
            };
            let info = Info::number(*dtype, name);
            let wanted = Wanted { info, ndim: *ndim, layout: *layout, is_const: *is_const, casts };
            view_of_numbers(parameter, &wanted, *dtype, object)
        }
        Some(Declared::Structs { element, ndim, layout, is_const, name }) => {
            let info = Info::structure(element, name);
            let wanted = Wanted { info, ndim: *ndim, layout: *layout, is_const: *is_const, casts: false };
            view_of_structs(parameter, &wanted, object)
        }
        Some(Declared::Objects { ndim, layout }) => {
            let wanted =
                Wanted { info: Info::object(), ndim: *ndim, layout: *layout, is_const: false, casts: false };
            let array = view(parameter, &wanted, object)?;
            if parameter.is_array {
                return Ok(array);
            }
            object.py().import("ungil.pyx._views")?.getattr("object_view")?.call1((array,))
        }
    }
}

/// A memoryview as an array of its elements: where kernels have the first bytes of structs, the structs.
pub fn array<'py>(parameter: &Parameter, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match &parameter.declared {
        Some(Declared::Structs { element, ndim, layout, is_const, name }) if !object.is_none() => {
            let info = Info::structure(element, name);
            view(
                parameter,
                &Wanted { info, ndim: *ndim, layout: *layout, is_const: *is_const, casts: false },
                object,
            )
        }
        _ => convert(parameter, object),
    }
}

/// Whether an object is a number of NumPy's of a type that kernels know.
///
/// # Safety
/// A live object.
pub unsafe fn is_numpy_number(py: Python<'_>, object: *mut ffi::PyObject) -> bool {
    // SAFETY: as the caller vouches.
    numpy::api(py).scalar_dtype(unsafe { ffi::Py_TYPE(object) }).is_some()
}

/// Whether a type is a pointer to characters.
pub fn is_text(declared: &Declared) -> bool {
    let Declared::C { ty: CType::Pointer(to), .. } = declared else { return false };
    matches!(to.to, CType::Scalar(DType::I8 | DType::U8))
}

/// Characters for a `char *`.
fn text<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>() {
        return Ok(object.clone());
    }
    // SAFETY: attached, with a live object.
    let class = unsafe { c_type_name(object.as_ptr()) };
    Err(PyTypeError::new_err(format!("expected bytes, {class} found")))
}

/// The class of an object that is neither None nor an instance of the builtin class of this name itself.
pub fn class_mismatch(object: &Bound<'_, PyAny>, class: &str) -> Option<String> {
    let fits = match class {
        "list" => object.is_exact_instance_of::<PyList>(),
        "tuple" => object.is_exact_instance_of::<PyTuple>(),
        "dict" => object.is_exact_instance_of::<PyDict>(),
        "set" => object.is_exact_instance_of::<PySet>(),
        "frozenset" => object.is_exact_instance_of::<PyFrozenSet>(),
        "str" => object.is_exact_instance_of::<PyString>(),
        "bytes" => object.is_exact_instance_of::<PyBytes>(),
        "bytearray" => object.is_exact_instance_of::<PyByteArray>(),
        "array.array" => crate::object::array_data::is_array(object),
        "numpy.ndarray" => crate::object::ndarray_api::is_array(object),
        "bool" => object.is_exact_instance_of::<PyBool>(),
        "type" => object.is_exact_instance_of::<PyType>(),
        "slice" => object.is_exact_instance_of::<PySlice>(),
        "memoryview" => object.is_exact_instance_of::<PyMemoryView>(),
        other => library_class(object.py(), other).is_none_or(|c| object.is_instance(&c).unwrap_or(true)),
    };
    // SAFETY: attached, with a live object.
    (!fits && !object.is_none()).then(|| unsafe { c_type_name(object.as_ptr()) }.to_string())
}

/// The class of a library by its full name, `datetime.date`; it is kept.
fn library_class<'py>(py: Python<'py>, name: &str) -> Option<Bound<'py, PyAny>> {
    static KNOWN: Mutex<Vec<(String, Py<PyAny>)>> = Mutex::new(Vec::new());
    let known = |kept: &Vec<(String, Py<PyAny>)>| {
        kept.iter().find(|(own, _)| own == name).map(|(_, class)| class.bind(py).clone())
    };
    if let Some(class) = known(&KNOWN.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Some(class);
    }
    let (module, class) = name.rsplit_once('.')?;
    let found = py.import(module).ok()?.getattr(class).ok()?;
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), found.clone().unbind()));
    Some(found)
}

/// A sequence as a tuple of C.
fn tuple<'py>(
    parameter: &Parameter,
    types: &[Declared],
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: attached, with a live object.
    if unsafe { ffi::PySequence_Check(object.as_ptr()) } == 0 {
        // SAFETY: attached, with a live object.
        let class = unsafe { c_type_name(object.as_ptr()) };
        let n = types.len();
        return Err(PyTypeError::new_err(format!("Expected a sequence of size {n}, got {class}")));
    }
    let items: Vec<Bound<'py, PyAny>> = object.try_iter()?.collect::<PyResult<_>>()?;
    if items.len() != types.len() {
        let (n, found) = (types.len(), items.len());
        return Err(PyTypeError::new_err(format!("Expected a sequence of size {n}, got size {found}")));
    }
    let mut made = Vec::new();
    for (ty, item) in types.iter().zip(&items) {
        let inner = Parameter {
            name: parameter.name.clone(),
            declared: Some(ty.clone()),
            class: None,
            not_none: false,
            is_buffer: false,
            writes: false,
            is_array: false,
            is_whole: false,
        };
        made.push(convert(&inner, item)?);
    }
    Ok(PyTuple::new(object.py(), made)?.into_any())
}

fn integer<'py>(object: &Bound<'py, PyAny>, dtype: DType, name: &str) -> PyResult<Bound<'py, PyAny>> {
    if object.is_exact_instance_of::<PyBool>() {
        return Ok(PyInt::new(object.py(), u8::from(object.is_truthy()?)).into_any());
    }
    let number =
        if object.is_exact_instance_of::<PyInt>() { object.clone() } else { as_integer(object, name)? };
    let fits = number.extract::<i64>().is_ok();
    let is_large = dtype == DType::U64 && number.extract::<u64>().is_ok();
    if is_large {
        // Carried as it is, in a number of its own type.
        return object.py().import("numpy")?.getattr("uint64")?.call1((number,));
    }
    if fits {
        return Ok(number);
    }
    let negative = number.lt(0)?;
    if dtype.is_unsigned() && negative {
        return Err(PyOverflowError::new_err(format!("can't convert negative value to {name}")));
    }
    let wide = match (name, dtype.is_unsigned()) {
        ("Py_ssize_t", _) => "ssize_t",
        (_, true) => "unsigned long",
        _ => "long",
    };
    Err(PyOverflowError::new_err(format!("Python int too large to convert to C {wide}")))
}

/// A number as the integer that C's conversion makes of it.
pub fn whole_number<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    match object.is_exact_instance_of::<PyInt>() {
        true => Ok(object.clone()),
        false => as_integer(object, name),
    }
}

fn as_integer<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    if name == "Py_ssize_t" || name == "ptrdiff_t" {
        // SAFETY: attached, with a live object; the result is a new reference or null with an exception.
        return unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyNumber_Index(object.as_ptr())) };
    }
    let has_int = object.hasattr("__int__")? || object.hasattr("__index__")?;
    if !has_int || object.is_exact_instance_of::<PyComplex>() {
        return Err(PyTypeError::new_err("an integer is required"));
    }
    py.import("builtins")?.getattr("int")?.call1((object,))
}

fn float<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if object.is_exact_instance_of::<PyFloat>() {
        return Ok(object.clone());
    }
    // SAFETY: attached, with a live object; -1 with an exception means failure.
    let value = unsafe { ffi::PyFloat_AsDouble(object.as_ptr()) };
    if value == -1.0
        && let Some(error) = PyErr::take(object.py())
    {
        return Err(error);
    }
    Ok(PyFloat::new(object.py(), value).into_any())
}

fn complex<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: attached, with a live object.
    let value = unsafe { ffi::PyComplex_AsCComplex(object.as_ptr()) };
    if let Some(error) = PyErr::take(object.py()) {
        return Err(error);
    }
    Ok(PyComplex::from_doubles(object.py(), value.real, value.imag).into_any())
}

/// What `PyObject_GetBuffer` is asked for, as Cython asks.
pub fn flags_of(layout: Option<Layout>, writes: bool) -> c_int {
    let layout = match layout {
        Some(Layout::C) => ffi::PyBUF_C_CONTIGUOUS | ffi::PyBUF_FORMAT,
        Some(Layout::F) => ffi::PyBUF_F_CONTIGUOUS | ffi::PyBUF_FORMAT,
        _ => ffi::PyBUF_RECORDS_RO,
    };
    layout | if writes { ffi::PyBUF_WRITABLE } else { 0 }
}

/// What a memoryview is declared as.
pub struct Wanted {
    info: Info,
    pub ndim: u8,
    pub layout: Option<Layout>,
    pub is_const: bool,
    /// Whether elements of any type of the same size are taken.
    pub casts: bool,
}

/// Compares the buffer of an object with a declaration; raises Cython's errors.
fn check_buffer(object: &Bound<'_, PyAny>, wanted: &Wanted, writes: bool) -> PyResult<()> {
    let mut buffer = core::mem::MaybeUninit::<ffi::Py_buffer>::uninit();
    let flags = flags_of(wanted.layout, writes);
    // SAFETY: attached, with a live object that exports a buffer.
    if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), buffer.as_mut_ptr(), flags) } != 0 {
        return Err(PyErr::fetch(object.py()));
    }
    // SAFETY: filled by the call above; released below, exactly once.
    let mut buffer = unsafe { buffer.assume_init() };
    let found = buffer.ndim;
    let checked = if found != c_int::from(wanted.ndim) {
        let ndim = wanted.ndim;
        Err(format!("Buffer has wrong number of dimensions (expected {ndim}, got {found})"))
    } else {
        let format: &[u8] = match buffer.format.is_null() {
            true => b"B",
            // SAFETY: a text with a NUL behind it that lives as long as the buffer.
            false => unsafe { CStr::from_ptr(buffer.format) }.to_bytes(),
        };
        let of_type = if wanted.casts { Ok(()) } else { format::check(&wanted.info, format) };
        of_type.and_then(|()| {
            let (found, size) = (buffer.itemsize as usize, wanted.info.size);
            let s = |n: usize| if n > 1 { "s" } else { "" };
            match found == size {
                true => Ok(()),
                false => Err(format!(
                    "Item size of buffer ({found} byte{}) does not match size of '{}' ({size} byte{})",
                    s(found),
                    wanted.info.name,
                    s(size)
                )),
            }
        })
    };
    // SAFETY: acquired above.
    unsafe { ffi::PyBuffer_Release(&raw mut buffer) };
    checked.map_err(PyValueError::new_err)
}

fn view<'py>(
    parameter: &Parameter,
    wanted: &Wanted,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    // SAFETY: attached, with a live object.
    let (is_array, class) = (is_array(object), unsafe { c_type_name(object.as_ptr()) });
    if parameter.is_buffer && !is_array {
        return Err(no_array(parameter, object));
    }
    // SAFETY: a look-up in the type of a live object.
    if !is_array && unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) == 0 } {
        return Err(PyTypeError::new_err(format!("a bytes-like object is required, not '{class}'")));
    }
    check_buffer(object, wanted, !wanted.is_const || parameter.writes)?;
    if is_array {
        return py.import("numpy")?.getattr("asarray")?.call1((object,));
    }
    quick::array_of_buffer(object)
}

/// A view of numbers, as an array of exactly these.
fn view_of_numbers<'py>(
    parameter: &Parameter,
    wanted: &Wanted,
    dtype: DType,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(array) = quick::array_of_numbers(parameter, wanted, dtype, object) {
        return array;
    }
    let array = view(parameter, wanted, object)?;
    // What C does not tell apart: `long long` and `long`, truth values and bytes, characters and numbers.
    match classify::array_type(&array).map(|ty| ty.dtype) {
        Some(found) if found == dtype => Ok(array),
        _ => array.call_method1("view", (dtype.name(),)),
    }
}

/// A view of structs, as an array of their first bytes.
fn view_of_structs<'py>(
    parameter: &Parameter,
    wanted: &Wanted,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    view(parameter, wanted, object)?.call_method1("getfield", ("u1", 0))
}

/// Whether an array that a buffer takes has elements of another type than those that the function sees.
pub fn is_reinterpreted(parameter: &Parameter, object: &Bound<'_, PyAny>) -> bool {
    let Some(Declared::View { dtype, .. }) = &parameter.declared else { return false };
    let is_other = || classify::array_type(object).is_none_or(|ty| ty.dtype != *dtype);
    parameter.is_array && is_array(object) && is_other()
}

fn is_array(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PyObject_TypeCheck(object.as_ptr(), numpy::api(object.py()).array_type) != 0 }
}

/// What is no array is given to a buffer that is declared as one.
fn no_array(parameter: &Parameter, object: &Bound<'_, PyAny>) -> PyErr {
    // SAFETY: attached, with a live object.
    let class = unsafe { c_type_name(object.as_ptr()) };
    let name = &parameter.name;
    PyTypeError::new_err(format!(
        "Argument '{name}' has incorrect type (expected numpy.ndarray, got {class})"
    ))
}

//! Arguments of functions in the Cython language, converted to the declared types with Cython's errors.
//!
//! Ranges of integers are checked in the compiled function; here an argument only gets a type that it can be compiled
//! for. Views must fit as they are.

use pyo3::exceptions::{PyBufferError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyTuple};
use ungil_ir::types::{DType, Layout};
use ungil_sema::ctype::element_name;
use ungil_sema::cython::Declared;

use super::{Parameter, structs};
use crate::classify;
use crate::numpy;
use crate::reject::type_name;

/// An argument as the parameter is declared.
pub fn convert<'py>(parameter: &Parameter, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if parameter.not_none && object.is_none() {
        return Err(PyTypeError::new_err(format!("Argument '{}' must not be None", parameter.name)));
    }
    match &parameter.declared {
        None | Some(Declared::Void) => Ok(object.clone()),
        Some(Declared::Tuple(types)) => tuple(parameter, types, object),
        Some(Declared::C { ty, name }) => structs::convert(ty, name, object),
        Some(Declared::Bint) => Ok(PyBool::new(object.py(), object.is_truthy()?).to_owned().into_any()),
        Some(Declared::Scalar { dtype, name }) if dtype.is_int() => integer(object, *dtype, name),
        Some(Declared::Scalar { dtype, .. }) if dtype.is_float() => float(object),
        Some(Declared::Scalar { .. }) => complex(object),
        Some(declared @ Declared::View { .. }) => view(parameter, declared, object),
    }
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
        let class = unsafe { type_name(object.as_ptr()) };
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
            not_none: false,
            is_buffer: false,
        };
        made.push(convert(&inner, item)?);
    }
    Ok(PyTuple::new(object.py(), made)?.into_any())
}

fn integer<'py>(object: &Bound<'py, PyAny>, dtype: DType, name: &str) -> PyResult<Bound<'py, PyAny>> {
    if object.is_exact_instance_of::<PyBool>() {
        return Ok(object.clone());
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

fn view<'py>(
    parameter: &Parameter,
    declared: &Declared,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let Declared::View { dtype, ndim, layout, is_const } = declared else { return Ok(object.clone()) };
    if object.is_none() {
        return Ok(object.clone());
    }
    // SAFETY: type checks on a live object.
    let (is_array, class) = unsafe {
        let array = ffi::PyObject_TypeCheck(object.as_ptr(), numpy::api(py).array_type) != 0;
        (array, type_name(object.as_ptr()))
    };
    if parameter.is_buffer && !is_array {
        let class = full_name(object)?;
        let text =
            format!("Argument '{}' has incorrect type (expected numpy.ndarray, got {class})", parameter.name);
        return Err(PyTypeError::new_err(text));
    }
    // SAFETY: a look-up in the type of a live object.
    if !is_array && unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) == 0 } {
        return Err(PyTypeError::new_err(format!("a bytes-like object is required, not '{class}'")));
    }
    let module = py.import("numpy")?;
    let array = if is_array {
        module.getattr("asarray")?.call1((object,))?
    } else {
        let view = py.import("builtins")?.getattr("memoryview")?.call1((object,))?;
        module.getattr("asarray")?.call1((view,))?
    };
    let writes = !(*is_const || parameter.is_buffer);
    if writes && !array.getattr("flags")?.getattr("writeable")?.extract::<bool>()? {
        return Err(match is_array {
            true => PyValueError::new_err("buffer source array is read-only"),
            false => PyBufferError::new_err("Object is not writable."),
        });
    }
    let flags = array.getattr("flags")?;
    match layout {
        Some(Layout::C) if !flags.getattr("c_contiguous")?.extract::<bool>()? => {
            return Err(PyValueError::new_err("ndarray is not C-contiguous"));
        }
        Some(Layout::F) if !flags.getattr("f_contiguous")?.extract::<bool>()? => {
            return Err(PyValueError::new_err("ndarray is not Fortran contiguous"));
        }
        _ => {}
    }
    let found: usize = array.getattr("ndim")?.extract()?;
    if found != usize::from(*ndim) {
        let text = format!("Buffer has wrong number of dimensions (expected {ndim}, got {found})");
        return Err(PyValueError::new_err(text));
    }
    if !array.getattr("dtype")?.getattr("isnative")?.extract::<bool>()? {
        return Err(PyValueError::new_err("Big-endian buffer not supported on little-endian compiler"));
    }
    let actual = classify::array_type(&array).map(|ty| ty.dtype);
    if actual == Some(DType::Bool) && *dtype == DType::U8 {
        // Truth values are bytes to C.
        return array.call_method1("view", (module.getattr("uint8")?,));
    }
    if actual != Some(*dtype) {
        let found = match actual {
            Some(dtype) => format!("'{}'", element_name(dtype)),
            None => other_name(&array)?,
        };
        let prefix = if *is_const { "const " } else { "" };
        let text =
            format!("Buffer dtype mismatch, expected '{prefix}{}' but got {found}", element_name(*dtype));
        return Err(PyValueError::new_err(text));
    }
    Ok(array)
}

/// Module and name of an object's class, as C's type objects have it.
fn full_name(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let class = object.get_type();
    let (module, name) = (class.module()?.to_string(), class.qualname()?.to_string());
    Ok(if module == "builtins" { name } else { format!("{module}.{name}") })
}

fn other_name(array: &Bound<'_, PyAny>) -> PyResult<String> {
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    Ok(match kind.as_str() {
        "O" => "Python object".to_owned(),
        "V" => "a struct".to_owned(),
        "S" | "U" => "a string".to_owned(),
        _ => format!("'{}'", array.getattr("dtype")?.str()?),
    })
}

//! Arguments that a kernel does not take as they are: conversion of other exporters, and the errors for the rest.

use core::ffi::CStr;

use pyo3::exceptions::PyOverflowError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::numpy::{self, PyArray};

/// Why an argument could not be written.
pub enum ArgError {
    /// The buffers are too small: repeat with larger ones.
    Full,
    /// A Python exception is already set.
    Python,
    IntTooLarge,
    /// An array whose elements kernels do not know.
    Dtype {
        object: *mut PyObject,
    },
    /// A subclass of ndarray whose meaning would be lost.
    Subclass {
        object: *mut PyObject,
    },
    /// A list whose elements have no common type.
    List {
        object: *mut PyObject,
    },
    Type {
        object: *mut PyObject,
    },
    /// An object of a C library that kernels cannot use.
    Foreign {
        title: String,
        help: String,
    },
}

/// Name of an object's class.
///
/// # Safety
/// The interpreter is attached and `object` is live.
pub unsafe fn type_name(object: *mut PyObject) -> String {
    // SAFETY: the caller is attached; a live object's type is live.
    unsafe {
        let py = Python::assume_attached();
        let ty = Bound::from_borrowed_ptr(py, ffi::Py_TYPE(object).cast()).cast_into_unchecked::<PyType>();
        ty.name().map(|n| n.to_string()).unwrap_or_default()
    }
}

/// Name of an object's type as C has it: those of extensions begin with their module's.
///
/// # Safety
/// The interpreter is attached and `object` is live.
pub unsafe fn c_type_name(object: *mut PyObject) -> String {
    // SAFETY: a live object has a type, whose name is a text with a NUL behind it.
    unsafe { CStr::from_ptr((*ffi::Py_TYPE(object)).tp_name) }.to_string_lossy().into_owned()
}

/// The array that another exporter stands for (new reference); `None` if the object exports none.
///
/// # Safety
/// The interpreter is attached and `object` is live.
pub unsafe fn as_array(object: *mut PyObject) -> Result<Option<*mut PyObject>, ArgError> {
    // SAFETY: as the caller vouches.
    let (py, object) = unsafe {
        let py = Python::assume_attached();
        (py, Bound::from_borrowed_ptr(py, object))
    };
    convert(py, &object).map(|a| a.map(|a| a.into_ptr())).map_err(|e| {
        e.restore(py);
        ArgError::Python
    })
}

fn convert<'py>(py: Python<'py>, object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let ptr = object.as_ptr();
    // SAFETY: a look-up in the type of a live object.
    let is_buffer = unsafe { ffi::PyObject_CheckBuffer(ptr) != 0 };
    // SAFETY: as above.
    let is_array_subclass = unsafe { ffi::PyObject_TypeCheck(ptr, numpy::api(py).array_type) != 0 };
    // SAFETY: as above.
    let is_scalar = unsafe { ffi::PyObject_TypeCheck(ptr, numpy::api(py).generic_type) != 0 };
    if is_array_subclass || is_scalar {
        return Ok(None);
    }
    let module = py.import("numpy")?;
    // The class is asked, as Python does for such names: an object's own `__getattr__` may be the function that is called.
    let array = if is_buffer {
        let view = py.import("builtins")?.getattr("memoryview")?.call1((object,))?;
        module.getattr("asarray")?.call1((view,))?
    } else if object.get_type().hasattr("__dlpack__")? && !object.is_instance_of::<PyType>() {
        module.getattr("from_dlpack")?.call1((object,))?
    } else {
        return Ok(None);
    };
    // SAFETY: a comparison of a live object's type.
    let exact = unsafe { ffi::Py_TYPE(array.as_ptr()) == numpy::api(py).array_type };
    Ok(exact.then_some(array))
}

/// Whether an object is a function or type that the compiler may know: it is then part of the argument's type.
///
/// # Safety
/// The interpreter is attached and `object` is live.
pub unsafe fn known_by_identity(object: *mut PyObject) -> bool {
    // SAFETY: type checks on a live object.
    unsafe {
        crate::dispatcher::is_dispatcher(object)
            || ffi::PyCFunction_Check(object) != 0
            || ffi::PyType_Check(object) != 0
            || matches!(
                type_name(object).as_str(),
                "ufunc" | "DUFunc" | "GUFunc" | "StencilFunc" | "_ArrayFunctionDispatcher"
            )
            || type_name(object).ends_with("DType")
    }
}

impl ArgError {
    /// Sets the Python exception for the argument named `name` of the function `function`.
    ///
    /// # Safety
    /// The interpreter is attached; the objects inside are live.
    pub unsafe fn raise(self, function: &str, name: &str) {
        // SAFETY: as the caller vouches.
        let py = unsafe { Python::assume_attached() };
        let head = format!("{function}() argument '{name}'");
        // SAFETY: the objects come from the arguments of the running call.
        let (title, help) = unsafe {
            match self {
                ArgError::Full | ArgError::Python => return,
                ArgError::IntTooLarge => {
                    let text = format!("{head}: Python int too large to convert to int64");
                    return PyOverflowError::new_err(text).restore(py);
                }
                ArgError::Dtype { object } => {
                    let (text, help) = dtype_text(object);
                    (format!("{head}: {text}"), help)
                }
                ArgError::Subclass { object } => subclass_text(&head, object, name),
                ArgError::List { object } => (
                    format!("{head}: the elements of the list have no common type"),
                    type_text(&head, object, name).1,
                ),
                ArgError::Type { object } => type_text(&head, object, name),
                ArgError::Foreign { title, help } => (format!("{head}: {title}"), Some(help)),
            }
        };
        let error = match crate::errors::argument_error(py, &title, help.as_deref()) {
            Ok(e) => e,
            Err(e) => e,
        };
        error.restore(py);
    }
}

/// The error of an array whose elements kernels do not know, while the array is still there: one that was made for another
/// exporter goes with the arguments.
///
/// # Safety
/// The interpreter is attached; the object of [`ArgError::Dtype`] is live.
pub unsafe fn described(error: ArgError) -> ArgError {
    match error {
        ArgError::Dtype { object } => {
            // SAFETY: as the caller vouches.
            let (title, help) = unsafe { dtype_text(object) };
            ArgError::Foreign { title, help: help.unwrap_or_else(|| "pass an array of numbers".to_owned()) }
        }
        other => other,
    }
}

unsafe fn dtype_text(object: *mut PyObject) -> (String, Option<String>) {
    // SAFETY: `object` is an ndarray, as the variant's maker checked.
    let (dtype, type_num) = unsafe {
        let py = Python::assume_attached();
        let any = Bound::from_borrowed_ptr(py, object);
        let text = any.getattr("dtype").and_then(|d| d.str()).map(|s: Bound<'_, PyString>| s.to_string());
        (text.unwrap_or_default(), (*(*object.cast::<PyArray>()).descr).type_num)
    };
    let help = match type_num {
        numpy::HALF => Some("convert it: `.astype(np.float32)`"),
        17 => Some("give the elements a number type: `.astype(np.float64)`"),
        13 | 16 => Some("convert it: `.astype(np.float64)` or `.astype(np.complex128)`"),
        20 => Some("pass the fields as separate arrays: `a['x']`"),
        21 | 22 => Some("pass its integers: `.view(np.int64)`"),
        _ => None,
    };
    (format!("arrays of dtype {dtype} are not supported"), help.map(str::to_owned))
}

unsafe fn subclass_text(head: &str, object: *mut PyObject, name: &str) -> (String, Option<String>) {
    // SAFETY: `object` is live.
    let class = unsafe { type_name(object) };
    let help = match class.as_str() {
        "MaskedArray" => format!("pass data and mask as two arrays: `{name}.data, {name}.mask`"),
        "Quantity" => format!("pass its value: `{name}.value`"),
        _ => format!("pass a plain array: `np.asarray({name})`"),
    };
    (format!("{head}: {class} is not a plain numpy array"), Some(help))
}

unsafe fn type_text(head: &str, object: *mut PyObject, name: &str) -> (String, Option<String>) {
    // SAFETY: `object` is live.
    let class = unsafe { type_name(object) };
    let help = match class.as_str() {
        "Series" | "DataFrame" | "Index" => Some(format!("pass `{name}.to_numpy()`")),
        "list" => Some(format!("pass an array, `np.array({name})`, or a tuple")),
        "set" | "frozenset" | "dict" => Some("pass its values as an array".to_owned()),
        "str" | "bytes" => None,
        "float16" => Some(format!("convert it: `np.float32({name})`")),
        "longdouble" | "clongdouble" => Some(format!("convert it: `np.float64({name})`")),
        _ => None,
    };
    (format!("{head}: values of type {class} are not supported"), help)
}

//! Structs between Python and C: mappings become the bytes of a struct.
//!
//! Source: the conversion functions that Cython writes, for what is asked of a mapping and in which words it is refused.

use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyTuple};
use ungil_ir::types::DType;
use ungil_sema::ctype::{CStruct, CType, Field, Pointee, element_name};
use ungil_sema::object::memory::is_tuple;

use crate::reject::type_name;

/// An argument for a parameter of a type of C: a struct's bytes, as an array.
pub fn convert<'py>(ty: &CType, name: &str, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let CType::Struct(s) = ty else {
        return Err(PyTypeError::new_err(format!("Cannot convert Python object to '{name}'")));
    };
    let mut bytes = vec![0u8; s.size.max(1) as usize];
    structure(s, object, &mut bytes)?;
    let py = object.py();
    py.import("numpy")?.getattr("frombuffer")?.call1((PyBytes::new(py, &bytes), "uint8"))
}

/// NumPy's type of a struct.
fn dtype_of<'py>(py: Python<'py>, s: &CStruct) -> PyResult<Bound<'py, PyAny>> {
    let (mut names, mut formats, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
    for field in members(s) {
        names.push(field.name.to_string());
        formats.push(format_of(py, &field.ty)?);
        offsets.push(field.offset);
    }
    let spec = PyDict::new(py);
    spec.set_item("names", names)?;
    spec.set_item("formats", formats)?;
    spec.set_item("offsets", offsets)?;
    spec.set_item("itemsize", s.size)?;
    py.import("numpy")?.getattr("dtype")?.call1((spec,))
}

fn format_of<'py>(py: Python<'py>, ty: &CType) -> PyResult<Bound<'py, PyAny>> {
    let dtype = |name: &str| py.import("numpy")?.getattr("dtype")?.call1((name,));
    match ty {
        CType::Scalar(d) => dtype(d.name()),
        CType::Bint => dtype("int32"),
        CType::Struct(s) => dtype_of(py, s),
        CType::Array(..) => {
            let (mut extents, mut at) = (Vec::new(), ty);
            while let CType::Array(element, n) = at {
                extents.push(*n);
                at = element;
            }
            let shape = PyTuple::new(py, extents)?;
            py.import("numpy")?.getattr("dtype")?.call1(((format_of(py, at)?, shape),))
        }
        // Pointers are numbers to Python.
        _ => dtype("uint64"),
    }
}

/// An array of structs over the memory of an array of their first bytes.
pub fn array_of_structs<'py>(s: &CStruct, bytes: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = bytes.py();
    py.import("ungil.pyx._views")?.getattr("array_of_structs")?.call1((bytes, dtype_of(py, s)?))
}

/// An array over memory that it does not own.
pub fn array_over<'py>(
    py: Python<'py>,
    element: &CType,
    address: u64,
    extents: &[i64],
    is_fortran: bool,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(axis) = extents.iter().position(|n| *n <= 0) {
        return Err(PyValueError::new_err(format!("Invalid shape in axis {axis}: {}.", extents[axis])));
    }
    let shape = PyTuple::new(py, extents)?;
    let order = if is_fortran { "F" } else { "C" };
    let made = py.import("ungil.pyx._views")?.getattr("array_over")?;
    made.call1((address, format_of(py, element)?, shape, order))
}

/// The members of a struct without the gaps of a header's one.
pub fn members(s: &CStruct) -> impl Iterator<Item = &Field> {
    s.fields.iter().filter(|field| !field.name.starts_with("__pyx_pad"))
}

fn structure(s: &CStruct, object: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    // SAFETY: attached, with a live object.
    if unsafe { ffi::PyMapping_Check(object.as_ptr()) } == 0 {
        // SAFETY: attached, with a live object.
        let class = unsafe { type_name(object.as_ptr()) };
        return Err(PyTypeError::new_err(format!("Expected a mapping, got {class}")));
    }
    if s.is_union {
        return union(s, object, bytes);
    }
    let mut values = Vec::new();
    for field in members(s) {
        let value = object.get_item(&*field.name).map_err(|error| {
            match error.is_instance_of::<PyKeyError>(object.py()) {
                true => {
                    PyValueError::new_err(format!("No value specified for struct attribute '{}'", field.name))
                }
                false => error,
            }
        })?;
        values.push(value);
    }
    for (field, value) in members(s).zip(&values) {
        put_member(field, value, &mut bytes[field.offset as usize..])?;
    }
    Ok(())
}

fn union(s: &CStruct, object: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    let mut left = object.len()?;
    let mut last = None;
    for field in members(s) {
        if left == 0 || !object.contains(&*field.name)? {
            continue;
        }
        if let Some(last) = last {
            let text = format!("More than one union attribute passed: '{last}' and '{}'", field.name);
            return Err(PyValueError::new_err(text));
        }
        put_member(field, &object.get_item(&*field.name)?, bytes)?;
        left -= 1;
        if left == 0 {
            return Ok(());
        }
        last = Some(&field.name);
    }
    if let Some(last) = last {
        let text = format!("More than one union attribute passed: '{last}' and None");
        return Err(PyValueError::new_err(text));
    }
    let names: Vec<&str> = s.fields.iter().map(|f| &*f.name).collect();
    Err(PyValueError::new_err(format!(
        "No value specified for any of the union attributes ({})",
        names.join(", ")
    )))
}

/// A sequence as a tuple of C.
fn tuple(s: &CStruct, object: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    let n = s.fields.len();
    // SAFETY: attached, with a live object.
    if unsafe { ffi::PySequence_Check(object.as_ptr()) } == 0 {
        // SAFETY: attached, with a live object.
        let class = unsafe { type_name(object.as_ptr()) };
        return Err(PyTypeError::new_err(format!("Expected a sequence of size {n}, got {class}")));
    }
    let found = object.len()?;
    if found != n {
        return Err(PyTypeError::new_err(format!("Expected a sequence of size {n}, got size {found}")));
    }
    for (k, field) in s.fields.iter().enumerate() {
        put_member(field, &object.get_item(k)?, &mut bytes[field.offset as usize..])?;
    }
    Ok(())
}

/// Writes a value into a member.
fn put_member(field: &Field, value: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    match &field.ty {
        CType::Scalar(dtype) if !field.c_name.is_empty() => number(*dtype, &field.c_name, value, bytes),
        ty => put(ty, value, bytes),
    }
}

/// Writes a value as C has it.
pub fn put(ty: &CType, value: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    match ty {
        CType::Struct(s) if is_tuple(s) => tuple(s, value, bytes),
        CType::Struct(s) => structure(s, value, bytes),
        CType::Array(element, n) => {
            let size = element.size().unwrap_or(0) as usize;
            let items: Vec<Bound<'_, PyAny>> = value.try_iter()?.collect::<PyResult<_>>()?;
            if items.len() as u64 != *n {
                let found = items.len();
                return Err(PyIndexError::new_err(match (found as u64) < *n {
                    true => {
                        format!("not enough values found during array assignment, expected {n}, got {found}")
                    }
                    false => format!("too many values found during array assignment, expected {n}"),
                }));
            }
            items.iter().enumerate().try_for_each(|(k, item)| put(element, item, &mut bytes[k * size..]))
        }
        CType::Scalar(dtype) => number(*dtype, c_name(*dtype), value, bytes),
        CType::Bint => {
            bytes[..4].copy_from_slice(&i32::from(value.is_truthy()?).to_le_bytes());
            Ok(())
        }
        // The driver gives the addresses of functions.
        CType::Pointer(to)
            if matches!(to.to, CType::Function(_)) && value.is_exact_instance_of::<PyInt>()
                || is_pointer(value) =>
        {
            bytes[..8].copy_from_slice(&value.extract::<u64>()?.to_le_bytes());
            Ok(())
        }
        CType::Pointer(to) if text_address(to, value).is_some() => {
            let address = text_address(to, value).unwrap_or_default();
            bytes[..8].copy_from_slice(&address.to_le_bytes());
            Ok(())
        }
        other => Err(PyTypeError::new_err(format!("Cannot convert Python object to '{other}'"))),
    }
}

/// Whether an object is a pointer as the driver's plain code has it.
fn is_pointer(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyInt>()
        && !value.is_exact_instance_of::<PyInt>()
        && value.get_type().name().is_ok_and(|name| name == "_Pointer")
}

/// Where the characters of bytes lie, for a pointer to characters; who keeps the bytes keeps them.
pub fn text_address(to: &Pointee, value: &Bound<'_, PyAny>) -> Option<u64> {
    let is_text = matches!(to.to, CType::Scalar(DType::I8 | DType::U8));
    let text = value.cast_exact::<PyBytes>().ok().filter(|_| is_text)?;
    Some(text.as_bytes().as_ptr() as u64)
}

/// A number as an integer: what has `__int__` has one.
fn whole<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if value.is_instance_of::<PyInt>() {
        return Ok(value.clone());
    }
    if !value.hasattr("__int__")? {
        return Err(PyTypeError::new_err("an integer is required"));
    }
    value.py().get_type::<PyInt>().call1((value,))
}

fn number(dtype: DType, name: &str, value: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    let size = dtype.size() as usize;
    if dtype.is_int() {
        let number = whole(value)?;
        let too_large = || PyOverflowError::new_err(format!("value too large to convert to {name}"));
        let wide: i128 = number.extract().unwrap_or(if number.lt(0)? { i128::MIN } else { i128::MAX });
        if wide < 0 && dtype.is_unsigned() {
            let text = format!("can't convert negative value to {name}");
            return Err(PyOverflowError::new_err(text));
        }
        let bits = dtype.bits() - u32::from(dtype.is_signed());
        if size == 8 && (wide >= 1i128 << bits || wide < -(1i128 << bits)) {
            let kind = if dtype.is_unsigned() { "unsigned long" } else { "long" };
            let text = format!("Python int too large to convert to C {kind}");
            return Err(PyOverflowError::new_err(text));
        }
        if wide >= 1i128 << bits || wide < -(1i128 << bits) {
            return Err(too_large());
        }
        bytes[..size].copy_from_slice(&wide.to_le_bytes()[..size]);
        return Ok(());
    }
    if dtype.is_complex() {
        // SAFETY: attached, with a live object.
        let z = unsafe { ffi::PyComplex_AsCComplex(value.as_ptr()) };
        if let Some(error) = PyErr::take(value.py()) {
            return Err(error);
        }
        let half = size / 2;
        put_float(half, z.real, &mut bytes[..half]);
        put_float(half, z.imag, &mut bytes[half..]);
        return Ok(());
    }
    // SAFETY: attached, with a live object; -1 with an exception means failure.
    let x = unsafe { ffi::PyFloat_AsDouble(value.as_ptr()) };
    if let Some(error) = PyErr::take(value.py()) {
        return Err(error);
    }
    put_float(size, x, bytes);
    Ok(())
}

fn put_float(size: usize, x: f64, bytes: &mut [u8]) {
    match size {
        4 => bytes[..4].copy_from_slice(&(x as f32).to_le_bytes()),
        _ => bytes[..8].copy_from_slice(&x.to_le_bytes()),
    }
}

/// Fields of one byte are declared as `char`.
fn c_name(dtype: DType) -> &'static str {
    if dtype == DType::I8 { "char" } else { element_name(dtype) }
}

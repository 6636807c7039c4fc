//! Structs between Python and C: mappings become the bytes of a struct.
//!
//! Source: the conversion functions that Cython writes, for what is asked of a mapping and in which words it is refused.

use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use ungil_ir::types::DType;
use ungil_sema::ctype::{CStruct, CType, element_name};

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
    for field in &s.fields {
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
    for (field, value) in s.fields.iter().zip(&values) {
        put(&field.ty, value, &mut bytes[field.offset as usize..])?;
    }
    Ok(())
}

fn union(s: &CStruct, object: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    let mut left = object.len()?;
    let mut last = None;
    for field in &s.fields {
        if left == 0 || !object.contains(&*field.name)? {
            continue;
        }
        if let Some(last) = last {
            let text = format!("More than one union attribute passed: '{last}' and '{}'", field.name);
            return Err(PyValueError::new_err(text));
        }
        put(&field.ty, &object.get_item(&*field.name)?, bytes)?;
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

fn put(ty: &CType, value: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    match ty {
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
        CType::Scalar(dtype) => number(*dtype, value, bytes),
        other => Err(PyTypeError::new_err(format!("Cannot convert Python object to '{other}'"))),
    }
}

fn number(dtype: DType, value: &Bound<'_, PyAny>, bytes: &mut [u8]) -> PyResult<()> {
    let size = dtype.size() as usize;
    if dtype.is_int() {
        let number = value
            .py()
            .import("operator")?
            .getattr("index")?
            .call1((value,))
            .map_err(|_| PyTypeError::new_err("an integer is required"))?;
        let too_large =
            || PyOverflowError::new_err(format!("value too large to convert to {}", c_name(dtype)));
        let wide: i128 = number.extract().unwrap_or(if number.lt(0)? { i128::MIN } else { i128::MAX });
        if wide < 0 && dtype.is_unsigned() {
            let text = format!("can't convert negative value to {}", c_name(dtype));
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

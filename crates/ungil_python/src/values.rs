//! Values that generated code hands over one by one (messages, print) as Python objects.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyString, PyTuple};
use ungil_abi::context::{ErrorArg, ValueTag};
use ungil_ir::types::DType;

use crate::numpy;

/// A scalar, text or None.
///
/// # Safety
/// `arg` was written by generated code; what it points at is live.
pub unsafe fn scalar<'py>(py: Python<'py>, arg: &ErrorArg) -> PyResult<Bound<'py, PyAny>> {
    match arg.tag {
        ValueTag::NONE => Ok(py.None().into_bound(py)),
        ValueTag::TEXT => {
            // SAFETY: `bits` and `bits2` are address and length of UTF-8 text.
            let bytes = unsafe { core::slice::from_raw_parts(arg.bits as *const u8, arg.bits2 as usize) };
            Ok(PyString::new(py, &String::from_utf8_lossy(bytes)).into_any())
        }
        // SAFETY: `bits` points at a descriptor.
        ValueTag::ARRAY => unsafe { array(py, arg) },
        tag => number(py, tag, arg),
    }
}

fn number<'py>(py: Python<'py>, tag: u64, arg: &ErrorArg) -> PyResult<Bound<'py, PyAny>> {
    let Some(&dtype) = DType::ALL.get((tag & 0xff) as usize) else {
        return Err(pyo3::exceptions::PySystemError::new_err(format!(
            "internal error: value with tag {tag}"
        )));
    };
    let (real, imag) = (f64::from_bits(arg.bits), f64::from_bits(arg.bits2));
    if tag & ValueTag::WEAK != 0 {
        return Ok(match dtype {
            DType::Bool => PyBool::new(py, arg.bits & 1 != 0).to_owned().into_any(),
            d if d.is_unsigned() => PyInt::new(py, arg.bits).into_any(),
            d if d.is_int() => PyInt::new(py, arg.bits as i64).into_any(),
            d if d.is_complex() => PyComplex::from_doubles(py, real, imag).into_any(),
            _ => PyFloat::new(py, real).into_any(),
        });
    }
    let mut bytes = [0u8; 16];
    match dtype {
        DType::F32 => bytes[..4].copy_from_slice(&(real as f32).to_ne_bytes()),
        DType::C64 => {
            bytes[..4].copy_from_slice(&(real as f32).to_ne_bytes());
            bytes[4..8].copy_from_slice(&(imag as f32).to_ne_bytes());
        }
        // Integers are extended to 64 bits, so that their low bytes are the value on a little-endian machine.
        _ => {
            bytes[..8].copy_from_slice(&arg.bits.to_le_bytes());
            bytes[8..].copy_from_slice(&arg.bits2.to_le_bytes());
        }
    }
    // SAFETY: the bytes hold a value of the dtype; a null result has an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, numpy::api(py).new_scalar(dtype, bytes.as_ptr())) }
}

/// A copy of an array.
unsafe fn array<'py>(py: Python<'py>, arg: &ErrorArg) -> PyResult<Bound<'py, PyAny>> {
    let (dtype, nd) = ((arg.bits2 & 0xff) as usize, (arg.bits2 >> 8 & 0xff) as usize);
    let Some(&dtype) = DType::ALL.get(dtype) else {
        return Err(pyo3::exceptions::PySystemError::new_err("internal error: array of unknown dtype"));
    };
    // SAFETY: `bits` points at a descriptor of `nd` dimensions, live until the hook returns; the view is copied
    // before that.
    let view = unsafe {
        let words = arg.bits as *const u64;
        let data = *words as *mut u8;
        let (shape, strides) = (words.add(2).cast::<i64>(), words.add(2 + nd).cast::<i64>());
        let object = numpy::api(py).new_array(dtype, nd, shape, strides, data, 0);
        Bound::from_owned_ptr_or_err(py, object)?
    };
    view.call_method0("copy")
}

/// The values of a line, tuples rebuilt.
///
/// # Safety
/// As [`scalar`], for each part.
pub unsafe fn sequence<'py>(py: Python<'py>, parts: &[ErrorArg]) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut stack: Vec<Vec<Bound<'py, PyAny>>> = vec![Vec::new()];
    for part in parts {
        let value = match part.tag {
            ValueTag::TUPLE_OPEN => {
                stack.push(Vec::new());
                continue;
            }
            ValueTag::TUPLE_CLOSE if stack.len() > 1 => {
                PyTuple::new(py, stack.pop().unwrap_or_default())?.into_any()
            }
            // SAFETY: as the caller vouches.
            _ => unsafe { scalar(py, part)? },
        };
        if let Some(top) = stack.last_mut() {
            top.push(value);
        }
    }
    Ok(stack.swap_remove(0))
}

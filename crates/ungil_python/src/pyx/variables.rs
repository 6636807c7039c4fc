//! Variables of a module that live in memory of C, as Python reads and writes them.
//!
//! The memory belongs to the module's `Variables` object, which calls these functions with addresses inside of it. A
//! memoryview is described there as `ungil_sema::lower::data` says; Python keeps the array that it is of.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyComplex, PyDict, PyFloat, PyInt, PyList, PyTuple};
use ungil_ir::types::DType;
use ungil_sema::c_text::parse_c_text;
use ungil_sema::ctype::CType;
use ungil_sema::cython::Declared;
use ungil_sema::object::memory::is_tuple;

use super::{Parameter, argument, read, structs};
use crate::callback::{Callback, compile_for_c};
use crate::dispatcher;
use crate::object::for_c;
use crate::world::{PyWorld, passed};

fn declared(text: &str, c_name: &str) -> PyResult<Declared> {
    read::declared(text, c_name).ok_or_else(|| PyTypeError::new_err(format!("`{c_name}` is no type of C")))
}

fn c_type(declared: &Declared) -> Option<CType> {
    match declared {
        Declared::Scalar { dtype, .. } => Some(CType::Scalar(*dtype)),
        Declared::Bint => Some(CType::Bint),
        Declared::C { ty, .. } => Some(ty.clone()),
        _ => None,
    }
}

/// Size in bytes of a variable's memory.
#[pyfunction]
pub fn pyx_size(text: &str, c_name: &str) -> PyResult<u64> {
    let declared = declared(text, c_name)?;
    Ok(match &declared {
        Declared::View { ndim, .. } | Declared::Structs { ndim, .. } => 16 + 16 * u64::from(*ndim),
        other => c_type(other).and_then(|ty| ty.size()).unwrap_or(8),
    })
}

/// A compiled function as C calls it through a pointer of this type, which holds as long as the result lives.
#[pyfunction]
pub fn pyx_callback(py: Python<'_>, text: &str, function: &Bound<'_, PyAny>) -> PyResult<Callback> {
    let refuse =
        |why: &str| PyTypeError::new_err(format!("{why} does not become a pointer to a function of C"));
    let Some(CType::Pointer(to)) = parse_c_text(text) else { return Err(refuse("a function")) };
    let CType::Function(ty) = &to.to else { return Err(refuse("a function")) };
    let object = dispatcher::downcast(function).ok_or_else(|| refuse("what is not compiled"))?;
    if for_c::passes_objects(ty) {
        return for_c::make(py, object, ty);
    }
    let params = ty.params.iter().map(passed).collect::<Option<Vec<_>>>();
    let (Some(params), Some(ret)) = (params, passed(&ty.ret)) else {
        return Err(refuse("a function of other things than numbers and pointers"));
    };
    let world = PyWorld::default();
    let kernel = world.kernel_of(function);
    match compile_for_c(py, world, kernel, (params, ret), &object.state().options) {
        Err(error) if object.state().pyx.as_ref().is_some_and(|pyx| pyx.may_hold_objects(py, &error)) => {
            for_c::make(py, object, ty).map_err(|_| error)
        }
        made => made,
    }
}

/// Writes a value into a variable, converted as Cython converts it.
///
/// # Safety
/// `address` is that of a variable of this type.
#[pyfunction]
pub unsafe fn pyx_store(text: &str, c_name: &str, address: usize, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let declared = declared(text, c_name)?;
    let bytes = match &declared {
        Declared::Bint => i32::from(value.is_truthy()?).to_le_bytes().to_vec(),
        _ => {
            let ty = c_type(&declared).ok_or_else(|| PyTypeError::new_err("not a value of C"))?;
            bytes_of(&ty, c_name, value)?
        }
    };
    // SAFETY: the variable has as many bytes as its type, as the caller vouches.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len()) };
    Ok(())
}

fn bytes_of(ty: &CType, c_name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let mut bytes = vec![0u8; ty.size().unwrap_or(8) as usize];
    match ty {
        CType::Scalar(dtype) if dtype.is_int() => {
            let name = if c_name.is_empty() { "int" } else { c_name };
            let number = argument::whole_number(value, name)?;
            structs::put(ty, &number, &mut bytes)?;
        }
        CType::Pointer(_) if value.is_none() => {}
        CType::Pointer(to) if structs::text_address(to, value).is_some() => {
            structs::put(ty, value, &mut bytes)?
        }
        CType::Pointer(_) => {
            let address: u64 = value
                .extract()
                .map_err(|_| PyTypeError::new_err(format!("Cannot convert Python object to '{c_name}'")))?;
            bytes.copy_from_slice(&address.to_le_bytes());
        }
        _ => structs::put(ty, value, &mut bytes)?,
    }
    Ok(bytes)
}

/// What Python gets of a variable.
///
/// # Safety
/// `address` is that of a variable of this type.
#[pyfunction]
pub unsafe fn pyx_load<'py>(
    py: Python<'py>,
    text: &str,
    c_name: &str,
    address: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let declared = declared(text, c_name)?;
    let ty = c_type(&declared).ok_or_else(|| PyTypeError::new_err("not a value of C"))?;
    let size = ty.size().unwrap_or(8) as usize;
    // SAFETY: the variable has as many bytes as its type, as the caller vouches.
    let bytes = unsafe { core::slice::from_raw_parts(address as *const u8, size) }.to_vec();
    object_of(py, &ty, &bytes)
}

/// What Python gets of a member of a struct: of a pointer to characters their bytes.
fn member_of<'py>(py: Python<'py>, ty: &CType, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let is_text = matches!(ty, CType::Pointer(p) if matches!(p.to, CType::Scalar(DType::I8 | DType::U8)));
    if !is_text || word(bytes) == 0 {
        // A number may be shorter than a word.
        return object_of(py, ty, bytes);
    }
    let address = word(bytes) as *const core::ffi::c_char;
    // SAFETY: the program says that a `char *` of its own leads to characters with an end.
    let text = unsafe { core::ffi::CStr::from_ptr(address) };
    Ok(PyBytes::new(py, text.to_bytes()).into_any())
}

/// What Python gets of memory with a value of this type.
pub fn object_of<'py>(py: Python<'py>, ty: &CType, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match ty {
        CType::Scalar(dtype) => number(py, *dtype, bytes),
        CType::Bint => Ok(bytes[..4].iter().any(|b| *b != 0).into_pyobject(py)?.to_owned().into_any()),
        CType::Struct(s) if is_tuple(s) => {
            let items = s.fields.iter().map(|f| object_of(py, &f.ty, &bytes[f.offset as usize..]));
            Ok(PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
        CType::Struct(s) => {
            let dict = PyDict::new(py);
            for field in structs::members(s) {
                dict.set_item(&*field.name, member_of(py, &field.ty, &bytes[field.offset as usize..])?)?;
            }
            Ok(dict.into_any())
        }
        CType::Array(element, n) => {
            if let CType::Scalar(DType::I8 | DType::U8) = **element {
                let whole = &bytes[..*n as usize];
                let end = whole.iter().position(|b| *b == 0).unwrap_or(whole.len());
                return Ok(PyBytes::new(py, &whole[..end]).into_any());
            }
            let size = element.size().unwrap_or(1) as usize;
            let items = (0..*n as usize).map(|k| object_of(py, element, &bytes[k * size..]));
            Ok(PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
        _ => {
            let word = word(bytes);
            match word {
                0 => Ok(py.None().into_bound(py)),
                _ => Ok(PyInt::new(py, word).into_any()),
            }
        }
    }
}

fn word(bytes: &[u8]) -> u64 {
    let mut whole = [0u8; 8];
    whole.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(whole)
}

fn number<'py>(py: Python<'py>, dtype: DType, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let size = dtype.size() as usize;
    let float = |bytes: &[u8]| match bytes.len() {
        4 => f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        _ => f64::from_bits(word(bytes)),
    };
    if dtype.is_complex() {
        let half = size / 2;
        let (re, im) = (float(&bytes[..half]), float(&bytes[half..size]));
        return Ok(PyComplex::from_doubles(py, re, im).into_any());
    }
    if dtype.is_float() {
        return Ok(PyFloat::new(py, float(&bytes[..size])).into_any());
    }
    let mut whole = [0u8; 8];
    whole[..size].copy_from_slice(&bytes[..size]);
    let low = u64::from_le_bytes(whole);
    if dtype.is_unsigned() {
        return Ok(PyInt::new(py, low).into_any());
    }
    let unused = 64 - 8 * size as u32;
    Ok(PyInt::new(py, ((low << unused) as i64) >> unused).into_any())
}

/// Makes a memoryview of the module one of an object, and returns the array that is to be kept.
///
/// # Safety
/// `address` is that of a variable of this type.
#[pyfunction]
pub unsafe fn pyx_view<'py>(
    text: &str,
    c_name: &str,
    address: usize,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let declared = declared(text, c_name)?;
    let (Declared::View { ndim, .. } | Declared::Structs { ndim, .. }) = declared else {
        return Err(PyTypeError::new_err("not a memoryview"));
    };
    let parameter = Parameter {
        name: String::new(),
        declared: Some(declared),
        class: None,
        not_none: false,
        is_buffer: false,
        writes: false,
        is_array: false,
        is_whole: false,
    };
    let array = argument::convert(&parameter, value)?;
    let n = usize::from(ndim);
    let mut words = vec![0u64; 2 + 2 * n];
    words[0] = 1;
    if !array.is_none() {
        let data: u64 = array.getattr("ctypes")?.getattr("data")?.extract()?;
        let (shape, strides): (Vec<i64>, Vec<i64>) =
            (array.getattr("shape")?.extract()?, array.getattr("strides")?.extract()?);
        words[1] = data;
        for k in 0..n {
            words[2 + k] = shape[k] as u64;
            words[2 + n + k] = strides[k] as u64;
        }
    }
    // SAFETY: the variable has room for its description, as the caller vouches.
    unsafe { core::ptr::copy_nonoverlapping(words.as_ptr(), address as *mut u64, words.len()) };
    Ok(array)
}

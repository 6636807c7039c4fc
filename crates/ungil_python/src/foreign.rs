//! Objects of ctypes, cffi and C libraries: what they mean, and how they are passed.
//!
//! The Python module `ungil._foreign` looks into them and answers in tuples; this module reads the tuples. Which objects
//! are asked about is decided by the names of their types, so that others cost nothing.

use std::ffi::CStr;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use ungil_ir::types::DType;
use ungil_sema::ctype::{CFunction, CStruct, CType, Convention, Field, FunctionType, NdPointer, Pointee};
use ungil_sema::prototype;
use ungil_sema::ty::Ty;
use ungil_sema::world::Global;

/// Names of types whose objects are asked about: those of ctypes and cffi are recognised by their module.
const NAMES: &[&str] =
    &["PyCapsule", "fortran", "CDLL", "PyDLL", "FFI", "FFILibrary", "Extern", "CFunc", "method"];

/// Whether an object may belong to a C library.
///
/// # Safety
/// The interpreter is attached and `object` is live.
pub unsafe fn is_candidate(object: *mut PyObject) -> bool {
    // SAFETY: a live object's type, and that one's, are live and have names.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        let name = CStr::from_ptr((*ty).tp_name).to_str().unwrap_or("");
        let meta = CStr::from_ptr((*ffi::Py_TYPE(ty.cast())).tp_name).to_str().unwrap_or("");
        NAMES.contains(&name)
            || name.starts_with("FFILibrary")
            || name.contains("_cffi_backend")
            || meta.starts_with("_ctypes.")
            || name.starts_with("_ctypes.")
            || (ffi::PyCFunction_Check(object) != 0 && is_of_cffi(object))
    }
}

/// Whether a built-in function is one of cffi's: its `self` is a library or an FFI object.
unsafe fn is_of_cffi(function: *mut PyObject) -> bool {
    // SAFETY: a live built-in function; its `self` is live or null.
    unsafe {
        let owner = ffi::PyCFunction_GetSelf(function);
        if owner.is_null() {
            ffi::PyErr_Clear();
            return false;
        }
        CStr::from_ptr((*ffi::Py_TYPE(owner)).tp_name).to_str().is_ok_and(|n| n.contains("_cffi_backend"))
    }
}

/// What an object of a C library means.
pub enum Meaning {
    Global(Global),
    /// A library whose functions are attributes.
    Namespace(String),
}

/// The meaning of an object; `None` if it has none to a kernel.
pub fn meaning(object: &Bound<'_, PyAny>, name: &str) -> Option<Meaning> {
    // SAFETY: attached, with a live object.
    if !unsafe { is_candidate(object.as_ptr()) } {
        return None;
    }
    match read_meaning(object, name) {
        Ok(meaning) => meaning,
        Err(error) => Some(Meaning::Global(Global::Uncallable {
            title: format!("`{name}` cannot be used in compiled code: {error}"),
            help: "call it outside the kernel".to_owned(),
        })),
    }
}

/// Whether an attribute of a C library is a variable.
pub fn is_variable(holder: &Bound<'_, PyAny>, name: &str) -> bool {
    // SAFETY: attached, with a live object.
    if !unsafe { is_candidate(holder.as_ptr()) } {
        return false;
    }
    let answer = || -> PyResult<bool> {
        let module = holder.py().import("ungil._foreign")?;
        module.getattr("is_variable")?.call1((holder, name))?.extract()
    };
    answer().unwrap_or(false)
}

fn read_meaning(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<Meaning>> {
    let described = object.py().import("ungil._foreign")?.getattr("describe")?.call1((object,))?;
    let Ok(parts) = described.cast_into::<PyTuple>() else { return Ok(None) };
    let text = |k: usize| parts.get_item(k).and_then(|x| x.extract::<String>());
    let name = name.to_owned();
    Ok(Some(Meaning::Global(match text(0)?.as_str() {
        "function" => Global::CFunction(Arc::new(function(&parts)?)),
        "type" => Global::CType(c_type(&parts.get_item(1)?)?),
        "pointer" => {
            let (to, address) = (c_type(&parts.get_item(1)?)?, parts.get_item(2)?.extract()?);
            Global::CPointer { to, address, name }
        }
        "memory" => {
            let (ty, address) = (c_type(&parts.get_item(1)?)?, parts.get_item(2)?.extract()?);
            Global::CMemory { ty, address, name }
        }
        "namespace" => return Ok(Some(Meaning::Namespace(text(1)?))),
        "builtin" => Global::Builtin(text(1)?),
        "constant" => Global::Int(parts.get_item(1)?.extract()?),
        _ => Global::Uncallable { title: text(1)?, help: text(2)? },
    })))
}

fn function(parts: &Bound<'_, PyTuple>) -> PyResult<CFunction> {
    let params = parts.get_item(3)?.try_iter()?.map(|p| c_type(&p?)).collect::<PyResult<Vec<_>>>()?;
    let cffi = parts.get_item(5)?.extract::<String>()? == "cffi";
    Ok(CFunction {
        name: parts.get_item(1)?.extract::<String>()?.into(),
        address: parts.get_item(2)?.extract()?,
        params,
        ret: c_type(&parts.get_item(4)?)?,
        convention: if cffi { Convention::Cffi } else { Convention::Ctypes },
        errno: parts.get_item(6)?.extract()?,
        hidden: parts.get_item(7)?.extract()?,
    })
}

/// Reads a C type.
fn c_type(described: &Bound<'_, PyAny>) -> PyResult<CType> {
    let item = |k: usize| described.get_item(k);
    Ok(match item(0)?.extract::<String>()?.as_str() {
        "void" => CType::Void,
        "scalar" => CType::Scalar(dtype(&item(1)?)?),
        "pointer" => {
            CType::Pointer(Arc::new(Pointee { to: c_type(&item(1)?)?, constant: item(2)?.extract()? }))
        }
        "struct" => {
            let mut fields = Vec::new();
            for field in item(3)?.try_iter()? {
                let (name, ty, offset): (String, Bound<'_, PyAny>, u64) = field?.extract()?;
                fields.push(Field { name: name.into(), ty: c_type(&ty)?, offset, c_name: "".into() });
            }
            CType::Struct(Arc::new(CStruct {
                name: item(1)?.extract::<String>()?.into(),
                size: item(2)?.extract()?,
                fields,
                is_union: false,
            }))
        }
        "ndpointer" => {
            let given = item(1)?;
            CType::NdPointer(Arc::new(NdPointer {
                dtype: if given.is_none() { None } else { Some(dtype(&given)?) },
                ndim: item(2)?.extract()?,
                shape: item(3)?.extract()?,
                flags: item(4)?.extract()?,
            }))
        }
        "code" => {
            let params = item(1)?.try_iter()?.map(|p| c_type(&p?)).collect::<PyResult<Vec<_>>>()?;
            CType::Function(Arc::new(FunctionType { params, ret: c_type(&item(2)?)?, raises: false }))
        }
        _ => CType::Opaque(item(1)?.extract::<String>()?.into()),
    })
}

fn dtype(name: &Bound<'_, PyAny>) -> PyResult<DType> {
    let name: String = name.extract()?;
    DType::from_name(&name).ok_or_else(|| PyValueError::new_err(format!("no number type {name}")))
}

/// The type of an argument.
pub fn type_of(object: &Bound<'_, PyAny>) -> Option<Ty> {
    match meaning(object, "argument")? {
        Meaning::Global(Global::CFunction(f)) => Some(Ty::CFunc(f)),
        Meaning::Global(Global::CType(ty)) => Some(Ty::CType(ty)),
        Meaning::Global(Global::CPointer { to: CType::Pointer(p), .. }) => Some(Ty::Pointer(p)),
        Meaning::Global(Global::CMemory { ty: CType::Scalar(d), .. }) => Some(Ty::CBox(d)),
        Meaning::Global(Global::CMemory { ty: CType::Struct(s), .. }) => Some(Ty::CStruct(s)),
        _ => None,
    }
}

/// How an argument is passed.
pub enum Passed {
    /// Its identity is part of its type.
    Identity,
    /// The identity of its type, and the address.
    Pointer { key: u64, address: u64 },
    /// The identity of its type, and an array over its memory (a new reference).
    Memory { key: u64, dtype: DType, array: *mut PyObject },
    /// What is wrong, and what to do.
    Refused { title: String, help: String },
}

/// How an argument is passed; `None` if it does not belong to a C library.
pub fn passed(object: &Bound<'_, PyAny>) -> PyResult<Option<Passed>> {
    let answer = object.py().import("ungil._foreign")?.getattr("argument")?.call1((object,))?;
    let Ok(parts) = answer.cast_into::<PyTuple>() else { return Ok(None) };
    let item = |k: usize| parts.get_item(k);
    Ok(Some(match item(0)?.extract::<String>()?.as_str() {
        "identity" => Passed::Identity,
        "pointer" => Passed::Pointer { key: item(1)?.extract()?, address: item(2)?.extract()? },
        "box" => {
            Passed::Memory { key: item(1)?.extract()?, dtype: dtype(&item(2)?)?, array: item(3)?.into_ptr() }
        }
        _ => Passed::Refused { title: item(1)?.extract()?, help: item(2)?.extract()? },
    }))
}

/// Whether an argument of a C library is passed by its identity.
pub fn by_identity(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: attached, with a live object.
    let candidate = unsafe { is_candidate(object.as_ptr()) };
    candidate && matches!(passed(object), Ok(Some(Passed::Identity)))
}

/// Name, result, parameters and their names of a prototype, as `ungil._foreign` describes types.
#[pyfunction]
pub fn parse_prototype<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let p = prototype::parse_prototype(text).map_err(PyValueError::new_err)?;
    let params = p.params.iter().map(|t| tuple_of(py, t)).collect::<PyResult<Vec<_>>>()?;
    Ok((p.name, tuple_of(py, &p.ret)?, params, p.names).into_pyobject(py)?.into_any())
}

/// A C type as `ungil._foreign` describes it.
pub fn tuple_of<'py>(py: Python<'py>, ty: &CType) -> PyResult<Bound<'py, PyAny>> {
    Ok(match ty {
        CType::Void => ("void",).into_pyobject(py)?.into_any(),
        CType::Scalar(d) => ("scalar", d.name()).into_pyobject(py)?.into_any(),
        CType::Pointer(p) => ("pointer", tuple_of(py, &p.to)?, p.constant).into_pyobject(py)?.into_any(),
        CType::Function(f) => {
            let params = f.params.iter().map(|t| tuple_of(py, t)).collect::<PyResult<Vec<_>>>()?;
            ("code", params, tuple_of(py, &f.ret)?).into_pyobject(py)?.into_any()
        }
        other => ("opaque", other.to_string()).into_pyobject(py)?.into_any(),
    })
}

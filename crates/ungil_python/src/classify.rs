//! What a Python object means to the compiler.
//!
//! Functions and types of known libraries are named by where they live (`numpy.zeros`), and the name is checked by
//! identity: a user's function of the same name is the user's.

use pyo3::exceptions::PyBaseException;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyCFunction, PyComplex, PyFloat, PyFunction, PyInt, PyModule, PyString, PyTuple, PyType,
};
use ungil_abi::exception::ExcClass;
use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_sema::ty::{Identity, LoopTypes};
use ungil_sema::world::Global;

use crate::dispatcher;
use crate::numpy::{self, PyArray};
use crate::ufunc::ufunc_owner;

/// The meaning of an object, short of numbers that a world gives out.
pub enum Known<'py> {
    Value(Global),
    Tuple(Vec<Bound<'py, PyAny>>),
    Array(ArrayType),
    Module(String),
    /// A Python function or a dispatcher.
    Function,
    /// A universal function made of a kernel, with its declared loops, and the number of its inputs if it writes to nothing.
    Ufunc {
        kernel: Bound<'py, PyAny>,
        loops: Vec<LoopTypes>,
        identity: Identity,
        pure_inputs: Option<usize>,
    },
    /// An object for which kernels call a function.
    Standin(Bound<'py, PyAny>),
}

/// Classifies an object.
pub fn classify<'py>(object: &Bound<'py, PyAny>) -> Known<'py> {
    if let Some(global) = constant(object) {
        return Known::Value(global);
    }
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        return Known::Tuple(tuple.iter().collect());
    }
    if let Some(classes) = union_members(object) {
        return Known::Tuple(classes);
    }
    if let Some(ty) = array_type(object) {
        return Known::Array(ty);
    }
    if let Ok(module) = object.cast::<PyModule>() {
        return Known::Module(module.name().map(|n| n.to_string()).unwrap_or_default());
    }
    if dispatcher::downcast(object).is_some() {
        return Known::Function;
    }
    if let Some(class) = object.cast::<PyType>().ok().and_then(class_meaning) {
        return Known::Value(class);
    }
    if let Some(known) = own_ufunc(object) {
        return known;
    }
    if let Some(name) = canonical_name(object) {
        return Known::Value(Global::Builtin(name));
    }
    if object.is_instance_of::<PyFunction>() {
        return Known::Function;
    }
    if let Some(dtype) = dtype_object(object) {
        return Known::Value(Global::DType(dtype));
    }
    if let Some(limits) = limits(object) {
        return Known::Value(limits);
    }
    if let Ok(class) = object.cast::<PyType>() {
        return Known::Value(Global::Class(class.name().map(|n| n.to_string()).unwrap_or_default()));
    }
    // SAFETY: a live object.
    let type_name = unsafe { crate::reject::type_name(object.as_ptr()) };
    Known::Value(Global::Object { type_name })
}

/// What `vectorize`, `guvectorize` and `stencil` make; a `numpy.ufunc` stands for the object behind it.
fn own_ufunc<'py>(object: &Bound<'py, PyAny>) -> Option<Known<'py>> {
    let owner = ufunc_owner(object.py(), object).ok().flatten().map(|o| o.into_bound(object.py()));
    let owner = owner.unwrap_or_else(|| object.clone());
    let class = owner.get_type();
    let module = class.module().ok()?;
    if module == "ungil._guvectorize" || module == "ungil._stencil" {
        return Some(Known::Standin(owner.getattr("_in_kernels").ok()?));
    }
    if module != "ungil._vectorize" || class.name().ok()? != "DUFunc" {
        return None;
    }
    let kernel = owner.getattr("_kernel").ok()?;
    let declared: Vec<(Vec<String>, Vec<String>)> = owner.call_method0("_declared").ok()?.extract().ok()?;
    let dtypes = |names: Vec<String>| names.iter().map(|n| DType::from_name(n)).collect::<Option<Vec<_>>>();
    let loops = declared.into_iter().map(|(operands, results)| {
        Some(LoopTypes { operands: dtypes(operands)?, results: dtypes(results)? })
    });
    let pure_inputs: Option<usize> = owner.call_method0("_pure_inputs").ok()?.extract().ok()?;
    let identity = identity(&owner.getattr("_options").ok()?.getattr("identity").ok()?);
    Some(Known::Ufunc { kernel, loops: loops.collect::<Option<_>>()?, identity, pure_inputs })
}

/// An `identity=` option: a number, `None` or `"reorderable"`.
fn identity(value: &Bound<'_, PyAny>) -> Identity {
    if value.is_none() {
        return Identity::None;
    }
    if let Ok(x) = value.extract::<i64>() {
        return Identity::Int(x);
    }
    if let Ok(x) = value.extract::<f64>() {
        return Identity::Float(x.to_bits());
    }
    let part = |name: &str| value.getattr(name).and_then(|p| p.extract::<f64>()).map(f64::to_bits);
    match (part("real"), part("imag")) {
        (Ok(re), Ok(im)) => Identity::Complex(re, im),
        _ => Identity::Reorderable,
    }
}

/// The classes of `int | float`, which `isinstance` takes as it takes a tuple of them.
fn union_members<'py>(object: &Bound<'py, PyAny>) -> Option<Vec<Bound<'py, PyAny>>> {
    let class = object.get_type();
    let name = class.name().ok()?;
    let union = name == "UnionType" || name == "Union";
    union.then(|| object.getattr("__args__").ok()?.cast_into::<PyTuple>().ok().map(|t| t.iter().collect()))?
}

/// Numbers, strings and singletons.
fn constant(object: &Bound<'_, PyAny>) -> Option<Global> {
    let py = object.py();
    if object.is_none() {
        return Some(Global::None);
    }
    if object.is(py.Ellipsis()) {
        return Some(Global::Ellipsis);
    }
    if let Ok(b) = object.cast_exact::<PyBool>() {
        return Some(Global::Bool(b.is_true()));
    }
    if let Ok(i) = object.cast_exact::<PyInt>() {
        return Some(match i.extract::<i64>() {
            Ok(value) => Global::Int(value),
            Err(_) => Global::BigInt(i.to_string()),
        });
    }
    if let Ok(x) = object.cast_exact::<PyFloat>() {
        return Some(Global::Float(x.value()));
    }
    if let Ok(z) = object.cast_exact::<PyComplex>() {
        // SAFETY: exactly a complex object.
        let z = unsafe { ffi::PyComplex_AsCComplex(z.as_ptr()) };
        return Some(Global::Complex(z.real, z.imag));
    }
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Some(Global::Str(text.to_string()));
    }
    numpy_scalar(object)
}

fn numpy_scalar(object: &Bound<'_, PyAny>) -> Option<Global> {
    // SAFETY: reading a live object's type.
    let dtype = numpy::api(object.py()).scalar_dtype(unsafe { ffi::Py_TYPE(object.as_ptr()) })?;
    // SAFETY: a NumPy scalar is a header followed by the value.
    let at = unsafe { object.as_ptr().cast::<u8>().add(size_of::<ffi::PyObject>()) };
    // SAFETY: each arm reads the value's own type.
    let (bits, bits2) = unsafe {
        match dtype {
            DType::Bool | DType::U8 => (u64::from(at.read()), 0),
            DType::I8 => (i64::from(at.cast::<i8>().read()) as u64, 0),
            DType::I16 => (i64::from(at.cast::<i16>().read()) as u64, 0),
            DType::I32 => (i64::from(at.cast::<i32>().read()) as u64, 0),
            DType::I64 | DType::U64 | DType::F64 => (at.cast::<u64>().read(), 0),
            DType::U16 => (u64::from(at.cast::<u16>().read()), 0),
            DType::U32 => (u64::from(at.cast::<u32>().read()), 0),
            DType::F32 => (f64::from(at.cast::<f32>().read()).to_bits(), 0),
            DType::C64 => {
                let [re, im] = at.cast::<[f32; 2]>().read();
                (f64::from(re).to_bits(), f64::from(im).to_bits())
            }
            DType::C128 => {
                let [re, im] = at.cast::<[f64; 2]>().read();
                (re.to_bits(), im.to_bits())
            }
        }
    };
    Some(Global::NumpyScalar { dtype, bits, bits2 })
}

/// The type of a plain ndarray of known elements.
pub fn array_type(object: &Bound<'_, PyAny>) -> Option<ArrayType> {
    let api = numpy::api(object.py());
    // SAFETY: the fields are read only if the type is exactly ndarray.
    unsafe {
        if ffi::Py_TYPE(object.as_ptr()) != api.array_type {
            return None;
        }
        let array = object.as_ptr().cast::<PyArray>();
        let descr = &*(*array).descr;
        let flags = (*array).flags;
        let layout = match (flags & numpy::C_CONTIGUOUS != 0, flags & numpy::F_CONTIGUOUS != 0) {
            (true, _) => Layout::C,
            (_, true) => Layout::F,
            _ => Layout::Strided,
        };
        Some(ArrayType {
            dtype: numpy::dtype_of_type_num(descr.type_num)?,
            ndim: (*array).nd as u8,
            layout,
            readonly: flags & numpy::WRITEABLE == 0,
            swapped: descr.byteorder as u8 == b'>',
        })
    }
}

/// Scalar types and exception classes.
fn class_meaning(class: &Bound<'_, PyType>) -> Option<Global> {
    let ptr = class.as_ptr().cast();
    if let Some(dtype) = numpy::api(class.py()).scalar_dtype(ptr) {
        return Some(Global::DType(dtype));
    }
    if class.is_subclass_of::<PyBaseException>().unwrap_or(false) {
        let name = class.name().ok()?.to_string();
        let builtin = class.module().is_ok_and(|m| m == "builtins");
        // Aliases (IOError is OSError) are the same object and so have the right name already.
        let known = ExcClass::from_name(&name).filter(|_| builtin);
        return Some(known.map_or(Global::Class(name), Global::Exception));
    }
    None
}

/// A `numpy.dtype` instance or one of ungil's scalar types.
fn dtype_object(object: &Bound<'_, PyAny>) -> Option<DType> {
    let class = object.get_type();
    let module = class.module().ok()?.to_string();
    if module == "ungil.types" || module == "ungil.pyx._names" {
        return DType::from_name(&object.getattr("dtype_name").ok()?.extract::<String>().ok()?);
    }
    if class.name().ok()?.to_string().ends_with("DType") || module.starts_with("numpy") {
        let name: String = object.getattr("name").ok()?.extract().ok()?;
        let native: bool = object.getattr("isnative").ok()?.extract().ok()?;
        return DType::from_name(&name).filter(|_| native);
    }
    None
}

/// What `np.iinfo` or `np.finfo` gave.
pub fn limits(object: &Bound<'_, PyAny>) -> Option<Global> {
    let class = object.get_type();
    let name = class.name().ok()?;
    // NumPy warns of names such as `object`.
    if name != "iinfo" && name != "finfo" {
        return None;
    }
    if !object.py().import("numpy").ok()?.getattr(&name).is_ok_and(|c| c.is(&class)) {
        return None;
    }
    let dtype = dtype_object(&object.getattr("dtype").ok()?)?;
    Some(Global::Builtin(format!("numpy.{name}:{dtype}")))
}

/// Modules whose functions the compiler may know.
const LIBRARIES: &[&str] =
    &["builtins", "math", "cmath", "operator", "_operator", "numpy", "ungil", "ctypes", "_ctypes"];

/// Whether a module is a known library or part of one.
pub fn is_library(module: &Bound<'_, PyAny>) -> bool {
    let name = module.getattr("__name__").and_then(|n| n.extract::<String>()).unwrap_or_default();
    LIBRARIES.contains(&root(&name))
}

fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// `numpy.zeros`: where a library's function or type lives, if it really is the object there.
pub fn canonical_name(object: &Bound<'_, PyAny>) -> Option<String> {
    let py = object.py();
    if object.get_type().module().is_ok_and(|m| m == "ungil.pyx._names") {
        // A function of a C library, by its own word.
        return object.getattr("canonical").ok()?.extract().ok();
    }
    if object.get_type().module().is_ok_and(|m| m == "ungil.pyx._variables") {
        return Some("cython.data".to_owned());
    }
    if let Some(name) = subscripted(object) {
        return Some(format!("numpy.{name}"));
    }
    let name: String = object.getattr("__name__").ok()?.extract().ok()?;
    let is_ufunc = object.get_type().name().ok()? == "ufunc";
    let module = match object.getattr("__module__").ok().and_then(|m| m.extract::<String>().ok()) {
        _ if is_ufunc => "numpy".to_owned(),
        Some(module) => module,
        // Methods of NumPy's global random state.
        None if object.is_instance_of::<PyCFunction>() => "numpy.random".to_owned(),
        None => return None,
    };
    if !LIBRARIES.contains(&root(&module)) {
        return None;
    }
    let public = if root(&module) == "ungil" { "ungil" } else { module.trim_start_matches('_') };
    let holder = py.import("sys").ok()?.getattr("modules").ok()?.get_item(public).ok()?;
    let there = holder.getattr(name.as_str()).ok()?;
    (there.is(object) || (public == "numpy.random" && there.eq(object).unwrap_or(false)))
        .then(|| format!("{public}.{name}"))
}

/// The name of one of NumPy's objects that are subscripted, such as `numpy.mgrid`.
fn subscripted(object: &Bound<'_, PyAny>) -> Option<&'static str> {
    let module: String = object.get_type().module().ok()?.extract().ok()?;
    if !module.starts_with("numpy.lib") {
        return None;
    }
    let numpy = object.py().import("numpy").ok()?;
    let names = ["mgrid", "ogrid", "r_", "c_", "s_", "index_exp"];
    names.into_iter().find(|name| numpy.getattr(*name).is_ok_and(|found| found.is(object)))
}

/// Whether an array is contiguous in Fortran's order.
pub fn is_f_contiguous(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: `array_type` has checked that it is an ndarray.
    array_type(object).is_some()
        && unsafe { (*object.as_ptr().cast::<PyArray>()).flags & numpy::F_CONTIGUOUS != 0 }
}

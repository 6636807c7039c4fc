//! Types of arguments.

use std::sync::Arc;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyFunction, PyInt, PyRange, PySlice, PyTuple};
use ungil_sema::ty::{CodeId, FuncTy, SliceTy, Ty, UfuncTy};
use ungil_sema::world::Global;

use crate::mpi::{self, Passed};
use crate::world::PyWorld;
use crate::{classify, dispatcher, foreign, lists, numpy, reject};

/// The type of an argument; `None` if kernels do not take it. Agrees with [`crate::pack::Packer::argument`].
pub fn type_of(object: &Bound<'_, PyAny>, world: &PyWorld) -> Option<Ty> {
    let py = object.py();
    if let Some(array) = classify::array_type(object) {
        return Some(Ty::Array(array));
    }
    // SAFETY: reading a live object's type.
    if let Some(dtype) = numpy::api(py).scalar_dtype(unsafe { ffi::Py_TYPE(object.as_ptr()) }) {
        return Some(Ty::Scalar(dtype));
    }
    if object.is_exact_instance_of::<PyFloat>() {
        return Some(Ty::PyFloat);
    }
    if object.is_exact_instance_of::<PyBool>() {
        return Some(Ty::PyBool);
    }
    if object.is_exact_instance_of::<PyInt>() {
        return Some(Ty::PyInt);
    }
    if object.is_exact_instance_of::<PyComplex>() {
        return Some(Ty::PyComplex);
    }
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        return tuple.iter().map(|item| type_of(&item, world)).collect::<Option<_>>().map(Ty::Tuple);
    }
    // SAFETY: attached, with a live object.
    if unsafe { lists::is_list(object.as_ptr()) } {
        // SAFETY: a live list.
        return unsafe { lists::type_of(numpy::api(py), object.as_ptr()) };
    }
    if object.is_none() {
        return Some(Ty::None);
    }
    if object.is_exact_instance_of::<PyRange>() {
        return Some(Ty::Range);
    }
    if object.is_exact_instance_of::<PySlice>() {
        let given = |name: &str| object.getattr(name).is_ok_and(|part| !part.is_none());
        return Some(Ty::Slice(SliceTy { start: given("start"), stop: given("stop"), step: given("step") }));
    }
    exotic(object, world)
}

/// Functions, known objects and other array exporters.
fn exotic(object: &Bound<'_, PyAny>, world: &PyWorld) -> Option<Ty> {
    if let Some(Passed::Value(kind, _)) = mpi::passed(object) {
        return Some(Ty::Mpi(kind));
    }
    if let Some(ty) = foreign::type_of(object) {
        return Some(ty);
    }
    let is_function = object.is_instance_of::<PyFunction>() || dispatcher::downcast(object).is_some();
    if !is_function {
        // SAFETY: attached, with a live object.
        let array = unsafe { reject::as_array(object.as_ptr()) }.ok().flatten();
        if let Some(array) = array {
            // SAFETY: a new reference.
            let array = unsafe { Bound::from_owned_ptr(object.py(), array) };
            return classify::array_type(&array).map(Ty::Array);
        }
        if let Some(memory_map) = memory_map(object) {
            return Some(memory_map);
        }
    }
    Some(match world.global_of(object, "argument") {
        Global::Kernel(kernel) => {
            let name = world.kernel_name(object.py(), kernel);
            let code = CodeId { kernel, nested: None };
            Ty::Func(Arc::new(FuncTy { code, name: name.into(), captures: Some(Vec::new()) }))
        }
        Global::Ufunc { kernel, loops, identity, .. } => {
            let name = world.kernel_name(object.py(), kernel);
            let code = CodeId { kernel, nested: None };
            let func = FuncTy { code, name: name.into(), captures: Some(Vec::new()) };
            Ty::Ufunc(Arc::new(UfuncTy { func: Arc::new(func), loops, identity }))
        }
        Global::Ellipsis => Ty::Ellipsis,
        Global::Str(text) => Ty::Str(text.into()),
        Global::Builtin(name) => Ty::Builtin(name.into()),
        Global::DType(dtype) => Ty::DType(dtype),
        Global::Exception(class) => Ty::Exception(class),
        Global::Class(name) => Ty::Class(name.into()),
        _ => return None,
    })
}

/// `numpy.memmap` is an ndarray whose memory happens to be a file.
fn memory_map(object: &Bound<'_, PyAny>) -> Option<Ty> {
    // SAFETY: attached, with a live object.
    if unsafe { reject::type_name(object.as_ptr()) } != "memmap" {
        return None;
    }
    let numpy = object.py().import("numpy").ok()?;
    let plain = numpy.getattr("asarray").ok()?.call1((object,)).ok()?;
    classify::array_type(&plain).map(Ty::Array)
}

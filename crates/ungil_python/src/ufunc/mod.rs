//! NumPy's universal functions made of kernels.
//!
//! Python's `ungil._vectorize` and `ungil._guvectorize` write the loops as kernels; here they are compiled for their
//! types and become real `numpy.ufunc` objects. What a ufunc points at is a [`Loops`] object that it keeps alive.

mod body;
mod core_loop;
mod element;
mod numpy_api;
pub mod typing;

use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use std::ffi::CString;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::{PyTraverseError, PyVisit};
use ungil_ir::types::DType;

use core_loop::{CoreLoop, CoreOperand};
use element::ElementLoop;
use numpy_api::{
    CORE_RESULT, IDENTITY_NONE, IDENTITY_REORDERABLE, IDENTITY_VALUE, InnerLoop, PyUFunc, WRITABLE_INPUT,
};

use crate::numpy;

enum Loop {
    Element(Box<ElementLoop>),
    Core(Box<CoreLoop>),
}

/// The compiled loop of a ufunc for one combination of types.
#[pyclass(module = "ungil", frozen)]
pub struct UfuncLoop {
    inner: Loop,
}

/// What a ufunc made here keeps alive.
#[pyclass(module = "ungil", frozen)]
pub struct Loops {
    loops: Vec<Py<UfuncLoop>>,
    /// The object that stands for the ufunc: how it is pickled, what kernels inline.
    #[pyo3(get)]
    owner: Py<PyAny>,
    functions: Vec<InnerLoop>,
    data: Vec<*mut c_void>,
    types: Vec<c_char>,
    name: CString,
    doc: Option<CString>,
}

// SAFETY: the pointers are to the loops that the object itself keeps, which may be used by several threads at once.
unsafe impl Send for Loops {}
// SAFETY: as for `Send`.
unsafe impl Sync for Loops {}

#[pymethods]
impl UfuncLoop {
    /// A loop over elements. `function` runs over contiguous arrays; `make(name)` gives the functions that run in order.
    #[staticmethod]
    fn elements(
        function: &Bound<'_, PyAny>,
        make: &Bound<'_, PyAny>,
        types: Vec<String>,
        nin: usize,
        parallel: bool,
    ) -> PyResult<UfuncLoop> {
        let types = types.iter().map(|t| dtype(t)).collect::<PyResult<Vec<_>>>()?;
        let inner = ElementLoop::new(function, make, types, nin, parallel)?;
        Ok(UfuncLoop { inner: Loop::Element(Box::new(inner)) })
    }

    /// A loop over rows. `operands`: dtype, numbers of the core dimensions, whether it is only read.
    #[staticmethod]
    fn rows(
        function: &Bound<'_, PyAny>,
        operands: Vec<(String, Vec<usize>, bool)>,
        parallel: bool,
    ) -> PyResult<UfuncLoop> {
        let operands = operands
            .into_iter()
            .map(|(name, dims, readonly)| Ok(CoreOperand { dtype: dtype(&name)?, dims, readonly }))
            .collect::<PyResult<Vec<_>>>()?;
        let inner = CoreLoop::new(function, operands, parallel)?;
        Ok(UfuncLoop { inner: Loop::Core(Box::new(inner)) })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.inner {
            Loop::Element(inner) => visit.call(&inner.make),
            Loop::Core(inner) => visit.call(inner.dispatcher()),
        }
    }
}

#[pymethods]
impl Loops {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        self.loops.iter().try_for_each(|l| visit.call(l))
    }
}

fn dtype(name: &str) -> PyResult<DType> {
    DType::from_name(name).ok_or_else(|| PyTypeError::new_err(format!("no loops have the dtype {name}")))
}

impl UfuncLoop {
    fn types(&self) -> Vec<DType> {
        match &self.inner {
            Loop::Element(inner) => inner.types.clone(),
            Loop::Core(inner) => inner.types().collect(),
        }
    }

    /// The inner loop and its data, which lives as long as `self`.
    fn parts(&self) -> (InnerLoop, *mut c_void) {
        match &self.inner {
            Loop::Element(inner) => (ElementLoop::call, ptr::from_ref(&**inner).cast_mut().cast()),
            Loop::Core(inner) => (CoreLoop::call, ptr::from_ref(&**inner).cast_mut().cast()),
        }
    }
}

/// A `numpy.ufunc` with these loops; `signature` is a generalised function's. `writable`: inputs that are written to.
#[pyfunction]
#[pyo3(signature = (name, doc, nin, nout, signature, identity, loops, owner, writable))]
#[expect(clippy::too_many_arguments, reason = "the parts of a ufunc")]
pub fn make_ufunc<'py>(
    py: Python<'py>,
    name: &str,
    doc: Option<&str>,
    nin: usize,
    nout: usize,
    signature: Option<&str>,
    identity: &Bound<'py, PyAny>,
    loops: Vec<Py<UfuncLoop>>,
    owner: Py<PyAny>,
    writable: Vec<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let api = numpy_api::api(py)?;
    if nin + nout > 32 {
        return Err(PyValueError::new_err("a universal function has at most 32 operands"));
    }
    let mut kept = Loops {
        functions: Vec::new(),
        data: Vec::new(),
        types: Vec::new(),
        name: CString::new(name)?,
        doc: doc.map(CString::new).transpose()?,
        loops,
        owner,
    };
    for each in &kept.loops {
        let each = each.get();
        let types = each.types();
        if types.len() != nin + nout {
            return Err(PyValueError::new_err("a loop has another number of operands"));
        }
        let (function, data) = each.parts();
        kept.functions.push(function);
        kept.data.push(data);
        kept.types.extend(types.iter().map(|d| numpy::type_num(*d) as c_char));
    }
    let signature = signature.map(CString::new).transpose()?;
    let (kind, value) = match () {
        () if identity.is_none() => (IDENTITY_NONE, None),
        () if identity.eq("reorderable").unwrap_or(false) => (IDENTITY_REORDERABLE, None),
        () => (IDENTITY_VALUE, Some(identity)),
    };
    let count = kept.functions.len() as c_int;
    let kept = Bound::new(py, kept)?;
    let inside = kept.get();
    // SAFETY: the tables are in `kept`, which the ufunc holds as its `obj`; NumPy copies the signature.
    unsafe {
        let object = (api.from_func_and_data)(
            inside.functions.as_ptr(),
            inside.data.as_ptr(),
            inside.types.as_ptr(),
            count,
            nin as c_int,
            nout as c_int,
            kind,
            inside.name.as_ptr(),
            inside.doc.as_ref().map_or(ptr::null(), |d| d.as_ptr()),
            0,
            signature.as_ref().map_or(ptr::null(), |s| s.as_ptr()),
            value.map_or(ptr::null_mut(), |v| v.as_ptr()),
        );
        let object = Bound::from_owned_ptr_or_err(py, object)?;
        let ufunc = object.as_ptr().cast::<PyUFunc>();
        (*ufunc).obj = kept.clone().into_any().into_ptr();
        for k in (nin..nin + nout).filter(|_| signature.is_some()) {
            *(*ufunc).op_flags.add(k) = CORE_RESULT;
        }
        for k in writable.into_iter().filter(|k| *k < nin) {
            *(*ufunc).op_flags.add(k) = WRITABLE_INPUT;
        }
        Ok(object)
    }
}

/// The object that stands for a ufunc made here; `None` for other objects.
#[pyfunction]
pub fn ufunc_owner(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    // SAFETY: the fields are read only if the type is exactly `numpy.ufunc`.
    unsafe {
        if ffi::Py_TYPE(object.as_ptr()) != numpy_api::api(py)?.ufunc_type {
            return Ok(None);
        }
        let Some(kept) = Bound::from_borrowed_ptr_or_opt(py, (*object.as_ptr().cast::<PyUFunc>()).obj) else {
            return Ok(None);
        };
        Ok(kept.cast::<Loops>().ok().map(|l| l.get().owner.clone_ref(py)))
    }
}

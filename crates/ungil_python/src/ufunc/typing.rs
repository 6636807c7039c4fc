//! Types of loops: declared signatures in parts, and what a function returns for given types.

use pyo3::prelude::*;
use ungil_driver::signature::{Declared, parse};
use ungil_ir::types::{DType, Layout};
use ungil_sema::ty::Ty;

use crate::errors::plain_error;
use crate::ufunc::element::array;
use crate::world::PyWorld;
use crate::{dispatcher, fork, specialise};

/// Dtype and number of axes; no axes: a scalar.
type Part = (String, usize);

/// A declared signature in parts: parameters and results. `None` where it states no result, an empty list for `void`.
#[pyfunction]
pub fn parse_signature(py: Python<'_>, text: &str) -> PyResult<(Vec<Part>, Option<Vec<Part>>)> {
    let error = |title: &str| plain_error(py, "U0604", title, None);
    let declared = parse(text).map_err(|e| error(&e))?;
    let part = |d: &Declared| match d {
        Declared::Scalar(dtype) => Ok((dtype.name().to_owned(), 0)),
        Declared::Array { dtype, ndim, .. } if *ndim > 0 => Ok((dtype.name().to_owned(), usize::from(*ndim))),
        _ => Err(error(&format!("in signature `{text}`: loops take numbers and arrays"))),
    };
    let params = declared.params.iter().map(part).collect::<PyResult<Vec<_>>>()?;
    let results = match &declared.ret {
        None => None,
        Some(Declared::None) => Some(Vec::new()),
        Some(Declared::Tuple(items)) => Some(items.iter().map(part).collect::<PyResult<Vec<_>>>()?),
        Some(one) => Some(vec![part(one)?]),
    };
    Ok((params, results))
}

/// Dtypes of what a compiled function returns for parameters of these types, found without generating code. `int`, `float`
/// and `complex` are Python's numbers.
#[pyfunction]
pub fn result_types(py: Python<'_>, function: &Bound<'_, PyAny>, params: Vec<Part>) -> PyResult<Vec<String>> {
    let state = dispatcher::downcast(function)
        .ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("not a compiled function"))?
        .state();
    let ty = |(name, ndim): &Part| {
        match name.as_str() {
            "int" => return Some(Ty::PyInt),
            "float" => return Some(Ty::PyFloat),
            "complex" => return Some(Ty::PyComplex),
            _ => {}
        }
        let dtype = DType::from_name(name)?;
        let layout = if *ndim < 2 { Layout::C } else { Layout::Strided };
        Some(if *ndim == 0 { Ty::Scalar(dtype) } else { array(dtype, *ndim as u8, layout, false) })
    };
    let types: Option<Vec<Ty>> = params.iter().map(ty).collect();
    let types = types.ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("no such dtype"))?;
    let _compiling = fork::begin(py);
    let world = PyWorld::default();
    let kernel = world.kernel_of(function);
    let ret = specialise::result_type(py, state, &world, kernel, &types)?;
    let parts = match ret {
        Ty::Tuple(items) if !items.is_empty() => items,
        Ty::None => Vec::new(),
        one => vec![one],
    };
    let name = |t: &Ty| {
        t.dtype().map(|d| d.name().to_owned()).ok_or_else(|| {
            let title =
                format!("{}() returns a value of type {t}, which is no element of an array", state.name);
            plain_error(py, "U0607", &title, Some("return a number, or a tuple of numbers"))
        })
    };
    parts.iter().map(name).collect()
}

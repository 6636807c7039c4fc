//! Declared signatures: `float64(float64[:, ::1], int64)`.
//!
//! A signature restricts which arguments a kernel takes; numbers are converted to the declared type where that
//! loses nothing of their kind. An array axis written `:` fits any layout, and the call still specialises on the
//! layout it meets.

use pyo3::prelude::*;
use ungil_driver::signature::{Declared, Signature};
use ungil_ir::types::{DType, Layout};
use ungil_sema::ty::Ty;

use crate::dispatcher::State;
use crate::errors;
use crate::world::PyWorld;
use crate::{classify, types};

/// A signature and the arguments converted to it.
type Selected<'py, 's> = Option<(&'s Signature, Vec<Bound<'py, PyAny>>)>;

/// The first signature that the arguments fit, with the arguments converted; `None` if the kernel declares none.
pub fn select<'py, 's>(
    py: Python<'py>,
    state: &'s State,
    arguments: &[Bound<'py, PyAny>],
) -> PyResult<Selected<'py, 's>> {
    if state.signatures.is_empty() {
        return Ok(None);
    }
    for exact in [true, false] {
        for signature in &state.signatures {
            if let Some(converted) = fit(py, signature, arguments, exact)? {
                return Ok(Some((signature, converted)));
            }
        }
    }
    let world = PyWorld::default();
    let show = |a: &Bound<'py, PyAny>| {
        // SAFETY: attached, with a live object.
        types::type_of(a, &world)
            .map_or_else(|| unsafe { crate::reject::type_name(a.as_ptr()) }, |t| t.to_string())
    };
    let given: Vec<String> = arguments.iter().map(show).collect();
    let known: Vec<&str> = state.signatures.iter().map(|s| s.text.as_str()).collect();
    let title = format!("{}({}) fits no declared signature", state.name, given.join(", "));
    let help = format!("declared: {}", known.join("; "));
    Err(errors::plain_error(py, "U0602", &title, Some(&help)))
}

fn fit<'py>(
    py: Python<'py>,
    signature: &Signature,
    arguments: &[Bound<'py, PyAny>],
    exact: bool,
) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    if signature.params.len() != arguments.len() {
        return Ok(None);
    }
    let mut converted = Vec::new();
    for (declared, argument) in signature.params.iter().zip(arguments) {
        match convert(declared, py, argument, exact)? {
            Some(value) => converted.push(value),
            None => return Ok(None),
        }
    }
    Ok(Some(converted))
}

/// The argument as the declared type; `None` if it does not fit.
fn convert<'py>(
    declared: &Declared,
    py: Python<'py>,
    argument: &Bound<'py, PyAny>,
    exact: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let world = PyWorld::default();
    let Some(ty) = types::type_of(argument, &world) else { return Ok(None) };
    match (declared, &ty) {
        (Declared::Any, _) | (Declared::None, Ty::None) => Ok(Some(argument.clone())),
        (Declared::Pointer(_), Ty::Pointer(_)) => Ok(declared.accepts(&ty).then(|| argument.clone())),
        (Declared::Array { dtype, ndim, layout, .. }, Ty::Array(a)) => {
            let fits =
                a.dtype == *dtype && a.ndim == *ndim && layout.is_none_or(|l| fits_layout(l, a, argument));
            Ok(fits.then(|| argument.clone()))
        }
        (Declared::Scalar(dtype), found) => {
            let Some(from) = found.dtype() else { return Ok(None) };
            if from == *dtype {
                return Ok(Some(argument.clone()));
            }
            if exact || !widens(from, *dtype) {
                return Ok(None);
            }
            convert_scalar(py, argument, *dtype, found.is_weak()).map(Some)
        }
        (Declared::Tuple(items), Ty::Tuple(_)) => {
            let tuple = argument.cast::<pyo3::types::PyTuple>()?;
            let parts: Vec<_> = tuple.iter().collect();
            let signature = Signature { params: items.clone(), ret: None, text: String::new() };
            match fit(py, &signature, &parts, exact)? {
                Some(parts) => Ok(Some(pyo3::types::PyTuple::new(py, parts)?.into_any())),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// A one-dimensional contiguous array is both; an array that is both counts as C.
fn fits_layout(layout: Layout, found: &ungil_ir::types::ArrayType, argument: &Bound<'_, PyAny>) -> bool {
    found.layout == layout || (layout == Layout::F && classify::is_f_contiguous(argument))
}

/// Conversions that keep the kind or go to a wider one: bool, integers, floats, complex numbers.
fn widens(from: DType, to: DType) -> bool {
    let rank = |d: DType| match d {
        DType::Bool => 0,
        d if d.is_int() => 1,
        d if d.is_float() => 2,
        _ => 3,
    };
    rank(from) <= rank(to)
}

/// A number as the declared type: NumPy's, or Python's where that is the 64-bit one and the argument is Python's.
fn convert_scalar<'py>(
    py: Python<'py>,
    argument: &Bound<'py, PyAny>,
    dtype: DType,
    weak: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let name = match dtype {
        DType::F64 if weak => Some("float"),
        DType::I64 if weak => Some("int"),
        DType::C128 if weak => Some("complex"),
        _ => None,
    };
    match name {
        Some(name) => py.import("builtins")?.getattr(name)?.call1((argument,)),
        None => py.import("numpy")?.getattr(dtype_attribute(dtype))?.call1((argument,)),
    }
}

fn dtype_attribute(dtype: DType) -> &'static str {
    if dtype == DType::Bool { "bool_" } else { dtype.name() }
}

/// Raises if the kernel returns something else than declared.
pub fn check_result(py: Python<'_>, signature: &Signature, name: &str, found: &Ty) -> PyResult<()> {
    match &signature.ret {
        Some(declared) if !declared.accepts(found) => {
            let title = format!("{name}() is declared as `{}` but returns {found}", signature.text);
            let help = "change the declared result, or leave it out: `(params…)`";
            Err(errors::plain_error(py, "U0603", &title, Some(help)))
        }
        _ => Ok(()),
    }
}

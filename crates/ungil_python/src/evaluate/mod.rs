//! `ungil.evaluate` and the rest of numexpr's interface.
//!
//! A call looks its formula up by the text, fetches the names from the caller's frame, looks at the operands and runs
//! the kernel for them: a few hundred nanoseconds beside the work, once everything is compiled.

mod axes;
mod cache;
mod casting;
mod compute;
mod execute;
mod fold;
mod frame;
mod iterate;
mod list;
pub mod object;
mod operand;

use std::cell::RefCell;
use std::sync::Arc;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use ungil_sema::evaluate::formula::Optimization;

use crate::numpy;
use cache::CachedFormula;
use casting::Casting;
use compute::{Request, compute};
use frame::Frame;
use iterate::Order;
use operand::Operand;

/// The formula that this thread has evaluated or validated last, and how.
struct Last {
    formula: Arc<CachedFormula>,
    /// A weak reference: `out` is not kept alive.
    out: Option<Py<PyAny>>,
    order: Order,
    casting: Casting,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Frames between a caller and the look-up of names in numexpr, which `_frame_depth` counts from.
const EVALUATE_DEPTH: usize = 3;
const VALIDATE_DEPTH: usize = 2;

/// Evaluate an array formula element by element.
///
/// Parameters
/// ----------
/// ex : str
///     A formula such as ``"2*a + 3*b"``. Variables are looked up in the caller's frame.
/// local_dict, global_dict : mapping, optional
///     Where to look variables up instead.
/// out : array, optional
///     Where the result goes; it is returned. It may be an operand.
/// order : {'C', 'F', 'A', 'K'}
///     Order of the axes of a new result in memory.
/// casting : {'no', 'equiv', 'safe', 'same_kind', 'unsafe'}
///     Which conversions of operands and of the result are allowed.
/// sanitize : bool, optional
///     Whether text that is no expression is a ``ValueError`` where it holds one of ``;:[``, rather than a
///     ``SyntaxError``. Nothing in a formula is ever executed by Python.
/// optimization : {'aggressive', 'moderate', 'none'}
///     How powers with constant exponents are computed.
///
/// Returns
/// -------
/// array
///     Of numexpr's dtype: Python floats are float64, integers int32 where they fit.
///
/// Examples
/// --------
/// >>> import numpy as np, ungil
/// >>> a = np.arange(4.0)
/// >>> ungil.evaluate("2*a + 1")
/// array([1., 3., 5., 7.])
#[pyfunction]
#[pyo3(signature = (ex, local_dict=None, global_dict=None, out=None, order=None, casting=None, sanitize=None, _frame_depth=EVALUATE_DEPTH, disable_cache=false, **kwargs))]
#[expect(clippy::too_many_arguments, reason = "numexpr's interface")]
pub fn evaluate<'py>(
    py: Python<'py>,
    ex: &Bound<'py, PyAny>,
    local_dict: Option<&Bound<'py, PyAny>>,
    global_dict: Option<&Bound<'py, PyAny>>,
    out: Option<Bound<'py, PyAny>>,
    order: Option<&str>,
    casting: Option<&str>,
    sanitize: Option<bool>,
    _frame_depth: usize,
    disable_cache: bool,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let formula = formula_of(py, ex, sanitize, kwargs)?;
    let request = request(out, order, casting, Casting::SameKind)?;
    let depth = _frame_depth.saturating_sub(EVALUATE_DEPTH);
    let operands = operands(py, &formula, local_dict, global_dict, depth)?;
    if !disable_cache {
        remember(&formula, &request)?;
    }
    compute(py, &formula, operands, None, &request)
}

/// Check a formula and its operands without computing it.
///
/// Returns ``None``, or the exception that `evaluate` would raise. After it, `re_evaluate` computes the formula.
#[pyfunction]
#[pyo3(signature = (ex, local_dict=None, global_dict=None, out=None, order=None, casting=None, _frame_depth=VALIDATE_DEPTH, sanitize=None, **kwargs))]
#[expect(clippy::too_many_arguments, reason = "numexpr's interface")]
pub fn validate<'py>(
    py: Python<'py>,
    ex: &Bound<'py, PyAny>,
    local_dict: Option<&Bound<'py, PyAny>>,
    global_dict: Option<&Bound<'py, PyAny>>,
    out: Option<Bound<'py, PyAny>>,
    order: Option<&str>,
    casting: Option<&str>,
    _frame_depth: usize,
    sanitize: Option<bool>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Option<PyErr> {
    let check = || {
        let formula = formula_of(py, ex, sanitize, kwargs)?;
        let request = request(out, order, casting, Casting::Safe)?;
        let depth = _frame_depth.saturating_sub(VALIDATE_DEPTH);
        let operands = operands(py, &formula, local_dict, global_dict, depth)?;
        let kinds: Vec<_> = operands.iter().map(Operand::kind).collect();
        formula.typed(py, &kinds)?;
        remember(&formula, &request)
    };
    check().err()
}

/// Evaluate once more the formula that this thread has evaluated or validated last, with the variables' values of now.
#[pyfunction]
#[pyo3(signature = (local_dict=None, global_dict=None, _frame_depth=VALIDATE_DEPTH))]
pub fn re_evaluate<'py>(
    py: Python<'py>,
    local_dict: Option<&Bound<'py, PyAny>>,
    global_dict: Option<&Bound<'py, PyAny>>,
    _frame_depth: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let last = LAST.with_borrow(|last| {
        last.as_ref()
            .map(|l| (l.formula.clone(), l.out.as_ref().map(|o| o.clone_ref(py)), l.order, l.casting))
    });
    let Some((formula, out, order, casting)) = last else {
        let text = "A previous evaluate() execution was not found, please call `validate` or `evaluate` once before \
                    `re_evaluate`";
        return Err(PyRuntimeError::new_err(text));
    };
    let out = match out {
        Some(weak) => Some(weak.bind(py).call0()?).filter(|o| !o.is_none()),
        None => None,
    };
    let depth = _frame_depth.saturating_sub(VALIDATE_DEPTH);
    let operands = operands(py, &formula, local_dict, global_dict, depth)?;
    compute(py, &formula, operands, None, &Request { out, order, casting })
}

/// The formula that a call names.
fn formula_of<'py>(
    py: Python<'py>,
    ex: &Bound<'py, PyAny>,
    sanitize: Option<bool>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Arc<CachedFormula>> {
    let Ok(text) = ex.cast::<PyString>() else {
        return Err(PyValueError::new_err("must specify expression as a string"));
    };
    let optimization = kwargs.map_or(Ok(Optimization::Aggressive), optimization)?;
    cache::formula_of(py, text, optimization, || sanitizes(sanitize))
}

/// Whether text that is no expression is examined for control characters.
fn sanitizes(given: Option<bool>) -> bool {
    let environment = || std::env::var("NUMEXPR_SANITIZE").ok().is_none_or(|v| v.trim() != "0");
    given.unwrap_or_else(environment)
}

/// The options that numexpr takes as further keywords. `truediv` is what Python 3 does anyway.
pub fn optimization(kwargs: &Bound<'_, PyDict>) -> PyResult<Optimization> {
    let mut found = Optimization::Aggressive;
    for (name, value) in kwargs {
        match name.extract::<&str>()? {
            "optimization" => {
                found = match value.extract::<&str>().unwrap_or_default() {
                    "none" => Optimization::None,
                    "moderate" => Optimization::Moderate,
                    "aggressive" => Optimization::Aggressive,
                    _ => {
                        let text = "'optimization' must be one of ('none', 'moderate', 'aggressive')";
                        return Err(PyValueError::new_err(text));
                    }
                }
            }
            "truediv" => {
                let auto = value.extract::<&str>().is_ok_and(|v| v == "auto");
                if !auto && !value.is_instance_of::<pyo3::types::PyBool>() {
                    return Err(PyValueError::new_err("'truediv' must be one of (False, True, 'auto')"));
                }
            }
            other => return Err(PyValueError::new_err(format!("Unknown keyword argument '{other}'"))),
        }
    }
    Ok(found)
}

pub fn request<'py>(
    out: Option<Bound<'py, PyAny>>,
    order: Option<&str>,
    casting: Option<&str>,
    default: Casting,
) -> PyResult<Request<'py>> {
    let order = order.map_or(Ok(Order::Keep), Order::parse)?;
    let casting = casting.map_or(Ok(default), Casting::parse)?;
    Ok(Request { out, order, casting })
}

/// The operands of a formula's names.
fn operands<'py>(
    py: Python<'py>,
    formula: &CachedFormula,
    local_dict: Option<&Bound<'py, PyAny>>,
    global_dict: Option<&Bound<'py, PyAny>>,
    depth: usize,
) -> PyResult<Vec<Operand<'py>>> {
    if formula.names.is_empty() {
        return Ok(Vec::new());
    }
    let frame =
        if local_dict.is_some() && global_dict.is_some() { None } else { Some(Frame::caller(py, depth)?) };
    let mut globals = global_dict.cloned();
    let api = numpy::api(py);
    let mut operands = Vec::with_capacity(formula.names.len());
    for (name, text) in formula.names.iter().zip(&formula.formula.names) {
        let name = name.bind(py).as_any();
        let local = match (local_dict, &frame) {
            (Some(dict), _) => frame::item(dict, name)?,
            (None, Some(frame)) => frame.local(name)?,
            (None, None) => None,
        };
        let value = match local {
            Some(value) => Some(value),
            None => {
                let own = || frame.as_ref().map(Frame::globals);
                globals = globals.or_else(own);
                globals.as_ref().map(|g| frame::item(g, name)).transpose()?.flatten()
            }
        };
        let value = value.ok_or_else(|| formula.error(py, formula.formula.unknown_name(text)))?;
        operands.push(Operand::new(value, api)?);
    }
    Ok(operands)
}

fn remember(formula: &Arc<CachedFormula>, request: &Request<'_>) -> PyResult<()> {
    let out = match &request.out {
        Some(out) => Some(out.py().import("weakref")?.call_method1("ref", (out,))?.unbind()),
        None => None,
    };
    let last = Last { formula: formula.clone(), out, order: request.order, casting: request.casting };
    // What was there is dropped after the borrow: dropping a reference may run Python code.
    let old = LAST.with_borrow_mut(|slot| slot.replace(last));
    drop(old);
    Ok(())
}

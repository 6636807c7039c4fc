//! The value of a formula for operands: its stages, then its elements.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use ungil_ir::inst::ReduceOp;
use ungil_ir::types::DType;
use ungil_sema::evaluate::kind::Kind;
use ungil_sema::evaluate::lower::{self, Access, Form};
use ungil_sema::evaluate::stages::{Stage, Text};
use ungil_sema::evaluate::tree::What;

use crate::evaluate::axes::{self, Axes};
use crate::evaluate::cache::{CachedFormula, Part, Typed};
use crate::evaluate::casting::Casting;
use crate::evaluate::execute::execute;
use crate::evaluate::fold::fold;
use crate::evaluate::iterate::{self, Loop, Order, Target, byte_range};
use crate::evaluate::operand::{self, Operand, Place};
use crate::numpy::{self, F_CONTIGUOUS, WRITEABLE};
use crate::result;

/// What a caller asks for besides the value.
pub struct Request<'py> {
    pub out: Option<Bound<'py, PyAny>>,
    pub order: Order,
    pub casting: Casting,
}

/// Computes a formula. `declared`: kinds that operands are converted to first, in the order of the names.
pub fn compute<'py>(
    py: Python<'py>,
    formula: &CachedFormula,
    mut operands: Vec<Operand<'py>>,
    declared: Option<&[Kind]>,
    request: &Request<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let own: Vec<Kind>;
    let kinds = match declared {
        Some(kinds) => kinds,
        None => {
            own = operands.iter().map(Operand::kind).collect();
            &own
        }
    };
    if declared.is_some() || request.casting < Casting::SameKind {
        check_operands(&operands, kinds, request.casting)?;
    }
    let typed = formula.typed(py, kinds)?;
    for number in 0..typed.staged.stages.len() {
        let value = stage(py, formula, typed, number, &operands)?;
        operands.push(Operand::new(value, numpy::api(py))?);
    }
    // What is left may be one stage: its value is a new array.
    if let (What::Variable(k), None) = (&typed.staged.root.what, &request.out)
        && *k >= kinds.len()
    {
        return operand::plain(operands[*k].object.clone());
    }
    if let Some(text) = typed.staged.text() {
        return copy_text(py, &text, &operands, request);
    }
    elements(py, formula, &typed.root, &operands, request)
}

/// Refuses operands that the casting rule does not convert to their kinds.
fn check_operands(operands: &[Operand<'_>], kinds: &[Kind], casting: Casting) -> PyResult<()> {
    for (i, (operand, kind)) in operands.iter().zip(kinds).enumerate() {
        match kind.dtype() {
            Some(to) if operand.place != Place::Text => {
                // uint64 is computed as what it is.
                let to = if operand.dtype == DType::U64 && *kind == Kind::Ulong { DType::U64 } else { to };
                let what = format!("operand {} of the formula", i + 1);
                casting.check((operand.dtype, operand.swapped), (to, false), &what)?;
            }
            None if operand.place == Place::Text => {}
            _ => return Err(PyTypeError::new_err("strings can only be operated with strings")),
        }
    }
    Ok(())
}

fn stage<'py>(
    py: Python<'py>,
    formula: &CachedFormula,
    typed: &Typed,
    number: usize,
    operands: &[Operand<'py>],
) -> PyResult<Bound<'py, PyAny>> {
    match &typed.staged.stages[number] {
        Stage::Compare { name, left, right } => {
            let (left, right) = (text_object(py, left, operands), text_object(py, right, operands));
            compare_text(py, name, left, right)
        }
        Stage::Elements(_) => {
            let part = typed.operands[number].as_ref().expect("a loop has elements");
            let request = Request { out: None, order: Order::Keep, casting: Casting::SameKind };
            elements(py, formula, part, operands, &request)
        }
        Stage::Reduce { name, axes, kind, .. } => {
            let part = typed.operands[number].as_ref().expect("a reduction has an operand");
            if axes.is_none()
                && let Some(total) = total(py, formula, part, operands, name, *kind)?
            {
                return Ok(total);
            }
            if let Some(sums) = along(py, formula, part, operands, (name, *kind), axes.as_deref())? {
                return Ok(sums);
            }
            let array = match part.root.what {
                // The array itself, if it has the type that it is computed in.
                What::Variable(0) if Some(operands[part.uses[0]].dtype) == part.root.kind.dtype() => {
                    operands[part.uses[0]].object.clone()
                }
                _ => {
                    let request = Request { out: None, order: Order::Keep, casting: Casting::SameKind };
                    elements(py, formula, part, operands, &request)?
                }
            };
            reduce(py, name, &array, axes.as_deref(), *kind)
        }
    }
}

/// A reduction of all elements of a part in one pass; `None` if they are not one axis, or none, or have no such pass.
fn total<'py>(
    py: Python<'py>,
    formula: &CachedFormula,
    part: &Part,
    operands: &[Operand<'py>],
    name: &str,
    kind: Kind,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let used: Vec<Operand<'py>> = part.uses.iter().map(|k| operands[*k].clone()).collect();
    let op = operation(name);
    let Some(dtype) = kind.dtype().filter(|d| *d != DType::Bool) else { return Ok(None) };
    let nowhere = core::ptr::null_mut();
    let shape = iterate::broadcast(&used, None)?;
    let axes = iterate::axes(&shape, &used, None, Order::Keep);
    let strides = iterate::strides_in_order(&shape, &axes, 1);
    let nest = Loop::new(&used, &Target { data: nowhere, shape, strides }, 1, &axes);
    if nest.extents.len() != 1 || nest.size() == 0 {
        return Ok(None);
    }
    let (operands, values) = forms(&used, &nest);
    if operands.iter().all(|o| o.access == Access::Value) {
        return Ok(None);
    }
    let out = lower::Operand { dtype, swapped: false, access: Access::Contiguous };
    let form = Form { out, operands, rows: false, fold: Some(op), gather: None, short: None };
    let kernel = formula.kernel(py, part, &form)?;
    let value = fold(py, &kernel.compiled, &kernel.form, &nest, &values, part.cost, op)?;
    let array = result::empty_array(py, dtype, &[], &[]);
    // SAFETY: a new array of one element, or null with an exception set; an element has at most 16 bytes.
    unsafe {
        let array = Bound::from_owned_ptr_or_err(py, array)?;
        let data = (*array.as_ptr().cast::<numpy::PyArray>()).data;
        core::ptr::copy_nonoverlapping(value.as_ptr().cast::<u8>(), data, dtype.size() as usize);
        Ok(Some(array))
    }
}

fn operation(name: &str) -> ReduceOp {
    match name {
        "sum" => ReduceOp::Add,
        "prod" => ReduceOp::Mul,
        "min" => ReduceOp::Min,
        _ => ReduceOp::Max,
    }
}

/// A reduction of a part along axes, computed with its elements; `None` if there is nothing to reduce, an axis does not
/// exist, or the elements are no numbers.
fn along<'py>(
    py: Python<'py>,
    formula: &CachedFormula,
    part: &Part,
    operands: &[Operand<'py>],
    (name, kind): (&str, Kind),
    along: Option<&[i64]>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(dtype) = kind.dtype().filter(|d| *d != DType::Bool) else { return Ok(None) };
    let used: Vec<Operand<'py>> = part.uses.iter().map(|k| operands[*k].clone()).collect();
    let shape = iterate::broadcast(&used, None)?;
    let Some(reduced) = axes::reduced(shape.len(), along) else { return Ok(None) };
    if shape.contains(&0) {
        return Ok(None);
    }
    let order = iterate::axes(&shape, &used, None, Order::Keep);
    let itemsize = dtype.size() as isize;
    // The result has the kept axes, in the operands' order.
    let place = |axis: &usize| reduced[..*axis].iter().filter(|r| !**r).count();
    let kept: Vec<usize> = (0..shape.len()).filter(|axis| !reduced[*axis]).collect();
    let extents: Vec<isize> = kept.iter().map(|axis| shape[*axis]).collect();
    let inward: Vec<usize> = order.iter().filter(|axis| !reduced[**axis]).map(place).collect();
    let own = iterate::strides_in_order(&extents, &inward, itemsize);
    let array = result::empty_array(py, dtype, &extents, &own);
    // SAFETY: a new array, or null with an exception set.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, array)? };
    // SAFETY: an ndarray.
    let data = unsafe { (*array.as_ptr().cast::<numpy::PyArray>()).data };
    let mut strides = vec![0; shape.len()];
    kept.iter().for_each(|axis| strides[*axis] = own[place(axis)]);
    let mut nest = Loop::new(&used, &Target { data, shape, strides }, itemsize, &order);
    let fold = axes::arrange(&mut nest);
    let op = operation(name);
    let count = if fold { None } else { axes::short(&mut nest, part.cost) };
    let (mut operands, values) = forms(&used, &nest);
    if let Some(count) = count {
        axes::beside(&nest, &mut operands, count);
    }
    if operands.iter().all(|o| o.access == Access::Value) {
        return Ok(None);
    }
    let access = if fold { Access::Contiguous } else { access(&nest, 0, dtype) };
    let out = lower::Operand { dtype, swapped: false, access };
    let way = |yes: bool| yes.then_some(op);
    let form = Form {
        out,
        operands,
        rows: count.is_some(),
        fold: way(fold),
        gather: way(!fold && count.is_none()),
        short: count.map(|count| (op, count)),
    };
    let kernel = formula.kernel(py, part, &form)?;
    let job = Axes { form: &kernel.form, nest: &nest, values: &values, op, cost: part.cost };
    job.run(py, &kernel.compiled)?;
    Ok(Some(array))
}

/// A reduction of an array.
fn reduce<'py>(
    py: Python<'py>,
    name: &str,
    array: &Bound<'py, PyAny>,
    axes: Option<&[i64]>,
    kind: Kind,
) -> PyResult<Bound<'py, PyAny>> {
    let ufunc = match name {
        "sum" => "add",
        "prod" => "multiply",
        "min" => "minimum",
        _ => "maximum",
    };
    let keywords = PyDict::new(py);
    match axes {
        None => keywords.set_item("axis", py.None())?,
        Some(axes) => keywords.set_item("axis", PyTuple::new(py, axes)?)?,
    }
    if matches!(name, "sum" | "prod") {
        let dtype = kind.dtype().expect("strings have no sums");
        keywords.set_item("dtype", dtype.to_string())?;
    }
    py.import("numpy")?.getattr(ufunc)?.call_method("reduce", (array,), Some(&keywords))
}

fn text_object<'py>(py: Python<'py>, text: &Text, operands: &[Operand<'py>]) -> Bound<'py, PyAny> {
    match text {
        Text::Variable(k) => operands[*k].object.clone(),
        Text::Constant(bytes) => PyBytes::new(py, bytes).into_any(),
    }
}

/// A comparison of strings, padded with zeros as NumPy does, or whether the right ones are parts of the left ones.
fn compare_text<'py>(
    py: Python<'py>,
    name: &str,
    left: Bound<'py, PyAny>,
    right: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let numpy = py.import("numpy")?;
    let asarray = numpy.getattr("asarray")?;
    let (left, right) = (asarray.call1((left,))?, asarray.call1((right,))?);
    let ufunc = match name {
        "gt" => "greater",
        "ge" => "greater_equal",
        "eq" => "equal",
        "ne" => "not_equal",
        _ => {
            let found = numpy.getattr("char")?.call_method1("find", (left, right))?;
            return numpy.call_method1("greater_equal", (found, 0));
        }
    };
    numpy.call_method1(ufunc, (left, right))
}

/// A formula that is a string.
fn copy_text<'py>(
    py: Python<'py>,
    text: &Text,
    operands: &[Operand<'py>],
    request: &Request<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let numpy = py.import("numpy")?;
    let object = text_object(py, text, operands);
    if let Some(out) = &request.out {
        let keywords = PyDict::new(py);
        keywords.set_item("casting", request.casting.name())?;
        numpy.call_method("copyto", (out, object), Some(&keywords))?;
        return Ok(out.clone());
    }
    numpy.call_method1("array", (object,))
}

/// Computes a part of numbers element by element.
fn elements<'py>(
    py: Python<'py>,
    formula: &CachedFormula,
    part: &Part,
    operands: &[Operand<'py>],
    request: &Request<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let all = part.uses.len() == operands.len();
    let mut used: Vec<Operand<'py>>;
    let operands = if all {
        operands
    } else {
        used = part.uses.iter().map(|k| operands[*k].clone()).collect();
        &used
    };
    let dtype = part.root.kind.dtype().expect("a part of numbers");
    let Some(out) = &request.out else {
        return fresh(py, formula, part, operands, dtype, request.order);
    };
    let api = numpy::api(py);
    // SAFETY: a live object.
    let is_array =
        unsafe { pyo3::ffi::PyType_IsSubtype(pyo3::ffi::Py_TYPE(out.as_ptr()), api.array_type) != 0 };
    if !is_array {
        return Err(PyTypeError::new_err("out must be a NumPy array"));
    }
    // SAFETY: an ndarray, or a subclass of it, whose fields these are.
    let target = unsafe { Operand::target(out.clone()) };
    let Some(target) = target else {
        // Elements that kernels do not know: NumPy converts.
        let value = fresh(py, formula, part, operands, dtype, request.order)?;
        let keywords = PyDict::new(py);
        keywords.set_item("casting", request.casting.name())?;
        py.import("numpy")?.call_method("copyto", (out, value), Some(&keywords))?;
        return Ok(out.clone());
    };
    if target.flags & WRITEABLE == 0 {
        return Err(PyValueError::new_err("output array is read-only"));
    }
    request.casting.check((dtype, false), (target.dtype, target.swapped), "the result")?;
    let shape = iterate::broadcast(operands, Some(&target))?;
    used = apart(operands, &target)?;
    let axes = iterate::axes(&shape, &used, Some(&target), request.order);
    let into = Target { data: target.data, shape, strides: target.strides.to_vec() };
    let nest = Loop::new(&used, &into, target.dtype.size() as isize, &axes);
    run(py, formula, part, &used, &nest, (target.dtype, target.swapped))?;
    Ok(out.clone())
}

/// Operands that do not share memory with the target, but for those that are its very elements.
fn apart<'py>(operands: &[Operand<'py>], target: &Operand<'py>) -> PyResult<Vec<Operand<'py>>> {
    let range = |o: &Operand<'py>| byte_range(o.data, o.shape, o.strides, o.dtype.size() as usize);
    let (low, high) = range(target);
    let copied = |operand: &Operand<'py>| {
        if operand.place != Place::Array {
            return Ok(operand.clone());
        }
        let (from, to) = range(operand);
        let same = operand.data == target.data
            && operand.shape == target.shape
            && operand.strides == target.strides
            && operand.dtype.size() == target.dtype.size();
        if same || to <= low || high <= from {
            return Ok(operand.clone());
        }
        let py = operand.object.py();
        Operand::new(py.import("numpy")?.call_method1("array", (&operand.object,))?, numpy::api(py))
    };
    operands.iter().map(copied).collect()
}

/// Into a new array.
fn fresh<'py>(
    py: Python<'py>,
    formula: &CachedFormula,
    part: &Part,
    operands: &[Operand<'py>],
    dtype: DType,
    order: Order,
) -> PyResult<Bound<'py, PyAny>> {
    let itemsize = dtype.size() as isize;
    let flat = iterate::is_flat(operands, order);
    let (shape, axes): (Vec<isize>, Vec<usize>) = match flat {
        Some(flags) => {
            let first = operands.iter().find(|o| o.place == Place::Array);
            let shape = first.map_or(Vec::new(), |o| o.shape.to_vec());
            let axes = 0..shape.len();
            let axes = if flags == F_CONTIGUOUS { axes.rev().collect() } else { axes.collect() };
            (shape, axes)
        }
        None => {
            let shape = iterate::broadcast(operands, None)?;
            let axes = iterate::axes(&shape, operands, None, order);
            (shape, axes)
        }
    };
    let strides = iterate::strides_in_order(&shape, &axes, itemsize);
    let array = result::empty_array(py, dtype, &shape, &strides);
    // SAFETY: a new array, or null with an exception set.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, array)? };
    // SAFETY: an ndarray.
    let data = unsafe { (*array.as_ptr().cast::<numpy::PyArray>()).data };
    let nest = match flat {
        Some(_) => Loop::flat(operands, data, itemsize, shape.iter().product()),
        None => Loop::new(operands, &Target { data, shape, strides }, itemsize, &axes),
    };
    run(py, formula, part, operands, &nest, (dtype, false))?;
    Ok(array)
}

/// Finds the kernel for a loop and runs it.
fn run(
    py: Python<'_>,
    formula: &CachedFormula,
    part: &Part,
    operands: &[Operand<'_>],
    nest: &Loop,
    out: (DType, bool),
) -> PyResult<()> {
    if nest.size() == 0 {
        return Ok(());
    }
    let (operands, values) = forms(operands, nest);
    let out = lower::Operand { dtype: out.0, swapped: out.1, access: access(nest, 0, out.0) };
    let form = Form { out, operands, rows: nest.extents.len() > 1, fold: None, gather: None, short: None };
    let kernel = formula.kernel(py, part, &form)?;
    execute(py, &kernel.compiled, &kernel.form, nest, &values, part.cost)
}

/// How the elements of array `k` of a loop follow each other.
fn access(nest: &Loop, k: usize, dtype: DType) -> Access {
    let strides = &nest.strides[k];
    match strides[strides.len() - 1] {
        stride if stride == dtype.size() as isize => Access::Contiguous,
        0 if strides.len() > 1 && k > 0 => Access::Row,
        _ => Access::Strided,
    }
}

/// The forms of operands in a loop that has elements, and the values of those that are numbers.
fn forms(operands: &[Operand<'_>], nest: &Loop) -> (Vec<lower::Operand>, Vec<[u64; 2]>) {
    let form = |(i, operand): (usize, &Operand<'_>)| {
        let one = operand.place == Place::Value || nest.strides[i + 1].iter().all(|s| *s == 0);
        let dtype = operand.dtype;
        if one {
            let value = if operand.place == Place::Array { operand.element() } else { operand.value };
            return (lower::Operand { dtype, swapped: false, access: Access::Value }, value);
        }
        let access = access(nest, i + 1, dtype);
        (lower::Operand { dtype, swapped: operand.swapped, access }, [0; 2])
    };
    operands.iter().enumerate().map(form).unzip()
}

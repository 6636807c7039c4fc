//! NumPy's functions that read and write by places: `take put compress extract place putmask take_along_axis
//! put_along_axis`.

use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::array::fancy::{Axis, Selection};
use crate::lower::call::Args;
use crate::lower::numpy::calling::Casting;
use crate::lower::numpy::selection::{Mode, argument};
use crate::operand::Operand;
use crate::ty::Ty;

/// Canonical names, for the registry.
pub(crate) const NAMES: &[&str] = &[
    "numpy.take",
    "numpy.put",
    "numpy.compress",
    "numpy.extract",
    "numpy.place",
    "numpy.putmask",
    "numpy.take_along_axis",
    "numpy.put_along_axis",
];

/// Calls one of these functions; `None` if it is another's.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    let span = args.span;
    let name = format!("numpy.{function}");
    let bind = |names: &[&str], required| args.clone().bind(&name, names, required);
    let given = |bound: &[Option<Operand>], k: usize| bound[k].clone().expect("required");
    let result = match function {
        "take" => {
            let bound = bind(&["a", "indices", "axis", "out", "mode"], 2)?;
            let mode = l.mode_argument(bound[4].as_ref(), &name)?;
            let a = l.whole_array(&given(&bound, 0), &name, "a")?;
            let taken = l.take(&a, &given(&bound, 1), bound[2].as_ref(), mode, span)?;
            l.written_if(bound[3].as_ref(), taken)?
        }
        "compress" => {
            let bound = bind(&["condition", "a", "axis", "out"], 2)?;
            let kept = l.compress(&given(&bound, 0), &given(&bound, 1), bound[2].as_ref(), span)?;
            l.written_if(bound[3].as_ref(), kept)?
        }
        "extract" => {
            let bound = bind(&["condition", "arr"], 2)?;
            let condition = l.whole_array(&given(&bound, 0), &name, "condition")?;
            let condition = l.flattened(&condition, span)?;
            l.compress(&condition, &given(&bound, 1), None, span)?
        }
        "take_along_axis" => {
            let bound = bind(&["arr", "indices", "axis"], 2)?;
            let minus = Operand::int(-1, span);
            let axis = bound[2].clone().unwrap_or(minus);
            l.take_along(&given(&bound, 0), &given(&bound, 1), &axis, span)?
        }
        "put" => {
            let bound = bind(&["a", "ind", "v", "mode"], 3)?;
            let mode = l.mode_argument(bound[3].as_ref(), &name)?;
            l.put(&given(&bound, 0), &given(&bound, 1), &given(&bound, 2), mode, span)?;
            Operand::none(span)
        }
        "place" => {
            let bound = bind(&["arr", "mask", "vals"], 3)?;
            l.place(&given(&bound, 0), &given(&bound, 1), &given(&bound, 2), true, span)?;
            Operand::none(span)
        }
        "putmask" => {
            let bound = bind(&["a", "mask", "values"], 3)?;
            l.place(&given(&bound, 0), &given(&bound, 1), &given(&bound, 2), false, span)?;
            Operand::none(span)
        }
        "put_along_axis" => {
            let bound = bind(&["arr", "indices", "values", "axis"], 4)?;
            l.put_along(&given(&bound, 0), &given(&bound, 1), &given(&bound, 2), &given(&bound, 3), span)?;
            Operand::none(span)
        }
        _ => return Ok(None),
    };
    Ok(Some(result))
}

/// Whether a list or tuple holds nothing but real numbers of Python's.
fn holds_python_numbers(ty: &Ty) -> bool {
    match ty {
        Ty::Tuple(items) => !items.is_empty() && items.iter().all(holds_python_numbers),
        Ty::List(list) => list.element.as_ref().is_some_and(holds_python_numbers),
        ty => matches!(ty, Ty::PyBool | Ty::PyInt | Ty::PyFloat),
    }
}

impl Lowerer<'_, '_> {
    /// An array in memory, of whatever is given for one.
    fn whole_array(&mut self, x: &Operand, function: &str, parameter: &str) -> Result<Operand> {
        let x = self.array_like_operand(x)?;
        let x = self.settled(&x)?;
        match &x.ty {
            Ty::Array(_) => Ok(x),
            ty if ty.is_scalar() => self.as_array(&x, None, x.span),
            _ => Err(argument(function, parameter, "an array", &x)),
        }
    }

    /// A result, stored into an `out=` of its shape if there is one.
    fn written_if(&mut self, out: Option<&Operand>, result: Operand) -> Result<Operand> {
        let Some(out) = out.filter(|o| !o.is_none()) else { return Ok(result) };
        self.check_out_shape(out, &result)?;
        self.write_out(out, &result)
    }

    /// An axis that is given as a constant; `None` for all elements as one axis.
    fn chosen_axis(&mut self, axis: Option<&Operand>, ndim: u8) -> Result<Option<usize>> {
        match axis.filter(|a| !a.is_none()) {
            Some(axis) => self.axis_number(axis, usize::from(ndim)).map(Some),
            None => Ok(None),
        }
    }

    /// Indices as integers within an axis of `size` elements, as the mode says.
    fn fitted(&mut self, indices: &Operand, size: Value, axis: usize, mode: Mode) -> Result<Operand> {
        let indices = self.array_like_operand(indices)?;
        let dtype = indices.ty.as_array().map(|t| t.dtype).or(indices.ty.dtype());
        if !dtype.is_some_and(|d| d.is_int() || d == DType::Bool) {
            return Err(argument("numpy.take", "indices", "integers", &indices));
        }
        let span = indices.span;
        let adjust: Rc<crate::lower::array::lazy::Apply> = match mode {
            Mode::Raise if dtype != Some(DType::Bool) => {
                let indices = self.settled(&indices)?;
                if indices.ty.is_scalar() {
                    let ty = Ty::Array(super::super::array::mask::vector(DType::I64));
                    let number = self.checked_index(&indices, size, axis as u8, &ty)?;
                    return Ok(Operand::value(Ty::PyInt, number, span));
                }
                self.check_places(&indices, size, axis)?;
                return Ok(indices);
            }
            Mode::Raise => Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| {
                let i = l.index(&x[0])?;
                Ok(Operand::value(Ty::Scalar(DType::I64), i, span))
            }),
            Mode::Wrap => Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| {
                let i = l.index(&x[0])?;
                let i = l.b().binary(BinaryOp::Mod, i, size);
                Ok(Operand::value(Ty::Scalar(DType::I64), i, span))
            }),
            Mode::Clip => Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| {
                let i = l.index(&x[0])?;
                let (zero, one) = (l.b().i64(0), l.b().i64(1));
                let last = l.b().binary(BinaryOp::Sub, size, one);
                let low = l.b().binary(BinaryOp::Min, i, last);
                let i = l.b().binary(BinaryOp::Max, low, zero);
                Ok(Operand::value(Ty::Scalar(DType::I64), i, span))
            }),
        };
        let lazy = self.lift(std::slice::from_ref(&indices), span, adjust)?;
        let fitted = self.settled(&lazy)?;
        if mode == Mode::Raise && self.is_proper_array(&fitted) {
            self.check_places(&fitted, size, axis)?;
        }
        Ok(fitted)
    }

    /// `np.take(a, indices, axis, mode)`.
    fn take(
        &mut self,
        a: &Operand,
        indices: &Operand,
        axis: Option<&Operand>,
        mode: Mode,
        span: Span,
    ) -> Result<Operand> {
        let axis = self.chosen_axis(axis, a.ty.as_array().expect("an array").ndim)?;
        let a = if axis.is_none() { self.flattened(a, span)? } else { a.clone() };
        let axis = axis.unwrap_or(0);
        let size = self.extents(&a)?[axis];
        let indices = self.array_like_operand(indices)?;
        let indices = self.settled(&indices)?;
        let none = match self.is_proper_array(&indices) {
            true => {
                let base = self.value(&indices)?;
                let wanted = self.array_size(base);
                let zero = self.b().i64(0);
                self.b().compare(CompareOp::Eq, wanted, zero)
            }
            false => self.b().bool(false),
        };
        let zero = self.b().i64(0);
        let some = self.b().compare(CompareOp::Ne, size, zero);
        let fine = self.b().binary(BinaryOp::Or, none, some);
        let message = "cannot do a non-empty take from an empty axes.";
        self.check(fine, ExcClass::INDEX_ERROR, message, Vec::new());
        let fitted = self.fitted(&indices, size, axis, mode)?;
        if !self.is_proper_array(&fitted) {
            let all = crate::ty::SliceTy { start: false, stop: false, step: false };
            let mut index = vec![Operand::parts(Ty::Slice(all), Vec::new(), span); axis];
            index.push(self.element_of(&fitted)?);
            let part = self.array_subscript(&a, &index, span)?;
            return if self.is_proper_array(&part) { self.copy_array(&part, Layout::C) } else { Ok(part) };
        }
        let selection = self.along(&a, fitted, axis)?;
        self.gathered(selection, span)
    }

    /// The selection of checked places along one axis.
    fn along(&mut self, a: &Operand, places: Operand, axis: usize) -> Result<Selection> {
        let ndim = usize::from(a.ty.as_array().expect("an array").ndim);
        let mut axes = vec![Axis::Whole; ndim];
        axes[axis] = Axis::Indexed(0);
        let shape = self.extents(&places)?;
        Ok(Selection { view: a.clone(), axes, indices: vec![places], shape, before: axis })
    }

    /// `np.compress(condition, a, axis)`: the condition may be shorter than the axis.
    fn compress(
        &mut self,
        condition: &Operand,
        a: &Operand,
        axis: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let condition = self.whole_array(condition, "numpy.compress", "condition")?;
        if condition.ty.as_array().is_none_or(|t| t.ndim != 1) {
            return self.always_raise(ExcClass::VALUE_ERROR, "condition must be a 1-d array");
        }
        let a = self.whole_array(a, "numpy.compress", "a")?;
        // What has no axes is one element on one axis, as in NumPy.
        let a = self.at_least(&a, 1, span)?;
        let axis = self.chosen_axis(axis, a.ty.as_array().expect("an array").ndim)?;
        let a = if axis.is_none() { self.flattened(&a, span)? } else { a };
        let axis = axis.unwrap_or(0);
        let truths = self.truths(&condition)?;
        let mask = self.settled(&truths)?;
        let places = self.places(&mask, span)?.remove(0);
        let size = self.extents(&a)?[axis];
        self.check_places(&places, size, axis)?;
        let selection = self.along(&a, places, axis)?;
        self.gathered(selection, span)
    }

    /// `np.put(a, ind, v, mode)`: values repeat.
    fn put(&mut self, a: &Operand, ind: &Operand, v: &Operand, mode: Mode, span: Span) -> Result<()> {
        let ty = a.ty.as_array().ok_or_else(|| argument("numpy.put", "a", "an array", a))?;
        self.check_writable(a)?;
        let base = self.value(a)?;
        let size = self.array_size(base);
        let ind = self.whole_array(ind, "numpy.put", "ind")?;
        let ind = self.flattened(&ind, span)?;
        let fitted = self.fitted(&ind, size, 0, mode)?;
        let fitted = self.source_apart(a, &fitted)?;
        let v = self.fitting(v, ty.dtype)?;
        let values = self.whole_array(&v, "numpy.put", "v")?;
        let values = self.flattened(&values, span)?;
        let values = self.source_apart(a, &values)?;
        let count = self.extents(&values)?[0];
        let wanted = self.extents(&fitted)?[0];
        let zero = self.b().i64(0);
        let some = self.b().compare(CompareOp::Ne, count, zero);
        // Without values nothing is put.
        let wanted = self.b().select(some, wanted, zero);
        self.ordered(&[wanted], &mut |l, at| {
            let place = l.load_element(&fitted, at.to_vec())?;
            let place = l.counted_index(&place, size)?;
            let index = l.unraveled(base, ty, place);
            let k = l.b().binary(BinaryOp::Mod, at[0], count);
            let value = l.load_element(&values, vec![k])?;
            l.store_element(a, index, &value)
        })
    }

    /// Numbers of Python's as elements of what they are put into, which they must fit.
    pub(crate) fn fitting(&mut self, v: &Operand, dtype: DType) -> Result<Operand> {
        if matches!(v.ty, Ty::Tuple(_) | Ty::List(_)) && dtype.is_int() && holds_python_numbers(&v.ty) {
            return self.as_array(v, Some(dtype), v.span);
        }
        if !v.ty.is_weak() {
            return Ok(v.clone());
        }
        let value = self.assignable(v, dtype)?;
        Ok(Operand::value(Ty::Scalar(dtype), value, v.span))
    }

    /// The index of element `place`, counted in C order.
    pub(crate) fn unraveled(&mut self, base: Value, ty: ArrayType, place: Value) -> Vec<Value> {
        let mut index = Vec::new();
        let mut rest = place;
        for axis in (0..ty.ndim).rev() {
            if axis == 0 {
                index.push(rest);
                break;
            }
            let n = self.b().dim(base, axis);
            index.push(self.b().binary(BinaryOp::Mod, rest, n));
            rest = self.b().binary(BinaryOp::FloorDiv, rest, n);
        }
        index.reverse();
        index
    }

    /// `np.place` (values in order of the true elements) and `np.putmask` (values by the number of the element).
    fn place(&mut self, a: &Operand, mask: &Operand, vals: &Operand, packed: bool, span: Span) -> Result<()> {
        let name = if packed { "numpy.place" } else { "numpy.putmask" };
        let ty = a.ty.as_array().ok_or_else(|| argument(name, "arr", "an array", a))?;
        self.check_writable(a)?;
        let mask = self.whole_array(mask, name, "mask")?;
        let mask = self.truths(&mask)?;
        let mask = self.settled(&mask)?;
        let mask = self.source_apart(a, &mask)?;
        if matches!(vals.ty, Ty::Array(_)) {
            self.check_cast(vals, ty.dtype, Casting::Safe)?;
        }
        let vals = self.fitting(vals, ty.dtype)?;
        let values = self.whole_array(&vals, name, "vals")?;
        let values = self.flattened(&values, span)?;
        let values = self.source_apart(a, &values)?;
        let (base, other) = (self.value(a)?, self.value(&mask)?);
        let (size, given) = (self.array_size(base), self.array_size(other));
        let same = self.b().compare(CompareOp::Eq, size, given);
        let message = match packed {
            true => "place: mask and data must be the same size",
            false => "putmask: mask and data must be the same size",
        };
        self.check(same, ExcClass::VALUE_ERROR, message, Vec::new());
        let count = self.extents(&values)?[0];
        let zero = self.b().i64(0);
        let some = self.b().compare(CompareOp::Ne, count, zero);
        let mask_ty = mask.ty.as_array().expect("an array");
        let flat = self.flattened(&mask, span)?;
        let next = self.counter("next");
        let size = if packed {
            let any = self.count_true(&mask)?;
            let nothing = self.b().compare(CompareOp::Eq, any, zero);
            let fine = self.b().binary(BinaryOp::Or, some, nothing);
            self.check(fine, ExcClass::VALUE_ERROR, "Cannot insert from an empty array!", Vec::new());
            size
        } else {
            self.b().select(some, size, zero)
        };
        debug_assert!(mask_ty.dtype == DType::Bool);
        self.ordered(&[size], &mut |l, at| {
            let set = l.load_element(&flat, at.to_vec())?;
            let set = l.value(&set)?;
            let place = at[0];
            l.if_then(set, |l| {
                let number = if packed { l.b().get(next) } else { place };
                let k = l.b().binary(BinaryOp::Mod, number, count);
                let value = l.load_element(&values, vec![k])?;
                let index = l.unraveled(base, ty, place);
                l.store_element(a, index, &value)?;
                let one = l.b().i64(1);
                l.advance(next, one);
                Ok(())
            })
        })
    }

    /// `np.take_along_axis(arr, indices, axis)`.
    fn take_along(&mut self, a: &Operand, indices: &Operand, axis: &Operand, span: Span) -> Result<Operand> {
        let (a, indices, axis, shape) = self.lined_up(a, indices, axis, "numpy.take_along_axis", span)?;
        let ty = a.ty.as_array().expect("an array");
        let result = ArrayType { layout: Layout::C, readonly: false, swapped: false, ..ty };
        let target = self.fresh_array(result, shape.clone(), span);
        let base = self.value(&target)?;
        let (rows, places) = self.lined_views(&a, &indices, axis, &shape)?;
        let size = self.extents(&a)?[axis];
        self.over_extents(shape, &mut |l, at| {
            let element = l.lined_place(&places, axis, size, &at)?;
            let value = l.load_element(&rows, element)?;
            let value = l.value(&value)?;
            l.b().store(base, at, value);
            Ok(())
        })?;
        Ok(target)
    }

    /// `np.put_along_axis(arr, indices, values, axis)`.
    fn put_along(
        &mut self,
        a: &Operand,
        indices: &Operand,
        values: &Operand,
        axis: &Operand,
        span: Span,
    ) -> Result<()> {
        self.check_writable(a)?;
        let (rows, indices, axis, shape) = self.lined_up(a, indices, axis, "numpy.put_along_axis", span)?;
        let indices = self.source_apart(&rows, &indices)?;
        let values = match a.ty.as_array() {
            Some(ty) => self.fitting(values, ty.dtype)?,
            None => values.clone(),
        };
        let values = self.whole_array(&values, "numpy.put_along_axis", "values")?;
        self.check_assigned(&values, &shape)?;
        let values = self.source_apart(&rows, &values)?;
        let values = self.broadcast_view(&values, &shape)?;
        let size = self.extents(&rows)?[axis];
        let (rows, places) = self.lined_views(&rows, &indices, axis, &shape)?;
        self.ordered(&shape.clone(), &mut |l, at| {
            let element = l.lined_place(&places, axis, size, at)?;
            let value = l.load_element(&values, at.to_vec())?;
            l.store_element(&rows, element, &value)
        })
    }

    /// Array, checked indices, axis and common shape of `take_along_axis` and `put_along_axis`.
    fn lined_up(
        &mut self,
        a: &Operand,
        indices: &Operand,
        axis: &Operand,
        function: &str,
        span: Span,
    ) -> Result<(Operand, Operand, usize, Vec<Value>)> {
        let a = self.whole_array(a, function, "arr")?;
        let indices = self.whole_array(indices, function, "indices")?;
        let a = if axis.is_none() { self.flattened(&a, span)? } else { a };
        let (ty, places) = (a.ty.as_array().expect("an array"), indices.ty.as_array().expect("an array"));
        if !places.dtype.is_int() {
            return self.always_raise(ExcClass::INDEX_ERROR, "`indices` must be an integer array");
        }
        if ty.ndim != places.ndim {
            let message = "`indices` and `arr` must have the same number of dimensions";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        }
        let axis = self.chosen_axis(Some(axis), ty.ndim)?.unwrap_or(0);
        let (rows, own) = (self.extents(&a)?, self.extents(&indices)?);
        let one = self.b().i64(1);
        let mut shape = Vec::new();
        let mut fine = self.b().bool(true);
        for (k, (&n, &m)) in rows.iter().zip(&own).enumerate() {
            if k == axis {
                shape.push(m);
                continue;
            }
            let single = self.b().compare(CompareOp::Eq, n, one);
            let extent = self.b().select(single, m, n);
            let other = self.b().compare(CompareOp::Eq, m, one);
            let equal = self.b().compare(CompareOp::Eq, m, extent);
            let fits = self.b().binary(BinaryOp::Or, other, equal);
            fine = self.b().binary(BinaryOp::And, fine, fits);
            shape.push(extent);
        }
        let start = "shape mismatch: indexing arrays could not be broadcast together with shapes";
        let text = (0..own.len()).map(|k| format!("{{{k}}}")).collect::<Vec<_>>().join(",");
        let comma = if own.len() == 1 { "," } else { "" };
        let message = format!("{start} ({text}{comma}) and an array of another shape");
        self.check(fine, ExcClass::INDEX_ERROR, &message, own.iter().map(|n| (*n, true)).collect());
        self.check_places(&indices, rows[axis], axis)?;
        Ok((a, indices, axis, shape))
    }

    /// Array and indices as views of the common shape; the array keeps the axis that is indexed.
    fn lined_views(
        &mut self,
        a: &Operand,
        indices: &Operand,
        axis: usize,
        shape: &[Value],
    ) -> Result<(Operand, Operand)> {
        let mut wide = shape.to_vec();
        wide[axis] = self.extents(a)?[axis];
        Ok((self.broadcast_view(a, &wide)?, self.broadcast_view(indices, shape)?))
    }

    /// Where the element for a place of the result is.
    fn lined_place(
        &mut self,
        places: &Operand,
        axis: usize,
        size: Value,
        at: &[Value],
    ) -> Result<Vec<Value>> {
        let place = self.load_element(places, at.to_vec())?;
        let mut element = at.to_vec();
        element[axis] = self.counted_index(&place, size)?;
        Ok(element)
    }
}

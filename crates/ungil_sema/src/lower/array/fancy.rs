//! Indexing by arrays: what an index with masks and integer arrays among its parts selects.
//!
//! The basic parts of the index (slices, new axes, single integers) make a view, in which the axes that arrays index are
//! still whole; masks become arrays of places. All indices are checked once, in loops of their own, so that what reads
//! and writes elements afterwards needs no checks.
//!
//! Source: NumPy's `mapping.c`; the axes of the index arrays stand where the first of them stood, or in front if basic
//! parts separate them (an integer counts as an index array here).

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::library::LibFn;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::{SliceTy, Ty};

/// An axis of the view: taken as it is, or indexed by an array (its number).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Axis {
    Whole,
    Indexed(usize),
}

/// What an index with arrays selects; all indices are in range or negative and in range.
#[derive(Clone)]
pub(crate) struct Selection {
    /// The array after the basic parts of the index.
    pub view: Operand,
    /// One for each axis of the view.
    pub axes: Vec<Axis>,
    /// Index arrays, broadcast together.
    pub indices: Vec<Operand>,
    /// Their common shape.
    pub shape: Vec<Value>,
    /// Number of whole axes in front of the index arrays' axes in the result.
    pub before: usize,
}

impl Lowerer<'_, '_> {
    /// Whether a part of an index is an array, a tuple or list of indices, or a truth value.
    pub(crate) fn is_fancy(&self, part: &Operand) -> bool {
        matches!(part.ty, Ty::Array(_) | Ty::Tuple(_) | Ty::List(_)) || !self.is_c() && is_truth(part)
    }

    /// Takes an index apart.
    pub(crate) fn selection(&mut self, array: &Operand, index: &[Operand], span: Span) -> Result<Selection> {
        let ty = array.ty.as_array().expect("an array");
        let parts = index.iter().map(|part| self.index_part(part, array)).collect::<Result<Vec<_>>>()?;
        let parts = completed(parts, &ty, span)?;
        let (before, separated) = place_of_arrays(&parts);
        let all = SliceTy { start: false, stop: false, step: false };
        let whole = Operand::parts(Ty::Slice(all), Vec::new(), span);
        let (mut basic, mut axes, mut indices) = (Vec::new(), Vec::new(), Vec::new());
        let mut axis = 0;
        for part in parts.iter().filter(|p| p.ty != Ty::Ellipsis) {
            if self.is_mask(part) {
                self.check_mask_shape(array, part, axis)?;
                for places in self.places(part, span)? {
                    basic.push(whole.clone());
                    axes.push(Axis::Indexed(indices.len()));
                    indices.push((places, None));
                    axis += 1;
                }
                continue;
            }
            if is_truth(part) {
                // A mask without axes: its one element is taken from a new axis, or not.
                basic.push(Operand::none(part.span));
                axes.push(Axis::Indexed(indices.len()));
                indices.push((self.first_if(part)?, None));
                continue;
            }
            if part.ty.as_array().is_some() {
                basic.push(whole.clone());
                axes.push(Axis::Indexed(indices.len()));
                indices.push((part.clone(), Some(axis)));
            } else {
                basic.push(part.clone());
                if !part.ty.is_scalar() {
                    axes.push(Axis::Whole);
                }
            }
            axis += usize::from(!part.is_none());
        }
        let arrays: Vec<Operand> = indices.iter().map(|(a, _)| a.clone()).collect();
        let start = "shape mismatch: indexing arrays could not be broadcast together with shapes";
        let shape = self.broadcast_shape_or(&arrays, ExcClass::INDEX_ERROR, start);
        self.check_all(array, &indices, &shape)?;
        let basic_only = basic.iter().all(|p| matches!(p.ty, Ty::Slice(s) if s == all));
        let view = if basic_only { array.clone() } else { self.view_of(array, &basic, true, span)? };
        let before = if separated { 0 } else { before };
        Ok(Selection { view, axes, indices: arrays, shape, before })
    }

    /// Checks the arrays that were given with their axes. As in NumPy, indices are not looked at where broadcasting left
    /// no element to select.
    fn check_all(
        &mut self,
        array: &Operand,
        indices: &[(Operand, Option<usize>)],
        shape: &[Value],
    ) -> Result<()> {
        let check = |l: &mut Self| {
            for (places, axis) in indices {
                let Some(axis) = *axis else { continue };
                let base = l.value(array)?;
                let size = l.b().dim(base, axis as u8);
                l.check_places(places, size, axis)?;
            }
            Ok(())
        };
        if indices.len() < 2 {
            return check(self);
        }
        let mut any = self.b().bool(true);
        let zero = self.b().i64(0);
        for &extent in shape {
            let some = self.b().compare(CompareOp::Ne, extent, zero);
            any = self.b().binary(BinaryOp::And, any, some);
        }
        self.if_then(any, check)
    }

    /// A part of an index: arrays as arrays of booleans or integers in memory.
    fn index_part(&mut self, part: &Operand, array: &Operand) -> Result<Operand> {
        let wrong = |found: &Operand| TypeError::Index {
            found: found.ty.clone(),
            container: array.ty.clone(),
            span: found.span,
        };
        let part = match &part.ty {
            Ty::Tuple(items) if items.is_empty() => {
                let zero = self.b().i64(0);
                self.fresh_array(super::mask::vector(DType::I64), vec![zero], part.span)
            }
            Ty::Tuple(_) | Ty::List(_) => self.as_array(part, None, part.span)?,
            _ => self.settled(part)?,
        };
        match part.ty.as_array() {
            Some(ty) if ty.ndim == 0 && (ty.dtype.is_int() || ty.dtype == DType::Bool) => {
                self.element_of(&part)
            }
            Some(ty) if ty.ndim > 0 && (ty.dtype.is_int() || ty.dtype == DType::Bool) => Ok(part),
            None if matches!(part.ty, Ty::Slice(_) | Ty::None | Ty::Ellipsis) => Ok(part),
            None if part.ty.is_integral() => Ok(part),
            _ => Err(wrong(&part).into()),
        }
    }

    /// The places that a mask without axes selects: 0 or none.
    fn first_if(&mut self, truth: &Operand) -> Result<Operand> {
        let count = self.cast_to(truth, DType::I64)?;
        let ty = super::mask::vector(DType::I64);
        let places = self.b().alloc(ty, vec![count], true);
        Ok(Operand::value(Ty::Array(ty), places, truth.span))
    }

    /// Raises IndexError unless all indices are within an axis of `size` elements.
    pub(crate) fn check_places(&mut self, places: &Operand, size: Value, axis: usize) -> Result<()> {
        if !self.options.boundscheck {
            return Ok(());
        }
        let flat = match places.ty.as_array().expect("an array") {
            ty if ty.ndim > 1 && ty.layout == Layout::C => {
                let base = self.value(places)?;
                let n = self.array_size(base);
                self.flat_view(places, n)?
            }
            _ => places.clone(),
        };
        if flat.ty.as_array().is_some_and(|t| t.ndim == 1 && t.dtype == DType::I64 && !t.swapped) {
            let wrap = i64::from(self.options.wraparound);
            let (axis, wrap) = (self.b().i64(axis as i64), self.b().i64(wrap));
            let operands = vec![self.value(&flat)?, size, axis, wrap];
            self.b().push(InstKind::Library(LibFn::Bounds, operands));
            return Ok(());
        }
        let extents = self.extents(&flat)?;
        let wrong = self.new_var("wrong", Type::BOOL);
        let no = self.b().bool(false);
        self.b().set(wrong, no);
        let zero = self.b().i64(0);
        let lowest = if self.options.wraparound { self.b().binary(BinaryOp::Sub, zero, size) } else { zero };
        self.ordered(&extents, &mut |l, at| {
            let i = l.place_at(&flat, at.to_vec())?;
            let low = l.b().compare(CompareOp::Lt, i, lowest);
            let high = l.b().compare(CompareOp::Ge, i, size);
            let outside = l.b().binary(BinaryOp::Or, low, high);
            let so_far = l.b().get(wrong);
            let now = l.b().binary(BinaryOp::Or, so_far, outside);
            l.b().set(wrong, now);
            Ok(())
        })?;
        let found = self.b().get(wrong);
        let wrap = self.options.wraparound;
        self.if_then(found, |l| {
            l.ordered(&extents, &mut |l, at| {
                let index = l.place_at(&flat, at.to_vec())?;
                l.b().push(InstKind::CheckIndex { index, size, axis: axis as u8, wrap, check: true });
                Ok(())
            })
        })
    }

    /// An index out of an index array, as `int64`.
    fn place_at(&mut self, places: &Operand, at: Vec<Value>) -> Result<Value> {
        let element = self.load_element(places, at)?;
        self.index(&element)
    }

    /// An index that was checked, with negative ones counted from the end.
    pub(crate) fn counted_index(&mut self, index: &Operand, size: Value) -> Result<Value> {
        let i = self.index(index)?;
        let known = index.ty.dtype().is_some_and(|d| d.is_unsigned());
        if known || !self.options.wraparound {
            return Ok(i);
        }
        let zero = self.b().i64(0);
        let negative = self.b().compare(CompareOp::Lt, i, zero);
        let shifted = self.b().binary(BinaryOp::Add, i, size);
        Ok(self.b().select(negative, shifted, i))
    }

    /// The extents of what a selection selects.
    pub(crate) fn selected_shape(&mut self, s: &Selection) -> Result<Vec<Value>> {
        let extents = self.extents(&s.view)?;
        let mut shape: Vec<Value> =
            s.axes.iter().zip(extents).filter(|(a, _)| **a == Axis::Whole).map(|(_, n)| n).collect();
        shape.splice(s.before..s.before, s.shape.iter().copied());
        Ok(shape)
    }

    /// The index in the view of the place `at` of the result.
    pub(crate) fn selected_at(&mut self, s: &Selection, at: &[Value], places: &[Value]) -> Vec<Value> {
        let inner = s.shape.len();
        let mut whole = at[..s.before].iter().chain(&at[s.before + inner..]).copied();
        let index = s.axes.iter().map(|axis| match axis {
            Axis::Whole => whole.next().expect("an index for each axis"),
            Axis::Indexed(k) => places[*k],
        });
        index.collect()
    }

    /// The indices that the arrays have at a place of their common shape.
    pub(crate) fn places_at(
        &mut self,
        s: &Selection,
        spread: &[Operand],
        at: &[Value],
    ) -> Result<Vec<Value>> {
        let base = self.value(&s.view)?;
        let mut places = Vec::new();
        for (k, array) in spread.iter().enumerate() {
            let axis = s.axes.iter().position(|a| *a == Axis::Indexed(k)).expect("an axis for each array");
            let size = self.b().dim(base, axis as u8);
            let element = self.load_element(array, at.to_vec())?;
            places.push(self.counted_index(&element, size)?);
        }
        Ok(places)
    }

    /// Index arrays as views of their common shape: axes that are repeated have no stride.
    pub(crate) fn spread_indices(&mut self, s: &Selection) -> Result<Vec<Operand>> {
        s.indices
            .iter()
            .map(|a| if s.indices.len() == 1 { Ok(a.clone()) } else { self.broadcast_view(a, &s.shape) })
            .collect()
    }

    /// A view of an array with the shape that broadcasting gives it.
    pub(crate) fn broadcast_view(&mut self, array: &Operand, shape: &[Value]) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let added = shape.len() - usize::from(ty.ndim);
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let mut strides = vec![zero; added];
        for axis in 0..ty.ndim {
            let (n, stride) = (self.b().dim(base, axis), self.b().stride(base, axis));
            let single = self.b().compare(CompareOp::Eq, n, one);
            strides.push(self.b().select(single, zero, stride));
        }
        let view = ArrayType { ndim: shape.len() as u8, layout: Layout::Strided, ..ty };
        Ok(self.view(base, view, zero, shape.to_vec(), strides, array.span))
    }
}

/// Whether an operand is a truth value, which as an index is a mask without axes.
fn is_truth(part: &Operand) -> bool {
    part.ty.is_scalar() && part.ty.dtype() == Some(DType::Bool)
}

/// The index with `...` replaced and missing slices added. Masks take several axes, truth values none.
fn completed(parts: Vec<Operand>, ty: &ArrayType, span: Span) -> Result<Vec<Operand>> {
    let ndim = usize::from(ty.ndim);
    let taken = |part: &Operand| match part.ty.as_array() {
        Some(a) if a.dtype == DType::Bool => usize::from(a.ndim),
        _ => usize::from(!part.is_none() && part.ty != Ty::Ellipsis && !is_truth(part)),
    };
    let given = parts.iter().map(taken).sum();
    if given > ndim {
        return Err(TypeError::TooManyIndices { ndim, given, span }.into());
    }
    if let Some(second) = parts.iter().filter(|i| i.ty == Ty::Ellipsis).nth(1) {
        let (found, container) = (second.ty.clone(), Ty::Array(*ty));
        return Err(TypeError::Index { found, container, span: second.span }.into());
    }
    let all = SliceTy { start: false, stop: false, step: false };
    let rest = vec![Operand::parts(Ty::Slice(all), Vec::new(), span); ndim - given];
    Ok(match parts.iter().position(|i| i.ty == Ty::Ellipsis) {
        // One that stands for no axis still separates.
        Some(at) if rest.is_empty() => {
            let mut parts = parts;
            parts[at] = Operand::entity(Ty::Ellipsis, span);
            parts
        }
        Some(at) => [&parts[..at], &rest, &parts[at + 1..]].concat(),
        None => [parts, rest].concat(),
    })
}

/// How many whole axes stand before the first index array or integer, and whether basic parts separate those.
fn place_of_arrays(parts: &[Operand]) -> (usize, bool) {
    let advanced = |p: &Operand| p.ty.as_array().is_some() || p.ty.is_scalar();
    let first = parts.iter().position(advanced).unwrap_or(0);
    let last = parts.iter().rposition(advanced).unwrap_or(0);
    let before = parts[..first].iter().filter(|p| p.ty != Ty::Ellipsis).count();
    (before, !parts[first..=last].iter().all(advanced))
}

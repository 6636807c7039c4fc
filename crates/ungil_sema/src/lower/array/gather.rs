//! Reading by arrays of indices.
//!
//! Where every axis is indexed by an array or an integer the result is lazy: its elements are loaded where they are
//! used. Otherwise rows are copied into a fresh array.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::inst::InstKind;
use ungil_ir::library::LibFn;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::array::fancy::{Axis, Selection};
use crate::lower::array::lazy::{Fill, Lazy};
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `array[index]` with arrays in the index.
    pub(crate) fn fancy_read(&mut self, array: &Operand, index: &[Operand], span: Span) -> Result<Operand> {
        if let [mask] = index
            && self.is_mask(mask)
            && mask.ty.as_array().map(|t| t.ndim) == array.ty.as_array().map(|t| t.ndim)
        {
            let mask = self.settled(mask)?;
            self.check_mask_shape(array, &mask, 0)?;
            return self.compressed(array, &mask, span);
        }
        let selection = self.selection(array, index, span)?;
        if selection.shape.is_empty() && !selection.axes.contains(&Axis::Whole) {
            return self.gathered_scalar(&selection, span);
        }
        self.gathered(selection, span)
    }

    /// Only integers were given, some as arrays without axes.
    fn gathered_scalar(&mut self, s: &Selection, span: Span) -> Result<Operand> {
        let element = self.load_element(&s.view, Vec::new())?;
        Ok(element.at(span))
    }

    /// What a selection selects, as an array.
    pub(crate) fn gathered(&mut self, s: Selection, span: Span) -> Result<Operand> {
        let ty = s.view.ty.as_array().expect("an array");
        let shape = self.selected_shape(&s)?;
        let result =
            ArrayType { ndim: shape.len() as u8, layout: Layout::C, readonly: false, swapped: false, ..ty };
        if !s.axes.contains(&Axis::Whole) {
            return self.gathered_lazily(s, result, shape, span);
        }
        let target = self.fresh_array(result, shape.clone(), span);
        let base = self.value(&target)?;
        let spread = self.spread_indices(&s)?;
        let (front, inner) = (s.before, s.shape.len());
        self.over_extents(shape[..front].to_vec(), &mut |l, outer| {
            l.over_extents(s.shape.clone(), &mut |l, middle| {
                let places = l.places_at(&s, &spread, &middle)?;
                l.over_extents(shape[front + inner..].to_vec(), &mut |l, rest| {
                    let at = [&outer[..], &middle, &rest].concat();
                    let from = l.selected_at(&s, &at, &places);
                    let element = l.load_element(&s.view, from)?;
                    let number = l.value(&element)?;
                    l.b().store(base, at, number);
                    Ok(())
                })
            })
        })?;
        Ok(target)
    }

    fn gathered_lazily(
        &mut self,
        s: Selection,
        result: ArrayType,
        shape: Vec<ungil_ir::entities::Value>,
        span: Span,
    ) -> Result<Operand> {
        let base = self.value(&s.view)?;
        let view = Operand { value: Some(base), ..s.view.clone() };
        let axes: Vec<usize> = s
            .axes
            .iter()
            .map(|a| match a {
                Axis::Indexed(k) => *k,
                Axis::Whole => unreachable!("all axes are indexed"),
            })
            .collect();
        let source = view.clone();
        let load = move |l: &mut Lowerer<'_, '_>, indices: &[Operand]| {
            let mut at = Vec::new();
            for (axis, &k) in axes.iter().enumerate() {
                let size = l.b().dim(base, axis as u8);
                at.push(l.counted_index(&indices[k], size)?);
            }
            l.load_element(&source, at)
        };
        let whole = taken_at_once(&s);
        let lazy = Lazy { shape, args: s.indices, apply: Rc::new(load), far: vec![view], rows: None, whole };
        Ok(Operand { lazy: Some(Rc::new(lazy)), ..Operand::entity(Ty::Array(result), span) })
    }
}

/// Takes elements of an array of one axis at `int64` indices by the library.
fn taken_at_once(s: &Selection) -> Option<Rc<Fill>> {
    let [index] = &s.indices[..] else { return None };
    let (view, places) = (s.view.ty.as_array()?, index.ty.as_array()?);
    let flat = places.ndim == 1 || places.layout == Layout::C;
    if view.ndim != 1 || view.swapped || places.dtype != DType::I64 || places.swapped || !flat {
        return None;
    }
    let (view, index) = (s.view.clone(), index.clone());
    Some(Rc::new(move |l: &mut Lowerer<'_, '_>, out: &Operand| {
        let (out, index) = (l.flat_if_contiguous(out)?, l.flat_if_contiguous(&index)?);
        let wrap = i64::from(l.options.wraparound);
        let wrap = l.b().i64(wrap);
        let operands = vec![l.value(&out)?, l.value(&view)?, l.value(&index)?, wrap];
        l.b().push(InstKind::Library(LibFn::Take, operands));
        Ok(())
    }))
}

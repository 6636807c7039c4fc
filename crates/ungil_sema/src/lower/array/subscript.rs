//! Basic indexing: integers, slices, `...` and `None`, for elements and views.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::types::{ArrayType, Layout, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::slice::Extent;
use crate::operand::Operand;
use crate::ty::{SliceTy, Ty};

/// One entry of a complete index: one for each axis, and the new axes.
enum Entry {
    At(Value),
    Slice(Extent),
    NewAxis,
}

/// What a subscript denotes.
pub(crate) enum Place {
    /// An element at indices in range.
    Element(Vec<Value>),
    View(Operand),
}

impl Lowerer<'_, '_> {
    /// `array[index]` for reading.
    pub(crate) fn array_subscript(
        &mut self,
        array: &Operand,
        index: &[Operand],
        span: Span,
    ) -> Result<Operand> {
        if index.iter().any(|part| self.is_fancy(part)) {
            return self.fancy_read(array, index, span);
        }
        match self.array_place(array, index, span)? {
            Place::Element(at) => Ok(self.load_element(array, at)?.at(span)),
            Place::View(view) => Ok(view),
        }
    }

    /// The element or view that `array[index]` denotes.
    pub(crate) fn array_place(&mut self, array: &Operand, index: &[Operand], span: Span) -> Result<Place> {
        let ty = array.ty.as_array().expect("an array");
        let all_integers = index.iter().all(|i| i.ty.is_scalar());
        if all_integers && index.len() == usize::from(ty.ndim) {
            let base = self.value(array)?;
            let mut at = Vec::new();
            for axis in self.axes_to_check(index.len()) {
                let size = self.b().dim(base, axis as u8);
                at.push((axis, self.checked_index(&index[axis], size, axis as u8, &array.ty)?));
            }
            at.sort_by_key(|(axis, _)| *axis);
            return Ok(Place::Element(at.into_iter().map(|(_, at)| at).collect()));
        }
        Ok(Place::View(self.view_of(array, index, true, span)?))
    }

    /// Axes in the order in which their indices are checked: of several bad ones NumPy tells the first, Cython the last.
    fn axes_to_check(&self, ndim: usize) -> Vec<usize> {
        if self.is_c() { (0..ndim).rev().collect() } else { (0..ndim).collect() }
    }

    /// The view that an index denotes. `check`: integers are yet to be checked.
    pub(crate) fn view_of(
        &mut self,
        array: &Operand,
        index: &[Operand],
        check: bool,
        span: Span,
    ) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let index = complete(index, &ty, span)?;
        let mut entries = Vec::new();
        let mut axis = 0u8;
        for item in &index {
            if item.is_none() {
                entries.push(Entry::NewAxis);
                continue;
            }
            let size = self.b().dim(base, axis);
            if self.is_unit(array, usize::from(axis)) {
                self.ones.insert(size);
            }
            entries.push(match &item.ty {
                Ty::Slice(_) => Entry::Slice(self.slice_extent(item, size)?),
                _ if check => Entry::At(self.checked_index(item, size, axis, &array.ty)?),
                _ => Entry::At(self.index(item)?),
            });
            axis += 1;
        }
        let view = self.make_view(base, ty, &entries, span)?;
        let ats = entries.iter().take_while(|e| matches!(e, Entry::At(_))).count();
        if ats > 0 && entries[ats..].iter().all(|e| matches!(e, Entry::Slice(s) if s.full)) {
            self.mark_frame_row(&view, array, ats);
        }
        Ok(view)
    }

    fn make_view(&mut self, base: Value, ty: ArrayType, entries: &[Entry], span: Span) -> Result<Operand> {
        let mut offset = self.b().i64(0);
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        let mut axis = 0u8;
        for entry in entries {
            if matches!(entry, Entry::NewAxis) {
                let one = self.b().i64(1);
                self.ones.insert(one);
                shape.push(one);
                strides.push(self.b().i64(0));
                continue;
            }
            let stride = self.b().stride(base, axis);
            let start = match entry {
                Entry::At(i) => Some(*i),
                Entry::Slice(s) => (!s.full).then_some(s.start),
                Entry::NewAxis => None,
            };
            if let Some(start) = start {
                let bytes = self.b().binary(BinaryOp::Mul, start, stride);
                offset = self.b().binary(BinaryOp::Add, offset, bytes);
            }
            if let Entry::Slice(s) = entry {
                shape.push(s.len);
                let scaled = if s.unit { stride } else { self.b().binary(BinaryOp::Mul, s.step, stride) };
                strides.push(scaled);
            }
            axis += 1;
        }
        let layout = view_layout(ty, entries);
        let view = ArrayType { ndim: shape.len() as u8, layout, ..ty };
        let made = self.view(base, view, offset, shape, strides, span);
        if entries.iter().all(|e| matches!(e, Entry::Slice(_))) && self.is_in_fortran_order(base) {
            self.fortran_views.extend(made.value);
        }
        Ok(made)
    }

    /// Whether memory runs along the first axis of an array fastest, as far as is known when it is compiled.
    pub(crate) fn is_in_fortran_order(&self, array: Value) -> bool {
        let layout = self.func.ty(array).as_array().map(|t| t.layout);
        layout == Some(Layout::F) || self.fortran_views.contains(&array)
    }

    /// A view with everything given.
    pub(crate) fn view(
        &mut self,
        base: Value,
        ty: ArrayType,
        offset: Value,
        shape: Vec<Value>,
        strides: Vec<Value>,
        span: Span,
    ) -> Operand {
        let units = self.units_of(&shape);
        let value = self.b().typed(InstKind::View { base, offset, shape, strides }, Type::Array(ty));
        self.unit_axes.insert(value, units);
        if let Some(root) = self.roots.get(&base).copied() {
            self.roots.insert(value, root);
        }
        Operand::value(Ty::Array(ty), value, span)
    }
}

/// The index with `...` replaced and missing slices added.
fn complete(index: &[Operand], ty: &ArrayType, span: Span) -> Result<Vec<Operand>> {
    let ndim = usize::from(ty.ndim);
    let given = index.iter().filter(|i| !i.is_none() && i.ty != Ty::Ellipsis).count();
    if given > ndim {
        return Err(TypeError::TooManyIndices { ndim, given, span }.into());
    }
    if let Some(second) = index.iter().filter(|i| i.ty == Ty::Ellipsis).nth(1) {
        let (found, container) = (second.ty.clone(), Ty::Array(*ty));
        return Err(TypeError::Index { found, container, span: second.span }.into());
    }
    let all = SliceTy { start: false, stop: false, step: false };
    let rest = vec![Operand::parts(Ty::Slice(all), Vec::new(), span); ndim - given];
    let at = index.iter().position(|i| i.ty == Ty::Ellipsis);
    let (before, after) = match at {
        Some(at) => (&index[..at], &index[at + 1..]),
        None => (index, &[][..]),
    };
    Ok([before, &rest, after].concat())
}

/// What is known of the strides of a view: contiguous if only the slowest axes are indexed or cut.
fn view_layout(ty: ArrayType, entries: &[Entry]) -> Layout {
    let axes: Vec<&Entry> = entries.iter().filter(|e| !matches!(e, Entry::NewAxis)).collect();
    let contiguous = |axes: &mut dyn Iterator<Item = &&Entry>| {
        let mut rest = axes.skip_while(|e| matches!(e, Entry::At(_)));
        let first = rest.next().is_none_or(|e| matches!(e, Entry::Slice(s) if s.unit));
        first && rest.all(|e| matches!(e, Entry::Slice(s) if s.full))
    };
    match ty.layout {
        Layout::C if contiguous(&mut axes.iter()) => Layout::C,
        Layout::F if contiguous(&mut axes.iter().rev()) => {
            // One-dimensional contiguous arrays are of layout C.
            let kept = axes.iter().filter(|e| matches!(e, Entry::Slice(_))).count();
            if kept + entries.len() - axes.len() <= 1 { Layout::C } else { Layout::F }
        }
        _ => Layout::Strided,
    }
}

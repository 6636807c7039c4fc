//! Assignment to array views: from scalars, from arrays with broadcasting, plain and augmented.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, Layout, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::subscript::Place;
use crate::lower::array::sweep::Elements;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::ty::Ty;

/// What is done with an element of the target and the value that goes with it.
type ElementBody<'a, 'p, 'w> = dyn FnMut(&mut Lowerer<'p, 'w>, &mut Elements, Operand) -> Result<()> + 'a;

impl<'p, 'w> Lowerer<'p, 'w> {
    /// `array[index] = value`.
    pub(crate) fn array_assign(
        &mut self,
        array: &Operand,
        index: &[Operand],
        value: &Operand,
        span: Span,
    ) -> Result<()> {
        self.check_writable(array)?;
        if index.iter().any(|part| self.is_fancy(part)) {
            return self.fancy_write(array, index, value, None, span);
        }
        match self.array_place(array, index, span)? {
            Place::Element(at) => {
                let scalar = self.element_of(value)?;
                self.store_element(array, at, &scalar)
            }
            Place::View(view) => {
                let value = match value.ty {
                    Ty::Tuple(_) | Ty::List(_) => {
                        self.fitting(value, view.ty.as_array().expect("an array").dtype)?
                    }
                    Ty::Range => {
                        let list = self.list_from(value, value.span)?;
                        self.as_array(&list, None, value.span)?
                    }
                    _ => value.clone(),
                };
                let value = self.array_like_operand(&value)?;
                let ndim = usize::from(view.ty.as_array().expect("an array").ndim);
                let value = self.without_leading(&value, ndim)?;
                let value = self.filling(&value, view.ty.as_array().expect("an array").dtype)?;
                self.fill_view(&view, &value)
            }
        }
    }

    /// A value without the axes in front that the target does not have; they must have one element.
    pub(crate) fn without_leading(&mut self, value: &Operand, ndim: usize) -> Result<Operand> {
        let more = match value.ty.as_array() {
            Some(ty) if usize::from(ty.ndim) > ndim && !self.is_c() => usize::from(ty.ndim) - ndim,
            _ => return Ok(value.clone()),
        };
        let value = self.settled(value)?;
        let (base, one) = (self.value(&value)?, self.b().i64(1));
        for axis in 0..more {
            let extent = self.b().dim(base, axis as u8);
            let single = self.b().compare(CompareOp::Eq, extent, one);
            let message = "could not broadcast input array: axis {0} has {1} elements, the destination has no such axis";
            let axis = self.b().i64(axis as i64);
            self.check(single, ExcClass::VALUE_ERROR, message, vec![(axis, true), (extent, true)]);
        }
        let first = vec![Operand::int(0, value.span); more];
        self.view_of(&value, &first, false, value.span)
    }

    /// `array[index] op= value`, with `op` applied to element and value.
    pub(crate) fn array_update(
        &mut self,
        array: &Operand,
        index: &[Operand],
        value: &Operand,
        span: Span,
        op: &mut dyn FnMut(&mut Self, &Operand, &Operand) -> Result<Operand>,
    ) -> Result<()> {
        self.check_writable(array)?;
        if index.iter().any(|part| self.is_fancy(part)) {
            return self.fancy_write(array, index, value, Some(op), span);
        }
        match self.array_place(array, index, span)? {
            Place::Element(at) => {
                let value = self.settled(value)?;
                let old = self.load_element(array, at.clone())?;
                let new = op(self, &old, &value)?;
                self.store_element(array, at, &new)
            }
            Place::View(view) => self.update_view(&view, value, op),
        }
    }

    /// `view[...] = value`.
    pub(crate) fn fill_view(&mut self, view: &Operand, value: &Operand) -> Result<()> {
        let to = view.ty.as_array().expect("an array").dtype;
        let value = &self.converted_once(value, to)?;
        self.each_element(view, value, &mut |l, elements, new| {
            let value = l.assignable(&new, to)?;
            elements.store(l, view, value)
        })
    }

    /// `view[...] op= value`.
    pub(crate) fn update_view(
        &mut self,
        view: &Operand,
        value: &Operand,
        op: &mut dyn FnMut(&mut Self, &Operand, &Operand) -> Result<Operand>,
    ) -> Result<()> {
        self.check_writable(view)?;
        let to = view.ty.as_array().expect("an array").dtype;
        let value = &self.array_like_operand(value)?;
        self.each_element(view, value, &mut |l, elements, right| {
            let old = elements.of(l, view)?;
            let new = op(l, &old, &right)?;
            l.check_same_kind(&new, to)?;
            let value = l.assignable(&new, to)?;
            elements.store(l, view, value)
        })
    }

    /// `array @= value`.
    pub(crate) fn multiplied_in_place(&mut self, array: &Operand, value: &Operand, span: Span) -> Result<()> {
        self.check_writable(array)?;
        let kernel = crate::prelude::find("numpy._matmul_into").expect("a function of the prelude");
        let value = self.array_like_operand(value)?;
        let positional = vec![array.clone(), self.settled(&value)?];
        self.call_prelude(kernel, Args { positional, keywords: Vec::new(), span }).map(|_| ())
    }

    /// Refuses a result that `casting="same_kind"` does not convert, as NumPy does where it writes into an array.
    pub(crate) fn check_same_kind(&self, value: &Operand, to: ungil_ir::types::DType) -> Result<()> {
        use crate::promote::kind;
        let fits = value.ty.dtype().is_some_and(|from| {
            let unsigned = from.is_signed() && to.is_unsigned();
            value.ty.is_weak() || kind(from) <= kind(to) && !unsigned
        });
        if fits {
            return Ok(());
        }
        let to = format!("{to} with casting rule 'same_kind'");
        Err(TypeError::Convert { from: value.ty.clone(), to, span: value.span }.into())
    }

    /// Runs `body` for every element of `view` with the matching element of `value`.
    fn each_element(
        &mut self,
        view: &Operand,
        value: &Operand,
        body: &mut ElementBody<'_, 'p, 'w>,
    ) -> Result<()> {
        let shape = self.extents(view)?;
        if !self.is_proper_array(value) {
            let once = self.element_of(value)?;
            if once.ty.dtype().is_none() {
                let to = view.ty.to_string();
                return Err(TypeError::Convert { from: value.ty.clone(), to, span: value.span }.into());
            }
            // Computed once, in front of the loop.
            let mut once = once;
            if once.constant.is_none() {
                once.value = Some(self.value(&once)?);
            }
            return self
                .sweep(&shape, &[view], &[view], false, &mut |l, elements| body(l, elements, once.clone()));
        }
        self.check_spreads(value, &shape)?;
        let mut leaves = Vec::new();
        self.leaves(value, &mut leaves)?;
        let mut cond = None;
        for leaf in &leaves {
            if let Some(conflict) = self.conflict(view, leaf)? {
                cond = Some(match cond {
                    None => conflict,
                    Some(c) => self.b().binary(BinaryOp::Or, c, conflict),
                });
            }
        }
        for far in self.far_leaves(value) {
            let (x, y) = (self.value(view)?, self.value(&far)?);
            if self.apart(x, y) {
                continue;
            }
            let overlap = self.ranges_overlap(x, y);
            cond = Some(match cond {
                None => overlap,
                Some(c) => self.b().binary(BinaryOp::Or, c, overlap),
            });
        }
        let mut directly = |l: &mut Self, source: &Operand| {
            l.sweep(&shape, &[source], &[view], false, &mut |l, elements| {
                let element = elements.of(l, source)?;
                body(l, elements, element)
            })
        };
        let Some(cond) = cond else { return directly(self, value) };
        let (then, copied) = self.nested(|l| {
            let copy = match value.lazy {
                Some(_) => l.materialised(value)?,
                None => l.copy_array(value, Layout::C)?,
            };
            directly(l, &copy)
        });
        let (otherwise, direct) = self.nested(|l| directly(l, value));
        self.b().push(InstKind::If { cond, then, otherwise });
        copied.and(direct)
    }

    /// Raises unless broadcasting brings an array to a shape.
    fn check_spreads(&mut self, value: &Operand, shape: &[Value]) -> Result<()> {
        let own = self.extents(value)?;
        let Some(added) = shape.len().checked_sub(own.len()) else {
            let to = format!("an array with {}", crate::diagnostics::plural(shape.len(), "axis"));
            return Err(TypeError::Convert { from: value.ty.clone(), to, span: value.span }.into());
        };
        let one = self.b().i64(1);
        for (axis, (&found, &wanted)) in own.iter().zip(&shape[added..]).enumerate() {
            if self.is_unit(value, axis) {
                continue;
            }
            let equal = self.b().compare(CompareOp::Eq, found, wanted);
            let single = self.b().compare(CompareOp::Eq, found, one);
            let fits = self.b().binary(BinaryOp::Or, equal, single);
            let number = self.b().i64((added + axis) as i64);
            if self.is_c() {
                let message = "got differing extents in dimension {0} (got {1} and {2})";
                let class = ExcClass::VALUE_ERROR;
                self.check(fits, class, message, vec![(number, true), (wanted, true), (found, true)]);
                continue;
            }
            let message =
                "could not broadcast input array: axis {0} has {1} elements, the destination's has {2}";
            let args = vec![(number, true), (found, true), (wanted, true)];
            self.check(fits, ExcClass::VALUE_ERROR, message, args);
        }
        Ok(())
    }

    /// A domain over the elements of an array.
    pub(crate) fn over(
        &mut self,
        array: Value,
        body: &mut dyn FnMut(&mut Self, Vec<Value>) -> Result<()>,
    ) -> Result<()> {
        let ndim = self.func.ty(array).as_array().expect("an array").ndim;
        let extents = (0..ndim).map(|axis| self.b().dim(array, axis)).collect();
        self.over_extents(extents, body)
    }

    /// A domain of the given extents.
    pub(crate) fn over_extents(
        &mut self,
        extents: Vec<Value>,
        body: &mut dyn FnMut(&mut Self, Vec<Value>) -> Result<()>,
    ) -> Result<()> {
        if extents.is_empty() {
            // One place: what is assigned there is assigned.
            return body(self, Vec::new());
        }
        let ivs: Vec<Value> = extents.iter().map(|_| self.func.new_value(Type::I64)).collect();
        let (region, result) = self.nested(|l| body(l, ivs.clone()));
        self.b().push(InstKind::Domain { extents, ivs, body: region });
        result
    }

    /// The same memory under a type that knows less of the layout.
    pub(crate) fn as_strided(&mut self, array: &Operand, ty: ArrayType) -> Result<Value> {
        let base = self.value(array)?;
        let offset = self.b().i64(0);
        let shape = (0..ty.ndim).map(|axis| self.b().dim(base, axis)).collect();
        let strides = (0..ty.ndim).map(|axis| self.b().stride(base, axis)).collect();
        Ok(self.b().typed(InstKind::View { base, offset, shape, strides }, Type::Array(ty)))
    }

    /// A fresh copy in native byte order.
    pub(crate) fn copy_array(&mut self, value: &Operand, layout: Layout) -> Result<Operand> {
        let ty = value.ty.as_array().expect("an array");
        self.copy_array_as(value, ArrayType { layout, readonly: false, swapped: false, ..ty })
    }

    /// A fresh copy of a type that differs in layout and byte order only.
    pub(crate) fn copy_array_as(&mut self, value: &Operand, ty: ArrayType) -> Result<Operand> {
        let shape = self.extents(value)?;
        let copy = self.fresh_array(ty, shape.clone(), value.span);
        self.sweep(&shape, &[value], &[&copy], true, &mut |l, elements| {
            let element = elements.of(l, value)?;
            let number = l.value(&element)?;
            elements.store(l, &copy, number)
        })?;
        Ok(copy)
    }
}

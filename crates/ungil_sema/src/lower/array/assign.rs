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
use crate::operand::Operand;
use crate::ty::Ty;

/// What is done with the indices of an element and the value that goes with it.
type ElementBody<'a, 'p, 'w> = dyn FnMut(&mut Lowerer<'p, 'w>, Vec<Value>, Operand) -> Result<()> + 'a;

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
        match self.array_place(array, index, span)? {
            Place::Element(at) => {
                let scalar = self.scalar_of(value)?;
                self.store_element(array, at, &scalar)
            }
            Place::View(view) => self.fill_view(&view, value),
        }
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
        match self.array_place(array, index, span)? {
            Place::Element(at) => {
                let old = self.load_element(array, at.clone())?;
                let new = op(self, &old, value)?;
                self.store_element(array, at, &new)
            }
            Place::View(view) => self.update_view(&view, value, op),
        }
    }

    /// A 0-d array stands for its element.
    fn scalar_of(&mut self, value: &Operand) -> Result<Operand> {
        match value.ty.as_array() {
            Some(ty) if ty.ndim == 0 => self.load_element(value, Vec::new()),
            _ => Ok(value.clone()),
        }
    }

    /// `view[...] = value`.
    pub(crate) fn fill_view(&mut self, view: &Operand, value: &Operand) -> Result<()> {
        self.each_element(view, value, &mut |l, at, new| l.store_element(view, at, &new))
    }

    /// `view[...] op= value`.
    pub(crate) fn update_view(
        &mut self,
        view: &Operand,
        value: &Operand,
        op: &mut dyn FnMut(&mut Self, &Operand, &Operand) -> Result<Operand>,
    ) -> Result<()> {
        self.check_writable(view)?;
        self.each_element(view, value, &mut |l, at, right| {
            let old = l.load_element(view, at.clone())?;
            let new = op(l, &old, &right)?;
            l.store_element(view, at, &new)
        })
    }

    /// Runs `body` for the indices of every element of `view` with the matching element of `value`.
    fn each_element(
        &mut self,
        view: &Operand,
        value: &Operand,
        body: &mut ElementBody<'_, 'p, 'w>,
    ) -> Result<()> {
        let target = self.value(view)?;
        match value.ty.as_array() {
            None => {
                // Computed once, in front of the loop.
                let once = match value.ty.dtype() {
                    Some(_) => value.clone(),
                    None => {
                        let to = view.ty.to_string();
                        return Err(
                            TypeError::Convert { from: value.ty.clone(), to, span: value.span }.into()
                        );
                    }
                };
                self.over(target, &mut |l, at| body(l, at, once.clone()))
            }
            Some(_) => {
                let source = self.value(value)?;
                let cond = self.ranges_overlap(target, source);
                let (then, copied) = self.nested(|l| {
                    let copy = l.copy_array(value, Layout::C)?;
                    l.matched(target, &copy, body)
                });
                let (otherwise, direct) = self.nested(|l| l.matched(target, value, body));
                self.b().push(InstKind::If { cond, then, otherwise });
                copied.and(direct)
            }
        }
    }

    /// Runs `body` for every element of `target` and the element of `value` that broadcasting pairs with it. Arrays of one
    /// shape, the usual case, get a loop of their own that keeps what is known of the layout.
    fn matched(&mut self, target: Value, value: &Operand, body: &mut ElementBody<'_, 'p, 'w>) -> Result<()> {
        let mut pairwise = |l: &mut Self, source: &Operand| {
            l.over(target, &mut |l, at| {
                let element = l.load_element(source, at.clone())?;
                body(l, at, element)
            })
        };
        let ndim = value.ty.as_array().expect("an array").ndim;
        let source = self.value(value)?;
        if ndim != self.func.ty(target).as_array().expect("an array").ndim {
            let spread = self.broadcast(value, target)?;
            return pairwise(self, &spread);
        }
        let mut cond = self.b().bool(true);
        for axis in 0..ndim {
            let (x, y) = (self.b().dim(target, axis), self.b().dim(source, axis));
            let equal = self.b().compare(CompareOp::Eq, x, y);
            cond = self.b().binary(BinaryOp::And, cond, equal);
        }
        let (then, same) = self.nested(|l| pairwise(l, value));
        let (otherwise, spread) = self.nested(|l| {
            let spread = l.broadcast(value, target)?;
            pairwise(l, &spread)
        });
        self.b().push(InstKind::If { cond, then, otherwise });
        same.and(spread)
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

    /// A view of `value` with the shape of `target`: missing axes are added in front, axes of one element repeated.
    pub(crate) fn broadcast(&mut self, value: &Operand, target: Value) -> Result<Operand> {
        let ty = value.ty.as_array().expect("an array");
        let ndim = self.func.ty(target).as_array().expect("an array").ndim;
        if ty.ndim > ndim {
            let to = Ty::Array(self.func.ty(target).as_array().expect("an array")).to_string();
            return Err(TypeError::Convert { from: value.ty.clone(), to, span: value.span }.into());
        }
        let source = self.value(value)?;
        let added = ndim - ty.ndim;
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        for axis in 0..ndim {
            let wanted = self.b().dim(target, axis);
            shape.push(wanted);
            if axis < added {
                strides.push(zero);
                continue;
            }
            let found = self.b().dim(source, axis - added);
            let equal = self.b().compare(CompareOp::Eq, found, wanted);
            let single = self.b().compare(CompareOp::Eq, found, one);
            let fits = self.b().binary(BinaryOp::Or, equal, single);
            let message =
                "could not broadcast input array: axis {0} has {1} elements, the destination's has {2}";
            let number = self.b().i64(i64::from(axis));
            let args = vec![(number, true), (found, true), (wanted, true)];
            self.check(fits, ExcClass::VALUE_ERROR, message, args);
            let stride = self.b().stride(source, axis - added);
            strides.push(self.b().select(equal, stride, zero));
        }
        let layout = if ndim == 0 { Layout::C } else { Layout::Strided };
        Ok(self.view(source, ArrayType { ndim, layout, ..ty }, zero, shape, strides, value.span))
    }

    /// A fresh copy in native byte order.
    pub(crate) fn copy_array(&mut self, value: &Operand, layout: Layout) -> Result<Operand> {
        let ty = value.ty.as_array().expect("an array");
        self.copy_array_as(value, ArrayType { layout, readonly: false, swapped: false, ..ty })
    }

    /// A fresh copy of a type that differs in layout and byte order only.
    pub(crate) fn copy_array_as(&mut self, value: &Operand, ty: ArrayType) -> Result<Operand> {
        let source = self.value(value)?;
        let shape = (0..ty.ndim).map(|axis| self.b().dim(source, axis)).collect();
        let copy = self.b().alloc(ty, shape, false);
        let copy = Operand::value(Ty::Array(ty), copy, value.span);
        let target = self.value(&copy)?;
        self.over(target, &mut |l, at| {
            let element = l.load_element(value, at.clone())?;
            l.store_element(&copy, at, &element)
        })?;
        Ok(copy)
    }
}

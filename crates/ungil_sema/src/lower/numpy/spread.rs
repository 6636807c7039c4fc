//! Views of NumPy functions that need shapes at run time: orders of `reshape`, broadcasting, diagonals, windows, strides.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, MessageArg};
use ungil_ir::types::{ArrayType, Layout};

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::shapes::{needed, rank};
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// Whether an `order=` argument means Fortran's order.
    fn is_fortran(&mut self, x: &Operand, order: Option<&Operand>, keeps: bool) -> Result<bool> {
        let layout = x.ty.as_array().map_or(Layout::C, |t| if t.ndim < 2 { Layout::C } else { t.layout });
        Ok(match order.map(|o| (o.as_str().unwrap_or_default(), o)) {
            None | Some(("C" | "c", _)) => false,
            Some(("F" | "f", _)) => true,
            Some(("A" | "a", _)) => layout == Layout::F,
            Some(("K" | "k", _)) if keeps && layout != Layout::Strided => layout == Layout::F,
            Some((_, o)) => {
                let note = "expected 'C', 'F' or 'A'".to_owned();
                let (function, parameter) = ("numpy.reshape".to_owned(), "order".to_owned());
                let span = o.span;
                return Err(CallError::UnsupportedArgument { function, parameter, span, note }.into());
            }
        })
    }

    /// `reshape` in an order: in Fortran's it is that of the transposed array.
    pub(crate) fn reshaped_in(
        &mut self,
        x: &Operand,
        shape: &[Operand],
        order: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        if !self.is_fortran(x, order, false)? {
            return self.reshaped(x, shape, span);
        }
        let turned = self.transposed(x, None, span)?;
        let shape: Vec<Operand> = shape.iter().rev().cloned().collect();
        let made = self.reshaped(&turned, &shape, span)?;
        self.transposed(&made, None, span)
    }

    /// `ravel` in an order.
    pub(crate) fn raveled_in(&mut self, x: &Operand, order: Option<&Operand>, span: Span) -> Result<Operand> {
        if !self.is_fortran(x, order, true)? {
            return self.raveled(x, span);
        }
        let turned = self.transposed(x, None, span)?;
        self.raveled(&turned, span)
    }

    /// A read-only view broadcast to a shape.
    pub(crate) fn spread_to(&mut self, x: &Operand, shape: &[Value], span: Span) -> Result<Operand> {
        let n = rank(x);
        let Some(added) = shape.len().checked_sub(n) else {
            let message = "input operand has more dimensions than allowed by the axis remapping";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        };
        let zero = self.b().i64(0);
        for &extent in shape {
            let fine = self.b().compare(CompareOp::Ge, extent, zero);
            let message = "all elements of broadcast shape must be non-negative";
            self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
        }
        let base = self.value(x)?;
        let ty = x.ty.as_array().expect("an array");
        let one = self.b().i64(1);
        let mut strides: Vec<Value> = vec![zero; added];
        for axis in 0..n {
            let (own, stride) = (self.b().dim(base, axis as u8), self.b().stride(base, axis as u8));
            let single = self.b().compare(CompareOp::Eq, own, one);
            let equal = self.b().compare(CompareOp::Eq, own, shape[added + axis]);
            let fine = self.b().binary(BinaryOp::Or, single, equal);
            let message =
                "operands could not be broadcast together: axis {0} has {1} elements, {2} are requested";
            let number = self.b().i64(axis as i64);
            let args: Vec<MessageArg> = vec![(number, true), (own, true), (shape[added + axis], true)];
            self.check(fine, ExcClass::VALUE_ERROR, message, args);
            strides.push(self.b().select(equal, stride, zero));
        }
        let layout = if shape.is_empty() { Layout::C } else { Layout::Strided };
        let view = ArrayType { ndim: shape.len() as u8, layout, readonly: true, ..ty };
        Ok(self.view(base, view, zero, shape.to_vec(), strides, span))
    }

    pub(crate) fn all_broadcast(&mut self, args: &[Operand], span: Span) -> Result<Operand> {
        let all = args.iter().map(|x| self.as_array(x, None, span)).collect::<Result<Vec<_>>>()?;
        let shape = self.broadcast_shape(&all);
        let all = all.iter().map(|x| self.spread_to(x, &shape, span)).collect::<Result<Vec<_>>>()?;
        Ok(Operand::tuple(all, span))
    }

    /// `broadcast_shapes`: of integers and tuples of integers.
    pub(crate) fn common_shape(&mut self, args: &[Operand], span: Span) -> Result<Operand> {
        let shapes = args
            .iter()
            .map(|s| self.shape_argument(s, "numpy.broadcast_shapes"))
            .collect::<Result<Vec<_>>>()?;
        let n = shapes.iter().map(Vec::len).max().unwrap_or(0);
        let one = self.b().i64(1);
        let mut common = Vec::new();
        for axis in 0..n {
            let mut extent = one;
            for shape in &shapes {
                let Some(own) = (axis + shape.len()).checked_sub(n).map(|k| shape[k]) else { continue };
                let single = self.b().compare(CompareOp::Eq, extent, one);
                let next = self.b().select(single, own, extent);
                let own_single = self.b().compare(CompareOp::Eq, own, one);
                let equal = self.b().compare(CompareOp::Eq, own, next);
                let fine = self.b().binary(BinaryOp::Or, own_single, equal);
                let message = "shape mismatch: objects cannot be broadcast to a single shape.";
                self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
                extent = next;
            }
            common.push(Operand::value(Ty::PyInt, extent, span));
        }
        Ok(Operand::tuple(common, span))
    }

    /// The diagonal over two axes as the last axis of a view.
    pub(crate) fn diagonal(
        &mut self,
        x: &Operand,
        offset: &Operand,
        axes: [&Operand; 2],
        readonly: bool,
        span: Span,
    ) -> Result<Operand> {
        let n = rank(x);
        if n < 2 {
            let message = "diag requires an array of at least two dimensions";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        }
        let i = self.axis_number_as("axis1: ", axes[0], n)?;
        let j = self.axis_number_as("axis2: ", axes[1], n)?;
        if i == j {
            return self.always_raise(ExcClass::VALUE_ERROR, "axis1 and axis2 cannot be the same");
        }
        let base = self.value(x)?;
        let ty = x.ty.as_array().expect("an array");
        let offset = self.integer_argument(offset, "numpy.diagonal", "offset")?;
        let zero = self.b().i64(0);
        let (rows, columns) = (self.b().dim(base, i as u8), self.b().dim(base, j as u8));
        let (down, right) = (self.b().stride(base, i as u8), self.b().stride(base, j as u8));
        let below = self.b().binary(BinaryOp::Sub, zero, offset);
        let (below, above) =
            (self.b().binary(BinaryOp::Max, below, zero), self.b().binary(BinaryOp::Max, offset, zero));
        let (rows, columns) =
            (self.b().binary(BinaryOp::Sub, rows, below), self.b().binary(BinaryOp::Sub, columns, above));
        let length = self.b().binary(BinaryOp::Min, rows, columns);
        let some = self.b().compare(CompareOp::Gt, length, zero);
        let length = self.b().select(some, length, zero);
        let (low, high) =
            (self.b().binary(BinaryOp::Mul, below, down), self.b().binary(BinaryOp::Mul, above, right));
        let start = self.b().binary(BinaryOp::Add, low, high);
        let start = self.b().select(some, start, zero);
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        for k in (0..n).filter(|k| *k != i && *k != j) {
            shape.push(self.b().dim(base, k as u8));
            strides.push(self.b().stride(base, k as u8));
        }
        shape.push(length);
        strides.push(self.b().binary(BinaryOp::Add, down, right));
        let view =
            ArrayType { ndim: n as u8 - 1, layout: Layout::Strided, readonly: ty.readonly || readonly, ..ty };
        Ok(self.view(base, view, start, shape, strides, span))
    }

    pub(crate) fn as_strided_call(&mut self, b: &[Option<Operand>], span: Span) -> Result<Operand> {
        let x = self.as_array(needed(b, 0), None, span)?;
        let base = self.value(&x)?;
        let ty = x.ty.as_array().expect("an array");
        let axes = 0..ty.ndim;
        let given = |k: usize| b[k].as_ref().filter(|o| !o.is_none());
        let shape = match given(1) {
            Some(shape) => self.shape_argument(shape, "as_strided")?,
            None => axes.clone().map(|k| self.b().dim(base, k)).collect(),
        };
        let strides = match given(2) {
            Some(strides) => self.shape_argument(strides, "as_strided")?,
            None => axes.map(|k| self.b().stride(base, k)).collect(),
        };
        if shape.len() != strides.len() {
            let message = "strides must be the same length as shape";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        }
        let zero = self.b().i64(0);
        for &extent in &shape {
            let fine = self.b().compare(CompareOp::Ge, extent, zero);
            self.check(fine, ExcClass::VALUE_ERROR, "negative dimensions are not allowed", Vec::new());
        }
        let readonly = ty.readonly || given(4).and_then(|w| w.constant).is_some_and(|c| !c.truth());
        let layout = if shape.is_empty() { Layout::C } else { Layout::Strided };
        let view = ArrayType { ndim: shape.len() as u8, layout, readonly, ..ty };
        Ok(self.view(base, view, zero, shape, strides, span))
    }

    /// `sliding_window_view`: the windows' axes behind the array's.
    pub(crate) fn windows(
        &mut self,
        x: &Operand,
        window: &Operand,
        axis: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let x = self.as_array(x, None, span)?;
        let (base, n) = (self.value(&x)?, rank(&x));
        let ty = x.ty.as_array().expect("an array");
        let window = self.shape_argument(window, "sliding_window_view")?;
        let axes = match axis.filter(|a| !a.is_none()) {
            None if window.len() == n => (0..n).collect(),
            None => {
                let message = format!(
                    "Since axis is None, must provide window_shape for all dimensions of `x`; got {} window_shape \
                     elements and `x.ndim` is {n}.",
                    window.len()
                );
                return self.always_raise(ExcClass::VALUE_ERROR, &message);
            }
            // An axis may come twice.
            Some(axis) => {
                let given = self.items_or_self(axis);
                given.iter().map(|a| self.axis_number(a, n)).collect::<Result<Vec<usize>>>()?
            }
        };
        if axes.len() != window.len() {
            let message = "Must provide matching length window_shape and axis";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        }
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let mut shape: Vec<Value> = (0..n as u8).map(|k| self.b().dim(base, k)).collect();
        let mut strides: Vec<Value> = (0..n as u8).map(|k| self.b().stride(base, k)).collect();
        for (&k, &width) in axes.iter().zip(&window) {
            let fine = self.b().compare(CompareOp::Ge, width, zero);
            let message = "`window_shape` cannot contain negative values";
            self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
            let fits = self.b().compare(CompareOp::Le, width, shape[k]);
            let message = "window shape cannot be larger than input array shape";
            self.check(fits, ExcClass::VALUE_ERROR, message, Vec::new());
            let less = self.b().binary(BinaryOp::Sub, width, one);
            shape[k] = self.b().binary(BinaryOp::Sub, shape[k], less);
            let stride = self.b().stride(base, k as u8);
            shape.push(width);
            strides.push(stride);
        }
        let view = ArrayType { ndim: shape.len() as u8, layout: Layout::Strided, readonly: true, ..ty };
        Ok(self.view(base, view, zero, shape, strides, span))
    }

    /// `a.flat` for reading: all elements in C order. Only of a contiguous array are they the array's own.
    pub(crate) fn flat(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let ty = x.ty.as_array().expect("an array");
        let flat = self.raveled(x, span)?;
        if ty.layout == Layout::C || ty.ndim == 0 {
            return Ok(flat);
        }
        let found = flat.ty.as_array().ok_or_else(|| TypeError::NotIterable { ty: flat.ty.clone(), span })?;
        let base = self.value(&flat)?;
        let (zero, n, stride) = (self.b().i64(0), self.b().dim(base, 0), self.b().stride(base, 0));
        Ok(self.view(base, ArrayType { readonly: true, ..found }, zero, vec![n], vec![stride], span))
    }

    /// `array.flat[index] = value` where no view has the elements in order.
    pub(crate) fn assign_flat(
        &mut self,
        array: &Operand,
        index: &[Operand],
        value: &Operand,
        span: Span,
    ) -> Result<()> {
        self.check_writable(array)?;
        let [at] = index else {
            return self.always_raise(ExcClass::INDEX_ERROR, "unsupported iterator index");
        };
        let kernel = crate::prelude::find("numpy._assign_flat").expect("a function of the prelude");
        let positional = vec![self.settled(array)?, at.clone(), self.settled(value)?];
        self.call_prelude(kernel, Args { positional, keywords: Vec::new(), span }).map(|_| ())
    }
}

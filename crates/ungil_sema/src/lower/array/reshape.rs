//! `reshape` and `ravel`: a view where the elements lie in order, else a copy.
//!
//! NumPy also finds views of some arrays that are not contiguous as a whole; those are copied here, one-dimensional
//! ones excepted.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `array.reshape(shape)` in C order; one extent may be -1.
    pub(crate) fn reshaped(&mut self, array: &Operand, shape: &[Operand], span: Span) -> Result<Operand> {
        let base = self.value(array)?;
        let size = self.array_size(base);
        let shape = self.resolved_shape(shape, size)?;
        self.with_shape(array, shape, span)
    }

    /// `array.ravel()` in C order.
    pub(crate) fn raveled(&mut self, array: &Operand, span: Span) -> Result<Operand> {
        let base = self.value(array)?;
        let size = self.array_size(base);
        // Unlike a reshaped array a ravelled one is always contiguous.
        self.contiguous_with_shape(array, vec![size], span)
    }

    /// The extents, the unknown one computed, checked against the number of elements.
    fn resolved_shape(&mut self, shape: &[Operand], size: Value) -> Result<Vec<Value>> {
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let mut extents = Vec::new();
        for extent in shape {
            extents.push(self.integer_argument(extent, "reshape", "shape")?);
        }
        // The product of the known extents, and how many are unknown.
        let (mut known, mut unknown) = (one, zero);
        let mut negative = Vec::new();
        for (extent, operand) in extents.iter().zip(shape) {
            let is_negative = match operand.const_int() {
                Some(c) => self.b().bool(c < 0),
                None => self.b().compare(CompareOp::Lt, *extent, zero),
            };
            let factor = self.b().select(is_negative, one, *extent);
            known = self.b().binary(BinaryOp::Mul, known, factor);
            let count = self.b().cast(is_negative, DType::I64);
            unknown = self.b().binary(BinaryOp::Add, unknown, count);
            negative.push(is_negative);
        }
        let single = self.b().compare(CompareOp::Le, unknown, one);
        self.check(single, ExcClass::VALUE_ERROR, "can only specify one unknown dimension", Vec::new());
        let rest = self.b().binary(BinaryOp::FloorDiv, size, known);
        for (extent, is_negative) in extents.iter_mut().zip(negative) {
            *extent = self.b().select(is_negative, rest, *extent);
        }
        let mut total = one;
        for extent in &extents {
            total = self.b().binary(BinaryOp::Mul, total, *extent);
        }
        // With an unknown extent the known ones must divide the size; a known product of zero leaves it undetermined.
        let fits = self.b().compare(CompareOp::Eq, total, size);
        let none_unknown = self.b().compare(CompareOp::Eq, unknown, zero);
        let determined = self.b().compare(CompareOp::Ne, known, zero);
        let determined = self.b().binary(BinaryOp::Or, determined, none_unknown);
        let fits = self.b().binary(BinaryOp::And, fits, determined);
        let message = "cannot reshape array of size {0} into the given shape with {1} elements";
        self.check(fits, ExcClass::VALUE_ERROR, message, vec![(size, true), (total, true)]);
        Ok(extents)
    }

    fn with_shape(&mut self, array: &Operand, shape: Vec<Value>, span: Span) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let view = ArrayType { ndim: shape.len() as u8, layout: Layout::C, ..ty };
        if ty.layout == Layout::C || ty.ndim == 0 {
            return Ok(self.in_order(base, view, shape, span));
        }
        if ty.ndim == 1 {
            return Ok(self.spread(base, view, shape, span));
        }
        self.contiguous_with_shape(array, shape, span)
    }

    /// A view where the memory is contiguous, else a copy. The type is the same for both.
    fn contiguous_with_shape(&mut self, array: &Operand, shape: Vec<Value>, span: Span) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let plain = ArrayType { ndim: shape.len() as u8, layout: Layout::C, readonly: false, ..ty };
        if ty.layout == Layout::C || ty.ndim == 0 {
            return Ok(self.in_order(base, ArrayType { readonly: ty.readonly, ..plain }, shape, span));
        }
        if ty.readonly {
            let copy = self.copy_array_as(array, ArrayType { layout: Layout::C, readonly: false, ..ty })?;
            let copy = self.value(&copy)?;
            return Ok(self.in_order(copy, plain, shape, span));
        }
        let contiguous = self.is_contiguous(base, ty);
        let var = self.func.new_var("reshaped", Type::Array(plain));
        let (viewed, copied): (Result<()>, Result<()>) = self.if_else(
            contiguous,
            |l| {
                let made = l.in_order(base, plain, shape.clone(), span);
                let value = l.value(&made)?;
                l.b().set(var, value);
                Ok(())
            },
            |l| {
                let copy = l.copy_array_as(array, ArrayType { layout: Layout::C, readonly: false, ..ty })?;
                let copy = l.value(&copy)?;
                let made = l.in_order(copy, plain, shape.clone(), span);
                let value = l.value(&made)?;
                l.b().set(var, value);
                Ok(())
            },
        );
        viewed.and(copied)?;
        let value = self.b().get(var);
        Ok(Operand::value(Ty::Array(plain), value, span))
    }

    /// A C-contiguous view of contiguous memory.
    fn in_order(&mut self, base: Value, ty: ArrayType, shape: Vec<Value>, span: Span) -> Operand {
        let strides = self.c_strides(&shape, ty.dtype);
        let zero = self.b().i64(0);
        self.view(base, ty, zero, shape, strides, span)
    }

    /// A view of a one-dimensional array with a stride.
    fn spread(&mut self, base: Value, ty: ArrayType, shape: Vec<Value>, span: Span) -> Operand {
        let mut stride = self.b().stride(base, 0);
        let mut strides = Vec::new();
        for extent in shape.iter().rev() {
            strides.push(stride);
            stride = self.b().binary(BinaryOp::Mul, stride, *extent);
        }
        strides.reverse();
        let zero = self.b().i64(0);
        let layout = if ty.ndim == 0 { Layout::C } else { Layout::Strided };
        self.view(base, ArrayType { layout, ..ty }, zero, shape, strides, span)
    }

    /// Strides of a C-contiguous array.
    pub(crate) fn c_strides(&mut self, shape: &[Value], dtype: DType) -> Vec<Value> {
        let mut stride = self.b().i64(dtype.size() as i64);
        let mut strides = Vec::new();
        for extent in shape.iter().rev() {
            strides.push(stride);
            stride = self.b().binary(BinaryOp::Mul, stride, *extent);
        }
        strides.reverse();
        strides
    }

    /// Whether the elements lie in C order without gaps.
    fn is_contiguous(&mut self, array: Value, ty: ArrayType) -> Value {
        let shape: Vec<Value> = (0..ty.ndim).map(|axis| self.b().dim(array, axis)).collect();
        let wanted = self.c_strides(&shape, ty.dtype);
        let one = self.b().i64(1);
        let mut all = self.b().bool(true);
        for axis in 0..ty.ndim {
            let found = self.b().stride(array, axis);
            let equal = self.b().compare(CompareOp::Eq, found, wanted[usize::from(axis)]);
            let short = self.b().compare(CompareOp::Le, shape[usize::from(axis)], one);
            let fine = self.b().binary(BinaryOp::Or, equal, short);
            all = self.b().binary(BinaryOp::And, all, fine);
        }
        all
    }

    /// The elements of a shape given as one tuple or as several arguments.
    pub(crate) fn shape_operands(&mut self, args: &[Operand], span: Span) -> Result<Vec<Operand>> {
        match args {
            [only] if matches!(only.ty, Ty::Tuple(_)) => Ok(self.items(only)),
            [] => Err(TypeError::Argument {
                function: "reshape".to_owned(),
                parameter: "shape".to_owned(),
                expected: "an integer or a tuple of integers".to_owned(),
                found: Ty::None,
                span,
            }
            .into()),
            several => Ok(several.to_vec()),
        }
    }
}

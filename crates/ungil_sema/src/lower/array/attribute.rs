//! Attributes of arrays.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::ty::Ty;

/// Methods that compiled code can call on arrays.
pub(crate) const METHODS: &[&str] = &[
    "copy",
    "fill",
    "reshape",
    "ravel",
    "flatten",
    "transpose",
    "astype",
    "item",
    "conj",
    "conjugate",
    "nonzero",
    "take",
    "compress",
    "put",
    "choose",
    "swapaxes",
    "squeeze",
    "diagonal",
    "repeat",
    "trace",
    "clip",
    "dot",
    "searchsorted",
    "view",
    "tolist",
    "tobytes",
    "round",
];

/// Attributes of arrays, for suggestions.
pub(crate) const ATTRIBUTES: &[&str] = &[
    "shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides", "T", "mT", "flat", "flags", "real",
    "imag",
];

impl Lowerer<'_, '_> {
    /// `array.name`; `None` if arrays have no such attribute in compiled code.
    pub(crate) fn array_attribute(
        &mut self,
        array: &Operand,
        name: &str,
        span: Span,
    ) -> Result<Option<Operand>> {
        let ty = array.ty.as_array().expect("an array");
        if matches!(name, "ctypes" | "flags")
            || METHODS.contains(&name)
            || crate::lower::numpy::reductions::METHODS.contains(&name)
        {
            let method = Ty::Method(Box::new(array.ty.clone()), format!("numpy.ndarray.{name}").into());
            return Ok(Some(Operand { ty: method, span, ..array.clone() }));
        }
        if self.is_c() && ["copy_fortran", "is_c_contig", "is_f_contig"].contains(&name) {
            let method = Ty::Method(Box::new(array.ty.clone()), format!("numpy.ndarray.{name}").into());
            return Ok(Some(Operand { ty: method, span, ..array.clone() }));
        }
        if name == "shape" {
            let dims = self.extents(array)?;
            return Ok(Some(int_tuple(dims, span)));
        }
        let array = &self.settled(array)?;
        let base = self.value(array)?;
        Ok(Some(match name {
            "strides" => {
                let strides = (0..ty.ndim).map(|axis| self.b().stride(base, axis)).collect();
                int_tuple(strides, span)
            }
            "suboffsets" if self.is_c() => {
                let items = (0..ty.ndim).map(|_| Operand::int(-1, span));
                Operand::tuple(items.collect(), span)
            }
            "ndim" => Operand::int(i64::from(ty.ndim), span),
            "itemsize" => Operand::int(ty.dtype.size() as i64, span),
            "dtype" => Operand::entity(Ty::DType(ty.dtype), span),
            "size" => {
                let size = self.array_size(base);
                Operand::value(Ty::PyInt, size, span)
            }
            "nbytes" => {
                let (size, item) = (self.array_size(base), self.b().i64(ty.dtype.size() as i64));
                let bytes = self.b().binary(BinaryOp::Mul, size, item);
                Operand::value(Ty::PyInt, bytes, span)
            }
            "flat" => self.flat(array, span)?,
            "T" => self.transposed(array, None, span)?,
            "mT" => {
                let args = Args { positional: vec![array.clone()], keywords: Vec::new(), span };
                crate::registry::call(self, "numpy.matrix_transpose", args)?
            }
            "real" | "imag" => self.array_part(array, name == "imag", span)?,
            _ => return Ok(None),
        }))
    }

    /// Whether the elements of a memoryview lie one behind the other, the last axis fastest or the first.
    pub(crate) fn is_packed(&mut self, array: &Operand, first: bool, span: Span) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let mut expected = self.b().i64(ty.dtype.size() as i64);
        let mut all = self.b().bool(true);
        for k in 0..ty.ndim {
            let axis = if first { k } else { ty.ndim - 1 - k };
            let stride = self.b().stride(base, axis);
            let fits = self.b().compare(CompareOp::Eq, stride, expected);
            all = self.b().binary(BinaryOp::And, all, fits);
            let extent = self.b().dim(base, axis);
            expected = self.b().binary(BinaryOp::Mul, expected, extent);
        }
        Ok(Operand::value(Ty::PyBool, all, span))
    }

    /// Number of elements.
    pub(crate) fn array_size(&mut self, array: Value) -> Value {
        let ndim = self.func.ty(array).as_array().expect("an array").ndim;
        let mut size = None;
        for axis in 0..ndim {
            let n = self.b().dim(array, axis);
            size = Some(match size {
                None => n,
                Some(s) => self.b().binary(BinaryOp::Mul, s, n),
            });
        }
        size.unwrap_or_else(|| self.b().i64(1))
    }

    /// A view with the axes in another order; reversed by default.
    pub(crate) fn transposed(
        &mut self,
        array: &Operand,
        order: Option<&[u8]>,
        span: Span,
    ) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let reversed: Vec<u8> = (0..ty.ndim).rev().collect();
        let order = order.unwrap_or(&reversed);
        let identity = order.iter().copied().eq(0..ty.ndim);
        if identity {
            return Ok(array.clone().at(span));
        }
        let base = self.value(array)?;
        let shape = order.iter().map(|axis| self.b().dim(base, *axis)).collect();
        let strides = order.iter().map(|axis| self.b().stride(base, *axis)).collect();
        let layout = match ty.layout {
            Layout::C if *order == reversed => Layout::F,
            Layout::F if *order == reversed => Layout::C,
            _ => Layout::Strided,
        };
        let zero = self.b().i64(0);
        Ok(self.view(base, ArrayType { layout, ..ty }, zero, shape, strides, span))
    }

    /// The real or imaginary part: a view of complex arrays. Real arrays are their own real part; their imaginary part is
    /// a fresh read-only array of zeros, as in NumPy.
    fn array_part(&mut self, array: &Operand, imaginary: bool, span: Span) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let shape: Vec<Value> = (0..ty.ndim).map(|axis| self.b().dim(base, axis)).collect();
        if !ty.dtype.is_complex() {
            if !imaginary {
                return Ok(array.clone().at(span));
            }
            let zeros = ArrayType { layout: Layout::C, readonly: false, swapped: false, ..ty };
            let value = self.b().alloc(zeros, shape.clone(), true);
            let strides = self.c_strides(&shape, ty.dtype);
            let offset = self.b().i64(0);
            return Ok(self.view(value, ArrayType { readonly: true, ..zeros }, offset, shape, strides, span));
        }
        let part = ty.dtype.real();
        let strides = (0..ty.ndim).map(|axis| self.b().stride(base, axis)).collect();
        let offset = self.b().i64(if imaginary { part.size() as i64 } else { 0 });
        let layout = if ty.ndim == 0 { Layout::C } else { Layout::Strided };
        Ok(self.view(base, ArrayType { dtype: part, layout, ..ty }, offset, shape, strides, span))
    }

    /// The extents in a shape argument: an integer or a tuple of them.
    pub(crate) fn shape_argument(&mut self, shape: &Operand, function: &str) -> Result<Vec<Value>> {
        let items = match &shape.ty {
            Ty::Tuple(_) => self.items(shape),
            _ => vec![shape.clone()],
        };
        items.iter().map(|i| self.integer_argument(i, function, "shape")).collect()
    }

    /// An argument that must be an integer.
    pub(crate) fn integer_argument(
        &mut self,
        value: &Operand,
        function: &str,
        parameter: &str,
    ) -> Result<Value> {
        if !value.ty.is_integral() || value.ty.dtype() == Some(DType::Bool) {
            return Err(crate::diagnostics::types::TypeError::Argument {
                function: function.to_owned(),
                parameter: parameter.to_owned(),
                expected: "an integer".to_owned(),
                found: value.ty.clone(),
                span: value.span,
            }
            .into());
        }
        self.index(value)
    }
}

/// A tuple of Python integers.
pub(crate) fn int_tuple(values: Vec<Value>, span: Span) -> Operand {
    Operand::tuple(values.into_iter().map(|v| Operand::value(Ty::PyInt, v, span)).collect(), span)
}

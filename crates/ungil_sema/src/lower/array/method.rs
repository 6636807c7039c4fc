//! Helpers of array methods and of NumPy's functions on scalars.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::promote::promote_scalars;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// Whether an operand is an array with axes.
    pub(crate) fn is_proper_array(&self, x: &Operand) -> bool {
        x.ty.as_array().is_some_and(|t| t.ndim > 0)
    }

    /// A NumPy scalar as the Python number of its kind.
    pub(crate) fn convert_to_weak(&mut self, x: &Operand, dtype: DType, span: Span) -> Result<Operand> {
        let weak = Ty::weak_of(dtype);
        let wide = weak.dtype().expect("a scalar");
        let value = self.cast_to(x, wide)?;
        Ok(Operand::value(weak, value, span))
    }

    /// A scalar with its NumPy type: weak ones become the default type of their kind.
    pub(crate) fn as_numpy(&mut self, x: &Operand) -> Result<Operand> {
        let x = self.number(x, "numpy")?;
        let dtype = x.ty.dtype().expect("a scalar");
        if !x.ty.is_weak() {
            return Ok(x);
        }
        let value = self.cast_to(&x, dtype)?;
        Ok(Operand::value(Ty::Scalar(dtype), value, x.span))
    }

    /// A scalar as the float type on which NumPy computes: float32 stays, 16-bit integers give it; 8-bit ones and booleans,
    /// for which NumPy has float16, give float64 here.
    pub(crate) fn numpy_float(&mut self, x: &Operand, function: &str) -> Result<Operand> {
        let x = self.number(x, function)?;
        let dtype = x.ty.dtype().expect("a scalar");
        if dtype.is_complex() {
            return Err(TypeError::Argument {
                function: function.to_owned(),
                parameter: "x".to_owned(),
                expected: "a real number".to_owned(),
                found: x.ty.clone(),
                span: x.span,
            }
            .into());
        }
        let float = float_of(dtype);
        let value = self.cast_to(&x, float)?;
        Ok(Operand::value(Ty::Scalar(float), value, x.span))
    }

    /// A maths function with NumPy's types and without errors.
    pub(crate) fn numpy_math(
        &mut self,
        f: MathFn,
        args: &[Operand],
        function: &str,
        span: Span,
    ) -> Result<Operand> {
        let mut floats = Vec::new();
        for a in args {
            floats.push(self.numpy_float(a, function)?);
        }
        // Half precision, NumPy's for 8-bit integers, gives way to float32.
        let strong = || args.iter().filter(|a| !a.ty.is_weak()).filter_map(|a| a.ty.dtype());
        let single = strong().any(|d| float_of(d) == DType::F32)
            && strong().all(|d| float_of(d) == DType::F32 || d.size() == 1);
        let dtype = if single { DType::F32 } else { DType::F64 };
        let rounding = matches!(f, MathFn::Floor | MathFn::Ceil | MathFn::Trunc | MathFn::Rint);
        if rounding
            && args[0].ty.is_integral()
            && args[0].ty.dtype() != Some(DType::Bool)
            && f != MathFn::Rint
        {
            return self.as_numpy(&args[0]);
        }
        let mut values = Vec::new();
        for x in &floats {
            values.push(self.cast_to(x, dtype)?);
        }
        let value = self.b().math(f, &values);
        Ok(Operand::value(Ty::Scalar(dtype), value, span))
    }

    /// `np.minimum` and `np.maximum` of scalars: NaN wins.
    pub(crate) fn numpy_extremum(
        &mut self,
        largest: bool,
        x: &Operand,
        y: &Operand,
        span: Span,
    ) -> Result<Operand> {
        let (x, y) = (self.number(x, "numpy.minimum")?, self.number(y, "numpy.minimum")?);
        let common = promote_scalars(&x.ty, &y.ty);
        let dtype = common.dtype().expect("a scalar");
        if dtype.is_complex() {
            return self.complex_extremum(largest, false, [&x, &y], span);
        }
        let (a, b) = (self.cast_checked(&x, dtype)?, self.cast_checked(&y, dtype)?);
        let op = if largest { BinaryOp::Max } else { BinaryOp::Min };
        let value = self.b().binary(op, a, b);
        Ok(Operand::value(Ty::Scalar(dtype), value, span))
    }

    /// The greater or smaller of two complex numbers; NaN in the first wins, or, with `numbers`, loses.
    pub(crate) fn complex_extremum(
        &mut self,
        largest: bool,
        numbers: bool,
        [x, y]: [&Operand; 2],
        span: Span,
    ) -> Result<Operand> {
        let dtype = promote_scalars(&x.ty, &y.ty).dtype().expect("a scalar");
        let (a, b) = (self.cast_checked(x, dtype)?, self.cast_checked(y, dtype)?);
        let first = self.complex_order(if largest { CompareOp::Ge } else { CompareOp::Le }, a, b);
        let odd = if numbers { b } else { a };
        let nan = self.b().compare(CompareOp::Ne, odd, odd);
        let first = self.b().binary(BinaryOp::Or, first, nan);
        let value = self.b().select(first, a, b);
        Ok(Operand::value(Ty::Scalar(dtype), value, span))
    }

    /// The axes given to `transpose`: none, a tuple, or one by one; constants.
    pub(crate) fn axes_argument(&mut self, array: &Operand, args: &[Operand]) -> Result<Option<Vec<u8>>> {
        let given = match args {
            [] => return Ok(None),
            [only] if only.is_none() => return Ok(None),
            [only] if matches!(only.ty, Ty::Tuple(_)) => self.items(only),
            several => several.to_vec(),
        };
        let ndim = usize::from(array.ty.as_array().expect("an array").ndim);
        if given.len() != ndim {
            return self.always_raise(ExcClass::VALUE_ERROR, "axes don't match array");
        }
        let axes = given.iter().map(|a| self.axis_number(a, ndim)).collect::<Result<Vec<_>>>()?;
        if (1..ndim).any(|k| axes[..k].contains(&axes[k])) {
            return self.always_raise(ExcClass::VALUE_ERROR, "repeated axis in transpose");
        }
        Ok(Some(axes.into_iter().map(|a| a as u8).collect()))
    }
}

/// The float type in which NumPy's functions of one number compute.
fn float_of(dtype: DType) -> DType {
    if matches!(dtype, DType::F32 | DType::I16 | DType::U16) { DType::F32 } else { DType::F64 }
}

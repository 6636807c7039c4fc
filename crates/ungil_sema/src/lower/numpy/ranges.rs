//! `arange` and `linspace`, element for element as NumPy computes them.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::promote::{promote_dtypes, promote_scalars};
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `np.arange(start, stop, step, dtype)`. Floating elements are `start + i * delta` with `delta = (start + step) - start`.
    pub(crate) fn arange(
        &mut self,
        start: Option<&Operand>,
        stop: &Operand,
        step: Option<&Operand>,
        dtype: Option<DType>,
        span: Span,
    ) -> Result<Operand> {
        let (zero, one) = (Operand::int(0, span), Operand::int(1, span));
        let (start, step) = (start.unwrap_or(&zero), step.unwrap_or(&one));
        let mut natural = DType::I64;
        for o in [start, stop, step] {
            let found = o.ty.dtype().filter(|d| !d.is_complex());
            let found = found.ok_or_else(|| self.not_a_number(o, "numpy.arange"))?;
            natural = match (&o.ty, natural) {
                (Ty::PyInt | Ty::PyBool, n) => n,
                (_, DType::I64) if found.is_int() && found.size() < 8 => DType::I64,
                (_, n) => promote_dtypes(n, found),
            };
        }
        let dtype = dtype.unwrap_or(natural);
        let integral = natural.is_int();
        let work = if integral { DType::I64 } else { DType::F64 };
        let (start, stop, step) =
            (self.cast_to(start, work)?, self.cast_to(stop, work)?, self.cast_to(step, work)?);
        let len = if integral {
            self.integer_length(start, stop, step)
        } else {
            self.float_length(start, stop, step)
        };
        let delta = if integral {
            step
        } else {
            let next = self.b().binary(BinaryOp::Add, start, step);
            self.b().binary(BinaryOp::Sub, next, start)
        };
        let at = |l: &mut Self, i: Value| {
            let i = l.b().cast(i, work);
            let moved = l.b().binary(BinaryOp::Mul, i, delta);
            Ok(l.b().binary(BinaryOp::Add, start, moved))
        };
        self.filled_by(len, dtype, span, &at)
    }

    fn not_a_number(&self, o: &Operand, function: &str) -> crate::diagnostics::Error {
        crate::diagnostics::types::TypeError::Argument {
            function: function.to_owned(),
            parameter: "start, stop or step".to_owned(),
            expected: "a real number".to_owned(),
            found: o.ty.clone(),
            span: o.span,
        }
        .into()
    }

    fn integer_length(&mut self, start: Value, stop: Value, step: Value) -> Value {
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let nonzero = self.b().compare(CompareOp::Ne, step, zero);
        self.check(nonzero, ExcClass::ZERO_DIVISION, "division by zero", Vec::new());
        let up = self.b().compare(CompareOp::Gt, step, zero);
        let (ascending, descending) =
            (self.b().binary(BinaryOp::Sub, stop, start), self.b().binary(BinaryOp::Sub, start, stop));
        let distance = self.b().select(up, ascending, descending);
        let distance = self.b().binary(BinaryOp::Max, distance, zero);
        let size = self.b().unary(UnaryOp::Abs, step);
        let more = self.b().binary(BinaryOp::Sub, size, one);
        let rounded = self.b().binary(BinaryOp::Add, distance, more);
        self.b().binary(BinaryOp::FloorDiv, rounded, size)
    }

    fn float_length(&mut self, start: Value, stop: Value, step: Value) -> Value {
        let zero = self.b().f64(0.0);
        let nonzero = self.b().compare(CompareOp::Ne, step, zero);
        self.check(nonzero, ExcClass::ZERO_DIVISION, "division by zero", Vec::new());
        let distance = self.b().binary(BinaryOp::Sub, stop, start);
        let steps = self.b().binary(BinaryOp::Div, distance, step);
        let steps = self.b().math(MathFn::Ceil, &[steps]);
        let limit = self.b().f64(9.2e18);
        let fine = self.b().compare(CompareOp::Lt, steps, limit);
        self.check(fine, ExcClass::VALUE_ERROR, "Maximum allowed size exceeded", Vec::new());
        let len = self.b().cast(steps, DType::I64);
        let none = self.b().i64(0);
        self.b().binary(BinaryOp::Max, len, none)
    }

    /// `np.linspace(start, stop, num, endpoint, dtype)` of real numbers; with `retstep` a pair of it and the step.
    pub(crate) fn linspace(
        &mut self,
        start: &Operand,
        stop: &Operand,
        num: Option<&Operand>,
        (endpoint, retstep): (bool, bool),
        dtype: Option<DType>,
        span: Span,
    ) -> Result<Operand> {
        for o in [start, stop] {
            if o.ty.dtype().is_none_or(|d| d.is_complex()) {
                return Err(self.not_a_number(o, "numpy.linspace"));
            }
        }
        let fifty = Operand::int(50, span);
        let num = self.integer_argument(num.unwrap_or(&fifty), "numpy.linspace", "num")?;
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let fine = self.b().compare(CompareOp::Ge, num, zero);
        let message = "Number of samples, {0}, must be non-negative.";
        self.check(fine, ExcClass::VALUE_ERROR, message, vec![(num, true)]);
        let natural = promote_scalars(&start.ty, &stop.ty);
        let work = if natural == Ty::Scalar(DType::F32) { DType::F32 } else { DType::F64 };
        let (start, stop) = (self.cast_to(start, work)?, self.cast_to(stop, work)?);
        let intervals = if endpoint { self.b().binary(BinaryOp::Sub, num, one) } else { num };
        let last = self.b().binary(BinaryOp::Sub, num, one);
        let several = self.b().compare(CompareOp::Gt, intervals, zero);
        let count = self.b().select(several, intervals, one);
        let count = self.b().cast(count, work);
        let distance = self.b().binary(BinaryOp::Sub, stop, start);
        let step = self.b().binary(BinaryOp::Div, distance, count);
        let nothing = self.b().f64(0.0);
        let nothing = self.b().cast(nothing, work);
        let vanishes = self.b().compare(CompareOp::Eq, step, nothing);
        let many = self.b().compare(CompareOp::Gt, num, one);
        let at = |l: &mut Self, i: Value| {
            let x = l.b().cast(i, work);
            // Where the step underflows to zero NumPy divides first.
            let (by_step, fraction) =
                (l.b().binary(BinaryOp::Mul, x, step), l.b().binary(BinaryOp::Div, x, count));
            let divided = l.b().binary(BinaryOp::Mul, fraction, distance);
            let moved = l.b().select(vanishes, divided, by_step);
            let mut value = l.b().binary(BinaryOp::Add, moved, start);
            if endpoint {
                let ends = l.b().compare(CompareOp::Eq, i, last);
                let ends = l.b().binary(BinaryOp::And, ends, many);
                value = l.b().select(ends, stop, value);
            }
            let whole = dtype.is_some_and(DType::is_int);
            Ok(if whole { l.b().math(MathFn::Floor, &[value]) } else { value })
        };
        let array = self.filled_by(num, dtype.unwrap_or(work), span, &at)?;
        if !retstep {
            return Ok(array);
        }
        let nan = self.cast_to(&Operand::float(f64::NAN, span), work)?;
        let step = self.b().select(several, step, nan);
        Ok(Operand::tuple(vec![array, Operand::value(Ty::Scalar(work), step, span)], span))
    }

    /// A one-dimensional array whose elements are computed from their indices.
    fn filled_by(
        &mut self,
        len: Value,
        dtype: DType,
        span: Span,
        at: &dyn Fn(&mut Self, Value) -> Result<Value>,
    ) -> Result<Operand> {
        let ty = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        let array = self.b().alloc(ty, vec![len], false);
        self.over_extents(vec![len], &mut |l, index| {
            let value = at(l, index[0])?;
            let value = l.b().cast(value, dtype);
            l.b().store(array, index, value);
            Ok(())
        })?;
        Ok(Operand::value(Ty::Array(ty), array, span))
    }
}

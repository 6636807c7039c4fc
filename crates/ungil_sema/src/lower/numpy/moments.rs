//! Means, variances and averages: sums divided by the number of their terms.
//!
//! Variances take two passes, as in NumPy: the mean first, then the squares of the differences from it.

use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp, ReduceOp, UnaryOp};
use ungil_ir::library::Reduction;
use ungil_ir::types::DType;
use ungil_syntax::ast::operator::BinaryOp as Operator;

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::reductions::Request;
use crate::operand::Operand;
use crate::promote::promote_dtypes;
use crate::ty::Ty;

/// The refusal of a `dtype=` in which a reduction cannot be computed.
fn wrong_dtype(r: &Request, kind: &str, found: DType) -> crate::diagnostics::Error {
    let expected = format!("a {kind} type");
    let (function, parameter) = (r.function.clone(), "dtype".to_owned());
    TypeError::Argument { function, parameter, expected, found: Ty::DType(found), span: r.span }.into()
}

impl Lowerer<'_, '_> {
    /// How many elements are no NaN and not left out.
    pub(super) fn count_numbers(&mut self, r: &Request) -> Result<Operand> {
        let span = r.span;
        let counted = self.lift(
            std::slice::from_ref(&r.x),
            span,
            Rc::new(move |l, x| {
                let (_, nan) = l.nan_test(&x[0])?;
                let number = l.b().unary(UnaryOp::Not, nan);
                Ok(Operand::value(Ty::Scalar(DType::Bool), number, span))
            }),
        )?;
        let request = Request { dtype: None, initial: None, ..r.with(counted) };
        self.folded(&request, ReduceOp::Add, DType::I64)
    }

    /// Sums divided by the number of their terms.
    pub(super) fn mean(&mut self, r: &Request, nan: bool) -> Result<Operand> {
        let found = r.x.ty.as_array().expect("an array").dtype;
        let natural = if found.is_int() || found == DType::Bool { DType::F64 } else { found };
        let dtype = r.dtype.unwrap_or(natural);
        if nan && (dtype.is_int() || dtype == DType::Bool) {
            return Err(wrong_dtype(r, "floating-point", dtype));
        }
        let x = if nan { self.settled(&r.x)? } else { r.x.clone() };
        let r = r.with(x);
        let count = self.terms(&r, nan)?;
        let terms = if nan { self.without_nan(&r.x, Operand::int(0, r.span), r.span)? } else { r.x.clone() };
        let total = self.folded(&r.with(terms), ReduceOp::Add, dtype)?;
        self.quotient(&total, &count, dtype, r.span)
    }

    /// The number of terms of each result: one number, or an array where NaN or a mask leave some out.
    pub(super) fn terms(&mut self, r: &Request, nan: bool) -> Result<Operand> {
        if nan {
            return self.count_numbers(r);
        }
        if r.mask.is_none() {
            let count = self.reduced_count(r)?;
            return Ok(Operand::value(Ty::Scalar(DType::I64), count, r.span));
        }
        let span = r.span;
        let ones = self.lift(
            std::slice::from_ref(&r.x),
            span,
            Rc::new(move |l, _| {
                let one = l.b().i64(1);
                Ok(Operand::value(Ty::Scalar(DType::I64), one, span))
            }),
        )?;
        self.folded(&Request { dtype: None, initial: None, ..r.with(ones) }, ReduceOp::Add, DType::I64)
    }

    /// `total / count` in the type of the total.
    pub(super) fn quotient(
        &mut self,
        total: &Operand,
        count: &Operand,
        dtype: DType,
        span: Span,
    ) -> Result<Operand> {
        self.lift(
            &[total.clone(), count.clone()],
            span,
            Rc::new(move |l, x| {
                let quotient = l.binary(Operator::Div, &x[0], &x[1], span)?;
                let value = l.cast_to(&quotient, dtype)?;
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )
    }

    /// Mean squares of the deviations from the mean, or their roots. As in NumPy the mean has the type that is asked for, a
    /// deviation the common type of it and the elements, and sums again that which is asked for.
    pub(super) fn variance(&mut self, r: &Request, nan: bool, root: bool) -> Result<Operand> {
        let (span, found) = (r.span, r.x.ty.as_array().expect("an array").dtype);
        let natural = if found.is_int() || found == DType::Bool { DType::F64 } else { found };
        let wanted = r.dtype.unwrap_or(natural);
        let exact = wanted.is_int() || wanted == DType::Bool;
        // NumPy takes the root of one number in the type of integers, of several it does not.
        let several = r.keepdims || r.axes.len() < usize::from(r.x.ty.as_array().expect("an array").ndim);
        if exact && (root && several || nan || wanted == DType::Bool) {
            return Err(wrong_dtype(r, "floating-point", wanted));
        }
        let spread = self.mean_square(r, wanted, nan, root)?;
        if r.dtype != Some(wanted) || !wanted.is_complex() {
            return Ok(spread);
        }
        // NumPy's result has the type that was asked for, its imaginary part zero.
        self.lift(
            &[spread],
            span,
            Rc::new(move |l, x| {
                let value = l.cast_to(&x[0], wanted)?;
                Ok(Operand::value(Ty::Scalar(wanted), value, span))
            }),
        )
    }

    /// The mean from which deviations are taken, its axes kept.
    fn centre(&mut self, r: &Request, wanted: DType, nan: bool) -> Result<Operand> {
        if let Some(mean) = &r.mean {
            return self.settled(mean);
        }
        let x = &r.x;
        let found = x.ty.as_array().expect("an array").dtype;
        // A real mean of complex numbers is that of their real parts.
        let x = if found.is_complex() && !wanted.is_complex() { self.real_parts(x)? } else { x.clone() };
        // One mean of all elements needs no axes to go with each of them.
        let keepdims = r.axes.len() < usize::from(r.x.ty.as_array().expect("an array").ndim);
        let mean = self.mean(&Request { keepdims, dtype: Some(wanted), ..r.with(x) }, nan)?;
        self.settled(&mean)
    }

    fn real_parts(&mut self, x: &Operand) -> Result<Operand> {
        let span = x.span;
        self.lift(
            std::slice::from_ref(x),
            span,
            Rc::new(move |l, x| {
                let dtype = x[0].ty.dtype().expect("a number").real();
                let value = l.value(&x[0])?;
                let value = l.b().unary(UnaryOp::Real, value);
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )
    }

    /// Mean squares of deviations, which are summed in the real type of `wanted`.
    fn mean_square(&mut self, r: &Request, wanted: DType, nan: bool, root: bool) -> Result<Operand> {
        let x = self.settled(&r.x)?;
        let r = r.with(x);
        let span = r.span;
        let dtype = wanted.real();
        let in_memory = !nan && r.mean.is_none() && !wanted.is_int();
        let found = match in_memory {
            true => self.reduced_in_memory(&r, Reduction::Deviations, wanted)?,
            false => None,
        };
        let total = match found {
            Some(total) => self.with_kept_axes(total, &r, span)?,
            None => self.squared_deviations(&r, wanted, nan)?,
        };
        let count = self.terms(&r, nan)?;
        let ddof = r.ddof.clone();
        self.lift(
            &[total, count],
            span,
            Rc::new(move |l, x| {
                let left = l.binary(Operator::Sub, &x[1], &ddof, span)?;
                let zero = Operand::int(0, span);
                let left = l.numpy_extremum(true, &left, &zero, span)?;
                let quotient = l.binary(Operator::Div, &x[0], &left, span)?;
                let mut value = l.cast_to(&quotient, dtype)?;
                if nan {
                    // Without degrees of freedom the nan-versions have no answer.
                    let (none, missing) = (l.cast_to(&left, DType::F64)?, l.b().f64(0.0));
                    let none = l.b().compare(CompareOp::Eq, none, missing);
                    let missing = l.cast_to(&Operand::float(f64::NAN, span), dtype)?;
                    value = l.b().select(none, missing, value);
                }
                if root {
                    let exact = dtype.is_int().then_some(DType::F64);
                    value = exact.map_or(value, |d| l.b().cast(value, d));
                    value = l.b().math(ungil_ir::math::MathFn::Sqrt, &[value]);
                    value = exact.map_or(value, |_| l.b().cast(value, dtype));
                }
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )
    }

    /// Sums of the squares of deviations, in the real type of `wanted`.
    fn squared_deviations(&mut self, r: &Request, wanted: DType, nan: bool) -> Result<Operand> {
        let (span, found) = (r.span, r.x.ty.as_array().expect("an array").dtype);
        let mean = self.centre(r, wanted, nan)?;
        let squares = self.lift(
            &[r.x.clone(), mean],
            span,
            Rc::new(move |l, x| {
                let mut difference = l.binary(Operator::Sub, &x[0], &x[1], span)?;
                if nan {
                    // Deviations are kept in the place of the elements.
                    let value = l.cast_to(&difference, found)?;
                    difference = Operand::value(Ty::Scalar(found), value, span);
                }
                let square = l.squared_size(&difference)?;
                if !nan {
                    return Ok(square);
                }
                let (_, missing) = l.nan_test(&x[0])?;
                let dtype = square.ty.dtype().expect("a number");
                let (zero, value) = (l.zero(dtype), l.value(&square)?);
                let kept = l.b().select(missing, zero, value);
                Ok(Operand::value(square.ty, kept, span))
            }),
        )?;
        self.folded(&Request { dtype: None, ..r.with(squares) }, ReduceOp::Add, wanted.real())
    }

    /// The square of a real number, of a complex one that of its size.
    pub(super) fn squared_size(&mut self, x: &Operand) -> Result<Operand> {
        let dtype = x.ty.dtype().expect("a scalar");
        let value = self.value(x)?;
        if !dtype.is_complex() {
            let square = self.b().binary(BinaryOp::Mul, value, value);
            return Ok(Operand::value(Ty::Scalar(dtype), square, x.span));
        }
        let parts = [UnaryOp::Real, UnaryOp::Imag].map(|part| {
            let p = self.b().unary(part, value);
            self.b().binary(BinaryOp::Mul, p, p)
        });
        let sum = self.b().binary(BinaryOp::Add, parts[0], parts[1]);
        Ok(Operand::value(Ty::Scalar(dtype.real()), sum, x.span))
    }

    /// `np.average`; with `returned` a pair of it and the sums of the weights.
    pub(super) fn average(&mut self, r: &Request) -> Result<Operand> {
        let span = r.span;
        let (mean, scale) = match &r.weights {
            Some(weights) => self.weighted_average(r, weights)?,
            None if r.returned => {
                let mean = self.mean_of_some(r)?;
                let dtype = mean.ty.as_array().map(|t| t.dtype).or(mean.ty.dtype()).expect("a number");
                let ones = self.lift(
                    std::slice::from_ref(&r.x),
                    span,
                    Rc::new(move |l, _| {
                        let one = l.cast_to(&Operand::int(1, span), dtype)?;
                        Ok(Operand::value(Ty::Scalar(dtype), one, span))
                    }),
                )?;
                (mean, self.folded(&r.with(ones), ReduceOp::Add, dtype)?)
            }
            None => return self.mean_of_some(r),
        };
        if !r.returned {
            return Ok(mean);
        }
        let pair = [self.settled(&mean)?, self.settled(&scale)?];
        Ok(Operand::tuple(pair.to_vec(), span))
    }

    /// The mean, as `np.average` computes it: it divides by the number of results.
    fn mean_of_some(&mut self, r: &Request) -> Result<Operand> {
        let mean = self.mean(r, false)?;
        if self.is_proper_array(&mean) {
            let zero = self.b().i64(0);
            for extent in self.extents(&mean)? {
                let some = self.b().compare(CompareOp::Ne, extent, zero);
                self.check(some, ExcClass::ZERO_DIVISION, "division by zero", Vec::new());
            }
        }
        Ok(mean)
    }

    /// Refuses axes that are not in order where weights have these axes only, since their order is that of the weights.
    pub(super) fn check_axes_in_order(
        &mut self,
        axis: &Operand,
        weights: &Operand,
        ndim: usize,
    ) -> Result<()> {
        let named = self.items_or_self(axis);
        if named.len() < 2 || weights.ty.as_array().is_some_and(|w| usize::from(w.ndim) == ndim) {
            return Ok(());
        }
        let axes = named.iter().map(|a| self.axis_number(a, ndim)).collect::<Result<Vec<_>>>()?;
        if axes.is_sorted() {
            return Ok(());
        }
        let (function, parameter) = ("numpy.average".to_owned(), "axis".to_owned());
        let note = "axes of weights must be named in order".to_owned();
        Err(CallError::UnsupportedArgument { function, parameter, span: axis.span, note }.into())
    }

    /// Weights with the axes of what is averaged: those of all numbers, or of those along the axes that are averaged over.
    fn weights_beside(&mut self, r: &Request, x: &Operand, weights: Operand) -> Result<Operand> {
        let ndim = usize::from(x.ty.as_array().expect("an array").ndim);
        let weights = self.at_least(&weights, 1, r.span)?;
        let own = usize::from(weights.ty.as_array().expect("an array").ndim);
        let (class, message) = match r.flat {
            true => (ExcClass::TYPE_ERROR, "Axis must be specified when shapes of a and weights differ."),
            false => (
                ExcClass::VALUE_ERROR,
                "Shape of weights must be consistent with shape of a along specified axis.",
            ),
        };
        let axes: Vec<usize> = if own == ndim { (0..ndim).collect() } else { r.axes.clone() };
        if axes.len() != own || r.flat && own != ndim {
            return self.always_raise(class, message);
        }
        let (shape, found) = (self.extents(x)?, self.extents(&weights)?);
        for (axis, extent) in axes.iter().zip(found) {
            let same = self.b().compare(CompareOp::Eq, shape[*axis], extent);
            self.check(same, class, message, Vec::new());
        }
        if own == ndim {
            return Ok(weights);
        }
        let others: Vec<usize> = (0..ndim).filter(|k| !axes.contains(k)).collect();
        self.with_unit_axes(&weights, &others, ndim, r.span)
    }

    /// The average, and the sums of the weights, none of which may be zero.
    fn weighted_average(&mut self, r: &Request, weights: &Operand) -> Result<(Operand, Operand)> {
        let span = r.span;
        let x = self.settled(&r.x)?;
        let weights = self.settled(weights)?;
        let weights = self.as_array(&weights, None, span)?;
        let weights = self.weights_beside(r, &x, weights)?;
        let averaged = x.ty.as_array().expect("an array").dtype;
        let natural = promote_dtypes(averaged, weights.ty.as_array().expect("an array").dtype);
        let whole = averaged.is_int() || averaged == DType::Bool;
        let dtype = if whole { promote_dtypes(natural, DType::F64) } else { natural };
        // Products of small integers would overflow in their own type.
        let product = Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| {
            let (number, weight) = (l.cast_to(&x[0], dtype)?, l.cast_to(&x[1], dtype)?);
            let product = l.b().binary(BinaryOp::Mul, number, weight);
            Ok(Operand::value(Ty::Scalar(dtype), product, span))
        });
        let weighted = self.lift(&[x.clone(), weights.clone()], span, product)?;
        let total = self.folded(&r.with(weighted), ReduceOp::Add, dtype)?;
        let spread = self.lift(&[x, weights], span, Rc::new(move |_, x| Ok(x[1].clone())))?;
        let scale = self.folded(&r.with(spread), ReduceOp::Add, dtype)?;
        let all = Args { positional: vec![scale.clone()], keywords: Vec::new(), span };
        let nonzero = crate::registry::call(self, "numpy.all", all)?;
        let fine = self.value(&nonzero)?;
        self.check(fine, ExcClass::ZERO_DIVISION, "Weights sum to zero, can't be normalized", Vec::new());
        Ok((self.quotient(&total, &scale, dtype, span)?, scale))
    }
}

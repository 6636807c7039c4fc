//! `round(x)` and `round(x, ndigits)`.
//!
//! Python's floats round to the nearest decimal number as CPython does: `x · 10ⁿ` is taken exactly, as the sum of two
//! floats, rounded to an integer (ties to even) and divided by 10ⁿ, which is exact up to 10²². Python's integers round
//! as CPython's, NumPy's floats as `numpy.round`, which scales, rounds and scales back.
//! Limits: more than 22 digits of a float that is not rounded to itself or to zero raise ValueError.
//! Source: `double_round` in CPython's `Objects/floatobject.c`; `PyArray_Round` in NumPy's `calculation.c`.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::{Constant, Operand};
use crate::ty::Ty;

/// Powers of ten up to this one are floats.
const EXACT: i64 = 22;

impl Lowerer<'_, '_> {
    /// `round(x)` and `round(x, ndigits)`; halves go to even.
    pub(crate) fn rounded(&mut self, x: &Operand, digits: Option<&Operand>, span: Span) -> Result<Operand> {
        let x = self.number(x, "round")?;
        let dtype = x.ty.dtype().expect("a number");
        if dtype.is_complex() {
            let expected = "a real number".to_owned();
            let (function, parameter) = ("round".to_owned(), "number".to_owned());
            return Err(TypeError::Argument { function, parameter, expected, found: x.ty, span }.into());
        }
        let Some(digits) = digits.filter(|d| !d.is_none()) else {
            return self.rounded_to_int(MathFn::Rint, &x, "round", span);
        };
        if !digits.ty.is_integral() {
            let (function, parameter) = ("round".to_owned(), "ndigits".to_owned());
            let (expected, found) = ("an integer".to_owned(), digits.ty.clone());
            return Err(
                TypeError::Argument { function, parameter, expected, found, span: digits.span }.into()
            );
        }
        match &x.ty {
            Ty::PyFloat => self.rounded_float(&x, digits, span),
            Ty::PyInt | Ty::PyBool => self.rounded_integer(&x, digits, span),
            Ty::Scalar(float) if float.is_float() => self.rounded_numpy(&x, *float, digits, span),
            Ty::Scalar(_) if digits.const_int().is_some_and(|n| n >= 0) => Ok(x.at(span)),
            _ => Err(CallError::UnsupportedArgument {
                function: "round".to_owned(),
                parameter: "ndigits".to_owned(),
                span: digits.span,
                note: "expected a constant of zero or more for a NumPy integer".to_owned(),
            }
            .into()),
        }
    }

    /// Whether there are digits behind the point, and 10 to the number of digits, at most 10²².
    fn power_of_ten(&mut self, digits: &Operand) -> Result<(Value, Value)> {
        if let Some(n) = digits.const_int() {
            let power = 10f64.powi(n.unsigned_abs().min(EXACT as u128) as i32);
            return Ok((self.b().bool(n >= 0), self.b().f64(power)));
        }
        let n = self.index(digits)?;
        let mut ir = self.b();
        let (zero, ten) = (ir.i64(0), ir.i64(10));
        let behind = ir.compare(CompareOp::Ge, n, zero);
        let (most, half) = (ir.i64(EXACT), ir.i64(EXACT / 2));
        let least = ir.i64(-EXACT);
        let n = ir.binary(BinaryOp::Max, n, least);
        let n = ir.binary(BinaryOp::Min, n, most);
        let n = ir.unary(UnaryOp::Abs, n);
        // In two factors, which fit int64; their product is a float.
        let first = ir.binary(BinaryOp::Min, n, half);
        let second = ir.binary(BinaryOp::Sub, n, first);
        let (first, second) = (ir.binary(BinaryOp::Pow, ten, first), ir.binary(BinaryOp::Pow, ten, second));
        let (first, second) = (ir.cast(first, DType::F64), ir.cast(second, DType::F64));
        Ok((behind, ir.binary(BinaryOp::Mul, first, second)))
    }

    fn rounded_float(&mut self, x: &Operand, digits: &Operand, span: Span) -> Result<Operand> {
        let (behind, power) = self.power_of_ten(digits)?;
        let x = self.value(x)?;
        let scaled_up = self.rounded_behind_point(x, power);
        let scaled_down = self.rounded_before_point(x, power);
        let rounded = self.b().select(behind, scaled_up, scaled_down);
        let rounded = match digits.const_int() {
            Some(n) if n.unsigned_abs() <= EXACT as u128 => rounded,
            _ => self.beyond_exact_powers(x, rounded, digits)?,
        };
        // The sign of zero is that of x; infinities and NaN stay.
        let mut ir = self.b();
        let signed = ir.math(MathFn::Copysign, &[rounded, x]);
        let (size, limit) = (ir.unary(UnaryOp::Abs, x), ir.f64(f64::INFINITY));
        let finite = ir.compare(CompareOp::Lt, size, limit);
        let result = ir.select(finite, signed, x);
        Ok(Operand::value(Ty::PyFloat, result, span))
    }

    /// The integer nearest to the exact sum of a float and a far smaller one; ties to even.
    fn nearest_integer(&mut self, high: Value, low: Value) -> Value {
        let mut ir = self.b();
        let guess = ir.math(MathFn::Rint, &[high]);
        let off = ir.binary(BinaryOp::Sub, high, guess);
        let (half, minus_half, one, zero) = (ir.f64(0.5), ir.f64(-0.5), ir.f64(1.0), ir.f64(0.0));
        // At a tie of `high` the small part decides, which way it points.
        let at_half = ir.compare(CompareOp::Eq, off, half);
        let at_minus_half = ir.compare(CompareOp::Eq, off, minus_half);
        let (above, below) = (ir.compare(CompareOp::Gt, low, zero), ir.compare(CompareOp::Lt, low, zero));
        let up = ir.binary(BinaryOp::And, at_half, above);
        let down = ir.binary(BinaryOp::And, at_minus_half, below);
        let (more, less) = (ir.binary(BinaryOp::Add, guess, one), ir.binary(BinaryOp::Sub, guess, one));
        let guess = ir.select(up, more, guess);
        ir.select(down, less, guess)
    }

    fn rounded_behind_point(&mut self, x: Value, power: Value) -> Value {
        let mut ir = self.b();
        let high = ir.binary(BinaryOp::Mul, x, power);
        let minus = ir.unary(UnaryOp::Neg, high);
        let low = ir.math(MathFn::Fma, &[x, power, minus]);
        let whole = self.nearest_integer(high, low);
        let mut ir = self.b();
        let rounded = ir.binary(BinaryOp::Div, whole, power);
        // From here on the spacing of floats is wider than that of the decimals.
        let (size, limit) = (ir.unary(UnaryOp::Abs, high), ir.f64(9_007_199_254_740_992.0));
        let fine = ir.compare(CompareOp::Lt, size, limit);
        ir.select(fine, rounded, x)
    }

    fn rounded_before_point(&mut self, x: Value, power: Value) -> Value {
        let mut ir = self.b();
        let quotient = ir.binary(BinaryOp::Div, x, power);
        let minus = ir.unary(UnaryOp::Neg, quotient);
        // The sign of what the quotient lacks.
        let low = ir.math(MathFn::Fma, &[minus, power, x]);
        let whole = self.nearest_integer(quotient, low);
        let mut ir = self.b();
        let rounded = ir.binary(BinaryOp::Mul, whole, power);
        let (size, limit) = (ir.unary(UnaryOp::Abs, quotient), ir.f64(9_007_199_254_740_992.0));
        let coarse = ir.compare(CompareOp::Lt, size, limit);
        ir.select(coarse, rounded, x)
    }

    /// More than 22 digits: most numbers stay, or become zero; the others are refused.
    fn beyond_exact_powers(&mut self, x: Value, rounded: Value, digits: &Operand) -> Result<Value> {
        let n = self.index(digits)?;
        let mut ir = self.b();
        let (most, least) = (ir.i64(EXACT), ir.i64(-EXACT));
        let (fine, coarse) = (ir.compare(CompareOp::Gt, n, most), ir.compare(CompareOp::Lt, n, least));
        let size = ir.unary(UnaryOp::Abs, x);
        let zero = ir.f64(0.0);
        // 2⁵³ / 10²³, and half of 10²³.
        let (long, short) = (ir.f64(9.1e-8), ir.f64(5e22));
        let is_zero = ir.compare(CompareOp::Eq, size, zero);
        let many = ir.i64(323);
        let stays = ir.compare(CompareOp::Lt, size, long);
        let stays = ir.unary(UnaryOp::Not, stays);
        let all = ir.compare(CompareOp::Gt, n, many);
        let stays = ir.binary(BinaryOp::Or, stays, all);
        let vanishes = ir.compare(CompareOp::Lt, size, short);
        let none = ir.i64(-308);
        let nothing = ir.compare(CompareOp::Lt, n, none);
        let vanishes = ir.binary(BinaryOp::Or, vanishes, nothing);
        let known = ir.select(fine, stays, vanishes);
        let in_range = ir.binary(BinaryOp::Or, fine, coarse);
        let in_range = ir.unary(UnaryOp::Not, in_range);
        let infinity = ir.f64(f64::INFINITY);
        let finite = ir.compare(CompareOp::Lt, size, infinity);
        let special = ir.unary(UnaryOp::Not, finite);
        let known = ir.binary(BinaryOp::Or, known, is_zero);
        let known = ir.binary(BinaryOp::Or, known, special);
        let known = ir.binary(BinaryOp::Or, known, in_range);
        let message = "round() of this number to {0} digits is not supported in compiled code";
        self.check(known, ExcClass::VALUE_ERROR, message, vec![(n, true)]);
        let mut ir = self.b();
        let rounded = ir.select(fine, x, rounded);
        Ok(ir.select(coarse, zero, rounded))
    }

    /// `round(n, -2)`: to the nearest multiple of a power of ten, ties to even ones.
    fn rounded_integer(&mut self, x: &Operand, digits: &Operand, span: Span) -> Result<Operand> {
        let value = self.index(x)?;
        if digits.const_int().is_some_and(|n| n >= 0) {
            let whole = Operand { ty: Ty::PyInt, ..Operand::value(Ty::PyInt, value, span) };
            let constant = x.const_int().map(|n| Operand::constant(Ty::PyInt, Constant::Int(n), span));
            return Ok(constant.unwrap_or(whole));
        }
        let n = self.index(digits)?;
        let mut ir = self.b();
        let (zero, one, two, ten) = (ir.i64(0), ir.i64(1), ir.i64(2), ir.i64(10));
        let stays = ir.compare(CompareOp::Ge, n, zero);
        // 10¹⁹ fits 64 bits without a sign; beyond it everything rounds to zero.
        let lowest = ir.i64(-19);
        let vanishes = ir.compare(CompareOp::Lt, n, lowest);
        let n = ir.binary(BinaryOp::Max, n, lowest);
        let n = ir.binary(BinaryOp::Min, n, zero);
        let n = ir.unary(UnaryOp::Neg, n);
        let power = ir.binary(BinaryOp::Pow, ten, n);
        let size = ir.unary(UnaryOp::Abs, value);
        let (power, size) = (ir.cast(power, DType::U64), ir.cast(size, DType::U64));
        let (one_u, two_u) = (ir.cast(one, DType::U64), ir.cast(two, DType::U64));
        let quotient = ir.binary(BinaryOp::FloorDiv, size, power);
        let rest = ir.binary(BinaryOp::Mod, size, power);
        let missing = ir.binary(BinaryOp::Sub, power, rest);
        let above = ir.compare(CompareOp::Gt, rest, missing);
        let tie = ir.compare(CompareOp::Eq, rest, missing);
        let parity = ir.binary(BinaryOp::Mod, quotient, two_u);
        let odd = ir.compare(CompareOp::Eq, parity, one_u);
        let tie_up = ir.binary(BinaryOp::And, tie, odd);
        let up = ir.binary(BinaryOp::Or, above, tie_up);
        let next = ir.binary(BinaryOp::Add, quotient, one_u);
        let quotient = ir.select(up, next, quotient);
        let rounded = ir.binary(BinaryOp::Mul, quotient, power);
        let rounded = ir.cast(rounded, DType::I64);
        let negative = ir.compare(CompareOp::Lt, value, zero);
        let mirrored = ir.unary(UnaryOp::Neg, rounded);
        let rounded = ir.select(negative, mirrored, rounded);
        let rounded = ir.select(vanishes, zero, rounded);
        let result = ir.select(stays, value, rounded);
        Ok(Operand::value(Ty::PyInt, result, span))
    }

    /// As `numpy.round`: scale, round, scale back.
    fn rounded_numpy(&mut self, x: &Operand, float: DType, digits: &Operand, span: Span) -> Result<Operand> {
        let Some(n) = digits.const_int().filter(|n| n.unsigned_abs() <= EXACT as u128) else {
            return Err(CallError::UnsupportedArgument {
                function: "round".to_owned(),
                parameter: "ndigits".to_owned(),
                span: digits.span,
                note: "expected a constant from -22 to 22 for a NumPy float".to_owned(),
            }
            .into());
        };
        let value = self.value(x)?;
        let scale = self.b().f64(10f64.powi(n.unsigned_abs() as i32));
        let scale = self.b().cast(scale, float);
        let (there, back) =
            if n >= 0 { (BinaryOp::Mul, BinaryOp::Div) } else { (BinaryOp::Div, BinaryOp::Mul) };
        let scaled = self.b().binary(there, value, scale);
        let whole = self.b().math(MathFn::Rint, &[scaled]);
        let back = self.b().binary(back, whole, scale);
        Ok(Operand::value(x.ty.clone(), back, span))
    }
}

//! Binary operators on scalars, with Python's errors for weak operands and NumPy's results for others.

use std::rc::Rc;

use ungil_abi::exception::{COMPLEX_POWER, ExcClass, INTEGER_OVERFLOW, NEGATIVE_POWER};
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, InstKind, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_syntax::ast::operator::BinaryOp;

use crate::c_arithmetic;
use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::classes::is_class;
use crate::lower::fold;
use crate::operand::{Constant, Operand};
use crate::options::ErrorModel;
use crate::prelude;
use crate::promote::promote_scalars;
use crate::ty::Ty;

/// Powers of floats below this are powers of integers below 2⁶³, whatever is lost by rounding.
const SAFE_POWER: f64 = 9.223_372_036_8e18;

/// Whether NumPy computes `x ** 2` as `square(x)`, which differs from its power: of truths in the type, of complex numbers
/// in the signs of zeros.
fn is_squared(x: &Operand, exponent: &Operand) -> bool {
    exponent.ty.is_weak()
        && exponent.const_int() == Some(2)
        && x.ty.as_array().is_some_and(|t| t.dtype.is_complex() || t.ndim > 0 && t.dtype == DType::Bool)
}

/// Whether an exponent's type or value leaves open that it is negative.
fn may_be_negative(exponent: &Operand) -> bool {
    let is_unsigned = matches!(exponent.ty, Ty::Scalar(d) if d.is_unsigned() || d == DType::Bool);
    !is_unsigned && exponent.ty != Ty::PyBool && exponent.const_int().is_none_or(|n| n < 0)
}

impl Lowerer<'_, '_> {
    /// `square(array)`, whose result is an int8 of truths.
    fn squared(&mut self, left: &Operand, span: Span) -> Result<Operand> {
        let found = left.ty.as_array().expect("an array").dtype;
        let dtype = if found == DType::Bool { DType::I8 } else { found };
        self.lift(
            std::slice::from_ref(left),
            span,
            Rc::new(move |l, x| {
                let value = l.cast_to(&x[0], dtype)?;
                let number = Operand::value(Ty::Scalar(dtype), value, span);
                l.binary(BinaryOp::Mult, &number, &number, span)
            }),
        )
    }

    /// `left op right`.
    pub fn binary(&mut self, op: BinaryOp, left: &Operand, right: &Operand, span: Span) -> Result<Operand> {
        if let (Ty::Tuple(_), Ty::Tuple(_), BinaryOp::Add) = (&left.ty, &right.ty, op) {
            let mut items = self.items(left);
            items.extend(self.items(right));
            return Ok(Operand::tuple(items, span));
        }
        if self.is_proper_array(left) && matches!(right.ty, Ty::List(_) | Ty::Tuple(_)) {
            let right = self.array_like_operand(right)?;
            return self.binary(op, left, &right, span);
        }
        if self.is_proper_array(right) && matches!(left.ty, Ty::List(_) | Ty::Tuple(_)) {
            let left = self.array_like_operand(left)?;
            return self.binary(op, &left, right, span);
        }
        if matches!(left.ty, Ty::List(_)) || matches!(right.ty, Ty::List(_)) {
            return match self.list_binary(op, left, right, span)? {
                Some(result) => Ok(result),
                None => Err(self.binary_error(op, left, right, span, None)),
            };
        }
        if op == BinaryOp::MatMult
            && let Some(kernel) = prelude::find("numpy.matmul")
            && (left.ty.as_array().is_some() || right.ty.as_array().is_some())
        {
            let positional = vec![self.settled(left)?, self.settled(right)?];
            return self.call_prelude(kernel, Args { positional, keywords: Vec::new(), span });
        }
        let classes = is_class(&left.ty) && is_class(&right.ty) && !(left.is_none() && right.is_none());
        if op == BinaryOp::BitOr && classes {
            // A union of classes, for `isinstance`.
            return Ok(Operand::tuple(vec![left.clone(), right.clone()], span));
        }
        if op == BinaryOp::Pow && is_squared(left, right) {
            return self.squared(left, span);
        }
        if self.is_c()
            && (self.is_frame_array(left) || self.is_frame_array(right))
            && let Some(result) = self.pointer_arithmetic(op, left, right, span)?
        {
            return Ok(result);
        }
        if self.is_proper_array(left) || self.is_proper_array(right) {
            let both = [left.clone(), right.clone()];
            return self.lift(&both, span, Rc::new(move |l, x| l.binary(op, &x[0], &x[1], span)));
        }
        if let Some(result) = self.pointer_arithmetic(op, left, right, span)? {
            return Ok(result);
        }
        let (left, right) = (self.address_of_void(left)?, self.address_of_void(right)?);
        let (left, right) = (self.element_of(&left)?, self.element_of(&right)?);
        if !left.ty.is_scalar() || !right.ty.is_scalar() {
            return Err(self.binary_error(op, &left, &right, span, None));
        }
        if left.ty.is_weak()
            && right.ty.is_weak()
            && let (Some(a), Some(b)) = (left.constant, right.constant)
            && let Some(result) = fold::binary(op, a, b)
        {
            let ty = fold::weak_type(result);
            return Ok(Operand::constant(ty, result, span));
        }
        if left.ty.is_weak() && right.ty.is_weak() && fold::overflows(op, left.constant, right.constant) {
            let reason = Some("the constant does not fit 64 bits");
            return Err(self.binary_error(op, &left, &right, span, reason));
        }
        self.of_numbers(op, left, right, span)
    }

    /// `left op right` of numbers that are not both known.
    fn of_numbers(&mut self, op: BinaryOp, left: Operand, right: Operand, span: Span) -> Result<Operand> {
        let may_invert = may_be_negative(&right);
        let (left, right) = self.beside_long_literal(op, left, right, span)?;
        if matches!(op, BinaryOp::LShift | BinaryOp::RShift)
            && let Some(shifted) = self.c_shift(op, &left, &right, span)?
        {
            return Ok(shifted);
        }
        let (left, right) = self.c_operands(&left, &right)?.unwrap_or((left, right));
        let common = promote_scalars(&left.ty, &right.ty);
        match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult => {
                self.arithmetic(op, &left, &right, &common, span)
            }
            BinaryOp::Div => self.divide(&left, &right, &common, span),
            BinaryOp::FloorDiv | BinaryOp::Mod => self.floor_divide(op, &left, &right, &common, span),
            BinaryOp::Pow => self.raise_to(&left, &right, &common, may_invert, span),
            BinaryOp::LShift | BinaryOp::RShift => self.shift(op, &left, &right, &common, span),
            BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor => {
                self.bitwise(op, &left, &right, &common, span)
            }
            BinaryOp::MatMult => Err(self.binary_error(op, &left, &right, span, None)),
        }
    }

    /// 0-d arrays stand for their element.
    pub(crate) fn element_of(&mut self, x: &Operand) -> Result<Operand> {
        match x.ty.as_array() {
            Some(ty) if ty.ndim == 0 => self.load_element(x, Vec::new()),
            _ => Ok(x.clone()),
        }
    }

    pub(crate) fn binary_error(
        &self,
        op: BinaryOp,
        l: &Operand,
        r: &Operand,
        span: Span,
        reason: Option<&str>,
    ) -> crate::diagnostics::Error {
        TypeError::Binary {
            op: op.symbol(),
            left: l.ty.clone(),
            right: r.ty.clone(),
            span,
            reason: reason.map(str::to_owned),
        }
        .into()
    }

    /// Booleans of Python count as integers in arithmetic; NumPy's follow NumPy.
    fn arithmetic_type(&self, common: &Ty) -> Ty {
        if *common == Ty::PyBool { Ty::PyInt } else { common.clone() }
    }

    fn both(&mut self, left: &Operand, right: &Operand, dtype: DType) -> Result<(Value, Value)> {
        Ok((self.cast_checked(left, dtype)?, self.cast_checked(right, dtype)?))
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        common: &Ty,
        span: Span,
    ) -> Result<Operand> {
        let ty = self.arithmetic_type(common);
        let dtype = ty.dtype().expect("a scalar");
        let (a, b) = self.both(left, right, dtype)?;
        if dtype == DType::Bool {
            // NumPy: + is or, * is and, - is refused.
            let ir = match op {
                BinaryOp::Add => Ir::Or,
                BinaryOp::Mult => Ir::And,
                _ => {
                    let reason = "NumPy does not subtract booleans; use `^`";
                    return Err(self.binary_error(op, left, right, span, Some(reason)));
                }
            };
            let value = self.b().binary(ir, a, b);
            return Ok(Operand::value(ty, value, span));
        }
        let ir = match op {
            BinaryOp::Add => Ir::Add,
            BinaryOp::Sub => Ir::Sub,
            _ => Ir::Mul,
        };
        // In the Cython language what is not declared is an object, whose integers do not wrap.
        let value = if (self.options.overflowcheck || self.is_c()) && ty == Ty::PyInt {
            self.b().value(InstKind::CheckedBinary(ir, a, b))
        } else {
            self.b().binary(ir, a, b)
        };
        self.check_overflow(ir, (a, b), value, &ty);
        if dtype.is_signed() {
            self.widen_result_of(ir, a, b, value);
        }
        Ok(Operand::value(ty, value, span))
    }

    /// Whether a division by zero of these operands raises.
    pub(crate) fn zero_raises(&self, common: &Ty) -> bool {
        match self.options.error_model {
            ErrorModel::Default => common.is_weak(),
            ErrorModel::Python => true,
            // Division as C has it is between C's numbers; objects divide as Python's do.
            ErrorModel::Numpy => self.is_c() && common.is_weak(),
        }
    }

    pub(crate) fn check_divisor(&mut self, divisor: Value, message: &str) {
        let dtype = self.func.ty(divisor).dtype().expect("a number");
        let zero = self.zero(dtype);
        let fine = self.b().compare(CompareOp::Ne, divisor, zero);
        self.check(fine, ExcClass::ZERO_DIVISION, message, Vec::new());
    }

    /// Zero of a type.
    pub(crate) fn zero(&mut self, dtype: DType) -> Value {
        let zero = self.b().i64(0);
        if dtype == DType::I64 {
            return zero;
        }
        if dtype == DType::F64 {
            return self.b().f64(0.0);
        }
        self.b().value(InstKind::Const(match dtype {
            DType::Bool => ungil_ir::inst::Const::Bool(false),
            d if d.is_int() => ungil_ir::inst::Const::Int(d, 0),
            d if d.is_float() => ungil_ir::inst::Const::Float(d, 0.0),
            d => ungil_ir::inst::Const::Complex(d, 0.0, 0.0),
        }))
    }

    fn divide(&mut self, left: &Operand, right: &Operand, common: &Ty, span: Span) -> Result<Operand> {
        // Objects divide as Python's do, at every language level.
        let are_objects = *common == Ty::PyInt && (left.constant.is_none() || right.constant.is_none());
        let cuts = common.is_integral() && !are_objects;
        if cuts && self.c_function().is_some_and(|c| c.divides_integers()) {
            return self.floor_divide(BinaryOp::FloorDiv, left, right, common, span);
        }
        // Integers divide as floats; NumPy keeps float32 for small ones only with float32 operands.
        let ty = match common {
            Ty::PyBool | Ty::PyInt => Ty::PyFloat,
            Ty::Scalar(d) if !d.is_float() && !d.is_complex() => Ty::Scalar(DType::F64),
            other => other.clone(),
        };
        let dtype = ty.dtype().expect("a scalar");
        let (a, b) = self.both(left, right, dtype)?;
        if self.zero_raises(common) {
            let integers = common.is_integral();
            let message = match &ty {
                Ty::PyComplex => "complex division by zero",
                _ if self.is_c() && !common.is_weak() => "float division",
                _ if integers => "division by zero",
                _ => "float division by zero",
            };
            self.check_divisor(b, message);
        }
        let value =
            if ty == Ty::PyComplex { self.complex_quotient(a, b) } else { self.b().binary(Ir::Div, a, b) };
        Ok(Operand::value(ty, value, span))
    }

    /// Division of Python's complex numbers: CPython's algorithm (`_Py_c_quot`), whose last bits differ from NumPy's.
    pub(crate) fn complex_quotient(&mut self, a: Value, b: Value) -> Value {
        let mut ir = self.b();
        let (ar, ai) = (ir.unary(UnaryOp::Real, a), ir.unary(UnaryOp::Imag, a));
        let (br, bi) = (ir.unary(UnaryOp::Real, b), ir.unary(UnaryOp::Imag, b));
        let (abs_r, abs_i) = (ir.unary(UnaryOp::Abs, br), ir.unary(UnaryOp::Abs, bi));
        let swap = ir.compare(CompareOp::Gt, abs_i, abs_r);
        let (large, small) = (ir.select(swap, bi, br), ir.select(swap, br, bi));
        let ratio = ir.binary(Ir::Div, small, large);
        let scaled = ir.binary(Ir::Mul, small, ratio);
        let denominator = ir.binary(Ir::Add, scaled, large);
        let (ar_ratio, ai_ratio) = (ir.binary(Ir::Mul, ar, ratio), ir.binary(Ir::Mul, ai, ratio));
        let (x, y) = (ir.select(swap, ar_ratio, ar), ir.select(swap, ai, ai_ratio));
        let real = ir.binary(Ir::Add, x, y);
        let (x, y) = (ir.select(swap, ai_ratio, ai), ir.select(swap, ar, ar_ratio));
        let imag = ir.binary(Ir::Sub, x, y);
        let (real, imag) = (ir.binary(Ir::Div, real, denominator), ir.binary(Ir::Div, imag, denominator));
        ir.binary(Ir::MakeComplex, real, imag)
    }

    fn floor_divide(
        &mut self,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        common: &Ty,
        span: Span,
    ) -> Result<Operand> {
        let mut ty = self.arithmetic_type(common);
        if ty == Ty::Scalar(DType::Bool) {
            ty = Ty::Scalar(DType::I8);
        }
        let dtype = ty.dtype().expect("a scalar");
        if dtype.is_complex() {
            return Err(self.binary_error(op, left, right, span, Some("complex numbers have no floor")));
        }
        let (a, b) = self.both(left, right, dtype)?;
        if self.zero_raises(common) {
            let is_c = self.is_c() && !common.is_weak();
            let message = match (op, dtype.is_float()) {
                (BinaryOp::FloorDiv, true) if is_c => "float division",
                (_, true) if is_c => "float divmod()",
                (_, false) if is_c => "integer division or modulo by zero",
                (BinaryOp::FloorDiv, true) => "float floor division by zero",
                (_, true) if self.options.python >= 12 => "float modulo by zero",
                (_, true) => "float modulo",
                (BinaryOp::FloorDiv, false) => "integer division or modulo by zero",
                (_, false) => "integer modulo by zero",
            };
            self.check_divisor(b, message);
        }
        let c = self.c_function().filter(|c| !common.is_weak() && (c.cdivision || dtype.is_float()));
        let value = if c.is_some() {
            self.c_division(op, a, b, dtype)
        } else {
            if op == BinaryOp::FloorDiv && self.is_c() && ty == Ty::PyInt {
                self.check_quotient(a, b);
            }
            let ir = if op == BinaryOp::FloorDiv { Ir::FloorDiv } else { Ir::Mod };
            self.b().binary(ir, a, b)
        };
        Ok(Operand::value(ty, value, span))
    }

    /// Raises where a quotient of integers of Python's exceeds 64 bits.
    fn check_quotient(&mut self, a: Value, divisor: Value) {
        let mut b = self.b();
        let (least, minus_one) = (b.i64(i64::MIN), b.i64(-1));
        let other = b.compare(CompareOp::Ne, a, least);
        let fine = b.compare(CompareOp::Ne, divisor, minus_one);
        let fine = b.binary(Ir::Or, other, fine);
        self.check(fine, ExcClass::OVERFLOW, INTEGER_OVERFLOW, Vec::new());
    }

    pub(crate) fn shift(
        &mut self,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        common: &Ty,
        span: Span,
    ) -> Result<Operand> {
        let mut ty = self.arithmetic_type(common);
        if ty == Ty::Scalar(DType::Bool) {
            ty = Ty::Scalar(DType::I8);
        }
        let dtype = ty.dtype().expect("a scalar");
        if !dtype.is_int() {
            return Err(self.binary_error(op, left, right, span, None));
        }
        let (a, b) = self.both(left, right, dtype)?;
        if common.is_weak() && right.const_int().is_none_or(|c| c < 0) {
            let zero = self.b().i64(0);
            let fine = self.b().compare(CompareOp::Ge, b, zero);
            self.check(fine, ExcClass::VALUE_ERROR, "negative shift count", Vec::new());
        }
        let ir = if op == BinaryOp::LShift { Ir::Shl } else { Ir::Shr };
        if ir == Ir::Shl && self.is_c() && ty == Ty::PyInt {
            self.check_shift(a, b);
        }
        let value = if self.is_c() && !common.is_weak() {
            c_arithmetic::shifted(&mut self.b(), ir, a, b, dtype)
        } else {
            self.b().binary(ir, a, b)
        };
        if ir == Ir::Shl {
            self.check_overflow(ir, (a, b), value, &ty);
        }
        Ok(Operand::value(ty, value, span))
    }

    /// Raises where an integer of Python's, shifted to the left, exceeds 64 bits.
    fn check_shift(&mut self, a: Value, by: Value) {
        let mut b = self.b();
        let (zero, last) = (b.i64(0), b.i64(63));
        let is_near = b.compare(CompareOp::Lt, by, last);
        let near = b.select(is_near, by, last);
        let there = b.binary(Ir::Shl, a, near);
        let back = b.binary(Ir::Shr, there, near);
        let is_same = b.compare(CompareOp::Eq, back, a);
        let is_whole = b.binary(Ir::And, is_near, is_same);
        let is_zero = b.compare(CompareOp::Eq, a, zero);
        let fine = b.binary(Ir::Or, is_whole, is_zero);
        self.check(fine, ExcClass::OVERFLOW, INTEGER_OVERFLOW, Vec::new());
    }

    fn bitwise(
        &mut self,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        common: &Ty,
        span: Span,
    ) -> Result<Operand> {
        let dtype = common.dtype().expect("a scalar");
        if !dtype.is_int() && dtype != DType::Bool {
            return Err(self.binary_error(op, left, right, span, None));
        }
        let (a, b) = self.both(left, right, dtype)?;
        let ir = match op {
            BinaryOp::BitAnd => Ir::And,
            BinaryOp::BitOr => Ir::Or,
            _ => Ir::Xor,
        };
        let value = self.b().binary(ir, a, b);
        Ok(Operand::value(common.clone(), value, span))
    }

    /// `left ** right`. An integer to a weak integer power that may be negative raises for negative ones, since its
    /// type could not depend on the value. `may_invert`: the exponent may be negative.
    fn raise_to(
        &mut self,
        left: &Operand,
        right: &Operand,
        common: &Ty,
        may_invert: bool,
        span: Span,
    ) -> Result<Operand> {
        let mut ty = self.arithmetic_type(common);
        if ty == Ty::Scalar(DType::Bool) {
            ty = Ty::Scalar(DType::I8);
        }
        let dtype = ty.dtype().expect("a scalar");
        let checks_domain = !common.is_weak() && self.c_function().is_some_and(|c| !c.cpow);
        if dtype.is_int() && checks_domain && may_invert {
            // The result is a `double`.
            let double = Ty::Scalar(DType::F64);
            let (left, right) = (self.convert(left, &double)?, self.convert(right, &double)?);
            return self.raise_to(&left, &right, &double, may_invert, span);
        }
        if dtype.is_int() && checks_domain && dtype.size() < 8 && right.constant.is_some() {
            // Literals are of type `long`, and so is the power.
            let long = Ty::Scalar(DType::I64);
            let left = self.convert(left, &long)?;
            return self.integer_power(&left, right, &long, span);
        }
        if dtype.is_int() {
            return self.integer_power(left, right, &ty, span);
        }
        if dtype.is_float()
            && let Some(done) = self.small_power(left, right, &ty, span)?
        {
            return Ok(done);
        }
        let (a, b) = self.both(left, right, dtype)?;
        if dtype.is_complex() {
            return Ok(self.complex_power(a, b, ty, span));
        }
        if checks_domain && dtype == DType::F64 {
            self.check_fractional_power(a, b);
        }
        if common.is_weak() {
            self.weak_power_checks(a, b);
        }
        let value = match right.constant.and_then(Constant::as_float) {
            Some(0.5) => self.root_of(a, dtype),
            _ => self.b().math(MathFn::Pow, &[a, b]),
        };
        if common.is_weak() {
            self.check_power_range(&[a, b], value);
        }
        Ok(Operand::value(ty, value, span))
    }

    /// `x ** 0.5`, which is the rounded root; that of -0.0 is 0.0, and that of -inf is inf.
    fn root_of(&mut self, x: Value, dtype: DType) -> Value {
        let [zero, lowest, highest] = [0.0, f64::NEG_INFINITY, f64::INFINITY].map(|n| {
            let n = self.b().f64(n);
            self.b().cast(n, dtype)
        });
        let lifted = self.b().binary(Ir::Add, x, zero);
        let root = self.b().math(MathFn::Sqrt, &[lifted]);
        let is_lowest = self.b().compare(CompareOp::Eq, x, lowest);
        self.b().select(is_lowest, highest, root)
    }

    /// A power of complex numbers; of Python's, with the errors that Python raises.
    fn complex_power(&mut self, a: Value, b: Value, ty: Ty, span: Span) -> Operand {
        if ty != Ty::PyComplex {
            let value = self.b().binary(Ir::Pow, a, b);
            return Operand::value(ty, value, span);
        }
        let zero = self.b().f64(0.0);
        let [ar, ai, br, bi] =
            [(UnaryOp::Real, a), (UnaryOp::Imag, a), (UnaryOp::Real, b), (UnaryOp::Imag, b)]
                .map(|(part, z)| self.b().unary(part, z));
        let (re, im) = (self.b().compare(CompareOp::Eq, ar, zero), self.b().compare(CompareOp::Eq, ai, zero));
        let nothing = self.b().binary(Ir::And, re, im);
        let (negative, turned) =
            (self.b().compare(CompareOp::Lt, br, zero), self.b().compare(CompareOp::Ne, bi, zero));
        let undefined = self.b().binary(Ir::Or, negative, turned);
        let pole = self.b().binary(Ir::And, nothing, undefined);
        let fine = self.b().unary(UnaryOp::Not, pole);
        let message = if self.options.python >= 14 {
            "zero to a negative or complex power"
        } else {
            "0.0 to a negative or complex power"
        };
        self.check(fine, ExcClass::ZERO_DIVISION, message, Vec::new());
        let value = self.b().binary(Ir::Pow, a, b);
        let (re, im) = (self.b().unary(UnaryOp::Real, value), self.b().unary(UnaryOp::Imag, value));
        let infinite = self.classify_parts("isinf", re, im);
        let fine = self.b().unary(UnaryOp::Not, infinite);
        self.check(fine, ExcClass::OVERFLOW, "complex exponentiation", Vec::new());
        Operand::value(ty, value, span)
    }

    /// Constant exponents that are exact by multiplication, as NumPy's fast paths: 1 and 2.
    fn small_power(
        &mut self,
        left: &Operand,
        right: &Operand,
        ty: &Ty,
        span: Span,
    ) -> Result<Option<Operand>> {
        let exponent = right.constant.and_then(Constant::as_float);
        let dtype = ty.dtype().expect("a scalar");
        if exponent == Some(1.0) {
            let value = self.cast_to(left, dtype)?;
            return Ok(Some(Operand::value(ty.clone(), value, span)));
        }
        if exponent != Some(2.0) {
            return Ok(None);
        }
        let base = self.cast_to(left, dtype)?;
        let value = self.b().binary(Ir::Mul, base, base);
        if ty.is_weak() && self.is_c() {
            // An object of Python's, whose powers do not overflow silently.
            self.check_power_range(&[base], value);
        }
        Ok(Some(Operand::value(ty.clone(), value, span)))
    }

    /// Raises where a power of finite numbers is infinite, as Python's `**` does.
    fn check_power_range(&mut self, operands: &[Value], result: Value) {
        let size = self.b().unary(UnaryOp::Abs, result);
        let limit = self.b().f64(f64::INFINITY);
        let infinite = self.b().compare(CompareOp::Eq, size, limit);
        let message = "(34, 'Numerical result out of range')";
        self.if_then(infinite, |l| l.check_range(operands, result, message));
    }

    fn weak_power_checks(&mut self, a: Value, b: Value) {
        let zero = self.b().f64(0.0);
        let base_zero = self.b().compare(CompareOp::Eq, a, zero);
        let negative = self.b().compare(CompareOp::Lt, b, zero);
        let lowest = self.b().f64(f64::NEG_INFINITY);
        let finite = self.b().compare(CompareOp::Ne, b, lowest);
        let pole = self.b().binary(Ir::And, base_zero, negative);
        let pole = self.b().binary(Ir::And, pole, finite);
        let fine = self.b().unary(UnaryOp::Not, pole);
        let message = "0.0 cannot be raised to a negative power";
        self.check(fine, ExcClass::ZERO_DIVISION, message, Vec::new());
        self.check_fractional_power(a, b);
    }

    /// Refuses powers that are complex numbers.
    fn check_fractional_power(&mut self, a: Value, b: Value) {
        let zero = self.b().f64(0.0);
        let below = self.b().compare(CompareOp::Lt, a, zero);
        let whole = self.b().math(MathFn::Floor, &[b]);
        let fractional = self.b().compare(CompareOp::Lt, whole, b);
        let complex = self.b().binary(Ir::And, below, fractional);
        let fine = self.b().unary(UnaryOp::Not, complex);
        self.check(fine, ExcClass::VALUE_ERROR, COMPLEX_POWER, Vec::new());
    }

    fn integer_power(&mut self, left: &Operand, right: &Operand, ty: &Ty, span: Span) -> Result<Operand> {
        let dtype = ty.dtype().expect("a scalar");
        if ty.is_weak() && right.const_int().is_some_and(|c| c < 0) {
            // A negative constant exponent gives a float, as in Python.
            let (a, b) = self.both(left, right, DType::F64)?;
            self.weak_power_checks(a, b);
            let value = self.b().math(MathFn::Pow, &[a, b]);
            return Ok(Operand::value(Ty::PyFloat, value, span));
        }
        let (a, b) = self.both(left, right, dtype)?;
        if right.const_int() == Some(2) {
            let is_object = self.is_c() && *ty == Ty::PyInt;
            let square = if is_object {
                InstKind::CheckedBinary(Ir::Mul, a, a)
            } else {
                InstKind::Binary(Ir::Mul, a, a)
            };
            let value = self.b().value(square);
            return Ok(Operand::value(ty.clone(), value, span));
        }
        if self.c_function().is_some_and(|c| c.cpow) && !ty.is_weak() && dtype.is_signed() {
            // C's powers of integers have no fractions.
            let (zero, value) = (self.zero(dtype), self.b().binary(Ir::Pow, a, b));
            let negative = self.b().compare(CompareOp::Lt, b, zero);
            let value = self.b().select(negative, zero, value);
            return Ok(Operand::value(ty.clone(), value, span));
        }
        if dtype.is_signed() && right.const_int().is_none_or(|c| c < 0) {
            let zero = self.zero(dtype);
            let fine = self.b().compare(CompareOp::Ge, b, zero);
            self.check(fine, ExcClass::VALUE_ERROR, NEGATIVE_POWER, Vec::new());
        }
        if self.is_c() && *ty == Ty::PyInt {
            self.check_integer_power(a, b);
        }
        let value = self.b().binary(Ir::Pow, a, b);
        Ok(Operand::value(ty.clone(), value, span))
    }

    /// Raises where a power of Python's integers may exceed 64 bits: its logarithm is that of the power of floats.
    fn check_integer_power(&mut self, a: Value, b: Value) {
        let (a, b) = (self.b().cast(a, DType::F64), self.b().cast(b, DType::F64));
        let power = self.b().math(MathFn::Pow, &[a, b]);
        let (size, limit) = (self.b().unary(UnaryOp::Abs, power), self.b().f64(SAFE_POWER));
        let fine = self.b().compare(CompareOp::Lt, size, limit);
        self.check(fine, ExcClass::OVERFLOW, INTEGER_OVERFLOW, Vec::new());
    }
}

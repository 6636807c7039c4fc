//! NumPy's universal functions, on scalars and element by element on arrays.
//!
//! Python scalars are weak beside others, as in NumPy 2; alone they count as int64 or float64. `calling` has `out`, `where`,
//! `dtype` and `casting`.

use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_syntax::ast::operator::{BinaryOp as Operator, CompareOp as Comparison, UnaryOp as Prefix};

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::{calling, methods};
use crate::operand::Operand;
use crate::promote::promote_scalars;
use crate::registry::unknown;
use crate::ty::Ty;

/// Universal functions beside those of the maths library, for the reference.
pub(crate) const NAMES: &[&str] = &[
    "numpy.abs",
    "numpy.absolute",
    "numpy.add",
    "numpy.bitwise_and",
    "numpy.bitwise_invert",
    "numpy.bitwise_left_shift",
    "numpy.bitwise_not",
    "numpy.bitwise_or",
    "numpy.bitwise_right_shift",
    "numpy.bitwise_xor",
    "numpy.conj",
    "numpy.conjugate",
    "numpy.deg2rad",
    "numpy.degrees",
    "numpy.divide",
    "numpy.divmod",
    "numpy.equal",
    "numpy.fabs",
    "numpy.float_power",
    "numpy.floor_divide",
    "numpy.fmax",
    "numpy.fmin",
    "numpy.fmod",
    "numpy.frexp",
    "numpy.greater",
    "numpy.greater_equal",
    "numpy.imag",
    "numpy.invert",
    "numpy.isfinite",
    "numpy.isinf",
    "numpy.isnan",
    "numpy.left_shift",
    "numpy.less",
    "numpy.less_equal",
    "numpy.logical_and",
    "numpy.logical_not",
    "numpy.logical_or",
    "numpy.logical_xor",
    "numpy.maximum",
    "numpy.minimum",
    "numpy.mod",
    "numpy.modf",
    "numpy.multiply",
    "numpy.negative",
    "numpy.not_equal",
    "numpy.positive",
    "numpy.pow",
    "numpy.power",
    "numpy.rad2deg",
    "numpy.radians",
    "numpy.real",
    "numpy.reciprocal",
    "numpy.remainder",
    "numpy.right_shift",
    "numpy.sign",
    "numpy.signbit",
    "numpy.square",
    "numpy.subtract",
    "numpy.true_divide",
];

/// Calls a function of this family.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, mut args: Args) -> Result<Operand> {
    let span = args.span;
    let qualified = format!("numpy.{function}");
    let (count, results) = arity(function);
    if function == "isnat" {
        let message = "ufunc 'isnat' is only defined for np.datetime64 and np.timedelta64.";
        return l.always_raise(ExcClass::TYPE_ERROR, message);
    }
    let options = calling::options(l, &mut args, &qualified, (count, results))?;
    if !args.keywords.is_empty() {
        return Err(unknown(&qualified, span));
    }
    let mut operands = args.positional;
    if operands.len() != count && NAMES.contains(&qualified.as_str()) {
        let (given, most) = (operands.len(), count + results);
        let message =
            format!("{function}() takes from {count} to {most} positional arguments but {given} were given");
        let signature = format!("{qualified}({})", if count == 1 { "x" } else { "x1, x2" });
        return Err(CallError::Binding { message, span, definition: None, signature }.into());
    }
    for x in &mut operands {
        if matches!(x.ty, Ty::Tuple(_)) {
            *x = l.as_array(x, None, span)?;
        }
    }
    l.convert_operands(function, &mut operands, &options, span)?;
    if operands.iter().all(|x| x.ty.is_weak()) {
        // Nothing beside them decides: they count as NumPy's own numbers.
        for x in &mut operands {
            *x = l.as_numpy(x)?;
        }
    }
    let name = function.to_owned();
    let for_errors = qualified.clone();
    let apply = Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| scalar(l, &name, x, &for_errors, span));
    if results > 1 && operands.iter().any(|x| l.is_proper_array(x)) {
        let parts = l.lift_parts(&operands, results, span, apply)?;
        l.check_kept(&qualified, &operands, &parts, &options, span)?;
        return l.with_several(&parts, &options, span);
    }
    let result = l.lift(&operands, span, apply)?;
    if results > 1 {
        l.check_kept(&qualified, &operands, &result, &options, span)?;
        return l.with_several(&result, &options, span);
    }
    l.check_loop(&qualified, &operands, &result, &options, span)?;
    l.with_options(result, &options, span)
}

/// Operands and results of a universal function.
pub(crate) fn arity(function: &str) -> (usize, usize) {
    match function {
        "divmod" => (2, 2),
        "modf" | "frexp" => (1, 2),
        "bitwise_left_shift"
        | "bitwise_right_shift"
        | "ldexp"
        | "nextafter"
        | "heaviside"
        | "float_power" => (2, 1),
        name if methods::BINARY.contains(&name) => (2, 1),
        _ => (1, 1),
    }
}

impl Lowerer<'_, '_> {
    /// `np.fmin` and `np.fmax`: a number wins over NaN.
    fn number_extremum(&mut self, largest: bool, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        if [x, y].iter().any(|o| o.ty.dtype().is_some_and(|d| d.is_complex())) {
            return self.complex_extremum(largest, true, [x, y], span);
        }
        let plain = self.numpy_extremum(largest, x, y, span)?;
        let dtype = plain.ty.dtype().expect("a scalar");
        if !dtype.is_float() {
            return Ok(plain);
        }
        let (a, b) = (self.cast_to(x, dtype)?, self.cast_to(y, dtype)?);
        let value = self.value(&plain)?;
        let a_nan = self.b().compare(CompareOp::Ne, a, a);
        let b_nan = self.b().compare(CompareOp::Ne, b, b);
        let other = self.b().select(b_nan, a, value);
        let value = self.b().select(a_nan, b, other);
        Ok(Operand::value(plain.ty, value, span))
    }

    /// `np.logical_and` and its relatives.
    fn logical(&mut self, op: BinaryOp, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        let (a, b) = (self.truth_value(x)?, self.truth_value(y)?);
        let value = self.b().binary(op, a, b);
        Ok(Operand::value(Ty::Scalar(DType::Bool), value, span))
    }

    /// A part of a number: of a real one itself or zero.
    fn part(&mut self, imaginary: bool, x: &Operand, span: Span) -> Result<Operand> {
        let dtype = x.ty.dtype().expect("a scalar");
        if !dtype.is_complex() {
            let zero = Operand::int(0, span);
            return if imaginary { self.convert(&zero, &x.ty) } else { Ok(x.clone()) };
        }
        let value = self.value(x)?;
        let value = self.b().unary(if imaginary { UnaryOp::Imag } else { UnaryOp::Real }, value);
        Ok(Operand::value(Ty::Scalar(dtype.real()), value, span))
    }

    fn conjugate(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        if !x.ty.dtype().is_some_and(|d| d.is_complex()) {
            return Ok(x.clone());
        }
        let value = self.value(x)?;
        let value = self.b().value(InstKind::Unary(UnaryOp::Conj, value));
        Ok(Operand::value(x.ty.clone(), value, span))
    }

    /// `1 / x` of integers, cut to an integer, and of complex numbers.
    fn reciprocal_of(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let dtype = x.ty.dtype().expect("a scalar");
        let one = self.cast_to(&Operand::int(1, span), dtype)?;
        let one = Operand::value(x.ty.clone(), one, span);
        if dtype.is_complex() {
            return self.complex_reciprocal(x, span);
        }
        let cut = self.truncated(Operator::FloorDiv, &one, x, span)?;
        if !matches!(dtype, DType::I32 | DType::I64) {
            return Ok(cut);
        }
        // Of zero it is infinity as an integer, which for the wider signed ones is the least.
        let (value, zero) = (self.value(x)?, self.zero(dtype));
        let none = self.b().compare(CompareOp::Eq, value, zero);
        let least = if dtype == DType::I32 { i64::from(i32::MIN) } else { i64::MIN };
        let (least, quotient) = (self.cast_to(&Operand::int(least, span), dtype)?, self.value(&cut)?);
        let chosen = self.b().select(none, least, quotient);
        Ok(Operand::value(cut.ty, chosen, span))
    }

    /// 1 / z by NumPy's formula: 1/d and −r/d, r being the smaller part over the larger, d their sum of squares over it.
    fn complex_reciprocal(&mut self, z: &Operand, span: Span) -> Result<Operand> {
        let value = self.value(z)?;
        let (x, y) = (self.b().unary(UnaryOp::Real, value), self.b().unary(UnaryOp::Imag, value));
        let (a, b) = (self.b().unary(UnaryOp::Abs, x), self.b().unary(UnaryOp::Abs, y));
        let flat = self.b().compare(CompareOp::Le, b, a);
        let (large, small) = (self.b().select(flat, x, y), self.b().select(flat, y, x));
        let ratio = self.b().binary(BinaryOp::Div, small, large);
        let rest = self.b().binary(BinaryOp::Mul, small, ratio);
        let size = self.b().binary(BinaryOp::Add, large, rest);
        let one = self.float_like(1.0, x);
        let (re, im) = (self.b().select(flat, one, ratio), self.b().select(flat, ratio, one));
        let im = self.b().unary(UnaryOp::Neg, im);
        let (re, im) = (self.b().binary(BinaryOp::Div, re, size), self.b().binary(BinaryOp::Div, im, size));
        let result = self.b().binary(BinaryOp::MakeComplex, re, im);
        Ok(Operand::value(z.ty.clone(), result, span))
    }

    /// Quotient or remainder of integers as C has them: the quotient is cut, the remainder has the sign of the dividend.
    fn truncated(&mut self, op: Operator, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        let floored = self.binary(op, x, y, span)?;
        let dtype = floored.ty.dtype().expect("a scalar");
        if dtype.is_unsigned() {
            return Ok(floored);
        }
        let (a, b) = (self.cast_to(x, dtype)?, self.cast_to(y, dtype)?);
        let remainder = self.b().binary(BinaryOp::Mod, a, b);
        let zero = self.zero(dtype);
        let signs = [a, b].map(|v| self.b().compare(CompareOp::Lt, v, zero));
        let differ = self.b().binary(BinaryOp::Xor, signs[0], signs[1]);
        let inexact = self.b().compare(CompareOp::Ne, remainder, zero);
        let wrong = self.b().binary(BinaryOp::And, differ, inexact);
        let value = self.value(&floored)?;
        let adjusted = if op == Operator::FloorDiv {
            let one = self.cast_to(&Operand::int(1, span), dtype)?;
            self.b().binary(BinaryOp::Add, value, one)
        } else {
            self.b().binary(BinaryOp::Sub, value, b)
        };
        let value = self.b().select(wrong, adjusted, value);
        Ok(Operand::value(floored.ty, value, span))
    }

    fn integer_fmod(&mut self, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        self.truncated(Operator::Mod, x, y, span)
    }

    /// 1, 0 or -1 of an integer.
    fn integer_sign(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let dtype = x.ty.dtype().expect("a scalar");
        let value = self.value(x)?;
        let zero = self.zero(dtype);
        let one = self.cast_to(&Operand::int(1, span), dtype)?;
        let less = self.b().binary(BinaryOp::Sub, zero, one);
        let negative = self.b().compare(CompareOp::Lt, value, zero);
        let positive = self.b().compare(CompareOp::Gt, value, zero);
        let rest = self.b().select(negative, less, zero);
        let sign = self.b().select(positive, one, rest);
        Ok(Operand::value(x.ty.clone(), sign, span))
    }

    /// `np.modf`: fraction and whole part, both with the number's sign.
    fn parts_of(&mut self, x: &Operand, function: &str, span: Span) -> Result<Operand> {
        let x = self.numpy_float(x, function)?;
        let dtype = x.ty.dtype().expect("a float");
        let value = self.value(&x)?;
        let whole = self.b().math(MathFn::Trunc, &[value]);
        let rest = self.b().binary(BinaryOp::Sub, value, whole);
        let infinity = self.cast_to(&Operand::float(f64::INFINITY, span), dtype)?;
        let size = self.b().unary(UnaryOp::Abs, value);
        let infinite = self.b().compare(CompareOp::Eq, size, infinity);
        let zero = self.zero(dtype);
        let rest = self.b().select(infinite, zero, rest);
        let rest = self.b().math(MathFn::Copysign, &[rest, value]);
        Ok(Operand::tuple([rest, whole].map(|v| Operand::value(x.ty.clone(), v, span)).to_vec(), span))
    }

    /// `np.float_power`: at least in double precision.
    fn float_power_of(&mut self, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        let complex = [x, y].iter().any(|o| o.ty.dtype().is_some_and(|d| d.is_complex()));
        let dtype = if complex { DType::C128 } else { DType::F64 };
        let (a, b) = (self.cast_to(x, dtype)?, self.cast_to(y, dtype)?);
        let (a, b) = (Operand::value(Ty::Scalar(dtype), a, span), Operand::value(Ty::Scalar(dtype), b, span));
        self.binary(Operator::Pow, &a, &b, span)
    }
}

/// The operator that a function is.
fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "add" => Operator::Add,
        "subtract" => Operator::Sub,
        "multiply" => Operator::Mult,
        "divide" | "true_divide" => Operator::Div,
        "floor_divide" => Operator::FloorDiv,
        "remainder" | "mod" => Operator::Mod,
        "power" | "pow" => Operator::Pow,
        "left_shift" | "bitwise_left_shift" => Operator::LShift,
        "right_shift" | "bitwise_right_shift" => Operator::RShift,
        "bitwise_and" => Operator::BitAnd,
        "bitwise_or" => Operator::BitOr,
        "bitwise_xor" => Operator::BitXor,
        _ => return None,
    })
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        "equal" => Comparison::Eq,
        "not_equal" => Comparison::NotEq,
        "less" => Comparison::Lt,
        "less_equal" => Comparison::LtE,
        "greater" => Comparison::Gt,
        "greater_equal" => Comparison::GtE,
        _ => return None,
    })
}

/// A function on scalars.
fn scalar(
    l: &mut Lowerer<'_, '_>,
    function: &str,
    operands: &[Operand],
    qualified: &str,
    span: Span,
) -> Result<Operand> {
    let name = match function {
        "absolute" | "fabs" => "abs",
        "arcsin" => "asin",
        "arccos" => "acos",
        "arctan" => "atan",
        "arcsinh" => "asinh",
        "arccosh" => "acosh",
        "arctanh" => "atanh",
        "arctan2" => "atan2",
        "conj" => "conjugate",
        other => other,
    };
    if let [x, y] = operands {
        if let Some(op) = operator(name) {
            return l.binary(op, x, y, span);
        }
        if let Some(op) = comparison(name) {
            return l.compare(op, x, y, span);
        }
    }
    match (name, operands) {
        ("abs", [x]) if function == "fabs" => {
            let x = l.numpy_float(x, qualified)?;
            l.absolute(&x, span)
        }
        ("abs", [x]) => l.absolute(x, span),
        ("floor" | "ceil" | "trunc", [x]) if x.ty.dtype() == Some(DType::Bool) => Ok(x.clone()),
        ("square" | "reciprocal" | "conjugate", [x]) if x.ty.dtype() == Some(DType::Bool) => {
            let number = l.cast_to(x, DType::I8)?;
            scalar(l, name, &[Operand::value(Ty::Scalar(DType::I8), number, span)], qualified, span)
        }
        ("reciprocal", [x]) if !x.ty.dtype().is_some_and(|d| d.is_float()) => l.reciprocal_of(x, span),
        ("sign", [x]) if x.ty.dtype().is_some_and(|d| d.is_int()) => l.integer_sign(x, span),
        ("fmod", [x, y]) if both_integral(x, y) => l.integer_fmod(x, y, span),
        ("modf", [x]) => l.parts_of(x, qualified, span),
        ("negative", [x]) => l.unary(Prefix::Neg, x, span),
        ("positive", [x]) => l.unary(Prefix::Pos, x, span),
        ("invert" | "bitwise_not" | "bitwise_invert", [x]) => l.unary(Prefix::Invert, x, span),
        ("logical_and", [x, y]) => l.logical(BinaryOp::And, x, y, span),
        ("logical_or", [x, y]) => l.logical(BinaryOp::Or, x, y, span),
        ("logical_xor", [x, y]) => l.logical(BinaryOp::Xor, x, y, span),
        ("logical_not", [x]) => {
            let truth = l.truth_value(x)?;
            let value = l.b().unary(UnaryOp::Not, truth);
            Ok(Operand::value(Ty::Scalar(DType::Bool), value, span))
        }
        ("real" | "imag", [x]) => l.part(name == "imag", x, span),
        ("conjugate", [x]) => l.conjugate(x, span),
        ("float_power", [x, y]) => l.float_power_of(x, y, span),
        ("fmin" | "fmax", [x, y]) => l.number_extremum(name == "fmax", x, y, span),
        ("minimum" | "maximum", [x, y]) => l.numpy_extremum(name == "maximum", x, y, span),
        ("divmod", [x, y]) => {
            let quotient = l.binary(Operator::FloorDiv, x, y, span)?;
            let remainder = l.binary(Operator::Mod, x, y, span)?;
            Ok(Operand::tuple(vec![quotient, remainder], span))
        }
        (name, [z]) if z.ty.dtype().is_some_and(|d| d.is_complex()) && l.has_complex(name) => {
            l.complex_function(name, z, span)
        }
        ("isnan" | "isinf" | "isfinite", [x]) => {
            let x = l.numpy_float(x, qualified)?;
            let value = l.value(&x)?;
            let value = l.classify(name, value);
            Ok(Operand::value(Ty::Scalar(DType::Bool), value, span))
        }
        (name, operands) if l.is_elementary(name, operands.len()) => {
            l.elementary(name, operands, qualified, span)
        }
        (name, operands) => match MathFn::from_name(name) {
            Some(f)
                if f.arity() == operands.len()
                    && !matches!(name, "round" | "tgamma" | "lgamma" | "fma" | "erf" | "erfc")
                    && !f.is_internal() =>
            {
                l.numpy_math(f, operands, qualified, span)
            }
            _ => Err(unknown(qualified, span)),
        },
    }
}

/// Whether two numbers are combined as integers: `uint64` and a signed type are combined as floats.
fn both_integral(x: &Operand, y: &Operand) -> bool {
    x.ty.is_integral() && y.ty.is_integral() && promote_scalars(&x.ty, &y.ty).is_integral()
}

//! NumPy's elementary functions of scalars that are a few instructions.
//!
//! `square reciprocal sign signbit degrees radians mod ldexp frexp spacing heaviside float_power logaddexp logaddexp2` and their other
//! names, in NumPy's types; `math.ulp`.
//! Limits: `reciprocal` and `sign` take floats alone here.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_syntax::ast::operator::BinaryOp as Operator;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::Ty;

pub(crate) const UNARY: &[&str] = &[
    "square",
    "reciprocal",
    "sign",
    "signbit",
    "degrees",
    "rad2deg",
    "radians",
    "deg2rad",
    "frexp",
    "spacing",
];

/// Whether a function of two numbers is made of others.
fn is_binary(name: &str) -> bool {
    BINARY.contains(&name)
}

/// Functions of two numbers that are made of others.
pub(crate) const BINARY: &[&str] = &["logaddexp", "logaddexp2", "heaviside", "float_power"];

impl Lowerer<'_, '_> {
    /// Whether [`Lowerer::elementary`] knows a function of so many arguments.
    pub(crate) fn is_elementary(&self, name: &str, arguments: usize) -> bool {
        arguments == 1 && UNARY.contains(&name)
            || arguments == 2 && (matches!(name, "mod" | "remainder" | "ldexp") || is_binary(name))
    }

    pub(crate) fn elementary(
        &mut self,
        name: &str,
        args: &[Operand],
        function: &str,
        span: Span,
    ) -> Result<Operand> {
        match (name, args) {
            ("square", [x]) => {
                let x = self.as_numpy(x)?;
                self.binary(Operator::Mult, &x, &x, span)
            }
            ("mod" | "remainder", [x, y]) => {
                let (x, y) = (self.as_numpy(x)?, self.as_numpy(y)?);
                self.binary(Operator::Mod, &x, &y, span)
            }
            ("ldexp", [x, n]) => {
                let x = self.numpy_float(x, function)?;
                let n = match n.ty.dtype() {
                    Some(DType::Bool) => {
                        let value = self.cast_to(n, DType::I64)?;
                        Operand::value(Ty::PyInt, value, n.span)
                    }
                    // NumPy has loops for exponents in the two signed types of C only.
                    Some(DType::U64) => {
                        let to = "a signed integer, which the exponent is".to_owned();
                        return Err(TypeError::Convert { from: n.ty.clone(), to, span: n.span }.into());
                    }
                    _ => n.clone(),
                };
                let n = self.exponent_argument(&n, function)?;
                let dtype = x.ty.dtype().expect("a float");
                let n = self.b().cast(n, dtype);
                let value = self.value(&x)?;
                let value = self.b().math(MathFn::Ldexp, &[value, n]);
                Ok(Operand::value(x.ty, value, span))
            }
            ("sign" | "reciprocal", [x]) if !x.ty.dtype().is_some_and(|d| d.is_float()) => {
                Err(TypeError::Argument {
                    function: function.to_owned(),
                    parameter: "x".to_owned(),
                    expected: "a floating-point number".to_owned(),
                    found: x.ty.clone(),
                    span: x.span,
                }
                .into())
            }
            (name, [x, y]) if is_binary(name) => self.of_two_floats(name, x, y, function, span),
            (_, args) => {
                let x = self.numpy_float(&args[0], function)?;
                let value = self.value(&x)?;
                Ok(self.of_float(name, value, x.ty, span))
            }
        }
    }

    fn of_two_floats(
        &mut self,
        name: &str,
        x: &Operand,
        y: &Operand,
        function: &str,
        span: Span,
    ) -> Result<Operand> {
        let (a, b) = (self.numpy_float(x, function)?, self.numpy_float(y, function)?);
        let single =
            |float: &Operand, given: &Operand| float.ty == Ty::Scalar(DType::F32) || given.ty.is_weak();
        // What is float16 in NumPy does not widen float32.
        let half = |given: &Operand| matches!(given.ty, Ty::Scalar(DType::Bool | DType::I8 | DType::U8));
        let proper = |float: &Operand| float.ty == Ty::Scalar(DType::F32);
        let both = (single(&a, x) || half(x)) && (single(&b, y) || half(y)) && (proper(&a) || proper(&b));
        let dtype = if both && name != "float_power" { DType::F32 } else { DType::F64 };
        let (a, b) = (self.cast_to(&a, dtype)?, self.cast_to(&b, dtype)?);
        let value = match name {
            "float_power" => self.b().math(MathFn::Pow, &[a, b]),
            "heaviside" => self.step(a, b),
            _ => self.log_of_sum(a, b, name == "logaddexp2"),
        };
        Ok(Operand::value(Ty::Scalar(dtype), value, span))
    }

    /// 0 below zero, 1 above, `at_zero` at zero; NaN stays.
    fn step(&mut self, x: Value, at_zero: Value) -> Value {
        let [zero, one] = [0.0, 1.0].map(|c| self.float_like(c, x));
        let negative = self.b().compare(CompareOp::Lt, x, zero);
        let positive = self.b().compare(CompareOp::Gt, x, zero);
        let is_zero = self.b().compare(CompareOp::Eq, x, zero);
        let rest = self.b().select(is_zero, at_zero, x);
        let below = self.b().select(negative, zero, rest);
        self.b().select(positive, one, below)
    }

    /// log(eᵃ + eᵇ), or to base 2, by NumPy's formula: equal infinities stay, NaN wins.
    fn log_of_sum(&mut self, a: Value, b: Value, binary: bool) -> Value {
        let zero = self.float_like(0.0, a);
        let difference = self.b().binary(BinaryOp::Sub, a, b);
        let first = self.b().compare(CompareOp::Gt, difference, zero);
        let larger = self.b().select(first, a, b);
        let backwards = self.b().binary(BinaryOp::Sub, b, a);
        let distance = self.b().select(first, backwards, difference);
        let power = self.b().math(if binary { MathFn::Exp2 } else { MathFn::Exp }, &[distance]);
        let log = self.b().math(MathFn::Log1p, &[power]);
        let (log, twice) = if binary {
            let factor = self.float_like(std::f64::consts::LOG2_E, a);
            (self.b().binary(BinaryOp::Mul, log, factor), 1.0)
        } else {
            (log, std::f64::consts::LN_2)
        };
        let value = self.b().binary(BinaryOp::Add, larger, log);
        let twice = self.float_like(twice, a);
        let doubled = self.b().binary(BinaryOp::Add, a, twice);
        let equal = self.b().compare(CompareOp::Eq, a, b);
        self.b().select(equal, doubled, value)
    }

    /// The distance to the next number away from zero, negative below zero; NaN for infinities.
    fn spacing(&mut self, x: Value) -> Value {
        let [zero, infinity, opposite] =
            [0.0, f64::INFINITY, f64::NEG_INFINITY].map(|c| self.float_like(c, x));
        let negative = self.b().compare(CompareOp::Lt, x, zero);
        let end = self.b().select(negative, opposite, infinity);
        let next = self.b().math(MathFn::Nextafter, &[x, end]);
        self.b().binary(BinaryOp::Sub, next, x)
    }

    /// `math.ulp`: the distance to the next number, below the largest one to the one before.
    pub(crate) fn unit_in_last_place(&mut self, x: Value) -> Value {
        let magnitude = self.b().unary(UnaryOp::Abs, x);
        let infinity = self.b().f64(f64::INFINITY);
        let zero = self.b().f64(0.0);
        let next = self.b().math(MathFn::Nextafter, &[magnitude, infinity]);
        let above = self.b().binary(BinaryOp::Sub, next, magnitude);
        let before = self.b().math(MathFn::Nextafter, &[magnitude, zero]);
        let below = self.b().binary(BinaryOp::Sub, magnitude, before);
        let overflows = self.b().compare(CompareOp::Eq, next, infinity);
        let value = self.b().select(overflows, below, above);
        let infinite = self.b().compare(CompareOp::Eq, magnitude, infinity);
        self.b().select(infinite, infinity, value)
    }

    fn of_float(&mut self, name: &str, x: Value, ty: Ty, span: Span) -> Operand {
        // NumPy divides constants of the same type.
        let (to_degrees, to_radians) = if ty == Ty::Scalar(DType::F32) {
            let half_turn = std::f32::consts::PI;
            (f64::from(180.0 / half_turn), f64::from(half_turn / 180.0))
        } else {
            let half_turn = std::f64::consts::PI;
            (180.0 / half_turn, half_turn / 180.0)
        };
        let value = match name {
            "reciprocal" => {
                let one = self.float_like(1.0, x);
                self.b().binary(BinaryOp::Div, one, x)
            }
            "sign" => self.sign_of(x),
            "spacing" => self.spacing(x),
            "signbit" => {
                let one = self.float_like(1.0, x);
                let signed = self.b().math(MathFn::Copysign, &[one, x]);
                let zero = self.float_like(0.0, x);
                let negative = self.b().compare(CompareOp::Lt, signed, zero);
                return Operand::value(Ty::Scalar(DType::Bool), negative, span);
            }
            "frexp" => return self.mantissa_and_exponent(x, ty, Ty::Scalar(DType::I32), span),
            "degrees" | "rad2deg" => {
                let factor = self.float_like(to_degrees, x);
                self.b().binary(BinaryOp::Mul, x, factor)
            }
            _ => {
                let factor = self.float_like(to_radians, x);
                self.b().binary(BinaryOp::Mul, x, factor)
            }
        };
        Operand::value(ty, value, span)
    }

    /// A float constant of the type of `x`.
    pub(crate) fn float_like(&mut self, constant: f64, x: Value) -> Value {
        let dtype = self.func.ty(x).dtype().expect("a float");
        let wide = self.b().f64(constant);
        self.b().cast(wide, dtype)
    }

    /// 1, −1 or 0; NaN stays.
    fn sign_of(&mut self, x: Value) -> Value {
        let [zero, one, less] = [0.0, 1.0, -1.0].map(|c| self.float_like(c, x));
        let positive = self.b().compare(CompareOp::Gt, x, zero);
        let negative = self.b().compare(CompareOp::Lt, x, zero);
        let is_zero = self.b().compare(CompareOp::Eq, x, zero);
        let rest = self.b().select(is_zero, zero, x);
        let below = self.b().select(negative, less, rest);
        self.b().select(positive, one, below)
    }

    /// `frexp` as a tuple of these types.
    pub(crate) fn mantissa_and_exponent(
        &mut self,
        x: Value,
        mantissa: Ty,
        exponent: Ty,
        span: Span,
    ) -> Operand {
        let m = self.b().math(MathFn::FrexpMantissa, &[x]);
        let k = self.b().math(MathFn::FrexpExponent, &[x]);
        let k = self.b().cast(k, exponent.dtype().expect("a scalar"));
        Operand::tuple(vec![Operand::value(mantissa, m, span), Operand::value(exponent, k, span)], span)
    }

    /// The exponent of `ldexp` as a float64, kept within ± 2³⁰.
    pub(crate) fn exponent_argument(&mut self, n: &Operand, function: &str) -> Result<Value> {
        let n = self.integer_argument(n, function, "i")?;
        let (low, high) = (self.b().i64(-(1 << 30)), self.b().i64(1 << 30));
        let n = self.b().binary(BinaryOp::Max, n, low);
        let n = self.b().binary(BinaryOp::Min, n, high);
        Ok(self.b().cast(n, DType::F64))
    }
}

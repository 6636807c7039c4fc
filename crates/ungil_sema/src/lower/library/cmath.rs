//! Module `cmath`: complex numbers in, Python's complex numbers and floats out, with CPython's errors.
//!
//! ValueError and OverflowError are conditions on the arguments or, for overflow, on the result; values are those of NumPy's functions
//! on complex128, special values those of C99 Annex G, which CPython's tables follow.
//! Source: CPython's `cmathmodule.c`.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::registry::unknown;
use crate::ty::Ty;

const DOMAIN: &str = "math domain error";
const RANGE: &str = "math range error";

/// Functions of one complex number with a complex result.
const UNARY: &[&str] = &[
    "exp", "sqrt", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh",
    "acosh", "atanh",
];

impl Lowerer<'_, '_> {
    /// `cmath.name(args)`.
    pub(crate) fn cmath_call(&mut self, name: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        let qualified = format!("cmath.{name}");
        if UNARY.contains(&name) {
            let (x, y) = self.only_parts(args, &qualified)?;
            return Ok(self.cmath_unary(name, x, y, span));
        }
        match name {
            "log" => {
                let bound = args.bind(&qualified, &["z", "base"], 1)?;
                self.cmath_log(bound[0].as_ref().expect("required"), bound[1].as_ref(), span)
            }
            "phase" => {
                let (x, y) = self.only_parts(args, &qualified)?;
                Ok(self.python_float(MathFn::Atan2, y, x, span))
            }
            "polar" => {
                let (x, y) = self.only_parts(args, &qualified)?;
                let size = self.python_float(MathFn::Hypot, x, y, span);
                let result = self.value(&size)?;
                self.check_range(&[x, y], result, RANGE);
                let angle = self.python_float(MathFn::Atan2, y, x, span);
                Ok(Operand::tuple(vec![size, angle], span))
            }
            "rect" => {
                let bound = args.bind(&qualified, &["r", "phi"], 2)?;
                let part = |k: usize| bound[k].as_ref().expect("required");
                let (r, phi) = (self.real(part(0), "rect")?, self.real(part(1), "rect")?);
                Ok(self.rectangular(r, phi, span))
            }
            "isnan" | "isinf" | "isfinite" => {
                let (x, y) = self.only_parts(args, &qualified)?;
                let result = self.classify_parts(name, x, y);
                Ok(Operand::value(Ty::PyBool, result, span))
            }
            "isclose" => self.complex_is_close(args, span),
            _ => Err(unknown(&qualified, span)),
        }
    }

    /// Real and imaginary part of a number as float64.
    fn parts_of_number(&mut self, z: &Operand) -> Result<(Value, Value)> {
        let z = self.element_of(z)?;
        let z = self.complex_of_parts(&z, None, z.span)?;
        let value = self.value(&z)?;
        Ok((self.b().unary(UnaryOp::Real, value), self.b().unary(UnaryOp::Imag, value)))
    }

    fn only_parts(&mut self, args: Args, function: &str) -> Result<(Value, Value)> {
        let bound = args.bind(function, &["z"], 1)?;
        self.parts_of_number(bound[0].as_ref().expect("required"))
    }

    fn python_float(&mut self, function: MathFn, x: Value, y: Value, span: Span) -> Operand {
        Operand::value(Ty::PyFloat, self.b().math(function, &[x, y]), span)
    }

    fn python_complex(&mut self, re: Value, im: Value, span: Span) -> Operand {
        Operand::value(Ty::PyComplex, self.b().binary(BinaryOp::MakeComplex, re, im), span)
    }

    fn raise_if(&mut self, wrong: Value, class: ExcClass, message: &str) {
        let fine = self.b().unary(UnaryOp::Not, wrong);
        self.check(fine, class, message, Vec::new());
    }

    fn both_hold(&mut self, a: Value, b: Value) -> Value {
        self.b().binary(BinaryOp::And, a, b)
    }

    fn is_number(&mut self, x: Value, number: f64) -> Value {
        let number = self.b().f64(number);
        self.b().compare(CompareOp::Eq, x, number)
    }

    fn cmath_unary(&mut self, name: &str, x: Value, y: Value, span: Span) -> Operand {
        if let Some(wrong) = self.outside_domain(name, x, y) {
            self.raise_if(wrong, ExcClass::VALUE_ERROR, DOMAIN);
        }
        let (re, im) = self.complex_parts(name, x, y, DType::F64);
        let (re, im) = self.with_lost_angle(name, (x, y), (re, im));
        if matches!(name, "exp" | "sin" | "cos" | "sinh" | "cosh") {
            let infinite = self.classify_parts("isinf", re, im);
            let finite = self.classify_parts("isfinite", x, y);
            let over = self.both_hold(infinite, finite);
            self.raise_if(over, ExcClass::OVERFLOW, RANGE);
        }
        self.python_complex(re, im, span)
    }

    /// tan, tanh and acosh of a zero beside NaN: NaN in both parts, where newer editions of C have one part.
    fn with_lost_angle(&mut self, name: &str, z: (Value, Value), result: (Value, Value)) -> (Value, Value) {
        let (zero, angle) = if name == "tan" { (z.1, z.0) } else { z };
        if !matches!(name, "tan" | "tanh" | "acosh") {
            return result;
        }
        let (nothing, unknown) = (self.is_number(zero, 0.0), self.classify("isnan", angle));
        let lost = self.both_hold(nothing, unknown);
        let nan = self.b().f64(f64::NAN);
        (self.b().select(lost, nan, result.0), self.b().select(lost, nan, result.1))
    }

    /// Where CPython raises ValueError; `None` if nowhere.
    fn outside_domain(&mut self, name: &str, x: Value, y: Value) -> Option<Value> {
        // sin, cos, tan and atan are hyperbolic functions of i·z.
        let (x, y) = if matches!(name, "sin" | "cos" | "tan" | "atan") { (y, x) } else { (x, y) };
        Some(match name {
            "exp" => {
                let (infinite, finite) = (self.classify("isinf", y), self.classify("isfinite", x));
                let highest = self.is_number(x, f64::INFINITY);
                let counts = self.b().binary(BinaryOp::Or, finite, highest);
                self.both_hold(infinite, counts)
            }
            "sin" | "cos" | "sinh" | "cosh" => {
                let infinite = self.classify("isinf", y);
                let number = self.b().compare(CompareOp::Eq, x, x);
                self.both_hold(infinite, number)
            }
            "tan" | "tanh" => {
                let (infinite, finite) = (self.classify("isinf", y), self.classify("isfinite", x));
                self.both_hold(infinite, finite)
            }
            "log10" => self.is_complex_number(x, y, 0.0),
            "atan" | "atanh" => {
                let size = self.b().unary(UnaryOp::Abs, x);
                self.is_complex_number(size, y, 1.0)
            }
            _ => return None,
        })
    }

    /// Whether x + iy is this real number.
    fn is_complex_number(&mut self, x: Value, y: Value, number: f64) -> Value {
        let (re, im) = (self.is_number(x, number), self.is_number(y, 0.0));
        self.both_hold(re, im)
    }

    /// The quotient of logarithms; only the base's counts for errors where there is one, as in CPython.
    fn cmath_log(&mut self, z: &Operand, base: Option<&Operand>, span: Span) -> Result<Operand> {
        let (x, y) = self.parts_of_number(z)?;
        let (re, im) = self.complex_parts("log", x, y, DType::F64);
        let log = self.python_complex(re, im, span);
        let Some(base) = base else {
            let zero = self.is_complex_number(x, y, 0.0);
            self.raise_if(zero, ExcClass::VALUE_ERROR, DOMAIN);
            return Ok(log);
        };
        let (u, v) = self.parts_of_number(base)?;
        let (re, im) = self.complex_parts("log", u, v, DType::F64);
        let (zero, one) = (self.is_complex_number(u, v, 0.0), self.is_complex_number(re, im, 0.0));
        let wrong = self.b().binary(BinaryOp::Or, zero, one);
        self.raise_if(wrong, ExcClass::VALUE_ERROR, DOMAIN);
        let divisor = self.python_complex(re, im, span);
        let (log, divisor) = (self.value(&log)?, self.value(&divisor)?);
        let quotient = self.complex_quotient(log, divisor);
        Ok(Operand::value(Ty::PyComplex, quotient, span))
    }

    /// `cmath.rect`.
    fn rectangular(&mut self, r: Value, phi: Value, span: Span) -> Operand {
        let (zero, one, nan) = (self.b().f64(0.0), self.b().f64(1.0), self.b().f64(f64::NAN));
        let infinite_angle = self.classify("isinf", phi);
        let (nothing, unknown) = (self.is_number(r, 0.0), self.classify("isnan", r));
        let void = self.b().binary(BinaryOp::Or, nothing, unknown);
        let counts = self.b().unary(UnaryOp::Not, void);
        let wrong = self.both_hold(infinite_angle, counts);
        self.raise_if(wrong, ExcClass::VALUE_ERROR, DOMAIN);
        let (cos, sin) = (self.b().math(MathFn::Cos, &[phi]), self.b().math(MathFn::Sin, &[phi]));
        let (re, im) = (self.b().binary(BinaryOp::Mul, r, cos), self.b().binary(BinaryOp::Mul, r, sin));
        // Without an angle the imaginary part is a zero, also of infinities.
        let sign = self.b().math(MathFn::Copysign, &[one, r]);
        let turned = self.b().binary(BinaryOp::Mul, sign, phi);
        let flat_im = self.b().select(unknown, zero, turned);
        let flat = self.is_number(phi, 0.0);
        let (re, im) = (self.b().select(flat, r, re), self.b().select(flat, flat_im, im));
        // An angle that is no number does not matter at zero, and an infinity stays one.
        let known_angle = self.classify("isfinite", phi);
        let lost = self.b().unary(UnaryOp::Not, known_angle);
        let infinite = self.classify("isinf", r);
        let highest = self.b().f64(f64::INFINITY);
        let (zero_lost, infinite_lost) = (self.both_hold(lost, nothing), self.both_hold(lost, infinite));
        let (re, im) = (self.b().select(infinite_lost, highest, re), self.b().select(infinite_lost, nan, im));
        let (re, im) = (self.b().select(zero_lost, zero, re), self.b().select(zero_lost, zero, im));
        self.python_complex(re, im, span)
    }

    /// `cmath.isclose`.
    fn complex_is_close(&mut self, args: Args, span: Span) -> Result<Operand> {
        let bound = args.bind("cmath.isclose", &["a", "b", "rel_tol", "abs_tol"], 2)?;
        let (ax, ay) = self.parts_of_number(bound[0].as_ref().expect("required"))?;
        let (bx, by) = self.parts_of_number(bound[1].as_ref().expect("required"))?;
        let mut tolerance = |k: usize, default: f64| match &bound[k] {
            Some(given) => self.real(given, "isclose"),
            None => Ok(self.b().f64(default)),
        };
        let (relative, absolute) = (tolerance(2, 1e-9)?, tolerance(3, 0.0)?);
        let zero = self.b().f64(0.0);
        let (r, a) = (
            self.b().compare(CompareOp::Lt, relative, zero),
            self.b().compare(CompareOp::Lt, absolute, zero),
        );
        let negative = self.b().binary(BinaryOp::Or, r, a);
        self.raise_if(negative, ExcClass::VALUE_ERROR, "tolerances must be non-negative");
        let (re, im) = (self.b().compare(CompareOp::Eq, ax, bx), self.b().compare(CompareOp::Eq, ay, by));
        let equal = self.both_hold(re, im);
        let (x, y) = (self.b().binary(BinaryOp::Sub, ax, bx), self.b().binary(BinaryOp::Sub, ay, by));
        let difference = self.b().math(MathFn::Hypot, &[x, y]);
        let (a, b) = (self.b().math(MathFn::Hypot, &[ax, ay]), self.b().math(MathFn::Hypot, &[bx, by]));
        let mut near = self.b().compare(CompareOp::Le, difference, absolute);
        for size in [a, b] {
            let allowed = self.b().binary(BinaryOp::Mul, relative, size);
            let close = self.b().compare(CompareOp::Le, difference, allowed);
            near = self.b().binary(BinaryOp::Or, near, close);
        }
        let (a, b) = (self.classify_parts("isinf", ax, ay), self.classify_parts("isinf", bx, by));
        let infinite = self.b().binary(BinaryOp::Or, a, b);
        let finite = self.b().unary(UnaryOp::Not, infinite);
        let near = self.both_hold(near, finite);
        let result = self.b().binary(BinaryOp::Or, equal, near);
        Ok(Operand::value(Ty::PyBool, result, span))
    }
}

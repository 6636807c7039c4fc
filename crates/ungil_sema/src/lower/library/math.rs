//! Module `math`: float64 in, Python float out, with CPython's errors.
//!
//! CPython raises ValueError where the result is not a number though the argument is, and OverflowError where it is
//! infinite though the argument is finite. The conditions are tested on arguments where that is possible, so that
//! they can be hoisted and folded.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::Ty;

const DOMAIN: &str = "math domain error";
/// The smallest magnitude whose gamma function is finite.
const GAMMA_SMALLEST: f64 = 5.562_684_646_268_01e-309;
const RANGE: &str = "math range error";

/// What is checked about a function of one argument.
#[derive(Clone, Copy, PartialEq)]
enum Guard {
    /// Defined everywhere and bounded, or infinite only for infinite arguments.
    Total,
    /// Not for negative arguments.
    NonNegative,
    /// Not for arguments at or below this.
    Above(f64),
    /// Not below this.
    AtLeast(f64),
    /// Not beyond ± 1.
    UnitInterval,
    /// Not at or beyond ± 1.
    OpenUnitInterval,
    /// Not for infinities.
    Finite,
    /// Too large a result is an OverflowError.
    Overflow,
    /// Not at poles and minus infinity, and may overflow.
    Gamma,
}

fn unary(name: &str) -> Option<(MathFn, Guard)> {
    Some(match name {
        "sqrt" => (MathFn::Sqrt, Guard::NonNegative),
        "exp" => (MathFn::Exp, Guard::Overflow),
        "exp2" => (MathFn::Exp2, Guard::Overflow),
        "expm1" => (MathFn::Expm1, Guard::Overflow),
        "log2" => (MathFn::Log2, Guard::Above(0.0)),
        "log10" => (MathFn::Log10, Guard::Above(0.0)),
        "log1p" => (MathFn::Log1p, Guard::Above(-1.0)),
        "sin" => (MathFn::Sin, Guard::Finite),
        "cos" => (MathFn::Cos, Guard::Finite),
        "tan" => (MathFn::Tan, Guard::Finite),
        "asin" => (MathFn::Asin, Guard::UnitInterval),
        "acos" => (MathFn::Acos, Guard::UnitInterval),
        "atan" => (MathFn::Atan, Guard::Total),
        "sinh" => (MathFn::Sinh, Guard::Overflow),
        "cosh" => (MathFn::Cosh, Guard::Overflow),
        "tanh" => (MathFn::Tanh, Guard::Total),
        "asinh" => (MathFn::Asinh, Guard::Total),
        "acosh" => (MathFn::Acosh, Guard::AtLeast(1.0)),
        "atanh" => (MathFn::Atanh, Guard::OpenUnitInterval),
        "cbrt" => (MathFn::Cbrt, Guard::Total),
        "erf" => (MathFn::Erf, Guard::Total),
        "erfc" => (MathFn::Erfc, Guard::Total),
        "gamma" => (MathFn::Gamma, Guard::Gamma),
        "lgamma" => (MathFn::Lgamma, Guard::Gamma),
        _ => return None,
    })
}

impl Lowerer<'_, '_> {
    /// `math.name(args)`; `None` if there is no such function in compiled code.
    pub(crate) fn math_call(&mut self, name: &str, args: &[Operand], span: Span) -> Result<Option<Operand>> {
        if let (Some((function, guard)), [x]) = (unary(name), args) {
            let x = self.real(x, name)?;
            return Ok(Some(self.guarded(function, guard, x, span)));
        }
        let float = |value| Ok(Some(Operand::value(Ty::PyFloat, value, span)));
        match (name, args) {
            ("log", [x]) => {
                let x = self.real(x, name)?;
                Ok(Some(self.guarded(MathFn::Log, Guard::Above(0.0), x, span)))
            }
            ("log", [x, base]) => self.log_to_base(x, base, span).map(Some),
            ("fabs", [x]) => {
                let x = self.real(x, name)?;
                float(self.b().unary(UnaryOp::Abs, x))
            }
            ("copysign" | "nextafter" | "atan2", [x, y]) => {
                let function = MathFn::from_name(name).expect("a libm name");
                let (x, y) = (self.real(x, name)?, self.real(y, name)?);
                float(self.b().math(function, &[x, y]))
            }
            ("ulp", [x]) => {
                let x = self.real(x, name)?;
                float(self.unit_in_last_place(x))
            }
            ("hypot", args) => self.hypot(args, span).map(Some),
            ("fmod" | "remainder", [x, y]) => self.remainder_of(name, x, y, span).map(Some),
            ("pow", [x, y]) => self.float_power(x, y, span).map(Some),
            ("fma", [x, y, z]) => {
                let (x, y, z) = (self.real(x, name)?, self.real(y, name)?, self.real(z, name)?);
                float(self.b().math(MathFn::Fma, &[x, y, z]))
            }
            ("degrees" | "radians", [x]) => {
                let x = self.real(x, name)?;
                let half_turn = std::f64::consts::PI;
                let factor = if name == "degrees" { 180.0 / half_turn } else { half_turn / 180.0 };
                let factor = self.b().f64(factor);
                float(self.b().binary(BinaryOp::Mul, x, factor))
            }
            ("isnan" | "isinf" | "isfinite", [x]) => {
                let x = self.real(x, name)?;
                let result = self.classify(name, x);
                Ok(Some(Operand::value(Ty::PyBool, result, span)))
            }
            ("floor" | "ceil" | "trunc", [x]) => {
                let function = MathFn::from_name(name).expect("a libm name");
                self.rounded_to_int(function, x, name, span).map(Some)
            }
            ("ldexp", [x, n]) => self.scaled(x, n, span).map(Some),
            ("frexp", [x]) => {
                let x = self.real(x, name)?;
                Ok(Some(self.mantissa_and_exponent(x, Ty::PyFloat, Ty::PyInt, span)))
            }
            ("modf", [x]) => self.modf(x, span).map(Some),
            ("isclose", [x, y]) => self.is_close(x, y, span).map(Some),
            ("gcd", [x, y]) => self.greatest_common_divisor(x, y, span).map(Some),
            ("factorial", [x]) => self.factorial(x, span).map(Some),
            ("isqrt", [x]) => self.integer_square_root(x, span).map(Some),
            _ => Ok(None),
        }
    }

    /// A real argument as float64.
    pub(crate) fn real(&mut self, x: &Operand, function: &str) -> Result<Value> {
        let scalar = match x.ty.as_array() {
            Some(ty) if ty.ndim == 0 => self.load_element(x, Vec::new())?,
            _ => x.clone(),
        };
        match scalar.ty.dtype() {
            Some(d) if !d.is_complex() => self.cast_to(&scalar, DType::F64),
            _ => Err(TypeError::Argument {
                function: format!("math.{function}"),
                parameter: "x".to_owned(),
                expected: "a real number".to_owned(),
                found: x.ty.clone(),
                span: x.span,
            }
            .into()),
        }
    }

    fn domain_unless(&mut self, fine: Value) {
        self.check(fine, ExcClass::VALUE_ERROR, DOMAIN, Vec::new());
    }

    /// `not (x op limit)`, which holds for NaN.
    fn not_compared(&mut self, op: CompareOp, x: Value, limit: f64) -> Value {
        let limit = self.b().f64(limit);
        let compared = self.b().compare(op, x, limit);
        self.b().unary(UnaryOp::Not, compared)
    }

    fn guarded(&mut self, function: MathFn, guard: Guard, x: Value, span: Span) -> Operand {
        match guard {
            Guard::NonNegative => {
                let fine = self.not_compared(CompareOp::Lt, x, 0.0);
                self.domain_unless(fine);
            }
            Guard::Above(limit) => {
                let fine = self.not_compared(CompareOp::Le, x, limit);
                self.domain_unless(fine);
            }
            Guard::AtLeast(limit) => {
                let fine = self.not_compared(CompareOp::Lt, x, limit);
                self.domain_unless(fine);
            }
            Guard::UnitInterval | Guard::OpenUnitInterval => {
                let size = self.b().unary(UnaryOp::Abs, x);
                let op = if guard == Guard::UnitInterval { CompareOp::Gt } else { CompareOp::Ge };
                let fine = self.not_compared(op, size, 1.0);
                self.domain_unless(fine);
            }
            Guard::Finite => {
                let size = self.b().unary(UnaryOp::Abs, x);
                let fine = self.not_compared(CompareOp::Eq, size, f64::INFINITY);
                self.domain_unless(fine);
            }
            Guard::Gamma => {
                let whole = self.b().math(MathFn::Floor, &[x]);
                let (zero, low) = (self.b().f64(0.0), self.b().f64(f64::NEG_INFINITY));
                let at_integer = self.b().compare(CompareOp::Eq, whole, x);
                let not_positive = self.b().compare(CompareOp::Le, x, zero);
                let mut pole = self.b().binary(BinaryOp::And, at_integer, not_positive);
                if function == MathFn::Lgamma {
                    // The logarithm of gamma is infinite at minus infinity.
                    let finite = self.b().compare(CompareOp::Ne, x, low);
                    pole = self.b().binary(BinaryOp::And, pole, finite);
                }
                let fine = self.b().unary(UnaryOp::Not, pole);
                self.domain_unless(fine);
            }
            Guard::Total | Guard::Overflow => {}
        }
        if matches!(guard, Guard::Overflow | Guard::Gamma) {
            self.limit_check(function, x);
        }
        let result = self.b().math(function, &[x]);
        Operand::value(Ty::PyFloat, result, span)
    }

    /// OverflowError if the result will be infinite though the argument is not: a test of the argument alone, which can
    /// be made ahead of a loop's strip without computing the function.
    fn limit_check(&mut self, function: MathFn, x: Value) {
        let limit = function.overflow_limit().expect("a function that overflows");
        let even = matches!(function, MathFn::Sinh | MathFn::Cosh);
        let size = if even { self.b().unary(UnaryOp::Abs, x) } else { x };
        let (limit, infinity) = (self.b().f64(limit), self.b().f64(f64::INFINITY));
        let beyond = self.b().compare(CompareOp::Gt, size, limit);
        let finite = self.b().compare(CompareOp::Lt, size, infinity);
        let mut over = self.b().binary(BinaryOp::And, beyond, finite);
        if function == MathFn::Gamma {
            // Near zero it is 1/x.
            let size = self.b().unary(UnaryOp::Abs, x);
            let smallest = self.b().f64(GAMMA_SMALLEST);
            let near = self.b().compare(CompareOp::Lt, size, smallest);
            over = self.b().binary(BinaryOp::Or, over, near);
        }
        let fine = self.b().unary(UnaryOp::Not, over);
        self.check(fine, ExcClass::OVERFLOW, RANGE, Vec::new());
    }

    /// OverflowError if the result is infinite though no argument is.
    pub(crate) fn check_range(&mut self, args: &[Value], result: Value, message: &str) {
        let size = self.b().unary(UnaryOp::Abs, result);
        let mut fine = self.not_compared(CompareOp::Eq, size, f64::INFINITY);
        for &x in args {
            let size = self.b().unary(UnaryOp::Abs, x);
            let limit = self.b().f64(f64::INFINITY);
            let infinite = self.b().compare(CompareOp::Eq, size, limit);
            fine = self.b().binary(BinaryOp::Or, fine, infinite);
        }
        self.check(fine, ExcClass::OVERFLOW, message, Vec::new());
    }

    fn log_to_base(&mut self, x: &Operand, base: &Operand, span: Span) -> Result<Operand> {
        let (x, base) = (self.real(x, "log")?, self.real(base, "log")?);
        let above = Guard::Above(0.0);
        let numerator = self.guarded(MathFn::Log, above, x, span);
        let denominator = self.guarded(MathFn::Log, above, base, span);
        let (n, d) = (self.value(&numerator)?, self.value(&denominator)?);
        let zero = self.b().f64(0.0);
        let fine = self.b().compare(CompareOp::Ne, d, zero);
        self.check(fine, ExcClass::ZERO_DIVISION, "float division by zero", Vec::new());
        let quotient = self.b().binary(BinaryOp::Div, n, d);
        Ok(Operand::value(Ty::PyFloat, quotient, span))
    }

    fn hypot(&mut self, args: &[Operand], span: Span) -> Result<Operand> {
        let mut total = None;
        let mut reals = Vec::new();
        for x in args {
            let x = self.real(x, "hypot")?;
            reals.push(x);
            total = Some(match total {
                None => self.b().unary(UnaryOp::Abs, x),
                Some(t) => self.b().math(MathFn::Hypot, &[t, x]),
            });
        }
        let result = total.unwrap_or_else(|| self.b().f64(0.0));
        Ok(Operand::value(Ty::PyFloat, result, span))
    }

    fn remainder_of(&mut self, name: &str, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        let function = if name == "fmod" { MathFn::Fmod } else { MathFn::Remainder };
        let (x, y) = (self.real(x, name)?, self.real(y, name)?);
        // Not a number from numbers: the divisor is zero or the dividend infinite.
        let result = self.b().math(function, &[x, y]);
        self.nan_check(&[x, y], result);
        Ok(Operand::value(Ty::PyFloat, result, span))
    }

    /// ValueError if the result is NaN though no argument is.
    fn nan_check(&mut self, args: &[Value], result: Value) {
        let mut fine = self.b().compare(CompareOp::Eq, result, result);
        for &x in args {
            let nan = self.b().compare(CompareOp::Ne, x, x);
            fine = self.b().binary(BinaryOp::Or, fine, nan);
        }
        self.domain_unless(fine);
    }

    /// `math.pow`, which unlike `**` never gives complex numbers.
    fn float_power(&mut self, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        let (x, y) = (self.real(x, "pow")?, self.real(y, "pow")?);
        let zero = self.b().f64(0.0);
        let base_zero = self.b().compare(CompareOp::Eq, x, zero);
        let negative = self.b().compare(CompareOp::Lt, y, zero);
        let minus_infinity = self.b().f64(f64::NEG_INFINITY);
        let finite = self.b().compare(CompareOp::Ne, y, minus_infinity);
        let pole = self.b().binary(BinaryOp::And, base_zero, negative);
        let pole = self.b().binary(BinaryOp::And, pole, finite);
        let fine = self.b().unary(UnaryOp::Not, pole);
        self.domain_unless(fine);
        let result = self.b().math(MathFn::Pow, &[x, y]);
        self.nan_check(&[x, y], result);
        let result_operand = Operand::value(Ty::PyFloat, result, span);
        let fine = self.pole_or_fine(base_zero, result, x, y);
        self.check(fine, ExcClass::OVERFLOW, RANGE, Vec::new());
        Ok(result_operand)
    }

    fn pole_or_fine(&mut self, base_zero: Value, result: Value, x: Value, y: Value) -> Value {
        let limit = self.b().f64(f64::INFINITY);
        let mut fine = base_zero;
        for v in [x, y] {
            let size = self.b().unary(UnaryOp::Abs, v);
            let infinite = self.b().compare(CompareOp::Eq, size, limit);
            fine = self.b().binary(BinaryOp::Or, fine, infinite);
        }
        let size = self.b().unary(UnaryOp::Abs, result);
        let finite = self.b().compare(CompareOp::Ne, size, limit);
        self.b().binary(BinaryOp::Or, fine, finite)
    }

    /// `isnan`, `isinf` and `isfinite` of a float.
    pub(crate) fn classify(&mut self, name: &str, x: Value) -> Value {
        let dtype = self.func.ty(x).dtype().expect("a float");
        if name == "isnan" {
            return self.b().compare(CompareOp::Ne, x, x);
        }
        let size = self.b().unary(UnaryOp::Abs, x);
        let limit = self.b().f64(f64::INFINITY);
        let limit = self.b().cast(limit, dtype);
        let op = if name == "isinf" { CompareOp::Eq } else { CompareOp::Lt };
        self.b().compare(op, size, limit)
    }

    /// `math.ldexp`: OverflowError where a finite number becomes infinite.
    fn scaled(&mut self, x: &Operand, n: &Operand, span: Span) -> Result<Operand> {
        let (x, n) = (self.real(x, "ldexp")?, self.exponent_argument(n, "math.ldexp")?);
        let result = self.b().math(MathFn::Ldexp, &[x, n]);
        self.check_range(&[x], result, RANGE);
        Ok(Operand::value(Ty::PyFloat, result, span))
    }

    fn modf(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let x = self.real(x, "modf")?;
        let whole = self.b().math(MathFn::Trunc, &[x]);
        let rest = self.b().binary(BinaryOp::Sub, x, whole);
        let size = self.b().unary(UnaryOp::Abs, x);
        let (limit, zero) = (self.b().f64(f64::INFINITY), self.b().f64(0.0));
        let infinite = self.b().compare(CompareOp::Eq, size, limit);
        let rest = self.b().select(infinite, zero, rest);
        let rest = self.b().math(MathFn::Copysign, &[rest, x]);
        let parts = [rest, whole].map(|v| Operand::value(Ty::PyFloat, v, span));
        Ok(Operand::tuple(parts.to_vec(), span))
    }

    fn is_close(&mut self, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        let (x, y) = (self.real(x, "isclose")?, self.real(y, "isclose")?);
        let equal = self.b().compare(CompareOp::Eq, x, y);
        let difference = self.b().binary(BinaryOp::Sub, x, y);
        let difference = self.b().unary(UnaryOp::Abs, difference);
        let tolerance = self.b().f64(1e-9);
        let (size_x, size_y) = (self.b().unary(UnaryOp::Abs, x), self.b().unary(UnaryOp::Abs, y));
        let largest = self.b().binary(BinaryOp::Max, size_x, size_y);
        let allowed = self.b().binary(BinaryOp::Mul, tolerance, largest);
        let near = self.b().compare(CompareOp::Le, difference, allowed);
        let limit = self.b().f64(f64::INFINITY);
        let finite = self.b().compare(CompareOp::Lt, largest, limit);
        let near = self.b().binary(BinaryOp::And, near, finite);
        let close = self.b().binary(BinaryOp::Or, equal, near);
        Ok(Operand::value(Ty::PyBool, close, span))
    }
}

//! Integer functions: rounding to integers, greatest common divisor, factorial, integer square root.

use ungil_abi::exception::{ExcClass, FLOAT_TOO_LARGE};
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::{DType, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// A float rounded by `function` as a Python integer. Not finite ones raise as `int(x)` does; integers stay.
    pub(crate) fn rounded_to_int(
        &mut self,
        function: MathFn,
        x: &Operand,
        name: &str,
        span: Span,
    ) -> Result<Operand> {
        if x.ty.is_integral() {
            let value = self.index(x)?;
            return Ok(Operand::value(Ty::PyInt, value, span));
        }
        let x = self.real(x, name)?;
        self.check_convertible(x);
        let rounded = self.b().math(function, &[x]);
        let value = self.b().cast(rounded, DType::I64);
        Ok(Operand::value(Ty::PyInt, value, span))
    }

    /// Raises unless a float fits int64.
    pub(crate) fn check_convertible(&mut self, x: Value) {
        let number = self.b().compare(CompareOp::Eq, x, x);
        self.check(number, ExcClass::VALUE_ERROR, "cannot convert float NaN to integer", Vec::new());
        let size = self.b().unary(UnaryOp::Abs, x);
        let (infinity, limit) = (self.b().f64(f64::INFINITY), self.b().f64(9_223_372_036_854_775_808.0));
        let finite = self.b().compare(CompareOp::Ne, size, infinity);
        self.check(finite, ExcClass::OVERFLOW, "cannot convert float infinity to integer", Vec::new());
        let fits = self.b().compare(CompareOp::Lt, size, limit);
        self.check(fits, ExcClass::OVERFLOW, FLOAT_TOO_LARGE, Vec::new());
    }

    fn whole(&mut self, x: &Operand, function: &str) -> Result<Value> {
        if !x.ty.is_integral() {
            return Err(TypeError::Argument {
                function: format!("math.{function}"),
                parameter: "n".to_owned(),
                expected: "an integer".to_owned(),
                found: x.ty.clone(),
                span: x.span,
            }
            .into());
        }
        self.index(x)
    }

    /// Euclid's algorithm.
    pub(crate) fn greatest_common_divisor(
        &mut self,
        x: &Operand,
        y: &Operand,
        span: Span,
    ) -> Result<Operand> {
        let (x, y) = (self.whole(x, "gcd")?, self.whole(y, "gcd")?);
        let (x, y) = (self.b().unary(UnaryOp::Abs, x), self.b().unary(UnaryOp::Abs, y));
        let (a, b) = (self.func.new_var("a", Type::I64), self.func.new_var("b", Type::I64));
        self.b().set(a, x);
        self.b().set(b, y);
        let (cond, test) = self.nested(|l| {
            let (rest, zero) = (l.b().get(b), l.b().i64(0));
            l.b().compare(CompareOp::Ne, rest, zero)
        });
        let (body, ()) = self.nested(|l| {
            let (x, y) = (l.b().get(a), l.b().get(b));
            let rest = l.b().binary(BinaryOp::Mod, x, y);
            l.b().set(a, y);
            l.b().set(b, rest);
        });
        let label = self.func.new_label();
        self.b().push(InstKind::While { label, cond, test, body });
        // The least integer has no absolute value: remainders by it are negative.
        let divisor = self.b().get(a);
        let result = self.b().unary(UnaryOp::Abs, divisor);
        Ok(Operand::value(Ty::PyInt, result, span))
    }

    /// The product of 1 … n; beyond 20 it does not fit 64 bits.
    pub(crate) fn factorial(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let n = self.whole(x, "factorial")?;
        let (zero, one, most) = (self.b().i64(0), self.b().i64(1), self.b().i64(20));
        let fine = self.b().compare(CompareOp::Ge, n, zero);
        let message = "factorial() not defined for negative values";
        self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
        let fits = self.b().compare(CompareOp::Le, n, most);
        let message = "factorial of {0} does not fit a 64-bit integer";
        self.check(fits, ExcClass::OVERFLOW, message, vec![(n, true)]);
        let product = self.func.new_var("product", Type::I64);
        self.b().set(product, one);
        let stop = self.b().binary(BinaryOp::Add, n, one);
        let iv = self.func.new_value(Type::I64);
        let (body, ()) = self.nested(|l| {
            let so_far = l.b().get(product);
            let next = l.b().binary(BinaryOp::Mul, so_far, iv);
            l.b().set(product, next);
        });
        let label = self.func.new_label();
        let node = For { label, iv, start: one, stop, step: one, body, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        let result = self.b().get(product);
        Ok(Operand::value(Ty::PyInt, result, span))
    }

    /// Floor of the square root: the float's root, corrected by one where rounding was off.
    pub(crate) fn integer_square_root(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let n = self.whole(x, "isqrt")?;
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let fine = self.b().compare(CompareOp::Ge, n, zero);
        self.check(fine, ExcClass::VALUE_ERROR, "isqrt() argument must be nonnegative", Vec::new());
        let root = self.b().cast(n, DType::F64);
        let root = self.b().math(MathFn::Sqrt, &[root]);
        let guess = self.b().cast(root, DType::I64);
        // The largest root of a 64-bit number; its square's successor would overflow.
        let most = self.b().i64(3_037_000_499);
        let guess = self.b().binary(BinaryOp::Min, guess, most);
        let square = self.b().binary(BinaryOp::Mul, guess, guess);
        let too_large = self.b().compare(CompareOp::Gt, square, n);
        let smaller = self.b().binary(BinaryOp::Sub, guess, one);
        let guess = self.b().select(too_large, smaller, guess);
        let more = self.b().binary(BinaryOp::Add, guess, one);
        let square = self.b().binary(BinaryOp::Mul, more, more);
        let (fits, below) =
            (self.b().compare(CompareOp::Le, square, n), self.b().compare(CompareOp::Lt, guess, most));
        let larger = self.b().binary(BinaryOp::And, fits, below);
        let result = self.b().select(larger, more, guess);
        Ok(Operand::value(Ty::PyInt, result, span))
    }
}

//! `pow(base, exponent, modulus)` of integers.
//!
//! Square and multiply; the remainder has the sign of the modulus, as CPython's. A negative exponent takes the
//! inverse of the base first, by the extended Euclidean algorithm.
//! Products modulo a number below 2³² are taken at once, others by doubling and adding, since IR has no 128 bits.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, UnaryOp};
use ungil_ir::types::{DType, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::Ty;

const U64: Type = Type::Scalar(DType::U64);

impl Lowerer<'_, '_> {
    /// `pow(base, exponent, modulus)`.
    pub(crate) fn modular_power(&mut self, operands: [&Operand; 3], span: Span) -> Result<Operand> {
        for o in operands {
            // NumPy's integers do not take a third argument.
            if !matches!(o.ty, Ty::PyInt | Ty::PyBool) {
                let (function, parameter) = ("pow".to_owned(), "mod".to_owned());
                let (expected, found) = ("three Python integers".to_owned(), o.ty.clone());
                return Err(TypeError::Argument { function, parameter, expected, found, span: o.span }.into());
            }
        }
        let [base, exponent, modulus] = operands;
        let (base, exponent, modulus) = (self.index(base)?, self.index(exponent)?, self.index(modulus)?);
        let zero = self.b().i64(0);
        let fine = self.b().compare(CompareOp::Ne, modulus, zero);
        self.check(fine, ExcClass::VALUE_ERROR, "pow() 3rd argument cannot be 0", Vec::new());
        let size = self.b().unary(UnaryOp::Abs, modulus);
        let size = self.b().cast(size, DType::U64);
        let factor = self.new_var("factor", U64);
        let rest = self.remainder_of_unsigned(base, size);
        self.b().set(factor, rest);
        let negative = self.b().compare(CompareOp::Lt, exponent, zero);
        self.if_then(negative, |l| l.invert(factor, size));
        let exponent = self.b().unary(UnaryOp::Abs, exponent);
        let exponent = self.b().cast(exponent, DType::U64);
        let power = self.square_and_multiply(factor, exponent, size);
        // Into the range of the modulus' sign.
        let mut ir = self.b();
        let power = ir.cast(power, DType::I64);
        let below = ir.compare(CompareOp::Lt, modulus, zero);
        let some = ir.compare(CompareOp::Ne, power, zero);
        let shift = ir.binary(BinaryOp::And, below, some);
        let shifted = ir.binary(BinaryOp::Add, power, modulus);
        let result = ir.select(shift, shifted, power);
        Ok(Operand::value(Ty::PyInt, result, span))
    }

    /// A signed number modulo an unsigned one, from 0 on.
    fn remainder_of_unsigned(&mut self, x: Value, m: Value) -> Value {
        let mut ir = self.b();
        let zero = ir.i64(0);
        let negative = ir.compare(CompareOp::Lt, x, zero);
        let size = ir.unary(UnaryOp::Abs, x);
        let size = ir.cast(size, DType::U64);
        let rest = ir.binary(BinaryOp::Mod, size, m);
        let none = ir.cast(zero, DType::U64);
        let some = ir.compare(CompareOp::Ne, rest, none);
        let mirror = ir.binary(BinaryOp::And, negative, some);
        let mirrored = ir.binary(BinaryOp::Sub, m, rest);
        ir.select(mirror, mirrored, rest)
    }

    /// Replaces a number by its inverse modulo `m`.
    fn invert(&mut self, number: Var, m: Value) {
        // Coefficients stay below m in size, so they fit int64 where m does not exceed it; 2⁶³ is a power of two,
        // modulo which wrapping does no harm.
        let vars = ["a", "b"].map(|n| self.new_var(n, U64));
        let coefficients = ["x", "y"].map(|n| self.new_var(n, Type::I64));
        let start = self.b().get(number);
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        self.b().set(vars[0], start);
        self.b().set(vars[1], m);
        self.b().set(coefficients[0], one);
        self.b().set(coefficients[1], zero);
        let none = self.b().cast(zero, DType::U64);
        self.while_loop(
            |l| {
                let b = l.b().get(vars[1]);
                l.b().compare(CompareOp::Ne, b, none)
            },
            |l| {
                let mut ir = l.b();
                let (a, b) = (ir.get(vars[0]), ir.get(vars[1]));
                let (x, y) = (ir.get(coefficients[0]), ir.get(coefficients[1]));
                let quotient = ir.binary(BinaryOp::FloorDiv, a, b);
                let rest = ir.binary(BinaryOp::Mod, a, b);
                let quotient = ir.cast(quotient, DType::I64);
                let product = ir.binary(BinaryOp::Mul, quotient, y);
                let next = ir.binary(BinaryOp::Sub, x, product);
                ir.set(vars[0], b);
                ir.set(vars[1], rest);
                ir.set(coefficients[0], y);
                ir.set(coefficients[1], next);
            },
        );
        let divisor = self.b().get(vars[0]);
        let unit = self.b().cast(one, DType::U64);
        let fine = self.b().compare(CompareOp::Eq, divisor, unit);
        // Everything is invertible modulo 1.
        let trivial = self.b().compare(CompareOp::Eq, m, unit);
        let fine = self.b().binary(BinaryOp::Or, fine, trivial);
        let message = "base is not invertible for the given modulus";
        self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
        let inverse = self.b().get(coefficients[0]);
        let inverse = self.remainder_of_unsigned(inverse, m);
        self.b().set(number, inverse);
    }

    fn while_loop(&mut self, cond: impl FnOnce(&mut Self) -> Value, body: impl FnOnce(&mut Self)) {
        let (cond, test) = self.nested(cond);
        let (body, ()) = self.nested(body);
        let label = self.func.new_label();
        self.b().push(InstKind::While { label, cond, test, body });
    }

    fn square_and_multiply(&mut self, factor: Var, exponent: Value, m: Value) -> Value {
        let (left, result) = (self.new_var("left", U64), self.new_var("power", U64));
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let (none, unit) = (self.b().cast(zero, DType::U64), self.b().cast(one, DType::U64));
        // Modulo 1 everything is 0.
        let first = self.b().binary(BinaryOp::Mod, unit, m);
        self.b().set(result, first);
        self.b().set(left, exponent);
        self.while_loop(
            |l| {
                let left = l.b().get(left);
                l.b().compare(CompareOp::Ne, left, none)
            },
            |l| {
                let mut ir = l.b();
                let bits = ir.get(left);
                let bit = ir.binary(BinaryOp::And, bits, unit);
                let odd = ir.compare(CompareOp::Eq, bit, unit);
                let rest = ir.binary(BinaryOp::Shr, bits, unit);
                ir.set(left, rest);
                l.if_then(odd, |l| {
                    let (a, b) = (l.b().get(result), l.b().get(factor));
                    let product = l.modular_product(a, b, m);
                    l.b().set(result, product);
                });
                let x = l.b().get(factor);
                let square = l.modular_product(x, x, m);
                l.b().set(factor, square);
            },
        );
        self.b().get(result)
    }

    /// `a * b % m` of numbers below `m`, which is at most 2⁶³.
    fn modular_product(&mut self, a: Value, b: Value, m: Value) -> Value {
        let result = self.new_var("product", U64);
        let (zero, one, half) = (self.b().i64(0), self.b().i64(1), self.b().i64(1 << 32));
        let (none, unit, half) = (
            self.b().cast(zero, DType::U64),
            self.b().cast(one, DType::U64),
            self.b().cast(half, DType::U64),
        );
        let short = self.b().compare(CompareOp::Le, m, half);
        let at_once = |l: &mut Self| {
            let product = l.b().binary(BinaryOp::Mul, a, b);
            let rest = l.b().binary(BinaryOp::Mod, product, m);
            l.b().set(result, rest);
        };
        let by_bits = |l: &mut Self| {
            let (double, left) = (l.new_var("double", U64), l.new_var("bits", U64));
            l.b().set(result, none);
            l.b().set(double, a);
            l.b().set(left, b);
            l.while_loop(
                |l| {
                    let left = l.b().get(left);
                    l.b().compare(CompareOp::Ne, left, none)
                },
                |l| {
                    let mut ir = l.b();
                    let (bits, x, sum) = (ir.get(left), ir.get(double), ir.get(result));
                    let bit = ir.binary(BinaryOp::And, bits, unit);
                    let odd = ir.compare(CompareOp::Eq, bit, unit);
                    let more = modular_sum(&mut ir, sum, x, m);
                    let sum = ir.select(odd, more, sum);
                    ir.set(result, sum);
                    let twice = modular_sum(&mut ir, x, x, m);
                    ir.set(double, twice);
                    let rest = ir.binary(BinaryOp::Shr, bits, unit);
                    ir.set(left, rest);
                },
            );
        };
        self.if_else(short, at_once, by_bits);
        self.b().get(result)
    }
}

/// `(a + b) % m` of numbers below `m`, which is at most 2⁶³, so that the sum fits.
fn modular_sum(ir: &mut ungil_ir::builder::Builder<'_>, a: Value, b: Value, m: Value) -> Value {
    let sum = ir.binary(BinaryOp::Add, a, b);
    let reduced = ir.binary(BinaryOp::Sub, sum, m);
    let large = ir.compare(CompareOp::Ge, sum, m);
    ir.select(large, reduced, sum)
}

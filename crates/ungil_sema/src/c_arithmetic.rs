//! Arithmetic of C on values of the IR: division towards zero, and what overflows.
//!
//! Both ways of functions in the Cython language, kernels and code for objects, compute with it.

use ungil_ir::builder::Builder;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, Const, InstData, InstKind, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

fn constant(b: &mut Builder<'_>, dtype: DType, n: i64) -> Value {
    if dtype.is_float() {
        return b.value(InstKind::Const(Const::Float(dtype, n as f64)));
    }
    b.value(InstKind::Const(Const::Int(dtype, n)))
}

/// What `//` or `%` of floats gives. `cdivision`: the rest has the dividend's sign.
pub(crate) fn divided_floats(
    b: &mut Builder<'_>,
    is_rest: bool,
    x: Value,
    y: Value,
    dtype: DType,
    cdivision: bool,
) -> Value {
    if !is_rest {
        let quotient = b.binary(Ir::Div, x, y);
        return b.math(MathFn::Floor, &[quotient]);
    }
    let rest = b.math(MathFn::Fmod, &[x, y]);
    if cdivision {
        return rest;
    }
    // Python's sign; a rest of zero keeps the dividend's, as in Cython.
    let zero = constant(b, dtype, 0);
    let inexact = b.compare(CompareOp::Ne, rest, zero);
    let (left, right) = (b.compare(CompareOp::Lt, rest, zero), b.compare(CompareOp::Lt, y, zero));
    let differ = b.binary(Ir::Xor, left, right);
    let adjust = b.binary(Ir::And, inexact, differ);
    let other = b.binary(Ir::Add, rest, y);
    b.select(adjust, other, rest)
}

/// C's `isinf`: 1 and -1 for the infinities, 0 for other numbers.
pub(crate) fn infinity_sign(b: &mut Builder<'_>, x: Value) -> Value {
    let (infinity, zero) = (b.f64(f64::INFINITY), b.f64(0.0));
    let size = b.unary(UnaryOp::Abs, x);
    let (is_infinite, is_below) =
        (b.compare(CompareOp::Eq, size, infinity), b.compare(CompareOp::Lt, x, zero));
    let [below, above, neither] = [-1, 1, 0].map(|n| constant(b, DType::I32, n));
    // In this form LLVM sees that a comparison with zero asks for the size alone.
    let sign = b.select(is_below, below, above);
    b.select(is_infinite, sign, neither)
}

/// Quotient or rest of integers as C has them: rounded towards zero.
pub(crate) fn divided(b: &mut Builder<'_>, is_rest: bool, x: Value, y: Value) -> Value {
    b.binary(if is_rest { Ir::TruncMod } else { Ir::TruncDiv }, x, y)
}

/// Whether `result`, which `op` (`Add`, `Sub`, `Mul`) of integers gave by wrapping, is not what it should be.
pub(crate) fn overflowed(
    b: &mut Builder<'_>,
    op: Ir,
    (x, y): (Value, Value),
    result: Value,
    dtype: DType,
) -> Value {
    if dtype.size() < 8 {
        let wide = if dtype.is_unsigned() { DType::U64 } else { DType::I64 };
        let (x, y, narrow) = (b.cast(x, wide), b.cast(y, wide), b.cast(result, wide));
        let exact = b.binary(op, x, y);
        return b.compare(CompareOp::Ne, exact, narrow);
    }
    let zero = constant(b, dtype, 0);
    match op {
        Ir::Add if dtype.is_unsigned() => b.compare(CompareOp::Lt, result, x),
        Ir::Sub if dtype.is_unsigned() => b.compare(CompareOp::Lt, x, y),
        Ir::Add | Ir::Sub => {
            let other = if op == Ir::Add { result } else { y };
            let (p, q) =
                (b.binary(Ir::Xor, x, other), b.binary(Ir::Xor, if op == Ir::Add { y } else { x }, result));
            let signs = b.binary(Ir::And, p, q);
            b.compare(CompareOp::Lt, signs, zero)
        }
        _ => product_overflowed(b, (x, y), result, dtype),
    }
}

/// A product of 64 bits is right if dividing gives the factor again.
fn product_overflowed(b: &mut Builder<'_>, (x, y): (Value, Value), result: Value, dtype: DType) -> Value {
    let (zero, one) = (constant(b, dtype, 0), constant(b, dtype, 1));
    let is_zero = b.compare(CompareOp::Eq, y, zero);
    let minus_one = constant(b, dtype, -1);
    // −1 would overflow itself when the least number is divided by it.
    let is_minus = if dtype.is_unsigned() {
        b.value(InstKind::Const(Const::Bool(false)))
    } else {
        b.compare(CompareOp::Eq, y, minus_one)
    };
    let special = b.binary(Ir::Or, is_zero, is_minus);
    let divisor = b.select(special, one, y);
    let factor = b.binary(Ir::FloorDiv, result, divisor);
    let differs = b.compare(CompareOp::Ne, factor, x);
    let plain = b.unary(UnaryOp::Not, special);
    let differs = b.binary(Ir::And, plain, differs);
    if dtype.is_unsigned() {
        return differs;
    }
    let least = constant(b, dtype, i64::MIN);
    let is_least = b.compare(CompareOp::Eq, x, least);
    let negated = b.binary(Ir::And, is_minus, is_least);
    b.binary(Ir::Or, differs, negated)
}

/// `x` shifted by `y`, of whose bits those count that the processor looks at. C leaves shifts by the width or more
/// undefined; this is what compilers make of them where the amount is not known.
pub(crate) fn shifted(b: &mut Builder<'_>, op: Ir, x: Value, y: Value, dtype: DType) -> Value {
    let last = i64::from(dtype.bits()) - 1;
    let of_constant = |d: &InstData| match d.kind {
        InstKind::Const(Const::Int(_, n)) if d.result == Some(y) => Some((0..=last).contains(&n)),
        _ => None,
    };
    if b.func.insts.iter().rev().find_map(of_constant) == Some(true) {
        return b.binary(op, x, y);
    }
    let last = constant(b, dtype, last);
    let by = b.binary(Ir::And, y, last);
    b.binary(op, x, by)
}

/// Whether `x << y` loses bits, as Cython sees it.
pub(crate) fn shift_overflowed(b: &mut Builder<'_>, x: Value, y: Value, dtype: DType) -> Value {
    let zero = constant(b, dtype, 0);
    let last = constant(b, dtype, i64::from(dtype.size() as u32) * 8 - 1);
    let too_far = b.compare(CompareOp::Gt, y, last);
    let negative = b.compare(CompareOp::Lt, y, zero);
    let bad = b.binary(Ir::Or, too_far, negative);
    // Nor may what is shifted be negative.
    let below = b.compare(CompareOp::Lt, x, zero);
    let bad = b.binary(Ir::Or, bad, below);
    let by = b.select(bad, zero, y);
    let ones = constant(b, dtype, -1);
    let greatest = if dtype.is_unsigned() {
        ones
    } else {
        let max = if dtype.size() == 8 { i64::MAX } else { (1 << (8 * dtype.size() as u32 - 1)) - 1 };
        constant(b, dtype, max)
    };
    let limit = b.binary(Ir::Shr, greatest, by);
    let lost = b.compare(CompareOp::Gt, x, limit);
    b.binary(Ir::Or, bad, lost)
}

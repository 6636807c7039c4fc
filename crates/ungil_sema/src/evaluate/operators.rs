//! Operations on elements as IR.
//!
//! Operands have the kinds of their opcode. Values are NumPy's: integers wrap, divisions by zero give 0 or infinities,
//! remainders have the divisor's sign, NaN wins in `maximum`.

use ungil_ir::builder::Builder;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, Const, InstKind, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

use crate::evaluate::complex;

/// Applies an operation; `None` if there is none of this name.
pub fn apply(b: &mut Builder<'_>, name: &str, args: &[Value], ret: DType) -> Option<Value> {
    match args {
        [x] => unary(b, name, *x, ret),
        [x, y] => binary(b, name, *x, *y, ret),
        [cond, x, y] if name == "where" => Some(b.select(*cond, *x, *y)),
        _ => None,
    }
}

fn dtype(b: &Builder<'_>, x: Value) -> DType {
    b.func.ty(x).dtype().expect("a scalar")
}

/// A constant of an element type.
pub fn number(b: &mut Builder<'_>, dtype: DType, n: f64) -> Value {
    b.value(InstKind::Const(match dtype {
        DType::Bool => Const::Bool(n != 0.0),
        d if d.is_int() => Const::Int(d, n as i64),
        d if d.is_float() => Const::Float(d, n),
        d => Const::Complex(d, n, 0.0),
    }))
}

fn unary(b: &mut Builder<'_>, name: &str, x: Value, ret: DType) -> Option<Value> {
    let from = dtype(b, x);
    if from.is_complex() {
        return complex::unary(b, name, x);
    }
    Some(match name {
        "copy" | "conjugate" | "cast" => b.cast(x, ret),
        "ones_like" => number(b, ret, 1.0),
        "neg" => b.unary(UnaryOp::Neg, x),
        "invert" if from == DType::Bool => b.unary(UnaryOp::Not, x),
        "invert" => b.unary(UnaryOp::Invert, x),
        "absolute" if from.is_unsigned() => x,
        "absolute" => b.unary(UnaryOp::Abs, x),
        "round" if from.is_int() => x,
        "sign" => sign(b, x),
        "isnan" => b.compare(CompareOp::Ne, x, x),
        "isinf" | "isfinite" => {
            let (size, infinity) = (b.unary(UnaryOp::Abs, x), number(b, from, f64::INFINITY));
            b.compare(if name == "isinf" { CompareOp::Eq } else { CompareOp::Lt }, size, infinity)
        }
        "signbit" => {
            let one = number(b, from, 1.0);
            let signed = b.math(MathFn::Copysign, &[one, x]);
            let zero = number(b, from, 0.0);
            b.compare(CompareOp::Lt, signed, zero)
        }
        _ => {
            let function = math(name)?;
            b.math(function, &[x])
        }
    })
}

/// The maths function of a name with one operand.
fn math(name: &str) -> Option<MathFn> {
    Some(match name {
        "arcsin" => MathFn::Asin,
        "arccos" => MathFn::Acos,
        "arctan" => MathFn::Atan,
        "arcsinh" => MathFn::Asinh,
        "arccosh" => MathFn::Acosh,
        "arctanh" => MathFn::Atanh,
        "round" => MathFn::Rint,
        other => MathFn::from_name(other).filter(|f| f.arity() == 1)?,
    })
}

/// 1, −1 or 0; NaN stays.
fn sign(b: &mut Builder<'_>, x: Value) -> Value {
    let of = dtype(b, x);
    let [zero, one] = [0.0, 1.0].map(|n| number(b, of, n));
    let positive = b.compare(CompareOp::Gt, x, zero);
    if of.is_unsigned() {
        return b.select(positive, one, zero);
    }
    let less = number(b, of, -1.0);
    let negative = b.compare(CompareOp::Lt, x, zero);
    let is_zero = b.compare(CompareOp::Eq, x, zero);
    let rest = b.select(is_zero, zero, x);
    let below = b.select(negative, less, rest);
    b.select(positive, one, below)
}

fn binary(b: &mut Builder<'_>, name: &str, x: Value, y: Value, ret: DType) -> Option<Value> {
    let compare = match name {
        "eq" => Some(CompareOp::Eq),
        "ne" => Some(CompareOp::Ne),
        "gt" => Some(CompareOp::Gt),
        "ge" => Some(CompareOp::Ge),
        _ => None,
    };
    if let Some(op) = compare {
        return Some(comparison(b, op, x, y));
    }
    Some(match name {
        "add" => b.binary(BinaryOp::Add, x, y),
        "sub" => b.binary(BinaryOp::Sub, x, y),
        "mul" => b.binary(BinaryOp::Mul, x, y),
        "div" => b.binary(BinaryOp::Div, x, y),
        "mod" => b.binary(BinaryOp::Mod, x, y),
        "floordiv" => b.binary(BinaryOp::FloorDiv, x, y),
        "lshift" => b.binary(BinaryOp::Shl, x, y),
        "rshift" => b.binary(BinaryOp::Shr, x, y),
        "and" => b.binary(BinaryOp::And, x, y),
        "or" => b.binary(BinaryOp::Or, x, y),
        "xor" => b.binary(BinaryOp::Xor, x, y),
        "maximum" => b.binary(BinaryOp::Max, x, y),
        "minimum" => b.binary(BinaryOp::Min, x, y),
        "complex" => b.binary(BinaryOp::MakeComplex, x, y),
        "pow" if ret.is_complex() => b.binary(BinaryOp::Pow, x, y),
        "pow" if ret.is_unsigned() => b.binary(BinaryOp::Pow, x, y),
        "pow" if ret.is_int() => integer_power(b, x, y, ret),
        "pow" => b.math(MathFn::Pow, &[x, y]),
        "fmod" => b.math(MathFn::Fmod, &[x, y]),
        "arctan2" => b.math(MathFn::Atan2, &[x, y]),
        "hypot" => b.math(MathFn::Hypot, &[x, y]),
        "nextafter" => b.math(MathFn::Nextafter, &[x, y]),
        "copysign" => b.math(MathFn::Copysign, &[x, y]),
        _ => return None,
    })
}

/// A comparison; of int64 with uint64 by their values.
fn comparison(b: &mut Builder<'_>, op: CompareOp, x: Value, y: Value) -> Value {
    let (of_x, of_y) = (dtype(b, x), dtype(b, y));
    if of_x == of_y {
        return b.compare(op, x, y);
    }
    let signed = if of_x == DType::I64 { x } else { y };
    let zero = b.i64(0);
    let negative = b.compare(CompareOp::Lt, signed, zero);
    let (x, y) = (b.cast(x, DType::U64), b.cast(y, DType::U64));
    let otherwise = b.compare(op, x, y);
    // A negative number is less than all of the other type.
    let if_negative = match op {
        CompareOp::Eq => false,
        CompareOp::Ne => true,
        CompareOp::Lt | CompareOp::Le => of_x == DType::I64,
        CompareOp::Gt | CompareOp::Ge => of_x != DType::I64,
    };
    let if_negative = b.bool(if_negative);
    b.select(negative, if_negative, otherwise)
}

/// A power of signed integers: negative exponents leave something of ±1 only.
fn integer_power(b: &mut Builder<'_>, x: Value, y: Value, of: DType) -> Value {
    let [zero, one, less] = [0.0, 1.0, -1.0].map(|n| number(b, of, n));
    let power = b.binary(BinaryOp::Pow, x, y);
    let odd = b.binary(BinaryOp::And, y, one);
    let is_odd = b.compare(CompareOp::Ne, odd, zero);
    let (is_one, is_less) = (b.compare(CompareOp::Eq, x, one), b.compare(CompareOp::Eq, x, less));
    let of_less = b.select(is_odd, less, one);
    let rest = b.select(is_less, of_less, zero);
    let inverse = b.select(is_one, one, rest);
    let negative = b.compare(CompareOp::Lt, y, zero);
    b.select(negative, inverse, power)
}

//! Arithmetic, comparisons, casts and maths against the interpreter, on hard numbers.

use crate::oracle::{Pair, hard_numbers};
use ungil_interp::argument::ArgValue;
use ungil_interp::number::Num;
use ungil_ir::types::DType;

const INTEGERS: [DType; 8] =
    [DType::I8, DType::I16, DType::I32, DType::I64, DType::U8, DType::U16, DType::U32, DType::U64];
const FLOATS: [DType; 2] = [DType::F32, DType::F64];
const COMPLEX: [DType; 2] = [DType::C64, DType::C128];

/// Checks `v2 = op v0, v1` on all pairs of hard numbers.
#[track_caller]
fn binary(op: &str, dtype: DType, ret: &str) {
    let pair = Pair::new(&format!(
        "func @f(v0: {dtype}, v1: {dtype}) -> {ret} {{\n  v2 = {op} v0, v1\n  return v2\n}}\n"
    ));
    let numbers = hard_numbers(dtype);
    for a in &numbers {
        for b in &numbers {
            pair.check(&[ArgValue::Num(*a), ArgValue::Num(*b)]);
        }
    }
}

#[track_caller]
fn unary(op: &str, dtype: DType, ret: DType) {
    let pair = Pair::new(&format!("func @f(v0: {dtype}) -> {ret} {{\n  v1 = {op}\n  return v1\n}}\n"));
    for a in hard_numbers(dtype) {
        pair.check(&[ArgValue::Num(a)]);
    }
}

#[test]
fn integer_operators() {
    for dtype in INTEGERS {
        for op in
            ["add", "sub", "mul", "floordiv", "mod", "pow", "and", "or", "xor", "shl", "shr", "min", "max"]
        {
            binary(op, dtype, dtype.name());
        }
        for op in ["neg v0", "abs v0", "invert v0"] {
            unary(op, dtype, dtype);
        }
    }
}

#[test]
fn checked_operators() {
    for dtype in [DType::I64, DType::I8, DType::U32] {
        for op in ["add", "sub", "mul", "floordiv", "pow"] {
            binary(&format!("checked.{op}"), dtype, dtype.name());
        }
    }
}

#[test]
fn constant_divisors_and_exponents() {
    for k in [-7, -1, 0, 1, 2, 3, 8, 64] {
        for op in ["floordiv", "mod", "pow", "shl", "shr"] {
            let text = format!(
                "func @f(v0: int64) -> int64 {{\n  v1 = const int64 {k}\n  v2 = {op} v0, v1\n  return v2\n}}\n"
            );
            let pair = Pair::new(&text);
            hard_numbers(DType::I64).into_iter().for_each(|a| pair.check(&[ArgValue::Num(a)]));
        }
    }
}

#[test]
fn float_operators() {
    for dtype in FLOATS {
        for op in ["add", "sub", "mul", "div", "floordiv", "mod", "min", "max"] {
            binary(op, dtype, dtype.name());
        }
        unary("neg v0", dtype, dtype);
        unary("abs v0", dtype, dtype);
    }
}

#[test]
fn complex_operators() {
    for dtype in COMPLEX {
        for op in ["add", "sub", "mul", "div"] {
            binary(op, dtype, dtype.name());
        }
        for op in ["neg", "conj"] {
            unary(&format!("{op} v0"), dtype, dtype);
        }
        for op in ["real", "imag", "abs"] {
            unary(&format!("{op} v0"), dtype, dtype.real());
        }
        binary("eq", dtype, "bool");
        binary("ne", dtype, "bool");
    }
    binary("complex", DType::F64, "complex128");
}

#[test]
fn complex_powers() {
    binary("pow", DType::C128, "complex128");
    binary("pow", DType::C64, "complex64");
}

#[test]
fn bools() {
    for op in ["and", "or", "xor", "min", "max", "eq", "lt", "ge"] {
        binary(op, DType::Bool, "bool");
    }
    unary("not v0", DType::Bool, DType::Bool);
}

#[test]
fn comparisons() {
    for dtype in INTEGERS.into_iter().chain(FLOATS) {
        for op in ["eq", "ne", "lt", "le", "gt", "ge"] {
            binary(op, dtype, "bool");
        }
    }
}

#[test]
fn casts() {
    for from in DType::ALL {
        for to in DType::ALL {
            unary(&format!("cast v0 to {to}"), from, to);
        }
    }
}

#[test]
fn exact_functions() {
    for dtype in FLOATS {
        for f in ["sqrt", "floor", "ceil", "trunc", "rint", "round"] {
            unary(&format!("math.{f} v0"), dtype, dtype);
        }
        for f in ["copysign", "fmod", "remainder", "nextafter", "hypot", "atan2"] {
            binary(&format!("math.{f}"), dtype, dtype.name());
        }
    }
}

#[test]
fn library_functions() {
    let names = [
        "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "tanh", "asin", "acos",
        "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "cbrt", "erf", "erfc", "tgamma", "lgamma",
    ];
    for dtype in FLOATS {
        for name in names {
            unary(&format!("math.{name} v0"), dtype, dtype);
        }
        binary("math.pow", dtype, dtype.name());
    }
}

#[test]
fn fused_multiply_add_rounds_once() {
    let pair = Pair::new(
        "func @f(v0: float64, v1: float64, v2: float64) -> float64 {\n  v3 = math.fma v0, v1, v2\n  return v3\n}\n",
    );
    for (a, b, c) in
        [(0.1, 10.0, -1.0), (1.0 + f64::EPSILON, 1.0 - f64::EPSILON, -1.0), (f64::INFINITY, 0.0, 1.0)]
    {
        pair.check(&[a, b, c].map(|x| ArgValue::Num(Num::F64(x))));
    }
}

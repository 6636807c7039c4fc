//! Conversions between dtypes.

use crate::number::Num;
use ungil_ir::types::DType;

pub fn cast(a: Num, to: DType) -> Num {
    if a.dtype() == to {
        return a;
    }
    match (a, to) {
        (Num::C64(r, i), DType::C128) => Num::C128(f64::from(r), f64::from(i)),
        (Num::C128(r, i), DType::C64) => Num::C64(r as f32, i as f32),
        (Num::C64(r, i), DType::Bool) => Num::Bool(r != 0.0 || i != 0.0),
        (Num::C128(r, i), DType::Bool) => Num::Bool(r != 0.0 || i != 0.0),
        (Num::C64(r, _), _) => cast(Num::F32(r), to),
        (Num::C128(r, _), _) => cast(Num::F64(r), to),
        (Num::F32(x), DType::F64) => Num::F64(f64::from(x)),
        (Num::F64(x), DType::F32) => Num::F32(x as f32),
        (_, DType::C64 | DType::C128) => match cast(a, to.real()) {
            Num::F32(x) => Num::C64(x, 0.0),
            Num::F64(x) => Num::C128(x, 0.0),
            other => panic!("{other:?} is not a part of {to}"),
        },
        // Widening is exact, so that one conversion serves both widths.
        (Num::F32(x), _) => from_float(f64::from(x), to),
        (Num::F64(x), _) => from_float(x, to),
        (_, DType::F32) => Num::F32(a.exact() as f32),
        (_, DType::F64) => Num::F64(a.exact() as f64),
        (_, DType::Bool) => Num::Bool(a.exact() != 0),
        _ => Num::wrap(to, a.exact()),
    }
}

/// A float to an integer or bool.
fn from_float(x: f64, to: DType) -> Num {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    let n = match to {
        DType::Bool => return Num::Bool(x != 0.0),
        DType::I64 | DType::U32 => to_i64(x),
        DType::U64 if x >= TWO_63 => to_i64(x - TWO_63) ^ i64::MIN,
        DType::U64 => to_i64(x),
        _ => i64::from(to_i32(x)),
    };
    Num::wrap(to, i128::from(n))
}

/// `cvttsd2si` to 64 bits.
fn to_i64(x: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x);
    if fits { x as i64 } else { i64::MIN }
}

/// `cvttsd2si` to 32 bits.
fn to_i32(x: f64) -> i32 {
    let x = x.trunc();
    if (-2_147_483_648.0..2_147_483_648.0).contains(&x) { x as i32 } else { i32::MIN }
}

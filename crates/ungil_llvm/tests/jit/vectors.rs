//! Explicit vectors against the interpreter.

use crate::oracle::Pair;
use ungil_interp::argument::{ArgValue, ArrayArg};
use ungil_interp::number::Num;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

fn int(n: i64) -> ArgValue {
    ArgValue::Num(Num::wrap(DType::I64, i128::from(n)))
}

fn array(ty: ArrayType, shape: &[i64]) -> ArgValue {
    let number = |k: i64| match ty.dtype {
        DType::Bool => Num::Bool(k % 3 != 1),
        DType::F32 => Num::F32(k as f32 * 1.3 - 7.0),
        DType::F64 => Num::F64(k as f64 * 1.3 - 7.0),
        DType::C64 => Num::C64(k as f32, 0.5),
        DType::C128 => Num::C128(k as f64, 0.5),
        d => Num::wrap(d, i128::from(k * 29 - 90)),
    };
    let elements: Vec<Num> = (0..shape.iter().product()).map(number).collect();
    ArgValue::Array(if ty.layout == Layout::Strided {
        crate::oracle::strided(ty, shape, &elements)
    } else {
        ArrayArg::new(ty, shape, &elements)
    })
}

#[test]
fn masked_memory_of_every_type() {
    for dtype in DType::ALL {
        for (layout, ndim, swapped) in [
            (Layout::C, 1, false),
            (Layout::C, 2, false),
            (Layout::F, 2, false),
            (Layout::Strided, 2, false),
            (Layout::C, 2, true),
        ] {
            let ty = ArrayType { dtype, ndim, layout, readonly: false, swapped };
            let index = if ndim == 1 { "v1" } else { "v2, v1" };
            let pair = Pair::new(&format!(
                "func @f(v0: {}, v1: int64, v3: int64) -> () {{\n  v2 = const int64 1\n  v4 = iota 4\n  v5 = splat v3, 4\n  \
                 v6 = lt v4, v5\n  v7 = vec_load v0[{index}] lanes 4 mask v6\n  v8 = vec_load v0[{index}] lanes 4\n  \
                 v9 = eq v8, v7\n  v10 = mask_all v9\n  v11 = const int64 0\n  v12 = const int64 2\n  v13 = select v10, v11, v12\n  \
                 v14 = extract v7, 1\n  store v0[{}], v14\n  vec_store v0[{}], v7 mask v6\n  v15 = tuple\n  return v15\n}}\n",
                Type::Array(ty),
                if ndim == 1 { "v13" } else { "v11, v13" },
                if ndim == 1 { "v2" } else { "v11, v2" },
            ));
            for lanes in 0..5 {
                let shape = if ndim == 1 { vec![8] } else { vec![2, 8] };
                pair.check(&[array(ty, &shape), int(2), int(lanes)]);
            }
        }
    }
}

#[test]
fn gathers_and_scatters() {
    for dtype in [DType::Bool, DType::I8, DType::F32, DType::F64, DType::C128] {
        for layout in [Layout::C, Layout::F, Layout::Strided] {
            let ty = ArrayType { dtype, ndim: 2, layout, readonly: false, swapped: false };
            let pair = Pair::new(&format!(
                "func @f(v0: {}, v1: int64, v2: int64) -> () {{\n  v3 = iota 8\n  v4 = splat v1, 8\n  v5 = mul v3, v4\n  \
                 v6 = const int64 5\n  v7 = splat v6, 8\n  v8 = mod v5, v7\n  v9 = splat v2, 8\n  v10 = mod v3, v9\n  \
                 v11 = ne v10, v8\n  v12 = gather v0[v10, v8] mask v11\n  v13 = add v8, v10\n  v14 = mod v13, v7\n  \
                 scatter v0[v10, v14], v12 mask v11\n  v15 = tuple\n  return v15\n}}\n",
                Type::Array(ty)
            ));
            for (a, b) in [(1, 2), (3, 3), (2, 1)] {
                pair.check(&[array(ty, &[3, 5]), int(a), int(b)]);
            }
        }
    }
}

#[test]
fn arithmetic_goes_lane_by_lane() {
    for (dtype, ops) in [
        (DType::F64, &["add", "div", "floordiv", "mod", "min", "math.pow", "math.hypot"][..]),
        (DType::F32, &["sub", "max", "math.atan2"]),
        (DType::I32, &["floordiv", "mod", "pow", "shl", "shr", "min"]),
        (DType::U8, &["mul", "floordiv", "shr", "max"]),
        (DType::C128, &["mul", "div", "pow"]),
    ] {
        for op in ops {
            let ty = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
            let name = Type::Array(ty);
            let pair = Pair::new(&format!(
                "func @f(v0: {name}, v1: {name}) -> () {{\n  v2 = const int64 0\n  v3 = vec_load v0[v2] lanes 8\n  \
                 v4 = vec_load v1[v2] lanes 8\n  v5 = {op} v3, v4\n  vec_store v0[v2], v5\n  v6 = tuple\n  return v6\n}}\n"
            ));
            pair.check(&[array(ty, &[8]), array(ty, &[12])]);
        }
    }
}

#[test]
fn casts_and_functions_of_vectors() {
    let ty = ArrayType { dtype: DType::F64, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
    for f in ["math.exp", "math.sin", "math.sqrt", "math.cbrt", "abs", "neg"] {
        let pair = Pair::new(&format!(
            "func @f(v0: {}) -> () {{\n  v1 = const int64 0\n  v2 = vec_load v0[v1] lanes 4\n  v3 = {f} v2\n  \
             v4 = cast v3 to int32\n  v5 = cast v4 to uint8\n  v6 = cast v5 to float64\n  v7 = add v3, v6\n  \
             v8 = cast v2 to bool\n  v9 = select v8, v7, v2\n  vec_store v0[v1], v9\n  v10 = tuple\n  return v10\n}}\n",
            Type::Array(ty)
        ));
        pair.check(&[array(ty, &[6])]);
    }
}

#[test]
fn reductions_of_lanes() {
    for (dtype, ops) in [
        (DType::F64, &["add", "mul", "min", "max"][..]),
        (DType::I64, &["add", "bitand", "bitor", "bitxor", "max"]),
        (DType::C64, &["add"]),
        (DType::Bool, &["and", "or"]),
    ] {
        for op in ops {
            for lanes in [2, 4, 16] {
                let ty = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
                let pair = Pair::new(&format!(
                    "func @f(v0: {}) -> {dtype} {{\n  v1 = const int64 0\n  v2 = vec_load v0[v1] lanes {lanes}\n  \
                     v3 = vec_reduce {op} v2\n  return v3\n}}\n",
                    Type::Array(ty)
                ));
                pair.check(&[array(ty, &[16])]);
            }
        }
    }
}

#[test]
fn masks_are_asked() {
    let pair = Pair::new(
        "func @f(v0: int64) -> (bool, bool, bool) {\n  v1 = iota 8\n  v2 = splat v0, 8\n  v3 = lt v1, v2\n  v4 = mask_any v3\n  \
         v5 = mask_all v3\n  v6 = not v3\n  v7 = extract v6, 3\n  v8 = tuple v4, v5, v7\n  return v8\n}\n",
    );
    (0..10).for_each(|n| pair.check(&[int(n)]));
}

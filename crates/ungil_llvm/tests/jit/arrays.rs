//! Arrays of every layout, views, allocation, index checks.

use crate::oracle::{Pair, hard_numbers, strided};
use ungil_interp::argument::{ArgValue, ArrayArg};
use ungil_interp::number::Num;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

fn array_type(dtype: DType, ndim: u8, layout: Layout) -> ArrayType {
    ArrayType { dtype, ndim, layout, readonly: false, swapped: false }
}

fn integers(dtype: DType, n: i64) -> Vec<Num> {
    (0..n)
        .map(|k| match dtype {
            DType::Bool => Num::Bool(k % 3 == 0),
            DType::F32 => Num::F32(k as f32 - 2.5),
            DType::F64 => Num::F64(k as f64 - 2.5),
            DType::C64 => Num::C64(k as f32, -1.5),
            DType::C128 => Num::C128(k as f64, -1.5),
            d => Num::wrap(d, i128::from(k * 37 - 20)),
        })
        .collect()
}

fn array(ty: ArrayType, shape: &[i64]) -> ArgValue {
    let elements = integers(ty.dtype, shape.iter().product());
    ArgValue::Array(if ty.layout == Layout::Strided {
        strided(ty, shape, &elements)
    } else {
        ArrayArg::new(ty, shape, &elements)
    })
}

fn int(n: i64) -> ArgValue {
    ArgValue::Num(Num::wrap(DType::I64, i128::from(n)))
}

const LAYOUTS: [Layout; 3] = [Layout::C, Layout::F, Layout::Strided];

#[test]
fn elements_of_every_type_layout_and_byte_order() {
    for dtype in DType::ALL {
        for layout in LAYOUTS {
            for swapped in [false, true] {
                let ty = ArrayType { swapped, ..array_type(dtype, 3, layout) };
                let name = Type::Array(ty);
                let pair = Pair::new(&format!(
                    "func @f(v0: {name}, v1: int64, v2: int64, v3: int64) -> {dtype} {{\n  v4 = load v0[v1, v2, v3]\n  \
                     v5 = const int64 0\n  store v0[v5, v5, v3], v4\n  return v4\n}}\n"
                ));
                for (i, j, k) in [(0, 0, 0), (1, 2, 3), (1, 0, 2)] {
                    pair.check(&[array(ty, &[2, 3, 4]), int(i), int(j), int(k)]);
                }
            }
        }
    }
}

#[test]
fn a_bool_is_any_byte_but_zero() {
    let pair = Pair::new(
        "func @f(v0: array<bool, 1, C>) -> int64 {\n  v1 = const int64 0\n  v2 = const int64 1\n  v3 = load v0[v1]\n  \
         store v0[v2], v3\n  v4 = cast v3 to int64\n  return v4\n}\n",
    );
    let ArgValue::Array(a) = array(array_type(DType::Bool, 1, Layout::C), &[2]) else { unreachable!() };
    a.buffer.set_bytes(vec![0x40, 0]);
    pair.check(&[ArgValue::Array(a)]);
}

#[test]
fn zero_dimensions() {
    for layout in LAYOUTS {
        let ty = array_type(DType::F64, 0, layout);
        let pair = Pair::new(&format!(
            "func @f(v0: {}) -> float64 {{\n  v1 = load v0[]\n  v2 = add v1, v1\n  store v0[], v2\n  return v2\n}}\n",
            Type::Array(ty)
        ));
        let a = ArrayArg::new(array_type(DType::F64, 0, Layout::C), &[], &[Num::F64(1.25)]);
        pair.check(&[ArgValue::Array(a)]);
    }
}

#[test]
fn extents_and_strides() {
    for layout in LAYOUTS {
        let ty = array_type(DType::C128, 3, layout);
        let pair = Pair::new(&format!(
            "func @f(v0: {}) -> (int64, int64, int64, int64, int64, int64) {{\n  v1 = dim v0, 0\n  v2 = dim v0, 1\n  \
             v3 = dim v0, 2\n  v4 = stride v0, 0\n  v5 = stride v0, 1\n  v6 = stride v0, 2\n  \
             v7 = tuple v1, v2, v3, v4, v5, v6\n  return v7\n}}\n",
            Type::Array(ty)
        ));
        pair.check(&[array(ty, &[2, 3, 4])]);
    }
}

#[test]
fn index_checks() {
    for flags in ["wrap check", "check", "wrap", ""] {
        let pair = Pair::new(&format!(
            "func @f(v0: int64, v1: int64) -> int64 {{\n  v2 = check_index v0, v1 axis 3 {flags} @9:1\n  return v2\n}}\n"
        ));
        for n in [0, 1, 5] {
            for i in [-7, -6, -5, -1, 0, 1, 4, 5, i64::MAX, i64::MIN] {
                pair.check(&[int(i), int(n)]);
            }
        }
    }
}

#[test]
fn views_share_memory() {
    // The transpose of every second row, from the second column on.
    let pair = Pair::new(
        "func @f(v0: array<int32, 2, C>) -> array<int32, 2, A> {\n  v1 = const int64 4\n  v2 = dim v0, 0\n  \
         v3 = dim v0, 1\n  v4 = stride v0, 0\n  v5 = const int64 2\n  v6 = mul v4, v5\n  v7 = floordiv v2, v5\n  \
         v8 = const int64 1\n  v9 = sub v3, v8\n  v10 = const int64 4\n  \
         v11 = view v0 offset v1 shape [v9, v7] strides [v10, v6] : array<int32, 2, A>\n  v12 = const int64 0\n  \
         v13 = load v11[v8, v8]\n  store v11[v12, v12], v13\n  retain v11\n  return v11\n}\n",
    );
    pair.check(&[array(array_type(DType::I32, 2, Layout::C), &[4, 5])]);
}

#[test]
fn fresh_arrays() {
    let pair = Pair::new(
        "func @f(v0: int64, v1: int64) -> array<float64, 2, F> {\n  v2 = alloc zeroed [v0, v1] : array<float64, 2, F>\n  \
         v3 = const int64 0\n  v4 = const int64 1\n  v5 = mul v0, v1\n  v6 = gt v5, v3\n  if v6 {\n    \
         v7 = sub v0, v4\n    v8 = cast v0 to float64\n    store v2[v7, v3], v8\n  }\n  return v2\n}\n",
    );
    for (n, m) in [(2, 3), (0, 5), (5, 0), (1, 1)] {
        pair.check(&[int(n), int(m)]);
    }
}

#[test]
fn arrays_that_are_too_big() {
    let pair = Pair::new(
        "func @f(v0: int64, v1: int64, v2: int64) -> array<float64, 3, C> {\n  \
         v3 = alloc [v0, v1, v2] : array<float64, 3, C> @2:5\n  return v3\n}\n",
    );
    for n in [1 << 32, 1 << 60, i64::MAX] {
        pair.check(&[int(n), int(n), int(2)]);
        pair.check(&[int(n), int(n), int(0)]);
    }
}

#[test]
fn tuples_of_arrays_and_selection() {
    let ty = "array<float64, 1, C>";
    let pair = Pair::new(&format!(
        "func @f(v0: {ty}, v1: {ty}, v2: bool, v3: (int64, (float32, {ty}), complex64)) -> (float64, float32, complex64) {{\n  \
         var x0 \"t\": ({ty}, int64)\n  v4 = select v2, v0, v1\n  v5 = const int64 1\n  v6 = tuple v4, v5\n  set x0, v6\n  \
         v7 = get x0\n  v8 = tuple_get v7, 0\n  v9 = tuple_get v3, 1\n  v10 = tuple_get v9, 0\n  v11 = tuple_get v9, 1\n  \
         v12 = load v8[v5]\n  v13 = load v11[v5]\n  v14 = add v12, v13\n  v15 = tuple_get v3, 2\n  \
         v16 = tuple v14, v10, v15\n  return v16\n}}\n"
    ));
    let ty = array_type(DType::F64, 1, Layout::C);
    for choice in [false, true] {
        let inner = ArgValue::Tuple(vec![ArgValue::Num(Num::F32(1.5)), array(ty, &[3])]);
        let tuple = ArgValue::Tuple(vec![int(4), inner, ArgValue::Num(Num::C64(1.0, -2.0))]);
        let other = ArrayArg::new(ty, &[2], &[Num::F64(100.0), Num::F64(200.0)]);
        let choice = ArgValue::Num(Num::Bool(choice));
        pair.check(&[array(ty, &[4]), ArgValue::Array(other), choice, tuple]);
    }
}

#[test]
fn elements_of_tuples_by_index() {
    let pair = Pair::new(
        "func @f(v0: (float64, float64, float64), v1: int64) -> float64 {\n  v2 = tuple_index v0, v1\n  return v2\n}\n",
    );
    for i in 0..3 {
        let items = [1.5, 2.5, 3.5].map(|x| ArgValue::Num(Num::F64(x)));
        pair.check(&[ArgValue::Tuple(items.to_vec()), int(i)]);
    }
}

#[test]
fn atomic_updates() {
    for (dtype, ops) in [
        (DType::I64, &["add", "mul", "bitand", "bitor", "bitxor", "min", "max"][..]),
        (DType::U16, &["add", "mul", "min", "max"]),
        (DType::I8, &["add", "min", "bitxor"]),
        (DType::U32, &["mul", "max"]),
    ] {
        for op in ops {
            for layout in [Layout::C, Layout::Strided] {
                let ty = array_type(dtype, 1, layout);
                let pair = Pair::new(&format!(
                    "func @f(v0: {}, v1: {dtype}) -> {dtype} {{\n  v2 = const int64 1\n  atomic {op} v0[v2], v1\n  \
                     v3 = load v0[v2]\n  return v3\n}}\n",
                    Type::Array(ty)
                ));
                hard_numbers(dtype)
                    .into_iter()
                    .for_each(|n| pair.check(&[array(ty, &[3]), ArgValue::Num(n)]));
            }
        }
    }
}

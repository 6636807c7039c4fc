//! Parallel loops and regions on the real team: the bits of the interpreter, which runs blocks one by one.

use crate::host::Kernel;
use crate::oracle::{Pair, hard_numbers};
use ungil_interp::argument::{ArgValue, ArrayArg};
use ungil_interp::number::Num;
use ungil_ir::types::{ArrayType, DType, Layout};

fn array_type(dtype: DType) -> ArrayType {
    ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false }
}

fn int(n: i64) -> ArgValue {
    ArgValue::Num(Num::wrap(DType::I64, i128::from(n)))
}

/// Numbers whose sum depends on the order.
fn numbers(dtype: DType, n: i64) -> ArgValue {
    let mut state = 12345u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as i64 - (1 << 30)
    };
    let number = |k: i64| match dtype {
        DType::Bool => Num::Bool(k % 7 == 3),
        DType::F32 => Num::F32(k as f32 * 1.1e-3),
        DType::F64 => Num::F64(k as f64 * 1.1e-3),
        DType::C64 => Num::C64(k as f32 * 1.1e-3, k as f32),
        DType::C128 => Num::C128(k as f64 * 1.1e-3, (k * 3) as f64),
        d => Num::wrap(d, i128::from(k)),
    };
    let elements: Vec<Num> = (0..n).map(|_| number(next())).collect();
    ArgValue::Array(ArrayArg::new(array_type(dtype), &[n], &elements))
}

const SIZES: [i64; 9] = [0, 1, 2, 31, 32, 33, 100, 1025, 5000];

#[test]
fn scalar_reductions_have_the_same_bits() {
    for dtype in DType::ALL {
        let ops: &[&str] = match dtype {
            DType::Bool => &["and", "or"],
            d if d.is_int() => &["add", "mul", "bitand", "bitor", "bitxor", "min", "max"],
            d if d.is_float() => &["add", "mul", "min", "max"],
            _ => &["add", "mul"],
        };
        for op in ops {
            let combine = match *op {
                "bitand" => "and",
                "bitor" => "or",
                "bitxor" => "xor",
                other => other,
            };
            for clause in ["min_block 64", "in_place"] {
                let pair = Pair::new(&format!(
                    "func @f(v0: array<{dtype}, 1, C>, v1: {dtype}) -> {dtype} {{\n  var x0 \"s\": {dtype}\n  \
                 v2 = const int64 0\n  v3 = const int64 1\n  v4 = dim v0, 0\n  set x0, v1\n  \
                 parallel_for l0 v5 in v2..v4 step v3 reduce({op} x0) {clause} {{\n    v6 = load v0[v5]\n    \
                 v7 = get x0\n    v8 = {combine} v7, v6\n    set x0, v8\n  }}\n  v9 = get x0\n  return v9\n}}\n"
                ));
                let start = hard_numbers(dtype)[hard_numbers(dtype).len() - 1];
                for n in SIZES {
                    for start in [hard_numbers(dtype)[1], start] {
                        pair.check(&[numbers(dtype, n), ArgValue::Num(start)]);
                    }
                }
            }
        }
    }
}

#[test]
fn a_costly_body_rotates_too() {
    // The inner loop makes the body costly; two reductions of different types at once.
    for clause in ["min_block 10", "in_place"] {
        let pair = Pair::new(&format!(
            "func @f(v0: array<float64, 1, C>, v1: int64) -> (float64, int64, float64) {{\n  var x0 \"s\": float64\n  \
         var x1 \"n\": int64\n  var x2 \"m\": float64\n  v2 = const int64 0\n  v3 = const int64 1\n  v4 = dim v0, 0\n  \
         v20 = const float64 inf\n  set x2, v20\n  \
         parallel_for l0 v5 in v2..v4 step v3 reduce(add x0, add x1, min x2) {clause} {{\n    \
         for l1 v6 in v2..v1 step v3 {{\n      v7 = load v0[v5]\n      v8 = cast v6 to float64\n      v9 = div v7, v8\n      \
         v10 = get x0\n      v11 = add v10, v9\n      set x0, v11\n      v12 = get x1\n      v13 = add v12, v6\n      \
         set x1, v13\n    }}\n    v14 = get x2\n    v15 = load v0[v5]\n    v16 = min v14, v15\n    set x2, v16\n  }}\n  \
         v17 = get x0\n  v18 = get x1\n  v19 = get x2\n  v21 = tuple v17, v18, v19\n  return v21\n}}\n",
        ));
        SIZES.into_iter().for_each(|n| pair.check(&[numbers(DType::F64, n), int(5)]));
    }
}

#[test]
fn steps_schedules_privates_and_lasts() {
    for schedule in
        ["", " schedule(dynamic) chunk(v1)", " schedule(guided) num_threads(v1)", " schedule(auto)"]
    {
        let pair = Pair::new(&format!(
            "func @f(v0: array<int64, 1, C>, v1: int64, v2: int64, v3: int64, v4: int64) -> (int64, float32) {{\n  \
             var x0 \"t\": int64\n  var x1 \"last\": int64\n  var x2 \"c\": float32\n  v5 = const int64 -9\n  set x1, v5\n  \
             parallel_for l0 v6 in v2..v3 step v4{schedule} private(x0) last(x1, x2) {{\n    v7 = mul v6, v6\n    \
             set x0, v7\n    v8 = get x0\n    set x1, v8\n    v9 = cast v6 to float32\n    set x2, v9\n    v10 = const int64 3\n    \
             v11 = mod v6, v10\n    v12 = const int64 1\n    v13 = eq v11, v12\n    if v13 {{\n      continue l0\n    }}\n    \
             v14 = get x0\n    store v0[v6], v14\n  }}\n  v15 = get x1\n  v16 = get x2\n  v17 = tuple v15, v16\n  return v17\n}}\n"
        ));
        for (start, stop, step) in [(0, 50, 1), (3, 50, 7), (49, -1, -1), (40, 3, -4), (5, 5, 1), (9, 3, 2)] {
            pair.check(&[numbers(DType::I64, 50), int(2), int(start), int(stop), int(step)]);
        }
    }
}

#[test]
fn array_reductions() {
    for (dtype, op) in [(DType::F64, "add"), (DType::I64, "add"), (DType::I32, "max"), (DType::F32, "min")] {
        let pair = Pair::new(&format!(
            "func @f(v0: array<{dtype}, 1, C>, v1: array<{dtype}, 1, C>) -> () {{\n  v2 = const int64 0\n  \
             v3 = const int64 1\n  v4 = dim v0, 0\n  v5 = dim v1, 0\n  \
             parallel_for l0 v6 in v2..v4 step v3 reduce_array({op} v1 as v7) min_block 8 {{\n    v8 = mod v6, v5\n    \
             v9 = load v7[v8]\n    v10 = load v0[v6]\n    v11 = {op} v9, v10\n    store v7[v8], v11\n  }}\n  v12 = tuple\n  \
             return v12\n}}\n"
        ));
        for n in [0, 1, 100, 1000] {
            pair.check(&[numbers(dtype, n), numbers(dtype, 6)]);
        }
    }
}

#[test]
fn the_lowest_failing_iteration_raises() {
    let pair = Pair::new(
        "entry f1\n\nfunc @g(v0: int64, v1: int64) -> int64 noinline {\n  v2 = mod v0, v1\n  v3 = const int64 7\n  \
         v4 = ne v2, v3\n  check v4 raise ValueError \"{0}\" (v0 weak) @3:1\n  return v2\n}\n\n\
         func @f(v5: int64, v6: int64, v7: array<float64, 1, C>) -> int64 {\n  var x0 \"s\": int64\n  v8 = const int64 0\n  \
         v9 = const int64 1\n  parallel_for l0 v10 in v8..v5 step v9 reduce(add x0) min_block 16 @20:1 {\n    \
         v11 = call f0(v10, v6) : int64 @21:2\n    v12 = get x0\n    v13 = add v12, v11\n    set x0, v13\n  }\n  v14 = get x0\n  \
         return v14\n}\n",
    );
    for n in [5, 100, 1000] {
        for m in [5, 97, 400] {
            pair.check(&[int(n), int(m), numbers(DType::F64, 1)]);
        }
    }
}

#[test]
fn nested_loops_capture_what_they_need() {
    let pair = Pair::new(
        "func @f(v0: array<float64, 1, C>, v1: int64, v2: (bool, float32)) -> float64 {\n  var x0 \"s\": float64\n  \
         var x1 \"t\": float64\n  var x2 \"k\": float64\n  v3 = const int64 0\n  v4 = const int64 1\n  v5 = const float64 3.0\n  \
         set x2, v5\n  parallel_for l0 v6 in v3..v1 step v4 private(x1) reduce(add x0) min_block 1 {\n    \
         v7 = cast v6 to float64\n    set x1, v7\n    v8 = dim v0, 0\n    \
         parallel_for l1 v9 in v3..v8 step v4 reduce(add x1) min_block 32 {\n      v10 = load v0[v9]\n      v11 = get x2\n      \
         v12 = mul v10, v11\n      v13 = get x1\n      v14 = add v13, v12\n      v15 = tuple_get v2, 0\n      \
         v16 = select v15, v14, v13\n      set x1, v16\n    }\n    v17 = get x0\n    v18 = get x1\n    v19 = add v17, v18\n    \
         set x0, v19\n  }\n  v20 = get x0\n  return v20\n}\n",
    );
    for choice in [true, false] {
        for n in [0, 1, 200] {
            let tuple = ArgValue::Tuple(vec![ArgValue::Num(Num::Bool(choice)), ArgValue::Num(Num::F32(1.0))]);
            pair.check(&[numbers(DType::F64, n), int(9), tuple]);
        }
    }
}

#[test]
fn regions_run_every_thread() {
    let pair = Pair::new(
        "func @f(v0: array<int64, 1, C>, v1: int64) -> () {\n  var x0 \"p\": int64\n  \
         parallel_region v1 id v2 private(x0) {\n    v3 = const int64 10\n    v4 = mul v2, v3\n    set x0, v4\n    v5 = get x0\n    \
         store v0[v2], v5\n  }\n  v6 = tuple\n  return v6\n}\n",
    );
    (1..5).for_each(|n| pair.check(&[numbers(DType::I64, 8), int(n)]));
}

#[test]
fn the_team_is_asked() {
    let kernel = Kernel::new(
        "func @f() -> (int64, int64, int64, int64) {\n  v0 = thread_id\n  v1 = num_threads\n  v2 = const int64 1\n  \
         v3 = set_num_threads v2\n  v4 = num_threads\n  v5 = set_num_threads v3\n  v6 = tuple v0, v1, v3, v4\n  return v6\n}\n",
    );
    let result = kernel.call(&[]).expect("succeeds");
    assert_eq!((result[0], result[1], result[3]), (0, result[2], 1));
}

/// Reads and writes through `prange` are as tight as in a plain loop: one vector add per load, no branch to errors.
#[test]
fn a_sum_stays_in_vector_registers() {
    let kernel = Kernel::new(
        "func @f(v0: array<float64, 1, C>) -> float64 {\n  var x0 \"s\": float64\n  v1 = const int64 0\n  \
         v2 = const int64 1\n  v3 = dim v0, 0\n  parallel_for l0 v4 in v1..v3 step v2 reduce(add x0) min_block 1024 {\n    \
         v5 = load v0[v4]\n    v6 = get x0\n    v7 = add v6, v5\n    set x0, v7\n  }\n  v8 = get x0\n  return v8\n}\n",
    );
    let listing = kernel.object.listing.as_ref().expect("asked for");
    let is_body = |f: &&str| f.lines().next().is_some_and(|head| head.contains("loop0"));
    let body = listing.optimized.split("define").find(is_body).expect("the body");
    let hot = body.split("\n\n").max_by_key(|block| block.matches("fadd <").count()).expect("a block");
    let vectors: usize = hot.lines().filter(|line| line.contains("fadd <")).count();
    assert!(vectors >= 2 && !hot.contains("store"), "the partials are in memory:\n{hot}");
}

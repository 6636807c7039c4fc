//! Loops, branches, calls, cleanup scopes, errors, safepoints.

use crate::host::{Kernel, read};
use crate::oracle::Pair;
use ungil_abi::context::{Ctx, ErrorArg};
use ungil_interp::argument::ArgValue;
use ungil_interp::number::Num;
use ungil_ir::types::DType;

fn int(n: i64) -> ArgValue {
    ArgValue::Num(Num::wrap(DType::I64, i128::from(n)))
}

#[test]
fn counted_loops() {
    let body = "v5 = get x0\n    v6 = const int64 31\n    v7 = mul v5, v6\n    v8 = add v7, v3\n    set x0, v8\n  }\n  \
                v9 = get x0\n  return v9\n}\n";
    let head = "var x0 \"h\": int64\n  ";
    let dynamic = Pair::new(&format!(
        "func @f(v0: int64, v1: int64, v2: int64) -> int64 {{\n  {head}for l0 v3 in v0..v1 step v2 {{\n    {body}"
    ));
    let edge = [i64::MIN, i64::MIN + 1, -5, 0, 1, 7, i64::MAX - 3, i64::MAX];
    for step in [1, -1, 2, -3, i64::MAX, i64::MIN, i64::MAX - 1] {
        let constant = Pair::new(&format!(
            "func @f(v0: int64, v1: int64) -> int64 {{\n  {head}v2 = const int64 {step}\n  \
             for l0 v3 in v0..v1 step v2 {{\n    {body}"
        ));
        for start in edge {
            for stop in edge {
                let n = (i128::from(stop) - i128::from(start)) / i128::from(step);
                if n < 1000 {
                    dynamic.check(&[int(start), int(stop), int(step)]);
                    constant.check(&[int(start), int(stop)]);
                }
            }
        }
    }
}

#[test]
fn break_continue_and_while() {
    let pair = Pair::new(
        "func @f(v0: int64) -> int64 {\n  var x0 \"s\": int64\n  var x1 \"i\": int64\n  v1 = const int64 1\n  \
         v2 = const int64 3\n  while l0 {\n    v3 = get x1\n    v4 = lt v3, v0\n  } do v4 {\n    v5 = get x1\n    \
         v6 = add v5, v1\n    set x1, v6\n    v7 = mod v6, v2\n    v8 = eq v7, v1\n    if v8 {\n      continue l0\n    }\n    \
         for l1 v9 in v1..v6 step v1 {\n      v10 = mul v9, v9\n      v11 = gt v10, v0\n      if v11 {\n        break l1\n      }\n      \
         v12 = const int64 500\n      v13 = get x0\n      v14 = gt v13, v12\n      if v14 {\n        break l0\n      }\n      \
         v15 = add v13, v9\n      set x0, v15\n    }\n  }\n  v16 = get x0\n  return v16\n}\n",
    );
    (-1..60).for_each(|n| pair.check(&[int(n)]));
}

#[test]
fn returns_from_everywhere() {
    let pair = Pair::new(
        "func @f(v0: int64) -> int64 {\n  v1 = const int64 0\n  v2 = lt v0, v1\n  if v2 {\n    v3 = neg v0\n    return v3\n  } \
         else {\n    v4 = const int64 10\n    v5 = const int64 1\n    for l0 v6 in v1..v4 step v5 {\n      v7 = eq v6, v0\n      \
         if v7 {\n        v8 = mul v6, v6\n        return v8\n      } else {\n        continue l0\n      }\n    }\n  }\n  \
         v9 = const int64 -1\n  return v9\n}\n",
    );
    (-3..14).for_each(|n| pair.check(&[int(n)]));
}

/// `order` collects a digit for each cleanup that runs.
#[test]
fn every_exit_runs_the_cleanups_inside_out() {
    let note = |digit: u32, base: u32| {
        let v = |k: u32| format!("v{}", base + k);
        format!(
            "{a} = load v1[v2]\n{b} = const int64 10\n{c} = mul {a}, {b}\n{d} = const int64 {digit}\n{e} = add {c}, {d}\n\
             store v1[v2], {e}\n",
            a = v(0),
            b = v(1),
            c = v(2),
            d = v(3),
            e = v(4)
        )
    };
    let case = |n: u32, then: &str| {
        let v = 30 + 2 * n;
        format!("v{v} = const int64 {n}\nv{} = eq v0, v{v}\nif v{} {{\n{then}\n}}\n", v + 1, v + 1)
    };
    let text = format!(
        "func @f(v0: int64, v1: array<int64, 1, C>) -> int64 {{\nv2 = const int64 0\nv3 = const int64 1\nv4 = const int64 3\n\
         scope {{\n  for l0 v5 in v2..v4 step v3 {{\n    scope {{\n      scope {{\n        {}{}{}{}{}\n      }} cleanup {{\n{}      }}\n    \
         }} cleanup {{\n{}    }}\n  }}\n}} cleanup {{\n{}}}\nv90 = const int64 77\nreturn v90\n}}\n",
        case(1, "break l0"),
        case(2, "continue l0"),
        case(3, "return v5"),
        case(4, "raise ValueError \"no\" @12:3"),
        case(5, "v80 = const bool false\ncheck v80 raise KeyError \"n {0}\" (v0 weak) @13:3"),
        note(1, 60),
        note(2, 66),
        note(3, 72)
    );
    let pair = Pair::new(&text);
    for n in 0..7 {
        let ty = ungil_ir::types::ArrayType {
            dtype: DType::I64,
            ndim: 1,
            layout: ungil_ir::types::Layout::C,
            readonly: false,
            swapped: false,
        };
        let order = ungil_interp::argument::ArrayArg::new(ty, &[1], &[Num::Int(DType::I64, 0)]);
        pair.check(&[int(n), ArgValue::Array(order.clone())]);
        // The pair compares arrays after successes only; after errors the cleanups count too.
        let kernel = Kernel::new(&text);
        let mut memory = [0i64];
        let _ = kernel.call(&[n as u64, memory.as_mut_ptr() as u64, 0, 1, 8]);
        assert_eq!(memory[0].to_le_bytes().to_vec(), order.buffer.bytes(), "case {n}");
    }
}

#[test]
fn callers_add_frames() {
    let pair = Pair::new(
        "entry f2\n\nfunc @inner(v0: int64) -> int64 {\n  v1 = const int64 5\n  v2 = lt v0, v1\n  \
         check v2 raise OverflowError \"got {0} of {1}\" (v0 weak, v1 weak) @3:2\n  return v0\n}\n\n\
         func @middle(v3: int64, v4: float32) -> (int64, float32) noinline {\n  v5 = call f0(v3) : int64 @20:1\n  \
         v6 = tuple v5, v4\n  return v6\n}\n\n\
         func @outer(v7: int64) -> float32 {\n  v8 = const float32 0.5\n  v9 = call f1(v7, v8) : (int64, float32) @31:7\n  \
         v10 = tuple_get v9, 1\n  return v10\n}\n",
    );
    (3..7).for_each(|n| pair.check(&[int(n)]));
}

#[test]
fn recursion_is_bounded() {
    let text = "func @fib(v0: int64) -> int64 recursive {\n  v1 = const int64 2\n  v2 = lt v0, v1\n  if v2 {\n    return v0\n  }\n  \
                v3 = const int64 1\n  v4 = sub v0, v3\n  v5 = sub v0, v1\n  v6 = call f0(v4) : int64\n  \
                v7 = call f0(v5) : int64\n  v8 = add v6, v7\n  return v8\n}\n";
    let pair = Pair::new(text);
    (0..15).for_each(|n| pair.check(&[int(n)]));
    let endless = Kernel::new(
        "func @f(v0: int64) -> int64 recursive noinline {\n  v1 = call f0(v0) : int64 @4:1\n  v2 = add v1, v0\n  return v2\n}\n",
    );
    let failure = endless.call(&[1]).expect_err("endless");
    assert_eq!(failure.class, "RecursionError");
    assert_eq!(failure.message.as_deref(), Some("maximum recursion depth exceeded"));
    assert!(failure.frames.len() > 10, "{failure:?}");
    assert_eq!(failure.frames[5], (0, 4));
}

#[test]
fn errors_carry_arguments_of_all_types() {
    let kernel = Kernel::new(
        "func @f(v0: float32, v1: complex64, v2: bool, v3: int8, v4: uint8) -> () {\n  \
         raise TypeError \"{0}\" (v0, v1 weak, v2, v3 weak, v4) @5:1\n}\n",
    );
    let (x, z) = (1.5f32, [2.0f32.to_bits(), (-0.5f32).to_bits()]);
    let args = [u64::from(x.to_bits()), u64::from(z[0]) | u64::from(z[1]) << 32, 1, (-3i8) as u8 as u64, 200];
    let failure = kernel.call(&args).expect_err("raises");
    let bits = |x: f64| x.to_bits();
    let expected = vec![
        (9, bits(1.5), 0),
        (0x100 + 11, bits(2.0), bits(-0.5)),
        (0, 1, 0),
        (0x100 + 1, -3i64 as u64, 0),
        (5, 200, 0),
    ];
    assert_eq!((failure.class, failure.args, failure.frames), ("TypeError", expected, vec![(0, 5)]));
}

#[test]
fn exceptions_without_a_message() {
    let pair = Pair::new("func @f() -> int64 {\n  raise StopIteration @2:2\n}\n");
    pair.check(&[]);
    assert_eq!(
        Kernel::new("func @f() -> () {\n  raise KeyError\n}\n").call(&[]).expect_err("raises").message,
        None
    );
}

extern "C" fn print(_: *mut Ctx, parts: *const ErrorArg, n: u64) -> i32 {
    // SAFETY: generated code passes `n` parts.
    let parts = unsafe { std::slice::from_raw_parts(parts, n as usize) };
    let tags: Vec<u64> = parts.iter().map(|p| p.tag).collect();
    assert_eq!(tags, [0x200, 0x104, 0x201, 0x203, 10, 0x204, 0x202]);
    // SAFETY: a text part points at its bytes.
    let text = unsafe { std::slice::from_raw_parts(parts[0].bits as *const u8, parts[0].bits2 as usize) };
    assert_eq!((text, parts[1].bits), ("é =".as_bytes(), 7));
    assert_eq!((f64::from_bits(parts[4].bits), parts[6].bits2), (2.5, 10 | 2 << 8));
    // SAFETY: an array part points at its descriptor.
    let descriptor = unsafe { std::slice::from_raw_parts(parts[6].bits as *const u64, 6) };
    assert_eq!(descriptor[2..], [2, 3, 24, 8]);
    1
}

#[test]
fn print_hands_over_its_parts() {
    let module = read(
        "func @f(v0: int64, v1: float64, v2: array<float64, 2, C>) -> () {\n  \
         print \"é =\", v0 weak, none, open, v1, close, v2 @2:1\n  v3 = tuple\n  return v3\n}\n",
    );
    let symbols = [(ungil_abi::symbols::PRINT.to_owned(), print as *const () as usize)];
    let kernel = Kernel::of(&module, &symbols);
    let data = [0.0; 6];
    let result = kernel.call(&[7, 2.5f64.to_bits(), data.as_ptr() as u64, 0, 2, 3, 24, 8]);
    // A print that fails adds a frame of the kernel.
    assert_eq!(result.expect_err("print fails").frames.last(), Some(&(0, 2)));
}

#[test]
fn safepoints_pass_when_nobody_calls() {
    Pair::new("func @f(v0: int64) -> int64 {\n  safepoint\n  return v0\n}\n").check(&[int(3)]);
}

#[test]
fn array_constants_come_from_the_table() {
    let module = read(
        "array g0 \"a\": array<float64, 1, C>\narray g1 \"b\": array<int32, 2, A>\nentry f0\n\n\
         func @f(v0: int64) -> int32 {\n  v1 = global_array g1 : array<int32, 2, A>\n  v2 = load v1[v0, v0]\n  return v2\n}\n",
    );
    // Two instances of the same object with different tables live side by side.
    let (first, second) = ([1i32, 2, 3, 4], [10i32, 20, 30, 40]);
    let table = |data: &[i32; 4]| [0, 0, 0, 8, data.as_ptr() as u64, 0, 2, 2, 8, 4];
    let tables = [table(&first), table(&second)];
    let kernels =
        tables.each_ref().map(|t| Kernel::of(&module, &[("kernel.globals".to_owned(), t.as_ptr() as usize)]));
    assert_eq!(kernels[0].call(&[1]).map(|r| r[0] as u32), Ok(4));
    assert_eq!(kernels[1].call(&[1]).map(|r| r[0] as u32), Ok(40));
}

#[test]
fn domains_are_nested_loops() {
    let pair = Pair::new(
        "func @f(v0: array<int64, 2, C>) -> () {\n  v1 = dim v0, 0\n  v2 = dim v0, 1\n  domain v3, v4 in [v1, v2] {\n    \
         v5 = load v0[v3, v4]\n    v6 = mul v3, v4\n    v7 = add v5, v6\n    store v0[v3, v4], v7\n  }\n  v8 = tuple\n  return v8\n}\n",
    );
    for shape in [[3, 4], [0, 4], [3, 0]] {
        let ty = read("func @f(v0: array<int64, 2, C>) -> () {\n}\n").functions[0].values[0].ty.as_array();
        let elements: Vec<Num> = (0..shape[0] * shape[1]).map(|k| Num::Int(DType::I64, k)).collect();
        let array = ungil_interp::argument::ArrayArg::new(ty.expect("an array"), &shape, &elements);
        pair.check(&[ArgValue::Array(array)]);
    }
}

/// Deep and long functions must not exhaust the compiler's stack: that would end the process.
#[test]
fn long_chains_and_deep_nests_compile() {
    let chain: String = (2..4000).map(|k| format!("  v{k} = add v{}, v{}\n", k - 1, k - 2)).collect();
    let sum =
        Kernel::new(&format!("func @f(v0: float64, v1: float64) -> float64 {{\n{chain}  return v3999\n}}\n"));
    assert_eq!(sum.call(&[0, 1f64.to_bits()]), Ok(vec![f64::INFINITY.to_bits()]));
    let depth = 100;
    let open: String = (0..depth)
        .map(|k| {
            format!("v{a} = const int64 {k}\nv{b} = gt v0, v{a}\nif v{b} {{\n", a = 2 * k + 1, b = 2 * k + 2)
        })
        .collect();
    let nest = Kernel::new(&format!(
        "func @f(v0: int64) -> int64 {{\nvar x0 \"x\": int64\n{open}set x0, v0\n{}v900 = get x0\nreturn v900\n}}\n",
        "}\n".repeat(depth)
    ));
    assert_eq!((nest.call(&[99]), nest.call(&[100])), (Ok(vec![0]), Ok(vec![100])));
    let loops = 20;
    let open: String = (0..loops).map(|k| format!("for l{k} v{} in v1..v0 step v2 {{\n", k + 3)).collect();
    let nest = Kernel::new(&format!(
        "func @f(v0: int64) -> int64 {{\nvar x0 \"x\": int64\nv1 = const int64 0\nv2 = const int64 1\n{open}v50 = get x0\n\
         v51 = add v50, v2\nset x0, v51\n{}v52 = get x0\nreturn v52\n}}\n",
        "}\n".repeat(loops)
    ));
    assert_eq!((nest.call(&[1]), nest.call(&[2])), (Ok(vec![1]), Ok(vec![1 << 20])));
}

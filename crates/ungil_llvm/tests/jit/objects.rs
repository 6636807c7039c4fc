//! Object files: what they contain, how they load, what happens to bad ones.

use crate::host::{Kernel, jit, read};
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::jit::JitError;
use ungil_llvm::object::compile;

const ADD: &str = "func @add(v0: int64, v1: int64) -> int64 {\n  v2 = add v0, v1\n  return v2\n}\n";
const PAIRWISE: &str = "func @pair(v0: array<float64, 2, C>, v1: array<float64, 2, C>, v2: array<float64, 2, C>) -> () {\n  \
    v3 = const int64 0\n  v4 = const int64 1\n  v5 = const int64 2\n  v6 = dim v0, 0\n  v7 = dim v1, 1\n  v30 = const float64 1.0\n  \
    for l0 v8 in v3..v6 step v4 {\n    for l1 v9 in v3..v7 step v4 {\n      v10 = load v0[v8, v3] alias 17\n      \
    v11 = load v1[v3, v9] alias 18\n      v12 = sub v10, v11\n      v13 = load v0[v8, v4] alias 17\n      \
    v14 = load v1[v4, v9] alias 18\n      v15 = sub v13, v14\n      v16 = load v0[v8, v5] alias 17\n      \
    v17 = load v1[v5, v9] alias 18\n      v18 = sub v16, v17\n      v19 = mul v12, v12\n      v20 = mul v15, v15\n      \
    v21 = mul v18, v18\n      v22 = add v19, v20\n      v23 = add v22, v21\n      v24 = math.sqrt v23\n      v25 = add v24, v30\n      \
    v26 = div v30, v25\n      store v2[v8, v9], v26 alias 19\n    }\n  }\n  v31 = tuple\n  return v31\n}\n";

fn listing(text: &str) -> (String, String) {
    let kernel = Kernel::new(text);
    let listing = kernel.object.listing.clone().expect("asked for");
    (listing.optimized, listing.assembly)
}

#[test]
fn equal_objects_load_side_by_side_and_unload() {
    let object = compile(&read(ADD), &EmitOptions::new("twice"), false).expect("compiles");
    let first = jit().add_object(&object.bytes, &[]).expect("links");
    let second = jit().add_object(&object.bytes, &[]).expect("links");
    assert_ne!(first.lookup("twice"), second.lookup("twice"));
    assert!(first.lookup("twice").is_some() && first.lookup("once").is_none());
    drop(first);
    for _ in 0..100 {
        let code = jit().add_object(&object.bytes, &[]).expect("links again");
        assert!(code.lookup("twice").is_some());
    }
}

#[test]
fn objects_are_the_same_for_the_same_input() {
    let make = || compile(&read(PAIRWISE), &EmitOptions::new("same"), false).expect("compiles").bytes;
    assert_eq!(make(), make());
}

#[test]
fn a_missing_symbol_is_named() {
    let text = "array g0 \"a\": array<int64, 1, C>\nentry f0\n\nfunc @f() -> int64 {\n  \
                v0 = global_array g0 : array<int64, 1, C>\n  v1 = dim v0, 0\n  return v1\n}\n";
    let object = compile(&read(text), &EmitOptions::new("lost"), false).expect("compiles");
    match jit().add_object(&object.bytes, &[]).err() {
        Some(JitError::Missing(names)) => assert_eq!(names, ["lost.globals"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn damaged_objects_are_errors() {
    let object = compile(&read(PAIRWISE), &EmitOptions::new("damaged"), false).expect("compiles");
    for bytes in [&b""[..], b"\x7fELF", &object.bytes[..70], &object.bytes[..object.bytes.len() / 2]] {
        assert!(jit().add_object(bytes, &[]).is_err(), "{} bytes", bytes.len());
    }
    let mut foreign = object.bytes.clone();
    foreign[18] = 0xB7;
    assert_eq!(jit().add_object(&foreign, &[]).err(), Some(JitError::NotAnObject));
}

#[test]
fn many_threads_compile_and_load_at_once() {
    std::thread::scope(|scope| {
        for t in 0..8i64 {
            scope.spawn(move || {
                for k in 0..6 {
                    let n = t * 100 + k;
                    let kernel = Kernel::new(&format!(
                        "func @f(v0: int64) -> int64 {{\n  v1 = const int64 {n}\n  v2 = add v0, v1\n  return v2\n}}\n"
                    ));
                    assert_eq!(kernel.call(&[1]), Ok(vec![n as u64 + 1]));
                }
            });
        }
    });
}

#[test]
fn no_address_is_baked_in() {
    // Calls and constants go through relocations.
    let (_, assembly) = listing(
        "func @f(v0: int64) -> array<float64, 1, C> {\n  v1 = alloc [v0] : array<float64, 1, C>\n  print \"x\", v0\n  \
         return v1\n}\n",
    );
    assert!(assembly.contains("ungil_rt_alloc@PLT"), "{assembly}");
    assert!(assembly.contains("ungil_rt_print@PLT"), "{assembly}");
    assert!(assembly.contains("(%rip)"), "{assembly}");
}

#[test]
fn the_pairwise_loop_is_vectors_and_nothing_else() {
    let (optimized, assembly) = listing(PAIRWISE);
    let hot = optimized.split("\n\n").find(|b| b.starts_with("vector.body:")).expect("a vector loop");
    assert!(!hot.contains("call void @ungil_rt_raise"), "{hot}");
    assert_eq!(hot.matches("br i1").count(), 1, "{hot}");
    assert!(
        !optimized.contains("diff.check") && !optimized.contains("memcheck"),
        "alias sets are not used:\n{optimized}"
    );
    assert!(assembly.contains("sqrtpd"), "{assembly}");
}

#[test]
fn lines_are_those_of_the_file() {
    let mut module = read("func @f(v0: int64) -> int64 {\n  v1 = mul v0, v0 @3:9\n  return v1 @4:5\n}\n");
    module.functions[0].origin =
        ungil_ir::function::Origin { file: "/home/user/kernel_src.py".to_owned(), first_line: 40 };
    let options = EmitOptions { debug: true, ..EmitOptions::new("lines") };
    let object = compile(&module, &options, true).expect("compiles");
    let listing = object.listing.expect("asked for");
    assert!(listing.emitted.contains("kernel_src.py") && listing.emitted.contains("line: 42, column: 9"));
    assert!(listing.assembly.contains(".debug_line"), "{}", listing.assembly);
    jit().add_object(&object.bytes, &[]).expect("links");
}

#[test]
fn debug_information_of_outlined_bodies_is_valid() {
    let text = "entry f1\n\nfunc @g(v0: int64) -> int64 {\n  v1 = mul v0, v0 @3:9\n  v2 = pow v1, v0 @3:10\n  return v2 @4:5\n}\n\n\
                func @f(v3: int64, v4: complex128) -> float64 {\n  var x0 \"s\": float64\n  v5 = const int64 0\n  v6 = const int64 1\n  \
                parallel_for l0 v7 in v5..v3 step v6 reduce(add x0) min_block 1 @10:1 {\n    v8 = call f0(v7) : int64 @11:2\n    \
                v9 = cast v8 to float64\n    v10 = math.exp v9 @12:1\n    v11 = get x0\n    v12 = add v11, v10\n    v13 = pow v4, v4\n    \
                v14 = real v13\n    v15 = add v12, v14\n    set x0, v15\n  }\n  v16 = get x0\n  return v16\n}\n";
    let options = EmitOptions { debug: true, ..EmitOptions::new("outlined") };
    let object = compile(&read(text), &options, false).expect("compiles");
    jit().add_object(&object.bytes, &[]).expect("links");
}

#[test]
fn maths_in_a_loop_is_inlined_and_vectorised() {
    for f in ["exp", "log", "tanh", "sin", "tan"] {
        let (optimized, _) = listing(&format!(
            "func @f(v0: array<float64, 1, C>, v1: array<float64, 1, C>) -> () {{\n  v2 = const int64 0\n  v3 = const int64 1\n  \
             v4 = dim v0, 0\n  for l0 v5 in v2..v4 step v3 {{\n    v6 = load v0[v5] alias 17\n    v7 = math.{f} v6\n    \
             store v1[v5], v7 alias 18\n  }}\n  v8 = tuple\n  return v8\n}}\n"
        ));
        assert!(
            !optimized.contains(&format!("call double @ungil_math_{f}_f64(")),
            "{f} is called:\n{optimized}"
        );
        let vectors = ["store <4 x double>", "store <8 x double>"];
        assert!(vectors.iter().any(|v| optimized.contains(v)), "{f} is not vectorised:\n{optimized}");
        assert!(!optimized.contains("ungil_math_cos"), "unused functions stay:\n{optimized}");
    }
}

/// Nothing but the hint says that the scattered stores do not collide with the loads.
#[test]
fn independent_iterations_need_no_test() {
    let body = |hint: &str| {
        listing(&format!(
            "func @f(v0: array<float64, 1, C>, v1: array<float64, 1, C>, v2: int64) -> () {{\n  v3 = const int64 0\n  \
             v4 = const int64 1\n  for l0 v5 in v3..v2 step v4{hint} {{\n    v6 = load v0[v5]\n    v7 = add v6, v6\n    \
             store v1[v5], v7\n  }}\n  v8 = tuple\n  return v8\n}}\n"
        ))
        .0
    };
    assert!(body("").contains("diff.check"), "the loop is tested at run time without the hint");
    let hinted = body(" independent");
    assert!(hinted.contains("<4 x double>") && !hinted.contains("diff.check"), "{hinted}");
    assert!(!body(" scalar").contains("<4 x double>"), "cold versions stay scalar");
}

#[test]
fn remarks_name_the_loop_and_the_reason() {
    let text = "func @f(v0: array<float64, 1, C>, v1: array<float64, 1, C>) -> float64 {\n  var x0 \"s\": float64\n  \
                v2 = const int64 0\n  v3 = const int64 1\n  v4 = dim v0, 0\n  for l0 v5 in v2..v4 step v3 @4:5 {\n    \
                v6 = load v0[v5] alias 17 @5:9\n    v7 = add v6, v6 @5:9\n    store v1[v5], v7 alias 18 @5:9\n  }\n  \
                for l1 v8 in v2..v4 step v3 @7:5 {\n    v9 = load v0[v8] alias 17 @8:9\n    v10 = get x0 @8:9\n    \
                v11 = add v10, v9 @8:9\n    set x0, v11 @8:9\n  }\n  v12 = get x0\n  return v12\n}\n";
    let list = ungil_llvm::object::remarks(&read(text), &EmitOptions::new("remarks")).expect("compiles");
    let find = |line: u32, text: &str| {
        assert!(
            list.iter().any(|r| r.function == "f" && r.loc.line == line && r.text.contains(text)),
            "no `{text}` at line {line} in {list:#?}"
        );
    };
    find(4, "vectorised: ");
    find(7, "vectorised: 16 iterations at once in 4 vectors of 4, but sums in their order");
    // Others stay silent and unaffected.
    assert_eq!(Kernel::new(ADD).call(&[1, 2]), Ok(vec![3]));
}

#[test]
fn pausing_waits_for_nobody_when_nobody_links() {
    let object = compile(&read(ADD), &EmitOptions::new("paused"), false).expect("compiles");
    drop(jit().pause());
    assert!(jit().add_object(&object.bytes, &[]).is_ok());
}

#[test]
fn code_registers_with_debuggers_and_perf() {
    let options = ungil_llvm::jit::JitOptions { debug: true, perf: true };
    let jit = ungil_llvm::jit::Jit::new(&ungil_runtime::symbols::symbols(), options).expect("a linker");
    let emit = EmitOptions { debug: true, ..EmitOptions::new("profiled") };
    let text = "func @f(v0: array<int64, 1, C>) -> () {\n  v1 = const int64 0\n  v2 = const int64 1\n  v3 = dim v0, 0\n  \
                parallel_for l0 v4 in v1..v3 step v2 {\n    store v0[v4], v4\n  }\n  v5 = tuple\n  return v5\n}\n";
    let object = compile(&read(text), &emit, false).expect("compiles");
    let code = jit.add_object(&object.bytes, &[]).expect("links");
    let map = std::fs::read_to_string(format!("/tmp/perf-{}.map", std::process::id())).expect("a map");
    let line = map.lines().find(|l| l.ends_with(" profiled")).expect("the function");
    let address = usize::from_str_radix(line.split(' ').next().expect("an address"), 16);
    assert_eq!(address.ok(), code.lookup("profiled"));
    assert!(map.lines().any(|l| l.ends_with(" profiled.f.loop0")), "{map}");
}

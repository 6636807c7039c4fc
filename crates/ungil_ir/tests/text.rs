//! Round trip of the text form: what `write` prints, `read` reads, and the text stays the same.

use ungil_ir::read::{read_function, read_module, read_module_with_lines};

#[track_caller]
fn round_trip(text: &str) {
    let module = read_module(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(module.to_string(), text);
    let again = read_module(&module.to_string()).expect("the text was read before");
    // NaN constants differ from themselves, so that the debug form is what is compared.
    assert_eq!(format!("{again:?}"), format!("{module:?}"));
}

#[track_caller]
fn body(lines: &[&str]) {
    let mut text = String::from("func @f(v0: int64, v1: array<float64, 2, C>, v2: bool) -> () {\n");
    text.push_str("  var x0 \"s\": float64\n  var x1 \"a b\": array<int8, 1, A, readonly, swapped>\n");
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str("}\n");
    round_trip(&text);
}

#[test]
fn constants() {
    body(&[
        "v3 = const bool true",
        "v4 = const bool false",
        "v5 = const int8 -128",
        "v6 = const uint64 18446744073709551615",
        "v7 = const int64 -9223372036854775808",
        "v8 = const float64 -0.0",
        "v9 = const float64 inf",
        "v10 = const float64 -inf",
        "v11 = const float64 nan:0x7ff8000000000000",
        "v12 = const float64 nan:0xfff8000000000123",
        "v13 = const float64 5e-324",
        "v14 = const float64 1.7976931348623157e308",
        "v15 = const float32 0.10000000149011612",
        "v16 = const complex128 1.0 -0.0",
        "v17 = const complex64 -inf nan:0x7ff8000000000000",
    ]);
}

#[test]
fn scalars() {
    body(&[
        "v3 = neg v0",
        "v4 = invert v0",
        "v5 = not v2",
        "v6 = add v0, v0 @2:8",
        "v7 = floordiv v6, v0",
        "v8 = checked.mul v0, v0",
        "v9 = lt v0, v8",
        "v10 = select v9, v0, v8",
        "v11 = cast v10 to complex64",
        "v12 = abs v11",
        "v13 = math.exp v12",
        "v14 = math.fma v12, v13, v12",
        "v15 = complex v12, v13",
        "v16 = pow v15, v15",
        "v17: float64 = add v0, v0",
    ]);
}

#[test]
fn tuples_and_variables() {
    body(&[
        "v3 = tuple",
        "v4 = tuple v0",
        "v5 = tuple v0, v1, v4",
        "v6 = tuple_get v5, 2",
        "v7 = tuple_index v4, v0",
        "v8 = get x0",
        "set x0, v8",
        "return v3",
    ]);
}

#[test]
fn arrays() {
    body(&[
        "v3 = dim v1, 0",
        "v4 = stride v1, 1",
        "v5 = address v1",
        "v6 = view v1 offset v0 shape [v3] strides [v4] : array<float64, 1, A> @3:4",
        "v7 = view v1 offset v0 shape [] strides [] : array<float64, 0, C>",
        "v8 = alloc [v3, v0] : array<int8, 2, F>",
        "v9 = alloc zeroed [] : array<complex128, 0, C>",
        "v10 = null : array<float64, 1, C>",
        "v11 = check_index v0, v3 axis 0",
        "check v2 raise IndexError",
        "v12 = check_index v0, v3 axis 1 wrap check",
        "v13 = load v1[v11, v12] alias 3 nontemporal",
        "store v1[v11, v12], v13",
        "store v7[], v13 alias 65535",
        "atomic add v8[v0, v0], v0",
        "retain v6",
        "release v6",
    ]);
}

#[test]
fn vectors() {
    body(&[
        "v3 = splat v0, 8",
        "v4 = iota 8",
        "v5 = add v3, v4",
        "v6 = lt v5, v3",
        "v7 = vec_load v1[v0, v0] lanes 8",
        "v8 = vec_load v1[v0, v0] lanes 8 mask v6 alias 1",
        "vec_store v1[v0, v0], v8 mask v6 nontemporal",
        "vec_store v1[v0, v0], v8",
        "v9 = gather v1[v5, v5] mask v6",
        "scatter v1[v5, v5], v9 mask v6",
        "v10 = extract v9, 7",
        "v11 = mask_any v6",
        "v12 = mask_all v6",
        "v13 = vec_reduce add v9",
        "v14 = select v6, v9, v8",
        "v15 = splat v2, 4",
    ]);
}

#[test]
fn effects() {
    body(&[
        "v3 = call f0(v0, v1, v2) : () @7:1",
        "check v2 raise ValueError \"a {0} \\\"quoted\\\" \\\\ \\n\\u{7}; no comment\" (v0 weak, v2)",
        "print",
        "print \"x =\", v0 weak, none, open, v2, close @9:4",
        "safepoint",
        "v4 = thread_id",
        "v5 = num_threads",
        "v6 = set_num_threads v0",
        "raise KeyboardInterrupt",
    ]);
}

#[test]
fn control() {
    body(&[
        "if v2 @2:4 {",
        "  return v0",
        "}",
        "if v2 {",
        "} else {",
        "  v3 = const int64 1",
        "}",
        "for l0 v4 in v0..v0 step v0 scalar independent {",
        "  while l1 {",
        "    v5 = lt v4, v0",
        "  } do v5 {",
        "    break l0",
        "  }",
        "}",
        "scope {",
        "  safepoint",
        "} cleanup {",
        "  release v1",
        "}",
        "domain v6, v7 in [v0, v0] {",
        "  v8 = load v1[v6, v7]",
        "}",
        "domain in [] @5:5 {",
        "}",
        "return",
    ]);
}

#[test]
fn parallel() {
    body(&[
        "parallel_for l0 v3 in v0..v0 step v0 {",
        "  continue l0",
        "}",
        "parallel_for l1 v4 in v0..v0 step v0 schedule(guided) chunk(v0) num_threads(v0) private(x0) last(x1) \
         reduce(add x0, bitxor x0) reduce_array(max v1 as v5) reduce_array(min v1 as v6) min_block 1024 @1:2 {",
        "}",
        "parallel_region v0 id v7 private(x0, x1) {",
        "}",
    ]);
}

#[test]
fn modules_and_names() {
    round_trip(
        "array g0 \"table\": array<float64, 1, C, readonly>\narray g1 \"\": array<int8, 0, C>\nentry f1\n\n\
         func @f() -> () fastmath(reassoc, contract) inline recursive in_registers {\n  return\n}\n\n\
         func @\"outer.<locals>.<lambda>\"(v3: (int64, (float32,), vec<float32, 4>, mask<2>)) -> array<bool, 1, A> noinline {\n\
         \x20 v9 = global_array g0 : array<float64, 1, C, readonly>\n}\n",
    );
}

#[test]
fn comments_and_lines() {
    let text =
        "; a comment\nfunc @f(v0: int64) -> int64 { ; more\n\n  v1 = add v0, v0 ; = 2x\n  return v1\n}\n";
    let (module, lines) = read_module_with_lines(text).expect("well-formed");
    assert_eq!(lines.0, vec![vec![4, 5]]);
    assert_eq!(module.functions[0].values.len(), 2);
}

#[track_caller]
fn error(text: &str, expected: &str) {
    match read_function(text) {
        Ok(f) => panic!("read:\n{f}"),
        Err(e) => assert_eq!(e.to_string(), expected),
    }
}

#[test]
fn errors() {
    let with = |line: &str| format!("func @f(v0: int64) -> int64 {{\n  {line}\n}}\n");
    error(&with("v1 = frob v0"), "2:8: unknown instruction `frob`");
    error(&with("v1 = add v0"), "3:1: expected `,`, found `}`");
    error(&with("v0 = add v0, v0"), "2:16: v0 is defined twice");
    error(&with("add v0, v0"), "2:3: the result of `add` needs a value: `v0 = …`");
    error(&with("v1 = safepoint"), "2:3: `safepoint` has no result");
    error(&with("v1 = null"), "2:3: the type of v1 must be given: `… : type`");
    error(&with("v1 = load v0[]"), "2:3: v0 is not an array but int64");
    error(&with("v1 = const int8 x"), "2:19: expected a number, found `x`");
    error(&with("v1 = const float64 nan:0x0"), "2:26: `0x0` are not the bits of a NaN");
    error(&with("set x0, v0"), "2:7: x0 is not declared");
    error(&with("raise Foo"), "2:9: unknown exception class `Foo`");
    error(&with("print \"a"), "2:9: string without an end");
    error(&with("v1 = const int64 1 #"), "2:22: unexpected character `#`");
    error("func @f(v0: int7) -> () {}", "1:13: unknown type `int7`");
    error("func @f() -> () {", "1:1: expected `}`, found the end");
    error("", "1:1: expected one function, found 0");
}

#[test]
fn c_functions_and_pointers() {
    round_trip(
        "extern e0 \"hypot\"\nextern e1 \"a b\"\n\nfunc @f(v0: pointer, v1: int64, v2: float64) -> () {\n  var x0 \"p\": pointer\n  \
         v3 = extern e1\n  v4 = call_c v3(v0, v2) : float64 @3:1\n  v5 = call_c v3() : ()\n  v6 = pointer v1\n  \
         v7 = address v6\n  v8 = array_at v6 shape [v1] strides [v1] : array<int8, 1, A>\n  \
         v9 = stack_array 4 : array<float32, 1, C>\n  set x0, v6\n}\n",
    );
}

#[test]
fn c_functions_that_count() {
    let counting = "extern e0 \"retain\" counts up\nextern e1 \"release\" counts down\n\
                    extern e2 \"maybe\" counts down_unless_null\n\nfunc @f(v0: int64) -> () {\n  \
                    v1 = extern e2\n  v2 = call_c v1(v0) : ()\n}\n";
    round_trip(counting);
    error(
        &counting.replace("down_unless_null", "sideways"),
        "3:26: expected how it counts, found `sideways`",
    );
}

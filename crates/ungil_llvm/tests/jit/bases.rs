//! Addresses of vector loops that start anywhere, and loops of versions that hardly ever run.

use crate::host::{Kernel, read};

fn optimized(kernel: &Kernel) -> &str {
    &kernel.object.listing.as_ref().expect("a listing").optimized
}

/// `v1[i] = v0[i] + v0[i]` for `v2 <= i < v3`; `header` says how the loop counts.
fn part(header: &str) -> String {
    format!(
        "func @f(v0: array<int64, 1, C>, v1: array<int64, 1, C>, v2: int64, v3: int64) -> () {{\n  v4 = const int64 1\n  \
         v9 = const int64 -1\n  v10 = add v3, v9\n  v11 = add v2, v9\n  for l0 v5 in {header} {{\n    \
         v6 = load v0[v5] alias 17\n    v7 = add v6, v6\n    store v1[v5], v7 alias 18\n  }}\n  v8 = tuple\n  return v8\n}}\n"
    )
}

fn check(kernel: &Kernel, from: usize, to: usize) {
    let input: Vec<u64> = (0..400).map(|i| i * 1_000_003 + 7).collect();
    let mut output = vec![5u64; 400];
    let (a, b) = (input.as_ptr() as u64, output.as_mut_ptr() as u64);
    kernel.call(&[a, 0, 400, 8, b, 0, 400, 8, from as u64, to as u64]).expect("succeeds");
    for (i, v) in output.iter().enumerate() {
        let is = if (from..to).contains(&i) { input[i] * 2 } else { 5 };
        assert_eq!(*v, is, "element {i} of {from}..{to}");
    }
}

#[test]
fn any_start_and_end() {
    for header in ["v2..v3 step v4", "v10..v11 step v9"] {
        let kernel = Kernel::with(&read(&part(header)), &ungil_llvm::emit::EmitOptions::new("kernel"), &[]);
        for from in (0..40).chain([200, 399, 400]) {
            for to in (from..(from + 70).min(400)).chain([400]) {
                check(&kernel, from, to);
            }
        }
        if header.starts_with("v2") {
            let listing = optimized(&kernel);
            let body = listing.split("vector.body:").nth(1).and_then(|rest| rest.split("!llvm.loop").next());
            let addresses: Vec<&str> =
                body.unwrap_or_default().lines().filter(|line| line.contains("getelementptr i64")).collect();
            assert_eq!(addresses.len(), 2, "{listing}");
            assert!(addresses.iter().all(|line| line.ends_with("i64 %index")), "{listing}");
        }
    }
}

#[test]
fn rare_versions_are_not_copied() {
    // Three tests that do not vary in the loop: LLVM would make up to eight loops of it.
    let text = "func @f(v0: array<float64, 1, C>, v1: bool, v2: bool, v3: bool, v4: bool) -> () {\n  v5 = const int64 0\n  \
         v6 = const int64 1\n  v7 = dim v0, 0\n  if v4 {\n  } else {\n    for l0 v8 in v5..v7 step v6 scalar {\n      \
         check v1 raise ValueError \"a\"\n      v9 = load v0[v8]\n      v10 = add v9, v9\n      store v0[v8], v10\n      \
         check v2 raise ValueError \"b\"\n      v11 = load v0[v8]\n      v12 = mul v11, v11\n      store v0[v8], v12\n      \
         check v3 raise ValueError \"c\"\n      v13 = load v0[v8]\n      v14 = div v13, v10\n      store v0[v8], v14\n    \
         }\n  }\n  v15 = tuple\n  return v15\n}\n";
    let kernel = Kernel::with(&read(text), &ungil_llvm::emit::EmitOptions::new("kernel"), &[]);
    assert_eq!(optimized(&kernel).matches("fdiv double").count(), 1, "{}", optimized(&kernel));
}

//! Products of counters and strides, which become sums that grow.

use crate::host::{Kernel, read};
use ungil_llvm::emit::EmitOptions;

/// `v1[i] = v0[i - 1] - 3 * v0[i] + v0[i + 1]` from `v2` in steps of `step` to `v3`, for views with any strides.
fn neighbours(step: &str) -> String {
    format!(
        "func @f(v0: array<int64, 1, A>, v1: array<int64, 1, A>, v2: int64, v3: int64) -> () {{\n  v4 = const int64 {step}\n  \
         v5 = const int64 -1\n  v6 = const int64 1\n  v7 = const int64 3\n  for l0 v8 in v2..v3 step v4 {{\n    \
         v9 = add v8, v5\n    v10 = load v0[v9]\n    v11 = load v0[v8]\n    v12 = add v8, v6\n    v13 = load v0[v12]\n    \
         v14 = mul v11, v7\n    v15 = sub v10, v14\n    v16 = add v15, v13\n    store v1[v8], v16\n  }}\n  \
         v17 = tuple\n  return v17\n}}\n"
    )
}

/// Runs it on views of every `a`-th and every `b`-th element; negative ones run backwards.
fn check(kernel: &Kernel, range: (i64, i64), step: i64, (a, b): (i64, i64)) {
    let length = 50i64;
    let input: Vec<i64> = (0..400).map(|i| i * i * 1_000_003 + 7).collect();
    let mut output = vec![5i64; 400];
    let first = |stride: i64| if stride < 0 { -stride * (length - 1) } else { 0 };
    let at = |i: i64, stride: i64| (first(stride) + i * stride) as usize;
    let (from, to) = (&raw const input[at(0, a)] as u64, &raw mut output[at(0, b)] as u64);
    let (start, end) = range;
    let words = [
        from,
        0,
        length as u64,
        (a * 8) as u64,
        to,
        0,
        length as u64,
        (b * 8) as u64,
        start as u64,
        end as u64,
    ];
    kernel.call(&words).expect("succeeds");
    let mut expected = vec![5i64; 400];
    let mut i = start;
    while if step > 0 { i < end } else { i > end } {
        expected[at(i, b)] = input[at(i - 1, a)] - 3 * input[at(i, a)] + input[at(i + 1, a)];
        i += step;
    }
    assert_eq!(output, expected, "{range:?} step {step}, strides {a} and {b}");
}

#[test]
fn any_strides_and_steps() {
    for step in [1, 2, 5, -1, -3] {
        let kernel = Kernel::with(&read(&neighbours(&step.to_string())), &EmitOptions::new("kernel"), &[]);
        for strides in [(1, 1), (2, 3), (-1, 1), (7, -2), (0, 1), (-4, -8)] {
            for length in 0..48 {
                let range = if step > 0 { (1, 1 + length) } else { (48, 48 - length) };
                check(&kernel, range, step, strides);
            }
        }
    }
}

#[test]
fn no_products_in_the_loop() {
    let kernel = Kernel::with(&read(&neighbours("5")), &EmitOptions::new("kernel"), &[]);
    let listing = &kernel.object.listing.as_ref().expect("a listing").optimized;
    // A block that is its own successor: what follows its label up to the branch back.
    let loops: Vec<&str> = listing
        .split("\n\n")
        .filter(|block| {
            let label = format!("%{}", block.trim_start().split(':').next().unwrap_or_default());
            let goes_back = |line: &str| line.split([' ', ',']).any(|word| word == label);
            block.lines().any(|line| line.trim_start().starts_with("br ") && goes_back(line))
        })
        .collect();
    assert!(!loops.is_empty(), "{listing}");
    for block in loops {
        // LLVM subtracts by adding the product with -3.
        let of_elements = |line: &str| line.ends_with(", -3") || line.ends_with("splat (i64 -3)");
        let strides = block.lines().filter(|line| line.contains(" = mul ") && !of_elements(line)).count();
        assert_eq!(strides, 0, "{listing}");
    }
}

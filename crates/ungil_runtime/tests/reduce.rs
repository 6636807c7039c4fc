//! Arithmetic of reductions for every dtype and operator. Runs under Miri:
//! `cargo +nightly miri test -p ungil_runtime --test reduce`

use ungil_abi::parallel::{PARTIALS, ReduceOp, block_count, block_start};
use ungil_runtime::reduce::{
    Plan, combine, fill_identity, fold_blocks, fold_partials, fold_used_partials, is_inexact, itemsize,
    supports,
};

const OPS: std::ops::RangeInclusive<u32> = ReduceOp::ADD..=ReduceOp::OR;
const DTYPES: std::ops::RangeInclusive<u32> = 0..=12;

/// Some elements of the dtype, limits and special values among them.
fn samples(dtype: u32) -> Vec<Vec<u8>> {
    let ints: [i128; 9] = [0, 1, 2, 3, -1, 100, i64::MIN as i128, i64::MAX as i128, u64::MAX as i128];
    let floats = [0.0, -0.0, 1.0, -2.5, 1e30, f64::INFINITY, f64::NEG_INFINITY];
    match dtype {
        0 => vec![vec![0], vec![1]],
        1..=8 => {
            let size = itemsize(dtype).expect("a dtype");
            ints.iter().map(|i| i.to_le_bytes()[..size].to_vec()).collect()
        }
        9 => floats.iter().map(|x| (*x as f32).to_ne_bytes().to_vec()).collect(),
        10 => floats.iter().map(|x| x.to_ne_bytes().to_vec()).collect(),
        11 => floats.iter().map(|x| [(*x as f32).to_ne_bytes(), 2f32.to_ne_bytes()].concat()).collect(),
        _ => floats.iter().map(|x| [x.to_ne_bytes(), (-0.0f64).to_ne_bytes()].concat()).collect(),
    }
}

#[test]
fn identities_are_neutral_on_both_sides() {
    for dtype in DTYPES {
        for op in OPS.filter(|op| supports(dtype, *op)) {
            let logical = op == ReduceOp::AND || op == ReduceOp::OR;
            for sample in samples(dtype) {
                let truth = if logical {
                    let mut truth = vec![0; sample.len()];
                    truth[0] = u8::from(sample.iter().any(|b| *b != 0));
                    truth
                } else {
                    sample.clone()
                };
                let mut identity = vec![0xaa; sample.len()];
                fill_identity(dtype, op, &mut identity);
                let mut left = sample.clone();
                combine(dtype, op, &mut left, &identity);
                assert_eq!(left, truth, "dtype {dtype}, op {op}: {sample:?} op identity");
                combine(dtype, op, &mut identity, &sample);
                assert_eq!(identity, truth, "dtype {dtype}, op {op}: identity op {sample:?}");
            }
        }
    }
}

fn f64s(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_ne_bytes()).collect()
}

fn to_f64s(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks(8).map(|b| f64::from_ne_bytes(b.try_into().expect("8 bytes"))).collect()
}

#[test]
fn minimum_and_maximum_propagate_nan() {
    let nan = f64::NAN;
    let a = f64s(&[1.0, nan, 3.0, -0.0, 0.0, nan]);
    let b = f64s(&[2.0, 0.0, nan, 0.0, -0.0, nan]);
    for (op, expected) in
        [(ReduceOp::MIN, [1.0, nan, nan, -0.0, 0.0, nan]), (ReduceOp::MAX, [2.0, nan, nan, -0.0, 0.0, nan])]
    {
        let mut dst = a.clone();
        combine(10, op, &mut dst, &b);
        let got: Vec<u64> = to_f64s(&dst).iter().map(|x| x.to_bits()).collect();
        assert_eq!(got, expected.map(f64::to_bits).to_vec());
    }
}

#[test]
fn integers_wrap_and_keep_their_width() {
    let mut x = [200u8, 3];
    combine(5, ReduceOp::ADD, &mut x, &[100, 4]);
    assert_eq!(x, [44, 7]);
    let mut x = i16::MIN.to_ne_bytes();
    combine(2, ReduceOp::MIN, &mut x, &5i16.to_ne_bytes());
    assert_eq!(i16::from_ne_bytes(x), i16::MIN);
    let mut x = u16::MAX.to_ne_bytes();
    combine(6, ReduceOp::MIN, &mut x, &5u16.to_ne_bytes());
    assert_eq!(u16::from_ne_bytes(x), 5);
}

#[test]
fn booleans_follow_numpy() {
    for (op, table) in [
        (ReduceOp::ADD, [0, 1, 1, 1]),
        (ReduceOp::MUL, [0, 0, 0, 1]),
        (ReduceOp::BIT_XOR, [0, 1, 1, 0]),
        (ReduceOp::BIT_AND, [0, 0, 0, 1]),
        (ReduceOp::BIT_OR, [0, 1, 1, 1]),
        (ReduceOp::MIN, [0, 0, 0, 1]),
        (ReduceOp::MAX, [0, 1, 1, 1]),
        (ReduceOp::AND, [0, 0, 0, 1]),
        (ReduceOp::OR, [0, 1, 1, 1]),
    ] {
        let mut dst = [0, 0, 1, 1];
        combine(0, op, &mut dst, &[0, 1, 0, 1]);
        assert_eq!(dst, table, "op {op}");
    }
}

#[test]
fn complex_products_multiply() {
    let mut dst = f64s(&[1.0, 2.0, 1.0, 0.0, f64::INFINITY, 1.0]);
    combine(12, ReduceOp::MUL, &mut dst, &f64s(&[3.0, -1.0, f64::INFINITY, 2.0, 1.0, 0.0]));
    assert_eq!(to_f64s(&dst), [5.0, 5.0, f64::INFINITY, 2.0, f64::INFINITY, 1.0]);
}

#[test]
fn trees_have_the_documented_shape() {
    // Sums of numbers so different that the order shows.
    let x: Vec<f64> = (0..PARTIALS).map(|i| 10f64.powi((i as i32 * 7) % 23 - 8) * 1.1).collect();
    let mut expected = x.clone();
    for half in [16, 8, 4, 2, 1] {
        for i in 0..half {
            expected[i] += expected[i + half];
        }
    }
    let mut partials = f64s(&x);
    fold_partials(10, ReduceOp::ADD, &mut partials);
    assert_eq!(to_f64s(&partials)[0].to_bits(), expected[0].to_bits());

    fn tree(x: &[f64]) -> f64 {
        match x.len() {
            1 => x[0],
            n => {
                let (left, right) = x.split_at(n.next_power_of_two() / 2);
                tree(left) + tree(right)
            }
        }
    }
    for n in 1..=PARTIALS {
        let mut blocks = f64s(&x[..n]);
        fold_blocks(10, ReduceOp::ADD, &mut blocks, 8);
        assert_eq!(to_f64s(&blocks)[0].to_bits(), tree(&x[..n]).to_bits(), "{n} blocks");
        // Arrays fold elementwise by the same tree.
        let wide: Vec<f64> = x[..n].iter().flat_map(|v| [*v, 2.0 * v, 3.0]).collect();
        let mut blocks = f64s(&wide);
        fold_blocks(10, ReduceOp::ADD, &mut blocks, 24);
        let doubled: Vec<f64> = x[..n].iter().map(|v| 2.0 * v).collect();
        assert_eq!(to_f64s(&blocks)[..3], [tree(&x[..n]), tree(&doubled), 3.0 * n as f64]);
    }
    fold_blocks(10, ReduceOp::ADD, &mut [], 8);
}

#[test]
fn blocks_of_few_iterations_fold_what_they_used() {
    for dtype in 0..=12 {
        for op in (0..=8).filter(|op| supports(dtype, *op)) {
            let size = itemsize(dtype).unwrap_or(1);
            for count in 1..=PARTIALS + 1 {
                let mut partials = vec![0; PARTIALS * size];
                fill_identity(dtype, op, &mut partials);
                for (k, byte) in partials[..count.min(PARTIALS) * size].iter_mut().enumerate() {
                    *byte = if dtype == 0 { (k % 3 == 0) as u8 } else { (k * 37 % 64) as u8 };
                }
                let (mut all, mut used) = (partials.clone(), partials);
                fold_partials(dtype, op, &mut all);
                fold_used_partials(dtype, op, &mut used, count as i64);
                assert_eq!(all[..size], used[..size], "dtype {dtype}, op {op}, {count} iterations");
            }
        }
    }
}

#[test]
fn only_defined_pairs_are_supported() {
    assert!((0..=12).all(|d| supports(d, ReduceOp::ADD) && supports(d, ReduceOp::MUL)));
    assert!((9..=10).all(|d| supports(d, ReduceOp::MAX) && !supports(d, ReduceOp::BIT_OR)));
    assert!((11..=12).all(|d| !supports(d, ReduceOp::MIN)));
    assert!(!supports(13, ReduceOp::ADD) && !supports(4, 9) && itemsize(13).is_none());
    assert!(DTYPES.filter(|d| is_inexact(*d)).eq(9..=12));
}

#[test]
fn plans_depend_on_sizes_only() {
    let plan = |n, min_block, arrays: &[(u32, u64)]| Plan::new(n, min_block, arrays.iter().copied());
    assert_eq!(plan(0, 1, &[]).blocks, 0);
    assert_eq!(plan(10, 1024, &[]), Plan { blocks: 1, direct_arrays: true });
    assert_eq!(plan(1 << 40, 1024, &[]).blocks, 4096);
    // Integer arrays do not limit the blocks, floating-point ones do.
    assert_eq!(plan(1 << 20, 1, &[(4, 1 << 30)]).blocks, 4096);
    assert_eq!(plan(1 << 20, 1, &[(10, 1 << 18)]).blocks, 16);
    assert_eq!(plan(1 << 20, 1, &[(10, 1 << 18), (9, 1 << 18)]).blocks, 8);
    assert_eq!(plan(1 << 20, 1, &[(10, u64::MAX), (10, 5)]), Plan { blocks: 1, direct_arrays: true });
    for n in [1, 5, 4096, 4097, 1_000_003] {
        let blocks = block_count(n, 1, 0);
        let starts: Vec<i64> = (0..=blocks).map(|b| block_start(n, blocks, b)).collect();
        assert_eq!((starts[0], starts[blocks as usize]), (0, n));
        assert!(starts.windows(2).all(|w| w[1] - w[0] == n / blocks || w[1] - w[0] == n / blocks + 1));
    }
}

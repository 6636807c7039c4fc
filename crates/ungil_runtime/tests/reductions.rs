//! Reductions through the team: right results, the same bits for any threads and schedule, the interpreter's bits.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "bodies play generated code, calls its callers: both keep to the ABI"
)]

mod common;

use common::{Outcome, Random, SCHEDULES, env, plain, reducing, run};
use core::ffi::c_void;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{
    ArrayReduction, Block, LoopDesc, PARTIALS, ReduceOp, ScalarReduction, block_start,
};
use ungil_runtime::reduce::{self, Plan};

const INT64: u32 = 4;
const INT32: u32 = 3;
const FLOAT32: u32 = 9;
const FLOAT64: u32 = 10;
const COMPLEX128: u32 = 12;

const THREADS: [i64; 6] = [1, 2, 3, 5, 16, 33];

fn scalar<T>(target: &mut T, dtype: u32, op: u32, offset: u64) -> ScalarReduction {
    ScalarReduction { target: core::ptr::from_mut(target).cast::<u8>(), dtype, op, offset }
}

/// Sum, product and extremes of the values, as generated code would keep them.
unsafe extern "C" fn statistics(_: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32 {
    let values: &Vec<f64> = unsafe { env(e) };
    let partials = unsafe { (*block).partials };
    assert_eq!(partials as usize % 64, 0);
    let at = |r: usize| unsafe { partials.add(r * PARTIALS * 8).cast::<f64>() };
    for k in lo..hi {
        let (x, p) = (values[k as usize], (k - lo) as usize % PARTIALS);
        unsafe {
            *at(0).add(p) += x;
            *at(1).add(p) *= 1.0 + x * 1e-9;
            *at(2).add(p) = (*at(2).add(p)).min(x);
            *at(3).add(p) = (*at(3).add(p)).max(x);
            *at(4).cast::<i64>().add(p) += k;
        }
    }
    0
}

fn values(n: usize) -> Vec<f64> {
    let mut random = Random(42);
    (0..n).map(|_| (random.next() as i64 as f64) * 1e-10).collect()
}

#[derive(Debug, Clone, Copy)]
struct Statistics(f64, f64, f64, f64, i64);

impl Statistics {
    fn bits(self) -> [u64; 5] {
        [self.0.to_bits(), self.1.to_bits(), self.2.to_bits(), self.3.to_bits(), self.4 as u64]
    }
}

fn statistics_of(values: &Vec<f64>, threads: i64, schedule: u32, chunk: i64, min_block: i64) -> Statistics {
    let mut s = Statistics(10.0, 1.0, f64::INFINITY, f64::NEG_INFINITY, 7);
    let size = (PARTIALS * 8) as u64;
    let scalars = [
        scalar(&mut s.0, FLOAT64, ReduceOp::ADD, 0),
        scalar(&mut s.1, FLOAT64, ReduceOp::MUL, size),
        scalar(&mut s.2, FLOAT64, ReduceOp::MIN, 2 * size),
        scalar(&mut s.3, FLOAT64, ReduceOp::MAX, 3 * size),
        scalar(&mut s.4, INT64, ReduceOp::ADD, 4 * size),
    ];
    let desc = plain(statistics, values, values.len() as i64);
    let desc = LoopDesc { schedule, chunk, num_threads: threads, min_block, ..desc };
    assert_eq!(run(&reducing(desc, &scalars, &[])), Outcome::Done);
    s
}

/// The sum by the safe functions alone, as the interpreter does it.
fn interpreted_sum(values: &[f64], min_block: i64) -> f64 {
    let plan = Plan::new(values.len() as i64, min_block, core::iter::empty());
    let mut results = Vec::new();
    for b in 0..plan.blocks {
        let (lo, hi) = (
            block_start(values.len() as i64, plan.blocks, b),
            block_start(values.len() as i64, plan.blocks, b + 1),
        );
        let mut partials = vec![0; PARTIALS * 8];
        reduce::fill_identity(FLOAT64, ReduceOp::ADD, &mut partials);
        for k in lo..hi {
            let p = ((k - lo) as usize % PARTIALS) * 8;
            let now =
                f64::from_ne_bytes(partials[p..p + 8].try_into().expect("8 bytes")) + values[k as usize];
            partials[p..p + 8].copy_from_slice(&now.to_ne_bytes());
        }
        reduce::fold_partials(FLOAT64, ReduceOp::ADD, &mut partials);
        results.extend_from_slice(&partials[..8]);
    }
    reduce::fold_blocks(FLOAT64, ReduceOp::ADD, &mut results, 8);
    10.0 + f64::from_ne_bytes(results[..8].try_into().expect("8 bytes"))
}

#[test]
fn bits_do_not_depend_on_threads_or_schedule() {
    for (n, min_block) in [(1, 1), (31, 1), (33, 1024), (1000, 1), (100_003, 1024), (10_000, 1)] {
        let values = values(n);
        let expected = statistics_of(&values, 1, 0, 0, min_block);
        assert_eq!(expected.0.to_bits(), interpreted_sum(&values, min_block).to_bits());
        assert_eq!(expected.2, values.iter().copied().fold(f64::INFINITY, f64::min));
        assert_eq!(expected.3, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        assert_eq!(expected.4, 7 + (n as i64 * (n as i64 - 1)) / 2);
        for threads in THREADS {
            for schedule in SCHEDULES {
                for chunk in [0, 1, 5000] {
                    let s = statistics_of(&values, threads, schedule, chunk, min_block);
                    assert_eq!(s.bits(), expected.bits(), "{n} {threads} {schedule} {chunk}");
                }
            }
        }
    }
}

/// Nothing contributes: the target keeps its value and sign.
unsafe extern "C" fn idle(_: *mut Ctx, _: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    0
}

#[test]
fn identities_change_nothing() {
    for start in [0.0, -0.0, 1.5, f64::INFINITY, f64::NEG_INFINITY] {
        for op in [ReduceOp::ADD, ReduceOp::MUL, ReduceOp::MIN, ReduceOp::MAX] {
            let mut x = start;
            let scalars = [scalar(&mut x, FLOAT64, op, 0)];
            let desc = LoopDesc { num_threads: 3, ..plain(idle, &(), 100) };
            assert_eq!(run(&reducing(desc, &scalars, &[])), Outcome::Done);
            assert_eq!(x.to_bits(), start.to_bits(), "{start} {op}");
            let mut z = (start, -start);
            if op <= ReduceOp::MUL {
                let scalars = [scalar(&mut z, COMPLEX128, op, 0)];
                assert_eq!(run(&reducing(desc, &scalars, &[])), Outcome::Done);
                assert_eq!(
                    (z.0.to_bits(), z.1.to_bits()),
                    (start.to_bits(), (-start).to_bits()),
                    "{start} {op}"
                );
            }
        }
    }
}

unsafe extern "C" fn large_partials(_: *mut Ctx, _: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32 {
    let last = unsafe { (*block).partials.add(9000).cast::<i32>() };
    for k in lo..hi {
        unsafe { *last.add((k - lo) as usize % PARTIALS) |= 1 << (k % 31) };
    }
    0
}

#[test]
fn partials_may_be_far_apart() {
    for threads in THREADS {
        let mut x = 0i32;
        let scalars = [scalar(&mut x, INT32, ReduceOp::BIT_OR, 9000)];
        let desc = LoopDesc { num_threads: threads, ..plain(large_partials, &(), 40) };
        assert_eq!(run(&reducing(desc, &scalars, &[])), Outcome::Done);
        assert_eq!(x, i32::MAX);
    }
}

struct Histogram {
    bins: usize,
    narrays: usize,
}

/// Adds to a bin of an int64 array and of a float32 array.
unsafe extern "C" fn histogram(_: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32 {
    let shape: &Histogram = unsafe { env(e) };
    let arrays = unsafe { (*block).arrays };
    for k in lo..hi {
        let bin = (k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize % shape.bins;
        unsafe {
            *(*arrays).cast::<i64>().add(bin) += k;
            if shape.narrays > 1 {
                *(*arrays.add(1)).cast::<f32>().add(bin) += 1.0 / (k + 1) as f32;
            }
        }
    }
    0
}

#[test]
fn arrays_are_reduced_with_the_same_bits() {
    // 5,000,000 bins do not fit twice: one block, reduced in place.
    for (bins, n, min_block) in
        [(1, 10, 1), (7, 1000, 1), (256, 50_000, 1024), (70_000, 3000, 1), (5_000_000, 40, 1)]
    {
        let mut expected: Option<(Vec<i64>, Vec<f32>)> = None;
        for threads in THREADS {
            for schedule in SCHEDULES {
                let (mut ints, mut floats) = (vec![3i64; bins], vec![0.5f32; bins]);
                let arrays = [
                    ArrayReduction { data: ints.as_mut_ptr().cast(), len: bins as u64, dtype: INT64, op: 0 },
                    ArrayReduction {
                        data: floats.as_mut_ptr().cast(),
                        len: bins as u64,
                        dtype: FLOAT32,
                        op: 0,
                    },
                ];
                let shape = Histogram { bins, narrays: 2 };
                let desc =
                    LoopDesc { schedule, num_threads: threads, min_block, ..plain(histogram, &shape, n) };
                assert_eq!(run(&reducing(desc, &[], &arrays)), Outcome::Done);
                assert_eq!(ints.iter().sum::<i64>(), 3 * bins as i64 + n * (n - 1) / 2);
                let (e_ints, e_floats) = expected.get_or_insert_with(|| (ints.clone(), floats.clone()));
                assert_eq!(*e_ints, ints);
                let same = e_floats.iter().zip(&floats).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{bins} {threads} {schedule}");
                if bins == 5_000_000 && threads > 2 {
                    break;
                }
            }
        }
    }
}

#[test]
fn integer_arrays_alone_use_many_blocks() {
    let mut ints = vec![0i64; 256];
    let arrays = [ArrayReduction { data: ints.as_mut_ptr().cast(), len: 256, dtype: INT64, op: 0 }];
    let shape = Histogram { bins: 256, narrays: 1 };
    let n = 1_000_000;
    let desc = LoopDesc { num_threads: 4, min_block: 1024, ..plain(histogram, &shape, n) };
    assert_eq!(run(&reducing(desc, &[], &arrays)), Outcome::Done);
    assert_eq!(ints.iter().sum::<i64>(), n * (n - 1) / 2);
}

#[test]
fn undefined_reductions_are_refused() {
    let mut x = 0.0f64;
    for (dtype, op) in
        [(FLOAT64, ReduceOp::BIT_AND), (COMPLEX128, ReduceOp::MIN), (99, ReduceOp::ADD), (INT64, 77)]
    {
        let scalars = [scalar(&mut x, dtype, op, 0)];
        let desc = plain(idle, &(), 10);
        assert!(matches!(run(&reducing(desc, &scalars, &[])), Outcome::Raised(22, ..)));
    }
}

#[test]
fn hopeless_sizes_are_memory_errors() {
    let arrays = [
        ArrayReduction { data: core::ptr::null_mut(), len: u64::MAX / 2, dtype: INT64, op: 0 },
        ArrayReduction { data: core::ptr::null_mut(), len: u64::MAX / 2, dtype: FLOAT64, op: 0 },
    ];
    let desc = LoopDesc { num_threads: 2, ..plain(idle, &(), 10) };
    assert!(matches!(run(&reducing(desc, &[], &arrays)), Outcome::Raised(8, ..)));
}

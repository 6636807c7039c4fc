//! Everything at once: many callers, nested loops, reductions, failures and regions, for a bounded time.

#![allow(clippy::undocumented_unsafe_blocks, reason = "bodies play generated code, calls its callers")]

mod common;

use common::{Outcome, Random, SCHEDULES, call, env, plain, raise, reducing, run};
use core::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{Block, LoopDesc, PARTIALS, ScalarReduction};
use ungil_runtime::barrier::ungil_rt_barrier;
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::region::ungil_rt_parallel_region;
use ungil_runtime::threads::{ungil_rt_num_threads, ungil_rt_set_num_threads};

const TIME: Duration = Duration::from_millis(1500);

/// A loop whose every iteration runs a reducing inner loop; some fail.
struct Case {
    inner: i64,
    fail_from: i64,
    schedule: u32,
    total: AtomicU64,
}

unsafe extern "C" fn inner(_: *mut Ctx, _: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32 {
    let partials = unsafe { (*block).partials.cast::<u64>() };
    for k in lo..hi {
        unsafe { *partials.add((k - lo) as usize % PARTIALS) += k as u64 + 1 };
    }
    0
}

unsafe extern "C" fn outer(ctx: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let case: &Case = unsafe { env(e) };
    for k in lo..hi {
        if k >= case.fail_from {
            return unsafe { raise(ctx, k) };
        }
        let mut sum = 0u64;
        let target = (&raw mut sum).cast::<u8>();
        let scalars = [ScalarReduction { target, dtype: 8, op: 0, offset: 0 }];
        let desc =
            reducing(LoopDesc { schedule: case.schedule, ..plain(inner, &(), case.inner) }, &scalars, &[]);
        if unsafe { ungil_rt_parallel_for(ctx, &raw const desc) } != 0 {
            return 1;
        }
        case.total.fetch_add(sum, Ordering::Relaxed);
    }
    0
}

unsafe extern "C" fn member(ctx: *mut Ctx, e: *mut c_void, id: u32, n: u32) -> i32 {
    let case: &Case = unsafe { env(e) };
    let desc = plain(outer, case, 3);
    let status = unsafe { ungil_rt_parallel_for(ctx, &raw const desc) };
    if status != 0 {
        return status;
    }
    if unsafe { ungil_rt_barrier(ctx) } != 0 {
        return 1;
    }
    // After the barrier everybody's contributions are there.
    let inner = (case.inner * (case.inner + 1) / 2) as u64;
    assert_eq!(case.total.load(Ordering::Relaxed), 3 * u64::from(n) * inner, "thread {id}");
    0
}

fn step(random: &mut Random) {
    let n = 1 + random.below(40) as i64;
    let fails = random.below(3) == 0;
    let case = Case {
        inner: 1 + random.below(200) as i64,
        fail_from: if fails { random.below(n as u64) as i64 } else { i64::MAX },
        schedule: SCHEDULES[random.below(4) as usize],
        total: AtomicU64::new(0),
    };
    let per_iteration = (case.inner * (case.inner + 1) / 2) as u64;
    if random.below(8) == 0 && !fails {
        let threads = 1 + random.below(5) as u32;
        let data = (&raw const case).cast_mut().cast::<c_void>();
        let end = call(|ctx| unsafe { ungil_rt_parallel_region(ctx, threads, member, data) });
        assert_eq!(end, Outcome::Done);
        return;
    }
    let desc = LoopDesc {
        schedule: SCHEDULES[random.below(4) as usize],
        chunk: random.below(3) as i64,
        num_threads: random.below(7) as i64,
        ..plain(outer, &case, n)
    };
    let end = run(&desc);
    if fails {
        let at = case.fail_from;
        assert_eq!(end, Outcome::Raised(2, at as u64, at as u32));
        assert!(case.total.load(Ordering::Relaxed) >= per_iteration * at as u64);
    } else {
        assert_eq!(end, Outcome::Done);
        assert_eq!(case.total.load(Ordering::Relaxed), per_iteration * n as u64);
    }
}

#[test]
fn many_callers_nested_loops_failures_and_regions() {
    let begin = Instant::now();
    std::thread::scope(|s| {
        for t in 1..=8 {
            s.spawn(move || {
                let mut random = Random(t * 0x1234_5678_9abc);
                while begin.elapsed() < TIME {
                    step(&mut random);
                }
            });
        }
    });
}

#[test]
fn threads_that_come_and_go() {
    let begin = Instant::now();
    let mut random = Random(99);
    while begin.elapsed() < TIME {
        let seed = random.next();
        std::thread::scope(|s| {
            for t in 0..4 {
                s.spawn(move || {
                    step(&mut Random(seed ^ t));
                    let end = call(|ctx| unsafe {
                        let before = ungil_rt_num_threads(ctx);
                        i32::from(ungil_rt_set_num_threads(ctx, 1) != before)
                    });
                    assert_eq!(end, Outcome::Done);
                    step(&mut Random(seed ^ t << 8));
                });
            }
        });
    }
}

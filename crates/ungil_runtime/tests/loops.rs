//! Parallel loops without reductions: coverage, schedules, nesting, thread numbers, lastprivate.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "bodies play generated code, calls its callers: both keep to the ABI"
)]

mod common;

use common::{Outcome, SCHEDULES, call, env, nothing, plain, run, work_for};
use core::ffi::c_void;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{Block, LoopDesc};
use ungil_runtime::context::current_ctx;
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::threads::{ungil_rt_num_threads, ungil_rt_set_num_threads, ungil_rt_thread_id};

unsafe extern "C" fn count(_: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32 {
    assert!(!block.is_null() && lo < hi);
    let seen: &Vec<AtomicU32> = unsafe { env(e) };
    for k in lo..hi {
        seen[k as usize].fetch_add(1, Ordering::Relaxed);
    }
    0
}

fn counters(n: usize) -> Vec<AtomicU32> {
    (0..n).map(|_| AtomicU32::new(0)).collect()
}

#[test]
fn every_iteration_runs_once() {
    for schedule in SCHEDULES {
        for threads in [0, 1, 2, 3, 8, 40, 1_000_000] {
            for chunk in [0, 1, 7, 1_000_000, i64::MAX] {
                for n in [1, 2, 3, 100, 5000] {
                    let seen = counters(n);
                    let desc =
                        LoopDesc { schedule, chunk, num_threads: threads, ..plain(count, &seen, n as i64) };
                    assert_eq!(run(&desc), Outcome::Done);
                    assert!(
                        seen.iter().all(|c| c.load(Ordering::Relaxed) == 1),
                        "{schedule} {threads} {chunk} {n}"
                    );
                }
            }
        }
    }
}

#[test]
fn empty_loops_do_nothing() {
    for n in [0, -1, i64::MIN] {
        assert_eq!(run(&plain(count, &counters(0), n)), Outcome::Done);
    }
}

unsafe extern "C" fn sum_bounds(_: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let sum: &AtomicU64 = unsafe { env(e) };
    sum.fetch_add((hi - lo) as u64, Ordering::Relaxed);
    0
}

#[test]
fn huge_loops_are_covered() {
    for n in [i64::MAX, i64::MAX - 5, (1 << 40) + 7] {
        for chunk in [0, 1 << 50] {
            let sum = AtomicU64::new(0);
            let desc = LoopDesc { num_threads: 4, chunk, ..plain(sum_bounds, &sum, n) };
            assert_eq!(run(&desc), Outcome::Done);
            assert_eq!(sum.load(Ordering::Relaxed), n as u64);
        }
    }
}

unsafe extern "C" fn exact_chunk(_: *mut Ctx, _: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    assert!(lo % 7 == 0 && (hi - lo == 7 || hi == 1000));
    0
}

#[test]
fn dynamic_keeps_to_its_chunk() {
    let desc = LoopDesc { schedule: 1, chunk: 7, num_threads: 3, ..plain(exact_chunk, &(), 1000) };
    assert_eq!(run(&desc), Outcome::Done);
}

unsafe extern "C" fn last_only(_: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32 {
    let n: &i64 = unsafe { env(e) };
    let last = unsafe { (*block).last };
    assert_eq!(!last.is_null(), hi == *n, "{lo}..{hi} of {n}");
    if !last.is_null() {
        unsafe { last.cast::<i64>().write(hi - 1) };
    }
    0
}

#[test]
fn lastprivate_comes_from_the_last_iteration() {
    for schedule in SCHEDULES {
        for n in [1i64, 2, 1000] {
            let mut last = -1i64;
            let desc = LoopDesc {
                schedule,
                num_threads: 4,
                last: (&raw mut last).cast::<u8>(),
                ..plain(last_only, &n, n)
            };
            assert_eq!(run(&desc), Outcome::Done);
            assert_eq!(last, n - 1);
        }
    }
}

struct Ids {
    running: Vec<AtomicU32>,
    most: AtomicI64,
    now: AtomicI64,
}

unsafe extern "C" fn enter_id(ctx: *mut Ctx, e: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    let ids: &Ids = unsafe { env(e) };
    let id = unsafe { ungil_rt_thread_id(ctx) } as usize;
    assert_eq!(ids.running[id].fetch_add(1, Ordering::AcqRel), 0, "number {id} twice at once");
    let now = ids.now.fetch_add(1, Ordering::AcqRel) + 1;
    ids.most.fetch_max(now, Ordering::AcqRel);
    work_for(Duration::from_micros(20));
    ids.now.fetch_sub(1, Ordering::AcqRel);
    ids.running[id].fetch_sub(1, Ordering::AcqRel);
    0
}

unsafe extern "C" fn nest(ctx: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let before = unsafe { ungil_rt_thread_id(ctx) };
    for _ in lo..hi {
        let desc = LoopDesc { schedule: 1, chunk: 1, ..plain(enter_id, unsafe { env::<Ids>(e) }, 20) };
        if unsafe { ungil_rt_parallel_for(ctx, &raw const desc) } != 0 {
            return 1;
        }
        assert_eq!(unsafe { ungil_rt_thread_id(ctx) }, before);
    }
    0
}

#[test]
fn nested_loops_share_one_budget_and_unique_numbers() {
    for threads in [2, 4, 8] {
        for n in [1, 2, 3, 30] {
            let ids =
                Ids { running: counters(threads as usize), most: AtomicI64::new(0), now: AtomicI64::new(0) };
            let desc = LoopDesc { schedule: 1, chunk: 1, num_threads: threads, ..plain(nest, &ids, n) };
            assert_eq!(run(&desc), Outcome::Done);
            assert!(ids.most.load(Ordering::Relaxed) <= threads);
        }
    }
}

unsafe extern "C" fn deep(ctx: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let (count, depth): &(AtomicU32, u32) = unsafe { env(e) };
    for _ in lo..hi {
        count.fetch_add(1, Ordering::Relaxed);
        if unsafe { (*ctx).depth } < *depth {
            let desc = LoopDesc { ..plain(deep, unsafe { env::<(AtomicU32, u32)>(e) }, 3) };
            // Depth counts parallel loops only; serial ones do not recurse for ever since they share the root.
            if unsafe { (*ctx).depth } == 0 || unsafe { ungil_rt_parallel_for(ctx, &raw const desc) } != 0 {
                return 1;
            }
        }
    }
    0
}

#[test]
fn deep_nesting_ends() {
    // A serial inner loop does not raise the depth, so recursion is bounded by the outer loop's own depth.
    for _ in 0..50 {
        let data = (AtomicU32::new(0), 1);
        let desc = LoopDesc { num_threads: 6, ..plain(deep, &data, 12) };
        assert_eq!(run(&desc), Outcome::Done);
        assert_eq!(data.0.load(Ordering::Relaxed), 12);
    }
}

unsafe extern "C" fn both_busy(ctx: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let seen: &Vec<AtomicU32> = unsafe { env(e) };
    let id = unsafe { ungil_rt_thread_id(ctx) } as usize;
    for _ in lo..hi {
        work_for(Duration::from_millis(1));
        seen[id].fetch_add(1, Ordering::Relaxed);
    }
    0
}

#[test]
fn workers_join_long_loops() {
    for schedule in SCHEDULES {
        let seen = counters(2);
        let desc = LoopDesc { schedule, num_threads: 2, ..plain(both_busy, &seen, 200) };
        assert_eq!(run(&desc), Outcome::Done);
        let counts: Vec<u32> = seen.iter().map(|c| c.load(Ordering::Relaxed)).collect();
        assert_eq!(counts.iter().sum::<u32>(), 200);
        assert!(counts[1] > 0, "nobody helped under schedule {schedule}");
    }
}

unsafe extern "C" fn read_setting(ctx: *mut Ctx, e: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    let expected: &i64 = unsafe { env(e) };
    assert_eq!(unsafe { ungil_rt_num_threads(ctx) }, *expected);
    work_for(Duration::from_micros(50));
    0
}

#[test]
fn the_setting_belongs_to_the_thread_and_travels_with_its_loops() {
    let most = ungil_runtime::threads::max_threads();
    std::thread::spawn(move || {
        let ctx = current_ctx();
        let default = unsafe { ungil_rt_num_threads(ctx) };
        assert_eq!(unsafe { ungil_rt_set_num_threads(ctx, most) }, default);
        let desc = LoopDesc { num_threads: 4, schedule: 1, chunk: 1, ..plain(read_setting, &most, 100) };
        assert_eq!(run(&desc), Outcome::Done);
        assert_eq!(unsafe { ungil_rt_set_num_threads(ctx, 1) }, most);
        assert_eq!(unsafe { ungil_rt_num_threads(ctx) }, 1);
        let desc = LoopDesc { num_threads: 4, schedule: 1, chunk: 1, ..plain(read_setting, &1i64, 100) };
        assert_eq!(run(&desc), Outcome::Done);
        std::thread::spawn(move || {
            assert_eq!(unsafe { ungil_rt_num_threads(current_ctx()) }, default);
        })
        .join()
        .expect("the other thread");
    })
    .join()
    .expect("the thread");
}

#[test]
fn more_callers_than_slots_at_once() {
    std::thread::scope(|s| {
        for t in 0..60 {
            s.spawn(move || {
                for i in 0..50 {
                    let n = 1 + (t * 31 + i * 7) % 400;
                    let seen = counters(n);
                    let desc = LoopDesc {
                        schedule: SCHEDULES[i % 4],
                        num_threads: 1 + (i % 5) as i64,
                        ..plain(count, &seen, n as i64)
                    };
                    assert_eq!(run(&desc), Outcome::Done);
                    assert!(seen.iter().all(|c| c.load(Ordering::Relaxed) == 1));
                }
            });
        }
    });
}

#[test]
fn the_context_is_restored() {
    let ctx = current_ctx();
    call(|ctx| unsafe {
        (*ctx).thread_id = 5;
        (*ctx).depth = 0;
        let desc = LoopDesc { num_threads: 3, ..plain(nothing, &(), 100) };
        assert_eq!(ungil_rt_parallel_for(ctx, &raw const desc), 0);
        assert_eq!(((*ctx).thread_id, (*ctx).depth), (5, 0));
        0
    });
    assert_eq!(ctx, current_ctx());
    assert_eq!(unsafe { ((*ctx).thread_id, (*ctx).depth) }, (0, 0));
}

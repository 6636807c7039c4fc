//! Parallel regions and their barrier.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "bodies play generated code, calls its callers: both keep to the ABI"
)]

mod common;

use common::{Outcome, call, env, plain, raise, work_for};
use core::ffi::c_void;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{LoopDesc, RegionBody};
use ungil_runtime::barrier::ungil_rt_barrier;
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::region::ungil_rt_parallel_region;
use ungil_runtime::threads::ungil_rt_thread_id;

fn region<T>(n: u32, body: RegionBody, data: &T) -> Outcome {
    let data = core::ptr::from_ref(data).cast_mut().cast::<c_void>();
    call(|ctx| unsafe { ungil_rt_parallel_region(ctx, n, body, data) })
}

fn counters(n: u32) -> Vec<AtomicU32> {
    (0..n).map(|_| AtomicU32::new(0)).collect()
}

/// Every thread waits by spinning until all others are there, so they must all be alive at once.
unsafe extern "C" fn all_alive(ctx: *mut Ctx, e: *mut c_void, id: u32, n: u32) -> i32 {
    let seen: &Vec<AtomicU32> = unsafe { env(e) };
    assert_eq!(unsafe { ungil_rt_thread_id(ctx) }, i64::from(id));
    seen[id as usize].fetch_add(1, Ordering::AcqRel);
    while (0..n).any(|i| seen[i as usize].load(Ordering::Acquire) == 0) {
        std::thread::yield_now();
    }
    0
}

#[test]
fn all_threads_are_alive_at_once_with_each_number_once() {
    for n in [1, 2, 3, 8, 20, 2, 64] {
        let seen = counters(n);
        assert_eq!(region(n, all_alive, &seen), Outcome::Done);
        assert!(seen.iter().all(|c| c.load(Ordering::Relaxed) == 1));
    }
}

#[test]
fn regions_from_many_threads_at_once() {
    std::thread::scope(|s| {
        for _ in 0..6 {
            s.spawn(|| {
                for n in 1..8 {
                    assert_eq!(region(n, all_alive, &counters(n)), Outcome::Done);
                }
            });
        }
    });
}

/// In each phase everybody adds, then everybody sees all additions.
unsafe extern "C" fn phases(ctx: *mut Ctx, e: *mut c_void, id: u32, n: u32) -> i32 {
    let total: &AtomicU64 = unsafe { env(e) };
    for phase in 1..=200u64 {
        if (u64::from(id) + phase) % 7 == 0 {
            work_for(Duration::from_micros(3));
        }
        total.fetch_add(1, Ordering::Relaxed);
        if unsafe { ungil_rt_barrier(ctx) } != 0 {
            return 1;
        }
        assert_eq!(total.load(Ordering::Relaxed), phase * u64::from(n));
        if unsafe { ungil_rt_barrier(ctx) } != 0 {
            return 1;
        }
    }
    0
}

#[test]
fn barriers_separate_phases() {
    for n in [1, 2, 3, 9] {
        assert_eq!(region(n, phases, &AtomicU64::new(0)), Outcome::Done);
    }
}

unsafe extern "C" fn one_fails(ctx: *mut Ctx, e: *mut c_void, id: u32, n: u32) -> i32 {
    let which: &u32 = unsafe { env(e) };
    if id == *which % n {
        work_for(Duration::from_micros(200));
        return unsafe { raise(ctx, i64::from(id)) };
    }
    unsafe { ungil_rt_barrier(ctx) }
}

#[test]
fn a_failure_frees_those_who_wait() {
    for n in [2, 3, 8] {
        for which in 0..n {
            assert_eq!(region(n, one_fails, &which), Outcome::Raised(2, u64::from(which), which));
        }
    }
}

unsafe extern "C" fn all_fail(ctx: *mut Ctx, _: *mut c_void, id: u32, _: u32) -> i32 {
    let status = unsafe { ungil_rt_barrier(ctx) };
    if status != 0 { status } else { unsafe { raise(ctx, i64::from(id)) } }
}

#[test]
fn some_error_is_raised_when_all_fail() {
    assert!(matches!(region(5, all_fail, &()), Outcome::Raised(2, 0..5, _)));
}

unsafe extern "C" fn some_leave(ctx: *mut Ctx, _: *mut c_void, id: u32, _: u32) -> i32 {
    for _ in 0..id {
        if unsafe { ungil_rt_barrier(ctx) } != 0 {
            return 1;
        }
    }
    0
}

#[test]
fn nobody_waits_for_a_thread_that_has_ended() {
    for _ in 0..20 {
        assert_eq!(region(6, some_leave, &()), Outcome::Done);
    }
}

unsafe extern "C" fn loop_inside(ctx: *mut Ctx, e: *mut c_void, _: u32, _: u32) -> i32 {
    let desc = LoopDesc { num_threads: 3, ..plain(add, unsafe { env::<AtomicU64>(e) }, 100) };
    let status = unsafe { ungil_rt_parallel_for(ctx, &raw const desc) };
    // The region's barrier is there again after the loop.
    if status != 0 { status } else { unsafe { ungil_rt_barrier(ctx) } }
}

unsafe extern "C" fn add(
    _: *mut Ctx,
    e: *mut c_void,
    lo: i64,
    hi: i64,
    _: *mut ungil_abi::parallel::Block,
) -> i32 {
    let sum: &AtomicU64 = unsafe { env(e) };
    sum.fetch_add((hi - lo) as u64, Ordering::Relaxed);
    0
}

#[test]
fn loops_inside_regions() {
    for n in [1, 2, 5] {
        let sum = AtomicU64::new(0);
        assert_eq!(region(n, loop_inside, &sum), Outcome::Done);
        assert_eq!(sum.load(Ordering::Relaxed), u64::from(n) * 100);
    }
}

#[test]
fn barrier_outside_a_region_and_too_many_threads() {
    assert_eq!(call(|ctx| unsafe { ungil_rt_barrier(ctx) }), Outcome::Done);
    assert!(matches!(region(100_000, some_leave, &()), Outcome::Raised(2, ..)));
}

//! Forking in every situation: the child works afresh, and nothing hangs.
//!
//! Children are watched: one that neither ends nor fails in time is killed and the test fails.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "bodies play generated code, calls its callers: both keep to the ABI"
)]

mod common;

use common::{Outcome, call, env, nothing, plain, run, work_for};
use core::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{Block, LoopDesc};
use ungil_runtime::barrier::ungil_rt_barrier;
use ungil_runtime::context::{current_ctx, enter_call, leave_call};
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::region::ungil_rt_parallel_region;

/// Ends the child without the test harness, whose other threads do not exist here.
fn leave(ok: bool) -> ! {
    unsafe { libc::_exit(i32::from(!ok)) }
}

/// Waits for a child that must end with status 0.
fn expect_success(child: i32) {
    assert!(child > 0, "fork failed");
    let begin = Instant::now();
    let mut status = 0;
    while unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == 0 {
        if begin.elapsed() > Duration::from_secs(20) {
            unsafe { libc::kill(child, libc::SIGKILL) };
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            panic!("the child hangs");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the child ended with {status:#x}");
}

fn in_child(f: impl FnOnce() -> bool) {
    let child = unsafe { libc::fork() };
    if child == 0 {
        // Nothing of ours may hang the machine.
        unsafe { libc::alarm(15) };
        leave(std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_or(false));
    }
    expect_success(child);
}

unsafe extern "C" fn add(_: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let sum: &AtomicU64 = unsafe { env(e) };
    work_for(Duration::from_micros(5));
    sum.fetch_add((hi - lo) as u64, Ordering::Relaxed);
    0
}

unsafe extern "C" fn meet(ctx: *mut Ctx, _: *mut c_void, _: u32, _: u32) -> i32 {
    unsafe { ungil_rt_barrier(ctx) }
}

/// Loops and regions give the right results.
fn works() -> bool {
    (0..50).all(|_| {
        let sum = AtomicU64::new(0);
        let desc = LoopDesc { num_threads: 3, schedule: 1, chunk: 1, ..plain(add, &sum, 100) };
        run(&desc) == Outcome::Done && sum.load(Ordering::Relaxed) == 100
    }) && call(|ctx| unsafe { ungil_rt_parallel_region(ctx, 4, meet, core::ptr::null_mut()) })
        == Outcome::Done
}

#[test]
fn children_of_an_idle_team_work() {
    for _ in 0..20 {
        assert!(works());
        in_child(|| works() && works());
        assert!(works());
    }
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

#[test]
fn the_parent_of_a_fork_has_no_idle_workers() {
    // In a process of its own, because other tests have threads.
    in_child(|| {
        let ctx = current_ctx();
        unsafe {
            let entry = enter_call(ctx, true);
            let desc = LoopDesc { num_threads: 4, ..plain(nothing, &(), 1000) };
            assert_eq!(ungil_rt_parallel_for(ctx, &raw const desc), 0);
            leave_call(ctx, entry);
        }
        assert_eq!(threads(), 5, "three workers and the ticker");
        let child = unsafe { libc::fork() };
        if child == 0 {
            leave(threads() == 1 && works());
        }
        let after = threads();
        expect_success(child);
        after == 1 && works()
    });
}

#[test]
fn forking_beside_running_loops() {
    /// Tells the other threads to end, also when a child fails: the scope waits for them before the test can say so.
    struct Stop<'a>(&'a AtomicBool);

    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let stop = AtomicBool::new(false);
    std::thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(works());
                }
            });
        }
        let _stop = Stop(&stop);
        for _ in 0..30 {
            in_child(works);
        }
    });
}

#[test]
fn forking_beside_the_first_loop() {
    // Each attempt in a process of its own, in which nothing has been set up yet.
    for delay in 0..100 {
        in_child(|| {
            let other = std::thread::spawn(works);
            work_for(Duration::from_micros(delay * 3));
            in_child(works);
            other.join().is_ok_and(|ok| ok)
        });
    }
}

#[test]
fn children_of_children() {
    assert!(works());
    in_child(|| {
        assert!(works());
        in_child(|| {
            in_child(works);
            works()
        });
        works()
    });
}

/// Forks in iteration 0; the child's loop must end, whatever the other threads were doing.
unsafe extern "C" fn fork_inside(_: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let (child, sum): &(AtomicU64, AtomicU64) = unsafe { env(e) };
    for k in lo..hi {
        work_for(Duration::from_micros(20));
        if k == 0 {
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                unsafe { libc::alarm(15) };
            }
            child.store(pid as u64, Ordering::Relaxed);
        }
        sum.fetch_add(1, Ordering::Relaxed);
    }
    0
}

#[test]
fn forking_inside_a_loop() {
    for _ in 0..20 {
        let data = (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        let main = unsafe { libc::gettid() };
        let desc = LoopDesc { num_threads: 3, schedule: 1, chunk: 1, ..plain(fork_inside, &data, 40) };
        let end = run(&desc);
        let child = data.0.load(Ordering::Relaxed);
        if child == 0 {
            // Either nobody else was in the loop and it is complete, or it says what happened.
            let ok = match end {
                Outcome::Done => data.1.load(Ordering::Relaxed) == 40,
                Outcome::Raised(6, ..) => true,
                _ => false,
            };
            leave(ok && works() && unsafe { libc::getpid() } != main);
        }
        assert_eq!((end, data.1.load(Ordering::Relaxed)), (Outcome::Done, 40));
        expect_success(child as i32);
        assert!(works());
    }
}

/// Forks on the first worker that comes by.
unsafe extern "C" fn fork_on_worker(ctx: *mut Ctx, e: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    let child: &AtomicU64 = unsafe { env(e) };
    work_for(Duration::from_micros(100));
    let worker = unsafe { (*ctx).thread_id } != 0;
    if worker && child.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            unsafe { libc::alarm(15) };
        }
        child.store(pid as u64, Ordering::Relaxed);
    }
    0
}

#[test]
fn forking_on_a_worker() {
    for _ in 0..10 {
        let child = AtomicU64::new(0);
        let desc = LoopDesc { num_threads: 3, schedule: 1, chunk: 1, ..plain(fork_on_worker, &child, 100) };
        // The child has no caller to return to: its only thread leaves the loop and ends, and so does the process.
        assert_eq!(run(&desc), Outcome::Done);
        if child.load(Ordering::Relaxed) != 0 {
            expect_success(child.load(Ordering::Relaxed) as i32);
        }
        assert!(works());
    }
}

unsafe extern "C" fn fork_in_region(ctx: *mut Ctx, e: *mut c_void, id: u32, _: u32) -> i32 {
    let child: &AtomicU64 = unsafe { env(e) };
    if id == 0 {
        child.store(unsafe { libc::fork() } as u64, Ordering::Relaxed);
    }
    unsafe { ungil_rt_barrier(ctx) }
}

#[test]
fn forking_inside_a_region() {
    for _ in 0..10 {
        let child = AtomicU64::new(u64::MAX);
        let data = (&raw const child).cast_mut().cast::<c_void>();
        let end = call(|ctx| unsafe { ungil_rt_parallel_region(ctx, 3, fork_in_region, data) });
        match child.load(Ordering::Relaxed) {
            0 => leave(matches!(end, Outcome::Raised(6, ..)) && works()),
            pid => expect_success(pid as i32),
        }
        assert_eq!(end, Outcome::Done);
    }
}

#[test]
fn exit_while_workers_run() {
    for _ in 0..10 {
        in_child(|| {
            std::thread::spawn(|| while works() {});
            std::thread::sleep(Duration::from_millis(2));
            unsafe { libc::exit(0) }
        });
    }
}

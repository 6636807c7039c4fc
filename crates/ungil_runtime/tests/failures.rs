//! Failures: the lowest iteration wins, those above are cancelled, those below finish; interrupts.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "bodies play generated code, calls its callers: both keep to the ABI"
)]

mod common;

use common::{Outcome, Random, SCHEDULES, call, env, outcome, plain, raise, reducing, run, work_for};
use core::ffi::c_void;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ungil_abi::context::{Ctx, ErrorArg, ErrorKind};
use ungil_abi::parallel::{Block, LoopDesc, ScalarReduction};
use ungil_runtime::context::{current_ctx, enter_call, leave_call};
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::poll::{Hooks, set_hooks, ungil_rt_poll, ungil_rt_print};

/// A safepoint as generated code has it.
unsafe fn safepoint(ctx: *mut Ctx) -> i32 {
    unsafe { if (*(*ctx).poll).load(Ordering::Relaxed) != 0 { ungil_rt_poll(ctx) } else { 0 } }
}

struct Plan {
    fails: Vec<bool>,
    ran: Vec<AtomicU32>,
    seed: u64,
}

impl Plan {
    fn new(n: u64, failing: u64, seed: u64) -> Plan {
        let mut random = Random(seed);
        let mut fails = vec![false; n as usize];
        (0..failing).for_each(|_| fails[random.below(n) as usize] = true);
        Plan { fails, ran: (0..n).map(|_| AtomicU32::new(0)).collect(), seed }
    }

    fn lowest(&self) -> Option<usize> {
        self.fails.iter().position(|f| *f)
    }
}

unsafe extern "C" fn fail(ctx: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let plan: &Plan = unsafe { env(e) };
    for k in lo..hi {
        let mut random = Random(plan.seed ^ (k as u64 + 1) << 8);
        if random.below(4) == 0 {
            work_for(Duration::from_micros(random.below(60)));
        }
        if unsafe { safepoint(ctx) } != 0 {
            return 1;
        }
        if plan.fails[k as usize] {
            return unsafe { raise(ctx, k) };
        }
        plan.ran[k as usize].fetch_add(1, Ordering::Relaxed);
    }
    0
}

#[test]
fn the_lowest_failing_iteration_is_raised() {
    for seed in 1..200 {
        let mut random = Random(seed * 77);
        let n = 1 + random.below(300);
        let failing = random.below(6);
        let plan = Plan::new(n, failing, seed);
        let mut target = 5i64;
        let scalars = [ScalarReduction { target: (&raw mut target).cast(), dtype: 4, op: 0, offset: 0 }];
        let desc = LoopDesc {
            schedule: SCHEDULES[random.below(4) as usize],
            chunk: random.below(4) as i64,
            num_threads: 1 + random.below(6) as i64,
            min_block: 1 + random.below(4) as i64,
            ..plain(fail, &plan, n as i64)
        };
        let reduces = random.below(2) == 0;
        let end = run(&if reduces { reducing(desc, &scalars, &[]) } else { desc });
        match plan.lowest() {
            None => assert_eq!(end, Outcome::Done),
            Some(k) => assert_eq!(end, Outcome::Raised(2, k as u64, k as u32), "seed {seed}"),
        }
        let below = plan.lowest().unwrap_or(n as usize);
        assert!(plan.ran[..below].iter().all(|c| c.load(Ordering::Relaxed) == 1), "seed {seed}");
        assert!(plan.ran.iter().all(|c| c.load(Ordering::Relaxed) <= 1));
        assert_eq!(target, 5);
    }
}

/// Iteration 0 waits until the last has begun, then fails; the last runs until it is cancelled.
unsafe extern "C" fn endless(ctx: *mut Ctx, e: *mut c_void, lo: i64, _: i64, _: *mut Block) -> i32 {
    let begun: &AtomicBool = unsafe { env(e) };
    if lo == 0 {
        let begin = Instant::now();
        while !begun.load(Ordering::Acquire) && begin.elapsed() < Duration::from_millis(50) {
            std::thread::yield_now();
        }
        return unsafe { raise(ctx, 0) };
    }
    begun.store(true, Ordering::Release);
    while unsafe { safepoint(ctx) } == 0 {}
    1
}

#[test]
fn running_iterations_above_are_cancelled() {
    for _ in 0..20 {
        let begun = AtomicBool::new(false);
        let desc = LoopDesc { num_threads: 2, ..plain(endless, &begun, 2) };
        assert_eq!(run(&desc), Outcome::Raised(2, 0, 0));
    }
}

/// An inner loop that never ends unless an outer failure reaches its threads.
unsafe extern "C" fn endless_inner(ctx: *mut Ctx, _: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    while unsafe { safepoint(ctx) } == 0 {}
    1
}

unsafe extern "C" fn outer_fails(ctx: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let begun: &AtomicBool = unsafe { env(e) };
    for k in lo..hi {
        if k == 0 {
            let begin = Instant::now();
            while !begun.load(Ordering::Acquire) && begin.elapsed() < Duration::from_millis(50) {
                std::thread::yield_now();
            }
            work_for(Duration::from_millis(2));
            return unsafe { raise(ctx, 0) };
        }
        begun.store(true, Ordering::Release);
        let desc = plain(endless_inner, &(), 8);
        if unsafe { ungil_rt_parallel_for(ctx, &raw const desc) } != 0 {
            return 1;
        }
    }
    0
}

#[test]
fn cancelling_reaches_nested_loops() {
    for _ in 0..20 {
        let begun = AtomicBool::new(false);
        let desc = LoopDesc { num_threads: 4, schedule: 1, chunk: 1, ..plain(outer_fails, &begun, 2) };
        assert_eq!(run(&desc), Outcome::Raised(2, 0, 0));
    }
}

unsafe extern "C" fn inner_fails(ctx: *mut Ctx, e: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    let plan: &Plan = unsafe { env(e) };
    for k in lo..hi {
        let desc = plain(fail, plan, plan.fails.len() as i64);
        if k >= 2 && unsafe { ungil_rt_parallel_for(ctx, &raw const desc) } != 0 {
            return 1;
        }
    }
    0
}

#[test]
fn an_error_travels_through_nested_loops() {
    for seed in 1..30 {
        let plan = Plan::new(50, 3, seed);
        let lowest = plan.lowest().expect("some fail");
        let desc = LoopDesc { num_threads: 4, schedule: 1, chunk: 1, ..plain(inner_fails, &plan, 6) };
        assert_eq!(run(&desc), Outcome::Raised(2, lowest as u64, lowest as u32));
    }
}

unsafe extern "C" fn silent(_: *mut Ctx, _: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    1
}

#[test]
fn a_status_without_an_error_is_reported() {
    let desc = LoopDesc { num_threads: 2, ..plain(silent, &(), 10) };
    assert!(matches!(run(&desc), Outcome::Raised(22, ..)));
}

/// The hooks are one per process, so everything that needs them is one test.
static STOP: AtomicBool = AtomicBool::new(false);
static POLLS: AtomicU64 = AtomicU64::new(0);
static PRINTED: Mutex<Vec<(usize, u64)>> = Mutex::new(Vec::new());

unsafe fn on_poll(_: *mut Ctx) -> i32 {
    POLLS.fetch_add(1, Ordering::Relaxed);
    i32::from(STOP.load(Ordering::Relaxed))
}

unsafe fn on_print(ctx: *mut Ctx, parts: *const ErrorArg, n: u64) -> i32 {
    let bits = unsafe { (*parts).bits };
    PRINTED.lock().expect("lock").push((unsafe { (*ctx).host } as usize, n));
    // A kernel called while printing: its own loop, unaffected by the outer one.
    let desc = LoopDesc { num_threads: 2, ..plain(common::nothing, &(), 50) };
    let inner = current_ctx();
    assert_eq!(inner, ctx);
    unsafe {
        let entry = enter_call(inner, false);
        assert_eq!((*inner).depth, 0);
        assert_eq!(ungil_rt_parallel_for(inner, &raw const desc), 0);
        leave_call(inner, entry);
    }
    if bits == 13 { unsafe { raise(ctx, 13) } } else { 0 }
}

unsafe extern "C" fn print_number(ctx: *mut Ctx, _: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    for k in lo..hi {
        let part = ErrorArg { tag: 4, bits: k as u64, bits2: 0 };
        let depth = unsafe { (*ctx).depth };
        if unsafe { ungil_rt_print(ctx, &raw const part, 1) } != 0 {
            return 1;
        }
        assert_eq!(unsafe { (*ctx).depth }, depth);
    }
    0
}

unsafe extern "C" fn serial_forever(ctx: *mut Ctx) -> i32 {
    while unsafe { safepoint(ctx) } == 0 {}
    1
}

#[test]
fn hooks() {
    set_hooks(Hooks { poll: on_poll, print: on_print });
    let ctx = current_ctx();

    // Ctrl-C in a serial loop, in a parallel one, in a nested one, and in a team that never polls on the caller.
    let loops = [(1i64, false), (2, false), (4, false), (4, true)];
    for (threads, nested) in loops {
        STOP.store(false, Ordering::Relaxed);
        let stopper = std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(60));
            STOP.store(true, Ordering::Relaxed);
            Instant::now()
        });
        let body = if nested { outer_forever } else { endless_inner };
        let desc = LoopDesc { num_threads: threads, schedule: 1, chunk: 1, ..plain(body, &(), 8) };
        let end = unsafe {
            let entry = enter_call(ctx, true);
            let status = ungil_rt_parallel_for(ctx, &raw const desc);
            let end = outcome(ctx, status);
            leave_call(ctx, entry);
            end
        };
        assert_eq!(end, Outcome::Other(ErrorKind::HOST));
        let late = stopper.join().expect("join").elapsed();
        assert!(late < Duration::from_millis(100), "interrupted {late:?} late with {threads} threads");
    }
    let before = POLLS.load(Ordering::Relaxed);
    unsafe {
        let entry = enter_call(ctx, true);
        assert_eq!(serial_forever(ctx), 1);
        leave_call(ctx, entry);
    }
    assert!(POLLS.load(Ordering::Relaxed) > before);
    STOP.store(false, Ordering::Relaxed);

    // Nobody polls for threads that are not the main one.
    std::thread::sleep(Duration::from_millis(60));
    let before = POLLS.load(Ordering::Relaxed);
    call(|ctx| {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(100) {
            assert_eq!(unsafe { safepoint(ctx) }, 0);
        }
        0
    });
    assert_eq!(POLLS.load(Ordering::Relaxed), before);

    // Printing from all threads sees the caller's host, may call kernels, and its error is an ordinary one.
    unsafe { (*ctx).host = 0xbeef as *mut c_void };
    let desc = LoopDesc { num_threads: 4, schedule: 1, chunk: 1, ..plain(print_number, &(), 12) };
    assert_eq!(run(&desc), Outcome::Done);
    let printed = core::mem::take(&mut *PRINTED.lock().expect("lock"));
    assert_eq!(printed.len(), 12);
    assert!(printed.iter().all(|p| *p == (0xbeef, 1)));
    let desc = LoopDesc { n: 20, ..desc };
    assert_eq!(run(&desc), Outcome::Raised(2, 13, 13));
}

unsafe extern "C" fn outer_forever(ctx: *mut Ctx, _: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    let desc = plain(endless_inner, &(), 8);
    unsafe { ungil_rt_parallel_for(ctx, &raw const desc) }
}

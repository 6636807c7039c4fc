//! Cost of fork and join, idle and with busy cores, and uneven work under each schedule.
//!
//! `cargo run --release -p ungil_runtime --example forkjoin`

use core::ffi::c_void;
use core::ptr;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{Block, LoopBody, LoopDesc, PARTIALS, ReduceOp, ScalarReduction, Schedule};
use ungil_runtime::context::{current_ctx, enter_call, leave_call};
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::threads::{max_threads, origin};

fn desc(body: LoopBody, env: *mut c_void, n: i64, threads: i64) -> LoopDesc {
    LoopDesc {
        body,
        env,
        n,
        schedule: Schedule::STATIC,
        chunk: 0,
        num_threads: threads,
        min_block: 1024,
        scalars: ptr::null(),
        nscalars: 0,
        narrays: 0,
        arrays: ptr::null(),
        last: ptr::null_mut(),
    }
}

/// Nanoseconds per call: median and 99th percentile of single calls, and the mean.
fn measure(calls: usize, mut f: impl FnMut()) -> (f64, f64, f64) {
    (0..calls / 10).for_each(|_| f());
    let begin = Instant::now();
    (0..calls).for_each(|_| f());
    let mean = begin.elapsed().as_nanos() as f64 / calls as f64;
    let mut each: Vec<u64> = (0..calls)
        .map(|_| {
            let begin = Instant::now();
            f();
            begin.elapsed().as_nanos() as u64
        })
        .collect();
    each.sort_unstable();
    (each[calls / 2] as f64, each[calls * 99 / 100] as f64, mean)
}

fn row(what: &str, (median, p99, mean): (f64, f64, f64)) {
    println!("{what:<44} {median:>9.0} {p99:>11.0} {mean:>9.0}");
}

fn call(ctx: *mut Ctx, desc: &LoopDesc) {
    // SAFETY: this thread's context; the descriptor is valid.
    unsafe {
        let entry = enter_call(ctx, true);
        assert_eq!(ungil_rt_parallel_for(ctx, desc), 0);
        leave_call(ctx, entry);
    }
}

unsafe extern "C" fn nothing(_: *mut Ctx, _: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    0
}

unsafe extern "C" fn sum(_: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32 {
    // SAFETY: the environment is the data, the partials are 32 float64.
    unsafe {
        let data = env.cast::<f64>();
        let mut acc = *(*block).partials.cast::<[f64; PARTIALS]>();
        let whole = (hi - lo) / 32 * 32;
        for k in (lo..lo + whole).step_by(32) {
            for (p, a) in acc.iter_mut().enumerate() {
                *a += *data.add(k as usize + p);
            }
        }
        for k in lo + whole..hi {
            acc[(k - lo) as usize % 32] += *data.add(k as usize);
        }
        *(*block).partials.cast::<[f64; PARTIALS]>() = acc;
    }
    0
}

/// Iteration `k` costs in proportion to `k`.
unsafe extern "C" fn triangle(_: *mut Ctx, _: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    for k in lo..hi {
        (0..k / 4).for_each(|i| _ = core::hint::black_box(i));
    }
    0
}

fn fork_join(title: &str, ctx: *mut Ctx, threads: i64) {
    println!("{title:<44} {:>9} {:>11} {:>9}   (ns)", "median", "p99", "mean");
    let empty = |n, threads| desc(nothing, ptr::null_mut(), n, threads);
    row("  one thread", measure(100_000, || call(ctx, &empty(2, 1))));
    row("  empty loop of 2 iterations", measure(100_000, || call(ctx, &empty(2, threads))));
    row("  empty loop of 1000 iterations", measure(100_000, || call(ctx, &empty(1000, threads))));
    let slow = measure(200, || {
        std::thread::sleep(Duration::from_millis(1));
        let begin = Instant::now();
        call(ctx, &empty(2, threads));
        SLEPT.with(|s| s.borrow_mut().push(begin.elapsed().as_nanos() as u64));
    });
    let _ = slow;
    let mut slept = SLEPT.take();
    slept.sort_unstable();
    let mean = slept.iter().sum::<u64>() as f64 / slept.len() as f64;
    row(
        "  the same after 1 ms of sleep",
        (slept[slept.len() / 2] as f64, slept[slept.len() * 99 / 100] as f64, mean),
    );
}

thread_local!(static SLEPT: std::cell::RefCell<Vec<u64>> = const { std::cell::RefCell::new(Vec::new()) });

fn sums(ctx: *mut Ctx, threads: i64) {
    println!("sum of float64 (µs)                              1 thread   {threads} threads     ratio");
    for n in [10_000, 100_000, 1_000_000, 20_000_000] {
        let data = vec![1.0f64; n];
        let mut times = [f64::MAX; 2];
        for round in 0..20 {
            let threads = if round % 2 == 0 { 1 } else { threads };
            let calls = 20_000_000 / n;
            let begin = Instant::now();
            for _ in 0..calls {
                let mut total = 0.0f64;
                let target = (&raw mut total).cast::<u8>();
                let scalar = ScalarReduction { target, dtype: 10, op: ReduceOp::ADD, offset: 0 };
                let mut desc = desc(sum, data.as_ptr().cast_mut().cast(), n as i64, threads);
                (desc.scalars, desc.nscalars) = (&raw const scalar, 1);
                call(ctx, &desc);
                assert_eq!(total, n as f64);
            }
            let time = begin.elapsed().as_nanos() as f64 / calls as f64 / 1e3;
            times[round % 2] = times[round % 2].min(time);
        }
        println!("  {n:<42} {:>12.2} {:>11.2} {:>9.2}", times[0], times[1], times[0] / times[1]);
    }
}

fn uneven(ctx: *mut Ctx, threads: i64) {
    println!("uneven work, 2000 iterations (ms)                1 thread   {threads} threads     ratio");
    for (name, schedule, chunk) in [
        ("static", Schedule::STATIC, 0),
        ("dynamic", Schedule::DYNAMIC, 0),
        ("dynamic, chunks of 1", Schedule::DYNAMIC, 1),
        ("guided", Schedule::GUIDED, 0),
        ("auto", Schedule::AUTO, 0),
    ] {
        let mut times = [f64::MAX; 2];
        for round in 0..20 {
            let mut desc = desc(triangle, ptr::null_mut(), 2000, if round % 2 == 0 { 1 } else { threads });
            (desc.schedule, desc.chunk) = (schedule, chunk);
            let begin = Instant::now();
            call(ctx, &desc);
            times[round % 2] = times[round % 2].min(begin.elapsed().as_secs_f64() * 1e3);
        }
        println!("  {name:<42} {:>12.3} {:>11.3} {:>9.2}", times[0], times[1], times[0] / times[1]);
    }
}

/// One busy process per core.
fn hogs() -> Vec<Child> {
    let start = |_| Command::new("sh").args(["-c", "while :; do :; done"]).spawn().expect("sh");
    (0..origin().cores()).map(start).collect()
}

fn main() {
    let ctx = current_ctx();
    let threads = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(max_threads().max(2));
    println!("{} cores, {threads} threads", origin().cores());
    fork_join("idle machine", ctx, threads);
    sums(ctx, threads);
    uneven(ctx, threads);
    let hogs = hogs();
    std::thread::sleep(Duration::from_millis(200));
    fork_join("all cores busy with other processes", ctx, threads);
    for mut hog in hogs {
        let _ = hog.kill();
        let _ = hog.wait();
    }
}

//! Calling the runtime as generated code and a host would.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "bodies play generated code, calls its callers: both keep to the ABI"
)]
#![allow(dead_code, reason = "each test file uses a part")]

use core::ffi::c_void;
use core::ptr;
use ungil_abi::context::{Ctx, ErrorKind};
use ungil_abi::parallel::{ArrayReduction, Block, LoopBody, LoopDesc, ScalarReduction, Schedule};
use ungil_runtime::context::{current_ctx, enter_call, leave_call};
use ungil_runtime::error::ungil_rt_raise;
use ungil_runtime::parallel::ungil_rt_parallel_for;

pub const SCHEDULES: [u32; 4] = [Schedule::STATIC, Schedule::DYNAMIC, Schedule::GUIDED, Schedule::AUTO];

/// A loop without reductions over `n` iterations.
pub fn plain<T>(body: LoopBody, env: &T, n: i64) -> LoopDesc {
    LoopDesc::plain(body, ptr::from_ref(env).cast_mut().cast::<c_void>(), n)
}

/// The same with reductions.
pub fn reducing(desc: LoopDesc, scalars: &[ScalarReduction], arrays: &[ArrayReduction]) -> LoopDesc {
    LoopDesc {
        scalars: scalars.as_ptr(),
        nscalars: scalars.len() as u32,
        arrays: arrays.as_ptr(),
        narrays: arrays.len() as u32,
        ..desc
    }
}

/// What a call ended with.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Class, first argument, line.
    Raised(u32, u64, u32),
    Other(u32),
}

/// Outcome of a call that returned `status`.
pub fn outcome(ctx: *mut Ctx, status: i32) -> Outcome {
    if status == 0 {
        return Outcome::Done;
    }
    // SAFETY: this thread's context.
    let error = unsafe { &(*ctx).error };
    match error.kind {
        ErrorKind::RAISED => Outcome::Raised(error.class, error.args[0].bits, error.frames[0].line),
        kind => Outcome::Other(kind),
    }
}

/// Runs a loop as a host would call a kernel.
pub fn run(desc: &LoopDesc) -> Outcome {
    call(|ctx| unsafe { ungil_rt_parallel_for(ctx, desc) })
}

/// Brackets `f` as a host call on a thread that is not the main one.
pub fn call(f: impl FnOnce(*mut Ctx) -> i32) -> Outcome {
    let ctx = current_ctx();
    // SAFETY: this thread's context; entry and leave are paired.
    unsafe {
        let entry = enter_call(ctx, false);
        let status = f(ctx);
        let outcome = outcome(ctx, status);
        leave_call(ctx, entry);
        outcome
    }
}

/// Raises a ValueError with iteration `k` as argument and line, as generated code would; returns the status.
pub unsafe fn raise(ctx: *mut Ctx, k: i64) -> i32 {
    let message = "iteration {0}";
    let arg = ungil_abi::context::ErrorArg { tag: 4, bits: k as u64, bits2: 0 };
    unsafe { ungil_rt_raise(ctx, 2, message.as_ptr(), message.len() as u64, 1, &raw const arg, 0, k as u32) };
    1
}

/// The environment as its type.
///
/// # Safety
/// `env` came from [`plain`] with a `&T`.
pub unsafe fn env<'a, T>(env: *mut c_void) -> &'a T {
    unsafe { &*env.cast::<T>() }
}

/// An empty body.
pub unsafe extern "C" fn nothing(_: *mut Ctx, _: *mut c_void, _: i64, _: i64, _: *mut Block) -> i32 {
    0
}

/// Busy for about this long.
pub fn work_for(time: std::time::Duration) {
    let begin = std::time::Instant::now();
    while begin.elapsed() < time {
        core::hint::spin_loop();
    }
}

/// A small random generator, so that tests need no crate.
pub struct Random(pub u64);
impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

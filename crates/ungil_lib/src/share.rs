//! Work on parts of a range, shared among the team.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;

use ungil_abi::context::Ctx;
use ungil_abi::parallel::{Block, LoopDesc, Schedule};
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::poll::ungil_rt_poll;

use crate::entry::guarded;

/// A range in parts of one length, and what is done with the bounds of each.
struct Shared<'a, F> {
    n: usize,
    block: usize,
    work: &'a F,
}

/// Calls `work` with the bounds of each part of `0 .. n`, on the team; parts are `block` long. Between parts are safepoints.
/// Non-zero, with the error raised, when a part failed or the call must end.
///
/// # Safety
/// `ctx` is this thread's context; the work may be done by any thread, with several parts at once.
pub unsafe fn share<F: Fn(usize, usize)>(ctx: *mut Ctx, n: usize, block: usize, work: &F) -> i32 {
    let shared = Shared { n, block, work };
    let env = ptr::from_ref(&shared).cast_mut().cast::<c_void>();
    let plain = LoopDesc::plain(run::<F>, env, n.div_ceil(block) as i64);
    let desc = LoopDesc { schedule: Schedule::DYNAMIC, chunk: 1, ..plain };
    // SAFETY: by contract; what the loop uses outlives it.
    unsafe { ungil_rt_parallel_for(ctx, &raw const desc) }
}

/// As [`share`], by this thread alone unless the team is wanted; false if the call must end.
///
/// # Safety
/// As for [`share`].
pub unsafe fn in_parts<F: Fn(usize, usize)>(
    ctx: *mut Ctx,
    n: usize,
    part: usize,
    by_team: bool,
    work: &F,
) -> bool {
    if n <= part {
        work(0, n);
        return true;
    }
    if by_team {
        // SAFETY: by contract.
        return unsafe { share(ctx, n, part, work) == 0 };
    }
    (0..n).step_by(part).all(|low| {
        work(low, (low + part).min(n));
        // SAFETY: by contract.
        unsafe { goes_on(ctx) }
    })
}

/// A safepoint: false if the call must end.
///
/// # Safety
/// `ctx` is this thread's context.
pub unsafe fn goes_on(ctx: *mut Ctx) -> bool {
    // SAFETY: by contract; it points at the thread's poll word.
    unsafe { (*(*ctx).poll).load(Ordering::Relaxed) == 0 || ungil_rt_poll(ctx) == 0 }
}

/// # Safety
/// `ctx` is this thread's context, `env` what [`share`] works with.
unsafe extern "C" fn run<F: Fn(usize, usize)>(
    ctx: *mut Ctx,
    env: *mut c_void,
    lo: i64,
    hi: i64,
    _: *mut Block,
) -> i32 {
    // SAFETY: the environment is that of the function that started the loop and waits for it.
    let shared = unsafe { &*env.cast::<Shared<'_, F>>() };
    for part in lo as usize..hi as usize {
        // SAFETY: the context is this thread's.
        if unsafe { !goes_on(ctx) } {
            return 1;
        }
        let low = part * shared.block;
        let call = || {
            (shared.work)(low, (low + shared.block).min(shared.n));
            0
        };
        // SAFETY: the context is this thread's.
        if unsafe { guarded(ctx, "a function of the library failed", call) } != 0 {
            return 1;
        }
    }
    0
}

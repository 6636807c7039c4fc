//! Barrier of the threads of a region.
//!
//! One word counts arrivals and members, another the phases that have passed; waiting threads spin a little and
//! then sleep on the phase. A thread whose body has ended leaves the barrier, so that the others never wait for
//! it. Cancelling the region ends every wait. README.md, "Barrier", has the ordering argument.

use crate::context::{ThreadState, state_of};
use crate::futex;
use crate::poll::poll_if_raised;
use crate::sleep::Spin;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use ungil_abi::context::Ctx;

/// A waiting thread looks at its poll word at least this often.
const NAP: Duration = Duration::from_millis(10);

const ARRIVED: u64 = 1;
const MEMBER: u64 = 1 << 32;

/// Barrier for a number of threads that may only shrink.
pub struct Barrier {
    /// Threads that have arrived in this phase, and above them the threads that take part.
    count: AtomicU64,
    phase: AtomicU32,
    /// Threads at the beginning.
    threads: u32,
}

impl Barrier {
    pub fn new(members: u32) -> Barrier {
        Barrier {
            count: AtomicU64::new(u64::from(members) * MEMBER),
            phase: AtomicU32::new(0),
            threads: members,
        }
    }

    /// Changes the count; true when that completed the phase.
    fn change(&self, f: impl Fn(u64) -> u64) -> bool {
        let mut seen = self.count.load(Ordering::Relaxed);
        loop {
            let mut now = f(seen);
            let (arrived, members) = (now % MEMBER, now / MEMBER);
            let complete = arrived == members && arrived > 0;
            if complete {
                now -= arrived;
            }
            match self.count.compare_exchange_weak(seen, now, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return complete,
                Err(other) => seen = other,
            }
        }
    }

    fn next_phase(&self) {
        self.phase.fetch_add(1, Ordering::AcqRel);
        futex::wake(&self.phase, i32::MAX);
    }

    /// Waits until all members have arrived. Non-zero when the region was cancelled.
    ///
    /// # Safety
    /// `ctx` is this thread's context and `state` its state.
    pub unsafe fn wait(&self, ctx: *mut Ctx, state: &ThreadState) -> i32 {
        let phase = self.phase.load(Ordering::Acquire);
        if self.change(|c| c + ARRIVED) {
            self.next_phase();
            return 0;
        }
        let mut spin = Spin::among(self.threads);
        while self.phase.load(Ordering::Acquire) == phase {
            // SAFETY: by contract.
            if unsafe { poll_if_raised(ctx, state) } != 0 {
                return 1;
            }
            if !spin.again() {
                futex::wait(&self.phase, phase, Some(NAP));
            }
        }
        0
    }

    /// The thread takes part no longer.
    pub fn leave(&self) {
        if self.change(|c| c - MEMBER) {
            self.next_phase();
        }
    }
}

/// Waits for the other threads of the innermost region; outside a region there are none.
///
/// # Safety
/// `ctx` is this thread's context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_barrier(ctx: *mut Ctx) -> i32 {
    // SAFETY: by contract; the region stays until this thread's body returns.
    unsafe {
        let state = state_of(ctx);
        state.region.get().as_ref().map_or(0, |region| region.barrier.wait(ctx, state))
    }
}

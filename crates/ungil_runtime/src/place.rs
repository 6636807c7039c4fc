//! Placement: sleeping workers are woken beside their caller, not on its processor.
//!
//! The kernel likes to wake a thread where its waker runs, even next to an idle processor, and moves it only after
//! milliseconds: a short loop on two threads then takes as long as on one. Whoever wakes a worker therefore takes its
//! own processor out of the worker's affinity mask first, if that is not so already. The mask is otherwise the waker's
//! own, so `taskset` and `sched_setaffinity` are respected. Callers are never moved by us, but by the kernel they may be,
//! to their worker's side when other threads are busy: the two would share one processor for good, as the worker may not
//! leave and the kernel sees no better place for the caller. A worker that joins a loop moves away from its caller.

use core::mem::{MaybeUninit, size_of};
use core::sync::atomic::{AtomicI32, Ordering};
use libc::cpu_set_t;

/// A worker's thread and the processor that its mask leaves out.
pub struct Spot {
    thread: AtomicI32,
    avoids: AtomicI32,
}

const NOBODY: i32 = 0;
/// No processor.
pub const NOWHERE: i32 = -1;

impl Spot {
    pub const fn new() -> Spot {
        Spot { thread: AtomicI32::new(NOBODY), avoids: AtomicI32::new(NOWHERE) }
    }

    /// The calling thread is the worker from here until the guard goes.
    pub fn settle(&self) -> Settled<'_> {
        // SAFETY: takes no arguments.
        self.thread.store(unsafe { libc::gettid() }, Ordering::Relaxed);
        self.avoids.store(NOWHERE, Ordering::Relaxed);
        Settled(self)
    }

    /// Sees to it that the worker wakes up on another processor than the calling thread's.
    pub fn steer(&self) {
        let here = processor();
        let thread = self.thread.load(Ordering::Relaxed);
        if here < 0 || thread == NOBODY || self.avoids.load(Ordering::Relaxed) == here {
            return;
        }
        if let Some(mask) = own_mask() {
            self.avoid(thread, mask, here);
        }
    }

    /// Lets the worker run wherever the calling thread may: where threads are more than processors, none is left out.
    pub fn roam(&self) {
        let thread = self.thread.load(Ordering::Relaxed);
        if thread == NOBODY || self.avoids.load(Ordering::Relaxed) == NOWHERE {
            return;
        }
        if let Some(mask) = own_mask() {
            // SAFETY: the set is this long.
            unsafe { libc::sched_setaffinity(thread, size_of::<cpu_set_t>(), &raw const mask) };
            self.avoids.store(NOWHERE, Ordering::Relaxed);
        }
    }

    /// Moves the worker, which is the calling thread, away from its caller's processor.
    #[cold]
    pub fn leave(&self, caller: i32) {
        let (thread, avoids) = (self.thread.load(Ordering::Relaxed), self.avoids.load(Ordering::Relaxed));
        let Some(mut mask) = own_mask() else { return };
        if avoids >= 0 {
            // SAFETY: the number was below the set's size when it was taken out.
            unsafe { libc::CPU_SET(avoids as usize, &mut mask) };
        }
        self.avoid(thread, mask, caller);
    }

    /// Lets a thread run on a mask's processors but one, if that leaves any.
    fn avoid(&self, thread: i32, mut mask: cpu_set_t, one: i32) {
        // SAFETY: the processor's number is below the size of the set, because a thread runs there under such a mask.
        unsafe {
            if libc::CPU_COUNT(&mask) > 1 && libc::CPU_ISSET(one as usize, &mask) {
                libc::CPU_CLR(one as usize, &mut mask);
                if libc::sched_setaffinity(thread, size_of::<cpu_set_t>(), &raw const mask) == 0 {
                    self.avoids.store(one, Ordering::Relaxed);
                }
            }
        }
    }
}

/// The calling thread's processor.
#[inline]
pub fn processor() -> i32 {
    // SAFETY: takes no arguments.
    unsafe { libc::sched_getcpu() }
}

/// The processors that the calling thread may run on.
fn own_mask() -> Option<cpu_set_t> {
    let mut mask = MaybeUninit::<cpu_set_t>::zeroed();
    // SAFETY: the kernel writes at most the given size, and an all-zero mask is valid.
    unsafe {
        let got = libc::sched_getaffinity(0, size_of::<cpu_set_t>(), mask.as_mut_ptr()) == 0;
        got.then(|| mask.assume_init())
    }
}

/// A worker lives as long as this.
pub struct Settled<'a>(&'a Spot);

impl Drop for Settled<'_> {
    fn drop(&mut self) {
        self.0.thread.store(NOBODY, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_steered_worker_is_elsewhere_and_leaves_again() {
        static SPOT: Spot = Spot::new();
        let ((ready, started), (go, wait)) = (channel(), channel::<()>());
        let worker = std::thread::spawn(move || {
            let _settled = SPOT.settle();
            ready.send(()).expect("the test waits");
            wait.recv().expect("the test goes on");
            let here = processor();
            SPOT.leave(here);
            (here, processor())
        });
        started.recv().expect("the worker starts");
        SPOT.steer();
        let avoided = SPOT.avoids.load(Ordering::Relaxed);
        go.send(()).expect("the worker waits");
        let (here, then) = worker.join().expect("the worker ends");
        assert_ne!(here, avoided);
        if std::thread::available_parallelism().is_ok_and(|n| n.get() > 1) {
            assert_ne!(then, here);
        }
    }
}

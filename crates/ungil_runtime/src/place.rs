//! Placement: sleeping workers are woken beside their caller, not on its processor.
//!
//! The kernel likes to wake a thread where its waker runs, even next to an idle processor, and moves it only after
//! milliseconds: a short loop on two threads then takes as long as on one. Whoever wakes a worker therefore takes its
//! own processor out of the worker's affinity mask first, if that is not so already. The mask is otherwise the waker's
//! own, so `taskset` and `sched_setaffinity` are respected. Callers are never moved.

use core::mem::{MaybeUninit, size_of};
use core::sync::atomic::{AtomicI32, Ordering};
use libc::cpu_set_t;

/// A worker's thread and the processor that its mask leaves out.
pub struct Spot {
    thread: AtomicI32,
    avoids: AtomicI32,
}

const NOBODY: i32 = 0;
const NOWHERE: i32 = -1;

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
        // SAFETY: takes no arguments.
        let here = unsafe { libc::sched_getcpu() };
        let thread = self.thread.load(Ordering::Relaxed);
        if here < 0 || thread == NOBODY || self.avoids.load(Ordering::Relaxed) == here {
            return;
        }
        let mut mask = MaybeUninit::<cpu_set_t>::zeroed();
        // SAFETY: the kernel writes at most the given size, and an all-zero mask is valid; the processor's number is
        // below the size of the set, because the calling thread runs there under such a mask.
        unsafe {
            if libc::sched_getaffinity(0, size_of::<cpu_set_t>(), mask.as_mut_ptr()) != 0 {
                return;
            }
            let mut mask = mask.assume_init();
            if libc::CPU_COUNT(&mask) > 1 && libc::CPU_ISSET(here as usize, &mask) {
                libc::CPU_CLR(here as usize, &mut mask);
                if libc::sched_setaffinity(thread, size_of::<cpu_set_t>(), &raw const mask) == 0 {
                    self.avoids.store(here, Ordering::Relaxed);
                }
            }
        }
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
    fn a_steered_worker_is_elsewhere() {
        static SPOT: Spot = Spot::new();
        let ((ready, started), (go, wait)) = (channel(), channel::<()>());
        let worker = std::thread::spawn(move || {
            let _settled = SPOT.settle();
            ready.send(()).expect("the test waits");
            wait.recv().expect("the test goes on");
            // SAFETY: takes no arguments.
            unsafe { libc::sched_getcpu() }
        });
        started.recv().expect("the worker starts");
        SPOT.steer();
        let avoided = SPOT.avoids.load(Ordering::Relaxed);
        go.send(()).expect("the worker waits");
        assert_ne!(worker.join().expect("the worker ends"), avoided);
    }
}

//! Sleeping and waking of one worker, without losing a wake-up.
//!
//! A [`Bed`] is a worker's state and the word it sleeps on; [`Sleepers`] counts those that sleep or are about to.
//! Whoever publishes work then calls [`Sleepers::any`] and wakes beds. README.md, "Sleep", has the argument;
//! `tests/loom.rs` includes this file and checks it with loom's atomics, so it uses `super::sync` only.

use super::sync::{AtomicU32, Ordering, fence, futex};

/// States of a worker.
pub const ABSENT: u32 = 0;
pub const IDLE: u32 = 1;
pub const BUSY: u32 = 2;
pub const SLEEPING: u32 = 3;
pub const STOPPED: u32 = 4;

/// State of one worker.
#[repr(align(128))]
pub struct Bed {
    pub state: AtomicU32,
}

/// Number of workers that sleep or are about to.
#[repr(align(128))]
pub struct Sleepers {
    pub count: AtomicU32,
}

/// How a sleep ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Woken<T> {
    /// There was work after all.
    Found(T),
    /// Somebody called.
    Called,
    /// The worker must end.
    Stopped,
}

impl Sleepers {
    /// Whether anybody may have to be woken. The work must have been published before.
    #[inline]
    pub fn any(&self) -> bool {
        // Pairs with the fence in `Bed::sleep`: either the worker sees the work or we see the worker.
        fence(Ordering::SeqCst);
        self.count.load(Ordering::Relaxed) != 0
    }
}

impl Bed {
    fn change(&self, from: u32, to: u32) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Idle to busy; false when the worker must end.
    #[inline]
    pub fn begin_work(&self) -> bool {
        self.change(IDLE, BUSY)
    }

    /// Busy to idle.
    #[inline]
    pub fn end_work(&self) {
        self.state.store(IDLE, Ordering::Release);
    }

    /// Sleeps until woken or stopped, unless `find` finds work at the last moment. The bed must be idle.
    pub fn sleep<T>(&self, sleepers: &Sleepers, find: impl FnOnce() -> Option<T>) -> Woken<T> {
        sleepers.count.fetch_add(1, Ordering::Relaxed);
        if !self.change(IDLE, SLEEPING) {
            sleepers.count.fetch_sub(1, Ordering::Relaxed);
            return Woken::Stopped;
        }
        fence(Ordering::SeqCst);
        if let Some(found) = find()
            && self.change(SLEEPING, IDLE)
        {
            sleepers.count.fetch_sub(1, Ordering::Relaxed);
            return Woken::Found(found);
        }
        loop {
            match self.state.load(Ordering::Acquire) {
                SLEEPING => futex::wait(&self.state, SLEEPING, None),
                STOPPED => return Woken::Stopped,
                _ => return Woken::Called,
            }
        }
    }

    /// Wakes the worker if it sleeps.
    pub fn wake(&self, sleepers: &Sleepers) -> bool {
        let asleep = self.state.load(Ordering::Relaxed) == SLEEPING && self.change(SLEEPING, IDLE);
        if asleep {
            sleepers.count.fetch_sub(1, Ordering::Relaxed);
            futex::wake(&self.state, 1);
        }
        asleep
    }

    /// Tells the worker to end if it is not busy.
    pub fn stop(&self, sleepers: &Sleepers) -> bool {
        loop {
            if self.change(SLEEPING, STOPPED) {
                sleepers.count.fetch_sub(1, Ordering::Relaxed);
                futex::wake(&self.state, 1);
                return true;
            }
            if self.change(IDLE, STOPPED) {
                return true;
            }
            match self.state.load(Ordering::Relaxed) {
                IDLE | SLEEPING => {}
                _ => return false,
            }
        }
    }
}

//! Spinning and sleeping of idle workers.
//!
//! A worker without work spins for a bounded time and then sleeps on its own word. The bound adapts: work found
//! while spinning raises it, going to sleep lowers it, and a spin during which the thread lost its CPU sets it to
//! zero for a while, because then other threads need the core more. The sleep itself is in `bed`.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::OnceLock;
use std::time::Instant;

/// Bounds of a worker's spin.
const LEAST_NS: u64 = 5_000;
const MOST_NS: u64 = 200_000;
const FIRST_NS: u64 = 50_000;

/// How long a caller spins for its last helper before it sleeps.
const CALLER_NS: u64 = 50_000;

/// A pause between two looks at the clock that is longer than this means that the thread was off its CPU.
const PREEMPTED_NS: u64 = 100_000;

/// After a preemption nobody spins for this long.
const CROWDED_NS: u64 = 20_000_000;

/// Pauses between two looks at the clock.
const PAUSES: u32 = 16;

/// Time until which the machine counts as crowded.
static CROWDED_UNTIL: AtomicU64 = AtomicU64::new(0);

/// Nanoseconds since the first call.
pub fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// One bounded spin.
pub struct Spin {
    end: u64,
    last: u64,
}

impl Spin {
    fn new(nanoseconds: u64) -> Spin {
        let begin = now();
        let crowded = begin < CROWDED_UNTIL.load(Ordering::Relaxed);
        Spin { end: if crowded { begin } else { begin + nanoseconds }, last: begin }
    }

    pub fn for_caller() -> Spin {
        Spin::new(CALLER_NS)
    }

    /// For one of `threads` that must all run: where they are more than the cores, one that spins keeps another from running.
    pub fn among(threads: u32) -> Spin {
        let fits = i64::from(threads) <= crate::threads::origin().cores();
        Spin::new(if fits { CALLER_NS } else { 0 })
    }

    /// Pauses a little. False when the time is over.
    pub fn again(&mut self) -> bool {
        if self.last >= self.end {
            return false;
        }
        (0..PAUSES).for_each(|_| spin_loop());
        let now = now();
        if now - self.last > PREEMPTED_NS {
            CROWDED_UNTIL.store(now + CROWDED_NS, Ordering::Relaxed);
            self.end = now;
        }
        self.last = now;
        now < self.end
    }
}

/// A worker's patience.
pub struct Patience(u64);

impl Patience {
    pub fn new() -> Patience {
        Patience(FIRST_NS)
    }

    /// Spins until `ready` says yes; false when the time is over.
    pub fn spin<T>(&mut self, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
        let mut spin = Spin::new(self.0);
        while spin.again() {
            if let Some(found) = ready() {
                self.0 = (self.0 * 2).min(MOST_NS);
                return Some(found);
            }
        }
        self.0 = (self.0 / 2).max(LEAST_NS);
        None
    }
}

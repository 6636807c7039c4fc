//! Persistent workers.
//!
//! Workers have numbers from 1 and join loops by themselves; nobody waits for one that has not joined. They are
//! started by the first loop that wants them and live as long as the process, except that a fork ends the idle
//! ones. With `r` outermost loops running, only workers up to `cores − r` join, so that callers and workers
//! together stay within the cores, unless a loop explicitly asks for more threads.

use crate::bed::{ABSENT, Bed, IDLE, Sleepers, Woken};
use crate::board::{self, Seeker};
use crate::context::{current_state, state_of};
use crate::place::{self, Spot};
use crate::sleep::Patience;
use crate::spawn::Thread;
use crate::{job, threads};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most workers.
const MOST: usize = threads::LOOP_LIMIT as usize;

/// Stack of a worker: virtual memory, used pages only.
pub const STACK: usize = 16 << 20;

/// Worker `n` has entry `n − 1`.
static WORKERS: [Bed; MOST] = [const { Bed { state: AtomicU32::new(ABSENT) } }; MOST];
/// Where they run.
static SPOTS: [Spot; MOST] = [const { Spot::new() }; MOST];

#[repr(align(128))]
struct Padded<T>(T);

static SLEEPERS: Sleepers = Sleepers { count: AtomicU32::new(0) };

/// Workers `1 ..= PRESENT` exist (or have failed to start).
static PRESENT: Padded<AtomicUsize> = Padded(AtomicUsize::new(0));

/// Guards starting and stopping; holds the handles by number.
static HANDLES: Mutex<Vec<Option<Thread>>> = Mutex::new(Vec::new());

/// Makes sure that `workers` workers exist, as far as the system allows.
#[inline]
pub fn ensure(workers: usize) {
    if PRESENT.0.load(Ordering::Acquire) < workers {
        start(workers.min(MOST));
    }
}

#[cold]
fn start(workers: usize) {
    crate::fork::register();
    let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    for index in PRESENT.0.load(Ordering::Acquire)..workers {
        if handles.len() <= index {
            handles.push(None);
        }
        let bed = &WORKERS[index];
        // A worker that was busy during a fork is still there.
        if bed.state.compare_exchange(ABSENT, IDLE, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            let number = index as u64 + 1;
            match crate::spawn::spawn(&format!("ungil-{number}"), STACK, move || work(number)) {
                Ok(thread) => handles[index] = Some(thread),
                // The system refuses more threads: loops go on with fewer.
                Err(_) => bed.state.store(ABSENT, Ordering::Release),
            }
        }
    }
    PRESENT.0.fetch_max(workers, Ordering::AcqRel);
}

/// Main function of a worker.
fn work(number: u64) {
    let _settled = SPOTS[number as usize - 1].settle();
    let bed = &WORKERS[number as usize - 1];
    let seeker = Seeker::Worker { number, cores: threads::origin().cores() as u64 };
    // SAFETY: the state of this thread.
    let state = unsafe { &*current_state() };
    let ctx = state.ctx.get();
    let mut patience = Patience::new();
    let mut found = board::find(seeker);
    loop {
        if let Some(slot) = found {
            if !bed.begin_work() {
                return;
            }
            // SAFETY: the context is this thread's own.
            unsafe { job::join(ctx, state_of(ctx), slot, seeker, None) };
            if state.orphan.get() {
                return;
            }
            bed.end_work();
            found = board::find(seeker);
            if found.is_some() {
                continue;
            }
        }
        found = patience.spin(|| board::find(seeker));
        if found.is_none() {
            found = match bed.sleep(&SLEEPERS, || board::find(seeker)) {
                Woken::Found(slot) => Some(slot),
                Woken::Called => board::find(seeker),
                Woken::Stopped => return,
            }
        }
    }
}

/// The calling worker leaves the processor that it shares with its caller, if it does.
#[inline]
pub fn part(number: u64, caller: i32) {
    if caller >= 0 && caller == place::processor() {
        SPOTS[number as usize - 1].leave(caller);
    }
}

/// Whether some worker sleeps. Only a hint unless the loop was published before.
#[inline]
pub fn asleep() -> bool {
    SLEEPERS.any()
}

/// Wakes sleeping workers for a loop that has just been published: at most two, who wake the next.
#[inline]
pub fn wake(seats: u64) {
    if SLEEPERS.any() {
        wake_some(seats.min(2));
    }
}

/// A thread that has joined a loop with free seats passes the call on.
pub fn wake_more(seats: u64) {
    if SLEEPERS.any() {
        wake_some(seats.min(2));
    }
}

/// After an outermost loop has ended: another may now use one more worker.
#[inline]
pub fn offer_rest(outermost: bool) {
    if outermost && board::load() & board::OPEN != 0 && SLEEPERS.any() {
        wake_some(1);
    }
}

#[cold]
fn wake_some(mut count: u64) {
    for (bed, spot) in WORKERS[..PRESENT.0.load(Ordering::Acquire)].iter().zip(&SPOTS) {
        if count == 0 {
            return;
        }
        spot.steer();
        if bed.wake(&SLEEPERS) {
            count -= 1;
        }
    }
}

/// Handles of the workers by number, from 1.
pub(crate) type Handles = Vec<Option<Thread>>;

/// Ends all idle workers and waits for them; busy ones stay. The guard keeps others from starting new ones.
pub(crate) fn stop_idle() -> MutexGuard<'static, Handles> {
    let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ended = Vec::new();
    for (bed, handle) in WORKERS.iter().zip(handles.iter_mut()) {
        if bed.stop(&SLEEPERS) {
            ended.extend(handle.take().map(|h| (bed, h)));
        }
    }
    for (bed, handle) in ended {
        handle.join();
        bed.state.store(ABSENT, Ordering::Release);
    }
    PRESENT.0.store(0, Ordering::Release);
    handles
}

/// In a forked child: no worker exists any more.
pub(crate) fn forget_all(handles: &mut Handles) {
    // Joining or detaching a thread of the parent would be an error.
    handles.drain(..).for_each(core::mem::forget);
    WORKERS.iter().for_each(|w| w.state.store(ABSENT, Ordering::Relaxed));
    SLEEPERS.count.store(0, Ordering::Relaxed);
    PRESENT.0.store(0, Ordering::Relaxed);
}

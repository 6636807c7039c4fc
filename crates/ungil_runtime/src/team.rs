//! Persistent workers.
//!
//! Workers have numbers from 1 and join loops by themselves; nobody waits for one that has not joined. They are
//! started by the first loop that wants them and live as long as the process, except that a fork ends the idle
//! ones. With `r` outermost loops running, only workers up to `cores − r` join, so that callers and workers
//! together stay within the cores, unless a loop explicitly asks for more threads.

use crate::board::{self, Seeker};
use crate::context::{current_state, state_of};
use crate::sleep::Patience;
use crate::{futex, job, threads};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Most workers.
const MOST: usize = threads::LOOP_LIMIT as usize;

/// Stack of a worker: virtual memory, used pages only.
pub const STACK: usize = 16 << 20;

/// States of a worker, also the word it sleeps on.
const ABSENT: u32 = 0;
const IDLE: u32 = 1;
const BUSY: u32 = 2;
const SLEEPING: u32 = 3;
const STOPPED: u32 = 4;

#[repr(align(128))]
struct Worker {
    state: AtomicU32,
}

/// Worker `n` has entry `n − 1`.
static WORKERS: [Worker; MOST] = [const { Worker { state: AtomicU32::new(ABSENT) } }; MOST];

#[repr(align(128))]
struct Padded<T>(T);

/// Workers that sleep or are about to.
static SLEEPERS: Padded<AtomicU32> = Padded(AtomicU32::new(0));

/// Workers `1 ..= PRESENT` exist (or have failed to start).
static PRESENT: Padded<AtomicUsize> = Padded(AtomicUsize::new(0));

/// Guards starting and stopping; holds the handles by number.
static HANDLES: Mutex<Vec<Option<JoinHandle<()>>>> = Mutex::new(Vec::new());

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
        let worker = &WORKERS[index];
        // A worker that was busy during a fork is still there.
        if worker.state.compare_exchange(ABSENT, IDLE, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            let number = index as u64 + 1;
            match crate::spawn::spawn(format!("ungil-{number}"), STACK, move || work(number)) {
                Ok(thread) => handles[index] = Some(thread),
                // The system refuses more threads: loops go on with fewer.
                Err(_) => worker.state.store(ABSENT, Ordering::Release),
            }
        }
    }
    PRESENT.0.fetch_max(workers, Ordering::AcqRel);
}

/// Main function of a worker.
fn work(number: u64) {
    let worker = &WORKERS[number as usize - 1];
    let seeker = Seeker::Worker { number, cores: threads::origin().cores() as u64 };
    // SAFETY: the state of this thread.
    let state = unsafe { &*current_state() };
    let ctx = state.ctx.get();
    let mut patience = Patience::new();
    let mut found = board::find(seeker);
    loop {
        if let Some(slot) = found {
            if worker.state.compare_exchange(IDLE, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                return;
            }
            // SAFETY: the context is this thread's own.
            unsafe { job::join(ctx, state_of(ctx), slot, seeker, None) };
            if state.orphan.get() {
                return;
            }
            worker.state.store(IDLE, Ordering::Release);
            found = board::find(seeker);
            if found.is_some() {
                continue;
            }
        }
        found = patience.spin(|| board::find(seeker));
        if found.is_none() {
            match sleep(worker, seeker) {
                Some(after) => found = after,
                None => return,
            }
        }
    }
}

/// Sleeps until woken. The slot found, if any, or `None` when the worker must end.
#[expect(clippy::option_option, reason = "the outer one says whether to go on")]
fn sleep(worker: &Worker, seeker: Seeker) -> Option<Option<usize>> {
    SLEEPERS.0.fetch_add(1, Ordering::SeqCst);
    if worker.state.compare_exchange(IDLE, SLEEPING, Ordering::SeqCst, Ordering::Relaxed).is_err() {
        SLEEPERS.0.fetch_sub(1, Ordering::SeqCst);
        return None;
    }
    // Pairs with the fence in `wake`: either we see the loop, or the caller sees us asleep.
    fence(Ordering::SeqCst);
    let found = board::find(seeker);
    if found.is_some()
        && worker.state.compare_exchange(SLEEPING, IDLE, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    {
        SLEEPERS.0.fetch_sub(1, Ordering::SeqCst);
        return Some(found);
    }
    loop {
        match worker.state.load(Ordering::Acquire) {
            SLEEPING => futex::wait(&worker.state, SLEEPING, None),
            STOPPED => return None,
            _ => return Some(board::find(seeker)),
        }
    }
}

/// Wakes sleeping workers for a loop that has just been published: at most two, who wake the next.
#[inline]
pub fn wake(seats: u64) {
    fence(Ordering::SeqCst);
    if SLEEPERS.0.load(Ordering::SeqCst) != 0 {
        wake_some(seats.min(2));
    }
}

/// A thread that has joined a loop with free seats passes the call on.
pub fn wake_more(seats: u64) {
    if SLEEPERS.0.load(Ordering::SeqCst) != 0 {
        wake_some(seats.min(2));
    }
}

/// After an outermost loop has ended: another may now use one more worker.
#[inline]
pub fn offer_rest(outermost: bool) {
    if outermost && board::load() & board::OPEN != 0 && SLEEPERS.0.load(Ordering::SeqCst) != 0 {
        wake_some(1);
    }
}

#[cold]
fn wake_some(mut count: u64) {
    for worker in &WORKERS[..PRESENT.0.load(Ordering::Acquire)] {
        if count == 0 {
            return;
        }
        if worker.state.load(Ordering::Relaxed) == SLEEPING
            && worker.state.compare_exchange(SLEEPING, IDLE, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        {
            SLEEPERS.0.fetch_sub(1, Ordering::SeqCst);
            futex::wake(&worker.state, 1);
            count -= 1;
        }
    }
}

/// Handles of the workers by number, from 1.
pub(crate) type Handles = Vec<Option<JoinHandle<()>>>;

/// Ends all idle workers and waits for them; busy ones stay. The guard keeps others from starting new ones.
pub(crate) fn stop_idle() -> MutexGuard<'static, Handles> {
    let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ended = Vec::new();
    for (worker, handle) in WORKERS.iter().zip(handles.iter_mut()) {
        let state = &worker.state;
        let asleep = state.compare_exchange(SLEEPING, STOPPED, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        if asleep {
            SLEEPERS.0.fetch_sub(1, Ordering::SeqCst);
            futex::wake(state, 1);
        }
        if asleep || state.compare_exchange(IDLE, STOPPED, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
            ended.extend(handle.take().map(|h| (worker, h)));
        }
    }
    for (worker, handle) in ended {
        let _ = handle.join();
        worker.state.store(ABSENT, Ordering::Release);
    }
    PRESENT.0.store(0, Ordering::Release);
    handles
}

/// In a forked child: no worker exists any more.
pub(crate) fn forget_all(handles: &mut Handles) {
    // Joining or detaching a thread of the parent would be an error.
    handles.drain(..).for_each(core::mem::forget);
    WORKERS.iter().for_each(|w| w.state.store(ABSENT, Ordering::Relaxed));
    SLEEPERS.0.store(0, Ordering::Relaxed);
    PRESENT.0.store(0, Ordering::Relaxed);
}

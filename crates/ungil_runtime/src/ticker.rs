//! Ticker: raises the main thread's poll word now and then while it runs compiled code.
//!
//! One thread, started by the first watched call. It wakes every 25 ms; after a second without a watched call it
//! parks and costs nothing. Only one thread of a process is watched, since only the main thread handles signals.
//! The parking protocol is asymmetric: see README.md, "Ticker".

use crate::context::TICK;
use crate::futex;
use crate::spawn::Thread;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering, compiler_fence};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Time between raises.
const PERIOD: Duration = Duration::from_millis(25);
/// Idle periods before the ticker parks.
const IDLE_PERIODS: u32 = 40;

/// Bytes of its stack: the C library takes the thread-local memory of all loaded libraries from it.
const STACK: usize = 256 << 10;

const OFF: u32 = 0;
const RUNNING: u32 = 1;
const PARKED: u32 = 2;
const STOPPING: u32 = 3;

/// State of the ticker and the word it sleeps on.
static STATE: AtomicU32 = AtomicU32::new(OFF);
/// Poll word of the watched call, or null.
static WATCHED: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());
static HANDLE: Mutex<Handle> = Mutex::new(None);

pub(crate) type Handle = Option<Thread>;

/// Watches the call that the main thread begins. Nested calls watch the same word again.
#[inline]
pub fn watch(word: &AtomicU32) {
    WATCHED.store(ptr::from_ref(word).cast_mut(), Ordering::Release);
    // Pairs with the membarrier in `park`: either we see PARKED here or the ticker sees the word there.
    compiler_fence(Ordering::SeqCst);
    if STATE.load(Ordering::Relaxed) != RUNNING {
        start();
    }
}

/// The watched call has ended.
#[inline]
pub fn unwatch() {
    WATCHED.store(ptr::null_mut(), Ordering::Relaxed);
}

#[cold]
fn start() {
    if STATE.compare_exchange(PARKED, RUNNING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        futex::wake(&STATE, 1);
        return;
    }
    crate::fork::register();
    let mut handle = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if STATE.compare_exchange(OFF, RUNNING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        match crate::spawn::spawn("ungil-tick", STACK, run) {
            Ok(thread) => *handle = Some(thread),
            // Without a ticker the call cannot be interrupted; the next call tries again.
            Err(_) => STATE.store(OFF, Ordering::SeqCst),
        }
    }
}

fn run() {
    let may_park = register_membarrier();
    let mut idle = 0;
    loop {
        match STATE.load(Ordering::SeqCst) {
            RUNNING => futex::wait(&STATE, RUNNING, Some(PERIOD)),
            _ => return,
        }
        let word = WATCHED.load(Ordering::Acquire);
        // SAFETY: poll words live in thread states, which are never freed.
        match unsafe { word.as_ref() } {
            Some(word) => {
                idle = 0;
                word.fetch_or(TICK, Ordering::Relaxed);
            }
            None => idle += 1,
        }
        if may_park && idle >= IDLE_PERIODS {
            idle = 0;
            park();
        }
    }
}

/// Sleeps until a call is watched or the ticker is stopped.
fn park() {
    if STATE.compare_exchange(RUNNING, PARKED, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        return;
    }
    membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    if !WATCHED.load(Ordering::SeqCst).is_null() {
        let _ = STATE.compare_exchange(PARKED, RUNNING, Ordering::SeqCst, Ordering::SeqCst);
        return;
    }
    while STATE.load(Ordering::SeqCst) == PARKED {
        futex::wait(&STATE, PARKED, None);
    }
}

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: membarrier touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

/// Whether this process can use expedited barriers. Sandboxes may forbid them; then the ticker never parks.
fn register_membarrier() -> bool {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
}

/// Ends the ticker and waits for it, so that a fork finds one thread less. The next watched call restarts it.
pub(crate) fn stop() -> MutexGuard<'static, Handle> {
    let mut handle = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(thread) = handle.take() {
        STATE.store(STOPPING, Ordering::SeqCst);
        futex::wake(&STATE, 1);
        thread.join();
    }
    STATE.store(OFF, Ordering::SeqCst);
    handle
}

/// After a fork: restarts the ticker if the forking call is itself watched.
pub(crate) fn resume() {
    if !WATCHED.load(Ordering::Relaxed).is_null() {
        start();
    }
}

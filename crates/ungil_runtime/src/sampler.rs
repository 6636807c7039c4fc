//! A sampler of one thread: where it is in machine code, at even intervals.
//!
//! A timer of the kernel sends the thread that started it a signal; the handler notes the address that was interrupted.
//! Contract: one sampling at a time; the handler touches nothing but the buffer below, so that it may run anywhere, and
//! system calls go on behind it. Samples beyond the buffer are counted and not kept. Limits: x86-64 Linux.

use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Samples kept: more than four minutes at one in a millisecond.
const CAPACITY: usize = 1 << 18;

static SAMPLES: [AtomicUsize; CAPACITY] = [const { AtomicUsize::new(0) }; CAPACITY];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static ACTIVE: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

/// The timer, and how the signal was handled before.
struct Running {
    timer: usize,
    before: libc::sigaction,
}

extern "C" fn note(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    if !ACTIVE.load(Ordering::Relaxed) || context.is_null() {
        return;
    }
    // SAFETY: the kernel hands a handler with SA_SIGINFO the context of the interrupted code.
    let address = unsafe { (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] };
    if let Some(slot) = SAMPLES.get(COUNT.fetch_add(1, Ordering::Relaxed)) {
        slot.store(address as usize, Ordering::Relaxed);
    }
}

/// Starts to sample the calling thread every so many nanoseconds; whether it could.
pub fn start(nanoseconds: u64) -> bool {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if running.is_some() {
        return false;
    }
    COUNT.store(0, Ordering::Relaxed);
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    let mut timer: libc::timer_t = ptr::null_mut();
    // SAFETY: the structures are plain data, filled as the calls ask; the handler is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = note as extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigemptyset(&raw mut action.sa_mask);
        if libc::sigaction(libc::SIGPROF, &raw const action, before.as_mut_ptr()) != 0 {
            return false;
        }
        let mut event: libc::sigevent = MaybeUninit::zeroed().assume_init();
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGPROF;
        event.sigev_notify_thread_id = libc::gettid();
        if libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) != 0 {
            libc::sigaction(libc::SIGPROF, before.as_ptr(), ptr::null_mut());
            return false;
        }
        let step = libc::timespec {
            tv_sec: (nanoseconds / 1_000_000_000) as libc::time_t,
            tv_nsec: (nanoseconds % 1_000_000_000) as libc::c_long,
        };
        let times = libc::itimerspec { it_interval: step, it_value: step };
        ACTIVE.store(true, Ordering::Relaxed);
        libc::timer_settime(timer, 0, &raw const times, ptr::null_mut());
        *running = Some(Running { timer: timer as usize, before: before.assume_init() });
    }
    true
}

/// Ends the sampling: the addresses, and how many more there were than could be kept.
pub fn stop() -> (Vec<usize>, usize) {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(state) = running.take() else { return (Vec::new(), 0) };
    ACTIVE.store(false, Ordering::Relaxed);
    // SAFETY: the timer is the one that `start` made; a signal still under way finds the handler, since it is taken
    // out only where another was there before: the default would end the process.
    unsafe {
        libc::timer_delete(state.timer as libc::timer_t);
        if state.before.sa_sigaction != libc::SIG_DFL {
            libc::sigaction(libc::SIGPROF, &raw const state.before, ptr::null_mut());
        }
    }
    let count = COUNT.load(Ordering::Relaxed);
    let kept = SAMPLES.iter().take(count).map(|s| s.load(Ordering::Relaxed)).collect();
    (kept, count.saturating_sub(CAPACITY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_thread_is_sampled() {
        assert!(start(1_000_000));
        assert!(!start(1_000_000));
        let begin = std::time::Instant::now();
        let mut x = 1.0f64;
        while begin.elapsed().as_millis() < 100 {
            x = core::hint::black_box(x * 1.000_001);
        }
        let (samples, lost) = stop();
        assert!(samples.len() > 5 && samples.iter().all(|a| *a != 0), "{samples:?}");
        assert_eq!(lost, 0);
        assert_eq!(stop(), (Vec::new(), 0));
    }
}

//! Waiting on a 32-bit word until another thread changes it.
//!
//! Thin cover of `futex(2)` with private futexes. Both calls may be wrong in the harmless direction: `wait` can
//! return early, `wake` can wake nobody, so callers re-check their condition in a loop. Waking touches no memory,
//! hence the word may already be gone.

use core::sync::atomic::AtomicU32;
use core::time::Duration;

/// Sleeps while `*word == expected`, until woken, or at most `timeout`. The word may be half of a larger atomic:
/// only the kernel reads it.
pub fn wait(word: *const AtomicU32, expected: u32, timeout: Option<Duration>) {
    let spec = timeout.map(|t| libc::timespec {
        tv_sec: t.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(t.subsec_nanos()),
    });
    let spec = spec.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    let op = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the kernel checks the address; the timeout is null or a valid relative time.
    unsafe { libc::syscall(libc::SYS_futex, word, op, expected, spec) };
}

/// Wakes at most `count` threads that sleep on the word at this address.
pub fn wake(word: *const AtomicU32, count: i32) {
    let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: FUTEX_WAKE uses the address as a key and does not read it.
    unsafe { libc::syscall(libc::SYS_futex, word, op, count) };
}

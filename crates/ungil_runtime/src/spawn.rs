//! Threads of the runtime: blocked signals, own stack size, no unwinding out of them.

use core::mem::MaybeUninit;
use std::thread::{Builder, JoinHandle};

/// Aborts the process when dropped, that is when a panic would leave a thread of ours with its work half done.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("ungil: internal error: panic in a thread of the runtime");
        std::process::abort();
    }
}

/// Starts a thread with all signals blocked but those that a fault of its own raises.
pub fn spawn(
    name: String,
    stack: usize,
    body: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let (mut blocked, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the sets are initialised by sigfillset and pthread_sigmask before they are read. The new thread
    // inherits the mask; this thread's own is restored below.
    unsafe {
        libc::sigfillset(blocked.as_mut_ptr());
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT] {
            libc::sigdelset(blocked.as_mut_ptr(), fault);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, blocked.as_ptr(), before.as_mut_ptr());
    }
    let thread = Builder::new().name(name).stack_size(stack).spawn(move || {
        let guard = AbortOnUnwind;
        body();
        core::mem::forget(guard);
    });
    // SAFETY: `before` was filled above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), core::ptr::null_mut()) };
    thread
}

//! Threads of the runtime: blocked signals, own stack size, no unwinding out of them.
//!
//! They are started by the C library itself. A thread of the standard library takes a lock of that library while it
//! starts and ends (where Rust's own `main` has installed the handler of stack overflows), and a child that was
//! forked in that moment could never start a thread again.

use core::ffi::{c_int, c_void};
use core::mem::{MaybeUninit, forget};
use core::ptr;
use std::ffi::CString;
use std::io::{Error, Result};

/// A started thread. Dropping it lets the thread run on.
pub struct Thread(libc::pthread_t);

impl Thread {
    /// Waits until the thread has ended.
    pub fn join(self) {
        // SAFETY: the thread was started joinable, and this handle is its only one: it has not been joined or
        // detached before.
        unsafe { libc::pthread_join(self.0, ptr::null_mut()) };
        forget(self);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: as for joining.
        unsafe { libc::pthread_detach(self.0) };
    }
}

/// Aborts the process when dropped, that is when a panic would leave a thread of ours with its work half done.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("ungil: internal error: panic in a thread of the runtime");
        std::process::abort();
    }
}

/// What a new thread is handed.
struct Start<F> {
    name: CString,
    body: F,
}

extern "C" fn main<F: FnOnce()>(start: *mut c_void) -> *mut c_void {
    let guard = AbortOnUnwind;
    // SAFETY: `create` hands each thread the box that it made for it.
    let start = unsafe { Box::from_raw(start.cast::<Start<F>>()) };
    // SAFETY: the name is a string of C; one that is too long is refused.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), start.name.as_ptr()) };
    (start.body)();
    forget(guard);
    ptr::null_mut()
}

fn check(status: c_int) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(Error::from_raw_os_error(status)) }
}

/// Starts a thread named `name` (at most 15 bytes) that runs `body` on `stack` bytes, with all signals blocked but
/// those that a fault of its own raises.
///
/// # Errors
/// What the system says, when it refuses another thread.
pub fn spawn(name: &str, stack: usize, body: impl FnOnce() + Send + 'static) -> Result<Thread> {
    let start = Box::new(Start { name: CString::new(name)?, body });
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
    let thread = create(start, stack);
    // SAFETY: `before` was filled above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    thread
}

fn create<F: FnOnce() + Send + 'static>(start: Box<Start<F>>, stack: usize) -> Result<Thread> {
    let (mut attr, mut thread) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let start = Box::into_raw(start).cast::<c_void>();
    // SAFETY: the attributes are initialised first and destroyed last. A thread that has started owns the box; if
    // none has, it is taken back.
    unsafe {
        let mut status = libc::pthread_attr_init(attr.as_mut_ptr());
        if status == 0 {
            status = libc::pthread_attr_setstacksize(attr.as_mut_ptr(), stack);
            if status == 0 {
                status = libc::pthread_create(thread.as_mut_ptr(), attr.as_ptr(), main::<F>, start);
            }
            libc::pthread_attr_destroy(attr.as_mut_ptr());
        }
        check(status).inspect_err(|_| drop(Box::from_raw(start.cast::<Start<F>>())))?;
        Ok(Thread(thread.assume_init()))
    }
}

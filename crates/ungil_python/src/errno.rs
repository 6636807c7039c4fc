//! `errno` of C functions that were loaded with `use_errno=True`.
//!
//! As ctypes does, each thread keeps a copy that is exchanged with `errno` around a call. ctypes' own copy is out of reach
//! without the interpreter lock: ours is handed to it when the kernel has ended.

use core::cell::Cell;
use core::ffi::{c_int, c_void};

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use pyo3::prelude::*;
use ungil_sema::lower::foreign::{EXCHANGE_ERRNO, EXPECT, FAILED, GET_ERRNO, SET_ERRNO};
use ungil_sema::lower::gil_block::RUN;
use ungil_sema::lower::memory::MEMMOVE;
use ungil_sema::lower::region::{ARRIVE, CLOCK, WAIT};

unsafe extern "C" {
    #[cfg_attr(target_os = "macos", link_name = "__error")]
    fn __errno_location() -> *mut c_int;
    #[link_name = "memmove"]
    fn libc_memmove(to: *mut c_void, from: *const c_void, n: usize) -> *mut c_void;
}

thread_local! {
    static COPY: Cell<c_int> = const { Cell::new(0) };
}

extern "C" fn exchange() {
    // SAFETY: the C library gives each thread its own `errno`.
    unsafe {
        let errno = __errno_location();
        *errno = COPY.replace(*errno);
    }
}

extern "C" fn get() -> c_int {
    COPY.get()
}

extern "C" fn set(value: c_int) -> c_int {
    COPY.replace(value)
}

/// # Safety
/// `counter` is the counter of a team's barrier.
unsafe extern "C" fn arrive(counter: *const AtomicI64) -> i64 {
    // SAFETY: as the caller vouches; threads change it by atomic operations only.
    unsafe { (*counter).fetch_add(1, Ordering::AcqRel) }
}

/// # Safety
/// `counter` is the counter of a team's barrier.
unsafe extern "C" fn wait(counter: *const AtomicI64, wanted: i64) -> i64 {
    for round in 0..64 {
        // SAFETY: as the caller vouches; threads change it by atomic operations only.
        if unsafe { (*counter).load(Ordering::Acquire) } >= wanted {
            ungil_runtime::region::waiting(false);
            return 1;
        }
        if round < 32 { core::hint::spin_loop() } else { std::thread::yield_now() }
    }
    ungil_runtime::region::waiting(true);
    0
}

extern "C" fn clock() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// Address of a function that compiled code calls.
pub fn function(name: &str) -> Option<u64> {
    Some(match name {
        EXCHANGE_ERRNO => exchange as *const () as u64,
        GET_ERRNO => get as *const () as u64,
        SET_ERRNO => set as *const () as u64,
        ARRIVE => arrive as *const () as u64,
        WAIT => wait as *const () as u64,
        RUN => crate::gil_block::run as *const () as u64,
        EXPECT => crate::callback::expect as *const () as u64,
        FAILED => crate::callback::failed as *const () as u64,
        CLOCK => clock as *const () as u64,
        MEMMOVE => libc_memmove as *const () as u64,
        _ => return None,
    })
}

/// Gives ctypes this thread's copy.
pub fn publish(py: Python<'_>) {
    let given = py.import("ctypes").and_then(|c| c.getattr("set_errno")?.call1((COPY.get(),)));
    drop(given);
}

//! Safepoints and the host's hooks.
//!
//! Compiled code calls [`ungil_rt_poll`] when its poll word is non-zero. The hooks are set once by the host;
//! without them nothing is printed and nothing interrupts. Hooks must not unwind.

use crate::context::{TICK, ThreadState, state_of};
use crate::error::{raise_static, set_kind};
use crate::scope;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use ungil_abi::context::{Ctx, ErrorArg, ErrorKind};
use ungil_abi::exception::ExcClass;

/// What the host provides.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Called on the main thread at safepoints, at most every 25 ms; non-zero: stop, an exception is pending.
    pub poll: unsafe fn(*mut Ctx) -> i32,
    /// Writes one line; called on any thread. Non-zero: failed, and the error slot is filled. On a worker
    /// `Ctx::host` is that of the loop's caller.
    pub print: unsafe fn(*mut Ctx, *const ErrorArg, u64) -> i32,
}

static HOOKS: AtomicPtr<Hooks> = AtomicPtr::new(ptr::null_mut());

/// Sets the hooks, once per process; later calls replace them (the old table leaks).
pub fn set_hooks(hooks: Hooks) {
    HOOKS.store(Box::into_raw(Box::new(hooks)), Ordering::Release);
}

fn hooks() -> Option<&'static Hooks> {
    // SAFETY: tables are never freed.
    unsafe { HOOKS.load(Ordering::Acquire).as_ref() }
}

/// Safepoint: non-zero, with the slot filled, when the call must end.
///
/// # Safety
/// `ctx` is this thread's context.
#[cold]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_poll(ctx: *mut Ctx) -> i32 {
    // SAFETY: by contract.
    unsafe { poll(ctx, state_of(ctx)) }
}

/// # Safety
/// `ctx` is this thread's context and `state` its state.
pub unsafe fn poll(ctx: *mut Ctx, state: &ThreadState) -> i32 {
    // Taking the bits before looking means that whoever cancels later raises the word again.
    let raised = state.word.swap(0, Ordering::AcqRel);
    if scope::cancelled(state) {
        // The tick is still owed to the host.
        state.word.fetch_or(raised & TICK, Ordering::Relaxed);
        // SAFETY: by contract.
        unsafe { set_kind(ctx, ErrorKind::CANCELLED) };
        return 1;
    }
    let Some(hooks) = hooks().filter(|_| raised & TICK != 0 && state.main.get()) else { return 0 };
    if scope::interrupted(state) {
        // The loop is ending, and the host must not be asked again while its exception is pending.
        return 0;
    }
    // SAFETY: the host's hook gets this thread's context.
    if unsafe { (hooks.poll)(ctx) } == 0 {
        return 0;
    }
    scope::interrupt_all(state);
    // SAFETY: by contract.
    unsafe { set_kind(ctx, ErrorKind::HOST) };
    1
}

/// Polls if the word is raised.
///
/// # Safety
/// `ctx` is this thread's context and `state` its state.
#[inline]
pub unsafe fn poll_if_raised(ctx: *mut Ctx, state: &ThreadState) -> i32 {
    if state.word.load(Ordering::Relaxed) == 0 {
        return 0;
    }
    // SAFETY: by contract.
    unsafe { poll(ctx, state) }
}

/// One line to the host's standard output.
///
/// # Safety
/// `ctx` is this thread's context; `parts` points at `n` parts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_print(ctx: *mut Ctx, parts: *const ErrorArg, n: u64) -> i32 {
    match hooks() {
        // SAFETY: by contract.
        Some(hooks) => unsafe { (hooks.print)(ctx, parts, n) },
        None => {
            // SAFETY: by contract.
            unsafe {
                raise_static(ctx, ExcClass::RUNTIME_ERROR, "no output: the host has set no print hook")
            };
            1
        }
    }
}

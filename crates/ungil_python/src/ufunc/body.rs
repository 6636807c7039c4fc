//! Compiled loops that NumPy runs, and the way into them.
//!
//! NumPy calls inner loops with or without the interpreter, and reads errors from the interpreter's error indicator.
//! So a call here attaches only to raise, and detaches only where threads of the team may need the interpreter.
//!
//! Contract: flags of the floating-point unit are left as they were, because vector code sets them for lanes that
//! nobody asked for; kernels never warn.

use core::ptr;
use std::sync::{Arc, OnceLock};

use pyo3::ffi;
use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{LoopBody, LoopDesc, Schedule};
use ungil_driver::compiled::Compiled;
use ungil_runtime::context::{current_ctx, enter_call, leave_call, state_of};
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_runtime::threads;
use ungil_sema::ty::Ty;

use crate::call::{on_main_thread, stop_if_finalizing};
use crate::hooks::{self, Pending};
use crate::world::PyWorld;
use crate::{ahead, dispatcher, fork, raise, specialise};

type EntryPoint = unsafe extern "C" fn(*mut Ctx, *mut u8, *const u8) -> i32;

/// A kernel compiled for types; keeps its dispatcher, which keeps what the code refers to.
pub struct Body {
    entry: EntryPoint,
    pub compiled: Arc<Compiled>,
    pub dispatcher: Py<PyAny>,
}

impl Body {
    /// Compiles a dispatcher for parameter types, unless it has been.
    pub fn new(object: &Bound<'_, PyAny>, params: &[Ty]) -> PyResult<Body> {
        let py = object.py();
        let dispatcher = dispatcher::downcast(object)
            .ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("a loop is a compiled function"))?;
        let state = dispatcher.state();
        let mut key = Vec::new();
        params.iter().for_each(|ty| ahead::words(ty, &mut key));
        // SAFETY: attached.
        let known = unsafe { state.entries.find(&key) };
        let compiled = match known {
            Some(entry) => entry.compiled.clone(),
            None => {
                let _compiling = fork::begin(py);
                let world = PyWorld::default();
                let kernel = world.kernel_of(object);
                specialise::compile(py, state, world, kernel, params, &key, Vec::new(), None)?
                    .compiled
                    .clone()
            }
        };
        // SAFETY: the address of compiled code, whose entry point has this type.
        let entry = unsafe { core::mem::transmute::<usize, EntryPoint>(compiled.code.entry) };
        Ok(Body { entry, compiled, dispatcher: object.clone().unbind() })
    }

    /// The body in `place`, made when it is first asked for; `None` with an exception set if that fails. Threads that come
    /// at once each make it: one that waited might keep the interpreter from the one it waits for.
    pub fn late(place: &OnceLock<Body>, make: impl FnOnce(Python<'_>) -> PyResult<Body>) -> Option<&Body> {
        if let Some(body) = place.get() {
            return Some(body);
        }
        let made = hooks::attached(|py| make(py).map_err(|error| error.restore(py)).ok())?;
        Some(place.get_or_init(|| made))
    }

    /// Runs the kernel on packed parameters.
    ///
    /// # Safety
    /// The block holds the parameters of the types that the body was compiled for; inside [`enter`].
    #[inline]
    pub unsafe fn run(&self, ctx: *mut Ctx, block: &[u64]) -> i32 {
        // SAFETY: as the caller vouches; loops have no result.
        unsafe { (self.entry)(ctx, ptr::null_mut(), block.as_ptr().cast()) }
    }
}

/// Runs `work`, which runs bodies of the kernel `compiled`, as a call of a kernel. An error is raised.
///
/// # Safety
/// Called by NumPy as an inner loop, on a thread that may attach to the interpreter.
pub unsafe fn enter(compiled: &Compiled, on_threads: bool, work: impl FnOnce(*mut Ctx) -> i32) {
    let flags = float_flags();
    // SAFETY: the context is this thread's own; the thread is attached again before Python is touched.
    unsafe {
        let ctx = current_ctx();
        let pending = Pending::new();
        let host = core::mem::replace(&mut (*ctx).host, ptr::from_ref(&pending).cast_mut().cast());
        let token = enter_call(ctx, compiled.polls && on_main_thread());
        // Threads of the team may wait for the interpreter (`print`), which NumPy keeps for short loops.
        let held = on_threads && ffi::PyGILState_Check() != 0;
        let status = if held {
            let thread = ffi::PyEval_SaveThread();
            let status = work(ctx);
            stop_if_finalizing();
            ffi::PyEval_RestoreThread(thread);
            status
        } else {
            work(ctx)
        };
        leave_call(ctx, token);
        if status != 0 {
            hooks::attached(|_| raise::raise(ctx, compiled));
        }
        (*ctx).host = host;
    }
    set_float_flags(flags);
}

/// Pieces into which threads share `n` elements or rows, of which at least `least` are in each.
pub fn pieces(n: isize, least: isize) -> isize {
    // SAFETY: the calling thread's own context.
    let threads = threads::num_threads(unsafe { state_of(current_ctx()) }) as isize;
    if threads < 2 { 1 } else { (n / least).clamp(1, 8 * threads) }
}

/// Runs `body` for the pieces `0..n` on all threads.
///
/// # Safety
/// `ctx` is this thread's context, and the body is for this environment.
pub unsafe fn share<T>(ctx: *mut Ctx, body: LoopBody, env: &T, n: isize) -> i32 {
    let plain = LoopDesc::plain(body, ptr::from_ref(env).cast_mut().cast(), n as i64);
    let desc = LoopDesc { schedule: Schedule::DYNAMIC, chunk: 1, ..plain };
    // SAFETY: as the caller vouches; the environment outlives the loop.
    unsafe { ungil_rt_parallel_for(ctx, &raw const desc) }
}

/// Control and status word of the floating-point unit.
#[cfg(target_arch = "x86_64")]
fn float_flags() -> u64 {
    let mut word = 0u32;
    // SAFETY: stores the register to the variable.
    unsafe {
        core::arch::asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags));
    }
    u64::from(word)
}

#[cfg(target_arch = "x86_64")]
fn set_float_flags(flags: u64) {
    let word = flags as u32;
    // SAFETY: the value was read from the register by `float_flags`.
    unsafe {
        core::arch::asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack, preserves_flags, readonly));
    }
}

#[cfg(target_arch = "aarch64")]
fn float_flags() -> u64 {
    let word: u64;
    // SAFETY: reads the status register.
    unsafe { core::arch::asm!("mrs {}, fpsr", out(reg) word, options(nostack, preserves_flags)) };
    word
}

#[cfg(target_arch = "aarch64")]
fn set_float_flags(flags: u64) {
    // SAFETY: the value was read from the register by `float_flags`.
    unsafe { core::arch::asm!("msr fpsr, {}", in(reg) flags, options(nostack, preserves_flags)) };
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn float_flags() -> u64 {
    0
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn set_float_flags(_: u64) {}

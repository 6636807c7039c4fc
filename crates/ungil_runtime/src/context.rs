//! Contexts: one per thread that runs compiled code.
//!
//! [`current_ctx`] finds the calling thread's context through a thread-local pointer without a destructor, or, for the first
//! thread that has one, by comparing the thread's pointer, so it costs a few instructions. Contexts are made on a thread's first call, returned to a free list when it ends, and
//! never freed: another thread may still raise the poll word of a context whose thread has just gone, and must
//! then hit memory that is an [`AtomicU32`] (see README.md, "Poll words").
//!
//! A host brackets each call of compiled code with [`enter_call`] and [`leave_call`]. Calls nest: compiled code can
//! print, the host's print can run Python, and that can call compiled code again on the same context.

use crate::region::Region;
use crate::scope::Frame;
use crate::stack;
use crate::ticker;
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use ungil_abi::context::{Ctx, ErrorSlot};

/// Bit of a poll word: the ticker asks for the host's poll hook.
pub const TICK: u32 = 1;
/// Bit of a poll word: a scope that this thread works in may have been cancelled.
pub const CHECK: u32 = 2;

/// What the runtime knows about a thread. The context comes first and points back here.
#[repr(C)]
pub struct ThreadState {
    pub ctx: UnsafeCell<Ctx>,
    /// Where `Ctx::poll` points. The only field that other threads touch.
    pub word: AtomicU32,
    /// Innermost loop or region that this thread works in.
    pub frame: Cell<*const Frame>,
    /// Region whose barrier this thread takes part in, or null.
    pub region: Cell<*const Region>,
    /// Whether the host's poll hook may be called on this thread.
    pub main: Cell<bool>,
    /// Thread count set on this thread; 0: the default.
    pub num_threads: Cell<i64>,
    /// Board slot used last.
    pub slot_hint: Cell<usize>,
    /// Frames that host calls inside this thread's loops have set aside, innermost last.
    hidden: UnsafeCell<Vec<*const Frame>>,
    /// Set in a forked child on the only thread when it was a worker: it must not return to its loop.
    pub orphan: Cell<bool>,
    /// The pointer of the thread that it belongs to; 0 if it belongs to none.
    thread: AtomicUsize,
}

/// Free states, for reuse by new threads. States are leaked boxes.
static FREE: Mutex<FreeList> = Mutex::new(Vec::new());

pub(crate) type FreeList = Vec<StatePtr>;

pub(crate) struct StatePtr(*mut ThreadState);
// SAFETY: states in the list belong to no thread; the mutex hands each to one.
unsafe impl Send for StatePtr {}

/// The free list, for the fork handlers.
pub(crate) fn lock_free_list() -> MutexGuard<'static, FreeList> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the state back when the thread ends.
struct Owner(Cell<*mut ThreadState>);

impl Drop for Owner {
    fn drop(&mut self) {
        CURRENT.set(ptr::null_mut());
        // SAFETY: states are never freed.
        unsafe { (*self.0.get()).thread.store(0, Ordering::Relaxed) };
        let _ = FIRST.compare_exchange(self.0.get(), ptr::null_mut(), Ordering::Relaxed, Ordering::Relaxed);
        lock_free_list().push(StatePtr(self.0.get()));
    }
}

thread_local! {
    static CURRENT: Cell<*mut ThreadState> = const { Cell::new(ptr::null_mut()) };
    static OWNER: Owner = const { Owner(Cell::new(ptr::null_mut())) };
}

/// The state of one thread, most often the main one, which need not ask the loader where its thread-local variables are:
/// in a shared library that is a call, and takes longer than all else that a short call of compiled code does.
static FIRST: AtomicPtr<ThreadState> = AtomicPtr::new(ptr::null_mut());

/// What tells the calling thread from all others that live, in one instruction; 0 where there is no such thing.
#[inline(always)]
fn thread_pointer() -> usize {
    let pointer: usize;
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    // SAFETY: the first word of a thread's control block is its own address, by the ABI.
    unsafe {
        core::arch::asm!("mov {}, fs:0", out(reg) pointer, options(nostack, preserves_flags, readonly));
    }
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    // SAFETY: reads a register.
    unsafe {
        core::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, preserves_flags, nomem));
    }
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    {
        pointer = 0;
    }
    pointer
}

/// The state of the calling thread.
#[inline]
pub fn current_state() -> *mut ThreadState {
    let first = FIRST.load(Ordering::Acquire);
    // SAFETY: states are never freed.
    if !first.is_null() && unsafe { (*first).thread.load(Ordering::Relaxed) } == thread_pointer() {
        return first;
    }
    let state = CURRENT.get();
    if state.is_null() { create_state() } else { state }
}

/// The context of the calling thread if that is the one whose context is found in a few instructions; null: ask [`current_ctx`].
#[inline(always)]
pub fn first_ctx() -> *mut Ctx {
    let first = FIRST.load(Ordering::Acquire);
    // SAFETY: states are never freed.
    let is_own = !first.is_null() && unsafe { (*first).thread.load(Ordering::Relaxed) } == thread_pointer();
    if is_own { first.cast() } else { ptr::null_mut() }
}

/// After a fork: the calling thread is the only one. A new thread may get the place in memory of one that is gone.
pub(crate) fn stay_first() {
    FIRST.store(CURRENT.get(), Ordering::Release);
}

/// The state of the calling thread, or null if it has none yet.
pub(crate) fn existing_state() -> *mut ThreadState {
    CURRENT.get()
}

/// All frames of this thread, those behind host calls included, innermost first.
pub(crate) fn all_frames(state: &ThreadState) -> Vec<*const Frame> {
    let mut all = Vec::new();
    // SAFETY: only this thread touches the list, and frames lie on its stack.
    unsafe {
        for mut at in core::iter::once(state.frame.get()).chain((*state.hidden.get()).iter().rev().copied()) {
            while !at.is_null() {
                all.push(at);
                at = (*at).parent;
            }
        }
    }
    all
}

/// The context of the calling thread. Valid until the thread ends; may be used by this thread only.
#[inline]
pub fn current_ctx() -> *mut Ctx {
    current_state().cast::<Ctx>()
}

/// The state behind a context.
///
/// # Safety
/// `ctx` came from [`current_ctx`] on this thread.
#[inline]
pub unsafe fn state_of<'a>(ctx: *mut Ctx) -> &'a ThreadState {
    // SAFETY: contexts are the first field of their state, and states are never freed.
    unsafe { &*ctx.cast::<ThreadState>() }
}

#[cold]
fn create_state() -> *mut ThreadState {
    crate::fork::register();
    let reused = lock_free_list().pop();
    let state = match reused {
        Some(StatePtr(state)) => state,
        None => Box::into_raw(Box::new(ThreadState {
            ctx: UnsafeCell::new(empty_ctx()),
            word: AtomicU32::new(0),
            frame: Cell::new(ptr::null()),
            region: Cell::new(ptr::null()),
            main: Cell::new(false),
            num_threads: Cell::new(0),
            slot_hint: Cell::new(0),
            hidden: UnsafeCell::new(Vec::new()),
            orphan: Cell::new(false),
            thread: AtomicUsize::new(0),
        })),
    };
    // SAFETY: the state belongs to this thread from here on. A former user's late raise of the word is harmless.
    unsafe {
        let shared = &*state;
        shared.word.store(0, Ordering::Relaxed);
        shared.frame.set(ptr::null());
        shared.region.set(ptr::null());
        shared.main.set(false);
        shared.num_threads.set(0);
        shared.slot_hint.set((state as usize >> 7) % crate::board::SLOTS);
        let ctx = shared.ctx.get();
        ctx.write(empty_ctx());
        (*ctx).poll = &raw const (*state).word;
        (*ctx).stack_limit = stack::limit();
        (*ctx).runtime = state.cast::<c_void>();
    }
    // When the thread is already running its destructors, the state is used but not returned: it leaks.
    let is_owned = OWNER.try_with(|owner| owner.0.set(state)).is_ok();
    CURRENT.set(state);
    if is_owned && thread_pointer() != 0 {
        // SAFETY: as above.
        unsafe { (*state).thread.store(thread_pointer(), Ordering::Relaxed) };
        let _ = FIRST.compare_exchange(ptr::null_mut(), state, Ordering::Release, Ordering::Relaxed);
    }
    state
}

fn empty_ctx() -> Ctx {
    // SAFETY: an error slot is plain data for which all-zero bytes mean "no error".
    let error: ErrorSlot = unsafe { core::mem::zeroed() };
    Ctx {
        poll: ptr::null(),
        stack_limit: 0,
        thread_id: 0,
        depth: 0,
        runtime: ptr::null_mut(),
        host: ptr::null_mut(),
        expects: 0,
        kept: 0,
        error,
    }
}

/// What [`leave_call`] restores.
#[must_use = "give it to leave_call"]
pub struct Entry {
    frame: *const Frame,
    region: *const Region,
    main: bool,
    thread_id: u32,
    depth: u32,
}

/// Begins a call of compiled code from the host.
///
/// `main_thread` says that the poll hook may be called on this thread: then the ticker raises the poll word every
/// 25 ms while the call runs. Costs a few stores. The new call is independent of a loop that this thread may be
/// working in: its cancellation does not reach into the call.
///
/// # Safety
/// `ctx` came from [`current_ctx`] on this thread.
#[inline]
pub unsafe fn enter_call(ctx: *mut Ctx, main_thread: bool) -> Entry {
    // SAFETY: by contract.
    let state = unsafe { state_of(ctx) };
    // SAFETY: the context is this thread's own.
    let (thread_id, depth) = unsafe { ((*ctx).thread_id, (*ctx).depth) };
    let entry = Entry {
        frame: state.frame.replace(ptr::null()),
        region: state.region.replace(ptr::null()),
        main: state.main.replace(main_thread),
        thread_id,
        depth,
    };
    // SAFETY: the context is this thread's own.
    unsafe {
        (*ctx).thread_id = 0;
        (*ctx).depth = 0;
    }
    if main_thread {
        ticker::watch(&state.word);
    }
    if !entry.frame.is_null() {
        // SAFETY: only this thread touches the list.
        unsafe { (*state.hidden.get()).push(entry.frame) };
    }
    entry
}

/// Ends a call of compiled code.
///
/// # Safety
/// `ctx` is the one given to [`enter_call`], which returned `entry`; calls end in reverse order.
#[inline]
pub unsafe fn leave_call(ctx: *mut Ctx, entry: Entry) {
    // SAFETY: by contract.
    let state = unsafe { state_of(ctx) };
    if state.main.replace(entry.main) && !entry.main {
        ticker::unwatch();
    }
    state.frame.set(entry.frame);
    state.region.set(entry.region);
    // SAFETY: the context is this thread's own.
    unsafe {
        (*ctx).thread_id = entry.thread_id;
        (*ctx).depth = entry.depth;
    }
    if !entry.frame.is_null() {
        // SAFETY: only this thread touches the list.
        unsafe { (*state.hidden.get()).pop() };
        // The inner call may have consumed a raise that was meant for the outer one.
        state.word.fetch_or(CHECK, Ordering::Relaxed);
    }
}

const _: () = assert!(offset_of!(ThreadState, ctx) == 0);

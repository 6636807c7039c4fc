//! Scopes of failure: what a loop or region does when one of its parts fails.
//!
//! A scope knows its threads by their seats. Each running part has a position: the first iteration of the piece or
//! block in a loop, 0 in a region. The lowest failing position wins: parts above it are cancelled, those below
//! run to their end. A [`Frame`] on the stack of every thread that works in a scope links the scopes it is in.
//! README.md, "Failure", has the argument why no part that must stop is missed.

use crate::context::{CHECK, ThreadState};
use crate::error::set_kind;
use core::cell::{Cell, UnsafeCell};
use core::hint::spin_loop;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
use ungil_abi::context::{Ctx, ErrorKind, ErrorSlot};

/// Place of one thread in a team. Two cache lines, since neighbours are fetched in pairs.
#[repr(C, align(128))]
pub struct Seat {
    /// Units of work left here: see `schedule`.
    pub range: AtomicU64,
    /// Poll word of the thread that sits here, or null.
    pub word: AtomicPtr<AtomicU32>,
    /// Private copies of reduced integer arrays, or null.
    pub private: AtomicPtr<u8>,
    pub taken: AtomicBool,
}

impl Seat {
    pub fn new(range: u64) -> Seat {
        Seat {
            range: AtomicU64::new(range),
            word: AtomicPtr::new(ptr::null_mut()),
            private: AtomicPtr::new(ptr::null_mut()),
            taken: AtomicBool::new(false),
        }
    }
}

/// Failure state of a loop or region; lives on the caller's stack until every participant has left.
pub struct Scope {
    /// Parts that begin above this are cancelled. `i64::MAX`: none; −1: all.
    fail_at: AtomicI64,
    /// The host asked the caller to stop.
    interrupted: AtomicBool,
    lock: AtomicU32,
    /// Position of the error kept, `i64::MAX` when there is none. Guarded by `lock`.
    kept_at: Cell<i64>,
    kept: UnsafeCell<MaybeUninit<ErrorSlot>>,
    seats: *const Seat,
    nseats: usize,
}

impl Scope {
    /// # Safety
    /// `seats` points at `nseats` seats that outlive the scope.
    pub unsafe fn new(seats: *const Seat, nseats: usize) -> Scope {
        Scope {
            fail_at: AtomicI64::new(i64::MAX),
            interrupted: AtomicBool::new(false),
            lock: AtomicU32::new(0),
            kept_at: Cell::new(i64::MAX),
            kept: UnsafeCell::new(MaybeUninit::uninit()),
            seats,
            nseats,
        }
    }

    #[inline]
    pub fn seats(&self) -> &[Seat] {
        // SAFETY: promised to `new`.
        unsafe { core::slice::from_raw_parts(self.seats, self.nseats) }
    }

    /// Registers the poll word of the thread in `seat`. Must precede the thread's first look at `cancels`.
    #[inline]
    pub fn sit(&self, seat: usize, word: &AtomicU32) {
        self.seats()[seat].word.store(ptr::from_ref(word).cast_mut(), Ordering::Release);
        // Pairs with the fence in `cancel`: either that sees the word, or we see the position.
        fence(Ordering::SeqCst);
    }

    /// Takes the thread's poll word out again.
    #[inline]
    pub fn stand(&self, seat: usize) {
        self.seats()[seat].word.store(ptr::null_mut(), Ordering::Relaxed);
    }

    /// Whether the part at this position must stop.
    #[inline]
    pub fn cancels(&self, at: i64) -> bool {
        at > self.fail_at.load(Ordering::Acquire)
    }

    /// Cancels every part above `at`.
    #[cold]
    pub fn cancel(&self, at: i64) {
        self.fail_at.fetch_min(at, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        for seat in self.seats() {
            // SAFETY: poll words live in thread states, which are never freed.
            if let Some(word) = unsafe { seat.word.load(Ordering::Acquire).as_ref() } {
                word.fetch_or(CHECK, Ordering::Release);
            }
        }
    }

    /// Cancels everything because the host said so.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.cancel(-1);
    }

    /// Deals with a part that returned non-zero: keeps its error if it is the lowest, cancels what follows, and
    /// clears the context for the parts below. `order` decides between errors, `at` what is cancelled.
    ///
    /// # Safety
    /// `ctx` is the calling thread's context.
    #[cold]
    pub unsafe fn failed(&self, ctx: *mut Ctx, order: i64, at: i64) {
        // SAFETY: the context is this thread's own.
        let kind = unsafe { (*ctx).error.kind };
        let stopped = kind == ErrorKind::CANCELLED && self.fail_at.load(Ordering::Acquire) < order;
        if !stopped && !self.interrupted.load(Ordering::Relaxed) {
            if kind == ErrorKind::NONE || kind == ErrorKind::CANCELLED {
                let text = "a part of a parallel loop stopped without an error";
                // SAFETY: as above.
                unsafe {
                    crate::error::raise_static(ctx, ungil_abi::exception::ExcClass::SYSTEM_ERROR, text)
                };
            }
            // SAFETY: as above.
            unsafe { self.keep(ctx, order) };
            self.cancel(at);
        }
        // SAFETY: as above.
        unsafe { set_kind(ctx, ErrorKind::NONE) };
    }

    /// # Safety
    /// `ctx` is the calling thread's context.
    unsafe fn keep(&self, ctx: *mut Ctx, order: i64) {
        while self.lock.compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            spin_loop();
        }
        if order < self.kept_at.get() {
            self.kept_at.set(order);
            // SAFETY: the lock makes this the only access.
            unsafe { (*self.kept.get()).write((*ctx).error) };
        }
        self.lock.store(0, Ordering::Release);
    }

    /// In a forked child: a thread that does not exist here may have held the lock.
    pub(crate) fn unlock_after_fork(&self) {
        self.lock.store(0, Ordering::Relaxed);
    }

    /// Status of the whole, with the context filled. Called when every participant has left.
    ///
    /// # Safety
    /// `ctx` is the calling thread's context.
    #[inline]
    pub unsafe fn finish(&self, ctx: *mut Ctx) -> i32 {
        if self.fail_at.load(Ordering::Acquire) == i64::MAX {
            return 0;
        }
        // SAFETY: the slot was written before `kept_at` was set; all participants have left.
        unsafe {
            if self.interrupted.load(Ordering::Relaxed) {
                set_kind(ctx, ErrorKind::HOST);
            } else if self.kept_at.get() != i64::MAX {
                (*ctx).error = *(*self.kept.get()).assume_init_ref();
            } else {
                set_kind(ctx, ErrorKind::CANCELLED);
            }
        }
        1
    }
}

/// A thread's stay in a scope; lies on that thread's stack.
pub struct Frame {
    pub scope: *const Scope,
    /// Position of the part that runs.
    pub at: Cell<i64>,
    /// Whether this thread started the loop or region, so that frames further out are its ancestors.
    pub owner: bool,
    pub parent: *const Frame,
    /// What nested loops share; null in a region.
    pub root: *const crate::root::Root,
    /// Board slot of the loop; `usize::MAX` in a region.
    pub slot: usize,
    /// Whether the loop is the outermost of its tree.
    pub outermost: bool,
    /// The region, or null in a loop.
    pub region: *const crate::region::Region,
}

/// Finds out whether a scope that this thread works in was cancelled. If so, cancels the inner loops that this
/// thread started, so that their other threads stop as well.
pub fn cancelled(state: &ThreadState) -> bool {
    let mut hit: *const Frame = ptr::null();
    let mut at = state.frame.get();
    // SAFETY: frames lie on this thread's stack and outlive their place in the list; scopes outlive their frames.
    unsafe {
        while let Some(frame) = at.as_ref() {
            if (*frame.scope).cancels(frame.at.get()) {
                hit = frame;
            }
            if !frame.owner {
                break;
            }
            at = frame.parent;
        }
        if hit.is_null() {
            return false;
        }
        at = state.frame.get();
        while at != hit {
            (*(*at).scope).cancel(-1);
            at = (*at).parent;
        }
    }
    true
}

/// Whether the host has already asked this thread to stop and not got its exception back yet.
pub fn interrupted(state: &ThreadState) -> bool {
    let mut at = state.frame.get();
    // SAFETY: as in `cancelled`.
    while let Some(frame) = unsafe { at.as_ref() } {
        // SAFETY: as in `cancelled`.
        if unsafe { (*frame.scope).interrupted.load(Ordering::Relaxed) } {
            return true;
        }
        at = frame.parent;
    }
    false
}

/// Interrupts every scope on the way to the host's call.
pub fn interrupt_all(state: &ThreadState) {
    let mut at = state.frame.get();
    // SAFETY: as in `cancelled`.
    while let Some(frame) = unsafe { at.as_ref() } {
        // SAFETY: as in `cancelled`.
        unsafe { (*frame.scope).interrupt() };
        at = frame.parent;
    }
}

//! Behaviour across `fork`.
//!
//! Before a fork the idle threads are ended and joined, so that the parent counts as single-threaded where it is,
//! and the locks are taken; both sides release them. The child has no worker and an empty board and starts afresh.
//! A loop that the forking thread itself is in (a body printed, and the host forked) ends in the child with
//! RuntimeError if other threads were working in it. README.md, "Fork", has the details.

use crate::board;
use crate::context::{self, ThreadState};
use crate::error::raise_static;
use crate::scope::Frame;
use crate::{recycle, region, sleep, team, threads, ticker};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::MutexGuard;
use ungil_abi::exception::ExcClass;

/// What `prepare` has taken, in the order in which it was taken.
struct Guards {
    team: MutexGuard<'static, team::Handles>,
    _crew: MutexGuard<'static, region::Crew>,
    _ticker: MutexGuard<'static, ticker::Handle>,
    _shelf: MutexGuard<'static, recycle::Shelf>,
    /// Last, because threads that end take this lock.
    _free: MutexGuard<'static, context::FreeList>,
}

/// Place for the guards during a fork.
struct Place(UnsafeCell<Option<Guards>>);
// SAFETY: the C library runs the handlers of one fork at a time, on the forking thread.
unsafe impl Sync for Place {}

static PLACE: Place = Place(UnsafeCell::new(None));

/// Registers the handlers, before anything that a fork must not find half done.
///
/// A lock or a cell of the standard library would do for "once", but a fork could find it taken for ever. Two threads
/// that are the first at the same moment register twice, which the handlers allow for.
#[inline]
pub fn register() {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    if !REGISTERED.load(Ordering::Acquire) {
        // SAFETY: the handlers are functions of the right type that live as long as this library, which is never
        // unloaded. Failure (no memory) leaves forks unhandled, which matters only to a child that runs loops.
        unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
        REGISTERED.store(true, Ordering::Release);
    }
}

unsafe extern "C" fn prepare() {
    // SAFETY: see `Place`.
    if unsafe { (*PLACE.0.get()).is_some() } {
        return;
    }
    // A cell that another thread is filling would stay locked in the child.
    threads::origin();
    sleep::now();
    recycle::limit();
    let guards = Guards {
        team: team::stop_idle(),
        _crew: region::stop_idle(),
        _ticker: ticker::stop(),
        _shelf: recycle::lock(),
        _free: context::lock_free_list(),
    };
    // SAFETY: see `Place`.
    unsafe { *PLACE.0.get() = Some(guards) };
}

fn release() -> Option<Guards> {
    // SAFETY: see `Place`.
    unsafe { (*PLACE.0.get()).take() }
}

unsafe extern "C" fn parent() {
    if release().is_some() {
        ticker::resume();
    }
}

unsafe extern "C" fn child() {
    let Some(mut guards) = release() else { return };
    team::forget_all(&mut guards.team);
    drop(guards);
    context::stay_first();
    // SAFETY: states are never freed; this is the only thread.
    if let Some(state) = unsafe { context::existing_state().as_ref() } {
        end_lost_scopes(state);
    } else {
        board::reset_after_fork(&[]);
    }
    ticker::resume();
}

/// Ends the loops and regions that this thread is in and whose other threads do not exist here.
fn end_lost_scopes(state: &ThreadState) {
    let frames = context::all_frames(state);
    // SAFETY: frames lie on this thread's stack below the call of fork.
    let frames: Vec<&Frame> = frames.into_iter().map(|f| unsafe { &*f }).collect();
    let loops: Vec<&Frame> = frames.iter().copied().filter(|f| f.region.is_null()).collect();
    let stays: Vec<_> = loops.iter().map(|f| (f.slot, f.owner, f.outermost)).collect();
    let lost = board::reset_after_fork(&stays);
    for frame in frames {
        let is_lost = match loops.iter().position(|f| core::ptr::eq(*f, frame)) {
            Some(index) => lost[index],
            // SAFETY: the region lies on this thread's stack or, in a member, in memory copied from its caller's.
            None => unsafe { (*frame.region).forget_members() },
        };
        if is_lost || !frame.owner {
            // SAFETY: the scope outlives the frame, and the context is this thread's own.
            unsafe {
                let scope = &*frame.scope;
                scope.unlock_after_fork();
                raise_static(state.ctx.get(), ExcClass::RUNTIME_ERROR, FORKED);
                scope.failed(state.ctx.get(), -1, -1);
            }
        }
        if !frame.owner {
            state.orphan.set(true);
        }
    }
}

const FORKED: &str =
    "the process was forked inside a parallel loop; its other threads do not exist in the child";

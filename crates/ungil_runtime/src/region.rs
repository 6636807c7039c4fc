//! Parallel regions: `n` threads that are all alive at once.
//!
//! Unlike loops, regions cannot be finished by their caller alone, so they get threads of their own: a crew that
//! grows on demand and is kept for the next region. The caller is number 0. All threads are started before the
//! first body runs; if the system refuses one, the region fails with RuntimeError and nothing has run.
//! When a body fails those with higher numbers are cancelled, and of several errors that of the lowest number is raised.
//! Lower ones run on, but are cancelled where they wait for the others ([`waiting`]); so do all where a body is left by
//! `break`, `continue` or `return`.

use crate::barrier::Barrier;
use crate::context::{CHECK, current_state, state_of};
use crate::error::raise_static;
use crate::futex;
use crate::place::{self, Spot};
use crate::poll::poll_if_raised;
use crate::scope::{Frame, Scope, Seat};
use crate::sleep::Spin;
use crate::spawn::Thread;
use crate::team::STACK;
use crate::threads::LOOP_LIMIT;
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use ungil_abi::context::{Ctx, ErrorKind};
use ungil_abi::exception::ExcClass;
use ungil_abi::parallel::RegionBody;

/// The waiting caller looks at its poll word at least this often.
const NAP: Duration = Duration::from_millis(10);

/// A running region; lives on its caller's stack until every member is done.
pub struct Region {
    pub barrier: Barrier,
    scope: Scope,
    body: RegionBody,
    env: *mut c_void,
    n: u32,
    host: *mut c_void,
    num_threads: i64,
    depth: u32,
    /// The caller's processor at the beginning, where members have others.
    processor: i32,
    /// Members besides the caller that are not done.
    remaining: AtomicU32,
    /// Set in a forked child: the members do not exist.
    lost: AtomicBool,
}

impl Region {
    /// In a forked child: nobody is left to wait for. True if there had been anybody.
    pub(crate) fn forget_members(&self) -> bool {
        self.lost.store(true, Ordering::Relaxed);
        self.remaining.swap(0, Ordering::Relaxed) != 0
    }
}

/// States of a crew member, also the word it sleeps on.
const IDLE: u32 = 0;
const ASSIGNED: u32 = 1;
const STOPPED: u32 = 2;

/// A thread of the crew. Members are leaked boxes; they end only before a fork.
struct Member {
    state: AtomicU32,
    id: AtomicU32,
    region: AtomicPtr<Region>,
    /// Where it runs: a caller that waits on its member's processor would keep it from running.
    spot: Spot,
}

/// An idle member with the handle of its thread.
pub(crate) type Idle = (MemberRef, Thread);

#[derive(Clone, Copy)]
pub(crate) struct MemberRef(&'static Member);

/// Members without work, and how many threads the crew has had, for their names.
pub(crate) struct Crew {
    idle: Vec<Idle>,
    started: u64,
}

static CREW: Mutex<Crew> = Mutex::new(Crew { idle: Vec::new(), started: 0 });

fn crew() -> MutexGuard<'static, Crew> {
    CREW.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crew {
    /// Takes `count` members; fewer only when the system refuses threads.
    fn take(&mut self, count: usize) -> Vec<Idle> {
        let kept = self.idle.len() - self.idle.len().min(count);
        let mut members = self.idle.split_off(kept);
        while members.len() < count {
            let member: &'static Member = Box::leak(Box::new(Member {
                state: AtomicU32::new(IDLE),
                id: AtomicU32::new(0),
                region: AtomicPtr::new(ptr::null_mut()),
                spot: Spot::new(),
            }));
            self.started += 1;
            match crate::spawn::spawn(&format!("ungil-r{}", self.started), STACK, move || serve(member)) {
                Ok(thread) => members.push((MemberRef(member), thread)),
                Err(_) => break,
            }
        }
        members
    }
}

/// Main function of a crew member.
fn serve(member: &'static Member) {
    // SAFETY: the state of this thread.
    let state = unsafe { &*current_state() };
    let _settled = member.spot.settle();
    let mut threads = 1;
    loop {
        let mut spin = Spin::among(threads);
        loop {
            match member.state.load(Ordering::Acquire) {
                IDLE if spin.again() => {}
                IDLE => futex::wait(&member.state, IDLE, None),
                ASSIGNED => break,
                _ => return,
            }
        }
        // SAFETY: the region stays until `remaining` has counted this member out.
        let region = unsafe { &*member.region.load(Ordering::Relaxed) };
        if region.processor >= 0 && region.processor == place::processor() {
            member.spot.leave(region.processor);
        }
        // SAFETY: the context is this thread's own, and the number was given to it alone.
        unsafe { take_part(region, state.ctx.get(), member.id.load(Ordering::Relaxed)) };
        if state.orphan.get() {
            return;
        }
        member.state.store(IDLE, Ordering::Relaxed);
        threads = region.n;
        let remaining = &raw const region.remaining;
        if region.remaining.fetch_sub(1, Ordering::AcqRel) == 1 {
            futex::wake(remaining, 1);
        }
    }
}

/// Runs the body as thread `id`.
///
/// # Safety
/// `ctx` is this thread's context; no other thread has this number.
unsafe fn take_part(region: &Region, ctx: *mut Ctx, id: u32) {
    // SAFETY: by contract.
    let state = unsafe { state_of(ctx) };
    let frame = Frame {
        scope: &raw const region.scope,
        at: Cell::new(i64::from(id)),
        owner: id == 0,
        parent: state.frame.get(),
        root: ptr::null(),
        slot: usize::MAX,
        outermost: false,
        region,
    };
    state.frame.set(&raw const frame);
    let outer = state.region.replace(region);
    let num_threads = state.num_threads.replace(region.num_threads);
    region.scope.sit(id as usize, &state.word);
    // SAFETY: the context is this thread's own; the body is generated for this environment.
    unsafe {
        let before = ((*ctx).thread_id, (*ctx).depth, (*ctx).host);
        ((*ctx).thread_id, (*ctx).depth, (*ctx).host) = (id, region.depth + 1, region.host);
        let number = i64::from(id);
        if !region.scope.cancels(number) && (region.body)(ctx, region.env, id, region.n) != 0 {
            // A thread that was cancelled while it waited for a higher one has no error of its own.
            let order = if frame.at.get() == i64::MAX { i64::MAX } else { number };
            // One that leaves of its own accord stops only those that wait for it.
            let class = (*ctx).error.class;
            let leaves = [ExcClass::BREAK, ExcClass::RETURN].iter().any(|way| u32::from(way.0) == class);
            let at = if leaves && (*ctx).error.kind == ErrorKind::RAISED { i64::MAX - 1 } else { number };
            region.scope.failed(ctx, order, at);
        }
        region.barrier.leave();
        if id == 0 {
            // Nothing of the caller's runs any more that a failure could cancel.
            frame.at.set(-1);
            wait(region, ctx);
        }
        ((*ctx).thread_id, (*ctx).depth, (*ctx).host) = before;
    }
    region.scope.stand(id as usize);
    state.num_threads.set(num_threads);
    state.region.set(outer);
    state.frame.set(frame.parent);
}

/// Says that this thread begins or ends to wait for the others of the innermost region: where one has failed, or fails while it
/// waits, the next safepoint ends it.
pub fn waiting(begins: bool) {
    // SAFETY: the state of this thread; its frames lie on its stack, and regions outlive theirs.
    unsafe {
        let state = &*current_state();
        let (Some(frame), Some(region)) = (state.frame.get().as_ref(), state.region.get().as_ref()) else {
            return;
        };
        if !ptr::eq(frame.region, region) {
            return;
        }
        if !begins {
            return frame.at.set(i64::from((*state.ctx.get()).thread_id));
        }
        frame.at.set(i64::MAX);
        // An earlier safepoint may have passed over a failure that did not concern a thread at work.
        if region.scope.cancels(i64::MAX) {
            state.word.fetch_or(CHECK, Ordering::Release);
        }
    }
}

/// The caller waits for the members.
///
/// # Safety
/// `ctx` is the caller's context.
unsafe fn wait(region: &Region, ctx: *mut Ctx) {
    // SAFETY: by contract.
    let state = unsafe { state_of(ctx) };
    let mut spin = Spin::among(region.n);
    loop {
        let left = region.remaining.load(Ordering::Acquire);
        if left == 0 {
            return;
        }
        // SAFETY: by contract. An interrupt cancels the scope, which ends the wait.
        unsafe { poll_if_raised(ctx, state) };
        if !spin.again() {
            futex::wait(&region.remaining, left, Some(NAP));
        }
    }
}

/// Runs `body` on `n` threads at once. Non-zero, with the slot filled, when one of them failed.
///
/// # Safety
/// `ctx` is this thread's context; the body is generated for `env`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_parallel_region(
    ctx: *mut Ctx,
    n: u32,
    body: RegionBody,
    env: *mut c_void,
) -> i32 {
    crate::fork::register();
    // SAFETY: by contract.
    let state = unsafe { state_of(ctx) };
    let n = if n == 0 { crate::threads::num_threads(state) as u32 } else { n };
    if i64::from(n) > LOOP_LIMIT {
        // SAFETY: by contract.
        unsafe { raise_static(ctx, ExcClass::VALUE_ERROR, "a parallel region can have at most 512 threads") };
        return 1;
    }
    let mut members = crew().take(n as usize - 1);
    if members.len() + 1 < n as usize {
        crew().idle.append(&mut members);
        // SAFETY: by contract.
        unsafe { raise_static(ctx, ExcClass::RUNTIME_ERROR, "can't start the threads of a parallel region") };
        return 1;
    }
    let seats: Vec<Seat> = (0..n).map(|_| Seat::new(0)).collect();
    let fits = i64::from(n) <= crate::threads::origin().cores();
    // SAFETY: the seats outlive the scope; the context is this thread's own.
    let region = unsafe {
        Region {
            barrier: Barrier::new(n),
            scope: Scope::new(seats.as_ptr(), seats.len()),
            body,
            env,
            n,
            host: (*ctx).host,
            num_threads: state.num_threads.get(),
            depth: (*ctx).depth,
            processor: if fits { place::processor() } else { place::NOWHERE },
            remaining: AtomicU32::new(n - 1),
            lost: AtomicBool::new(false),
        }
    };
    for (i, (MemberRef(member), _)) in members.iter().enumerate() {
        if fits {
            member.spot.steer()
        } else {
            member.spot.roam()
        }
        member.id.store(i as u32 + 1, Ordering::Relaxed);
        member.region.store((&raw const region).cast_mut(), Ordering::Relaxed);
        member.state.store(ASSIGNED, Ordering::Release);
        futex::wake(&member.state, 1);
    }
    // SAFETY: number 0 is the caller's; it returns when all members are done.
    unsafe { take_part(&region, ctx, 0) };
    if region.lost.load(Ordering::Relaxed) {
        core::mem::forget(members);
    } else {
        crew().idle.append(&mut members);
    }
    // SAFETY: all members are done.
    unsafe { region.scope.finish(ctx) }
}

/// Ends all idle members and waits for them. The guard keeps others from taking or starting members.
pub(crate) fn stop_idle() -> MutexGuard<'static, Crew> {
    let mut crew = crew();
    for (MemberRef(member), _) in &crew.idle {
        member.state.store(STOPPED, Ordering::Release);
        futex::wake(&member.state, 1);
    }
    for (_, thread) in crew.idle.drain(..) {
        thread.join();
    }
    crew
}

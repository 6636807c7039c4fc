//! Taking part in a loop: what its caller and every thread that joins do.
//!
//! A [`Job`] lives on its caller's stack. The caller works like everybody else, so it can finish alone; when
//! nothing is left to take it closes the slot and waits for those that are still inside. While it waits it helps
//! with loops nested deeper in the same tree. Waits then only ever go to deeper loops, so they cannot form a cycle.

use crate::block::{Blocks, Runner};
use crate::board::{self, Seeker};
use crate::context::ThreadState;
use crate::poll::poll_if_raised;
use crate::root::Root;
use crate::schedule::{Policy, Taker, Trial, drop_rest, steal};
use crate::scope::{Frame, Scope};
use crate::sleep::Spin;
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;
use core::time::Duration;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{Block, LoopDesc};

/// A waiting caller looks at its poll word at least this often.
const NAP: Duration = Duration::from_millis(10);

/// What a unit of work is.
pub enum Work {
    /// So many iterations of a loop without reductions.
    Plain { desc: *const LoopDesc, unit: i64 },
    /// A block of a loop with reductions.
    Blocks(*const Blocks<'static>),
}

/// A parallel loop while it runs.
pub struct Job {
    pub scope: Scope,
    pub work: Work,
    pub policy: Policy,
    pub root: *const Root,
    /// Number of loops around this one in the same tree.
    pub depth: u32,
    /// The caller's own, for the threads that join.
    pub host: *mut c_void,
    pub num_threads: i64,
    /// The processor that the caller ran on; none in nested loops.
    pub processor: i32,
}

/// A thread's work in a job.
struct Participant<'a> {
    job: &'a Job,
    ctx: *mut Ctx,
    state: &'a ThreadState,
    frame: &'a Frame,
}

/// What a thread needs to run units.
trait Units {
    /// First iteration of unit `u`.
    fn position(&self, u: u32) -> i64;

    /// Runs units of which nobody else runs one.
    ///
    /// # Safety
    /// The participant is in the job that these units belong to.
    unsafe fn run(&mut self, by: &Participant<'_>, from: u32, to: u32);
}

struct Iterations<'a> {
    desc: &'a LoopDesc,
    unit: i64,
}

impl Units for Iterations<'_> {
    #[inline]
    fn position(&self, u: u32) -> i64 {
        i64::from(u) * self.unit
    }

    #[inline]
    unsafe fn run(&mut self, by: &Participant<'_>, from: u32, to: u32) {
        let (at, desc) = (self.position(from), self.desc);
        by.frame.at.set(at);
        let hi = i64::from(to).saturating_mul(self.unit).min(desc.n);
        let last = if hi == desc.n { desc.last } else { ptr::null_mut() };
        let mut block = Block { partials: ptr::null_mut(), arrays: ptr::null(), last };
        // SAFETY: the body is generated for this descriptor.
        unsafe {
            if (desc.body)(by.ctx, desc.env, at, hi, &raw mut block) != 0 {
                by.job.scope.failed(by.ctx, at, at);
            }
        }
    }
}

struct Reducing<'a> {
    blocks: &'a Blocks<'a>,
    runner: Runner<'a>,
}

impl Units for Reducing<'_> {
    #[inline]
    fn position(&self, u: u32) -> i64 {
        self.blocks.bounds(u).0
    }

    #[inline]
    unsafe fn run(&mut self, by: &Participant<'_>, from: u32, to: u32) {
        for b in from..to {
            let at = self.position(b);
            by.frame.at.set(at);
            if by.job.scope.cancels(at) {
                return;
            }
            // SAFETY: by contract.
            unsafe {
                if self.runner.run(by.ctx, b) != 0 {
                    by.job.scope.failed(by.ctx, at, at);
                    return;
                }
                poll_if_raised(by.ctx, by.state);
            }
        }
    }
}

impl Participant<'_> {
    /// Works until nothing is left to take.
    ///
    /// # Safety
    /// The seat is this thread's own and the job is alive.
    unsafe fn work(&self, seat: usize, trial: Option<Trial>) {
        match self.job.work {
            // SAFETY: the job's parts outlive the job.
            Work::Plain { desc, unit } => unsafe {
                self.take_all(seat, &mut Iterations { desc: &*desc, unit }, trial)
            },
            Work::Blocks(blocks) => {
                // SAFETY: as above.
                let blocks = unsafe { &*blocks };
                let Some(runner) = Runner::new(blocks, self.frame.owner) else {
                    // SAFETY: as for this function.
                    unsafe { self.out_of_memory() };
                    return;
                };
                let mut units = Reducing { blocks, runner };
                // SAFETY: as for this function.
                unsafe { self.take_all(seat, &mut units, trial) };
                units.runner.hand_over(&self.job.scope.seats()[seat]);
            }
        }
    }

    /// Takes and runs pieces until nothing is left.
    ///
    /// # Safety
    /// As for [`Participant::work`].
    #[inline]
    unsafe fn take_all(&self, seat: usize, units: &mut impl Units, mut trial: Option<Trial>) {
        let seats = self.job.scope.seats();
        let mut taker = Taker::new(self.job.policy);
        if let Some(trial) = &trial {
            taker.limit(trial.first(seats.len()));
        }
        loop {
            let Some((from, to)) = taker.take(&seats[seat].range) else {
                if steal(seats, seat) {
                    continue;
                }
                return;
            };
            if self.job.scope.cancels(units.position(from)) {
                // Ranges ascend, so what is left of this one lies above as well.
                drop_rest(&seats[seat].range);
                continue;
            }
            // SAFETY: these units were taken by this thread.
            unsafe {
                units.run(self, from, to);
                // A cancelled scope shows at the next piece, an interrupt cancels the scope.
                poll_if_raised(self.ctx, self.state);
            }
            if let Some(running) = &mut trial {
                taker.relax();
                if running.ran(to - from) {
                    trial = None;
                    taker.limit(u32::MAX);
                    crate::team::wake(seats.len() as u64 - 1);
                }
            }
        }
    }

    /// A thread without memory for its partials does nothing, unless it is the caller: then the loop fails.
    ///
    /// # Safety
    /// As for [`Participant::work`].
    #[cold]
    unsafe fn out_of_memory(&self) {
        if self.frame.owner {
            // SAFETY: the context is this thread's own.
            unsafe {
                crate::error::raise_static(self.ctx, ungil_abi::exception::ExcClass::MEMORY, OUT_OF_MEMORY);
                self.job.scope.failed(self.ctx, -1, -1);
            }
        }
    }
}

pub const OUT_OF_MEMORY: &str = "no memory for the partial results of a parallel loop";

/// Runs the caller's part of a job that is on the board, then waits for the others and takes it off.
///
/// # Safety
/// The job was published in `slot` by this thread and `ctx` is its context. With a trial nobody was woken yet.
pub unsafe fn lead(job: &Job, ctx: *mut Ctx, state: &ThreadState, slot: usize, trial: Option<Trial>) {
    let outermost = job.depth == 0;
    let frame = Frame {
        scope: &raw const job.scope,
        at: Cell::new(-1),
        owner: true,
        parent: state.frame.get(),
        root: job.root,
        slot,
        outermost: job.depth == 0,
        region: ptr::null(),
    };
    state.frame.set(&raw const frame);
    let region = state.region.replace(ptr::null());
    // SAFETY: the context is this thread's own.
    let (thread_id, depth) = unsafe { ((*ctx).thread_id, (*ctx).depth) };
    job.scope.seats()[0].taken.store(true, Ordering::Relaxed);
    job.scope.sit(0, &state.word);
    // SAFETY: seat 0 is the caller's; the context is this thread's own.
    unsafe {
        (*ctx).thread_id = if outermost { 0 } else { thread_id };
        (*ctx).depth = job.depth + 1;
        Participant { job, ctx, state, frame: &frame }.work(0, trial);
    }
    board::close(slot, outermost);
    frame.at.set(-1);
    if board::slot(slot).active() != 0 {
        // SAFETY: as for this function.
        unsafe { wait(job, ctx, state, slot) };
    }
    board::slot(slot).release();
    crate::team::offer_rest(outermost);
    job.scope.stand(0);
    state.region.set(region);
    state.frame.set(frame.parent);
    // SAFETY: the context is this thread's own.
    unsafe {
        (*ctx).thread_id = thread_id;
        (*ctx).depth = depth;
    }
}

/// Waits until no other thread is in the job.
///
/// # Safety
/// As for [`lead`].
#[cold]
unsafe fn wait(job: &Job, ctx: *mut Ctx, state: &ThreadState, slot: usize) {
    let own = board::slot(slot);
    // SAFETY: the root outlives the jobs below it.
    let root = unsafe { &*job.root };
    let seeker = Seeker::Waiting { root: job.root, depth: job.depth };
    root.waiting.fetch_add(1, Ordering::Relaxed);
    let mut spin = Spin::for_caller();
    while own.active() != 0 {
        // SAFETY: the context is this thread's own. An interrupt cancels the scope, which ends the wait.
        unsafe { poll_if_raised(ctx, state) };
        if let Some(other) = board::find(seeker)
            // SAFETY: the context is this thread's own, and its number is valid below the same root.
            && unsafe { join(ctx, state, other, seeker, Some((*ctx).thread_id)) }
        {
            spin = Spin::for_caller();
        } else if !spin.again() {
            own.sleep(NAP);
        }
    }
    root.waiting.fetch_sub(1, Ordering::Relaxed);
}

/// Tries to join the job in a slot and works in it. True when the thread was in, even if nothing was left to do.
///
/// `number` is the thread's number if it already works below the same root.
///
/// # Safety
/// `ctx` is this thread's context and `state` its state.
pub unsafe fn join(
    ctx: *mut Ctx,
    state: &ThreadState,
    index: usize,
    seeker: Seeker,
    number: Option<u32>,
) -> bool {
    let slot = board::slot(index);
    let Some(job) = slot.join(seeker) else { return false };
    if slot.seats_left() > 0 {
        crate::team::wake_more(slot.seats_left());
    }
    // SAFETY: this thread is counted in, so the job and its root stay until `leave`.
    let job = unsafe { &*job };
    // SAFETY: as above.
    let root = unsafe { &*job.root };
    let wanted = match seeker {
        Seeker::Worker { number, .. } => number as u32,
        Seeker::Waiting { .. } => 0,
    };
    let claimed = if number.is_some() { None } else { root.claim(wanted) };
    if let Some(id) = number.or(claimed)
        && let Some(seat) = take_seat(job, id as usize)
    {
        if let Seeker::Worker { number, .. } = seeker {
            crate::team::part(number, job.processor);
        }
        // SAFETY: the seat is this thread's own.
        unsafe { work_as_guest(job, ctx, state, index, seat, id) };
    }
    if let Some(id) = claimed {
        root.release(id);
    }
    slot.leave();
    true
}

/// A free seat, `wanted` if possible: so a worker gets the same part of the data in each loop.
fn take_seat(job: &Job, wanted: usize) -> Option<usize> {
    let seats = job.scope.seats();
    let take = |seat: &usize| {
        let taken = &seats[*seat].taken;
        !taken.load(Ordering::Relaxed) && !taken.swap(true, Ordering::Relaxed)
    };
    Some(wanted).filter(|w| *w < seats.len()).filter(take).or_else(|| (1..seats.len()).find(take))
}

/// # Safety
/// This thread is counted in, and `seat` is its own.
unsafe fn work_as_guest(job: &Job, ctx: *mut Ctx, state: &ThreadState, slot: usize, seat: usize, id: u32) {
    let frame = Frame {
        scope: &raw const job.scope,
        at: Cell::new(-1),
        owner: false,
        parent: state.frame.get(),
        root: job.root,
        slot,
        outermost: job.depth == 0,
        region: ptr::null(),
    };
    // SAFETY: the context is this thread's own.
    let before = unsafe { ((*ctx).thread_id, (*ctx).depth, (*ctx).host) };
    let region = state.region.replace(ptr::null());
    let num_threads = state.num_threads.replace(job.num_threads);
    state.frame.set(&raw const frame);
    job.scope.sit(seat, &state.word);
    // SAFETY: the context is this thread's own, the seat too.
    unsafe {
        ((*ctx).thread_id, (*ctx).depth, (*ctx).host) = (id, job.depth + 1, job.host);
        Participant { job, ctx, state, frame: &frame }.work(seat, None);
        ((*ctx).thread_id, (*ctx).depth, (*ctx).host) = before;
    }
    job.scope.stand(seat);
    state.frame.set(frame.parent);
    state.num_threads.set(num_threads);
    state.region.set(region);
    if !frame.parent.is_null() {
        // The word may have been raised for a scope further out while this frame hid it.
        state.word.fetch_or(crate::context::CHECK, Ordering::Relaxed);
    }
}

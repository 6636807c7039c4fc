//! Entry of parallel loops: plans, chooses the number of threads, runs, combines.

use crate::block::{Blocks, Refusal, Runner};
use crate::board;
use crate::context::{ThreadState, state_of};
use crate::error::raise_static;
use crate::job::{self, Job, OUT_OF_MEMORY, Work};
use crate::poll::poll_if_raised;
use crate::root::Root;
use crate::schedule::{self, MOST_UNITS, Policy, Trial};
use crate::scope::{Scope, Seat};
use crate::team;
use crate::threads::{LOOP_LIMIT, num_threads};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::Ordering;
use ungil_abi::context::Ctx;
use ungil_abi::exception::ExcClass;
use ungil_abi::parallel::{Block, LoopDesc};

/// Teams up to this size keep their seats on the caller's stack.
const INLINE_SEATS: usize = 16;

/// Bytes of an array copy that one iteration of the combining loop handles; a multiple of 64.
const COMBINE_BYTES: usize = 16 << 10;

/// Runs a parallel loop. Non-zero, with the slot filled, when an iteration failed.
///
/// # Safety
/// `ctx` is this thread's context (from `current_ctx`), `desc` as the ABI says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_parallel_for(ctx: *mut Ctx, desc: *const LoopDesc) -> i32 {
    // SAFETY: by contract.
    let (state, desc) = unsafe { (state_of(ctx), &*desc) };
    if desc.n <= 0 {
        return 0;
    }
    // SAFETY: by contract.
    unsafe {
        if desc.nscalars == 0 && desc.narrays == 0 {
            run_plain(ctx, state, desc)
        } else {
            run_blocks(ctx, state, desc)
        }
    }
}

/// Threads that the loop may use, and the tree it belongs to.
fn team_of(state: &ThreadState, desc: &LoopDesc) -> (i64, *const Root) {
    let wanted = if desc.num_threads > 0 { desc.num_threads } else { num_threads(state) };
    // SAFETY: frames lie on this thread's stack, roots on the stacks of callers that wait for us.
    let root = unsafe { state.frame.get().as_ref() }.map_or(ptr::null(), |f| f.root);
    // SAFETY: as above.
    let threads = match unsafe { root.as_ref() } {
        Some(root) if root.is_full() => 1,
        Some(root) => wanted.min(i64::from(root.budget)),
        None => wanted,
    };
    (threads.clamp(1, LOOP_LIMIT), root)
}

/// # Safety
/// As for [`ungil_rt_parallel_for`].
unsafe fn run_plain(ctx: *mut Ctx, state: &ThreadState, desc: &LoopDesc) -> i32 {
    let (threads, root) = team_of(state, desc);
    let chunk = desc.chunk.clamp(0, desc.n);
    // With a stated chunk, chunks are the unit; a dynamic schedule keeps to them exactly.
    let unit = chunk.max(1).max((desc.n - 1) / MOST_UNITS + 1);
    let units = (desc.n - 1) / unit + 1;
    let seats = threads.min(units);
    let policy = Policy::new(desc.schedule, u32::from(chunk > 0), units as u32, seats as usize);
    if seats > 1 {
        let team = Team { threads, root, seats: seats as usize, units: units as u32, policy, cheap: false };
        let work = Work::Plain { desc, unit };
        // SAFETY: by contract.
        if let Some(status) = unsafe { team.run(ctx, state, work, |_, status| status) } {
            return status;
        }
    }
    let mut block = Block { partials: ptr::null_mut(), arrays: ptr::null(), last: desc.last };
    // SAFETY: the body is generated for this descriptor.
    unsafe { (desc.body)(ctx, desc.env, 0, desc.n, &raw mut block) }
}

/// # Safety
/// As for [`ungil_rt_parallel_for`].
unsafe fn run_blocks(ctx: *mut Ctx, state: &ThreadState, desc: &LoopDesc) -> i32 {
    // SAFETY: by contract.
    let blocks = match unsafe { Blocks::new(desc) } {
        Ok(blocks) => blocks,
        // SAFETY: by contract.
        Err(refusal) => return unsafe { refuse(ctx, &refusal) },
    };
    let (threads, root) = team_of(state, desc);
    let seats = threads.min(blocks.plan.blocks).min(blocks.most_threads());
    // SAFETY: by contract; every block has run when the status is 0.
    unsafe {
        let mut status = None;
        if seats > 1 {
            let units = blocks.plan.blocks as u32;
            // A stated chunk rounds up to blocks.
            let chunk =
                (i128::from(desc.chunk.clamp(0, desc.n)) * i128::from(units) - 1) / i128::from(desc.n) + 1;
            let chunk = if desc.chunk <= 0 { 0 } else { chunk as u32 };
            let policy = Policy::new(desc.schedule, chunk, units, seats as usize);
            let team =
                Team { threads, root, seats: seats as usize, units, policy, cheap: desc.min_block > 1 };
            let work = Work::Blocks((&raw const blocks).cast());
            status = team.run(ctx, state, work, |seats, status| {
                if status == 0 {
                    blocks.combine(seats);
                }
                blocks.reclaim(seats);
                status
            });
        }
        let status = match status {
            Some(status) => status,
            None => run_blocks_alone(ctx, state, &blocks),
        };
        if status == 0 && blocks.copied_bytes() > 0 {
            return combine_copies(ctx, &blocks);
        }
        status
    }
}

/// # Safety
/// As for [`ungil_rt_parallel_for`].
unsafe fn run_blocks_alone(ctx: *mut Ctx, state: &ThreadState, blocks: &Blocks<'_>) -> i32 {
    // SAFETY: by contract; this thread runs every block.
    unsafe {
        let Some(mut runner) = Runner::new(blocks, true) else { return refuse(ctx, &Refusal::OutOfMemory) };
        for b in 0..blocks.plan.blocks as u32 {
            if runner.run(ctx, b) != 0 || poll_if_raised(ctx, state) != 0 {
                return 1;
            }
        }
        blocks.combine(&[]);
    }
    0
}

/// # Safety
/// `ctx` is this thread's context.
#[cold]
unsafe fn refuse(ctx: *mut Ctx, refusal: &Refusal) -> i32 {
    let (class, text) = match refusal {
        Refusal::OutOfMemory => (ExcClass::MEMORY, OUT_OF_MEMORY),
        Refusal::Unsupported => (ExcClass::SYSTEM_ERROR, "a reduction is not defined for its dtype"),
    };
    // SAFETY: by contract.
    unsafe { raise_static(ctx, class, text) };
    1
}

/// Folds the copies of floating-point arrays, on all threads when they are large.
///
/// # Safety
/// Every block has run.
unsafe fn combine_copies(ctx: *mut Ctx, blocks: &Blocks<'_>) -> i32 {
    let n = blocks.copied_bytes().div_ceil(COMBINE_BYTES) as i64;
    let plain = LoopDesc::plain(combine_part, ptr::from_ref(blocks).cast_mut().cast::<c_void>(), n);
    let desc = LoopDesc { num_threads: blocks.desc.num_threads, ..plain };
    // SAFETY: the body below is for this environment.
    unsafe { ungil_rt_parallel_for(ctx, &raw const desc) }
}

unsafe extern "C" fn combine_part(_: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: `combine_copies` gave the environment and lives until the loop ends; ranges of iterations are disjoint.
    unsafe {
        let blocks = &*env.cast::<Blocks<'_>>();
        let end = (hi as usize * COMBINE_BYTES).min(blocks.copied_bytes());
        blocks.combine_copies(lo as usize * COMBINE_BYTES, end);
    }
    0
}

/// A loop that is worth a team.
struct Team {
    threads: i64,
    root: *const Root,
    seats: usize,
    units: u32,
    policy: Policy,
    /// Whether a unit is known to take microseconds only.
    cheap: bool,
}

impl Team {
    /// Runs the work and gives `after` the seats and the status. `None`: the board is full, nothing has happened.
    ///
    /// # Safety
    /// As for [`ungil_rt_parallel_for`].
    unsafe fn run(
        &self,
        ctx: *mut Ctx,
        state: &ThreadState,
        work: Work,
        after: impl FnOnce(&[Seat], i32) -> i32,
    ) -> Option<i32> {
        team::ensure(self.threads as usize - 1);
        let slot = board::acquire(state.slot_hint.get())?;
        state.slot_hint.set(slot);
        let seat = |i| Seat::new(schedule::initial(self.units, self.seats, i));
        let mut inline = [const { MaybeUninit::<Seat>::uninit() }; INLINE_SEATS];
        let mut heap = Vec::new();
        let seats: *const Seat = if self.seats <= INLINE_SEATS {
            (0..self.seats).for_each(|i| _ = inline[i].write(seat(i)));
            inline.as_ptr().cast::<Seat>()
        } else {
            heap.extend((0..self.seats).map(seat));
            heap.as_ptr()
        };
        let new_root;
        let (root, depth) = if self.root.is_null() {
            new_root = Root::new(self.threads as u32);
            (&raw const new_root, 0)
        } else {
            // SAFETY: the context is this thread's own.
            (self.root, unsafe { (*ctx).depth })
        };
        // SAFETY: the seats outlive the scope, which is gone when this function returns.
        unsafe {
            let job = Job {
                scope: Scope::new(seats, self.seats),
                work,
                policy: self.policy,
                root,
                depth,
                host: (*ctx).host,
                num_threads: state.num_threads.get(),
                processor: if depth == 0 { crate::place::processor() } else { crate::place::NOWHERE },
            };
            let notice = board::Notice {
                job: &raw const job,
                root,
                depth,
                budget: (*root).budget,
                seats: self.seats as u64 - 1,
                outermost: depth == 0,
            };
            board::publish(slot, &notice);
            let trial = if team::asleep() { Trial::new(self.units, self.seats, self.cheap) } else { None };
            if trial.is_none() {
                team::wake(notice.seats);
            }
            if depth > 0 && (*root).waiting.load(Ordering::Relaxed) != 0 {
                board::poke_waiting(&*root);
            }
            job::lead(&job, ctx, state, slot, trial);
            let status = job.scope.finish(ctx);
            Some(after(job.scope.seats(), status))
        }
    }
}

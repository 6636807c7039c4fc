//! Board of open loops: how idle threads find work.
//!
//! A fixed number of slots in static memory, and one word that says which of them are open and how many outermost
//! loops run. Since slots never go away, an idle thread can look at them at any time; it touches the loop behind a
//! slot only after it has counted itself in. README.md, "Board", has the states and the ordering argument.

use crate::futex;
use crate::job::Job;
use crate::root::Root;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;

/// Number of slots: loops beyond that many at once run on their caller alone.
pub const SLOTS: usize = 48;

/// Bits of [`BOARD`]: one per slot that is open, above them the number of outermost loops.
pub const OPEN: u64 = (1 << SLOTS) - 1;
const ROOT: u64 = 1 << SLOTS;

#[repr(align(128))]
struct Padded(AtomicU64);

static BOARD: Padded = Padded(AtomicU64::new(0));

/// Bits of [`Slot::state`]: participants that are in, seats that are left, flags, and a generation above.
const ACTIVE: u64 = 1;
const ACTIVE_MASK: u64 = 0xfff;
const SEAT: u64 = 1 << 12;
const SEAT_MASK: u64 = 0xfff << 12;
const IS_OPEN: u64 = 1 << 24;
const IS_WAITING: u64 = 1 << 25;
const POKE: u64 = 1 << 26;
const IS_USED: u64 = 1 << 27;
const GENERATION: u64 = 1 << 32;
const GENERATION_MASK: u64 = !0 << 32;

/// One place on the board.
#[repr(align(128))]
pub struct Slot {
    state: AtomicU64,
    job: AtomicPtr<Job>,
    root: AtomicPtr<Root>,
    depth: AtomicU32,
    budget: AtomicU32,
}

static BOARD_SLOTS: [Slot; SLOTS] = [const {
    Slot {
        state: AtomicU64::new(0),
        job: AtomicPtr::new(ptr::null_mut()),
        root: AtomicPtr::new(ptr::null_mut()),
        depth: AtomicU32::new(0),
        budget: AtomicU32::new(0),
    }
}; SLOTS];

pub fn slot(index: usize) -> &'static Slot {
    &BOARD_SLOTS[index]
}

/// The board's word. Sequentially consistent, so that it orders against the counter of sleepers.
#[inline]
pub fn load() -> u64 {
    BOARD.0.load(Ordering::SeqCst)
}

/// Number of outermost loops that run.
pub fn roots(board: u64) -> u64 {
    board >> SLOTS
}

/// Who looks for work, and what it may join.
#[derive(Clone, Copy)]
pub enum Seeker {
    /// Worker with this number (from 1), on a machine with so many cores.
    Worker { number: u64, cores: u64 },
    /// A caller that waits for its own loop at `depth` below `root`: it may join deeper ones only.
    Waiting { root: *const Root, depth: u32 },
}

/// Index of some open slot that the seeker may try to join.
#[inline]
pub fn find(seeker: Seeker) -> Option<usize> {
    let board = load();
    let mut open = board & OPEN;
    while open != 0 {
        let index = open.trailing_zeros() as usize;
        open &= open - 1;
        if slot(index).admits(seeker, roots(board)) {
            return Some(index);
        }
    }
    None
}

/// Takes a free slot, beginning the search at `hint`.
#[inline]
pub fn acquire(hint: usize) -> Option<usize> {
    (0..SLOTS).map(|i| (hint + i) % SLOTS).find(|index| {
        let state = &slot(*index).state;
        let seen = state.load(Ordering::Relaxed);
        let taken = (seen & GENERATION_MASK).wrapping_add(GENERATION) | IS_USED;
        seen & IS_USED == 0
            && state.compare_exchange(seen, taken, Ordering::Acquire, Ordering::Relaxed).is_ok()
    })
}

/// What a slot tells about its loop before anybody has joined.
pub struct Notice {
    pub job: *const Job,
    pub root: *const Root,
    pub depth: u32,
    pub budget: u32,
    /// Seats besides the caller's.
    pub seats: u64,
    pub outermost: bool,
}

/// Opens a slot that was acquired.
#[inline]
pub fn publish(index: usize, notice: &Notice) {
    let slot = slot(index);
    slot.job.store(notice.job.cast_mut(), Ordering::Relaxed);
    slot.root.store(notice.root.cast_mut(), Ordering::Relaxed);
    slot.depth.store(notice.depth, Ordering::Relaxed);
    slot.budget.store(notice.budget, Ordering::Relaxed);
    let generation = slot.state.load(Ordering::Relaxed) & GENERATION_MASK;
    let seats = notice.seats.min(SEAT_MASK / SEAT) * SEAT;
    slot.state.store(generation | IS_USED | IS_OPEN | seats, Ordering::Release);
    BOARD.0.fetch_add(change(index, notice.outermost), Ordering::SeqCst);
}

const fn change(index: usize, outermost: bool) -> u64 {
    (1 << index) + if outermost { ROOT } else { 0 }
}

/// Closes a slot: nobody joins any more, those inside may still be.
#[inline]
pub fn close(index: usize, outermost: bool) {
    BOARD.0.fetch_sub(change(index, outermost), Ordering::SeqCst);
    slot(index).state.fetch_and(!(IS_OPEN | SEAT_MASK), Ordering::AcqRel);
}

impl Slot {
    fn admits(&self, seeker: Seeker, roots: u64) -> bool {
        let state = self.state.load(Ordering::Acquire);
        if state & IS_OPEN == 0 || state & SEAT_MASK == 0 {
            return false;
        }
        match seeker {
            Seeker::Worker { number, cores } => {
                let budget = u64::from(self.budget.load(Ordering::Relaxed)).max(cores);
                number + roots.max(1) <= budget
            }
            Seeker::Waiting { root, depth } => {
                ptr::eq(self.root.load(Ordering::Relaxed), root) && self.depth.load(Ordering::Relaxed) > depth
            }
        }
    }

    /// Counts the calling thread in and returns the loop, which then stays until [`Slot::leave`].
    #[inline]
    pub fn join(&self, seeker: Seeker) -> Option<*const Job> {
        let mut seen = self.state.load(Ordering::Acquire);
        loop {
            if seen & IS_OPEN == 0 || seen & SEAT_MASK == 0 {
                return None;
            }
            // The generation in `seen` makes the exchange fail if the slot's content has changed since.
            if !self.admits(seeker, roots(load())) {
                return None;
            }
            match self.state.compare_exchange(seen, seen + ACTIVE - SEAT, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Some(self.job.load(Ordering::Relaxed)),
                Err(now) => seen = now,
            }
        }
    }

    /// Counts the calling thread out; the loop may be gone afterwards.
    #[inline]
    pub fn leave(&self) {
        let before = self.state.fetch_sub(ACTIVE, Ordering::AcqRel);
        if before & ACTIVE_MASK == ACTIVE && before & IS_WAITING != 0 {
            futex::wake(self.word(), 1);
        }
    }

    /// Participants that are still in.
    #[inline]
    pub fn active(&self) -> u64 {
        self.state.load(Ordering::Acquire) & ACTIVE_MASK
    }

    /// Seats that nobody has taken.
    pub fn seats_left(&self) -> u64 {
        (self.state.load(Ordering::Relaxed) & SEAT_MASK) / SEAT
    }

    /// Sleeps until nobody is in, something is poked, or `timeout` has passed.
    pub fn sleep(&self, timeout: Duration) {
        let seen = self.state.fetch_or(IS_WAITING, Ordering::AcqRel) | IS_WAITING;
        if seen & ACTIVE_MASK != 0 {
            futex::wait(self.word(), seen as u32, Some(timeout));
        }
        self.state.fetch_and(!IS_WAITING, Ordering::AcqRel);
    }

    /// Wakes the caller of this slot if it sleeps and waits below `root`.
    fn poke(&self, root: *const Root) {
        let seen = self.state.load(Ordering::Relaxed);
        if seen & IS_WAITING != 0 && ptr::eq(self.root.load(Ordering::Relaxed), root) {
            self.state.fetch_xor(POKE, Ordering::AcqRel);
            futex::wake(self.word(), 1);
        }
    }

    /// Gives the slot back.
    #[inline]
    pub fn release(&self) {
        let state = self.state.load(Ordering::Relaxed);
        self.state.store(state & GENERATION_MASK, Ordering::Release);
    }

    /// The half of the state that changes with the participants.
    fn word(&self) -> *const AtomicU32 {
        const _: () = assert!(cfg!(target_endian = "little"), "the flags lie in the low half");
        self.state.as_ptr().cast::<AtomicU32>()
    }
}

/// Wakes callers that wait below `root`, so that they help with a nested loop.
#[cold]
pub fn poke_waiting(root: &Root) {
    BOARD_SLOTS.iter().for_each(|slot| slot.poke(root));
}

/// In a forked child: empties the board but for the loops that the only thread is in. `stays` lists their slots
/// from the innermost out, with whether the thread is the loop's caller and whether the loop is an outermost one.
/// Returns for each whether threads were lost in it.
pub(crate) fn reset_after_fork(stays: &[(usize, bool, bool)]) -> Vec<bool> {
    let mut board = 0;
    for (index, slot) in BOARD_SLOTS.iter().enumerate() {
        if !stays.iter().any(|(i, ..)| *i == index) {
            slot.release();
        }
    }
    let lost = |(index, owner, outermost): &(usize, bool, bool)| {
        let state = &slot(*index).state;
        let seen = state.load(Ordering::Relaxed);
        let own = if *owner { 0 } else { ACTIVE };
        let others = seen & ACTIVE_MASK != own;
        state.store(seen & GENERATION_MASK | IS_USED | own, Ordering::Relaxed);
        if *owner {
            board += change(*index, *outermost);
        }
        others
    };
    let lost = stays.iter().map(lost).collect();
    BOARD.0.store(board, Ordering::SeqCst);
    lost
}

//! Sharing of units of work between the seats of a team.
//!
//! Work is numbered `0 .. units`. Each seat begins with a contiguous range; its thread takes pieces from the front
//! and, when nothing is left, steals the back half of another seat's range. A range is one atomic word on its own
//! cache lines, so taking a piece is an uncontended compare-and-swap. The schedules differ in the size of pieces
//! only; every unit is handed out exactly once whatever the threads do. A unit is one iteration, a chunk, or a
//! block of a reduction.

use crate::scope::Seat;
use core::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use ungil_abi::parallel::{Schedule, block_start};

/// Most units of a loop: ranges are pairs of 32-bit numbers.
pub const MOST_UNITS: i64 = 1 << 31;

/// Pieces that adapt grow until they take this long and shrink beyond four times as long.
const PIECE_NS: u128 = 10_000;

pub const fn pack(lo: u32, hi: u32) -> u64 {
    lo as u64 | (hi as u64) << 32
}

const fn unpack(range: u64) -> (u32, u32) {
    (range as u32, (range >> 32) as u32)
}

/// First range of seat `i` of `seats`.
pub fn initial(units: u32, seats: usize, i: usize) -> u64 {
    let at = |i| block_start(i64::from(units), seats as i64, i as i64) as u32;
    pack(at(i), at(i + 1))
}

/// How large the pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Half of what is left in the range, not less than `least`: few calls, and the rest can be stolen.
    Halving { least: u32 },
    /// A quarter of what is left, not less than `least`.
    Guided { least: u32 },
    /// Always so many.
    Fixed(u32),
    /// As many as take about 10 µs, at most half of what is left.
    Adaptive,
}

impl Policy {
    /// The policy of a schedule; `chunk` is in units, 0 when the program states none.
    pub fn new(schedule: u32, chunk: u32, units: u32, seats: usize) -> Policy {
        match (schedule, chunk) {
            (Schedule::DYNAMIC, 0) | (Schedule::AUTO, 0) => Policy::Adaptive,
            (Schedule::DYNAMIC, chunk) => Policy::Fixed(chunk),
            (Schedule::GUIDED, chunk) => Policy::Guided { least: chunk.max(1) },
            (_, chunk) => {
                let share = units / seats as u32;
                Policy::Halving { least: (share / 32).max(chunk).max(1) }
            }
        }
    }
}

/// One thread's way of cutting pieces.
pub struct Taker {
    policy: Policy,
    batch: u32,
    began: Option<Instant>,
    /// Largest piece, while a [`Trial`] lasts.
    most: u32,
}

/// A loop whose workers sleep is worth waking them from about this much remaining work on: a wake-up costs its
/// caller several microseconds, and the woken thread comes tens of microseconds later.
const WORTH_WAKING_NS: u64 = 25_000;

/// First part of a loop whose caller works alone to see whether it is worth waking anybody.
///
/// Pieces begin small and grow fourfold, so that neither a short loop pays for a wake-up nor a long one loses more than
/// a few percent, also when its iterations differ.
pub struct Trial {
    began: Instant,
    done: u32,
    units: u32,
}

impl Trial {
    /// A trial for a loop of so many units, or `None` where one unit could be too much to do alone first.
    /// `cheap` says that a unit is known to take microseconds only.
    pub fn new(units: u32, seats: usize, cheap: bool) -> Option<Trial> {
        let fine = cheap || units as usize >= 32 * seats;
        fine.then(|| Trial { began: Instant::now(), done: 0, units })
    }

    /// Largest first piece.
    pub fn first(&self, seats: usize) -> u32 {
        (self.units / seats as u32 / 64).max(1)
    }

    /// Takes note of a piece that has run. True when it is time to wake the others.
    pub fn ran(&mut self, piece: u32) -> bool {
        self.done = self.done.saturating_add(piece).min(self.units);
        let left = u64::from(self.units - self.done);
        let elapsed = self.began.elapsed().as_nanos() as u64;
        let expected = elapsed.saturating_mul(left) / u64::from(self.done.max(1));
        left > 0 && expected.max(elapsed) > WORTH_WAKING_NS
    }
}

impl Taker {
    pub fn new(policy: Policy) -> Taker {
        Taker { policy, batch: 1, began: None, most: u32::MAX }
    }

    fn size(&self, left: u32) -> u32 {
        let size = match self.policy {
            Policy::Halving { least } => left.div_ceil(2).max(least),
            Policy::Guided { least } => left.div_ceil(4).max(least),
            Policy::Fixed(size) => size,
            Policy::Adaptive => self.batch.min(left.div_ceil(2)),
        };
        size.min(left).min(self.most)
    }

    /// Limits the size of pieces; `u32::MAX` lifts the limit.
    pub fn limit(&mut self, most: u32) {
        self.most = most.max(1);
    }

    /// Raises the limit for the next piece of a trial.
    pub fn relax(&mut self) {
        self.most = self.most.saturating_mul(4);
    }

    /// Takes a piece from the front of the thread's own range.
    #[inline]
    pub fn take(&mut self, range: &AtomicU64) -> Option<(u32, u32)> {
        let mut seen = range.load(Ordering::Relaxed);
        loop {
            let (lo, hi) = unpack(seen);
            if lo >= hi {
                return None;
            }
            let cut = lo + self.size(hi - lo);
            match range.compare_exchange_weak(seen, pack(cut, hi), Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    self.adapt();
                    return Some((lo, cut));
                }
                Err(now) => seen = now,
            }
        }
    }

    /// Adjusts the batch to the time since the last piece was taken.
    #[inline]
    fn adapt(&mut self) {
        if self.policy != Policy::Adaptive {
            return;
        }
        let now = Instant::now();
        if let Some(began) = self.began.replace(now) {
            let took = (now - began).as_nanos();
            if took < PIECE_NS {
                self.batch = self.batch.saturating_mul(2);
            } else if took > 4 * PIECE_NS {
                self.batch = (self.batch / 2).max(1);
            }
        }
    }
}

/// Moves the back half of some other seat's range, or all of it where nobody sits, to seat `own`, whose range is
/// empty. False: nothing is left.
pub fn steal(seats: &[Seat], own: usize) -> bool {
    let n = seats.len();
    for i in 1..n {
        let other = &seats[(own + i) % n];
        let victim = &other.range;
        let mut seen = victim.load(Ordering::Relaxed);
        loop {
            let (lo, hi) = unpack(seen);
            if lo >= hi {
                break;
            }
            // Who sits down here later steals back.
            let part = if other.taken.load(Ordering::Relaxed) { (hi - lo).div_ceil(2) } else { hi - lo };
            let cut = hi - part;
            match victim.compare_exchange_weak(seen, pack(lo, cut), Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    // Only the owner writes an empty range, and no unit comes twice, so no thief can mistake it.
                    seats[own].range.store(pack(cut, hi), Ordering::Relaxed);
                    return true;
                }
                Err(now) => seen = now,
            }
        }
    }
    false
}

/// Throws away what is left in a range.
pub fn drop_rest(range: &AtomicU64) {
    range.store(0, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU8;

    fn seats(units: u32, n: usize) -> Vec<Seat> {
        (0..n).map(|i| Seat::new(initial(units, n, i))).collect()
    }

    const POLICIES: [Policy; 5] = [
        Policy::Halving { least: 1 },
        Policy::Halving { least: 7 },
        Policy::Guided { least: 2 },
        Policy::Fixed(3),
        Policy::Adaptive,
    ];

    #[test]
    fn one_thread_takes_everything_once() {
        for policy in POLICIES {
            for (units, n) in [(1, 1), (2, 4), (100, 3), (1000, 8)] {
                let seats = seats(units, n);
                let mut seen = vec![0; units as usize];
                let mut taker = Taker::new(policy);
                loop {
                    while let Some((a, b)) = taker.take(&seats[0].range) {
                        (a..b).for_each(|u| seen[u as usize] += 1);
                    }
                    if !steal(&seats, 0) {
                        break;
                    }
                }
                assert!(seen.iter().all(|c| *c == 1), "{policy:?} {units} {n}");
            }
        }
    }

    #[test]
    fn many_threads_take_everything_once() {
        let units = if cfg!(miri) { 300 } else { 100_000 };
        for policy in POLICIES {
            let seats = seats(units, 4);
            let seen: Vec<AtomicU8> = (0..units).map(|_| AtomicU8::new(0)).collect();
            std::thread::scope(|s| {
                for own in 0..4 {
                    let (seats, seen) = (&seats, &seen);
                    s.spawn(move || {
                        let mut taker = Taker::new(policy);
                        loop {
                            while let Some((a, b)) = taker.take(&seats[own].range) {
                                (a..b).for_each(|u| _ = seen[u as usize].fetch_add(1, Ordering::Relaxed));
                            }
                            if !steal(seats, own) {
                                break;
                            }
                        }
                    });
                }
            });
            assert!(seen.iter().all(|c| c.load(Ordering::Relaxed) == 1), "{policy:?}");
        }
    }

    #[test]
    fn a_trial_tells_short_loops_from_long_ones() {
        assert!(Trial::new(63, 2, false).is_none());
        let mut short = Trial::new(1000, 2, false).expect("fine enough");
        assert!(!(0..10).any(|_| short.ran(100)));
        let mut long = Trial::new(1000, 2, false).expect("fine enough");
        std::thread::sleep(std::time::Duration::from_micros(100));
        assert!(long.ran(long.first(2)));
        assert!(!long.ran(1000), "nothing is left");
    }

    #[test]
    fn halving_makes_few_pieces() {
        let seats = seats(1 << 20, 2);
        let mut taker = Taker::new(Policy::new(Schedule::STATIC, 0, 1 << 20, 2));
        let pieces = core::iter::from_fn(|| taker.take(&seats[0].range)).count();
        assert!(pieces <= 8, "{pieces} pieces");
    }
}

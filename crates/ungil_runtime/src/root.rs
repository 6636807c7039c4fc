//! What a parallel loop shares with the loops nested in it: thread numbers and the budget.
//!
//! Numbers are unique among all threads that work in the tree at the same time, so `acc[get_thread_id()]` is safe
//! in nested loops too. Having a number is the permission to run, hence at most `budget` threads do.

use crate::threads::LOOP_LIMIT;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const WORDS: usize = LOOP_LIMIT as usize / 64;

/// Root of a tree of loops; lives on the outermost caller's stack.
pub struct Root {
    /// Numbers in use, one bit each. Bits beyond the budget are set for ever.
    used: [AtomicU64; WORDS],
    pub budget: u32,
    /// Threads that have a number but wait for others: nested loops can use them.
    pub waiting: AtomicU32,
}

impl Root {
    /// A root for `budget` threads in which the caller has number 0.
    pub fn new(budget: u32) -> Root {
        let free = |w: usize| {
            let first = w as u32 * 64;
            let here = budget.saturating_sub(first).min(64);
            let mask = if here == 64 { 0 } else { !0 << here };
            AtomicU64::new(if w == 0 { mask | 1 } else { mask })
        };
        Root { used: core::array::from_fn(free), budget, waiting: AtomicU32::new(0) }
    }

    fn words(&self) -> &[AtomicU64] {
        &self.used[..(self.budget as usize).div_ceil(64)]
    }

    /// Takes a free number, `wanted` if possible.
    pub fn claim(&self, wanted: u32) -> Option<u32> {
        if wanted < self.budget {
            let bit = 1 << (wanted % 64);
            if self.used[wanted as usize / 64].fetch_or(bit, Ordering::Acquire) & bit == 0 {
                return Some(wanted);
            }
        }
        for (w, word) in self.words().iter().enumerate() {
            let mut seen = word.load(Ordering::Relaxed);
            while seen != !0 {
                let bit = seen.trailing_ones();
                seen = word.fetch_or(1 << bit, Ordering::Acquire);
                if seen & (1 << bit) == 0 {
                    return Some(w as u32 * 64 + bit);
                }
            }
        }
        None
    }

    pub fn release(&self, id: u32) {
        self.used[id as usize / 64].fetch_and(!(1 << (id % 64)), Ordering::Release);
    }

    /// Whether nobody could join a nested loop now.
    pub fn is_full(&self) -> bool {
        self.words().iter().all(|w| w.load(Ordering::Relaxed) == !0)
            && self.waiting.load(Ordering::Relaxed) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_bounded() {
        for budget in [1, 2, 63, 64, 65, 200, 512] {
            let root = Root::new(budget);
            let mut seen = vec![false; budget as usize];
            seen[0] = true;
            while let Some(id) = root.claim(7) {
                assert!(!core::mem::replace(&mut seen[id as usize], true));
            }
            assert!(seen.iter().all(|s| *s));
            assert!(root.is_full());
            if budget > 1 {
                root.release(budget - 1);
                assert!(!root.is_full());
                assert_eq!(root.claim(0), Some(budget - 1));
            }
        }
    }
}

//! When multiply-adds beat the divider.
//!
//! A core has one divider beside two ports for 512-bit arithmetic, and works on both at once. A loop waits for the
//! busiest of divider, ports and memory, so operations move to the ports only until these are as busy as the divider:
//! of `1 / (1 + sqrt(x))` the root moves and the division stays. A lone division beside loads and stores stays too.
//! Limits: counts instructions, not their latencies; measured on Intel's Ice Lake and Sapphire Rapids cores.

/// Operations of the divider on a vector of 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    Divide,
    /// A division of 1.
    Invert,
    Root,
}

/// An operation on float64 or (`single`) float32.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    pub operation: Operation,
    pub single: bool,
}

impl Kind {
    /// Time in the divider, in halves of a cycle.
    fn divider(self) -> u32 {
        match (self.operation, self.single) {
            (Operation::Root, false) => 43,
            (_, false) => 28,
            (Operation::Root, true) => 22,
            (_, true) => 17,
        }
    }

    /// Instructions on the two ports, which takes halves of a cycle: the sequence, its approximation (4), its test (4
    /// to 6).
    fn ports(self) -> u32 {
        match (self.operation, self.single) {
            (Operation::Divide, false) => 18,
            (Operation::Invert, false) => 14,
            (Operation::Root, false) => 20,
            (Operation::Divide, true) => 15,
            (Operation::Invert, true) => 12,
            (Operation::Root, true) => 15,
        }
    }
}

/// What an iteration of a loop does, in vectors of 64 bytes.
#[derive(Clone, Default, Debug)]
pub struct Work {
    /// Each with its number of vectors.
    pub operations: Vec<(Kind, u32)>,
    /// Other arithmetic.
    pub arithmetic: u32,
    pub loads: u32,
    pub stores: u32,
}

/// Halves of a cycle that a load or a store beyond the nearest caches takes.
const LOAD: u32 = 8;
const STORE: u32 = 12;

impl Work {
    /// Which operations should run as multiply-adds, if any.
    pub fn moved(&self) -> Option<Vec<bool>> {
        let mut moved = vec![false; self.operations.len()];
        let before = self.time(&moved);
        let mut after = before;
        while let Some((next, time)) = self.next(&moved).filter(|(_, time)| *time < after) {
            moved[next] = true;
            after = time;
        }
        // The model is rough, and operands out of range cost: small gains are left.
        (2 * before >= 3 * after).then_some(moved)
    }

    /// The operation whose move is worth most, and the time after it.
    fn next(&self, moved: &[bool]) -> Option<(usize, u32)> {
        let still = (0..moved.len()).filter(|i| !moved[*i]);
        // Relieves the divider most for what it costs the ports; of equal ones the first.
        let worth = |i: &usize| {
            let (kind, _) = self.operations[*i];
            (1000 * kind.divider() / kind.ports(), std::cmp::Reverse(*i))
        };
        let next = still.max_by_key(worth)?;
        let mut after = moved.to_vec();
        after[next] = true;
        Some((next, self.time(&after)))
    }

    fn time(&self, moved: &[bool]) -> u32 {
        let (mut divider, mut ports) = (0, self.arithmetic);
        for ((kind, vectors), moved) in self.operations.iter().zip(moved) {
            if *moved {
                ports += vectors * kind.ports();
            } else {
                divider += vectors * kind.divider();
                ports += vectors;
            }
        }
        divider.max(ports).max(LOAD * self.loads + STORE * self.stores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Kind = Kind { operation: Operation::Root, single: false };
    const INVERT: Kind = Kind { operation: Operation::Invert, single: false };
    const DIVIDE: Kind = Kind { operation: Operation::Divide, single: false };

    #[test]
    fn divider_and_ports_share_the_work() {
        let work = Work { operations: vec![(ROOT, 1), (INVERT, 1)], arithmetic: 9, loads: 0, stores: 1 };
        assert_eq!(work.moved(), Some(vec![true, false]));
    }

    #[test]
    fn a_lone_division_beside_memory_stays() {
        let work = Work { operations: vec![(DIVIDE, 1)], arithmetic: 0, loads: 2, stores: 1 };
        assert_eq!(work.moved(), None);
    }

    #[test]
    fn busy_ports_keep_the_divider() {
        let work = Work { operations: vec![(ROOT, 1)], arithmetic: 60, loads: 1, stores: 1 };
        assert_eq!(work.moved(), None);
    }
}

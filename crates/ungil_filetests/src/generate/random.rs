//! Random numbers: SplitMix64, so that a seed means the same program on every machine.

use ungil_ir::types::DType;

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Common types more often.
    pub fn dtype(&mut self) -> DType {
        match self.below(3) {
            0 => *self.pick(&[DType::I64, DType::F64]),
            _ => *self.pick(&DType::ALL),
        }
    }

    /// A float, often small or special.
    pub fn float(&mut self) -> f64 {
        match self.below(8) {
            0 => *self.pick(&[0.0, -0.0, 1.0, -1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
            1 => *self.pick(&[1e300, -1e-300, 5e-324, 4.0e9, -3.0e9, 1e19, 2147483648.0, 16777217.0]),
            2 => f64::from_bits(self.next()),
            3..=5 => self.below(100) as f64 / 8.0 - 5.0,
            _ => (self.next() % 2_000_000) as f64 / 1e4 - 100.0,
        }
    }

    /// An integer, often small or at an edge.
    pub fn integer(&mut self) -> i64 {
        match self.below(6) {
            0 => *self.pick(&[0, 1, -1, i64::MAX, i64::MIN, 127, -128, 255, 65_535, i64::from(i32::MIN)]),
            1 => self.next() as i64,
            _ => self.below(20) as i64 - 8,
        }
    }
}

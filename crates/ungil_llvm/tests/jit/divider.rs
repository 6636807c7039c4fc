//! Division and square root by multiply-adds against the machine's own instructions.
//!
//! Random operands in and out of the range that the sequences treat, quotients and roots next to the middle of two
//! numbers, the roots that are nearest to one, special values. `UNGIL_SAMPLES` sets the number for each operation (10⁷;
//! the nightly run takes 10⁹).

use crate::host::{Kernel, read};
use std::fmt::Debug;
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::target::{host_cpu, host_has};

/// Numbers of a block; some blocks are all in range, so that no lane sends the others to the divider.
const BLOCK: usize = 4096;

fn is_useful_here() -> bool {
    host_has("avx512f") && host_has("avx512dq") && !host_cpu().starts_with("znver")
}

fn samples() -> usize {
    std::env::var("UNGIL_SAMPLES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000)
}

/// A float type: its bits and what the machine does.
trait Float: Copy + PartialEq + Debug {
    const NAME: &'static str;
    const LANES: u32;
    /// Bits of the significand without the leading one, and of a number.
    const FRACTION: u32;
    const BITS: u32;
    fn from(bits: u64) -> Self;
    fn bits(self) -> u64;
    fn divide(self, other: Self) -> Self;
    fn root(self) -> Self;
    /// `self * other + addend`, rounded once.
    fn fma(self, other: Self, addend: Self) -> Self;
    fn is_nan(self) -> bool;

    /// A number by its exponent from the middle and its significand's bits.
    fn of(negative: bool, exponent: i64, fraction: u64) -> Self {
        let bias = (1i64 << (Self::BITS - Self::FRACTION - 2)) - 1;
        let sign = u64::from(negative) << (Self::BITS - 1);
        let fraction = fraction & ((1 << Self::FRACTION) - 1);
        Self::from(sign | ((exponent + bias) as u64) << Self::FRACTION | fraction)
    }
}

macro_rules! float {
    ($t:ty, $bits:ty, $name:literal, $lanes:literal, $fraction:literal) => {
        impl Float for $t {
            const NAME: &'static str = $name;
            const LANES: u32 = $lanes;
            const FRACTION: u32 = $fraction;
            const BITS: u32 = <$bits>::BITS;
            fn from(bits: u64) -> Self {
                <$t>::from_bits(bits as $bits)
            }
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }
            fn divide(self, other: Self) -> Self {
                self / other
            }
            fn root(self) -> Self {
                self.sqrt()
            }
            fn fma(self, other: Self, addend: Self) -> Self {
                self.mul_add(other, addend)
            }
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }
        }
    };
}
float!(f64, u64, "float64", 8, 52);
float!(f32, u32, "float32", 16, 23);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    Divide,
    Invert,
    Root,
}

/// `v2[i] = operation(v0[i], v1[i])` by explicit vectors.
fn kernel<T: Float>(operation: Operation) -> Kernel {
    let (name, lanes) = (T::NAME, T::LANES);
    let what = match operation {
        Operation::Divide => "v10 = div v8, v9".to_owned(),
        Operation::Invert => {
            format!("v11 = const {name} 1.0\n    v12 = splat v11, {lanes}\n    v10 = div v12, v9")
        }
        Operation::Root => "v10 = math.sqrt v9".to_owned(),
    };
    let array = format!("array<{name}, 1, C>");
    let text = format!(
        "func @f(v0: {array}, v1: {array}, v2: {array}) -> () {{\n  v3 = const int64 0\n  v4 = const int64 {lanes}\n  \
         v5 = dim v0, 0\n  for l0 v6 in v3..v5 step v4 {{\n    v8 = vec_load v0[v6] lanes {lanes}\n    \
         v9 = vec_load v1[v6] lanes {lanes}\n    {what}\n    vec_store v2[v6], v10\n  }}\n  v7 = tuple\n  return v7\n}}\n"
    );
    let options = EmitOptions { spare_divider: true, ..EmitOptions::new("kernel") };
    Kernel::with(&read(&text), &options, &[])
}

struct Pair<T: Float> {
    operation: Operation,
    kernel: Kernel,
    results: Vec<T>,
}

impl<T: Float> Pair<T> {
    fn new(operation: Operation) -> Pair<T> {
        let kernel = kernel::<T>(operation);
        let assembly = &kernel.object.listing.as_ref().expect("a listing").assembly;
        let approximation = if operation == Operation::Root { "vrsqrt14p" } else { "vrcp14p" };
        assert!(assembly.contains(approximation), "no {approximation} in {assembly}");
        Pair { operation, kernel, results: vec![T::from(0); BLOCK] }
    }

    /// Operands are filled up with the last ones to whole vectors.
    #[track_caller]
    fn check(&mut self, a: &[T], b: &[T]) {
        let size = u64::from(T::BITS / 8);
        let n = a.len().next_multiple_of(T::LANES as usize);
        let fill = |x: &[T]| -> Vec<T> { (0..n).map(|i| x[i.min(x.len() - 1)]).collect() };
        let (a, b) = (fill(a), fill(b));
        self.results.resize(n, T::from(0));
        let array = |data: u64| [data, 0, n as u64, size];
        let views = [a.as_ptr() as u64, b.as_ptr() as u64, self.results.as_mut_ptr() as u64].map(array);
        self.kernel.call(&views.concat()).expect("succeeds");
        let one = T::of(false, 0, 0);
        for i in 0..n {
            let wanted = match self.operation {
                Operation::Divide => a[i].divide(b[i]),
                Operation::Invert => one.divide(b[i]),
                Operation::Root => b[i].root(),
            };
            let is = self.results[i];
            assert!(
                is.bits() == wanted.bits() || is.is_nan() && wanted.is_nan(),
                "{:?} of {:?} ({:#x}), {:?} ({:#x}): {is:?}, not {wanted:?}",
                self.operation,
                a[i],
                a[i].bits(),
                b[i],
                b[i].bits()
            );
        }
    }
}

struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.bits() >> 16) % n
    }

    /// A significand: any, or few bits next to zeros or ones at either end.
    fn fraction(&mut self, bits: u32) -> u64 {
        let any = self.bits();
        let few = any & ((1 << self.below(8)) - 1);
        match self.below(6) {
            0 => few,
            1 => u64::MAX - few,
            2 => few << (bits - 8),
            3 => u64::MAX - (few << (bits - 8)),
            4 => any & self.bits() & self.bits(),
            _ => any,
        }
    }

    fn number<T: Float>(&mut self, exponents: i64) -> T {
        let exponent = self.below(2 * exponents as u64) as i64 - exponents;
        let fraction = self.fraction(T::FRACTION);
        T::of(self.below(2) == 1, exponent, fraction)
    }
}

/// A block of operands of one sort: anything, in range, at its border, with results next to a middle.
fn block<T: Float>(random: &mut Random, operation: Operation) -> (Vec<T>, Vec<T>) {
    let sort = random.below(5);
    let range = 1i64 << (T::BITS - T::FRACTION - 4);
    let mut pair = || -> (T, T) {
        match sort {
            0 => (T::from(random.bits()), T::from(random.bits())),
            1 => (random.number(2 * range + 20), random.number(2 * range + 20)),
            2 => (random.number(range / 2), random.number(2 * range - 2)),
            _ if operation == Operation::Root => {
                // (g + ulp/2)^2 = g*g + g*ulp + a term that vanishes.
                let g = T::of(false, random.below(2) as i64, random.fraction(T::FRACTION));
                let exponent =
                    (g.bits() >> T::FRACTION) as i64 - T::of(false, 0, 0).bits() as i64 / (1 << T::FRACTION);
                let ulp = T::of(false, exponent - i64::from(T::FRACTION), 0);
                let a = g.fma(g, g.fma(ulp, T::from(0)));
                (g, a)
            }
            _ => {
                let (b, q): (T, T) = (random.number(3), random.number(1));
                let exponent = ((q.bits() >> T::FRACTION) & ((1 << (T::BITS - T::FRACTION - 1)) - 1)) as i64
                    - (T::of(false, 0, 0).bits() >> T::FRACTION) as i64;
                let half = T::of(q.bits() >> (T::BITS - 1) == 1, exponent - i64::from(T::FRACTION) - 1, 0);
                (b.fma(q, b.fma(half, T::from(0))), b)
            }
        }
    };
    let positive = |(a, b): (T, T)| {
        let plain = sort > 1 && operation == Operation::Root;
        (a, if plain { T::from(b.bits() & !(1 << (T::BITS - 1))) } else { b })
    };
    (0..BLOCK).map(|_| positive(pair())).unzip()
}

fn check_random<T: Float>(operation: Operation) {
    if !is_useful_here() {
        return;
    }
    let mut pair = Pair::<T>::new(operation);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..samples().div_ceil(BLOCK) {
        let (a, b) = block(&mut random, operation);
        pair.check(&a, &b);
    }
}

/// Zeros, subnormals, powers of two and their neighbours at the ends of all ranges, infinities, NaN.
fn special<T: Float>() -> Vec<T> {
    let range = 1i64 << (T::BITS - T::FRACTION - 3);
    let ends =
        [-4 * range + 2, -2 * range, -range, -range / 2, 0, 1, 2, range / 2, range, 2 * range, 4 * range - 1];
    let top = (1u64 << T::FRACTION) - 1;
    let mut list: Vec<T> = Vec::new();
    for end in ends {
        for exponent in end - 2..=end + 2 {
            let fractions = [0, 1, 2, top, top - 1, top / 2, top / 2 + 1, 1 << 20];
            let inside = exponent > -4 * range && exponent < 4 * range;
            list.extend(fractions.iter().filter(|_| inside).map(|f| T::of(false, exponent, *f)));
        }
    }
    list.extend([0, 1, 2, top, top / 3].map(T::from));
    list.extend([T::of(false, 4 * range, 0), T::of(false, 4 * range, 1 << (T::FRACTION - 1))]);
    let negative: Vec<T> = list.iter().map(|x| T::from(x.bits() | 1 << (T::BITS - 1))).collect();
    list.extend(negative);
    list
}

fn check_special<T: Float>(operation: Operation) {
    if !is_useful_here() {
        return;
    }
    let mut pair = Pair::<T>::new(operation);
    let list = special::<T>();
    for x in &list {
        // One alone in its vector, then beside others.
        pair.check(&[*x; 16], &[*x; 16]);
        let same = vec![*x; list.len()];
        pair.check(&same, &list);
        pair.check(&list, &same);
        let mut one = [T::of(false, 0, 12345); 16];
        one[5] = *x;
        pair.check(&one, &[T::of(true, 1, 999); 16]);
        pair.check(&[T::of(true, 1, 999); 16], &one);
    }
}

/// The odd numbers below `2^bits` whose square is `n` modulo that.
fn roots_of_square(n: i64, bits: u32) -> Vec<u64> {
    if n.rem_euclid(8) != 1 {
        return Vec::new();
    }
    let solves = |x: u64, k: u32| (i128::from(x) * i128::from(x) - i128::from(n)).rem_euclid(1 << k) == 0;
    let mut list = vec![1u64, 3, 5, 7];
    for k in 4..=bits {
        let mut next: Vec<u64> = list.iter().flat_map(|x| [*x, x + (1 << (k - 1))]).collect();
        next.retain(|x| solves(*x, k));
        list = next;
    }
    list.sort_unstable();
    list.dedup();
    list
}

/// All significands whose roots lie nearest to a middle: `4a = m² + c` for odd `m` of p+1 bits.
fn hard_roots<T: Float>() -> Vec<T> {
    let p = T::FRACTION + 1;
    let mut list = Vec::new();
    for parity in 0..2 {
        for c in (-1023i64..1024).step_by(2) {
            for m in roots_of_square(-c, p + 1 + parity) {
                let four_a = (u128::from(m) * u128::from(m)).wrapping_add_signed(i128::from(c));
                let a = four_a >> 2;
                if a >> (2 * p - 2 + parity) == 1 {
                    list.push(T::of(false, i64::from(parity), (a >> (p - 1 + parity)) as u64));
                }
            }
        }
    }
    list
}

#[test]
fn hard_roots_are_rounded_correctly() {
    if !is_useful_here() {
        return;
    }
    let (double, single) = (hard_roots::<f64>(), hard_roots::<f32>());
    assert!(double.len() > 300 && single.len() > 300, "{} {}", double.len(), single.len());
    for (scale, single_scale) in
        [(1.0, 1.0), (0.25, 4.0), (2f64.powi(300), 2f32.powi(40)), (2f64.powi(-300), 2f32.powi(-40))]
    {
        let double: Vec<f64> = double.iter().map(|x| x * scale).collect();
        Pair::new(Operation::Root).check(&double, &double);
        let single: Vec<f32> = single.iter().map(|x| x * single_scale).collect();
        Pair::new(Operation::Root).check(&single, &single);
        // A vector of its own for each: none takes another's way.
        let mut pair = Pair::new(Operation::Root);
        double.iter().for_each(|x| pair.check(&[*x; 8], &[*x; 8]));
        let mut pair = Pair::new(Operation::Root);
        single.iter().for_each(|x| pair.check(&[*x; 16], &[*x; 16]));
    }
}

#[test]
fn all_float32_in_range_have_the_machines_root_and_reciprocal() {
    if !is_useful_here() {
        return;
    }
    let mut root = Pair::<f32>::new(Operation::Root);
    let mut invert = Pair::<f32>::new(Operation::Invert);
    // Scaling by four changes nothing but exponents.
    for start in (0..2u64 << 23).step_by(BLOCK) {
        let list: Vec<f32> =
            (start..start + BLOCK as u64).map(|k| <f32 as Float>::from(0x3f80_0000 + k)).collect();
        root.check(&list, &list);
        invert.check(&list, &list);
    }
}

#[test]
fn random_operands() {
    check_random::<f64>(Operation::Divide);
    check_random::<f64>(Operation::Invert);
    check_random::<f64>(Operation::Root);
    check_random::<f32>(Operation::Divide);
    check_random::<f32>(Operation::Invert);
    check_random::<f32>(Operation::Root);
}

#[test]
fn special_operands() {
    check_special::<f64>(Operation::Divide);
    check_special::<f64>(Operation::Invert);
    check_special::<f64>(Operation::Root);
    check_special::<f32>(Operation::Divide);
    check_special::<f32>(Operation::Invert);
    check_special::<f32>(Operation::Root);
}

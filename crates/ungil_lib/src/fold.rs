//! Reductions of numbers that are neighbours in memory, in the order in which kernels reduce.
//!
//! A block is folded over [`PARTIALS`] partials, which are folded by halving; the sums of blocks are added with the error of
//! each addition kept (Knuth's two-sum). So a reduction has the same bits here as in a kernel's own loops, for any
//! instructions and number of threads. Source of two-sum: D. E. Knuth, The Art of Computer Programming 2, 4.2.2.

use core::array::from_fn;
use core::ptr;

use ungil_abi::parallel::PARTIALS;

use crate::ordered::Ordered;

/// Elements of a block.
pub const BLOCK: usize = 512;

/// A float that is summed and compared.
pub trait Number: Ordered {
    /// What changes no number that it is added to.
    const NEUTRAL: Self;

    fn plus(self, y: Self) -> Self;
    fn minus(self, y: Self) -> Self;
    fn times(self, y: Self) -> Self;
    /// The number divided by a count.
    fn over(self, n: usize) -> Self;

    /// This number where a mark is set, else the other one.
    fn or(self, other: Self, mark: Self::Mark) -> Self;

    /// A small count as a mark.
    #[inline(always)]
    fn count(n: usize) -> Self::Mark {
        Self::mark(n as u8)
    }
}

macro_rules! floats {
    ($($t:ty)*) => {$(
        impl Number for $t {
            const NEUTRAL: $t = -0.0;

            #[inline(always)]
            fn or(self, other: $t, mark: Self::Mark) -> $t {
                <$t>::from_bits(self.to_bits() & mark | other.to_bits() & !mark)
            }

            #[inline(always)]
            fn plus(self, y: $t) -> $t {
                self + y
            }

            #[inline(always)]
            fn minus(self, y: $t) -> $t {
                self - y
            }

            #[inline(always)]
            fn times(self, y: $t) -> $t {
                self * y
            }

            #[inline(always)]
            fn over(self, n: usize) -> $t {
                (f64::from(self) / n as f64) as $t
            }
        }
    )*};
}

floats! { f32 f64 }

/// What two numbers are combined by.
pub trait Operation: Copy + Send + Sync + 'static {
    const IS_SUM: bool = false;
    /// Elements of a block: of extrema no rounding depends on it.
    const BLOCK: usize = 8 * BLOCK;

    /// What changes no number that it is combined with.
    fn neutral<T: Number>() -> T;

    /// What a reduction starts from.
    #[inline(always)]
    fn start<T: Number>() -> T {
        Self::neutral()
    }

    /// The result for two numbers, neither of which is NaN if this is an extremum; of equal ones the second.
    fn pick<T: Number>(before: T, x: T) -> T;

    #[inline(always)]
    fn combine<T: Number>(before: T, x: T) -> T {
        if !Self::IS_SUM && before.is_nan() { before } else { Self::pick(before, x) }
    }

    /// As [`Operation::combine`], but of equal numbers the first: what a run has come to, and its next term.
    #[inline(always)]
    fn take<T: Number>(before: T, x: T) -> T {
        if Self::IS_SUM { Self::pick(before, x) } else { Self::combine(x, before) }
    }

    /// As [`Operation::pick`], but of equal numbers the first.
    #[inline(always)]
    fn take_number<T: Number>(before: T, x: T) -> T {
        if Self::IS_SUM { Self::pick(before, x) } else { Self::pick(x, before) }
    }
}

#[derive(Clone, Copy)]
pub struct Sum;
#[derive(Clone, Copy)]
pub struct Least;
#[derive(Clone, Copy)]
pub struct Greatest;

impl Operation for Sum {
    const IS_SUM: bool = true;
    const BLOCK: usize = BLOCK;

    #[inline(always)]
    fn neutral<T: Number>() -> T {
        T::NEUTRAL
    }

    #[inline(always)]
    fn start<T: Number>() -> T {
        T::ZERO
    }

    #[inline(always)]
    fn pick<T: Number>(before: T, x: T) -> T {
        before.plus(x)
    }
}

impl Operation for Least {
    #[inline(always)]
    fn neutral<T: Number>() -> T {
        T::GREATEST
    }

    #[inline(always)]
    fn pick<T: Number>(before: T, x: T) -> T {
        if before < x { before } else { x }
    }
}

impl Operation for Greatest {
    #[inline(always)]
    fn neutral<T: Number>() -> T {
        T::LEAST
    }

    #[inline(always)]
    fn pick<T: Number>(before: T, x: T) -> T {
        if before > x { before } else { x }
    }
}

/// What is made of an element before it is combined.
pub trait Term: Copy + Send + Sync + 'static {
    /// Whether it is the element as it is.
    const IS_PLAIN: bool = false;

    /// `mean`: of the run that the element is of, where that matters.
    fn of<T: Number>(x: T, mean: T) -> T;
}

#[derive(Clone, Copy)]
pub struct Element;
/// The square of the deviation from the mean.
#[derive(Clone, Copy)]
pub struct Square;

impl Term for Element {
    const IS_PLAIN: bool = true;

    #[inline(always)]
    fn of<T: Number>(x: T, _: T) -> T {
        x
    }
}

impl Term for Square {
    #[inline(always)]
    fn of<T: Number>(x: T, mean: T) -> T {
        let deviation = x.minus(mean);
        deviation.times(deviation)
    }
}

/// Lanes of a group of partials, and groups.
const LANES: usize = 8;
const GROUPS: usize = PARTIALS / LANES;

/// Folds the terms that are made of a block's `n` elements. Of those behind them, up to `room` from `data` on, nothing is kept.
///
/// # Safety
/// `room` elements from `data` on live, no fewer than `n`.
#[inline(always)]
pub unsafe fn fold<T: Number, O: Operation, M: Term>(data: *const T, n: usize, room: usize, mean: T) -> T {
    let mut partials = [[O::neutral::<T>(); LANES]; GROUPS];
    let mut marks = [T::CLEAR; LANES];
    let mut i = 0;
    while i + PARTIALS <= n {
        for (g, partial) in partials.iter_mut().enumerate() {
            // SAFETY: the elements lie before the end.
            let x = unsafe { data.add(i + g * LANES).cast::<[T; LANES]>().read_unaligned() };
            let terms: [T; LANES] = from_fn(|k| M::of(x[k], mean));
            *partial = from_fn(|k| O::take_number(partial[k], terms[k]));
            if !O::IS_SUM {
                marks = from_fn(|k| T::either(marks[k], if x[k].is_nan() { T::SET } else { T::CLEAR }));
            }
        }
        i += PARTIALS;
    }
    for (g, partial) in partials.iter_mut().enumerate() {
        let low = i + g * LANES;
        if low < n {
            let count = T::count(LANES.min(n - low));
            let within: [T::Mark; LANES] = from_fn(|k| if T::count(k) < count { T::SET } else { T::CLEAR });
            // SAFETY: as above.
            let x: [T; LANES] = unsafe {
                match room - low >= LANES {
                    true => data.add(low).cast::<[T; LANES]>().read_unaligned(),
                    false => from_fn(|k| data.add(low + k.min(n - low - 1)).read_unaligned()),
                }
            };
            let terms: [T; LANES] = from_fn(|k| M::of(x[k], mean).or(O::neutral(), within[k]));
            *partial = from_fn(|k| O::take_number(partial[k], terms[k]));
            if !O::IS_SUM {
                marks = from_fn(|k| T::either(marks[k], if terms[k].is_nan() { T::SET } else { T::CLEAR }));
            }
        }
    }
    if !O::IS_SUM && marks.into_iter().fold(T::CLEAR, T::either) != T::CLEAR {
        return T::NOTHING;
    }
    let halves: [[T; LANES]; 2] = from_fn(|g| from_fn(|k| O::pick(partials[g][k], partials[g + 2][k])));
    let eight: [T; LANES] = from_fn(|k| O::pick(halves[0][k], halves[1][k]));
    let four: [T; 4] = from_fn(|k| O::pick(eight[k], eight[k + 4]));
    let two: [T; 2] = from_fn(|k| O::pick(four[k], four[k + 2]));
    O::pick(two[0], two[1])
}

/// `n` elements, and anything behind them: what lies there, if so many live.
///
/// # Safety
/// `room` elements from `data` on live, no fewer than `n`.
#[inline(always)]
pub unsafe fn some<T: Number, const N: usize>(data: *const T, n: usize, room: usize) -> [T; N] {
    // SAFETY: by contract.
    unsafe {
        if room >= N {
            return data.cast::<[T; N]>().read_unaligned();
        }
        let mut x = [T::ZERO; N];
        ptr::copy_nonoverlapping(data, x.as_mut_ptr(), n);
        x
    }
}

/// What is known of a reduction: its value and, of sums of floats, what rounding has lost.
#[derive(Clone, Copy)]
pub struct Total<T> {
    pub value: T,
    lost: T,
}

impl<T: Number> Total<T> {
    #[inline(always)]
    pub fn new<O: Operation>() -> Total<T> {
        Total { value: O::start(), lost: T::ZERO }
    }

    /// Takes one element in, where a run is too short for blocks.
    #[inline(always)]
    pub fn take<O: Operation>(&mut self, x: T) {
        self.value = O::take(self.value, x);
    }

    /// Takes the result of a block in.
    #[inline(always)]
    pub fn take_block<O: Operation>(&mut self, x: T) {
        let before = self.value;
        self.value = O::take(before, x);
        if O::IS_SUM {
            let taken = self.value.minus(before);
            let missing = before.minus(self.value.minus(taken));
            self.lost = self.lost.plus(missing.plus(x.minus(taken)));
        }
    }

    /// The value with what was lost, where that is a number other than zero.
    #[inline(always)]
    pub fn finished(self) -> T {
        let is_finite = !self.lost.minus(self.lost).is_nan();
        if is_finite && self.lost != T::ZERO { self.value.plus(self.lost) } else { self.value }
    }
}

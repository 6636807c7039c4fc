//! Phases without their turns.

use ungil_abi::context::Ctx;

use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::{Matrix, Vector};
use crate::share::share;
use crate::view::{Factor, View};

/// Steps that are computed at a time: of one row, or where neighbours in memory are of different rows, of these.
const LANES: usize = 16;
/// Elements of a part for the team.
const PART: usize = 1 << 16;

/// Follows the rows of `x`: a step to the next element that is at least half a period, and at least as large as the second
/// parameter, becomes the one less than half a period from it by whole periods, the first parameter.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live matrices of one shape and of two parameters, of the floats
/// told; `out` is aligned, and overlaps neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_unwrap(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Matrix,
    x: *const Matrix,
    parameters: *const Vector,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        let (out, x, parameters) = (&*out, &*x, &*parameters);
        match dtype {
            9 => unwrap::<f32>(ctx, out, x, parameters),
            10 => unwrap::<f64>(ctx, out, x, parameters),
            _ => panic!("elements of this type have no turns"),
        }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the search for turns failed", run) }
}

/// A number that phases are counted in.
trait Phase: Copy + Send + Sync + 'static {
    const ZERO: Self;

    fn plus(self, other: Self) -> Self;

    /// What is added to a step from `before` to `self`, and from there on. With `FUSED` arithmetic the remainder is exact for
    /// quotients that are.
    fn turns<const FUSED: bool>(self, before: Self, period: Self, least: Self) -> Self;

    /// Whether a step has so many periods that their number is not exact.
    fn is_far(self, before: Self, period: Self) -> bool;
}

macro_rules! phase {
    ($($t:ty)*) => {$(
        impl Phase for $t {
            const ZERO: $t = 0.0;

            #[inline(always)]
            fn plus(self, other: $t) -> $t {
                self + other
            }

            #[inline(always)]
            fn turns<const FUSED: bool>(self, before: $t, period: $t, least: $t) -> $t {
                let (step, half) = (self - before, period / 2.0);
                let ahead = step + half;
                // Python's remainder, which has the period's sign. A quotient that was rounded up leaves one of the other sign.
                let rest = if FUSED { (-(ahead / period).floor()).mul_add(period, ahead) } else { ahead % period };
                let crossed = (rest < 0.0) != (period < 0.0) && rest != 0.0;
                let turned = if crossed { rest + period } else { rest } - half;
                let turned = if turned == -half && step > 0.0 { half } else { turned };
                if step.abs() < least { 0.0 } else { turned - step }
            }

            #[inline(always)]
            fn is_far(self, before: $t, period: $t) -> bool {
                ((self - before) / period).abs() > 0.25 / <$t>::EPSILON
            }
        }
    )*};
}

phase!(f32 f64);

/// # Safety
/// As for [`ungil_lib_unwrap`], with elements of type `T`.
unsafe fn unwrap<T: Phase>(ctx: *mut Ctx, out: &Matrix, x: &Matrix, parameters: &Vector) -> i32 {
    let column = parameters.column();
    let (rows, n) = (out.rows(), out.columns());
    if out.is_empty() {
        return 0;
    }
    // SAFETY: by contract.
    let (factor, [period, least]) =
        unsafe { (Factor::<T>::new(x), [0, 1].map(|k| column.at(k, 0).cast::<T>().read_unaligned())) };
    let views = [View::<T>::new(out), factor.view];
    let work = |low: usize, high: usize| features::run(Rows { views, n, low, high, period, least });
    if rows.saturating_mul(n) < 2 * PART {
        work(0, rows);
        return 0;
    }
    let block = (PART / n).max(1).next_multiple_of(LANES);
    // SAFETY: by contract; rows of the result are disjoint.
    unsafe { share(ctx, rows, block, &work) }
}

/// Some rows of the result and of what is followed, of `n` elements.
struct Rows<T> {
    views: [View<T>; 2],
    n: usize,
    low: usize,
    high: usize,
    period: T,
    least: T,
}

impl<T: Phase> Kernel for Rows<T> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let [row, step] = self.views[1].steps;
        let mut at = self.low;
        // SAFETY: the rows exist.
        unsafe {
            while row.abs() < step.abs() && at + LANES <= self.high {
                self.side_by_side::<FUSED>(at);
                at += LANES;
            }
            for row in at..self.high {
                self.follow::<FUSED>(row);
            }
        }
    }
}

impl<T: Phase> Rows<T> {
    /// What steps to some values from those before add.
    #[inline(always)]
    fn turns<const FUSED: bool>(&self, values: &[T; LANES], before: &[T; LANES]) -> [T; LANES] {
        let (mut turns, mut far) = ([T::ZERO; LANES], false);
        for c in 0..LANES {
            turns[c] = values[c].turns::<FUSED>(before[c], self.period, self.least);
            far |= values[c].is_far(before[c], self.period);
        }
        if FUSED && far {
            for c in 0..LANES {
                turns[c] = values[c].turns::<false>(before[c], self.period, self.least);
            }
        }
        turns
    }

    /// # Safety
    /// There are so many rows from this one on.
    #[inline(always)]
    unsafe fn side_by_side<const FUSED: bool>(&self, row: usize) {
        let [to, from] = self.views;
        let mut sums = [T::ZERO; LANES];
        let mut before = [T::ZERO; LANES];
        for j in 0..self.n {
            let mut values = before;
            for (c, value) in values.iter_mut().enumerate() {
                // SAFETY: the element exists.
                *value = unsafe { *from.at(row + c, j) };
            }
            if j > 0 {
                let turns = self.turns::<FUSED>(&values, &before);
                for c in 0..LANES {
                    sums[c] = sums[c].plus(turns[c]);
                }
            }
            for c in 0..LANES {
                // SAFETY: the element exists, and nobody else writes it.
                unsafe { *to.at(row + c, j) = if j > 0 { values[c].plus(sums[c]) } else { values[c] } };
            }
            before = values;
        }
    }

    /// # Safety
    /// The row exists.
    #[inline(always)]
    unsafe fn follow<const FUSED: bool>(&self, row: usize) {
        let [to, from] = self.views;
        let mut sum = T::ZERO;
        // SAFETY: the elements exist; nobody else writes those of the result.
        unsafe {
            let mut last = *from.at(row, 0);
            *to.at(row, 0) = last;
            let mut at = 1;
            while at < self.n {
                let count = LANES.min(self.n - at);
                let (mut values, mut before) = ([last; LANES], [last; LANES]);
                for (c, value) in values.iter_mut().enumerate().take(count) {
                    *value = *from.at(row, at + c);
                }
                before[1..count].copy_from_slice(&values[..count - 1]);
                let turns = self.turns::<FUSED>(&values, &before);
                for c in 0..count {
                    sum = sum.plus(turns[c]);
                    *to.at(row, at + c) = values[c].plus(sum);
                }
                last = values[count - 1];
                at += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_rows_and_columns() {
        let describe = |data: &mut [f64], strides| Matrix {
            data: data.as_mut_ptr().cast(),
            owner: core::ptr::null_mut(),
            shape: [2, 4],
            strides,
        };
        for strides in [[32, 8], [8, 16]] {
            let at = |i: usize, j: usize| (i * strides[0] as usize + j * strides[1] as usize) / 8;
            let (mut x, mut out) = ([0.0; 8], [f64::NAN; 8]);
            for j in 0..4 {
                x[at(0, j)] = (j * 3 % 8) as f64;
                x[at(1, j)] = [0.0, 4.0, 0.0, 9.0][j];
            }
            let mut parameters = [8.0, 4.0];
            let given = Vector {
                data: parameters.as_mut_ptr().cast(),
                owner: core::ptr::null_mut(),
                shape: [2],
                strides: [8],
            };
            let (to, from) = (describe(&mut out, strides), describe(&mut x, strides));
            // SAFETY: the descriptors are of arrays; so few rows are not shared, and the context is not used.
            assert_eq!(unsafe { ungil_lib_unwrap(core::ptr::null_mut(), 10, &to, &from, &given) }, 0);
            for j in 0..4 {
                assert_eq!(out[at(0, j)], [0.0, 3.0, 6.0, 9.0][j]);
                assert_eq!(out[at(1, j)], [0.0, 4.0, 0.0, 1.0][j]);
            }
        }
    }
}

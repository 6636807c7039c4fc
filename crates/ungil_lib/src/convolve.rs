//! Sums of products of a sequence and a sliding other: `out[t] = Σ_j y[j] · x[first + t - j]`.
//!
//! Results side by side are summed in registers while all of `y` passes. Where every element of `y` meets one of `x`, these
//! are some vectors; at the ends, where fewer do, few results, and products that not all of them have follow one by one.

use crate::dtype::of_dtype;
use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::{Matrix, Vector};
use crate::number::{Element, Number, combined, load};
use crate::share::share;
use crate::view::Factor;
use core::cmp::{max, min};
use ungil_abi::context::Ctx;

/// Multiplications of a block of results that is given to a thread at a time, and least length of one.
const BLOCK: usize = 1 << 20;
const SHORTEST: usize = 1024;

/// Some of the sums of products of two sequences, from the one with number `first` on.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live elements of the type told; `x` and `y` are not empty; the
/// sums lie between `0` and `n + m - 2`; `out` is aligned, and overlaps neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_convolve(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Vector,
    y: *const Vector,
    first: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        let (out, x, y) = ((*out).column(), (*x).column(), (*y).column());
        of_dtype!(dtype, T => convolve::<T>(ctx, &out, &x, &y, first as usize), panic!("no element type has this number"))
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the sliding sums failed", run) }
}

/// # Safety
/// As for [`ungil_lib_convolve`], with elements of type `T`, as matrices of one column.
unsafe fn convolve<T: Element>(ctx: *mut Ctx, out: &Matrix, x: &Matrix, y: &Matrix, first: usize) -> i32 {
    let len = out.rows();
    // SAFETY: by contract.
    let (sequence, slider) = unsafe { (Factor::<T>::new(x), Factor::<T>::new(y)) };
    let mut dense = Vec::new();
    let mut data = sequence.view.data.cast_const();
    if sequence.view.steps[0] != 1 {
        // SAFETY: the elements lie in the sequence.
        dense.extend((0..x.rows()).map(|i| unsafe { *data.offset(i as isize * sequence.view.steps[0]) }));
        data = dense.as_ptr();
    }
    let parts = T::PARTS as isize;
    let sums = Sums {
        x: data.cast::<T::Part>(),
        n: x.rows(),
        y: slider.view.data.cast::<T::Part>(),
        y_step: slider.view.steps[0] * parts,
        m: y.rows(),
        out: out.data.cast::<T::Part>(),
        out_step: out.steps::<T>()[0] * parts,
        first,
    };
    let work = |low: usize, high: usize| {
        if const { T::PARTS == 1 } {
            features::run(Places::<T::Part, 1> { sums: &sums, low, high });
        } else {
            features::run(Places::<T::Part, 2> { sums: &sums, low, high });
        }
    };
    if len.saturating_mul(sums.m) < BLOCK {
        work(0, len);
        return 0;
    }
    let block = max(BLOCK / sums.m, SHORTEST).next_multiple_of(SHORTEST);
    // SAFETY: by contract; blocks of results are disjoint.
    unsafe { share(ctx, len, block, &work) }
}

/// Two sequences, the first dense, and where sums go; steps are in numbers.
struct Sums<P> {
    x: *const P,
    n: usize,
    y: *const P,
    y_step: isize,
    m: usize,
    out: *mut P,
    out_step: isize,
    first: usize,
}

/// The results with these places.
struct Places<'a, P, const PARTS: usize> {
    sums: &'a Sums<P>,
    low: usize,
    high: usize,
}

impl<P: Number, const PARTS: usize> Kernel for Places<'_, P, PARTS> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        // Eight vectors of sums over real parts, or four of either.
        // SAFETY: the places lie inside the result.
        unsafe {
            match const { 4 * BYTES / size_of::<P>() / PARTS } {
                128.. => self.all::<FUSED, 128>(),
                64 => self.all::<FUSED, 64>(),
                32 => self.all::<FUSED, 32>(),
                16 => self.all::<FUSED, 16>(),
                _ => self.all::<FUSED, 8>(),
            }
        }
    }
}

impl<P: Number, const PARTS: usize> Places<'_, P, PARTS> {
    /// # Safety
    /// The places lie inside the result.
    #[inline(always)]
    unsafe fn all<const FUSED: bool, const WIDTH: usize>(&self) {
        let (s, wide) = (self.sums, WIDTH / PARTS);
        // Places whose sums have all of `y`.
        let full = max(s.m - 1, s.first) - s.first;
        let full_end = max(min(self.high, s.n.saturating_sub(s.first)), self.low);
        let mut t = self.low;
        // SAFETY: by contract.
        unsafe {
            while t < self.high {
                if t >= full && t + wide <= full_end {
                    self.some::<FUSED, WIDTH>(t);
                    t += wide;
                } else if t >= full && t < full_end && full_end >= max(full, self.low) + wide {
                    self.some::<FUSED, WIDTH>(full_end - wide);
                    t = full_end;
                } else if t + 8 / PARTS <= self.high {
                    self.some::<FUSED, 8>(t);
                    t += 8 / PARTS;
                } else {
                    self.some::<FUSED, PARTS>(t);
                    t += 1;
                }
            }
        }
    }

    /// Computes the results of some places side by side.
    ///
    /// # Safety
    /// They lie inside the result.
    #[inline(always)]
    unsafe fn some<const FUSED: bool, const WIDTH: usize>(&self, t: usize) {
        let (s, wide) = (self.sums, WIDTH / PARTS);
        let at = s.first + t;
        // All of these results have the products with y[low .. high].
        let low = (at + wide).saturating_sub(s.n);
        let high = min(at + 1, s.m);
        let mut sums = [[P::ZERO; WIDTH]; PARTS];
        // SAFETY: the places meet elements of both sequences.
        unsafe {
            for j in low..high {
                let x: [P; WIDTH] = load(s.x.add((at - j) * PARTS));
                for (part, sums) in sums.iter_mut().enumerate() {
                    let a = *s.y.offset(j as isize * s.y_step).add(part);
                    for c in 0..WIDTH {
                        sums[c] = x[c].times_plus::<FUSED>(a, sums[c]);
                    }
                }
            }
            let mut sums = combined(&sums);
            if low > 0 || high < s.m {
                self.add_ends::<FUSED, WIDTH>(&mut sums, at, low, high);
            }
            for c in 0..wide {
                let out = s.out.offset((t + c) as isize * s.out_step);
                for part in 0..PARTS {
                    *out.add(part) = sums[c * PARTS + part];
                }
            }
        }
    }

    /// Adds the products with elements of `y` outside `low .. high`, which only some results have.
    ///
    /// # Safety
    /// The results exist.
    #[inline(always)]
    unsafe fn add_ends<const FUSED: bool, const WIDTH: usize>(
        &self,
        sums: &mut [P; WIDTH],
        at: usize,
        low: usize,
        high: usize,
    ) {
        let s = self.sums;
        for c in 0..WIDTH / PARTS {
            let (from, to) = ((at + c + 1).saturating_sub(s.n), min(at + c + 1, s.m));
            let ends = if low < high { [from..low, high..to] } else { [from..to, to..to] };
            for j in ends.into_iter().flatten() {
                let mut products = [[P::ZERO; PARTS]; PARTS];
                // SAFETY: the elements with these numbers exist.
                unsafe {
                    let x: [P; PARTS] = load(s.x.add((at + c - j) * PARTS));
                    for (part, products) in products.iter_mut().enumerate() {
                        let a = *s.y.offset(j as isize * s.y_step).add(part);
                        for (product, x) in products.iter_mut().zip(x) {
                            *product = x.times_plus::<FUSED>(a, *product);
                        }
                    }
                }
                for (part, product) in combined(&products).into_iter().enumerate() {
                    sums[c * PARTS + part] = sums[c * PARTS + part].plus(product);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_anywhere() {
        let vector = |data: &mut [f64]| Vector {
            data: data.as_mut_ptr().cast(),
            owner: core::ptr::null_mut(),
            shape: [data.len() as i64],
            strides: [8],
        };
        for (n, m) in [(1, 1), (5, 3), (3, 5), (30, 30), (100, 7), (300, 60)] {
            let mut x: Vec<f64> = (0..n).map(|k| f64::from(k * 7 % 11 - 5)).collect();
            let mut y: Vec<f64> = (0..m).map(|k| f64::from(k * 5 % 13 - 6)).collect();
            let mut all = vec![0.0; x.len() + y.len() - 1];
            for (i, a) in x.iter().enumerate() {
                for (j, b) in y.iter().enumerate() {
                    all[i + j] += a * b;
                }
            }
            for first in 0..all.len() {
                let mut out = vec![f64::NAN; all.len() - first];
                let (to, a, b) = (vector(&mut out), vector(&mut x), vector(&mut y));
                // SAFETY: the vectors describe slices; so short a job is not shared, and uses no context.
                let status =
                    unsafe { ungil_lib_convolve(core::ptr::null_mut(), 10, &to, &a, &b, first as i64) };
                assert_eq!((status, &out[..]), (0, &all[first..]), "{n} by {m} from {first}");
            }
        }
    }
}

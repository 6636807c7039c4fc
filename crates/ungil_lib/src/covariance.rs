//! Covariances of rows, and correlation coefficients.
//!
//! Rows are copied without their means, which are summed in lanes of blocks; their products are the library's products of
//! matrices.

use core::ptr;

use faer::{c32, c64};
use ungil_abi::context::Ctx;

use crate::entry::{guarded, reserve, with_capacity};
use crate::features::{self, Kernel};
use crate::matmul::{Large, multiply};
use crate::matrix::Matrix;

/// Numbers summed side by side, and those of a block whose sum is added to others'.
const LANES: usize = 32;
const BLOCK: usize = 1 << 12;

/// Covariances of the rows of `x` and, behind them, of `y`: sums of products of what is left without means, divided by the
/// number of columns less `free`, or by zero where that is negative. With `corr` they are divided by the roots of both
/// rows' own, and cut to numbers from -1 to 1.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live matrices of the element type told, a float or complex; `out`
/// has as many rows and columns as both others have rows, which have equally many columns unless `y` has no row; `out` is
/// dense and aligned, and overlaps neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_covariance(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Matrix,
    x: *const Matrix,
    y: *const Matrix,
    free: i64,
    corr: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        let (out, rows, corr) = (&*out, [&*x, &*y], corr != 0);
        match dtype {
            9 => covariance::<f32, f32>(ctx, out, rows, free, corr),
            10 => covariance::<f64, f64>(ctx, out, rows, free, corr),
            11 => covariance::<c32, f32>(ctx, out, rows, free, corr),
            12 => covariance::<c64, f64>(ctx, out, rows, free, corr),
            _ => panic!("elements of this type have no covariance"),
        }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the covariance failed", run) }
}

/// Floats that elements are made of.
trait Real: Copy + PartialOrd + 'static {
    const ZERO: Self;
    const ONE: Self;

    fn of(x: f64) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn over(self, other: Self) -> Self;
    fn negative(self) -> Self;
    fn root(self) -> Self;
}

macro_rules! real {
    ($($t:ty)*) => {$(
        impl Real for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;

            #[inline(always)]
            fn of(x: f64) -> $t {
                x as $t
            }

            #[inline(always)]
            fn plus(self, other: $t) -> $t {
                self + other
            }

            #[inline(always)]
            fn minus(self, other: $t) -> $t {
                self - other
            }

            #[inline(always)]
            fn times(self, other: $t) -> $t {
                self * other
            }

            #[inline(always)]
            fn over(self, other: $t) -> $t {
                self / other
            }

            #[inline(always)]
            fn negative(self) -> $t {
                -self
            }

            #[inline(always)]
            fn root(self) -> $t {
                self.sqrt()
            }
        }
    )*};
}

real!(f32 f64);

/// # Safety
/// As for [`ungil_lib_covariance`], with elements of type `T`, which are one `R` or two.
unsafe fn covariance<T: Large, R: Real>(
    ctx: *mut Ctx,
    out: &Matrix,
    from: [&Matrix; 2],
    free: i64,
    corr: bool,
) -> i32 {
    let parts = size_of::<T>() / size_of::<R>();
    let (rows, n) = (out.rows(), from[0].columns());
    let mut data: Vec<R> = with_capacity(rows.saturating_mul(n).saturating_mul(parts));
    // SAFETY: by contract; there is room for both matrices, whose elements are all set.
    unsafe {
        pack(data.as_mut_ptr(), from[0], n, parts);
        pack(data.as_mut_ptr().add(from[0].rows() * n * parts), from[1], n, parts);
        data.set_len(rows * n * parts);
    }
    features::run(Centred { data: &mut data, n, parts });
    let mut conjugates = Vec::new();
    if parts == 2 {
        reserve(&mut conjugates, data.len());
        conjugates.extend(data.chunks_exact(2).flat_map(|z| [z[0], z[1].negative()]));
    }
    let second = if parts == 2 { conjugates.as_mut_ptr() } else { data.as_mut_ptr() };
    let size = size_of::<T>() as i64;
    let dense = [n as i64 * size, size];
    let matrix =
        |data: *mut R, shape, strides| Matrix { data: data.cast(), owner: ptr::null_mut(), shape, strides };
    let left = matrix(data.as_mut_ptr(), [rows as i64, n as i64], dense);
    let right = matrix(second, [n as i64, rows as i64], [dense[1], dense[0]]);
    // SAFETY: the context is this thread's; both matrices are of live elements.
    let status = unsafe { multiply::<T>(ctx, out, &left, &right) };
    if status != 0 {
        return status;
    }
    // SAFETY: the elements are dense.
    let out = unsafe { core::slice::from_raw_parts_mut(out.data.cast::<R>(), rows * rows * parts) };
    let scale = R::of(1.0 / (n as i64 - free).max(0) as f64);
    let deviation = |i: usize| out[i * (rows + 1) * parts].times(scale).root();
    let deviations: Vec<R> = (0..if corr { rows } else { 0 }).map(deviation).collect();
    features::run(Scaled { out, rows, scale, deviations: &deviations });
    0
}

/// Multiplies the elements of a square matrix, and divides them by the deviations of their row and column, if there are any.
struct Scaled<'a, R> {
    out: &'a mut [R],
    rows: usize,
    scale: R,
    deviations: &'a [R],
}

impl<R: Real> Kernel for Scaled<'_, R> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        for x in self.out.iter_mut() {
            *x = x.times(self.scale);
        }
        let width = self.out.len() / self.rows.max(1);
        for (row, &own) in self.out.chunks_exact_mut(width.max(1)).zip(self.deviations) {
            if width == self.rows {
                for (x, &other) in row.iter_mut().zip(self.deviations) {
                    *x = cut(x.over(own).over(other));
                }
            } else {
                for (z, &other) in row.chunks_exact_mut(2).zip(self.deviations) {
                    z[0] = cut(z[0].over(own).over(other));
                    z[1] = cut(z[1].over(own).over(other));
                }
            }
        }
    }
}

/// Copies the elements of a matrix, row by row.
///
/// # Safety
/// The matrix is of live elements of so many numbers, `n` in a row if it has rows; `to` has room for all, and overlaps none.
unsafe fn pack<R: Real>(to: *mut R, from: &Matrix, n: usize, parts: usize) {
    let rows = from.rows();
    if from.strides[1] == (parts * size_of::<R>()) as i64 {
        let bytes = n * parts * size_of::<R>();
        for i in 0..rows {
            // SAFETY: by contract; bytes have no alignment.
            unsafe { ptr::copy_nonoverlapping(from.at(i, 0), to.add(i * n * parts).cast(), bytes) };
        }
        return;
    }
    // Columns that are dense are read a few lines of the cache at a time.
    let block = if from.strides[0].abs() < from.strides[1].abs() { 16 } else { n.max(1) };
    for low in (0..n).step_by(block) {
        for i in 0..rows {
            for j in low..(low + block).min(n) {
                let element = from.at(i, j).cast::<R>();
                for part in 0..parts {
                    // SAFETY: by contract.
                    unsafe { to.add((i * n + j) * parts + part).write(element.add(part).read_unaligned()) };
                }
            }
        }
    }
}

/// A number from -1 to 1, or NaN.
#[inline(always)]
fn cut<R: Real>(x: R) -> R {
    let low = R::ONE.negative();
    if x < low {
        low
    } else if x > R::ONE {
        R::ONE
    } else {
        x
    }
}

/// Takes the means off rows of `n` elements.
struct Centred<'a, R> {
    data: &'a mut [R],
    n: usize,
    parts: usize,
}

impl<R: Real> Kernel for Centred<'_, R> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        if self.n == 0 {
            return;
        }
        let count = R::of(self.n as f64);
        for row in self.data.chunks_exact_mut(self.n * self.parts) {
            // Lanes hold real and imaginary parts in turns.
            let mut lanes = [R::ZERO; LANES];
            for block in row.chunks(BLOCK) {
                let mut sums = [R::ZERO; LANES];
                let mut some = block.chunks_exact(LANES);
                for values in &mut some {
                    for c in 0..LANES {
                        sums[c] = sums[c].plus(values[c]);
                    }
                }
                for (sum, value) in sums.iter_mut().zip(some.remainder()) {
                    *sum = sum.plus(*value);
                }
                for c in 0..LANES {
                    lanes[c] = lanes[c].plus(sums[c]);
                }
            }
            let mut width = LANES / 2;
            while width >= self.parts {
                for c in 0..width {
                    lanes[c] = lanes[c].plus(lanes[c + width]);
                }
                width /= 2;
            }
            for (part, sum) in lanes.iter().take(self.parts).enumerate() {
                let mean = sum.over(count);
                row.iter_mut().skip(part).step_by(self.parts).for_each(|x| *x = x.minus(mean));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(data: &mut [f64], rows: i64, columns: i64) -> Matrix {
        let data = data.as_mut_ptr().cast();
        Matrix { data, owner: ptr::null_mut(), shape: [rows, columns], strides: [8 * columns, 8] }
    }

    #[test]
    fn rows_may_come_from_two_matrices() {
        let (mut x, mut y) = ([1.0, 2.0, 3.0, 6.0], [2.0, 4.0, 6.0, 12.0]);
        let mut out = [f64::NAN; 4];
        let (to, a, b) = (matrix(&mut out, 2, 2), matrix(&mut x, 1, 4), matrix(&mut y, 1, 4));
        // SAFETY: the matrices describe slices; so small a product is not shared, and the context is not used.
        let status = unsafe { ungil_lib_covariance(ptr::null_mut(), 10, &to, &a, &b, 0, 0) };
        assert_eq!((status, out), (0, [3.5, 7.0, 7.0, 14.0]));
        // SAFETY: as above.
        let status = unsafe { ungil_lib_covariance(ptr::null_mut(), 10, &to, &a, &b, 1, 1) };
        assert_eq!(status, 0);
        assert!(out.iter().all(|r| (r - 1.0).abs() < 1e-15));
    }
}

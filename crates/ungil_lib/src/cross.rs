//! Cross products of rows of three numbers.

use faer::{c32, c64};
use ungil_abi::context::Ctx;

use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::Matrix;
use crate::share::share;
use crate::view::{Factor, View};

/// Rows of a part for the team.
const PART: usize = 1 << 14;

/// Cross products of the rows of two matrices; a product is rounded before it is subtracted. Products with the third element
/// that a row of two does not have are left out.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live matrices of equally many rows, of the element type told; `out`
/// has three columns, the factors have two or three; `out` is aligned, and overlaps neither factor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_cross(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Matrix,
    x: *const Matrix,
    y: *const Matrix,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        let (out, x, y) = (&*out, &*x, &*y);
        // Integers without their signs: products and differences wrap.
        match dtype {
            1 | 5 => products::<u8>(ctx, out, x, y),
            2 | 6 => products::<u16>(ctx, out, x, y),
            3 | 7 => products::<u32>(ctx, out, x, y),
            4 | 8 => products::<u64>(ctx, out, x, y),
            9 => products::<f32>(ctx, out, x, y),
            10 => products::<f64>(ctx, out, x, y),
            11 => products::<c32>(ctx, out, x, y),
            12 => products::<c64>(ctx, out, x, y),
            _ => panic!("elements of this type are not multiplied"),
        }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the cross product failed", run) }
}

/// Elements that are multiplied.
trait Multiplied: Copy + Send + Sync + 'static {
    fn product(a: Self, b: Self) -> Self;

    fn difference(a: Self, b: Self) -> Self;

    fn negative(a: Self) -> Self;
}

macro_rules! multiplied {
    ($($t:ty)*; $a:ident $b:ident => $product:expr, $difference:expr, $negative:expr) => {$(
        impl Multiplied for $t {
            #[inline(always)]
            fn product($a: $t, $b: $t) -> $t {
                $product
            }

            #[inline(always)]
            fn difference($a: $t, $b: $t) -> $t {
                $difference
            }

            #[inline(always)]
            fn negative($a: $t) -> $t {
                $negative
            }
        }
    )*};
}

multiplied!(f32 f64 c32 c64; a b => a * b, a - b, -a);
multiplied!(u8 u16 u32 u64; a b => a.wrapping_mul(b), a.wrapping_sub(b), a.wrapping_neg());

/// # Safety
/// As for [`ungil_lib_cross`], with elements of type `T`.
unsafe fn products<T: Multiplied>(ctx: *mut Ctx, out: &Matrix, x: &Matrix, y: &Matrix) -> i32 {
    let (rows, columns) = (out.rows(), [x.columns(), y.columns()]);
    // SAFETY: by contract.
    let (x, y) = unsafe { (Factor::<T>::new(x), Factor::<T>::new(y)) };
    let views = [View::new(out), x.view, y.view];
    let work = |low: usize, high: usize| features::run(Rows { views, columns, low, high });
    if rows < 2 * PART {
        work(0, rows);
        return 0;
    }
    // SAFETY: by contract; parts of the result are disjoint.
    unsafe { share(ctx, rows, PART, &work) }
}

/// Some of the rows of the result and the factors.
struct Rows<T> {
    views: [View<T>; 3],
    /// Of each factor.
    columns: [usize; 2],
    low: usize,
    high: usize,
}

impl<T: Multiplied> Kernel for Rows<T> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let dense = self.views.iter().all(|view| view.steps == [3, 1]);
        // SAFETY: the rows and their columns exist.
        unsafe {
            match self.columns {
                [3, 3] if dense => self.threes::<true>(),
                [3, 3] => self.threes::<false>(),
                _ => self.twos(),
            }
        }
    }
}

impl<T: Multiplied> Rows<T> {
    /// # Safety
    /// The rows exist, have three columns, and lie one behind the other if they are `DENSE`.
    #[inline(always)]
    unsafe fn threes<const DENSE: bool>(&self) {
        let [mut out, mut x, mut y] = self.views;
        if DENSE {
            (out.steps, x.steps, y.steps) = ([3, 1], [3, 1], [3, 1]);
        }
        for i in self.low..self.high {
            // SAFETY: by contract.
            unsafe {
                let (a0, a1, a2) = (*x.at(i, 0), *x.at(i, 1), *x.at(i, 2));
                let (b0, b1, b2) = (*y.at(i, 0), *y.at(i, 1), *y.at(i, 2));
                *out.at(i, 0) = T::difference(T::product(a1, b2), T::product(a2, b1));
                *out.at(i, 1) = T::difference(T::product(a2, b0), T::product(a0, b2));
                *out.at(i, 2) = T::difference(T::product(a0, b1), T::product(a1, b0));
            }
        }
    }

    /// Where a factor has two columns, the other three.
    ///
    /// # Safety
    /// The rows exist.
    unsafe fn twos(&self) {
        let [out, x, y] = self.views;
        for i in self.low..self.high {
            // SAFETY: by contract.
            unsafe {
                let ((a0, a1), (b0, b1)) = ((*x.at(i, 0), *x.at(i, 1)), (*y.at(i, 0), *y.at(i, 1)));
                let third = T::difference(T::product(a0, b1), T::product(a1, b0));
                let (first, second) = if self.columns[0] == 2 {
                    let b2 = *y.at(i, 2);
                    (T::product(a1, b2), T::negative(T::product(a0, b2)))
                } else {
                    let a2 = *x.at(i, 2);
                    (T::negative(T::product(a2, b1)), T::product(a2, b0))
                };
                for (j, value) in [first, second, third].into_iter().enumerate() {
                    *out.at(i, j) = value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies_rows_in_any_layout() {
        let matrix = |data: &mut [f64], strides: [i64; 2]| Matrix {
            data: data.as_mut_ptr().cast(),
            owner: core::ptr::null_mut(),
            shape: [data.len() as i64 / 3, 3],
            strides,
        };
        let mut a: Vec<f64> = (0..60).map(|k| f64::from(k * 7 % 11 - 5)).collect();
        let mut b: Vec<f64> = (0..60).map(|k| f64::from(k * 5 % 13 - 6)).collect();
        for strides in [[24, 8], [8, 160]] {
            let mut out = vec![f64::NAN; 60];
            let (to, x, y) = (matrix(&mut out, [24, 8]), matrix(&mut a, strides), matrix(&mut b, strides));
            // SAFETY: the matrices describe slices; so few rows are not shared, and the context is not used.
            let status = unsafe { ungil_lib_cross(core::ptr::null_mut(), 10, &to, &x, &y) };
            assert_eq!(status, 0);
            for i in 0..20 {
                let at =
                    |data: &[f64], j: usize| data[(i * strides[0] as usize + j * strides[1] as usize) / 8];
                for (j, k, l) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
                    let expected = at(&a, k) * at(&b, l) - at(&a, l) * at(&b, k);
                    assert_eq!(out[3 * i + j], expected);
                }
            }
        }
    }
}

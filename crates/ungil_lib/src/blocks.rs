//! Copies of matrices with any strides, and of the triangles of matrices. Elements are bits of a size.

use ungil_abi::context::Ctx;

use crate::copies::of_size;
use crate::entry::guarded;
use crate::matrix::Matrix;
use crate::share::in_parts;

/// Elements between safepoints.
const PART: usize = 1 << 16;

/// Writes the elements of a matrix to another.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays of the element type told and of one shape, which do not
/// overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_copy(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Matrix,
    x: *const Matrix,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_size!(dtype, T => copy::<T>(ctx, &*out, &*x)) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "copying elements failed", || i32::from(!run())) }
}

/// Writes the elements of a matrix that lie on its diagonal `k` or below, or else those above it, and zeros in place of the
/// others.
///
/// # Safety
/// As for [`ungil_lib_copy`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_triangle(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Matrix,
    x: *const Matrix,
    k: i64,
    lower: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_size!(dtype, T => triangle::<T>(ctx, &*out, &*x, k, lower != 0)) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "copying a triangle failed", || i32::from(!run())) }
}

/// # Safety
/// As for [`ungil_lib_copy`], with elements of type `T`.
unsafe fn copy<T: Copy>(ctx: *mut Ctx, out: &Matrix, x: &Matrix) -> bool {
    let (rows, columns) = (x.rows(), x.columns());
    let dense = |m: &Matrix| m.strides == [(columns * size_of::<T>()) as i64, size_of::<T>() as i64];
    if rows == 1 || dense(out) && dense(x) {
        let some = |low: usize, high: usize| {
            // SAFETY: by contract.
            unsafe { copy_row::<T>(out.at(0, low), out.strides[1], x.at(0, low), x.strides[1], high - low) };
        };
        // SAFETY: by contract.
        return unsafe { in_parts(ctx, rows * columns, PART, false, &some) };
    }
    let some = |low: usize, high: usize| {
        for i in low..high {
            // SAFETY: by contract.
            unsafe { copy_row::<T>(out.at(i, 0), out.strides[1], x.at(i, 0), x.strides[1], columns) };
        }
    };
    // SAFETY: by contract.
    unsafe { in_parts(ctx, rows, (PART / columns.max(1)).max(1), false, &some) }
}

/// # Safety
/// As for [`ungil_lib_copy`], with elements of type `T`.
unsafe fn triangle<T: Copy>(ctx: *mut Ctx, out: &Matrix, x: &Matrix, k: i64, lower: bool) -> bool {
    let (rows, columns) = (x.rows(), x.columns());
    let some = |low: usize, high: usize| {
        for i in low..high {
            let end = (i as i64).saturating_add(k).saturating_add(1).clamp(0, columns as i64) as usize;
            let (kept, none) = if lower { (0..end, end..columns) } else { (end..columns, 0..end) };
            // SAFETY: by contract; zero is a value of any element type.
            unsafe {
                let (to, from) = (out.at(i, kept.start), x.at(i, kept.start));
                copy_row::<T>(to, out.strides[1], from, x.strides[1], kept.len());
                let zero = core::mem::zeroed::<T>();
                copy_row::<T>(out.at(i, none.start), out.strides[1], (&raw const zero).cast(), 0, none.len());
            }
        }
    };
    // SAFETY: by contract.
    unsafe { in_parts(ctx, rows, (PART / columns.max(1)).max(1), false, &some) }
}

/// # Safety
/// There are so many elements of type `T` at both, with these distances in bytes.
#[inline]
unsafe fn copy_row<T: Copy>(to: *mut u8, to_step: i64, from: *const u8, from_step: i64, n: usize) {
    let (dense, to_step, from_step) = (size_of::<T>() as isize, to_step as isize, from_step as isize);
    // SAFETY: by contract.
    unsafe {
        if to_step == dense && from_step == dense {
            core::ptr::copy_nonoverlapping(from, to, n * size_of::<T>());
        } else if to_step == dense && from_step == 0 && n > 0 {
            let element = from.cast::<T>().read_unaligned();
            for k in 0..n {
                to.cast::<T>().add(k).write_unaligned(element);
            }
        } else {
            for k in 0..n as isize {
                let element = from.offset(k * from_step).cast::<T>().read_unaligned();
                to.offset(k * to_step).cast::<T>().write_unaligned(element);
            }
        }
    }
}

//! Arrays of indices: whether all are within an axis, what lies at them, how often each occurs.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use ungil_abi::context::Ctx;

use crate::copies::of_size;
use crate::entry::{guarded, raise_index};
use crate::features::{self, Kernel};
use crate::matrix::Vector;
use crate::share::in_parts;

/// Indices between safepoints.
const PART: usize = 1 << 16;
/// So few numbers need no vectors.
const FEW: usize = 32;
/// Bytes from one of dense indices to the next.
const DENSE: isize = size_of::<i64>() as isize;

/// Numbers of type int64 with the distance from one to the next in bytes.
#[derive(Clone, Copy)]
struct Numbers {
    data: *const u8,
    stride: isize,
    n: usize,
}

impl Numbers {
    fn of(x: &Vector) -> Numbers {
        Numbers { data: x.data, stride: x.strides[0] as isize, n: x.shape[0] as usize }
    }

    fn part(self, low: usize, high: usize) -> Numbers {
        let data = self.data.wrapping_offset(low as isize * self.stride);
        Numbers { data, n: high - low, ..self }
    }

    /// Calls a function with each number and its place, in order.
    ///
    /// # Safety
    /// The numbers live.
    #[inline(always)]
    unsafe fn each(self, mut f: impl FnMut(usize, i64)) {
        let Numbers { data, stride, n } = self;
        // SAFETY: by contract.
        unsafe {
            if stride == DENSE {
                for k in 0..n {
                    f(k, data.cast::<i64>().add(k).read_unaligned());
                }
            } else {
                for k in 0..n {
                    f(k, data.offset(k as isize * stride).cast::<i64>().read_unaligned());
                }
            }
        }
    }
}

/// Raises IndexError for the first index that is not within an axis of `size` elements; with `wrap` negative ones count from
/// the end.
///
/// # Safety
/// `ctx` is this thread's context; the descriptor is of live int64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_bounds(
    ctx: *mut Ctx,
    _: u64,
    index: *const Vector,
    size: i64,
    axis: i64,
    wrap: i64,
) -> i32 {
    let run = || {
        // SAFETY: by contract.
        let index = Numbers::of(unsafe { &*index });
        let low = if wrap != 0 { -size } else { 0 };
        let (found, span) = (AtomicBool::new(false), (size - low) as u64);
        let check = |from, to| {
            let check = Check { index: index.part(from, to), low, span, found: &found };
            if to - from < FEW { check.run::<false, 0>() } else { features::run(check) }
        };
        // SAFETY: by contract.
        if !unsafe { in_parts(ctx, index.n, PART, false, &check) } {
            return false;
        }
        if !found.load(Ordering::Relaxed) {
            return true;
        }
        let first = Cell::new(None);
        // SAFETY: by contract.
        unsafe {
            index.each(|_, i| {
                if first.get().is_none() && is_outside(i, low, span) {
                    first.set(Some(i));
                }
            });
            raise_index(ctx, first.get().unwrap_or(size), axis, size);
        }
        false
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "checking indices failed", || i32::from(!run())) }
}

#[inline(always)]
fn is_outside(i: i64, low: i64, span: u64) -> bool {
    i.wrapping_sub(low) as u64 >= span
}

/// Looks whether indices are outside `low .. low + span`.
struct Check<'a> {
    index: Numbers,
    low: i64,
    span: u64,
    found: &'a AtomicBool,
}

impl Kernel for Check<'_> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let mut outside = false;
        // SAFETY: the indices live.
        unsafe { self.index.each(|_, i| outside |= is_outside(i, self.low, self.span)) };
        if outside {
            self.found.store(true, Ordering::Relaxed);
        }
    }
}

/// Writes the elements of `x` at places that are within it; with `wrap` negative ones count from the end.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays, `index` of int64, the others of the element type told;
/// `out` is dense, has an element for each index and overlaps neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_take(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Vector,
    index: *const Vector,
    wrap: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_size!(dtype, T => take::<T>(ctx, &*out, &*x, Numbers::of(&*index), wrap != 0)) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "taking elements failed", || i32::from(!run())) }
}

/// # Safety
/// As for [`ungil_lib_take`], with elements of type `T`.
unsafe fn take<T: Copy>(ctx: *mut Ctx, out: &Vector, x: &Vector, index: Numbers, wrap: bool) -> bool {
    let (from, stride, to) = (x.data.cast_const(), x.strides[0] as isize, out.data.cast::<T>());
    let behind = if wrap { x.shape[0] } else { 0 };
    let some = |low: usize, high: usize| {
        let counted = |i: i64| if i < 0 { i + behind } else { i } as isize;
        let to = to.wrapping_add(low);
        // SAFETY: by contract; the places are within `x`, and there is an element of `out` for each.
        unsafe {
            if stride == size_of::<T>() as isize {
                let from = from.cast::<T>();
                let some = index.part(low, high);
                some.each(|k, i| to.add(k).write_unaligned(from.offset(counted(i)).read_unaligned()));
            } else {
                let at = |i| from.offset(counted(i) * stride).cast::<T>();
                index.part(low, high).each(|k, i| to.add(k).write_unaligned(at(i).read_unaligned()));
            }
        }
    };
    // SAFETY: by contract.
    unsafe { in_parts(ctx, index.n, PART, false, &some) }
}

/// Sets `out[0]` and `out[1]` to the least and the greatest of some numbers.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live int64, of which `x` has some; they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_range(ctx: *mut Ctx, _: u64, out: *const Vector, x: *const Vector) -> i32 {
    let run = || {
        // SAFETY: by contract.
        let (out, x) = unsafe { (&*out, Numbers::of(&*x)) };
        let range = Cell::new((i64::MAX, i64::MIN));
        let some = |low, high| {
            let range = Range { x: x.part(low, high), range: &range };
            if high - low < FEW { range.run::<false, 0>() } else { features::run(range) }
        };
        // SAFETY: by contract.
        let done = unsafe { in_parts(ctx, x.n, PART, false, &some) };
        let (least, greatest) = range.get();
        // SAFETY: by contract.
        unsafe { out.data.cast::<[i64; 2]>().write_unaligned([least, greatest]) };
        done
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "looking for extrema failed", || i32::from(!run())) }
}

/// The least and the greatest number so far and of some more.
struct Range<'a> {
    x: Numbers,
    range: &'a Cell<(i64, i64)>,
}

impl Kernel for Range<'_> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let (mut least, mut greatest) = self.range.get();
        // SAFETY: the numbers live.
        unsafe { self.x.each(|_, i| (least, greatest) = (least.min(i), greatest.max(i))) };
        self.range.set((least, greatest));
    }
}

/// Adds one to the count of each number.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live int64, `counts` of dense ones of which each number has one;
/// they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_tally(
    ctx: *mut Ctx,
    _: u64,
    counts: *const Vector,
    x: *const Vector,
) -> i32 {
    let run = || {
        // SAFETY: by contract.
        let (counts, x) = unsafe { ((*counts).data.cast::<i64>(), Numbers::of(&*x)) };
        // SAFETY: by contract.
        let some = |low, high| unsafe { x.part(low, high).each(|_, i| *counts.offset(i as isize) += 1) };
        // SAFETY: by contract.
        unsafe { in_parts(ctx, x.n, PART, false, &some) }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "counting failed", || i32::from(!run())) }
}

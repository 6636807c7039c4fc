//! Copies in patterns: elements several times over, elements of several arrays by turns.
//!
//! Blocks are put together from vectors, so that each line of the result is written once. Elements are bits of a size.

use core::array::from_fn;

use ungil_abi::context::Ctx;

use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::Vector;
use crate::share::in_parts;

/// Elements of the result between safepoints.
const PART: usize = 1 << 16;
/// Elements of each array that are turned at a time.
const LANES: usize = 16;

/// The text of an error that nobody should see.
const FAILURE: &str = "copying elements failed";

/// Evaluates an expression with a type of the size of the element type that has a number.
macro_rules! of_size {
    ($dtype:expr, $T:ident => $value:expr) => {{
        macro_rules! with {
            ($type:ty) => {{
                type $T = $type;
                $value
            }};
        }
        match $dtype {
            0 | 1 | 5 => with!(u8),
            2 | 6 => with!(u16),
            3 | 7 | 9 => with!(u32),
            4 | 8 | 10 | 11 => with!(u64),
            12 => with!([u64; 2]),
            _ => panic!("no element type has this number"),
        }
    }};
}

pub(crate) use of_size;

/// Writes each element of `x` a number of times, one behind the other.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays of the element type told, dense, of which `out` has `times` times as
/// many elements and does not overlap `x`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_repeat(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Vector,
    times: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_size!(dtype, T => repeat::<T>(ctx, &*out, &*x, times as usize)) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, FAILURE, run) }
}

/// Writes elements of two arrays by turns.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays of the element type told, dense and of one length, but for `out`,
/// which has twice as many elements and does not overlap them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_interleave2(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    a: *const Vector,
    b: *const Vector,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_size!(dtype, T => interleave::<T, 2>(ctx, &*out, [&*a, &*b])) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, FAILURE, run) }
}

/// Writes elements of three arrays by turns.
///
/// # Safety
/// As for [`ungil_lib_interleave2`], with a result of three times as many elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_interleave3(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    a: *const Vector,
    b: *const Vector,
    c: *const Vector,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_size!(dtype, T => interleave::<T, 3>(ctx, &*out, [&*a, &*b, &*c])) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, FAILURE, run) }
}

/// # Safety
/// As for [`ungil_lib_repeat`], with elements of type `T`.
unsafe fn repeat<T: Bits>(ctx: *mut Ctx, out: &Vector, x: &Vector, times: usize) -> i32 {
    let (from, to) = (x.data.cast_const().cast::<T>(), out.data.cast::<T>());
    let some = |low: usize, high: usize| {
        let (from, to) = (from.wrapping_add(low), to.wrapping_add(low * times));
        features::run(Repeat { from, to, n: high - low, times });
    };
    // SAFETY: by contract.
    i32::from(unsafe { !in_parts(ctx, x.shape[0] as usize, (PART / times.max(1)).max(1), false, &some) })
}

/// # Safety
/// As for [`ungil_lib_interleave2`], with elements of type `T` of `K` arrays.
unsafe fn interleave<T: Bits, const K: usize>(ctx: *mut Ctx, out: &Vector, x: [&Vector; K]) -> i32 {
    let (from, to) = (x.map(|x| x.data.cast_const().cast::<T>()), out.data.cast::<T>());
    let some = |low: usize, high: usize| {
        let (from, to) = (from.map(|x| x.wrapping_add(low)), to.wrapping_add(low * K));
        features::run(Interleave { from, to, n: high - low });
    };
    // SAFETY: by contract.
    i32::from(unsafe { !in_parts(ctx, x[0].shape[0] as usize, PART, false, &some) })
}

/// Elements several times over.
struct Repeat<T> {
    from: *const T,
    to: *mut T,
    n: usize,
    times: usize,
}

impl<T: Bits> Kernel for Repeat<T> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let Repeat { from, to, n, times } = self;
        // SAFETY: the elements live; the result has room for all.
        unsafe {
            match times {
                2 => by_turns([from; 2], to, n),
                3 => by_turns([from; 3], to, n),
                4 => by_turns([from; 4], to, n),
                _ => {
                    for i in 0..n {
                        let x = from.add(i).read_unaligned();
                        for k in 0..times {
                            to.add(i * times + k).write_unaligned(x);
                        }
                    }
                }
            }
        }
    }
}

/// Elements of several arrays by turns.
struct Interleave<T, const K: usize> {
    from: [*const T; K],
    to: *mut T,
    n: usize,
}

impl<T: Bits, const K: usize> Kernel for Interleave<T, K> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        // SAFETY: the elements live; the result has room for all.
        unsafe { by_turns(self.from, self.to, self.n) };
    }
}

/// The bits of an element.
trait Bits: Copy + 'static {
    type Pair: Copy;

    fn pair(self, next: Self) -> Self::Pair;
}

macro_rules! bits {
    ($($t:ty, $pair:ty;)*) => {$(
        impl Bits for $t {
            type Pair = $pair;

            /// The lower bits come first in memory on all processors that code is made for.
            #[inline(always)]
            fn pair(self, next: $t) -> $pair {
                <$pair>::from(self) | <$pair>::from(next) << <$t>::BITS
            }
        }
    )*};
}

bits! {
    u8, u16;
    u16, u32;
    u32, u64;
}

macro_rules! wide_bits {
    ($($t:ty)*) => {$(
        impl Bits for $t {
            type Pair = [$t; 2];

            #[inline(always)]
            fn pair(self, next: $t) -> [$t; 2] {
                [self, next]
            }
        }
    )*};
}

wide_bits!(u64 [u64; 2]);

/// # Safety
/// The elements live; the result has room for all, and overlaps none.
#[inline(always)]
unsafe fn by_turns<T: Bits, const K: usize>(from: [*const T; K], to: *mut T, n: usize) {
    let mut i = 0;
    // SAFETY: by contract.
    unsafe {
        // Pairs of small elements are numbers, of which the compiler makes vectors by itself.
        while K == 2 && size_of::<T>() < 8 && i < n {
            let pair = from[0].add(i).read_unaligned().pair(from[K - 1].add(i).read_unaligned());
            to.cast::<T::Pair>().add(i).write_unaligned(pair);
            i += 1;
        }
        while i + LANES <= n {
            let x: [[T; LANES]; K] = from_fn(|k| from[k].add(i).cast::<[T; LANES]>().read_unaligned());
            let turned: [[T; K]; LANES] = from_fn(|lane| from_fn(|k| x[k][lane]));
            to.add(i * K).cast::<[[T; K]; LANES]>().write_unaligned(turned);
            i += LANES;
        }
        for i in i..n {
            for (k, from) in from.iter().enumerate() {
                to.add(i * K + k).write_unaligned(from.add(i).read_unaligned());
            }
        }
    }
}

//! True elements: how many there are.
//!
//! No branch depends on a single element. An element is true if bits of it are set: all that are the type's, of floats without
//! those of signs.

use core::cell::Cell;

use ungil_abi::context::Ctx;

use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::Vector;
use crate::share::in_parts;

/// Elements of a block that are counted side by side; fewer are counted one by one.
const BLOCK: usize = 64;
/// Elements between safepoints: blocks whose number a byte holds.
const PART: usize = 255 * BLOCK;

/// The bits of an element, or of some.
trait Bits: Copy {
    fn has(self, which: Self) -> bool;
}

macro_rules! bits {
    ($($t:ty)*) => {$(
        impl Bits for $t {
            #[inline(always)]
            fn has(self, which: $t) -> bool {
                self & which != 0
            }
        }
    )*};
}

bits!(u8 u16 u32 u64);

impl Bits for [u64; 2] {
    #[inline(always)]
    fn has(self, which: [u64; 2]) -> bool {
        self[0] & which[0] | self[1] & which[1] != 0
    }
}

/// Elements with the distance from one to the next in bytes, and the bits that make them true.
#[derive(Clone, Copy)]
struct Elements<T> {
    data: *const u8,
    stride: isize,
    n: usize,
    which: T,
}

impl<T: Bits> Elements<T> {
    fn of(x: &Vector, which: T) -> Elements<T> {
        Elements { data: x.data, stride: x.strides[0] as isize, n: x.shape[0] as usize, which }
    }

    fn part(self, low: usize, high: usize) -> Elements<T> {
        let data = self.data.wrapping_offset(low as isize * self.stride);
        Elements { data, n: high - low, ..self }
    }

    /// Truth values of the elements from one on, as bytes.
    ///
    /// # Safety
    /// There are so many.
    #[inline(always)]
    unsafe fn flags<const N: usize>(self, at: usize) -> [u8; N] {
        let mut flags = [0; N];
        // SAFETY: by contract.
        unsafe {
            let element = |k: usize, stride: isize| {
                self.data.offset((at + k) as isize * stride).cast::<T>().read_unaligned()
            };
            if self.stride == size_of::<T>() as isize {
                for (k, flag) in flags.iter_mut().enumerate() {
                    *flag = u8::from(element(k, size_of::<T>() as isize).has(self.which));
                }
            } else {
                for (k, flag) in flags.iter_mut().enumerate() {
                    *flag = u8::from(element(k, self.stride).has(self.which));
                }
            }
        }
        flags
    }
}

/// Evaluates an expression with elements as bits, and those that make them true, by the number of their type.
macro_rules! of_truth {
    ($dtype:expr, $which:ident => $value:expr) => {{
        macro_rules! with {
            ($bits:expr) => {{
                let $which = $bits;
                $value
            }};
        }
        match $dtype {
            0 | 1 | 5 => with!(u8::MAX),
            2 | 6 => with!(u16::MAX),
            3 | 7 => with!(u32::MAX),
            4 | 8 => with!(u64::MAX),
            9 => with!(u32::MAX >> 1),
            10 => with!(u64::MAX >> 1),
            11 => with!(0x7fff_ffff_7fff_ffff_u64),
            12 => with!([u64::MAX >> 1; 2]),
            _ => panic!("no element type has this number"),
        }
    }};
}

/// Sets `out[0]` to the number of true elements.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays, `out` of int64, `x` of the element type told; they do not
/// overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_count(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Vector,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        let (out, x) = ((*out).data.cast::<i64>(), &*x);
        let total = Cell::new(0);
        let done = of_truth!(dtype, which => {
            let x = Elements::of(x, which);
            let some = |low, high| features::run(Count { x: x.part(low, high), total: &total });
            if x.n < BLOCK {
                total.set((0..x.n).map(|k| i64::from(x.flags::<1>(k)[0])).sum());
            }
            x.n < BLOCK || in_parts(ctx, x.n, PART, false, &some)
        });
        out.write_unaligned(total.get());
        done
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "counting elements failed", || i32::from(!run())) }
}

/// Adds the number of true elements, of which there are at most [`PART`].
struct Count<'a, T> {
    x: Elements<T>,
    total: &'a Cell<i64>,
}

impl<T: Bits> Kernel for Count<'_, T> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let (x, mut at, mut sums) = (self.x, 0, [0_u8; BLOCK]);
        // SAFETY: the elements live.
        unsafe {
            while at + BLOCK <= x.n {
                let flags = x.flags::<BLOCK>(at);
                for c in 0..BLOCK {
                    sums[c] += flags[c];
                }
                at += BLOCK;
            }
            let rest: u64 = (at..x.n).map(|k| u64::from(x.flags::<1>(k)[0])).sum();
            let blocks: u64 = if at == 0 { 0 } else { sums.iter().map(|n| u64::from(*n)).sum() };
            self.total.set(self.total.get() + (rest + blocks) as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::vector;

    #[test]
    fn zeros_of_either_sign_are_false() {
        let mut x: Vec<f64> = (0..200).map(|k| [0.0, -0.0, f64::NAN, 5e-324][k % 4]).collect();
        let mut count = [0_i64];
        let (x, one) = (vector(&mut x), vector(&mut count));
        // SAFETY: the vectors describe slices; so few elements need no context.
        let status = unsafe { ungil_lib_count(core::ptr::null_mut(), 10, &one, &x) };
        assert_eq!((status, count), (0, [100]));
    }
}

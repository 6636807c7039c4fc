//! Linear interpolation between points, with NumPy's arithmetic.
//!
//! The points left of some keys at a time are searched for as in sorted tables; what lies between is computed in vectors.

use core::mem::MaybeUninit;

use ungil_abi::context::Ctx;

use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::Vector;
use crate::search::{Keys, Packed, Part, Places};
use crate::share::{in_parts, share};

/// Keys whose places are kept at a time, and those of a part for the team.
const BLOCK: usize = 512;
const PART: usize = 1 << 14;

/// Writes what lies at keys `x` on the lines through `points`, which rise, and their `values`; left and right of them the two
/// numbers of `ends`.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live float64, `out` of dense ones, as many as keys, that overlap no
/// others; there are points, and as many values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_interp(
    ctx: *mut Ctx,
    _: u64,
    out: *const Vector,
    x: *const Vector,
    points: *const Vector,
    values: *const Vector,
    ends: *const Vector,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        let (points, values) = (Packed::<f64>::new(&*points), Packed::<f64>::new(&*values));
        let (points, values) = (points.elements(), values.elements());
        let ends = [0, 1].map(|k| (*ends).column().at(k, 0).cast::<f64>().read_unaligned());
        let (out, x) = (&*out, &*x);
        let line = Line { points, values, ends };
        let table = &points[..points.partition_point(|p| !p.is_nan())];
        let (from, stride, to) = (x.data.cast_const(), x.strides[0] as isize, out.data.cast::<f64>());
        let some = |low: usize, high: usize| {
            for at in (low..high).step_by(BLOCK) {
                let n = BLOCK.min(high - at);
                block(&line, table, from.offset(at as isize * stride), stride, to.add(at), n);
            }
        };
        let n = out.shape[0] as usize;
        if n < 2 * PART { in_parts(ctx, n, 2 * PART, false, &some) } else { share(ctx, n, PART, &some) == 0 }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the interpolation failed", || i32::from(!run())) }
}

/// Points, their values, and what is left and right of them.
struct Line<'a> {
    points: &'a [f64],
    values: &'a [f64],
    ends: [f64; 2],
}

/// # Safety
/// There are `n` keys with this distance in bytes, at most [`BLOCK`], and room for as many results.
unsafe fn block(line: &Line<'_>, table: &[f64], data: *const u8, stride: isize, to: *mut f64, n: usize) {
    let mut behind = [const { MaybeUninit::<i64>::uninit() }; BLOCK];
    let keys = Keys { data, stride, out: behind.as_mut_ptr().cast(), n };
    let places = Places { table, last: line.points.len() as i64, falls: false, keys };
    features::run(Part::<f64, true> { places: &places, low: 0, high: n });
    features::run(Between { line, keys, to });
}

/// Values at keys for which the number of points that are not greater is known.
struct Between<'a> {
    line: &'a Line<'a>,
    keys: Keys,
    to: *mut f64,
}

impl Kernel for Between<'_> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let Keys { data, stride, out: behind, n } = self.keys;
        for k in 0..n {
            // SAFETY: there are so many keys, numbers and results.
            unsafe {
                let x = data.offset(k as isize * stride).cast::<f64>().read_unaligned();
                self.to.add(k).write_unaligned(self.line.at(x, *behind.add(k)));
            }
        }
    }
}

impl Line<'_> {
    /// The value at a key that so many points are not greater than.
    #[inline(always)]
    fn at(&self, x: f64, behind: i64) -> f64 {
        let Line { points, values, ends } = self;
        let last = points.len() - 1;
        if x.is_nan() {
            // One point is not compared with: NumPy gives its value.
            return if last == 0 { values[0] } else { x };
        }
        if x > points[last] {
            return ends[1];
        }
        if behind < 1 {
            return ends[0];
        }
        let j = (behind as usize - 1).min(last);
        if j == last || points[j] == x {
            return values[j];
        }
        let slope = (values[j + 1] - values[j]) / (points[j + 1] - points[j]);
        let y = slope * (x - points[j]) + values[j];
        if !y.is_nan() {
            return y;
        }
        let y = slope * (x - points[j + 1]) + values[j + 1];
        if y.is_nan() && values[j] == values[j + 1] { values[j] } else { y }
    }
}

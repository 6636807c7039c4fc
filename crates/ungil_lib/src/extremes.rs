//! Extrema of runs of elements, and their places.
//!
//! A run is gone through in blocks: a block that is further than those before is remembered, and looked through at the end,
//! while it lies in the cache. Elements that are no neighbours are gathered, a block at a time. Of equal elements the first
//! counts, of NaN too, so that the answer has the same bits for any instructions and number of threads.

use core::array::from_fn;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

use ungil_abi::context::Ctx;
use ungil_abi::exception::ExcClass;
use ungil_runtime::error::raise_static;

use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::{Matrix, Vector};
use crate::ordered::{Ordered, extremum, is_further, place, start};
use crate::share::in_parts;

/// Elements of a block.
const BLOCK: usize = 2048;
/// Elements between safepoints, and those that a thread is given at a time.
const PART: usize = 1 << 16;
/// Runs of at most so many elements are searched side by side, so many at a time.
const SHORT: usize = 24;
const SIDE_BY_SIDE: usize = 16;

/// Bits of what is wanted: the largest element, numbers only, threads may share the work.
const LARGEST: i64 = 1;
const NUMBERS: i64 = 2;
const SHARED: i64 = 4;

/// Elements along a run, with the distance from one to the next in bytes.
struct Run<T> {
    data: *const T,
    stride: isize,
    n: usize,
    /// Whether the extremum matters, and its place does not.
    by_value: bool,
}

/// What was found in a run, and its place.
#[derive(Clone, Copy)]
struct Found<T> {
    value: T,
    place: usize,
    /// Whether it is the first NaN; where numbers are wanted, whether there was none.
    nan: bool,
}

/// Runs of one length, whose starts have one distance in bytes, and where goes what is found in each.
struct Scan<T, F, const LARGEST: bool, const NUMBERS: bool> {
    first: Run<T>,
    step: isize,
    count: usize,
    put: F,
}

impl<T> Clone for Run<T> {
    fn clone(&self) -> Run<T> {
        *self
    }
}

impl<T> Copy for Run<T> {}

/// The text of an error that nobody should see.
const FAILURE: &str = "the search for an extremum failed";

/// Evaluates an expression with the element type that has a number; bools are bytes.
macro_rules! of_ordered {
    ($dtype:expr, $T:ident => $value:expr) => {{
        macro_rules! with {
            ($type:ty) => {{
                type $T = $type;
                $value
            }};
        }
        match $dtype {
            0 | 5 => with!(u8),
            1 => with!(i8),
            2 => with!(i16),
            3 => with!(i32),
            4 => with!(i64),
            6 => with!(u16),
            7 => with!(u32),
            8 => with!(u64),
            9 => with!(f32),
            10 => with!(f64),
            _ => panic!("elements of this type have no order"),
        }
    }};
}

/// Sets `out[i]` to the place of the extremum of row `i`.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays, `out` of dense int64, `x` of the element type told,
/// with a row for each element of `out` and elements in rows; `out` does not overlap `x`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_places(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Matrix,
    wanted: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_ordered!(dtype, T => places::<T>(ctx, &*out, &*x, wanted)) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, FAILURE, run) }
}

/// Sets `out[0]` to the extremum of elements: NaN if one is, or all are where numbers are wanted.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays of the element type told, which have elements; they do
/// not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_extremum(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Vector,
    wanted: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe { of_ordered!(dtype, T => extremum_of::<T>(ctx, &*out, &*x, wanted)) };
    // SAFETY: by contract.
    unsafe { guarded(ctx, FAILURE, run) }
}

/// # Safety
/// As for [`ungil_lib_places`], with elements of type `T`.
unsafe fn places<T: Ordered>(ctx: *mut Ctx, out: &Vector, x: &Matrix, wanted: i64) -> i32 {
    let (rows, n, to) = (x.rows(), x.columns(), out.data.cast::<i64>());
    let row = |i: usize| Run {
        data: x.at(i, 0).cast_const().cast::<T>(),
        stride: x.strides[1] as isize,
        n,
        by_value: false,
    };
    let missing = AtomicBool::new(false);
    let put = |i: usize, found: Found<T>| {
        if found.nan {
            missing.store(true, Ordering::Relaxed);
        }
        // SAFETY: there is a place for each row.
        unsafe { to.add(i).write(found.place as i64) };
    };
    let some = |low: usize, high: usize| {
        let put = |i: usize, found: Found<T>| put(low + i, found);
        // SAFETY: by contract.
        unsafe { scan(row(low), x.strides[0] as isize, high - low, wanted, put) };
    };
    // SAFETY: by contract; no row is given out twice.
    let done = unsafe {
        if n > PART {
            (0..rows).all(|i| search(ctx, row(i), wanted).map(|found| put(i, found)).is_some())
        } else {
            in_parts(ctx, rows, (PART / n.max(1)).max(1), wanted & SHARED != 0, &some)
        }
    };
    if !done {
        return 1;
    }
    if wanted & NUMBERS != 0 && missing.into_inner() {
        // SAFETY: by contract.
        unsafe { raise_static(ctx, ExcClass::VALUE_ERROR, "All-NaN slice encountered") };
        return 1;
    }
    0
}

/// # Safety
/// As for [`ungil_lib_extremum`], with elements of type `T`.
unsafe fn extremum_of<T: Ordered>(ctx: *mut Ctx, out: &Vector, x: &Vector, wanted: i64) -> i32 {
    let run = Run {
        data: x.data.cast_const().cast::<T>(),
        stride: x.strides[0] as isize,
        n: x.shape[0] as usize,
        by_value: true,
    };
    // SAFETY: by contract.
    let Some(found) = (unsafe { search::<T>(ctx, run, wanted) }) else { return 1 };
    let value = if found.nan && wanted & NUMBERS != 0 { T::NOTHING } else { found.value };
    // SAFETY: by contract.
    unsafe { out.data.cast::<T>().write(value) };
    0
}

/// What is found in one run; nothing if the call must end.
///
/// # Safety
/// `ctx` is this thread's context; the run is of live elements of type `T`, of which there are some.
unsafe fn search<T: Ordered>(ctx: *mut Ctx, run: Run<T>, wanted: i64) -> Option<Found<T>> {
    if run.n <= PART {
        let mut all = None;
        // SAFETY: by contract.
        unsafe { scan(run, 0, 1, wanted, |_, found| all = Some(found)) };
        return all;
    }
    let mut parts: Vec<MaybeUninit<Found<T>>> = Vec::with_capacity(run.n.div_ceil(PART));
    let to = Places(parts.as_mut_ptr());
    let work = |low: usize, high: usize| {
        let part = Run { data: run.at(low), n: high - low, ..run };
        // SAFETY: by contract; there is a place for each part.
        unsafe {
            scan(part, 0, 1, wanted, |_, found| {
                to.put(low / PART, Found { place: low + found.place, ..found })
            })
        };
    };
    // SAFETY: by contract; each part has been set.
    unsafe {
        if !in_parts(ctx, run.n, PART, wanted & SHARED != 0, &work) {
            return None;
        }
        parts.set_len(run.n.div_ceil(PART));
        parts.into_iter().map(|found| found.assume_init()).reduce(|first, next| first.or(next, wanted))
    }
}

/// Where threads put what they find.
struct Places<T>(*mut MaybeUninit<Found<T>>);

// SAFETY: no place is given out twice.
unsafe impl<T> Sync for Places<T> {}

impl<T> Places<T> {
    /// # Safety
    /// There is such a place.
    unsafe fn put(&self, k: usize, found: Found<T>) {
        // SAFETY: by contract.
        unsafe { (*self.0.add(k)).write(found) };
    }
}

impl<T: Ordered> Found<T> {
    /// What is found in two parts.
    fn or(self, next: Found<T>, wanted: i64) -> Found<T> {
        let further = match wanted & LARGEST != 0 {
            true => is_further::<T, true>(next.value, self.value),
            false => is_further::<T, false>(next.value, self.value),
        };
        if wanted & NUMBERS == 0 {
            return if !self.nan && (next.nan || further) { next } else { self };
        }
        Found { nan: self.nan && next.nan, ..if further { next } else { self } }
    }
}

/// Searches runs.
///
/// # Safety
/// The runs are of live elements of type `T`, of which there are some.
unsafe fn scan<T: Ordered>(
    first: Run<T>,
    step: isize,
    count: usize,
    wanted: i64,
    put: impl FnMut(usize, Found<T>),
) {
    match (wanted & LARGEST != 0, wanted & NUMBERS != 0) {
        (true, false) => features::run(Scan::<_, _, true, false> { first, step, count, put }),
        (true, true) => features::run(Scan::<_, _, true, true> { first, step, count, put }),
        (false, false) => features::run(Scan::<_, _, false, false> { first, step, count, put }),
        (false, true) => features::run(Scan::<_, _, false, true> { first, step, count, put }),
    }
}

impl<T: Ordered> Run<T> {
    /// Where an element is.
    #[inline(always)]
    fn at(&self, i: usize) -> *const T {
        self.data.wrapping_byte_offset(i as isize * self.stride)
    }

    /// Neighbours in memory: elements from one on, gathered where they are none.
    ///
    /// # Safety
    /// The elements live; they are at most as many as the room has places.
    #[inline(always)]
    unsafe fn dense(&self, low: usize, n: usize, room: &mut [MaybeUninit<T>; BLOCK]) -> *const T {
        if self.stride == size_of::<T>() as isize {
            return self.at(low);
        }
        for (i, place) in room[..n].iter_mut().enumerate() {
            // SAFETY: by contract.
            place.write(unsafe { self.at(low + i).read_unaligned() });
        }
        room.as_ptr().cast()
    }

    /// # Safety
    /// The run's elements live, and there are some.
    #[inline(always)]
    unsafe fn search<const LARGEST: bool, const NUMBERS: bool, const LANES: usize>(&self) -> Found<T> {
        let mut room = [MaybeUninit::uninit(); BLOCK];
        let length = |low: usize| BLOCK.min(self.n - low);
        let (mut best, mut at) = (start::<T, LARGEST>(), 0);
        // SAFETY: blocks lie inside the run.
        unsafe {
            for low in (0..self.n).step_by(BLOCK) {
                let data = self.dense(low, length(low), &mut room);
                let (value, nan) = extremum::<T, LARGEST, LANES>(data, length(low));
                if nan && !NUMBERS {
                    let i = place::<T, LANES>(data, length(low), None, true).unwrap_or(0);
                    return Found { value: data.add(i).read_unaligned(), place: low + i, nan };
                }
                if is_further::<T, LARGEST>(value, best) {
                    (best, at) = (value, low);
                }
            }
            // Where nothing is further than the start, NaN counts as that too.
            let none = NUMBERS && T::HAS_NAN && best == start::<T, LARGEST>();
            // The sign of a zero is that of the first.
            if self.by_value && !none && best != T::ZERO {
                return Found { value: best, place: at, nan: false };
            }
            let data = self.dense(at, length(at), &mut room);
            let i = place::<T, LANES>(data, length(at), Some(best), none).unwrap_or(0);
            let value = data.add(i).read_unaligned();
            let nan = none && (0..self.n).all(|i| self.at(i).read_unaligned().is_nan());
            Found { value: if value.is_nan() { best } else { value }, place: at + i, nan }
        }
    }
}

impl<T: Ordered, F: FnMut(usize, Found<T>), const LARGEST: bool, const NUMBERS: bool> Kernel
    for Scan<T, F, LARGEST, NUMBERS>
{
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(mut self) {
        // SAFETY: the runs live.
        unsafe {
            match const { BYTES / size_of::<T>() } {
                64.. => self.all::<64>(),
                32 => self.all::<32>(),
                16 => self.all::<16>(),
                8 => self.all::<8>(),
                _ => self.all::<4>(),
            }
        }
    }
}

impl<T: Ordered, F: FnMut(usize, Found<T>), const LARGEST: bool, const NUMBERS: bool>
    Scan<T, F, LARGEST, NUMBERS>
{
    /// # Safety
    /// The runs' elements live, and there are some in each.
    #[inline(always)]
    unsafe fn all<const LANES: usize>(&mut self) {
        let run = |i: usize| Run {
            data: self.first.data.wrapping_byte_offset(i as isize * self.step),
            ..self.first
        };
        let mut i = 0;
        // SAFETY: by contract.
        unsafe {
            while !NUMBERS && self.first.n <= SHORT && i + SIDE_BY_SIDE <= self.count {
                for (k, found) in abreast::<T, LARGEST>(&run(i), self.step).into_iter().enumerate() {
                    (self.put)(i + k, found);
                }
                i += SIDE_BY_SIDE;
            }
            for i in i..self.count {
                (self.put)(i, run(i).search::<LARGEST, NUMBERS, LANES>());
            }
        }
    }
}

/// Searches short runs side by side.
///
/// # Safety
/// There are as many, whose elements live.
#[inline(always)]
unsafe fn abreast<T: Ordered, const LARGEST: bool>(first: &Run<T>, step: isize) -> [Found<T>; SIDE_BY_SIDE] {
    let element = |k: usize, i: usize| {
        // SAFETY: by contract.
        unsafe { first.at(i).wrapping_byte_offset(k as isize * step).read_unaligned() }
    };
    let mut best: [T; SIDE_BY_SIDE] = from_fn(|k| element(k, 0));
    let mut places = [T::CLEAR; SIDE_BY_SIDE];
    for i in 1..first.n {
        let x: [T; SIDE_BY_SIDE] = from_fn(|k| element(k, i));
        for k in 0..SIDE_BY_SIDE {
            let better = (is_further::<T, LARGEST>(x[k], best[k]) | x[k].is_nan()) & !best[k].is_nan();
            best[k] = if better { x[k] } else { best[k] };
            places[k] = if better { T::mark(i as u8) } else { places[k] };
        }
    }
    from_fn(|k| Found { value: best[k], place: usize::from(T::small(places[k])), nan: best[k].is_nan() })
}

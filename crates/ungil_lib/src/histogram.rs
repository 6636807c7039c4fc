//! Bins of even widths, and counts of values in them.
//!
//! The bins of some values at a time are computed in vectors; then each is compared with the edges of its bin, as rounding may
//! have put it beside. Neighbours are counted in different tables, so that equal ones need not wait for each other.

use std::sync::Mutex;

use ungil_abi::context::Ctx;
use ungil_abi::exception::ExcClass;
use ungil_runtime::error::raise_static;

use crate::entry::{filled, guarded};
use crate::features::{self, Kernel};
use crate::matrix::Vector;
use crate::share::share;

/// Values whose bins are computed at a time.
const LANES: usize = 32;
/// Tables that neighbours are counted in, if there are at most so many bins.
const TABLES: usize = 4;
const FEW_BINS: usize = 1 << 10;
/// Values of a part for the team.
const PART: usize = 1 << 16;

/// Adds to `counts` how many values lie in each bin: from an edge on, before the next, in the last bin also at its end. Values
/// outside all bins, and NaN, are left out. Where an edge is not greater than the one before, the first count becomes -1. `dtype` is the number of the values' type; edges have it if it is a float, else
/// they are `float64`, in even steps between finite numbers.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live elements, `counts` of `int64`; there is an edge more than
/// there are counts, of which there is one; counts and edges are dense and aligned, and do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_histogram(
    ctx: *mut Ctx,
    dtype: u64,
    counts: *const Vector,
    values: *const Vector,
    edges: *const Vector,
) -> i32 {
    // SAFETY: by contract. Bools are bytes.
    let run = || unsafe {
        let (counts, values, edges) = (&*counts, &*values, &*edges);
        match dtype {
            0 | 5 => count::<u8>(ctx, counts, values, edges),
            1 => count::<i8>(ctx, counts, values, edges),
            2 => count::<i16>(ctx, counts, values, edges),
            3 => count::<i32>(ctx, counts, values, edges),
            4 => count::<i64>(ctx, counts, values, edges),
            6 => count::<u16>(ctx, counts, values, edges),
            7 => count::<u32>(ctx, counts, values, edges),
            8 => count::<u64>(ctx, counts, values, edges),
            9 => count::<f32>(ctx, counts, values, edges),
            10 => count::<f64>(ctx, counts, values, edges),
            _ => panic!("values of this type have no bins"),
        }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the histogram failed", run) }
}

/// Writes the edges of even bins that hold all values: half a number before and behind where these are all equal, from 0 to 1
/// where there are none. Raises an error where a value is not finite. Types are as for [`ungil_lib_histogram`].
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live elements; there are two edges or more, dense and aligned,
/// which overlap no value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_edges(
    ctx: *mut Ctx,
    dtype: u64,
    edges: *const Vector,
    values: *const Vector,
) -> i32 {
    // SAFETY: by contract. Bools are bytes.
    let run = || unsafe {
        let (edges, values) = (&*edges, &*values);
        match dtype {
            0 | 5 => write_edges::<u8>(ctx, edges, values),
            1 => write_edges::<i8>(ctx, edges, values),
            2 => write_edges::<i16>(ctx, edges, values),
            3 => write_edges::<i32>(ctx, edges, values),
            4 => write_edges::<i64>(ctx, edges, values),
            6 => write_edges::<u16>(ctx, edges, values),
            7 => write_edges::<u32>(ctx, edges, values),
            8 => write_edges::<u64>(ctx, edges, values),
            9 => write_edges::<f32>(ctx, edges, values),
            10 => write_edges::<f64>(ctx, edges, values),
            _ => panic!("values of this type have no bins"),
        }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the edges of a histogram failed", run) }
}

/// # Safety
/// As for [`ungil_lib_edges`], with values of type `T`.
unsafe fn write_edges<T: Value>(ctx: *mut Ctx, edges: &Vector, values: &Vector) -> i32 {
    let (count, n) = (edges.shape[0] as usize, values.shape[0] as usize);
    // SAFETY: by contract.
    let edges = unsafe { core::slice::from_raw_parts_mut(edges.data.cast::<T::Edge>(), count) };
    let bins = Bins { data: values.data, stride: values.strides[0] as isize, edges: &[] };
    if n == 0 {
        for (k, edge) in edges.iter_mut().enumerate() {
            *edge = T::Edge::fraction(k, count - 1);
        }
        return 0;
    }
    // SAFETY: by contract.
    let ends = unsafe { ends::<T>(ctx, &bins, n) };
    let Some((low, high)) = ends else { return 1 };
    if !low.minus(low).is_zero() || !high.minus(high).is_zero() {
        // SAFETY: by contract.
        unsafe { raise_static(ctx, ExcClass::VALUE_ERROR, "autodetected range is not finite") };
        return 1;
    }
    T::Edge::spread(low, high, edges);
    0
}

/// The least and the greatest of `n` values, which are one at least, or NaN if one is; `None` when the call must end.
///
/// # Safety
/// `ctx` is this thread's context, and there are so many values.
unsafe fn ends<T: Value>(ctx: *mut Ctx, bins: &Bins<'_, T::Edge>, n: usize) -> Option<(T::Edge, T::Edge)> {
    // SAFETY: by contract there is a value.
    let [first] = unsafe { bins.values::<T, 1>(0) };
    let found = Mutex::new((first, first));
    let work = |low: usize, high: usize| {
        let mut own = (first, first);
        features::run(Ends::<T> { bins, low, high, ends: &mut own });
        let mut found = found.lock().expect("no thread stops while it compares");
        *found = (found.0.least(own.0), found.1.greatest(own.1));
    };
    let status = if n < 2 * PART {
        work(0, n);
        0
    } else {
        // SAFETY: by contract.
        unsafe { share(ctx, n, PART, &work) }
    };
    (status == 0).then(|| *found.lock().expect("no thread stops while it compares"))
}

/// The least and the greatest of some values.
struct Ends<'a, T: Value> {
    bins: &'a Bins<'a, T::Edge>,
    low: usize,
    high: usize,
    ends: &'a mut (T::Edge, T::Edge),
}

impl<T: Value> Kernel for Ends<'_, T> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let (mut least, mut greatest) = ([self.ends.0; LANES], [self.ends.1; LANES]);
        let mut at = self.low;
        // SAFETY: the values exist.
        unsafe {
            while at + LANES <= self.high {
                let values = self.bins.values::<T, LANES>(at);
                for c in 0..LANES {
                    least[c] = least[c].least(values[c]);
                    greatest[c] = greatest[c].greatest(values[c]);
                }
                at += LANES;
            }
            while at < self.high {
                let [value] = self.bins.values::<T, 1>(at);
                (least[0], greatest[0]) = (least[0].least(value), greatest[0].greatest(value));
                at += 1;
            }
        }
        for c in 0..LANES {
            self.ends.0 = self.ends.0.least(least[c]);
            self.ends.1 = self.ends.1.greatest(greatest[c]);
        }
    }
}

/// What edges are made of.
trait Edge: Copy + PartialOrd + Send + Sync + 'static {
    /// The bin before it is compared with edges.
    ///
    /// # Safety
    /// The value is `first` or up to `span` greater, which is positive and finite.
    unsafe fn bin(value: Self, first: Self, span: Self, n: Self) -> i64;
    fn minus(self, other: Self) -> Self;
    fn is_zero(self) -> bool;

    /// The smaller one, NaN if either is.
    fn least(self, other: Self) -> Self;

    /// The greater one, NaN if either is.
    fn greatest(self, other: Self) -> Self;

    /// Even steps from one number to another, as `numpy.linspace` rounds them.
    fn spread(low: Self, high: Self, edges: &mut [Self]);

    fn of(n: usize) -> Self;

    /// A number from 0 to 1, computed in double precision.
    fn fraction(k: usize, n: usize) -> Self;
}

macro_rules! edge {
    ($($t:ty)*) => {$(
        impl Edge for $t {
            #[inline(always)]
            unsafe fn bin(value: $t, first: $t, span: $t, n: $t) -> i64 {
                // SAFETY: by contract this is little more than `n` at most.
                unsafe { ((value - first) / span * n).to_int_unchecked() }
            }

            #[inline(always)]
            fn minus(self, other: $t) -> $t {
                self - other
            }

            #[inline(always)]
            fn is_zero(self) -> bool {
                self == 0.0
            }

            #[inline(always)]
            fn least(self, other: $t) -> $t {
                if self < other || self != self { self } else { other }
            }

            #[inline(always)]
            fn greatest(self, other: $t) -> $t {
                if self > other || self != self { self } else { other }
            }

            fn spread(mut low: $t, mut high: $t, edges: &mut [$t]) {
                if low == high {
                    (low, high) = (low - 0.5, high + 0.5);
                }
                let (n, span) = ((edges.len() - 1) as $t, high - low);
                let step = span / n;
                for (k, edge) in edges.iter_mut().enumerate() {
                    let offset = if step == 0.0 { k as $t / n * span } else { k as $t * step };
                    *edge = offset + low;
                }
                edges[edges.len() - 1] = high;
            }

            fn fraction(k: usize, n: usize) -> $t {
                if k == n { 1.0 } else { (k as f64 * (1.0 / n as f64)) as $t }
            }

            #[inline(always)]
            fn of(n: usize) -> $t {
                n as $t
            }
        }
    )*};
}

edge!(f32 f64);

/// A value with the type of its edges.
trait Value: Copy + Send + Sync + 'static {
    type Edge: Edge;

    fn edge(self) -> Self::Edge;
}

macro_rules! value {
    ($($t:ty, $edge:ty;)*) => {$(
        impl Value for $t {
            type Edge = $edge;

            #[inline(always)]
            fn edge(self) -> $edge {
                self as $edge
            }
        }
    )*};
}

value!(i8, f64; i16, f64; i32, f64; i64, f64; u8, f64; u16, f64; u32, f64; u64, f64; f32, f32; f64, f64;);

/// # Safety
/// As for [`ungil_lib_histogram`], with values of type `T`.
unsafe fn count<T: Value>(ctx: *mut Ctx, counts: &Vector, values: &Vector, edges: &Vector) -> i32 {
    let (bins, n) = (counts.shape[0] as usize, values.shape[0] as usize);
    // SAFETY: by contract.
    let (counts, edges) = unsafe {
        let counts = core::slice::from_raw_parts_mut(counts.data.cast::<i64>(), bins);
        (counts, core::slice::from_raw_parts(edges.data.cast::<T::Edge>(), bins + 1))
    };
    // A span that is not finite has edges that are not either.
    if !edges.windows(2).all(|pair| pair[0] < pair[1]) {
        counts[0] = -1;
        return 0;
    }
    let bins = Bins { data: values.data, stride: values.strides[0] as isize, edges };
    if n < 2 * PART {
        features::run(Part::<T> { bins: &bins, low: 0, high: n, counts });
        return 0;
    }
    let total = Mutex::new(counts);
    let work = |low: usize, high: usize| {
        let mut own = filled(0, edges.len() - 1);
        features::run(Part::<T> { bins: &bins, low, high, counts: &mut own });
        let mut total = total.lock().expect("no thread stops while it adds");
        total.iter_mut().zip(own).for_each(|(sum, count)| *sum += count);
    };
    // SAFETY: by contract.
    unsafe { share(ctx, n, PART.max(4 * edges.len()), &work) }
}

/// Where values are, with a stride in bytes, and the edges of their bins.
struct Bins<'a, E> {
    data: *const u8,
    stride: isize,
    edges: &'a [E],
}

// SAFETY: the values are read only.
unsafe impl<E: Sync> Sync for Bins<'_, E> {}

/// Some of the values, and where they are counted.
struct Part<'a, T: Value> {
    bins: &'a Bins<'a, T::Edge>,
    low: usize,
    high: usize,
    counts: &'a mut [i64],
}

impl<T: Value> Kernel for Part<'_, T> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let n = self.counts.len();
        let tables = if n <= FEW_BINS && self.high - self.low > 8 * n { TABLES } else { 1 };
        // Behind the bins of a table is one for values that are in none.
        let mut room = filled(0, tables * (n + 1));
        let step = if tables > 1 { n + 1 } else { 0 };
        let mut places = Places { edges: self.bins.edges, tables: &mut room, step };
        let mut at = self.low;
        // SAFETY: the values exist.
        unsafe {
            while at + LANES <= self.high {
                places.count(self.bins.values::<T, LANES>(at));
                at += LANES;
            }
            while at < self.high {
                places.count(self.bins.values::<T, 1>(at));
                at += 1;
            }
        }
        for table in room.chunks_exact(n + 1) {
            self.counts.iter_mut().zip(table).for_each(|(sum, count)| *sum += count);
        }
    }
}

impl<E: Edge> Bins<'_, E> {
    /// # Safety
    /// There are `N` values of type `T` from `at` on.
    #[inline(always)]
    unsafe fn values<T: Value<Edge = E>, const N: usize>(&self, at: usize) -> [E; N] {
        // SAFETY: by contract.
        unsafe {
            let value = |c: usize, stride| {
                self.data.offset((at + c) as isize * stride).cast::<T>().read_unaligned().edge()
            };
            let mut values = [value(0, self.stride); N];
            if self.stride == size_of::<T>() as isize {
                for (c, to) in values.iter_mut().enumerate() {
                    *to = value(c, size_of::<T>() as isize);
                }
            } else {
                for (c, to) in values.iter_mut().enumerate() {
                    *to = value(c, self.stride);
                }
            }
            values
        }
    }
}

/// Edges, and tables of counts, `step` apart.
struct Places<'a, E> {
    edges: &'a [E],
    tables: &'a mut [i64],
    step: usize,
}

impl<E: Edge> Places<'_, E> {
    #[inline(always)]
    fn count<const N: usize>(&mut self, values: [E; N]) {
        let edges = self.edges;
        let n = edges.len() - 1;
        let (first, last) = (edges[0], edges[n]);
        let (span, of) = (last.minus(first), E::of(n));
        let (mut inside, mut bins) = ([false; N], [0i64; N]);
        for c in 0..N {
            inside[c] = (values[c] >= first) & (values[c] <= last);
            let value = if inside[c] { values[c] } else { first };
            // SAFETY: the value lies between two finite edges, the second of which is greater.
            bins[c] = unsafe { E::bin(value, first, span, of) };
        }
        for c in 0..N {
            let bin = (bins[c] as usize).min(n - 1);
            // SAFETY: the bin is one of `n`; there is an edge more, and a count more in each table.
            unsafe {
                let before = (values[c] < *edges.get_unchecked(bin)) & (bin > 0);
                let behind = (values[c] >= *edges.get_unchecked(bin + 1)) & (bin + 1 < n);
                let bin = if inside[c] { bin + usize::from(behind) - usize::from(before) } else { n };
                *self.tables.get_unchecked_mut(bin + c % TABLES * self.step) += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::vector;

    fn counted(values: &mut [f64], edges: &mut [f64]) -> Vec<i64> {
        let mut counts = vec![0; edges.len() - 1];
        let (to, x, y) = (vector(&mut counts), vector(values), vector(edges));
        // SAFETY: the vectors describe slices; so few values are not shared, and the context is not used.
        let status = unsafe { ungil_lib_histogram(core::ptr::null_mut(), 10, &to, &x, &y) };
        assert_eq!(status, 0);
        counts
    }

    #[test]
    fn counts_values_between_edges() {
        let mut values = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, -0.1, f64::NAN];
        assert_eq!(counted(&mut values, &mut [0.0, 1.0, 2.0]), [2, 3]);
        let mut many: Vec<f64> = (0..1000).map(|k| f64::from(k % 10) / 10.0).collect();
        let mut edges: Vec<f64> = (0..=10).map(|k| f64::from(k) / 10.0).collect();
        assert_eq!(counted(&mut many, &mut edges), [100; 10]);
    }

    #[test]
    fn edges_hold_all_values() {
        let edges_of = |values: &mut [f64]| {
            let mut edges = [f64::NAN; 3];
            let (to, x) = (vector(&mut edges), vector(values));
            // SAFETY: the vectors describe slices; numbers are finite and few, so that the context is not used.
            assert_eq!(unsafe { ungil_lib_edges(core::ptr::null_mut(), 10, &to, &x) }, 0);
            edges
        };
        assert_eq!(edges_of(&mut [3.0, -1.0, 2.0]), [-1.0, 1.0, 3.0]);
        assert_eq!(edges_of(&mut [2.0; 40]), [1.5, 2.0, 2.5]);
        assert_eq!(edges_of(&mut []), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn edges_that_do_not_rise_are_told() {
        assert_eq!(counted(&mut [1e17], &mut [1e17, 1e17, 1e17])[0], -1);
    }
}

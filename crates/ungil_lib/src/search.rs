//! Places of keys in a sorted table: how many of its elements go before each.
//!
//! Short tables are compared with whole blocks of keys, element by element, in vectors. In others some keys at a time are
//! searched for by bisection, whose steps are the same for all of them: no branch depends on data, and loads overlap.

use core::hint::select_unpredictable;

use ungil_abi::context::Ctx;
use ungil_abi::exception::ExcClass;
use ungil_runtime::error::raise_static;

use crate::entry::guarded;
use crate::features::{self, Kernel};
use crate::matrix::Vector;
use crate::share::share;

/// Elements of a table that keys are compared with one after the other; of narrow ones more, as a vector holds more keys.
const FEW: usize = 16;
const FEW_NARROW: usize = 32;
/// Keys of a block, and those that are searched for at a time.
const BLOCK: usize = 64;
const LANES: usize = 16;
/// Keys of a part for the team.
const PART: usize = 1 << 14;

/// Bits of the mode: keys go behind equal elements; the table may fall, and whether it does either is to be checked.
const BEHIND: i64 = 1;
const EITHER_WAY: i64 = 2;

/// How many elements of a table go before each key. With bit 1 of `mode` these are the ones not greater, else the ones less,
/// where NaN is the greatest. With bit 2 the table rises or falls, else an error is raised; of one that falls the places are
/// those in which keys keep it falling, with equal elements on the other side.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live elements, those of `table` and `keys` of the type told, those
/// of `out`, as many as keys, are dense `int64` and overlap neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_search(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    table: *const Vector,
    keys: *const Vector,
    mode: i64,
) -> i32 {
    // SAFETY: by contract. Bools are bytes.
    let run = || unsafe {
        let (out, table, keys) = (&*out, &*table, &*keys);
        match dtype {
            0 | 5 => search::<u8>(ctx, out, table, keys, mode),
            1 => search::<i8>(ctx, out, table, keys, mode),
            2 => search::<i16>(ctx, out, table, keys, mode),
            3 => search::<i32>(ctx, out, table, keys, mode),
            4 => search::<i64>(ctx, out, table, keys, mode),
            6 => search::<u16>(ctx, out, table, keys, mode),
            7 => search::<u32>(ctx, out, table, keys, mode),
            8 => search::<u64>(ctx, out, table, keys, mode),
            9 => search::<f32>(ctx, out, table, keys, mode),
            10 => search::<f64>(ctx, out, table, keys, mode),
            11 => search::<[f32; 2]>(ctx, out, table, keys, mode),
            12 => search::<[f64; 2]>(ctx, out, table, keys, mode),
            _ => panic!("no element type has this number"),
        }
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the search failed", run) }
}

/// What is searched for.
pub(crate) trait Key: Copy + PartialOrd + Send + Sync + 'static {
    /// What counts elements of short tables: as wide as a key, for vectors of as many.
    type Count: Copy;
    const ZERO: Self::Count;

    /// Whether an element of a table goes before a key, and before an equal one if `BEHIND`. The element is no NaN that is
    /// told by [`Key::is_last`].
    fn precedes<const BEHIND: bool>(self, key: Self) -> bool;

    /// Whether this is a NaN, of which all are equal and behind all numbers.
    fn is_last(self) -> bool;

    fn counted(count: Self::Count, one: bool) -> Self::Count;
    fn number(count: Self::Count) -> i64;
}

macro_rules! key {
    ($($t:ty, $count:ty, $precedes:expr, $behind:expr, $last:expr;)*) => {$(
        impl Key for $t {
            type Count = $count;
            const ZERO: $count = 0;

            #[inline(always)]
            fn precedes<const BEHIND: bool>(self, key: $t) -> bool {
                if BEHIND { $behind(self, key) } else { $precedes(self, key) }
            }

            #[inline(always)]
            fn is_last(self) -> bool {
                $last(self)
            }

            #[inline(always)]
            fn counted(count: $count, one: bool) -> $count {
                count + <$count>::from(one)
            }

            #[inline(always)]
            fn number(count: $count) -> i64 {
                count as i64
            }
        }
    )*};
}

macro_rules! integer {
    ($($t:ty, $count:ty;)*) => {
        key!($($t, $count, |x, y| x < y, |x, y| x <= y, |_| false;)*);
    };
}

integer!(i8, u8; i16, u16; i32, u32; i64, u64; u8, u8; u16, u16; u32, u32; u64, u64;);

// All numbers go before NaN: what is not above it is below.
#[allow(clippy::neg_cmp_op_on_partial_ord, reason = "a comparison with NaN is to be true")]
mod floats {
    use super::{Key, Real, complex_precedes};

    key!(
        f32, u32, |x: f32, y| !(x >= y), |x: f32, y| !(x > y), f32::is_nan;
        f64, u64, |x: f64, y| !(x >= y), |x: f64, y| !(x > y), f64::is_nan;
        [f32; 2], u64, complex_precedes, |x, y| !complex_precedes(y, x), |_| false;
        [f64; 2], u64, complex_precedes, |x, y| !complex_precedes(y, x), |_| false;
    );

    impl Real for f32 {}
    impl Real for f64 {}
}

trait Real: Copy + PartialOrd {
    #[inline(always)]
    fn is_number(self) -> bool {
        self.partial_cmp(&self).is_some()
    }
}

/// By real, then imaginary parts; numbers with a NaN come last, those with one in the imaginary part alone first.
#[inline(always)]
fn complex_precedes<R: Real>(x: [R; 2], y: [R; 2]) -> bool {
    let ([a, b], [c, d]) = (x, y);
    if a < c {
        b.is_number() || !d.is_number()
    } else if a > c {
        !d.is_number() && b.is_number()
    } else if a == c || (!a.is_number() && !c.is_number()) {
        b < d || (!d.is_number() && b.is_number())
    } else {
        !c.is_number()
    }
}

/// # Safety
/// As for [`ungil_lib_search`], with keys of type `T`.
unsafe fn search<T: Key>(ctx: *mut Ctx, out: &Vector, table: &Vector, keys: &Vector, mode: i64) -> i32 {
    // SAFETY: by contract.
    let mut packed: Packed<'_, T> = unsafe { Packed::new(table) };
    let mut falls = false;
    if mode & EITHER_WAY != 0 {
        let Some(falling) = is_falling(packed.elements()) else {
            let message = "bins must be monotonically increasing or decreasing";
            // SAFETY: by contract.
            unsafe { raise_static(ctx, ExcClass::VALUE_ERROR, message) };
            return 1;
        };
        falls = falling;
        if falls {
            packed.reverse();
        }
    }
    let all = packed.elements();
    let table = &all[..all.partition_point(|x| !x.is_last())];
    let keys = Keys {
        data: keys.data,
        stride: keys.strides[0] as isize,
        out: out.data.cast(),
        n: out.shape[0] as usize,
    };
    let places = Places { table, last: all.len() as i64, falls, keys };
    let work = |low: usize, high: usize| {
        if mode & BEHIND != 0 {
            features::run(Part::<T, true> { places: &places, low, high });
        } else {
            features::run(Part::<T, false> { places: &places, low, high });
        }
    };
    if keys.n < 2 * PART {
        work(0, keys.n);
        return 0;
    }
    // SAFETY: by contract; parts of the result are disjoint.
    unsafe { share(ctx, keys.n, PART, &work) }
}

/// Whether the elements fall, if they rise or fall.
fn is_falling<T: PartialOrd>(elements: &[T]) -> Option<bool> {
    let Some(first) = elements.windows(2).find(|pair| pair[0] != pair[1]) else { return Some(false) };
    if first[0] < first[1] {
        (!elements.windows(2).any(|pair| pair[0] > pair[1])).then_some(false)
    } else {
        (!elements.windows(2).any(|pair| pair[0] < pair[1])).then_some(true)
    }
}

/// The table's elements, side by side.
pub(crate) enum Packed<'a, T> {
    InPlace(&'a [T]),
    Copied(Vec<T>),
}

impl<T: Copy> Packed<'_, T> {
    /// # Safety
    /// The descriptor is of live elements of type `T`, which nobody writes.
    pub(crate) unsafe fn new(table: &Vector) -> Self {
        let column = table.column();
        let n = column.rows();
        // SAFETY: by contract; a slice needs elements that are dense and aligned.
        unsafe {
            if n == 0 {
                Packed::Copied(Vec::new())
            } else if table.strides[0] == size_of::<T>() as i64 && column.is_regular::<T>() {
                Packed::InPlace(core::slice::from_raw_parts(table.data.cast(), n))
            } else {
                Packed::Copied((0..n).map(|k| column.at(k, 0).cast::<T>().read_unaligned()).collect())
            }
        }
    }

    pub(crate) fn elements(&self) -> &[T] {
        match self {
            Packed::InPlace(elements) => elements,
            Packed::Copied(elements) => elements,
        }
    }

    fn reverse(&mut self) {
        *self = Packed::Copied(self.elements().iter().rev().copied().collect());
    }
}

/// Where keys are, with a stride in bytes, and where their places go.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    pub data: *const u8,
    pub stride: isize,
    pub out: *mut i64,
    pub n: usize,
}

/// A table without its NaNs, and what is searched for in it.
pub(crate) struct Places<'a, T> {
    pub table: &'a [T],
    /// The place behind all elements, NaNs too.
    pub last: i64,
    pub falls: bool,
    pub keys: Keys,
}

/// Some of the keys.
pub(crate) struct Part<'a, T, const BEHIND: bool> {
    pub places: &'a Places<'a, T>,
    pub low: usize,
    pub high: usize,
}

impl<T: Key, const BEHIND: bool> Kernel for Part<'_, T, BEHIND> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let (places, mut at) = (self.places, self.low);
        // SAFETY: the keys lie inside the result.
        unsafe {
            if places.table.len() <= const { if size_of::<T>() < 4 { FEW_NARROW } else { FEW } } {
                while at + BLOCK <= self.high {
                    self.write(at, self.compared(self.keys::<BLOCK>(at)), self.keys(at));
                    at += BLOCK;
                }
            }
            while at + LANES <= self.high {
                self.write(at, self.bisected(self.keys::<LANES>(at)), self.keys(at));
                at += LANES;
            }
            while at < self.high {
                self.write(at, self.bisected(self.keys::<1>(at)), self.keys(at));
                at += 1;
            }
        }
    }
}

impl<T: Key, const BEHIND: bool> Part<'_, T, BEHIND> {
    /// # Safety
    /// There are `N` keys from `at` on.
    #[inline(always)]
    unsafe fn keys<const N: usize>(&self, at: usize) -> [T; N] {
        let Keys { data, stride, .. } = self.places.keys;
        // SAFETY: by contract.
        unsafe {
            let element =
                |c: usize, stride| data.offset((at + c) as isize * stride).cast::<T>().read_unaligned();
            let mut keys = [element(0, stride); N];
            if stride == size_of::<T>() as isize {
                for (c, key) in keys.iter_mut().enumerate() {
                    *key = element(c, size_of::<T>() as isize);
                }
            } else {
                for (c, key) in keys.iter_mut().enumerate() {
                    *key = element(c, stride);
                }
            }
            keys
        }
    }

    #[inline(always)]
    fn compared<const N: usize>(&self, keys: [T; N]) -> [i64; N] {
        let mut counts = [T::ZERO; N];
        for &x in self.places.table {
            for c in 0..N {
                counts[c] = T::counted(counts[c], x.precedes::<BEHIND>(keys[c]));
            }
        }
        let mut places = [0; N];
        for c in 0..N {
            places[c] = T::number(counts[c]);
        }
        places
    }

    #[inline(always)]
    fn bisected<const N: usize>(&self, keys: [T; N]) -> [i64; N] {
        let table = self.places.table;
        let (mut low, mut len) = ([0; N], table.len());
        // SAFETY: `low + len` is never more than the table's length, for any key.
        let goes = |at: usize, key| unsafe { table.get_unchecked(at).precedes::<BEHIND>(key) };
        while len > 1 {
            let half = len / 2;
            for c in 0..N {
                low[c] = select_unpredictable(goes(low[c] + half - 1, keys[c]), low[c] + half, low[c]);
            }
            len -= half;
        }
        let mut places = [0; N];
        for c in 0..N {
            places[c] = low[c] as i64 + i64::from(len == 1 && goes(low[c], keys[c]));
        }
        places
    }

    /// # Safety
    /// There are `N` keys from `at` on.
    #[inline(always)]
    unsafe fn write<const N: usize>(&self, at: usize, counts: [i64; N], keys: [T; N]) {
        let places = self.places;
        // SAFETY: by contract there are as many results.
        let out = unsafe { &mut *places.keys.out.add(at).cast::<[i64; N]>() };
        for c in 0..N {
            let place = if BEHIND && keys[c].is_last() { places.last } else { counts[c] };
            out[c] = if places.falls { places.last - place } else { place };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::vector;

    fn found<T: Clone>(dtype: u64, table: &[T], keys: &[T], mode: i64) -> Vec<i64> {
        let mut out = vec![-1; keys.len()];
        let (mut table, mut keys) = (table.to_vec(), keys.to_vec());
        let (to, x, y) = (vector(&mut out), vector(&mut table), vector(&mut keys));
        // SAFETY: the vectors describe slices; so few keys are not shared, and the context is not used.
        let status = unsafe { ungil_lib_search(core::ptr::null_mut(), dtype, &to, &x, &y, mode) };
        assert_eq!(status, 0);
        out
    }

    #[test]
    fn finds_places_in_tables_of_any_length() {
        for n in 0..70 {
            let table: Vec<i32> = (0..n).map(|k| k / 2 * 3).collect();
            let keys: Vec<i32> = (-2..120).collect();
            let count = |goes: fn(i32, i32) -> bool| -> Vec<i64> {
                keys.iter().map(|y| table.iter().filter(|x| goes(**x, *y)).count() as i64).collect()
            };
            assert_eq!(found(3, &table, &keys, 0), count(|x, y| x < y));
            assert_eq!(found(3, &table, &keys, 1), count(|x, y| x <= y));
        }
    }

    #[test]
    fn nan_is_last() {
        let table = [0.0, 1.0, f64::NAN, f64::NAN];
        let keys = [f64::NAN, f64::INFINITY, -0.0, 1.0];
        assert_eq!(found(10, &table, &keys, 0), [2, 2, 0, 1]);
        assert_eq!(found(10, &table, &keys, 1), [4, 2, 1, 2]);
    }

    #[test]
    fn tables_may_fall() {
        assert_eq!(found(10, &[3.0, 1.0, 1.0], &[0.0, 1.0, 2.0, 4.0], 3), [3, 1, 1, 0]);
        assert_eq!(found(10, &[3.0, 1.0, 1.0], &[0.0, 1.0, 2.0, 4.0], 2), [3, 3, 1, 0]);
        assert_eq!(is_falling(&[1, 1, 2, 2]), Some(false));
        assert_eq!(is_falling(&[1, 2, 1]), None);
    }
}

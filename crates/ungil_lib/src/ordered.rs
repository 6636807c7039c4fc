//! Numbers that are compared, block after block.

/// A number with an order; NaN is none.
pub trait Ordered: Copy + PartialOrd + Send + Sync + 'static {
    /// A word as wide as the number, all whose bits mark a NaN.
    type Mark: Copy + Ord;
    const CLEAR: Self::Mark;
    const SET: Self::Mark;
    const ZERO: Self;
    const LEAST: Self;
    const GREATEST: Self;

    /// What there is where all elements are NaN.
    const NOTHING: Self;
    /// Whether the type has NaN.
    const HAS_NAN: bool;

    fn either(a: Self::Mark, b: Self::Mark) -> Self::Mark;
    /// A small number as a mark, and back.
    fn mark(small: u8) -> Self::Mark;
    fn small(mark: Self::Mark) -> u8;

    #[inline(always)]
    fn is_nan(self) -> bool {
        #[expect(clippy::eq_op, reason = "NaN alone differs from itself")]
        let nan = self != self;
        nan
    }
}

macro_rules! ordered {
    ($($t:ty, $mark:ty, $least:expr, $greatest:expr, $nothing:expr, $has_nan:expr;)*) => {$(
        impl Ordered for $t {
            type Mark = $mark;
            const CLEAR: $mark = 0;
            const SET: $mark = <$mark>::MAX;
            const ZERO: $t = 0 as $t;
            const LEAST: $t = $least;
            const GREATEST: $t = $greatest;
            const NOTHING: $t = $nothing;
            const HAS_NAN: bool = $has_nan;

            #[inline(always)]
            fn either(a: $mark, b: $mark) -> $mark {
                a | b
            }

            #[inline(always)]
            fn mark(small: u8) -> $mark {
                <$mark>::from(small)
            }

            #[inline(always)]
            fn small(mark: $mark) -> u8 {
                mark as u8
            }
        }
    )*};
}

ordered! {
    i8, u8, i8::MIN, i8::MAX, 0, false;
    i16, u16, i16::MIN, i16::MAX, 0, false;
    i32, u32, i32::MIN, i32::MAX, 0, false;
    i64, u64, i64::MIN, i64::MAX, 0, false;
    u8, u8, u8::MIN, u8::MAX, 0, false;
    u16, u16, u16::MIN, u16::MAX, 0, false;
    u32, u32, u32::MIN, u32::MAX, 0, false;
    u64, u64, u64::MIN, u64::MAX, 0, false;
    f32, u32, f32::NEG_INFINITY, f32::INFINITY, f32::NAN, true;
    f64, u64, f64::NEG_INFINITY, f64::INFINITY, f64::NAN, true;
}

/// The element that every number is at least as far as.
#[inline(always)]
pub fn start<T: Ordered, const LARGEST: bool>() -> T {
    if LARGEST { T::LEAST } else { T::GREATEST }
}

/// The one of two that is further; the second where neither is, or one is NaN.
#[inline(always)]
pub fn further<T: Ordered, const LARGEST: bool>(x: T, best: T) -> T {
    if is_further::<T, LARGEST>(x, best) { x } else { best }
}

#[inline(always)]
pub fn is_further<T: Ordered, const LARGEST: bool>(x: T, best: T) -> bool {
    if LARGEST { x > best } else { x < best }
}

/// The extremum of the numbers of a block, and whether it has a NaN.
///
/// # Safety
/// `n` elements from `data` on live.
#[inline(always)]
pub unsafe fn extremum<T: Ordered, const LARGEST: bool, const LANES: usize>(
    data: *const T,
    n: usize,
) -> (T, bool) {
    // SAFETY: by contract.
    unsafe {
        if T::HAS_NAN && n >= LANES {
            return wide::<T, LARGEST, LANES>(data, n);
        }
        if T::HAS_NAN && n >= 4 {
            return wide::<T, LARGEST, 4>(data, n);
        }
        // Of integers the compiler makes vectors by itself.
        let (mut best, mut nan) = (start::<T, LARGEST>(), false);
        for i in 0..n {
            let x = data.add(i).read_unaligned();
            best = further::<T, LARGEST>(x, best);
            nan |= x.is_nan();
        }
        (best, nan)
    }
}

/// As [`extremum`], of floats that fill a vector at least: elements at the end are seen twice.
///
/// # Safety
/// As for [`extremum`].
#[inline(always)]
unsafe fn wide<T: Ordered, const LARGEST: bool, const LANES: usize>(data: *const T, n: usize) -> (T, bool) {
    let none = start::<T, LARGEST>();
    let (mut near, mut far, mut marks) = ([none; LANES], [none; LANES], [T::CLEAR; LANES]);
    let mut see = |at: usize, next: usize| {
        // SAFETY: the elements seen lie before the end.
        let (x, y) = unsafe { (vector::<T, LANES>(data, at), vector::<T, LANES>(data, next)) };
        for c in 0..LANES {
            near[c] = further::<T, LARGEST>(x[c], near[c]);
            far[c] = further::<T, LARGEST>(y[c], far[c]);
            let mark = if x[c].is_nan() | y[c].is_nan() { T::SET } else { T::CLEAR };
            marks[c] = T::either(marks[c], mark);
        }
    };
    let mut i = 0;
    while i + 2 * LANES <= n {
        see(i, i + LANES);
        i += 2 * LANES;
    }
    if i < n {
        see(n.saturating_sub(2 * LANES), n - LANES);
    }
    let (mut four, mut nan) = ([none; 4], T::CLEAR);
    for block in 0..LANES / 4 {
        for c in 0..4 {
            let both = further::<T, LARGEST>(far[4 * block + c], near[4 * block + c]);
            four[c] = further::<T, LARGEST>(both, four[c]);
        }
    }
    for mark in marks {
        nan = T::either(nan, mark);
    }
    let low = further::<T, LARGEST>(four[0], four[1]);
    (further::<T, LARGEST>(low, further::<T, LARGEST>(four[2], four[3])), nan != T::CLEAR)
}

/// # Safety
/// So many elements from a place on live.
#[inline(always)]
unsafe fn vector<T: Copy, const LANES: usize>(data: *const T, at: usize) -> [T; LANES] {
    // SAFETY: by contract.
    unsafe { data.add(at).cast::<[T; LANES]>().read_unaligned() }
}

/// The first place of a block where the element equals a value, if one is told, or is NaN, if that is looked for.
///
/// # Safety
/// As for [`extremum`].
#[inline(always)]
pub unsafe fn place<T: Ordered, const LANES: usize>(
    data: *const T,
    n: usize,
    value: Option<T>,
    nan: bool,
) -> Option<usize> {
    let wanted = |x: T| value.is_some_and(|value| x == value) | (nan & x.is_nan());
    let any = |x: &[T]| x.iter().fold(false, |any, x| any | wanted(*x));
    let mut i = 0;
    // SAFETY: the elements read lie before the end.
    unsafe {
        while i + LANES <= n && !any(&vector::<T, LANES>(data, i)) {
            i += LANES;
        }
        while i + 4 <= n && !any(&vector::<T, 4>(data, i)) {
            i += 4;
        }
        (i..n).find(|i| wanted(data.add(*i).read_unaligned()))
    }
}

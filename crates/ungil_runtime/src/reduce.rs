//! Arithmetic of reductions: identities, combining, and the fixed trees.
//!
//! Everything here is safe, works on byte slices of one dtype in native byte order and knows no threads, so that
//! the interpreter of the IR and the team produce the same bits. The rules are part of the users' results:
//! - the 32 partials of a block fold by halves: `p[i] = p[i] op p[i + 16]`, then 8, 4, 2, 1;
//! - block results fold by neighbours: `x[i] = x[i] op x[i + w]` for `i` a multiple of `2w`, `w = 1, 2, 4 …`;
//! - at last `target = target op total`.
//!
//! Identities: 0 for integers, −0.0 for floating-point sums (the only value that changes no operand's sign), 1 for
//! products, all bits set for `&`, ±inf or the integer limits for `min` and `max`. `min` and `max` propagate NaN
//! as NumPy's do: a NaN operand gives NaN, the left one if both are; among equal zeros the left one stays. Since a
//! body that ignores NaN as Python's builtin does never stores one in a partial, both meanings come out right.
//! For bool, `+` is or, `*` is and, `^` is exclusive or. A complex product skips an operand that is exactly
//! `1 + 0j`, so that unused partials cannot turn an infinity into NaN.

use core::mem::MaybeUninit;
use ungil_abi::parallel::{PARTIALS, ReduceOp};

/// Numbers of the dtypes, in the order of `ungil_abi::context::ValueTag`.
mod dtype {
    pub const BOOL: u32 = 0;
    pub const INT8: u32 = 1;
    pub const INT16: u32 = 2;
    pub const INT32: u32 = 3;
    pub const INT64: u32 = 4;
    pub const UINT8: u32 = 5;
    pub const UINT16: u32 = 6;
    pub const UINT32: u32 = 7;
    pub const UINT64: u32 = 8;
    pub const FLOAT32: u32 = 9;
    pub const FLOAT64: u32 = 10;
    pub const COMPLEX64: u32 = 11;
    pub const COMPLEX128: u32 = 12;
}

/// Size in bytes of one element, or `None` when `dtype` is no number of a dtype.
pub const fn itemsize(dtype: u32) -> Option<usize> {
    match dtype {
        dtype::BOOL | dtype::INT8 | dtype::UINT8 => Some(1),
        dtype::INT16 | dtype::UINT16 => Some(2),
        dtype::INT32 | dtype::UINT32 | dtype::FLOAT32 => Some(4),
        dtype::INT64 | dtype::UINT64 | dtype::FLOAT64 | dtype::COMPLEX64 => Some(8),
        dtype::COMPLEX128 => Some(16),
        _ => None,
    }
}

/// True for dtypes whose sums depend on the order of the operands.
pub const fn is_inexact(dtype: u32) -> bool {
    dtype >= dtype::FLOAT32 && dtype <= dtype::COMPLEX128
}

/// Whether `op` is defined for `dtype`.
pub const fn supports(dtype: u32, op: u32) -> bool {
    match dtype {
        dtype::BOOL..=dtype::UINT64 => op <= ReduceOp::OR,
        dtype::FLOAT32 | dtype::FLOAT64 => matches!(op, 0 | 1 | 5 | 6),
        dtype::COMPLEX64 | dtype::COMPLEX128 => matches!(op, 0 | 1),
        _ => false,
    }
}

/// An element of `N` bytes that lies in memory in native byte order.
trait Element<const N: usize>: Copy {
    fn read(bytes: &[u8; N]) -> Self;
    fn write(self, bytes: &mut [u8; N]);
}

macro_rules! element {
    ($($t:ty)*) => {$(
        impl Element<{ size_of::<$t>() }> for $t {
            #[inline(always)]
            fn read(bytes: &[u8; size_of::<$t>()]) -> Self {
                <$t>::from_ne_bytes(*bytes)
            }
            #[inline(always)]
            fn write(self, bytes: &mut [u8; size_of::<$t>()]) {
                *bytes = self.to_ne_bytes();
            }
        }
    )*};
}
element! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

/// A complex number of two `T`.
#[derive(Clone, Copy)]
struct Complex<T>(T, T);

macro_rules! complex_element {
    ($($t:ty)*) => {$(
        impl Element<{ size_of::<Complex<$t>>() }> for Complex<$t> {
            #[inline(always)]
            fn read(bytes: &[u8; size_of::<Complex<$t>>()]) -> Self {
                let (halves, _) = bytes.as_chunks();
                Complex(<$t>::read(&halves[0]), <$t>::read(&halves[1]))
            }
            #[inline(always)]
            fn write(self, bytes: &mut [u8; size_of::<Complex<$t>>()]) {
                let (halves, _) = bytes.as_chunks_mut();
                self.0.write(&mut halves[0]);
                self.1.write(&mut halves[1]);
            }
        }
    )*};
}
complex_element! { f32 f64 }

/// `dst[i] = f(dst[i], src[i])`.
#[inline(always)]
fn zip<T: Element<N>, const N: usize>(dst: &mut [u8], src: &[u8], f: impl Fn(T, T) -> T) {
    // In chunks of a constant size: finding their number takes no division.
    for (d, s) in dst.as_chunks_mut().0.iter_mut().zip(src.as_chunks().0) {
        f(T::read(d), T::read(s)).write(d);
    }
}

macro_rules! combine_int {
    ($t:ty, $op:expr, $dst:expr, $src:expr) => {
        match $op {
            ReduceOp::ADD => zip::<$t, _>($dst, $src, |a, b| a.wrapping_add(b)),
            ReduceOp::MUL => zip::<$t, _>($dst, $src, |a, b| a.wrapping_mul(b)),
            ReduceOp::BIT_AND => zip::<$t, _>($dst, $src, |a, b| a & b),
            ReduceOp::BIT_OR => zip::<$t, _>($dst, $src, |a, b| a | b),
            ReduceOp::BIT_XOR => zip::<$t, _>($dst, $src, |a, b| a ^ b),
            ReduceOp::MIN => zip::<$t, _>($dst, $src, |a, b| a.min(b)),
            ReduceOp::MAX => zip::<$t, _>($dst, $src, |a, b| a.max(b)),
            ReduceOp::AND => zip::<$t, _>($dst, $src, |a, b| (a != 0 && b != 0) as $t),
            ReduceOp::OR => zip::<$t, _>($dst, $src, |a, b| (a != 0 || b != 0) as $t),
            other => unsupported(other),
        }
    };
}

macro_rules! combine_float {
    ($t:ty, $op:expr, $dst:expr, $src:expr) => {
        match $op {
            ReduceOp::ADD => zip::<$t, _>($dst, $src, |a, b| a + b),
            ReduceOp::MUL => zip::<$t, _>($dst, $src, |a, b| a * b),
            ReduceOp::MIN => zip::<$t, _>($dst, $src, |a, b| if b < a || (b != b && a == a) { b } else { a }),
            ReduceOp::MAX => zip::<$t, _>($dst, $src, |a, b| if b > a || (b != b && a == a) { b } else { a }),
            other => unsupported(other),
        }
    };
}

macro_rules! combine_complex {
    ($t:ty, $op:expr, $dst:expr, $src:expr) => {
        match $op {
            ReduceOp::ADD => {
                zip::<Complex<$t>, _>($dst, $src, |a, b| Complex(a.0 + b.0, a.1 + b.1));
            }
            ReduceOp::MUL => zip::<Complex<$t>, _>($dst, $src, |a, b| {
                let one = |z: Complex<$t>| z.0 == 1.0 && z.1.to_bits() == 0;
                match (one(a), one(b)) {
                    (true, _) => b,
                    (_, true) => a,
                    _ => Complex(a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0),
                }
            }),
            other => unsupported(other),
        }
    };
}

#[cold]
fn unsupported(op: u32) -> ! {
    panic!("reduction operator {op} is not defined for this dtype");
}

/// Elementwise `dst = dst op src` over as many elements as both slices hold.
///
/// # Panics
/// When `supports(dtype, op)` is false.
pub fn combine(dtype: u32, op: u32, dst: &mut [u8], src: &[u8]) {
    match dtype {
        dtype::BOOL => match op {
            ReduceOp::ADD | ReduceOp::BIT_OR | ReduceOp::OR | ReduceOp::MAX => {
                zip::<u8, _>(dst, src, |a, b| (a | b != 0) as u8)
            }
            ReduceOp::MUL | ReduceOp::BIT_AND | ReduceOp::AND | ReduceOp::MIN => {
                zip::<u8, _>(dst, src, |a, b| (a != 0 && b != 0) as u8)
            }
            ReduceOp::BIT_XOR => zip::<u8, _>(dst, src, |a, b| ((a != 0) != (b != 0)) as u8),
            other => unsupported(other),
        },
        dtype::INT8 => combine_int!(i8, op, dst, src),
        dtype::INT16 => combine_int!(i16, op, dst, src),
        dtype::INT32 => combine_int!(i32, op, dst, src),
        dtype::INT64 => combine_int!(i64, op, dst, src),
        dtype::UINT8 => combine_int!(u8, op, dst, src),
        dtype::UINT16 => combine_int!(u16, op, dst, src),
        dtype::UINT32 => combine_int!(u32, op, dst, src),
        dtype::UINT64 => combine_int!(u64, op, dst, src),
        dtype::FLOAT32 => combine_float!(f32, op, dst, src),
        dtype::FLOAT64 => combine_float!(f64, op, dst, src),
        dtype::COMPLEX64 => combine_complex!(f32, op, dst, src),
        dtype::COMPLEX128 => combine_complex!(f64, op, dst, src),
        other => panic!("{other} is not the number of a dtype"),
    }
}

/// Bytes of an element, padded to the longest.
fn bytes_of<T: Element<N>, const N: usize>(value: T) -> [u8; 16] {
    let mut own = [0; N];
    value.write(&mut own);
    let mut bytes = [0; 16];
    bytes[..N].copy_from_slice(&own);
    bytes
}

macro_rules! identity_int {
    ($t:ty, $op:expr) => {
        bytes_of::<$t, _>(match $op {
            ReduceOp::ADD | ReduceOp::BIT_OR | ReduceOp::BIT_XOR | ReduceOp::OR => 0,
            ReduceOp::MUL | ReduceOp::AND => 1,
            ReduceOp::BIT_AND => !0,
            ReduceOp::MIN => <$t>::MAX,
            ReduceOp::MAX => <$t>::MIN,
            other => unsupported(other),
        })
    };
}

macro_rules! identity_float {
    ($t:ty, $op:expr) => {
        bytes_of::<$t, _>(match $op {
            ReduceOp::ADD => -0.0,
            ReduceOp::MUL => 1.0,
            ReduceOp::MIN => <$t>::INFINITY,
            ReduceOp::MAX => <$t>::NEG_INFINITY,
            other => unsupported(other),
        })
    };
}

macro_rules! identity_complex {
    ($t:ty, $op:expr) => {
        bytes_of::<Complex<$t>, _>(match $op {
            ReduceOp::ADD => Complex(-0.0, -0.0),
            ReduceOp::MUL => Complex(1.0, 0.0),
            other => unsupported(other),
        })
    };
}

/// The identity of `op` in the first `itemsize(dtype)` bytes.
///
/// # Panics
/// When `supports(dtype, op)` is false.
pub fn identity(dtype: u32, op: u32) -> [u8; 16] {
    match dtype {
        dtype::BOOL => {
            let all = matches!(op, ReduceOp::MUL | ReduceOp::BIT_AND | ReduceOp::AND | ReduceOp::MIN);
            bytes_of(u8::from(all))
        }
        dtype::INT8 => identity_int!(i8, op),
        dtype::INT16 => identity_int!(i16, op),
        dtype::INT32 => identity_int!(i32, op),
        dtype::INT64 => identity_int!(i64, op),
        dtype::UINT8 => identity_int!(u8, op),
        dtype::UINT16 => identity_int!(u16, op),
        dtype::UINT32 => identity_int!(u32, op),
        dtype::UINT64 => identity_int!(u64, op),
        dtype::FLOAT32 => identity_float!(f32, op),
        dtype::FLOAT64 => identity_float!(f64, op),
        dtype::COMPLEX64 => identity_complex!(f32, op),
        dtype::COMPLEX128 => identity_complex!(f64, op),
        other => panic!("{other} is not the number of a dtype"),
    }
}

/// Sets every element of `dst` to the identity of `op`.
///
/// # Panics
/// When `supports(dtype, op)` is false.
pub fn fill_identity(dtype: u32, op: u32, dst: &mut [u8]) {
    let value = identity(dtype, op);
    match itemsize(dtype) {
        Some(1) => fill::<u8, 1>(dst, value),
        Some(2) => fill::<u8, 2>(dst, value),
        Some(4) => fill::<u8, 4>(dst, value),
        Some(8) => fill::<u8, 8>(dst, value),
        _ => fill::<u8, 16>(dst, value),
    }
}

/// The same for memory that holds nothing yet.
///
/// # Panics
/// When `supports(dtype, op)` is false.
pub fn fill_fresh(dtype: u32, op: u32, dst: &mut [MaybeUninit<u8>]) {
    let value = identity(dtype, op).map(MaybeUninit::new);
    match itemsize(dtype) {
        Some(1) => fill::<_, 1>(dst, value),
        Some(2) => fill::<_, 2>(dst, value),
        Some(4) => fill::<_, 4>(dst, value),
        Some(8) => fill::<_, 8>(dst, value),
        _ => fill::<_, 16>(dst, value),
    }
}

/// Repeats the first `N` bytes of `value`.
fn fill<B: Copy, const N: usize>(dst: &mut [B], value: [B; 16]) {
    for element in dst.as_chunks_mut::<N>().0 {
        element.copy_from_slice(&value[..N]);
    }
}

/// Folds the 32 partials of one block into the first of them.
///
/// # Panics
/// When `supports(dtype, op)` is false or `partials` is not 32 elements long.
pub fn fold_partials(dtype: u32, op: u32, partials: &mut [u8]) {
    fold_used_partials(dtype, op, partials, PARTIALS as i64);
}

/// The same for a block of `count` iterations: partials beyond hold the identity, and folding those changes nothing.
///
/// # Panics
/// As [`fold_partials`].
pub fn fold_used_partials(dtype: u32, op: u32, partials: &mut [u8], count: i64) {
    let size = itemsize(dtype).expect("a dtype");
    assert_eq!(partials.len(), PARTIALS * size, "a block has 32 partials");
    // `and` and `or` of one number make it zero or one.
    let fewest = if matches!(op, ReduceOp::AND | ReduceOp::OR) { 2 } else { 1 };
    let used = count.clamp(fewest, PARTIALS as i64) as usize;
    let mut half = used.next_power_of_two() / 2;
    while half > 0 {
        let (low, high) = partials.split_at_mut(half * size);
        combine(dtype, op, low, &high[..half * size]);
        half /= 2;
    }
}

/// Folds block results into the first by the fixed tree. `values` holds them one after another, `block_bytes` each.
///
/// # Panics
/// When `supports(dtype, op)` is false or `values` is no whole number of blocks.
pub fn fold_blocks(dtype: u32, op: u32, values: &mut [u8], block_bytes: usize) {
    if block_bytes == 0 || values.is_empty() {
        return;
    }
    assert_eq!(values.len() % block_bytes, 0, "a whole number of blocks");
    if Some(block_bytes) == itemsize(dtype) {
        return match block_bytes {
            1 => fold_elements::<1>(dtype, op, values),
            2 => fold_elements::<2>(dtype, op, values),
            4 => fold_elements::<4>(dtype, op, values),
            8 => fold_elements::<8>(dtype, op, values),
            _ => fold_elements::<16>(dtype, op, values),
        };
    }
    let mut width = block_bytes;
    while width < values.len() {
        for pair in values.chunks_mut(2 * width) {
            if pair.len() > width {
                let (left, right) = pair.split_at_mut(width);
                combine(dtype, op, &mut left[..block_bytes], &right[..block_bytes]);
            }
        }
        width *= 2;
    }
}

/// The tree for blocks of one element: each level is one operation on all its pairs, whose results move together.
fn fold_elements<const N: usize>(dtype: u32, op: u32, values: &mut [u8]) {
    let mut right = vec![0u8; values.len() / 2 / N * N];
    let mut count = values.len() / N;
    while count > 1 {
        let pairs = count / 2;
        let (elements, _) = values.as_chunks_mut::<N>();
        let (rights, _) = right.as_chunks_mut::<N>();
        for (k, r) in rights[..pairs].iter_mut().enumerate() {
            *r = elements[2 * k + 1];
            elements[k] = elements[2 * k];
        }
        if count % 2 == 1 {
            elements[pairs] = elements[count - 1];
        }
        combine(dtype, op, &mut values[..pairs * N], &right[..pairs * N]);
        count = count.div_ceil(2);
    }
}

/// How a loop with reductions is cut: depends on the program and its sizes only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Number of blocks; see `ungil_abi::parallel::block_start` for where they begin.
    pub blocks: i64,
    /// Whether floating-point arrays are reduced straight into their targets. True when there is one block only;
    /// otherwise every block has a private copy. Integer arrays give the same result either way.
    pub direct_arrays: bool,
}

impl Plan {
    /// The plan for `n` iterations; `arrays` lists dtype and length of the array reductions.
    pub fn new(n: i64, min_block: i64, arrays: impl Iterator<Item = (u32, u64)>) -> Plan {
        let elements = arrays
            .filter(|(dtype, _)| is_inexact(*dtype))
            .fold(0u64, |sum, (_, len)| sum.saturating_add(len));
        let blocks = ungil_abi::parallel::block_count(n, min_block, elements);
        Plan { blocks, direct_arrays: blocks <= 1 }
    }
}

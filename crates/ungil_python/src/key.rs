//! Fingerprints of argument types.
//!
//! A call's arguments become a list of 64-bit words; two calls with equal words run the same specialisation. The
//! dispatcher compares words only; types are decoded from them once per compilation.

use ungil_ir::types::{DType, Layout};

/// Kind of an argument: the low byte of its first word.
pub struct Tag;
impl Tag {
    pub const PY_BOOL: u64 = 1;
    pub const PY_INT: u64 = 2;
    pub const PY_FLOAT: u64 = 3;
    pub const PY_COMPLEX: u64 = 4;
    pub const NONE: u64 = 5;
    pub const ELLIPSIS: u64 = 6;
    /// Bits 8…15: dtype.
    pub const SCALAR: u64 = 7;
    /// See [`array()`].
    pub const ARRAY: u64 = 8;
    /// Bits 8…: number of elements, whose words follow.
    pub const TUPLE: u64 = 9;
    pub const RANGE: u64 = 10;
    /// Bits 8, 9, 10: start, stop, step are given.
    pub const SLICE: u64 = 11;
    /// A Python function; four words with the identities of its code, globals, defaults and a count of cells
    /// follow, then the identity of each cell's content.
    pub const FUNCTION: u64 = 12;
    /// Any other object the compiler may know by identity (a builtin, a ufunc, a scalar type): one word follows.
    pub const OBJECT: u64 = 13;
    /// A string: its identity follows.
    pub const TEXT: u64 = 14;
    /// A list; bit 8: it has elements, whose type's words follow.
    pub const LIST: u64 = 15;
    /// A pointer of ctypes or cffi: the identity of its type follows.
    pub const POINTER: u64 = 16;
    /// An object of MPI; bits 8…: its kind (`ungil_sema::mpi`). The handle is the value.
    pub const MPI: u64 = 18;
    /// A number of ctypes: the identity of its type follows.
    pub const BOX: u64 = 17;
}

/// The word of an array type.
#[inline]
pub fn array(dtype: DType, ndim: u8, layout: Layout, readonly: bool, swapped: bool) -> u64 {
    Tag::ARRAY
        | u64::from(dtype.number()) << 8
        | u64::from(ndim) << 16
        | (layout as u64) << 24
        | u64::from(readonly) << 26
        | u64::from(swapped) << 27
}

/// The word of a NumPy scalar.
#[inline]
pub fn scalar(dtype: DType) -> u64 {
    Tag::SCALAR | u64::from(dtype.number()) << 8
}

//! Array descriptors and the reference-counted owner of their memory.
//!
//! An array of `n` dimensions is `{ data, owner, shape[n], strides[n] }` in memory, strides in bytes. `owner` is
//! null for memory nobody counts; otherwise it points at a [`MemInfo`].

use core::sync::atomic::AtomicI64;

/// Reference-counted block of memory that arrays share.
///
/// Blocks of kind [`MemKind::ARGUMENT`] belong to the caller and are never freed by the runtime: the dispatcher
/// keeps the Python object alive during the call and finds it again through `object` when a view is returned.
#[repr(C)]
pub struct MemInfo {
    /// Number of references; generated code and the runtime change it atomically.
    pub refs: AtomicI64,
    /// Start of the memory.
    pub data: *mut u8,
    /// Size in bytes.
    pub size: u64,
    /// One of the constants of [`MemKind`].
    pub kind: u32,
    pub reserved: u32,
    /// For `ARGUMENT`: the borrowed `PyObject *`. Null otherwise.
    pub object: *mut core::ffi::c_void,
}

/// Who frees a [`MemInfo`].
pub struct MemKind;
impl MemKind {
    /// The runtime's allocator; freed when the count reaches zero.
    pub const RUNTIME: u32 = 0;
    /// An argument of the running call; lives on the dispatcher's stack.
    pub const ARGUMENT: u32 = 1;
    /// A constant array (global or captured) kept alive by the compiled kernel.
    pub const GLOBAL: u32 = 2;
    /// The box of a list: as `RUNTIME`, but its elements go with it.
    pub const LIST: u32 = 3;
}

/// Fixed part of an array descriptor; `shape` and `strides` of `ndim` 64-bit values each follow.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ArrayHead {
    pub data: *mut u8,
    pub owner: *mut MemInfo,
}

/// Size in bytes of a descriptor of `ndim` dimensions.
pub const fn descriptor_size(ndim: usize) -> usize {
    16 + 16 * ndim
}

const _: () = assert!(core::mem::size_of::<MemInfo>() == 40);
const _: () = assert!(core::mem::offset_of!(MemInfo, data) == 8);
const _: () = assert!(core::mem::size_of::<ArrayHead>() == 16);

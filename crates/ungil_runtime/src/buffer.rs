//! Private scratch memory of the runtime: 64-byte aligned, uninitialised, null on lack of memory.

use core::ptr::NonNull;
use std::alloc::{Layout, alloc, dealloc};

/// Owned bytes. Empty buffers allocate nothing.
pub struct Buffer {
    data: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the buffer owns its memory; whoever shares the pointer answers for the accesses.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// `None` when out of memory.
    pub fn new(bytes: usize) -> Option<Buffer> {
        let layout = Layout::from_size_align(bytes, 64).ok()?;
        let data = match bytes {
            0 => NonNull::<u8>::dangling(),
            // SAFETY: the size is not zero.
            _ => NonNull::new(unsafe { alloc(layout) })?,
        };
        Some(Buffer { data, layout })
    }

    pub fn data(&self) -> *mut u8 {
        self.data.as_ptr()
    }

    /// Gives up ownership; [`Buffer::from_raw`] takes it back.
    pub fn into_raw(self) -> *mut u8 {
        let data = self.data.as_ptr();
        core::mem::forget(self);
        data
    }

    /// # Safety
    /// `data` came from [`Buffer::into_raw`] of a buffer of `bytes` bytes.
    pub unsafe fn from_raw(data: *mut u8, bytes: usize) -> Option<Buffer> {
        let layout = Layout::from_size_align(bytes, 64).ok()?;
        Some(Buffer { data: NonNull::new(data)?, layout })
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(self.data.as_ptr(), self.layout) };
        }
    }
}

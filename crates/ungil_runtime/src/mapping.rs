//! Large blocks straight from the kernel.
//!
//! Blocks that can hold a huge page are aligned to one and ask for huge pages, which cost one fault where small
//! pages cost 512. Fresh blocks are zero.

use core::ffi::c_void;
use core::ptr;

/// Size of a huge page on x86-64.
pub const HUGE_PAGE: usize = 2 << 20;
pub const PAGE: usize = 4096;

/// Maps `size` zero bytes, whole pages; null when there is no memory.
pub fn map(size: usize) -> *mut u8 {
    let slack = if size >= HUGE_PAGE { HUGE_PAGE } else { 0 };
    let Some(padded) = size.checked_add(slack) else { return ptr::null_mut() };
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a fresh anonymous mapping at an address of the kernel's choice.
    let base = unsafe { libc::mmap(ptr::null_mut(), padded, protection, flags, -1, 0) };
    if base == libc::MAP_FAILED {
        return ptr::null_mut();
    }
    if slack == 0 {
        return base.cast::<u8>();
    }
    let start = base.cast::<u8>();
    let before = start.align_offset(HUGE_PAGE);
    let after = padded - before - size;
    // SAFETY: the trimmed parts belong to the mapping just made, begin and end on pages, and are used by nobody.
    unsafe {
        if before > 0 {
            libc::munmap(base, before);
        }
        let block = start.add(before);
        if after > 0 {
            libc::munmap(block.add(size).cast::<c_void>(), after);
        }
        libc::madvise(block.cast::<c_void>(), size, libc::MADV_HUGEPAGE);
        block
    }
}

/// Gives a block back to the kernel.
///
/// # Safety
/// `block` came from [`map`] with this size and is used by nobody.
pub unsafe fn unmap(block: *mut u8, size: usize) {
    // SAFETY: by contract the whole mapping belongs to the caller.
    unsafe { libc::munmap(block.cast::<c_void>(), size) };
}

/// Lets the kernel take the pages of an idle block when memory gets short. Its contents become arbitrary; using it
/// again needs no call.
///
/// # Safety
/// `block` came from [`map`] with this size and nobody needs its contents.
pub unsafe fn offer(block: *mut u8, size: usize) {
    // With small pages the call would cost as much as it saves.
    if size >= HUGE_PAGE {
        // SAFETY: the contents of the pages may go.
        unsafe { libc::madvise(block.cast::<c_void>(), size, libc::MADV_FREE) };
    }
}

//! Freed blocks of few bytes, kept by each thread.
//!
//! A loop that makes a list or a short array in each iteration gets the same memory again; the C allocator takes and joins
//! aligned blocks slowly. Blocks are counted in steps of [`STEP`] bytes; a thread keeps at most [`KEPT`] of each length and frees
//! them when it ends. A block may be freed by another thread than the one that took it, which then keeps it.

use core::cell::RefCell;
use core::ffi::c_void;
use core::ptr;

/// Lengths of blocks are multiples of this, which is their alignment too.
const STEP: usize = 64;
/// Different lengths: blocks up to a kilobyte and their header.
const CLASSES: usize = 17;
/// Blocks of one length that a thread keeps.
const KEPT: usize = 16;

struct Blocks {
    kept: [[*mut u8; KEPT]; CLASSES],
    counts: [usize; CLASSES],
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for (blocks, count) in self.kept.iter().zip(self.counts) {
            for block in &blocks[..count] {
                // SAFETY: a block of the C allocator that nobody else knows.
                unsafe { libc::free(block.cast::<c_void>()) };
            }
        }
    }
}

thread_local! {
    static BLOCKS: RefCell<Blocks> =
        const { RefCell::new(Blocks { kept: [[ptr::null_mut(); KEPT]; CLASSES], counts: [0; CLASSES] }) };
}

fn class_of(total: usize) -> Option<usize> {
    Some(total.div_ceil(STEP).checked_sub(1)?).filter(|class| *class < CLASSES)
}

/// A block of at least `total` bytes, aligned to [`STEP`]; `None` when out of memory.
pub fn take(total: usize) -> Option<*mut u8> {
    let class = class_of(total);
    let kept = class.and_then(|class| {
        BLOCKS
            .try_with(|blocks| {
                let mut blocks = blocks.try_borrow_mut().ok()?;
                let count = blocks.counts[class].checked_sub(1)?;
                blocks.counts[class] = count;
                Some(blocks.kept[class][count])
            })
            .ok()?
    });
    if kept.is_some() {
        return kept;
    }
    let length = class.map_or(total, |class| (class + 1) * STEP);
    let mut out = ptr::null_mut();
    // SAFETY: the alignment is a power of two and a multiple of the pointer size; `out` is a place for the result.
    let failed = unsafe { libc::posix_memalign(&raw mut out, STEP, length) } != 0;
    (!failed && !out.is_null()).then(|| out.cast::<u8>())
}

/// Gives back a block that [`take`] gave for `total` bytes.
///
/// # Safety
/// Nobody uses the block any more.
pub unsafe fn put(block: *mut u8, total: usize) {
    let kept = class_of(total).is_some_and(|class| {
        BLOCKS
            .try_with(|blocks| {
                let Ok(mut blocks) = blocks.try_borrow_mut() else { return false };
                let count = blocks.counts[class];
                if count == KEPT {
                    return false;
                }
                blocks.kept[class][count] = block;
                blocks.counts[class] = count + 1;
                true
            })
            .unwrap_or(false)
    });
    if !kept {
        // SAFETY: a block of the C allocator, as the caller vouches.
        unsafe { libc::free(block.cast::<c_void>()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_used_again_for_the_same_length_only() {
        // In a thread of its own, whose blocks are freed at its end.
        std::thread::spawn(|| {
            let first = take(130).expect("memory");
            assert_eq!(first as usize % STEP, 0);
            // SAFETY: nobody uses the blocks after they are given back, and each has the length that is told.
            unsafe {
                ptr::write_bytes(first, 1, 192);
                put(first, 130);
                let longer = take(200).expect("memory");
                assert_ne!(longer, first);
                assert_eq!(take(190), Some(first));
                put(first, 190);
                put(longer, 200);
                let large = take(10_000).expect("memory");
                put(large, 10_000);
                let many: Vec<_> = (0..2 * KEPT).map(|_| take(64).expect("memory")).collect();
                many.iter().for_each(|block| put(*block, 64));
            }
        })
        .join()
        .expect("no panic");
    }
}

//! Room for numbers that a kernel packs: on the stack for few, where an allocation would take longer than the work.

use core::mem::MaybeUninit;

use crate::entry::reserve;

/// Bytes on the stack.
const LOCAL: usize = 4096;

/// Room for numbers, which are not set yet.
pub struct Room {
    local: MaybeUninit<[u64; LOCAL / 8]>,
    heap: Vec<u64>,
}

impl Default for Room {
    #[inline(always)]
    fn default() -> Room {
        Room { local: MaybeUninit::uninit(), heap: Vec::new() }
    }
}

impl Room {
    /// Where `n` values can be put, as long as the room stays where it is.
    #[inline(always)]
    pub fn take<T>(&mut self, n: usize) -> *mut T {
        const { assert!(align_of::<T>() <= align_of::<u64>()) };
        let bytes = n.saturating_mul(size_of::<T>());
        if bytes <= LOCAL {
            return self.local.as_mut_ptr().cast();
        }
        reserve(&mut self.heap, bytes.div_ceil(size_of::<u64>()));
        self.heap.as_mut_ptr().cast()
    }
}

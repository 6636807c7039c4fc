//! Stack bounds of the calling thread.
//!
//! The limit handed to compiled code lies above the end of the stack by a margin that the runtime, the maths
//! library and the host's hooks may use. For the main thread glibc derives the size from RLIMIT_STACK.

use core::mem::MaybeUninit;
use core::ptr;

/// Room below the limit for code that does not check: 256 KiB, or a quarter of a small stack.
const MARGIN: usize = 256 << 10;

/// With an unlimited stack, or where bounds are unknown: how far the stack may grow from here.
const ASSUMED: usize = 8 << 20;

/// Lowest address that frames of compiled code may have on this thread.
pub fn limit() -> usize {
    let here = here();
    let (low, size) = bounds().unwrap_or((here.saturating_sub(ASSUMED - (64 << 10)), ASSUMED));
    // A stack that seems longer than 1 GiB is an unlimited one; nothing guarantees the room down there.
    let low = if here.saturating_sub(low) > 1 << 30 { here - (1 << 30) } else { low };
    low + MARGIN.min(size / 4)
}

/// An address in the caller's frame or right below.
#[inline(never)]
fn here() -> usize {
    let mark = 0u8;
    core::hint::black_box(&raw const mark) as usize
}

/// Lowest address and size of this thread's stack.
fn bounds() -> Option<(usize, usize)> {
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut low, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the attribute object is filled by the first call, read by the second and destroyed by the third.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attr.as_mut_ptr()) != 0 {
            return None;
        }
        let failed = libc::pthread_attr_getstack(attr.as_ptr(), &raw mut low, &raw mut size) != 0;
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        (!failed && size > 0).then_some((low as usize, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_lies_inside_the_stack() {
        for size in [64 << 10, 1 << 20, 16 << 20] {
            let build = std::thread::Builder::new().stack_size(size);
            let check = move || {
                let room = here() - limit();
                // The C library may give a larger stack that it has kept, never a smaller one.
                assert!(room > size / 2 - (8 << 10), "room {room} of {size}");
                // SAFETY: not safe if the limit is wrong, and then the test dies as it should.
                unsafe { ptr::read_volatile(limit() as *const u8) };
            };
            build.spawn(check).expect("spawn").join().expect("check");
        }
    }
}

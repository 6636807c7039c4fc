//! Lists: growing, and releasing what their elements hold.
//!
//! The layout of a box is `ungil_abi::list`. A box becomes a list when its elements get their first room, so that its last
//! release finds them. Lists are changed by one thread at a time; the compiler sees to that.

use core::ptr;

use ungil_abi::array::{MemInfo, MemKind};
use ungil_abi::list::{CAPACITY, DATA, ELEMENT, LEN, OWNERS, WORDS};

use crate::alloc::{alloc_raw, allocate, free_raw, ungil_rt_release};

/// Fewest elements there is room for.
const LEAST: i64 = 8;

/// A new empty list with one reference; null when out of memory.
pub fn new_list(element: i64, owners: u64) -> *mut MemInfo {
    let info = allocate(WORDS * 8, true);
    // SAFETY: a non-null block has room for a box.
    unsafe {
        if let Some(info) = info.as_mut() {
            let words = info.data.cast::<i64>();
            *words.add(ELEMENT) = element;
            *words.add(OWNERS) = owners as i64;
            info.kind = MemKind::LIST;
        }
    }
    info
}

/// Room for `n` elements in all; non-zero when out of memory.
///
/// # Safety
/// `info` is the live box of a list that nobody else uses now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_list_reserve(info: *mut MemInfo, n: i64) -> i32 {
    // SAFETY: the box's words say how many elements of which size lie at its data.
    unsafe {
        let words = (*info).data.cast::<i64>();
        let capacity = *words.add(CAPACITY);
        if n <= capacity {
            return 0;
        }
        let room = n.max(LEAST).max(capacity.saturating_mul(2));
        let Some(bytes) = room.checked_mul(*words.add(ELEMENT)).and_then(|b| usize::try_from(b).ok()) else {
            return 1;
        };
        let fresh = alloc_raw(bytes, false);
        if fresh.is_null() {
            return 1;
        }
        let old = *words.add(DATA) as *mut u8;
        if !old.is_null() {
            ptr::copy_nonoverlapping(old, fresh, (*words.add(LEN) * *words.add(ELEMENT)) as usize);
            free_raw(old, 0);
        }
        *words.add(DATA) = fresh as i64;
        *words.add(CAPACITY) = room;
        (*info).kind = MemKind::LIST;
        0
    }
}

/// Releases what elements `from .. to` hold.
///
/// # Safety
/// As for [`ungil_rt_list_reserve`]; the range lies within the list, and its elements are not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_list_drop(info: *mut MemInfo, from: i64, to: i64) {
    // SAFETY: the box's words say where the elements lie and which of their words are owners.
    unsafe {
        let words = (*info).data.cast::<i64>();
        let (data, size) = (*words.add(DATA) as *mut u8, *words.add(ELEMENT));
        let owners = *words.add(OWNERS) as u64;
        if owners == 0 || data.is_null() {
            return;
        }
        for i in from..to {
            let element = data.offset((i * size) as isize).cast::<*mut MemInfo>();
            for word in (0..64).filter(|w| owners >> w & 1 == 1) {
                ungil_rt_release(*element.add(word));
            }
        }
    }
}

/// Gives the elements of a list back, whose box goes next.
///
/// # Safety
/// As for [`ungil_rt_list_drop`]; nobody has a reference to the list.
pub(crate) unsafe fn empty(info: *mut MemInfo) {
    // SAFETY: as the caller vouches.
    unsafe {
        let words = (*info).data.cast::<i64>();
        ungil_rt_list_drop(info, 0, *words.add(LEN));
        let data = *words.add(DATA) as *mut u8;
        if !data.is_null() {
            free_raw(data, 0);
        }
    }
}

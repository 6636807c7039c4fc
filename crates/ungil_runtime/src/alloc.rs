//! Allocator of array memory with reference counts.
//!
//! Every block is a 64-byte header, whose first 40 bytes are the [`MemInfo`], and the data right behind it, so
//! that a bare data pointer (what a NumPy array with a memory handler of ours holds) leads back to its header.
//! Data are 64-byte aligned. Large blocks begin on pages, and their headers at different places of the first one: arrays
//! that all began at the same place would get into each other's way, since a processor that loads just behind a store
//! compares the last 12 bits of addresses only (a heat equation takes 2.5 times as long). Blocks of [`MAPPED`] bytes and more come from the kernel and go back to it through a
//! cache (`mapping`, `recycle`); smaller ones are the C allocator's, and threads keep short ones (`small`).
//! Sizes that overflow give null; nothing here aborts for lack of memory.

use crate::{mapping, recycle, small};
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use ungil_abi::array::{MemInfo, MemKind};
use ungil_abi::context::Ctx;

/// Size of the header; data begin here.
pub const HEADER: usize = 64;
/// Blocks of at least this many bytes (header included) are mapped.
pub const MAPPED: usize = 256 << 10;

/// `MemInfo::reserved` is the number of mapped pages, 0 for blocks of the C allocator; this where it does not fit.
const UNKNOWN: u32 = u32::MAX;

const SHARDS: usize = 16;

#[repr(align(128))]
struct Shard(AtomicI64);

/// Blocks alive, spread over cache lines; only the sum means something.
static LIVE: [Shard; SHARDS] = [const { Shard(AtomicI64::new(0)) }; SHARDS];

fn count_live(change: i64) {
    thread_local!(static MARK: u8 = const { 0 });
    // The address of a thread-local tells threads apart without a system call.
    let here = MARK.try_with(|m| ptr::from_ref(m) as usize).unwrap_or(0);
    LIVE[here.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60].0.fetch_add(change, Ordering::Relaxed);
}

/// Number of blocks that have not been freed, for leak tests.
pub fn live_blocks() -> i64 {
    LIVE.iter().map(|s| s.0.load(Ordering::Relaxed)).sum()
}

/// Whole size of a block for `bytes` of data: header and, for mapped blocks, whole pages, where the header may lie
/// anywhere in the first.
fn block_size(bytes: usize) -> Option<usize> {
    let total = bytes.checked_add(HEADER)?;
    let total = if total >= MAPPED {
        bytes.checked_add(mapping::PAGE)?.checked_next_multiple_of(mapping::PAGE)?
    } else {
        total
    };
    (total <= isize::MAX as usize).then_some(total)
}

/// Where in its first page the header of the next large block lies: successive ones are far apart, and all places of
/// the page take turns.
fn next_place() -> usize {
    /// 25 headers; a page has 64.
    const STEP: usize = 25 * HEADER;
    static PLACE: AtomicUsize = AtomicUsize::new(0);
    PLACE.fetch_add(STEP, Ordering::Relaxed) % mapping::PAGE
}

/// A block of at least `total` bytes from the cache or the kernel, its size, and whether it is known to be zero.
fn large_block(total: usize) -> Option<(*mut u8, usize, bool)> {
    if let Some((block, size)) = recycle::take(total) {
        return Some((block, size, false));
    }
    let mut block = mapping::map(total);
    if block.is_null() && recycle::empty() > 0 {
        block = mapping::map(total);
    }
    (!block.is_null()).then_some((block, total, true))
}

/// New block of `bytes` with one reference; null when out of memory.
pub fn allocate(bytes: usize, zeroed: bool) -> *mut MemInfo {
    let Some(total) = block_size(bytes) else { return ptr::null_mut() };
    let got =
        if total >= MAPPED { large_block(total) } else { small::take(total).map(|block| (block, 0, false)) };
    let Some((block, mapped, is_zero)) = got else { return ptr::null_mut() };
    let place = if total >= MAPPED { next_place() } else { 0 };
    // SAFETY: the block is `total >= place + HEADER + bytes` long, aligned to 64, and nobody else knows it.
    unsafe {
        let block = block.add(place);
        if zeroed && !is_zero {
            ptr::write_bytes(block.add(HEADER), 0, bytes);
        }
        let info = block.cast::<MemInfo>();
        info.write(MemInfo {
            refs: AtomicI64::new(1),
            data: block.add(HEADER),
            size: bytes as u64,
            kind: MemKind::RUNTIME,
            reserved: u32::try_from(mapped / mapping::PAGE).unwrap_or(UNKNOWN),
            object: ptr::null_mut(),
        });
        count_live(1);
        info
    }
}

/// # Safety
/// `info` came from [`allocate`] and is used by nobody any more.
unsafe fn free_block(info: *mut MemInfo) {
    count_live(-1);
    let header = info.cast::<u8>();
    // Large blocks begin on pages, with the header in the first.
    let page = header.map_addr(|address| address & !(mapping::PAGE - 1));
    // SAFETY: the header is intact until the block goes; it tells how long the block is.
    unsafe {
        match (*info).reserved {
            0 => small::put(header, HEADER + (*info).size as usize),
            // So large that the cache never had it: it is as long as its data need.
            UNKNOWN => mapping::unmap(page, block_size((*info).size as usize).unwrap_or(0)),
            pages => recycle::put(page, pages as usize * mapping::PAGE),
        }
    }
}

/// New counted block of `bytes`; null when out of memory (the caller raises MemoryError).
///
/// # Safety
/// None beyond the ABI's: `ctx` is not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_alloc(_ctx: *mut Ctx, bytes: u64, zeroed: i32) -> *mut MemInfo {
    match usize::try_from(bytes) {
        Ok(bytes) => allocate(bytes, zeroed != 0),
        Err(_) => ptr::null_mut(),
    }
}

/// One more reference. Null is allowed.
///
/// # Safety
/// `info` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_retain(info: *mut MemInfo) {
    // SAFETY: the caller owns a reference, so the header is alive. Relaxed is enough, as in `Arc::clone`.
    if let Some(info) = unsafe { info.as_ref() } {
        info.refs.fetch_add(1, Ordering::Relaxed);
    }
}

/// One reference less; a block of the runtime is freed with its last one. Null is allowed.
///
/// # Safety
/// `info` is null or alive, and the caller gives up a reference it owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_release(info: *mut MemInfo) {
    if info.is_null() {
        return;
    }
    // SAFETY: the caller's reference keeps the header alive until the decrement.
    let (kind, last) = unsafe { ((*info).kind, (*info).refs.fetch_sub(1, Ordering::Release) == 1) };
    if last && kind == MemKind::LIST {
        // SAFETY: the count reached zero, so nobody uses the list; its box is a block of this allocator.
        unsafe {
            (*info).refs.load(Ordering::Acquire);
            crate::list::empty(info);
            free_block(info);
        }
    } else if last && kind == MemKind::RUNTIME {
        // All accesses of former owners happen before the free, as in `Arc::drop`.
        // A load, not a fence: thread sanitizers do not understand fences.
        // SAFETY: the count reached zero, so nobody uses the block.
        unsafe {
            (*info).refs.load(Ordering::Acquire);
            free_block(info);
        }
    }
}

/// Bare data pointer of a new block, for a NumPy memory handler; null when out of memory.
pub fn alloc_raw(size: usize, zeroed: bool) -> *mut u8 {
    let info = allocate(size, zeroed);
    // SAFETY: a non-null block is valid.
    if info.is_null() { ptr::null_mut() } else { unsafe { (*info).data } }
}

/// Header of a block, from its data pointer.
///
/// # Safety
/// `data` is the data pointer of a block of this allocator.
pub unsafe fn header_of(data: *mut u8) -> *mut MemInfo {
    // SAFETY: the header lies right before the data.
    unsafe { data.sub(HEADER).cast::<MemInfo>() }
}

/// Frees what [`alloc_raw`] gave, or the data of a counted block whose only reference the caller owns. The size is
/// not needed and may be anything. Null is allowed.
///
/// # Safety
/// `data` is null or such a pointer, and is not used afterwards.
pub unsafe fn free_raw(data: *mut u8, _size: usize) {
    if !data.is_null() {
        // SAFETY: by contract the header lies before the data and the caller owns a reference.
        unsafe { ungil_rt_release(header_of(data)) };
    }
}

/// Block of `size` bytes with the same beginning; null when out of memory, and then the old one stays.
///
/// # Safety
/// As for [`free_raw`]; null allocates.
pub unsafe fn realloc_raw(data: *mut u8, size: usize) -> *mut u8 {
    let fresh = alloc_raw(size, false);
    if !data.is_null() && !fresh.is_null() {
        // SAFETY: both blocks are at least as long as the copied part and do not overlap.
        unsafe {
            let old = (*header_of(data)).size as usize;
            ptr::copy_nonoverlapping(data, fresh, old.min(size));
            free_raw(data, old);
        }
    }
    fresh
}

const _: () = assert!(size_of::<MemInfo>() <= HEADER && offset_of!(MemInfo, refs) == 0);

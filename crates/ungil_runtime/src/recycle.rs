//! Cache of freed large blocks.
//!
//! A fresh mapping faults on each of its pages, which costs more than filling it; a block used before does not.
//! Blocks that are freed wait here for the next request of about their size. The pages of all but the newest are
//! offered to the kernel meanwhile, which takes them back when memory gets short, so a full cache hurts nobody; the
//! newest are likely to be used again soon, and an offer takes as long as a sixth of filling them. The cache keeps at
//! most [`limit`] bytes and [`MOST`] blocks; the oldest go first.

use crate::mapping;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Most blocks kept.
const MOST: usize = 64;
/// Bytes of the newest blocks that are kept as they are.
const WARM: usize = 32 << 20;
/// Share of the machine's memory that the cache may hold.
const SHARE: usize = 8;
/// Environment variable with the limit in MiB; 0 switches the cache off.
const VARIABLE: &str = "UNGIL_BLOCK_CACHE";

/// An idle block; the cache owns its memory.
#[derive(Clone, Copy)]
struct Idle {
    address: usize,
    size: usize,
    /// Whether the kernel may take its pages.
    offered: bool,
}

/// Idle blocks, oldest first.
pub struct Shelf {
    blocks: Vec<Idle>,
    bytes: usize,
}

static SHELF: Mutex<Shelf> = Mutex::new(Shelf { blocks: Vec::new(), bytes: 0 });
/// Bytes on the shelf, so that an empty one costs no lock.
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// The shelf, for use here and across forks.
pub fn lock() -> MutexGuard<'static, Shelf> {
    SHELF.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that the cache holds now.
pub fn cached_bytes() -> usize {
    BYTES.load(Ordering::Relaxed)
}

/// Most bytes the cache holds: an eighth of the memory that this process may use, or what the environment says.
pub fn limit() -> usize {
    static LIMIT: OnceLock<usize> = OnceLock::new();
    *LIMIT.get_or_init(|| match std::env::var(VARIABLE).ok().and_then(|v| v.trim().parse::<usize>().ok()) {
        Some(mib) => mib.saturating_mul(1 << 20),
        None => memory() / SHARE,
    })
}

/// Memory of the machine or of the control group, whichever is smaller.
fn memory() -> usize {
    // SAFETY: asks for two numbers.
    let (pages, page) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    let machine = usize::try_from(pages).unwrap_or(0).saturating_mul(usize::try_from(page).unwrap_or(0));
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse::<usize>().ok());
    machine.min(group.unwrap_or(usize::MAX))
}

impl Shelf {
    /// The smallest block that holds `size` without wasting more than a quarter; of equals the one freed last, whose
    /// lines may still be in the processor's caches.
    fn take(&mut self, size: usize) -> Option<Idle> {
        let most = size + size / 4;
        let fits = |b: &&Idle| (size..=most).contains(&b.size);
        let best = self.blocks.iter().filter(fits).map(|b| b.size).min()?;
        let index = self.blocks.iter().rposition(|b| b.size == best)?;
        Some(self.remove(index))
    }

    fn remove(&mut self, index: usize) -> Idle {
        let idle = self.blocks.remove(index);
        self.bytes -= idle.size;
        BYTES.store(self.bytes, Ordering::Relaxed);
        idle
    }

    /// Adds a block and returns the blocks that have to go for it.
    fn put(&mut self, idle: Idle) -> Vec<Idle> {
        self.blocks.push(idle);
        self.bytes += idle.size;
        let mut gone = Vec::new();
        while self.bytes > limit() || self.blocks.len() > MOST {
            gone.push(self.remove(0));
        }
        BYTES.store(self.bytes, Ordering::Relaxed);
        self.offer_old();
        gone
    }

    /// Offers the blocks that are no longer among the newest. Nobody can take them meanwhile: the caller has the lock.
    fn offer_old(&mut self) {
        let mut newer = 0;
        for idle in self.blocks.iter_mut().rev() {
            newer += idle.size;
            if newer > WARM && !idle.offered {
                // SAFETY: the cache owns the block, whose contents nobody needs.
                unsafe { mapping::offer(core::ptr::with_exposed_provenance_mut(idle.address), idle.size) };
                idle.offered = true;
            }
        }
    }
}

/// A block of at least `size` bytes and its size, if there is one. Its contents are arbitrary.
pub fn take(size: usize) -> Option<(*mut u8, usize)> {
    if cached_bytes() < size {
        return None;
    }
    let idle = lock().take(size)?;
    Some((core::ptr::with_exposed_provenance_mut(idle.address), idle.size))
}

/// Takes over a block that nobody uses any more.
///
/// # Safety
/// `block` came from [`mapping::map`] with this size, and the caller gives it up.
pub unsafe fn put(block: *mut u8, size: usize) {
    if size > limit() {
        // SAFETY: by contract.
        unsafe { mapping::unmap(block, size) };
        return;
    }
    let gone = lock().put(Idle { address: block.expose_provenance(), size, offered: false });
    unmap_all(gone);
}

/// Gives all idle blocks back to the kernel and returns how many bytes they had.
pub fn empty() -> usize {
    let gone = {
        let mut shelf = lock();
        shelf.bytes = 0;
        BYTES.store(0, Ordering::Relaxed);
        core::mem::take(&mut shelf.blocks)
    };
    let bytes = gone.iter().map(|b| b.size).sum();
    unmap_all(gone);
    bytes
}

fn unmap_all(gone: Vec<Idle>) {
    for idle in gone {
        // SAFETY: the cache owned the block, which has left it.
        unsafe { mapping::unmap(core::ptr::with_exposed_provenance_mut(idle.address), idle.size) };
    }
}

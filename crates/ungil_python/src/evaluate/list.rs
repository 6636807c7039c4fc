//! Lists that grow while others read them.
//!
//! Items are added in front and stay where they are until the list is dropped, so that readers need no lock.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

struct Link<T> {
    item: T,
    next: *mut Link<T>,
}

/// An append-only list.
pub struct List<T> {
    head: AtomicPtr<Link<T>>,
}

impl<T> List<T> {
    pub const fn new() -> List<T> {
        List { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The item, newest first, that fits.
    #[inline]
    pub fn find(&self, mut fits: impl FnMut(&T) -> bool) -> Option<&T> {
        let mut at = self.head.load(Ordering::Acquire);
        // SAFETY: links are published whole and freed with the list only.
        while let Some(link) = unsafe { at.as_ref() } {
            if fits(&link.item) {
                return Some(&link.item);
            }
            at = link.next;
        }
        None
    }

    /// Adds an item.
    pub fn push(&self, item: T) -> &T {
        let link = Box::into_raw(Box::new(Link { item, next: ptr::null_mut() }));
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: the link is not published yet.
            unsafe { (*link).next = head };
            match self.head.compare_exchange_weak(head, link, Ordering::Release, Ordering::Relaxed) {
                // SAFETY: published links live as long as the list.
                Ok(_) => return unsafe { &(*link).item },
                Err(now) => head = now,
            }
        }
    }
}

impl<T> Drop for List<T> {
    fn drop(&mut self) {
        let mut at = self.head.load(Ordering::Acquire);
        while !at.is_null() {
            // SAFETY: nobody else can reach the list any more; each link came from a box.
            let link = unsafe { Box::from_raw(at) };
            at = link.next;
        }
    }
}

// SAFETY: the list owns its items and hands out shared references only.
unsafe impl<T: Send> Send for List<T> {}
// SAFETY: as for `Send`; readers on several threads share the items.
unsafe impl<T: Send + Sync> Sync for List<T> {}

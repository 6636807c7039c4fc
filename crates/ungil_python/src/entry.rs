//! Specialisations of a dispatcher and the facts they rely on.
//!
//! A dispatcher holds an append-only list of [`Entry`]s that readers walk without a lock. An entry lives as long as
//! its dispatcher: a call that runs holds a reference to the dispatcher, so code is never freed under it.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::sync::Arc;

use pyo3::ffi::{self, PyObject, visitproc};
use ungil_abi::array::MemInfo;
use ungil_driver::compiled::Compiled;
use ungil_ir::function::Module;
use ungil_ir::inst::InstKind;
use ungil_sema::ty::Ty;

use crate::guard::Guards;

/// Records that compiled code points at; they stay where they are until the end.
#[derive(Default)]
pub struct Owners(Vec<*mut MemInfo>);

// SAFETY: the records are only read, and freed by their one owner.
unsafe impl Send for Owners {}
// SAFETY: as for `Send`; a shared reference gives no access to the records.
unsafe impl Sync for Owners {}

impl Owners {
    /// Takes a record in; its address stays valid as long as `self` lives.
    pub fn add(&mut self, record: MemInfo) -> *mut MemInfo {
        self.0.push(Box::into_raw(Box::new(record)));
        self.0[self.0.len() - 1]
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        for record in self.0.drain(..) {
            // SAFETY: it came from a box in `add`; the code that pointed at it is not running any more.
            drop(unsafe { Box::from_raw(record) });
        }
    }
}

/// One specialisation.
pub struct Entry {
    pub key: Box<[u64]>,
    pub compiled: Arc<Compiled>,
    pub guards: Guards,
    /// Python objects the code or the key refers to (owned references).
    pub keep: Vec<*mut PyObject>,
    /// Whether numbers in the result are Python's whatever their type.
    pub python_numbers: bool,
    /// Whether what its guards name never changes, so that they hold for ever.
    pub is_static: bool,
    /// Whether nothing of its arguments' memory is left to others when it has ended.
    pub lends: bool,
    /// Whether it keeps none of its arguments' arrays. Functions of C are given pointers, which Cython hands out too.
    pub borrows: bool,
    /// Records of global arrays, which the code's table of arrays points at.
    _owners: Owners,
    next: *mut Entry,
}

/// Whether a result has no memory.
fn is_number(ty: &Ty) -> bool {
    match ty {
        Ty::Tuple(items) => items.iter().all(is_number),
        _ => matches!(ty, Ty::PyBool | Ty::PyInt | Ty::PyFloat | Ty::PyComplex | Ty::Scalar(_) | Ty::None),
    }
}

/// Whether anything of a module keeps an array beyond the value that it came from.
fn retains(module: &Module) -> bool {
    module.functions.iter().any(|f| f.insts.iter().any(|inst| matches!(inst.kind, InstKind::Retain(_))))
}

/// Whether two fingerprints are equal: a few words, which a call of `memcmp` would take longer to compare. It is slow for
/// none at all, where it touches the place that an empty slice points at.
#[inline]
fn same_words(a: &[u64], b: &[u64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

/// The entries of a dispatcher, newest first.
pub struct Entries {
    head: AtomicPtr<Entry>,
}

impl Entries {
    pub fn new() -> Entries {
        Entries { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The entry with this fingerprint whose guards hold.
    ///
    /// # Safety
    /// The interpreter is attached.
    #[inline]
    pub unsafe fn find(&self, key: &[u64]) -> Option<&Entry> {
        let mut at = self.head.load(Ordering::Acquire);
        // SAFETY: entries are published whole and freed only with the list; guards need the interpreter, to which
        // the caller is attached.
        unsafe {
            while let Some(entry) = at.as_ref() {
                if same_words(&entry.key, key) && (entry.is_static || entry.guards.hold()) {
                    return Some(entry);
                }
                at = entry.next;
            }
        }
        None
    }

    /// Adds an entry in front.
    pub fn push(&self, entry: Entry) -> &Entry {
        let new = Box::into_raw(Box::new(entry));
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: `new` is not published yet, so this thread alone writes it.
            unsafe { (*new).next = head };
            match self.head.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                // SAFETY: published entries live as long as the list.
                Ok(_) => return unsafe { &*new },
                Err(now) => head = now,
            }
        }
    }

    /// All entries, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        let mut at = self.head.load(Ordering::Acquire);
        core::iter::from_fn(move || {
            // SAFETY: published entries live as long as the list.
            let entry = unsafe { at.as_ref() }?;
            at = entry.next;
            Some(entry)
        })
    }

    /// Visits every Python object that the entries hold.
    ///
    /// # Safety
    /// Called by the garbage collector, with its arguments.
    pub unsafe fn traverse(&self, visit: visitproc, arg: *mut core::ffi::c_void) -> i32 {
        for entry in self.iter() {
            for object in entry.keep.iter().copied().chain(entry.guards.objects()) {
                // SAFETY: owned references, visited during a traversal.
                let result = unsafe { visit(object, arg) };
                if result != 0 {
                    return result;
                }
            }
        }
        0
    }
}

impl Entry {
    pub fn new(
        key: &[u64],
        compiled: Arc<Compiled>,
        guards: Guards,
        keep: Vec<*mut PyObject>,
        owners: Owners,
    ) -> Entry {
        Entry {
            key: key.into(),
            lends: is_number(&compiled.ret) && compiled.module.externs.is_empty(),
            borrows: is_number(&compiled.ret) && !retains(&compiled.module),
            is_static: guards.is_empty(),
            compiled,
            guards,
            keep,
            python_numbers: false,
            _owners: owners,
            next: ptr::null_mut(),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        for object in self.keep.drain(..) {
            // SAFETY: dispatchers are freed while attached; the entry owned the reference.
            unsafe { ffi::Py_DECREF(object) };
        }
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        let mut at = self.head.load(Ordering::Acquire);
        while !at.is_null() {
            // SAFETY: nobody else can reach the list any more; each entry came from a box.
            let entry = unsafe { Box::from_raw(at) };
            at = entry.next;
        }
    }
}

//! Globals that were looked up lately.
//!
//! Up to CPython 3.11 each state of each dictionary has a number of its own (`ma_version_tag`): what was found under a name is
//! there as long as the number is the same, and no other dictionary has it. So is what is not there but among the builtins, as long
//! as neither changes. Later versions look globals up each time.

use super::operate::O;

#[cfg(not(Py_3_12))]
mod table {
    use core::cell::UnsafeCell;
    use core::ptr::null_mut;

    use pyo3::ffi;

    use super::O;

    /// A power of two.
    const SLOTS: usize = 512;

    #[derive(Clone, Copy)]
    struct Slot {
        version: u64,
        /// The version of the builtins, where they have it; 0: the globals do.
        builtins: u64,
        name: O,
        found: O,
    }

    struct Slots(UnsafeCell<[Slot; SLOTS]>);

    // SAFETY: those who touch it hold the interpreter's lock.
    unsafe impl Sync for Slots {}

    static RECENT: Slots = Slots(UnsafeCell::new(
        [Slot { version: 0, builtins: 0, name: null_mut(), found: null_mut() }; SLOTS],
    ));

    fn slot(name: O) -> *mut Slot {
        // Objects begin at multiples of 16.
        let at = (name as usize >> 4) % SLOTS;
        RECENT.0.get().cast::<Slot>().wrapping_add(at)
    }

    unsafe fn version(dictionary: O) -> u64 {
        // SAFETY: a live dictionary, as the callers vouch.
        unsafe { (*dictionary.cast::<ffi::PyDictObject>()).ma_version_tag }
    }

    /// What globals, or else builtins, have under a name (borrowed), if that is known.
    ///
    /// # Safety
    /// Attached, with live dictionaries and a live name.
    #[inline]
    pub unsafe fn find(globals: O, builtins: O, name: O) -> Option<O> {
        // SAFETY: attached, so that nobody else touches the slots; the dictionaries have the versions in which the one held the
        // object and the other did not, so that is so now.
        unsafe {
            let known = *slot(name);
            let is_known = known.name == name
                && known.version == version(globals)
                && (known.builtins == 0 || known.builtins == version(builtins));
            is_known.then_some(known.found)
        }
    }

    /// Puts the version of globals to an address, and behind it what they have under a name, if they have it.
    ///
    /// # Safety
    /// Attached, with a live dictionary and name, and room for two words.
    pub unsafe fn keep(globals: O, name: O, to: *mut O) {
        // SAFETY: as the caller vouches; a version is a word.
        unsafe {
            let found = ffi::PyDict_GetItemWithError(globals, name);
            if found.is_null() {
                ffi::PyErr_Clear();
                return;
            }
            to.add(1).write(found);
            to.cast::<u64>().write(version(globals));
        }
    }

    /// Notes what globals have under a name, or builtins, where these are given.
    ///
    /// # Safety
    /// As for [`find`].
    pub unsafe fn note(globals: O, builtins: Option<O>, name: O, found: O) {
        // SAFETY: as the caller vouches.
        unsafe {
            let builtins = builtins.map_or(0, |builtins| version(builtins));
            // The name is held, so that no other one comes to lie where it lies.
            ffi::Py_INCREF(name);
            let old = slot(name).replace(Slot { version: version(globals), builtins, name, found });
            ffi::Py_XDECREF(old.name);
        }
    }
}

#[cfg(not(Py_3_12))]
pub use table::{find, keep, note};

/// Nothing is known.
///
/// # Safety
/// None is needed.
#[cfg(Py_3_12)]
#[inline]
pub unsafe fn find(_: O, _: O, _: O) -> Option<O> {
    None
}

/// Nothing is noted.
///
/// # Safety
/// None is needed.
#[cfg(Py_3_12)]
#[inline]
pub unsafe fn note(_: O, _: Option<O>, _: O, _: O) {}

/// Nothing is kept.
///
/// # Safety
/// None is needed.
#[cfg(Py_3_12)]
pub unsafe fn keep(_: O, _: O, _: *mut O) {}

//! Facts about Python that compiled code relies on, checked at every call.
//!
//! Each guard names a slot (a key of a dictionary or a closure cell) and the object that was there. A slot that
//! holds an equal number counts as unchanged. While a dictionary's version has not moved since the last successful
//! check, its guards are not looked at.

use core::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi::{self, PyObject};

/// Where the object was found.
enum Slot {
    /// Dictionary and key.
    Dict(*mut PyObject, *mut PyObject),
    /// Not in the first dictionary (globals), found in the second (builtins), or in neither.
    Missing(*mut PyObject, *mut PyObject),
    Cell(*mut PyObject),
}

struct Guard {
    slot: Slot,
    expected: *mut PyObject,
}

// SAFETY: the pointers are references to Python objects, which are only touched while attached.
unsafe impl Send for Guards {}
// SAFETY: as for `Send`.
unsafe impl Sync for Guards {}

/// The guards of a specialisation. Holds references to every object it names.
#[derive(Default)]
pub struct Guards {
    guards: Vec<Guard>,
    /// The one dictionary of all guards and its version at the last check.
    watched: Option<(*mut PyObject, AtomicU64)>,
}

impl Guards {
    /// Whether the code relies on nothing.
    pub fn is_empty(&self) -> bool {
        self.guards.is_empty()
    }

    /// Whether nothing but names that are found in `builtins` is relied on.
    pub fn are_within(&self, builtins: *mut PyObject) -> bool {
        self.guards.iter().all(|guard| match guard.slot {
            Slot::Dict(dict, _) => dict == builtins,
            Slot::Missing(..) => true,
            Slot::Cell(_) => false,
        })
    }

    /// Records that `dict[key]` is `expected`.
    ///
    /// # Safety
    /// The interpreter is attached; `dict` is a dictionary, `key` a string.
    pub unsafe fn add_dict(&mut self, dict: *mut PyObject, key: *mut PyObject, expected: *mut PyObject) {
        let known = self.guards.iter().any(
            // SAFETY: comparing live strings cannot fail.
            |g| matches!(g.slot, Slot::Dict(d, k) if d == dict && (k == key || unsafe { ffi::PyUnicode_Compare(k, key) } == 0)),
        );
        if known {
            return;
        }
        // SAFETY: live objects, as the caller vouches.
        unsafe {
            for object in [dict, key, expected] {
                ffi::Py_INCREF(object);
            }
        }
        self.guards.push(Guard { slot: Slot::Dict(dict, key), expected });
    }

    /// Records that `dict` has no `key`.
    ///
    /// # Safety
    /// As [`Guards::add_dict`].
    pub unsafe fn add_missing(&mut self, dict: *mut PyObject, key: *mut PyObject) {
        // SAFETY: live objects, as the caller vouches.
        unsafe {
            ffi::Py_INCREF(dict);
            ffi::Py_INCREF(key);
        }
        self.guards.push(Guard { slot: Slot::Missing(dict, key), expected: core::ptr::null_mut() });
    }

    /// Records that `cell` holds `expected`.
    ///
    /// # Safety
    /// The interpreter is attached; `cell` is a cell.
    pub unsafe fn add_cell(&mut self, cell: *mut PyObject, expected: *mut PyObject) {
        if self.guards.iter().any(|g| matches!(g.slot, Slot::Cell(c) if c == cell)) {
            return;
        }
        // SAFETY: live objects, as the caller vouches.
        unsafe {
            ffi::Py_INCREF(cell);
            ffi::Py_INCREF(expected);
        }
        self.guards.push(Guard { slot: Slot::Cell(cell), expected });
    }

    /// Finds out which dictionary to watch. To be called when all guards are recorded.
    pub fn seal(&mut self) {
        let mut dicts = self.guards.iter().map(|g| match g.slot {
            Slot::Dict(d, _) | Slot::Missing(d, _) => Some(d),
            Slot::Cell(_) => None,
        });
        let Some(Some(first)) = dicts.next() else { return };
        if cfg!(not(Py_3_12)) && dicts.all(|d| d == Some(first)) {
            self.watched = Some((first, AtomicU64::new(0)));
        }
    }

    /// Whether all facts still hold.
    ///
    /// # Safety
    /// The interpreter is attached.
    #[inline]
    pub unsafe fn hold(&self) -> bool {
        if self.guards.is_empty() {
            return true;
        }
        if let Some((dict, version)) = &self.watched {
            // SAFETY: the dictionary is held by the guards.
            let now = unsafe { dict_version(*dict) };
            if now == version.load(Ordering::Relaxed) {
                return true;
            }
            // SAFETY: as the caller vouches.
            let ok = unsafe { self.check() };
            if ok {
                version.store(now, Ordering::Relaxed);
            }
            return ok;
        }
        // SAFETY: as the caller vouches.
        unsafe { self.check() }
    }

    #[inline(never)]
    unsafe fn check(&self) -> bool {
        // SAFETY: the guards hold their objects; the interpreter is attached.
        unsafe {
            self.guards.iter().all(|guard| match guard.slot {
                Slot::Dict(dict, key) => {
                    let now = ffi::PyDict_GetItemWithError(dict, key);
                    same(now, guard.expected)
                }
                Slot::Missing(dict, key) => ffi::PyDict_GetItemWithError(dict, key).is_null(),
                Slot::Cell(cell) => {
                    let now = ffi::PyCell_Get(cell);
                    let ok = same(now, guard.expected);
                    ffi::Py_XDECREF(now);
                    ok
                }
            })
        }
    }

    /// The objects held, for the garbage collector.
    pub fn objects(&self) -> impl Iterator<Item = *mut PyObject> + '_ {
        self.guards.iter().flat_map(|g| {
            let (a, b) = match g.slot {
                Slot::Dict(d, k) | Slot::Missing(d, k) => (d, k),
                Slot::Cell(c) => (c, core::ptr::null_mut()),
            };
            [a, b, g.expected].into_iter().filter(|o| !o.is_null())
        })
    }
}

/// The version of a dictionary: it changes with every change of the dictionary.
///
/// # Safety
/// `dict` is a live dictionary.
#[cfg(not(Py_3_12))]
unsafe fn dict_version(dict: *mut PyObject) -> u64 {
    // SAFETY: by contract.
    unsafe { (*dict.cast::<ffi::PyDictObject>()).ma_version_tag }
}

/// Later versions of CPython have no such number: never equal to a remembered one.
///
/// # Safety
/// None.
#[cfg(Py_3_12)]
unsafe fn dict_version(_: *mut PyObject) -> u64 {
    1
}

/// The same object, or an equal immutable constant of the same type.
unsafe fn same(now: *mut PyObject, expected: *mut PyObject) -> bool {
    if now == expected {
        return true;
    }
    if now.is_null() || expected.is_null() {
        return false;
    }
    // SAFETY: both are live objects; each branch reads what its exact type has. Comparing ints cannot fail.
    unsafe {
        let ty = ffi::Py_TYPE(now);
        if ty != ffi::Py_TYPE(expected) {
            return false;
        }
        if ty == &raw mut ffi::PyFloat_Type {
            return ffi::PyFloat_AS_DOUBLE(now).to_bits() == ffi::PyFloat_AS_DOUBLE(expected).to_bits();
        }
        if ty == &raw mut ffi::PyLong_Type || ty == &raw mut ffi::PyUnicode_Type {
            return ffi::PyObject_RichCompareBool(now, expected, ffi::Py_EQ) == 1;
        }
    }
    false
}

impl Drop for Guards {
    fn drop(&mut self) {
        let objects: Vec<_> = self.objects().collect();
        for object in objects {
            // SAFETY: dispatchers are freed while attached; the guards owned the references.
            unsafe { ffi::Py_DECREF(object) };
        }
    }
}

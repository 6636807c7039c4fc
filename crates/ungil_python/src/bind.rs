//! Binding of calls whose defaults are known beforehand: those of functions in the Cython language, of few parameters.
//!
//! Arguments are laid over the defaults, which lie in the order of the parameters; what is left over goes into a tuple and a
//! dictionary, and nowhere if nobody asks for the dictionary.
//!
//! Contract: what is bound here is what [`Params::bind`](crate::params::Params::bind) binds; all else goes there, and is refused
//! there.

use core::mem::MaybeUninit;
use core::ptr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::object::equal_strings;

/// Parameters at most.
pub const FEW: usize = 8;

/// What becomes of keywords that are no parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Surplus {
    /// They do not fit.
    Refused,
    /// They go into a dictionary.
    Kept,
    /// As above, but nobody looks at it, so that none is made.
    Dropped,
}

/// The parameters of a function, and what they are where a call has no argument for them.
pub struct Prepared {
    /// Defaults, null where there is none; the empty tuple for `*args`, None for `**keywords`.
    defaults: [*mut PyObject; FEW],
    /// Those that keywords may name, in the same order; null in the places of others.
    names: [*mut PyObject; FEW],
    /// A bit for each parameter without a default.
    needed: usize,
    /// Arguments that a call without keywords has at least; `usize::MAX` if each call needs some.
    least: usize,
    /// Parameters that may be given by position, and all but `**keywords`.
    positional: usize,
    count: usize,
    star: bool,
    surplus: Surplus,
    held: Vec<Py<PyAny>>,
}

// SAFETY: the pointers are to objects that are held, and only touched while attached.
unsafe impl Send for Prepared {}
// SAFETY: as for `Send`.
unsafe impl Sync for Prepared {}

/// Places for the arguments of a call in the order of the parameters.
pub struct Room([MaybeUninit<*mut PyObject>; FEW]);

impl Room {
    #[inline(always)]
    pub fn new() -> Room {
        Room([const { MaybeUninit::uninit() }; FEW])
    }

    /// One for each parameter, once they are bound.
    #[inline(always)]
    pub fn args(&self) -> *const *mut PyObject {
        self.0.as_ptr().cast()
    }
}

/// The same with the objects that were made for them.
pub struct Few {
    room: Room,
    star: *mut PyObject,
    keywords: *mut PyObject,
}

impl Drop for Few {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: dropped while attached; both references are its own.
        unsafe {
            if !self.star.is_null() {
                ffi::Py_DECREF(self.star);
            }
            if !self.keywords.is_null() {
                ffi::Py_DECREF(self.keywords);
            }
        }
    }
}

impl Few {
    #[inline(always)]
    pub fn new() -> Few {
        Few { room: Room::new(), star: ptr::null_mut(), keywords: ptr::null_mut() }
    }

    /// One for each parameter, once they are bound.
    #[inline(always)]
    pub fn args(&self) -> *const *mut PyObject {
        self.room.args()
    }
}

/// How the parameters of a function are ordered: positional ones, `*args`, keyword-only ones, `**keywords`.
pub struct Order<'a> {
    pub names: &'a [Py<PyString>],
    pub positional: usize,
    pub positional_only: usize,
    pub star: bool,
    pub surplus: Surplus,
}

impl Prepared {
    /// Of a function with these defaults, one for each parameter but those of what is left over; `None`: there are too many.
    pub fn new(py: Python<'_>, order: &Order<'_>, defaults: &[Option<Py<PyAny>>]) -> Option<Prepared> {
        let n = order.names.len();
        if n > FEW {
            return None;
        }
        let has_keywords = order.surplus != Surplus::Refused;
        let count = n - usize::from(has_keywords);
        let mut held = Vec::new();
        let mut all = [ptr::null_mut(); FEW];
        let mut names = [ptr::null_mut(); FEW];
        let mut given = defaults.iter();
        for i in 0..n {
            let is_star = order.star && i == order.positional;
            let value = if is_star {
                Some(PyTuple::empty(py).into_any().unbind())
            } else if i == count {
                Some(py.None())
            } else {
                given.next().and_then(|value| value.as_ref().map(|value| value.clone_ref(py)))
            };
            all[i] = value.as_ref().map_or(ptr::null_mut(), Py::as_ptr);
            held.extend(value);
            if !is_star && i < count && i >= order.positional_only {
                names[i] = order.names[i].as_ptr();
            }
        }
        let is_missing = |i: &usize| all[*i].is_null();
        let needs_keywords = (order.positional..n).any(|i| is_missing(&i));
        let last_needed = (0..order.positional).rev().find(is_missing).map_or(0, |i| i + 1);
        Some(Prepared {
            defaults: all,
            names,
            needed: (0..n).filter(is_missing).fold(0, |bits, i| bits | 1 << i),
            least: if needs_keywords { usize::MAX } else { last_needed },
            positional: order.positional,
            count,
            star: order.star,
            surplus: order.surplus,
            held,
        })
    }

    /// What it holds.
    pub fn objects(&self) -> impl Iterator<Item = &Py<PyAny>> {
        self.held.iter()
    }

    /// Arguments that a call without keywords has at least.
    pub fn least(&self) -> usize {
        self.least
    }

    /// The names that keywords may have, null where there is none.
    pub fn names(&self) -> &[*mut PyObject; FEW] {
        &self.names
    }

    /// The default of a parameter, if it has one.
    pub fn default_of(&self, i: usize) -> Option<*mut PyObject> {
        self.defaults.get(i).copied().filter(|default| !default.is_null())
    }

    /// Whether a call of so many arguments makes a tuple or a dictionary.
    #[inline(always)]
    pub fn collects(&self, n: usize) -> bool {
        n > self.positional || self.surplus == Surplus::Kept
    }

    /// Binds a call's arguments; `false`: they do not fit, or that takes more.
    ///
    /// # Safety
    /// The vectorcall protocol, attached.
    #[inline(always)]
    pub unsafe fn bind(
        &self,
        args: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        few: &mut Few,
    ) -> bool {
        // SAFETY: `args` holds `n` objects and then the values of keywords; there is a place for each parameter.
        unsafe {
            self.lay(args, n.min(self.positional), &mut few.room);
            if n > self.positional && !self.collect(args, n, few) {
                return false;
            }
            if self.surplus == Surplus::Kept && !self.give_dictionary(few) {
                return false;
            }
            if kwnames.is_null() {
                return n >= self.least;
            }
            self.take_more_keywords(args.add(n), n, kwnames, &mut few.room, few.keywords)
        }
    }

    /// The same of a call that collects nothing.
    ///
    /// # Safety
    /// As for [`Prepared::bind`].
    #[inline(always)]
    pub unsafe fn bind_plain(
        &self,
        args: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        room: &mut Room,
    ) -> bool {
        // SAFETY: as for `bind`.
        unsafe {
            self.lay(args, n, room);
            if kwnames.is_null() {
                return n >= self.least;
            }
            self.take_keywords(args.add(n), n, kwnames, room, ptr::null_mut())
        }
    }

    /// Puts the first arguments over the defaults.
    #[inline(always)]
    unsafe fn lay(&self, args: *const *mut PyObject, n: usize, room: &mut Room) {
        let all = room.0.as_mut_ptr().cast::<*mut PyObject>();
        // SAFETY: `args` holds `n` objects, no more than there are places.
        unsafe {
            all.cast::<[*mut PyObject; FEW]>().write(self.defaults);
            for i in (0..FEW).take_while(|i| *i < n) {
                // Volatile, because a call of `memcpy` would take longer than to copy these.
                all.add(i).write(args.add(i).read_volatile());
            }
        }
    }

    /// Puts surplus arguments into their place, a tuple.
    #[inline]
    unsafe fn collect(&self, args: *const *mut PyObject, n: usize, few: &mut Few) -> bool {
        if !self.star {
            return false;
        }
        // SAFETY: as for `bind`; a new tuple is filled before anyone else sees it.
        unsafe {
            let star = ffi::PyTuple_New((n - self.positional) as ffi::Py_ssize_t);
            if star.is_null() {
                ffi::PyErr_Clear();
                return false;
            }
            let mut place = (&raw mut (*star.cast::<ffi::PyTupleObject>()).ob_item).cast::<*mut PyObject>();
            for i in self.positional..n {
                let item = args.add(i).read();
                ffi::Py_INCREF(item);
                place.write(item);
                place = place.add(1);
            }
            few.star = star;
            few.room.0[self.positional].write(star);
        }
        true
    }

    /// Puts a new dictionary into its place.
    unsafe fn give_dictionary(&self, few: &mut Few) -> bool {
        // SAFETY: attached.
        unsafe {
            few.keywords = ffi::PyDict_New();
            if few.keywords.is_null() {
                ffi::PyErr_Clear();
                return false;
            }
        }
        few.room.0[self.count].write(few.keywords);
        true
    }

    /// Puts the values of keywords into their places; whether all parameters have something then. `dictionary`: of surplus ones, if
    /// it is kept.
    #[inline(always)]
    unsafe fn take_keywords(
        &self,
        values: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        room: &mut Room,
        dictionary: *mut PyObject,
    ) -> bool {
        let all = room.0.as_mut_ptr().cast::<*mut PyObject>();
        let first = n.min(self.positional);
        // SAFETY: a tuple of the keywords' names, with as many values; `all` and `names` have a place for each parameter.
        unsafe {
            let given = ffi::PyTuple_GET_SIZE(kwnames) as usize;
            let keywords =
                (&raw const (*kwnames.cast::<ffi::PyTupleObject>()).ob_item).cast::<*mut PyObject>();
            let names = self.names.as_ptr();
            let mut missing = self.needed & (usize::MAX << first);
            // Mostly they are the names themselves, in the order of the parameters.
            let (mut k, mut at) = (0, first);
            while k < given {
                let (keyword, value) = (*keywords.add(k), *values.add(k));
                let mut place = at;
                while place < self.count && *names.add(place) != keyword {
                    place += 1;
                }
                if place < self.count {
                    at = place + 1;
                } else {
                    place = self.place_of(keyword, first);
                }
                k += 1;
                if place < first {
                    return false;
                }
                if place < self.count {
                    all.add(place).write(value);
                    missing &= !(1 << place);
                } else if !self.leaves(keyword, value, dictionary) {
                    return false;
                }
            }
            missing == 0
        }
    }

    /// The same, once for all callers that do more than this.
    #[inline(never)]
    unsafe fn take_more_keywords(
        &self,
        values: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        room: &mut Room,
        dictionary: *mut PyObject,
    ) -> bool {
        // SAFETY: as the caller vouches.
        unsafe { self.take_keywords(values, n, kwnames, room, dictionary) }
    }

    /// The parameter that a keyword names out of order, or by another object of the same text: one before `first` if that is
    /// given by position already, [`FEW`] if there is none.
    #[cold]
    fn place_of(&self, keyword: *mut PyObject, first: usize) -> usize {
        let is_equal = |i: &usize| {
            let name = self.names[*i];
            // SAFETY: live strings both, while attached; comparing them cannot fail.
            !name.is_null()
                && unsafe {
                    equal_strings(name, keyword).unwrap_or_else(|| ffi::PyUnicode_Compare(name, keyword) == 0)
                }
        };
        let known = (first..self.count).find(|i| self.names[*i] == keyword);
        known.or_else(|| (0..self.count).find(is_equal)).unwrap_or(FEW)
    }

    /// Whether a keyword that is no parameter is taken.
    #[inline]
    unsafe fn leaves(&self, keyword: *mut PyObject, value: *mut PyObject, dictionary: *mut PyObject) -> bool {
        if self.surplus != Surplus::Kept {
            return self.surplus == Surplus::Dropped;
        }
        // SAFETY: attached; a dictionary of the call's own, a name and a live object.
        unsafe {
            let is_added = ffi::PyDict_SetItem(dictionary, keyword, value) == 0;
            if !is_added {
                ffi::PyErr_Clear();
            }
            is_added
        }
    }
}

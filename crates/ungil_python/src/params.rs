//! Parameters of a kernel and the binding of a call's arguments to them.

use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;

use pyo3::ffi::{self, PyObject, visitproc};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::bind::{FEW, Order, Prepared, Surplus};
use crate::object::equal_strings;

/// Parameters of a Python function, in the order positional, `*args`, keyword-only, `**keywords`.
pub struct Params {
    pub names: Vec<Py<PyString>>,
    /// Parameters that may be given by position, and how many of them only so.
    pub positional: usize,
    pub positional_only: usize,
    pub keyword_only: usize,
    /// Whether there is a `*args` parameter.
    pub star: bool,
    /// Whether there is a `**kwargs` parameter, which kernels do not take.
    pub double_star: bool,
    /// Whether binding takes more than to put few arguments into their places.
    is_long: bool,
    /// Defaults of keyword-only parameters, where changes of the function's dictionary of them do not count.
    kept: Vec<Option<Py<PyAny>>>,
    /// How calls are bound where no change of defaults counts.
    pub prepared: Option<Prepared>,
    /// What `*args` is most often.
    no_arguments: Py<PyTuple>,
    /// Number of arguments of a call that needs no binding; `usize::MAX` if there is none such.
    pub plain: usize,
}

/// Arguments in the order of the parameters; holds the references that binding made.
pub struct BoundArgs {
    few: [MaybeUninit<*mut PyObject>; FEW],
    /// All of them where they are more than few.
    many: Vec<*mut PyObject>,
    /// The tuple and the dictionary of surplus arguments, if they were made.
    star: *mut PyObject,
    double_star: *mut PyObject,
}

impl Drop for BoundArgs {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: dropped while attached; the tuple and dictionary of surplus arguments are its own.
        unsafe {
            ffi::Py_XDECREF(self.star);
            ffi::Py_XDECREF(self.double_star);
        }
    }
}

impl BoundArgs {
    #[inline]
    pub fn new() -> BoundArgs {
        BoundArgs {
            few: [const { MaybeUninit::uninit() }; FEW],
            many: Vec::new(),
            star: ptr::null_mut(),
            double_star: ptr::null_mut(),
        }
    }

    /// One for each parameter, once they are bound.
    #[inline]
    pub fn args(&self) -> *const *mut PyObject {
        if self.many.is_empty() { self.few.as_ptr().cast() } else { self.many.as_ptr() }
    }

    /// The places of `n` arguments.
    #[inline]
    fn places(&mut self, n: usize) -> *mut *mut PyObject {
        if n > FEW {
            self.many = vec![ptr::null_mut(); n];
            return self.many.as_mut_ptr();
        }
        self.few.as_mut_ptr().cast()
    }

    /// Adds a keyword that is no parameter: a call names none twice.
    #[inline]
    unsafe fn add_keyword(&mut self, keyword: *mut PyObject, value: *mut PyObject) -> bool {
        // SAFETY: attached; a name and a live object.
        unsafe {
            if self.double_star.is_null() {
                self.double_star = ffi::PyDict_New();
            }
            let is_added =
                !self.double_star.is_null() && ffi::PyDict_SetItem(self.double_star, keyword, value) == 0;
            if !is_added {
                ffi::PyErr_Clear();
            }
            is_added
        }
    }
}

impl Params {
    /// The parameters of a Python function.
    pub fn of(func: &Bound<'_, PyAny>) -> PyResult<Params> {
        Params::of_code(&func.getattr("__code__")?)
    }

    /// The parameters of a function's code.
    pub fn of_code(code: &Bound<'_, PyAny>) -> PyResult<Params> {
        let number = |name: &str| code.getattr(name)?.extract::<usize>();
        let flags = number("co_flags")?;
        let (star, double_star) = (flags & 0x4 != 0, flags & 0x8 != 0);
        let (positional, keyword_only) = (number("co_argcount")?, number("co_kwonlyargcount")?);
        let variables = code.getattr("co_varnames")?.cast_into::<PyTuple>()?;
        // `co_varnames` has the keyword-only names before the one of `*args`.
        let mut order: Vec<usize> = (0..positional).collect();
        order.extend(star.then_some(positional + keyword_only));
        order.extend(positional..positional + keyword_only);
        order.extend(double_star.then_some(positional + keyword_only + usize::from(star)));
        let names = order
            .into_iter()
            .map(|i| {
                let name = variables.get_item(i)?;
                // Kept in the string, so that those of keywords can be told apart at once.
                name.hash()?;
                Ok(name.cast_into::<PyString>()?.unbind())
            })
            .collect::<PyResult<Vec<_>>>()?;
        let plain = if star || keyword_only > 0 || double_star { usize::MAX } else { positional };
        let positional_only = number("co_posonlyargcount")?;
        let is_long = star || double_star || names.len() > FEW;
        Ok(Params {
            names,
            is_long,
            positional,
            positional_only,
            keyword_only,
            star,
            double_star,
            kept: Vec::new(),
            prepared: None,
            no_arguments: PyTuple::empty(code.py()).unbind(),
            plain,
        })
    }

    /// Keeps the defaults that a function has now: as in Cython, later changes do not count. `drops`: nobody looks at `**keywords`.
    pub fn keep_defaults(&mut self, func: &Bound<'_, PyAny>, drops: bool) -> PyResult<()> {
        let defaults = func.getattr("__kwdefaults__")?;
        let defaults = defaults.cast::<PyDict>().ok();
        let first = self.positional + usize::from(self.star);
        self.kept = self.names[first..first + self.keyword_only]
            .iter()
            .map(|name| Ok(defaults.map(|d| d.get_item(name)).transpose()?.flatten().map(Bound::unbind)))
            .collect::<PyResult<_>>()?;
        let defaults = func.getattr("__defaults__")?;
        let given: Vec<Py<PyAny>> =
            defaults.cast::<PyTuple>().map_or_else(|_| Vec::new(), |t| t.iter().map(Bound::unbind).collect());
        let required = self.positional.saturating_sub(given.len());
        let mut all: Vec<Option<Py<PyAny>>> = (0..required).map(|_| None).collect();
        all.extend(given.into_iter().map(Some));
        all.extend(self.kept.iter().map(|value| value.as_ref().map(|v| v.clone_ref(func.py()))));
        let surplus = match (self.double_star, drops) {
            (false, _) => Surplus::Refused,
            (true, false) => Surplus::Kept,
            (true, true) => Surplus::Dropped,
        };
        let order = Order {
            names: &self.names,
            positional: self.positional,
            positional_only: self.positional_only,
            star: self.star,
            surplus,
        };
        self.prepared = Prepared::new(func.py(), &order, &all);
        Ok(())
    }

    /// Shows the collector the defaults that are kept.
    ///
    /// # Safety
    /// Called during a traversal, with its arguments.
    pub unsafe fn traverse(&self, visit: visitproc, arg: *mut c_void) -> c_int {
        let prepared = self.prepared.iter().flat_map(Prepared::objects);
        for object in self.kept.iter().flatten().chain(prepared) {
            // SAFETY: owned references, visited during a traversal.
            let result = unsafe { visit(object.as_ptr(), arg) };
            if result != 0 {
                return result;
            }
        }
        0
    }

    /// Name of a parameter.
    pub fn name(&self, py: Python<'_>, i: usize) -> String {
        self.names.get(i).map(|n| n.bind(py).to_string()).unwrap_or_default()
    }

    /// Puts few arguments in the order of the parameters, where nothing collects what is left over; `false`: that takes more,
    /// or they do not fit.
    ///
    /// # Safety
    /// As for [`Params::bind`].
    #[inline(always)]
    pub unsafe fn few(
        &self,
        func: *mut PyObject,
        args: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        all: &mut [MaybeUninit<*mut PyObject>; FEW],
    ) -> bool {
        if self.is_long || n > self.positional {
            return false;
        }
        let all = all.as_mut_ptr().cast::<*mut PyObject>();
        // SAFETY: `args` holds `n` objects and then the keywords' values; `all` has a place for each parameter.
        unsafe {
            for i in (0..FEW).take_while(|i| *i < n) {
                // Volatile, because a call of `memcpy` would take longer than to copy these.
                all.add(i).write(args.add(i).read_volatile());
            }
            if kwnames.is_null() {
                return self.fill_positional(func, n, all)
                    && (self.keyword_only == 0 || self.fill_named(func, all, false));
            }
            self.take_keywords(args.add(n), n, kwnames, all) && self.fill_missing(func, n, all)
        }
    }

    /// Puts the values of keywords into their places. Only the names' identity is looked at: they are interned almost always.
    #[inline(always)]
    unsafe fn take_keywords(
        &self,
        values: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        all: *mut *mut PyObject,
    ) -> bool {
        // SAFETY: a tuple of the keywords' names, with as many values; `all` has a place for each parameter.
        unsafe {
            let count = self.names.len();
            for i in (0..FEW).take_while(|i| *i < count).skip_while(|i| *i < n) {
                all.add(i).write(ptr::null_mut());
            }
            let names = self.names.as_ptr();
            for k in 0..ffi::PyTuple_GET_SIZE(kwnames) as usize {
                let keyword = ffi::PyTuple_GET_ITEM(kwnames, k as ffi::Py_ssize_t);
                let mut at = self.positional_only.max(n);
                while at < count && (*names.add(at)).as_ptr() != keyword {
                    at += 1;
                }
                if at >= count || !(*all.add(at)).is_null() {
                    return false;
                }
                all.add(at).write(*values.add(k));
            }
        }
        true
    }

    /// Puts defaults into the places behind `n` arguments that have none yet.
    #[inline(always)]
    unsafe fn fill_missing(&self, func: *mut PyObject, n: usize, all: *mut *mut PyObject) -> bool {
        // SAFETY: as for `bind`.
        unsafe {
            for i in n..self.positional {
                if (*all.add(i)).is_null() {
                    let Some(default) = self.default_of(func, i) else { return false };
                    all.add(i).write(default);
                }
            }
            self.keyword_only == 0 || self.fill_named(func, all, true)
        }
    }

    /// Binds a call's arguments as Python does; `false` if they do not fit.
    ///
    /// # Safety
    /// The interpreter is attached; the arguments follow the vectorcall protocol; `func` is the function.
    #[inline(always)]
    pub unsafe fn bind(
        &self,
        func: *mut PyObject,
        args: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        bound: &mut BoundArgs,
    ) -> bool {
        let all = bound.places(self.names.len());
        // SAFETY: `args` holds `n` positional and then the keyword values, all borrowed for the call; `all` has a place for
        // each parameter.
        unsafe {
            for i in 0..n.min(self.positional) {
                // Volatile, because a call of `memcpy` would take longer than to copy these.
                all.add(i).write(args.add(i).read_volatile());
            }
            if n > self.positional && !self.star {
                return false;
            }
            if self.star && !self.collect(args, n, all.add(self.positional), bound) {
                return false;
            }
            if !kwnames.is_null() {
                return self.bind_keywords(func, args.add(n), n, kwnames, all, bound);
            }
            if self.double_star && !self.give_keywords(all, bound) {
                return false;
            }
            self.fill_positional(func, n, all)
                && (self.keyword_only == 0 || self.fill_named(func, all, false))
        }
    }

    /// Puts surplus arguments into their place, a tuple.
    #[inline(always)]
    unsafe fn collect(
        &self,
        args: *const *mut PyObject,
        n: usize,
        place: *mut *mut PyObject,
        bound: &mut BoundArgs,
    ) -> bool {
        // SAFETY: as for `bind`; a new tuple is filled before anyone else sees it.
        unsafe {
            if n <= self.positional {
                place.write(self.no_arguments.as_ptr());
                return true;
            }
            let star = ffi::PyTuple_New((n - self.positional) as ffi::Py_ssize_t);
            if star.is_null() {
                ffi::PyErr_Clear();
                return false;
            }
            for i in self.positional..n {
                let item = *args.add(i);
                ffi::Py_INCREF(item);
                ffi::PyTuple_SET_ITEM(star, (i - self.positional) as ffi::Py_ssize_t, item);
            }
            bound.star = star;
            place.write(star);
            true
        }
    }

    /// Puts the dictionary of surplus keywords into its place.
    #[inline(always)]
    unsafe fn give_keywords(&self, all: *mut *mut PyObject, bound: &mut BoundArgs) -> bool {
        // SAFETY: attached; `all` has a place for each parameter, of which this is the last.
        unsafe {
            if bound.double_star.is_null() {
                bound.double_star = ffi::PyDict_New();
            }
            all.add(self.names.len() - 1).write(bound.double_star);
        }
        if bound.double_star.is_null() {
            // SAFETY: attached.
            unsafe { ffi::PyErr_Clear() };
        }
        !bound.double_star.is_null()
    }

    /// Puts the values of keywords, then defaults, into their places.
    #[inline(never)]
    unsafe fn bind_keywords(
        &self,
        func: *mut PyObject,
        values: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        all: *mut *mut PyObject,
        bound: &mut BoundArgs,
    ) -> bool {
        let star_at = if self.star { self.positional } else { usize::MAX };
        let count = self.names.len() - usize::from(self.double_star);
        // SAFETY: as for `bind`; `kwnames` is a tuple of the keywords' names, with as many values.
        unsafe {
            // Places without an argument.
            for i in (n.min(self.positional)..count).filter(|i| *i != star_at) {
                all.add(i).write(ptr::null_mut());
            }
            for k in 0..ffi::PyTuple_GET_SIZE(kwnames) as usize {
                let keyword = ffi::PyTuple_GET_ITEM(kwnames, k as ffi::Py_ssize_t);
                let value = *values.add(k);
                match self.index_of(keyword, count) {
                    Some(at) if at >= n.min(self.positional) && (*all.add(at)).is_null() => {
                        all.add(at).write(value);
                    }
                    None if self.double_star && bound.add_keyword(keyword, value) => {}
                    _ => return false,
                }
            }
            if self.double_star && !self.give_keywords(all, bound) {
                return false;
            }
            self.fill_missing(func, n, all)
        }
    }

    /// The default of a parameter that may be given by position.
    #[inline(always)]
    unsafe fn default_of(&self, func: *mut PyObject, i: usize) -> Option<*mut PyObject> {
        // SAFETY: a Python function, whose defaults are a tuple or null; they are borrowed and live as long as it does (a call
        // holds the dispatcher, which holds the function).
        unsafe {
            let defaults = (*func.cast::<ffi::PyFunctionObject>()).func_defaults;
            let count = if defaults.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(defaults) as usize };
            // Of the last parameters that may be given by position.
            let at = (i + count).wrapping_sub(self.positional);
            (at < count).then(|| ffi::PyTuple_GET_ITEM(defaults, at as ffi::Py_ssize_t))
        }
    }

    /// Puts defaults into the places behind `n` arguments that were given by position; whether there are any.
    #[inline(always)]
    unsafe fn fill_positional(&self, func: *mut PyObject, n: usize, all: *mut *mut PyObject) -> bool {
        if n >= self.positional {
            return true;
        }
        // SAFETY: as for `default_of`.
        unsafe {
            let defaults = (*func.cast::<ffi::PyFunctionObject>()).func_defaults;
            let count = if defaults.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(defaults) as usize };
            if n + count < self.positional {
                return false;
            }
            let mut i = n;
            while i < self.positional {
                let at = i + count - self.positional;
                all.add(i).write(ffi::PyTuple_GET_ITEM(defaults, at as ffi::Py_ssize_t));
                i += 1;
            }
        }
        true
    }

    /// Puts defaults into the places of keyword-only parameters; `given`: unless there is an argument.
    #[inline(always)]
    unsafe fn fill_named(&self, func: *mut PyObject, all: *mut *mut PyObject, given: bool) -> bool {
        let first = self.positional + usize::from(self.star);
        for i in 0..self.keyword_only {
            // SAFETY: as for `bind`; the function's dictionary of defaults is a dictionary or null.
            unsafe {
                let place = all.add(first + i);
                if given && !(*place).is_null() {
                    continue;
                }
                let default = match self.kept.get(i) {
                    Some(kept) => kept.as_ref().map_or(ptr::null_mut(), Py::as_ptr),
                    None => {
                        let defaults = (*func.cast::<ffi::PyFunctionObject>()).func_kwdefaults;
                        if defaults.is_null() {
                            return false;
                        }
                        ffi::PyDict_GetItemWithError(defaults, self.names[first + i].as_ptr())
                    }
                };
                if default.is_null() {
                    return false;
                }
                place.write(default);
            }
        }
        true
    }

    /// Place of the parameter that a keyword names, of the first `count`.
    #[inline(always)]
    unsafe fn index_of(&self, keyword: *mut PyObject, count: usize) -> Option<usize> {
        let star_at = if self.star { self.positional } else { usize::MAX };
        let mut places = (self.positional_only..count).filter(|i| *i != star_at);
        // Names are interned almost always.
        places.clone().find(|i| self.names[*i].as_ptr() == keyword).or_else(|| {
            // SAFETY: all are strings, whose header holds their hash; comparing them cannot fail.
            places.find(|i| unsafe {
                let name = self.names[*i].as_ptr();
                equal_strings(name, keyword).unwrap_or_else(|| ffi::PyUnicode_Compare(name, keyword) == 0)
            })
        })
    }
}

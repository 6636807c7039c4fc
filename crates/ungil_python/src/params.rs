//! Parameters of a kernel and the binding of a call's arguments to them.

use core::ptr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

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
    /// Whether there is a parameter for arguments that are left over.
    collects: bool,
    /// Number of arguments of a call that needs no binding; `usize::MAX` if there is none such.
    pub plain: usize,
}

/// Arguments that are bound without an allocation.
pub const FEW: usize = 8;

/// Arguments in the order of the parameters; holds the references that binding made.
pub struct BoundArgs {
    few: [*mut PyObject; FEW],
    /// All of them where they are more than few.
    many: Vec<*mut PyObject>,
    n: usize,
    star: *mut PyObject,
    double_star: *mut PyObject,
}

impl Drop for BoundArgs {
    fn drop(&mut self) {
        // SAFETY: dropped while attached; the tuple and dictionary of surplus arguments are its own.
        unsafe {
            ffi::Py_XDECREF(self.star);
            ffi::Py_XDECREF(self.double_star);
        }
    }
}

impl BoundArgs {
    fn new(n: usize) -> BoundArgs {
        let many = if n > FEW { vec![ptr::null_mut(); n] } else { Vec::new() };
        BoundArgs {
            few: [ptr::null_mut(); FEW],
            many,
            n,
            star: ptr::null_mut(),
            double_star: ptr::null_mut(),
        }
    }

    /// One for each parameter.
    pub fn args(&self) -> &[*mut PyObject] {
        if self.n > FEW { &self.many } else { &self.few[..self.n] }
    }

    fn args_mut(&mut self) -> &mut [*mut PyObject] {
        if self.n > FEW { &mut self.many } else { &mut self.few[..self.n] }
    }

    /// Adds a keyword that is no parameter; `false` if it is there already.
    unsafe fn add_keyword(&mut self, keyword: *mut PyObject, value: *mut PyObject) -> bool {
        // SAFETY: attached; a name and a live object.
        unsafe {
            if self.double_star.is_null() {
                self.double_star = ffi::PyDict_New();
            }
            let known = self.double_star.is_null() || ffi::PyDict_Contains(self.double_star, keyword) != 0;
            if known || ffi::PyDict_SetItem(self.double_star, keyword, value) < 0 {
                ffi::PyErr_Clear();
                return false;
            }
        }
        true
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
            .map(|i| Ok(variables.get_item(i)?.cast_into::<PyString>()?.unbind()))
            .collect::<PyResult<Vec<_>>>()?;
        let plain = if star || keyword_only > 0 || double_star { usize::MAX } else { positional };
        let positional_only = number("co_posonlyargcount")?;
        let collects = star || double_star;
        Ok(Params { names, positional, positional_only, keyword_only, star, double_star, collects, plain })
    }

    /// Name of a parameter.
    pub fn name(&self, py: Python<'_>, i: usize) -> String {
        self.names.get(i).map(|n| n.bind(py).to_string()).unwrap_or_default()
    }

    /// Binds a call's arguments as Python does; `None` if they do not fit.
    ///
    /// # Safety
    /// The interpreter is attached; the arguments follow the vectorcall protocol; `func` is the function.
    pub unsafe fn bind(
        &self,
        func: *mut PyObject,
        args: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
    ) -> Option<BoundArgs> {
        let star_at = self.positional;
        let mut bound = BoundArgs::new(self.names.len());
        // SAFETY: `args` holds `n` positional and then the keyword values; all are borrowed for the call.
        unsafe {
            let given = n.min(self.positional);
            bound.args_mut()[..given].copy_from_slice(core::slice::from_raw_parts(args, given));
            if self.star {
                bound.star = ffi::PyTuple_New((n - given) as ffi::Py_ssize_t);
                if bound.star.is_null() {
                    ffi::PyErr_Clear();
                    return None;
                }
                for i in given..n {
                    let item = *args.add(i);
                    ffi::Py_INCREF(item);
                    ffi::PyTuple_SET_ITEM(bound.star, (i - given) as ffi::Py_ssize_t, item);
                }
                let star = bound.star;
                bound.args_mut()[star_at] = star;
            } else if n > self.positional {
                return None;
            }
            let keywords = if kwnames.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(kwnames) as usize };
            for k in 0..keywords {
                let keyword = ffi::PyTuple_GET_ITEM(kwnames, k as ffi::Py_ssize_t);
                let Some(place) = self.index_of(keyword) else {
                    if !self.double_star || !bound.add_keyword(keyword, *args.add(n + k)) {
                        return None;
                    }
                    continue;
                };
                let slot = &mut bound.args_mut()[place];
                if !slot.is_null() {
                    return None;
                }
                *slot = *args.add(n + k);
            }
            if self.double_star {
                if bound.double_star.is_null() {
                    bound.double_star = ffi::PyDict_New();
                }
                let double_star = bound.double_star;
                bound.args_mut()[self.names.len() - 1] = double_star;
            }
            self.fill_defaults(func, bound.args_mut())?;
        }
        Some(bound)
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
        all: &mut [*mut PyObject; FEW],
    ) -> bool {
        let count = self.names.len();
        if self.collects || count > FEW || n > self.positional {
            return false;
        }
        // SAFETY: `args` holds `n` objects and then the keywords' values.
        unsafe {
            for (i, place) in all[..n].iter_mut().enumerate() {
                // Volatile, because a call of `memcpy` would take longer than to copy these.
                *place = args.add(i).read_volatile();
            }
            let mut missing = count - n;
            if !kwnames.is_null() {
                missing -= match self.take_keywords(args.add(n), n, kwnames, all) {
                    Some(taken) => taken,
                    None => return false,
                };
            }
            missing == 0 || self.fill_few(func, &mut all[..count])
        }
    }

    /// Puts the values of keywords into their places, and tells how many there are. Only the names' identity is looked at:
    /// they are interned almost always.
    #[inline(always)]
    unsafe fn take_keywords(
        &self,
        values: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        all: &mut [*mut PyObject; FEW],
    ) -> Option<usize> {
        let first = self.positional_only.max(n);
        let names = self.names.get(first..)?;
        // SAFETY: a tuple of the keywords' names, with as many values.
        unsafe {
            let keywords = ffi::PyTuple_GET_SIZE(kwnames) as usize;
            for k in 0..keywords {
                let keyword = ffi::PyTuple_GET_ITEM(kwnames, k as ffi::Py_ssize_t);
                let place = all.get_mut(first + names.iter().position(|name| name.as_ptr() == keyword)?)?;
                if !place.is_null() {
                    return None;
                }
                *place = *values.add(k);
            }
            Some(keywords)
        }
    }

    /// Puts defaults into the places of arguments that are missing; whether all are there then.
    #[inline(always)]
    unsafe fn fill_few(&self, func: *mut PyObject, all: &mut [*mut PyObject]) -> bool {
        // SAFETY: a Python function, whose defaults are borrowed and live as long as it does: a tuple and a dictionary, or
        // null.
        unsafe {
            let function = func.cast::<ffi::PyFunctionObject>();
            let defaults = (*function).func_defaults;
            let keyword_defaults = (*function).func_kwdefaults;
            let behind = if defaults.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(defaults) as usize };
            for (i, place) in all.iter_mut().enumerate().filter(|(_, place)| place.is_null()) {
                // Of the last parameters that may be given by position.
                let at = (i + behind).wrapping_sub(self.positional);
                *place = if i >= self.positional && !keyword_defaults.is_null() {
                    ffi::PyDict_GetItemWithError(keyword_defaults, self.names[i].as_ptr())
                } else if i < self.positional && at < behind {
                    ffi::PyTuple_GET_ITEM(defaults, at as ffi::Py_ssize_t)
                } else {
                    return false;
                };
                if place.is_null() {
                    return false;
                }
            }
        }
        true
    }

    /// Place of the parameter that a keyword names.
    unsafe fn index_of(&self, keyword: *mut PyObject) -> Option<usize> {
        let by_keyword = |i: &usize| *i >= self.positional_only && !(self.star && *i == self.positional);
        let mut places = (0..self.names.len() - usize::from(self.double_star)).filter(by_keyword);
        // Names are interned almost always.
        places.clone().find(|i| self.names[*i].as_ptr() == keyword).or_else(|| {
            // SAFETY: both are strings; comparing them cannot fail.
            places.find(|i| unsafe { ffi::PyUnicode_Compare(self.names[*i].as_ptr(), keyword) } == 0)
        })
    }

    unsafe fn fill_defaults(&self, func: *mut PyObject, args: &mut [*mut PyObject]) -> Option<()> {
        // SAFETY: `func` is a Python function; its defaults are borrowed and live as long as it does (a call holds
        // the dispatcher, which holds the function).
        unsafe {
            let defaults = ffi::PyFunction_GetDefaults(func);
            let count = if defaults.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(defaults) as usize };
            let first = self.positional.checked_sub(count)?;
            for (i, arg) in args[first..self.positional].iter_mut().enumerate().filter(|(_, a)| a.is_null()) {
                *arg = ffi::PyTuple_GET_ITEM(defaults, i as ffi::Py_ssize_t);
            }
            let keyword_defaults = ffi::PyFunction_GetKwDefaults(func);
            let keyword_only = self
                .names
                .iter()
                .zip(args.iter_mut())
                .skip(self.positional + usize::from(self.star))
                .take(self.keyword_only);
            for (name, arg) in keyword_only.filter(|(_, a)| a.is_null() && !keyword_defaults.is_null()) {
                *arg = ffi::PyDict_GetItemWithError(keyword_defaults, name.as_ptr());
            }
        }
        (!args.iter().any(|a| a.is_null())).then_some(())
    }
}

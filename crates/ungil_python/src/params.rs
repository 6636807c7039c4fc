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
        Ok(Params { names, positional, positional_only, keyword_only, star, double_star, plain })
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

    /// The defaults of the parameters behind `n` arguments by position; `None`: some have none.
    ///
    /// # Safety
    /// As for [`Params::bind`].
    #[inline]
    pub unsafe fn defaults(&self, func: *mut PyObject, n: usize) -> Option<*const *mut PyObject> {
        let missing = self.plain.checked_sub(n)?;
        // SAFETY: the function's defaults live as long as it does; they are the last of the tuple.
        unsafe {
            let defaults = ffi::PyFunction_GetDefaults(func);
            let count = if defaults.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(defaults) as usize };
            let first = count.checked_sub(missing)?;
            let items: *const *mut PyObject =
                (&raw const (*defaults.cast::<ffi::PyTupleObject>()).ob_item).cast();
            Some(items.add(first))
        }
    }

    /// Few arguments by position with defaults for the rest; `None`: that takes more.
    ///
    /// # Safety
    /// As for [`Params::bind`].
    #[inline]
    pub unsafe fn with_defaults(
        &self,
        func: *mut PyObject,
        args: *const *mut PyObject,
        n: usize,
    ) -> Option<[*mut PyObject; FEW]> {
        if self.plain > FEW {
            return None;
        }
        let mut all = [ptr::null_mut(); FEW];
        // SAFETY: `args` holds `n` objects, and there is a default for each of the rest.
        unsafe {
            let defaults = self.defaults(func, n)?;
            for (i, place) in all[..n].iter_mut().enumerate() {
                *place = *args.add(i);
            }
            for (i, place) in all[n..self.plain].iter_mut().enumerate() {
                *place = *defaults.add(i);
            }
        }
        Some(all)
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

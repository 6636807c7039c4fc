//! Ways of calling a specialisation for few numbers: one for each combination of their kinds, so that nothing is asked in a call
//! that was known before.
//!
//! Contract: what is called here is what [`Fast`] calls; whatever else the arguments are goes the way of all calls.

use core::mem::MaybeUninit;
use core::ptr;

use pyo3::ffi::{self, PyObject};
use ungil_runtime::context::current_ctx;

use crate::call;
use crate::dispatcher::Dispatcher;
use crate::fast::{Fast, truth_word};
use crate::object::digit;
use crate::params::Params;

/// Parameters at most.
const MAX: usize = 3;

/// Kinds of parameters, two bits each: floats, ints, truth values.
pub const FLOAT: u32 = 0;
pub const INT: u32 = 1;
pub const TRUTH: u32 = 2;

/// The way of calling a specialisation of `plain` parameters; `None`: there are more, or others.
pub fn way(fast: &Fast, plain: usize) -> Option<ffi::vectorcallfunc> {
    let kinds = fast.number_kinds(plain)?;
    Some(match (plain, kinds) {
        (0, _) => enter::<0, 0>,
        (1, 0) => enter::<1, 0>,
        (1, 1) => enter::<1, 1>,
        (1, 2) => enter::<1, 2>,
        (2, 0) => enter::<2, 0>,
        (2, 0b0001) => enter::<2, 0b0001>,
        (2, 0b0100) => enter::<2, 0b0100>,
        (2, 0b0101) => enter::<2, 0b0101>,
        (3, 0) => enter::<3, 0>,
        (3, 0b01_0101) => enter::<3, 0b01_0101>,
        _ => return None,
    })
}

/// A specialisation that is called in a way of its own.
pub struct Numbers {
    /// The dispatcher's state holds it.
    fast: *const Fast,
    /// Arguments at least; for others there are these words.
    least: usize,
    defaults: [u64; MAX],
    /// Names that keywords may have, null where there is none.
    names: [*mut PyObject; MAX],
}

// SAFETY: the specialisation lives as long as the dispatcher that holds this, and is only read.
unsafe impl Send for Numbers {}
// SAFETY: as for `Send`.
unsafe impl Sync for Numbers {}

impl Numbers {
    /// With the defaults of its last parameters.
    ///
    /// # Safety
    /// The interpreter is attached.
    pub unsafe fn new(fast: &Fast, params: &Params) -> Numbers {
        let (defaults, names) = ([0; MAX], [ptr::null_mut(); MAX]);
        let mut made = Numbers { fast, least: params.plain, defaults, names };
        let Some(prepared) = &params.prepared else { return made };
        made.names.copy_from_slice(&prepared.names()[..MAX]);
        while made.least > prepared.least() {
            let i = made.least - 1;
            // SAFETY: attached; defaults are live objects that the parameters hold.
            let word = prepared.default_of(i).and_then(|default| unsafe { fast.word(i, default) });
            let Some(word) = word else { break };
            made.defaults[i] = word;
            made.least = i;
        }
        made
    }
}

/// A call.
unsafe extern "C" fn enter<const N: usize, const KINDS: u32>(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with the vectorcall protocol on a dispatcher of this way, whose specialisation takes `N`
    // numbers of these kinds; exact types have these layouts; whoever calls holds the arguments.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let numbers = &*dispatcher.numbers;
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        if !kwnames.is_null() || n > N || n < numbers.least {
            return bind(slf, args, nargsf, kwnames);
        }
        let fast = &*numbers.fast;
        if !fast.holds() {
            return call::bind_and_enter(dispatcher, args, nargsf, kwnames);
        }
        let mut block = [MaybeUninit::<u64>::uninit(); N];
        for (i, place) in block.iter_mut().enumerate() {
            if i >= n {
                place.write(numbers.defaults[i]);
                continue;
            }
            let object = *args.add(i);
            let word = match KINDS >> (2 * i) & 3 {
                FLOAT if ffi::Py_TYPE(object) == &raw mut ffi::PyFloat_Type => {
                    Some(ffi::PyFloat_AS_DOUBLE(object).to_bits())
                }
                INT if ffi::Py_TYPE(object) == &raw mut ffi::PyLong_Type => {
                    digit(object).map(|value| value as u64)
                }
                TRUTH if object == ffi::Py_True() => Some(truth_word(true)),
                TRUTH if object == ffi::Py_False() || object == ffi::Py_None() => Some(truth_word(false)),
                TRUTH if ffi::Py_TYPE(object) == &raw mut ffi::PyLong_Type => {
                    Some(truth_word(digit(object) != Some(0)))
                }
                _ => None,
            };
            let word = match word {
                Some(word) => word,
                None => match fast.converted(i, object) {
                    Some(word) => word,
                    None => return call::bind_and_enter(dispatcher, args, nargsf, kwnames),
                },
            };
            place.write(word);
        }
        let mut ret = 0u64;
        if fast.enter(current_ctx(), &mut ret, block.as_ptr().cast()) != 0 {
            return fail(dispatcher, args, n);
        }
        fast.object(ret)
    }
}

/// A call with keywords, or with too many arguments or too few.
#[inline(never)]
unsafe extern "C" fn bind(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as for `enter`; there is a word for each parameter when the code is called.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let numbers = &*dispatcher.numbers;
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let (fast, mut block) = (&*numbers.fast, numbers.defaults);
        if !numbers.fill(args, n, kwnames, dispatcher.plain, &mut block) || !fast.holds() {
            return call::bind_and_enter(dispatcher, args, nargsf, kwnames);
        }
        let mut ret = 0u64;
        if fast.enter(current_ctx(), &mut ret, block.as_ptr().cast()) != 0 {
            let failed = fast.failed(current_ctx());
            return call::bind_failed(dispatcher, args, nargsf, kwnames, failed);
        }
        fast.object(ret)
    }
}

impl Numbers {
    /// Writes the words of a call with keywords over the defaults; `false`: they do not fit, or that takes more.
    #[inline(always)]
    unsafe fn fill(
        &self,
        args: *const *mut PyObject,
        n: usize,
        kwnames: *mut PyObject,
        count: usize,
        block: &mut [u64; MAX],
    ) -> bool {
        if kwnames.is_null() || n > count {
            return false;
        }
        // SAFETY: the vectorcall protocol; parameters are no more than there are words.
        unsafe {
            let given = ffi::PyTuple_GET_SIZE(kwnames) as usize;
            let keywords: *const *mut PyObject =
                (&raw const (*kwnames.cast::<ffi::PyTupleObject>()).ob_item).cast();
            let fast = &*self.fast;
            // The first ones are given by position; there are defaults of the last ones.
            let mut filled = !0 << self.least | !(!0u32 << n);
            for i in (0..MAX).take_while(|i| *i < n + given) {
                let at = match i < n {
                    true => i,
                    // Mostly they are in the order of the parameters.
                    false if self.names[i.min(MAX - 1)] == *keywords.add(i - n) => i,
                    false => match (n..count).find(|at| self.names[*at] == *keywords.add(i - n)) {
                        Some(at) => at,
                        None => return false,
                    },
                };
                let Some(word) = fast.word(at, *args.add(i)) else { return false };
                block[at] = word;
                filled |= 1 << at;
            }
            n + given <= count && filled | !0 << count == !0
        }
    }
}

/// Raises the exception of code that has failed, or calls other code that does not.
#[cold]
#[inline(never)]
unsafe fn fail(dispatcher: &Dispatcher, args: *const *mut PyObject, n: usize) -> *mut PyObject {
    // SAFETY: attached; the code has just failed in this thread's context; the arguments had been enough.
    unsafe {
        let failed = (*(*dispatcher.numbers).fast).failed(current_ctx());
        call::bind_failed(dispatcher, args, n, ptr::null_mut(), failed)
    }
}

//! The way into compiled code.
//!
//! [`enter_native`] is the one place where a kernel is called: it fingerprints and packs the arguments, finds or
//! makes the specialisation, detaches from the interpreter where the kernel is long, and turns the status into a
//! result or an exception.
//!
//! Contract: the arguments are borrowed from the caller, who keeps them alive during the call, and so is the
//! dispatcher, which keeps the code alive.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use ungil_abi::array::MemInfo;
use ungil_abi::context::Ctx;
use ungil_driver::compiled::Compiled;
use ungil_runtime::context::{current_ctx, enter_call, leave_call};

use crate::bind::{FEW, Few, Room};
use crate::dispatcher::{self, Dispatcher, State};
use crate::entry::Entry;
use crate::hooks::Pending;
use crate::numpy;
use crate::pack::{BLOCK_WORDS, KEY_WORDS, MAX_ARRAYS, Packer};
use crate::params::BoundArgs;
use crate::pyx::arity;
use crate::reject::ArgError;
use crate::{errno, errors, methods, mpi, pyx, raise, result, specialise};

/// Entry point of a compiled kernel: context, packed result, packed arguments; non-zero is an error.
pub type EntryPoint = unsafe extern "C" fn(*mut Ctx, *mut u8, *const u8) -> i32;

/// Words of the result buffer on the stack; larger results use the heap.
const RESULT_WORDS: usize = 32;

/// Identity of the thread on which signals are handled.
static MAIN_THREAD: AtomicUsize = AtomicUsize::new(0);

/// The main thread's context, once it has made a call.
static MAIN_CTX: AtomicPtr<Ctx> = AtomicPtr::new(core::ptr::null_mut());

/// Whether a context is the main thread's, of the thread that asks.
#[inline]
fn is_main(ctx: *mut Ctx) -> bool {
    MAIN_CTX.load(Ordering::Relaxed) == ctx || becomes_main(ctx)
}

#[inline(never)]
fn becomes_main(ctx: *mut Ctx) -> bool {
    let is_main = on_main_thread();
    if is_main {
        MAIN_CTX.store(ctx, Ordering::Relaxed);
    }
    is_main
}

/// Remembers the calling thread as the main one: after a fork the child's only thread is.
pub fn set_main_thread() {
    // SAFETY: no preconditions.
    remember_main_thread(unsafe { ffi::PyThread_get_thread_ident() } as usize);
}

/// Remembers the main thread by its identity.
pub fn remember_main_thread(ident: usize) {
    MAIN_CTX.store(core::ptr::null_mut(), Ordering::Relaxed);
    MAIN_THREAD.store(ident, Ordering::Relaxed);
}

pub fn on_main_thread() -> bool {
    // SAFETY: no preconditions.
    MAIN_THREAD.load(Ordering::Relaxed) == unsafe { ffi::PyThread_get_thread_ident() } as usize
}

unsafe extern "C" {
    #[cfg_attr(not(Py_3_13), link_name = "_Py_IsFinalizing")]
    fn Py_IsFinalizing() -> core::ffi::c_int;
}

/// While the interpreter shuts down it ends threads that attach by unwinding them, which compiled frames do not
/// survive: such a thread sleeps until the process is gone.
#[inline]
pub fn stop_if_finalizing() {
    // SAFETY: no preconditions.
    if unsafe { Py_IsFinalizing() } != 0 && !on_main_thread() {
        loop {
            std::thread::park();
        }
    }
}

/// Calls the kernel with exactly its parameters.
///
/// # Safety
/// The interpreter is attached; `args` holds `n` live objects, one for each parameter.
#[inline(never)]
pub unsafe fn enter_native(dispatcher: &Dispatcher, args: *const *mut PyObject, n: usize) -> *mut PyObject {
    let mut block = [MaybeUninit::<u64>::uninit(); BLOCK_WORDS];
    let mut keys = [MaybeUninit::<u64>::uninit(); KEY_WORDS];
    let mut mems = [const { MaybeUninit::<MemInfo>::uninit() }; MAX_ARRAYS];
    // SAFETY: the buffers outlive the packer and the call; the objects are live.
    unsafe {
        let api = numpy::api(Python::assume_attached());
        let mut packer = Packer::new(&mut block, &mut keys, &mut mems, api);
        // Of functions that were compiled for objects lists are objects.
        packer.takes_lists = dispatcher.state().pyx.as_ref().is_none_or(|pyx| pyx.objects().is_none());
        let takes = dispatcher.state().pyx.as_ref().map_or(&[][..], |pyx| pyx.takes());
        for i in 0..n {
            if let Err(error) = packer.number_for(takes.get(i), *args.add(i)) {
                drop(packer);
                return enter_slow(dispatcher, args, n, Some((error, i)));
            }
        }
        match dispatcher.state().entries.find(packer.key()) {
            Some(entry) if packer.suits(entry) => {
                let result = run(entry, &packer);
                packer.finish();
                pyx::or_again(dispatcher, args, n, result)
            }
            _ => {
                drop(packer);
                enter_slow(dispatcher, args, n, None)
            }
        }
    }
}

/// What a call ends with whose code has failed: the exception, or the result of other code.
///
/// # Safety
/// As for [`bind_and_enter`]; an exception is set.
#[cold]
pub unsafe fn bind_failed(
    dispatcher: &Dispatcher,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
    failed: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let mut room = Room::new();
        match &dispatcher.state().params.prepared {
            Some(prepared) if !prepared.collects(n) && prepared.bind_plain(args, n, kwnames, &mut room) => {
                pyx::or_again(dispatcher, room.args(), dispatcher.plain, failed)
            }
            _ => failed,
        }
    }
}

/// Binds keywords, defaults and surplus arguments, then calls the kernel.
///
/// # Safety
/// The vectorcall protocol.
#[inline(never)]
pub unsafe fn bind_and_enter(
    dispatcher: &Dispatcher,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let state = dispatcher.state();
        if let Some(prepared) = &state.params.prepared {
            let mut few = Few::new();
            if prepared.bind(args, n, kwnames, &mut few) {
                return enter_bound(dispatcher, few.args(), state.params.names.len());
            }
        } else {
            let mut all = [const { MaybeUninit::uninit() }; FEW];
            if !state.disabled && state.params.few(dispatcher.func, args, n, kwnames, &mut all) {
                return enter_bound(dispatcher, all.as_ptr().cast(), state.params.names.len());
            }
        }
        bind_all_and_enter(dispatcher, args, nargsf, kwnames)
    }
}

/// The same for arguments that take more.
///
/// # Safety
/// The vectorcall protocol.
#[inline(never)]
unsafe fn bind_all_and_enter(
    dispatcher: &Dispatcher,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let state = dispatcher.state();
        let mut bound = BoundArgs::new();
        if !state.disabled
            && (!state.params.double_star || state.pyx.is_some())
            && state.params.bind(dispatcher.func, args, n, kwnames, &mut bound)
        {
            return enter_bound(dispatcher, bound.args(), state.params.names.len());
        }
        if !state.disabled && state.params.double_star && state.pyx.is_none() {
            return Python::attach(|py| {
                let title = format!("{}() collects keyword arguments with `**`", state.name);
                errors::plain_error(py, "U0601", &title, Some("name the parameters one by one")).restore(py);
                core::ptr::null_mut()
            });
        }
        if state.pyx.is_some() && raises_misfit(dispatcher, n, kwnames) {
            return core::ptr::null_mut();
        }
        // Python itself reports arguments that do not fit.
        ffi::PyObject_Vectorcall(dispatcher.func, args, nargsf, kwnames)
    }
}

/// Calls the kernel with arguments in the order of its parameters.
///
/// # Safety
/// As for [`enter_native`].
#[inline(always)]
unsafe fn enter_bound(dispatcher: &Dispatcher, args: *const *mut PyObject, n: usize) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe { dispatcher::enter_plain(dispatcher, args, n) }
}

/// Raises Cython's error where a call does not fit a function of the Cython language; whether it does not.
///
/// # Safety
/// The interpreter is attached; `kwnames` is null or the tuple of a call's keywords.
pub(crate) unsafe fn raises_misfit(dispatcher: &Dispatcher, n: usize, kwnames: *mut PyObject) -> bool {
    Python::attach(|py| {
        // SAFETY: as the caller vouches; the dispatcher holds its function.
        let (func, names) = unsafe {
            let names = (!kwnames.is_null()).then(|| Bound::from_borrowed_ptr(py, kwnames));
            (Bound::from_borrowed_ptr(py, dispatcher.func), names)
        };
        let state = dispatcher.state();
        let keywords = names.map_or(Ok(Vec::new()), |names| names.extract());
        let error = keywords.and_then(|keywords| {
            let given = arity::Given { positional: n, keywords };
            arity::misfit(&func, &state.name, &state.params, &given)
        });
        match error {
            Ok(None) => return false,
            Ok(Some(error)) | Err(error) => error.restore(py),
        }
        true
    })
}

/// Larger buffers, a new specialisation, or an error.
#[inline(never)]
unsafe fn enter_slow(
    dispatcher: &Dispatcher,
    args: *const *mut PyObject,
    n: usize,
    error: Option<(ArgError, usize)>,
) -> *mut PyObject {
    // Attaching again is cheap and tells PyO3 that references may be dropped at once.
    // SAFETY: `args` holds `n` live objects, as the caller vouches.
    Python::attach(|py| unsafe {
        let objects: Vec<*mut PyObject> = core::slice::from_raw_parts(args, n).to_vec();
        let state = dispatcher.state();
        if state.disabled {
            return ffi::PyObject_Vectorcall(dispatcher.func, args, n, core::ptr::null_mut());
        }
        if let Some(pyx) = &state.pyx {
            if matches!(error, Some((ArgError::Python, _))) {
                drop(PyErr::take(py));
            }
            let result = methods::guarded_result(py, || pyx::enter(py, dispatcher, pyx, &objects));
            dispatcher::call_numbers(dispatcher);
            return result;
        }
        if let Some((error, i)) = error
            && !matches!(error, ArgError::Full)
        {
            error.raise(&state.name, &state.params.name(py, i));
            return core::ptr::null_mut();
        }
        let result = methods::guarded_result(py, || {
            let arguments = specialise::ensure(py, dispatcher, &objects)?;
            run_packed(py, state, arguments.pointers())
        });
        dispatcher::call_numbers(dispatcher);
        result
    })
}

/// Packs with growing buffers on the heap and hands the result to `then`.
///
/// # Safety
/// The objects are live.
unsafe fn pack_all<T>(
    py: Python<'_>,
    state: &State,
    objects: &[*mut PyObject],
    then: impl FnOnce(&Packer) -> T,
) -> PyResult<T> {
    let mut scale = 1;
    loop {
        let mut block = vec![MaybeUninit::<u64>::uninit(); BLOCK_WORDS * scale];
        let mut keys = vec![MaybeUninit::<u64>::uninit(); KEY_WORDS * scale];
        let mut mems: Vec<MaybeUninit<MemInfo>> =
            (0..MAX_ARRAYS * scale).map(|_| MaybeUninit::uninit()).collect();
        // SAFETY: the buffers outlive the packer and `then`; the objects are live.
        let failure = unsafe {
            let mut packer = Packer::new(&mut block, &mut keys, &mut mems, numpy::api(py));
            match objects.iter().enumerate().find_map(|(i, o)| packer.argument(*o).err().map(|e| (i, e))) {
                None => return Ok(then(&packer)),
                Some(failure) => failure,
            }
        };
        match failure {
            (_, ArgError::Full) => scale *= 4,
            (i, error) => {
                // SAFETY: attached; the error's objects are arguments or parts of them.
                unsafe { error.raise(&state.name, &state.params.name(py, i)) };
                return Err(PyErr::fetch(py));
            }
        }
    }
}

/// Runs the specialisation for arguments of any number; it exists by now unless a global has changed again.
///
/// # Safety
/// The interpreter is attached; the objects are live, one for each parameter.
pub unsafe fn run_packed(
    py: Python<'_>,
    state: &State,
    objects: &[*mut PyObject],
) -> PyResult<*mut PyObject> {
    // SAFETY: as the caller vouches.
    unsafe {
        let result = pack_all(py, state, objects, |packer| {
            state.entries.find(packer.key()).map(|entry| run(entry, packer))
        })?;
        result.ok_or_else(|| {
            PyRuntimeError::new_err("a global that the kernel reads kept changing while it was compiled")
        })
    }
}

/// The fingerprint of arguments.
pub fn fingerprint(py: Python<'_>, state: &State, objects: &[*mut PyObject]) -> PyResult<Vec<u64>> {
    // SAFETY: the callers pass live objects.
    unsafe { pack_all(py, state, objects, |packer| packer.key().to_vec()) }
}

/// Runs a specialisation on packed arguments.
#[inline(always)]
unsafe fn run(entry: &Entry, packer: &Packer) -> *mut PyObject {
    let mut stack = [MaybeUninit::<u64>::uninit(); RESULT_WORDS];
    let mut heap: Vec<MaybeUninit<u64>>;
    packer.python_numbers.set(entry.python_numbers);
    let compiled = &*entry.compiled;
    let ret = if compiled.ret_size <= RESULT_WORDS * 8 {
        stack.as_mut_ptr().cast::<u8>()
    } else {
        heap = vec![MaybeUninit::uninit(); compiled.ret_size.div_ceil(8)];
        heap.as_mut_ptr().cast::<u8>()
    };
    // SAFETY: the entry point was compiled for exactly these argument types (equal fingerprints) and this result size.
    unsafe {
        enter(compiled, compiled.releases_gil, packer.block(), ret, |status, ctx| {
            let written =
                packer.lists.as_ref().is_none_or(|lists| lists.write_back(packer, &compiled.params));
            if status != 0 {
                raise::raise(ctx, compiled);
                return core::ptr::null_mut();
            }
            let object = result::build(entry, packer, ret);
            if !written && !object.is_null() {
                ffi::Py_DECREF(object);
                return core::ptr::null_mut();
            }
            object
        })
    }
}

/// Runs a specialisation on words that are packed already; `false` with an exception set. The lock is kept unless it is said.
///
/// # Safety
/// The interpreter is attached; the words are what the entry point was compiled for, and `ret` has room for its result.
pub unsafe fn run_words(compiled: &Compiled, releases: bool, block: *const u8, ret: *mut u8) -> bool {
    // SAFETY: as the caller vouches.
    unsafe {
        enter(compiled, releases, block, ret, |status, ctx| {
            if status != 0 {
                raise::raise(ctx, compiled);
            }
            status == 0
        })
    }
}

/// Enters native code; `then` has its status.
#[inline(always)]
unsafe fn enter<T>(
    compiled: &Compiled,
    releases: bool,
    block: *const u8,
    ret: *mut u8,
    then: impl FnOnce(i32, *mut Ctx) -> T,
) -> T {
    // SAFETY: arguments and result are what the entry point was compiled for; the thread is attached again before Python is
    // touched.
    unsafe {
        let function = core::mem::transmute::<usize, EntryPoint>(compiled.code.entry);
        let call = |ctx| {
            if !releases {
                return function(ctx, ret, block);
            }
            let thread = ffi::PyEval_SaveThread();
            let status = function(ctx, ret, block);
            stop_if_finalizing();
            ffi::PyEval_RestoreThread(thread);
            status
        };
        run_with(compiled, call, then)
    }
}

/// Calls code that keeps the lock and handles its own errors.
///
/// # Safety
/// The interpreter is attached.
pub unsafe fn run_attached<T>(compiled: &Compiled, call: impl FnOnce(*mut Ctx) -> T) -> T {
    // SAFETY: as the caller vouches.
    unsafe { run_with(compiled, call, |result, _| result) }
}

/// Prepares a call of native code; `then` has what it gives.
#[inline(always)]
unsafe fn run_with<S, T>(
    compiled: &Compiled,
    call: impl FnOnce(*mut Ctx) -> S,
    then: impl FnOnce(S, *mut Ctx) -> T,
) -> T {
    // SAFETY: the context is this thread's own.
    unsafe {
        let ctx = current_ctx();
        let pending = Pending::new();
        let host = core::mem::replace(&mut (*ctx).host, core::ptr::from_ref(&pending).cast_mut().cast());
        let token = enter_call(ctx, compiled.polls && is_main(ctx));
        let status = call(ctx);
        leave_call(ctx, token);
        mpi::after_call();
        if compiled.uses_errno {
            errno::publish(Python::assume_attached());
        }
        let result = then(status, ctx);
        (*ctx).host = host;
        result
    }
}

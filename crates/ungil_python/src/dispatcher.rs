//! The type of a decorated function: `ungil._ungil.Dispatcher`.
//!
//! A raw type with vectorcall, because a call of a kernel must cost tens of nanoseconds. It binds like a function
//! (methods), is traversed by the garbage collector, takes weak references and has a dictionary that holds what
//! `functools.update_wrapper` sets.
//!
//! Contract: everything inside [`State`] may be used from several threads at once.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use core::ptr;
use std::sync::OnceLock;

use pyo3::ffi::{self, Py_ssize_t, PyObject, PyTypeObject, visitproc};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use ungil_driver::options::KernelOptions;
use ungil_driver::signature::Signature;

use crate::entry::Entries;
use crate::fast::FastList;
use crate::numbers::{self, Numbers};
use crate::object::ObjectCode;
use crate::params::Params;
use crate::profile;
use crate::pyx::Pyx;
use crate::source::Captured;

unsafe extern "C" {
    fn PyMethod_New(function: *mut PyObject, instance: *mut PyObject) -> *mut PyObject;
}

/// The object. What the interpreter writes to behind a shared reference is in cells.
#[repr(C)]
pub struct Dispatcher {
    ob_base: UnsafeCell<PyObject>,
    vectorcall: ffi::vectorcallfunc,
    dict: UnsafeCell<*mut PyObject>,
    weaklist: UnsafeCell<*mut PyObject>,
    /// The undecorated function.
    pub func: *mut PyObject,
    state: *mut State,
    /// The code for objects, once calls run that and nothing else; the state holds it.
    pub objects: *const ObjectCode,
    /// The specialisation that is called in a way of its own; the state holds it.
    pub numbers: *const Numbers,
    /// Number of arguments of a call that needs no binding.
    pub plain: usize,
}

/// What a dispatcher knows besides its function.
pub struct State {
    pub name: String,
    pub params: Params,
    pub options: KernelOptions,
    pub entries: Entries,
    /// Signatures given to the decorator; with them no others are accepted.
    pub signatures: Vec<Signature>,
    /// Whether the signature is the annotations'.
    pub annotated: bool,
    pub source: Captured,
    /// `UNGIL_DISABLE_JIT`: calls run the undecorated function.
    pub disabled: bool,
    /// Of a function in the Cython language.
    pub pyx: Option<Pyx>,
    /// Specialisations that are called without preparations.
    pub fast: FastList,
    /// The first of them, once it is called in a way of its own.
    pub numbers: OnceLock<Numbers>,
    /// The function with the frame that profilers see.
    pub seen: PyOnceLock<Py<PyAny>>,
    /// The decorator's keywords, to pickle.
    pub given_options: Py<PyDict>,
}

struct TypePtr(*mut PyTypeObject);
// SAFETY: the type is immortal once made; the pointer is only compared and used while attached.
unsafe impl Send for TypePtr {}
// SAFETY: as for `Send`.
unsafe impl Sync for TypePtr {}

static TYPE: PyOnceLock<TypePtr> = PyOnceLock::new();

impl Dispatcher {
    #[inline]
    pub fn state(&self) -> &State {
        // SAFETY: set when the object is made, freed with it or when it is taken apart, after which nobody asks.
        unsafe { &*self.state }
    }
}

/// The type object.
pub fn type_object(py: Python<'_>) -> PyResult<*mut PyTypeObject> {
    Ok(TYPE.get_or_try_init(py, || make_type(py).map(TypePtr))?.0)
}

/// Whether an object is a dispatcher.
///
/// # Safety
/// The interpreter is attached and `object` is live.
pub unsafe fn is_dispatcher(object: *mut PyObject) -> bool {
    // SAFETY: as the caller vouches.
    unsafe { TYPE.get(Python::assume_attached()).is_some_and(|t| ffi::Py_TYPE(object) == t.0) }
}

/// The dispatcher that an object is, unless the collector has taken it apart.
pub fn downcast<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a Dispatcher> {
    // SAFETY: attached, as a `Bound` proves; the type is exact, so the layout is `Dispatcher`.
    let found = unsafe { is_dispatcher(object.as_ptr()).then(|| &*object.as_ptr().cast::<Dispatcher>()) };
    found.filter(|d| !d.state.is_null())
}

/// A new dispatcher of a function.
pub fn make<'py>(py: Python<'py>, func: &Bound<'py, PyAny>, state: State) -> PyResult<Bound<'py, PyAny>> {
    let ty = type_object(py)?;
    // SAFETY: `tp_alloc` returns zeroed memory of the type's size with the header set, tracked by the collector;
    // every field is filled before Python code can run.
    unsafe {
        let alloc = (*ty).tp_alloc.expect("a ready type has tp_alloc");
        let object = alloc(ty, 0).cast::<Dispatcher>();
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        let options = &state.options;
        let is_seen = profile::is_wanted(options.profile, options.linetrace);
        (&raw mut (*object).vectorcall).write(if is_seen { profile::vectorcall } else { vectorcall });
        ffi::Py_INCREF(func.as_ptr());
        (*object).func = func.as_ptr();
        (*object).plain = state.params.plain;
        (*object).state = Box::into_raw(Box::new(state));
        Ok(Bound::from_owned_ptr(py, object.cast()))
    }
}

/// Makes calls run the code for objects, and nothing else.
///
/// # Safety
/// The interpreter is attached; the dispatcher's state has that code.
pub unsafe fn call_objects(dispatcher: &Dispatcher) {
    let object = core::ptr::from_ref(dispatcher).cast_mut();
    // SAFETY: the interpreter reads the field while attached, as this thread is; nobody holds a reference to it.
    unsafe {
        let Some(code) = dispatcher.state().pyx.as_ref().and_then(Pyx::objects) else { return };
        (&raw mut (*object).objects).write(code);
        // Calls that profilers see find the way themselves.
        exchange(dispatcher, vectorcall, code.way());
    }
}

/// Makes calls run something in front of kernels, or kernels again.
///
/// # Safety
/// As for [`call_objects`].
pub unsafe fn call_first(dispatcher: &Dispatcher, first: ffi::vectorcallfunc, is_first: bool) {
    let (old, new) =
        if is_first { (vectorcall as ffi::vectorcallfunc, first) } else { (first, vectorcall as _) };
    let object = core::ptr::from_ref(dispatcher).cast_mut();
    // SAFETY: as the caller vouches. A way for numbers is there only where profilers do not see calls.
    unsafe {
        if is_first && !dispatcher.numbers.is_null() {
            (&raw mut (*object).numbers).write(ptr::null());
            (&raw mut (*object).vectorcall).write(vectorcall);
        }
        exchange(dispatcher, old, new);
    }
}

/// Exchanges what calls run, if it is what is expected: calls that profilers see stay.
///
/// # Safety
/// Attached.
unsafe fn exchange(dispatcher: &Dispatcher, old: ffi::vectorcallfunc, new: ffi::vectorcallfunc) {
    let object = core::ptr::from_ref(dispatcher).cast_mut();
    // SAFETY: the interpreter reads the field while attached, as this thread is; nobody holds a reference to it.
    unsafe {
        let field = &raw mut (*object).vectorcall;
        if field.read() as usize == old as usize {
            field.write(new);
        }
    }
}

/// Makes calls run the first specialisation in a way of its own, if there is one for its parameters.
///
/// # Safety
/// The interpreter is attached.
pub unsafe fn call_numbers(dispatcher: &Dispatcher) {
    let object = core::ptr::from_ref(dispatcher).cast_mut();
    let state = dispatcher.state();
    let Some(first) = state.fast.first() else { return };
    // SAFETY: as for `call_objects`.
    unsafe {
        let field = &raw mut (*object).vectorcall;
        if field.read() as usize != vectorcall as *const () as usize || state.disabled {
            return;
        }
        if let Some(way) = numbers::way(first, state.params.plain) {
            let made = state.numbers.get_or_init(|| Numbers::new(first, &state.params));
            (&raw mut (*object).numbers).write(made);
            field.write(way);
        }
    }
}

/// Calls a dispatcher as the interpreter would, which looks at more than need be; `None`: the object is something else.
///
/// # Safety
/// The vectorcall protocol, attached.
#[inline]
pub unsafe fn call_at_once(
    function: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: as the caller vouches; a dispatcher has this field.
    unsafe {
        is_dispatcher(function)
            .then(|| ((*function.cast::<Dispatcher>()).vectorcall)(function, args, nargsf, kwnames))
    }
}

/// Calls the compiled function of a dispatcher whose calls profilers see.
///
/// # Safety
/// The vectorcall protocol, on a dispatcher.
pub unsafe fn call_compiled(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    n: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        if !dispatcher.objects.is_null() && dispatcher.state().entries.iter().next().is_none() {
            return crate::object::vectorcall(slf, args, n, kwnames);
        }
        vectorcall(slf, args, n, kwnames)
    }
}

unsafe extern "C" fn vectorcall(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with the vectorcall protocol on a dispatcher.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        if kwnames.is_null() && n == dispatcher.plain {
            return enter_plain(dispatcher, args, n);
        }
        crate::call::bind_and_enter(dispatcher, args, nargsf, kwnames)
    }
}

/// A call with an argument for each parameter.
///
/// # Safety
/// Attached; `args` are `n` live objects, as many as there are parameters.
#[inline(always)]
pub unsafe fn enter_plain(dispatcher: &Dispatcher, args: *const *mut PyObject, n: usize) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        match dispatcher.state().fast.call_first(args, n) {
            Some(result) if !result.is_null() => result,
            found => enter(dispatcher, args, n, found),
        }
    }
}

/// The same, where the first specialisation has found nothing, or an error.
///
/// # Safety
/// Attached; `args` are `n` live objects, as many as there are parameters.
#[inline(never)]
pub unsafe fn enter(
    dispatcher: &Dispatcher,
    args: *const *mut PyObject,
    n: usize,
    found: Option<*mut PyObject>,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        match found.or_else(|| dispatcher.state().fast.call_others(args, n)) {
            Some(result) => crate::pyx::or_again(dispatcher, args, n, result),
            None => crate::call::enter_native(dispatcher, args, n),
        }
    }
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: called once by the interpreter on a dispatcher without references.
    unsafe {
        ffi::PyObject_GC_UnTrack(slf.cast());
        let object = slf.cast::<Dispatcher>();
        if !(*(*object).weaklist.get()).is_null() {
            ffi::PyObject_ClearWeakRefs(slf);
        }
        clear(slf);
        let ty = ffi::Py_TYPE(slf);
        ffi::PyObject_GC_Del(slf.cast());
        ffi::Py_DECREF(ty.cast());
    }
}

unsafe extern "C" fn traverse(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the garbage collector on a live dispatcher.
    unsafe {
        let object = slf.cast::<Dispatcher>();
        for part in [ffi::Py_TYPE(slf).cast(), *(*object).dict.get(), (*object).func] {
            if !part.is_null() {
                let result = visit(part, arg);
                if result != 0 {
                    return result;
                }
            }
        }
        let Some(state) = (*object).state.as_ref() else { return 0 };
        match (state.entries.traverse(visit, arg), state.params.traverse(visit, arg), &state.pyx) {
            (0, 0, Some(pyx)) => pyx.traverse(visit, arg),
            (0, result, _) | (result, ..) => result,
        }
    }
}

/// Breaks cycles: through the function's globals, the dictionary, and what compiled code refers to (a recursive
/// function refers to itself).
unsafe extern "C" fn clear(slf: *mut PyObject) -> c_int {
    // SAFETY: called by the collector or by `dealloc`, when no call is under way, as a caller holds a reference; the
    // fields are set to null before references are dropped, and nobody reaches the state of such a dispatcher
    // (`collected`, `downcast`).
    unsafe {
        let object = slf.cast::<Dispatcher>();
        (&raw mut (*object).vectorcall).write(collected);
        let state = core::mem::replace(&mut (*object).state, ptr::null_mut());
        let dict = core::mem::replace(&mut *(*object).dict.get(), ptr::null_mut());
        let func = core::mem::replace(&mut (*object).func, ptr::null_mut());
        ffi::Py_XDECREF(dict);
        ffi::Py_XDECREF(func);
        if !state.is_null() {
            drop(Box::from_raw(state));
        }
    }
    0
}

/// What a dispatcher does that the collector has taken apart, if something that is being collected still calls it.
unsafe extern "C" fn collected(
    _: *mut PyObject,
    _: *const *mut PyObject,
    _: usize,
    _: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter, which is attached.
    unsafe { ffi::PyErr_SetString(ffi::PyExc_ReferenceError, c"the function has been collected".as_ptr()) };
    ptr::null_mut()
}

unsafe extern "C" fn descr_get(slf: *mut PyObject, obj: *mut PyObject, _ty: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with live objects; `obj` is null or None for access through the class.
    unsafe {
        if obj.is_null() || obj == ffi::Py_None() {
            ffi::Py_INCREF(slf);
            slf
        } else {
            PyMethod_New(slf, obj)
        }
    }
}

unsafe extern "C" fn repr(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter on a live dispatcher.
    unsafe { crate::methods::guarded(slf, |py, this| crate::methods::repr(py, &this)) }
}

fn make_type(py: Python<'_>) -> PyResult<*mut PyTypeObject> {
    let member = |name: &'static core::ffi::CStr, ty: c_int, offset: usize, flags: c_int| ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code: ty,
        offset: offset as Py_ssize_t,
        flags,
        doc: ptr::null(),
    };
    let end = ffi::PyMemberDef { name: ptr::null(), type_code: 0, offset: 0, flags: 0, doc: ptr::null() };
    // The type lives for ever, and with it its tables.
    let members = Box::leak(Box::new([
        member(
            c"__vectorcalloffset__",
            ffi::Py_T_PYSSIZET,
            offset_of!(Dispatcher, vectorcall),
            ffi::Py_READONLY,
        ),
        member(c"__dictoffset__", ffi::Py_T_PYSSIZET, offset_of!(Dispatcher, dict), ffi::Py_READONLY),
        member(c"__weaklistoffset__", ffi::Py_T_PYSSIZET, offset_of!(Dispatcher, weaklist), ffi::Py_READONLY),
        member(c"py_func", ffi::Py_T_OBJECT_EX, offset_of!(Dispatcher, func), ffi::Py_READONLY),
        member(c"__wrapped__", ffi::Py_T_OBJECT_EX, offset_of!(Dispatcher, func), ffi::Py_READONLY),
        end,
    ]));
    let slot = |id: c_int, function: *mut c_void| ffi::PyType_Slot { slot: id, pfunc: function };
    let slots = Box::leak(Box::new([
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_tp_traverse, traverse as *mut c_void),
        slot(ffi::Py_tp_clear, clear as *mut c_void),
        slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_descr_get, descr_get as *mut c_void),
        slot(ffi::Py_tp_getattro, ffi::PyObject_GenericGetAttr as *mut c_void),
        slot(ffi::Py_tp_setattro, ffi::PyObject_GenericSetAttr as *mut c_void),
        slot(ffi::Py_tp_members, members.as_mut_ptr().cast()),
        slot(ffi::Py_tp_getset, crate::methods::getters().cast()),
        slot(ffi::Py_tp_methods, crate::methods::methods().cast()),
        slot(0, ptr::null_mut()),
    ]));
    let flags = ffi::Py_TPFLAGS_DEFAULT
        | ffi::Py_TPFLAGS_HAVE_GC
        | ffi::Py_TPFLAGS_HAVE_VECTORCALL
        | ffi::Py_TPFLAGS_METHOD_DESCRIPTOR
        | ffi::Py_TPFLAGS_IMMUTABLETYPE
        | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    let mut spec = ffi::PyType_Spec {
        name: c"ungil._ungil.Dispatcher".as_ptr(),
        basicsize: size_of::<Dispatcher>() as c_int,
        itemsize: 0,
        flags: flags as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification and everything it points at is well-formed and lives for ever.
    let ty = unsafe { ffi::PyType_FromSpec(&raw mut spec) };
    if ty.is_null() { Err(PyErr::fetch(py)) } else { Ok(ty.cast()) }
}

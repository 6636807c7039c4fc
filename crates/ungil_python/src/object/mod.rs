//! Functions of the Cython language that handle Python objects: compiling them, and calls.
//!
//! A function whose specialisations cannot be compiled is compiled once for objects (`ungil_sema::object`). If it has
//! no specialisation by then its dispatcher calls this code and nothing else.
//!
//! Contract: the code runs attached, from beginning to end.

mod access;
pub mod array_data;
mod c_data;
mod character;
mod contain;
mod convert;
mod direct;
mod except;
pub mod for_c;
mod inner;
mod instance;
mod letter;
mod method;
pub mod ndarray_api;
mod operate;
mod own;
mod pattern;
mod recent;
mod reuse;
mod small;
mod table;
mod text;
mod unit;

use std::sync::Arc;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::SourceId;
use ungil_driver::compiled::Compiled;
use ungil_driver::excerpt::parse_kernel;
use ungil_runtime::context::{current_ctx, first_ctx};
use ungil_sema::object::entries::Entry;
use ungil_sema::object::memory::taken_inside;
use ungil_sema::object::shape::shape;
use ungil_sema::world::KernelCode;

use crate::bind::{Few, Room};
use crate::dispatcher::{Dispatcher, State};
use crate::params::BoundArgs;
use crate::pyx::Pyx;
use crate::{call, numpy, raise};
use table::Table;
use unit::{Origin, Unit};

pub use access::OFFSET;
pub use direct::{Direct, Inlined, inlined, kernel};
pub use own::Own;
pub use small::{digit, equal_strings, small};

/// Code for objects: context, arguments, table, and cells; null is an error.
type Words = unsafe extern "C" fn(
    *mut Ctx,
    *const *mut PyObject,
    *const *mut PyObject,
    *const *mut PyObject,
) -> *mut PyObject;

/// A function compiled for objects.
pub struct ObjectCode {
    compiled: Arc<Compiled>,
    function: Words,
    /// The table's address.
    words: *const *mut PyObject,
    table: Table,
    /// Whether it looks for interrupts.
    polls: bool,
    /// What code for C that it refers to needs.
    _keep: Vec<Py<PyAny>>,
}

/// Whether a function is compiled for objects before anything else: it hands values on, the objects themselves, or it makes
/// containers and has no loop inside a loop, where kernels would make up for their conversion; or it has no loop at all, and takes
/// characters or any number of arguments, which kernels take longer to convert than to work on.
pub fn is_preferred(state: &State, pyx: &Pyx) -> bool {
    let Ok(text) = &state.source else { return false };
    let file = SourceFile::new(text.file.as_str(), text.text.as_str());
    let (code, _) = parse_kernel(&file, SourceId(0), false);
    let Some(KernelCode::Function(def)) = code.filter(|_| !text.is_lambda) else { return false };
    let shape = shape(&def.body);
    let declares = state.options.compile.c.as_ref().is_none_or(|c| !c.vars.is_empty() || c.ret.is_some());
    let is_kept = state.options.compile.c.as_ref().is_some_and(|c| !c.gives_up);
    let has_objects = state.params.star && !declares || pyx.takes_characters();
    shape.depth <= 1 && shape.builds
        || !shape.works && !declares
        || shape.depth == 0 && has_objects && is_kept
}

/// Whether an object is a string, of which kernels know the characters when they are compiled.
pub fn is_text(object: *mut PyObject) -> bool {
    // SAFETY: attached, with a live object.
    unsafe { ffi::PyUnicode_Check(object) != 0 }
}

/// Whether an object is a list or tuple, which kernels would convert whole.
pub fn is_sequence(object: *mut PyObject) -> bool {
    // SAFETY: attached, with a live object.
    unsafe { ffi::PyList_Check(object) != 0 || ffi::PyTuple_Check(object) != 0 }
}

/// Whether an object has memory like an array's but is none: `bytes` and its kin, whose operators mean something else.
pub fn is_memory(object: *mut PyObject) -> bool {
    // SAFETY: attached, with a live object.
    unsafe {
        let api = numpy::api(Python::assume_attached());
        ffi::PyObject_CheckBuffer(object) != 0
            && ffi::PyObject_TypeCheck(object, api.array_type) == 0
            && ffi::PyObject_TypeCheck(object, api.generic_type) == 0
    }
}

/// Compiles a function for objects, or says why it cannot be. `is_direct`: for callers that pass words of C.
pub fn compile(
    py: Python<'_>,
    func: &Bound<'_, PyAny>,
    state: &State,
    pyx: &Pyx,
    is_direct: bool,
) -> PyResult<Result<ObjectCode, String>> {
    let no = |reason: &str| Ok(Err(reason.to_owned()));
    let (Ok(text), Some(c)) = (&state.source, &state.options.compile.c) else {
        return no("it has no source");
    };
    if state.disabled || text.is_lambda || !func.getattr("__closure__")?.is_none() {
        return no("it is a closure");
    }
    let mut sources = SourceMap::new();
    let file = SourceFile::new(text.file.as_str(), text.text.as_str());
    let id = sources.add(file.clone());
    let (code, diagnostics) = parse_kernel(&file, id, false);
    let Some(KernelCode::Function(def)) = code.filter(|_| !diagnostics.has_errors()) else {
        return no("its source has errors");
    };
    let source = Origin { path: text.file.clone(), file, first_line: text.first_line, indent: text.indent };
    let taken = Arc::new(taken_inside(&def.body));
    let unit = Unit {
        def,
        name: state.name.clone(),
        source: Arc::new(source),
        c: c.clone(),
        code: func.getattr("__code__")?.unbind(),
        free: Vec::new(),
        taken,
        declared: pyx.inner.clone(),
        is_direct,
    };
    let globals = func.getattr("__globals__")?.cast_into()?;
    let builtins = func.getattr("__builtins__")?.cast_into()?;
    unit::compile_unit(py, &unit, &globals, &builtins, pyx.parameters())
}

/// Warns that a function runs as plain Python, and why.
pub fn warn_plain(code: &Bound<'_, PyAny>, why: &str) -> PyResult<()> {
    let warn = code.py().import("ungil.pyx._fallback")?.getattr("warn")?;
    warn.call1((code, why)).map(drop)
}

// SAFETY: the address is that of the table, which has these properties.
unsafe impl Send for ObjectCode {}
// SAFETY: as for `Send`.
unsafe impl Sync for ObjectCode {}

impl ObjectCode {
    /// Tells the code what its own calls come from, which outlives it.
    pub fn set_self(&mut self, dispatcher: &Dispatcher) {
        self.table.set_self(core::ptr::from_ref(dispatcher).cast_mut().cast());
    }

    /// The way that calls of it go.
    pub fn way(&self) -> ffi::vectorcallfunc {
        if self.polls { polling_vectorcall } else { vectorcall }
    }

    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// Runs the function.
    ///
    /// # Safety
    /// The interpreter is attached; `args` are live objects, one for each parameter; `cells` are those of functions around
    /// it.
    #[inline(always)]
    pub unsafe fn run(&self, args: *const *mut PyObject, cells: *const *mut PyObject) -> *mut PyObject {
        // SAFETY: the code was compiled for these words; the context is this thread's own.
        unsafe {
            if self.polls {
                return self.run_polling(args, cells);
            }
            let result = (self.function)(current_ctx(), args, self.words, cells);
            if result.is_null() { self.failed() } else { result }
        }
    }

    #[inline(never)]
    unsafe fn run_polling(&self, args: *const *mut PyObject, cells: *const *mut PyObject) -> *mut PyObject {
        // SAFETY: as for `run`.
        unsafe {
            call::run_attached(&self.compiled, |ctx| {
                let result = (self.function)(ctx, args, self.words, cells);
                if result.is_null() { self.failed() } else { result }
            })
        }
    }

    /// An exception has been set, or the stack has come to its end.
    #[cold]
    unsafe fn failed(&self) -> *mut PyObject {
        // SAFETY: attached; the code has just failed in this thread's context.
        unsafe {
            if ffi::PyErr_Occurred().is_null() {
                raise::raise(current_ctx(), &self.compiled);
            }
        }
        core::ptr::null_mut()
    }
}

/// Calls of a function that is compiled for objects and nothing else.
///
/// # Safety
/// The vectorcall protocol, on a dispatcher whose state has the code.
pub unsafe extern "C" fn vectorcall(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with the vectorcall protocol; the caller holds the dispatcher.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        if kwnames.is_null() && n == dispatcher.plain {
            // Nothing is kept beyond the call, nor another one made here, so that this needs no frame.
            let ctx = first_ctx();
            if !ctx.is_null() {
                let code = &*dispatcher.objects;
                let result = (code.function)(ctx, args, code.words, core::ptr::null());
                return if result.is_null() { failed(slf) } else { result };
            }
        }
        bind_and_run(slf, args, nargsf, kwnames)
    }
}

/// The same of code that looks for interrupts.
///
/// # Safety
/// As for [`vectorcall`].
pub unsafe extern "C" fn polling_vectorcall(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe { bind_and_run(slf, args, nargsf, kwnames) }
}

/// What a call ends with whose code has failed.
#[cold]
#[inline(never)]
unsafe fn failed(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: a live dispatcher with code for objects, which has just failed in this thread's context.
    unsafe { (*(*slf.cast::<Dispatcher>()).objects).failed() }
}

/// Binds keywords, defaults and surplus arguments, then runs the code for objects.
///
/// # Safety
/// As for [`vectorcall`].
#[inline(never)]
unsafe extern "C" fn bind_and_run(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let Some(prepared) = &dispatcher.state().params.prepared else {
            return bind_all_and_run(dispatcher, args, n, kwnames);
        };
        if prepared.collects(n) {
            return collect_and_run(slf, args, nargsf, kwnames);
        }
        let mut room = Room::new();
        if prepared.bind_plain(args, n, kwnames, &mut room) {
            return (*dispatcher.objects).run(room.args(), core::ptr::null());
        }
        bind_all_and_run(dispatcher, args, n, kwnames)
    }
}

/// The same where a tuple or a dictionary is made.
///
/// # Safety
/// As for [`vectorcall`].
#[inline(never)]
unsafe extern "C" fn collect_and_run(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as the caller vouches.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        if let Some(prepared) = &dispatcher.state().params.prepared {
            let mut few = Few::new();
            if prepared.bind(args, n, kwnames, &mut few) {
                return (*dispatcher.objects).run(few.args(), core::ptr::null());
            }
        }
        bind_all_and_run(dispatcher, args, n, kwnames)
    }
}

/// The same for arguments that take more.
///
/// # Safety
/// As for [`vectorcall`].
#[inline(never)]
unsafe fn bind_all_and_run(
    dispatcher: &Dispatcher,
    args: *const *mut PyObject,
    n: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    let mut bound = BoundArgs::new();
    // SAFETY: as the caller vouches.
    unsafe {
        if dispatcher.state().params.bind(dispatcher.func, args, n, kwnames, &mut bound) {
            return (*dispatcher.objects).run(bound.args(), core::ptr::null());
        }
        if crate::call::raises_misfit(dispatcher, n, kwnames) {
            return core::ptr::null_mut();
        }
        ffi::PyObject_Vectorcall(dispatcher.func, args, n, kwnames)
    }
}

/// Where an entry is.
fn address(entry: Entry) -> u64 {
    match entry {
        Entry::Release => operate::release as *const () as u64,
        Entry::Retain => operate::retain as *const () as u64,
        Entry::ReleaseMaybe => operate::release_maybe as *const () as u64,
        Entry::Traceback => except::traceback as *const () as u64,
        Entry::IsError => operate::is_error as *const () as u64,
        Entry::Global => access::global as *const () as u64,
        Entry::SetGlobal => access::set_global as *const () as u64,
        Entry::DelGlobal => access::del_global as *const () as u64,
        Entry::Unbound => except::unbound as *const () as u64,
        Entry::Binary => operate::binary as *const () as u64,
        Entry::InPlace => operate::in_place as *const () as u64,
        Entry::AddToOwn => operate::add_to_own as *const () as u64,
        Entry::Extreme => operate::extreme as *const () as u64,
        Entry::Add => operate::add as *const () as u64,
        Entry::Sub => operate::sub as *const () as u64,
        Entry::Mul => operate::mul as *const () as u64,
        Entry::Div => operate::div as *const () as u64,
        Entry::Unary => operate::unary as *const () as u64,
        Entry::Compare => operate::compare as *const () as u64,
        Entry::CompareBool => operate::compare_bool as *const () as u64,
        Entry::Truth => operate::truth as *const () as u64,
        Entry::Contains => operate::contains as *const () as u64,
        Entry::IsInstance => instance::is_instance as *const () as u64,
        Entry::GetAttr => access::get_attr as *const () as u64,
        Entry::SetAttr => access::set_attr as *const () as u64,
        Entry::DelAttr => access::del_attr as *const () as u64,
        Entry::GetItem => access::get_item as *const () as u64,
        Entry::GetItemInt => access::get_item_int as *const () as u64,
        Entry::GetSlice => access::get_slice as *const () as u64,
        Entry::GetSliceOf => access::get_slice_of as *const () as u64,
        Entry::SetItem => access::set_item as *const () as u64,
        Entry::SetItemInt => access::set_item_int as *const () as u64,
        Entry::DelItem => access::del_item as *const () as u64,
        Entry::Slice => access::slice as *const () as u64,
        Entry::Len => access::len as *const () as u64,
        Entry::Call => access::call as *const () as u64,
        Entry::CallMethod => access::call_method as *const () as u64,
        Entry::CallEx => access::call_ex as *const () as u64,
        Entry::Pop => access::pop as *const () as u64,
        Entry::Append => access::append as *const () as u64,
        Entry::AppendTo => access::append_to as *const () as u64,
        Entry::AddItem => access::add_item as *const () as u64,
        Entry::AddTo => access::add_to as *const () as u64,
        Entry::Str => convert::str as *const () as u64,
        Entry::Int => convert::int as *const () as u64,
        Entry::Float => convert::float as *const () as u64,
        Entry::Tuple => contain::tuple as *const () as u64,
        Entry::List => contain::list as *const () as u64,
        Entry::Dict => contain::dict as *const () as u64,
        Entry::Set => contain::set as *const () as u64,
        Entry::ListAppend => contain::list_append as *const () as u64,
        Entry::ListExtend => contain::list_extend as *const () as u64,
        Entry::ListToTuple => contain::list_to_tuple as *const () as u64,
        Entry::SetAdd => contain::set_add as *const () as u64,
        Entry::SetUpdate => contain::set_update as *const () as u64,
        Entry::DictSet => contain::dict_set as *const () as u64,
        Entry::DictUpdate => contain::dict_update as *const () as u64,
        Entry::DictMerge => contain::dict_merge as *const () as u64,
        Entry::Format => contain::format as *const () as u64,
        Entry::Join => contain::join as *const () as u64,
        Entry::AsDouble => convert::as_double as *const () as u64,
        Entry::AsInt => convert::as_int as *const () as u64,
        Entry::Raise => except::raise as *const () as u64,
        Entry::RaiseObject => except::raise_object as *const () as u64,
        Entry::Reraise => except::reraise as *const () as u64,
        Entry::Catch => except::catch as *const () as u64,
        Entry::Uncatch => except::uncatch as *const () as u64,
        Entry::Matches => except::matches as *const () as u64,
        Entry::Restore => except::restore as *const () as u64,
        Entry::Import => except::import as *const () as u64,
        Entry::ImportFrom => except::import_from as *const () as u64,
        Entry::Enter => except::enter as *const () as u64,
        Entry::Exit => except::exit as *const () as u64,
        Entry::Get => access::get as *const () as u64,
        Entry::FailAssertion => except::fail_assertion as *const () as u64,
        _ => address_inside(entry),
    }
}

/// Where the entries for numbers and characters, functions inside, patterns and functions of the module are.
fn address_inside(entry: Entry) -> u64 {
    match entry {
        Entry::FromDouble => convert::from_double as *const () as u64,
        Entry::FromInt => convert::from_int as *const () as u64,
        Entry::Member => convert::member as *const () as u64,
        Entry::FromUnsigned => convert::from_unsigned as *const () as u64,
        Entry::FromBool => convert::from_bool as *const () as u64,
        Entry::AsChar => character::as_char as *const () as u64,
        Entry::Chars => character::chars as *const () as u64,
        Entry::CharAt => character::char_at as *const () as u64,
        Entry::CharIs => character::char_is as *const () as u64,
        Entry::Chr => letter::chr as *const () as u64,
        Entry::Divmod => operate::divmod as *const () as u64,
        Entry::Search => text::search as *const () as u64,
        Entry::FromCharacter => convert::from_character as *const () as u64,
        Entry::ViewOf => own::view_of as *const () as u64,
        Entry::CheckClass => own::check_class as *const () as u64,
        Entry::Warn => except::warn as *const () as u64,
        Entry::NewCell => inner::new_cell as *const () as u64,
        Entry::CellGet => inner::cell_get as *const () as u64,
        Entry::CellLook => inner::cell_look as *const () as u64,
        Entry::CellSet => inner::cell_set as *const () as u64,
        Entry::MakeFunction => inner::make_function as *const () as u64,
        Entry::BuildClass => inner::build_class as *const () as u64,
        Entry::IsPattern => pattern::is_pattern as *const () as u64,
        Entry::MatchKeys => pattern::match_keys as *const () as u64,
        Entry::MatchClass => pattern::match_class as *const () as u64,
        Entry::MatchRest => pattern::match_rest as *const () as u64,
        Entry::CallOwn => own::call_own as *const () as u64,
        Entry::KernelFailed => own::kernel_failed as *const () as u64,
        Entry::CallOwnFree => own::call_own_free as *const () as u64,
        Entry::ExpectError => crate::callback::expect as *const () as u64,
        Entry::Failed => crate::callback::failed_status as *const () as u64,
        Entry::GiveUp => own::give_up as *const () as u64,
        Entry::Take => own::take as *const () as u64,
        Entry::FromC => c_data::from_c as *const () as u64,
        Entry::ToC => c_data::to_c as *const () as u64,
        Entry::AsChars => c_data::as_chars as *const () as u64,
        Entry::BytesAt => c_data::bytes_at as *const () as u64,
        Entry::BytesOf => c_data::bytes_of as *const () as u64,
        Entry::TextLen => c_data::text_len as *const () as u64,
        Entry::ArrayOver => c_data::array_over as *const () as u64,
        Entry::NewMemory => c_data::new_memory as *const () as u64,
        Entry::MoveMemory => c_data::move_memory as *const () as u64,
        Entry::FromComplex => convert::from_complex as *const () as u64,
        Entry::AsComplex => convert::as_complex as *const () as u64,
        _ => address_in_loops(entry),
    }
}

/// Where the entries for loops and unpacking are.
fn address_in_loops(entry: Entry) -> u64 {
    match entry {
        Entry::Iter => contain::iter as *const () as u64,
        Entry::Next => contain::next as *const () as u64,
        Entry::IterRange => contain::iter_range as *const () as u64,
        Entry::IterPairs => contain::iter_pairs as *const () as u64,
        Entry::NextPair => contain::next_pair as *const () as u64,
        Entry::Unpack => contain::unpack as *const () as u64,
        Entry::UnpackStar => contain::unpack_star as *const () as u64,
        Entry::GetIter => contain::get_iter as *const () as u64,
        _ => unreachable!("every entry has a place"),
    }
}

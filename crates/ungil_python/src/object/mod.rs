//! Functions of the Cython language that handle Python objects: compiling them, and calls.
//!
//! A function whose specialisations cannot be compiled is compiled once for objects (`ungil_sema::object`). If it has
//! no specialisation by then its dispatcher calls this code and nothing else.
//!
//! Contract: the code runs attached, from beginning to end.

mod access;
mod contain;
mod convert;
mod except;
mod operate;
mod table;

use core::mem::MaybeUninit;
use std::ffi::CString;
use std::sync::Arc;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::SourceId;
use ungil_driver::compiled::Compiled;
use ungil_driver::excerpt::parse_kernel;
use ungil_driver::options::KernelOptions;
use ungil_ir::types::DType;
use ungil_runtime::context::current_ctx;
use ungil_sema::cython::Declared;
use ungil_sema::lower::Lowered;
use ungil_sema::object::entries::Entry;
use ungil_sema::object::shape::shape;
use ungil_sema::object::value::CTy;
use ungil_sema::object::{Meaning, Objects, Source, lower};
use ungil_sema::ty::Ty;
use ungil_sema::world::KernelCode;

use crate::call::EntryPoint;
use crate::dispatcher::{self, Dispatcher, State};
use crate::{log, raise, specialise};
use table::{Place, Table};

/// Functions of C's mathematical library that are compiled, with their numbers of arguments.
const MATH: &[(&str, usize)] = &[
    ("fabs", 1),
    ("sqrt", 1),
    ("floor", 1),
    ("ceil", 1),
    ("sin", 1),
    ("cos", 1),
    ("tan", 1),
    ("exp", 1),
    ("log", 1),
    ("pow", 2),
    ("hypot", 2),
    ("atan2", 2),
];

/// A function compiled for objects.
pub struct ObjectCode {
    compiled: Arc<Compiled>,
    table: Table,
}

/// Whether a function is compiled for objects before anything else: it makes containers or takes containers of
/// containers, which kernels convert whole, and has no loop inside a loop, where kernels would make up for that.
pub fn is_preferred(state: &State, args: &[*mut PyObject]) -> bool {
    let Ok(text) = &state.source else { return false };
    let file = SourceFile::new(text.file.as_str(), text.text.as_str());
    let (code, _) = parse_kernel(&file, SourceId(0), false);
    let Some(KernelCode::Function(def)) = code.filter(|_| !text.is_lambda) else { return false };
    let shape = shape(&def.body);
    shape.depth <= 1 && (shape.builds || args.iter().any(|a| holds_containers(*a)))
}

/// Whether an object is a list or tuple that begins with one.
fn holds_containers(object: *mut PyObject) -> bool {
    let is_sequence = |o: *mut PyObject| {
        // SAFETY: attached, with a live object.
        unsafe { ffi::PyList_Check(o) != 0 || ffi::PyTuple_Check(o) != 0 }
    };
    // SAFETY: attached; items are looked at while their list, which is alive, is not changed.
    unsafe {
        is_sequence(object)
            && ffi::PySequence_Size(object) > 0
            && is_sequence(if ffi::PyList_Check(object) != 0 {
                ffi::PyList_GET_ITEM(object, 0)
            } else {
                ffi::PyTuple_GET_ITEM(object, 0)
            })
    }
}

/// Compiles a function for objects; `None` if it cannot be.
pub fn compile(py: Python<'_>, func: &Bound<'_, PyAny>, state: &State) -> PyResult<Option<ObjectCode>> {
    let (Ok(text), Some(c)) = (&state.source, &state.options.compile.c) else { return Ok(None) };
    if state.disabled || text.is_lambda || !func.getattr("__closure__")?.is_none() {
        return Ok(None);
    }
    let mut sources = SourceMap::new();
    let file = SourceFile::new(text.file.as_str(), text.text.as_str());
    let id = sources.add(file.clone());
    let (code, diagnostics) = parse_kernel(&file, id, false);
    let Some(KernelCode::Function(def)) = code.filter(|_| !diagnostics.has_errors()) else { return Ok(None) };
    let names = Names {
        globals: func.getattr("__globals__")?.cast_into()?,
        builtins: func.getattr("__builtins__")?.cast_into()?,
    };
    let source = Source {
        def: &def,
        file: text.file.clone(),
        line: &|offset| text.first_line + file.line(offset) - 1,
        c,
        meaning: &|name| names.meaning(name).unwrap_or(Meaning::Other),
    };
    let objects = match lower(&source) {
        Ok(objects) => objects,
        Err(refusal) => {
            log::plain(py, &state.name, &refusal.0);
            return Ok(None);
        }
    };
    let place = Place { file: CString::new(text.file.as_str())?, name: CString::new(state.name.as_str())? };
    let table = Table::new(func, place, &objects.constants)?;
    let lowered = lowered(objects);
    match py.detach(|| specialise::session().compile_objects(lowered, &KernelOptions::default(), &sources)) {
        Ok(compiled) => {
            log::objects(py, &state.name, &compiled);
            Ok(Some(ObjectCode { compiled, table }))
        }
        Err(failure) => Err(specialise::failure_error(py, failure, &crate::world::PyWorld::default())),
    }
}

fn lowered(objects: Objects) -> Lowered {
    Lowered {
        module: objects.module,
        params: vec![Ty::Scalar(DType::I64); 2],
        ret: Ty::Scalar(DType::I64),
        guards: Vec::new(),
        remarks: Vec::new(),
        arrays: Vec::new(),
        externs: Entry::ALL.iter().map(|e| address(*e)).collect(),
        functions: Vec::new(),
        has_parallel: false,
        unclassified: false,
    }
}

/// What a function's free names stand for when it is compiled.
struct Names<'py> {
    globals: Bound<'py, PyDict>,
    builtins: Bound<'py, PyDict>,
}

impl Names<'_> {
    fn meaning(&self, name: &str) -> PyResult<Meaning> {
        let (found, is_global) = match self.globals.get_item(name)? {
            Some(found) => (found, true),
            None => match self.builtins.get_item(name)? {
                Some(found) => (found, false),
                None => return Ok(Meaning::Object),
            },
        };
        let py = found.py();
        if let Some(dispatcher) = dispatcher::downcast(&found) {
            let c = dispatcher.state().options.compile.c.as_ref();
            return Ok(match c.and_then(|c| c.ret.as_ref()) {
                None | Some(Declared::Void) => Meaning::Object,
                Some(Declared::Bint) => Meaning::Typed(CTy::Bint),
                Some(Declared::Scalar { dtype, name }) if dtype.is_int() || dtype.is_float() => {
                    Meaning::Typed(CTy::Num(*dtype, name.clone()))
                }
                Some(_) => Meaning::Other,
            });
        }
        if let Some(dtype) = name.strip_prefix("__pyx_").and_then(DType::from_name) {
            let is_number = dtype.is_int() || dtype.is_float();
            return Ok(if is_number { Meaning::Cast(CTy::num(dtype)) } else { Meaning::Other });
        }
        let class = found.get_type();
        if name.starts_with("__pyx_") {
            return Ok(Meaning::Other);
        }
        if class.getattr("__module__")?.eq("ungil.pyx._names")? || name == "NULL" {
            let canonical = found.getattr_opt("canonical")?.map(|c| c.to_string()).unwrap_or_default();
            let function = canonical.strip_prefix("libc.math.").unwrap_or_default();
            let known = MATH.iter().find(|(n, _)| *n == function);
            return Ok(known.map_or(Meaning::Other, |(n, count)| Meaning::Math((*n).to_owned(), *count)));
        }
        let builtin = py.import("builtins")?.getattr_opt(name)?;
        let is_builtin = !is_global && builtin.is_some_and(|b| b.is(&found));
        Ok(if is_builtin { Meaning::Builtin } else { Meaning::Object })
    }
}

impl ObjectCode {
    /// Runs the function.
    ///
    /// # Safety
    /// The interpreter is attached; `args` are live objects, one for each parameter.
    pub unsafe fn run(&self, args: *const *mut PyObject) -> *mut PyObject {
        let mut result = MaybeUninit::<u64>::uninit();
        let block = [args as u64, self.table.address() as u64];
        // SAFETY: the code was compiled for two words and gives one; the context is this thread's own.
        unsafe {
            let function = core::mem::transmute::<usize, EntryPoint>(self.compiled.code.entry);
            let ctx = current_ctx();
            if function(ctx, result.as_mut_ptr().cast(), block.as_ptr().cast()) == 0 {
                return result.assume_init() as *mut PyObject;
            }
            // The stack has come to its end.
            raise::raise(ctx, &self.compiled);
            core::ptr::null_mut()
        }
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
        let state = dispatcher.state();
        let Some(code) = state.pyx.as_ref().and_then(|pyx| pyx.objects()) else {
            return ffi::PyObject_Vectorcall(dispatcher.func, args, nargsf, kwnames);
        };
        if kwnames.is_null() && n == state.params.plain {
            return code.run(args);
        }
        match state.params.bind(dispatcher.func, args, n, kwnames) {
            Some(bound) => code.run(bound.args.as_ptr()),
            // Python itself reports arguments that do not fit.
            None => ffi::PyObject_Vectorcall(dispatcher.func, args, nargsf, kwnames),
        }
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
        Entry::Add => operate::add as *const () as u64,
        Entry::Sub => operate::sub as *const () as u64,
        Entry::Mul => operate::mul as *const () as u64,
        Entry::Div => operate::div as *const () as u64,
        Entry::Unary => operate::unary as *const () as u64,
        Entry::Compare => operate::compare as *const () as u64,
        Entry::CompareBool => operate::compare_bool as *const () as u64,
        Entry::Truth => operate::truth as *const () as u64,
        Entry::Contains => operate::contains as *const () as u64,
        Entry::GetAttr => access::get_attr as *const () as u64,
        Entry::SetAttr => access::set_attr as *const () as u64,
        Entry::DelAttr => access::del_attr as *const () as u64,
        Entry::GetItem => access::get_item as *const () as u64,
        Entry::GetItemInt => access::get_item_int as *const () as u64,
        Entry::SetItem => access::set_item as *const () as u64,
        Entry::SetItemInt => access::set_item_int as *const () as u64,
        Entry::DelItem => access::del_item as *const () as u64,
        Entry::Slice => access::slice as *const () as u64,
        Entry::Len => access::len as *const () as u64,
        Entry::Call => access::call as *const () as u64,
        Entry::CallMethod => access::call_method as *const () as u64,
        Entry::CallEx => access::call_ex as *const () as u64,
        Entry::Append => access::append as *const () as u64,
        Entry::Iter => contain::iter as *const () as u64,
        Entry::Next => contain::next as *const () as u64,
        Entry::Unpack => contain::unpack as *const () as u64,
        Entry::UnpackStar => contain::unpack_star as *const () as u64,
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
        Entry::FromDouble => convert::from_double as *const () as u64,
        Entry::FromInt => convert::from_int as *const () as u64,
        Entry::FromUnsigned => convert::from_unsigned as *const () as u64,
        Entry::FromBool => convert::from_bool as *const () as u64,
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
    }
}

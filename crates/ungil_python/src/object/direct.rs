//! How a `cdef` function is run for callers without Python.
//!
//! One of numbers and pointers is a kernel; one that handles objects, or takes or gives structs, is compiled for objects
//! once more, with words of C for arguments and result; what neither can compile is called by way of Python.

use core::ptr::from_ref;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use ungil_driver::session::ERRNO;
use ungil_ir::inst::InstKind;
use ungil_ir::types::DType;
use ungil_sema::ctype::CType;
use ungil_sema::lower::Lowered;
use ungil_sema::object::Given;
use ungil_sema::object::kernel::Kernel as Part;
use ungil_sema::object::value::CTy;
use ungil_sema::ty::Ty;

use super::ObjectCode;
use super::own::Own;
use crate::entry::Entry;
use crate::world::PyWorld;
use crate::{fast, specialise};

/// A way to run such a function.
pub enum Direct {
    Kernel(Kernel),
    Objects(ObjectCode),
    Python,
}

/// A specialisation for words of C; it lives as long as its dispatcher.
pub struct Kernel {
    pub entry: *const Entry,
    pub ret: Option<DType>,
    /// Whether its code is entered without preparations, and has no guards.
    pub is_plain: bool,
    /// Whether it gives the lock up: only threads of its own need that, as C's functions keep it.
    pub releases: bool,
}

// SAFETY: the entry is only read, and lives as long as the dispatcher that holds this.
unsafe impl Send for Kernel {}
// SAFETY: as for `Send`.
unsafe impl Sync for Kernel {}

/// Begins fingerprints that no arguments of Python have.
const MARK: u64 = u64::MAX - 0x0c;

/// The type that a kernel has a parameter for.
fn passed(ty: &CTy) -> Option<Ty> {
    Some(match ty {
        CTy::Bint => Ty::PyInt,
        // Kernels know no characters.
        CTy::Num(_, name) if &**name == "Py_UCS4" => return None,
        CTy::Num(DType::U64, _) => Ty::Scalar(DType::U64),
        CTy::Num(dtype, _) if dtype.is_float() => Ty::PyFloat,
        CTy::Num(dtype, _) if dtype.is_int() => Ty::PyInt,
        CTy::C(CType::Pointer(to), _) => Ty::Pointer(to.clone()),
        _ => return None,
    })
}

/// The number that a kernel gives for a declared one.
fn given(declared: &Given, found: &Ty) -> Option<Option<DType>> {
    let ty = match declared {
        Given::Nothing => return Some(None),
        Given::C(ty) if !ty.is_address() => ty,
        _ => return None,
    };
    Some(Some(match found {
        Ty::PyFloat if ty.dtype().is_float() => DType::F64,
        Ty::PyInt if ty.dtype().is_int() => DType::I64,
        Ty::PyBool if *ty == CTy::Bint => DType::Bool,
        Ty::Scalar(dtype) if ty.dtype() == *dtype => *dtype,
        _ => return None,
    }))
}

/// The IR of a kernel for its callers.
#[derive(Default)]
pub struct Inlined {
    pub kernel: Option<Arc<Part>>,
    /// What code for C that it refers to needs.
    _keep: Vec<Py<PyAny>>,
}

/// Whether code needs nothing but its context: no team, no output, no library, no arrays.
fn is_part(lowered: &Lowered) -> bool {
    let module = &lowered.module;
    let insts = module.functions.iter().flat_map(|f| &f.insts);
    lowered.arrays.is_empty()
        && !module.functions.iter().any(|f| f.attributes.recursive)
        && !module.externs.iter().any(|e| ERRNO.contains(&e.name.as_str()))
        && !insts.into_iter().any(|inst| {
            matches!(
                inst.kind,
                InstKind::ParallelFor(_)
                    | InstKind::ParallelRegion(_)
                    | InstKind::Print(_)
                    | InstKind::Library(..)
                    | InstKind::GlobalArray(_)
                    | InstKind::ThreadId
                    | InstKind::NumThreads
                    | InstKind::SetNumThreads(_)
            )
        })
}

/// The kernel of a function of numbers and pointers as a part of its callers; nothing where there is none, for whatever
/// reason: the call itself tells it.
pub fn inlined(py: Python<'_>, own: &Own) -> Inlined {
    let types: Option<Vec<Ty>> = own.params.iter().map(|p| passed(p.as_ref()?)).collect();
    let (Some(types), false) = (types, matches!(own.ret, Given::Object)) else { return Inlined::default() };
    // SAFETY: a private function's dispatcher lives as long as its module, whose code asks for it.
    let dispatcher = unsafe { &*own.dispatcher };
    let options = &dispatcher.state().options;
    let world = PyWorld::default();
    // SAFETY: a dispatcher is a live object.
    let object = unsafe { Bound::from_borrowed_ptr(py, from_ref(dispatcher).cast_mut().cast()) };
    let kernel = world.kernel_of(&object);
    let table = specialise::ArrayTable { world: &world, owners: Mutex::default() };
    let lowered = py.detach(|| specialise::session().lower(&world, kernel, &types, options, &table));
    drop(table);
    let found = world.finish();
    // Names of C, which the module keeps among its builtins, are never bound anew; Python's variables may be.
    // SAFETY: a live dispatcher holds its function.
    let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
    let is_static = func.getattr("__builtins__").is_ok_and(|names| found.guards.are_within(names.as_ptr()));
    match lowered {
        Ok(lowered) if is_static && given(&own.ret, &lowered.ret).is_some() && is_part(&lowered) => {
            let part = Part { module: lowered.module, externs: lowered.externs };
            Inlined { kernel: Some(Arc::new(part)), _keep: found.objects.into_values().collect() }
        }
        _ => Inlined::default(),
    }
}

/// The kernel of a function of numbers and pointers; `None` where there is none that gives what is declared.
pub fn kernel(py: Python<'_>, own: &Own) -> PyResult<Option<Kernel>> {
    let types: Option<Vec<Ty>> = own.params.iter().map(|p| passed(p.as_ref()?)).collect();
    let (Some(types), false) = (types, matches!(own.ret, Given::Object)) else { return Ok(None) };
    // SAFETY: a private function's dispatcher lives as long as its module, whose code asks for it.
    let dispatcher = unsafe { &*own.dispatcher };
    let state = dispatcher.state();
    let key = [MARK];
    // SAFETY: attached.
    let entry = match unsafe { state.entries.find(&key) } {
        Some(entry) => entry,
        None => {
            let world = PyWorld::default();
            // SAFETY: a dispatcher is a live object.
            let object = unsafe { Bound::from_borrowed_ptr(py, from_ref(dispatcher).cast_mut().cast()) };
            let kernel = world.kernel_of(&object);
            specialise::compile(py, state, world, kernel, &types, &key, Vec::new(), None)?
        }
    };
    let ret = given(&own.ret, &entry.compiled.ret);
    let small = entry.compiled.ret_size <= 8;
    let insts = entry.compiled.module.functions.iter().flat_map(|f| &f.insts);
    let releases = insts
        .into_iter()
        .any(|inst| matches!(inst.kind, InstKind::ParallelFor(_) | InstKind::ParallelRegion(_)));
    let is_plain = fast::is_plain(entry);
    Ok(ret.filter(|_| small).map(|ret| Kernel { entry, ret, is_plain, releases }))
}

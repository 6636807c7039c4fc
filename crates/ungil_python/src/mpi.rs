//! Objects of mpi4py: what they mean, how they are passed, and what becomes of requests and errors.
//!
//! The MPI library is found when the first object of mpi4py is met (`ungil._mpi`); nothing here imports mpi4py. Handles are read
//! from where mpi4py keeps them, behind the header of its objects.

use core::ffi::CStr;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::{self, PyObject, PyTypeObject};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use ungil_abi::array::MemInfo;
use ungil_mpi::library::{Constants, Description, Host, install};
use ungil_mpi::{fault, request};
use ungil_runtime::context::current_ctx;
use ungil_sema::mpi::Mpi;
use ungil_sema::world::Global;

/// What mpi4py's types are to kernels.
struct Types {
    kinds: Vec<(*mut PyTypeObject, Kind)>,
    /// Where an object keeps its handle.
    offset: usize,
    narrow: bool,
    request_null: i64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Value(Mpi),
    Request,
    /// Kernels have their own, or none.
    Refused(&'static str),
}

// SAFETY: the types are never freed: mpi4py's module is not unloaded, and references to them are held.
unsafe impl Send for Types {}
// SAFETY: as for `Send`.
unsafe impl Sync for Types {}

static TYPES: OnceLock<Result<Types, String>> = OnceLock::new();

/// `mpi4py.MPI`, if it has been imported.
pub fn module(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    py.import("sys").ok()?.getattr("modules").ok()?.get_item("mpi4py.MPI").ok()
}

/// Whether the name of a type, or of one that it inherits from, is one of mpi4py's.
fn is_candidate(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object's type and its bases are live and have names.
    unsafe {
        let mut ty = ffi::Py_TYPE(object.as_ptr());
        while !ty.is_null() {
            if CStr::from_ptr((*ty).tp_name).to_bytes().starts_with(b"mpi4py.MPI.") {
                return true;
            }
            ty = (*ty).tp_base;
        }
    }
    false
}

/// The types, found when they are first asked for.
fn types(py: Python<'_>) -> Result<&'static Types, &'static str> {
    TYPES.get_or_init(|| load(py).map_err(|e| e.to_string())).as_ref().map_err(String::as_str)
}

fn load(py: Python<'_>) -> PyResult<Types> {
    let described = py.import("ungil._mpi")?.getattr("describe")?.call0()?.cast_into::<PyTuple>()?;
    let item = |k: usize| described.get_item(k);
    let status: (usize, [usize; 3]) = (item(2)?.extract()?, item(3)?.extract()?);
    let constants: [i64; 7] = item(5)?.extract()?;
    let [byte, comm_null, request_null, info_null, in_place, proc_null, undefined] = constants;
    let description = Description {
        module: item(0)?.extract()?,
        handle_size: item(1)?.extract()?,
        status_size: status.0,
        status_offsets: status.1,
        datatypes: item(4)?.extract()?,
        constants: Constants { byte, comm_null, request_null, info_null, in_place, proc_null, undefined },
        thread_multiple: item(6)?.extract()?,
    };
    install(&description, Host { release, in_parallel }).map_err(PyRuntimeError::new_err)?;
    let mut kinds = Vec::new();
    for pair in item(7)?.try_iter()? {
        let (name, ty): (String, Bound<'_, PyAny>) = pair?.extract()?;
        let kind = match name.as_str() {
            "Cartcomm" => Kind::Value(Mpi::Cart),
            "Intracomm" | "Comm" => Kind::Value(Mpi::Comm),
            "Op" => Kind::Value(Mpi::Op),
            "Datatype" => Kind::Value(Mpi::Datatype),
            "InPlaceType" => Kind::Value(Mpi::InPlace),
            "Request" => Kind::Request,
            "Status" => Kind::Refused("make one in the kernel: `status = MPI.Status()`"),
            "Intercomm" => Kind::Refused("merge it in Python: `comm.Merge()`"),
            _ => Kind::Refused("use it in Python, before or after the kernel"),
        };
        kinds.push((ty.into_ptr().cast::<PyTypeObject>(), kind));
    }
    let narrow = description.handle_size == 4;
    Ok(Types { kinds, offset: item(8)?.extract()?, narrow, request_null })
}

/// What an object is; `None` if it is none of mpi4py's.
fn kind_of(object: &Bound<'_, PyAny>, types: &'static Types) -> Option<Kind> {
    // SAFETY: live objects and types.
    let own = unsafe { ffi::Py_TYPE(object.as_ptr()) };
    let exact = types.kinds.iter().find(|(ty, _)| *ty == own);
    // SAFETY: as above; the list has derived classes before their bases.
    let known =
        exact.or_else(|| types.kinds.iter().find(|(ty, _)| unsafe { ffi::PyType_IsSubtype(own, *ty) } != 0));
    known.map(|(_, kind)| *kind)
}

impl Types {
    /// The handle of an object.
    fn handle(&self, object: &Bound<'_, PyAny>) -> i64 {
        // SAFETY: objects of these types keep their handle there.
        unsafe {
            let at = object.as_ptr().cast::<u8>().add(self.offset);
            if self.narrow { i64::from(at.cast::<i32>().read()) } else { at.cast::<i64>().read() }
        }
    }
}

/// How an argument is passed.
pub enum Passed {
    /// Its kind and handle.
    Value(Mpi, i64),
    /// What is wrong, and what to do.
    Refused { title: String, help: String },
}

/// How an argument is passed; `None` if it is none of mpi4py's.
pub fn passed(object: &Bound<'_, PyAny>) -> Option<Passed> {
    if !is_candidate(object) {
        return None;
    }
    let types = match types(object.py()) {
        Ok(types) => types,
        Err(why) => {
            let title = format!("the MPI library of mpi4py cannot be called: {why}");
            return Some(Passed::Refused { title, help: "call MPI in Python".to_owned() });
        }
    };
    let kind = kind_of(object, types)?;
    let refused = |help: &str| {
        let name = object.get_type().name().map(|n| n.to_string()).unwrap_or_default();
        let title = format!("an `MPI.{name}` of Python cannot be used in compiled code");
        Passed::Refused { title, help: help.to_owned() }
    };
    Some(match kind {
        Kind::Value(Mpi::InPlace) => Passed::Value(Mpi::InPlace, 0),
        Kind::Value(kind) => Passed::Value(kind, types.handle(object)),
        // `MPI.REQUEST_NULL` is no request.
        Kind::Request if types.handle(object) == types.request_null => Passed::Value(Mpi::Request, 0),
        Kind::Request => refused("wait for it in Python, or make it in the kernel"),
        Kind::Refused(help) => refused(help),
    })
}

/// The meaning of an object, a class or a function of mpi4py.
pub fn meaning(object: &Bound<'_, PyAny>, name: &str) -> Option<Global> {
    if let Some(passed) = passed(object) {
        return Some(match passed {
            Passed::Value(kind, handle) => Global::Mpi { kind, handle, name: format!("MPI.{name}") },
            Passed::Refused { title, help } => Global::Uncallable { title, help },
        });
    }
    let of_mpi = object.getattr("__module__").ok()?.extract::<String>().is_ok_and(|m| m == "mpi4py.MPI");
    // An instance of a class has its module too.
    if !of_mpi || !object.hasattr("__qualname__").unwrap_or(false) {
        return None;
    }
    types(object.py()).ok()?;
    let own: String = object.getattr("__qualname__").ok()?.extract().ok()?;
    if own == "Get_processor_name" {
        let host: String = object.call0().ok()?.extract().ok()?;
        return Some(Global::Builtin(format!("mpi4py.MPI.{own}={host}")));
    }
    Some(Global::Builtin(format!("mpi4py.MPI.{own}")))
}

/// The object of mpi4py that a kernel returns: a new reference, or null with an exception.
pub fn object(py: Python<'_>, kind: Mpi, handle: i64) -> *mut PyObject {
    let made = py
        .import("ungil._mpi")
        .and_then(|m| m.getattr("wrap")?.call1((kind.to_string().trim_start_matches("MPI."), handle)));
    match made {
        Ok(object) => object.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

/// The exception that an entry point's status stands for.
pub fn exception(py: Python<'_>, status: i64) -> PyResult<PyErr> {
    if status > 0 {
        let class = py.import("mpi4py.MPI")?.getattr("Exception")?;
        return Ok(PyErr::from_value(class.call1((status,))?));
    }
    let (class, text) = match fault::take(status) {
        Some((class, text)) => (class.name(), text),
        None => ("RuntimeError", "an MPI call failed".to_owned()),
    };
    let class = py.import("builtins")?.getattr(class)?;
    Ok(PyErr::from_value(class.call1((text,))?))
}

fn in_parallel() -> bool {
    // SAFETY: the context of the calling thread, which runs compiled code.
    unsafe { (*current_ctx()).depth > 0 }
}

/// Kind of the owners that stand for Python objects whose memory a request holds.
const OBJECT: u32 = 0x100;

/// Owners of Python objects that nobody needs any more: their references are given back by a thread that is attached.
static DROPPED: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static ANY_DROPPED: AtomicBool = AtomicBool::new(false);

/// Gives back a reference that a request held.
unsafe extern "C" fn release(owner: *mut MemInfo) {
    // SAFETY: a live owner, as the request holds a reference to it.
    unsafe {
        if (*owner).kind == OBJECT {
            DROPPED.lock().unwrap_or_else(PoisonError::into_inner).push(owner as usize);
            ANY_DROPPED.store(true, Ordering::Release);
        } else {
            ungil_runtime::alloc::ungil_rt_release(owner);
        }
    }
}

/// Holds the Python objects whose memory pending requests use, and lets go of those of completed ones.
///
/// # Safety
/// The interpreter is attached, and the arguments of the call that has ended are still alive.
#[inline]
pub unsafe fn after_call() {
    if request::any_pending() || ANY_DROPPED.load(Ordering::Relaxed) {
        // SAFETY: as the caller vouches.
        unsafe { settle_requests() };
    }
}

#[cold]
unsafe fn settle_requests() {
    request::adopt_arguments(|owner| {
        // SAFETY: attached; the owner of an argument names its object, which is alive during the call.
        unsafe {
            let object = (*owner).object;
            ffi::Py_INCREF(object.cast());
            Box::into_raw(Box::new(MemInfo {
                refs: AtomicI64::new(1),
                data: (*owner).data,
                size: (*owner).size,
                kind: OBJECT,
                reserved: 0,
                object,
            }))
        }
    });
    if ANY_DROPPED.swap(false, Ordering::Acquire) {
        let dropped = core::mem::take(&mut *DROPPED.lock().unwrap_or_else(PoisonError::into_inner));
        for owner in dropped {
            // SAFETY: a box made above, released once; attached.
            unsafe {
                let owner = Box::from_raw(owner as *mut MemInfo);
                ffi::Py_DECREF(owner.object.cast());
            }
        }
    }
}

//! Making specialisations: the slow path of a call.
//!
//! Several threads may ask for the same specialisation at once; one compiles, the others wait detached. Different
//! specialisations compile side by side.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use ungil_abi::array::{MemInfo, MemKind};
use ungil_diag::source::SourceMap;
use ungil_driver::session::{CompileFailure, GlobalTable, Session};
use ungil_driver::signature::Signature;
use ungil_sema::ctype::CType;
use ungil_sema::mpi::Mpi;
use ungil_sema::ty::Ty;
use ungil_sema::world::ObjectId;

use crate::dispatcher::{Dispatcher, State};
use crate::entry::{Entry, Owners};
use crate::numpy::PyArray;
use crate::signature;
use crate::world::PyWorld;
use crate::{call, errors, fork, log, types};

/// Arguments as the kernel takes them: the user's, or converted to a declared signature.
pub struct Arguments<'py> {
    pointers: Vec<*mut PyObject>,
    _held: Vec<Bound<'py, PyAny>>,
}

impl Arguments<'_> {
    pub fn pointers(&self) -> &[*mut PyObject] {
        &self.pointers
    }
}

/// Specialisations that are being compiled, by dispatcher and fingerprint.
struct InFlight {
    set: Mutex<HashSet<(usize, Vec<u64>)>>,
    done: Condvar,
}

static IN_FLIGHT: std::sync::LazyLock<InFlight> =
    std::sync::LazyLock::new(|| InFlight { set: Mutex::new(HashSet::new()), done: Condvar::new() });

/// The one compiler of the process.
pub fn session() -> &'static Session {
    static SESSION: std::sync::LazyLock<Session> = std::sync::LazyLock::new(|| Session::new(symbols()));
    &SESSION
}

/// What compiled code calls: the runtime, and the way back from C.
fn symbols() -> Vec<(&'static str, usize)> {
    let mut all = ungil_runtime::symbols::symbols();
    all.extend(ungil_lib::symbols::symbols());
    all.push((ungil_abi::symbols::CALLBACK, crate::callback::ungil_rt_callback as *const () as usize));
    all
}

/// Makes sure that a specialisation for these arguments exists.
///
/// # Safety
/// `objects` are live and there is one for each parameter.
pub unsafe fn ensure<'py>(
    py: Python<'py>,
    dispatcher: &Dispatcher,
    objects: &[*mut PyObject],
) -> PyResult<Arguments<'py>> {
    let state = dispatcher.state();
    // SAFETY: live objects.
    let held: Vec<Bound<'py, PyAny>> =
        objects.iter().map(|o| unsafe { Bound::from_borrowed_ptr(py, *o) }).collect();
    let (held, signature) = match signature::select(py, state, &held)? {
        Some((signature, converted)) => (converted, Some(signature)),
        None => (held, None),
    };
    let pointers: Vec<*mut PyObject> = held.iter().map(Bound::as_ptr).collect();
    let key = call::fingerprint(py, state, &pointers)?;
    // SAFETY: attached.
    if unsafe { state.entries.find(&key) }.is_none() {
        // SAFETY: a dispatcher is a Python object.
        let object =
            unsafe { Bound::from_borrowed_ptr(py, core::ptr::from_ref(dispatcher).cast_mut().cast()) };
        once(py, state, &key, || compile_arguments(py, &object, state, &held, &key, signature))?;
    }
    Ok(Arguments { pointers, _held: held })
}

/// Runs `compile` unless another thread is just doing so, which is then waited for.
fn once(py: Python<'_>, state: &State, key: &[u64], compile: impl FnOnce() -> PyResult<()>) -> PyResult<()> {
    let _compiling = fork::begin(py);
    let job = (core::ptr::from_ref(state) as usize, key.to_vec());
    let mine = py.detach(|| {
        let mut set = IN_FLIGHT.set.lock().unwrap_or_else(PoisonError::into_inner);
        if set.insert(job.clone()) {
            return true;
        }
        while set.contains(&job) {
            set = IN_FLIGHT.done.wait(set).unwrap_or_else(PoisonError::into_inner);
        }
        false
    });
    // SAFETY: attached.
    if !mine && unsafe { state.entries.find(key) }.is_some() {
        return Ok(());
    }
    let _finish = Finish(mine.then_some(job));
    compile()
}

/// Takes a job off the list, whatever happens.
struct Finish(Option<(usize, Vec<u64>)>);

impl Drop for Finish {
    fn drop(&mut self) {
        if let Some(job) = self.0.take() {
            IN_FLIGHT.set.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
            IN_FLIGHT.done.notify_all();
        }
    }
}

fn compile_arguments(
    py: Python<'_>,
    dispatcher: &Bound<'_, PyAny>,
    state: &State,
    arguments: &[Bound<'_, PyAny>],
    key: &[u64],
    signature: Option<&Signature>,
) -> PyResult<()> {
    let world = PyWorld::default();
    let kernel = world.kernel_of(dispatcher);
    let mut params = Vec::new();
    for (i, argument) in arguments.iter().enumerate() {
        let ty = types::type_of(argument, &world).ok_or_else(|| {
            let text = format!("{}() argument '{}' has no type", state.name, state.params.name(py, i));
            errors::plain_error(py, "U0601", &text, None)
        })?;
        params.push(ty);
    }
    let keep: Vec<Py<PyAny>> =
        arguments.iter().filter(|a| is_part_of_type(a)).map(|a| a.clone().unbind()).collect();
    compile(py, state, world, kernel, &params, key, keep, signature).map(|_| ())
}

/// Whether an argument's identity is part of its type, so that the specialisation must keep it alive.
fn is_part_of_type(argument: &Bound<'_, PyAny>) -> bool {
    crate::foreign::by_identity(argument)
        || crate::mpi::passed(argument).is_none()
        && !argument.is_none()
        && !argument.is_instance_of::<pyo3::types::PyFloat>()
        && !argument.is_instance_of::<pyo3::types::PyInt>()
        && !argument.is_instance_of::<pyo3::types::PyComplex>()
        && !argument.is_instance_of::<pyo3::types::PyRange>()
        && !argument.is_instance_of::<pyo3::types::PySlice>()
        && !argument.is_instance_of::<pyo3::types::PyList>()
        && crate::classify::array_type(argument).is_none()
        && !argument.get_type().hasattr("__array_interface__").unwrap_or(false)
        // SAFETY: a look-up in the type of a live object.
        && unsafe { ffi::PyObject_CheckBuffer(argument.as_ptr()) == 0 }
}

/// Compiles for parameter types and adds the entry.
#[expect(clippy::too_many_arguments, reason = "one call site for each way to get at the types")]
pub fn compile<'s>(
    py: Python<'_>,
    state: &'s State,
    world: PyWorld,
    kernel: ungil_sema::world::KernelId,
    params: &[Ty],
    key: &[u64],
    keep: Vec<Py<PyAny>>,
    signature: Option<&Signature>,
) -> PyResult<&'s Entry> {
    let table = ArrayTable { world: &world, owners: Mutex::new(Owners::default()) };
    let compiled = py.detach(|| session().compile(&world, kernel, params, &state.options, &table));
    let owners = table.owners.into_inner().unwrap_or_else(PoisonError::into_inner);
    let compiled = compiled.map_err(|failure| failure_error(py, failure, &world))?;
    if !is_value(&compiled.ret) {
        let title = format!("{}() returns a value of type {}", state.name, compiled.ret);
        let help = result_help(&compiled.ret);
        return Err(errors::plain_error(py, "U0607", &title, Some(help)));
    }
    if let Some(signature) = signature {
        signature::check_result(py, signature, &state.name, &compiled.ret)?;
    }
    log::compiled(py, state, &compiled);
    let findings = world.finish();
    let mut held: Vec<*mut PyObject> = findings.objects.into_values().map(Py::into_ptr).collect();
    held.extend(keep.into_iter().map(Py::into_ptr));
    let mut entry = Entry::new(key, compiled, findings.guards, held, owners);
    entry.python_numbers = state.pyx.is_some();
    entry.is_static |= state.pyx.as_ref().is_some_and(|pyx| entry.guards.are_within(pyx.names()));
    let entry = state.entries.push(entry);
    state.fast.add(entry, state.params.names.len(), state.pyx.as_ref().map_or(&[], |pyx| pyx.takes()));
    Ok(entry)
}

/// What to return instead of a value that Python has no object for.
fn result_help(ty: &Ty) -> &'static str {
    match ty {
        Ty::Mpi(kind) if kind.is_request() => "wait for it in the kernel: `request.Wait()`",
        Ty::Pending(_) => "wait for it in the kernel, and return what arrives: `request.wait()`",
        Ty::Mpi(Mpi::Status) => "return what it tells: `status.source, status.tag, status.count`",
        Ty::List(list)
            if list.element.as_ref().is_some_and(|e| matches!(e, Ty::Mpi(k) if k.is_request())) =>
        {
            "wait for them in the kernel: `MPI.Request.Waitall(requests)`"
        }
        _ => "return numbers, arrays, None, or tuples of them",
    }
}

/// What a kernel returns for parameters of these types; no code is made.
pub fn result_type(
    py: Python<'_>,
    state: &State,
    world: &PyWorld,
    kernel: ungil_sema::world::KernelId,
    params: &[Ty],
) -> PyResult<Ty> {
    let table = ArrayTable { world, owners: Mutex::new(Owners::default()) };
    let ret = py.detach(|| session().result_type(world, kernel, params, &state.options, &table));
    ret.map_err(|failure| failure_error(py, failure, world))
}

/// Whether a result of this type exists as a Python object outside the kernel.
fn is_value(ty: &Ty) -> bool {
    match ty {
        Ty::Tuple(items) => items.iter().all(is_value),
        Ty::Record(record) => record.items.iter().all(is_value),
        Ty::List(list) => list.element.as_ref().is_none_or(is_value),
        Ty::Iter(_)
        | Ty::Func(_)
        | Ty::Choice(_)
        | Ty::Method(..)
        | Ty::Builtin(_)
        | Ty::Module(..)
        | Ty::Class(_)
        | Ty::Exception(_)
        | Ty::CBox(_)
        | Ty::CStruct(_)
        | Ty::CFunc(_)
        | Ty::Fused(..)
        | Ty::Pending(_)
        | Ty::CType(_) => false,
        Ty::Pointer(p) => p.to == CType::Void,
        Ty::Mpi(kind) => kind.is_handle(),
        _ => true,
    }
}

pub fn failure_error(py: Python<'_>, failure: CompileFailure, world: &PyWorld) -> PyErr {
    let (sources, mut syntax) = world.sources();
    match failure {
        CompileFailure::User(diagnostics) => {
            if syntax.has_errors() {
                return errors::compile_error(py, &syntax, &sources);
            }
            syntax.append(diagnostics);
            errors::compile_error(py, &syntax, &sources)
        }
        CompileFailure::Result(ty) => errors::plain_error(
            py,
            "U0603",
            &format!("the function returns {ty}, which does not convert to the declared result"),
            Some("change the declared result"),
        ),
        CompileFailure::Internal(text) => errors::plain_error(
            py,
            "U0500",
            &format!("internal error: {text}"),
            Some("please report it with the kernel"),
        ),
    }
}

/// The memory of global arrays.
pub struct ArrayTable<'w> {
    pub world: &'w PyWorld,
    pub owners: Mutex<Owners>,
}

impl GlobalTable for ArrayTable<'_> {
    fn sources(&self) -> SourceMap {
        self.world.sources().0
    }

    fn descriptor(&self, object: ObjectId) -> Option<Vec<u64>> {
        Python::attach(|py| {
            let array = self.world.object(py, object)?;
            let ty = crate::classify::array_type(&array)?;
            // SAFETY: `array_type` has checked that it is an ndarray; the world holds it.
            unsafe {
                let fields = array.as_ptr().cast::<PyArray>();
                let nd = usize::from(ty.ndim);
                let shape = core::slice::from_raw_parts((*fields).dimensions, nd);
                let strides = core::slice::from_raw_parts((*fields).strides, nd);
                let size = shape.iter().product::<isize>() as u64 * ty.dtype.size();
                let owner = self.owners.lock().unwrap_or_else(PoisonError::into_inner).add(MemInfo {
                    refs: core::sync::atomic::AtomicI64::new(1),
                    data: (*fields).data,
                    size,
                    kind: MemKind::GLOBAL,
                    reserved: 0,
                    object: array.as_ptr().cast(),
                });
                let mut words = vec![(*fields).data as u64, owner as u64];
                words.extend(shape.iter().chain(strides).map(|n| *n as u64));
                Some(words)
            }
        })
    }
}

//! Kernels that C calls: `cfunc`.
//!
//! A [`Callback`] holds code whose C entry packs its arguments and comes to [`ungil_rt_callback`], on any thread, with or
//! without the interpreter. An exception is reported through `sys.unraisablehook`; C then gets zero.
//! Compiled code that calls through a pointer to what may raise has it kept instead, and raises it after the call.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::{PySystemError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;
use ungil_abi::context::Ctx;
use ungil_driver::compiled::Compiled;
use ungil_driver::options::KernelOptions;
use ungil_driver::signature::{Declared, parse};
use ungil_runtime::context::{current_ctx, enter_call, leave_call};
use ungil_sema::ctype::{CType, FunctionType};
use ungil_sema::ty::Ty;
use ungil_sema::world::KernelId;

use crate::call::{EntryPoint, stop_if_finalizing};
use crate::entry::Owners;
use crate::foreign::tuple_of;
use crate::guard::Guards;
use crate::hooks::Pending;
use crate::object::for_c::Record;
use crate::specialise::{ArrayTable, failure_error, session};
use crate::world::PyWorld;
use crate::{dispatcher, errors, fork, gil_block, hooks, raise};

/// What reporting an exception needs, by entry point.
static CALLBACKS: Mutex<Option<HashMap<usize, Arc<Compiled>>>> = Mutex::new(None);

fn registry<T>(use_it: impl FnOnce(&mut HashMap<usize, Arc<Compiled>>) -> T) -> T {
    use_it(CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// Code that C calls. It stays loaded as long as this object lives.
#[pyclass(frozen, module = "ungil._ungil")]
pub struct Callback {
    compiled: Arc<Compiled>,
    params: Vec<CType>,
    ret: CType,
    _guards: Guards,
    _owners: Owners,
    _keep: Vec<Py<PyAny>>,
    /// Of a function that handles objects: what its calls need.
    _record: Option<Box<Record>>,
}

impl Callback {
    /// Of a function that handles objects.
    pub fn of_objects(compiled: Arc<Compiled>, ty: &FunctionType, record: Box<Record>) -> Callback {
        registry(|all| all.insert(compiled.code.entry, compiled.clone()));
        Callback {
            compiled,
            params: ty.params.clone(),
            ret: ty.ret.clone(),
            _guards: Guards::default(),
            _owners: Owners::default(),
            _keep: Vec::new(),
            _record: Some(record),
        }
    }
}

#[pymethods]
impl Callback {
    /// Address of the C function.
    #[getter]
    pub fn address(&self) -> usize {
        self.compiled.code.callback.unwrap_or_default()
    }

    /// Name of its symbol.
    #[getter]
    fn native_name(&self) -> String {
        format!("{}.c", self.compiled.code.symbol)
    }

    /// Types of the parameters, as `ungil._foreign` describes them.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.params.iter().map(|t| tuple_of(py, t)).collect()
    }

    /// Type of the result.
    #[getter]
    fn ret<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tuple_of(py, &self.ret)
    }

    /// LLVM's text.
    fn llvm(&self, py: Python<'_>) -> String {
        py.detach(|| session().llvm_text(&self.compiled))
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        registry(|all| all.remove(&self.compiled.code.entry));
    }
}

/// Compiles a dispatcher's function for C.
#[pyfunction]
pub fn make_callback(py: Python<'_>, object: &Bound<'_, PyAny>, signature: &str) -> PyResult<Callback> {
    let this = dispatcher::downcast(object).ok_or_else(|| PyValueError::new_err("not a dispatcher"))?;
    let state = this.state();
    let declared = parse(signature).map_err(|e| errors::plain_error(py, "U0604", &e, None))?;
    let plain = |title: &str, help: &str| errors::plain_error(py, "U0604", title, Some(help));
    let Some(ret) = &declared.ret else {
        let title = format!("`{signature}` names no result");
        return Err(plain(&title, "write the result in front: `float64(float64)`, `void(…)`"));
    };
    if declared.params.len() != state.params.names.len() {
        let (want, have) = (state.params.names.len(), declared.params.len());
        return Err(plain(
            &format!("`{signature}` has {have} parameters, {}() has {want}", state.name),
            "declare each",
        ));
    }
    let c = |d: &Declared| {
        d.for_c().ok_or_else(|| {
            let title = format!("C has no such type in `{signature}`");
            plain(&title, "use numbers, `CPointer(type)` and `voidptr`; `carray` makes an array of a pointer")
        })
    };
    let params = declared.params.iter().map(c).collect::<PyResult<Vec<Ty>>>()?;
    let ret = c(ret)?;
    let world = PyWorld::default();
    let kernel = world.kernel_of(object);
    compile_for_c(py, world, kernel, (params, ret), &state.options)
}

/// Compiles a function of a world of its own for C, with these types of its parameters and its result.
pub fn compile_for_c(
    py: Python<'_>,
    world: PyWorld,
    kernel: KernelId,
    (params, ret): (Vec<Ty>, Ty),
    options: &KernelOptions,
) -> PyResult<Callback> {
    let _compiling = fork::begin(py);
    let table = ArrayTable { world: &world, owners: Mutex::new(Owners::default()) };
    let result = py.detach(|| session().compile_callback(&world, kernel, (&params, &ret), options, &table));
    let owners = table.owners.into_inner().unwrap_or_else(PoisonError::into_inner);
    let compiled = result.map_err(|failure| failure_error(py, failure, &world))?;
    registry(|all| all.insert(compiled.code.entry, compiled.clone()));
    let findings = world.finish();
    Ok(Callback {
        compiled,
        params: params.iter().map(c_type).collect(),
        ret: c_type(&ret),
        _guards: findings.guards,
        _owners: owners,
        _keep: findings.objects.into_values().collect(),
        _record: None,
    })
}

fn c_type(ty: &Ty) -> CType {
    match ty {
        Ty::Pointer(p) => CType::Pointer(p.clone()),
        other => other.dtype().map_or(CType::Void, CType::Scalar),
    }
}

/// Calls a kernel for C. See `ungil_abi::symbols::CALLBACK`.
///
/// # Safety
/// `entry` is the entry point of loaded code; the buffers are a packed result and packed arguments of its types.
pub unsafe extern "C" fn ungil_rt_callback(entry: EntryPoint, ret: *mut u8, args: *const u8) -> i32 {
    let ctx = current_ctx();
    let pending = Pending::new();
    // SAFETY: the context is this thread's own; `pending` outlives the call; the rest is the caller's.
    unsafe {
        let expected = core::mem::take(&mut (*ctx).expects) != 0;
        let host = core::mem::replace(&mut (*ctx).host, core::ptr::from_ref(&pending).cast_mut().cast());
        let token = enter_call(ctx, false);
        OWNER.set(expected.then_some(host as i64));
        let status = entry(ctx, ret, args);
        leave_call(ctx, token);
        if status != 0 {
            report(ctx, entry as usize, expected.then_some(host as i64));
        }
        (*ctx).host = host;
        (*ctx).expects = u32::from(expected);
        status
    }
}

thread_local! {
    /// Who looks for an exception of the function that was entered last, if anybody does.
    static OWNER: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Exceptions of kernels that C calls are kept from now on. See `ungil_sema::lower::foreign::EXPECT`.
pub extern "C" fn expect() {
    // SAFETY: the context is this thread's own.
    unsafe { (*current_ctx()).expects = 1 };
}

/// The exception that was kept, by its token, or 0. See `ungil_sema::lower::foreign::FAILED`.
pub extern "C" fn failed() -> i64 {
    // SAFETY: the context is this thread's own.
    unsafe {
        let ctx = current_ctx();
        (*ctx).expects = 0;
        core::mem::take(&mut (*ctx).kept)
    }
}

/// Keeps an exception for whoever looks for it; the first one counts.
fn keep(owner: i64, error: PyErr) {
    // SAFETY: the context is this thread's own.
    unsafe {
        let ctx = current_ctx();
        if (*ctx).kept == 0 {
            (*ctx).kept = gil_block::keep(owner, error);
        }
    }
}

/// As [`failed`] for code that handles objects: −1 with the exception set. It may be called without the lock.
pub extern "C" fn failed_status() -> i64 {
    match failed() {
        0 => 0,
        token => hooks::attached(|py| {
            let lost = || PySystemError::new_err("an exception was lost");
            gil_block::take(token).unwrap_or_else(lost).restore(py);
            -1
        }),
    }
}

/// Who looks for an exception of the function that C has just entered on this thread.
pub fn owner() -> Option<i64> {
    OWNER.take()
}

/// Keeps the exception that is set for whoever looks for it, or hands it to `sys.unraisablehook`.
pub fn fail(py: Python<'_>, owner: Option<i64>, name: &str) {
    let Some(error) = PyErr::take(py) else { return };
    match owner {
        Some(owner) => keep(owner, error),
        None => error.write_unraisable(py, Some(PyString::new(py, name).as_any())),
    }
}

/// Hands the exception of a failed call to `sys.unraisablehook`, or keeps it for the caller with this owner.
///
/// # Safety
/// The context's error slot was filled by the code of this entry point, on this thread.
#[cold]
unsafe fn report(ctx: *mut Ctx, entry: usize, owner: Option<i64>) {
    stop_if_finalizing();
    // SAFETY: the interpreter runs, since the code came from it; the state is given back on the same thread.
    unsafe {
        let state = ffi::PyGILState_Ensure();
        let py = Python::assume_attached();
        let compiled = registry(|all| all.get(&entry).cloned());
        match compiled {
            Some(compiled) => {
                raise::raise(ctx, &compiled);
                if let (Some(owner), Some(error)) = (owner, owner.and_then(|_| PyErr::take(py))) {
                    keep(owner, error);
                    ffi::PyGILState_Release(state);
                    return;
                }
                let name = compiled.functions.last().map_or("callback", |f| f.name.as_str());
                let what = PyString::new(py, &format!("ungil.cfunc {name}"));
                ffi::PyErr_WriteUnraisable(what.as_ptr());
            }
            None => (*ctx).error.kind = ungil_abi::context::ErrorKind::NONE,
        }
        ffi::PyGILState_Release(state);
    }
}

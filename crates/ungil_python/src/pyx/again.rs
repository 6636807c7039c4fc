//! What kernels do not compute: integers beyond 64 bits, powers whose type depends on their value. A kernel ends with an error
//! there, and the call is made again with code for objects.
//!
//! Only of functions that change nothing but their own variables: numbers in, and calls of builtins of numbers and of
//! functions of the same kind.
//!
//! Behind a result beyond 64 bits, which no kernel gives, the next call has the code for objects at once, until a result is smaller.

use core::ptr::null_mut;
use std::collections::HashSet;
use std::sync::OnceLock;

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyType};
use ungil_abi::exception::{COMPLEX_POWER, FLOAT_TOO_LARGE, INTEGER_OVERFLOW, NEGATIVE_POWER};
use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_driver::excerpt::parse_kernel;
use ungil_sema::world::KernelCode;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use crate::dispatcher::{self, Dispatcher, State};

/// Builtins that only compute.
const BUILTINS: &[&str] =
    &["abs", "bool", "divmod", "float", "int", "len", "max", "min", "pow", "range", "round", "sum"];

/// Errors of kernels where Python has a result.
const BEYOND_KERNELS: &[&str] = &[INTEGER_OVERFLOW, FLOAT_TOO_LARGE, NEGATIVE_POWER, COMPLEX_POWER];

/// The result of a kernel, or of the code for objects where 64 bits were too few.
///
/// # Safety
/// Attached; `args` holds `n` live objects, one for each parameter. A null result comes with an exception.
#[inline]
pub unsafe fn or_again(
    dispatcher: &Dispatcher,
    args: *const *mut PyObject,
    n: usize,
    result: *mut PyObject,
) -> *mut PyObject {
    if !result.is_null() {
        return result;
    }
    // SAFETY: as the caller vouches.
    unsafe { again(dispatcher, args, n) }
}

/// The result of the code for objects where a kernel has failed for want of bits; null with the kernel's exception otherwise.
///
/// # Safety
/// As for [`or_again`], with an exception set.
#[cold]
pub unsafe fn again(dispatcher: &Dispatcher, args: *const *mut PyObject, n: usize) -> *mut PyObject {
    if dispatcher.state().pyx.is_none() {
        return null_mut();
    }
    // SAFETY: attached, with live objects, as the caller vouches.
    unsafe {
        let args = core::slice::from_raw_parts(args, n);
        let py = Python::assume_attached();
        let Some(error) = PyErr::take(py) else { return null_mut() };
        match objects_instead(py, dispatcher, args, &error) {
            Ok(Some(result)) => result,
            Ok(None) => {
                error.restore(py);
                null_mut()
            }
            Err(other) => {
                other.restore(py);
                null_mut()
            }
        }
    }
}

/// # Safety
/// Attached, with live objects, one for each parameter.
unsafe fn objects_instead(
    py: Python<'_>,
    dispatcher: &Dispatcher,
    args: &[*mut PyObject],
    error: &PyErr,
) -> PyResult<Option<*mut PyObject>> {
    let may_be_ours = error.is_instance_of::<PyOverflowError>(py) || error.is_instance_of::<PyValueError>(py);
    let is_ours = may_be_ours && BEYOND_KERNELS.contains(&error.value(py).str()?.to_str()?);
    let Some(pyx) = dispatcher.state().pyx.as_ref().filter(|_| is_ours) else { return Ok(None) };
    // SAFETY: live objects, as the caller vouches.
    let are_numbers = unsafe { are_numbers(args) };
    if pyx.kernel_only || !are_numbers || !only_computes(py, dispatcher, &mut HashSet::new())? {
        return Ok(None);
    }
    let Some(code) = pyx.for_objects(py, dispatcher)? else { return Ok(None) };
    // SAFETY: attached, with live objects, one for each parameter; the code is there.
    unsafe {
        let result = code.run(args.as_ptr(), core::ptr::null());
        if result.is_null() {
            return Err(PyErr::fetch(py));
        }
        if is_beyond_kernels(result) {
            dispatcher::call_first(dispatcher, objects_first, true);
        }
        Ok(Some(result))
    }
}

/// # Safety
/// Attached, with live objects.
unsafe fn are_numbers(args: &[*mut PyObject]) -> bool {
    // SAFETY: live objects, as the caller vouches.
    args.iter().all(|a| unsafe {
        ffi::PyLong_Check(*a) != 0 || ffi::PyFloat_CheckExact(*a) != 0 || ffi::PyComplex_CheckExact(*a) != 0
    })
}

/// Whether an object is an integer of more than 64 bits.
///
/// # Safety
/// Attached, with a live object.
unsafe fn is_beyond_kernels(object: *mut PyObject) -> bool {
    // SAFETY: as the caller vouches; an exception that is raised here is forgotten.
    unsafe {
        if ffi::PyLong_CheckExact(object) == 0 {
            return false;
        }
        let mut overflow = 0;
        ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow);
        overflow != 0
    }
}

/// Calls of a function that gave a result beyond 64 bits the last time.
///
/// # Safety
/// The vectorcall protocol, on a dispatcher whose function has code for objects and only computes.
unsafe extern "C" fn objects_first(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with the vectorcall protocol; the caller holds the dispatcher.
    unsafe {
        let dispatcher = &*slf.cast::<Dispatcher>();
        let state = dispatcher.state();
        let n = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let fits =
            kwnames.is_null() && n == state.params.plain && are_numbers(core::slice::from_raw_parts(args, n));
        if fits && let Some(code) = state.pyx.as_ref().and_then(|pyx| pyx.objects()) {
            let result = code.run(args, core::ptr::null());
            if result.is_null() || !is_beyond_kernels(result) {
                dispatcher::call_first(dispatcher, objects_first, false);
            }
            return result;
        }
        dispatcher::call_first(dispatcher, objects_first, false);
        ffi::PyObject_Vectorcall(slf, args, nargsf, kwnames)
    }
}

/// Whether a function, and those it calls, change nothing but their own variables.
fn only_computes(
    py: Python<'_>,
    dispatcher: &Dispatcher,
    seen: &mut HashSet<*const Dispatcher>,
) -> PyResult<bool> {
    if !seen.insert(dispatcher) {
        return Ok(true);
    }
    let state = dispatcher.state();
    let found = match &state.pyx {
        Some(pyx) => pyx.effects.get_or_init(|| Effects::of(state)),
        None => &Effects::of(state),
    };
    if found.changes {
        return Ok(false);
    }
    // SAFETY: a live dispatcher holds its function.
    let func = unsafe { Bound::from_borrowed_ptr(py, dispatcher.func) };
    let (globals, builtins) = (func.getattr("__globals__")?, func.getattr("__builtins__")?);
    for name in found.called.difference(&found.defined) {
        // What is private to the module stands among its builtins.
        let hidden = builtins.call_method1("get", (name,))?;
        let called = globals.call_method1("get", (name, hidden))?;
        let computes = match dispatcher::downcast(&called) {
            Some(inner) => only_computes(py, inner, seen)?,
            None => {
                let is_builtin =
                    called.is_exact_instance_of::<PyCFunction>() || called.is_instance_of::<PyType>();
                is_builtin && BUILTINS.contains(&name.as_str())
            }
        };
        if !computes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a function changes, and what it calls, once that was asked.
pub type KnownEffects = OnceLock<Effects>;

/// What a function changes, and what it calls.
#[derive(Default)]
pub struct Effects {
    changes: bool,
    called: HashSet<String>,
    /// Functions inside, which are looked through like the rest.
    defined: HashSet<String>,
}

impl Effects {
    fn of(state: &State) -> Effects {
        let unknown = || Effects { changes: true, ..Effects::default() };
        let Ok(text) = &state.source else { return unknown() };
        let file = SourceFile::new(text.file.as_str(), text.text.as_str());
        let (code, _) = parse_kernel(&file, SourceId(0), false);
        let Some(KernelCode::Function(def)) = code.filter(|_| !text.is_lambda) else { return unknown() };
        let mut found = Effects::default();
        def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
        found
    }

    /// Whether an assignment binds the function's own variables only.
    fn is_own(target: &Expr) -> bool {
        match &target.kind {
            ExprKind::Name(_) => true,
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().all(Effects::is_own),
            _ => false,
        }
    }
}

impl Visitor for Effects {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        self.changes |= match &stmt.kind {
            StmtKind::Assign { targets, .. } => !targets.iter().all(Effects::is_own),
            StmtKind::AugAssign { target, .. } => !Effects::is_own(target),
            StmtKind::For(f) => !Effects::is_own(&f.target),
            StmtKind::FunctionDef(def) => {
                self.defined.insert(def.name.name.to_string());
                !def.decorators.is_empty()
            }
            StmtKind::While(_)
            | StmtKind::If(_)
            | StmtKind::Return(_)
            | StmtKind::Expr(_)
            | StmtKind::Raise { .. }
            | StmtKind::Assert { .. }
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Pass => false,
            _ => true,
        };
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Call(call) => match &call.func.kind {
                ExprKind::Name(name) => {
                    self.called.insert(name.to_string());
                }
                _ => self.changes = true,
            },
            ExprKind::Cython(_) | ExprKind::Lambda { .. } => self.changes = true,
            _ => {}
        }
        walk_expr(self, e);
    }
}

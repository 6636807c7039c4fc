//! Forks while kernels are being compiled.
//!
//! A child has only the thread that forked; locks that another thread held stay locked in it for ever, LLVM's too.
//! So a fork waits until no compilation is running, and none starts until it is over. The runtime takes care of its
//! own locks.

use std::cell::RefCell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLockWriteGuard};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::specialise;

#[derive(Default)]
struct Gate {
    compiling: usize,
    forking: bool,
}

static GATE: Mutex<Gate> = Mutex::new(Gate { compiling: 0, forking: false });
static CHANGED: Condvar = Condvar::new();

/// What is held between the two halves of a fork, which run on one thread.
#[derive(Default)]
struct Held {
    /// Linked code stays as it is.
    _linked: Option<RwLockWriteGuard<'static, ()>>,
    /// No other thread has the gate, which would stay locked in the child.
    gate: Option<MutexGuard<'static, Gate>>,
}

thread_local! {
    static HELD: RefCell<Held> = const { RefCell::new(Held { _linked: None, gate: None }) };
}

/// A compilation in progress.
pub struct Compiling(());

/// Begins a compilation, after a fork that is in progress.
pub fn begin(py: Python<'_>) -> Compiling {
    py.detach(|| {
        let mut gate = GATE.lock().unwrap_or_else(PoisonError::into_inner);
        while gate.forking {
            gate = CHANGED.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        gate.compiling += 1;
    });
    Compiling(())
}

impl Drop for Compiling {
    fn drop(&mut self) {
        GATE.lock().unwrap_or_else(PoisonError::into_inner).compiling -= 1;
        CHANGED.notify_all();
    }
}

/// Waits for running compilations and keeps new ones out.
#[pyfunction]
pub fn before_fork(py: Python<'_>) {
    py.detach(|| {
        let mut gate = GATE.lock().unwrap_or_else(PoisonError::into_inner);
        while gate.forking || gate.compiling > 0 {
            gate = CHANGED.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        gate.forking = true;
    });
    let _linked = specialise::session().pause_linking();
    // Others have it for a moment only, and do not wait for the interpreter's lock then.
    let gate = Some(GATE.lock().unwrap_or_else(PoisonError::into_inner));
    HELD.set(Held { _linked, gate });
}

/// Lets compilations go on, in the parent and in the child.
#[pyfunction]
pub fn after_fork() {
    if let Some(gate) = &mut HELD.take().gate {
        gate.forking = false;
    }
    CHANGED.notify_all();
}

/// As [`after_fork`]; the child's only thread is the one that handles signals.
#[pyfunction]
pub fn after_fork_in_child() {
    crate::call::set_main_thread();
    after_fork();
}

/// Registers the three functions with `os.register_at_fork`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let hooks = PyDict::new(py);
    for (keyword, function) in [
        ("before", "before_fork"),
        ("after_in_parent", "after_fork"),
        ("after_in_child", "after_fork_in_child"),
    ] {
        hooks.set_item(keyword, module.getattr(function)?)?;
    }
    py.import("os")?.getattr("register_at_fork")?.call((), Some(&hooks)).map(|_| ())
}

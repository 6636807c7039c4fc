//! Threads of the runtime as functions of the module.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ungil_runtime::context::{current_ctx, state_of};
use ungil_runtime::threads;

/// Number of threads that a parallel loop started by this thread uses.
#[pyfunction]
pub fn get_num_threads() -> i64 {
    // SAFETY: the calling thread's own context.
    threads::num_threads(unsafe { state_of(current_ctx()) })
}

/// Sets the number of threads and returns the previous one.
#[pyfunction]
pub fn set_num_threads(n: i64) -> PyResult<i64> {
    let most = threads::max_threads();
    if !(1..=most).contains(&n) {
        return Err(PyValueError::new_err(format!("number of threads must be from 1 to {most}, not {n}")));
    }
    // SAFETY: the calling thread's own context.
    Ok(threads::set_num_threads(unsafe { state_of(current_ctx()) }, n))
}

/// Number of the calling thread in its team: 0 outside parallel loops.
#[pyfunction]
pub fn get_thread_id() -> i64 {
    // SAFETY: the calling thread's own context.
    i64::from(unsafe { (*current_ctx()).thread_id })
}

/// Largest number of threads that can be set.
#[pyfunction]
pub fn max_threads() -> i64 {
    threads::max_threads()
}

/// Functions of OpenMP that compiled code calls, by name, with their addresses.
#[pyfunction]
pub fn openmp_functions() -> Vec<(&'static str, usize)> {
    ungil_runtime::openmp::functions()
}

/// CPUs in the affinity mask, quota of the cgroup, and the environment variable that decided, if one did.
#[pyfunction]
pub fn thread_origin() -> (i64, Option<i64>, Option<(String, i64)>) {
    let origin = threads::origin();
    let variable = origin.variable.map(|(name, n)| (name.to_owned(), n));
    (origin.affinity, origin.quota, variable)
}

/// Blocks of the runtime's allocator that are in use, for leak tests.
#[pyfunction]
pub fn live_blocks() -> i64 {
    ungil_runtime::alloc::live_blocks()
}

/// Gives the cache of freed large blocks back to the operating system; returns its size in bytes.
#[pyfunction]
pub fn empty_cache(py: Python<'_>) -> usize {
    py.detach(ungil_runtime::recycle::empty)
}

/// Starts to sample the calling thread every so many seconds; whether it could.
#[pyfunction]
pub fn sampling_start(seconds: f64) -> bool {
    ungil_runtime::sampler::start((seconds.clamp(1e-5, 10.0) * 1e9) as u64)
}

/// Ends the sampling: addresses, and the number of samples that could not be kept.
#[pyfunction]
pub fn sampling_stop() -> (Vec<usize>, usize) {
    ungil_runtime::sampler::stop()
}

//! The extension module `ungil._ungil`: conversion of arguments and results, calls, errors.
//!
//! Python's package holds documentation and delegates to this module. [`call::enter_native`] is the one place
//! where compiled code is called.

mod ahead;
mod bind;
mod call;
mod callback;
mod classify;
mod decorate;
mod dispatcher;
mod entry;
mod errno;
mod errors;
mod evaluate;
mod fast;
mod foreign;
mod fork;
mod gil_block;
mod guard;
mod hooks;
mod info;
mod key;
mod lists;
mod log;
mod methods;
mod mpi;
mod numbers;
mod numpy;
mod object;
mod pack;
mod params;
mod profile;
mod pyx;
mod raise;
mod reject;
mod result;
mod signature;
mod source;
mod specialise;
mod threads;
mod types;
mod ufunc;
mod values;
mod world;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _ungil {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::callback::{Callback, make_callback};
    #[pymodule_export]
    use crate::decorate::make_dispatcher;
    #[pymodule_export]
    use crate::evaluate::object::NumExpr;
    #[pymodule_export]
    use crate::evaluate::{evaluate, re_evaluate, validate};
    #[pymodule_export]
    use crate::foreign::parse_prototype;
    #[pymodule_export]
    use crate::fork::{after_fork, after_fork_in_child, before_fork};
    #[pymodule_export]
    use crate::info::{cache_clear, cache_info, command_line, threading_layer};
    #[pymodule_export]
    use crate::object::array_data::array_data_address;
    #[pymodule_export]
    use crate::object::ndarray_api::ndarray_functions;
    #[pymodule_export]
    use crate::profile::Unseen;
    #[pymodule_export]
    use crate::pyx::{
        FusedCall, make_builtin, make_pyx_function, pyx_callback, pyx_directive, pyx_load, pyx_read,
        pyx_size, pyx_store, pyx_view,
    };
    #[pymodule_export]
    use crate::threads::{
        empty_cache, get_num_threads, get_thread_id, live_blocks, max_threads, openmp_functions,
        sampling_start, sampling_stop, set_num_threads, thread_origin,
    };

    #[pymodule_export]
    use crate::ufunc::typing::{parse_signature, result_types};
    #[pymodule_export]
    use crate::ufunc::{UfuncLoop, make_ufunc, ufunc_owner};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::init(module)
    }
}

fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    refuse_subinterpreters()?;
    numpy::load(py)?;
    hooks::install();
    let main = py.import("threading")?.call_method0("main_thread")?.getattr("ident")?.extract::<u64>()?;
    call::remember_main_thread(main as usize);
    // SAFETY: the type is a live object; the module takes a reference of its own.
    let ty = unsafe { Bound::from_borrowed_ptr(py, dispatcher::type_object(py)?.cast()) };
    module.add("Dispatcher", ty)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    fork::register(module)
}

/// State of this module belongs to the process; a second interpreter would share objects with the first.
fn refuse_subinterpreters() -> PyResult<()> {
    // SAFETY: attached, as importing is.
    let id = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
    if id == 0 { Ok(()) } else { Err(PyImportError::new_err("ungil does not support subinterpreters")) }
}

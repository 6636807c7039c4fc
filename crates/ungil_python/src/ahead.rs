//! Compilation ahead of the first call, for declared signatures.

use pyo3::prelude::*;
use ungil_driver::signature::{Declared, parse};
use ungil_sema::ty::Ty;

use crate::dispatcher::{self, Dispatcher};
use crate::key::{self, Tag};
use crate::world::PyWorld;
use crate::{errors, fork, specialise};

/// Compiles a dispatcher for a signature given as text.
pub fn compile_declared(
    py: Python<'_>,
    object: &Bound<'_, PyAny>,
    dispatcher: &Dispatcher,
    text: &str,
) -> PyResult<()> {
    let declared = parse(text).map_err(|e| errors::plain_error(py, "U0604", &e, None))?;
    let state = dispatcher.state();
    if declared.params.len() != state.params.names.len() {
        let (want, have) = (state.params.names.len(), declared.params.len());
        let title = format!("`{text}` has {have} parameters, {}() has {want}", state.name);
        return Err(errors::plain_error(py, "U0604", &title, None));
    }
    let Some(params) = declared.params.iter().map(Declared::ahead).collect::<Option<Vec<Ty>>>() else {
        return Ok(());
    };
    let mut key = Vec::new();
    params.iter().for_each(|ty| words(ty, &mut key));
    // SAFETY: attached.
    if unsafe { state.entries.find(&key) }.is_some() {
        return Ok(());
    }
    let _compiling = fork::begin(py);
    let world = PyWorld::default();
    let kernel = world.kernel_of(object);
    specialise::compile(py, state, world, kernel, &params, &key, Vec::new(), Some(&declared))?;
    // SAFETY: attached.
    unsafe { dispatcher::call_numbers(dispatcher) };
    Ok(())
}

/// The fingerprint that arguments of a type have.
pub fn words(ty: &Ty, out: &mut Vec<u64>) {
    out.push(match ty {
        Ty::PyBool => Tag::PY_BOOL,
        Ty::PyInt => Tag::PY_INT,
        Ty::PyFloat => Tag::PY_FLOAT,
        Ty::PyComplex => Tag::PY_COMPLEX,
        Ty::Scalar(d) => key::scalar(*d),
        Ty::Array(a) => key::array(a.dtype, a.ndim, a.layout, a.readonly, a.swapped),
        Ty::Tuple(items) => {
            out.push(Tag::TUPLE | (items.len() as u64) << 8);
            return items.iter().for_each(|item| words(item, out));
        }
        _ => Tag::NONE,
    });
}

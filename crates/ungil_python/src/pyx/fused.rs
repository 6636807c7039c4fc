//! The choice among the specialisations of a function with fused types, by the arguments of a call.
//!
//! Python's `ungil.pyx._fused` knows the rules. What it chose for arguments of certain types is kept here, so that the next
//! call of that kind asks nobody. Contract: the rules look at nothing but classes, and of arrays at element type and axes.

use std::sync::{Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::{PyTraverseError, PyVisit};
use pyo3::types::{PyDict, PyTuple};

use crate::numpy::{self, PyArray};
use crate::profile::unseen;

/// More kinds of arguments than this are asked about each time.
const KINDS: usize = 64;

/// The base of functions with fused types; its subclass has the rules, as `_for(args, keywords)`.
#[pyclass(subclass, frozen, module = "ungil._ungil")]
pub struct FusedCall {
    /// The positions of the parameters that decide.
    deciding: OnceLock<Vec<usize>>,
    known: Mutex<Vec<(Vec<usize>, Py<PyAny>)>>,
}

#[pymethods]
impl FusedCall {
    #[new]
    #[pyo3(signature = (*_args, **_keywords))]
    fn new(_args: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> FusedCall {
        FusedCall { deciding: OnceLock::new(), known: Mutex::new(Vec::new()) }
    }

    /// Says which parameters decide.
    fn _decide_by(&self, positions: Vec<usize>) -> PyResult<()> {
        self.deciding.set(positions).map_err(|_| PyTypeError::new_err("the parameters that decide are known"))
    }

    #[pyo3(signature = (*args, **keywords))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let mut kinds = [0; 8];
        let n = this.kinds(args, &mut kinds);
        let kinds = n.map(|n| &kinds[..n]);
        let found = kinds.and_then(|kinds| {
            let known = this.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.iter().find(|(of, _)| of == kinds).map(|(_, function)| function.clone_ref(py))
        });
        let function = match found {
            Some(function) => function.into_bound(py),
            None => {
                let function = unseen(py, || {
                    let given = keywords.map_or_else(|| PyDict::new(py), Clone::clone);
                    slf.call_method1("_for", (args, given))
                })?;
                if let Some(kinds) = kinds {
                    let mut known = this.known.lock().unwrap_or_else(PoisonError::into_inner);
                    if known.len() < KINDS {
                        known.push((kinds.to_vec(), function.clone().unbind()));
                    }
                }
                function
            }
        };
        function.call(args, keywords)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.known.try_lock() {
            Ok(known) => known.iter().try_for_each(|(_, function)| visit.call(function)),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        let known = std::mem::take(&mut *self.known.lock().unwrap_or_else(PoisonError::into_inner));
        drop(known);
    }
}

impl FusedCall {
    /// What the rules look at in the arguments of a call; `None` where that is not kept.
    fn kinds(&self, args: &Bound<'_, PyTuple>, kinds: &mut [usize; 8]) -> Option<usize> {
        let deciding = self.deciding.get()?;
        for (kind, position) in kinds.iter_mut().zip(deciding) {
            *kind = kind_of(&args.get_borrowed_item(*position).ok()?)?;
        }
        (deciding.len() <= kinds.len()).then_some(deciding.len())
    }
}

/// A number for the class of an argument, and of an array for its element type and axes too.
fn kind_of(value: &Borrowed<'_, '_, PyAny>) -> Option<usize> {
    // SAFETY: attached, with a live object, whose class lives as long; only objects of exactly NumPy's class are read as arrays.
    unsafe {
        let ty = ffi::Py_TYPE(value.as_ptr());
        if ty == numpy::api(value.py()).array_type {
            let array = &*value.as_ptr().cast::<PyArray>();
            let descr = &*array.descr;
            let is_plain = (0..i32::from(u8::MAX)).contains(&descr.type_num);
            // No class lies at an odd address.
            return is_plain.then_some((descr.type_num as usize) << 16 | (array.nd as usize) << 1 | 1);
        }
        // Others may be freed, and another one come to lie where they lay.
        ((*ty).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0).then_some(ty as usize)
    }
}

//! Options of a kernel that change how it is lowered.

use std::sync::Arc;

use ungil_ir::function::{FastMath, Inline, Simd};

use crate::cython::CFunction;

/// When a division by zero raises.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ErrorModel {
    /// As the undecorated function: Python scalars raise, NumPy scalars give inf, nan or 0.
    #[default]
    Default,
    /// Every division by zero raises.
    Python,
    /// None does.
    Numpy,
}

/// Options of `@jit`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Options {
    /// Indices out of range raise IndexError.
    pub boundscheck: bool,
    /// Negative indices count from the end.
    pub wraparound: bool,
    pub fastmath: FastMath,
    pub error_model: ErrorModel,
    /// Integer overflow of Python integers raises OverflowError instead of wrapping.
    pub overflowcheck: bool,
    /// `False` turns `prange` into `range`.
    pub parallel: bool,
    /// `True`, told by the user: expressions of whole arrays run on all threads too.
    pub parallel_arrays: bool,
    pub inline: Inline,
    /// Divergent loops in vector lanes.
    pub simd: Simd,
    /// `False` removes `assert` statements, as `python -O` does.
    pub asserts: bool,
    /// Minor version of the Python 3 whose messages exceptions have.
    pub python: u8,
    /// Of a function in the Cython language.
    pub c: Option<Arc<CFunction>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            boundscheck: true,
            wraparound: true,
            fastmath: FastMath::default(),
            error_model: ErrorModel::Default,
            overflowcheck: false,
            parallel: true,
            parallel_arrays: false,
            inline: Inline::Auto,
            simd: Simd::Auto,
            asserts: true,
            python: 11,
            c: None,
        }
    }
}

//! NumPy functions in kernels.

pub mod create;
pub mod ranges;

//! NumPy functions in kernels.

pub mod complex;
pub mod create;
pub mod elementary;
pub mod picking;
pub mod ranges;
pub mod selection;

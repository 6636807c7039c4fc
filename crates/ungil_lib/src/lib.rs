//! Library functions that are no loops of their own: what kernels call through the C ABI.
//!
//! - [`matmul`]: products of matrices, by faer.
//! - [`partition`]: selection of values by their place in order.
//! - [`symbols`]: names and addresses for the JIT.
//!
//! Contract: an entry point returns a status and never unwinds. Work is shared by the team of `ungil_runtime` alone, inside
//! its budget of threads; nothing here starts a thread. How work is cut depends on shapes, so that results have the same
//! bits for any number of threads.

pub mod matmul;
pub mod matrix;
pub mod partition;
pub mod symbols;

//! Library functions that are no loops of their own: what kernels call through the C ABI.
//!
//! - [`matmul`]: products of matrices: [`few`] elements, with a [`vector`], else by faer or in panels.
//! - [`copies`]: elements several times over, or of several arrays by turns.
//! - [`blocks`]: copies of matrices and their triangles; [`indices`]: elements at indices, [`truths`]: places of true ones.
//! - [`convolve`]: sums of products of sliding sequences.
//! - [`search`]: places of keys in sorted tables; [`interp`]: interpolation between points; [`histogram`]: counts of values in even bins.
//! - [`cross`]: cross products of rows; [`covariance`]: covariances of rows, and correlations;
//!   [`unwrap`]: phases without turns.
//! - [`partition`]: selection of values by their place in order.
//! - [`extremes`]: extrema and their places; [`ordered`]: the numbers that are compared.
//! - [`reduce`]: sums, extrema and what is made of them, of [`rows`] and columns, [`fold`]ed block by block.
//! - [`number`], [`view`], [`room`]: what kernels work on; [`features`]: the processor's instructions for them.
//! - [`share`]: parts of the work for the team.
//! - [`entry`]: what goes wrong in an entry point, as an exception.
//! - [`symbols`]: names and addresses for the JIT.
//!
//! Contract: an entry point returns a status and never unwinds. Work is shared by the team of `ungil_runtime` alone, inside
//! its budget of threads; nothing here starts a thread. How work is cut depends on shapes, so that results have the same
//! bits for any number of threads.

pub mod blocks;
pub mod convolve;
pub mod copies;
pub mod covariance;
pub mod cross;
mod dtype;
pub mod entry;
pub mod extremes;
pub mod features;
pub mod few;
pub mod fold;
pub mod histogram;
pub mod indices;
pub mod interp;
pub mod matmul;
pub mod matrix;
pub mod number;
pub mod ordered;
pub mod partition;
pub mod reduce;
pub mod room;
pub mod rows;
pub mod search;
pub mod share;
pub mod symbols;
pub mod truths;
pub mod unwrap;
pub mod vector;
pub mod view;

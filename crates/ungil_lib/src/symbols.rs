//! Table of the entry points for the JIT's symbol resolution.

use crate::{convolve, matmul, partition};
use ungil_abi::symbols as name;

/// Names and addresses of the library's entry points.
pub fn symbols() -> Vec<(&'static str, usize)> {
    vec![
        (name::CONVOLVE, convolve::ungil_lib_convolve as *const () as usize),
        (name::MATMUL, matmul::ungil_lib_matmul as *const () as usize),
        (name::PARTITION, partition::ungil_lib_partition as *const () as usize),
    ]
}

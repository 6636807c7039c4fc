//! Table of the entry points for the JIT's symbol resolution.

use crate::{convolve, copies, extremes, matmul, partition};
use ungil_abi::symbols as name;

/// Names and addresses of the library's entry points.
pub fn symbols() -> Vec<(&'static str, usize)> {
    vec![
        (name::CONVOLVE, convolve::ungil_lib_convolve as *const () as usize),
        (name::EXTREMUM, extremes::ungil_lib_extremum as *const () as usize),
        (name::PLACES, extremes::ungil_lib_places as *const () as usize),
        (name::INTERLEAVE2, copies::ungil_lib_interleave2 as *const () as usize),
        (name::INTERLEAVE3, copies::ungil_lib_interleave3 as *const () as usize),
        (name::REPEAT, copies::ungil_lib_repeat as *const () as usize),
        (name::MATMUL, matmul::ungil_lib_matmul as *const () as usize),
        (name::PARTITION, partition::ungil_lib_partition as *const () as usize),
    ]
}

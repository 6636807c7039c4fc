//! Table of the entry points for the JIT's symbol resolution.

use crate::{
    blocks, convolve, copies, covariance, cross, extremes, histogram, indices, interp, matmul, partition,
    reduce, search, truths, unwrap,
};
use ungil_abi::symbols as name;

/// Names and addresses of the library's entry points.
pub fn symbols() -> Vec<(&'static str, usize)> {
    vec![
        (name::BOUNDS, indices::ungil_lib_bounds as *const () as usize),
        (name::TAKE, indices::ungil_lib_take as *const () as usize),
        (name::RANGE, indices::ungil_lib_range as *const () as usize),
        (name::TALLY, indices::ungil_lib_tally as *const () as usize),
        (name::COUNT, truths::ungil_lib_count as *const () as usize),
        (name::COPY, blocks::ungil_lib_copy as *const () as usize),
        (name::TRIANGLE, blocks::ungil_lib_triangle as *const () as usize),
        (name::INTERP, interp::ungil_lib_interp as *const () as usize),
        (name::CONVOLVE, convolve::ungil_lib_convolve as *const () as usize),
        (name::EXTREMUM, extremes::ungil_lib_extremum as *const () as usize),
        (name::PLACES, extremes::ungil_lib_places as *const () as usize),
        (name::INTERLEAVE2, copies::ungil_lib_interleave2 as *const () as usize),
        (name::INTERLEAVE3, copies::ungil_lib_interleave3 as *const () as usize),
        (name::REPEAT, copies::ungil_lib_repeat as *const () as usize),
        (name::COVARIANCE, covariance::ungil_lib_covariance as *const () as usize),
        (name::CROSS, cross::ungil_lib_cross as *const () as usize),
        (name::EDGES, histogram::ungil_lib_edges as *const () as usize),
        (name::HISTOGRAM, histogram::ungil_lib_histogram as *const () as usize),
        (name::MATMUL, matmul::ungil_lib_matmul as *const () as usize),
        (name::MEDIAN, partition::ungil_lib_median as *const () as usize),
        (name::PARTITION, partition::ungil_lib_partition as *const () as usize),
        (name::REDUCE, reduce::ungil_lib_reduce as *const () as usize),
        (name::SEARCH, search::ungil_lib_search as *const () as usize),
        (name::UNWRAP, unwrap::ungil_lib_unwrap as *const () as usize),
    ]
}

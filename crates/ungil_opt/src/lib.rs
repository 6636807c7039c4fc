//! Analyses and passes over the typed IR.
//!
//! One analysis or pass per file. A pass is a function named by its effect that returns whether it changed
//! anything; [`pipeline`] is the list in which they run.

#![forbid(unsafe_code)]

pub mod analysis;
pub mod legality;
pub mod pipeline;
pub mod transform;

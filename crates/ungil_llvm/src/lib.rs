//! Code generation: IR to LLVM to object code to running code.
//!
//! [`object::compile`] turns an IR module into an object file in memory; [`jit::Jit`] loads such objects, freshly made
//! or from a cache, and finds their symbols. The only crate that knows LLVM.

mod bases;
mod divider;
mod elf;
pub mod emit;
mod entropy;
pub mod jit;
mod libm;
mod mathlib;
pub mod object;
mod perf;
mod raw;
mod releases;
mod remarks;
mod streams;
mod strides;
pub mod target;
mod truncations;

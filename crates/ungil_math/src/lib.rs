//! Maths functions of compiled kernels.
//!
//! One source, compiled twice: natively, as an ordinary crate (for the IR interpreter and the tests), and by
//! `build.rs` as LLVM bitcode ([`BITCODE`]), which the compiler links into kernels and inlines. Both give the
//! same bits for every argument, in scalar code and in vectors of any width.
//! Contract: at most 1 ULP over the whole range, special values as C99 Annex F; every function is straight-line
//! code that a loop vectoriser can widen, except for a cold call where README.md says so.
//! Limits: round to nearest; no floating-point exception flags; fast only where the processor has FMA.
//! Source: README.md names the algorithm of each function, its error bound and its speed.

pub mod complex;
pub mod double;
mod instructions;
pub mod integer;
#[cfg(not(ungil_math_bitcode))]
pub mod lanes;
#[cfg(not(ungil_math_bitcode))]
pub mod libm;
pub mod relaxed;
pub mod single;
pub mod symbols;
#[cfg(not(ungil_math_bitcode))]
pub mod variants;

/// The functions of [`symbols`] as LLVM bitcode for the oldest processor of the target.
#[cfg(not(ungil_math_bitcode))]
pub static BITCODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ungil_math.bc"));

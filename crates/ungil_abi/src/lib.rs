//! Binary interface between generated code, the runtime and Python.
//!
//! Generated functions have the shape `i32 f(Ctx*, Ret*, args…)`: zero is success, any other value means that
//! the error slot of the context is filled. This crate holds the `#[repr(C)]` types and the symbol names that
//! both sides agree on; nothing here executes. See README.md beside this file.

pub mod array;
pub mod context;
pub mod exception;
pub mod list;
pub mod mpi;
pub mod parallel;
pub mod symbols;

/// Version of this interface. It is part of every cache key, so changing a layout means raising it.
pub const ABI_VERSION: u32 = 1;

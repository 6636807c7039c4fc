//! Semantic analysis: from the syntax tree to typed IR.
//!
//! [`lower::lower_kernel`] takes a kernel's source and the types of its arguments and returns an IR module, or
//! diagnostics. What Python knows (globals, closure cells, modules, other kernels) it asks through
//! [`world::World`]. Inference is repeated lowering: one traversal types and builds, and repeats until the types
//! of variables and results stop changing.
//!
//! Contract: never fails or panics on a tree that parsed without errors; whatever it cannot compile is refused by
//! a diagnostic with a code and a place.

#![forbid(unsafe_code)]

mod c_arithmetic;
pub mod c_text;
pub mod ctype;
pub mod cython;
pub mod diagnostics;
pub mod evaluate;
pub mod lower;
pub mod mpi;
pub mod object;
pub mod operand;
pub mod options;
pub mod prelude;
pub mod promote;
pub mod prototype;
pub mod reference;
pub mod registry;
pub mod resolve;
pub mod test_world;
pub mod ty;
pub mod world;

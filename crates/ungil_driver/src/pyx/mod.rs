//! Modules in the Cython language: what they declare, and their text without the declarations.
//!
//! [`read`] parses a module and returns a [`Plan`]: the module as plain Python, with every line where it was, and for
//! each function what its parameters, variables and result are declared as. The plain text runs as Python, and its
//! functions are compiled from it with those declarations; types of other modules are looked up through [`Types`].
//!
//! Contract: never fails; what is not supported yet is an error with a place, and all errors of a module come at once.

mod annotation;
mod directives;
mod error;
mod functions;
mod gil;
mod names;
mod ndarray;
mod overflowing;
mod parallel;
mod plain;
mod plan;
mod reachable;
mod redeclared;
mod scope;
mod signature;
mod types;
mod values;
mod without_gil;

pub use directives::Directive;
pub use plan::{Cimport, Constant, External, ExternalStruct, Function, Parameter, Plan, read, reading};
pub use types::Types;

//! MPI for kernels: calls of the MPI library that mpi4py has loaded.
//!
//! - [`symbols`]: the entry points that compiled code calls, one for each function of MPI.
//! - [`library`]: addresses, constants and layouts, taken from the process and from mpi4py at run time.
//! - [`request`]: numbers for requests, and the memory that lives until they complete.
//! - [`fault`]: exceptions of our own, by number.
//!
//! Contract: an entry point takes a block of words (`ungil_abi::mpi`), returns a status and never unwinds. What mpi4py accepts
//! means what it means there; arrays with strides travel as derived datatypes or through a copy. No lock is held while MPI
//! is called, but for the making of a datatype.

mod block;
mod collective;
mod communicator;
mod datatype;
pub mod fault;
mod function;
mod invoke;
pub mod library;
mod message;
mod point;
mod reduction;
pub mod request;
mod status;
pub mod symbols;
mod typed;
mod vectors;

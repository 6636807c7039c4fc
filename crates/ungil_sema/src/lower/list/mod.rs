//! Lists: growable sequences of elements of one type.
//!
//! A list is a reference to a box (`ungil_abi::list`), so that all its names see its changes. Elements of one scalar are
//! read and written as elements of an array that is viewed anew at each use; other elements (tuples, arrays, lists) lie
//! packed. The element type of a list is what is put into it anywhere: it belongs to the expression that made the list
//! and is found in rounds, as the types of variables are.
//! Limits: elements have one type; lists are changed by the thread that runs the code around, never by a `prange` they
//! come into from outside.

pub mod arrays;
pub mod collect;
pub mod delete;
pub mod element;
pub mod make;
pub mod method;
pub mod operators;
pub mod repeat;
pub mod sort;

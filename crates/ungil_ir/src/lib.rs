//! Typed, structured intermediate representation of kernels.
//!
//! A [`function::Function`] is a tree of regions; a region is a list of instructions, some of which hold regions
//! (`for`, `while`, `if`, `scope`, `domain`, the parallel nodes). There is no control-flow graph: loop nests,
//! domains and accesses stay visible for fusion, check hoisting, outlining and lanes. Entities are `u32` indexes
//! into tables of their function, and their `Display` is their text form.

#![forbid(unsafe_code)]

pub mod builder;
pub mod clone;
pub mod copies;
pub mod entities;
pub mod function;
pub mod inst;
pub mod library;
pub mod math;
pub mod memory;
pub mod names;
pub mod packing;
pub mod read;
pub mod remark;
pub mod types;
pub mod typing;
pub mod verify;
pub mod walk;
pub mod write;

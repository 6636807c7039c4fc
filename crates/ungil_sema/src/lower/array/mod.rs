//! Arrays: indexing, views, assignment, attributes and methods.
//!
//! Everything is made of three kinds of IR: element loads and stores with checked indices, views (a new shape and
//! strides over the same memory), and domains (a loop nest over elements in any order).

pub mod assign;
pub mod attribute;
pub mod deferred;
pub mod element;
pub mod fancy;
pub mod gather;
pub mod in_place;
pub mod lazy;
pub mod mask;
pub mod method;
pub mod ordered;
pub mod overlap;
pub mod reduce;
pub mod reinterpret;
pub mod reshape;
pub mod rows;
pub mod scatter;
pub mod slice;
pub mod subscript;
pub mod sweep;

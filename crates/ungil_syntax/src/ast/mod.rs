//! The syntax tree.
//!
//! A plain tree of boxes and vectors that mirrors Python's own `ast` module under Rust names, with
//! a [`ungil_diag::span::Span`] on every node. Where it differs from CPython's:
//!
//! - `elif` clauses are a flat list of branches, not nested `if` statements;
//! - parameters keep annotation and default beside the name;
//! - constants are one [`literal::Literal`] type, shared by expressions and patterns;
//! - nodes carry no load/store context: the place in the tree tells it;
//! - parentheses leave no node, and do not widen the span of what they enclose (except a tuple's
//!   and a generator's, as in CPython).
//!
//! Limits: the tree of a parse without errors is at most [`MAX_HEIGHT`] expressions high and
//! [`MAX_INDENT`] blocks deep, so that a recursive visitor needs bounded stack.

pub mod cython;
pub mod expr;
pub mod literal;
pub mod module;
pub mod name;
pub mod operator;
pub mod parameter;
pub mod pattern;
pub mod stmt;

/// The greatest height of an expression tree that parses without an error.
pub const MAX_HEIGHT: u32 = 2400;

/// The greatest number of nested blocks that parses without an error, as in CPython.
pub const MAX_INDENT: u32 = 100;

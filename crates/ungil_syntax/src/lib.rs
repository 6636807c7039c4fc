//! Python's syntax: lexer, parser, tree and the checks that need no types.
//!
//! One hand-written parser reads all of Python 3.14 ([`parser::parse_module`]) and the Cython language
//! ([`parser::parse_cython`]) and builds the tree of [`ast`]; [`check::check_module`] applies the rules that the grammar cannot express, and
//! [`dump::dump`] prints the tree.
//!
//! Contract: parsing never fails and never panics; it returns a tree and diagnostics. A tree whose
//! diagnostics have errors contains `Invalid` nodes and is fit for editors, not for lowering.

#![forbid(unsafe_code)]

pub mod ast;
pub mod check;
pub mod directive;
pub mod dump;
pub mod error;
pub mod lexer;
pub mod literal;
pub mod parser;
pub mod visit;

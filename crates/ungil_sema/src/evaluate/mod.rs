//! Array formulas in numexpr's notation: `2*a + where(b > 0, sin(b), 0)`.
//!
//! A [`formula::Formula`] is a string that our own parser has read and whose names are known. For kinds of its variables
//! it becomes a [`tree::Node`] by numexpr's rules ([`build`]), whose operations are resolved to operand kinds by
//! [`opcode`], and [`lower`] makes it a kernel: one loop over elements, in IR.
//!
//! Contract: nothing in a string is ever run by Python; a string that is no formula is refused by a diagnostic with a
//! place, whatever it says. Result types are numexpr's.
//! Source: numexpr 2.14, `necompiler.py` and `expressions.py`.

pub mod build;
pub mod complex;
pub mod constant;
pub mod error;
pub mod formula;
pub mod functions;
pub mod kind;
pub mod lower;
pub mod opcode;
pub mod operators;
pub mod power;
pub mod program;
pub mod stages;
pub mod tree;

//! Values of literals.

pub mod number;
pub mod string;

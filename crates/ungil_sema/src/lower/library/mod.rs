//! Functions of Python's builtins and of `math`.

pub mod conversions;
pub mod integers;
pub mod iterables;
pub mod math;
pub mod modular;
pub mod quantifiers;
pub mod rounding;
pub mod strings;

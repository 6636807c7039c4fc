//! Functions of Python's builtins, of `math` and of `cmath`.

pub mod cmath;
pub mod conversions;
pub mod integers;
pub mod iterables;
pub mod math;
pub mod modular;
pub mod quantifiers;
pub mod rounding;
pub mod strings;

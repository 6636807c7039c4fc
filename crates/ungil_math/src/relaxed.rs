//! Functions for `fastmath`: errors up to 4 ULP, fewer operations.
//!
//! The schemes of the strict functions without the second parts of sums, quotients and tables; sin and cos by one polynomial of the
//! argument modulo π, erf by a table of polynomials.
//! Contract: ≤ 4 ULP for normal results; zeros, infinities and NaN as the strict functions have them; the same bits in every form of code.
//! Limits: a function that is not here has no cheaper form that would pay: its strict form is used. Results below the normal numbers
//! may be off by more than 4 of their units.
//! Source: the strict functions; coefficients by `tools/relaxed.py`.

pub(crate) mod coefficients;
pub mod double;
pub mod single;

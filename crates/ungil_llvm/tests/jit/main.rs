//! Compiled IR against expectations.

mod host;
mod scalars;

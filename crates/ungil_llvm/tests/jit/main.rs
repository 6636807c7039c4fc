//! Compiled IR against the interpreter and against expectations.

mod arrays;
mod control;
mod host;
mod oracle;
mod parallel;
mod scalars;
mod vectors;

//! Compiled IR against the interpreter and against expectations.

mod arrays;
mod bases;
mod control;
mod divider;
mod host;
mod objects;
mod oracle;
mod parallel;
mod random;
mod scalars;
mod streams;
mod strides;
mod vectors;

//! Test machinery of the workspace: file tests, random programs, and the rules that the repository keeps about itself.
//!
//! [`runner`] runs the files of `tests/filetests`, whose first line names a command of [`commands`]; [`generate`]
//! makes random IR functions for comparing interpreter, passes and machine code; [`tidy`] reads the source tree
//! and reports where it breaks a rule of CONTRIBUTING.md. All are libraries, so that each rule is tested on small
//! inputs; the files in `tests/` apply them.
//!
//! Limits: tidy reads text and manifests with small scanners of its own, not with rustc or Cargo.

#![forbid(unsafe_code)]

#[cfg(feature = "commands")]
pub mod case;
#[cfg(feature = "commands")]
pub mod commands;
#[cfg(feature = "commands")]
pub mod engine;
#[cfg(feature = "commands")]
pub mod file;
#[cfg(feature = "commands")]
pub mod generate;
#[cfg(feature = "commands")]
pub mod literal;
#[cfg(feature = "commands")]
pub mod python;
#[cfg(feature = "commands")]
pub mod runner;
pub mod tidy;

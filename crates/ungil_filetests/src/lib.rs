//! Test machinery of the workspace: the rules that the repository keeps about itself.
//!
//! [`tidy`] reads the source tree and reports where it breaks a rule of CONTRIBUTING.md. It is a library, so that each
//! rule is tested on small inputs; `tests/tidy.rs` applies all of them to the repository.
//!
//! Limits: text and manifests are read with small scanners of their own, not with rustc or Cargo.

#![forbid(unsafe_code)]

pub mod tidy;

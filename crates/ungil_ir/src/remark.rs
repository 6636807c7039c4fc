//! Structured remarks: what a pass did or could not do, and why.

use crate::inst::Loc;

/// Whether an optimisation was applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemarkKind {
    Applied,
    Missed,
    Note,
}

/// One remark about a place in a function.
#[derive(Clone, PartialEq, Debug)]
pub struct Remark {
    /// Name of the pass.
    pub pass: &'static str,
    pub kind: RemarkKind,
    /// Name of the function.
    pub function: String,
    pub loc: Loc,
    pub text: String,
}

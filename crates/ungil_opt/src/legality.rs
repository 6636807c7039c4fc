//! Why a parallel loop is refused.
//!
//! Data only; the driver turns it into diagnostics with spans (codes U0310 to U0319).

use ungil_ir::inst::{Loc, ReduceOp};

/// A parallel loop that would race, and where.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// Name of the function.
    pub function: String,
    /// The loop.
    pub node: Loc,
    pub reason: Reason,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Reason {
    /// An iteration reads what an earlier one wrote.
    CarriedVariable { var: String, read: Loc, write: Loc },
    /// Updated with two operators.
    MixedOperators { var: String, first: (ReduceOp, Loc), second: (ReduceOp, Loc) },
    /// A reduction variable is read for something else.
    ReductionRead { var: String, update: Loc, read: Loc },
    /// Read after the loop, but not every iteration assigns it.
    ConditionalLast { var: String, write: Loc },
    /// Read after the loop and an array.
    ArrayLast { var: String, write: Loc },
    /// An element written by one iteration is read or written by another, `distance` iterations away.
    CarriedElement { write: Loc, other: Loc, other_writes: bool, distance: i64 },
    /// All iterations write the same element.
    SameElement { write: Loc },
}

impl Reason {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::CarriedVariable { .. } => "U0310",
            Reason::MixedOperators { .. } => "U0311",
            Reason::ReductionRead { .. } => "U0312",
            Reason::ConditionalLast { .. } => "U0313",
            Reason::ArrayLast { .. } => "U0314",
            Reason::CarriedElement { .. } => "U0315",
            Reason::SameElement { .. } => "U0316",
        }
    }
}

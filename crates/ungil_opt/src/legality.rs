//! Why a parallel loop, or a loop in vector lanes, is refused.
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
    /// A loop that the user wants in vector lanes cannot run there.
    NoLanes { at: Loc, why: String },
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
            Reason::NoLanes { .. } => "U0317",
        }
    }
}

/// The words of a refusal; the driver puts spans to the places.
#[derive(Clone, PartialEq, Debug)]
pub struct Words {
    pub title: String,
    /// Places with their labels, the primary one first.
    pub labels: Vec<(Loc, String)>,
    pub note: Option<String>,
    pub help: String,
}

/// The operator as users write it.
pub fn operator_text(op: ReduceOp) -> &'static str {
    match op {
        ReduceOp::Add => "+=",
        ReduceOp::Mul => "*=",
        ReduceOp::BitAnd => "&=",
        ReduceOp::BitOr => "|=",
        ReduceOp::BitXor => "^=",
        ReduceOp::Min => "min",
        ReduceOp::Max => "max",
        ReduceOp::And => "and",
        ReduceOp::Or => "or",
    }
}

impl Reason {
    /// What is shown to the user.
    #[expect(clippy::too_many_lines, reason = "one arm of text for each reason")]
    pub fn words(&self) -> Words {
        match self {
            Reason::CarriedVariable { var, read, write } => Words {
                title: format!(
                    "`{var}` carries a value from one iteration of this parallel loop to the next"
                ),
                labels: vec![
                    (*read, format!("`{var}` is read here before this iteration has assigned it")),
                    (*write, "the earlier iteration assigns it here".to_owned()),
                ],
                note: Some("iterations of `prange` run at the same time, in any order".to_owned()),
                help: format!(
                    "assign `{var}` at the start of the iteration, make it a reduction such as `{var} += …`, or use `range`"
                ),
            },
            Reason::MixedOperators { var, first, second } => Words {
                title: format!("`{var}` is updated with two different operators in this parallel loop"),
                labels: vec![
                    (
                        second.1,
                        format!(
                            "expected `{}` here too, found `{}`",
                            operator_text(first.0),
                            operator_text(second.0)
                        ),
                    ),
                    (first.1, format!("updated with `{}` here", operator_text(first.0))),
                ],
                note: Some("a reduction combines the parts of all threads with one operator".to_owned()),
                help: "use one variable for each operator, or `range`".to_owned(),
            },
            Reason::ReductionRead { var, update, read } => Words {
                title: format!("the running value of `{var}` is used in this parallel loop"),
                labels: vec![
                    (*read, format!("expected `{var}` in its own update only, found it read here")),
                    (*update, "updated here".to_owned()),
                ],
                note: Some(
                    "each thread has a part of the reduction; the running value does not exist".to_owned(),
                ),
                help: format!("read `{var}` after the loop, or use `range`"),
            },
            Reason::ConditionalLast { var, write } => Words {
                title: format!(
                    "`{var}` is used after this parallel loop, but not every iteration assigns it"
                ),
                labels: vec![(*write, "assigned under a condition here".to_owned())],
                note: Some("which iteration assigns last would depend on the threads".to_owned()),
                help: format!(
                    "assign `{var}` in every iteration, use a reduction (`min`, `max`), or use `range`"
                ),
            },
            Reason::ArrayLast { var, write } => Words {
                title: format!("array `{var}` is assigned in this parallel loop and used after it"),
                labels: vec![(*write, "expected a number, found an array".to_owned())],
                note: None,
                help: format!("write into an array that is made before the loop: `{var}[:] = …`"),
            },
            Reason::CarriedElement { write, other, other_writes, distance } => {
                let what = if *other_writes { "writes" } else { "reads" };
                let apart = if *distance == 1 {
                    "the next iteration".to_owned()
                } else {
                    format!("the iteration {distance} away")
                };
                Words {
                    title: format!(
                        "iterations of this parallel loop touch the same elements: {apart} {what} what one writes"
                    ),
                    labels: vec![
                        (*write, "written here".to_owned()),
                        (*other, format!("{apart} {what} the same element here")),
                    ],
                    note: Some("iterations of `prange` run at the same time, in any order".to_owned()),
                    help: "write to another array than the one that is read, or use `range`".to_owned(),
                }
            }
            Reason::SameElement { write } => Words {
                title: "all iterations of this parallel loop write the same element".to_owned(),
                labels: vec![(*write, "expected an index that depends on the loop's counter".to_owned())],
                note: Some("which iteration writes last would depend on the threads".to_owned()),
                help: "update it instead (`x[0] += …`), write after the loop, or use `range`".to_owned(),
            },
            Reason::NoLanes { at, why } => Words {
                title: "this loop cannot run in vector lanes".to_owned(),
                labels: vec![(*at, why.clone())],
                note: Some("`simd(range(…))` asks for iterations side by side in vectors".to_owned()),
                help: "make the iterations independent, or leave the loop to the compiler: `range(…)`"
                    .to_owned(),
            },
        }
    }
}

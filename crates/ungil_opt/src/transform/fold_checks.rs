//! Checks that cannot fire.
//!
//! Drops a check whose condition holds whatever the input: `x != 0` where `x` is positive or a non-zero constant,
//! `not x < 0` and the like where `x` is not negative, `m == n` where both are computed in the same way. Facts come from
//! [`crate::analysis::sign`] and [`crate::analysis::sameness`].

use crate::analysis::definitions::Definitions;
use crate::analysis::sameness::same;
use crate::analysis::sign::{Sign, sign};
use ungil_ir::entities::Value;
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, Const, InstKind, UnaryOp};
use ungil_ir::types::Type;

/// Drops the checks of all functions that are known to hold.
pub fn fold_checks(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let defs = Definitions::compute(func);
        let holds: Vec<bool> = func
            .insts
            .iter()
            .map(|i| matches!(&i.kind, InstKind::Check(cond, _) if is_true(func, &defs, *cond, 8)))
            .collect();
        for list in &mut func.regions {
            let before = list.len();
            list.retain(|i| !holds[i.index()]);
            changed |= list.len() != before;
        }
    }
    changed
}

/// Whether a condition is always true.
pub fn is_true(func: &Function, defs: &Definitions, cond: Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    match defs.kind(func, cond) {
        Some(InstKind::Const(Const::Bool(b))) => *b,
        Some(InstKind::Unary(UnaryOp::Not, a)) => is_false(func, defs, *a, depth - 1),
        Some(InstKind::Binary(BinaryOp::Or, a, b)) => {
            is_true(func, defs, *a, depth - 1) || is_true(func, defs, *b, depth - 1)
        }
        Some(InstKind::Binary(BinaryOp::And, a, b)) => {
            is_true(func, defs, *a, depth - 1) && is_true(func, defs, *b, depth - 1)
        }
        Some(InstKind::Compare(CompareOp::Eq, a, b)) => *func.ty(*a) == Type::I64 && same(func, defs, *a, *b),
        Some(InstKind::Compare(CompareOp::Ne, a, b)) => is_zero(func, defs, *b) && is_nonzero(func, defs, *a),
        _ => false,
    }
}

/// Whether a condition is always false. Ordered comparisons are false on NaN.
fn is_false(func: &Function, defs: &Definitions, cond: Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    let at_least = |v: Value, least: Sign| sign(func, defs, v) >= least;
    match defs.kind(func, cond) {
        Some(InstKind::Const(Const::Bool(b))) => !*b,
        Some(InstKind::Unary(UnaryOp::Not, a)) => is_true(func, defs, *a, depth - 1),
        Some(InstKind::Binary(BinaryOp::Or, a, b)) => {
            is_false(func, defs, *a, depth - 1) && is_false(func, defs, *b, depth - 1)
        }
        Some(InstKind::Binary(BinaryOp::And, a, b)) => {
            is_false(func, defs, *a, depth - 1) || is_false(func, defs, *b, depth - 1)
        }
        Some(InstKind::Compare(op, a, b)) => match op {
            CompareOp::Eq => is_zero(func, defs, *b) && is_nonzero(func, defs, *a),
            CompareOp::Lt => is_zero(func, defs, *b) && at_least(*a, Sign::NonNegative),
            CompareOp::Le => is_zero(func, defs, *b) && at_least(*a, Sign::Positive),
            CompareOp::Gt => is_zero(func, defs, *a) && at_least(*b, Sign::NonNegative),
            CompareOp::Ge => is_zero(func, defs, *a) && at_least(*b, Sign::Positive),
            CompareOp::Ne => false,
        },
        _ => false,
    }
}

fn is_zero(func: &Function, defs: &Definitions, v: Value) -> bool {
    match defs.kind(func, v) {
        Some(InstKind::Const(Const::Int(_, c))) => *c == 0,
        Some(InstKind::Const(Const::Float(_, c))) => *c == 0.0,
        _ => false,
    }
}

fn is_nonzero(func: &Function, defs: &Definitions, v: Value) -> bool {
    match defs.kind(func, v) {
        Some(InstKind::Const(Const::Int(_, c))) => *c != 0,
        Some(InstKind::Const(Const::Float(_, c))) => *c != 0.0,
        Some(InstKind::Const(Const::Complex(_, re, im))) => *re != 0.0 || *im != 0.0,
        _ => sign(func, defs, v) == Sign::Positive,
    }
}

//! Sums in order, which lanes make fast though nothing diverges.
//!
//! A floating-point sum may not be reassociated, so each addition waits for the one before. Iterations of a loop around
//! it are independent of each other: several sums side by side in a vector have the same bits as one after the other.
//! This pays where neighbouring iterations read neighbouring elements (the columns of a matrix product); gathers would
//! eat up the gain.

use super::uniformity::Uniformity;
use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use ungil_ir::entities::{Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::types::{Layout, Type};
use ungil_ir::walk;

/// Steps from the value that a variable gets back to its reading.
const MAX_CHAIN: u32 = 4;

/// Whether an inner loop of an analysed body carries a floating-point value from iteration to iteration.
pub fn sums_in_order(func: &Function, body: Region, iv: Value, facts: &Uniformity) -> bool {
    let defs = Definitions::compute(func);
    let gathers = |r: Region| {
        walk::any_inst(func, r, &|kind| match kind {
            InstKind::Load { array, index, .. } if index.iter().any(|v| facts.varies(*v)) => {
                !is_consecutive(func, &defs, facts, iv, *array, index)
            }
            _ => false,
        })
    };
    let carries = |r: Region| {
        walk::any_inst(func, r, &|kind| match kind {
            InstKind::Set(x, v) if facts.vars.contains(x) && is_float(func, *x) => {
                comes_from(func, &defs, *v, *x, MAX_CHAIN)
            }
            _ => false,
        })
    };
    walk::any_inst(func, body, &|kind| match kind {
        InstKind::For(node) => carries(node.body) && !gathers(node.body),
        _ => false,
    })
}

/// Whether lanes read consecutive elements of a row.
fn is_consecutive(
    func: &Function,
    defs: &Definitions,
    facts: &Uniformity,
    iv: Value,
    array: Value,
    index: &[Value],
) -> bool {
    let Some((last, rest)) = index.split_last() else { return true };
    let step = Affine::of(func, defs, *last).and_then(|e| e.terms.get(&iv).copied());
    let rows = matches!(func.ty(array), Type::Array(ty) if ty.layout == Layout::C);
    rows && step == Some(1) && rest.iter().all(|v| !facts.varies(*v))
}

fn is_float(func: &Function, x: Var) -> bool {
    func.var_ty(x).dtype().is_some_and(|d| d.is_float())
}

/// Whether arithmetic leads from the variable's old value to `v`.
fn comes_from(func: &Function, defs: &Definitions, v: Value, x: Var, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match defs.kind(func, v) {
        Some(InstKind::Get(y)) => *y == x,
        Some(InstKind::Binary(_, a, b)) => {
            comes_from(func, defs, *a, x, depth) || comes_from(func, defs, *b, x, depth)
        }
        _ => false,
    }
}

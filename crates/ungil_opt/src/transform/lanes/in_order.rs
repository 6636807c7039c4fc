//! Sums in order, which lanes make fast though nothing diverges.
//!
//! A floating-point sum may not be reassociated, so each addition waits for the one before. Iterations of a loop around
//! it are independent of each other: several sums side by side in a vector have the same bits as one after the other.
//! This pays where neighbouring iterations read neighbouring elements (the columns of a matrix product), or each walks
//! along a row of its own (a matrix by a vector); gathers would eat up the gain. Where sums may be reassociated, each
//! is a vector of its own.

use super::rows::{RowLoads, row_loads};
use super::uniformity::Uniformity;
use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use crate::analysis::exposed::exposed;
use ungil_ir::entities::{Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{For, InstKind};
use ungil_ir::types::{Layout, Type};
use ungil_ir::walk;

/// Whether an inner loop of an analysed body carries a floating-point value from iteration to iteration.
pub fn sums_in_order(func: &Function, body: Region, iv: Value, facts: &Uniformity) -> bool {
    let defs = Definitions::compute(func);
    let gathers = |node: &For| {
        let reassoc = func.attributes.fastmath.reassoc;
        let rows = if reassoc { RowLoads::new() } else { row_loads(func, &defs, facts, node) };
        walk::insts_of(func, node.body).into_iter().any(|i| match &func.inst(i).kind {
            InstKind::Load { array, index, .. } if index.iter().any(|v| facts.varies(*v)) => {
                let in_row = func.inst(i).result.is_some_and(|v| rows.contains_key(&v));
                !in_row && !is_consecutive(func, &defs, facts, iv, *array, index)
            }
            _ => false,
        })
    };
    let carries = |node: &For| {
        let reads = exposed(func, node.label, node.body).reads;
        let mut assigned = walk::assigned_vars(func, node.body).into_iter();
        assigned.any(|x| reads.contains_key(&x) && facts.vars.contains(&x) && is_float(func, x))
    };
    walk::any_inst(func, body, &|kind| match kind {
        InstKind::For(node) => carries(node) && !gathers(node),
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

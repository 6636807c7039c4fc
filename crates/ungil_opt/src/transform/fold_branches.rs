//! Branches whose condition visibly holds.
//!
//! Puts what a branch does in its place where its condition is true whatever the input. Loops over arrays have a version for
//! operands that broadcasting repeats, behind a test of extents; slices of one array often have visibly the same extents,
//! so that the version is never run. Its code would be compiled all the same.

use crate::analysis::definitions::Definitions;
use crate::transform::fold_checks::is_true;
use ungil_ir::entities::Region;
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::InstKind;
use ungil_ir::walk::{is_exit, nested_regions};

/// Operations that a condition is followed through.
const DEPTH: u32 = 8;

/// Opens the branches of all functions whose conditions are known to hold.
pub fn fold_branches(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let (defs, body) = (Definitions::compute(func), func.body);
        changed |= open(func, &defs, body);
    }
    changed
}

/// Opens the branches of a region and of those inside. Regions that passes before left behind are not visited: they share
/// instructions with those in use.
fn open(func: &mut Function, defs: &Definitions, r: Region) -> bool {
    let (mut changed, mut at) = (false, 0);
    while let Some(&inst) = func.region(r).get(at) {
        if let InstKind::If { cond, then, .. } = func.inst(inst).kind
            && !func.region(then).last().is_some_and(|last| is_exit(&func.inst(*last).kind))
            && is_true(func, defs, cond, DEPTH)
        {
            let inner = std::mem::take(&mut func.regions[then.index()]);
            func.regions[r.index()].splice(at..=at, inner);
            changed = true;
            continue;
        }
        for inner in nested_regions(&func.inst(inst).kind) {
            changed |= open(func, defs, inner);
        }
        at += 1;
    }
    changed
}

//! Branches whose condition visibly holds.
//!
//! Puts what a branch does in its place where its condition is true whatever the input. Loops over arrays have a version for
//! operands that broadcasting repeats, behind a test of extents; slices of one array often have visibly the same extents,
//! so that the version is never run. Its code would be compiled all the same.

use crate::analysis::definitions::Definitions;
use crate::transform::fold_checks::is_true;
use ungil_ir::entities::{Inst, Region};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::InstKind;

/// Operations that a condition is followed through.
const DEPTH: u32 = 8;

/// Opens the branches of all functions whose conditions are known to hold.
pub fn fold_branches(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let defs = Definitions::compute(func);
        for r in 0..func.regions.len() {
            while let Some((at, then)) = first_open(func, &defs, Region(r as u32)) {
                let inner = std::mem::take(&mut func.regions[then.index()]);
                func.regions[r].splice(at..=at, inner);
                changed = true;
            }
        }
    }
    changed
}

/// The first branch of a region that is always taken, and what it does.
fn first_open(func: &Function, defs: &Definitions, r: Region) -> Option<(usize, Region)> {
    func.region(r).iter().enumerate().find_map(|(at, inst)| match &func.inst(*inst).kind {
        InstKind::If { cond, then, .. } if !leaves(func, *then) && is_true(func, defs, *cond, DEPTH) => {
            Some((at, *then))
        }
        _ => None,
    })
}

/// Whether nothing may stand behind a region's instructions.
fn leaves(func: &Function, r: Region) -> bool {
    let ends = |inst: &Inst| {
        matches!(
            func.inst(*inst).kind,
            InstKind::Break(_)
                | InstKind::Continue(_)
                | InstKind::Return(_)
                | InstKind::Raise(_)
                | InstKind::Reraise
        )
    };
    func.region(r).last().is_some_and(ends)
}

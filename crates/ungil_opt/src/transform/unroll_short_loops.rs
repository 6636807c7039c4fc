//! Short loops of a nest, written out.
//!
//! A loop over a handful of coordinates (`for k in range(3)`) inside another is replaced by its iterations one after the
//! other. Then indices are constants, which other passes know what to do with (`fix_short_rows`), and the loop around is
//! the innermost one, which can be vectorised.
//!
//! ```text
//! for j in 0..n { for k in 0..2 { s = s + p[j, k] } }   →   for j in 0..n { s = s + p[j, 0]; s = s + p[j, 1] }
//! ```
//! Runs when it is known which loops are legal, in front of the passes that look at indices.

use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{For, InstKind, Loc};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::walk;

const PASS: &str = "unroll_short_loops";
/// Most iterations that are written out.
const MAX_TRIPS: i64 = 8;
/// Most instructions that a loop becomes.
const MAX_SIZE: i64 = 96;

/// Writes out the short inner loops of all functions.
pub fn unroll_short_loops(module: &mut Module, context: &mut Context) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let defs = Definitions::compute(func);
        for (loc, trips) in inner_loops(func, &defs, func.body, false) {
            let text = format!("written out: {trips} iterations");
            let function = func.name.clone();
            context.remarks.push(Remark { pass: PASS, kind: RemarkKind::Applied, function, loc, text });
            changed = true;
        }
    }
    changed
}

/// Writes out the loops of a region, the innermost first; returns the places and iterations of those that are gone.
pub fn inner_loops(func: &mut Function, defs: &Definitions, r: Region, in_loop: bool) -> Vec<(Loc, i64)> {
    let mut done = Vec::new();
    for inst in func.region(r).to_vec() {
        let kind = &func.inst(inst).kind;
        let is_loop = matches!(kind, InstKind::For(_) | InstKind::ParallelFor(_) | InstKind::While { .. });
        for inner in walk::nested_regions(kind).collect::<Vec<_>>() {
            done.extend(inner_loops(func, defs, inner, in_loop || is_loop));
        }
        if let InstKind::For(node) = func.inst(inst).kind.clone()
            && in_loop
            && let Some(counts) = counts(func, defs, &node)
        {
            write_out(func, r, inst, &node, &counts);
            done.push((func.inst(inst).loc, counts.len() as i64));
        }
    }
    done
}

/// The values that the counter of a short loop takes.
fn counts(func: &Function, defs: &Definitions, node: &For) -> Option<Vec<i64>> {
    let constant = |v| defs.constant(func, v);
    let (start, stop, step) = (constant(node.start)?, constant(node.stop)?, constant(node.step)?);
    let hints = node.hints;
    if step == 0 || hints.scalar || hints.lanes || hints.strips || !runs_through(func, node) {
        return None;
    }
    let span = i128::from(stop) - i128::from(start);
    let trips =
        i64::try_from((span + i128::from(step) - i128::from(step.signum())) / i128::from(step)).ok()?;
    let size = walk::insts_of(func, node.body).len() as i64;
    let short = (1..=MAX_TRIPS).contains(&trips) && trips * size <= MAX_SIZE;
    short.then(|| (0..trips).map(|i| start + i * step).collect())
}

/// Whether each iteration comes to its end, so that the next one can follow it.
fn runs_through(func: &Function, node: &For) -> bool {
    let leaves =
        |kind: &InstKind| matches!(kind, InstKind::Break(l) | InstKind::Continue(l) if *l == node.label);
    let last = func.region(node.body).last();
    !walk::any_inst(func, node.body, &leaves) && !last.is_some_and(|i| walk::is_exit(&func.inst(*i).kind))
}

fn write_out(func: &mut Function, parent: Region, inst: Inst, node: &For, counts: &[i64]) {
    let loc = func.inst(inst).loc;
    let mut list = Vec::new();
    for &count in counts {
        let scratch = func.new_region();
        let counter = Builder { func, region: scratch, loc }.i64(count);
        let mut map = CloneMap::default();
        map.values.insert(node.iv, counter);
        let copy = clone_region(func, node.body, &mut map);
        list.append(&mut func.regions[scratch.index()]);
        list.append(&mut func.regions[copy.index()]);
    }
    let region = &mut func.regions[parent.index()];
    let position = region.iter().position(|i| *i == inst).expect("the loop is in its region");
    region.splice(position..=position, list);
}

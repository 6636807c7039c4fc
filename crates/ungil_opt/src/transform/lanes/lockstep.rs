//! Counters that all lanes of a divergent loop advance together.
//!
//! `n += 1` in a loop that lanes leave at different times makes `n` differ behind the loop, but in it all active lanes
//! have the same `n`. Such a variable is split: in the loop a scalar counts, and a lane's own variable takes its value
//! over while the lane is active. What follows from the counter (`n < limit`) then is scalar too.

use super::candidate::Labels;
use super::uniformity::Uniformity;
use crate::analysis::definitions::Definitions;
use std::collections::BTreeSet;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Label, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::types::Type;
use ungil_ir::walk;

/// Splits the counters of the divergent loops of a body; returns whether there are any.
pub fn split_counters(func: &mut Function, body: Region, facts: &Uniformity) -> bool {
    let mut changed = false;
    region(func, body, facts, &mut changed);
    changed
}

fn region(func: &mut Function, r: Region, facts: &Uniformity, changed: &mut bool) {
    for inst in func.region(r).to_vec() {
        let kind = func.inst(inst).kind.clone();
        let label = match &kind {
            InstKind::While { label, .. } => Some(*label),
            InstKind::For(node) => Some(node.label),
            _ => None,
        };
        if let Some(label) = label.filter(|l| facts.loops.contains(l) && !facts.continues.contains(l)) {
            for x in counters(func, facts, inst) {
                if let Some(start) = start_value(func, facts, r, inst, x) {
                    split(func, r, inst, label, (x, start));
                    *changed = true;
                }
            }
        }
        for inner in walk::nested_regions(&kind).collect::<Vec<_>>() {
            region(func, inner, facts, changed);
        }
    }
}

/// The variables that differ between lanes only because these leave the loop at different times.
fn counters(func: &Function, facts: &Uniformity, inst: Inst) -> Vec<Var> {
    let defs = Definitions::compute(func);
    let regions: Vec<Region> = walk::nested_regions(&func.inst(inst).kind).collect();
    let assigned: BTreeSet<Var> = regions.iter().flat_map(|r| walk::assigned_vars(func, *r)).collect();
    let wanted = |x: &Var| {
        let number = matches!(func.var_ty(*x), Type::Scalar(d) if d.is_int() || d.is_float());
        number && facts.vars.contains(x) && regions.iter().all(|r| steps(func, &defs, facts, *r, *x, false))
    };
    assigned.into_iter().filter(wanted).collect()
}

/// Whether all writes of `x` in a region add or subtract something uniform and run for all active lanes.
fn steps(
    func: &Function,
    defs: &Definitions,
    facts: &Uniformity,
    r: Region,
    x: Var,
    divergent: bool,
) -> bool {
    func.region(r).iter().all(|i| match &func.inst(*i).kind {
        InstKind::Set(y, v) if *y == x => !divergent && is_step(func, defs, facts, *v, x),
        kind => {
            let splits = match kind {
                InstKind::If { cond, .. } => facts.varies(*cond),
                InstKind::While { label, .. } => facts.loops.contains(label),
                InstKind::For(node) => facts.loops.contains(&node.label),
                _ => false,
            };
            walk::nested_regions(kind).all(|inner| steps(func, defs, facts, inner, x, divergent || splits))
        }
    })
}

fn is_step(func: &Function, defs: &Definitions, facts: &Uniformity, v: Value, x: Var) -> bool {
    let reads = |v: Value| matches!(defs.kind(func, v), Some(InstKind::Get(y)) if *y == x);
    match defs.kind(func, v) {
        Some(InstKind::Binary(BinaryOp::Add, a, b)) => {
            (reads(*a) && !facts.varies(*b)) || (reads(*b) && !facts.varies(*a))
        }
        Some(InstKind::Binary(BinaryOp::Sub, a, b)) => reads(*a) && !facts.varies(*b),
        _ => false,
    }
}

/// The uniform value that a variable is known to hold in front of a loop.
fn start_value(func: &Function, facts: &Uniformity, parent: Region, inst: Inst, x: Var) -> Option<Value> {
    let list = func.region(parent);
    let position = list.iter().position(|i| *i == inst)?;
    for &before in list[..position].iter().rev() {
        let kind = &func.inst(before).kind;
        if let InstKind::Set(y, v) = kind
            && *y == x
        {
            return (!facts.varies(*v)).then_some(*v);
        }
        if walk::nested_regions(kind).any(|r| walk::assigned_vars(func, r).contains(&x)) {
            return None;
        }
    }
    None
}

/// Counts in a variable of the loop, which lanes copy while they are active.
fn split(func: &mut Function, parent: Region, inst: Inst, label: Label, (x, start): (Var, Value)) {
    let data = func.vars[x.index()].clone();
    let counter = func.new_var(&data.name, data.ty);
    let kind = func.inst(inst).kind.clone();
    let regions: Vec<Region> = walk::nested_regions(&kind).collect();
    for r in &regions {
        for i in walk::insts_of(func, *r) {
            walk::for_each_var_mut(&mut func.inst_mut(i).kind, &mut |y, _| {
                if *y == x {
                    *y = counter;
                }
            });
        }
        let labels = Labels::of(func, *r, label);
        copy_at_exits(func, *r, &labels, x, counter);
    }
    match kind {
        InstKind::While { cond, .. } => insert_copy(func, cond, 0, x, counter),
        _ => {
            let body = regions[0];
            let ends = func.region(body).last().is_some_and(|i| is_exit(&func.inst(*i).kind));
            if !ends {
                let end = func.region(body).len();
                insert_copy(func, body, end, x, counter);
            }
        }
    }
    let loc = func.inst(inst).loc;
    let set = func.make_inst(InstKind::Set(counter, start), None, loc);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.insert(position, set);
}

fn is_exit(kind: &InstKind) -> bool {
    matches!(kind, InstKind::Break(_) | InstKind::Continue(_) | InstKind::Return(_) | InstKind::Raise(_))
}

/// Copies in front of every exit that ends the loop's iteration.
fn copy_at_exits(func: &mut Function, r: Region, labels: &Labels, x: Var, counter: Var) {
    let mut k = 0;
    while k < func.region(r).len() {
        let kind = func.inst(func.region(r)[k]).kind.clone();
        let inner: Vec<Region> = walk::nested_regions(&kind).collect();
        for region in inner {
            copy_at_exits(func, region, labels, x, counter);
        }
        if matches!(kind, InstKind::Break(l) | InstKind::Continue(l) if !labels.inner.contains(&l)) {
            insert_copy(func, r, k, x, counter);
            k += 2;
        }
        k += 1;
    }
}

/// Inserts `x = counter` at a position of a region.
fn insert_copy(func: &mut Function, r: Region, at: usize, x: Var, counter: Var) {
    let scratch = func.new_region();
    let loc = Default::default();
    let mut b = Builder { func, region: scratch, loc };
    let v = b.get(counter);
    b.set(x, v);
    let insts = std::mem::take(&mut func.regions[scratch.index()]);
    func.regions[r.index()].splice(at..at, insts);
}

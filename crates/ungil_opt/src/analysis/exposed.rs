//! Upward-exposed reads and definite assignment of one iteration of a parallel loop.
//!
//! A read of a variable is exposed when it may see a value from before the iteration. A variable is assigned when
//! every path to the end of the iteration writes it.

use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::entities::{Inst, Label, Region, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::walk;

/// Result for the body of one loop.
#[derive(Debug, Default)]
pub struct Exposed {
    /// First exposed read of each variable.
    pub reads: BTreeMap<Var, Inst>,
    /// Variables written on every path through an iteration.
    pub assigned: BTreeSet<Var>,
}

/// Analyses the body of the loop with this label.
pub fn exposed(func: &Function, label: Label, body: Region) -> Exposed {
    let mut walker = Walker { func, label, reads: BTreeMap::new(), at_continue: None };
    let mut assigned = BTreeSet::new();
    let falls_through = walker.region(body, &mut assigned);
    if let Some(at_continue) = walker.at_continue {
        assigned = if falls_through { &assigned & &at_continue } else { at_continue };
    }
    Exposed { reads: walker.reads, assigned }
}

struct Walker<'f> {
    func: &'f Function,
    label: Label,
    reads: BTreeMap<Var, Inst>,
    /// What is assigned at every `continue` of the loop.
    at_continue: Option<BTreeSet<Var>>,
}

impl Walker<'_> {
    /// Returns whether control reaches the end of the region.
    fn region(&mut self, r: Region, assigned: &mut BTreeSet<Var>) -> bool {
        for &inst in self.func.region(r) {
            match &self.func.inst(inst).kind {
                InstKind::Get(x) => self.read(*x, inst, assigned),
                InstKind::Set(x, _) => {
                    assigned.insert(*x);
                }
                InstKind::If { then, otherwise, .. } => {
                    if !self.branch(*then, *otherwise, assigned) {
                        return false;
                    }
                }
                InstKind::Scope { body, cleanup } => {
                    // The cleanup may run after any part of the body.
                    let mut before = assigned.clone();
                    let falls = self.region(*body, assigned);
                    let ends = self.region(*cleanup, &mut before);
                    if !falls || !ends {
                        return false;
                    }
                    assigned.extend(before);
                }
                InstKind::Try { body, handler } => {
                    if !self.branch(*body, *handler, assigned) {
                        return false;
                    }
                }
                InstKind::Continue(label) if *label == self.label => {
                    self.at_continue = Some(match self.at_continue.take() {
                        None => assigned.clone(),
                        Some(other) => &other & assigned,
                    });
                    return false;
                }
                InstKind::Continue(_)
                | InstKind::Break(_)
                | InstKind::Return(_)
                | InstKind::Raise(_)
                | InstKind::Reraise => {
                    return false;
                }
                kind => self.loop_node(kind, inst, assigned),
            }
        }
        true
    }

    fn branch(&mut self, then: Region, otherwise: Region, assigned: &mut BTreeSet<Var>) -> bool {
        let (mut a, mut b) = (assigned.clone(), assigned.clone());
        match (self.region(then, &mut a), self.region(otherwise, &mut b)) {
            (true, true) => *assigned = &a & &b,
            (true, false) => *assigned = a,
            (false, true) => *assigned = b,
            (false, false) => return false,
        }
        true
    }

    /// A loop may run no iteration, so what its body assigns does not count; a `while` evaluates its condition once.
    fn loop_node(&mut self, kind: &InstKind, inst: Inst, assigned: &mut BTreeSet<Var>) {
        if let InstKind::ParallelFor(node) = kind {
            for r in &node.scalars {
                self.read(r.var, inst, assigned);
                assigned.insert(r.var);
            }
        }
        if let InstKind::While { cond, body, .. } = kind {
            self.region(*cond, assigned);
            self.region(*body, &mut assigned.clone());
            return;
        }
        for r in walk::nested_regions(kind) {
            self.region(r, &mut assigned.clone());
        }
    }

    fn read(&mut self, x: Var, inst: Inst, assigned: &BTreeSet<Var>) {
        if !assigned.contains(&x) {
            self.reads.entry(x).or_insert(inst);
        }
    }
}

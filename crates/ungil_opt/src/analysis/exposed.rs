//! Upward-exposed reads and definite assignment of one iteration of a parallel loop.
//!
//! A read of a variable is exposed when it may see a value from before the iteration. A variable is assigned when
//! every path to the end of the iteration writes it.
//!
//! A flag that is set where a loop is left by `break`, as for its `else`, tells which way the loop ended: where the flag is
//! true, what is assigned at each `break` is assigned.

use crate::analysis::definitions::Definitions;
use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::entities::{Inst, Label, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{Const, InstKind, UnaryOp};
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
    let defs = Definitions::compute(func);
    let flags = flags(func, &defs, body);
    let mut walker = Walker {
        func,
        defs,
        label,
        flags,
        reads: BTreeMap::new(),
        at_continue: None,
        left: BTreeMap::new(),
        at_break: BTreeMap::new(),
    };
    let mut assigned = BTreeSet::new();
    let falls_through = walker.region(body, &mut assigned);
    if let Some(at_continue) = walker.at_continue {
        assigned = if falls_through { &assigned & &at_continue } else { at_continue };
    }
    Exposed { reads: walker.reads, assigned }
}

struct Walker<'f> {
    func: &'f Function,
    defs: Definitions,
    label: Label,
    /// The loops that are left where these variables become true.
    flags: BTreeMap<Var, Label>,
    reads: BTreeMap<Var, Inst>,
    /// What is assigned at every `continue` of the loop.
    at_continue: Option<BTreeSet<Var>>,
    /// What is assigned at every `break` of the loops inside that were walked whole.
    left: BTreeMap<Label, BTreeSet<Var>>,
    at_break: BTreeMap<Label, BTreeSet<Var>>,
}

/// Variables that become true only where one loop is left.
fn flags(func: &Function, defs: &Definitions, body: Region) -> BTreeMap<Var, Label> {
    let mut flags: BTreeMap<Var, Option<Label>> = BTreeMap::new();
    let mut regions = vec![body];
    while let Some(r) = regions.pop() {
        let insts = func.region(r);
        for (i, &inst) in insts.iter().enumerate() {
            let kind = &func.inst(inst).kind;
            regions.extend(walk::nested_regions(kind));
            let InstKind::Set(x, v) = kind else { continue };
            let next = insts.get(i + 1).map(|next| &func.inst(*next).kind);
            let leaves = match (defs.kind(func, *v), next) {
                (Some(InstKind::Const(Const::Bool(false))), _) => continue,
                (Some(InstKind::Const(Const::Bool(true))), Some(InstKind::Break(label))) => Some(*label),
                _ => None,
            };
            let known = flags.entry(*x).or_insert(leaves);
            if *known != leaves {
                *known = None;
            }
        }
    }
    flags.into_iter().filter_map(|(x, label)| Some((x, label?))).collect()
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
                InstKind::If { cond, then, otherwise } => {
                    if !self.conditional(*cond, *then, *otherwise, assigned) {
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
                InstKind::Break(label) => {
                    let at_break = match self.at_break.remove(label) {
                        None => assigned.clone(),
                        Some(other) => &other & assigned,
                    };
                    self.at_break.insert(*label, at_break);
                    return false;
                }
                InstKind::Continue(_) | InstKind::Return(_) | InstKind::Raise(_) | InstKind::Reraise => {
                    return false;
                }
                kind => self.loop_node(kind, inst, assigned),
            }
        }
        true
    }

    fn conditional(
        &mut self,
        cond: Value,
        then: Region,
        otherwise: Region,
        assigned: &mut BTreeSet<Var>,
    ) -> bool {
        let (mut a, mut b) = (assigned.clone(), assigned.clone());
        match self.defs.kind(self.func, cond) {
            Some(InstKind::Unary(UnaryOp::Not, inner)) => b.extend(self.known_by(*inner, assigned)),
            _ => a.extend(self.known_by(cond, assigned)),
        }
        self.join((then, a), (otherwise, b), assigned)
    }

    /// What is assigned if this condition holds, because it is a flag of this iteration.
    fn known_by(&self, cond: Value, assigned: &BTreeSet<Var>) -> BTreeSet<Var> {
        let Some(InstKind::Get(x)) = self.defs.kind(self.func, cond) else { return BTreeSet::new() };
        let label = self.flags.get(x).filter(|_| assigned.contains(x));
        label.and_then(|label| self.left.get(label)).cloned().unwrap_or_default()
    }

    fn branch(&mut self, then: Region, otherwise: Region, assigned: &mut BTreeSet<Var>) -> bool {
        let both = assigned.clone();
        self.join((then, both.clone()), (otherwise, both), assigned)
    }

    fn join(
        &mut self,
        (then, mut a): (Region, BTreeSet<Var>),
        (otherwise, mut b): (Region, BTreeSet<Var>),
        assigned: &mut BTreeSet<Var>,
    ) -> bool {
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
        } else {
            for r in walk::nested_regions(kind) {
                self.region(r, &mut assigned.clone());
            }
        }
        let label = match kind {
            InstKind::While { label, .. } => *label,
            InstKind::For(node) => node.label,
            _ => return,
        };
        if let Some(at_break) = self.at_break.remove(&label) {
            self.left.insert(label, at_break);
        }
    }

    fn read(&mut self, x: Var, inst: Inst, assigned: &BTreeSet<Var>) {
        if !assigned.contains(&x) {
            self.reads.entry(x).or_insert(inst);
        }
    }
}

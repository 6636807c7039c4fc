//! What a loop nest checks, and what must hold in front of it for the checks to pass.

use super::choice;
use super::needs::Facts;
use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use std::collections::BTreeSet;
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::types::Type;
use ungil_ir::walk;

/// A check of a nest and what must hold for it to pass in every iteration.
pub struct Candidate {
    pub inst: Inst,
    /// Runs under a condition, so that demanding it might send harmless programs to the slow version.
    pub conditional: bool,
    /// Each expression must be ≥ 0; `None`: not affine.
    pub needs: Option<Vec<Affine>>,
    /// An invariant condition that must hold.
    pub condition: Option<Value>,
}

/// Start, stop and step of a loop, and the value that stands for its last counter.
#[derive(Clone, Copy)]
pub struct Last {
    pub last: Value,
    pub start: Value,
    pub stop: Value,
    pub step: Value,
}

/// What a loop nest checks.
pub struct Nest {
    pub candidates: Vec<Candidate>,
    pub total: usize,
    pub inside: BTreeSet<Value>,
    /// Exact last values of loops with a step, in the order in which the test computes them.
    pub prologue: Vec<Last>,
}

impl Nest {
    /// Reads the nest of the loop `root`.
    pub fn collect(func: &mut Function, defs: &Definitions, root: Inst) -> Nest {
        let mut inside = BTreeSet::new();
        walk::for_each_region_value(&func.inst(root).kind, &mut |v| {
            inside.insert(v);
        });
        let body = walk::nested_regions(&func.inst(root).kind).next().expect("a loop has a body");
        inside.extend(walk::defined_values(func, body));
        let mut nest = Nest { candidates: Vec::new(), total: 0, inside, prologue: Vec::new() };
        nest.enter_loop(func, defs, root, &mut Facts::default(), false);
        nest
    }

    fn enter_loop(
        &mut self,
        func: &mut Function,
        defs: &Definitions,
        inst: Inst,
        facts: &mut Facts,
        conditional: bool,
    ) {
        let (range, body) = match &func.inst(inst).kind {
            InstKind::For(l) => ((l.iv, l.start, l.stop, l.step), l.body),
            InstKind::ParallelFor(l) => ((l.iv, l.start, l.stop, l.step), l.body),
            _ => unreachable!("called for counted loops only"),
        };
        let last = self.exact_last(func, defs, range);
        facts.enter(func, defs, range, last);
        self.walk(func, defs, body, facts, conditional);
        facts.leave();
    }

    /// A value for the exact last iteration of a loop with a constant step beyond ±1 and bounds from outside.
    fn exact_last(
        &mut self,
        func: &mut Function,
        defs: &Definitions,
        (_, start, stop, step): (Value, Value, Value, Value),
    ) -> Option<Value> {
        let s = Affine::of(func, defs, step)?.as_constant()?;
        let outside = [start, stop, step].iter().all(|v| !self.inside.contains(v));
        if s.abs() < 2 || !outside {
            return None;
        }
        let last = func.new_value(Type::I64);
        self.prologue.push(Last { last, start, stop, step });
        Some(last)
    }

    fn walk(
        &mut self,
        func: &mut Function,
        defs: &Definitions,
        r: Region,
        facts: &mut Facts,
        conditional: bool,
    ) {
        let list = func.region(r).to_vec();
        for (position, &inst) in list.iter().enumerate() {
            match func.inst(inst).kind.clone() {
                InstKind::CheckIndex { index, size, wrap, check, .. } => {
                    self.total += 1;
                    let needs = self.index_needs(func, defs, facts, (index, size), wrap, check);
                    self.candidates.push(Candidate { inst, conditional, needs, condition: None });
                }
                InstKind::Check(cond, _) => {
                    self.total += 1;
                    let condition = (!self.inside.contains(&cond)).then_some(cond);
                    self.candidates.push(Candidate { inst, conditional, needs: None, condition });
                }
                InstKind::For(_) | InstKind::ParallelFor(_) => {
                    self.enter_loop(func, defs, inst, facts, conditional);
                }
                InstKind::Scope { body, cleanup } => {
                    self.walk(func, defs, body, facts, conditional);
                    self.walk(func, defs, cleanup, facts, true);
                }
                InstKind::If { cond, then, otherwise } => {
                    for (region, truth) in [(then, true), (otherwise, false)] {
                        let mark = facts.mark();
                        facts.learn(func, defs, cond, truth);
                        for (cond, truth) in choice::implied(func, &list[..position], cond, truth) {
                            facts.learn(func, defs, cond, truth);
                        }
                        self.walk(func, defs, region, facts, true);
                        facts.forget(mark);
                    }
                }
                kind => {
                    for inner in walk::nested_regions(&kind) {
                        self.walk(func, defs, inner, facts, true);
                    }
                }
            }
        }
    }

    /// What must be ≥ 0 for an index to be in range throughout.
    fn index_needs(
        &self,
        func: &Function,
        defs: &Definitions,
        facts: &Facts,
        (index, size): (Value, Value),
        wrap: bool,
        check: bool,
    ) -> Option<Vec<Affine>> {
        let e = Affine::of(func, defs, index)?;
        let n = Affine::of(func, defs, size)?;
        let needs = |e: &Affine| facts.needs(func, defs, &self.inside, e);
        if let (Some(c), true) = (e.as_constant().filter(|c| *c < 0), wrap) {
            return needs(&n.plus(c)?);
        }
        let mut all = needs(&e)?;
        if check {
            all.extend(needs(&n.plus(-1)?.add_scaled(&e, -1)?)?);
        }
        Some(all)
    }
}

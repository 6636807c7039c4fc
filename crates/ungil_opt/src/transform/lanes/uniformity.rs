//! Which values, variables and loops differ from lane to lane.
//!
//! A value is *varying* when it follows from the induction value of the loop that is put in lanes, by data or because
//! lanes write a variable while others keep theirs. A loop is *divergent* when lanes may leave it at different times.
//! Everything else is uniform: one scalar stands for all lanes. The rules are those of Karrenberg and Hack,
//! "Whole-function vectorization" (2011), on structured control flow.

use super::liveness::{Joint, Vars, liveness};
use std::collections::{BTreeSet, HashMap};
use ungil_ir::entities::{Inst, Label, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::walk;

/// What is known of the body of a loop.
#[derive(Debug, Default)]
pub struct Uniformity {
    pub values: BTreeSet<Value>,
    pub vars: BTreeSet<Var>,
    /// Divergent loops.
    pub loops: BTreeSet<Label>,
    /// Loops with a `continue` that only some lanes take.
    pub continues: BTreeSet<Label>,
    pub joints: HashMap<Inst, Joint>,
    /// The induction value, if each lane's is one more than its neighbour's.
    pub unit: Option<Value>,
    /// Variables of lanes that are read behind the iteration.
    left: Vars,
}

/// A construct around the current place, from the outermost one.
#[derive(Clone, Debug)]
pub struct Level {
    /// The loop's label, `None` for a branch.
    pub label: Option<Label>,
    pub divergent: bool,
    /// Variables whose value the lanes that are not here still need.
    pub needed: Vars,
}

/// The outermost level whose absent lanes need their value of a variable.
pub fn protecting_level(levels: &[Level], x: Var) -> Option<usize> {
    levels.iter().position(|l| l.divergent && l.needed.contains(&x))
}

impl Uniformity {
    /// Analyses the body of the loop `candidate` with this induction value.
    pub fn compute(func: &Function, body: Region, candidate: Label, iv: Value, left: &Vars) -> Uniformity {
        let joints = liveness(func, body, candidate, left);
        let mut facts =
            Uniformity { joints, vars: left.clone(), left: left.clone(), ..Uniformity::default() };
        facts.values.insert(iv);
        loop {
            let levels = vec![facts.outermost(candidate)];
            let mut walker = Walker { func, candidate, facts, levels, changed: false };
            walker.region(body);
            let changed = walker.changed;
            facts = walker.facts;
            if !changed {
                return facts;
            }
        }
    }

    /// The level of the body itself: lanes that are not there, or no more, keep what is read behind the iteration.
    pub fn outermost(&self, candidate: Label) -> Level {
        Level { label: Some(candidate), divergent: !self.left.is_empty(), needed: self.left.clone() }
    }

    pub fn varies(&self, v: Value) -> bool {
        self.values.contains(&v)
    }

    /// The level of a branch of an `if`.
    pub fn branch_level(&self, inst: Inst, divergent: bool, second: bool) -> Level {
        let joint = &self.joints[&inst];
        let needed = if second { joint.after.clone() } else { joint.again.clone() };
        Level { label: None, divergent, needed }
    }

    /// The level of a loop's body.
    pub fn loop_level(&self, inst: Inst, label: Label) -> Level {
        let joint = &self.joints[&inst];
        let mut needed = joint.after.clone();
        if self.continues.contains(&label) {
            needed.extend(joint.again.iter().copied());
        }
        Level { label: Some(label), divergent: self.loops.contains(&label), needed }
    }
}

struct Walker<'f> {
    func: &'f Function,
    candidate: Label,
    facts: Uniformity,
    levels: Vec<Level>,
    changed: bool,
}

impl Walker<'_> {
    fn region(&mut self, r: Region) {
        for &inst in self.func.region(r) {
            self.inst(inst);
        }
    }

    fn vary(&mut self, v: Value) {
        self.changed |= self.facts.values.insert(v);
    }

    fn diverge(&mut self, label: Label) {
        self.changed |= self.facts.loops.insert(label);
    }

    fn inst(&mut self, inst: Inst) {
        let data = self.func.inst(inst);
        match &data.kind {
            InstKind::Get(x) => {
                if self.facts.vars.contains(x) {
                    self.vary(data.result.expect("a read has a result"));
                }
            }
            InstKind::Set(x, v) => {
                if self.facts.varies(*v) || protecting_level(&self.levels, *x).is_some() {
                    self.changed |= self.facts.vars.insert(*x);
                }
            }
            InstKind::If { cond, then, otherwise } => {
                let divergent = self.facts.varies(*cond);
                for (second, r) in [(false, *then), (true, *otherwise)] {
                    self.levels.push(self.facts.branch_level(inst, divergent, second));
                    self.region(r);
                    self.levels.pop();
                }
            }
            InstKind::While { label, cond, test, body } => {
                let level = self.facts.loop_level(inst, *label);
                self.levels.push(level);
                self.region(*cond);
                self.region(*body);
                self.levels.pop();
                if self.facts.varies(*test) {
                    self.diverge(*label);
                }
            }
            InstKind::For(node) => {
                if self.facts.varies(node.start) || self.facts.varies(node.step) {
                    self.vary(node.iv);
                }
                if [node.start, node.stop, node.step].iter().any(|v| self.facts.varies(*v)) {
                    self.diverge(node.label);
                }
                let level = self.facts.loop_level(inst, node.label);
                self.levels.push(level);
                self.region(node.body);
                self.levels.pop();
            }
            InstKind::Break(label) | InstKind::Continue(label) => {
                let leaves = matches!(data.kind, InstKind::Break(_));
                self.exit(*label, leaves);
            }
            kind => {
                let mut varying = false;
                walk::for_each_operand(kind, &mut |v| varying |= self.facts.varies(*v));
                if let (true, Some(v)) = (varying, data.result) {
                    self.vary(v);
                }
            }
        }
    }

    /// An exit that only some of the lanes of its loop take makes that loop and those inside it divergent.
    fn exit(&mut self, label: Label, leaves: bool) {
        let target = self.levels.iter().position(|l| l.label == Some(label) && label != self.candidate);
        let inner = target.map_or(0, |t| t + 1);
        let partial = self.levels[inner.max(1)..].iter().any(|l| l.divergent)
            || self.levels[..inner].last().is_some_and(|l| l.divergent && l.label == Some(label));
        if !partial && label != self.candidate {
            return;
        }
        let candidate = self.candidate;
        let crossed: Vec<Label> =
            self.levels[inner..].iter().filter_map(|l| l.label).filter(|l| *l != candidate).collect();
        crossed.into_iter().for_each(|l| self.diverge(l));
        if target.is_some() {
            self.diverge(label);
            if !leaves {
                self.changed |= self.facts.continues.insert(label);
            }
        }
    }
}

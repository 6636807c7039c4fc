//! Hoisting of checks: one test in front of a loop nest instead of one per iteration.
//!
//! For every outermost `for` or parallel loop the pass finds index checks whose bounds over the whole nest are
//! affine in values defined outside, and invariant checks. Those that hold by construction are dropped. For the
//! others the nest is versioned:
//!
//! ```text
//! if every index stays in range and no arrays overlap { nest without these checks } else { nest as it was }
//! ```
//! The second version raises at the exact iteration with the earlier writes done. Checks that only run under a
//! condition do not take part in that test, since it might fail for programs that never do; a second test inside the
//! fast version demands them, and its other branch is treated like a nest of its own. Loops inside the fast version
//! are then treated in the same way for what is left.

mod choice;
mod emit;
mod needs;
mod nest;

pub use emit::emit_inequality;

use crate::analysis::affine::Affine;
use crate::analysis::bounds::holds;
use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use crate::transform::alias_guard::AliasGuard;
use emit::emit_test;
use nest::{Candidate, Nest};
use std::collections::{BTreeSet, HashMap};
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::walk;

const PASS: &str = "hoist_checks";
/// Largest number of inequalities and conditions in one test.
const MAX_TESTS: usize = 24;
const MAX_GROUPS: u16 = 1 << 12;

/// Hoists checks in all functions.
pub fn hoist_checks(module: &mut Module, context: &mut Context) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let mut hoister =
            Hoister { func, context, replaced: HashMap::new(), groups: 0, changed: false, bold: true };
        let body = hoister.func.body;
        hoister.region(body);
        changed |= hoister.changed;
        hoister.apply_replacements(body);
    }
    changed
}

/// The regions of a versioned nest.
struct Versions {
    fast: Region,
    slow: Region,
    /// Whether the fast version's arrays are known to be apart.
    guarded: bool,
}

/// What is tested in front of a nest.
#[derive(Default)]
pub struct Test {
    /// Each must be ≥ 0.
    pub inequalities: BTreeSet<Affine>,
    /// Each must be true.
    pub conditions: BTreeSet<Value>,
}

impl Test {
    /// The test for those candidates that `wanted` selects; keeps in the nest the candidates that it covers.
    fn of(func: &Function, defs: &Definitions, nest: &mut Nest, wanted: impl Fn(&Candidate) -> bool) -> Test {
        let mut test = Test::default();
        let impossible = |e: &Affine| e.as_constant().is_some_and(|c| c < 0);
        for c in nest.candidates.iter().filter(|c| wanted(c)) {
            let needs: Vec<Affine> =
                c.needs.iter().flatten().filter(|e| !holds(func, defs, e)).cloned().collect();
            if needs.iter().any(impossible) {
                continue;
            }
            test.inequalities.extend(needs);
            test.conditions.extend(c.condition);
        }
        if test.len() > MAX_TESTS {
            test = Test::default();
        }
        nest.candidates.retain(|c| match (&c.needs, c.condition) {
            (_, Some(condition)) => test.conditions.contains(&condition),
            (Some(needs), _) => needs.iter().all(|e| holds(func, defs, e) || test.inequalities.contains(e)),
            (None, None) => false,
        });
        test
    }

    fn len(&self) -> usize {
        self.inequalities.len() + self.conditions.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

struct Hoister<'a> {
    func: &'a mut Function,
    context: &'a mut Context,
    replaced: HashMap<Value, Value>,
    groups: u16,
    changed: bool,
    /// Whether checks under conditions may be demanded of a whole nest.
    bold: bool,
}

impl Hoister<'_> {
    fn region(&mut self, r: Region) {
        for inst in self.func.region(r).to_vec() {
            if matches!(self.func.inst(inst).kind, InstKind::For(_) | InstKind::ParallelFor(_)) {
                self.nest(r, inst);
            } else {
                self.inner(inst);
            }
        }
    }

    /// Puts what took the place of dropped checks into a region. A copy needs it beforehand: it renames what the region
    /// defines, and a dropped check is no longer defined there.
    fn apply_replacements(&mut self, region: Region) {
        let replaced = &self.replaced;
        if replaced.is_empty() {
            return;
        }
        walk::replace_uses(self.func, region, &|mut v| {
            while let Some(&by) = replaced.get(&v) {
                v = by;
            }
            v
        });
    }

    /// Puts replacements into one loop: what a dropped check defined would look like a value from outside.
    fn settle(&mut self, root: Inst) {
        if !self.replaced.is_empty() {
            let holder = self.func.new_region();
            self.func.regions[holder.index()].push(root);
            self.apply_replacements(holder);
            self.func.regions[holder.index()].clear();
        }
    }

    fn inner(&mut self, inst: Inst) {
        for inner in walk::nested_regions(&self.func.inst(inst).kind).collect::<Vec<_>>() {
            self.region(inner);
        }
    }

    fn nest(&mut self, parent: Region, root: Inst) {
        self.settle(root);
        let defs = Definitions::compute(self.func);
        let mut nest = Nest::collect(self.func, &defs, root);
        let test = Test::of(self.func, &defs, &mut nest, |c| !c.conditional);
        let mut here = parent;
        let mut guarded = false;
        if !test.is_empty() {
            let versions = self.version(parent, root, &defs, &nest, &test, true);
            keep_scalar(self.func, versions.slow);
            (here, guarded) = (versions.fast, versions.guarded);
        }
        let (mut gone, mut tests) = (nest.candidates.len(), test.len());
        for c in std::mem::take(&mut nest.candidates) {
            self.drop_check(&defs, c.inst);
        }
        if self.bold {
            let (more, more_tests) = self.demand_conditional(here, root, guarded);
            gone += more;
            tests += more_tests;
        }
        self.remark(root, nest.total, gone, tests);
        self.inner(root);
    }

    /// Versions the nest once more for checks that run under conditions. Such a test may fail though the program never
    /// fails, so the other version keeps its speed as far as it can. Returns the number of checks dropped and of tests.
    fn demand_conditional(&mut self, parent: Region, root: Inst, guarded: bool) -> (usize, usize) {
        self.settle(root);
        let defs = Definitions::compute(self.func);
        let mut nest = Nest::collect(self.func, &defs, root);
        let test = Test::of(self.func, &defs, &mut nest, |_| true);
        if test.is_empty() {
            return (0, 0);
        }
        let versions = self.version(parent, root, &defs, &nest, &test, !guarded);
        let gone = nest.candidates.len();
        for c in std::mem::take(&mut nest.candidates) {
            self.drop_check(&defs, c.inst);
        }
        self.bold = false;
        for inst in self.func.region(versions.slow).to_vec() {
            self.inner(inst);
        }
        self.bold = true;
        (gone, test.len())
    }

    /// Puts the test and both versions in the place of the loop; `root` becomes the fast one.
    fn version(
        &mut self,
        parent: Region,
        root: Inst,
        defs: &Definitions,
        nest: &Nest,
        test: &Test,
        guard: bool,
    ) -> Versions {
        let fast = self.func.new_region();
        self.func.regions[fast.index()].push(root);
        self.apply_replacements(fast);
        let slow = clone_region(self.func, fast, &mut CloneMap::default());
        let alias = if guard { AliasGuard::compute(self.func, defs, fast, &nest.inside) } else { None };
        let scratch = self.func.new_region();
        let loc = self.func.inst(root).loc;
        let mut b = Builder { func: self.func, region: scratch, loc };
        let cond = emit_test(&mut b, defs, nest, test, alias.as_ref());
        b.push(InstKind::If { cond, then: fast, otherwise: slow });
        let guarded = alias.is_some();
        if let Some(alias) = alias.filter(|_| self.groups + 1 < MAX_GROUPS) {
            self.groups += 1;
            alias.mark(self.func, defs, fast, &nest.inside, self.groups);
        }
        let insts = std::mem::take(&mut self.func.regions[scratch.index()]);
        let list = &mut self.func.regions[parent.index()];
        let position = list.iter().position(|i| *i == root).expect("the loop is in its region");
        list.splice(position..=position, insts);
        self.changed = true;
        Versions { fast, slow, guarded }
    }

    fn drop_check(&mut self, defs: &Definitions, inst: Inst) {
        self.changed = true;
        let data = self.func.inst(inst);
        if let InstKind::CheckIndex { index, size, .. } = data.kind {
            let constant = Affine::of(self.func, defs, index).and_then(|e| e.as_constant());
            if constant.is_some_and(|c| c < 0) {
                self.func.inst_mut(inst).kind = InstKind::Binary(BinaryOp::Add, size, index);
                return;
            }
            self.replaced.insert(data.result.expect("an index"), index);
        }
        for list in &mut self.func.regions {
            list.retain(|i| *i != inst);
        }
    }

    fn remark(&mut self, root: Inst, total: usize, gone: usize, tests: usize) {
        if total == 0 {
            return;
        }
        let number = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let in_front =
            if tests == 0 { String::new() } else { format!(", {} in front of it", number(tests, "test")) };
        let (kind, text) = if gone == 0 {
            let text = format!("{} in the loop: the index depends on data", number(total, "check"));
            (RemarkKind::Missed, text)
        } else {
            let which = if gone == total { "all".to_owned() } else { format!("{gone} of") };
            (
                RemarkKind::Applied,
                format!("{which} {} hoisted out of the loop{in_front}", number(total, "check")),
            )
        };
        let (function, loc) = (self.func.name.clone(), self.func.inst(root).loc);
        self.context.remarks.push(Remark { pass: PASS, kind, function, loc, text });
    }
}

/// Marks the loops of a region as cold.
pub fn keep_scalar(func: &mut Function, r: Region) {
    for inst in walk::insts_of(func, r) {
        match &mut func.inst_mut(inst).kind {
            InstKind::For(l) => l.hints.scalar = true,
            InstKind::ParallelFor(l) => l.scalar = true,
            _ => {}
        }
    }
}

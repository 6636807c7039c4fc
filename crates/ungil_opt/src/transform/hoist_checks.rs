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
//! condition do not take part in the test, but are dropped where it covers them. Loops inside the fast version are
//! then treated in the same way for what is left.
//!
//! The algebra of [`Affine`] does not wrap: the test also demands that every atom that is not an extent lies
//! within ±2^40, which with coefficients up to 2^16 and six terms cannot overflow.

use crate::analysis::affine::Affine;
use crate::analysis::bounds::{End, Frame, extreme};
use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use crate::transform::alias_guard::AliasGuard;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::DType;
use ungil_ir::walk;

const PASS: &str = "hoist_checks";
/// Largest number of inequalities and conditions in one test.
const MAX_TESTS: usize = 24;
/// Atoms must lie within ± this.
const ATOM_LIMIT: i64 = 1 << 40;
const MAX_GROUPS: u16 = 1 << 12;

/// Hoists checks in all functions.
pub fn hoist_checks(module: &mut Module, context: &mut Context) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let mut hoister = Hoister { func, context, replaced: HashMap::new(), groups: 0, changed: false };
        let body = hoister.func.body;
        hoister.region(body);
        changed |= hoister.changed;
        hoister.apply_replacements(body);
    }
    changed
}

/// A check of a nest and what must hold for it to pass in every iteration.
struct Candidate {
    inst: Inst,
    /// Runs under a condition, so that demanding it might send harmless programs to the slow version.
    conditional: bool,
    /// Each expression must be ≥ 0; `None`: not affine.
    needs: Option<Vec<Affine>>,
    /// An invariant condition that must hold.
    condition: Option<Value>,
}

struct Hoister<'a> {
    func: &'a mut Function,
    context: &'a mut Context,
    replaced: HashMap<Value, Value>,
    groups: u16,
    changed: bool,
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

    fn inner(&mut self, inst: Inst) {
        for inner in walk::nested_regions(&self.func.inst(inst).kind).collect::<Vec<_>>() {
            self.region(inner);
        }
    }

    fn nest(&mut self, parent: Region, root: Inst) {
        let defs = Definitions::compute(self.func);
        let mut nest = Nest::collect(self.func, &defs, root);
        let (mut tests, mut conditions) = (BTreeSet::new(), BTreeSet::new());
        for c in nest.candidates.iter().filter(|c| !c.conditional) {
            if let Some(needs) = &c.needs {
                tests.extend(needs.iter().filter(|e| !holds(self.func, &defs, e)).cloned());
            }
            conditions.extend(c.condition);
        }
        let impossible = |e: &Affine| e.as_constant().is_some_and(|c| c < 0);
        tests.retain(|e| !impossible(e));
        if tests.len() + conditions.len() > MAX_TESTS {
            (tests, conditions) = Default::default();
        }
        nest.candidates.retain(|c| match (&c.needs, c.condition) {
            (_, Some(condition)) => conditions.contains(&condition),
            (Some(needs), _) => needs.iter().all(|e| holds(self.func, &defs, e) || tests.contains(e)),
            (None, None) => false,
        });
        self.remark(root, &nest, tests.len() + conditions.len());
        if !tests.is_empty() || !conditions.is_empty() {
            self.version(parent, root, &defs, &nest, &tests, &conditions);
        }
        for c in std::mem::take(&mut nest.candidates) {
            self.drop_check(&defs, c.inst);
        }
        self.inner(root);
    }

    /// Puts the test and both versions in the place of the loop; `root` becomes the fast one.
    fn version(
        &mut self,
        parent: Region,
        root: Inst,
        defs: &Definitions,
        nest: &Nest,
        tests: &BTreeSet<Affine>,
        conditions: &BTreeSet<Value>,
    ) {
        let fast = self.func.new_region();
        self.func.regions[fast.index()].push(root);
        self.apply_replacements(fast);
        let slow = clone_region(self.func, fast, &mut CloneMap::default());
        keep_scalar(self.func, slow);
        let alias = AliasGuard::compute(self.func, defs, fast, &nest.inside);
        let scratch = self.func.new_region();
        let loc = self.func.inst(root).loc;
        let mut b = Builder { func: self.func, region: scratch, loc };
        let cond = emit_test(&mut b, defs, nest, tests, conditions, alias.as_ref());
        b.push(InstKind::If { cond, then: fast, otherwise: slow });
        if let Some(alias) = alias.filter(|_| self.groups + 1 < MAX_GROUPS) {
            self.groups += 1;
            alias.mark(self.func, defs, fast, &nest.inside, self.groups);
        }
        let insts = std::mem::take(&mut self.func.regions[scratch.index()]);
        let list = &mut self.func.regions[parent.index()];
        let position = list.iter().position(|i| *i == root).expect("the loop is in its region");
        list.splice(position..=position, insts);
        self.changed = true;
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

    fn remark(&mut self, root: Inst, nest: &Nest, tests: usize) {
        let total = nest.total;
        if total == 0 {
            return;
        }
        let gone = nest.candidates.len();
        let (kind, text) = if gone == total {
            (
                RemarkKind::Applied,
                format!("all {total} checks hoisted out of the loop, {tests} tests in front of it"),
            )
        } else if gone > 0 {
            (
                RemarkKind::Applied,
                format!("{gone} of {total} checks hoisted out of the loop, {tests} tests in front of it"),
            )
        } else {
            (
                RemarkKind::Missed,
                format!("{total} checks stay in the loop: no index is an affine function of its counters"),
            )
        };
        let (function, loc) = (self.func.name.clone(), self.func.inst(root).loc);
        self.context.remarks.push(Remark { pass: PASS, kind, function, loc, text });
    }
}

/// What a loop nest checks.
struct Nest {
    candidates: Vec<Candidate>,
    total: usize,
    inside: BTreeSet<Value>,
    /// Pure instructions made for the test, in order: exact last values of loops with a step.
    prologue: Vec<(Value, Value, Value, Value)>,
}

impl Nest {
    fn collect(func: &mut Function, defs: &Definitions, root: Inst) -> Nest {
        let mut inside = BTreeSet::new();
        walk::for_each_region_value(&func.inst(root).kind, &mut |v| {
            inside.insert(v);
        });
        let body = walk::nested_regions(&func.inst(root).kind).next().expect("a loop has a body");
        inside.extend(walk::defined_values(func, body));
        let mut nest = Nest { candidates: Vec::new(), total: 0, inside, prologue: Vec::new() };
        let mut frames = Vec::new();
        nest.enter_loop(func, defs, root, &mut frames, false);
        nest
    }

    fn enter_loop(
        &mut self,
        func: &mut Function,
        defs: &Definitions,
        inst: Inst,
        frames: &mut Vec<Frame>,
        conditional: bool,
    ) {
        let (range, body) = match &func.inst(inst).kind {
            InstKind::For(l) => ((l.iv, l.start, l.stop, l.step), l.body),
            InstKind::ParallelFor(l) => ((l.iv, l.start, l.stop, l.step), l.body),
            _ => unreachable!("called for counted loops only"),
        };
        let last = self.exact_last(func, defs, range);
        frames.push(Frame::new(func, defs, range, last));
        self.walk(func, defs, body, frames, conditional);
        frames.pop();
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
        let last = func.new_value(ungil_ir::types::Type::I64);
        self.prologue.push((last, start, stop, step));
        Some(last)
    }

    fn walk(
        &mut self,
        func: &mut Function,
        defs: &Definitions,
        r: Region,
        frames: &mut Vec<Frame>,
        conditional: bool,
    ) {
        for inst in func.region(r).to_vec() {
            match func.inst(inst).kind.clone() {
                InstKind::CheckIndex { index, size, wrap, check, .. } => {
                    self.total += 1;
                    let needs = index_needs(func, defs, frames, (index, size), wrap, check);
                    let needs = needs.filter(|n| n.iter().all(|e| self.is_outside(func, defs, e)));
                    self.candidates.push(Candidate { inst, conditional, needs, condition: None });
                }
                InstKind::Check(cond, _) => {
                    self.total += 1;
                    let condition = (!self.inside.contains(&cond) && !conditional).then_some(cond);
                    self.candidates.push(Candidate { inst, conditional, needs: None, condition });
                }
                InstKind::For(_) | InstKind::ParallelFor(_) => {
                    self.enter_loop(func, defs, inst, frames, conditional);
                }
                InstKind::Scope { body, .. } => self.walk(func, defs, body, frames, conditional),
                kind => {
                    for inner in walk::nested_regions(&kind) {
                        self.walk(func, defs, inner, frames, true);
                    }
                }
            }
        }
    }

    /// Whether an expression can be computed in front of the loop. Extents are read there again if need be.
    fn is_outside(&self, func: &Function, defs: &Definitions, e: &Affine) -> bool {
        e.terms.keys().all(|v| match defs.kind(func, *v) {
            Some(InstKind::Dim(array, _)) => !self.inside.contains(array),
            Some(InstKind::Binary(BinaryOp::Mul, a, b)) => {
                !self.inside.contains(a) && !self.inside.contains(b)
            }
            _ => !self.inside.contains(v),
        })
    }
}

/// What must be ≥ 0 for an index to be in range throughout.
fn index_needs(
    func: &Function,
    defs: &Definitions,
    frames: &[Frame],
    (index, size): (Value, Value),
    wrap: bool,
    check: bool,
) -> Option<Vec<Affine>> {
    let e = Affine::of(func, defs, index)?;
    let n = Affine::of(func, defs, size)?;
    if let (Some(c), true) = (e.as_constant().filter(|c| *c < 0), wrap) {
        return Some(vec![extreme(&n.plus(c)?, frames, End::Least, 0)?]);
    }
    let mut needs = vec![extreme(&e, frames, End::Least, 0)?];
    if check {
        let room = n.plus(-1)?.add_scaled(&e, -1)?;
        needs.push(extreme(&room, frames, End::Least, 0)?);
    }
    Some(needs)
}

fn is_extent(func: &Function, defs: &Definitions, v: Value) -> bool {
    matches!(defs.kind(func, v), Some(InstKind::Dim(..)))
}

/// Whether `e ≥ 0` by construction: extents are not negative.
pub fn holds(func: &Function, defs: &Definitions, e: &Affine) -> bool {
    e.constant >= 0 && e.terms.iter().all(|(v, c)| *c > 0 && is_extent(func, defs, *v))
}

fn keep_scalar(func: &mut Function, r: Region) {
    for inst in walk::insts_of(func, r) {
        if let InstKind::For(l) = &mut func.inst_mut(inst).kind {
            l.hints.scalar = true;
        }
    }
}

/// Appends the whole test and returns its value.
fn emit_test(
    b: &mut Builder<'_>,
    defs: &Definitions,
    nest: &Nest,
    tests: &BTreeSet<Affine>,
    conditions: &BTreeSet<Value>,
    alias: Option<&AliasGuard>,
) -> Value {
    let mut emitter = Emitter { b, defs, atoms: BTreeMap::new(), all: None };
    let used: BTreeSet<Value> = tests.iter().flat_map(|e| e.terms.keys().copied()).collect();
    for last in nest.prologue.iter().filter(|p| used.contains(&p.0)) {
        emitter.last_value(*last);
    }
    for e in tests {
        emitter.inequality(e);
    }
    for c in conditions {
        emitter.require(*c);
    }
    if let Some(apart) = alias.and_then(|a| a.emit(emitter.b)) {
        emitter.require(apart);
    }
    let all = emitter.all;
    all.expect("a test is only emitted for something to test")
}

/// Appends the condition `e ≥ 0`, false also where computing it might overflow.
pub fn emit_inequality(b: &mut Builder<'_>, defs: &Definitions, e: &Affine) -> Value {
    let mut emitter = Emitter { b, defs, atoms: BTreeMap::new(), all: None };
    emitter.inequality(e);
    let all = emitter.all;
    all.expect("an inequality is a condition")
}

struct Emitter<'a, 'f> {
    b: &'a mut Builder<'f>,
    defs: &'a Definitions,
    atoms: BTreeMap<Value, Value>,
    all: Option<Value>,
}

impl Emitter<'_, '_> {
    fn require(&mut self, cond: Value) {
        self.all = Some(match self.all {
            None => cond,
            Some(rest) => self.b.binary(BinaryOp::And, rest, cond),
        });
    }

    /// `start + (stop - start ∓ 1) // step * step`: the last value of a loop that runs at all.
    fn last_value(&mut self, (last, start, stop, step): (Value, Value, Value, Value)) {
        let negative =
            Affine::of(self.b.func, self.defs, step).and_then(|s| s.as_constant()).is_some_and(|s| s < 0);
        let end = self.b.i64(if negative { 1 } else { -1 });
        let span = self.b.binary(BinaryOp::Sub, stop, start);
        let span = self.b.binary(BinaryOp::Add, span, end);
        let trips = self.b.binary(BinaryOp::FloorDiv, span, step);
        let reach = self.b.binary(BinaryOp::Mul, trips, step);
        let value = self.b.binary(BinaryOp::Add, start, reach);
        self.atoms.insert(last, value);
        self.bound(value);
    }

    /// The value of an atom in front of the loop, where extents and products are computed anew; atoms other than
    /// extents are also bounded.
    fn atom(&mut self, v: Value) -> Value {
        if let Some(&done) = self.atoms.get(&v) {
            return done;
        }
        let value = match self.defs.kind(self.b.func, v) {
            Some(&InstKind::Dim(array, axis)) => self.b.dim(array, axis),
            Some(&InstKind::Binary(BinaryOp::Mul, a, b)) => {
                let product = self.b.binary(BinaryOp::Mul, a, b);
                self.bound(product);
                product
            }
            _ => {
                self.bound(v);
                v
            }
        };
        self.atoms.insert(v, value);
        value
    }

    fn bound(&mut self, v: Value) {
        let limit = self.b.i64(ATOM_LIMIT);
        let shifted = self.b.binary(BinaryOp::Add, v, limit);
        let shifted = self.b.cast(shifted, DType::U64);
        let range = self.b.i64(2 * ATOM_LIMIT);
        let range = self.b.cast(range, DType::U64);
        let small = self.b.compare(CompareOp::Lt, shifted, range);
        self.require(small);
    }

    fn inequality(&mut self, e: &Affine) {
        let extents: Vec<i64> =
            e.terms.iter().filter(|(v, _)| is_extent(self.b.func, self.defs, **v)).map(|(_, c)| *c).collect();
        let simple = extents.len() <= 2 && extents.iter().all(|c| c.abs() == 1);
        let mut sum = self.b.i64(e.constant);
        for (v, c) in &e.terms {
            let mut term = self.atom(*v);
            if !simple && is_extent(self.b.func, self.defs, *v) {
                self.bound(term);
            }
            if *c != 1 {
                let c = self.b.i64(*c);
                term = self.b.binary(BinaryOp::Mul, term, c);
            }
            sum = self.b.binary(BinaryOp::Add, sum, term);
        }
        let zero = self.b.i64(0);
        let holds = self.b.compare(CompareOp::Ge, sum, zero);
        self.require(holds);
    }
}

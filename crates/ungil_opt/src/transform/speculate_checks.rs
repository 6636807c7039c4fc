//! Checks of data, tested a strip at a time ahead of the strip.
//!
//! A check that depends on the data of an iteration (a logarithm's argument, a divisor) is a branch that keeps a loop from
//! being vectorised. For an innermost `for` loop of independent accesses the pass makes
//!
//! ```text
//! if there are enough iterations and no arrays overlap {
//!   for each strip of the iterations {
//!     fine = true; for the strip { fine &= every check's condition }
//!     if fine { for the strip { the body without its checks } } else { for the strip { the body } }
//!   }
//! } else { the loop as it was }
//! ```
//! The first inner loop stores nothing and assigns copies of the variables, so that the checked body raises at the exact
//! iteration with the earlier writes done, and no others.
//! A parallel loop is first cut into strips that threads share out.
//! Limits: bodies without calls, inner loops, jumps, index checks and integer division; conditions that depend on a
//! variable of the loop stay, since they would be computed twice one after the other.

use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use crate::transform::alias_guard::AliasGuard;
use crate::transform::strips::strip_end;
use std::collections::{BTreeSet, HashMap};
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, Const, For, InstKind, LoopHints, ParallelFor};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::{Layout, Type};
use ungil_ir::walk;

const PASS: &str = "speculate_checks";
/// Iterations per strip: their data stays in the first-level cache for the second loop.
const STRIP: i64 = 512;
/// Iterations per strip of a parallel loop, which is what threads share out.
const PARALLEL_STRIP: i64 = 128;
/// Fewer iterations are not worth the tests.
const FEWEST: i64 = 16;

/// Tests the checks of innermost loops ahead in all functions.
pub fn speculate_checks(module: &mut Module, context: &mut Context) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        changed |= cut_parallel_loops(func);
        let defs = Definitions::compute(func);
        let mut loops = Vec::new();
        collect(func, func.body, &mut Vec::new(), &mut loops);
        for Place { parent, inst, around } in loops {
            let InstKind::For(node) = func.inst(inst).kind.clone() else { continue };
            let Some(plan) = Plan::of(func, &defs, &node) else { continue };
            let known = func.vars.len();
            plan.apply(func, &defs, parent, inst, &node);
            let fresh: Vec<Var> = (known..func.vars.len()).map(|v| Var(v as u32)).collect();
            make_private(func, &around, &fresh);
            let (function, loc) = (func.name.clone(), func.inst(inst).loc);
            let text = format!("{} checks tested ahead, {STRIP} iterations at a time", plan.checks);
            context.remarks.push(Remark { pass: PASS, kind: RemarkKind::Applied, function, loc, text });
            changed = true;
        }
    }
    changed
}

/// A loop, the region that holds it, and the parallel constructs around it.
struct Place {
    parent: Region,
    inst: Inst,
    around: Vec<Inst>,
}

/// The loops of a region, inner ones first.
fn collect(func: &Function, region: Region, around: &mut Vec<Inst>, loops: &mut Vec<Place>) {
    for &inst in func.region(region) {
        let kind = &func.inst(inst).kind;
        let parallel = matches!(kind, InstKind::ParallelFor(_) | InstKind::ParallelRegion(_));
        if parallel {
            around.push(inst);
        }
        for inner in walk::nested_regions(kind) {
            collect(func, inner, around, loops);
        }
        if parallel {
            around.pop();
        }
        if matches!(kind, InstKind::For(_) | InstKind::ParallelFor(_)) {
            loops.push(Place { parent: region, inst, around: around.clone() });
        }
    }
}

/// Lists new variables as private to parallel constructs that assign them.
fn make_private(func: &mut Function, around: &[Inst], vars: &[Var]) {
    for inst in around {
        match &mut func.inst_mut(*inst).kind {
            InstKind::ParallelFor(node) => node.privates.extend(vars),
            InstKind::ParallelRegion(node) => node.privates.extend(vars),
            _ => {}
        }
    }
}

/// Makes strips the iterations of parallel loops that can be treated, so that there is a loop over each to treat.
///
/// Left alone: reductions and results of the last iteration, whose bits and values are those of blocks of iterations,
/// and chunks, which count iterations.
fn cut_parallel_loops(func: &mut Function) -> bool {
    let defs = Definitions::compute(func);
    let mut loops = Vec::new();
    collect(func, func.body, &mut Vec::new(), &mut loops);
    let mut changed = false;
    for Place { parent, inst, .. } in loops {
        let InstKind::ParallelFor(node) = func.inst(inst).kind.clone() else { continue };
        let plain = node.scalars.is_empty() && node.arrays.is_empty() && node.lasts.is_empty();
        let ParallelFor { label, iv, start, stop, step, body, .. } = *node;
        let inner = For { label, iv, start, stop, step, body, hints: LoopHints::default() };
        if !plain || node.chunk.is_some() {
            continue;
        }
        let Some(plan) = Plan::of(func, &defs, &inner) else { continue };
        cut(func, parent, inst, inner, plan.step);
        changed = true;
    }
    changed
}

/// Replaces the body of a parallel loop by a loop over a strip, and its step by the strip's length.
fn cut(func: &mut Function, parent: Region, inst: Inst, inner: For, step: i64) {
    let loc = func.inst(inst).loc;
    let (k, label, scratch) = (func.new_value(Type::I64), func.new_label(), func.new_region());
    let mut b = Builder { func, region: scratch, loc };
    let stride = b.i64(step * PARALLEL_STRIP);
    let (body, ()) = b.nested(|b| {
        let (stop, _) = strip_end(b, k, inner.stop, stride, step > 0);
        b.push(InstKind::For(Box::new(For { label, start: k, stop, ..inner })));
    });
    if let InstKind::ParallelFor(node) = &mut func.inst_mut(inst).kind {
        (node.iv, node.step, node.body) = (k, stride, body);
    }
    let insts = std::mem::take(&mut func.regions[scratch.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..position, insts);
}

/// What is known about a loop that can be treated.
struct Plan {
    checks: usize,
    alias: Option<AliasGuard>,
    inside: BTreeSet<Value>,
    step: i64,
}

impl Plan {
    fn of(func: &Function, defs: &Definitions, node: &For) -> Option<Plan> {
        let step = match defs.kind(func, node.step) {
            Some(InstKind::Const(Const::Int(_, step))) if *step != 0 && step.unsigned_abs() < 1 << 20 => {
                *step
            }
            _ => return None,
        };
        let body = walk::insts_of(func, node.body);
        let mut inside = walk::defined_values(func, node.body);
        if node.hints.scalar || !body.iter().all(|i| is_simple(func, defs, *i, &inside)) {
            return None;
        }
        let checks: Vec<Value> = body.iter().filter_map(|i| condition(func, *i)).collect();
        let assigned = walk::assigned_vars(func, node.body);
        if checks.is_empty() || checks.iter().any(|c| reads(func, defs, node.body, *c, &assigned)) {
            return None;
        }
        inside.insert(node.iv);
        let mut alias = AliasGuard::compute(func, defs, node.body, &inside);
        if !accesses_stay_apart(func, node, &body, &inside, alias.as_ref()) {
            return None;
        }
        if let Some(guard) = &mut alias {
            guard.tests.retain(|(a, b)| !marked_apart(func, &body, *a, *b));
        }
        Some(Plan { checks: checks.len(), alias, inside, step })
    }

    /// Puts the versions in the place of the loop; the loop itself becomes the checked part of a strip.
    fn apply(&self, func: &mut Function, defs: &Definitions, parent: Region, inst: Inst, node: &For) {
        let loc = func.inst(inst).loc;
        let checked = wrap(func, inst);
        let original = clone_region(func, checked, &mut CloneMap::default());
        let mut trial_map = self.shadows(func, node);
        let trial = clone_region(func, checked, &mut trial_map);
        let mut fast_map = CloneMap::default();
        let fast = clone_region(func, checked, &mut fast_map);
        let fine = func.new_var("fine", Type::BOOL);
        make_trial(func, trial, fine);
        drop_checks(func, fast);
        keep_scalar(func, original);
        keep_scalar(func, checked);
        if let Some(guard) = &self.alias
            && let Some(group) = free_group(func)
        {
            for (region, map) in [(trial, &trial_map), (fast, &fast_map)] {
                let inside = self.inside.iter().map(|v| map.values.get(v).copied().unwrap_or(*v)).collect();
                guard.mark(func, defs, region, &inside, group);
            }
        }
        let scratch = func.new_region();
        let mut b = Builder { func, region: scratch, loc };
        let worthwhile = self.emit_test(&mut b, node);
        let (strips, ()) = b.nested(|b| {
            let stride = b.i64(self.step * STRIP);
            let (k, label) = (b.func.new_value(Type::I64), b.func.new_label());
            let (body, ()) = b.nested(|b| {
                let (stop, _) = strip_end(b, k, node.stop, stride, self.step > 0);
                for region in [trial, fast, checked] {
                    narrow(b.func, region, k, stop);
                }
                let shadows: Vec<(Var, Var)> = trial_map.vars.iter().map(|(v, s)| (*v, *s)).collect();
                for (var, shadow) in shadows {
                    let value = b.get(var);
                    b.set(shadow, value);
                }
                let yes = b.bool(true);
                b.set(fine, yes);
                splice(b, trial);
                let cond = b.get(fine);
                b.push(InstKind::If { cond, then: fast, otherwise: checked });
            });
            let hints = LoopHints { strips: true, ..LoopHints::default() };
            let (start, stop) = (node.start, node.stop);
            b.push(InstKind::For(Box::new(For { label, iv: k, start, stop, step: stride, body, hints })));
        });
        b.push(InstKind::If { cond: worthwhile, then: strips, otherwise: original });
        let insts = std::mem::take(&mut func.regions[scratch.index()]);
        let list = &mut func.regions[parent.index()];
        let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
        list.splice(position..=position, insts);
    }

    /// Copies of the variables that the body assigns.
    fn shadows(&self, func: &mut Function, node: &For) -> CloneMap {
        let mut vars = HashMap::new();
        for var in walk::assigned_vars(func, node.body) {
            let data = func.vars[var.index()].clone();
            vars.insert(var, func.new_var(&data.name, data.ty));
        }
        CloneMap { vars, ..CloneMap::default() }
    }

    /// Whether there are enough iterations and no arrays overlap.
    fn emit_test(&self, b: &mut Builder<'_>, node: &For) -> Value {
        let (low, high) = if self.step > 0 { (node.start, node.stop) } else { (node.stop, node.start) };
        let distance = b.binary(BinaryOp::Sub, high, low);
        let fewest = b.i64(FEWEST * self.step.abs());
        let many = b.compare(CompareOp::Ge, distance, fewest);
        // The distance of extreme bounds overflows.
        let forward = b.compare(CompareOp::Ge, high, low);
        let many = b.binary(BinaryOp::And, many, forward);
        match self.alias.as_ref().and_then(|guard| guard.emit(b)) {
            Some(apart) => b.binary(BinaryOp::And, many, apart),
            None => many,
        }
    }
}

/// The loop alone in a region.
fn wrap(func: &mut Function, inst: Inst) -> Region {
    let region = func.new_region();
    func.regions[region.index()].push(inst);
    region
}

/// Keeps LLVM from vectorising the loop that is alone in a region, which has checks.
fn keep_scalar(func: &mut Function, region: Region) {
    let inst = func.region(region)[0];
    if let InstKind::For(node) = &mut func.inst_mut(inst).kind {
        node.hints.scalar = true;
    }
}

/// Whether an instruction may run speculatively in the first loop, or is a store or check.
fn is_simple(func: &Function, defs: &Definitions, inst: Inst, inside: &BTreeSet<Value>) -> bool {
    let data = func.inst(inst);
    match &data.kind {
        // Division by zero would be undefined where its check is not made.
        InstKind::Binary(op, a, _) => {
            !op.divides() && !matches!(op, BinaryOp::Pow | BinaryOp::Div)
                || func.ty(*a).dtype().is_some_and(|d| d.is_float())
        }
        InstKind::TupleMake(_)
        | InstKind::TupleGet(..)
        | InstKind::Get(_)
        | InstKind::Set(..)
        | InstKind::Dim(..)
        | InstKind::Stride(..)
        | InstKind::Check(..)
        | InstKind::If { .. } => true,
        kind if walk::is_arithmetic(kind) => true,
        InstKind::CheckIndex { check, .. } => !check,
        InstKind::Load { index, .. } | InstKind::Store { index, .. } => {
            index.iter().all(|v| is_address(func, defs, v, inside))
        }
        _ => false,
    }
}

/// Whether an index comes from counters and values outside alone: no check of data makes it valid.
fn is_address(func: &Function, defs: &Definitions, v: &Value, inside: &BTreeSet<Value>) -> bool {
    if !inside.contains(v) {
        return true;
    }
    let plain = |v: &Value| is_address(func, defs, v, inside);
    match defs.kind(func, *v) {
        Some(InstKind::Const(_) | InstKind::Dim(..) | InstKind::Stride(..)) => true,
        Some(InstKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, a, b)) => plain(a) && plain(b),
        Some(InstKind::Cast(a, _)) => plain(a),
        Some(InstKind::CheckIndex { index, size, .. }) => plain(index) && plain(size),
        _ => false,
    }
}

fn condition(func: &Function, inst: Inst) -> Option<Value> {
    match &func.inst(inst).kind {
        InstKind::Check(cond, _) => Some(*cond),
        _ => None,
    }
}

/// Whether the computation of a value in the body reads one of these variables.
fn reads(func: &Function, defs: &Definitions, body: Region, v: Value, vars: &BTreeSet<Var>) -> bool {
    let inside: BTreeSet<Inst> = walk::insts_of(func, body).into_iter().collect();
    let (mut pending, mut seen) = (vec![v], BTreeSet::new());
    while let Some(v) = pending.pop() {
        let Some(inst) = defs.inst(v).filter(|i| inside.contains(i) && seen.insert(*i)) else { continue };
        let kind = &func.inst(inst).kind;
        if matches!(kind, InstKind::Get(var) if vars.contains(var)) {
            return true;
        }
        walk::for_each_operand(kind, &mut |v| pending.push(*v));
    }
    false
}

/// Whether iterations of the first loop read what the body would read: an array that is stored to is only accessed
/// at one place per iteration, which no other iteration has, and other arrays are tested.
fn accesses_stay_apart(
    func: &Function,
    node: &For,
    body: &[Inst],
    inside: &BTreeSet<Value>,
    guard: Option<&AliasGuard>,
) -> bool {
    let accesses = |stores: bool| {
        body.iter().filter_map(move |i| match &func.inst(*i).kind {
            InstKind::Load { array, index, .. } if !stores => Some((*array, index.clone())),
            InstKind::Store { array, index, .. } if stores => Some((*array, index.clone())),
            _ => None,
        })
    };
    let loads: Vec<(Value, Vec<Value>)> = accesses(false).collect();
    let stores: Vec<(Value, Vec<Value>)> = accesses(true).collect();
    let arrays: BTreeSet<Value> = loads.iter().chain(&stores).map(|(array, _)| *array).collect();
    if arrays.iter().any(|array| inside.contains(array)) {
        return false;
    }
    if !stores.is_empty() && arrays.len() > 1 && guard.is_none() {
        return false;
    }
    stores.iter().all(|(array, index)| {
        let dense = func.ty(*array).as_array().is_some_and(|t| t.layout != Layout::Strided);
        let same = |(other, at): &(Value, Vec<Value>)| other != array || dense && at == index;
        let apart = index.contains(&node.iv);
        loads.iter().all(|load| same(load) && (load.0 != *array || apart))
    })
}

/// Whether the accesses already carry the fact that two arrays do not overlap.
fn marked_apart(func: &Function, body: &[Inst], a: Value, b: Value) -> bool {
    let sets = |wanted: Value| {
        let sets: BTreeSet<u16> = body
            .iter()
            .filter_map(|i| match &func.inst(*i).kind {
                InstKind::Load { array, flags, .. } | InstKind::Store { array, flags, .. } => {
                    (*array == wanted).then_some(flags.alias_set)
                }
                _ => None,
            })
            .collect();
        sets.into_iter().next().filter(|set| *set != 0)
    };
    matches!((sets(a), sets(b)), (Some(x), Some(y)) if x >> 4 == y >> 4 && x != y)
}

/// A number of a group of accesses that is not in use.
fn free_group(func: &Function) -> Option<u16> {
    let used = func.insts.iter().map(|i| match &i.kind {
        InstKind::Load { flags, .. } | InstKind::Store { flags, .. } => flags.alias_set >> 4,
        _ => 0,
    });
    used.max().map(|g| g + 1).filter(|g| *g < 1 << 12)
}

/// Lets the loop that is alone in a region run over a strip.
fn narrow(func: &mut Function, region: Region, start: Value, stop: Value) {
    let inst = func.region(region)[0];
    if let InstKind::For(node) = &mut func.inst_mut(inst).kind {
        (node.start, node.stop) = (start, stop);
    }
}

/// Appends the instructions of a region.
fn splice(b: &mut Builder<'_>, region: Region) {
    let insts = std::mem::take(&mut b.func.regions[region.index()]);
    let target = b.region;
    b.func.regions[target.index()].extend(insts);
}

/// Removes the stores, and turns the checks into assignments of `fine`.
fn make_trial(func: &mut Function, region: Region, fine: Var) {
    for r in regions_of(func, region) {
        let scratch = func.new_region();
        for inst in std::mem::take(&mut func.regions[r.index()]) {
            let loc = func.inst(inst).loc;
            match func.inst(inst).kind {
                InstKind::Store { .. } => {}
                InstKind::Check(cond, _) => {
                    let mut b = Builder { func, region: scratch, loc };
                    let before = b.get(fine);
                    let both = b.binary(BinaryOp::And, before, cond);
                    b.set(fine, both);
                }
                _ => func.regions[scratch.index()].push(inst),
            }
        }
        func.regions[r.index()] = std::mem::take(&mut func.regions[scratch.index()]);
    }
}

fn drop_checks(func: &mut Function, region: Region) {
    for r in regions_of(func, region) {
        let mut list = std::mem::take(&mut func.regions[r.index()]);
        list.retain(|i| condition(func, *i).is_none());
        func.regions[r.index()] = list;
    }
}

/// A region and all regions inside it.
fn regions_of(func: &Function, region: Region) -> Vec<Region> {
    let mut all = vec![region];
    for inst in walk::insts_of(func, region) {
        all.extend(walk::nested_regions(&func.inst(inst).kind));
    }
    all
}

//! Races through array elements: proved absent, privatised, run serially or refused.
//!
//! For every parallel loop each write is held against every other access to the same array:
//!
//! - independent by [`crate::analysis::dependence`]: nothing to do;
//! - an update `a[…] op= e` whose elements may coincide (a histogram): each block gets a private copy, which the
//!   runtime combines in order; large integer arrays are updated atomically instead;
//! - provably the same element in different iterations: the loop is refused, unless all accesses stand under a lock of OpenMP
//!   (between `omp_set_lock` and `omp_unset_lock`): then it runs on one thread, so that its result stays the same;
//! - anything else: the loop runs on one thread, with a remark that says why.
//!
//! Calls of functions that write to arrays are looked into: the accesses are those of a copy of the loop in which the
//! functions' bodies stand for the calls.
//!
//! Different arrays may overlap at run time, and indices may be negative and wrap: both are tested in front of the
//! loop, which then runs on one thread if the test fails. So no loop ever races, and results never depend on the
//! number of threads.

use crate::analysis::access::{Access, accesses};
use crate::analysis::affine::Affine;
use crate::analysis::bounds::{End, Frame, extreme};
use crate::analysis::definitions::Definitions;
use crate::analysis::dependence::{Dependence, Loop};
use crate::analysis::effects::Effects;
use crate::analysis::reduction::element_update;
use crate::legality::{Reason, Refusal};
use crate::pipeline::Context;
use crate::transform::alias_guard;
use crate::transform::inline::inline_calls;
use crate::transform::open_tuples::{open_tuples, use_items};
use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{ArrayReduction, BinaryOp, CompareOp, InstKind, ParallelFor, ReduceOp};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::Layout;
use ungil_ir::walk;

const PASS: &str = "check_dependences";
/// Largest integer array, in elements, of which every thread gets a copy.
const PRIVATE_ELEMENTS: i64 = 1 << 20;

/// Checks all parallel loops.
pub fn check_dependences(module: &mut Module, context: &mut Context) -> bool {
    let effects = Effects::compute(module);
    // The functions as they were, where some loop calls one that writes.
    let locks = Locks::of(module);
    let callees =
        module.functions.iter().any(|f| writing_calls(f, &effects, f.body, false)).then(|| module.clone());
    let known = Known { effects, callees, locks };
    let mut changed = false;
    for func in &mut module.functions {
        changed |= region(func, &known, func.body, context);
    }
    changed
}

/// What is known about the functions that loops call.
struct Known {
    effects: Effects,
    callees: Option<Module>,
    locks: Locks,
}

/// Numbers of the C functions that take a lock, and of those that give it up.
struct Locks {
    takes: Vec<u32>,
    gives: Vec<u32>,
}

impl Locks {
    fn of(module: &Module) -> Locks {
        let named = |names: [&str; 2]| {
            let numbers = module.externs.iter().zip(0u32..).filter(|(e, _)| names.contains(&&*e.name));
            numbers.map(|(_, number)| number).collect()
        };
        Locks {
            takes: named(["omp_set_lock", "omp_set_nest_lock"]),
            gives: named(["omp_unset_lock", "omp_unset_nest_lock"]),
        }
    }

    /// The instructions of a region that only run while a lock is held which is taken and given up beside them.
    fn guarded(&self, func: &Function, defs: &Definitions, r: Region, found: &mut BTreeSet<Inst>) {
        if self.takes.is_empty() {
            return;
        }
        let mut held = 0u32;
        for inst in func.region(r) {
            let kind = &func.inst(*inst).kind;
            let called = match kind {
                InstKind::CallC(callee, _) => match defs.kind(func, *callee) {
                    Some(InstKind::Extern(number)) => Some(*number),
                    _ => None,
                },
                _ => None,
            };
            if called.is_some_and(|number| self.takes.contains(&number)) {
                held += 1;
            } else if called.is_some_and(|number| self.gives.contains(&number)) {
                held = held.saturating_sub(1);
            } else if held > 0 {
                found.insert(*inst);
                found.extend(walk::nested_regions(kind).flat_map(|inner| walk::insts_of(func, inner)));
            } else {
                walk::nested_regions(kind).for_each(|inner| self.guarded(func, defs, inner, found));
            }
        }
    }
}

/// Whether calls in parallel loops of a region, or in all of it if it is one's, may write to arrays.
fn writing_calls(func: &Function, effects: &Effects, r: Region, inside: bool) -> bool {
    func.region(r).iter().any(|inst| match &func.inst(*inst).kind {
        InstKind::Call(callee, args) => inside && (0..args.len()).any(|k| effects.writes(*callee, k)),
        kind => {
            let inside = inside || matches!(kind, InstKind::ParallelFor(_));
            walk::nested_regions(kind).any(|inner| writing_calls(func, effects, inner, inside))
        }
    })
}

fn region(func: &mut Function, known: &Known, r: Region, context: &mut Context) -> bool {
    let mut changed = false;
    for inst in func.region(r).to_vec() {
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            changed |= region(func, known, inner, context);
        }
        if let InstKind::ParallelFor(node) = func.inst(inst).kind.clone() {
            let plan = Plan::through_calls(func, known, r, inst, &node)
                .unwrap_or_else(|| Plan::make(func, known, inst, &node));
            changed |= plan.carry_out(func, r, inst, context);
        }
    }
    changed
}

/// What is to be done about a loop.
#[derive(Default)]
struct Plan {
    refusals: Vec<Reason>,
    /// Why it runs on one thread.
    serial: Option<String>,
    /// Expressions that must be ≥ 0, else it runs on one thread.
    conditions: BTreeSet<Affine>,
    /// Arrays that must not overlap, else it runs on one thread.
    apart: BTreeSet<(Value, Value)>,
    /// Arrays that are only updated.
    updated: BTreeMap<Value, ReduceOp>,
    /// What runs under a lock.
    guarded: BTreeSet<Inst>,
}

impl Plan {
    /// The plan for a loop that calls functions that write to arrays, found on a copy of the function in which the calls
    /// are replaced by the bodies; what lies in front of the loop is the same there. `None`: there are no such calls,
    /// or they cannot be looked into, or elements are updated in them, whose code cannot be redirected.
    fn through_calls(
        func: &mut Function,
        known: &Known,
        parent: Region,
        inst: Inst,
        node: &ParallelFor,
    ) -> Option<Plan> {
        let module = known.callees.as_ref()?;
        if !writing_calls(func, &known.effects, node.body, true) {
            return None;
        }
        let items = open_tuples(func, parent, inst, node.body);
        let mut copy = func.clone();
        inline_calls(module, &mut copy, node.body).ok()?;
        use_items(&mut copy, node.body, &items);
        let plan = Plan::make(&copy, known, inst, node);
        plan.updated.is_empty().then_some(plan)
    }

    fn make(func: &Function, known: &Known, inst: Inst, node: &ParallelFor) -> Plan {
        let mut plan = Plan::default();
        let defs = Definitions::compute(func);
        known.locks.guarded(func, &defs, node.body, &mut plan.guarded);
        let all = match accesses(func, &defs, &known.effects, node) {
            Ok(all) => all,
            Err(at) => {
                let line = file_line(func, at);
                plan.serial =
                    Some(format!("the array accessed in line {line} is not known in front of the loop"));
                return plan;
            }
        };
        let mut inside = walk::defined_values(func, node.body);
        inside.insert(node.iv);
        let is_inside = |v: Value| inside.contains(&v);
        let step = Affine::of(func, &defs, node.step).and_then(|s| s.as_constant()).unwrap_or(1);
        let frame = Frame::new(func, &defs, (node.iv, node.start, node.stop, node.step), None);
        let the_loop = Loop { func, defs: &defs, iv: node.iv, step, frame, inside: &is_inside };
        let bases: BTreeSet<Value> = all.iter().map(|a| a.base).collect();
        for base in &bases {
            let own: Vec<&Access> = all.iter().filter(|a| a.base == *base).collect();
            if own.iter().any(|a| a.writes) {
                plan.array(func, &defs, &the_loop, *base, &own);
            }
        }
        plan.overlaps(func, &defs, &all, &bases);
        plan.conditions = plan.resolve(func, &defs, node, inst);
        plan
    }

    /// Pairs of arrays of which one is written.
    fn overlaps(&mut self, func: &Function, defs: &Definitions, all: &[Access], bases: &BTreeSet<Value>) {
        let written: BTreeSet<Value> = all.iter().filter(|a| a.writes).map(|a| a.base).collect();
        for a in &written {
            for b in bases.iter().filter(|b| *b != a && !(written.contains(b) && *b < a)) {
                if !alias_guard::are_apart(func, defs, *a, *b) {
                    self.apart.insert((*a.min(b), *a.max(b)));
                }
            }
        }
    }

    fn array(
        &mut self,
        func: &Function,
        defs: &Definitions,
        the_loop: &Loop<'_>,
        base: Value,
        own: &[&Access],
    ) {
        let mut conditions = BTreeSet::new();
        let mut worst: Option<(Dependence, &Access, &Access)> = None;
        for write in own.iter().filter(|a| a.writes) {
            for other in own {
                match the_loop.dependence(write, other) {
                    Dependence::None(needs) => conditions.extend(needs),
                    // A distance of zero is the same iteration.
                    Dependence::Distance(0) => {}
                    found => {
                        let graver = matches!(found, Dependence::Distance(_));
                        if worst.is_none() || graver {
                            worst = Some((found, write, other));
                        }
                    }
                }
            }
        }
        let Some((found, write, other)) = worst else {
            self.conditions.extend(conditions);
            return;
        };
        if let Some(op) = only_updates(func, defs, own) {
            self.updated.insert(base, op);
            return;
        }
        if own.iter().all(|a| self.guarded.contains(&a.inst)) {
            let line = file_line(func, write.inst);
            self.serial
                .get_or_insert(format!("iterations wait for each other at the lock around line {line}"));
            return;
        }
        let at = |a: &Access| func.inst(a.inst).loc;
        let always = write.unconditional && other.unconditional;
        match found {
            Dependence::Distance(distance) if always => self.refusals.push(Reason::CarriedElement {
                write: at(write),
                other: at(other),
                other_writes: other.writes,
                distance,
            }),
            Dependence::Same if stores_invariant(func, the_loop, own) => {}
            Dependence::Same if always => self.refusals.push(Reason::SameElement { write: at(write) }),
            _ => {
                let line = file_line(func, write.inst);
                let (what, other) =
                    (if other.writes { "write" } else { "read" }, file_line(func, other.inst));
                let text = format!(
                    "the write in line {line} may touch an element that another iteration {what}s in line {other}"
                );
                self.serial.get_or_insert(text);
            }
        }
    }

    /// Conditions over the whole loop; those that hold by construction are dropped.
    fn resolve(
        &mut self,
        func: &Function,
        defs: &Definitions,
        node: &ParallelFor,
        inst: Inst,
    ) -> BTreeSet<Affine> {
        let frame = Frame::new(func, defs, (node.iv, node.start, node.stop, node.step), None);
        let frames = std::slice::from_ref(&frame);
        let mut result = BTreeSet::new();
        for e in &self.conditions {
            match extreme(e, frames, End::Least, 0) {
                Some(e) if crate::analysis::bounds::holds(func, defs, &e) => {}
                Some(e) if !e.terms.contains_key(&node.iv) => {
                    result.insert(e);
                }
                _ => {
                    let line = file_line(func, inst);
                    self.serial.get_or_insert(format!(
                        "an index in the loop of line {line} may be negative and wrap"
                    ));
                }
            }
        }
        result
    }

    fn carry_out(self, func: &mut Function, parent: Region, inst: Inst, context: &mut Context) -> bool {
        let (name, loc) = (func.name.clone(), func.inst(inst).loc);
        if !self.refusals.is_empty() {
            let refusal = |reason| Refusal { function: name.clone(), node: loc, reason };
            context.refusals.extend(self.refusals.into_iter().map(refusal));
            return false;
        }
        let mut updated = self.updated.clone();
        let mut serial = self.serial.clone();
        if updated.keys().any(|base| !can_privatise(func, inst, *base)) {
            serial
                .get_or_insert("an array that is updated at arbitrary indices is not contiguous".to_owned());
            updated.clear();
        }
        if let Some(why) = serial {
            let text = format!("runs on one thread: {why}");
            context.remarks.push(Remark { pass: PASS, kind: RemarkKind::Missed, function: name, loc, text });
            let scratch = func.new_region();
            let one = Builder { func, region: scratch, loc }.i64(1);
            set_threads(func, inst, one);
            splice_before(func, parent, inst, scratch);
            return true;
        }
        let mut remark = |text: String| {
            context.remarks.push(Remark {
                pass: PASS,
                kind: RemarkKind::Applied,
                function: name.clone(),
                loc,
                text,
            });
        };
        self.test_in_front(func, parent, inst);
        for (base, op) in &updated {
            privatise(func, parent, inst, *base, *op);
            remark(
                "updates at arbitrary indices go to private copies, which are combined in order".to_owned(),
            );
        }
        remark("parallel: iterations are independent".to_owned());
        true
    }

    /// Chooses one thread if a condition fails.
    fn test_in_front(&self, func: &mut Function, parent: Region, inst: Inst) {
        if self.conditions.is_empty() && self.apart.is_empty() {
            return;
        }
        let InstKind::ParallelFor(node) = func.inst(inst).kind.clone() else {
            unreachable!("a parallel loop")
        };
        let defs = Definitions::compute(func);
        let (scratch, loc) = (func.new_region(), func.inst(inst).loc);
        let mut b = Builder { func, region: scratch, loc };
        let mut fine = b.bool(true);
        for e in &self.conditions {
            let holds = crate::transform::hoist_checks::emit_inequality(&mut b, &defs, e);
            fine = b.binary(BinaryOp::And, fine, holds);
        }
        for (x, y) in &self.apart {
            let apart = alias_guard::emit_apart(&mut b, *x, *y);
            fine = b.binary(BinaryOp::And, fine, apart);
        }
        let one = b.i64(1);
        let wanted = node.num_threads.unwrap_or_else(|| b.i64(0));
        let threads = b.select(fine, wanted, one);
        set_threads(func, inst, threads);
        splice_before(func, parent, inst, scratch);
    }
}

/// Line of an instruction in the user's file.
fn file_line(func: &Function, inst: Inst) -> u32 {
    (func.origin.first_line + func.inst(inst).loc.line).saturating_sub(1)
}

fn set_threads(func: &mut Function, inst: Inst, threads: Value) {
    if let InstKind::ParallelFor(node) = &mut func.inst_mut(inst).kind {
        node.num_threads = Some(threads);
    }
}

fn splice_before(func: &mut Function, parent: Region, inst: Inst, scratch: Region) {
    let insts = std::mem::take(&mut func.regions[scratch.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..position, insts);
}

/// The operator if all accesses to an array are updates of elements with it.
fn only_updates(func: &Function, defs: &Definitions, own: &[&Access]) -> Option<ReduceOp> {
    let counts = walk::use_counts(func);
    let mut loads: BTreeSet<Inst> = own.iter().filter(|a| !a.writes).map(|a| a.inst).collect();
    let mut operator = None;
    for access in own.iter().filter(|a| a.writes) {
        let InstKind::Store { array, index, value, .. } = &func.inst(access.inst).kind else { return None };
        let load = *loads.iter().find(|l| match &func.inst(**l).kind {
            InstKind::Load { array: a, index: i, .. } => a == array && same_index(func, defs, i, index),
            _ => false,
        })?;
        let loaded = func.inst(load).result?;
        let op = element_update(func, defs, *value, loaded)?;
        if counts[loaded.index()] != 1 || operator.is_some_and(|o| o != op) || !access.direct {
            return None;
        }
        loads.remove(&load);
        operator = Some(op);
    }
    loads.is_empty().then_some(operator).flatten()
}

/// The read and the write of an update may each have checked the index.
fn same_index(func: &Function, defs: &Definitions, a: &[Value], b: &[Value]) -> bool {
    let strip = |v: &Value| match defs.kind(func, *v) {
        Some(InstKind::CheckIndex { index, .. }) => *index,
        _ => *v,
    };
    a.iter().map(strip).eq(b.iter().map(strip))
}

/// All iterations write the same value to the element and none reads it.
fn stores_invariant(func: &Function, the_loop: &Loop<'_>, own: &[&Access]) -> bool {
    let mut values = BTreeSet::new();
    own.iter().all(|a| match &func.inst(a.inst).kind {
        InstKind::Store { value, .. } => {
            values.insert(*value);
            !(the_loop.inside)(*value)
        }
        _ => false,
    }) && values.len() == 1
}

/// Whether the runtime can combine copies of the array: contiguous, and used for nothing but the updates.
fn can_privatise(func: &Function, inst: Inst, base: Value) -> bool {
    let ty = func.ty(base).as_array().expect("an array");
    let InstKind::ParallelFor(node) = &func.inst(inst).kind else { unreachable!("a parallel loop") };
    let uses = walk::any_inst(func, node.body, &|kind| {
        let mut used = false;
        walk::for_each_operand(kind, &mut |v| used |= *v == base);
        used && !matches!(
            kind,
            InstKind::Load { .. } | InstKind::Store { .. } | InstKind::Dim(..) | InstKind::Stride(..)
        )
    });
    ty.layout != Layout::Strided && !ty.swapped && !uses
}

/// Turns updates of an array into an array reduction; of a large integer array into atomic updates.
fn privatise(func: &mut Function, parent: Region, inst: Inst, base: Value, op: ReduceOp) {
    let ty = func.ty(base).clone();
    let InstKind::ParallelFor(mut node) = func.inst(inst).kind.clone() else {
        unreachable!("a parallel loop")
    };
    let array = ty.as_array().expect("an array");
    if array.dtype.is_int() && op != ReduceOp::Mul && node.arrays.is_empty() {
        atomic_version(func, parent, inst, base, op);
        return;
    }
    let private = func.new_value(ty);
    node.arrays.push(ArrayReduction { target: base, private, op });
    redirect(func, node.body, base, private);
    func.inst_mut(inst).kind = InstKind::ParallelFor(node);
}

fn redirect(func: &mut Function, body: Region, base: Value, private: Value) {
    for i in walk::insts_of(func, body) {
        if let InstKind::Load { array, .. } | InstKind::Store { array, .. } = &mut func.inst_mut(i).kind
            && *array == base
        {
            *array = private;
        }
    }
}

/// `if the array is small { loop with private copies } else { loop with atomic updates }`.
fn atomic_version(func: &mut Function, parent: Region, inst: Inst, base: Value, op: ReduceOp) {
    let (ty, loc) = (func.ty(base).clone(), func.inst(inst).loc);
    let array = ty.as_array().expect("an array");
    let private_region = func.new_region();
    func.regions[private_region.index()].push(inst);
    let atomic_region =
        ungil_ir::clone::clone_region(func, private_region, &mut ungil_ir::clone::CloneMap::default());
    let scratch = func.new_region();
    let mut b = Builder { func, region: scratch, loc };
    let mut size = b.i64(1);
    for axis in 0..array.ndim {
        let n = b.dim(base, axis);
        size = b.binary(BinaryOp::Mul, size, n);
    }
    let limit = b.i64(PRIVATE_ELEMENTS);
    let small = b.compare(CompareOp::Le, size, limit);
    b.push(InstKind::If { cond: small, then: private_region, otherwise: atomic_region });
    let InstKind::ParallelFor(mut node) = func.inst(inst).kind.clone() else {
        unreachable!("a parallel loop")
    };
    let private = func.new_value(ty);
    node.arrays.push(ArrayReduction { target: base, private, op });
    redirect(func, node.body, base, private);
    func.inst_mut(inst).kind = InstKind::ParallelFor(node);
    make_atomic(func, atomic_region, base, op);
    let insts = std::mem::take(&mut func.regions[scratch.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..=position, insts);
}

fn make_atomic(func: &mut Function, r: Region, base: Value, op: ReduceOp) {
    let defs = Definitions::compute(func);
    for i in walk::insts_of(func, r) {
        let InstKind::Store { array, index, value, .. } = func.inst(i).kind.clone() else { continue };
        if array != base {
            continue;
        }
        let Some(InstKind::Binary(how, a, b)) = defs.kind(func, value).cloned() else {
            unreachable!("an update stores the result of its operator")
        };
        let is_load =
            |v: Value| matches!(defs.kind(func, v), Some(InstKind::Load { array, .. }) if *array == base);
        let operand = if is_load(a) { b } else { a };
        let operand = if how == BinaryOp::Sub { negated(func, i, operand) } else { operand };
        func.inst_mut(i).kind = InstKind::AtomicUpdate { op, array, index, value: operand };
    }
}

/// Inserts `-v` in front of an instruction.
fn negated(func: &mut Function, before: Inst, v: Value) -> Value {
    let (ty, loc) = (func.ty(v).clone(), func.inst(before).loc);
    let negate = func.make_inst(InstKind::Unary(ungil_ir::inst::UnaryOp::Neg, v), Some(ty), loc);
    for list in &mut func.regions {
        if let Some(at) = list.iter().position(|i| *i == before) {
            list.insert(at, negate);
            break;
        }
    }
    func.inst(negate).result.expect("negation has a result")
}

//! Counted loops out of `while` loops.
//!
//! `while x < n: …; x += c` with an `n` that the loop does not change and one step in every iteration becomes
//!
//! ```text
//! for k in x..n step c { x = k; … x = x + c }
//! ```
//! The variable keeps its values at every point, so that whatever reads it, inside or after a `break`, sees no
//! difference, and later passes find a counter with a known range. Where `x + c` would overflow the `while` loop would
//! go round for ever, as no Python integer does; the counted loop ends.

use std::collections::BTreeSet;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Label, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, Const, For, InstKind, LoopHints};
use ungil_ir::types::Type;
use ungil_ir::walk;

/// Rewrites all functions.
pub fn count_while_loops(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        changed |= region(func, func.body);
    }
    changed
}

fn region(func: &mut Function, r: Region) -> bool {
    let mut changed = false;
    for inst in func.region(r).to_vec() {
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            changed |= region(func, inner);
        }
        if let InstKind::While { label, cond, test, body } = func.inst(inst).kind
            && let Some(count) = Count::of(func, label, cond, test, body)
        {
            rewrite(func, r, inst, &count);
            changed = true;
        }
    }
    changed
}

/// A `while` loop that counts.
struct Count {
    label: Label,
    cond: Region,
    body: Region,
    x: Var,
    op: CompareOp,
    bound: Value,
    step: i64,
}

impl Count {
    fn of(func: &Function, label: Label, cond: Region, test: Value, body: Region) -> Option<Count> {
        let (op, a, b) = match *definition(func, cond, test)? {
            InstKind::Compare(op, a, b) => (op, a, b),
            _ => return None,
        };
        let read = |v: Value| match definition(func, cond, v) {
            Some(InstKind::Get(x)) if *func.var_ty(*x) == Type::I64 => Some(*x),
            _ => None,
        };
        let assigned = walk::assigned_vars(func, body);
        let counts = |v: Value| read(v).filter(|x| assigned.contains(x));
        let (x, op, bound) = match (counts(a), counts(b)) {
            (Some(x), None) => (x, op, b),
            (None, Some(x)) => (x, mirrored(op), a),
            _ => return None,
        };
        if *func.ty(bound) != Type::I64 || !is_plain(func, cond) {
            return None;
        }
        let step = step_of(func, label, body, x)?;
        let towards = match op {
            CompareOp::Lt | CompareOp::Le => step > 0,
            CompareOp::Gt | CompareOp::Ge => step < 0,
            _ => false,
        };
        let inside = &walk::defined_values(func, cond) | &walk::defined_values(func, body);
        let count = Count { label, cond, body, x, op, bound, step };
        (towards && count.is_invariant(func, &inside, &assigned, bound)).then_some(count)
    }

    /// Whether a value of the condition is the same in every iteration and can be computed in front of the loop.
    fn is_invariant(
        &self,
        func: &Function,
        inside: &BTreeSet<Value>,
        assigned: &BTreeSet<Var>,
        v: Value,
    ) -> bool {
        let same = |v: Value| self.is_invariant(func, inside, assigned, v);
        !inside.contains(&v)
            || match definition(func, self.cond, v) {
                Some(InstKind::Const(_)) => true,
                Some(InstKind::Get(y)) => !assigned.contains(y),
                Some(InstKind::Dim(array, _)) => same(*array),
                Some(InstKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, a, b)) => {
                    same(*a) && same(*b)
                }
                _ => false,
            }
    }
}

/// The instruction of a region's own list that defines `v`.
fn definition(func: &Function, r: Region, v: Value) -> Option<&InstKind> {
    func.region(r).iter().map(|i| func.inst(*i)).find(|d| d.result == Some(v)).map(|d| &d.kind)
}

/// Whether a condition only reads and computes, so that its last evaluation is not missed.
fn is_plain(func: &Function, cond: Region) -> bool {
    func.region(cond).iter().all(|i| {
        matches!(
            func.inst(*i).kind,
            InstKind::Const(_)
                | InstKind::Get(_)
                | InstKind::Dim(..)
                | InstKind::Compare(..)
                | InstKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, ..)
        )
    })
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        other => other,
    }
}

/// What every iteration adds to `x`: its only assignment lies in the body's own list, behind no `continue`.
fn step_of(func: &Function, label: Label, body: Region, x: Var) -> Option<i64> {
    let assigns = |i: &Inst| matches!(func.inst(*i).kind, InstKind::Set(y, _) if y == x);
    let list = func.region(body);
    let at = list.iter().position(assigns)?;
    if walk::insts_of(func, body).iter().filter(|i| assigns(i)).count() != 1 {
        return None;
    }
    let skips = |i: &Inst| {
        let continues = |kind: &InstKind| matches!(kind, InstKind::Continue(l) if *l == label);
        let kind = &func.inst(*i).kind;
        continues(kind) || walk::nested_regions(kind).any(|r| walk::any_inst(func, r, &continues))
    };
    if list[..at].iter().any(skips) {
        return None;
    }
    let InstKind::Set(_, next) = func.inst(list[at]).kind else { return None };
    let is_x = |v: Value| matches!(definition(func, body, v), Some(InstKind::Get(y)) if *y == x);
    let (op, a, b) = match definition(func, body, next)? {
        InstKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), a, b) => (*op, *a, *b),
        _ => return None,
    };
    let step = if is_x(a) {
        constant(func, b)?
    } else if is_x(b) && op == BinaryOp::Add {
        constant(func, a)?
    } else {
        return None;
    };
    if op == BinaryOp::Sub { step.checked_neg() } else { Some(step) }
}

fn constant(func: &Function, v: Value) -> Option<i64> {
    func.insts.iter().find(|d| d.result == Some(v)).and_then(|d| match d.kind {
        InstKind::Const(Const::Int(_, c)) => Some(c),
        _ => None,
    })
}

fn rewrite(func: &mut Function, parent: Region, inst: Inst, count: &Count) {
    let loc = func.inst(inst).loc;
    let scratch = func.new_region();
    let cond = func.region(count.cond).to_vec();
    let inside = walk::defined_values(func, count.cond);
    let mut b = Builder { func, region: scratch, loc };
    let start = b.get(count.x);
    let bound = in_front(&mut b, count.cond, &inside, count.bound);
    let stop = stop_of(&mut b, count.op, bound);
    let step = b.i64(count.step);
    let iv = b.func.new_value(Type::I64);
    let (body, ()) = b.nested(|b| b.set(count.x, iv));
    let rest = b.func.region(count.body).to_vec();
    b.func.regions[body.index()].extend(cond.into_iter().chain(rest));
    let node = For { label: count.label, iv, start, stop, step, body, hints: LoopHints::default() };
    b.push(InstKind::For(Box::new(node)));
    let new = std::mem::take(&mut func.regions[scratch.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..=position, new);
}

/// Computes an invariant value of the condition once more, in front of the loop.
fn in_front(b: &mut Builder<'_>, cond: Region, inside: &BTreeSet<Value>, v: Value) -> Value {
    if !inside.contains(&v) {
        return v;
    }
    let kind = definition(b.func, cond, v).expect("a value of the condition").clone();
    let kind = match kind {
        InstKind::Dim(array, axis) => InstKind::Dim(in_front(b, cond, inside, array), axis),
        InstKind::Binary(op, x, y) => {
            InstKind::Binary(op, in_front(b, cond, inside, x), in_front(b, cond, inside, y))
        }
        other => other,
    };
    let ty = b.func.ty(v).clone();
    b.typed(kind, ty)
}

/// The first value that the counter does not take. With `<=` the very last integer is left out, which no loop reaches.
fn stop_of(b: &mut Builder<'_>, op: CompareOp, bound: Value) -> Value {
    let (clamp, limit, by) = match op {
        CompareOp::Le => (CompareOp::Lt, i64::MAX, 1),
        CompareOp::Ge => (CompareOp::Gt, i64::MIN, -1),
        _ => return bound,
    };
    let by = b.i64(by);
    if constant(b.func, bound).is_some_and(|c| c != limit) {
        return b.binary(BinaryOp::Add, bound, by);
    }
    let limit = b.i64(limit);
    let inner = b.compare(clamp, bound, limit);
    let next = b.binary(BinaryOp::Add, bound, by);
    b.select(inner, next, limit)
}

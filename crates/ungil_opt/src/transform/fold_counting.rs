//! Loops that only count.
//!
//! A loop over unit steps that touches variables alone and raises nothing is not run through. What each iteration adds to an
//! integer (`n += 1`) is added once, times the number of iterations; a variable that each iteration overwrites gets what the
//! last one gives it, which is the only one that stays.
//!
//! ```text
//! for i in a..b { n = n + c; k = 2 * i }   →   n = n + (b - a) * c; for i in b-1..b { k = 2 * i }
//! ```
//! Runs when invariants are hoisted and variables forwarded. Integers of the IR wrap, so that one product has the bits of
//! all sums; sums of floats have not, and stay.

use crate::analysis::exposed::exposed;
use std::collections::BTreeSet;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, Const, For, InstKind};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// Folds the counting loops of all functions.
pub fn fold_counting(module: &mut Module) -> bool {
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
        if let InstKind::For(node) = func.inst(inst).kind.clone()
            && let Some(step) = unit_step(func, &node)
            && let Some(sums) = sums(func, &node)
        {
            fold(func, r, inst, *node, step, &sums);
            changed = true;
        }
    }
    changed
}

fn unit_step(func: &Function, node: &For) -> Option<i64> {
    let defined = func.insts.iter().find(|i| i.result == Some(node.step))?;
    match defined.kind {
        InstKind::Const(Const::Int(_, step @ (1 | -1))) => Some(step),
        _ => None,
    }
}

/// A variable to which each iteration adds something that the loop does not change.
struct Sum {
    var: Var,
    op: BinaryOp,
    dtype: DType,
    by: Value,
    /// The read, the operation and the write.
    insts: [Inst; 3],
}

/// The sums of a loop that can be folded.
fn sums(func: &Function, node: &For) -> Option<Vec<Sum>> {
    let body = func.region(node.body);
    let pure = |i: &Inst| {
        use InstKind as K;
        let kind = &func.inst(*i).kind;
        matches!(
            kind,
            K::Const(_) | K::Unary(..) | K::Binary(..) | K::Compare(..) | K::Select(..) | K::Cast(..)
        ) || matches!(kind, K::Get(_) | K::Set(..))
    };
    let counts_nothing = node.hints.strips || node.hints.lanes || body.is_empty();
    if counts_nothing || !body.iter().all(pure) {
        return None;
    }
    let assigned: BTreeSet<Var> = walk::assigned_vars(func, node.body).into_iter().collect();
    let plain = |x: &Var| matches!(func.var_ty(*x), Type::Scalar(_));
    let reads = exposed(func, node.label, node.body).reads;
    let carried = assigned.iter().filter(|x| reads.contains_key(x));
    let sums: Option<Vec<Sum>> = carried.map(|x| sum_of(func, node, *x)).collect();
    sums.filter(|_| assigned.iter().all(plain))
}

fn sum_of(func: &Function, node: &For, x: Var) -> Option<Sum> {
    let body = func.region(node.body);
    let touches = |i: &&Inst| matches!(func.inst(**i).kind, InstKind::Get(y) | InstKind::Set(y, _) if y == x);
    let accesses: Vec<Inst> = body.iter().filter(touches).copied().collect();
    let [get, set] = accesses[..] else { return None };
    let (read, InstKind::Set(_, sum)) = (func.inst(get).result?, &func.inst(set).kind) else { return None };
    let add = *body.iter().find(|i| func.inst(**i).result == Some(*sum))?;
    let (op, by) = match func.inst(add).kind {
        InstKind::Binary(BinaryOp::Add, a, b) if a == read => (BinaryOp::Add, b),
        InstKind::Binary(BinaryOp::Add, a, b) if b == read => (BinaryOp::Add, a),
        InstKind::Binary(BinaryOp::Sub, a, b) if a == read => (BinaryOp::Sub, b),
        _ => return None,
    };
    let counts = walk::use_counts(func);
    let once = |v: Value| counts[v.index()] == 1;
    let inside = by == node.iv || walk::defined_values(func, node.body).contains(&by);
    let dtype = func.var_ty(x).dtype().filter(|d| d.is_int())?;
    (!inside && once(read) && once(*sum)).then_some(Sum { var: x, op, dtype, by, insts: [get, add, set] })
}

fn fold(func: &mut Function, parent: Region, inst: Inst, mut node: For, step: i64, sums: &[Sum]) {
    let front = func.new_region();
    let loc = func.inst(inst).loc;
    let mut b = Builder { func, region: front, loc };
    let (low, high) = if step > 0 { (node.start, node.stop) } else { (node.stop, node.start) };
    let goes = b.compare(CompareOp::Lt, low, high);
    let distance = b.binary(BinaryOp::Sub, high, low);
    let zero = b.i64(0);
    let trips = b.select(goes, distance, zero);
    for sum in sums {
        let times = b.cast(trips, sum.dtype);
        let all = b.binary(BinaryOp::Mul, times, sum.by);
        let old = b.get(sum.var);
        let new = b.binary(sum.op, old, all);
        b.set(sum.var, new);
    }
    let last = b.binary(BinaryOp::Sub, node.stop, node.step);
    node.start = b.select(goes, last, node.start);
    let folded: BTreeSet<Inst> = sums.iter().flat_map(|s| s.insts).collect();
    func.regions[node.body.index()].retain(|i| !folded.contains(i));
    func.inst_mut(inst).kind = InstKind::For(Box::new(node));
    let insts = std::mem::take(&mut func.regions[front.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..position, insts);
}

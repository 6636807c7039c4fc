//! Simplification of a copied body before it is analysed: short loops unrolled, short-circuit conditions as plain
//! logic, loads that a loop repeats in front of it, loads that repeat others by these.
//!
//! LLVM would do the same to scalar code, but masks would hide it: a load under the mask of the lanes still in a loop
//! does not look invariant.

use super::repeats::reuse_loads;
use crate::analysis::definitions::Definitions;
use crate::transform::alias_guard::are_apart;
use crate::transform::forward_locals::forward_region;
use crate::transform::hoist_invariants::is_pure;
use crate::transform::inline::zero_of;
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, MemFlags};
use ungil_ir::types::DType;
use ungil_ir::walk;

/// Longest loop, and most instructions, that are unrolled.
const MAX_TRIPS: i64 = 8;
const MAX_UNROLLED: usize = 128;

/// Simplifies a body.
pub fn simplify(func: &mut Function, body: Region) {
    unroll(func, body);
    short_circuits(func, body);
    forward_region(func, body);
    hoist_loads(func, body);
    reuse_loads(func, body);
}

// Unrolling.

fn unroll(func: &mut Function, r: Region) {
    let old = std::mem::take(&mut func.regions[r.index()]);
    for inst in old {
        let kind = func.inst(inst).kind.clone();
        for inner in walk::nested_regions(&kind).collect::<Vec<_>>() {
            unroll(func, inner);
        }
        match kind {
            InstKind::For(node) => match short_trips(func, &node) {
                Some(values) => repeat(func, r, inst, &node, &values),
                None => func.regions[r.index()].push(inst),
            },
            _ => func.regions[r.index()].push(inst),
        }
    }
}

/// The induction values of a loop that is short and has no exits of its own.
fn short_trips(func: &Function, node: &For) -> Option<Vec<i64>> {
    let defs = Definitions::compute(func);
    let [start, stop, step] = [node.start, node.stop, node.step].map(|v| defs.constant(func, v));
    let (start, stop, step) = (start?, stop?, step?);
    let exits = walk::any_inst(
        func,
        node.body,
        &|kind| matches!(kind, InstKind::Break(l) | InstKind::Continue(l) if *l == node.label),
    );
    if exits || step == 0 || start.unsigned_abs().max(stop.unsigned_abs()).max(step.unsigned_abs()) > 1 << 20
    {
        return None;
    }
    let distance = if step > 0 { stop - start } else { start - stop };
    let trips = if distance <= 0 { 0 } else { (distance - 1) / step.abs() + 1 };
    let size = walk::insts_of(func, node.body).len();
    (trips <= MAX_TRIPS && size * trips as usize <= MAX_UNROLLED)
        .then(|| (0..trips).map(|k| start + k * step).collect())
}

fn repeat(func: &mut Function, into: Region, inst: Inst, node: &For, values: &[i64]) {
    let loc = func.inst(inst).loc;
    for &k in values {
        let iv = Builder { func, region: into, loc }.i64(k);
        let mut map = CloneMap::default();
        map.values.insert(node.iv, iv);
        let copy = clone_region(func, node.body, &mut map);
        let insts = std::mem::take(&mut func.regions[copy.index()]);
        func.regions[into.index()].extend(insts);
    }
}

// Short-circuit conditions.

/// `if c { …; set x, a } else { set x, c }` becomes `…; set x, c and a`, and likewise `or`.
fn short_circuits(func: &mut Function, r: Region) {
    let old = std::mem::take(&mut func.regions[r.index()]);
    for inst in old {
        let data = func.inst(inst).clone();
        for inner in walk::nested_regions(&data.kind).collect::<Vec<_>>() {
            short_circuits(func, inner);
        }
        let InstKind::If { cond, then, otherwise } = data.kind else {
            func.regions[r.index()].push(inst);
            continue;
        };
        let found = [(then, otherwise, BinaryOp::And), (otherwise, then, BinaryOp::Or)]
            .into_iter()
            .find(|(long, short, _)| is_short_circuit(func, cond, *long, *short));
        let Some((long, _, op)) = found else {
            func.regions[r.index()].push(inst);
            continue;
        };
        let mut insts = func.region(long).to_vec();
        let last = insts.pop().map(|i| func.inst(i).kind.clone());
        func.regions[r.index()].extend(insts);
        if let Some(InstKind::Set(x, v)) = last {
            let mut b = Builder { func, region: r, loc: data.loc };
            let both = b.binary(op, cond, v);
            b.set(x, both);
        }
    }
}

fn is_short_circuit(func: &Function, cond: Value, long: Region, short: Region) -> bool {
    let [only] = func.region(short) else { return false };
    let InstKind::Set(x, v) = func.inst(*only).kind else { return false };
    let Some((last, rest)) = func.region(long).split_last() else { return false };
    let same = matches!(func.inst(*last).kind, InstKind::Set(y, a) if y == x && func.ty(a).dtype() == Some(DType::Bool));
    let harmless = |i: &Inst| {
        let kind = &func.inst(*i).kind;
        (is_pure(kind) && !matches!(kind, InstKind::Math(..))) || matches!(kind, InstKind::Get(_))
    };
    v == cond && same && rest.iter().all(harmless)
}

// Loads.

/// Moves loads that every iteration of a counted loop repeats in front of it, if it runs at all.
fn hoist_loads(func: &mut Function, r: Region) {
    for inst in func.region(r).to_vec() {
        let kind = func.inst(inst).kind.clone();
        for inner in walk::nested_regions(&kind).collect::<Vec<_>>() {
            hoist_loads(func, inner);
        }
        if let InstKind::For(node) = kind {
            hoist_from(func, r, inst, &node);
        }
    }
}

fn hoist_from(func: &mut Function, parent: Region, inst: Inst, node: &For) {
    let defs = Definitions::compute(func);
    let Some(step) = defs.constant(func, node.step).filter(|s| *s != 0) else { return };
    let mut inside = walk::defined_values(func, node.body);
    inside.insert(node.iv);
    let stores = stores_of(func, node.body);
    let mut moved = Vec::new();
    for i in func.region(node.body).to_vec() {
        let kind = &func.inst(i).kind;
        // Behind an exit a load need not run.
        if walk::nested_regions(kind).next().is_some() {
            break;
        }
        let mut invariant = true;
        walk::for_each_operand(kind, &mut |v| invariant &= !inside.contains(v));
        let movable = match kind {
            InstKind::Load { array, flags, .. } => {
                stores.iter().all(|(stored, f)| apart(func, &defs, (*array, *flags), (*stored, *f)))
            }
            kind => is_pure(kind),
        };
        if invariant && movable {
            inside.remove(&func.inst(i).result.expect("loads and pure instructions have results"));
            moved.push(i);
        }
    }
    let is_load = |func: &Function, i: Inst| matches!(func.inst(i).kind, InstKind::Load { .. });
    if !moved.iter().any(|i| is_load(func, *i)) {
        return;
    }
    func.regions[node.body.index()].retain(|i| !moved.contains(i));
    place_in_front(func, parent, inst, node, step, &moved);
}

/// Pure instructions go in front of the loop; loads into a branch that runs if the loop does.
fn place_in_front(func: &mut Function, parent: Region, inst: Inst, node: &For, step: i64, moved: &[Inst]) {
    let loc = func.inst(inst).loc;
    let front = func.new_region();
    let runs = {
        let mut b = Builder { func, region: front, loc };
        let op = if step > 0 { CompareOp::Lt } else { CompareOp::Gt };
        b.compare(op, node.start, node.stop)
    };
    let mut renamed = Vec::new();
    for &i in moved {
        let data = func.inst(i).clone();
        let result = data.result.expect("loads and pure instructions have results");
        if !matches!(data.kind, InstKind::Load { .. }) {
            func.regions[front.index()].push(i);
            continue;
        }
        let ty = func.ty(result).clone();
        let x = func.new_var("repeated", ty.clone());
        let mut b = Builder { func, region: front, loc: data.loc };
        let zero = b.value(InstKind::Const(zero_of(ty.dtype().expect("an element is a number"))));
        b.set(x, zero);
        let (then, ()) = b.nested(|b| {
            let v = b.typed(data.kind.clone(), ty.clone());
            b.set(x, v);
        });
        let otherwise = b.func.new_region();
        b.push(InstKind::If { cond: runs, then, otherwise });
        let v = b.get(x);
        renamed.push((result, v));
        for &later in moved {
            walk::for_each_operand_mut(&mut func.inst_mut(later).kind, &mut |u| {
                if *u == result {
                    *u = v;
                }
            });
        }
    }
    let find = |v: Value| renamed.iter().find(|(old, _)| *old == v).map_or(v, |(_, new)| *new);
    walk::replace_uses(func, node.body, &find);
    let insts = std::mem::take(&mut func.regions[front.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..position, insts);
}

fn stores_of(func: &Function, body: Region) -> Vec<(Value, MemFlags)> {
    let stores = walk::insts_of(func, body).into_iter().filter_map(|i| match func.inst(i).kind {
        InstKind::Store { array, flags, .. } => Some((array, flags)),
        _ => None,
    });
    stores.collect()
}

fn apart(func: &Function, defs: &Definitions, a: (Value, MemFlags), b: (Value, MemFlags)) -> bool {
    let (x, y) = (a.1.alias_set, b.1.alias_set);
    (x != 0 && y != 0 && x >> 4 == y >> 4 && x != y) || are_apart(func, defs, a.0, b.0)
}

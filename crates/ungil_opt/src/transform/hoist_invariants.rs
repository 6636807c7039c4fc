//! Loop-invariant code motion.
//!
//! Moves pure instructions whose operands are defined outside a loop in front of it, outermost first reached by
//! repeated steps. Arithmetic of the IR is total, so executing it although the loop runs no iteration is harmless.
//! Leaves alone: anything that reads or writes memory or variables, raises, or creates vectors of constants.

use std::collections::BTreeSet;
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::InstKind;
use ungil_ir::walk;

/// Hoists invariants of all loops of all functions.
pub fn hoist_invariants(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        changed |= region(func, func.body);
    }
    changed
}

/// Whether an instruction computes its result from its operands alone.
pub fn is_pure(kind: &InstKind) -> bool {
    walk::is_arithmetic(kind)
        || matches!(
            kind,
            InstKind::TupleMake(_)
                | InstKind::TupleGet(..)
                | InstKind::Dim(..)
                | InstKind::Stride(..)
                | InstKind::Address(_)
                | InstKind::View { .. }
                | InstKind::GlobalArray(_)
                | InstKind::Extern(_)
                | InstKind::Pointer(_)
                | InstKind::ArrayAt { .. }
        )
}

fn region(func: &mut Function, r: Region) -> bool {
    let mut changed = false;
    for inst in func.region(r).to_vec() {
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            changed |= region(func, inner);
        }
        if is_loop(&func.inst(inst).kind) {
            changed |= hoist_from(func, r, inst);
        }
    }
    changed
}

fn is_loop(kind: &InstKind) -> bool {
    matches!(
        kind,
        InstKind::For(_) | InstKind::While { .. } | InstKind::Domain { .. } | InstKind::ParallelFor(_)
    )
}

/// Moves the invariants of one loop, also those in branches inside it, in front of it.
fn hoist_from(func: &mut Function, parent: Region, inst: Inst) -> bool {
    let mut inside = BTreeSet::new();
    walk::for_each_region_value(&func.inst(inst).kind, &mut |v| {
        inside.insert(v);
    });
    let regions: Vec<Region> = walk::nested_regions(&func.inst(inst).kind).collect();
    for r in &regions {
        inside.extend(walk::defined_values(func, *r));
    }
    let mut hoisted = Vec::new();
    for r in regions {
        collect(func, r, &mut inside, &mut hoisted);
    }
    let position = func.region(parent).iter().position(|i| *i == inst).expect("the loop is in its region");
    let list = &mut func.regions[parent.index()];
    list.splice(position..position, hoisted.iter().copied());
    !hoisted.is_empty()
}

fn collect(func: &mut Function, r: Region, inside: &mut BTreeSet<Value>, hoisted: &mut Vec<Inst>) {
    for inst in func.region(r).to_vec() {
        let kind = &func.inst(inst).kind;
        let mut invariant = is_pure(kind);
        walk::for_each_operand(kind, &mut |v| invariant &= !inside.contains(v));
        if invariant {
            if let Some(v) = func.inst(inst).result {
                inside.remove(&v);
            }
            func.regions[r.index()].retain(|i| *i != inst);
            hoisted.push(inst);
            continue;
        }
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            collect(func, inner, inside, hoisted);
        }
    }
}

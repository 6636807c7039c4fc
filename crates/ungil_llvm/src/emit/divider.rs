//! Whether loops will wait for the divider, judged on the IR: such modules get the widest vectors.

use crate::divider::cost::{Kind, Operation, Work};
use crate::divider::{is_useful_here, is_wide_here};
use std::collections::BTreeSet;
use ungil_ir::entities::{Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_ir::walk::{assigned_vars, for_each_operand, insts_of};

/// Whether an innermost loop of a module waits for the divider so much that multiply-adds, which gain from the widest
/// vectors, should take over, or that a divider for the widest vectors pays.
pub fn is_bottleneck(ir: &Module) -> bool {
    (is_useful_here() || is_wide_here()) && ir.functions.iter().any(has_bottleneck)
}

fn has_bottleneck(f: &Function) -> bool {
    insts_of(f, f.body).iter().any(|inst| match &f.inst(*inst).kind {
        InstKind::For(node) => waits(f, node.body, &[node.iv]),
        InstKind::ParallelFor(node) => waits(f, node.body, &[node.iv]),
        InstKind::Domain { body, ivs, .. } => waits(f, *body, ivs),
        _ => false,
    })
}

/// Whether the loop around a region waits for the divider, were it run in vectors; no if it contains another.
fn waits(f: &Function, body: Region, ivs: &[Value]) -> bool {
    let mut work = Work::default();
    // What changes from iteration to iteration; the rest will be moved out of the loop.
    let mut varying: BTreeSet<Value> = ivs.iter().copied().collect();
    let assigned = assigned_vars(f, body);
    let mut written = BTreeSet::new();
    for inst in insts_of(f, body) {
        let inst = f.inst(inst);
        let mut varies = matches!(inst.kind, InstKind::Get(x) if assigned.contains(&x));
        for_each_operand(&inst.kind, &mut |v| varies |= varying.contains(v));
        match &inst.kind {
            InstKind::For(_) | InstKind::While { .. } | InstKind::Domain { .. } => return false,
            // Results that do not lie side by side keep the loop out of vectors.
            InstKind::Store { index, .. } if !index.last().is_some_and(|i| varying.contains(i)) => {
                return false;
            }
            // A number carried from iteration to iteration does too.
            InstKind::Get(x) if assigned.contains(x) && !written.contains(x) => return false,
            InstKind::Set(x, _) => {
                written.insert(*x);
            }
            _ if !varies => continue,
            kind => count(kind, inst.result.and_then(|v| scalar_dtype(f, v)), &mut work),
        }
        varying.extend(inst.result);
    }
    work.moved().is_some()
}

fn scalar_dtype(f: &Function, v: Value) -> Option<DType> {
    let ty = f.ty(v);
    if ty.lanes().is_some() { None } else { ty.dtype() }
}

fn count(kind: &InstKind, result: Option<DType>, work: &mut Work) {
    let mut operation = |operation| {
        if let Some(float) = result.filter(|d| d.is_float()) {
            work.operations.push((Kind { operation, single: float == DType::F32 }, 1));
        }
    };
    match kind {
        InstKind::Binary(BinaryOp::Div, ..) => operation(Operation::Divide),
        InstKind::Math(MathFn::Sqrt, _) => operation(Operation::Root),
        InstKind::Load { .. } => work.loads += 1,
        InstKind::Store { .. } => work.stores += 1,
        InstKind::Binary(..) | InstKind::Unary(..) | InstKind::Math(..) => work.arithmetic += 1,
        _ => {}
    }
}

//! Sameness of values: whether two are computed in the same way from the same values.
//!
//! The answer is about numbers, not places: a value that is the same as another need not be defined where that is.

use ungil_ir::entities::Value;
use ungil_ir::function::Function;
use ungil_ir::inst::{Const, InstKind};
use ungil_ir::walk;

use crate::analysis::definitions::Definitions;
use crate::transform::hoist_invariants::is_pure;

/// Operations that are looked through.
const DEPTH: usize = 12;

/// Whether two values are the same number in any execution; `false` if that is not seen.
pub fn same(func: &Function, defs: &Definitions, a: Value, b: Value) -> bool {
    equal(func, defs, a, b, DEPTH)
}

fn equal(func: &Function, defs: &Definitions, a: Value, b: Value, depth: usize) -> bool {
    let (a, b) = (origin(func, defs, a), origin(func, defs, b));
    if a == b {
        return true;
    }
    if depth > 0 {
        // A choice among values that are the same as the other.
        for (choice, other) in [(a, b), (b, a)] {
            if let Some(InstKind::Select(_, p, q)) = defs.kind(func, choice)
                && [p, q].into_iter().all(|v| equal(func, defs, *v, other, depth - 1))
            {
                return true;
            }
        }
    }
    let (Some(x), Some(y)) = (defs.kind(func, a), defs.kind(func, b)) else { return false };
    if depth == 0 || func.ty(a) != func.ty(b) || !is_pure(x) || matches!(x, InstKind::View { .. }) {
        return false;
    }
    if let (InstKind::Const(x), InstKind::Const(y)) = (x, y) {
        // Zeros of either sign are equal and not the same.
        return x == y && matches!(x, Const::Int(..) | Const::Bool(_));
    }
    let (xs, ys) = (operands(x), operands(y));
    // The same operation: equal once it has the same operands.
    let mut renamed = y.clone();
    let mut given = xs.iter();
    walk::for_each_operand_mut(&mut renamed, &mut |v| {
        if let Some(x) = given.next() {
            *v = *x;
        }
    });
    xs.len() == ys.len()
        && renamed == *x
        && xs.iter().zip(&ys).all(|(p, q)| equal(func, defs, *p, *q, depth - 1))
}

/// Extents of arrays made here are the values they were made with.
fn origin(func: &Function, defs: &Definitions, mut v: Value) -> Value {
    while let Some(InstKind::Dim(array, axis)) = defs.kind(func, v) {
        match defs.kind(func, *array) {
            Some(InstKind::Alloc { shape, .. } | InstKind::View { shape, .. }) => {
                v = shape[usize::from(*axis)]
            }
            _ => break,
        }
    }
    v
}

fn operands(kind: &InstKind) -> Vec<Value> {
    let mut found = Vec::new();
    walk::for_each_operand(kind, &mut |v| found.push(*v));
    found
}

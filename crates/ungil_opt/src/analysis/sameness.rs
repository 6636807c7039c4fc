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
    let (a, b) = (origin(func, defs, a, depth), origin(func, defs, b, depth));
    if a == b {
        return true;
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

/// What a value visibly is: extents of arrays made here are the values they were made with, a choice among values that are
/// the same is one of them.
fn origin(func: &Function, defs: &Definitions, mut v: Value, depth: usize) -> Value {
    for depth in (0..depth).rev() {
        v = match defs.kind(func, v) {
            Some(InstKind::Dim(array, axis)) => match defs.kind(func, *array) {
                Some(InstKind::Alloc { shape, .. } | InstKind::View { shape, .. }) => {
                    shape[usize::from(*axis)]
                }
                _ => break,
            },
            Some(InstKind::Select(_, p, q)) if equal(func, defs, *p, *q, depth) => *p,
            _ => break,
        };
    }
    v
}

fn operands(kind: &InstKind) -> Vec<Value> {
    let mut found = Vec::new();
    walk::for_each_operand(kind, &mut |v| found.push(*v));
    found
}

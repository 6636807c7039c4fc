//! Bounds of affine expressions over a loop nest.
//!
//! The extremes of `Σ c·iv + …` over a nest are found by replacing each induction value, innermost first, by the
//! end of its range that makes the expression larger or smaller. Ranges of inner loops may depend on outer
//! induction values (triangular loops). The result is conservative: an inner loop that runs no iteration for some
//! outer one still counts.

use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use ungil_ir::entities::Value;
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, Const, InstKind};

/// Range of an induction value: both ends are included. Of several bounds each is one, as `stop = min(a, b)` gives.
#[derive(Clone, Debug)]
pub struct Frame {
    pub iv: Value,
    pub least: Vec<Affine>,
    pub greatest: Vec<Affine>,
}

impl Frame {
    /// Range of `for iv in range(start, stop, step)`. `last` is the exact last value where the caller has one.
    pub fn new(
        func: &Function,
        defs: &Definitions,
        (iv, start, stop, step): (Value, Value, Value, Value),
        last: Option<Value>,
    ) -> Frame {
        let of = |v| Affine::of(func, defs, v);
        let single = |v| of(v).into_iter().collect::<Vec<_>>();
        let last = last.map(Affine::atom);
        let ends = |by: i64, op: BinaryOp| match &last {
            Some(last) => vec![last.clone()],
            None => alternatives(func, defs, stop, op).into_iter().filter_map(|v| of(v)?.plus(by)).collect(),
        };
        let (least, greatest) = match of(step).and_then(|s| s.as_constant()) {
            Some(s) if s > 0 => (single(start), ends(-1, BinaryOp::Min)),
            Some(s) if s < 0 => (ends(1, BinaryOp::Max), single(start)),
            _ => (Vec::new(), Vec::new()),
        };
        Frame { iv, least, greatest }
    }
}

/// The operands if `v` is their minimum (or maximum, as `op` says), else `v` itself.
pub fn alternatives(func: &Function, defs: &Definitions, v: Value, op: BinaryOp) -> Vec<Value> {
    match clamp(func, defs, v) {
        Some((found, a, b)) if found == op => vec![a, b],
        _ => vec![v],
    }
}

/// `v` as the minimum or maximum of two integers: which of the two, and the operands.
pub fn clamp(func: &Function, defs: &Definitions, v: Value) -> Option<(BinaryOp, Value, Value)> {
    match defs.kind(func, v)? {
        InstKind::Binary(op @ (BinaryOp::Min | BinaryOp::Max), a, b) => Some((*op, *a, *b)),
        InstKind::Select(c, p, q) => {
            let Some(InstKind::Compare(op, a, b)) = defs.kind(func, *c) else { return None };
            let is = |x: &Value, y: &Value| x == y || same_constant(func, defs, *x, *y);
            let straight = is(a, p) && is(b, q);
            if !(straight || is(a, q) && is(b, p)) {
                return None;
            }
            let picks_smaller = match op {
                CompareOp::Lt | CompareOp::Le => straight,
                CompareOp::Gt | CompareOp::Ge => !straight,
                _ => return None,
            };
            Some((if picks_smaller { BinaryOp::Min } else { BinaryOp::Max }, *p, *q))
        }
        _ => None,
    }
}

fn same_constant(func: &Function, defs: &Definitions, a: Value, b: Value) -> bool {
    match (defs.kind(func, a), defs.kind(func, b)) {
        (Some(InstKind::Const(Const::Int(s, x))), Some(InstKind::Const(Const::Int(t, y)))) => {
            s == t && x == y
        }
        _ => false,
    }
}

pub fn is_extent(func: &Function, defs: &Definitions, v: Value) -> bool {
    matches!(defs.kind(func, v), Some(InstKind::Dim(..)))
}

/// Whether `e ≥ 0` by construction: extents are not negative.
pub fn holds(func: &Function, defs: &Definitions, e: &Affine) -> bool {
    e.constant >= 0 && e.terms.iter().all(|(v, c)| *c > 0 && is_extent(func, defs, *v))
}

/// Which end of a range.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Least,
    Greatest,
}

/// Extreme of `e` over the nest, whose frames are given from the outermost to the innermost loop. Where a loop has
/// several bounds, the one numbered `choice` (or the last) is used.
pub fn extreme(e: &Affine, frames: &[Frame], end: End, choice: usize) -> Option<Affine> {
    let mut e = e.clone();
    for frame in frames.iter().rev() {
        let Some(&c) = e.terms.get(&frame.iv) else { continue };
        let by = if (c > 0) == (end == End::Greatest) { &frame.greatest } else { &frame.least };
        e = e.substitute(frame.iv, by.get(choice).or(by.last())?)?;
    }
    Some(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triangular_loops_are_followed_outwards() {
        // for i in range(n): for j in range(i + 1, n): the index j - i lies in 1 …= n - 1.
        let (n, i, j) = (Value(0), Value(1), Value(2));
        let last = Affine::atom(n).plus(-1).unwrap();
        let frames = [
            Frame { iv: i, least: vec![Affine::constant(0)], greatest: vec![last.clone()] },
            Frame { iv: j, least: vec![Affine::atom(i).plus(1).unwrap()], greatest: vec![last.clone()] },
        ];
        let e = Affine::atom(j).add_scaled(&Affine::atom(i), -1).unwrap();
        assert_eq!(extreme(&e, &frames, End::Least, 0), Some(Affine::constant(1)));
        assert_eq!(extreme(&e, &frames, End::Greatest, 0), Some(last));
    }
}

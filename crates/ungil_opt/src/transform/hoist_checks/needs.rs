//! What must hold in front of a loop nest for an expression to stay non-negative inside it.
//!
//! The least value of an affine expression over a nest comes from the ends of its counters ([`extreme`]). Two things
//! make more indices provable: `min` and `max` are bounded by their operands, and a branch knows its condition.
//!
//! The algebra does not wrap, the program does. What a condition tells is therefore used only where it speaks of
//! extents and counters that cannot come near the ends of int64: [`Facts::enter`] says which.

use crate::analysis::affine::Affine;
use crate::analysis::bounds::{End, Frame, clamp, extreme, holds, is_extent};
use crate::analysis::definitions::Definitions;
use std::collections::BTreeSet;
use ungil_ir::entities::Value;
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, UnaryOp};

/// Clamps that are looked into, one inside the other.
const MAX_CLAMPS: u32 = 6;
/// With at most this step a counter that starts near zero cannot reach 2^62 in a lifetime.
const MAX_STEP: i64 = 1 << 16;
const MAX_DEPTH: u32 = 8;

/// What is known at a place of the nest: the enclosing loops and conditions.
#[derive(Default)]
pub struct Facts {
    pub frames: Vec<Frame>,
    /// Counters whose values stay far from the ends of int64.
    tame: BTreeSet<Value>,
    /// Expressions that are ≥ 0 here.
    known: Vec<Affine>,
}

/// Position to go back to when a branch ends.
#[derive(Clone, Copy)]
pub struct Mark(usize);

impl Facts {
    /// Enters `for iv in range(start, stop, step)`. Its counter is tame if it starts at a constant, an extent or a
    /// tame counter, or a small sum of these, and takes small steps.
    pub fn enter(
        &mut self,
        func: &Function,
        defs: &Definitions,
        range: (Value, Value, Value, Value),
        last: Option<Value>,
    ) {
        let (iv, start, _, step) = range;
        let small_step =
            Affine::of(func, defs, step).and_then(|s| s.as_constant()).is_some_and(|s| s.abs() <= MAX_STEP);
        if small_step && Affine::of(func, defs, start).is_some_and(|s| self.is_tame(func, defs, &s)) {
            self.tame.insert(iv);
        }
        self.frames.push(Frame::new(func, defs, range, last));
    }

    pub fn leave(&mut self) {
        self.frames.pop();
    }

    fn is_tame(&self, func: &Function, defs: &Definitions, e: &Affine) -> bool {
        e.terms.keys().all(|v| self.tame.contains(v) || is_extent(func, defs, *v))
    }

    pub fn mark(&self) -> Mark {
        Mark(self.known.len())
    }

    pub fn forget(&mut self, mark: Mark) {
        self.known.truncate(mark.0);
    }

    /// Notes that `cond` is `truth` from here on.
    pub fn learn(&mut self, func: &Function, defs: &Definitions, cond: Value, truth: bool) {
        self.learn_to(func, defs, cond, truth, MAX_DEPTH);
    }

    fn learn_to(&mut self, func: &Function, defs: &Definitions, cond: Value, truth: bool, depth: u32) {
        if depth == 0 {
            return;
        }
        match (defs.kind(func, cond), truth) {
            (Some(InstKind::Unary(UnaryOp::Not, a)), _) => self.learn_to(func, defs, *a, !truth, depth - 1),
            (Some(InstKind::Binary(BinaryOp::And, a, b)), true)
            | (Some(InstKind::Binary(BinaryOp::Or, a, b)), false) => {
                self.learn_to(func, defs, *a, truth, depth - 1);
                self.learn_to(func, defs, *b, truth, depth - 1);
            }
            (Some(InstKind::Compare(op, a, b)), _) => {
                let (Some(a), Some(b)) = (Affine::of(func, defs, *a), Affine::of(func, defs, *b)) else {
                    return;
                };
                if self.is_tame(func, defs, &a) && self.is_tame(func, defs, &b) {
                    self.known.extend(consequences(*op, truth, &a, &b).into_iter().flatten());
                    if matches!((op, truth), (CompareOp::Eq, false) | (CompareOp::Ne, true)) {
                        self.learn_apart(func, defs, &a, &b);
                    }
                }
            }
            _ => {}
        }
    }

    /// Notes that two expressions differ: if one is never less than the other it is greater.
    fn learn_apart(&mut self, func: &Function, defs: &Definitions, a: &Affine, b: &Affine) {
        for (x, y) in [(a, b), (b, a)] {
            let Some(difference) = x.add_scaled(y, -1) else { continue };
            let least = extreme(&difference, &self.frames, End::Least, 0);
            if least.is_some_and(|least| holds(func, defs, &least)) {
                self.known.extend(difference.plus(-1));
            }
        }
    }

    /// Expressions over values from outside whose being ≥ 0 makes `e` ≥ 0 in every iteration; `None` if there are
    /// none. Values in `inside` are looked into, others are atoms.
    pub fn needs(
        &self,
        func: &Function,
        defs: &Definitions,
        inside: &BTreeSet<Value>,
        e: &Affine,
    ) -> Option<Vec<Affine>> {
        Bounds { func, defs, inside, facts: self }.needs(e, MAX_CLAMPS)
    }
}

/// What is ≥ 0 when `a op b` is `truth`.
fn consequences(op: CompareOp, truth: bool, a: &Affine, b: &Affine) -> [Option<Affine>; 2] {
    let above = |x: &Affine, y: &Affine, by: i64| x.add_scaled(y, -1)?.plus(-by);
    match (op, truth) {
        (CompareOp::Lt, true) | (CompareOp::Ge, false) => [above(b, a, 1), None],
        (CompareOp::Le, true) | (CompareOp::Gt, false) => [above(b, a, 0), None],
        (CompareOp::Gt, true) | (CompareOp::Le, false) => [above(a, b, 1), None],
        (CompareOp::Ge, true) | (CompareOp::Lt, false) => [above(a, b, 0), None],
        (CompareOp::Eq, true) | (CompareOp::Ne, false) => [above(a, b, 0), above(b, a, 0)],
        _ => [None, None],
    }
}

struct Bounds<'a> {
    func: &'a Function,
    defs: &'a Definitions,
    inside: &'a BTreeSet<Value>,
    facts: &'a Facts,
}

impl Bounds<'_> {
    fn holds(&self, e: &Affine) -> bool {
        holds(self.func, self.defs, e)
    }

    /// Whether `e ≥ 0` by construction or because of a condition around it.
    fn is_known(&self, e: &Affine) -> bool {
        self.holds(e)
            || self.facts.known.iter().any(|f| e.add_scaled(f, -1).is_some_and(|rest| self.holds(&rest)))
    }

    fn needs(&self, e: &Affine, depth: u32) -> Option<Vec<Affine>> {
        if self.is_known(e) {
            return Some(Vec::new());
        }
        if let Some(needs) = self.through_clamp(e, depth) {
            return Some(needs);
        }
        let at = |choice| {
            let least = extreme(e, &self.facts.frames, End::Least, choice)?;
            if self.is_outside(&least) { Some(vec![least]) } else { self.through_clamp(&least, depth) }
        };
        self.better(at(0), at(1))
    }

    /// Replaces a `min` or `max` made inside by its operands.
    fn through_clamp(&self, e: &Affine, depth: u32) -> Option<Vec<Affine>> {
        let inner = |v: &&Value| self.inside.contains(*v);
        let (v, (op, a, b)) =
            e.terms.keys().filter(inner).find_map(|v| Some((*v, clamp(self.func, self.defs, *v)?)))?;
        let depth = depth.checked_sub(1)?;
        let with = |x| self.needs(&e.substitute(v, &Affine::of(self.func, self.defs, x)?)?, depth);
        let (with_a, with_b) = (with(a), with(b));
        // A maximum is at least either operand, but only both bound it from above.
        if (op == BinaryOp::Max) == (e.terms[&v] > 0) {
            return self.better(with_a, with_b);
        }
        let mut both = with_a?;
        both.extend(with_b?);
        Some(both)
    }

    /// Of two sufficient sets the one that may hold and asks less.
    fn better(&self, a: Option<Vec<Affine>>, b: Option<Vec<Affine>>) -> Option<Vec<Affine>> {
        let cost = |set: &Vec<Affine>| {
            let impossible = set.iter().any(|e| e.as_constant().is_some_and(|c| c < 0));
            (impossible, set.iter().filter(|e| !self.holds(e)).count())
        };
        match (a, b) {
            (Some(a), Some(b)) => Some(if cost(&b) < cost(&a) { b } else { a }),
            (a, b) => a.or(b),
        }
    }

    /// Whether an expression can be computed in front of the nest. Extents are read there again if need be.
    fn is_outside(&self, e: &Affine) -> bool {
        e.terms.keys().all(|v| match self.defs.kind(self.func, *v) {
            Some(InstKind::Dim(array, _)) => !self.inside.contains(array),
            Some(InstKind::Binary(BinaryOp::Mul, a, b)) => {
                !self.inside.contains(a) && !self.inside.contains(b)
            }
            _ => !self.inside.contains(v),
        })
    }
}

//! The test in front of a versioned loop nest.
//!
//! The algebra of [`Affine`] does not wrap: the test also demands that every atom that is not an extent lies
//! within ±2^40, which with coefficients up to 2^16 and six terms cannot overflow.

use super::Test;
use super::nest::{Last, Nest};
use crate::analysis::affine::Affine;
use crate::analysis::bounds::is_extent;
use crate::analysis::definitions::Definitions;
use crate::transform::alias_guard::AliasGuard;
use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::builder::Builder;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::types::DType;

/// Atoms must lie within ± this.
const ATOM_LIMIT: i64 = 1 << 40;

/// Appends the whole test and returns its value.
pub fn emit_test(
    b: &mut Builder<'_>,
    defs: &Definitions,
    nest: &Nest,
    test: &Test,
    alias: Option<&AliasGuard>,
) -> Value {
    let mut emitter = Emitter { b, defs, atoms: BTreeMap::new(), all: None };
    let used: BTreeSet<Value> = test.inequalities.iter().flat_map(|e| e.terms.keys().copied()).collect();
    for last in nest.prologue.iter().filter(|p| used.contains(&p.last)) {
        emitter.last_value(*last);
    }
    for e in &test.inequalities {
        emitter.inequality(e);
    }
    for c in &test.conditions {
        emitter.require(*c);
    }
    if let Some(apart) = alias.and_then(|a| a.emit(emitter.b)) {
        emitter.require(apart);
    }
    let all = emitter.all;
    all.expect("a test is only emitted for something to test")
}

/// Appends the condition `e ≥ 0`, false also where computing it might overflow.
pub fn emit_inequality(b: &mut Builder<'_>, defs: &Definitions, e: &Affine) -> Value {
    let mut emitter = Emitter { b, defs, atoms: BTreeMap::new(), all: None };
    emitter.inequality(e);
    let all = emitter.all;
    all.expect("an inequality is a condition")
}

struct Emitter<'a, 'f> {
    b: &'a mut Builder<'f>,
    defs: &'a Definitions,
    atoms: BTreeMap<Value, Value>,
    all: Option<Value>,
}

impl Emitter<'_, '_> {
    fn require(&mut self, cond: Value) {
        self.all = Some(match self.all {
            None => cond,
            Some(rest) => self.b.binary(BinaryOp::And, rest, cond),
        });
    }

    /// `start + (stop - start ∓ 1) // step * step`: the last value of a loop that runs at all.
    fn last_value(&mut self, Last { last, start, stop, step }: Last) {
        let negative =
            Affine::of(self.b.func, self.defs, step).and_then(|s| s.as_constant()).is_some_and(|s| s < 0);
        let end = self.b.i64(if negative { 1 } else { -1 });
        let span = self.b.binary(BinaryOp::Sub, stop, start);
        let span = self.b.binary(BinaryOp::Add, span, end);
        let trips = self.b.binary(BinaryOp::FloorDiv, span, step);
        let reach = self.b.binary(BinaryOp::Mul, trips, step);
        let value = self.b.binary(BinaryOp::Add, start, reach);
        self.atoms.insert(last, value);
        self.bound(value);
    }

    /// The value of an atom in front of the loop, where extents and products are computed anew; atoms other than
    /// extents are also bounded.
    fn atom(&mut self, v: Value) -> Value {
        if let Some(&done) = self.atoms.get(&v) {
            return done;
        }
        let value = match self.defs.kind(self.b.func, v) {
            Some(&InstKind::Dim(array, axis)) => self.b.dim(array, axis),
            Some(&InstKind::Binary(BinaryOp::Mul, a, b)) => {
                let product = self.b.binary(BinaryOp::Mul, a, b);
                self.bound(product);
                product
            }
            _ => {
                self.bound(v);
                v
            }
        };
        self.atoms.insert(v, value);
        value
    }

    fn bound(&mut self, v: Value) {
        let limit = self.b.i64(ATOM_LIMIT);
        let shifted = self.b.binary(BinaryOp::Add, v, limit);
        let shifted = self.b.cast(shifted, DType::U64);
        let range = self.b.i64(2 * ATOM_LIMIT);
        let range = self.b.cast(range, DType::U64);
        let small = self.b.compare(CompareOp::Lt, shifted, range);
        self.require(small);
    }

    fn inequality(&mut self, e: &Affine) {
        let extents: Vec<i64> =
            e.terms.iter().filter(|(v, _)| is_extent(self.b.func, self.defs, **v)).map(|(_, c)| *c).collect();
        let simple = extents.len() <= 2 && extents.iter().all(|c| c.abs() == 1);
        let mut sum = self.b.i64(e.constant);
        for (v, c) in &e.terms {
            let mut term = self.atom(*v);
            if !simple && is_extent(self.b.func, self.defs, *v) {
                self.bound(term);
            }
            if *c != 1 {
                let c = self.b.i64(*c);
                term = self.b.binary(BinaryOp::Mul, term, c);
            }
            sum = self.b.binary(BinaryOp::Add, sum, term);
        }
        let zero = self.b.i64(0);
        let holds = self.b.compare(CompareOp::Ge, sum, zero);
        self.require(holds);
    }
}

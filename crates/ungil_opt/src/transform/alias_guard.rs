//! Overlap tests of the arrays that a loop nest touches.
//!
//! For a nest that writes arrays, finds which pairs of arrays may overlap, makes the condition under which none
//! does, and numbers the arrays so that accesses can be marked. Arrays known by construction to be apart (a fresh
//! allocation and an argument) need no test.

use crate::analysis::definitions::Definitions;
use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::walk;

const MAX_ARRAYS: usize = 15;
const MAX_TESTS: usize = 12;

/// Arrays of a nest and the pairs that must be tested.
#[derive(Debug, Default)]
pub struct AliasGuard {
    /// Member number (from 1) of each array defined outside the nest.
    pub members: BTreeMap<Value, u16>,
    pub tests: Vec<(Value, Value)>,
}

impl AliasGuard {
    /// Reads the accesses of a region. `None`: nothing is to be gained or there are too many arrays.
    pub fn compute(
        func: &Function,
        defs: &Definitions,
        nest: Region,
        inside: &BTreeSet<Value>,
    ) -> Option<AliasGuard> {
        let (mut arrays, mut written) = (BTreeSet::new(), BTreeSet::new());
        let mut known = true;
        walk::walk_region(func, nest, &mut |inst| {
            let (array, store) = match &func.inst(inst).kind {
                InstKind::Load { array, .. } => (*array, false),
                InstKind::Store { array, .. } | InstKind::AtomicUpdate { array, .. } => (*array, true),
                _ => return,
            };
            match base_outside(func, defs, array, inside) {
                Some(base) => {
                    arrays.insert(base);
                    if store {
                        written.insert(base);
                    }
                }
                None => known = false,
            }
        });
        if !known || written.is_empty() || arrays.len() < 2 || arrays.len() > MAX_ARRAYS {
            return None;
        }
        let mut guard = AliasGuard::default();
        for (k, a) in arrays.iter().enumerate() {
            guard.members.insert(*a, k as u16 + 1);
            for b in arrays.iter().skip(k + 1) {
                if (written.contains(a) || written.contains(b)) && !are_apart(func, defs, *a, *b) {
                    guard.tests.push((*a, *b));
                }
            }
        }
        (guard.tests.len() <= MAX_TESTS).then_some(guard)
    }

    /// Appends the condition that no tested pair overlaps; `None` if there is nothing to test.
    pub fn emit(&self, b: &mut Builder<'_>) -> Option<Value> {
        let mut all = None;
        for (x, y) in &self.tests {
            let apart = emit_apart(b, *x, *y);
            all = Some(match all {
                None => apart,
                Some(rest) => b.binary(BinaryOp::And, rest, apart),
            });
        }
        all
    }

    /// Marks the accesses of a region as members of `group`.
    pub fn mark(
        &self,
        func: &mut Function,
        defs: &Definitions,
        nest: Region,
        inside: &BTreeSet<Value>,
        group: u16,
    ) {
        for inst in walk::insts_of(func, nest) {
            let (InstKind::Load { array, .. } | InstKind::Store { array, .. }) = &func.inst(inst).kind else {
                continue;
            };
            let base = base_outside(func, defs, *array, inside);
            let Some(member) = base.and_then(|b| self.members.get(&b)) else { continue };
            if let InstKind::Load { flags, .. } | InstKind::Store { flags, .. } =
                &mut func.inst_mut(inst).kind
            {
                flags.alias_set = group << 4 | member;
            }
        }
    }
}

/// The array outside the nest that an access goes to, through views made inside it.
fn base_outside(
    func: &Function,
    defs: &Definitions,
    mut v: Value,
    inside: &BTreeSet<Value>,
) -> Option<Value> {
    while inside.contains(&v) {
        match defs.kind(func, v) {
            Some(InstKind::View { base, .. }) => v = *base,
            _ => return None,
        }
    }
    Some(v)
}

/// Whether two arrays cannot overlap because one is a fresh allocation that the other does not come from.
pub fn are_apart(func: &Function, defs: &Definitions, a: Value, b: Value) -> bool {
    let (a, b) = (defs.memory_root(func, a), defs.memory_root(func, b));
    let is_fresh = |v| matches!(defs.kind(func, v), Some(InstKind::Alloc { .. }));
    let is_known = |v| {
        is_fresh(v)
            || func.params.contains(&v)
            || matches!(defs.kind(func, v), Some(InstKind::GlobalArray(_)))
    };
    a != b && (is_fresh(a) && is_known(b) || is_fresh(b) && is_known(a))
}

/// Appends the condition that two arrays do not overlap.
pub fn emit_apart(b: &mut Builder<'_>, x: Value, y: Value) -> Value {
    let (x_lo, x_hi) = b.byte_range(x);
    let (y_lo, y_hi) = b.byte_range(y);
    let before = b.compare(CompareOp::Le, x_hi, y_lo);
    let after = b.compare(CompareOp::Le, y_hi, x_lo);
    b.binary(BinaryOp::Or, before, after)
}

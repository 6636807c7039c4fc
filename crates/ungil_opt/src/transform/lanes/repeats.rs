//! Loads of elements that are in a value already.
//!
//! `if a[i, j] < m: m = a[i, j]` loads twice. In scalar code LLVM sees it; in lanes the second load stands under a mask, where
//! it gathers. Here the second becomes the value of the first, where that was loaded on every way and nothing is stored in
//! between.

use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use std::collections::{BTreeMap, HashMap};
use ungil_ir::entities::{Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::walk;

/// Values of elements: of an array, at indices.
type Known = BTreeMap<(Value, Vec<Affine>), Value>;

/// Replaces loads in a region by earlier ones.
pub fn reuse_loads(func: &mut Function, body: Region) {
    let defs = Definitions::compute(func);
    let mut found = HashMap::new();
    search(func, &defs, body, &mut Known::new(), &mut found);
    if !found.is_empty() {
        walk::replace_uses(func, body, &|v| found.get(&v).copied().unwrap_or(v));
        remove(func, body, &found);
    }
}

/// Removes loads that nobody uses any more.
fn remove(func: &mut Function, r: Region, found: &HashMap<Value, Value>) {
    let mut insts = std::mem::take(&mut func.regions[r.index()]);
    insts.retain(|i| func.inst(*i).result.is_none_or(|v| !found.contains_key(&v)));
    for inst in &insts {
        for inner in walk::nested_regions(&func.inst(*inst).kind.clone()).collect::<Vec<_>>() {
            remove(func, inner, found);
        }
    }
    func.regions[r.index()] = insts;
}

fn search(
    func: &Function,
    defs: &Definitions,
    r: Region,
    known: &mut Known,
    found: &mut HashMap<Value, Value>,
) {
    for &inst in func.region(r) {
        let data = func.inst(inst);
        match (&data.kind, data.result) {
            (InstKind::Load { array, index, .. }, Some(result)) => {
                let place: Option<Vec<Affine>> = index.iter().map(|v| Affine::of(func, defs, *v)).collect();
                if let Some(place) = place {
                    let first = *known.entry((*array, place)).or_insert(result);
                    if first != result {
                        found.insert(result, first);
                    }
                }
            }
            (InstKind::If { then, otherwise, .. }, _) => {
                for inner in [*then, *otherwise] {
                    search(func, defs, inner, &mut known.clone(), found);
                }
                if !only_reads(func, *then) || !only_reads(func, *otherwise) {
                    known.clear();
                }
            }
            (kind, _) if is_harmless(kind) => {}
            (kind, _) => {
                known.clear();
                for inner in walk::nested_regions(kind) {
                    search(func, defs, inner, &mut Known::new(), found);
                }
            }
        }
    }
}

fn only_reads(func: &Function, r: Region) -> bool {
    let branches = |kind: &InstKind| matches!(kind, InstKind::If { .. } | InstKind::Load { .. });
    walk::insts_of(func, r).into_iter().all(|i| {
        let kind = &func.inst(i).kind;
        is_harmless(kind) || branches(kind)
    })
}

/// Whether an instruction changes no array.
fn is_harmless(kind: &InstKind) -> bool {
    walk::is_arithmetic(kind)
        || matches!(
            kind,
            InstKind::Get(_)
                | InstKind::Set(..)
                | InstKind::Dim(..)
                | InstKind::Check(..)
                | InstKind::CheckIndex { .. }
                | InstKind::Break(_)
                | InstKind::Continue(_)
        )
}

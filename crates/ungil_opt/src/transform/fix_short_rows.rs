//! Short rows: arrays of points, whose last axis is a handful of coordinates.
//!
//! A loop over `p[i, 0]`, `p[i, 1]`, `p[i, 2]` strides by the length of a row, which only the array knows; LLVM needs it
//! as a constant to load whole vectors and sort them out. Where a nest reads a row by constants alone, its length is
//! taken to be one more than the largest of them:
//!
//! ```text
//! if dim p, 1 == 3 { q = view p as (…, 3); nest over q } else { nest over p }
//! ```
//! Runs behind the hoisting of checks, on the versions without them; cold versions stay as they are.

use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use crate::transform::hoist_checks::keep_scalar;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::{ArrayType, Layout, Type};
use ungil_ir::walk;

const PASS: &str = "fix_short_rows";
/// Longest row that is taken apart in registers.
const MAX_LENGTH: i64 = 8;

/// Versions the nests of all functions that read short rows.
pub fn fix_short_rows(module: &mut Module, context: &mut Context) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let body = func.body;
        changed |= region(func, body, context);
    }
    changed
}

/// Looks at the outermost loops of a region.
fn region(func: &mut Function, r: Region, context: &mut Context) -> bool {
    let mut changed = false;
    for inst in func.region(r).to_vec() {
        let kind = &func.inst(inst).kind;
        if !matches!(kind, InstKind::For(_) | InstKind::ParallelFor(_)) {
            for inner in walk::nested_regions(kind).collect::<Vec<_>>() {
                changed |= region(func, inner, context);
            }
            continue;
        }
        let cold = matches!(kind, InstKind::For(l) if l.hints.scalar);
        let rows = if cold { BTreeMap::new() } else { Rows::read(func, inst) };
        if rows.is_empty() {
            continue;
        }
        version(func, r, inst, &rows);
        let lengths: BTreeSet<i64> = rows.values().copied().collect();
        let text = format!("rows of {} in vectors, tested in front of the loop", list(&lengths));
        let (function, loc) = (func.name.clone(), func.inst(inst).loc);
        context.remarks.push(Remark { pass: PASS, kind: RemarkKind::Applied, function, loc, text });
        changed = true;
    }
    changed
}

fn list(lengths: &BTreeSet<i64>) -> String {
    lengths.iter().map(i64::to_string).collect::<Vec<_>>().join(" and ")
}

/// Accesses of a nest to arrays from outside.
struct Rows<'f> {
    func: &'f Function,
    defs: Definitions,
    inside: BTreeSet<Value>,
    /// Constants that are the last index of an access; `None`: something else is, too.
    columns: BTreeMap<Value, Option<BTreeSet<i64>>>,
    /// Arrays that the counter of an innermost loop strides over.
    strided: BTreeSet<Value>,
}

impl Rows<'_> {
    /// The expected length of the rows of each array that is worth it.
    fn read(func: &Function, root: Inst) -> BTreeMap<Value, i64> {
        let mut inside = BTreeSet::new();
        for r in walk::nested_regions(&func.inst(root).kind) {
            inside.extend(walk::defined_values(func, r));
        }
        let defs = Definitions::compute(func);
        let mut rows = Rows { func, defs, inside, columns: BTreeMap::new(), strided: BTreeSet::new() };
        rows.inst(root, None);
        let expected = |(array, columns): (Value, Option<BTreeSet<i64>>)| {
            let columns = columns.filter(|c| c.len() > 1)?;
            let length = columns.last()? + 1;
            (length <= MAX_LENGTH && rows.strided.contains(&array)).then_some((array, length))
        };
        rows.columns.clone().into_iter().filter_map(expected).collect()
    }

    fn inst(&mut self, inst: Inst, counter: Option<Value>) {
        let kind = &self.func.inst(inst).kind;
        match kind {
            InstKind::Load { array, index, .. } | InstKind::Store { array, index, .. } => {
                self.access(*array, index, counter);
            }
            InstKind::AtomicUpdate { array, .. } => {
                self.columns.insert(*array, None);
            }
            _ => {}
        }
        let counter = match kind {
            InstKind::For(l) => Some(l.iv),
            InstKind::ParallelFor(l) => Some(l.iv),
            _ => counter,
        };
        for r in walk::nested_regions(kind) {
            for inner in self.func.region(r) {
                self.inst(*inner, counter);
            }
        }
    }

    fn access(&mut self, array: Value, index: &[Value], counter: Option<Value>) {
        let Type::Array(ty) = self.func.ty(array) else { return };
        let Some((last, rest)) = index.split_last() else { return };
        if self.inside.contains(&array) || ty.layout != Layout::C || rest.is_empty() {
            return;
        }
        let of = |v: &Value| Affine::of(self.func, &self.defs, *v);
        let column = of(last).and_then(|e| e.as_constant()).filter(|c| *c >= 0);
        let steps = |v: &Value| of(v).is_some_and(|e| counter.is_some_and(|iv| e.terms.contains_key(&iv)));
        if rest.iter().any(steps) {
            self.strided.insert(array);
        }
        let known = self.columns.entry(array).or_insert_with(|| Some(BTreeSet::new()));
        match (column, &mut *known) {
            (Some(c), Some(set)) => {
                set.insert(c);
            }
            _ => *known = None,
        }
    }
}

fn version(func: &mut Function, parent: Region, root: Inst, rows: &BTreeMap<Value, i64>) {
    let fast = func.new_region();
    func.regions[fast.index()].push(root);
    let slow = clone_region(func, fast, &mut CloneMap::default());
    keep_scalar(func, slow);
    let scratch = func.new_region();
    let loc = func.inst(root).loc;
    let mut b = Builder { func, region: scratch, loc };
    let mut all = None;
    for (&array, &length) in rows {
        let axis = rank(b.func, array) - 1;
        let (found, expected) = (b.dim(array, axis), b.i64(length));
        let same = b.compare(CompareOp::Eq, found, expected);
        all = Some(all.map_or(same, |rest| b.binary(BinaryOp::And, rest, same)));
    }
    b.push(InstKind::If { cond: all.expect("at least one array"), then: fast, otherwise: slow });
    let test = std::mem::take(&mut func.regions[scratch.index()]);
    let mut b = Builder { func, region: scratch, loc };
    let views: HashMap<Value, Value> =
        rows.iter().map(|(&array, &length)| (array, with_length(&mut b, array, length))).collect();
    walk::replace_uses(func, fast, &|v| views.get(&v).copied().unwrap_or(v));
    let views = std::mem::take(&mut func.regions[scratch.index()]);
    func.regions[fast.index()].splice(0..0, views);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == root).expect("the loop is in its region");
    list.splice(position..=position, test);
}

fn rank(func: &Function, array: Value) -> u8 {
    match func.ty(array) {
        Type::Array(ty) => ty.ndim,
        _ => 0,
    }
}

/// The array once more, with a constant as its last extent.
fn with_length(b: &mut Builder<'_>, array: Value, length: i64) -> Value {
    let Type::Array(ty) = b.func.ty(array).clone() else { unreachable!("only arrays have rows") };
    let ArrayType { ndim, dtype, .. } = ty;
    let mut shape: Vec<Value> = (0..ndim - 1).map(|axis| b.dim(array, axis)).collect();
    shape.push(b.i64(length));
    let mut strides = vec![b.i64(dtype.size() as i64)];
    for axis in (1..shape.len()).rev() {
        let next = b.binary(BinaryOp::Mul, strides[0], shape[axis]);
        strides.insert(0, next);
    }
    let offset = b.i64(0);
    b.typed(InstKind::View { base: array, offset, shape, strides }, Type::Array(ty))
}

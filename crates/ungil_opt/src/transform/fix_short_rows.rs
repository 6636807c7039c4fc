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
//!
//! Where a loop inside two others runs along rows of both (`for k in range(p.shape[1])` over `p[i, k]` and `p[j, k]`), rows
//! are taken to be points in space: in the version for three coordinates the loop is written out. Other lengths are as
//! likely, so that both versions are made fast.

use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use crate::transform::hoist_checks::keep_scalar;
use crate::transform::unroll_short_loops::inner_loops;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::{ArrayType, Layout, Type};
use ungil_ir::walk;

const PASS: &str = "fix_short_rows";
/// Longest row that is taken apart in registers.
const MAX_LENGTH: i64 = 8;
/// Length of rows that a loop runs along.
const POINT: i64 = 3;
/// Largest body of such a loop.
const MAX_BODY: usize = 30;

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
        let cold = match kind {
            InstKind::For(l) => l.hints.scalar,
            InstKind::ParallelFor(l) => l.scalar,
            _ => false,
        };
        let found = if cold { Expected::default() } else { Search::rows(func, inst) };
        if found.rows.is_empty() {
            continue;
        }
        version(func, r, inst, &found);
        let lengths: BTreeSet<i64> = found.rows.values().map(|row| row.length).collect();
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

/// What is expected of the rows of an array.
#[derive(Clone, Copy)]
struct Row {
    length: i64,
    /// A loop runs along them.
    looped: bool,
}

/// What is expected of the arrays of a nest.
#[derive(Default)]
struct Expected {
    rows: BTreeMap<Value, Row>,
    /// Counters of the loops along rows, which are written out.
    loops: BTreeSet<Value>,
}

/// The last indices of the accesses to an array.
#[derive(Clone, Default)]
struct Columns {
    constants: BTreeSet<i64>,
    /// Those that are counters of loops along the row.
    counters: BTreeSet<Value>,
    /// Some are neither.
    others: bool,
    /// A loop strides from row to row.
    strided: bool,
}

impl Columns {
    fn row(&self, loops: &BTreeSet<Value>) -> Option<Row> {
        let looped = !self.counters.is_empty();
        let least = self.constants.last().map_or(0, |c| c + 1);
        let length = if looped { least.max(POINT) } else { least };
        let known = !self.others && self.counters.is_subset(loops);
        let worth = self.strided && known && (looped || self.constants.len() > 1);
        (worth && length <= MAX_LENGTH).then_some(Row { length, looped })
    }
}

/// The loops around an access.
#[derive(Clone, Copy, Default)]
struct Around {
    depth: u32,
    counter: Option<Value>,
    /// The counter of the loop along a row, of which `counter` belongs to the loop around.
    along: Option<Value>,
}

/// Accesses of a nest to arrays from outside.
struct Search<'f> {
    func: &'f Function,
    defs: Definitions,
    inside: BTreeSet<Value>,
    columns: BTreeMap<Value, Columns>,
    /// Counters of loops along a row that the loop around strides over, and of those along one that it does not.
    strided: BTreeSet<Value>,
    fixed: BTreeSet<Value>,
}

impl Search<'_> {
    /// What is expected of the rows of each array, where knowing it is worth a version.
    fn rows(func: &Function, root: Inst) -> Expected {
        let mut inside = BTreeSet::new();
        for r in walk::nested_regions(&func.inst(root).kind) {
            inside.extend(walk::defined_values(func, r));
        }
        let defs = Definitions::compute(func);
        let (columns, strided, fixed) = Default::default();
        let mut search = Search { func, defs, inside, columns, strided, fixed };
        search.inst(root, Around::default());
        let loops: BTreeSet<Value> = search.strided.intersection(&search.fixed).copied().collect();
        let row = |(array, columns): (&Value, &Columns)| Some((*array, columns.row(&loops)?));
        Expected { rows: search.columns.iter().filter_map(row).collect(), loops }
    }

    fn inst(&mut self, inst: Inst, around: Around) {
        let kind = &self.func.inst(inst).kind;
        match kind {
            InstKind::Load { array, index, .. } | InstKind::Store { array, index, .. } => {
                self.access(*array, index, around);
            }
            InstKind::AtomicUpdate { array, .. } => {
                self.columns.entry(*array).or_default().others = true;
            }
            _ => {}
        }
        let depth = around.depth + 1;
        let around = match kind {
            InstKind::For(l) if around.depth > 1 && runs_along_a_row(self.func, &self.defs, l) => {
                Around { depth, counter: around.counter, along: Some(l.iv) }
            }
            InstKind::For(l) => Around { depth, counter: Some(l.iv), along: None },
            InstKind::ParallelFor(l) => Around { depth, counter: Some(l.iv), along: None },
            _ => around,
        };
        for r in walk::nested_regions(kind) {
            for inner in self.func.region(r) {
                self.inst(*inner, around);
            }
        }
    }

    fn access(&mut self, array: Value, index: &[Value], around: Around) {
        let Type::Array(ty) = self.func.ty(array) else { return };
        let Some((last, rest)) = index.split_last() else { return };
        if self.inside.contains(&array) || ty.layout != Layout::C || rest.is_empty() {
            return;
        }
        let of = |v: &Value| Affine::of(self.func, &self.defs, *v);
        let constant = of(last).and_then(|e| e.as_constant()).filter(|c| *c >= 0);
        let steps =
            |v: &Value| of(v).is_some_and(|e| around.counter.is_some_and(|iv| e.terms.contains_key(&iv)));
        let strided = rest.iter().any(steps);
        let counter = around.along.filter(|iv| iv == last);
        if let Some(iv) = counter {
            if strided { &mut self.strided } else { &mut self.fixed }.insert(iv);
        }
        let known = self.columns.entry(array).or_default();
        known.strided |= strided;
        known.others |= constant.is_none() && counter.is_none();
        known.constants.extend(constant);
        known.counters.extend(counter);
    }
}

/// Whether a loop takes each index of the last axis of an array from outside, and is short enough to be written out.
fn runs_along_a_row(func: &Function, defs: &Definitions, node: &For) -> bool {
    let unit = defs.constant(func, node.start) == Some(0) && defs.constant(func, node.step) == Some(1);
    unit && row_of(func, defs, node).is_some() && {
        let body = walk::insts_of(func, node.body);
        let simple = |i: &Inst| {
            let kind = &func.inst(*i).kind;
            walk::nested_regions(kind).next().is_none()
                && !matches!(kind, InstKind::Break(_) | InstKind::Continue(_))
        };
        body.len() <= MAX_BODY && body.iter().all(simple)
    }
}

/// The array whose rows are as long as the loop.
fn row_of(func: &Function, defs: &Definitions, node: &For) -> Option<Value> {
    match defs.kind(func, node.stop) {
        Some(InstKind::Dim(array, axis)) => (axis + 1 == rank(func, *array)).then_some(*array),
        _ => None,
    }
}

fn version(func: &mut Function, parent: Region, root: Inst, found: &Expected) {
    let rows = &found.rows;
    let fast = func.new_region();
    func.regions[fast.index()].push(root);
    let slow = clone_region(func, fast, &mut CloneMap::default());
    if !rows.values().any(|row| row.looped) {
        keep_scalar(func, slow);
    }
    fix_loops(func, fast, found);
    let scratch = func.new_region();
    let loc = func.inst(root).loc;
    let mut b = Builder { func, region: scratch, loc };
    let mut all = None;
    for (&array, &Row { length, .. }) in rows {
        let axis = rank(b.func, array) - 1;
        let (found, expected) = (b.dim(array, axis), b.i64(length));
        let same = b.compare(CompareOp::Eq, found, expected);
        all = Some(all.map_or(same, |rest| b.binary(BinaryOp::And, rest, same)));
    }
    b.push(InstKind::If { cond: all.expect("at least one array"), then: fast, otherwise: slow });
    let test = std::mem::take(&mut func.regions[scratch.index()]);
    let mut b = Builder { func, region: scratch, loc };
    let views: HashMap<Value, Value> =
        rows.iter().map(|(&array, row)| (array, with_length(&mut b, array, row.length))).collect();
    walk::replace_uses(func, fast, &|v| views.get(&v).copied().unwrap_or(v));
    let views = std::mem::take(&mut func.regions[scratch.index()]);
    func.regions[fast.index()].splice(0..0, views);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == root).expect("the loop is in its region");
    list.splice(position..=position, test);
}

/// Gives the loops along rows their length, and writes them out.
fn fix_loops(func: &mut Function, fast: Region, found: &Expected) {
    let defs = Definitions::compute(func);
    let mut lengths = Vec::new();
    for inst in walk::insts_of(func, fast) {
        let InstKind::For(node) = func.inst(inst).kind.clone() else { continue };
        let row = row_of(func, &defs, &node).and_then(|array| found.rows.get(&array));
        if let Some(row) = row.filter(|_| found.loops.contains(&node.iv)) {
            let loc = func.inst(inst).loc;
            let stop = Builder { func, region: fast, loc }.i64(row.length);
            lengths.extend(func.regions[fast.index()].pop());
            let InstKind::For(node) = &mut func.insts[inst.index()].kind else {
                unreachable!("it is a loop")
            };
            node.stop = stop;
        }
    }
    func.regions[fast.index()].splice(0..0, lengths);
    inner_loops(func, &Definitions::compute(func), fast, false);
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

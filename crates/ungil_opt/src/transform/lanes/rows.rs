//! Rows side by side: elements of a block of rows, by whole loads and shuffles.
//!
//! Where each lane walks along a row of its own (`s += a[i, j]` with a lane for each `i`), an iteration of the inner
//! loop would gather from as many rows as there are lanes. Instead the inner loop is cut into blocks of as many columns: a
//! block of each row is loaded as it lies in memory and the blocks are transposed in registers, half by the loads
//! (each vector is put together from halves of two rows) and half by shuffles between pairs of vectors. The body then
//! follows once for each column; what is left over gathers.
//!
//! Reads are moved in front of other iterations of the block, so that the body must not write, check or leave.

use super::lower::{Flow, Lane, Lowerer};
use super::uniformity::Uniformity;
use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, Const, For, InstKind, LoopHints, MemFlags};
use ungil_ir::types::{DType, Layout, Type};
use ungil_ir::walk;

/// Largest body that is repeated for each column.
const MAX_BODY: usize = 40;
/// More rows do not stay in the caches' ways and the prefetcher's table.
const MAX_ROWS: u16 = 16;
const MAX_PARTS: u16 = 2;
/// A vector has two halves that are vectors.
const MIN_WIDTH: u16 = 4;

/// The block of columns that is being lowered.
#[derive(Debug, Default)]
pub struct Columns {
    /// What its row loads read, by their result: for each part the column of each iteration.
    loaded: HashMap<Value, Vec<Vec<Value>>>,
    rows: RowLoads,
    /// The iteration of the block.
    at: usize,
}

/// The results of loads in which each lane walks along a row, each with that of the first load of the same element.
pub type RowLoads = BTreeMap<Value, Value>;

/// The row loads of an inner loop; none if it cannot be cut in blocks.
pub fn row_loads(func: &Function, defs: &Definitions, facts: &Uniformity, node: &For) -> RowLoads {
    search(func, defs, facts, node).found
}

fn search<'a>(func: &'a Function, defs: &'a Definitions, facts: &'a Uniformity, node: &'a For) -> Search<'a> {
    let inside = walk::defined_values(func, node.body);
    let mut search = Search {
        func,
        defs,
        facts,
        node,
        inside,
        first: BTreeMap::new(),
        found: RowLoads::new(),
        is_window: false,
    };

    let steps = matches!(defs.kind(func, node.step), Some(InstKind::Const(Const::Int(_, 1))));
    let same = !facts.loops.contains(&node.label) && !facts.varies(node.start) && !facts.varies(node.stop);
    if steps && same && may_read_ahead(func, node.body) {
        search.region(node.body, true);
    }
    search
}

/// Vectors of this width for rows: two hide latency, where rows are long and vectors not so long that code grows.
pub fn parts(func: &Function, body: Region, width: u16) -> u16 {
    let is_short = |inst| matches!(&func.inst(inst).kind, InstKind::For(node) if node.hints.few);
    let short = walk::insts_of(func, body).into_iter().any(is_short);
    if short { 1 } else { (MAX_ROWS / width).clamp(1, MAX_PARTS) }
}

/// The row loads of all loops of a body, and whether a loop goes along a window, where neighbouring lanes load neighbouring
/// elements.
pub fn all_row_loads(func: &Function, body: Region, facts: &Uniformity) -> (RowLoads, bool) {
    let defs = Definitions::compute(func);
    let (mut all, mut has_windows) = (RowLoads::new(), false);
    for inst in walk::insts_of(func, body) {
        if let InstKind::For(node) = &func.inst(inst).kind {
            let found = search(func, &defs, facts, node);
            all.extend(found.found);
            has_windows |= found.is_window;
        }
    }
    (all, has_windows)
}

fn may_read_ahead(func: &Function, body: Region) -> bool {
    let insts = walk::insts_of(func, body);
    insts.len() <= MAX_BODY
        && insts.iter().all(|i| {
            let kind = &func.inst(*i).kind;
            walk::is_arithmetic(kind)
                || matches!(
                    kind,
                    InstKind::Get(_)
                        | InstKind::Set(..)
                        | InstKind::Dim(..)
                        | InstKind::Load { .. }
                        | InstKind::CheckIndex { check: false, .. }
                        | InstKind::If { .. }
                )
        })
}

/// The search for row loads in the body of a loop.
struct Search<'a> {
    func: &'a Function,
    defs: &'a Definitions,
    facts: &'a Uniformity,
    node: &'a For,
    /// What the body computes.
    inside: BTreeSet<Value>,
    /// The first load of each element.
    first: BTreeMap<(Value, Vec<Affine>), Value>,
    found: RowLoads,
    /// Whether lanes load neighbouring elements of one row somewhere.
    is_window: bool,
}

impl Search<'_> {
    /// A load that every iteration does may be moved forwards; those in branches must read what one before has read.
    fn region(&mut self, r: Region, always: bool) {
        for &inst in self.func.region(r) {
            let data = self.func.inst(inst);
            if let (InstKind::Load { array, index, .. }, Some(result)) = (&data.kind, data.result)
                && let Some(place) = self.row_place(*array, index)
            {
                let key = (*array, place);
                if always {
                    self.first.entry(key.clone()).or_insert(result);
                }
                if let Some(first) = self.first.get(&key) {
                    self.found.insert(result, *first);
                }
            }
            for inner in walk::nested_regions(&data.kind) {
                self.region(inner, false);
            }
        }
    }

    /// The indices of a load whose last one counts with the loop while the others stay, but differ between lanes.
    fn row_place(&mut self, array: Value, index: &[Value]) -> Option<Vec<Affine>> {
        let Type::Array(ty) = self.func.ty(array) else { return None };
        let plain = ty.layout == Layout::C && ty.dtype != DType::Bool && !ty.dtype.is_complex();
        if !plain || !index.iter().any(|v| self.facts.varies(*v)) {
            return None;
        }
        let (last, rest) = index.split_last()?;
        let mut place: Vec<Affine> = rest.iter().map(|v| self.counting(*v, 0)).collect::<Option<_>>()?;
        let along = self.counting(*last, 1)?;
        // Lanes that follow each other in one row load it as it lies.
        let is_one_row = !rest.iter().any(|v| self.facts.varies(*v))
            && along.terms.iter().all(|(v, c)| match Some(*v) == self.facts.unit {
                true => *c == 1,
                false => !self.facts.varies(*v),
            });
        place.push(along);
        self.is_window |= is_one_row;
        (!is_one_row).then_some(place)
    }

    /// An index that grows by `step` with each iteration.
    fn counting(&self, v: Value, step: i64) -> Option<Affine> {
        let e = Affine::of(self.func, self.defs, v)?;
        let iv = self.node.iv;
        let others_stay = e.terms.keys().all(|atom| *atom == iv || !self.inside.contains(atom));
        (others_stay && e.terms.get(&iv).copied().unwrap_or(0) == step).then_some(e)
    }
}

impl Lowerer<'_> {
    /// The row loads of a loop, if it is to be cut in blocks at the current place.
    pub fn blocks_of_rows(&self, node: &For) -> Option<RowLoads> {
        if self.mask.is_some() || self.columns.is_some() || self.shape.width < MIN_WIDTH {
            return None;
        }
        let rows = row_loads(self.func, self.defs, self.facts, node);
        (!rows.is_empty()).then_some(rows)
    }

    /// The loop over blocks; returns the value at which what is left over starts.
    pub fn row_loop(&mut self, inst: Inst, node: &For, rows: RowLoads) -> Value {
        let width = i64::from(self.shape.width);
        let (start, stop) = (self.uniform(node.start), self.uniform(node.stop));
        let end = self.end_of_blocks(start, stop, width);
        let physical = self.func.new_label();
        let frame = self.open(inst, node.label, Some(physical));
        let iv = self.func.new_value(Type::I64);
        self.columns = Some(Columns { rows, ..Columns::default() });
        let (body, _) = self.in_loop(inst, &frame, |s| s.columns_of_block(node, iv));
        self.columns = None;
        let step = self.b().i64(width);
        let hints = LoopHints { scalar: node.hints.scalar, few: node.hints.few, ..LoopHints::default() };
        let made = For { label: physical, iv, start, stop: end, step, body, hints };
        self.b().push(InstKind::For(Box::new(made)));
        end
    }

    /// `start` and as many whole blocks as there are in front of `stop`.
    fn end_of_blocks(&mut self, start: Value, stop: Value, width: i64) -> Value {
        let goes = self.b().compare(CompareOp::Lt, start, stop);
        let count = self.b().binary(BinaryOp::Sub, stop, start);
        let mask = self.b().i64(-width);
        let whole = self.b().binary(BinaryOp::And, count, mask);
        let end = self.b().binary(BinaryOp::Add, start, whole);
        self.b().select(goes, end, start)
    }

    fn columns_of_block(&mut self, node: &For, iv: Value) -> Region {
        let frame = self.frames.last().expect("inside a loop").clone();
        let (made, ()) = self.nested(|s| {
            s.start_iteration(&frame);
            for k in 0..s.shape.width {
                let offset = s.b().i64(i64::from(k));
                let at = s.b().binary(BinaryOp::Add, iv, offset);
                s.map.insert(node.iv, Lane::Uniform(at));
                s.columns.as_mut().expect("set by the caller").at = usize::from(k);
                let flow = s.run(node.body);
                debug_assert!(matches!(flow, Flow::Through(_)), "the body does not exit");
            }
        });
        made
    }

    /// What a row load reads in the current iteration of the block; `None` if it is no row load.
    pub fn row_column(
        &mut self,
        result: Value,
        array: Value,
        index: &[Value],
        flags: MemFlags,
    ) -> Option<Lane> {
        let columns = self.columns.as_ref()?;
        let (first, at) = (*columns.rows.get(&result)?, columns.at);
        if at == 0 && first == result {
            let parts: Vec<_> =
                (0..self.shape.parts).map(|p| self.transposed(array, index, flags, p)).collect();
            self.columns.as_mut().expect("looked at above").loaded.insert(result, parts);
        }
        let loaded = &self.columns.as_ref().expect("looked at above").loaded[&first];
        Some(Lane::Vary(loaded.iter().map(|part| part[at]).collect()))
    }

    /// Whether a load is of a column that is in a register.
    pub fn is_row_column(&self, result: Option<Value>) -> bool {
        self.columns.as_ref().is_some_and(|c| result.is_some_and(|v| c.rows.contains_key(&v)))
    }

    /// The columns of the block that starts at an index, in the rows of a part.
    fn transposed(&mut self, array: Value, index: &[Value], flags: MemFlags, part: u16) -> Vec<Value> {
        let array = self.uniform(array);
        let width = self.shape.width;
        let half = width / 2;
        let rows: Vec<Vec<Value>> = (0..width).map(|lane| self.index_in_lane(index, part, lane)).collect();
        let mut columns = Vec::new();
        for side in 0..2 {
            let mut vectors = Vec::new();
            for k in 0..usize::from(half) {
                let pair = [k, k + usize::from(half)].map(|r| {
                    let mut index = rows[r].clone();
                    let last = index.last_mut().expect("a row has an axis");
                    let (at, offset) = (*last, self.b().i64(i64::from(side * half)));
                    *last = self.b().binary(BinaryOp::Add, at, offset);
                    self.b().value(InstKind::VecLoad { array, index, mask: None, lanes: half, flags })
                });
                vectors.push(self.b().value(InstKind::Shuffle(pair[0], pair[1], (0..width).collect())));
            }
            self.transpose_halves(&mut vectors);
            columns.extend(vectors);
        }
        columns
    }

    /// Transposes the blocks that the first and the second halves of vectors are.
    fn transpose_halves(&mut self, vectors: &mut [Value]) {
        let width = self.shape.width;
        let mut s: u16 = 1;
        while s < width / 2 {
            let low: Vec<u16> = (0..width).map(|l| if l & s == 0 { l } else { width + l - s }).collect();
            let high: Vec<u16> = (0..width).map(|l| if l & s == 0 { l + s } else { width + l }).collect();
            for i in (0..vectors.len()).filter(|i| i & usize::from(s) == 0) {
                let (a, b) = (vectors[i], vectors[i | usize::from(s)]);
                vectors[i] = self.b().value(InstKind::Shuffle(a, b, low.clone()));
                vectors[i | usize::from(s)] = self.b().value(InstKind::Shuffle(a, b, high.clone()));
            }
            s *= 2;
        }
    }

    /// The scalar index of one lane.
    fn index_in_lane(&mut self, index: &[Value], part: u16, lane: u16) -> Vec<Value> {
        let number = i64::from(part) * i64::from(self.shape.width) + i64::from(lane);
        let scalar = |s: &mut Self, v: &Value| match s.lane(*v) {
            Lane::Uniform(v) => v,
            Lane::Linear { base, step } => {
                let offset = s.b().i64(number * step);
                s.b().binary(BinaryOp::Add, base, offset)
            }
            Lane::Vary(list) => s.b().value(InstKind::Extract(list[usize::from(part)], lane)),
        };
        index.iter().map(|v| scalar(self, v)).collect()
    }
}

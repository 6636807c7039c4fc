//! The loop over groups of lanes.
//!
//! `for iv in start..stop step s { body }` becomes
//!
//! ```text
//! for g in 0..ceil(n / lanes) {
//!   first = start + g * lanes * s; left = n - g * lanes; done = false
//!   if guard {
//!     if left >= lanes { all lanes; done = true } else { the first `left` lanes; done = true }
//!   }
//!   if not done { for iv in first..end step s { body } }
//! }
//! ```
//! A group in which a check fails, or in which a lane leaves the loop itself, is left before it has written anything
//! and is run again by the scalar code, which raises at the exact iteration, or leaves at the first one in order. The
//! scalar loop is left out where nothing needs it. A parallel loop keeps its schedule, over groups.

use super::candidate::Labels;
use super::lower::{Lane, Lowerer, Shape};
use super::reduce::Reduction;
use super::uniformity::Uniformity;
use crate::analysis::definitions::Definitions;
use crate::transform::strips::retarget_continues;
use std::collections::HashMap;
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Label, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints, ParallelFor};
use ungil_ir::types::Type;
use ungil_ir::walk;

/// What is put in lanes and how.
pub struct Plan<'a> {
    /// The loop as it is, as a parallel one.
    pub node: ParallelFor,
    /// Its prepared body, in lanes: calls inlined.
    pub body: Region,
    pub iv: Value,
    pub facts: &'a Uniformity,
    pub labels: &'a Labels,
    pub shape: Shape,
    /// The constant step.
    pub step: i64,
    /// The test for independence, computed in front of the loop.
    pub guard: Option<Value>,
    /// The last iteration must be run by the scalar code, because it leaves variables.
    pub scalar_last: bool,
    /// An incomplete group runs under a mask.
    pub masked_tail: bool,
    pub bails: bool,
    pub reductions: &'a [Reduction],
}

/// Makes the loop over groups. The region `front` takes what is computed in front of it.
pub fn make_groups(func: &mut Function, plan: &Plan<'_>, inst: Inst, front: Region) -> For {
    let loc = func.inst(inst).loc;
    let mut b = Builder { func, region: front, loc };
    let trips = trip_count(&mut b, &plan.node, plan.step);
    let count = group_count(&mut b, trips, plan.shape.lanes());
    let (zero, one) = (b.i64(0), b.i64(1));
    let g = b.func.new_value(Type::I64);
    let (body, ()) = b.nested(|b| group(b, plan, g, trips));
    let hints = LoopHints::default();
    For { label: plan.node.label, iv: g, start: zero, stop: count, step: one, body, hints }
}

fn trip_count(b: &mut Builder<'_>, node: &ParallelFor, step: i64) -> Value {
    let (low, high) = if step > 0 { (node.start, node.stop) } else { (node.stop, node.start) };
    let goes = b.compare(CompareOp::Lt, low, high);
    let mut count = b.binary(BinaryOp::Sub, high, low);
    if step.unsigned_abs() != 1 {
        let (one, size) = (b.i64(1), b.i64(step.abs()));
        let before_last = b.binary(BinaryOp::Sub, count, one);
        let whole = b.binary(BinaryOp::FloorDiv, before_last, size);
        count = b.binary(BinaryOp::Add, whole, one);
    }
    let zero = b.i64(0);
    b.select(goes, count, zero)
}

/// `ceil(n / lanes)` without overflow.
fn group_count(b: &mut Builder<'_>, n: Value, lanes: i64) -> Value {
    let (one, lanes) = (b.i64(1), b.i64(lanes));
    let before_last = b.binary(BinaryOp::Sub, n, one);
    let whole = b.binary(BinaryOp::FloorDiv, before_last, lanes);
    b.binary(BinaryOp::Add, whole, one)
}

/// One group.
fn group(b: &mut Builder<'_>, plan: &Plan<'_>, g: Value, trips: Value) {
    let lanes = plan.shape.lanes();
    let size = b.i64(lanes);
    let passed = b.binary(BinaryOp::Mul, g, size);
    let left = b.binary(BinaryOp::Sub, trips, passed);
    let step = b.i64(plan.step);
    let offset = b.binary(BinaryOp::Mul, passed, step);
    let first = b.binary(BinaryOp::Add, plan.node.start, offset);
    let full = b.compare(if plan.scalar_last { CompareOp::Gt } else { CompareOp::Ge }, left, size);
    let scalar = plan.bails || plan.guard.is_some() || !plan.masked_tail;
    let done = scalar.then(|| {
        let done = b.func.new_var("done", Type::BOOL);
        let no = b.bool(false);
        b.set(done, no);
        done
    });
    let guarded = |b: &mut Builder<'_>| {
        let (then, ()) = b.nested(|b| in_lanes(b, plan, first, None, done));
        let (otherwise, ()) = b.nested(|b| {
            if plan.masked_tail {
                in_lanes(b, plan, first, Some(left), done);
            }
        });
        b.push(InstKind::If { cond: full, then, otherwise });
    };
    match plan.guard {
        None => guarded(b),
        Some(guard) => {
            let (then, ()) = b.nested(guarded);
            let otherwise = b.func.new_region();
            b.push(InstKind::If { cond: guard, then, otherwise });
        }
    }
    if let Some(done) = done {
        let done = b.get(done);
        let not_done = b.unary(ungil_ir::inst::UnaryOp::Not, done);
        let (then, ()) = b.nested(|b| {
            let past = offset_of(b, first, lanes * plan.step);
            let is_last = b.compare(CompareOp::Le, left, size);
            let end = b.select(is_last, plan.node.stop, past);
            scalar_loop(b, plan, first, end, step);
        });
        let otherwise = b.func.new_region();
        b.push(InstKind::If { cond: not_done, then, otherwise });
    }
}

fn offset_of(b: &mut Builder<'_>, v: Value, by: i64) -> Value {
    let by = b.i64(by);
    b.binary(BinaryOp::Add, v, by)
}

/// The group's iterations one after the other.
fn scalar_loop(b: &mut Builder<'_>, plan: &Plan<'_>, start: Value, stop: Value, step: Value) {
    let label = b.func.new_label();
    let iv = b.func.new_value(Type::I64);
    let mut map = CloneMap::default();
    map.values.insert(plan.node.iv, iv);
    let body = clone_region(b.func, plan.node.body, &mut map);
    retarget_continues(b.func, body, plan.node.label, label);
    let hints = LoopHints { scalar: true, ..LoopHints::default() };
    b.push(InstKind::For(Box::new(For { label, iv, start, stop, step, body, hints })));
}

/// The group in lanes; with `left`, only that many of them.
fn in_lanes(b: &mut Builder<'_>, plan: &Plan<'_>, first: Value, left: Option<Value>, done: Option<Var>) {
    if !plan.bails {
        lower(b, plan, first, left, None);
        finish(b, done);
        return;
    }
    let label = b.func.new_label();
    let iv = b.func.new_value(Type::I64);
    let (start, stop, step) = (b.i64(0), b.i64(1), b.i64(1));
    let (body, ()) = b.nested(|b| {
        if lower(b, plan, first, left, Some(label)) {
            finish(b, done);
        }
    });
    let hints = LoopHints { scalar: true, ..LoopHints::default() };
    b.push(InstKind::For(Box::new(For { label, iv, start, stop, step, body, hints })));
}

fn finish(b: &mut Builder<'_>, done: Option<Var>) {
    if let Some(done) = done {
        let yes = b.bool(true);
        b.set(done, yes);
    }
}

/// Lowers the body; returns whether control reaches its end.
fn lower(
    b: &mut Builder<'_>,
    plan: &Plan<'_>,
    first: Value,
    left: Option<Value>,
    bail: Option<Label>,
) -> bool {
    let defs = Definitions::compute(b.func);
    let (region, loc, own) = (b.region, b.loc, walk::assigned_vars(b.func, plan.body));
    let outermost = plan.facts.outermost(plan.node.label);
    let mut lowerer = Lowerer {
        func: &mut *b.func,
        defs: &defs,
        facts: plan.facts,
        shape: plan.shape,
        labels: plan.labels,
        bail,
        map: HashMap::from([(plan.iv, Lane::Linear { base: first, step: plan.step })]),
        own,
        uniform_vars: HashMap::new(),
        lane_vars: HashMap::new(),
        levels: vec![outermost],
        conditions: vec![None],
        frames: Vec::new(),
        region,
        loc,
        mask: None,
        some: true,
        columns: None,
    };
    lowerer.mask = left.map(|left| first_lanes(&mut lowerer, left));
    lowerer.start_reductions(plan.reductions);
    let flow = lowerer.run(plan.body);
    let falls = !matches!(flow, super::lower::Flow::Ended);
    if falls {
        lowerer.finish_reductions(plan.reductions);
    }
    falls
}

fn first_lanes(lowerer: &mut Lowerer<'_>, left: Value) -> Vec<Value> {
    let numbers = lowerer.lane_numbers();
    let left = lowerer.splat(left);
    let lefts = vec![left; numbers.len()];
    lowerer.below(&numbers, &lefts)
}

//! Divergent loops in vector lanes: one iteration per lane, as ispc does it.
//!
//! For a loop with independent iterations whose body holds a loop that iterations leave at different times (an escape
//! time, a root finder, a search), the pass makes groups of iterations that run side by side in vectors:
//! Calls are copied into the body, [`candidate`] and [`independence`] say whether it is allowed,
//! [`uniformity`] what differs between lanes, [`cost`] whether and how wide, [`lower`], [`memory`] and [`control`]
//! make the code under masks, and [`groups`] the loop around it. Inner loops are tried before outer ones. The
//! results have the bits of the scalar code.
//!
//! Runs when checks are hoisted, so that fast versions have none left; those that remain leave a group for the
//! scalar code. Leaves alone: loops with reductions of floats or private arrays, with allocations, printing or recursion.

pub mod candidate;
mod control;
mod cost;
mod groups;
mod in_order;
mod independence;
mod liveness;
mod lockstep;
mod lower;
mod memory;
mod reduce;
mod repeats;
mod rows;
mod simplify;
mod uniformity;

use crate::analysis::definitions::Definitions;
use crate::analysis::effects::Effects;
use crate::analysis::exposed::exposed;
use crate::legality::{Reason, Refusal};
use crate::pipeline::Context;
use crate::transform::forward_locals::forward_region;
use crate::transform::inline::inline_calls;
use crate::transform::lanes::lower::Shape;
use std::collections::BTreeSet;
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module, Simd};
use ungil_ir::inst::{BinaryOp, Const, For, InstKind, ParallelFor, Schedule};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::Type;
use ungil_ir::walk;
use uniformity::Uniformity;

const PASS: &str = "run_in_lanes";
/// Largest body, in instructions after inlining, that is put in lanes, and for which an incomplete group is too.
const MAX_BODY: usize = 600;
const MAX_TAIL: usize = 150;

/// Puts divergent loops of all functions in lanes.
pub fn run_in_lanes(module: &mut Module, context: &mut Context) -> bool {
    let effects = Effects::compute(module);
    let mut changed = false;
    for k in 0..module.functions.len() {
        let mut func = module.functions[k].clone();
        let mut pass = Pass { module, effects: &effects, context, searches: false, changed: false };
        let body = func.body;
        if func.attributes.simd != Simd::Never {
            pass.region(&mut func, body);
            pass.searches = true;
            pass.region(&mut func, body);
        }
        if pass.changed {
            changed = true;
            module.functions[k] = func;
        }
    }
    changed
}

struct Pass<'a> {
    module: &'a Module,
    effects: &'a Effects,
    context: &'a mut Context,
    /// The second round, over loops that search: a loop around them does better if it can.
    searches: bool,
    changed: bool,
}

/// Why a loop stays as it is: not worth a remark, or worth this one.
enum Stay {
    Quiet,
    Because(String),
}

impl From<String> for Stay {
    fn from(why: String) -> Stay {
        Stay::Because(why)
    }
}

impl Pass<'_> {
    /// Returns whether a loop of the region was put in lanes.
    fn region(&mut self, func: &mut Function, r: Region) -> bool {
        let mut any = false;
        for inst in func.region(r).to_vec() {
            let kind = func.inst(inst).kind.clone();
            let forced = matches!(&kind, InstKind::For(node) if node.hints.lanes && !node.hints.scalar);
            if forced {
                any |= self.forced(func, r, inst);
                continue;
            }
            let mut inside = false;
            for inner in walk::nested_regions(&kind) {
                inside |= self.region(func, inner);
            }
            any |= inside;
            let node = match kind {
                InstKind::For(node) if !inside && !node.hints.scalar => as_parallel(&node),
                InstKind::ParallelFor(node) if !inside && !node.in_place && !node.scalar => *node,
                _ => continue,
            };
            match self.attempt(func, r, inst, &node, false) {
                Ok(()) => any = true,
                Err(Stay::Because(why)) => {
                    self.remark(func, inst, RemarkKind::Missed, format!("does not run in lanes: {why}"));
                }
                Err(Stay::Quiet) => {}
            }
        }
        any
    }

    /// A loop that the user wants in lanes: if it cannot be, that is an error.
    fn forced(&mut self, func: &mut Function, r: Region, inst: Inst) -> bool {
        let InstKind::For(node) = func.inst(inst).kind.clone() else { unreachable!("a counted loop") };
        let why = match self.attempt(func, r, inst, &as_parallel(&node), true) {
            Ok(()) => return true,
            Err(Stay::Because(why)) => why,
            Err(Stay::Quiet) => "its iterations are too few".to_owned(),
        };
        let at = func.inst(inst).loc;
        let reason = Reason::NoLanes { at, why };
        self.context.refusals.push(Refusal { function: func.name.clone(), node: at, reason });
        false
    }

    /// Works on a copy of the function, which takes its place on success.
    fn attempt(
        &mut self,
        func: &mut Function,
        r: Region,
        inst: Inst,
        node: &ParallelFor,
        forced: bool,
    ) -> Result<(), Stay> {
        let mut trial = func.clone();
        let text = self.put_in_lanes(&mut trial, r, inst, node, forced)?;
        *func = trial;
        self.remark(func, inst, RemarkKind::Applied, text);
        self.changed = true;
        Ok(())
    }

    fn remark(&mut self, func: &Function, inst: Inst, kind: RemarkKind, text: String) {
        let (function, loc) = (func.name.clone(), func.inst(inst).loc);
        self.context.remarks.push(Remark { pass: PASS, kind, function, loc, text });
    }

    fn put_in_lanes(
        &self,
        func: &mut Function,
        parent: Region,
        inst: Inst,
        node: &ParallelFor,
        forced: bool,
    ) -> Result<String, Stay> {
        let parallel = matches!(func.inst(inst).kind, InstKind::ParallelFor(_));
        if !forced && (!candidate::may_diverge(func, node.body) || candidate::is_unfit(func, node)) {
            return Err(Stay::Quiet);
        }
        let (body, iv) = self.prepare(func, node)?;
        let (left, carried) = outcome(func, node, body, parallel)?;
        let reductions = reduce::rename_reductions(func, node, body, parallel, &carried);
        let lanes = reductions.iter().flatten().map(|r| r.lane).collect();
        let mut facts = Uniformity::compute(func, body, node.label, iv, &lanes);
        if lockstep::split_counters(func, body, &facts) {
            facts = Uniformity::compute(func, body, node.label, iv, &lanes);
        }
        facts.unit = constant_step(func, node).is_ok_and(|step| step == 1).then_some(iv);
        let labels = candidate::Labels::of(func, body, node.label);
        let searches = candidate::searches(func, body, &labels);
        let wanted = if self.searches {
            // Plain searches of arrays are blocked by another pass.
            searches && (func.attributes.simd == Simd::Always || candidate::has_loop(func, node.body))
        } else {
            candidate::diverges(func, body, &facts) || in_order::sums_in_order(func, body, iv, &facts)
        };
        if !forced && !wanted {
            return Err(Stay::Quiet);
        }
        if let Some(what) = candidate::obstacle(func, body, &facts) {
            return Err(Stay::Because(what));
        }
        let (reductions, left) = (reductions?, left?);
        let scalar_last = left != Left::Nothing;
        if searches && left == Left::Anywhere {
            return Err("variables that its last iteration leaves are used behind it".to_owned().into());
        }
        let step = constant_step(func, node)?;
        let bails = candidate::bails(func, body, &labels);
        let guard =
            independence::Guard::compute(func, self.effects, &ParallelFor { body, iv, ..node.clone() })?;
        if bails && candidate::bails_after_store(func, body, &labels) && (guard.reads_written || !parallel) {
            return Err("a check stands behind a write that it would have to undo".to_owned().into());
        }
        let size = walk::insts_of(func, body).len();
        if size > MAX_BODY {
            return Err(format!("its body has {size} instructions").into());
        }
        let (rows, has_windows) = rows::all_row_loads(func, body, &facts);
        let mut shape = cost::shape(func, body, &facts, self.context.target);
        // A window's last columns are left to scalar code, which a masked group of gathers would not outrun: few of them.
        if !rows.is_empty() || has_windows {
            shape.parts = shape.parts.min(rows::parts(func, body, shape.width));
        }
        let chosen = forced || func.attributes.simd == Simd::Always;
        if !chosen && cost::prefers_rows(func, body, iv, &facts) {
            return Err("neighbouring iterations access elements far apart".to_owned().into());
        }
        if !chosen && !cost::pays(func, body, iv, &facts, shape, &rows) {
            return Err("most of its work would be done lane by lane".to_owned().into());
        }
        let plan = groups::Plan {
            node: node.clone(),
            body,
            iv,
            facts: &facts,
            labels: &labels,
            shape,
            step,
            guard: None,
            scalar_last,
            masked_tail: size <= MAX_TAIL && !scalar_last && rows.is_empty() && !has_windows,
            bails,
            reductions: &reductions,
        };
        place(func, parent, inst, plan, &guard);
        let Shape { parts, width } = shape;
        let how = if rows.is_empty() { "" } else { ", rows loaded whole and transposed" };
        Ok(format!(
            "runs in lanes: {} iterations side by side in {parts} vectors of {width}{how}",
            shape.lanes()
        ))
    }

    /// A copy of the body with calls inlined and variables forwarded, and its induction value.
    fn prepare(&self, func: &mut Function, node: &ParallelFor) -> Result<(Region, Value), Stay> {
        let iv = func.new_value(Type::I64);
        let mut map = CloneMap::default();
        map.values.insert(node.iv, iv);
        let body = clone_region(func, node.body, &mut map);
        candidate::cut_exits(func, body, &candidate::Labels::of(func, body, node.label));
        inline_calls(self.module, func, body)?;
        forward_region(func, body);
        candidate::cut_exits(func, body, &candidate::Labels::of(func, body, node.label));
        simplify::simplify(func, body);
        Ok((body, iv))
    }
}

fn as_parallel(node: &For) -> ParallelFor {
    ParallelFor {
        label: node.label,
        iv: node.iv,
        start: node.start,
        stop: node.stop,
        step: node.step,
        schedule: Schedule::Static,
        chunk: None,
        num_threads: None,
        privates: Vec::new(),
        lasts: Vec::new(),
        scalars: Vec::new(),
        arrays: Vec::new(),
        min_block: 1,
        in_place: false,
        scalar: false,
        body: node.body,
    }
}

fn constant_step(func: &Function, node: &ParallelFor) -> Result<i64, Stay> {
    let defs = Definitions::compute(func);
    match defs.kind(func, node.step) {
        Some(InstKind::Const(Const::Int(_, c))) if *c != 0 && c.unsigned_abs() < 1 << 20 => Ok(*c),
        _ => Err("its step is not constant".to_owned().into()),
    }
}

/// Which variables an iteration leaves to what follows the loop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    Nothing,
    /// Some that it assigns before anything else.
    AtOnce,
    Anywhere,
}

/// What iterations leave, and the variables that they carry to each other. `body` is the prepared one, in which exits
/// of the loop are cut short.
fn outcome(
    func: &Function,
    node: &ParallelFor,
    body: Region,
    parallel: bool,
) -> Result<(Result<Left, Stay>, Vec<Var>), Stay> {
    if !node.arrays.is_empty() {
        return Err("it updates an array at arbitrary indices".to_owned().into());
    }
    if parallel {
        return Ok((Ok(if node.lasts.is_empty() { Left::Nothing } else { Left::Anywhere }), Vec::new()));
    }
    let facts = exposed(func, node.label, body);
    let (mut left, mut carried) = (Ok(Left::Nothing), Vec::new());
    for x in walk::assigned_vars(func, body) {
        if facts.reads.contains_key(&x) {
            carried.push(x);
        } else if read_outside(func, node.body, x) {
            if facts.assigned.contains(&x) {
                let here = if starts_with(func, body, x) { Left::AtOnce } else { Left::Anywhere };
                left = left.map(|l| here.max(l));
            } else {
                let name = &func.vars[x.index()].name;
                left = Err(format!("`{name}` may be left by any iteration").into());
            }
        }
    }
    Ok((left, carried))
}

/// Whether a body assigns a variable before any branch, loop or exit.
fn starts_with(func: &Function, body: Region, x: Var) -> bool {
    let simple = |i: &&Inst| {
        let kind = &func.inst(**i).kind;
        walk::nested_regions(kind).next().is_none() && !matches!(kind, InstKind::Break(_))
    };
    let mut start = func.region(body).iter().take_while(simple);
    start.any(|i| matches!(func.inst(*i).kind, InstKind::Set(y, _) if y == x))
}

/// Whether a variable is read outside a loop's body, or shared with other iterations of a loop around it.
fn read_outside(func: &Function, body: Region, x: Var) -> bool {
    let inside: BTreeSet<Inst> = walk::insts_of(func, body).into_iter().collect();
    walk::insts_of(func, func.body).into_iter().any(|i| match &func.inst(i).kind {
        InstKind::Get(y) => *y == x && !inside.contains(&i),
        InstKind::ParallelFor(node) => node.lasts.contains(&x) || node.scalars.iter().any(|s| s.var == x),
        _ => false,
    })
}

/// Puts the loop over groups in the place of the loop.
fn place(
    func: &mut Function,
    parent: Region,
    inst: Inst,
    mut plan: groups::Plan<'_>,
    guard: &independence::Guard,
) {
    let loc = func.inst(inst).loc;
    let front = func.new_region();
    plan.guard = guard.emit(&mut Builder { func, region: front, loc });
    let made = groups::make_groups(func, &plan, inst, front);
    func.inst_mut(inst).kind = match func.inst(inst).kind.clone() {
        InstKind::ParallelFor(old) => {
            let chunk = old.chunk.map(|c| chunk_of_groups(func, front, c, plan.shape.lanes(), loc));
            InstKind::ParallelFor(Box::new(ParallelFor {
                label: made.label,
                iv: made.iv,
                start: made.start,
                stop: made.stop,
                step: made.step,
                body: made.body,
                chunk,
                min_block: (old.min_block / plan.shape.lanes() as u32).max(1),
                ..*old
            }))
        }
        _ => InstKind::For(Box::new(made)),
    };
    own_new_vars(func, inst);
    let insts = std::mem::take(&mut func.regions[front.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..position, insts);
}

/// Chunks are told in iterations.
fn chunk_of_groups(
    func: &mut Function,
    front: Region,
    chunk: Value,
    lanes: i64,
    loc: ungil_ir::inst::Loc,
) -> Value {
    let mut b = Builder { func, region: front, loc };
    let (round, lanes) = (b.i64(lanes - 1), b.i64(lanes));
    let sum = b.binary(BinaryOp::Add, chunk, round);
    b.binary(BinaryOp::FloorDiv, sum, lanes)
}

/// Variables made for a serial loop inside a parallel one belong to that one's iterations.
fn own_new_vars(func: &mut Function, inst: Inst) {
    let body = walk::nested_regions(&func.inst(inst).kind).next().expect("a loop has a body");
    let assigned = walk::assigned_vars(func, body);
    for around in walk::insts_of(func, func.body) {
        let kind = &func.inst(around).kind;
        let holds = walk::nested_regions(kind).any(|r| walk::insts_of(func, r).contains(&inst));
        let missing = |listed: &[Var], others: &BTreeSet<Var>| -> Vec<Var> {
            assigned.iter().copied().filter(|x| !listed.contains(x) && !others.contains(x)).collect()
        };
        match &mut func.inst_mut(around).kind {
            InstKind::ParallelFor(node) if holds || around == inst => {
                let others = node.lasts.iter().copied().chain(node.scalars.iter().map(|s| s.var)).collect();
                let new = missing(&node.privates, &others);
                node.privates.extend(new);
            }
            InstKind::ParallelRegion(node) if holds => {
                let new = missing(&node.privates, &BTreeSet::new());
                node.privates.extend(new);
            }
            _ => {}
        }
    }
}

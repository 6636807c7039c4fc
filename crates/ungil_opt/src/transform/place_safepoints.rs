//! Safepoints: where a running kernel notices Ctrl-C and cancellation.
//!
//! Every `while` loop polls at the start of an iteration, every `for` loop that contains another of unknown length or a
//! call likewise. Innermost `for` loops and those around `while` loops do not: a long one is cut into strips of
//! [`STRIP`] iterations with a poll between, so that the strip itself vectorises; one strip alone polls nothing.
//! Loops whose work is bounded by a small constant get none: `range(3)`, and windows such as
//! `range(max(i - 1, 0), min(i + 2, n))`.

use crate::analysis::affine::Affine;
use crate::analysis::bounds::alternatives;
use crate::analysis::cost::{cost_between_polls, region_cost};
use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use crate::transform::strips::{retarget_continues, strip_end};
use ungil_ir::builder::Builder;
use ungil_ir::copies::copy_loop;
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, Const, For, InstKind, Loc, LoopHints};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// Iterations between two polls of an innermost loop.
pub const STRIP: i64 = 1 << 16;
/// The same of a loop that only copies neighbours: the longest copies pass by the caches, if they are one.
const COPY_STRIP: i64 = 1 << 25;
/// Work of a loop, in units of the static cost, below which it is not polled.
const SMALL: u64 = 1 << 16;
/// Iterations of a window below which vectors are not worth their preparation.
const FEW: u64 = 8;

/// Work of an iteration above which vectors pay though sums in them go in order.
const GATHERED: u64 = 16;

/// Places safepoints in all functions.
pub fn place_safepoints(module: &mut Module, context: &mut Context) -> bool {
    let snapshot = module.clone();
    let mut changed = false;
    for (func, original) in module.functions.iter_mut().zip(&snapshot.functions) {
        let remarks = &mut context.remarks;
        let defs = Definitions::compute(original);
        let mut placer = Placer { module: &snapshot, original, defs, func, remarks, changed: false };
        let body = placer.func.body;
        placer.region(body);
        changed |= placer.changed;
    }
    changed
}

struct Placer<'a> {
    module: &'a Module,
    original: &'a Function,
    defs: Definitions,
    func: &'a mut Function,
    remarks: &'a mut Vec<Remark>,
    changed: bool,
}

impl Placer<'_> {
    fn region(&mut self, r: Region) {
        for inst in self.func.region(r).to_vec() {
            let kind = self.func.inst(inst).kind.clone();
            if let InstKind::For(l) = &kind
                && l.hints.strips
            {
                self.strips(inst, l);
                continue;
            }
            for inner in walk::nested_regions(&kind).collect::<Vec<_>>() {
                self.region(inner);
            }
            match kind {
                InstKind::While { body, .. } => self.poll(body, inst),
                InstKind::For(l) => self.counted(r, inst, &l),
                InstKind::ParallelFor(l) if region_cost(self.module, self.original, l.body).is_none() => {
                    self.poll(l.body, inst);
                }
                _ => {}
            }
        }
    }

    /// A loop that another pass cut into strips polls between them; the strips themselves are short.
    fn strips(&mut self, inst: Inst, l: &For) {
        let strip = |i: &Inst| match &self.func.inst(*i).kind {
            InstKind::For(inner) if inner.start == l.iv => Some(inner.body),
            _ => None,
        };
        let bodies: Vec<Region> = walk::insts_of(self.func, l.body).iter().filter_map(strip).collect();
        for body in bodies {
            self.region(body);
        }
        self.poll(l.body, inst);
    }

    fn counted(&mut self, parent: Region, inst: Inst, l: &For) {
        let copies = copy_loop(self.func, l).is_some();
        if copies {
            self.tell_copy(inst);
        }
        match region_cost(self.module, self.original, l.body) {
            None => match cost_between_polls(self.module, self.original, l.body) {
                Some(cost) => self.strip_mine(parent, inst, l, strip(cost)),
                None => self.poll(l.body, inst),
            },
            Some(_) if l.hints.few || self.is_short(l) => {}
            Some(cost) if self.is_small_window(inst, l, cost) => {}
            Some(_) if copies => self.strip_mine(parent, inst, l, COPY_STRIP),
            Some(cost) => self.strip_mine(parent, inst, l, strip(cost)),
        }
    }

    fn tell_copy(&mut self, inst: Inst) {
        let (function, loc) = (self.func.name.clone(), self.func.inst(inst).loc);
        let text = "copies whole blocks of memory".to_owned();
        let remark = Remark { pass: "copy_loops", kind: RemarkKind::Applied, function, loc, text };
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    fn is_short(&self, l: &For) -> bool {
        let wrapper = Region(self.original.regions.len() as u32);
        let mut probe = self.original.clone();
        probe.regions.push(Vec::new());
        probe.append(wrapper, InstKind::For(Box::new(l.clone())), None, Loc::default());
        region_cost(self.module, &probe, wrapper).is_some_and(|c| c <= SMALL)
    }

    /// Whether the work of a window's loop is bounded; LLVM is told where it has few iterations.
    fn is_small_window(&mut self, inst: Inst, l: &For, cost: u64) -> bool {
        let Some(trips) = self.most_trips(l).filter(|trips| trips.saturating_mul(cost) <= SMALL) else {
            return false;
        };
        if trips < FEW
            && let InstKind::For(node) = &mut self.func.inst_mut(inst).kind
        {
            node.hints.few = true;
            self.changed = true;
        }
        true
    }

    /// Most iterations of a loop between the larger of some starts and the smaller of some stops, if a start and a stop
    /// lie a constant apart. The distance is not negative, so that where one of them wraps around the loop is empty.
    fn most_trips(&self, l: &For) -> Option<u64> {
        let of = |v| Affine::of(self.original, &self.defs, v);
        let bounds = |v, op| {
            alternatives(self.original, &self.defs, v, op).into_iter().filter_map(of).collect::<Vec<_>>()
        };
        let step = self.constant(l.step).filter(|step| *step > 0)?;
        let (starts, stops) = (bounds(l.start, BinaryOp::Max), bounds(l.stop, BinaryOp::Min));
        let pairs = starts.iter().flat_map(|start| stops.iter().map(move |stop| (start, stop)));
        let distances = pairs.filter_map(|(start, stop)| stop.add_scaled(start, -1)?.as_constant());
        let least = distances.filter(|d| *d >= 0).min()?;
        Some((least as u64).div_ceil(step as u64))
    }

    fn poll(&mut self, body: Region, at: Inst) {
        let loc = self.func.inst(at).loc;
        let poll = self.func.make_inst(InstKind::Safepoint, None, loc);
        self.func.regions[body.index()].insert(0, poll);
        self.changed = true;
    }

    /// Cuts a loop into strips (see [`crate::transform::strips`]) with a poll behind each but the last.
    fn strip_mine(&mut self, parent: Region, inst: Inst, l: &For, strip: i64) {
        let Some(step) = self.constant(l.step).filter(|s| *s != 0 && s.unsigned_abs() < 1 << 20) else {
            return self.poll(l.body, inst);
        };
        let loc = self.func.inst(inst).loc;
        let position = self.func.region(parent).iter().position(|i| *i == inst).expect("loop in its region");
        let stride =
            self.func.make_inst(InstKind::Const(Const::Int(DType::I64, step * strip)), Some(Type::I64), loc);
        self.func.regions[parent.index()].insert(position, stride);
        let stride = self.func.inst(stride).result.expect("constant");
        let outer_iv = self.func.new_value(Type::I64);
        let outer_body = self.func.new_region();
        let mut b = Builder { func: self.func, region: outer_body, loc };
        let (end, more) = strip_end(&mut b, outer_iv, l.stop, stride, step > 0);
        let label = self.func.new_label();
        retarget_continues(self.func, l.body, l.label, label);
        let few = l.hints.few || self.gathers_in_order(l);
        let hints = LoopHints { nonempty: true, few, ..l.hints };
        let inner = For { label, start: outer_iv, stop: end, hints, ..l.clone() };
        self.func.append(outer_body, InstKind::For(Box::new(inner)), None, loc);
        let (then, otherwise) = (self.func.new_region(), self.func.new_region());
        self.func.append(then, InstKind::Safepoint, None, loc);
        self.func.append(outer_body, InstKind::If { cond: more, then, otherwise }, None, loc);
        let hints = LoopHints { strips: true, ..l.hints };
        let outer = For { iv: outer_iv, step: stride, body: outer_body, hints, ..l.clone() };
        self.func.inst_mut(inst).kind = InstKind::For(Box::new(outer));
        self.changed = true;
    }

    /// Whether a loop adds floats one after the other that it finds by other elements: a row of a sparse matrix. LLVM would
    /// gather several, which takes longer than to load them one by one while the sum waits for each.
    fn gathers_in_order(&self, l: &For) -> bool {
        let (func, defs) = (self.original, &self.defs);
        let cost = region_cost(self.module, func, l.body);
        if cost.is_none_or(|cost| cost > GATHERED) || func.attributes.fastmath.reassoc {
            return false;
        }
        let adds_to = |x: &Var, v: &Value| match defs.kind(func, *v) {
            Some(InstKind::Binary(BinaryOp::Add | BinaryOp::Sub, a, b)) => {
                let is_x = |v: &Value| matches!(defs.kind(func, *v), Some(InstKind::Get(y)) if y == x);
                is_x(a) || is_x(b)
            }
            _ => false,
        };
        let is_float = |x: &Var| func.var_ty(*x).dtype().is_some_and(DType::is_float);
        let is_sum = |kind: &InstKind| matches!(kind, InstKind::Set(x, v) if is_float(x) && adds_to(x, v));
        let inside = walk::defined_values(func, l.body);
        let is_loaded = |v: &Value| {
            let mut v = *v;
            while let Some(InstKind::Cast(a, _) | InstKind::CheckIndex { index: a, .. }) = defs.kind(func, v)
            {
                v = *a;
            }
            inside.contains(&v) && matches!(defs.kind(func, v), Some(InstKind::Load { .. }))
        };
        let gathers =
            |kind: &InstKind| matches!(kind, InstKind::Load { index, .. } if index.iter().any(is_loaded));
        walk::any_inst(func, l.body, &is_sum) && walk::any_inst(func, l.body, &gathers)
    }

    fn constant(&self, v: Value) -> Option<i64> {
        self.func.insts.iter().find(|i| i.result == Some(v)).and_then(|i| match i.kind {
            InstKind::Const(Const::Int(_, c)) => Some(c),
            _ => None,
        })
    }
}

/// Iterations of this cost between two polls.
fn strip(cost: u64) -> i64 {
    (STRIP / (cost.max(1) as i64 / 64 + 1)).max(64)
}

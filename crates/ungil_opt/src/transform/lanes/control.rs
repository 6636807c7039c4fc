//! Branches, loops and exits in lanes.
//!
//! A divergent branch of cheap arithmetic runs for all lanes; any other is skipped when no lane takes it. A divergent
//! loop runs until no lane is left: its `live` mask loses the lanes that leave.

use super::lower::{Flow, Frame, Lane, Lowerer, Mask};
use ungil_ir::entities::{Inst, Label, Region, Value, Var};
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints, UnaryOp};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// Largest number of instructions in a branch that runs without a test.
const FLAT: usize = 24;
/// Iterations of a cheap loop that follow one without a test whether any lane is left.
const REPEATS: usize = 3;

impl Lowerer<'_> {
    pub fn control(&mut self, inst: Inst, kind: &InstKind) -> Flow {
        match kind {
            InstKind::If { cond, then, otherwise } if self.facts.varies(*cond) => {
                self.divergent_if(inst, *cond, *then, *otherwise)
            }
            InstKind::If { cond, then, otherwise } => self.uniform_if(inst, *cond, *then, *otherwise),
            InstKind::While { label, cond, test, body } => self.while_loop(inst, *label, *cond, *test, *body),
            InstKind::For(node) if self.is_block(node) => self.block(inst, node),
            InstKind::For(node) => self.for_loop(inst, node),
            kind if self.labels.leaves(kind) => self.leave_group(),
            InstKind::Break(label) => self.exit(*label, true),
            InstKind::Continue(label) => self.exit(*label, false),
            other => unreachable!("{other:?} is not control flow of a body in lanes"),
        }
    }

    fn leave_group(&mut self) -> Flow {
        self.bail_here();
        Flow::Ended
    }

    /// Whether a `for` only gives exits a target and needs no loop.
    pub fn is_block(&self, node: &For) -> bool {
        let bounds = [node.start, node.stop, node.step].map(|v| self.constant(v));
        bounds == [Some(0), Some(1), Some(1)] && self.facts.loops.contains(&node.label)
    }

    // Branches.

    fn uniform_if(&mut self, inst: Inst, cond: Value, then: Region, otherwise: Region) -> Flow {
        let cond = self.uniform(cond);
        let exits = self.region_has_masked_exit(then) || self.region_has_masked_exit(otherwise);
        let after = exits.then(|| self.mask_vars("joined"));
        let before = self.mask.clone();
        let mut regions = [then, otherwise];
        let mut ended = true;
        for (second, r) in [(false, then), (true, otherwise)] {
            let level = self.facts.branch_level(inst, false, second);
            let (made, flow) = self.nested(|s| {
                let flow = s.within(level, None, |s| s.run(r));
                if let Some(after) = &after {
                    s.end_branch(after, &flow);
                }
                flow
            });
            regions[usize::from(second)] = made;
            ended &= matches!(flow, Flow::Ended);
        }
        let [then, otherwise] = regions;
        self.b().push(InstKind::If { cond, then, otherwise });
        match after {
            _ if ended => Flow::Ended,
            None => Flow::Through(before),
            Some(after) => {
                self.some = false;
                Flow::Through(Some(self.get_mask(&after)))
            }
        }
    }

    /// Runs `work` one level deeper, with the condition of a divergent branch.
    fn within<T>(
        &mut self,
        level: super::uniformity::Level,
        condition: Mask,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.levels.push(level);
        self.conditions.push(condition);
        let result = work(self);
        self.levels.pop();
        self.conditions.pop();
        result
    }

    fn divergent_if(&mut self, inst: Inst, cond: Value, then: Region, otherwise: Region) -> Flow {
        let yes = self.vectors(cond);
        let no = self.not(&yes);
        let (before, some) = (self.mask.clone(), self.some);
        let mut joined: Option<Vec<Value>> = None;
        let exits = self.region_has_masked_exit(then) || self.region_has_masked_exit(otherwise);
        for (second, r, c) in [(false, then, yes), (true, otherwise, no)] {
            let mask = self.and(&before, &c);
            let level = self.facts.branch_level(inst, true, second);
            let left = self.within(level, Some(c), |s| s.branch(r, mask));
            self.mask.clone_from(&before);
            self.some = some;
            if exits && let Some(left) = left {
                joined = Some(match joined {
                    None => left,
                    Some(other) => self.or(&other, &left),
                });
            }
        }
        if !exits {
            return Flow::Through(before);
        }
        self.some = false;
        joined.map_or(Flow::Empty, |mask| Flow::Through(Some(mask)))
    }

    /// One side of a divergent `if`; returns the lanes that go on, `None` for none.
    fn branch(&mut self, region: Region, mask: Vec<Value>) -> Option<Vec<Value>> {
        if self.func.region(region).is_empty() {
            return Some(mask);
        }
        if self.is_flat(region) {
            self.mask = Some(mask);
            self.some = false;
            return match self.run(region) {
                Flow::Through(mask) => mask,
                Flow::Empty | Flow::Ended => None,
            };
        }
        let after = self.region_has_masked_exit(region).then(|| self.mask_vars("taken"));
        if let Some(after) = &after {
            self.set_mask(after, &Some(mask.clone()));
        }
        let any = self.any(&Some(mask.clone()));
        let entered = mask.clone();
        let (then, flow) = self.nested(|s| {
            s.mask = Some(entered);
            s.some = true;
            let flow = s.run(region);
            if let Some(after) = &after {
                s.end_branch(after, &flow);
            }
            flow
        });
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond: any, then, otherwise });
        match (after, flow) {
            (Some(_), Flow::Empty) => None,
            (Some(after), _) => Some(self.get_mask(&after)),
            (None, Flow::Through(_)) => Some(mask),
            // Here all lanes that took the branch have gone, and without any it was not taken.
            (None, _) => None,
        }
    }

    /// Whether a branch is cheap and harmless enough to run for all lanes.
    fn is_flat(&self, region: Region) -> bool {
        let insts = walk::insts_of(self.func, region);
        insts.len() <= FLAT
            && insts.iter().all(|i| match &self.func.inst(*i).kind {
                InstKind::Load { .. } => self.is_row_column(self.func.inst(*i).result),
                InstKind::Store { .. }
                | InstKind::Check(..)
                | InstKind::CheckIndex { .. }
                | InstKind::For(_)
                | InstKind::While { .. } => false,
                InstKind::Math(f, _) => super::cost::is_cheap_math(*f),
                InstKind::Binary(op, a, b) => {
                    super::cost::is_power_of_two(self.func, self.defs, *op, *a, *b)
                        || !super::cost::is_slow(*op, self.func.ty(*a))
                }
                kind => !self.labels.leaves(kind),
            })
    }

    // Exits.

    /// The active lanes leave for a loop's end or its next iteration.
    fn exit(&mut self, label: Label, leaves: bool) -> Flow {
        let target = self.frames.iter().position(|f| f.label == label);
        if let Some(t) = target
            && !self.frames[t].divergent
        {
            let label = self.frames[t].physical.expect("a loop that does not diverge is a loop");
            let kind = if leaves { InstKind::Break(label) } else { InstKind::Continue(label) };
            self.b().push(kind);
            return Flow::Ended;
        }
        let inner = target.map_or(0, |t| t + 1);
        let noticed = self.frames.last().is_none_or(|f| !f.untested);
        let mask = self.mask.clone();
        let gone = self.mask_or_all(&mask);
        for k in inner..self.frames.len() {
            let frame = self.frames[k].clone();
            for vars in [frame.live, frame.after].into_iter().flatten() {
                self.remove_lanes(&vars, &gone);
            }
            self.frames[k].untested = true;
        }
        if let Some(t) = target.filter(|_| leaves) {
            if let Some(live) = self.frames[t].live.clone() {
                self.remove_lanes(&live, &gone);
            }
            self.frames[t].untested = true;
        }
        self.leave_empty_loop(noticed);
        Flow::Empty
    }

    /// Behind an exit that is seldom reached: leaves the innermost loop at once if no lane is left in it.
    fn leave_empty_loop(&mut self, noticed: bool) {
        if !self.some {
            return;
        }
        let Some(frame) = self.frames.last().cloned() else { return };
        let (Some(physical), Some(live)) = (frame.physical, frame.live) else { return };
        let live = self.get_mask(&live);
        let any = self.any(&Some(live));
        let none = self.b().unary(UnaryOp::Not, any);
        self.break_if(none, physical);
        let top = self.frames.last_mut().expect("looked at above");
        top.untested = !noticed;
    }

    fn break_if(&mut self, cond: Value, label: Label) {
        let (then, ()) = self.nested(|s| {
            s.b().push(InstKind::Break(label));
        });
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond, then, otherwise });
    }

    // Loops.

    /// Enters a loop: notes the lanes in it and those behind it.
    pub fn open(&mut self, inst: Inst, label: Label, physical: Option<Label>) -> Frame {
        let divergent = self.facts.loops.contains(&label);
        let mask = self.mask.clone();
        let live = (divergent && physical.is_some()).then(|| {
            let vars = self.mask_vars("live");
            self.set_mask(&vars, &mask);
            vars
        });
        let after = self.has_masked_exit(inst).then(|| {
            let vars = self.mask_vars("after");
            self.set_mask(&vars, &mask);
            vars
        });
        Frame { label, physical, divergent, live, after, untested: false }
    }

    /// The lanes behind a loop.
    fn close(&mut self, frame: &Frame, before: Mask) -> Flow {
        match &frame.after {
            None => Flow::Through(before),
            Some(after) => {
                self.some = false;
                Flow::Through(Some(self.get_mask(after)))
            }
        }
    }

    pub fn in_loop<T>(&mut self, inst: Inst, frame: &Frame, work: impl FnOnce(&mut Self) -> T) -> (T, Frame) {
        let level = self.facts.loop_level(inst, frame.label);
        self.frames.push(frame.clone());
        let result = self.within(level, None, work);
        (result, self.frames.pop().expect("pushed above"))
    }

    pub fn start_iteration(&mut self, frame: &Frame) {
        if let Some(live) = &frame.live {
            self.mask = Some(self.get_mask(live));
        }
        self.some = true;
    }

    /// At the end of an iteration: leaves a loop that lost its last lane without noticing.
    fn end_iteration(&mut self, flow: &Flow) {
        let frame = self.frames.last().expect("inside a loop").clone();
        if let (true, Some(live), Some(physical)) = (frame.untested, &frame.live, frame.physical)
            && !matches!(flow, Flow::Ended)
        {
            let live = self.get_mask(live);
            let any = self.any(&Some(live));
            let none = self.b().unary(UnaryOp::Not, any);
            self.break_if(none, physical);
        }
    }

    fn block(&mut self, inst: Inst, node: &For) -> Flow {
        let before = self.mask.clone();
        let some = self.some;
        let frame = self.open(inst, node.label, None);
        let zero = self.b().i64(0);
        self.map.insert(node.iv, Lane::Uniform(zero));
        let (_, frame) = self.in_loop(inst, &frame, |s| s.run(node.body));
        self.some = some;
        self.mask.clone_from(&before);
        self.close(&frame, before)
    }

    fn while_loop(&mut self, inst: Inst, label: Label, cond: Region, test: Value, body: Region) -> Flow {
        let before = self.mask.clone();
        let physical = self.func.new_label();
        let frame = self.open(inst, label, Some(physical));
        let (made, frame) = self.in_loop(inst, &frame, |s| s.while_parts(cond, test, body));
        let (cond, test, body) = made;
        self.b().push(InstKind::While { label: physical, cond, test, body });
        self.close(&frame, before)
    }

    fn while_parts(&mut self, cond: Region, cond_test: Value, body: Region) -> (Region, Value, Region) {
        let frame = self.frames.last().expect("inside a loop").clone();
        let (made_cond, (test, mask)) = self.nested(|s| {
            s.start_iteration(&frame);
            s.run(cond);
            match (s.lane(cond_test), &frame.live) {
                (Lane::Uniform(t), _) => (t, s.mask.clone()),
                (_, Some(live)) => {
                    let (goes, all) = s.conjuncts(cond_test);
                    let mask = goes.into_iter().fold(s.mask.clone(), |mask, c| Some(s.and(&mask, &c)));
                    s.set_mask(live, &mask);
                    let any = s.any(&mask);
                    (all.into_iter().fold(any, |t, c| s.b().binary(BinaryOp::And, t, c)), mask)
                }
                (_, None) => unreachable!("a loop whose condition varies diverges"),
            }
        });
        // The next test notices lanes that are gone, unless evaluating it needs one.
        let arithmetic = !walk::any_inst(self.func, cond, &|kind| !is_plain(kind));
        let noticed = frame.divergent && arithmetic && !matches!(self.lane(cond_test), Lane::Uniform(_));
        let (made_body, ()) = self.nested(|s| {
            s.mask = mask;
            s.some = true;
            let flow = s.run(body);
            if !noticed {
                s.end_iteration(&flow);
            } else if matches!(flow, Flow::Through(_)) && s.may_repeat(cond, body) {
                (0..REPEATS).for_each(|_| s.repeat(&frame, cond, cond_test, body));
            }
        });
        (made_cond, test, made_body)
    }

    /// Whether an iteration is so cheap that it may run for nothing, when no lane is left.
    fn may_repeat(&self, cond: Region, body: Region) -> bool {
        let exits = [cond, body].iter().any(|r| self.region_has_masked_exit(*r));
        !exits && self.is_flat(cond) && self.is_flat(body)
    }

    /// A further iteration under the mask, without a test whether any lane is left.
    fn repeat(&mut self, frame: &Frame, cond: Region, cond_test: Value, body: Region) {
        let (Some(live), Some(physical)) = (&frame.live, frame.physical) else { return };
        self.start_iteration(frame);
        self.some = false;
        self.run(cond);
        let (goes, all) = self.conjuncts(cond_test);
        let mask = goes.into_iter().fold(self.mask.clone(), |mask, c| Some(self.and(&mask, &c)));
        self.set_mask(live, &mask);
        if let Some(goes) = all.into_iter().reduce(|t, c| self.b().binary(BinaryOp::And, t, c)) {
            let ends = self.b().unary(UnaryOp::Not, goes);
            self.break_if(ends, physical);
        }
        self.mask = mask;
        self.run(body);
    }

    /// The parts of a condition `a and b …`: those that vary, in lanes, and those that hold for all lanes or for none.
    fn conjuncts(&mut self, test: Value) -> (Vec<Vec<Value>>, Vec<Value>) {
        let (mut goes, mut all) = (Vec::new(), Vec::new());
        let mut pending = vec![test];
        while let Some(v) = pending.pop() {
            match (self.lane(v), self.defs.kind(self.func, v)) {
                (Lane::Uniform(c), _) => all.push(c),
                (_, Some(&InstKind::Binary(BinaryOp::And, a, b))) => pending.extend([b, a]),
                _ => goes.push(self.vectors(v)),
            }
        }
        (goes, all)
    }

    fn for_loop(&mut self, inst: Inst, node: &For) -> Flow {
        let varies = |v: Value| self.facts.varies(v);
        if varies(node.start) || varies(node.stop) {
            return self.varying_for(inst, node);
        }
        let rest = self.blocks_of_rows(node).map(|rows| self.row_loop(inst, node, rows));
        let before = self.mask.clone();
        let physical = self.func.new_label();
        let frame = self.open(inst, node.label, Some(physical));
        let iv = self.func.new_value(Type::I64);
        self.map.insert(node.iv, Lane::Uniform(iv));
        let (body, frame) = self.in_loop(inst, &frame, |s| s.for_body(node.body));
        let start = rest.unwrap_or_else(|| self.uniform(node.start));
        let (stop, step) = (self.uniform(node.stop), self.uniform(node.step));
        let hints = LoopHints { scalar: node.hints.scalar, few: node.hints.few, ..LoopHints::default() };
        let made = For { label: physical, iv, start, stop, step, body, hints };
        self.b().push(InstKind::For(Box::new(made)));
        self.close(&frame, before)
    }

    fn for_body(&mut self, body: Region) -> Region {
        let frame = self.frames.last().expect("inside a loop").clone();
        let (made, ()) = self.nested(|s| {
            s.start_iteration(&frame);
            let flow = s.run(body);
            s.end_iteration(&flow);
        });
        made
    }

    /// A counted loop whose bounds differ: counts the iterations of all lanes together, each up to its own trip count.
    fn varying_for(&mut self, inst: Inst, node: &For) -> Flow {
        let before = self.mask.clone();
        let step = self.constant(node.step).expect("only constant steps are accepted");
        let trips = self.trip_counts(node, step);
        let counter = self.func.new_var("trip", Type::I64);
        let zero = self.b().i64(0);
        self.b().set(counter, zero);
        let physical = self.func.new_label();
        let frame = self.open(inst, node.label, Some(physical));
        let (made, frame) = self.in_loop(inst, &frame, |s| s.varying_for_parts(node, step, &trips, counter));
        let (cond, test, body) = made;
        self.b().push(InstKind::While { label: physical, cond, test, body });
        self.close(&frame, before)
    }

    fn varying_for_parts(
        &mut self,
        node: &For,
        step: i64,
        trips: &[Value],
        counter: Var,
    ) -> (Region, Value, Region) {
        let frame = self.frames.last().expect("inside a loop").clone();
        let live = frame.live.clone().expect("a loop with bounds that vary diverges");
        let (cond, (test, mask, k)) = self.nested(|s| {
            s.start_iteration(&frame);
            let k = s.b().get(counter);
            let at = s.splat(k);
            let ats = vec![at; trips.len()];
            let goes = s.below(&ats, trips);
            let mask = s.mask.clone();
            let mask = Some(s.and(&mask, &goes));
            s.set_mask(&live, &mask);
            (s.any(&mask), mask, k)
        });
        let (body, ()) = self.nested(|s| {
            s.mask = mask;
            s.some = true;
            let one = s.b().i64(1);
            let next = s.b().binary(BinaryOp::Add, k, one);
            s.b().set(counter, next);
            let step = s.b().i64(step);
            let offset = s.b().binary(BinaryOp::Mul, k, step);
            let iv = s.offset_by(node.start, offset);
            s.map.insert(node.iv, iv);
            s.run(node.body);
        });
        (cond, test, body)
    }

    /// `v + offset` for a uniform offset.
    fn offset_by(&mut self, v: Value, offset: Value) -> Lane {
        match self.lane(v) {
            Lane::Uniform(v) => Lane::Uniform(self.b().binary(BinaryOp::Add, v, offset)),
            Lane::Linear { base, step } => {
                Lane::Linear { base: self.b().binary(BinaryOp::Add, base, offset), step }
            }
            Lane::Vary(list) => {
                let offset = self.splat(offset);
                Lane::Vary(list.iter().map(|v| self.b().binary(BinaryOp::Add, *v, offset)).collect())
            }
        }
    }

    /// `max(0, ceil((stop - start) / step))` of each lane, as unsigned numbers in int64.
    fn trip_counts(&mut self, node: &For, step: i64) -> Vec<Value> {
        let (starts, stops) = (self.vectors(node.start), self.vectors(node.stop));
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let (zero, one) = (self.splat(zero), self.splat(one));
        let up = step > 0;
        starts
            .into_iter()
            .zip(stops)
            .map(|(start, stop)| {
                let (low, high) = if up { (start, stop) } else { (stop, start) };
                let goes = self.b().compare(CompareOp::Lt, low, high);
                let mut count = self.b().binary(BinaryOp::Sub, high, low);
                if step.unsigned_abs() != 1 {
                    let before_last = self.b().binary(BinaryOp::Sub, count, one);
                    let wide = self.b().cast(before_last, DType::U64);
                    let size = self.b().i64(step.wrapping_abs());
                    let size = self.b().cast(size, DType::U64);
                    let size = self.splat(size);
                    let whole = self.b().binary(BinaryOp::FloorDiv, wide, size);
                    let whole = self.b().cast(whole, DType::I64);
                    count = self.b().binary(BinaryOp::Add, whole, one);
                }
                self.b().select(goes, count, zero)
            })
            .collect()
    }
}

fn is_plain(kind: &InstKind) -> bool {
    walk::is_arithmetic(kind) || matches!(kind, InstKind::Get(_) | InstKind::Set(..) | InstKind::If { .. })
}

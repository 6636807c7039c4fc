//! Control flow: `if`, loops, exits, domains.
//!
//! Counted loops are emitted with the test at the bottom behind a guard, and their induction arithmetic carries
//! `nsw` where it cannot overflow, so that LLVM knows trip counts and vectorises. A unit step compares the induction
//! value itself; other steps count iterations, since the value after the last iteration may overflow.

use super::cleanup::{Exit, LoopFrame};
use super::error::LIKELY;
use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::attributes::Place;
use crate::raw::{Block, Meta, Val};
use llvm_sys::LLVMIntPredicate::{LLVMIntEQ, LLVMIntNE, LLVMIntSGT, LLVMIntSLT, LLVMIntULT};
use ungil_ir::copies::copy_loop;
use ungil_ir::entities::{Inst, Label, Region, Value};
use ungil_ir::inst::{For, InstKind, Loc, LoopHints};
use ungil_ir::packing::packed_size;
use ungil_ir::walk::{any_inst, insts_of};

/// The property of loops that run for rare arguments, or for few elements.
pub(crate) const COLD: &str = "ungil.cold";

/// What is attached to a loop's back edge.
struct LoopFacts {
    /// Where the loop stands in the source.
    place: Option<Meta>,
    /// The access group of its independent iterations.
    group: Option<Meta>,
    /// The body computes with vectors.
    in_lanes: bool,
    /// The body calls functions of the maths library.
    maths: bool,
}

impl FunctionEmitter<'_> {
    /// Emits control flow; returns whether control reaches the next instruction.
    pub fn emit_control(&mut self, kind: &InstKind) -> bool {
        match kind {
            InstKind::Break(label) => self.leave(Exit::Break(*label)),
            InstKind::Continue(label) => self.leave(Exit::Continue(*label)),
            InstKind::Return(v) => self.emit_return(*v),
            InstKind::Raise(raise) => self.emit_raise(raise),
            InstKind::If { cond, then, otherwise } => return self.emit_if(*cond, *then, *otherwise),
            InstKind::For(node) => self.emit_for(node),
            InstKind::While { label, cond, test, body } => self.emit_while(*label, *cond, *test, *body),
            InstKind::Scope { body, cleanup } => return self.scope(*body, *cleanup),
            InstKind::Try { body, handler } => return self.try_region(*body, *handler),
            InstKind::Reraise => self.reraise(),
            InstKind::Domain { extents, ivs, body } => self.emit_domain(extents, ivs, *body),
            InstKind::ParallelFor(node) if node.in_place => self.in_place_for(node),
            InstKind::ParallelFor(node) => self.parallel_for(node),
            InstKind::ParallelRegion(node) => self.parallel_region(node),
            other => panic!("{other:?} is not control flow"),
        }
        use InstKind as K;
        !matches!(kind, K::Break(_) | K::Continue(_) | K::Return(_) | K::Raise(_) | K::Reraise)
    }

    fn emit_return(&mut self, v: Option<Value>) {
        if let Some(v) = v
            && packed_size(self.f.ty(v)) > 0
        {
            let ret = self.ret.expect("return inside a parallel loop");
            self.l.store_packed(self.f.ty(v), self.operand(v), ret);
        }
        self.leave(Exit::Return);
    }

    fn emit_if(&mut self, cond: Value, then: Region, otherwise: Region) -> bool {
        let cond = self.scalar(cond);
        let (yes, join) = (self.new_block(c"then"), self.new_block(c"join"));
        let empty = self.f.region(otherwise).is_empty();
        let no = if empty { join } else { self.new_block(c"else") };
        let branch = self.l.cond_br(cond, yes, no);
        let cold = self.is_cold_version(then, otherwise);
        if cold && !self.l.is_const(cond) {
            self.l.attach_weights(branch, LIKELY, 1);
        }
        self.l.position(yes);
        let mut open = self.emit_region(then);
        if open {
            self.l.br(join);
        }
        if empty {
            open = true;
        } else {
            self.l.position(no);
            let outer = self.cold;
            self.cold |= cold;
            let falls = self.emit_region(otherwise);
            self.cold = outer;
            if falls {
                self.l.br(join);
            }
            open |= falls;
        }
        self.l.position(join);
        if !open {
            self.l.unreachable();
        }
        open
    }

    /// Whether the second branch holds the version of a loop that runs when hoisted checks fail: its loops are marked
    /// as scalar, or it has a parallel loop from the same place in the source as one in the first branch. Where loops of the
    /// first are written out for rows of one length, other lengths are as likely.
    fn is_cold_version(&self, then: Region, otherwise: Region) -> bool {
        let scalar = |region| {
            any_inst(self.f, region, &|kind| matches!(kind, InstKind::For(node) if node.hints.scalar))
        };
        let places = |region| {
            let parallel = |inst: &Inst| matches!(self.f.inst(*inst).kind, InstKind::ParallelFor(_));
            let list = insts_of(self.f, region).into_iter().filter(parallel);
            list.map(|inst| self.f.inst(inst).loc).collect::<Vec<Loc>>()
        };
        if scalar(otherwise) && !scalar(then) {
            return true;
        }
        let loops = |region| {
            let list = insts_of(self.f, region).into_iter();
            list.filter(|inst| matches!(self.f.inst(*inst).kind, InstKind::For(_))).count()
        };
        if loops(then) < loops(otherwise) {
            return false;
        }
        let hot = places(then);
        places(otherwise).iter().any(|loc| *loc != Loc::default() && hot.contains(loc))
    }

    pub fn enter_loop(&mut self, label: Label, break_to: Option<Block>, continue_to: Block) {
        self.loops.push(LoopFrame { label, break_to, continue_to, depth: self.scopes.len() });
    }

    fn emit_for(&mut self, node: &For) {
        let (start, stop, step) = (self.scalar(node.start), self.scalar(node.stop), self.scalar(node.step));
        match self.l.as_const_int(step) {
            Some(unit @ (1 | -1)) => self.unit_loop(node, start, stop, unit),
            Some(stride) if node.hints.strips => self.strip_loop(node, start, stop, stride),
            _ => {
                let count = self.trip_count(start, stop, step);
                let guard = self.l.is_nonzero(count);
                self.counted_loop(node, guard, count, start, step);
            }
        }
    }

    /// Whether a loop belongs to a version that hardly ever runs.
    fn is_rare(&self, node: &For) -> bool {
        self.cold && node.hints.scalar
    }

    /// A counter whose loop LLVM does not copy: it would make a version for each check that does not vary in it.
    fn unique(&self, counter: Val) -> Val {
        let counter = self.l.opaque(counter);
        self.l.add_call_attribute(counter, Place::Function, "convergent");
        counter
    }

    /// A loop whose step is 1 or -1.
    fn unit_loop(&mut self, node: &For, start: Val, stop: Val, step: i64) {
        let l = self.l;
        let goes = if step == 1 { LLVMIntSLT } else { LLVMIntSGT };
        let (enter, exit) = (self.new_block(c"enter"), self.new_block(c"end"));
        if node.hints.nonempty {
            l.br(enter);
        } else {
            l.cond_br(l.icmp(goes, start, stop), enter, exit);
        }
        l.position(enter);
        if step == 1 && self.copied(node, start, stop) {
            l.br(exit);
            l.position(exit);
            return;
        }
        if !node.hints.scalar {
            self.mark_filled(node.body);
        }
        let (head, latch) = (self.new_block(c"for"), self.new_block(c"next"));
        l.br(head);
        l.position(head);
        let iv = l.phi(l.int(64));
        l.add_incoming(iv, start, enter);
        let counter = if self.is_rare(node) { self.unique(iv) } else { iv };
        self.define(node.iv, Operand::Scalar(counter));
        let facts = self.loop_body(node, exit, latch);
        l.position(latch);
        // The next value lies between `start` and `stop`, both 64-bit, so it does not overflow.
        let next = l.nsw_add(iv, l.i64(step));
        l.add_incoming(iv, next, latch);
        // Where no test has told LLVM that `start` lies before `stop`, only this gives it the number of iterations.
        let goes = if node.hints.nonempty { LLVMIntNE } else { goes };
        let branch = l.cond_br(l.icmp(goes, next, stop), head, exit);
        self.end_loop(branch, node.hints, facts);
        l.position(exit);
    }

    /// A loop over strips goes on while more than one is left, which is what its body asks too: short loops within
    /// others pay for each instruction here.
    fn strip_loop(&mut self, node: &For, start: Val, stop: Val, stride: i64) {
        let l = self.l;
        let (goes, more) = if stride > 0 { (LLVMIntSLT, LLVMIntSGT) } else { (LLVMIntSGT, LLVMIntSLT) };
        let (head, latch, exit) = (self.new_block(c"for"), self.new_block(c"next"), self.new_block(c"end"));
        let enter = self.new_block(c"enter");
        l.cond_br(l.icmp(goes, start, stop), enter, exit);
        l.position(enter);
        l.br(head);
        l.position(head);
        let iv = l.phi(l.int(64));
        l.add_incoming(iv, start, enter);
        let k = if self.is_rare(node) { self.unique(iv) } else { l.opaque(iv) };
        self.define(node.iv, Operand::Scalar(k));
        let facts = self.loop_body(node, exit, latch);
        l.position(latch);
        l.add_incoming(iv, l.add(k, l.i64(stride)), latch);
        let branch = l.cond_br(l.icmp(more, l.sub(stop, k), l.i64(stride)), head, exit);
        self.end_loop(branch, node.hints, facts);
        l.position(exit);
    }

    /// A loop of `count` iterations (unsigned), if `guard`.
    fn counted_loop(&mut self, node: &For, guard: Val, count: Val, start: Val, step: Val) {
        let l = self.l;
        let (head, latch, exit) = (self.new_block(c"for"), self.new_block(c"next"), self.new_block(c"end"));
        let enter = self.new_block(c"enter");
        l.cond_br(guard, enter, exit);
        l.position(enter);
        l.br(head);
        l.position(head);
        let (k, iv) = (l.phi(l.int(64)), l.phi(l.int(64)));
        l.add_incoming(k, l.i64(0), enter);
        l.add_incoming(iv, start, enter);
        let counter = if self.is_rare(node) { self.unique(iv) } else { iv };
        self.define(node.iv, Operand::Scalar(counter));
        let facts = self.loop_body(node, exit, latch);
        l.position(latch);
        let next = l.nuw_add(k, l.i64(1));
        // Overflow happens after the last iteration only, where nothing reads the value.
        let next_iv = l.nsw_add(iv, step);
        l.add_incoming(k, next, latch);
        l.add_incoming(iv, next_iv, latch);
        let branch = l.cond_br(l.icmp(LLVMIntULT, next, count), head, exit);
        self.end_loop(branch, node.hints, facts);
        l.position(exit);
    }

    /// Emits a loop's body from the current block; every way to go on ends at `latch`.
    fn loop_body(&mut self, node: &For, exit: Block, latch: Block) -> LoopFacts {
        let place = self.place().map(|place| self.l.place(place));
        let For { label, body, .. } = *node;
        let group = self.enter_group(node.hints.independent);
        self.enter_loop(label, Some(exit), latch);
        if self.emit_region(body) {
            self.l.br(latch);
        }
        self.loops.pop();
        LoopFacts { place, group, in_lanes: self.is_in_lanes(body), maths: self.calls_maths(body) }
    }

    /// Whether a body computes with vectors already, or copies blocks: LLVM would look at it in vain, and say so.
    pub fn is_in_lanes(&self, body: Region) -> bool {
        let has_lanes = |v| self.f.ty(v).lanes().is_some();
        insts_of(self.f, body).into_iter().any(|i| {
            let inst = self.f.inst(i);
            let copies = matches!(&inst.kind, InstKind::For(node) if copy_loop(self.f, node).is_some());
            copies || inst.result.is_some_and(has_lanes)
        })
    }

    /// Starts a loop whose iterations are independent, if so: the accesses inside get a group of their own.
    pub fn enter_group(&mut self, independent: bool) -> Option<Meta> {
        let group = if independent { self.l.md_group() } else { None };
        self.access_groups.extend(group);
        group
    }

    /// Ends what `enter_group` started; returns the loop's property.
    pub fn leave_group(&mut self, group: Option<Meta>) -> Option<Meta> {
        let group = group?;
        self.access_groups.pop();
        Some(self.l.md_node(&[self.l.md_text("llvm.loop.parallel_accesses"), group]))
    }

    /// Properties of a loop that stays as it is.
    pub fn scalar_properties(&self) -> [Meta; 2] {
        let l = self.l;
        [
            l.md_property("llvm.loop.vectorize.enable", l.i1(false)),
            l.md_node(&[l.md_text("llvm.loop.unroll.disable")]),
        ]
    }

    /// Properties of a loop that calls functions of the maths library: to the passes their calls are short, so they would write
    /// several iterations side by side, each of which is long.
    pub fn maths_properties(&self) -> [Meta; 2] {
        let l = self.l;
        [
            l.md_property("llvm.loop.interleave.count", l.i32(1)),
            l.md_node(&[l.md_text("llvm.loop.unroll.disable")]),
        ]
    }

    /// Whether a body calls functions of the maths library, itself or in kernels that it calls.
    pub fn calls_maths(&self, body: Region) -> bool {
        any_inst(self.f, body, &|kind| self.m.calls_maths(kind))
    }

    /// Attaches what is known of a loop to its back edge.
    fn end_loop(&mut self, branch: Val, hints: LoopHints, facts: LoopFacts) {
        let l = self.l;
        let mut properties: Vec<Meta> = facts.place.into_iter().collect();
        properties.extend(self.leave_group(facts.group));
        if facts.in_lanes && !hints.scalar {
            properties.push(l.md_property("llvm.loop.vectorize.enable", l.i1(false)));
        }
        if hints.scalar || hints.few {
            properties.extend(self.scalar_properties());
        } else if facts.maths {
            properties.extend(self.maths_properties());
        }
        if hints.scalar {
            properties.push(l.md_node(&[l.md_text(COLD)]));
        }
        if !properties.is_empty() {
            l.attach(branch, "llvm.loop", l.md_distinct(&properties));
        }
    }

    /// Number of iterations of `range(start, stop, step)` as an unsigned number; `step` is not zero.
    pub fn trip_count(&self, start: Val, stop: Val, step: Val) -> Val {
        let l = self.l;
        let one = l.i64(1);
        let count = |low: Val, high: Val, step: Val| {
            // `high - low` as an unsigned number never wraps, since `low < high` where it is used.
            let span = l.sub(l.sub(high, low), one);
            let count = if l.as_const_int(step) == Some(1) { span } else { l.udiv(span, step) };
            let count = l.add(count, one);
            l.select(l.icmp(LLVMIntSLT, low, high), count, l.i64(0))
        };
        match l.as_const_int(step) {
            Some(n) if n > 0 => count(start, stop, step),
            Some(n) => count(stop, start, l.i64(n.wrapping_neg())),
            None => {
                let upwards = l.icmp(LLVMIntSGT, step, l.i64(0));
                let (low, high) = (l.select(upwards, start, stop), l.select(upwards, stop, start));
                let size = l.select(upwards, step, l.neg(step));
                // A division by zero traps, and LLVM may compute it early; zero never gets here.
                let size = l.select(l.icmp(LLVMIntEQ, size, l.i64(0)), one, size);
                count(low, high, size)
            }
        }
    }

    /// Nested loops over an n-dimensional domain; its iterations are independent.
    fn emit_domain(&mut self, extents: &[Value], ivs: &[Value], body: Region) {
        let Some((extent, inner)) = extents.split_first() else {
            if !self.emit_region(body) {
                panic!("a domain's body ends in an exit");
            }
            return;
        };
        let l = self.l;
        let stop = self.scalar(*extent);
        let (enter, head, exit) =
            (self.new_block(c"enter"), self.new_block(c"domain"), self.new_block(c"end"));
        l.cond_br(l.icmp(LLVMIntSLT, l.i64(0), stop), enter, exit);
        l.position(enter);
        if inner.is_empty() {
            self.mark_filled(body);
        }
        l.br(head);
        l.position(head);
        let iv = l.phi(l.int(64));
        l.add_incoming(iv, l.i64(0), enter);
        self.define(ivs[0], Operand::Scalar(iv));
        let group = self.enter_group(true);
        let maths = self.calls_maths(body);
        self.emit_domain(inner, &ivs[1..], body);
        let next = l.nuw_nsw_add(iv, l.i64(1));
        l.add_incoming(iv, next, l.current());
        let branch = l.cond_br(l.icmp(LLVMIntSLT, next, stop), head, exit);
        self.end_loop(branch, LoopHints::default(), LoopFacts { place: None, group, in_lanes: false, maths });
        l.position(exit);
    }
}

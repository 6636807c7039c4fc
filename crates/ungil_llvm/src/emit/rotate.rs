//! The loop inside an outlined parallel body, and the rotating partials of its reductions.
//!
//! Iteration `k` of a block reduces into partial `(k - lo) % 32`. For a cheap body this becomes an outer loop over
//! groups of 32 iterations and an inner one over lanes: the inner loop vectorises, is unrolled completely, and the
//! partials become vector registers. Sums and the like of integers have one result in any order: a plain loop.

use super::control::COLD;
use super::function::FunctionEmitter;
use super::types::{Operand, unflatten};
use crate::raw::build::{GEP_INBOUNDS, GEP_NUW};
use crate::raw::{Block, Meta, Ty, Val};
use llvm_sys::LLVMIntPredicate::LLVMIntSLT;
use std::mem::offset_of;
use ungil_abi::parallel::{Block as AbiBlock, PARTIALS};
use ungil_ir::entities::{Region, Var};
use ungil_ir::inst::{InstKind, MemFlags, ParallelFor};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk::{any_inst, insts_of};

/// Number of instructions up to which a body is emitted twice (groups and rest).
const CHEAP: usize = 60;

/// Local copies of the partials of one reduction: for each leaf an array of 32.
pub(super) struct Partials {
    pub var: Var,
    pub ty: Type,
    pub leaves: Vec<(Ty, Val)>,
}

impl FunctionEmitter<'_> {
    /// Runs the iterations of a block.
    pub fn iterate_block(&mut self, node: &ParallelFor, range: (Val, Val), affine: (Val, Val), block: Val) {
        let dtypes = node.scalars.iter().filter_map(|r| self.f.var_ty(r.var).dtype());
        if dtypes.clone().all(|d| d.is_int() || d == DType::Bool) {
            self.load_first_partials(node, block);
            self.plain_loop(node, range, affine, &[]);
            return self.store_first_partials(node, block);
        }
        let partials = self.load_partials(node, block);
        if self.is_cheap(node.body) && !self.cold {
            self.grouped_loops(node, range, affine, &partials);
        } else {
            self.plain_loop(node, range, affine, &partials);
        }
        self.store_partials(node, block, &partials);
    }

    /// Whether a body is so small that emitting it twice costs nothing.
    pub(super) fn is_cheap(&self, body: Region) -> bool {
        let heavy = |kind: &InstKind| {
            matches!(
                kind,
                InstKind::For(_)
                    | InstKind::While { .. }
                    | InstKind::Call(..)
                    | InstKind::CallC(..)
                    | InstKind::Library(..)
                    | InstKind::Domain { .. }
                    | InstKind::ParallelFor(_)
                    | InstKind::ParallelRegion(_)
                    | InstKind::Alloc { .. }
                    | InstKind::Print(_)
            )
        };
        !any_inst(self.f, body, &heavy) && insts_of(self.f, body).len() <= CHEAP
    }

    /// One loop over `lo..hi`.
    pub(super) fn plain_loop(
        &mut self,
        node: &ParallelFor,
        (lo, hi): (Val, Val),
        affine: (Val, Val),
        partials: &[Partials],
    ) {
        let l = self.l;
        let exit = self.new_block(c"end");
        let place = self.place().map(|place| l.place(place));
        self.mark_filled(node.body);
        let k = self.open_loop(lo, hi, exit);
        // Iterations do not touch each other's memory, except through the copies of reduced arrays and partials.
        let group = self.enter_group(node.arrays.is_empty() && partials.is_empty());
        let lane = l.and(l.sub(k, lo), l.i64(PARTIALS as i64 - 1));
        self.iteration(node, k, affine, lane, partials);
        let branch = self.close_loop(k, hi, 1, exit);
        let mut properties: Vec<Meta> = place.into_iter().collect();
        properties.extend(self.leave_group(group));
        if !self.cold && self.is_in_lanes(node.body) {
            properties.push(l.md_property("llvm.loop.vectorize.enable", l.i1(false)));
        }
        if self.cold {
            properties.extend(self.scalar_properties());
            properties.push(l.md_node(&[l.md_text(COLD)]));
        } else if self.calls_maths(node.body) {
            properties.extend(self.maths_properties());
        }
        if !properties.is_empty() {
            l.attach(branch, "llvm.loop", l.md_distinct(&properties));
        }
    }

    /// Groups of 32 iterations, then the rest.
    pub(super) fn grouped_loops(
        &mut self,
        node: &ParallelFor,
        (lo, hi): (Val, Val),
        affine: (Val, Val),
        partials: &[Partials],
    ) {
        let l = self.l;
        let width = PARTIALS as i64;
        let count = l.nsw_sub(hi, lo);
        let whole = l.nsw_add(lo, l.and(count, l.i64(-width)));
        let rest = self.new_block(c"rest");
        let group = self.open_loop(lo, whole, rest);
        let inner_exit = self.new_block(c"group");
        let lane = self.open_loop(l.i64(0), l.i64(width), inner_exit);
        let accesses = self.enter_group(node.arrays.is_empty());
        self.iteration(node, l.nsw_add(group, lane), affine, lane, partials);
        let branch = self.close_loop(lane, l.i64(width), 1, inner_exit);
        let independent = self.leave_group(accesses);
        self.mark_lane_loop(branch, independent);
        let branch = self.close_loop(group, whole, width, rest);
        // A group is long enough: another one in the same iteration would only cost time to compile.
        l.attach(branch, "llvm.loop", l.md_distinct(&[l.md_node(&[l.md_text("llvm.loop.unroll.disable")])]));

        let exit = self.new_block(c"end");
        let lane = self.open_loop(l.i64(0), l.nsw_sub(hi, whole), exit);
        self.iteration(node, l.nsw_add(whole, lane), affine, lane, partials);
        let branch = self.close_loop(lane, l.nsw_sub(hi, whole), 1, exit);
        let rare = l.md_node(&[l.md_text(COLD)]);
        l.attach(branch, "llvm.loop", l.md_distinct(&[&self.scalar_properties()[..], &[rare]].concat()));
    }

    /// Keeps the loop over lanes whole until it is vectorised, and has it unrolled completely then.
    fn mark_lane_loop(&self, branch: Val, independent: Option<Meta>) {
        let l = self.l;
        let full = l.md_node(&[l.md_text("llvm.loop.unroll.full")]);
        let done = l.md_property("llvm.loop.isvectorized", l.i32(1));
        let followup = l.md_node(&[l.md_text("llvm.loop.vectorize.followup_vectorized"), full, done]);
        let mut properties = vec![l.md_node(&[l.md_text("llvm.loop.unroll.disable")]), followup];
        properties.extend(independent);
        l.attach(branch, "llvm.loop", l.md_distinct(&properties));
    }

    /// Starts a loop from `from` if that is below `to`; returns the counter.
    fn open_loop(&mut self, from: Val, to: Val, exit: Block) -> Val {
        let l = self.l;
        let (enter, head) = (self.new_block(c"enter"), self.new_block(c"iterations"));
        l.cond_br(l.icmp(LLVMIntSLT, from, to), enter, exit);
        l.position(enter);
        l.br(head);
        l.position(head);
        let k = l.phi(l.int(64));
        l.add_incoming(k, from, enter);
        k
    }

    /// Ends the loop of `open_loop`, whose head is where its counter is; continues in `exit`.
    fn close_loop(&mut self, k: Val, to: Val, step: i64, exit: Block) -> Val {
        let l = self.l;
        let next = l.nuw_nsw_add(k, l.i64(step));
        l.add_incoming(k, next, l.current());
        let head = crate::raw::llvm!(llvm_sys::core::LLVMGetInstructionParent(k));
        let branch = l.cond_br(l.icmp(LLVMIntSLT, next, to), head, exit);
        l.position(exit);
        branch
    }

    /// One iteration: its own variables, its partials, the body. Ends in a block of its own.
    fn iteration(
        &mut self,
        node: &ParallelFor,
        k: Val,
        (start, step): (Val, Val),
        lane: Val,
        partials: &[Partials],
    ) {
        let l = self.l;
        // The induction value is one of the range's, so nothing overflows.
        let scaled = if l.as_const_int(step) == Some(1) { k } else { l.nsw_mul(k, step) };
        let iv = if l.as_const_int(start) == Some(0) { scaled } else { l.nsw_add(start, scaled) };
        self.define(node.iv, Operand::Scalar(iv));
        // Without this a conditional assignment would carry a value from one iteration to the next.
        for x in &node.privates {
            self.assign(*x, &l.zero_of(self.f.var_ty(*x)));
        }
        for p in partials {
            let v = self.load_partial(p, lane);
            self.assign(p.var, &v);
        }
        let latch = self.new_block(c"next");
        self.enter_loop(node.label, None, latch);
        if self.emit_region(node.body) {
            l.br(latch);
        }
        self.loops.pop();
        l.position(latch);
        for p in partials {
            let v = self.get(p.var);
            self.store_partial(p, lane, &v);
        }
    }

    pub(super) fn load_partial(&self, p: &Partials, lane: Val) -> Operand {
        let load = |(ty, array): &(Ty, Val)| {
            let v = self.l.load_slot(*ty, self.partial_address(*ty, *array, lane));
            self.tag_access(v, MemFlags::default());
            v
        };
        let leaves: Vec<Val> = p.leaves.iter().map(load).collect();
        unflatten(&p.ty, &mut leaves.into_iter())
    }

    pub(super) fn store_partial(&self, p: &Partials, lane: Val, v: &Operand) {
        for ((ty, array), leaf) in p.leaves.iter().zip(v.leaves()) {
            let access = self.l.store_slot(leaf, self.partial_address(*ty, *array, lane));
            self.tag_access(access, MemFlags::default());
        }
    }

    pub(super) fn partial_address(&self, ty: Ty, array: Val, lane: Val) -> Val {
        self.l.gep(ty, array, lane, GEP_INBOUNDS | GEP_NUW)
    }

    /// Address of partial `index` of each reduction in the block's memory.
    fn block_partials(&self, node: &ParallelFor, block: Val) -> Vec<Val> {
        let l = self.l;
        if node.scalars.is_empty() {
            return Vec::new();
        }
        let base = l.load(l.ptr(), l.offset(block, offset_of!(AbiBlock, partials) as u64), 8);
        self.partial_offsets(node).iter().map(|offset| l.offset(base, *offset)).collect()
    }

    /// Copies the partials to the stack.
    fn load_partials(&mut self, node: &ParallelFor, block: Val) -> Vec<Partials> {
        let l = self.l;
        let mut list = Vec::new();
        for (r, at) in node.scalars.iter().zip(self.block_partials(node, block)) {
            let ty = self.f.var_ty(r.var).clone();
            let mut leaves = Vec::new();
            l.leaves_of(&ty, &mut leaves);
            let slot =
                |leaf: &super::types::Leaf| (leaf.ty, self.stack_slot(l.array(leaf.ty, PARTIALS as u64)));
            let p = Partials { var: r.var, leaves: leaves.iter().map(slot).collect(), ty };
            self.for_each_partial(&p, at, |this, lane, address| {
                let v = this.load_number(&p.ty, address);
                this.store_partial(&p, lane, &v);
            });
            list.push(p);
        }
        list
    }

    /// Copies the partials back.
    fn store_partials(&mut self, node: &ParallelFor, block: Val, partials: &[Partials]) {
        for (p, at) in partials.iter().zip(self.block_partials(node, block)) {
            self.for_each_partial(p, at, |this, lane, address| {
                let v = this.load_partial(p, lane);
                this.store_number(&p.ty, &v, address);
            });
        }
    }

    /// Emits a loop over the 32 partials of a reduction.
    fn for_each_partial(&mut self, p: &Partials, at: Val, copy: impl FnOnce(&mut Self, Val, Val)) {
        let l = self.l;
        let size = p.ty.dtype().map_or(0, DType::size);
        let exit = self.new_block(c"copied");
        let (lanes, bytes) = (l.i64(PARTIALS as i64), l.i64(size as i64));
        let lane = self.open_loop(l.i64(0), lanes, exit);
        let address = l.gep(l.int(8), at, l.nuw_nsw_mul(lane, bytes), GEP_INBOUNDS | GEP_NUW);
        copy(self, lane, address);
        self.close_loop(lane, lanes, 1, exit);
    }

    /// A number as an element of a dense array: bools are bytes.
    fn load_number(&self, ty: &Type, at: Val) -> Operand {
        self.load_element(at, dense(ty), Default::default())
    }

    fn store_number(&self, ty: &Type, v: &Operand, at: Val) {
        self.store_element(at, dense(ty), v, Default::default());
    }

    /// For reductions whose order does not matter: the variable starts as partial 0.
    fn load_first_partials(&mut self, node: &ParallelFor, block: Val) {
        for (r, at) in node.scalars.iter().zip(self.block_partials(node, block)) {
            let v = self.load_number(self.f.var_ty(r.var), at);
            self.assign(r.var, &v);
        }
    }

    fn store_first_partials(&mut self, node: &ParallelFor, block: Val) {
        for (r, at) in node.scalars.iter().zip(self.block_partials(node, block)) {
            let v = self.get(r.var);
            self.store_number(self.f.var_ty(r.var), &v, at);
        }
    }
}

/// The element type of a number in the runtime's memory.
fn dense(ty: &Type) -> ungil_ir::types::ArrayType {
    let dtype = ty.dtype().expect("a reduced variable is a number");
    let layout = ungil_ir::types::Layout::C;
    ungil_ir::types::ArrayType { dtype, ndim: 1, layout, readonly: false, swapped: false }
}

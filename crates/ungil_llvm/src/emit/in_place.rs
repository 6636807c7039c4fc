//! Reductions in place: one block of a parallel loop, run where it stands.
//!
//! The loop is that of `rotate`, over partials of this function; they are folded by halving as `vec_reduce` folds 32 lanes.
//! Results are those of a parallel loop of one block.

use super::function::FunctionEmitter;
use super::rotate::Partials;
use super::types::{Operand, unflatten};
use crate::raw::{Ty, Val};
use llvm_sys::LLVMIntPredicate::LLVMIntSGT;
use ungil_abi::parallel::PARTIALS;
use ungil_ir::inst::{MemFlags, ParallelFor, ReduceOp, ScalarReduction};
use ungil_ir::types::DType;

/// Bytes of partials that are set and folded at once: a vector that every machine with AVX has.
const CHUNK: u64 = 32;

/// Partials in a chunk: one where they are single bits.
fn chunk_lanes(dtype: DType) -> u32 {
    if dtype == DType::Bool { 1 } else { (CHUNK / dtype.real().size()) as u32 }
}

fn chunk_align(dtype: DType) -> u32 {
    dtype.real().size() as u32
}

impl FunctionEmitter<'_> {
    /// Runs a loop that is in place.
    pub fn in_place_for(&mut self, node: &ParallelFor) {
        let l = self.l;
        let (start, stop, step) = (self.scalar(node.start), self.scalar(node.stop), self.scalar(node.step));
        let n = self.trip_count(start, stop, step);
        let (run, join) = (self.new_block(c"run"), self.new_block(c"done"));
        l.cond_br(l.icmp(LLVMIntSGT, n, l.i64(0)), run, join);
        l.position(run);
        let (range, affine) = ((l.i64(0), n), (start, step));
        let exact = |r: &ScalarReduction| {
            self.f.var_ty(r.var).dtype().is_some_and(|d| d.is_int() || d == DType::Bool)
        };
        if node.scalars.iter().all(exact) {
            // One result in any order: the variables themselves are the partials.
            self.plain_loop(node, range, affine, &[]);
        } else {
            let before: Vec<Operand> = node.scalars.iter().map(|r| self.get(r.var)).collect();
            let partials: Vec<Partials> = node.scalars.iter().map(|r| self.fresh_partials(r)).collect();
            if self.is_cheap(node.body) && !self.cold {
                self.grouped_loops(node, range, affine, &partials);
            } else {
                self.plain_loop(node, range, affine, &partials);
            }
            for ((r, p), old) in node.scalars.iter().zip(&partials).zip(&before) {
                let dtype = p.ty.dtype().expect("a number");
                let total = self.fold_partials(r.op, p, dtype);
                let value = self.reduce_operands(r.op, old, &total, dtype);
                self.assign(r.var, &value);
            }
        }
        l.br(join);
        l.position(join);
    }

    /// Partials of this function, set to the operation's identity.
    fn fresh_partials(&mut self, r: &ScalarReduction) -> Partials {
        let l = self.l;
        let ty = self.f.var_ty(r.var).clone();
        let mut leaves = Vec::new();
        l.leaves_of(&ty, &mut leaves);
        let slots =
            leaves.iter().map(|leaf| (leaf.ty, self.stack_slot(l.array(leaf.ty, PARTIALS as u64)))).collect();
        let partials = Partials { var: r.var, leaves: slots, ty };
        let dtype = partials.ty.dtype().expect("a number");
        let identity = self.identity(r.op, dtype);
        let lanes = chunk_lanes(dtype);
        for first in (0..PARTIALS as u32).step_by(lanes as usize) {
            for ((ty, array), leaf) in partials.leaves.iter().zip(identity.leaves()) {
                let chunk = if lanes == 1 { leaf } else { l.splat(leaf, lanes) };
                let at = self.partial_address(*ty, *array, l.i64(i64::from(first)));
                self.tag_access(l.store(chunk, at, chunk_align(dtype)), MemFlags::default());
            }
        }
        partials
    }

    /// Folds partials by halving: chunks of neighbours first, then the lanes of the chunk that is left.
    fn fold_partials(&mut self, op: ReduceOp, p: &Partials, dtype: DType) -> Operand {
        let l = self.l;
        let lanes = chunk_lanes(dtype);
        let load = |first: u32| {
            let leaf = |(ty, array): &(Ty, Val)| {
                let at = self.partial_address(*ty, *array, l.i64(i64::from(first)));
                let ty = if lanes == 1 { *ty } else { l.vector(*ty, lanes) };
                let chunk = l.load(ty, at, chunk_align(dtype));
                self.tag_access(chunk, MemFlags::default());
                chunk
            };
            let leaves: Vec<Val> = p.leaves.iter().map(leaf).collect();
            unflatten(&p.ty, &mut leaves.into_iter())
        };
        let chunks = (0..PARTIALS as u32).step_by(lanes as usize).map(load).collect();
        let chunk = self.reduce_tree(op, chunks, dtype);
        if lanes == 1 {
            return chunk;
        }
        let lane = |k: u32| {
            let leaves = chunk.leaves().into_iter().map(|leaf| l.extract_element(leaf, l.i32(i64::from(k))));
            unflatten(&p.ty, &mut leaves.collect::<Vec<_>>().into_iter())
        };
        let lanes = (0..lanes).map(lane).collect();
        self.reduce_tree(op, lanes, dtype)
    }

    /// The identity of an operation, as `ungil_runtime::reduce::identity`.
    fn identity(&self, op: ReduceOp, dtype: DType) -> Operand {
        let l = self.l;
        if dtype.is_complex() {
            let part = l.memory_type(dtype.real());
            let (re, im) = if op == ReduceOp::Add { (-0.0, -0.0) } else { (1.0, 0.0) };
            return Operand::Complex(l.const_float(part, re), l.const_float(part, im));
        }
        let number = match op {
            ReduceOp::Add => -0.0,
            ReduceOp::Mul => 1.0,
            ReduceOp::Min => f64::INFINITY,
            _ => f64::NEG_INFINITY,
        };
        if dtype.is_float() {
            return Operand::Scalar(l.const_float(l.memory_type(dtype), number));
        }
        let bits = dtype.bits();
        let (low, high) = match dtype.is_signed() {
            true => (-1i64 << (bits - 1), i64::MAX >> (64 - bits)),
            false => (0, (u64::MAX >> (64 - bits)) as i64),
        };
        let number = match op {
            ReduceOp::Mul | ReduceOp::And => 1,
            ReduceOp::BitAnd => -1,
            ReduceOp::Min => high,
            ReduceOp::Max => low,
            _ => 0,
        };
        if dtype == DType::Bool {
            return Operand::Scalar(l.i1(matches!(op, ReduceOp::Min) || number == 1 || number == -1));
        }
        Operand::Scalar(l.const_int(l.memory_type(dtype), number))
    }
}

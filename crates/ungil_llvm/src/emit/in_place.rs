//! Reductions in place: one block of a parallel loop, run where it stands.
//!
//! The loop is that of `rotate`, over partials of this function; they are folded by halving as `vec_reduce` folds 32 lanes.
//! Results are those of a parallel loop of one block.

use super::function::FunctionEmitter;
use super::rotate::Partials;
use super::types::Operand;
use llvm_sys::LLVMIntPredicate::LLVMIntSGT;
use ungil_abi::parallel::PARTIALS;
use ungil_ir::inst::{ParallelFor, ReduceOp, ScalarReduction};
use ungil_ir::types::DType;

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
                let lanes = (0..PARTIALS as i64).map(|lane| self.load_partial(p, l.i64(lane))).collect();
                let total = self.reduce_tree(r.op, lanes, dtype);
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
        let identity = self.identity(r.op, partials.ty.dtype().expect("a number"));
        for lane in 0..PARTIALS as i64 {
            self.store_partial(&partials, l.i64(lane), &identity);
        }
        partials
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

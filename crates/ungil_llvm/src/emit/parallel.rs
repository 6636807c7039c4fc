//! Parallel loops and regions: outlined bodies and the descriptors handed to the runtime.
//!
//! A loop's body becomes a `LoopBody` (`ungil_abi::parallel`) that runs the normalised iterations `lo..hi`; `rotate`
//! emits the loop inside it. Reduced and last-private variables travel through stack slots of their own, so that the
//! variables themselves stay in registers.

use super::capture::Captures;
use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::Val;
use crate::raw::attributes::Place;
use llvm_sys::LLVMIntPredicate::LLVMIntSGT;
use llvm_sys::LLVMOpcode;
use std::mem::offset_of;
use ungil_abi::parallel::{self as abi, LoopDesc, PARTIALS};
use ungil_abi::symbols;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{ParallelFor, ParallelRegion, ReduceOp, Schedule};
use ungil_ir::packing::{Packing, layout};
use ungil_ir::types::{DType, Type};

/// Size of a `ScalarReduction` and of an `ArrayReduction`.
const REDUCTION: u64 = 24;
const _: () = assert!(size_of::<abi::ScalarReduction>() == 24 && size_of::<abi::ArrayReduction>() == 24);

/// Partials of different reductions start on different cache lines.
const PARTIALS_ALIGN: u64 = 64;

impl FunctionEmitter<'_> {
    pub fn parallel_for(&mut self, node: &ParallelFor) {
        let l = self.l;
        let (start, stop, step) = (self.scalar(node.start), self.scalar(node.stop), self.scalar(node.step));
        let n = self.trip_count(start, stop, step);
        let (run, join) = (self.new_block(c"parallel"), self.new_block(c"join"));
        l.cond_br(l.icmp(LLVMIntSGT, n, l.i64(0)), run, join);
        l.position(run);

        let private: Vec<Var> = assigned(node);
        let own: Vec<Value> = [node.iv].into_iter().chain(node.arrays.iter().map(|r| r.private)).collect();
        let mut captures = self.captures(node.body, &own, &private);
        let outer = LoopCaptures {
            start: captures.env.capture(l, &Type::I64, &Operand::Scalar(start)),
            step: captures.env.capture(l, &Type::I64, &Operand::Scalar(step)),
            arrays: self.reduced_arrays(node, &mut captures),
        };
        let env = self.stack_bytes(captures.env.size);
        captures.env.fill(l, env);
        let body = self.outline_loop(node, &captures, &outer);

        let lasts = self.lasts_layout(node);
        let last = if node.lasts.is_empty() { l.null() } else { self.stack_bytes(lasts.size) };
        let (scalars, targets) = self.scalar_reductions(node);
        let arrays = self.array_reductions(node);
        let desc = self.stack_bytes(size_of::<LoopDesc>() as u64);
        let field = |v: Val, offset: usize| {
            l.store(v, l.offset(desc, offset as u64), 8);
        };
        field(body, offset_of!(LoopDesc, body));
        field(env, offset_of!(LoopDesc, env));
        field(n, offset_of!(LoopDesc, n));
        field(l.i32(schedule_number(node.schedule)), offset_of!(LoopDesc, schedule));
        let given = |v: Option<Value>| v.map_or_else(|| l.i64(0), |v| self.scalar(v));
        field(given(node.chunk), offset_of!(LoopDesc, chunk));
        field(given(node.num_threads), offset_of!(LoopDesc, num_threads));
        field(l.i64(i64::from(node.min_block)), offset_of!(LoopDesc, min_block));
        field(scalars, offset_of!(LoopDesc, scalars));
        // `nscalars` and `narrays` are neighbours.
        l.store(l.i32(node.scalars.len() as i64), l.offset(desc, offset_of!(LoopDesc, nscalars) as u64), 4);
        l.store(l.i32(node.arrays.len() as i64), l.offset(desc, offset_of!(LoopDesc, narrays) as u64), 4);
        field(arrays, offset_of!(LoopDesc, arrays));
        field(last, offset_of!(LoopDesc, last));
        let status = self.m.call_runtime(symbols::PARALLEL_FOR, &[self.ctx, desc]);
        // The body has recorded this function's line already.
        self.check_status(status, false);

        for (reduction, target) in node.scalars.iter().zip(targets) {
            let v = l.load_packed(self.f.var_ty(reduction.var), target, false);
            self.assign(reduction.var, &v);
        }
        for (x, offset) in node.lasts.iter().zip(lasts.offsets) {
            let v = l.load_packed(self.f.var_ty(*x), l.offset(last, offset), false);
            self.assign(*x, &v);
        }
        l.br(join);
        l.position(join);
    }

    /// The layout of the last-private values in memory.
    pub fn lasts_layout(&self, node: &ParallelFor) -> Packing {
        layout(node.lasts.iter().map(|x| self.f.var_ty(*x)))
    }

    /// Descriptors of the scalar reductions and the stack slots that hold their results.
    fn scalar_reductions(&mut self, node: &ParallelFor) -> (Val, Vec<Val>) {
        let l = self.l;
        if node.scalars.is_empty() {
            return (l.null(), Vec::new());
        }
        let list = self.stack_bytes(REDUCTION * node.scalars.len() as u64);
        let mut targets = Vec::new();
        for (i, (r, offset)) in node.scalars.iter().zip(self.partial_offsets(node)).enumerate() {
            let ty = self.f.var_ty(r.var);
            let target = self.stack_bytes(16);
            let now = self.get(r.var);
            l.store_packed(ty, &now, target);
            let at = |field: usize| l.offset(list, REDUCTION * i as u64 + field as u64);
            let dtype = ty.dtype().expect("a reduced variable is a number");
            l.store(target, at(offset_of!(abi::ScalarReduction, target)), 8);
            l.store(l.i32(i64::from(dtype.number())), at(offset_of!(abi::ScalarReduction, dtype)), 4);
            l.store(l.i32(reduce_number(r.op)), at(offset_of!(abi::ScalarReduction, op)), 4);
            l.store(l.i64(offset as i64), at(offset_of!(abi::ScalarReduction, offset)), 8);
            targets.push(target);
        }
        (list, targets)
    }

    /// Byte offset of the partials of each scalar reduction.
    pub fn partial_offsets(&self, node: &ParallelFor) -> Vec<u64> {
        let mut offset = 0;
        let mut offsets = Vec::new();
        for r in &node.scalars {
            offsets.push(offset);
            let size = self.f.var_ty(r.var).dtype().map_or(0, DType::size) * PARTIALS as u64;
            offset += size.next_multiple_of(PARTIALS_ALIGN);
        }
        offsets
    }

    /// Descriptors of the array reductions.
    fn array_reductions(&mut self, node: &ParallelFor) -> Val {
        let l = self.l;
        if node.arrays.is_empty() {
            return l.null();
        }
        let list = self.stack_bytes(REDUCTION * node.arrays.len() as u64);
        for (i, r) in node.arrays.iter().enumerate() {
            let array = self.operand(r.target).array();
            let len = array.shape.iter().fold(l.i64(1), |n, extent| l.nsw_mul(n, *extent));
            let at = |field: usize| l.offset(list, REDUCTION * i as u64 + field as u64);
            l.store(array.data, at(offset_of!(abi::ArrayReduction, data)), 8);
            l.store(len, at(offset_of!(abi::ArrayReduction, len)), 8);
            let dtype = i64::from(array.ty.dtype.number());
            l.store(l.i32(dtype), at(offset_of!(abi::ArrayReduction, dtype)), 4);
            l.store(l.i32(reduce_number(r.op)), at(offset_of!(abi::ArrayReduction, op)), 4);
        }
        list
    }

    /// Captures the descriptors of reduced arrays, for their private copies.
    fn reduced_arrays(&self, node: &ParallelFor, captures: &mut Captures) -> Vec<super::capture::Captured> {
        let capture = |r: &ungil_ir::inst::ArrayReduction| {
            captures.env.capture(self.l, self.f.ty(r.target), self.operand(r.target))
        };
        node.arrays.iter().map(capture).collect()
    }

    /// The function `LoopBody` of a loop.
    fn outline_loop(&mut self, node: &ParallelFor, captures: &Captures, outer: &LoopCaptures) -> Val {
        let l = self.l;
        let ty = l.function(l.int(32), &[l.ptr(), l.ptr(), l.int(64), l.int(64), l.ptr()]);
        let function = self.declare_outlined("loop", ty);
        if self.cold {
            l.add_attribute(function, Place::Function, "cold");
            l.add_attribute(function, Place::Function, "optsize");
        }
        for param in [2, 3] {
            l.add_nonnegative(function, param);
        }
        l.add_attribute(function, Place::Param(4), "noalias");
        l.apart(|| {
            let mut body = FunctionEmitter::with(self.m, self.id, function, l.param(function, 0), None);
            body.loc = self.loc;
            body.cold = self.cold;
            body.begin();
            let leaves = captures.install(&mut body, l.param(function, 1));
            let block = l.param(function, 4);
            body.private_arrays(node, block, &outer.arrays, &leaves);
            let start = outer.start.inner(&leaves).scalar();
            let step = outer.step.inner(&leaves).scalar();
            let range = (l.param(function, 2), l.param(function, 3));
            body.iterate_block(node, range, (start, step), block);
            body.store_lasts(node, block);
            body.finish(true);
        });
        function
    }

    /// An internal function for an outlined body; its second parameter is the environment.
    fn declare_outlined(&self, what: &str, ty: crate::raw::Ty) -> Val {
        let l = self.l;
        let number = self.m.outlined.get();
        self.m.outlined.set(number + 1);
        let function = l.declare(&format!("{}.{}.{what}{number}", self.m.options.name, self.f.name), ty);
        l.internal(function);
        self.m.add_function_attributes(function);
        l.add_attribute(function, Place::Param(1), "noalias");
        l.add_attribute(function, Place::Param(1), "readonly");
        function
    }

    /// Points the private copies of reduced arrays at the block's memory.
    fn private_arrays(
        &mut self,
        node: &ParallelFor,
        block: Val,
        outer: &[super::capture::Captured],
        leaves: &std::collections::HashMap<Val, Val>,
    ) {
        let l = self.l;
        if node.arrays.is_empty() {
            return;
        }
        let list = l.load(l.ptr(), l.offset(block, offset_of!(abi::Block, arrays) as u64), 8);
        for (i, (r, captured)) in node.arrays.iter().zip(outer).enumerate() {
            let Operand::Array(mut array) = captured.inner(leaves) else { panic!("a reduced array") };
            array.data = l.load(l.ptr(), l.offset(list, 8 * i as u64), 8);
            array.owner = l.null();
            self.define(r.private, Operand::Array(array));
        }
    }

    /// Hands the last-private values out if this block holds the last iteration.
    fn store_lasts(&mut self, node: &ParallelFor, block: Val) {
        if node.lasts.is_empty() {
            return;
        }
        let l = self.l;
        let to = l.load(l.ptr(), l.offset(block, offset_of!(abi::Block, last) as u64), 8);
        let (write, end) = (self.new_block(c"last"), self.new_block(c"end"));
        l.cond_br(l.is_nonzero(to), write, end);
        l.position(write);
        for (x, offset) in node.lasts.iter().zip(self.lasts_layout(node).offsets) {
            let v = self.get(*x);
            l.store_packed(self.f.var_ty(*x), &v, l.offset(to, offset));
        }
        l.br(end);
        l.position(end);
    }

    pub fn parallel_region(&mut self, node: &ParallelRegion) {
        let l = self.l;
        let captures = self.captures(node.body, &[node.id], &node.privates);
        let env = self.stack_bytes(captures.env.size);
        captures.env.fill(l, env);
        let ty = l.function(l.int(32), &[l.ptr(), l.ptr(), l.int(32), l.int(32)]);
        let function = self.declare_outlined("region", ty);
        l.apart(|| {
            let mut body = FunctionEmitter::with(self.m, self.id, function, l.param(function, 0), None);
            body.loc = self.loc;
            body.begin();
            captures.install(&mut body, l.param(function, 1));
            let id = l.cast(LLVMOpcode::LLVMZExt, l.param(function, 2), l.int(64));
            body.define(node.id, Operand::Scalar(id));
            let open = body.emit_region(node.body);
            body.finish(open);
        });
        let n = l.cast(LLVMOpcode::LLVMTrunc, self.scalar(node.n), l.int(32));
        let status = self.m.call_runtime(symbols::PARALLEL_REGION, &[self.ctx, n, function, env]);
        self.check_status(status, false);
    }
}

/// What the loop itself captures.
struct LoopCaptures {
    start: super::capture::Captured,
    step: super::capture::Captured,
    arrays: Vec<super::capture::Captured>,
}

/// Variables that the body owns.
fn assigned(node: &ParallelFor) -> Vec<Var> {
    let reduced = node.scalars.iter().map(|r| r.var);
    node.privates.iter().chain(&node.lasts).copied().chain(reduced).collect()
}

fn schedule_number(schedule: Schedule) -> i64 {
    i64::from(match schedule {
        Schedule::Static => abi::Schedule::STATIC,
        Schedule::Dynamic => abi::Schedule::DYNAMIC,
        Schedule::Guided => abi::Schedule::GUIDED,
        Schedule::Auto => abi::Schedule::AUTO,
    })
}

fn reduce_number(op: ReduceOp) -> i64 {
    i64::from(match op {
        ReduceOp::Add => abi::ReduceOp::ADD,
        ReduceOp::Mul => abi::ReduceOp::MUL,
        ReduceOp::BitAnd => abi::ReduceOp::BIT_AND,
        ReduceOp::BitOr => abi::ReduceOp::BIT_OR,
        ReduceOp::BitXor => abi::ReduceOp::BIT_XOR,
        ReduceOp::Min => abi::ReduceOp::MIN,
        ReduceOp::Max => abi::ReduceOp::MAX,
        ReduceOp::And => abi::ReduceOp::AND,
        ReduceOp::Or => abi::ReduceOp::OR,
    })
}

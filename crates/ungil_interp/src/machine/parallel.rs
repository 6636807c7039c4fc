//! Parallel nodes, serially: blocks in order, with the runtime's blocks, partials and trees.

use super::control::trip_count;
use super::{Flow, Frame, Machine, Step, invalid};
use crate::memory::{BlockId, Kind};
use crate::number::Num;
use crate::outcome::Failure;
use crate::value::{Array, Value};
use ungil_abi::parallel::{PARTIALS, block_start};
use ungil_ir::entities::Var;
use ungil_ir::inst::{ArrayReduction, ParallelFor, ParallelRegion, ReduceOp, ScalarReduction};
use ungil_ir::types::{DType, Type};
use ungil_runtime::reduce::{self, Plan};

/// Results of the blocks that have run, one after another, for each reduction.
#[derive(Default)]
struct Results {
    scalars: Vec<Vec<u8>>,
    arrays: Vec<Vec<u8>>,
}

impl<'m> Machine<'m> {
    pub(super) fn parallel_for(&mut self, frame: &mut Frame<'m>, node: &ParallelFor) -> Step<Flow> {
        let (start, step) = (frame.i64(node.start), frame.i64(node.step));
        let n = trip_count(start, frame.i64(node.stop), step)? as i64;
        let own: Vec<Var> = node.privates.iter().chain(&node.lasts).copied().collect();
        let reduced: Vec<Var> = node.scalars.iter().map(|r| r.var).collect();
        let outer: Vec<(Var, Value)> =
            own.iter().chain(&reduced).map(|x| (*x, frame.vars[x.index()].clone())).collect();
        let done = self.blocks(frame, node, &own, n);
        let lasts: Vec<(Var, Value)> =
            node.lasts.iter().map(|x| (*x, frame.vars[x.index()].clone())).collect();
        for (x, value) in outer {
            frame.vars[x.index()] = value;
        }
        let results = done?;
        if n > 0 {
            for (x, value) in lasts {
                frame.vars[x.index()] = value;
            }
        }
        self.combine(frame, node, results)?;
        Ok(Flow::Next)
    }

    fn blocks(&mut self, frame: &mut Frame<'m>, node: &ParallelFor, own: &[Var], n: i64) -> Step<Results> {
        let plan = self.plan(frame, node, n);
        let mut results = Results {
            scalars: vec![Vec::new(); node.scalars.len()],
            arrays: vec![Vec::new(); node.arrays.len()],
        };
        for b in 0..plan.blocks {
            for x in own {
                frame.vars[x.index()] = Value::zero(frame.func.var_ty(*x));
            }
            let copies = self.private_copies(frame, node, plan)?;
            let (lo, hi) = (block_start(n, plan.blocks, b), block_start(n, plan.blocks, b + 1));
            let partials = self.iterations(frame, node, lo, hi)?;
            for (r, (reduction, mut partials)) in node.scalars.iter().zip(partials).enumerate() {
                let (dtype, op) = numbers(frame, reduction);
                reduce::fold_partials(dtype, op, &mut partials);
                let size = partials.len() / PARTIALS;
                results.scalars[r].extend(&partials[..size]);
            }
            for (r, copy) in copies.into_iter().enumerate() {
                if let Some(block) = copy {
                    results.arrays[r].extend(&self.memory.blocks[block.0].bytes);
                    self.memory.free(block);
                }
            }
        }
        Ok(results)
    }

    fn plan(&self, frame: &Frame<'m>, node: &ParallelFor, n: i64) -> Plan {
        if node.in_place || node.scalars.is_empty() && node.arrays.is_empty() {
            return Plan { blocks: n.min(1), direct_arrays: true };
        }
        let arrays = node.arrays.iter().map(|r| {
            let array = frame.get(r.target).array();
            (array.ty.dtype.number(), array.len() as u64)
        });
        Plan::new(n, i64::from(node.min_block), arrays)
    }

    /// Makes each `private` value; gives the block of those that are copies.
    fn private_copies(
        &mut self,
        frame: &mut Frame<'m>,
        node: &ParallelFor,
        plan: Plan,
    ) -> Step<Vec<Option<BlockId>>> {
        let mut copies = Vec::new();
        for reduction in &node.arrays {
            let target = frame.get(reduction.target).array().clone();
            if plan.direct_arrays {
                frame.set(reduction.private, Value::Array(target));
                copies.push(None);
                continue;
            }
            let dtype = target.ty.dtype;
            let mut bytes = vec![0; target.len() as usize * dtype.size() as usize];
            reduce::fill_identity(dtype.number(), reduction.op as u32, &mut bytes);
            let block = self.memory.add(bytes, Kind::Private);
            frame.set(reduction.private, Value::Array(Array { block: Some(block), offset: 0, ..target }));
            copies.push(Some(block));
        }
        Ok(copies)
    }

    /// Runs iterations `lo..hi`; gives the 32 partials of each scalar reduction.
    fn iterations(
        &mut self,
        frame: &mut Frame<'m>,
        node: &ParallelFor,
        lo: i64,
        hi: i64,
    ) -> Step<Vec<Vec<u8>>> {
        let (start, step) = (frame.i64(node.start), frame.i64(node.step));
        let mut partials: Vec<Vec<u8>> = node
            .scalars
            .iter()
            .map(|r| {
                let (dtype, op) = numbers(frame, r);
                let mut bytes = vec![0; PARTIALS * reduce::itemsize(dtype).unwrap_or(0)];
                reduce::fill_identity(dtype, op, &mut bytes);
                bytes
            })
            .collect();
        for k in lo..hi {
            frame.set(node.iv, Value::int(start.wrapping_add(k.wrapping_mul(step))));
            let slot = (k - lo) as usize % PARTIALS;
            for (r, bytes) in node.scalars.iter().zip(&partials) {
                let dtype = dtype_of(frame, r.var);
                let size = dtype.size() as usize;
                let n = Num::from_bytes(dtype, &bytes[slot * size..(slot + 1) * size]);
                frame.vars[r.var.index()] = Value::Num(n);
            }
            match self.region(frame, node.body)? {
                Flow::Next => {}
                Flow::Continue(label) if label == node.label => {}
                _ => return invalid("a parallel loop was left"),
            }
            for (r, bytes) in node.scalars.iter().zip(&mut partials) {
                let new = frame.vars[r.var.index()].num().to_bytes();
                let size = new.len();
                bytes[slot * size..(slot + 1) * size].copy_from_slice(&new);
            }
        }
        Ok(partials)
    }

    fn combine(&mut self, frame: &mut Frame<'m>, node: &ParallelFor, results: Results) -> Step<()> {
        for (reduction, mut blocks) in node.scalars.iter().zip(results.scalars) {
            let (dtype, op) = numbers(frame, reduction);
            let size = reduce::itemsize(dtype).unwrap_or(0);
            if blocks.is_empty() {
                continue;
            }
            reduce::fold_blocks(dtype, op, &mut blocks, size);
            let mut total = frame.vars[reduction.var.index()].num().to_bytes();
            reduce::combine(dtype, op, &mut total, &blocks[..size]);
            let total = Num::from_bytes(dtype_of(frame, reduction.var), &total);
            frame.vars[reduction.var.index()] = Value::Num(total);
        }
        for (reduction, blocks) in node.arrays.iter().zip(results.arrays) {
            self.combine_array(frame, reduction, blocks)?;
        }
        Ok(())
    }

    fn combine_array(
        &mut self,
        frame: &Frame<'m>,
        reduction: &ArrayReduction,
        mut blocks: Vec<u8>,
    ) -> Step<()> {
        let target = frame.get(reduction.target).array();
        let (dtype, op): (DType, ReduceOp) = (target.ty.dtype, reduction.op);
        let bytes = target.len() as usize * dtype.size() as usize;
        if blocks.is_empty() || bytes == 0 {
            return Ok(());
        }
        reduce::fold_blocks(dtype.number(), op as u32, &mut blocks, bytes);
        let Some(block) = target.block else { return invalid("a reduced array without memory") };
        let from = target.offset as usize;
        match self.memory.blocks[block.0].bytes.get_mut(from..from + bytes) {
            Some(memory) => {
                reduce::combine(dtype.number(), op as u32, memory, &blocks[..bytes]);
                Ok(())
            }
            None => Err(Failure::Invalid("a reduced array passes the end of its memory".to_owned())),
        }
    }

    pub(super) fn parallel_region(&mut self, frame: &mut Frame<'m>, node: &ParallelRegion) -> Step<Flow> {
        let outer: Vec<Value> = node.privates.iter().map(|x| frame.vars[x.index()].clone()).collect();
        let n = frame.i64(node.n);
        let mut done = Ok(Flow::Next);
        for id in 0..n {
            for x in &node.privates {
                frame.vars[x.index()] = Value::zero(frame.func.var_ty(*x));
            }
            frame.set(node.id, Value::int(id));
            done = self.region(frame, node.body);
            if done.is_err() {
                break;
            }
        }
        for (x, value) in node.privates.iter().zip(outer) {
            frame.vars[x.index()] = value;
        }
        done
    }
}

fn dtype_of(frame: &Frame<'_>, x: Var) -> DType {
    match frame.func.var_ty(x) {
        Type::Scalar(dtype) => *dtype,
        other => panic!("{x} is reduced but {other}"),
    }
}

/// Numbers of a reduction's dtype and operator in the ABI; the operators are in the ABI's order.
fn numbers(frame: &Frame<'_>, reduction: &ScalarReduction) -> (u32, u32) {
    (dtype_of(frame, reduction.var).number(), reduction.op as u32)
}

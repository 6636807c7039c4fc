//! Integer reductions in lanes.
//!
//! A variable that iterations only update with one associative operator becomes one of each lane, which starts as the
//! operator's identity; at the end of a group the lanes are combined and added to the variable. Integers give the same
//! bits in any order; reductions of floats, whose order is fixed, are left alone.

use super::lower::Lowerer;
use crate::analysis::definitions::Definitions;
use crate::analysis::reduction::{Updates, updates};
use ungil_ir::entities::{Region, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, Const, InstKind, ParallelFor, ReduceOp};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// A variable and the one that takes its place in lanes.
#[derive(Clone, Copy, Debug)]
pub struct Reduction {
    pub var: Var,
    pub lane: Var,
    pub op: ReduceOp,
    pub dtype: DType,
}

/// The reductions of a loop, renamed in its prepared body; `Err` names a variable that is not one of integers.
pub fn rename_reductions(
    func: &mut Function,
    node: &ParallelFor,
    body: Region,
    parallel: bool,
    carried: &[Var],
) -> Result<Vec<Reduction>, String> {
    let mut list = Vec::new();
    let ops: Vec<(Var, Option<ReduceOp>)> = if parallel {
        node.scalars.iter().map(|s| (s.var, Some(s.op))).collect()
    } else {
        carried.iter().map(|x| (*x, serial_op(func, node.body, *x))).collect()
    };
    for (var, op) in ops {
        let name = func.vars[var.index()].name.clone();
        let (Some(op), Type::Scalar(dtype)) = (op, func.var_ty(var).clone()) else {
            return Err(format!("`{name}` carries a value from one iteration to the next"));
        };
        if !dtype.is_int() || matches!(op, ReduceOp::And | ReduceOp::Or) {
            return Err(format!("the order of the reduction `{name}` is fixed"));
        }
        let lane = func.new_var(&name, Type::Scalar(dtype));
        for inst in walk::insts_of(func, body) {
            walk::for_each_var_mut(&mut func.inst_mut(inst).kind, &mut |x, _| {
                if *x == var {
                    *x = lane;
                }
            });
        }
        list.push(Reduction { var, lane, op, dtype });
    }
    Ok(list)
}

fn serial_op(func: &Function, body: Region, x: Var) -> Option<ReduceOp> {
    if !walk::assigned_vars(func, body).contains(&x) {
        return None;
    }
    match updates(func, &Definitions::compute(func), body, x) {
        Updates::Reduction(op) => Some(op),
        _ => None,
    }
}

/// The value that changes nothing.
fn identity(op: ReduceOp, dtype: DType) -> i64 {
    let (bits, signed) = (dtype.bits(), dtype.is_signed());
    match op {
        ReduceOp::Add | ReduceOp::BitOr | ReduceOp::BitXor | ReduceOp::Or => 0,
        ReduceOp::Mul => 1,
        ReduceOp::Min if signed => i64::MAX >> (64 - bits),
        ReduceOp::Max if signed => i64::MIN >> (64 - bits),
        ReduceOp::Max => 0,
        ReduceOp::BitAnd if signed => -1,
        // Unsigned constants are kept zero-extended.
        ReduceOp::BitAnd | ReduceOp::Min | ReduceOp::And => (u64::MAX >> (64 - bits)) as i64,
    }
}

fn binary(op: ReduceOp) -> BinaryOp {
    match op {
        ReduceOp::Add => BinaryOp::Add,
        ReduceOp::Mul => BinaryOp::Mul,
        ReduceOp::BitAnd | ReduceOp::And => BinaryOp::And,
        ReduceOp::BitOr | ReduceOp::Or => BinaryOp::Or,
        ReduceOp::BitXor => BinaryOp::Xor,
        ReduceOp::Min => BinaryOp::Min,
        ReduceOp::Max => BinaryOp::Max,
    }
}

impl Lowerer<'_> {
    /// Gives all lanes the identities, in front of the body.
    pub fn start_reductions(&mut self, list: &[Reduction]) {
        for r in list {
            let start = Const::Int(r.dtype, identity(r.op, r.dtype));
            let start = self.b().value(InstKind::Const(start));
            let start = self.splat(start);
            for x in self.parts_of(r.lane) {
                self.b().set(x, start);
            }
        }
    }

    /// Combines the lanes behind the body.
    pub fn finish_reductions(&mut self, list: &[Reduction]) {
        for r in list {
            let parts = self.parts_of(r.lane);
            let mut values: Vec<_> = parts.iter().map(|x| self.b().get(*x)).collect();
            let first = values.remove(0);
            let joined = values.into_iter().fold(first, |a, v| self.b().binary(binary(r.op), a, v));
            let total = self.b().value(InstKind::VecReduce(r.op, joined));
            let old = self.b().get(r.var);
            let new = self.b().binary(binary(r.op), old, total);
            self.b().set(r.var, new);
        }
    }
}

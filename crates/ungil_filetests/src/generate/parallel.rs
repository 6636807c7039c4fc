//! Random parallel loops and domains that do not race.
//!
//! Iteration `k` stores only to element `k` of fresh arrays; variables of the body are private, lasts that every
//! iteration assigns, or reductions that it only updates.

use super::Generator;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp, InstKind, ParallelFor, ReduceOp, ScalarReduction, Schedule};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

impl Generator<'_> {
    pub(super) fn parallel_for(&mut self) {
        let n = self.random.below(80) as i64;
        let (start, stop, step) = (self.builder.i64(0), self.builder.i64(n), self.builder.i64(1));
        let array = self.fresh_line(stop);
        let label = self.builder.func.new_label();
        let iv = self.builder.func.new_value(Type::I64);
        let (scalars, private, last) = self.own_variables();
        let outer_vars = std::mem::replace(&mut self.vars, vec![private]);
        let outer_loops = std::mem::take(&mut self.loops);
        let outer_shared = std::mem::replace(&mut self.shared, true);
        let body = self.nested(|g| {
            g.values.push(iv);
            // The private variable is written before anything may read it.
            let zero = g.constant(DType::F64);
            g.builder.set(private, zero);
            let keep = g.scalar(DType::I64);
            g.builder.set(last, keep);
            g.store_own(array, vec![iv]);
            g.statements_inside();
            for reduction in &scalars {
                g.update(*reduction);
            }
        });
        (self.vars, self.loops, self.shared) = (outer_vars, outer_loops, outer_shared);
        let node = ParallelFor {
            label,
            iv,
            start,
            stop,
            step,
            schedule: *self.random.pick(&[Schedule::Static, Schedule::Dynamic, Schedule::Guided]),
            chunk: None,
            num_threads: None,
            privates: vec![private],
            lasts: vec![last],
            scalars,
            arrays: Vec::new(),
            min_block: 1 + self.random.below(40) as u32,
            in_place: false,
            scalar: false,
            body,
        };
        self.push(InstKind::ParallelFor(Box::new(node)));
    }

    pub(super) fn domain(&mut self) {
        let extents: Vec<Value> = (0..2).map(|_| self.builder.i64(self.random.below(5) as i64)).collect();
        let ty = ArrayType {
            dtype: self.random.dtype(),
            ndim: 2,
            layout: Layout::C,
            readonly: false,
            swapped: false,
        };
        let array = self.typed(InstKind::Alloc { shape: extents.clone(), zeroed: true }, Type::Array(ty));
        let ivs: Vec<Value> = (0..2).map(|_| self.builder.func.new_value(Type::I64)).collect();
        let outer_vars = std::mem::take(&mut self.vars);
        let outer_loops = std::mem::take(&mut self.loops);
        let outer_shared = std::mem::replace(&mut self.shared, true);
        let inner = ivs.clone();
        let body = self.nested(|g| {
            g.values.extend(&inner);
            g.store_own(array, inner);
        });
        (self.vars, self.loops, self.shared) = (outer_vars, outer_loops, outer_shared);
        self.push(InstKind::Domain { extents, ivs, body });
    }

    fn fresh_line(&mut self, length: Value) -> Value {
        let dtype = self.random.dtype();
        let ty = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        self.typed(InstKind::Alloc { shape: vec![length], zeroed: true }, Type::Array(ty))
    }

    /// Reductions of result variables that suit one, and fresh private and last variables.
    fn own_variables(&mut self) -> (Vec<ScalarReduction>, Var, Var) {
        let private = self.builder.func.new_var("private", Type::F64);
        let last = self.builder.func.new_var("last", Type::I64);
        let mut scalars = Vec::new();
        for var in self.vars.clone() {
            if let Type::Scalar(dtype) = self.builder.func.var_ty(var).clone()
                && self.random.one_in(2)
            {
                scalars.push(ScalarReduction { var, op: self.reduction(dtype) });
            }
        }
        (scalars, private, last)
    }

    fn reduction(&mut self, dtype: DType) -> ReduceOp {
        match dtype {
            DType::Bool => *self.random.pick(&[ReduceOp::And, ReduceOp::Or, ReduceOp::BitXor]),
            d if d.is_complex() => *self.random.pick(&[ReduceOp::Add, ReduceOp::Mul]),
            d if d.is_float() => {
                *self.random.pick(&[ReduceOp::Add, ReduceOp::Mul, ReduceOp::Min, ReduceOp::Max])
            }
            _ => *self.random.pick(&[
                ReduceOp::Add,
                ReduceOp::Mul,
                ReduceOp::BitAnd,
                ReduceOp::BitOr,
                ReduceOp::BitXor,
                ReduceOp::Min,
                ReduceOp::Max,
            ]),
        }
    }

    /// `x = x op expression`.
    pub(super) fn update(&mut self, reduction: ScalarReduction) {
        let Type::Scalar(dtype) = self.builder.func.var_ty(reduction.var).clone() else { return };
        let new = self.scalar(dtype);
        let op = match reduction.op {
            ReduceOp::Add => BinaryOp::Add,
            ReduceOp::Mul => BinaryOp::Mul,
            ReduceOp::BitAnd | ReduceOp::And => BinaryOp::And,
            ReduceOp::BitOr | ReduceOp::Or => BinaryOp::Or,
            ReduceOp::BitXor => BinaryOp::Xor,
            ReduceOp::Min => BinaryOp::Min,
            ReduceOp::Max => BinaryOp::Max,
        };
        let old = self.builder.get(reduction.var);
        let next = self.builder.binary(op, old, new);
        self.builder.set(reduction.var, next);
    }

    /// Stores an expression to this iteration's element.
    fn store_own(&mut self, array: Value, index: Vec<Value>) {
        let ty = self.ty(array).as_array().expect("an array");
        // The array itself is not read in the body, for another iteration might be writing it.
        let visible = self.values.clone();
        self.values.retain(|v| *v != array);
        let value = self.scalar(ty.dtype);
        self.builder.store(array, index, value);
        self.values = visible;
    }

    /// Statements of a parallel body: it must not read the array that it writes.
    fn statements_inside(&mut self) {
        let visible = self.values.clone();
        let fresh: Vec<Value> = self
            .values
            .iter()
            .copied()
            .filter(|v| self.builder.func.ty(*v).as_array().is_none_or(|a| a.readonly))
            .collect();
        self.values = fresh;
        self.statements();
        self.values = visible;
    }
}

//! Loops that clear the lowest set bit until none is left.
//!
//! `while x: x &= x - 1; n += c` goes round once for each bit that is set in `x` and becomes
//!
//! ```text
//! n = n + popcount(x) * c
//! x = 0
//! ```
//! LLVM knows the loop too, but not with a safepoint in it, nor when its iterations run in lanes.
//!
//! Source: P. Wegner, "A technique for counting ones in a binary computer", Communications of the ACM 3 (1960), 322.

use crate::analysis::definitions::Definitions;
use std::collections::BTreeSet;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, Const, InstData, InstKind, UnaryOp};
use ungil_ir::types::DType;
use ungil_ir::walk;

/// Rewrites all functions.
pub fn count_bits(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let is_loop = |d: &InstData| matches!(d.kind, InstKind::While { .. });
        if func.insts.iter().any(is_loop) {
            let defs = Definitions::compute(func);
            changed |= region(func, &defs, func.body);
        }
    }
    changed
}

fn region(func: &mut Function, defs: &Definitions, r: Region) -> bool {
    let mut changed = false;
    for inst in func.region(r).to_vec() {
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            changed |= region(func, defs, inner);
        }
        if let Some(count) = Count::of(func, defs, inst) {
            count.rewrite(func, r, inst);
            changed = true;
        }
    }
    changed
}

/// A loop that clears bits: the variable that holds them, and what is added to others in every iteration.
struct Count {
    x: Var,
    dtype: DType,
    sums: Vec<(Var, BinaryOp, Step)>,
}

/// What is added: a value from outside the loop, or a constant of it.
enum Step {
    Value(Value),
    Const(Const),
}

impl Count {
    fn of(func: &Function, defs: &Definitions, inst: Inst) -> Option<Count> {
        let InstKind::While { cond, test, body, .. } = func.inst(inst).kind else { return None };
        let inside = &walk::defined_values(func, cond) | &walk::defined_values(func, body);
        let loops = Loop { func, defs, inside };
        let (a, b) = match *defs.kind(func, test)? {
            InstKind::Compare(CompareOp::Ne, a, b) if defs.constant(func, b) == Some(0) => (a, b),
            InstKind::Compare(CompareOp::Ne, a, b) => (b, a),
            _ => return None,
        };
        let x = loops.variable(a).filter(|_| loops.inside.contains(&a))?;
        let dtype = loops.int(x)?;
        let plain = |r: Region| func.region(r).iter().all(|i| computes(&func.inst(*i).kind));
        if defs.constant(func, b) != Some(0) || !plain(cond) {
            return None;
        }
        let (mut clears, mut sums) = (false, Vec::<(Var, BinaryOp, Step)>::new());
        for i in func.region(body) {
            match func.inst(*i).kind {
                InstKind::Set(y, v) if y == x && !clears => clears = loops.clears(x, v),
                InstKind::Set(y, v) if y != x && sums.iter().all(|(z, ..)| *z != y) => {
                    let (op, step) = loops.step(y, v)?;
                    sums.push((y, op, step));
                }
                ref kind if computes(kind) => {}
                _ => return None,
            }
        }
        clears.then_some(Count { x, dtype, sums })
    }

    fn rewrite(&self, func: &mut Function, parent: Region, inst: Inst) {
        let loc = func.inst(inst).loc;
        let scratch = func.new_region();
        let mut b = Builder { func, region: scratch, loc };
        let x = b.get(self.x);
        let ones = b.unary(UnaryOp::Popcount, x);
        for (y, op, step) in &self.sums {
            let dtype = b.func.var_ty(*y).dtype().expect("an integer");
            let (ones, before) = (b.cast(ones, dtype), b.get(*y));
            let sum = match step {
                Step::Const(Const::Int(_, 1)) => ones,
                Step::Const(c) => {
                    let step = b.value(InstKind::Const(*c));
                    times(&mut b, ones, step, dtype)
                }
                Step::Value(step) => times(&mut b, ones, *step, dtype),
            };
            let after = b.binary(*op, before, sum);
            b.set(*y, after);
        }
        let zero = b.value(InstKind::Const(Const::Int(self.dtype, 0)));
        b.set(self.x, zero);
        let new = std::mem::take(&mut func.regions[scratch.index()]);
        let list = &mut func.regions[parent.index()];
        let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
        list.splice(position..=position, new);
    }
}

fn times(b: &mut Builder<'_>, ones: Value, step: Value, dtype: DType) -> Value {
    let step = b.cast(step, dtype);
    b.binary(BinaryOp::Mul, ones, step)
}

/// Whether an instruction has no effect and cannot fail.
fn computes(kind: &InstKind) -> bool {
    use InstKind as K;
    matches!(kind, K::Const(_) | K::Get(_) | K::Compare(..) | K::Binary(..) | K::Cast(..))
}

/// Questions about the values of a loop.
struct Loop<'f> {
    func: &'f Function,
    defs: &'f Definitions,
    /// Defined by its condition, which only reads, or its body.
    inside: BTreeSet<Value>,
}

impl Loop<'_> {
    /// The type of a variable that holds integers.
    fn int(&self, x: Var) -> Option<DType> {
        self.func.var_ty(x).dtype().filter(|d| d.is_int())
    }

    /// The variable that `v` reads, perhaps promoted to a wider type.
    fn variable(&self, v: Value) -> Option<Var> {
        match *self.defs.kind(self.func, v)? {
            InstKind::Get(x) => Some(x),
            InstKind::Cast(a, to) => self.variable(a).filter(|x| is_wide(self.int(*x), to)),
            _ => None,
        }
    }

    /// Whether `v` is a reading of `x` in the loop, before it is assigned.
    fn reads(&self, x: Var, v: Value) -> bool {
        self.inside.contains(&v) && self.variable(v) == Some(x)
    }

    /// The sum or the like that gives `y` its new value: its low bits are those of the variable.
    fn operation(&self, y: Var, v: Value) -> Option<(BinaryOp, Value, Value)> {
        match *self.defs.kind(self.func, v)? {
            InstKind::Binary(op, a, b) if is_wide(self.int(y), self.func.ty(v).dtype()?) => Some((op, a, b)),
            InstKind::Cast(a, to) if Some(to) == self.int(y) => self.operation(y, a),
            _ => None,
        }
    }

    /// Whether `v` is `x & (x - 1)`.
    fn clears(&self, x: Var, v: Value) -> bool {
        let less_one = |v: Value| match self.operation(x, v) {
            Some((BinaryOp::Sub, a, b)) => self.reads(x, a) && self.defs.constant(self.func, b) == Some(1),
            Some((BinaryOp::Add, a, b)) => self.reads(x, a) && self.defs.constant(self.func, b) == Some(-1),
            _ => false,
        };
        match self.operation(x, v) {
            Some((BinaryOp::And, a, b)) => self.reads(x, a) && less_one(b) || self.reads(x, b) && less_one(a),
            _ => false,
        }
    }

    /// What the new value `v` of `y` adds to the old one, or takes from it.
    fn step(&self, y: Var, v: Value) -> Option<(BinaryOp, Step)> {
        let (op, a, b) = self.operation(y, v)?;
        let step = match op {
            BinaryOp::Add | BinaryOp::Sub if self.reads(y, a) => b,
            BinaryOp::Add if self.reads(y, b) => a,
            _ => return None,
        };
        match self.defs.kind(self.func, step) {
            Some(InstKind::Const(c)) => Some((op, Step::Const(*c))),
            _ if !self.inside.contains(&step) => Some((op, Step::Value(step))),
            _ => None,
        }
    }
}

/// Whether integers of type `to` have all bits of the variable.
fn is_wide(dtype: Option<DType>, to: DType) -> bool {
    dtype.is_some_and(|d| to.is_int() && to.size() >= d.size())
}

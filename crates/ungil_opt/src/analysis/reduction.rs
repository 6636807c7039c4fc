//! Recognition of reductions: variables that a loop body only updates with one associative operator.
//!
//! Forms, with `x` the variable and `e` anything that does not read it:
//! `x = x + e` and likewise `- * & | ^` and their mirror images (not for `-`), `x = min(x, e)`, `x = max(x, e)`,
//! `if e < x: x = e` and its relatives. C computes some of them in a wider type and converts the result back.

use crate::analysis::definitions::Definitions;
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, ReduceOp};
use ungil_ir::types::DType;
use ungil_ir::walk;

/// What the updates of a variable amount to.
#[derive(Clone, PartialEq, Debug)]
pub enum Updates {
    /// All are updates with one operator.
    Reduction(ReduceOp),
    Mixed {
        first: (ReduceOp, Inst),
        second: (ReduceOp, Inst),
    },
    /// Updates, but also read otherwise.
    OtherRead {
        update: Inst,
        read: Inst,
    },
    /// A write that is no update.
    Other {
        write: Inst,
    },
}

/// Classifies all reads and writes of `x` in a region.
pub fn updates(func: &Function, defs: &Definitions, body: Region, x: Var) -> Updates {
    let counts = counts_of_what_matters(func);
    let mut search =
        Search { func, defs, x, counts, found: Vec::new(), consumed: Vec::new(), other: None, running: None };
    search.region(body, None);
    if let Some(write) = search.other {
        return Updates::Other { write };
    }
    if let (Some(update), None) = (search.running, mixed(&search.found)) {
        return Updates::OtherRead { update, read: update };
    }
    let mut found = search.found.iter();
    let Some(first) = found.next() else { unreachable!("called for variables that are written") };
    if let Some(second) = found.find(|u| u.0 != first.0) {
        return Updates::Mixed { first: *first, second: *second };
    }
    let reads: Vec<Inst> = walk::insts_of(func, body)
        .into_iter()
        .filter(|i| matches!(func.inst(*i).kind, InstKind::Get(y) if y == x))
        .collect();
    let counts = &search.counts;
    let stray = reads.into_iter().find(|i| {
        let v = func.inst(*i).result.expect("a read has a result");
        let used = search.consumed.iter().filter(|c| **c == v).count() as u32;
        counts[v.index()] != used
    });
    match stray {
        Some(read) => Updates::OtherRead { update: first.1, read },
        None => Updates::Reduction(first.0),
    }
}

/// How often each value is used by something that has an effect in the end. Integers of C are computed in 64 bits beside
/// their own width in case an index needs them: where none does, that is no use.
fn counts_of_what_matters(func: &Function) -> Vec<u32> {
    let mut counts = walk::use_counts(func);
    for inst in walk::insts_of(func, func.body).into_iter().rev() {
        let data = func.inst(inst);
        let is_pure = matches!(data.kind, InstKind::Binary(..) | InstKind::Cast(..));
        if is_pure && data.result.is_some_and(|v| counts[v.index()] == 0) {
            walk::for_each_operand(&data.kind, &mut |v| counts[v.index()] -= 1);
        }
    }
    counts
}

/// The first update with another operator than the first.
fn mixed(found: &[(ReduceOp, Inst)]) -> Option<&(ReduceOp, Inst)> {
    found.iter().find(|u| u.0 != found[0].0)
}

struct Search<'f> {
    func: &'f Function,
    defs: &'f Definitions,
    x: Var,
    counts: Vec<u32>,
    found: Vec<(ReduceOp, Inst)>,
    /// Reads of `x`, once for every use that an update explains.
    consumed: Vec<Value>,
    other: Option<Inst>,
    /// An update whose result is used for something else than the next update.
    running: Option<Inst>,
}

impl Search<'_> {
    /// `cond`: condition of the `if` whose first branch this region is.
    fn region(&mut self, r: Region, cond: Option<Value>) {
        // What the condition compared must still be what the branch assigns.
        let cond = cond.filter(|_| {
            let stores = walk::any_inst(self.func, r, &|k| {
                matches!(
                    k,
                    InstKind::Store { .. }
                        | InstKind::AtomicUpdate { .. }
                        | InstKind::Call(..)
                        | InstKind::CallC(..)
                        | InstKind::Library(..)
                )
            });
            !stores && walk::assigned_vars(self.func, r).iter().all(|y| *y == self.x)
        });
        for &inst in self.func.region(r) {
            match &self.func.inst(inst).kind {
                InstKind::Set(y, v) if *y == self.x => {
                    let before = self.found.len();
                    if self.update(*v, cond, inst).is_none() {
                        self.found.truncate(before);
                        self.other = self.other.or(Some(inst));
                    }
                }
                InstKind::If { cond, then, otherwise } => {
                    self.region(*then, Some(*cond));
                    self.region(*otherwise, None);
                }
                InstKind::ParallelFor(node) => {
                    for s in node.scalars.iter().filter(|s| s.var == self.x) {
                        self.found.push((s.op, inst));
                    }
                    self.region(node.body, None);
                }
                kind => {
                    for inner in walk::nested_regions(kind) {
                        self.region(inner, None);
                    }
                }
            }
        }
    }

    fn is_read(&self, v: Value) -> bool {
        matches!(self.defs.kind(self.func, v), Some(InstKind::Get(y)) if *y == self.x)
    }

    /// Reads a stored value as a chain of updates of the variable, innermost first: `(x op e1) op e2`.
    fn update(&mut self, v: Value, cond: Option<Value>, set: Inst) -> Option<()> {
        if self.counts[v.index()] != 1 && cond.is_none() {
            let at = self.defs.inst(v).unwrap_or(set);
            self.running = self.running.or(Some(at));
        }
        if let Some(op) = self.widened_update(v) {
            self.found.push((op, set));
            return Some(());
        }
        match self.defs.kind(self.func, v) {
            Some(InstKind::Binary(op, a, b)) => {
                let subtracts = *op == BinaryOp::Sub;
                let op = operator(*op, self.func.ty(v).dtype()?)?;
                if self.is_read(*a) {
                    self.consumed.push(*a);
                } else if self.is_read(*b) && !subtracts {
                    self.consumed.push(*b);
                } else {
                    self.update(*a, None, set)?;
                }
                self.found.push((op, set));
                Some(())
            }
            Some(InstKind::Select(c, p, q)) => {
                let (op, read, other) = self.comparison(*c)?;
                let picks_other_if_true = self.same(*p, other, 8) && self.is_read(*q);
                let picks_read_if_true = self.is_read(*p) && self.same(*q, other, 8);
                if !picks_other_if_true && !picks_read_if_true {
                    return None;
                }
                self.consumed.push(read);
                self.consumed.push(if picks_other_if_true { *q } else { *p });
                self.found.push((if picks_other_if_true { op } else { opposite(op) }, set));
                Some(())
            }
            _ => {
                let (op, read, other) = self.comparison(cond?)?;
                if !self.same(v, other, 8) {
                    return None;
                }
                self.consumed.push(read);
                self.found.push((op, set));
                Some(())
            }
        }
    }

    /// The operator of an update that C computes in a wider type than the variable's, and converts back.
    fn widened_update(&mut self, v: Value) -> Option<ReduceOp> {
        let own = self.func.var_ty(self.x).dtype()?;
        let (wide, is_truth) = match self.defs.kind(self.func, v)? {
            InstKind::Cast(wide, _) => (*wide, false),
            InstKind::Compare(CompareOp::Ne, wide, zero)
                if own == DType::Bool && self.defs.constant(self.func, *zero) == Some(0) =>
            {
                (*wide, true)
            }
            _ => return None,
        };
        let Some(InstKind::Binary(op, a, b)) = self.defs.kind(self.func, wide) else { return None };
        let (reads, other) = match (self.widened_read(*a), self.widened_read(*b)) {
            (Some(read), None) => (read, *b),
            (None, Some(read)) if *op != BinaryOp::Sub => (read, *a),
            _ => return None,
        };
        let dtype = self.func.ty(wide).dtype()?;
        let op = match op {
            // Any bit makes it true; `&` asks for the same bit on both sides.
            BinaryOp::Or if is_truth => ReduceOp::Or,
            BinaryOp::And if is_truth && self.is_truth_value(other) => ReduceOp::And,
            _ if is_truth || own == DType::Bool => return None,
            // The low bits of the result come from low bits only.
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor
                if own.is_int() && dtype.is_int() =>
            {
                operator(*op, own)?
            }
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul if own.is_float() && dtype.is_float() => {
                operator(*op, own)?
            }
            _ => return None,
        };
        self.consumed.push(reads);
        Some(op)
    }

    /// The read of `x` that a value widens, where nothing else uses it.
    fn widened_read(&self, v: Value) -> Option<Value> {
        match self.defs.kind(self.func, v)? {
            InstKind::Cast(read, to) if self.is_read(*read) && self.counts[v.index()] == 1 => {
                let own = self.func.var_ty(self.x).dtype()?;
                (to.size() >= own.size()).then_some(*read)
            }
            InstKind::Get(y) if *y == self.x => Some(v),
            _ => None,
        }
    }

    fn is_truth_value(&self, v: Value) -> bool {
        matches!(self.defs.kind(self.func, v),
            Some(InstKind::Cast(truth, _)) if self.func.ty(*truth).dtype() == Some(DType::Bool))
    }

    /// A comparison of `x` with something: what taking that something when it holds amounts to, the read of `x`
    /// and the something.
    fn comparison(&self, c: Value) -> Option<(ReduceOp, Value, Value)> {
        let Some(InstKind::Compare(op, a, b)) = self.defs.kind(self.func, c) else { return None };
        let less = match op {
            CompareOp::Lt | CompareOp::Le => true,
            CompareOp::Gt | CompareOp::Ge => false,
            _ => return None,
        };
        match (self.is_read(*a), self.is_read(*b)) {
            (false, true) => Some((if less { ReduceOp::Min } else { ReduceOp::Max }, *b, *a)),
            (true, false) => Some((if less { ReduceOp::Max } else { ReduceOp::Min }, *a, *b)),
            _ => None,
        }
    }

    /// Whether two values are computed in the same way from the same reads.
    fn same(&self, a: Value, b: Value, depth: u32) -> bool {
        if a == b {
            return true;
        }
        let (Some(x), Some(y)) = (self.defs.kind(self.func, a), self.defs.kind(self.func, b)) else {
            return false;
        };
        if depth == 0 || std::mem::discriminant(x) != std::mem::discriminant(y) || has_effect(x) {
            return false;
        }
        let (mut left, mut right) = (x.clone(), y.clone());
        let (mut us, mut vs) = (Vec::new(), Vec::new());
        walk::for_each_operand_mut(&mut left, &mut |v| us.push(std::mem::replace(v, Value(0))));
        walk::for_each_operand_mut(&mut right, &mut |v| vs.push(std::mem::replace(v, Value(0))));
        left == right && us.len() == vs.len() && us.iter().zip(&vs).all(|(u, v)| self.same(*u, *v, depth - 1))
    }
}

fn has_effect(kind: &InstKind) -> bool {
    matches!(
        kind,
        InstKind::Call(..) | InstKind::CallC(..) | InstKind::Alloc { .. } | InstKind::LoadPacked(_)
    )
}

fn opposite(op: ReduceOp) -> ReduceOp {
    if op == ReduceOp::Min { ReduceOp::Max } else { ReduceOp::Min }
}

fn operator(op: BinaryOp, dtype: DType) -> Option<ReduceOp> {
    Some(match op {
        BinaryOp::Add | BinaryOp::Sub => ReduceOp::Add,
        BinaryOp::Mul => ReduceOp::Mul,
        BinaryOp::And if dtype == DType::Bool => ReduceOp::And,
        BinaryOp::Or if dtype == DType::Bool => ReduceOp::Or,
        BinaryOp::And => ReduceOp::BitAnd,
        BinaryOp::Or => ReduceOp::BitOr,
        BinaryOp::Xor => ReduceOp::BitXor,
        BinaryOp::Min => ReduceOp::Min,
        BinaryOp::Max => ReduceOp::Max,
        _ => return None,
    })
}

/// The operator of an element update `a[i] = a[i] op e`, if the stored value has that form for `load`.
pub fn element_update(func: &Function, defs: &Definitions, stored: Value, load: Value) -> Option<ReduceOp> {
    match defs.kind(func, stored) {
        Some(InstKind::Binary(op, a, b)) if *a == load || (*b == load && *op != BinaryOp::Sub) => {
            operator(*op, func.ty(stored).dtype()?)
        }
        _ => None,
    }
}

//! Visitors over instructions and regions.
//!
//! One `match` names the operands, variables, nested regions and definitions of every instruction; passes, the
//! writer, the verifier and the cloner go through it, so that a new instruction is described once.

use crate::entities::{Inst, Region, Value, Var};
use crate::function::Function;
use crate::inst::{InstKind, PrintPart};
use std::collections::BTreeSet;

macro_rules! operand_visitor {
    ($(#[$doc:meta])* $name:ident $(, $mutable:tt)?) => {
        $(#[$doc])*
        #[expect(clippy::too_many_lines, reason = "a match that only dispatches")]
        pub fn $name(kind: & $($mutable)? InstKind, visit: &mut dyn FnMut(& $($mutable)? Value)) {
            use InstKind::*;
            match kind {
                Const(_) | Get(_) | Null | GlobalArray(_) | Extern(_) | StackArray(_) | Iota(_) | Safepoint | ThreadId | NumThreads | Break(_)
                | Continue(_) | Scope { .. } | Try { .. } | Caught(_) | CaughtArg(_) | Reraise => {}
                Unary(_, a) | Cast(a, _) | TupleGet(a, _) | Set(_, a) | Dim(a, _) | Stride(a, _) | Address(a) | Pointer(a)
                | Retain(a) | Release(a) | Splat(a, _) | Extract(a, _) | MaskAny(a) | MaskAll(a)
                | VecReduce(_, a) | SetNumThreads(a) | LoadPacked(a) => visit(a),
                Shuffle(a, b, _) | Binary(_, a, b) | Compare(_, a, b) | CheckedBinary(_, a, b) | TupleIndex(a, b)
                | ListReserve(a, b) | StorePacked(a, b) => {
                    visit(a);
                    visit(b);
                }
                Select(a, b, c) | ListDrop(a, b, c) => {
                    visit(a);
                    visit(b);
                    visit(c);
                }
                Math(_, list) | TupleMake(list) | Call(_, list) | Library(_, list) => list.into_iter().for_each(visit),
                View { base, offset, shape, strides } => {
                    visit(base);
                    visit(offset);
                    shape.into_iter().for_each(&mut *visit);
                    strides.into_iter().for_each(visit);
                }
                Alloc { shape, .. } => shape.into_iter().for_each(visit),
                ArrayAt { pointer, shape, strides } => {
                    visit(pointer);
                    shape.into_iter().for_each(&mut *visit);
                    strides.into_iter().for_each(visit);
                }
                CallC(callee, list) => {
                    visit(callee);
                    list.into_iter().for_each(visit);
                }
                CheckIndex { index, size, .. } => {
                    visit(index);
                    visit(size);
                }
                Load { array, index, .. } => {
                    visit(array);
                    index.into_iter().for_each(visit);
                }
                Store { array, index, value, .. } | AtomicUpdate { array, index, value, .. } => {
                    visit(array);
                    index.into_iter().for_each(&mut *visit);
                    visit(value);
                }
                VecLoad { array, index, mask, .. } => {
                    visit(array);
                    index.into_iter().for_each(&mut *visit);
                    mask.into_iter().for_each(visit);
                }
                VecStore { array, index, value, mask, .. } => {
                    visit(array);
                    index.into_iter().for_each(&mut *visit);
                    visit(value);
                    mask.into_iter().for_each(visit);
                }
                Gather { array, index, mask } => {
                    visit(array);
                    index.into_iter().for_each(&mut *visit);
                    visit(mask);
                }
                Scatter { array, index, value, mask } => {
                    visit(array);
                    index.into_iter().for_each(&mut *visit);
                    visit(value);
                    visit(mask);
                }
                Check(cond, raise) => {
                    visit(cond);
                    let args = & $($mutable)? raise.args;
                    args.into_iter().for_each(|(v, _)| visit(v));
                }
                Raise(raise) => {
                    let args = & $($mutable)? raise.args;
                    args.into_iter().for_each(|(v, _)| visit(v));
                }
                Print(parts) => {
                    for part in parts {
                        if let PrintPart::Value { value, .. } = part {
                            visit(value);
                        }
                    }
                }
                If { cond, .. } => visit(cond),
                While { test, .. } => visit(test),
                Return(v) => v.into_iter().for_each(visit),
                For(node) => {
                    let node = & $($mutable)? **node;
                    visit(& $($mutable)? node.start);
                    visit(& $($mutable)? node.stop);
                    visit(& $($mutable)? node.step);
                }
                Domain { extents, .. } => extents.into_iter().for_each(visit),
                ParallelFor(node) => {
                    let node = & $($mutable)? **node;
                    visit(& $($mutable)? node.start);
                    visit(& $($mutable)? node.stop);
                    visit(& $($mutable)? node.step);
                    let (chunk, threads) = (& $($mutable)? node.chunk, & $($mutable)? node.num_threads);
                    chunk.into_iter().for_each(&mut *visit);
                    threads.into_iter().for_each(&mut *visit);
                    let arrays = & $($mutable)? node.arrays;
                    arrays.into_iter().for_each(|r| visit(& $($mutable)? r.target));
                }
                ParallelRegion(node) => visit(& $($mutable)? node.n),
            }
        }
    };
}

operand_visitor! {
    /// Visits the values that an instruction uses itself, not those used in its regions. The `test` of a `While` is one,
    /// though it is defined in its `cond` region.
    for_each_operand
}
operand_visitor! {
    /// As [`for_each_operand`], to replace them.
    for_each_operand_mut, mut
}

/// The values that an instruction defines for its regions: induction values, thread id, private arrays.
pub fn for_each_region_value(kind: &InstKind, visit: &mut dyn FnMut(Value)) {
    match kind {
        InstKind::For(node) => visit(node.iv),
        InstKind::Domain { ivs, .. } => ivs.iter().copied().for_each(visit),
        InstKind::ParallelFor(node) => {
            visit(node.iv);
            node.arrays.iter().for_each(|r| visit(r.private));
        }
        InstKind::ParallelRegion(node) => visit(node.id),
        _ => {}
    }
}

/// As [`for_each_region_value`], to replace them.
pub fn for_each_region_value_mut(kind: &mut InstKind, visit: &mut dyn FnMut(&mut Value)) {
    match kind {
        InstKind::For(node) => visit(&mut node.iv),
        InstKind::Domain { ivs, .. } => ivs.iter_mut().for_each(visit),
        InstKind::ParallelFor(node) => {
            visit(&mut node.iv);
            node.arrays.iter_mut().for_each(|r| visit(&mut r.private));
        }
        InstKind::ParallelRegion(node) => visit(&mut node.id),
        _ => {}
    }
}

/// The regions that an instruction holds, in order of execution.
pub fn nested_regions(kind: &InstKind) -> impl Iterator<Item = Region> + use<> {
    let (first, second) = match kind {
        InstKind::If { then, otherwise, .. } => (Some(*then), Some(*otherwise)),
        InstKind::For(node) => (Some(node.body), None),
        InstKind::While { cond, body, .. } => (Some(*cond), Some(*body)),
        InstKind::Scope { body, cleanup } => (Some(*body), Some(*cleanup)),
        InstKind::Try { body, handler } => (Some(*body), Some(*handler)),
        InstKind::Domain { body, .. } => (Some(*body), None),
        InstKind::ParallelFor(node) => (Some(node.body), None),
        InstKind::ParallelRegion(node) => (Some(node.body), None),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// The regions that an instruction holds, to replace them.
pub fn for_each_region_mut(kind: &mut InstKind, visit: &mut dyn FnMut(&mut Region)) {
    match kind {
        InstKind::If { then: a, otherwise: b, .. }
        | InstKind::While { cond: a, body: b, .. }
        | InstKind::Scope { body: a, cleanup: b }
        | InstKind::Try { body: a, handler: b } => {
            visit(a);
            visit(b);
        }
        InstKind::For(node) => visit(&mut node.body),
        InstKind::Domain { body, .. } => visit(body),
        InstKind::ParallelFor(node) => visit(&mut node.body),
        InstKind::ParallelRegion(node) => visit(&mut node.body),
        _ => {}
    }
}

/// How an instruction touches a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VarUse {
    Read,
    Write,
    /// Named in a clause of a parallel node: the variable means the iteration's or thread's own copy in its body.
    Clause,
}

/// The variables that an instruction names itself, to look at or replace them.
pub fn for_each_var_mut(kind: &mut InstKind, visit: &mut dyn FnMut(&mut Var, VarUse)) {
    match kind {
        InstKind::Get(x) => visit(x, VarUse::Read),
        InstKind::Set(x, _) => visit(x, VarUse::Write),
        InstKind::ParallelFor(node) => {
            node.privates.iter_mut().for_each(|x| visit(x, VarUse::Clause));
            node.lasts.iter_mut().for_each(|x| visit(x, VarUse::Clause));
            node.scalars.iter_mut().for_each(|r| visit(&mut r.var, VarUse::Clause));
        }
        InstKind::ParallelRegion(node) => node.privates.iter_mut().for_each(|x| visit(x, VarUse::Clause)),
        _ => {}
    }
}

/// The variables that an instruction names itself.
pub fn for_each_var(kind: &InstKind, visit: &mut dyn FnMut(Var, VarUse)) {
    match kind {
        InstKind::Get(x) => visit(*x, VarUse::Read),
        InstKind::Set(x, _) => visit(*x, VarUse::Write),
        InstKind::ParallelFor(node) => {
            node.privates.iter().for_each(|x| visit(*x, VarUse::Clause));
            node.lasts.iter().for_each(|x| visit(*x, VarUse::Clause));
            node.scalars.iter().for_each(|r| visit(r.var, VarUse::Clause));
        }
        InstKind::ParallelRegion(node) => node.privates.iter().for_each(|x| visit(*x, VarUse::Clause)),
        _ => {}
    }
}

/// Visits every instruction of a region and of the regions nested in it, in order of the text form.
pub fn walk_region(func: &Function, region: Region, visit: &mut dyn FnMut(Inst)) {
    for &inst in func.region(region) {
        visit(inst);
        for inner in nested_regions(&func.inst(inst).kind) {
            walk_region(func, inner, visit);
        }
    }
}

/// Every instruction of a region and of the regions nested in it, in order of the text form.
pub fn insts_of(func: &Function, region: Region) -> Vec<Inst> {
    let mut list = Vec::new();
    walk_region(func, region, &mut |inst| list.push(inst));
    list
}

/// Whether an instruction of the region or of those nested in it satisfies a condition.
pub fn any_inst(func: &Function, region: Region, test: &dyn Fn(&InstKind) -> bool) -> bool {
    func.region(region).iter().any(|&inst| {
        let kind = &func.inst(inst).kind;
        test(kind) || nested_regions(kind).any(|inner| any_inst(func, inner, test))
    })
}

/// Number of uses of each value, indexed by value.
pub fn use_counts(func: &Function) -> Vec<u32> {
    let mut counts = vec![0; func.values.len()];
    walk_region(func, func.body, &mut |inst| {
        for_each_operand(&func.inst(inst).kind, &mut |v| counts[v.index()] += 1);
    });
    counts
}

/// The values that are defined in a region: results and induction values, nested ones included.
pub fn defined_values(func: &Function, region: Region) -> BTreeSet<Value> {
    let mut defined = BTreeSet::new();
    walk_region(func, region, &mut |inst| {
        let data = func.inst(inst);
        defined.extend(data.result);
        for_each_region_value(&data.kind, &mut |v| {
            defined.insert(v);
        });
    });
    defined
}

/// The values that a region uses and does not define.
pub fn free_values(func: &Function, region: Region) -> BTreeSet<Value> {
    let defined = defined_values(func, region);
    let mut free = BTreeSet::new();
    walk_region(func, region, &mut |inst| {
        for_each_operand(&func.inst(inst).kind, &mut |v| {
            if !defined.contains(v) {
                free.insert(*v);
            }
        });
    });
    free
}

/// The variables that a region reads.
pub fn read_vars(func: &Function, region: Region) -> BTreeSet<Var> {
    vars_with(func, region, VarUse::Read)
}

/// The variables that a region assigns.
pub fn assigned_vars(func: &Function, region: Region) -> BTreeSet<Var> {
    vars_with(func, region, VarUse::Write)
}

fn vars_with(func: &Function, region: Region, wanted: VarUse) -> BTreeSet<Var> {
    let mut vars = BTreeSet::new();
    walk_region(func, region, &mut |inst| {
        for_each_var(&func.inst(inst).kind, &mut |x, how| {
            if how == wanted {
                vars.insert(x);
            }
        });
    });
    vars
}

/// Replaces uses of values in a region and those nested in it by what `replace` says.
pub fn replace_uses(func: &mut Function, region: Region, replace: &dyn Fn(Value) -> Value) {
    for inst in insts_of(func, region) {
        for_each_operand_mut(&mut func.inst_mut(inst).kind, &mut |v| *v = replace(*v));
    }
}

/// Whether an instruction computes a number from numbers, and does nothing else.
pub fn is_arithmetic(kind: &InstKind) -> bool {
    use InstKind as K;
    matches!(
        kind,
        K::Const(_)
            | K::Unary(..)
            | K::Binary(..)
            | K::Compare(..)
            | K::Select(..)
            | K::Cast(..)
            | K::Math(..)
    )
}

/// Whether an instruction always leaves its region.
pub fn is_exit(kind: &InstKind) -> bool {
    use InstKind as K;
    matches!(kind, K::Break(_) | K::Continue(_) | K::Return(_) | K::Raise(_) | K::Reraise)
}

/// Whether an instruction itself can raise.
pub fn can_fail(kind: &InstKind) -> bool {
    use InstKind as K;
    matches!(
        kind,
        K::Raise(_)
            | K::Reraise
            | K::Check(..)
            | K::CheckedBinary(..)
            | K::CheckIndex { check: true, .. }
            | K::Alloc { .. }
            | K::ListReserve(..)
            | K::Call(..)
            | K::Library(..)
            | K::Print(_)
            | K::Safepoint
            | K::ParallelFor(_)
            | K::ParallelRegion(_)
    )
}

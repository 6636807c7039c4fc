//! Loops that may run in lanes: what their bodies may hold.
//!
//! A candidate is a loop with independent iterations whose body has a loop that iterations leave at different times.
//! Loops whose iterations all do the same are left to LLVM.

use super::uniformity::Uniformity;
use crate::analysis::definitions::Definitions;
use std::collections::BTreeSet;
use ungil_ir::entities::{Inst, Label, Region};
use ungil_ir::function::Function;
use ungil_ir::inst::{Const, For, InstKind, ParallelFor};
use ungil_ir::types::Type;
use ungil_ir::walk;

/// Fewest iterations, where their number is known.
const SHORT: i64 = 4;

/// Whether a body calls or holds loops at all: a quick test before it is copied.
pub fn may_diverge(func: &Function, body: Region) -> bool {
    walk::any_inst(func, body, &|kind| {
        matches!(
            kind,
            InstKind::While { .. }
                | InstKind::For(_)
                | InstKind::Call(..)
                | InstKind::Break(_)
                | InstKind::Return(_)
        )
    })
}

/// Whether a body holds a loop or a call.
pub fn has_loop(func: &Function, body: Region) -> bool {
    walk::any_inst(func, body, &|kind| {
        matches!(kind, InstKind::While { .. } | InstKind::For(_) | InstKind::Call(..))
    })
}

/// Whether a loop searches: an iteration may end it, and does nothing else before.
pub fn searches(func: &Function, body: Region, labels: &Labels) -> bool {
    walk::any_inst(func, body, &|kind| !matches!(kind, InstKind::Raise(_)) && labels.leaves(kind))
}

/// Replaces branches that end by leaving the group by the exit alone: the scalar code does what stands before it.
pub fn cut_exits(func: &mut Function, r: Region, labels: &Labels) {
    for inst in func.region(r).to_vec() {
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            cut_exits(func, inner, labels);
        }
    }
    let Some(&last) = func.region(r).last() else { return };
    if labels.leaves(&func.inst(last).kind) && !has_other_exit(func, r, last) {
        if matches!(func.inst(last).kind, InstKind::Return(_)) {
            func.inst_mut(last).kind = InstKind::Break(labels.candidate);
        } else if let InstKind::Raise(raise) = &mut func.inst_mut(last).kind {
            raise.args.clear();
        }
        func.regions[r.index()] = vec![last];
    }
}

/// Whether control may leave a region before its last instruction.
fn has_other_exit(func: &Function, r: Region, last: Inst) -> bool {
    walk::insts_of(func, r).into_iter().filter(|i| *i != last).any(|i| {
        matches!(func.inst(i).kind, InstKind::Break(_) | InstKind::Continue(_) | InstKind::While { .. })
    })
}

/// Whether some loop of an analysed body is worth lanes.
pub fn diverges(func: &Function, body: Region, facts: &Uniformity) -> bool {
    let defs = Definitions::compute(func);
    walk::any_inst(func, body, &|kind| match kind {
        InstKind::While { label, .. } => facts.loops.contains(label),
        // A block made to give `return` a target runs once.
        InstKind::For(node) => facts.loops.contains(&node.label) && !runs_once(func, &defs, node),
        _ => false,
    })
}

/// Whether the bounds say that a loop has exactly one iteration.
fn runs_once(func: &Function, defs: &Definitions, node: &For) -> bool {
    let constant = |v| defs.constant(func, v);
    constant(node.start) == Some(0) && constant(node.stop) == Some(1) && constant(node.step) == Some(1)
}

/// Whether a loop has so few iterations that lanes would stay empty, or is in lanes already.
pub fn is_unfit(func: &Function, node: &ParallelFor) -> bool {
    let in_lanes = walk::insts_of(func, node.body)
        .into_iter()
        .any(|i| func.inst(i).result.is_some_and(|v| func.ty(v).lanes().is_some()));
    in_lanes || is_short(func, node)
}

fn is_short(func: &Function, node: &ParallelFor) -> bool {
    let defs = Definitions::compute(func);
    let constant = |v| defs.constant(func, v);
    match (constant(node.start), constant(node.stop), constant(node.step)) {
        (Some(start), Some(stop), Some(step)) if step != 0 => (stop.saturating_sub(start) / step) < SHORT,
        _ => false,
    }
}

/// The labels that exits of a body name.
#[derive(Clone, Debug)]
pub struct Labels {
    pub candidate: Label,
    /// Loops of the body.
    pub inner: BTreeSet<Label>,
}

impl Labels {
    pub fn of(func: &Function, body: Region, candidate: Label) -> Labels {
        let mut inner = BTreeSet::new();
        walk::walk_region(func, body, &mut |inst| match &func.inst(inst).kind {
            InstKind::For(node) => {
                inner.insert(node.label);
            }
            InstKind::While { label, .. } => {
                inner.insert(*label);
            }
            _ => {}
        });
        Labels { candidate, inner }
    }

    /// Whether control that comes here leaves the group for the scalar code: errors, and exits of the loop itself or of
    /// one around it.
    pub fn leaves(&self, kind: &InstKind) -> bool {
        match kind {
            InstKind::Raise(_) | InstKind::Return(_) => true,
            InstKind::Break(label) => !self.inner.contains(label),
            InstKind::Continue(label) => *label != self.candidate && !self.inner.contains(label),
            _ => false,
        }
    }

    /// Whether an instruction may leave the group for the scalar code.
    fn may_leave(&self, kind: &InstKind) -> bool {
        match kind {
            InstKind::Check(..) => true,
            InstKind::CheckIndex { check, .. } => *check,
            _ => self.leaves(kind),
        }
    }
}

/// Why an analysed body cannot run in lanes.
pub fn obstacle(func: &Function, body: Region, facts: &Uniformity) -> Option<String> {
    let defs = Definitions::compute(func);
    walk::insts_of(func, body).into_iter().find_map(|inst| {
        let what = inst_obstacle(func, &defs, facts, inst)?;
        let line = (func.origin.first_line + func.inst(inst).loc.line).saturating_sub(1);
        Some(format!("{what} in line {line}"))
    })
}

fn inst_obstacle(
    func: &Function,
    defs: &Definitions,
    facts: &Uniformity,
    inst: Inst,
) -> Option<&'static str> {
    use InstKind as K;
    let data = func.inst(inst);
    let varies = data.result.is_some_and(|v| facts.varies(v));
    Some(match &data.kind {
        K::Const(_) | K::Unary(..) | K::Binary(..) | K::Compare(..) | K::Cast(..) | K::Math(..) => {
            return None;
        }
        K::CheckIndex { .. } | K::Check(..) | K::Raise(_) | K::If { .. } | K::While { .. } => return None,
        K::Break(_) | K::Continue(_) | K::Get(_) | K::Return(_) => return None,
        K::Select(..) if varies && data.result.is_some_and(|v| !is_number(func.ty(v))) => {
            "choosing an array or tuple"
        }
        K::Select(..) => return None,
        K::Set(x, _) if facts.vars.contains(x) && !is_number(func.var_ty(*x)) => {
            "an array or tuple that differs between iterations"
        }
        K::Set(..) => return None,
        K::Load { array, .. } | K::Store { array, .. } if facts.varies(*array) => {
            "an access to a view that differs between iterations"
        }
        K::Load { .. } | K::Store { .. } => return None,
        K::For(node) if facts.varies(node.step) => "a loop with a step that differs between iterations",
        K::For(node) if facts.varies(node.start) || facts.varies(node.stop) => {
            let constant = matches!(defs.kind(func, node.step), Some(K::Const(Const::Int(_, c))) if *c != 0);
            return (!constant).then_some("a loop with bounds that differ and a step that is not constant");
        }
        K::For(_) => return None,
        K::TupleMake(_) | K::TupleGet(..) | K::TupleIndex(..) if varies => {
            "a tuple that differs between iterations"
        }
        K::View { .. } | K::Dim(..) | K::Stride(..) | K::Address(_) if varies => {
            "a view that differs between iterations"
        }
        K::TupleMake(_) | K::TupleGet(..) | K::TupleIndex(..) | K::View { .. } | K::Dim(..) => return None,
        K::Stride(..) | K::Address(_) | K::Null | K::GlobalArray(_) | K::NumThreads | K::ThreadId => {
            return None;
        }
        K::CheckedBinary(..) => "integer arithmetic with an overflow check",
        K::Alloc { .. } => "a new array",
        K::AtomicUpdate { .. } => "an update of a shared array",
        K::ListReserve(..) | K::ListDrop(..) | K::LoadPacked(_) | K::StorePacked(..) => "a list",
        K::Print(_) => "print",
        K::CallC(..) => "a call of a C function",
        K::ParallelFor(_) | K::ParallelRegion(_) => "a parallel loop",
        K::Scope { .. } => "a block with clean-up",
        _ => "an operation without a form in lanes",
    })
}

fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Scalar(_))
}

/// Whether something leaves a group for the scalar code after a store may have been done.
pub fn bails_after_store(func: &Function, body: Region, labels: &Labels) -> bool {
    let mut stored = false;
    ordered(func, body, labels, &mut stored)
}

fn ordered(func: &Function, r: Region, labels: &Labels, stored: &mut bool) -> bool {
    for &inst in func.region(r) {
        let kind = &func.inst(inst).kind;
        if *stored && labels.may_leave(kind) {
            return true;
        }
        *stored |= matches!(kind, InstKind::Store { .. });
        let rounds = if matches!(kind, InstKind::For(_) | InstKind::While { .. }) { 2 } else { 1 };
        for _ in 0..rounds {
            for inner in walk::nested_regions(kind) {
                if ordered(func, inner, labels, stored) {
                    return true;
                }
            }
        }
    }
    false
}

/// Whether anything in a body may leave the group for the scalar code.
pub fn bails(func: &Function, body: Region, labels: &Labels) -> bool {
    walk::any_inst(func, body, &|kind| labels.may_leave(kind))
}

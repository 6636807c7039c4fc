//! Short-circuit conditions: what the parts of `a and b` are where the whole is known.
//!
//! The front end makes `a and b` into a variable, `if a { x = b } else { x = a }`, and likewise `or`. Where the
//! variable is true only one way can have led there, and each condition on that way is known.

use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{Const, InstKind};

/// Conditions, and whether they are true, that follow from `cond` being `truth`. `before` are the instructions in front
/// of the one that tests it; the reading of the variable stands behind the branches that set it.
pub fn implied(func: &Function, before: &[Inst], cond: Value, truth: bool) -> Vec<(Value, bool)> {
    let read = before.iter().rposition(|i| func.inst(*i).result == Some(cond));
    let Some((read, x)) = read.and_then(|at| match func.inst(before[at]).kind {
        InstKind::Get(x) => Some((at, x)),
        _ => None,
    }) else {
        return Vec::new();
    };
    // What lies between the reading and its use must not matter: the variable's value was read already.
    let branch = before[..read].iter().rev().find(|i| !is_pure(func, **i));
    let mut facts = Vec::new();
    if let Some(&branch) = branch {
        through(func, branch, x, truth, &mut facts);
    }
    facts
}

fn is_pure(func: &Function, inst: Inst) -> bool {
    matches!(func.inst(inst).kind, InstKind::Const(_) | InstKind::Get(_) | InstKind::Dim(..))
}

/// Facts of the only way through an `if` on which `x` becomes `truth`; none if there may be several.
fn through(func: &Function, inst: Inst, x: Var, truth: bool, facts: &mut Vec<(Value, bool)>) {
    let InstKind::If { cond, then, otherwise } = func.inst(inst).kind else { return };
    if cannot_be(func, otherwise, x, truth, cond, false) {
        facts.push((cond, true));
        end_of(func, then, x, truth, facts);
    } else if cannot_be(func, then, x, truth, cond, true) {
        facts.push((cond, false));
        end_of(func, otherwise, x, truth, facts);
    }
}

/// Facts of a region that leaves `x` as `truth`.
fn end_of(func: &Function, r: Region, x: Var, truth: bool, facts: &mut Vec<(Value, bool)>) {
    if let Some((last, before)) = func.region(r).split_last()
        && let InstKind::Set(y, v) = func.inst(*last).kind
        && x == y
    {
        facts.push((v, truth));
        facts.extend(implied(func, before, v, truth));
    }
}

/// Whether a branch, on which `cond` is `known`, leaves `x` different from `truth`.
fn cannot_be(func: &Function, r: Region, x: Var, truth: bool, cond: Value, known: bool) -> bool {
    match func.region(r).last().map(|i| &func.inst(*i).kind) {
        Some(InstKind::Set(y, v)) if *y == x => {
            let constant = func.insts.iter().find(|d| d.result == Some(*v)).and_then(|d| match d.kind {
                InstKind::Const(Const::Bool(b)) => Some(b),
                _ => None,
            });
            let value = if *v == cond { Some(known) } else { constant };
            value == Some(!truth)
        }
        _ => false,
    }
}

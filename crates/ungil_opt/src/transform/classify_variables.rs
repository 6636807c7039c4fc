//! Classification of the variables that a parallel loop assigns.
//!
//! Each becomes private, lastprivate or a reduction, or the loop is refused:
//!
//! - not read before it is written in the same iteration: private; lastprivate if it is read outside the loop, which
//!   needs that every iteration assigns it;
//! - only updated with one associative operator: a reduction;
//! - anything else carries a value from one iteration to the next, which would race.
//!
//! Inner loops come first, so that a reduction of an inner parallel loop counts as an update in the outer one. Runs
//! first of all passes: the front end leaves the clauses empty.

use crate::analysis::definitions::Definitions;
use crate::analysis::exposed::exposed;
use crate::analysis::reduction::{Updates, updates};
use crate::legality::{Reason, Refusal};
use crate::pipeline::Context;
use ungil_ir::entities::{Inst, Region, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{InstKind, ParallelFor, ScalarReduction};
use ungil_ir::walk;

/// Classifies the variables of all parallel loops and regions.
pub fn classify_variables(module: &mut Module, context: &mut Context) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        for inst in inner_first(func) {
            classify(func, inst, context);
            changed = true;
        }
    }
    changed
}

fn inner_first(func: &Function) -> Vec<Inst> {
    let mut nodes = walk::insts_of(func, func.body);
    nodes.retain(|i| matches!(func.inst(*i).kind, InstKind::ParallelFor(_) | InstKind::ParallelRegion(_)));
    nodes.reverse();
    nodes
}

fn classify(func: &mut Function, inst: Inst, context: &mut Context) {
    match func.inst(inst).kind.clone() {
        InstKind::ParallelRegion(mut node) => {
            node.privates = walk::assigned_vars(func, node.body).into_iter().collect();
            func.inst_mut(inst).kind = InstKind::ParallelRegion(node);
        }
        InstKind::ParallelFor(mut node) => {
            let refusals = classify_loop(func, &mut node);
            let at = func.inst(inst).loc;
            let name = func.name.clone();
            let refusal = |reason| Refusal { function: name.clone(), node: at, reason };
            context.refusals.extend(refusals.into_iter().map(refusal));
            func.inst_mut(inst).kind = InstKind::ParallelFor(node);
        }
        _ => unreachable!("called for parallel nodes only"),
    }
}

fn classify_loop(func: &Function, node: &mut ParallelFor) -> Vec<Reason> {
    let defs = Definitions::compute(func);
    let facts = exposed(func, node.label, node.body);
    let mut refusals = Vec::new();
    for x in walk::assigned_vars(func, node.body) {
        if let Some(&read) = facts.reads.get(&x) {
            match updates(func, &defs, node.body, x) {
                Updates::Reduction(op) => node.scalars.push(ScalarReduction { var: x, op }),
                other => {
                    refusals.push(carried(func, x, read, &other));
                    node.privates.push(x);
                }
            }
        } else if is_read_outside(func, node.body, x) {
            let write = func.inst(first_write(func, node.body, x)).loc;
            let var = func.vars[x.index()].name.clone();
            if func.var_ty(x).holds_memory() {
                refusals.push(Reason::ArrayLast { var, write });
            } else if !facts.assigned.contains(&x) {
                refusals.push(Reason::ConditionalLast { var, write });
            }
            node.lasts.push(x);
        } else {
            node.privates.push(x);
        }
    }
    refusals
}

fn carried(func: &Function, x: Var, read: Inst, updates: &Updates) -> Reason {
    let var = func.vars[x.index()].name.clone();
    let loc = |i: &Inst| func.inst(*i).loc;
    match updates {
        Updates::Mixed { first, second } => Reason::MixedOperators {
            var,
            first: (first.0, loc(&first.1)),
            second: (second.0, loc(&second.1)),
        },
        Updates::OtherRead { update, read } => {
            Reason::ReductionRead { var, update: loc(update), read: loc(read) }
        }
        Updates::Other { write } => Reason::CarriedVariable { var, read: loc(&read), write: loc(write) },
        Updates::Reduction(_) => unreachable!("a reduction is not refused"),
    }
}

fn is_read_outside(func: &Function, body: Region, x: Var) -> bool {
    let count = |r| {
        let reads = |i: &Inst| match &func.inst(*i).kind {
            InstKind::Get(y) => *y == x,
            InstKind::ParallelFor(node) => node.scalars.iter().any(|s| s.var == x),
            _ => false,
        };
        walk::insts_of(func, r).iter().filter(|i| reads(i)).count()
    };
    count(func.body) > count(body)
}

fn first_write(func: &Function, body: Region, x: Var) -> Inst {
    let writes = |i: &Inst| matches!(func.inst(*i).kind, InstKind::Set(y, _) if y == x);
    walk::insts_of(func, body).into_iter().find(writes).expect("the variable is assigned in the loop")
}

//! Searches by blocks.
//!
//! A loop that does nothing until a condition on the elements holds (a search that leaves at the first hit, or one that
//! keeps the largest so far and where it was) is run by blocks: first only the conditions of a block, which vectorises,
//! then, if one of them holds, the block as it was written.
//!
//! ```text
//! for i in 0..n {                     for k in 0..n step 256 strips {
//!   if a[i] > best {                    any = false
//!     best = a[i]; at = i        →      for i in k..end { any |= a[i] > best }
//!   }                                   if any { for i in k..end { if a[i] > best { … } } }
//! }                                   }
//! ```
//! In a block without a hit the conditions read what they would have read, so the result is the same to the bit. A
//! search that keeps finding larger elements goes back to single steps for a while ([`MAX_REST`] blocks at most).

use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use crate::pipeline::Context;
use crate::transform::strips::{retarget_continues, strip_end};
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region};
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::{Layout, Type};
use ungil_ir::walk;

const PASS: &str = "block_searches";
/// Iterations of a block when a hit ends the loop, so that little is computed in vain, and when it does not.
const EXIT_BLOCK: i64 = 128;
const RECORD_BLOCK: i64 = 512;
/// Most blocks that are run as written after blocks with hits.
const MAX_REST: i64 = 31;

/// Rewrites the searches of all functions.
pub fn block_searches(module: &mut Module, context: &mut Context) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let body = func.body;
        changed |= region(func, body, &mut Vec::new(), context);
    }
    changed
}

/// `around`: the parallel loops and regions around `r`.
fn region(func: &mut Function, r: Region, around: &mut Vec<Inst>, context: &mut Context) -> bool {
    let mut changed = false;
    for inst in func.region(r).to_vec() {
        let InstKind::For(node) = func.inst(inst).kind.clone() else {
            let kind = &func.inst(inst).kind;
            let parallel = matches!(kind, InstKind::ParallelFor(_) | InstKind::ParallelRegion(_));
            around.extend(parallel.then_some(inst));
            for inner in walk::nested_regions(kind).collect::<Vec<_>>() {
                changed |= region(func, inner, around, context);
            }
            if parallel {
                around.pop();
            }
            continue;
        };
        if let Some(search) = Search::of(func, &node) {
            let vars = rewrite(func, inst, &node, &search);
            for outer in around.iter() {
                if let InstKind::ParallelFor(l) = &mut func.inst_mut(*outer).kind {
                    l.privates.extend(vars);
                } else if let InstKind::ParallelRegion(l) = &mut func.inst_mut(*outer).kind {
                    l.privates.extend(vars);
                }
            }
            context.remarks.push(Remark {
                pass: PASS,
                kind: RemarkKind::Applied,
                function: func.name.clone(),
                loc: func.inst(inst).loc,
                text: format!("search by blocks of {}: conditions first", search.block),
            });
            changed = true;
        } else {
            changed |= region(func, node.body, around, context);
        }
    }
    changed
}

/// A loop whose body is a condition and what happens when it holds.
struct Search {
    /// Computes the conditions; the last instruction of the body is the `if` itself.
    prefix: Vec<Inst>,
    /// Conditions of the `if` and of those in its second branches, with the instructions that compute them.
    conditions: Vec<Value>,
    block: i64,
    /// Variables that hold the counter, to be kept up to date.
    counters: Vec<Var>,
}

impl Search {
    fn of(func: &Function, node: &For) -> Option<Search> {
        let defs = Definitions::compute(func);
        let step = Affine::of(func, &defs, node.step).and_then(|s| s.as_constant());
        if node.hints.scalar || node.hints.strips || step != Some(1) {
            return None;
        }
        let mut search =
            Search { prefix: Vec::new(), conditions: Vec::new(), block: EXIT_BLOCK, counters: Vec::new() };
        search.read(func, &defs, node, node.body, true)?;
        let any = |test: &dyn Fn(&InstKind) -> bool| search.prefix.iter().any(|i| test(&func.inst(*i).kind));
        let loads = any(&|kind| matches!(kind, InstKind::Load { .. }));
        let reads_counter = any(&|kind| matches!(kind, InstKind::Get(x) if search.counters.contains(x)));
        (loads && !reads_counter).then_some(search)
    }

    /// Reads `conditions; if`, and the same in the second branch, where nothing is loaded: it might not be there.
    fn read(&mut self, func: &Function, defs: &Definitions, node: &For, r: Region, top: bool) -> Option<()> {
        let (last, before) = func.region(r).split_last()?;
        let InstKind::If { cond, then, otherwise } = func.inst(*last).kind else { return None };
        for inst in before {
            match &func.inst(*inst).kind {
                InstKind::Set(x, v) if top && *v == node.iv => self.counters.push(*x),
                InstKind::Set(x, _) if top && is_never_read(func, *x) => {}
                kind if is_plain(kind) => self.prefix.push(*inst),
                InstKind::Load { array, index, .. } if top && is_unit(func, defs, node, *array, index) => {
                    self.prefix.push(*inst);
                }
                _ => return None,
            }
        }
        let exits = func.region(then).last().is_some_and(|i| {
            let kind = &func.inst(*i).kind;
            matches!(kind, InstKind::Return(_) | InstKind::Raise(_))
                || matches!(kind, InstKind::Break(label) if *label == node.label)
        });
        if !exits {
            self.block = RECORD_BLOCK;
            if !is_record(func, defs, cond, then) {
                return None;
            }
        }
        self.conditions.push(cond);
        if func.region(otherwise).is_empty() {
            Some(())
        } else {
            self.read(func, defs, node, otherwise, false)
        }
    }
}

/// Whether `cond` compares with a variable that the branch replaces: once it holds it is harder to fulfil.
fn is_record(func: &Function, defs: &Definitions, cond: Value, then: Region) -> bool {
    let Some(InstKind::Compare(op, a, b)) = defs.kind(func, cond) else { return false };
    let ordered = matches!(op, CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge);
    let assigned = walk::assigned_vars(func, then);
    let kept = |v: &Value| matches!(defs.kind(func, *v), Some(InstKind::Get(x)) if assigned.contains(x));
    ordered && kept(a) != kept(b)
}

fn is_plain(kind: &InstKind) -> bool {
    match kind {
        InstKind::Math(function, _) => matches!(
            function,
            ungil_ir::math::MathFn::Sqrt | ungil_ir::math::MathFn::Floor | ungil_ir::math::MathFn::Ceil
        ),
        InstKind::Const(_)
        | InstKind::Unary(..)
        | InstKind::Compare(..)
        | InstKind::Select(..)
        | InstKind::Cast(..)
        | InstKind::Get(_)
        | InstKind::Dim(..) => true,
        InstKind::Binary(op, ..) => *op != BinaryOp::Pow && !op.divides(),
        _ => false,
    }
}

fn is_never_read(func: &Function, x: Var) -> bool {
    let reads = |kind: &InstKind| matches!(kind, InstKind::Get(y) if *y == x);
    matches!(func.var_ty(x), Type::Scalar(_)) && !walk::any_inst(func, func.body, &reads)
}

/// Whether consecutive iterations load consecutive real numbers.
fn is_unit(func: &Function, defs: &Definitions, node: &For, array: Value, index: &[Value]) -> bool {
    let Type::Array(ty) = func.ty(array) else { return false };
    let (unit, rest) = match (ty.layout, index.split_last(), index.split_first()) {
        (Layout::C, Some((unit, rest)), _) | (Layout::F, _, Some((unit, rest))) => (unit, rest),
        _ => return false,
    };
    let steps = |v: &Value| Affine::of(func, defs, *v).map(|e| e.terms.get(&node.iv).copied().unwrap_or(0));
    let inside = walk::defined_values(func, node.body);
    !ty.dtype.is_complex()
        && steps(unit) == Some(1)
        && rest.iter().all(|v| *v != node.iv && (!inside.contains(v) || is_constant(func, defs, *v)))
}

fn is_constant(func: &Function, defs: &Definitions, v: Value) -> bool {
    matches!(defs.kind(func, v), Some(InstKind::Const(_)))
}

/// Returns the variables that it made.
fn rewrite(func: &mut Function, inst: Inst, node: &For, search: &Search) -> [Var; 3] {
    let loc = func.inst(inst).loc;
    let any = func.new_var("any", Type::BOOL);
    let rest = func.new_var("rest", Type::I64);
    let run = func.new_var("run", Type::I64);
    let (k, outer) = (func.new_value(Type::I64), func.new_region());
    let mut b = Builder { func, region: outer, loc };
    let stride = b.i64(search.block);
    let (end, _) = strip_end(&mut b, k, node.stop, stride, true);
    let (zero, one) = (b.i64(0), b.i64(1));
    // Blocks to run without looking first.
    let left = b.get(run);
    let look = b.compare(CompareOp::Le, left, zero);
    let (looking, ()) = b.nested(|b| {
        let no = b.bool(false);
        b.set(any, no);
        conditions(b, node, search, any, (k, end));
        let hit = b.get(any);
        let (noisy, ()) = b.nested(|b| {
            let limit = b.i64(MAX_REST);
            let before = b.get(rest);
            let twice = b.binary(BinaryOp::Add, before, before);
            let more = b.binary(BinaryOp::Add, twice, one);
            let more = b.binary(BinaryOp::Min, more, limit);
            b.set(rest, more);
            b.set(run, before);
        });
        let (quiet, ()) = b.nested(|b| b.set(rest, zero));
        b.push(InstKind::If { cond: hit, then: noisy, otherwise: quiet });
    });
    let (resting, ()) = b.nested(|b| {
        let fewer = b.binary(BinaryOp::Sub, left, one);
        b.set(run, fewer);
        let yes = b.bool(true);
        b.set(any, yes);
    });
    b.push(InstKind::If { cond: look, then: looking, otherwise: resting });
    let hit = b.get(any);
    let label = b.func.new_label();
    retarget_continues(b.func, node.body, node.label, label);
    let written = For { label, start: k, stop: end, ..node.clone() };
    let (as_written, ()) = b.nested(|b| {
        b.push(InstKind::For(Box::new(written)));
    });
    let (skipped, ()) = b.nested(|b| {
        let last = b.binary(BinaryOp::Sub, end, one);
        for x in &search.counters {
            b.set(*x, last);
        }
    });
    b.push(InstKind::If { cond: hit, then: as_written, otherwise: skipped });
    let hints = LoopHints { strips: true, ..LoopHints::default() };
    enclose(func, inst, node, For { iv: k, body: outer, hints, ..node.clone() }, (search.block, run, rest));
    [any, rest, run]
}

/// Puts the loop over blocks in the place of the old one, behind what it needs.
fn enclose(func: &mut Function, inst: Inst, node: &For, blocks: For, (block, run, rest): (i64, Var, Var)) {
    let loc = func.inst(inst).loc;
    let parent =
        (0..func.regions.len()).find(|r| func.regions[*r].contains(&inst)).expect("the loop's region");
    let scratch = func.new_region();
    let mut b = Builder { func, region: scratch, loc };
    let zero = b.i64(0);
    b.set(run, zero);
    b.set(rest, zero);
    let step = b.i64(block);
    b.push(InstKind::For(Box::new(For { step, start: node.start, ..blocks })));
    let new = std::mem::take(&mut func.regions[scratch.index()]);
    let list = &mut func.regions[parent];
    let position = list.iter().position(|i| *i == inst).expect("found above");
    list.splice(position..=position, new);
}

/// Appends the loop that computes whether any condition of a block holds.
fn conditions(b: &mut Builder<'_>, node: &For, search: &Search, any: Var, (k, end): (Value, Value)) {
    let template = b.func.new_region();
    b.func.regions[template.index()].clone_from(&search.prefix);
    let iv = b.func.new_value(Type::I64);
    let mut map = CloneMap::default();
    map.values.insert(node.iv, iv);
    let body = clone_region(b.func, template, &mut map);
    b.func.regions[template.index()].clear();
    let loc = b.loc;
    let mut inner = Builder { func: b.func, region: body, loc };
    let mut seen = inner.get(any);
    for cond in &search.conditions {
        let holds = map.values.get(cond).copied().unwrap_or(*cond);
        seen = inner.binary(BinaryOp::Or, seen, holds);
    }
    inner.set(any, seen);
    let label = b.func.new_label();
    let step = b.i64(1);
    let hints = LoopHints::default();
    b.push(InstKind::For(Box::new(For { label, iv, start: k, stop: end, step, body, hints })));
}

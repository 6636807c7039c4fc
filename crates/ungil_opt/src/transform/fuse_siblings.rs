//! Fusion of sibling loops.
//!
//! `t = s.sum(); u = s.max()` and `c = f(a); d = g(a)` lower to loops over the same places, one behind the other, that read
//! the same arrays. Such loops become one, which reads each element once; branches on the same condition that hold such
//! loops are joined first. What stands between two siblings moves in front of the first, or behind the second if it needs
//! what the first has computed.
//!
//! Needs: loops that do nothing but compute, load and store, with equal bounds. Keeps: every value, as the iterations of
//! each loop stay in their order; which exception is raised, as loops do not raise, and checks move over loops only that
//! write to arrays made here, and not in the body of a `try`.
//! Leaves alone: loops that share no array, that would be long, copies that put elements in order for vectors, or where one writes what the other reads at other places.

use std::collections::BTreeSet;

use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{For, InstKind, ParallelFor};
use ungil_ir::types::{Layout, Type};
use ungil_ir::walk;

use crate::analysis::definitions::Definitions;
use crate::analysis::sameness::same;
use crate::transform::hoist_invariants::is_pure;

/// Instructions of a fused loop: more would run out of registers.
const LARGEST: usize = 96;
/// Calls of mathematical functions in a fused loop: their time is theirs, not that of the loads that are saved.
const MOST_MATHS: usize = 2;
/// Instructions between two siblings.
const WINDOW: usize = 64;

/// Fuses sibling loops of all functions, outer ones first.
pub fn fuse_siblings(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        changed |= region(func, func.body, false);
    }
    changed
}

/// `guarded`: a handler may see the variables as an error leaves them.
fn region(func: &mut Function, r: Region, guarded: bool) -> bool {
    let mut changed = false;
    let mut first = 0;
    while first < func.region(r).len() {
        if is_candidate(func, func.region(r)[first]) && fuse_with_next(func, r, first, guarded) {
            // The fused loop has moved; what has been in front of it was looked at.
            changed = true;
            continue;
        }
        first += 1;
    }
    for inst in func.region(r).to_vec() {
        let tries = match func.inst(inst).kind {
            InstKind::Try { body, .. } => Some(body),
            _ => None,
        };
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            changed |= region(func, inner, guarded || tries == Some(inner));
        }
    }
    changed
}

fn is_candidate(func: &Function, inst: Inst) -> bool {
    matches!(func.inst(inst).kind, InstKind::For(_) | InstKind::ParallelFor(_) | InstKind::If { .. })
}

/// What a loop or branch does, as far as others can tell.
struct Summary {
    loads: Vec<(Value, Vec<Value>)>,
    stores: Vec<(Value, Vec<Value>)>,
    reads: BTreeSet<Var>,
    writes: BTreeSet<Var>,
    needs: BTreeSet<Value>,
    size: usize,
    maths: usize,
    /// It makes arrays.
    makes: bool,
}

impl Summary {
    /// `None`: it does more than to compute, load and store.
    fn of(func: &Function, inst: Inst) -> Option<Summary> {
        let mut s = Summary {
            loads: Vec::new(),
            stores: Vec::new(),
            reads: BTreeSet::new(),
            writes: BTreeSet::new(),
            needs: BTreeSet::new(),
            size: 0,
            maths: 0,
            makes: false,
        };
        let mut plain = true;
        let kind = &func.inst(inst).kind;
        for r in walk::nested_regions(kind) {
            s.needs.extend(walk::free_values(func, r));
            s.reads.extend(walk::read_vars(func, r));
            s.writes.extend(walk::assigned_vars(func, r));
            walk::walk_region(func, r, &mut |i| plain &= s.take(func, i));
        }
        walk::for_each_region_value(kind, &mut |v| {
            s.needs.remove(&v);
        });
        walk::for_each_operand(kind, &mut |v| {
            s.needs.insert(*v);
        });
        plain &= s.take_own(kind) && (!s.makes || matches!(kind, InstKind::If { .. }));
        plain.then_some(s)
    }

    fn take(&mut self, func: &Function, inst: Inst) -> bool {
        self.size += 1;
        match &func.inst(inst).kind {
            InstKind::Load { array, index, .. } => self.loads.push((*array, index.clone())),
            InstKind::Store { array, index, .. } => self.stores.push((*array, index.clone())),
            InstKind::Math(f, ..) => self.maths += usize::from(f.name() != "sqrt"),
            InstKind::Get(_) | InstKind::Set(..) | InstKind::If { .. } => {}
            InstKind::Alloc { .. } => self.makes = true,
            InstKind::For(_) | InstKind::ParallelFor(_) => return self.take_own(&func.inst(inst).kind),
            kind => return is_pure(kind),
        }
        true
    }

    fn take_own(&mut self, kind: &InstKind) -> bool {
        if let InstKind::ParallelFor(node) = kind {
            self.writes.extend(node.privates.iter().chain(&node.lasts));
            self.writes.extend(node.scalars.iter().map(|s| s.var));
            return node.arrays.is_empty();
        }
        true
    }

    fn touches(&self, x: Var) -> bool {
        self.reads.contains(&x) || self.writes.contains(&x)
    }

    fn accesses(&self) -> impl Iterator<Item = (&(Value, Vec<Value>), bool)> {
        self.loads.iter().map(|a| (a, false)).chain(self.stores.iter().map(|a| (a, true)))
    }

    /// Whether it writes to arrays only that nobody sees if the function fails.
    fn is_quiet(&self, func: &Function, defs: &Definitions) -> bool {
        self.stores.iter().all(|(array, _)| is_fresh(func, defs, *array))
    }
}

fn is_fresh(func: &Function, defs: &Definitions, array: Value) -> bool {
    matches!(defs.kind(func, defs.memory_root(func, array)), Some(InstKind::Alloc { .. }))
}

/// Whether two arrays are known not to share memory.
fn apart(func: &Function, defs: &Definitions, a: Value, b: Value) -> bool {
    let known = |root: Value| {
        func.params.contains(&root)
            || matches!(defs.kind(func, root), Some(InstKind::Alloc { .. } | InstKind::GlobalArray(_)))
    };
    let (ra, rb) = (defs.memory_root(func, a), defs.memory_root(func, b));
    ra != rb
        && known(ra)
        && known(rb)
        && [ra, rb].iter().any(|r| matches!(defs.kind(func, *r), Some(InstKind::Alloc { .. })))
}

/// Fuses the candidate at `first` with the next one in its region that it may be fused with.
fn fuse_with_next(func: &mut Function, r: Region, first: usize, guarded: bool) -> bool {
    let defs = Definitions::compute(func);
    let a = func.region(r)[first];
    let Some(own) = Summary::of(func, a) else { return false };
    let mut between = Between::new(&own, guarded, own.is_quiet(func, &defs));
    let end = func.region(r).len().min(first + WINDOW);
    for second in first + 1..end {
        let b = func.region(r)[second];
        if is_candidate(func, b)
            && let Some(other) = Summary::of(func, b)
            && are_alike(func, &defs, a, b)
            && pays(func, &defs, a, (&own, &other))
            && may_interleave(func, &defs, (a, &own), (b, &other))
            && between.lets_pass(func, &defs, &other)
        {
            let (early, late) = (between.early.clone(), between.late.clone());
            join(func, a, b);
            let list = &mut func.regions[r.index()];
            list.splice(first..=second, early.into_iter().chain([a]).chain(late));
            return true;
        }
        if !between.take(func, &defs, b) {
            return false;
        }
    }
    false
}

/// What stands between two siblings: what goes in front of the first, and what behind the second.
struct Between<'a> {
    first: &'a Summary,
    guarded: bool,
    quiet: bool,
    early: Vec<Inst>,
    late: Vec<Inst>,
    late_values: BTreeSet<Value>,
    late_reads: BTreeSet<Var>,
    late_writes: BTreeSet<Var>,
    late_check: bool,
}

impl<'a> Between<'a> {
    fn new(first: &'a Summary, guarded: bool, quiet: bool) -> Between<'a> {
        Between {
            first,
            guarded,
            quiet,
            early: Vec::new(),
            late: Vec::new(),
            late_values: BTreeSet::new(),
            late_reads: BTreeSet::new(),
            late_writes: BTreeSet::new(),
            late_check: false,
        }
    }

    /// Takes the next instruction; `false`: it has to stay where it is.
    fn take(&mut self, func: &Function, defs: &Definitions, inst: Inst) -> bool {
        let kind = &func.inst(inst).kind;
        let mut late = false;
        walk::for_each_operand(kind, &mut |v| late |= self.late_values.contains(v));
        match kind {
            InstKind::Get(x) => late |= self.first.writes.contains(x) || self.late_writes.contains(x),
            InstKind::Set(x, _) => {
                late |= self.first.touches(*x) || self.late_writes.contains(x) || self.late_reads.contains(x);
            }
            InstKind::Alloc { .. } | InstKind::Check(..) if self.guarded => return false,
            // What is made late is released as what is made early; that it may not be made is told at once.
            InstKind::Alloc { .. } => {}
            InstKind::Check(..) if late => self.late_check = true,
            // Checks stay in their order.
            InstKind::Check(..) => return self.quiet && !self.late_check && self.go(func, inst, false),
            InstKind::For(_) => {
                let Some(s) = Summary::of(func, inst) else { return false };
                let vars = s.reads.iter().chain(&s.writes);
                let bound = s.needs.iter().any(|v| self.late_values.contains(v))
                    || vars.clone().any(|x| self.first.touches(*x))
                    || vars.clone().any(|x| self.late_reads.contains(x) || self.late_writes.contains(x));
                if bound || !independent(func, defs, self.first, &s) {
                    return false;
                }
            }
            kind if is_pure(kind) => {}
            _ => return false,
        }
        self.go(func, inst, late)
    }

    fn go(&mut self, func: &Function, inst: Inst, late: bool) -> bool {
        if !late {
            self.early.push(inst);
            return true;
        }
        let data = func.inst(inst);
        self.late_values.extend(data.result);
        match data.kind {
            InstKind::Get(x) => drop(self.late_reads.insert(x)),
            InstKind::Set(x, _) => drop(self.late_writes.insert(x)),
            _ => {}
        }
        self.late.push(inst);
        true
    }

    /// Whether what goes behind the second sibling may.
    fn lets_pass(&self, func: &Function, defs: &Definitions, second: &Summary) -> bool {
        !second.needs.iter().any(|v| self.late_values.contains(v))
            && !self.late_writes.iter().any(|x| second.touches(*x))
            && !self.late_reads.iter().any(|x| second.writes.contains(x))
            && (!self.late_check || second.is_quiet(func, defs))
    }
}

/// Whether neither of two loops writes what the other uses.
fn independent(func: &Function, defs: &Definitions, a: &Summary, b: &Summary) -> bool {
    a.accesses()
        .all(|((x, _), xs)| b.accesses().all(|((y, _), ys)| (!xs && !ys) || apart(func, defs, *x, *y)))
}

/// Whether two candidates have the same bounds, or the same condition.
fn are_alike(func: &Function, defs: &Definitions, a: Inst, b: Inst) -> bool {
    let eq = |x: Value, y: Value| same(func, defs, x, y);
    match (&func.inst(a).kind, &func.inst(b).kind) {
        (InstKind::For(a), InstKind::For(b)) => {
            eq(a.start, b.start)
                && eq(a.stop, b.stop)
                && eq(a.step, b.step)
                && (a.hints.scalar, a.hints.lanes) == (b.hints.scalar, b.hints.lanes)
        }
        (InstKind::ParallelFor(a), InstKind::ParallelFor(b)) => {
            let plain = |p: &ParallelFor| p.in_place || p.scalars.is_empty();
            let threads = match (a.num_threads, b.num_threads) {
                (None, None) => true,
                (Some(x), Some(y)) => eq(x, y),
                _ => false,
            };
            eq(a.start, b.start)
                && eq(a.stop, b.stop)
                && eq(a.step, b.step)
                && threads
                && a.schedule == b.schedule
                && a.chunk.is_none()
                && b.chunk.is_none()
                && (a.in_place, a.min_block) == (b.in_place, b.min_block)
                && plain(a)
                && plain(b)
        }
        (InstKind::If { cond: x, .. }, InstKind::If { cond: y, .. }) => eq(*x, *y),
        _ => false,
    }
}

/// Whether one loop saves reading an array, or reading back what was written.
fn pays(func: &Function, defs: &Definitions, inst: Inst, (a, b): (&Summary, &Summary)) -> bool {
    let shared = a.accesses().any(|((x, _), _)| {
        b.loads.iter().any(|(y, _)| defs.memory_root(func, *x) == defs.memory_root(func, *y))
    });
    let small = a.size + b.size <= LARGEST && a.maths + b.maths <= MOST_MATHS;
    shared
        && !puts_in_order(func, defs, a, b)
        && (small || matches!(func.inst(inst).kind, InstKind::If { .. }))
}

/// Whether the first copies elements that lie apart, so that the second computes functions of them in vectors.
fn puts_in_order(func: &Function, defs: &Definitions, a: &Summary, b: &Summary) -> bool {
    let apart = |x: &Value| matches!(func.ty(*x), Type::Array(ty) if ty.layout != Layout::C);
    let copies = a.maths == 0 && a.loads.iter().any(|(x, _)| apart(x));
    let root = |x: &Value| defs.memory_root(func, *x);
    let feeds = a.stores.iter().any(|(x, _)| b.loads.iter().any(|(y, _)| root(x) == root(y)));
    copies && feeds && b.maths > 0
}

/// Whether the second's iterations may run between those of the first.
fn may_interleave(
    func: &Function,
    defs: &Definitions,
    (a, first): (Inst, &Summary),
    (b, second): (Inst, &Summary),
) -> bool {
    if first.writes.iter().any(|x| second.touches(*x))
        || second.writes.iter().any(|x| first.reads.contains(x))
    {
        return false;
    }
    if matches!(func.inst(a).kind, InstKind::If { .. }) {
        return true;
    }
    let iv = |inst: Inst| match &func.inst(inst).kind {
        InstKind::For(node) => node.iv,
        InstKind::ParallelFor(node) => node.iv,
        _ => unreachable!("a loop"),
    };
    let (i, j) = (iv(a), iv(b));
    // Elements that differ from iteration to iteration meet in the same one only, where the order stays.
    let in_step = |p: &[Value], q: &[Value]| p.iter().zip(q).any(|(x, y)| *x == i && *y == j);
    first.accesses().all(|((x, p), xs)| {
        second
            .accesses()
            .all(|((y, q), ys)| (!xs && !ys) || apart(func, defs, *x, *y) || (x == y && in_step(p, q)))
    })
}

/// Appends the body of `b` to that of `a`.
fn join(func: &mut Function, a: Inst, b: Inst) {
    let second = func.inst(b).kind.clone();
    let mut kind = func.inst(a).kind.clone();
    match (&mut kind, &second) {
        (InstKind::For(a), InstKind::For(b)) => {
            let For { iv, hints, .. } = **a;
            append(func, a.body, b.body, Some((b.iv, iv)));
            a.hints.independent = hints.independent && b.hints.independent;
        }
        (InstKind::ParallelFor(a), InstKind::ParallelFor(b)) => {
            append(func, a.body, b.body, Some((b.iv, a.iv)));
            a.privates.extend(&b.privates);
            a.lasts.extend(&b.lasts);
            a.scalars.extend(b.scalars.iter().copied());
        }
        (
            InstKind::If { then, otherwise, .. },
            InstKind::If { then: other_then, otherwise: other_otherwise, .. },
        ) => {
            append(func, *then, *other_then, None);
            append(func, *otherwise, *other_otherwise, None);
        }
        _ => unreachable!("siblings are alike"),
    }
    func.inst_mut(a).kind = kind;
}

fn append(func: &mut Function, to: Region, from: Region, iv: Option<(Value, Value)>) {
    if let Some((old, new)) = iv {
        walk::replace_uses(func, from, &|v| if v == old { new } else { v });
    }
    let tail = std::mem::take(&mut func.regions[from.index()]);
    func.regions[to.index()].extend(tail);
}

//! Ownership of array memory.
//!
//! Inserts the retains and releases that free every fresh array exactly once on every path, and no others:
//! arguments, global arrays and views are borrowed and never counted. Rules:
//!
//! - A *site* (an allocation, or a call that returns arrays) keeps its result alive in a slot variable until the
//!   site runs again or its function (or parallel iteration) ends. A scope around the body releases all slots.
//! - A variable is *counted* when it may hold memory of a site that runs more than once (inside a loop): then the
//!   slot alone does not keep the memory alive. Writing a counted variable retains the new value and releases the old.
//! - A value read from a counted variable that is written again before the value's last use is kept in a slot too.
//! - `return` retains what it returns, or empties its slot if that is that of a site that runs once and nothing follows.
//!   Where a cleanup follows that may raise, as `finally` may, the reference lies in a variable until the last one has run.
//!
//! Needs: variables start as zero, an array without memory, whose release does nothing.

use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::entities::{Inst, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, CompareOp, Const, InstKind, Loc};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// Inserts ownership in all functions.
pub fn insert_ownership(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        changed |= own_function(func);
    }
    changed
}

fn own_function(func: &mut Function) -> bool {
    let mut repeated = BTreeSet::new();
    sites_in_loops(func, func.body, false, &mut repeated);
    let counted = counted_vars(func, repeated.clone());
    let mut owner = Owner { func, repeated, counted, slots: BTreeMap::new(), changed: false };
    let body = owner.func.body;
    let pending = owner.hold_returned(body);
    let slots = owner.region(body);
    let counted: Vec<Var> = owner.counted.iter().copied().collect();
    let private = private_vars(owner.func);
    let held = slots
        .into_iter()
        .chain(pending)
        .chain(counted.into_iter().filter(|x| !private.contains(x)))
        .collect::<Vec<_>>();
    let mut last = BTreeSet::new();
    last_returns(owner.func, body, &mut last);
    owner.enclose(body, &held);
    owner.retain_returned(body, &last);
    owner.changed
}

/// Returns behind which nothing is run any more that may raise, as `finally` may.
fn last_returns(func: &Function, r: Region, found: &mut BTreeSet<Inst>) {
    for &inst in func.region(r) {
        match &func.inst(inst).kind {
            InstKind::Return(_) => drop(found.insert(inst)),
            InstKind::Scope { .. } | InstKind::Try { .. } => {}
            kind => walk::nested_regions(kind).for_each(|inner| last_returns(func, inner, found)),
        }
    }
}

/// Returns behind which cleanups run.
#[derive(Default)]
struct Delayed {
    /// With the number of cleanups.
    returns: Vec<(Inst, i64)>,
    cleanups: Vec<Region>,
    /// Handlers of errors of such a cleanup.
    handlers: Vec<Region>,
}

impl Delayed {
    fn search(&mut self, func: &Function, r: Region, depth: i64) {
        for &inst in func.region(r) {
            let before = self.returns.len();
            match &func.inst(inst).kind {
                InstKind::Return(Some(v)) if depth > 0 && func.ty(*v).holds_memory() => {
                    self.returns.push((inst, depth));
                }
                InstKind::Scope { body, cleanup } => {
                    self.search(func, *body, depth + 1);
                    if self.returns.len() > before {
                        self.cleanups.push(*cleanup);
                    }
                }
                InstKind::Try { body, handler } => {
                    self.search(func, *body, depth);
                    if self.returns.len() > before {
                        self.handlers.push(*handler);
                    }
                    self.search(func, *handler, depth);
                }
                InstKind::ParallelFor(_) | InstKind::ParallelRegion(_) => {}
                kind => walk::nested_regions(kind).for_each(|inner| self.search(func, inner, depth)),
            }
        }
    }
}

/// Variables that belong to the iterations of a parallel loop, which releases them itself.
fn private_vars(func: &Function) -> BTreeSet<Var> {
    let mut vars = BTreeSet::new();
    walk::walk_region(func, func.body, &mut |inst| {
        walk::for_each_var(&func.inst(inst).kind, &mut |x, how| {
            if how == walk::VarUse::Clause {
                vars.insert(x);
            }
        });
    });
    vars
}

fn is_site(func: &Function, inst: Inst) -> bool {
    let data = func.inst(inst);
    let fresh = matches!(data.kind, InstKind::Alloc { .. } | InstKind::Call(..) | InstKind::LoadPacked(_));
    fresh && data.result.is_some_and(|v| func.ty(v).holds_memory())
}

/// Variables that may hold memory of a site that runs repeatedly.
fn counted_vars(func: &Function, mut repeated: BTreeSet<Value>) -> BTreeSet<Var> {
    let mut counted = BTreeSet::new();
    loop {
        let (values, vars) = (repeated.len(), counted.len());
        walk::walk_region(func, func.body, &mut |inst| {
            let data = func.inst(inst);
            let mut tainted = matches!(data.kind, InstKind::Get(x) if counted.contains(&x));
            walk::for_each_operand(&data.kind, &mut |v| tainted |= repeated.contains(v));
            if !tainted {
                return;
            }
            if let InstKind::Set(x, _) = data.kind
                && func.var_ty(x).holds_memory()
            {
                counted.insert(x);
            }
            repeated.extend(data.result.filter(|v| func.ty(*v).holds_memory()));
        });
        if (values, vars) == (repeated.len(), counted.len()) {
            return counted;
        }
    }
}

fn sites_in_loops(func: &Function, r: Region, looped: bool, found: &mut BTreeSet<Value>) {
    for &inst in func.region(r) {
        if looped && is_site(func, inst) {
            found.extend(func.inst(inst).result);
        }
        let kind = &func.inst(inst).kind;
        let looped =
            looped || !matches!(kind, InstKind::If { .. } | InstKind::Scope { .. } | InstKind::Try { .. });
        for inner in walk::nested_regions(kind) {
            sites_in_loops(func, inner, looped, found);
        }
    }
}

struct Owner<'f> {
    func: &'f mut Function,
    /// Results of sites inside loops.
    repeated: BTreeSet<Value>,
    counted: BTreeSet<Var>,
    /// The slots of sites that run once at most.
    slots: BTreeMap<Value, Var>,
    changed: bool,
}

impl Owner<'_> {
    /// Treats a region and returns the slots made in it that the enclosing function or iteration must release.
    fn region(&mut self, r: Region) -> Vec<Var> {
        let mut slots = Vec::new();
        let old = self.func.region(r).to_vec();
        let mut new = Vec::with_capacity(old.len());
        for (k, &inst) in old.iter().enumerate() {
            let kind = self.func.inst(inst).kind.clone();
            let inner: Vec<Region> = walk::nested_regions(&kind).collect();
            if let InstKind::ParallelFor(_) | InstKind::ParallelRegion(_) = kind {
                self.parallel(inst, inner[0]);
            } else {
                for region in inner {
                    slots.extend(self.region(region));
                }
            }
            match kind {
                InstKind::Set(x, v) if self.counted.contains(&x) => self.write(inst, x, v, &mut new),
                InstKind::Get(x) if self.counted.contains(&x) && self.is_overwritten(x, &old[k + 1..]) => {
                    new.push(inst);
                    let v = self.func.inst(inst).result.expect("a read has a result");
                    let retain = self.make(InstKind::Retain(v));
                    new.push(retain);
                    slots.push(self.keep(v, &mut new));
                }
                _ if is_site(self.func, inst) => {
                    let v = self.func.inst(inst).result.expect("a site has a result");
                    new.push(inst);
                    slots.push(self.keep_site(v, &mut new));
                }
                _ => new.push(inst),
            }
        }
        self.func.regions[r.index()] = new;
        slots
    }

    fn make(&mut self, kind: InstKind) -> Inst {
        self.changed = true;
        self.func.make_inst(kind, None, Loc::default())
    }

    fn read(&mut self, x: Var, new: &mut Vec<Inst>) -> Value {
        let ty = self.func.var_ty(x).clone();
        let inst = self.func.make_inst(InstKind::Get(x), Some(ty), Loc::default());
        new.push(inst);
        self.func.inst(inst).result.expect("a read has a result")
    }

    /// Gives the result of a site a slot.
    fn keep_site(&mut self, v: Value, new: &mut Vec<Inst>) -> Var {
        if self.repeated.contains(&v) {
            return self.keep(v, new);
        }
        // The slot is empty before.
        let slot = self.func.new_var("owned", self.func.ty(v).clone());
        new.push(self.make(InstKind::Set(slot, v)));
        self.slots.insert(v, slot);
        slot
    }

    /// Gives a slot its new content and releases the old one.
    fn keep(&mut self, v: Value, new: &mut Vec<Inst>) -> Var {
        let ty = self.func.ty(v).clone();
        let slot = self.func.new_var("owned", ty);
        let old = self.read(slot, new);
        let (set, release) = (self.make(InstKind::Set(slot, v)), self.make(InstKind::Release(old)));
        new.extend([set, release]);
        slot
    }

    fn write(&mut self, set: Inst, x: Var, v: Value, new: &mut Vec<Inst>) {
        let retain = self.make(InstKind::Retain(v));
        new.push(retain);
        let old = self.read(x, new);
        let release = self.make(InstKind::Release(old));
        new.extend([set, release]);
    }

    /// Whether the variable may be written while its value is in use: views share the memory, so every later write of the region counts.
    fn is_overwritten(&self, x: Var, rest: &[Inst]) -> bool {
        let assigns = |i: Inst| {
            matches!(self.func.inst(i).kind, InstKind::Set(y, _) if y == x)
                || walk::nested_regions(&self.func.inst(i).kind)
                    .any(|r| walk::assigned_vars(self.func, r).contains(&x))
        };
        rest.iter().any(|i| assigns(*i))
    }

    fn parallel(&mut self, node: Inst, body: Region) {
        let mut slots = self.region(body);
        let mut owned = Vec::new();
        walk::for_each_var(&self.func.inst(node).kind, &mut |x, _| owned.push(x));
        owned.retain(|x| self.counted.contains(x));
        match &mut self.func.inst_mut(node).kind {
            InstKind::ParallelFor(l) => l.privates.extend(&slots),
            InstKind::ParallelRegion(l) => l.privates.extend(&slots),
            _ => unreachable!("called for parallel nodes only"),
        }
        slots.extend(owned);
        self.enclose(body, &slots);
    }

    /// Puts a scope around the content of a region that releases and clears variables on every exit.
    fn enclose(&mut self, r: Region, held: &[Var]) {
        if held.is_empty() {
            return;
        }
        let (body, cleanup) = (self.func.new_region(), self.func.new_region());
        let mut insts = Vec::new();
        for x in held {
            let old = self.read(*x, &mut insts);
            insts.push(self.make(InstKind::Release(old)));
            insts.extend(self.cleared(*x));
        }
        self.func.regions[cleanup.index()] = insts;
        self.func.regions[body.index()] = std::mem::take(&mut self.func.regions[r.index()]);
        let scope = self.make(InstKind::Scope { body, cleanup });
        self.func.regions[r.index()].push(scope);
    }

    /// Keeps what a return has retained in a variable until the cleanups behind it have run; gives the variable.
    ///
    /// Another variable counts the cleanups that are left: one that fails does not count, so that what is kept is released.
    fn hold_returned(&mut self, body: Region) -> Option<Var> {
        let mut delayed = Delayed::default();
        delayed.search(self.func, body, 0);
        let InstKind::Return(Some(first)) = self.func.inst(delayed.returns.first()?.0).kind else {
            return None;
        };
        let pending = self.func.new_var("returned", self.func.ty(first).clone());
        let left = self.func.new_var("cleanups", Type::I64);
        for (inst, depth) in delayed.returns {
            let InstKind::Return(Some(v)) = self.func.inst(inst).kind else { continue };
            let mut before = Vec::new();
            let old = self.read(pending, &mut before);
            before.extend([self.make(InstKind::Release(old)), self.make(InstKind::Set(pending, v))]);
            let depth = self.value(InstKind::Const(Const::Int(DType::I64, depth)), Type::I64, &mut before);
            before.push(self.make(InstKind::Set(left, depth)));
            self.put_before(inst, before);
        }
        for cleanup in delayed.cleanups {
            let is_open =
                self.func.region(cleanup).last().is_none_or(|i| !walk::is_exit(&self.func.inst(*i).kind));
            if is_open {
                let counted = self.count_down(left, pending);
                self.func.regions[cleanup.index()].extend(counted);
            }
        }
        for handler in delayed.handlers {
            let mut first = Vec::new();
            let old = self.read(pending, &mut first);
            first.push(self.make(InstKind::Release(old)));
            first.extend(self.cleared(pending));
            self.func.regions[handler.index()].splice(0..0, first);
        }
        Some(pending)
    }

    /// One cleanup less is left; behind the last one the caller owns what is returned.
    fn count_down(&mut self, left: Var, pending: Var) -> Vec<Inst> {
        let mut insts = Vec::new();
        let before = self.read(left, &mut insts);
        let one = self.value(InstKind::Const(Const::Int(DType::I64, 1)), Type::I64, &mut insts);
        let zero = self.value(InstKind::Const(Const::Int(DType::I64, 0)), Type::I64, &mut insts);
        let now = self.value(InstKind::Binary(BinaryOp::Sub, before, one), Type::I64, &mut insts);
        insts.push(self.make(InstKind::Set(left, now)));
        let cond = self.value(InstKind::Compare(CompareOp::Eq, now, zero), Type::BOOL, &mut insts);
        let (then, otherwise) = (self.func.new_region(), self.func.new_region());
        self.func.regions[then.index()] = self.cleared(pending);
        insts.push(self.make(InstKind::If { cond, then, otherwise }));
        insts
    }

    fn value(&mut self, kind: InstKind, ty: Type, new: &mut Vec<Inst>) -> Value {
        let inst = self.func.make_inst(kind, Some(ty), Loc::default());
        new.push(inst);
        self.func.inst(inst).result.expect("it has a result")
    }

    fn put_before(&mut self, inst: Inst, before: Vec<Inst>) {
        for list in &mut self.func.regions {
            if let Some(at) = list.iter().position(|i| *i == inst) {
                list.splice(at..at, before);
                return;
            }
        }
    }

    /// Empties a slot.
    fn cleared(&mut self, x: Var) -> Vec<Inst> {
        let ty = self.func.var_ty(x).clone();
        let null = self.func.make_inst(InstKind::Null, Some(ty), Loc::default());
        let empty = self.func.inst(null).result.expect("null has a result");
        vec![null, self.make(InstKind::Set(x, empty))]
    }

    fn retain_returned(&mut self, r: Region, last: &BTreeSet<Inst>) {
        for inst in walk::insts_of(self.func, r) {
            let InstKind::Return(Some(v)) = self.func.inst(inst).kind else { continue };
            if !self.func.ty(v).holds_memory() {
                continue;
            }
            let before = match self.slots.get(&v).filter(|_| last.contains(&inst)) {
                Some(slot) => self.cleared(*slot),
                None => vec![self.make(InstKind::Retain(v))],
            };
            self.put_before(inst, before);
        }
    }
}

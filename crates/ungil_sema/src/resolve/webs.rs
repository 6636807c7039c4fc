//! Webs: the definitions of a local name, split where no use sees both.
//!
//! A structured reaching-definitions analysis: definitions that reach a common use form one web, and each web is one
//! variable with one type. `x = 1; …; x = x.T` has two webs, so the name changes its type in straight-line code.
//!
//! A web is `direct` when it has one definition whose place dominates every use by nesting: the lowerer then uses the
//! defining value itself and makes no variable. A use that an undefined path reaches as well is `flagged`: it is
//! checked at run time. Branches that an [`Oracle`] decides do not count.
//!
//! Contract: places are keyed by the byte offset of the name in the text, which is unique within a file. A loop's body
//! is walked until nothing new reaches its head: at most twice, because the problem is of the gen/kill kind, and
//! once or twice more where a decision was taken back.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Comprehension, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::name::Name;
use ungil_syntax::ast::pattern::{Pattern, PatternKind};
use ungil_syntax::ast::stmt::{For, If, Match, Stmt, StmtKind, Try, While};

use crate::resolve::children::{self, is_team};
use crate::resolve::scopes::{Body, FuncKey, Scopes, default_variable};

/// Decides conditions that types decide.
pub trait Oracle {
    /// The truth of `test`, if it is known. `is_parameter` tells whether a name still is the parameter of that name.
    fn decide(&self, test: &Expr, is_parameter: &dyn Fn(&str) -> bool) -> Option<bool>;

    /// Whether `assert` statements are compiled.
    fn asserts(&self) -> bool;
}

/// A web by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct WebId(pub u32);

/// What is known about a web.
#[derive(Clone, PartialEq, Debug)]
pub struct Web {
    pub name: Name,
    /// Its first definition.
    pub span: Span,
    /// Whether the parameter of this name is one of its definitions.
    pub is_param: bool,
    /// One definition that dominates all uses.
    pub direct: bool,
    /// Some use may come before any definition.
    pub flagged: bool,
    /// More than one definition.
    pub several: bool,
}

/// What reaches a use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// No definition.
    Unbound,
    Web {
        web: WebId,
        maybe_unbound: bool,
    },
}

/// The webs of one function.
#[derive(Clone, Debug, Default)]
pub struct Webs {
    pub list: Vec<Web>,
    uses: HashMap<u32, Use>,
    defs: HashMap<u32, WebId>,
    params: HashMap<Name, WebId>,
    captured: HashMap<Name, Use>,
    /// Names that are assigned after a nested function has captured them.
    changing: HashSet<Name>,
    /// Conditions that the oracle decided, by where they start and end.
    decided: HashMap<(u32, u32), bool>,
}

impl Webs {
    /// Whether a captured name may be assigned after its capture.
    pub fn changes(&self, name: &str) -> bool {
        self.changing.contains(name)
    }

    /// What the name at this place reads; `None` where the analysis found that control does not get there.
    pub fn use_at(&self, lo: u32) -> Option<Use> {
        self.uses.get(&lo).copied()
    }

    /// The web that the name at this place defines.
    pub fn def_at(&self, lo: u32) -> Option<WebId> {
        self.defs.get(&lo).copied()
    }

    /// Every place that assigns or reads a variable, in the order of the text.
    pub fn places(&self) -> Vec<(u32, WebId)> {
        let read = self.uses.iter().filter_map(|(lo, used)| match used {
            Use::Web { web, .. } => Some((*lo, *web)),
            Use::Unbound => None,
        });
        let mut places: Vec<(u32, WebId)> = self.defs.iter().map(|(lo, w)| (*lo, *w)).chain(read).collect();
        places.sort_unstable();
        places
    }

    /// How many places read a web.
    pub fn uses_of(&self, id: WebId) -> usize {
        self.uses.values().filter(|used| matches!(used, Use::Web { web, .. } if *web == id)).count()
    }

    pub fn param(&self, name: &str) -> Option<WebId> {
        self.params.get(name).copied()
    }

    /// What a nested function that captures the name reads.
    pub fn captured(&self, name: &str) -> Option<Use> {
        self.captured.get(name).copied()
    }

    pub fn decision(&self, test: &Expr) -> Option<bool> {
        self.decided.get(&(test.span.lo, test.span.hi)).copied()
    }

    pub fn web(&self, id: WebId) -> &Web {
        &self.list[id.0 as usize]
    }

    /// Computes the webs of a function.
    pub fn compute(scopes: &Scopes, key: FuncKey, oracle: &dyn Oracle) -> Webs {
        let scope = &scopes.funcs[&key];
        let mut names: Vec<Name> = scope.locals.iter().cloned().collect();
        names.sort();
        let index = names.iter().enumerate().map(|(i, n)| (n.clone(), i)).collect();
        let mut a = Analysis::new(scopes, key, oracle, names, index);
        let mut flow: Flow = {
            let undefined = Rc::new(BTreeSet::from([UNDEFINED]));
            Some(a.names.iter().map(|_| undefined.clone()).collect())
        };
        for p in scope.params.iter() {
            a.define(&p.name.name, p.name.span, true, &mut flow);
        }
        match &*scope.body {
            Body::Block(stmts) => a.block(stmts, &mut flow),
            Body::Expr(e) => a.expr(e, &mut flow),
        }
        a.finish()
    }
}

/// A decision can be taken back once for each walk, which in practice means a third one.
const MOST_WALKS: u32 = 8;

/// Number of the absent definition.
const UNDEFINED: u32 = 0;

type Defs = Rc<BTreeSet<u32>>;

/// Definitions that reach a place, by number of the name; `None` where control does not get.
type Flow = Option<Vec<Defs>>;

/// A step down into a block: where its statement starts and which block of it.
type Step = (u32, u32);

struct Definition {
    name: usize,
    span: Span,
    is_param: bool,
    path: Vec<Step>,
}

#[derive(Default)]
struct Uses {
    reaching: BTreeSet<u32>,
    /// Whether every place that reads lies inside the block of its only definition.
    dominated: bool,
}

struct Analysis<'a> {
    scopes: &'a Scopes,
    key: FuncKey,
    oracle: &'a dyn Oracle,
    names: Vec<Name>,
    index: HashMap<Name, usize>,
    /// Number 0 is [`UNDEFINED`].
    definitions: Vec<Option<Definition>>,
    by_place: HashMap<u32, u32>,
    uses: HashMap<u32, Uses>,
    captured: HashMap<usize, BTreeSet<u32>>,
    changing: HashSet<usize>,
    decided: HashMap<(u32, u32), bool>,
    path: Vec<Step>,
    loops: Vec<LoopExits>,
    /// For each block around that an error may leave early, everything that may reach its handlers.
    tries: Vec<Flow>,
}

#[derive(Default)]
struct LoopExits {
    breaks: Flow,
    continues: Flow,
}

fn merge(into: &mut Flow, from: &Flow) {
    let Some(from) = from else { return };
    match into {
        None => *into = Some(from.clone()),
        Some(sets) => {
            for (a, b) in sets.iter_mut().zip(from) {
                if !Rc::ptr_eq(a, b) && !b.is_subset(a) {
                    Rc::make_mut(a).extend(b.iter());
                }
            }
        }
    }
}

impl<'a> Analysis<'a> {
    fn new(
        scopes: &'a Scopes,
        key: FuncKey,
        oracle: &'a dyn Oracle,
        names: Vec<Name>,
        index: HashMap<Name, usize>,
    ) -> Analysis<'a> {
        Analysis {
            scopes,
            key,
            oracle,
            names,
            index,
            definitions: vec![None],
            by_place: HashMap::new(),
            uses: HashMap::new(),
            captured: HashMap::new(),
            changing: HashSet::new(),
            decided: HashMap::new(),
            path: Vec::new(),
            loops: Vec::new(),
            tries: Vec::new(),
        }
    }

    fn define(&mut self, name: &str, span: Span, is_param: bool, flow: &mut Flow) {
        let Some(&index) = self.index.get(self.scopes.variable(name, span.lo)) else { return };
        let Some(sets) = flow else { return };
        let next = self.definitions.len() as u32;
        let id = *self.by_place.entry(span.lo).or_insert(next);
        if id == next {
            let path = self.path.clone();
            self.definitions.push(Some(Definition { name: index, span, is_param, path }));
        }
        sets[index] = Rc::new(BTreeSet::from([id]));
        for early in self.tries.iter_mut().flatten() {
            Rc::make_mut(&mut early[index]).insert(id);
        }
        if let Some(captured) = self.captured.get_mut(&index) {
            captured.insert(id);
            self.changing.insert(index);
        }
    }

    fn use_name(&mut self, name: &str, lo: u32, flow: &Flow) {
        let (Some(&index), Some(sets)) = (self.index.get(self.scopes.variable(name, lo)), flow) else {
            return;
        };
        let reaching = &sets[index];
        let inside = reaching.iter().all(|&d| match &self.definitions[d as usize] {
            Some(definition) => self.path.starts_with(&definition.path),
            None => false,
        });
        let uses = self.uses.entry(lo).or_insert(Uses { reaching: BTreeSet::new(), dominated: true });
        uses.reaching.extend(reaching.iter());
        uses.dominated &= inside;
    }

    /// A nested function is made here: what it captures may be read from now on, at any time.
    fn capture(&mut self, lo: u32, flow: &Flow) {
        let Some(sets) = flow else { return };
        let Some(scope) = self.scopes.funcs.get(&Some(lo)) else { return };
        for (name, owner) in &scope.captures {
            if *owner == self.key
                && let Some(&index) = self.index.get(name)
            {
                self.captured.entry(index).or_default().extend(sets[index].iter());
            }
        }
    }

    fn within<T>(&mut self, step: Step, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = walk(self);
        self.path.pop();
        result
    }

    fn block(&mut self, stmts: &'a [Stmt], flow: &mut Flow) {
        for s in stmts {
            self.stmt(s, flow);
        }
    }

    fn stmt(&mut self, s: &'a Stmt, flow: &mut Flow) {
        match &s.kind {
            StmtKind::If(i) => self.if_stmt(s, i, flow),
            StmtKind::While(w) => self.while_loop(s, w, flow),
            StmtKind::Match(m) => self.match_stmt(s, m, flow),
            StmtKind::For(f) => self.for_loop(s, f, flow),
            StmtKind::Assign { targets, value } => {
                self.expr(value, flow);
                targets.iter().for_each(|t| self.target(t, flow));
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target, flow);
                self.expr(value, flow);
                self.target(target, flow);
            }
            StmtKind::AnnAssign { target, value: Some(value), .. } => {
                self.expr(value, flow);
                self.target(target, flow);
            }
            StmtKind::FunctionDef(f) => {
                let key = f.name.span.lo;
                self.defaults(f.params.iter(), flow);
                self.define(&f.name.name, f.name.span, false, flow);
                self.capture(key, flow);
            }
            StmtKind::Break => {
                if let Some(exits) = self.loops.last_mut() {
                    merge(&mut exits.breaks, flow);
                }
                *flow = None;
            }
            StmtKind::Continue => {
                if let Some(exits) = self.loops.last_mut() {
                    merge(&mut exits.continues, flow);
                }
                *flow = None;
            }
            StmtKind::Return(_) | StmtKind::Raise { .. } => {
                children::expressions(s, &mut |e| self.expr(e, flow));
                *flow = None;
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test, flow);
                let step = (s.span.lo, 0);
                let mut failing = flow.clone();
                self.within(step, |a| msg.iter().for_each(|m| a.expr(m, &mut failing)));
                if self.oracle.asserts() && self.decide(test, flow) == Some(false) {
                    *flow = None;
                }
            }
            StmtKind::Expr(e) => self.expr(e, flow),
            // Elements of lists; variables are refused.
            StmtKind::Delete(targets) => {
                for target in targets.iter().filter(|t| matches!(t.kind, ExprKind::Subscript { .. })) {
                    self.expr(target, flow);
                }
            }
            StmtKind::Try(t) => self.try_stmt(s, t, flow),
            // Unsupported statements are refused by the lowerer; their blocks are not analysed.
            _ => {}
        }
    }

    fn defaults(
        &mut self,
        params: impl Iterator<Item = &'a ungil_syntax::ast::parameter::Parameter>,
        flow: &mut Flow,
    ) {
        for p in params {
            if let Some(default) = &p.default {
                self.expr(default, flow);
                self.define(&default_variable(p), p.name.span, false, flow);
            }
        }
    }

    fn decide(&mut self, test: &'a Expr, flow: &Flow) -> Option<bool> {
        let answer = match &test.kind {
            ExprKind::Literal(Literal::Bool(b)) => Some(*b),
            ExprKind::Literal(Literal::Int(n)) => Some(*n != 0),
            ExprKind::Call(call) if matches!(&call.func.kind, ExprKind::Name(n) if &**n == "__pyx_with") => {
                Some(true)
            }
            _ => self.oracle.decide(test, &|name| self.is_parameter(name, flow)),
        };
        if let Some(truth) = answer {
            self.decided.insert((test.span.lo, test.span.hi), truth);
        } else {
            // A later walk of a loop may see more definitions than the first.
            self.decided.remove(&(test.span.lo, test.span.hi));
        }
        answer
    }

    fn is_parameter(&self, name: &str, flow: &Flow) -> bool {
        let (Some(&index), Some(sets)) = (self.index.get(name), flow) else { return false };
        let mut all = sets[index].iter().map(|d| self.definitions[*d as usize].as_ref());
        sets[index].len() == 1 && all.all(|d| d.is_some_and(|d| d.is_param))
    }

    fn if_stmt(&mut self, s: &'a Stmt, i: &'a If, flow: &mut Flow) {
        let mut after: Flow = None;
        let depth = self.path.len();
        for (k, branch) in i.branches.iter().enumerate() {
            self.expr(&branch.test, flow);
            let decision = self.decide(&branch.test, flow);
            if decision != Some(false) {
                let mut taken = flow.clone();
                let step = (s.span.lo, 2 * k as u32);
                self.within(step, |a| a.block(&branch.body, &mut taken));
                merge(&mut after, &taken);
            }
            if decision == Some(true) {
                *flow = None;
            }
            self.path.push((s.span.lo, 2 * k as u32 + 1));
        }
        self.block(&i.orelse, flow);
        self.path.truncate(depth);
        merge(&mut after, flow);
        *flow = after;
    }

    /// A handler sees what reached the block and whatever the block assigned, in part or in whole; `finally` sees what
    /// all of the statement assigned, and stands on the way of `break` and `continue` too.
    fn try_stmt(&mut self, s: &'a Stmt, t: &'a Try, flow: &mut Flow) {
        let finally = !t.finalbody.is_empty();
        let outer = if finally { self.loops.last_mut().map(std::mem::take) } else { None };
        if finally {
            self.tries.push(flow.clone());
        }
        self.tries.push(flow.clone());
        self.within((s.span.lo, 0), |a| a.block(&t.body, flow));
        let mut raised = self.tries.pop().expect("pushed above");
        self.within((s.span.lo, 1), |a| a.block(&t.orelse, flow));
        let depth = self.path.len();
        for (k, handler) in t.handlers.iter().enumerate() {
            self.path.push((s.span.lo, 3 + 2 * k as u32));
            handler.exc.iter().for_each(|e| self.expr(e, &mut raised));
            let mut taken = raised.clone();
            self.within((s.span.lo, 4 + 2 * k as u32), |a| a.block(&handler.body, &mut taken));
            merge(flow, &taken);
        }
        self.path.truncate(depth);
        if !finally {
            return;
        }
        let mut anything = self.tries.pop().expect("pushed above");
        let exits = self.loops.last_mut().map(std::mem::take).filter(|_| outer.is_some());
        if let (Some(last), Some(outer)) = (self.loops.last_mut(), outer) {
            *last = outer;
        }
        let step = (s.span.lo, 2);
        self.within(step, |a| a.block(&t.finalbody, &mut anything));
        self.within(step, |a| a.block(&t.finalbody, flow));
        let Some(LoopExits { mut breaks, mut continues }) = exits else { return };
        self.within(step, |a| a.block(&t.finalbody, &mut breaks));
        self.within(step, |a| a.block(&t.finalbody, &mut continues));
        if let Some(last) = self.loops.last_mut() {
            merge(&mut last.breaks, &breaks);
            merge(&mut last.continues, &continues);
        }
    }

    fn match_stmt(&mut self, s: &'a Stmt, m: &'a Match, flow: &mut Flow) {
        self.expr(&m.subject, flow);
        let mut after: Flow = None;
        let depth = self.path.len();
        for (k, case) in m.cases.iter().enumerate() {
            let step = |part: u32| (s.span.lo, 3 * k as u32 + part);
            children::values(&case.pattern, &mut |e| self.expr(e, flow));
            let mut taken = flow.clone();
            // A guard is evaluated in a place of its own, so that what it sees does not dominate the body.
            let binding = step(u32::from(case.guard.is_none()));
            self.within(binding, |a| {
                a.pattern(&case.pattern, &mut taken);
                case.guard.iter().for_each(|g| a.expr(g, &mut taken));
            });
            let guard_fails = taken.clone();
            self.within(step(1), |a| a.block(&case.body, &mut taken));
            merge(&mut after, &taken);
            if case.guard.is_some() {
                merge(flow, &guard_fails);
            } else if irrefutable(&case.pattern) {
                *flow = None;
            }
            self.path.push(step(2));
        }
        self.path.truncate(depth);
        merge(&mut after, flow);
        *flow = after;
    }

    fn pattern(&mut self, p: &'a Pattern, flow: &mut Flow) {
        match &p.kind {
            PatternKind::Or(patterns) => {
                let mut after: Flow = None;
                for p in patterns {
                    let mut taken = flow.clone();
                    // One of several places that bind a name does not dominate its uses.
                    self.within((p.span.lo, u32::MAX - 3), |a| a.pattern(p, &mut taken));
                    merge(&mut after, &taken);
                }
                *flow = after;
            }
            PatternKind::Sequence(patterns) => patterns.iter().for_each(|p| self.pattern(p, flow)),
            PatternKind::Class(class) => class.patterns.iter().for_each(|p| self.pattern(p, flow)),
            PatternKind::As { pattern, name } => {
                self.pattern(pattern, flow);
                self.define(&name.name, name.span, false, flow);
            }
            PatternKind::Capture(name) | PatternKind::Star(Some(name)) => {
                self.define(&name.name, name.span, false, flow);
            }
            _ => {}
        }
    }

    fn while_loop(&mut self, s: &'a Stmt, w: &'a While, flow: &mut Flow) {
        let mut exits = LoopExits::default();
        let mut exhausted: Flow = None;
        for _ in 0..MOST_WALKS {
            let before = flow.clone();
            self.loops.push(LoopExits::default());
            let mut head = flow.clone();
            self.within((s.span.lo, 0), |a| a.expr(&w.test, &mut head));
            let decision = self.decide(&w.test, &head);
            exhausted = if decision == Some(true) { None } else { head.clone() };
            if decision != Some(false) {
                self.within((s.span.lo, 1), |a| a.block(&w.body, &mut head));
                merge(flow, &head);
            }
            exits = self.loops.pop().expect("pushed above");
            merge(flow, &exits.continues);
            if *flow == before {
                break;
            }
        }
        self.within((s.span.lo, 2), |a| a.block(&w.orelse, &mut exhausted));
        *flow = exhausted;
        merge(flow, &exits.breaks);
    }

    fn for_loop(&mut self, s: &'a Stmt, f: &'a For, flow: &mut Flow) {
        self.expr(&f.iter, flow);
        if is_team(&f.iter) {
            // What each thread of a team runs, once; `break` and `continue` are those of the loop around it.
            let mut body = flow.clone();
            self.within((s.span.lo, 1), |a| {
                a.target(&f.target, &mut body);
                a.block(&f.body, &mut body);
            });
            return merge(flow, &body);
        }
        let mut exits = LoopExits::default();
        for _ in 0..MOST_WALKS {
            let before = flow.clone();
            self.loops.push(LoopExits::default());
            let mut body = flow.clone();
            self.within((s.span.lo, 1), |a| {
                a.target(&f.target, &mut body);
                a.block(&f.body, &mut body);
            });
            merge(flow, &body);
            exits = self.loops.pop().expect("pushed above");
            merge(flow, &exits.continues);
            if *flow == before {
                break;
            }
        }
        self.within((s.span.lo, 2), |a| a.block(&f.orelse, flow));
        merge(flow, &exits.breaks);
    }

    fn target(&mut self, t: &'a Expr, flow: &mut Flow) {
        match &t.kind {
            ExprKind::Name(name) => self.define(name, t.span, false, flow),
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| self.target(i, flow)),
            ExprKind::Starred(inner) => self.target(inner, flow),
            _ => self.expr(t, flow),
        }
    }

    fn expr(&mut self, e: &'a Expr, flow: &mut Flow) {
        match &e.kind {
            ExprKind::Name(name) => self.use_name(name, e.span.lo, flow),
            ExprKind::Named { target, value } => {
                self.expr(value, flow);
                self.define(&target.name, target.span, false, flow);
            }
            ExprKind::Bool { values, .. } => {
                let mut after: Flow = None;
                let depth = self.path.len();
                for (k, value) in values.iter().enumerate() {
                    self.expr(value, flow);
                    merge(&mut after, flow);
                    self.path.push((e.span.lo, k as u32));
                }
                self.path.truncate(depth);
                *flow = after;
            }
            ExprKind::Compare { left, rest } if rest.len() > 1 => {
                self.expr(left, flow);
                self.expr(&rest[0].right, flow);
                let mut after = flow.clone();
                let depth = self.path.len();
                for (k, step) in rest.iter().enumerate().skip(1) {
                    self.path.push((e.span.lo, k as u32));
                    self.expr(&step.right, flow);
                    merge(&mut after, flow);
                }
                self.path.truncate(depth);
                *flow = after;
            }
            ExprKind::Conditional { test, body, orelse } => self.conditional(e, [test, body, orelse], flow),
            ExprKind::Lambda { params, .. } => {
                self.defaults(params.iter(), flow);
                self.capture(e.span.lo, flow);
            }
            ExprKind::Generator { element, generators } | ExprKind::ListComp { element, generators } => {
                if let Some(first) = generators.first() {
                    self.expr(&first.iter, flow);
                }
                self.clauses(e, element, generators, flow);
            }
            _ => children::operands(e, &mut |child| self.expr(child, flow)),
        }
    }

    /// The loops of a generator expression from the one whose iterable was evaluated.
    fn clauses(&mut self, e: &'a Expr, element: &'a Expr, clauses: &'a [Comprehension], flow: &mut Flow) {
        let Some((clause, rest)) = clauses.split_first() else {
            return self.expr(element, flow);
        };
        for _ in 0..MOST_WALKS {
            let before = flow.clone();
            let mut body = flow.clone();
            let depth = self.path.len();
            self.path.push((e.span.lo, clauses.len() as u32));
            self.target(&clause.target, &mut body);
            for condition in &clause.conditions {
                self.expr(condition, &mut body);
                merge(flow, &body);
                self.path.push((condition.span.lo, u32::MAX - 2));
            }
            if let Some(next) = rest.first() {
                self.expr(&next.iter, &mut body);
            }
            self.clauses(e, element, rest, &mut body);
            self.path.truncate(depth);
            merge(flow, &body);
            if *flow == before {
                break;
            }
        }
    }

    fn conditional(&mut self, e: &'a Expr, [test, body, orelse]: [&'a Expr; 3], flow: &mut Flow) {
        self.expr(test, flow);
        let decision = self.decide(test, flow);
        let mut taken = if decision == Some(false) { None } else { flow.clone() };
        self.within((e.span.lo, u32::MAX), |a| a.expr(body, &mut taken));
        if decision == Some(true) {
            *flow = None;
        }
        self.within((e.span.lo, u32::MAX - 1), |a| a.expr(orelse, flow));
        merge(flow, &taken);
    }

    fn finish(self) -> Webs {
        let mut sets = UnionFind::new(self.definitions.len());
        let reads = self.uses.values().map(|u| &u.reaching).chain(self.captured.values());
        for reaching in reads {
            let mut defs = reaching.iter().filter(|d| **d != UNDEFINED);
            if let Some(first) = defs.next() {
                defs.for_each(|d| sets.union(*first, *d));
            }
        }
        let changing = self.changing.iter().map(|i| self.names[*i].clone()).collect();
        let mut webs = Webs { decided: self.decided, changing, ..Webs::default() };
        let mut number: HashMap<u32, WebId> = HashMap::new();
        let mut members: Vec<u32> = Vec::new();
        for (id, definition) in self.definitions.iter().enumerate() {
            let Some(d) = definition else { continue };
            let root = sets.find(id as u32);
            let web = *number.entry(root).or_insert(WebId(webs.list.len() as u32));
            if web.0 as usize == webs.list.len() {
                let name = self.names[d.name].clone();
                webs.list.push(Web {
                    name,
                    span: d.span,
                    is_param: false,
                    direct: true,
                    flagged: false,
                    several: false,
                });
                members.push(0);
            }
            members[web.0 as usize] += 1;
            webs.list[web.0 as usize].several = members[web.0 as usize] > 1;
            webs.list[web.0 as usize].is_param |= d.is_param;
            if d.is_param {
                webs.params.insert(self.names[d.name].clone(), web);
            }
            webs.defs.insert(d.span.lo, web);
        }
        let reads = |reaching: &BTreeSet<u32>| match reaching.iter().find(|d| **d != UNDEFINED) {
            None => Use::Unbound,
            Some(d) => {
                let web = number[&sets.find_root(*d)];
                Use::Web { web, maybe_unbound: reaching.contains(&UNDEFINED) }
            }
        };
        let mut indirect: HashSet<WebId> = HashSet::new();
        for (lo, uses) in &self.uses {
            let used = reads(&uses.reaching);
            if let (Use::Web { web, .. }, false) = (used, uses.dominated) {
                indirect.insert(web);
            }
            webs.uses.insert(*lo, used);
        }
        for (name, reaching) in &self.captured {
            let used = reads(reaching);
            let nested = reaching.iter().any(|d| {
                self.definitions[*d as usize].as_ref().is_none_or(|definition| !definition.path.is_empty())
            });
            if let (Use::Web { web, .. }, true) = (used, nested) {
                indirect.insert(web);
            }
            webs.captured.insert(self.names[*name].clone(), used);
        }
        let flagged: Vec<WebId> =
            webs.uses.values().chain(webs.captured.values()).filter_map(flagged).collect();
        for web in flagged {
            webs.list[web.0 as usize].flagged = true;
        }
        for (i, web) in webs.list.iter_mut().enumerate() {
            web.direct = members[i] == 1 && !web.flagged && !indirect.contains(&WebId(i as u32));
        }
        webs
    }
}

/// Whether a pattern matches everything.
fn irrefutable(p: &Pattern) -> bool {
    match &p.kind {
        PatternKind::Capture(_) | PatternKind::Wildcard => true,
        PatternKind::As { pattern, .. } => irrefutable(pattern),
        PatternKind::Or(patterns) => patterns.iter().any(irrefutable),
        _ => false,
    }
}

fn flagged(used: &Use) -> Option<WebId> {
    match used {
        Use::Web { web, maybe_unbound: true } => Some(*web),
        _ => None,
    }
}

/// Disjoint sets of definitions.
struct UnionFind {
    parent: Vec<u32>,
}

impl UnionFind {
    fn new(n: usize) -> UnionFind {
        UnionFind { parent: (0..n as u32).collect() }
    }

    fn find_root(&self, mut d: u32) -> u32 {
        while self.parent[d as usize] != d {
            d = self.parent[d as usize];
        }
        d
    }

    fn find(&mut self, d: u32) -> u32 {
        let root = self.find_root(d);
        self.parent[d as usize] = root;
        root
    }

    fn union(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        // The smaller number stays the root, so that webs are numbered in the order of their first definitions.
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        self.parent[high as usize] = low;
    }
}

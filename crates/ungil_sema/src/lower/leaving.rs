//! `break` and `return` in parallel loops: the lowest iteration wins.
//!
//! A way out is raised as an error that no `except` catches, with what it takes along as arguments, and caught behind the
//! loop: of all iterations that fail or leave, the runtime hands on the lowest, and starts no higher one.
//! In the block of a team, `break` and `continue` outside its loops are those of the loop around the block.
//! `break` takes along the variables that its iteration has assigned on the straight way to it; all others keep the values from
//! before the loop. A variable that is assigned on the way to a `break` only is the iteration's own in the loop.
//!
//! Limits: `break` beside reductions, whose parts nobody could combine: in the Cython language, which promises nothing about
//! threads there, such a loop runs in order; at most [`MOST`] variables; numbers only.

use std::collections::{BTreeMap, HashMap};

use ungil_abi::context::MAX_ERROR_ARGS;
use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::{Region, Value, Var};
use ungil_ir::inst::{CompareOp, InstKind, MessageArg, Raise};
use ungil_ir::types::Type;
use ungil_ir::walk;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{For, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_stmt};

use crate::diagnostics::Result;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::loops::Leaves;
use crate::lower::{Flow, Lowerer};
use crate::operand::Operand;
use crate::resolve::webs::{Use, WebId};
use crate::ty::Ty;

/// Most variables that a `break` takes along.
const MOST: usize = MAX_ERROR_ARGS - 1;

/// Names with the places of their assignments.
type Assigned = Vec<(String, Span)>;

/// Ways out of a parallel loop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaving {
    /// What each `break` has behind it, by where it stands.
    sites: HashMap<u32, Assigned>,
    /// Variables that are assigned on the way to a `break` only.
    own: Vec<WebId>,
    /// The breaks that were lowered, with what they take along.
    breaks: Vec<Vec<(WebId, Ty, Span)>>,
    /// The type of a result, where there is a `return`.
    returns: Option<Option<Type>>,
    /// Whether threads of a team leave the loop around their block, or go on with it.
    jumps: [bool; 2],
    /// What a `break` sets for the loop's `else`.
    broke: Option<Var>,
}

impl Leaving {
    /// The places of the breaks behind which a variable has been assigned, in the order of the text.
    pub(crate) fn sites_of(&self, name: &str) -> Vec<u32> {
        let mut sites: Vec<u32> = self.sites.keys().copied().collect();
        sites.sort_unstable();
        sites.retain(|site| self.sites[site].iter().any(|(known, _)| known == name));
        sites
    }

    /// Whether a variable is assigned on the way to a `break` only.
    pub(crate) fn is_own(&self, web: WebId) -> bool {
        self.own.contains(&web)
    }

    /// Whether a `break` leaves the loop.
    pub(crate) fn has_breaks(&self) -> bool {
        !self.sites.is_empty()
    }
}

impl Lowerer<'_, '_> {
    /// Looks for ways out of a parallel loop.
    pub(crate) fn enter_leaving(&mut self, node: &For, broke: Option<Var>) -> Result<()> {
        let (mut leaving, reduced) = self.ways_out_of(node);
        if let (true, Some(span)) = (leaving.has_breaks(), reduced) {
            let what = "`break` in a `prange` loop with a reduction is";
            let help = "search in one loop and add up in another";
            return Err(Unsupported::Statement { what, span, help }.into());
        }
        leaving.broke = broke;
        self.leaving.push(leaving);
        Ok(())
    }

    /// The breaks of a parallel loop, with what they have behind them, and a reduction.
    pub(crate) fn ways_out_of(&self, node: &For) -> (Leaving, Option<Span>) {
        let mut search = Search::default();
        let mut before = Vec::new();
        target_names(&node.target, &mut before);
        search.block(&node.body, &mut before);
        let mut leaving = Leaving::default();
        let mut all = Everything::default();
        node.body.iter().for_each(|s| all.visit_stmt(s));
        if !search.sites.is_empty() {
            for places in all.names.values() {
                let on_the_way = |span: &Span| search.on_the_way.iter().any(|(_, s)| s.lo == span.lo);
                if places.iter().all(on_the_way) {
                    leaving.own.extend(places.iter().filter_map(|s| self.webs.def_at(s.lo)));
                }
            }
        }
        leaving.sites = search.sites;
        (leaving, all.reduced())
    }

    /// Looks for ways out of the block of a team, while `run` builds it.
    pub(crate) fn leaving_team<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> (Leaving, T) {
        self.leaving.push(Leaving::default());
        let result = run(self);
        (self.leaving.pop().expect("pushed above"), result)
    }

    /// `break` or `continue` in the block of a team: meant is the loop around it.
    pub(crate) fn leave_team(&mut self, is_break: bool) -> Result<Flow> {
        let way = usize::from(!is_break);
        self.leaving.last_mut().expect("the block's").jumps[way] = true;
        let number = self.b().i64(way as i64);
        self.raise_exit(ExcClass::BREAK, vec![(number, true)]);
        Ok(Flow::Ends)
    }

    /// Whether the innermost parallel loop can be left.
    pub(crate) fn may_leave(&self) -> bool {
        self.loops.iter().rev().find(|f| f.parallel).is_some_and(|f| f.leaves != Leaves::Never)
    }

    /// `break` out of a parallel loop.
    pub(crate) fn leave_loop(&mut self, span: Span) -> Result<Flow> {
        let leaving = self.leaving.last().expect("a loop that can be left");
        let (site, assigned) =
            (leaving.breaks.len(), leaving.sites.get(&span.lo).cloned().unwrap_or_default());
        let number = self.b().i64(site as i64);
        let mut args: Vec<MessageArg> = vec![(number, true)];
        let mut taken: Vec<(WebId, Ty, Span)> = Vec::new();
        for (name, place) in assigned.iter().rev() {
            let Some(web) = self.webs.def_at(place.lo) else { continue };
            if self.webs.web(web).direct || taken.iter().any(|(known, ..)| *known == web) {
                continue;
            }
            let value = self.read_use(Use::Web { web, maybe_unbound: false }, name, *place)?;
            if !value.ty.is_scalar() {
                continue;
            }
            if taken.len() == MOST {
                let what = "`break` out of `prange` behind so many assignments is";
                let help = "assign fewer variables that are used after the loop";
                return Err(Unsupported::Statement { what, span, help }.into());
            }
            args.push((self.value(&value)?, true));
            taken.push((web, value.ty.clone(), *place));
        }
        self.leaving.last_mut().expect("as above").breaks.push(taken);
        self.raise_exit(ExcClass::BREAK, args);
        Ok(Flow::Ends)
    }

    /// `return` out of a parallel loop.
    pub(crate) fn leave_function(&mut self, value: &Operand, span: Span) -> Result<Flow> {
        let value = self.returned(value, span)?;
        let ty = value.map(|v| self.func.ty(v).clone());
        if ty.as_ref().is_some_and(|ty| !matches!(ty, Type::Scalar(_))) {
            let what = "`return` of something else than a number inside `prange` is";
            let help = "write the result into a variable or an array and return after the loop";
            return Err(Unsupported::Statement { what, span, help }.into());
        }
        self.leaving.last_mut().expect("a loop that can be left").returns = Some(ty);
        self.raise_exit(ExcClass::RETURN, value.map(|v| (v, true)).into_iter().collect());
        Ok(Flow::Ends)
    }

    fn raise_exit(&mut self, class: ExcClass, args: Vec<MessageArg>) {
        // Nobody reads the message, but arguments stand in one.
        let places: Vec<String> = (0..args.len()).map(|k| format!("{{{k}}}")).collect();
        let message = (!args.is_empty()).then(|| places.join(" "));
        self.b().push(InstKind::Raise(Box::new(Raise { class, message, args })));
    }

    /// Gives the loop's body variables of its own for those that are assigned on the way to a `break` only.
    pub(crate) fn keep_apart(&mut self, leaving: &Leaving, body: Region) {
        for web in &leaving.own {
            for var in self.slots[web.0 as usize].vars().collect::<Vec<_>>() {
                let data = self.func.vars[var.index()].clone();
                let own = self.func.new_var(&data.name, data.ty);
                for inst in walk::insts_of(&self.func, body) {
                    walk::for_each_var_mut(&mut self.func.inst_mut(inst).kind, &mut |x, _| {
                        if *x == var {
                            *x = own;
                        }
                    });
                }
            }
        }
    }

    /// Places a loop, which stands alone in `tried`, and what its ways out lead to.
    pub(crate) fn left(&mut self, leaving: &Leaving, tried: Region, span: Span) -> Result<()> {
        if leaving.breaks.is_empty() && leaving.returns.is_none() && leaving.jumps == [false; 2] {
            let insts = std::mem::take(&mut self.func.regions[tried.index()]);
            let here = self.region;
            self.func.regions[here.index()].extend(insts);
            return Ok(());
        }
        let (handler, result) = self.nested(|l| l.ways_out(leaving, span));
        self.b().push(InstKind::Try { body: tried, handler });
        result
    }

    fn ways_out(&mut self, leaving: &Leaving, span: Span) -> Result<()> {
        if let Some(ty) = &leaving.returns {
            let returned = self.b().value(InstKind::Caught(ExcClass::RETURN));
            let outer = self.in_parallel();
            let (then, ()) = self.nested(|l| {
                let value = ty.clone().map(|ty| l.b().typed(InstKind::CaughtArg(0), ty));
                if outer {
                    if let Some(around) = l.leaving.last_mut() {
                        around.returns = Some(ty.clone());
                    }
                    l.raise_exit(ExcClass::RETURN, value.map(|v| (v, true)).into_iter().collect());
                } else {
                    l.b().push(InstKind::Return(value));
                }
            });
            let (otherwise, ()) = self.nested(|_| ());
            self.b().push(InstKind::If { cond: returned, then, otherwise });
        }
        let broke = self.b().value(InstKind::Caught(ExcClass::BREAK));
        let (then, result) = self.nested(|l| {
            if let Some(broke) = leaving.broke {
                let yes = l.b().bool(true);
                l.b().set(broke, yes);
            }
            l.jump_on(leaving.jumps, span)?;
            l.take_over(&leaving.breaks, span)
        });
        let (otherwise, ()) = self.nested(|l| {
            l.b().push(InstKind::Reraise);
        });
        self.b().push(InstKind::If { cond: broke, then, otherwise });
        result
    }

    /// Leaves the loop around the block of a team, or goes on with it, as the lowest thread that left says.
    fn jump_on(&mut self, jumps: [bool; 2], span: Span) -> Result<()> {
        for (way, _) in jumps.iter().enumerate().filter(|(_, used)| **used) {
            let number = self.b().typed(InstKind::CaughtArg(0), Type::I64);
            let own = self.b().i64(way as i64);
            let cond = self.b().compare(CompareOp::Eq, number, own);
            let (then, result) = self.nested(|l| l.jump(way == 0, span));
            let (otherwise, ()) = self.nested(|_| ());
            self.b().push(InstKind::If { cond, then, otherwise });
            result?;
        }
        Ok(())
    }

    /// Gives variables the values that the `break` took along.
    fn take_over(&mut self, breaks: &[Vec<(WebId, Ty, Span)>], span: Span) -> Result<()> {
        if breaks.is_empty() {
            return Ok(());
        }
        let number = self.b().typed(InstKind::CaughtArg(0), Type::I64);
        for (site, taken) in breaks.iter().enumerate() {
            let own = self.b().i64(site as i64);
            let cond = self.b().compare(CompareOp::Eq, number, own);
            let (then, result): (_, Result<()>) = self.nested(|l| {
                for (k, (web, ty, _)) in taken.iter().enumerate() {
                    let value: Value = l.b().typed(InstKind::CaughtArg(k as u32 + 1), ty.ir());
                    l.define_web(*web, &Operand::value(ty.clone(), value, span), span)?;
                }
                Ok(())
            });
            let (otherwise, ()) = self.nested(|_| ());
            self.b().push(InstKind::If { cond, then, otherwise });
            result?;
        }
        Ok(())
    }
}

fn target_names(target: &Expr, into: &mut Assigned) {
    match &target.kind {
        ExprKind::Name(name) => into.push((name.to_string(), target.span)),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| target_names(i, into)),
        _ => {}
    }
}

/// The breaks of a loop's body, and what stands on the straight way to them.
#[derive(Default)]
struct Search {
    sites: HashMap<u32, Assigned>,
    on_the_way: Assigned,
}

impl Search {
    /// `before`: assigned on the way from the start of the iteration.
    fn block(&mut self, stmts: &[Stmt], before: &mut Assigned) {
        let start = before.len();
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| target_names(t, before)),
                StmtKind::AnnAssign { target, value: Some(_), .. } => target_names(target, before),
                StmtKind::If(node) => {
                    let blocks = node.branches.iter().map(|b| &b.body).chain([&node.orelse]);
                    blocks.for_each(|block| self.block(block, &mut before.clone()));
                }
                StmtKind::Try(node) => {
                    self.block(&node.body, &mut before.clone());
                    node.handlers.iter().for_each(|h| self.block(&h.body, &mut before.clone()));
                }
                StmtKind::With(node) => self.block(&node.body, &mut before.clone()),
                StmtKind::Break => {
                    self.sites.insert(stmt.span.lo, before.clone());
                    self.on_the_way.extend_from_slice(&before[start..]);
                }
                _ => {}
            }
        }
    }
}

/// Whether a loop both is left by `break` and has a reduction.
pub(crate) fn breaks_beside_reduction(node: &For) -> bool {
    let (mut search, mut before) = (Search::default(), Vec::new());
    search.block(&node.body, &mut before);
    let mut all = Everything::default();
    node.body.iter().for_each(|s| all.visit_stmt(s));
    !search.sites.is_empty() && all.reduced().is_some()
}

/// All assignments of a body, and where variables are updated.
#[derive(Default)]
struct Everything {
    names: BTreeMap<String, Vec<Span>>,
    updated: BTreeMap<String, Vec<Span>>,
}

impl Everything {
    /// An update of a variable that is never assigned otherwise.
    fn reduced(&self) -> Option<Span> {
        let mut reductions =
            self.updated.iter().filter(|(name, places)| self.names[*name].len() == places.len());
        reductions.next().map(|(_, places)| places[0])
    }
}

impl Visitor for Everything {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        let mut found = Vec::new();
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| target_names(t, &mut found)),
            StmtKind::AnnAssign { target, .. } => target_names(target, &mut found),
            StmtKind::For(node) => target_names(&node.target, &mut found),
            StmtKind::AugAssign { target, .. } => {
                target_names(target, &mut found);
                for (name, span) in &found {
                    self.updated.entry(name.clone()).or_default().push(*span);
                }
            }
            _ => {}
        }
        for (name, span) in found {
            self.names.entry(name).or_default().push(span);
        }
        walk_stmt(self, stmt);
    }
}

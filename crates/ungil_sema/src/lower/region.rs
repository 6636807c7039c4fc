//! `with parallel():` of the Cython language: a block that each thread of a team runs, with `prange` loops that share
//! their iterations among the team.
//!
//! Variables that the block assigns are each thread's own and gone afterwards. Those of a loop inside belong to the
//! function, as in Cython: a reduction is combined in the order of the threads, other variables keep the values of the
//! last iteration. A loop's threads wait for each other at its end.
//!
//! The lowest thread that leaves by `return`, `raise`, or a `break` or `continue` of the loop around the block, decides how the
//! block ends: lower threads run on, unless they wait for it. `break` of a loop inside ends the thread's own part, and the lowest
//! thread's counts: of reductions the parts up to it are combined, other variables are those of its iteration.
//!
//! Limits: higher iterations may run beside a `break`; iterations are dealt in one piece to each thread, whatever the schedule.

use std::collections::{BTreeMap, HashMap};

use ungil_diag::span::Span;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, Const, For as IrFor, InstKind, LoopHints, ParallelRegion};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::stmt::{For, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_stmt};

use crate::cython::Declared;
use crate::diagnostics::{Error, Result};
use crate::lower::call::Args;
use crate::lower::loops::Leaves;
use crate::lower::memory::misuse;
use crate::lower::{Flow, Lowerer};
use crate::operand::{Constant, Operand};
use crate::resolve::webs::{Use, WebId};
use crate::ty::Ty;

/// `i64 (i64 *)`: arrives at a barrier; how many arrived before.
pub const ARRIVE: &str = "ungil_py_team_arrive";
/// `i64 (i64 *, i64)`: waits a little; whether so many have arrived.
pub const WAIT: &str = "ungil_py_team_wait";
/// `double (void)`: seconds of a clock.
pub const CLOCK: &str = "ungil_py_clock";

/// The team of the block around the current place.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    id: Value,
    n: Value,
    /// The barrier's counter, then for each shared variable whether a loop assigned it.
    sync: Value,
    /// Where threads say by which `break` they left a loop; 0: by none.
    exits: Value,
    /// The variable with this thread's.
    exit: Option<Var>,
    /// Variables of the loops, by where the loops start.
    shared: HashMap<u32, Vec<Shared>>,
}

/// A variable that a loop inside a block hands to the function.
#[derive(Clone, Debug)]
struct Shared {
    web: WebId,
    name: String,
    /// Of a reduction.
    op: Option<BinaryOp>,
    ty: Ty,
    /// One element for each thread, and the variable's value.
    memory: Value,
    place: i64,
}

/// Names that statements assign, with the operator of the first update, and where.
#[derive(Default)]
struct Assigned {
    names: BTreeMap<String, (Option<BinaryOp>, Span)>,
    loops: Vec<For>,
    /// Whether `prange` loops are looked into.
    enters: bool,
}

impl Assigned {
    fn target(&mut self, target: &Expr, op: Option<BinaryOp>) {
        match &target.kind {
            ExprKind::Name(name) => {
                self.names.entry(name.to_string()).or_insert((op, target.span));
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.target(item, op));
            }
            _ => {}
        }
    }
}

impl Visitor for Assigned {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| self.target(t, None)),
            StmtKind::AugAssign { target, op, .. } => self.target(target, Some(*op)),
            StmtKind::For(node) if is_prange(&node.iter) && !self.enters => {
                return self.loops.push((**node).clone());
            }
            StmtKind::For(node) => self.target(&node.target, None),
            StmtKind::FunctionDef(_) => return,
            _ => {}
        }
        walk_stmt(self, stmt);
    }
}

/// What stands for a `break`, by its place in the text.
fn exit_number(place: u32) -> i64 {
    i64::from(place) + 1
}

fn is_prange(iter: &Expr) -> bool {
    let ExprKind::Call(call) = &iter.kind else { return false };
    match &call.func.kind {
        ExprKind::Name(name) => &**name == "prange",
        ExprKind::Attribute { attr, .. } => &*attr.name == "prange",
        _ => false,
    }
}

const FLAT: ArrayType =
    ArrayType { dtype: DType::I64, ndim: 1, layout: Layout::C, readonly: false, swapped: false };

impl Lowerer<'_, '_> {
    /// The block, which stands as the body of a loop over a call of `region`.
    pub(crate) fn region(&mut self, node: &For, call: &Call, span: Span) -> Result<Flow> {
        if self.in_parallel() {
            let help = "use one block, or one loop";
            return Err(misuse(
                "Nested parallel with blocks are disallowed",
                "inside a parallel section",
                help,
                span,
            ));
        }
        let n = self.team_size(call)?;
        let mut own = Assigned::default();
        node.body.iter().for_each(|stmt| own.visit_stmt(stmt));
        if let Some((_, (_, at))) = own.names.iter().find(|(_, (op, _))| op.is_some()) {
            let help = "reduce in a `prange` loop, or write into an array";
            return Err(misuse(
                "Reductions not allowed for parallel blocks",
                "updated by each thread",
                help,
                *at,
            ));
        }
        let (mut shared, mut place) = (HashMap::new(), 1);
        let room = {
            let two = self.b().i64(2);
            self.b().binary(Ir::Add, n, two)
        };
        for inner in &own.loops {
            let variables = self.shared_variables(inner, &own, (n, room), &mut place)?;
            shared.insert(inner.target.span.lo, variables);
        }
        let size = self.b().i64(place);
        let sync = self.b().alloc(FLAT, vec![size], true);
        let exits = self.b().alloc(FLAT, vec![room], true);
        let id = self.func.new_value(Type::I64);
        let all: Vec<Shared> = shared.values().flatten().cloned().collect();
        let outer = self.team.replace(Team { id, n, sync, exits, exit: None, shared });
        let label = self.func.new_label();
        let (leaving, body) = self.leaving_team(|l| {
            let (body, result) = l.nested(|l| {
                let before = l.private_memory(&node.body)?;
                l.inside_parallel(node, label, |l| {
                    l.block(&node.body);
                });
                l.end_private_memory(before);
                Ok::<(), Error>(())
            });
            result.map(|()| body)
        });
        let body = body?;
        self.team = outer;
        self.program.has_parallel = true;
        self.program.unclassified = true;
        let region = ParallelRegion { n, id, privates: Vec::new(), body };
        let (tried, ()) = self.nested(|l| {
            l.b().push(InstKind::ParallelRegion(Box::new(region)));
        });
        self.left(&leaving, tried, span)?;
        for variable in all {
            self.hand_over(&variable, (n, sync), span)?;
        }
        Ok(Flow::Falls)
    }

    fn team_size(&mut self, call: &Call) -> Result<Value> {
        let mut args = Args { positional: Vec::new(), keywords: Vec::new(), span: call.func.span };
        for arg in &call.args {
            args.positional.push(self.lower_expr(arg)?);
        }
        for k in &call.keywords {
            if let Some(name) = &k.name {
                args.keywords.push((name.name.to_string(), self.lower_expr(&k.value)?));
            }
        }
        let bound = args.bind("parallel", &["num_threads", "use_threads_if"], 0)?;
        let all = self.b().value(InstKind::NumThreads);
        let mut n = match &bound[0] {
            Some(n) if !n.is_none() => {
                let given = self.integer_argument(n, "parallel", "num_threads")?;
                let one = self.b().i64(1);
                let fine = self.b().compare(CompareOp::Ge, given, one);
                self.b().select(fine, given, all)
            }
            _ => all,
        };
        if let Some(condition) = &bound[1] {
            let (truth, one) = (self.truth_value(condition)?, self.b().i64(1));
            n = self.b().select(truth, n, one);
        }
        Ok(n)
    }

    /// The variables of a loop inside a block, with the memory in which they leave it.
    fn shared_variables(
        &mut self,
        inner: &For,
        own: &Assigned,
        (n, room): (Value, Value),
        place: &mut i64,
    ) -> Result<Vec<Shared>> {
        let mut assigned = Assigned { enters: true, ..Assigned::default() };
        assigned.target(&inner.target, None);
        inner.body.iter().for_each(|stmt| assigned.visit_stmt(stmt));
        let mut found = Vec::new();
        for (name, (op, at)) in assigned.names {
            if own.names.contains_key(&name) {
                let help = "use another variable in the loop";
                let title = "Cannot assign to private of outer parallel block";
                return Err(misuse(title, "assigned by the block too", help, at));
            }
            let Some(web) = self.webs.def_at(at.lo) else { continue };
            if self.webs.web(web).direct {
                // It is used inside the loop only.
                continue;
            }
            let declared = self.options.c.as_ref().and_then(|c| c.vars.get(&name).cloned());
            let ty = match declared {
                Some(Declared::Scalar { dtype, .. }) => Ty::Scalar(dtype),
                Some(Declared::Bint) => Ty::PyBool,
                _ => {
                    let title = format!("`{name}` is assigned in a parallel loop, and is no number of C");
                    return Err(misuse(title, "of no C type", "declare it: `cdef double x`", at));
                }
            };
            let dtype = ty.dtype().expect("a number");
            let memory = self.b().alloc(ArrayType { dtype, ..FLAT }, vec![room], true);
            if op.is_some() {
                let used = Use::Web { web, maybe_unbound: true };
                let old = self.read_use(used, &name, at)?;
                let old = self.convert(&old, &ty)?;
                let old = self.value(&old)?;
                self.b().store(memory, vec![n], old);
            }
            found.push(Shared { web, name, op, ty, memory, place: *place });
            *place += 1;
        }
        Ok(found)
    }

    /// Gives the function the value that a variable has after the block.
    fn hand_over(&mut self, variable: &Shared, (n, sync): (Value, Value), span: Span) -> Result<()> {
        let (place, zero) = (self.b().i64(variable.place), self.b().i64(0));
        let written = self.b().load(sync, vec![place]);
        let written = self.b().compare(CompareOp::Ne, written, zero);
        let (then, result) = self.nested(|l| {
            let value = l.b().load(variable.memory, vec![n]);
            l.define_web(variable.web, &Operand::value(variable.ty.clone(), value, span), span)
        });
        let (otherwise, ()) = self.nested(|_| ());
        self.b().push(InstKind::If { cond: written, then, otherwise });
        result
    }

    /// Whether a loop's iterations are shared among the team around it.
    pub(crate) fn in_team(&self, node: &For) -> bool {
        self.team.as_ref().is_some_and(|team| team.shared.contains_key(&node.target.span.lo))
    }

    /// A `prange` loop inside a block: each thread runs its share.
    pub(crate) fn team_loop(&mut self, node: &For, range: &Operand, span: Span) -> Result<()> {
        let team = self.team.clone().expect("inside a block");
        let variables = team.shared[&node.target.span.lo].clone();
        let parts = self.items(range);
        let (start, stop, step) = (self.index(&parts[0])?, self.index(&parts[1])?, self.index(&parts[2])?);
        self.check_counter(&node.target, [start, stop, step]);
        let total = self.length(range, span)?;
        let total = self.value(&total)?;
        let one = self.b().i64(1);
        let next = self.b().binary(Ir::Add, team.id, one);
        let share = |l: &mut Self, id: Value| {
            let scaled = l.b().binary(Ir::Mul, id, total);
            l.b().binary(Ir::FloorDiv, scaled, team.n)
        };
        let (low, high) = (share(self, team.id), share(self, next));
        let place = |l: &mut Self, k: Value| {
            let offset = l.b().binary(Ir::Mul, k, step);
            l.b().binary(Ir::Add, start, offset)
        };
        let (first, last) = (place(self, low), place(self, high));
        for variable in &variables {
            if let Some(op) = variable.op {
                let identity = self.neutral(op, &variable.ty, span)?;
                self.define_web(variable.web, &identity, span)?;
            }
        }
        let (leaving, _) = self.ways_out_of(node);
        let exit = leaving.has_breaks().then(|| {
            let (exit, none) = (self.new_var("exit", Type::I64), self.b().i64(0));
            self.b().set(exit, none);
            exit
        });
        self.team.as_mut().expect("as above").exit = exit;
        let (label, iv) = (self.func.new_label(), self.func.new_value(Type::I64));
        let (body, result) = self.parallel_body(node, label, iv, Leaves::OfShare);
        let hints = LoopHints::default();
        let node = IrFor { label, iv, start: first, stop: last, step, body, hints };
        self.b().push(InstKind::For(Box::new(node)));
        result?;
        let ends = self.b().compare(CompareOp::Eq, high, total);
        let some = self.b().compare(CompareOp::Lt, low, high);
        let is_last = self.b().binary(Ir::And, ends, some);
        let lowest = match exit {
            Some(exit) => self.lowest_exit(exit, &team)?,
            None => team.n,
        };
        let none = self.b().compare(CompareOp::Eq, lowest, team.n);
        let is_last = self.b().binary(Ir::And, is_last, none);
        let is_lowest = self.b().compare(CompareOp::Eq, lowest, team.id);
        for variable in variables.iter().filter(|v| v.op.is_none()) {
            let mut leaves = if leaving.is_own(variable.web) { self.b().bool(false) } else { is_last };
            for site in exit.iter().flat_map(|_| leaving.sites_of(&variable.name)) {
                let (taken, own) = (self.b().get(exit.expect("as above")), self.b().i64(exit_number(site)));
                let there = self.b().compare(CompareOp::Eq, taken, own);
                let there = self.b().binary(Ir::And, there, is_lowest);
                leaves = self.b().binary(Ir::Or, leaves, there);
            }
            self.leave_last(variable, leaves, &team, span)?;
        }
        let one = self.b().i64(1);
        let parts = self.b().binary(Ir::Add, lowest, one);
        let parts = self.b().binary(Ir::Min, parts, team.n);
        self.combine_team(&variables, parts, &team, span)
    }

    /// Notes the `break` by which this thread leaves its part of a loop.
    pub(crate) fn note_way_out(&mut self, span: Span) {
        if let Some(exit) = self.team.as_ref().and_then(|team| team.exit) {
            let number = self.b().i64(exit_number(span.lo));
            self.b().set(exit, number);
        }
    }

    /// The lowest thread that left a loop by `break`; the number of threads where none did.
    fn lowest_exit(&mut self, exit: Var, team: &Team) -> Result<Value> {
        let own = self.b().get(exit);
        self.b().store(team.exits, vec![team.id], own);
        self.barrier(team)?;
        let lowest = self.new_var("lowest", Type::I64);
        self.b().set(lowest, team.n);
        let (label, iv) = (self.func.new_label(), self.func.new_value(Type::I64));
        let (body, ()) = self.nested(|l| {
            let (taken, zero) = (l.b().load(team.exits, vec![iv]), l.b().i64(0));
            let left = l.b().compare(CompareOp::Ne, taken, zero);
            let (before, all) = (l.b().get(lowest), team.n);
            let number = l.b().select(left, iv, all);
            let least = l.b().binary(Ir::Min, before, number);
            l.b().set(lowest, least);
        });
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let hints = LoopHints::default();
        let node = IrFor { label, iv, start: zero, stop: team.n, step: one, body, hints };
        self.b().push(InstKind::For(Box::new(node)));
        // The next loop writes to the same places.
        self.barrier(team)?;
        Ok(self.b().get(lowest))
    }

    /// The thread with the iteration that counts leaves the value of a variable that is no reduction.
    fn leave_last(&mut self, variable: &Shared, is_last: Value, team: &Team, span: Span) -> Result<()> {
        let (then, result) = self.nested(|l| {
            let used = Use::Web { web: variable.web, maybe_unbound: false };
            let value = l.read_use(used, &variable.name, span)?;
            let value = l.convert(&value, &variable.ty)?;
            let value = l.value(&value)?;
            l.b().store(variable.memory, vec![team.n], value);
            let (place, yes) = (l.b().i64(variable.place), l.b().i64(1));
            l.b().store(team.sync, vec![place], yes);
            Ok(())
        });
        let (otherwise, ()) = self.nested(|_| ());
        self.b().push(InstKind::If { cond: is_last, then, otherwise });
        result
    }

    /// Combines the first `parts` threads' reductions and waits for the team.
    fn combine_team(&mut self, variables: &[Shared], parts: Value, team: &Team, span: Span) -> Result<()> {
        let reduced: Vec<&Shared> = variables.iter().filter(|v| v.op.is_some()).collect();
        for variable in &reduced {
            let used = Use::Web { web: variable.web, maybe_unbound: false };
            let value = self.read_use(used, &variable.name, span)?;
            let value = self.convert(&value, &variable.ty)?;
            let value = self.value(&value)?;
            self.b().store(variable.memory, vec![team.id], value);
        }
        self.barrier(team)?;
        if reduced.is_empty() {
            return Ok(());
        }
        for variable in &reduced {
            let ty = variable.ty.clone();
            let total = self.new_var("total", ty.ir());
            let before = self.b().load(variable.memory, vec![team.n]);
            self.b().set(total, before);
            let (label, iv) = (self.func.new_label(), self.func.new_value(Type::I64));
            let op = match variable.op.expect("of a reduction") {
                BinaryOp::Sub => BinaryOp::Add,
                op => op,
            };
            let (body, result) = self.nested(|l| {
                let (left, right) = (l.b().get(total), l.b().load(variable.memory, vec![iv]));
                let (left, right) =
                    (Operand::value(ty.clone(), left, span), Operand::value(ty.clone(), right, span));
                let sum = l.binary(op, &left, &right, span)?;
                let sum = l.cast_to(&sum, ty.dtype().expect("a number"))?;
                l.b().set(total, sum);
                Ok::<(), crate::diagnostics::Error>(())
            });
            let (zero, one) = (self.b().i64(0), self.b().i64(1));
            let hints = LoopHints::default();
            let sum = IrFor { label, iv, start: zero, stop: parts, step: one, body, hints };
            self.b().push(InstKind::For(Box::new(sum)));
            result?;
            let value = self.b().get(total);
            self.define_web(variable.web, &Operand::value(ty, value, span), span)?;
        }
        self.barrier(team)?;
        let zero = self.b().i64(0);
        let is_first = self.b().compare(CompareOp::Eq, team.id, zero);
        let (then, result) = self.nested(|l| {
            for variable in &reduced {
                let used = Use::Web { web: variable.web, maybe_unbound: false };
                let value = l.read_use(used, &variable.name, span)?;
                let value = l.value(&value)?;
                l.b().store(variable.memory, vec![team.n], value);
                let (place, yes) = (l.b().i64(variable.place), l.b().i64(1));
                l.b().store(team.sync, vec![place], yes);
            }
            Ok(())
        });
        let (otherwise, ()) = self.nested(|_| ());
        self.b().push(InstKind::If { cond: is_first, then, otherwise });
        result
    }

    /// Waits until all threads of the team are here, or one of them failed.
    fn barrier(&mut self, team: &Team) -> Result<()> {
        let address = self.b().value(InstKind::Address(team.sync));
        let counter = self.b().value(InstKind::Pointer(address));
        let missing = || crate::diagnostics::Error::Untyped;
        let before = self.call_host(ARRIVE, vec![counter], Type::I64).ok_or_else(missing)?;
        let rounds = self.b().binary(Ir::FloorDiv, before, team.n);
        let one = self.b().i64(1);
        let rounds = self.b().binary(Ir::Add, rounds, one);
        let wanted = self.b().binary(Ir::Mul, rounds, team.n);
        let label = self.func.new_label();
        let (cond, test) = self.nested(|l| {
            let there = l.call_host(WAIT, vec![counter, wanted], Type::I64).ok_or_else(missing)?;
            let zero = l.b().i64(0);
            Ok::<_, crate::diagnostics::Error>(l.b().compare(CompareOp::Eq, there, zero))
        });
        let test = test?;
        let (body, ()) = self.nested(|l| {
            l.b().push(InstKind::Safepoint);
        });
        self.b().push(InstKind::While { label, cond, test, body });
        Ok(())
    }

    fn neutral(&mut self, op: BinaryOp, ty: &Ty, span: Span) -> Result<Operand> {
        let dtype = ty.dtype().expect("a number");
        let number = match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::BitOr | BinaryOp::BitXor => 0,
            BinaryOp::Mult => 1,
            BinaryOp::BitAnd => -1,
            _ => {
                let help = "combine with `+ - * & | ^`";
                return Err(misuse("this operator makes no reduction", "in a parallel loop", help, span));
            }
        };
        if number == -1 && dtype.is_int() {
            let value = self.b().value(InstKind::Const(Const::Int(DType::I64, -1)));
            let value = self.b().cast(value, dtype);
            return Ok(Operand::value(ty.clone(), value, span));
        }
        let constant = Operand::constant(Ty::PyInt, Constant::Int(number), span);
        let value = self.cast_to(&constant, dtype)?;
        Ok(Operand::value(ty.clone(), value, span))
    }

    /// Functions of OpenMP.
    pub(crate) fn openmp(&mut self, function: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        args.bind(function, &[], 0)?;
        let number = |l: &mut Self, n: Value| {
            let n = l.b().cast(n, DType::I32);
            Ok(Operand::value(Ty::Scalar(DType::I32), n, span))
        };
        match function {
            "omp_get_thread_num" => {
                let id = self.b().value(InstKind::ThreadId);
                number(self, id)
            }
            "omp_get_max_threads" | "omp_get_num_procs" => {
                let n = self.b().value(InstKind::NumThreads);
                number(self, n)
            }
            "omp_get_num_threads" => {
                let n = match (&self.team, self.in_parallel()) {
                    (Some(team), _) => team.n,
                    (None, true) => self.b().value(InstKind::NumThreads),
                    (None, false) => self.b().i64(1),
                };
                number(self, n)
            }
            "omp_in_parallel" => {
                let inside = i64::from(self.in_parallel());
                let inside = self.b().i64(inside);
                number(self, inside)
            }
            _ => {
                let value = self.call_host(CLOCK, Vec::new(), Type::F64);
                let value = value.ok_or(crate::diagnostics::Error::Untyped)?;
                Ok(Operand::value(Ty::Scalar(DType::F64), value, span))
            }
        }
    }
}

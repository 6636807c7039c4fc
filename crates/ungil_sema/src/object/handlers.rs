//! Exceptions: `raise`, `assert`, `try`, `with`.
//!
//! A block whose errors are met is a loop that runs once: its errors break out of it. While an exception is handled the
//! one handled before and itself lie in temporaries.

use ungil_ir::entities::{Label, Var};
use ungil_ir::inst::{CompareOp, InstKind};
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::stmt::{ExceptHandler, Stmt, Try, With, WithItem};

use super::entries::Entry;
use super::function::Lowerer;
use super::loops::Frame;
use super::value::{Obj, Val};
use super::{Result, refuse};

impl Lowerer<'_> {
    pub(super) fn raise(&mut self, exc: Option<&Expr>, cause: Option<&Expr>) -> Result<()> {
        let Some(exc) = exc else {
            self.call(Entry::Reraise, &[]);
            if self.frames.iter().any(|f| matches!(f, Frame::Handler { .. })) {
                self.fail_again();
            } else {
                self.fail();
            }
            return Ok(());
        };
        let exc_obj = self.obj(exc)?;
        let cause = match cause {
            Some(cause) => Some(self.obj(cause)?),
            None => None,
        };
        self.at(exc.span);
        let (zero, has) = (self.word(0), self.word(i64::from(cause.is_some())));
        self.call(Entry::RaiseObject, &[exc_obj.value, cause.map_or(zero, |c| c.value), has]);
        self.drop_obj(exc_obj);
        cause.into_iter().for_each(|c| self.drop_obj(c));
        self.fail();
        Ok(())
    }

    pub(super) fn assert(&mut self, test: &Expr, msg: Option<&Expr>) -> Result<()> {
        let truth = self.cond(test)?;
        self.branch(
            truth,
            |_| Ok(true),
            |l| {
                let msg = match msg {
                    Some(msg) => Some(l.obj(msg)?),
                    None => None,
                };
                l.at(test.span);
                let zero = l.word(0);
                l.call(Entry::FailAssertion, &[msg.map_or(zero, |m| m.value)]);
                msg.into_iter().for_each(|m| l.drop_obj(m));
                l.fail();
                Ok(false)
            },
        )?;
        Ok(())
    }

    /// Goes the way of errors with an exception whose traceback has this function's frame.
    fn fail_again(&mut self) {
        let (line_var, label) = (self.line_var, *self.handlers.last().expect("a way out"));
        let mut b = self.b();
        let line = b.i64(-1);
        b.set(line_var, line);
        b.push(InstKind::Break(label));
    }

    /// Runs `body`; an exception in it is handled by `caught`, which does not fall: it jumps behind or fails.
    fn guarded(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<bool>,
        then: impl FnOnce(&mut Self) -> Result<bool>,
        caught: impl FnOnce(&mut Self, Label, Var, Var) -> Result<()>,
    ) -> Result<()> {
        let (after, met) = (self.func.new_label(), self.func.new_label());
        let (before, exception) = (self.new_temp(), self.new_temp());
        let held: Vec<Var> = self.temps.iter().copied().filter(|t| !self.free.contains(t)).collect();
        self.forever(after, |l| {
            l.forever(met, |l| {
                l.handlers.push(met);
                let falls = body(l);
                l.handlers.pop();
                if falls? && then(l)? {
                    l.b().push(InstKind::Break(after));
                }
                Ok(())
            })?;
            l.catch(before, exception, &held);
            caught(l, after, before, exception)
        })?;
        self.free.extend([before, exception]);
        Ok(())
    }

    /// The exception that is set is handled from here on; what its block held is given up.
    fn catch(&mut self, before: Var, exception: Var, held: &[Var]) {
        let (table, line_var, address) = (self.table, self.line_var, self.scratch(1));
        let line = self.b().get(line_var);
        let caught = self.call(Entry::Catch, &[table, line, address]);
        let old = self.load(address, 0);
        let mut b = self.b();
        b.set(before, old);
        b.set(exception, caught);
        for temp in self.temps.clone() {
            if !held.contains(&temp) {
                let value = self.b().get(temp);
                let zero = self.word(0);
                self.b().set(temp, zero);
                self.call(Entry::ReleaseMaybe, &[value]);
            }
        }
    }

    /// Behind a handler's block: what was handled before is again.
    fn uncatch(&mut self, before: Var) {
        let value = self.b().get(before);
        let zero = self.word(0);
        self.b().set(before, zero);
        self.call(Entry::Uncatch, &[value]);
    }

    fn empty(&mut self, temp: Var) {
        let value = self.b().get(temp);
        let zero = self.word(0);
        self.b().set(temp, zero);
        self.call(Entry::ReleaseMaybe, &[value]);
    }

    /// The name of a handler is gone behind it.
    fn unbind(&mut self, name: Option<&str>) {
        if let Some(local) = name.and_then(|name| self.local(name)) {
            if local.cell.is_some() {
                let (cell, zero) = (self.b().get(local.var), self.word(0));
                self.call(Entry::CellSet, &[cell, zero]);
            } else {
                self.empty(local.var);
            }
        }
    }

    /// Raises the exception that was caught again.
    fn rethrow(&mut self, before: Var, caught: Var) {
        self.uncatch(before);
        let value = self.b().get(caught);
        let zero = self.word(0);
        self.b().set(caught, zero);
        self.call(Entry::Restore, &[value]);
        self.fail_again();
    }

    /// Runs what frames from `depth` on ask for, innermost first, for a jump out of them; returns whether it falls.
    pub(super) fn unwind(&mut self, depth: usize) -> Result<bool> {
        let (frames, handlers, free) = (self.frames.clone(), self.handlers.clone(), self.lock.free);
        let mut falls = Ok(true);
        for at in (depth..frames.len()).rev() {
            self.frames.truncate(at);
            falls = self.undo(&frames[at]);
            if !matches!(falls, Ok(true)) {
                break;
            }
        }
        (self.frames, self.handlers, self.lock.free) = (frames, handlers, free);
        falls
    }

    fn undo(&mut self, frame: &Frame) -> Result<bool> {
        match frame {
            Frame::Loop { .. } => {}
            Frame::Unlocked { state } => self.take(*state),
            Frame::Locked { state } => self.give_up(*state),
            Frame::Handler { before, caught, name } => {
                self.unbind(name.as_deref());
                self.uncatch(*before);
                self.empty(*caught);
            }
            Frame::Finally { body, handlers } => {
                self.handlers.truncate(*handlers);
                return self.block(body);
            }
            Frame::With { exit, handlers } => {
                self.handlers.truncate(*handlers);
                self.leave_manager(*exit);
            }
        }
        Ok(true)
    }

    /// Calls `__exit__` without an exception.
    fn leave_manager(&mut self, exit: Var) {
        let function = self.b().get(exit);
        let zero = self.word(0);
        self.status(Entry::Exit, &[function, zero]);
    }

    pub(super) fn try_stmt(&mut self, t: &Try) -> Result<()> {
        if t.is_star {
            return refuse("`except*`");
        }
        if t.finalbody.is_empty() {
            return self.try_except(t);
        }
        let handlers = self.handlers.len();
        self.guarded(
            |l| {
                l.frames.push(Frame::Finally { body: t.finalbody.clone(), handlers });
                let result =
                    if t.handlers.is_empty() { l.block(&t.body) } else { l.try_except(t).map(|()| true) };
                l.frames.pop();
                result
            },
            |l| l.block(&t.finalbody),
            |l, _, before, caught| {
                let falls = l.handled(before, caught, None, &t.finalbody)?;
                if falls {
                    l.rethrow(before, caught);
                }
                Ok(())
            },
        )
    }

    fn try_except(&mut self, t: &Try) -> Result<()> {
        self.guarded(
            |l| l.block(&t.body),
            |l| l.block(&t.orelse),
            |l, after, before, caught| l.clauses(&t.handlers, after, before, caught),
        )
    }

    fn clauses(&mut self, clauses: &[ExceptHandler], after: Label, before: Var, caught: Var) -> Result<()> {
        let Some((clause, rest)) = clauses.split_first() else {
            self.rethrow(before, caught);
            return Ok(());
        };
        let run = |l: &mut Self| {
            if l.handled(before, caught, clause.name.as_ref().map(|n| &*n.name), &clause.body)? {
                l.unbind(clause.name.as_ref().map(|n| &*n.name));
                l.uncatch(before);
                l.empty(caught);
                l.b().push(InstKind::Break(after));
            }
            Ok(false)
        };
        let Some(class) = &clause.exc else { return run(self).map(|_| ()) };
        let mut truth = None;
        self.in_handler(before, caught, None, |l| {
            let class = l.obj(class)?;
            l.at(clause.span);
            let exception = l.b().get(caught);
            let status = l.status_from(Entry::Matches, &[exception, class.value], &[class]);
            let var = l.func.new_var("matches", ungil_ir::types::Type::I64);
            l.b().set(var, status);
            truth = Some(var);
            Ok(true)
        })?;
        let Some(var) = truth else { return refuse("this class of exceptions") };
        let zero = self.word(0);
        let status = self.b().get(var);
        let matches = self.b().compare(CompareOp::Ne, status, zero);
        self.branch(matches, run, |l| l.clauses(rest, after, before, caught).map(|()| false))?;
        Ok(())
    }

    /// The block of a handler; the exception stays handled when it falls.
    fn handled(&mut self, before: Var, caught: Var, name: Option<&str>, body: &[Stmt]) -> Result<bool> {
        if let Some(name) = name {
            if self.local(name).is_none_or(|local| local.ty.is_some()) {
                return refuse("an exception in a global or a variable of C");
            }
            let value = self.b().get(caught);
            self.store_name(name, Val::Obj(Obj { value, temp: None }))?;
        }
        self.in_handler(before, caught, name, |l| l.block(body))
    }

    /// Code that runs while an exception is handled: when it fails, the one handled before is again.
    fn in_handler(
        &mut self,
        before: Var,
        caught: Var,
        name: Option<&str>,
        build: impl FnOnce(&mut Self) -> Result<bool>,
    ) -> Result<bool> {
        let (after, failed) = (self.func.new_label(), self.func.new_label());
        let mut falls = Ok(false);
        self.forever(after, |l| {
            l.forever(failed, |l| {
                l.handlers.push(failed);
                l.frames.push(Frame::Handler { before, caught, name: name.map(str::to_owned) });
                falls = build(l);
                l.frames.pop();
                l.handlers.pop();
                if matches!(falls, Ok(true)) {
                    l.b().push(InstKind::Break(after));
                }
                Ok(())
            })?;
            l.unbind(name);
            l.uncatch(before);
            l.empty(caught);
            let label = *l.handlers.last().expect("a way out");
            l.b().push(InstKind::Break(label));
            Ok(())
        })?;
        falls
    }

    pub(super) fn with_stmt(&mut self, w: &With) -> Result<()> {
        if w.is_async {
            return refuse("`async with`");
        }
        self.managers(&w.items, &w.body)
    }

    fn managers(&mut self, items: &[WithItem], body: &[Stmt]) -> Result<()> {
        let Some((item, rest)) = items.split_first() else {
            return refuse("`with` without a manager");
        };
        let manager = self.obj(&item.context)?;
        self.at(item.context.span);
        let address = self.scratch(1);
        let entered = self.call(Entry::Enter, &[manager.value, address]);
        self.drop_obj(manager);
        let entered = self.fresh(entered);
        let exit = self.load(address, 0);
        let Obj { temp: Some(exit), .. } = self.keep(exit) else { return refuse("a manager") };
        let handlers = self.handlers.len();
        self.guarded(
            |l| {
                l.frames.push(Frame::With { exit, handlers });
                let result = l.managed(item, entered, rest, body);
                l.frames.pop();
                result
            },
            |l| {
                l.leave_manager(exit);
                Ok(true)
            },
            |l, after, before, caught| l.leave_failed(exit, after, before, caught),
        )?;
        self.empty(exit);
        self.free.push(exit);
        Ok(())
    }

    fn managed(&mut self, item: &WithItem, entered: Obj, rest: &[WithItem], body: &[Stmt]) -> Result<bool> {
        match &item.target {
            Some(target) => self.store(target, Val::Obj(entered))?,
            None => self.drop_obj(entered),
        }
        if rest.is_empty() { self.block(body) } else { self.managers(rest, body).map(|()| true) }
    }

    /// Calls `__exit__` with the exception that was caught.
    fn leave_failed(&mut self, exit: Var, after: Label, before: Var, caught: Var) -> Result<()> {
        let swallowed = self.func.new_var("swallowed", ungil_ir::types::Type::I64);
        self.in_handler(before, caught, None, |l| {
            let function = l.b().get(exit);
            let exception = l.b().get(caught);
            let status = l.status(Entry::Exit, &[function, exception]);
            l.b().set(swallowed, status);
            Ok(true)
        })?;
        let status = self.b().get(swallowed);
        let zero = self.word(0);
        let is_swallowed = self.b().compare(CompareOp::Ne, status, zero);
        self.branch(
            is_swallowed,
            |l| {
                l.uncatch(before);
                l.empty(caught);
                l.b().push(InstKind::Break(after));
                Ok(false)
            },
            |l| {
                l.rethrow(before, caught);
                Ok(false)
            },
        )?;
        Ok(())
    }
}

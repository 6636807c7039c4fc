//! Loops, and the ways out of them.

use ungil_diag::span::Span;
use ungil_ir::entities::{Label, Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::UnaryOp;
use ungil_syntax::ast::stmt::{For, Stmt, While};

use super::c_loop::Iterable;
use super::entries::Entry;
use super::function::Lowerer;
use super::value::{CTy, Obj, Val};
use super::{Meaning, Result, refuse};

/// What is around a statement.
#[derive(Clone)]
pub(super) enum Frame {
    Loop {
        /// Behind the loop and its `else`.
        break_to: Label,
        continue_to: Label,
    },
    /// A block that runs while an exception is handled, with the one handled before.
    Handler {
        before: Var,
        caught: Var,
        name: Option<String>,
    },
    /// A block behind which others run, with the number of ways out around it.
    Finally {
        body: Vec<Stmt>,
        handlers: usize,
    },
    /// A block without the lock, and one with it inside: where the thread's state is.
    Unlocked {
        state: Var,
    },
    Locked {
        state: Var,
    },
    /// A `with` block: the manager's `__exit__`.
    With {
        exit: Var,
        handlers: usize,
    },
}

impl Lowerer<'_> {
    /// `break` or `continue`.
    pub(super) fn jump(&mut self, is_break: bool) -> Result<()> {
        let found = self.frames.iter().rposition(|f| matches!(f, Frame::Loop { .. }));
        let Some(Frame::Loop { break_to, continue_to }) = found.map(|at| self.frames[at].clone()) else {
            return refuse("a jump outside of loops");
        };
        if self.unwind(found.map_or(0, |at| at + 1))? {
            self.b().push(if is_break { InstKind::Break(break_to) } else { InstKind::Continue(continue_to) });
        }
        Ok(())
    }

    pub(super) fn while_loop(&mut self, w: &While) -> Result<()> {
        let (outer, inner) = (self.func.new_label(), self.func.new_label());
        self.around(outer, &w.orelse, |l, break_to| {
            l.forever(inner, |l| {
                l.at(w.test.span);
                let truth = l.cond(&w.test)?;
                l.branch(
                    truth,
                    |_| Ok(true),
                    |l| {
                        l.b().push(InstKind::Break(inner));
                        Ok(false)
                    },
                )?;
                l.loop_body(break_to.unwrap_or(inner), inner, &w.body)
            })
        })
    }

    fn loop_body(
        &mut self,
        break_to: Label,
        continue_to: Label,
        body: &[ungil_syntax::ast::stmt::Stmt],
    ) -> Result<()> {
        self.frames.push(Frame::Loop { break_to, continue_to });
        let result = self.block(body);
        self.frames.pop();
        result.map(|_| ())
    }

    /// A loop with an `else`, which `break` jumps over.
    fn around(
        &mut self,
        outer: Label,
        orelse: &[ungil_syntax::ast::stmt::Stmt],
        build: impl FnOnce(&mut Self, Option<Label>) -> Result<()>,
    ) -> Result<()> {
        if orelse.is_empty() {
            return build(self, None);
        }
        self.forever(outer, |l| {
            build(l, Some(outer))?;
            if l.block(orelse)? {
                l.b().push(InstKind::Break(outer));
            }
            Ok(())
        })
    }

    pub(super) fn for_loop(&mut self, f: &For) -> Result<()> {
        let outer = self.func.new_label();
        if let Some((call, ty, var)) = self.counted(f) {
            return self.around(outer, &f.orelse, |l, break_to| l.range_loop(f, &call, &ty, var, break_to));
        }
        if let Some(elements) = self.elements(&f.iter)? {
            return self.around(outer, &f.orelse, |l, break_to| {
                l.each_element(&elements, &f.target, |l, inner| {
                    l.loop_body(break_to.unwrap_or(inner), inner, &f.body)
                })
            });
        }
        let iterable = self.obj(&f.iter)?;
        // The iterator is given up behind the `else`, whichever way the loop ends.
        let iterator = self.iterator(f.iter.span, iterable);
        self.around(outer, &f.orelse, |l, break_to| {
            l.iterate_over(f.iter.span, iterator, &f.target, |l, inner| {
                l.loop_body(break_to.unwrap_or(inner), inner, &f.body)
            })
        })?;
        self.drop_obj(iterator);
        Ok(())
    }

    fn iterator(&mut self, span: Span, iterable: Obj) -> Obj {
        self.at(span);
        self.make_from(Entry::Iter, &[iterable.value], &[iterable])
    }

    /// Runs `body` for each item; it falls through.
    pub(super) fn iterate(
        &mut self,
        span: Span,
        iterable: Iterable,
        target: &Expr,
        body: impl FnOnce(&mut Self) -> Result<bool>,
    ) -> Result<()> {
        let iterable = match iterable {
            Iterable::Obj(obj) => obj,
            Iterable::Elements(elements) => {
                return self.each_element(&elements, target, |l, _| body(l).map(|_| ()));
            }
        };
        let iterator = self.iterator(span, iterable);
        self.iterate_over(span, iterator, target, |l, _| body(l).map(|_| ()))?;
        self.drop_obj(iterator);
        Ok(())
    }

    fn iterate_over(
        &mut self,
        span: Span,
        iterator: Obj,
        target: &Expr,
        body: impl FnOnce(&mut Self, Label) -> Result<()>,
    ) -> Result<()> {
        let label = self.func.new_label();
        let position = {
            let (slot, base) = (i64::from(self.slots) * 8, self.slots_address);
            self.slots += 1;
            let mut b = self.b();
            let offset = b.i64(slot);
            b.binary(Ir::Add, base, offset)
        };
        let zero = self.word(0);
        self.put(position, 0, zero);
        self.forever(label, |l| {
            l.at(span);
            let item = l.call(Entry::Next, &[iterator.value, position]);
            let at_end = l.is_zero(item);
            let (then, ()) = l.nested(|l| {
                l.b().push(InstKind::Break(label));
            });
            let otherwise = l.func.new_region();
            l.b().push(InstKind::If { cond: at_end, then, otherwise });
            let failed = l.is_word(item, 1);
            l.fail_if(failed);
            let item = l.keep(item);
            l.store(target, Val::Obj(item))?;
            body(l, label)
        })
    }

    /// A loop over `range` whose variable is an integer of C.
    fn counted(&self, f: &For) -> Option<(Call, CTy, Var)> {
        let ExprKind::Call(call) = &f.iter.kind else { return None };
        let ExprKind::Name(function) = &call.func.kind else { return None };
        let ExprKind::Name(target) = &f.target.kind else { return None };
        if &**function != "range" || (self.source.meaning)(function) != Meaning::Builtin {
            return None;
        }
        if self.local(function).is_some() || !call.keywords.is_empty() || !(1..=3).contains(&call.args.len())
        {
            return None;
        }
        let local = self.local(target).filter(|l| l.cell.is_none() && l.memory.is_none())?;
        let ty = local.ty.filter(|t| t.dtype().is_int() && *t != CTy::Bint && t.dtype() != DType::U64)?;
        // Of objects Python makes the range.
        let known_step = call.args.iter().all(|a| self.is_c(a))
            && call.args.get(2).is_none_or(|step| step_of(step).is_some());
        known_step.then(|| ((**call).clone(), ty, local.var))
    }

    fn range_loop(
        &mut self,
        f: &For,
        call: &Call,
        ty: &CTy,
        var: Var,
        break_to: Option<Label>,
    ) -> Result<()> {
        let bound = |l: &mut Self, e: &Expr| -> Result<Value> {
            let value = l.expr(e)?;
            let value = match value {
                // What does not fit the variable is cut as an assignment cuts it; bounds may be wider.
                Val::C(value, from) if from.dtype().is_int() => value,
                other => l.number(other, ty)?,
            };
            Ok(l.b().cast(value, DType::I64))
        };
        let (start, stop) = match call.args.as_slice() {
            [stop] => (None, bound(self, stop)?),
            [start, stop, ..] => (Some(bound(self, start)?), bound(self, stop)?),
            [] => return refuse("`range` without arguments"),
        };
        let step = call.args.get(2).and_then(step_of).unwrap_or(1);
        let start = match start {
            Some(start) => start,
            None => self.word(0),
        };
        let count = self.func.new_var("count", Type::I64);
        let step_value = self.word(step);
        let mut b = self.b();
        let before = b.binary(Ir::Sub, start, step_value);
        b.set(count, before);
        let label = self.func.new_label();
        let (cond, test) = self.nested(|l| {
            let mut b = l.b();
            let last = b.get(count);
            let step_value = b.i64(step);
            let next = b.binary(Ir::Add, last, step_value);
            b.set(count, next);
            b.compare(if step > 0 { IrCompare::Lt } else { IrCompare::Gt }, next, stop)
        });
        let (body, done) = self.nested(|l| {
            let mut b = l.b();
            let now = b.get(count);
            let now = b.cast(now, ty.dtype());
            b.set(var, now);
            l.loop_body(break_to.unwrap_or(label), label, &f.body)
        });
        self.b().push(InstKind::While { label, cond, test, body });
        done
    }
}

/// A step that is written down.
pub(super) fn step_of(e: &Expr) -> Option<i64> {
    let n = match &e.kind {
        ExprKind::Literal(Literal::Int(n)) => *n,
        ExprKind::Unary { op: UnaryOp::Neg, operand } => match &operand.kind {
            ExprKind::Literal(Literal::Int(n)) => -n,
            _ => return None,
        },
        _ => return None,
    };
    (n != 0 && n.unsigned_abs() < 1 << 31).then_some(n)
}

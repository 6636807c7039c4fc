//! Loops, and the ways out of them.

use ungil_diag::span::Span;
use ungil_ir::entities::{Label, Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, For as IrFor, InstKind, LoopHints};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::UnaryOp;
use ungil_syntax::ast::stmt::{For, Stmt, While};

use super::c_loop::Iterable;
use super::call::is_simple;
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

    pub(super) fn loop_body(
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
    pub(super) fn around(
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
        if self.bounded_loop(f)? {
            return Ok(());
        }
        let outer = self.func.new_label();
        if let Some((call, ty, var)) = self.counted(f) {
            return self.around(outer, &f.orelse, |l, break_to| l.range_loop(f, &call, &ty, var, break_to));
        }
        if self.is_letter_loop(f) {
            let text = self.obj(&f.iter)?;
            // The variable may be assigned meanwhile.
            let text = self.keep_own(text);
            self.around(outer, &f.orelse, |l, break_to| l.letter_loop(f, text, break_to))?;
            self.drop_obj(text);
            return Ok(());
        }
        if let Some(elements) = self.elements(&f.iter)? {
            return self.around(outer, &f.orelse, |l, break_to| {
                l.each_element(&elements, &f.target, |l, inner| {
                    l.loop_body(break_to.unwrap_or(inner), inner, &f.body)
                })
            });
        }
        let (iterated, counter) = match self.enumerated(&f.iter, &f.target) {
            Some((iterated, start)) => (iterated, Some(start)),
            None => (&f.iter, None),
        };
        // The iterator is given up behind the `else`, whichever way the loop ends.
        let (iterator, range) = match self.ranged(iterated)? {
            Some((iterator, words)) => (iterator, Some(words)),
            None => {
                let iterable = self.obj(iterated)?;
                let of_pairs = counter.is_none() && pair_of(&f.target).is_some();
                (self.iterator(f.iter.span, iterable, of_pairs), None)
            }
        };
        self.around(outer, &f.orelse, |l, break_to| {
            l.iterate_over(f.iter.span, (iterator, range, counter), &f.target, |l, inner| {
                l.loop_body(break_to.unwrap_or(inner), inner, &f.body)
            })
        })?;
        self.drop_obj(iterator);
        Ok(())
    }

    /// What `enumerate` runs over and where it begins, if a target takes its pairs apart.
    pub(super) fn enumerated<'e>(&self, iter: &'e Expr, target: &Expr) -> Option<(&'e Expr, i64)> {
        let ExprKind::Call(call) = &iter.kind else { return None };
        let is_known = matches!(&call.func.kind, ExprKind::Name(name) if **name == *"enumerate" && self.is_builtin(name));
        if pair_of(target).is_none() || !is_known || !is_simple(call) {
            return None;
        }
        match &call.args[..] {
            [iterable] => Some((iterable, 0)),
            [iterable, start] => match &start.kind {
                ExprKind::Literal(Literal::Int(n)) if n.unsigned_abs() < 1 << 31 => Some((iterable, *n)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The iterator of a call of `range`, and the address of its words; `None` for all else.
    pub(super) fn ranged(&mut self, iter: &Expr) -> Result<Option<(Obj, Value)>> {
        let ExprKind::Call(call) = &iter.kind else { return Ok(None) };
        let is_range =
            matches!(&call.func.kind, ExprKind::Name(name) if **name == *"range" && self.is_builtin(name));
        if !is_range || !is_simple(call) || !(1..=3).contains(&call.args.len()) {
            return Ok(None);
        }
        let mut given = Vec::new();
        for arg in &call.args {
            given.push(self.obj(arg)?);
        }
        if given.len() == 1 {
            given.insert(0, self.literal(&Literal::Int(0))?);
        }
        if given.len() == 2 {
            given.push(self.literal(&Literal::Int(1))?);
        }
        self.at(iter.span);
        let words = self.slot_words(3);
        let args = [given[0].value, given[1].value, given[2].value, words];
        let iterator = self.make_from(Entry::IterRange, &args, &given);
        Ok(Some((iterator, words)))
    }

    fn iterator(&mut self, span: Span, iterable: Obj, of_pairs: bool) -> Obj {
        self.at(span);
        let entry = if of_pairs { Entry::IterPairs } else { Entry::Iter };
        self.make_from(entry, &[iterable.value], &[iterable])
    }

    /// Runs `body` for each item; it falls through.
    pub(super) fn iterate(
        &mut self,
        span: Span,
        iterable: Iterable,
        target: &Expr,
        body: impl FnOnce(&mut Self) -> Result<bool>,
    ) -> Result<()> {
        let (iterable, counter) = match iterable {
            Iterable::Obj(obj) => (obj, None),
            Iterable::Enumerated(obj, start) => (obj, Some(start)),
            Iterable::Range(iterator, words) => {
                self.iterate_over(span, (iterator, Some(words), None), target, |l, _| body(l).map(|_| ()))?;
                self.drop_obj(iterator);
                return Ok(());
            }
            Iterable::Elements(elements) => {
                return self.each_element(&elements, target, |l, _| body(l).map(|_| ()));
            }
        };
        let iterator = self.iterator(span, iterable, counter.is_none() && pair_of(target).is_some());
        self.iterate_over(span, (iterator, None, counter), target, |l, _| body(l).map(|_| ()))?;
        self.drop_obj(iterator);
        Ok(())
    }

    fn iterate_over(
        &mut self,
        span: Span,
        (iterator, range, counter): (Obj, Option<Value>, Option<i64>),
        target: &Expr,
        body: impl FnOnce(&mut Self, Label) -> Result<()>,
    ) -> Result<()> {
        let label = self.func.new_label();
        let walk = self.walk(iterator, range);
        let pair = pair_of(target).filter(|_| range.is_none() && counter.is_none());
        let counter = counter.map(|start| self.word_var("counter", start));
        self.forever(label, |l| {
            l.at(span);
            if let Some(pair) = pair {
                let parts = l.scratch(2);
                l.next_pair(walk, label, parts);
                l.store_parts(pair, parts)?;
                return body(l, label);
            }
            let item = l.next_item(walk, label);
            let item = l.keep(item);
            match (counter, &target.kind) {
                (Some(counter), ExprKind::Tuple(pair) | ExprKind::List(pair)) => {
                    let (now, one) = (l.b().get(counter), l.word(1));
                    let next = l.b().binary(Ir::Add, now, one);
                    l.b().set(counter, next);
                    l.store(&pair[0], Val::C(now, CTy::Num(DType::I64, "Py_ssize_t".into())))?;
                    l.store(&pair[1], Val::Obj(item))?;
                }
                _ => l.store(target, Val::Obj(item))?,
            }
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
        let label = self.func.new_label();
        self.counted_loop(label, (start, stop, step), |l, now| {
            let mut b = l.b();
            let now = b.cast(now, ty.dtype());
            b.set(var, now);
            l.loop_body(break_to.unwrap_or(label), label, &f.body)
        })
    }

    /// A loop that counts from one number towards another.
    pub(super) fn counted_loop(
        &mut self,
        label: Label,
        (start, stop, step): (Value, Value, i64),
        body: impl FnOnce(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let (iv, step) = (self.func.new_value(Type::I64), self.word(step));
        let (body, done) = self.nested(|l| body(l, iv));
        let node = IrFor { label, iv, start, stop, step, body, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        done
    }
}

/// The targets of a pair.
fn pair_of(target: &Expr) -> Option<&[Expr]> {
    let (ExprKind::Tuple(pair) | ExprKind::List(pair)) = &target.kind else { return None };
    let is_pair = pair.len() == 2 && !pair.iter().any(|t| matches!(t.kind, ExprKind::Starred(_)));
    is_pair.then_some(pair)
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

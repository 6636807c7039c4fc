//! `for` and `while` loops, `break` and `continue`.

use ungil_diag::span::Span;
use ungil_ir::entities::{Label, Region, Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, For as IrFor, InstKind, LoopHints};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::stmt::{For, Stmt, StmtKind, While};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::build::Cond;
use crate::lower::call::Args;
use crate::lower::list::method::METHODS;
use crate::lower::{Flow, Lowerer};
use crate::operand::Operand;
use crate::resolve::children::{self, is_team};
use crate::ty::Ty;

/// A loop around the current place.
#[derive(Clone, Debug)]
pub(crate) struct LoopFrame {
    /// Where `break` goes, and what it sets for the `else` clause.
    break_to: Label,
    broke: Option<Var>,
    /// Where `continue` goes; in copies of an unrolled body it leaves the copy.
    continue_to: Jump,
    pub parallel: bool,
    pub leaves: Leaves,
    /// The bytes of the body of a parallel loop.
    pub lines: std::ops::Range<u32>,
}

/// How `break` and `return` leave a parallel loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    Never,
    /// As errors of their own.
    Raising,
    /// It is no loop but the block of a team: its jumps are those of the loop around.
    OfTeam,
    /// A loop that a team shares: each thread leaves its own part.
    OfShare,
}

#[derive(Clone, Copy, Debug)]
enum Jump {
    Continue(Label),
    Break(Label),
}

impl Lowerer<'_, '_> {
    /// Whether a parallel loop is around the current place.
    pub(crate) fn in_parallel(&self) -> bool {
        self.loops.iter().any(|f| f.parallel)
    }

    /// Whether a loop of this function's text is around the current place.
    pub(crate) fn is_in_loop(&self) -> bool {
        !self.loops.is_empty()
    }

    /// `break` or `continue`.
    pub(crate) fn jump(&mut self, is_break: bool, span: Span) -> Result<Flow> {
        let Some(frame) = self.loops.last().cloned() else {
            return Err(Error::Untyped);
        };
        match frame.leaves {
            Leaves::OfTeam => return self.leave_team(is_break),
            Leaves::Raising if is_break => return self.leave_loop(span),
            Leaves::OfShare if is_break => {
                self.note_way_out(span);
                self.b().push(InstKind::Break(frame.break_to));
                return Ok(Flow::Ends);
            }
            _ => {}
        }
        if is_break && frame.parallel {
            let help = "use a reduction or a flag, or `range` for a loop that ends early";
            return Err(Unsupported::Statement { what: "`break` out of `prange` is", span, help }.into());
        }
        if let (true, Some(broke)) = (is_break, frame.broke) {
            let yes = self.b().bool(true);
            self.b().set(broke, yes);
        }
        let kind = match frame.continue_to {
            _ if is_break => InstKind::Break(frame.break_to),
            Jump::Continue(label) => InstKind::Continue(label),
            Jump::Break(label) => InstKind::Break(label),
        };
        self.b().push(kind);
        Ok(Flow::Ends)
    }

    /// `while test: body else: orelse`.
    pub(crate) fn while_statement(&mut self, node: &While, _span: Span) -> Result<Flow> {
        if self.webs.decision(&node.test) == Some(false) {
            return Ok(self.block(&node.orelse));
        }
        let label = self.func.new_label();
        let broke = self.break_flag(&node.body, &node.orelse);
        let (cond, test) = self.nested(|l| {
            let test = l.lower_expr(&node.test)?;
            Ok(match l.truth(&test)? {
                Cond::Known(b) => (l.b().bool(b), Some(b)),
                Cond::Value(v) => (v, None),
            })
        });
        let test: Result<(Value, Option<bool>)> = test;
        let (test, known) = test?;
        let (body, _) = self.loop_body(
            LoopFrame {
                break_to: label,
                broke,
                continue_to: Jump::Continue(label),
                parallel: false,
                leaves: Leaves::Never,
                lines: 0..0,
            },
            &node.body,
        );
        self.b().push(InstKind::While { label, cond, test, body });
        let endless = known == Some(true) && !breaks(&node.body);
        if endless {
            // Control never gets behind the loop, but the IR wants the region to go on.
            return Ok(Flow::Ends);
        }
        self.loop_else(&node.orelse, broke)
    }

    /// The flag that tells the `else` clause of a loop with this body whether the loop was left by `break`.
    pub(crate) fn break_flag(&mut self, body: &[Stmt], orelse: &[Stmt]) -> Option<Var> {
        if orelse.is_empty() || !breaks(body) {
            return None;
        }
        let broke = self.new_var("broke", Type::BOOL);
        let no = self.b().bool(false);
        self.b().set(broke, no);
        Some(broke)
    }

    fn loop_body(&mut self, frame: LoopFrame, body: &[Stmt]) -> (Region, Flow) {
        self.nested(|l| l.framed(frame, |l| l.block(body)))
    }

    fn framed<T>(&mut self, frame: LoopFrame, run: impl FnOnce(&mut Self) -> T) -> T {
        self.loops.push(frame);
        let result = run(self);
        self.loops.pop();
        result
    }

    /// Runs what makes the body of a parallel loop that stands for an array statement.
    pub(crate) fn shared_out<T>(&mut self, label: Label, run: impl FnOnce(&mut Self) -> T) -> T {
        let continue_to = Jump::Continue(label);
        self.framed(
            LoopFrame {
                break_to: label,
                broke: None,
                continue_to,
                parallel: true,
                leaves: Leaves::Never,
                lines: 0..0,
            },
            run,
        )
    }

    /// The `else` clause: runs unless a `break` left the loop.
    pub(crate) fn loop_else(&mut self, orelse: &[Stmt], broke: Option<Var>) -> Result<Flow> {
        let Some(broke) = broke else { return Ok(self.block(orelse)) };
        let broke = self.b().get(broke);
        let (then, ()) = self.nested(|_| ());
        let (otherwise, _) = self.nested(|l| l.block(orelse));
        self.b().push(InstKind::If { cond: broke, then, otherwise });
        Ok(Flow::Falls)
    }

    /// `for target in iter: body else: orelse`.
    pub(crate) fn for_statement(&mut self, node: &For, span: Span) -> Result<Flow> {
        if node.is_async {
            let help = "call compiled functions from the coroutine";
            return Err(Unsupported::Statement { what: "`async for` is", span, help }.into());
        }
        if let Some(call) = self.call_of(&node.iter, "ungil.prange")? {
            return self.parallel_for(node, &call, span);
        }
        if let Some(call) = self.call_of(&node.iter, "cython.parallel.region")? {
            return self.region(node, &call, span);
        }
        if let Some(call) = self.call_of(&node.iter, "cython.forfrom")? {
            return self.for_from(node, &call, span);
        }
        if let Some(call) = self.call_of(&node.iter, "ungil.intrinsics.rotating")? {
            return self.rotating_for(node, &call);
        }
        let lanes = self.call_of(&node.iter, "ungil.simd")?;
        if let Some(inner) = lanes.as_ref().and_then(|call| call.args.first())
            && self.call_of(inner, "ungil.prange")?.is_some()
        {
            let help = "put `simd` around the range of a loop inside, or use `@jit(simd=True)`";
            return Err(Unsupported::Statement { what: "`simd` around `prange` is", span, help }.into());
        }
        let hints = LoopHints { lanes: lanes.is_some(), ..LoopHints::default() };
        self.loop_over_none(&node.iter)?;
        let iter = self.lower_expr(&node.iter)?;
        let broke = self.break_flag(&node.body, &node.orelse);
        if self.is_list(&iter) && self.may_change_lists(&node.body) {
            self.over_growing_list(node, &iter, broke)?;
        } else if let Some(items) = self.static_items(&iter) {
            if self.unrolled(node, &items, broke)? == Flow::Ends {
                return Ok(Flow::Ends);
            }
        } else if iter.ty == Ty::Range {
            self.over_range(node, &iter, (broke, hints))?;
        } else {
            let len = self.iteration_length(&iter)?;
            let (zero, one) = (self.b().i64(0), self.b().i64(1));
            self.counted(node, [zero, len, one], (broke, hints), &mut |l, i, span| {
                Ok(l.iteration_item(&iter, i)?.at(span))
            })?;
        }
        self.loop_else(&node.orelse, broke)
    }

    /// A parallel loop whose iterations run in order, with the flag of its `else`.
    pub(crate) fn loop_in_order(&mut self, node: &For, range: &Operand, broke: Option<Var>) -> Result<()> {
        self.over_range(node, range, (broke, LoopHints::default()))
    }

    fn over_range(
        &mut self,
        node: &For,
        range: &Operand,
        (broke, hints): (Option<Var>, LoopHints),
    ) -> Result<()> {
        let parts = self.items(range);
        let bounds = [self.index(&parts[0])?, self.index(&parts[1])?, self.index(&parts[2])?];
        self.check_counter(&node.target, bounds);
        let of_c = self.counts_in_c(&node.iter);
        self.counted(node, bounds, (broke, hints), &mut |l, i, span| {
            let counter = l.c_counter(&node.target, i, span);
            Ok(if of_c && counter.ty == Ty::PyInt {
                Operand { ty: Ty::Scalar(DType::I64), ..counter }
            } else {
                counter
            })
        })
    }

    /// `for i from a <= i < b`: a loop over a range, which leaves a variable of C as C does.
    fn for_from(&mut self, node: &For, call: &ungil_syntax::ast::expr::Call, span: Span) -> Result<Flow> {
        let positional = self.starred_items(&call.args)?;
        let builtin = Operand::entity(Ty::Builtin("builtins.range".into()), span);
        let range = self.call_operand(&builtin, Args { positional, keywords: Vec::new(), span }, span)?;
        let parts = self.items(&range);
        let bounds = [self.index(&parts[0])?, self.index(&parts[1])?, self.index(&parts[2])?];
        self.check_counter(&node.target, bounds);
        let broke = breaks(&node.body).then(|| {
            let broke = self.new_var("broke", Type::BOOL);
            let no = self.b().bool(false);
            self.b().set(broke, no);
            broke
        });
        self.counted(node, bounds, (broke, LoopHints::default()), &mut |l, i, span| {
            Ok(l.c_counter(&node.target, i, span))
        })?;
        if self.is_c_number(&node.target) {
            let n = self.length(&range, span)?;
            let n = self.value(&n)?;
            let offset = self.b().binary(Ir::Mul, n, bounds[2]);
            let last = self.b().binary(Ir::Add, bounds[0], offset);
            let leave = |l: &mut Self| {
                let value = l.c_counter(&node.target, last, node.target.span);
                l.assign_to(&node.target, &value)
            };
            match broke {
                None => leave(self)?,
                Some(broke) => {
                    let cond = self.b().get(broke);
                    let (then, ()) = self.nested(|_| ());
                    let (otherwise, result) = self.nested(leave);
                    self.b().push(InstKind::If { cond, then, otherwise });
                    result?;
                }
            }
        }
        self.loop_else(&node.orelse, broke)
    }

    /// Whether a target is a variable that is declared as a number of C.
    fn is_c_number(&self, target: &Expr) -> bool {
        let ExprKind::Name(name) = &target.kind else { return false };
        let declared = self.options.c.as_ref().and_then(|c| c.vars.get(&**name));
        matches!(declared, Some(crate::cython::Declared::Scalar { .. }))
    }

    /// Whether a loop's body may make lists longer or shorter.
    fn may_change_lists(&self, body: &[Stmt]) -> bool {
        struct Search<'l, 'p, 'w> {
            l: &'l Lowerer<'p, 'w>,
            found: bool,
        }
        impl Visitor for Search<'_, '_, '_> {
            fn visit_expr(&mut self, e: &Expr) {
                if let ExprKind::Call(call) = &e.kind {
                    self.found |= match &call.func.kind {
                        ExprKind::Attribute { attr, .. } => METHODS.contains(&&*attr.name),
                        _ => self.l.may_change_arrays(e),
                    };
                }
                walk_expr(self, e);
            }

            fn visit_stmt(&mut self, s: &Stmt) {
                self.found |= match &s.kind {
                    StmtKind::AugAssign { op: BinaryOp::Add, target, .. } => {
                        matches!(target.kind, ExprKind::Name(_))
                    }
                    StmtKind::Assign { targets, .. } => targets.iter().any(|t| match &t.kind {
                        ExprKind::Subscript { index, .. } => matches!(index.kind, ExprKind::Slice { .. }),
                        _ => false,
                    }),
                    _ => false,
                };
                walk_stmt(self, s);
            }
        }
        let mut search = Search { l: self, found: false };
        body.iter().for_each(|s| search.visit_stmt(s));
        search.found
    }

    /// `for target in list:` where the body may change the list: it ends where the list ends then.
    fn over_growing_list(&mut self, node: &For, list: &Operand, broke: Option<Var>) -> Result<()> {
        let label = self.func.new_label();
        let iv = self.func.new_value(Type::I64);
        let frame = LoopFrame {
            break_to: label,
            broke,
            continue_to: Jump::Continue(label),
            parallel: false,
            leaves: Leaves::Never,
            lines: 0..0,
        };
        let (body, result) = self.nested(|l| {
            let n = l.list_length(list)?;
            let over = l.b().compare(ungil_ir::inst::CompareOp::Ge, iv, n);
            l.if_then(over, |l| l.b().push(InstKind::Break(label)));
            let value = l.list_item(list, iv, node.target.span)?;
            l.assign_to(&node.target, &value)?;
            l.framed(frame, |l| l.block(&node.body));
            Ok(())
        });
        let (start, stop, step) = (self.b().i64(0), self.b().i64(i64::MAX), self.b().i64(1));
        let hints = LoopHints::default();
        self.b().push(InstKind::For(Box::new(IrFor { label, iv, start, stop, step, body, hints })));
        result
    }

    fn counted(
        &mut self,
        node: &For,
        [start, stop, step]: [Value; 3],
        (broke, hints): (Option<Var>, LoopHints),
        item: &mut dyn FnMut(&mut Self, Value, Span) -> Result<Operand>,
    ) -> Result<()> {
        let label = self.func.new_label();
        let iv = self.func.new_value(Type::I64);
        let frame = LoopFrame {
            break_to: label,
            broke,
            continue_to: Jump::Continue(label),
            parallel: false,
            leaves: Leaves::Never,
            lines: 0..0,
        };
        let (body, result) = self.nested(|l| {
            let value = item(l, iv, node.target.span)?;
            l.assign_to(&node.target, &value)?;
            l.framed(frame, |l| l.block(&node.body));
            Ok(())
        });
        self.b().push(InstKind::For(Box::new(IrFor { label, iv, start, stop, step, body, hints })));
        result
    }

    /// A copy of the body for each item. Jumps leave a loop that runs once.
    fn unrolled(&mut self, node: &For, items: &[Operand], broke: Option<Var>) -> Result<Flow> {
        if !breaks(&node.body) && !continues(&node.body) {
            for item in items {
                self.assign_to(&node.target, &item.clone().at(node.target.span))?;
                let label = self.func.new_label();
                let frame = LoopFrame {
                    break_to: label,
                    broke,
                    continue_to: Jump::Break(label),
                    parallel: false,
                    leaves: Leaves::Never,
                    lines: 0..0,
                };
                if self.framed(frame, |l| l.block(&node.body)) == Flow::Ends {
                    return Ok(Flow::Ends);
                }
            }
            return Ok(Flow::Falls);
        }
        let outer = self.func.new_label();
        self.once(outer, |l| {
            for item in items {
                let inner = l.func.new_label();
                let frame = LoopFrame {
                    break_to: outer,
                    broke,
                    continue_to: Jump::Break(inner),
                    parallel: false,
                    leaves: Leaves::Never,
                    lines: 0..0,
                };
                l.once(inner, |l| {
                    l.assign_to(&node.target, &item.clone().at(node.target.span))?;
                    l.framed(frame, |l| l.block(&node.body));
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(Flow::Falls)
    }

    /// A loop that runs its body once, for jumps out of it.
    pub(crate) fn once(&mut self, label: Label, body: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let (start, stop) = (self.b().i64(0), self.b().i64(1));
        let iv = self.func.new_value(Type::I64);
        let (region, result) = self.nested(body);
        let hints = LoopHints::default();
        let node = IrFor { label, iv, start, stop, step: stop, body: region, hints };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }

    /// Runs `run` as what each thread of a team does.
    pub(crate) fn inside_parallel(&mut self, node: &For, label: Label, run: impl FnOnce(&mut Self)) {
        let frame = LoopFrame { leaves: Leaves::OfTeam, ..self.parallel_frame(node, label) };
        self.framed(frame, run);
    }

    fn parallel_frame(&self, node: &For, label: Label) -> LoopFrame {
        let lines = match (node.body.first(), node.body.last()) {
            (Some(first), Some(last)) => first.span.lo..last.span.hi,
            _ => 0..0,
        };
        let continue_to = Jump::Continue(label);
        LoopFrame { break_to: label, broke: None, continue_to, parallel: true, leaves: Leaves::Never, lines }
    }

    /// The body of a parallel loop over `iv`.
    pub(crate) fn parallel_body(
        &mut self,
        node: &For,
        label: Label,
        iv: Value,
        leaves: Leaves,
    ) -> (Region, Result<()>) {
        let frame = LoopFrame { leaves, ..self.parallel_frame(node, label) };
        self.nested(|l| {
            let before = l.private_memory(&node.body)?;
            let value = l.c_counter(&node.target, iv, node.target.span);
            l.assign_to(&node.target, &value)?;
            l.framed(frame, |l| l.block(&node.body));
            l.end_private_memory(before);
            Ok(())
        })
    }

    /// The call if an expression calls the library function of this name.
    fn call_of(&mut self, iter: &Expr, wanted: &str) -> Result<Option<ungil_syntax::ast::expr::Call>> {
        let ExprKind::Call(call) = &iter.kind else { return Ok(None) };
        if !matches!(call.func.kind, ExprKind::Name(_) | ExprKind::Attribute { .. }) {
            return Ok(None);
        }
        let callee = self.lower_expr(&call.func)?;
        let found = matches!(&callee.ty, Ty::Builtin(name) if &**name == wanted);
        Ok(found.then(|| (**call).clone()))
    }
}

/// Whether a `break` of this loop is in its body.
pub(super) fn breaks(body: &[Stmt]) -> bool {
    jumps(body, &|k| matches!(k, StmtKind::Break))
}

fn continues(body: &[Stmt]) -> bool {
    jumps(body, &|k| matches!(k, StmtKind::Continue))
}

fn jumps(body: &[Stmt], test: &dyn Fn(&StmtKind) -> bool) -> bool {
    body.iter().any(|s| match &s.kind {
        kind if test(kind) => true,
        // The block of a team is no loop, though it stands as one.
        StmtKind::For(f) if is_team(&f.iter) => jumps(&f.body, test),
        // Jumps in an inner loop's body are its own, those in its else clause are not.
        StmtKind::For(f) => jumps(&f.orelse, test),
        StmtKind::While(w) => jumps(&w.orelse, test),
        StmtKind::FunctionDef(_) => false,
        _ => children::blocks(s).into_iter().any(|b| jumps(b, test)),
    })
}

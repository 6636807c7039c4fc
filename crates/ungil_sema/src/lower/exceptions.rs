//! `try` statements: handlers by class, `else`, `finally`.
//!
//! `finally` is the cleanup of a scope, which every exit runs; handlers are a chain of tests on the class of the error,
//! whose end raises it again. Where handlers may fall through, a flag tells whether `else` is to run.
//!
//! Limits: the exception itself is no value (`except … as e`). Interrupts (Ctrl-C) are not caught, only cleaned up after.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, InstKind};
use ungil_ir::types::Type;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{ExceptHandler, Stmt, StmtKind, Try};
use ungil_syntax::visit::{Visitor, walk_stmt};

use crate::diagnostics::Result;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::{Flow, Lowerer};
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `try: … except …: … else: … finally: …`.
    pub(crate) fn try_statement(&mut self, node: &Try, span: Span) -> Result<Flow> {
        if node.is_star {
            let help = "use `except`: compiled code raises single exceptions";
            return Err(Unsupported::Statement { what: "`except*` is", span, help }.into());
        }
        if node.finalbody.is_empty() {
            return self.except(node);
        }
        let exits = exits(&node.finalbody);
        if let (true, Some(ret)) = (exits, &self.program.instances[self.instance].ret)
            && ret.ir().holds_memory()
        {
            let help = "leave the function behind the `try` statement";
            let what =
                "a `finally` that ends the function or an iteration, in a function that returns arrays, is";
            return Err(Unsupported::Statement { what, span, help }.into());
        }
        let (body, ends) =
            self.nested(|l| if node.handlers.is_empty() { Ok(l.block(&node.body)) } else { l.except(node) });
        let handlers = std::mem::take(&mut self.handlers);
        let (cleanup, last) = self.nested(|l| l.block(&node.finalbody));
        self.handlers = handlers;
        self.b().push(InstKind::Scope { body, cleanup });
        Ok(if ends? == Flow::Ends || last == Flow::Ends { Flow::Ends } else { Flow::Falls })
    }

    /// `try` with handlers.
    fn except(&mut self, node: &Try) -> Result<Flow> {
        let completed = (!node.orelse.is_empty()).then(|| self.new_var("completed", Type::BOOL));
        if let Some(completed) = completed {
            let no = self.b().bool(false);
            self.b().set(completed, no);
        }
        let (body, mut flow) = self.nested(|l| {
            let flow = l.block(&node.body);
            if let (Flow::Falls, Some(completed)) = (flow, completed) {
                let yes = l.b().bool(true);
                l.b().set(completed, yes);
            }
            flow
        });
        let parallel = self.parallel_depth();
        self.handlers.push(parallel);
        let (handler, caught) = self.nested(|l| l.clauses(&node.handlers));
        self.handlers.pop();
        self.b().push(InstKind::Try { body, handler });
        let caught = caught?;
        if let (Flow::Falls, Some(completed)) = (flow, completed) {
            if caught == Flow::Ends {
                return Ok(self.block(&node.orelse));
            }
            let cond = self.b().get(completed);
            (_, ()) = self.if_else(cond, |l| flow = l.block(&node.orelse), |_| ());
        }
        Ok(if flow == Flow::Ends && caught == Flow::Ends { Flow::Ends } else { Flow::Falls })
    }

    fn clauses(&mut self, clauses: &[ExceptHandler]) -> Result<Flow> {
        let Some((clause, rest)) = clauses.split_first() else {
            self.b().push(InstKind::Reraise);
            return Ok(Flow::Ends);
        };
        self.set_span(clause.span);
        if let Some(name) = &clause.name {
            let help = "catch it without `as`: compiled code has the class only";
            let what = "`except … as` is";
            self.report::<()>(Err(Unsupported::Statement { what, span: name.span, help }.into()));
        }
        let cond = match &clause.exc {
            Some(classes) => self.is_caught(classes)?,
            None => self.b().value(InstKind::Caught(ExcClass::BASE)),
        };
        let (then, a) = self.nested(|l| l.block(&clause.body));
        let (otherwise, b) = self.nested(|l| l.clauses(rest));
        self.b().push(InstKind::If { cond, then, otherwise });
        Ok(if a == Flow::Ends && b? == Flow::Ends { Flow::Ends } else { Flow::Falls })
    }

    /// Whether the error is of one of the classes that an `except` clause names.
    fn is_caught(&mut self, classes: &Expr) -> Result<Value> {
        if let ExprKind::Tuple(items) = &classes.kind {
            let mut any = self.b().bool(false);
            for item in items {
                let one = self.is_caught(item)?;
                any = self.b().binary(Ir::Or, any, one);
            }
            return Ok(any);
        }
        match self.lower_expr(classes)?.ty {
            Ty::Exception(class) => Ok(self.b().value(InstKind::Caught(class))),
            _ => Err(Unsupported::RaiseTarget { span: classes.span }.into()),
        }
    }

    fn parallel_depth(&self) -> usize {
        self.loops.iter().filter(|f| f.parallel).count()
    }

    /// `raise` alone: whether a handler of this iteration has an error at hand.
    pub(crate) fn reraise(&mut self) -> bool {
        let inside = self.handlers.last() == Some(&self.parallel_depth());
        if inside {
            self.b().push(InstKind::Reraise);
        }
        inside
    }
}

/// Whether statements leave the block they stand in by something else than an error.
fn exits(stmts: &[Stmt]) -> bool {
    let mut search = Exits { found: false, depth: 0 };
    stmts.iter().for_each(|s| search.visit_stmt(s));
    search.found
}

struct Exits {
    found: bool,
    depth: u32,
}

impl Visitor for Exits {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Return(_) => self.found = true,
            StmtKind::Break | StmtKind::Continue => self.found |= self.depth == 0,
            StmtKind::For(_) | StmtKind::While(_) => {
                self.depth += 1;
                walk_stmt(self, stmt);
                self.depth -= 1;
            }
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }
}

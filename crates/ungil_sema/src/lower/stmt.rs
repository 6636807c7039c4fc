//! Statements.

use ungil_diag::span::Span;
use ungil_ir::inst::{InstKind, Raise};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{If, Stmt, StmtKind};

use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::build::Cond;
use crate::lower::{Flow, Lowerer};
use crate::operand::Operand;

/// The message of code that no path leads to.
const UNREACHABLE: &str = "internal error: a statement that was compiled as unreachable was reached";

impl Lowerer<'_, '_> {
    /// Lowers statements until one ends the flow. An error skips the rest of its statement only.
    pub(crate) fn block(&mut self, stmts: &[Stmt]) -> Flow {
        for (k, stmt) in stmts.iter().enumerate() {
            self.set_span(stmt.span);
            let result = match self.deferred(stmt, &stmts[k + 1..]) {
                Ok(true) => Ok(Flow::Falls),
                Ok(false) => self.statement(stmt),
                Err(error) => Err(error),
            };
            if matches!(result, Err(Error::Never)) {
                self.never_reached();
                return Flow::Ends;
            }
            // A `return` with an error still ends the flow, so that no follow-up is reported.
            let leaves = matches!(stmt.kind, StmtKind::Return(_) | StmtKind::Raise { .. });
            match result {
                Err(Error::Untyped) if self.program.settled && leaves => self.never_reached(),
                Err(Error::Untyped) if self.program.settled => self.not_typed(),
                _ => {}
            }
            if self.report(result) == Some(Flow::Ends) || leaves {
                return Flow::Ends;
            }
        }
        Flow::Falls
    }

    /// Stands for a statement that control does not get to, so that nothing of it had to be typed.
    fn not_typed(&mut self) {
        let never = self.b().bool(false);
        self.check(never, ungil_abi::exception::ExcClass::RUNTIME_ERROR, UNREACHABLE, Vec::new());
    }

    /// Ends a region behind a call that never returns.
    pub(crate) fn never_reached(&mut self) {
        let class = ungil_abi::exception::ExcClass::RUNTIME_ERROR;
        let raise = Raise { class, message: Some(UNREACHABLE.to_owned()), args: Vec::new() };
        self.b().push(InstKind::Raise(Box::new(raise)));
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<Flow> {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::Return(value) => return self.return_statement(value.as_ref(), span),
            StmtKind::If(node) => return self.if_statement(node),
            StmtKind::For(node) => return self.for_statement(node, span),
            StmtKind::While(node) => return self.while_statement(node, span),
            StmtKind::Match(node) => return self.match_statement(node),
            StmtKind::Break => return self.jump(true, span),
            StmtKind::Continue => return self.jump(false, span),
            StmtKind::Raise { exc, cause } => return self.raise(exc.as_ref(), cause.as_ref(), span),
            StmtKind::Assign { targets, value } => self.assign(targets, value)?,
            StmtKind::AugAssign { target, op, value } => self.augmented(target, *op, value, span)?,
            StmtKind::AnnAssign { target, annotation, value, .. } => {
                if let Some(value) = value {
                    self.annotated_assign(target, annotation, value)?;
                }
            }
            StmtKind::Try(node) => return self.try_statement(node, span),
            StmtKind::Assert { test, msg } => return self.assert(test, msg.as_ref()),
            StmtKind::Expr(e) => {
                self.lower_expr(e)?;
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(target, unsupported(&stmt.kind, span))?;
                }
            }
            StmtKind::FunctionDef(def) => self.nested_function(def)?,
            StmtKind::Pass => {}
            // What did not parse was reported by the parser.
            StmtKind::Invalid => return Err(Error::Untyped),
            other => return Err(unsupported(other, span).into()),
        }
        Ok(Flow::Falls)
    }

    fn return_statement(&mut self, value: Option<&Expr>, span: Span) -> Result<Flow> {
        if self.in_parallel() && !self.may_leave() {
            let help = "write the result into a variable or an array and return after the loop";
            return Err(Unsupported::Statement { what: "`return` inside `prange` is", span, help }.into());
        }
        let e = value;
        if let Some(Expr { kind: ExprKind::Conditional { test, body, orelse }, .. }) = e
            && self.gives_each()
        {
            return self.return_either(test, body, orelse, span);
        }
        let value = match e {
            Some(e) => self.lower_expr(e)?,
            None => Operand::none(span),
        };
        let value = match e {
            Some(e) => {
                let value = self.of_class("return", &value, span)?;
                if self.instance == 0 { self.as_enumeration(e, value)? } else { value }
            }
            None => value,
        };
        if self.in_parallel() {
            return self.leave_function(&value, span);
        }
        self.return_operand(&value, span)?;
        Ok(Flow::Ends)
    }

    /// `return body if test else orelse`, whose values need no common type.
    fn return_either(&mut self, test: &Expr, body: &Expr, orelse: &Expr, span: Span) -> Result<Flow> {
        let cond = match self.decided(test)? {
            Cond::Known(known) => {
                return self.return_statement(Some(if known { body } else { orelse }), span);
            }
            Cond::Value(cond) => cond,
        };
        let [then, otherwise] = [body, orelse].map(|value| {
            let (region, ()) = self.nested(|l| {
                let result = l.return_statement(Some(value), span);
                if matches!(result, Err(Error::Never)) {
                    l.never_reached();
                } else {
                    l.report(result);
                }
            });
            region
        });
        self.b().push(InstKind::If { cond, then, otherwise });
        Ok(Flow::Ends)
    }

    fn if_statement(&mut self, node: &If) -> Result<Flow> {
        let (first, rest) = node.branches.split_first().expect("an if has a branch");
        if let Some(options) = self.with_directives(&first.test) {
            self.only_raises_under_the_lock(first)?;
            let outer = std::mem::replace(&mut self.options, options);
            let flow = self.block(&first.body);
            self.options = outer;
            return Ok(flow);
        }
        let otherwise = |l: &mut Self| -> Result<Flow> {
            if rest.is_empty() {
                return Ok(l.block(&node.orelse));
            }
            let tail = If { branches: rest.to_vec(), orelse: node.orelse.clone() };
            l.if_statement(&tail)
        };
        match self.decided(&first.test)? {
            Cond::Known(true) => Ok(self.block(&first.body)),
            Cond::Known(false) => otherwise(self),
            Cond::Value(cond) => {
                let (then, a) = self.nested(|l| l.block(&first.body));
                let (other, b) = self.nested(|l| {
                    let result = otherwise(l);
                    if matches!(result, Err(Error::Never)) {
                        l.never_reached();
                        return Flow::Ends;
                    }
                    l.report(result).unwrap_or(Flow::Falls)
                });
                self.b().push(InstKind::If { cond, then, otherwise: other });
                Ok(if a == Flow::Ends && b == Flow::Ends { Flow::Ends } else { Flow::Falls })
            }
        }
    }

    fn assert(&mut self, test: &Expr, msg: Option<&Expr>) -> Result<Flow> {
        if !self.options.asserts {
            return Ok(Flow::Falls);
        }
        let value = self.lower_expr(test)?;
        let class = ungil_abi::exception::ExcClass::ASSERTION;
        let cond = match self.truth(&value)? {
            Cond::Known(true) => return Ok(Flow::Falls),
            Cond::Known(false) => {
                let raise = self.exception(class, msg)?;
                self.b().push(InstKind::Raise(Box::new(raise)));
                return Ok(Flow::Ends);
            }
            Cond::Value(cond) => cond,
        };
        if msg.is_none_or(|m| matches!(m.kind, ExprKind::Literal(_))) {
            let raise = self.exception(class, msg)?;
            self.b().check(cond, raise);
            return Ok(Flow::Falls);
        }
        // The message is evaluated only where the assertion fails.
        let (then, ()) = self.nested(|_| ());
        let (otherwise, result) = self.nested(|l| {
            let raise = l.exception(class, msg)?;
            l.b().push(InstKind::Raise(Box::new(raise)));
            Ok::<(), Error>(())
        });
        self.b().push(InstKind::If { cond, then, otherwise });
        result.map(|()| Flow::Falls)
    }
}

fn unsupported(kind: &StmtKind, span: Span) -> Unsupported {
    let (what, help) = match kind {
        StmtKind::ClassDef(_) => {
            ("`class` is", "define the class outside and pass its numbers and arrays as arguments")
        }
        StmtKind::Delete(_) => (
            "`del` is",
            "leave it out: memory is freed when a variable is assigned again or the function ends",
        ),
        StmtKind::TypeAlias { .. } => ("`type` is", "define the alias at module level"),
        StmtKind::With(_) => ("`with` is", "use the context manager around the call of the kernel"),
        StmtKind::Import(_) | StmtKind::ImportFrom(_) => ("`import` is", "import at module level"),
        StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
            let name = names.first().map_or_else(String::new, |n| n.name.to_string());
            return if matches!(kind, StmtKind::Global(_)) {
                Unsupported::Global { name, span }
            } else {
                Unsupported::Nonlocal { name, span }
            };
        }
        _ => ("this statement is", "move it out of the kernel"),
    };
    Unsupported::Statement { what, span, help }
}

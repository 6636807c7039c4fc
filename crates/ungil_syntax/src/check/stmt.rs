//! Statements.

use super::scope::ScopeKind;
use super::{Checker, Flow};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::stmt::{Alias, ExceptHandler, For, If, ImportFrom, Match, Stmt, StmtKind, Try, While, With};
use crate::error::check::CheckError;

impl Checker {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def),
            StmtKind::ClassDef(def) => self.class(def),
            StmtKind::For(stmt) => self.for_loop(stmt),
            StmtKind::While(stmt) => self.while_loop(stmt),
            StmtKind::If(stmt) => self.if_chain(stmt),
            StmtKind::With(stmt) => self.with(stmt),
            StmtKind::Match(stmt) => self.match_statement(stmt),
            StmtKind::Try(stmt) => self.try_statement(stmt),
            StmtKind::TypeAlias { name, type_params, value } => {
                self.bind_ident(name);
                self.in_generic(type_params, |checker| {
                    let kind = ScopeKind::Annotation { what: "a type alias" };
                    checker.in_scope(kind, |checker| checker.expr(value));
                });
            }
            StmtKind::Cython(stmt) => self.cython(stmt),
            _ => self.simple(stmt),
        }
    }

    fn simple(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Return(value) => self.return_statement(stmt, value.as_ref()),
            StmtKind::Delete(targets) => targets.iter().for_each(|target| self.target(target)),
            StmtKind::Assign { targets, value } => {
                self.value(value);
                for target in targets {
                    self.assign_target(target);
                }
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.value(value);
                self.target(target);
            }
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.annotated_assignment(target, annotation, value.as_ref(), *simple);
            }
            StmtKind::Raise { exc, cause } => exc.iter().chain(cause).for_each(|expr| self.expr(expr)),
            StmtKind::Assert { test, msg } => {
                self.expr(test);
                msg.iter().for_each(|msg| self.expr(msg));
            }
            StmtKind::Import(names) => names.iter().for_each(|alias| self.import(alias)),
            StmtKind::ImportFrom(import) => self.import_from(stmt, import),
            StmtKind::Global(names) => self.declare(names, "global"),
            StmtKind::Nonlocal(names) => self.declare(names, "nonlocal"),
            StmtKind::Expr(value) => self.value(value),
            StmtKind::Break | StmtKind::Continue => self.jump(stmt),
            _ => {}
        }
    }

    /// A value that the grammar allows to be starred, which makes sense inside a tuple only.
    pub(super) fn value(&mut self, value: &Expr) {
        if matches!(value.kind, ExprKind::Starred(_)) {
            self.report(CheckError::StarredValue, value.span);
        }
        self.expr(value);
    }

    fn jump(&mut self, stmt: &Stmt) {
        let is_break = stmt.kind == StmtKind::Break;
        let error = if self.flow.in_except_star {
            CheckError::ControlFlowInExceptStar { word: if is_break { "break" } else { "continue" } }
        } else if self.flow.in_loop {
            return;
        } else if is_break {
            CheckError::BreakOutsideLoop
        } else {
            CheckError::ContinueOutsideLoop
        };
        self.report(error, stmt.span);
    }

    fn return_statement(&mut self, stmt: &Stmt, value: Option<&Expr>) {
        match self.scope().kind {
            ScopeKind::Function { is_async: true, is_generator: true } if value.is_some() => {
                self.report(CheckError::ReturnInAsyncGenerator, stmt.span);
            }
            ScopeKind::Function { .. } => {}
            _ => self.report(CheckError::ReturnOutsideFunction, stmt.span),
        }
        if self.flow.return_forbidden {
            self.report(CheckError::ControlFlowInExceptStar { word: "return" }, stmt.span);
        }
        if let Some(value) = value {
            self.value(value);
        }
    }

    fn annotated_assignment(&mut self, target: &Expr, annotation: &Expr, value: Option<&Expr>, simple: bool) {
        match &target.kind {
            ExprKind::Name(name) => {
                if simple {
                    self.annotate(name, target.span);
                }
                // `x: int` makes the name local even without a value.
                if simple || value.is_some() {
                    self.bind(name, target.span);
                }
            }
            _ => self.target(target),
        }
        self.annotation(annotation);
        if let Some(value) = value {
            self.value(value);
        }
    }

    pub(super) fn import(&mut self, alias: &Alias) {
        match &alias.asname {
            Some(asname) => self.bind_ident(asname),
            None => {
                let first = alias.name.split('.').next().unwrap_or("");
                self.bind(&first.into(), alias.span);
            }
        }
    }

    fn import_from(&mut self, stmt: &Stmt, import: &ImportFrom) {
        if super::future::future_import(stmt).is_some() && self.scope().kind != ScopeKind::Module {
            self.report(CheckError::LateFuture, stmt.span);
        }
        for alias in &import.names {
            if &*alias.name == "*" {
                if self.scope().kind != ScopeKind::Module {
                    self.report(CheckError::StarImportInside, alias.span);
                }
                continue;
            }
            let name = alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name);
            self.bind(name, alias.span);
        }
    }

    pub(super) fn loop_body(&mut self, body: &[Stmt]) {
        let flow = Flow { in_loop: true, in_except_star: false, ..self.flow };
        self.with_flow(flow, |checker| checker.body(body));
    }

    fn for_loop(&mut self, stmt: &For) {
        if stmt.is_async {
            self.require_async("`async for`", stmt.target.span);
        }
        self.value(&stmt.iter);
        self.assign_target(&stmt.target);
        self.loop_body(&stmt.body);
        self.body(&stmt.orelse);
    }

    fn while_loop(&mut self, stmt: &While) {
        self.expr(&stmt.test);
        self.loop_body(&stmt.body);
        self.body(&stmt.orelse);
    }

    fn if_chain(&mut self, stmt: &If) {
        for branch in &stmt.branches {
            self.expr(&branch.test);
            self.body(&branch.body);
        }
        self.body(&stmt.orelse);
    }

    fn with(&mut self, stmt: &With) {
        for item in &stmt.items {
            if stmt.is_async {
                self.require_async("`async with`", item.context.span);
            }
            self.expr(&item.context);
            if let Some(target) = &item.target {
                self.assign_target(target);
            }
        }
        self.body(&stmt.body);
    }

    fn match_statement(&mut self, stmt: &Match) {
        self.expr(&stmt.subject);
        for (i, case) in stmt.cases.iter().enumerate() {
            let last = i + 1 == stmt.cases.len();
            self.case_pattern(&case.pattern, last || case.guard.is_some());
            if let Some(guard) = &case.guard {
                self.expr(guard);
            }
            self.body(&case.body);
        }
    }

    fn try_statement(&mut self, stmt: &Try) {
        self.body(&stmt.body);
        for handler in &stmt.handlers {
            self.handler(handler, stmt.is_star);
        }
        self.body(&stmt.orelse);
        self.body(&stmt.finalbody);
    }

    fn handler(&mut self, handler: &ExceptHandler, is_star: bool) {
        if let Some(exc) = &handler.exc {
            self.expr(exc);
        }
        if let Some(name) = &handler.name {
            self.bind_ident(name);
        }
        let flow = if is_star {
            Flow { in_loop: false, in_except_star: true, return_forbidden: true }
        } else {
            self.flow
        };
        self.with_flow(flow, |checker| checker.body(&handler.body));
    }
}

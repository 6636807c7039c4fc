//! Questions about a piece of the tree.

use super::{Visitor, walk_body, walk_expr, walk_stmt};
use crate::ast::expr::{Comprehension, Expr, ExprKind};
use crate::ast::stmt::{Stmt, StmtKind};

/// Whether a function with this body is a generator: it yields outside functions inside it.
pub fn contains_yield(body: &[Stmt]) -> bool {
    let mut search = YieldSearch { found: false };
    walk_body(&mut search, body);
    search.found
}

struct YieldSearch {
    found: bool,
}

impl Visitor for YieldSearch {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            // Decorators and defaults belong to this scope, bodies and annotations do not.
            StmtKind::FunctionDef(def) => {
                def.decorators.iter().for_each(|decorator| self.visit_expr(decorator));
                def.params
                    .iter()
                    .filter_map(|param| param.default.as_ref())
                    .for_each(|default| self.visit_expr(default));
            }
            StmtKind::ClassDef(def) => {
                def.decorators.iter().chain(&def.bases).for_each(|expr| self.visit_expr(expr));
                def.keywords.iter().for_each(|keyword| self.visit_expr(&keyword.value));
            }
            _ if !self.found => walk_stmt(self, stmt),
            _ => {}
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => self.found = true,
            ExprKind::Lambda { params, .. } => self.visit_params(params),
            _ if !self.found => walk_expr(self, expr),
            _ => {}
        }
    }
}

/// Whether a comprehension is async: `async for`, or an `await` in its own scope.
pub fn contains_await(elements: &[&Expr], generators: &[Comprehension]) -> bool {
    let mut search = AwaitSearch { found: generators.iter().any(|generator| generator.is_async) };
    elements.iter().for_each(|element| search.visit_expr(element));
    for (i, generator) in generators.iter().enumerate() {
        search.visit_expr(&generator.target);
        if i > 0 {
            search.visit_expr(&generator.iter);
        }
        generator.conditions.iter().for_each(|condition| search.visit_expr(condition));
    }
    search.found
}

struct AwaitSearch {
    found: bool,
}

impl Visitor for AwaitSearch {
    fn visit_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Await(_) => self.found = true,
            ExprKind::Lambda { params, .. } => self.visit_params(params),
            // An inner generator is lazy: only its first iterable is evaluated here.
            ExprKind::Generator { generators, .. } => {
                if let Some(first) = generators.first() {
                    self.visit_expr(&first.iter);
                }
            }
            ExprKind::ListComp { generators, .. }
            | ExprKind::SetComp { generators, .. }
            | ExprKind::DictComp { generators, .. }
                if generators.iter().any(|generator| generator.is_async) =>
            {
                self.found = true;
            }
            _ if !self.found => walk_expr(self, expr),
            _ => {}
        }
    }
}

//! Names that a function binds for itself.
//!
//! A variable of the module is another one than a function's of the same name: a name that a function assigns, without
//! a `global` statement, is its own.

use std::collections::HashSet;

use ungil_syntax::ast::cython::CythonStmt;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_stmt};

/// The names that a function binds: parameters, what it declares, assigns and imports.
pub fn bound(def: &FunctionDef) -> HashSet<String> {
    let mut bound = Bound::default();
    bound.names.extend(def.params.iter().map(|p| p.name.name.to_string()));
    walk_body(&mut bound, &def.body);
    let globals = bound.globals;
    bound.names.into_iter().filter(|name| !globals.contains(name)).collect()
}

#[derive(Default)]
struct Bound {
    names: HashSet<String>,
    globals: HashSet<String>,
}

impl Bound {
    fn target(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => {
                self.names.insert(name.to_string());
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| self.target(i)),
            ExprKind::Starred(inner) => self.target(inner),
            _ => {}
        }
    }
}

impl Visitor for Bound {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                self.names.insert(def.name.name.to_string());
                return;
            }
            StmtKind::ClassDef(def) => {
                self.names.insert(def.name.name.to_string());
                return;
            }
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| self.target(t)),
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => self.target(target),
            StmtKind::For(node) => self.target(&node.target),
            StmtKind::With(node) => {
                node.items.iter().filter_map(|i| i.target.as_ref()).for_each(|t| self.target(t));
            }
            StmtKind::Try(node) => {
                let names = node.handlers.iter().filter_map(|h| h.name.as_ref());
                self.names.extend(names.map(|n| n.name.to_string()));
            }
            StmtKind::Import(names) => self.names.extend(names.iter().map(|alias| {
                let name = alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name);
                name.split('.').next().unwrap_or_default().to_owned()
            })),
            StmtKind::ImportFrom(import) => {
                let names = import.names.iter();
                self.names.extend(
                    names.map(|a| a.asname.as_ref().map_or(&a.name, |asname| &asname.name).to_string()),
                );
            }
            StmtKind::Global(names) => self.globals.extend(names.iter().map(|n| n.name.to_string())),
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { declarators, .. } => {
                    let names = declarators.iter().filter_map(|d| d.name());
                    self.names.extend(names.map(|n| n.name.to_string()));
                }
                CythonStmt::ForFrom(node) => self.target(&node.target),
                _ => {}
            },
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        if let ExprKind::Named { target, .. } = &expr.kind {
            self.names.insert(target.name.to_string());
        }
        walk_expr(self, expr);
    }
}

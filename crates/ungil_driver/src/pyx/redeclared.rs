//! Names that are declared twice.

use std::collections::HashMap;

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;
use ungil_syntax::ast::cython::{CythonStmt, Visibility};
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::name::Ident;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_stmt};

/// Variables, members of structs and types that are declared again, where one block declares both.
pub fn twice(body: &[Stmt]) -> Vec<Diagnostic> {
    let mut check = Check { names: HashMap::new(), errors: Vec::new() };
    body.iter().for_each(|stmt| check.visit_stmt(stmt));
    check.errors
}

struct Check {
    /// What the function, or the module, has declared so far.
    names: HashMap<String, Span>,
    errors: Vec<Diagnostic>,
}

impl Check {
    fn declare(&mut self, name: &Ident) {
        let Some(first) = self.names.insert(name.name.to_string(), name.span) else { return };
        self.errors.push(
            Diagnostic::error(Code("U0814"), format!("'{}' redeclared", name.name))
                .primary(name.span, "declared again")
                .secondary(first, "previous declaration")
                .help("leave one of the declarations, or give this one another name"),
        );
    }

    /// Declarations that are a block of their own.
    fn alone(&mut self, look: impl FnOnce(&mut Self)) {
        let outer = std::mem::take(&mut self.names);
        look(self);
        self.names = outer;
    }

    fn function(&mut self, def: &FunctionDef) {
        self.alone(|check| {
            // Parameters that appear twice are an error of syntax.
            check.names.extend(def.params.iter().map(|p| (p.name.name.to_string(), p.name.span)));
            def.body.iter().for_each(|stmt| check.visit_stmt(stmt));
        });
    }

    fn cython(&mut self, stmt: &CythonStmt) {
        match stmt {
            CythonStmt::Declare { storage, declarators, .. } if storage.visibility != Visibility::Extern => {
                let variables = declarators.iter().filter(|d| d.function().is_none());
                variables.filter_map(|d| d.name()).for_each(|name| self.declare(name));
            }
            CythonStmt::Typedef { declarator, .. } => {
                declarator.name().into_iter().for_each(|name| self.declare(name));
            }
            CythonStmt::Struct { body: Some(body), .. } => {
                self.alone(|check| body.iter().for_each(|stmt| check.visit_stmt(stmt)));
            }
            CythonStmt::Enum { items, .. } => {
                self.alone(|check| items.iter().for_each(|item| check.declare(&item.name)));
            }
            CythonStmt::Block(body) => body.iter().for_each(|stmt| self.visit_stmt(stmt)),
            _ => {}
        }
    }
}

impl Visitor for Check {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def),
            StmtKind::ClassDef(def) => {
                self.alone(|check| def.body.iter().for_each(|stmt| check.visit_stmt(stmt)));
            }
            // Only one branch of `IF` counts, and what headers declare may be there twice.
            StmtKind::Cython(inner) => self.cython(inner),
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

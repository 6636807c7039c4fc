//! Statements and expressions of the Cython language.
//!
//! Declared names are bound like assigned ones. Types are not looked at.

use super::Checker;
use crate::ast::cython::{CType, CythonExpr, CythonStmt, Declarator, TypeArgument};
use crate::ast::expr::Expr;
use crate::ast::name::Ident;
use crate::ast::stmt::{Alias, Stmt};
use crate::visit::{Visitor, walk_ctype, walk_declarator};

impl Checker {
    pub(super) fn cython(&mut self, stmt: &CythonStmt) {
        match stmt {
            CythonStmt::Declare { base, declarators, decorators, .. } => {
                self.exprs(decorators);
                self.in_type(base);
                for declarator in declarators {
                    self.in_declarator(declarator);
                    declarator.name().into_iter().for_each(|name| self.bind_ident(name));
                }
            }
            CythonStmt::Block(body) | CythonStmt::Extern { body, .. } | CythonStmt::Property { body, .. } => {
                self.body(body);
            }
            CythonStmt::Class(class) => {
                self.exprs(&class.decorators);
                self.exprs(&class.bases);
                self.bind_ident(class.as_name.as_ref().unwrap_or(&class.name));
                self.class_body(class.body.as_deref().unwrap_or_default());
            }
            CythonStmt::Cimport(names) => names.iter().for_each(|alias| self.import(alias)),
            CythonStmt::FromCimport(import) => import.names.iter().for_each(|alias| self.cimported(alias)),
            CythonStmt::Define { name, value } => {
                self.expr(value);
                self.bind_ident(name);
            }
            CythonStmt::If(stmt) => {
                for branch in &stmt.branches {
                    self.expr(&branch.test);
                    self.body(&branch.body);
                }
                self.body(&stmt.orelse);
            }
            CythonStmt::ForFrom(stmt) => {
                self.exprs(&[stmt.lower.clone(), stmt.upper.clone()]);
                stmt.step.iter().for_each(|step| self.expr(step));
                self.assign_target(&stmt.target);
                self.loop_body(&stmt.body);
                self.body(&stmt.orelse);
            }
            CythonStmt::Print { stream, values, .. } => {
                stream.iter().for_each(|stream| self.expr(stream));
                self.exprs(values);
            }
            CythonStmt::Exec { code, scopes } => {
                self.expr(code);
                self.exprs(scopes);
            }
            _ => self.defined(stmt),
        }
    }

    fn defined(&mut self, stmt: &CythonStmt) {
        match stmt {
            CythonStmt::Struct { name, .. }
            | CythonStmt::Fused { name, .. }
            | CythonStmt::CppClass { name, .. } => self.bind_ident(name),
            CythonStmt::Typedef { declarator, .. } => {
                declarator.name().into_iter().for_each(|name| self.bind_ident(name));
            }
            CythonStmt::Enum { name, items, .. } => {
                let names: Vec<&Ident> = name.iter().chain(items.iter().map(|item| &item.name)).collect();
                names.into_iter().for_each(|name| self.bind_ident(name));
            }
            _ => {}
        }
    }

    fn class_body(&mut self, body: &[Stmt]) {
        self.in_scope(super::ScopeKind::Class, |checker| checker.body(body));
    }

    fn cimported(&mut self, alias: &Alias) {
        if &*alias.name != "*" {
            let name = alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name);
            self.bind(name, alias.span);
        }
    }

    pub(super) fn cython_expr(&mut self, expr: &CythonExpr) {
        match expr {
            CythonExpr::Cast { value, .. } | CythonExpr::AddressOf(value) | CythonExpr::Repr(value) => {
                self.expr(value)
            }
            CythonExpr::SizeOf(TypeArgument::Expr(value)) => self.expr(value),
            _ => {}
        }
    }

    fn in_type(&mut self, ty: &CType) {
        walk_ctype(&mut Operands(self), ty);
    }

    fn in_declarator(&mut self, declarator: &Declarator) {
        walk_declarator(&mut Operands(self), declarator);
    }
}

/// Checks the expressions that a walk finds.
struct Operands<'c>(&'c mut Checker);

impl Visitor for Operands<'_> {
    fn visit_expr(&mut self, expr: &Expr) {
        self.0.expr(expr);
    }
}

//! Variables without a declaration that hold pointers or structs: all that is assigned to them says so.
//!
//! As in Cython, `p = <double *>malloc(n)` makes `p` a pointer. Numbers without a declaration are Python objects.

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use super::function::Lowerer;
use super::pointer::{decayed, null_type};
use super::store::names_of;
use super::typing::Kind;
use super::value::CTy;
use crate::ctype::CType;
use crate::lower::memory::same_type;

/// What is assigned to a name.
struct Assigned<'e> {
    name: &'e str,
    values: Vec<Expr>,
    /// Whether it is bound otherwise too.
    otherwise: bool,
}

impl Assigned<'_> {
    fn binds(&self, target: &Expr) -> bool {
        let mut names = Vec::new();
        names_of(target, &mut names).is_err() || names.iter().any(|n| n == self.name)
    }
}

impl Visitor for Assigned<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.otherwise |= *def.name.name == *self.name,
            StmtKind::ClassDef(def) => self.otherwise |= *def.name.name == *self.name,
            StmtKind::Assign { targets, value } => {
                for target in targets {
                    match &target.kind {
                        ExprKind::Name(name) if **name == *self.name => self.values.push(value.clone()),
                        _ => self.otherwise |= self.binds(target),
                    }
                }
                walk_stmt(self, stmt);
            }
            // `p += n` keeps a pointer's type.
            StmtKind::AugAssign { .. } => walk_stmt(self, stmt),
            StmtKind::For(f) => {
                self.otherwise |= self.binds(&f.target);
                walk_stmt(self, stmt);
            }
            StmtKind::With(w) => {
                self.otherwise |= w.items.iter().filter_map(|i| i.target.as_ref()).any(|t| self.binds(t));
                walk_stmt(self, stmt);
            }
            StmtKind::Try(t) => {
                let mut names = t.handlers.iter().filter_map(|h| h.name.as_ref());
                self.otherwise |= names.any(|n| *n.name == *self.name);
                walk_stmt(self, stmt);
            }
            StmtKind::Import(_) | StmtKind::ImportFrom(_) | StmtKind::Match(_) | StmtKind::Delete(_) => {
                self.otherwise = true;
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Named { target, .. } => self.otherwise |= *target.name == *self.name,
            ExprKind::Lambda { .. } => {}
            _ => walk_expr(self, e),
        }
    }
}

impl Lowerer<'_> {
    /// The pointer or struct that a variable without a declaration is.
    pub(super) fn inferred(&self, name: &str) -> Option<CTy> {
        let mut found = Assigned { name, values: Vec::new(), otherwise: false };
        self.source.def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
        if found.otherwise {
            return None;
        }
        let mut ty: Option<CTy> = None;
        for value in &found.values {
            let Kind::C(own) = self.kind(value) else { return None };
            let own = decayed(&own).unwrap_or(own);
            if !matches!(own, CTy::C(CType::Pointer(_) | CType::Struct(_), _)) {
                return None;
            }
            ty = match ty {
                None => Some(own),
                Some(old) if old == null_type() => Some(own),
                Some(old) if own == null_type() || same_type(&old.ctype(), &own.ctype()) => Some(old),
                Some(_) => return None,
            };
        }
        ty.filter(|ty| *ty != null_type())
    }
}

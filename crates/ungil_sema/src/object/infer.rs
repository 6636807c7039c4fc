//! Variables without a declaration that hold pointers or structs: all that is assigned to them says so.
//!
//! As in Cython, `p = <double *>malloc(n)` makes `p` a pointer. Numbers without a declaration are Python objects, but for
//! doubles, and indices and lengths where no arithmetic can overflow ([`super::index`]).

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use super::character::is_char;
use super::function::Lowerer;
use super::pointer::{decayed, null_type};
use super::store::names_of;
use super::typing::{Kind, common};
use super::value::CTy;
use crate::ctype::CType;
use crate::lower::memory::same_type;

/// What is assigned to a name.
pub(super) struct Assigned<'e> {
    pub(super) name: &'e str,
    pub(super) values: Vec<Expr>,
    /// What it is changed by.
    pub(super) augmented: Vec<(BinaryOp, Expr)>,
    /// What loops over it run over.
    pub(super) loops: Vec<Expr>,
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
            StmtKind::AnnAssign { target, .. } => {
                self.otherwise |= self.binds(target);
                walk_stmt(self, stmt);
            }
            // `p += n` keeps a pointer's type.
            StmtKind::AugAssign { target, op, value } => {
                if self.binds(target) {
                    self.augmented.push((*op, value.clone()));
                }
                walk_stmt(self, stmt);
            }
            StmtKind::For(f) => {
                match &f.target.kind {
                    ExprKind::Name(name) if **name == *self.name => self.loops.push(f.iter.clone()),
                    _ => self.otherwise |= self.binds(&f.target),
                }
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
    /// The type of C that a variable without a declaration has; what is declared as one of Python's has none.
    pub(super) fn inferred(&self, name: &str) -> Option<CTy> {
        if self.source.c.classes.contains_key(name) {
            return None;
        }
        let (values, augmented, loops) = Default::default();
        let mut found = Assigned { name, values, augmented, loops, otherwise: false };
        self.source.def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
        if found.otherwise {
            return None;
        }
        let known = match (found.values.is_empty(), found.loops.is_empty()) {
            (false, true) => self.address_type(&found).or_else(|| self.number_type(&found)),
            (true, false) => self.index_type(&found).or_else(|| self.letter_type(&found)),
            _ => None,
        };
        known.or_else(|| self.wrapping_type(&found).filter(|_| self.source.c.infer_types))
    }

    /// The type of C that all numbers have which are assigned to a variable; of constants alone it is Python's.
    fn wrapping_type(&self, found: &Assigned<'_>) -> Option<CTy> {
        let number = |ty: CTy| matches!(&ty, CTy::Num(..) if !is_char(&ty)).then_some(ty);
        let mut ty: Option<CTy> = None;
        for value in &found.values {
            ty = match (self.kind(value), ty) {
                (Kind::C(own), None) => Some(number(own)?),
                (Kind::C(own), Some(old)) => Some(common(&old, &number(own)?)),
                (Kind::Literal(Literal::Int(n)), old) if i32::try_from(n).is_ok() => old,
                _ => return None,
            };
        }
        let ty = ty.filter(|_| found.loops.is_empty())?;
        for (op, value) in &found.augmented {
            let is_kept = match self.kind(value) {
                Kind::C(by) => common(&ty, &number(by)?) == ty && *op != BinaryOp::Div,
                Kind::Literal(Literal::Int(n)) => i32::try_from(n).is_ok() && *op != BinaryOp::Div,
                _ => false,
            };
            if !is_kept {
                return None;
            }
        }
        Some(ty)
    }

    /// The pointer or struct that a variable is.
    fn address_type(&self, found: &Assigned<'_>) -> Option<CTy> {
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

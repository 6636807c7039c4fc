//! Variables in whose arithmetic C's integers might overflow.
//!
//! Cython takes an integer of C in a variable without a declaration as one of C only where no arithmetic uses the
//! variable; elsewhere it is an object, which does not wrap. The rule is by the shape of expressions alone.

use std::collections::BTreeSet;

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::operator::{BinaryOp, UnaryOp};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

/// The names that arithmetic uses which may overflow.
pub fn names(body: &[Stmt]) -> Vec<String> {
    let mut used = Used { found: BTreeSet::new(), may_overflow: false };
    body.iter().for_each(|stmt| used.visit_stmt(stmt));
    used.found.into_iter().collect()
}

struct Used {
    found: BTreeSet<String>,
    may_overflow: bool,
}

impl Used {
    fn with(&mut self, may_overflow: bool, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.may_overflow, may_overflow);
        visit(self);
        self.may_overflow = outer;
    }
}

impl Visitor for Used {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        let is_in_place = matches!(stmt.kind, StmtKind::AugAssign { .. });
        self.with(is_in_place, |used| walk_stmt(used, stmt));
    }

    fn visit_expr(&mut self, expr: &Expr) {
        let may_overflow = match &expr.kind {
            ExprKind::Name(name) => {
                if self.may_overflow {
                    self.found.insert(name.to_string());
                }
                return;
            }
            ExprKind::Binary { op: BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor, .. } => {
                self.may_overflow
            }
            ExprKind::Binary { .. } | ExprKind::Unary { op: UnaryOp::Neg, .. } => true,
            ExprKind::Unary { .. } => self.may_overflow,
            ExprKind::Call(call) => match &call.func.kind {
                ExprKind::Name(name) if &**name == "abs" => true,
                _ => self.may_overflow && call.keywords.is_empty(),
            },
            _ => false,
        };
        self.with(may_overflow, |used| walk_expr(used, expr));
    }
}

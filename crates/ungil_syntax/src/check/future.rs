//! `from __future__ import …`, which must come first.

use super::Checker;
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::literal::Literal;
use crate::ast::stmt::{ImportFrom, Stmt, StmtKind};
use crate::error::check::CheckError;

const FEATURES: &[&str] = &[
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "barry_as_FLUFL",
    "generator_stop",
    "annotations",
];

impl Checker {
    /// Checks the place of the future imports of a module; those deeper inside are always late.
    pub(super) fn future_imports(&mut self, body: &[Stmt]) {
        let docstring = usize::from(body.first().is_some_and(is_docstring));
        let mut early = true;
        for stmt in &body[docstring..] {
            match future_import(stmt) {
                Some(import) if early => self.features(import),
                Some(_) => self.report(CheckError::LateFuture, stmt.span),
                None => early = false,
            }
        }
    }

    fn features(&mut self, import: &ImportFrom) {
        for alias in &import.names {
            if !FEATURES.contains(&&*alias.name) {
                self.report(CheckError::UnknownFuture { name: alias.name.to_string() }, alias.span);
            }
        }
    }
}

fn is_docstring(stmt: &Stmt) -> bool {
    matches!(&stmt.kind, StmtKind::Expr(Expr { kind: ExprKind::Literal(Literal::Str(_)), .. }))
}

pub(super) fn future_import(stmt: &Stmt) -> Option<&ImportFrom> {
    match &stmt.kind {
        StmtKind::ImportFrom(import)
            if import.level == 0
                && import.module.as_ref().is_some_and(|module| module.as_str() == "__future__") =>
        {
            Some(import)
        }
        _ => None,
    }
}

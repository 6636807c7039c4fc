//! Targets of assignments, loops and `del`.

use super::Checker;
use crate::ast::expr::{Expr, ExprKind};
use crate::error::check::CheckError;

/// Targets that may stand before a starred one, as in CPython.
const MAX_BEFORE_STAR: usize = 255;

impl Checker {
    /// A target that stands alone, where a star has nothing to collect from.
    pub(super) fn assign_target(&mut self, target: &Expr) {
        if matches!(target.kind, ExprKind::Starred(_)) {
            self.report(CheckError::LoneStar, target.span);
        }
        self.target(target);
    }

    pub(super) fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(name, target.span),
            ExprKind::Attribute { value, attr } => {
                if attr.as_str() == "__debug__" {
                    self.report(CheckError::DebugTarget, attr.span);
                }
                self.expr(value);
            }
            ExprKind::Starred(value) => self.assign_target(value),
            ExprKind::Tuple(elements) | ExprKind::List(elements) => {
                self.stars(elements);
                elements.iter().for_each(|element| self.target(element));
            }
            _ => self.expr(target),
        }
    }

    fn stars(&mut self, elements: &[Expr]) {
        let mut stars =
            elements.iter().enumerate().filter(|(_, element)| matches!(element.kind, ExprKind::Starred(_)));
        let Some((before, first)) = stars.next() else { return };
        let second = stars.next();
        if before > MAX_BEFORE_STAR {
            self.report(CheckError::TooManyBeforeStar { limit: MAX_BEFORE_STAR }, first.span);
        }
        if let Some((_, second)) = second {
            self.report(CheckError::TwoStars { first: first.span }, second.span);
        }
    }
}

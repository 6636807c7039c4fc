//! Where the lock is held, and statements that take it or give it up.

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::UnaryOp;
use ungil_syntax::ast::stmt::With;
use ungil_syntax::visit::{Visitor, walk_expr};

use super::Check;
use crate::pyx::types::dotted;

/// Whether the lock is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Held,
    /// Given up by a statement.
    Free,
    /// In a function that is declared to need none, whose callers may hold it.
    Declared,
    /// It depends on a type or a constant that is chosen later.
    Unknown,
}

impl Lock {
    pub fn is_free(self) -> bool {
        matches!(self, Lock::Free | Lock::Declared)
    }

    /// Whether it is held by the threads of a `parallel` block.
    fn in_team(self) -> Lock {
        if self == Lock::Declared { Lock::Free } else { self }
    }

    /// Whether it is held in the body of a parallel loop; of other loops nothing.
    pub fn in_loop(self, iter: &Expr) -> Option<Lock> {
        let ExprKind::Call(call) = &iter.kind else { return None };
        dotted(&call.func).filter(|name| name == "prange" || name.ends_with(".prange"))?;
        let is_nogil =
            |k: &&ungil_syntax::ast::expr::Keyword| k.name.as_ref().is_some_and(|n| &*n.name == "nogil");
        let gives_up = call.keywords.iter().find(is_nogil).is_some_and(|k| is_true(&k.value));
        Some(if gives_up { Lock::Free } else { self.in_team() })
    }
}

/// `nogil`, `gil` or `parallel` as what a `with` statement is about, and its condition.
pub(super) fn section(context: &Expr) -> Option<(&'static str, Option<&Expr>)> {
    let (name, condition) = match &context.kind {
        ExprKind::Call(call) => (dotted(&call.func)?, call.args.first()),
        _ => (dotted(context)?, None),
    };
    match name.as_str() {
        "nogil" | "cython.nogil" => Some(("nogil", condition)),
        "gil" | "cython.gil" => Some(("gil", condition)),
        _ if name == "parallel" || name.ends_with(".parallel") => Some(("parallel", None)),
        _ => None,
    }
}

impl Check<'_> {
    /// The body of a `with` statement, which may give the lock up or take it back.
    pub(super) fn with(&mut self, with: &With) {
        let before = self.lock;
        for item in &with.items {
            match section(&item.context) {
                Some(("parallel", _)) => self.lock = self.lock.in_team(),
                Some((name, condition)) => self.enter(name == "nogil", condition, &item.context),
                None if self.lock.is_free() && self.is_object_variable(&item.context) => {
                    self.refuse("Try-except statement", item.context.span);
                }
                None => {}
            }
        }
        with.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        self.lock = before;
    }

    fn enter(&mut self, frees: bool, condition: Option<&Expr>, context: &Expr) {
        match condition.map(|condition| (condition, constant(condition))) {
            Some((_, Some(false))) => return,
            Some((condition, None)) => {
                if self.is_variable(condition) {
                    let name = if frees { "nogil" } else { "gil" };
                    let title = format!("Non-constant condition in a `with {name}(<condition>)` statement");
                    self.refuse_as(&title, condition.span);
                }
                self.lock = Lock::Unknown;
                return;
            }
            Some((_, Some(true))) | None => {}
        }
        let title = match (frees, self.lock) {
            (false, Lock::Held) => "Trying to acquire the GIL while it is already held.",
            (true, Lock::Free) => "Trying to release the GIL while it was previously released.",
            _ => "",
        };
        if !title.is_empty() {
            self.refuse_as(title, context.span);
        }
        self.lock = if frees { Lock::Free } else { Lock::Held };
    }

    /// Whether an expression depends on a variable of the function.
    fn is_variable(&self, expr: &Expr) -> bool {
        struct Names<'a, 'b>(&'a Check<'b>, bool);
        impl Visitor for Names<'_, '_> {
            fn visit_expr(&mut self, expr: &Expr) {
                self.1 |= matches!(&expr.kind, ExprKind::Name(name) if self.0.bound.contains(&**name));
                walk_expr(self, expr);
            }
        }
        let mut names = Names(self, false);
        names.visit_expr(expr);
        names.1
    }
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Literal(Literal::Bool(true)))
}

/// What a condition is that is written out.
fn constant(expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Literal(Literal::Bool(value)) => Some(*value),
        ExprKind::Literal(Literal::Int(value)) => Some(*value != 0),
        ExprKind::Literal(Literal::None) => Some(false),
        ExprKind::Unary { op: UnaryOp::Not, operand } => constant(operand).map(|value| !value),
        _ => None,
    }
}

//! The part of a module that can be run.
//!
//! Cython looks at nothing else: what stands behind a `return`, or under a condition that is false from the beginning, may hold any
//! mistake.

use ungil_syntax::ast::cython::CythonStmt;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::UnaryOp;
use ungil_syntax::ast::stmt::{If, Stmt, StmtKind, Try, With};

use super::types::dotted;

/// A body without the statements that are never reached.
pub fn reachable(body: &[Stmt]) -> Vec<Stmt> {
    let mut body = body.to_vec();
    prune(&mut body);
    body
}

/// Takes out what is never reached; whether the end of the body is not.
fn prune(body: &mut Vec<Stmt>) -> bool {
    for i in 0..body.len() {
        if ends(&mut body[i]) {
            body.truncate(i + 1);
            return true;
        }
    }
    false
}

/// Prunes the bodies of a statement; whether nothing follows it.
fn ends(stmt: &mut Stmt) -> bool {
    match &mut stmt.kind {
        StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Break | StmtKind::Continue => true,
        StmtKind::FunctionDef(def) => never(prune(&mut def.body)),
        StmtKind::ClassDef(def) => never(prune(&mut def.body)),
        StmtKind::For(node) => both(&mut node.body, &mut node.orelse),
        StmtKind::While(node) => {
            if constant(&node.test) == Some(false) {
                node.body.clear();
            }
            both(&mut node.body, &mut node.orelse)
        }
        StmtKind::If(node) => branches(node),
        // Other managers may swallow an exception.
        StmtKind::With(node) => prune(&mut node.body) && is_about_lock(node),
        StmtKind::Match(node) => all(node.cases.iter_mut().map(|case| &mut case.body)),
        StmtKind::Try(node) => attempt(node),
        StmtKind::Cython(inner) => match &mut **inner {
            CythonStmt::ForFrom(node) => both(&mut node.body, &mut node.orelse),
            CythonStmt::Block(body) => never(prune(body)),
            _ => false,
        },
        _ => false,
    }
}

/// What follows a definition is reached, whatever its body does.
fn never(_: bool) -> bool {
    false
}

/// Prunes all bodies; whether none of their ends is reached.
fn all<'a>(bodies: impl Iterator<Item = &'a mut Vec<Stmt>>) -> bool {
    let mut ends = true;
    for body in bodies {
        ends &= prune(body);
    }
    ends
}

/// The body of a loop and what comes after it.
fn both(body: &mut Vec<Stmt>, orelse: &mut Vec<Stmt>) -> bool {
    all([body, orelse].into_iter())
}

fn is_about_lock(with: &With) -> bool {
    with.items.iter().all(|item| {
        let name = match &item.context.kind {
            ExprKind::Call(call) => dotted(&call.func),
            _ => dotted(&item.context),
        };
        matches!(name.as_deref(), Some("nogil" | "gil" | "cython.nogil" | "cython.gil"))
    })
}

fn attempt(node: &mut Try) -> bool {
    let body_ends = prune(&mut node.body);
    if body_ends {
        node.orelse.clear();
    }
    let handlers_end = all(node.handlers.iter_mut().map(|handler| &mut handler.body));
    let ends = (prune(&mut node.orelse) || body_ends) && handlers_end;
    prune(&mut node.finalbody) || ends
}

fn branches(node: &mut If) -> bool {
    let mut is_decided = false;
    for branch in &mut node.branches {
        let test = constant(&branch.test);
        if is_decided || test == Some(false) {
            branch.body.clear();
        }
        is_decided |= test == Some(true);
    }
    if is_decided {
        node.orelse.clear();
    }
    let all_end = all(node.branches.iter_mut().map(|branch| &mut branch.body));
    prune(&mut node.orelse) && all_end
}

/// Whether a condition is true or false whatever happens.
fn constant(test: &Expr) -> Option<bool> {
    match &test.kind {
        ExprKind::Literal(Literal::Bool(value)) => Some(*value),
        ExprKind::Literal(Literal::Int(n)) => Some(*n != 0),
        ExprKind::Literal(Literal::None) => Some(false),
        ExprKind::Unary { op: UnaryOp::Not, operand } => constant(operand).map(|value| !value),
        ExprKind::Attribute { .. } if dotted(test).as_deref() == Some("cython.compiled") => Some(true),
        _ => None,
    }
}

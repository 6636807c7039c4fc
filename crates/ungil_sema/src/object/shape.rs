//! What a function looks like, to choose between kernels and code for objects.

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};

use crate::resolve::children::{blocks, expressions, operands};

/// What a function's text says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shape {
    /// The greatest number of loops inside each other; comprehensions are loops.
    pub depth: u32,
    /// Whether it builds lists, sets or dictionaries.
    pub builds: bool,
    /// Whether it does more with values than hand them on.
    pub works: bool,
}

/// The shape of a function's body.
pub fn shape(body: &[Stmt]) -> Shape {
    let mut shape = Shape::default();
    block(body, 0, &mut shape);
    shape
}

fn block(body: &[Stmt], depth: u32, shape: &mut Shape) {
    shape.depth = shape.depth.max(depth);
    for stmt in body {
        expressions(stmt, &mut |e| expression(e, depth, shape));
        let hands_on = matches!(stmt.kind, StmtKind::Return(_) | StmtKind::Assign { .. } | StmtKind::If(_));
        shape.works |= !hands_on && !matches!(stmt.kind, StmtKind::Expr(_) | StmtKind::Pass);
        let is_loop = matches!(stmt.kind, StmtKind::For(_) | StmtKind::While(_));
        for inner in blocks(stmt) {
            block(inner, depth + u32::from(is_loop), shape);
        }
    }
}

fn expression(e: &Expr, depth: u32, shape: &mut Shape) {
    let hands_on = matches!(e.kind, ExprKind::Name(_) | ExprKind::Literal(_) | ExprKind::Conditional { .. });
    shape.works |= !hands_on;
    match &e.kind {
        ExprKind::ListComp { generators, .. }
        | ExprKind::SetComp { generators, .. }
        | ExprKind::DictComp { generators, .. } => {
            shape.builds = true;
            shape.depth = shape.depth.max(depth + generators.len() as u32);
        }
        ExprKind::Generator { element, generators } => {
            shape.depth = shape.depth.max(depth + generators.len() as u32);
            expression(element, depth, shape);
        }
        ExprKind::List(_) | ExprKind::Set(_) | ExprKind::Dict(_) => shape.builds = true,
        _ => {}
    }
    operands(e, &mut |inner| expression(inner, depth, shape));
}

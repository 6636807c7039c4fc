//! Whether a function gives up the interpreter's lock somewhere.

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_stmt};

use super::types::dotted;

/// Whether a function is declared `nogil`, or has a `nogil` block or a parallel loop, which must be compiled.
pub fn releases(def: &FunctionDef) -> bool {
    let declared =
        def.signature.as_ref().is_some_and(|signature| signature.suffix.nogil && !signature.suffix.with_gil);
    let mut search = Search { found: declared };
    walk_body(&mut search, &def.body);
    search.found
}

/// Whether a function gives up the lock itself, in a `nogil` block or a parallel loop; functions that are declared `nogil` are only
/// called without it.
pub fn gives_up(def: &FunctionDef) -> bool {
    let mut search = Search { found: false };
    walk_body(&mut search, &def.body);
    search.found
}

/// Whether a function takes the lock again, for all of its body or in `with gil` blocks, or keeps it in a parallel loop.
pub fn takes(def: &FunctionDef) -> bool {
    let found = def.signature.as_ref().is_some_and(|signature| signature.suffix.with_gil);
    let mut search = Takes { found, is_free: false };
    walk_body(&mut search, &def.body);
    search.found
}

struct Takes {
    found: bool,
    /// Whether the lock is given up around this place.
    is_free: bool,
}

impl Visitor for Takes {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::With(with) = &stmt.kind {
            let names: Vec<String> = with.items.iter().filter_map(|item| dotted(&item.context)).collect();
            self.found |= names.iter().any(|name| name == "gil" || name == "cython.gil");
            if names.iter().any(|name| name == "nogil" || name == "cython.nogil") {
                let around = std::mem::replace(&mut self.is_free, true);
                walk_stmt(self, stmt);
                self.is_free = around;
                return;
            }
        }
        if let StmtKind::For(node) = &stmt.kind
            && let ExprKind::Call(call) = &node.iter.kind
        {
            let named =
                |name: &str| call.keywords.iter().any(|k| k.name.as_ref().is_some_and(|n| &*n.name == name));
            let is_locked = !self.is_free && !named("nogil");
            self.found |= dotted(&call.func).is_some_and(|name| name.ends_with("prange")) && is_locked;
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

struct Search {
    found: bool,
}

impl Visitor for Search {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::With(with) = &stmt.kind {
            self.found |= with.items.iter().any(|item| {
                let name = match &item.context.kind {
                    ExprKind::Call(call) => dotted(&call.func),
                    _ => dotted(&item.context),
                };
                name.is_some_and(|name| name == "nogil" || name == "parallel" || name.ends_with(".parallel"))
            });
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        if let ExprKind::Call(call) = &expr.kind {
            self.found |=
                dotted(&call.func).is_some_and(|name| name == "prange" || name.ends_with(".prange"));
        }
        walk_expr(self, expr);
    }
}

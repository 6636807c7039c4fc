//! Legality that CPython's symbol table and compiler check: what the grammar allows but Python does not.
//!
//! Needs a tree that parsed without errors. One walk over it knows, at each node, the scope and the
//! enclosing loop; names are collected per scope, and `nonlocal` declarations are resolved at the end,
//! when all bindings are known. The rules are those of Python 3.14.
//!
//! Contract: never fails; reports errors in the order of their places.

mod cython;
mod expr;
mod function;
mod future;
mod pattern;
mod scope;
mod stmt;
mod target;

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::span::Span;

use crate::ast::module::Module;
use crate::error::check::CheckError;
use crate::error::sink::Sink;

use scope::{Scope, ScopeKind};

/// Checks a module; see the module's header.
pub fn check_module(module: &Module) -> Diagnostics {
    let mut checker = Checker::new(module);
    checker.resolve_nonlocals();
    checker.errors.finish()
}

/// Checks a piece of a file, such as one function. A `nonlocal` name that nothing in the piece binds
/// belongs to a function outside it.
pub fn check_excerpt(module: &Module) -> Diagnostics {
    Checker::new(module).errors.finish()
}

/// What encloses a statement inside its function or module.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    in_loop: bool,
    /// Inside `except*`, and not in a loop inside that.
    in_except_star: bool,
    /// Inside `except*`, loops or not.
    return_forbidden: bool,
}

struct Checker {
    errors: Sink,
    scopes: Vec<Scope>,
    current: usize,
    flow: Flow,
}

impl Checker {
    /// Walks the whole tree.
    fn new(module: &Module) -> Checker {
        let mut checker = Checker {
            errors: Sink::default(),
            scopes: vec![Scope::new(ScopeKind::Module, None)],
            current: 0,
            flow: Flow::default(),
        };
        checker.future_imports(&module.body);
        checker.body(&module.body);
        checker
    }

    fn report(&mut self, error: CheckError, span: Span) {
        self.errors.push(error.diagnostic(span));
    }

    fn scope(&mut self) -> &mut Scope {
        &mut self.scopes[self.current]
    }

    /// Runs `walk` in a new scope inside the current one.
    fn in_scope(&mut self, kind: ScopeKind, walk: impl FnOnce(&mut Self)) {
        let outer = self.current;
        let flow = std::mem::take(&mut self.flow);
        let mut scope = Scope::new(kind, Some(outer));
        scope.in_iterable = self.scopes[outer].in_iterable;
        self.scopes.push(scope);
        self.current = self.scopes.len() - 1;
        walk(self);
        self.current = outer;
        self.flow = flow;
    }

    /// Runs `walk` with another flow.
    fn with_flow(&mut self, flow: Flow, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.flow, flow);
        walk(self);
        self.flow = outer;
    }
}

//! Names of comprehension variables.
//!
//! A generator expression is a scope of its own, but it is lowered as a loop of the function it stands in. Its
//! variables therefore become variables of that function under names that no program can write (`x@120`), and every
//! use of them is recorded by its place.

use std::collections::HashMap;

use ungil_syntax::ast::expr::{Comprehension, Expr, ExprKind};
use ungil_syntax::ast::name::Name;
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_params};

use crate::resolve::scopes::Body;

/// What names stand for that do not mean themselves, by the byte where they start.
pub type Aliases = HashMap<u32, Name>;

/// The variables of all generator expressions of a kernel, nested functions included.
pub fn aliases(body: &Body) -> Aliases {
    let mut search = Search::default();
    match body {
        Body::Block(stmts) => walk_body(&mut search, stmts),
        Body::Expr(e) => search.visit_expr(e),
    }
    search.aliases
}

/// The name as the program wrote it.
pub fn written(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

#[derive(Default)]
struct Search {
    aliases: Aliases,
    /// The meaning of names inside the generator expressions around; `None`: a lambda's parameter hides it.
    scopes: Vec<HashMap<Name, Option<Name>>>,
}

impl Search {
    fn bind(&mut self, target: &Expr, lo: u32) {
        match &target.kind {
            ExprKind::Name(name) => {
                let alias: Name = format!("{name}@{lo}").into();
                if let Some(scope) = self.scopes.last_mut() {
                    scope.insert(name.clone(), Some(alias));
                }
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| self.bind(i, lo)),
            ExprKind::Starred(inner) => self.bind(inner, lo),
            _ => {}
        }
    }

    fn generator(&mut self, lo: u32, element: &Expr, generators: &[Comprehension]) {
        // The first iterable belongs to the scope around.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.scopes.push(HashMap::new());
        generators.iter().for_each(|g| self.bind(&g.target, lo));
        for (k, g) in generators.iter().enumerate() {
            if k > 0 {
                self.visit_expr(&g.iter);
            }
            self.visit_expr(&g.target);
            g.conditions.iter().for_each(|c| self.visit_expr(c));
        }
        self.visit_expr(element);
        self.scopes.pop();
    }
}

impl Visitor for Search {
    fn visit_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Name(name) => {
                let meaning = self.scopes.iter().rev().find_map(|s| s.get(name));
                if let Some(Some(alias)) = meaning {
                    self.aliases.insert(e.span.lo, alias.clone());
                }
            }
            ExprKind::Generator { element, generators } | ExprKind::ListComp { element, generators } => {
                self.generator(e.span.lo, element, generators)
            }
            ExprKind::Lambda { params, body } => {
                walk_params(self, params);
                self.scopes.push(params.iter().map(|p| (p.name.name.clone(), None)).collect());
                self.visit_expr(body);
                self.scopes.pop();
            }
            _ => walk_expr(self, e),
        }
    }
}

//! What the body of a parallel loop or block assigns and reads.

use std::collections::HashSet;

use ungil_diag::span::Span;
use ungil_syntax::ast::cython::CythonStmt;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_stmt};

use super::super::types::Types;

/// Assignments of a body: names, operators of those in place, and places; those of parallel loops and blocks inside are
/// their own.
#[derive(Clone, Default)]
pub struct Assigned {
    all: Vec<(String, Option<&'static str>, Span)>,
}

impl Assigned {
    pub fn has(&self, name: &str) -> bool {
        self.all.iter().any(|(other, ..)| other == name)
    }

    /// Each variable at its first assignment, with the operator of its last.
    pub fn first_of_each(&self) -> Vec<(&str, Option<&'static str>, Span)> {
        let mut seen: Vec<(&str, Option<&'static str>, Span)> = Vec::new();
        for (name, op, at) in &self.all {
            match seen.iter_mut().find(|(other, ..)| other == name) {
                Some(known) => known.1 = *op,
                None => seen.push((name, *op, *at)),
            }
        }
        seen
    }

    /// Where a variable is combined by another operator than before: both operators and the place.
    pub fn mixed(&self) -> Vec<(&'static str, &'static str, Span)> {
        let mut found = Vec::new();
        for (i, (name, op, at)) in self.all.iter().enumerate() {
            let before = self.all[..i].iter().rev().find(|(other, ..)| other == name);
            if let (Some(op), Some((_, Some(before), _))) = (op, before)
                && op != before
            {
                found.push((*before, *op, *at));
            }
        }
        found
    }

    fn reductions(&self) -> HashSet<&str> {
        self.first_of_each().into_iter().filter(|(_, op, _)| op.is_some()).map(|(name, ..)| name).collect()
    }
}

pub fn assigned(body: &[Stmt]) -> Assigned {
    let mut search = Assignments::default();
    walk_body(&mut search, body);
    search.found
}

#[derive(Default)]
struct Assignments {
    found: Assigned,
}

impl Assignments {
    fn target(&mut self, target: &Expr, op: Option<&'static str>) {
        match &target.kind {
            ExprKind::Name(name) => self.found.all.push((name.to_string(), op, target.span)),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.target(item, op))
            }
            _ => {}
        }
    }
}

impl Visitor for Assignments {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => return,
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| self.target(t, None)),
            StmtKind::AnnAssign { target, value: Some(_), .. } => self.target(target, None),
            StmtKind::AugAssign { target, op, .. } => self.target(target, Some(op.symbol())),
            StmtKind::Delete(targets) => targets.iter().for_each(|t| self.target(t, None)),
            StmtKind::For(node) => {
                if super::prange(node).is_some() {
                    return;
                }
                self.target(&node.target, None);
            }
            StmtKind::With(with) => {
                let names = with.items.iter().filter_map(|item| super::name_of(&item.context));
                if names.into_iter().any(|name| name == "parallel" || name.ends_with(".parallel")) {
                    return;
                }
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

/// Where a body reads a variable that it adds up.
pub fn read_reductions(body: &[Stmt], assigned: &Assigned) -> Vec<Span> {
    let mut search = Reads { names: assigned.reductions(), found: Vec::new() };
    if !search.names.is_empty() {
        walk_body(&mut search, body);
    }
    search.found
}

struct Reads<'a> {
    names: HashSet<&'a str>,
    found: Vec<Span>,
}

impl Visitor for Reads<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            // An update may use what it updates; that a running value is not there is found out later.
            StmtKind::AugAssign { .. } | StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
            StmtKind::Assign { value, .. } => self.visit_expr(value),
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        if matches!(&expr.kind, ExprKind::Name(name) if self.names.contains(&**name)) {
            self.found.push(expr.span);
        }
        walk_expr(self, expr);
    }
}

/// Where a body yields.
pub fn yields(body: &[Stmt]) -> Option<Span> {
    let mut search = Yields { found: None };
    walk_body(&mut search, body);
    search.found
}

struct Yields {
    found: Option<Span>,
}

impl Visitor for Yields {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
            walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => self.found = self.found.or(Some(expr.span)),
            ExprKind::Lambda { .. } => {}
            _ => walk_expr(self, expr),
        }
    }
}

/// Parameters and variables whose declared type satisfies a test.
pub fn declared(def: &FunctionDef, types: &Types, test: impl Fn(&str) -> bool) -> HashSet<String> {
    let mut found = HashSet::new();
    for p in def.params.iter() {
        let known = p.ty.as_ref().and_then(|ty| types.declared(&ty.base, &ty.declarator).ok());
        if known.is_some_and(|known| test(&known.text)) {
            found.insert(p.name.name.to_string());
        }
    }
    let mut search = Declarations { types, test: &test, found };
    walk_body(&mut search, &def.body);
    search.found
}

struct Declarations<'a, F: Fn(&str) -> bool> {
    types: &'a Types,
    test: &'a F,
    found: HashSet<String>,
}

impl<F: Fn(&str) -> bool> Visitor for Declarations<'_, F> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => return,
            StmtKind::Cython(inner) => {
                if let CythonStmt::Declare { base, declarators, .. } = &**inner {
                    for declarator in declarators {
                        let known = self.types.declared(base, declarator);
                        if let (Some(name), Ok(known)) = (declarator.name(), known)
                            && (self.test)(&known.text)
                        {
                            self.found.insert(name.name.to_string());
                        }
                    }
                }
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

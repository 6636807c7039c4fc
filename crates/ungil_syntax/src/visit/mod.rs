//! Walking the tree.
//!
//! Implement [`Visitor`] and override the nodes of interest; call the matching `walk_*` function to
//! go on into the children. Children are visited in the order of the source, except that a call's
//! keyword arguments come after all positional ones, as in the tree.

mod cython;
mod query;

use crate::ast::expr::{Comprehension, Expr, ExprKind, Keyword, StringPart};
use crate::ast::parameter::{Parameters, TypeParam, TypeParamKind};
use crate::ast::pattern::{Pattern, PatternKind};
use crate::ast::stmt::{Stmt, StmtKind, Try};

pub use cython::{walk_ctype, walk_cython, walk_cython_expr, walk_declarator};
pub use query::{contains_await, contains_yield};

/// A walk over the tree.
pub trait Visitor: Sized {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        walk_expr(self, expr);
    }

    fn visit_pattern(&mut self, pattern: &Pattern) {
        walk_pattern(self, pattern);
    }

    fn visit_params(&mut self, params: &Parameters) {
        walk_params(self, params);
    }
}

/// Visits the statements of a body.
pub fn walk_body<V: Visitor>(visitor: &mut V, body: &[Stmt]) {
    for stmt in body {
        visitor.visit_stmt(stmt);
    }
}

fn exprs<'a, V: Visitor>(visitor: &mut V, exprs: impl IntoIterator<Item = &'a Expr>) {
    for expr in exprs {
        visitor.visit_expr(expr);
    }
}

fn keywords<V: Visitor>(visitor: &mut V, keywords: &[Keyword]) {
    exprs(visitor, keywords.iter().map(|keyword| &keyword.value));
}

/// Visits the children of a statement.
pub fn walk_stmt<V: Visitor>(visitor: &mut V, stmt: &Stmt) {
    match &stmt.kind {
        StmtKind::FunctionDef(def) => {
            exprs(visitor, &def.decorators);
            walk_type_params(visitor, &def.type_params);
            visitor.visit_params(&def.params);
            exprs(visitor, &def.returns);
            if let Some(signature) = &def.signature {
                walk_ctype(visitor, &signature.base);
                walk_declarator(visitor, &signature.declarator);
            }
            walk_body(visitor, &def.body);
        }
        StmtKind::ClassDef(def) => {
            exprs(visitor, &def.decorators);
            walk_type_params(visitor, &def.type_params);
            exprs(visitor, &def.bases);
            keywords(visitor, &def.keywords);
            walk_body(visitor, &def.body);
        }
        StmtKind::For(stmt) => {
            exprs(visitor, [&stmt.target, &stmt.iter]);
            walk_body(visitor, &stmt.body);
            walk_body(visitor, &stmt.orelse);
        }
        StmtKind::While(stmt) => {
            visitor.visit_expr(&stmt.test);
            walk_body(visitor, &stmt.body);
            walk_body(visitor, &stmt.orelse);
        }
        StmtKind::If(stmt) => {
            for branch in &stmt.branches {
                visitor.visit_expr(&branch.test);
                walk_body(visitor, &branch.body);
            }
            walk_body(visitor, &stmt.orelse);
        }
        StmtKind::With(stmt) => {
            for item in &stmt.items {
                visitor.visit_expr(&item.context);
                exprs(visitor, &item.target);
            }
            walk_body(visitor, &stmt.body);
        }
        StmtKind::Match(stmt) => {
            visitor.visit_expr(&stmt.subject);
            for case in &stmt.cases {
                visitor.visit_pattern(&case.pattern);
                exprs(visitor, &case.guard);
                walk_body(visitor, &case.body);
            }
        }
        StmtKind::Try(stmt) => walk_try(visitor, stmt),
        StmtKind::Cython(stmt) => walk_cython(visitor, stmt),
        other => walk_simple(visitor, other),
    }
}

fn walk_try<V: Visitor>(visitor: &mut V, stmt: &Try) {
    walk_body(visitor, &stmt.body);
    for handler in &stmt.handlers {
        exprs(visitor, &handler.exc);
        walk_body(visitor, &handler.body);
    }
    walk_body(visitor, &stmt.orelse);
    walk_body(visitor, &stmt.finalbody);
}

fn walk_simple<V: Visitor>(visitor: &mut V, kind: &StmtKind) {
    match kind {
        StmtKind::Return(value) => exprs(visitor, value),
        StmtKind::Delete(targets) => exprs(visitor, targets),
        StmtKind::Assign { targets, value } => {
            exprs(visitor, targets);
            visitor.visit_expr(value);
        }
        StmtKind::AugAssign { target, value, .. } => exprs(visitor, [target, value]),
        StmtKind::AnnAssign { target, annotation, value, .. } => {
            exprs(visitor, [target, annotation]);
            exprs(visitor, value);
        }
        StmtKind::TypeAlias { type_params, value, .. } => {
            walk_type_params(visitor, type_params);
            visitor.visit_expr(value);
        }
        StmtKind::Raise { exc, cause } => exprs(visitor, exc.iter().chain(cause)),
        StmtKind::Assert { test, msg } => {
            visitor.visit_expr(test);
            exprs(visitor, msg);
        }
        StmtKind::Expr(value) => visitor.visit_expr(value),
        _ => {}
    }
}

/// Visits the children of an expression.
pub fn walk_expr<V: Visitor>(visitor: &mut V, expr: &Expr) {
    match &expr.kind {
        ExprKind::Invalid | ExprKind::Name(_) | ExprKind::Literal(_) => {}
        ExprKind::FString(parts) | ExprKind::TString(parts) => walk_parts(visitor, parts),
        ExprKind::Bool { values: items, .. }
        | ExprKind::Tuple(items)
        | ExprKind::List(items)
        | ExprKind::Set(items) => exprs(visitor, items),
        ExprKind::Binary { left, right, .. } => exprs(visitor, [&**left, &**right]),
        ExprKind::Named { value, .. }
        | ExprKind::Unary { operand: value, .. }
        | ExprKind::Attribute { value, .. }
        | ExprKind::Starred(value)
        | ExprKind::Await(value)
        | ExprKind::YieldFrom(value) => visitor.visit_expr(value),
        ExprKind::Compare { left, rest } => {
            visitor.visit_expr(left);
            exprs(visitor, rest.iter().map(|step| &step.right));
        }
        ExprKind::Conditional { test, body, orelse } => exprs(visitor, [&**body, &**test, &**orelse]),
        ExprKind::Lambda { params, body } => {
            visitor.visit_params(params);
            visitor.visit_expr(body);
        }
        ExprKind::Call(call) => {
            visitor.visit_expr(&call.func);
            exprs(visitor, &call.args);
            keywords(visitor, &call.keywords);
        }
        ExprKind::Subscript { value, index } => exprs(visitor, [&**value, &**index]),
        ExprKind::Slice { lower, upper, step } => {
            exprs(visitor, [lower, upper, step].into_iter().flatten().map(|bound| &**bound));
        }
        ExprKind::Dict(items) => {
            for item in items {
                exprs(visitor, &item.key);
                visitor.visit_expr(&item.value);
            }
        }
        ExprKind::ListComp { element, generators }
        | ExprKind::SetComp { element, generators }
        | ExprKind::Generator { element, generators } => {
            visitor.visit_expr(element);
            walk_generators(visitor, generators);
        }
        ExprKind::DictComp { key, value, generators } => {
            exprs(visitor, [&**key, &**value]);
            walk_generators(visitor, generators);
        }
        ExprKind::Cython(inner) => walk_cython_expr(visitor, inner),
        ExprKind::Yield(value) => exprs(visitor, value.as_deref()),
    }
}

fn walk_generators<V: Visitor>(visitor: &mut V, generators: &[Comprehension]) {
    for generator in generators {
        exprs(visitor, [&generator.target, &generator.iter]);
        exprs(visitor, &generator.conditions);
    }
}

fn walk_parts<V: Visitor>(visitor: &mut V, parts: &[StringPart]) {
    for part in parts {
        if let StringPart::Interpolation(field) = part {
            visitor.visit_expr(&field.value);
            walk_parts(visitor, field.format.as_deref().unwrap_or_default());
        }
    }
}

/// Visits the annotations and defaults of parameters.
pub fn walk_params<V: Visitor>(visitor: &mut V, params: &Parameters) {
    for param in params.iter() {
        if let Some(ty) = &param.ty {
            walk_ctype(visitor, &ty.base);
            walk_declarator(visitor, &ty.declarator);
        }
        exprs(visitor, &param.annotation);
        exprs(visitor, &param.default);
    }
}

/// Visits the bounds and defaults of type parameters.
pub fn walk_type_params<V: Visitor>(visitor: &mut V, params: &[TypeParam]) {
    for param in params {
        if let TypeParamKind::TypeVar { bound } = &param.kind {
            exprs(visitor, bound);
        }
        exprs(visitor, &param.default);
    }
}

/// Visits the children of a pattern.
pub fn walk_pattern<V: Visitor>(visitor: &mut V, pattern: &Pattern) {
    match &pattern.kind {
        PatternKind::Value(value) => visitor.visit_expr(value),
        PatternKind::Sequence(items) | PatternKind::Or(items) => {
            items.iter().for_each(|item| visitor.visit_pattern(item));
        }
        PatternKind::Mapping(mapping) => {
            for (key, pattern) in &mapping.items {
                visitor.visit_expr(key);
                visitor.visit_pattern(pattern);
            }
        }
        PatternKind::Class(class) => {
            visitor.visit_expr(&class.cls);
            class.patterns.iter().for_each(|pattern| visitor.visit_pattern(pattern));
            class.keywords.iter().for_each(|(_, pattern)| visitor.visit_pattern(pattern));
        }
        PatternKind::As { pattern, .. } => visitor.visit_pattern(pattern),
        _ => {}
    }
}

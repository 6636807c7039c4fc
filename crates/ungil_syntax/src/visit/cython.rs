//! Walking what only the Cython language has.

use super::{Visitor, exprs, walk_body};
use crate::ast::cython::{
    CDefault, CParameter, CType, CTypeKind, CythonExpr, CythonStmt, Declarator, DeclaratorKind,
    ExceptionSpec, Suffix, TypeArgument, TypeName,
};

/// Visits the children of a statement.
pub fn walk_cython<V: Visitor>(visitor: &mut V, stmt: &CythonStmt) {
    match stmt {
        CythonStmt::Declare { base, declarators, decorators, .. } => {
            exprs(visitor, decorators);
            walk_ctype(visitor, base);
            declarators.iter().for_each(|declarator| walk_declarator(visitor, declarator));
        }
        CythonStmt::Block(body)
        | CythonStmt::Extern { body, .. }
        | CythonStmt::Property { body, .. }
        | CythonStmt::Struct { body: Some(body), .. } => walk_body(visitor, body),
        CythonStmt::Typedef { base, declarator } => {
            walk_ctype(visitor, base);
            walk_declarator(visitor, declarator);
        }
        CythonStmt::Enum { items, .. } => {
            exprs(visitor, items.iter().filter_map(|item| item.value.as_ref()));
        }
        CythonStmt::Fused { types, .. } => types.iter().for_each(|ty| walk_ctype(visitor, ty)),
        CythonStmt::Class(class) => {
            exprs(visitor, class.decorators.iter().chain(&class.bases));
            walk_body(visitor, class.body.as_deref().unwrap_or_default());
        }
        CythonStmt::CppClass { bases, body, .. } => {
            bases.iter().for_each(|ty| walk_ctype(visitor, ty));
            walk_body(visitor, body.as_deref().unwrap_or_default());
        }
        CythonStmt::Define { value, .. } => visitor.visit_expr(value),
        CythonStmt::If(stmt) => {
            for branch in &stmt.branches {
                visitor.visit_expr(&branch.test);
                walk_body(visitor, &branch.body);
            }
            walk_body(visitor, &stmt.orelse);
        }
        CythonStmt::ForFrom(stmt) => {
            exprs(visitor, [&stmt.target, &stmt.lower, &stmt.upper]);
            exprs(visitor, &stmt.step);
            walk_body(visitor, &stmt.body);
            walk_body(visitor, &stmt.orelse);
        }
        CythonStmt::Print { stream, values, .. } => exprs(visitor, stream.iter().chain(values)),
        CythonStmt::Exec { code, scopes } => exprs(visitor, [code].into_iter().chain(scopes)),
        CythonStmt::Struct { body: None, .. }
        | CythonStmt::Cimport(_)
        | CythonStmt::FromCimport(_)
        | CythonStmt::Include(_) => {}
    }
}

/// Visits the operands of an expression.
pub fn walk_cython_expr<V: Visitor>(visitor: &mut V, expr: &CythonExpr) {
    match expr {
        CythonExpr::Cast { ty, value, .. } => {
            walk_type_name(visitor, ty);
            visitor.visit_expr(value);
        }
        CythonExpr::AddressOf(value) | CythonExpr::Repr(value) => visitor.visit_expr(value),
        CythonExpr::SizeOf(argument) => walk_argument(visitor, argument),
        CythonExpr::New(class) => walk_ctype(visitor, class),
        CythonExpr::Char(_) | CythonExpr::Integer { .. } => {}
    }
}

/// Visits the expressions in a type.
pub fn walk_ctype<V: Visitor>(visitor: &mut V, ty: &CType) {
    match &ty.kind {
        CTypeKind::Implicit | CTypeKind::Basic { .. } | CTypeKind::Named(_) => {}
        CTypeKind::Qualified { base, .. } | CTypeKind::Nested { base, .. } => walk_ctype(visitor, base),
        CTypeKind::View { base, axes } => {
            walk_ctype(visitor, base);
            exprs(visitor, axes);
        }
        CTypeKind::Template { base, args, keywords } => {
            walk_ctype(visitor, base);
            args.iter().for_each(|arg| walk_argument(visitor, arg));
            keywords.iter().for_each(|(_, arg)| walk_argument(visitor, arg));
        }
        CTypeKind::Tuple(items) => items.iter().for_each(|item| walk_type_name(visitor, item)),
    }
}

fn walk_type_name<V: Visitor>(visitor: &mut V, ty: &TypeName) {
    walk_ctype(visitor, &ty.base);
    walk_declarator(visitor, &ty.declarator);
}

fn walk_argument<V: Visitor>(visitor: &mut V, argument: &TypeArgument) {
    match argument {
        TypeArgument::Expr(expr) => visitor.visit_expr(expr),
        TypeArgument::Type(ty) => walk_type_name(visitor, ty),
    }
}

/// Visits the expressions in a declarator.
pub fn walk_declarator<V: Visitor>(visitor: &mut V, declarator: &Declarator) {
    if let Some(inner) = declarator.inner() {
        walk_declarator(visitor, inner);
    }
    match &declarator.kind {
        DeclaratorKind::Name { value, .. } => exprs(visitor, value.as_deref()),
        DeclaratorKind::Array { size, .. } => exprs(visitor, size.as_deref()),
        DeclaratorKind::Function { params, suffix, .. } => {
            params.iter().for_each(|param| walk_c_parameter(visitor, param));
            walk_suffix(visitor, suffix);
        }
        DeclaratorKind::Pointer { .. } | DeclaratorKind::Reference { .. } => {}
    }
}

fn walk_c_parameter<V: Visitor>(visitor: &mut V, param: &CParameter) {
    walk_ctype(visitor, &param.base);
    walk_declarator(visitor, &param.declarator);
    exprs(visitor, &param.annotation);
    if let Some(CDefault::Value(value)) = &param.default {
        visitor.visit_expr(value);
    }
}

fn walk_suffix<V: Visitor>(visitor: &mut V, suffix: &Suffix) {
    if let ExceptionSpec::Value { value, .. } = &suffix.exception {
        visitor.visit_expr(value);
    }
}

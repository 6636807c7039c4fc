//! Annotations that declare, as `annotation_typing` has them: numbers of C and classes of Python.

use std::collections::HashMap;

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::parameter::Parameter;
use ungil_syntax::ast::stmt::FunctionDef;

use super::types::{Known, Types, dotted, is_number};

/// Classes whose instances alone, beside None, a variable of a declared type may hold.
pub const CLASSES: [&str; 8] = ["list", "tuple", "dict", "set", "frozenset", "str", "bytes", "bytearray"];

/// The number of C that an annotation means.
pub fn number(annotation: &Expr, types: &Types) -> Option<Known> {
    let named = |text: &str, name: &str| Some(Known { text: text.to_owned(), name: name.to_owned() });
    let name = dotted(annotation)?;
    let known = match name.as_str() {
        "float" => named("float64", "double"),
        "complex" => named("complex128", "double complex"),
        "bool" => return named("bint", "bint"),
        other if other.starts_with("cython.") => types.known(other),
        _ => None,
    };
    known.filter(|k| is_number(&k.text))
}

/// The annotation of a parameter without a declared type. Behind stars one speaks of each argument.
pub fn written<'a>(def: &FunctionDef, p: &'a Parameter) -> Option<&'a Expr> {
    let stars = [&def.params.vararg, &def.params.kwarg];
    let has_stars = stars.into_iter().flatten().any(|star| star.name.span == p.name.span);
    p.annotation.as_ref().filter(|_| p.ty.is_none() && !has_stars)
}

/// The types that `@cython.locals(name=type)` above a function gives, as annotations.
pub fn given(def: &FunctionDef) -> HashMap<&str, &Expr> {
    let calls = def.decorators.iter().filter_map(|decorator| match &decorator.kind {
        ExprKind::Call(call) if dotted(&call.func).is_some_and(|name| is_locals(&name)) => Some(call),
        _ => None,
    });
    let keywords = calls.flat_map(|call| &call.keywords);
    keywords.filter_map(|k| Some((&*k.name.as_ref()?.name, &k.value))).collect()
}

fn is_locals(name: &str) -> bool {
    name == "cython.locals" || name == "locals"
}

/// The class that an annotation means, and whether None is among its values.
pub fn class(annotation: &Expr) -> Option<(String, bool)> {
    match &annotation.kind {
        ExprKind::Name(name) => CLASSES.contains(&&**name).then(|| (name.to_string(), false)),
        ExprKind::Subscript { value, index } => match dotted(value)?.as_str() {
            "Optional" | "typing.Optional" => Some((class(index)?.0, true)),
            _ => class(value),
        },
        ExprKind::Binary { op: BinaryOp::BitOr, left, right } => match (is_none(left), is_none(right)) {
            (true, _) => Some((class(right)?.0, true)),
            (_, true) => Some((class(left)?.0, true)),
            _ => None,
        },
        _ => None,
    }
}

pub fn is_none(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Literal(Literal::None))
}

//! Patterns.

use std::collections::HashMap;

use ungil_diag::span::Span;

use super::Checker;
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::literal::Literal;
use crate::ast::name::{Ident, Name};
use crate::ast::operator::{BinaryOp, UnaryOp};
use crate::ast::pattern::{ClassPattern, MappingPattern, Pattern, PatternKind};
use crate::error::pattern::PatternError;

type Bindings = HashMap<Name, Span>;

impl Checker {
    fn pattern_error(&mut self, error: PatternError, span: Span) {
        self.errors.push(error.diagnostic(span));
    }

    /// The pattern of a case; one that always matches must come last or have a guard.
    pub(super) fn case_pattern(&mut self, pattern: &Pattern, may_always_match: bool) {
        if !may_always_match {
            self.report_irrefutable(pattern);
        }
        let mut bindings = Bindings::new();
        self.pattern(pattern, &mut bindings);
    }

    fn report_irrefutable(&mut self, pattern: &Pattern) {
        if let Some((name, span)) = irrefutable(pattern) {
            self.pattern_error(PatternError::AlwaysMatches { name: name.map(|name| name.to_string()) }, span);
        }
    }

    fn pattern(&mut self, pattern: &Pattern, bindings: &mut Bindings) {
        match &pattern.kind {
            PatternKind::Value(value) => self.expr(value),
            PatternKind::Sequence(items) => {
                self.one_star(items);
                items.iter().for_each(|item| self.pattern(item, bindings));
            }
            PatternKind::Mapping(mapping) => self.mapping(mapping, bindings),
            PatternKind::Class(class) => self.class_pattern(class, bindings),
            PatternKind::Star(name) => {
                if let Some(name) = name {
                    self.capture(name, bindings);
                }
            }
            PatternKind::As { pattern, name } => {
                self.pattern(pattern, bindings);
                self.capture(name, bindings);
            }
            PatternKind::Capture(name) => self.capture(name, bindings),
            PatternKind::Or(alternatives) => self.alternatives(pattern.span, alternatives, bindings),
            PatternKind::Invalid | PatternKind::Singleton(_) | PatternKind::Wildcard => {}
        }
    }

    fn capture(&mut self, name: &Ident, bindings: &mut Bindings) {
        self.bind_ident(name);
        if let Some(&first) = bindings.get(&name.name) {
            let error = PatternError::TwoBindings { name: name.name.to_string(), first };
            return self.pattern_error(error, name.span);
        }
        bindings.insert(name.name.clone(), name.span);
    }

    fn one_star(&mut self, items: &[Pattern]) {
        let mut stars = items.iter().filter(|item| matches!(item.kind, PatternKind::Star(_)));
        if let (Some(first), Some(second)) = (stars.next(), stars.next()) {
            self.pattern_error(PatternError::TwoStars { first: first.span }, second.span);
        }
    }

    /// All alternatives must bind the same names; only the last may match always.
    fn alternatives(&mut self, span: Span, alternatives: &[Pattern], bindings: &mut Bindings) {
        let mut first: Option<Bindings> = None;
        for (i, alternative) in alternatives.iter().enumerate() {
            if i + 1 < alternatives.len() {
                self.report_irrefutable(alternative);
            }
            let mut found = bindings.clone();
            self.pattern(alternative, &mut found);
            match &first {
                None => first = Some(found),
                Some(expected) => {
                    if let Some(missing) = difference(expected, &found) {
                        self.pattern_error(PatternError::DifferentBindings { missing }, span);
                        break;
                    }
                }
            }
        }
        bindings.extend(first.unwrap_or_default());
    }

    fn mapping(&mut self, mapping: &MappingPattern, bindings: &mut Bindings) {
        let mut keys: Vec<(&Expr, Span)> = Vec::new();
        for (key, pattern) in &mapping.items {
            if let Some(&(_, first)) = keys.iter().find(|(other, _)| same_key(other, key)) {
                self.pattern_error(PatternError::RepeatedKey { first }, key.span);
            }
            keys.push((key, key.span));
            self.expr(key);
            self.pattern(pattern, bindings);
        }
        if let Some(rest) = &mapping.rest {
            self.capture(rest, bindings);
        }
    }

    fn class_pattern(&mut self, class: &ClassPattern, bindings: &mut Bindings) {
        self.expr(&class.cls);
        class.patterns.iter().for_each(|pattern| self.pattern(pattern, bindings));
        let mut seen: Bindings = HashMap::new();
        for (name, pattern) in &class.keywords {
            if let Some(&first) = seen.get(&name.name) {
                let error = PatternError::RepeatedAttribute { name: name.name.to_string(), first };
                self.pattern_error(error, name.span);
            }
            seen.insert(name.name.clone(), name.span);
            if name.as_str() == "__debug__" {
                self.report(crate::error::check::CheckError::DebugTarget, name.span);
            }
            self.pattern(pattern, bindings);
        }
    }
}

/// The capture or wildcard that makes a pattern match always, if it does.
fn irrefutable(pattern: &Pattern) -> Option<(Option<&Name>, Span)> {
    match &pattern.kind {
        PatternKind::Wildcard => Some((None, pattern.span)),
        PatternKind::Capture(name) => Some((Some(&name.name), name.span)),
        PatternKind::As { pattern, .. } => irrefutable(pattern),
        PatternKind::Or(alternatives) => alternatives.last().and_then(irrefutable),
        _ => None,
    }
}

/// A name that one of the alternatives binds and the other does not.
fn difference(one: &Bindings, other: &Bindings) -> Option<String> {
    let missing = |a: &Bindings, b: &Bindings| {
        a.keys().filter(|name| !b.contains_key(*name)).min().map(|name| name.to_string())
    };
    missing(one, other).or_else(|| missing(other, one))
}

/// Whether two literal keys are equal in Python, where `1 == 1.0 == True`.
fn same_key(a: &Expr, b: &Expr) -> bool {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a == b;
    }
    match (&a.kind, &b.kind) {
        (ExprKind::Literal(a), ExprKind::Literal(b)) => a == b,
        _ => false,
    }
}

/// The value of a number or a bool, real and imaginary part.
fn number(expr: &Expr) -> Option<(f64, f64)> {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(value)) if value.unsigned_abs() < 1 << 53 => {
            Some((*value as f64, 0.0))
        }
        ExprKind::Literal(Literal::Float(value)) => Some((*value, 0.0)),
        ExprKind::Literal(Literal::Imaginary(value)) => Some((0.0, *value)),
        ExprKind::Literal(Literal::Bool(value)) => Some((f64::from(u8::from(*value)), 0.0)),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => number(operand).map(|(re, im)| (-re, -im)),
        ExprKind::Binary { left, op, right } => {
            let ((a, b), (c, d)) = (number(left)?, number(right)?);
            Some(if *op == BinaryOp::Sub { (a - c, b - d) } else { (a + c, b + d) })
        }
        _ => None,
    }
}

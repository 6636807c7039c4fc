//! Expressions.

use ungil_diag::span::Span;

use super::Checker;
use super::scope::ScopeKind;
use crate::ast::expr::{Comprehension, Expr, ExprKind, Interpolation, StringPart};
use crate::ast::name::Ident;
use crate::error::check::CheckError;
use crate::visit::contains_await;

impl Checker {
    pub(super) fn exprs(&mut self, exprs: &[Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.use_name(name, expr.span),
            ExprKind::Named { target, value } => self.named(expr.span, target, value),
            ExprKind::Lambda { params, body } => self.lambda(params, body),
            ExprKind::Call(call) => {
                self.expr(&call.func);
                self.arguments(&call.args, &call.keywords);
            }
            ExprKind::FString(parts) | ExprKind::TString(parts) => self.parts(parts),
            ExprKind::ListComp { element, generators } | ExprKind::SetComp { element, generators } => {
                self.comprehension(expr.span, &[element], generators, false);
            }
            ExprKind::DictComp { key, value, generators } => {
                self.comprehension(expr.span, &[key, value], generators, false);
            }
            ExprKind::Generator { element, generators } => {
                self.comprehension(expr.span, &[element], generators, true);
            }
            ExprKind::Await(value) => {
                self.await_expression(expr.span);
                self.expr(value);
            }
            ExprKind::Yield(value) => {
                self.yield_expression(expr.span, false);
                value.iter().for_each(|value| self.value(value));
            }
            ExprKind::YieldFrom(value) => {
                self.yield_expression(expr.span, true);
                self.expr(value);
            }
            ExprKind::Cython(inner) => self.cython_expr(inner),
            _ => self.operands(expr),
        }
    }

    /// Expressions that only pass the walk on.
    fn operands(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Bool { values, .. } => self.exprs(values),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Unary { operand: value, .. }
            | ExprKind::Attribute { value, .. }
            | ExprKind::Starred(value) => self.expr(value),
            ExprKind::Compare { left, rest } => {
                self.expr(left);
                rest.iter().for_each(|step| self.expr(&step.right));
            }
            ExprKind::Conditional { test, body, orelse } => {
                self.expr(test);
                self.expr(body);
                self.expr(orelse);
            }
            ExprKind::Subscript { value, index } => {
                self.expr(value);
                self.expr(index);
            }
            ExprKind::Slice { lower, upper, step } => {
                [lower, upper, step].into_iter().flatten().for_each(|bound| self.expr(bound));
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => self.exprs(items),
            ExprKind::Dict(items) => {
                for item in items {
                    item.key.iter().for_each(|key| self.expr(key));
                    self.expr(&item.value);
                }
            }
            _ => {}
        }
    }

    fn parts(&mut self, parts: &[StringPart]) {
        for part in parts {
            if let StringPart::Interpolation(field) = part {
                let Interpolation { value, format, .. } = &**field;
                self.value(value);
                if let Some(format) = format {
                    self.parts(format);
                }
            }
        }
    }

    fn await_expression(&mut self, span: Span) {
        let error = match self.scope().kind {
            ScopeKind::Function { is_async: true, .. } | ScopeKind::Comprehension { .. } => return,
            ScopeKind::Function { .. } => CheckError::AwaitOutsideAsync,
            ScopeKind::Annotation { what } => CheckError::ForbiddenInScope { what: "`await`", scope: what },
            _ => CheckError::AwaitOutsideFunction,
        };
        self.report(error, span);
    }

    fn yield_expression(&mut self, span: Span, is_from: bool) {
        let error = match self.scope().kind {
            ScopeKind::Function { is_async: true, .. } if is_from => CheckError::YieldFromInAsync,
            ScopeKind::Function { .. } => return,
            ScopeKind::Comprehension { .. } => CheckError::YieldInComprehension,
            ScopeKind::Annotation { what } => CheckError::ForbiddenInScope { what: "`yield`", scope: what },
            _ => CheckError::YieldOutsideFunction,
        };
        self.report(error, span);
    }

    /// A comprehension: its first iterable belongs to the enclosing scope, all else to its own.
    fn comprehension(&mut self, span: Span, elements: &[&Expr], generators: &[Comprehension], is_lazy: bool) {
        let Some(first) = generators.first() else { return };
        self.iterable(&first.iter);
        let is_async = contains_await(elements, generators);
        if is_async && !is_lazy {
            let fits = matches!(
                self.scope().kind,
                ScopeKind::Function { is_async: true, .. } | ScopeKind::Comprehension { .. }
            );
            if !fits {
                self.report(CheckError::AsyncOutsideAsync { what: "async comprehension" }, span);
            }
        }
        self.in_scope(ScopeKind::Comprehension { is_lazy }, |checker| {
            for (i, generator) in generators.iter().enumerate() {
                checker.iteration_target(&generator.target);
                if i > 0 {
                    checker.iterable(&generator.iter);
                }
                checker.exprs(&generator.conditions);
            }
            elements.iter().for_each(|element| checker.expr(element));
        });
    }

    fn iterable(&mut self, iter: &Expr) {
        let outer = std::mem::replace(&mut self.scope().in_iterable, true);
        self.expr(iter);
        self.scope().in_iterable = outer;
    }

    fn iteration_target(&mut self, target: &Expr) {
        if let ExprKind::Starred(_) = &target.kind {
            self.report(CheckError::LoneStar, target.span);
        }
        let mut names = Vec::new();
        collect_names(target, &mut names);
        for (name, span) in names {
            let info = self.scope().info(&name);
            info.iteration.get_or_insert(span);
            if info.named.is_some() {
                self.report(CheckError::InnerLoopRebinds { name: name.to_string() }, span);
            }
        }
        self.target(target);
    }

    /// `target := value`, which binds in the nearest scope that is no comprehension.
    fn named(&mut self, span: Span, target: &Ident, value: &Expr) {
        if self.scope().in_iterable {
            self.report(CheckError::NamedInIterable, span);
        }
        let inner = self.current;
        while matches!(self.scope().kind, ScopeKind::Comprehension { .. }) {
            let info = self.scope().info(&target.name);
            info.named.get_or_insert(target.span);
            if info.iteration.is_some() {
                self.report(CheckError::RebindsIteration { name: target.name.to_string() }, target.span);
                break;
            }
            match self.scope().parent {
                Some(parent) => self.current = parent,
                None => break,
            }
        }
        let outer_kind = self.scope().kind;
        if let ScopeKind::Annotation { what } = outer_kind {
            self.report(CheckError::ForbiddenInScope { what: "`:=`", scope: what }, span);
        }
        if self.current != inner && outer_kind == ScopeKind::Class {
            self.report(CheckError::NamedInClassComprehension, span);
        }
        if !matches!(outer_kind, ScopeKind::Comprehension { .. }) {
            self.bind_ident(target);
        }
        self.current = inner;
        self.expr(value);
    }
}

/// The names that a target binds.
fn collect_names(target: &Expr, names: &mut Vec<(crate::ast::name::Name, Span)>) {
    match &target.kind {
        ExprKind::Name(name) => names.push((name.clone(), target.span)),
        ExprKind::Starred(value) => collect_names(value, names),
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            items.iter().for_each(|item| collect_names(item, names));
        }
        _ => {}
    }
}

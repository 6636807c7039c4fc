//! Functions, classes, lambdas and their parameters.

use std::collections::HashMap;

use ungil_diag::span::Span;

use super::Checker;
use super::scope::ScopeKind;
use crate::ast::expr::{Expr, ExprKind, Keyword};
use crate::ast::name::Name;
use crate::ast::parameter::{Parameters, TypeParam, TypeParamKind};
use crate::ast::stmt::{ClassDef, FunctionDef};
use crate::error::check::CheckError;
use crate::visit::contains_yield;

impl Checker {
    pub(super) fn function(&mut self, def: &FunctionDef) {
        self.exprs(&def.decorators);
        self.bind_ident(&def.name);
        self.defaults(&def.params);
        self.in_generic(&def.type_params, |checker| {
            for param in def.params.iter() {
                if let Some(annotation) = &param.annotation {
                    checker.annotation(annotation);
                }
            }
            if let Some(returns) = &def.returns {
                checker.annotation(returns);
            }
            let kind =
                ScopeKind::Function { is_async: def.is_async, is_generator: contains_yield(&def.body) };
            checker.in_scope(kind, |checker| {
                checker.parameters(&def.params);
                checker.body(&def.body);
            });
        });
    }

    pub(super) fn class(&mut self, def: &ClassDef) {
        self.exprs(&def.decorators);
        self.bind_ident(&def.name);
        self.in_generic(&def.type_params, |checker| {
            checker.arguments(&def.bases, &def.keywords);
            checker.in_scope(ScopeKind::Class, |checker| checker.body(&def.body));
        });
    }

    pub(super) fn lambda(&mut self, params: &Parameters, body: &Expr) {
        self.defaults(params);
        let kind = ScopeKind::Function { is_async: false, is_generator: false };
        self.in_scope(kind, |checker| {
            checker.parameters(params);
            checker.expr(body);
        });
    }

    /// Defaults are evaluated outside the function.
    fn defaults(&mut self, params: &Parameters) {
        for param in params.iter() {
            if let Some(default) = &param.default {
                self.expr(default);
            }
        }
    }

    fn parameters(&mut self, params: &Parameters) {
        for param in params.iter() {
            let name = &param.name;
            if name.as_str() == "__debug__" {
                self.report(CheckError::DebugTarget, name.span);
            }
            let info = self.scope().info(&name.name);
            match info.parameter {
                Some(first) => {
                    let error = CheckError::DuplicateParameter { name: name.name.to_string(), first };
                    self.report(error, name.span);
                }
                None => info.parameter = Some(name.span),
            }
        }
    }

    /// Walks a definition in the scope of its type parameters, where it has some.
    pub(super) fn in_generic(&mut self, params: &[TypeParam], walk: impl FnOnce(&mut Self)) {
        if params.is_empty() {
            return walk(self);
        }
        self.in_scope(ScopeKind::Annotation { what: "the definition of a generic" }, |checker| {
            for param in params {
                checker.type_param(param);
            }
            walk(checker);
        });
    }

    fn type_param(&mut self, param: &TypeParam) {
        let name = &param.name;
        if name.as_str() == "__debug__" {
            self.report(CheckError::DebugTarget, name.span);
        }
        let info = self.scope().info(&name.name);
        if let Some(first) = info.type_parameter {
            let error = CheckError::DuplicateTypeParameter { name: name.name.to_string(), first };
            self.report(error, name.span);
        } else {
            info.type_parameter = Some(name.span);
        }
        if let TypeParamKind::TypeVar { bound: Some(bound) } = &param.kind {
            let kind = ScopeKind::Annotation { what: "a type variable's bound" };
            self.in_scope(kind, |checker| checker.expr(bound));
        }
        if let Some(default) = &param.default {
            let kind = ScopeKind::Annotation { what: "a type parameter's default" };
            self.in_scope(kind, |checker| checker.expr(default));
        }
    }

    /// An annotation, which is evaluated in a scope of its own.
    pub(super) fn annotation(&mut self, annotation: &Expr) {
        let inner = match &annotation.kind {
            ExprKind::Starred(value) => value,
            _ => annotation,
        };
        self.in_scope(ScopeKind::Annotation { what: "an annotation" }, |checker| checker.expr(inner));
    }

    /// The arguments of a call or a class.
    pub(super) fn arguments(&mut self, args: &[Expr], keywords: &[Keyword]) {
        self.exprs(args);
        let mut seen: HashMap<&Name, Span> = HashMap::new();
        for keyword in keywords {
            if let Some(name) = &keyword.name {
                if name.as_str() == "__debug__" {
                    self.report(CheckError::DebugTarget, name.span);
                }
                if let Some(&first) = seen.get(&name.name) {
                    let error = CheckError::DuplicateKeyword { name: name.name.to_string(), first };
                    self.report(error, name.span);
                }
                seen.entry(&name.name).or_insert(name.span);
            }
            self.expr(&keyword.value);
        }
    }

    /// Reports `what` where the current function is not async.
    pub(super) fn require_async(&mut self, what: &'static str, span: Span) {
        if !matches!(self.scope().kind, ScopeKind::Function { is_async: true, .. }) {
            self.report(CheckError::AsyncOutsideAsync { what }, span);
        }
    }
}

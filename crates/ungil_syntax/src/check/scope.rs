//! Scopes and the names in them.

use std::collections::HashMap;

use ungil_diag::span::Span;

use super::Checker;
use crate::ast::name::{Ident, Name};
use crate::error::check::CheckError;

/// What opens a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    Module,
    Class,
    Function {
        is_async: bool,
        is_generator: bool,
    },
    /// Also a generator expression.
    Comprehension {
        is_lazy: bool,
    },
    /// The type parameters of a definition, an annotation or an alias; the text says which.
    Annotation {
        what: &'static str,
    },
}

/// What is known about a name in a scope; each is the place where it was first so.
#[derive(Debug, Clone, Copy, Default)]
pub struct NameInfo {
    pub parameter: Option<Span>,
    pub type_parameter: Option<Span>,
    pub used: Option<Span>,
    pub bound: Option<Span>,
    pub annotated: Option<Span>,
    pub global: Option<Span>,
    pub nonlocal: Option<Span>,
    /// Bound by a `for` of this comprehension.
    pub iteration: Option<Span>,
    /// Bound outside by a `:=` in this comprehension.
    pub named: Option<Span>,
}

impl NameInfo {
    fn is_local(&self) -> bool {
        let bound = self.parameter.or(self.bound).or(self.iteration);
        bound.is_some() && self.global.is_none() && self.nonlocal.is_none()
    }
}

/// One scope.
pub struct Scope {
    pub kind: ScopeKind,
    pub parent: Option<usize>,
    pub names: HashMap<Name, NameInfo>,
    /// Inside the iterable of a comprehension.
    pub in_iterable: bool,
}

impl Scope {
    pub fn new(kind: ScopeKind, parent: Option<usize>) -> Scope {
        Scope { kind, parent, names: HashMap::new(), in_iterable: false }
    }

    pub fn info(&mut self, name: &Name) -> &mut NameInfo {
        self.names.entry(Name::clone(name)).or_default()
    }
}

impl Checker {
    /// A name is read.
    pub(super) fn use_name(&mut self, name: &Name, span: Span) {
        self.scope().info(name).used.get_or_insert(span);
    }

    /// A name is assigned, deleted, imported or defined.
    pub(super) fn bind(&mut self, name: &Name, span: Span) {
        if &**name == "__debug__" {
            self.report(CheckError::DebugTarget, span);
        }
        self.scope().info(name).bound.get_or_insert(span);
    }

    pub(super) fn bind_ident(&mut self, ident: &Ident) {
        self.bind(&ident.name, ident.span);
    }

    pub(super) fn declare(&mut self, idents: &[Ident], word: &'static str) {
        for ident in idents {
            self.declare_one(ident, word);
        }
    }

    fn declare_one(&mut self, ident: &Ident, word: &'static str) {
        let Ident { name, span } = ident;
        let info = *self.scope().info(name);
        let late = |earlier, how| CheckError::LateDeclaration { name: name.to_string(), word, earlier, how };
        let error = if let Some(parameter) = info.parameter {
            Some(CheckError::ParameterDeclared { name: name.to_string(), word, parameter })
        } else if let Some(earlier) = info.used {
            Some(late(earlier, "used"))
        } else if let Some(declaration) = info.annotated {
            Some(CheckError::AnnotatedGlobal { name: name.to_string(), declaration })
        } else {
            info.bound.map(|earlier| late(earlier, "assigned"))
        };
        if let Some(error) = error {
            return self.report(error, *span);
        }
        let other = if word == "global" { info.nonlocal } else { info.global };
        if let Some(first) = other {
            return self.report(CheckError::NonlocalAndGlobal { name: name.to_string(), first }, *span);
        }
        if word == "nonlocal" && self.scope().kind == ScopeKind::Module {
            return self.report(CheckError::NonlocalInModule, *span);
        }
        let info = self.scope().info(name);
        let place = if word == "global" { &mut info.global } else { &mut info.nonlocal };
        place.get_or_insert(*span);
    }

    /// A name is annotated in the current scope.
    pub(super) fn annotate(&mut self, name: &Name, span: Span) {
        let info = *self.scope().info(name);
        let in_module = self.scope().kind == ScopeKind::Module;
        if let Some(declaration) = info.global.or(info.nonlocal).filter(|_| !in_module) {
            let error = CheckError::AnnotatedGlobal { name: name.to_string(), declaration };
            return self.report(error, span);
        }
        self.scope().info(name).annotated.get_or_insert(span);
    }

    /// Finds the binding that each `nonlocal` refers to.
    pub(super) fn resolve_nonlocals(&mut self) {
        let mut missing = Vec::new();
        for scope in &self.scopes {
            for (name, info) in &scope.names {
                if let Some(span) = info.nonlocal
                    && let Some(error) = self.nonlocal_error(scope, name)
                {
                    missing.push((error, span));
                }
            }
        }
        for (error, span) in missing {
            self.report(error, span);
        }
    }

    fn nonlocal_error(&self, scope: &Scope, name: &Name) -> Option<CheckError> {
        let mut outer = scope.parent;
        while let Some(index) = outer {
            let scope = &self.scopes[index];
            outer = scope.parent;
            let info = scope.names.get(name).copied().unwrap_or_default();
            match scope.kind {
                ScopeKind::Class if &**name == "__class__" => return None,
                ScopeKind::Annotation { .. } if info.type_parameter.is_some() => {
                    return Some(CheckError::NonlocalTypeParameter { name: name.to_string() });
                }
                // A `global` declaration hides the bindings farther out.
                ScopeKind::Function { .. } if info.global.is_some() => break,
                ScopeKind::Function { .. } | ScopeKind::Comprehension { .. } if info.is_local() => {
                    return None;
                }
                _ => {}
            }
        }
        Some(CheckError::NoBinding { name: name.to_string() })
    }
}

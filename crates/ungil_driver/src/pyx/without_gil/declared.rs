//! What a function declares: which of its variables are Python's, and which are C's.

use std::collections::{HashMap, HashSet};

use ungil_diag::diagnostic::Diagnostic;
use ungil_syntax::ast::cython::CythonStmt;
use ungil_syntax::ast::expr::ExprKind;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_stmt};

use super::locks::section;
use crate::pyx::annotation;
use crate::pyx::functions::is_python_type;
use crate::pyx::types::{Known, Types, is_number};

/// Variables that a function declares as Python objects, and parameters without a type.
pub fn declared_objects(def: &FunctionDef, types: &Types) -> HashSet<String> {
    declared(def, types).objects
}

pub(super) fn declared<'a>(def: &FunctionDef, types: &'a Types) -> Declared<'a> {
    let mut found = Declared {
        types,
        objects: HashSet::new(),
        numbers: HashMap::new(),
        object_views: HashSet::new(),
        typed: HashSet::new(),
        unlocked: Vec::new(),
        is_locked: false,
    };
    let given = annotation::given(def);
    found.typed.extend(given.keys().map(|name| (*name).to_owned()));
    for p in def.params.iter() {
        found.typed.insert(p.name.name.to_string());
        if let Some(ty) = &p.ty {
            found.variable(&p.name.name, types.declared(&ty.base, &ty.declarator));
        }
        let is_object = match &p.ty {
            Some(ty) => is_python_type(types.declared(&ty.base, &ty.declarator)),
            None => p.annotation.is_none() && !given.contains_key(&*p.name.name),
        };
        if is_object {
            found.objects.insert(p.name.name.to_string());
        }
    }
    def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
    found
}

/// What a function declares.
pub(super) struct Declared<'a> {
    types: &'a Types,
    /// Variables that hold Python objects.
    pub objects: HashSet<String>,
    /// Those that are numbers of C, and whether they are complex.
    pub numbers: HashMap<String, bool>,
    /// Memoryviews whose elements are objects.
    pub object_views: HashSet<String>,
    /// All that have a type.
    pub typed: HashSet<String>,
    /// Objects that are declared where there may be no lock.
    pub unlocked: Vec<String>,
    /// Whether what is looked at stands in a `with gil` block.
    is_locked: bool,
}

impl Declared<'_> {
    /// A variable that is a number, unless its type is one of several, or a memoryview of objects.
    fn variable(&mut self, name: &str, ty: Result<Known, Diagnostic>) {
        let is_fused = !self.types.take_used().is_empty();
        let is_view = |ty: &Known| ty.text.starts_with("view ") && ty.text.ends_with("|object");
        if ty.as_ref().is_ok_and(is_view) {
            self.object_views.insert(name.to_owned());
        }
        if let Ok(ty) = ty
            && is_number(&ty.text)
            && !is_fused
        {
            self.numbers.insert(name.to_owned(), ty.text.starts_with("complex"));
        }
    }
}

impl Visitor for Declared<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
            StmtKind::AnnAssign { target, .. } => {
                if let ExprKind::Name(name) = &target.kind {
                    self.typed.insert(name.to_string());
                }
            }
            StmtKind::With(with) => {
                let takes = with
                    .items
                    .iter()
                    .any(|item| section(&item.context).is_some_and(|(name, _)| name == "gil"));
                let before = self.is_locked;
                self.is_locked |= takes;
                walk_stmt(self, stmt);
                self.is_locked = before;
            }
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let Some(name) = declarator.name() else { continue };
                        let ty = self.types.declared(base, declarator);
                        self.typed.insert(name.name.to_string());
                        self.variable(&name.name, ty.clone());
                        if is_python_type(ty) {
                            self.objects.insert(name.name.to_string());
                            if !self.is_locked {
                                self.unlocked.push(name.name.to_string());
                            }
                        }
                    }
                }
                _ => walk_stmt(self, stmt),
            },
            _ => walk_stmt(self, stmt),
        }
    }
}

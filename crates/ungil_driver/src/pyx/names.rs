//! Names that nothing declares.
//!
//! Told as Cython tells them, for a function that has not been called as well. Contract: only what is bound nowhere is an error: a
//! name that anything inside a function of the module's top level binds counts as known in all of it.

use std::collections::HashSet;

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_syntax::ast::cython::{CythonExpr, CythonStmt};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::parameter::Parameters;
use ungil_syntax::ast::pattern::{Pattern, PatternKind};
use ungil_syntax::ast::stmt::{Alias, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_pattern, walk_stmt};

use super::types::Types;

/// Names that the language gives a meaning where expressions stand.
const WORDS: &[&str] = &[
    "cython",
    "nogil",
    "gil",
    "NULL",
    "char",
    "short",
    "int",
    "long",
    "float",
    "double",
    "signed",
    "unsigned",
    "bint",
    "void",
    "size_t",
    "ssize_t",
    "Py_ssize_t",
    "Py_hash_t",
    "ptrdiff_t",
    "Py_UCS4",
    "Py_UNICODE",
];

/// The uses of names in `run`, what is run of a module, that neither all of it nor `around` binds.
pub fn undeclared(
    (body, run): (&[Stmt], &[Stmt]),
    types: &Types,
    around: &HashSet<String>,
) -> Vec<Diagnostic> {
    let mut module = Bound { is_module: true, ..Bound::default() };
    body.iter().for_each(|stmt| module.visit_stmt(stmt));
    if module.is_open || around.contains("*") {
        return Vec::new();
    }
    let mut errors = Vec::new();
    for stmt in run {
        let mut inside = Bound::default();
        inside.visit_stmt(stmt);
        if inside.is_open {
            continue;
        }
        let is_known = |name: &str| {
            name.starts_with("__")
                || WORDS.contains(&name)
                || [&inside.names, &module.names, around].iter().any(|names| names.contains(name))
                || types.has(name)
        };
        let mut uses = Uses { is_known: &is_known, errors: Vec::new() };
        uses.visit_stmt(stmt);
        errors.extend(uses.errors);
    }
    errors
}

/// What statements bind.
#[derive(Default)]
struct Bound {
    names: HashSet<String>,
    /// Whether functions and classes are passed over, but for the names that they bind for the module.
    is_module: bool,
    /// Inside such a one.
    depth: u32,
    /// Whether names come from elsewhere that are not told here.
    is_open: bool,
}

impl Bound {
    fn add(&mut self, name: &str) {
        if !self.is_module || self.depth == 0 {
            self.names.insert(name.to_owned());
        }
    }

    fn aliases(&mut self, aliases: &[Alias]) {
        for alias in aliases {
            let name = alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name);
            self.is_open |= &**name == "*";
            self.add(name.split('.').next().unwrap_or_default());
        }
    }

    fn cython(&mut self, stmt: &CythonStmt) {
        match stmt {
            CythonStmt::Declare { declarators, .. } => {
                declarators.iter().filter_map(|d| d.name()).for_each(|name| self.add(&name.name));
            }
            CythonStmt::Typedef { declarator, .. } => {
                declarator.name().into_iter().for_each(|name| self.add(&name.name));
            }
            CythonStmt::Enum { name, items, .. } => {
                name.iter().for_each(|name| self.add(&name.name));
                items.iter().for_each(|item| self.add(&item.name.name));
            }
            CythonStmt::Struct { name, .. }
            | CythonStmt::Fused { name, .. }
            | CythonStmt::CppClass { name, .. }
            | CythonStmt::Define { name, .. } => self.add(&name.name),
            CythonStmt::Class(class) => self.add(&class.name.name),
            CythonStmt::Cimport(aliases) => self.aliases(aliases),
            // What a star cimports is among the names from elsewhere.
            CythonStmt::FromCimport(import) => {
                import.names.iter().filter(|a| &*a.name != "*").for_each(|a| {
                    self.add(a.asname.as_ref().map_or(&a.name, |asname| &asname.name));
                });
            }
            CythonStmt::Include(_) => self.is_open = true,
            _ => {}
        }
    }
}

impl Bound {
    /// The names in a target.
    fn target(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.add(name),
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| self.target(i)),
            ExprKind::Starred(inner) => self.target(inner),
            _ => {}
        }
    }

    fn targets(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| self.target(t)),
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => self.target(target),
            StmtKind::For(node) => self.target(&node.target),
            StmtKind::With(node) => {
                node.items.iter().filter_map(|i| i.target.as_ref()).for_each(|t| self.target(t));
            }
            StmtKind::Cython(inner) => {
                if let CythonStmt::ForFrom(node) = &**inner {
                    self.target(&node.target);
                }
            }
            _ => {}
        }
    }
}

impl Visitor for Bound {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        self.targets(stmt);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                self.add(&def.name.name);
                self.depth += 1;
                def.params.iter().for_each(|p| self.add(&p.name.name));
                def.type_params.iter().for_each(|p| self.add(&p.name.name));
                walk_stmt(self, stmt);
                self.depth -= 1;
                return;
            }
            StmtKind::ClassDef(def) => {
                self.add(&def.name.name);
                self.depth += 1;
                def.type_params.iter().for_each(|p| self.add(&p.name.name));
                walk_stmt(self, stmt);
                self.depth -= 1;
                return;
            }
            StmtKind::TypeAlias { name, .. } => self.add(&name.name),
            StmtKind::Try(node) => {
                node.handlers.iter().filter_map(|h| h.name.as_ref()).for_each(|name| self.add(&name.name));
            }
            StmtKind::Import(aliases) => self.aliases(aliases),
            StmtKind::ImportFrom(import) => self.aliases(&import.names),
            // They are the module's, wherever they are bound.
            StmtKind::Global(names) => self.names.extend(names.iter().map(|n| n.name.to_string())),
            StmtKind::Cython(inner) => self.cython(inner),
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Named { target, .. } => self.add(&target.name),
            ExprKind::Lambda { params, .. } => params.iter().for_each(|p| self.add(&p.name.name)),
            ExprKind::ListComp { generators, .. }
            | ExprKind::SetComp { generators, .. }
            | ExprKind::DictComp { generators, .. }
            | ExprKind::Generator { generators, .. } => {
                generators.iter().for_each(|g| self.target(&g.target))
            }
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn visit_pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Capture(name) | PatternKind::As { name, .. } => self.add(&name.name),
            PatternKind::Star(Some(name)) => self.add(&name.name),
            PatternKind::Mapping(mapping) => mapping.rest.iter().for_each(|name| self.add(&name.name)),
            _ => {}
        }
        walk_pattern(self, pattern);
    }
}

/// Looks at the names that are read.
struct Uses<'a> {
    is_known: &'a dyn Fn(&str) -> bool,
    errors: Vec<Diagnostic>,
}

impl Visitor for Uses<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                def.decorators.iter().for_each(|d| self.visit_expr(d));
                self.visit_params(&def.params);
                def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
            }
            // Annotations that mean nothing are no errors.
            StmtKind::AnnAssign { target, value, .. } => {
                self.visit_expr(target);
                value.iter().for_each(|value| self.visit_expr(value));
            }
            StmtKind::TypeAlias { .. } => {}
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { declarators, .. } => {
                    declarators.iter().filter_map(|d| d.value()).for_each(|value| self.visit_expr(value));
                }
                CythonStmt::If(chain) => {
                    let branches = chain.branches.iter().flat_map(|branch| &branch.body);
                    branches.chain(&chain.orelse).for_each(|stmt| self.visit_stmt(stmt));
                }
                CythonStmt::Class(class) => {
                    class.body.iter().flatten().for_each(|stmt| self.visit_stmt(stmt));
                }
                CythonStmt::Block(_)
                | CythonStmt::ForFrom(_)
                | CythonStmt::Print { .. }
                | CythonStmt::Exec { .. } => walk_stmt(self, stmt),
                _ => {}
            },
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_params(&mut self, params: &Parameters) {
        params.iter().filter_map(|p| p.default.as_ref()).for_each(|value| self.visit_expr(value));
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) if !(self.is_known)(name) => {
                let title = format!("undeclared name not builtin: {name}");
                self.errors.push(
                    Diagnostic::error(Code("U0201"), title)
                        .primary(expr.span, "nothing defines this name")
                        .help("define, import or cimport it, or correct its spelling"),
                );
            }
            ExprKind::Cython(inner) => match &**inner {
                CythonExpr::Cast { value, .. } | CythonExpr::AddressOf(value) | CythonExpr::Repr(value) => {
                    self.visit_expr(value)
                }
                _ => {}
            },
            _ => walk_expr(self, expr),
        }
    }
}

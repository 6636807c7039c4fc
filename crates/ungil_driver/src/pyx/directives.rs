//! Compiler directives in decorators and `with` statements, under whatever names the module knows them.
//!
//! `cython.boundscheck(False)` is also `cy.boundscheck(False)` after `cimport cython as cy`, and `boundscheck(False)`
//! after `from cython cimport boundscheck`. Names, values and places are those of Cython 3.3.

use std::collections::BTreeMap;

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;
use ungil_syntax::ast::cython::CythonStmt;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::stmt::{Alias, Stmt, StmtKind};
use ungil_syntax::directive::{self, Place, Setting};
use ungil_syntax::visit::{Visitor, walk_stmt};

use super::types::dotted;

/// What else stands behind `cython.` in decorators and `with` statements.
const WORDS: &[&str] = &[
    "cfunc",
    "ccall",
    "cclass",
    "inline",
    "final",
    "internal",
    "locals",
    "returns",
    "exceptval",
    "noexcept",
    "nogil",
    "gil",
    "with_gil",
    "compile",
    "ufunc",
    "freelist",
    "no_gc",
    "no_gc_clear",
    "total_ordering",
    "dataclasses.dataclass",
    "dataclass",
    "collection_type",
    "critical_section",
    "trashcan",
    "staticmethod",
    "classmethod",
    "test_body_needs_exception_handling",
];

/// A directive as a decorator or a `with` statement sets it; without a value it is set back to its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    pub name: &'static str,
    pub value: Option<Setting>,
}

/// The names by which a module knows `cython` and what is in it.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    known: BTreeMap<String, String>,
}

impl Aliases {
    /// Those that a module imports outside functions.
    pub fn of(body: &[Stmt]) -> Aliases {
        let mut aliases = Aliases::default();
        aliases.known.insert("cython".to_owned(), "cython".to_owned());
        body.iter().for_each(|stmt| aliases.visit_stmt(stmt));
        aliases
    }

    fn modules(&mut self, list: &[Alias]) {
        for alias in list.iter().filter(|alias| &*alias.name == "cython") {
            if let Some(asname) = &alias.asname {
                self.known.insert(asname.name.to_string(), "cython".to_owned());
            }
        }
    }

    fn names(&mut self, module: &str, list: &[Alias]) {
        for alias in list {
            let meant = match (module, &*alias.name) {
                ("cython", "*") => continue,
                ("cython", name) => format!("cython.{name}"),
                ("ungil", "cython") => "cython".to_owned(),
                _ => continue,
            };
            let own = alias.asname.as_ref().map_or(&*alias.name, |asname| &*asname.name);
            self.known.insert(own.to_owned(), meant);
        }
    }

    /// What stands behind `cython.` where an expression names something of it, called or not.
    pub fn name(&self, expr: &Expr) -> Option<String> {
        let name = match &expr.kind {
            ExprKind::Call(call) => dotted(&call.func)?,
            _ => dotted(expr)?,
        };
        let (first, rest) = match name.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (name.as_str(), None),
        };
        let meant = self.known.get(first)?;
        let whole = match rest {
            Some(rest) => format!("{meant}.{rest}"),
            None => meant.clone(),
        };
        whole.strip_prefix("cython.").map(str::to_owned)
    }

    /// The directives that a decorator or a context sets; `None` where it is something else, and none where it is
    /// another word of `cython`.
    pub fn set(&self, expr: &Expr, place: Place) -> Option<Result<Vec<Directive>, Diagnostic>> {
        let name = self.name(expr)?;
        if WORDS.contains(&name.as_str()) {
            return Some(Ok(Vec::new()));
        }
        Some(match directive::known(&name) {
            None => Err(unknown(&name, expr.span)),
            Some(known) if !directive::may_stand(known, place) => Err(misplaced(known, place, expr.span)),
            Some(known) => values(known, expr),
        })
    }

    /// The directive that an expression calls which is neither a decorator nor a context.
    pub fn misplaced(&self, expr: &Expr) -> Option<Diagnostic> {
        let ExprKind::Call(_) = &expr.kind else { return None };
        let name = self.name(expr).filter(|name| !WORDS.contains(&name.as_str()))?;
        let known = directive::known(&name)?;
        let title = format!("directive `{known}` stands in an expression");
        let help =
            "write it as a decorator, as the context of a `with` statement, or in a `# cython:` comment";
        Some(
            Diagnostic::error(Code("U0199"), title)
                .primary(expr.span, "expected a decorator or a context")
                .help(help),
        )
    }
}

impl Visitor for Aliases {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
            StmtKind::Import(list) => self.modules(list),
            StmtKind::ImportFrom(from) if from.level == 0 => {
                self.names(from.module.as_ref().map_or("", |m| &*m.name), &from.names);
            }
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Cimport(list) => self.modules(list),
                CythonStmt::FromCimport(from) if from.level == 0 => {
                    self.names(from.module.as_ref().map_or("", |m| &*m.name), &from.names);
                }
                _ => walk_stmt(self, stmt),
            },
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

/// The directives that the decorators of a function set, in the order in which they count.
pub fn of_decorators(decorators: &[Expr], aliases: &Aliases) -> Vec<Directive> {
    // The decorator at the top counts last.
    let found = decorators.iter().rev().filter_map(|d| aliases.set(d, Place::Function)?.ok());
    found.flatten().collect()
}

/// The value that a list of directives leaves one with, where it is True or False; the last counts.
pub fn switched(list: &[Directive], name: &str) -> Option<bool> {
    match list.iter().rev().find(|d| d.name == name)?.value {
        Some(Setting::Bool(value)) => Some(value),
        Some(Setting::Text(_)) => None,
        None => Some(directive::is_on(name)),
    }
}

fn values(name: &'static str, expr: &Expr) -> Result<Vec<Directive>, Diagnostic> {
    let ExprKind::Call(call) = &expr.kind else {
        return match directive::is_switch(name) {
            true => Ok(vec![Directive { name, value: Some(Setting::Bool(true)) }]),
            false => Err(wrong(name, expr.span, "no value")),
        };
    };
    let mut found = subordinate(name, call)?;
    match call.args.as_slice() {
        [] if !found.is_empty() => {}
        [value] => found.push(Directive { name, value: value_of(name, value)? }),
        [] => return Err(wrong(name, expr.span, "no value")),
        [_, second, ..] => return Err(wrong(name, second.span, "a second value")),
    }
    Ok(found)
}

/// `overflowcheck(fold=True)` sets `overflowcheck.fold`.
fn subordinate(name: &'static str, call: &Call) -> Result<Vec<Directive>, Diagnostic> {
    let mut found = Vec::new();
    for keyword in &call.keywords {
        let given = keyword.name.as_ref().map_or("**", |n| &n.name);
        match directive::known(&format!("{name}.{given}")) {
            Some(known) => {
                found.push(Directive { name: known, value: value_of(known, &keyword.value)? });
            }
            None => return Err(wrong(name, keyword.value.span, &format!("the keyword `{given}`"))),
        }
    }
    Ok(found)
}

fn value_of(name: &'static str, value: &Expr) -> Result<Option<Setting>, Diagnostic> {
    let is_switch = directive::is_switch(name);
    match &value.kind {
        ExprKind::Literal(Literal::None) => Ok(None),
        ExprKind::Literal(Literal::Bool(value)) if is_switch => Ok(Some(Setting::Bool(*value))),
        ExprKind::Literal(Literal::Str(text)) if !is_switch => {
            let text = text.as_str().unwrap_or_default();
            let setting = directive::setting(name, text);
            setting.map(Some).map_err(|_| wrong(name, value.span, &format!("`\"{text}\"`")))
        }
        ExprKind::Literal(Literal::Int(n)) => Err(wrong(name, value.span, &format!("`{n}`"))),
        ExprKind::Literal(Literal::Str(_)) => Err(wrong(name, value.span, "a text")),
        ExprKind::Name(found) => Err(wrong(name, value.span, &format!("the variable `{found}`"))),
        _ => Err(wrong(name, value.span, "an expression")),
    }
}

fn wrong(name: &'static str, span: Span, found: &str) -> Diagnostic {
    let expected = directive::expected(name);
    Diagnostic::error(Code("U0197"), format!("directive `{name}` needs {expected}"))
        .primary(span, format!("expected {expected}, found {found}"))
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let error = Diagnostic::error(Code("U0196"), format!("`cython.{name}` is no compiler directive"))
        .primary(span, "unknown directive");
    error.help(directive::suggestion(name))
}

fn misplaced(name: &'static str, place: Place, span: Span) -> Diagnostic {
    let title = format!("directive `{name}` may not stand {}", place.described());
    Diagnostic::error(Code("U0199"), title)
        .primary(span, format!("expected {}", directive::places(name)))
        .help(directive::example(name))
}

//! Statements as text.

use super::Dumper;
use crate::ast::expr::Expr;
use crate::ast::name::Ident;
use crate::ast::stmt::{Alias, ClassDef, For, FunctionDef, If, ImportFrom, Match, Stmt, StmtKind, Try, With};

impl Dumper<'_> {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        self.list(body, |dumper, stmt| dumper.stmt(stmt));
    }

    pub(super) fn operand(&mut self, expr: &Expr) {
        self.out.push(' ');
        self.expr(expr);
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) {
        self.open(kind_name(&stmt.kind), stmt.span);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def),
            StmtKind::ClassDef(def) => self.class(def),
            StmtKind::For(stmt) => self.for_loop(stmt),
            StmtKind::While(stmt) => {
                self.operand(&stmt.test);
                self.body(&stmt.body);
                self.body(&stmt.orelse);
            }
            StmtKind::If(stmt) => self.if_chain(stmt),
            StmtKind::With(stmt) => self.with(stmt),
            StmtKind::Match(stmt) => self.match_cases(stmt),
            StmtKind::Try(stmt) => self.try_block(stmt),
            StmtKind::Cython(stmt) => self.cython(stmt),
            other => self.simple(other),
        }
        self.close();
    }

    fn simple(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Return(value) => self.optional(value.as_ref(), Self::expr),
            StmtKind::Delete(targets) => self.exprs(targets),
            StmtKind::Assign { targets, value } => {
                self.exprs(targets);
                self.operand(value);
            }
            StmtKind::AugAssign { target, op, value } => {
                self.word(op.symbol());
                self.operand(target);
                self.operand(value);
            }
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.word(if *simple { "simple" } else { "_" });
                self.operand(target);
                self.operand(annotation);
                self.optional(value.as_ref(), Self::expr);
            }
            StmtKind::TypeAlias { name, type_params, value } => {
                self.word(&name.name);
                self.type_params(type_params);
                self.operand(value);
            }
            StmtKind::Raise { exc, cause } => {
                self.optional(exc.as_ref(), Self::expr);
                self.optional(cause.as_ref(), Self::expr);
            }
            StmtKind::Assert { test, msg } => {
                self.operand(test);
                self.optional(msg.as_ref(), Self::expr);
            }
            StmtKind::Import(names) => self.aliases(names),
            StmtKind::ImportFrom(import) => self.import_from(import),
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => self.list(names, Self::ident),
            StmtKind::Expr(value) => self.operand(value),
            _ => {}
        }
    }

    pub(super) fn import_from(&mut self, import: &ImportFrom) {
        self.word(&import.level.to_string());
        self.optional(import.module.as_ref(), Self::ident);
        self.aliases(&import.names);
    }

    pub(super) fn aliases(&mut self, names: &[Alias]) {
        self.list(names, |dumper, alias| {
            dumper.open("alias", alias.span);
            dumper.word(&alias.name);
            dumper.optional(alias.asname.as_ref(), Self::ident);
            dumper.close();
        });
    }

    fn function(&mut self, def: &FunctionDef) {
        self.word(&def.name.name);
        self.exprs(&def.decorators);
        self.type_params(&def.type_params);
        self.params(&def.params);
        self.optional(def.returns.as_ref(), Self::expr);
        if let Some(signature) = &def.signature {
            self.out.push(' ');
            self.signature(signature);
        }
        self.body(&def.body);
    }

    fn class(&mut self, def: &ClassDef) {
        self.word(&def.name.name);
        self.exprs(&def.decorators);
        self.type_params(&def.type_params);
        self.exprs(&def.bases);
        self.keywords(&def.keywords);
        self.body(&def.body);
    }

    fn for_loop(&mut self, stmt: &For) {
        self.operand(&stmt.target);
        self.operand(&stmt.iter);
        self.body(&stmt.body);
        self.body(&stmt.orelse);
    }

    fn if_chain(&mut self, stmt: &If) {
        self.list(&stmt.branches, |dumper, branch| {
            dumper.out.push('(');
            dumper.expr(&branch.test);
            dumper.body(&branch.body);
            dumper.close();
        });
        self.body(&stmt.orelse);
    }

    fn with(&mut self, stmt: &With) {
        self.list(&stmt.items, |dumper, item| {
            dumper.out.push('(');
            dumper.expr(&item.context);
            dumper.optional(item.target.as_ref(), Self::expr);
            dumper.close();
        });
        self.body(&stmt.body);
    }

    fn match_cases(&mut self, stmt: &Match) {
        self.operand(&stmt.subject);
        self.list(&stmt.cases, |dumper, case| {
            dumper.out.push_str("(case ");
            dumper.pattern(&case.pattern);
            dumper.optional(case.guard.as_ref(), Self::expr);
            dumper.body(&case.body);
            dumper.close();
        });
    }

    fn try_block(&mut self, stmt: &Try) {
        self.body(&stmt.body);
        self.list(&stmt.handlers, |dumper, handler| {
            dumper.open("handler", handler.span);
            dumper.optional(handler.exc.as_ref(), Self::expr);
            dumper.optional(handler.name.as_ref(), |dumper: &mut Self, name: &Ident| dumper.ident(name));
            dumper.body(&handler.body);
            dumper.close();
        });
        self.body(&stmt.orelse);
        self.body(&stmt.finalbody);
    }
}

fn kind_name(kind: &StmtKind) -> &'static str {
    match kind {
        StmtKind::Invalid => "invalid",
        StmtKind::FunctionDef(def) if def.is_async => "async-def",
        StmtKind::FunctionDef(_) => "def",
        StmtKind::ClassDef(_) => "class",
        StmtKind::Return(_) => "return",
        StmtKind::Delete(_) => "delete",
        StmtKind::Assign { .. } => "assign",
        StmtKind::AugAssign { .. } => "aug-assign",
        StmtKind::AnnAssign { .. } => "ann-assign",
        StmtKind::TypeAlias { .. } => "type-alias",
        StmtKind::For(stmt) if stmt.is_async => "async-for",
        StmtKind::For(_) => "for",
        StmtKind::While(_) => "while",
        StmtKind::If(_) => "if",
        StmtKind::With(stmt) if stmt.is_async => "async-with",
        StmtKind::With(_) => "with",
        StmtKind::Match(_) => "match",
        StmtKind::Raise { .. } => "raise",
        StmtKind::Try(stmt) if stmt.is_star => "try-star",
        StmtKind::Try(_) => "try",
        StmtKind::Assert { .. } => "assert",
        StmtKind::Import(_) => "import",
        StmtKind::ImportFrom(_) => "import-from",
        StmtKind::Global(_) => "global",
        StmtKind::Nonlocal(_) => "nonlocal",
        StmtKind::Expr(_) => "expr",
        StmtKind::Pass => "pass",
        StmtKind::Break => "break",
        StmtKind::Continue => "continue",
        StmtKind::Cython(stmt) => super::cython::kind_name(stmt),
    }
}

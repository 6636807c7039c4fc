//! What a function of a module declares.

use std::collections::BTreeMap;

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::source::SourceFile;
use ungil_syntax::ast::cython::{CythonStmt, NoneRule};
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, contains_yield, walk_stmt};

use super::gil;
use super::plain::{directive_name, directive_value};
use super::plan::{Directive, Function, Parameter};
use super::types::{Known, Types, decayed};

/// A function as the extension module takes it. Errors in its types are appended to `errors`.
pub fn function(
    stmt: &Stmt,
    def: &FunctionDef,
    types: &Types,
    source: &SourceFile,
    errors: &mut Vec<Diagnostic>,
) -> Function {
    let mut params = Vec::new();
    let mut fused: Vec<(String, String)> = Vec::new();
    types.take_used();
    for p in def.params.iter() {
        let ty = p.ty.as_ref().and_then(|ty| keep(types.declared(&ty.base, &ty.declarator), errors));
        let used = types.take_used();
        params.push(Parameter {
            fused: used.first().map(|(name, _)| name.clone()),
            name: p.name.name.to_string(),
            ty: ty.filter(|known| known.text != "object").map(decayed),
            not_none: p.ty.as_ref().is_some_and(|ty| ty.none == NoneRule::Refused),
        });
        for one in used {
            if !fused.contains(&one) {
                fused.push(one);
            }
        }
    }
    let mut locals = Locals { types, found: BTreeMap::new(), errors };
    def.body.iter().for_each(|stmt| locals.visit_stmt(stmt));
    let found = locals.found;
    let ret = def
        .signature
        .as_ref()
        .and_then(|signature| keep(types.returned(&signature.base, &signature.declarator), errors));
    let kind = match &def.signature {
        None => "def",
        Some(signature) if signature.storage.is_cpdef => "cpdef",
        Some(_) => "cdef",
    };
    Function {
        name: def.name.name.to_string(),
        line: source.line_column(stmt.span.lo).line,
        kind,
        params,
        locals: found,
        fused,
        ret: ret.filter(|known| known.text != "object"),
        directives: def.decorators.iter().filter_map(directive).collect(),
        releases_gil: gil::releases(def),
        is_plain: def.is_async || contains_yield(&def.body),
    }
}

fn keep(found: Result<Known, Diagnostic>, errors: &mut Vec<Diagnostic>) -> Option<Known> {
    found.map_err(|error| errors.push(error)).ok()
}

/// A directive from a decorator.
fn directive(decorator: &Expr) -> Option<Directive> {
    let name = directive_name(decorator)?;
    let value = directive_value(decorator);
    Some(Directive { name, value, lo: decorator.span.lo })
}

/// Variables that a function declares; not those of functions inside it.
struct Locals<'a> {
    types: &'a Types,
    found: BTreeMap<String, Known>,
    errors: &'a mut Vec<Diagnostic>,
}

impl Visitor for Locals<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let Some(name) = declarator.name() else { continue };
                        if let Some(known) = keep(self.types.declared(base, declarator), self.errors)
                            && known.text != "object"
                        {
                            self.found.insert(name.name.to_string(), known);
                        }
                    }
                }
                _ => walk_stmt(self, stmt),
            },
            _ => walk_stmt(self, stmt),
        }
    }
}

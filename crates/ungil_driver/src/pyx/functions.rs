//! What a function of a module declares.

use std::collections::BTreeMap;

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::source::SourceFile;
use ungil_syntax::ast::cython::{CythonStmt, NoneRule};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::parameter::Parameter as Written;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, contains_yield, walk_stmt};

use super::gil;
use super::plain::{directive_name, directive_value};
use super::plan::{Directive, Function, Parameter};
use super::types::{Known, Types, decayed};

/// A function as the extension module takes it. `annotates`: annotations are types. Errors in its types are appended to `errors`.
pub fn function(
    (stmt, def): (&Stmt, &FunctionDef),
    types: &Types,
    source: &SourceFile,
    annotates: bool,
    errors: &mut Vec<Diagnostic>,
) -> Function {
    let mut params = Vec::new();
    let mut classes = BTreeMap::new();
    let mut fused: Vec<(String, String)> = Vec::new();
    types.take_used();
    let own = def.decorators.iter().filter_map(directive).find(|d| d.name == "annotation_typing");
    let annotates = own.and_then(|d| d.value).unwrap_or(annotates);
    for p in def.params.iter() {
        let ty = p.ty.as_ref().and_then(|ty| keep(types.declared(&ty.base, &ty.declarator), errors));
        let ty = ty.or_else(|| p.annotation.as_ref().filter(|_| annotates).and_then(|a| annotated(a, types)));
        let used = types.take_used();
        classes.extend(ty.as_ref().and_then(class).map(|class| (p.name.name.to_string(), class)));
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
    let mut locals =
        Locals { types, source, annotates, found: BTreeMap::new(), classes, inner: Vec::new(), errors };
    def.body.iter().for_each(|stmt| locals.visit_stmt(stmt));
    let (found, classes, inner) = (locals.found, locals.classes, locals.inner);
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
        takes_gil: gil::takes(def),
        classes,
        is_plain: def.is_async || contains_yield(&def.body),
        signature: signature(def, source),
        inner,
    }
}

/// Parameters and result as the source has them.
fn signature(def: &FunctionDef, source: &SourceFile) -> String {
    let text = |lo: u32, hi: u32| {
        let piece = source.text.get(lo as usize..hi as usize).unwrap_or_default();
        piece.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let one = |p: &Written| {
        let lo = p.ty.as_ref().map_or(p.name.span.lo, |ty| ty.base.span.lo.min(p.name.span.lo));
        let mut shown = text(lo, p.name.span.hi);
        if let Some(annotation) = &p.annotation {
            shown += &format!(": {}", text(annotation.span.lo, annotation.span.hi));
        }
        if let Some(default) = &p.default {
            let value = match &default.kind {
                ExprKind::Literal(Literal::Str(value)) => match value.as_str() {
                    Some(value) if !value.contains(['\'', '\\', '\n']) => format!("'{value}'"),
                    _ => text(default.span.lo, default.span.hi),
                },
                _ => text(default.span.lo, default.span.hi),
            };
            shown += &format!("={value}");
        }
        shown
    };
    let params = &def.params;
    let mut parts: Vec<String> = params.posonly.iter().map(one).collect();
    if !params.posonly.is_empty() {
        parts.push("/".to_owned());
    }
    parts.extend(params.regular.iter().map(one));
    match &params.vararg {
        Some(p) => parts.push(format!("*{}", one(p))),
        None if !params.kwonly.is_empty() => parts.push("*".to_owned()),
        None => {}
    }
    parts.extend(params.kwonly.iter().map(one));
    parts.extend(params.kwarg.iter().map(|p| format!("**{}", one(p))));
    let returned = match (&def.signature, &def.returns) {
        (Some(signature), _) => text(signature.base.span.lo, signature.base.span.hi),
        (None, Some(annotation)) => text(annotation.span.lo, annotation.span.hi),
        (None, None) => String::new(),
    };
    let arrow = if returned.is_empty() { String::new() } else { format!(" -> {returned}") };
    format!("({}){arrow}", parts.join(", "))
}

fn keep(found: Result<Known, Diagnostic>, errors: &mut Vec<Diagnostic>) -> Option<Known> {
    found.map_err(|error| errors.push(error)).ok()
}

/// The number of C that an annotation means.
fn annotated(annotation: &Expr, types: &Types) -> Option<Known> {
    let name = super::types::dotted(annotation)?;
    let known = match name.as_str() {
        "float" => Some(Known { text: "float64".to_owned(), name: "double".to_owned() }),
        other if other.starts_with("cython.") => types.known(other),
        _ => None,
    };
    known.filter(|k| super::types::is_number(&k.text))
}

/// A directive from a decorator.
fn directive(decorator: &Expr) -> Option<Directive> {
    let name = directive_name(decorator)?;
    let value = directive_value(decorator);
    Some(Directive { name, value, lo: decorator.span.lo })
}

/// Variables that a function declares, and functions inside it.
struct Locals<'a> {
    types: &'a Types,
    source: &'a SourceFile,
    annotates: bool,
    found: BTreeMap<String, Known>,
    classes: BTreeMap<String, String>,
    inner: Vec<Function>,
    errors: &'a mut Vec<Diagnostic>,
}

impl Visitor for Locals<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                self.inner.push(function((stmt, def), self.types, self.source, self.annotates, self.errors));
            }
            StmtKind::ClassDef(_) => {}
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let Some(name) = declarator.name() else { continue };
                        if let Some(known) = keep(self.types.declared(base, declarator), self.errors) {
                            match class(&known) {
                                Some(class) => drop(self.classes.insert(name.name.to_string(), class)),
                                None if known.text == "object" => {}
                                None => drop(self.found.insert(name.name.to_string(), known)),
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

/// The class whose instances alone, beside None, a variable of a declared type may hold.
fn class(known: &Known) -> Option<String> {
    const CLASSES: [&str; 8] = ["list", "tuple", "dict", "set", "frozenset", "str", "bytes", "bytearray"];
    let name = if known.name == "unicode" { "str" } else { &known.name };
    (known.text == "object" && CLASSES.contains(&name)).then(|| name.to_owned())
}

/// Whether a declared type is one of Python's. Types with errors, which are told elsewhere, are not.
pub fn is_python_type(found: Result<Known, Diagnostic>) -> bool {
    found.is_ok_and(|known| known.text == "object")
}

//! What a function of a module declares.

use std::collections::BTreeMap;

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::source::SourceFile;
use ungil_syntax::ast::cython::{CythonStmt, NoneRule};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind, With};
use ungil_syntax::directive::Place;
use ungil_syntax::visit::{Visitor, contains_yield, walk_stmt};

use super::annotation::{self, CLASSES};
use super::directives::{Aliases, Directive, of_decorators, switched};
use super::error::unsupported;
use super::gil;
use super::overflowing;
use super::plan::{Function, Parameter};
use super::signature::Head;
use super::types::{Known, Types, decayed, dotted};
use super::values::Globals;

/// The directives that hold around a function.
#[derive(Clone)]
pub struct Around<'a> {
    pub aliases: &'a Aliases,
    /// Those of decorators and blocks, from the outermost; later ones count.
    pub list: Vec<Directive>,
    /// Whether annotations are types where none of them says.
    pub annotates: bool,
    /// Variables of the module that hold instances of one class.
    pub classes: &'a BTreeMap<String, String>,
}

impl Around<'_> {
    /// Adds those of a `with` statement; the number of those before it is for [`Around::leave`].
    fn enter(&mut self, with: &With) -> usize {
        let before = self.list.len();
        let aliases = self.aliases;
        let sets = with.items.iter().filter_map(|item| aliases.set(&item.context, Place::With)?.ok());
        self.list.extend(sets.flatten());
        before
    }

    fn leave(&mut self, before: usize) {
        self.list.truncate(before);
    }
}

/// The functions of a module that are not inside others, and those of them that stand in classes; blocks and classes around
/// them run as Python.
pub fn of_module<'a>(
    body: &[Stmt],
    types: &'a Types,
    source: &'a SourceFile,
    around: Around<'a>,
    errors: &'a mut Vec<Diagnostic>,
) -> (Vec<Function>, Vec<Function>) {
    let (found, methods) = (Vec::new(), Vec::new());
    let mut outermost = Outermost { types, source, around, in_class: false, found, methods, errors };
    body.iter().for_each(|stmt| outermost.visit_stmt(stmt));
    (outermost.found, outermost.methods)
}

struct Outermost<'a> {
    types: &'a Types,
    source: &'a SourceFile,
    around: Around<'a>,
    in_class: bool,
    found: Vec<Function>,
    methods: Vec<Function>,
    errors: &'a mut Vec<Diagnostic>,
}

impl Visitor for Outermost<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                let one = function((stmt, def), self.types, self.source, &self.around, self.errors);
                let list = if self.in_class { &mut self.methods } else { &mut self.found };
                list.push(one);
            }
            StmtKind::ClassDef(def) => {
                let (before, in_class) = (self.around.list.len(), self.in_class);
                self.around.list.extend(of_decorators(&def.decorators, self.around.aliases));
                self.in_class = true;
                def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
                self.in_class = in_class;
                self.around.leave(before);
            }
            StmtKind::With(with) => {
                let before = self.around.enter(with);
                walk_stmt(self, stmt);
                self.around.leave(before);
            }
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Block(_) | CythonStmt::If(_) => walk_stmt(self, stmt),
                _ => {}
            },
            _ => walk_stmt(self, stmt),
        }
    }
}

/// A function as the extension module takes it. Errors in its types are appended to `errors`.
pub fn function(
    (stmt, def): (&Stmt, &FunctionDef),
    types: &Types,
    source: &SourceFile,
    around: &Around<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Function {
    let mut params = Vec::new();
    let mut classes = BTreeMap::new();
    let mut fused: Vec<(String, String)> = Vec::new();
    types.take_used();
    let mut around = around.clone();
    around.list.extend(of_decorators(&def.decorators, around.aliases));
    let annotates = switched(&around.list, "annotation_typing").unwrap_or(around.annotates);
    let given = annotation::given(def);
    for p in def.params.iter() {
        let ty = p.ty.as_ref().and_then(|ty| keep(types.declared(&ty.base, &ty.declarator), errors));
        let annotation = annotation::written(def, p).filter(|_| annotates);
        let annotation = given.get(&*p.name.name).copied().or(annotation);
        let ty = ty.or_else(|| annotation.and_then(|a| annotation::number(a, types)));
        let own_class = annotation.and_then(annotation::class);
        let refuses_none = own_class.as_ref().is_some_and(|(_, may_be_none)| {
            !may_be_none && !p.default.as_ref().is_some_and(annotation::is_none)
        });
        classes.extend(own_class.map(|(class, _)| (p.name.name.to_string(), class)));
        let used = types.take_used();
        classes.extend(ty.as_ref().and_then(class).map(|class| (p.name.name.to_string(), class)));
        let refused = p.ty.as_ref().is_some_and(|ty| ty.none == NoneRule::Refused);
        let ty = ty.filter(|known| known.text != "object").map(decayed);
        if refused && ty.is_none() {
            classes.entry(p.name.name.to_string()).or_insert_with(|| "object".to_owned());
        }
        let (name, chosen) = (p.name.name.to_string(), used.first().map(|(name, _)| name.clone()));
        params.push(Parameter { fused: chosen, name, ty, not_none: refuses_none || refused });
        for one in used {
            if !fused.contains(&one) {
                fused.push(one);
            }
        }
    }
    for name in Globals::of(def) {
        if let Some(class) = around.classes.get(&name) {
            classes.insert(name, class.clone());
        }
    }
    let mut locals =
        Locals { types, source, around, found: BTreeMap::new(), classes, inner: Vec::new(), errors };
    for (name, ty) in &given {
        locals.given(name, ty, def.params.iter().any(|p| &*p.name.name == *name));
    }
    def.body.iter().for_each(|stmt| locals.visit_stmt(stmt));
    let (directives, found, mut classes, inner) =
        (locals.around.list, locals.found, locals.classes, locals.inner);
    let ret = def
        .signature
        .as_ref()
        .and_then(|signature| keep(types.returned(&signature.base, &signature.declarator), errors));
    let kind = match &def.signature {
        None => "def",
        Some(signature) if signature.storage.is_cpdef => "cpdef",
        Some(_) => "cdef",
    };
    // No variable has this name.
    classes.extend(ret.as_ref().and_then(class).map(|class| ("return".to_owned(), class)));
    let declares_inside = inner.iter().any(|f| f.declares() || !same(&f.directives, &directives));
    let signature = Head { def, source, params: &params, ret: ret.as_ref(), annotates }.signature();
    Function {
        name: def.name.name.to_string(),
        line: source.line_column(stmt.span.lo).line,
        kind,
        params,
        locals: found,
        fused,
        ret: ret.filter(|known| known.text != "object"),
        directives,
        declares_inside,
        overflowing: overflowing::names(&def.body),
        releases_gil: gil::releases(def),
        gives_up: gil::gives_up(def),
        takes_gil: gil::takes(def),
        classes,
        is_plain: def.is_async || contains_yield(&def.body),
        signature,
        inner,
    }
}

/// Whether two lists leave the same directives behind.
fn same(one: &[Directive], other: &[Directive]) -> bool {
    let differs = |d: &&Directive| switched(one, d.name) != switched(other, d.name);
    !one.iter().chain(other).any(|d| differs(&d))
}

fn keep(found: Result<Known, Diagnostic>, errors: &mut Vec<Diagnostic>) -> Option<Known> {
    found.map_err(|error| errors.push(error)).ok()
}

/// Variables that a function declares, and functions inside it.
struct Locals<'a> {
    types: &'a Types,
    source: &'a SourceFile,
    around: Around<'a>,
    found: BTreeMap<String, Known>,
    classes: BTreeMap<String, String>,
    inner: Vec<Function>,
    errors: &'a mut Vec<Diagnostic>,
}

impl Locals<'_> {
    /// A type of `@cython.locals`.
    fn given(&mut self, name: &str, ty: &Expr, is_parameter: bool) {
        match (annotation::number(ty, self.types), annotation::class(ty)) {
            (Some(known), _) if !is_parameter => drop(self.found.insert(name.to_owned(), known)),
            (None, Some((class, _))) => drop(self.classes.insert(name.to_owned(), class)),
            (None, None) if dotted(ty).is_none_or(|name| !matches!(&*name, "object" | "cython.object")) => {
                let help = format!("declare it in the function: `cdef … {name}`");
                self.errors.push(unsupported("this type in `@cython.locals` is", ty.span, Some(&help)));
            }
            _ => {}
        }
    }

    fn annotated(&mut self, target: &Expr, annotation: &Expr) {
        let annotates = switched(&self.around.list, "annotation_typing").unwrap_or(self.around.annotates);
        let ExprKind::Name(name) = &target.kind else { return };
        if !annotates {
            return;
        }
        if let Some(known) = annotation::number(annotation, self.types) {
            self.found.insert(name.to_string(), known);
        } else if let Some((class, _)) = annotation::class(annotation) {
            self.classes.insert(name.to_string(), class);
        }
    }
}

impl Visitor for Locals<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                self.inner.push(function((stmt, def), self.types, self.source, &self.around, self.errors));
            }
            StmtKind::With(with) => {
                let before = self.around.enter(with);
                walk_stmt(self, stmt);
                self.around.leave(before);
            }
            StmtKind::AnnAssign { target, annotation, simple: true, .. } => {
                self.annotated(target, annotation)
            }
            StmtKind::ClassDef(_) => {}
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let Some(name) = declarator.name() else { continue };
                        if let Some(known) = keep(self.types.declared(base, declarator), self.errors) {
                            match class(&known) {
                                Some(class) => drop(self.classes.insert(name.name.to_string(), class)),
                                None if known.text == "object" => {
                                    self.classes.insert(name.name.to_string(), "object".to_owned());
                                }
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

/// Classes that are no annotations of values: those of libraries, and builtins that annotations do not check.
const MORE_CLASSES: [&str; 6] = ["array.array", NDARRAY, "bool", "type", "slice", "memoryview"];

/// Classes of libraries that are checked by what the library has under their name.
const LIBRARY_CLASSES: [&str; 9] = [
    "datetime.date",
    "datetime.datetime",
    "datetime.time",
    "datetime.timedelta",
    "datetime.tzinfo",
    "numpy.broadcast",
    "numpy.dtype",
    "numpy.flatiter",
    "numpy.ufunc",
];

/// The class of NumPy's arrays.
pub const NDARRAY: &str = "numpy.ndarray";

/// The class whose instances alone, beside None, a variable of a declared type may hold.
pub fn class(known: &Known) -> Option<String> {
    let name = if matches!(&*known.name, "unicode" | "basestring") { "str" } else { &known.name };
    let is_class = CLASSES.contains(&name) || MORE_CLASSES.contains(&name) || LIBRARY_CLASSES.contains(&name);
    (known.text == "object" && is_class).then(|| name.to_owned())
}

/// Whether a declared type is one of Python's. Types with errors, which are told elsewhere, are not.
pub fn is_python_type(found: Result<Known, Diagnostic>) -> bool {
    found.is_ok_and(|known| known.text == "object")
}

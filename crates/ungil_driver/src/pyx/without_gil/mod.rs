//! Python operations where the interpreter's lock is given up.
//!
//! Found when a module is read, so that all of them are told at once, in Cython's words: in functions declared `nogil`,
//! in `with nogil` blocks and in the bodies of parallel loops with `nogil=True`, but not in `with gil` inside of them.
//!
//! Contract: only what is an operation of Python for certain is an error. Names that a function binds without a
//! declaration count as numbers, which the compiler finds out about; `raise` takes the lock itself.

mod declared;
mod expressions;
mod locks;

use std::collections::{HashMap, HashSet};

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;
use ungil_syntax::ast::cython::CythonStmt;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_stmt};

use super::functions::is_python_type;
use super::plan::Plan;
use super::scope;
use super::types::{Types, dotted, is_number};
use declared::declared;
pub use declared::declared_objects;
use locks::Lock;

/// Builtins that have no meaning without the lock.
const BUILTINS: &[&str] = &[
    "print",
    "str",
    "repr",
    "list",
    "dict",
    "set",
    "frozenset",
    "tuple",
    "sorted",
    "open",
    "isinstance",
    "issubclass",
    "getattr",
    "setattr",
    "hasattr",
    "type",
    "input",
    "map",
    "filter",
    "iter",
    "next",
    "format",
    "id",
    "hash",
    "vars",
    "dir",
    "exec",
    "eval",
    "bytes",
    "bytearray",
    "object",
    "callable",
];

/// What a name means where no function binds it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A variable of Python, or a module.
    Object,
    /// A variable of C that holds a Python object.
    Declared,
    /// A function that needs the lock.
    NeedsLock,
    /// C's, or not known.
    Other,
}

/// What an expression gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Number,
}

/// The Python operations of a module that stand where there is no lock.
pub fn operations(body: &[Stmt], plan: &Plan) -> Vec<Diagnostic> {
    let types = &plan.types;
    let mut names = HashMap::new();
    collect(body, types, &mut names);
    let mut check = Check {
        types,
        names,
        data: plan.data.iter().map(|(name, _)| name.clone()).chain(plan.variables.iter().cloned()).collect(),
        knows_all: types.surroundings().is_some(),
        objects: HashSet::new(),
        object_views: HashSet::new(),
        typed: HashSet::new(),
        numbers: HashMap::new(),
        gives_c: false,
        gives_object: false,
        bound: HashSet::new(),
        lock: Lock::Held,
        errors: Vec::new(),
    };
    body.iter().for_each(|stmt| check.visit_stmt(stmt));
    check.errors
}

/// The names of a module's top level. What is cimported too may be a function of C.
fn collect(body: &[Stmt], types: &Types, names: &mut HashMap<String, Meaning>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                let is_decorated = def.decorators.iter().any(|d| {
                    let name = match &d.kind {
                        ExprKind::Call(call) => dotted(&call.func),
                        _ => dotted(d),
                    };
                    name.is_some_and(|n| n.ends_with("nogil") || n.ends_with("cfunc") || n.ends_with("ccall"))
                });
                let needs_lock = match &def.signature {
                    None => true,
                    Some(signature) => !signature.suffix.nogil && !signature.suffix.with_gil,
                };
                let meaning = if needs_lock && !is_decorated { Meaning::NeedsLock } else { Meaning::Other };
                names.insert(def.name.name.to_string(), meaning);
            }
            StmtKind::Import(list) => {
                for alias in list {
                    let name = alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name);
                    let name = name.split('.').next().unwrap_or_default().to_owned();
                    names.entry(name).or_insert(Meaning::Object);
                }
            }
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Cimport(list) => {
                    for alias in list {
                        let name = alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name);
                        names.insert(name.split('.').next().unwrap_or_default().to_owned(), Meaning::Other);
                    }
                }
                CythonStmt::FromCimport(import) => {
                    for alias in &import.names {
                        let name = alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name);
                        names.insert(name.to_string(), Meaning::Other);
                    }
                }
                CythonStmt::Block(inner) => collect(inner, types, names),
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let Some(name) = declarator.name() else { continue };
                        let is_object = is_python_type(types.declared(base, declarator));
                        let meaning = if is_object { Meaning::Declared } else { Meaning::Other };
                        names.insert(name.name.to_string(), meaning);
                    }
                }
                CythonStmt::If(chain) => {
                    chain.branches.iter().for_each(|branch| collect(&branch.body, types, names));
                    collect(&chain.orelse, types, names);
                }
                _ => {}
            },
            _ => {}
        }
    }
}

struct Check<'a> {
    types: &'a Types,
    names: HashMap<String, Meaning>,
    /// Variables of the module that are C's.
    data: HashSet<String>,
    /// Whether what surrounds the module is known.
    knows_all: bool,
    /// Variables of the function that hold Python objects.
    objects: HashSet<String>,
    /// Its memoryviews of objects.
    object_views: HashSet<String>,
    /// Its variables that have a declaration.
    typed: HashSet<String>,
    /// Its variables that are numbers of C, and whether they are complex.
    numbers: HashMap<String, bool>,
    /// Whether its result is a number or an address, and whether it is Python's.
    gives_c: bool,
    gives_object: bool,
    /// All names that the function binds.
    bound: HashSet<String>,
    /// Whether the lock has been given up here.
    lock: Lock,
    errors: Vec<Diagnostic>,
}

impl Check<'_> {
    fn refuse(&mut self, message: &str, span: Span) {
        self.refuse_as(&format!("{message} not allowed without gil"), span);
    }

    fn refuse_as(&mut self, title: &str, span: Span) {
        let error = Diagnostic::error(Code("U0809"), title)
            .primary(span, "needs the interpreter's lock")
            .help("move it out of the code without the lock, or put it under `with gil:`");
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn function(&mut self, def: &FunctionDef) {
        let found = declared(def, self.types);
        let suffix = def.signature.as_ref().map(|signature| &signature.suffix);
        let is_free = suffix.is_some_and(|suffix| suffix.nogil && !suffix.with_gil);
        let returned = def.signature.as_ref().map(|s| self.types.returned(&s.base, &s.declarator));
        let gives_python =
            returned.as_ref().is_some_and(|ty| ty.as_ref().is_ok_and(|ty| ty.text == "object"));
        if is_free {
            if gives_python {
                self.refuse_as("Function with Python return type cannot be declared nogil", def.name.span);
            }
            if !found.unlocked.is_empty() {
                self.refuse_as("Function declared nogil has Python locals or temporaries", def.name.span);
            }
        }
        let before = (
            std::mem::replace(&mut self.bound, scope::bound(def)),
            std::mem::replace(&mut self.objects, found.objects),
            std::mem::replace(&mut self.numbers, found.numbers),
            std::mem::replace(&mut self.object_views, found.object_views),
            std::mem::replace(&mut self.typed, found.typed),
            std::mem::replace(&mut self.lock, if is_free { Lock::Declared } else { Lock::Held }),
        );
        let gives_c = returned.is_some_and(|ty| ty.is_ok_and(|ty| is_plain(&ty.text)));
        let gives_c = std::mem::replace(&mut self.gives_c, gives_c);
        let is_def = def.signature.is_none() && def.returns.is_none();
        let gives_object = std::mem::replace(&mut self.gives_object, is_def || gives_python);
        def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        (self.bound, self.objects, self.numbers, self.object_views, self.typed, self.lock) = before;
        (self.gives_c, self.gives_object) = (gives_c, gives_object);
    }

    fn is_object_variable(&self, expr: &Expr) -> bool {
        let ExprKind::Name(name) = &expr.kind else { return false };
        match self.bound.contains(&**name) {
            true => self.objects.contains(&**name),
            false => self.names.get(&**name) == Some(&Meaning::Declared),
        }
    }

    /// Whether an assignment to a name is one to a variable of Python: of the module, and without a declaration.
    fn is_of_module(&self, name: &str) -> bool {
        let is_c = self.data.contains(name) || self.types.has(name);
        self.knows_all && !self.bound.contains(name) && !self.names.contains_key(name) && !is_c
    }

    /// Whether a variable of the function has no declaration.
    fn is_undeclared(&self, name: &str) -> bool {
        self.bound.contains(name) && !self.typed.contains(name)
    }

    /// A value that becomes a variable of C where the target is one.
    fn assigned(&mut self, target: &Expr, value: &Expr) {
        let name = if let ExprKind::Name(name) = &target.kind { Some(&**name) } else { None };
        let is_text = matches!(value.kind, ExprKind::Literal(_));
        // What is put together in place, or is nothing, is an object where nothing else is declared.
        let is_made = is_container(value)
            || matches!(value.kind, ExprKind::Literal(Literal::Str(_) | Literal::Bytes(_) | Literal::None));
        let is_undeclared = name.is_some_and(|name| self.is_undeclared(name));
        let to_object = self.is_object_variable(target)
            || is_undeclared && is_made
            || name.is_some_and(|name| self.is_of_module(name));
        if to_object {
            self.refuse("Assignment of Python object", target.span);
        }
        let before = self.errors.len();
        let to_number = name.is_some_and(|name| self.numbers.contains_key(name));
        if to_object || to_number {
            self.display(value);
        }
        let kind = self.kind(value);
        if kind == Kind::Object && !to_object && !is_text && self.errors.len() == before {
            match is_undeclared {
                true => self.refuse("Assignment of Python object", target.span),
                false => self.refuse_object(value.span),
            }
        }
        if name.is_none() {
            self.kind(target);
        }
    }

    /// `target op= value`
    fn in_place(&mut self, target: &Expr, value: &Expr) {
        if !self.is_object_variable(target) {
            return self.assigned(target, value);
        }
        let is_literal = matches!(value.kind, ExprKind::Literal(Literal::Int(_) | Literal::Float(_)));
        // Cython has functions for operations with numbers that are written out.
        self.refuse(if is_literal { "Calling gil-requiring function" } else { "Operation" }, target.span);
        self.kind(value);
    }

    /// Whether an attribute of a variable is none that numbers of C have.
    fn is_not_of_number(&self, value: &Expr, attribute: &str) -> bool {
        let ExprKind::Name(name) = &value.kind else { return false };
        let Some(is_complex) = self.numbers.get(&**name) else { return false };
        attribute != "conjugate" && !(*is_complex && matches!(attribute, "real" | "imag"))
    }

    /// What a function of C returns.
    fn returned(&mut self, value: &Expr) {
        if self.gives_object {
            return self.refuse("Returning Python object", value.span);
        }
        let before = self.errors.len();
        if self.gives_c && is_container(value) {
            self.display(value);
        }
        let is_object = self.kind(value) == Kind::Object && !matches!(value.kind, ExprKind::Literal(_));
        if self.gives_c && is_object && self.errors.len() == before {
            self.refuse_object(value.span);
        }
    }

    fn refuse_object(&mut self, span: Span) {
        let title = "Coercion from Python not allowed without the GIL";
        self.errors.push(
            Diagnostic::error(Code("U0809"), title)
                .primary(span, "a Python object")
                .help("declare it as a type of C, or put this under `with gil:`"),
        );
    }

    /// A display that stands for a Python object.
    fn display(&mut self, value: &Expr) {
        match &value.kind {
            ExprKind::List(_) => self.refuse("Constructing Python list", value.span),
            ExprKind::Dict(_) => self.refuse("Constructing Python dict", value.span),
            ExprKind::Set(_) => self.refuse("Constructing Python set", value.span),
            ExprKind::Tuple(_) => self.refuse("Constructing Python tuple", value.span),
            _ => {}
        }
    }

    /// A statement without the lock; whether its parts have been looked at.
    fn statement(&mut self, stmt: &Stmt) -> bool {
        match &stmt.kind {
            StmtKind::Expr(value) => {
                if !matches!(value.kind, ExprKind::Literal(_)) {
                    self.display(value);
                    self.kind(value);
                }
            }
            StmtKind::Assign { targets, value } => targets.iter().for_each(|t| self.assigned(t, value)),
            StmtKind::AugAssign { target, value, .. } => self.in_place(target, value),
            StmtKind::Return(Some(value)) => self.returned(value),
            StmtKind::Return(None) if self.gives_object => {
                self.refuse("Returning Python object", stmt.span);
            }
            StmtKind::ClassDef(_) => self.refuse("Constructing Python class", stmt.span),
            StmtKind::Import(_) | StmtKind::ImportFrom(_) => self.refuse("Python import", stmt.span),
            StmtKind::Delete(targets) => {
                for target in targets {
                    if self.is_object_variable(target) {
                        self.refuse("Deleting Python object", target.span);
                    } else if !matches!(target.kind, ExprKind::Name(_)) {
                        self.kind(target);
                    }
                }
            }
            StmtKind::Assert { test, .. } => self.test(test),
            StmtKind::Raise { .. } => {}
            _ => return false,
        }
        true
    }
}

/// Whether values of a type are numbers or addresses, which no display makes.
fn is_plain(text: &str) -> bool {
    is_number(text) || text == "bint" || text.starts_with('*')
}

/// Whether a list, tuple, set or dictionary is written out.
fn is_container(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::List(_) | ExprKind::Dict(_) | ExprKind::Set(_) | ExprKind::Tuple(_))
}

fn is_display(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Set(_) | ExprKind::Literal(_))
}

impl Visitor for Check<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        let is_free = self.lock.is_free();
        match &stmt.kind {
            StmtKind::FunctionDef(_) if is_free => {
                return self.refuse("Constructing Python function", stmt.span);
            }
            StmtKind::FunctionDef(def) => return self.function(def),
            StmtKind::With(with) => return self.with(with),
            // What its methods may do depends on the members of `self`.
            StmtKind::Cython(inner) if matches!(**inner, CythonStmt::Class(_)) => return,
            StmtKind::For(node) => {
                if let Some(lock) = self.lock.in_loop(&node.iter) {
                    let before = std::mem::replace(&mut self.lock, lock);
                    node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
                    self.lock = before;
                    return;
                }
                if is_free {
                    if self.is_object_variable(&node.iter) {
                        self.refuse("Iterating over Python object", node.iter.span);
                    } else if !is_display(&node.iter) {
                        self.kind(&node.iter);
                    }
                    node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
                    return;
                }
            }
            StmtKind::If(chain) if is_free => {
                for branch in &chain.branches {
                    self.test(&branch.test);
                    branch.body.iter().for_each(|stmt| self.visit_stmt(stmt));
                }
                chain.orelse.iter().for_each(|stmt| self.visit_stmt(stmt));
                return;
            }
            StmtKind::While(node) if is_free => {
                self.test(&node.test);
                node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
                return;
            }
            StmtKind::Cython(inner) => {
                if let (CythonStmt::Declare { declarators, .. }, true) = (&**inner, is_free) {
                    let values: Vec<&Expr> = declarators.iter().filter_map(|d| d.value()).collect();
                    values.into_iter().for_each(|value| {
                        self.kind(value);
                    });
                    return;
                }
            }
            _ => {}
        }
        if !(is_free && self.statement(stmt)) {
            walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

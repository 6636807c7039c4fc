//! Python operations where the interpreter's lock is given up.
//!
//! Found when a module is read, so that all of them are told at once, in Cython's words: in functions declared `nogil`,
//! in `with nogil` blocks and in the bodies of parallel loops with `nogil=True`, but not in `with gil` inside of them.
//!
//! Contract: only what is an operation of Python for certain is an error. Names that a function binds without a
//! declaration count as numbers, which the compiler finds out about; `raise` takes the lock itself.

use std::collections::{HashMap, HashSet};

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;
use ungil_syntax::ast::cython::{CythonExpr, CythonStmt};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::CompareOp;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind, With};
use ungil_syntax::visit::{Visitor, walk_stmt};

use super::functions::is_python_type;
use super::scope;
use super::types::{Known, Types, dotted, is_number};

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
pub fn operations(body: &[Stmt], types: &Types) -> Vec<Diagnostic> {
    let mut names = HashMap::new();
    collect(body, &mut names);
    let mut check = Check {
        types,
        names,
        objects: HashSet::new(),
        numbers: HashMap::new(),
        gives_c: false,
        gives_object: false,
        bound: HashSet::new(),
        free: false,
        errors: Vec::new(),
    };
    body.iter().for_each(|stmt| check.visit_stmt(stmt));
    check.errors
}

/// The names of a module's top level. What is cimported too may be a function of C.
fn collect(body: &[Stmt], names: &mut HashMap<String, Meaning>) {
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
                CythonStmt::Block(inner) => collect(inner, names),
                CythonStmt::If(chain) => {
                    chain.branches.iter().for_each(|branch| collect(&branch.body, names));
                    collect(&chain.orelse, names);
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
    /// Variables of the function that hold Python objects.
    objects: HashSet<String>,
    /// Its variables that are numbers of C, and whether they are complex.
    numbers: HashMap<String, bool>,
    /// Whether its result is a number or an address, and whether it is Python's.
    gives_c: bool,
    gives_object: bool,
    /// All names that the function binds.
    bound: HashSet<String>,
    /// Whether the lock has been given up here.
    free: bool,
    errors: Vec<Diagnostic>,
}

impl Check<'_> {
    fn refuse(&mut self, message: &str, span: Span) {
        let title = format!("{message} not allowed without gil");
        let error = Diagnostic::error(Code("U0809"), title)
            .primary(span, "needs the interpreter's lock")
            .help("move it out of the code without the lock, or put it under `with gil:`");
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn function(&mut self, def: &FunctionDef) {
        let (objects, bound, free) =
            (std::mem::take(&mut self.objects), std::mem::take(&mut self.bound), self.free);
        self.bound = scope::bound(def);
        let found = declared(def, self.types);
        let numbers = std::mem::replace(&mut self.numbers, found.numbers);
        self.objects = found.objects;
        let returned = def.signature.as_ref().map(|s| self.types.returned(&s.base, &s.declarator));
        let gives_c = returned.is_some_and(|ty| ty.is_ok_and(|ty| is_plain(&ty.text)));
        let gives_c = std::mem::replace(&mut self.gives_c, gives_c);
        let is_def = def.signature.is_none() && def.returns.is_none();
        let gives_object = std::mem::replace(&mut self.gives_object, is_def);
        let suffix = def.signature.as_ref().map(|signature| &signature.suffix);
        self.free = suffix.is_some_and(|suffix| suffix.nogil && !suffix.with_gil);
        def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        (self.objects, self.bound, self.free) = (objects, bound, free);
        (self.numbers, self.gives_c, self.gives_object) = (numbers, gives_c, gives_object);
    }

    /// The body of a `with` statement, which may give the lock up or take it back.
    fn with(&mut self, stmt: &Stmt, with: &With) {
        let before = self.free;
        for item in &with.items {
            let name = match &item.context.kind {
                ExprKind::Call(call) => dotted(&call.func),
                _ => dotted(&item.context),
            };
            match name.as_deref() {
                Some("nogil" | "cython.nogil") => self.free = true,
                Some("gil" | "cython.gil") => self.free = false,
                _ => {}
            }
        }
        with.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        let _ = stmt;
        self.free = before;
    }

    fn kind(&mut self, expr: &Expr) -> Kind {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Literal(Literal::Str(_) | Literal::Bytes(_)) => Kind::Object,
            ExprKind::FString(_) => {
                self.refuse("String formatting", expr.span);
                Kind::Object
            }
            ExprKind::Lambda { .. } => {
                self.refuse("Constructing Python function", expr.span);
                Kind::Object
            }
            ExprKind::ListComp { .. } | ExprKind::SetComp { .. } | ExprKind::DictComp { .. } => {
                self.refuse("Operation", expr.span);
                Kind::Object
            }
            ExprKind::Attribute { value, attr } => {
                if self.kind(value) == Kind::Object || self.is_not_of_number(value, &attr.name) {
                    self.refuse("Accessing Python attribute", expr.span);
                    return Kind::Object;
                }
                Kind::Number
            }
            ExprKind::Subscript { value, index } => {
                let is_object = self.kind(value) == Kind::Object;
                self.kind(index);
                if is_object && !matches!(value.kind, ExprKind::Literal(_)) {
                    self.refuse("Indexing Python object", expr.span);
                    return Kind::Object;
                }
                Kind::Number
            }
            ExprKind::Call(call) => self.call(call, expr.span),
            ExprKind::Binary { left, right, .. } => {
                let kinds = [self.kind(left), self.kind(right)];
                if kinds.contains(&Kind::Object) {
                    // Cython has functions for operations with small integers.
                    let is_int = |e: &Expr| matches!(e.kind, ExprKind::Literal(Literal::Int(_)));
                    let what = if is_int(left) || is_int(right) {
                        "Calling gil-requiring function"
                    } else {
                        "Operation"
                    };
                    self.refuse(what, expr.span);
                    return Kind::Object;
                }
                Kind::Number
            }
            ExprKind::Unary { operand, .. } => self.kind(operand),
            _ => self.parts(expr),
        }
    }

    /// The kind of an expression that is put together of others, or has none.
    fn parts(&mut self, expr: &Expr) -> Kind {
        match &expr.kind {
            ExprKind::Compare { left, rest } => {
                let mut is_object = self.kind(left) == Kind::Object;
                let identity = rest.iter().all(|step| matches!(step.op, CompareOp::Is | CompareOp::IsNot));
                for step in rest {
                    is_object |= self.kind(&step.right) == Kind::Object;
                }
                if is_object && !identity && !rest.iter().any(|step| is_display(&step.right)) {
                    self.refuse("Operation", expr.span);
                }
                Kind::Number
            }
            ExprKind::Bool { values, .. } => {
                values.iter().for_each(|value| {
                    self.kind(value);
                });
                Kind::Number
            }
            ExprKind::Conditional { test, body, orelse } => {
                self.kind(test);
                let kinds = [self.kind(body), self.kind(orelse)];
                if kinds.contains(&Kind::Object) { Kind::Object } else { Kind::Number }
            }
            ExprKind::Slice { lower, upper, step } => {
                for part in [lower, upper, step].into_iter().flatten() {
                    self.kind(part);
                }
                Kind::Number
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                items.iter().for_each(|item| {
                    self.kind(item);
                });
                Kind::Number
            }
            ExprKind::Cython(inner) => match &**inner {
                CythonExpr::Cast { value, .. } => {
                    self.kind(value);
                    Kind::Number
                }
                _ => Kind::Number,
            },
            _ => Kind::Number,
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Kind {
        if self.bound.contains(name) {
            return if self.objects.contains(name) { Kind::Object } else { Kind::Number };
        }
        match self.names.get(name) {
            Some(Meaning::Object) => {
                self.refuse("Accessing Python global or builtin", span);
                Kind::Object
            }
            _ => Kind::Number,
        }
    }

    fn call(&mut self, call: &Call, span: Span) -> Kind {
        let refused = match &call.func.kind {
            ExprKind::Name(name) if self.bound.contains(&**name) => self.objects.contains(&**name),
            ExprKind::Name(name) => match self.names.get(&**name) {
                Some(meaning) => *meaning != Meaning::Other,
                None => {
                    let is_len = &**name == "len"
                        && call
                            .args
                            .first()
                            .is_some_and(|arg| self.is_object_variable(arg) || is_container(arg));
                    is_len || BUILTINS.contains(&&**name)
                }
            },
            // Of a method the call alone is told.
            ExprKind::Attribute { value, .. } => self.kind(value) == Kind::Object,
            _ => self.kind(&call.func) == Kind::Object,
        };
        if refused {
            self.refuse("Calling gil-requiring function", span);
        }
        if !refused {
            call.args.iter().chain(call.keywords.iter().map(|k| &k.value)).for_each(|arg| {
                self.kind(arg);
            });
        }
        if refused { Kind::Object } else { Kind::Number }
    }

    fn is_object_variable(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Name(name) if self.objects.contains(&**name))
    }

    /// A value that becomes a variable of C where the target is one.
    fn assigned(&mut self, target: &Expr, value: &Expr) {
        let to_object = self.is_object_variable(target);
        let is_name = matches!(target.kind, ExprKind::Name(_));
        if to_object {
            self.refuse("Assignment of Python object", target.span);
        }
        let before = self.errors.len();
        let to_number = matches!(&target.kind, ExprKind::Name(name) if self.numbers.contains_key(&**name));
        if is_name && (to_object || to_number) {
            self.display(value);
        }
        let kind = self.kind(value);
        let is_text = matches!(value.kind, ExprKind::Literal(_));
        if kind == Kind::Object && !to_object && !is_text && self.errors.len() == before {
            self.refuse_object(value.span);
        }
        if !is_name {
            self.kind(target);
        }
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
            StmtKind::AugAssign { target, value, .. } => {
                self.assigned(target, value);
            }
            StmtKind::Return(Some(value)) => self.returned(value),
            StmtKind::Import(_) | StmtKind::ImportFrom(_) => self.refuse("Python import", stmt.span),
            StmtKind::Delete(targets) => {
                for target in targets {
                    if self.is_object_variable(target) {
                        self.refuse("Deleting Python object", target.span);
                    }
                }
            }
            StmtKind::Assert { test, .. } => {
                self.kind(test);
            }
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

/// Variables that a function declares as Python objects, and parameters without a type.
pub fn declared_objects(def: &FunctionDef, types: &Types) -> HashSet<String> {
    declared(def, types).objects
}

fn declared<'a>(def: &FunctionDef, types: &'a Types) -> Declared<'a> {
    let mut found = Declared { types, objects: HashSet::new(), numbers: HashMap::new() };
    for p in def.params.iter() {
        if let Some(ty) = &p.ty {
            found.number(&p.name.name, types.declared(&ty.base, &ty.declarator));
        }
        let is_object = match &p.ty {
            Some(ty) => is_python_type(types.declared(&ty.base, &ty.declarator)),
            None => p.annotation.is_none(),
        };
        if is_object {
            found.objects.insert(p.name.name.to_string());
        }
    }
    def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
    found
}

struct Declared<'a> {
    types: &'a Types,
    objects: HashSet<String>,
    numbers: HashMap<String, bool>,
}

impl Declared<'_> {
    /// A variable that is a number, unless its type is one of several.
    fn number(&mut self, name: &str, ty: Result<Known, Diagnostic>) {
        let is_fused = !self.types.take_used().is_empty();
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
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let Some(name) = declarator.name() else { continue };
                        let ty = self.types.declared(base, declarator);
                        self.number(&name.name, ty.clone());
                        if is_python_type(ty) {
                            self.objects.insert(name.name.to_string());
                        }
                    }
                }
                _ => walk_stmt(self, stmt),
            },
            _ => walk_stmt(self, stmt),
        }
    }
}

/// Whether a call is that of a parallel loop which gives the lock up.
fn frees(iter: &Expr) -> bool {
    let ExprKind::Call(call) = &iter.kind else { return false };
    dotted(&call.func).is_some_and(|name| name == "prange" || name.ends_with(".prange"))
        && call.keywords.iter().any(|k| {
            k.name.as_ref().is_some_and(|n| &*n.name == "nogil")
                && matches!(k.value.kind, ExprKind::Literal(Literal::Bool(true)))
        })
}

impl Visitor for Check<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => return self.function(def),
            StmtKind::With(with) => return self.with(stmt, with),
            // What its methods may do depends on the members of `self`.
            StmtKind::Cython(inner) if matches!(**inner, CythonStmt::Class(_)) => return,
            StmtKind::For(node) if frees(&node.iter) => {
                let before = std::mem::replace(&mut self.free, true);
                node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
                self.free = before;
                return;
            }
            StmtKind::For(node) if self.free => {
                if self.is_object_variable(&node.iter) {
                    self.refuse("Iterating over Python object", node.iter.span);
                } else if !is_display(&node.iter) {
                    self.kind(&node.iter);
                }
                node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
                return;
            }
            StmtKind::If(chain) if self.free => {
                for branch in &chain.branches {
                    self.test(&branch.test);
                    branch.body.iter().for_each(|stmt| self.visit_stmt(stmt));
                }
                chain.orelse.iter().for_each(|stmt| self.visit_stmt(stmt));
                return;
            }
            StmtKind::While(node) if self.free => {
                self.test(&node.test);
                node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
                return;
            }
            StmtKind::Cython(inner) => {
                if let (CythonStmt::Declare { declarators, .. }, true) = (&**inner, self.free) {
                    let values: Vec<&Expr> = declarators.iter().filter_map(|d| d.value()).collect();
                    values.into_iter().for_each(|value| {
                        self.kind(value);
                    });
                    return;
                }
            }
            _ => {}
        }
        if !(self.free && self.statement(stmt)) {
            walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

impl Check<'_> {
    fn test(&mut self, test: &Expr) {
        if self.is_object_variable(test) {
            return self.refuse("Truth-testing Python object", test.span);
        }
        self.kind(test);
    }
}

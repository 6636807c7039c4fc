//! Values that a type of C cannot hold, and operations that it does not have.
//!
//! Found when a module is read, so that those of all functions are told at once, on Cython's lines. Contract: only what is an
//! error for certain is told; what an expression is that is put together of calls and objects the compiler finds out.

mod callees;
mod characters;
pub mod kind;
mod operations;
mod type_names;

use std::collections::{BTreeMap, HashMap, HashSet};

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::source::SourceFile;
use ungil_diag::span::Span;
use ungil_syntax::ast::cython::{CythonStmt, ExceptionSpec};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::parameter::Parameters;
use ungil_syntax::ast::stmt::{ClassDef, FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use super::plan::{Function, Plan};
use super::types::{Known, Types};
use callees::Callee;
pub use characters::Rewritten;
use kind::{Kind, combined};

/// What is assigned, called or computed in vain in a module.
/// Beside it: what is to be written otherwise, because of what it is in C.
pub fn mistakes(body: &[Stmt], plan: &Plan, source: &SourceFile) -> (Vec<Diagnostic>, Rewritten) {
    let module: BTreeMap<String, Known> = plan.data.iter().cloned().collect();
    let mut check = Check {
        types: &plan.types,
        source,
        functions: &plan.functions,
        methods: &plan.methods,
        callees: callees::callees(body, plan),
        own: HashSet::new(),
        variables: module.clone(),
        module,
        objects: HashSet::new(),
        classes: BTreeMap::new(),
        result: None,
        divides_truly: divides_truly(plan, source),
        rewritten: Rewritten::default(),
        errors: Vec::new(),
    };
    body.iter().for_each(|stmt| check.visit_stmt(stmt));
    (check.errors, check.rewritten)
}

/// Whether `/` of integers gives a float. Where a directive speaks of it anywhere, none of them is said to.
fn divides_truly(plan: &Plan, source: &SourceFile) -> bool {
    !plan.is_level_two && !plan.types.divides_as_c() && !source.text.contains("cdivision")
}

/// What a function gives.
#[derive(Clone)]
enum Returns {
    Object,
    C(Known),
}

struct Check<'a> {
    types: &'a Types,
    source: &'a SourceFile,
    /// Functions of the block that is looked at.
    functions: &'a [Function],
    /// Functions of the module's classes.
    methods: &'a [Function],
    callees: HashMap<String, Callee>,
    /// Names that the function binds.
    own: HashSet<String>,
    /// Variables of the module.
    module: BTreeMap<String, Known>,
    variables: BTreeMap<String, Known>,
    /// Variables that are declared as Python objects.
    objects: HashSet<String>,
    /// Their classes, and those of parameters without a type of C.
    classes: BTreeMap<String, String>,
    result: Option<Returns>,
    /// Whether `/` of integers gives a float.
    divides_truly: bool,
    rewritten: Rewritten,
    errors: Vec<Diagnostic>,
}

impl Check<'_> {
    /// `code` is that of an operation, of a call or of an assignment.
    fn refuse(&mut self, code: &'static str, (title, span): (&str, Span), label: &str, help: &str) {
        let error = Diagnostic::error(Code(code), title).primary(span, label).help(help);
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn function(&mut self, stmt: &Stmt, def: &FunctionDef) {
        let line = self.source.line_column(stmt.span.lo).line;
        let Some(info) = self.functions.iter().find(|f| f.line == line && f.name == *def.name.name) else {
            return;
        };
        if !info.fused.is_empty() && !self.types.has_choice() {
            return;
        }
        // Defaults belong to what is around the function.
        for (p, known) in def.params.iter().zip(&info.params) {
            // A default that is a character stays one.
            let ty = known.ty.as_ref().filter(|ty| !ty.name.contains("Py_U"));
            if let (Some(ty), Some(default)) = (ty, &p.default) {
                self.assigned(ty, default);
            }
        }
        let own = super::scope::bound(def);
        let globals = Globals::of(def);
        let classes = std::mem::replace(&mut self.classes, info.classes.clone());
        let untyped = info.params.iter().filter(|p| p.ty.is_none());
        for p in untyped {
            self.classes.entry(p.name.clone()).or_insert_with(|| "object".to_owned());
        }
        // A function inside sees the variables of the one around it.
        let mut variables = self.variables.clone();
        variables
            .extend(globals.iter().filter_map(|name| Some((name.clone(), self.module.get(name)?.clone()))));
        variables.retain(|name, _| {
            !own.contains(name) && (!globals.contains(name) || self.module.contains_key(name))
        });
        let typed = info.params.iter().filter_map(|p| Some((p.name.clone(), p.ty.clone()?)));
        variables.extend(typed.chain(info.locals.clone()));
        let mut objects = self.objects.clone();
        objects.retain(|name| !own.contains(name) && !globals.contains(name));
        objects.extend(super::without_gil::declared_objects(def, self.types));
        objects.retain(|name| !variables.contains_key(name));
        let result = match (&def.signature, &info.ret) {
            (Some(_), Some(ty)) => Some(Returns::C(ty.clone())),
            // An annotation may say otherwise, and a generator's result goes nowhere.
            _ if def.returns.is_some() || info.is_plain => None,
            _ => Some(Returns::Object),
        };
        let outer = (
            std::mem::replace(&mut self.functions, &info.inner),
            std::mem::replace(&mut self.variables, variables),
            std::mem::replace(&mut self.objects, objects),
            std::mem::replace(&mut self.result, result),
            std::mem::replace(&mut self.own, own),
        );
        let known = self.errors.len();
        self.exception(def);
        def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        if !info.fused.is_empty() {
            // Branches for other types than the chosen ones are no mistakes.
            self.errors.truncate(known);
        }
        self.classes = classes;
        (self.functions, self.variables, self.objects, self.result, self.own) = outer;
    }

    /// The value with which a function tells of an exception.
    fn exception(&mut self, def: &FunctionDef) {
        let Some(signature) = &def.signature else { return };
        let ExceptionSpec::Value { value, .. } = &signature.suffix.exception else { return };
        match self.result.clone() {
            Some(Returns::Object) => {
                let title = "Exception clause not allowed for function returning Python object";
                self.refuse(VALUE, (title, value.span), "has no use", "leave it out: exceptions propagate");
            }
            Some(Returns::C(ret)) if ret.text == "void" => {
                let title = "Exception value incompatible with function return type";
                self.refuse(
                    VALUE,
                    (title, value.span),
                    "there is no result",
                    "write `except *`, or leave it out",
                );
            }
            Some(Returns::C(ret)) => self.assigned(&ret, value),
            None => {}
        }
    }

    /// A value that goes where an object is wanted.
    fn as_object(&mut self, value: &Expr) {
        let kind = self.kind(value);
        if kind.is_address() {
            let title = format!("Cannot convert '{}' to Python object", kind.name().unwrap_or_default());
            self.refuse(
                VALUE,
                (&title, value.span),
                "an address",
                "pass what it leads to, or cast it to a number",
            );
        }
    }

    /// A value that goes where a type is declared.
    fn assigned(&mut self, ty: &Known, value: &Expr) {
        let (to, from) = (Kind::of(ty), self.kind(value));
        let Some(name) = to.name() else { return };
        if self.hides_exceptions(ty, &from, value) {
            return;
        }
        let is_int = matches!(to, Kind::Int(_));
        if is_int && name != "bint" {
            self.character(value);
        }
        let other = from.name().unwrap_or_default();
        let cannot = || format!("Cannot assign type '{other}' to '{name}'");
        let (title, label) = match (&to, &from) {
            (_, Kind::Unknown) | (Kind::Void, _) => return,
            (_, Kind::Void) => (cannot(), "no value"),
            (Kind::Pointer(_), _) if to.is_array() => return,
            (Kind::Pointer(_), Kind::Object) if to.is_address() => {
                (format!("Cannot convert Python object to '{name}'"), "a Python object")
            }
            (_, Kind::Object) => return,
            (Kind::Pointer(a), Kind::Pointer(b)) if kind::differ(a, b) => {
                (cannot(), "another kind of address")
            }
            (Kind::Pointer(_) | Kind::Struct(_), Kind::Int(_) | Kind::Float(_) | Kind::Complex(_)) => {
                (cannot(), "a number")
            }
            (Kind::View(_), Kind::Int(_) | Kind::Float(_) | Kind::Complex(_)) => {
                (format!("Cannot convert '{other}' to memoryviewslice"), "a number")
            }
            (Kind::View(a), Kind::View(b)) => match self.other_view(a, b, value) {
                Some(title) => (title, "another kind of memoryview"),
                None => return,
            },
            (_, Kind::Nothing) if !matches!(to, Kind::View(_)) => {
                (format!("Cannot assign None to {name}"), "no value of C")
            }
            (Kind::Struct(a), Kind::Struct(b)) if a.text != b.text && !a.text.contains('@') => {
                (cannot(), "another struct")
            }
            (Kind::Struct(_), Kind::Pointer(_) | Kind::View(_)) if !from.is_array() => {
                (cannot(), "no struct")
            }
            (Kind::Pointer(_), Kind::Struct(_)) => (cannot(), "a struct"),
            (Kind::Pointer(_), Kind::View(view)) if to.is_address() => {
                let view = type_names::declared_name(view).unwrap_or_default();
                (format!("Cannot assign type '{view}' to '{name}'"), "a memoryview")
            }
            (Kind::Pointer(_) | Kind::Struct(_), _) => return,
            (_, Kind::List) => (format!("Cannot coerce list to type '{name}'"), "a list"),
            (_, Kind::Str(Some(n))) if is_int && *n != 1 => (ONE_CHARACTER.to_owned(), "a text"),
            (_, Kind::Bytes(n)) if is_int && *n != 1 => (ONE_CHARACTER.to_owned(), "bytes"),
            (_, Kind::Str(_)) if !is_int => (format!("Cannot coerce a text to type '{name}'"), "a text"),
            (Kind::View(_), _) => return,
            (_, Kind::Struct(_)) => (cannot(), "a struct"),
            (_, Kind::Pointer(_)) => (cannot(), "an address"),
            (_, Kind::View(_)) => (cannot(), "a memoryview"),
            _ if from.rank() > to.rank().max(1) || from.rank() == 2 && is_int => {
                (cannot(), "does not fit without a cast")
            }
            _ => return,
        };
        let help = match from.rank() > 0 && to.rank() > 0
            || matches!((&to, &from), (Kind::Pointer(_), Kind::Pointer(_)))
        {
            true => format!("write a cast, `<{name}>…`, or declare the variable otherwise"),
            false => format!("assign a value of type `{name}`, or declare the variable otherwise"),
        };
        let code = if is_int && from.rank() == 2 { NARROW } else { VALUE };
        self.refuse(code, (&title, value.span), label, &help);
    }

    /// Tells of a function that raises where nobody looks for its exceptions; whether it is one.
    fn hides_exceptions(&mut self, ty: &Known, from: &Kind, value: &Expr) -> bool {
        if !ty.text.starts_with("*fn(") || ty.text.contains('!') {
            return false;
        }
        let named = match &value.kind {
            ExprKind::Name(name) if !self.own.contains(&**name) && !self.variables.contains_key(&**name) => {
                self.callees.get(&**name).filter(|callee| callee.raises).map(|_| name.to_string())
            }
            _ => None,
        };
        let other = match from {
            Kind::Pointer(other) => other.text.contains('!') && other.text.replace('!', "") == ty.text,
            _ => false,
        };
        if named.is_none() && !other {
            return false;
        }
        let found = named.as_deref().unwrap_or_else(|| from.name().unwrap_or_default());
        let title = format!(
            "Cannot assign '{found}' to '{}'. Exception values are incompatible. Suggest adding 'noexcept' to the type of '{found}'.",
            ty.name
        );
        let help = "declare the function `noexcept`, or the pointer's type without it";
        self.refuse(VALUE, (&title, value.span), "raises exceptions that nobody would look for", help);
        true
    }

    /// What is wrong where a view becomes one of another kind.
    fn other_view(&self, to: &Known, from: &Known, value: &Expr) -> Option<String> {
        let ((a, n), (b, m)) = (kind::element(to)?, kind::element(from)?);
        let is_const = |ty: &Known| ty.text.starts_with("const ");
        let axes =
            |ty: &Known| ty.text.split_once('[').map(|(_, axes)| axes.trim_end_matches(']').to_owned());
        // Parts of a view have axes of their own.
        let is_whole = matches!(value.kind, ExprKind::Name(_));
        let conforms = |(to, from): (&str, &str)| to == from || to.trim() == ":";
        let (wanted, found) = (axes(to)?, axes(from)?);
        let all_conform = wanted.split(", ").zip(found.split(", ")).all(conforms);
        if n != m || a == b && is_whole && (is_const(from) && !is_const(to) || !all_conform) {
            let shown = |ty: &Known, axes: &str| {
                let name = ty.name.trim_start_matches("const ");
                format!("{}{name}[{axes}]", if is_const(ty) { "const " } else { "" })
            };
            let (found, wanted) = (shown(from, &found), shown(to, &wanted));
            return Some(format!("Memoryview '{found}' not conformable to memoryview '{wanted}'."));
        }
        (a != b).then(|| format!("Different base types for memoryviews ({}, {})", from.name, to.name))
    }

    /// An element of what is declared `const`, which is assigned to.
    fn constant(&mut self, target: &Expr) {
        let ExprKind::Subscript { value: base, index } = &target.kind else { return };
        let is_const = match self.kind(base) {
            Kind::View(ty) => ty.text.starts_with("const "),
            Kind::Pointer(ty) => ty.text.starts_with("*const "),
            _ => false,
        };
        if is_const && self.element(base, index).is_some() {
            let title = ("Assignment to const dereference", target.span);
            self.refuse(VALUE, title, "a constant", "declare what it is part of without `const`");
        }
    }

    /// A memoryview that is copied into a part of another one.
    fn copied(&mut self, target: &Expr, value: &Expr) {
        if matches!(target.kind, ExprKind::Name(_)) {
            return;
        }
        let (Some(to), Some(from)) = (self.view(target), self.view(value)) else { return };
        let (Some((a, _)), Some((b, _))) = (kind::element(&to), kind::element(&from)) else { return };
        if a.trim_start_matches("const ") != b.trim_start_matches("const ") {
            let name = |ty: &Known| ty.name.trim_start_matches("const ").to_owned();
            let title = format!("Different base types for memoryviews ({}, {})", name(&from), name(&to));
            let help = "assign a memoryview of the same type, or one element after the other";
            self.refuse(VALUE, (&title, value.span), "another kind of memoryview", help);
        }
    }

    /// Where a value is asked whether it is true.
    fn truth(&mut self, test: &Expr) {
        if self.kind(test) == Kind::Void {
            let title = ("Type 'void' not acceptable as a boolean", test.span);
            self.refuse(VALUE, title, "no value", "let the function return one");
        }
    }

    /// `z.real = x`: in the plain text the whole number is assigned, so that the place must be the same twice.
    fn part(&mut self, target: &Expr) {
        let ExprKind::Attribute { value: whole, attr } = &target.kind else { return };
        let is_part = matches!(&*attr.name, "real" | "imag") && matches!(self.kind(whole), Kind::Complex(_));
        if is_part && !calls(whole) {
            self.rewritten.parts.insert(target.span.hi);
        }
    }

    fn target(&mut self, target: &Expr, value: &Expr) {
        self.constant(target);
        self.copied(target, value);
        self.part(target);
        match (&target.kind, &value.kind) {
            (ExprKind::Name(name), _) => {
                if let Some(ty) = self.variables.get(&**name).cloned() {
                    self.assigned(&ty, value);
                } else if self.objects.contains(&**name) {
                    self.as_object(value);
                }
            }
            (ExprKind::Subscript { value: base, index }, _) => {
                if let Some(ty) = self.element(base, index) {
                    self.assigned(&ty, value);
                }
            }
            (ExprKind::Attribute { value: base, attr }, _) => {
                if let Some(ty) = kind::member(&self.kind(base), &attr.name) {
                    self.assigned(&ty, value);
                }
            }
            (ExprKind::Tuple(targets), ExprKind::Tuple(values)) if targets.len() == values.len() => {
                let is_star = |e: &Expr| matches!(e.kind, ExprKind::Starred(_));
                if !targets.iter().chain(values).any(is_star) {
                    targets.iter().zip(values).for_each(|(target, value)| self.target(target, value));
                }
            }
            _ => {}
        }
    }

    /// The methods of a class, which see the variables of the module. Those of classes in functions run as plain Python.
    fn class(&mut self, def: &ClassDef) {
        let outer = std::mem::replace(&mut self.functions, self.methods);
        for stmt in &def.body {
            match &stmt.kind {
                StmtKind::FunctionDef(method) => self.function(stmt, method),
                StmtKind::ClassDef(inner) => self.class(inner),
                _ => {}
            }
        }
        self.functions = outer;
    }

    fn returned(&mut self, stmt: &Stmt, value: Option<&Expr>) {
        match (self.result.clone(), value) {
            (Some(Returns::C(ret)), Some(value)) if ret.text == "void" => {
                self.refuse(
                    VALUE,
                    ("Return with value in void function", value.span),
                    "returned",
                    "write `return` alone",
                );
            }
            (Some(Returns::C(ret)), Some(value)) => self.assigned(&ret, value),
            (Some(Returns::C(ret)), None) if ret.text != "void" => {
                let help = format!("return a value of type `{}`", ret.name);
                self.refuse(VALUE, ("Return value required", stmt.span), "nothing is returned", &help);
            }
            (Some(Returns::Object), Some(value)) => self.as_object(value),
            _ => {}
        }
    }

    /// `del target`
    fn deleted(&mut self, target: &Expr) {
        let kind = match &target.kind {
            ExprKind::Name(_) => self.kind(target),
            _ => return,
        };
        if kind.rank() > 0 || matches!(kind, Kind::Pointer(_) | Kind::Struct(_)) {
            let title = ("Deletion of non-Python, non-C++ object", target.span);
            self.refuse(OPERATION, title, "a value of C", "leave the statement out");
        }
    }

    /// `target op= value`
    fn in_place(&mut self, stmt: &Stmt, target: &Expr, op: BinaryOp, value: &Expr) {
        self.constant(target);
        self.part(target);
        let (to, from) = (self.kind(target), self.kind(value));
        self.operands(op, &to, &from, stmt.span);
        if to.rank() == 0 || from.rank() == 0 {
            return;
        }
        // Cython cuts what `n /= 2` gives.
        let result = combined(op, to.clone(), from, false);
        if result.rank() > 1 && result.rank() > to.rank() {
            let (a, b) = (result.name().unwrap_or_default(), to.name().unwrap_or_default());
            let title = format!("Cannot assign type '{a}' to '{b}'");
            let code = if to.rank() == 1 && result.rank() == 2 { NARROW } else { VALUE };
            self.refuse(
                code,
                (&title, stmt.span),
                "does not fit without a cast",
                "declare the variable otherwise",
            );
        }
    }
}

/// Codes of a value that a type cannot hold, and of an operation or a call that there is not.
const VALUE: &str = "U0801";
const NARROW: &str = "U0811";
const OPERATION: &str = "U0812";
const CALL: &str = "U0813";
const ONE_CHARACTER: &str = "Only single-character string literals can be coerced into ints.";

/// Whether an expression calls anything.
fn calls(expr: &Expr) -> bool {
    struct Calls(bool);
    impl Visitor for Calls {
        fn visit_expr(&mut self, expr: &Expr) {
            self.0 |= matches!(expr.kind, ExprKind::Call(_) | ExprKind::Named { .. });
            walk_expr(self, expr);
        }
    }
    let mut calls = Calls(false);
    calls.visit_expr(expr);
    calls.0
}

impl Visitor for Check<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => return self.function(stmt, def),
            StmtKind::ClassDef(def) => return self.class(def),
            StmtKind::Assign { targets, value } => targets.iter().for_each(|t| self.target(t, value)),
            StmtKind::AnnAssign { target, value: Some(value), .. } => self.target(target, value),
            StmtKind::AugAssign { target, op, value } => self.in_place(stmt, target, *op, value),
            StmtKind::Return(value) => self.returned(stmt, value.as_ref()),
            StmtKind::Delete(targets) => targets.iter().for_each(|target| self.deleted(target)),
            StmtKind::If(chain) => chain.branches.iter().for_each(|branch| self.truth(&branch.test)),
            StmtKind::While(node) => self.truth(&node.test),
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let Some(value) = declarator.value() else { continue };
                        self.visit_expr(value);
                        match self.types.declared(base, declarator) {
                            Ok(ty) if ty.text == "object" => self.as_object(value),
                            Ok(ty) => self.assigned(&ty, value),
                            Err(_) => {}
                        }
                    }
                    return;
                }
                CythonStmt::Block(_) | CythonStmt::ForFrom(_) => {}
                // What is chosen there is not known here.
                _ => return,
            },
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call(call) if self.type_of(expr.span, call) => {}
            // They have variables of their own.
            ExprKind::Lambda { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::Generator { .. } => {}
            _ => {
                self.operation(expr);
                walk_expr(self, expr);
            }
        }
    }

    fn visit_params(&mut self, _: &Parameters) {}
}

/// Names that a function says are not its own.
pub struct Globals(HashSet<String>);

impl Globals {
    pub fn of(def: &FunctionDef) -> HashSet<String> {
        let mut found = Globals(HashSet::new());
        def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
        found.0
    }
}

impl Visitor for Globals {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::Global(names) | StmtKind::Nonlocal(names) = &stmt.kind {
            self.0.extend(names.iter().map(|name| name.name.to_string()));
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

//! Misuse of `prange` and `parallel` that shows in the text.
//!
//! Told when a module is read, all at once and in Cython's words, like Python operations without the lock. Whether
//! iterations depend on each other is found out later, when a function is compiled.
//!
//! Contract: what Cython accepts is no error here.

mod arguments;
mod body;

use std::collections::HashSet;

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::stmt::{For, FunctionDef, Stmt, StmtKind, With};
use ungil_syntax::visit::{Visitor, walk_stmt};

use self::arguments::{Mistake, is_true, keyword, of_block, of_loop};
use self::body::{Assigned, assigned};
use super::types::{Types, dotted};
use super::without_gil::declared_objects;

/// The mistakes in a module's parallel loops and blocks.
pub fn mistakes(body: &[Stmt], types: &Types) -> Vec<Diagnostic> {
    let mut check = Check::new(types);
    body.iter().for_each(|stmt| check.visit_stmt(stmt));
    check.errors
}

/// A `parallel` block around a place.
#[derive(Clone, Default)]
struct Block {
    has_threads: bool,
    assigned: Assigned,
}

struct Check<'a> {
    types: &'a Types,
    /// Whether the lock has been given up here.
    free: bool,
    /// Whether only the function's declaration says so: its callers may hold the lock.
    is_declared: bool,
    block: Option<Block>,
    in_loop: bool,
    /// Variables of the function that are memoryviews, pointers, and Python objects.
    views: HashSet<String>,
    pointers: HashSet<String>,
    objects: HashSet<String>,
    errors: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    fn new(types: &'a Types) -> Self {
        Check {
            types,
            free: false,
            is_declared: false,
            block: None,
            in_loop: false,
            views: HashSet::new(),
            pointers: HashSet::new(),
            objects: HashSet::new(),
            errors: Vec::new(),
        }
    }

    fn refuse(&mut self, (title, span, help): Mistake) {
        let error =
            Diagnostic::error(Code("U0810"), title).primary(span, "not possible in parallel").help(help);
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn function(&mut self, def: &FunctionDef) {
        let mut inner = Check::new(self.types);
        let suffix = def.signature.as_ref().map(|signature| &signature.suffix);
        inner.free = suffix.is_some_and(|suffix| suffix.nogil && !suffix.with_gil);
        inner.is_declared = inner.free;
        inner.objects = declared_objects(def, self.types);
        inner.views = body::declared(def, self.types, |text| text.contains("[:") || text.contains(":]"));
        inner.pointers = body::declared(def, self.types, |text| text.starts_with('*') || text.ends_with('*'));
        def.body.iter().for_each(|stmt| inner.visit_stmt(stmt));
        self.errors.append(&mut inner.errors);
    }

    fn with(&mut self, with: &With) {
        let (free, is_declared, block) = (self.free, self.is_declared, self.block.clone());
        for item in &with.items {
            match name_of(&item.context).as_deref() {
                Some("nogil" | "cython.nogil") => (self.free, self.is_declared) = (true, false),
                Some("gil" | "cython.gil") => (self.free, self.is_declared) = (false, false),
                Some(name) if name == "parallel" || name.ends_with(".parallel") => {
                    if let ExprKind::Call(call) = &item.context.kind {
                        self.enter_block(call, item.context.span, &with.body);
                    }
                }
                _ => {}
            }
        }
        with.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        (self.free, self.is_declared, self.block) = (free, is_declared, block);
    }

    fn enter_block(&mut self, call: &Call, span: Span, body: &[Stmt]) {
        of_block(call).into_iter().for_each(|mistake| self.refuse(mistake));
        if self.block.is_some() && !self.in_loop {
            let help = "share the work of one block by `prange` loops inside of it";
            self.refuse(("Nested parallel with blocks are disallowed".to_owned(), span, help));
        }
        let assigned = assigned(body);
        for (_, op, at) in assigned.first_of_each() {
            if op.is_some() {
                let help = "add up in a `prange` loop in the block, or into an array by `threadid()`";
                self.refuse(("Reductions not allowed for parallel blocks".to_owned(), at, help));
            }
        }
        self.check_views(&assigned);
        self.block = Some(Block { has_threads: keyword(call, "num_threads").is_some(), assigned });
    }

    /// Memoryviews belong to all threads.
    fn check_views(&mut self, assigned: &Assigned) {
        for (name, _, at) in assigned.first_of_each() {
            if self.views.contains(name) {
                let help = "use the slice where you need it, or assign it in a function that the loop calls";
                self.refuse((
                    "Memoryview slices can only be shared in parallel sections".to_owned(),
                    at,
                    help,
                ));
            }
        }
    }

    fn parallel_loop(&mut self, node: &For, call: &Call) {
        of_loop(call, node.iter.span).into_iter().for_each(|mistake| self.refuse(mistake));
        self.around(call, node.iter.span);
        let frees = keyword(call, "nogil").is_some_and(is_true);
        if frees && self.free && !self.is_declared {
            let help = "leave `nogil=True` out";
            let title = "Trying to release the GIL while it was previously released.";
            self.refuse((title.to_owned(), node.iter.span, help));
        }
        self.target(&node.target, frees || self.free);
        let names: &[&str] = if call.args.len() == 1 { &["stop"] } else { &["start", "stop", "step"] };
        let is_free = frees || self.free;
        for (arg, name) in call.args.iter().zip(names).filter(|_| is_free) {
            if matches!(&arg.kind, ExprKind::Name(object) if self.objects.contains(&**object)) {
                let title = format!("{name} may not be a Python object as we don't have the GIL");
                self.refuse((title, arg.span, "declare it: `cdef Py_ssize_t n`"));
            }
        }
        let assigned = assigned(&node.body);
        self.check_views(&assigned);
        self.check_privates(&assigned);
        for (first, second, at) in assigned.mixed() {
            let title = format!(
                "Reduction operator '{second}' is inconsistent with previous reduction operator '{first}'"
            );
            self.refuse((title, at, "use one variable for each operator, and combine them after the loop"));
        }
        for (name, op, _) in assigned.first_of_each() {
            if op.is_some() && self.objects.contains(name) {
                let help = "declare it as a number of C";
                self.refuse(("Python objects cannot be reductions".to_owned(), node.iter.span, help));
            }
        }
        for at in body::read_reductions(&node.body, &assigned) {
            let help = "each thread has a part of it: read the variable after the loop";
            self.refuse(("Cannot read reduction variable in loop body".to_owned(), at, help));
        }
        if let Some(at) = body::yields(&node.body) {
            let help = "collect the values in an array, and yield them after the loop";
            self.refuse(("'yield' not allowed in parallel sections".to_owned(), at, help));
        }
        let in_loop = std::mem::replace(&mut self.in_loop, true);
        let before = (self.free, self.is_declared, in_loop, self.block.take());
        self.free |= frees;
        self.is_declared = false;
        node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
        (self.free, self.is_declared, self.in_loop, self.block) = before;
    }

    /// What belongs to the `parallel` block around a loop.
    fn around(&mut self, call: &Call, span: Span) {
        let Some(block) = &self.block else { return };
        let has_threads = block.has_threads;
        if keyword(call, "num_threads").is_some() {
            let title = match has_threads {
                true => "num_threads already declared in outer section",
                false => "num_threads must be declared in the parent parallel section",
            };
            self.refuse((title.to_owned(), span, "write `parallel(num_threads=…)`, and nothing in the loop"));
        }
        if keyword(call, "use_threads_if").is_some() {
            let title = "'use_threads_if' must de declared in the parent parallel section";
            self.refuse((title.to_owned(), span, "write `parallel(use_threads_if=…)`"));
        }
    }

    fn check_privates(&mut self, assigned: &Assigned) {
        let Some(block) = self.block.take() else { return };
        for (name, _, at) in assigned.first_of_each() {
            if block.assigned.has(name) {
                let help = "use another variable in the loop";
                self.refuse(("Cannot assign to private of outer parallel block".to_owned(), at, help));
            }
        }
        self.block = Some(block);
    }

    fn target(&mut self, target: &Expr, free: bool) {
        let ExprKind::Name(name) = &target.kind else {
            let help = "write `for i in prange(…)`";
            return self.refuse((
                "Can only iterate over an iteration variable".to_owned(),
                target.span,
                help,
            ));
        };
        if free && self.objects.contains(&**name) {
            let title = "target may not be a Python object as we don't have the GIL";
            self.refuse((title.to_owned(), target.span, "declare it: `cdef Py_ssize_t i`"));
        }
        if self.pointers.contains(&**name) {
            let help = "declare it as an integer: `cdef Py_ssize_t i`";
            self.refuse(("Must be of numeric type, not a pointer".to_owned(), target.span, help));
        }
    }
}

/// The dotted name of what an expression calls, or is.
fn name_of(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Call(call) => dotted(&call.func),
        _ => dotted(expr),
    }
}

/// The call in the head of a parallel loop.
fn prange(node: &For) -> Option<&Call> {
    let ExprKind::Call(call) = &node.iter.kind else { return None };
    let name = dotted(&call.func)?;
    (name == "prange" || name.ends_with(".prange")).then_some(call)
}

impl Visitor for Check<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def),
            StmtKind::With(with) => self.with(with),
            StmtKind::For(node) => match prange(node) {
                Some(call) => self.parallel_loop(node, call),
                None => walk_stmt(self, stmt),
            },
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &Expr) {}
}

//! The plain Python text of a module in the Cython language.
//!
//! Edits replace what Python does not have. Each keeps the number of lines, so that tracebacks and messages point at
//! the lines of the user's file.

mod arrays;
mod casts;
mod flat;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;
use ungil_syntax::ast::cython::{CythonExpr, CythonStmt, Declarator};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, CompareOp};
use ungil_syntax::ast::parameter::Parameters;
use ungil_syntax::ast::stmt::{Alias, FunctionDef, If, Stmt, StmtKind, With};
use ungil_syntax::directive::Place;
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use self::flat::flat;
use super::annotation;
use super::directives::{Aliases, Directive, switched};
use super::error::unsupported;
use super::ndarray;
use super::scope;
use super::types::{Types, dotted, is_number};
use super::values::Rewritten;

/// Directives that `with` statements switch in compiled code.
const SETTINGS: &[&str] =
    &["boundscheck", "wraparound", "cdivision", "cdivision_warnings", "cpow", "overflowcheck", "nonecheck"];

/// A replacement of a piece of the text.
#[derive(Clone, Debug)]
struct Edit {
    lo: usize,
    hi: usize,
    text: String,
}

/// What stands behind `cython.`, or the name itself.
fn last_word(name: &str) -> &str {
    name.strip_prefix("cython.").unwrap_or(name)
}

/// What stands behind the last point of a name.
fn last_of(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Collects edits on a walk over the tree.
pub struct Plain<'a> {
    text: &'a str,
    types: &'a Types,
    aliases: &'a Aliases,
    edits: Vec<Edit>,
    /// Functions with fused types.
    fused: Rc<HashSet<String>>,
    /// Variables of the module that live in memory of C, with the texts of their types.
    data: Rc<HashMap<String, String>>,
    rewritten: Rc<Rewritten>,
    /// What C's `errno` is called.
    errno: Rc<HashSet<String>>,
    /// Whether the module knows the arrays of `cpython.array`.
    has_arrays: bool,
    /// Names that the functions around this place bind, from the outermost.
    bound: Vec<Rc<HashSet<String>>>,
    /// Names that the functions around this place declare as NumPy's arrays, from the outermost.
    arrays: Vec<Rc<HashSet<String>>>,
    /// Whether this is inside a function.
    in_function: bool,
    /// Whether this is inside an f-string that `"` would end.
    in_double_quotes: bool,
    pub errors: Vec<Diagnostic>,
}

/// The module's text as plain Python.
pub fn plain(
    text: &str,
    body: &[Stmt],
    (types, aliases): (&Types, &Aliases),
    (fused, data, rewritten): (HashSet<String>, HashMap<String, String>, Rewritten),
) -> (String, Vec<Diagnostic>) {
    let mut plain = Plain {
        text,
        types,
        aliases,
        edits: Vec::new(),
        fused: Rc::new(fused),
        data: Rc::new(data),
        rewritten: Rc::new(rewritten),
        errno: Rc::new(errno_names(body)),
        has_arrays: body.iter().any(cimports_arrays),
        bound: Vec::new(),
        arrays: Vec::new(),
        in_function: false,
        in_double_quotes: false,
        errors: Vec::new(),
    };
    body.iter().for_each(|stmt| plain.visit_stmt(stmt));
    let result = plain.apply(0, text.len());
    (result, plain.errors)
}

impl Plain<'_> {
    /// Replaces a piece of the text, keeping its line ends.
    fn replace(&mut self, lo: usize, hi: usize, text: &str) {
        if lo > hi || hi > self.text.len() {
            return;
        }
        let text = &if self.in_double_quotes { text.replace('"', "'") } else { text.to_owned() };
        let text = &if self.joins_word(lo, hi, text) { format!(" {text}") } else { text.clone() };
        let lines = |text: &str| text.matches('\n').count();
        let missing = "\n".repeat(lines(&self.text[lo..hi]).saturating_sub(lines(text)));
        // What follows on the line goes on behind a bracket only.
        let text = match text.strip_suffix(')') {
            Some(inner) => format!("{inner}{missing})"),
            None => format!("{text}{missing}"),
        };
        self.edits.push(Edit { lo, hi, text });
    }

    /// Whether a word would run into the one before it: `return<int>x`.
    fn joins_word(&self, lo: usize, hi: usize, text: &str) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let is_sign = self.text[lo..hi].starts_with(['<', '&']);
        is_sign && self.text[..lo].ends_with(is_word) && text.starts_with(is_word)
    }

    fn replace_span(&mut self, span: Span, text: &str) {
        self.replace(span.lo as usize, span.hi as usize, text);
    }

    /// A piece of the text with the edits in it; outer edits hide inner ones.
    fn apply(&self, lo: usize, hi: usize) -> String {
        let mut edits: Vec<&Edit> = self.edits.iter().filter(|edit| edit.lo >= lo && edit.hi <= hi).collect();
        edits.sort_by_key(|edit| (edit.lo, std::cmp::Reverse(edit.hi)));
        let mut out = String::new();
        let mut at = lo;
        for edit in edits {
            if edit.lo < at {
                continue;
            }
            out.push_str(&self.text[at..edit.lo]);
            out.push_str(&edit.text);
            at = edit.hi;
        }
        out.push_str(&self.text[at.min(hi)..hi]);
        out
    }

    /// An expression's text as plain Python, with its parentheses where it has some around.
    fn rendered(&mut self, expr: &Expr) -> String {
        let mut inner = Plain {
            text: self.text,
            types: self.types,
            aliases: self.aliases,
            edits: Vec::new(),
            fused: self.fused.clone(),
            data: self.data.clone(),
            rewritten: self.rewritten.clone(),
            errno: self.errno.clone(),
            has_arrays: self.has_arrays,
            bound: self.bound.clone(),
            arrays: self.arrays.clone(),
            in_function: self.in_function,
            in_double_quotes: self.in_double_quotes,
            errors: Vec::new(),
        };
        inner.visit_expr(expr);
        let text = inner.apply(expr.span.lo as usize, expr.span.hi as usize);
        self.errors.append(&mut inner.errors);
        // What replaces a text has as many lines as that, wherever its parts go.
        format!("({})", flat(&text))
    }

    /// Where the colon after a header is, from `from` on.
    fn colon(&self, from: u32) -> usize {
        let from = from as usize;
        self.text[from..].find(':').map_or(self.text.len(), |at| from + at)
    }

    fn unsupported(&mut self, what: &str, span: Span, help: Option<&str>) {
        self.errors.push(unsupported(what, span, help));
    }

    /// The head of a `cdef` function as that of a `def`.
    fn c_head(&mut self, stmt: &Stmt, def: &FunctionDef, declarator: &Declarator) {
        let mut params = Vec::new();
        for p in def.params.iter() {
            let default = p.default.as_ref().map(|value| format!("={}", self.rendered(value)));
            params.push(format!("{}{}", p.name.name, default.unwrap_or_default()));
        }
        let (lo, hi) = (stmt.span.lo as usize, self.colon(declarator.span.hi));
        let lines = "\n".repeat(self.text[lo..hi].matches('\n').count());
        self.replace(lo, hi, &format!("def {}({lines}{})", def.name.name, params.join(", ")));
    }

    /// Takes the C types out of a list of parameters.
    fn parameters(&mut self, params: &Parameters) {
        for p in params.iter() {
            if p.ty.is_none() {
                continue;
            }
            let (lo, name) = (p.span.lo as usize, p.name.span);
            let lines = "\n".repeat(self.text[lo..name.lo as usize].matches('\n').count());
            self.replace(lo, name.lo as usize, &lines);
            let end = match &p.annotation {
                Some(annotation) => {
                    let between = &self.text[name.hi as usize..annotation.span.lo as usize];
                    name.hi as usize + between.rfind(':').unwrap_or(0)
                }
                None => p.span.hi as usize,
            };
            self.replace(name.hi as usize, end, "");
        }
    }

    fn function(&mut self, stmt: &Stmt, def: &FunctionDef) {
        for decorator in &def.decorators {
            self.decorator(decorator);
        }
        for p in def.params.iter() {
            if self.text[p.name.span.hi as usize..].trim_start().starts_with(['"', '\'']) {
                let help = "leave the text out: C does not see the names of parameters";
                self.unsupported("a parameter's name in C is", p.name.span, Some(help));
            }
        }
        match &def.signature {
            Some(signature) => self.c_head(stmt, def, &signature.declarator),
            None => {
                self.parameters(&def.params);
                for p in def.params.iter() {
                    p.default.iter().chain(&p.annotation).for_each(|expr| self.visit_expr(expr));
                }
            }
        }
        let outer = std::mem::replace(&mut self.in_function, true);
        self.arrays.push(Rc::new(ndarray::declared(def, self.types)));
        if self.data.is_empty() {
            def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        } else {
            self.bound.push(Rc::new(scope::bound(def)));
            def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
            self.bound.pop();
        }
        self.arrays.pop();
        self.in_function = outer;
    }

    /// `x: cython.int = 1` in a function: its type is among the function's declarations.
    fn annotated(&mut self, stmt: &Stmt, target: &Expr, annotation: &Expr, value: Option<&Expr>) {
        let is_type =
            annotation::number(annotation, self.types).is_some() || annotation::class(annotation).is_some();
        match value {
            _ if !is_type || !self.in_function => walk_stmt(self, stmt),
            None => self.replace_span(stmt.span, "pass"),
            Some(value) => {
                // Parentheses around the value, which its span leaves out, stay.
                let hi = annotation.span.hi as usize;
                let Some(equals) = self.text[hi..value.span.lo as usize].find('=') else { return };
                self.replace(target.span.hi as usize, hi + equals, " ");
                self.visit_expr(target);
                self.visit_expr(value);
            }
        }
    }

    /// Whether a name means a variable of the module that lives in memory of C.
    fn is_data(&self, name: &str) -> bool {
        self.data.contains_key(name) && !self.bound.iter().any(|bound| bound.contains(name))
    }

    /// Whether `module.name` is a variable in memory of C of a module that is cimported.
    fn is_data_of_another(&self, expr: &Expr) -> bool {
        let Some(name) = dotted(expr).filter(|name| self.data.contains_key(name)) else { return false };
        let root = name.split('.').next().unwrap_or_default();
        !self.bound.iter().any(|bound| bound.contains(root))
    }

    /// Whether a name of the module is a variable of C.
    fn is_of_c(&self, name: &str) -> bool {
        self.data.contains_key(name) || self.errno.contains(name)
    }

    /// Whether a name means C's `errno`, which is read and written where a function says that it lies.
    fn is_errno(&self, expr: &Expr) -> bool {
        let Some(name) = dotted(expr).filter(|name| self.errno.contains(name)) else { return false };
        let root = name.split('.').next().unwrap_or_default();
        !self.bound.iter().any(|bound| bound.contains(root))
    }

    /// Takes out decorators that are directives.
    fn decorator(&mut self, decorator: &Expr) {
        let Some(found) = self.aliases.set(decorator, Place::Function) else {
            return self.visit_expr(decorator);
        };
        self.errors.extend(found.err());
        let lo = self.text[..decorator.span.lo as usize].rfind('@').unwrap_or(0);
        // A call's span ends behind its parentheses; what follows on the line is white space or a comment.
        self.replace(lo, decorator.span.hi as usize, "");
    }

    /// The decorators of a class, which change nothing where it runs as Python.
    fn class_decorator(&mut self, decorator: &Expr) {
        match self.aliases.set(decorator, Place::Class) {
            Some(found) => self.errors.extend(found.err()),
            None => self.visit_expr(decorator),
        }
    }

    fn declare(&mut self, stmt: &Stmt, declarators: &[Declarator]) {
        let mut parts = Vec::new();
        for declarator in declarators {
            let Some(name) = declarator.name() else { continue };
            if let Some(value) = declarator.value() {
                let value = self.rendered(value);
                let of_module = self.bound.is_empty() && self.is_data(&name.name);
                let prefix = if of_module { "__pyx_g__." } else { "" };
                parts.push(format!("{prefix}{} = {value}", name.name));
            }
        }
        let text = if parts.is_empty() { "pass".to_owned() } else { parts.join("; ") };
        self.replace_span(stmt.span, &text);
    }

    /// `with nogil:` and directives, which Python does not have.
    fn with(&mut self, stmt: &Stmt, with: &With) {
        let ours = |expr: &Expr| {
            let name = match &expr.kind {
                ExprKind::Call(call) => dotted(&call.func),
                _ => dotted(expr),
            };
            match name.as_deref() {
                Some("nogil" | "gil") => true,
                _ => self.aliases.name(expr).is_some(),
            }
        };
        let team = with.items.iter().find_map(|item| match &item.context.kind {
            ExprKind::Call(call) => match dotted(&call.func).as_deref() {
                Some("parallel" | "cython.parallel.parallel" | "parallel.parallel") => Some(call),
                _ => None,
            },
            _ => None,
        });
        if let Some(call) = team
            && let Some(last) = with.items.last()
        {
            let keywords = call.keywords.iter().filter_map(|k| {
                let name = k.name.as_ref()?;
                Some(format!("{}={}", name.name, self.rendered(&k.value)))
            });
            let keywords: Vec<String> = keywords.collect();
            let hi = self.colon(last.context.span.hi);
            let head = format!("for __pyx_team in __pyx_parallel({})", keywords.join(", "));
            self.replace(stmt.span.lo as usize, hi, &head);
            return with.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        }
        let count = with.items.iter().filter(|item| ours(&item.context)).count();
        if count == 0 {
            return walk_stmt(self, stmt);
        }
        if count < with.items.len() {
            self.unsupported(
                "`nogil` beside other context managers is",
                stmt.span.start(),
                Some("use two `with` statements"),
            );
        }
        let mut settings = Vec::new();
        for item in &with.items {
            if let Some(name @ ("nogil" | "gil")) = dotted(&item.context).as_deref().map(last_word) {
                settings.push(format!("{name}=True"));
            }
            match self.aliases.set(&item.context, Place::With) {
                None => continue,
                Some(Err(error)) => self.errors.push(error),
                Some(Ok(list)) => settings.extend(list.iter().filter_map(setting)),
            }
            if let Some(target) = &item.target {
                let error =
                    Diagnostic::error(Code("U0199"), "a directive in a `with` statement has no value");
                self.errors.push(error.primary(target.span, "expected no `as`"));
            }
        }
        if let Some(last) = with.items.last() {
            let hi = self.colon(last.context.span.hi);
            let head = match settings.is_empty() {
                true => "if (1)".to_owned(),
                false => format!("if __pyx_with({})", settings.join(", ")),
            };
            self.replace(stmt.span.lo as usize, hi, &head);
        }
        with.body.iter().for_each(|stmt| self.visit_stmt(stmt));
    }

    fn cython_stmt(&mut self, stmt: &Stmt, inner: &CythonStmt) {
        match inner {
            CythonStmt::Declare { declarators, .. } => self.declare(stmt, declarators),
            CythonStmt::Block(body) => {
                let hi = self.colon(stmt.span.lo);
                self.replace(stmt.span.lo as usize, hi, "if 1");
                body.iter().for_each(|stmt| self.visit_stmt(stmt));
            }
            CythonStmt::If(chain) => self.compile_time_if(chain),
            CythonStmt::ForFrom(_) => self.for_from(stmt, inner),
            CythonStmt::Print { stream, values, newline } => {
                let mut args: Vec<String> = values.iter().map(|value| self.rendered(value)).collect();
                if !newline {
                    args.push("end=' '".to_owned());
                }
                if let Some(stream) = stream {
                    args.push(format!("file={}", self.rendered(stream)));
                }
                self.replace_span(stmt.span, &format!("print({})", args.join(", ")));
            }
            CythonStmt::Exec { code, scopes } => {
                let args: Vec<String> = [code].into_iter().chain(scopes).map(|e| self.rendered(e)).collect();
                self.replace_span(stmt.span, &format!("exec({})", args.join(", ")));
            }
            CythonStmt::Class(_) => {
                self.unsupported("`cdef class` is", stmt.span.start(), Some("use a Python class for now"));
            }
            CythonStmt::CppClass { .. } => self.unsupported("classes of C++ are", stmt.span.start(), None),
            CythonStmt::Include(file) => {
                let file = file.as_str().unwrap_or_default().replace('\\', "\\\\").replace('"', "\\\"");
                self.replace_span(stmt.span, &format!("__pyx_include__(\"{file}\")"));
            }
            CythonStmt::Extern { .. }
            | CythonStmt::Struct { .. }
            | CythonStmt::Fused { .. }
            | CythonStmt::Typedef { .. }
            | CythonStmt::Enum { .. }
            | CythonStmt::Property { .. }
            | CythonStmt::Cimport(_)
            | CythonStmt::FromCimport(_)
            | CythonStmt::Define { .. } => self.replace_span(stmt.span, "pass"),
        }
    }

    fn compile_time_if(&mut self, chain: &If) {
        for (i, branch) in chain.branches.iter().enumerate() {
            let lo = branch.span.lo as usize;
            self.replace(lo, lo + if i == 0 { 2 } else { 4 }, if i == 0 { "if" } else { "elif" });
            branch.body.iter().for_each(|stmt| self.visit_stmt(stmt));
        }
        if let Some(first) = chain.orelse.first()
            && let Some(at) = self.text[..first.span.lo as usize].rfind("ELSE")
        {
            self.replace(at, at + 4, "else");
        }
        chain.orelse.iter().for_each(|stmt| self.visit_stmt(stmt));
    }

    /// A loop with bounds as one over a range.
    fn for_from(&mut self, stmt: &Stmt, inner: &CythonStmt) {
        let CythonStmt::ForFrom(node) = inner else { return };
        let up = matches!(node.lower_op, CompareOp::Lt | CompareOp::LtE);
        let (mut lower, mut upper) = (self.rendered(&node.lower), self.rendered(&node.upper));
        match node.lower_op {
            CompareOp::Lt => lower.push_str(" + 1"),
            CompareOp::Gt => lower.push_str(" - 1"),
            _ => {}
        }
        match node.upper_op {
            CompareOp::LtE => upper.push_str(" + 1"),
            CompareOp::GtE => upper.push_str(" - 1"),
            _ => {}
        }
        let step = node.step.as_ref().map(|step| self.rendered(step));
        let step = match (step, up) {
            (Some(step), true) => format!(", {step}"),
            (Some(step), false) => format!(", -{step}"),
            (None, true) => String::new(),
            (None, false) => ", -1".to_owned(),
        };
        let target = self.rendered(&node.target);
        let last = node.step.as_ref().unwrap_or(&node.upper);
        let hi = self.colon(last.span.hi);
        self.replace(
            stmt.span.lo as usize,
            hi,
            &format!("for {target} in __pyx_from({lower}, {upper}{step})"),
        );
        node.body.iter().chain(&node.orelse).for_each(|stmt| self.visit_stmt(stmt));
    }

    /// The types that a function with fused types is indexed with, as their names in C.
    fn specialised(&mut self, index: &Expr) {
        let parts: Vec<&Expr> = match &index.kind {
            ExprKind::Tuple(items) => items.iter().collect(),
            _ => vec![index],
        };
        for part in parts {
            if let Some(name) = self.types.name_in_signature(part) {
                self.replace_span(part.span, &format!("\"{name}\""));
            }
        }
    }

    fn is_part(&self, target: &Expr) -> bool {
        self.rewritten.parts.contains(&target.span.hi)
    }

    /// `z.real = x` and `z.real += x`: the whole number is assigned.
    fn part(&mut self, stmt: &Stmt, target: &Expr, op: Option<&str>, value: &Expr) {
        let ExprKind::Attribute { value: whole, attr } = &target.kind else { return };
        let (whole, mut value) = (self.rendered(whole), self.rendered(value));
        if let Some(op) = op {
            value = format!("{whole}.{} {op} ({value})", attr.name);
        }
        let parts = match &*attr.name {
            "real" => format!("__pyx_float64({value}), {whole}.imag"),
            _ => format!("{whole}.real, __pyx_float64({value})"),
        };
        self.replace_span(stmt.span, &format!("{whole} = complex({parts})"));
    }

    fn cython_expr(&mut self, expr: &Expr, inner: &CythonExpr) {
        let span = expr.span;
        match inner {
            CythonExpr::Cast { ty, value, is_checked } => self.cast(span, ty, *is_checked, value),
            CythonExpr::Char(byte) => self.replace_span(span, &byte.to_string()),
            CythonExpr::Integer { value, is_unsigned, longs } => match value {
                // The suffix says its type, which decides where arithmetic wraps.
                Literal::Int(n) => {
                    let dtype = match (is_unsigned, *longs == 0 && *n <= i64::from(u32::MAX)) {
                        (true, true) => "uint32",
                        (true, false) => "uint64",
                        (false, _) => "int64",
                    };
                    self.replace_span(span, &format!("__pyx_{dtype}({n})"));
                }
                Literal::BigInt(digits) if *is_unsigned => {
                    self.replace_span(span, &format!("__pyx_uint64({digits})"));
                }
                Literal::BigInt(digits) => self.replace_span(span, digits),
                _ => {}
            },
            CythonExpr::SizeOf(argument) => self.size_of(span, argument),
            CythonExpr::AddressOf(place) if !self.in_function && self.is_place_of_data(place) => {
                self.address_of_data(span, place);
            }
            CythonExpr::AddressOf(place) => {
                self.replace(span.lo as usize, span.lo as usize + 1, "__pyx_addr(");
                self.visit_expr(place);
                self.replace(span.hi as usize, span.hi as usize, ")");
            }
            CythonExpr::Repr(value) => {
                // Two parentheses: what is between may be a tuple without its own.
                self.replace(span.lo as usize, span.lo as usize + 1, "repr((");
                self.visit_expr(value);
                self.replace(span.hi as usize - 1, span.hi as usize, "))");
            }
            CythonExpr::New(_) => self.unsupported("`new` is", span, None),
        }
    }
}

/// Whether a statement cimports `cpython.array`.
fn cimports_arrays(stmt: &Stmt) -> bool {
    let StmtKind::Cython(inner) = &stmt.kind else { return false };
    match &**inner {
        CythonStmt::Cimport(names) => names.iter().any(|alias| &*alias.name == "cpython.array"),
        CythonStmt::FromCimport(import) => {
            let module = import.module.as_ref().map_or("", |module| &*module.name);
            module == "cpython.array"
                || module == "cpython" && import.names.iter().any(|a| &*a.name == "array")
        }
        _ => false,
    }
}

/// What a module calls the `errno` that it cimports.
fn errno_names(body: &[Stmt]) -> HashSet<String> {
    let mut found = HashSet::new();
    let asname = |alias: &Alias| alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name).to_string();
    for stmt in body {
        let StmtKind::Cython(inner) = &stmt.kind else { continue };
        match &**inner {
            CythonStmt::Cimport(names) => {
                let modules = names.iter().filter(|alias| &*alias.name == "libc.errno");
                found.extend(modules.map(|alias| format!("{}.errno", asname(alias))));
            }
            CythonStmt::FromCimport(import) => {
                let module = import.module.as_ref().map_or("", |module| &*module.name);
                for alias in import.names.iter().filter(|alias| &*alias.name == "errno") {
                    match module {
                        "libc.errno" => found.insert(asname(alias)),
                        "libc" => found.insert(format!("{}.errno", asname(alias))),
                        _ => false,
                    };
                }
            }
            _ => {}
        }
    }
    found
}

/// A directive as the blocks of compiled code have it: `boundscheck=False`.
fn setting(directive: &Directive) -> Option<String> {
    let name = directive.name;
    let value = switched(std::slice::from_ref(directive), name).filter(|_| SETTINGS.contains(&name))?;
    Some(format!("{name}={}", if value { "True" } else { "False" }))
}

impl Visitor for Plain<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(stmt, def),
            StmtKind::With(with) => self.with(stmt, with),
            StmtKind::AnnAssign { target, annotation, value, simple: true } => {
                self.annotated(stmt, target, annotation, value.as_ref());
            }
            StmtKind::Cython(inner) => self.cython_stmt(stmt, inner),
            StmtKind::ClassDef(def) => {
                def.decorators.iter().for_each(|decorator| self.class_decorator(decorator));
                let keywords = def.keywords.iter().map(|keyword| &keyword.value);
                def.bases.iter().chain(keywords).for_each(|expr| self.visit_expr(expr));
                def.body.iter().for_each(|stmt| self.visit_stmt(stmt));
            }
            StmtKind::Global(names) if names.iter().any(|name| self.is_of_c(&name.name)) => {
                let others = names.iter().filter(|name| !self.is_of_c(&name.name));
                let others: Vec<&str> = others.map(|name| &*name.name).collect();
                let text = match others.is_empty() {
                    true => "pass".to_owned(),
                    false => format!("global {}", others.join(", ")),
                };
                self.replace_span(stmt.span, &text);
            }
            StmtKind::Assign { targets, value } if targets.len() == 1 && self.is_part(&targets[0]) => {
                self.part(stmt, &targets[0], None, value);
            }
            StmtKind::AugAssign { target, value, .. } if self.is_part(target) => {
                let op = self.text[target.span.hi as usize..value.span.lo as usize].trim();
                let op = op.trim_end_matches(|c: char| c == '(' || c.is_whitespace()).trim_end_matches('=');
                let op = op.to_owned();
                self.part(stmt, target, Some(&op), value);
            }
            StmtKind::AugAssign { target, op: BinaryOp::Div, value }
                if self.types.is_level_two() && self.is_whole(target) && self.is_whole(value) =>
            {
                let lo = target.span.hi as usize;
                if let Some(at) = self.text[lo..value.span.lo as usize].find('/') {
                    self.replace(lo + at, lo + at + 1, "//");
                }
                walk_stmt(self, stmt);
            }
            StmtKind::Raise { exc: Some(exc), .. } => {
                if let ExprKind::Call(call) = &exc.kind
                    && let Some(gap) = self.comma_gap(call)
                {
                    // `raise class, value`
                    self.replace(gap.0, gap.1, "(");
                    self.replace(exc.span.hi as usize, exc.span.hi as usize, ")");
                }
                walk_stmt(self, stmt);
            }
            StmtKind::Try(node) => {
                for handler in &node.handlers {
                    if let (Some(exc), Some(name)) = (&handler.exc, &handler.name) {
                        let (lo, hi) = (exc.span.hi as usize, name.span.lo as usize);
                        if self.text[lo..hi].contains(',') {
                            self.replace(lo, hi, " as ");
                        }
                    }
                }
                walk_stmt(self, stmt);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(_) | ExprKind::Attribute { .. } if self.is_errno(expr) => {
                let place = self.text[expr.span.lo as usize..expr.span.hi as usize].to_owned();
                return self.replace_span(expr.span, &format!("{place}()[0]"));
            }
            ExprKind::Name(name) if self.is_data(name) => {
                let text = format!("__pyx_g__.{name}");
                return self.replace_span(expr.span, &text);
            }
            ExprKind::Attribute { value, attr }
                if self.is_enumeration(value) && self.types.has(&attr.name) =>
            {
                return self.replace_span(expr.span, &attr.name);
            }
            ExprKind::Attribute { value, attr } if self.memory_of_array(expr.span, value, &attr.name) => {
                return;
            }
            ExprKind::Attribute { .. } if self.is_data_of_another(expr) => {
                let name = dotted(expr).unwrap_or_default().replace('.', "__dot__");
                return self.replace_span(expr.span, &format!("__pyx_g__.{name}"));
            }
            ExprKind::Binary { left, op: BinaryOp::Div, right }
                if self.types.is_level_two() && self.is_whole(left) && self.is_whole(right) =>
            {
                // Numbers that are written out, and integers of the module, are C's: at level 2 their quotient is whole.
                let lo = left.span.hi as usize;
                if let Some(at) = self.text[lo..right.span.lo as usize].find('/') {
                    self.replace(lo + at, lo + at + 1, "//");
                }
            }
            ExprKind::FString(_) | ExprKind::TString(_) => return self.formatted(expr),
            ExprKind::Literal(_) => {
                if let Some(text) = self.rewritten.literals.get(&expr.span.lo).cloned() {
                    return self.replace_span(expr.span, &text);
                }
            }
            ExprKind::Cython(inner) => return self.cython_expr(expr, inner),
            ExprKind::Subscript { value, index } => {
                if let ExprKind::Name(name) = &value.kind
                    && self.fused.contains(&**name)
                {
                    return self.specialised(index);
                }
            }
            ExprKind::Compare { left, rest } => {
                if let [step] = rest.as_slice()
                    && let Some(name) = dotted(left)
                    && let Some(same) = self.types.is_one_of(&name, &step.right)
                {
                    let holds = match step.op {
                        CompareOp::Is | CompareOp::Eq | CompareOp::In => same,
                        _ => !same,
                    };
                    return self.replace_span(expr.span, if holds { "True" } else { "False" });
                }
                for step in rest {
                    let span = step.op_span;
                    if self.text.get(span.lo as usize..span.hi as usize) == Some("<>") {
                        self.replace_span(span, "!=");
                    }
                }
            }
            ExprKind::Call(_)
                if self.rewritten.types.get(&expr.span.lo).is_some_and(|t| t.0 == expr.span) =>
            {
                let (_, name) = self.rewritten.types[&expr.span.lo].clone();
                return self.replace_span(expr.span, &format!("\"{name}\""));
            }
            ExprKind::Call(call) => {
                self.errors.extend(self.aliases.misplaced(expr));
                if dotted(&call.func).is_some_and(|name| last_of(&name).starts_with("PyArray_")) {
                    call.args.iter().for_each(|arg| self.extents(arg));
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

impl Plain<'_> {
    /// Whether an expression is an integer of C for certain: one that is written out, or outside of functions, which the
    /// compiler reads, a variable of the module.
    fn is_whole(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Literal(Literal::Int(_)) => true,
            ExprKind::Name(name) => {
                let text = self.data.get(&**name).filter(|_| !self.in_function && self.is_data(name));
                text.is_some_and(|text| {
                    ["int", "uint"].iter().any(|word| text.starts_with(word)) && is_number(text)
                })
            }
            ExprKind::Unary { operand, .. } => self.is_whole(operand),
            ExprKind::Binary { left, right, op } => {
                *op != BinaryOp::Pow && self.is_whole(left) && self.is_whole(right)
            }
            _ => false,
        }
    }

    /// A text with expressions in it, which quotes like those around it would end.
    fn formatted(&mut self, expr: &Expr) {
        let start = self.text[expr.span.lo as usize..].trim_start_matches(char::is_alphabetic);
        let outer = self.in_double_quotes;
        self.in_double_quotes |= start.starts_with('"');
        walk_expr(self, expr);
        self.in_double_quotes = outer;
    }

    /// Whether an expression names an enumeration that Python does not see.
    fn is_enumeration(&self, expr: &Expr) -> bool {
        let ExprKind::Name(name) = &expr.kind else { return false };
        self.types.known(name).is_some_and(|known| known.text == "int32" && known.name == **name)
    }

    /// The gap between a callee and its argument where a comma stands instead of parentheses.
    fn comma_gap(&self, call: &Call) -> Option<(usize, usize)> {
        let [only] = call.args.as_slice() else { return None };
        let (lo, hi) = (call.func.span.hi as usize, only.span.lo as usize);
        let gap = self.text.get(lo..hi)?;
        (gap.contains(',') && !gap.contains('(')).then_some((lo, hi))
    }
}

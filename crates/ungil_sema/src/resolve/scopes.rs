//! Scopes: local names of a kernel and of the functions nested in it, and what each captures.
//!
//! A name that a function binds is local to it. A name bound once, by a nested `def` in the function's outermost
//! block, is a static function: calls of it need no variable, also where it calls itself. Every other name of an
//! enclosing function that a nested one reads, directly or through static functions it calls, is captured.
//! Default values of nested functions are evaluated once, where the function is defined; they live in variables of
//! the enclosing function that no program can name, and are captured.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::name::Name;
use ungil_syntax::ast::parameter::{Parameter, Parameters};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};

use crate::resolve::children;

/// A function of a kernel: where the nested one starts, `None` for the kernel itself.
pub type FuncKey = Option<u32>;

/// A variable of a function of a kernel.
pub type Captured = (Name, FuncKey);

/// What a function or lambda executes.
#[derive(Clone, Debug)]
pub enum Body {
    Block(Vec<Stmt>),
    Expr(Expr),
}

/// Names of one function.
#[derive(Clone, Debug)]
pub struct Scope {
    pub parent: Option<FuncKey>,
    pub name: Name,
    pub span: Span,
    pub params: Arc<Parameters>,
    pub body: Arc<Body>,
    pub locals: HashSet<Name>,
    /// Static functions by name.
    pub statics: HashMap<Name, u32>,
    /// Captured variables, sorted.
    pub captures: Vec<Captured>,
    /// Names declared `nonlocal` or `global`, with their places.
    pub outer: Vec<(Name, Span, bool)>,
}

/// The functions of one kernel.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    pub funcs: HashMap<FuncKey, Scope>,
}

/// The variable that holds the default value of a nested function's parameter.
pub fn default_variable(parameter: &Parameter) -> Name {
    format!("{}@{}", parameter.name.name, parameter.name.span.lo).into()
}

impl Scopes {
    /// The scopes of a kernel with these parameters and this body.
    pub fn compute(name: &str, span: Span, params: &Parameters, body: Body) -> Scopes {
        let mut scopes = Scopes::default();
        let mut uses = HashMap::new();
        collect(&mut scopes, &mut uses, None, None, (name.into(), span, params, body));
        scopes.close_over(&uses);
        scopes
    }

    /// The function of this kernel that the name, used in `from`, is a variable or static function of.
    pub fn owner(&self, from: FuncKey, name: &str) -> Option<FuncKey> {
        let mut at = Some(from);
        while let Some(key) = at {
            let scope = &self.funcs[&key];
            if scope.locals.contains(name) {
                return Some(key);
            }
            at = scope.parent;
        }
        None
    }

    /// Fills in the captures: a fixpoint, because static functions may call each other.
    fn close_over(&mut self, uses: &HashMap<FuncKey, HashSet<Name>>) {
        let mut captures: HashMap<FuncKey, BTreeSet<Captured>> = HashMap::new();
        for (key, scope) in &self.funcs {
            let mine = captures.entry(*key).or_default();
            for name in &uses[key] {
                match self.owner(*key, name) {
                    Some(owner) if owner != *key && !self.funcs[&owner].statics.contains_key(name) => {
                        mine.insert((name.clone(), owner));
                    }
                    _ => {}
                }
            }
            if let (Some(parent), Some(_)) = (scope.parent, key) {
                let defaults = scope.params.iter().filter(|p| p.default.is_some());
                mine.extend(defaults.map(|p| (default_variable(p), parent)));
            }
        }
        loop {
            let mut changed = false;
            for key in self.funcs.keys() {
                let mut add: Vec<Captured> = Vec::new();
                for name in &uses[key] {
                    let owner = self.owner(*key, name);
                    if let Some(func) = owner.and_then(|o| self.funcs[&o].statics.get(name)) {
                        add.extend(captures[&Some(*func)].iter().cloned());
                    }
                }
                for (inner, scope) in &self.funcs {
                    if scope.parent == Some(*key) {
                        add.extend(captures[inner].iter().cloned());
                    }
                }
                let mine = captures.get_mut(key).expect("every function has an entry");
                for captured in add.into_iter().filter(|c| c.1 != *key) {
                    changed |= mine.insert(captured);
                }
            }
            if !changed {
                break;
            }
        }
        for (key, set) in captures {
            self.funcs.get_mut(&key).expect("same keys").captures = set.into_iter().collect();
        }
    }
}

type Source<'a> = (Name, Span, &'a Parameters, Body);

fn collect(
    scopes: &mut Scopes,
    uses: &mut HashMap<FuncKey, HashSet<Name>>,
    parent: Option<FuncKey>,
    key: FuncKey,
    (name, span, params, body): Source<'_>,
) {
    let mut names = Names::default();
    for p in params.iter() {
        names.bind(&p.name.name, None);
    }
    match &body {
        Body::Block(stmts) => names.block(stmts, true),
        Body::Expr(e) => names.expr(e),
    }
    for (_, _, _, inner, _) in &names.nested {
        for p in inner.iter().filter(|p| p.default.is_some()) {
            names.bound.insert(default_variable(p), Binding::Variable);
        }
    }
    for (name, ..) in &names.outer {
        names.bound.remove(name);
    }
    let statics = names.bound.iter().filter_map(|(n, b)| match b {
        Binding::Function(lo) => Some((n.clone(), *lo)),
        Binding::Variable => None,
    });
    let scope = Scope {
        parent,
        name,
        span,
        params: Arc::new(params.clone()),
        locals: names.bound.keys().cloned().collect(),
        statics: statics.collect(),
        captures: Vec::new(),
        outer: names.outer,
        body: Arc::new(body.clone()),
    };
    scopes.funcs.insert(key, scope);
    uses.insert(key, names.used);
    for (lo, name, span, params, body) in names.nested {
        collect(scopes, uses, Some(key), Some(lo), (name, span, params, body));
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Binding {
    Variable,
    /// Bound once, by the nested function that starts there.
    Function(u32),
}

/// Names that a body binds and uses, and the functions nested in it.
#[derive(Default)]
struct Names<'a> {
    bound: HashMap<Name, Binding>,
    used: HashSet<Name>,
    outer: Vec<(Name, Span, bool)>,
    nested: Vec<(u32, Name, Span, &'a Parameters, Body)>,
}

impl<'a> Names<'a> {
    fn bind(&mut self, name: &Name, function: Option<u32>) {
        let fresh = !self.bound.contains_key(name);
        let binding = match function {
            Some(lo) if fresh => Binding::Function(lo),
            _ => Binding::Variable,
        };
        self.bound.insert(name.clone(), binding);
    }

    fn block(&mut self, stmts: &'a [Stmt], outermost: bool) {
        for s in stmts {
            self.stmt(s, outermost);
            for block in children::blocks(s) {
                self.block(block, false);
            }
        }
    }

    fn stmt(&mut self, s: &'a Stmt, outermost: bool) {
        children::expressions(s, &mut |e| self.expr(e));
        match &s.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| self.target(t)),
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => self.target(target),
            StmtKind::For(f) => self.target(&f.target),
            StmtKind::With(w) => {
                w.items.iter().filter_map(|i| i.target.as_ref()).for_each(|t| self.target(t))
            }
            StmtKind::FunctionDef(f) => {
                let lo = f.name.span.lo;
                self.bind(&f.name.name, outermost.then_some(lo));
                self.nested.push((lo, f.name.name.clone(), s.span, &f.params, Body::Block(f.body.clone())));
            }
            StmtKind::Nonlocal(names) => {
                self.outer.extend(names.iter().map(|n| (n.name.clone(), n.span, false)))
            }
            StmtKind::Global(names) => {
                self.outer.extend(names.iter().map(|n| (n.name.clone(), n.span, true)))
            }
            _ => {}
        }
    }

    fn target(&mut self, t: &Expr) {
        match &t.kind {
            ExprKind::Name(name) => self.bind(name, None),
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| self.target(i)),
            ExprKind::Starred(inner) => self.target(inner),
            _ => {}
        }
    }

    fn expr(&mut self, e: &'a Expr) {
        match &e.kind {
            ExprKind::Name(name) => {
                self.used.insert(name.clone());
            }
            ExprKind::Named { target, .. } => self.bind(&target.name, None),
            ExprKind::Lambda { params, body } => {
                let body = Body::Expr((**body).clone());
                self.nested.push((e.span.lo, "<lambda>".into(), e.span, params, body));
            }
            _ => {}
        }
        children::operands(e, &mut |child| self.expr(child));
    }
}

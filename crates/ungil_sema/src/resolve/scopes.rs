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
use crate::resolve::comprehensions::{Aliases, aliases};

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
    /// Variables of generator expressions.
    pub aliases: Aliases,
}

/// The variable that holds the default value of a nested function's parameter.
pub fn default_variable(parameter: &Parameter) -> Name {
    format!("{}@{}", parameter.name.name, parameter.name.span.lo).into()
}

impl Scopes {
    /// The scopes of a kernel with these parameters and this body.
    pub fn compute(name: &str, span: Span, params: &Parameters, body: Body) -> Scopes {
        let mut scopes = Scopes { funcs: HashMap::new(), aliases: aliases(&body) };
        let mut uses = HashMap::new();
        let entry = Source { parent: None, key: None, name: name.into(), span, params: params.clone(), body };
        let mut open = vec![entry];
        while let Some(source) = open.pop() {
            open.extend(collect(&mut scopes, &mut uses, source));
        }
        scopes.close_over(&uses);
        scopes
    }

    /// The variable that a name at this place stands for.
    pub fn variable<'n>(&'n self, name: &'n str, lo: u32) -> &'n str {
        self.aliases.get(&lo).map_or(name, |alias| alias)
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

/// A function whose names are still to be collected.
struct Source {
    parent: Option<FuncKey>,
    key: FuncKey,
    name: Name,
    span: Span,
    params: Parameters,
    body: Body,
}

/// Collects the names of one function and returns the functions nested in it.
fn collect(scopes: &mut Scopes, uses: &mut HashMap<FuncKey, HashSet<Name>>, source: Source) -> Vec<Source> {
    let Source { parent, key, name, span, params, body } = source;
    let mut names = Names { aliases: scopes.aliases.clone(), ..Names::default() };
    for p in params.iter() {
        names.bind(&p.name.name, None);
    }
    match &body {
        Body::Block(stmts) => names.block(stmts, true),
        Body::Expr(e) => names.expr(e),
    }
    for inner in &names.nested {
        for p in inner.params.iter().filter(|p| p.default.is_some()) {
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
    let (locals, statics) = (names.bound.keys().cloned().collect(), statics.collect());
    let Names { used, outer, mut nested, .. } = names;
    nested.iter_mut().for_each(|inner| inner.parent = Some(key));
    uses.insert(key, used);
    let (params, body) = (Arc::new(params), Arc::new(body));
    scopes.funcs.insert(
        key,
        Scope { parent, name, span, params, locals, statics, captures: Vec::new(), outer, body },
    );
    nested
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Binding {
    Variable,
    /// Bound once, by the nested function that starts there.
    Function(u32),
}

/// Names that a body binds and uses, and the functions nested in it.
#[derive(Default)]
struct Names {
    bound: HashMap<Name, Binding>,
    used: HashSet<Name>,
    outer: Vec<(Name, Span, bool)>,
    nested: Vec<Source>,
    aliases: Aliases,
}

impl Names {
    fn bind(&mut self, name: &Name, function: Option<u32>) {
        let fresh = !self.bound.contains_key(name);
        let binding = match function {
            Some(lo) if fresh => Binding::Function(lo),
            _ => Binding::Variable,
        };
        self.bound.insert(name.clone(), binding);
    }

    fn nest(&mut self, lo: u32, name: Name, span: Span, params: &Parameters, body: Body) {
        self.nested.push(Source { parent: None, key: Some(lo), name, span, params: params.clone(), body });
    }

    fn block(&mut self, stmts: &[Stmt], outermost: bool) {
        for s in stmts {
            self.stmt(s, outermost);
            for block in children::blocks(s) {
                self.block(block, false);
            }
        }
    }

    fn stmt(&mut self, s: &Stmt, outermost: bool) {
        children::expressions(s, &mut |e| self.expr(e));
        match &s.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| self.target(t)),
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => self.target(target),
            StmtKind::For(f) => self.target(&f.target),
            StmtKind::Match(m) => {
                for case in &m.cases {
                    children::captures(&case.pattern, &mut |name| self.bind(&name.name, None));
                }
            }
            StmtKind::With(w) => {
                w.items.iter().filter_map(|i| i.target.as_ref()).for_each(|t| self.target(t))
            }
            StmtKind::FunctionDef(f) => {
                let lo = f.name.span.lo;
                self.bind(&f.name.name, outermost.then_some(lo));
                self.nest(lo, f.name.name.clone(), s.span, &f.params, Body::Block(f.body.clone()));
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
            ExprKind::Name(name) => {
                let name = self.aliases.get(&t.span.lo).unwrap_or(name).clone();
                self.bind(&name, None);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| self.target(i)),
            ExprKind::Starred(inner) => self.target(inner),
            _ => {}
        }
    }

    fn expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Name(name) => {
                let name = self.aliases.get(&e.span.lo).unwrap_or(name);
                self.used.insert(name.clone());
            }
            ExprKind::Generator { element, generators } | ExprKind::ListComp { element, generators } => {
                for g in generators {
                    self.expr(&g.iter);
                    self.target(&g.target);
                    g.conditions.iter().for_each(|c| self.expr(c));
                }
                self.expr(element);
            }
            ExprKind::Named { target, .. } => self.bind(&target.name, None),
            ExprKind::Lambda { params, body } => {
                let body = Body::Expr((**body).clone());
                self.nest(e.span.lo, "<lambda>".into(), e.span, params, body);
            }
            _ => {}
        }
        children::operands(e, &mut |child| self.expr(child));
    }
}

#[cfg(test)]
mod tests {
    use crate::lower::lower_kernel;
    use crate::options::Options;
    use crate::test_world::TestWorld;

    #[test]
    fn functions_nest_to_any_depth() {
        let text = "def f(x: int):\n    def outer(a):\n        def inner(b):\n            return a * b + x\n        return inner(a) + inner(x)\n    return outer(2)\n";
        let (world, _) = TestWorld::new("test.py", text);
        let kernel = world.last_kernel().unwrap();
        let types = world.annotated_types(kernel).unwrap();
        let (lowered, diagnostics) =
            lower_kernel(&world, &world.sources, kernel, &types, &Options::default());
        assert!(lowered.is_some(), "{diagnostics:?}");
    }
}

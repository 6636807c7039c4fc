//! Functions, classes and generators inside a function.
//!
//! They are Python functions of code that the host has, with cells for the variables that they share with the function
//! around them. Which variables these are the code says; they are found before anything is lowered.

use std::collections::HashSet;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_syntax::ast::expr::{Comprehension, Expr, ExprKind};
use ungil_syntax::ast::name::Ident;
use ungil_syntax::ast::parameter::Parameters;
use ungil_syntax::ast::stmt::{ClassDef, FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_stmt};

use super::consume::is_consumed;
use super::entries::Entry;
use super::function::Lowerer;
use super::store::Names;
use super::value::{Obj, Val};
use super::{Constant, Result, TABLE_HEAD, refuse};

/// What a function is made of.
#[derive(Clone, Debug)]
pub enum Body {
    Function(Box<FunctionDef>),
    Lambda(Box<Parameters>, Box<Expr>),
    /// A class or a generator, which run as Python.
    Other,
}

/// Something inside a function for which the host has code.
#[derive(Clone, Debug)]
pub struct Place {
    /// As Python names its code.
    pub name: String,
    /// From its first decorator to its name, or the expression that it gives.
    pub span: Span,
    pub body: Body,
}

/// Its code.
#[derive(Clone, Debug)]
pub struct Code {
    /// The host's number of it.
    pub number: usize,
    /// The variables that it shares, in the order of its cells.
    pub free: Vec<String>,
}

fn of_function(def: &FunctionDef) -> Place {
    Place {
        name: def.name.name.to_string(),
        span: head(&def.name, &def.decorators),
        body: Body::Function(Box::new(def.clone())),
    }
}

fn of_class(def: &ClassDef) -> Place {
    Place { name: def.name.name.to_string(), span: head(&def.name, &def.decorators), body: Body::Other }
}

fn of_lambda(params: &Parameters, body: &Expr) -> Place {
    let own = Body::Lambda(Box::new(params.clone()), Box::new(body.clone()));
    Place { name: "<lambda>".to_owned(), span: body.span, body: own }
}

fn of_generator(element: &Expr) -> Place {
    Place { name: "<genexpr>".to_owned(), span: element.span, body: Body::Other }
}

fn head(name: &Ident, decorators: &[Expr]) -> Span {
    Span { lo: decorators.first().map_or(name.span.lo, |d| d.span.lo), ..name.span }
}

/// Finds what is inside a function.
struct Found<'a> {
    places: Vec<Place>,
    is_builtin: &'a dyn Fn(&str) -> bool,
}

impl Found<'_> {
    fn defaults(&mut self, params: &Parameters) {
        params.iter().filter_map(|p| p.default.as_ref()).for_each(|e| self.visit_expr(e));
    }
}

impl Visitor for Found<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                self.places.push(of_function(def));
                def.decorators.iter().for_each(|e| self.visit_expr(e));
                self.defaults(&def.params);
            }
            StmtKind::ClassDef(def) => {
                self.places.push(of_class(def));
                let keywords = def.keywords.iter().map(|k| &k.value);
                def.decorators.iter().chain(&def.bases).chain(keywords).for_each(|e| self.visit_expr(e));
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Lambda { params, body } => {
                self.places.push(of_lambda(params, body));
                self.defaults(params);
            }
            ExprKind::Generator { element, generators } => {
                self.places.push(of_generator(element));
                generators.iter().take(1).for_each(|g| self.visit_expr(&g.iter));
            }
            ExprKind::Call(call) if is_consumed(call, self.is_builtin) => {
                self.visit_expr(&call.func);
                if let ExprKind::Generator { .. } = &call.args[0].kind {
                    walk_expr(self, &call.args[0]);
                }
                call.args[1..].iter().for_each(|e| self.visit_expr(e));
                call.keywords.iter().for_each(|k| self.visit_expr(&k.value));
            }
            _ => walk_expr(self, e),
        }
    }
}

impl Lowerer<'_> {
    /// The variables that functions inside this one share with it.
    pub(super) fn captured(&mut self, params: &[String], names: &Names) -> Result<HashSet<String>> {
        let declared = &self.source.c.vars;
        let is_own = |name: &str| {
            params.iter().any(|p| p == name) || names.bound.contains(name) || declared.contains_key(name)
        };
        let is_builtin = |name: &str| !is_own(name) && self.is_builtin(name);
        let mut found = Found { places: Vec::new(), is_builtin: &is_builtin };
        walk_body(&mut found, &self.source.def.body);
        let (mut cells, mut seen_by_python) = (HashSet::new(), HashSet::new());
        for place in &found.places {
            let Some(code) = (self.source.inner)(place) else { return refuse("a function inside") };
            if matches!(place.body, Body::Other) {
                seen_by_python.extend(code.free.iter().cloned());
            }
            cells.extend(code.free.into_iter().filter(|name| is_own(name)));
        }
        self.seen_by_python = seen_by_python;
        Ok(cells)
    }

    /// The names that functions inside expressions of a comprehension share with what is around them.
    pub(super) fn captured_in(&self, generators: &[Comprehension], elements: &[&Expr]) -> HashSet<String> {
        let is_builtin = |name: &str| self.is_builtin(name);
        let mut found = Found { places: Vec::new(), is_builtin: &is_builtin };
        elements.iter().for_each(|e| found.visit_expr(e));
        for (k, generator) in generators.iter().enumerate() {
            generator.conditions.iter().for_each(|e| found.visit_expr(e));
            if k > 0 {
                found.visit_expr(&generator.iter);
            }
        }
        found
            .places
            .iter()
            .filter_map(|place| (self.source.inner)(place))
            .flat_map(|code| code.free)
            .collect()
    }

    /// The code of something inside: its number in the table, and its cells.
    fn code_at(&mut self, place: &Place) -> Result<(Value, Option<Obj>)> {
        let Some(code) = (self.source.inner)(place) else { return refuse("a function inside") };
        let mut cells = Vec::new();
        for name in &code.free {
            let Some(local) = self.local(name).filter(|l| l.cell.is_some()) else {
                return refuse("a function inside that shares a variable which has no cell");
            };
            let value = self.b().get(local.var);
            cells.push(Obj { value, temp: None });
        }
        let cells = if cells.is_empty() { None } else { Some(self.collect(Entry::Tuple, &cells, 1)) };
        let number = self.constant_number(Constant::Code(code.number));
        debug_assert!(number >= TABLE_HEAD);
        Ok((self.word(number as i64), cells))
    }

    fn function_of(&mut self, place: &Place, params: &Parameters, annotations: Option<Obj>) -> Result<Obj> {
        let (mut defaults, mut keywords) = (Vec::new(), Vec::new());
        for param in params.posonly.iter().chain(&params.regular) {
            if let Some(default) = &param.default {
                defaults.push(default.clone());
            }
        }
        for param in &params.kwonly {
            if let Some(default) = &param.default {
                keywords.push((&param.name.name, default));
            }
        }
        let mut held = Vec::new();
        if !defaults.is_empty() {
            let value = self.tuple(&defaults)?;
            held.push((0, self.object(value)?));
        }
        if !keywords.is_empty() {
            let dict = self.collect(Entry::Dict, &[], 2);
            for (name, default) in keywords {
                let name = self.name(name);
                let value = self.obj(default)?;
                self.status_from(Entry::DictSet, &[dict.value, name, value.value], &[value]);
            }
            held.push((1, dict));
        }
        let (number, cells) = self.code_at(place)?;
        held.extend(cells.map(|cells| (2, cells)));
        held.extend(annotations.map(|annotations| (3, annotations)));
        let zero = self.word(0);
        let mut given = [zero; 4];
        for (at, obj) in &held {
            given[*at] = obj.value;
        }
        let table = self.table;
        let objs: Vec<Obj> = held.into_iter().map(|(_, obj)| obj).collect();
        let args = [table, number, given[0], given[1], given[2], given[3]];
        Ok(self.make_from(Entry::MakeFunction, &args, &objs))
    }

    pub(super) fn lambda(&mut self, params: &Parameters, body: &Expr) -> Result<Val> {
        Ok(Val::Obj(self.function_of(&of_lambda(params, body), params, None)?))
    }

    /// A generator expression that goes somewhere else.
    pub(super) fn generator_object(&mut self, element: &Expr, generators: &[Comprehension]) -> Result<Val> {
        let Some(first) = generators.first().filter(|g| !g.is_async) else {
            return refuse("an asynchronous generator");
        };
        let function = self.function_of(&of_generator(element), &Parameters::default(), None)?;
        let iterable = self.obj(&first.iter)?;
        let iterator = self.make_from(Entry::GetIter, &[iterable.value], &[iterable]);
        let address = self.arguments(&[iterator.value]);
        let (one, zero) = (self.word(1), self.word(0));
        let args = [function.value, address, one, zero];
        Ok(Val::Obj(self.make_from(Entry::Call, &args, &[function, iterator])))
    }

    fn decorators(&mut self, decorators: &[Expr]) -> Result<Vec<Obj>> {
        let mut objs = Vec::new();
        for decorator in decorators {
            objs.push(self.obj(decorator)?);
        }
        Ok(objs)
    }

    fn decorated(&mut self, name: &str, decorators: Vec<Obj>, made: Obj) -> Result<()> {
        let mut made = made;
        for decorator in decorators.into_iter().rev() {
            let address = self.arguments(&[made.value]);
            let (one, zero) = (self.word(1), self.word(0));
            let args = [decorator.value, address, one, zero];
            made = self.make_from(Entry::Call, &args, &[made, decorator]);
        }
        self.store_name(name, Val::Obj(made))
    }

    /// A dictionary of annotations, which are their texts.
    fn annotations(&mut self, def: &FunctionDef) -> Result<Option<Obj>> {
        let params = def.params.iter().filter_map(|p| Some((&*p.name.name, p.annotation.as_ref()?)));
        let found: Vec<(&str, &Expr)> = params.chain(def.returns.as_ref().map(|e| ("return", e))).collect();
        if found.is_empty() {
            return Ok(None);
        }
        let dict = self.collect(Entry::Dict, &[], 2);
        for (name, annotation) in found {
            let text = (self.source.text)(annotation.span);
            let (name, text) = (self.name(name), self.constant(Constant::Str(text)).value);
            self.status_from(Entry::DictSet, &[dict.value, name, text], &[]);
        }
        Ok(Some(dict))
    }

    pub(super) fn nested_function(&mut self, def: &FunctionDef) -> Result<()> {
        if !def.type_params.is_empty() {
            return refuse("a generic function");
        }
        let decorators = self.decorators(&def.decorators)?;
        let annotations = self.annotations(def)?;
        let mut made = self.function_of(&of_function(def), &def.params, annotations)?;
        if !decorators.is_empty() {
            // Builtins, which functions with declarations are, take no attributes, which decorators may set.
            let named = self.global("__pyx_named__");
            let address = self.arguments(&[made.value]);
            let (one, zero) = (self.word(1), self.word(0));
            made = self.make_from(Entry::Call, &[named.value, address, one, zero], &[named, made]);
        }
        self.decorated(&def.name.name, decorators, made)
    }

    pub(super) fn class(&mut self, def: &ClassDef) -> Result<()> {
        let is_plain = def.type_params.is_empty() && def.keywords.iter().all(|k| k.name.is_some());
        if !is_plain {
            return refuse("a class of this kind");
        }
        let decorators = self.decorators(&def.decorators)?;
        let bases = self.tuple(&def.bases)?;
        let bases = self.object(bases)?;
        let mut held = vec![bases];
        let mut keywords = self.word(0);
        if !def.keywords.is_empty() {
            let dict = self.collect(Entry::Dict, &[], 2);
            for keyword in &def.keywords {
                let Some(name) = &keyword.name else { continue };
                let name = self.name(&name.name);
                let value = self.obj(&keyword.value)?;
                self.status_from(Entry::DictSet, &[dict.value, name, value.value], &[value]);
            }
            keywords = dict.value;
            held.push(dict);
        }
        let (number, cells) = self.code_at(&of_class(def))?;
        held.extend(cells);
        let zero = self.word(0);
        let (table, name) = (self.table, self.name(&def.name.name));
        let args = [table, number, cells.map_or(zero, |c| c.value), name, bases.value, keywords];
        let made = self.make_from(Entry::BuildClass, &args, &held);
        self.decorated(&def.name.name, decorators, made)
    }
}

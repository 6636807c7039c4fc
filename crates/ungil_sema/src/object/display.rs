//! Tuples, lists, sets, dictionaries, f-strings and comprehensions.

use std::collections::HashMap;

use ungil_ir::entities::Value;
use ungil_syntax::ast::expr::{Comprehension, Conversion, DictItem, Expr, ExprKind, StringPart};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::UnaryOp;

use super::c_loop::Iterable;
use super::convert::{constant_of, declared};
use super::entries::Entry;
use super::function::Lowerer;
use super::store::names_of;
use super::value::{CTy, Obj, Val};
use super::view::is_view;
use super::{Constant, Result, refuse};

/// Displays with more items are built piece by piece.
const MAX_AT_ONCE: usize = 32;

/// What a comprehension makes.
pub(super) enum Into<'a> {
    List(&'a Expr),
    Set(&'a Expr),
    Dict(&'a Expr, &'a Expr),
}

fn has_star(items: &[Expr]) -> bool {
    items.iter().any(|i| matches!(i.kind, ExprKind::Starred(_)))
}

impl Lowerer<'_> {
    /// Items as the arguments of an entry that makes a container.
    fn at_once(&mut self, entry: Entry, items: &[Expr], per: usize) -> Result<Obj> {
        let mut objs = Vec::new();
        for item in items {
            objs.push(self.obj(item)?);
        }
        Ok(self.collect(entry, &objs, per))
    }

    pub(super) fn collect(&mut self, entry: Entry, objs: &[Obj], per: usize) -> Obj {
        let values: Vec<Value> = objs.iter().map(|o| o.value).collect();
        let address = self.arguments(&values);
        let n = self.word((values.len() / per) as i64);
        self.make_from(entry, &[address, n], objs)
    }

    pub(super) fn tuple(&mut self, items: &[Expr]) -> Result<Val> {
        if has_star(items) || items.len() > MAX_AT_ONCE {
            let list = self.list_of(items)?;
            return Ok(Val::Obj(self.make_from(Entry::ListToTuple, &[list.value], &[list])));
        }
        if let Some(constant) = constant_tuple(items) {
            return Ok(Val::Obj(self.constant(constant)));
        }
        Ok(Val::Obj(self.at_once(Entry::Tuple, items, 1)?))
    }

    pub(super) fn list(&mut self, items: &[Expr]) -> Result<Val> {
        Ok(Val::Obj(self.list_of(items)?))
    }

    pub(super) fn list_of(&mut self, items: &[Expr]) -> Result<Obj> {
        if !has_star(items) && items.len() <= MAX_AT_ONCE {
            return self.at_once(Entry::List, items, 1);
        }
        let list = self.collect(Entry::List, &[], 1);
        for item in items {
            let (entry, item) = match &item.kind {
                ExprKind::Starred(inner) => (Entry::ListExtend, self.obj(inner)?),
                _ => (Entry::ListAppend, self.obj(item)?),
            };
            self.status_from(entry, &[list.value, item.value], &[item]);
        }
        Ok(list)
    }

    pub(super) fn set_display(&mut self, items: &[Expr]) -> Result<Val> {
        if !has_star(items) && items.len() <= MAX_AT_ONCE {
            return Ok(Val::Obj(self.at_once(Entry::Set, items, 1)?));
        }
        let set = self.collect(Entry::Set, &[], 1);
        for item in items {
            let (entry, item) = match &item.kind {
                ExprKind::Starred(inner) => (Entry::SetUpdate, self.obj(inner)?),
                _ => (Entry::SetAdd, self.obj(item)?),
            };
            self.status_from(entry, &[set.value, item.value], &[item]);
        }
        Ok(Val::Obj(set))
    }

    pub(super) fn dict(&mut self, items: &[DictItem]) -> Result<Val> {
        let dict = self.collect(Entry::Dict, &[], 2);
        for item in items {
            match &item.key {
                Some(key) => {
                    let key = self.obj(key)?;
                    let value = self.obj(&item.value)?;
                    self.status_from(Entry::DictSet, &[dict.value, key.value, value.value], &[key, value]);
                }
                None => {
                    let more = self.obj(&item.value)?;
                    self.status_from(Entry::DictUpdate, &[dict.value, more.value], &[more]);
                }
            }
        }
        Ok(Val::Obj(dict))
    }

    pub(super) fn fstring(&mut self, parts: &[StringPart]) -> Result<Val> {
        if parts.len() > MAX_AT_ONCE {
            return refuse("a long f-string");
        }
        let mut objs = Vec::new();
        for part in parts {
            match part {
                StringPart::Literal { text, .. } => {
                    let Some(text) = text.as_str() else { return refuse("a string with lone surrogates") };
                    objs.push(self.constant(Constant::Str(text.to_owned())));
                }
                StringPart::Interpolation(i) => {
                    if let Some(text) = &i.debug {
                        let Some(text) = text.as_str() else {
                            return refuse("a string with lone surrogates");
                        };
                        objs.push(self.constant(Constant::Str(text.to_owned())));
                    }
                    let value = self.obj(&i.value)?;
                    let format = match &i.format {
                        Some(parts) => {
                            let spec = self.fstring(parts)?;
                            Some(self.object(spec)?)
                        }
                        None => None,
                    };
                    let conversion = match i.conversion {
                        Some(Conversion::Str) => 1,
                        Some(Conversion::Repr) => 2,
                        Some(Conversion::Ascii) => 3,
                        None if i.debug.is_some() && i.format.is_none() => 2,
                        None => 0,
                    };
                    let (code, zero) = (self.word(conversion), self.word(0));
                    let args = [value.value, format.map_or(zero, |f| f.value), code];
                    let operands: Vec<Obj> = [value].into_iter().chain(format).collect();
                    objs.push(self.make_from(Entry::Format, &args, &operands));
                }
            }
        }
        match objs[..] {
            // As in Python the only part is the whole.
            [only] => Ok(Val::Obj(only)),
            _ => Ok(Val::Obj(self.collect(Entry::Join, &objs, 1))),
        }
    }

    pub(super) fn comprehension(
        &mut self,
        e: &Expr,
        generators: &[Comprehension],
        into: Into<'_>,
    ) -> Result<Val> {
        if generators.iter().any(|g| g.is_async) {
            return refuse("an asynchronous comprehension");
        }
        let entry = match into {
            Into::List(_) => Entry::List,
            Into::Set(_) => Entry::Set,
            Into::Dict(..) => Entry::Dict,
        };
        let made = self.collect(entry, &[], 1);
        let inside = match into {
            Into::List(one) | Into::Set(one) => vec![one],
            Into::Dict(key, value) => vec![key, value],
        };
        self.in_comprehension(generators, &inside, |l, first| {
            l.generator(e, Some(first), generators, &mut |l| l.element(&into, made))
        })?;
        Ok(Val::Obj(made))
    }

    /// Builds loops over generators, whose variables are their own, around expressions.
    pub(super) fn in_comprehension(
        &mut self,
        generators: &[Comprehension],
        inside: &[&Expr],
        build: impl FnOnce(&mut Self, Iterable) -> Result<()>,
    ) -> Result<()> {
        let is_consumed = core::mem::take(&mut self.is_consumed);
        // The first iterable belongs to the function's scope.
        let first = self.iterable(&generators[0])?;
        let mut scope = HashMap::new();
        let mut names = Vec::new();
        for generator in generators {
            names_of(&generator.target, &mut names)?;
        }
        let captured = self.captured_in(generators, inside);
        for name in names {
            if captured.contains(&name) {
                if self.source.c.vars.contains_key(&name) {
                    return refuse(
                        "a function inside that shares a comprehension's variable of a declared name",
                    );
                }
                let cell = self.comprehension_cell(&name);
                scope.insert(name, cell);
                continue;
            }
            let ty = match self.declared_in_comprehension(&name)? {
                Some(ty) if !is_consumed => Some(ty),
                _ => self.letter_of_comprehension(generators, inside, &name),
            };
            let local = self.new_local(&name, ty)?;
            scope.insert(name, local);
        }
        let owned: Vec<_> = scope.values().filter(|l| l.ty.is_none()).map(|l| l.var).collect();
        self.scopes.push(scope);
        self.consumed.push(is_consumed);
        let outer_globals = core::mem::take(&mut self.globals);
        let result = build(self, first);
        self.globals = outer_globals;
        self.scopes.pop();
        self.consumed.pop();
        result?;
        for var in owned {
            let value = self.b().get(var);
            let zero = self.word(0);
            self.b().set(var, zero);
            self.call(Entry::ReleaseMaybe, &[value]);
        }
        Ok(())
    }

    /// The type of a comprehension's variable: that of the function's variable of its name, as in Cython. The variables of
    /// generator expressions have none.
    fn declared_in_comprehension(&self, name: &str) -> Result<Option<CTy>> {
        let ty = match self.source.c.vars.get(name) {
            Some(ty) if !is_view(ty) => declared(ty)?,
            _ => return Ok(None),
        };
        Ok(Some(ty).filter(|ty| !ty.is_address() && !self.taken.contains(name)))
    }

    /// What a comprehension runs over.
    fn iterable(&mut self, generator: &Comprehension) -> Result<Iterable> {
        let e = &generator.iter;
        if let Some((iterable, start)) = self.enumerated(e, &generator.target) {
            return self.obj(iterable).map(|obj| Iterable::Enumerated(obj, start));
        }
        if let Some((iterator, words)) = self.ranged(e)? {
            return Ok(Iterable::Range(iterator, words));
        }
        match self.elements(e)? {
            Some(elements) => Ok(Iterable::Elements(elements)),
            None => self.obj(e).map(Iterable::Obj),
        }
    }

    pub(super) fn generator(
        &mut self,
        e: &Expr,
        first: Option<Iterable>,
        generators: &[Comprehension],
        each: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let Some((generator, rest)) = generators.split_first() else { return each(self) };
        let iterable = match first {
            Some(first) => first,
            None => self.iterable(generator)?,
        };
        self.iterate(e.span, iterable, &generator.target, |l| {
            l.conditions(&generator.conditions, |l| l.generator(e, None, rest, each))?;
            Ok(true)
        })
    }

    fn conditions(&mut self, conditions: &[Expr], then: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let truth = match conditions {
            [] => return then(self),
            [one] => self.cond(one)?,
            [first, ..] => {
                // `if a if b` is `if a and b`.
                let span = first.span;
                let kind = ExprKind::Bool {
                    op: ungil_syntax::ast::operator::BoolOp::And,
                    values: conditions.to_vec(),
                };
                self.cond(&Expr { span, kind })?
            }
        };
        self.branch(
            truth,
            |l| {
                then(l)?;
                Ok(true)
            },
            |_| Ok(true),
        )?;
        Ok(())
    }

    fn element(&mut self, into: &Into<'_>, made: Obj) -> Result<()> {
        match into {
            Into::List(e) => {
                let item = self.obj(e)?;
                let status = self.append_to_list(made.value, item);
                self.fail_if_negative(status);
            }
            Into::Set(e) => {
                let item = self.obj(e)?;
                self.status_from(Entry::SetAdd, &[made.value, item.value], &[item]);
            }
            Into::Dict(key, value) => {
                let key = self.obj(key)?;
                let value = self.obj(value)?;
                self.status_from(Entry::DictSet, &[made.value, key.value, value.value], &[key, value]);
            }
        }
        Ok(())
    }
}

/// A tuple of literals and of such tuples, which is made once.
fn constant_tuple(items: &[Expr]) -> Option<Constant> {
    items.iter().map(constant).collect::<Option<_>>().map(Constant::Tuple)
}

fn constant(e: &Expr) -> Option<Constant> {
    match &e.kind {
        ExprKind::Literal(literal) => constant_of(literal).ok(),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => match &operand.kind {
            ExprKind::Literal(Literal::Int(n)) => n.checked_neg().map(Constant::Int),
            ExprKind::Literal(Literal::Float(x)) => Some(Constant::Float((-x).to_bits())),
            _ => None,
        },
        ExprKind::Tuple(items) => constant_tuple(items),
        _ => None,
    }
}

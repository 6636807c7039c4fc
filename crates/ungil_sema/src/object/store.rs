//! Assignment: targets, and which names a function binds.

use std::collections::{BTreeSet, HashSet};

use ungil_ir::entities::Value;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_stmt};

use super::character::is_char;
use super::entries::Entry;
use super::function::Lowerer;
use super::memory::Place;
use super::typing::{common, is_long};
use super::value::{Local, Obj, Val};
use super::{Meaning, Result, refuse};
use crate::resolve::children::blocks;

/// What a function's names are.
#[derive(Default)]
pub(super) struct Names {
    pub bound: BTreeSet<String>,
    pub globals: HashSet<String>,
    /// Whether expressions bind names.
    pub rebinds: bool,
}

/// The names that statements bind.
pub(super) fn assigned(body: &[Stmt]) -> Result<Names> {
    let mut names = Names::default();
    statements(body, &mut names)?;
    let mut named = Named(Vec::new());
    walk_body(&mut named, body);
    names.rebinds = !named.0.is_empty();
    names.bound.extend(named.0);
    names.bound.retain(|n| !names.globals.contains(n));
    Ok(names)
}

/// Names that expressions bind.
struct Named(Vec<String>);

impl Visitor for Named {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            // Other scopes, but for what is computed where they are defined.
            StmtKind::FunctionDef(def) => {
                def.decorators.iter().for_each(|e| self.visit_expr(e));
                def.params.iter().filter_map(|p| p.default.as_ref()).for_each(|e| self.visit_expr(e));
            }
            StmtKind::ClassDef(def) => {
                def.decorators.iter().chain(&def.bases).for_each(|e| self.visit_expr(e));
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Lambda { params, .. } => {
                params.iter().filter_map(|p| p.default.as_ref()).for_each(|e| self.visit_expr(e));
            }
            ExprKind::Named { target, value } => {
                self.0.push(target.name.to_string());
                self.visit_expr(value);
            }
            _ => walk_expr(self, e),
        }
    }
}

fn statements(body: &[Stmt], names: &mut Names) -> Result<()> {
    body.iter().try_for_each(|s| statement(s, names))
}

fn statement(s: &Stmt, names: &mut Names) -> Result<()> {
    match &s.kind {
        StmtKind::Assign { targets, .. } => targets.iter().try_for_each(|t| target(t, names)),
        StmtKind::AugAssign { target: t, .. } | StmtKind::AnnAssign { target: t, .. } => target(t, names),
        StmtKind::For(f) if !f.is_async => {
            target(&f.target, names)?;
            statements(&f.body, names)?;
            statements(&f.orelse, names)
        }
        StmtKind::With(w) if !w.is_async => {
            for item in &w.items {
                item.target.iter().try_for_each(|t| target(t, names))?;
            }
            statements(&w.body, names)
        }
        StmtKind::Try(t) if !t.is_star => {
            for handler in &t.handlers {
                names.bound.extend(handler.name.iter().map(|n| n.name.to_string()));
            }
            blocks(s).into_iter().try_for_each(|b| statements(b, names))
        }
        StmtKind::Match(m) => {
            for case in &m.cases {
                super::pattern::bound(&case.pattern, &mut |name| {
                    names.bound.insert(name.to_owned());
                });
            }
            blocks(s).into_iter().try_for_each(|b| statements(b, names))
        }
        StmtKind::Import(aliases) => {
            for alias in aliases {
                let name = alias.asname.as_ref().map_or(&alias.name, |n| &n.name);
                names.bound.insert(name.split('.').next().unwrap_or(name).to_owned());
            }
            Ok(())
        }
        StmtKind::ImportFrom(from) => {
            for alias in &from.names {
                names.bound.insert(alias.asname.as_ref().map_or(&alias.name, |n| &n.name).to_string());
            }
            Ok(())
        }
        StmtKind::Global(list) => {
            names.globals.extend(list.iter().map(|n| n.name.to_string()));
            Ok(())
        }
        StmtKind::Delete(list) => list.iter().try_for_each(|t| target(t, names)),
        StmtKind::FunctionDef(def) => {
            names.bound.insert(def.name.name.to_string());
            Ok(())
        }
        StmtKind::ClassDef(def) => {
            names.bound.insert(def.name.name.to_string());
            Ok(())
        }
        StmtKind::While(_) | StmtKind::If(_) => blocks(s).into_iter().try_for_each(|b| statements(b, names)),
        StmtKind::Expr(_) | StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Assert { .. } => Ok(()),
        StmtKind::Pass | StmtKind::Break | StmtKind::Continue | StmtKind::Nonlocal(_) => Ok(()),
        _ => refuse("a statement of this kind"),
    }
}

fn target(t: &Expr, names: &mut Names) -> Result<()> {
    let mut found = Vec::new();
    names_of(t, &mut found)?;
    names.bound.extend(found);
    Ok(())
}

/// The names in a target.
pub(super) fn names_of(t: &Expr, out: &mut Vec<String>) -> Result<()> {
    match &t.kind {
        ExprKind::Name(name) => out.push(name.to_string()),
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            items.iter().try_for_each(|i| names_of(i, out))?;
        }
        ExprKind::Starred(inner) => names_of(inner, out)?,
        ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {}
        _ => return refuse("this target"),
    }
    Ok(())
}

impl Lowerer<'_> {
    /// Assigns; a temporary is given up.
    pub(super) fn store(&mut self, t: &Expr, value: Val) -> Result<()> {
        self.no_field(t)?;
        match &t.kind {
            ExprKind::Name(name) => self.store_name(name, value),
            ExprKind::Subscript { value: view, index } if self.is_view_item(view, index) => {
                self.store_view(t, view, index, value).map(drop)
            }
            _ if self.place_type(t).is_some() => self.store_c(t, value),
            _ if self.store_slice(t, None, &value)? => Ok(()),
            ExprKind::Attribute { value: object, attr } => {
                let value = self.object(value)?;
                let object = self.obj(object)?;
                let name = self.name(&attr.name);
                self.at(t.span);
                self.status_from(Entry::SetAttr, &[object.value, name, value.value], &[object, value]);
                Ok(())
            }
            ExprKind::Subscript { value: object, index } => {
                if let Some(element) = self.element_of_part(object) {
                    return self.fill_part(t, (object, index), value, &element);
                }
                let value = self.object(value)?;
                let object = self.obj(object)?;
                let index = self.expr(index)?;
                self.at(t.span);
                self.store_item(object, index, value, true)
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                let value = self.object(value)?;
                self.unpack(t, items, value)
            }
            _ => refuse("this target"),
        }
    }

    /// `object[index] = value`; `object` is given up if it is said.
    pub(super) fn store_item(&mut self, object: Obj, index: Val, value: Obj, last: bool) -> Result<()> {
        if let Some(number) = self.integer(&index) {
            let status = self.set_item_at(object.value, number, value);
            if last {
                self.drop_obj(object);
            }
            self.fail_if_negative(status);
            return Ok(());
        }
        let mut operands = vec![value];
        operands.extend(last.then_some(object));
        let key = self.object(index)?;
        operands.push(key);
        self.status_from(Entry::SetItem, &[object.value, key.value, value.value], &operands);
        Ok(())
    }

    pub(super) fn store_name(&mut self, name: &str, value: Val) -> Result<()> {
        if self.globals.contains(name) {
            if (self.source.meaning)(name) == Meaning::Other {
                return refuse("a variable of C of the module");
            }
            let value = self.of_class(name, value)?;
            let value = self.object(value)?;
            let (table, text) = (self.table, self.name(name));
            self.status_from(Entry::SetGlobal, &[table, text, value.value], &[value]);
            return Ok(());
        }
        let Some(local) = self.local(name) else { return refuse("a name that is not bound here") };
        let Some(value) = self.assign_view(name, value)? else { return Ok(()) };
        let value = self.of_class(name, value)?;
        if local.cell.is_some() && local.memory.is_none() {
            let value = match &local.ty {
                Some(ty) => Val::C(self.number(value, ty)?, ty.clone()),
                None => value,
            };
            let (obj, cell) = (self.object(value)?, self.b().get(local.var));
            self.set_cell(cell, obj);
            return Ok(());
        }
        if let Some(ty) = &local.ty {
            if let Some(address) = local.memory {
                return self.store_place(&Place { address, ty: ty.clone(), is_const: false }, value);
            }
            let value = self.number(value, ty)?;
            self.b().set(local.var, value);
            return Ok(());
        }
        let obj = self.object(value)?;
        let value = self.own(obj);
        let old = self.b().get(local.var);
        self.b().set(local.var, value);
        self.call(Entry::ReleaseMaybe, &[old]);
        Ok(())
    }

    /// A value that is assigned to a variable of one class of Python's, or is the result of a function that declares one.
    pub(super) fn of_class(&mut self, name: &str, value: Val) -> Result<Val> {
        let scope = self.scopes.iter().skip(1).rposition(|scope| scope.contains_key(name));
        let is_free = scope.is_some_and(|at| self.consumed[at]);
        let Some(class) = self.source.c.classes.get(name).filter(|class| !is_free && *class != "object")
        else {
            return Ok(value);
        };
        let obj = self.object(value)?;
        let none = self.word(0);
        self.check_class(obj.value, class, false, none);
        Ok(Val::Obj(obj))
    }

    /// Assigns a place of C.
    fn store_c(&mut self, t: &Expr, value: Val) -> Result<()> {
        // What is assigned may lie where computing the place writes to.
        let Some(place) = self.place(t)? else { return refuse("this target") };
        self.at(t.span);
        self.store_place(&place, value)
    }

    fn unpack(&mut self, t: &Expr, items: &[Expr], value: Obj) -> Result<()> {
        self.at(t.span);
        let star = items.iter().position(|i| matches!(i.kind, ExprKind::Starred(_)));
        let address = self.scratch(items.len());
        match star {
            Some(at) => {
                let (before, after) = (self.word(at as i64), self.word((items.len() - at - 1) as i64));
                self.status_from(Entry::UnpackStar, &[value.value, before, after, address], &[value]);
            }
            None => {
                let status = self.unpack_to(value.value, items.len(), address);
                self.drop_obj(value);
                self.fail_if_negative(status);
            }
        }
        self.store_parts(items, address)
    }

    /// Stores objects that lie at an address, which owns them.
    pub(super) fn store_parts(&mut self, items: &[Expr], address: Value) -> Result<()> {
        let mut parts = Vec::new();
        for i in 0..items.len() {
            let part = self.load(address, i);
            parts.push(self.keep(part));
        }
        for (item, part) in items.iter().zip(parts) {
            let item = match &item.kind {
                ExprKind::Starred(inner) => inner,
                _ => item,
            };
            self.store(item, Val::Obj(part))?;
        }
        Ok(())
    }

    pub(super) fn augment(&mut self, t: &Expr, op: BinaryOp, value_of: &Expr) -> Result<()> {
        match &t.kind {
            ExprKind::Subscript { value, index } if self.is_view_item(value, index) && !is_call(index) => {
                let old = self.expr(t)?;
                let new = self.combine(t, op, old, value_of)?;
                self.store(t, new)
            }
            ExprKind::Name(name) => {
                let old = self.expr(t)?;
                if let (Val::Obj(Obj { value: old, temp: None }), BinaryOp::Add) = (&old, op)
                    && self.is_plain_object(name)
                    && !rebinds(value_of)
                {
                    return self.add_to_own(t, name, *old, value_of);
                }
                let new = self.combine(t, op, old, value_of)?;
                self.store(t, new)
            }
            _ if self.place_type(t).is_some() => {
                let Some(place) = self.place(t)? else { return refuse("this target") };
                let old = self.load_place(&place);
                let new = self.combine(t, op, old, value_of)?;
                self.store_place(&place, new)
            }
            ExprKind::Attribute { value: object, attr } => {
                let object = self.obj(object)?;
                let object = self.keep_own(object);
                let name = self.name(&attr.name);
                let old = self.make(Entry::GetAttr, &[object.value, name]);
                let new = self.combine(t, op, Val::Obj(old), value_of)?;
                let new = self.object(new)?;
                self.status_from(Entry::SetAttr, &[object.value, name, new.value], &[new, object]);
                Ok(())
            }
            ExprKind::Subscript { value: object, index } => {
                let object = self.obj(object)?;
                let object = self.keep_own(object);
                let index = self.expr(index)?;
                let (index, again, held) = match self.integer(&index) {
                    Some(_) => (index.clone(), index, None),
                    None => {
                        let key = self.object(index)?;
                        let key = self.keep_own(key);
                        let again = Obj { value: key.value, temp: None };
                        (Val::Obj(again), Val::Obj(again), Some(key))
                    }
                };
                let old = match self.integer(&index) {
                    Some(number) => self.make(Entry::GetItemInt, &[object.value, number]),
                    None => {
                        let key = self.object(index)?;
                        self.make(Entry::GetItem, &[object.value, key.value])
                    }
                };
                let new = self.combine(t, op, Val::Obj(old), value_of)?;
                let new = self.object(new)?;
                self.store_item(object, again, new, true)?;
                held.into_iter().for_each(|key| self.drop_obj(key));
                Ok(())
            }
            _ => refuse("this target"),
        }
    }

    /// Whether a name is a variable of this function that holds any object, and nothing else sees.
    fn is_plain_object(&self, name: &str) -> bool {
        let is_plain = |local: &Local| local.ty.is_none() && local.cell.is_none() && local.memory.is_none();
        !self.globals.contains(name)
            && !self.source.c.classes.contains_key(name)
            && self.local(name).is_some_and(|local| is_plain(&local))
    }

    /// `name += value` of objects: the variable's reference is given up for the sum, so that a string that nobody else holds
    /// grows where it lies.
    fn add_to_own(&mut self, t: &Expr, name: &str, old: Value, value: &Expr) -> Result<()> {
        let right = self.obj(value)?;
        self.at(t.span);
        let sum = self.make_from(Entry::AddToOwn, &[old, right.value], &[right]);
        let sum = self.own(sum);
        if let Some(local) = self.local(name) {
            self.b().set(local.var, sum);
        }
        Ok(())
    }

    fn combine(&mut self, t: &Expr, op: BinaryOp, old: Val, value: &Expr) -> Result<Val> {
        if let Val::C(_, ty) = &old
            && ty.is_address()
        {
            let right = self.expr(value)?;
            self.at(t.span);
            return self.pointer_binary(op, old, right);
        }
        if let Val::C(left, ty) = &old
            && self.is_c(value)
            && !is_char(ty)
            && (!is_long(&self.kind(value)) || ty.dtype().is_float())
        {
            let right = self.expr(value)?;
            let right = self.c_operand(right)?;
            self.at(t.span);
            if op == BinaryOp::Pow {
                // As if it were assigned to the target.
                let inferred = self.power_type((ty, t), (&right.1, value));
                let is_own = inferred.is_some_and(|inferred| inferred.dtype() == ty.dtype());
                let of = if is_own { ty.clone() } else { common(ty, &right.1) };
                return self.c_power(*left, right.0, &of);
            }
            return self.c_binary(op, (*left, ty.clone()), right);
        }
        let old = self.object(old)?;
        let right = self.obj(value)?;
        self.at(t.span);
        Ok(Val::Obj(self.binary_objects(op, old, right, true)))
    }

    pub(super) fn delete(&mut self, t: &Expr) -> Result<()> {
        self.at(t.span);
        match &t.kind {
            ExprKind::Name(name) if self.globals.contains(&**name) => {
                let (table, text) = (self.table, self.name(name));
                self.status(Entry::DelGlobal, &[table, text]);
            }
            ExprKind::Name(name) => {
                let local =
                    self.local(name).filter(|l| l.ty.is_none() && (!l.is_borrowed || l.cell.is_some()));
                let Some(local) = local else { return refuse("`del` of this variable") };
                // An unbound one raises.
                if let Val::Obj(obj) = self.expr(t)? {
                    self.drop_obj(obj);
                }
                if local.cell.is_some() {
                    let (cell, zero) = (self.b().get(local.var), self.word(0));
                    self.call(Entry::CellSet, &[cell, zero]);
                    return Ok(());
                }
                let old = self.b().get(local.var);
                let zero = self.word(0);
                self.b().set(local.var, zero);
                self.call(Entry::ReleaseMaybe, &[old]);
            }
            ExprKind::Attribute { value, attr } => {
                let object = self.obj(value)?;
                let name = self.name(&attr.name);
                self.status_from(Entry::DelAttr, &[object.value, name], &[object]);
            }
            ExprKind::Subscript { value, index } => {
                let object = self.obj(value)?;
                let key = self.obj(index)?;
                self.status_from(Entry::DelItem, &[object.value, key.value], &[object, key]);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().try_for_each(|i| self.delete(i))?;
            }
            _ => return refuse("this target"),
        }
        Ok(())
    }
}

/// Whether computing an index may do anything: it would be done twice.
/// Whether an expression may bind names.
fn rebinds(e: &Expr) -> bool {
    struct Search(bool);
    impl Visitor for Search {
        fn visit_expr(&mut self, e: &Expr) {
            self.0 |= matches!(e.kind, ExprKind::Named { .. });
            walk_expr(self, e);
        }
    }
    let mut search = Search(false);
    search.visit_expr(e);
    search.0
}

fn is_call(index: &Expr) -> bool {
    match &index.kind {
        ExprKind::Name(_) | ExprKind::Literal(_) => false,
        ExprKind::Tuple(items) => items.iter().any(is_call),
        ExprKind::Binary { left, right, .. } => is_call(left) || is_call(right),
        ExprKind::Unary { operand, .. } => is_call(operand),
        _ => true,
    }
}

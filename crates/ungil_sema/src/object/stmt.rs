//! Statements.

use std::sync::Arc;

use ungil_ir::types::Type;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::stmt::{If, IfBranch, Stmt, StmtKind};

use super::function::Lowerer;
use super::lock::of_block;
use super::memory::Place;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Result, refuse};
use crate::ctype::CType;
use crate::cython::CFunction;

impl Lowerer<'_> {
    /// Lowers statements; returns whether control goes on behind them.
    pub(super) fn block(&mut self, body: &[Stmt]) -> Result<bool> {
        for stmt in body {
            if !self.stmt(stmt)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn stmt(&mut self, s: &Stmt) -> Result<bool> {
        self.at(s.span);
        match &s.kind {
            StmtKind::Pass | StmtKind::Global(_) | StmtKind::Nonlocal(_) => {}
            // The documentation, and constants that stand for nothing.
            StmtKind::Expr(e) if matches!(e.kind, ExprKind::Literal(_)) => {}
            StmtKind::Expr(e) if self.append_statement(e)? => {}
            StmtKind::Expr(e) => {
                if let Val::Obj(obj) = self.expr(e)? {
                    self.drop_obj(obj);
                }
            }
            StmtKind::Assign { targets, value: of } => {
                let value = of;
                if let [target] = targets.as_slice()
                    && (self.store_side_by_side(target, value)? || self.copy_slice(target, value)?)
                {
                    return Ok(true);
                }
                let value = self.assigned_value(&targets[0], value)?;
                match targets.as_slice() {
                    [target] => {
                        self.store(target, value)?;
                        self.share_base(target, of)?;
                    }
                    _ => self.store_all(targets, value)?,
                }
            }
            StmtKind::AnnAssign { target, value, .. } => {
                if let Some(value) = value {
                    let value = self.assigned_value(target, value)?;
                    self.store(target, value)?;
                }
            }
            StmtKind::AugAssign { target, op, value } => self.augment(target, *op, value)?,
            StmtKind::Return(value) => {
                let value = match value {
                    Some(e) => {
                        let value = self.result_value(e)?;
                        self.of_class("return", value)?
                    }
                    None => Val::Literal(Literal::None),
                };
                self.leave_with(value)?;
                return Ok(false);
            }
            StmtKind::If(i) => return self.if_stmt(i),
            StmtKind::While(w) => self.while_loop(w)?,
            StmtKind::For(f) => self.for_loop(f)?,
            StmtKind::Break | StmtKind::Continue => {
                self.jump(matches!(s.kind, StmtKind::Break))?;
                return Ok(false);
            }
            StmtKind::Delete(targets) => targets.iter().try_for_each(|t| self.delete(t))?,
            StmtKind::Raise { exc, cause } => {
                self.raise(exc.as_ref(), cause.as_ref())?;
                return Ok(false);
            }
            StmtKind::Try(t) => self.try_stmt(t)?,
            StmtKind::With(w) => self.with_stmt(w)?,
            StmtKind::Import(aliases) => self.import(aliases)?,
            StmtKind::ImportFrom(from) => self.import_from(from)?,
            StmtKind::Assert { test, msg } => self.assert(test, msg.as_ref())?,
            StmtKind::FunctionDef(def) => self.nested_function(def)?,
            StmtKind::ClassDef(def) => self.class(def)?,
            StmtKind::Match(m) => return self.match_stmt(m),
            _ => return refuse("a statement of this kind"),
        }
        Ok(true)
    }

    /// `a, b = x, y`: all values are computed, then assigned one by one.
    fn store_side_by_side(&mut self, target: &Expr, value: &Expr) -> Result<bool> {
        let (ExprKind::Tuple(targets), ExprKind::Tuple(values)) = (&target.kind, &value.kind) else {
            return Ok(false);
        };
        let is_plain = |items: &[Expr]| !items.iter().any(|i| matches!(i.kind, ExprKind::Starred(_)));
        if targets.len() != values.len() || !is_plain(targets) || !is_plain(values) {
            return Ok(false);
        }
        let mut computed = Vec::new();
        for (target, value) in targets.iter().zip(values) {
            let value = self.expr(value)?;
            computed.push(match (value, self.kind(target)) {
                // Each is converted as soon as it is computed.
                (value, Kind::C(ty)) if !ty.is_aggregate() => Val::C(self.number(value, &ty)?, ty),
                (value, _) => self.kept(value)?,
            });
        }
        for (target, value) in targets.iter().zip(computed) {
            self.store(target, value)?;
        }
        Ok(true)
    }

    /// A value for the result.
    fn result_value(&mut self, e: &Expr) -> Result<Val> {
        let Some(Some(ty)) = self.ret.clone() else { return self.expr(e) };
        // Each of two functions has an address, both have no common object.
        if matches!(e.kind, ExprKind::Conditional { .. }) {
            return self.value_for(&ty, e);
        }
        match self.power_as(e, &ty)? {
            Some(power) => Ok(power),
            None => self.expr(e),
        }
    }

    /// A value for a target.
    fn assigned_value(&mut self, target: &Expr, value: &Expr) -> Result<Val> {
        match (self.kind(target), &value.kind) {
            (Kind::C(ty), _) => self.value_for(&ty, value),
            (_, ExprKind::List(items)) => match self.slice_element(target) {
                Some(element) => self.array_display(&element, items),
                None => self.expr(value),
            },
            _ => self.expr(value),
        }
    }

    /// A value for a place of a type of C: a list that is written out has the fields of a struct or the elements of an array.
    fn value_for(&mut self, ty: &CTy, value: &Expr) -> Result<Val> {
        let is_plain = |items: &[Expr]| !items.iter().any(|i| matches!(i.kind, ExprKind::Starred(_)));
        match (ty, &value.kind) {
            (CTy::C(ty @ CType::Struct(_), _), ExprKind::List(items)) => {
                let call = Call { func: value.clone(), args: items.clone(), keywords: Vec::new() };
                self.make_struct(&call, ty)
            }
            (CTy::C(CType::Array(element, n), _), ExprKind::List(items))
                if items.len() as u64 == *n && is_plain(items) =>
            {
                let element = self.complete(element);
                self.array_display(&element, items)
            }
            (CTy::C(CType::Pointer(to), _), ExprKind::List(items))
                if is_plain(items) && !items.is_empty() =>
            {
                let element = self.complete(&to.to);
                self.array_display(&element, items)
            }
            (CTy::C(CType::Pointer(_), _), ExprKind::Conditional { test, body, orelse })
                if self.kind(value) == Kind::Object =>
            {
                self.either(test, [body, orelse], ty)
            }
            _ => match self.power_as(value, ty)? {
                Some(power) => Ok(power),
                None => self.expr(value),
            },
        }
    }

    /// A list that is written out as an array of C.
    fn array_display(&mut self, element: &CType, items: &[Expr]) -> Result<Val> {
        let whole = CType::Array(Arc::new(element.clone()), items.len() as u64);
        let (address, ty) = (self.frame_memory(&whole)?, CTy::of(element));
        let Some(size) = element.size() else { return refuse("an array of elements of unknown size") };
        for (k, item) in items.iter().enumerate() {
            let value = self.value_for(&ty, item)?;
            self.at(item.span);
            let at = self.offset(address, k as u64 * size);
            self.store_place(&Place { address: at, ty: ty.clone(), is_const: false }, value)?;
        }
        Ok(Val::C(address, CTy::of(&whole)))
    }

    /// `x if test else y`, both as values of a type of C.
    fn either(&mut self, test: &Expr, branches: [&Expr; 2], ty: &CTy) -> Result<Val> {
        let truth = self.cond(test)?;
        let var = self.func.new_var("choice", Type::Scalar(ty.dtype()));
        let [then, otherwise] = branches.map(|e| {
            move |l: &mut Self| {
                let value = l.expr(e)?;
                let value = l.number(value, ty)?;
                l.b().set(var, value);
                Ok(true)
            }
        });
        self.branch(truth, then, otherwise)?;
        Ok(Val::C(self.b().get(var), ty.clone()))
    }

    /// A value that assignments do not change.
    fn kept(&mut self, value: Val) -> Result<Val> {
        match value {
            Val::Obj(obj) => Ok(Val::Obj(self.keep_own(obj))),
            other => self.snapshot(other),
        }
    }

    /// `a[:n] = p[1:]` of memory of C.
    fn copy_slice(&mut self, target: &Expr, value: &Expr) -> Result<bool> {
        if !self.is_c_slice(target) || !self.is_c_slice(value) {
            return Ok(false);
        }
        self.store_slice(target, Some(value), &Val::Literal(Literal::None))
    }

    /// `a = b = value`.
    fn store_all(&mut self, targets: &[ungil_syntax::ast::expr::Expr], value: Val) -> Result<()> {
        let Val::Obj(obj) = value else {
            let value = self.snapshot(value)?;
            return targets.iter().try_for_each(|t| self.store(t, value.clone()));
        };
        let obj = self.keep_own(obj);
        for target in targets {
            self.store(target, Val::Obj(Obj { value: obj.value, temp: None }))?;
        }
        self.drop_obj(obj);
        Ok(())
    }

    /// The directives of a block, whose test the driver wrote for `with cython.cdivision(True):` and the like.
    fn with_directives(&self, test: &Expr) -> Option<CFunction> {
        let ExprKind::Call(call) = &test.kind else { return None };
        if !matches!(&call.func.kind, ExprKind::Name(name) if &**name == "__pyx_with") {
            return None;
        }
        let mut c = self.c.clone();
        for keyword in &call.keywords {
            let ExprKind::Literal(Literal::Bool(value)) = keyword.value.kind else { continue };
            match &*keyword.name.as_ref()?.name {
                "overflowcheck" => c.overflowcheck = value,
                "cdivision" => c.cdivision = value,
                "cdivision_warnings" => c.cdivision_warnings = value,
                "cpow" => c.cpow = value,
                "boundscheck" => c.unchecked = !value,
                "wraparound" => c.unwrapped = !value,
                _ => {}
            }
        }
        Some(c)
    }

    fn if_stmt(&mut self, i: &If) -> Result<bool> {
        self.branches(&i.branches, &i.orelse)
    }

    fn branches(&mut self, branches: &[IfBranch], orelse: &[Stmt]) -> Result<bool> {
        let Some((first, rest)) = branches.split_first() else { return self.block(orelse) };
        if let Some(c) = self.with_directives(&first.test) {
            let outer = core::mem::replace(&mut self.c, c);
            let falls = match of_block(&first.test) {
                Some(true) => self.with_lock(&first.body),
                Some(false) => self.without_lock(&first.body),
                None => self.block(&first.body),
            };
            self.c = outer;
            return falls;
        }
        self.at(first.test.span);
        let truth = self.cond(&first.test)?;
        self.branch(truth, |l| l.block(&first.body), |l| l.branches(rest, orelse))
    }
}

//! Generator expressions and what consumes iterables item by item.
//!
//! A generator expression exists only where it is consumed: `any all sum min max` lower it as a loop around the
//! consumer's code. Its first iterable is evaluated where it stands, as in Python; the rest when it is consumed,
//! which is at once.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::inst::{For, InstKind, LoopHints};
use ungil_ir::types::Type;
use ungil_syntax::ast::expr::{Comprehension, Expr};

use crate::diagnostics::Result;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::lower::sequence::static_count;
use crate::operand::Operand;
use crate::ty::{IterTy, Ty};

/// A generator expression's code.
#[derive(Debug)]
pub(crate) struct Generator {
    element: Expr,
    clauses: Vec<Comprehension>,
}

/// What is done with each item.
pub(crate) type Consumer<'c> = &'c mut dyn FnMut(&mut Lowerer<'_, '_>, Operand) -> Result<()>;

impl Lowerer<'_, '_> {
    /// `(element for target in iter if condition …)`.
    pub(crate) fn generator(
        &mut self,
        element: &Expr,
        clauses: &[Comprehension],
        span: Span,
    ) -> Result<Operand> {
        let (Some(first), false) = (clauses.first(), clauses.iter().any(|c| c.is_async)) else {
            let help = "call compiled functions from the coroutine";
            return Err(Unsupported::Expression { what: "`async for` is", span, help }.into());
        };
        let iter = self.lower_expr(&first.iter)?;
        let code = Generator { element: element.clone(), clauses: clauses.to_vec() };
        self.generators.insert(span.lo, Rc::new(code));
        let ty = Ty::Iter(IterTy::Generator(iter.ty.clone(), span.lo).into());
        Ok(Operand::parts(ty, vec![iter], span))
    }

    /// Runs `consume` for each item of an iterable, in order.
    pub(crate) fn each_item(&mut self, iterable: &Operand, consume: Consumer<'_>) -> Result<()> {
        if let Ty::Iter(kind) = &iterable.ty
            && let IterTy::Generator(_, lo) = **kind
        {
            let code = self.generators[&lo].clone();
            let first = iterable.parts.as_ref().map(|p| p[0].clone()).expect("made above");
            return self.each_of_clause(&code, 0, &first, consume);
        }
        if let Some(items) = self.static_items(iterable) {
            return items.into_iter().try_for_each(|item| consume(self, item));
        }
        let stop = self.iteration_length(iterable)?;
        let (start, step) = (self.b().i64(0), self.b().i64(1));
        let iv = self.func.new_value(Type::I64);
        let (body, result) = self.nested(|l| {
            let item = l.iteration_item(iterable, iv)?;
            consume(l, item)
        });
        let label = self.func.new_label();
        let node = For { label, iv, start, stop, step, body, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }

    fn each_of_clause(
        &mut self,
        code: &Rc<Generator>,
        k: usize,
        iter: &Operand,
        consume: Consumer<'_>,
    ) -> Result<()> {
        let clause = &code.clauses[k];
        self.each_item(iter, &mut |l, item| {
            // The consumer may be a part of a longer loop; what is bound here is bound for this item.
            let l: &mut Lowerer<'_, '_> = l;
            l.assign_to(&clause.target, &item.at(clause.target.span))?;
            l.each_where(code, k, &clause.conditions, consume)
        })
    }

    fn each_where(
        &mut self,
        code: &Rc<Generator>,
        k: usize,
        conditions: &[Expr],
        consume: Consumer<'_>,
    ) -> Result<()> {
        let Some((first, rest)) = conditions.split_first() else {
            let Some(next) = code.clauses.get(k + 1) else {
                let item = self.lower_expr(&code.element)?;
                return consume(self, item);
            };
            let iter = self.lower_expr(&next.iter)?;
            return self.each_of_clause(code, k + 1, &iter, consume);
        };
        let test = self.lower_expr(first)?;
        match self.truth(&test)? {
            Cond::Known(true) => self.each_where(code, k, rest, consume),
            Cond::Known(false) => Ok(()),
            Cond::Value(cond) => self.if_then(cond, |l| l.each_where(code, k, rest, consume)),
        }
    }

    /// `tuple(element for target in iterable)` of a known number of items of one type: the variable has one type. `None`:
    /// something else.
    pub(crate) fn tuple_of_generator(&mut self, items: &Operand, span: Span) -> Result<Option<Operand>> {
        let Ty::Iter(kind) = &items.ty else { return Ok(None) };
        let IterTy::Generator(_, lo) = **kind else { return Ok(None) };
        let code = self.generators[&lo].clone();
        let ([clause], Some(first)) = (&code.clauses[..], items.parts.as_ref().map(|p| p[0].clone())) else {
            return Ok(None);
        };
        let known = matches!(first.ty, Ty::Tuple(_) | Ty::Range) || static_count(&first.ty).is_some();
        if !known || !clause.conditions.is_empty() {
            return Ok(None);
        }
        let given = self.tuple_from(&first, span)?;
        let given = self.items(&given);
        if given.iter().any(|item| item.ty != given[0].ty) {
            return Ok(None);
        }
        let mut made = Vec::new();
        for item in given {
            self.assign_to(&clause.target, &item.at(clause.target.span))?;
            made.push(self.lower_expr(&code.element)?);
        }
        Ok(Some(Operand::tuple(made, span)))
    }

    /// The types of an iterable's items, without leaving code behind.
    pub(crate) fn item_types(&mut self, iterable: &Operand) -> Result<Vec<Ty>> {
        let mut types = Vec::new();
        let (_, result) = self.nested(|l| {
            l.each_item(iterable, &mut |_, item| {
                types.push(item.ty);
                Ok(())
            })
        });
        result.map(|()| types)
    }
}

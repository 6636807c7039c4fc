//! Making lists: displays, comprehensions, `list(…)`, copies and slices.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::BinaryOp;
use ungil_syntax::ast::expr::{Expr, ExprKind};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::array::slice::Extent;
use crate::lower::list::element::list_ty;
use crate::operand::Operand;
use crate::ty::{IterTy, Ty};

impl Lowerer<'_, '_> {
    /// `[a, b, c]`.
    pub(crate) fn list_of(&mut self, items: &[Operand], span: Span) -> Result<Operand> {
        let items = items.iter().map(|i| self.settled(i)).collect::<Result<Vec<_>>>()?;
        let mut list = self.empty_list(items.first().map(|i| &i.ty), span)?;
        for item in items.iter().skip(1) {
            // All types are joined before the first element is converted.
            list = self.joined(list, &item.ty, span)?;
        }
        if !items.is_empty() {
            let n = self.b().i64(items.len() as i64);
            self.reserve_items(&list, n)?;
        }
        for item in &items {
            self.push_item(&list, item, span)?;
        }
        Ok(list)
    }

    /// What `[a, *b, c]` holds: a tuple, or a list if a starred item is one or anything else that is iterated over.
    pub(crate) fn list_display(&mut self, items: &[Expr], span: Span) -> Result<Operand> {
        let (mut known, mut list) = (Vec::new(), None);
        for item in items {
            let ExprKind::Starred(inner) = &item.kind else {
                let value = self.lower_expr(item)?;
                match &list {
                    Some(list) => self.push_item(list, &value, span)?,
                    None => known.push(value),
                }
                continue;
            };
            let value = self.lower_expr(inner)?;
            match &list {
                Some(list) => self.list_extend(list, &value, span)?,
                None if matches!(value.ty, Ty::Tuple(_)) => known.extend(self.items(&value)),
                None => {
                    let begun = self.list_of(&known, span)?;
                    self.list_extend(&begun, &value, span)?;
                    list = Some(begun);
                }
            }
        }
        Ok(list.unwrap_or_else(|| Operand::tuple(known, span)))
    }

    fn joined(&mut self, list: Operand, ty: &Ty, span: Span) -> Result<Operand> {
        let sample = Operand::entity(ty.clone(), span);
        let made = list_ty(&list).made.clone();
        self.note_element(&made, &sample.ty, span)?;
        Ok(list)
    }

    /// `list(iterable)` and comprehensions.
    pub(crate) fn list_from(&mut self, items: &Operand, span: Span) -> Result<Operand> {
        if let Ty::List(_) = items.ty {
            let n = self.list_length(items)?;
            let (zero, one) = (self.b().i64(0), self.b().i64(1));
            let whole = Extent { start: zero, len: n, step: one, full: true, unit: true };
            return self.list_part(items, &whole, span);
        }
        let list = self.empty_list(None, span)?;
        if !matches!(&items.ty, Ty::Iter(kind) if matches!(**kind, IterTy::Generator(..)))
            && self.static_items(items).is_none()
        {
            let n = self.iteration_length(items)?;
            self.reserve_when_typed(&list, n)?;
        }
        let target = list.clone();
        self.each_item(items, &mut |l, item| l.push_item(&target, &item, span))?;
        Ok(list)
    }

    /// Room for elements, once it is known how large they are.
    pub(crate) fn reserve_when_typed(&mut self, list: &Operand, n: Value) -> Result<()> {
        if list_ty(list).element.is_some() { self.reserve_items(list, n) } else { Ok(()) }
    }

    /// A new list of the elements of a slice.
    pub(crate) fn list_part(&mut self, list: &Operand, part: &Extent, span: Span) -> Result<Operand> {
        let element = list_ty(list).element.clone();
        let new = self.empty_list(element.as_ref(), span)?;
        if element.is_none() {
            return Ok(new);
        }
        self.append_part(&new, list, part, span)?;
        Ok(new)
    }

    /// Appends the elements of a slice of a list, which may be the same one.
    pub(crate) fn append_part(
        &mut self,
        target: &Operand,
        source: &Operand,
        part: &Extent,
        span: Span,
    ) -> Result<()> {
        let n = self.list_length(target)?;
        let all = self.b().binary(BinaryOp::Add, n, part.len);
        self.reserve_when_typed(target, all)?;
        let (start, step, unit) = (part.start, part.step, part.unit);
        self.ordered(&[part.len], &mut |l, at| {
            let moved = if unit { at[0] } else { l.b().binary(BinaryOp::Mul, at[0], step) };
            let i = l.b().binary(BinaryOp::Add, start, moved);
            let item = l.list_item(source, i, span)?;
            let Some(item) = l.as_element(target, &item, span)? else { return Ok(()) };
            let k = l.b().binary(BinaryOp::Add, n, at[0]);
            l.fill_item(target, k, &item)
        })?;
        self.set_list_word(target, ungil_abi::list::LEN, all)
    }
}

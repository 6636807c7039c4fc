//! Operators on lists: subscripts, `+ * == < in`.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, For, InstKind, LoopHints, UnaryOp};
use ungil_ir::types::Type;
use ungil_syntax::ast::operator::{BinaryOp, CompareOp};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::slice::Extent;
use crate::lower::list::element::list_ty;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `list[at]` for reading.
    pub(crate) fn list_subscript(&mut self, list: &Operand, at: &Operand, span: Span) -> Result<Operand> {
        if matches!(at.ty, Ty::Slice(_)) {
            let n = self.list_length(list)?;
            let part = self.slice_extent(at, n)?;
            return self.list_part(list, &part, span);
        }
        let i = self.list_place(list, at, "list index out of range")?;
        self.list_item(list, i, span)
    }

    /// `list[at] = value`.
    pub(crate) fn list_assign(
        &mut self,
        list: &Operand,
        at: &Operand,
        value: &Operand,
        span: Span,
    ) -> Result<()> {
        self.change_list(list)?;
        if matches!(at.ty, Ty::Slice(_)) {
            return self.assign_part(list, at, value, span);
        }
        let value = if matches!(value.ty, Ty::Tuple(_))
            && list_ty(list).element.as_ref().is_some_and(|e| matches!(e, Ty::List(_)))
        {
            let items = self.items(value);
            self.list_of(&items, value.span)?
        } else {
            value.clone()
        };
        let i = self.list_place(list, at, "list assignment index out of range")?;
        let Some(value) = self.as_element(list, &value, span)? else { return Ok(()) };
        self.replace_item(list, i, &value)
    }

    /// `list[a:b] = values`.
    fn assign_part(&mut self, list: &Operand, at: &Operand, value: &Operand, span: Span) -> Result<()> {
        let values = self.list_from(value, value.span)?;
        if list_ty(&values).element.is_none() && list_ty(list).element.is_none() {
            return Ok(());
        }
        if let (Some(element), false) = (list_ty(&values).element.clone(), list_ty(list).made.is_empty()) {
            let made = list_ty(list).made.clone();
            self.note_element(&made, &element, span)?;
        }
        if list_ty(list).element.is_none() {
            return Ok(());
        }
        let n = self.list_length(list)?;
        let part = self.slice_extent(at, n)?;
        let given = self.list_length(&values)?;
        if part.unit {
            let end = self.b().binary(Ir::Add, part.start, part.len);
            self.drop_items(list, part.start, end)?;
            let rest = self.b().binary(Ir::Sub, n, end);
            let more = self.b().binary(Ir::Sub, given, part.len);
            let all = self.b().binary(Ir::Add, n, more);
            self.reserve_items(list, all)?;
            let to = self.b().binary(Ir::Add, part.start, given);
            self.move_items(list, end, to, rest)?;
            self.set_list_word(list, ungil_abi::list::LEN, all)?;
        } else {
            let fits = self.b().compare(IrCompare::Eq, given, part.len);
            let message = "attempt to assign sequence of size {0} to extended slice of size {1}";
            self.check(fits, ExcClass::VALUE_ERROR, message, vec![(given, true), (part.len, true)]);
        }
        let Extent { start, step, unit, .. } = part;
        self.ordered(&[given], &mut |l, at| {
            if list_ty(&values).element.is_none() {
                return Ok(());
            }
            let item = l.list_item(&values, at[0], span)?;
            let Some(item) = l.as_element(list, &item, span)? else { return Ok(()) };
            let moved = if unit { at[0] } else { l.b().binary(Ir::Mul, at[0], step) };
            let i = l.b().binary(Ir::Add, start, moved);
            if unit { l.fill_item(list, i, &item) } else { l.replace_item(list, i, &item) }
        })
    }

    /// `list + list`, `list * n`, `n * list`.
    pub(crate) fn list_binary(
        &mut self,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Option<Operand>> {
        match (op, &left.ty, &right.ty) {
            (BinaryOp::Add, Ty::List(a), Ty::List(b)) => {
                let elements = [a.element.clone(), b.element.clone()];
                let new = self.empty_list(elements.iter().flatten().next(), span)?;
                for element in elements.iter().flatten() {
                    self.note_element(&list_ty(&new).made.clone(), element, span)?;
                }
                for (list, element) in [left, right].into_iter().zip(&elements) {
                    if element.is_some() {
                        let whole = self.whole_list(list)?;
                        self.append_part(&new, list, &whole, span)?;
                    }
                }
                Ok(Some(new))
            }
            (BinaryOp::Mult, Ty::List(_), n) if n.is_integral() => self.repeated(left, right, span).map(Some),
            (BinaryOp::Mult, n, Ty::List(_)) if n.is_integral() => self.repeated(right, left, span).map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn whole_list(&mut self, list: &Operand) -> Result<Extent> {
        let len = self.list_length(list)?;
        let (start, step) = (self.b().i64(0), self.b().i64(1));
        Ok(Extent { start, len, step, full: true, unit: true })
    }

    /// `left == right`, `<` and the others; `None` if elements have no such comparison.
    pub(crate) fn compare_lists(
        &mut self,
        op: CompareOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Option<Operand>> {
        let (n, m) = (self.list_length(left)?, self.list_length(right)?);
        let typed = list_ty(left).element.is_some() && list_ty(right).element.is_some();
        let ir = match op {
            CompareOp::Eq => IrCompare::Eq,
            CompareOp::NotEq => IrCompare::Ne,
            CompareOp::Lt => IrCompare::Lt,
            CompareOp::LtE => IrCompare::Le,
            CompareOp::Gt => IrCompare::Gt,
            CompareOp::GtE => IrCompare::Ge,
            _ => return Ok(None),
        };
        let result = self.new_var("compared", Type::BOOL);
        let by_length = self.b().compare(ir, n, m);
        self.b().set(result, by_length);
        if !typed {
            let value = self.b().get(result);
            return Ok(Some(Operand::value(Ty::PyBool, value, span)));
        }
        let shortest = self.b().binary(Ir::Min, n, m);
        let equal_length = self.b().compare(IrCompare::Eq, n, m);
        let equality = matches!(op, CompareOp::Eq | CompareOp::NotEq);
        let stop = if equality {
            let zero = self.b().i64(0);
            self.b().select(equal_length, shortest, zero)
        } else {
            shortest
        };
        let label = self.func.new_label();
        let iv = self.func.new_value(Type::I64);
        let (body, done): (_, Result<()>) = self.nested(|l| {
            let x = l.list_item(left, iv, span)?;
            let y = l.list_item(right, iv, span)?;
            let same = l.compare(CompareOp::Eq, &x, &y, span)?;
            let same = l.truth_value(&same)?;
            let differ = l.b().unary(UnaryOp::Not, same);
            l.if_then(differ, |l| {
                let decided = if equality {
                    l.b().bool(op == CompareOp::NotEq)
                } else {
                    let decided = l.compare(op, &x, &y, span)?;
                    l.truth_value(&decided)?
                };
                l.b().set(result, decided);
                l.b().push(InstKind::Break(label));
                Ok(())
            })
        });
        let (start, step) = (self.b().i64(0), self.b().i64(1));
        let node = For { label, iv, start, stop, step, body, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        done?;
        let value = self.b().get(result);
        Ok(Some(Operand::value(Ty::PyBool, value, span)))
    }

    /// The place of the first element that equals a value from `from` to `to`, or -1.
    pub(crate) fn find_item(
        &mut self,
        list: &Operand,
        wanted: &Operand,
        [from, to]: [Value; 2],
        span: Span,
    ) -> Result<Value> {
        let found = self.new_var("found", Type::I64);
        let none = self.b().i64(-1);
        self.b().set(found, none);
        if list_ty(list).element.is_none() {
            return Ok(none);
        }
        let label = self.func.new_label();
        let iv = self.func.new_value(Type::I64);
        let (body, done): (_, Result<()>) = self.nested(|l| {
            let item = l.list_item(list, iv, span)?;
            let same = l.compare(CompareOp::Eq, &item, wanted, span)?;
            let same = l.truth_value(&same)?;
            l.if_then(same, |l| {
                l.b().set(found, iv);
                l.b().push(InstKind::Break(label));
            });
            Ok(())
        });
        let step = self.b().i64(1);
        let node = For { label, iv, start: from, stop: to, step, body, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        done?;
        Ok(self.b().get(found))
    }

    /// `x in list`.
    pub(crate) fn in_list(&mut self, x: &Operand, list: &Operand, span: Span) -> Result<Value> {
        if !x.ty.is_scalar() && !matches!(x.ty, Ty::Tuple(_) | Ty::List(_)) {
            let (left, right) = (x.ty.clone(), list.ty.clone());
            return Err(TypeError::Compare { op: "in", left, right, span }.into());
        }
        let (zero, n) = (self.b().i64(0), self.list_length(list)?);
        let found = self.find_item(list, x, [zero, n], span)?;
        let zero = self.b().i64(0);
        Ok(self.b().compare(IrCompare::Ge, found, zero))
    }
}

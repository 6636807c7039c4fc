//! Taking elements out of lists: `del`.

use ungil_abi::list::LEN;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_syntax::ast::expr::{Expr, ExprKind};

use crate::diagnostics::Result;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::Lowerer;
use crate::lower::array::slice::Extent;
use crate::lower::list::element::list_ty;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `del list[at]`; other targets are refused.
    pub(crate) fn delete(&mut self, target: &Expr, refused: Unsupported) -> Result<()> {
        let ExprKind::Subscript { value, index } = &target.kind else { return Err(refused.into()) };
        let list = self.lower_expr(value)?;
        if !matches!(list.ty, Ty::List(_)) {
            return Err(refused.into());
        }
        let at = self.lower_expr(index)?;
        self.change_list(&list)?;
        if let Ty::Slice(_) = &at.ty {
            let n = self.list_length(&list)?;
            let part = self.slice_extent(&at, n)?;
            return if part.unit {
                self.take_out(&list, part.start, part.len)
            } else {
                self.take_out_steps(&list, &part)
            };
        }
        let i = self.list_place(&list, &at, "list assignment index out of range")?;
        let one = self.b().i64(1);
        self.take_out(&list, i, one)
    }

    /// Takes `count` elements from `i` on out.
    pub(crate) fn take_out(&mut self, list: &Operand, i: Value, count: Value) -> Result<()> {
        if list_ty(list).element.is_none() {
            return Ok(());
        }
        let n = self.list_length(list)?;
        let next = self.b().binary(BinaryOp::Add, i, count);
        self.drop_items(list, i, next)?;
        let rest = self.b().binary(BinaryOp::Sub, n, next);
        self.move_items(list, next, i, rest)?;
        let fewer = self.b().binary(BinaryOp::Sub, n, count);
        self.set_list_word(list, LEN, fewer)
    }

    /// Takes out every so manieth element: those that stay move up, one after another.
    fn take_out_steps(&mut self, list: &Operand, part: &Extent) -> Result<()> {
        if list_ty(list).element.is_none() {
            return Ok(());
        }
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        // The same elements from the first one on.
        let back = self.b().compare(CompareOp::Lt, part.step, zero);
        let reach = self.b().binary(BinaryOp::Sub, part.len, one);
        let reach = self.b().binary(BinaryOp::Mul, reach, part.step);
        let last = self.b().binary(BinaryOp::Add, part.start, reach);
        let start = self.b().select(back, last, part.start);
        let opposite = self.b().binary(BinaryOp::Sub, zero, part.step);
        let step = self.b().select(back, opposite, part.step);
        let n = self.list_length(list)?;
        let none = self.b().compare(CompareOp::Eq, part.len, zero);
        let start = self.b().select(none, n, start);
        let rest = self.b().binary(BinaryOp::Sub, n, start);
        let kept = self.counter("kept");
        let len = part.len;
        self.ordered(&[rest], &mut |l, at| {
            let place = l.b().binary(BinaryOp::Add, start, at[0]);
            let (number, off) =
                (l.b().binary(BinaryOp::FloorDiv, at[0], step), l.b().binary(BinaryOp::Mod, at[0], step));
            let hit = l.b().compare(CompareOp::Eq, off, zero);
            let within = l.b().compare(CompareOp::Lt, number, len);
            let goes = l.b().binary(BinaryOp::And, hit, within);
            let (gone, moved) = l.if_else(
                goes,
                |l| {
                    let next = l.b().binary(BinaryOp::Add, place, one);
                    l.drop_items(list, place, next)
                },
                |l| {
                    let so_far = l.b().get(kept);
                    let to = l.b().binary(BinaryOp::Add, start, so_far);
                    l.move_items(list, place, to, one)?;
                    l.advance(kept, one);
                    Ok(())
                },
            );
            gone.and(moved)
        })?;
        let fewer = self.b().binary(BinaryOp::Sub, n, len);
        self.set_list_word(list, LEN, fewer)
    }
}

//! Lists times integers, and in place.

use ungil_abi::exception::ExcClass;
use ungil_abi::list::LEN;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::list::element::list_ty;
use crate::operand::Operand;

impl Lowerer<'_, '_> {
    /// `list * times`.
    pub(crate) fn repeated(&mut self, list: &Operand, times: &Operand, span: Span) -> Result<Operand> {
        let element = list_ty(list).element.clone();
        let new = self.empty_list(element.as_ref(), span)?;
        let n = self.list_length(list)?;
        let (times, all) = self.repeated_length(n, times)?;
        if element.is_none() {
            return Ok(new);
        }
        self.reserve_items(&new, all)?;
        let zero = self.b().i64(0);
        self.copy_rows(list, &new, zero, [times, n], span)?;
        self.set_list_word(&new, LEN, all)?;
        Ok(new)
    }

    /// `list *= times`: the same list.
    pub(crate) fn repeat_in_place(&mut self, list: &Operand, times: &Operand, span: Span) -> Result<()> {
        self.change_list(list)?;
        let n = self.list_length(list)?;
        let (times, all) = self.repeated_length(n, times)?;
        if list_ty(list).element.is_none() {
            return Ok(());
        }
        let kept = self.b().binary(BinaryOp::Min, all, n);
        self.drop_items(list, kept, n)?;
        self.set_list_word(list, LEN, kept)?;
        self.reserve_items(list, all)?;
        let one = self.b().i64(1);
        let more = self.b().binary(BinaryOp::Sub, times, one);
        self.copy_rows(list, list, n, [more, n], span)?;
        self.set_list_word(list, LEN, all)
    }

    /// How often `n` elements are repeated, and how many that are.
    fn repeated_length(&mut self, n: Value, times: &Operand) -> Result<(Value, Value)> {
        let (times, zero, one) = (self.index(times)?, self.b().i64(0), self.b().i64(1));
        let times = self.b().binary(BinaryOp::Max, times, zero);
        let (most, some) = (self.b().i64(i64::MAX), self.b().binary(BinaryOp::Max, n, one));
        let most = self.b().binary(BinaryOp::FloorDiv, most, some);
        let fits = self.b().compare(CompareOp::Le, times, most);
        self.check(fits, ExcClass::MEMORY, "", Vec::new());
        let all = self.b().binary(BinaryOp::Mul, times, n);
        Ok((times, all))
    }

    /// Fills places from `first` on with the first `n` elements of a list, `rows` times.
    fn copy_rows(
        &mut self,
        from: &Operand,
        to: &Operand,
        first: Value,
        [rows, n]: [Value; 2],
        span: Span,
    ) -> Result<()> {
        self.ordered(&[rows, n], &mut |l, at| {
            let item = l.list_item(from, at[1], span)?;
            let Some(item) = l.as_element(to, &item, span)? else { return Ok(()) };
            let row = l.b().binary(BinaryOp::Mul, at[0], n);
            let row = l.b().binary(BinaryOp::Add, first, row);
            let k = l.b().binary(BinaryOp::Add, row, at[1]);
            l.fill_item(to, k, &item)
        })
    }
}

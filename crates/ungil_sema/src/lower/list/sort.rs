//! `list.sort(key=…, reverse=…)` and `sorted`.
//!
//! Numbers without a key are sorted where they lie, by the prelude. Otherwise the keys are computed once for each element,
//! as one array for each number in them, and the places of the elements are sorted, stably, by the last number first.
//! Limits: keys are real numbers, or tuples of them; without a key elements may also be lists.

use ungil_diag::span::Span;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::Lowerer;
use crate::lower::array::mask::vector;
use crate::lower::call::Args;
use crate::lower::list::element::list_ty;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// Sorts a list.
    pub(crate) fn list_sort(
        &mut self,
        list: &Operand,
        key: Option<&Operand>,
        descending: Option<&Operand>,
        span: Span,
    ) -> Result<()> {
        let Some(element) = list_ty(list).element.clone() else { return Ok(()) };
        let descending = descending.cloned().unwrap_or_else(|| Operand::bool(false, span));
        let key = key.filter(|k| !k.is_none());
        self.change_list(list)?;
        if key.is_none() && is_real(&element) {
            let array = self.list_as_array(list)?.expect("elements are numbers");
            self.sort_helper("list._sort", vec![array, descending], span)?;
            return Ok(());
        }
        // Lists compare themselves.
        let keys = match (key, &element) {
            (None, Ty::List(_)) => vec![list.clone()],
            _ => self.sort_keys(list, key, span)?,
        };
        let length = Operand::value(Ty::PyInt, self.list_length(list)?, span);
        let order = self.sort_helper("list._places", vec![length], span)?;
        for column in keys.into_iter().rev() {
            self.sort_helper("list._sort_places", vec![column, order.clone(), descending.clone()], span)?;
        }
        self.reorder(list, &order, span)
    }

    fn sort_helper(&mut self, name: &str, positional: Vec<Operand>, span: Span) -> Result<Operand> {
        let kernel = crate::prelude::find(name).expect("the prelude sorts lists");
        self.call_prelude(kernel, Args { positional, keywords: Vec::new(), span })
    }

    /// What elements are compared by: an array for each number in the key.
    fn sort_keys(&mut self, list: &Operand, key: Option<&Operand>, span: Span) -> Result<Vec<Operand>> {
        let n = self.list_length(list)?;
        let mut types = Vec::new();
        let (_, probed): (_, Result<()>) = self.nested(|l| {
            let zero = l.b().i64(0);
            let item = l.iterated_item(list, zero)?;
            let rank = l.rank(key, &item, span)?;
            types = l.key_numbers(&rank, span)?.into_iter().map(|k| k.ty).collect();
            Ok(())
        });
        probed?;
        let columns: Vec<Operand> = types
            .iter()
            .map(|ty| self.fresh_array(vector(ty.dtype().expect("a number")), vec![n], span))
            .collect();
        self.ordered(&[n], &mut |l, at| {
            let item = l.iterated_item(list, at[0])?;
            let rank = l.rank(key, &item, span)?;
            let numbers = l.key_numbers(&rank, span)?;
            for (column, number) in columns.iter().zip(numbers) {
                l.store_element(column, at.to_vec(), &number)?;
            }
            Ok(())
        })?;
        Ok(columns)
    }

    /// The numbers in a key, in the order in which tuples are compared.
    fn key_numbers(&mut self, key: &Operand, span: Span) -> Result<Vec<Operand>> {
        match &key.ty {
            Ty::Tuple(_) => {
                let items = self.items(key);
                let numbers = items.iter().map(|i| self.key_numbers(i, span)).collect::<Result<Vec<_>>>()?;
                Ok(numbers.concat())
            }
            ty if is_real(ty) => Ok(vec![key.clone()]),
            _ => {
                let help = "sort by real numbers or tuples of them: `key=lambda x: …`";
                let what = "sorting by other keys than real numbers is";
                Err(Unsupported::Expression { what, span, help }.into())
            }
        }
    }

    /// Puts the elements of a list into another order.
    fn reorder(&mut self, list: &Operand, order: &Operand, span: Span) -> Result<()> {
        let whole = self.whole_list(list)?;
        let old = self.list_part(list, &whole, span)?;
        let n = self.extents(order)?[0];
        self.ordered(&[n], &mut |l, at| {
            let place = l.load_element(order, at.to_vec())?;
            let place = l.index(&place)?;
            let item = l.list_item(&old, place, span)?;
            l.replace_item(list, at[0], &item)
        })
    }
}

fn is_real(ty: &Ty) -> bool {
    ty.dtype().is_some_and(|d: DType| !d.is_complex())
}

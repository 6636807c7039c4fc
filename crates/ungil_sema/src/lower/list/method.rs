//! Methods of lists.

use ungil_abi::exception::ExcClass;
use ungil_abi::list::LEN;
use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::list::element::list_ty;
use crate::operand::Operand;
use crate::ty::Ty;

/// Methods that compiled code can call on lists.
pub(crate) const METHODS: &[&str] =
    &["append", "extend", "insert", "pop", "remove", "clear", "copy", "count", "index", "reverse", "sort"];

impl Lowerer<'_, '_> {
    /// Calls a method of a list.
    pub(crate) fn list_method(&mut self, method: &str, list: &Operand, mut args: Args) -> Result<Operand> {
        let span = args.span;
        let name = format!("list.{method}");
        let required = |bound: &[Option<Operand>], k: usize| bound[k].clone().expect("required");
        match method {
            "append" => {
                let bound = args.bind(&name, &["object"], 1)?;
                self.change_list(list)?;
                self.push_item(list, &required(&bound, 0), span)?;
            }
            "extend" => {
                let bound = args.bind(&name, &["iterable"], 1)?;
                self.list_extend(list, &required(&bound, 0), span)?;
            }
            "insert" => {
                let bound = args.bind(&name, &["index", "object"], 2)?;
                self.list_insert(list, &required(&bound, 0), &required(&bound, 1), span)?;
            }
            "pop" => {
                let bound = args.bind(&name, &["index"], 0)?;
                return self.list_pop(list, bound[0].as_ref(), span);
            }
            "remove" => {
                let bound = args.bind(&name, &["value"], 1)?;
                let (zero, n) = (self.b().i64(0), self.list_length(list)?);
                let at = self.find_item(list, &required(&bound, 0), [zero, n], span)?;
                let fine = self.b().compare(CompareOp::Ge, at, zero);
                self.check(fine, ExcClass::VALUE_ERROR, "list.remove(x): x not in list", Vec::new());
                self.change_list(list)?;
                let one = self.b().i64(1);
                self.take_out(list, at, one)?;
            }
            "clear" => {
                args.bind(&name, &[], 0)?;
                let (zero, n) = (self.b().i64(0), self.list_length(list)?);
                self.change_list(list)?;
                self.drop_items(list, zero, n)?;
                self.set_list_word(list, LEN, zero)?;
            }
            "copy" => {
                args.bind(&name, &[], 0)?;
                return self.list_from(list, span);
            }
            "count" => {
                let bound = args.bind(&name, &["value"], 1)?;
                return self.list_count(list, &required(&bound, 0), span);
            }
            "index" => {
                let bound = args.bind(&name, &["value", "start", "stop"], 1)?;
                return self.list_index(list, &bound, span);
            }
            "reverse" => {
                args.bind(&name, &[], 0)?;
                self.list_reverse(list)?;
            }
            "sort" => {
                let (key, descending) = (args.take("key"), args.take("reverse"));
                args.bind(&name, &[], 0)?;
                self.list_sort(list, key.as_ref(), descending.as_ref(), span)?;
            }
            _ => return Err(CallError::UnknownFunction { name, span }.into()),
        }
        Ok(Operand::none(span))
    }

    /// `list.extend(iterable)` and `list += iterable`.
    pub(crate) fn list_extend(&mut self, list: &Operand, items: &Operand, span: Span) -> Result<()> {
        self.change_list(list)?;
        if let Ty::List(other) = &items.ty {
            let Some(element) = other.element.clone() else { return Ok(()) };
            let made = list_ty(list).made.clone();
            self.note_element(&made, &element, span)?;
            if list_ty(list).element.is_none() {
                return Ok(());
            }
            let whole = self.whole_list(items)?;
            return self.append_part(list, items, &whole, span);
        }
        self.each_item(items, &mut |l, item| l.push_item(list, &item, span))
    }

    /// `list.insert(index, value)`: the index is clipped.
    fn list_insert(&mut self, list: &Operand, at: &Operand, value: &Operand, span: Span) -> Result<()> {
        self.change_list(list)?;
        let given = self.integer_argument(at, "list.insert", "index")?;
        let Some(value) = self.as_element(list, value, span)? else { return Ok(()) };
        let value = Operand { value: Some(self.value(&value)?), ..value };
        let (n, zero, one) = (self.list_length(list)?, self.b().i64(0), self.b().i64(1));
        let negative = self.b().compare(CompareOp::Lt, given, zero);
        let from_end = self.b().binary(BinaryOp::Add, given, n);
        let i = self.b().select(negative, from_end, given);
        let i = self.b().binary(BinaryOp::Max, i, zero);
        let i = self.b().binary(BinaryOp::Min, i, n);
        let more = self.b().binary(BinaryOp::Add, n, one);
        self.reserve_items(list, more)?;
        let rest = self.b().binary(BinaryOp::Sub, n, i);
        let next = self.b().binary(BinaryOp::Add, i, one);
        self.move_items(list, i, next, rest)?;
        self.fill_item(list, i, &value)?;
        self.set_list_word(list, LEN, more)
    }

    /// `list.pop(index)`.
    fn list_pop(&mut self, list: &Operand, at: Option<&Operand>, span: Span) -> Result<Operand> {
        let (n, zero) = (self.list_length(list)?, self.b().i64(0));
        let some = self.b().compare(CompareOp::Ne, n, zero);
        self.check(some, ExcClass::INDEX_ERROR, "pop from empty list", Vec::new());
        let last = Operand::int(-1, span);
        let i = self.list_place(list, at.unwrap_or(&last), "pop index out of range")?;
        let item = self.list_item(list, i, span)?;
        self.change_list(list)?;
        if at.is_none() {
            self.drop_items(list, i, n)?;
            self.set_list_word(list, LEN, i)?;
        } else {
            let one = self.b().i64(1);
            self.take_out(list, i, one)?;
        }
        Ok(item)
    }

    fn list_count(&mut self, list: &Operand, wanted: &Operand, span: Span) -> Result<Operand> {
        let (n, count) = (self.list_length(list)?, self.counter("count"));
        if list_ty(list).element.is_some() {
            self.ordered(&[n], &mut |l, at| {
                let item = l.list_item(list, at[0], span)?;
                let same = l.compare(ungil_syntax::ast::operator::CompareOp::Eq, &item, wanted, span)?;
                let same = l.truth_value(&same)?;
                let one = l.b().cast(same, DType::I64);
                l.advance(count, one);
                Ok(())
            })?;
        }
        let value = self.b().get(count);
        Ok(Operand::value(Ty::PyInt, value, span))
    }

    /// `list.index(value, start, stop)`.
    fn list_index(&mut self, list: &Operand, bound: &[Option<Operand>], span: Span) -> Result<Operand> {
        let wanted = bound[0].clone().expect("required");
        let (n, zero) = (self.list_length(list)?, self.b().i64(0));
        let mut range = [zero, n];
        for (k, given) in bound[1..].iter().enumerate() {
            let Some(given) = given else { continue };
            let i = self.integer_argument(given, "list.index", "start")?;
            let negative = self.b().compare(CompareOp::Lt, i, zero);
            let from_end = self.b().binary(BinaryOp::Add, i, n);
            let i = self.b().select(negative, from_end, i);
            let i = self.b().binary(BinaryOp::Max, i, zero);
            range[k] = self.b().binary(BinaryOp::Min, i, n);
        }
        let at = self.find_item(list, &wanted, range, span)?;
        let fine = self.b().compare(CompareOp::Ge, at, zero);
        match wanted.ty.dtype() {
            Some(d) if !d.is_complex() && wanted.ty.is_weak() && self.options.python < 14 => {
                let value = self.value(&wanted)?;
                self.check(fine, ExcClass::VALUE_ERROR, "{0} is not in list", vec![(value, true)]);
            }
            _ => self.check(fine, ExcClass::VALUE_ERROR, "list.index(x): x not in list", Vec::new()),
        }
        Ok(Operand::value(Ty::PyInt, at, span))
    }

    fn list_reverse(&mut self, list: &Operand) -> Result<()> {
        let Some(element) = list_ty(list).element.clone() else { return Ok(()) };
        self.change_list(list)?;
        let (dtype, words) = match element.dtype() {
            Some(dtype) => (dtype, 1),
            None => (DType::I64, ungil_ir::packing::packed_size(&element.ir()) as i64 / 8),
        };
        let (n, two, one) = (self.list_length(list)?, self.b().i64(2), self.b().i64(1));
        let per = self.b().i64(words);
        let all = self.b().binary(BinaryOp::Mul, n, per);
        let view = self.list_view(list, dtype, all)?;
        let base = self.value(&view)?;
        let half = self.b().binary(BinaryOp::FloorDiv, n, two);
        let last = self.b().binary(BinaryOp::Sub, n, one);
        self.ordered(&[half, per], &mut |l, at| {
            let mirrored = l.b().binary(BinaryOp::Sub, last, at[0]);
            let [x, y] = [at[0], mirrored].map(|i| {
                let row = l.b().binary(BinaryOp::Mul, i, per);
                l.b().binary(BinaryOp::Add, row, at[1])
            });
            let (p, q) = (l.b().load(base, vec![x]), l.b().load(base, vec![y]));
            l.b().store(base, vec![x], q);
            l.b().store(base, vec![y], p);
            Ok(())
        })
    }

    /// Notes what is put into lists, for a reader that has no element at hand.
    pub(crate) fn note_element(&mut self, made: &[(u32, u32)], element: &Ty, span: Span) -> Result<()> {
        self.put_into(made, element, span)
    }

    /// Whether the elements of a list are arrays.
    pub(crate) fn lists_arrays(&self, x: &Operand) -> bool {
        matches!(x.ty, Ty::List(_)) && list_ty(x).element.as_ref().is_some_and(|e| e.as_array().is_some())
    }

    /// Whether a list may be made longer or shorter while it is iterated over: see `loops`.
    pub(crate) fn is_list(&self, x: &Operand) -> bool {
        matches!(x.ty, Ty::List(_)) && list_ty(x).element.is_some()
    }
}

//! Arrays of C as sequences: loops over them and over slices of pointers, slices as bytes, assignment to slices.

use ungil_ir::entities::{Label, Value};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Expr, ExprKind};

use super::entries::Entry;
use super::function::Lowerer;
use super::loops::step_of;
use super::memory::Place;
use super::pointer::is_text;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Result, refuse};
use crate::ctype::CType;

/// What a loop or a comprehension runs over.
pub(super) enum Iterable {
    Obj(Obj),
    /// Pairs of numbers, from this one, and items of an object.
    Enumerated(Obj, i64),
    /// Numbers: the iterator of a range, and the address of its words.
    Range(Obj, Value),
    Elements(Elements),
}

/// Elements in memory of C: from `first`, so many, `step` elements apart.
#[derive(Clone)]
pub(super) struct Elements {
    first: Value,
    start: Value,
    stop: Value,
    step: i64,
    element: CType,
    is_const: bool,
    /// Bytes between elements, where they do not lie side by side.
    stride: Option<Value>,
    /// What keeps the memory.
    held: Option<Obj>,
}

/// The parts of a slice.
struct Slice<'e> {
    value: &'e Expr,
    lower: Option<&'e Expr>,
    upper: Option<&'e Expr>,
    step: Option<&'e Expr>,
}

fn slice_of(e: &Expr) -> Option<Slice<'_>> {
    let ExprKind::Subscript { value, index } = &e.kind else { return None };
    let ExprKind::Slice { lower, upper, step } = &index.kind else { return None };
    Some(Slice { value, lower: lower.as_deref(), upper: upper.as_deref(), step: step.as_deref() })
}

impl Lowerer<'_> {
    /// The element type and length of a pointer or array that a slice is of.
    fn sliced(&self, value: &Expr) -> Option<(CType, bool, Option<u64>)> {
        let Kind::C(ty) = self.kind(value) else { return None };
        let (element, is_const) = self.element_type(&ty)?;
        let n = match &ty {
            CTy::C(CType::Array(_, n), _) => Some(*n),
            _ => None,
        };
        Some((element, is_const, n))
    }

    /// The type of the elements of a slice of memory of C.
    pub(super) fn slice_element(&self, e: &Expr) -> Option<CType> {
        self.sliced(slice_of(e)?.value).map(|(element, ..)| element)
    }

    /// Whether an expression is a slice of memory of C.
    pub(super) fn is_c_slice(&self, e: &Expr) -> bool {
        slice_of(e).is_some_and(|s| self.sliced(s.value).is_some())
    }

    /// The elements that an expression names, if it is an array or a slice of memory of C.
    pub(super) fn elements(&mut self, e: &Expr) -> Result<Option<Elements>> {
        if let Kind::C(ty @ CTy::C(CType::Array(_, n), _)) = self.kind(e) {
            let Some((element, is_const)) = self.element_type(&ty) else { return Ok(None) };
            let Val::C(first, _) = self.expr(e)? else { return refuse("this array") };
            let (start, stop) = (self.word(0), self.word(n as i64));
            return Ok(Some(Elements {
                first,
                start,
                stop,
                step: 1,
                element,
                is_const,
                stride: None,
                held: None,
            }));
        }
        if let Some(row) = self.view_row(e)? {
            let ([first, stop, stride], start) = (row.words, self.word(0));
            let (element, is_const) = (row.element.ctype(), row.is_const);
            let (stride, held) = (Some(stride), Some(row.array));
            return Ok(Some(Elements { first, start, stop, step: 1, element, is_const, stride, held }));
        }
        let Some(slice) = slice_of(e) else { return Ok(None) };
        let Some((element, is_const, n)) = self.sliced(slice.value) else { return Ok(None) };
        let step = match slice.step {
            None => 1,
            Some(step) => match step_of(step) {
                Some(step) => step,
                None => return refuse("a slice of C whose step is not written down"),
            },
        };
        let Val::C(first, _) = self.expr(slice.value)? else { return refuse("this slice") };
        let start = match slice.lower {
            Some(lower) => self.index_word(lower)?,
            None if step < 0 => return refuse("a slice of C that goes back without a start"),
            None => self.word(0),
        };
        let stop = match (slice.upper, n) {
            (Some(upper), _) => self.index_word(upper)?,
            (None, _) if step < 0 => self.word(-1),
            (None, Some(n)) => self.word(n as i64),
            (None, None) if is_text(&element) => self.call(Entry::TextLen, &[first]),
            (None, None) => return refuse("a slice of a pointer without an end"),
        };
        Ok(Some(Elements { first, start, stop, step, element, is_const, stride: None, held: None }))
    }

    /// Runs `body` for each element, whose place is assigned to a target.
    pub(super) fn each_element(
        &mut self,
        elements: &Elements,
        target: &Expr,
        body: impl FnOnce(&mut Self, Label) -> Result<()>,
    ) -> Result<()> {
        let mut elements = elements.clone();
        // As objects characters are those of bytes.
        let is_view = elements.stride.is_some();
        if elements.element == CType::Scalar(DType::I8) && self.kind(target) == Kind::Object && !is_view {
            elements.element = CType::Scalar(DType::U8);
        }
        self.over(&elements, |l, place, label| {
            let value = l.load_place(place);
            l.store(target, value)?;
            body(l, label)
        })?;
        if let Some(held) = elements.held {
            self.drop_obj(held);
        }
        Ok(())
    }

    fn over(
        &mut self,
        elements: &Elements,
        body: impl FnOnce(&mut Self, &Place, Label) -> Result<()>,
    ) -> Result<()> {
        let Some(size) = elements.element.size() else { return refuse("elements of unknown size") };
        let count = self.func.new_var("element", Type::I64);
        let (step, stop) = (elements.step, elements.stop);
        let step_value = self.word(step);
        let mut b = self.b();
        let before = b.binary(Ir::Sub, elements.start, step_value);
        b.set(count, before);
        let label = self.func.new_label();
        let (cond, test) = self.nested(|l| {
            let mut b = l.b();
            let (last, by) = (b.get(count), b.i64(step));
            let next = b.binary(Ir::Add, last, by);
            b.set(count, next);
            b.compare(if step > 0 { IrCompare::Lt } else { IrCompare::Gt }, next, stop)
        });
        let (inner, done) = self.nested(|l| {
            let index = l.b().get(count);
            let address = match elements.stride {
                Some(stride) => {
                    let mut b = l.b();
                    let offset = b.binary(Ir::Mul, index, stride);
                    b.binary(Ir::Add, elements.first, offset)
                }
                None => l.element_address(elements.first, index, size),
            };
            let ty = CTy::of(&elements.element);
            body(l, &Place { address, ty, is_const: elements.is_const }, label)
        });
        self.b().push(InstKind::While { label, cond, test, body: inner });
        done
    }

    /// A slice of memory of C as an object: bytes of characters.
    pub(super) fn slice_object(&mut self, e: &Expr) -> Result<Option<Val>> {
        if !self.is_c_slice(e) {
            return Ok(None);
        }
        let Some(elements) = self.elements(e)? else { return Ok(None) };
        let to_the_end = slice_of(e)
            .is_some_and(|s| s.upper.is_none() && self.sliced(s.value).is_some_and(|(_, _, n)| n.is_none()));
        if !is_text(&elements.element) || elements.step != 1 {
            return refuse("a slice of C as a Python object: loop over it, `[x for x in p[:n]]`");
        }
        let mut b = self.b();
        let from = b.binary(Ir::Add, elements.first, elements.start);
        if to_the_end {
            let whole = b.i64(-1);
            return Ok(Some(Val::Obj(self.make(Entry::BytesAt, &[from, whole]))));
        }
        let n = b.binary(Ir::Sub, elements.stop, elements.start);
        self.at(e.span);
        Ok(Some(Val::Obj(self.make(Entry::BytesOf, &[from, n]))))
    }

    /// `a[:] = …`, `p[1:n] = …`; whether it is such a target.
    pub(super) fn store_slice(&mut self, target: &Expr, source: Option<&Expr>, value: &Val) -> Result<bool> {
        if !self.is_c_slice(target) {
            return Ok(false);
        }
        let slice = slice_of(target);
        let Some(to) = self.elements(target)? else { return Ok(false) };
        if to.is_const || to.step != 1 {
            return refuse("an assignment to this slice of C");
        }
        let Some(size) = to.element.size() else { return refuse("elements of unknown size") };
        let first = self.element_address(to.first, to.start, size);
        if let Some(from) = source.filter(|e| self.is_c_slice(e)) {
            let Some(from) = self.elements(from)? else { return Ok(false) };
            let begin = self.element_address(from.first, from.start, size);
            let n = self.b().binary(Ir::Sub, to.stop, to.start);
            let bytes = self.word(size as i64);
            let bytes = self.b().binary(Ir::Mul, n, bytes);
            self.call(Entry::MoveMemory, &[first, begin, bytes]);
            return Ok(true);
        }
        // As many elements as the slice has, if that is known.
        let known = |e: Option<&Expr>| match e.map(|e| &e.kind) {
            Some(ExprKind::Literal(ungil_syntax::ast::literal::Literal::Int(n))) => u64::try_from(*n).ok(),
            _ => None,
        };
        let n = slice.as_ref().and_then(|s| {
            let whole = self.sliced(s.value).and_then(|(_, _, n)| n);
            let low = if s.lower.is_none() { Some(0) } else { known(s.lower) };
            let high = if s.upper.is_none() { whole } else { known(s.upper) };
            high?.checked_sub(low?)
        });
        match (value, n) {
            (Val::C(from, CTy::C(CType::Array(_, m), _)), _) if n.is_none_or(|n| n == *m) => {
                self.copy(first, *from, m * size);
                Ok(true)
            }
            (Val::Obj(obj), Some(n)) => {
                self.store_object(first, &CType::Array(to.element.clone().into(), n), *obj);
                Ok(true)
            }
            (Val::C(_, ty), _) if !ty.is_aggregate() => {
                let value = value.clone();
                self.over(&to, |l, place, _| l.store_place(place, value))?;
                Ok(true)
            }
            (Val::Literal(_), _) => {
                let value = value.clone();
                self.over(&to, |l, place, _| l.store_place(place, value))?;
                Ok(true)
            }
            _ => refuse("this assignment to a slice of C"),
        }
    }

    /// `len` of characters or an array.
    pub(super) fn c_len(&mut self, e: &Expr) -> Result<Option<Value>> {
        let Kind::C(ty) = self.kind(e) else { return Ok(None) };
        let Some((element, _)) = self.element_type(&ty) else { return Ok(None) };
        if is_text(&element) {
            let Val::C(address, _) = self.expr(e)? else { return Ok(None) };
            return Ok(Some(self.call(Entry::TextLen, &[address])));
        }
        match &ty {
            CTy::C(CType::Array(_, n), _) => Ok(Some(self.word(*n as i64))),
            _ => refuse("`len` of a pointer"),
        }
    }
}

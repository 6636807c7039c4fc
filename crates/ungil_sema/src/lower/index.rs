//! Subscripts.

use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_syntax::ast::expr::{Expr, ExprKind};

use ungil_abi::exception::ExcClass;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::memory::misuse;
use crate::lower::numpy::selection::argument;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// The operands of an index expression: `a[i, j]` has two.
    pub(crate) fn index_operands(&mut self, index: &Expr) -> Result<Vec<Operand>> {
        match &index.kind {
            ExprKind::Tuple(items) => items.iter().map(|i| self.display(i)).collect(),
            ExprKind::List(_) => Ok(vec![self.display(index)?]),
            _ => {
                let operand = self.lower_expr(index)?;
                if matches!(operand.ty, Ty::List(_)) {
                    return Ok(vec![self.array_like_operand(&operand)?]);
                }
                if matches!(operand.ty, Ty::Tuple(_)) { Ok(self.items(&operand)) } else { Ok(vec![operand]) }
            }
        }
    }

    /// NumPy's numbers are indexed as arrays without axes: `x[()]`, `x[...]`, `x[None]`.
    fn number_subscript(
        &mut self,
        value: &Operand,
        dtype: DType,
        index: &Expr,
        span: Span,
    ) -> Result<Operand> {
        let at = self.index_operands(index)?;
        if at.iter().any(|at| !at.is_none() && at.ty != Ty::Ellipsis) {
            return Err(TypeError::NotSubscriptable { ty: value.ty.clone(), span }.into());
        }
        let ty = ArrayType { dtype, ndim: 0, layout: Layout::C, readonly: false, swapped: false };
        let array = self.fresh_array(ty, Vec::new(), span);
        let (target, number) = (self.value(&array)?, self.value(value)?);
        self.b().store(target, Vec::new(), number);
        self.array_subscript(&array, &at, span)
    }

    /// `value[index]`.
    pub(crate) fn subscript(&mut self, value: &Operand, index: &Expr, span: Span) -> Result<Operand> {
        match &value.ty {
            Ty::Array(_) => {
                let index = self.index_operands(index)?;
                let has_slice = index.iter().any(|at| matches!(at.ty, Ty::Slice(_)));
                if has_slice && !self.copies && self.is_frame_array(value) {
                    // As an object it is a copy, and the array ends with the function.
                    let title = "a slice of a C array as a value is not supported here";
                    let help = "take a memoryview of it, or build a list";
                    return Err(misuse(title, "lies in the function's frame", help, span));
                }
                self.array_subscript(value, &index, span)
            }
            Ty::StructView(_) => {
                let index = self.index_operands(index)?;
                self.struct_view_subscript(value, &index, span)
            }
            Ty::Scalar(dtype) => self.number_subscript(value, *dtype, index, span),
            Ty::Pointer(_) => {
                let at = self.lower_expr(index)?;
                self.pointer_subscript(value, &at, span)
            }
            Ty::Fused(object, _) => {
                let at = self.lower_expr(index)?;
                let parts = if matches!(at.ty, Ty::Tuple(_)) { self.items(&at) } else { vec![at] };
                let names = parts.iter().map(|p| format!("={}", p.as_str().unwrap_or_default()));
                self.fused_choice(*object, &names.collect::<Vec<_>>(), span)
            }
            Ty::List(_) => {
                let at = self.lower_expr(index)?;
                self.list_subscript(value, &at, span)
            }
            Ty::Tuple(_) => {
                let at = self.lower_expr(index)?;
                self.tuple_subscript(value, &at, span)
            }
            Ty::Range => {
                let at = self.lower_expr(index)?;
                self.range_subscript(value, &at, span)
            }
            Ty::Method(_, name) if &**name == "numpy.ndarray.flags" => {
                let at = self.lower_expr(index)?;
                let flag = at.as_str().unwrap_or_default().to_owned();
                self.array_flag(value, &flag, span)?.ok_or_else(|| {
                    argument("numpy.ndarray.flags", "key", "the name of a flag such as 'C_CONTIGUOUS'", &at)
                })
            }
            Ty::Builtin(name) => {
                let name = name.clone();
                let found = self.grid_subscript(&name, index, span)?;
                found.ok_or_else(|| TypeError::NotSubscriptable { ty: value.ty.clone(), span }.into())
            }
            ty => Err(TypeError::NotSubscriptable { ty: ty.clone(), span }.into()),
        }
    }

    fn tuple_subscript(&mut self, tuple: &Operand, at: &Operand, span: Span) -> Result<Operand> {
        let items = self.items(tuple);
        if let Ty::Slice(ty) = at.ty {
            return self.tuple_slice(items, at, ty, span);
        }
        if !at.ty.is_integral() {
            return Err(TypeError::Index {
                found: at.ty.clone(),
                container: tuple.ty.clone(),
                span: at.span,
            }
            .into());
        }
        let len = items.len();
        if let Some(index) = at.const_int() {
            let wrapped = if index < 0 { index + len as i128 } else { index };
            let item = usize::try_from(wrapped).ok().and_then(|k| items.get(k));
            return item.cloned().ok_or_else(|| TypeError::TupleIndex { index, len, span: at.span }.into());
        }
        let same = items
            .first()
            .is_some_and(|first| items.iter().all(|i| i.ty == first.ty && !i.ty.is_compile_time()));
        if !same {
            return Err(TypeError::MixedTuple { ty: tuple.ty.clone(), span: at.span }.into());
        }
        let ty = items[0].ty.clone();
        let (given, size, zero) = (self.index(at)?, self.b().i64(len as i64), self.b().i64(0));
        let negative = self.b().compare(CompareOp::Lt, given, zero);
        let from_end = self.b().binary(BinaryOp::Add, given, size);
        let index = self.b().select(negative, from_end, given);
        let (low, high) =
            (self.b().compare(CompareOp::Ge, index, zero), self.b().compare(CompareOp::Lt, index, size));
        let inside = self.b().binary(BinaryOp::And, low, high);
        self.check(inside, ExcClass::INDEX_ERROR, "tuple index out of range", Vec::new());
        let tuple = self.value(tuple)?;
        let value = self.b().value(InstKind::TupleIndex(tuple, index));
        Ok(Operand::value(ty, value, span))
    }

    fn tuple_slice(
        &mut self,
        items: Vec<Operand>,
        at: &Operand,
        ty: crate::ty::SliceTy,
        span: Span,
    ) -> Result<Operand> {
        let mut parts = self.items(at).into_iter();
        let mut bound = |given: bool| -> Result<Option<i128>> {
            if !given {
                return Ok(None);
            }
            let part = parts.next().expect("the part is given");
            let constant = part.const_int();
            constant
                .map(Some)
                .ok_or_else(|| TypeError::IndexConstant { span: part.span, expected: "integer" }.into())
        };
        let (start, stop, step) = (bound(ty.start)?, bound(ty.stop)?, bound(ty.step)?.unwrap_or(1));
        let n = items.len() as i128;
        let clip = |b: Option<i128>, default: i128, low: i128, high: i128| {
            b.map_or(default, |b| (if b < 0 { b + n } else { b }).clamp(low, high))
        };
        if step == 0 {
            return Err(TypeError::IndexConstant { span, expected: "step other than zero" }.into());
        }
        let (mut k, end) = if step > 0 {
            (clip(start, 0, 0, n), clip(stop, n, 0, n))
        } else {
            (clip(start, n - 1, -1, n - 1), clip(stop, -1, -1, n - 1))
        };
        let mut taken = Vec::new();
        while if step > 0 { k < end } else { k > end } {
            taken.push(items[k as usize].clone());
            k += step;
        }
        Ok(Operand::tuple(taken, span))
    }

    fn range_subscript(&mut self, range: &Operand, at: &Operand, span: Span) -> Result<Operand> {
        if !at.ty.is_integral() {
            return Err(TypeError::Index { found: at.ty.clone(), container: Ty::Range, span: at.span }.into());
        }
        let parts = self.items(range);
        let len = self.length(range, span)?;
        let (n, zero, given) = (self.value(&len)?, self.b().i64(0), self.index(at)?);
        let negative = self.b().compare(CompareOp::Lt, given, zero);
        let from_end = self.b().binary(BinaryOp::Add, given, n);
        let index = self.b().select(negative, from_end, given);
        let (low, high) =
            (self.b().compare(CompareOp::Ge, index, zero), self.b().compare(CompareOp::Lt, index, n));
        let inside = self.b().binary(BinaryOp::And, low, high);
        self.check(inside, ExcClass::INDEX_ERROR, "range object index out of range", Vec::new());
        let (start, step) = (self.index(&parts[0])?, self.index(&parts[2])?);
        let moved = self.b().binary(BinaryOp::Mul, index, step);
        let value = self.b().binary(BinaryOp::Add, start, moved);
        Ok(Operand::value(Ty::PyInt, value, span))
    }
}

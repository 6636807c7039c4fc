//! `argmin argmax`: the place of the first extremum.
//!
//! Blocks are reduced by plain reductions, the place is found by a search in one block.

use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints, ReduceOp};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::reduce::{BLOCK, Fold};
use crate::lower::numpy::reductions::Request;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// The index of the first extremum; NaN counts as one.
    pub(super) fn position(&mut self, r: &Request, largest: bool) -> Result<Operand> {
        let name = if largest { "argmax" } else { "argmin" };
        self.check_not_empty(r, &format!("attempt to get {name} of an empty sequence"))?;
        if r.x.ty.as_array().is_some_and(|t| t.dtype.is_complex()) {
            return self.complex_statistic(r, "numpy._complex_position", largest);
        }
        let x = self.settled(&r.x)?;
        let x = match (r.flat, x.ty.as_array()) {
            (true, Some(ty)) if ty.ndim != 1 => self.raveled(&x, r.span)?,
            _ => x,
        };
        let axes = if r.flat { vec![0] } else { r.axes.clone() };
        let [axis] = axes[..] else {
            let expected = "one axis";
            return Err(TypeError::IndexConstant { span: r.span, expected }.into());
        };
        let op = if largest { ReduceOp::Max } else { ReduceOp::Min };
        let result = self.extreme_index(&x, op, axis, r.span)?;
        let ndim = usize::from(r.x.ty.as_array().expect("an array").ndim);
        if r.keepdims { self.with_unit_axes(&result, &r.axes, ndim, r.span) } else { Ok(result) }
    }

    /// Along an axis the index of the first extremum. Blocks are reduced one after another; the place is then looked for in
    /// the first block that holds the extremum.
    fn extreme_index(&mut self, x: &Operand, op: ReduceOp, axis: usize, span: Span) -> Result<Operand> {
        let shape = self.extents(x)?;
        let kept: Vec<Value> = (0..shape.len()).filter(|k| *k != axis).map(|k| shape[k]).collect();
        let scalar = kept.is_empty();
        let ndim = kept.len() as u8;
        let ty = ArrayType { dtype: DType::I64, ndim, layout: Layout::C, readonly: false, swapped: false };
        let found = self.new_var("position", Type::I64);
        let out = if scalar { Operand::none(span) } else { self.fresh_array(ty, kept.clone(), span) };
        self.over_extents(kept, &mut |l, ivs| {
            let at = |i: Value| {
                let mut at = ivs.clone();
                at.insert(axis, i);
                at
            };
            l.extreme_of_run(x, op, shape[axis], &at, found)?;
            if !scalar {
                let (target, value) = (l.value(&out)?, l.b().get(found));
                l.b().store(target, ivs, value);
            }
            Ok(())
        })?;
        if scalar {
            let value = self.b().get(found);
            return Ok(Operand::value(Ty::Scalar(DType::I64), value, span));
        }
        Ok(out)
    }

    /// Sets `found` to the index of the first extremum of the elements `at(0) … at(n - 1)`.
    fn extreme_of_run(
        &mut self,
        x: &Operand,
        op: ReduceOp,
        n: Value,
        at: &dyn Fn(Value) -> Vec<Value>,
        found: Var,
    ) -> Result<()> {
        let ty = x.ty.as_array().expect("an array");
        // Booleans have no minimum in the IR.
        let dtype = if ty.dtype == DType::Bool { DType::U8 } else { ty.dtype };
        let term = Rc::new(|_: &mut Lowerer<'_, '_>, x: &[Operand]| Ok(x[0].clone()));
        let fold = Fold { op, dtype, term, initial: None };
        let best = self.new_var("best", Type::Scalar(dtype));
        let (zero, block) = (self.b().i64(0), self.b().i64(BLOCK));
        let worst = self.identity_of(op, dtype);
        self.b().set(best, worst);
        self.b().set(found, zero);
        let compare = if op == ReduceOp::Max { CompareOp::Gt } else { CompareOp::Lt };
        self.stepped(zero, n, block, |l, low| {
            let end = l.b().binary(BinaryOp::Add, low, block);
            let high = l.b().binary(BinaryOp::Min, end, n);
            let extremum = l.rotating(low, high, &fold, |l, i| {
                let element = l.load_element(x, at(i))?;
                l.cast_to(&element, dtype)
            })?;
            let before = l.b().get(best);
            let beyond = l.b().compare(compare, extremum, before);
            let nan = l.b().compare(CompareOp::Ne, extremum, extremum);
            let better = l.b().binary(BinaryOp::Or, beyond, nan);
            let open = l.b().compare(CompareOp::Eq, before, before);
            let better = l.b().binary(BinaryOp::And, better, open);
            l.if_then(better, |l| {
                l.b().set(best, extremum);
                l.b().set(found, low);
            });
            Ok(())
        })?;
        let (wanted, low) = (self.b().get(best), self.b().get(found));
        self.first_index(low, n, found, &mut |l, i| {
            let element = l.load_element(x, at(i))?;
            let value = l.cast_to(&element, dtype)?;
            let equal = l.b().compare(CompareOp::Eq, value, wanted);
            let nan = l.b().compare(CompareOp::Ne, value, value);
            Ok(l.b().binary(BinaryOp::Or, equal, nan))
        })
    }

    /// Sets `found` to the first index from `start` on, below `n`, for which a condition holds.
    fn first_index(
        &mut self,
        start: Value,
        n: Value,
        found: Var,
        condition: &mut dyn FnMut(&mut Self, Value) -> Result<Value>,
    ) -> Result<()> {
        let step = self.b().i64(1);
        let (label, iv) = (self.func.new_label(), self.func.new_value(Type::I64));
        let (body, result) = self.nested(|l| -> Result<()> {
            let hit = condition(l, iv)?;
            l.if_then(hit, |l| {
                l.b().set(found, iv);
                l.b().push(InstKind::Break(label));
            });
            Ok(())
        });
        let node = For { label, iv, start, stop: n, step, body, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }

    pub(super) fn nan_position(&mut self, largest: bool, mut r: Request) -> Result<Operand> {
        r.x = self.settled(&r.x)?;
        let request = Request { keepdims: false, mask: None, ..r.with(r.x.clone()) };
        let numbers = self.count_numbers(&request)?;
        let lowest = self.extremum_or_self(&numbers)?;
        let zero = self.b().i64(0);
        let lowest = self.value(&lowest)?;
        let fine = self.b().compare(CompareOp::Ne, lowest, zero);
        self.check(fine, ExcClass::VALUE_ERROR, "All-NaN slice encountered", Vec::new());
        let limit = if largest { f64::NEG_INFINITY } else { f64::INFINITY };
        r.x = self.without_nan(&r.x, Operand::float(limit, r.span), r.span)?;
        self.position(&r, largest)
    }

    /// The smallest element of an array of counts, or the count itself.
    pub(super) fn extremum_or_self(&mut self, counts: &Operand) -> Result<Operand> {
        let Some(ty) = counts.ty.as_array() else { return Ok(counts.clone()) };
        let axes: Vec<usize> = (0..usize::from(ty.ndim)).collect();
        let term = Rc::new(|_: &mut Lowerer<'_, '_>, x: &[Operand]| Ok(x[0].clone()));
        self.reduce_array(counts, &axes, &Fold { op: ReduceOp::Min, dtype: DType::I64, term, initial: None })
    }
}

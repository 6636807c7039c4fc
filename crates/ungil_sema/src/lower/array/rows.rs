//! Reductions of reductions: `((x[:, None] - x)**2).sum(axis=-1).argmax()` without the array in between.
//!
//! A reduction along the last axis that another one consumes at once, by itself or behind elementwise functions, stays
//! lazy. Its consumer computes it where it needs it: a block of places in C order ([`BLOCK`]) or a row at a time, in a small
//! buffer, from which it goes on as it would from the array. The order of every operation is that of the array, so that
//! fusion changes no bits.
//!
//! Limits: the first is written in the other's expression, or assigned to a variable that only the other one reads; rows
//! of fewer than [`LONG_ROW`] results are put into memory.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::array::lazy::Lazy;
use crate::lower::array::reduce::{BLOCK, Fold};
use crate::lower::array::sweep::Elements;
use crate::operand::Operand;
use crate::ty::Ty;
use crate::world::Global;

/// Rows of an expression with fewer elements are put into memory.
pub(crate) const LONG_ROW: i64 = 64;

/// Reductions that read a reduction's results once and in order.
const CONSUMERS: &[&str] =
    &["sum", "prod", "min", "max", "amin", "amax", "any", "all", "mean", "count_nonzero", "argmin", "argmax"];
/// Reductions along an axis that stay lazy.
const PRODUCERS: &[&str] = &["sum", "prod", "min", "max", "amin", "amax", "mean"];
/// Functions of one array that may stand in between.
const BETWEEN: &[&str] = &["sqrt", "square", "abs", "absolute", "fabs", "negative"];

/// A lazy reduction along the last axis.
pub struct Rows {
    x: Operand,
    fold: Fold,
}

/// The results of a lazy reduction that are in a buffer.
struct Buffer {
    lazy: Rc<Lazy>,
    array: Operand,
}

impl Lowerer<'_, '_> {
    /// Remembers the reduction that a call of another one consumes, if there is one.
    pub(crate) fn hold_rows(&mut self, call: &Call) {
        if let Some(span) = self.consumed(call).and_then(|e| self.producer(e)) {
            self.held_rows.insert(span);
        }
    }

    /// What a call reduces that computes results of another reduction where it needs them.
    pub(crate) fn consumed<'e>(&self, call: &'e Call) -> Option<&'e Expr> {
        let ExprKind::Attribute { value, attr } = &call.func.kind else { return None };
        if !CONSUMERS.contains(&&attr.name[..]) {
            return None;
        }
        match self.library_function(&call.func)? {
            Some(_) => call.args.first(),
            None => Some(&**value),
        }
    }

    /// The function of NumPy that an attribute is; `Some(None)`: a method. `None`: something else.
    fn library_function(&self, e: &Expr) -> Option<Option<String>> {
        match self.global_of(e) {
            Some(Global::Builtin(name)) => Some(Some(name.strip_prefix("numpy.")?.to_owned())),
            Some(_) => None,
            None => Some(None),
        }
    }

    /// The place of the reduction that an expression is computed from, element by element.
    pub(crate) fn producer(&self, e: &Expr) -> Option<Span> {
        let source = self.source(e)?;
        let ExprKind::Call(call) = &source.kind else { return None };
        let ExprKind::Attribute { attr, .. } = &call.func.kind else { return None };
        self.library_function(&call.func)?;
        PRODUCERS.contains(&&attr.name[..]).then_some(source.span)
    }

    /// What an expression is computed from, element by element, by functions and operators that may stand in between.
    pub(crate) fn source<'e>(&self, e: &'e Expr) -> Option<&'e Expr> {
        match &e.kind {
            ExprKind::Name(_) => Some(e),
            ExprKind::Unary { operand, .. } => self.source(operand),
            ExprKind::Binary { left, right, .. } if matches!(right.kind, ExprKind::Literal(_)) => {
                self.source(left)
            }
            ExprKind::Call(call) => {
                let ExprKind::Attribute { attr, .. } = &call.func.kind else { return None };
                let function = self.library_function(&call.func)?;
                let plain = call.keywords.is_empty() && call.args.len() == 1;
                if function.is_some() && plain && BETWEEN.contains(&&attr.name[..]) {
                    return self.source(&call.args[0]);
                }
                Some(e)
            }
            _ => None,
        }
    }

    /// A reduction along the last axis that is to stay lazy. `None`: it is computed at once.
    pub(crate) fn lazy_rows(
        &mut self,
        x: &Operand,
        axes: &[usize],
        fold: &Fold,
        span: Span,
    ) -> Result<Option<Operand>> {
        let ndim = usize::from(x.ty.as_array().expect("an array").ndim);
        if !self.held_rows.contains(&span) || ndim < 2 || axes != [ndim - 1] || x.lazy.is_none() {
            return Ok(None);
        }
        if !self.far_leaves(x).is_empty() || self.element_cost(x)?.is_none() {
            return Ok(None);
        }
        let mut far = Vec::new();
        self.leaves(x, &mut far)?;
        let mut shape = self.extents(x)?;
        shape.pop();
        let ty = ArrayType {
            dtype: fold.dtype,
            ndim: shape.len() as u8,
            layout: Layout::C,
            readonly: false,
            swapped: false,
        };
        let rows = Some(Rc::new(Rows { x: x.clone(), fold: fold.clone() }));
        let lazy =
            Lazy { shape, args: Vec::new(), apply: Rc::new(|_, x| Ok(x[0].clone())), far, rows, whole: None };
        Ok(Some(Operand { lazy: Some(Rc::new(lazy)), ..Operand::entity(Ty::Array(ty), span) }))
    }

    /// The lazy reduction that an operand's elements are computed from.
    pub(crate) fn rows_in(&self, x: &Operand) -> Option<Rc<Lazy>> {
        let lazy = x.lazy.as_ref()?;
        match lazy.rows {
            Some(_) => Some(lazy.clone()),
            None => lazy.args.iter().find_map(|a| self.rows_in(a)),
        }
    }

    /// An operand with the lazy reduction in it in memory.
    pub(crate) fn without_rows(&mut self, x: &Operand) -> Result<Operand> {
        let Some(lazy) = x.lazy.clone().filter(|_| self.rows_in(x).is_some()) else { return Ok(x.clone()) };
        if let Some(rows) = &lazy.rows {
            let axis = usize::from(rows.x.ty.as_array().expect("an array").ndim) - 1;
            return Ok(self.reduce_array(&rows.x, &[axis], &rows.fold)?.at(x.span));
        }
        let args = lazy.args.iter().map(|a| self.without_rows(a)).collect::<Result<Vec<_>>>()?;
        Ok(Operand { lazy: Some(Rc::new(Lazy { args, ..(*lazy).clone() })), ..x.clone() })
    }

    /// Whether, at run time, results are better computed where they are consumed.
    pub(crate) fn rows_pay(&mut self, lazy: &Lazy) -> Result<Value> {
        let rows = lazy.rows.clone().expect("a lazy reduction");
        let n = *lazy.shape.last().expect("an axis is kept");
        let least = self.b().i64(LONG_ROW);
        let pays = self.b().compare(CompareOp::Ge, n, least);
        let shape = self.extents(&rows.x)?;
        let mut leaves = Vec::new();
        self.leaves(&rows.x, &mut leaves)?;
        Ok(match self.uniform(&shape, &leaves, true)? {
            Some(uniform) => self.b().binary(BinaryOp::And, pays, uniform),
            None => pays,
        })
    }

    /// Computes results `low … high - 1` of a row into a buffer, the first at `base + low`.
    pub(crate) fn fill_from_row(
        &mut self,
        lazy: &Lazy,
        row: &[Value],
        (low, high): (Value, Value),
        (buffer, base): (&Operand, Value),
    ) -> Result<()> {
        let rows = lazy.rows.clone().expect("a lazy reduction");
        let array = self.value(buffer)?;
        self.row_results(&rows.x, row, (low, high), &rows.fold, &mut |l, j, value| {
            let at = l.b().binary(BinaryOp::Add, base, j);
            l.b().store(array, vec![at], value);
        })
    }

    /// A buffer for so many results of a lazy reduction.
    pub(crate) fn row_buffer(&mut self, lazy: &Lazy, size: Value, span: Span) -> Operand {
        let dtype = lazy.rows.as_ref().expect("a lazy reduction").fold.dtype;
        let ty = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        self.fresh_array(ty, vec![size], span)
    }

    /// The element of an operand whose lazy reduction is in a buffer, at index `i` there.
    pub(crate) fn buffered_element(
        &mut self,
        x: &Operand,
        lazy: &Rc<Lazy>,
        buffer: &Operand,
        i: Value,
    ) -> Result<Operand> {
        let element = self.load_element(buffer, vec![i])?;
        let mut elements = Elements::at(Vec::new());
        elements.know(lazy, element);
        elements.of(self, x)
    }

    /// Reduces, along all axes or the last one, an operand that is computed from a lazy reduction.
    pub(crate) fn reduce_rows_of(
        &mut self,
        x: &Operand,
        lazy: Rc<Lazy>,
        axes: &[usize],
        fold: &Fold,
    ) -> Result<Operand> {
        let ndim = lazy.shape.len();
        let flat = axes.len() == ndim;
        if !flat && axes != [ndim - 1] {
            let x = self.without_rows(x)?;
            return self.reduce_array(&x, axes, fold);
        }
        let kept = if flat { Vec::new() } else { lazy.shape[..ndim - 1].to_vec() };
        let ty = ArrayType {
            dtype: fold.dtype,
            ndim: kept.len() as u8,
            layout: Layout::C,
            readonly: false,
            swapped: false,
        };
        let scalar = flat.then(|| self.new_var("reduced", Type::Scalar(fold.dtype)));
        let out = if flat { Operand::none(x.span) } else { self.fresh_array(ty, kept, x.span) };
        let pays = self.rows_pay(&lazy)?;
        let (then, fused) = self.nested(|l| match scalar {
            Some(var) => {
                let value = l.reduce_in_blocks(x, &lazy, fold)?;
                l.b().set(var, value);
                Ok(())
            }
            None => l.reduce_row_by_row(x, &lazy, fold, &out),
        });
        let (otherwise, plain) = self.nested(|l| {
            let x = l.without_rows(x)?;
            let result = l.reduce_array(&x, axes, fold)?;
            match scalar {
                Some(var) => {
                    let value = l.value(&result)?;
                    l.b().set(var, value);
                    Ok(())
                }
                None => l.fill_view(&out, &result),
            }
        });
        self.b().push(InstKind::If { cond: pays, then, otherwise });
        fused.and(plain)?;
        Ok(match scalar {
            Some(var) => {
                let value = self.b().get(var);
                Operand::value(Ty::Scalar(fold.dtype), value, x.span)
            }
            None => out,
        })
    }

    /// All results in C order, a block at a time, as they would be reduced in memory.
    fn reduce_in_blocks(&mut self, x: &Operand, lazy: &Rc<Lazy>, fold: &Fold) -> Result<Value> {
        let size = self.product(&lazy.shape);
        let block = self.b().i64(BLOCK);
        let shared = self.uses_threads();
        let common = if shared { None } else { Some(self.row_buffer(lazy, block, x.span)) };
        self.reduce_block_totals(size, fold, x.span, &mut |l, low, high| {
            let buffer = match &common {
                Some(buffer) => buffer.clone(),
                None => l.row_buffer(lazy, block, x.span),
            };
            l.fill_block(lazy, (low, high), &buffer)?;
            let (zero, count) = (l.b().i64(0), l.b().binary(BinaryOp::Sub, high, low));
            l.reduce_buffer(x, Buffer { lazy: lazy.clone(), array: buffer }, (zero, count), fold)
        })
    }

    /// Computes the results at places `low … high - 1` in C order into a buffer.
    fn fill_block(&mut self, lazy: &Rc<Lazy>, (low, high): (Value, Value), buffer: &Operand) -> Result<()> {
        let (&n, outer) = lazy.shape.split_last().expect("an axis is kept");
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let first = self.b().binary(BinaryOp::FloorDiv, low, n);
        let last = self.b().binary(BinaryOp::Sub, high, one);
        let last = self.b().binary(BinaryOp::FloorDiv, last, n);
        let stop = self.b().binary(BinaryOp::Add, last, one);
        let outer = outer.to_vec();
        self.stepped(first, stop, one, |l, number| {
            let begin = l.b().binary(BinaryOp::Mul, number, n);
            let (from, to) =
                (l.b().binary(BinaryOp::Sub, low, begin), l.b().binary(BinaryOp::Sub, high, begin));
            let (from, to) = (l.b().binary(BinaryOp::Max, from, zero), l.b().binary(BinaryOp::Min, to, n));
            let row = l.row_of(number, &outer);
            let base = l.b().binary(BinaryOp::Sub, begin, low);
            l.fill_from_row(lazy, &row, (from, to), (buffer, base))
        })
    }

    /// The indices of a row from its number.
    pub(crate) fn row_of(&mut self, number: Value, outer: &[Value]) -> Vec<Value> {
        if outer.len() == 1 {
            return vec![number];
        }
        let (mut rest, mut row) = (number, Vec::new());
        for &extent in outer.iter().rev() {
            row.insert(0, self.b().binary(BinaryOp::Mod, rest, extent));
            rest = self.b().binary(BinaryOp::FloorDiv, rest, extent);
        }
        row
    }

    /// Each row by itself.
    fn reduce_row_by_row(&mut self, x: &Operand, lazy: &Rc<Lazy>, fold: &Fold, out: &Operand) -> Result<()> {
        let (&n, outer) = lazy.shape.split_last().expect("an axis is kept");
        let shared = self.uses_threads();
        let common = if shared { None } else { Some(self.row_buffer(lazy, n, x.span)) };
        let target = self.value(out)?;
        self.independent_loops(outer.to_vec(), 1, &mut |l, row| {
            let buffer = match &common {
                Some(buffer) => buffer.clone(),
                None => l.row_buffer(lazy, n, x.span),
            };
            let zero = l.b().i64(0);
            l.fill_from_row(lazy, &row, (zero, n), (&buffer, zero))?;
            let value = l.reduce_long_run(n, fold, &mut |l, low, high| {
                let buffer = Buffer { lazy: lazy.clone(), array: buffer.clone() };
                l.reduce_buffer(x, buffer, (low, high), fold)
            })?;
            l.b().store(target, row, value);
            Ok(())
        })
    }

    /// The reduction of one block that is in a buffer.
    fn reduce_buffer(
        &mut self,
        x: &Operand,
        buffer: Buffer,
        (low, high): (Value, Value),
        fold: &Fold,
    ) -> Result<Value> {
        let dtype: DType = fold.dtype;
        self.rotating(low, high, fold, |l, i| {
            let element = l.buffered_element(x, &buffer.lazy, &buffer.array, i)?;
            let term = (fold.term)(l, &[element])?;
            l.cast_to(&term, dtype)
        })
    }
}

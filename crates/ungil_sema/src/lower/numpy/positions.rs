//! `argmin argmax`: the place of the first extremum.
//!
//! The library finds it in memory. Of an expression blocks are reduced by plain reductions, and the place is found by a search
//! in one block; it is not put into memory: the loops compute its elements, those of one block twice. Its rows are taken as runs one after another.

use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints, ReduceOp};
use ungil_ir::library::{self, LibFn};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::array::lazy::Lazy;
use crate::lower::array::reduce::{BLOCK, Fold};
use crate::lower::array::rows::LONG_ROW;
use crate::lower::array::sweep::Elements;
use crate::lower::numpy::reductions::Request;
use crate::operand::Operand;
use crate::ty::Ty;

/// Least number of columns that are looked through side by side.
const SIDE_BY_SIDE: i64 = 16;

/// Which elements are looked for: NaN counts, or is passed over.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub largest: bool,
    pub numbers: bool,
}

impl Wanted {
    fn op(self) -> ReduceOp {
        if self.largest { ReduceOp::Max } else { ReduceOp::Min }
    }
}

/// Elements in which an extremum is looked for.
struct Run<'a> {
    op: ReduceOp,
    dtype: DType,
    n: Value,
    /// The element at an index, of the run's type.
    element: &'a dyn Fn(&mut Lowerer<'_, '_>, Value) -> Result<Value>,
}

/// An expression whose elements are compared row by row.
struct Rowwise<'a> {
    x: &'a Operand,
    dtype: DType,
    /// The lazy reduction that the elements are computed from, and where its results of a row are put.
    buffer: Option<(Rc<Lazy>, Operand)>,
}

impl Rowwise<'_> {
    /// Prepares a row of `n` elements.
    fn begin(&self, l: &mut Lowerer<'_, '_>, row: &[Value], n: Value) -> Result<()> {
        let Some((lazy, buffer)) = &self.buffer else { return Ok(()) };
        let zero = l.b().i64(0);
        l.fill_from_row(lazy, row, (zero, n), (buffer, zero))
    }

    /// An element of the row that was prepared last.
    fn element(&self, l: &mut Lowerer<'_, '_>, row: &[Value], i: Value) -> Result<Value> {
        let element = match &self.buffer {
            Some((lazy, buffer)) => l.buffered_element(self.x, lazy, buffer, i)?,
            None => Elements::at([row, &[i]].concat()).of(l, self.x)?,
        };
        l.cast_to(&element, self.dtype)
    }
}

impl Lowerer<'_, '_> {
    /// The index of the first extremum; NaN counts as one.
    pub(super) fn position(&mut self, r: &Request, largest: bool) -> Result<Operand> {
        let name = if largest { "argmax" } else { "argmin" };
        self.check_not_empty(r, &format!("attempt to get {name} of an empty sequence"))?;
        if r.x.ty.as_array().is_some_and(|t| t.dtype.is_complex()) {
            return self.complex_statistic(r, "numpy._complex_position", largest);
        }
        if self.is_streamed(r)? {
            return self.streamed_position(r, largest);
        }
        let x = self.settled(&r.x)?;
        self.position_in_memory(r, x, largest, false)
    }

    /// The position in an array in memory.
    fn position_in_memory(
        &mut self,
        r: &Request,
        x: Operand,
        largest: bool,
        numbers: bool,
    ) -> Result<Operand> {
        let x = match (r.flat, x.ty.as_array()) {
            (true, Some(ty)) if ty.ndim != 1 => self.raveled(&x, r.span)?,
            _ => x,
        };
        let axes = if r.flat { vec![0] } else { r.axes.clone() };
        let &[axis] = &axes[..] else { unreachable!("the axis of a position is a number") };
        let wanted = Wanted { largest, numbers };
        let result = self.extreme_index(&x, wanted, axis, r.span)?;
        let ndim = usize::from(r.x.ty.as_array().expect("an array").ndim);
        if r.keepdims { self.with_unit_axes(&result, &r.axes, ndim, r.span) } else { Ok(result) }
    }

    /// Along an axis the index of the first extremum, by the library; many short runs across rows are gone through in order,
    /// side by side.
    fn extreme_index(&mut self, x: &Operand, wanted: Wanted, axis: usize, span: Span) -> Result<Operand> {
        let shape = self.extents(x)?;
        let kept: Vec<Value> = (0..shape.len()).filter(|k| *k != axis).map(|k| shape[k]).collect();
        let ndim = kept.len() as u8;
        let ty = ArrayType { dtype: DType::I64, ndim, layout: Layout::C, readonly: false, swapped: false };
        if kept.is_empty() {
            let out = self.frame_array(DType::I64, 1, span);
            self.places_in_rows(x, wanted, axis, &out)?;
            let (target, zero) = (self.value(&out)?, self.b().i64(0));
            let value = self.b().load(target, vec![zero]);
            return Ok(Operand::value(Ty::Scalar(DType::I64), value, span));
        }
        let out = self.fresh_array(ty, kept.clone(), span);
        let fastest = fastest_axis(x);
        if axis == fastest {
            self.places_in_rows(x, wanted, axis, &out)?;
            return Ok(out);
        }
        let least = self.b().i64(SIDE_BY_SIDE);
        let cond = self.b().compare(CompareOp::Ge, shape[fastest], least);
        let (then, in_order) = self.nested(|l| {
            let found = l.new_var("position", Type::I64);
            l.independent_loops(kept.clone(), LONG_ROW, &mut |l, ivs| {
                let at = |i: Value| {
                    let mut at = ivs.clone();
                    at.insert(axis, i);
                    at
                };
                l.extreme_in_order(x, wanted.op(), shape[axis], &at, found)?;
                let (target, value) = (l.value(&out)?, l.b().get(found));
                l.b().store(target, ivs, value);
                Ok(())
            })
        });
        let (otherwise, by_library) = self.nested(|l| l.places_in_rows(x, wanted, axis, &out));
        self.b().push(InstKind::If { cond, then, otherwise });
        in_order.and(by_library)?;
        Ok(out)
    }

    /// Calls the library for the places of extrema along an axis: `out` is dense.
    fn places_in_rows(&mut self, x: &Operand, wanted: Wanted, axis: usize, out: &Operand) -> Result<()> {
        let ty = x.ty.as_array().expect("an array");
        let last = usize::from(ty.ndim) - 1;
        let (mut x, span) = (x.clone(), x.span);
        if axis != last {
            let mut order: Vec<u8> = (0..ty.ndim).filter(|k| usize::from(*k) != axis).collect();
            order.push(axis as u8);
            x = self.transposed(&x, Some(&order), span)?;
        }
        let dense = x.ty.as_array().is_some_and(|t| t.layout == Layout::C);
        if ty.swapped || last > 1 && !dense {
            x = self.converted_copy(&x, ty.dtype, Layout::C, span)?;
        }
        let (base, shape) = (self.value(&x)?, self.extents(&x)?);
        let (n, outer) = shape.split_last().expect("an array with axes");
        let step = self.b().stride(base, last as u8);
        let mut rows = self.b().i64(1);
        for extent in outer {
            rows = self.b().binary(BinaryOp::Mul, rows, *extent);
        }
        let next =
            if last == 1 { self.b().stride(base, 0) } else { self.b().binary(BinaryOp::Mul, *n, step) };
        let table = ArrayType { ndim: 2, layout: Layout::Strided, swapped: false, ..ty };
        let zero = self.b().i64(0);
        let table = self.view(base, table, zero, vec![rows, *n], vec![next, step], span);
        let out = self.flat_view(out, rows)?;
        self.call_search(LibFn::Places, wanted, &out, &table)
    }

    /// Calls a function of the library that searches for extrema.
    pub(super) fn call_search(&mut self, f: LibFn, wanted: Wanted, out: &Operand, x: &Operand) -> Result<()> {
        let mut bits = if wanted.largest { library::LARGEST } else { 0 };
        if wanted.numbers {
            bits |= library::NUMBERS;
        }
        if self.uses_threads() {
            bits |= library::SHARED;
        }
        let operands = vec![self.value(out)?, self.value(x)?, self.b().i64(bits)];
        self.b().push(InstKind::Library(f, operands));
        Ok(())
    }

    /// Sets `found` to the index of the first extremum, element after element: independent runs then go side by side.
    fn extreme_in_order(
        &mut self,
        x: &Operand,
        op: ReduceOp,
        n: Value,
        at: &dyn Fn(Value) -> Vec<Value>,
        found: Var,
    ) -> Result<()> {
        let dtype = ordered_type(x);
        let nothing = |l: &mut Lowerer<'_, '_>, _: Value| Ok(l.zero(dtype));
        let best = self.start_extremum(&Run { op, dtype, n, element: &nothing });
        let zero = self.b().i64(0);
        self.b().set(found, zero);
        self.counted_loop(n, false, |l, i| {
            let element = l.load_element(x, at(i))?;
            let value = l.cast_to(&element, dtype)?;
            let (before, place) = (l.b().get(best), l.b().get(found));
            let better = l.is_better(op, value, before);
            let (after, here) = (l.b().select(better, value, before), l.b().select(better, i, place));
            l.b().set(best, after);
            l.b().set(found, here);
            Ok(())
        })
    }

    /// Sets `found`, which is zero, to the first of the truth values that are looked for, if there is one.
    fn first_truth(&mut self, run: &Run<'_>, found: Var) -> Result<()> {
        let zero = self.b().i64(0);
        let compare = if run.op == ReduceOp::Max { CompareOp::Ne } else { CompareOp::Eq };
        self.first_index((zero, run.n), found, LoopHints::default(), &mut |l, i| {
            let value = (run.element)(l, i)?;
            let no = l.zero(run.dtype);
            Ok(l.b().compare(compare, value, no))
        })
    }

    /// A variable for the extremum, which every element is beyond.
    fn start_extremum(&mut self, run: &Run<'_>) -> Var {
        let best = self.new_var("best", Type::Scalar(run.dtype));
        let worst = self.identity_of(run.op, run.dtype);
        self.b().set(best, worst);
        best
    }

    /// Reduces the blocks of a run, on all threads where they are shared out; the first element of one that is better than
    /// `best` is remembered.
    fn best_block(
        &mut self,
        run: &Run<'_>,
        best: Var,
        span: Span,
        remember: &mut dyn FnMut(&mut Self, Value),
    ) -> Result<()> {
        let (zero, block) = (self.b().i64(0), self.b().i64(BLOCK));
        if !self.uses_threads() {
            return self.stepped(zero, run.n, block, |l, low| {
                let extremum = l.extremum_of_block(run, low)?;
                l.take_better(run, best, extremum, |l| remember(l, low));
                Ok(())
            });
        }
        let rest = self.b().i64(BLOCK - 1);
        let padded = self.b().binary(BinaryOp::Add, run.n, rest);
        let count = self.b().binary(BinaryOp::FloorDiv, padded, block);
        let ty = ArrayType { dtype: run.dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        let extrema = self.fresh_array(ty, vec![count], span);
        let target = self.value(&extrema)?;
        self.independent_loops(vec![count], BLOCK, &mut |l, at| {
            let low = l.b().binary(BinaryOp::Mul, at[0], block);
            let extremum = l.extremum_of_block(run, low)?;
            l.b().store(target, at, extremum);
            Ok(())
        })?;
        self.counted_loop(count, false, |l, i| {
            let extremum = l.b().load(target, vec![i]);
            let low = l.b().binary(BinaryOp::Mul, i, block);
            l.take_better(run, best, extremum, |l| remember(l, low));
            Ok(())
        })
    }

    /// The extremum of the block of a run that begins at `low`.
    fn extremum_of_block(&mut self, run: &Run<'_>, low: Value) -> Result<Value> {
        let term = Rc::new(|_: &mut Lowerer<'_, '_>, x: &[Operand]| Ok(x[0].clone()));
        let fold = Fold { op: run.op, dtype: run.dtype, term, initial: None, narrow: None };
        let block = self.b().i64(BLOCK);
        let end = self.b().binary(BinaryOp::Add, low, block);
        let high = self.b().binary(BinaryOp::Min, end, run.n);
        self.rotating(low, high, &fold, |l, i| (run.element)(l, i))
    }

    /// Sets `best` to an extremum that is beyond it; the first NaN stays.
    fn take_better(&mut self, run: &Run<'_>, best: Var, extremum: Value, remember: impl FnOnce(&mut Self)) {
        let before = self.b().get(best);
        let better = self.is_better(run.op, extremum, before);
        self.if_then(better, |l| {
            l.b().set(best, extremum);
            remember(l);
        });
    }

    /// Whether a value is beyond another; the first NaN is beyond all.
    fn is_better(&mut self, op: ReduceOp, value: Value, before: Value) -> Value {
        let compare = if op == ReduceOp::Max { CompareOp::Gt } else { CompareOp::Lt };
        let beyond = self.b().compare(compare, value, before);
        let nan = self.b().compare(CompareOp::Ne, value, value);
        let better = self.b().binary(BinaryOp::Or, beyond, nan);
        let open = self.b().compare(CompareOp::Eq, before, before);
        self.b().binary(BinaryOp::And, better, open)
    }

    /// Sets `found` to the index of the extremum, which is in the block that begins at `low`.
    fn place_in_block(
        &mut self,
        run: &Run<'_>,
        best: Var,
        low: Value,
        found: Var,
        hints: LoopHints,
    ) -> Result<()> {
        let (wanted, block) = (self.b().get(best), self.b().i64(BLOCK));
        let end = self.b().binary(BinaryOp::Add, low, block);
        let high = self.b().binary(BinaryOp::Min, end, run.n);
        self.first_index((low, high), found, hints, &mut |l, i| {
            let value = (run.element)(l, i)?;
            let equal = l.b().compare(CompareOp::Eq, value, wanted);
            let nan = l.b().compare(CompareOp::Ne, value, value);
            Ok(l.b().binary(BinaryOp::Or, equal, nan))
        })
    }

    /// Whether the elements are computed where they are compared: rows of an expression that can neither raise nor write.
    fn is_streamed(&mut self, r: &Request) -> Result<bool> {
        let ndim = usize::from(r.x.ty.as_array().expect("an array").ndim);
        let rows = ndim > 0 && (r.flat || r.axes[..] == [ndim - 1]);
        let inner = self.rows_in(&r.x).is_some();
        // Of an expression with several axes the rows go one after another.
        let shared_out = self.uses_threads() && (ndim > 1 || inner);
        if r.x.lazy.is_none() || !rows || shared_out {
            return Ok(false);
        }
        if inner {
            return Ok(true);
        }
        if !self.far_leaves(&r.x).is_empty() {
            return Ok(false);
        }
        Ok(self.element_cost(&r.x)?.is_some())
    }

    /// The position in an expression whose rows are long; others are put into memory.
    fn streamed_position(&mut self, r: &Request, largest: bool) -> Result<Operand> {
        let shape = self.extents(&r.x)?;
        let (&n, outer) = shape.split_last().expect("an array with axes");
        let pays = self.streaming_pays(&r.x, &shape)?;
        let scalar = r.flat || outer.is_empty();
        let kept = if scalar { Vec::new() } else { outer.to_vec() };
        let ndim = kept.len() as u8;
        let ty = ArrayType { dtype: DType::I64, ndim, layout: Layout::C, readonly: false, swapped: false };
        let found = self.new_var("position", Type::I64);
        let out = if scalar { Operand::none(r.span) } else { self.fresh_array(ty, kept, r.span) };
        let op = if largest { ReduceOp::Max } else { ReduceOp::Min };
        let (then, streamed) = self.nested(|l| match scalar {
            true => l.position_in_rows(&r.x, op, (n, outer), found),
            false => l.positions_of_rows(&r.x, op, (n, outer), found, &out),
        });
        let (otherwise, stored) = self.nested(|l| -> Result<()> {
            let x = l.materialised(&r.x)?;
            let plain = Request { keepdims: false, ..r.with(x.clone()) };
            let result = l.position_in_memory(&plain, x, largest, false)?;
            if scalar {
                let value = l.value(&result)?;
                l.b().set(found, value);
                return Ok(());
            }
            l.fill_view(&out, &result)
        });
        self.b().push(InstKind::If { cond: pays, then, otherwise });
        streamed.and(stored)?;
        let result = match scalar {
            true => Operand::value(Ty::Scalar(DType::I64), self.b().get(found), r.span),
            false => out,
        };
        if r.keepdims { self.with_unit_axes(&result, &r.axes, shape.len(), r.span) } else { Ok(result) }
    }

    /// Whether, at run time, the elements of an expression are better computed where they are compared.
    fn streaming_pays(&mut self, x: &Operand, shape: &[Value]) -> Result<Value> {
        if let Some(lazy) = self.rows_in(x) {
            return self.rows_pay(&lazy);
        }
        let mut leaves = Vec::new();
        self.leaves(x, &mut leaves)?;
        let least = self.b().i64(LONG_ROW);
        let pays = self.b().compare(CompareOp::Ge, *shape.last().expect("an axis"), least);
        Ok(match self.uniform(shape, &leaves, true)? {
            Some(uniform) => self.b().binary(BinaryOp::And, pays, uniform),
            None => pays,
        })
    }

    /// An expression whose rows have `n` elements.
    fn rowwise<'a>(&mut self, x: &'a Operand, n: Value) -> Rowwise<'a> {
        let lazy = self.rows_in(x);
        let buffer = lazy.map(|lazy| {
            let buffer = self.row_buffer(&lazy, n, x.span);
            (lazy, buffer)
        });
        Rowwise { x, dtype: ordered_type(x), buffer }
    }

    /// The place in each row of an expression.
    fn positions_of_rows(
        &mut self,
        x: &Operand,
        op: ReduceOp,
        (n, outer): (Value, &[Value]),
        found: Var,
        out: &Operand,
    ) -> Result<()> {
        let dtype = ordered_type(x);
        let source = self.rowwise(x, n);
        self.over_extents(outer.to_vec(), &mut |l, row| {
            source.begin(l, &row, n)?;
            let element = |l: &mut Lowerer<'_, '_>, i: Value| source.element(l, &row, i);
            let run = Run { op, dtype, n, element: &element };
            let best = l.start_extremum(&run);
            let zero = l.b().i64(0);
            l.b().set(found, zero);
            l.best_block(&run, best, x.span, &mut |l, low| l.b().set(found, low))?;
            let low = l.b().get(found);
            l.place_in_block(&run, best, low, found, LoopHints::default())?;
            let (target, value) = (l.value(out)?, l.b().get(found));
            l.b().store(target, row.clone(), value);
            Ok(())
        })
    }

    /// Sets `found` to the place in an expression's elements, row after row.
    fn position_in_rows(
        &mut self,
        x: &Operand,
        op: ReduceOp,
        (n, outer): (Value, &[Value]),
        found: Var,
    ) -> Result<()> {
        let dtype = ordered_type(x);
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let [number, winner] = ["row", "winner"].map(|name| self.new_var(name, Type::I64));
        for var in [number, winner, found] {
            self.b().set(var, zero);
        }
        let source = self.rowwise(x, n);
        if outer.is_empty() && is_truth(x) {
            source.begin(self, &[], n)?;
            let element = |l: &mut Lowerer<'_, '_>, i: Value| source.element(l, &[], i);
            return self.first_truth(&Run { op, dtype, n, element: &element }, found);
        }
        let nothing = |l: &mut Lowerer<'_, '_>, _: Value| Ok(l.zero(dtype));
        let best = self.start_extremum(&Run { op, dtype, n, element: &nothing });
        self.over_extents(outer.to_vec(), &mut |l, row| {
            source.begin(l, &row, n)?;
            let element = |l: &mut Lowerer<'_, '_>, i: Value| source.element(l, &row, i);
            let run = Run { op, dtype, n, element: &element };
            l.best_block(&run, best, x.span, &mut |l, low| {
                let this = l.b().get(number);
                l.b().set(winner, this);
                l.b().set(found, low);
            })?;
            let this = l.b().get(number);
            let next = l.b().binary(BinaryOp::Add, this, one);
            l.b().set(number, next);
            Ok(())
        })?;
        // The winner's indices from its number.
        let winner = self.b().get(winner);
        let row = if outer.is_empty() { Vec::new() } else { self.row_of(winner, outer) };
        source.begin(self, &row, n)?;
        let element = |l: &mut Lowerer<'_, '_>, i: Value| source.element(l, &row, i);
        let low = self.b().get(found);
        let run = Run { op, dtype, n, element: &element };
        self.place_in_block(&run, best, low, found, LoopHints::default())?;
        let before = self.b().binary(BinaryOp::Mul, winner, n);
        let inside = self.b().get(found);
        let place = self.b().binary(BinaryOp::Add, before, inside);
        self.b().set(found, place);
        Ok(())
    }

    /// Sets `found` to the first index from `start` on, below `stop`, for which a condition holds.
    fn first_index(
        &mut self,
        (start, stop): (Value, Value),
        found: Var,
        hints: LoopHints,
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
        let node = For { label, iv, start, stop, step, body, hints };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }

    pub(super) fn nan_position(&mut self, largest: bool, mut r: Request) -> Result<Operand> {
        let name = if largest { "argmax" } else { "argmin" };
        let complex = r.x.ty.as_array().is_some_and(|t| t.dtype.is_complex());
        if !complex && (r.flat || r.axes[..] == [fastest_axis(&r.x)]) {
            self.check_not_empty(&r, &format!("attempt to get {name} of an empty sequence"))?;
            let x = self.settled(&r.x)?;
            return self.position_in_memory(&r, x, largest, true);
        }
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
        self.reduce_array(
            counts,
            &axes,
            &Fold { op: ReduceOp::Min, dtype: DType::I64, term, initial: None, narrow: None },
        )
    }
}

/// The axis whose neighbours are nearest.
fn fastest_axis(x: &Operand) -> usize {
    let ty = x.ty.as_array().expect("an array");
    if ty.layout == Layout::F { 0 } else { usize::from(ty.ndim) - 1 }
}

fn is_truth(x: &Operand) -> bool {
    x.ty.as_array().is_some_and(|t| t.dtype == DType::Bool)
}

/// The type in which elements are compared: booleans have no minimum in the IR.
fn ordered_type(x: &Operand) -> DType {
    match x.ty.as_array().expect("an array").dtype {
        DType::Bool => DType::U8,
        dtype => dtype,
    }
}

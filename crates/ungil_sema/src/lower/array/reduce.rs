//! Reductions of arrays along axes.
//!
//! What the elements are computed from is never put into memory: the loop that computes them reduces them. Two shapes of
//! loops, by where the axis lies that memory runs along:
//!
//! - it is reduced: **runs** of elements are reduced one after another. A run of at least [`SHORT`] elements is cut into
//!   blocks of [`BLOCK`], whose elements rotate over 32 partials that are folded by halving; the blocks' sums of floats are
//!   added with the error of each addition kept (Knuth's two-sum), so that long sums are at least as accurate as NumPy's
//!   pairwise ones. Shorter runs are reduced in order, as NumPy does.
//! - it is kept: rows are combined with the result element by element, in order, as NumPy does.
//!
//! The order depends on shape and layout alone. Source of two-sum: D. E. Knuth, The Art of Computer Programming 2, 4.2.2.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::entities::{Label, Value, Var};
use ungil_ir::inst::{BinaryOp, CompareOp, Const, For, InstKind, LoopHints, ParallelFor, ReduceOp, UnaryOp};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::array::lazy::Apply;
use crate::lower::array::sweep::{Elements, WORTHWHILE};
use crate::operand::Operand;
use crate::ty::Ty;

/// Elements of a block.
pub(crate) const BLOCK: i64 = 512;
/// Runs below this many elements are reduced in order.
const SHORT: i64 = 16;
/// Elements of the rows that a thread combines at a time.
const COLUMNS: i64 = 256;

/// How elements are reduced.
#[derive(Clone)]
pub(crate) struct Fold {
    pub op: ReduceOp,
    /// Type of the accumulator and of the result.
    pub dtype: DType,
    /// Makes a term, of the accumulator's type, of an element.
    pub term: Rc<Apply>,
    /// What the result starts from instead of the operation's identity.
    pub initial: Option<Value>,
    /// A smaller type that the sum of any block of terms fits into.
    pub narrow: Option<DType>,
}

/// The accumulator of one result: its value and, of float sums, what rounding has lost.
#[derive(Clone, Copy)]
struct Accumulator {
    total: Var,
    lost: Option<Var>,
}

/// The axes of a reduction, in the order of memory.
struct Plan {
    shape: Vec<Value>,
    /// Axes from the slowest to the fastest.
    order: Vec<usize>,
    reduced: Vec<bool>,
}

impl<'p, 'w> Lowerer<'p, 'w> {
    /// Reduces an array along axes (in order, not empty): a scalar if all are, else an array of the others.
    pub(crate) fn reduce_array(&mut self, x: &Operand, axes: &[usize], fold: &Fold) -> Result<Operand> {
        if let Some(lazy) = self.rows_in(x) {
            return self.reduce_rows_of(x, lazy, axes, fold);
        }
        let ty = x.ty.as_array().expect("an array");
        let shape = self.extents(x)?;
        let kept: Vec<Value> = (0..shape.len()).filter(|k| !axes.contains(k)).map(|k| shape[k]).collect();
        let layout = if kept.len() > 1 && ty.layout == Layout::F { Layout::F } else { Layout::C };
        let out_ty =
            ArrayType { dtype: fold.dtype, ndim: kept.len() as u8, layout, readonly: false, swapped: false };
        let scalar = kept.is_empty().then(|| self.new_var("reduced", Type::Scalar(fold.dtype)));
        let out = match scalar {
            Some(_) => Operand::none(x.span),
            None => self.fresh_array(out_ty, kept, x.span),
        };
        let mut leaves = Vec::new();
        self.leaves(x, &mut leaves)?;
        match self.uniform(&shape, &leaves, true)? {
            None => self.reduce_into(x, &leaves, axes, fold, &out, scalar)?,
            Some(uniform) => {
                let (then, fast) = self.nested(|l| l.reduce_into(x, &leaves, axes, fold, &out, scalar));
                let (otherwise, spread) = self.nested(|l| {
                    let array = l.materialised(x)?;
                    l.reduce_into(&array, std::slice::from_ref(&array), axes, fold, &out, scalar)
                });
                self.b().push(InstKind::If { cond: uniform, then, otherwise });
                fast.and(spread)?;
            }
        }
        Ok(match scalar {
            Some(var) => {
                let value = self.b().get(var);
                Operand::value(Ty::Scalar(fold.dtype), value, x.span)
            }
            None => out,
        })
    }

    /// Reduces arrays of one shape into `out`, or into `scalar` if nothing is kept.
    fn reduce_into(
        &mut self,
        x: &Operand,
        leaves: &[Operand],
        axes: &[usize],
        fold: &Fold,
        out: &Operand,
        scalar: Option<Var>,
    ) -> Result<()> {
        let shape = self.extents(x)?;
        let all: Vec<&Operand> = leaves.iter().collect();
        let everything = axes.len() == shape.len();
        if everything && [Layout::C, Layout::F].into_iter().any(|o| self.contiguous(&all, shape.len(), o)) {
            let mut elements = Elements::new();
            let size = self.product(&shape);
            if shape.len() > 1 {
                elements.flatten(self, &all, size)?;
            }
            let plan = Plan { shape: vec![size], order: vec![0], reduced: vec![true] };
            return self.reduce_runs(x, &plan, &elements, fold, out, scalar);
        }
        let fortran =
            leaves.iter().all(|a| a.ty.as_array().is_some_and(|t| t.layout == Layout::F || t.ndim < 2));
        let mut order: Vec<usize> = (0..shape.len()).collect();
        if fortran && shape.len() > 1 {
            order.reverse();
        }
        let reduced: Vec<bool> = (0..shape.len()).map(|k| axes.contains(&k)).collect();
        let runs = reduced[*order.last().expect("an array with axes")];
        let plan = Plan { shape, order, reduced };
        if runs {
            self.reduce_runs(x, &plan, &Elements::new(), fold, out, scalar)
        } else {
            self.reduce_rows(x, &plan, fold, out)
        }
    }

    pub(crate) fn product(&mut self, extents: &[Value]) -> Value {
        let mut size = extents[0];
        for &extent in &extents[1..] {
            size = self.b().binary(BinaryOp::Mul, size, extent);
        }
        size
    }

    /// Rows combined with the result, one after another.
    fn reduce_rows(&mut self, x: &Operand, plan: &Plan, fold: &Fold, out: &Operand) -> Result<()> {
        let start = self.start_of(fold);
        let first = Operand::value(Ty::Scalar(fold.dtype), start, x.span);
        self.fill_view(out, &first)?;
        let mut at = vec![None; plan.shape.len()];
        if !self.uses_threads() {
            return self.row_loops(x, plan, 0, &at, None, fold, out);
        }
        let (elements, enough) = (self.product(&plan.shape), self.b().i64(WORTHWHILE));
        let pays = self.b().compare(CompareOp::Ge, elements, enough);
        let slowest = plan.order[0];
        if !plan.reduced[slowest] {
            return self.on_threads(plan.shape[slowest], pays, |l, i| {
                at[slowest] = Some(i);
                l.row_loops(x, plan, 1, &at, None, fold, out)
            });
        }
        // Every element of the result is combined in the order of the rows, whoever does it.
        let n = plan.shape[*plan.order.last().expect("an array with axes")];
        let (width, rest) = (self.b().i64(COLUMNS), self.b().i64(COLUMNS - 1));
        let padded = self.b().binary(BinaryOp::Add, n, rest);
        let blocks = self.b().binary(BinaryOp::FloorDiv, padded, width);
        self.on_threads(blocks, pays, |l, i| {
            let low = l.b().binary(BinaryOp::Mul, i, width);
            let end = l.b().binary(BinaryOp::Add, low, width);
            let high = l.b().binary(BinaryOp::Min, end, n);
            l.row_loops(x, plan, 0, &at, Some((low, high)), fold, out)
        })
    }

    /// Loops from an axis on; `columns`: the places along the last one, all without it.
    #[expect(clippy::too_many_arguments, reason = "what a loop nest over the axes is made of")]
    fn row_loops(
        &mut self,
        x: &Operand,
        plan: &Plan,
        depth: usize,
        at: &[Option<Value>],
        columns: Option<(Value, Value)>,
        fold: &Fold,
        out: &Operand,
    ) -> Result<()> {
        let Some(&axis) = plan.order.get(depth) else {
            let at: Vec<Value> = at.iter().map(|i| i.expect("every axis has a loop")).collect();
            let place: Vec<Value> = (0..at.len()).filter(|k| !plan.reduced[*k]).map(|k| at[k]).collect();
            let term = self.term(x, &mut Elements::at(at), fold)?;
            let target = self.value(out)?;
            let old = self.b().load(target, place.clone());
            let new = self.b().binary(fold.op.binary(), old, term);
            self.b().store(target, place, new);
            return Ok(());
        };
        // Rows behind the last reduced axis are independent elements.
        let independent = !plan.order[depth..].iter().any(|k| plan.reduced[*k]);
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let last = depth + 1 == plan.order.len();
        let (start, stop) = columns.filter(|_| last).unwrap_or((zero, plan.shape[axis]));
        self.loop_of(start, stop, one, independent, |l, i| {
            let mut at = at.to_vec();
            at[axis] = Some(i);
            l.row_loops(x, plan, depth + 1, &at, columns, fold, out)
        })
    }

    /// Runs along the fastest axis, reduced one after another.
    fn reduce_runs(
        &mut self,
        x: &Operand,
        plan: &Plan,
        elements: &Elements,
        fold: &Fold,
        out: &Operand,
        scalar: Option<Var>,
    ) -> Result<()> {
        let &last = plan.order.last().expect("an array with axes");
        let (n, short) = (plan.shape[last], self.b().i64(SHORT));
        if plan.order.len() == 1 && self.uses_threads() {
            return self.reduce_blocks(x, plan, elements, fold, (out, scalar));
        }
        if plan.order.len() == 1 {
            return self.results(x, plan, elements, fold, (out, scalar), false);
        }
        let long = self.b().compare(CompareOp::Ge, n, short);
        let (then, blocks) = self.nested(|l| l.results(x, plan, elements, fold, (out, scalar), false));
        let (otherwise, in_order) = self.nested(|l| l.results(x, plan, elements, fold, (out, scalar), true));
        self.b().push(InstKind::If { cond: long, then, otherwise });
        blocks.and(in_order)
    }

    /// One run whose blocks all threads reduce; their results are combined in order, as by one thread.
    fn reduce_blocks(
        &mut self,
        x: &Operand,
        plan: &Plan,
        elements: &Elements,
        fold: &Fold,
        (out, scalar): (&Operand, Option<Var>),
    ) -> Result<()> {
        let value = self.reduce_block_totals(plan.shape[0], fold, x.span, &mut |l, low, high| {
            l.rotating(low, high, fold, |l, i| l.term(x, &mut elements.moved(vec![i]), fold))
        })?;
        self.deliver(value, Vec::new(), (out, scalar))
    }

    /// Reduces each block of a run of `n` elements by `total`, on all threads if the user asked for that, and combines the
    /// results in order.
    pub(crate) fn reduce_block_totals(
        &mut self,
        n: Value,
        fold: &Fold,
        span: Span,
        total: &mut dyn FnMut(&mut Self, Value, Value) -> Result<Value>,
    ) -> Result<Value> {
        let (block, rest) = (self.b().i64(BLOCK), self.b().i64(BLOCK - 1));
        let padded = self.b().binary(BinaryOp::Add, n, rest);
        let count = self.b().binary(BinaryOp::FloorDiv, padded, block);
        let ty = ArrayType { dtype: fold.dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        let totals = self.fresh_array(ty, vec![count], span);
        let target = self.value(&totals)?;
        self.independent_loops(vec![count], BLOCK, &mut |l, at| {
            let low = l.b().binary(BinaryOp::Mul, at[0], block);
            let end = l.b().binary(BinaryOp::Add, low, block);
            let high = l.b().binary(BinaryOp::Min, end, n);
            let total = total(l, low, high)?;
            l.b().store(target, at, total);
            Ok(())
        })?;
        let accumulator = self.accumulator(fold, false);
        self.begin(fold, accumulator);
        self.counted_loop(count, false, |l, i| {
            let total = l.b().load(target, vec![i]);
            l.add_block(fold.op, accumulator, total);
            Ok(())
        })?;
        Ok(self.finished(fold.dtype, accumulator))
    }

    /// Reduces a run of at least [`SHORT`] elements, each block by `total`.
    pub(crate) fn reduce_long_run(
        &mut self,
        n: Value,
        fold: &Fold,
        total: &mut dyn FnMut(&mut Self, Value, Value) -> Result<Value>,
    ) -> Result<Value> {
        let accumulator = self.accumulator(fold, false);
        self.begin(fold, accumulator);
        let (zero, block) = (self.b().i64(0), self.b().i64(BLOCK));
        self.stepped(zero, n, block, |l, low| {
            let end = l.b().binary(BinaryOp::Add, low, block);
            let high = l.b().binary(BinaryOp::Min, end, n);
            let partial = total(l, low, high)?;
            l.add_block(fold.op, accumulator, partial);
            Ok(())
        })?;
        Ok(self.finished(fold.dtype, accumulator))
    }

    /// Reduces the last axis at places `low … high - 1` of a row of an expression; `put` gets each place and its result.
    pub(crate) fn row_results(
        &mut self,
        x: &Operand,
        row: &[Value],
        (low, high): (Value, Value),
        fold: &Fold,
        put: &mut dyn FnMut(&mut Self, Value, Value),
    ) -> Result<()> {
        let shape = self.extents(x)?;
        let last = shape.len() - 1;
        let reduced = (0..=last).map(|k| k == last).collect();
        let plan = Plan { order: (0..=last).collect(), shape, reduced };
        let short = self.b().i64(SHORT);
        let long = self.b().compare(CompareOp::Ge, plan.shape[last], short);
        let mut variant = |l: &mut Self, short: bool| {
            let accumulator = l.accumulator(fold, short);
            let step = l.b().i64(1);
            l.loop_of(low, high, step, true, |l, j| {
                let mut at: Vec<Option<Value>> = row.iter().map(|i| Some(*i)).collect();
                at.extend([Some(j), None]);
                l.begin(fold, accumulator);
                l.reduced_loops(x, &plan, &[last], &at, &Elements::new(), fold, accumulator, short)?;
                let value = l.finished(fold.dtype, accumulator);
                put(l, j, value);
                Ok(())
            })
        };
        let (then, blocks) = self.nested(|l| variant(l, false));
        let (otherwise, in_order) = self.nested(|l| variant(l, true));
        self.b().push(InstKind::If { cond: long, then, otherwise });
        blocks.and(in_order)
    }

    /// Variables for one result at a time.
    fn accumulator(&mut self, fold: &Fold, short: bool) -> Accumulator {
        let ty = Type::Scalar(fold.dtype);
        let exact = fold.dtype.is_int() || fold.dtype == DType::Bool;
        let total = self.new_var("total", ty.clone());
        let lost = (fold.op == ReduceOp::Add && !exact && !short).then(|| self.new_var("lost", ty));
        Accumulator { total, lost }
    }

    fn begin(&mut self, fold: &Fold, accumulator: Accumulator) {
        let start = self.start_of(fold);
        self.b().set(accumulator.total, start);
        if let Some(lost) = accumulator.lost {
            let zero = self.zero(fold.dtype);
            self.b().set(lost, zero);
        }
    }

    /// Stores a result.
    fn deliver(
        &mut self,
        value: Value,
        place: Vec<Value>,
        (out, scalar): (&Operand, Option<Var>),
    ) -> Result<()> {
        match scalar {
            Some(var) => self.b().set(var, value),
            None => {
                let target = self.value(out)?;
                self.b().store(target, place, value);
            }
        }
        Ok(())
    }

    /// A loop over the kept axes; for each result one over the others.
    fn results(
        &mut self,
        x: &Operand,
        plan: &Plan,
        elements: &Elements,
        fold: &Fold,
        (out, scalar): (&Operand, Option<Var>),
        short: bool,
    ) -> Result<()> {
        let kept: Vec<usize> = plan.order.iter().copied().filter(|k| !plan.reduced[*k]).collect();
        let extents: Vec<Value> = kept.iter().map(|k| plan.shape[*k]).collect();
        let accumulator = self.accumulator(fold, short);
        self.independent_loops(extents, SHORT, &mut |l, ivs| {
            let mut at = vec![None; plan.shape.len()];
            kept.iter().zip(&ivs).for_each(|(k, iv)| at[*k] = Some(*iv));
            l.begin(fold, accumulator);
            let reduced: Vec<usize> = plan.order.iter().copied().filter(|k| plan.reduced[*k]).collect();
            l.reduced_loops(x, plan, &reduced, &at, elements, fold, accumulator, short)?;
            let value = l.finished(fold.dtype, accumulator);
            let place = (0..at.len()).filter_map(|k| at[k]).collect();
            l.deliver(value, place, (out, scalar))
        })
    }

    #[expect(clippy::too_many_arguments, reason = "what a loop nest over the reduced axes is made of")]
    fn reduced_loops(
        &mut self,
        x: &Operand,
        plan: &Plan,
        reduced: &[usize],
        at: &[Option<Value>],
        elements: &Elements,
        fold: &Fold,
        accumulator: Accumulator,
        short: bool,
    ) -> Result<()> {
        let (&axis, inner) = reduced.split_first().expect("the fastest axis is reduced");
        let n = plan.shape[axis];
        let place =
            |at: &[Option<Value>], i: Value| -> Vec<Value> { at.iter().map(|k| k.unwrap_or(i)).collect() };
        if !inner.is_empty() {
            return self.counted_loop(n, false, |l, i| {
                let mut at = at.to_vec();
                at[axis] = Some(i);
                l.reduced_loops(x, plan, inner, &at, elements, fold, accumulator, short)
            });
        }
        if short {
            let run = (self.b().i64(0), n, self.b().i64(1));
            let hints = LoopHints { few: true, ..LoopHints::default() };
            return self.labelled_loop(run, hints, |l, i, _| {
                let term = l.term(x, &mut elements.moved(place(at, i)), fold)?;
                l.combine(fold.op, accumulator.total, term);
                Ok(())
            });
        }
        let block = self.b().i64(BLOCK);
        let zero = self.b().i64(0);
        self.labelled_loop((zero, n, block), LoopHints::default(), |l, low, label| {
            let end = l.b().binary(BinaryOp::Add, low, block);
            let high = l.b().binary(BinaryOp::Min, end, n);
            let partial =
                l.rotating(low, high, fold, |l, i| l.term(x, &mut elements.moved(place(at, i)), fold))?;
            l.add_block(fold.op, accumulator, partial);
            if fold.dtype == DType::Bool && matches!(fold.op, ReduceOp::And | ReduceOp::Or) {
                // The rest decides nothing.
                let total = l.b().get(accumulator.total);
                let decided = if fold.op == ReduceOp::Or { total } else { l.b().unary(UnaryOp::Not, total) };
                l.if_then(decided, |l| {
                    l.b().push(InstKind::Break(label));
                });
            }
            Ok(())
        })
    }

    /// The reduction of one block over rotating partials.
    pub(crate) fn rotating(
        &mut self,
        low: Value,
        high: Value,
        fold: &Fold,
        term: impl FnOnce(&mut Self, Value) -> Result<Value>,
    ) -> Result<Value> {
        let dtype = fold.narrow.unwrap_or(fold.dtype);
        let var = self.new_var("block", Type::Scalar(dtype));
        let identity = self.identity_of(fold.op, dtype);
        self.b().set(var, identity);
        let (label, iv) = (self.func.new_label(), self.func.new_value(Type::I64));
        let step = self.b().i64(1);
        let (body, result): (_, Result<()>) = self.nested(|l| {
            let term = term(l, iv)?;
            let term = l.b().cast(term, dtype);
            l.combine(fold.op, var, term);
            Ok(())
        });
        let node = self.work_sharing(label, iv, (low, high, step), body);
        self.program.unclassified = true;
        self.b().push(InstKind::ParallelFor(Box::new(ParallelFor { in_place: true, ..node })));
        result?;
        let block = self.b().get(var);
        Ok(self.b().cast(block, fold.dtype))
    }

    fn combine(&mut self, op: ReduceOp, var: Var, term: Value) {
        let old = self.b().get(var);
        // Of extrema the first operand is looked at for NaN: looking at the term does not wait for what came before.
        let (a, b) = if matches!(op, ReduceOp::Min | ReduceOp::Max) { (term, old) } else { (old, term) };
        let new = self.b().binary(op.binary(), a, b);
        self.b().set(var, new);
    }

    /// Takes the result of a block in.
    fn add_block(&mut self, op: ReduceOp, accumulator: Accumulator, x: Value) {
        let Some(lost) = accumulator.lost else { return self.combine(op, accumulator.total, x) };
        let total = self.b().get(accumulator.total);
        let sum = self.b().binary(BinaryOp::Add, total, x);
        let taken = self.b().binary(BinaryOp::Sub, sum, total);
        let rest = self.b().binary(BinaryOp::Sub, sum, taken);
        let missing = self.b().binary(BinaryOp::Sub, total, rest);
        let excess = self.b().binary(BinaryOp::Sub, x, taken);
        let error = self.b().binary(BinaryOp::Add, missing, excess);
        self.b().set(accumulator.total, sum);
        self.combine(ReduceOp::Add, lost, error);
    }

    /// The total with what was lost, where that is a number other than zero.
    fn finished(&mut self, dtype: DType, accumulator: Accumulator) -> Value {
        let total = self.b().get(accumulator.total);
        let Some(lost) = accumulator.lost else { return total };
        let lost = self.b().get(lost);
        if !dtype.is_complex() {
            return self.corrected(total, lost);
        }
        let parts = [UnaryOp::Real, UnaryOp::Imag].map(|part| {
            let (t, e) = (self.b().unary(part, total), self.b().unary(part, lost));
            self.corrected(t, e)
        });
        self.b().binary(BinaryOp::MakeComplex, parts[0], parts[1])
    }

    fn corrected(&mut self, total: Value, lost: Value) -> Value {
        let sum = self.b().binary(BinaryOp::Add, total, lost);
        // Infinite totals lose NaN; adding zero would change the sign of a zero.
        let difference = self.b().binary(BinaryOp::Sub, lost, lost);
        let finite = self.b().compare(CompareOp::Eq, difference, difference);
        let dtype = self.func.ty(lost).dtype().expect("a number");
        let zero = self.zero(dtype);
        let some = self.b().compare(CompareOp::Ne, lost, zero);
        let counts = self.b().binary(BinaryOp::And, finite, some);
        self.b().select(counts, sum, total)
    }

    /// The term of the element at a place.
    fn term(&mut self, x: &Operand, elements: &mut Elements, fold: &Fold) -> Result<Value> {
        let element = elements.of(self, x)?;
        let term = (fold.term)(self, &[element])?;
        self.cast_to(&term, fold.dtype)
    }

    fn start_of(&mut self, fold: &Fold) -> Value {
        match fold.initial {
            Some(value) => value,
            None => self.identity_of(fold.op, fold.dtype),
        }
    }

    /// `for i in range(n): body(i)`.
    pub(crate) fn counted_loop(
        &mut self,
        n: Value,
        independent: bool,
        body: impl FnOnce(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let (start, step) = (self.b().i64(0), self.b().i64(1));
        self.loop_of(start, n, step, independent, body)
    }

    pub(crate) fn stepped(
        &mut self,
        start: Value,
        stop: Value,
        step: Value,
        body: impl FnOnce(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        self.loop_of(start, stop, step, false, body)
    }

    fn loop_of(
        &mut self,
        start: Value,
        stop: Value,
        step: Value,
        independent: bool,
        body: impl FnOnce(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let hints = LoopHints { independent, ..LoopHints::default() };
        self.labelled_loop((start, stop, step), hints, |l, i, _| body(l, i))
    }

    /// A loop that its body may break out of.
    fn labelled_loop(
        &mut self,
        (start, stop, step): (Value, Value, Value),
        hints: LoopHints,
        body: impl FnOnce(&mut Self, Value, Label) -> Result<()>,
    ) -> Result<()> {
        let (label, iv) = (self.func.new_label(), self.func.new_value(Type::I64));
        let (region, result) = self.nested(|l| body(l, iv, label));
        let node = For { label, iv, start, stop, step, body: region, hints };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }

    /// The identity of an operation.
    pub(crate) fn identity_of(&mut self, op: ReduceOp, dtype: DType) -> Value {
        let (low, high) = match dtype.is_int() {
            true => crate::lower::build::int_range(dtype),
            false => (0, 1),
        };
        let constant = match (op, dtype) {
            (ReduceOp::Add, d) if d.is_complex() => Const::Complex(d, -0.0, -0.0),
            (_, d) if d.is_complex() => Const::Complex(d, 1.0, 0.0),
            (ReduceOp::Add, d) if d.is_float() => Const::Float(d, -0.0),
            (ReduceOp::Min, d) if d.is_float() => Const::Float(d, f64::INFINITY),
            (ReduceOp::Max, d) if d.is_float() => Const::Float(d, f64::NEG_INFINITY),
            (_, d) if d.is_float() => Const::Float(d, 1.0),
            (op, DType::Bool) => Const::Bool(!matches!(op, ReduceOp::Add | ReduceOp::Or | ReduceOp::Max)),
            (ReduceOp::Min, d) => Const::Int(d, high as i64),
            (ReduceOp::Max, d) => Const::Int(d, low as i64),
            (ReduceOp::Mul | ReduceOp::And, d) => Const::Int(d, 1),
            (ReduceOp::BitAnd, d) => Const::Int(d, if d.is_signed() { -1 } else { high as i64 }),
            (_, d) => Const::Int(d, 0),
        };
        self.b().value(InstKind::Const(constant))
    }
}

//! Array accesses of a parallel loop's body, as index ranges of one iteration.
//!
//! Every load and store is traced through views to the array outside the loop. For each axis of that array the
//! analysis gives the least and greatest index that the access touches within one iteration, as affine functions of
//! the loop's induction value and of what is defined outside; `None` where it cannot.

use crate::analysis::affine::Affine;
use crate::analysis::bounds::{End, Frame, extreme};
use crate::analysis::definitions::Definitions;
use crate::analysis::effects::Effects;
use std::collections::BTreeSet;
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, InstKind, ParallelFor};
use ungil_ir::walk;

/// Indices along one axis within one iteration, both ends included.
#[derive(Clone, PartialEq, Debug)]
pub struct AxisRange {
    pub least: Affine,
    pub greatest: Affine,
    /// Other valid upper bounds.
    pub others: Vec<Affine>,
    /// The index is wrapped if negative, and it is not known not to be: `least ≥ 0` must be tested.
    pub may_wrap: bool,
}

/// One access.
#[derive(Clone, Debug)]
pub struct Access {
    pub inst: Inst,
    /// The array outside the loop.
    pub base: Value,
    pub writes: bool,
    /// Runs in every iteration.
    pub unconditional: bool,
    pub axes: Vec<Option<AxisRange>>,
    /// The element itself is accessed, not through a view or in a callee.
    pub direct: bool,
}

/// All accesses of a loop body. `Err`: an array whose origin is not known is accessed.
pub fn accesses(
    func: &Function,
    defs: &Definitions,
    effects: &Effects,
    node: &ParallelFor,
) -> Result<Vec<Access>, Inst> {
    let mut inside = walk::defined_values(func, node.body);
    inside.insert(node.iv);
    inside.extend(node.arrays.iter().map(|a| a.private));
    let mut collector =
        Collector { func, defs, effects, inside, frames: Vec::new(), found: Vec::new(), lost: None };
    collector.region(node.body, true);
    match collector.lost {
        Some(inst) => Err(inst),
        None => Ok(collector.found),
    }
}

struct Collector<'f> {
    func: &'f Function,
    defs: &'f Definitions,
    effects: &'f Effects,
    inside: BTreeSet<Value>,
    /// Loops between the parallel loop and the access.
    frames: Vec<Frame>,
    found: Vec<Access>,
    lost: Option<Inst>,
}

impl Collector<'_> {
    fn region(&mut self, r: Region, unconditional: bool) {
        for &inst in self.func.region(r) {
            match &self.func.inst(inst).kind {
                InstKind::Load { array, index, .. } => {
                    self.element(inst, *array, index, false, unconditional)
                }
                InstKind::Store { array, index, .. } | InstKind::AtomicUpdate { array, index, .. } => {
                    self.element(inst, *array, index, true, unconditional);
                }
                InstKind::Call(callee, args) => {
                    for (k, &a) in args.iter().enumerate().filter(|(_, a)| self.func.ty(**a).holds_memory()) {
                        self.passed(inst, a, self.effects.writes(*callee, k), unconditional);
                    }
                }
                InstKind::Library(f, args) => {
                    for (k, &a) in args.iter().enumerate().filter(|(_, a)| self.func.ty(**a).holds_memory()) {
                        self.passed(inst, a, k == 0 && f.writes(), unconditional);
                    }
                }
                InstKind::ListReserve(list, _) | InstKind::ListDrop(list, ..) => {
                    self.passed(inst, *list, true, unconditional);
                }
                InstKind::For(l) => self.inner_loop((l.iv, l.start, l.stop, l.step), l.body, unconditional),
                InstKind::ParallelFor(l) => {
                    self.inner_loop((l.iv, l.start, l.stop, l.step), l.body, unconditional);
                }
                InstKind::Scope { body, cleanup } => {
                    self.region(*body, unconditional);
                    self.region(*cleanup, unconditional);
                }
                InstKind::Try { body, handler } => {
                    self.region(*body, unconditional);
                    self.region(*handler, false);
                }
                kind => {
                    for inner in walk::nested_regions(kind) {
                        self.region(inner, false);
                    }
                }
            }
        }
    }

    fn inner_loop(&mut self, range: (Value, Value, Value, Value), body: Region, unconditional: bool) {
        self.frames.push(Frame::new(self.func, self.defs, range, None));
        self.region(body, unconditional);
        self.frames.pop();
    }

    fn element(&mut self, inst: Inst, array: Value, index: &[Value], writes: bool, unconditional: bool) {
        let axes: Vec<_> = index.iter().map(|v| self.index(*v)).collect();
        self.record(inst, array, axes, writes, unconditional, true);
    }

    /// An array handed to a callee: all of it may be read, or written if the callee writes it.
    fn passed(&mut self, inst: Inst, array: Value, writes: bool, unconditional: bool) {
        match self.func.ty(array).as_array() {
            Some(ty) => {
                let axes = vec![None; ty.ndim as usize];
                self.record(inst, array, axes, writes, unconditional, false);
            }
            // Arrays in tuples are not followed.
            None => self.lost = self.lost.or(Some(inst)),
        }
    }

    fn record(
        &mut self,
        inst: Inst,
        array: Value,
        mut axes: Vec<Option<AxisRange>>,
        writes: bool,
        unconditional: bool,
        mut direct: bool,
    ) {
        let mut base = array;
        while self.inside.contains(&base) {
            match self.defs.kind(self.func, base) {
                Some(InstKind::View { base: under, offset, strides, .. }) => {
                    axes = self.through_view(*under, *offset, strides, &axes);
                    base = *under;
                    direct = false;
                }
                // Fresh memory of the iteration and that of the thread's frame is nobody else's; what a call returns is that or one of its arguments,
                // which are accesses of their own.
                Some(InstKind::Alloc { .. } | InstKind::StackArray(_) | InstKind::Call(..)) => return,
                _ => {
                    self.lost = self.lost.or(Some(inst));
                    return;
                }
            }
        }
        self.found.push(Access { inst, base, writes, unconditional, axes, direct });
    }

    /// Range of an index over the inner loops.
    fn index(&self, v: Value) -> Option<AxisRange> {
        let (v, size, wrap) = match self.defs.kind(self.func, v) {
            Some(InstKind::CheckIndex { index, size, wrap, .. }) => (*index, Some(*size), *wrap),
            _ => (v, None, false),
        };
        let mut e = Affine::of(self.func, self.defs, v)?;
        if let (Some(c), Some(size), true) = (e.as_constant().filter(|c| *c < 0), size, wrap) {
            e = Affine::of(self.func, self.defs, size)?.plus(c)?;
            return self.range(&e, false);
        }
        self.range(&e, wrap)
    }

    fn range(&self, e: &Affine, may_wrap: bool) -> Option<AxisRange> {
        let least = extreme(e, &self.frames, End::Least, 0)?;
        let greatest = extreme(e, &self.frames, End::Greatest, 0)?;
        let others: Vec<Affine> =
            extreme(e, &self.frames, End::Greatest, 1).into_iter().filter(|o| *o != greatest).collect();
        Some(AxisRange { least, greatest, others, may_wrap })
    }

    /// Ranges along the axes of `base` of an access to a view of it. The offset must be a sum of `index · stride(base, k)`
    /// and each stride of the view `stride(base, k)` or a constant multiple of it.
    fn through_view(
        &self,
        base: Value,
        offset: Value,
        strides: &[Value],
        axes: &[Option<AxisRange>],
    ) -> Vec<Option<AxisRange>> {
        let ndim = self.func.ty(base).as_array().map_or(0, |a| a.ndim as usize);
        let unknown = vec![None; ndim];
        let zero = AxisRange {
            least: Affine::constant(0),
            greatest: Affine::constant(0),
            others: Vec::new(),
            may_wrap: false,
        };
        let mut result: Vec<Option<AxisRange>> = vec![Some(zero); ndim];
        let mut terms = Vec::new();
        self.summands(offset, &mut terms);
        for term in terms {
            match self.stride_multiple(base, term) {
                Some((_, None)) => {}
                Some((axis, Some(index))) => {
                    let range = self.index(index);
                    result[axis] = add(result[axis].take(), range, 1);
                }
                None => return unknown,
            }
        }
        for (stride, range) in strides.iter().zip(axes) {
            match self.stride_multiple(base, *stride) {
                Some((axis, None)) if !self.is_constant(*stride, 0) => {
                    result[axis] = add(result[axis].take(), range.clone(), 1);
                }
                Some((axis, Some(step))) => {
                    let step = Affine::of(self.func, self.defs, step).and_then(|s| s.as_constant());
                    result[axis] = step.and_then(|s| add(result[axis].take(), range.clone(), s));
                }
                _ => return unknown,
            }
        }
        result
    }

    fn summands(&self, v: Value, terms: &mut Vec<Value>) {
        match self.defs.kind(self.func, v) {
            Some(InstKind::Binary(BinaryOp::Add, a, b)) => {
                self.summands(*a, terms);
                self.summands(*b, terms);
            }
            _ => terms.push(v),
        }
    }

    fn is_constant(&self, v: Value, c: i64) -> bool {
        Affine::of(self.func, self.defs, v).and_then(|e| e.as_constant()) == Some(c)
    }

    /// `stride(base, k)` as `(k, None)`, `x · stride(base, k)` as `(k, Some(x))`; zero counts as the former.
    fn stride_multiple(&self, base: Value, v: Value) -> Option<(usize, Option<Value>)> {
        let stride = |v: Value| match self.defs.kind(self.func, v) {
            Some(InstKind::Stride(a, axis)) if *a == base => Some(*axis as usize),
            _ => None,
        };
        if self.is_constant(v, 0) {
            return Some((0, None));
        }
        match self.defs.kind(self.func, v) {
            Some(InstKind::Binary(BinaryOp::Mul, a, b)) => match (stride(*a), stride(*b)) {
                (Some(k), _) => Some((k, Some(*b))),
                (_, Some(k)) => Some((k, Some(*a))),
                _ => None,
            },
            _ => Some((stride(v)?, None)),
        }
    }
}

fn add(a: Option<AxisRange>, b: Option<AxisRange>, step: i64) -> Option<AxisRange> {
    let (a, b) = (a?, b?);
    let (low, high) = if step >= 0 { (&b.least, &b.greatest) } else { (&b.greatest, &b.least) };
    Some(AxisRange {
        least: a.least.add_scaled(low, step)?,
        greatest: a.greatest.add_scaled(high, step)?,
        others: Vec::new(),
        may_wrap: a.may_wrap || b.may_wrap,
    })
}

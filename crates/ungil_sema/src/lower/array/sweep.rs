//! Sweeps: loops over the elements of several arrays at once.
//!
//! A sweep visits every place of a shape. Where all arrays have that shape, the usual case, the loop knows it; where
//! they are also contiguous in one order, it is one loop over all elements. Arrays whose axes of one element are
//! repeated, which only shows at run time, get a loop of their own behind a test. Axes that are known to have one
//! element (`x[:, None]`) cost nothing. Arrays with strides whose elements go into maths functions are copied into order strip
//! by strip, as functions are computed in vectors from contiguous memory only.

use std::collections::HashMap;
use std::rc::Rc;

use ungil_ir::entities::{Label, Region, Value};
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints, ParallelFor, Schedule};
use ungil_ir::types::{ArrayType, Layout, Type};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::array::lazy::Lazy;
use crate::operand::Operand;

/// Fewer elements than this are left to the calling thread: about ten microseconds of work.
pub(crate) const WORTHWHILE: i64 = 32_768;

/// Elements of a strip that is copied into order.
const STRIP: i64 = 512;

/// The place a sweep is at.
pub(crate) struct Elements {
    at: Vec<Value>,
    /// Arrays as the loop indexes them: flat ones, if it is one loop over all elements.
    views: HashMap<Value, Operand>,
    /// Whether axes are repeated: for each array, per axis, what an index is masked with: 0 where it has one element.
    repeated: Option<HashMap<Value, Vec<Option<Value>>>>,
    loaded: HashMap<Value, Operand>,
    computed: Vec<(Rc<Lazy>, Operand)>,
}

pub(crate) type Body<'a, 'p, 'w> = dyn FnMut(&mut Lowerer<'p, 'w>, &mut Elements) -> Result<()> + 'a;

impl Elements {
    /// Elements of arrays of one shape, whose indices are yet to be told.
    pub(crate) fn new() -> Elements {
        Elements::at(Vec::new())
    }

    /// The elements at a place of arrays of one shape.
    pub(crate) fn at(at: Vec<Value>) -> Elements {
        Elements { at, views: HashMap::new(), repeated: None, loaded: HashMap::new(), computed: Vec::new() }
    }

    /// Tells the element of a lazy array here.
    pub(crate) fn know(&mut self, lazy: &Rc<Lazy>, element: Operand) {
        self.computed.push((lazy.clone(), element));
    }

    /// The same arrays at another place.
    pub(crate) fn moved(&self, at: Vec<Value>) -> Elements {
        Elements { views: self.views.clone(), repeated: self.repeated.clone(), ..Elements::at(at) }
    }

    /// Takes contiguous arrays of `size` elements as one axis.
    pub(crate) fn flatten(
        &mut self,
        l: &mut Lowerer<'_, '_>,
        arrays: &[&Operand],
        size: Value,
    ) -> Result<()> {
        for array in arrays {
            let base = l.value(array)?;
            let view = l.flat_view(array, size)?;
            self.views.insert(base, view);
        }
        Ok(())
    }

    /// The element of an operand here; a scalar is itself.
    pub(crate) fn of(&mut self, l: &mut Lowerer<'_, '_>, x: &Operand) -> Result<Operand> {
        if let Some(lazy) = &x.lazy {
            if let Some((_, known)) = self.computed.iter().find(|(c, _)| Rc::ptr_eq(c, lazy)) {
                return Ok(known.clone());
            }
            let args = lazy.args.iter().map(|a| self.of(l, a)).collect::<Result<Vec<_>>>()?;
            let element = (lazy.apply)(l, &args)?;
            let element = l.typed_element(element, x.ty.as_array().expect("an array").dtype)?;
            self.computed.push((lazy.clone(), element.clone()));
            return Ok(element);
        }
        if x.ty.as_array().is_none() {
            return Ok(x.clone());
        }
        let base = l.value(x)?;
        if let Some(known) = self.loaded.get(&base) {
            return Ok(known.clone());
        }
        let (array, index) = self.place(l, x)?;
        let element = l.load_element(&array, index)?;
        self.loaded.insert(base, element.clone());
        Ok(element)
    }

    /// An array and the indices of its element here.
    fn place(&self, l: &mut Lowerer<'_, '_>, x: &Operand) -> Result<(Operand, Vec<Value>)> {
        let base = l.value(x)?;
        if let Some(view) = self.views.get(&base) {
            return Ok((view.clone(), self.at.clone()));
        }
        let ndim = usize::from(x.ty.as_array().expect("an array").ndim);
        let added = self.at.len() - ndim;
        let mut index = Vec::new();
        for axis in 0..ndim {
            let i = self.at[added + axis];
            let mask = self.repeated.as_ref().and_then(|r| r.get(&base)).and_then(|axes| axes[axis]);
            index.push(match mask {
                _ if l.is_unit(x, axis) => l.b().i64(0),
                Some(mask) => l.b().binary(BinaryOp::And, i, mask),
                None => i,
            });
        }
        Ok((x.clone(), index))
    }

    /// Stores a value of the array's element type here.
    pub(crate) fn store(&mut self, l: &mut Lowerer<'_, '_>, target: &Operand, value: Value) -> Result<()> {
        let base = l.value(target)?;
        // It has the sweep's shape, so that every axis has an index of its own.
        let array = match self.views.get(&base) {
            Some(view) => l.value(view)?,
            None => base,
        };
        l.b().store(array, self.at.clone(), value);
        Ok(())
    }
}

impl<'p, 'w> Lowerer<'p, 'w> {
    /// Visits every place of `shape`. The sources, lazy or not, broadcast to it; the targets have it. `derived`: the shape
    /// is the sources' own, not one that was given.
    pub(crate) fn sweep(
        &mut self,
        shape: &[Value],
        sources: &[&Operand],
        targets: &[&Operand],
        derived: bool,
        body: &mut Body<'_, 'p, 'w>,
    ) -> Result<()> {
        let mut leaves: Vec<Operand> = Vec::new();
        for source in sources {
            self.leaves(source, &mut leaves)?;
        }
        let packed = self.worth_packing(shape, sources, &leaves, targets)?;
        let Some(uniform) = self.uniform(shape, &leaves, derived)? else {
            return self.packed_sweep(shape, &leaves, &packed, targets, body);
        };
        let (then, same) = self.nested(|l| l.packed_sweep(shape, &leaves, &packed, targets, body));
        let (otherwise, spread) = self.nested(|l| l.spread_sweep(shape, &leaves, body));
        self.b().push(InstKind::If { cond: uniform, then, otherwise });
        same.and(spread)
    }

    /// The arrays in memory that an operand's elements are computed from, each once.
    pub(crate) fn leaves(&mut self, x: &Operand, found: &mut Vec<Operand>) -> Result<()> {
        if let Some(lazy) = &x.lazy {
            for a in &lazy.args {
                self.leaves(a, found)?;
            }
        } else if self.is_proper_array(x) {
            let value = self.value(x)?;
            if !found.iter().any(|f| f.value == Some(value)) {
                found.push(Operand { value: Some(value), ..x.clone() });
            }
        }
        Ok(())
    }

    /// The arrays that an operand's elements are computed from, of which a place reads other elements than its own.
    pub(crate) fn far_leaves(&self, x: &Operand) -> Vec<Operand> {
        let Some(lazy) = &x.lazy else { return Vec::new() };
        let inner = lazy.args.iter().flat_map(|a| self.far_leaves(a));
        inner.chain(lazy.far.iter().cloned()).collect()
    }

    /// Whether all arrays have the extents of the shape, but for axes known to have one element; `None`: they do.
    pub(crate) fn uniform(
        &mut self,
        shape: &[Value],
        leaves: &[Operand],
        derived: bool,
    ) -> Result<Option<Value>> {
        let mut cond = None;
        for (axis, &extent) in shape.iter().enumerate() {
            let mut involved = Vec::new();
            for leaf in leaves {
                let ndim = usize::from(leaf.ty.as_array().expect("an array").ndim);
                if let Some(own) = (axis + ndim).checked_sub(shape.len())
                    && !self.is_unit(leaf, own)
                {
                    involved.push((leaf, own as u8));
                }
            }
            if derived && involved.len() <= 1 {
                continue;
            }
            for (leaf, own) in involved {
                let base = self.value(leaf)?;
                let found = self.b().dim(base, own);
                let equal = self.b().compare(CompareOp::Eq, found, extent);
                cond = Some(match cond {
                    None => equal,
                    Some(c) => self.b().binary(BinaryOp::And, c, equal),
                });
            }
        }
        Ok(cond)
    }

    /// A sweep over arrays of one shape.
    fn uniform_sweep(
        &mut self,
        shape: &[Value],
        leaves: &[Operand],
        targets: &[&Operand],
        body: &mut Body<'_, 'p, 'w>,
    ) -> Result<()> {
        let all: Vec<&Operand> = leaves.iter().chain(targets.iter().copied()).collect();
        let flat = shape.len() > 1
            && [Layout::C, Layout::F].into_iter().any(|o| self.contiguous(&all, shape.len(), o));
        let mut elements = Elements::new();
        if flat {
            let mut size = shape[0];
            for &extent in &shape[1..] {
                size = self.b().binary(BinaryOp::Mul, size, extent);
            }
            elements.flatten(self, &all, size)?;
            return self.independent_loops(vec![size], 1, &mut |l, at| {
                elements.at = at;
                body(l, &mut elements)
            });
        }
        if shape.len() > 1
            && all.iter().all(|a| {
                a.ty.as_array().is_some_and(|t| t.layout == Layout::F || t.ndim < 2)
                    || a.value.is_some_and(|v| self.is_in_fortran_order(v))
            })
        {
            // Loops in the order of memory: the last one runs along the first axis.
            let reversed: Vec<Value> = shape.iter().rev().copied().collect();
            return self.independent_loops(reversed, 1, &mut |l, at| {
                elements.at = at.into_iter().rev().collect();
                body(l, &mut elements)
            });
        }
        self.independent_loops(shape.to_vec(), 1, &mut |l, at| {
            elements.at = at;
            body(l, &mut elements)
        })
    }

    /// The arrays that are read with strides by an expression whose functions only contiguous loops compute in vectors.
    fn worth_packing(
        &mut self,
        shape: &[Value],
        sources: &[&Operand],
        leaves: &[Operand],
        targets: &[&Operand],
    ) -> Result<Vec<Operand>> {
        let ndim = shape.len();
        let threads = self.uses_threads();
        let in_order = |a: &Operand| a.ty.as_array().is_some_and(|t| t.layout == Layout::C);
        if ndim == 0 || threads || !targets.iter().all(|t| in_order(t)) {
            return Ok(Vec::new());
        }
        let packed: Vec<Operand> = leaves
            .iter()
            .filter(|a| a.ty.as_array().is_some_and(|t| usize::from(t.ndim) == ndim && !t.swapped))
            .filter(|a| !in_order(a) && !self.is_unit(a, ndim - 1))
            .cloned()
            .collect();
        if packed.is_empty() || packed.len() > 2 {
            return Ok(Vec::new());
        }
        for source in sources {
            if self.calls_maths(source)? {
                return Ok(packed);
            }
        }
        Ok(Vec::new())
    }

    /// A sweep over arrays of one shape, some of which are copied, a strip at a time, into buffers that lie in order.
    fn packed_sweep(
        &mut self,
        shape: &[Value],
        leaves: &[Operand],
        packed: &[Operand],
        targets: &[&Operand],
        body: &mut Body<'_, 'p, 'w>,
    ) -> Result<()> {
        if packed.is_empty() {
            return self.uniform_sweep(shape, leaves, targets, body);
        }
        let (&n, outer) = shape.split_last().expect("an axis");
        let (zero, strip) = (self.b().i64(0), self.b().i64(STRIP));
        let mut buffers = Vec::new();
        for leaf in packed {
            let ty = leaf.ty.as_array().expect("an array");
            let flat = ArrayType { ndim: 1, layout: Layout::C, readonly: false, ..ty };
            buffers.push(self.fresh_array(flat, vec![strip], leaf.span));
        }
        self.over_extents(outer.to_vec(), &mut |l, row| {
            l.stepped(zero, n, strip, |l, low| {
                let rest = l.b().binary(BinaryOp::Sub, n, low);
                let count = l.b().binary(BinaryOp::Min, rest, strip);
                let place = |l: &mut Self, j: Value| {
                    let i = l.b().binary(BinaryOp::Add, low, j);
                    [&row[..], &[i]].concat()
                };
                for (leaf, buffer) in packed.iter().zip(&buffers) {
                    l.counted_loop(count, true, |l, j| {
                        let at = place(l, j);
                        let element = l.load_element(leaf, at)?;
                        let (target, number) = (l.value(buffer)?, l.value(&element)?);
                        l.b().store(target, vec![j], number);
                        Ok(())
                    })?;
                }
                l.counted_loop(count, true, |l, j| {
                    let mut elements = Elements::at(place(l, j));
                    for (leaf, buffer) in packed.iter().zip(&buffers) {
                        let element = l.load_element(buffer, vec![j])?;
                        elements.loaded.insert(l.value(leaf)?, element);
                    }
                    body(l, &mut elements)
                })
            })
        })
    }

    /// Loops over extents in any order: on all threads where the user asked for that and it pays. `weight`: elements that
    /// an iteration handles.
    pub(crate) fn independent_loops(
        &mut self,
        extents: Vec<Value>,
        weight: i64,
        body: &mut dyn FnMut(&mut Self, Vec<Value>) -> Result<()>,
    ) -> Result<()> {
        if !self.uses_threads() || extents.is_empty() {
            return self.over_extents(extents, body);
        }
        let total = self.product(&extents);
        let enough = self.b().i64(WORTHWHILE / weight);
        let pays = self.b().compare(CompareOp::Ge, total, enough);
        self.on_threads(extents[0], pays, |l, i| {
            l.over_extents(extents[1..].to_vec(), &mut |l, mut at| {
                at.insert(0, i);
                body(l, at)
            })
        })
    }

    /// Whether array statements are shared out here.
    pub(crate) fn uses_threads(&self) -> bool {
        self.options.parallel_arrays && !self.in_parallel()
    }

    /// A loop over `0 … n - 1`, on all threads if it pays.
    pub(crate) fn on_threads(
        &mut self,
        n: Value,
        pays: Value,
        body: impl FnOnce(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let (all, one, zero) = (self.b().i64(0), self.b().i64(1), self.b().i64(0));
        let threads = self.b().select(pays, all, one);
        let (label, iv) = (self.func.new_label(), self.func.new_value(Type::I64));
        let (region, result) = self.nested(|l| l.shared_out(label, |l| body(l, iv)));
        let node = self.work_sharing(label, iv, (zero, n, one), region);
        self.program.has_parallel = true;
        self.program.unclassified = true;
        self.b().push(InstKind::ParallelFor(Box::new(ParallelFor { num_threads: Some(threads), ..node })));
        result
    }

    /// A work-sharing loop without clauses.
    pub(crate) fn work_sharing(
        &self,
        label: Label,
        iv: Value,
        (start, stop, step): (Value, Value, Value),
        body: Region,
    ) -> ParallelFor {
        ParallelFor {
            label,
            iv,
            start,
            stop,
            step,
            schedule: Schedule::Static,
            chunk: None,
            num_threads: None,
            privates: Vec::new(),
            lasts: Vec::new(),
            scalars: Vec::new(),
            arrays: Vec::new(),
            min_block: 0,
            in_place: false,
            scalar: false,
            body,
        }
    }

    /// Whether arrays have all axes of a shape and lie in one order.
    pub(crate) fn contiguous(&self, arrays: &[&Operand], ndim: usize, layout: Layout) -> bool {
        arrays.iter().all(|a| {
            let ty = a.ty.as_array().expect("an array");
            usize::from(ty.ndim) == ndim
                && ty.layout == layout
                && !(0..ndim).any(|axis| self.is_unit(a, axis))
        })
    }

    /// All elements of a contiguous array along one axis.
    pub(crate) fn flat_view(&mut self, array: &Operand, size: Value) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let (offset, stride) = (self.b().i64(0), self.b().i64(ty.dtype.size() as i64));
        let flat = ArrayType { ndim: 1, layout: Layout::C, ..ty };
        Ok(self.view(base, flat, offset, vec![size], vec![stride], array.span))
    }

    /// A sweep that repeats axes of one element.
    fn spread_sweep(
        &mut self,
        shape: &[Value],
        leaves: &[Operand],
        body: &mut Body<'_, 'p, 'w>,
    ) -> Result<()> {
        // Masks for the indices, of no bit or all: LLVM would make a loop for each combination of what it recognises
        // as a choice. An axis without elements is not walked.
        let (none, one) = (self.b().i64(0), self.b().i64(1));
        let mut repeated = HashMap::new();
        for leaf in leaves {
            let base = self.value(leaf)?;
            let ndim = leaf.ty.as_array().expect("an array").ndim;
            let mut axes = Vec::new();
            for axis in 0..ndim {
                if self.is_unit(leaf, usize::from(axis)) {
                    axes.push(None);
                    continue;
                }
                let extent = self.b().dim(base, axis);
                let more = self.b().binary(BinaryOp::Sub, extent, one);
                let few = self.b().compare(CompareOp::Lt, more, one);
                let step = self.b().select(few, more, one);
                axes.push(Some(self.b().binary(BinaryOp::Sub, none, step)));
            }
            repeated.insert(base, axes);
        }
        let mut elements = Elements { repeated: Some(repeated), ..Elements::new() };
        self.rare_loops(shape, &mut elements, body)
    }

    /// Nested loops that are not to be vectorised.
    pub(crate) fn rare_loops(
        &mut self,
        shape: &[Value],
        elements: &mut Elements,
        body: &mut Body<'_, 'p, 'w>,
    ) -> Result<()> {
        let Some((&stop, rest)) = shape.split_first() else { return body(self, elements) };
        let (start, step) = (self.b().i64(0), self.b().i64(1));
        let label = self.func.new_label();
        let iv = self.func.new_value(Type::I64);
        elements.at.push(iv);
        let (region, result) = self.nested(|l| l.rare_loops(rest, elements, body));
        let hints = LoopHints { independent: true, scalar: true, ..LoopHints::default() };
        let node = For { label, iv, start, stop, step, body: region, hints };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }
}

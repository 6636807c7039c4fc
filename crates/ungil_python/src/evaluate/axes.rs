//! Reductions of the elements of a formula along axes, computed with the elements.
//!
//! Where the innermost axis is kept, rows of elements are combined with the result's, one after another as NumPy does it.
//! Where it is reduced, each result is made of the blocks of its rows as a reduction of all elements is. Threads share
//! results, or blocks where there are few results; the bits do not depend on their number.
//!
//! Contract: no extent is zero, and no operand shares memory with the result.

use core::ffi::c_void;
use core::ptr;

use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::Block;
use ungil_driver::compiled::Compiled;
use ungil_ir::inst::ReduceOp;
use ungil_ir::types::DType;
use ungil_sema::evaluate::lower::{Access, Form};

use crate::evaluate::execute::{EntryPoint, Job, PARALLEL_NS, PIECE_NS, enter, run_pieces, share};
use crate::evaluate::fold::{BLOCK, combine};
use crate::evaluate::iterate::Loop;

/// Shorter rows cost more to start than to compute: another axis goes inside.
const SHORT: isize = 32;
/// Pieces of an innermost axis have so many elements at least, which are then computed in vectors.
const PIECE: isize = 512;
/// With so many results, threads share these.
const MANY: isize = 64;

/// A reduction along axes: those along which the result's strides are zero.
pub struct Axes<'a> {
    pub form: &'a Form,
    pub nest: &'a Loop,
    pub values: &'a [[u64; 2]],
    pub op: ReduceOp,
    /// Estimated nanoseconds of an element.
    pub cost: f64,
}

/// Which axes are reduced; `None` if one does not exist or is named twice.
pub fn reduced(ndim: usize, axes: Option<&[i64]>) -> Option<Vec<bool>> {
    let Some(axes) = axes else { return Some(vec![true; ndim]) };
    let mut reduced = vec![false; ndim];
    for &axis in axes {
        let n = ndim as i64;
        let at = if axis < 0 { axis + n } else { axis };
        let seen = reduced.get_mut(usize::try_from(at).ok()?)?;
        if core::mem::replace(seen, true) {
            return None;
        }
    }
    Some(reduced)
}

/// Puts a long axis inside if the innermost is short. Returns whether the innermost axis is reduced.
pub fn arrange(nest: &mut Loop) -> bool {
    let last = nest.extents.len() - 1;
    let kept = |nest: &Loop, axis: usize| nest.strides[0][axis] != 0;
    if nest.extents[last] < SHORT {
        let inner = kept(nest, last);
        let longest = (0..last).rev().filter(|k| kept(nest, *k) != inner).max_by_key(|k| nest.extents[*k]);
        if let Some(axis) = longest.filter(|k| nest.extents[*k] > nest.extents[last]) {
            let extent = nest.extents.remove(axis);
            nest.extents.push(extent);
            for strides in &mut nest.strides {
                let stride = strides.remove(axis);
                strides.push(stride);
            }
        }
    }
    !kept(nest, last)
}

impl Axes<'_> {
    /// Runs the kernel, which reduces rows (`fold`) or combines them with the result.
    pub fn run(&self, py: Python<'_>, compiled: &Compiled, fold: bool) -> PyResult<()> {
        // SAFETY: compiled code's address; it was compiled for this form.
        let entry = unsafe { core::mem::transmute::<usize, EntryPoint>(compiled.code.entry) };
        if fold { self.rows(py, compiled, entry) } else { self.gather(py, compiled, entry) }
    }

    fn is_kept(&self, axis: usize) -> bool {
        self.nest.strides[0][axis] != 0
    }

    fn total(&self) -> f64 {
        self.cost * self.nest.size() as f64
    }

    /// Rows are combined with the result's, one after another.
    fn gather(&self, py: Python<'_>, compiled: &Compiled, entry: EntryPoint) -> PyResult<()> {
        self.fill();
        let (extents, total) = (&self.nest.extents, self.total());
        let last = extents.len() - 1;
        let axis = (0..last).find(|k| self.is_kept(*k) && extents[*k] >= MANY).unwrap_or(last);
        let least = if axis == last { PIECE.min(extents[axis]) } else { 1 };
        let piece = ((PIECE_NS * extents[axis] as f64 / total) as isize).clamp(least, extents[axis]);
        let job = Job { entry, form: self.form, nest: self.nest, values: self.values, axis, piece };
        enter(py, compiled, total, |ctx| {
            // SAFETY: the context is this thread's; pieces have results of their own.
            unsafe {
                match total > PARALLEL_NS {
                    true => share(ctx, (job.extent() - 1) / job.piece + 1, run_pieces, &job),
                    false => job.run(ctx, 0, job.extent()),
                }
            }
        })
    }

    /// Writes what changes nothing to all results, which lie without gaps.
    fn fill(&self) {
        let neutral = identity(self.op, self.form.out.dtype);
        let (n, data) = (self.walk(true).count as usize, self.nest.data[0]);
        // SAFETY: the results, which lie without gaps in aligned memory and are nobody else's.
        unsafe {
            match self.form.out.dtype.size() {
                4 => core::slice::from_raw_parts_mut(data.cast::<u32>(), n).fill(neutral[0] as u32),
                8 => core::slice::from_raw_parts_mut(data.cast::<u64>(), n).fill(neutral[0]),
                _ => core::slice::from_raw_parts_mut(data.cast::<[u64; 2]>(), n).fill(neutral),
            }
        }
    }

    /// Each result is made of the blocks of its rows.
    fn rows(&self, py: Python<'_>, compiled: &Compiled, entry: EntryPoint) -> PyResult<()> {
        let last = self.nest.extents.len() - 1;
        let blocks = (self.nest.extents[last] - 1) / BLOCK + 1;
        let (results, rows) = (self.walk(true), self.walk(false));
        let tasks = rows.count * blocks;
        let total = self.total();
        let many = results.count >= MANY;
        let partials = if many { 0 } else { results.count * tasks };
        let mut partials = vec![[0u64; 2]; partials as usize];
        let job = Rows { axes: self, entry, results, rows, blocks, partials: partials.as_mut_ptr() };
        enter(py, compiled, total, |ctx| {
            // SAFETY: the context is this thread's; every result or partial is written by one thread.
            unsafe {
                match (total > PARALLEL_NS, many) {
                    (true, true) => share(ctx, job.results.count, run_results, &job),
                    (true, false) => share(ctx, tasks, run_tasks, &job),
                    (false, true) => job.run_results(ctx, 0, job.results.count),
                    (false, false) => job.run_tasks(ctx, 0, tasks),
                }
            }
        })?;
        for (result, own) in (0..).zip(partials.chunks(tasks as usize)) {
            self.write(job.results.offset(self.nest, 0, result), combine(self.op, self.form.out.dtype, own));
        }
        Ok(())
    }

    /// The positions along the kept axes, or along the reduced ones but for an innermost that is folded.
    fn walk(&self, kept: bool) -> Walk {
        let n = self.nest.extents.len();
        let own = |axis: &usize| self.is_kept(*axis) == kept && (kept || axis + 1 < n);
        let axes: Vec<usize> = (0..n).filter(own).collect();
        let count = axes.iter().map(|axis| self.nest.extents[*axis]).product();
        Walk { axes, count }
    }

    /// Writes a result.
    fn write(&self, offset: isize, value: [u64; 2]) {
        let size = self.form.out.dtype.size() as usize;
        let to = self.nest.data[0].wrapping_offset(offset);
        // SAFETY: an element of the result, of at most 16 bytes; processors with the other byte order are not supported.
        unsafe { ptr::copy_nonoverlapping(value.as_ptr().cast::<u8>(), to, size) }
    }
}

/// Positions along some axes of a loop, in order.
struct Walk {
    axes: Vec<usize>,
    count: isize,
}

impl Walk {
    /// Where a position is in an array, in bytes from its start.
    fn offset(&self, nest: &Loop, array: usize, mut position: isize) -> isize {
        let mut offset = 0;
        for &axis in self.axes.iter().rev() {
            let extent = nest.extents[axis];
            offset += position % extent * nest.strides[array][axis];
            position /= extent;
        }
        offset
    }
}

struct Rows<'a> {
    axes: &'a Axes<'a>,
    entry: EntryPoint,
    results: Walk,
    rows: Walk,
    /// Blocks of a row.
    blocks: isize,
    /// For each result, those of its rows' blocks; unless threads share results.
    partials: *mut [u64; 2],
}

impl Rows<'_> {
    /// # Safety
    /// `ctx` is this thread's context; no other thread has these results.
    unsafe fn run_results(&self, ctx: *mut Ctx, from: isize, to: isize) -> i32 {
        let tasks = self.rows.count * self.blocks;
        let mut partials = vec![[0u64; 2]; tasks as usize];
        let mut params = Vec::new();
        for result in from..to {
            for task in 0..tasks {
                // SAFETY: by contract.
                let status =
                    unsafe { self.fold(ctx, &mut params, result, task, &mut partials[task as usize]) };
                if status != 0 {
                    return status;
                }
            }
            let value = match &partials[..] {
                [one] => *one,
                all => combine(self.axes.op, self.axes.form.out.dtype, all),
            };
            self.axes.write(self.results.offset(self.axes.nest, 0, result), value);
        }
        0
    }

    /// # Safety
    /// `ctx` is this thread's context; no other thread has these blocks.
    unsafe fn run_tasks(&self, ctx: *mut Ctx, from: isize, to: isize) -> i32 {
        let tasks = self.rows.count * self.blocks;
        let mut params = Vec::new();
        for task in from..to {
            for result in 0..self.results.count {
                let partial = self.partials.wrapping_offset(result * tasks + task);
                // SAFETY: by contract; the table has a place for each.
                let status = unsafe { self.fold(ctx, &mut params, result, task, partial) };
                if status != 0 {
                    return status;
                }
            }
        }
        0
    }

    /// Reduces one block of one row of a result to `partial`.
    ///
    /// # Safety
    /// `ctx` is this thread's context.
    unsafe fn fold(
        &self,
        ctx: *mut Ctx,
        params: &mut Vec<u64>,
        result: isize,
        task: isize,
        partial: *mut [u64; 2],
    ) -> i32 {
        let nest = self.axes.nest;
        let last = nest.extents.len() - 1;
        let row = task / self.blocks;
        let low = task % self.blocks * BLOCK;
        let length = (nest.extents[last] - low).min(BLOCK) as u64;
        params.clear();
        params.extend([partial as u64, 0, 1, 16]);
        for (k, operand) in self.axes.form.operands.iter().enumerate() {
            if operand.access == Access::Value {
                let words = (operand.dtype.size() as usize).div_ceil(8);
                params.extend_from_slice(&self.axes.values[k][..words]);
                continue;
            }
            let stride = nest.strides[k + 1][last];
            let (outer, inner) =
                (self.results.offset(nest, k + 1, result), self.rows.offset(nest, k + 1, row));
            let at = nest.data[k + 1].wrapping_offset(outer + inner + low * stride);
            params.extend([at as u64, 0, length, stride as u64]);
        }
        // SAFETY: the packed parameters of this kernel, which has no result.
        unsafe { (self.entry)(ctx, ptr::null_mut(), params.as_ptr().cast()) }
    }
}

unsafe extern "C" fn run_results(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    unsafe { (*env.cast::<Rows<'_>>()).run_results(ctx, lo as isize, hi as isize) }
}

unsafe extern "C" fn run_tasks(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    unsafe { (*env.cast::<Rows<'_>>()).run_tasks(ctx, lo as isize, hi as isize) }
}

/// The bytes of what changes no operand of a reduction.
fn identity(op: ReduceOp, dtype: DType) -> [u64; 2] {
    let real = match op {
        ReduceOp::Mul => 1.0,
        ReduceOp::Min => f64::INFINITY,
        ReduceOp::Max => f64::NEG_INFINITY,
        _ => -0.0,
    };
    match dtype {
        DType::F64 => [real.to_bits(), 0],
        DType::F32 => [u64::from((real as f32).to_bits()), 0],
        DType::C128 if op == ReduceOp::Mul => [real.to_bits(), 0],
        DType::C128 => [real.to_bits(), real.to_bits()],
        DType::I32 => [real.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32 as u32 as u64, 0],
        DType::U64 => [real as u64, 0],
        _ => [real as i64 as u64, 0],
    }
}

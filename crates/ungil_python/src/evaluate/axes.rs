//! Reductions of the elements of a formula along axes, computed with the elements.
//!
//! Where the innermost axis is kept, rows of elements are combined with the result's, one after another as NumPy does it;
//! a few rows at once, so that results are written once.
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
use ungil_sema::evaluate::lower::{Access, Form, Operand};

use crate::evaluate::execute::{EntryPoint, Job, PARALLEL_NS, PIECE_NS, enter, share};
use crate::evaluate::fold::{BLOCK, combine};
use crate::evaluate::iterate::Loop;

/// Shorter rows cost more to start than to compute: another axis goes inside.
const SHORT: isize = 32;
/// Pieces of an innermost axis have so many elements at least, which are then computed in vectors.
const PIECE: isize = 512;
/// With so many results, threads share these.
const MANY: isize = 64;
/// Most rows that are reduced at once, and the nanoseconds that their elements may take: the code has all of them.
const FEW: isize = 40;
const LIGHT: f64 = 12.0;

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

/// Puts the axis that is reduced beside the innermost, which is kept, and returns its extent, if it is the only one and
/// short. `cost`: nanoseconds of an element.
pub fn short(nest: &mut Loop, cost: f64) -> Option<u8> {
    let last = nest.extents.len() - 1;
    let mut reduced = (0..last).filter(|axis| nest.strides[0][*axis] == 0);
    let (Some(axis), None) = (reduced.next(), reduced.next()) else { return None };
    let extent = nest.extents[axis];
    if extent > FEW || cost * extent as f64 > LIGHT {
        return None;
    }
    nest.extents.remove(axis);
    nest.extents.insert(last - 1, extent);
    for strides in &mut nest.strides {
        let stride = strides.remove(axis);
        strides.insert(last - 1, stride);
    }
    Some(extent as u8)
}

/// Marks the operands whose `count` elements of a result lie one behind the other without gaps.
pub fn beside(nest: &Loop, operands: &mut [Operand], count: u8) {
    let last = nest.extents.len() - 1;
    for (operand, strides) in operands.iter_mut().zip(&nest.strides[1..]) {
        let size = operand.dtype.size() as isize;
        let dense = strides[last - 1] == size && strides[last] == size * isize::from(count);
        if operand.access == Access::Strided && dense {
            operand.access = Access::Beside;
        }
    }
}

impl Axes<'_> {
    /// Runs the kernel, which reduces rows or combines them with the result.
    pub fn run(&self, py: Python<'_>, compiled: &Compiled) -> PyResult<()> {
        // SAFETY: compiled code's address; it was compiled for this form.
        let entry = unsafe { core::mem::transmute::<usize, EntryPoint>(compiled.code.entry) };
        match self.form.fold {
            Some(_) => self.rows(py, compiled, entry),
            None => self.gather(py, compiled, entry),
        }
    }

    fn is_kept(&self, axis: usize) -> bool {
        self.nest.strides[0][axis] != 0
    }

    fn total(&self) -> f64 {
        self.cost * self.nest.size() as f64
    }

    /// Rows are combined with the result's, one after another or a few at once.
    fn gather(&self, py: Python<'_>, compiled: &Compiled, entry: EntryPoint) -> PyResult<()> {
        let (extents, total) = (&self.nest.extents, self.total());
        let last = extents.len() - 1;
        let axis = (0..last).find(|k| self.is_kept(*k) && extents[*k] >= MANY).unwrap_or(last);
        let least = if axis == last { PIECE.min(extents[axis]) } else { 1 };
        let piece = ((PIECE_NS * extents[axis] as f64 / total) as isize).clamp(least, extents[axis]);
        let job = Job { entry, form: self.form, nest: self.nest, values: self.values, axis, piece };
        let gather = Gather { axes: self, job };
        enter(py, compiled, total, |ctx| {
            let job = &gather.job;
            // SAFETY: the context is this thread's; pieces have results of their own.
            unsafe {
                match total > PARALLEL_NS {
                    true => share(ctx, (job.extent() - 1) / job.piece + 1, run_gather, &gather),
                    false => gather.run(ctx, 0, job.extent()),
                }
            }
        })
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

struct Gather<'a> {
    axes: &'a Axes<'a>,
    job: Job<'a>,
}

impl Gather<'_> {
    /// Computes the results `from..to` of the shared axis.
    ///
    /// # Safety
    /// `ctx` is this thread's context; no other thread has these results.
    unsafe fn run(&self, ctx: *mut Ctx, from: isize, to: isize) -> i32 {
        if self.job.form.gather.is_some() {
            self.fill(from, to);
        }
        // SAFETY: by contract.
        unsafe { self.job.run(ctx, from, to) }
    }

    /// Writes what changes nothing to these results, which are still in the cache when rows are combined with them.
    fn fill(&self, from: isize, to: isize) {
        let (nest, shared) = (self.axes.nest, self.job.axis);
        let last = nest.extents.len() - 1;
        let extent = |axis: usize| if axis == shared { to - from } else { nest.extents[axis] };
        let neutral = identity(self.axes.op, self.axes.form.out.dtype);
        let rows: Vec<usize> = (0..last).filter(|axis| self.axes.is_kept(*axis)).collect();
        let start = nest.data[0].wrapping_offset(from * nest.strides[0][shared]);
        for row in 0..rows.iter().map(|axis| extent(*axis)).product() {
            let (mut position, mut at) = (row, start);
            for axis in rows.iter().rev() {
                at = at.wrapping_offset(position % extent(*axis) * nest.strides[0][*axis]);
                position /= extent(*axis);
            }
            // SAFETY: a row of results, which are aligned and nobody else's.
            unsafe {
                let step = nest.strides[0][last];
                match self.axes.form.out.dtype.size() {
                    4 => fill_row(at.cast(), neutral[0] as u32, extent(last), step),
                    8 => fill_row(at.cast(), neutral[0], extent(last), step),
                    _ => fill_row(at.cast(), neutral, extent(last), step),
                }
            }
        }
    }
}

/// Writes a value to `n` places at a distance in bytes.
///
/// # Safety
/// The places are valid, aligned and nobody else's.
unsafe fn fill_row<T: Copy>(at: *mut T, value: T, n: isize, step: isize) {
    if step == size_of::<T>() as isize {
        // SAFETY: the places lie one behind the other.
        return unsafe { core::slice::from_raw_parts_mut(at, n as usize).fill(value) };
    }
    for i in 0..n {
        // SAFETY: by contract.
        unsafe { at.wrapping_byte_offset(i * step).write(value) };
    }
}

unsafe extern "C" fn run_gather(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    unsafe {
        let gather = &*env.cast::<Gather<'_>>();
        let (piece, extent) = (gather.job.piece, gather.job.extent());
        gather.run(ctx, lo as isize * piece, (hi as isize * piece).min(extent))
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
        if let (1, [axis]) = (tasks, &self.results.axes[..]) {
            // SAFETY: by contract.
            return unsafe { self.run_single_rows(ctx, *axis, from, to) };
        }
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

    /// Results along one axis that are one block each: the parameters of one and the next differ by strides.
    ///
    /// # Safety
    /// As for [`Rows::run_results`].
    unsafe fn run_single_rows(&self, ctx: *mut Ctx, axis: usize, from: isize, to: isize) -> i32 {
        let nest = self.axes.nest;
        let mut partial = [0u64; 2];
        let mut params = Vec::new();
        let places = self.parameters(&mut params, from, 0, &raw mut partial);
        for result in from..to {
            // SAFETY: the packed parameters of this kernel, which has no result.
            let status = unsafe { (self.entry)(ctx, ptr::null_mut(), params.as_ptr().cast()) };
            if status != 0 {
                return status;
            }
            self.axes.write(result * nest.strides[0][axis], partial);
            for (place, array) in &places {
                params[*place] = params[*place].wrapping_add_signed(nest.strides[*array][axis] as i64);
            }
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
        self.parameters(params, result, task, partial);
        // SAFETY: the packed parameters of this kernel, which has no result.
        unsafe { (self.entry)(ctx, ptr::null_mut(), params.as_ptr().cast()) }
    }

    /// Writes the packed parameters; returns where addresses are, with the numbers of their arrays.
    fn parameters(
        &self,
        params: &mut Vec<u64>,
        result: isize,
        task: isize,
        partial: *mut [u64; 2],
    ) -> Vec<(usize, usize)> {
        let nest = self.axes.nest;
        let last = nest.extents.len() - 1;
        let row = task / self.blocks;
        let low = task % self.blocks * BLOCK;
        let length = (nest.extents[last] - low).min(BLOCK) as u64;
        let mut places = Vec::new();
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
            places.push((params.len(), k + 1));
            params.extend([at as u64, 0, length, stride as u64]);
        }
        places
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

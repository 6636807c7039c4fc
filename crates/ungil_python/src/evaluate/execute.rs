//! Running a formula's kernel over a loop, on all threads where it pays.
//!
//! A kernel knows one or two axes; the others are counted here. Threads share the longest axis in pieces; each runs
//! the same kernel on its own copy of the argument block.
//!
//! Contract: the arrays stay alive and nobody else writes to the result during the call.

use core::ffi::c_void;
use core::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{Block, LoopBody, LoopDesc};
use ungil_driver::compiled::Compiled;
use ungil_runtime::context::{current_ctx, enter_call, leave_call};
use ungil_runtime::parallel::ungil_rt_parallel_for;
use ungil_sema::evaluate::lower::{Access, Form};

use crate::call::{on_main_thread, stop_if_finalizing};
use crate::evaluate::iterate::Loop;
use crate::hooks::Pending;
use crate::raise;

/// Less work than this, by the estimate of the loop's cost, is done by the calling thread alone: starting and ending a
/// parallel loop takes microseconds.
pub const PARALLEL_NS: f64 = 20_000.0;
/// Work of one piece, so that pieces can be shared evenly and polls come often.
pub const PIECE_NS: f64 = 10_000.0;
/// Longer calls release the interpreter.
const DETACH_NS: f64 = 20_000.0;

pub type EntryPoint = unsafe extern "C" fn(*mut Ctx, *mut u8, *const u8) -> i32;

/// A kernel with its loop.
pub struct Job<'a> {
    pub entry: EntryPoint,
    pub form: &'a Form,
    pub nest: &'a Loop,
    pub values: &'a [[u64; 2]],
    /// The axis that is shared, and the length of a piece.
    pub axis: usize,
    pub piece: isize,
}

/// Runs a kernel over a loop. `values`: those of the operands that are numbers.
pub fn execute(
    py: Python<'_>,
    compiled: &Compiled,
    form: &Form,
    nest: &Loop,
    values: &[[u64; 2]],
    cost: f64,
) -> PyResult<()> {
    let size = nest.size();
    if size == 0 {
        return Ok(());
    }
    // Strided accesses cost more than the estimate, which is for vectors.
    let total = cost * size as f64;
    let axis = shared_axis(&nest.extents);
    let piece = ((PIECE_NS * nest.extents[axis] as f64 / total) as isize).clamp(1, nest.extents[axis]);
    // SAFETY: compiled code's address; it was compiled for this form.
    let entry = unsafe { core::mem::transmute::<usize, EntryPoint>(compiled.code.entry) };
    let job = Job { entry, form, nest, values, axis, piece };
    enter(py, compiled, total, |ctx| {
        // SAFETY: the context is this thread's.
        unsafe {
            if total > PARALLEL_NS {
                share(ctx, (job.extent() - 1) / job.piece + 1, run_pieces, &job)
            } else {
                job.run(ctx, 0, job.extent())
            }
        }
    })
}

/// Runs `body`, which calls compiled code for about so many nanoseconds, as a call of a kernel.
pub fn enter(
    py: Python<'_>,
    compiled: &Compiled,
    nanoseconds: f64,
    body: impl FnOnce(*mut Ctx) -> i32,
) -> PyResult<()> {
    // SAFETY: the context is this thread's own; the thread is attached again before Python is touched.
    unsafe {
        let ctx = current_ctx();
        let pending = Pending::new();
        let host = core::mem::replace(&mut (*ctx).host, ptr::from_ref(&pending).cast_mut().cast());
        let token = enter_call(ctx, compiled.polls && on_main_thread());
        let status = if nanoseconds > DETACH_NS {
            let thread = ffi::PyEval_SaveThread();
            let status = body(ctx);
            stop_if_finalizing();
            ffi::PyEval_RestoreThread(thread);
            status
        } else {
            body(ctx)
        };
        leave_call(ctx, token);
        if status != 0 {
            raise::raise(ctx, compiled);
        }
        (*ctx).host = host;
        if status == 0 { Ok(()) } else { Err(PyErr::fetch(py)) }
    }
}

/// Shares `n` pieces of a job among threads.
///
/// # Safety
/// `ctx` is this thread's context, and the body is for this job; pieces may run on any threads at once.
pub unsafe fn share<T>(ctx: *mut Ctx, n: isize, body: LoopBody, job: &T) -> i32 {
    let desc = LoopDesc::plain(body, ptr::from_ref(job).cast_mut().cast::<c_void>(), n as i64);
    // SAFETY: by contract; the job outlives the loop.
    unsafe { ungil_rt_parallel_for(ctx, &raw const desc) }
}

/// The outermost axis if it is long enough to be shared, else the longest.
fn shared_axis(extents: &[isize]) -> usize {
    if extents[0] >= 64 {
        return 0;
    }
    (0..extents.len()).max_by_key(|axis| (extents[*axis], core::cmp::Reverse(*axis))).unwrap_or(0)
}

impl Job<'_> {
    pub fn extent(&self) -> isize {
        self.nest.extents[self.axis]
    }

    /// Runs the part `from..to` of the shared axis.
    ///
    /// # Safety
    /// `ctx` is this thread's context.
    pub unsafe fn run(&self, ctx: *mut Ctx, from: isize, to: isize) -> i32 {
        let axes = self.nest.extents.len();
        let own = if self.form.rows { 2 } else { 1 };
        let outer = axes - own;
        let extent = |axis: usize| if axis == self.axis { to - from } else { self.nest.extents[axis] };
        let mut data: Vec<*mut u8> = self.nest.data.clone();
        for (at, strides) in data.iter_mut().zip(&self.nest.strides) {
            *at = at.wrapping_offset(from * strides[self.axis]);
        }
        let mut stack = [0u64; 64];
        let mut heap;
        let words = 6 * data.len();
        let block = if words <= stack.len() {
            &mut stack[..]
        } else {
            heap = vec![0u64; words];
            &mut heap[..]
        };
        let places = self.write(block, &data, outer, &extent);
        let mut index = vec![0isize; outer];
        loop {
            for (at, place) in data.iter().zip(&places) {
                if let Some(place) = place {
                    block[*place] = *at as u64;
                }
            }
            // SAFETY: the block holds the kernel's parameters, packed; kernels of formulas have no result.
            let status = unsafe { (self.entry)(ctx, ptr::null_mut(), block.as_ptr().cast()) };
            if status != 0 {
                return status;
            }
            let mut axis = outer;
            loop {
                if axis == 0 {
                    return 0;
                }
                axis -= 1;
                index[axis] += 1;
                let wraps = index[axis] == extent(axis);
                let step = if wraps { 1 - extent(axis) } else { 1 };
                for (at, strides) in data.iter_mut().zip(&self.nest.strides) {
                    *at = at.wrapping_offset(step * strides[axis]);
                }
                if !wraps {
                    break;
                }
                index[axis] = 0;
            }
        }
    }

    /// Writes the packed parameters; returns where each array's address is.
    fn write(
        &self,
        block: &mut [u64],
        data: &[*mut u8],
        outer: usize,
        extent: &dyn Fn(usize) -> isize,
    ) -> Vec<Option<usize>> {
        let mut at = 0;
        let mut places = Vec::with_capacity(data.len());
        let operands = std::iter::once(&self.form.out).chain(&self.form.operands);
        for (k, operand) in operands.enumerate() {
            if operand.access == Access::Value {
                let value = self.values[k - 1];
                let n = (operand.dtype.size() as usize).div_ceil(8);
                block[at..at + n].copy_from_slice(&value[..n]);
                at += n;
                places.push(None);
                continue;
            }
            places.push(Some(at));
            block[at] = data[k] as u64;
            block[at + 1] = 0;
            at += 2;
            let axes = outer..self.nest.extents.len();
            for axis in axes.clone() {
                block[at] = extent(axis) as u64;
                at += 1;
            }
            for axis in axes {
                block[at] = self.nest.strides[k][axis] as u64;
                at += 1;
            }
        }
        places
    }
}

/// Runs pieces of a `Job`.
unsafe extern "C" fn run_pieces(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    unsafe {
        let job = &*env.cast::<Job<'_>>();
        job.run(ctx, lo as isize * job.piece, (hi as isize * job.piece).min(job.extent()))
    }
}

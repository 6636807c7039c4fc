//! Reductions of all elements of a formula to one, computed with the elements.
//!
//! Elements are cut into blocks, whose number depends on the number of elements alone. A kernel reduces a block over 32
//! rotating partials; the blocks' results are combined in order, sums of floats with the error of each addition kept.
//! So results do not depend on the number of threads, and long sums are accurate.

use core::ffi::c_void;
use core::ptr;

use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::Block;
use ungil_driver::compiled::Compiled;
use ungil_ir::inst::ReduceOp;
use ungil_ir::types::DType;
use ungil_sema::evaluate::lower::{Access, Form};

use crate::evaluate::execute::{EntryPoint, PARALLEL_NS, enter, share};
use crate::evaluate::iterate::Loop;

/// Elements of a block.
pub const BLOCK: isize = 4096;

struct Job<'a> {
    entry: EntryPoint,
    form: &'a Form,
    nest: &'a Loop,
    values: &'a [[u64; 2]],
    /// One result for each block.
    partials: *mut [u64; 2],
}

/// Reduces the elements of a loop of one axis, of which there is one at least. Returns the result's bytes.
pub fn fold(
    py: Python<'_>,
    compiled: &Compiled,
    form: &Form,
    nest: &Loop,
    values: &[[u64; 2]],
    cost: f64,
    op: ReduceOp,
) -> PyResult<[u64; 2]> {
    let n = nest.extents[0];
    let blocks = (n - 1) / BLOCK + 1;
    let mut partials = vec![[0u64; 2]; blocks as usize];
    // SAFETY: compiled code's address; it was compiled for this form.
    let entry = unsafe { core::mem::transmute::<usize, EntryPoint>(compiled.code.entry) };
    let job = Job { entry, form, nest, values, partials: partials.as_mut_ptr() };
    let total = cost * n as f64;
    enter(py, compiled, total, |ctx| {
        // SAFETY: the context is this thread's; each block has a result of its own.
        unsafe {
            if total > PARALLEL_NS { share(ctx, blocks, run_blocks, &job) } else { job.run(ctx, 0, blocks) }
        }
    })?;
    Ok(combine(op, form.out.dtype, &partials))
}

impl Job<'_> {
    /// Reduces the blocks `from..to`.
    ///
    /// # Safety
    /// `ctx` is this thread's context; no other thread has these blocks.
    unsafe fn run(&self, ctx: *mut Ctx, from: isize, to: isize) -> i32 {
        let mut params = Vec::with_capacity(4 * self.nest.data.len());
        for block in from..to {
            let low = block * BLOCK;
            let length = (self.nest.extents[0] - low).min(BLOCK) as u64;
            params.clear();
            params.extend([self.partials.wrapping_offset(block) as u64, 0, 1, 16]);
            for (k, operand) in self.form.operands.iter().enumerate() {
                if operand.access == Access::Value {
                    let words = (operand.dtype.size() as usize).div_ceil(8);
                    params.extend_from_slice(&self.values[k][..words]);
                    continue;
                }
                let stride = self.nest.strides[k + 1][0];
                let at = self.nest.data[k + 1].wrapping_offset(low * stride);
                params.extend([at as u64, 0, length, stride as u64]);
            }
            // SAFETY: the packed parameters of this kernel, which has no result.
            let status = unsafe { (self.entry)(ctx, ptr::null_mut(), params.as_ptr().cast()) };
            if status != 0 {
                return status;
            }
        }
        0
    }
}

unsafe extern "C" fn run_blocks(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    unsafe { (*env.cast::<Job<'_>>()).run(ctx, lo as isize, hi as isize) }
}

/// Combines the blocks' results in order.
pub fn combine(op: ReduceOp, dtype: DType, partials: &[[u64; 2]]) -> [u64; 2] {
    let words = partials.iter().map(|p| p[0]);
    match dtype {
        DType::F64 => [real(op, words.map(f64::from_bits)).to_bits(), 0],
        DType::F32 => {
            let numbers = words.map(|w| f64::from(f32::from_bits(w as u32)));
            [u64::from((real(op, numbers) as f32).to_bits()), 0]
        }
        DType::C128 => complex(op, partials),
        DType::I32 => {
            let one = |x: i32, y: i32| match op {
                ReduceOp::Mul => x.wrapping_mul(y),
                ReduceOp::Min => x.min(y),
                ReduceOp::Max => x.max(y),
                _ => x.wrapping_add(y),
            };
            [words.map(|w| w as i32).reduce(one).unwrap_or(0) as u32 as u64, 0]
        }
        DType::U64 => {
            let one = |x: u64, y: u64| match op {
                ReduceOp::Mul => x.wrapping_mul(y),
                ReduceOp::Min => x.min(y),
                ReduceOp::Max => x.max(y),
                _ => x.wrapping_add(y),
            };
            [words.reduce(one).unwrap_or(0), 0]
        }
        _ => {
            let one = |x: i64, y: i64| match op {
                ReduceOp::Mul => x.wrapping_mul(y),
                ReduceOp::Min => x.min(y),
                ReduceOp::Max => x.max(y),
                _ => x.wrapping_add(y),
            };
            [words.map(|w| w as i64).reduce(one).unwrap_or(0) as u64, 0]
        }
    }
}

fn real(op: ReduceOp, numbers: impl Iterator<Item = f64>) -> f64 {
    // NaN wins, as in NumPy.
    let least = |x: f64, y: f64| if x.is_nan() || x <= y { x } else { y };
    let greatest = |x: f64, y: f64| if x.is_nan() || x >= y { x } else { y };
    match op {
        ReduceOp::Mul => numbers.fold(1.0, |x, y| x * y),
        ReduceOp::Min => numbers.reduce(least).unwrap_or(f64::NAN),
        ReduceOp::Max => numbers.reduce(greatest).unwrap_or(f64::NAN),
        _ => exact_sum(numbers),
    }
}

/// Sum with the error of each addition kept (Knuth's two-sum).
fn exact_sum(numbers: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0f64, 0.0f64);
    for x in numbers {
        let sum = total + x;
        let part = sum - total;
        lost += (total - (sum - part)) + (x - part);
        total = sum;
    }
    // An infinite total has no error that is a number.
    if lost.is_finite() { total + lost } else { total }
}

fn complex(op: ReduceOp, partials: &[[u64; 2]]) -> [u64; 2] {
    let part = |k: usize| partials.iter().map(move |p| f64::from_bits(p[k]));
    if op == ReduceOp::Mul {
        let product = part(0).zip(part(1)).reduce(|x, y| (x.0 * y.0 - x.1 * y.1, x.0 * y.1 + x.1 * y.0));
        let (re, im) = product.unwrap_or((1.0, 0.0));
        return [re.to_bits(), im.to_bits()];
    }
    [exact_sum(part(0)).to_bits(), exact_sum(part(1)).to_bits()]
}

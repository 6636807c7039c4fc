//! Loops of generalised functions: a kernel over rows, whose operands have core dimensions.
//!
//! A kernel gets arrays with one axis more than the core's, the one that is looped over. One version is for contiguous
//! arrays, another, made when it is first needed, for any strides. Rows whose own elements are contiguous, in arrays
//! that are not, are passed to the first one by one when they are long.

use core::ffi::c_void;
use std::sync::OnceLock;

use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::Block;
use ungil_ir::types::{DType, Layout};
use ungil_sema::ty::Ty;

use crate::ufunc::body::{Body, enter, pieces, share};
use crate::ufunc::element::array;

/// Rows with more elements are worth a call each.
const LONG: isize = 32;

/// An operand's core.
pub struct CoreOperand {
    pub dtype: DType,
    /// Which of the core dimensions it has.
    pub dims: Vec<usize>,
    pub readonly: bool,
}

/// The loop for one combination of types.
pub struct CoreLoop {
    operands: Vec<CoreOperand>,
    parallel: bool,
    contiguous: Body,
    strided: OnceLock<Body>,
}

struct Job<'l> {
    this: &'l CoreLoop,
    body: &'l Body,
    args: *const *mut u8,
    dimensions: *const isize,
    steps: *const isize,
    /// Whether rows are passed one by one, and the strides are those of contiguous arrays.
    single: bool,
    canonical: bool,
    piece: isize,
}

impl CoreLoop {
    /// Compiles `function`, a loop over rows.
    pub fn new(
        function: &Bound<'_, PyAny>,
        operands: Vec<CoreOperand>,
        parallel: bool,
    ) -> PyResult<CoreLoop> {
        let contiguous = Body::new(function, &params(&operands, Layout::C))?;
        Ok(CoreLoop { operands, parallel, contiguous, strided: OnceLock::new() })
    }

    pub fn types(&self) -> impl Iterator<Item = DType> {
        self.operands.iter().map(|o| o.dtype)
    }

    pub fn dispatcher(&self) -> &Py<PyAny> {
        &self.contiguous.dispatcher
    }

    /// NumPy's inner loop.
    ///
    /// # Safety
    /// The protocol of inner loops of generalised functions; `data` is a live `CoreLoop` for the operands' types.
    pub unsafe extern "C" fn call(
        args: *mut *mut u8,
        dimensions: *const isize,
        steps: *const isize,
        data: *mut c_void,
    ) {
        // SAFETY: as the caller vouches.
        unsafe {
            let this = &*data.cast::<CoreLoop>();
            let n = *dimensions;
            if n <= 0 {
                return;
            }
            let (rows, whole, size) = this.contiguity(dimensions, steps);
            let canonical = whole || rows && (n == 1 || size > LONG);
            let body = if canonical {
                &this.contiguous
            } else {
                let Some(body) = Body::late(&this.strided, |py| this.make_strided(py)) else { return };
                body
            };
            let count = if this.parallel { pieces(n, 1) } else { 1 };
            let piece = (n - 1) / count + 1;
            let single = canonical && !whole;
            let job = Job { this, body, args, dimensions, steps, single, canonical, piece };
            enter(&body.compiled, count > 1, |ctx| {
                if count > 1 { share(ctx, run_piece, &job, (n - 1) / piece + 1) } else { job.run(ctx, 0, n) }
            });
        }
    }

    /// Whether the rows, and whether the arrays are contiguous; and the elements of the longest row.
    ///
    /// # Safety
    /// As for [`CoreLoop::call`].
    unsafe fn contiguity(&self, dimensions: *const isize, steps: *const isize) -> (bool, bool, isize) {
        let (mut rows, mut whole, mut longest) = (true, true, 0);
        let mut at = self.operands.len();
        for (k, operand) in self.operands.iter().enumerate() {
            let first = at;
            at += operand.dims.len();
            let mut expected = operand.dtype.size() as isize;
            for (place, dim) in operand.dims.iter().enumerate().rev() {
                // SAFETY: the strides of the cores follow those of the loop, operand by operand.
                let (extent, step) = unsafe { (*dimensions.add(1 + dim), *steps.add(first + place)) };
                rows &= extent == 1 || step == expected;
                expected *= extent;
            }
            // SAFETY: one stride of the loop for each operand.
            whole &= unsafe { *dimensions == 1 || *steps.add(k) == expected };
            longest = longest.max(expected / operand.dtype.size() as isize);
        }
        (rows, rows && whole, longest)
    }

    fn make_strided(&self, py: Python<'_>) -> PyResult<Body> {
        Body::new(self.dispatcher().bind(py), &params(&self.operands, Layout::Strided))
    }
}

/// Parameters of the kernel.
fn params(operands: &[CoreOperand], layout: Layout) -> Vec<Ty> {
    operands.iter().map(|o| array(o.dtype, 1 + o.dims.len() as u8, layout, o.readonly)).collect()
}

unsafe extern "C" fn run_piece(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    unsafe {
        let job = &*env.cast::<Job<'_>>();
        job.run(ctx, lo as isize * job.piece, (hi as isize * job.piece).min(*job.dimensions))
    }
}

impl Job<'_> {
    /// Runs the rows `from..to`.
    ///
    /// # Safety
    /// As for [`CoreLoop::call`], with this thread's context.
    unsafe fn run(&self, ctx: *mut Ctx, from: isize, to: isize) -> i32 {
        let mut block = Vec::new();
        let mut places = Vec::new();
        // SAFETY: as the caller vouches.
        unsafe {
            let mut at = self.this.operands.len();
            for (k, operand) in self.this.operands.iter().enumerate() {
                let n = operand.dims.len();
                places.push(block.len());
                block.push((*self.args.add(k)).offset(from * *self.steps.add(k)) as u64);
                block.push(0);
                block.push(if self.single { 1 } else { (to - from) as u64 });
                let extents: Vec<isize> = operand.dims.iter().map(|d| *self.dimensions.add(1 + d)).collect();
                block.extend(extents.iter().map(|e| *e as u64));
                if self.canonical {
                    let mut strides = vec![operand.dtype.size() as isize; n + 1];
                    for axis in (0..n).rev() {
                        strides[axis] = strides[axis + 1] * extents[axis];
                    }
                    block.extend(strides.iter().map(|s| *s as u64));
                } else {
                    block.push(*self.steps.add(k) as u64);
                    block.extend((0..n).map(|place| *self.steps.add(at + place) as u64));
                }
                at += n;
            }
            if !self.single {
                return self.body.run(ctx, &block);
            }
            for row in from..to {
                for (k, place) in places.iter().enumerate() {
                    block[*place] = (*self.args.add(k)).offset(row * *self.steps.add(k)) as u64;
                }
                let status = self.body.run(ctx, &block);
                if status != 0 {
                    return status;
                }
            }
        }
        0
    }
}

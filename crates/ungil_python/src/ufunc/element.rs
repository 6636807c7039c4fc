//! Loops of elementwise functions.
//!
//! One kernel, compiled for contiguous arrays that do not overlap, serves every stride: elements that do not lie that
//! way pass through small buffers, chunk by chunk. A result that is an operand of the next element (`reduce`,
//! `accumulate`) is computed in order by kernels of their own, made when they are first needed.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use std::sync::OnceLock;

use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::Block;
use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_sema::ty::Ty;

use crate::ufunc::body::{Body, enter, pieces, share};

/// Most elements that pass through buffers at a time, and bytes of all buffers of a thread.
const CHUNK: isize = 1024;
const ROOM: usize = 32 * 1024;
/// Most operands of a loop.
const MOST: usize = 32;
/// Fewest elements that a thread takes at a time.
const LEAST: isize = 64;
/// Words of an argument: a one-dimensional array.
const WORDS: usize = 4;

/// The loop for one combination of types.
pub struct ElementLoop {
    pub types: Vec<DType>,
    nin: usize,
    parallel: bool,
    contiguous: Body,
    in_order: OnceLock<Body>,
    fold: OnceLock<Body>,
    /// `make("in_order")` and `make("fold")` give the functions for these.
    pub make: Py<PyAny>,
}

/// An operand of a call.
#[derive(Clone, Copy)]
struct Operand {
    data: *mut u8,
    step: isize,
    size: isize,
}

impl Operand {
    /// First and last byte.
    fn range(&self, n: isize) -> (usize, usize) {
        let reach = self.step * (n - 1);
        let start = self.data as isize;
        ((start + reach.min(0)) as usize, (start + reach.max(0) + self.size - 1) as usize)
    }

    fn overlaps(&self, other: &Operand, n: isize) -> bool {
        let (a, b) = (self.range(n), other.range(n));
        a.0 <= b.1 && b.0 <= a.1
    }

    fn is_contiguous(&self) -> bool {
        self.step == self.size
    }

    /// Whether each element of `self` is read before the same bytes are written as `out`.
    fn is_same(&self, out: &Operand) -> bool {
        self.data == out.data
            && self.size == out.size
            && self.step == out.step
            && self.step.abs() >= self.size
    }
}

/// How an operand gets to the kernel.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Direct,
    /// One value for all elements: the buffer is filled once.
    Filled,
    Buffered,
}

/// A call whose elements are independent.
struct Job<'l> {
    body: &'l Body,
    nin: usize,
    operands: &'l [Operand],
    ways: [Way; MOST],
    n: isize,
    piece: isize,
}

/// A one-dimensional array of a parameter.
pub fn array(dtype: DType, ndim: u8, layout: Layout, readonly: bool) -> Ty {
    Ty::Array(ArrayType { dtype, ndim, layout, readonly, swapped: false })
}

impl ElementLoop {
    /// Compiles `function`, a loop over contiguous arrays of these types, the last ones the results.
    pub fn new(
        function: &Bound<'_, PyAny>,
        make: &Bound<'_, PyAny>,
        types: Vec<DType>,
        nin: usize,
        parallel: bool,
    ) -> PyResult<ElementLoop> {
        let params: Vec<Ty> =
            types.iter().enumerate().map(|(k, d)| array(*d, 1, Layout::C, k < nin)).collect();
        let contiguous = Body::new(function, &params)?;
        let (in_order, fold) = (OnceLock::new(), OnceLock::new());
        Ok(ElementLoop { types, nin, parallel, contiguous, in_order, fold, make: make.clone().unbind() })
    }

    /// NumPy's inner loop.
    ///
    /// # Safety
    /// The protocol of inner loops; `data` is a live `ElementLoop` for the types of the operands.
    pub unsafe extern "C" fn call(
        args: *mut *mut u8,
        dimensions: *const isize,
        steps: *const isize,
        data: *mut c_void,
    ) {
        // SAFETY: as the caller vouches.
        unsafe {
            let this = &*data.cast::<ElementLoop>();
            let n = *dimensions;
            if n <= 0 {
                return;
            }
            let operand = |k: usize| Operand {
                data: *args.add(k),
                step: *steps.add(k),
                size: this.types[k].size() as isize,
            };
            let mut operands = [Operand { data: core::ptr::null_mut(), step: 0, size: 0 }; MOST];
            let count = this.types.len();
            for (k, place) in operands[..count].iter_mut().enumerate() {
                *place = operand(k);
            }
            this.run(&operands[..count], n);
        }
    }

    /// # Safety
    /// As for [`ElementLoop::call`].
    unsafe fn run(&self, operands: &[Operand], n: isize) {
        let (inputs, outputs) = operands.split_at(self.nin);
        let mut ways = [Way::Direct; MOST];
        let mut in_order = false;
        for (way, input) in ways.iter_mut().zip(inputs) {
            let clash = |out: &&Operand| input.overlaps(out, n);
            in_order |= n > 1 && outputs.iter().filter(clash).any(|out| !input.is_same(out));
            *way = match () {
                () if outputs.iter().any(|out| clash(&out)) => Way::Buffered,
                () if input.is_contiguous() || n == 1 => Way::Direct,
                () if input.step == 0 => Way::Filled,
                () => Way::Buffered,
            };
        }
        for (k, out) in outputs.iter().enumerate() {
            in_order |= n > 1 && (out.step == 0 || outputs[..k].iter().any(|o| o.overlaps(out, n)));
            ways[self.nin + k] = if out.is_contiguous() || n == 1 { Way::Direct } else { Way::Buffered };
        }
        // SAFETY: as the caller vouches.
        unsafe {
            if in_order {
                return self.run_in_order(operands, n);
            }
            let count = if self.parallel { pieces(n, LEAST) } else { 1 };
            let piece = ((n - 1) / count + 1 + LEAST - 1) / LEAST * LEAST;
            let job = Job { body: &self.contiguous, nin: self.nin, operands, ways, n, piece };
            enter(&self.contiguous.compiled, count > 1, |ctx| {
                if count > 1 { share(ctx, run_piece, &job, (n - 1) / piece + 1) } else { job.run(ctx, 0, n) }
            });
        }
    }

    /// One element after the other, because results are operands.
    ///
    /// # Safety
    /// As for [`ElementLoop::call`].
    unsafe fn run_in_order(&self, operands: &[Operand], n: isize) {
        let mut block = [0u64; MOST * WORDS];
        let fold = match operands {
            [first, second, out] => {
                self.types[0] == self.types[2]
                    && first.data == out.data
                    && first.step == 0
                    && out.step == 0
                    && !second.overlaps(out, n)
            }
            _ => false,
        };
        let body = if fold {
            let params = [(2, Layout::C), (1, Layout::Strided)];
            Body::late(&self.fold, |py| self.make_body(py, "fold", &params))
        } else {
            let params: Vec<_> = (0..operands.len()).map(|k| (k, Layout::Strided)).collect();
            Body::late(&self.in_order, |py| self.make_body(py, "in_order", &params))
        };
        let Some(body) = body else { return };
        let mut write = |at: usize, operand: &Operand, n: isize, step: isize| {
            let words = [operand.data as u64, 0, n as u64, step as u64];
            block[at * WORDS..][..WORDS].copy_from_slice(&words);
        };
        if fold {
            write(0, &operands[2], 1, operands[2].size);
            write(1, &operands[1], n, operands[1].step);
        } else {
            operands.iter().enumerate().for_each(|(k, operand)| write(k, operand, n, operand.step));
        }
        // SAFETY: the block holds the parameters that the body was compiled for.
        unsafe { enter(&body.compiled, false, |ctx| body.run(ctx, &block)) }
    }

    /// Compiles one of the loops in order.
    fn make_body(&self, py: Python<'_>, name: &str, params: &[(usize, Layout)]) -> PyResult<Body> {
        let params: Vec<Ty> =
            params.iter().map(|(k, layout)| array(self.types[*k], 1, *layout, false)).collect();
        Body::new(&self.make.bind(py).call1((name,))?, &params)
    }
}

unsafe extern "C" fn run_piece(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, _: *mut Block) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    unsafe {
        let job = &*env.cast::<Job<'_>>();
        job.run(ctx, lo as isize * job.piece, (hi as isize * job.piece).min(job.n))
    }
}

impl Job<'_> {
    /// Runs the elements `from..to`.
    ///
    /// # Safety
    /// As for [`ElementLoop::call`], with this thread's context.
    unsafe fn run(&self, ctx: *mut Ctx, from: isize, to: isize) -> i32 {
        let mut memory = [MaybeUninit::<u128>::uninit(); ROOM / size_of::<u128>()];
        let through = || self.ways.iter().zip(self.operands).filter(|(way, _)| **way != Way::Direct);
        let width: isize = through().map(|(_, operand)| operand.size).sum();
        let fits =
            if width == 0 { to - from } else { CHUNK.min((ROOM as isize - MOST as isize * 16) / width) };
        let length = fits.min(to - from);
        let mut block = [0u64; MOST * WORDS];
        let mut at = 0;
        for (k, (way, operand)) in self.ways.iter().zip(self.operands).enumerate() {
            block[k * WORDS + 3] = operand.size as u64;
            if *way != Way::Direct {
                // SAFETY: the buffers, each rounded up to 16 bytes, lie side by side in the memory, as `fits` makes sure; a
                // value is where its operand points.
                unsafe {
                    let buffer = memory.as_mut_ptr().add(at).cast::<u8>();
                    block[k * WORDS] = buffer as u64;
                    if *way == Way::Filled {
                        move_elements(operand.data, 0, buffer, operand.size, length, operand.size);
                    }
                }
                at += ((length * operand.size) as usize).div_ceil(size_of::<u128>());
            }
        }
        let mut lo = from;
        while lo < to {
            let n = length.min(to - lo);
            // SAFETY: the elements `lo..lo + n` are the operands' own; buffers hold `length`.
            let status = unsafe {
                self.load(&mut block, lo, n);
                let status = self.body.run(ctx, &block);
                if status == 0 {
                    self.store(&block, lo, n);
                }
                status
            };
            if status != 0 {
                return status;
            }
            lo += n;
        }
        0
    }

    /// Points the block at the elements `lo..lo + n`.
    unsafe fn load(&self, block: &mut [u64], lo: isize, n: isize) {
        for (k, (way, operand)) in self.ways.iter().zip(self.operands).enumerate() {
            block[k * WORDS + 2] = n as u64;
            // SAFETY: as the caller vouches.
            unsafe {
                let data = operand.data.offset(lo * operand.step);
                match way {
                    Way::Direct => block[k * WORDS] = data as u64,
                    Way::Buffered if k < self.nin => {
                        let buffer = block[k * WORDS] as *mut u8;
                        move_elements(data, operand.step, buffer, operand.size, n, operand.size);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Copies results out of their buffers.
    unsafe fn store(&self, block: &[u64], lo: isize, n: isize) {
        let all = self.ways.iter().zip(self.operands).enumerate().skip(self.nin);
        for (k, (_, operand)) in all.filter(|(_, (w, _))| **w == Way::Buffered) {
            // SAFETY: as the caller vouches.
            unsafe {
                let data = operand.data.offset(lo * operand.step);
                move_elements(
                    block[k * WORDS] as *const u8,
                    operand.size,
                    data,
                    operand.step,
                    n,
                    operand.size,
                );
            }
        }
    }
}

/// Copies `n` elements of `size` bytes between places with strides.
///
/// # Safety
/// Both places hold that many elements and do not overlap.
unsafe fn move_elements(
    from: *const u8,
    from_step: isize,
    to: *mut u8,
    to_step: isize,
    n: isize,
    size: isize,
) {
    unsafe fn typed<T: Copy>(from: *const u8, from_step: isize, to: *mut u8, to_step: isize, n: isize) {
        let (mut from, mut to) = (from, to);
        for _ in 0..n {
            // SAFETY: as the caller of the outer function vouches; alignment is not asked for. The last step may lead
            // out of the array, where nothing is read.
            unsafe {
                to.cast::<T>().write_unaligned(from.cast::<T>().read_unaligned());
                from = from.wrapping_offset(from_step);
                to = to.wrapping_offset(to_step);
            }
        }
    }
    // SAFETY: as the caller vouches.
    unsafe {
        if from_step == size && to_step == size {
            return core::ptr::copy_nonoverlapping(from, to, (n * size) as usize);
        }
        match size {
            1 => typed::<u8>(from, from_step, to, to_step, n),
            2 => typed::<u16>(from, from_step, to, to_step, n),
            4 => typed::<u32>(from, from_step, to, to_step, n),
            8 => typed::<u64>(from, from_step, to, to_step, n),
            _ => typed::<[u64; 2]>(from, from_step, to, to_step, n),
        }
    }
}

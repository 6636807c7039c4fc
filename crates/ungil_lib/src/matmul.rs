//! Products of matrices.
//!
//! The result is cut into tiles, whose sides follow from the shapes alone; each is one product by faer, which takes strides as
//! they are, and tiles are shared among the team. Where the result is one tile and the depth is great, the depth is cut
//! instead, into parts that follow from the shapes too; partial results are added pairwise, in a fixed order. The bits of an
//! element depend on the shapes, the layouts and the processor's instructions, never on the number of threads.

use core::ffi::c_void;
use core::ops::AddAssign;
use core::ptr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par, c32, c64};
use ungil_abi::context::{Ctx, ValueTag};
use ungil_abi::exception::ExcClass;
use ungil_abi::parallel::{Block, LoopDesc, Schedule};
use ungil_runtime::error::raise_static;
use ungil_runtime::parallel::ungil_rt_parallel_for;

use crate::matrix::Matrix;

/// Products of fewer multiplications are done by the caller in one go.
const SHARED: usize = 1 << 21;
/// Elements of a tile; of results with more than [`LARGE`] elements, [`LARGE_TILE`].
const TILE: usize = 256 * 256;
const LARGE_TILE: usize = 512 * 512;
const LARGE: usize = 2048 * 2048;
/// A tile's rows are a multiple of this, columns too: whole register blocks of every element type.
const GRAIN: usize = 96;

/// Least depth of a part of a deep product, and the most elements that all partial results may have.
const PART: usize = 2048;
const PARTIALS: usize = 1 << 20;
/// Most parts of a deep product.
const MOST_PARTS: usize = 64;

/// Element types by number (the order of [`ValueTag`]).
const F32: u64 = 9;
const F64: u64 = 10;
const C64: u64 = 11;
const C128: u64 = 12;
const _: () = assert!(C128 < ValueTag::WEAK);

/// Matrix product.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live matrices that fit (`out` is rows × columns, the depth is
/// common), of the element type told; `out` is aligned, and overlaps neither factor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_matmul(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Matrix,
    x: *const Matrix,
    y: *const Matrix,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        let (out, x, y) = (&*out, &*x, &*y);
        match dtype {
            F32 => multiply::<f32>(ctx, out, x, y),
            F64 => multiply::<f64>(ctx, out, x, y),
            C64 => multiply::<c32>(ctx, out, x, y),
            C128 => multiply::<c64>(ctx, out, x, y),
            _ => unsupported(ctx),
        }
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        // SAFETY: by contract.
        unsafe { raise_static(ctx, ExcClass::SYSTEM_ERROR, "the matrix product failed") };
        1
    })
}

/// # Safety
/// `ctx` is this thread's context.
unsafe fn unsupported(ctx: *mut Ctx) -> i32 {
    // SAFETY: by contract.
    unsafe { raise_static(ctx, ExcClass::TYPE_ERROR, "matrix product of elements that are no floats") };
    1
}

/// A product whose tiles are to be computed.
struct Job<T> {
    out: Matrix,
    x: Factor<T>,
    y: Factor<T>,
    /// Rows and columns of a tile, and tiles side by side.
    tile: [usize; 2],
    across: usize,
}

/// Where a factor's elements are, with strides in elements.
struct Factor<T> {
    data: *const T,
    steps: [isize; 2],
    /// Elements in a regular order, where the array's own is not.
    _packed: Option<Vec<T>>,
}

impl<T: Copy> Factor<T> {
    /// # Safety
    /// The matrix describes live elements of type `T`.
    unsafe fn new(matrix: &Matrix) -> Factor<T> {
        // SAFETY: by contract.
        match unsafe { matrix.packed::<T>() } {
            Some(elements) => {
                let steps = [matrix.columns() as isize, 1];
                Factor { data: elements.as_ptr(), steps, _packed: Some(elements) }
            }
            None => Factor { data: matrix.data.cast(), steps: matrix.steps::<T>(), _packed: None },
        }
    }

    /// The part with these first row and column.
    ///
    /// # Safety
    /// The part lies inside the matrix, which outlives the view and is not written meanwhile.
    unsafe fn part<'a>(&self, row: usize, column: usize, rows: usize, columns: usize) -> MatRef<'a, T> {
        let at = row as isize * self.steps[0] + column as isize * self.steps[1];
        // SAFETY: by contract.
        unsafe {
            MatRef::from_raw_parts(self.data.wrapping_offset(at), rows, columns, self.steps[0], self.steps[1])
        }
    }
}

/// # Safety
/// As for [`ungil_lib_matmul`], with elements of type `T`.
unsafe fn multiply<T: ComplexField + Copy + AddAssign>(
    ctx: *mut Ctx,
    out: &Matrix,
    x: &Matrix,
    y: &Matrix,
) -> i32 {
    if out.is_empty() {
        return 0;
    }
    // SAFETY: by contract.
    let (first, second) = unsafe { (Factor::<T>::new(x), Factor::<T>::new(y)) };
    let depth = x.columns();
    let (rows, columns) = (out.rows(), out.columns());
    let small = rows.saturating_mul(columns).saturating_mul(depth) < SHARED;
    let tile = if small { [rows, columns] } else { tile_of(rows, columns) };
    let (down, across) = (rows.div_ceil(tile[0]), columns.div_ceil(tile[1]));
    let job = Job { out: *out, x: first, y: second, tile, across };
    let parts = parts_of(rows, columns, depth);
    if down * across == 1 && !small && parts > 1 {
        // SAFETY: by contract.
        return unsafe { job.deep_product(ctx, depth, parts) };
    }
    let env = (job, depth);
    // SAFETY: the tiles are disjoint parts of the result; the job outlives the loop.
    unsafe {
        if down * across == 1 {
            env.0.product(depth, 0);
            return 0;
        }
        let env = ptr::from_ref(&env).cast_mut().cast::<c_void>();
        share(ctx, run_tiles::<T>, env, down * across)
    }
}

/// The body of a shared loop.
type Body = unsafe extern "C" fn(*mut Ctx, *mut c_void, i64, i64, *mut Block) -> i32;

/// Runs a body for `0 .. n` on the team.
///
/// # Safety
/// `ctx` is this thread's context; the body accepts `env`, from any thread.
unsafe fn share(ctx: *mut Ctx, body: Body, env: *mut c_void, n: usize) -> i32 {
    let plain = LoopDesc::plain(body, env, n as i64);
    let desc = LoopDesc { schedule: Schedule::DYNAMIC, chunk: 1, ..plain };
    // SAFETY: by contract.
    unsafe { ungil_rt_parallel_for(ctx, &raw const desc) }
}

/// The number of parts that the depth of a product is cut into.
fn parts_of(rows: usize, columns: usize, depth: usize) -> usize {
    (depth / PART).min(PARTIALS / (rows * columns)).min(MOST_PARTS)
}

/// Sides of a tile: near a square where the result has room for one.
fn tile_of(rows: usize, columns: usize) -> [usize; 2] {
    let area = if rows.saturating_mul(columns) > LARGE { LARGE_TILE } else { TILE };
    let side = area.isqrt();
    let fit = |short: usize| (area / short).next_multiple_of(GRAIN);
    match (rows <= side, columns <= side) {
        (true, true) => [rows, columns],
        (true, false) => [rows, fit(rows)],
        (false, true) => [fit(columns), columns],
        (false, false) => [even(rows, side), even(columns, side)],
    }
}

/// A length near `side` that cuts `extent` into parts of about one size.
fn even(extent: usize, side: usize) -> usize {
    extent.div_ceil(extent.div_ceil(side)).next_multiple_of(GRAIN)
}

impl<T: ComplexField + Copy> Job<T> {
    /// Computes a tile of the result.
    ///
    /// # Safety
    /// The matrices live, and nobody else writes this tile.
    unsafe fn product(&self, depth: usize, tile: usize) {
        let (i, j) = (tile / self.across * self.tile[0], tile % self.across * self.tile[1]);
        let rows = self.tile[0].min(self.out.rows() - i);
        let columns = self.tile[1].min(self.out.columns() - j);
        let steps = self.out.steps::<T>();
        // SAFETY: the parts lie inside the matrices.
        unsafe {
            let at = self.out.at(i, j).cast::<T>();
            let out = MatMut::from_raw_parts_mut(at, rows, columns, steps[0], steps[1]);
            let (x, y) = (self.x.part(i, 0, rows, depth), self.y.part(0, j, depth, columns));
            matmul(out, Accum::Replace, x, y, T::one_impl(), Par::Seq);
        }
    }
}

/// A product whose depth is cut into parts, with room for their results, one behind the other.
struct Deep<'a, T> {
    job: &'a Job<T>,
    depth: usize,
    parts: usize,
    partials: *mut T,
}

impl<T: ComplexField + Copy + AddAssign> Job<T> {
    /// Computes the result, which is one tile, from the products of parts of the depth.
    ///
    /// # Safety
    /// As for [`ungil_lib_matmul`].
    unsafe fn deep_product(&self, ctx: *mut Ctx, depth: usize, parts: usize) -> i32 {
        let (rows, columns) = (self.out.rows(), self.out.columns());
        let size = rows * columns;
        let mut partials = vec![T::zero_impl(); size * parts];
        let deep = Deep { job: self, depth, parts, partials: partials.as_mut_ptr() };
        // SAFETY: each part has room of its own; what the loop uses outlives it.
        let status =
            unsafe { share(ctx, run_parts::<T>, ptr::from_ref(&deep).cast_mut().cast::<c_void>(), parts) };
        if status != 0 {
            return status;
        }
        let mut gap = 1;
        while gap < parts {
            for part in (0..parts - gap).step_by(2 * gap) {
                let (sums, others) = partials.split_at_mut((part + gap) * size);
                let sums = &mut sums[part * size..][..size];
                sums.iter_mut().zip(&others[..size]).for_each(|(sum, other)| *sum += *other);
            }
            gap *= 2;
        }
        for i in 0..rows {
            for j in 0..columns {
                // SAFETY: the place lies inside the result.
                unsafe { self.out.at(i, j).cast::<T>().write(partials[i * columns + j]) };
            }
        }
        0
    }
}

impl<T: ComplexField + Copy> Deep<'_, T> {
    /// Computes the product of one part of the depth.
    ///
    /// # Safety
    /// The matrices live, and nobody else computes this part.
    unsafe fn product(&self, part: usize) {
        let (rows, columns) = (self.job.out.rows(), self.job.out.columns());
        let (low, high) = (part * self.depth / self.parts, (part + 1) * self.depth / self.parts);
        // SAFETY: the parts lie inside the matrices, the result in its room.
        unsafe {
            let at = self.partials.add(part * rows * columns);
            let out = MatMut::from_raw_parts_mut(at, rows, columns, columns as isize, 1);
            let x = self.job.x.part(0, low, rows, high - low);
            let y = self.job.y.part(low, 0, high - low, columns);
            matmul(out, Accum::Replace, x, y, T::one_impl(), Par::Seq);
        }
    }
}

unsafe extern "C" fn run_parts<T: ComplexField + Copy>(
    ctx: *mut Ctx,
    env: *mut c_void,
    lo: i64,
    hi: i64,
    _: *mut Block,
) -> i32 {
    // SAFETY: the environment is the product that started the loop and waits for it.
    let deep = unsafe { &*env.cast::<Deep<'_, T>>() };
    for part in lo..hi {
        // SAFETY: each part is given out once.
        let run = || unsafe { deep.product(part as usize) };
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            // SAFETY: the context is this thread's.
            unsafe { raise_static(ctx, ExcClass::SYSTEM_ERROR, "the matrix product failed") };
            return 1;
        }
    }
    0
}

unsafe extern "C" fn run_tiles<T: ComplexField + Copy>(
    ctx: *mut Ctx,
    env: *mut c_void,
    lo: i64,
    hi: i64,
    _: *mut Block,
) -> i32 {
    // SAFETY: the environment is the job that started the loop and waits for it.
    let (job, depth) = unsafe { &*env.cast::<(Job<T>, usize)>() };
    for tile in lo..hi {
        // SAFETY: each tile is given out once.
        let run = || unsafe { job.product(*depth, tile as usize) };
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            // SAFETY: the context is this thread's.
            unsafe { raise_static(ctx, ExcClass::SYSTEM_ERROR, "the matrix product failed") };
            return 1;
        }
    }
    0
}

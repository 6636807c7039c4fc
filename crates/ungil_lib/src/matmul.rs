//! Products of matrices.
//!
//! Products of few elements, and with a vector, are [`few`]'s and [`vector`](crate::vector)'s. Else the result is cut into
//! tiles, whose sides follow from the shapes alone; each is one product, of floats by faer, which takes strides as they are,
//! and tiles are shared among the team. Where the result is one tile and the depth is great, the depth is cut instead, into
//! parts that follow from the shapes too; partial results are added pairwise, in a fixed order. The bits of an element depend
//! on the shapes, the layouts and the processor's instructions, never on the number of threads.

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par, c32, c64};
use ungil_abi::context::Ctx;

use crate::dtype::of_dtype;
use crate::entry::{guarded, with_capacity};
use crate::few::{self, multiply_panels};
use crate::matrix::Matrix;
use crate::number::{Bool, Element, Number};
use crate::room::Room;
use crate::share::share;
use crate::vector::Product;
use crate::view::{Factor, Sides, View};

/// Products of fewer multiplications take less time than the preparations of a larger one.
const FEW: usize = 6000;
/// Products of fewer multiplications are done by the caller in one go.
const SHARED: usize = 1 << 21;
/// The same of products with a vector, which wait for memory.
const SHARED_VECTOR: usize = 1 << 20;
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

/// Matrix product; of bools, whether any "and" of two is true.
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
        of_dtype!(dtype, T => multiply::<T>(ctx, out, x, y), panic!("no element type has this number"))
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the matrix product failed", run) }
}

/// Element types with a product of matrices of any size.
pub trait Large: Element {
    /// Computes a product.
    ///
    /// # Safety
    /// The matrices have these sides and live; the result is not read or written by others, and overlaps no factor.
    unsafe fn multiply(out: View<Self>, x: View<Self>, y: View<Self>, sides: Sides);
}

macro_rules! large {
    ($by:ident: $($t:ty)*) => {$(
        impl Large for $t {
            unsafe fn multiply(out: View<$t>, x: View<$t>, y: View<$t>, sides: Sides) {
                // SAFETY: by contract.
                unsafe { $by(out, x, y, sides) }
            }
        }
    )*};
}

large!(multiply_floats: f32 f64 c32 c64);
large!(multiply_panels: Bool u8 u16 u32 u64);

/// # Safety
/// As for [`Large::multiply`].
unsafe fn multiply_floats<T: ComplexField>(out: View<T>, x: View<T>, y: View<T>, sides: Sides) {
    let Sides { rows, depth, columns } = sides;
    // SAFETY: by contract.
    unsafe {
        let out = MatMut::from_raw_parts_mut(out.data, rows, columns, out.steps[0], out.steps[1]);
        let x = MatRef::from_raw_parts(x.data, rows, depth, x.steps[0], x.steps[1]);
        let y = MatRef::from_raw_parts(y.data, depth, columns, y.steps[0], y.steps[1]);
        matmul(out, Accum::Replace, x, y, T::one_impl(), Par::Seq);
    }
}

/// # Safety
/// As for [`ungil_lib_matmul`], with elements of type `T`.
pub unsafe fn multiply<T: Large>(ctx: *mut Ctx, out: &Matrix, x: &Matrix, y: &Matrix) -> i32 {
    if out.is_empty() {
        return 0;
    }
    // SAFETY: by contract.
    let (first, second) = unsafe { (Factor::<T>::new(x), Factor::<T>::new(y)) };
    let sides = Sides { rows: out.rows(), depth: x.columns(), columns: out.columns() };
    let (out, x, y) = (View::<T>::new(out), first.view, second.view);
    // SAFETY: by contract.
    unsafe {
        if sides.columns == 1 {
            let product = Product {
                matrix: x,
                vector: y.data,
                vector_step: y.steps[0],
                out: out.data,
                out_step: out.steps[0],
                rows: sides.rows,
                depth: sides.depth,
            };
            multiply_vector(ctx, product)
        } else if sides.rows == 1 {
            let product = Product {
                matrix: y.transposed(),
                vector: x.data,
                vector_step: x.steps[1],
                out: out.data,
                out_step: out.steps[1],
                rows: sides.columns,
                depth: sides.depth,
            };
            multiply_vector(ctx, product)
        } else if sides.work() < FEW {
            few::multiply(out, x, y, sides);
            0
        } else {
            multiply_large(ctx, out, x, y, sides)
        }
    }
}

/// # Safety
/// `ctx` is this thread's context; the product describes live elements, its result is nobody else's and no factor's.
unsafe fn multiply_vector<T: Element>(ctx: *mut Ctx, product: Product<T>) -> i32 {
    // SAFETY: a complex number is its two parts, side by side, with their alignment.
    unsafe {
        if const { T::PARTS == 1 } {
            multiply_parts(ctx, product.cast::<[T::Part; 1]>())
        } else {
            multiply_parts(ctx, product.cast::<[T::Part; 2]>())
        }
    }
}

/// # Safety
/// As for [`multiply_vector`].
unsafe fn multiply_parts<P: Number, const PARTS: usize>(ctx: *mut Ctx, product: Product<[P; PARTS]>) -> i32 {
    let (rows, work, mut room) = (product.rows, product.rows.saturating_mul(product.depth), Room::default());
    // SAFETY: by contract.
    let prepared = unsafe { product.prepared(&mut room) };
    let compute = |low: usize, high: usize| {
        // SAFETY: no block is given out twice, and nobody else writes the result.
        unsafe { prepared.compute(low, high) }
    };
    if work < SHARED_VECTOR {
        compute(0, rows);
        return 0;
    }
    // SAFETY: by contract.
    unsafe { share(ctx, rows, prepared.block(), &compute) }
}

/// # Safety
/// As for [`Large::multiply`]; `ctx` is this thread's context.
unsafe fn multiply_large<T: Large>(ctx: *mut Ctx, out: View<T>, x: View<T>, y: View<T>, sides: Sides) -> i32 {
    let Sides { rows, depth, columns } = sides;
    if sides.work() < SHARED {
        // SAFETY: by contract.
        unsafe { T::multiply(out, x, y, sides) };
        return 0;
    }
    let tile = tile_of(rows, columns);
    let (down, across) = (rows.div_ceil(tile[0]), columns.div_ceil(tile[1]));
    let parts = parts_of(rows, columns, depth);
    if down * across == 1 && parts > 1 {
        // SAFETY: by contract.
        return unsafe { multiply_deep(ctx, out, x, y, sides, parts) };
    }
    let work = |number: usize, _: usize| {
        let (i, j) = (number / across * tile[0], number % across * tile[1]);
        let part = Sides { rows: tile[0].min(rows - i), depth, columns: tile[1].min(columns - j) };
        // SAFETY: the tiles are disjoint parts of the result, and each is given out once.
        unsafe { T::multiply(out.from(i, j), x.from(i, 0), y.from(0, j), part) }
    };
    if down * across == 1 {
        work(0, 1);
        return 0;
    }
    // SAFETY: by contract.
    unsafe { share(ctx, down * across, 1, &work) }
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

/// Computes a result that is one tile from the products of parts of the depth.
///
/// # Safety
/// As for [`multiply_large`].
unsafe fn multiply_deep<T: Large>(
    ctx: *mut Ctx,
    out: View<T>,
    x: View<T>,
    y: View<T>,
    sides: Sides,
    parts: usize,
) -> i32 {
    let Sides { rows, depth, columns } = sides;
    let size = rows * columns;
    let mut partials: Vec<T> = with_capacity(size * parts);
    let data = partials.as_mut_ptr();
    let work = |part: usize, _: usize| {
        let (low, high) = (part * depth / parts, (part + 1) * depth / parts);
        let to = View { data: data.wrapping_add(part * size), steps: [columns as isize, 1] };
        // SAFETY: each part has room of its own, and is given out once.
        unsafe { T::multiply(to, x.from(0, low), y.from(low, 0), Sides { depth: high - low, ..sides }) }
    };
    // SAFETY: by contract.
    let status = unsafe { share(ctx, parts, 1, &work) };
    if status != 0 {
        return status;
    }
    // SAFETY: each part has been computed, and has set its elements.
    unsafe { partials.set_len(size * parts) };
    let mut gap = 1;
    while gap < parts {
        for part in (0..parts - gap).step_by(2 * gap) {
            let (sums, others) = partials.split_at_mut((part + gap) * size);
            let sums = &mut sums[part * size..][..size];
            sums.iter_mut().zip(&others[..size]).for_each(|(sum, other)| *sum = sum.plus(*other));
        }
        gap *= 2;
    }
    for i in 0..rows {
        for j in 0..columns {
            // SAFETY: the place lies inside the result.
            unsafe { out.at(i, j).write(partials[i * columns + j]) };
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A matrix of this shape over numbers, row by row, or column by column.
    fn matrix(data: &mut [f64], shape: [i64; 2], turned: bool) -> Matrix {
        let strides = if turned { [8, 8 * shape[0]] } else { [8 * shape[1], 8] };
        Matrix { data: data.as_mut_ptr().cast(), owner: core::ptr::null_mut(), shape, strides }
    }

    #[test]
    fn multiplies_all_small_shapes_and_layouts() {
        let mut a: Vec<f64> = (0..400).map(|k| f64::from(k * 7 % 23 - 11)).collect();
        let mut b: Vec<f64> = (0..400).map(|k| f64::from(k * 5 % 19 - 9)).collect();
        for sides in 0..20 * 20 * 4 {
            let (rows, columns, depth) = (sides % 20, sides / 20 % 20, [0, 1, 6, 19][sides as usize / 400]);
            for layout in 0..8 {
                let mut found = vec![f64::NAN; 400];
                let out = matrix(&mut found, [rows, columns], layout & 1 != 0);
                let x = matrix(&mut a, [rows, depth], layout & 2 != 0);
                let y = matrix(&mut b, [depth, columns], layout & 4 != 0);
                // SAFETY: the matrices describe slices; a product of few elements is not shared, and uses no context.
                assert_eq!(unsafe { ungil_lib_matmul(core::ptr::null_mut(), 10, &out, &x, &y) }, 0);
                // SAFETY: the places lie inside the matrices.
                let read =
                    |m: &Matrix, i: i64, j: i64| unsafe { *m.at(i as usize, j as usize).cast::<f64>() };
                for i in 0..rows {
                    for j in 0..columns {
                        let sum: f64 = (0..depth).map(|k| read(&x, i, k) * read(&y, k, j)).sum();
                        assert_eq!(read(&out, i, j), sum, "{rows}, {depth}, {columns}: {layout}");
                    }
                }
            }
        }
    }
}

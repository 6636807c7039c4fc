//! Reductions along rows and columns of dense tables: sums, extrema, and statistics made of them.

use core::marker::PhantomData;

use ungil_abi::context::Ctx;

use crate::entry::guarded;
use crate::features;
use crate::fold::{BLOCK, Element, Greatest, Least, Number, Operation, Square, Sum, Term, Total};
use crate::matrix::{Matrix, Vector};
use crate::rows::{Columns, Rows, SHORT};
use crate::share::{goes_on, in_parts};

/// Elements between safepoints: whole blocks.
const PART: usize = 128 * BLOCK;
/// Columns that a thread combines at a time.
const COLUMNS: usize = 256;

/// What is wanted: its number, and bits: of columns instead of rows, threads may share the work, runs of any length are
/// taken in blocks.
const NUMBER: i64 = 7;
const LEAST: i64 = 1;
const GREATEST: i64 = 2;
const DEVIATIONS: i64 = 3;
const RANGE: i64 = 4;
const OF_COLUMNS: i64 = 8;
const SHARED: i64 = 16;
const IN_BLOCKS: i64 = 32;

/// Sets `out[i]` to what is wanted of row `i`, or of column `i`.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live arrays of the element type told, dense ones, `out` with a
/// place for each row or column; it does not overlap `x`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_reduce(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Matrix,
    wanted: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        i32::from(!match dtype {
            9 => reduce::<f32>(ctx, &*out, &*x, wanted),
            10 => reduce::<f64>(ctx, &*out, &*x, wanted),
            _ => panic!("elements of this type are not reduced here"),
        })
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "a reduction failed", run) }
}

/// A dense table, and where the results of its rows or columns go.
#[derive(Clone, Copy)]
struct Table<T> {
    data: *mut T,
    out: *mut T,
    rows: usize,
    columns: usize,
    in_blocks: bool,
}

// SAFETY: no place of the results is written by two threads.
unsafe impl<T> Sync for Table<T> {}

/// # Safety
/// As for [`ungil_lib_reduce`], with elements of type `T`.
unsafe fn reduce<T: Number>(ctx: *mut Ctx, out: &Vector, x: &Matrix, wanted: i64) -> bool {
    let in_blocks = wanted & IN_BLOCKS != 0;
    let (data, out) = (x.data.cast::<T>(), out.data.cast::<T>());
    let table = Table { data, out, rows: x.rows(), columns: x.columns(), in_blocks };
    let (number, shared) = (wanted & NUMBER, wanted & SHARED != 0);
    // SAFETY: by contract; no row is given out twice.
    unsafe {
        if wanted & OF_COLUMNS != 0 {
            return match number {
                LEAST => table.columns_by::<Least>(ctx, shared),
                GREATEST => table.columns_by::<Greatest>(ctx, shared),
                _ => table.columns_by::<Sum>(ctx, shared),
            };
        }
        if table.columns > PART {
            return (0..table.rows).all(|i| table.long_row(ctx, i, number));
        }
        let part = (PART / table.columns.max(1)).max(1);
        in_parts(ctx, table.rows, part, shared, &|low, high| table.some_rows(low, high, number))
    }
}

impl<T: Number> Table<T> {
    /// A kernel for rows `low … high - 1`, whose results go to `out`.
    fn rows<O, M>(&self, (low, high): (usize, usize), out: *mut T) -> Rows<'static, T, O, M> {
        let first = low * self.columns;
        Rows {
            data: self.data.wrapping_add(first),
            room: self.rows * self.columns - first,
            out,
            count: high - low,
            n: self.columns,
            in_order: self.columns < SHORT && !self.in_blocks,
            has_means: false,
            carried: None,
            what: PhantomData,
        }
    }

    /// Rows of which a thread sees no few at a time, while they lie in its cache.
    ///
    /// # Safety
    /// The elements live, and there is a place for each result.
    unsafe fn some_rows(&self, low: usize, high: usize, wanted: i64) {
        let (range, out) = ((low, high), self.out.wrapping_add(low));
        // SAFETY: by contract; the kernels before have set the results.
        unsafe {
            match wanted {
                LEAST => features::run(self.rows::<Least, Element>(range, out)),
                GREATEST => features::run(self.rows::<Greatest, Element>(range, out)),
                DEVIATIONS => {
                    features::run(self.rows::<Sum, Element>(range, out));
                    (0..high - low).for_each(|i| *out.add(i) = (*out.add(i)).over(self.columns));
                    features::run(Rows { has_means: true, ..self.rows::<Sum, Square>(range, out) });
                }
                RANGE => {
                    let mut least = [T::ZERO; 64];
                    for first in (low..high).step_by(least.len()) {
                        let (range, out) = ((first, high.min(first + least.len())), self.out.add(first));
                        features::run(self.rows::<Greatest, Element>(range, out));
                        features::run(self.rows::<Least, Element>(range, least.as_mut_ptr()));
                        (0..range.1 - first).for_each(|i| *out.add(i) = (*out.add(i)).minus(least[i]));
                    }
                }
                _ => features::run(self.rows::<Sum, Element>(range, out)),
            }
        }
    }

    /// One row in parts, with safepoints between.
    ///
    /// # Safety
    /// As for [`Table::some_rows`], with this thread's context.
    unsafe fn long_row(&self, ctx: *mut Ctx, i: usize, wanted: i64) -> bool {
        let (n, out) = (self.columns, self.out.wrapping_add(i));
        let row = Table { data: self.data.wrapping_add(i * n), rows: 1, ..*self };
        let (mut total, mut least) = (Total::new::<Sum>(), Total::new::<Least>());
        if matches!(wanted, GREATEST | RANGE) {
            total = Total::new::<Greatest>();
        }
        // SAFETY: by contract.
        unsafe {
            if wanted == DEVIATIONS {
                let mut sum = Total::new::<Sum>();
                if !row.parts(ctx, |part| part.carry::<Sum, Element>(out, &mut sum)) {
                    return false;
                }
                out.write(sum.finished().over(n));
            }
            let done = row.parts(ctx, |part| match wanted {
                LEAST => part.carry::<Least, Element>(out, &mut least),
                GREATEST => part.carry::<Greatest, Element>(out, &mut total),
                DEVIATIONS => part.carry::<Sum, Square>(out, &mut total),
                RANGE => {
                    part.carry::<Greatest, Element>(out, &mut total);
                    part.carry::<Least, Element>(out, &mut least);
                }
                _ => part.carry::<Sum, Element>(out, &mut total),
            });
            out.write(match wanted {
                LEAST => least.finished(),
                RANGE => total.finished().minus(least.finished()),
                _ => total.finished(),
            });
            done
        }
    }

    /// Calls `work` with the parts of the only row.
    ///
    /// # Safety
    /// `ctx` is this thread's context.
    unsafe fn parts(&self, ctx: *mut Ctx, mut work: impl FnMut(Table<T>)) -> bool {
        (0..self.columns).step_by(PART).all(|low| {
            let columns = PART.min(self.columns - low);
            work(Table { data: self.data.wrapping_add(low), columns, ..*self });
            // SAFETY: by contract.
            low + columns == self.columns || unsafe { goes_on(ctx) }
        })
    }

    /// Takes the only row in; its mean lies at `mean`.
    fn carry<O: Operation, M: Term>(&self, mean: *mut T, total: &mut Total<T>) {
        let has_means = !M::IS_PLAIN;
        features::run(Rows { has_means, carried: Some(total), ..self.rows::<O, M>((0, 1), mean) });
    }

    /// Columns are combined in the order of the rows, whoever does it.
    ///
    /// # Safety
    /// As for [`Table::some_rows`], with this thread's context.
    unsafe fn columns_by<O: Operation>(&self, ctx: *mut Ctx, shared: bool) -> bool {
        let (rows, n) = (self.rows, self.columns);
        // SAFETY: there is a place for each column.
        (0..n).for_each(|j| unsafe { *self.out.add(j) = O::start() });
        let part = |(top, bottom): (usize, usize), (low, high): (usize, usize)| {
            let first = top * n + low;
            features::run(Columns::<T, O> {
                data: self.data.wrapping_add(first),
                left: rows * n - first,
                step: n,
                rows: bottom - top,
                columns: high - low,
                out: self.out.wrapping_add(low),
                operation: PhantomData,
            });
        };
        // SAFETY: by contract; no element of the result is given out to two threads at once.
        unsafe {
            if shared && rows * n > PART && n > COLUMNS {
                return in_parts(ctx, n, COLUMNS, true, &|low, high| part((0, rows), (low, high)));
            }
            in_parts(ctx, rows, (PART / n.max(1)).max(1), false, &|top, bottom| part((top, bottom), (0, n)))
        }
    }
}

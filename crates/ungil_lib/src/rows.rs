//! Reductions along rows and columns of a dense table.

use core::array::from_fn;
use core::marker::PhantomData;

use crate::features::Kernel;
use crate::fold::{Number, Operation, Term, Total, fold, some};

/// Rows of fewer elements are reduced in order, as many side by side as [`ABREAST`].
pub const SHORT: usize = 16;
const ABREAST: usize = 64;

/// Rows of `n` elements, one behind the other, and where their results go.
pub struct Rows<'a, T, O, M> {
    pub data: *const T,
    /// Elements from there on.
    pub room: usize,
    pub out: *mut T,
    pub count: usize,
    pub n: usize,
    /// Whether elements are taken one by one, not in blocks.
    pub in_order: bool,
    /// Whether `out` holds the rows' means.
    pub has_means: bool,
    /// What is known of the only row, which goes on afterwards.
    pub carried: Option<&'a mut Total<T>>,
    pub what: PhantomData<(O, M)>,
}

impl<T: Number, O: Operation, M: Term> Kernel for Rows<'_, T, O, M> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(mut self) {
        let mut i = 0;
        // SAFETY: the rows' elements live, and there is a place for each result.
        unsafe {
            while M::IS_PLAIN && self.in_order && i + ABREAST <= self.count {
                let totals = abreast::<T, O>(self.data.add(i * self.n), self.n);
                self.out.add(i).cast::<[T; ABREAST]>().write_unaligned(totals);
                i += ABREAST;
            }
            while i < self.count {
                let out = self.out.add(i);
                let mean = if self.has_means { out.read_unaligned() } else { T::ZERO };
                let mut total = self.carried.as_deref().copied().unwrap_or(Total::new::<O>());
                self.row(i * self.n, mean, &mut total);
                match self.carried.as_deref_mut() {
                    Some(carried) => *carried = total,
                    None => out.write_unaligned(total.finished()),
                }
                i += 1;
            }
        }
    }
}

impl<T: Number, O: Operation, M: Term> Rows<'_, T, O, M> {
    /// # Safety
    /// As for the kernel; a row starts there.
    #[inline(always)]
    unsafe fn row(&self, start: usize, mean: T, total: &mut Total<T>) {
        // SAFETY: the elements lie before the end.
        unsafe {
            let data = self.data.add(start);
            if self.in_order {
                for i in 0..self.n {
                    total.take::<O>(M::of(data.add(i).read_unaligned(), mean));
                }
                return;
            }
            let mut low = 0;
            while low < self.n {
                let (n, room) = (O::BLOCK.min(self.n - low), self.room - start - low);
                total.take_block::<O>(fold::<T, O, M>(data.add(low), n, room, mean));
                low += O::BLOCK;
            }
        }
    }
}

/// Reduces short rows side by side: they are turned into columns first, which are vectors.
///
/// # Safety
/// There are as many, whose elements live; they are shorter than [`SHORT`].
#[inline(always)]
unsafe fn abreast<T: Number, O: Operation>(rows: *const T, n: usize) -> [T; ABREAST] {
    let mut columns = [[T::ZERO; ABREAST]; SHORT];
    let to = columns.as_mut_ptr().cast::<T>();
    for k in 0..ABREAST {
        for j in 0..n {
            // SAFETY: by contract.
            unsafe { to.add(j * ABREAST + k).write(rows.add(k * n + j).read_unaligned()) };
        }
    }
    let mut totals = [O::start::<T>(); ABREAST];
    for x in &columns[..n.min(SHORT)] {
        for k in 0..ABREAST {
            totals[k] = O::take(totals[k], x[k]);
        }
    }
    totals
}

/// Columns of a dense table, whose rows are combined with results one after another.
pub struct Columns<T, O> {
    /// The first of the rows' elements.
    pub data: *const T,
    /// Elements of the table from there on.
    pub left: usize,
    /// From the start of a row to that of the next.
    pub step: usize,
    pub rows: usize,
    pub columns: usize,
    pub out: *mut T,
    pub operation: PhantomData<O>,
}

/// Rows that are combined at a time where there are many columns, and columns whose results stay in the first cache.
const DEEP: usize = 4;
const WIDE: usize = 1 << 11;
/// Fewer columns are combined so many at a time, down all rows.
const NARROW: usize = 64;
const FEW: usize = 8;

impl<T: Number, O: Operation> Kernel for Columns<T, O> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        // SAFETY: the table's elements live, and there is a place for each result.
        unsafe {
            if self.columns < NARROW {
                for j in (0..self.columns).step_by(FEW) {
                    self.strip(j, FEW.min(self.columns - j));
                }
                return;
            }
            for left in (0..self.columns).step_by(WIDE) {
                let n = WIDE.min(self.columns - left);
                let row = |i: usize| self.data.add(i * self.step + left);
                let (out, mut i) = (self.out.add(left), 0);
                while i + DEEP <= self.rows {
                    combine::<T, O, DEEP>(out, from_fn(|k| row(i + k)), n);
                    i += DEEP;
                }
                for i in i..self.rows {
                    combine::<T, O, 1>(out, [row(i)], n);
                }
            }
        }
    }
}

/// Combines the elements of rows with results, in this order.
///
/// # Safety
/// `n` results and as many elements of each row live, which do not overlap.
#[inline(always)]
unsafe fn combine<T: Number, O: Operation, const ROWS: usize>(out: *mut T, rows: [*const T; ROWS], n: usize) {
    for j in 0..n {
        // SAFETY: by contract.
        unsafe {
            let mut total = out.add(j).read_unaligned();
            for row in rows {
                total = O::combine(total, row.add(j).read_unaligned());
            }
            out.add(j).write_unaligned(total);
        }
    }
}

impl<T: Number, O: Operation> Columns<T, O> {
    /// Combines all rows with results in columns next to each other, of which there are `n`. Of what follows them in the
    /// table nothing is kept.
    ///
    /// # Safety
    /// As for the kernel; the columns exist, [`FEW`] at most.
    #[inline(always)]
    unsafe fn strip(&self, j: usize, n: usize) {
        // SAFETY: the columns read lie in the table, or are not read.
        unsafe {
            let out = self.out.add(j);
            let mut totals: [T; FEW] = some(out, n, n);
            let mark = |x: T| if x.is_nan() { T::SET } else { T::CLEAR };
            let mut marks = totals.map(mark);
            for i in 0..self.rows {
                let at = i * self.step + j;
                let x: [T; FEW] = some(self.data.add(at), n, self.left - at);
                // One after another: NaN is looked for aside.
                totals = from_fn(|k| O::pick(totals[k], x[k]));
                if !O::IS_SUM {
                    marks = from_fn(|k| T::either(marks[k], mark(x[k])));
                }
            }
            if !O::IS_SUM {
                totals = from_fn(|k| if marks[k] == T::CLEAR { totals[k] } else { T::NOTHING });
            }
            for (k, total) in totals.into_iter().enumerate().take(n) {
                out.add(k).write_unaligned(total);
            }
        }
    }
}

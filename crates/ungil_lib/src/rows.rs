//! Reductions along rows and columns of a dense table.

use core::array::from_fn;
use core::marker::PhantomData;

use crate::features::Kernel;
use crate::fold::{Number, Operation, Term, Total, fold, some};

/// Rows of fewer elements are reduced in order, as many side by side as [`ABREAST`].
pub const SHORT: usize = 16;
const ABREAST: usize = 8;

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

/// Reduces short rows side by side.
///
/// # Safety
/// There are as many, whose elements live.
#[inline(always)]
unsafe fn abreast<T: Number, O: Operation>(rows: *const T, n: usize) -> [T; ABREAST] {
    let mut totals = [O::start::<T>(); ABREAST];
    for j in 0..n {
        // SAFETY: by contract.
        let x: [T; ABREAST] = from_fn(|k| unsafe { rows.add(k * n + j).read_unaligned() });
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

/// Rows that are combined at a time where there are many columns, and columns, whose results stay in the first cache.
const DEEP: usize = 4;
const WIDE: usize = 1024;
/// Columns that are combined at a time where they are few.
const FEW: usize = 8;

impl<T: Number, O: Operation> Kernel for Columns<T, O> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        // SAFETY: the table's elements live, and there is a place for each result.
        unsafe {
            match const { BYTES / size_of::<T>() } {
                32.. => self.all::<64>(),
                16 => self.all::<32>(),
                _ => self.all::<16>(),
            }
        }
    }
}

impl<T: Number, O: Operation> Columns<T, O> {
    /// # Safety
    /// As for the kernel.
    #[inline(always)]
    unsafe fn all<const LANES: usize>(&self) {
        let narrow = self.columns <= LANES;
        let deep = if narrow { self.rows.max(1) } else { DEEP };
        for left in (0..self.columns).step_by(WIDE) {
            let right = (left + WIDE).min(self.columns);
            for low in (0..self.rows).step_by(deep) {
                let (high, mut j) = ((low + deep).min(self.rows), left);
                // SAFETY: by contract.
                unsafe {
                    while j + LANES <= right {
                        self.strip::<LANES>(low, high, j, LANES);
                        j += LANES;
                    }
                    while j < right {
                        self.strip::<FEW>(low, high, j, FEW.min(right - j));
                        j += FEW;
                    }
                }
            }
        }
    }

    /// Combines rows with results in columns next to each other, of which there are `n`. Of what follows them in the table
    /// nothing is kept.
    ///
    /// # Safety
    /// As for the kernel; the rows and columns exist.
    #[inline(always)]
    unsafe fn strip<const LANES: usize>(&self, low: usize, high: usize, j: usize, n: usize) {
        // SAFETY: the columns read lie in the table, or are not read.
        unsafe {
            let out = self.out.add(j);
            let mut totals: [T; LANES] = some(out, n, n);
            let mark = |x: T| if x.is_nan() { T::SET } else { T::CLEAR };
            let mut marks = totals.map(mark);
            for i in low..high {
                let at = i * self.step + j;
                let x: [T; LANES] = some(self.data.add(at), n, self.left - at);
                if O::IS_SUM || LANES > FEW {
                    totals = from_fn(|k| O::combine(totals[k], x[k]));
                } else {
                    // One after another: NaN is looked for aside.
                    totals = from_fn(|k| O::pick(totals[k], x[k]));
                    marks = from_fn(|k| T::either(marks[k], mark(x[k])));
                }
            }
            if !O::IS_SUM && LANES <= FEW {
                totals = from_fn(|k| if marks[k] == T::CLEAR { totals[k] } else { T::NOTHING });
            }
            for (k, total) in totals.into_iter().enumerate().take(n) {
                out.add(k).write_unaligned(total);
            }
        }
    }
}

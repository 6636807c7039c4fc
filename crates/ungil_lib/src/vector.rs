//! Products of a matrix and a vector: `out[i] = Σ_k matrix[i, k] · vector[k]`.
//!
//! Where rows are dense, or nearer to it than columns, some rows at a time are multiplied by the vector, number by number,
//! into partial sums side by side. Else columns are added up, some at a time, in strips of the result that stay in the
//! cache. Which it is follows from the layout; the order of an element's sum does not depend on where blocks are cut.

use core::mem::MaybeUninit;

use crate::features::{self, Kernel};
use crate::number::{Number, combined, load};
use crate::room::Room;
use crate::view::{View, copy};

/// A product, with steps in elements: along the result, and along the sums.
pub struct Product<T> {
    pub matrix: View<T>,
    pub vector: *const T,
    pub vector_step: isize,
    pub out: *mut T,
    pub out_step: isize,
    pub rows: usize,
    pub depth: usize,
}

impl<T> Product<T> {
    /// The same product of elements by another name.
    #[inline(always)]
    pub fn cast<U>(self) -> Product<U> {
        Product {
            matrix: View { data: self.matrix.data.cast(), steps: self.matrix.steps },
            vector: self.vector.cast(),
            vector_step: self.vector_step,
            out: self.out.cast(),
            out_step: self.out_step,
            rows: self.rows,
            depth: self.depth,
        }
    }
}

/// Numbers of a strip of the result.
const STRIP: usize = 1024;

/// Multiplications of a block that is given to a thread at a time.
const BLOCK: usize = 1 << 16;

/// Elements between copies of columns: at powers of two they would share the same few places of the cache.
const GAP: usize = 12;

/// Elements of rows that are packed at a time, where these are not dense.
const PACKED: usize = 1 << 12;

/// A product whose vector is prepared, and whose rows or columns are dense or will be packed.
#[derive(Clone, Copy)]
pub struct Prepared<P, const PARTS: usize> {
    matrix: View<[P; PARTS]>,
    /// By rows, of complex numbers `(re, -im)` and `(im, re)` of all elements, one behind the other; by columns, elements.
    vector: *const P,
    out: *mut [P; PARTS],
    out_step: isize,
    depth: usize,
    by_columns: bool,
}

impl<P: Number, const PARTS: usize> Product<[P; PARTS]> {
    /// The product with its vector where it can be read fast.
    ///
    /// # Safety
    /// The product describes live elements.
    #[inline]
    pub unsafe fn prepared(mut self, room: &mut Room) -> Prepared<P, PARTS> {
        let [along, across] = self.matrix.steps.map(isize::unsigned_abs);
        let by_columns = across != 1 && (along == 1 || along < across);
        // A row or column that is read backwards is turned, and what meets it too.
        if by_columns && self.matrix.steps[0] < 0 {
            self.matrix = self.matrix.from(self.rows - 1, 0);
            self.out = self.out.wrapping_offset((self.rows as isize - 1) * self.out_step);
            (self.matrix.steps[0], self.out_step) = (-self.matrix.steps[0], -self.out_step);
        }
        if !by_columns && self.matrix.steps[1] < 0 && self.depth > 0 {
            self.matrix = self.matrix.from(0, self.depth - 1);
            self.vector = self.vector.wrapping_offset((self.depth as isize - 1) * self.vector_step);
            (self.matrix.steps[1], self.vector_step) = (-self.matrix.steps[1], -self.vector_step);
        }
        // SAFETY: by contract.
        let vector = unsafe { self.dense_vector(by_columns, room) };
        let Product { matrix, out, out_step, depth, .. } = self;
        Prepared { matrix, vector, out, out_step, depth, by_columns }
    }

    /// # Safety
    /// The product describes live elements.
    #[inline(always)]
    unsafe fn dense_vector(&self, by_columns: bool, room: &mut Room) -> *const P {
        let twice = PARTS == 2 && !by_columns;
        if self.vector_step == 1 && !twice {
            return self.vector.cast();
        }
        let n = self.depth * PARTS;
        let to = room.take::<P>(if twice { 2 * n } else { n });
        for k in 0..self.depth {
            // SAFETY: the element lives by contract; the room has a place for it.
            unsafe {
                let from = self.vector.offset(k as isize * self.vector_step);
                if !twice {
                    to.cast::<[P; PARTS]>().add(k).write(*from);
                    continue;
                }
                let (re, im) = ((*from)[0], (*from)[PARTS - 1]);
                to.add(2 * k).cast::<[P; 2]>().write([re, P::ZERO.minus(im)]);
                to.add(n + 2 * k).cast::<[P; 2]>().write([im, re]);
            }
        }
        to
    }
}

impl<P: Number, const PARTS: usize> Prepared<P, PARTS> {
    /// Rows of a block: a multiple of what is done at a time.
    pub fn block(&self) -> usize {
        let strip = if self.by_columns { STRIP / PARTS } else { 4 };
        (BLOCK / self.depth.max(1)).next_multiple_of(strip).max(strip)
    }

    /// Computes some elements of the result.
    ///
    /// # Safety
    /// The arrays live; these elements are written by nobody else.
    pub unsafe fn compute(&self, low: usize, high: usize) {
        if self.by_columns || self.matrix.steps[1] == 1 {
            return self.compute_dense(low, high);
        }
        // SAFETY: by contract.
        unsafe { self.compute_packed(low, high) };
    }

    /// Makes rows dense, some at a time.
    ///
    /// # Safety
    /// As for [`Prepared::compute`].
    #[inline(never)]
    unsafe fn compute_packed(&self, low: usize, high: usize) {
        let mut room = Room::default();
        let most = (PACKED / self.depth.max(1)).max(4).min(high - low);
        let data = room.take::<[P; PARTS]>(most * self.depth);
        for from in (low..high).step_by(most) {
            let rows = most.min(high - from);
            let matrix = View { data, steps: [self.depth as isize, 1] };
            // SAFETY: the room is large enough; the rows lie inside the matrix.
            unsafe { copy(matrix, self.matrix.from(from, 0), rows, self.depth) };
            let out = self.out.wrapping_offset(from as isize * self.out_step);
            Prepared { matrix, out, ..*self }.compute_dense(0, rows);
        }
    }

    #[inline(always)]
    fn compute_dense(&self, low: usize, high: usize) {
        if self.by_columns {
            features::run(Columns { product: self, low, high });
        } else {
            features::run(Rows { product: self, low, high });
        }
    }
}

/// Some elements of the result, each by its row.
struct Rows<'a, P, const PARTS: usize> {
    product: &'a Prepared<P, PARTS>,
    low: usize,
    high: usize,
}

impl<P: Number, const PARTS: usize> Kernel for Rows<'_, P, PARTS> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        // SAFETY: the rows lie inside the matrix.
        unsafe {
            match const { BYTES / size_of::<P>() / PARTS } {
                32.. => self.all::<FUSED, 32>(),
                16 => self.all::<FUSED, 16>(),
                8 => self.all::<FUSED, 8>(),
                _ => self.all::<FUSED, 4>(),
            }
        }
    }
}

impl<P: Number, const PARTS: usize> Rows<'_, P, PARTS> {
    /// # Safety
    /// The rows lie inside the matrix.
    #[inline(always)]
    unsafe fn all<const FUSED: bool, const LANES: usize>(&self) {
        let mut i = self.low;
        // SAFETY: by contract.
        unsafe {
            while i + 4 <= self.high {
                self.some::<FUSED, LANES, 4>(i);
                i += 4;
            }
            while i + 2 <= self.high {
                self.some::<FUSED, LANES, 2>(i);
                i += 2;
            }
            if i < self.high {
                self.some::<FUSED, LANES, 1>(i);
            }
        }
    }

    /// # Safety
    /// The rows lie inside the matrix.
    #[inline(always)]
    unsafe fn some<const FUSED: bool, const LANES: usize, const ROWS: usize>(&self, i: usize) {
        let p = self.product;
        let n = p.depth * PARTS;
        let row = |r: usize, k: usize| p.matrix.at(i + r, 0).cast::<P>().wrapping_add(k);
        let mut k = 0;
        let mut wide = [[[P::ZERO; LANES]; PARTS]; ROWS];
        let mut narrow = [[[P::ZERO; 4]; PARTS]; ROWS];
        let mut totals = [[P::ZERO; PARTS]; ROWS];
        // SAFETY: what is read lies inside the rows and the vectors.
        unsafe {
            // Few are not worth the sums over many lanes.
            while n >= 2 * LANES && k + LANES <= n {
                step::<P, FUSED, PARTS, LANES, ROWS>(&mut wide, |r| row(r, k), p, k);
                k += LANES;
            }
            while k + 4 <= n {
                step::<P, FUSED, PARTS, 4, ROWS>(&mut narrow, |r| row(r, k), p, k);
                k += 4;
            }
            while k < n {
                for (r, totals) in totals.iter_mut().enumerate() {
                    for (part, total) in totals.iter_mut().enumerate() {
                        *total = (*row(r, k)).times_plus::<FUSED>(*p.vector.add(part * n + k), *total);
                    }
                }
                k += 1;
            }
            for r in 0..ROWS {
                for part in 0..PARTS {
                    let mut whole = totals[r][part];
                    if n >= 4 {
                        whole = whole.plus(added(&narrow[r][part]));
                    }
                    if n >= 2 * LANES {
                        whole = whole.plus(added(&wide[r][part]));
                    }
                    (*p.out.offset((i + r) as isize * p.out_step))[part] = whole;
                }
            }
        }
    }
}

/// Adds the products of as many numbers of some rows as there are lanes.
///
/// # Safety
/// They lie inside the matrix and the vectors.
#[inline(always)]
unsafe fn step<P: Number, const FUSED: bool, const PARTS: usize, const N: usize, const ROWS: usize>(
    sums: &mut [[[P; N]; PARTS]; ROWS],
    row: impl Fn(usize) -> *mut P,
    product: &Prepared<P, PARTS>,
    k: usize,
) {
    // SAFETY: by contract.
    unsafe {
        let vectors: [[P; N]; PARTS] =
            core::array::from_fn(|part| load(product.vector.add(part * product.depth * PARTS + k)));
        for (r, sums) in sums.iter_mut().enumerate() {
            let x: [P; N] = load(row(r));
            for (sums, vector) in sums.iter_mut().zip(&vectors) {
                for c in 0..N {
                    sums[c] = x[c].times_plus::<FUSED>(vector[c], sums[c]);
                }
            }
        }
    }
}

/// The sum of lanes, four at a time.
#[inline(always)]
fn added<P: Number, const N: usize>(lanes: &[P; N]) -> P {
    let mut four = [P::ZERO; 4];
    for block in 0..N / 4 {
        for c in 0..4 {
            four[c] = four[c].plus(lanes[4 * block + c]);
        }
    }
    four[0].plus(four[2]).plus(four[1].plus(four[3]))
}

/// Some elements of the result, by columns.
struct Columns<'a, P, const PARTS: usize> {
    product: &'a Prepared<P, PARTS>,
    low: usize,
    high: usize,
}

impl<P: Number, const PARTS: usize> Kernel for Columns<'_, P, PARTS> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let mut low = self.low;
        while low < self.high {
            let high = (low + STRIP / PARTS).min(self.high);
            // SAFETY: the strip lies inside the result.
            unsafe { self.strip::<FUSED, BYTES>(low, high) };
            low = high;
        }
    }
}

impl<P: Number, const PARTS: usize> Columns<'_, P, PARTS> {
    /// # Safety
    /// The strip lies inside the result and is no longer than one.
    #[inline(always)]
    unsafe fn strip<const FUSED: bool, const BYTES: usize>(&self, low: usize, high: usize) {
        let p = self.product;
        let n = (high - low) * PARTS;
        let mut sums = Sums([[MaybeUninit::uninit(); STRIP]; PARTS]);
        for part in &mut sums.0 {
            part[..n].fill(MaybeUninit::new(P::ZERO));
        }
        // Columns that are not dense are packed, as many as are added at once.
        let mut packed = Vec::new();
        if p.matrix.steps[0] != 1 {
            packed.reserve_exact((high - low + GAP) * 8);
        }
        let mut k = 0;
        // SAFETY: the columns lie inside the matrix.
        unsafe {
            while PARTS == 1 && k + 8 <= p.depth {
                let columns = self.columns::<8>(low, high, k, &mut packed);
                self.add::<FUSED, BYTES, 8>(&mut sums, &columns, n, k);
                k += 8;
            }
            while k + 4 <= p.depth {
                let columns = self.columns::<4>(low, high, k, &mut packed);
                self.add::<FUSED, BYTES, 4>(&mut sums, &columns, n, k);
                k += 4;
            }
            while k + 2 <= p.depth {
                let columns = self.columns::<2>(low, high, k, &mut packed);
                self.add::<FUSED, BYTES, 2>(&mut sums, &columns, n, k);
                k += 2;
            }
            if k < p.depth {
                let columns = self.columns::<1>(low, high, k, &mut packed);
                self.add::<FUSED, BYTES, 1>(&mut sums, &columns, n, k);
            }
            for i in 0..high - low {
                let sums: [[P; PARTS]; PARTS] = core::array::from_fn(|part| load(sums.at(part, i * PARTS)));
                let out = p.out.offset((low + i) as isize * p.out_step);
                out.write(combined(&sums));
            }
        }
    }

    /// Adds some columns to a strip.
    ///
    /// # Safety
    /// The strip and the columns lie inside the matrix.
    #[inline(always)]
    unsafe fn add<const FUSED: bool, const BYTES: usize, const K: usize>(
        &self,
        sums: &mut Sums<P, PARTS>,
        columns: &[*const P; K],
        n: usize,
        k: usize,
    ) {
        let mut done = 0;
        // SAFETY: by contract.
        unsafe {
            if const { 32 * size_of::<P>() * PARTS <= BYTES } {
                self.add_lanes::<FUSED, K, 32>(sums, columns, k, n, &mut done);
            }
            if const { 16 * size_of::<P>() * PARTS <= BYTES } {
                self.add_lanes::<FUSED, K, 16>(sums, columns, k, n, &mut done);
            }
            if const { 8 * size_of::<P>() * PARTS <= BYTES } {
                self.add_lanes::<FUSED, K, 8>(sums, columns, k, n, &mut done);
            }
            self.add_lanes::<FUSED, K, 4>(sums, columns, k, n, &mut done);
            if const { PARTS == 2 } {
                self.add_lanes::<FUSED, K, 2>(sums, columns, k, n, &mut done);
            } else {
                self.add_lanes::<FUSED, K, 1>(sums, columns, k, n, &mut done);
            }
        }
    }

    /// Where some columns of a strip begin, or copies of them.
    ///
    /// # Safety
    /// The strip lies inside the result, the columns inside the matrix; copies of columns that are not dense have room.
    #[inline(always)]
    unsafe fn columns<const K: usize>(
        &self,
        low: usize,
        high: usize,
        k: usize,
        room: &mut Vec<[P; PARTS]>,
    ) -> [*const P; K] {
        let (matrix, n) = (self.product.matrix, high - low);
        if matrix.steps[0] == 1 {
            return core::array::from_fn(|t| matrix.at(low, k + t).cast::<P>().cast_const());
        }
        let packed = View { data: room.as_mut_ptr(), steps: [(n + GAP) as isize, 1] };
        // SAFETY: by contract.
        unsafe { copy(packed.transposed(), matrix.from(low, k), n, K) };
        core::array::from_fn(|t| packed.at(t, 0).cast::<P>().cast_const())
    }

    /// # Safety
    /// As for [`Columns::add`].
    #[inline(always)]
    unsafe fn add_lanes<const FUSED: bool, const K: usize, const N: usize>(
        &self,
        sums: &mut Sums<P, PARTS>,
        columns: &[*const P; K],
        k: usize,
        n: usize,
        done: &mut usize,
    ) {
        while *done + N <= n {
            // SAFETY: by contract.
            unsafe {
                let mut near: [[P; N]; PARTS] = core::array::from_fn(|part| load(sums.at(part, *done)));
                let mut far = [[P::ZERO; N]; PARTS];
                let (first, second) = columns.split_at(K.div_ceil(2));
                for (t, column) in first.iter().enumerate() {
                    self.add_column::<FUSED, N>(&mut near, column.add(*done), k + t);
                }
                for (t, column) in second.iter().enumerate() {
                    self.add_column::<FUSED, N>(&mut far, column.add(*done), k + first.len() + t);
                }
                for part in 0..PARTS {
                    let both: [P; N] = core::array::from_fn(|c| near[part][c].plus(far[part][c]));
                    sums.at(part, *done).cast::<[P; N]>().write(if K == 1 { near[part] } else { both });
                }
            }
            *done += N;
        }
    }
}

impl<P: Number, const PARTS: usize> Columns<'_, P, PARTS> {
    /// # Safety
    /// The numbers lie inside column `k`.
    #[inline(always)]
    unsafe fn add_column<const FUSED: bool, const N: usize>(
        &self,
        sums: &mut [[P; N]; PARTS],
        from: *const P,
        k: usize,
    ) {
        // SAFETY: by contract.
        let x: [P; N] = unsafe { load(from) };
        for (part, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the vector has an element for each column.
            let v = unsafe { *self.product.vector.add(k * PARTS + part) };
            for c in 0..N {
                sums[c] = x[c].times_plus::<FUSED>(v, sums[c]);
            }
        }
    }
}

/// Sums of a strip: over the vector's real parts, and over its imaginary parts.
struct Sums<P, const PARTS: usize>([[MaybeUninit<P>; STRIP]; PARTS]);

impl<P: Number, const PARTS: usize> Sums<P, PARTS> {
    /// Address of a sum.
    #[inline(always)]
    fn at(&mut self, part: usize, place: usize) -> *mut P {
        self.0[part].as_mut_ptr().wrapping_add(place).cast()
    }
}

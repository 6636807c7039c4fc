//! Products of matrices with few elements.
//!
//! A tile of the result, some rows by one or two vectors of columns, is summed in registers while the depth passes, one
//! column of `x` and one row of `y` after the other. At an edge a tile that is smaller, or that reaches back over elements
//! which have been computed already and get the same bits again, takes the rest. Rows of `y` are made dense first.

use crate::entry::with_capacity;
use crate::features::{self, Kernel};
use crate::number::{Element, Number, combined, load};
use crate::room::Room;
use crate::view::{Sides, View, copy};

/// A product by numbers: steps are in numbers, those of rows of `y` and of the result are dense.
struct Few<P, const PARTS: usize> {
    sides: Sides,
    x: *const P,
    x_steps: [isize; 2],
    y: *const P,
    y_step: isize,
    out: *mut P,
    out_step: isize,
}

/// Computes a product.
///
/// # Safety
/// The matrices have these sides and live; the result is not read or written by others, and overlaps no factor.
#[inline]
pub unsafe fn multiply<T: Element>(out: View<T>, x: View<T>, y: View<T>, sides: Sides) {
    // SAFETY: by contract.
    unsafe {
        if y.steps[1] == 1 && out.steps[1] == 1 {
            multiply_dense(out, x, y, sides);
        } else {
            multiply_packed(out, x, y, sides);
        }
    }
}

/// # Safety
/// As for [`multiply`], with dense rows of `y` and of the result.
#[inline]
unsafe fn multiply_dense<T: Element>(out: View<T>, x: View<T>, y: View<T>, sides: Sides) {
    let parts = T::PARTS as isize;
    let (x_steps, y_step, out_step) = (x.steps.map(|s| s * parts), y.steps[0] * parts, out.steps[0] * parts);
    let (x, y, out) = (x.data.cast(), y.data.cast(), out.data.cast());
    if const { T::PARTS == 1 } {
        features::run(Few::<T::Part, 1> { sides, x, x_steps, y, y_step, out, out_step });
    } else {
        features::run(Few::<T::Part, 2> { sides, x, x_steps, y, y_step, out, out_step });
    }
}

/// # Safety
/// As for [`multiply`].
#[inline(never)]
unsafe fn multiply_packed<T: Element>(out: View<T>, x: View<T>, y: View<T>, sides: Sides) {
    let (mut factor, mut result) = (Room::default(), Room::default());
    let (mut dense_y, mut dense_out) = (y, out);
    let Sides { rows, depth, columns } = sides;
    let steps = [columns as isize, 1];
    // SAFETY: the rooms are large enough; the product sets the elements that are copied from one.
    unsafe {
        if y.steps[1] != 1 {
            dense_y = View { data: factor.take::<T>(depth * columns), steps };
            copy(dense_y, y, depth, columns);
        }
        if out.steps[1] != 1 {
            dense_out = View { data: result.take::<T>(rows * columns), steps };
        }
        multiply_dense(dense_out, x, dense_y, sides);
        if out.steps[1] != 1 {
            copy(out, dense_out, rows, columns);
        }
    }
}

/// Columns and depth of the parts of a larger product: what is packed of `y` stays in the cache.
const PANEL: usize = 64;
const PANEL_DEPTH: usize = 512;

/// Computes a product of any size, for element types that faer does not have.
///
/// # Safety
/// As for [`multiply`].
pub unsafe fn multiply_panels<T: Element>(out: View<T>, x: View<T>, y: View<T>, sides: Sides) {
    let mut panel: Vec<T> = with_capacity(PANEL * PANEL_DEPTH.min(sides.depth));
    let mut sums: Vec<T> = with_capacity(PANEL * sides.rows);
    let steps = [PANEL as isize, 1];
    for j in (0..sides.columns).step_by(PANEL) {
        let columns = PANEL.min(sides.columns - j);
        for k in (0..sides.depth).step_by(PANEL_DEPTH) {
            let depth = PANEL_DEPTH.min(sides.depth - k);
            let packed = View { data: panel.as_mut_ptr(), steps };
            let part = Sides { rows: sides.rows, depth, columns };
            // SAFETY: the parts lie inside the matrices, the panels have room for theirs.
            unsafe {
                copy(packed, y.from(k, j), depth, columns);
                if k == 0 {
                    multiply(out.from(0, j), x, packed, part);
                    continue;
                }
                let more = View { data: sums.as_mut_ptr(), steps };
                multiply(more, x.from(0, k), packed, part);
                for i in 0..sides.rows {
                    for c in 0..columns {
                        let sum = out.at(i, j + c);
                        *sum = (*sum).plus(*more.at(i, c));
                    }
                }
            }
        }
    }
}

impl<P: Number, const PARTS: usize> Kernel for Few<P, PARTS> {
    #[inline(always)]
    fn run<const FUSED: bool, const BYTES: usize>(self) {
        let (mut i, rows) = (0, self.sides.rows);
        // SAFETY: the rows told lie inside the result.
        unsafe {
            if const { PARTS == 1 } {
                while i + 4 <= rows {
                    self.strip::<FUSED, BYTES, 4>(i);
                    i += 4;
                }
                if rows - i == 3 {
                    return self.strip::<FUSED, BYTES, 3>(i);
                }
            }
            while i + 2 <= rows {
                self.strip::<FUSED, BYTES, 2>(i);
                i += 2;
            }
            if i < rows {
                self.strip::<FUSED, BYTES, 1>(i);
            }
        }
    }
}

impl<P: Number, const PARTS: usize> Few<P, PARTS> {
    /// Computes some rows.
    ///
    /// # Safety
    /// They lie inside the result.
    #[inline(always)]
    unsafe fn strip<const FUSED: bool, const BYTES: usize, const ROWS: usize>(&self, i: usize) {
        let mut done = 0;
        // SAFETY: by contract.
        unsafe {
            if const { 32 * size_of::<P>() <= BYTES } && self.tiles::<FUSED, ROWS, 32>(i, &mut done)
                || const { 16 * size_of::<P>() <= BYTES } && self.tiles::<FUSED, ROWS, 16>(i, &mut done)
                || const { 8 * size_of::<P>() <= BYTES } && self.tiles::<FUSED, ROWS, 8>(i, &mut done)
                || self.tiles::<FUSED, ROWS, 4>(i, &mut done)
                || const { PARTS == 1 }
                    && self.sides.columns == 3
                    && self.tiles::<FUSED, ROWS, 3>(i, &mut done)
                || self.tiles::<FUSED, ROWS, 2>(i, &mut done)
                || const { PARTS > 1 }
            {
                return;
            }
            self.tiles::<FUSED, ROWS, 1>(i, &mut done);
        }
    }

    /// Computes tiles of some width from the column told on, and tells whether no columns are left.
    ///
    /// # Safety
    /// The rows lie inside the result.
    #[inline(always)]
    unsafe fn tiles<const FUSED: bool, const ROWS: usize, const WIDTH: usize>(
        &self,
        i: usize,
        done: &mut usize,
    ) -> bool {
        let all = self.sides.columns * PARTS;
        // Where less than half of a tile is left, a smaller one does.
        while *done + WIDTH / 2 < all && WIDTH <= all {
            let column = (*done).min(all - WIDTH);
            // SAFETY: the tile lies inside the result.
            unsafe { self.tile::<FUSED, ROWS, WIDTH>(i, column) };
            *done = column + WIDTH;
        }
        *done == all
    }

    /// # Safety
    /// The tile lies inside the result; its column is told in numbers.
    #[inline(always)]
    unsafe fn tile<const FUSED: bool, const ROWS: usize, const WIDTH: usize>(&self, i: usize, column: usize) {
        let mut sums = [[[P::ZERO; WIDTH]; PARTS]; ROWS];
        let mut x = self.x.wrapping_offset(i as isize * self.x_steps[0]);
        let mut y = self.y.wrapping_add(column);
        for _ in 0..self.sides.depth {
            // SAFETY: rows and columns of the tile lie inside the factors.
            unsafe {
                let row: [P; WIDTH] = load(y);
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (part, sums) in sums.iter_mut().enumerate() {
                        let a = *x.offset(r as isize * self.x_steps[0]).add(part);
                        for c in 0..WIDTH {
                            sums[c] = a.times_plus::<FUSED>(row[c], sums[c]);
                        }
                    }
                }
            }
            x = x.wrapping_offset(self.x_steps[1]);
            y = y.wrapping_offset(self.y_step);
        }
        for (r, sums) in sums.iter().enumerate() {
            // SAFETY: the tile lies inside the result, which is dense along rows.
            unsafe {
                let out = self.out.offset((i + r) as isize * self.out_step).add(column);
                out.cast::<[P; WIDTH]>().write(combined(sums));
            }
        }
    }
}

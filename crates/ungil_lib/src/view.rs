//! Matrices with strides in elements.

use crate::matrix::Matrix;

/// Where the elements of a matrix, or of a part of one, are.
#[derive(Clone, Copy)]
pub struct View<T> {
    pub data: *mut T,
    pub steps: [isize; 2],
}

impl<T: Copy> View<T> {
    /// The view of a matrix that is regular.
    #[inline(always)]
    pub fn new(matrix: &Matrix) -> View<T> {
        View { data: matrix.data.cast(), steps: matrix.steps::<T>() }
    }

    /// The part from an element on.
    #[inline(always)]
    #[must_use]
    pub fn from(self, row: usize, column: usize) -> View<T> {
        View { data: self.at(row, column), ..self }
    }

    #[inline(always)]
    #[must_use]
    pub fn transposed(self) -> View<T> {
        View { steps: [self.steps[1], self.steps[0]], ..self }
    }

    /// Address of an element.
    #[inline(always)]
    pub fn at(self, row: usize, column: usize) -> *mut T {
        self.data.wrapping_offset(row as isize * self.steps[0] + column as isize * self.steps[1])
    }
}

/// The sides of a product: `rows` × `depth` by `depth` × `columns`.
#[derive(Clone, Copy)]
pub struct Sides {
    pub rows: usize,
    pub depth: usize,
    pub columns: usize,
}

impl Sides {
    /// How many multiplications the product takes.
    pub fn work(self) -> usize {
        self.rows.saturating_mul(self.columns).saturating_mul(self.depth)
    }
}

/// A factor whose elements lie in some regular order.
pub struct Factor<T> {
    pub view: View<T>,
    /// Elements in a regular order, where the array's own is not.
    _packed: Option<Vec<T>>,
}

impl<T: Copy> Factor<T> {
    /// # Safety
    /// The matrix describes live elements of type `T`, which nobody writes while the factor is used.
    #[inline]
    pub unsafe fn new(matrix: &Matrix) -> Factor<T> {
        // SAFETY: by contract.
        match unsafe { matrix.packed::<T>() } {
            Some(mut elements) => {
                let view = View { data: elements.as_mut_ptr(), steps: [matrix.columns() as isize, 1] };
                Factor { view, _packed: Some(elements) }
            }
            None => Factor { view: View::new(matrix), _packed: None },
        }
    }
}

/// Copies elements, row by row.
///
/// # Safety
/// Both have this many elements, which live; those of the first can be written.
#[inline(always)]
pub unsafe fn copy<T: Copy>(to: View<T>, from: View<T>, rows: usize, columns: usize) {
    for i in 0..rows {
        for j in 0..columns {
            // SAFETY: by contract.
            unsafe { *to.at(i, j) = *from.at(i, j) };
        }
    }
}

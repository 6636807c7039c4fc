//! Matrices and vectors as kernels describe them, with strides in bytes.

use ungil_abi::array::MemInfo;

use crate::entry::with_capacity;

/// Descriptor of an array of two axes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Matrix {
    pub data: *mut u8,
    pub owner: *mut MemInfo,
    pub shape: [i64; 2],
    /// In bytes.
    pub strides: [i64; 2],
}

const _: () = assert!(core::mem::size_of::<Matrix>() == ungil_abi::array::descriptor_size(2));

impl Matrix {
    pub fn rows(&self) -> usize {
        self.shape[0] as usize
    }

    pub fn columns(&self) -> usize {
        self.shape[1] as usize
    }

    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Address of an element.
    pub fn at(&self, row: usize, column: usize) -> *mut u8 {
        self.data
            .wrapping_offset(row as isize * self.strides[0] as isize)
            .wrapping_offset(column as isize * self.strides[1] as isize)
    }

    /// Whether elements lie at multiples of their size from each other and are aligned.
    pub fn is_regular<T>(&self) -> bool {
        let size = size_of::<T>() as i64;
        self.strides.iter().all(|s| s % size == 0) && self.data.cast::<T>().is_aligned()
    }

    /// Strides in elements.
    pub fn steps<T>(&self) -> [isize; 2] {
        self.strides.map(|s| s as isize / size_of::<T>() as isize)
    }

    /// The elements row by row, if the matrix is not regular.
    ///
    /// # Safety
    /// The matrix describes live elements of type `T`, and nobody writes them.
    pub unsafe fn packed<T: Copy>(&self) -> Option<Vec<T>> {
        if self.is_regular::<T>() {
            return None;
        }
        let mut elements = with_capacity(self.rows().saturating_mul(self.columns()));
        for i in 0..self.rows() {
            for j in 0..self.columns() {
                // SAFETY: by contract.
                elements.push(unsafe { self.at(i, j).cast::<T>().read_unaligned() });
            }
        }
        Some(elements)
    }
}

/// Descriptor of an array of one axis, whose stride is in bytes.
#[repr(C)]
pub struct Vector {
    pub data: *mut u8,
    pub owner: *mut MemInfo,
    pub shape: [i64; 1],
    pub strides: [i64; 1],
}

const _: () = assert!(core::mem::size_of::<Vector>() == ungil_abi::array::descriptor_size(1));

impl Vector {
    /// The vector as a matrix of one column.
    pub fn column(&self) -> Matrix {
        Matrix {
            data: self.data,
            owner: self.owner,
            shape: [self.shape[0], 1],
            strides: [self.strides[0], self.strides[0]],
        }
    }
}

/// The descriptor of a slice, for tests.
#[cfg(test)]
pub fn vector<T>(data: &mut [T]) -> Vector {
    Vector {
        data: data.as_mut_ptr().cast(),
        owner: core::ptr::null_mut(),
        shape: [data.len() as i64],
        strides: [size_of::<T>() as i64],
    }
}

//! Functions of the library behind the C ABI that an instruction calls.
//!
//! Operands are arrays of one element type, and numbers of type int64 behind them; the function writes the first array, reads
//! the others, and may raise.

use std::fmt;

/// A function of the library.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum LibFn {
    /// `out[i, j] = Σ_k x[i, k] · y[k, j]` of matrices, of bools with "or" and "and": what `out` held is not read, and it overlaps neither.
    Matmul,
    /// Moves the elements of a dense vector without NaN so that place `k`, the second operand, holds what sorting would put
    /// there: none before it is larger, none behind it smaller.
    Partition,
    /// `out[t] = Σ_j y[j] · x[first + t - j]` of vectors, of bools with "or" and "and", over the `j` for which both exist; all
    /// these sums have one. What `out` held is not read, and it overlaps neither.
    Convolve,
}

impl LibFn {
    pub const ALL: &'static [LibFn] = &[LibFn::Matmul, LibFn::Partition, LibFn::Convolve];

    /// Text form.
    pub const fn name(self) -> &'static str {
        match self {
            LibFn::Matmul => "matmul",
            LibFn::Partition => "partition",
            LibFn::Convolve => "convolve",
        }
    }

    /// The entry point.
    pub const fn symbol(self) -> &'static str {
        match self {
            LibFn::Matmul => ungil_abi::symbols::MATMUL,
            LibFn::Partition => ungil_abi::symbols::PARTITION,
            LibFn::Convolve => ungil_abi::symbols::CONVOLVE,
        }
    }

    /// Number of axes of each array.
    pub const fn ranks(self) -> &'static [u8] {
        match self {
            LibFn::Matmul => &[2, 2, 2],
            LibFn::Partition => &[1],
            LibFn::Convolve => &[1, 1, 1],
        }
    }

    /// How many numbers follow the arrays.
    pub const fn numbers(self) -> usize {
        match self {
            LibFn::Matmul => 0,
            LibFn::Partition | LibFn::Convolve => 1,
        }
    }

    /// The function with this text form.
    pub fn from_name(name: &str) -> Option<LibFn> {
        LibFn::ALL.iter().copied().find(|f| f.name() == name)
    }
}

impl fmt::Display for LibFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

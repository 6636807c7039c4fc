//! Functions of the library behind the C ABI that an instruction calls.
//!
//! Operands are arrays of one element type, and numbers of type int64 behind them; the function writes the first array, reads
//! the others, and may raise. Places are of int64 whatever the others hold.

use std::fmt;

/// A function of the library.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum LibFn {
    /// `out[i, j] = Σ_k x[i, k] · y[k, j]` of matrices, of bools with "or" and "and": what `out` held is not read, and it overlaps neither.
    Matmul,
    /// Moves the elements of a dense vector without NaN so that place `k`, the second operand, holds what sorting would put
    /// there: none before it is larger, none behind it smaller.
    Partition,
    /// `out[0]` is the median of a dense vector of floats, which has some; the last operand tells whether NaN is left out. `out` is
    /// as long, dense, and holds anything afterwards; it does not overlap the vector.
    Median,
    /// `out[t] = Σ_j y[j] · x[first + t - j]` of vectors, of bools with "or" and "and", over the `j` for which both exist; all
    /// these sums have one. What `out` held is not read, and it overlaps neither.
    Convolve,
    /// `out[0]` is the extremum of the elements of `x`, which has some: the last operand tells by [`LARGEST`], [`NUMBERS`] and
    /// [`SHARED`] which. NaN if one is, or if all are where numbers are wanted; of equal elements, and of NaN, the first.
    Extremum,
    /// `out[i]` is the place of the extremum in row `i` of `x`: of equal elements, and of NaN, the first. Where numbers are
    /// wanted, NaN counts as the infinity that is beyond none, and a row that has no other raises ValueError.
    Places,
    /// `out[i]` is what is wanted of row `i` of a dense matrix: its sum, its least or greatest element, the sum of its squared
    /// deviations or its range, reduced as a kernel's loops do; the last operand tells by
    /// [`Reduction`], [`OF_COLUMNS`], [`SHARED_ROWS`] and [`IN_BLOCKS`].
    Reduce,
    /// `out` holds the elements of dense vectors of one length by turns: of two, or of three. It overlaps none.
    Interleave2,
    Interleave3,
    /// `out` holds each element of a dense vector as many times as the last operand says. It does not overlap it.
    Repeat,
    /// How many elements of a sorted vector, the second, go before each of the third: of a mode with bit 1 those that are not
    /// greater, else the ones less, where NaN is the greatest. With bit 2 the vector may fall too, else an error is raised; the
    /// others' number is counted then. The first, of `int64`, overlaps neither.
    Search,
    /// Adds to dense counts of `int64` how many of the second's values lie between an edge and the next, of dense third ones in
    /// even steps; where edges do not rise the first count becomes -1 instead.
    Histogram,
    /// Writes dense edges in even steps that hold all values of the second; raises an error where one is not finite. There are
    /// two edges or more.
    Edges,
    /// Writes the rows of the second matrix without the turns in them: a step that is half a period or more, and as large as the
    /// second parameter, changes by whole periods, the first parameter. What `out` held is not read, and it overlaps neither.
    Unwrap,
    /// Cross products of rows of three: what `out` held is not read, and it overlaps neither.
    Cross,
    /// Covariances of the rows of two matrices, one behind the other, over as many columns less a number; or correlation
    /// coefficients, where the last number is not zero. What `out` held is not read, and it overlaps neither.
    Covariance,
}

/// What elements an array has that a function takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Elements {
    /// Those of the type that the function is told.
    Told,
    Int64,
    /// Those of the type that the function is told if that is inexact, else `float64`.
    Inexact,
}

/// What an extremum is: the largest element, else the smallest; numbers only; threads may share the work.
pub const LARGEST: i64 = 1;
pub const NUMBERS: i64 = 2;
pub const SHARED: i64 = 4;

/// What [`LibFn::Reduce`] computes; columns know the first three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub enum Reduction {
    Sum = 0,
    Least = 1,
    Greatest = 2,
    /// The sum of the squares of the deviations from the mean.
    Deviations = 3,
    /// The difference of the extrema.
    Range = 4,
}

/// Bits beside it: columns are reduced; threads may share the work; rows of any length are taken in blocks.
pub const OF_COLUMNS: i64 = 8;
pub const SHARED_ROWS: i64 = 16;
pub const IN_BLOCKS: i64 = 32;

impl LibFn {
    pub const ALL: &'static [LibFn] = &[
        LibFn::Matmul,
        LibFn::Partition,
        LibFn::Median,
        LibFn::Convolve,
        LibFn::Extremum,
        LibFn::Places,
        LibFn::Reduce,
        LibFn::Interleave2,
        LibFn::Interleave3,
        LibFn::Repeat,
        LibFn::Search,
        LibFn::Histogram,
        LibFn::Edges,
        LibFn::Unwrap,
        LibFn::Cross,
        LibFn::Covariance,
    ];

    /// Text form.
    pub const fn name(self) -> &'static str {
        match self {
            LibFn::Matmul => "matmul",
            LibFn::Partition => "partition",
            LibFn::Median => "median",
            LibFn::Convolve => "convolve",
            LibFn::Extremum => "extremum",
            LibFn::Places => "places",
            LibFn::Reduce => "reduce",
            LibFn::Interleave2 => "interleave2",
            LibFn::Interleave3 => "interleave3",
            LibFn::Repeat => "repeat",
            LibFn::Search => "search",
            LibFn::Histogram => "histogram",
            LibFn::Edges => "edges",
            LibFn::Unwrap => "unwrap",
            LibFn::Cross => "cross",
            LibFn::Covariance => "covariance",
        }
    }

    /// The entry point.
    pub const fn symbol(self) -> &'static str {
        match self {
            LibFn::Matmul => ungil_abi::symbols::MATMUL,
            LibFn::Partition => ungil_abi::symbols::PARTITION,
            LibFn::Median => ungil_abi::symbols::MEDIAN,
            LibFn::Convolve => ungil_abi::symbols::CONVOLVE,
            LibFn::Extremum => ungil_abi::symbols::EXTREMUM,
            LibFn::Places => ungil_abi::symbols::PLACES,
            LibFn::Reduce => ungil_abi::symbols::REDUCE,
            LibFn::Interleave2 => ungil_abi::symbols::INTERLEAVE2,
            LibFn::Interleave3 => ungil_abi::symbols::INTERLEAVE3,
            LibFn::Repeat => ungil_abi::symbols::REPEAT,
            LibFn::Search => ungil_abi::symbols::SEARCH,
            LibFn::Histogram => ungil_abi::symbols::HISTOGRAM,
            LibFn::Edges => ungil_abi::symbols::EDGES,
            LibFn::Unwrap => ungil_abi::symbols::UNWRAP,
            LibFn::Cross => ungil_abi::symbols::CROSS,
            LibFn::Covariance => ungil_abi::symbols::COVARIANCE,
        }
    }

    /// Number of axes of each array.
    pub const fn ranks(self) -> &'static [u8] {
        match self {
            LibFn::Matmul | LibFn::Cross | LibFn::Covariance => &[2, 2, 2],
            LibFn::Unwrap => &[2, 2, 1],
            LibFn::Edges => &[1, 1],
            LibFn::Partition => &[1],
            LibFn::Convolve | LibFn::Search | LibFn::Histogram | LibFn::Interleave2 => &[1, 1, 1],
            LibFn::Extremum | LibFn::Repeat | LibFn::Median => &[1, 1],
            LibFn::Interleave3 => &[1, 1, 1, 1],
            LibFn::Places | LibFn::Reduce => &[1, 2],
        }
    }

    /// How many numbers follow the arrays.
    pub const fn numbers(self) -> usize {
        match self {
            LibFn::Matmul
            | LibFn::Histogram
            | LibFn::Cross
            | LibFn::Edges
            | LibFn::Unwrap
            | LibFn::Interleave2
            | LibFn::Interleave3 => 0,
            LibFn::Partition
            | LibFn::Median
            | LibFn::Convolve
            | LibFn::Search
            | LibFn::Extremum
            | LibFn::Places
            | LibFn::Reduce
            | LibFn::Repeat => 1,
            LibFn::Covariance => 2,
        }
    }

    /// What elements each array has.
    pub const fn elements(self) -> &'static [Elements] {
        match self {
            LibFn::Search => &[Elements::Int64, Elements::Told, Elements::Told],
            LibFn::Histogram => &[Elements::Int64, Elements::Told, Elements::Inexact],
            LibFn::Edges => &[Elements::Inexact, Elements::Told],
            LibFn::Places => &[Elements::Int64, Elements::Told],
            _ => &[Elements::Told; 4],
        }
    }

    /// Number of the first array whose type the function is told.
    pub const fn told(self) -> usize {
        matches!(self, LibFn::Search | LibFn::Histogram | LibFn::Edges | LibFn::Places) as usize
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

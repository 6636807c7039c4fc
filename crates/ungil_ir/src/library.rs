//! Functions of the library behind the C ABI that an instruction calls.
//!
//! Operands are arrays of one element type, and numbers of type int64 behind them; the function writes the first array, unless it
//! only checks, reads the others, and may raise. Places are of int64 whatever the others hold.

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
    /// Raises IndexError for the first of indices that is not within an axis of a size, the first number; the second is the
    /// axis. Where the third is not zero, negative ones count from the end. Writes nothing.
    Bounds,
    /// `out[i] = x[index[i]]` of vectors, for indices that are within `x`; negative ones count from the end where the number
    /// is not zero. `out` is dense and overlaps neither.
    Take,
    /// `out[0]` is the number of true elements of a vector.
    Count,
    /// Copies a matrix to one of its shape that does not overlap it.
    Copy,
    /// Copies what lies on or below a diagonal, the first number, of a matrix where the second is not zero, else what lies above
    /// it, to one of its shape that does not overlap it; the rest becomes zero.
    Triangle,
    /// Interpolates at elements of the second vector between points of the third, which rise, and their values, the fourth; the
    /// fifth has what is left and right of them. All are of `float64`; `out` is dense, has as many elements as the second, and
    /// overlaps none.
    Interp,
    /// `out[0]` and `out[1]` are the least and the greatest of a vector of `int64` that has some.
    Range,
    /// Adds one to the count, of dense `int64`, of each element of a vector of `int64` that are places in it.
    Tally,
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
        LibFn::Bounds,
        LibFn::Take,
        LibFn::Count,
        LibFn::Copy,
        LibFn::Triangle,
        LibFn::Interp,
        LibFn::Range,
        LibFn::Tally,
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
            LibFn::Bounds => "bounds",
            LibFn::Take => "take",
            LibFn::Count => "count",
            LibFn::Copy => "copy",
            LibFn::Triangle => "triangle",
            LibFn::Interp => "interp",
            LibFn::Range => "range",
            LibFn::Tally => "tally",
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
            LibFn::Bounds => ungil_abi::symbols::BOUNDS,
            LibFn::Take => ungil_abi::symbols::TAKE,
            LibFn::Count => ungil_abi::symbols::COUNT,
            LibFn::Copy => ungil_abi::symbols::COPY,
            LibFn::Triangle => ungil_abi::symbols::TRIANGLE,
            LibFn::Interp => ungil_abi::symbols::INTERP,
            LibFn::Range => ungil_abi::symbols::RANGE,
            LibFn::Tally => ungil_abi::symbols::TALLY,
        }
    }

    /// Number of axes of each array.
    pub const fn ranks(self) -> &'static [u8] {
        match self {
            LibFn::Matmul | LibFn::Cross | LibFn::Covariance => &[2, 2, 2],
            LibFn::Unwrap => &[2, 2, 1],
            LibFn::Copy | LibFn::Triangle => &[2, 2],
            LibFn::Partition | LibFn::Bounds => &[1],
            LibFn::Convolve | LibFn::Search | LibFn::Histogram | LibFn::Interleave2 => &[1, 1, 1],
            LibFn::Take => &[1, 1, 1],
            LibFn::Extremum | LibFn::Repeat | LibFn::Median | LibFn::Edges => &[1, 1],
            LibFn::Count | LibFn::Range | LibFn::Tally => &[1, 1],
            LibFn::Interp => &[1; 5],
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
            | LibFn::Interleave3
            | LibFn::Count
            | LibFn::Copy
            | LibFn::Interp
            | LibFn::Range
            | LibFn::Tally => 0,
            LibFn::Partition
            | LibFn::Median
            | LibFn::Convolve
            | LibFn::Search
            | LibFn::Extremum
            | LibFn::Places
            | LibFn::Reduce
            | LibFn::Repeat
            | LibFn::Take => 1,
            LibFn::Covariance | LibFn::Triangle => 2,
            LibFn::Bounds => 3,
        }
    }

    /// What elements each array has.
    pub const fn elements(self) -> &'static [Elements] {
        match self {
            LibFn::Search => &[Elements::Int64, Elements::Told, Elements::Told],
            LibFn::Histogram => &[Elements::Int64, Elements::Told, Elements::Inexact],
            LibFn::Edges => &[Elements::Inexact, Elements::Told],
            LibFn::Places | LibFn::Count => &[Elements::Int64, Elements::Told],
            LibFn::Take => &[Elements::Told, Elements::Told, Elements::Int64],
            LibFn::Bounds | LibFn::Range | LibFn::Tally => &[Elements::Int64; 2],
            _ => &[Elements::Told; 5],
        }
    }

    /// Number of the first array whose type the function is told.
    pub fn told(self) -> usize {
        let second = [LibFn::Search, LibFn::Histogram, LibFn::Edges, LibFn::Places, LibFn::Count];
        second.contains(&self).into()
    }

    /// Whether the first array is written.
    pub const fn writes(self) -> bool {
        !matches!(self, LibFn::Bounds)
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

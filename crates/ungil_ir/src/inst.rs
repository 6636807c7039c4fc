//! Instructions.
//!
//! Most define one value; [`InstKind::For`], domains and the parallel nodes also define induction values that are
//! visible in their body. Arithmetic is total: whatever the operands, the result is defined and nothing traps
//! (checks are instructions of their own). Arithmetic, comparisons, casts, select and maths also apply lane by
//! lane to vectors.

use crate::entities::{FuncId, Label, Region, Value, Var};
use crate::library::LibFn;
use crate::math::MathFn;
use crate::types::DType;
use ungil_abi::exception::ExcClass;

/// Place in the source, relative to the function: line 1 is its first line (`def` or decorator as captured).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Loc {
    pub line: u32,
    pub col: u32,
}

/// A literal. Integers are kept sign- or zero-extended in 64 bits, float32 as its exact float64 value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Const {
    Bool(bool),
    Int(DType, i64),
    Float(DType, f64),
    Complex(DType, f64, f64),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// Wraps for integers.
    Neg,
    /// Logical, on bool or mask.
    Not,
    /// Bitwise complement, on integers.
    Invert,
    /// How many bits are set, on integers.
    Popcount,
    /// Integers (wraps at the minimum) and floats; of complex numbers the modulus, of the real type (hypot).
    Abs,
    /// Parts and conjugate of a complex number.
    Real,
    Imag,
    Conj,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// Integers wrap.
    Add,
    Sub,
    Mul,
    /// Floats and complex (NumPy's algorithm).
    Div,
    /// Rounds towards minus infinity. Integers: by zero gives 0, the minimum by -1 wraps. Floats as `numpy.floor_divide`.
    FloorDiv,
    /// Sign of the divisor. Integers: by zero gives 0. Floats as `numpy.remainder`.
    Mod,
    /// As C divides integers: rounds towards zero. By zero gives 0, the minimum by -1 wraps.
    TruncDiv,
    /// The rest of [`BinaryOp::TruncDiv`], with the dividend's sign. By zero gives the dividend.
    TruncMod,
    /// Integers: wrapping, negative exponents give 0 (checked before). Floats are [`InstKind::Math`] `pow`; complex here.
    Pow,
    /// Bitwise on integers, logical on bool and masks.
    And,
    Or,
    Xor,
    /// A shift by the width or more gives 0 (or -1 for negative numbers shifted right); so does a negative one.
    Shl,
    Shr,
    /// As `numpy.minimum` and `maximum`: NaN wins.
    Min,
    Max,
    /// Complex number of two floats.
    MakeComplex,
}

impl BinaryOp {
    /// Whether integers are divided, which takes long.
    pub fn divides(self) -> bool {
        matches!(self, BinaryOp::FloorDiv | BinaryOp::Mod | BinaryOp::TruncDiv | BinaryOp::TruncMod)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Facts about a memory access.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct MemFlags {
    /// 0: nothing is known. Otherwise a group (upper 12 bits) and a member of it (lower 4 bits): accesses of the same
    /// group with different members do not overlap; nothing is said across groups.
    pub alias_set: u16,
    /// Streaming store.
    pub nontemporal: bool,
}

/// How a reduction combines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReduceOp {
    Add,
    Mul,
    BitAnd,
    BitOr,
    BitXor,
    Min,
    Max,
    And,
    Or,
}

impl ReduceOp {
    /// The operation on two numbers.
    pub fn binary(self) -> BinaryOp {
        match self {
            ReduceOp::Add => BinaryOp::Add,
            ReduceOp::Mul => BinaryOp::Mul,
            ReduceOp::BitAnd | ReduceOp::And => BinaryOp::And,
            ReduceOp::BitOr | ReduceOp::Or => BinaryOp::Or,
            ReduceOp::BitXor => BinaryOp::Xor,
            ReduceOp::Min => BinaryOp::Min,
            ReduceOp::Max => BinaryOp::Max,
        }
    }
}

/// Schedule of a parallel loop.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Schedule {
    #[default]
    Static,
    Dynamic,
    Guided,
    Auto,
}

/// What passes decided about a loop.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct LoopHints {
    /// Keep LLVM's vectoriser and unroller off (cold versions).
    pub scalar: bool,
    /// There are too few iterations for polls, and for LLVM's vectoriser and unroller.
    pub few: bool,
    /// The iterations are known to be independent.
    pub independent: bool,
    /// The body is one loop over a strip of what was one loop. The generated code hides where strips begin, or LLVM would
    /// keep an address for each array of the inner loop here too.
    pub strips: bool,
    /// There is at least one iteration: nothing tests that.
    pub nonempty: bool,
    /// To be run in vector lanes: the user asked for it.
    pub lanes: bool,
}

/// One part of what is printed: written one after the other, without anything in between. Inside a tuple they are its elements.
#[derive(Clone, PartialEq, Debug)]
pub enum PrintPart {
    Text(String),
    None,
    /// `weak`: a Python scalar rather than a NumPy one.
    Value {
        value: Value,
        weak: bool,
    },
    TupleOpen,
    TupleClose,
}

/// An argument of an exception's message: the value and whether it prints as a Python scalar.
pub type MessageArg = (Value, bool);

/// Exception that a check or `raise` produces. `{0}`, `{1}` … in the message stand for arguments.
#[derive(Clone, PartialEq, Debug)]
pub struct Raise {
    pub class: ExcClass,
    /// `None`: an exception without arguments.
    pub message: Option<String>,
    pub args: Vec<MessageArg>,
}

/// `for iv in range(start, stop, step)`: the trip count is computed on entry; `step` is never zero. All `int64`.
#[derive(Clone, PartialEq, Debug)]
pub struct For {
    pub label: Label,
    pub iv: Value,
    pub start: Value,
    pub stop: Value,
    pub step: Value,
    pub body: Region,
    pub hints: LoopHints,
}

/// Scalar reduction of a parallel loop: the body reads and writes `var`, which means its partial.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ScalarReduction {
    pub var: Var,
    pub op: ReduceOp,
}

/// Reduction into a contiguous array defined outside the loop: the body's loads and stores through `private` mean
/// the block's copy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ArrayReduction {
    pub target: Value,
    pub private: Value,
    pub op: ReduceOp,
}

/// Work-sharing loop. Variables assigned in the body are listed in exactly one of `privates`, `lasts` and
/// `scalars`; all others are read only. A `Continue` with its label ends an iteration; `Break` and `Return` are illegal in it.
#[derive(Clone, PartialEq, Debug)]
pub struct ParallelFor {
    pub label: Label,
    pub iv: Value,
    pub start: Value,
    pub stop: Value,
    pub step: Value,
    pub schedule: Schedule,
    pub chunk: Option<Value>,
    pub num_threads: Option<Value>,
    /// Each iteration has its own; undefined at its start.
    pub privates: Vec<Var>,
    /// Private, and the last iteration's value is the variable's value after the loop (if there is an iteration).
    pub lasts: Vec<Var>,
    pub scalars: Vec<ScalarReduction>,
    pub arrays: Vec<ArrayReduction>,
    /// Fewest iterations of a block when there are reductions (DESIGN section 4); set by `assign_block_sizes`.
    pub min_block: u32,
    /// One block, run by the thread that gets there: a serial loop whose reductions rotate over partials as a block's do.
    pub in_place: bool,
    /// The version of a loop for failed checks, which nobody makes faster.
    pub scalar: bool,
    pub body: Region,
}

/// `n` real concurrent threads with ids 0 … n-1; all variables assigned in the body are private.
#[derive(Clone, PartialEq, Debug)]
pub struct ParallelRegion {
    pub n: Value,
    pub id: Value,
    pub privates: Vec<Var>,
    pub body: Region,
}

/// What an instruction does.
#[derive(Clone, PartialEq, Debug)]
pub enum InstKind {
    // Scalars and vectors: pure.
    Const(Const),
    Unary(UnaryOp, Value),
    Binary(BinaryOp, Value, Value),
    Compare(CompareOp, Value, Value),
    /// `cond ? a : b`; both are evaluated. `cond` is bool, or a mask for vectors.
    Select(Value, Value, Value),
    /// Numeric conversion as C on x86-64: float to integer truncates and is arbitrary (but defined) out of range;
    /// to bool means `!= 0`; complex to real drops the imaginary part.
    Cast(Value, DType),
    Math(MathFn, Vec<Value>),
    /// Integer arithmetic that raises OverflowError instead of wrapping (`Add`, `Sub`, `Mul`, `Pow`, `FloorDiv`).
    CheckedBinary(BinaryOp, Value, Value),

    // Tuples: pure.
    TupleMake(Vec<Value>),
    TupleGet(Value, u32),
    /// Element of a homogeneous tuple at an index known to be in range.
    TupleIndex(Value, Value),

    // Variables. Each starts as zero (an array: without memory) at the function's entry, a private one at the start of
    // each block of a parallel loop, so that reads may be moved in front of writes.
    Get(Var),
    Set(Var, Value),

    // Arrays.
    /// Extent of an axis.
    Dim(Value, u8),
    /// Stride of an axis in bytes.
    Stride(Value, u8),
    /// Address of an array's data, or of what a pointer points at, as an integer.
    Address(Value),
    /// Array that shares memory: `data + offset` bytes with new shape and strides (bytes). Type given.
    View {
        base: Value,
        offset: Value,
        shape: Vec<Value>,
        strides: Vec<Value>,
    },
    /// Fresh array; extents are not negative (checked before). Raises MemoryError or ValueError (too large).
    Alloc {
        shape: Vec<Value>,
        zeroed: bool,
    },
    /// Zero value of the type told: an array without memory, or a tuple of such. Releasing it does nothing.
    Null,
    /// Index (`int64`) normalised and checked against an extent: adds `size` to negative ones if `wrap`, raises
    /// IndexError unless in range if `check`.
    CheckIndex {
        index: Value,
        size: Value,
        axis: u8,
        wrap: bool,
        check: bool,
    },
    /// Element at indices known to be in range, one per axis.
    Load {
        array: Value,
        index: Vec<Value>,
        flags: MemFlags,
    },
    Store {
        array: Value,
        index: Vec<Value>,
        value: Value,
        flags: MemFlags,
    },
    /// Atomic read-modify-write of an integer element, without ordering.
    AtomicUpdate {
        op: ReduceOp,
        array: Value,
        index: Vec<Value>,
        value: Value,
    },
    /// Array constant of the compiled module (global or captured), by its number in the module's table.
    GlobalArray(u32),

    // C. What a pointer points at is counted by nobody: whoever makes it sees to it that the memory lives.
    /// Address of a C function or object outside the module, by its number in the module's table.
    Extern(u32),
    /// The pointer that an address as an integer stands for.
    Pointer(Value),
    /// Array over memory that a pointer leads to, with strides in bytes. Type given.
    ArrayAt {
        pointer: Value,
        shape: Vec<Value>,
        strides: Vec<Value>,
    },
    /// Memory of so many elements in the frame of the function, an array of one dimension (type given). It is the same
    /// at each execution, holds anything, and is gone when the function ends: what lives longer uses `Alloc`.
    StackArray(u32),
    /// Calls the C function at an address with the platform's convention. Arguments are scalars and pointers, whose
    /// types are the prototype's; so is the result's, which is given (the unit type for `void`). It may read and write all
    /// memory, blocks as long as it likes and does not unwind.
    CallC(Value, Vec<Value>),

    // Lists. A list is a box, an array of eight int64 (`ungil_abi::list`); its elements lie elsewhere.
    /// Makes room for this many elements. Raises MemoryError.
    ListReserve(Value, Value),
    /// Releases the memory that elements `from .. to` hold; they are gone afterwards.
    ListDrop(Value, Value, Value),
    /// Value that lies packed at an address; memory it holds is retained. Type given.
    LoadPacked(Value),
    /// Writes a value packed to an address and retains memory it holds.
    StorePacked(Value, Value),

    // Ownership (inserted by a pass).
    Retain(Value),
    Release(Value),

    // Vectors.
    Splat(Value, u16),
    /// `0, 1, … n-1` as int64.
    Iota(u16),
    Extract(Value, u16),
    /// Lanes chosen from two vectors of one type: `k` means lane `k` of the first, or lane `k - n` of the second.
    Shuffle(Value, Value, Vec<u16>),
    /// Consecutive elements along the last axis from `index`; masked-off lanes are zero and not touched.
    VecLoad {
        array: Value,
        index: Vec<Value>,
        mask: Option<Value>,
        lanes: u16,
        flags: MemFlags,
    },
    VecStore {
        array: Value,
        index: Vec<Value>,
        value: Value,
        mask: Option<Value>,
        flags: MemFlags,
    },
    /// Lane-wise access; each index is an int64 vector.
    Gather {
        array: Value,
        index: Vec<Value>,
        mask: Value,
    },
    Scatter {
        array: Value,
        index: Vec<Value>,
        value: Value,
        mask: Value,
    },
    MaskAny(Value),
    MaskAll(Value),
    /// Lanes combined in order of a fixed binary tree.
    VecReduce(ReduceOp, Value),

    // Effects.
    Call(FuncId, Vec<Value>),
    /// Calls a function of the library: writes the first array, reads the others. May raise.
    Library(LibFn, Vec<Value>),
    /// Raises unless the condition holds.
    Check(Value, Box<Raise>),
    Print(Vec<PrintPart>),
    /// Polls for cancellation.
    Safepoint,
    ThreadId,
    NumThreads,
    SetNumThreads(Value),

    // Control.
    If {
        cond: Value,
        then: Region,
        otherwise: Region,
    },
    For(Box<For>),
    /// Evaluates `cond`, whose last instruction's value `test` decides.
    While {
        label: Label,
        cond: Region,
        test: Value,
        body: Region,
    },
    Break(Label),
    Continue(Label),
    Return(Option<Value>),
    Raise(Box<Raise>),
    /// Runs `body`; every exit from it (end, break, continue, return, error) runs `cleanup`, then goes on. An exit or error
    /// of the cleanup takes the place of the one that led there.
    Scope {
        body: Region,
        cleanup: Region,
    },
    /// Runs `body`; an error in it ends it and runs `handler`, which has the error at hand: where its end is reached the error
    /// is over. Other exits pass.
    Try {
        body: Region,
        handler: Region,
    },
    /// Whether the error that the innermost handler around has at hand is of this class or one derived from it. Errors of the
    /// host (interrupts) and cancellation are of none.
    Caught(ExcClass),
    /// Argument of that error's message, which the error has and whose type is the result's.
    CaughtArg(u32),
    /// Raises the error that the innermost handler around has at hand once more, as if it had not been caught.
    Reraise,
    /// Independent iterations over an n-dimensional domain, in any order: a whole-array statement.
    Domain {
        extents: Vec<Value>,
        ivs: Vec<Value>,
        body: Region,
    },
    ParallelFor(Box<ParallelFor>),
    ParallelRegion(Box<ParallelRegion>),
}

/// An instruction with its result and place.
#[derive(Clone, PartialEq, Debug)]
pub struct InstData {
    pub kind: InstKind,
    pub result: Option<Value>,
    pub loc: Loc,
}

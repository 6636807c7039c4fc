//! Arguments of MPI calls: a block of words that generated code fills and `ungil_mpi` reads.
//!
//! One entry point of the C ABI, `i64 (i64 *block)`, stands for each MPI function; the result is 0, an MPI error code (positive)
//! or the number of a fault of our own (negative). Handles are widened to 64 bits. Words that a function does not use are not
//! written.

/// Words of a block.
pub struct Word;
impl Word {
    /// Communicator, or the request of a completion.
    pub const COMM: usize = 0;
    /// Reduction operation, or a datatype.
    pub const OP: usize = 1;
    /// Peers, tags, roots, colours: what the function has, in its order.
    pub const INTS: usize = 2;
    /// Address of a status ([`StatusWord`]), or 0.
    pub const STATUS: usize = 6;
    /// What the function returns.
    pub const RESULT: usize = 7;
    /// Buffers ([`BufferWord`]): the one that is sent, and the one that is received into. Functions of one buffer use the first.
    pub const SEND: usize = 8;
    pub const RECV: usize = 16;
    /// Length of a block.
    pub const COUNT: usize = 24;
}

/// Words of a buffer, from its first one.
pub struct BufferWord;
impl BufferWord {
    /// Kind in the low byte, then dtype, then number of axes, then flags.
    pub const SHAPE: usize = 0;
    /// Address of a packed array descriptor.
    pub const DESCRIPTOR: usize = 1;
    /// Number of items; -1: as many as there are.
    pub const ITEMS: usize = 2;
    /// Items that are skipped at the front.
    pub const OFFSET: usize = 3;
    /// MPI datatype; 0: that of the elements.
    pub const DATATYPE: usize = 4;
    /// Addresses of the counts and displacements of the ranks, or 0.
    pub const COUNTS: usize = 5;
    pub const DISPLACEMENTS: usize = 6;
    /// Number of counts in the low half, of displacements in the high one.
    pub const LENGTHS: usize = 7;

    /// Kinds.
    pub const NONE: i64 = 0;
    pub const IN_PLACE: i64 = 1;
    pub const ARRAY: i64 = 2;
    /// Flags: the array is known to be contiguous; the descriptor holds a reference to the memory's owner.
    pub const CONTIGUOUS: i64 = 1 << 24;
    pub const RETAINED: i64 = 1 << 25;
}

/// Words of a status.
pub struct StatusWord;
impl StatusWord {
    pub const SOURCE: usize = 0;
    pub const TAG: usize = 1;
    pub const ERROR: usize = 2;
    /// Length of the message in bytes.
    pub const BYTES: usize = 3;
    pub const CANCELLED: usize = 4;
    pub const COUNT: usize = 8;
}

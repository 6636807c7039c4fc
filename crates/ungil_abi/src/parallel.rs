//! Descriptors of parallel loops and regions that generated code hands to the runtime.

use crate::context::Ctx;
use core::ffi::c_void;

/// Body of a parallel loop: runs the normalised iterations `lo..hi` (0-based, `i = start + k * step`).
///
/// `block` is never null. Returns 0, or non-zero with the error slot of `ctx` filled.
pub type LoopBody =
    unsafe extern "C" fn(ctx: *mut Ctx, env: *mut c_void, lo: i64, hi: i64, block: *mut Block) -> i32;

/// Body of a parallel region: runs once on each of `n` threads that are all alive at once.
pub type RegionBody = unsafe extern "C" fn(ctx: *mut Ctx, env: *mut c_void, id: u32, n: u32) -> i32;

/// What one call of a [`LoopBody`] may write besides the captured arrays.
#[repr(C)]
pub struct Block {
    /// Partial results of the scalar reductions of this block: for reduction `r` the 32 partials of
    /// `dtype` at byte offset `ScalarReduction::offset`, already set to the identity. Iteration `k` of the loop
    /// uses partial `(k - lo) % 32`.
    pub partials: *mut u8,
    /// Private copies of the reduced arrays, one data pointer for each array reduction, set to the identity.
    pub arrays: *const *mut u8,
    /// Where the private values of the last iteration go; null unless this block holds iteration `n - 1`.
    pub last: *mut u8,
}

/// Number of rotating partials of a scalar reduction inside a block.
pub const PARTIALS: usize = 32;

/// A parallel loop.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct LoopDesc {
    pub body: LoopBody,
    pub env: *mut c_void,
    /// Number of iterations.
    pub n: i64,
    /// A constant of [`Schedule`].
    pub schedule: u32,
    /// Iterations per chunk; 0: the schedule's own choice.
    pub chunk: i64,
    /// Threads wanted; 0: the current setting.
    pub num_threads: i64,
    /// With reductions: fewest iterations in a block (the machine-independent rule of DESIGN section 4).
    pub min_block: i64,
    pub scalars: *const ScalarReduction,
    pub nscalars: u32,
    pub narrays: u32,
    pub arrays: *const ArrayReduction,
    /// Where the lastprivate values go, or null.
    pub last: *mut u8,
}

impl LoopDesc {
    /// A loop without clauses, which all threads share in equal parts.
    pub const fn plain(body: LoopBody, env: *mut c_void, n: i64) -> LoopDesc {
        LoopDesc {
            body,
            env,
            n,
            schedule: Schedule::STATIC,
            chunk: 0,
            num_threads: 0,
            min_block: 1,
            scalars: core::ptr::null(),
            nscalars: 0,
            narrays: 0,
            arrays: core::ptr::null(),
            last: core::ptr::null_mut(),
        }
    }
}

/// Schedules by number.
pub struct Schedule;
impl Schedule {
    pub const STATIC: u32 = 0;
    pub const DYNAMIC: u32 = 1;
    pub const GUIDED: u32 = 2;
    pub const AUTO: u32 = 3;
}

/// Reduction of a scalar variable. On return from the loop `*target = target op (combined blocks)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ScalarReduction {
    /// The variable in the caller's frame; holds the value before the loop, then the result.
    pub target: *mut u8,
    /// Number of a dtype (order of [`crate::context::ValueTag`]).
    pub dtype: u32,
    /// A constant of [`ReduceOp`].
    pub op: u32,
    /// Byte offset of its partials in [`Block::partials`].
    pub offset: u64,
}

/// Elementwise reduction into a contiguous array of `len` elements. On return each element is combined.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ArrayReduction {
    pub data: *mut u8,
    pub len: u64,
    pub dtype: u32,
    pub op: u32,
}

/// Reduction operators by number. `AND` and `OR` are the logical ones on bool; `BIT_*` the bitwise.
pub struct ReduceOp;
impl ReduceOp {
    pub const ADD: u32 = 0;
    pub const MUL: u32 = 1;
    pub const BIT_AND: u32 = 2;
    pub const BIT_OR: u32 = 3;
    pub const BIT_XOR: u32 = 4;
    pub const MIN: u32 = 5;
    pub const MAX: u32 = 6;
    pub const AND: u32 = 7;
    pub const OR: u32 = 8;
}

/// Number of blocks of a loop with reductions: a function of `n`, `min_block` and the reductions alone, so that
/// results do not depend on the machine or the number of threads.
///
/// At most 4,096 blocks; with float array reductions at most `max(1, 2^22 / total elements)`, capped at 64, since
/// every block holds a private copy.
pub const fn block_count(n: i64, min_block: i64, array_elements: u64) -> i64 {
    if n <= 0 {
        return 0;
    }
    let most = match (1u64 << 22).checked_div(array_elements) {
        None => 4096,
        Some(0) => 1,
        Some(fit) if fit > 64 => 64,
        Some(fit) => fit as i64,
    };
    let wanted = (n - 1) / (if min_block < 1 { 1 } else { min_block }) + 1;
    if wanted < most { wanted } else { most }
}

/// First iteration of block `b` of `blocks` over `n` iterations; blocks differ by at most one iteration.
pub const fn block_start(n: i64, blocks: i64, b: i64) -> i64 {
    let (size, extra) = (n / blocks, n % blocks);
    b * size + (if b < extra { b } else { extra })
}

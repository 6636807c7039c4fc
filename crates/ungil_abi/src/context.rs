//! Per-thread context of running compiled code and its error slot.

use core::ffi::c_void;
use core::sync::atomic::AtomicU32;

/// Context of one thread that runs compiled code. Generated code reads `poll` and `stack_limit`, and looks for exceptions of
/// what it calls through pointers (`expects`, `kept`); the rest belongs to the runtime.
#[repr(C)]
pub struct Ctx {
    /// Points at a word that is non-zero when [`crate::symbols::POLL`] must be called at the next safepoint.
    pub poll: *const AtomicU32,
    /// Lowest address that a frame may have; below it a call raises RecursionError.
    pub stack_limit: usize,
    /// Number of this thread in its team, 0 for the caller.
    pub thread_id: u32,
    /// Depth of nested parallel loops.
    pub depth: u32,
    /// The runtime's own state of this thread.
    pub runtime: *mut c_void,
    /// The caller's own state (Python: what the poll and print hooks need).
    pub host: *mut c_void,
    /// Non-zero: compiled code looks for an exception when the call of C that it makes returns.
    pub expects: u32,
    /// The host's token of the first exception since then, or 0.
    pub kept: i64,
    /// What went wrong when a function returned non-zero.
    pub error: ErrorSlot,
}

/// Number of arguments a message can carry, and of frames that are kept.
pub const MAX_ERROR_ARGS: usize = 8;
pub const MAX_FRAMES: usize = 64;

/// Error of one thread: class, message template with its arguments, and one frame per kernel in the call chain.
///
/// The template is static data of the object code; code is never freed while a call runs, and the host formats
/// the message before the call returns. `{0}`, `{1}` … in it stand for arguments.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ErrorSlot {
    /// Zero: no error. Otherwise one of [`ErrorKind`].
    pub kind: u32,
    /// Number of an [`crate::exception::ExcClass`].
    pub class: u32,
    /// Template; null when the exception has no message.
    pub message: *const u8,
    pub message_len: u64,
    pub nargs: u32,
    /// Frames recorded; those beyond [`MAX_FRAMES`] are counted, not kept.
    pub nframes: u32,
    pub args: [ErrorArg; MAX_ERROR_ARGS],
    pub frames: [Frame; MAX_FRAMES],
}

/// What kind of error the slot holds.
pub struct ErrorKind;
impl ErrorKind {
    pub const NONE: u32 = 0;
    /// An exception raised by compiled code.
    pub const RAISED: u32 = 1;
    /// The host has already set a Python exception (interrupt, print to a broken stream).
    pub const HOST: u32 = 2;
    /// The loop was cancelled because a lower iteration failed; never shown to the user.
    pub const CANCELLED: u32 = 3;
}

/// One argument of a message. `tag` is a [`ValueTag`], complex numbers fill both words.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ErrorArg {
    pub tag: u64,
    pub bits: u64,
    pub bits2: u64,
}

/// Place in a kernel: function number in its module, line relative to the function (1 is the `def` line).
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Frame {
    pub function: u32,
    pub line: u32,
}

/// Types of values handed to the host (messages, print).
///
/// 0…12 are the dtypes in the order bool, int8…int64, uint8…uint64, float32, float64, complex64, complex128
/// (NumPy scalars); adding [`ValueTag::WEAK`] makes them Python scalars. Integers are sign- or zero-extended to
/// 64 bits; float32 is passed as its float64 value; complex64 as two float64.
pub struct ValueTag;
impl ValueTag {
    pub const WEAK: u64 = 0x100;
    /// `bits` points at bytes of UTF-8, `bits2` is their number.
    pub const TEXT: u64 = 0x200;
    /// `None`.
    pub const NONE: u64 = 0x201;
    /// `bits` points at an array descriptor; the low byte of `bits2` is the dtype's number, the next the ndim.
    pub const ARRAY: u64 = 0x202;
    /// Opens and closes a tuple: the parts between are its elements.
    pub const TUPLE_OPEN: u64 = 0x203;
    pub const TUPLE_CLOSE: u64 = 0x204;
}

const _: () = assert!(core::mem::offset_of!(Ctx, poll) == 0);
const _: () = assert!(core::mem::offset_of!(Ctx, stack_limit) == 8);
const _: () = assert!(core::mem::size_of::<ErrorArg>() == 24);
const _: () = assert!(core::mem::size_of::<Frame>() == 8);

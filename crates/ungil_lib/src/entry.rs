//! The frame of the entry points: what goes wrong inside becomes an exception, a lack of memory too.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ungil_abi::context::{Ctx, ErrorArg, ValueTag};
use ungil_abi::exception::ExcClass;
use ungil_runtime::error::{raise_static, ungil_rt_raise};

/// Number of the type `int64`.
const INT64: u64 = 4;

/// What unwinds where memory is lacking.
struct NoMemory;

/// The status that `run` gives; non-zero, with an error of this text raised, if it panics.
///
/// # Safety
/// `ctx` is this thread's context.
pub unsafe fn guarded(ctx: *mut Ctx, failure: &'static str, run: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let (class, text) = match payload.is::<NoMemory>() {
            true => (ExcClass::MEMORY, "unable to allocate room for a copy of the operands"),
            false => (ExcClass::SYSTEM_ERROR, failure),
        };
        // SAFETY: by contract.
        unsafe { raise_static(ctx, class, text) };
        1
    })
}

/// An empty vector with room for `n` elements; inside an entry point a lack of memory raises `MemoryError`.
pub fn with_capacity<T>(n: usize) -> Vec<T> {
    let mut room = Vec::new();
    reserve(&mut room, n);
    room
}

/// `n` elements of one value, as [`with_capacity`].
pub fn filled<T: Clone>(value: T, n: usize) -> Vec<T> {
    let mut elements = with_capacity(n);
    elements.resize(n, value);
    elements
}

/// Makes room for `n` more elements, as [`with_capacity`].
pub fn reserve<T>(elements: &mut Vec<T>, n: usize) {
    if elements.try_reserve_exact(n).is_err() {
        // No hook reports this one: it is caught where the library was entered.
        resume_unwind(Box::new(NoMemory));
    }
}

/// Raises IndexError for an index outside an axis.
///
/// # Safety
/// `ctx` is this thread's context.
#[cold]
pub unsafe fn raise_index(ctx: *mut Ctx, index: i64, axis: i64, size: i64) {
    let message = "index {0} is out of bounds for axis {1} with size {2}";
    let args =
        [index, axis, size].map(|n| ErrorArg { tag: ValueTag::WEAK + INT64, bits: n as u64, bits2: 0 });
    let (class, len) = (u32::from(ExcClass::INDEX_ERROR.0), message.len() as u64);
    // SAFETY: the message is static, and there are so many arguments; the kernel adds its frame.
    unsafe {
        ungil_rt_raise(ctx, class, message.as_ptr(), len, 3, args.as_ptr(), 0, 0);
        (*ctx).error.nframes = 0;
    }
}

//! The frame of the entry points: what goes wrong inside becomes an exception, a lack of memory too.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ungil_abi::context::Ctx;
use ungil_abi::exception::ExcClass;
use ungil_runtime::error::raise_static;

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

//! Error slot of a context: raising, tracing, copying.
//!
//! The slot is plain data. Nothing here allocates: messages are templates in static data with raw arguments, and
//! the host formats them. `RecursionError` leaves with the frames counted but only the first 64 kept.

use core::ptr;
use ungil_abi::context::{Ctx, ErrorArg, ErrorKind, ErrorSlot, Frame, MAX_ERROR_ARGS, MAX_FRAMES};
use ungil_abi::exception::ExcClass;

/// Fills the slot with an exception and its first frame.
///
/// # Safety
/// `ctx` is valid and used by this thread only; `args` points at `nargs` arguments; `message` is null or `len`
/// bytes of UTF-8 that live as long as the code.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_raise(
    ctx: *mut Ctx,
    class: u32,
    message: *const u8,
    len: u64,
    nargs: u32,
    args: *const ErrorArg,
    function: u32,
    line: u32,
) {
    // SAFETY: `ctx` is valid and this thread's own.
    let slot = unsafe { &mut (*ctx).error };
    let kept = (nargs as usize).min(MAX_ERROR_ARGS);
    slot.kind = ErrorKind::RAISED;
    slot.class = class;
    slot.message = message;
    slot.message_len = len;
    slot.nargs = kept as u32;
    for i in 0..kept {
        // SAFETY: `i < nargs`, and the caller gave that many.
        slot.args[i] = unsafe { *args.add(i) };
    }
    slot.nframes = 1;
    slot.frames[0] = Frame { function, line };
}

/// Adds a frame to the error that is travelling up.
///
/// # Safety
/// `ctx` is valid and used by this thread only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_trace(ctx: *mut Ctx, function: u32, line: u32) {
    // SAFETY: `ctx` is valid and this thread's own.
    let slot = unsafe { &mut (*ctx).error };
    if (slot.nframes as usize) < MAX_FRAMES {
        slot.frames[slot.nframes as usize] = Frame { function, line };
    }
    slot.nframes = slot.nframes.saturating_add(1);
}

/// Copies the error at hand to a slot of the frame that handles it.
///
/// # Safety
/// `ctx` is valid and used by this thread only; `to` points at room for an [`ErrorSlot`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_keep_error(ctx: *const Ctx, to: *mut ErrorSlot) {
    // SAFETY: by contract.
    unsafe { copy_slot(&raw const (*ctx).error, to) };
}

/// Makes a kept error the current one again.
///
/// # Safety
/// `ctx` is valid and used by this thread only; `from` was filled by [`ungil_rt_keep_error`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_resume_error(ctx: *mut Ctx, from: *const ErrorSlot) {
    // SAFETY: by contract.
    unsafe { copy_slot(from, &raw mut (*ctx).error) };
}

/// # Safety
/// Both are slots, `from` a filled one.
unsafe fn copy_slot(from: *const ErrorSlot, to: *mut ErrorSlot) {
    // SAFETY: by contract; the slots are different places.
    unsafe { ptr::copy_nonoverlapping(from, to, 1) };
}

/// Fills the slot with an exception of the runtime itself, without a frame.
///
/// # Safety
/// `ctx` is valid and used by this thread only.
pub unsafe fn raise_static(ctx: *mut Ctx, class: ExcClass, message: &'static str) {
    let (text, len) = (message.as_ptr(), message.len() as u64);
    // SAFETY: the message is static and there are no arguments.
    unsafe {
        ungil_rt_raise(ctx, u32::from(class.0), text, len, 0, ptr::null(), 0, 0);
        (*ctx).error.nframes = 0;
    }
}

/// Sets a kind that carries no exception (`HOST`, `CANCELLED`), or clears the slot (`NONE`).
///
/// # Safety
/// `ctx` is valid and used by this thread only.
pub unsafe fn set_kind(ctx: *mut Ctx, kind: u32) {
    // SAFETY: `ctx` is valid and this thread's own.
    unsafe {
        (*ctx).error.kind = kind;
        (*ctx).error.nframes = 0;
        (*ctx).error.nargs = 0;
        (*ctx).error.message = ptr::null();
        (*ctx).error.message_len = 0;
    }
}

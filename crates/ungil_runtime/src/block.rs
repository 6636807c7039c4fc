//! Blocks of loops with reductions: private memory, running, combining.
//!
//! [`Blocks`] belongs to the loop, a [`Runner`] to each thread that works in it. A runner gives the body fresh
//! partials for every block and folds them into the block's result; [`Blocks::combine`] folds the results by the
//! fixed trees of `reduce`. On failure targets of scalars stay as they were, arrays may be partly updated.

use crate::buffer::Buffer;
use crate::reduce::{self, Plan};
use crate::scope::Seat;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::Ordering;
use ungil_abi::context::Ctx;
use ungil_abi::parallel::{ArrayReduction, Block, LoopDesc, PARTIALS, ScalarReduction, block_start};

/// Most bytes that private copies of integer arrays take together.
const MOST_PRIVATE: u64 = 256 << 20;

/// Bytes reserved for one block's result of one scalar.
const RESULT: usize = 16;

/// Copies begin on cache lines of their own.
const fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(64)
}

/// Reductions of one loop.
pub struct Blocks<'a> {
    pub desc: &'a LoopDesc,
    pub plan: Plan,
    scalars: &'a [ScalarReduction],
    arrays: &'a [ArrayReduction],
    partial_bytes: usize,
    /// One result per block and scalar, [`RESULT`] bytes each, ordered by scalar.
    results: Buffer,
    /// One copy of all floating-point arrays per block; empty when they are reduced in place.
    copies: Buffer,
    copy_bytes: usize,
    /// Bytes of a thread's private copy of all integer arrays.
    private_bytes: usize,
}

/// Why a loop cannot begin.
pub enum Refusal {
    OutOfMemory,
    Unsupported,
}

/// # Safety
/// `data` points at `len` values unless `len` is 0.
unsafe fn slice<'a, T>(data: *const T, len: u32) -> &'a [T] {
    // SAFETY: by contract.
    if len == 0 { &[] } else { unsafe { core::slice::from_raw_parts(data, len as usize) } }
}

fn array_bytes(array: &ArrayReduction) -> Option<usize> {
    usize::try_from(array.len).ok()?.checked_mul(reduce::itemsize(array.dtype)?)
}

impl<'a> Blocks<'a> {
    /// # Safety
    /// The descriptor is as the ABI says and outlives the result.
    pub unsafe fn new(desc: &'a LoopDesc) -> Result<Blocks<'a>, Refusal> {
        // SAFETY: by contract.
        let (scalars, arrays) =
            unsafe { (slice(desc.scalars, desc.nscalars), slice(desc.arrays, desc.narrays)) };
        let supported = scalars.iter().all(|s| reduce::supports(s.dtype, s.op))
            && arrays.iter().all(|a| reduce::supports(a.dtype, a.op));
        if !supported {
            return Err(Refusal::Unsupported);
        }
        let plan = Plan::new(desc.n, desc.min_block, arrays.iter().map(|a| (a.dtype, a.len)));
        let sum = |inexact: bool| {
            arrays
                .iter()
                .filter(|a| reduce::is_inexact(a.dtype) == inexact)
                .try_fold(0usize, |sum, a| sum.checked_add(padded(array_bytes(a)?)))
        };
        let (Some(copy_bytes), Some(private_bytes)) = (sum(true), sum(false)) else {
            return Err(Refusal::OutOfMemory);
        };
        let blocks = plan.blocks as usize;
        let copy_total = if plan.direct_arrays { Some(0) } else { copy_bytes.checked_mul(blocks) };
        let results = Buffer::new(blocks * scalars.len() * RESULT);
        let copies = copy_total.and_then(Buffer::new);
        let (Some(results), Some(copies)) = (results, copies) else { return Err(Refusal::OutOfMemory) };
        let end = |s: &ScalarReduction| s.offset as usize + PARTIALS * reduce::itemsize(s.dtype).unwrap_or(0);
        let partial_bytes = scalars.iter().map(end).max().unwrap_or(0);
        Ok(Blocks { desc, plan, scalars, arrays, partial_bytes, results, copies, copy_bytes, private_bytes })
    }

    /// Most threads that are worth their private copies of integer arrays.
    pub fn most_threads(&self) -> i64 {
        if self.private_bytes == 0 {
            return i64::MAX;
        }
        let bytes = self.private_bytes as u64;
        let by_memory = 1 + (MOST_PRIVATE / bytes) as i64;
        if self.desc.min_block <= 1 {
            return by_memory;
        }
        // Cheap bodies: a copy is set and combined element by element, which must not outweigh the iterations.
        let exact = self.arrays.iter().filter(|a| !reduce::is_inexact(a.dtype));
        let elements = exact.map(|a| a.len).sum::<u64>().max(1);
        by_memory.min((self.desc.n as u64 / elements).max(1) as i64)
    }

    /// Iterations of block `b`.
    #[inline]
    pub fn bounds(&self, b: u32) -> (i64, i64) {
        let at = |b| block_start(self.desc.n, self.plan.blocks, b);
        (at(i64::from(b)), at(i64::from(b) + 1))
    }

    /// Result of block `b` for scalar `r`.
    fn result(&self, r: usize, b: u32) -> *mut u8 {
        let index = r * self.plan.blocks as usize + b as usize;
        // SAFETY: the buffer holds one result for each pair.
        unsafe { self.results.data().add(index * RESULT) }
    }

    /// Combines everything into the targets.
    ///
    /// # Safety
    /// Every block has run without failing, and no thread is in the loop any more. `seats` are the loop's.
    pub unsafe fn combine(&self, seats: &[Seat]) {
        for (r, scalar) in self.scalars.iter().enumerate() {
            let size = reduce::itemsize(scalar.dtype).unwrap_or(0);
            let blocks = self.plan.blocks as usize;
            // SAFETY: results of one scalar are contiguous and initialised; the target is one element.
            unsafe {
                let first = self.result(r, 0);
                for b in 1..blocks {
                    // Close the gaps, so that the tree sees one element after another.
                    ptr::copy(first.add(b * RESULT), first.add(b * size), size);
                }
                let values = core::slice::from_raw_parts_mut(first, blocks * size);
                reduce::fold_blocks(scalar.dtype, scalar.op, values, size);
                let target = core::slice::from_raw_parts_mut(scalar.target, size);
                reduce::combine(scalar.dtype, scalar.op, target, &values[..size]);
            }
        }
        for seat in seats {
            let private = seat.private.load(Ordering::Acquire);
            if !private.is_null() {
                // SAFETY: the thread that sat here has left its copies to us.
                unsafe { self.combine_private(private) };
            }
        }
    }

    /// Frees the copies that other threads have left.
    ///
    /// # Safety
    /// No thread is in the loop any more.
    pub unsafe fn reclaim(&self, seats: &[Seat]) {
        for seat in seats {
            let private = seat.private.swap(ptr::null_mut(), Ordering::Acquire);
            if !private.is_null() {
                // SAFETY: it came from `Runner::hand_over` of this loop.
                drop(unsafe { Buffer::from_raw(private, self.private_bytes) });
            }
        }
    }

    /// # Safety
    /// `private` holds one copy of each integer array, and nobody else uses it.
    unsafe fn combine_private(&self, private: *mut u8) {
        let mut at = 0;
        for array in self.arrays.iter().filter(|a| !reduce::is_inexact(a.dtype)) {
            let bytes = array_bytes(array).unwrap_or(0);
            // SAFETY: copies lie in this order; target and copy are `bytes` long and disjoint.
            unsafe {
                let copy = core::slice::from_raw_parts(private.add(at), bytes);
                let target = core::slice::from_raw_parts_mut(array.data, bytes);
                reduce::combine(array.dtype, array.op, target, copy);
            }
            at += padded(bytes);
        }
    }

    /// Whether [`Blocks::combine_copies`] has anything to do, and over how many bytes of a copy.
    pub fn copied_bytes(&self) -> usize {
        if self.plan.direct_arrays { 0 } else { self.copy_bytes }
    }

    /// Folds the copies of floating-point arrays into their targets, for the bytes `from..to` of a copy. Bounds are
    /// multiples of 64, so that different ranges can be done by different threads.
    ///
    /// # Safety
    /// Every block has run without failing; nobody else works on this range.
    pub unsafe fn combine_copies(&self, from: usize, to: usize) {
        let mut begin = 0;
        for array in self.arrays.iter().filter(|a| reduce::is_inexact(a.dtype)) {
            let bytes = array_bytes(array).unwrap_or(0);
            let (lo, hi) = (from.max(begin), to.min(begin + bytes));
            if lo < hi {
                // SAFETY: `lo..hi` lies in this array's part of every copy; `lo - begin` is a multiple of 64.
                unsafe {
                    self.fold_range(array, lo, hi - lo);
                    let total = core::slice::from_raw_parts(self.copies.data().add(lo), hi - lo);
                    let target = core::slice::from_raw_parts_mut(array.data.add(lo - begin), hi - lo);
                    reduce::combine(array.dtype, array.op, target, total);
                }
            }
            begin += padded(bytes);
        }
    }

    /// The tree of `reduce::fold_blocks` for `len` bytes at `at` of every copy, without moving them together.
    ///
    /// # Safety
    /// As for [`Blocks::combine_copies`].
    unsafe fn fold_range(&self, array: &ArrayReduction, at: usize, len: usize) {
        let blocks = self.plan.blocks as usize;
        // SAFETY: copies are `copy_bytes` apart and disjoint.
        let part = |b: usize| unsafe { self.copies.data().add(b * self.copy_bytes + at) };
        let mut width = 1;
        while width < blocks {
            for b in (0..blocks - width).step_by(2 * width) {
                // SAFETY: as above.
                unsafe {
                    let left = core::slice::from_raw_parts_mut(part(b), len);
                    let right = core::slice::from_raw_parts(part(b + width), len);
                    reduce::combine(array.dtype, array.op, left, right);
                }
            }
            width *= 2;
        }
    }
}

/// Bytes of partials kept on the stack.
const INLINE: usize = 2048;

#[repr(align(64))]
struct Inline(MaybeUninit<[u8; INLINE]>);

/// One thread's private memory in a loop with reductions.
pub struct Runner<'a> {
    blocks: &'a Blocks<'a>,
    inline: Inline,
    heap: Buffer,
    /// Data pointers handed to the body, one per array.
    pointers: Vec<*mut u8>,
    /// Integer copies of this thread; `None` when it works on the targets.
    private: Option<Buffer>,
}

impl<'a> Runner<'a> {
    /// `None` when out of memory. Only one runner of a loop may be `direct`: it adds to integer targets in place.
    pub fn new(blocks: &'a Blocks<'a>, direct: bool) -> Option<Runner<'a>> {
        let heap = Buffer::new(if blocks.partial_bytes > INLINE { blocks.partial_bytes } else { 0 })?;
        let private = match blocks.private_bytes {
            0 => None,
            _ if direct => None,
            bytes => Some(Buffer::new(bytes)?),
        };
        let mut runner =
            Runner { blocks, inline: Inline(MaybeUninit::uninit()), heap, pointers: Vec::new(), private };
        if !blocks.arrays.is_empty() {
            runner.pointers = blocks.arrays.iter().map(|a| a.data).collect();
            runner.place_private();
        }
        Some(runner)
    }

    /// Points integer arrays at this thread's copies and sets those to the identity.
    fn place_private(&mut self) {
        let Some(private) = &self.private else { return };
        let mut at = 0;
        for (pointer, array) in self.pointers.iter_mut().zip(self.blocks.arrays) {
            if reduce::is_inexact(array.dtype) {
                continue;
            }
            let bytes = array_bytes(array).unwrap_or(0);
            // SAFETY: the buffer holds all integer arrays in this order.
            unsafe {
                *pointer = private.data().add(at);
                set_identity(array.dtype, array.op, *pointer, bytes);
            }
            at += padded(bytes);
        }
    }

    /// Points floating-point arrays at the copies of block `b` and sets those to the identity.
    fn place_copies(&mut self, b: u32) {
        if self.blocks.copied_bytes() == 0 {
            return;
        }
        let mut at = b as usize * self.blocks.copy_bytes;
        for (pointer, array) in self.pointers.iter_mut().zip(self.blocks.arrays) {
            if !reduce::is_inexact(array.dtype) {
                continue;
            }
            let bytes = array_bytes(array).unwrap_or(0);
            // SAFETY: there is one copy of all these arrays for each block.
            unsafe {
                *pointer = self.blocks.copies.data().add(at);
                set_identity(array.dtype, array.op, *pointer, bytes);
            }
            at += padded(bytes);
        }
    }

    /// Runs block `b`; returns the body's status.
    ///
    /// # Safety
    /// `ctx` is this thread's context; no other thread runs this block.
    #[inline]
    pub unsafe fn run(&mut self, ctx: *mut Ctx, b: u32) -> i32 {
        let blocks = self.blocks;
        let desc = blocks.desc;
        let large = blocks.partial_bytes > INLINE;
        let partials = if large { self.heap.data() } else { self.inline.0.as_mut_ptr().cast::<u8>() };
        for s in blocks.scalars {
            let bytes = PARTIALS * reduce::itemsize(s.dtype).unwrap_or(0);
            // SAFETY: `partial_bytes` covers every scalar's partials.
            unsafe { set_identity(s.dtype, s.op, partials.add(s.offset as usize), bytes) };
        }
        self.place_copies(b);
        let (lo, hi) = blocks.bounds(b);
        let last = if hi == desc.n { desc.last } else { ptr::null_mut() };
        let mut block = Block { partials, arrays: self.pointers.as_ptr(), last };
        // SAFETY: the body is generated for this descriptor; everything the block offers is valid.
        let status = unsafe { (desc.body)(ctx, desc.env, lo, hi, &raw mut block) };
        if status == 0 {
            for (r, s) in blocks.scalars.iter().enumerate() {
                let size = reduce::itemsize(s.dtype).unwrap_or(0);
                // SAFETY: as above; only this thread writes this block's result.
                unsafe {
                    let all =
                        core::slice::from_raw_parts_mut(partials.add(s.offset as usize), PARTIALS * size);
                    reduce::fold_used_partials(s.dtype, s.op, all, hi - lo);
                    ptr::copy_nonoverlapping(all.as_ptr(), blocks.result(r, b), size);
                }
            }
        }
        status
    }

    /// Leaves this thread's integer copies to the loop's caller, who combines and frees them.
    pub fn hand_over(self, seat: &Seat) {
        if let Some(private) = self.private {
            seat.private.store(private.into_raw(), Ordering::Release);
        }
    }
}

/// # Safety
/// `bytes` bytes from `data` are writable and this thread's own.
unsafe fn set_identity(dtype: u32, op: u32, data: *mut u8, bytes: usize) {
    // SAFETY: by contract; the memory may be fresh.
    let memory = unsafe { core::slice::from_raw_parts_mut(data.cast::<MaybeUninit<u8>>(), bytes) };
    reduce::fill_fresh(dtype, op, memory);
}

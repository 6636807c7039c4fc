//! Requests of kernels: numbers that stand for MPI's requests and what must live until they complete.
//!
//! A number is a slot and its generation. A slot is free again when its request has completed, so that an old number, of which a
//! kernel may have copies, means `MPI.REQUEST_NULL` from then on, as it does in mpi4py. A request that nobody waits for keeps
//! its memory for ever: MPI may still write to it.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::any::Any;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ungil_abi::array::{MemInfo, MemKind};
use ungil_abi::exception::ExcClass;
use ungil_abi::mpi::Word;

use crate::block::{Block, Buffer};
use crate::datatype::checked;
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::{HandleArray, HandleCell, address_of, mpi};
use crate::library::{Library, library};
use crate::message::{Copy, Message, Staged, Vector};
use crate::status::{RawStatus, RawStatuses};

/// What a request holds.
pub struct Held {
    /// Owners of the memory of its buffers, or null.
    owners: [*mut MemInfo; 2],
    copies: Vec<Copy>,
    others: Vec<Box<dyn Any + Send>>,
    copied: bool,
}

impl Default for Held {
    fn default() -> Held {
        Held { owners: [core::ptr::null_mut(); 2], copies: Vec::new(), others: Vec::new(), copied: false }
    }
}

// SAFETY: owners are counted references; copies and others are moved with the request.
unsafe impl Send for Held {}

impl Held {
    /// Takes over the references that buffers carry.
    pub fn of(buffers: &[Buffer]) -> Held {
        let mut held = Held::default();
        for (owner, buffer) in held.owners.iter_mut().zip(buffers) {
            *owner = buffer.retained().unwrap_or(core::ptr::null_mut());
        }
        held
    }

    /// Keeps a value.
    pub fn keep(&mut self, value: impl Any + Send) {
        self.others.push(Box::new(value));
    }

    /// Keeps what a message is sent from; `receive`: what was received is written back in the end.
    pub fn stage(&mut self, staged: Staged, receive: bool) {
        self.copy(staged.copy, receive);
        self.message(staged.message, receive);
    }

    /// Keeps what a message needs.
    pub fn message(&mut self, message: Message, receive: bool) {
        let (datatype, copy) = message.into_parts();
        self.copy(copy, receive);
        if let Some(datatype) = datatype {
            self.keep(datatype);
        }
    }

    pub fn vector(&mut self, mut vector: Vector, receive: bool) {
        self.copy(vector.copy.take(), receive);
        self.keep(vector);
    }

    /// Whether something is sent from or received into a copy.
    pub fn is_copied(&self) -> bool {
        self.copied
    }

    fn copy(&mut self, copy: Option<Copy>, receive: bool) {
        self.copied |= copy.is_some();
        match copy {
            Some(copy) if receive => self.copies.push(copy),
            Some(copy) => self.keep(copy),
            None => {}
        }
    }

    /// Writes what was received to where it belongs.
    pub fn finish(&mut self) {
        self.copies.iter_mut().for_each(Copy::write_back);
    }

    pub fn release(self, library: &Library) {
        for owner in self.owners.into_iter().filter(|owner| !owner.is_null()) {
            // SAFETY: a reference that the buffer's descriptor carried, given back once.
            unsafe { (library.host.release)(owner) };
        }
    }
}

#[derive(Default)]
struct Slot {
    generation: u32,
    used: bool,
    persistent: bool,
    handle: i64,
    held: Held,
}

struct Slots {
    all: Vec<Slot>,
    free: Vec<usize>,
}

/// Number of slots in use, to be looked at without the lock.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

static SLOTS: Mutex<Slots> = Mutex::new(Slots { all: Vec::new(), free: Vec::new() });

fn slots() -> MutexGuard<'static, Slots> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new number for a request.
pub fn register(handle: i64, held: Held, persistent: bool) -> i64 {
    let mut slots = slots();
    let index = match slots.free.pop() {
        Some(index) => index,
        None => {
            slots.all.push(Slot::default());
            slots.all.len() - 1
        }
    };
    let slot = &mut slots.all[index];
    slot.generation = slot.generation.wrapping_add(1) & 0x7fff_ffff;
    (slot.used, slot.persistent, slot.handle, slot.held) = (true, persistent, handle, held);
    IN_USE.fetch_add(1, Ordering::Relaxed);
    i64::from(slot.generation) << 32 | (index as i64 + 1)
}

impl Slots {
    fn get(&mut self, number: i64) -> Option<&mut Slot> {
        let index = usize::try_from((number & 0xffff_ffff) - 1).ok()?;
        self.all.get_mut(index).filter(|slot| slot.used && i64::from(slot.generation) == number >> 32)
    }

    /// Notes what MPI has made of a request.
    fn update(&mut self, library: &Library, number: i64, handle: i64) -> Option<Held> {
        let slot = self.get(number)?;
        slot.handle = handle;
        if slot.persistent {
            // What was received is there after each round.
            slot.held.finish();
        }
        if handle != library.constants.request_null {
            return None;
        }
        slot.used = false;
        IN_USE.fetch_sub(1, Ordering::Relaxed);
        let held = core::mem::take(&mut slot.held);
        self.free.push((number & 0xffff_ffff) as usize - 1);
        Some(held)
    }
}

fn handle_of(library: &Library, number: i64) -> i64 {
    slots().get(number).map_or(library.constants.request_null, |slot| slot.handle)
}

/// Notes what MPI has made of a request, and gives back what a completed one held.
fn update(library: &Library, number: i64, handle: i64) {
    let held = slots().update(library, number, handle);
    if let Some(mut held) = held {
        held.finish();
        held.release(library);
    }
}

/// Memory of arguments that pending requests hold: calls `keep` for each, which returns the owner to hold instead.
///
/// The owner of an argument's memory is gone when the call of the kernel has ended; the host takes a reference to the object.
pub fn adopt_arguments(mut keep: impl FnMut(*mut MemInfo) -> *mut MemInfo) {
    let mut slots = slots();
    for slot in slots.all.iter_mut().filter(|slot| slot.used) {
        for owner in slot.held.owners.iter_mut().filter(|owner| !owner.is_null()) {
            // SAFETY: the owner of an argument is asked about before its call ends, others are counted.
            if unsafe { (**owner).kind } == MemKind::ARGUMENT {
                *owner = keep(*owner);
            }
        }
    }
}

/// Whether there are requests that have not completed.
#[inline]
pub fn any_pending() -> bool {
    IN_USE.load(Ordering::Relaxed) != 0
}

/// `request.Wait(status)`
pub fn wait(block: Block) -> Result<(), i64> {
    let library = library();
    let number = block.comm();
    let mut handle = HandleCell::new(handle_of(library, number), library.narrow);
    let mut status = RawStatus::new();
    let code = mpi!(library, false, Function::Wait; p handle.address(), p status.address());
    update(library, number, handle.get());
    checked(code)?;
    status.publish(library, block.status());
    Ok(())
}

/// `request.Test(status)`
pub fn test(block: Block) -> Result<(), i64> {
    let library = library();
    let number = block.comm();
    let mut handle = HandleCell::new(handle_of(library, number), library.narrow);
    let (mut status, mut flag) = (RawStatus::new(), 0_i32);
    let code =
        mpi!(library, false, Function::Test; p handle.address(), p address_of(&mut flag), p status.address());
    if flag != 0 || code != 0 {
        update(library, number, handle.get());
    }
    checked(code)?;
    if flag != 0 {
        status.publish(library, block.status());
    }
    block.set_result(i64::from(flag != 0));
    Ok(())
}

/// The requests whose numbers a block holds.
struct Several {
    numbers: &'static [i64],
    handles: HandleArray,
}

impl Several {
    fn of(library: &Library, block: Block) -> Several {
        let numbers = block.numbers(0, block.int(1) as usize);
        let mut slots = slots();
        let null = library.constants.request_null;
        let handles = numbers.iter().map(|n| slots.get(*n).map_or(null, |slot| slot.handle));
        Several { numbers, handles: HandleArray::new(handles, library.narrow) }
    }

    fn update(&mut self, library: &Library) {
        let mut slots = slots();
        for (k, number) in self.numbers.iter().enumerate() {
            let held = slots.update(library, *number, self.handles.get(k));
            if let Some(mut held) = held {
                held.finish();
                held.release(library);
            }
        }
    }
}

/// `Request.Waitall(requests, statuses)`
pub fn wait_all(block: Block) -> Result<(), i64> {
    let library = library();
    let mut all = Several::of(library, block);
    let n = all.numbers.len();
    let mut statuses = RawStatuses::new(library, n);
    let code = mpi!(library, false, Function::Waitall; i n, p all.handles.address(), p statuses.address());
    all.update(library);
    checked(code)?;
    publish_all(library, block, &mut statuses, n);
    Ok(())
}

/// `Request.Testall(requests, statuses)`
pub fn test_all(block: Block) -> Result<(), i64> {
    let library = library();
    let mut all = Several::of(library, block);
    let n = all.numbers.len();
    let (mut statuses, mut flag) = (RawStatuses::new(library, n), 0_i32);
    let code = mpi!(library, false, Function::Testall;
        i n, p all.handles.address(), p address_of(&mut flag), p statuses.address());
    if flag != 0 || code != 0 {
        all.update(library);
    }
    checked(code)?;
    if flag != 0 {
        publish_all(library, block, &mut statuses, n);
    }
    block.set_result(i64::from(flag != 0));
    Ok(())
}

/// Statuses that the kernel wants, by their addresses.
fn publish_all(library: &Library, block: Block, statuses: &mut RawStatuses, n: usize) {
    let wanted = block.numbers(2, block.int(3) as usize);
    for (k, to) in wanted.iter().enumerate().take(n) {
        statuses.publish(library, k, *to as *mut i64);
    }
}

/// `Request.Waitany(requests, status)`
pub fn wait_any(block: Block) -> Result<(), i64> {
    let library = library();
    let mut all = Several::of(library, block);
    let n = all.numbers.len();
    let (mut status, mut index) = (RawStatus::new(), library.constants.undefined as i32);
    let code = mpi!(library, false, Function::Waitany;
        i n, p all.handles.address(), p address_of(&mut index), p status.address());
    finish_any(library, block, &mut all, &mut status, index, code)
}

/// `Request.Testany(requests, status)`: the flag is the last integer.
pub fn test_any(block: Block) -> Result<(), i64> {
    let library = library();
    let mut all = Several::of(library, block);
    let n = all.numbers.len();
    let (mut status, mut index, mut flag) = (RawStatus::new(), library.constants.undefined as i32, 0_i32);
    let code = mpi!(library, false, Function::Testany; i n, p all.handles.address(),
        p address_of(&mut index), p address_of(&mut flag), p status.address());
    block.results(2, 1)[0] = i64::from(flag != 0);
    if flag == 0 && code == 0 {
        block.set_result(library.constants.undefined);
        return Ok(());
    }
    finish_any(library, block, &mut all, &mut status, index, code)
}

fn finish_any(
    library: &Library,
    block: Block,
    all: &mut Several,
    status: &mut RawStatus,
    index: i32,
    code: i64,
) -> Result<(), i64> {
    if let Some((k, number)) = usize::try_from(index).ok().and_then(|k| Some((k, *all.numbers.get(k)?))) {
        update(library, number, all.handles.get(k));
    }
    checked(code)?;
    status.publish(library, block.status());
    block.set_result(i64::from(index));
    Ok(())
}

/// `Request.Waitsome(requests, statuses)`, `Request.Testsome(requests, statuses)`: their number is the result, and their places
/// go to where others have a status.
pub fn some(block: Block, function: Function) -> Result<(), i64> {
    let library = library();
    let mut all = Several::of(library, block);
    let n = all.numbers.len();
    let (mut statuses, mut places) = (RawStatuses::new(library, n), vec![0_i32; n.max(1)]);
    let mut done = 0_i32;
    let code = mpi!(library, false, function; i n, p all.handles.address(), p address_of(&mut done),
        p places.as_mut_ptr() as i64, p statuses.address());
    // None of the requests was active.
    let done = if i64::from(done) == library.constants.undefined { 0 } else { done };
    let places = &places[..usize::try_from(done).unwrap_or(0).min(n)];
    for k in places.iter().filter_map(|k| usize::try_from(*k).ok()) {
        update(library, all.numbers[k], all.handles.get(k));
    }
    checked(code)?;
    publish_all(library, block, &mut statuses, places.len());
    for (to, from) in block.results(Word::STATUS - Word::INTS, places.len()).iter_mut().zip(places) {
        *to = (*from).into();
    }
    block.set_result(done.into());
    Ok(())
}

/// `request.Start()`
pub fn start(block: Block) -> Result<(), i64> {
    start_number(library(), block.comm())
}

/// `Prequest.Startall(requests)`
pub fn start_all(block: Block) -> Result<(), i64> {
    let library = library();
    let numbers = block.numbers(0, block.int(1) as usize);
    numbers.iter().try_for_each(|number| start_number(library, *number))
}

fn start_number(library: &Library, number: i64) -> Result<(), i64> {
    let handle = handle_of(library, number);
    if handle == library.constants.request_null {
        return Err(fault(ExcClass::VALUE_ERROR, "cannot start a request that was freed"));
    }
    let mut cell = HandleCell::new(handle, library.narrow);
    checked(mpi!(library, false, Function::Start; p cell.address()))?;
    if let Some(slot) = slots().get(number) {
        slot.handle = cell.get();
    }
    Ok(())
}

/// `request.Cancel()`
pub fn cancel(block: Block) -> Result<(), i64> {
    let library = library();
    let mut cell = HandleCell::new(handle_of(library, block.comm()), library.narrow);
    checked(mpi!(library, false, Function::Cancel; p cell.address()))
}

/// `request.Free()`: memory of an operation that is still under way is kept for ever.
pub fn free(block: Block) -> Result<(), i64> {
    let library = library();
    let number = block.comm();
    let mut cell = HandleCell::new(handle_of(library, number), library.narrow);
    checked(mpi!(library, false, Function::RequestFree; p cell.address()))?;
    let held = slots().update(library, number, library.constants.request_null);
    core::mem::forget(held);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_number_is_no_request() {
        let first = register(7, Held::default(), false);
        assert_eq!(slots().get(first).map(|slot| slot.handle), Some(7));
        {
            let mut slots = slots();
            slots.get(first).expect("registered").used = false;
            let index = (first & 0xffff_ffff) as usize - 1;
            slots.free.push(index);
        }
        let second = register(8, Held::default(), false);
        assert_ne!(first, second);
        assert!(slots().get(first).is_none());
        assert!(slots().get(0).is_none());
    }
}

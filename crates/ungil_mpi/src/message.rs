//! Messages: what MPI is told about a buffer.
//!
//! Counts, displacements and datatypes follow mpi4py, in its words where something is wrong. Arrays that are not contiguous
//! travel as derived datatypes ([`message`]) or through a copy ([`staged`]) where a function cuts them into parts or computes
//! with them.

use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_abi::mpi::BufferWord;

use crate::block::{Buffer, View};
use crate::datatype::{self, Derived};
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::fit;
use crate::library::Library;

/// Largest count that C's `int` holds.
pub const INT_MAX: i64 = i32::MAX as i64;

/// Address, count and datatype.
pub struct Message {
    pub address: i64,
    pub count: i64,
    pub datatype: i64,
    /// End of the memory, if the message is one piece of it.
    pub end: i64,
    derived: Option<Arc<Derived>>,
    /// What it is sent from or received into instead of the array.
    copy: Option<Copy>,
}

impl Message {
    /// Nothing.
    #[inline]
    pub fn none(library: &Library) -> Message {
        Message { address: 0, count: 0, datatype: library.constants.byte, end: 0, derived: None, copy: None }
    }

    /// `MPI.IN_PLACE`.
    pub fn in_place(library: &Library, like: &Message) -> Message {
        Message {
            address: library.constants.in_place,
            count: like.count,
            datatype: like.datatype,
            ..Message::none(library)
        }
    }

    /// Whether the call needs the function for large counts; a message of one buffer becomes a single item where the
    /// library has none.
    #[inline]
    pub fn fit(&mut self, library: &'static Library, function: Function) -> Result<bool, i64> {
        if self.count <= INT_MAX {
            return Ok(false);
        }
        if library.address(function, true).is_some() {
            return Ok(true);
        }
        let many = datatype::of_many(library, self.count, self.datatype)?;
        (self.count, self.datatype) = (1, many.handle());
        self.derived = Some(many);
        Ok(false)
    }

    /// What must live until a request completes.
    pub fn into_parts(self) -> (Option<Arc<Derived>>, Option<Copy>) {
        (self.derived, self.copy)
    }

    /// Whether it is sent from or received into a copy.
    pub fn is_copied(&self) -> bool {
        self.copy.is_some()
    }

    /// Writes what was received to where it belongs.
    #[inline]
    pub fn finish(&mut self) {
        if let Some(copy) = &mut self.copy {
            copy.write_back();
        }
    }
}

/// What most buffers are: whole arrays that lie in order. Address, count and datatype; nothing is to be kept or written back.
#[inline]
pub fn plain(library: &Library, buffer: Buffer) -> Option<(i64, i64, i64)> {
    let (address, count, dtype) = buffer.plain()?;
    (count <= INT_MAX).then(|| (address, count, library.datatype(dtype)))
}

/// The message of a buffer that is used as a whole.
#[inline]
pub fn message(library: &'static Library, buffer: Buffer) -> Result<Message, i64> {
    match buffer.kind() {
        BufferWord::ARRAY => {}
        BufferWord::IN_PLACE => return Err(fault(ExcClass::VALUE_ERROR, "MPI.IN_PLACE is no buffer here")),
        _ => return Ok(Message::none(library)),
    }
    let view = buffer.view();
    if buffer.is_contiguous() || view.is_contiguous() {
        return of_memory(library, buffer, &view, view.data, 1);
    }
    let whole = buffer.offset() == 0 && buffer.items().is_none_or(|n| n == view.elements());
    let own = library.datatype(view.dtype);
    if !whole || !matches!(buffer.datatype(), 0) && buffer.datatype() != own {
        return Err(fault(
            ExcClass::VALUE_ERROR,
            "message: a count, displacement or other datatype needs a contiguous array",
        ));
    }
    if view.strides.iter().any(|stride| *stride < 0) {
        // Open MPI 4 sends wrong elements for datatypes with negative strides.
        let mut copy = Copy::of(&view);
        let address = copy.memory.as_mut_ptr() as i64;
        let (count, end) = (view.elements(), 0);
        return Ok(Message { address, count, datatype: own, end, derived: None, copy: Some(copy) });
    }
    let derived = datatype::of_view(library, &view)?;
    let datatype = derived.handle();
    Ok(Message { address: view.data, count: 1, datatype, end: 0, derived: Some(derived), copy: None })
}

/// The datatype of a buffer's elements, the array's own unless another is given, and its extent in bytes.
#[inline]
fn datatype_of(library: &Library, buffer: Buffer, view: &View) -> Result<(i64, i64), i64> {
    let own = library.datatype(view.dtype);
    match buffer.datatype() {
        0 => Ok((own, view.item())),
        same if same == own => Ok((own, view.item())),
        other => Ok((other, datatype::extent(library, other)?)),
    }
}

/// The message of contiguous memory, cut into `blocks`.
#[inline]
fn of_memory(library: &Library, buffer: Buffer, view: &View, data: i64, blocks: i64) -> Result<Message, i64> {
    let item = view.item();
    let (datatype, extent) = datatype_of(library, buffer, view)?;
    let total = view.elements() * item;
    let offset = buffer.offset();
    if extent <= 0 || offset < 0 || offset.saturating_mul(extent) > total {
        return Err(bad_offset(offset, extent, total));
    }
    let (address, length) = (data + offset * extent, total - offset * extent);
    let count = match buffer.items() {
        Some(n) if n < 0 => return Err(fault(ExcClass::VALUE_ERROR, format!("message: negative count {n}"))),
        // mpi4py leaves this to MPI, which cannot know.
        Some(n) if n.saturating_mul(blocks.max(1)).saturating_mul(extent) > length => {
            return Err(fault(
                ExcClass::VALUE_ERROR,
                format!("message: count {n} is more than the {} entries of the buffer", length / extent),
            ));
        }
        Some(n) => n,
        None if length % extent != 0 => {
            return Err(fault(
                ExcClass::VALUE_ERROR,
                format!(
                    "message: cannot infer count, buffer length {length} is not a multiple of datatype extent {extent}"
                ),
            ));
        }
        None if blocks < 2 => length / extent,
        None if length / extent % blocks != 0 => {
            return Err(fault(
                ExcClass::VALUE_ERROR,
                format!(
                    "message: cannot infer count, number of entries {} is not a multiple of required number of blocks {blocks}",
                    length / extent
                ),
            ));
        }
        None => length / extent / blocks,
    };
    let end = address + count * extent * blocks.max(1);
    Ok(Message { address, count, datatype, end, derived: None, copy: None })
}

#[cold]
fn bad_offset(offset: i64, extent: i64, total: i64) -> i64 {
    let text = match (extent <= 0, offset < 0) {
        (true, _) => format!("message: cannot infer count, datatype extent {extent}"),
        (_, true) => format!("message: negative displacement {offset}"),
        _ => format!(
            "message: displacement {offset} out of bounds, number of datatype entries {}",
            total / extent
        ),
    };
    fault(ExcClass::VALUE_ERROR, text)
}

/// A contiguous copy of an array that is not contiguous.
pub struct Copy {
    memory: Vec<u64>,
    data: i64,
    shape: Vec<i64>,
    strides: Vec<i64>,
    item: usize,
}

impl Copy {
    fn of(view: &View) -> Copy {
        let bytes = (view.elements() * view.item()) as usize;
        let mut copy = Copy {
            memory: vec![0; bytes.div_ceil(8)],
            data: view.data,
            shape: view.shape.to_vec(),
            strides: view.strides.to_vec(),
            item: view.item() as usize,
        };
        copy.each(|array, place, item| {
            // SAFETY: an element of the array, and its place in the copy; they do not overlap.
            unsafe { core::ptr::copy_nonoverlapping(array, place, item) };
        });
        copy
    }

    /// Writes the copy back to the array.
    pub fn write_back(&mut self) {
        self.each(|array, place, item| {
            // SAFETY: as in `of`; what is received into is writable.
            unsafe { core::ptr::copy_nonoverlapping(place.cast_const(), array.cast_mut(), item) };
        });
    }

    /// Walks over the elements in C's order, with their places in the copy.
    fn each(&mut self, mut then: impl FnMut(*const u8, *mut u8, usize)) {
        if self.shape.contains(&0) {
            return;
        }
        let mut index = vec![0_i64; self.shape.len()];
        let mut at = self.data as *const u8;
        let mut place = self.memory.as_mut_ptr().cast::<u8>();
        loop {
            then(at, place, self.item);
            place = place.wrapping_add(self.item);
            let mut axis = self.shape.len();
            loop {
                let Some(k) = axis.checked_sub(1) else { return };
                axis = k;
                index[k] += 1;
                at = at.wrapping_offset(self.strides[k] as isize);
                if index[k] < self.shape[k] {
                    break;
                }
                at = at.wrapping_offset((-self.strides[k] * self.shape[k]) as isize);
                index[k] = 0;
            }
        }
    }
}

/// A message, and the copy that it is sent from or received into.
pub struct Staged {
    pub message: Message,
    pub copy: Option<Copy>,
}

impl Staged {
    pub fn none(library: &Library) -> Staged {
        Staged { message: Message::none(library), copy: None }
    }

    pub fn in_place(library: &Library, like: &Staged) -> Staged {
        Staged { message: Message::in_place(library, &like.message), copy: None }
    }

    /// Writes what was received to where it belongs.
    pub fn finish(&mut self) {
        if let Some(copy) = &mut self.copy {
            copy.write_back();
        }
    }
}

/// Contiguous memory of a buffer: its own, or a copy.
fn memory(buffer: Buffer, view: &View) -> (i64, Option<Copy>) {
    if buffer.is_contiguous() || view.is_contiguous() {
        return (view.data, None);
    }
    let mut copy = Copy::of(view);
    (copy.memory.as_mut_ptr() as i64, Some(copy))
}

/// The message of a buffer that is cut into blocks or computed with.
pub fn staged(library: &'static Library, buffer: Buffer, blocks: i64) -> Result<Staged, i64> {
    match buffer.kind() {
        BufferWord::ARRAY => {}
        BufferWord::IN_PLACE => return Err(fault(ExcClass::VALUE_ERROR, "MPI.IN_PLACE is no buffer here")),
        _ => return Ok(Staged::none(library)),
    }
    let view = buffer.view();
    let (data, copy) = memory(buffer, &view);
    Ok(Staged { message: of_memory(library, buffer, &view, data, blocks)?, copy })
}

/// A message with a count and a displacement for each rank.
pub struct Vector {
    pub address: i64,
    pub datatype: i64,
    counts: Vec<i64>,
    displacements: Vec<i64>,
    /// The same for libraries that count in `int`.
    narrow: [Vec<i32>; 2],
    pub copy: Option<Copy>,
}

impl Vector {
    pub fn none(library: &Library) -> Vector {
        Vector {
            address: 0,
            datatype: library.constants.byte,
            counts: Vec::new(),
            displacements: Vec::new(),
            narrow: [Vec::new(), Vec::new()],
            copy: None,
        }
    }

    pub fn in_place(library: &Library) -> Vector {
        Vector { address: library.constants.in_place, ..Vector::none(library) }
    }

    /// Whether a count or displacement is beyond `int`.
    pub fn is_large(&self) -> bool {
        !fit(&self.counts) || !fit(&self.displacements)
    }

    /// Addresses of counts and displacements, as the function wants them.
    pub fn arrays(&mut self, large: bool) -> [i64; 2] {
        if large {
            return [self.counts.as_ptr() as i64, self.displacements.as_ptr() as i64];
        }
        self.narrow = [&self.counts, &self.displacements].map(|all| all.iter().map(|n| *n as i32).collect());
        [self.narrow[0].as_ptr() as i64, self.narrow[1].as_ptr() as i64]
    }

    pub fn finish(&mut self) {
        if let Some(copy) = &mut self.copy {
            copy.write_back();
        }
    }
}

/// The message of a buffer with one part for each of `ranks`.
pub fn vector(library: &'static Library, buffer: Buffer, ranks: i64) -> Result<Vector, i64> {
    match buffer.kind() {
        BufferWord::ARRAY => {}
        BufferWord::IN_PLACE => return Ok(Vector::in_place(library)),
        _ => return Ok(Vector::none(library)),
    }
    let view = buffer.view();
    let item = view.item();
    let (datatype, extent) = datatype_of(library, buffer, &view)?;
    let total = view.elements() * item;
    if extent <= 0 || total % extent != 0 {
        return Err(fault(
            ExcClass::VALUE_ERROR,
            format!("message: buffer length {total} is not a multiple of datatype extent {extent}"),
        ));
    }
    let entries = total / extent;
    let [counts, displacements] = buffer.layout();
    let counts: Vec<i64> = match counts {
        None => (0..ranks).map(|k| entries / ranks + i64::from(entries % ranks > k)).collect(),
        Some(given) => of_ranks(given, ranks)?,
    };
    let displacements: Vec<i64> = match displacements {
        None => counts
            .iter()
            .scan(0, |at, n| {
                *at += n;
                Some(*at - n)
            })
            .collect(),
        Some(given) => of_ranks(given, ranks)?,
    };
    for (n, at) in counts.iter().zip(&displacements) {
        // mpi4py leaves this to MPI, which cannot know.
        if *n < 0 || *n > 0 && (*at < 0 || at.saturating_add(*n) > entries) {
            return Err(fault(
                ExcClass::VALUE_ERROR,
                format!(
                    "message: count {n} at displacement {at} is outside the {entries} entries of the buffer"
                ),
            ));
        }
    }
    let (address, copy) = memory(buffer, &view);
    Ok(Vector { address, datatype, counts, displacements, narrow: [Vec::new(), Vec::new()], copy })
}

/// Numbers of which there must be one for each rank.
pub fn of_ranks(given: &[i64], ranks: i64) -> Result<Vec<i64>, i64> {
    if given.len() as i64 == ranks {
        return Ok(given.to_vec());
    }
    let text = format!("expecting {ranks} items, got {}", given.len());
    Err(fault(ExcClass::VALUE_ERROR, text))
}

/// Refuses a buffer that is sent and received into at once.
#[inline]
pub fn check_apart(send: &Message, recv: &Message) -> Result<(), i64> {
    let same = send.address == recv.address && send.address != 0 && send.count > 0 && recv.count > 0;
    let overlap = send.end > recv.address && recv.end > send.address;
    if same || overlap && send.end != 0 && recv.end != 0 && send.count > 0 && recv.count > 0 {
        return Err(overlapping());
    }
    Ok(())
}

#[cold]
fn overlapping() -> i64 {
    let text = "the buffers to send and to receive overlap; receive into another array, or use MPI.IN_PLACE or Sendrecv_replace";
    fault(ExcClass::VALUE_ERROR, text)
}

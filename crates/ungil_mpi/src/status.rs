//! Statuses, as MPI has them and as kernels keep them (`ungil_abi::mpi::StatusWord`).

use ungil_abi::mpi::StatusWord;

use crate::function::Function;
use crate::invoke::{Words, address_of, mpi};
use crate::library::{Library, MAX_STATUS};

/// Room for a status of any library.
#[repr(C, align(16))]
pub struct RawStatus([u8; MAX_STATUS]);

impl RawStatus {
    #[inline]
    pub fn new() -> RawStatus {
        RawStatus([0; MAX_STATUS])
    }

    #[inline]
    pub fn address(&mut self) -> i64 {
        self.0.as_mut_ptr() as i64
    }

    /// Writes what kernels keep of it to `to`, unless that is null.
    #[inline]
    pub fn publish(&mut self, library: &Library, to: *mut i64) {
        if !to.is_null() {
            let size = library.status_size;
            publish(library, &mut self.0[..size], to);
        }
    }
}

/// Statuses one after the other.
pub struct RawStatuses {
    words: Words,
    size: usize,
}

impl RawStatuses {
    pub fn new(library: &Library, n: usize) -> RawStatuses {
        let size = library.status_size;
        RawStatuses { words: Words::new((n * size).div_ceil(8)), size }
    }

    pub fn address(&mut self) -> i64 {
        self.words.bytes().as_mut_ptr() as i64
    }

    /// Writes what kernels keep of status `k` to `to`.
    pub fn publish(&mut self, library: &Library, k: usize, to: *mut i64) {
        let size = self.size;
        publish(library, &mut self.words.bytes()[k * size..(k + 1) * size], to);
    }
}

fn publish(library: &Library, raw: &mut [u8], to: *mut i64) {
    let number = |at: usize| i64::from(i32::from_ne_bytes(raw[at..at + 4].try_into().expect("four bytes")));
    let [source, tag, error] = library.status_offsets.map(number);
    let (mut bytes, mut cancelled) = (0_i64, 0_i32);
    let (status, byte) = (raw.as_mut_ptr() as i64, library.constants.byte);
    // Their only errors are bad arguments.
    let _ = mpi!(library, false, Function::GetElementsX; p status, h byte, p address_of(&mut bytes));
    let _ = mpi!(library, false, Function::TestCancelled; p status, p address_of(&mut cancelled));
    let words = [
        (StatusWord::SOURCE, source),
        (StatusWord::TAG, tag),
        (StatusWord::ERROR, error),
        (StatusWord::BYTES, bytes),
        (StatusWord::CANCELLED, i64::from(cancelled)),
    ];
    for (word, value) in words {
        // SAFETY: a kernel's status has all these words.
        unsafe { *to.add(word) = value };
    }
}

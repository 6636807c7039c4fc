//! Calls of C functions whose handles and counts are of this or that width.
//!
//! `mpi!(library, large, Function; kind value, …)` calls with the prototype that the kinds spell: `h` a handle, `c` a count, `i` an
//! `int`, `a` an address or displacement, `p` a pointer. Values are words of 64 bits. The result is MPI's error code, 0 for success.

use core::ffi::{c_int, c_void};

use crate::fault::beyond;
use crate::function::Function;

/// The C type of a kind of argument.
macro_rules! c_type {
    (narrow $count:ident h) => { core::ffi::c_int };
    (wide $count:ident h) => { usize };
    ($handle:ident small c) => { core::ffi::c_int };
    ($handle:ident large c) => { i64 };
    ($handle:ident $count:ident a) => { isize };
    ($handle:ident $count:ident i) => { core::ffi::c_int };
    ($handle:ident $count:ident p) => { *mut core::ffi::c_void };
}

/// Calls the function at an address with one prototype.
macro_rules! call_as {
    ($handle:ident $count:ident $address:ident; $($kind:ident $value:expr),*) => {
        // SAFETY: the address is that of the MPI function whose prototype the kinds spell, as each use is checked against
        // the standard; what pointers lead to is the caller's business.
        unsafe {
            core::mem::transmute::<
                usize,
                unsafe extern "C" fn($($crate::invoke::c_type!($handle $count $kind)),*) -> core::ffi::c_int,
            >($address)($(($value) as $crate::invoke::c_type!($handle $count $kind)),*)
        }
    };
}

/// An argument that must fit in C's `int`: its value; 0 for others.
macro_rules! narrowed {
    (i $large:ident $value:expr) => {
        $value as i64
    };
    (c $large:ident $value:expr) => {
        if $large { 0 } else { $value as i64 }
    };
    ($other:ident $large:ident $value:expr) => {
        0
    };
}

/// Calls a function of MPI. Numbers that its `int`s do not hold are refused, as mpi4py does: cut off, they would mean another
/// rank or tag.
macro_rules! mpi {
    ($library:expr, $large:expr, $function:expr; $($kind:ident $value:expr),* $(,)?) => {{
        let (library, large, function) = ($library, $large, $function);
        let narrowed: &[i64] = &[$($crate::invoke::narrowed!($kind large $value)),*];
        match library.address(function, large) {
            _ if !$crate::invoke::fit(narrowed) => $crate::fault::beyond(function, narrowed),
            None => $crate::fault::absent(function, large),
            Some(address) => i64::from(match (library.narrow, large) {
                (true, false) => $crate::invoke::call_as!(narrow small address; $($kind $value),*),
                (true, true) => $crate::invoke::call_as!(narrow large address; $($kind $value),*),
                (false, false) => $crate::invoke::call_as!(wide small address; $($kind $value),*),
                (false, true) => $crate::invoke::call_as!(wide large address; $($kind $value),*),
            }),
        }
    }};
}

pub(crate) use {c_type, call_as, mpi, narrowed};

/// Whether numbers fit in C's `int`.
#[inline]
pub fn fit(numbers: &[i64]) -> bool {
    numbers.iter().all(|n| i64::from(*n as c_int) == *n)
}

/// Numbers as C's `int`s, for a function that takes a list of them.
pub fn c_ints(function: Function, numbers: &[i64]) -> Result<Vec<c_int>, i64> {
    match fit(numbers) {
        true => Ok(numbers.iter().map(|n| *n as c_int).collect()),
        false => Err(beyond(function, numbers)),
    }
}

/// A handle in memory, as functions that change it want it.
#[repr(C, align(8))]
pub struct HandleCell {
    bytes: [u8; 8],
    narrow: bool,
}

impl HandleCell {
    pub fn new(handle: i64, narrow: bool) -> HandleCell {
        let mut cell = HandleCell { bytes: [0; 8], narrow };
        put_handle(&mut cell.bytes, 0, handle, narrow);
        cell
    }

    /// Its address, as a word.
    pub fn address(&mut self) -> i64 {
        self.bytes.as_mut_ptr() as i64
    }

    pub fn get(&self) -> i64 {
        get_handle(&self.bytes, 0, self.narrow)
    }
}

/// Words of which a few need no memory of their own.
pub struct Words {
    few: [u64; Words::FEW],
    many: Vec<u64>,
}

impl Words {
    const FEW: usize = 24;

    /// Zeros.
    #[inline]
    pub fn new(n: usize) -> Words {
        Words { few: [0; Words::FEW], many: if n > Words::FEW { vec![0; n] } else { Vec::new() } }
    }

    /// The memory, which moves with the words.
    #[inline]
    pub fn bytes(&mut self) -> &mut [u8] {
        let words = if self.many.is_empty() { self.few.as_mut_slice() } else { &mut self.many };
        // SAFETY: the words are initialised memory of eight bytes each.
        unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), words.len() * 8) }
    }
}

/// Handles one after the other.
pub struct HandleArray {
    words: Words,
    narrow: bool,
}

impl HandleArray {
    pub fn new(handles: impl ExactSizeIterator<Item = i64>, narrow: bool) -> HandleArray {
        let mut array = HandleArray { words: Words::new(handles.len()), narrow };
        for (k, handle) in handles.enumerate() {
            put_handle(array.bytes(), k, handle, narrow);
        }
        array
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.words.bytes()
    }

    /// Their address, which changes when the array is moved.
    pub fn address(&mut self) -> i64 {
        self.bytes().as_mut_ptr() as i64
    }

    pub fn get(&mut self, k: usize) -> i64 {
        let narrow = self.narrow;
        get_handle(self.bytes(), k, narrow)
    }
}

fn put_handle(bytes: &mut [u8], k: usize, handle: i64, narrow: bool) {
    match narrow {
        true => bytes[k * 4..k * 4 + 4].copy_from_slice(&(handle as c_int).to_ne_bytes()),
        false => bytes[k * 8..k * 8 + 8].copy_from_slice(&handle.to_ne_bytes()),
    }
}

fn get_handle(bytes: &[u8], k: usize, narrow: bool) -> i64 {
    match narrow {
        true => i64::from(c_int::from_ne_bytes(bytes[k * 4..k * 4 + 4].try_into().expect("four bytes"))),
        false => i64::from_ne_bytes(bytes[k * 8..k * 8 + 8].try_into().expect("eight bytes")),
    }
}

/// The address of a value, as a word.
pub fn address_of<T>(value: &mut T) -> i64 {
    core::ptr::from_mut(value).cast::<c_void>() as i64
}

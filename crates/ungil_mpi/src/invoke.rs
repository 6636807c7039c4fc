//! Calls of C functions whose handles and counts are of this or that width.
//!
//! `mpi!(library, large, Function; kind value, …)` calls with the prototype that the kinds spell: `h` a handle, `c` a count, `i` an
//! `int`, `a` an address or displacement, `p` a pointer. Values are words of 64 bits. The result is MPI's error code, 0 for success.

use core::ffi::{c_int, c_void};

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

/// Calls a function of MPI.
macro_rules! mpi {
    ($library:expr, $large:expr, $function:expr; $($kind:ident $value:expr),* $(,)?) => {{
        let (library, large, function) = ($library, $large, $function);
        match library.address(function, large) {
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

pub(crate) use {c_type, call_as, mpi};

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

/// Handles one after the other.
pub struct HandleArray {
    words: Vec<u64>,
    narrow: bool,
}

impl HandleArray {
    pub fn new(handles: &[i64], narrow: bool) -> HandleArray {
        let mut array = HandleArray { words: vec![0; handles.len().max(1)], narrow };
        for (k, handle) in handles.iter().enumerate() {
            put_handle(array.bytes(), k, *handle, narrow);
        }
        array
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the words are initialised memory of eight bytes each.
        unsafe { core::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), self.words.len() * 8) }
    }

    pub fn address(&mut self) -> i64 {
        self.words.as_mut_ptr() as i64
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

//! The MPI library that mpi4py has loaded.
//!
//! Addresses come from the process, constants and the layout of statuses from mpi4py at run time: no header is needed, and
//! MPICH, Open MPI and the MPI-5 ABI are alike but for the width of handles.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::ffi::CString;
use std::sync::OnceLock;

use ungil_abi::array::MemInfo;

use crate::function::Function;

/// What the host knows about the library.
pub struct Description {
    /// File of mpi4py's extension module, which is linked to the library.
    pub module: String,
    /// Size of a handle in bytes: 4 (MPICH) or 8.
    pub handle_size: usize,
    pub status_size: usize,
    /// Offsets of source, tag and error in a status.
    pub status_offsets: [usize; 3],
    /// Datatypes by number of the dtype (`ungil_abi::context::ValueTag`).
    pub datatypes: [i64; 13],
    pub constants: Constants,
    /// Whether any thread may call MPI at any time.
    pub thread_multiple: bool,
}

/// Constants of MPI, widened to 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct Constants {
    pub byte: i64,
    pub comm_null: i64,
    pub request_null: i64,
    pub info_null: i64,
    pub in_place: i64,
    pub proc_null: i64,
    pub undefined: i64,
}

/// What the library needs from its host.
#[derive(Clone, Copy)]
pub struct Host {
    /// Gives back a reference to memory.
    pub release: unsafe extern "C" fn(*mut MemInfo),
    /// Whether the calling thread works for a parallel loop.
    pub in_parallel: fn() -> bool,
}

/// The library, ready to be called.
pub struct Library {
    /// Handles are of 32 bits.
    pub narrow: bool,
    pub constants: Constants,
    pub host: Host,
    pub status_size: usize,
    pub status_offsets: [usize; 3],
    pub datatypes: [i64; 13],
    pub thread_multiple: bool,
    /// Addresses of each function and of its version for large counts; 0 if there is none.
    functions: Vec<[usize; 2]>,
}

/// Statuses larger than this are not known.
pub const MAX_STATUS: usize = 64;

static LIBRARY: OnceLock<Library> = OnceLock::new();

#[cfg(target_os = "macos")]
const RTLD_NOLOAD: c_int = 0x10;
#[cfg(not(target_os = "macos"))]
const RTLD_NOLOAD: c_int = 4;
const RTLD_LAZY: c_int = 1;

unsafe extern "C" {
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *const c_char;
}

/// Finds the library's functions. Later calls have no effect: a process has one MPI.
///
/// # Errors
/// A text that says what is missing.
pub fn install(description: &Description, host: Host) -> Result<(), String> {
    if LIBRARY.get().is_some() {
        return Ok(());
    }
    if description.status_size > MAX_STATUS || !matches!(description.handle_size, 4 | 8) {
        return Err("this MPI library has an unknown binary interface".to_owned());
    }
    let file = CString::new(description.module.as_str()).map_err(|e| e.to_string())?;
    // SAFETY: a C string; the module is loaded, and nothing new is.
    let handle = unsafe { dlopen(file.as_ptr(), RTLD_LAZY | RTLD_NOLOAD) };
    if handle.is_null() {
        return Err(last_error());
    }
    let find = |name: &str| {
        // SAFETY: a live handle and a C string; names of functions hold no zero byte.
        CString::new(name).map_or(0, |name| unsafe { dlsym(handle, name.as_ptr()) } as usize)
    };
    let functions: Vec<[usize; 2]> =
        Function::ALL.iter().map(|f| [find(f.name()), find(&format!("{}_c", f.name()))]).collect();
    if functions[Function::Send as usize][0] == 0 {
        return Err("mpi4py's module is not linked to an MPI library".to_owned());
    }
    let library = Library {
        narrow: description.handle_size == 4,
        constants: description.constants,
        host,
        status_size: description.status_size,
        status_offsets: description.status_offsets,
        datatypes: description.datatypes,
        thread_multiple: description.thread_multiple,
        functions,
    };
    drop(LIBRARY.set(library));
    Ok(())
}

fn last_error() -> String {
    // SAFETY: `dlerror` returns null or a C string that is valid until the next call of its family on this thread.
    unsafe {
        let text = dlerror();
        if text.is_null() {
            "unknown".to_owned()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    }
}

/// The library. Compiled code calls only when the host has installed it: values of MPI's types come from there.
///
/// # Panics
/// Panics if it was not installed.
#[inline]
pub fn library() -> &'static Library {
    LIBRARY.get().expect("an MPI object comes from an installed library")
}

/// Whether the library was installed and any thread may call it at any time.
pub fn thread_multiple() -> bool {
    LIBRARY.get().is_some_and(|l| l.thread_multiple)
}

impl Library {
    /// Address of a function, or of its version for large counts.
    #[inline]
    pub fn address(&self, function: Function, large: bool) -> Option<usize> {
        let address = self.functions[function as usize][usize::from(large)];
        (address != 0).then_some(address)
    }

    /// The datatype of elements.
    #[inline]
    pub fn datatype(&self, dtype: u32) -> i64 {
        self.datatypes[dtype as usize]
    }
}

//! Addresses of the maths functions that are still the C library's, and of the slow paths of ours.
//!
//! The same definitions that `ungil_math::libm` declares, and so the interpreter calls: the linker may have taken some
//! from Rust's own library, whose bits differ from glibc's. Everything else that LLVM may call (`memcpy`, `fmod`, …)
//! is looked up in libm and libc.

use crate::raw::c_string;
use std::collections::HashMap;
use std::sync::OnceLock;
use ungil_math::libm::{double, single};

macro_rules! table {
    ($($name:ident)*) => {
        /// Names and addresses.
        fn table() -> HashMap<String, usize> {
            let mut table = HashMap::new();
            $(
                table.insert(stringify!($name).to_owned(), double::$name as *const () as usize);
                table.insert(concat!(stringify!($name), "f").to_owned(), single::$name as *const () as usize);
            )*
            for slow in ungil_math::lanes::slow_symbols() {
                table.insert(slow.name.to_owned(), slow.address as usize);
            }
            table
        }
    };
}

table! {
    remainder nextafter
}

/// Address of a function of libm or libc.
pub fn address(name: &str) -> Option<usize> {
    static TABLE: OnceLock<HashMap<String, usize>> = OnceLock::new();
    TABLE.get_or_init(table).get(name).copied().or_else(|| dynamic(name))
}

/// Looks a name up in libm and libc by their own handles, so that a library in the process that happens to export
/// the name does not change results.
fn dynamic(name: &str) -> Option<usize> {
    let name = c_string(name);
    let handles = [c"libm.so.6", c"libc.so.6"].map(|file| {
        // SAFETY: opening a library that is loaded already, or glibc's own, runs no foreign code.
        unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) }
    });
    handles.into_iter().filter(|handle| !handle.is_null()).find_map(|handle| {
        // SAFETY: the handle was just opened; the name is NUL-terminated.
        let address = unsafe { libc::dlsym(handle, name.as_ptr()) };
        (!address.is_null()).then_some(address as usize)
    })
}

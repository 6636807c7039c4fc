//! `arc4random` for LLVM's support library.
//!
//! LLVM calls it for names of temporary files only. Defining it here keeps the extension module from needing the
//! version of glibc (2.36) that introduced it, and so widens where a wheel installs.

/// A random number, or a fixed one where the kernel gives none.
///
/// LLVM's only caller retries when a name is taken, so that even a fixed number is right.
#[unsafe(no_mangle)]
pub extern "C" fn arc4random() -> u32 {
    let mut bytes = [0u8; 4];
    // SAFETY: the buffer has the stated size.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    u32::from_ne_bytes(bytes)
}

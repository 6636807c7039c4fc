//! Kernels for the instructions that the processor has.
//!
//! A kernel is written once, over arrays of as many numbers as fit some registers; the compiler makes vectors of them. It is
//! compiled for each set of instructions here, and the widest that the processor has is run. Everything that a kernel calls
//! is inlined, as a function of its own would be compiled without those instructions. `UNGIL_CPU_FEATURES` takes instructions
//! away, as from the code of kernels.

#[cfg(target_arch = "x86_64")]
use core::sync::atomic::{AtomicU8, Ordering};

/// Work that is compiled for several sets of instructions.
pub trait Kernel {
    /// Runs with multiplications and additions in one step where these are `FUSED`, and with accumulators that take `BYTES`
    /// side by side: two vectors.
    fn run<const FUSED: bool, const BYTES: usize>(self);
}

/// The sets of instructions, by the vectors' length.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Level {
    Plain = 1,
    Avx2 = 2,
    Avx512 = 3,
}

/// The best set that there is, as a number; zero as long as nobody has asked.
#[cfg(target_arch = "x86_64")]
static BEST: AtomicU8 = AtomicU8::new(0);

/// Finds the best set, without the features that the environment takes away as from kernels.
#[cfg(target_arch = "x86_64")]
#[cold]
fn find_level() -> u8 {
    let unwanted = std::env::var("UNGIL_CPU_FEATURES").unwrap_or_default();
    let is_there = |names: &[&str]| {
        !unwanted.split(',').any(|f| f.trim().strip_prefix('-').is_some_and(|name| names.contains(&name)))
    };
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_there(&["avx", "avx2", "fma"]);
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_there(&["f16c", "avx512f", "avx512dq", "avx512vl"]);
    let level = match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Plain,
    } as u8;
    BEST.store(level, Ordering::Relaxed);
    level
}

/// Runs a kernel with the best instructions there are.
#[inline]
pub fn run<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        let known = BEST.load(Ordering::Relaxed);
        let level = if known == 0 { find_level() } else { known };
        if level == Level::Avx512 as u8 {
            // SAFETY: the processor has these instructions; AVX-512 comes with AVX2 and FMA.
            return unsafe { run_avx512(kernel) };
        }
        if level == Level::Avx2 as u8 {
            // SAFETY: the processor has these instructions.
            return unsafe { run_avx2(kernel) };
        }
    }
    kernel.run::<{ cfg!(target_arch = "aarch64") }, 32>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
fn run_avx512<K: Kernel>(kernel: K) {
    kernel.run::<true, 128>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) {
    kernel.run::<true, 64>();
}

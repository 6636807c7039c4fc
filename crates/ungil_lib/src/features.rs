//! Kernels for the instructions that the processor has.
//!
//! A kernel is written once, over arrays of as many numbers as fit some registers; the compiler makes vectors of them. It is
//! compiled for each set of instructions here, and the widest that the processor has is run. Everything that a kernel calls
//! is inlined, as a function of its own would be compiled without those instructions.

/// Work that is compiled for several sets of instructions.
pub trait Kernel {
    /// Runs with multiplications and additions in one step where these are `FUSED`, and with accumulators that take `BYTES`
    /// side by side: two vectors.
    fn run<const FUSED: bool, const BYTES: usize>(self);
}

/// Runs a kernel with the best instructions there are.
#[inline]
pub fn run<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has these instructions; AVX-512 comes with AVX2 and FMA.
            return unsafe { run_avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
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

//! The C library's maths functions that this crate does not have yet.
//!
//! Kernels call them by their C names; the interpreter calls them here, so that both get the same bits.
//! Limits: accuracy is the C library's. Not part of the bitcode.

macro_rules! declare {
    ($module:ident $t:ty { $($name:ident = $symbol:literal ($($argument:ident),*)),* $(,)? }) => {
        #[doc = concat!("Functions on ", stringify!($t), ".")]
        pub mod $module {
            // SAFETY: declared as <math.h> does; all are defined for all arguments (`lgamma` writes the C library's
            // `signgam`, which nothing reads).
            unsafe extern "C" {
                $(
                    #[link_name = $symbol]
                    pub safe fn $name($($argument: $t),*) -> $t;
                )*
            }
        }
    };
}

declare!(double f64 {
    asin = "asin" (x), acos = "acos" (x), atan = "atan" (x), atan2 = "atan2" (y, x), sinh = "sinh" (x),
    cosh = "cosh" (x), asinh = "asinh" (x), acosh = "acosh" (x), atanh = "atanh" (x), cbrt = "cbrt" (x),
    hypot = "hypot" (x, y), erf = "erf" (x), erfc = "erfc" (x), tgamma = "tgamma" (x), lgamma = "lgamma" (x),
    remainder = "remainder" (x, y), nextafter = "nextafter" (x, y),
});

declare!(single f32 {
    asin = "asinf" (x), acos = "acosf" (x), atan = "atanf" (x), atan2 = "atan2f" (y, x), sinh = "sinhf" (x),
    cosh = "coshf" (x), asinh = "asinhf" (x), acosh = "acoshf" (x), atanh = "atanhf" (x), cbrt = "cbrtf" (x),
    hypot = "hypotf" (x, y), erf = "erff" (x), erfc = "erfcf" (x), tgamma = "tgammaf" (x), lgamma = "lgammaf" (x),
    remainder = "remainderf" (x, y), nextafter = "nextafterf" (x, y),
});

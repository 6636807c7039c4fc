//! The C library's maths functions that this crate does not have yet.
//!
//! Kernels call them by their C names; the interpreter calls them here, so that both get the same bits.
//! Limits: accuracy is the C library's. Not part of the bitcode.

macro_rules! declare {
    ($module:ident $t:ty { $($name:ident = $symbol:literal ($($argument:ident),*)),* $(,)? }) => {
        #[doc = concat!("Functions on ", stringify!($t), ".")]
        pub mod $module {
            // SAFETY: declared as <math.h> does; all are defined for all arguments.
            unsafe extern "C" {
                $(
                    #[link_name = $symbol]
                    pub safe fn $name($($argument: $t),*) -> $t;
                )*
            }
        }
    };
}

declare!(double f64 { remainder = "remainder" (x, y), nextafter = "nextafter" (x, y) });

declare!(single f32 { remainder = "remainderf" (x, y), nextafter = "nextafterf" (x, y) });

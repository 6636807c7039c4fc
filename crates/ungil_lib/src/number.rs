//! Numbers that kernels multiply and add, and element types made of them.
//!
//! A complex element is two numbers, side by side. Kernels work on numbers: with one factor's elements taken apart and the
//! other's numbers as they lie, a product of complex elements is two of numbers, whose results [`combined`] puts together.

use core::array::from_fn;

use faer::{c32, c64};

/// A number.
pub trait Number: Copy + Send + Sync + 'static {
    const ZERO: Self;

    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;

    /// `self * factor + term`, rounded once if `FUSED`.
    fn times_plus<const FUSED: bool>(self, factor: Self, term: Self) -> Self;
}

macro_rules! float {
    ($t:ty) => {
        impl Number for $t {
            const ZERO: $t = 0.0;

            #[inline(always)]
            fn plus(self, other: $t) -> $t {
                self + other
            }

            #[inline(always)]
            fn minus(self, other: $t) -> $t {
                self - other
            }

            #[inline(always)]
            fn times_plus<const FUSED: bool>(self, factor: $t, term: $t) -> $t {
                if FUSED { self.mul_add(factor, term) } else { self * factor + term }
            }
        }
    };
}

float!(f32);
float!(f64);

macro_rules! integer {
    ($t:ty) => {
        /// Products and sums wrap, so that these bits are those of signed numbers as well.
        impl Number for $t {
            const ZERO: $t = 0;

            #[inline(always)]
            fn plus(self, other: $t) -> $t {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn minus(self, other: $t) -> $t {
                self.wrapping_sub(other)
            }

            #[inline(always)]
            fn times_plus<const FUSED: bool>(self, factor: $t, term: $t) -> $t {
                self.wrapping_mul(factor).wrapping_add(term)
            }
        }
    };
}

integer!(u8);
integer!(u16);
integer!(u32);
integer!(u64);

/// A bool, whose product is "and" and whose sum is "or".
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Bool(u8);

impl Number for Bool {
    const ZERO: Bool = Bool(0);

    #[inline(always)]
    fn plus(self, other: Bool) -> Bool {
        Bool(self.0 | other.0)
    }

    #[inline(always)]
    fn minus(self, other: Bool) -> Bool {
        Bool(self.0 & !other.0)
    }

    #[inline(always)]
    fn times_plus<const FUSED: bool>(self, factor: Bool, term: Bool) -> Bool {
        Bool(self.0 & factor.0 | term.0)
    }
}

/// An element type: `PARTS` numbers side by side.
pub trait Element: Copy + 'static {
    type Part: Number;
    const PARTS: usize = size_of::<Self>() / size_of::<Self::Part>();

    fn plus(self, other: Self) -> Self;
}

macro_rules! number_element {
    ($($t:ty)*) => {$(
        impl Element for $t {
            type Part = $t;

            #[inline(always)]
            fn plus(self, other: $t) -> $t {
                Number::plus(self, other)
            }
        }
    )*};
}

number_element!(f32 f64 u8 u16 u32 u64 Bool);

impl Element for c32 {
    type Part = f32;

    #[inline(always)]
    fn plus(self, other: c32) -> c32 {
        self + other
    }
}

impl Element for c64 {
    type Part = f64;

    #[inline(always)]
    fn plus(self, other: c64) -> c64 {
        self + other
    }
}

/// Elements from the sums over the other factor's real parts, and of complex elements those over its imaginary parts too.
#[inline(always)]
pub fn combined<P: Number, const PARTS: usize, const N: usize>(sums: &[[P; N]; PARTS]) -> [P; N] {
    if PARTS == 1 {
        return sums[0];
    }
    from_fn(|c| {
        let crossed = sums[PARTS - 1][c ^ 1];
        if c % 2 == 0 { sums[0][c].minus(crossed) } else { sums[0][c].plus(crossed) }
    })
}

/// Neighbours in memory.
///
/// # Safety
/// `N` numbers from here on can be read.
#[inline(always)]
pub unsafe fn load<P: Number, const N: usize>(from: *const P) -> [P; N] {
    // SAFETY: by contract; an array is aligned as its elements are.
    unsafe { from.cast::<[P; N]>().read() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies_complex_numbers_by_parts() {
        // (2 + 3i) * (5 + 7i), (2 + 3i) * (1 - 1i)
        let other = [5.0, 7.0, 1.0, -1.0];
        let sums = [other.map(|p| 2.0 * p), other.map(|p| 3.0 * p)];
        assert_eq!(combined::<f64, 2, 4>(&sums), [-11.0, 29.0, 5.0, 1.0]);
        assert_eq!(combined::<f64, 1, 4>(&[other]), other);
    }
}

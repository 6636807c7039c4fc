//! Floats of either width.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use ungil_ir::inst::BinaryOp;
use ungil_ir::math::MathFn;

/// What arithmetic needs of `f32` and `f64`. `%` of Rust is C's `fmod`.
pub trait Float:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Neg<Output = Self>
{
    const ZERO: Self;
    const HALF: Self;
    const ONE: Self;
    const NAN: Self;
    fn floor(self) -> Self;
    fn abs(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn widen(self) -> f64;
    fn math(function: MathFn, args: &[Self]) -> Self;
}

macro_rules! float {
    ($t:ident $math:path) => {
        impl Float for $t {
            const ZERO: Self = 0.0;
            const HALF: Self = 0.5;
            const ONE: Self = 1.0;
            const NAN: Self = $t::NAN;
            fn floor(self) -> Self {
                self.floor()
            }
            fn abs(self) -> Self {
                self.abs()
            }
            fn copysign(self, sign: Self) -> Self {
                self.copysign(sign)
            }
            fn widen(self) -> f64 {
                f64::from(self)
            }
            fn math(function: MathFn, args: &[Self]) -> Self {
                $math(function, args)
            }
        }
    };
}
float!(f32 crate::math::single);
float!(f64 crate::math::double);

#[expect(clippy::eq_op, reason = "a number differs from itself where it is NaN")]
pub fn binary<T: Float>(op: BinaryOp, a: T, b: T) -> T {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::FloorDiv => floor_divide(a, b),
        BinaryOp::Mod => modulo(a, b),
        BinaryOp::Min => {
            if a < b || a != a {
                a
            } else {
                b
            }
        }
        BinaryOp::Max => {
            if a > b || a != a {
                a
            } else {
                b
            }
        }
        _ => panic!("no {op:?} of floats"),
    }
}

/// `numpy.floor_divide`.
fn floor_divide<T: Float>(a: T, b: T) -> T {
    if b == T::ZERO {
        return a / b;
    }
    let m = a % b;
    let mut d = (a - m) / b;
    if m != T::ZERO && (b < T::ZERO) != (m < T::ZERO) {
        d = d - T::ONE;
    }
    if d == T::ZERO {
        return T::ZERO.copysign(a / b);
    }
    let q = d.floor();
    if d - q > T::HALF { q + T::ONE } else { q }
}

/// `numpy.remainder`.
fn modulo<T: Float>(a: T, b: T) -> T {
    let m = a % b;
    if b == T::ZERO {
        m
    } else if m == T::ZERO {
        T::ZERO.copysign(b)
    } else if (b < T::ZERO) != (m < T::ZERO) {
        m + b
    } else {
        m
    }
}

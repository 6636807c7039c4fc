//! High-precision references and error measurement.
//!
//! The references are glibc's binary128 functions (113 bits, error below 2 units of their last place), an
//! implementation that shares nothing with this crate; errors are computed in integers.
//! Limits: x86-64 Linux with glibc ≥ 2.26, whose calling convention passes binary128 like `__m128`.
#![allow(dead_code, reason = "each test binary and the report example use a part")]

use std::arch::asm;
use std::arch::x86_64::__m128;

use local::Pair;

pub mod cases;
pub mod local;
pub mod screened;

macro_rules! binary128 {
    ($($name:ident($first:ident $(, $second:ident)?);)*) => {
        mod libm {
            unsafe extern "C" {
                $(pub fn $name();)*
            }
        }
        $(
            /// glibc's function of that name.
            pub fn $name($first: f64 $(, $second: f64)?) -> Quad {
                call(libm::$name, $first, [$first $(, $second)?][[$first $(, $second)?].len() - 1])
            }
        )*
    };
}

/// Calls a function of one or two binary128 arguments, which the calling convention puts in xmm0 and xmm1.
///
/// The type has no stable name in Rust, so that the call is written in assembly.
fn call(function: unsafe extern "C" fn(), first: f64, second: f64) -> Quad {
    let result: __m128;
    // SAFETY: the functions read the two registers alone, follow the C convention and return in xmm0; the stack
    // is aligned on entry to the assembly.
    unsafe {
        asm!(
            "call {function}",
            function = in(reg) function,
            inout("xmm0") Quad::register(first) => result,
            in("xmm1") Quad::register(second),
            clobber_abi("C"),
        );
    }
    Quad::from_register(result)
}

binary128! {
    sqrtf128(x); expf128(x); exp2f128(x); expm1f128(x); logf128(x); log2f128(x); log10f128(x); log1pf128(x);
    sinf128(x); cosf128(x); tanf128(x); tanhf128(x); sinhf128(x); coshf128(x);
    asinf128(x); acosf128(x); atanf128(x); asinhf128(x); acoshf128(x); atanhf128(x); cbrtf128(x);
    erff128(x); erfcf128(x); tgammaf128(x); lgammaf128(x);
    powf128(x, y); atan2f128(x, y); hypotf128(x, y);
}

/// A binary128 number.
#[derive(Clone, Copy, Debug)]
pub struct Quad(u128);

const MANTISSA: u128 = (1 << 112) - 1;

impl Quad {
    /// The register that holds the binary128 equal to `x`.
    fn register(x: f64) -> __m128 {
        let bits = x.to_bits();
        let sign = u128::from(bits >> 63) << 127;
        let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
        let magnitude = match (exponent, fraction) {
            (0, 0) => 0,
            (0, _) => {
                let shift = fraction.leading_zeros() - 11;
                (u128::from(16383 - 1022 - shift) << 112)
                    | ((u128::from(fraction) << (60 + shift)) & MANTISSA)
            }
            (0x7ff, _) => (0x7fff << 112) | (u128::from(fraction) << 60),
            _ => (u128::from(exponent + 16383 - 1023) << 112) | (u128::from(fraction) << 60),
        };
        // SAFETY: both are 16 bytes without invalid values.
        unsafe { std::mem::transmute::<u128, __m128>(sign | magnitude) }
    }

    fn from_register(register: __m128) -> Self {
        // SAFETY: both are 16 bytes without invalid values.
        Self(unsafe { std::mem::transmute::<__m128, u128>(register) })
    }

    fn is_nan(self) -> bool {
        self.0 << 1 > 0x7fff << 113
    }

    fn is_negative(self) -> bool {
        self.0 >> 127 != 0
    }

    /// The binary exponent; not of zeros, infinities and NaN.
    pub fn exponent(self) -> Option<i32> {
        let biased = ((self.0 >> 112) & 0x7fff) as i32;
        (biased != 0 && biased != 0x7fff).then_some(biased - 16383)
    }

    /// The number over 2^`exponent`, to 2⁻¹⁰⁴ of it, where that is near 1.
    pub fn scaled(self, exponent: i32) -> Option<Pair> {
        let shift = self.exponent()? - exponent;
        let significand = (self.0 & MANTISSA) | (1 << 112);
        let (high, low) = ((significand >> 60) as f64, (significand & ((1 << 60) - 1)) as f64);
        let unit = f64::from(shift - 52).exp2() * if self.is_negative() { -1.0 } else { 1.0 };
        (shift.abs() < 400).then(|| Pair::new(high * unit, low * unit * (-60_f64).exp2()))
    }

    /// The distance of `got` to this number in units of the last place of this number as a float64.
    pub fn ulps(self, got: f64) -> f64 {
        if self.is_nan() || got.is_nan() {
            return if self.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
        }
        let biased = ((self.0 >> 112) & 0x7fff) as i32;
        if biased == 0x7fff || biased == 0 {
            let exact = if biased == 0 { 0.0 } else { f64::INFINITY };
            return if got.abs() == exact && got.is_sign_negative() == self.is_negative() {
                0.0
            } else {
                f64::INFINITY
            };
        }
        if got.is_sign_negative() != self.is_negative() && got != 0.0 {
            return f64::INFINITY;
        }
        let exponent = biased - 16383;
        if exponent >= 1024 && got.is_infinite() {
            return 0.0;
        }
        // Both in units of 2^(exponent − 112); infinity counts as 2¹⁰²⁴.
        let reference = (self.0 & MANTISSA) | (1 << 112);
        let bits = got.abs().to_bits();
        let significand = (bits & ((1 << 52) - 1)) | (u64::from(bits >> 52 != 0) << 52);
        let shift = ((bits >> 52) as i32).max(1) - 1075 - (exponent - 112);
        let unit = exponent.max(-1022) - 52 - (exponent - 112);
        let candidate = if shift >= 0 {
            // A significand that does not fit is far off.
            if shift >= 128 || u128::from(significand).leading_zeros() <= shift.unsigned_abs() {
                return if significand == 0 {
                    reference as f64 * (-f64::from(unit)).exp2()
                } else {
                    f64::INFINITY
                };
            }
            u128::from(significand) << shift
        } else {
            u128::from(significand >> shift.unsigned_abs().min(63))
        };
        candidate.abs_diff(reference) as f64 / f64::from(unit).exp2()
    }
}

/// A fixed sequence of 64-bit numbers.
pub struct Samples(u64);

impl Samples {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (SplitMix64).
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 * (-53_f64).exp2()
    }

    /// Any finite number of either sign with its binary exponent uniform in [low, high].
    pub fn exponent(&mut self, low: i32, high: i32) -> f64 {
        let bits = self.bits();
        let exponent = low + ((bits >> 53) % (high - low + 1) as u64) as i32;
        let biased = exponent + 1023;
        let sign = self.bits() & (1 << 63);
        if biased < 1 {
            return f64::from_bits((((bits & ((1 << 52) - 1)) | (1 << 52)) >> (1 - biased).min(52)) | sign);
        }
        f64::from_bits(((biased as u64) << 52) | (bits & ((1 << 52) - 1)) | sign)
    }
}

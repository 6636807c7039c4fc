//! Reduction of trigonometric arguments modulo π/2.
//!
//! |x| = n·π/2 + r + tail with |r| ≤ π/4: by Cody and Waite's subtraction of n·π/2 in three parts up to 2²⁰,
//! by Payne and Hanek's multiplication with the bits of 2/π that matter beyond.
//! Contract: the error of r + tail is below 2⁻⁶⁰ of |r + tail| for every finite double.
//! Limits: arguments are not negative; infinity and NaN give NaN.
//! Source: W. J. Cody, W. Waite (1980); M. Payne, R. Hanek, SIGNUM Newsletter 18 (1983).

use super::ROUNDER;
use super::coefficients::{
    HALF_PI_HI, HALF_PI_LO, HALF_PI_PAIR_HI, HALF_PI_PAIR_LO, HALF_PI_TAIL, TWO_OVER_PI,
};
use super::pair::two_product;
use super::tables::TWO_OVER_PI_BITS;

/// Beyond it the three-part subtraction is no longer exact enough.
pub(crate) const CODY_WAITE_LIMIT: f64 = 1_048_576.0;

/// An argument modulo π/2: the low two bits of `quadrant` count, |angle| ≤ π/4, `tail` is below an ulp of it
/// or below 2⁻⁶⁷.
#[derive(Clone, Copy)]
pub(crate) struct Reduced {
    pub(crate) quadrant: u64,
    pub(crate) angle: f64,
    pub(crate) tail: f64,
}

/// `x` modulo π/2 for 0 ≤ x ≤ `CODY_WAITE_LIMIT`.
///
/// The products with the first two parts are exact, and so are the first difference (a multiple of 2⁻⁵³) and
/// the rounding error of the second one.
#[inline(always)]
pub(crate) fn cody_waite(x: f64) -> Reduced {
    let rounded = x.mul_add(TWO_OVER_PI, ROUNDER);
    let n = rounded - ROUNDER;
    let first = n.mul_add(-HALF_PI_HI, x);
    let angle = n.mul_add(-HALF_PI_LO, first);
    let error = n.mul_add(-HALF_PI_LO, first - angle);
    Reduced { quadrant: rounded.to_bits(), angle, tail: n.mul_add(-HALF_PI_TAIL, error) }
}

/// `x` modulo π/2 for x ≥ 2²⁰.
///
/// The 53-bit significand is multiplied with 192 bits of 2/π; the bits before them contribute multiples of 2π.
pub(crate) fn payne_hanek(x: f64) -> Reduced {
    if !x.is_finite() {
        return Reduced { quadrant: 0, angle: f64::NAN, tail: f64::NAN };
    }
    let bits = x.to_bits();
    let significand = (bits & 0x000f_ffff_ffff_ffff) | 0x0010_0000_0000_0000;
    // x = significand·2^(exponent − 1075); bits of 2/π of weight 2² and more after scaling are dropped. The
    // table starts with 64 zero bits.
    let skipped = ((bits >> 52) as usize + 64).wrapping_sub(1075 + 2);
    let (word, shift) = ((skipped / 64).min(16), skipped % 64);
    let window = |i: usize| {
        let pair =
            (u128::from(TWO_OVER_PI_BITS[word + i]) << 64) | u128::from(TWO_OVER_PI_BITS[word + i + 1]);
        (pair << shift >> 64) as u64
    };
    let low = u128::from(significand) * u128::from(window(2));
    let middle = u128::from(significand) * u128::from(window(1)) + (low >> 64);
    let top = significand.wrapping_mul(window(0)).wrapping_add((middle >> 64) as u64);
    // Bits 63 and 62 of `top` are the quadrant, the 190 bits below the fraction of π/2: rounded to nearest.
    let quadrant = (top >> 62) + ((top >> 61) & 1);
    let high = (u128::from(top) << 64) | u128::from(middle as u64);
    let fraction = (high << 2) | u128::from((low as u64) >> 62);
    let rest = (low as u64) << 2;
    let negative = fraction >> 127 != 0;
    // The complement stands for the negation: the error is one unit of 2⁻¹⁹⁰.
    let (fraction, rest) = if negative { (!fraction, !rest) } else { (fraction, rest) };
    // No double comes closer to a multiple of π/2 than 2⁻⁶², so that 64 further bits are enough.
    let zeros = fraction.leading_zeros().min(64);
    let normal = (fraction << zeros) | (u128::from(rest) << zeros >> 64);
    // The first 53 bits and the next 64, which are below an ulp of the first.
    let first = (normal >> 75) as u64;
    let second = (normal >> 11) as u64;
    let scale = f64::from_bits(u64::from(1023 - 53 - zeros) << 52);
    let turn = first as f64 * scale;
    let turn_tail = second as f64 * scale * f64::from_bits((1023 - 64) << 52);
    let (angle, error) = two_product(turn, HALF_PI_PAIR_HI);
    let tail = turn.mul_add(HALF_PI_PAIR_LO, turn_tail.mul_add(HALF_PI_PAIR_HI, error));
    if negative {
        Reduced { quadrant, angle: -angle, tail: -tail }
    } else {
        Reduced { quadrant, angle, tail }
    }
}

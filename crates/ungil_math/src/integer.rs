//! Integer powers.
//!
//! Square and multiply over the bits of the exponent.
//! Contract: wraps modulo 2⁶⁴; exponents are not negative (a negative one is read as unsigned).
//! Limits: a loop over the bits of the exponent.
//! Source: D. E. Knuth, The Art of Computer Programming, vol. 2, 4.6.3.

/// `base` to the power `exponent` modulo 2⁶⁴.
#[inline(always)]
pub fn ipow(base: i64, exponent: i64) -> i64 {
    let (mut power, mut square, mut rest) = (1_i64, base, exponent.cast_unsigned());
    while rest != 0 {
        if rest & 1 != 0 {
            power = power.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        rest >>= 1;
    }
    power
}

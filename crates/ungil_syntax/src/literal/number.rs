//! Values of number literals.
//!
//! Contract: a well-formed literal gives CPython's value. Floats are correctly rounded. An integer
//! above `i64::MAX` gives decimal digits. A malformed literal, which the lexer has reported, gives
//! some number. Limits: 4,300 decimal digits, as in CPython; 16,384 digits in the other bases.

use crate::ast::literal::Literal;
use crate::error::lex::{LexError, NumberFault};

/// CPython's limit on the conversion of decimal digits.
const MAX_DECIMAL_DIGITS: usize = 4300;
/// Keeps the conversion to decimal, which takes quadratic time, below a millisecond or so.
const MAX_RADIX_DIGITS: usize = 16_384;

/// The value of an integer literal.
pub fn int(text: &str) -> Result<Literal, LexError> {
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &text[2..]),
        [b'0', b'o' | b'O', ..] => (8, &text[2..]),
        [b'0', b'b' | b'B', ..] => (2, &text[2..]),
        _ => (10, text),
    };
    let clean: String = digits.chars().filter(|ch| ch.is_digit(radix)).collect();
    let clean = clean.trim_start_matches('0');
    if clean.is_empty() {
        return Ok(Literal::Int(0));
    }
    if let Ok(value) = i64::from_str_radix(clean, radix) {
        return Ok(Literal::Int(value));
    }
    let limit = if radix == 10 { MAX_DECIMAL_DIGITS } else { MAX_RADIX_DIGITS };
    if clean.len() > limit {
        return Err(LexError::Number { fault: NumberFault::TooLong { digits: clean.len(), limit } });
    }
    let decimal = if radix == 10 { clean.to_string() } else { to_decimal(clean, radix) };
    Ok(Literal::BigInt(decimal.into()))
}

/// The value of a float literal.
pub fn float(text: &str) -> f64 {
    let clean: String = text.chars().filter(|&ch| ch != '_').collect();
    clean.parse().unwrap_or(0.0)
}

/// The value of an imaginary literal, without its `j`.
pub fn imaginary(text: &str) -> f64 {
    float(text.trim_end_matches(['j', 'J']))
}

/// The decimal digits of a number given in another base.
fn to_decimal(digits: &str, radix: u32) -> String {
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = vec![0];
    for digit in digits.chars().filter_map(|ch| ch.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let value = *limb * u64::from(radix) + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut out = limbs.last().map(u64::to_string).unwrap_or_default();
    for limb in limbs.iter().rev().skip(1) {
        out.push_str(&format!("{limb:09}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_base_and_size() {
        let big = |text: &str| Ok(Literal::BigInt(text.into()));
        assert_eq!(int("1_000"), Ok(Literal::Int(1000)));
        assert_eq!(int("0xFF_ff"), Ok(Literal::Int(0xffff)));
        assert_eq!(int("9223372036854775807"), Ok(Literal::Int(i64::MAX)));
        assert_eq!(int("9223372036854775808"), big("9223372036854775808"));
        assert_eq!(int("0xffff_ffff_ffff_ffff"), big("18446744073709551615"));
        assert_eq!(
            int("0b1_0000000000000000000000000000000000000000000000000000000000000000"),
            big("18446744073709551616")
        );
        assert_eq!(
            int("0x100000000000000000000000000000000"),
            big("340282366920938463463374607431768211456")
        );
        assert!(int(&"9".repeat(4301)).is_err());
    }

    #[test]
    fn floats_are_correctly_rounded() {
        assert_eq!(float("1_0.5e-3"), 0.0105);
        assert_eq!(float("1."), 1.0);
        assert_eq!(float(".5"), 0.5);
        assert_eq!(float("1e999"), f64::INFINITY);
        assert_eq!(imaginary("2.5J"), 2.5);
    }
}

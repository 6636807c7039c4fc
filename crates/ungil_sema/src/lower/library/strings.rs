//! `float("inf")`, `int("0x1f", 16)` and `complex("1+2j")`-like conversions of constant strings.
//!
//! Strings exist at compile time only, so the number does too. A text that is none raises at run time what Python
//! raises. Limits: `complex` of a text is refused.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::operand::{Constant, Operand};
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `float(text)`.
    pub(crate) fn float_of_text(&mut self, text: &str, span: Span) -> Operand {
        parse_float(text).map_or_else(
            || {
                let message = format!("could not convert string to float: {}", quoted(text));
                self.raise_value_error(&message);
                Operand::float(0.0, span)
            },
            |x| Operand::float(x, span),
        )
    }

    /// `int(text, base)`.
    pub(crate) fn int_of_text(&mut self, text: &str, base: u32, span: Span) -> Result<Operand> {
        Ok(match parse_int(text, base) {
            Some(n) => Operand::constant(Ty::PyInt, Constant::Int(n), span),
            None => {
                let message = format!("invalid literal for int() with base {base}: {}", quoted(text));
                self.raise_value_error(&message);
                Operand::int(0, span)
            }
        })
    }

    fn raise_value_error(&mut self, message: &str) {
        let never = self.b().bool(false);
        let message = message.replace('{', "{{").replace('}', "}}");
        self.check(never, ExcClass::VALUE_ERROR, &message, Vec::new());
    }
}

/// `repr` of a text of printable characters.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// The digits without the underscores between them; `None` where one stands elsewhere.
fn without_underscores(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let between = |i: usize| {
        i > 0 && i + 1 < chars.len() && chars[i - 1].is_ascii_hexdigit() && chars[i + 1].is_ascii_hexdigit()
    };
    let misplaced = chars.iter().enumerate().any(|(i, c)| *c == '_' && !between(i));
    (!misplaced).then(|| chars.iter().filter(|c| **c != '_').collect())
}

fn parse_float(text: &str) -> Option<f64> {
    let text = without_underscores(text.trim())?;
    let digits = text.trim_start_matches(['+', '-']);
    let named = ["inf", "infinity", "nan"].iter().any(|n| digits.eq_ignore_ascii_case(n));
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if digits.len() + 1 < text.len() || !(named || number) {
        return None;
    }
    text.parse().ok()
}

/// `base` 0 reads the base from the prefix.
fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = |letter: char| {
        let rest = digits.strip_prefix('0')?;
        rest.strip_prefix([letter, letter.to_ascii_uppercase()])
    };
    let found = [(16, 'x'), (8, 'o'), (2, 'b')].into_iter().find_map(|(b, letter)| {
        let rest = prefixed(letter).filter(|_| base == b || base == 0)?;
        // One underscore may follow the prefix.
        Some((b, rest.strip_prefix('_').unwrap_or(rest)))
    });
    let (base, digits) = found.unwrap_or((if base == 0 { 10 } else { base }, digits));
    if digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = i128::from_str_radix(&digits, base).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

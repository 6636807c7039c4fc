//! Number literals.
//!
//! Finds where a number ends and whether it is well formed; its value is computed by
//! [`crate::literal::number`]. A malformed number is reported and still becomes a token.

use crate::error::lex::{LexError, NumberFault};

use super::Lexer;
use super::token::TokenKind;

impl Lexer<'_> {
    pub(super) fn number(&mut self) {
        let start = self.pos;
        let reported = self.errors.len();
        let kind = match (self.peek(0), self.peek(1) | 0x20) {
            (b'0', b'x') => self.radix(16),
            (b'0', b'o') => self.radix(8),
            (b'0', b'b') => self.radix(2),
            _ => self.decimal(),
        };
        if self.cython && kind == TokenKind::Int {
            self.integer_suffix();
        }
        if self.errors.len() == reported {
            self.check_end();
        }
        if self.errors.len() > reported {
            self.skip_rest();
            self.errors.truncate(reported + 1);
            self.errors[reported].1 = start as u32;
            self.errors[reported].2 = self.pos as u32;
        }
        self.push(kind, start, self.pos);
    }

    /// `U`, `L` and `LL`, as C has them.
    fn integer_suffix(&mut self) {
        let count =
            |lexer: &Self| (0..3).take_while(|&i| matches!(lexer.peek(i), b'u' | b'U' | b'l' | b'L')).count();
        self.pos += count(self);
    }

    fn fault(&mut self, fault: NumberFault) {
        self.report(LexError::Number { fault }, self.pos, self.pos);
    }

    fn radix(&mut self, radix: u32) -> TokenKind {
        self.pos += 2;
        loop {
            if self.peek(0) == b'_' {
                self.pos += 1;
            }
            let next = self.peek(0);
            if !(next as char).is_digit(radix) {
                let fault = if next.is_ascii_digit() {
                    NumberFault::Digit { digit: next as char, radix }
                } else {
                    NumberFault::Incomplete
                };
                self.fault(fault);
                return TokenKind::Int;
            }
            while (self.peek(0) as char).is_digit(radix) {
                self.pos += 1;
            }
            if self.peek(0) != b'_' {
                break;
            }
        }
        let next = self.peek(0);
        if next.is_ascii_digit() {
            self.fault(NumberFault::Digit { digit: next as char, radix });
        }
        TokenKind::Int
    }

    fn decimal(&mut self) -> TokenKind {
        let start = self.pos;
        let mut kind = TokenKind::Int;
        if self.peek(0) != b'.' {
            self.digits();
        }
        let whole = &self.bytes[start..self.pos];
        let leading_zero =
            whole.len() > 1 && whole[0] == b'0' && whole.iter().any(|byte| !matches!(byte, b'0' | b'_'));
        if self.peek(0) == b'.' {
            kind = TokenKind::Float;
            self.pos += 1;
            if self.peek(0).is_ascii_digit() {
                self.digits();
            }
        }
        if self.exponent_follows() {
            kind = TokenKind::Float;
            self.pos += 1;
            if matches!(self.peek(0), b'+' | b'-') {
                self.pos += 1;
            }
            self.digits();
        }
        if self.peek(0) | 0x20 == b'j' {
            kind = TokenKind::Imaginary;
            self.pos += 1;
        }
        if kind == TokenKind::Int && leading_zero {
            self.fault(NumberFault::LeadingZero);
        }
        kind
    }

    fn exponent_follows(&self) -> bool {
        let digit_at = if matches!(self.peek(1), b'+' | b'-') { 2 } else { 1 };
        self.peek(0) | 0x20 == b'e' && self.peek(digit_at).is_ascii_digit()
    }

    /// Digits with single underscores between them.
    fn digits(&mut self) {
        loop {
            while self.peek(0).is_ascii_digit() {
                self.pos += 1;
            }
            if self.peek(0) != b'_' {
                return;
            }
            self.pos += 1;
            if !self.peek(0).is_ascii_digit() {
                return self.fault(NumberFault::Underscore);
            }
        }
    }

    /// A number may be followed by a keyword that can come after it (`1if x else y`), not by
    /// another word.
    fn check_end(&mut self) {
        let next = self.peek(0);
        if !(next.is_ascii_alphanumeric() || next == b'_' || next >= 0x80) {
            return;
        }
        let rest = &self.bytes[self.pos..];
        let allowed: &[&[u8]] = &[b"and", b"else", b"for", b"if", b"in", b"is", b"not", b"or"];
        if allowed.iter().any(|word| rest.starts_with(word)) {
            return;
        }
        if next >= 0x80 {
            let ch = self.text[self.pos..].chars().next().unwrap_or(' ');
            if !unicode_ident::is_xid_continue(ch) {
                return;
            }
        }
        self.fault(NumberFault::Suffix);
    }

    /// Moves past what is stuck to a malformed number.
    fn skip_rest(&mut self) {
        while let Some(ch) = self.text[self.pos..].chars().next() {
            if !(ch == '_' || unicode_ident::is_xid_continue(ch)) {
                break;
            }
            self.pos += ch.len_utf8();
        }
    }
}

//! String literals without fields.
//!
//! Finds where a literal ends; its value is decoded by [`crate::literal::string`].

use crate::error::lex::LexError;

use super::Lexer;
use super::bracket::Quotes;
use super::token::TokenKind;

impl Lexer<'_> {
    /// A string whose prefix starts at `start`; the position is at its first quote.
    pub(super) fn prefixed_string(&mut self, start: usize) {
        let prefix = &self.bytes[start..self.pos];
        let has = |letter: u8| prefix.iter().any(|byte| byte | 0x20 == letter);
        if has(b'f') || has(b't') {
            let quotes = Quotes { quote: self.peek(0), triple: self.at_triple(), raw: has(b'r') };
            self.start_interpolated(start, quotes);
        } else {
            self.plain_string(start);
        }
    }

    /// Whether three equal quotes begin here.
    pub(super) fn at_triple(&self) -> bool {
        self.peek(0) == self.peek(1) && self.peek(0) == self.peek(2)
    }

    /// A string that starts at `start`; the position is at its first quote.
    pub(super) fn plain_string(&mut self, start: usize) {
        let quote = self.peek(0);
        let triple = self.at_triple();
        self.pos += if triple { 3 } else { 1 };
        loop {
            let Some(&byte) = self.bytes.get(self.pos) else {
                return self.unterminated(triple, start);
            };
            match byte {
                b'\\' => {
                    self.pos += 1;
                    if self.pos < self.bytes.len() {
                        self.skip_escaped();
                    }
                }
                b'\n' | b'\r' if !triple => return self.unterminated(triple, start),
                0 => {
                    self.report(LexError::InvalidCharacter { character: '\0' }, self.pos, self.pos + 1);
                    self.pos += 1;
                }
                _ if byte == quote && (!triple || self.at_triple()) => {
                    self.pos += if triple { 3 } else { 1 };
                    return self.push(TokenKind::Str, start, self.pos);
                }
                _ => self.pos += 1,
            }
        }
    }

    /// Moves past the character after a backslash; `\r\n` counts as one.
    pub(super) fn skip_escaped(&mut self) {
        if matches!(self.peek(0), b'\n' | b'\r') {
            self.skip_line_end();
        } else {
            self.pos += 1;
        }
    }

    fn unterminated(&mut self, triple: bool, start: usize) {
        if triple {
            // Everything after the opening quotes is inside; nothing is left to read.
            let quotes = self.bytes[start..].iter().take_while(|byte| !matches!(byte, b'"' | b'\'')).count();
            self.report(LexError::UnterminatedTriple, start, start + quotes + 3);
            self.push(TokenKind::Invalid, start, self.pos);
        } else {
            self.fail(LexError::UnterminatedString, start, self.pos);
        }
    }
}

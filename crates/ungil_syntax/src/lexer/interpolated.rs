//! f-strings and t-strings (PEP 701, PEP 750).
//!
//! The text of such a string and the format after a field's colon are read here, up to the next
//! brace or the closing quotes; the expression inside a field is read by the ordinary lexer.

use crate::error::lex::LexError;

use super::Lexer;
use super::bracket::{Bracket, BracketKind, Quotes};
use super::token::TokenKind;

/// The greatest nesting of fields in the formats of fields, as in CPython.
const MAX_FIELDS: u32 = 3;
/// The greatest number of strings inside the fields of strings, as in CPython.
const MAX_STRINGS: usize = 150;

impl Lexer<'_> {
    pub(super) fn start_interpolated(&mut self, start: usize, quotes: Quotes) {
        self.pos += if quotes.triple { 3 } else { 1 };
        if self.brackets.len() >= MAX_STRINGS {
            return self.fail(LexError::TooManyBrackets { limit: MAX_STRINGS as u32 }, start, self.pos);
        }
        self.push(TokenKind::InterpolatedStart, start, self.pos);
        self.brackets.push(Bracket { kind: BracketKind::Interpolated(quotes), start });
    }

    /// Whether the next character belongs to the text of a string or to a format.
    pub(super) fn in_interpolated_text(&self) -> bool {
        matches!(
            self.brackets.last(),
            Some(Bracket {
                kind: BracketKind::Interpolated(_) | BracketKind::Field { in_format: true, .. },
                ..
            })
        )
    }

    /// Whether a field's own brace is the innermost open bracket.
    pub(super) fn in_field(&self) -> bool {
        matches!(self.brackets.last(), Some(Bracket { kind: BracketKind::Field { .. }, .. }))
    }

    /// Whether the colon here ends the expression of a field.
    pub(super) fn starts_format(&self) -> bool {
        self.peek(0) == b':' && self.in_field()
    }

    pub(super) fn start_format(&mut self) {
        if let Some(Bracket { kind: BracketKind::Field { in_format, .. }, .. }) = self.brackets.last_mut() {
            *in_format = true;
        }
        self.push(TokenKind::Colon, self.pos, self.pos + 1);
        self.pos += 1;
    }

    /// Reads text up to a field, the end of the format or the end of the string, and what ends it.
    pub(super) fn interpolated_text(&mut self) {
        let Some(Bracket { kind, start: string_start }) = self.brackets.last().copied() else { return };
        let (quotes, format_depth) = match kind {
            BracketKind::Interpolated(quotes) => (quotes, None),
            BracketKind::Field { quotes, depth, .. } => (quotes, Some(depth)),
            BracketKind::Plain(_) => return,
        };
        let start = self.pos;
        let stop = self.scan_text(quotes, format_depth.is_some());
        if self.pos > start {
            self.push(TokenKind::InterpolatedText, start, self.pos);
        }
        match stop {
            Stop::Quotes => self.end_interpolated(quotes, format_depth),
            Stop::Open => self.open_field(quotes, format_depth.map_or(0, |depth| depth + 1)),
            Stop::Close => self.close_field(format_depth),
            Stop::Line => self.line_end_in_text(format_depth, string_start),
            Stop::End => {}
        }
    }

    fn end_interpolated(&mut self, quotes: Quotes, format_depth: Option<u32>) {
        let end = self.pos + if quotes.triple { 3 } else { 1 };
        if format_depth.is_some() {
            // The quotes close the string while fields are open: the innermost one lacks its brace.
            if let Some(bracket) = self.brackets.last() {
                let at = bracket.start;
                self.report(LexError::Unclosed { open: '{' }, at, at + 1);
            }
            while self.in_field() {
                self.brackets.pop();
            }
            self.push(TokenKind::Invalid, self.pos, self.pos);
        }
        self.brackets.pop();
        self.push(TokenKind::InterpolatedEnd, self.pos, end);
        self.pos = end;
    }

    fn open_field(&mut self, quotes: Quotes, depth: u32) {
        let start = self.pos;
        self.pos += 1;
        if depth >= MAX_FIELDS {
            self.fail(LexError::TooManyFields { limit: MAX_FIELDS }, start, self.pos);
        } else {
            self.push(TokenKind::LBrace, start, self.pos);
        }
        self.brackets.push(Bracket { kind: BracketKind::Field { quotes, in_format: false, depth }, start });
    }

    fn close_field(&mut self, format_depth: Option<u32>) {
        let start = self.pos;
        self.pos += 1;
        if format_depth.is_some() {
            self.brackets.pop();
            self.push(TokenKind::RBrace, start, self.pos);
        } else {
            self.fail(LexError::SingleBrace, start, self.pos);
        }
    }

    /// A line end in a string with single quotes: ends a format, but not the text.
    fn line_end_in_text(&mut self, format_depth: Option<u32>, string_start: usize) {
        if format_depth.is_some() {
            if let Some(Bracket { kind: BracketKind::Field { in_format, .. }, .. }) = self.brackets.last_mut()
            {
                *in_format = false;
            }
            return;
        }
        self.unterminated_interpolated(string_start, self.pos);
        // Everything inside the unfinished string was opened after it.
        self.brackets.retain(|bracket| bracket.start < string_start);
    }

    pub(super) fn unterminated_interpolated(&mut self, start: usize, at: usize) {
        let triple = self.brackets.iter().any(|bracket| {
            bracket.start == start
                && matches!(bracket.kind, BracketKind::Interpolated(Quotes { triple: true, .. }))
        });
        if triple {
            self.report(LexError::UnterminatedTriple, start, start + 4);
        } else {
            self.report(LexError::UnterminatedString, start, at);
        }
        self.push(TokenKind::Invalid, at, at);
    }

    fn scan_text(&mut self, quotes: Quotes, in_format: bool) -> Stop {
        while let Some(&byte) = self.bytes.get(self.pos) {
            match byte {
                b'\\' => self.escape_in_text(quotes.raw),
                b'{' | b'}' if !in_format && self.peek(1) == byte => self.pos += 2,
                b'{' => return Stop::Open,
                b'}' => return Stop::Close,
                b'\n' | b'\r' if !quotes.triple => return Stop::Line,
                0 => {
                    self.report(LexError::InvalidCharacter { character: '\0' }, self.pos, self.pos + 1);
                    self.pos += 1;
                }
                _ if byte == quotes.quote && (!quotes.triple || self.at_triple()) => return Stop::Quotes,
                _ => self.pos += 1,
            }
        }
        Stop::End
    }

    /// A backslash: the next character is no quote, but a brace stays a brace. The braces of
    /// `\N{NAME}` belong to the escape.
    fn escape_in_text(&mut self, raw: bool) {
        self.pos += 1;
        match self.peek(0) {
            b'{' | b'}' => {}
            b'N' if !raw && self.peek(1) == b'{' => {
                let rest = &self.bytes[self.pos..];
                let name = rest[2..].iter().take_while(|byte| !b"{}\"'\r\n".contains(byte));
                self.pos += 2 + name.count();
                if self.peek(0) == b'}' {
                    self.pos += 1;
                }
            }
            _ if self.pos < self.bytes.len() => self.skip_escaped(),
            _ => {}
        }
    }
}

/// What ends a piece of text.
enum Stop {
    Quotes,
    Open,
    Close,
    Line,
    End,
}

//! The lexer: source text to tokens.
//!
//! Reads the whole text at once into a vector, so that the parser can look as far ahead as it
//! likes. Indentation becomes `Indent` and `Dedent`; line ends inside brackets vanish; f-strings
//! and t-strings come as start, text, the tokens of their fields, and end (PEP 701).
//!
//! Contract: never fails. An error is recorded and an `Invalid` token stands in its place, at
//! which the parser gives up its statement without a message of its own. Tokens are in order, lie
//! inside the text, and the last is `End`. Work is linear in the length of the text.
//!
//! Limits: a text of at most 4 GiB, 200 nested brackets and 100 nested blocks, as in CPython.

pub mod keyword;
pub mod operator;
pub mod token;

mod bracket;
mod indent;
mod interpolated;
mod number;
mod string;
mod word;

use crate::error::lex::LexError;

use bracket::Bracket;
use indent::Indentation;
use token::{Token, TokenKind};

/// An error and its byte range.
pub type Located = (LexError, u32, u32);

/// What lexing gives.
pub struct Lexed {
    pub tokens: Vec<Token>,
    pub errors: Vec<Located>,
}

/// Reads all tokens of `text`, which must be shorter than 4 GiB.
pub fn tokenize(text: &str) -> Lexed {
    let mut lexer = Lexer::new(text);
    lexer.run();
    Lexed { tokens: lexer.tokens, errors: lexer.errors }
}

/// Reads `text` as one logical line without indentation, as if in parentheses.
pub fn tokenize_expression(text: &str) -> Lexed {
    let mut lexer = Lexer::new(text);
    lexer.joins_lines = true;
    lexer.run();
    Lexed { tokens: lexer.tokens, errors: lexer.errors }
}

/// Reads all tokens of a module in the Cython language, which has `?`, `c"x"` and `10ULL`.
pub fn tokenize_cython(text: &str) -> Lexed {
    let mut lexer = Lexer::new(text);
    lexer.cython = true;
    lexer.run();
    Lexed { tokens: lexer.tokens, errors: lexer.errors }
}

/// Reads the tokens of a piece of a file, whose first line may be indented: its indentation counts
/// as none.
pub fn tokenize_excerpt(text: &str) -> Lexed {
    let mut lexer = Lexer::new(text);
    lexer.takes_base = true;
    lexer.run();
    Lexed { tokens: lexer.tokens, errors: lexer.errors }
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    tokens: Vec<Token>,
    errors: Vec<Located>,
    brackets: Vec<Bracket>,
    indents: Vec<Indentation>,
    /// Whether the next token is the first of a logical line.
    at_line_start: bool,
    cython: bool,
    /// Whether line ends are white space everywhere.
    joins_lines: bool,
    /// Whether the first line's indentation is that of the outermost block.
    takes_base: bool,
    /// Whether this logical line has an invalid character already; more would say nothing new.
    has_invalid_character: bool,
    /// Whether a bracket was found that is never closed: from there on, where a line begins is
    /// taken as evidence of where the statement ends.
    suspicious: bool,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str) -> Lexer<'a> {
        let pos = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Lexer {
            text,
            bytes: text.as_bytes(),
            pos,
            tokens: Vec::with_capacity(text.len() / 4 + 8),
            errors: Vec::new(),
            brackets: Vec::new(),
            indents: vec![Indentation::default()],
            at_line_start: true,
            cython: false,
            joins_lines: false,
            takes_base: false,
            has_invalid_character: false,
            suspicious: false,
        }
    }

    fn run(&mut self) {
        loop {
            while self.pos < self.bytes.len() {
                self.advance();
            }
            let went_back = !self.brackets.is_empty() && self.abandon_brackets(self.bytes.len());
            if !went_back {
                return self.finish();
            }
        }
    }

    fn advance(&mut self) {
        if self.in_interpolated_text() {
            self.interpolated_text();
        } else if self.at_line_start && !self.joins_lines {
            self.at_line_start = false;
            self.line_start();
        } else {
            self.token();
        }
    }

    /// The byte `ahead` of the position; 0 past the end.
    #[inline]
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: TokenKind, lo: usize, hi: usize) {
        self.tokens.push(Token { kind, lo: lo as u32, hi: hi as u32 });
    }

    /// Records an error without a token.
    fn report(&mut self, error: LexError, lo: usize, hi: usize) {
        self.errors.push((error, lo as u32, hi as u32));
    }

    /// Records an error and puts an `Invalid` token in its place.
    fn fail(&mut self, error: LexError, lo: usize, hi: usize) {
        self.report(error, lo, hi);
        self.push(TokenKind::Invalid, lo, hi);
    }

    /// Reads one token, white space or comment that is not the start of a line.
    fn token(&mut self) {
        let start = self.pos;
        match self.bytes[start] {
            b' ' | b'\t' | b'\x0c' => {
                self.pos += 1;
                while self.peek(0) == b' ' {
                    self.pos += 1;
                }
            }
            b'#' => self.skip_comment(),
            b'\n' | b'\r' => self.line_end(),
            b'\\' => self.continuation(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'"' | b'\'' => self.plain_string(start),
            _ => self.operator(),
        }
    }

    fn skip_comment(&mut self) {
        while self.pos < self.bytes.len() && !matches!(self.bytes[self.pos], b'\n' | b'\r') {
            if self.bytes[self.pos] == 0 {
                self.report(LexError::InvalidCharacter { character: '\0' }, self.pos, self.pos + 1);
            }
            self.pos += 1;
        }
    }

    /// Moves past `\n`, `\r\n` or `\r`.
    fn skip_line_end(&mut self) {
        let two = self.peek(0) == b'\r' && self.peek(1) == b'\n';
        self.pos += if two { 2 } else { 1 };
    }

    fn line_end(&mut self) {
        let start = self.pos;
        self.skip_line_end();
        self.has_invalid_character = false;
        if self.joins_lines {
            return;
        }
        let ends_statement =
            self.brackets.is_empty() || (self.brackets_are_abandoned() && !self.abandon_brackets(start));
        if ends_statement {
            self.push(TokenKind::Newline, start, self.pos);
            self.at_line_start = true;
        }
    }

    /// A backslash, which must be the last character of its line.
    fn continuation(&mut self) {
        let start = self.pos;
        self.pos += 1;
        match self.peek(0) {
            b'\n' | b'\r' => {
                self.skip_line_end();
                if self.pos == self.bytes.len() {
                    self.fail(LexError::ContinuationAtEnd, start, start + 1);
                }
            }
            _ if self.pos == self.bytes.len() => self.fail(LexError::ContinuationAtEnd, start, start + 1),
            _ => self.fail(LexError::AfterContinuation, start, start + 1),
        }
    }

    fn operator(&mut self) {
        let start = self.pos;
        if self.starts_format() {
            return self.start_format();
        }
        if self.cython && self.peek(0) == b'?' {
            self.pos += 1;
            return self.push(TokenKind::Question, start, self.pos);
        }
        if self.cython && self.peek(0) == b'`' {
            self.pos += 1;
            return self.push(TokenKind::Backtick, start, self.pos);
        }
        let Some((kind, len)) = operator::lookup(&self.bytes[start..]) else {
            return self.invalid_character();
        };
        self.pos += len as usize;
        match kind {
            TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace => self.open(kind, start),
            TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace => self.close(kind, start),
            TokenKind::Bang if !self.in_field() && !self.cython => {
                self.fail(LexError::InvalidCharacter { character: '!' }, start, self.pos);
            }
            _ => self.push(kind, start, self.pos),
        }
    }

    fn invalid_character(&mut self) {
        let start = self.pos;
        let character = self.text[start..].chars().next().unwrap_or('\0');
        self.pos += character.len_utf8().max(1);
        if std::mem::replace(&mut self.has_invalid_character, true) {
            self.push(TokenKind::Invalid, start, self.pos);
        } else {
            self.fail(LexError::InvalidCharacter { character }, start, self.pos);
        }
    }

    fn finish(&mut self) {
        let end = self.bytes.len();
        let ends_line = matches!(
            self.tokens.last().map(|token| token.kind),
            None | Some(TokenKind::Newline | TokenKind::Dedent)
        );
        if !ends_line {
            self.push(TokenKind::Newline, end, end);
        }
        for _ in 1..self.indents.len() {
            self.push(TokenKind::Dedent, end, end);
        }
        self.push(TokenKind::End, end, end);
    }
}

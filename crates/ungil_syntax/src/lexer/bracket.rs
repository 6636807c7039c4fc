//! Brackets: matching, and recovery where one is never closed.
//!
//! The stack of open brackets also holds the f-strings and t-strings that are open, and the braces
//! of their fields, so that its top alone tells how the next character is to be read.

use crate::error::lex::LexError;

use super::token::TokenKind;
use super::{Lexer, keyword};

/// The greatest number of brackets open at once, as in CPython.
const MAX_BRACKETS: usize = 200;

/// Something open.
#[derive(Debug, Clone, Copy)]
pub struct Bracket {
    pub kind: BracketKind,
    /// The place of the opening bracket or quote.
    pub start: usize,
}

/// What is open.
#[derive(Debug, Clone, Copy)]
pub enum BracketKind {
    Plain(TokenKind),
    /// An f-string or t-string.
    Interpolated(Quotes),
    /// A replacement field; `in_format` after its colon.
    Field {
        quotes: Quotes,
        in_format: bool,
        depth: u32,
    },
}

/// How an interpolated string is quoted.
#[derive(Debug, Clone, Copy)]
pub struct Quotes {
    pub quote: u8,
    pub triple: bool,
    pub raw: bool,
}

impl Lexer<'_> {
    pub(super) fn open(&mut self, kind: TokenKind, start: usize) {
        if self.brackets.len() >= MAX_BRACKETS {
            return self.fail(LexError::TooManyBrackets { limit: MAX_BRACKETS as u32 }, start, self.pos);
        }
        self.brackets.push(Bracket { kind: BracketKind::Plain(kind), start });
        self.push(kind, start, self.pos);
    }

    pub(super) fn close(&mut self, kind: TokenKind, start: usize) {
        match self.brackets.last().copied() {
            None => self.fail(LexError::Unopened { close: character(kind) }, start, self.pos),
            Some(Bracket { kind: BracketKind::Plain(open), .. }) if matches(open, kind) => {
                self.brackets.pop();
                self.push(kind, start, self.pos);
            }
            Some(Bracket { kind: BracketKind::Plain(open), start: opened }) => {
                self.mismatch(open, opened, kind, start);
            }
            Some(Bracket { kind: BracketKind::Field { .. }, .. }) if kind == TokenKind::RBrace => {
                self.brackets.pop();
                self.push(kind, start, self.pos);
            }
            Some(bracket) => {
                let close = character(kind);
                let error = LexError::Mismatched { open: '{', open_at: bracket.start as u32, close };
                self.fail(error, start, self.pos);
            }
        }
    }

    /// A closing bracket of the wrong kind. It stands for the right one where its own opener is not
    /// the next one out, or is on an earlier line than the bracket it meets; else it closes both.
    fn mismatch(&mut self, open: TokenKind, opened: usize, kind: TokenKind, start: usize) {
        let error =
            LexError::Mismatched { open: character(open), open_at: opened as u32, close: character(kind) };
        self.fail(error, start, self.pos);
        self.brackets.pop();
        if let Some(Bracket { kind: BracketKind::Plain(outer), start: outer_start }) = self.brackets.last()
            && matches(*outer, kind)
            && (self.same_line(*outer_start, start) || !self.same_line(opened, start))
        {
            self.brackets.pop();
        }
    }

    fn same_line(&self, from: usize, to: usize) -> bool {
        !self.bytes[from..to].iter().any(|byte| matches!(byte, b'\n' | b'\r'))
    }

    /// Deals with brackets that are open where the statement ends, at `at`: the first time, goes back
    /// to the outermost one and reads on with a closer look at each line; then reports and forgets
    /// them. Returns whether it went back.
    pub(super) fn abandon_brackets(&mut self, at: usize) -> bool {
        if !self.suspicious
            && let Some(&outermost) = self.brackets.first()
        {
            self.suspicious = true;
            self.has_invalid_character = false;
            self.rewind(outermost);
            return true;
        }
        let string =
            self.brackets.iter().rposition(|bracket| matches!(bracket.kind, BracketKind::Interpolated(_)));
        match string {
            Some(i) if i + 1 == self.brackets.len() => {
                let start = self.brackets[i].start;
                self.unterminated_interpolated(start, at);
            }
            _ => self.report_unclosed(at),
        }
        self.brackets.clear();
        false
    }

    /// Goes back to just after the token that opened `bracket`.
    fn rewind(&mut self, bracket: Bracket) {
        let keep = self.tokens.partition_point(|token| token.lo as usize <= bracket.start);
        self.tokens.truncate(keep);
        self.pos = self.tokens.last().map_or(bracket.start, |token| token.hi as usize);
        self.errors.retain(|&(_, lo, _)| (lo as usize) < bracket.start);
        self.brackets.truncate(1);
    }

    /// Reports the innermost open bracket of each line.
    fn report_unclosed(&mut self, at: usize) {
        let brackets = std::mem::take(&mut self.brackets);
        for (i, bracket) in brackets.iter().enumerate() {
            let innermost =
                brackets.get(i + 1).is_none_or(|inner| !self.same_line(bracket.start, inner.start));
            let open = match bracket.kind {
                BracketKind::Plain(kind) => character(kind),
                BracketKind::Field { .. } => '{',
                BracketKind::Interpolated(_) => continue,
            };
            if innermost {
                self.report(LexError::Unclosed { open }, bracket.start, bracket.start + 1);
            }
        }
        self.push(TokenKind::Invalid, at, at);
    }

    /// Whether the statement must have ended before the line that begins here, brackets or not.
    pub(super) fn brackets_are_abandoned(&self) -> bool {
        if self.statement_follows() {
            return true;
        }
        self.suspicious && (self.in_single_quotes() || self.unindented_word_follows())
    }

    /// Whether a field of a string in single quotes is open.
    fn in_single_quotes(&self) -> bool {
        self.brackets
            .iter()
            .any(|bracket| matches!(bracket.kind, BracketKind::Interpolated(Quotes { triple: false, .. })))
    }

    /// Whether the line that begins here starts with a word and is not indented more than the
    /// statement: continuation lines rarely are like that.
    fn unindented_word_follows(&self) -> bool {
        let rest = &self.bytes[self.pos..];
        let indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let starts_word = rest.get(indent).is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_');
        starts_word && self.indents.last().is_some_and(|current| indent <= current.column())
    }

    /// Whether the line that begins here starts with a keyword that no expression can contain, at
    /// which a bracket open above must have been forgotten.
    fn statement_follows(&self) -> bool {
        let rest = &self.bytes[self.pos..];
        let indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let word_len = rest[indent..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        let next = rest.get(indent + word_len).copied().unwrap_or(b'\n');
        if word_len > 8 || next.is_ascii_alphanumeric() || next == b'_' || next >= 0x80 || next == b'=' {
            return false;
        }
        use TokenKind::*;
        matches!(
            keyword::lookup(&rest[indent..indent + word_len]),
            Option::Some(
                Assert
                    | Break
                    | Class
                    | Continue
                    | Def
                    | Del
                    | Global
                    | Import
                    | Nonlocal
                    | Pass
                    | Raise
                    | Return
                    | Try
                    | While
                    | With
            )
        )
    }
}

fn matches(open: TokenKind, close: TokenKind) -> bool {
    use TokenKind::*;
    matches!((open, close), (LParen, RParen) | (LBracket, RBracket) | (LBrace, RBrace))
}

fn character(kind: TokenKind) -> char {
    use TokenKind::*;
    match kind {
        LParen => '(',
        RParen => ')',
        LBracket => '[',
        RBracket => ']',
        LBrace => '{',
        _ => '}',
    }
}

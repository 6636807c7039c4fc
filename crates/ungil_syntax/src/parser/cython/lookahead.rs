//! Telling types from expressions.

use super::super::Parser;
use crate::lexer::token::TokenKind;

/// Words of C that name a type by themselves.
pub const BASIC: &[&str] = &["void", "char", "int", "float", "double", "bint"];
/// Types with a fixed signedness and size.
pub const SPECIAL: &[&str] =
    &["Py_UNICODE", "Py_UCS4", "Py_hash_t", "Py_ssize_t", "ssize_t", "size_t", "ptrdiff_t", "Py_tss_t"];
pub const SIGNS: &[&str] = &["short", "long", "signed", "unsigned"];
pub const CONVENTIONS: &[&str] = &["__stdcall", "__cdecl", "__fastcall"];

impl Parser<'_> {
    fn text_at(&self, at: usize) -> &str {
        match self.tokens.get(at) {
            Some(&token) if token.kind == TokenKind::Name => self.token_text(token),
            _ => "",
        }
    }

    fn kind_at(&self, at: usize) -> TokenKind {
        self.tokens.get(at).map_or(TokenKind::End, |token| token.kind)
    }

    /// Whether a word of C comes here.
    pub(super) fn at_basic_type(&self) -> bool {
        self.is_basic_at(self.pos)
    }

    fn is_basic_at(&self, at: usize) -> bool {
        let word = self.text_at(at);
        BASIC.contains(&word) || SPECIAL.contains(&word) || SIGNS.contains(&word)
    }

    /// Whether an expression begins here rather than a type; a name alone counts as an expression.
    pub(super) fn at_expression(&self) -> bool {
        self.is_expression_at(self.pos)
    }

    fn is_expression_at(&self, start: usize) -> bool {
        use TokenKind::*;
        let mut at = start;
        loop {
            if self.is_basic_at(at) {
                return false;
            }
            if self.kind_at(at) != Name {
                return true;
            }
            at += 1;
            while self.kind_at(at) == Dot {
                at += 2;
            }
            match self.kind_at(at) {
                Name => return false,
                Star | DoubleStar => return !matches!(self.kind_at(at + 1), RParen | RBracket),
                LParen => return self.kind_at(at + 1) != Star,
                // `x[int]` is a type because `int` is one.
                LBracket if self.kind_at(at + 1) == RBracket => return false,
                LBracket => at += 1,
                _ => return true,
            }
        }
    }

    /// Whether `[` here begins the axes of a memoryview: its first entry has a colon.
    pub(super) fn at_view(&self) -> bool {
        match self.peek(1) {
            TokenKind::Colon => true,
            TokenKind::Int => self.peek(2) == TokenKind::Colon,
            _ => false,
        }
    }
}

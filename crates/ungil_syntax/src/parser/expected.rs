//! What to say where a token does not fit.

use ungil_diag::span::Span;

use super::{Failed, Parsed, Parser};
use crate::error::parse::ParseError;
use crate::lexer::token::{Token, TokenKind};

impl Parser<'_> {
    /// Records that `expected` was expected here; silent where the lexer has reported an error.
    pub(super) fn unexpected<T>(&mut self, expected: &'static str) -> Parsed<T> {
        let token = self.token();
        if token.kind == TokenKind::Invalid {
            return Err(Failed);
        }
        let found = self.found(token);
        let hint = self.operator_hint(token);
        self.fail(ParseError::Unexpected { expected, found, hint }, self.token_span(token))
    }

    pub(super) fn expected_expression<T>(&mut self) -> Parsed<T> {
        if self.at(TokenKind::Star) {
            return self.fail(ParseError::StarredHere, self.token_span(self.token()));
        }
        self.unexpected("an expression")
    }

    /// The token as a message names it.
    fn found(&self, token: Token) -> String {
        match token.kind {
            TokenKind::Name => format!("`{}`", self.token_text(token)),
            TokenKind::Int | TokenKind::Float | TokenKind::Imaginary => {
                let text = self.token_text(token);
                if text.len() <= 20 { format!("`{text}`") } else { "a number".into() }
            }
            kind => kind.describe().into(),
        }
    }

    /// Python's spelling of an operator of another language that ends at `token`.
    fn operator_hint(&self, token: Token) -> Option<&'static str> {
        let before = self.tokens.get(self.pos.checked_sub(1)?)?;
        let adjacent = before.hi == token.lo;
        match (before.kind, token.kind) {
            (TokenKind::Amp, TokenKind::Amp) if adjacent => Some("and"),
            (TokenKind::Bar, TokenKind::Bar) if adjacent => Some("or"),
            (TokenKind::Less, TokenKind::Greater) if adjacent => Some("!="),
            (TokenKind::Plus, TokenKind::Newline) if self.doubled(TokenKind::Plus) => Some("+= 1"),
            (TokenKind::Minus, TokenKind::Newline) if self.doubled(TokenKind::Minus) => Some("-= 1"),
            _ => None,
        }
    }

    fn doubled(&self, kind: TokenKind) -> bool {
        self.pos >= 2 && self.tokens[self.pos - 2].kind == kind
    }

    /// Takes a closing bracket that must come here.
    pub(super) fn close(&mut self, kind: TokenKind) -> Parsed<()> {
        if self.eat(kind) {
            return Ok(());
        }
        let token = self.token();
        if token.kind == TokenKind::Equal {
            return self.fail(ParseError::AssignmentInExpression, self.token_span(token));
        }
        if token.kind.starts_expression() || token.kind == TokenKind::Yield {
            let gap = Span::new(self.source, self.last_hi, token.lo.max(self.last_hi));
            return self
                .fail(ParseError::MissingComma { next: self.found(token) }, gap.to(self.token_span(token)));
        }
        let expected = match kind {
            TokenKind::RParen => "`,` or `)`",
            TokenKind::RBracket => "`,` or `]`",
            _ => "`,` or `}`",
        };
        self.unexpected(expected)
    }
}

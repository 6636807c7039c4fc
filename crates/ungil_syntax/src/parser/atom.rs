//! Primaries and atoms: what operators stand between.

use super::{Parsed, Parser};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::literal::Literal;
use crate::lexer::token::{Token, TokenKind};
use crate::literal::number;

impl Parser<'_> {
    /// An atom with any number of `.name`, `(…)` and `[…]` after it.
    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let mut value = self.atom()?;
        loop {
            let kind = match self.kind() {
                TokenKind::Dot => {
                    self.bump();
                    let attr = self.ident("an attribute name")?;
                    ExprKind::Attribute { value: Box::new(value), attr }
                }
                TokenKind::LParen => self.call(value)?,
                TokenKind::LBracket => {
                    let index = Box::new(self.subscript_index()?);
                    ExprKind::Subscript { value: Box::new(value), index }
                }
                _ => return Ok(value),
            };
            value = Expr { span: self.span(lo), kind };
            self.step()?;
        }
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let token = self.token();
        let kind = match token.kind {
            TokenKind::Name if self.at_reserved() => return self.reserved_word(),
            TokenKind::Name => {
                if self.cython.is_some()
                    && let Some(kind) = self.cython_name()?
                {
                    return Ok(Expr { span: self.span(token.lo), kind });
                }
                self.bump();
                ExprKind::Name(self.intern(token))
            }
            TokenKind::Int | TokenKind::Float | TokenKind::Imaginary => {
                self.bump();
                match self.suffixed_integer(token) {
                    Some(kind) => kind,
                    None => ExprKind::Literal(self.number(token)),
                }
            }
            TokenKind::Str if self.cython.is_some() && self.token_text(token).starts_with(['c', 'C']) => {
                self.char_literal()?
            }
            TokenKind::Str | TokenKind::InterpolatedStart => return self.strings(),
            TokenKind::True => self.constant(Literal::Bool(true)),
            TokenKind::False => self.constant(Literal::Bool(false)),
            TokenKind::None => self.constant(Literal::None),
            TokenKind::Ellipsis => self.constant(Literal::Ellipsis),
            TokenKind::LParen => return self.parenthesised(),
            TokenKind::LBracket => return self.list(),
            TokenKind::LBrace => return self.dict_or_set(),
            TokenKind::Backtick if self.is_level_two() => return self.backticks(),
            _ => return self.expected_expression(),
        };
        Ok(Expr { span: self.token_span(token), kind })
    }

    fn constant(&mut self, value: Literal) -> ExprKind {
        self.bump();
        ExprKind::Literal(value)
    }

    /// The value of a number token.
    pub(super) fn number(&mut self, token: Token) -> Literal {
        let text = self.token_text(token);
        match token.kind {
            TokenKind::Float => Literal::Float(number::float(text)),
            TokenKind::Imaginary => Literal::Imaginary(number::imaginary(text)),
            _ => number::int(text).unwrap_or_else(|error| {
                self.errors.push(error.diagnostic(self.token_span(token)));
                Literal::Int(0)
            }),
        }
    }
}

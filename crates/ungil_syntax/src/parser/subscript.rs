//! Indices and slices.

use super::{Parsed, Parser};
use crate::ast::expr::{Expr, ExprKind};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// `[…]` after a value: one index, or a tuple of indices.
    pub(super) fn subscript_index(&mut self) -> Parsed<Expr> {
        self.bump();
        if self.at(TokenKind::RBracket) {
            return self.fail(ParseError::EmptySubscript, self.token_span(self.token()));
        }
        let lo = self.lo();
        let first = self.index()?;
        if !self.at(TokenKind::Comma) && !matches!(first.kind, ExprKind::Starred(_)) {
            self.close(TokenKind::RBracket)?;
            return Ok(first);
        }
        let mut indices = vec![first];
        while self.eat(TokenKind::Comma) {
            if self.at(TokenKind::RBracket) {
                break;
            }
            indices.push(self.index()?);
        }
        let tuple = Expr { span: self.span(lo), kind: ExprKind::Tuple(indices) };
        self.close(TokenKind::RBracket)?;
        Ok(tuple)
    }

    /// One index: `*a`, an expression or a slice.
    fn index(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let lower = match self.kind() {
            TokenKind::Star => return self.starred_argument(),
            TokenKind::Colon => None,
            _ => {
                let value = self.named_expression()?;
                if !self.at(TokenKind::Colon) || matches!(value.kind, ExprKind::Named { .. }) {
                    return Ok(value);
                }
                Some(Box::new(value))
            }
        };
        self.bump();
        let upper = self.bound()?;
        let step = if self.eat(TokenKind::Colon) { self.bound()? } else { None };
        Ok(Expr { span: self.span(lo), kind: ExprKind::Slice { lower, upper, step } })
    }

    fn bound(&mut self) -> Parsed<Option<Box<Expr>>> {
        if matches!(self.kind(), TokenKind::Colon | TokenKind::Comma | TokenKind::RBracket) {
            return Ok(None);
        }
        Ok(Some(Box::new(self.expression()?)))
    }
}

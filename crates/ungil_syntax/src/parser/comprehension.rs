//! Comprehensions.

use super::expr::OR;
use super::{Parsed, Parser};
use crate::ast::expr::{Comprehension, Expr};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// Whether `for` or `async for` comes here.
    pub(super) fn at_comprehension(&self) -> bool {
        self.at(TokenKind::For) || (self.at(TokenKind::Async) && self.peek(1) == TokenKind::For)
    }

    /// One or more `for … in … if …` after an element that has been read.
    pub(super) fn comprehension(&mut self, element: &Expr) -> Parsed<Vec<Comprehension>> {
        if matches!(element.kind, crate::ast::expr::ExprKind::Starred(_)) {
            self.report(ParseError::UnpackingInComprehension, element.span);
        }
        let mut generators = Vec::new();
        while self.at_comprehension() {
            let lo = self.lo();
            let is_async = self.eat(TokenKind::Async);
            self.bump();
            let target = self.loop_target()?;
            self.expect(TokenKind::In)?;
            let iter = self.operators(OR)?;
            let mut conditions = Vec::new();
            while self.eat(TokenKind::If) {
                conditions.push(self.operators(OR)?);
            }
            generators.push(Comprehension { span: self.span(lo), is_async, target, iter, conditions });
        }
        Ok(generators)
    }
}

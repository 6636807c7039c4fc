//! Parentheses, lists, sets and dictionaries.

use super::{Parsed, Parser};
use crate::ast::expr::{DictItem, Expr, ExprKind};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// `()`, a group, a tuple or a generator.
    pub(super) fn parenthesised(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        if self.eat(TokenKind::RParen) {
            return Ok(Expr { span: self.span(lo), kind: ExprKind::Tuple(Vec::new()) });
        }
        if self.at(TokenKind::Yield) {
            let inner = self.yield_expression()?;
            self.close(TokenKind::RParen)?;
            return Ok(inner);
        }
        let first = self.star_named_expression()?;
        if self.at_comprehension() {
            let generators = self.comprehension(&first)?;
            self.close(TokenKind::RParen)?;
            let kind = ExprKind::Generator { element: Box::new(first), generators };
            return Ok(Expr { span: self.span(lo), kind });
        }
        if !self.at(TokenKind::Comma) {
            self.close(TokenKind::RParen)?;
            if matches!(first.kind, ExprKind::Starred(_)) {
                return self.fail(ParseError::StarredHere, first.span);
            }
            return Ok(first);
        }
        let elements = self.elements(first, TokenKind::RParen)?;
        Ok(Expr { span: self.span(lo), kind: ExprKind::Tuple(elements) })
    }

    pub(super) fn list(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let kind = if self.eat(TokenKind::RBracket) {
            ExprKind::List(Vec::new())
        } else {
            let first = self.star_named_expression()?;
            if self.at_comprehension() {
                let generators = self.comprehension(&first)?;
                self.close(TokenKind::RBracket)?;
                ExprKind::ListComp { element: Box::new(first), generators }
            } else {
                ExprKind::List(self.elements(first, TokenKind::RBracket)?)
            }
        };
        Ok(Expr { span: self.span(lo), kind })
    }

    /// The elements after the first, and the closing bracket.
    fn elements(&mut self, first: Expr, close: TokenKind) -> Parsed<Vec<Expr>> {
        let mut elements = vec![first];
        while self.eat(TokenKind::Comma) {
            if self.at(close) {
                break;
            }
            elements.push(self.star_named_expression()?);
            self.no_comprehension_here(&elements)?;
        }
        self.close(close)?;
        Ok(elements)
    }

    /// `[a, b for …]`: the element of a comprehension must be one expression.
    fn no_comprehension_here(&mut self, elements: &[Expr]) -> Parsed<()> {
        if !self.at_comprehension() {
            return Ok(());
        }
        let first = elements.first().map_or(self.span(self.lo()), |element| element.span);
        let span = elements.last().map_or(first, |last| first.to(last.span));
        self.fail(ParseError::TupleElement, span)
    }

    pub(super) fn dict_or_set(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        if self.eat(TokenKind::RBrace) {
            return Ok(Expr { span: self.span(lo), kind: ExprKind::Dict(Vec::new()) });
        }
        if self.at(TokenKind::DoubleStar) {
            let first = self.dict_item()?;
            return self.dict_after(lo, first);
        }
        let first = self.star_named_expression()?;
        if self.at(TokenKind::Colon) && !matches!(first.kind, ExprKind::Starred(_)) {
            let first = self.dict_value(first)?;
            return self.dict_after(lo, first);
        }
        let kind = if self.at_comprehension() {
            let generators = self.comprehension(&first)?;
            self.close(TokenKind::RBrace)?;
            ExprKind::SetComp { element: Box::new(first), generators }
        } else {
            ExprKind::Set(self.elements(first, TokenKind::RBrace)?)
        };
        Ok(Expr { span: self.span(lo), kind })
    }

    /// `key: value` or `**value`.
    fn dict_item(&mut self) -> Parsed<DictItem> {
        if self.eat(TokenKind::DoubleStar) {
            let value = self.operators(super::expr::BIT_OR)?;
            return Ok(DictItem { key: None, value });
        }
        if self.at(TokenKind::Star) {
            return self.fail(ParseError::StarredHere, self.token_span(self.token()));
        }
        let key = self.expression()?;
        self.dict_value(key)
    }

    fn dict_value(&mut self, key: Expr) -> Parsed<DictItem> {
        if !self.at(TokenKind::Colon) {
            let missing = matches!(self.kind(), TokenKind::Comma | TokenKind::RBrace);
            return if missing { self.fail(ParseError::DictValue, key.span) } else { self.unexpected("`:`") };
        }
        self.bump();
        if matches!(
            self.kind(),
            TokenKind::Comma | TokenKind::RBrace | TokenKind::Star | TokenKind::DoubleStar
        ) {
            return self.fail(ParseError::DictValue, key.span);
        }
        let value = self.expression()?;
        Ok(DictItem { key: Some(key), value })
    }

    fn dict_after(&mut self, lo: u32, first: DictItem) -> Parsed<Expr> {
        if self.at_comprehension() {
            let Some(key) = first.key else {
                return self.fail(ParseError::UnpackingInComprehension, first.value.span);
            };
            let generators = self.comprehension(&first.value)?;
            self.close(TokenKind::RBrace)?;
            let kind = ExprKind::DictComp { key: Box::new(key), value: Box::new(first.value), generators };
            return Ok(Expr { span: self.span(lo), kind });
        }
        let mut items = vec![first];
        while self.eat(TokenKind::Comma) {
            if self.at(TokenKind::RBrace) {
                break;
            }
            items.push(self.dict_item()?);
        }
        self.close(TokenKind::RBrace)?;
        Ok(Expr { span: self.span(lo), kind: ExprKind::Dict(items) })
    }
}

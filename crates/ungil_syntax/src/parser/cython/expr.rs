//! Casts, addresses, `sizeof`, `new` and literals of C.

use super::super::expr::UNARY;
use super::super::{Parsed, Parser};
use crate::ast::cython::CythonExpr;
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::literal::Literal;
use crate::error::cython::CythonError;
use crate::lexer::token::{Token, TokenKind};
use crate::literal::{number, string};

impl Parser<'_> {
    /// `<>`, an old spelling of `!=`.
    pub(in super::super) fn at_angle_not_equal(&self) -> bool {
        self.cython.is_some()
            && self.peek(1) == TokenKind::Greater
            && self.tokens[self.pos + 1].lo == self.token().hi
    }

    /// `<type>value`
    pub(in super::super) fn cast(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let ty = self.type_name()?;
        let is_checked = self.eat(TokenKind::Question);
        self.close_angle()?;
        let value = self.operators(UNARY)?;
        Ok(self.c_expression(lo, CythonExpr::Cast { ty, is_checked, value }))
    }

    /// Takes the `>` of a cast.
    fn close_angle(&mut self) -> Parsed<()> {
        if self.eat(TokenKind::Greater) {
            return Ok(());
        }
        self.unexpected("`>`")
    }

    pub(in super::super) fn address_of(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let value = self.operators(UNARY)?;
        Ok(self.c_expression(lo, CythonExpr::AddressOf(value)))
    }

    /// `` `value, …` ``
    pub(in super::super) fn backticks(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let value = self.star_expressions()?;
        if !self.eat(TokenKind::Backtick) {
            return self.unexpected("a backtick");
        }
        Ok(self.c_expression(lo, CythonExpr::Repr(value)))
    }

    fn c_expression(&self, lo: u32, expr: CythonExpr) -> Expr {
        Expr { span: self.span(lo), kind: ExprKind::Cython(Box::new(expr)) }
    }

    /// `sizeof(…)` and `new class`, if they come here.
    pub(in super::super) fn cython_name(&mut self) -> Parsed<Option<ExprKind>> {
        if self.at_word("sizeof") && self.peek(1) == TokenKind::LParen {
            self.bump();
            self.bump();
            let argument = self.type_argument()?;
            self.close(TokenKind::RParen)?;
            return Ok(Some(ExprKind::Cython(Box::new(CythonExpr::SizeOf(argument)))));
        }
        if self.at_word("new") && self.peek(1) == TokenKind::Name {
            self.bump();
            let class = self.base_type(false)?;
            if !self.at(TokenKind::LParen) {
                return self.unexpected("`(`");
            }
            return Ok(Some(ExprKind::Cython(Box::new(CythonExpr::New(class)))));
        }
        Ok(None)
    }

    /// `c"x"`
    pub(in super::super) fn char_literal(&mut self) -> Parsed<ExprKind> {
        let token = self.bump();
        let span = self.token_span(token);
        let text = self.token_text(token);
        let parts = string::split(text);
        let mut bytes = Vec::new();
        let mut faults = Vec::new();
        string::decode_bytes(parts.body, parts.raw, token.lo + parts.body_at, &mut bytes, &mut faults);
        match bytes[..] {
            [byte] if faults.is_empty() => Ok(ExprKind::Cython(Box::new(CythonExpr::Char(byte)))),
            _ => self.fail_cython(CythonError::Char, span),
        }
    }

    /// An integer with a suffix of C.
    pub(in super::super) fn suffixed_integer(&mut self, token: Token) -> Option<ExprKind> {
        let text = self.token_text(token);
        let is_suffix = |ch: char| matches!(ch, 'u' | 'U' | 'l' | 'L');
        let digits = text.trim_end_matches(is_suffix);
        if self.cython.is_none() || token.kind != TokenKind::Int || digits.len() == text.len() {
            return None;
        }
        let suffix = text[digits.len()..].to_ascii_lowercase();
        let value = match number::int(digits) {
            Ok(value) => value,
            Err(error) => {
                self.errors.push(error.diagnostic(self.token_span(token)));
                Literal::Int(0)
            }
        };
        let longs = suffix.matches('l').count() as u8;
        let integer = CythonExpr::Integer { value, is_unsigned: suffix.contains('u'), longs };
        Some(ExprKind::Cython(Box::new(integer)))
    }
}

//! Compound statements: `if`, `while`, `for`, `with`, `try`.

use ungil_diag::span::Span;

use super::{Parsed, Parser};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::stmt::{ExceptHandler, For, If, IfBranch, Stmt, StmtKind, Try, While, With, WithItem};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    pub(super) fn if_statement(&mut self) -> Parsed<StmtKind> {
        let mut branches = vec![self.if_branch("`if`")?];
        while self.at(TokenKind::Elif) {
            branches.push(self.if_branch("`elif`")?);
        }
        let orelse = self.else_block()?;
        Ok(StmtKind::If(Box::new(If { branches, orelse })))
    }

    fn if_branch(&mut self, owner: &'static str) -> Parsed<IfBranch> {
        let lo = self.bump().lo;
        let test = self.named_expression()?;
        let body = self.block(owner, lo)?;
        Ok(IfBranch { span: self.span(lo), test, body })
    }

    pub(super) fn else_block(&mut self) -> Parsed<Vec<Stmt>> {
        if !self.at(TokenKind::Else) {
            return Ok(Vec::new());
        }
        let lo = self.bump().lo;
        self.block("`else`", lo)
    }

    pub(super) fn while_statement(&mut self) -> Parsed<StmtKind> {
        let lo = self.bump().lo;
        let test = self.named_expression()?;
        let body = self.block("`while`", lo)?;
        let orelse = self.else_block()?;
        Ok(StmtKind::While(Box::new(While { test, body, orelse })))
    }

    pub(super) fn for_statement(&mut self, is_async: bool) -> Parsed<StmtKind> {
        let lo = self.bump().lo;
        let target = self.loop_target_unchecked()?;
        if self.cython.is_some() && !is_async && !self.at(TokenKind::In) {
            return self.for_from(lo, target);
        }
        self.check_target(&target)?;
        self.expect(TokenKind::In)?;
        let iter = self.star_expressions()?;
        let body = self.block("`for`", lo)?;
        let orelse = self.else_block()?;
        Ok(StmtKind::For(Box::new(For { is_async, target, iter, body, orelse })))
    }

    pub(super) fn with_statement(&mut self, is_async: bool) -> Parsed<StmtKind> {
        let lo = self.bump().lo;
        let parenthesised = self.at(TokenKind::LParen) && self.with_items_in_parentheses();
        let mut items = Vec::new();
        if parenthesised {
            self.bump();
        }
        loop {
            items.push(self.with_item()?);
            if !self.eat(TokenKind::Comma) || (parenthesised && self.at(TokenKind::RParen)) {
                break;
            }
        }
        if parenthesised {
            self.close(TokenKind::RParen)?;
        }
        let body = self.block("`with`", lo)?;
        Ok(StmtKind::With(Box::new(With { is_async, items, body })))
    }

    fn with_item(&mut self) -> Parsed<WithItem> {
        let context = self.expression()?;
        if !self.eat(TokenKind::As) {
            return Ok(WithItem { context, target: None });
        }
        let target = if self.at(TokenKind::Star) { self.starred()? } else { self.primary()? };
        self.check_target(&target)?;
        Ok(WithItem { context, target: Some(target) })
    }

    /// Whether the parentheses here enclose items rather than belong to an expression: they are
    /// the last thing before the colon, and hold nothing that only an expression may hold.
    fn with_items_in_parentheses(&self) -> bool {
        use TokenKind::*;
        let mut depth = 0u32;
        let mut previous = LParen;
        for (i, token) in self.tokens[self.pos..].iter().enumerate() {
            match token.kind {
                LParen | LBracket | LBrace => depth += 1,
                RParen | RBracket | RBrace => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return i > 1 && self.peek(i + 1) == Colon;
                    }
                }
                ColonEqual | Yield | For if depth == 1 => return false,
                Star if depth == 1 && matches!(previous, LParen | Comma) => return false,
                Newline | End => return false,
                _ => {}
            }
            previous = token.kind;
        }
        false
    }

    pub(super) fn try_statement(&mut self) -> Parsed<StmtKind> {
        let lo = self.bump().lo;
        let try_span = self.span(lo);
        let body = self.block("`try`", lo)?;
        let mut handlers = Vec::new();
        let mut is_star = false;
        while self.at(TokenKind::Except) {
            let star = self.peek(1) == TokenKind::Star;
            let handler = self.handler()?;
            if !handlers.is_empty() && star != is_star {
                self.report(ParseError::MixedHandlers, handler.span);
            }
            is_star |= star;
            handlers.push(handler);
        }
        self.check_bare_handler(&handlers);
        let orelse = if handlers.is_empty() { Vec::new() } else { self.else_block()? };
        let finalbody = if self.at(TokenKind::Finally) {
            let lo = self.bump().lo;
            self.block("`finally`", lo)?
        } else {
            Vec::new()
        };
        if handlers.is_empty() && finalbody.is_empty() {
            self.report(ParseError::TryAlone, try_span);
        }
        Ok(StmtKind::Try(Box::new(Try { is_star, body, handlers, orelse, finalbody })))
    }

    /// A handler without an exception must be the last one.
    fn check_bare_handler(&mut self, handlers: &[ExceptHandler]) {
        let others = handlers.len().saturating_sub(1);
        for handler in &handlers[..others] {
            if handler.exc.is_none() {
                let lo = handler.span.lo;
                self.report(ParseError::BareHandlerNotLast, Span::new(self.source, lo, lo + 6));
            }
        }
    }

    fn handler(&mut self) -> Parsed<ExceptHandler> {
        let lo = self.bump().lo;
        let star = self.eat(TokenKind::Star);
        if self.at(TokenKind::Colon) {
            if star {
                self.report(ParseError::StarHandlerWithoutType, self.span(lo));
            }
            let body = self.block("`except`", lo)?;
            return Ok(ExceptHandler { span: self.span(lo), exc: None, name: None, body });
        }
        let exc_lo = self.lo();
        let first = self.expression()?;
        if self.is_level_two() && self.at(TokenKind::Comma) {
            // Python 2: `except class, name`.
            self.bump();
            let name = Some(self.ident("a name")?);
            let body = self.block("`except`", lo)?;
            return Ok(ExceptHandler { span: self.span(lo), exc: Some(first), name, body });
        }
        let exc = self.tuple_after(exc_lo, first, Self::expression)?;
        let name = if self.at(TokenKind::As) { Some(self.handler_name(&exc, exc_lo)?) } else { None };
        let body = self.block("`except`", lo)?;
        Ok(ExceptHandler { span: self.span(lo), exc: Some(exc), name, body })
    }

    fn handler_name(&mut self, exc: &Expr, exc_lo: u32) -> Parsed<crate::ast::name::Ident> {
        let bare_tuple = matches!(exc.kind, ExprKind::Tuple(_))
            && self.text.as_bytes().get(exc_lo as usize) != Some(&b'(');
        if bare_tuple {
            return self.fail(ParseError::HandlerTuple, exc.span);
        }
        self.bump();
        self.ident("a name after `as`")
    }
}

//! `match` statements.

use super::{Failed, Parsed, Parser};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::stmt::{Match, MatchCase, StmtKind};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// Whether `match` here begins a statement: its line ends in a colon, and what follows is an
    /// indented `case`; or the line could be nothing else.
    pub(super) fn at_match_statement(&self) -> bool {
        if !self.at_word("match") || !(self.peek(1).starts_expression() || self.peek(1) == TokenKind::Star) {
            return false;
        }
        let mut last = TokenKind::Name;
        for (i, token) in self.tokens[self.pos..].iter().enumerate() {
            match token.kind {
                TokenKind::Newline if last != TokenKind::Colon => return false,
                TokenKind::Newline => {
                    let indented = self.peek(i + 1) == TokenKind::Indent;
                    let first = self.pos + i + if indented { 2 } else { 1 };
                    let case = self.tokens.get(first).is_some_and(|&token| self.token_text(token) == "case");
                    return case || (indented && self.only_a_match());
                }
                TokenKind::End => return false,
                kind => last = kind,
            }
        }
        false
    }

    /// Whether `match` and the token after it cannot begin an expression.
    fn only_a_match(&self) -> bool {
        use TokenKind::*;
        !matches!(self.peek(1), LParen | LBracket | Plus | Minus | Not | Star)
    }

    pub(super) fn match_statement(&mut self) -> Parsed<StmtKind> {
        let lo = self.bump().lo;
        let subject = self.subject()?;
        let header = self.span(lo);
        self.expect(TokenKind::Colon)?;
        self.expect(TokenKind::Newline)?;
        if !self.eat(TokenKind::Indent) {
            let here = self.token_span(self.token()).start();
            return self.fail(ParseError::MissingBlock { owner: "`match`", header }, here);
        }
        let mut cases = Vec::new();
        while !matches!(self.kind(), TokenKind::Dedent | TokenKind::End) {
            // An error in one case must not make the others look like statements of the block outside.
            let start = self.pos;
            match self.case() {
                Ok(case) => cases.push(case),
                Err(_) => self.recover_from(start),
            }
        }
        self.eat(TokenKind::Dedent);
        Ok(StmtKind::Match(Box::new(Match { subject, cases })))
    }

    /// `star_named_expression`, or a tuple of them.
    fn subject(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let first = self.star_named_expression()?;
        let alone = !self.at(TokenKind::Comma);
        if alone && matches!(first.kind, ExprKind::Starred(_)) {
            return self.fail(ParseError::StarredHere, first.span);
        }
        self.tuple_after(lo, first, Self::star_named_expression)
    }

    fn case(&mut self) -> Parsed<MatchCase> {
        if !self.at_word("case") {
            let token = self.token();
            let silent = token.kind == TokenKind::Invalid;
            return if silent {
                Err(Failed)
            } else {
                self.fail(ParseError::CaseExpected, self.token_span(token))
            };
        }
        let lo = self.bump().lo;
        let pattern = self.patterns()?;
        let guard = if self.eat(TokenKind::If) { Some(self.named_expression()?) } else { None };
        let body = self.block("`case`", lo)?;
        Ok(MatchCase { span: self.span(lo), pattern, guard, body })
    }
}

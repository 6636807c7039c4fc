//! Simple statements.

use super::{Parsed, Parser};
use crate::ast::name::Ident;
use crate::ast::stmt::{Stmt, StmtKind};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// Simple statements on one line, separated by semicolons, and the line's end.
    pub(super) fn simple_statements(&mut self, out: &mut Vec<Stmt>) -> Parsed<()> {
        loop {
            let lo = self.lo();
            let kind = self.simple_statement()?;
            out.push(Stmt { span: self.span(lo), kind });
            if !self.eat(TokenKind::Semicolon) {
                break;
            }
            if matches!(self.kind(), TokenKind::Newline | TokenKind::End) {
                break;
            }
        }
        if self.eat(TokenKind::Newline) {
            return Ok(());
        }
        if self.kind() == TokenKind::End {
            return Ok(());
        }
        self.unexpected("the end of the statement")
    }

    fn simple_statement(&mut self) -> Parsed<StmtKind> {
        match self.kind() {
            TokenKind::Pass => self.word(StmtKind::Pass),
            TokenKind::Break => self.word(StmtKind::Break),
            TokenKind::Continue => self.word(StmtKind::Continue),
            TokenKind::Return => self.return_statement(),
            TokenKind::Raise => self.raise(),
            TokenKind::Assert => self.assert(),
            TokenKind::Del => self.delete(),
            TokenKind::Global => Ok(StmtKind::Global(self.names_after_keyword()?)),
            TokenKind::Nonlocal => Ok(StmtKind::Nonlocal(self.names_after_keyword()?)),
            TokenKind::Import => self.import(),
            TokenKind::From => self.import_from(),
            TokenKind::Name if self.cython.is_some() && self.at_cython_simple() => self.cython_simple(),
            TokenKind::Name
                if self.cython.is_none() && self.peek(1) == TokenKind::Name && self.at_word("type") =>
            {
                self.type_alias()
            }
            kind if kind.is_keyword() && !kind.starts_expression() && kind != TokenKind::Yield => {
                self.misplaced_keyword()
            }
            _ => self.expression_statement(),
        }
    }

    /// A keyword that no simple statement begins with.
    fn misplaced_keyword(&mut self) -> Parsed<StmtKind> {
        let token = self.token();
        let word = self.token_text(token).to_string();
        let span = self.token_span(token);
        if self.peek(1) == TokenKind::Equal {
            return self.fail(ParseError::KeywordAsName { word }, span);
        }
        match token.kind {
            TokenKind::Elif | TokenKind::Else | TokenKind::Except | TokenKind::Finally => {
                self.fail(ParseError::StrayClause { word }, span)
            }
            TokenKind::Def
            | TokenKind::Class
            | TokenKind::If
            | TokenKind::While
            | TokenKind::For
            | TokenKind::With
            | TokenKind::Try
            | TokenKind::Async => self.fail(ParseError::CompoundAfterColon { word }, span),
            _ => self.unexpected("a statement"),
        }
    }

    fn word(&mut self, kind: StmtKind) -> Parsed<StmtKind> {
        let token = self.bump();
        if self.at(TokenKind::Equal) {
            let word = self.token_text(token).to_string();
            return self.fail(ParseError::KeywordAsName { word }, self.token_span(token));
        }
        Ok(kind)
    }

    pub(super) fn at_statement_end(&self) -> bool {
        matches!(self.kind(), TokenKind::Newline | TokenKind::Semicolon | TokenKind::End)
    }

    fn return_statement(&mut self) -> Parsed<StmtKind> {
        self.bump();
        if self.at_statement_end() {
            return Ok(StmtKind::Return(None));
        }
        Ok(StmtKind::Return(Some(self.star_expressions()?)))
    }

    fn raise(&mut self) -> Parsed<StmtKind> {
        self.bump();
        if self.at_statement_end() {
            return Ok(StmtKind::Raise { exc: None, cause: None });
        }
        let exc = Some(self.expression()?);
        if self.cython.is_some() && self.at(TokenKind::Comma) {
            return self.raise_with_value(exc);
        }
        let cause = if self.eat(TokenKind::From) { Some(self.expression()?) } else { None };
        Ok(StmtKind::Raise { exc, cause })
    }

    fn assert(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let test = self.expression()?;
        if self.at(TokenKind::Equal) {
            return self.fail(ParseError::AssignmentInExpression, self.token_span(self.token()));
        }
        let msg = if self.eat(TokenKind::Comma) { Some(self.expression()?) } else { None };
        Ok(StmtKind::Assert { test, msg })
    }

    fn delete(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let mut targets = Vec::new();
        loop {
            let target = self.star_expression()?;
            self.check_delete_target(&target)?;
            targets.push(target);
            if !self.eat(TokenKind::Comma) || self.at_statement_end() {
                break;
            }
        }
        Ok(StmtKind::Delete(targets))
    }

    /// One or more names after `global` or `nonlocal`.
    fn names_after_keyword(&mut self) -> Parsed<Vec<Ident>> {
        self.bump();
        let mut names = vec![self.ident("a name")?];
        while self.eat(TokenKind::Comma) {
            names.push(self.ident("a name")?);
        }
        Ok(names)
    }

    fn type_alias(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let name = self.ident("the alias's name")?;
        let type_params = self.type_params()?;
        self.expect(TokenKind::Equal)?;
        let value = self.expression()?;
        Ok(StmtKind::TypeAlias { name, type_params, value })
    }
}

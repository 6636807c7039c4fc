//! Sequences of statements, blocks, and recovery from errors.

use ungil_diag::span::Span;

use super::cython::{Context, Level};
use super::{Failed, Parsed, Parser};
use crate::ast::stmt::{Stmt, StmtKind};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// Statements up to `end`, which is taken.
    pub(super) fn statements(&mut self, end: TokenKind) -> Vec<Stmt> {
        let mut body = Vec::new();
        loop {
            if self.at(end) || self.at(TokenKind::End) {
                self.bump();
                return body;
            }
            self.statement(&mut body);
        }
    }

    /// One line of simple statements, or one compound statement.
    fn statement(&mut self, body: &mut Vec<Stmt>) {
        let lo = self.lo();
        let start = self.pos;
        match self.kind() {
            TokenKind::Newline | TokenKind::Dedent => {
                self.bump();
                return;
            }
            TokenKind::Indent => return self.unexpected_indent(body),
            _ => {}
        }
        let after_error = matches!(body.last(), Some(Stmt { kind: StmtKind::Invalid, .. }));
        let result = if after_error && self.at_clause() { Err(Failed) } else { self.any_statement(body) };
        if result.is_err() {
            self.recover_from(start);
            body.push(Stmt { span: self.span(lo), kind: StmtKind::Invalid });
        }
    }

    /// Whether a clause comes here that belongs to a statement above.
    fn at_clause(&self) -> bool {
        use TokenKind::*;
        matches!(self.kind(), Elif | Else | Except | Finally) || self.at_word("case")
    }

    fn any_statement(&mut self, body: &mut Vec<Stmt>) -> Parsed<()> {
        let lo = self.lo();
        let Some(result) = self.compound_statement() else {
            return self.simple_statements(body);
        };
        let kind = result?;
        // A decorated definition starts at its own keyword.
        let lo = match &kind {
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => self.definition_lo,
            _ => lo,
        };
        body.push(Stmt { span: self.span(lo), kind });
        Ok(())
    }

    /// The compound statement that begins here, or `None` where none does.
    fn compound_statement(&mut self) -> Option<Parsed<StmtKind>> {
        if self.cython.is_some()
            && let Some(result) = self.cython_statement()
        {
            return Some(result);
        }
        Some(match self.kind() {
            TokenKind::If => self.if_statement(),
            TokenKind::While => self.while_statement(),
            TokenKind::For => self.for_statement(false),
            TokenKind::With => self.with_statement(false),
            TokenKind::Try => self.try_statement(),
            TokenKind::Def => self.function(Vec::new(), false),
            TokenKind::Class => self.class(Vec::new()),
            TokenKind::At => self.decorated(),
            TokenKind::Async => self.async_statement(),
            TokenKind::Name if self.at_match_statement() => self.match_statement(),
            _ => return None,
        })
    }

    fn async_statement(&mut self) -> Parsed<StmtKind> {
        match self.peek(1) {
            TokenKind::Def => self.function(Vec::new(), true),
            TokenKind::For => {
                self.bump();
                self.for_statement(true)
            }
            TokenKind::With => {
                self.bump();
                self.with_statement(true)
            }
            _ => {
                let word = "async".to_string();
                if self.peek(1) == TokenKind::Equal {
                    return self.fail(ParseError::KeywordAsName { word }, self.token_span(self.token()));
                }
                self.bump();
                self.unexpected("`def`, `for` or `with`")
            }
        }
    }

    fn unexpected_indent(&mut self, body: &mut Vec<Stmt>) {
        let token = self.bump();
        self.report(ParseError::UnexpectedIndent, self.token_span(token));
        body.extend(self.statements(TokenKind::Dedent));
    }

    /// Moves past the rest of the line, and past the block where one follows, whose errors are
    /// still reported; past one token at least, counted from `start`.
    pub(super) fn recover_from(&mut self, start: usize) {
        if self.pos == start {
            self.bump();
        }
        loop {
            match self.kind() {
                TokenKind::End | TokenKind::Dedent => return,
                TokenKind::Newline => {
                    self.bump();
                    break;
                }
                _ => self.bump(),
            };
        }
        if self.eat(TokenKind::Indent) {
            self.statements(TokenKind::Dedent);
        }
    }

    /// `:` and the statements of a clause; `owner` and its span name the clause in messages.
    pub(super) fn block(&mut self, owner: &'static str, lo: u32) -> Parsed<Vec<Stmt>> {
        let header = self.span(lo);
        if !self.eat(TokenKind::Colon) {
            self.missing_colon(owner, header)?;
        }
        let outer = std::mem::replace(&mut self.context, Context::new(Level::of_owner(owner)));
        let body = self.block_body(owner, header);
        self.context = outer;
        body
    }

    /// What follows the colon of a clause.
    fn block_body(&mut self, owner: &'static str, header: Span) -> Parsed<Vec<Stmt>> {
        if !self.eat(TokenKind::Newline) {
            let mut body = Vec::new();
            self.simple_statements(&mut body)?;
            return Ok(body);
        }
        self.indented_block(owner, header)
    }

    /// The lines of a block, from its indentation.
    pub(super) fn indented_block(&mut self, owner: &'static str, header: Span) -> Parsed<Vec<Stmt>> {
        if self.eat(TokenKind::Indent) {
            return Ok(self.statements(TokenKind::Dedent));
        }
        let here = self.token_span(self.token());
        self.report(ParseError::MissingBlock { owner, header }, Span { hi: here.lo, ..here });
        Ok(vec![Stmt { span: here.start(), kind: StmtKind::Invalid }])
    }

    /// Reports what stands where a colon should; goes on where only the colon is missing.
    pub(super) fn missing_colon(&mut self, owner: &'static str, header: Span) -> Parsed<()> {
        let token = self.token();
        let span = self.token_span(token);
        match token.kind {
            TokenKind::Invalid => Err(Failed),
            TokenKind::Newline if self.peek(1) == TokenKind::Indent => {
                self.report(ParseError::MissingColon { owner }, header.end());
                Ok(())
            }
            TokenKind::Newline | TokenKind::End => {
                self.fail(ParseError::MissingColon { owner }, header.end())
            }
            TokenKind::Equal => self.fail(ParseError::AssignmentInExpression, span),
            TokenKind::If if owner == "`else`" => self.fail(ParseError::ElseIf, header.to(span)),
            _ => self.unexpected("`:`"),
        }
    }
}

//! Functions, classes and decorators.

use super::{Parsed, Parser};
use crate::ast::expr::Expr;
use crate::ast::stmt::{ClassDef, FunctionDef, StmtKind};
use crate::lexer::token::TokenKind;

use super::call::Arguments;

impl Parser<'_> {
    /// Decorators and the definition they belong to.
    pub(super) fn decorated(&mut self) -> Parsed<StmtKind> {
        let mut decorators = Vec::new();
        while self.eat(TokenKind::At) {
            decorators.push(self.named_expression()?);
            self.expect(TokenKind::Newline)?;
        }
        match self.kind() {
            TokenKind::Def => self.function(decorators, false),
            TokenKind::Async if self.peek(1) == TokenKind::Def => self.function(decorators, true),
            TokenKind::Class => self.class(decorators),
            TokenKind::Name if self.at_declaration() => self.declaration(decorators),
            _ => self.unexpected("`def` or `class` after a decorator"),
        }
    }

    /// A function, from its `def` or `async`.
    pub(super) fn function(&mut self, decorators: Vec<Expr>, is_async: bool) -> Parsed<StmtKind> {
        self.check_def_in_pxd()?;
        let lo = self.bump().lo;
        if is_async {
            self.bump();
        }
        self.refuse_modifier();
        let name = self.ident("a function name")?;
        let type_params = self.type_params()?;
        self.expect(TokenKind::LParen)?;
        let params = self.def_parameters()?;
        self.close(TokenKind::RParen)?;
        self.refuse_modifier();
        let returns = if self.eat(TokenKind::Arrow) { Some(self.expression()?) } else { None };
        let body = self.block("`def`", lo)?;
        self.definition_lo = lo;
        let function =
            FunctionDef { is_async, name, decorators, type_params, params, returns, signature: None, body };
        Ok(StmtKind::FunctionDef(Box::new(function)))
    }

    /// A class, from its `class`.
    pub(super) fn class(&mut self, decorators: Vec<Expr>) -> Parsed<StmtKind> {
        let lo = self.bump().lo;
        let name = self.ident("a class name")?;
        let type_params = self.type_params()?;
        let Arguments { args: bases, keywords, .. } =
            if self.at(TokenKind::LParen) { self.class_arguments()? } else { Arguments::default() };
        let body = self.block("`class`", lo)?;
        self.definition_lo = lo;
        Ok(StmtKind::ClassDef(Box::new(ClassDef { name, decorators, type_params, bases, keywords, body })))
    }
}

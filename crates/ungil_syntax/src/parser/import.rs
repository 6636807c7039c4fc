//! Import statements.

use ungil_diag::span::Span;

use super::{Parsed, Parser};
use crate::ast::cython::CythonStmt;
use crate::ast::name::Ident;
use crate::ast::stmt::{Alias, ImportFrom, StmtKind};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    pub(super) fn import(&mut self) -> Parsed<StmtKind> {
        let names = self.modules()?;
        if names.iter().all(|alias| self.is_compile_time(&alias.name)) {
            return Ok(StmtKind::Cython(Box::new(CythonStmt::Cimport(names))));
        }
        Ok(StmtKind::Import(names))
    }

    /// The modules after `import` or `cimport`.
    pub(super) fn modules(&mut self) -> Parsed<Vec<Alias>> {
        self.bump();
        let mut names = Vec::new();
        loop {
            let lo = self.lo();
            let name = self.dotted_name()?.name;
            let asname = self.as_name()?;
            names.push(Alias { span: self.span(lo), name, asname });
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        if self.at(TokenKind::From) {
            return self.fail(ParseError::ImportOrder, self.token_span(self.token()));
        }
        Ok(names)
    }

    pub(super) fn import_from(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let mut level = 0;
        while matches!(self.kind(), TokenKind::Dot | TokenKind::Ellipsis) {
            level += if self.bump().kind == TokenKind::Dot { 1 } else { 3 };
        }
        let at_names = self.at(TokenKind::Import) || self.at_cimport();
        let module = if level > 0 && at_names { None } else { Some(self.dotted_name()?) };
        let is_cimport = self.at_cimport();
        if is_cimport {
            self.bump();
        } else {
            self.expect(TokenKind::Import)?;
        }
        let names = self.imported_names()?;
        if is_cimport || level == 0 && module.as_ref().is_some_and(|m| self.is_compile_time(&m.name)) {
            let import = Box::new(ImportFrom { level, module, names });
            return Ok(StmtKind::Cython(Box::new(CythonStmt::FromCimport(import))));
        }
        if level == 0 && module.as_ref().is_some_and(|m| &*m.name == "__future__") {
            self.print_function |= names.iter().any(|alias| &*alias.name == "print_function");
        }
        Ok(StmtKind::ImportFrom(Box::new(ImportFrom { level, module, names })))
    }

    fn imported_names(&mut self) -> Parsed<Vec<Alias>> {
        if self.at(TokenKind::Star) {
            let token = self.bump();
            return Ok(vec![Alias { span: self.token_span(token), name: "*".into(), asname: None }]);
        }
        let parenthesised = self.eat(TokenKind::LParen);
        let mut names = Vec::new();
        loop {
            let lo = self.lo();
            let name = self.ident("a name to import")?.name;
            let asname = self.as_name()?;
            names.push(Alias { span: self.span(lo), name, asname });
            if !self.at(TokenKind::Comma) {
                break;
            }
            let comma = self.bump();
            if parenthesised && self.at(TokenKind::RParen) {
                break;
            }
            if self.at(TokenKind::Newline) {
                return self.fail(ParseError::ImportTrailingComma, self.token_span(comma));
            }
        }
        if parenthesised {
            self.close(TokenKind::RParen)?;
        }
        Ok(names)
    }

    fn as_name(&mut self) -> Parsed<Option<Ident>> {
        if !self.eat(TokenKind::As) {
            return Ok(None);
        }
        let lo = self.lo();
        let name = self.ident("a name after `as`")?;
        if matches!(self.kind(), TokenKind::Dot | TokenKind::LParen | TokenKind::LBracket) {
            let token = self.token();
            let span = Span::new(self.source, lo, token.hi);
            return self.fail(ParseError::ImportTarget, span);
        }
        Ok(Some(name))
    }

    /// `a.b.c` as one name.
    pub(super) fn dotted_name(&mut self) -> Parsed<Ident> {
        let first = self.ident("a module name")?;
        if !self.at(TokenKind::Dot) {
            return Ok(first);
        }
        let mut name = first.name.to_string();
        while self.eat(TokenKind::Dot) {
            let part = self.ident("a module name")?;
            name.push('.');
            name.push_str(&part.name);
        }
        Ok(Ident { span: self.span(first.span.lo), name: name.into() })
    }
}

//! Structs, unions, enums and fused types.

use ungil_diag::span::Span;

use super::super::{Parsed, Parser};
use super::{Context, Level};
use crate::ast::cython::{CythonStmt, EnumItem, Tag, Visibility};
use crate::ast::stmt::{Stmt, StmtKind};
use crate::error::cython::CythonError;
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    pub(super) fn struct_or_enum(&mut self, lo: u32, is_typedef: bool, is_cpdef: bool) -> Parsed<StmtKind> {
        if self.at_word("enum") {
            self.enumeration(lo, is_typedef, is_cpdef)
        } else {
            self.structure(lo, is_typedef)
        }
    }

    fn structure(&mut self, lo: u32, is_typedef: bool) -> Parsed<StmtKind> {
        let is_packed = self.eat_word("packed");
        let tag = if self.eat_word("struct") {
            Tag::Struct
        } else if !is_packed && self.eat_word("union") {
            Tag::Union
        } else {
            return self.unexpected("`struct`");
        };
        let name = self.ident("a name")?;
        self.cname()?;
        let body = if self.at(TokenKind::Colon) {
            let context = Context { visibility: self.context.visibility, ..Context::new(Level::Module) };
            let members = self.members(context, "`struct`", lo, |parser| {
                let lo = parser.lo();
                parser.function_or_variables(lo, false, Vec::new())
            })?;
            self.check_not_empty(members.is_empty(), "struct or union", name.span);
            Some(members)
        } else {
            self.end_line()?;
            None
        };
        Ok(Self::cython(CythonStmt::Struct { tag, name, is_typedef, is_packed, body }))
    }

    fn check_not_empty(&mut self, is_empty: bool, what: &'static str, span: Span) {
        if is_empty && self.context.visibility != Visibility::Extern {
            self.report_cython(CythonError::EmptyType { what }, span);
        }
    }

    /// The lines of a block that holds declarations only; `pass` and strings are left out.
    pub(super) fn members(
        &mut self,
        context: Context,
        owner: &'static str,
        lo: u32,
        mut member: impl FnMut(&mut Self) -> Parsed<StmtKind>,
    ) -> Parsed<Vec<Stmt>> {
        let header = self.span(lo);
        if !self.eat(TokenKind::Colon) {
            self.missing_colon(owner, header)?;
        }
        let mut members = Vec::new();
        if self.eat(TokenKind::Pass) {
            self.end_line()?;
            return Ok(members);
        }
        self.expect(TokenKind::Newline)?;
        if !self.eat(TokenKind::Indent) {
            let here = self.token_span(self.token()).start();
            return self.fail(ParseError::MissingBlock { owner, header }, here);
        }
        let outer = std::mem::replace(&mut self.context, context);
        while !matches!(self.kind(), TokenKind::Dedent | TokenKind::End) {
            let (start, lo) = (self.pos, self.lo());
            let is_doc = self.at(TokenKind::Str) && members.is_empty() && owner == "`cppclass`";
            if is_doc || self.at(TokenKind::Pass) {
                self.bump();
                if self.end_line().is_err() {
                    self.recover_from(start);
                }
                continue;
            }
            match member(self) {
                Ok(kind) => members.push(Stmt { span: self.span(lo), kind }),
                Err(_) => {
                    self.recover_from(start);
                    members.push(Stmt { span: self.span(lo), kind: StmtKind::Invalid });
                }
            }
        }
        self.eat(TokenKind::Dedent);
        self.context = outer;
        Ok(members)
    }

    fn enumeration(&mut self, lo: u32, is_typedef: bool, is_cpdef: bool) -> Parsed<StmtKind> {
        self.bump();
        let is_scoped =
            self.at(TokenKind::Class) || (self.at_word("struct") && self.peek(1) == TokenKind::Name);
        if is_scoped {
            self.bump();
        }
        let name = if self.at(TokenKind::Name) { Some(self.ident("a name")?) } else { None };
        self.cname()?;
        if self.eat(TokenKind::LParen) {
            self.base_type(false)?;
            self.close(TokenKind::RParen)?;
        }
        let span = name.as_ref().map_or(self.span(lo), |name| name.span);
        let header = self.span(lo);
        if !self.eat(TokenKind::Colon) {
            self.missing_colon("`enum`", header)?;
        }
        let mut items = Vec::new();
        if !self.eat(TokenKind::Newline) {
            self.enum_line(&mut items)?;
        } else if self.eat(TokenKind::Indent) {
            while !matches!(self.kind(), TokenKind::Dedent | TokenKind::End) {
                let start = self.pos;
                if self.enum_line(&mut items).is_err() {
                    self.recover_from(start);
                }
            }
            self.eat(TokenKind::Dedent);
        } else {
            let here = self.token_span(self.token()).start();
            return self.fail(ParseError::MissingBlock { owner: "`enum`", header }, here);
        }
        self.check_not_empty(items.is_empty(), "enum", span);
        Ok(Self::cython(CythonStmt::Enum { name, is_typedef, is_cpdef, is_scoped, items }))
    }

    fn enum_line(&mut self, items: &mut Vec<EnumItem>) -> Parsed<()> {
        if (self.at(TokenKind::Str) && items.is_empty()) || self.at(TokenKind::Pass) {
            self.bump();
            return self.end_line();
        }
        loop {
            let name = self.ident("a name")?;
            self.cname()?;
            let value = if self.eat(TokenKind::Equal) { Some(self.expression()?) } else { None };
            items.push(EnumItem { name, value });
            if !self.eat(TokenKind::Comma) || self.at_statement_end() {
                break;
            }
        }
        self.end_line()
    }

    pub(super) fn fused(&mut self, lo: u32) -> Parsed<StmtKind> {
        self.check_module_level("fused");
        self.bump();
        let name = self.ident("a name")?;
        let header = self.span(lo);
        self.expect(TokenKind::Colon)?;
        self.expect(TokenKind::Newline)?;
        if !self.eat(TokenKind::Indent) {
            let here = self.token_span(self.token()).start();
            return self.fail(ParseError::MissingBlock { owner: "`fused`", header }, here);
        }
        let mut types = Vec::new();
        while !matches!(self.kind(), TokenKind::Dedent | TokenKind::End) {
            let start = self.pos;
            let line = if self.eat(TokenKind::Pass) {
                self.end_line()
            } else {
                self.base_type(false).and_then(|ty| {
                    types.push(ty);
                    self.end_line()
                })
            };
            if line.is_err() {
                self.recover_from(start);
            }
        }
        self.eat(TokenKind::Dedent);
        if types.is_empty() {
            self.report_cython(CythonError::EmptyType { what: "fused type" }, name.span);
        }
        Ok(Self::cython(CythonStmt::Fused { name, types }))
    }
}

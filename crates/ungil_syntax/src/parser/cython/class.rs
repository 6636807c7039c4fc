//! `cdef class` and `cppclass`.

use super::super::{Parsed, Parser};
use super::{Context, Level};
use crate::ast::cython::{CClass, CythonStmt, Visibility};
use crate::ast::expr::Expr;
use crate::ast::name::Ident;
use crate::ast::stmt::StmtKind;
use crate::error::cython::CythonError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// An extension type, from its `class`.
    pub(super) fn c_class(&mut self, lo: u32, decorators: Vec<Expr>) -> Parsed<StmtKind> {
        self.check_module_level("class");
        self.bump();
        let name = self.dotted_name()?;
        let is_extern = self.context.visibility == Visibility::Extern;
        if name.as_str().contains('.') && !is_extern {
            self.report_cython(CythonError::QualifiedClass, name.span);
        }
        let as_name = if self.eat(TokenKind::As) { Some(self.ident("a name")?) } else { None };
        let bases = if self.at(TokenKind::LParen) { self.c_class_bases()? } else { Vec::new() };
        let options = if self.at(TokenKind::LBracket) { self.class_options()? } else { Vec::new() };
        let storage = self.storage(false, false);
        let is_exported = storage.api || storage.visibility == Visibility::Public;
        let has = |option: &str| options.iter().any(|(name, _): &(Ident, Ident)| name.as_str() == option);
        if is_exported && !(has("object") && has("type")) {
            self.report_cython(CythonError::ExportedClass, name.span);
        }
        let body = if self.at(TokenKind::Colon) {
            Some(self.block_in(Context::new(Level::CClass), "`class`", lo)?)
        } else {
            self.end_line()?;
            None
        };
        let class = CClass { storage, name, as_name, decorators, bases, options, body };
        Ok(Self::cython(CythonStmt::Class(Box::new(class))))
    }

    fn c_class_bases(&mut self) -> Parsed<Vec<Expr>> {
        let list = self.class_arguments()?;
        if let Some(keyword) = list.keywords.first() {
            self.report_cython(CythonError::KeywordBase, keyword.span);
        }
        Ok(list.args)
    }

    /// `[object o, type t, check_size c]`
    fn class_options(&mut self) -> Parsed<Vec<(Ident, Ident)>> {
        self.bump();
        let mut options = Vec::new();
        while ["object", "type", "check_size"].iter().any(|word| self.at_word(word)) {
            let option = self.ident("an option")?;
            let value = self.ident("a name")?;
            options.push((option, value));
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        if !self.at(TokenKind::RBracket) {
            return self.unexpected("`object`, `type` or `check_size`");
        }
        self.bump();
        Ok(options)
    }

    pub(super) fn cpp_class(&mut self, lo: u32) -> Parsed<StmtKind> {
        self.bump();
        let name = self.ident("a class name")?;
        self.cname()?;
        let templates = if self.at(TokenKind::LBracket) { self.template_params()? } else { Vec::new() };
        let mut bases = Vec::new();
        if self.eat(TokenKind::LParen) {
            loop {
                bases.push(self.base_type(false)?);
                if !self.eat(TokenKind::Comma) {
                    break;
                }
            }
            self.close(TokenKind::RParen)?;
        }
        let nogil = self.eat_word("nogil") || self.context.nogil;
        let body = if self.at(TokenKind::Colon) {
            let visibility = self.context.visibility;
            let context = Context { visibility, nogil, ..Context::new(Level::CppClass) };
            Some(self.members(context, "`cppclass`", lo, Self::cpp_member)?)
        } else {
            self.end_line()?;
            None
        };
        Ok(Self::cython(CythonStmt::CppClass { name, templates, bases, body }))
    }

    fn template_params(&mut self) -> Parsed<Vec<Ident>> {
        self.bump();
        let mut names = Vec::new();
        loop {
            names.push(self.ident("a template parameter")?);
            if self.eat(TokenKind::Equal) {
                self.expect(TokenKind::Star)?;
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(TokenKind::RBracket)?;
        Ok(names)
    }

    fn cpp_member(&mut self) -> Parsed<StmtKind> {
        let mut decorators = Vec::new();
        while self.eat(TokenKind::At) {
            decorators.push(self.named_expression()?);
            self.expect(TokenKind::Newline)?;
        }
        let lo = self.lo();
        match self.token_text(self.token()) {
            "cppclass" | "struct" | "union" => self.nested(|parser| parser.cpp_class(lo)),
            "ctypedef" => self.typedef(),
            "enum" => self.struct_or_enum(lo, false, false),
            _ => self.function_or_variables(lo, false, decorators),
        }
    }
}

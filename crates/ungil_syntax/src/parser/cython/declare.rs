//! `cdef`, `cpdef` and `ctypedef`.

use super::super::{Parsed, Parser};
use super::declarator::{NAMED, VARIABLE};
use super::{Context, Level};
use crate::ast::cython::{CythonStmt, Storage, Visibility};
use crate::ast::expr::Expr;
use crate::ast::expr::ExprKind;
use crate::ast::literal::{Literal, Text};
use crate::ast::stmt::{Stmt, StmtKind};
use crate::error::cython::CythonError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// A declaration, from its `cdef` or `cpdef` where it has one.
    pub(in super::super) fn declaration(&mut self, decorators: Vec<Expr>) -> Parsed<StmtKind> {
        let first = self.token();
        let is_cpdef = self.eat_word("cpdef");
        if !is_cpdef {
            self.eat_word("cdef");
        }
        if !matches!(self.context.level, Level::Module | Level::Function | Level::CClass) {
            let word = self.token_text(first).to_string();
            let span = self.token_span(first);
            return self.misplaced(word, span);
        }
        let outer = self.context;
        let result = self.declared(first.lo, is_cpdef, decorators);
        self.context = outer;
        result
    }

    /// `public`, `readonly` or `extern`, and `api`.
    fn visibility(&mut self) {
        let given = [
            ("extern", Visibility::Extern),
            ("public", Visibility::Public),
            ("readonly", Visibility::Readonly),
        ];
        if let Some((word, found)) = given.into_iter().find(|(word, _)| self.at_word(word)) {
            let token = self.bump();
            let outer = self.context.visibility;
            if outer != Visibility::Private && outer != found {
                let error = CythonError::Visibility { word };
                self.report_cython(error, self.token_span(token));
            }
            self.context.visibility = found;
        }
        if self.at_word("api") {
            let token = self.bump();
            self.context.api = true;
            if !matches!(self.context.visibility, Visibility::Private | Visibility::Public) {
                self.report_cython(CythonError::Visibility { word: "api" }, self.token_span(token));
            }
        }
    }

    fn declared(&mut self, lo: u32, is_cpdef: bool, decorators: Vec<Expr>) -> Parsed<StmtKind> {
        self.visibility();
        let word = self.token_text(self.token());
        let is_block = self.at(TokenKind::Colon) || word == "nogil";
        let is_extern = self.context.visibility == Visibility::Extern && self.at(TokenKind::From);
        if is_cpdef && (is_block || is_extern || word == "class" || matches!(word, "struct" | "union")) {
            let what = if is_block || is_extern { "a block" } else { "a type" };
            let span = self.span(lo);
            self.report_cython(CythonError::Cpdef { what }, span);
        }
        if is_extern {
            return self.extern_block(lo);
        }
        if is_block {
            let mut context = self.context;
            context.nogil |= self.eat_word("nogil");
            context.is_cdef = true;
            let body = self.block_in(context, "`cdef`", lo)?;
            return Ok(Self::cython(CythonStmt::Block(body)));
        }
        if self.at(TokenKind::Class) {
            return self.c_class(lo, decorators);
        }
        if !decorators.is_empty()
            && matches!(word, "cppclass" | "struct" | "union" | "packed" | "enum" | "fused")
        {
            return self.unexpected("a function or a class after a decorator");
        }
        match word {
            "cppclass" => self.cpp_class(lo),
            "struct" | "union" | "packed" | "enum" => {
                self.check_module_level(word);
                self.struct_or_enum(lo, false, is_cpdef)
            }
            "fused" => self.fused(lo),
            _ => self.function_or_variables(lo, is_cpdef, decorators),
        }
    }

    pub(super) fn check_module_level(&mut self, word: &str) {
        if self.context.level != Level::Module {
            let token = self.token();
            let error = CythonError::Misplaced { what: word.to_string() };
            self.report_cython(error, self.token_span(token));
        }
    }

    fn extern_block(&mut self, lo: u32) -> Parsed<StmtKind> {
        self.bump();
        let header = if self.eat(TokenKind::Star) { None } else { Some(self.text_literal()?) };
        let namespace = if self.eat_word("namespace") { Some(self.text_literal()?) } else { None };
        let mut context = Context { is_cdef: true, visibility: Visibility::Extern, ..self.context };
        context.nogil |= self.eat_word("nogil");
        let mut body = self.block_in(context, "`cdef extern`", lo)?;
        let verbatim = take_docstring(&mut body);
        Ok(Self::cython(CythonStmt::Extern { header, namespace, verbatim, body }))
    }

    pub(super) fn storage(&self, inline: bool, is_cpdef: bool) -> Storage {
        Storage { visibility: self.context.visibility, api: self.context.api, inline, is_cpdef }
    }

    /// A function with its body, or variables, members and functions without one.
    pub(super) fn function_or_variables(
        &mut self,
        lo: u32,
        is_cpdef: bool,
        decorators: Vec<Expr>,
    ) -> Parsed<StmtKind> {
        let mut inline = false;
        while self.eat_word("inline") {
            inline = true;
        }
        let outer = std::mem::replace(&mut self.context.inline, inline);
        let result = self.function_or_variables_inside(lo, inline, is_cpdef, decorators);
        self.context.inline = outer;
        result
    }

    fn function_or_variables_inside(
        &mut self,
        lo: u32,
        inline: bool,
        is_cpdef: bool,
        decorators: Vec<Expr>,
    ) -> Parsed<StmtKind> {
        let base = self.base_type(true)?;
        let first = self.declarator(VARIABLE)?;
        if self.context.level == Level::CppClass {
            self.eat_word("const");
        }
        if self.at(TokenKind::Arrow) {
            let token = self.bump();
            self.report_cython(CythonError::ReturnAnnotation, self.token_span(token));
            self.expression()?;
        }
        let storage = self.storage(inline, is_cpdef);
        if self.at(TokenKind::Colon) {
            return self.c_function(lo, storage, base, first, decorators);
        }
        let mut declarators = vec![first];
        while self.eat(TokenKind::Comma) && !self.at(TokenKind::Newline) {
            declarators.push(self.declarator(VARIABLE)?);
            if self.context.level == Level::CppClass {
                self.eat_word("const");
            }
        }
        self.end_line()?;
        Ok(Self::cython(CythonStmt::Declare { storage, base, declarators, decorators }))
    }

    /// `ctypedef` and what it defines.
    pub(super) fn typedef(&mut self) -> Parsed<StmtKind> {
        let first = self.bump();
        if !matches!(self.context.level, Level::Module | Level::CppClass) {
            let span = self.token_span(first);
            return self.misplaced("ctypedef".to_string(), span);
        }
        let outer = self.context;
        self.visibility();
        let word = self.token_text(self.token());
        let result = match word {
            _ if self.at(TokenKind::Class) => self.c_class(first.lo, Vec::new()),
            "struct" | "union" | "packed" | "enum" => self.struct_or_enum(first.lo, true, false),
            "fused" => self.fused(first.lo),
            _ => self.plain_typedef(),
        };
        self.context = outer;
        result
    }

    fn plain_typedef(&mut self) -> Parsed<StmtKind> {
        let base = self.base_type(true)?;
        let declarator = self.declarator(NAMED)?;
        self.end_line()?;
        Ok(Self::cython(CythonStmt::Typedef { base, declarator }))
    }
}

/// Takes the string that a body begins with.
fn take_docstring(body: &mut Vec<Stmt>) -> Option<Text> {
    let Some(Stmt { kind: StmtKind::Expr(Expr { kind: ExprKind::Literal(Literal::Str(text)), .. }), .. }) =
        body.first()
    else {
        return None;
    };
    let text = text.clone();
    body.remove(0);
    Some(text)
}

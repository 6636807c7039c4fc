//! The Cython language: what it adds to Python's grammar.
//!
//! Follows Cython's own parser (`Cython/Compiler/Parsing.py` of Cython 3.3) in what is a declaration and in how a
//! type is told from an expression, which needs no table of names: words of C begin a type, and otherwise the token
//! after a (dotted) name decides.

mod aggregate;
mod class;
mod ctype;
mod declarator;
mod declare;
mod expr;
mod function;
mod lookahead;
mod statement;

use super::{LanguageLevel, Parsed, Parser};
use crate::ast::cython::{CythonStmt, Visibility};
use crate::ast::stmt::StmtKind;
use crate::error::cython::CythonError;
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

/// What encloses a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Module,
    Function,
    Class,
    CClass,
    CppClass,
    Property,
    /// A block of a loop, a condition and the like.
    Other,
}

impl Level {
    /// The level in the block of a clause, which messages name like this.
    pub fn of_owner(owner: &str) -> Level {
        match owner {
            "`def`" | "`cdef`" => Level::Function,
            "`class`" => Level::Class,
            _ => Level::Other,
        }
    }
}

/// What a statement inherits from the blocks around it.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    pub level: Level,
    /// Whether each statement is a declaration without a `cdef` of its own.
    pub is_cdef: bool,
    pub visibility: Visibility,
    pub api: bool,
    pub nogil: bool,
    /// Whether the function read is `inline`.
    pub inline: bool,
}

impl Context {
    pub fn new(level: Level) -> Context {
        Context {
            level,
            is_cdef: false,
            visibility: Visibility::Private,
            api: false,
            nogil: false,
            inline: false,
        }
    }
}

/// Words that are no names in the Cython language.
const RESERVED: &[&str] = &["cdef", "cpdef", "ctypedef", "cimport", "include", "DEF", "IF", "ELIF", "ELSE"];

impl Parser<'_> {
    pub(super) fn at_reserved(&self) -> bool {
        self.cython.is_some() && self.at(TokenKind::Name) && RESERVED.contains(&self.token_text(self.token()))
    }

    pub(super) fn is_level_two(&self) -> bool {
        self.cython.is_some_and(|options| options.level == LanguageLevel::Two)
    }

    pub(super) fn in_pxd(&self) -> bool {
        self.cython.is_some_and(|options| options.is_declaration)
    }

    /// A reserved word where an expression should begin.
    pub(super) fn reserved_word<T>(&mut self) -> Parsed<T> {
        let token = self.token();
        let word = self.token_text(token).to_string();
        let span = self.token_span(token);
        match word.as_str() {
            "cdef" | "cpdef" | "ctypedef" => self.misplaced(word, span),
            _ => self.fail(ParseError::KeywordAsName { word }, span),
        }
    }

    pub(super) fn misplaced<T>(&mut self, word: String, span: ungil_diag::span::Span) -> Parsed<T> {
        self.fail_cython(CythonError::Misplaced { what: word }, span)
    }

    pub(super) fn report_cython(&mut self, error: CythonError, span: ungil_diag::span::Span) {
        self.errors.push(error.diagnostic(span));
    }

    /// As [`Parser::fail`].
    pub(super) fn fail_cython<T>(&mut self, error: CythonError, span: ungil_diag::span::Span) -> Parsed<T> {
        let mut line = self.tokens[self.pos..].iter().take_while(|token| token.kind != TokenKind::Newline);
        if !line.any(|token| token.kind == TokenKind::Invalid) {
            self.report_cython(error, span);
        }
        Err(super::Failed)
    }

    /// Takes a name that is one of `words`.
    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.bump();
        }
        found
    }

    /// Whether the token `ahead` is the name `word`.
    fn word_ahead(&self, ahead: usize, word: &str) -> bool {
        self.tokens
            .get(self.pos + ahead)
            .is_some_and(|&token| token.kind == TokenKind::Name && self.token_text(token) == word)
    }

    /// The end of a declaration's line, after one semicolon at most.
    fn end_line(&mut self) -> Parsed<()> {
        self.eat(TokenKind::Semicolon);
        if self.at(TokenKind::End) || self.eat(TokenKind::Newline) {
            return Ok(());
        }
        self.unexpected("the end of the declaration")
    }

    fn cython(stmt: CythonStmt) -> StmtKind {
        StmtKind::Cython(Box::new(stmt))
    }
}

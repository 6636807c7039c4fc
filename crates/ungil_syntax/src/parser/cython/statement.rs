//! Statements that begin with a word of the Cython language.

use ungil_diag::span::Span;

use super::super::{Parsed, Parser};
use super::{Context, Level};
use crate::ast::cython::{CythonStmt, ForFrom};
use crate::ast::expr::{Call, Expr, ExprKind};
use crate::ast::operator::CompareOp;
use crate::ast::stmt::{If, IfBranch, StmtKind};
use crate::error::cython::CythonError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    pub(in super::super) fn at_cimport(&self) -> bool {
        self.cython.is_some() && self.at_word("cimport")
    }

    /// Whether an ordinary import of a module means what a cimport of it does, as in Cython.
    pub(in super::super) fn is_compile_time(&self, module: &str) -> bool {
        self.cython.is_some() && matches!(module, "cython" | "cython.parallel")
    }

    /// Whether a definition or declaration begins here that decorators may precede.
    pub(in super::super) fn at_declaration(&self) -> bool {
        self.cython.is_some() && (self.context.is_cdef || self.at_word("cdef") || self.at_word("cpdef"))
    }

    /// The statement of the Cython language that begins here, with the end of its line; `None` where it is one of
    /// Python's, or one that may share its line.
    pub(in super::super) fn cython_statement(&mut self) -> Option<Parsed<StmtKind>> {
        if self.context.is_cdef && !matches!(self.kind(), TokenKind::Pass | TokenKind::At | TokenKind::Str) {
            let is_word = ["ctypedef", "DEF", "IF"].iter().any(|word| self.at_word(word));
            if !is_word {
                return Some(self.declaration(Vec::new()));
            }
        }
        if !self.at(TokenKind::Name) {
            return None;
        }
        Some(match self.token_text(self.token()) {
            "cdef" | "cpdef" => self.declaration(Vec::new()),
            "ctypedef" => self.typedef(),
            "DEF" => self.define(),
            "IF" => self.compile_time_if(),
            "include" => self.include(),
            "property"
                if self.context.level == Level::CClass
                    && self.peek(1) == TokenKind::Name
                    && self.peek(2) == TokenKind::Colon =>
            {
                self.property()
            }
            _ => return None,
        })
    }

    fn define(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let name = self.ident("a name")?;
        self.expect(TokenKind::Equal)?;
        let value = self.star_expressions()?;
        self.end_line()?;
        Ok(Self::cython(CythonStmt::Define { name, value }))
    }

    fn include(&mut self) -> Parsed<StmtKind> {
        let word = self.bump();
        if self.context.level != Level::Module {
            let span = self.token_span(word);
            return self.misplaced("include".to_string(), span);
        }
        let file = self.text_literal()?;
        self.end_line()?;
        Ok(Self::cython(CythonStmt::Include(file)))
    }

    /// `IF … ELIF … ELSE`, whose blocks hold what may stand around it.
    fn compile_time_if(&mut self) -> Parsed<StmtKind> {
        let mut branches = Vec::new();
        loop {
            let lo = self.bump().lo;
            let test = self.star_expressions()?;
            let body = self.same_level_block("`IF`", lo)?;
            branches.push(IfBranch { span: self.span(lo), test, body });
            if !self.at_word("ELIF") {
                break;
            }
        }
        let orelse = if self.at_word("ELSE") {
            let lo = self.bump().lo;
            self.same_level_block("`ELSE`", lo)?
        } else {
            Vec::new()
        };
        Ok(Self::cython(CythonStmt::If(Box::new(If { branches, orelse }))))
    }

    /// A block whose statements are as those around it.
    fn same_level_block(&mut self, owner: &'static str, lo: u32) -> Parsed<Vec<crate::ast::stmt::Stmt>> {
        let context = self.context;
        self.block_in(context, owner, lo)
    }

    /// A block of statements in the given context.
    pub(super) fn block_in(
        &mut self,
        context: Context,
        owner: &'static str,
        lo: u32,
    ) -> Parsed<Vec<crate::ast::stmt::Stmt>> {
        let header = self.span(lo);
        if !self.eat(TokenKind::Colon) {
            self.missing_colon(owner, header)?;
        }
        let outer = std::mem::replace(&mut self.context, context);
        let body = if self.eat(TokenKind::Newline) {
            self.indented_block(owner, header)
        } else {
            let mut body = Vec::new();
            self.simple_statements(&mut body).map(|()| body)
        };
        self.context = outer;
        body
    }

    fn property(&mut self) -> Parsed<StmtKind> {
        let lo = self.bump().lo;
        let name = self.ident("a property's name")?;
        let body = self.block_in(Context::new(Level::Property), "`property`", lo)?;
        Ok(Self::cython(CythonStmt::Property { name, body }))
    }

    /// Whether a simple statement of the Cython language begins here.
    pub(in super::super) fn at_cython_simple(&self) -> bool {
        match self.token_text(self.token()) {
            "cimport" => true,
            "print" => {
                self.is_level_two()
                    && !self.print_function
                    && !matches!(self.peek(1), TokenKind::Equal | TokenKind::Dot | TokenKind::LBracket)
            }
            "exec" => self.is_level_two() && self.peek(1).starts_expression(),
            "cdef" | "cpdef" | "ctypedef" | "DEF" | "IF" | "include" => true,
            _ => false,
        }
    }

    pub(in super::super) fn cython_simple(&mut self) -> Parsed<StmtKind> {
        match self.token_text(self.token()) {
            "cimport" => Ok(Self::cython(CythonStmt::Cimport(self.modules()?))),
            "print" => self.print(),
            "exec" => self.exec(),
            _ => {
                let token = self.token();
                let word = self.token_text(token).to_string();
                let span = self.token_span(token);
                self.misplaced(word, span)
            }
        }
    }

    fn print(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let mut stream = None;
        let mut newline = true;
        if self.eat(TokenKind::RightShift) {
            stream = Some(self.expression()?);
            if self.eat(TokenKind::Comma) {
                newline = !self.at_statement_end();
            }
        }
        let mut values = Vec::new();
        while !self.at_statement_end() {
            values.push(self.expression()?);
            newline = true;
            if !self.eat(TokenKind::Comma) {
                break;
            }
            newline = false;
        }
        Ok(Self::cython(CythonStmt::Print { stream, values, newline }))
    }

    fn exec(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let code = self.operators(super::super::expr::BIT_OR)?;
        let mut scopes = Vec::new();
        if self.eat(TokenKind::In) {
            scopes.push(self.expression()?);
            if self.eat(TokenKind::Comma) {
                scopes.push(self.expression()?);
            }
        }
        Ok(Self::cython(CythonStmt::Exec { code, scopes }))
    }

    /// `raise class, value`, which is `raise class(value)`.
    pub(in super::super) fn raise_with_value(&mut self, exc: Option<Expr>) -> Parsed<StmtKind> {
        self.bump();
        let value = self.expression()?;
        if self.at(TokenKind::Comma) {
            return self.unexpected("the end of the statement");
        }
        let exc = exc.map(|func| {
            let span = func.span.to(value.span);
            let call = Call { func, args: vec![value], keywords: Vec::new() };
            Expr { span, kind: ExprKind::Call(Box::new(call)) }
        });
        Ok(StmtKind::Raise { exc, cause: None })
    }

    /// `for` with bounds: `target from lower <= target < upper by step`, or without `target from`. The target or
    /// the lower bound has been read.
    pub(in super::super) fn for_from(&mut self, lo: u32, first: Expr) -> Parsed<StmtKind> {
        let bits = super::super::expr::BIT_OR;
        let (target, lower) = if self.eat(TokenKind::From) {
            (Some(first), self.operators(bits)?)
        } else if matches!(
            self.kind(),
            TokenKind::Less | TokenKind::LessEqual | TokenKind::Greater | TokenKind::GreaterEqual
        ) {
            (None, first)
        } else {
            self.check_target(&first)?;
            return self.unexpected("`in`");
        };
        let (lower_op, _) = self.relation()?;
        let name = self.ident("the loop's variable")?;
        let (upper_op, upper_span) = self.relation()?;
        let upper = self.operators(bits)?;
        let step = if self.eat_word("by") { Some(self.operators(bits)?) } else { None };
        let is_upwards = |op| matches!(op, CompareOp::Lt | CompareOp::LtE);
        if is_upwards(lower_op) != is_upwards(upper_op) {
            self.report_cython(CythonError::RelationDirections, upper_span);
        }
        self.check_loop_variable(target.as_ref(), &name);
        let target = target.unwrap_or(Expr { span: name.span, kind: ExprKind::Name(name.name.clone()) });
        let body = self.block("`for`", lo)?;
        let orelse = self.else_block()?;
        let stmt = ForFrom { target, lower, lower_op, upper_op, upper, step, body, orelse };
        Ok(Self::cython(CythonStmt::ForFrom(Box::new(stmt))))
    }

    fn check_loop_variable(&mut self, target: Option<&Expr>, name: &crate::ast::name::Ident) {
        match target.map(|target| (&target.kind, target.span)) {
            Some((ExprKind::Name(first), _)) if *first != name.name => {
                self.report_cython(CythonError::LoopVariable { is_other: true }, name.span);
            }
            None | Some((ExprKind::Name(_), _)) => {}
            Some((_, span)) => self.report_cython(CythonError::LoopVariable { is_other: false }, span),
        }
    }

    fn relation(&mut self) -> Parsed<(CompareOp, Span)> {
        let op = match self.kind() {
            TokenKind::Less => CompareOp::Lt,
            TokenKind::LessEqual => CompareOp::LtE,
            TokenKind::Greater => CompareOp::Gt,
            TokenKind::GreaterEqual => CompareOp::GtE,
            _ => return self.unexpected("one of `<`, `<=`, `>`, `>=`"),
        };
        let token = self.bump();
        Ok((op, self.token_span(token)))
    }
}

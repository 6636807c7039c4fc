//! Declarators: pointers, arrays and functions around a name.

use ungil_diag::span::Span;

use super::super::{Parsed, Parser};
use super::lookahead::CONVENTIONS;
use crate::ast::cython::{
    CDefault, CParameter, Declarator, DeclaratorKind, ExceptionSpec, NoneRule, Suffix, Visibility,
};
use crate::ast::expr::ExprKind;
use crate::ast::literal::{Literal, Text};
use crate::ast::name::Ident;
use crate::error::cython::CythonError;
use crate::lexer::token::TokenKind;

/// What a declarator may be.
#[derive(Clone, Copy)]
pub struct Shape {
    /// `None`: both a name and none are fine.
    pub named: Option<bool>,
    /// Whether `= value` may follow the name.
    pub assignable: bool,
}

const ANY: Shape = Shape { named: None, assignable: false };
const EMPTY: Shape = Shape { named: Some(false), assignable: false };
pub const NAMED: Shape = Shape { named: Some(true), assignable: false };
pub const VARIABLE: Shape = Shape { named: Some(true), assignable: true };

/// Operators that a C++ class may define.
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "++", "--", "~", "|", "&", "^", "<<", ">>", ",", "==", "!=", ">=", ">", "<=",
    "<", "[]", "()", "!", "=", "bool",
];

impl Parser<'_> {
    pub(super) fn empty_declarator(&mut self) -> Parsed<Declarator> {
        self.declarator(EMPTY)
    }

    pub(super) fn declarator(&mut self, shape: Shape) -> Parsed<Declarator> {
        self.nested(|parser| parser.declarator_inside(shape))
    }

    fn declarator_inside(&mut self, shape: Shape) -> Parsed<Declarator> {
        let lo = self.lo();
        let mut result = if self.at(TokenKind::LParen) {
            let is_function = match self.peek(1) {
                TokenKind::RParen => true,
                TokenKind::Name => !CONVENTIONS.iter().any(|word| self.word_ahead(1, word)),
                _ => false,
            };
            if is_function {
                let none = DeclaratorKind::Name { name: None, cname: None, value: None };
                let inner = Declarator { span: self.span(lo).start(), kind: none };
                self.function_declarator(lo, inner)?
            } else {
                self.bump();
                let inner = self.declarator(shape)?;
                self.close(TokenKind::RParen)?;
                inner
            }
        } else {
            self.simple_declarator(shape)?
        };
        loop {
            result = match self.kind() {
                TokenKind::LBracket => self.array_declarator(lo, result)?,
                TokenKind::LParen => self.function_declarator(lo, result)?,
                _ => return Ok(result),
            };
            self.step()?;
        }
    }

    fn array_declarator(&mut self, lo: u32, inner: Declarator) -> Parsed<Declarator> {
        self.bump();
        let size = if self.at(TokenKind::RBracket) { None } else { Some(Box::new(self.star_expressions()?)) };
        self.close(TokenKind::RBracket)?;
        let kind = DeclaratorKind::Array { inner: Box::new(inner), size };
        Ok(Declarator { span: self.span(lo), kind })
    }

    fn simple_declarator(&mut self, shape: Shape) -> Parsed<Declarator> {
        let lo = self.lo();
        if CONVENTIONS.iter().any(|word| self.at_word(word)) {
            self.bump();
        }
        match self.kind() {
            TokenKind::Star | TokenKind::DoubleStar => self.pointer(lo, shape),
            TokenKind::Amp => {
                let first = self.bump();
                let is_rvalue = self.at(TokenKind::Amp) && self.token().lo == first.hi;
                if is_rvalue {
                    self.bump();
                }
                let inner = Box::new(self.declarator(shape)?);
                let kind = DeclaratorKind::Reference { is_rvalue, inner };
                Ok(Declarator { span: self.span(lo), kind })
            }
            TokenKind::Name if shape.named != Some(false) && !self.at_modifier() => {
                self.name_declarator(lo, shape)
            }
            TokenKind::As if shape.named == Some(true) => self.name_declarator(lo, shape),
            _ if shape.named == Some(true) => self.unexpected("a name"),
            TokenKind::Name if shape.named == Some(false) && !self.at_modifier() => {
                self.unexpected("the end of the type")
            }
            _ => {
                let kind = DeclaratorKind::Name { name: None, cname: None, value: None };
                Ok(Declarator { span: self.span(lo).start(), kind })
            }
        }
    }

    /// Words that follow a function without a name rather than name it.
    fn at_modifier(&self) -> bool {
        (self.at_word("nogil") || self.at_word("noexcept"))
            && !matches!(self.peek(1), TokenKind::LParen | TokenKind::Equal | TokenKind::LBracket)
            && self.pos > 0
            && self.tokens[self.pos - 1].kind == TokenKind::RParen
    }

    fn pointer(&mut self, lo: u32, shape: Shape) -> Parsed<Declarator> {
        let is_double = self.bump().kind == TokenKind::DoubleStar;
        let mut is_const = false;
        while self.at_word("const") || self.at_word("restrict") {
            let token = self.bump();
            let twice = self.token_text(token) == "const" && std::mem::replace(&mut is_const, true);
            if twice {
                let word = "const".to_string();
                self.report_cython(CythonError::DuplicateQualifier { word }, self.token_span(token));
            }
        }
        let inner = Box::new(self.declarator(shape)?);
        let span = self.span(lo);
        let kind = DeclaratorKind::Pointer { is_const, inner };
        let one = Declarator { span, kind };
        if !is_double {
            return Ok(one);
        }
        Ok(Declarator { span, kind: DeclaratorKind::Pointer { is_const: false, inner: Box::new(one) } })
    }

    fn name_declarator(&mut self, lo: u32, shape: Shape) -> Parsed<Declarator> {
        let mut name = self.ident("a name")?;
        let cname = self.cname()?;
        let is_operator = name.as_str() == "operator"
            && (self.context.level == super::Level::CppClass
                || self.context.visibility == Visibility::Extern)
            && shape.named == Some(true);
        if is_operator {
            self.operator_name(&mut name)?;
        }
        let value = if shape.assignable && self.eat(TokenKind::Equal) {
            Some(Box::new(self.expression()?))
        } else {
            None
        };
        let kind = DeclaratorKind::Name { name: Some(name), cname, value };
        Ok(Declarator { span: self.span(lo), kind })
    }

    /// The operator after the word `operator`.
    fn operator_name(&mut self, name: &mut Ident) -> Parsed<()> {
        let lo = self.lo();
        let mut op = String::new();
        let first = self.kind();
        loop {
            match self.kind() {
                TokenKind::LParen if first == TokenKind::LParen && op.is_empty() => {}
                TokenKind::LParen | TokenKind::Newline | TokenKind::End => break,
                // Template parameters follow.
                TokenKind::LBracket if !op.is_empty() => break,
                _ => {}
            }
            let token = self.bump();
            op.push_str(self.token_text(token));
            if matches!(op.as_str(), "()" | "[]") {
                break;
            }
        }
        // A plain variable may be called so.
        if op.is_empty() {
            return Ok(());
        }
        if !OPERATORS.contains(&op.as_str()) {
            let span = self.span(lo);
            return self.fail_cython(CythonError::Operator { op }, span);
        }
        let space = if op == "bool" { " " } else { "" };
        name.name = format!("operator{space}{op}").into();
        Ok(())
    }

    /// The name in C after a name, if there is one.
    pub(super) fn cname(&mut self) -> Parsed<Option<Text>> {
        if !self.at(TokenKind::Str) {
            return Ok(None);
        }
        Ok(Some(self.text_literal()?))
    }

    /// A string that must come here.
    pub(super) fn text_literal(&mut self) -> Parsed<Text> {
        if !self.at(TokenKind::Str) {
            return self.unexpected("a string");
        }
        let expr = self.strings()?;
        match expr.kind {
            ExprKind::Literal(Literal::Str(text)) => Ok(text),
            _ => self.fail_cython(CythonError::PlainString, expr.span),
        }
    }

    fn function_declarator(&mut self, lo: u32, inner: Declarator) -> Parsed<Declarator> {
        self.bump();
        let mut params = Vec::new();
        while !matches!(self.kind(), TokenKind::RParen | TokenKind::Ellipsis) {
            params.push(self.c_parameter()?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        let is_variadic = self.eat(TokenKind::Ellipsis);
        self.close(TokenKind::RParen)?;
        let suffix = Box::new(self.suffix()?);
        let kind = DeclaratorKind::Function { inner: Box::new(inner), params, is_variadic, suffix };
        Ok(Declarator { span: self.span(lo), kind })
    }

    fn c_parameter(&mut self) -> Parsed<CParameter> {
        let lo = self.lo();
        let base = self.base_type(false)?;
        let declarator = self.declarator(ANY)?;
        let rule_lo = self.lo();
        let none = self.none_rule()?;
        if none != NoneRule::Unsaid {
            let span = self.span(rule_lo);
            self.report_cython(CythonError::NoneRule, span);
        }
        let annotation = if self.eat(TokenKind::Colon) { Some(self.expression()?) } else { None };
        let default = if self.eat(TokenKind::Equal) { Some(self.c_default()?) } else { None };
        Ok(CParameter { span: self.span(lo), base, declarator, none, annotation, default })
    }

    fn c_default(&mut self) -> Parsed<CDefault> {
        if self.in_pxd() && matches!(self.kind(), TokenKind::Star | TokenKind::Question) {
            self.bump();
            return Ok(CDefault::Elsewhere);
        }
        let lo = self.lo();
        let value = self.expression()?;
        if self.in_pxd() && !self.context.inline {
            let span = self.span(lo);
            self.report_cython(CythonError::DefaultInPxd, span);
        }
        Ok(CDefault::Value(value))
    }

    /// `not None` or `or None` after a parameter.
    pub(super) fn none_rule(&mut self) -> Parsed<NoneRule> {
        let rule = match self.kind() {
            TokenKind::Not => NoneRule::Refused,
            TokenKind::Or => NoneRule::Allowed,
            _ => return Ok(NoneRule::Unsaid),
        };
        self.bump();
        self.expect(TokenKind::None)?;
        Ok(rule)
    }

    /// What may follow the parameters of a C function.
    fn suffix(&mut self) -> Parsed<Suffix> {
        let mut nogil = self.eat_word("nogil");
        let exception = self.exception_spec()?;
        nogil |= self.eat_word("nogil");
        let with_gil = self.at(TokenKind::With);
        if with_gil {
            self.bump();
            if !self.eat_word("gil") {
                return self.unexpected("`gil`");
            }
        }
        nogil |= self.context.nogil || with_gil;
        Ok(Suffix { exception, nogil, with_gil })
    }

    fn exception_spec(&mut self) -> Parsed<ExceptionSpec> {
        if self.eat_word("noexcept") {
            return Ok(ExceptionSpec::Never);
        }
        if !self.eat(TokenKind::Except) {
            return Ok(ExceptionSpec::Default);
        }
        Ok(match self.kind() {
            TokenKind::Star => {
                self.bump();
                ExceptionSpec::Check
            }
            TokenKind::Plus => {
                self.bump();
                let is_handler = self.at(TokenKind::Name) && !self.at_word("nogil");
                let handler = if is_handler { Some(self.ident("a handler")?) } else { None };
                if handler.is_none() {
                    self.eat(TokenKind::Star);
                }
                ExceptionSpec::Cpp { handler }
            }
            _ => {
                let may_be_result = self.eat(TokenKind::Question);
                ExceptionSpec::Value { value: self.expression()?, may_be_result }
            }
        })
    }

    /// From the start of a declarator to its end, for messages.
    pub(super) fn declarator_span(declarator: &Declarator) -> Span {
        declarator.name().map_or(declarator.span, |name| name.span)
    }
}

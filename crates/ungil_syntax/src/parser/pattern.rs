//! Patterns.

use super::{Parsed, Parser};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::literal::Literal;
use crate::ast::name::Ident;
use crate::ast::operator::{BinaryOp, UnaryOp};
use crate::ast::pattern::{ClassPattern, MappingPattern, Pattern, PatternKind};
use crate::error::pattern::PatternError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    fn pattern_fail<T>(&mut self, error: PatternError, span: ungil_diag::span::Span) -> Parsed<T> {
        self.errors.push(error.diagnostic(span));
        Err(super::Failed)
    }

    /// A pattern, or a sequence without brackets.
    pub(super) fn patterns(&mut self) -> Parsed<Pattern> {
        let lo = self.lo();
        let first = self.star_pattern()?;
        let starred = matches!(first.kind, PatternKind::Star(_));
        if !self.at(TokenKind::Comma) && !starred {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.eat(TokenKind::Comma) {
            if matches!(self.kind(), TokenKind::Colon | TokenKind::If) {
                break;
            }
            items.push(self.star_pattern()?);
        }
        if starred && items.len() == 1 && self.text.as_bytes().get(self.last_hi as usize - 1) != Some(&b',') {
            return self.pattern_fail(PatternError::StarAlone, items[0].span);
        }
        Ok(Pattern { span: self.span(lo), kind: PatternKind::Sequence(items) })
    }

    /// `*name` or a pattern.
    fn star_pattern(&mut self) -> Parsed<Pattern> {
        if !self.at(TokenKind::Star) {
            return self.as_pattern();
        }
        let lo = self.bump().lo;
        let name = self.ident("a name after `*`")?;
        let name = (&*name.name != "_").then_some(name);
        Ok(Pattern { span: self.span(lo), kind: PatternKind::Star(name) })
    }

    /// `or_pattern` with an optional `as name`.
    fn as_pattern(&mut self) -> Parsed<Pattern> {
        let lo = self.lo();
        let pattern = self.nested(Self::or_pattern)?;
        if !self.eat(TokenKind::As) {
            return Ok(pattern);
        }
        if !self.at(TokenKind::Name) || !self.ends_capture(self.peek(1)) {
            let span = self.token_span(self.token());
            return self.pattern_fail(PatternError::AsTarget, span);
        }
        let name = self.ident("a name after `as`")?;
        if &*name.name == "_" {
            return self.pattern_fail(PatternError::AsTarget, name.span);
        }
        let kind = PatternKind::As { pattern: Box::new(pattern), name };
        Ok(Pattern { span: self.span(lo), kind })
    }

    /// Whether the token after `as name` leaves the name a plain one.
    fn ends_capture(&self, next: TokenKind) -> bool {
        !matches!(next, TokenKind::Dot | TokenKind::LParen | TokenKind::Equal)
    }

    fn or_pattern(&mut self) -> Parsed<Pattern> {
        let lo = self.lo();
        let first = self.closed_pattern()?;
        if !self.at(TokenKind::Bar) {
            return Ok(first);
        }
        let mut alternatives = vec![first];
        while self.eat(TokenKind::Bar) {
            alternatives.push(self.closed_pattern()?);
        }
        Ok(Pattern { span: self.span(lo), kind: PatternKind::Or(alternatives) })
    }

    fn closed_pattern(&mut self) -> Parsed<Pattern> {
        let lo = self.lo();
        let kind = match self.kind() {
            TokenKind::None => self.singleton(Literal::None),
            TokenKind::True => self.singleton(Literal::Bool(true)),
            TokenKind::False => self.singleton(Literal::Bool(false)),
            TokenKind::Name => self.name_pattern()?,
            TokenKind::LParen => return self.group_pattern(),
            TokenKind::LBracket => {
                self.bump();
                PatternKind::Sequence(self.sequence_items(TokenKind::RBracket)?)
            }
            TokenKind::LBrace => PatternKind::Mapping(self.mapping_pattern()?),
            TokenKind::Int | TokenKind::Float | TokenKind::Imaginary | TokenKind::Minus => {
                PatternKind::Value(self.number_pattern()?)
            }
            TokenKind::Str | TokenKind::InterpolatedStart => PatternKind::Value(self.string_pattern()?),
            _ => return self.unexpected("a pattern"),
        };
        Ok(Pattern { span: self.span(lo), kind })
    }

    fn singleton(&mut self, value: Literal) -> PatternKind {
        self.bump();
        PatternKind::Singleton(value)
    }

    fn string_pattern(&mut self) -> Parsed<Expr> {
        let value = self.strings()?;
        if matches!(value.kind, ExprKind::FString(_) | ExprKind::TString(_)) {
            return self.pattern_fail(PatternError::InterpolatedString, value.span);
        }
        Ok(value)
    }

    /// `-1`, `1 + 2j`
    fn number_pattern(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let real = self.signed_number()?;
        let op = match self.kind() {
            TokenKind::Plus => BinaryOp::Add,
            TokenKind::Minus => BinaryOp::Sub,
            _ => return Ok(real),
        };
        self.bump();
        let imaginary = self.unsigned_number()?;
        let is_imaginary = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(Literal::Imaginary(_)));
        let real_operand = match &real.kind {
            ExprKind::Unary { operand, .. } => operand,
            _ => &real,
        };
        if is_imaginary(real_operand) || !is_imaginary(&imaginary) {
            return self.pattern_fail(PatternError::ComplexNumber, self.span(lo));
        }
        let kind = ExprKind::Binary { left: Box::new(real), op, right: Box::new(imaginary) };
        Ok(Expr { span: self.span(lo), kind })
    }

    fn signed_number(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        if !self.eat(TokenKind::Minus) {
            return self.unsigned_number();
        }
        let operand = Box::new(self.unsigned_number()?);
        Ok(Expr { span: self.span(lo), kind: ExprKind::Unary { op: UnaryOp::Neg, operand } })
    }

    fn unsigned_number(&mut self) -> Parsed<Expr> {
        let token = self.token();
        if !matches!(token.kind, TokenKind::Int | TokenKind::Float | TokenKind::Imaginary) {
            return self.unexpected("a number");
        }
        self.bump();
        let kind = ExprKind::Literal(self.number(token));
        Ok(Expr { span: self.token_span(token), kind })
    }

    /// A capture, the wildcard, a dotted name or a class pattern.
    fn name_pattern(&mut self) -> Parsed<PatternKind> {
        if !matches!(self.peek(1), TokenKind::Dot | TokenKind::LParen) {
            let name = self.ident("a name")?;
            return Ok(if &*name.name == "_" { PatternKind::Wildcard } else { PatternKind::Capture(name) });
        }
        let value = self.dotted_expression()?;
        if self.at(TokenKind::LParen) {
            return Ok(PatternKind::Class(self.class_pattern(value)?));
        }
        Ok(PatternKind::Value(value))
    }

    /// `a.b.c` as an expression.
    fn dotted_expression(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let first = self.ident("a name")?;
        let mut value = Expr { span: first.span, kind: ExprKind::Name(first.name) };
        while self.eat(TokenKind::Dot) {
            let attr = self.ident("an attribute name")?;
            let kind = ExprKind::Attribute { value: Box::new(value), attr };
            value = Expr { span: self.span(lo), kind };
            self.step()?;
        }
        Ok(value)
    }

    /// `()`, a group, or a sequence in parentheses.
    fn group_pattern(&mut self) -> Parsed<Pattern> {
        let lo = self.bump().lo;
        if !self.at(TokenKind::RParen) {
            let first = self.star_pattern()?;
            if !self.at(TokenKind::Comma) {
                self.close(TokenKind::RParen)?;
                if matches!(first.kind, PatternKind::Star(_)) {
                    return self.pattern_fail(PatternError::StarAlone, first.span);
                }
                return Ok(first);
            }
            self.bump();
            let mut items = vec![first];
            items.extend(self.sequence_items(TokenKind::RParen)?);
            return Ok(Pattern { span: self.span(lo), kind: PatternKind::Sequence(items) });
        }
        self.bump();
        Ok(Pattern { span: self.span(lo), kind: PatternKind::Sequence(Vec::new()) })
    }

    /// Items up to the closing bracket, which is taken.
    fn sequence_items(&mut self, close: TokenKind) -> Parsed<Vec<Pattern>> {
        let mut items = Vec::new();
        while !self.at(close) {
            items.push(self.star_pattern()?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(close)?;
        Ok(items)
    }

    fn mapping_pattern(&mut self) -> Parsed<MappingPattern> {
        self.bump();
        let mut mapping = MappingPattern { items: Vec::new(), rest: None };
        while !self.at(TokenKind::RBrace) {
            if let Some(rest) = &mapping.rest {
                let span = rest.span;
                return self.pattern_fail(PatternError::AfterRest, span);
            }
            if self.eat(TokenKind::DoubleStar) {
                mapping.rest = Some(self.rest_name()?);
            } else {
                let key = self.mapping_key()?;
                self.expect(TokenKind::Colon)?;
                let value = self.as_pattern()?;
                mapping.items.push((key, value));
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(TokenKind::RBrace)?;
        Ok(mapping)
    }

    fn rest_name(&mut self) -> Parsed<Ident> {
        let name = self.ident("a name after `**`")?;
        if &*name.name == "_" {
            return self.pattern_fail(PatternError::RestWildcard, name.span);
        }
        Ok(name)
    }

    /// A literal or a dotted name.
    fn mapping_key(&mut self) -> Parsed<Expr> {
        let token = self.token();
        let literal = match token.kind {
            TokenKind::None => Literal::None,
            TokenKind::True => Literal::Bool(true),
            TokenKind::False => Literal::Bool(false),
            TokenKind::Str | TokenKind::InterpolatedStart => return self.string_pattern(),
            TokenKind::Name if self.peek(1) == TokenKind::Dot => return self.dotted_expression(),
            TokenKind::Name => return self.pattern_fail(PatternError::KeyName, self.token_span(token)),
            _ => return self.number_pattern(),
        };
        self.bump();
        Ok(Expr { span: self.token_span(token), kind: ExprKind::Literal(literal) })
    }

    fn class_pattern(&mut self, cls: Expr) -> Parsed<ClassPattern> {
        self.bump();
        let mut class = ClassPattern { cls, patterns: Vec::new(), keywords: Vec::new() };
        while !self.at(TokenKind::RParen) {
            if self.at(TokenKind::Name) && self.peek(1) == TokenKind::Equal {
                let name = self.ident("an attribute name")?;
                self.bump();
                let value = self.as_pattern()?;
                class.keywords.push((name, value));
            } else {
                let pattern = self.as_pattern()?;
                if !class.keywords.is_empty() {
                    return self.pattern_fail(PatternError::PositionalAfterKeyword, pattern.span);
                }
                class.patterns.push(pattern);
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(TokenKind::RParen)?;
        Ok(class)
    }
}
